//! The review folder of a campaign as a ZIP: the page with its videos and thumbnails, which opens offline.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use super::duplicates::own_file;
use super::versions::earlier_versions;
use crate::report::Summary;
use crate::report::page::write_page;
use crate::util::fs::open_own;

/// The name of the page.
const PAGE: &str = "report.html";

/// Files from this size on need the fields for large files.
const LARGE_FILE: u64 = 0xf000_0000;

/// Writes the archive of the campaign's page, and of the videos and thumbnails that its journal names. Files that are
/// missing, or lie elsewhere, are left out.
///
/// # Errors
/// If a file cannot be read or `writer` fails.
pub(crate) fn export(summary: &Summary, writer: impl Write) -> io::Result<()> {
    let mut archive = ZipWriter::new_stream(writer);
    archive.start_file(PAGE, options(summary, 0))?;
    let out = &summary.campaign().out;
    let versions = earlier_versions(out).map_err(io::Error::other)?;
    write_page(summary, &versions, &mut archive)?;
    let newest = summary.rows().flat_map(|row| [row.file(), row.thumbnail()]);
    let earlier = versions.values().flatten();
    let earlier = earlier.flat_map(|it| [Some(it.file.as_str()), it.thumbnail.as_deref()]);
    // An earlier version with the same bytes is the same file.
    let mut names: BTreeSet<&str> = newest.chain(earlier).flatten().collect();
    names.remove(PAGE);
    for name in names {
        add_file(&mut archive, summary, out, name)?;
    }
    archive.finish()?.into_inner().flush()
}

fn add_file<W: Write>(
    archive: &mut ZipWriter<StreamWriter<W>>,
    summary: &Summary,
    out: &Path,
    name: &str,
) -> io::Result<()>
where
    StreamWriter<W>: Write + Seek,
{
    // The journal may have come with other files from another person.
    let file = own_file(out, name).map(|path| open_own(&path, File::options().read(true)));
    let Some(Ok(mut file)) = file else { return Ok(()) };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(());
    }
    archive.start_file(name, options(summary, metadata.len()))?;
    io::copy(&mut file, archive)?;
    Ok(())
}

/// Returns the options of a file. Videos are compressed already, so the fastest level is enough; but what is written as a
/// stream can be read as one only if it is compressed.
fn options(summary: &Summary, size: u64) -> SimpleFileOptions {
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(1))
        .unix_permissions(0o644)
        .large_file(size >= LARGE_FILE);
    let time = summary.last().and_then(|last| {
        let last = jiff::Timestamp::from_millisecond(last.as_millis()).ok()?;
        let last = jiff::tz::TimeZone::system().to_datetime(last);
        let number = |number: i8| u8::try_from(number).ok();
        zip::DateTime::from_date_and_time(
            u16::try_from(last.year()).ok()?,
            number(last.month())?,
            number(last.day())?,
            number(last.hour())?,
            number(last.minute())?,
            number(last.second())?,
        )
        .ok()
    });
    time.map_or(options, |time| options.last_modified_time(time))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn files_behind_links_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["secret/key", "out/videos/a.mp4"] {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            crate::util::fs::write_new(&path(name), b"content").unwrap();
        }
        std::os::unix::fs::symlink(path("secret"), path("out/linked")).unwrap();
        std::os::unix::fs::symlink(path("secret/key"), path("out/videos/key")).unwrap();
        let run = crate::report::testing::TestRun::with_jobs(1);
        let mut archive = ZipWriter::new_stream(Vec::new());
        for name in ["linked/key", "videos/key", "../secret/key", "videos", "gone", "videos/a.mp4"]
        {
            add_file(&mut archive, &run.summary(), &path("out"), name).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        let archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["videos/a.mp4"]);
    }
}

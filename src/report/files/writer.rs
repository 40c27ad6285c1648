//! Keeps the files of the output folder up to date while a campaign runs.

use std::io::{self, BufWriter, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::model::{Entry, Event, JobEvent, Timestamp};
use crate::report::campaign::Campaign;
use crate::report::files::csv::{CsvEncoding, write_csv};
use crate::report::files::json::write_json;
use crate::report::files::junit::to_junit;
use crate::report::files::xlsx::write_workbook;
use crate::report::html;
use crate::report::observer::{LiveState, Observer};
use crate::report::summary::Summary;

/// The files are not written more often than this, and
const SHORTEST_INTERVAL: Duration = Duration::from_secs(2);

/// less often in large campaigns, whose files take longer to write: so much more for each job.
const INTERVAL_FOR_EACH_JOB: Duration = Duration::from_millis(2);

/// Bytes that are written at one time.
const BUFFER: usize = 1 << 16;

/// Rewrites `results.csv`, `results.json` and `report.html` as jobs move on. Each is written beside
/// its place and renamed, so a reader, or a crash, always finds a whole file.
///
/// Writing can fail (a spreadsheet program may hold the file); that must not end a run, so it is
/// tried again with the next change, and [`ResultsWriter::finish`] reports it.
#[derive(Debug)]
pub struct ResultsWriter {
    encoding: CsvEncoding,
    junit: Option<PathBuf>,
    writes_workbook: bool,
    interval: Duration,
    written: Option<Timestamp>,
    is_stale: bool,
}

impl ResultsWriter {
    /// A writer of the campaign that `summary` is about.
    pub fn new(summary: &Summary, encoding: CsvEncoding) -> Self {
        let jobs = u32::try_from(summary.campaign().jobs.len()).unwrap_or(u32::MAX);
        Self {
            interval: SHORTEST_INTERVAL.max(INTERVAL_FOR_EACH_JOB.saturating_mul(jobs)),
            encoding,
            junit: None,
            writes_workbook: false,
            written: None,
            is_stale: true,
        }
    }

    /// Writes `JUnit` XML to `path` as well, when all is finished.
    #[must_use]
    pub fn with_junit(mut self, path: Option<PathBuf>) -> Self {
        self.junit = path;
        self
    }

    /// Writes `results.xlsx` as well, when all is finished.
    #[must_use]
    pub const fn with_workbook(mut self) -> Self {
        self.writes_workbook = true;
        self
    }

    /// Writes all files now and says what went wrong. To be called at the end of every run.
    pub fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(path) = &self.junit {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            folder.map_or(Ok(()), std::fs::create_dir_all)?;
            put(path, |file| file.write_all(to_junit(summary).as_bytes()))?;
        }
        write(summary, self.encoding)?;
        if self.writes_workbook {
            let path = summary.campaign().out.join("results.xlsx");
            put(&path, |file| write_workbook(summary, file))?;
        }
        Ok(())
    }

    fn write_if_due(&mut self, summary: &Summary, now: Timestamp) {
        let is_due = self
            .written
            .is_none_or(|written| now >= written.plus(self.interval));
        if self.is_stale && is_due {
            self.written = Some(now);
            // Tried again when due once more; `finish` reports what lasts.
            self.is_stale = write(summary, self.encoding).is_err();
        }
    }
}

fn write(summary: &Summary, encoding: CsvEncoding) -> io::Result<()> {
    let campaign: &Arc<Campaign> = summary.campaign();
    std::fs::create_dir_all(&campaign.out)?;
    let out = |name: &str| campaign.out.join(name);
    // At once: a run stands still meanwhile, and each takes a part of a second where there are 100,000 jobs.
    std::thread::scope(|scope| {
        let csv = || {
            put(&out("results.csv"), |file| {
                write_csv(summary, encoding, file)
            })
        };
        let json = || put(&out("results.json"), |file| write_json(summary, file));
        let others = [scope.spawn(csv), scope.spawn(json)];
        let page = put(&out("report.html"), |file| html::write(summary, file));
        let others = others.map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        others.into_iter().fold(page, io::Result::and)
    })
}

impl Observer for ResultsWriter {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        self.is_stale |= match &entry.event {
            Event::Job { event, .. } => !matches!(event, JobEvent::Observed { .. }),
            // The end of a run writes in any case; one with nothing to do ends with its beginning.
            Event::RunStarted { .. } | Event::RunEnded { .. } => {
                self.is_stale = true;
                return;
            }
            Event::LaneHeld { .. }
            | Event::JournalLost
            | Event::InventoryTaken { .. }
            | Event::InventorySkipped { .. }
            | Event::PlacesLearnt { .. } => false,
        };
        self.write_if_due(summary, entry.at);
    }

    fn on_tick(&mut self, summary: &Summary, pulse: &LiveState) {
        self.write_if_due(summary, pulse.now);
    }
}

/// Puts what `content` writes at `path`, whole or not at all: written beside it, synced, renamed. The error
/// names the file.
fn put(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
) -> io::Result<()> {
    let write = move || {
        let beside = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = beside.unwrap_or(Path::new("."));
        let mut file = side_file(folder)?;
        let mut buffer = BufWriter::with_capacity(BUFFER, &mut file);
        content(&mut buffer)?;
        buffer.flush()?;
        drop(buffer);
        file.as_file().sync_all()?;
        file.persist(path)?;
        io::Result::Ok(())
    };
    write().map_err(|error| {
        let message = format!("could not write `{}`: {error}", path.display());
        io::Error::new(error.kind(), message)
    })
}

/// A file beside the final one. Temporary files can usually be read by their owner alone; results are
/// for colleagues too, as far as the process's mask of permissions allows.
fn side_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".callsheet-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{TestRun, at, tell};

    fn writer(run: &TestRun, folder: &Path) -> (ResultsWriter, Summary) {
        let mut campaign = run.campaign.clone();
        campaign.out = folder.join("out");
        let summary = Summary::new(Arc::new(campaign));
        (ResultsWriter::new(&summary, CsvEncoding::Plain), summary)
    }

    fn results(folder: &Path) -> String {
        std::fs::read_to_string(folder.join("out/results.csv")).unwrap()
    }

    #[test]
    fn a_run_with_nothing_to_do_writes_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = TestRun::with_jobs(1);
        run.ended(0, None);
        let (mut writer, mut summary) = writer(&run, folder.path());
        for entry in &run.entries {
            tell(&mut writer, &mut summary, entry);
        }
        assert!(!folder.path().join("out").exists(), "not before its end");
        writer.finish(&summary).unwrap();
        assert!(results(folder.path()).contains("a,pending"));
    }

    #[test]
    fn files_follow_the_run_at_a_bounded_pace_and_are_whole_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = TestRun::with_jobs(1);
        let (mut writer, mut summary) = writer(&run, folder.path());
        tell(&mut writer, &mut summary, &run.entries[0]);
        writer.on_tick(
            &summary,
            &LiveState {
                now: at(0),
                ..LiveState::default()
            },
        );
        assert!(results(folder.path()).contains("a,pending"));
        run.accepted(1, "a");
        for entry in &run.entries[1..] {
            tell(&mut writer, &mut summary, entry);
        }
        assert!(
            results(folder.path()).contains("a,rendering"),
            "two seconds later"
        );
        run.tell(
            3,
            "a",
            JobEvent::Rendered {
                output: crate::report::testing::output("a"),
            },
        );
        tell(&mut writer, &mut summary, &run.entries[3]);
        assert!(results(folder.path()).contains("a,rendering"), "too early");
        let pulse = LiveState {
            now: at(4),
            ..LiveState::default()
        };
        writer.on_tick(&summary, &pulse);
        assert!(results(folder.path()).contains("a,downloading"));
        let artifact = crate::report::testing::artifact("a");
        run.tell(4, "a", JobEvent::Fetched { artifact });
        tell(&mut writer, &mut summary, &run.entries[4]);
        writer.finish(&summary).unwrap();
        assert!(results(folder.path()).contains("a,done,videos/a.mp4"));
        let mut names: Vec<String> = std::fs::read_dir(folder.path().join("out"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["report.html", "results.csv", "results.json"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_at_the_end_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("out/results.csv/in the way")).unwrap();
        let run = TestRun::with_jobs(1);
        let (mut writer, mut summary) = writer(&run, folder.path());
        tell(&mut writer, &mut summary, &run.entries[0]);
        let error = writer.finish(&summary).unwrap_err().to_string();
        assert!(error.starts_with("could not write `"), "{error}");
        assert!(error.contains("results.csv"), "{error}");
        for other in ["results.json", "report.html"] {
            assert!(folder.path().join("out").join(other).exists(), "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn colleagues_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain");
        let plain = std::fs::File::create(&path).unwrap().metadata().unwrap();
        put(&folder.path().join("ours"), |file| file.write_all(b"x")).unwrap();
        let ours = std::fs::metadata(folder.path().join("ours")).unwrap();
        assert_eq!(ours.permissions().mode(), plain.permissions().mode());
    }
}

//! The marks that are kept with a campaign: `marks.csv` in its output folder, to which marks are only added.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::catalogue::NameLookup;
use super::error::Error;
use super::manifest::LoadedManifest;
use super::open_address::SheetCopy;
use super::options::CampaignOptions;
use crate::manifest::{
    MARK_COLUMNS, MAX_MARK_SECONDS, ReviewMark, ReviewVerdict, read_marks, write_marks,
};
use crate::model::Timestamp;
use crate::util::fs::{Access, OutputDir, open_own, read_own, write_atomic};

/// The most characters of a comment.
const MAX_COMMENT: usize = 10_000;

/// The most characters of a reviewer's name.
const MAX_NAME: usize = 200;

/// A mark, as programs exchange it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a file of marks names its column so")]
pub(crate) struct Mark {
    /// The id of the job.
    pub(crate) job: String,
    /// The provider's id of the video that was reviewed.
    #[serde(default)]
    pub(crate) remote: Option<String>,
    /// `approved`, `rejected`, or empty.
    #[serde(default)]
    pub(crate) mark: String,
    #[serde(default)]
    pub(crate) comment: String,
    /// The place in the video that the comment is about.
    #[serde(default)]
    pub(crate) seconds: Option<f64>,
    #[serde(default)]
    pub(crate) reviewer: String,
    /// Milliseconds since the epoch; the time at which it is added if it is missing.
    #[serde(default)]
    pub(crate) at: i64,
}

/// Returns the output folder of a campaign, in which its marks are kept.
///
/// # Errors
/// If it depends on a manifest that cannot be read.
pub(crate) async fn output_folder(
    options: &CampaignOptions,
    lookup: &NameLookup,
    is_sandbox: bool,
    now: Timestamp,
) -> Result<PathBuf, Error> {
    let opened = options.open(SheetCopy::Kept, is_sandbox).await?;
    let extension = opened.manifest.file().and_then(Path::extension).unwrap_or_default();
    let is_yaml = ["yaml", "yml", "json"].iter().any(|yaml| extension.eq_ignore_ascii_case(yaml));
    if is_yaml {
        return Ok(LoadedManifest::load_or_recover(&opened, lookup, now).await?.out);
    }
    Ok(opened.default_out())
}

/// Returns the marks that are kept in the output folder `out`, oldest first as they were added.
///
/// # Errors
/// If the file cannot be read, or is no file of marks.
pub(crate) fn kept_marks(out: &Path, now: Timestamp) -> Result<Vec<Mark>, Error> {
    Ok(read(out, now)?.iter().map(Mark::of).collect())
}

/// Adds a mark, and returns all marks.
///
/// # Errors
/// If the mark is not valid, or the file cannot be written.
pub(crate) fn add_mark(out: &Path, mark: Mark, now: Timestamp) -> Result<Vec<Mark>, Error> {
    add(out, vec![mark.parse(now)?], now)
}

/// Adds the marks of a reviewer's file that are not there yet, and returns all marks and the number of new ones.
///
/// # Errors
/// If it is no file of marks, or the file of the campaign cannot be written.
pub(crate) fn import_marks(
    out: &Path,
    name: &str,
    bytes: Vec<u8>,
    now: Timestamp,
) -> Result<(Vec<Mark>, usize), Error> {
    let mut known: HashSet<String> = read(out, now)?.iter().flat_map(keys).collect();
    let mut new: Vec<ReviewMark> = Vec::new();
    for mark in parse(name, bytes)? {
        // A time in the future is wrong, and would overrule all later marks.
        let mark = cleaned(ReviewMark { at: mark.at.filter(|at| *at <= now), ..mark });
        let is_empty = mark.verdict.is_none() && mark.comment.is_empty();
        let keys = keys(&mark);
        if !is_empty && !known.contains(&keys[0]) {
            known.extend(keys);
            new.push(mark);
        }
    }
    let count = new.len();
    Ok((add(out, new, now)?, count))
}

/// Returns the keys of a mark, with and without its time. A mark without a time is the same at any time.
fn keys(mark: &ReviewMark) -> [String; 2] {
    [mark.at, None].map(|at| format!("{:?}", ReviewMark { at, ..mark.clone() }))
}

/// Returns a mark without control characters, which would make a file of marks unreadable.
fn cleaned(mut mark: ReviewMark) -> ReviewMark {
    let is_text = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    for text in [&mut mark.comment, &mut mark.reviewer].into_iter().chain(&mut mark.remote) {
        text.retain(is_text);
        *text = text.trim().to_owned();
    }
    mark.remote = mark.remote.filter(|remote| !remote.is_empty());
    mark
}

/// Replaces times in the future, which are wrong and would overrule all later marks, by the earliest time of the marks that
/// were added later, or else by `now`.
pub(super) fn correct_times(marks: &mut [ReviewMark], now: Timestamp) {
    let mut earliest = now;
    for at in marks.iter_mut().rev().filter_map(|mark| mark.at.as_mut()) {
        if *at > now {
            *at = earliest;
        }
        earliest = earliest.min(*at);
    }
}

fn read(out: &Path, now: Timestamp) -> Result<Vec<ReviewMark>, Error> {
    let path = OutputDir(out).marks();
    match read_own(&path) {
        Ok(bytes) => {
            let mut marks = parse(&path.display().to_string(), bytes)?;
            correct_times(&mut marks, now);
            Ok(marks)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io(format!("cannot read `{}`", path.display()))(error)),
    }
}

fn parse(name: &str, bytes: Vec<u8>) -> Result<Vec<ReviewMark>, Error> {
    read_marks(name, bytes, None).map_err(|problems| Error::Manifest { problems, hint: None })
}

fn add(out: &Path, new: Vec<ReviewMark>, now: Timestamp) -> Result<Vec<Mark>, Error> {
    let mut marks = read(out, now)?;
    let count = marks.len();
    marks.extend(new);
    for mark in &mut marks {
        mark.at = mark.at.or(Some(now));
    }
    if count < marks.len() {
        let path = OutputDir(out).marks();
        check_readable(&path, &marks)?;
        write(&path, &marks, count)
            .map_err(Error::io(format!("cannot write `{}`", path.display())))?;
    }
    Ok(marks.iter().map(Mark::of).collect())
}

/// Checks that a file of these marks can be read again.
fn check_readable(path: &Path, marks: &[ReviewMark]) -> Result<(), Error> {
    let header = format!("{}\n", MARK_COLUMNS.join(","));
    let failed = || Error::io(format!("cannot write `{}`", path.display()));
    let bytes = [header.into_bytes(), write_marks(marks).map_err(failed())?].concat();
    let read = parse(&path.display().to_string(), bytes);
    if read.is_ok_and(|read| read.len() == marks.len()) {
        return Ok(());
    }
    Err(Error::usage(
        "the text of this mark cannot be kept in a file of marks; nothing was changed",
    ))
}

/// Appends the marks after the first `kept`. A file with other columns is written again.
fn write(path: &Path, marks: &[ReviewMark], kept: usize) -> io::Result<()> {
    let header = format!("{}\n", MARK_COLUMNS.join(","));
    let has_columns = match read_own(path) {
        Ok(bytes) => bytes.starts_with(header.as_bytes()) && bytes.ends_with(b"\n"),
        Err(_) => false,
    };
    if !has_columns {
        if let Some(out) = path.parent() {
            std::fs::create_dir_all(out)?;
        }
        let rows = write_marks(marks)?;
        return write_atomic(path, Access::Shared, |file| {
            file.write_all(header.as_bytes())?;
            file.write_all(&rows)
        });
    }
    // One write, so that marks of another process do not mix with these.
    let rows = write_marks(&marks[kept..])?;
    let mut file = open_own(path, OpenOptions::new().append(true))?;
    let length = file.metadata()?.len();
    let written = file.write_all(&rows).and_then(|()| file.sync_all());
    if written.is_err() {
        // A part of a row would make the file unreadable.
        file.set_len(length)?;
    }
    written
}

impl Mark {
    fn of(mark: &ReviewMark) -> Self {
        Self {
            job: mark.job.to_string(),
            remote: mark.remote.clone(),
            mark: mark.verdict.map_or("", ReviewVerdict::as_str).to_owned(),
            comment: mark.comment.clone(),
            seconds: mark.seconds,
            reviewer: mark.reviewer.clone(),
            at: mark.at.map_or(0, Timestamp::as_millis),
        }
    }

    fn parse(self, now: Timestamp) -> Result<ReviewMark, Error> {
        let Self { job, remote, mark, comment, seconds, reviewer, at } = self;
        let verdict = ReviewVerdict::from_word(&mark);
        if verdict.is_none() && !mark.is_empty() {
            return Err(Error::usage("a mark is `approved`, `rejected` or empty"));
        }
        let is_long = |text: &str, most: usize| text.chars().nth(most).is_some();
        let remote_text = remote.as_deref().unwrap_or_default();
        if is_long(&comment, MAX_COMMENT)
            || is_long(&reviewer, MAX_NAME)
            || is_long(remote_text, MAX_NAME)
        {
            let message =
                format!("a comment has at most {MAX_COMMENT} characters, and a name {MAX_NAME}");
            return Err(Error::usage(message));
        }
        if seconds.is_some_and(|seconds| !(0.0..=MAX_MARK_SECONDS).contains(&seconds)) {
            let message = format!("the seconds of a mark are from 0 to {MAX_MARK_SECONDS}");
            return Err(Error::usage(message));
        }
        let at = Timestamp::from_millis(at);
        Ok(cleaned(ReviewMark {
            job: job
                .parse()
                .map_err(|error: crate::model::InvalidId| Error::usage(error.to_string()))?,
            verdict,
            comment,
            remote,
            seconds,
            reviewer,
            at: Some(if at > Timestamp::default() { at.min(now) } else { now }),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_796_000_000_000);

    fn mark(job: &str, mark: &str, comment: &str) -> Mark {
        Mark {
            job: job.into(),
            remote: Some("r-1".into()),
            mark: mark.into(),
            comment: comment.into(),
            seconds: Some(7.25),
            reviewer: "Zoë".into(),
            at: 0,
        }
    }

    #[test]
    fn marks_are_added_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new");
        assert_eq!(kept_marks(&out, NOW).unwrap(), []);
        add_mark(&out, mark("a", "approved", ""), NOW).unwrap();
        let first = std::fs::read(out.join("marks.csv")).unwrap();
        let all = add_mark(&out, mark("b", "rejected", "=too, \"loud\"\nhere"), NOW).unwrap();
        assert_eq!(all, kept_marks(&out, NOW).unwrap());
        assert_eq!((&*all[1].comment, all[1].at), ("=too, \"loud\"\nhere", NOW.as_millis()));
        let text = std::fs::read(out.join("marks.csv")).unwrap();
        assert!(text.starts_with(&first), "what was there stays");
        assert!(text.windows(5).any(|part| part == b"\"'=to"), "it is no formula");
        for wrong in
            [mark("a", "good", ""), mark("", "approved", ""), mark("a", "", &"x".repeat(10_001))]
        {
            assert!(add_mark(&out, wrong, NOW).is_err());
        }
        assert_eq!(kept_marks(&out, NOW).unwrap().len(), 2);
    }

    #[test]
    fn files_of_several_reviewers_are_merged_once() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        add_mark(out, mark("a", "approved", ""), NOW).unwrap();
        let own = std::fs::read(out.join("marks.csv")).unwrap();
        let file = "job_id,mark,comment,remote_id,seconds,reviewer,at\n\
             a,rejected,too loud,r-1,3,Ann,2026-11-24T14:00:00.000Z\n\
             b,,only a comment,r-2,,Ann,2026-11-24T14:00:01.000Z\n\
             b,,,r-2,,Ann,2026-11-24T14:00:02.000Z\n";
        let earlier = "job_id,mark,comment,remote_id\nc,approved,,r-3\n";
        for (bytes, expected) in
            [(own, 0), (file.into(), 2), (file.into(), 0), (earlier.into(), 1), (earlier.into(), 0)]
        {
            let (all, count) = import_marks(out, "marks.csv", bytes, NOW).unwrap();
            assert_eq!(count, expected);
            assert_eq!(all, kept_marks(out, NOW).unwrap());
        }
        assert_eq!(kept_marks(out, NOW).unwrap().len(), 4);
        let error = import_marks(out, "sheet.csv", b"id,text\na,Hi\n".to_vec(), NOW).unwrap_err();
        assert!(error.to_string().contains("the column `mark` is missing"), "{error}");
    }

    #[test]
    fn a_file_of_an_earlier_version_gets_the_new_columns() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        write_atomic(&out.join("marks.csv"), Access::Shared, |file| {
            file.write_all(b"job_id;mark;comment;remote_id\r\na;approved;;r-1\r\n")
        })
        .unwrap();
        let all = add_mark(out, mark("b", "rejected", ""), NOW).unwrap();
        assert_eq!(all, kept_marks(out, NOW).unwrap());
        assert_eq!(
            (all.len(), &*all[0].mark, all[0].remote.as_deref()),
            (2, "approved", Some("r-1"))
        );
    }

    #[test]
    fn no_text_makes_the_file_unreadable() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        for text in ["a\0b", "\0", "\u{1a}", "\u{1}\u{2}\u{7f}\u{85}", "\u{feff}", "\"", ";\t;\n;"]
        {
            let new = Mark { reviewer: text.into(), ..mark("a", "approved", text) };
            let new = Mark { remote: Some(text.into()), ..new };
            let added = add_mark(out, new, NOW).unwrap();
            assert_eq!(added.len(), kept_marks(out, NOW).unwrap().len(), "{text:?}");
        }
        let all = kept_marks(out, NOW).unwrap();
        assert_eq!((all.len(), &*all[0].comment, &*all[1].comment), (7, "ab", ""));
    }

    #[test]
    fn a_mark_from_the_future_does_not_overrule_later_ones() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let later = |seconds: i64| Timestamp::from_millis(NOW.as_millis() + seconds * 1000);
        let file = "job_id,mark,at\na,approved,2999-01-01T00:00:00.000Z\n";
        for (seconds, expected) in [(0, 1), (1, 0)] {
            let imported = import_marks(out, "marks.csv", file.into(), later(seconds)).unwrap();
            assert_eq!((imported.1, imported.0[0].at), (expected, NOW.as_millis()));
        }
        // A file of this kind can have come from elsewhere.
        let kept =
            "job_id,mark,at\na,rejected,2026-01-01T00:00:00Z\na,approved,2999-01-01T00:00:00Z\n";
        write_atomic(&out.join("marks.csv"), Access::Shared, |file| {
            file.write_all(kept.as_bytes())
        })
        .unwrap();
        let effective = |now| {
            let marks = read(out, now).unwrap();
            crate::manifest::verdicts(&marks)[0].verdict
        };
        assert_eq!(effective(NOW), Some(ReviewVerdict::Approved));
        add_mark(out, mark("a", "rejected", ""), NOW).unwrap();
        assert_eq!(effective(later(5)), Some(ReviewVerdict::Rejected));
    }

    #[test]
    fn impossible_places_in_a_video_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        for seconds in [-1.0, 86_401.0, f64::NAN, f64::INFINITY] {
            let wrong = Mark { seconds: Some(seconds), ..mark("a", "approved", "") };
            assert!(add_mark(out, wrong, NOW).is_err(), "{seconds}");
            let file = format!("job_id,mark,seconds\na,approved,{seconds}\n");
            assert!(import_marks(out, "marks.csv", file.into(), NOW).is_err(), "{seconds}");
        }
    }

    #[test]
    fn many_marks_are_imported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        // In a time that grows with the square of their number, this takes minutes.
        let rows: Vec<String> = (0..20_000).map(|job| format!("j{job},approved\n")).collect();
        let file = format!("job_id,mark\n{}", rows.concat());
        let (_, count) = import_marks(folder.path(), "m.csv", file.into(), NOW).unwrap();
        assert_eq!(count, 20_000);
    }
}

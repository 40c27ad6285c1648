//! Writes the files of the output folder during and after a run.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::{Entry, Event, JobEvent, Timestamp};
use crate::report::files::csv::{CsvEncoding, write_csv};
use crate::report::files::json::write_json;
use crate::report::files::junit::write_junit;
use crate::report::files::previous::foreign_workbook;
use crate::report::files::xlsx::write_workbook;
use crate::report::observer::{LiveState, Observer};
use crate::report::page::{VideoVersions, write_page};
use crate::report::summary::Summary;
use crate::util::fs::{Access, OutputDir, describe, write_atomic};
use crate::util::parallel;

/// The shortest time between two writes.
const MIN_INTERVAL: Duration = Duration::from_secs(2);

/// Added to the interval for each job, because the files of large campaigns take longer to write.
const INTERVAL_PER_JOB: Duration = Duration::from_millis(2);

/// The result files that are written besides the standard ones.
#[derive(Debug, Clone, Default)]
pub struct ResultFiles {
    /// The encoding of `results.csv`.
    pub encoding: CsvEncoding,
    /// Whether `results.xlsx` is written at the end.
    pub workbook: bool,
    /// The path of the `JUnit` file that is written at the end, if any.
    pub junit: Option<PathBuf>,
}

/// Rewrites `results.csv`, `results.json` and `report.html` as jobs progress, atomically.
///
/// A write that fails, for example because a spreadsheet program holds the file, does not end the run: it is tried again
/// after the next change, and [`finish`](Observer::finish) reports the failure.
#[derive(Debug)]
pub struct ResultsWriter {
    files: ResultFiles,
    interval: Duration,
    written: Option<Timestamp>,
    is_stale: bool,
}

impl ResultsWriter {
    /// Returns a writer for the campaign of `summary`.
    pub fn new(summary: &Summary, files: ResultFiles) -> Self {
        let jobs = u32::try_from(summary.campaign().jobs.len()).unwrap_or(u32::MAX);
        let interval = MIN_INTERVAL.max(INTERVAL_PER_JOB.saturating_mul(jobs));
        Self { files, interval, written: None, is_stale: true }
    }

    fn write_if_due(&mut self, summary: &Summary, now: Timestamp) {
        let is_due = self.written.is_none_or(|written| now >= written.plus(self.interval));
        if self.is_stale && is_due {
            self.written = Some(now);
            self.is_stale = write_results(summary, self.files.encoding).is_err();
        }
    }
}

impl Observer for ResultsWriter {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        // `finish` writes at the end of a run; a run without work ends as soon as it starts.
        if matches!(entry.event, Event::RunStarted { .. } | Event::RunEnded { .. }) {
            self.is_stale = true;
            return;
        }
        if let Event::Job { event, .. } = &entry.event {
            self.is_stale |= !matches!(event, JobEvent::Observed { .. });
        }
        self.write_if_due(summary, entry.at);
    }

    fn on_tick(&mut self, summary: &Summary, state: &LiveState) {
        self.write_if_due(summary, state.now);
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(path) = &self.files.junit {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            folder.map_or(Ok(()), std::fs::create_dir_all)?;
            write_file(path, |file| write_junit(summary, file))?;
        }
        write_results(summary, self.files.encoding)?;
        if self.files.workbook {
            let out = &summary.campaign().out;
            let path = OutputDir(out).results_xlsx();
            if foreign_workbook(out).is_some() {
                let message =
                    format!("`{}` is not a file of this program: move it away", path.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
            }
            write_file(&path, |file| write_workbook(summary, file))?;
        }
        Ok(())
    }
}

fn write_results(summary: &Summary, encoding: CsvEncoding) -> io::Result<()> {
    let campaign = summary.campaign();
    std::fs::create_dir_all(&campaign.out)?;
    let out = OutputDir(&campaign.out);
    // In two threads: the run waits meanwhile, and each file takes a fraction of a second for 100,000 jobs.
    let (tables, page) = parallel::join(
        || {
            let csv = write_file(&out.results_csv(), |file| write_csv(summary, encoding, file));
            csv.and(write_file(&out.results_json(), |file| write_json(summary, file)))
        },
        || write_file(&out.report_html(), |file| write_page(summary, &VideoVersions::new(), file)),
    );
    tables.and(page)
}

/// Writes a file atomically; the error names it.
fn write_file(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    write_atomic(path, Access::Shared, content).map_err(|error| {
        let message = format!("could not write `{}`: {}", path.display(), describe(&error));
        io::Error::new(error.kind(), message)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::testing::{TestRun, at, deliver};

    fn writer(run: &TestRun, folder: &Path) -> (ResultsWriter, Summary) {
        let mut campaign = run.campaign.clone();
        campaign.out = folder.join("out");
        let summary = Summary::new(Arc::new(campaign));
        (ResultsWriter::new(&summary, ResultFiles::default()), summary)
    }

    fn results(folder: &Path) -> String {
        std::fs::read_to_string(folder.join("out/results.csv")).unwrap()
    }

    #[test]
    fn a_run_without_work_writes_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = TestRun::with_jobs(1);
        run.ended(0, None);
        let (mut writer, mut summary) = writer(&run, folder.path());
        for entry in &run.entries {
            deliver(&mut writer, &mut summary, entry);
        }
        assert!(!folder.path().join("out").exists(), "not before its end");
        writer.finish(&summary).unwrap();
        assert!(results(folder.path()).contains("a,pending"));
    }

    #[test]
    fn files_follow_the_run_at_a_limited_rate() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = TestRun::with_jobs(1);
        let (mut writer, mut summary) = writer(&run, folder.path());
        deliver(&mut writer, &mut summary, &run.entries[0]);
        writer.on_tick(&summary, &LiveState { now: at(0), ..LiveState::default() });
        assert!(results(folder.path()).contains("a,pending"));
        run.accepted(1, "a");
        for entry in &run.entries[1..] {
            deliver(&mut writer, &mut summary, entry);
        }
        assert!(results(folder.path()).contains("a,rendering"), "two seconds later");
        run.job_event(3, "a", JobEvent::Rendered { output: crate::report::testing::output("a") });
        deliver(&mut writer, &mut summary, &run.entries[3]);
        assert!(results(folder.path()).contains("a,rendering"), "too early");
        let state = LiveState { now: at(4), ..LiveState::default() };
        writer.on_tick(&summary, &state);
        assert!(results(folder.path()).contains("a,downloading"));
        let artifact = crate::report::testing::artifact("a");
        run.job_event(4, "a", JobEvent::Downloaded { artifact });
        deliver(&mut writer, &mut summary, &run.entries[4]);
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
    fn a_failed_write_is_reported_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("out/results.csv/in the way")).unwrap();
        let run = TestRun::with_jobs(1);
        let (mut writer, mut summary) = writer(&run, folder.path());
        deliver(&mut writer, &mut summary, &run.entries[0]);
        let error = writer.finish(&summary).unwrap_err().to_string();
        assert!(error.starts_with("could not write `"), "{error}");
        assert!(error.contains("results.csv"), "{error}");
        for other in ["results.json", "report.html"] {
            assert!(folder.path().join("out").join(other).exists(), "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn files_have_the_usual_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain");
        let plain = std::fs::File::create(&path).unwrap().metadata().unwrap();
        write_file(&folder.path().join("ours"), |file| file.write_all(b"x")).unwrap();
        let ours = std::fs::metadata(folder.path().join("ours")).unwrap();
        assert_eq!(ours.permissions().mode(), plain.permissions().mode());
    }
}

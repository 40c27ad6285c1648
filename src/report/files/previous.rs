//! Results of an earlier run, for what the journal does not hold: the user's cells, estimates, names of personas.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;
use zip::ZipArchive;

use crate::model::{Credits, Estimate, JobId, PlannedJob, RESULT_COLUMNS, find_result_columns};
use crate::report::command_line::CommandLine;
use crate::util::fs::{OutputDir, open_own, read_own};

/// The start of every page that this program writes.
const PAGE_START: &str = include_str!("../page/report.html");

/// Returns a result file in `folder` that this program did not write; `None` if there is none.
pub(crate) fn foreign_results(folder: &Path) -> Option<PathBuf> {
    let out = OutputDir(folder);
    let is_foreign = |path: &Path, is_own: fn(&[u8]) -> bool| {
        let is_there = path.symlink_metadata().is_ok();
        is_there && !read_start(path).is_ok_and(|start| is_own(&start))
    };
    let csv = is_foreign(&out.results_csv(), |start| PreviousResults::default().add_csv(start));
    let json = is_foreign(&out.results_json(), |start| {
        memchr::memmem::find(start, b"\"estimate_against_actual\"").is_some()
            || start.starts_with(b"{\n  \"arguments\":")
    });
    let page = is_foreign(&out.report_html(), |start| {
        start.starts_with(PAGE_START.split("{{").next().unwrap_or_default().as_bytes())
    });
    csv.then(|| out.results_csv())
        .or_else(|| json.then(|| out.results_json()))
        .or_else(|| page.then(|| out.report_html()))
}

/// Returns `results.xlsx` in `folder` if this program did not write it; `None` if it did, or if there is none.
pub(crate) fn foreign_workbook(folder: &Path) -> Option<PathBuf> {
    let path = OutputDir(folder).results_xlsx();
    let is_own = || {
        let mut archive =
            ZipArchive::new(open_own(&path, File::options().read(true)).ok()?).ok()?;
        let texts = archive.by_name("xl/sharedStrings.xml").ok()?;
        let mut start = Vec::new();
        texts.take(1 << 20).read_to_end(&mut start).ok()?;
        let column = |name| memchr::memmem::find(&start, format!("<t>{name}</t>").as_bytes());
        RESULT_COLUMNS.iter().all(|name| column(name).is_some()).then_some(())
    };
    let is_there = path.symlink_metadata().is_ok();
    (is_there && is_own().is_none()).then_some(path)
}

/// Reads the start of a file: enough for the columns of a sheet.
fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    open_own(path, File::options().read(true))?.take(1 << 20).read_to_end(&mut start)?;
    Ok(start)
}

/// Returns the jobs in a `results.csv` with their ids at the provider.
pub(crate) fn ids_in_csv(bytes: &[u8]) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_reader(bytes);
    let rows = reader.deserialize::<HashMap<String, String>>().filter_map(Result::ok);
    rows.filter_map(|mut row| Some((row.remove("job_id")?, row.remove("remote_id")?))).collect()
}

/// The content of `results.csv` and `results.json` that the journal does not hold. Missing and unreadable parts are left
/// out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreviousResults {
    /// The manifest's path as the user gave it.
    pub manifest: Option<String>,
    /// Arguments that commands about the campaign repeat.
    pub arguments: CommandLine,
    /// The user's columns.
    pub columns: Vec<String>,
    /// The user's rows in order, once for each job; without a job if the row was skipped.
    pub rows: Vec<(Vec<Arc<str>>, Option<JobId>)>,
    /// `--max-credits`.
    pub max_credits: Option<Credits>,
    /// Readable names of personas by id.
    pub personas: HashMap<String, String>,
    /// The character between the cells of `results.csv`, if it is not the comma.
    pub delimiter: Option<char>,
    estimates: HashMap<JobId, Estimate>,
    /// Why jobs were left out.
    left_out: HashMap<JobId, Arc<str>>,
    gone: HashSet<JobId>,
}

impl PreviousResults {
    /// Reads the results in the output folder `folder`.
    pub fn read(folder: &Path) -> Self {
        let mut results = Self::default();
        let out = OutputDir(folder);
        let json = read_own(&out.results_json()).unwrap_or_default();
        if let Ok(json) = serde_json::from_slice::<Value>(&json) {
            results.add_json(&json);
        }
        if let Ok(csv) = read_own(&out.results_csv()) {
            results.add_csv(&csv);
        }
        results
    }

    fn add_json(&mut self, json: &Value) {
        self.manifest = json["manifest"].as_str().map(str::to_owned);
        self.arguments = CommandLine::deserialize(&json["arguments"]).unwrap_or_default();
        let credits = |value: &Value| value.as_f64().and_then(Credits::from_number);
        self.max_credits = credits(&json["credits"]["max_credits"]);
        for (list, is_gone) in [("jobs", false), ("gone_from_sheet", true)] {
            for job in json[list].as_array().into_iter().flatten() {
                let Some(id) = job["job_id"].as_str().and_then(|id| id.parse().ok()) else {
                    continue;
                };
                let (persona, name) = (job["persona"].as_str(), job["persona_name"].as_str());
                if let (Some(persona), Some(name)) = (persona, name) {
                    self.personas.insert(persona.to_owned(), name.to_owned());
                }
                let [low, likely, high] =
                    ["credits_estimated_low", "credits_estimated_likely", "credits_estimated"]
                        .map(|field| credits(&job[field]).unwrap_or_default());
                let estimate = Estimate { low, likely, high, reserve: high, ..Estimate::default() };
                self.estimates.insert(JobId::clone(&id), estimate);
                if let (Some("skipped"), Some(reason)) =
                    (job["status"].as_str(), job["error"].as_str())
                {
                    self.left_out.insert(JobId::clone(&id), reason.into());
                }
                if is_gone {
                    self.gone.insert(id);
                }
            }
        }
    }

    /// Returns whether they have the columns of results.
    fn add_csv(&mut self, bytes: &[u8]) -> bool {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // As `--excel` writes it.
        let has_semicolons = memchr::memmem::find(bytes, b";job_id;status;").is_some()
            || bytes.starts_with(b"job_id;status;");
        self.delimiter = has_semicolons.then_some(';');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(if has_semicolons { b';' } else { b',' })
            .from_reader(bytes);
        let mut records = reader.records().filter_map(Result::ok);
        let Some(header) = records.next() else {
            return false;
        };
        let names: Vec<&str> = header.iter().collect();
        let Some(results) = find_result_columns(&names).filter(|it| it.end == names.len()) else {
            return false;
        };
        let own = results.start;
        self.columns = header.iter().take(own).map(str::to_owned).collect();
        for record in records {
            let cells = record.iter().take(own).map(Arc::from).collect();
            let job = record.get(own).and_then(|id| id.parse().ok());
            self.rows.push((cells, job));
        }
        true
    }

    /// Checks whether a job was no longer in the sheet.
    pub fn is_gone(&self, job: &JobId) -> bool {
        self.gone.contains(job)
    }

    /// Restores what was recorded about a job: its estimate, and whether it was left out.
    pub fn restore(&self, job: &mut PlannedJob) {
        if let Some(estimate) = self.estimates.get(&job.spec.id) {
            job.estimate = *estimate;
        }
        if let Some(reason) = self.left_out.get(&job.spec.id) {
            job.selected = false;
            job.left_out = Some(Arc::clone(reason));
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files that only this run reads")]
mod tests {

    use super::*;
    use crate::model::Flag;
    use crate::report::files::csv::{CsvEncoding, write_csv};
    use crate::report::files::json::write_json;
    use crate::report::files::{ResultFiles, ResultsWriter};
    use crate::report::observer::Observer as _;
    use crate::report::summary::Summary;
    use crate::report::testing::{TestRun, row};

    fn written(summary: &Summary) -> PreviousResults {
        let folder = tempfile::tempdir().unwrap();
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        write_csv(summary, CsvEncoding::Excel, &mut csv).unwrap();
        write_json(summary, &mut json).unwrap();
        std::fs::write(folder.path().join("results.csv"), csv).unwrap();
        std::fs::write(folder.path().join("results.json"), json).unwrap();
        PreviousResults::read(folder.path())
    }

    #[test]
    fn results_of_another_program_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let run = TestRun::with_jobs(1);
        let mut campaign = run.campaign.clone();
        campaign.out = folder.path().to_owned();
        let summary = Summary::new(Arc::new(campaign));
        for encoding in [CsvEncoding::Excel, CsvEncoding::default()] {
            let files = ResultFiles { encoding, ..ResultFiles::default() };
            ResultsWriter::new(&summary, files).finish(&summary).unwrap();
            assert_eq!(foreign_results(folder.path()), None);
        }
        for (name, content) in [
            ("results.csv", "id,score\n1,2\n"),
            ("results.json", "{\"tests\": []}"),
            ("report.html", "<!doctype html>\n<html><title>Coverage</title>"),
            ("report.html", ""),
        ] {
            let path = folder.path().join(name);
            let own = std::fs::read(&path).unwrap();
            std::fs::write(&path, content).unwrap();
            assert_eq!(foreign_results(folder.path()).unwrap(), path);
            std::fs::write(&path, own).unwrap();
        }
        assert_eq!(foreign_results(folder.path()), None);
    }

    #[test]
    fn written_results_are_read_back() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        Arc::make_mut(&mut run.campaign.sheet).rows.push(row("later", 0..0));
        run.campaign.arguments = CommandLine::default().option(Flag::Shard, "1/2");
        run.campaign.max_credits = Some(Credits::whole(7));
        let results = written(&run.summary());
        assert_eq!(results.arguments, run.campaign.arguments);
        assert_eq!(results.columns, ["id", "note"]);
        let ids: Vec<_> =
            results.rows.iter().map(|(_, job)| job.as_ref().map(JobId::as_str)).collect();
        assert_eq!(ids, [Some("a"), Some("b"), None]);
        assert_eq!(&*results.rows[0].0[1], "note of a");
        assert_eq!(results.max_credits, Some(Credits::whole(7)));
        let mut job = run.campaign.jobs[0].clone();
        let estimate = std::mem::take(&mut job.estimate);
        results.restore(&mut job);
        assert_eq!((job.estimate.low, job.estimate.high), (estimate.low, estimate.high));
    }

    #[test]
    fn results_with_semicolons_are_read_back() {
        let mut run = TestRun::with_jobs(1);
        run.campaign.delimiter = Some(';');
        let results = written(&run.summary());
        assert_eq!(results.delimiter, Some(';'));
        assert_eq!(results.columns, ["id", "note"]);
    }

    #[test]
    fn missing_and_invalid_files_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(PreviousResults::read(folder.path()), PreviousResults::default());
        for (name, text) in [("results.csv", "a,b\n1,2\n"), ("results.json", "[1, {]")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(PreviousResults::read(folder.path()), PreviousResults::default());
    }
}

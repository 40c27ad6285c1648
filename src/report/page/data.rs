//! The data of the page, as JSON for its script.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::model::{JobId, RemoteId, Speech, Timestamp, redact_url};
use crate::report::files::json::{Items, credits, runs, totals};
use crate::report::format::object;
use crate::report::job_row::JobRow;
use crate::report::next_steps::{Advice, NextStep, job_advice, next_step, shared_advice};
use crate::report::page::user_columns::UserColumns;
use crate::report::summary::Summary;
use crate::util::text::{percent_encode_path, sanitize};

/// A file of a job that the page shows.
#[derive(Debug, Clone, Copy)]
pub struct MediaFile<'a> {
    /// The job.
    pub job: &'a JobId,
    /// The path, relative to the output folder.
    pub path: &'a str,
    /// Whether it is the still, not the video.
    pub is_thumbnail: bool,
    /// The provider's id of the video.
    pub remote: Option<&'a RemoteId>,
    /// The number of an earlier version, from 1 on; `None` for the newest.
    pub version: Option<usize>,
}

/// An earlier video of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoVersion {
    /// The video, relative to the output folder.
    pub file: String,
    /// The thumbnail, relative to the output folder, if there is one.
    pub thumbnail: Option<String>,
    /// The provider's id of the video.
    pub remote: Option<RemoteId>,
    /// When it was finished.
    pub finished: Timestamp,
}

/// The earlier videos of jobs, the oldest first.
pub type VideoVersions = HashMap<JobId, Vec<VideoVersion>>;

/// Returns the address of a file on the page.
pub type MediaLinks = dyn Fn(&MediaFile<'_>) -> String;

/// The data of the page. Times are milliseconds since the epoch.
pub struct PageData<'a> {
    summary: &'a Summary,
    own: UserColumns<'a>,
    links: &'a MediaLinks,
    versions: Option<&'a VideoVersions>,
}

impl fmt::Debug for PageData<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PageData").finish_non_exhaustive()
    }
}

impl<'a> PageData<'a> {
    /// Returns the data of a campaign whose files have the addresses of `links`.
    pub fn new(summary: &'a Summary, links: &'a MediaLinks) -> Self {
        Self { summary, own: UserColumns::of(summary), links, versions: None }
    }

    /// Adds the earlier videos of jobs.
    #[must_use]
    pub fn with_versions(self, versions: &'a VideoVersions) -> Self {
        Self { versions: Some(versions), ..self }
    }

    /// Returns the data of a page in the output folder.
    pub(super) fn beside_files(summary: &'a Summary) -> Self {
        Self::new(summary, &|file| percent_encode_path(file.path.as_bytes()))
    }

    /// Returns the jobs of the sheet, then those that are no longer in it.
    pub fn jobs(&self) -> impl Iterator<Item = PageJob<'a>> + use<'_, 'a> {
        let summary = self.summary;
        let in_sheet = summary.rows().enumerate().filter(|(_, row)| row.job.in_sheet);
        let in_sheet = in_sheet.map(|(place, row)| (row, self.own.cells(place)));
        let gone = summary.gone().map(|row| (row, Vec::new()));
        in_sheet.chain(gone).map(|(row, own)| self.page_job(row, own))
    }

    /// Returns one job.
    pub fn job(&self, id: &JobId) -> Option<PageJob<'a>> {
        let place = self.summary.history().index_of(id)?;
        Some(self.page_job(self.summary.row(id)?, self.own.cells(place)))
    }

    fn page_job(&self, row: JobRow<'a>, own: Vec<Cow<'a, str>>) -> PageJob<'a> {
        let versions = self.versions.and_then(|versions| versions.get(row.id()));
        let versions = versions.map(Vec::as_slice).unwrap_or_default();
        PageJob { summary: self.summary, row, own, links: self.links, versions }
    }

    /// Returns the groups of jobs that failed for one reason and can be paid for again with one command.
    pub fn failures(&self) -> impl Serialize {
        let mut groups = BTreeMap::<_, Vec<JobRow>>::new();
        for row in self.summary.rows().filter(JobRow::has_failed) {
            groups.entry((row.status(), row.error())).or_default().push(row);
        }
        let group = |rows: Vec<JobRow>| {
            let advice = shared_advice(self.summary, &rows)?;
            let jobs: Vec<&JobId> = rows.iter().map(JobRow::id).collect();
            let text = sentence(&advice);
            Some(json!({ "advice": text, "command": advice.command.to_string(), "jobs": jobs }))
        };
        groups.into_values().filter_map(group).collect::<Vec<_>>()
    }
}

impl Serialize for PageData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary = self.summary;
        object!(serializer,
            as_of: summary.last().map(Timestamp::as_millis),
            campaign: summary.campaign().name,
            columns: self.own.names(),
            credits: credits(summary),
            failures: self.failures(),
            jobs: Items(|| self.jobs()),
            runs: runs(summary),
            sandbox: summary.campaign().is_sandbox,
            totals: totals(summary),
        )
    }
}

/// A job.
pub struct PageJob<'a> {
    summary: &'a Summary,
    row: JobRow<'a>,
    /// The cells of the user's own columns.
    own: Vec<Cow<'a, str>>,
    links: &'a MediaLinks,
    versions: &'a [VideoVersion],
}

impl fmt::Debug for PageJob<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PageJob").field(self.row.id()).finish()
    }
}

impl Serialize for PageJob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (summary, row, state) = (self.summary, &self.row, self.row.state);
        let (spec, estimate) = (&row.job.spec, &row.job.estimate);
        let request = &spec.request;
        let (width, height) = request.aspect_ratio.sides();
        let (text, audio) = match &request.speech {
            Speech::Text(text) => (Some(text.as_ref()), None),
            Speech::Audio(url) => (None, Some(redact_url(url))),
        };
        let is_left_out = state.is_open() && !row.job.selected;
        let advice = advice(summary, row);
        let output = state.output.as_ref();
        let link = |is_thumbnail| {
            let path = if is_thumbnail { row.thumbnail() } else { row.file() };
            let (job, remote) = (&spec.id, state.phase.remote());
            let file = |path| MediaFile { job, path, is_thumbnail, remote, version: None };
            path.map(|path| (self.links)(&file(path)))
        };
        let version = |(index, version): (usize, &VideoVersion)| {
            let link = |path, is_thumbnail| {
                let remote = version.remote.as_ref();
                let number = Some(index + 1);
                (self.links)(&MediaFile {
                    job: &spec.id,
                    path,
                    is_thumbnail,
                    remote,
                    version: number,
                })
            };
            json!({
                "file": link(&version.file, false),
                "finished": version.finished.as_millis(),
                "remote": version.remote,
                "thumbnail": version.thumbnail.as_ref().map(|path| link(path, true)),
            })
        };
        object!(serializer,
            accepted: state.accepted_at.map(Timestamp::as_millis),
            adopted: state.is_adopted,
            advice: advice.as_ref().map(sentence),
            attempts: state.attempts,
            audio: audio,
            command: advice.as_ref().map(|advice| advice.command.to_string()),
            error: row.error(),
            file: link(false),
            finished: state.finished_at.map(Timestamp::as_millis),
            gone: !row.job.in_sheet,
            height: height,
            high: estimate.high,
            id: spec.id,
            line: spec.origin.line,
            low: estimate.low,
            model: request.model_version,
            name: row.file(),
            outdated: row.is_outdated(),
            own: self.own,
            persona: sanitize(summary.campaign().persona(&request.persona)),
            persona_id: request.persona,
            promised: state.promised(),
            ratio: format!("{width}:{height}"),
            remote: state.phase.remote(),
            rendered: state.rendered_at.map(Timestamp::as_millis),
            running: state.running_at.map(Timestamp::as_millis),
            seconds: output.and_then(|output| output.duration_seconds),
            spent: state.spent(),
            status: if is_left_out { "left_out" } else { row.status() },
            submitted: state.submitted_at.map(Timestamp::as_millis),
            text: text,
            thumbnail: link(true),
            used: state.charged,
            versions: self.versions.iter().enumerate().map(version).collect::<Vec<_>>(),
            width: width,
        )
    }
}

/// Returns the advice about a job that needs attention.
fn advice(summary: &Summary, row: &JobRow) -> Option<Advice> {
    let needs_attention = match next_step(row) {
        NextStep::Submit | NextStep::Nothing => false,
        NextStep::Collect | NextStep::Download => row.failure().is_some() || row.is_overdue,
        NextStep::Resolve
        | NextStep::Edit
        | NextStep::Retry
        | NextStep::Replace
        | NextStep::Redo
        | NextStep::ReplaceLink => true,
    };
    let mut advice = job_advice(summary.campaign(), row).filter(|_| needs_attention)?;
    if let Some(unproven) = row.state.unproven.as_ref().filter(|_| row.is_in_doubt()) {
        let search = sanitize(&unproven.to_string());
        advice.text = format!("{} (last search: {search})", advice.text);
    }
    Some(advice)
}

/// Returns the advice as the words before its command.
fn sentence(advice: &Advice) -> String {
    let mut chars = advice.text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.clone()).chain([':']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Inconclusive, JobEvent};
    use crate::report::testing::TestRun;

    #[test]
    fn advice_about_a_job_in_doubt_includes_the_last_search() {
        let mut run = TestRun::with_jobs(1);
        run.lost(1, "a");
        let why = Inconclusive::CutShort;
        let reason = why.to_string();
        run.job_event(30, "a", JobEvent::NotProven { why });
        let summary = run.summary();
        let advice = advice(&summary, &summary.rows().next().unwrap()).unwrap();
        let search = format!("pay again (last search: {reason})");
        assert!(advice.text.contains(&search), "{}", advice.text);
    }
}

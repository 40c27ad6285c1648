//! What the page shows, as JSON for its script.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::model::{Credits, JobId, ModelVersion, Phase, RemoteId, Speech, Timestamp, redact_url};
use crate::report::files::json::{credits, runs, totals};
use crate::report::html::user_columns::UserColumns;
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::words;

/// Everything the page shows. Times are milliseconds since the epoch.
#[derive(Serialize)]
pub(super) struct PageData<'a> {
    as_of: Option<i64>,
    campaign: &'a str,
    /// What the user's own columns are called.
    columns: Vec<String>,
    credits: Value,
    jobs: Jobs<'a>,
    runs: Value,
    sandbox: bool,
    totals: Value,
}

impl<'a> PageData<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        let campaign = summary.campaign();
        let own = UserColumns::of(summary);
        Self {
            as_of: summary.last().map(Timestamp::as_millis),
            campaign: &campaign.name,
            columns: own.names(),
            credits: credits(summary),
            jobs: Jobs { summary, own },
            runs: runs(summary),
            sandbox: campaign.is_sandbox,
            totals: totals(summary),
        }
    }

    /// The jobs of the sheet, then those that are gone from it.
    pub(super) fn jobs(&self) -> impl Iterator<Item = PageJob<'a>> {
        self.jobs.all()
    }
}

/// The jobs, made one at a time.
struct Jobs<'a> {
    summary: &'a Summary,
    own: UserColumns<'a>,
}

impl<'a> Jobs<'a> {
    fn all(&self) -> impl Iterator<Item = PageJob<'a>> {
        let summary = self.summary;
        let in_sheet = summary.rows().enumerate();
        let in_sheet = in_sheet.filter(|(_, row)| row.job.in_sheet);
        let gone = summary
            .gone()
            .map(|row| PageJob::of(summary, &row, Vec::new()));
        let of_sheet = |(place, row)| PageJob::of(summary, &row, self.own.cells(place));
        in_sheet.map(of_sheet).chain(gone)
    }
}

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.all())
    }
}

/// One job.
#[derive(Serialize)]
pub(super) struct PageJob<'a> {
    accepted: Option<i64>,
    adopted: bool,
    advice: Option<String>,
    attempts: u32,
    audio: Option<String>,
    changed: bool,
    command: Option<String>,
    error: Option<String>,
    file: Option<String>,
    finished: Option<i64>,
    gone: bool,
    height: u32,
    high: Credits,
    id: &'a JobId,
    line: u32,
    low: Credits,
    model: ModelVersion,
    name: Option<&'a str>,
    /// The cells of the user's own columns.
    own: Vec<Cow<'a, str>>,
    persona: &'a str,
    persona_id: &'a str,
    promised: Credits,
    ratio: String,
    remote: Option<&'a RemoteId>,
    rendered: Option<i64>,
    running: Option<i64>,
    seconds: Option<f64>,
    spent: Credits,
    status: &'static str,
    submitted: Option<i64>,
    text: Option<&'a str>,
    thumbnail: Option<String>,
    used: Option<Credits>,
    width: u32,
}

impl<'a> PageJob<'a> {
    fn of(summary: &'a Summary, row: &Row<'a>, own: Vec<Cow<'a, str>>) -> Self {
        let (spec, state) = (&row.job.spec, row.state);
        let request = &spec.request;
        let (width, height) = request.aspect_ratio.sides();
        let (text, audio) = match &request.speech {
            Speech::Text(text) => (Some(text.as_str()), None),
            Speech::Audio(url) => (None, Some(redact_url(url))),
        };
        let status = if matches!(row.state.phase, Phase::Pending) && !row.job.selected {
            "left_out"
        } else {
            row.status()
        };
        let (advice, command) = match advice(summary, row) {
            Some((words, command)) => (Some(words), command),
            None => (None, None),
        };
        let output = state.output.as_ref();
        Self {
            accepted: state.accepted_at.map(Timestamp::as_millis),
            adopted: state.is_adopted,
            advice,
            attempts: state.attempts,
            audio,
            changed: row.has_changed(),
            command,
            error: row.failure().map(words::failure),
            file: row.file().map(link),
            finished: state.finished_at.map(Timestamp::as_millis),
            gone: !row.job.in_sheet,
            height,
            high: row.job.estimate.high,
            id: &spec.id,
            line: spec.origin.line,
            low: row.job.estimate.low,
            model: request.model_version,
            name: row.file(),
            own,
            persona: summary.campaign().persona(&request.persona),
            persona_id: &request.persona,
            promised: state.promised(),
            ratio: format!("{width}:{height}"),
            remote: state.phase.remote(),
            rendered: state.rendered_at.map(Timestamp::as_millis),
            running: state.running_at.map(Timestamp::as_millis),
            seconds: output.and_then(|output| output.duration_seconds),
            spent: state.spent(),
            status,
            submitted: state.submitted_at.map(Timestamp::as_millis),
            text,
            thumbnail: row.thumbnail().map(link),
            used: state.charged,
            width,
        }
    }
}

/// What to do about a job that did not end well: words, and a command if one helps.
fn advice(summary: &Summary, row: &Row) -> Option<(String, Option<String>)> {
    let campaign = summary.campaign();
    let command = |name: &str, further: &[&str]| campaign.command_about(row.id(), name, further);
    let id = row.id().as_str();
    match &row.state.phase {
        Phase::Failed { remote: None, .. } => {
            let line = row.job.spec.origin.line;
            let words = format!(
                "Refused before rendering; nothing was charged. Mend line {line} of the sheet and run \
                 it again."
            );
            Some((words, None))
        }
        Phase::Failed {
            remote: Some(_), ..
        } => {
            let retry = command("run", &["--retry-failed", "--only", id]);
            let words = "The provider could not make it. This pays for it once more:".to_owned();
            Some((words, Some(retry)))
        }
        Phase::Submitting | Phase::InDoubt { .. } => {
            let searched = row
                .state
                .unproven
                .as_ref()
                .map_or_else(String::new, |unproven| {
                    format!(" The last search: {}.", words::clean(&unproven.to_string()))
                });
            let words = format!(
                "It was sent, and no answer says whether it was accepted. It may have been paid for, so it is \
                 not sent again by itself; each run looks for it at the provider.{searched} Only if the \
                 provider's dashboard shows no such video, this pays for it once more:"
            );
            Some((words, Some(command("run", &["--resubmit", id]))))
        }
        Phase::Fetching { .. } | Phase::Rendering { .. }
            if row.failure().is_some() || row.is_overdue =>
        {
            let words = "It is paid for. This fetches it:".to_owned();
            Some((words, Some(command("collect", &[]))))
        }
        Phase::Done { .. } if row.has_changed() => {
            let redo = command("run", &["--redo-changed", "--only", id]);
            let words =
                "Its row was edited since. This makes the new version, and pays for it:".to_owned();
            Some((words, Some(redo)))
        }
        Phase::Pending | Phase::Rendering { .. } | Phase::Fetching { .. } | Phase::Done { .. } => {
            None
        }
    }
}

/// A relative link to a file of the output folder, percent-encoded. Letters, digits and the unreserved
/// marks of RFC 3986 stay as they are, `/` separates.
pub(crate) fn link(path: &str) -> String {
    let mut link = String::new();
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if is_plain {
            link.push(char::from(byte));
        } else {
            let digits = format!("%{byte:02X}");
            link.push_str(&digits);
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Inconclusive, JobEvent};
    use crate::report::testing::TestRun;

    #[test]
    fn a_job_in_doubt_says_why_the_search_proved_nothing() {
        let mut run = TestRun::with_jobs(1);
        run.lost(1, "a");
        let why = Inconclusive::CutShort;
        let reason = why.to_string();
        run.tell(30, "a", JobEvent::NotProven { why });
        let summary = run.summary();
        let (words, _) = advice(&summary, &summary.rows().next().unwrap()).unwrap();
        let sentence = format!("at the provider. The last search: {reason}. Only if");
        assert!(words.contains(&sentence), "{words}");
    }

    #[test]
    fn links_are_relative_and_encoded() {
        assert_eq!(
            link("videos/a b#1?ü%.mp4"),
            "videos/a%20b%231%3F%C3%BC%25.mp4"
        );
    }
}

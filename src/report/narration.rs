//! One entry as one line for people: the same words off a terminal and above the progress lines.

use std::collections::BTreeSet;

use super::Summary;
use super::colours::Tone;
use super::stop_words;
use super::words::{self, bytes, credits, plural};
use crate::model::{Credits, Entry, Event, JobEvent, JobId, Lane, RenderStatus};

/// How much a run says while it goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only what went wrong, and the closing summary.
    Quiet,
    /// What became of each job.
    #[default]
    Normal,
    /// Every step of each job.
    Verbose,
}

/// A line to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogLine {
    /// Told from this verbosity on.
    pub(super) from: Verbosity,
    /// What kind of news it is.
    pub(super) tone: Tone,
    /// What happened, in one word that can be searched for.
    pub(super) word: &'static str,
    /// The job it happened to.
    pub(super) job: Option<JobId>,
    /// The rest.
    pub(super) text: String,
}

/// A provider that invents words without end is not listened to for ever.
const MOST_UNKNOWN: usize = 20;

/// Puts `entry` into words. `summary` has taken it in already.
fn tell(summary: &Summary, entry: &Entry) -> LogLine {
    use Verbosity::{Normal, Quiet, Verbose};
    let general = |from, tone, word, text| LogLine {
        from,
        tone,
        word,
        job: None,
        text,
    };
    match &entry.event {
        Event::RunStarted { version, .. } => {
            let (counts, money) = (summary.counts(), summary.money());
            let to_do = if counts.pending > 0 {
                let range = words::range(money.to_do_low, money.to_do_high);
                format!(", {} to submit for {range} credits", counts.pending)
            } else {
                String::new()
            };
            let jobs = counts.jobs();
            let text = format!("callsheet {version}: {jobs}, {} done{to_do}", counts.done);
            general(Normal, Tone::Strong, "run", words::clean(&text))
        }
        Event::RunEnded { stopped: None } => general(
            Normal,
            Tone::Strong,
            "end",
            format!("the run is over; {}", summary.money().sentence()),
        ),
        Event::RunEnded {
            stopped: Some(reason),
        } => general(Quiet, Tone::Doubt, "stopped", stop_words::sentence(reason)),
        Event::LaneHeld {
            lane,
            until,
            failure,
        } => {
            let (what, until) = (lane_name(*lane), words::moment(*until));
            let text = format!("{what} until {until}: {}", words::failure(failure));
            general(Normal, Tone::Doubt, "paused", text)
        }
        Event::JournalLost => {
            let text = "the output folder shows work that the journal does not know of, so the \
                        provider's list is read twice before anything is submitted"
                .to_owned();
            general(Quiet, Tone::Doubt, "warning", text)
        }
        Event::InventoryTaken { rows } => {
            let rows = plural(usize::try_from(*rows).unwrap_or(usize::MAX), "job");
            let text = format!("the provider's list was read: {rows}");
            general(Verbose, Tone::Faint, "inventory", text)
        }
        Event::InventorySkipped { failure } => {
            let text = format!(
                "the provider's list could not be read, so the run goes on without it: {}",
                words::failure(failure)
            );
            general(Quiet, Tone::Doubt, "warning", text)
        }
        Event::PlacesLearnt { places } => {
            let text = format!(
                "the provider takes about {} at one time: no more are submitted until it takes more",
                plural(*places, "render")
            );
            general(Normal, Tone::Faint, "in flight", text)
        }
        Event::Job { job, event } => {
            let (from, tone, word, text) = tell_of_job(summary, job, event);
            LogLine {
                from,
                tone,
                word,
                job: Some(job.clone()),
                text,
            }
        }
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each event, read like a table"
)]
fn tell_of_job(
    summary: &Summary,
    job: &JobId,
    event: &JobEvent,
) -> (Verbosity, Tone, &'static str, String) {
    use Verbosity::{Normal, Quiet, Verbose};
    match event {
        JobEvent::SubmitStarted { reserved, .. } => (
            Verbose,
            Tone::Faint,
            "sending",
            format!("at most {}", credits(*reserved)),
        ),
        JobEvent::Submitted { remote } => (
            Normal,
            Tone::Work,
            "submitted",
            format!("{} as {remote}", what(summary, job)),
        ),
        JobEvent::SubmitDeferred { failure } => (
            Normal,
            Tone::Doubt,
            "deferred",
            format!(
                "not accepted, to be sent again: {}",
                words::failure(failure)
            ),
        ),
        JobEvent::SubmitLost { failure } => (
            Quiet,
            Tone::Doubt,
            "in doubt",
            format!(
                "sent, and no answer says whether accepted: {}",
                words::failure(failure)
            ),
        ),
        JobEvent::Adopted { remote, .. } => (
            Normal,
            Tone::Work,
            "adopted",
            format!("the provider has it as {remote}; not paid again"),
        ),
        JobEvent::NotProven { why } => (
            Verbose,
            Tone::Faint,
            "unproven",
            words::clean(&why.to_string()),
        ),
        JobEvent::FoundAbsent => (
            Normal,
            Tone::Work,
            "absent",
            "the provider has proven not to have it; it can be sent again".to_owned(),
        ),
        JobEvent::Observed { status } => (
            Verbose,
            Tone::Faint,
            "status",
            format!("`{}` at the provider", words::clean(status)),
        ),
        JobEvent::RenderOverdue => (
            Quiet,
            Tone::Doubt,
            "overdue",
            "this run stops waiting; it may still finish, and `collect` fetches it then".to_owned(),
        ),
        JobEvent::Rendered { output } => (
            Verbose,
            Tone::Work,
            "rendered",
            output.credits_used.map_or_else(String::new, credits),
        ),
        JobEvent::Fetched { artifact } => (Normal, Tone::Good, "done", {
            let file = words::clean(&artifact.file);
            let size = bytes(artifact.bytes);
            match charge(summary, job) {
                Some(charge) => format!("{file}  {size}  {}", credits(charge)),
                None => format!("{file}  {size}"),
            }
        }),
        JobEvent::FetchDeferred { failure } => (
            Normal,
            Tone::Doubt,
            "retrying",
            format!("the download failed: {}", words::failure(failure)),
        ),
        JobEvent::FetchLeft { failure } => (
            Quiet,
            Tone::Bad,
            "left",
            format!(
                "paid for, and not downloaded: {}; this run leaves it, `collect` tries again",
                words::failure(failure)
            ),
        ),
        JobEvent::LinkExpired { failure } => (
            Verbose,
            Tone::Faint,
            "new link",
            format!("the link no longer works: {}", words::failure(failure)),
        ),
        JobEvent::PaidTwice { remote } => (
            Quiet,
            Tone::Bad,
            "paid twice",
            format!(
                "the provider has a second job with the same mark, `{remote}`: another run paid for it too"
            ),
        ),
        JobEvent::FileMissing => (
            Normal,
            Tone::Doubt,
            "missing",
            "its file is gone from the disk; to be downloaded again, not paid again".to_owned(),
        ),
        JobEvent::Failed { failure, charged } => (Quiet, Tone::Bad, "failed", {
            let words = words::failure(failure);
            match charged.filter(|charged| *charged > Credits::ZERO) {
                Some(charged) => format!("{words}  {}", credits(charged)),
                None => words,
            }
        }),
        JobEvent::Revisited => (
            Verbose,
            Tone::Faint,
            "revisited",
            "the provider is asked once more: what was paid for may still turn up".to_owned(),
        ),
        JobEvent::Reopened { .. } => (
            Normal,
            Tone::Work,
            "reopened",
            "to be paid for once more, as asked".to_owned(),
        ),
    }
}

/// Tells a run entry by entry, and remembers what is to be said only once.
#[derive(Debug, Default)]
pub(super) struct EventFormatter {
    /// Words for the status of a render that nobody documented, and that have been told.
    unknown: BTreeSet<String>,
}

impl EventFormatter {
    /// Puts `entry` into words. `summary` has taken it in already.
    pub(super) fn tell(&mut self, summary: &Summary, entry: &Entry) -> LogLine {
        let mut telling = tell(summary, entry);
        if let Event::Job {
            event: JobEvent::Observed { status },
            ..
        } = &entry.event
            && matches!(RenderStatus::from_word(status), RenderStatus::Other(_))
            && self.unknown.len() < MOST_UNKNOWN
            && self.unknown.insert(status.clone())
        {
            telling.from = Verbosity::Normal;
            telling.tone = Tone::Doubt;
            let note = "a status this program does not know: it goes on waiting, and says so once";
            telling.text = format!("{}; {note}", telling.text);
        }
        telling
    }
}

/// The persona and shape of a job.
pub(super) fn what(summary: &Summary, job: &JobId) -> String {
    let Some(row) = summary.row(job) else {
        return String::new();
    };
    let request = &row.job.spec.request;
    let persona = words::clean(summary.campaign().persona(&request.persona));
    format!("{persona} {}", request.aspect_ratio)
}

fn charge(summary: &Summary, job: &JobId) -> Option<Credits> {
    summary.row(job)?.state.charged
}

pub(super) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Submit => "submits",
        Lane::Poll => "status requests",
        Lane::Fetch => "downloads",
    }
}

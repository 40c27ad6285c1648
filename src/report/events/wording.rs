//! One entry as one line for people: the same words off a terminal and above the progress lines.

use std::collections::BTreeSet;

use crate::model::{Credits, Entry, Event, JobEvent, JobId, Lane, RenderStatus, StopReason};
use crate::report::summary::Summary;
use crate::report::terminal::style::Style;
use crate::report::words;
use crate::report::words::{bytes, credits, plural};

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
pub(crate) struct LogLine {
    /// Told from this verbosity on.
    pub(crate) from: Verbosity,
    /// What kind of news it is.
    pub(crate) style: Style,
    /// What happened, in one word that can be searched for.
    pub(crate) word: &'static str,
    /// The job it happened to.
    pub(crate) job: Option<JobId>,
    /// The rest.
    pub(crate) text: String,
}

/// A provider that invents words without end is not listened to for ever.
const MOST_UNKNOWN: usize = 20;

/// Puts `entry` into words. `summary` has taken it in already.
fn tell(summary: &Summary, entry: &Entry) -> LogLine {
    use Verbosity::{Normal, Quiet, Verbose};
    let general = |from, style, word, text| LogLine {
        from,
        style,
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
            general(Normal, Style::Strong, "run", words::clean(&text))
        }
        Event::RunEnded { stopped: None } => general(
            Normal,
            Style::Strong,
            "end",
            format!("the run is over; {}", summary.money().sentence()),
        ),
        Event::RunEnded {
            stopped: Some(reason),
        } => general(Quiet, Style::Doubt, "stopped", sentence(reason)),
        Event::LaneHeld {
            lane,
            until,
            failure,
        } => {
            let (what, until) = (lane_name(*lane), words::moment(*until));
            let text = format!("{what} until {until}: {}", words::failure(failure));
            general(Normal, Style::Doubt, "paused", text)
        }
        Event::JournalLost => {
            let text = "the output folder shows work that the journal does not know of, so the \
                        provider's list is read twice before anything is submitted"
                .to_owned();
            general(Quiet, Style::Doubt, "warning", text)
        }
        Event::InventoryTaken { rows } => {
            let rows = plural(usize::try_from(*rows).unwrap_or(usize::MAX), "job");
            let text = format!("the provider's list was read: {rows}");
            general(Verbose, Style::Faint, "inventory", text)
        }
        Event::InventorySkipped { failure } => {
            let text = format!(
                "the provider's list could not be read, so the run goes on without it: {}",
                words::failure(failure)
            );
            general(Quiet, Style::Doubt, "warning", text)
        }
        Event::PlacesLearnt { places } => {
            let text = format!(
                "the provider takes about {} at one time: no more are submitted until it takes more",
                plural(*places, "render")
            );
            general(Normal, Style::Faint, "in flight", text)
        }
        Event::Job { job, event } => {
            let (from, style, word, text) = tell_of_job(summary, job, event);
            LogLine {
                from,
                style,
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
) -> (Verbosity, Style, &'static str, String) {
    use Verbosity::{Normal, Quiet, Verbose};
    match event {
        JobEvent::SubmitStarted { reserved, .. } => (
            Verbose,
            Style::Faint,
            "sending",
            format!("at most {}", credits(*reserved)),
        ),
        JobEvent::Submitted { remote } => (
            Normal,
            Style::Work,
            "submitted",
            format!("{} as {remote}", what(summary, job)),
        ),
        JobEvent::SubmitDeferred { failure } => (
            Normal,
            Style::Doubt,
            "deferred",
            format!(
                "not accepted, to be sent again: {}",
                words::failure(failure)
            ),
        ),
        JobEvent::SubmitLost { failure } => (
            Quiet,
            Style::Doubt,
            "in doubt",
            format!(
                "sent, and no answer says whether accepted: {}",
                words::failure(failure)
            ),
        ),
        JobEvent::Adopted { remote, .. } => (
            Normal,
            Style::Work,
            "adopted",
            format!("the provider has it as {remote}; not paid again"),
        ),
        JobEvent::NotProven { why } => (
            Verbose,
            Style::Faint,
            "unproven",
            words::clean(&why.to_string()),
        ),
        JobEvent::FoundAbsent => (
            Normal,
            Style::Work,
            "absent",
            "the provider has proven not to have it; it can be sent again".to_owned(),
        ),
        JobEvent::Observed { status } => (
            Verbose,
            Style::Faint,
            "status",
            format!("`{}` at the provider", words::clean(status)),
        ),
        JobEvent::RenderOverdue => (
            Quiet,
            Style::Doubt,
            "overdue",
            "this run stops waiting; it may still finish, and `collect` fetches it then".to_owned(),
        ),
        JobEvent::Rendered { output } => (
            Verbose,
            Style::Work,
            "rendered",
            output.credits_used.map_or_else(String::new, credits),
        ),
        JobEvent::Fetched { artifact } => (Normal, Style::Good, "done", {
            let file = words::clean(&artifact.file);
            let size = bytes(artifact.bytes);
            match charge(summary, job) {
                Some(charge) => format!("{file}  {size}  {}", credits(charge)),
                None => format!("{file}  {size}"),
            }
        }),
        JobEvent::FetchDeferred { failure } => (
            Normal,
            Style::Doubt,
            "retrying",
            format!("the download failed: {}", words::failure(failure)),
        ),
        JobEvent::FetchLeft { failure } => (
            Quiet,
            Style::Bad,
            "left",
            format!(
                "paid for, and not downloaded: {}; this run leaves it, `collect` tries again",
                words::failure(failure)
            ),
        ),
        JobEvent::LinkExpired { failure } => (
            Verbose,
            Style::Faint,
            "new link",
            format!("the link no longer works: {}", words::failure(failure)),
        ),
        JobEvent::PaidTwice { remote } => (
            Quiet,
            Style::Bad,
            "paid twice",
            format!(
                "the provider has a second job with the same mark, `{remote}`: another run paid for it too"
            ),
        ),
        JobEvent::FileMissing => (
            Normal,
            Style::Doubt,
            "missing",
            "its file is gone from the disk; to be downloaded again, not paid again".to_owned(),
        ),
        JobEvent::Failed { failure, charged } => (Quiet, Style::Bad, "failed", {
            let words = words::failure(failure);
            match charged.filter(|charged| *charged > Credits::ZERO) {
                Some(charged) => format!("{words}  {}", credits(charged)),
                None => words,
            }
        }),
        JobEvent::Revisited => (
            Verbose,
            Style::Faint,
            "revisited",
            "the provider is asked once more: what was paid for may still turn up".to_owned(),
        ),
        JobEvent::Reopened { .. } => (
            Normal,
            Style::Work,
            "reopened",
            "to be paid for once more, as asked".to_owned(),
        ),
    }
}

/// Tells a run entry by entry, and remembers what is to be said only once.
#[derive(Debug, Default)]
pub(crate) struct EventFormatter {
    /// Words for the status of a render that nobody documented, and that have been told.
    unknown: BTreeSet<String>,
}

impl EventFormatter {
    /// Puts `entry` into words. `summary` has taken it in already.
    pub(crate) fn tell(&mut self, summary: &Summary, entry: &Entry) -> LogLine {
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
            telling.style = Style::Doubt;
            let note = "a status this program does not know: it goes on waiting, and says so once";
            telling.text = format!("{}; {note}", telling.text);
        }
        telling
    }
}

/// The persona and shape of a job.
pub(crate) fn what(summary: &Summary, job: &JobId) -> String {
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

pub(crate) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Submit => "submits",
        Lane::Poll => "status requests",
        Lane::Fetch => "downloads",
    }
}

/// The word programs know it by, the same as in the journal.
pub(crate) const fn kind(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::Interrupted => "interrupted",
        StopReason::MaxDuration => "max_duration",
        StopReason::TooManyFailures => "too_many_failures",
        StopReason::OutOfCredits { .. } => "out_of_credits",
        StopReason::CapReached => "cap_reached",
        StopReason::RunCapReached => "run_cap_reached",
        StopReason::LongHold { .. } => "long_hold",
        StopReason::TooManyDoubts => "too_many_doubts",
        StopReason::Unauthorised { .. } => "unauthorised",
        StopReason::WrongAddress { .. } => "wrong_address",
        StopReason::Unreachable { .. } => "unreachable",
        StopReason::InventoryRefused { .. } => "inventory_refused",
        StopReason::Rival { .. } => "rival",
        StopReason::Local { .. } => "local",
    }
}

/// What people are told: a fragment that follows `stopped early: `.
pub(crate) fn sentence(reason: &StopReason) -> String {
    let with = |text: &str, message: &str| format!("{text}: {}", words::clean(message).trim());
    match reason {
        StopReason::Interrupted => "interrupted; everything is kept".to_owned(),
        StopReason::MaxDuration => "`--max-duration` is over".to_owned(),
        StopReason::TooManyFailures => "more jobs failed than `--max-fail` allows".to_owned(),
        StopReason::OutOfCredits { message } => with("the account is out of credits", message),
        StopReason::CapReached => "the next job would pass `--max-credits`".to_owned(),
        StopReason::RunCapReached => "the next job would pass `--max-credits-run`".to_owned(),
        StopReason::LongHold { until } => format!(
            "the provider asks for a pause until {}",
            words::moment(*until)
        ),
        StopReason::TooManyDoubts => {
            "the answers to twenty submits in a row were lost, and the provider's \
                                      list tells of none of them"
                .to_owned()
        }
        StopReason::Unauthorised { message } => {
            // The failure has mostly said so itself.
            let said = message.strip_prefix("the credentials are refused: ");
            with("the credentials were refused", said.unwrap_or(message))
        }
        StopReason::WrongAddress { message } => {
            with("the address does not answer like the API", message)
        }
        StopReason::Unreachable { message } => with("the API could not be reached", message),
        StopReason::InventoryRefused { message } => with(
            "what the provider already has could not be found out, so nothing was submitted",
            message,
        ),
        StopReason::Rival { job } => format!(
            "another run is paying for the same jobs (`{job}` is at the provider twice), so nothing \
             more was submitted"
        ),
        StopReason::Local { message } => with("a file could not be written", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_credentials_is_said_once() {
        for message in [
            "Invalid API credentials. (HTTP 401)",
            "the credentials are refused: Invalid API credentials. (HTTP 401)",
        ] {
            let message = message.to_owned();
            assert_eq!(
                sentence(&StopReason::Unauthorised { message }),
                "the credentials were refused: Invalid API credentials. (HTTP 401)"
            );
        }
    }
}

//! Events in words: the one source of log lines, of progress on a terminal and of `why`.

use std::collections::BTreeSet;

use crate::model::{Credits, Entry, Event, Flag, JobEvent, JobId, Lane, RenderStatus, StopReason};
use crate::report::format::{credit_range, credits, date_time, failure};
use crate::report::summary::Summary;
use crate::util::style::Style;
use crate::util::text::{byte_size, plural, sanitize};

/// How much of a run is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Problems only.
    Quiet,
    /// The outcome of each job.
    #[default]
    Normal,
    /// Every step of each job.
    Verbose,
}

/// An event in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// The lowest verbosity that shows it.
    pub(crate) verbosity: Verbosity,
    /// What kind of event it is.
    pub(crate) style: Style,
    /// A keyword to search for.
    pub(crate) word: &'static str,
    /// The job it is about.
    pub(crate) job: Option<JobId>,
    /// The text after the keyword.
    pub(crate) text: String,
    /// Details that only `why` shows.
    pub(crate) detail: String,
}

impl LogLine {
    pub(crate) fn new(
        verbosity: Verbosity,
        style: Style,
        word: &'static str,
        text: impl Into<String>,
    ) -> Self {
        let text = text.into();
        Self { verbosity, style, word, job: None, text, detail: String::new() }
    }

    fn with_detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }
}

/// Unknown status words that are reported; the provider may send any number of them.
const MAX_UNKNOWN: usize = 20;

/// Puts the entries of a run into words.
#[derive(Debug, Default)]
pub(crate) struct EventFormatter {
    /// Unknown status words that have been reported.
    unknown: BTreeSet<String>,
}

impl EventFormatter {
    /// Puts an entry into words that `summary` includes already.
    pub(crate) fn format(&mut self, summary: &Summary, entry: &Entry) -> LogLine {
        let mut line = describe(summary, &entry.event);
        if let Event::Job { event: JobEvent::Observed { status }, .. } = &entry.event
            && matches!(RenderStatus::from_word(status), RenderStatus::Other(_))
            && self.unknown.len() < MAX_UNKNOWN
            && self.unknown.insert(status.clone())
        {
            line.verbosity = Verbosity::Normal;
            line.style = Style::Warning;
            line.text.push_str("; this status is unknown to the program, which keeps waiting");
        }
        line
    }
}

/// Puts an event into words that `summary` includes already.
pub(crate) fn describe(summary: &Summary, event: &Event) -> LogLine {
    use Style::{Bold, Dim, Warning};
    use Verbosity::{Normal, Quiet, Verbose};
    match event {
        Event::RunStarted { version, .. } => {
            let (counts, money) = (summary.counts(), summary.money());
            let jobs = counts.jobs();
            let mut text = format!("callsheet {version}: {jobs}, {} done", counts.done);
            if counts.pending > 0 {
                let range = credit_range(money.to_do_low, money.to_do_high);
                text = format!("{text}, {} to submit for {range} credits", counts.pending);
            }
            LogLine::new(Normal, Bold, "run", sanitize(&text))
        }
        Event::RunEnded { stopped: None } => {
            let money = summary.money().sentence();
            LogLine::new(Normal, Bold, "end", format!("the run has ended; {money}"))
        }
        Event::RunEnded { stopped: Some(reason) } => {
            LogLine::new(Quiet, Warning, "stopped", stop_sentence(reason))
        }
        Event::LaneHeld { lane, until, failure: cause } => {
            let (what, until) = (lane_name(*lane), date_time(*until));
            let text = format!("{what} until {until}: {}", failure(cause));
            LogLine::new(Normal, Warning, "paused", text)
        }
        Event::JournalLost => LogLine::new(
            Quiet,
            Warning,
            "warning",
            "the output folder contains work that the journal does not record; the provider's list is read twice \
             before anything is submitted",
        ),
        Event::InventoryTaken { rows } => {
            let rows = plural(usize::try_from(*rows).unwrap_or(usize::MAX), "job");
            let text = format!("the provider's list was read: {rows}");
            LogLine::new(Verbose, Dim, "inventory", text)
        }
        Event::InventorySkipped { failure: cause } => {
            let cause = failure(cause);
            let text =
                format!("the provider's list could not be read; continuing without it: {cause}");
            LogLine::new(Quiet, Warning, "warning", text)
        }
        Event::PlacesLearnt { places } => {
            let renders = plural(*places, "render");
            let text = format!(
                "the provider accepts about {renders} at a time; no more are submitted until it accepts more"
            );
            LogLine::new(Normal, Dim, "in flight", text)
        }
        Event::Job { job, event } => {
            LogLine { job: Some(job.clone()), ..describe_job(summary, job, event) }
        }
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one arm for each event")]
fn describe_job(summary: &Summary, job: &JobId, event: &JobEvent) -> LogLine {
    use Style::{Active, Dim, Failure, Success, Warning};
    use Verbosity::{Normal, Quiet, Verbose};
    match event {
        JobEvent::SubmitStarted { tag, generation, reserved, .. } => {
            let again = match generation.0 {
                0 => String::new(),
                times => format!(", paid for again as requested (payment {})", times + 1),
            };
            let text = format!("at most {}", credits(*reserved));
            LogLine::new(Verbose, Dim, "sending", text).with_detail(format!(", tag `{tag}`{again}"))
        }
        JobEvent::Submitted { remote } => {
            let text = format!("{} as {remote}", persona_and_ratio(summary, job));
            LogLine::new(Normal, Active, "submitted", text)
        }
        JobEvent::SubmitDeferred { failure: cause } => {
            let text = format!("not accepted, will be sent again: {}", failure(cause));
            LogLine::new(Normal, Warning, "deferred", text)
        }
        JobEvent::SubmitLost { failure: cause } => {
            let cause = failure(cause);
            let text = format!("sent, but no response says whether it was accepted: {cause}");
            LogLine::new(Quiet, Warning, "in doubt", text)
        }
        JobEvent::Adopted { remote, tag, .. } => {
            let text = format!("found at the provider as {remote}; not paid again");
            LogLine::new(Normal, Active, "adopted", text).with_detail(format!(", tag `{tag}`"))
        }
        JobEvent::NotProven { why } => {
            LogLine::new(Verbose, Dim, "unproven", sanitize(&why.to_string()))
        }
        JobEvent::FoundAbsent => LogLine::new(
            Normal,
            Active,
            "absent",
            "proven not to be at the provider; can be sent again",
        )
        .with_detail(": two listings should have shown it and did not".to_owned()),
        JobEvent::Observed { status } => {
            let text = format!("`{}` at the provider", sanitize(status));
            LogLine::new(Verbose, Dim, "status", text)
        }
        JobEvent::RenderOverdue => {
            let text = format!(
                "not finished within `{}`; `collect` can fetch it later",
                Flag::RenderTimeout
            );
            LogLine::new(Quiet, Warning, "overdue", text)
        }
        JobEvent::Rendered { output } => {
            let text = output.credits_used.map_or_else(String::new, credits);
            let mut detail = String::new();
            if output.credits_used.is_none() {
                detail.push_str("no charge reported");
            }
            if let Some(seconds) = output.duration_seconds {
                detail = format!("{detail}, {seconds} s long");
            }
            LogLine::new(Verbose, Active, "rendered", text).with_detail(detail)
        }
        JobEvent::Fetched { artifact } => {
            let mut text = format!("{}  {}", sanitize(&artifact.file), byte_size(artifact.bytes));
            if let Some(charge) = summary.row(job).and_then(|row| row.state.charged) {
                text = format!("{text}  {}", credits(charge));
            }
            LogLine::new(Normal, Success, "done", text)
                .with_detail(format!("  SHA-256 {}", sanitize(&artifact.sha256)))
        }
        JobEvent::FetchDeferred { failure: cause } => {
            let text = format!("the download failed: {}", failure(cause));
            LogLine::new(Normal, Warning, "retrying", text)
        }
        JobEvent::FetchLeft { failure: cause } => {
            let cause = failure(cause);
            let text = format!("paid for but not downloaded: {cause}; `collect` tries again");
            LogLine::new(Quiet, Failure, "left", text)
        }
        JobEvent::LinkExpired { failure: cause } => {
            let text = format!("the link no longer works: {}", failure(cause));
            LogLine::new(Verbose, Dim, "new link", text)
        }
        JobEvent::PaidTwice { remote } => {
            let text = format!(
                "the provider has a second job with the same tag, `{remote}`: another run paid for it too"
            );
            LogLine::new(Quiet, Failure, "paid twice", text)
        }
        JobEvent::FileMissing => LogLine::new(
            Normal,
            Warning,
            "missing",
            "its file is missing on disk; it is downloaded again, not paid again",
        ),
        JobEvent::Failed { failure: cause, charged } => {
            let mut text = failure(cause);
            let mut detail = String::new();
            match charged {
                None => detail.push_str("; the charge is unknown"),
                Some(Credits::ZERO) => detail.push_str("; nothing was charged"),
                Some(charged) => text = format!("{text}  {}", credits(*charged)),
            }
            LogLine::new(Quiet, Failure, "failed", text).with_detail(detail)
        }
        JobEvent::Revisited => LogLine::new(
            Verbose,
            Dim,
            "revisited",
            "asking the provider again: the paid video may still be available",
        ),
        JobEvent::Reopened { .. } => {
            LogLine::new(Normal, Active, "reopened", "will be paid for again, as requested")
        }
    }
}

/// Returns the persona and ratio of a job: `Anna 9x16`.
pub(crate) fn persona_and_ratio(summary: &Summary, job: &JobId) -> String {
    let Some(row) = summary.row(job) else {
        return String::new();
    };
    let request = &row.job.spec.request;
    let persona = sanitize(summary.campaign().persona(&request.persona));
    format!("{persona} {}", request.aspect_ratio)
}

pub(crate) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Submit => "submits",
        Lane::Poll => "status requests",
        Lane::Fetch => "downloads",
    }
}

/// Returns why a run ended early, to follow `stopped: `.
pub(crate) fn stop_sentence(reason: &StopReason) -> String {
    let with = |text: &str, message: &str| format!("{text}: {}", sanitize(message).trim());
    match reason {
        StopReason::Interrupted => "interrupted; everything is kept".to_owned(),
        StopReason::MaxDuration => format!("`{}` has passed", Flag::MaxDuration),
        StopReason::TooManyFailures => format!("more jobs failed than `{}` allows", Flag::MaxFail),
        StopReason::OutOfCredits { message } => with("the account is out of credits", message),
        StopReason::CapReached => format!("the next job would exceed `{}`", Flag::MaxCredits),
        StopReason::RunCapReached => format!("the next job would exceed `{}`", Flag::MaxCreditsRun),
        StopReason::LongHold { until } => {
            format!("the provider asked for a pause until {}", date_time(*until))
        }
        StopReason::TooManyDoubts => {
            "20 consecutive submits got no response, and none appears in the provider's job list"
                .to_owned()
        }
        StopReason::Unauthorised { message } => {
            // Some failures state this already.
            let message = message.strip_prefix("the credentials are refused: ").unwrap_or(message);
            with("the credentials were refused", message)
        }
        StopReason::WrongAddress { message } => {
            with("the address does not answer like the API", message)
        }
        StopReason::Unreachable { message } => with("the API could not be reached", message),
        StopReason::InventoryRefused { message } => {
            with("the provider's job list could not be read, so nothing was submitted", message)
        }
        StopReason::Rival { job } => format!(
            "another run is paying for the same jobs (`{job}` is at the provider twice), so nothing more was submitted"
        ),
        StopReason::Local { message } => with("a file could not be written", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_credentials_are_stated_once() {
        for message in [
            "Invalid API credentials. (HTTP 401)",
            "the credentials are refused: Invalid API credentials. (HTTP 401)",
        ] {
            let message = message.to_owned();
            assert_eq!(
                stop_sentence(&StopReason::Unauthorised { message }),
                "the credentials were refused: Invalid API credentials. (HTTP 401)"
            );
        }
    }
}

//! Events in words: the one source of log lines, of progress on a terminal and of `why`.

use std::collections::BTreeSet;

use crate::model::{
    Credits, Entry, Event, FailureKind, Flag, JobEvent, JobId, Lane, OTHER_JOB, RenderStatus,
    StopReason,
};
use crate::report::format::{credit_range, credits, date_time, failure};
use crate::report::summary::Summary;
use crate::util::style::{Colours, Style};
use crate::util::text::{byte_size, pad, plural, sanitize};

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

/// Puts the entries of a run into words, and lays them out as lines.
#[derive(Debug)]
pub(crate) struct EventFormatter {
    pub(crate) verbosity: Verbosity,
    pub(crate) colours: Colours,
    id_width: usize,
    /// Unknown status words that have been reported.
    unknown: BTreeSet<String>,
}

impl EventFormatter {
    /// Returns a formatter for a run that begins with `summary`.
    pub(crate) fn new(summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self { verbosity, colours, id_width: summary.id_width(), unknown: BTreeSet::new() }
    }

    /// Lays out keyword, job and text in columns. `None` if the verbosity hides the line.
    pub(crate) fn layout(&self, line: &LogLine) -> Option<String> {
        if self.verbosity < line.verbosity {
            return None;
        }
        let word = self.colours.paint(line.style, &format!("{:9}", line.word));
        let job = line.job.as_ref().map(|job| format!("  {}", pad(job.as_str(), self.id_width)));
        let text = format!("{word}{}  {}", job.unwrap_or_default(), sanitize(&line.text));
        Some(text.trim_end().to_owned())
    }

    /// Returns whether lines are coloured.
    pub(super) const fn colours(&self) -> Colours {
        self.colours
    }

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
#[rustfmt::skip] // A table: one arm for each event.
pub(crate) fn describe(summary: &Summary, event: &Event) -> LogLine {
    use Style::{Bold, Dim, Warning};
    use Verbosity::{Normal, Quiet, Verbose};
    match event {
        Event::RunStarted { version, .. } => {
            let (counts, money) = (summary.counts(), summary.money());
            let mut text = format!("callsheet {version}: {}, {} done", counts.jobs(), counts.done);
            if counts.pending > 0 {
                let range = credit_range(money.to_do_low, money.to_do_high);
                text = format!("{text}, {} to submit for {range} credits", counts.pending);
            }
            LogLine::new(Normal, Bold, "run", sanitize(&text))
        }
        Event::RunEnded { stopped: None } =>
            LogLine::new(Normal, Bold, "end", format!("the run has ended; {}", summary.money().sentence())),
        Event::RunEnded { stopped: Some(reason) } =>
            LogLine::new(Quiet, Warning, "stopped", stop_sentence(summary, reason)),
        Event::LaneHeld { lane, until, failure: cause } => LogLine::new(Normal, Warning, "paused",
            format!("{} until {}: {}", lane_name(*lane), date_time(*until), failure(cause))),
        Event::JournalLost => LogLine::new(Quiet, Warning, "warning",
            "there are jobs of this campaign that the journal does not record; the provider's list is read twice \
             before anything is submitted"),
        Event::AcceptedJobsLost => LogLine::new(Verbose, Warning, "warning",
            "jobs of this campaign were accepted; nothing is submitted unless the provider's list shows one of them"),
        Event::InventoryTaken { rows } => LogLine::new(Verbose, Dim, "inventory",
            format!("the provider's list was read: {}", plural(*rows, "job"))),
        Event::InventorySkipped { failure: cause } => LogLine::new(Quiet, Warning, "warning",
            format!("the provider's list could not be read; continuing without it: {}", failure(cause))),
        Event::TagNotShown { is_listed: false } => LogLine::new(Quiet, Warning, "warning",
            "the provider's answer does not show the job's name, by which a job with a lost answer is found; submitting \
             one job at a time until its list shows names"),
        Event::TagNotShown { is_listed: true } => LogLine::new(Quiet, Warning, "warning",
            "the provider's list does not show the names of jobs: a job whose answer is lost cannot be found and stays \
             in doubt; submitting one job at a time"),
        Event::ListCutOff { rows } => LogLine::new(Quiet, Warning, "warning", format!(
            "the provider's list may be cut off after {}: work of another run that it does not show would be paid for \
             again", plural(*rows, "row"))),
        Event::LimitLearned { limit } => LogLine::new(Normal, Dim, "in flight", format!(
            "the provider accepts about {} at a time; no more are submitted until it accepts more",
            plural(*limit, "render"))),
        Event::Job { job, event } => LogLine { job: Some(job.clone()), ..describe_job(summary, job, event) },
    }
}

#[rustfmt::skip] // A table: one arm for each event.
fn describe_job(summary: &Summary, job: &JobId, event: &JobEvent) -> LogLine {
    use Style::{Active, Dim, Failure, Success, Warning};
    use Verbosity::{Normal, Quiet, Verbose};
    match event {
        JobEvent::SubmitStarted { tag, generation, reserved, .. } => {
            let again = match generation.0 {
                0 => String::new(),
                times => format!(", paid for again as requested (payment {})", times + 1),
            };
            LogLine::new(Verbose, Dim, "sending", format!("at most {}", credits(*reserved)))
                .with_detail(format!(", tag `{tag}`{again}"))
        }
        JobEvent::Submitted { remote } => LogLine::new(Normal, Active, "submitted",
            format!("{} as {remote}", persona_and_ratio(summary, job))),
        JobEvent::SubmitDeferred { failure: cause } => LogLine::new(Normal, Warning, "deferred",
            if cause.kind == FailureKind::NotSent {
                format!("not sent, will be sent again: {}", failure(cause))
            } else {
                format!("refused, and looked for at the provider before it is sent again: {}", failure(cause))
            }),
        JobEvent::SubmitLost { failure: cause } => LogLine::new(Quiet, Warning, "in doubt",
            format!("sent, but no response says whether it was accepted: {}", failure(cause))),
        JobEvent::Adopted { remote, tag, .. } => LogLine::new(Normal, Active, "adopted",
            format!("found at the provider as {remote}; {}", match summary.row(job) {
                Some(row) if row.has_changed() => "its row was edited since, and the video stays as it is",
                _ => "not paid again",
            })).with_detail(format!(", tag `{tag}`")),
        JobEvent::NotProven { why } => LogLine::new(Verbose, Dim, "unproven", sanitize(&why.to_string())),
        JobEvent::FoundAbsent => LogLine::new(Normal, Active, "absent",
            "proven not to be at the provider; can be sent again")
            .with_detail(": two listings should have shown it and did not".to_owned()),
        JobEvent::Observed { status } if status == OTHER_JOB => LogLine::new(Quiet, Warning, "mixed up",
            "the provider describes a job of another text, persona or ratio under its id; nothing is downloaded until \
             that changes"),
        JobEvent::Observed { status } => LogLine::new(Verbose, Dim, "status",
            format!("`{}` at the provider", sanitize(status))),
        JobEvent::RenderOverdue => LogLine::new(Quiet, Warning, "overdue",
            format!("not finished within `{}`; `collect` can fetch it later", Flag::RenderTimeout)),
        JobEvent::Rendered { output } => {
            let (charge, unreported) = match output.credits_used {
                Some(charge) => (credits(charge), ""),
                None => (String::new(), "no charge reported"),
            };
            let length = output.duration_seconds.map(|seconds| format!(", {seconds} s long"));
            LogLine::new(Verbose, Active, "rendered", charge)
                .with_detail(format!("{unreported}{}", length.unwrap_or_default()))
        }
        JobEvent::Downloaded { artifact } => {
            let charge = summary.row(job).and_then(|row| row.state.charged);
            let charge = charge.map(|charge| format!("  {}", credits(charge))).unwrap_or_default();
            LogLine::new(Normal, Success, "done",
                format!("{}  {}{charge}", sanitize(&artifact.file), byte_size(artifact.bytes)))
                .with_detail(format!("  SHA-256 {}", sanitize(&artifact.sha256)))
        }
        JobEvent::DownloadDeferred { failure: cause } => LogLine::new(Normal, Warning, "retrying",
            format!("the download failed: {}", failure(cause))),
        JobEvent::DownloadGivenUp { failure: cause } => LogLine::new(Quiet, Failure, "left",
            format!("paid for but not downloaded: {}; `collect` tries again", failure(cause))),
        JobEvent::LinkExpired { failure: cause } => LogLine::new(Verbose, Dim, "new link",
            format!("the link no longer works: {}", failure(cause))),
        JobEvent::PaidTwice { remote } => LogLine::new(Quiet, Failure, "paid twice", format!(
            "the provider has a second job with the same tag, `{remote}`: another run, or a request that was accepted late, \
             paid for it too")),
        JobEvent::Charged { credits } => LogLine::new(Verbose, Dim, "charged", format!(
            "the provider has charged {credits} credits by now")),
        JobEvent::FileMissing => LogLine::new(Normal, Warning, "missing",
            "its file is missing on disk; it is downloaded again, not paid again"),
        JobEvent::Failed { failure: cause, charged } => {
            let is_refused =
                summary.row(job).is_some_and(|row| row.has_failed() && row.state.phase.remote().is_none());
            let (charge, detail) = match charged {
                None => (String::new(), "; the charge is unknown"),
                Some(Credits::ZERO) if is_refused => (String::new(), ""),
                Some(Credits::ZERO) => (String::new(), "; nothing was charged"),
                Some(charged) => (format!("  {}", credits(*charged)), ""),
            };
            LogLine::new(Quiet, Failure, "failed", format!("{}{charge}", failure(cause)))
                .with_detail(detail.to_owned())
        }
        JobEvent::Revisited => LogLine::new(Verbose, Dim, "revisited",
            "asking the provider again: the paid video may still be available"),
        JobEvent::Reopened { .. } =>
            LogLine::new(Normal, Active, "reopened", "will be paid for again, as requested"),
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

/// Returns the provider's word for the status of a render.
pub(crate) fn provider_status(status: &str) -> String {
    if status == OTHER_JOB { "mixed up".to_owned() } else { sanitize(status) }
}

pub(crate) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Submit => "submits",
        Lane::Poll => "status requests",
        Lane::Download => "downloads",
    }
}

/// Returns why a run ended early, to follow `stopped: `.
#[rustfmt::skip] // A table: one arm for each reason.
pub(crate) fn stop_sentence(summary: &Summary, reason: &StopReason) -> String {
    let with = |text: &str, message: &str| format!("{text}: {}", sanitize(message).trim());
    let consequence = if summary.campaign().is_collecting {
        ", so some of them may be missing here"
    } else if summary.has_submitted_in_run() {
        ", so nothing more was submitted"
    } else {
        ", so nothing was submitted"
    };
    match reason {
        StopReason::Interrupted => "interrupted; everything is kept".to_owned(),
        StopReason::MaxDuration => format!("`{}` has passed", Flag::MaxDuration),
        StopReason::TooManyFailures => format!("more jobs failed than `{}` allows", Flag::MaxFail),
        StopReason::OutOfCredits { message } => with("the account is out of credits", message),
        StopReason::CapReached => format!("the next job would exceed `{}`", Flag::MaxCredits),
        StopReason::RunCapReached => format!("the next job would exceed `{}`", Flag::MaxCreditsRun),
        StopReason::LongHold { until } => format!("the provider asked for a pause until {}", date_time(*until)),
        StopReason::TooManyDoubts =>
            "consecutive submits got no answer that can be read, and none appears in the provider's job list".to_owned(),
        // Some failures state this already.
        StopReason::Unauthorised { message } => match message.strip_prefix("the credentials are refused") {
            Some(rest) => format!("the credentials were refused{}", sanitize(rest).trim_end()),
            None => with("the credentials were refused", message),
        },
        StopReason::WrongAddress { message } => with("the address does not answer like the API", message),
        StopReason::Unreachable { message } => with("the API could not be reached", message),
        StopReason::InventoryRefused { message } =>
            with(&format!("the provider's job list could not be read{consequence}"), message),
        StopReason::InventoryUnproven { message } => with(
            &format!("the provider's job list does not prove which jobs were paid for already{consequence}"), message),
        StopReason::DuplicateRun { job } => format!(
            "`{job}` is at the provider twice, so nothing more was submitted: another run pays for the same jobs, or a \
             request was accepted after it had been given up"),
        StopReason::Local { message } => with("a file could not be written", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn refused_credentials_are_stated_once() {
        let summary = TestRun::with_jobs(1).summary();
        for message in [
            "Invalid API credentials. (HTTP 401)",
            "the credentials are refused: Invalid API credentials. (HTTP 401)",
        ] {
            let message = message.to_owned();
            assert_eq!(
                stop_sentence(&summary, &StopReason::Unauthorised { message }),
                "the credentials were refused: Invalid API credentials. (HTTP 401)"
            );
        }
        let message = "the credentials are refused by `a.example`: no".to_owned();
        assert_eq!(
            stop_sentence(&summary, &StopReason::Unauthorised { message }),
            "the credentials were refused by `a.example`: no"
        );
    }

    #[test]
    fn a_list_that_cannot_be_read_stops_what_is_left_to_submit() {
        let stopped = |run: &TestRun| {
            let message = "no answer".to_owned();
            stop_sentence(&run.summary(), &StopReason::InventoryRefused { message })
        };
        let mut run = TestRun::with_jobs(2);
        let sentence =
            "the provider's job list could not be read, so nothing was submitted: no answer";
        assert_eq!(stopped(&run), sentence);
        run.accepted(1, "a");
        assert_eq!(stopped(&run), sentence.replace("nothing was", "nothing more was"));
        run.campaign.is_collecting = true;
        let sentence =
            sentence.replace("nothing was submitted", "some of them may be missing here");
        assert_eq!(stopped(&run), sentence);
    }
}

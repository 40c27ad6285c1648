//! Failures, classified by what may have happened, and their consequences for a job.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Longest text that can deny credits, in characters. A longer one is a document or repeats the request.
const MAX_STATEMENT: usize = 300;

/// Words that say that something is used up. `out` counts before `of`, `up` after `used`, `run` or `top`.
const USED_UP: [&str; 15] = [
    "insufficient",
    "sufficient",
    "enough",
    "no",
    "zero",
    "0",
    "lack",
    "exhausted",
    "exceeded",
    "depleted",
    "low",
    "negative",
    "empty",
    "out",
    "up",
];

/// The number of words between the credits and the word that they are used up.
const WORDS_BETWEEN: usize = 4;

/// A failed attempt, as data: the remote layer classifies it, the journal records it, the engine decides by it. The
/// message may contain the server's text, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What may have happened.
    pub kind: FailureKind,
    /// The message: the server's text if it sent one, else ours.
    pub message: String,
    /// The HTTP status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The server's `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// The number of bytes kept of an interrupted download. Used by the engine; not recorded.
    #[serde(skip)]
    pub bytes_kept: u64,
}

/// The two forms of `Retry-After` (RFC 9110, section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Seconds from the time of the answer.
    Seconds(u64),
    /// A date.
    At(Timestamp),
}

impl RetryAfter {
    /// Returns the end of the pause, for an answer received at `now`.
    pub fn end(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Seconds(seconds) => now.plus(Duration::from_secs(seconds)),
            Self::At(end) => end,
        }
    }
}

/// What may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// Nothing was sent: connection refused, host not found, TLS failed, connect time-out.
    NotSent,
    /// 429.
    Throttled,
    /// Sent, and no answer came: time-out, reset, connection closed; also 408.
    Lost,
    /// 5xx.
    ServerError,
    /// A success status with an answer that cannot be parsed or has no id.
    Malformed,
    /// An answer of something else than the API: an HTML page of a firewall, a network's sign-in page, a proxy's refusal.
    /// It may stand before a request that was forwarded.
    NotFromApi,
    /// 3xx where redirects are not followed.
    Redirected,
    /// Refused permanently: 400, 422 and the other 4xx.
    Rejected,
    /// 402, a 400 or 403 about credits, or a render that failed because the credits are used up.
    OutOfCredits,
    /// 401, 403.
    Unauthorised,
    /// 404, 405, 410.
    NotFound,
    /// A downloaded file that is not a video, or not as long as announced.
    BadContent,
    /// An output link that must not be followed: not `http(s)`, to a private network, or too large.
    Refused,
    /// Disk full, folder not writable.
    Local,
    /// The provider reports the render as failed or rejected.
    RenderFailed,
    /// The provider reports `done` without an output, even after a grace period.
    NoOutput,
    /// The program ended before the answer arrived.
    Interrupted,
}

/// The kinds of command, as the table of failures distinguishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// The paid `POST`.
    Submit,
    /// The status of many jobs in one request.
    Poll,
    /// The status of one job.
    PollJob,
    /// The whole list of jobs, for reconciling.
    List,
    /// The download of a finished file.
    Download,
}

/// The consequence of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposition {
    /// Retry with back-off.
    Retry,
    /// Hold the whole lane: until `Retry-After`, else with back-off. Does not count as an attempt.
    HoldLane,
    /// The request may have been accepted: it is sent again only after its absence is proven.
    InDoubt,
    /// This job fails; the others continue.
    FailJob,
    /// Submit nothing more, and finish the paid jobs.
    StopSubmitting,
    /// Stop the run: nothing more can succeed.
    StopRun,
    /// Query each job by its id instead.
    PollIndividually,
    /// Not visible yet: query again a few times, then fail the job.
    NotVisible,
    /// Ask the provider for a fresh link.
    FreshLink,
    /// Leave the job to a person or a later `collect`.
    LeaveToUser,
}

impl Failure {
    /// Returns a failure without an HTTP answer.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let message = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { kind, message, status: None, retry_after: None, bytes_kept: 0 }
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds the server's `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Option<RetryAfter>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// Adds the number of bytes kept of an interrupted download.
    #[must_use]
    pub fn with_bytes_kept(mut self, bytes_kept: u64) -> Self {
        self.bytes_kept = bytes_kept;
        self
    }

    /// Checks whether the host of a video or the provider has refused a download for good, so that another try may not
    /// help. The network and the host's own faults are no reason to give up a video.
    pub const fn denies_video(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::NoOutput
                | FailureKind::NotFound
                | FailureKind::Unauthorised
                | FailureKind::OutOfCredits
                | FailureKind::Rejected
                | FailureKind::Refused
                | FailureKind::Redirected
                | FailureKind::BadContent
        )
    }

    /// Returns the consequence of this failure for a kind of command: the only place with the table of failures. Kinds
    /// that a command cannot meet are treated like the nearest kind that it can meet.
    #[expect(clippy::match_same_arms, reason = "the table is kept in its own order, row by row")]
    pub fn disposition(&self, command: CommandKind) -> Disposition {
        use CommandKind::{Download, List, Poll, PollJob, Submit};
        use Disposition as D;
        use FailureKind as K;
        match (self.kind, command) {
            (K::Local, _) => D::StopRun,
            (K::Throttled, _) => D::HoldLane,
            (K::NotSent, _) => D::Retry,

            // Sent, and perhaps accepted: a wrong guess costs money.
            (
                K::Lost
                | K::ServerError
                | K::Malformed
                | K::NotFromApi
                | K::Interrupted
                | K::BadContent
                | K::NoOutput
                | K::RenderFailed,
                Submit,
            ) => D::InDoubt,
            (K::Lost | K::ServerError | K::Malformed | K::NotFromApi | K::Interrupted, _) => {
                D::Retry
            }

            // A redirected POST becomes a list; a redirected read is followed on its own host only,
            // so what arrives here is a redirect to somewhere else.
            (K::Redirected, Submit | Poll | PollJob | List) => D::StopRun,
            (K::Redirected, Download) => D::FreshLink,

            (K::Rejected | K::Refused, Submit) => D::FailJob,
            (K::Rejected | K::Refused, Poll) => D::PollIndividually,
            (K::Rejected | K::Refused, PollJob | List) => D::Retry,
            (K::Rejected | K::Refused, Download) => D::LeaveToUser,

            (K::OutOfCredits, Submit) => D::StopSubmitting,
            (K::OutOfCredits, Poll | PollJob | List) => D::Retry,
            (K::OutOfCredits, Download) => D::FreshLink,

            (K::Unauthorised, Submit | Poll | PollJob | List) => D::StopRun,
            (K::Unauthorised | K::NotFound, Download) => D::FreshLink,

            (K::NotFound, Submit | List) => D::StopRun,
            (K::NotFound, Poll) => D::PollIndividually,
            (K::NotFound, PollJob) => D::NotVisible,

            (K::BadContent, _) => D::Retry,
            (K::RenderFailed | K::NoOutput, Poll | PollJob | List | Download) => D::FailJob,
        }
    }
}

/// Checks whether an error message or the reason of a failed render says that the credits are used up: in one sentence,
/// and outside of quotations, which may be of the text that was sent.
pub fn denies_credits(statement: &str) -> bool {
    if statement.chars().count() > MAX_STATEMENT {
        return false;
    }
    let unquoted = remove_quotations(statement);
    unquoted.split(['.', ';', '!', '?', '\n']).any(sentence_denies_credits)
}

fn sentence_denies_credits(sentence: &str) -> bool {
    let words = words(sentence);
    let word = |place: usize| words.get(place).map(String::as_str).unwrap_or_default();
    let is_credit = |place: &usize| {
        let is_card = word(place + 1).starts_with("card");
        matches!(word(*place), "balance" | "funds")
            || (word(*place).starts_with("credit") && !is_card)
    };
    let is_used_up = |place: &usize| match word(*place) {
        "out" => word(place + 1) == "of",
        "up" => matches!(word(place.wrapping_sub(1)), "used" | "run" | "top"),
        word => USED_UP.contains(&word),
    };
    (0..words.len()).filter(is_credit).any(|credit| {
        (0..words.len()).filter(is_used_up).any(|other| other.abs_diff(credit) <= WORDS_BETWEEN + 1)
    })
}

/// Returns the words in small letters; `InsufficientCredits` and `insufficient_credits` are two words.
fn words(sentence: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in sentence.chars() {
        if !letter.is_alphanumeric() || (was_small && letter.is_uppercase()) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if letter.is_alphanumeric() {
            words.last_mut().expect("there is one").extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns `text` without quotations. An apostrophe within a word is no mark.
fn remove_quotations(text: &str) -> String {
    let mut is_quoted = false;
    let mut previous = ' ';
    let mut rest = text.chars().peekable();
    let mut unquoted = String::new();
    while let Some(letter) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let is_within_word = previous.is_alphanumeric() && next.is_alphanumeric();
        let is_mark = match letter {
            '"' | '`' | '“' | '”' | '„' | '«' | '»' => true,
            '\'' | '‘' | '’' => !is_within_word,
            _ => false,
        };
        is_quoted ^= is_mark;
        previous = letter;
        if !is_quoted && !is_mark {
            unquoted.push(letter);
        }
    }
    unquoted
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The digits of a status may stand within a port or an id.
        let names = |status: u16| {
            let mut words = self.message.split(|character: char| !character.is_alphanumeric());
            words.any(|word| word == status.to_string())
        };
        match self.status {
            Some(status) if !names(status) => {
                write!(formatter, "{} (HTTP {status})", self.message)
            }
            Some(_) | None => formatter.write_str(&self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_denied_in_one_sentence_outside_of_quotations() {
        for denied in [
            "Insufficient credits.",
            "You don't have enough credits to do this",
            "Not enough API credits",
            "You do not have sufficient credits",
            "Credit limit exceeded",
            "Your credits have been used up",
            "Out of credit",
            "Your account has no credit left",
            "insufficient-credits",
            "InsufficientCredits",
            "insufficient_credits",
            "Your credits are insufficient",
            "Payment required: please top up your credits",
            "Quota of credits exceeded",
            "Remaining credits: 0",
            "Your credit balance is too low",
            "You’ve run out of credits",
            "Render stopped: credits exhausted",
        ] {
            assert!(denies_credits(denied), "{denied}");
        }
        for other in [
            "Face not detected. 120 credits remaining.",
            "you have 45 credits left",
            "No face was found. Your credit balance is 95.",
            "Remaining credits: 500",
            "Not enough credit cards",
            "Rejected by moderation: 'Got no credits? Call us!'",
            "The text ‘no credits’ is not allowed",
            "The text „no credits“ is not allowed",
            "The text \"no credits needed\" is not allowed",
            "Out of memory",
            "no reason given",
            "",
        ] {
            assert!(!denies_credits(other), "{other}");
        }
    }

    /// Every cell of the table: rows are kinds, columns are submit, poll, query, list and download.
    #[test]
    fn every_cell_of_the_table() {
        use Disposition as D;
        use FailureKind as K;
        const COMMANDS: [CommandKind; 5] = [
            CommandKind::Submit,
            CommandKind::Poll,
            CommandKind::PollJob,
            CommandKind::List,
            CommandKind::Download,
        ];
        let table = [
            (K::NotSent, [D::Retry; 5]),
            (K::Throttled, [D::HoldLane; 5]),
            (K::Lost, [D::InDoubt, D::Retry, D::Retry, D::Retry, D::Retry]),
            (K::ServerError, [D::InDoubt, D::Retry, D::Retry, D::Retry, D::Retry]),
            (K::Malformed, [D::InDoubt, D::Retry, D::Retry, D::Retry, D::Retry]),
            (K::NotFromApi, [D::InDoubt, D::Retry, D::Retry, D::Retry, D::Retry]),
            (K::Interrupted, [D::InDoubt, D::Retry, D::Retry, D::Retry, D::Retry]),
            (K::Redirected, [D::StopRun, D::StopRun, D::StopRun, D::StopRun, D::FreshLink]),
            (K::Rejected, [D::FailJob, D::PollIndividually, D::Retry, D::Retry, D::LeaveToUser]),
            (K::Refused, [D::FailJob, D::PollIndividually, D::Retry, D::Retry, D::LeaveToUser]),
            (K::OutOfCredits, [D::StopSubmitting, D::Retry, D::Retry, D::Retry, D::FreshLink]),
            (K::Unauthorised, [D::StopRun, D::StopRun, D::StopRun, D::StopRun, D::FreshLink]),
            (
                K::NotFound,
                [D::StopRun, D::PollIndividually, D::NotVisible, D::StopRun, D::FreshLink],
            ),
            (K::BadContent, [D::InDoubt, D::Retry, D::Retry, D::Retry, D::Retry]),
            (K::RenderFailed, [D::InDoubt, D::FailJob, D::FailJob, D::FailJob, D::FailJob]),
            (K::NoOutput, [D::InDoubt, D::FailJob, D::FailJob, D::FailJob, D::FailJob]),
            (K::Local, [D::StopRun; 5]),
        ];
        for (kind, row) in table {
            for (command, expected) in COMMANDS.into_iter().zip(row) {
                let failure = Failure::new(kind, "x");
                assert_eq!(failure.disposition(command), expected, "{kind:?} of {command:?}");
            }
        }
    }

    #[test]
    fn a_submit_that_may_have_been_sent_is_never_retried() {
        for kind in [FailureKind::Lost, FailureKind::ServerError, FailureKind::Malformed] {
            let disposition = Failure::new(kind, "x").disposition(CommandKind::Submit);
            assert_eq!(disposition, Disposition::InDoubt);
        }
    }

    #[test]
    fn the_status_is_shown_once() {
        let shown = |message| Failure::new(FailureKind::Lost, message).with_status(301).to_string();
        assert_eq!(shown("moved"), "moved (HTTP 301)");
        assert_eq!(shown("moved: 301"), "moved: 301");
        assert_eq!(shown("`http://127.0.0.1:43015/`"), "`http://127.0.0.1:43015/` (HTTP 301)");
    }

    #[test]
    fn messages_have_no_control_characters() {
        assert_eq!(Failure::new(FailureKind::Lost, "a\u{1b}[2Jb\n").message, "a [2Jb ");
    }
}

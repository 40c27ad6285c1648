//! How a sandbox is to behave.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::Faults;

/// Submits a second that a client of the sandbox does well to keep to. The sandbox itself allows
/// twice as many, so that a little jitter on the way is no offence.
pub const SUBMITS_PER_SECOND: u32 = 5;

/// Renders in flight that a client of the sandbox does well to keep to: as many as it renders at
/// one time.
pub const RENDERS_IN_FLIGHT: usize = 20;

/// Settings of a [`super::Sandbox`]. The default is a newcomer's: a funded account, renders of a
/// few seconds, no faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Everything random follows from it. Default: 1.
    pub seed: u64,
    /// The API's port on 127.0.0.1; it is an error if it is taken. Default: the one of the last
    /// time if [`Self::state`] knows it and it is free, else any.
    pub port: Option<u16>,
    /// A file that remembers every accepted job and the ports (JSON lines). Each job is in it before its
    /// answer leaves, so a sandbox that is killed knows at its next start what it accepted and
    /// charged. Default: none, and everything is forgotten at the end.
    pub state: Option<PathBuf>,
    /// The balance at the beginning, before anything that the state file remembers. Default: 1,000.
    pub credits: f64,
    /// The only pair of keys that is accepted. Default: any that is not empty.
    pub credentials: Option<Credentials>,
    /// When the keys stop being accepted. Default: never.
    pub revocation: Option<Revocation>,
    /// How long a render takes once it runs, in milliseconds. Default: 1,500 to 5,000.
    pub render_millis: RangeInclusive<u64>,
    /// Renders at one time. Default: [`RENDERS_IN_FLIGHT`].
    pub max_running: usize,
    /// What happens to one job more. Default: it waits in the queue.
    pub overload: Overload,
    /// How many creates are accepted in how much time; one more is a 429 with `Retry-After`.
    /// Default: twice [`SUBMITS_PER_SECOND`] in any second.
    pub submit_limit: Option<SubmitLimit>,
    /// How long after its end a job's charge shows in the balance, in milliseconds. The API's
    /// deduction lags too. Default: 1,000.
    pub charge_delay_millis: u64,
    /// Whether a failed render is charged. Unknown of the API. Default: no.
    pub charge_failures: bool,
    /// The longest text in characters; sources say 3,600 or 8,000. Default: 8,000.
    pub text_limit: usize,
    /// Bytes added to each video, to make downloads of a serious size. Default: 0.
    pub padding_bytes: usize,
    /// What goes wrong. Default: nothing.
    pub faults: Faults,
}

/// A pair of keys, as sent in `X-API-ID` and `X-API-KEY`. Neither is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `X-API-ID`.
    pub id: String,
    /// `X-API-KEY`.
    pub key: String,
}

/// When the keys stop being accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// So many milliseconds after the start.
    AfterMillis(u64),
    /// As soon as so many jobs have been accepted.
    AfterAccepted(usize),
}

/// What happens to a job when as many render as may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overload {
    /// It is accepted and stays `in_queue`.
    #[default]
    Queue,
    /// It is refused with a 429 that names no time.
    Reject,
}

/// So many creates in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitLimit {
    /// Creates.
    pub count: u32,
    /// In any stretch of so many milliseconds.
    pub millis: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            port: None,
            state: None,
            credits: 1000.0,
            credentials: None,
            revocation: None,
            render_millis: 1500..=5000,
            max_running: RENDERS_IN_FLIGHT,
            overload: Overload::Queue,
            submit_limit: Some(SubmitLimit {
                count: 2 * SUBMITS_PER_SECOND,
                millis: 1000,
            }),
            charge_delay_millis: 1000,
            charge_failures: false,
            text_limit: 8000,
            padding_bytes: 0,
            faults: Faults::default(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_never_printed() {
        let settings = Settings {
            credentials: Some(Credentials {
                id: "open-sesame".into(),
                key: "hush-hush".into(),
            }),
            ..Settings::default()
        };
        let printed = format!("{settings:?}");
        assert!(!printed.contains("sesame") && !printed.contains("hush"));
    }
}

//! The settings of a sandbox.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::faults::Faults;

/// The recommended submits a second for a client. The sandbox accepts twice as many, to allow for jitter.
pub const SUBMITS_PER_SECOND: u32 = 5;

/// The recommended renders in flight for a client: as many as the sandbox renders at one time.
pub const RENDERS_IN_FLIGHT: usize = 20;

/// The settings of a [`Sandbox`](super::Sandbox). By default it has a funded account, renders in a few
/// seconds and has no faults.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxSettings {
    /// Seeds everything random. Default: 1.
    pub seed: u64,
    /// The API's port on 127.0.0.1; it is an error if it is in use. Default: the previous port if
    /// [`Self::state`] contains one that is free, otherwise any.
    pub port: Option<u16>,
    /// A file (JSON lines) with every accepted job and the ports. Each job is written before its response is
    /// sent, so that a killed sandbox continues with the same jobs. Default: none; nothing is kept.
    pub state: Option<PathBuf>,
    /// The initial balance, before the jobs of the state file. Default: 1,000.
    pub credits: f64,
    /// The only credentials that are accepted. Default: any that are not empty.
    pub credentials: Option<AcceptedKeys>,
    /// The credentials stop being accepted once this many jobs have been accepted. Default: never.
    pub revoked_after: Option<usize>,
    /// The duration of a render in milliseconds. Default: 1,500 to 5,000.
    pub render_millis: RangeInclusive<u64>,
    /// The maximum of renders at one time. Default: [`RENDERS_IN_FLIGHT`].
    pub max_running: usize,
    /// What happens to jobs beyond that. Default: they wait in the queue.
    pub overload: Overload,
    /// The rate limit for creates; beyond it they get a 429 with `Retry-After`. Default: twice
    /// [`SUBMITS_PER_SECOND`] in any second.
    pub submit_limit: Option<SubmitLimit>,
    /// How long after a job's end its charge appears in the balance, in milliseconds. The real balance lags
    /// too. Default: 1,000.
    pub charge_delay_millis: u64,
    /// The longest text in characters. Sources for the real API say 3,600 or 8,000. Default: 8,000.
    pub text_limit: usize,
    /// Bytes added to each video, for downloads of a realistic size. Default: 0.
    pub padding_bytes: usize,
    /// The faults. Default: none.
    pub faults: Faults,
}

/// The credentials that a client must send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedKeys {
    /// `X-API-ID`.
    pub id: String,
    /// `X-API-KEY`.
    pub key: String,
}

/// What happens to a job when the maximum of jobs is in flight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overload {
    /// It is accepted and stays `in_queue`.
    #[default]
    Queue,
    /// It is refused with a 429 without `Retry-After`.
    Reject,
}

/// A rate limit for creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitLimit {
    /// The number of creates.
    pub count: u32,
    /// The sliding window in milliseconds.
    pub millis: u64,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            port: None,
            state: None,
            credits: 1000.0,
            credentials: None,
            revoked_after: None,
            render_millis: 1500..=5000,
            max_running: RENDERS_IN_FLIGHT,
            overload: Overload::Queue,
            submit_limit: Some(SubmitLimit { count: 2 * SUBMITS_PER_SECOND, millis: 1000 }),
            charge_delay_millis: 1000,
            text_limit: 8000,
            padding_bytes: 0,
            faults: Faults::default(),
        }
    }
}

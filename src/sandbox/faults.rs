//! The faults that a sandbox produces on request.
//!
//! ```yaml
//! create_accepted:              # the job is accepted and charged, and its response is faulty
//!   reset: { ordinals: [1, 5] } # the first and the fifth create
//!   hang: { probability: 0.1, amount: 500 }
//! create_refused:               # nothing is accepted
//!   too_many_with_seconds: { ordinals: [60], consecutive: 7, amount: 2 } # creates 60 to 66
//! shown:
//!   unknown_status: { probability: 0.2 }
//! listing:
//!   late: { amount: 2000 }      # neither ordinals nor probability: always
//! files:
//!   reset: { probability: 0.5, amount: 4096 }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::random::Seed;

/// The triggers of faults. If several faults apply to a request, the one declared first is used.
pub type Rules<F> = BTreeMap<F, FaultTrigger>;

/// All faults of a sandbox. The default has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Responses to creates that are accepted and charged. Applies only to creates that would be accepted
    /// without faults.
    pub create_accepted: Rules<ResponseFault>,
    /// Responses to creates that are not accepted.
    pub create_refused: Rules<ResponseFault>,
    /// `GET /api/lipsyncs/?ids=`.
    pub poll: Rules<ResponseFault>,
    /// `GET /api/lipsyncs/{id}/`.
    pub look: Rules<ResponseFault>,
    /// `GET /api/lipsyncs/` without `ids`.
    pub list: Rules<ResponseFault>,
    /// Personas, voices and the balance.
    pub catalogue: Rules<ResponseFault>,
    /// Job objects in otherwise good responses to `poll` and `look`.
    pub shown: Rules<JobFault>,
    /// Otherwise good lists. Unlike elsewhere, several faults can apply to one request.
    pub listing: Rules<ListFault>,
    /// Downloads of videos.
    pub files: Rules<FileFault>,
    /// Downloads of thumbnails.
    pub thumbnails: Rules<FileFault>,
}

/// The requests that a fault applies to: by ordinal, by probability or, if neither is given, all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultTrigger {
    /// Ordinals among the requests of their kind since the start, from 1.
    #[serde(deserialize_with = "ordinals")]
    pub ordinals: BTreeSet<u64>,
    /// How many requests in a row are affected, beginning with each ordinal. One by default.
    pub consecutive: Option<u64>,
    /// The share of requests, 0 to 1, drawn from the seed.
    #[serde(deserialize_with = "probability")]
    pub probability: Option<f64>,
    /// The size of the fault; its unit and default depend on the fault.
    pub amount: Option<u64>,
}

/// A fault of the response to an API request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFault {
    /// The connection is reset instead of a response.
    Reset,
    /// No response for `amount` milliseconds (500), then the connection is closed.
    Hang,
    /// 500, JSON.
    InternalError,
    /// 502, HTML of a gateway.
    BadGateway,
    /// 503, HTML.
    Unavailable,
    /// 504, HTML.
    GatewayTimeout,
    /// The connection is closed after `amount` bytes (half) of the good response.
    Truncated,
    /// The good status with a body that is not JSON.
    Unreadable,
    /// An empty array, with the status `amount` (200).
    Array,
    /// `{}` with 201 to a create, with 200 to others.
    EmptyObject,
    /// 301 to the same path on the mirror.
    Redirect,
    /// 429 with `Retry-After: amount` (1) in seconds.
    TooManyWithSeconds,
    /// 429 with a `Retry-After` date `amount` (2) seconds from now. Dates have no fractions: the wait may
    /// be up to a second shorter.
    TooManyWithDate,
    /// 429 without `Retry-After`.
    TooMany,
    /// 402.
    PaymentRequired,
    /// 400 with a message about missing credits.
    CreditsGone,
    /// 400 with an object of messages by field.
    FieldErrors,
    /// 400 with an array of messages.
    ErrorList,
    /// 401.
    Unauthorised,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
}

/// A fault of the job objects in a response to `poll` or `look`, each with its own ordinals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobFault {
    /// One of the jobs is missing from the response to a poll.
    Missing,
    /// The status is an undocumented word.
    UnknownStatus,
    /// `progress` is a string.
    TextProgress,
    /// `output` is null.
    NullOutput,
}

/// A fault of the list of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFault {
    /// Jobs appear `amount` milliseconds (2,000) after they were accepted.
    Late,
    /// `amount` (20,000, at most a million) finished jobs of other campaigns are mixed in.
    Foreign,
    /// Only the newest `amount` (10) jobs.
    Capped,
    /// An order that differs for each request; in pages, one that stays.
    Shuffled,
    /// Pages of `amount` (100) in `{count, next, previous, results}`, with working links.
    Envelope,
}

/// A fault of the download of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFault {
    /// Every link expires after `amount` milliseconds (1,000) and then gets a 403; reading the job returns a
    /// fresh one. Ordinals and probability are ignored.
    Expires,
    /// 403 for this and every later request with the same link; reading the job returns a fresh one.
    #[serde(rename = "dead_link_403")]
    DeadLink403,
    /// The same with 404.
    #[serde(rename = "dead_link_404")]
    DeadLink404,
    /// The same with 410.
    #[serde(rename = "dead_link_410")]
    DeadLink410,
    /// 302 to the mirror, which serves the file.
    Redirect,
    /// 503.
    Unavailable,
    /// 200 with an HTML page.
    Html,
    /// The connection is reset after `amount` bytes (half). `Content-Length` is correct.
    Reset,
    /// The connection is closed after `amount` bytes (half). `Content-Length` is correct.
    Truncated,
    /// Nothing is sent after `amount` bytes (half). `Content-Length` is correct.
    Stall,
    /// Only `amount` bytes (half) are announced and sent: a file that seems complete.
    TooShort,
    /// `Content-Length` is `amount` bytes (1,000) too large.
    TooLong,
    /// Ranges are ignored: 200 and the whole file.
    RangeIgnored,
    /// The `ETag` is a different one.
    NewTag,
    /// `amount` bytes (16,384) a second.
    Slow,
}

/// The kinds of requests. Each has its own ordinals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// `POST /api/lipsyncs/`.
    Create,
    /// `GET /api/lipsyncs/?ids=`.
    Poll,
    /// `GET /api/lipsyncs/{id}/`.
    Look,
    /// `GET /api/lipsyncs/`.
    List,
    /// Personas, voices and the balance.
    Catalogue,
    /// A video.
    Video,
    /// A thumbnail.
    Thumbnail,
    /// A persona's or voice's preview.
    Preview,
    /// Anything else.
    Other,
}

impl Faults {
    /// Checks whether links to files must carry their time of issue.
    pub(super) fn sign_links(&self) -> bool {
        use FileFault::{DeadLink403, DeadLink404, DeadLink410, Expires};
        [&self.files, &self.thumbnails].into_iter().any(|rules| {
            [Expires, DeadLink403, DeadLink404, DeadLink410]
                .iter()
                .any(|fault| rules.contains_key(fault))
        })
    }
}

impl FaultTrigger {
    /// Every request.
    pub fn always() -> Self {
        Self::default()
    }

    /// These requests of its kind, counted from 1.
    pub fn ordinals(ordinals: impl IntoIterator<Item = u64>) -> Self {
        Self { ordinals: ordinals.into_iter().collect(), ..Self::default() }
    }

    /// This share of requests, 0 to 1.
    pub fn probability(share: f64) -> Self {
        Self { probability: Some(share), ..Self::default() }
    }

    /// Sets how many requests in a row are affected.
    #[must_use]
    pub fn consecutive(mut self, count: u64) -> Self {
        self.consecutive = Some(count);
        self
    }

    /// Sets the amount.
    #[must_use]
    pub fn amount(mut self, amount: u64) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Whether the fault applies to the request `ordinal`. `name` makes the random numbers of two faults independent.
    fn applies_to(&self, seed: Seed, name: &str, ordinal: u64) -> bool {
        let others = self.consecutive.unwrap_or(1).saturating_sub(1);
        let is_named =
            self.ordinals.range(ordinal.saturating_sub(others)..=ordinal).next().is_some();
        match self.probability {
            None => self.ordinals.is_empty() || is_named,
            Some(share) => is_named || seed.fraction(name, ordinal) < share,
        }
    }
}

fn ordinals<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<u64>, D::Error> {
    let ordinals = BTreeSet::deserialize(deserializer)?;
    if ordinals.contains(&0) {
        return Err(D::Error::custom("ordinals are counted from 1, expected no 0"));
    }
    Ok(ordinals)
}

fn probability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let share = Option::<f64>::deserialize(deserializer)?;
    match share.filter(|share| !(0.0..=1.0).contains(share)) {
        Some(wrong) => Err(D::Error::custom(format_args!(
            "`{wrong}` is not a probability, expected a number from 0 to 1"
        ))),
        None => Ok(share),
    }
}

/// A fault that applies to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActiveFault<F> {
    pub(super) kind: F,
    pub(super) amount: Option<u64>,
}

impl<F> ActiveFault<F> {
    /// Returns the amount, or `default` if none is set.
    pub(super) fn amount_or(&self, default: u64) -> u64 {
        self.amount.unwrap_or(default)
    }
}

/// Returns all faults of `rules` that apply to the request `ordinal` of `kind`, in order.
pub(super) fn active_faults<F: Copy + fmt::Debug>(
    rules: &Rules<F>,
    seed: Seed,
    kind: RequestKind,
    ordinal: u64,
) -> impl Iterator<Item = ActiveFault<F>> {
    rules.iter().filter_map(move |(fault, when)| {
        when.applies_to(seed, &format!("{kind:?} {fault:?}"), ordinal)
            .then_some(ActiveFault { kind: *fault, amount: when.amount })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faults_file_is_parsed_and_mistakes_are_named() {
        let written = r#"{"create_accepted": {"reset": {"ordinals": [1, 5]}},
            "listing": {"late": {"amount": 2000}}, "files": {"dead_link_403": {"probability": 0.5}}}"#;
        let faults: Faults = serde_json::from_str(written).unwrap();
        assert_eq!(faults.create_accepted[&ResponseFault::Reset], FaultTrigger::ordinals([1, 5]));
        assert!(faults.sign_links());
        let again = serde_json::to_string(&faults).unwrap();
        assert_eq!(serde_json::from_str::<Faults>(&again).unwrap(), faults);
        for wrong in [
            r#"{"creates": {}}"#,
            r#"{"poll": {"rest": {}}}"#,
            r#"{"poll": {"reset": {"ordinal": 1}}}"#,
            r#"{"poll": {"reset": {"ordinals": [0, 1]}}}"#,
            r#"{"poll": {"reset": {"probability": 20}}}"#,
        ] {
            let error = serde_json::from_str::<Faults>(wrong).unwrap_err();
            assert!(error.to_string().contains("expected"), "{error}");
        }
    }

    #[test]
    fn ordinals_apply_exactly_and_probabilities_roughly() {
        let affected = |when: FaultTrigger| {
            let rules = Rules::from([(ResponseFault::Reset, when)]);
            (1..=1000_u64)
                .filter(|ordinal| {
                    active_faults(&rules, Seed(3), RequestKind::Poll, *ordinal).next().is_some()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(affected(FaultTrigger::ordinals([2, 7])), [2, 7]);
        assert_eq!(affected(FaultTrigger::ordinals([2, 7]).consecutive(3)), [2, 3, 4, 7, 8, 9]);
        assert_eq!(affected(FaultTrigger::always()).len(), 1000);
        assert!((150..250).contains(&affected(FaultTrigger::probability(0.2)).len()));
        assert_eq!(
            affected(FaultTrigger::probability(0.2)),
            affected(FaultTrigger::probability(0.2))
        );
    }
}

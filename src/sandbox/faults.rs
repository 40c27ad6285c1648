//! What goes wrong, on request.
//!
//! ```yaml
//! create_accepted:              # the job is accepted and charged, and the answer is spoilt
//!   reset: { ordinals: [1, 5] } # the first and the fifth create
//!   hang: { probability: 0.1, amount: 500 }
//! create_refused:               # nothing is accepted
//!   too_many_with_seconds: { ordinals: [3], amount: 2 }
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

use super::RequestKind;
use super::chance::Seed;

/// When each fault of a kind strikes. If several strike the same request, the first in the order
/// of their declaration does.
pub type Rules<F> = BTreeMap<F, When>;

/// All faults of a sandbox. The default has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Creates that are accepted and charged, but whose answer is this. Strikes only where the job
    /// would have been accepted.
    pub create_accepted: Rules<AnswerFault>,
    /// Creates that get this answer and are not accepted.
    pub create_refused: Rules<AnswerFault>,
    /// `GET /api/lipsyncs/?ids=`.
    pub poll: Rules<AnswerFault>,
    /// `GET /api/lipsyncs/{id}/`.
    pub look: Rules<AnswerFault>,
    /// `GET /api/lipsyncs/` without `ids`.
    pub list: Rules<AnswerFault>,
    /// Personas, voices and the balance.
    pub catalogue: Rules<AnswerFault>,
    /// How jobs appear in otherwise good answers to polls and looks.
    pub shown: Rules<ShownFault>,
    /// What is odd about otherwise good lists. Unlike elsewhere, all that strike do so together.
    pub listing: Rules<ListFault>,
    /// Downloads of videos.
    pub files: Rules<FileFault>,
    /// Downloads of thumbnails.
    pub thumbnails: Rules<FileFault>,
}

/// When a fault strikes: by ordinal, by probability, or, if neither is given, always.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The first, fifth, ... request of its kind since the start, counted from 1.
    #[serde(deserialize_with = "ordinals")]
    pub ordinals: BTreeSet<u64>,
    /// The share of requests that it strikes, 0 to 1, drawn from the seed.
    #[serde(deserialize_with = "probability")]
    pub probability: Option<f64>,
    /// How much of it: the unit and the default are the fault's.
    pub amount: Option<u64>,
}

/// What happens to the answer of an API request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFault {
    /// The connection is reset instead of an answer.
    Reset,
    /// Silence for `amount` milliseconds (500), then the connection is closed.
    Hang,
    /// 500, JSON.
    InternalError,
    /// 502, a gateway's HTML.
    BadGateway,
    /// 503, HTML.
    Unavailable,
    /// 504, HTML.
    GatewayTimeout,
    /// The good answer, but after `amount` bytes (half) the connection closes.
    Truncated,
    /// 200 and something that is no JSON.
    Unreadable,
    /// An empty array with status `amount` (200).
    Array,
    /// `{}` with 201 to a create, with 200 to others.
    EmptyObject,
    /// 301 to the same path on the third origin.
    Redirect,
    /// 429 with `Retry-After: amount` (1) in seconds.
    TooManyWithSeconds,
    /// 429 with a `Retry-After` date `amount` (2) seconds from now. A date has no fractions: the
    /// wait may be up to a second shorter.
    TooManyWithDate,
    /// 429 without `Retry-After`.
    TooMany,
    /// 402.
    PaymentRequired,
    /// 400 whose words speak of credits.
    CreditsGone,
    /// 400 with an object of fields.
    FieldErrors,
    /// 400 with a bare array of messages.
    ErrorList,
    /// 401.
    Unauthorised,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
}

/// How jobs appear in an answer to a poll or a look; ordinals count the two together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownFault {
    /// One of the jobs is missing from the answer to a poll.
    Missing,
    /// The status is a word that is in no documentation.
    UnknownStatus,
    /// `progress` is a string.
    TextProgress,
    /// `done`, with `output` null.
    NullOutput,
}

/// What is odd about the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFault {
    /// A job appears only `amount` milliseconds (2,000) after it was accepted.
    Late,
    /// `amount` (20,000) finished jobs of somebody else stand between ours. At most a million.
    Foreign,
    /// Only the newest `amount` (10).
    Capped,
    /// In an order that differs each time; in pages, in an order that stays.
    Shuffled,
    /// `{count, next, previous, results}` with `amount` (100) to a page, and working links.
    Envelope,
}

/// What happens to the download of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFault {
    /// Every link is worth `amount` milliseconds (1,000); later it gets a 403, and a look at the job gives
    /// a fresh one. Ordinals and probability do not matter to it.
    Expires,
    /// 403, and so for every request with the same link until a look gives a fresh one.
    #[serde(rename = "dead_link_403")]
    DeadLink403,
    /// The same with 404.
    #[serde(rename = "dead_link_404")]
    DeadLink404,
    /// The same with 410.
    #[serde(rename = "dead_link_410")]
    DeadLink410,
    /// 302 to the third origin, which serves the file.
    Redirect,
    /// 503.
    Unavailable,
    /// 200 and a page of HTML.
    Html,
    /// The right length, but after `amount` bytes (half) the connection is reset.
    Reset,
    /// The right length, but after `amount` bytes (half) the connection is closed in good order.
    Truncated,
    /// The right length, but after `amount` bytes (half) nothing more comes.
    Stall,
    /// The length is given, and sent, as `amount` bytes (half): a file that seems whole.
    TooShort,
    /// The length is given as `amount` bytes (1,000) more than come.
    TooLong,
    /// Ranges are ignored: 200 and the whole file.
    RangeIgnored,
    /// The `ETag` is a new one.
    NewTag,
    /// `amount` bytes a second (16,384).
    Slow,
}

impl Faults {
    /// Whether links to files must tell when they were made.
    pub(super) fn sign_links(&self) -> bool {
        use FileFault::{DeadLink403, DeadLink404, DeadLink410, Expires};
        [&self.files, &self.thumbnails].into_iter().any(|rules| {
            [Expires, DeadLink403, DeadLink404, DeadLink410]
                .iter()
                .any(|fault| rules.contains_key(fault))
        })
    }
}

impl AnswerFault {
    /// Whether the client gets no answer at all.
    pub(super) fn is_silent(self) -> bool {
        matches!(self, Self::Reset | Self::Hang)
    }
}

impl When {
    /// At every request.
    pub fn always() -> Self {
        Self::default()
    }

    /// At these requests of its kind, counted from 1.
    pub fn ordinals(ordinals: impl IntoIterator<Item = u64>) -> Self {
        Self {
            ordinals: ordinals.into_iter().collect(),
            ..Self::default()
        }
    }

    /// At this share of requests, 0 to 1.
    pub fn probability(share: f64) -> Self {
        Self {
            probability: Some(share),
            ..Self::default()
        }
    }

    /// The same with another amount.
    #[must_use]
    pub fn amount(mut self, amount: u64) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Whether it strikes the request `ordinal`; `name` makes the draws of two faults independent.
    fn strikes(&self, seed: Seed, name: &str, ordinal: u64) -> bool {
        match self.probability {
            None if self.ordinals.is_empty() => true,
            None => self.ordinals.contains(&ordinal),
            Some(share) => self.ordinals.contains(&ordinal) || seed.fraction(name, ordinal) < share,
        }
    }
}

fn ordinals<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<u64>, D::Error> {
    let ordinals = BTreeSet::deserialize(deserializer)?;
    if ordinals.contains(&0) {
        return Err(D::Error::custom(
            "ordinals are counted from 1, expected no 0",
        ));
    }
    Ok(ordinals)
}

fn probability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let share = Option::<f64>::deserialize(deserializer)?;
    match share.filter(|share| !(0.0..=1.0).contains(share)) {
        Some(wrong) => Err(D::Error::custom(format_args!(
            "`{wrong}` is no probability, expected a number from 0 to 1"
        ))),
        None => Ok(share),
    }
}

/// A fault that has struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Struck<F> {
    /// Which.
    pub(super) fault: F,
    /// Its amount, if it was given.
    pub(super) amount: Option<u64>,
}

impl<F> Struck<F> {
    /// The amount, or `default`.
    pub(super) fn amount_or(&self, default: u64) -> u64 {
        self.amount.unwrap_or(default)
    }
}

/// All faults of `rules` that strike the request `ordinal` of `kind`, in order.
pub(super) fn striking<F: Copy + fmt::Debug>(
    rules: &Rules<F>,
    seed: Seed,
    kind: RequestKind,
    ordinal: u64,
) -> impl Iterator<Item = Struck<F>> {
    rules.iter().filter_map(move |(fault, when)| {
        when.strikes(seed, &format!("{kind:?} {fault:?}"), ordinal)
            .then_some(Struck {
                fault: *fault,
                amount: when.amount,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read_and_mistakes_are_named() {
        let written = r#"{"create_accepted": {"reset": {"ordinals": [1, 5]}},
            "listing": {"late": {"amount": 2000}}, "files": {"dead_link_403": {"probability": 0.5}}}"#;
        let faults: Faults = serde_json::from_str(written).unwrap();
        assert_eq!(
            faults.create_accepted[&AnswerFault::Reset],
            When::ordinals([1, 5])
        );
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
    fn ordinals_strike_exactly_and_probabilities_about_as_often_as_they_say() {
        let strikes = |when: When| {
            let rules = Rules::from([(AnswerFault::Reset, when)]);
            (1..=1000_u64)
                .filter(|ordinal| {
                    striking(&rules, Seed(3), RequestKind::Poll, *ordinal)
                        .next()
                        .is_some()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(strikes(When::ordinals([2, 7])), [2, 7]);
        assert_eq!(strikes(When::always()).len(), 1000);
        assert!((150..250).contains(&strikes(When::probability(0.2)).len()));
        assert_eq!(
            strikes(When::probability(0.2)),
            strikes(When::probability(0.2))
        );
    }
}

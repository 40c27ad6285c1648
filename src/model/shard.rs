//! A shard: one of several machines that make a campaign together.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::{Credits, InFlight, JobId, Limits, ParseError, Rate};

/// The part `number` of `count`, from 1: `2/8`.
///
/// The shard of a job follows from the job's id alone. So it is the same on every machine, independent of the other
/// rows and their order, and each job is in exactly one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    number: NonZeroU32,
    count: NonZeroU32,
}

/// There are more shards than renders to share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{in_flight} renders at one time cannot be shared by {count} shards")]
pub struct TooManyShards {
    /// Concurrent renders of all shards together.
    pub in_flight: u32,
    /// The number of shards.
    pub count: u32,
}

impl Shard {
    /// Returns the part `number` of `count`, or `None` if `number` is out of range.
    pub fn new(number: u32, count: u32) -> Option<Self> {
        let shard = Self { number: NonZeroU32::new(number)?, count: NonZeroU32::new(count)? };
        (number <= count).then_some(shard)
    }

    /// Returns the number, from 1.
    pub const fn number(self) -> u32 {
        self.number.get()
    }

    /// Returns the number of shards.
    pub const fn count(self) -> u32 {
        self.count.get()
    }

    /// Returns the shard that makes a job. This must never change, because machines with different versions may work
    /// together.
    pub fn of(job: &JobId, count: NonZeroU32) -> Self {
        let digest = Sha256::digest(job.as_str());
        let first: [u8; 8] = std::array::from_fn(|place| digest[place]);
        let place = u64::from_be_bytes(first) % u64::from(count.get());
        // Smaller than `count`, so that both casts are safe.
        let number =
            u32::try_from(place).map_or(count, |place| NonZeroU32::MIN.saturating_add(place));
        Self { number, count }
    }

    /// Checks whether this shard makes a job.
    pub fn holds(self, job: &JobId) -> bool {
        Self::of(job, self.count) == self
    }

    /// Returns the name of its folder inside the campaign's output folder.
    pub fn folder(self) -> String {
        format!("shard-{}-of-{}", self.number, self.count)
    }

    /// Returns the shard whose folder is called `name`.
    pub fn of_folder(name: &str) -> Option<Self> {
        let (number, count) = name.strip_prefix("shard-")?.split_once("-of-")?;
        let shard = Self::new(number.parse().ok()?, count.parse().ok()?)?;
        (shard.folder() == name).then_some(shard)
    }

    /// Returns this shard's part of a cap that all shards share.
    pub fn share_of(self, cap: Credits) -> Credits {
        Credits::from_thousandths(self.part_of(cap.thousandths()))
    }

    /// Returns this shard's part of a number; all parts add up to `whole`. The remainder goes to the first shards.
    fn part_of(self, whole: i64) -> i64 {
        let count = i64::from(self.count.get());
        whole / count + i64::from(i64::from(self.number.get()) <= whole % count)
    }
}

impl Limits {
    /// Returns this shard's part of the limits: an equal part of the pace (with a longer window), of the concurrent
    /// renders, and of both caps, in thousandths of a credit. Limits of one machine, such as downloads, are not
    /// divided.
    ///
    /// # Errors
    /// If a shard would be left without a single render.
    pub fn shared(mut self, shard: Shard) -> Result<Self, TooManyShards> {
        let part = |whole: u32| u32::try_from(shard.part_of(i64::from(whole))).unwrap_or(whole);
        self.in_flight = match self.in_flight {
            // Each shard learns the limit that the others leave to it.
            InFlight::Auto { from } => InFlight::Auto { from: part(from).max(1) },
            // All shards are refused, not only the last one, so that none has begun when it is noticed.
            InFlight::AtMost(whole) if whole < shard.count() => {
                return Err(TooManyShards { in_flight: whole, count: shard.count() });
            }
            InFlight::AtMost(whole) => InFlight::AtMost(part(whole)),
        };
        let part_of = |rate: Rate| Rate { per: rate.per.saturating_mul(shard.count()), ..rate };
        self.poll_rate = Some(part_of(self.read_rate()));
        self.submit_rate = part_of(self.submit_rate);
        self.max_credits = self.max_credits.map(|cap| shard.share_of(cap));
        self.max_credits_run = self.max_credits_run.map(|cap| shard.share_of(cap));
        Ok(self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.count)
    }
}

impl FromStr for Shard {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (number, count) = text.trim().split_once('/')?;
            Self::new(number.trim().parse().ok()?, count.trim().parse().ok()?)
        };
        let expected = "a shard such as `2/8`: from 1 up to the number of shards";
        read().ok_or_else(|| ParseError::new(text, expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shards(count: u32) -> impl Iterator<Item = Shard> {
        (1..=count).map(move |number| Shard::new(number, count).unwrap())
    }

    #[test]
    fn parses_what_it_formats_and_nothing_else() {
        let shard: Shard = " 2 / 8 ".parse().unwrap();
        assert_eq!((shard.to_string(), shard.number()), ("2/8".to_owned(), 2));
        assert_eq!(Shard::of_folder(&shard.folder()), Some(shard));
        for wrong in ["", "2", "0/8", "9/8", "2/0", "-1/8", "2/8/3", "a/b", "{#}/8"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        for wrong in ["shard-9-of-8", "shard-02-of-8", "shard-2", "videos", "shard-2-of-8 (copy)"] {
            assert_eq!(Shard::of_folder(wrong), None, "{wrong}");
        }
    }

    /// Machines with different versions may work together.
    #[test]
    fn the_shard_of_a_job_never_changes() {
        let of = |job: &str, count| {
            let count = NonZeroU32::new(count).unwrap();
            Shard::of(&job.parse().unwrap(), count).number()
        };
        let numbers = ["job-01", "job-02", "spring-9x16", "x"].map(|job| of(job, 8));
        assert_eq!(numbers, [6, 1, 2, 5]);
        assert_eq!(of("anything", 1), 1);
    }

    proptest! {
        #[test]
        fn each_job_is_in_exactly_one_shard(job in "[a-z0-9-]{1,20}", count in 1_u32..50) {
            let job: JobId = job.trim_matches('-').parse().unwrap_or_else(|_| "x".parse().unwrap());
            prop_assert_eq!(shards(count).filter(|shard| shard.holds(&job)).count(), 1);
        }

        #[test]
        fn all_parts_together_are_never_more_than_the_whole(
            cap in 0_i64..1_000_000, in_flight in 1_u32..300, submits in 1_u32..200, count in 1_u32..50
        ) {
            let limits = Limits {
                in_flight: InFlight::AtMost(in_flight),
                submit_rate: Rate { count: submits, per: std::time::Duration::from_secs(60) },
                max_credits: Some(Credits::from_thousandths(cap)).into(),
                ..Limits::default()
            };
            let parts: Result<Vec<Limits>, _> = shards(count).map(|shard| limits.clone().shared(shard)).collect();
            let Ok(parts) = parts else {
                prop_assert!(in_flight < count);
                return Ok(());
            };
            let slots = |part: &Limits| match part.in_flight {
                InFlight::AtMost(slots) | InFlight::Auto { from: slots } => slots,
            };
            prop_assert!(parts.iter().all(|part| slots(part) > 0));
            prop_assert_eq!(parts.iter().map(slots).sum::<u32>(), in_flight);
            let credits: Credits = parts.iter().filter_map(|part| part.max_credits.credits()).sum();
            prop_assert_eq!(credits.thousandths(), cap);
            // The rates of all shards add up to the whole.
            let each = parts[0].submit_rate.interval();
            let all = limits.submit_rate.interval() * count;
            prop_assert!(each + std::time::Duration::from_micros(1) >= all);
        }
    }

    #[test]
    fn a_share_without_a_render_is_refused_for_all_shards() {
        let limits = Limits { in_flight: InFlight::AtMost(10), ..Limits::default() };
        let refused = limits.shared(Shard::new(1, 11).unwrap());
        let words = "10 renders at one time cannot be shared by 11 shards";
        assert_eq!(refused.unwrap_err().to_string(), words);
        // A learned limit starts with at least one.
        let shared = Limits::default().shared(Shard::new(11, 11).unwrap());
        assert_eq!(shared.unwrap().in_flight, InFlight::Auto { from: 1 });
    }
}

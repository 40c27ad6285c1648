//! Exponential back-off. The jitter is a hash of seed and job, so that a run can be replayed exactly.

use std::time::Duration;

/// Exponential back-off with full jitter over its upper half.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    /// The wait after the first failure, before jitter.
    pub(super) first: Duration,
    /// The longest wait.
    pub(super) longest: Duration,
}

/// For submits after a 429 without `Retry-After`, or when the network is gone.
pub(super) const SUBMIT: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(20) };

/// For reads, which cost nothing.
pub(super) const READ: Backoff =
    Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(30) };

/// For downloads.
pub(super) const DOWNLOAD: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

impl Backoff {
    /// The wait after the `failures`-th failure in a row (1 for the first): between half and all of
    /// `first · 2^(failures − 1)`, at most `longest`. `jitter` spreads those who would wait together.
    pub(super) fn wait(self, failures: u32, jitter: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        let share = f64::from(u32::try_from(mix(jitter ^ u64::from(failures)) >> 32).unwrap_or(0))
            / f64::from(u32::MAX);
        full.mul_f64(0.5 + share / 2.0)
    }
}

/// The run's seed, from which each job gets its own jitter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jitter(pub(super) u64);

impl Jitter {
    /// Returns the jitter of the run as a whole.
    pub(super) const fn of_run(self) -> u64 {
        mix(self.0)
    }

    /// Returns the jitter of one job.
    pub(super) const fn of_job(self, index: usize) -> u64 {
        mix(self.0 ^ index as u64)
    }
}

/// Hashes one number (`SplitMix64`, Steele et al. 2014).
pub(super) const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        for jitter in 0..100 {
            for failures in 1..40 {
                let wait = SUBMIT.wait(failures, jitter);
                let full = Duration::from_secs(1 << (failures - 1).min(10)).min(SUBMIT.longest);
                assert!(wait >= full / 2 && wait <= full, "{failures}: {wait:?}");
                assert_eq!(wait, SUBMIT.wait(failures, jitter), "the same each time");
            }
        }
        assert_ne!(SUBMIT.wait(3, 1), SUBMIT.wait(3, 2));
    }
}

//! Random numbers: pure functions of the seed, a label and an index.

use std::ops::RangeInclusive;

use sha2::{Digest as _, Sha256};

use crate::util::text::hex;

/// A seed. The same seed and the same requests in the same order give the same ids, render times, charges
/// and faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    fn bytes(self, label: &str, index: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0.to_le_bytes());
        hash.update(index.to_le_bytes());
        hash.update(label.as_bytes());
        hash.finalize().into()
    }

    /// Returns any `u64`.
    pub(super) fn number(self, label: &str, index: u64) -> u64 {
        let bytes = self.bytes(label, index);
        bytes[..8].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }

    /// Returns a number from 0 (inclusive) to 1 (exclusive).
    #[expect(clippy::cast_precision_loss, reason = "an f64 holds 53 bits exactly")]
    pub(super) fn fraction(self, label: &str, index: u64) -> f64 {
        (self.number(label, index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number in `range`, or its start if the range is empty.
    pub(super) fn within(self, range: &RangeInclusive<u64>, label: &str, index: u64) -> u64 {
        let width = range.end().saturating_sub(*range.start());
        let steps = width.saturating_add(1);
        range.start().saturating_add(self.number(label, index) % steps)
    }

    /// Returns a UUID in the form of version 4.
    pub(super) fn uuid(self, label: &str, index: u64) -> String {
        let mut bytes = self.bytes(label, index);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let digits = hex(&bytes[..16]);
        format!(
            "{}-{}-{}-{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..]
        )
    }
}

/// Returns the next of many cheap random numbers. `state` must not be 0.
pub(super) fn xorshift(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Returns the SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_inputs_give_equal_ids_and_different_ones_differ() {
        let seed = Seed(7);
        assert_eq!(seed.uuid("job", 1), Seed(7).uuid("job", 1));
        assert_ne!(seed.uuid("job", 1), seed.uuid("job", 2));
        assert_ne!(seed.uuid("job", 1), Seed(8).uuid("job", 1));
        assert_eq!(seed.uuid("job", 1).len(), 36);
    }

    #[test]
    fn numbers_stay_within_their_range_and_fill_it() {
        let drawn: Vec<u64> = (0..200).map(|index| Seed(1).within(&(3..=5), "n", index)).collect();
        assert!((3..=5).all(|number| drawn.contains(&number)));
        assert!(drawn.iter().all(|number| (3..=5).contains(number)));
        assert_eq!(Seed(1).within(&(9..=9), "n", 0), 9);
        let mean = (0..1000).map(|index| Seed(1).fraction("f", index)).sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05);
    }
}

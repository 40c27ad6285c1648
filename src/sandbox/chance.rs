//! Everything that looks random: a pure function of the seed and of what is drawn.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use sha2::{Digest as _, Sha256};

/// The seed of one sandbox. The same seed and the same requests in the same order give the same
/// ids, render times, charges and faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    fn bytes(self, what: &str, index: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0.to_le_bytes());
        hash.update(index.to_le_bytes());
        hash.update(what.as_bytes());
        hash.finalize().into()
    }

    /// A number for the `index`th draw of `what`.
    pub(super) fn number(self, what: &str, index: u64) -> u64 {
        let bytes = self.bytes(what, index);
        bytes[..8]
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }

    /// A fraction from 0 up to but not including 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a fraction holds exactly"
    )]
    pub(super) fn fraction(self, what: &str, index: u64) -> f64 {
        (self.number(what, index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number of `range`; its start if the range is empty.
    pub(super) fn within(self, range: &RangeInclusive<u64>, what: &str, index: u64) -> u64 {
        let width = range.end().saturating_sub(*range.start());
        let steps = width.saturating_add(1);
        range
            .start()
            .saturating_add(self.number(what, index) % steps)
    }

    /// A UUID of version 4 in form.
    pub(super) fn uuid(self, what: &str, index: u64) -> String {
        let mut bytes = self.bytes(what, index);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = hexadecimal(&bytes[..16]);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes what is written to it");
            text
        })
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_draw_gives_the_same_and_another_gives_another() {
        let seed = Seed(7);
        assert_eq!(seed.uuid("job", 1), Seed(7).uuid("job", 1));
        assert_ne!(seed.uuid("job", 1), seed.uuid("job", 2));
        assert_ne!(seed.uuid("job", 1), Seed(8).uuid("job", 1));
        assert_eq!(seed.uuid("job", 1).len(), 36);
    }

    #[test]
    fn draws_keep_their_range_and_fill_it() {
        let drawn: Vec<u64> = (0..200)
            .map(|index| Seed(1).within(&(3..=5), "n", index))
            .collect();
        assert!((3..=5).all(|number| drawn.contains(&number)));
        assert!(drawn.iter().all(|number| (3..=5).contains(number)));
        assert_eq!(Seed(1).within(&(9..=9), "n", 0), 9);
        let mean = (0..1000)
            .map(|index| Seed(1).fraction("f", index))
            .sum::<f64>()
            / 1000.0;
        assert!((mean - 0.5).abs() < 0.05);
    }
}

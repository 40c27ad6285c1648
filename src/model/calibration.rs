//! Calibration of estimates with finished jobs.

use super::price::SpeechLength;
use super::{Credits, ModelVersion, PriceTable, RecordingLengths, SpeechRates};

/// The number of finished jobs that must agree before a value is used.
const ENOUGH: u32 = 3;

/// The minimum length of a sample in seconds. The provider reports whole seconds, so short speech has no exact rate.
const SHORTEST: f64 = 4.0;

/// The margin around a calibrated rate or length, even if all samples were closer together.
const MARGIN: f64 = 0.08;

/// A smaller difference between charge and price table is rounding.
const ROUNDING: f64 = 0.04;

/// Speech rates, lengths of recordings and charges observed in the finished jobs of a campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Calibration {
    /// Words a second, of texts.
    pace: ValueRange,
    /// Seconds, of recordings whose length was not stated.
    recordings: ValueRange,
    charges: [Charges; 3],
}

/// The spread of observed values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct ValueRange {
    count: u32,
    /// Numerator and denominator of the mean.
    total: (f64, f64),
    least: f64,
    most: f64,
}

/// The charges of a model, and the table's prices for the same seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Charges {
    count: u32,
    charged: Credits,
    by_table: Credits,
}

impl Calibration {
    /// Adds a finished job of `model` with the reported seconds and charge. `spoken` is the speech length known
    /// beforehand, `table` the price table.
    pub(crate) fn learn(
        &mut self,
        table: &PriceTable,
        model: ModelVersion,
        spoken: SpeechLength,
        (seconds, charged): (Option<f64>, Option<Credits>),
    ) {
        let seconds = seconds.unwrap_or(0.0);
        if !seconds.is_finite() || seconds < 1.0 {
            return;
        }
        match spoken {
            SpeechLength::Words(words) if seconds >= SHORTEST => self.pace.add(words, seconds),
            SpeechLength::Recording(None) => self.recordings.add(seconds, 1.0),
            SpeechLength::Words(_) | SpeechLength::Recording(Some(_)) => {}
        }
        if let Some(charged) = charged.filter(|used| *used > Credits::ZERO) {
            let of_model = &mut self.charges[place(model)];
            of_model.count += 1;
            of_model.charged += charged;
            of_model.by_table += table.charge(model, seconds);
        }
    }

    /// Returns `table` calibrated with these jobs. Values without samples stay.
    #[must_use]
    pub(crate) fn applied_to(&self, mut table: PriceTable) -> PriceTable {
        if let Some((slow, likely, fast)) = self.pace.range() {
            table.speech = SpeechRates { slow, likely, fast };
        }
        if let Some((short, likely, long)) = self.recordings.range() {
            table.recordings = RecordingLengths { short, likely, long };
        }
        let price = |model, listed: Credits| match self.charges[place(model)].ratio() {
            Some(ratio) => Credits::from_number(listed.as_number() * ratio).unwrap_or(listed),
            None => listed,
        };
        table.standard_block = price(ModelVersion::Standard, table.standard_block);
        table.aurora_v1_second = price(ModelVersion::AuroraV1, table.aurora_v1_second);
        table.aurora_v1_fast_second =
            price(ModelVersion::AuroraV1Fast, table.aurora_v1_fast_second);
        table
    }

    /// Returns the number of finished jobs behind the calibrated values.
    pub(crate) fn jobs(&self) -> u32 {
        let believed = |count: u32| if count >= ENOUGH { count } else { 0 };
        let charges = self.charges.iter().map(|charges| believed(charges.count));
        let speech = believed(self.pace.count) + believed(self.recordings.count);
        speech.max(charges.sum())
    }
}

impl ValueRange {
    fn add(&mut self, amount: f64, per: f64) {
        let value = amount / per;
        if value <= 0.0 || !value.is_finite() {
            return;
        }
        self.least = if self.count == 0 { value } else { self.least.min(value) };
        self.most = self.most.max(value);
        self.total.0 += amount;
        self.total.1 += per;
        self.count += 1;
    }

    /// Returns minimum, mean and maximum with a margin, or `None` with too few samples.
    fn range(&self) -> Option<(f64, f64, f64)> {
        let mean = self.total.0 / self.total.1;
        (self.count >= ENOUGH).then(|| {
            (self.least.min(mean * (1.0 - MARGIN)), mean, self.most.max(mean * (1.0 + MARGIN)))
        })
    }
}

impl Charges {
    /// Returns the factor for a listed price, or `None` if the price is right or there are too few samples.
    fn ratio(&self) -> Option<f64> {
        if self.count < ENOUGH || self.by_table == Credits::ZERO {
            return None;
        }
        let ratio = self.charged.as_number() / self.by_table.as_number();
        ((ratio - 1.0).abs() > ROUNDING).then_some(ratio)
    }
}

const fn place(model: ModelVersion) -> usize {
    match model {
        ModelVersion::Standard => 0,
        ModelVersion::AuroraV1 => 1,
        ModelVersion::AuroraV1Fast => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Speech, VideoRequest};

    fn text(words: usize, model: ModelVersion) -> VideoRequest {
        let speech = Speech::Text("word ".repeat(words).into());
        let mut request = VideoRequest::new(speech, "p", AspectRatio::Square);
        request.model_version = model;
        request
    }

    /// Returns the table calibrated with `jobs` of the given words, seconds and credits.
    fn calibrated(jobs: &[(usize, f64, i64)], model: ModelVersion) -> PriceTable {
        let table = PriceTable::default();
        let mut calibration = Calibration::default();
        for (words, seconds, charged) in jobs {
            let request = text(*words, model);
            let report = (Some(*seconds), Some(Credits::whole(*charged)));
            calibration.learn(&table, model, SpeechLength::of(&request, None), report);
        }
        calibration.applied_to(table)
    }

    #[test]
    fn ranges_narrow_around_observed_values() {
        let jobs = [(100, 50.0, 50), (60, 29.0, 29), (80, 41.0, 41)];
        let table = calibrated(&jobs, ModelVersion::AuroraV1);
        let request = text(100, ModelVersion::AuroraV1);
        let (before, after) =
            (PriceTable::default().estimate(&request, None), table.estimate(&request, None));
        assert_eq!(after.likely, Credits::whole(50));
        assert!(after.low > before.low && after.high > Credits::whole(50));
        let width = |estimate: &super::super::Estimate| estimate.high.less(estimate.low);
        assert!(width(&after) < width(&before));
    }

    #[test]
    fn few_or_short_samples_are_ignored() {
        let model = ModelVersion::AuroraV1;
        let few = calibrated(&[(100, 80.0, 80), (100, 80.0, 80)], model);
        assert_eq!(few, PriceTable::default());
        let short = calibrated(&[(2, 1.0, 1), (2, 1.0, 1), (2, 1.0, 1)], model);
        assert_eq!(short, PriceTable::default());
    }

    #[test]
    fn a_different_price_affects_its_model_only() {
        let jobs = [(50, 20.0, 10), (50, 20.0, 10), (50, 20.0, 10)];
        let table = calibrated(&jobs, ModelVersion::Standard);
        assert_eq!(table.standard_block, Credits::whole(10));
        assert_eq!(table.aurora_v1_second, Credits::whole(1));
    }

    #[test]
    fn calibration_never_lowers_a_reservation() {
        let jobs = [(100, 25.0, 25), (100, 25.0, 25), (100, 25.0, 25)];
        let request = text(100, ModelVersion::AuroraV1);
        let before = PriceTable::default().estimate(&request, None);
        let after = calibrated(&jobs, ModelVersion::AuroraV1).estimate(&request, None);
        assert!(after.high < before.high);
        assert_eq!(after.reserving_at_least(&before).reserve, before.reserve);
    }

    #[test]
    fn invalid_reports_are_ignored() {
        let model = ModelVersion::AuroraV1;
        let odd = [(0, 60.0, 0), (9, f64::NAN, -4), (9, f64::INFINITY, 0), (9, -1.0, 9)];
        assert_eq!(calibrated(&odd, model), PriceTable::default());
    }
}

//! The account's balance and the assumptions of the estimates, which a plan shows besides the jobs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{CHARACTERS_A_WORD, Credits, Flag, Note, PriceTable, SheetFile, Suspicion};
use crate::report::counts::Money;
use crate::report::format::credit_range;
use crate::report::plan::hosts::LinkHosts;
use crate::report::plan::rows::has_assumed_length;
use crate::report::summary::Summary;
use crate::util::text::{agree, plural, rough_duration, sanitize};

/// The information that a plan shows besides the campaign.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PlanContext {
    /// The prices and speeds that the estimates use.
    pub prices: PriceTable,
    /// The number of finished jobs that these were learnt from.
    pub learnt_from: u32,
    /// `--max-credits-run`.
    pub max_credits_run: Option<Credits>,
    /// How long the run takes. `None` if it submits nothing.
    pub run_time: Option<Duration>,
    /// The account's balance.
    pub balance: Balance,
    /// The notes about the manifest.
    pub notes: Vec<Note>,
    /// New rows that may be paid jobs.
    pub replaced: Option<ReplacedRows>,
    /// Texts that look unfinished.
    pub suspicions: Vec<Suspicion>,
    /// The files that rows were read from.
    pub sheets: Vec<SheetFile>,
    /// The hosts that links lead to.
    pub hosts: LinkHosts,
}

/// New rows beside paid jobs that are no longer in the sheet. An edited row may be both: without an id of its own, or if
/// its number of jobs changes too, it makes a new job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplacedRows {
    /// The number of paid jobs that are no longer in the sheet.
    pub gone: usize,
    /// The number of new jobs that the run would submit.
    pub new: usize,
}

impl fmt::Display for ReplacedRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gone, new } = *self;
        write!(
            formatter,
            "{} that {} paid for earlier {} no longer in the sheet, and {new} {} new: if these rows were \
             only edited, they are paid for again; rows that keep their `id`, ratios, personas and voices are not",
            plural(gone, "job"),
            agree(gone, "was", "were"),
            agree(gone, "is", "are"),
            agree(new, "is", "are"),
        )
    }
}

/// The account's balance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Balance {
    /// It was not asked for.
    #[default]
    NotAsked,
    /// It could not be read, for this reason.
    Unknown(String),
    /// The credits. Charges are deducted late.
    Known(Credits),
}

impl Balance {
    /// Returns the balance less the credits promised to renders that are not deducted yet; may be negative.
    pub(crate) fn free(&self, promised: Credits) -> Option<Credits> {
        match self {
            Self::Known(balance) => Some(difference(*balance, promised)),
            Self::NotAsked | Self::Unknown(_) => None,
        }
    }
}

/// Subtracts, also below zero.
const fn difference(one: Credits, other: Credits) -> Credits {
    Credits::from_thousandths(one.thousandths().saturating_sub(other.thousandths()))
}

/// Returns the rest of `balance` after the plan, at the upper and at the lower estimate.
fn left(balance: Credits, money: &Money) -> (Credits, Credits) {
    let free = difference(balance, money.promised);
    (difference(free, money.to_do_high), difference(free, money.to_do_low))
}

impl PlanContext {
    /// Returns the lines below a plan's totals.
    pub(super) fn lines(&self, summary: &Summary) -> Vec<String> {
        let money = summary.money();
        let needed = money.to_reserve;
        let mut lines = Vec::new();
        if let Some(cap) = self.max_credits_run.filter(|cap| needed > *cap) {
            lines.push(low_cap(Flag::MaxCreditsRun, cap, needed));
        }
        match &self.balance {
            Balance::NotAsked => {}
            Balance::Unknown(why) => lines.push(format!("balance: could not be read ({why})")),
            Balance::Known(balance) => lines.push(balance_line(*balance, &money)),
        }
        if let Some(time) = self.run_time {
            lines.push(format!("ready in about {}", rough_duration(time)));
        }
        lines.push(self.assumptions(summary));
        let manifest = summary.campaign().manifest.to_string();
        let sheets = self.sheets.iter().filter(|sheet| sheet.file != manifest);
        lines.extend(sheets.map(|SheetFile { file, rows }| {
            format!("reads `{}`: {}", sanitize(file), plural(*rows, "row"))
        }));
        lines.extend(self.hosts.lines());
        lines
    }

    /// Returns the texts that look unfinished as JSON, with the ids of their jobs.
    pub(super) fn suspicions_json(&self, summary: &Summary) -> Vec<Value> {
        let id = |index: &usize| summary.rows().nth(*index).map(|row| row.id().clone());
        let suspicions = self.suspicions.iter();
        let json = |suspicion: &Suspicion| {
            json!({
                "jobs": suspicion.jobs.iter().filter_map(id).collect::<Vec<_>>(),
                "message": suspicion.message,
                "place": suspicion.place,
            })
        };
        suspicions.map(json).collect()
    }

    fn assumptions(&self, summary: &Summary) -> String {
        let (speech, lengths) = (self.prices.speech, self.prices.recordings);
        let mut text = format!(
            "estimated at {:.1} words a second ({:.1} to {:.1})",
            speech.likely, speech.slow, speech.fast
        );
        if self.learnt_from > 0 {
            let jobs = plural(self.learnt_from, "finished job");
            text = format!("{text}, learnt from {jobs}");
        }
        text = format!(
            "{text}; {CHARACTERS_A_WORD} characters of Japanese, Chinese or Thai count as a word"
        );
        if summary.rows().any(|row| row.job.in_sheet && row.job.estimate.least.is_some()) {
            text = format!(
                "{text}; a cap reserves {:.0} seconds for each recording, unless `{}` says that none is as long",
                self.prices.longest_recording,
                Flag::AudioSeconds
            );
        }
        let unknown = recordings_of_unknown_length(summary);
        if unknown > 0 {
            text = format!(
                "{text}; {} of unknown length assumed to take {:.0} seconds ({:.0} to {:.0}; a column \
                 `audio_seconds` makes it exact)",
                plural(unknown, "recording"),
                lengths.likely,
                lengths.short,
                lengths.long
            );
        }
        text
    }

    /// Returns the balance as JSON.
    pub(super) fn balance_json(&self, summary: &Summary) -> Value {
        let money = summary.money();
        match &self.balance {
            Balance::NotAsked => Value::Null,
            Balance::Unknown(why) => json!({ "credits": null, "error": why }),
            Balance::Known(balance) => {
                let (low, high) = left(*balance, &money);
                json!({
                    "credits": balance,
                    "promised": money.promised,
                    "left_low": low,
                    "left_high": high,
                    "covers_plan": low >= Credits::ZERO,
                })
            }
        }
    }

    /// Returns the assumptions as JSON.
    pub(super) fn assumptions_json(&self, summary: &Summary) -> Value {
        let (speech, recordings) = (self.prices.speech, self.prices.recordings);
        json!({
            "words_per_second_slow": speech.slow,
            "words_per_second_likely": speech.likely,
            "words_per_second_fast": speech.fast,
            "characters_per_word": CHARACTERS_A_WORD,
            "audio_seconds_short": recordings.short,
            "audio_seconds_likely": recordings.likely,
            "audio_seconds_long": recordings.long,
            "recordings_of_unknown_length": recordings_of_unknown_length(summary),
            "learnt_from_jobs": self.learnt_from,
            "prices": {
                "standard_block": self.prices.standard_block,
                "standard_block_seconds": self.prices.standard_block_seconds,
                "aurora_v1_second": self.prices.aurora_v1_second,
                "aurora_v1_fast_second": self.prices.aurora_v1_fast_second,
            },
        })
    }
}

/// Returns a warning about a cap that is too low for all jobs.
pub(super) fn low_cap(flag: Flag, cap: Credits, needed: Credits) -> String {
    format!("`{flag} {cap}` may stop the run before its end; {needed} would be enough")
}

fn balance_line(balance: Credits, money: &Money) -> String {
    let mut text = format!("balance: {balance} credits");
    if money.promised > Credits::ZERO {
        text = format!("{text}, {} of them promised", money.promised);
    }
    let (low, high) = left(balance, money);
    let missing = |left| difference(Credits::ZERO, left);
    if low >= Credits::ZERO {
        format!("{text}; {} would be left", credit_range(low, high))
    } else if high >= Credits::ZERO {
        format!("{text}; up to {} may be missing", missing(low))
    } else {
        let missing = credit_range(missing(high), missing(low));
        format!("{text}; {missing} are missing for all of it")
    }
}

fn recordings_of_unknown_length(summary: &Summary) -> usize {
    summary.rows().filter(|row| row.job.in_sheet && has_assumed_length(row)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    fn line(balance: i64, low: i64, high: i64, promised: i64) -> String {
        let money = Money {
            to_do_low: Credits::whole(low),
            to_do_high: Credits::whole(high),
            promised: Credits::whole(promised),
            ..Money::default()
        };
        balance_line(Credits::whole(balance), &money)
    }

    #[test]
    fn the_remaining_or_missing_balance_is_stated() {
        for ((balance, low, high, promised), expected) in [
            ((100, 20, 30, 0), "100 credits; 70-80 would be left"),
            ((100, 20, 30, 10), "100 credits, 10 of them promised; 60-70 would be left"),
            ((25, 20, 30, 0), "25 credits; up to 5 may be missing"),
            ((10, 20, 30, 0), "10 credits; 10-20 are missing for all of it"),
        ] {
            let text = line(balance, low, high, promised);
            assert_eq!(text, format!("balance: {expected}"));
        }
    }

    #[test]
    fn assumptions_are_stated() {
        let outlook = PlanContext {
            learnt_from: 4,
            balance: Balance::Unknown("no answer in 3 seconds".into()),
            ..PlanContext::default()
        };
        let summary = TestRun::with_jobs(1).summary();
        let text = outlook.lines(&summary).join("\n");
        assert!(text.contains("2.5 words a second (2.2 to 3.3), learnt from 4 finished jobs"));
        assert!(text.contains("could not be read (no answer in 3 seconds)"), "{text}");
        assert_eq!(outlook.assumptions_json(&summary)["learnt_from_jobs"], 4);
        assert!(outlook.balance_json(&summary)["credits"].is_null());
    }
}

//! How good the estimates were: against what was charged, by model and by persona.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{Credits, Phase};
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::table::table;
use crate::report::terminal::style::Colours;
use crate::report::words;
use crate::report::words::range;

/// Finished jobs that share a model or a persona.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct AccuracyShare {
    jobs: usize,
    low: Credits,
    likely: Credits,
    high: Credits,
    charged: Credits,
}

impl AccuracyShare {
    /// `as estimated`, `12 less`, `4 more`: against the range.
    fn verdict(&self) -> String {
        if self.charged < self.low {
            format!("{} less", self.low.less(self.charged))
        } else if self.charged > self.high {
            format!("{} more", self.charged.less(self.high))
        } else {
            "as estimated".to_owned()
        }
    }
}

/// The finished jobs whose charge is known, summed up.
fn shares(summary: &Summary) -> [(&'static str, BTreeMap<String, AccuracyShare>); 2] {
    let mut shares = ["model_version", "persona"].map(|title| (title, BTreeMap::new()));
    let finished = |row: &Row| matches!(row.state.phase, Phase::Done { .. });
    for row in summary.rows().filter(finished) {
        let Some(charged) = row.state.charged else {
            continue;
        };
        let (request, estimate) = (&row.job.spec.request, &row.job.estimate);
        let persona = words::clean(summary.campaign().persona(&request.persona));
        for ((_, by_key), key) in shares
            .iter_mut()
            .zip([request.model_version.to_string(), persona])
        {
            let share: &mut AccuracyShare = by_key.entry(key).or_default();
            share.jobs += 1;
            share.low += estimate.low;
            share.likely += estimate.likely;
            share.high += estimate.high;
            share.charged += charged;
        }
    }
    shares
}

/// Estimate against charge as a table; empty before anything has been charged.
pub(crate) fn accuracy_table(summary: &Summary, colours: Colours) -> String {
    let mut text = String::new();
    for (title, shares) in shares(summary) {
        if shares.is_empty() {
            continue;
        }
        let title = title.trim_end_matches("_version");
        let header = [title, "finished", "estimated", "likely", "charged", ""];
        let rows = shares.iter().map(|(name, share)| {
            let cells = [
                words::shorten(name, 30),
                share.jobs.to_string(),
                range(share.low, share.high),
                share.likely.to_string(),
                share.charged.to_string(),
                share.verdict(),
            ];
            (None, cells)
        });
        text.push_str(&table(header, rows, colours));
        text.push('\n');
    }
    text
}

/// The same for programs.
pub(super) fn accuracy_json(summary: &Summary) -> Value {
    let by_title = shares(summary).into_iter().map(|(title, shares)| {
        let shares: Map<String, Value> = shares
            .into_iter()
            .map(|(name, share)| {
                let share = json!({
                    "jobs": share.jobs,
                    "credits_estimated_low": share.low,
                    "credits_estimated_likely": share.likely,
                    "credits_estimated": share.high,
                    "credits_used": share.charged,
                });
                (name, share)
            })
            .collect();
        (title.to_owned(), shares.into())
    });
    by_title.collect::<Map<String, Value>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn what_was_charged_stands_beside_what_was_estimated() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.done(2, "b");
        run.campaign.jobs[1].estimate.high = Credits::whole(2);
        run.campaign.jobs[1].estimate.low = Credits::whole(1);
        assert_eq!(
            accuracy_table(&run.summary(), Colours::Off),
            "\
model     finished  estimated  likely  charged
standard  2         6-7        10      10       3 more

persona  finished  estimated  likely  charged
Anna     2         6-7        10      10       3 more

"
        );
        let json = accuracy_json(&run.summary());
        assert_eq!(json["persona"]["Anna"]["credits_used"], 10);
    }

    #[test]
    fn nothing_is_said_before_anything_was_charged() {
        assert_eq!(
            accuracy_table(&TestRun::with_jobs(2).summary(), Colours::Off),
            ""
        );
    }
}

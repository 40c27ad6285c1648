//! Credits of jobs that share a persona, a ratio or a model, and how they compare with the charges.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::Credits;
use crate::report::format::credit_range;
use crate::report::job_row::JobRow;
use crate::report::summary::Summary;
use crate::util::style::Colours;
use crate::util::table::table;
use crate::util::text::{sanitize, truncate};

/// An attribute that jobs are grouped by.
#[derive(Debug, Clone, Copy)]
pub(super) enum GroupBy {
    Persona,
    AspectRatio,
    ModelVersion,
}

/// The sums over the jobs of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CostTotals {
    pub(super) jobs: usize,
    pub(super) low: Credits,
    pub(super) likely: Credits,
    pub(super) high: Credits,
    pub(super) charged: Credits,
}

/// Jobs in groups, by one or more attributes.
pub(super) struct CostBreakdown<const N: usize>([(GroupBy, BTreeMap<String, CostTotals>); N]);

impl GroupBy {
    /// Returns the name in JSON and the title in tables.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Persona => ("persona", "persona"),
            Self::AspectRatio => ("aspect_ratio", "ratio"),
            Self::ModelVersion => ("model_version", "model"),
        }
    }

    fn key(self, summary: &Summary, row: &JobRow) -> String {
        let request = &row.job.spec.request;
        match self {
            Self::Persona => sanitize(summary.campaign().persona(&request.persona)),
            Self::AspectRatio => request.aspect_ratio.to_string(),
            Self::ModelVersion => request.model_version.to_string(),
        }
    }
}

impl<const N: usize> CostBreakdown<N> {
    /// Adds up `rows` by each of the attributes.
    pub(super) fn of<'a>(
        summary: &Summary,
        rows: impl Iterator<Item = JobRow<'a>>,
        by: [GroupBy; N],
    ) -> Self {
        let mut shares = by.map(|by| (by, BTreeMap::<String, CostTotals>::new()));
        for row in rows {
            let estimate = &row.job.estimate;
            for (by, groups) in &mut shares {
                let share = groups.entry(by.key(summary, &row)).or_default();
                share.jobs += 1;
                share.low += estimate.low;
                share.likely += estimate.likely;
                share.high += estimate.high;
                share.charged += row.state.charged.unwrap_or_default();
            }
        }
        Self(shares)
    }

    /// Lays out one table for each attribute; the first column is the group's name.
    pub(super) fn tables<const COLUMNS: usize>(
        &self,
        header: [&str; COLUMNS],
        cells: impl Fn(String, &CostTotals) -> [String; COLUMNS] + Copy,
        colours: Colours,
    ) -> String {
        let mut text = String::new();
        for (by, groups) in &self.0 {
            let mut header = header;
            header[0] = by.names().1;
            let rows = groups.iter().map(|(name, share)| (None, cells(truncate(name, 30), share)));
            text.push_str(&table(header, rows, None, colours));
            text.push('\n');
        }
        text
    }

    /// Returns an object for each attribute with a value for each group.
    pub(super) fn to_json(&self, value: impl Fn(&CostTotals) -> Value) -> Value {
        let groups = self.0.iter().map(|(by, groups)| {
            let groups: Map<String, Value> =
                groups.iter().map(|(name, share)| (name.clone(), value(share))).collect();
            (by.names().0.to_owned(), groups.into())
        });
        groups.collect::<Map<String, Value>>().into()
    }
}

/// Groups the finished jobs whose charge is known.
fn charged(summary: &Summary) -> CostBreakdown<2> {
    let is_charged = |row: &JobRow| row.file().is_some() && row.state.charged.is_some();
    let rows = summary.rows().filter(is_charged);
    CostBreakdown::of(summary, rows, [GroupBy::ModelVersion, GroupBy::Persona])
}

/// Returns a table that compares estimates with charges; empty before anything has been charged.
pub(crate) fn accuracy_table(summary: &Summary, colours: Colours) -> String {
    let shares = charged(summary);
    if shares.0[0].1.is_empty() {
        return String::new();
    }
    let cells = |name, share: &CostTotals| {
        let difference = if share.charged < share.low {
            format!("{} less", share.low.less(share.charged))
        } else if share.charged > share.high {
            format!("{} more", share.charged.less(share.high))
        } else {
            "as estimated".to_owned()
        };
        [
            name,
            share.jobs.to_string(),
            credit_range(share.low, share.high),
            share.likely.to_string(),
            share.charged.to_string(),
            difference,
        ]
    };
    let header = ["", "finished", "estimated", "likely", "charged", ""];
    shares.tables(header, cells, colours)
}

/// Returns the comparison of estimates with charges as JSON.
pub(super) fn accuracy_json(summary: &Summary) -> Value {
    charged(summary).to_json(|share| {
        json!({
            "jobs": share.jobs,
            "credits_estimated_low": share.low,
            "credits_estimated_likely": share.likely,
            "credits_estimated": share.high,
            "credits_used": share.charged,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn charges_are_compared_with_estimates() {
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
    fn there_is_no_table_before_the_first_charge() {
        assert_eq!(accuracy_table(&TestRun::with_jobs(2).summary(), Colours::Off), "");
    }
}

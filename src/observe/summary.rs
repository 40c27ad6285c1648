//! Everything the entries of a campaign add up to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Campaign, Counts, Inventory, Money, Row, Run, RunEnd};
use crate::model::{
    Entry, Event, Generation, JobEvent, JobId, JobState, Phase, SheetRow, Sparse, StopReason, Text,
    Timestamp,
};

/// A campaign and what has become true of it: the pure fold of its entries from which counts, money,
/// results, page, hints and exit code are read.
#[derive(Debug, Clone)]
pub struct Summary {
    campaign: Arc<Campaign>,
    places: HashMap<JobId, usize>,
    facts: Vec<Facts>,
    runs: Vec<Run>,
    inventory: Option<Inventory>,
    last: Option<Timestamp>,
    renders: Renders,
}

/// What is known of one job besides its plan.
#[derive(Debug, Clone, Default)]
struct Facts {
    state: Sparse<JobState>,
    is_overdue: bool,
}

/// Renders whose length is known.
#[derive(Debug, Clone, Copy, Default)]
struct Renders {
    count: u32,
    total: Duration,
}

/// What a row of the user's sheet has come to.
#[derive(Debug)]
pub(super) struct SheetLine<'a> {
    /// The user's cells; none for a job of a manifest without a sheet.
    pub(super) cells: &'a [Text],
    /// The job, or none if the row is skipped.
    pub(super) row: Option<Row<'a>>,
}

impl Summary {
    /// A campaign of which nothing has become true yet.
    pub fn new(campaign: Arc<Campaign>) -> Self {
        Self {
            places: campaign.places(),
            facts: vec![Facts::default(); campaign.jobs.len()],
            campaign,
            runs: Vec::new(),
            inventory: None,
            last: None,
            renders: Renders::default(),
        }
    }

    /// The fold of a whole history.
    pub fn of<'a>(campaign: Arc<Campaign>, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut summary = Self::new(campaign);
        for entry in entries {
            summary.apply(entry);
        }
        summary
    }

    /// Several parts of `campaign` as one, such as the shards of it: each job as the part tells it that has come
    /// furthest with it.
    pub fn gathered(campaign: Arc<Campaign>, parts: &[Self]) -> Self {
        let mut gathered = Self::new(campaign);
        for part in parts {
            for (job, place) in &gathered.places {
                let (Some(theirs), ours) = (
                    part.places.get(job).map(|place| &part.facts[*place]),
                    &mut gathered.facts[*place],
                ) else {
                    continue;
                };
                if progress(&theirs.state) > progress(&ours.state) {
                    *ours = theirs.clone();
                }
            }
            gathered.runs.extend(part.runs.iter().cloned());
            gathered.last = gathered.last.max(part.last);
            gathered.renders.count += part.renders.count;
            gathered.renders.total += part.renders.total;
        }
        gathered.runs.sort_by_key(|run| run.started);
        gathered
    }

    /// Takes in one entry. An entry that fits nothing known changes nothing: a journal that holds
    /// one is refused by the engine, and a display must not fail.
    pub fn apply(&mut self, entry: &Entry) {
        self.last = Some(entry.at);
        match &entry.event {
            Event::RunStarted { version, process } => {
                self.runs.push(Run {
                    started: entry.at,
                    version: version.clone(),
                    process: *process,
                    ended: None,
                });
                for facts in &mut self.facts {
                    facts.is_overdue = false;
                }
            }
            Event::RunEnded { stopped } => {
                if let Some(run) = self.runs.last_mut() {
                    run.ended = Some(RunEnd {
                        at: entry.at,
                        stopped: stopped.clone(),
                    });
                }
            }
            Event::LaneHeld { .. } | Event::PlacesLearnt { .. } => {}
            Event::InventoryTaken { rows } => self.inventory = Some(Inventory::Taken(*rows)),
            Event::InventorySkipped { failure } => {
                self.inventory = Some(Inventory::Skipped(failure.clone()));
            }
            Event::Job { job, event } => self.apply_to_job(entry.at, job, event),
        }
    }

    fn apply_to_job(&mut self, at: Timestamp, job: &JobId, event: &JobEvent) {
        let Some(&place) = self.places.get(job) else {
            return;
        };
        let facts = &mut self.facts[place];
        let was_rendered = facts.state.rendered_at.is_some();
        if facts.state.apply(at, event).is_err() {
            return;
        }
        match event {
            JobEvent::RenderOverdue => facts.is_overdue = true,
            JobEvent::Observed { .. } | JobEvent::PaidTwice { .. } => {}
            JobEvent::Rendered { .. } => {
                facts.is_overdue = false;
                // A fresh link reports the same render once more.
                let duration = Row::render_time_of(&facts.state);
                if let Some(duration) = duration.filter(|_| !was_rendered) {
                    self.renders.count += 1;
                    self.renders.total += duration;
                }
            }
            JobEvent::SubmitStarted { .. }
            | JobEvent::Submitted { .. }
            | JobEvent::SubmitDeferred { .. }
            | JobEvent::SubmitLost { .. }
            | JobEvent::Adopted { .. }
            | JobEvent::NotProven { .. }
            | JobEvent::FoundAbsent
            | JobEvent::Fetched { .. }
            | JobEvent::FetchDeferred { .. }
            | JobEvent::FetchLeft { .. }
            | JobEvent::LinkExpired { .. }
            | JobEvent::FileMissing
            | JobEvent::Failed { .. }
            | JobEvent::Revisited
            | JobEvent::Reopened { .. } => facts.is_overdue = false,
        }
    }

    /// What was known beforehand.
    pub fn campaign(&self) -> &Arc<Campaign> {
        &self.campaign
    }

    /// Every job: the manifest's in its order, then those that are gone from it.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.campaign
            .jobs
            .iter()
            .zip(&self.facts)
            .map(|(job, facts)| Row {
                job,
                state: &facts.state,
                is_overdue: facts.is_overdue,
            })
    }

    /// One job.
    pub fn row(&self, job: &JobId) -> Option<Row<'_>> {
        self.places.get(job).and_then(|place| self.row_at(*place))
    }

    fn row_at(&self, place: usize) -> Option<Row<'_>> {
        let (job, facts) = (self.campaign.jobs.get(place)?, self.facts.get(place)?);
        Some(Row {
            job,
            state: &facts.state,
            is_overdue: facts.is_overdue,
        })
    }

    /// The whole campaign, counted: every job that is selected or was ever begun.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in self.rows() {
            counts.add(&row);
        }
        let sheet = &self.campaign.sheet;
        counts.skipped = sheet.rows.iter().filter(|row| row.jobs.is_empty()).count();
        counts
    }

    /// Only the jobs that this run may pay for, counted: whether the run has done what was asked.
    pub fn selected(&self) -> Counts {
        let mut counts = Counts::default();
        for row in self.rows().filter(|row| row.job.selected) {
            counts.add(&row);
        }
        counts
    }

    /// The whole campaign's money.
    pub fn money(&self) -> Money {
        let mut money = Money {
            cap: self.campaign.max_credits,
            ..Money::default()
        };
        for row in self.rows() {
            money.add(&row);
        }
        money
    }

    /// Why the newest run ended early, if it did.
    pub fn stopped(&self) -> Option<&StopReason> {
        self.runs.last()?.ended.as_ref()?.stopped.as_ref()
    }

    /// Every run, in order.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// What was found out about jobs the provider already had, if anything.
    pub fn inventory(&self) -> Option<&Inventory> {
        self.inventory.as_ref()
    }

    /// The time of the newest entry.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// How long renders of this campaign take, from acceptance to being seen finished; `None` before
    /// the first.
    pub fn usual_render(&self) -> Option<Duration> {
        self.renders.total.checked_div(self.renders.count)
    }

    /// The lines of `results.csv`: the sheet's rows in order, once for each of their jobs; then the
    /// manifest's jobs that no row makes.
    pub(super) fn sheet_lines(&self) -> Vec<SheetLine<'_>> {
        let sheet = &self.campaign.sheet;
        let mut is_told = vec![false; self.facts.len()];
        let mut lines = Vec::with_capacity(self.facts.len());
        for SheetRow { cells, jobs } in &sheet.rows {
            let rows = jobs.iter().filter_map(|place| {
                *is_told.get_mut(*place)? = true;
                self.row_at(*place)
            });
            let before = lines.len();
            lines.extend(rows.map(|row| SheetLine {
                cells,
                row: Some(row),
            }));
            if lines.len() == before {
                lines.push(SheetLine { cells, row: None });
            }
        }
        let rest = self.rows().zip(is_told);
        lines.extend(
            rest.filter(|(row, is_told)| row.job.in_sheet && !is_told)
                .map(|(row, _)| SheetLine {
                    cells: &[],
                    row: Some(row),
                }),
        );
        lines
    }

    /// Width of a column of ids; a few very long ones may stick out.
    pub(super) fn id_width(&self) -> usize {
        let widths = self.rows().map(|row| row.id().as_str().len());
        widths.max().unwrap_or(0).min(30)
    }

    /// Jobs that were begun and are gone from the sheet.
    pub fn gone(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows().filter(|row| !row.job.in_sheet)
    }
}

/// How far a job has come: its generation, then its phase, then the submits that were sent.
fn progress(state: &JobState) -> (Generation, u8, u32) {
    let phase = match &state.phase {
        Phase::Pending => 0,
        Phase::Failed { .. } => 1,
        Phase::Submitting | Phase::InDoubt { .. } => 2,
        Phase::Rendering { .. } => 3,
        Phase::Fetching { .. } => 4,
        Phase::Done { .. } => 5,
    };
    (state.generation, phase, state.attempts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credits, Failure, FailureKind};
    use crate::observe::testing::{Tale, id, planned, row};

    /// Done, failed, in doubt, rendering, downloading, pending, left out; and a skipped row.
    fn tale() -> Tale {
        let mut tale = Tale::of(7);
        tale.done(1, "a");
        tale.failed(2, "b", "no face");
        tale.lost(3, "c");
        tale.accepted(4, "d");
        tale.rendered(5, "e");
        tale.campaign.jobs[6].selected = false;
        tale.sheet().rows.push(row("skipped", Vec::new()));
        tale
    }

    #[test]
    fn every_job_is_counted_where_it_stands() {
        let counts = tale().summary().counts();
        let expected = Counts {
            total: 6,
            done: 1,
            failed: 1,
            in_doubt: 1,
            sending: 0,
            rendering: 1,
            downloading: 1,
            pending: 1,
            skipped: 1,
            left_out: 1,
            gone: 0,
        };
        assert_eq!(counts, expected);
        assert_eq!((counts.finished(), counts.outstanding()), (2, 2));
    }

    #[test]
    fn money_is_spent_promised_and_left() {
        let mut tale = tale();
        tale.campaign.max_credits = Some(Credits::whole(30));
        let money = tale.summary().money();
        assert_eq!(money.spent, Credits::whole(10), "done, and downloading");
        assert_eq!(
            money.promised,
            Credits::whole(10),
            "in doubt, and rendering"
        );
        assert_eq!(money.to_do_high, Credits::whole(5), "pending and selected");
        assert_eq!(money.left(), Some(Credits::whole(10)));
        assert_eq!(money.unreported, Credits::ZERO);
        assert_eq!(
            money.sentence(),
            "10 spent, 10 promised, 10 left of 30, 5 still to come"
        );
    }

    #[test]
    fn a_charge_that_was_never_reported_counts_as_spent_and_is_named() {
        let mut tale = Tale::of(1);
        tale.accepted(1, "a");
        let failure = Failure::new(FailureKind::NoOutput, "no output");
        let charged = None;
        tale.tell(9, "a", JobEvent::Failed { failure, charged });
        let money = tale.summary().money();
        assert_eq!(
            (money.spent, money.unreported),
            (Credits::whole(5), Credits::whole(5))
        );
        assert_eq!(
            money.sentence(),
            "5 spent (5 of it without a reported charge)"
        );
    }

    #[test]
    fn only_what_is_selected_decides_whether_the_run_did_its_work() {
        let mut tale = tale();
        for job in &mut tale.campaign.jobs {
            job.selected = job.spec.id.as_str() == "a";
        }
        let summary = tale.summary();
        assert_eq!((summary.selected().total, summary.selected().done), (1, 1));
        assert_eq!(summary.counts().failed, 1);
    }

    #[test]
    fn a_run_without_an_end_is_one_that_goes_on_or_crashed() {
        let mut tale = Tale::of(1);
        tale.ended(5, Some(StopReason::CapReached));
        let summary = tale.summary();
        assert_eq!(summary.stopped(), Some(&StopReason::CapReached));
        tale.push(
            9,
            Event::RunStarted {
                version: "0.1.0".into(),
                process: 43,
            },
        );
        let summary = tale.summary();
        assert_eq!((summary.runs().len(), summary.stopped()), (2, None));
        assert!(summary.runs()[1].ended.is_none());
    }

    #[test]
    fn a_fresh_link_is_not_a_second_render() {
        let mut tale = Tale::of(1);
        tale.rendered(1, "a");
        let failure = Failure::new(FailureKind::NotFound, "gone");
        tale.tell(70, "a", JobEvent::LinkExpired { failure });
        let output = crate::observe::testing::output("a");
        tale.tell(500, "a", JobEvent::Rendered { output });
        assert_eq!(tale.summary().usual_render(), Some(Duration::from_secs(59)));
    }

    #[test]
    fn lines_follow_the_sheet_then_come_jobs_without_a_row() {
        let mut tale = Tale::of(2);
        tale.sheet().rows = vec![row("x", vec![1, 0, 99]), row("y", Vec::new())];
        tale.campaign.jobs.push(planned("c", 9));
        let mut gone = planned("d", 0);
        gone.in_sheet = false;
        tale.campaign.jobs.push(gone);
        let summary = tale.summary();
        let ids: Vec<Option<&str>> = summary
            .sheet_lines()
            .iter()
            .map(|line| line.row.as_ref().map(|row| row.id().as_str()))
            .collect();
        assert_eq!(ids, [Some("b"), Some("a"), None, Some("c")]);
        assert_eq!(
            summary
                .gone()
                .map(|row| row.id().clone())
                .collect::<Vec<_>>(),
            [id("d")]
        );
    }

    #[test]
    fn what_fits_nothing_changes_nothing() {
        let mut tale = Tale::of(1);
        tale.tell(1, "a", JobEvent::FoundAbsent);
        tale.tell(2, "z", JobEvent::FoundAbsent);
        assert_eq!(tale.summary().counts().pending, 1);
    }
}

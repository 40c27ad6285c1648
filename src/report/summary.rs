//! Everything the entries of a campaign add up to.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Entry, Generation, History, JobHistory, JobId, JobState, Phase, PlannedJob, SheetRow, Sparse,
    StopReason, Text, Timestamp, TrustedTime,
};
use crate::model::{Inventory, Run};
use crate::report::campaign::Campaign;
use crate::report::counts::{Counts, Money};
use crate::report::row::Row;

/// A campaign and what has become true of it: the pure fold of its entries from which counts, money,
/// results, page, hints and exit code are read.
#[derive(Debug, Clone)]
pub struct Summary {
    campaign: Arc<Campaign>,
    /// Of the campaign's jobs, in its order.
    history: History,
}

/// What a row of the user's sheet has come to.
#[derive(Debug)]
pub(super) struct ResultLine<'a> {
    /// The user's cells; none for a job of a manifest without a sheet.
    pub(super) cells: &'a [Text],
    /// The job, or none if the row is skipped.
    pub(super) row: Option<Row<'a>>,
}

impl Summary {
    /// A campaign of which nothing has become true yet.
    pub fn new(campaign: Arc<Campaign>) -> Self {
        Self::with(campaign, History::default())
    }

    /// A campaign and what has become true of it.
    pub fn with(campaign: Arc<Campaign>, history: History) -> Self {
        let jobs = campaign.jobs.iter().map(|job| &job.spec.id);
        Self {
            history: history.about(jobs),
            campaign,
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
            let jobs = gathered.campaign.jobs.iter().map(|job| &job.spec.id);
            for (job, ours) in jobs.zip(gathered.history.jobs_mut()) {
                if let Some(theirs) = part.history.job(job)
                    && progress(&theirs.state) > progress(&ours.state)
                {
                    *ours = theirs.clone();
                }
            }
            gathered.history.join(&part.history);
        }
        gathered
    }

    /// Takes in one entry. An entry that fits nothing known changes nothing: a journal that holds
    /// one is refused by the engine, and a display must not fail.
    pub fn apply(&mut self, entry: &Entry) {
        self.history.apply(entry, TrustedTime::certain(entry.at));
    }

    /// Holds where a job stands once with whoever else knows the same.
    pub(crate) fn share(&mut self, id: &JobId, state: &Sparse<JobState>) {
        if let Some(place) = self.history.place(id) {
            self.history.jobs_mut()[place].state.share(state);
        }
    }

    /// What was known beforehand.
    pub fn campaign(&self) -> &Arc<Campaign> {
        &self.campaign
    }

    /// What has become true of it.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Every job: the manifest's in its order, then those that are gone from it.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> + Clone {
        self.campaign
            .jobs
            .iter()
            .zip(self.history.jobs())
            .map(|(job, past)| row(job, past))
    }

    /// One job.
    pub fn row(&self, job: &JobId) -> Option<Row<'_>> {
        self.row_at(self.history.place(job)?)
    }

    fn row_at(&self, place: usize) -> Option<Row<'_>> {
        let (job, past) = (
            self.campaign.jobs.get(place)?,
            self.history.jobs().get(place)?,
        );
        Some(row(job, past))
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
        self.history.runs().last()?.ended.as_ref()?.stopped.as_ref()
    }

    /// Every run, in order.
    pub fn runs(&self) -> &[Run] {
        self.history.runs()
    }

    /// What was found out about jobs the provider already had, if anything.
    pub fn inventory(&self) -> Option<&Inventory> {
        self.history.inventory()
    }

    /// The time of the newest entry.
    pub fn last(&self) -> Option<Timestamp> {
        self.history.last()
    }

    /// How long renders of this campaign take, from acceptance to being seen finished; `None` before
    /// the first.
    pub fn usual_render(&self) -> Option<Duration> {
        self.history.usual_render()
    }

    /// The lines of `results.csv`: the sheet's rows in order, once for each of their jobs; then the
    /// manifest's jobs that no row makes.
    pub(super) fn result_lines(&self) -> impl Iterator<Item = ResultLine<'_>> {
        let rows = &self.campaign.sheet.rows;
        let all = self.campaign.jobs.len();
        let jobs_of = move |row: &SheetRow| row.jobs.start.min(all)..row.jobs.end.min(all);
        let mut is_told = vec![false; all];
        for row in rows {
            is_told[jobs_of(row)].fill(true);
        }
        let of_sheet = rows.iter().flat_map(move |row| {
            let jobs = jobs_of(row);
            let skipped = jobs.is_empty().then_some(None);
            let lines = jobs.map(|place| self.row_at(place)).chain(skipped);
            lines.map(|job| ResultLine {
                cells: &row.cells,
                row: job,
            })
        });
        let rest = self.rows().zip(is_told);
        let rest = rest.filter(|(row, is_told)| row.job.in_sheet && !is_told);
        of_sheet.chain(rest.map(|(row, _)| ResultLine {
            cells: &[],
            row: Some(row),
        }))
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

fn row<'a>(job: &'a PlannedJob, past: &'a JobHistory) -> Row<'a> {
    Row {
        job,
        state: &past.state,
        is_overdue: past.is_overdue,
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
    use crate::model::{Credits, Event, Failure, FailureKind, JobEvent};
    use crate::report::testing::{TestRun, id, planned, row};

    /// Done, failed, in doubt, rendering, downloading, pending, left out; and a skipped row.
    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(7);
        run.done(1, "a");
        run.failed(2, "b", "no face");
        run.lost(3, "c");
        run.accepted(4, "d");
        run.rendered(5, "e");
        run.campaign.jobs[6].selected = false;
        run.sheet().rows.push(row("skipped", 0..0));
        run
    }

    #[test]
    fn every_job_is_counted_where_it_stands() {
        let counts = run().summary().counts();
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
        let mut run = run();
        run.campaign.max_credits = Some(Credits::whole(30));
        let money = run.summary().money();
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
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        let failure = Failure::new(FailureKind::NoOutput, "no output");
        let charged = None;
        run.tell(9, "a", JobEvent::Failed { failure, charged });
        let money = run.summary().money();
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
        let mut run = run();
        for job in &mut run.campaign.jobs {
            job.selected = job.spec.id.as_str() == "a";
        }
        let summary = run.summary();
        assert_eq!((summary.selected().total, summary.selected().done), (1, 1));
        assert_eq!(summary.counts().failed, 1);
    }

    #[test]
    fn a_run_without_an_end_is_one_that_goes_on_or_crashed() {
        let mut run = TestRun::with_jobs(1);
        run.ended(5, Some(StopReason::CapReached));
        let summary = run.summary();
        assert_eq!(summary.stopped(), Some(&StopReason::CapReached));
        run.push(
            9,
            Event::RunStarted {
                version: "0.1.0".into(),
                process: 43,
            },
        );
        let summary = run.summary();
        assert_eq!((summary.runs().len(), summary.stopped()), (2, None));
        assert!(summary.runs()[1].ended.is_none());
    }

    #[test]
    fn a_fresh_link_is_not_a_second_render() {
        let mut run = TestRun::with_jobs(1);
        run.rendered(1, "a");
        let failure = Failure::new(FailureKind::NotFound, "gone");
        run.tell(70, "a", JobEvent::LinkExpired { failure });
        let output = crate::report::testing::output("a");
        run.tell(500, "a", JobEvent::Rendered { output });
        assert_eq!(run.summary().usual_render(), Some(Duration::from_secs(59)));
    }

    #[test]
    fn lines_follow_the_sheet_then_come_jobs_without_a_row() {
        let mut run = TestRun::with_jobs(2);
        run.sheet().rows = vec![row("x", 1..2), row("y", 0..0), row("z", 0..1)];
        run.sheet().rows.push(row("nowhere", 98..99));
        run.campaign.jobs.push(planned("c", 9));
        let mut gone = planned("d", 0);
        gone.in_sheet = false;
        run.campaign.jobs.push(gone);
        let summary = run.summary();
        let ids: Vec<Option<&str>> = summary
            .result_lines()
            .map(|line| line.row.map(|row| row.job.spec.id.as_str()))
            .collect();
        assert_eq!(ids, [Some("b"), None, Some("a"), None, Some("c")]);
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
        let mut run = TestRun::with_jobs(1);
        run.tell(1, "a", JobEvent::FoundAbsent);
        run.tell(2, "z", JobEvent::FoundAbsent);
        assert_eq!(run.summary().counts().pending, 1);
    }
}

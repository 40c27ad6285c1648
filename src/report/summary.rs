//! The state of a campaign, folded from its entries.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Entry, Generation, History, JobHistory, JobId, JobState, Phase, PlannedJob, Run, SheetRow,
    StopReason, Timestamp, TrustedTime,
};
use crate::report::campaign::Campaign;
use crate::report::counts::{Counts, Money};
use crate::report::job_row::JobRow;
use crate::util::text::width;

/// A campaign with the fold of its entries. Counts, credits, results, page, hints and exit code are read from it.
#[derive(Debug, Clone)]
pub struct Summary {
    campaign: Arc<Campaign>,
    /// The histories of the campaign's jobs, in its order.
    history: History,
    /// Whether a run is under way.
    is_live: bool,
}

/// One line of `results.csv`.
#[derive(Debug)]
pub(super) struct ResultLine<'a> {
    /// The user's cells; empty for a job without a row.
    pub(super) cells: &'a [Arc<str>],
    /// The job; `None` for a skipped row.
    pub(super) row: Option<JobRow<'a>>,
    /// Why the row makes no job, if it is invalid.
    pub(super) left_out: Option<&'a str>,
}

impl Summary {
    /// Returns the summary of a campaign without entries.
    pub fn new(campaign: Arc<Campaign>) -> Self {
        Self::with(campaign, History::default())
    }

    /// Returns the summary of a campaign with a history.
    pub fn with(campaign: Arc<Campaign>, history: History) -> Self {
        let jobs = campaign.jobs.iter().map(|job| &job.spec.id);
        Self { history: history.about(jobs), campaign, is_live: false }
    }

    /// Sets whether a run is under way. If one is, a job whose request was sent and not answered is `submitting`;
    /// otherwise it is in doubt.
    pub fn set_live(&mut self, is_live: bool) {
        self.is_live = is_live;
    }

    /// Folds all entries of a campaign.
    pub fn of<'a>(campaign: Arc<Campaign>, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut summary = Self::new(campaign);
        for entry in entries {
            summary.apply(entry);
        }
        summary
    }

    /// Merges parts of `campaign`, such as its shards. Each job has the state of the part in which it is furthest.
    pub fn merged(campaign: Arc<Campaign>, parts: &[Self]) -> Self {
        let mut merged = Self::new(campaign);
        for part in parts {
            let jobs = merged.campaign.jobs.iter().map(|job| &job.spec.id);
            for (job, ours) in jobs.zip(&mut merged.history.jobs) {
                if let Some(theirs) = part.history.job(job)
                    && progress(&theirs.state) > progress(&ours.state)
                {
                    *ours = theirs.clone();
                }
            }
            merged.history.join(&part.history);
        }
        merged
    }

    /// Folds one entry. An entry that does not fit is ignored: the engine refuses such a journal, and a display must
    /// not fail.
    pub fn apply(&mut self, entry: &Entry) {
        self.history.apply(entry, TrustedTime::certain(entry.at));
    }

    /// Replaces a job's state by an equal one that another owner shares, to save memory.
    pub(crate) fn share(&mut self, id: &JobId, state: &Arc<JobState>) {
        if let Some(place) = self.history.index_of(id) {
            let own = &mut self.history.jobs[place].state;
            if own == state {
                *own = Arc::clone(state);
            }
        }
    }

    /// Returns the campaign.
    pub fn campaign(&self) -> &Arc<Campaign> {
        &self.campaign
    }

    /// Checks whether the newest run has submitted a job.
    pub(super) fn has_submitted_in_run(&self) -> bool {
        let last = self.history.resuming.last_submit;
        self.runs().last().is_some_and(|run| last.is_some_and(|last| last >= run.started))
    }

    /// Checks whether the newest run has submitted a job or downloaded a video.
    pub(crate) fn has_worked_in_run(&self) -> bool {
        let run = self.runs().last();
        run.is_some_and(|run| run.first_submit.is_some() || run.last_video.is_some())
    }

    /// Returns the fold of the entries.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Returns all jobs: the manifest's in its order, then those that are gone from it.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = JobRow<'_>> + Clone {
        self.campaign
            .jobs
            .iter()
            .zip(&self.history.jobs)
            .map(|(job, history)| self.job_row(job, history))
    }

    /// Returns one job.
    pub fn row(&self, job: &JobId) -> Option<JobRow<'_>> {
        self.row_at(self.history.index_of(job)?)
    }

    fn row_at(&self, place: usize) -> Option<JobRow<'_>> {
        let (job, history) = (self.campaign.jobs.get(place)?, self.history.jobs.get(place)?);
        Some(self.job_row(job, history))
    }

    fn job_row<'a>(&self, job: &'a PlannedJob, history: &'a JobHistory) -> JobRow<'a> {
        let state = &history.state;
        let is_submitting = self.is_live && matches!(state.phase, Phase::Submitting);
        JobRow { job, state, is_overdue: history.is_overdue, is_submitting }
    }

    /// Counts all jobs that are selected or were ever begun.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in self.rows() {
            counts.add(&row);
        }
        let sheet = &self.campaign.sheet;
        counts.skipped += sheet.rows.iter().filter(|row| row.jobs.is_empty()).count();
        counts
    }

    /// Counts only the jobs that are selected for this run.
    pub fn selected_counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in self.rows().filter(|row| row.job.selected) {
            counts.add(&row);
        }
        counts
    }

    /// Counts the failed jobs that were not reported yet: those that failed since the newest earlier run that ended with
    /// nothing left to do.
    pub fn new_failures(&self) -> usize {
        let earlier = self.runs().split_last().map_or(&[][..], |(_, earlier)| earlier);
        let is_complete = |run: &Run| run.ended.as_ref().is_some_and(|end| end.stopped.is_none());
        let first = earlier.iter().rposition(is_complete).map_or(0, |complete| complete + 1);
        let since = self.runs().get(first).map(|run| run.started).unwrap_or_default();
        let is_new = |row: &JobRow| row.state.finished_at.is_none_or(|finished| finished >= since);
        self.rows().filter(JobRow::has_failed).filter(is_new).count()
    }

    /// Adds up the credits of all jobs.
    pub fn money(&self) -> Money {
        let mut money = Money {
            cap: self.campaign.max_credits,
            cap_source: self.campaign.cap_source,
            ..Money::default()
        };
        for row in self.rows() {
            money.add(&row);
        }
        money
    }

    /// Returns why the newest run ended early, if it did.
    pub fn stopped(&self) -> Option<&StopReason> {
        self.history.runs().last()?.ended.as_ref()?.stopped.as_ref()
    }

    /// Returns all runs in order.
    pub fn runs(&self) -> &[Run] {
        self.history.runs()
    }

    /// Returns the time of the newest entry.
    pub fn last(&self) -> Option<Timestamp> {
        self.history.last()
    }

    /// Returns the typical time from acceptance to the end of a render; `None` before the first has finished.
    pub fn mean_render_time(&self) -> Option<Duration> {
        self.history.mean_render_time()
    }

    /// Returns the lines of `results.csv`: the sheet's rows in order, once for each of their jobs, then the jobs of the
    /// manifest without a row.
    pub(super) fn result_lines(&self) -> impl Iterator<Item = ResultLine<'_>> {
        let rows = &self.campaign.sheet.rows;
        let all = self.campaign.jobs.len();
        let jobs_of = move |row: &SheetRow| row.jobs.start.min(all)..row.jobs.end.min(all);
        let mut has_row = vec![false; all];
        for row in rows {
            has_row[jobs_of(row)].fill(true);
        }
        let of_sheet = rows.iter().flat_map(move |row| {
            let jobs = jobs_of(row);
            let skipped = jobs.is_empty().then_some(None);
            let lines = jobs.map(|place| self.row_at(place)).chain(skipped);
            let left_out = row.left_out.as_deref();
            lines.map(move |job| ResultLine { cells: &row.cells, row: job, left_out })
        });
        let rest = self.rows().zip(has_row);
        let rest = rest.filter(|(row, has_row)| row.job.in_sheet && !has_row);
        of_sheet.chain(rest.map(|(row, _)| ResultLine {
            cells: &[],
            row: Some(row),
            left_out: None,
        }))
    }

    /// Returns the width of a column of ids; a few very long ids may exceed it.
    pub(super) fn id_width(&self) -> usize {
        let widths = self.rows().map(|row| width(row.id().as_str()));
        widths.max().unwrap_or(0).min(30)
    }

    /// Returns the jobs that were begun and are no longer in the sheet.
    pub fn gone(&self) -> impl Iterator<Item = JobRow<'_>> {
        self.rows().filter(|row| !row.job.in_sheet)
    }
}

/// Orders states by how far a job has come: its generation, then its phase, then its submits.
fn progress(state: &JobState) -> (Generation, u8, u32) {
    let phase = match &state.phase {
        Phase::Pending => 0,
        Phase::Failed { .. } => 1,
        Phase::Submitting | Phase::InDoubt { .. } => 2,
        Phase::Rendering { .. } => 3,
        Phase::Downloading { .. } => 4,
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
    fn every_job_is_counted_in_its_state() {
        let counts = run().summary().counts();
        let expected = Counts {
            total: 6,
            done: 1,
            failed: 1,
            in_doubt: 1,
            submitting: 0,
            rendering: 1,
            downloading: 1,
            pending: 1,
            skipped: 1,
            left_out: 1,
            gone: 0,
            outdated: 0,
        };
        assert_eq!(counts, expected);
        assert_eq!((counts.finished(), counts.outstanding()), (2, 2));
    }

    #[test]
    fn a_request_in_the_air_is_in_doubt_only_without_a_run() {
        let mut run = run();
        run.sent(90, "f");
        let mut summary = run.summary();
        let status = |summary: &Summary| summary.row(&id("f")).unwrap().status();
        let (counts, word) = (summary.counts(), status(&summary));
        assert_eq!((counts.in_doubt, counts.submitting, word), (2, 0, "in_doubt"));
        summary.set_live(true);
        let (counts, word) = (summary.counts(), status(&summary));
        assert_eq!((counts.in_doubt, counts.submitting, word), (1, 1, "submitting"));
        assert_eq!(summary.row(&id("c")).unwrap().status(), "in_doubt");
    }

    #[test]
    fn credits_are_spent_promised_and_left() {
        let mut run = run();
        run.campaign.max_credits = Some(Credits::whole(30));
        let money = run.summary().money();
        assert_eq!(money.spent, Credits::whole(10), "done, and downloading");
        assert_eq!(money.promised, Credits::whole(10), "in doubt, and rendering");
        assert_eq!(money.to_do_high, Credits::whole(5), "pending and selected");
        assert_eq!(money.withheld, Credits::whole(5), "failed, with a reported charge of 0");
        assert_eq!(money.left(), Some(Credits::whole(5)));
        assert_eq!(money.unreported, Credits::ZERO);
        assert_eq!(
            money.sentence(),
            "10 spent, 10 promised, 5 withheld, 5 left of 30, 5 still to come"
        );
    }

    #[test]
    fn an_unreported_charge_counts_as_spent() {
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        let failure = Failure::new(FailureKind::NoOutput, "no output");
        let charged = None;
        run.job_event(9, "a", JobEvent::Failed { failure, charged });
        let money = run.summary().money();
        assert_eq!((money.spent, money.unreported), (Credits::whole(5), Credits::whole(5)));
        assert_eq!(money.sentence(), "5 spent (5 of it without a reported charge)");
    }

    #[test]
    fn selected_jobs_are_counted_apart() {
        let mut run = run();
        for job in &mut run.campaign.jobs {
            job.selected = job.spec.id.as_str() == "a";
        }
        let summary = run.summary();
        assert_eq!((summary.selected_counts().total, summary.selected_counts().done), (1, 1));
        assert_eq!(summary.counts().failed, 1);
    }

    #[test]
    fn a_new_run_has_no_end_and_no_stop_reason() {
        let mut run = TestRun::with_jobs(1);
        run.ended(5, Some(StopReason::CapReached));
        let summary = run.summary();
        assert_eq!(summary.stopped(), Some(&StopReason::CapReached));
        run.event(
            9,
            Event::RunStarted { version: "0.1.0".into(), process: 43, account: None, cap: None },
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
        run.job_event(70, "a", JobEvent::LinkExpired { failure });
        let output = crate::report::testing::output("a");
        run.job_event(500, "a", JobEvent::Rendered { output });
        assert_eq!(run.summary().mean_render_time(), Some(Duration::from_secs(59)));
    }

    #[test]
    fn result_lines_follow_the_sheet() {
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
        assert_eq!(summary.gone().map(|row| row.id().clone()).collect::<Vec<_>>(), [id("d")]);
    }

    #[test]
    fn entries_that_do_not_fit_are_ignored() {
        let mut run = TestRun::with_jobs(1);
        run.job_event(1, "a", JobEvent::FoundAbsent);
        run.job_event(2, "z", JobEvent::FoundAbsent);
        assert_eq!(run.summary().counts().pending, 1);
    }
}

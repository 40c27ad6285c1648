//! Whether a job of the sheet is paid for already under another identity: another id, a lost journal, a sibling
//! campaign, or perhaps a row that was edited.

mod lost_journal;
mod renamed;
mod sibling;

pub(crate) use self::lost_journal::{is_journal_behind, results_name_unknown_jobs};
pub(crate) use self::sibling::SiblingCampaign;
use crate::model::{Credits, Generation, JobState, Phase};
use crate::report::Summary;
use crate::report::plan::ReplacedRows;

/// Whether a job in this phase has, or may have, a paid video.
const fn may_have_video(phase: &Phase) -> bool {
    match phase {
        Phase::Submitting
        | Phase::InDoubt { .. }
        | Phase::Rendering { .. }
        | Phase::Downloading { .. }
        | Phase::Done { .. } => true,
        Phase::Pending | Phase::Failed { .. } => false,
    }
}

/// Whether the job has, or may have, cost something.
fn is_paid(state: &JobState) -> bool {
    may_have_video(&state.phase) || state.spent() + state.promised() > Credits::ZERO
}

/// Returns the new rows of the sheet and the paid jobs that are no longer in it, if there are both.
pub(crate) fn replaced_rows(summary: &Summary) -> Option<ReplacedRows> {
    let gone = summary.gone().filter(|row| is_paid(row.state)).count();
    let new = summary
        .rows()
        .filter(|row| row.job.in_sheet && row.job.selected)
        .filter(|row| matches!(row.state.phase, Phase::Pending))
        .filter(|row| row.state.attempts == 0 && row.state.generation == Generation::default())
        .count();
    (gone > 0 && new > 0).then_some(ReplacedRows { gone, new })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn removed_paid_jobs_are_mentioned_if_there_are_new_ones() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        assert_eq!(replaced_rows(&run.summary()), None, "nothing is gone");
        let job = &mut run.campaign.jobs[0];
        (job.in_sheet, job.selected) = (false, false);
        let replaced = replaced_rows(&run.summary()).unwrap();
        assert!(
            replaced.to_string().starts_with(
                "1 job that was paid for earlier is no longer in the sheet, and 2 are new: if these"
            ),
            "{replaced}"
        );
        run.done(2, "b");
        run.done(3, "c");
        assert_eq!(replaced_rows(&run.summary()), None, "nothing is new");
    }
}

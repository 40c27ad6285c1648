//! Rows that may only have been edited, and would be paid for as new ones.

use super::super::Summary;
use super::super::words::{agree, plural};
use crate::model::{Credits, Generation, Phase};

/// What a person should know before new jobs are paid for while others that were paid for are no longer in
/// the sheet: a row without an id is another job once it is edited, and so is one with an id whose text is edited
/// together with how many jobs it makes. `None` if there is nothing to know.
pub(crate) fn plan_replaced(summary: &Summary) -> Option<String> {
    let gone = summary
        .gone()
        .filter(|row| row.state.spent() + row.state.promised() > Credits::ZERO)
        .count();
    let new = summary
        .rows()
        .filter(|row| row.job.in_sheet && row.job.selected)
        .filter(|row| matches!(row.state.phase, Phase::Pending))
        .filter(|row| row.state.attempts == 0 && row.state.generation == Generation::default())
        .count();
    (gone > 0 && new > 0).then(|| {
        format!(
            "{} that {} paid for earlier {} no longer in the sheet, and {new} {} new: if these rows were \
             only edited, they are paid for once more; rows that have kept an `id` of their own, and their \
             ratios, personas and voices, are not",
            plural(gone, "job"),
            agree(gone, "was", "were"),
            agree(gone, "is", "are"),
            agree(new, "is", "are"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Tale;

    #[test]
    fn a_paid_job_that_is_gone_is_mentioned_where_something_new_is_to_be_paid_for() {
        let mut tale = Tale::of(3);
        tale.done(1, "a");
        assert_eq!(plan_replaced(&tale.summary()), None, "nothing is gone");
        let job = &mut tale.campaign.jobs[0];
        (job.in_sheet, job.selected) = (false, false);
        let note = plan_replaced(&tale.summary()).unwrap();
        assert!(
            note.starts_with(
                "1 job that was paid for earlier is no longer in the sheet, and 2 are new: if these"
            ),
            "{note}"
        );
        tale.done(2, "b");
        tale.done(3, "c");
        assert_eq!(plan_replaced(&tale.summary()), None, "nothing is new");
    }
}

//! Whether a job is paid for already under another identity: another id, a lost journal, a sibling campaign.

mod lost_journal;
mod renamed;
mod sibling;

pub(crate) use self::lost_journal::{is_journal_behind, results_name_unknown_jobs};
pub(crate) use self::sibling::SiblingCampaign;

//! What a proof of absence is made of: reference rows, and listings without the job.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Listing, RemoteId, RenderReport, Tag, Timestamp, VideoRequest, find_tags, is_nameless,
};

/// By how much the oldest row must be older than the job, because the two times come from two clocks.
pub(super) const CLOCK_MARGIN: Duration = Duration::from_secs(5 * 60);

/// By how much a clock is expected to be wrong at most.
const ONE_DAY: Duration = Duration::from_secs(24 * 3600);

/// The rows of a listing, by their ids.
pub(super) type ListedRows<'a> = HashMap<&'a RemoteId, &'a RenderReport>;

/// A job in doubt, and what a listing must show to prove that it was not accepted.
#[derive(Debug)]
pub(super) struct PendingProof {
    pub(super) index: usize,
    pub(super) tag: Option<Tag>,
    /// What the sheet asks for.
    pub(super) request: Arc<VideoRequest>,
    /// When the submit was sent.
    pub(super) sent: Timestamp,
    /// The time after which it can no longer be accepted.
    pub(super) settled: Timestamp,
    pub(super) references: Vec<ReferenceRow>,
}

/// An accepted job of ours that a complete listing shows.
#[derive(Debug)]
pub(super) struct ReferenceRow {
    pub(super) remote: RemoteId,
    /// The tag that its name must show.
    pub(super) tag: Option<Tag>,
    /// It was not accepted before this time, if that is known.
    pub(super) sent: Option<Timestamp>,
    /// It was accepted by this time.
    pub(super) accepted: Timestamp,
}

/// A listing that showed every reference row and not the job.
#[derive(Debug, Clone, Copy)]
pub(super) struct AbsenceEvidence {
    /// When the listing was requested.
    pub(super) started: Timestamp,
    pub(super) rows: u64,
    /// Whether it shows a row older than the job, and a newer one if the newest rows may be cut off.
    pub(super) reaches_beyond: bool,
    /// A second listing requested at this time or later completes the proof.
    pub(super) completed_from: Timestamp,
}

/// What a listing without the job says.
#[derive(Debug, Clone, Copy)]
pub(super) enum ListingCheck {
    /// A reference row is missing: the list is late or cut short.
    Incomplete,
    /// No reference row shows how late the list may be.
    NoReference,
    /// All reference rows are there; the newest of them was sent at this time.
    Complete { newest: Timestamp },
}

impl PendingProof {
    /// Checks whether a listing shows a row with the name of the job.
    pub(super) fn is_named_in(&self, listing: &Listing) -> bool {
        let names = listing.found.iter().filter_map(|row| row.name.as_deref());
        names.flat_map(find_tags).any(|tag| self.tag.as_ref() == Some(&tag))
    }

    /// Checks whether a listing shows a row without a name that may be the job: made from the same, and not long before it.
    pub(super) fn may_be_nameless_in(&self, listing: &Listing) -> bool {
        let is_known =
            |row: &RenderReport| self.references.iter().any(|it| it.remote == row.remote);
        let is_old =
            |row: &RenderReport| row.created_at.is_some_and(|at| at.plus(ONE_DAY) < self.sent);
        listing.found.iter().any(|row| {
            is_nameless(row.name.as_deref())
                && row.echo.describes(&self.request)
                && !is_known(row)
                && !is_old(row)
        })
    }

    /// Checks whether a listing shows all reference rows.
    pub(super) fn check(&self, rows: &ListedRows<'_>) -> ListingCheck {
        if !self.references.iter().all(|row| row.is_listed_in(rows)) {
            return ListingCheck::Incomplete;
        }
        let newest = self.references.iter().filter_map(|row| row.sent).max();
        newest.map_or(ListingCheck::NoReference, |newest| ListingCheck::Complete { newest })
    }

    /// Checks whether a listing that shows all reference rows reaches back beyond the job.
    pub(super) fn is_reached_by(&self, listing: &Listing, rows: &ListedRows<'_>) -> bool {
        if self.references.iter().any(|row| row.accepted < self.sent) {
            return true;
        }
        // The provider's clock is ahead of ours by at least this much: a row was created, by its clock, before we knew
        // that it was accepted, by ours.
        let ahead = self.references.iter().filter_map(|row| {
            let created = rows.get(&row.remote)?.created_at?;
            Some(created.as_millis().saturating_sub(row.accepted.as_millis()))
        });
        let (Some(ahead), Some(oldest)) = (ahead.max(), listing.oldest) else {
            return false;
        };
        let sent_there = Timestamp::from_millis(self.sent.as_millis().saturating_add(ahead));
        oldest.plus(CLOCK_MARGIN) < sent_there
    }
}

impl ReferenceRow {
    /// Checks whether a listing shows the row with its tag, as it would show the job in doubt.
    fn is_listed_in(&self, rows: &ListedRows<'_>) -> bool {
        let name = rows.get(&self.remote).and_then(|row| row.name.as_deref());
        name.into_iter().flat_map(find_tags).any(|tag| self.tag.as_ref() == Some(&tag))
    }
}

//! Adoption: taking over rows of the provider's list that are jobs of this campaign, by their tags. *Found* is always
//! believed, and what was paid for is never paid for again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::evidence::PendingProof;
use super::job_table::JobTable;
use super::rules::SafetyRules;
use crate::model::{
    CampaignTags, Generation, JobEvent, Listing, RenderReport, Tag, Timestamp, find_tags,
};

/// A requested list.
#[derive(Debug)]
pub(super) struct ListRequest {
    pub(super) started: Timestamp,
    /// The jobs in doubt, by their tags.
    pub(super) in_doubt: HashMap<Tag, (usize, Generation)>,
    /// Whether all rows of the campaign that may be new were requested.
    pub(super) includes_own_rows: bool,
    /// Whether it was requested before any submit, so that all rows are older than this run.
    pub(super) is_inventory: bool,
    /// The proofs that it may complete.
    pub(super) proofs: Vec<PendingProof>,
}

/// A row that may be adopted for a job.
#[derive(Debug)]
pub(super) struct AdoptableRow<'a> {
    pub(super) index: usize,
    generation: Generation,
    tag: Tag,
    report: &'a RenderReport,
}

/// The result of adopting rows.
#[derive(Debug, Default)]
pub(super) struct Adopted {
    /// Whether a job was adopted that was not in doubt, so its submit was unknown.
    pub(super) has_unknown: bool,
    /// Whether a later generation may be there too.
    pub(super) may_have_more: bool,
}

impl ListRequest {
    /// Returns the rows that may be adopted, one for each job. The newest generation counts; of several rows with one
    /// tag, the first that was accepted. `own` are the tags of the campaign, if its rows were requested.
    pub(super) fn candidates<'a>(
        &self,
        jobs: &JobTable,
        own: Option<&CampaignTags>,
        listing: &'a Listing,
        rules: &dyn SafetyRules,
    ) -> Vec<AdoptableRow<'a>> {
        let mut best: BTreeMap<usize, AdoptableRow<'a>> = BTreeMap::new();
        for (report, tag) in tagged_rows(listing) {
            let Some((index, generation)) = self.wanted(jobs, own, &tag) else {
                continue;
            };
            if !rules.fits(report, &jobs[index]) {
                // A copy made in the dashboard keeps the name, and may have another text.
                continue;
            }
            let candidate = AdoptableRow { index, generation, tag, report };
            let is_better = best.get(&index).is_none_or(|other| candidate.rank() > other.rank());
            if is_better {
                best.insert(index, candidate);
            }
        }
        best.into_values().collect()
    }

    /// Returns the job of this tag, if a row with it would be adopted: the job is in doubt, or may have been paid for
    /// without a record.
    fn wanted(
        &self,
        jobs: &JobTable,
        own: Option<&CampaignTags>,
        tag: &Tag,
    ) -> Option<(usize, Generation)> {
        let in_doubt = self.in_doubt.get(tag).copied();
        in_doubt.or_else(|| {
            let (index, generation) = own?.owner(tag)?;
            let job = &jobs[index];
            // Earlier generations of a reopened job are not wanted, except one that may have been accepted.
            let is_wanted = if jobs.pending.contains(&index) {
                job.state.generation <= generation || job.superseded(tag).is_some()
            } else {
                let is_newest = job.state.tag.as_ref() == Some(tag);
                is_newest && (jobs.in_doubt.contains(&index) || job.is_refused())
            };
            is_wanted.then_some((index, generation))
        })
    }
}

/// Returns a `PaidTwice` event for each further row of a job that has one, with the job.
pub(super) fn duplicates(
    jobs: &JobTable,
    own: &CampaignTags,
    listing: &Listing,
    rules: &dyn SafetyRules,
) -> Vec<(usize, JobEvent)> {
    let mut duplicates = Vec::new();
    for (report, tag) in tagged_rows(listing) {
        let remote = report.remote.clone();
        let Some((index, _)) = own.owner(&tag) else {
            continue;
        };
        // A copy made in the dashboard may have another text.
        let is_other = jobs.with_remote(&remote).is_some() || !rules.fits(report, &jobs[index]);
        if is_other || !rules.is_duplicate(&jobs[index].state, &tag, &remote) {
            continue;
        }
        let duplicate = (index, JobEvent::PaidTwice { remote });
        if !duplicates.contains(&duplicate) {
            duplicates.push(duplicate);
        }
    }
    duplicates
}

impl<'a> AdoptableRow<'a> {
    /// Returns the row that another record names for a job by its id. The tag in its name decides the generation.
    pub(super) fn named(
        jobs: &JobTable,
        own: &CampaignTags,
        campaign: &str,
        index: usize,
        report: &'a RenderReport,
    ) -> Self {
        let tags = report.name.as_deref().into_iter().flat_map(find_tags);
        let mut owned = tags.filter_map(|tag| {
            let (owner, generation) = own.owner(&tag)?;
            (owner == index).then_some((tag, generation))
        });
        let generation = jobs[index].state.generation;
        let (tag, generation) =
            owned.next().unwrap_or_else(|| (jobs[index].tag(campaign, generation), generation));
        Self { index, generation, tag, report }
    }

    /// Decides what becomes of the job: the row is adopted, or, if a new generation was asked for and the run may not have
    /// submitted it itself before a crash, the job is reopened as the generation after the one found.
    pub(super) fn event(
        self,
        jobs: &JobTable,
        may_reopen: bool,
        rules: &dyn SafetyRules,
    ) -> Option<JobEvent> {
        let job = &jobs[self.index];
        let is_in_doubt = jobs.in_doubt.contains(&self.index);
        // A row that is another job of ours already is a copy of it.
        let is_taken = jobs.with_remote(&self.report.remote).is_some();
        let is_open = is_in_doubt || jobs.pending.contains(&self.index) || job.is_refused();
        if is_taken || !is_open || !rules.fits(self.report, job) {
            return None;
        }
        // A render under way is not doubled, and a submit of this run before a crash is recognised by its attempts.
        let is_old = !is_in_doubt && job.state.attempts == 0 && self.report.status.is_final();
        if may_reopen && job.may_submit && is_old {
            return Some(JobEvent::Reopened { generation: self.generation.next() });
        }
        let (fingerprint, reserved, least) = rules.adopted_request(job, &self.tag);
        Some(JobEvent::Adopted {
            remote: self.report.remote.clone(),
            tag: self.tag,
            fingerprint,
            generation: self.generation,
            reserved,
            least,
        })
    }

    fn rank(&self) -> (Generation, Reverse<Option<Timestamp>>) {
        (self.generation, Reverse(self.report.created_at))
    }
}

/// Returns each row with each tag in its name.
fn tagged_rows(listing: &Listing) -> impl Iterator<Item = (&RenderReport, Tag)> {
    listing.found.iter().flat_map(|report| {
        let tags = report.name.as_deref().into_iter().flat_map(find_tags);
        tags.map(move |tag| (report, tag))
    })
}

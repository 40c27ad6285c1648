//! Adoption: taking over rows of the provider's list that are jobs of this campaign, by their tags. *Found* is always
//! believed, and what was paid for is never paid for again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::absence_proof::LONGEST_CREATE;
use super::evidence::{CLOCK_MARGIN, PendingProof};
use super::job_table::JobTable;
use super::rules::SafetyRules;
use crate::model::{
    CampaignTags, Fingerprint, Generation, JobEvent, JobId, Listing, PaidRow, RemoteId,
    RenderReport, RequestIndex, SupersededSubmit, Tag, Timestamp, find_tags,
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
    /// What it was made from, if that is not known from the job: it was paid for under another id or before an edit.
    fingerprint: Option<Fingerprint>,
}

/// A row that was paid for under another id, or with another request, than a job has now.
#[derive(Debug)]
struct UnknownRow<'a> {
    report: &'a RenderReport,
    paid: PaidRow,
}

/// The result of adopting rows.
#[derive(Debug, Default)]
pub(super) struct Adopted {
    /// Whether a job was adopted that was not in doubt, so its submit was unknown.
    pub(super) has_unknown: bool,
    /// Whether a later generation may be there too.
    pub(super) may_have_more: bool,
}

impl Adopted {
    /// Adds the result of adopting other rows.
    pub(super) const fn add(&mut self, other: &Self) {
        self.has_unknown |= other.has_unknown;
        self.may_have_more |= other.may_have_more;
    }
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
            let Some((index, generation)) = self.wanted(jobs, own, &tag, rules) else {
                continue;
            };
            if !rules.fits(report, &jobs[index]) {
                // A copy made in the dashboard keeps the name, and may have another text.
                continue;
            }
            let candidate = AdoptableRow { index, generation, tag, report, fingerprint: None };
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
        rules: &dyn SafetyRules,
    ) -> Option<(usize, Generation)> {
        let in_doubt = self.in_doubt.get(tag).copied();
        in_doubt.or_else(|| {
            let (index, generation) = own?.owner(tag)?;
            let job = &jobs[index];
            // Earlier generations of a reopened job are not wanted, except one that may have been accepted.
            let is_wanted = if jobs.pending.contains(&index) {
                let is_given_up = |left: &SupersededSubmit| left.remote.is_none();
                job.state.generation <= generation || job.superseded(tag).is_some_and(is_given_up)
            } else {
                let is_newest = job.state.tag.as_ref() == Some(tag);
                is_newest && (jobs.in_doubt.contains(&index) || job.is_refused())
                    || rules.is_newer(&job.state, generation)
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
        Self { index, generation, tag, report, fingerprint: None }
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
        let is_newer = rules.is_newer(&job.state, self.generation);
        let is_open =
            is_in_doubt || jobs.pending.contains(&self.index) || job.is_refused() || is_newer;
        let fits = || self.fingerprint.is_some() || rules.fits(self.report, job);
        if is_taken || !is_open || !fits() {
            return None;
        }
        // A render under way is not doubled, and a submit of this run before a crash is recognised by its attempts.
        let is_old = !is_in_doubt && job.state.attempts == 0 && self.report.status.is_final();
        if may_reopen && job.may_submit && is_old {
            return Some(JobEvent::Reopened { generation: self.generation.next() });
        }
        let (as_recorded, reserved, least) = rules.adopted_request(job, &self.tag);
        let fingerprint = self.fingerprint.unwrap_or(as_recorded);
        Some(JobEvent::Adopted {
            remote: self.report.remote.clone(),
            tag: self.tag,
            fingerprint,
            generation: self.generation,
            reserved,
            least,
        })
    }

    /// Checks whether the sheet asks for something else than the row was made from.
    pub(super) fn is_edited(&self, jobs: &JobTable) -> bool {
        let paid = self.fingerprint.as_ref();
        paid.is_some_and(|paid| *paid != jobs[self.index].spec.fingerprint)
    }

    fn rank(&self) -> (Generation, Reverse<Option<Timestamp>>) {
        (self.generation, Reverse(self.report.created_at))
    }
}

/// Returns the rows without a name that are jobs in doubt: made from the same, created while the job was being sent, and
/// with neither another such row nor another such job.
pub(super) fn nameless<'a>(jobs: &JobTable, listing: &'a Listing) -> Vec<AdoptableRow<'a>> {
    let is_unknown = |report: &&RenderReport| {
        let is_blank = report.name.as_deref().is_none_or(|name| name.trim().is_empty());
        is_blank && !jobs.is_recorded(&report.remote)
    };
    let rows: Vec<&RenderReport> = listing.found.iter().filter(is_unknown).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let is_made_from = |report: &RenderReport, index: usize| {
        !jobs[index].has_changed() && report.echo.describes(&jobs[index].spec.request)
    };
    let is_sent = |index: &usize| {
        let state = &jobs[*index].state;
        state.attempts > 0 && state.phase.remote().is_none()
    };
    let found = jobs.in_doubt.iter().filter_map(|index| {
        let job = &jobs[*index];
        let mut same = rows.iter().filter(|report| is_made_from(report, *index));
        let report = same.next().filter(|_| same.next().is_none())?;
        let mut others = (0..jobs.len()).filter(|other| other != index).filter(is_sent);
        let is_only_one = !others.any(|other| is_made_from(report, other));
        let (sent, created) = (job.state.submitted_at?, report.created_at?);
        let is_then = created.plus(CLOCK_MARGIN) >= sent
            && created <= sent.plus(LONGEST_CREATE).plus(CLOCK_MARGIN);
        (is_only_one && is_then).then_some(())?;
        Some(AdoptableRow {
            index: *index,
            generation: job.state.generation,
            tag: job.state.tag.clone()?,
            report,
            fingerprint: None,
        })
    });
    found.collect()
}

/// Returns the rows that were paid for under another id, or with another request, than a job without any record has now,
/// each with its job: the row of the same request, or else that of the same id, whose job was edited since. `unmatched`
/// are rows that other records name, with the jobs that they name them for. A row of one of the `other_shards` may have
/// the same request.
pub(super) fn paid_before_edits<'a>(
    campaign: &str,
    jobs: &JobTable,
    own: &CampaignTags,
    unpaid: &RequestIndex,
    other_shards: &BTreeSet<JobId>,
    unmatched: &'a [(Option<usize>, RenderReport)],
    listing: &'a Listing,
) -> Vec<AdoptableRow<'a>> {
    let is_known = |report: &RenderReport| {
        let mut tags = report.name.as_deref().into_iter().flat_map(find_tags);
        jobs.with_remote(&report.remote).is_some() || tags.any(|tag| own.owner(&tag).is_some())
    };
    let mut rows: BTreeMap<&RemoteId, UnknownRow<'a>> = BTreeMap::new();
    let named = unmatched.iter().map(|(named, report)| (*named, report));
    for (named, report) in named.chain(listing.found.iter().map(|report| (None, report))) {
        if !is_known(report)
            && let Some(paid) =
                unpaid.identify(report).or_else(|| as_named(campaign, jobs, named?, report))
            && !other_shards.contains(&paid.job)
        {
            rows.entry(&report.remote).or_insert(UnknownRow { report, paid });
        }
    }
    // The newest generation counts; of several rows of one, the first that was accepted.
    let mut rows: Vec<UnknownRow<'a>> = rows.into_values().collect();
    rows.sort_by_key(|row| (Reverse(row.paid.generation), row.report.created_at));
    let mut tags = HashSet::new();
    rows.retain(|row| tags.insert(row.paid.tag.clone()));

    let open = || jobs.pending.iter().filter(|index| jobs[**index].is_unsubmitted());
    let mut of_request: HashMap<&Fingerprint, VecDeque<usize>> = HashMap::new();
    for index in open() {
        of_request.entry(&jobs[*index].spec.fingerprint).or_default().push_back(*index);
    }
    // The jobs that have a row, with the ids that these were paid for under.
    let mut taken: HashMap<usize, JobId> = HashMap::new();
    let mut adoptable = Vec::new();
    let mut adopt = |index: usize, row: UnknownRow<'a>, taken: &mut HashMap<usize, JobId>| {
        let PaidRow { job, tag, fingerprint, generation } = row.paid;
        taken.insert(index, job);
        let fingerprint = Some(fingerprint);
        adoptable.push(AdoptableRow { index, generation, tag, report: row.report, fingerprint });
    };
    let mut others = Vec::new();
    for row in rows {
        let same = of_request.get_mut(&row.paid.fingerprint);
        match same.and_then(VecDeque::pop_front) {
            Some(index) => adopt(index, row, &mut taken),
            None => others.push(row),
        }
    }
    let is_open: HashSet<usize> = open().copied().collect();
    for row in others {
        // If rows were renumbered, the ids lead to the one that was edited.
        let mut next = jobs.index_of(&row.paid.job);
        let mut left = taken.len();
        while let Some(job) = next.and_then(|index| taken.get(&index)).filter(|_| left > 0) {
            next = jobs.index_of(job);
            left -= 1;
        }
        let is_free = |index: &usize| is_open.contains(index) && !taken.contains_key(index);
        if let Some(index) = next.filter(is_free) {
            adopt(index, row, &mut taken);
        }
    }
    adoptable
}

/// Returns what a row was paid for as if another record names it for a job, and its name proves nothing.
fn as_named(
    campaign: &str,
    jobs: &JobTable,
    named: usize,
    report: &RenderReport,
) -> Option<PaidRow> {
    let spec = &jobs[named].spec;
    let fingerprint = Fingerprint::of(&report.echo.change(&spec.request)?);
    let generation = jobs[named].state.generation;
    let shown = report.name.as_deref().into_iter().flat_map(find_tags).next();
    let tag = shown.unwrap_or_else(|| Tag::of(campaign, &spec.id, &fingerprint, generation));
    Some(PaidRow { job: spec.id.clone(), tag, fingerprint, generation })
}

/// Returns each row with each tag in its name.
fn tagged_rows(listing: &Listing) -> impl Iterator<Item = (&RenderReport, Tag)> {
    listing.found.iter().flat_map(|report| {
        let tags = report.name.as_deref().into_iter().flat_map(find_tags);
        tags.map(move |tag| (report, tag))
    })
}

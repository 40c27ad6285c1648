//! Whether a job of the sheet is paid for already under another identity.
//!
//! [`identify`] gives one answer for each job: by its id, by its request, and by what other folders have recorded.
//! Everything else takes these answers: a job that continues a recorded one gets its id, and with it its tag and file.

mod lost_journal;
mod other_journals;
mod resolve;
mod resolved_ids;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use icu_normalizer::ComposingNormalizerBorrowed;

pub(crate) use self::lost_journal::{
    is_journal_behind, named_remotes, results_name_unknown_jobs, shows_accepted_jobs,
};
pub(crate) use self::other_journals::PaidVideo;
pub(crate) use self::resolved_ids::ResolvedIds;
use crate::model::{Credits, Fingerprint, Generation, JobId, JobSpec, JobState, Phase, Speech};
use crate::report::Summary;
use crate::report::plan::ReplacedRows;

/// The number of characters of a fingerprint that distinguish a new job from a paid one with its id.
const HASH_LENGTH: usize = 12;

/// Whether, and as which job, a job of the sheet is paid for already.
#[derive(Debug, Clone, PartialEq, Eq)]
enum JobIdentity {
    /// It is not paid for.
    New,
    /// It is paid for under its own id, perhaps with another request: an edited row keeps its video.
    Known,
    /// It has the request of the paid job with this index.
    ContinuesAs(usize),
    /// It is the row of the paid job with this index, with another request and another id.
    Edited(usize),
    /// It is not paid for, and its id is that of a paid job that another row continues. So it gets this one.
    Displaced(JobId),
    /// Another campaign has paid for its request.
    PaidElsewhere,
}

/// A paid job in a journal of the campaign.
#[derive(Debug, Clone)]
struct PaidJob {
    id: JobId,
    /// The request of its newest submit.
    request: Fingerprint,
    /// The job as last planned, if it is in the journal of this folder.
    spec: Option<Arc<JobSpec>>,
}

/// Returns for each of `jobs` whether it is one of `paid`, or else paid for in another campaign, by the number of jobs
/// there for each request.
///
/// Equal ids and requests are matched first, then equal requests, then requests that differ in characters that look
/// the same, then ids. Each paid job has at most one row. The answers do not depend on the order of the arguments.
fn identify(
    jobs: &[Arc<JobSpec>],
    paid: &[PaidJob],
    mut elsewhere: HashMap<Fingerprint, usize>,
) -> Vec<JobIdentity> {
    let mut matching = Matching {
        jobs,
        paid,
        answers: vec![JobIdentity::New; jobs.len()],
        open: (0..jobs.len()).collect(),
        rows: vec![None; paid.len()],
        free: (0..paid.len()).collect(),
    };
    let known = |_| JobIdentity::Known;
    matching.pair(|job| Some((&job.id, &job.fingerprint)), |it| Some((&it.id, &it.request)), known);
    matching.open.sort_by_cached_key(|index| natural_order(&jobs[*index].id));
    matching.free.sort_by_cached_key(|index| natural_order(&paid[*index].id));
    let same = JobIdentity::ContinuesAs;
    matching.pair(
        |job| Some((job.former_id.as_ref()?, &job.fingerprint)),
        |it| Some((&it.id, &it.request)),
        same,
    );
    matching.pair(|job| Some(&job.fingerprint), |it| Some(&it.request), same);
    matching.pair(|job| Some((&job.id, plain(job))), |it| Some((&it.id, it.plain()?)), same);
    matching.pair(|job| Some(plain(job)), PaidJob::plain, same);
    let own_id = |it: &PaidJob| it.spec.as_ref().map(|_| it.id.clone());
    matching.pair(|job| Some(job.id.clone()), own_id, known);
    matching.follow_taken_ids();
    let own_number = |it: &PaidJob| it.spec.as_ref().map(|_| without_zeros(&it.id));
    matching.pair(|job| Some(without_zeros(&job.id)), own_number, JobIdentity::Edited);
    for index in matching.open {
        let left = elsewhere.get_mut(&jobs[index].fingerprint).filter(|left| **left > 0);
        if let (Some(left), JobIdentity::New) = (left, &matching.answers[index]) {
            *left -= 1;
            matching.answers[index] = JobIdentity::PaidElsewhere;
        }
    }
    matching.answers
}

/// Jobs of the sheet and paid jobs, and which of them belong together so far.
struct Matching<'a> {
    jobs: &'a [Arc<JobSpec>],
    paid: &'a [PaidJob],
    answers: Vec<JobIdentity>,
    /// The jobs without an answer.
    open: Vec<usize>,
    /// The row of each paid job, once it is known.
    rows: Vec<Option<usize>>,
    /// The paid jobs without a row.
    free: Vec<usize>,
}

impl<'a> Matching<'a> {
    /// Pairs open jobs with free paid jobs of the same key, in order.
    fn pair<K: Eq + Hash>(
        &mut self,
        job_key: impl Fn(&'a JobSpec) -> Option<K>,
        paid_key: impl Fn(&'a PaidJob) -> Option<K>,
        answer: impl Fn(usize) -> JobIdentity,
    ) {
        let mut of_key: HashMap<K, VecDeque<usize>> = HashMap::new();
        for index in self.free.iter().filter(|_| !self.open.is_empty()) {
            if let Some(key) = paid_key(&self.paid[*index]) {
                of_key.entry(key).or_default().push_back(*index);
            }
        }
        if of_key.is_empty() {
            return;
        }
        let (jobs, answers, rows) = (self.jobs, &mut self.answers, &mut self.rows);
        self.open.retain(|job| {
            let same = job_key(&jobs[*job]).and_then(|key| of_key.get_mut(&key)?.pop_front());
            if let Some(paid) = same {
                answers[*job] = answer(paid);
                rows[paid] = Some(*job);
            }
            same.is_none()
        });
        self.free.retain(|paid| rows[*paid].is_none());
    }

    /// Answers for the open jobs whose id is that of a paid job which another row continues. Usually the ids were
    /// renumbered. If the ids of these rows lead to a paid job without a row, as many rows are there as before, and this
    /// one was edited. Otherwise it was inserted, and is new.
    fn follow_taken_ids(&mut self) {
        let ids: HashMap<&JobId, usize> = self.paid.iter().map(|paid| &paid.id).zip(0..).collect();
        for job in std::mem::take(&mut self.open) {
            let mut next = ids.get(&self.jobs[job].id);
            let is_taken = next.is_some_and(|paid| self.rows[*paid].is_some());
            // Every paid job has one row, and each row one id, so this ends.
            while let Some(row) = next.and_then(|paid| self.rows[*paid]) {
                next = ids.get(&self.jobs[row].id);
            }
            match next.filter(|paid| is_taken && self.paid[**paid].spec.is_some()) {
                Some(paid) => {
                    self.answers[job] = JobIdentity::Edited(*paid);
                    self.rows[*paid] = Some(job);
                }
                None if is_taken => {
                    self.answers[job] = JobIdentity::Displaced(displaced_id(&self.jobs[job]));
                }
                None => self.open.push(job),
            }
        }
        self.free.retain(|paid| self.rows[*paid].is_none());
    }
}

impl PaidJob {
    /// Returns its [`plain`] request, if the journal has the request that was paid for.
    fn plain(&self) -> Option<Fingerprint> {
        let spec = self.spec.as_ref().filter(|spec| spec.fingerprint == self.request);
        spec.map(|spec| plain(spec))
    }
}

/// Returns the hash of the job's request without differences that are not heard: composed letters, and straight quotes.
fn plain(job: &JobSpec) -> Fingerprint {
    let Speech::Text(text) = &job.request.speech else {
        return job.fingerprint.clone();
    };
    if text.is_ascii() {
        return job.fingerprint.clone();
    }
    let straight = |character| match character {
        '‘' | '’' | '‚' | '‛' => '\'',
        '“' | '”' | '„' | '‟' => '"',
        other => other,
    };
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let text: String = composed.chars().map(straight).collect();
    let mut request = (*job.request).clone();
    request.speech = Speech::Text(text.into());
    Fingerprint::of(&request)
}

/// Returns a key by which ids are in the order of their numbers.
fn natural_order(id: &JobId) -> (String, JobId) {
    (map_numbers(id, |number| format!("{number:0>20}")), id.clone())
}

/// Returns the id without leading zeros, in small letters: spreadsheets take ids for numbers.
fn without_zeros(id: &JobId) -> String {
    let id = map_numbers(id, |number| format!("{:0>1}", number.trim_start_matches('0')));
    id.to_lowercase()
}

/// Returns the id with each of its numbers replaced.
fn map_numbers(id: &JobId, replace: impl Fn(&str) -> String) -> String {
    let id = id.as_str().as_bytes();
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let parts = id.chunk_by(|one, other| is_digit(one) == is_digit(other));
    let text = parts.map(|part| {
        let text = String::from_utf8_lossy(part);
        if is_digit(&part[0]) { replace(&text) } else { text.into_owned() }
    });
    text.collect()
}

/// Returns an id for a new job whose own id is recorded with another request. The same job gets it again.
fn displaced_id(job: &JobSpec) -> JobId {
    let hash = &job.fingerprint.as_str()[..HASH_LENGTH];
    let id = job.id.as_str();
    let room = JobId::MAX_LENGTH - HASH_LENGTH - 1;
    let id = format!("{}-{hash}", &id[..id.len().min(room)]);
    id.parse().expect("the beginning of an id, a dash and letters and digits are an id")
}

/// Checks whether a job in this phase has, or may have, a paid video.
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

/// Checks whether the job has, or may have, cost something.
pub(super) fn is_paid(state: &JobState) -> bool {
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

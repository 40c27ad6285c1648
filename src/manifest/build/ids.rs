//! The ids of jobs, unique in the plan.

use std::collections::HashMap;
use std::sync::Arc;

use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::Field;
use crate::model::{JobId, Note};

use super::slug::{normalize_id, slug};
use super::validated_job::{ValidatedJob, disambiguate, group_by_raw_job};
use crate::util::text::fold_name;

/// An id that a row or item gives, even if the rest of it is invalid.
pub(crate) struct ExplicitId {
    /// The index of the row or item.
    pub(crate) raw_job: usize,
    /// The id as [`normalize_id`] returns it.
    pub(crate) text: String,
    /// The id as it is written.
    pub(crate) written: Arc<str>,
    pub(crate) place: Place,
}

/// Checks whether an id is a word that programs write for an empty cell.
pub(crate) fn is_placeholder(id: &str) -> bool {
    let words =
        ["null", "(null)", "<null>", "none", "nil", "nan", "undefined", "n/a", "#n/a", "#nv"];
    words.contains(&id.to_lowercase().as_str())
}

/// Reports each id that two rows or items give. `ids` is in their order.
pub(crate) fn report_duplicate_ids(ids: &[ExplicitId], findings: &mut [Findings]) {
    let mut first_of: HashMap<String, &ExplicitId> = HashMap::new();
    for id in ids {
        let first = *first_of.entry(fold_name(&id.text)).or_insert(id);
        if first.raw_job == id.raw_job {
            continue;
        }
        let (text, place) = (quote(&id.text), first.place.label());
        let message = if first.written.trim() != id.written.trim() && first.text == id.text {
            let (one, other) = (quote(first.written.trim()), quote(id.written.trim()));
            format!("the ids {one} at {place} and {other} are both {text}")
        } else if first.text == id.text {
            format!("duplicate id {text}; first at {place}")
        } else {
            format!("the id {text} differs only in case from the id at {place}")
        };
        let help = "give each row its own id; rows without an id get one from their content";
        findings[id.raw_job].problem(Problem::at(&id.place, message).help(help));
    }
}

/// Returns the ids of the jobs of one row before they are compared with other rows.
pub(crate) fn default_ids(jobs: &[ValidatedJob]) -> Vec<String> {
    let explicit = explicit_ids(jobs).into_iter().zip(jobs);
    explicit.map(|(explicit, job)| explicit.unwrap_or_else(|| job.content_id())).collect()
}

/// Assigns the id of each job, explicit ids first. A job whose id is wrong gets none, which is in the findings of its
/// row.
pub(crate) fn assign_ids(jobs: &[ValidatedJob], findings: &mut [Findings]) -> Vec<Option<JobId>> {
    let mut assigner = IdAssigner {
        jobs,
        ids: vec![None; jobs.len()],
        taken: HashMap::new(),
        next_copy: HashMap::new(),
    };
    let mut without_id = Vec::new();
    for range in group_by_raw_job(jobs) {
        let explicit = explicit_ids(&jobs[range.clone()]);
        for (index, explicit) in range.zip(explicit) {
            match explicit {
                Some(id) => assigner.assign(index, &id, &mut findings[jobs[index].raw_job]),
                None => without_id.push(index),
            }
        }
    }
    for index in without_id {
        let job = &jobs[index];
        assigner.assign_or_copy(index, &job.content_id());
    }
    assigner.ids
}

/// Returns the jobs that make the same video as an earlier one, with a note about that.
pub(crate) fn find_copies(jobs: &[ValidatedJob]) -> Vec<(usize, Note)> {
    let mut first_of: HashMap<&str, &ValidatedJob> = HashMap::new();
    let copies = jobs.iter().enumerate().filter_map(|(index, job)| {
        let first = *first_of.entry(job.fingerprint.as_str()).or_insert(job);
        let message = if first.raw_job == job.raw_job {
            "this makes the same video twice".to_owned()
        } else {
            format!("this is the same video as {}", first.place.label())
        };
        (!std::ptr::eq(first, job)).then(|| (index, Note { place: job.place.label(), message }))
    });
    copies.collect()
}

struct IdAssigner<'m> {
    jobs: &'m [ValidatedJob],
    ids: Vec<Option<JobId>>,
    /// The index of the job with each id.
    taken: HashMap<String, usize>,
    /// The next number for a copy of each id.
    next_copy: HashMap<String, usize>,
}

impl IdAssigner<'_> {
    /// Assigns an explicit id, or reports why it cannot be used.
    fn assign(&mut self, index: usize, explicit: &str, findings: &mut Findings) {
        let job = &self.jobs[index];
        let Some(id) = parse_id(job, explicit, findings) else {
            return;
        };
        let first = self.taken.get(&fold_name(id.as_str()));
        match first.map(|first| &self.jobs[*first]) {
            // An id with a suffix is equal to the id of another row.
            Some(first) if first.raw_job != job.raw_job => {
                let first = first.place.label();
                let message = format!("the row at {first} has the id `{id}` too");
                let problem = Problem::at(&id_place(job), message);
                findings.problem(problem.help("change one of the two ids"));
            }
            Some(_) | None => self.assign_or_copy(index, id.as_str()),
        }
    }

    /// Assigns an id. If it is taken by an equal job, the id gets a number; if it is taken by another one, the whole
    /// fingerprint.
    fn assign_or_copy(&mut self, index: usize, id: &str) {
        let own = self.jobs[index].fingerprint.as_str();
        let first = self.taken.get(&fold_name(id)).map(|first| &self.jobs[*first].fingerprint);
        let longer = first.filter(|first| first.as_str() != own).map(|_| {
            let room = JobId::MAX_LENGTH - own.len() - 1;
            format!("{}-{own}", &id[..id.len().min(room)])
        });
        let id = longer.as_deref().unwrap_or(id);
        let mut free = id.to_owned();
        if self.taken.contains_key(&fold_name(id)) {
            let number = self.next_copy.entry(fold_name(id)).or_insert(2);
            while self.taken.contains_key(&fold_name(&free)) {
                let room = JobId::MAX_LENGTH - number.to_string().len() - 1;
                free = format!("{}-{number}", &id[..id.len().min(room)]);
                *number += 1;
            }
        }
        self.taken.insert(fold_name(&free), index);
        let id = free.parse();
        self.ids[index] =
            Some(id.expect("made of a slug, a ratio, a hash and a number, or a valid id"));
    }
}

/// Returns the explicit ids of the jobs of one row, with suffixes where they are equal.
fn explicit_ids(jobs: &[ValidatedJob]) -> Vec<Option<String>> {
    let explicit = jobs.iter().map(|job| match &job.recorded_id {
        Some(recorded) => Some(recorded.to_string()),
        None => normalize_id(&written_id(job)?.text),
    });
    let mut ids: Vec<Option<String>> = explicit.collect();
    disambiguate(&mut ids, jobs);
    ids
}

fn written_id(job: &ValidatedJob) -> Option<&Value> {
    job.validated.combination.get(Field::Id)
}

fn id_place(job: &ValidatedJob) -> Place {
    written_id(job).map_or_else(|| job.place.clone(), |value| value.place.clone())
}

fn parse_id(job: &ValidatedJob, id: &str, findings: &mut Findings) -> Option<JobId> {
    let place = id_place(job);
    match id.parse::<JobId>() {
        Ok(id) => {
            let written = written_id(job).map_or("", |value| value.text.trim());
            let is_changed = normalize_id(written).is_some_and(|id| id != written);
            if is_changed && job.recorded_id.is_none() {
                let message = format!("the id {} is used as `{id}`", quote(written));
                findings.note(&place, message);
            }
            Some(id)
        }
        Err(invalid) => {
            let written = written_id(job).map_or(id, |written| written.text.trim());
            let message = format!("{} cannot be an id: {}", quote(written), invalid.rule);
            let suggestion = slug(id, JobId::MAX_LENGTH - 20);
            let help = if suggestion.is_empty() {
                "use letters, digits, `.`, `_` and `-`, such as `spring-01`".to_owned()
            } else {
                format!("such as `{suggestion}`")
            };
            findings.problem(Problem::at(&place, message).help(help));
            None
        }
    }
}

//! The ids of jobs, unique in the whole plan: [`assign_ids`].

use std::collections::HashMap;

use crate::model::JobId;

use crate::manifest::build::slug::fold_case;
use crate::manifest::build::slug::slug;
use crate::manifest::build::validated_job::{ValidatedJob, disambiguate, group_by_raw_job};
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::schema::field::Field;

/// An id that a row or item gives, whether or not the rest of it is right.
pub(crate) struct ExplicitId {
    /// The draft that gives it.
    pub(crate) draft: usize,
    /// The id, spaces made dashes.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
}

/// `text` as an id: trimmed, spaces made dashes. `None` if nothing is left.
pub(crate) fn normalize_id(text: &str) -> Option<String> {
    let text = text.trim();
    let normalize_id = if text.contains(char::is_whitespace) {
        text.split_whitespace().collect::<Vec<_>>().join("-")
    } else {
        text.to_owned()
    };
    (!normalize_id.is_empty()).then_some(normalize_id)
}

/// Reports every id that two rows or items give. `given` is in their order.
pub(crate) fn report_duplicate_ids(given: &[ExplicitId], findings: &mut [Findings]) {
    let mut first_of: HashMap<String, &ExplicitId> = HashMap::new();
    for id in given {
        let first = *first_of.entry(fold_case(&id.text)).or_insert(id);
        if first.draft == id.draft {
            continue;
        }
        let (text, place) = (words::quoted(&id.text), first.place.label());
        let message = if first.text == id.text {
            format!("the id {text} is given twice; first at {place}")
        } else {
            format!("the id {text} differs only in case from the one at {place}")
        };
        let help = "each row needs an id of its own; rows without one get one by their content";
        findings[id.draft].problem(Problem::at(&id.place, message).help(help));
    }
}

/// The ids the jobs of one draft have if no other draft is in their way.
pub(crate) fn default_ids(jobs: &[ValidatedJob]) -> Vec<String> {
    let mut given: Vec<Option<String>> = jobs.iter().map(explicit_id).collect();
    disambiguate(&mut given, jobs);
    let ids = given.into_iter().zip(jobs);
    ids.map(|(given, job)| given.unwrap_or_else(|| job.content_id()))
        .collect()
}

/// The id of every job: the given ones first, so that none of them gives way to one made from content.
/// A job that cannot have its id gets none, and its draft's findings say why.
pub(crate) fn assign_ids(made: &[ValidatedJob], findings: &mut [Findings]) -> Vec<Option<JobId>> {
    let mut ids = Ids {
        made,
        given: vec![None; made.len()],
        taken: HashMap::new(),
        next_copy: HashMap::new(),
    };
    for range in group_by_raw_job(made) {
        let jobs = &made[range.clone()];
        let mut given: Vec<Option<String>> = jobs.iter().map(explicit_id).collect();
        disambiguate(&mut given, jobs);
        for (index, given) in range.zip(given) {
            if let Some(given) = given {
                ids.give(index, &given, &mut findings[made[index].draft]);
            }
        }
    }
    for (index, job) in made.iter().enumerate() {
        if explicit_id(job).is_none() {
            ids.take_or_copy(index, &job.content_id(), &mut findings[job.draft]);
        }
    }
    ids.given
}

/// The ids given so far.
struct Ids<'m> {
    made: &'m [ValidatedJob],
    given: Vec<Option<JobId>>,
    /// Whose each id is.
    taken: HashMap<String, usize>,
    /// The number to try next for a copy of each id.
    next_copy: HashMap<String, usize>,
}

impl Ids<'_> {
    /// Gives a job the id its row says.
    fn give(&mut self, index: usize, given: &str, findings: &mut Findings) {
        let job = &self.made[index];
        let Some(id) = checked_id(job, given, findings) else {
            return;
        };
        let first = self.taken.get(&fold_case(id.as_str())).copied();
        match first.filter(|first| self.made[*first].draft != job.draft) {
            // Told apart as it was, it has met the id of another row.
            Some(first) => {
                let first = self.made[first].place.label();
                let message = format!("the id `{id}` is also made by the row at {first}");
                let problem = Problem::at(&id_place(job), message);
                findings.problem(problem.help("change one of the two ids"));
            }
            None => self.take_or_copy(index, id.as_str(), findings),
        }
    }

    /// Gives a job an id, or one like it if that is taken: the job is the same as an earlier one.
    fn take_or_copy(&mut self, index: usize, id: &str, findings: &mut Findings) {
        let mut free = id.to_owned();
        if let Some(first) = self.taken.get(&fold_case(id)).copied() {
            let number = self.next_copy.entry(fold_case(id)).or_insert(2);
            while self.taken.contains_key(&fold_case(&free)) {
                let room = JobId::MAX_LENGTH - number.to_string().len() - 1;
                free = format!("{}-{number}", &id[..id.len().min(room)]);
                *number += 1;
            }
            let first = self.made[first].place.label();
            let message = format!("this makes the same video as {first}; both are made");
            findings.note(&self.made[index].place, message);
        }
        self.taken.insert(fold_case(&free), index);
        let id = free.parse();
        self.given[index] =
            Some(id.expect("made of a slug, a ratio, a hash and a number, or an accepted id"));
    }
}

/// The id that is given, with spaces made dashes.
fn explicit_id(job: &ValidatedJob) -> Option<String> {
    if let Some(former) = &job.recorded_id {
        return Some(former.to_string());
    }
    normalize_id(&job.checked.combination.get(Field::Id)?.text)
}

fn id_place(job: &ValidatedJob) -> Place {
    let given = job.checked.combination.get(Field::Id);
    given.map_or_else(|| job.place.clone(), |value| value.place.clone())
}

fn checked_id(job: &ValidatedJob, given: &str, findings: &mut Findings) -> Option<JobId> {
    let place = id_place(job);
    match given.parse::<JobId>() {
        Ok(id) => {
            let written = job.checked.combination.get(Field::Id);
            if let Some(written) = written
                && written.text.trim().contains(char::is_whitespace)
                && job.recorded_id.is_none()
            {
                let written = words::quoted(written.text.trim());
                findings.note(&place, format!("the id {written} is used as `{id}`"));
            }
            Some(id)
        }
        Err(invalid) => {
            let message = format!("{} cannot be an id: {}", words::quoted(given), invalid.rule);
            let suggestion = slug(given, JobId::MAX_LENGTH - 20);
            let help = if suggestion.is_empty() {
                "letters, digits, `.`, `_` and `-`, such as `spring-01`".to_owned()
            } else {
                format!("`{suggestion}` would do")
            };
            findings.problem(Problem::at(&place, message).help(help));
            None
        }
    }
}

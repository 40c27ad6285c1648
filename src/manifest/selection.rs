//! The selection of jobs by `--only`, `--limit` and `--sample`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::JobSpec;

use super::diagnostics::text::{closest_match, quote};

/// `--only`, `--limit` and `--sample`, applied in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The ids of the selected jobs, or the numbers or cells of their rows; all if empty. The id of a row selects all its
    /// jobs.
    pub only: Vec<String>,
    /// The most jobs, from the top.
    pub limit: Option<usize>,
    /// The number of jobs of a sample, spread over personas, ratios and models.
    pub sample: Option<usize>,
}

/// No job has this id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no job {}{}", quote(.id), .near.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?")))]
pub(crate) struct UnknownJob {
    /// The unknown id.
    pub id: String,
    /// The most similar id.
    pub near: Option<String>,
}

impl Selection {
    /// Returns for each of `jobs` whether it is selected.
    ///
    /// # Errors
    ///
    /// The first id of `only` that no job has.
    pub(crate) fn choose(&self, jobs: &[Arc<JobSpec>]) -> Result<Vec<bool>, UnknownJob> {
        let mut chosen = vec![self.only.is_empty(); jobs.len()];
        let rows = if self.only.is_empty() { HashMap::new() } else { by_origin(jobs) };
        for id in &self.only {
            let mut found = false;
            for (chosen, job) in chosen.iter_mut().zip(jobs) {
                let row = rows.get(&(job.origin.file.as_ref(), job.origin.line));
                if job.id.as_str() == id || row.is_some_and(|row| is_row(id, row)) {
                    *chosen = true;
                    found = true;
                }
            }
            for index in jobs_of_row(id, jobs).into_iter().filter(|_| !found) {
                chosen[index] = true;
            }
            if !found && jobs_of_row(id, jobs).is_empty() {
                let near = closest_match(id, jobs.iter().map(|job| job.id.as_str()));
                return Err(UnknownJob { id: id.clone(), near: near.map(str::to_owned) });
            }
        }
        if let Some(limit) = self.limit {
            let kept = chosen.iter_mut().filter(|chosen| **chosen);
            kept.skip(limit).for_each(|chosen| *chosen = false);
        }
        if let Some(count) = self.sample {
            chosen = sample(jobs, &chosen, count);
        }
        Ok(chosen)
    }
}

/// Returns the indices of the jobs of the row that `reference` names: by its number in messages (`5`), or by a cell
/// (`A5`). Returns none if ids have the same form, or if several files have such a row.
pub(crate) fn jobs_of_row(reference: &str, jobs: &[Arc<JobSpec>]) -> Vec<usize> {
    let Some(line) = row_number(reference) else {
        return Vec::new();
    };
    let of_row: Vec<usize> = (0..jobs.len()).filter(|at| jobs[*at].origin.line == line).collect();
    let mut files = of_row.iter().map(|at| &jobs[*at].origin.file);
    let first = files.next();
    let is_ambiguous = files.any(|file| Some(file) != first)
        || jobs.iter().any(|job| {
            let id = job.id.as_str();
            row_number(id).is_some() && is_cell(id) == is_cell(reference)
        });
    if is_ambiguous { Vec::new() } else { of_row }
}

/// Returns the row of `5`, `A5` or `a5`.
fn row_number(reference: &str) -> Option<u32> {
    let number = reference.trim_start_matches(|first: char| first.is_ascii_alphabetic());
    let is_number = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_cell = reference.len() - number.len() <= 3;
    (is_number && is_cell).then(|| number.parse().ok()).flatten()
}

/// Checks whether a reference to a row is a cell (`A5`), not a number.
fn is_cell(reference: &str) -> bool {
    reference.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Returns the ids of the jobs of each row or item, by its place.
fn by_origin(jobs: &[Arc<JobSpec>]) -> HashMap<(&str, u32), Vec<&str>> {
    let mut ids: HashMap<(&str, u32), Vec<&str>> = HashMap::new();
    for job in jobs {
        let origin = (job.origin.file.as_ref(), job.origin.line);
        ids.entry(origin).or_default().push(job.id.as_str());
    }
    ids
}

/// Whether `id` is the common beginning of the ids of a row with several jobs. `spring` is the row of `spring-9x16` and
/// `spring-1x1`, but not of `spring-sale`, which is the only job of its row.
fn is_row(id: &str, jobs_of_row: &[&str]) -> bool {
    let begins = |job: &&str| job.strip_prefix(id).is_some_and(|rest| rest.starts_with('-'));
    jobs_of_row.len() > 1 && jobs_of_row.iter().all(begins)
}

/// Selects `count` of the jobs in `from`, each time the one whose persona, voice, ratio and model have been selected
/// least.
fn sample(jobs: &[Arc<JobSpec>], from: &[bool], count: usize) -> Vec<bool> {
    let mut chosen = vec![false; jobs.len()];
    // Equal jobs are grouped, so that each kind is compared only once.
    let mut kinds: BTreeMap<[&str; 4], Vec<usize>> = BTreeMap::new();
    for (index, job) in jobs.iter().enumerate().filter(|(index, _)| from[*index]) {
        kinds.entry(kind(job)).or_default().push(index);
    }
    for waiting in kinds.values_mut() {
        waiting.reverse();
    }
    let mut taken: HashMap<(usize, &str), usize> = HashMap::new();
    for _ in 0..count {
        let score = |kind: &[&str; 4]| {
            let values = kind.iter().enumerate();
            let times = values.map(|value| taken.get(&(value.0, *value.1)).copied().unwrap_or(0));
            times.sum::<usize>()
        };
        let next = kinds
            .iter()
            .filter_map(|(kind, waiting)| Some((score(kind), *waiting.last()?, *kind)))
            .min();
        let Some((_, index, kind)) = next else {
            break;
        };
        chosen[index] = true;
        kinds.get_mut(&kind).map(Vec::pop);
        for value in kind.into_iter().enumerate() {
            *taken.entry(value).or_default() += 1;
        }
    }
    chosen
}

fn kind(job: &JobSpec) -> [&str; 4] {
    let request = &job.request;
    [
        &request.persona,
        request.voice.as_deref().unwrap_or_default(),
        request.aspect_ratio.as_str(),
        request.model_version.as_str(),
    ]
}

#[cfg(test)]
mod tests {
    use crate::model::{AspectRatio, Origin, Speech, VideoRequest};

    use super::*;

    fn job(id: &str, line: u32, persona: &str, ratio: AspectRatio) -> Arc<JobSpec> {
        let request = VideoRequest::new(Speech::Text("Hi".into()), persona, ratio);
        let origin = Origin { file: "a.csv".into(), line };
        JobSpec::new(id.parse().unwrap(), request, origin).into()
    }

    fn jobs() -> Vec<Arc<JobSpec>> {
        use AspectRatio::{Landscape, Portrait, Square};
        vec![
            job("a-anna-9x16", 2, "anna", Portrait),
            job("a-anna-1x1", 2, "anna", Square),
            job("a-ben-9x16", 2, "ben", Portrait),
            job("a-ben-1x1", 2, "ben", Square),
            job("b", 3, "anna", Portrait),
            job("a-sale", 4, "anna", Landscape),
        ]
    }

    fn chosen(selection: &Selection) -> Vec<usize> {
        let chosen = selection.choose(&jobs()).unwrap();
        (0..chosen.len()).filter(|index| chosen[*index]).collect()
    }

    fn only(ids: &[&str]) -> Selection {
        Selection { only: ids.iter().map(|id| (*id).to_owned()).collect(), ..Selection::default() }
    }

    #[test]
    fn jobs_are_chosen_by_their_ids_or_their_rows() {
        assert_eq!(chosen(&Selection::default()), [0, 1, 2, 3, 4, 5]);
        assert_eq!(chosen(&only(&["b", "a-ben-1x1"])), [3, 4]);
        assert_eq!(chosen(&only(&["a"])), [0, 1, 2, 3]);
        assert!(only(&["a-ben"]).choose(&jobs()).is_err());
        let error = only(&["a-seal"]).choose(&jobs()).unwrap_err();
        assert_eq!(error.to_string(), "there is no job `a-seal`; did you mean `a-sale`?");
        assert_eq!(
            only(&["zzz"]).choose(&jobs()).unwrap_err().to_string(),
            "there is no job `zzz`"
        );
    }

    #[test]
    fn jobs_are_chosen_by_their_rows_and_cells() {
        assert_eq!(chosen(&only(&["2", "c4"])), [0, 1, 2, 3, 5]);
        assert_eq!(chosen(&only(&["a3"])), chosen(&only(&["A3"])));
        for wrong in ["5", "a9", "03", "ABCD3", "A", "3B", ""] {
            assert!(only(&[wrong]).choose(&jobs()).is_err(), "{wrong}");
        }
        // An id wins, and if ids have the form of rows, no row is meant.
        let mut jobs = jobs();
        jobs.push(job("3", 9, "anna", AspectRatio::Square));
        let chosen = only(&["3"]).choose(&jobs).unwrap();
        assert_eq!(chosen.iter().position(|chosen| *chosen), Some(6));
        assert!(only(&["4"]).choose(&jobs).is_err());
        // Only ids such as `A3` could be taken for a cell.
        let chosen = only(&["A3"]).choose(&jobs).unwrap();
        assert_eq!(chosen.iter().position(|chosen| *chosen), Some(4));
        // Rows of two files are not distinguished by a number.
        let other = Origin { file: "b.csv".into(), line: 4 };
        jobs[6] = Arc::new(JobSpec { origin: other, ..JobSpec::clone(&jobs[5]) });
        assert!(only(&["4"]).choose(&jobs).is_err());
    }

    #[test]
    fn a_limit_counts_from_the_top() {
        let selection = Selection { limit: Some(2), ..only(&["b", "a-sale", "a-ben-1x1"]) };
        assert_eq!(chosen(&selection), [3, 4]);
    }

    #[test]
    fn a_sample_is_spread() {
        let sample = |count| Selection { sample: Some(count), ..Selection::default() };
        assert_eq!(chosen(&sample(1)), [0]);
        assert_eq!(chosen(&sample(2)), [0, 3], "the other persona in the other shape");
        assert_eq!(chosen(&sample(3)), [0, 3, 5]);
        assert_eq!(chosen(&sample(0)), [0; 0]);
        assert_eq!(chosen(&sample(99)).len(), 6);
    }
}

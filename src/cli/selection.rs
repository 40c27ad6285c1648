//! Which jobs this run may pay for.

use std::collections::{HashMap, HashSet};

use super::argument_groups::{AgainArguments, SelectionArguments};
use super::error::Error;
use super::wishes::Wishes;
use crate::model::{AspectRatio, JobId, JobSpec, ModelVersion};

/// `--only`, `--limit`, `--sample`. Several narrow each other down, in this order.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) only: Vec<JobId>,
    pub(super) limit: Option<usize>,
    pub(super) sample: Option<usize>,
}

impl Selection {
    /// For each of `jobs` whether it is selected.
    ///
    /// # Errors
    /// If `--only` names a job that is not there.
    pub(super) fn of(&self, jobs: &[JobSpec]) -> Result<Vec<bool>, Error> {
        for wanted in &self.only {
            must_exist(wanted, jobs.iter().map(|job| &job.id))?;
        }
        let only: HashSet<&JobId> = self.only.iter().collect();
        let mut chosen: Vec<usize> = (0..jobs.len())
            .filter(|place| only.is_empty() || only.contains(&jobs[*place].id))
            .take(self.limit.unwrap_or(usize::MAX))
            .collect();
        if let Some(count) = self.sample {
            chosen = sample(jobs, &chosen, count);
        }
        let mut selected = vec![false; jobs.len()];
        for place in chosen {
            selected[place] = true;
        }
        Ok(selected)
    }
}

impl From<SelectionArguments> for Selection {
    fn from(arguments: SelectionArguments) -> Self {
        Self {
            only: arguments.only,
            limit: arguments.limit,
            sample: arguments.sample,
        }
    }
}

impl SelectionArguments {
    /// What these arguments want of jobs that were there before.
    ///
    /// # Errors
    /// If a file of marks cannot be read or understood.
    pub(super) fn wishes(&self, again: &AgainArguments) -> Result<Wishes, Error> {
        Wishes::new(
            self.only_failed,
            self.only_approved.as_deref(),
            again.redo_rejected.as_deref(),
        )
    }
}

/// An error unless `wanted` is among `known`; it names the nearest.
pub(super) fn must_exist<'a>(
    wanted: &JobId,
    known: impl Iterator<Item = &'a JobId>,
) -> Result<(), Error> {
    let mut nearest: Option<(f64, &JobId)> = None;
    for id in known {
        if id == wanted {
            return Ok(());
        }
        let likeness = strsim::jaro_winkler(id.as_str(), wanted.as_str());
        if nearest.is_none_or(|(best, _)| likeness > best) {
            nearest = Some((likeness, id));
        }
    }
    let error = Error::usage(format!("there is no job `{wanted}`; nothing was submitted"));
    Err(match nearest {
        Some((likeness, id)) if likeness > 0.8 => error.hint(format!("did you mean `{id}`?")),
        Some(_) | None => error.hint("`callsheet plan` shows every job with its id"),
    })
}

/// `count` of the jobs at `places`, as different as can be: in turn one of each combination of persona,
/// ratio and model. The same each time.
fn sample(jobs: &[JobSpec], places: &[usize], count: usize) -> Vec<usize> {
    let mut kinds: HashMap<(&str, AspectRatio, ModelVersion), usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &place in places {
        let request = &jobs[place].request;
        let kind = (
            request.persona.as_str(),
            request.aspect_ratio,
            request.model_version,
        );
        let group = *kinds.entry(kind).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(place);
    }
    let rounds = groups.iter().map(Vec::len).max().unwrap_or(0);
    (0..rounds)
        .flat_map(|round| groups.iter().filter_map(move |group| group.get(round)))
        .copied()
        .take(count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Speech, VideoRequest};

    fn jobs() -> Vec<JobSpec> {
        [("a", 0), ("a", 0), ("a", 1), ("b", 0), ("b", 2), ("b", 2)]
            .into_iter()
            .enumerate()
            .map(|(number, (persona, ratio))| {
                let speech = Speech::Text(format!("Text {number}"));
                let request = VideoRequest::new(speech, persona, AspectRatio::ALL[ratio]);
                let origin = Origin {
                    file: "a.csv".into(),
                    line: 2,
                };
                JobSpec::new(format!("job-{number}").parse().unwrap(), request, origin)
            })
            .collect()
    }

    fn chosen(selection: &Selection) -> Vec<usize> {
        let selected = selection.of(&jobs()).unwrap();
        (0..selected.len())
            .filter(|place| selected[*place])
            .collect()
    }

    #[test]
    fn nothing_said_selects_everything() {
        assert_eq!(chosen(&Selection::default()), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_sample_takes_one_of_each_kind_before_a_second() {
        let sample = |count| Selection {
            sample: Some(count),
            ..Selection::default()
        };
        assert_eq!(chosen(&sample(4)), [0, 2, 3, 4]);
        assert_eq!(chosen(&sample(5)), [0, 1, 2, 3, 4]);
        assert_eq!(chosen(&sample(99)).len(), 6);
    }

    #[test]
    fn only_and_limit_narrow_each_other_and_a_wrong_id_names_the_nearest() {
        let only = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect();
        let selection = Selection {
            only: only(&["job-4", "job-1", "job-5"]),
            limit: Some(2),
            sample: None,
        };
        assert_eq!(chosen(&selection), [1, 4]);
        let wrong = Selection {
            only: only(&["jop-1"]),
            ..Selection::default()
        };
        let error = wrong.of(&jobs()).unwrap_err().render();
        assert!(error.contains("`jop-1`") && error.contains("did you mean `job-1`?"));
    }
}

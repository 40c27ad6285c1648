//! Which jobs are meant.

use std::sync::Arc;

use super::argument_groups::{AgainArguments, SelectionArguments};
use super::error::Error;
use super::wishes::Wishes;
use crate::manifest::{Selection, UnknownJob};
use crate::model::{JobId, JobSpec};

/// For each of `jobs` whether the arguments choose it.
///
/// # Errors
/// If `--only` names a job that is not there.
pub(super) fn choose(
    arguments: SelectionArguments,
    jobs: &[Arc<JobSpec>],
) -> Result<Vec<bool>, Error> {
    let selection = Selection {
        only: arguments.only,
        limit: arguments.limit,
        sample: arguments.sample,
    };
    selection.choose(jobs).map_err(|error| unknown(&error))
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
    Err(unknown(&UnknownJob {
        id: wanted.to_string(),
        near: nearest
            .filter(|(likeness, _)| *likeness > 0.8)
            .map(|(_, id)| id.to_string()),
    }))
}

fn unknown(error: &UnknownJob) -> Error {
    Error::usage(format!("{error}; nothing was submitted"))
        .hint("`callsheet plan` shows every job with its id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_id_names_the_nearest() {
        let known: [JobId; 2] = ["spring-1".parse().unwrap(), "autumn".parse().unwrap()];
        let wanted = |id: &str| must_exist(&id.parse().unwrap(), known.iter());
        assert!(wanted("autumn").is_ok());
        let error = wanted("sprang-1").unwrap_err().render();
        assert!(error.contains("did you mean `spring-1`?"), "{error}");
        let error = wanted("zzz").unwrap_err().render();
        assert!(!error.contains("did you mean"), "{error}");
    }
}

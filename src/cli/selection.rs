//! Which jobs are meant.

use std::sync::Arc;

use super::argument_groups::{AgainArguments, SelectionArguments};
use super::error::Error;
use super::herald::Printer;
use super::wishes::RerunSelection;
use crate::manifest::{Selection, UnknownJob};
use crate::model::{JobId, JobSpec, Phase};
use crate::report::Summary;

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
    pub(super) fn wishes(&self, again: &AgainArguments) -> Result<RerunSelection, Error> {
        RerunSelection::new(
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

/// Says of each job that is `named` to be submitted again and will not be, because it is done, what would make a
/// new version. That is no error: the command that had it submitted again finds it done when it is repeated, and
/// no record tells the one from the other. `preview` is what the run would begin with.
pub(super) fn tell_of_done<'a>(
    named: impl IntoIterator<Item = &'a JobId>,
    preview: &Summary,
    herald: Printer,
) {
    for note in named.into_iter().filter_map(|id| done(id, preview)) {
        herald.note(&note);
    }
}

/// What is said of the job `id` if it is done.
fn done(id: &JobId, preview: &Summary) -> Option<String> {
    let row = preview.row(id)?;
    if !matches!(row.state.phase, Phase::Done { .. }) {
        return None;
    }
    let ignored = format!("job `{id}` is done, so `--resubmit {id}` does nothing");
    if !row.job.in_sheet {
        return Some(format!("{ignored}; its row is no longer in the sheet"));
    }
    let again = if row.has_changed() {
        "--redo-changed"
    } else {
        "--fresh"
    };
    let further = [again, "--only", id.as_str()];
    let command = preview.campaign().command_about(id, "run", &further);
    Some(format!(
        "{ignored}; `{command}` makes a new version, and pays for it"
    ))
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

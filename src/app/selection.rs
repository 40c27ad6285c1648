//! The selected jobs.

use std::sync::Arc;

use super::error::Error;
use super::notices::Notices;
use crate::engine::RunOptions;
use crate::manifest::{Selection, UnknownJob};
use crate::model::{CommandName, Flag, JobId, JobSpec, Phase, PlannedJob};
use crate::report::{CommandLine, Summary};

/// Returns for each of `jobs` whether `selection` selects it.
///
/// # Errors
/// If the selection names a job that does not exist.
pub(crate) fn choose(selection: &Selection, jobs: &[Arc<JobSpec>]) -> Result<Vec<bool>, Error> {
    selection.choose(jobs).map_err(|error| unknown_job(&error))
}

/// Selects the jobs of the sheet that `options` name one by one, in addition to all others.
///
/// # Errors
/// If a job to be submitted again does not exist.
pub(crate) fn select_named(jobs: &mut [PlannedJob], options: &RunOptions) -> Result<(), Error> {
    for wanted in &options.resubmit {
        check_exists(wanted, jobs.iter().map(|job| &job.spec.id))?;
    }
    for job in jobs {
        let id = &job.spec.id;
        let is_named = options.resubmit.contains(id) || options.redo.contains(id);
        job.selected |= job.in_sheet && is_named;
    }
    Ok(())
}

/// Checks that `wanted` is one of the `known` ids.
///
/// # Errors
/// If it is not; the error names the nearest id.
pub(crate) fn check_exists<'a>(
    wanted: &JobId,
    known: impl Iterator<Item = &'a JobId>,
) -> Result<(), Error> {
    let mut nearest: Option<(f64, &JobId)> = None;
    for id in known {
        if id == wanted {
            return Ok(());
        }
        let similarity = strsim::jaro_winkler(id.as_str(), wanted.as_str());
        if nearest.is_none_or(|(best, _)| similarity > best) {
            nearest = Some((similarity, id));
        }
    }
    Err(unknown_job(&UnknownJob {
        id: wanted.to_string(),
        near: nearest.filter(|(similarity, _)| *similarity > 0.8).map(|(_, id)| id.to_string()),
    }))
}

/// Reports for each finished job in `resubmit` that it is not submitted again, and how to make a new version.
///
/// This is no error: a repeated command finds the job done that its first execution submitted, and the journal does not
/// tell these cases apart.
pub(crate) fn note_finished<'a>(
    resubmit: impl IntoIterator<Item = &'a JobId>,
    preview: &Summary,
    notices: &Notices,
) {
    for note in resubmit.into_iter().filter_map(|id| finished_note(id, preview)) {
        notices.note(&note);
    }
}

fn finished_note(id: &JobId, preview: &Summary) -> Option<String> {
    let row = preview.row(id)?;
    if !matches!(row.state.phase, Phase::Done { .. }) {
        return None;
    }
    let ignored = format!("job `{id}` is done, so `{} {id}` does nothing", Flag::Resubmit);
    if !row.job.in_sheet {
        return Some(format!("{ignored}; its row is no longer in the sheet"));
    }
    let again = if row.has_changed() { Flag::RedoChanged } else { Flag::Fresh };
    let command = preview.campaign().command_for(id, CommandName::Run);
    let command = command.flag(again).option(Flag::Only, id);
    Some(format!("{ignored}; `{command}` makes a new version, and pays for it"))
}

fn unknown_job(error: &UnknownJob) -> Error {
    Error::usage_with_hint(
        format!("{error}; nothing was submitted"),
        format!("`{}` shows every job with its id", CommandLine::new(CommandName::Plan)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_id_names_the_nearest() {
        let known: [JobId; 2] = ["spring-1".parse().unwrap(), "autumn".parse().unwrap()];
        let wanted = |id: &str| check_exists(&id.parse().unwrap(), known.iter());
        assert!(wanted("autumn").is_ok());
        let error = wanted("sprang-1").unwrap_err().to_string();
        assert!(error.contains("did you mean `spring-1`?"), "{error}");
        let error = wanted("zzz").unwrap_err().to_string();
        assert!(!error.contains("did you mean"), "{error}");
    }
}

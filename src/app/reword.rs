//! Other words for one video: its text cell is changed in the edited copy of the sheet, so that a run of this one job
//! makes a new version of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalogue::NameLookup;
use super::edits::{Edits, NewCopy};
use super::error::Error;
use super::load::read_sheet;
use super::manifest::LoadedManifest;
use super::options::CampaignOptions;
use super::prefetch::JournalPrefetch;
use super::recorded_state::RecordedState;
use super::sheet::copy_of;
use crate::manifest::{CellEdit, Field, Grid, SheetContent, UnknownCell, is_template};
use crate::model::{Fingerprint, JobId, JobSpec, Phase, RemoteId, Speech, Timestamp};
use crate::util::text::plural;

/// A job whose video is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redo {
    pub(crate) job: JobId,
    /// The present video, if it is finished and is made again with the same words.
    pub(crate) remote: Option<RemoteId>,
}

/// Prepares a new version of the video of `job`. With another `text`, its cell is changed in the copy of the sheet; no
/// other job changes. Pays for nothing.
///
/// # Errors
/// If the job is not finished, or its text is no cell of its own.
pub(crate) async fn prepare_redo(
    options: &CampaignOptions,
    job: &JobId,
    text: Option<&str>,
    lookup: &NameLookup,
    is_sandbox: bool,
    now: Timestamp,
) -> Result<Redo, Error> {
    let original = options.open_original(is_sandbox).await?;
    let edits = Edits::read(&original)?;
    let current = edits.apply(&original, None)?;
    let (manifest, recorded) = load(&current, lookup, is_sandbox, now).await?;
    let job = manifest.recorded_id(job).clone();
    let state = recorded.as_ref().and_then(|recorded| recorded.history.state(&job));
    let remote = match state.map(|state| &state.phase) {
        Some(Phase::Done { remote, .. }) => Some(remote.clone()),
        Some(Phase::Failed { .. }) => None,
        Some(_) => {
            let message = format!("the video of job `{job}` is not finished; nothing was changed");
            return Err(Error::usage_with_hint(message, "wait until it is done"));
        }
        None => {
            let message = format!("job `{job}` has no video yet; nothing was changed");
            return Err(Error::usage_with_hint(message, "change its text in the sheet"));
        }
    };
    let before = requests(&manifest);
    let Some(spec) = before.get(&job) else {
        let message =
            format!("the row of job `{job}` is no longer in the sheet; nothing was changed");
        return Err(Error::usage(message));
    };
    let (Some(text), Speech::Text(spoken)) = (text, &spec.request.speech) else {
        return match text {
            None => Ok(Redo { job, remote }),
            Some(_) => Err(Error::usage(format!(
                "job `{job}` has a recording, not a text; nothing was changed"
            ))),
        };
    };
    let text = text.trim();
    if text == &**spoken {
        return Ok(Redo { job, remote });
    }
    if text.is_empty() {
        return Err(Error::usage("the new text is empty; nothing was changed"));
    }
    let Some(SheetContent::Table(mut grid)) = read_sheet(&current)? else {
        return Err(Error::usage_with_hint(
            "the texts of a YAML manifest are changed in the manifest itself; nothing was changed",
            "edit it, then make the video again",
        ));
    };
    let column = text_column(&grid, spec).ok_or_else(|| {
        let message =
            format!("the text of job `{job}` is not in a cell of its row; nothing was changed");
        Error::usage_with_hint(message, "change it where it is written")
    })?;
    let unknown = |error: UnknownCell| Error::usage(error.to_string());
    let row = spec.origin.line;
    grid.edit(&[CellEdit { row, column, value: text.to_owned() }]).map_err(unknown)?;
    let mut copy = copy_of(&original, &edits, &grid)?;
    let mut after = reload(&original, &edits, &copy, lookup, is_sandbox, now).await?;
    let is_kept = |spec: &JobSpec| match after.get(&spec.id) {
        Some(other) => spec.id != job || says(other, text),
        None => false,
    };
    let renamed: Vec<_> = before.values().filter(|spec| !is_kept(spec)).collect();
    if !renamed.is_empty() {
        // Ids are made of texts, and numbered if a text is in several rows: from now on, the rows have them.
        let column = match grid.column_of(Field::Id, None) {
            Some(column) => column,
            None => grid.add_column(Field::Id.name()).map_err(unknown)?,
        };
        let ids = renamed.iter().map(|spec| CellEdit {
            row: spec.origin.line,
            column,
            value: spec.id.to_string(),
        });
        grid.edit(&ids.collect::<Vec<_>>()).map_err(unknown)?;
        copy = copy_of(&original, &edits, &grid)?;
        after = reload(&original, &edits, &copy, lookup, is_sandbox, now).await?;
    }
    check(&job, text, &before, &after)?;
    edits.write(&original, Some(&copy), &original.original()?)?;
    Ok(Redo { job, remote: None })
}

type Requests = BTreeMap<JobId, Arc<JobSpec>>;

fn requests(manifest: &LoadedManifest) -> Requests {
    manifest.every_job().iter().map(|job| (job.id.clone(), Arc::clone(job))).collect()
}

async fn load(
    options: &CampaignOptions,
    lookup: &NameLookup,
    is_sandbox: bool,
    now: Timestamp,
) -> Result<(LoadedManifest, Option<RecordedState>), Error> {
    let prefetch = JournalPrefetch::start(options);
    let mut manifest = LoadedManifest::load(options, lookup, now).await?;
    let recorded = prefetch.state(&mut manifest, is_sandbox)?;
    Ok((manifest, recorded))
}

async fn reload(
    original: &CampaignOptions,
    edits: &Edits,
    copy: &NewCopy,
    lookup: &NameLookup,
    is_sandbox: bool,
    now: Timestamp,
) -> Result<Requests, Error> {
    let options = edits.apply(original, Some(copy))?;
    let (manifest, _) = load(&options, lookup, is_sandbox, now).await?;
    Ok(requests(&manifest))
}

/// Returns the column of the text of a job.
fn text_column(grid: &Grid, spec: &JobSpec) -> Option<usize> {
    let of_language = grid.column_of(Field::Text, spec.language.as_deref());
    let has_text = |column: &usize| {
        grid.cell(spec.origin.line, *column).is_some_and(|cell| !cell.text.trim().is_empty())
    };
    of_language.filter(has_text).or_else(|| grid.column_of(Field::Text, None)).filter(has_text)
}

/// Checks whether a job says `text`. A text with variables is one with their values.
fn says(spec: &JobSpec, text: &str) -> bool {
    matches!(&spec.request.speech, Speech::Text(said) if **said == *text || is_template(text))
}

/// Checks that `job` says `text`, and that all other jobs are as before.
fn check(job: &JobId, text: &str, before: &Requests, after: &Requests) -> Result<(), Error> {
    let others = |requests: &Requests| -> BTreeMap<JobId, Fingerprint> {
        let others = requests.iter().filter(|(id, _)| *id != job);
        others.map(|(id, spec)| (id.clone(), spec.fingerprint.clone())).collect()
    };
    let (old, new) = (others(before), others(after));
    let count = old.iter().filter(|(id, request)| new.get(*id) != Some(*request)).count();
    let count = count.max(new.len().saturating_sub(old.len()));
    if count > 0 {
        let videos = plural(count, "other video");
        return Err(Error::usage_with_hint(
            format!(
                "new words in this cell would change {videos} of its row too; nothing was changed"
            ),
            "give each video a row of its own in the sheet",
        ));
    }
    if after.get(job).is_some_and(|spec| says(spec, text)) {
        return Ok(());
    }
    Err(Error::usage_with_hint(
        format!("job `{job}` would not say exactly these words; nothing was changed"),
        "change its row in the sheet",
    ))
}

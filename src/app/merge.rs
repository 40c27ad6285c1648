//! Merging the output folders of several shards into one report.
//!
//! Everything is read from the folders: the journals have the events, the results beside them the user's rows. Videos stay
//! where they are; their paths become relative to the merged folder.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::error::Error;
use super::notices::Notices;
use super::output_lock::check_results;
use crate::journal::{Identity, JournalSnapshot};
use crate::model::{
    CommandName, Credits, Entry, Event, Flag, JobEvent, JobId, PlannedJob, PriceTable, Shard,
    Sheet, SheetRow,
};
use crate::report::files::PreviousResults;
use crate::report::{Campaign, CommandLine, Summary};
use crate::util::fs::OutputDir;

/// The output folder of one shard.
struct ShardFolder {
    folder: PathBuf,
    record: JournalSnapshot,
    results: PreviousResults,
}

/// Returns the summary of all shards in `folders`, which are shard folders or contain them, as a report in `out`.
///
/// # Errors
/// If there is nothing to merge, or the folders do not belong together; nothing was written.
pub(crate) fn merge(
    folders: &[PathBuf],
    out: Option<PathBuf>,
    notices: &Notices,
) -> Result<Summary, Error> {
    let folders: Vec<PathBuf> = folders.iter().flat_map(|folder| shards_of(folder)).collect();
    let out = match out {
        Some(out) => out,
        None => home(&folders)?,
    };
    if OutputDir(&out).journal().exists() {
        let message = format!(
            "`{}` holds a campaign of its own, whose results would be overwritten; nothing was written",
            out.display()
        );
        return Err(Error::usage_with_hint(
            message,
            format!("name another folder: `{} DIR`", Flag::Out),
        ));
    }
    check_results(&out)?;
    let mut parts = Vec::with_capacity(folders.len());
    for folder in &folders {
        parts.push(ShardFolder::read(folder, &out)?);
    }
    let identity = common(&parts)?;
    for note in missing(&folders) {
        notices.warning(&note);
    }
    let campaign = Arc::new(campaign(&parts, &identity, out));
    let summaries: Vec<Summary> =
        parts.iter().map(|part| Summary::of(Arc::clone(&campaign), &part.record.entries)).collect();
    for job in paid_twice(&summaries) {
        notices.warning(&format!(
            "job `{job}` was paid for in two folders, under two ids at the provider; one of them is counted"
        ));
    }
    Ok(Summary::merged(campaign, &summaries))
}

/// Returns `folder` itself, or the shard folders in it.
fn shards_of(folder: &Path) -> Vec<PathBuf> {
    // The folder of all shards has no journal, but may have an approval.
    if OutputDir(folder).journal().exists() {
        return vec![folder.to_owned()];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let shards = entries.filter_map(|entry| Some((shard_of(&entry.path())?, entry.path())));
    let mut shards: Vec<(Shard, PathBuf)> = shards.collect();
    shards.sort_by_key(|(shard, _)| (shard.count(), shard.number()));
    if shards.is_empty() {
        return vec![folder.to_owned()];
    }
    shards.into_iter().map(|(_, path)| path).collect()
}

fn shard_of(folder: &Path) -> Option<Shard> {
    Shard::of_folder(folder.file_name()?.to_str()?)
}

/// Returns the output folder that contains all shards.
fn home(folders: &[PathBuf]) -> Result<PathBuf, Error> {
    let homes: BTreeSet<&Path> = folders.iter().filter_map(|folder| folder.parent()).collect();
    let mut homes = homes.into_iter();
    match (homes.next(), homes.next()) {
        (Some(home), None) if folders.iter().all(|folder| shard_of(folder).is_some()) => {
            Ok(home.to_owned())
        }
        _ => Err(Error::usage_with_hint(
            "these folders are not the shards of one output folder; nothing was written",
            format!("say where to write the report: `{} DIR`", Flag::Out),
        )),
    }
}

/// Returns a warning for each set of shards that is incomplete.
fn missing(folders: &[PathBuf]) -> Vec<String> {
    let mut there: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for shard in folders.iter().filter_map(|folder| shard_of(folder)) {
        there.entry(shard.count()).or_default().insert(shard.number());
    }
    let absent = |count: u32, numbers: &BTreeSet<u32>| {
        let absent = (1..=count).filter(|number| !numbers.contains(number));
        let absent: Vec<String> = absent.map(|number| format!("{number}/{count}")).collect();
        (!absent.is_empty()).then(|| format!("no folder is of shard {}", absent.join(", ")))
    };
    there.iter().filter_map(|(count, numbers)| absent(*count, numbers)).collect()
}

impl ShardFolder {
    fn read(folder: &Path, out: &Path) -> Result<Self, Error> {
        let Some(mut record) = JournalSnapshot::read(folder)? else {
            let shown = folder.display();
            let merge = CommandLine::new(CommandName::Report).flag(Flag::Merge);
            return Err(Error::usage_with_hint(
                format!("there is no journal in `{shown}`, so nothing was written"),
                format!("give the output folders: `{merge} DIR DIR`"),
            ));
        };
        let prefix = relative(folder, out);
        for entry in &mut record.entries {
            place_below(entry, &prefix);
        }
        Ok(Self { folder: folder.to_owned(), record, results: PreviousResults::read(folder) })
    }
}

/// Makes the file paths of a job relative to the merged folder.
fn place_below(entry: &mut Entry, prefix: &str) {
    if let Event::Job { event: JobEvent::Downloaded { artifact }, .. } = &mut entry.event {
        let artifact = Arc::make_mut(artifact);
        for file in std::iter::once(&mut artifact.file).chain(&mut artifact.thumbnail) {
            *file = format!("{prefix}{file}");
        }
    }
}

/// Returns the relative path from `from` to `folder`, with `/` after each part.
fn relative(folder: &Path, from: &Path) -> String {
    let whole = |path: &Path| {
        // The merged folder may not exist yet.
        let known = path.ancestors().find_map(|known| {
            let rest = path.strip_prefix(known).ok()?;
            let known = if known == Path::new("") { Path::new(".") } else { known };
            Some(std::fs::canonicalize(known).ok()?.join(rest))
        });
        known.unwrap_or_else(|| path.to_owned())
    };
    let (folder, from) = (whole(folder), whole(from));
    let shared = folder.components().zip(from.components());
    let shared = shared.take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| "..".into());
    let down = folder.components().skip(shared).filter_map(|part| {
        let Component::Normal(name) = part else {
            return None;
        };
        Some(name.to_string_lossy())
    });
    up.chain(down).fold(String::new(), |way, part| way + &part + "/")
}

/// Returns the campaign that all folders belong to.
fn common(parts: &[ShardFolder]) -> Result<Identity, Error> {
    let first = &parts[0];
    for part in parts {
        if part.record.identity != first.record.identity {
            let kind = |part: &ShardFolder| {
                let Identity { campaign, is_sandbox } = &part.record.identity;
                let place = if *is_sandbox { " in the sandbox" } else { "" };
                format!("`{}` is of the campaign `{campaign}`{place}", part.folder.display())
            };
            let message = format!("{}, but {}; nothing was written", kind(first), kind(part));
            return Err(Error::usage_with_hint(message, "merge folders of one campaign only"));
        }
    }
    Ok(first.record.identity.clone())
}

fn campaign(parts: &[ShardFolder], identity: &Identity, out: PathBuf) -> Campaign {
    let mut jobs = planned(parts);
    // In the order of the sheet, by the recorded lines.
    jobs.sort_by_cached_key(|(job, _)| {
        let origin = &job.spec.origin;
        (!job.in_sheet, origin.file.clone(), origin.line, job.spec.id.clone())
    });
    let arguments = jobs.iter().map(|(job, part)| {
        let arguments = Arc::new(parts[*part].results.arguments.clone());
        (job.spec.id.clone(), arguments)
    });
    let arguments_of = arguments.collect();
    let jobs: Vec<PlannedJob> = jobs.into_iter().map(|(job, _)| job).collect();
    let manifest = parts.iter().find_map(|part| part.results.manifest.clone());
    let manifest = manifest.unwrap_or_else(|| identity.campaign.clone());
    let sheet = sheet(parts, &jobs);
    let mut campaign = Campaign::new(&identity.campaign, manifest.into(), out, jobs);
    campaign.is_sandbox = identity.is_sandbox;
    campaign.sheet = Arc::new(sheet);
    campaign.delimiter = parts.iter().find_map(|part| part.results.delimiter);
    campaign.arguments_of = arguments_of;
    campaign.personas = parts.iter().flat_map(|part| part.results.personas.clone()).collect();
    let caps: Option<Vec<Credits>> = parts.iter().map(|part| part.results.max_credits).collect();
    campaign.max_credits = caps.map(|caps| caps.into_iter().sum());
    campaign
}

/// Returns the jobs that have events.
fn begun_jobs(record: &JournalSnapshot) -> HashSet<&JobId> {
    let events = record.entries.iter().map(|entry| &entry.event);
    events
        .filter_map(|event| if let Event::Job { job, .. } = event { Some(job) } else { None })
        .collect()
}

/// Returns every job once, with the first shard that has it in its sheet, or has at least begun it.
fn planned(parts: &[ShardFolder]) -> Vec<(PlannedJob, usize)> {
    let prices = PriceTable::default();
    let mut places: HashMap<JobId, usize> = HashMap::new();
    let mut jobs: Vec<(PlannedJob, usize)> = Vec::new();
    for (part, ShardFolder { record, results, .. }) in parts.iter().enumerate() {
        let begun = begun_jobs(record);
        let listed: BTreeSet<&JobId> =
            results.rows.iter().filter_map(|(_, job)| job.as_ref()).collect();
        for spec in &record.jobs {
            let in_sheet =
                (listed.is_empty() || listed.contains(&spec.id)) && !results.is_gone(&spec.id);
            if !in_sheet && !begun.contains(&spec.id) {
                continue;
            }
            let mut job = PlannedJob {
                estimate: prices.estimate(&spec.request, spec.audio_seconds),
                spec: Arc::clone(spec),
                selected: in_sheet,
                in_sheet,
                left_out: None,
            };
            results.restore(&mut job);
            match places.get(&spec.id) {
                Some(place) if in_sheet && !jobs[*place].0.in_sheet => jobs[*place] = (job, part),
                Some(_) => {}
                None => {
                    places.insert(spec.id.clone(), jobs.len());
                    jobs.push((job, part));
                }
            }
        }
    }
    jobs
}

/// Returns the rows of all sheets, one for each job in the order of `jobs`, then those without jobs.
fn sheet(parts: &[ShardFolder], jobs: &[PlannedJob]) -> Sheet {
    let mut columns: Vec<String> = Vec::new();
    for column in parts.iter().flat_map(|part| &part.results.columns) {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let mut cells_of = HashMap::new();
    let mut skipped: Vec<SheetRow> = Vec::new();
    for part in parts {
        let PreviousResults { columns: own, rows, .. } = &part.results;
        // Columns with the same name keep their position.
        let is_same = *own == columns;
        for (cells, job) in rows {
            let cells = if is_same {
                cells.clone()
            } else {
                let cell = |column| {
                    let place = own.iter().position(|own| own == column);
                    place.and_then(|place| cells.get(place).cloned()).unwrap_or_default()
                };
                columns.iter().map(cell).collect()
            };
            if let Some(job) = job {
                cells_of.entry(job).or_insert(cells);
                continue;
            }
            let row = SheetRow { cells, ..SheetRow::default() };
            // The same shard in two folders has these rows twice.
            if !skipped.contains(&row) {
                skipped.push(row);
            }
        }
    }
    let rows = jobs.iter().enumerate().filter(|(_, job)| job.in_sheet);
    let rows = rows.map(|(place, job)| SheetRow {
        cells: cells_of.remove(&job.spec.id).unwrap_or_default(),
        jobs: place..place + 1,
        left_out: None,
    });
    let mut rows: Vec<SheetRow> = rows.collect();
    rows.append(&mut skipped);
    Sheet { columns, rows }
}

/// Returns the jobs that have different remote ids under one tag in two folders.
fn paid_twice(summaries: &[Summary]) -> BTreeSet<JobId> {
    let mut known = HashMap::new();
    let mut twice = BTreeSet::new();
    for row in summaries.iter().flat_map(Summary::rows) {
        let (Some(tag), Some(remote)) = (&row.state.tag, row.state.phase.remote()) else {
            continue;
        };
        if known.insert(tag, remote).is_some_and(|other| other != remote) {
            twice.insert(row.id().clone());
        }
    }
    twice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_merged_folder() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("out/shard-1-of-2");
        std::fs::create_dir_all(&inner).unwrap();
        let path = |from: &str| relative(&inner, &root.path().join(from));
        assert_eq!(path("out"), "shard-1-of-2/");
        assert_eq!(path("out/shard-1-of-2"), "");
        assert_eq!(path("merged/not yet there"), "../../out/shard-1-of-2/");
    }

    #[test]
    fn missing_shards_are_named() {
        let folders = ["o/shard-1-of-3", "elsewhere", "o/shard-3-of-3"].map(PathBuf::from);
        assert_eq!(missing(&folders), ["no folder is of shard 2/3"]);
        assert!(home(&folders).is_err());
        assert_eq!(home(&folders[..1]).unwrap(), Path::new("o"));
    }
}

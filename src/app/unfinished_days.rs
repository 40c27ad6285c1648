//! What other days of a dated campaign have left: each day has its own folder and journal.

use std::path::Path;

use jiff::civil::Date;

use super::error::Error;
use super::manifest::LoadedManifest;
use super::options::CampaignOptions;
use super::recorded_state::JournalFold;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{Identity, Replay};
use crate::model::{CommandName, Flag, JobState, ManifestLocation, Phase, Plan, Shard};
use crate::report::CommandLine;
use crate::util::text::{list, plural};

/// The newest days that are examined.
const MAX_DAYS: usize = 60;

/// Days that are named before the rest is counted.
const MAX_NAMED: usize = 3;

/// A day of a dated campaign with jobs that a `collect` would fetch or look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnfinishedDay {
    date: Date,
    /// The shard that has them.
    shard: Option<Shard>,
    jobs: usize,
}

impl UnfinishedDay {
    /// Changes the options of the campaign to those of its day.
    pub(crate) fn apply(&self, options: &mut CampaignOptions) {
        options.date = Some(self.date);
        options.shard = self.shard;
    }
}

/// Returns the unfinished days besides the one of the options, the earliest first.
///
/// # Errors
/// If the manifest cannot be read.
pub(crate) fn other_unfinished_days(
    options: &CampaignOptions,
    is_sandbox: bool,
) -> Result<Vec<UnfinishedDay>, Error> {
    if options.manifest == ManifestLocation::StandardInput {
        return Err(Error::usage(format!(
            "`{}` reads the manifest several times, and standard input can be read only once",
            Flag::AllDates
        )));
    }
    let options = CampaignOptions { is_sandbox, ..options.clone() };
    let manifest = LoadedManifest::load_settings(&options, SystemClock::new().now())?;
    Ok(unfinished_days(&options, &manifest.plan))
}

/// Returns the unfinished days before the one of `plan`, the earliest first.
pub(super) fn earlier_unfinished_days(
    options: &CampaignOptions,
    plan: &Plan,
) -> Vec<UnfinishedDay> {
    let mut days = unfinished_days(options, plan);
    days.retain(|day| own_date(plan).is_some_and(|own| day.date < own));
    days
}

fn own_date(plan: &Plan) -> Option<Date> {
    plan.campaign_date.as_ref()?.parse().ok()
}

fn unfinished_days(options: &CampaignOptions, plan: &Plan) -> Vec<UnfinishedDay> {
    let Some(own) = own_date(plan).filter(|_| options.folder_of_results().is_none()) else {
        return Vec::new();
    };
    let home = options.folder(plan.output.folder.as_deref());
    let mut dates: Vec<Date> = names(&home)
        .filter_map(|name| name.parse().ok().filter(|date: &Date| date.to_string() == name))
        .filter(|date| *date != own)
        .collect();
    dates.sort();
    let first = dates.len().saturating_sub(MAX_DAYS);
    let days = dates[first..].iter().flat_map(|date| {
        let day = home.join(date.to_string());
        let shards = if let Some(shard) = options.shard {
            vec![Some(shard)]
        } else {
            let shards = names(&day).filter_map(|name| Shard::of_folder(&name));
            let mut shards: Vec<Shard> = shards.collect();
            shards.sort_by_key(|shard| (shard.count(), shard.number()));
            std::iter::once(None).chain(shards.into_iter().map(Some)).collect()
        };
        shards.into_iter().map(move |shard| {
            let folder = shard.map_or_else(|| day.clone(), |shard| day.join(shard.folder()));
            let campaign = plan.campaign.replace(&own.to_string(), &date.to_string());
            let identity = Identity { campaign, is_sandbox: options.is_sandbox };
            UnfinishedDay { date: *date, shard, jobs: unfinished_jobs(&folder, &identity) }
        })
    });
    days.filter(|day| day.jobs > 0).collect()
}

fn names(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

/// Returns the number of unfinished jobs in the journal of `folder`, if it belongs to this campaign.
fn unfinished_jobs(folder: &Path, identity: &Identity) -> usize {
    // A journal that cannot be read is reported by the commands about its day.
    if !matches!(Identity::read(folder), Ok(Some(found)) if found == *identity) {
        return 0;
    }
    let replay = Replay::<JournalFold>::read(folder, || SystemClock::new().now()).ok().flatten();
    let replay = replay.iter().flat_map(|replay| replay.state.history().states());
    replay.filter(|(_, state)| is_unfinished(state)).count()
}

/// Checks whether `collect` would fetch the job, or look for it. If it was looked for already, a person was told to.
fn is_unfinished(state: &JobState) -> bool {
    match state.phase {
        Phase::Submitting | Phase::Rendering { .. } | Phase::Downloading { .. } => true,
        Phase::InDoubt { .. } => state.unproven.is_none(),
        Phase::Pending | Phase::Done { .. } | Phase::Failed { .. } => false,
    }
}

/// Returns what these days have left, and the command that fetches it; `None` if that is nothing.
pub(super) fn unfinished_days_note(
    days: &[UnfinishedDay],
    options: &CampaignOptions,
    provider: &CommandLine,
) -> Option<String> {
    let jobs = plural(days.iter().map(|day| day.jobs).sum::<usize>(), "job");
    let mut options = options.clone();
    let is_one = match days {
        [] => return None,
        [day] => {
            day.apply(&mut options);
            true
        }
        _ => {
            options.date = None;
            false
        }
    };
    let mut dates: Vec<String> = days.iter().map(|day| day.date.to_string()).collect();
    dates.dedup();
    let dates = list(dates.iter().map(String::as_str), MAX_NAMED);
    let command = CommandLine::new(CommandName::Collect)
        .argument(&options.manifest)
        .arguments(&options.arguments())
        .arguments(provider)
        .flag_if(Flag::AllDates, !is_one);
    Some(format!(
        "{jobs} of {dates} may be paid for and not downloaded; to fetch what is ready, without submitting anything: \
         `{command}`"
    ))
}

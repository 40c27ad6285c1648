//! The limits of a run, with the cap of its campaign: given now, remembered from an earlier run, or from the manifest.

use std::collections::HashMap;

use super::error::Error;
use super::manifest::LoadedManifest;
use super::options::CampaignOptions;
use super::output_lock::{other_divisions, shard_folders, shard_of};
use super::recorded_state::RecordedState;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{Identity, JournalSnapshot, Replay};
use crate::model::{
    CapSource, CreditCap, Credits, Flag, History, JobId, JobState, LimitSettings, Limits,
    RecordedCap, Shard, ValueOrigin,
};
use crate::report::{Campaign, Summary};

/// The limits of a run.
#[derive(Debug, Default)]
pub(crate) struct RunLimits {
    /// The limits; the shard's part of those that are shared.
    pub(crate) limits: Limits,
    /// The cap that was given, if the journal has another one.
    pub(crate) new_cap: Option<RecordedCap>,
    cap_source: Option<CapSource>,
    /// What jobs in other output folders count towards a shared cap, beyond the parts of the shards.
    counted_elsewhere: Credits,
}

impl RunLimits {
    /// Adds the cap to `campaign`.
    pub(crate) fn apply(&self, campaign: &mut Campaign) {
        campaign.max_credits = self.limits.max_credits.credits();
        campaign.cap_source = self.cap_source;
        campaign.counted_elsewhere = self.counted_elsewhere;
    }
}

impl LoadedManifest {
    /// Returns the limits of a run that is `given` these. A cap that is not given is that of an earlier run, and the
    /// manifest can only lower it.
    ///
    /// # Errors
    /// If the limits cannot be shared, or the journal of another folder of the campaign cannot be read.
    pub(crate) fn run_limits(
        &self,
        given: &LimitSettings,
        recorded: Option<&RecordedState>,
        options: &CampaignOptions,
    ) -> Result<RunLimits, Error> {
        let is_sandbox = recorded.map_or(options.is_sandbox, |it| it.identity.is_sandbox);
        let identity = Identity { campaign: self.plan.campaign.clone(), is_sandbox };
        let defaults = if is_sandbox { Limits::sandbox() } else { Limits::default() };
        // An output folder that was a shard's stays that.
        let shard = self.shard.as_ref().map(|part| part.shard).or_else(|| shard_of(&self.out));
        let remembered = match given.max_credits {
            Some(_) => None,
            None => self.remembered_cap(recorded, &identity, shard)?,
        };
        let max_credits = remembered.map(|cap| cap.max_credits).unwrap_or_default();
        let of_manifest = self.limits(Limits { max_credits, ..defaults });
        let mut limits = of_manifest.with(given, ValueOrigin::User);
        let cap_source = match limits.max_credits {
            CreditCap::Unlimited => None,
            _ if given.max_credits.is_some() => Some(CapSource::Option),
            cap if cap == max_credits => Some(CapSource::EarlierRun),
            CreditCap::AtMost(_) => Some(CapSource::Manifest),
        };
        let new_cap = given.max_credits.map(|max_credits| {
            let shards = shard.filter(|_| options.share).map(Shard::count);
            RecordedCap { max_credits, shards }
        });
        let was_shared = remembered.is_some_and(|cap| cap.shards.is_some());
        let is_for_all = options.share || was_shared || shard.is_none();
        let elsewhere = if is_for_all && limits.max_credits != CreditCap::Unlimited {
            self.counted_elsewhere(recorded, &identity)?
        } else {
            CountedElsewhere::default()
        };
        limits.max_credits = limits.max_credits.map(|cap| cap.less(elsewhere.total));
        if options.share {
            limits = self.share(limits, options)?;
        } else if let Some(shard) = shard.filter(|_| was_shared) {
            limits.max_credits = limits.max_credits.map(|cap| shard.share_of(cap));
        }
        limits.max_credits = limits.max_credits.map(|cap| cap + elsewhere.of_own_jobs);
        let shards = shard.filter(|_| options.share).map_or(1, Shard::count);
        Ok(RunLimits {
            limits,
            new_cap: new_cap.filter(|cap| recorded.and_then(|it| it.history.cap()) != Some(*cap)),
            cap_source,
            counted_elsewhere: elsewhere.total.less(elsewhere.of_own_jobs.times(i64::from(shards))),
        })
    }

    /// Returns the cap of earlier runs in this folder, or else the newest one of the campaign's other folders in the
    /// same place: the cap of all shards together.
    fn remembered_cap(
        &self,
        recorded: Option<&RecordedState>,
        identity: &Identity,
        shard: Option<Shard>,
    ) -> Result<Option<RecordedCap>, Error> {
        let own = match recorded {
            Some(recorded) => recorded.history.cap(),
            None => JournalSnapshot::read_cap(&self.out, identity)?.map(|(_, cap)| cap),
        };
        if own.is_some() {
            return Ok(own);
        }
        let mut newest = None;
        for folder in shard_folders(&self.out).into_iter().filter(|folder| *folder != self.out) {
            let Some((at, cap)) = JournalSnapshot::read_cap(&folder, identity)? else {
                continue;
            };
            // A cap that was not shared was that of each shard.
            let times = match (cap.shards, shard_of(&folder)) {
                (None, Some(shard)) => i64::from(shard.count()),
                (Some(_), _) | (None, None) => 1,
            };
            let max_credits = cap.max_credits.map(|cap| cap.times(times));
            let cap = RecordedCap { max_credits, shards: shard.map(Shard::count) };
            newest = newest.into_iter().chain([(at, cap)]).max_by_key(|(at, _)| *at);
        }
        Ok(newest.map(|(_, cap)| cap))
    }

    /// Adds up what the jobs of other divisions of the campaign count: of another number of shards, or of a run without
    /// shards. Their jobs may be jobs of this folder too, which has adopted them.
    fn counted_elsewhere(
        &self,
        recorded: Option<&RecordedState>,
        identity: &Identity,
    ) -> Result<CountedElsewhere, Error> {
        let mut jobs: HashMap<JobId, Credits> = HashMap::new();
        for folder in other_divisions(&self.out) {
            let replay = Replay::<History>::read(&folder, || SystemClock::new().now())?;
            for replay in replay.into_iter().filter(|replay| replay.identity == *identity) {
                for (job, state) in replay.state.states() {
                    let counted = jobs.entry(job.clone()).or_default();
                    *counted = state.counted().max(*counted);
                }
            }
        }
        let own = |job: &JobId| recorded?.history.state(job).map(JobState::counted);
        let of_own_jobs = jobs.iter().filter_map(|(job, counted)| Some(own(job)?.min(*counted)));
        Ok(CountedElsewhere { of_own_jobs: of_own_jobs.sum(), total: jobs.values().copied().sum() })
    }
}

/// What the jobs in other output folders of the campaign count.
#[derive(Debug, Default)]
struct CountedElsewhere {
    total: Credits,
    /// The part of jobs that this folder has too.
    of_own_jobs: Credits,
}

/// Returns what a run says at its start about a cap that it was not given.
pub(crate) fn remembered_cap_note(summary: &Summary) -> Option<String> {
    let campaign = summary.campaign();
    let cap = campaign.max_credits.filter(|_| campaign.cap_source == Some(CapSource::EarlierRun));
    Some(format!(
        "the cap of an earlier run applies: {} of {} credits are used; `{} none` lifts it",
        summary.money().counted(),
        cap?,
        Flag::MaxCredits
    ))
}

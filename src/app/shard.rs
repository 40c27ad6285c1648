//! One shard of a campaign.
//!
//! A job has the same tag in every shard, so what another machine, a duplicate shard or another division has paid for
//! is found in the provider's list and adopted. A shard ignores jobs of other shards in that list.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{JobId, JobSpec, Plan, Shard, SheetRow};

/// A shard, and the jobs of all shards.
#[derive(Debug)]
pub(crate) struct ShardPlan {
    pub(crate) shard: Shard,
    /// The jobs of all shards.
    pub(crate) all: Vec<Arc<JobSpec>>,
}

impl ShardPlan {
    /// Removes the jobs and rows of other shards from `plan`. Rows without jobs stay in the first shard.
    pub(crate) fn narrow_plan(plan: &mut Plan, shard: Shard) -> Self {
        let all = std::mem::take(&mut plan.jobs);
        // The number of this shard's jobs before each index.
        let mut before = vec![0];
        for job in &all {
            if shard.holds(job.shard_key()) {
                plan.jobs.push(Arc::clone(job));
            }
            before.push(plan.jobs.len());
        }
        let sheet = Arc::make_mut(&mut plan.sheet);
        let rows = std::mem::take(&mut sheet.rows);
        sheet.rows = rows
            .into_iter()
            .filter_map(|row| {
                let was_skipped = row.jobs.is_empty();
                let jobs = before[row.jobs.start]..before[row.jobs.end];
                let is_ours = !jobs.is_empty() || (was_skipped && shard.number() == 1);
                is_ours.then_some(SheetRow { jobs, ..row })
            })
            .collect();
        plan.suspicions.retain_mut(|suspicion| {
            let concerns_sheet = suspicion.jobs.is_empty();
            suspicion.jobs.retain(|job| before[*job] < before[*job + 1]);
            suspicion.jobs.iter_mut().for_each(|job| *job = before[*job]);
            concerns_sheet || !suspicion.jobs.is_empty()
        });
        Self { shard, all }
    }

    /// Narrows `chosen`, which has one element for each job of all shards, to this shard's jobs.
    pub(crate) fn narrow(&self, chosen: &[bool]) -> Vec<bool> {
        let pairs = self.all.iter().zip(chosen);
        let ours = pairs.filter(|(job, _)| self.shard.holds(job.shard_key()));
        ours.map(|(_, chosen)| *chosen).collect()
    }

    /// Returns the other shard that makes the job, if the job is in the plan.
    pub(crate) fn other_shard_of(&self, job: &JobId) -> Option<Shard> {
        let spec = self.all.iter().find(|spec| spec.id == *job)?;
        let count = std::num::NonZeroU32::new(self.shard.count())?;
        Some(Shard::of(spec.shard_key(), count)).filter(|shard| *shard != self.shard)
    }

    /// Returns `named` without the jobs of other shards.
    pub(crate) fn keep_own<'a>(&self, named: impl IntoIterator<Item = &'a JobId>) -> Vec<JobId> {
        let others = self.all.iter().filter(|spec| !self.shard.holds(spec.shard_key()));
        let others: HashSet<&JobId> = others.map(|spec| &spec.id).collect();
        named.into_iter().filter(|id| !others.contains(id)).cloned().collect()
    }
}

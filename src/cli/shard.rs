//! `--shard`: one part of a campaign on each of several machines.
//!
//! A shard's jobs have the tags they would have without shards, so whatever another machine, a doubled shard
//! or another division has paid for is found in the provider's list and adopted. A shard knows of no job
//! but its own: what the list shows of others is nothing to it.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::environment::Environment;
use super::error::Error;
use crate::model::{JobId, JobSpec, Plan, Shard, SheetRow};

/// What `--shard` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShardArg {
    /// `2/8`.
    Given(Shard),
    /// `auto`, `auto/8`: the scheduler's variables tell which, and how many unless that is said.
    Auto(Option<u32>),
}

impl FromStr for ShardArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is not a shard such as `2/8`, `auto/8` or `auto`");
        match text.trim().strip_prefix("auto") {
            None => text.parse().map(Self::Given).map_err(|_| expected()),
            Some("") => Ok(Self::Auto(None)),
            Some(rest) => {
                let count = rest.strip_prefix('/').map(str::parse);
                let count = count.and_then(Result::ok).filter(|count| *count > 0);
                count
                    .map(|count| Self::Auto(Some(count)))
                    .ok_or_else(expected)
            }
        }
    }
}

impl fmt::Display for ShardArg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(shard) => shard.fmt(formatter),
            Self::Auto(Some(count)) => write!(formatter, "auto/{count}"),
            Self::Auto(None) => formatter.write_str("auto"),
        }
    }
}

/// A scheduler that runs one command many times, and how it numbers them.
struct Scheduler {
    name: &'static str,
    index: &'static str,
    count: Option<&'static str>,
    numbering: Numbering,
}

enum Numbering {
    /// From a fixed number on.
    From(u32),
    /// From the number in a variable on.
    FromVariable(&'static str),
}

const SCHEDULERS: [Scheduler; 4] = [
    Scheduler {
        name: "a Kubernetes Indexed Job",
        index: "JOB_COMPLETION_INDEX",
        count: None,
        numbering: Numbering::From(0),
    },
    Scheduler {
        name: "a Slurm array",
        index: "SLURM_ARRAY_TASK_ID",
        count: Some("SLURM_ARRAY_TASK_COUNT"),
        numbering: Numbering::FromVariable("SLURM_ARRAY_TASK_MIN"),
    },
    Scheduler {
        name: "a Cloud Run job",
        index: "CLOUD_RUN_TASK_INDEX",
        count: Some("CLOUD_RUN_TASK_COUNT"),
        numbering: Numbering::From(0),
    },
    Scheduler {
        name: "a parallel GitLab job",
        index: "CI_NODE_INDEX",
        count: Some("CI_NODE_TOTAL"),
        numbering: Numbering::From(1),
    },
];

impl ShardArg {
    /// The shard that is meant here.
    ///
    /// # Errors
    /// If the environment does not tell, or tells something else.
    pub(super) fn resolve(self) -> Result<Shard, Error> {
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Auto(count) => automatic(count, Environment::real_variable),
        }
    }
}

fn automatic(
    wanted: Option<u32>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Shard, Error> {
    let number = |name: &str| {
        let Some(text) = variable(name) else {
            return Ok(None);
        };
        text.trim().parse::<u32>().map(Some).map_err(|_| {
            Error::usage(format!(
                "`{name}` is `{}`, which is no number",
                text.escape_debug()
            ))
        })
    };
    for scheduler in SCHEDULERS {
        let Some(index) = number(scheduler.index)? else {
            continue;
        };
        let counted = scheduler.count.map(number).transpose()?.flatten();
        let from = match scheduler.numbering {
            Numbering::From(first) => first,
            Numbering::FromVariable(name) => number(name)?.unwrap_or(0),
        };
        let Some(count) = wanted.or(counted) else {
            return Err(Error::usage(format!(
                "{} does not tell how many shards there are",
                scheduler.name
            ))
            .hint("say it: `--shard auto/8`"));
        };
        // A part of an array that is run again is numbered like a whole one.
        if counted.is_some_and(|counted| counted != count) || (wanted.is_none() && count == 1) {
            return Err(Error::usage(format!(
                "{} of {} is not {count} shards",
                scheduler.name,
                counted.unwrap_or(count),
            ))
            .hint(format!(
                "name the shard itself, such as `--shard \"${}/8\"` where they are numbered from 1",
                scheduler.index
            )));
        }
        let place = index
            .checked_sub(from)
            .and_then(|place| place.checked_add(1));
        return place
            .and_then(|place| Shard::new(place, count))
            .ok_or_else(|| {
                Error::usage(format!(
                    "`{}` is {index}, which is none of {count} shards",
                    scheduler.index
                ))
                .hint("number the tasks without gaps, one for each shard")
            });
    }
    let names = SCHEDULERS.map(|scheduler| format!("`{}`", scheduler.index));
    Err(Error::usage(format!(
        "`--shard auto` finds none of {} in the environment",
        names.join(", ")
    ))
    .hint("name the shard itself: `--shard 2/8`"))
}

/// A shard of a plan, and what the others make.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) shard: Shard,
    /// Every job of the plan.
    pub(super) all: Vec<Arc<JobSpec>>,
}

impl Part {
    /// Leaves only the jobs and rows of `shard` in `plan`. A row without jobs is the first shard's.
    pub(super) fn take(plan: &mut Plan, shard: Shard) -> Self {
        let all = std::mem::take(&mut plan.jobs);
        // How many of the jobs before each place are this shard's.
        let mut before = vec![0];
        for job in &all {
            if shard.holds(&job.id) {
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
                is_ours.then_some(SheetRow {
                    cells: row.cells,
                    jobs,
                })
            })
            .collect();
        Self { shard, all }
    }

    /// Those of `chosen`, which says it of all jobs, that are this shard's.
    pub(super) fn narrow(&self, chosen: &[bool]) -> Vec<bool> {
        let pairs = self.all.iter().zip(chosen);
        let ours = pairs.filter(|(job, _)| self.shard.holds(&job.id));
        ours.map(|(_, chosen)| *chosen).collect()
    }

    /// The other shard that makes a job, if it is one of the plan's.
    pub(super) fn elsewhere(&self, job: &JobId) -> Option<Shard> {
        if self.shard.holds(job) || !self.all.iter().any(|spec| spec.id == *job) {
            return None;
        }
        let count = std::num::NonZeroU32::new(self.shard.count())?;
        Some(Shard::of(job, count))
    }

    /// `named` without the jobs of other shards.
    pub(super) fn keep_own<'a>(&self, named: impl IntoIterator<Item = &'a JobId>) -> Vec<JobId> {
        let others: HashSet<&JobId> = self
            .all
            .iter()
            .map(|spec| &spec.id)
            .filter(|id| !self.shard.holds(id))
            .collect();
        named
            .into_iter()
            .filter(|id| !others.contains(id))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wish: &str, environment: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let pair = environment.iter().find(|(key, _)| *key == name);
            pair.map(|(_, value)| (*value).to_owned())
        };
        match wish.parse::<ShardArg>()? {
            ShardArg::Given(shard) => Ok(shard.to_string()),
            ShardArg::Auto(count) => automatic(count, variable)
                .map(|shard| shard.to_string())
                .map_err(|error| error.render()),
        }
    }

    #[test]
    fn schedulers_tell_which_of_how_many() {
        let slurm = |id, min, count| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ]
        };
        let is = |wish: &str, environment: &[(&str, &str)], shard: &str| {
            assert_eq!(
                found(wish, environment).as_deref(),
                Ok(shard),
                "{wish} {environment:?}"
            );
        };
        is("2/8", &[], "2/8");
        is("auto/8", &[("JOB_COMPLETION_INDEX", "0")], "1/8");
        is("auto/8", &[("JOB_COMPLETION_INDEX", "7")], "8/8");
        is("auto", &slurm("1", "1", "8"), "1/8");
        is("auto", &slurm("0", "0", "8"), "1/8");
        is("auto/8", &slurm("8", "1", "8"), "8/8");
        is(
            "auto",
            &[("CLOUD_RUN_TASK_INDEX", "3"), ("CLOUD_RUN_TASK_COUNT", "4")],
            "4/4",
        );
        is(
            "auto",
            &[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "4")],
            "3/4",
        );
    }

    #[test]
    fn what_is_not_told_or_does_not_fit_is_never_guessed() {
        let refused = |wish: &str, environment: &[(&str, &str)], words: &str| {
            let error = found(wish, environment).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        refused("auto", &[], "finds none of `JOB_COMPLETION_INDEX`");
        refused("auto", &[("JOB_COMPLETION_INDEX", "0")], "`--shard auto/8`");
        refused(
            "auto/8",
            &[("JOB_COMPLETION_INDEX", "8")],
            "none of 8 shards",
        );
        refused("auto/8", &[("JOB_COMPLETION_INDEX", "x")], "no number");
        // `--array=3`, to run one part of eight once more, would be taken for the first, or for the whole.
        let part = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_MIN", "3"),
            ("SLURM_ARRAY_TASK_COUNT", "1"),
        ];
        refused("auto/8", &part, "$SLURM_ARRAY_TASK_ID/8");
        refused("auto", &part, "$SLURM_ARRAY_TASK_ID/8");
        let gaps = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_MIN", "3"),
            ("SLURM_ARRAY_TASK_COUNT", "2"),
        ];
        refused("auto", &gaps, "none of 2 shards");
        for wrong in ["auto8", "auto/0", "auto/x", "x", "9/8"] {
            refused(wrong, &[], "is not a shard");
        }
    }
}

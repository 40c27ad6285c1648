//! `--shard`: one part of a campaign on each of several machines.

use std::fmt;
use std::str::FromStr;

use crate::app::Error;
use crate::cli::config::Environment;
use crate::model::{Flag, Shard};

/// The value of `--shard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum ShardArg {
    /// `2/8`.
    Given(Shard),
    /// `auto`, `auto/8`: the index, and the count unless given, come from the scheduler's variables.
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
                count.map(|count| Self::Auto(Some(count))).ok_or_else(expected)
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

/// Where a scheduler's numbers begin.
enum First {
    /// At a fixed number.
    At(u32),
    /// At the number in a variable.
    AtVariable(&'static str),
}

/// Schedulers that run one command as an array of tasks: the name, the variables of a task's number and of the number of
/// tasks, and the first number.
const SCHEDULERS: [(&str, &str, Option<&str>, First); 4] = [
    ("a Kubernetes Indexed Job", "JOB_COMPLETION_INDEX", None, First::At(0)),
    (
        "a Slurm array",
        "SLURM_ARRAY_TASK_ID",
        Some("SLURM_ARRAY_TASK_COUNT"),
        First::AtVariable("SLURM_ARRAY_TASK_MIN"),
    ),
    ("a Cloud Run job", "CLOUD_RUN_TASK_INDEX", Some("CLOUD_RUN_TASK_COUNT"), First::At(0)),
    ("a parallel GitLab job", "CI_NODE_INDEX", Some("CI_NODE_TOTAL"), First::At(1)),
];

impl ShardArg {
    /// Returns the shard, from the scheduler's variables if it is `auto`.
    ///
    /// # Errors
    /// If the variables are missing or inconsistent.
    pub(in crate::cli) fn resolve(self) -> Result<Shard, Error> {
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
            Error::usage(format!("`{name}` is `{}`, which is no number", text.escape_debug()))
        })
    };
    for (scheduler, index_name, count_name, first) in SCHEDULERS {
        let Some(index) = number(index_name)? else {
            continue;
        };
        let counted = count_name.map(number).transpose()?.flatten();
        let from = match first {
            First::At(first) => first,
            First::AtVariable(name) => number(name)?.unwrap_or(0),
        };
        let Some(count) = wanted.or(counted) else {
            return Err(Error::usage_with_hint(
                format!("{scheduler} does not set the number of shards"),
                format!("give it: `{} auto/8`", Flag::Shard),
            ));
        };
        // A single task of an array that is run again is numbered like a whole array.
        if counted.is_some_and(|counted| counted != count) || (wanted.is_none() && count == 1) {
            return Err(Error::usage_with_hint(
                format!("{scheduler} of {} is not {count} shards", counted.unwrap_or(count)),
                format!(
                    "name the shard itself, such as `{} \"${index_name}/8\"` where they are numbered from 1",
                    Flag::Shard
                ),
            ));
        }
        let place = index.checked_sub(from).and_then(|place| place.checked_add(1));
        return place.and_then(|place| Shard::new(place, count)).ok_or_else(|| {
            Error::usage_with_hint(
                format!("`{index_name}` is {index}, which is none of {count} shards"),
                "number the tasks without gaps, one for each shard",
            )
        });
    }
    let names = SCHEDULERS.map(|(_, index_name, ..)| format!("`{index_name}`"));
    Err(Error::usage_with_hint(
        format!("`{} auto` finds none of {} in the environment", Flag::Shard, names.join(", ")),
        format!("name the shard itself: `{} 2/8`", Flag::Shard),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(argument: &str, environment: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let pair = environment.iter().find(|(key, _)| *key == name);
            pair.map(|(_, value)| (*value).to_owned())
        };
        match argument.parse::<ShardArg>()? {
            ShardArg::Given(shard) => Ok(shard.to_string()),
            ShardArg::Auto(count) => automatic(count, variable)
                .map(|shard| shard.to_string())
                .map_err(|error| crate::cli::error::Error::from(error).render()),
        }
    }

    #[test]
    fn the_shard_comes_from_the_schedulers_variables() {
        let slurm = |id, min, count| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ]
        };
        let is = |argument: &str, environment: &[(&str, &str)], shard: &str| {
            assert_eq!(
                found(argument, environment).as_deref(),
                Ok(shard),
                "{argument} {environment:?}"
            );
        };
        is("2/8", &[], "2/8");
        is("auto/8", &[("JOB_COMPLETION_INDEX", "0")], "1/8");
        is("auto/8", &[("JOB_COMPLETION_INDEX", "7")], "8/8");
        is("auto", &slurm("1", "1", "8"), "1/8");
        is("auto", &slurm("0", "0", "8"), "1/8");
        is("auto/8", &slurm("8", "1", "8"), "8/8");
        is("auto", &[("CLOUD_RUN_TASK_INDEX", "3"), ("CLOUD_RUN_TASK_COUNT", "4")], "4/4");
        is("auto", &[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "4")], "3/4");
    }

    #[test]
    fn missing_or_inconsistent_variables_are_refused() {
        let refused = |argument: &str, environment: &[(&str, &str)], words: &str| {
            let error = found(argument, environment).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        refused("auto", &[], "finds none of `JOB_COMPLETION_INDEX`");
        refused("auto", &[("JOB_COMPLETION_INDEX", "0")], "`--shard auto/8`");
        refused("auto/8", &[("JOB_COMPLETION_INDEX", "8")], "none of 8 shards");
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

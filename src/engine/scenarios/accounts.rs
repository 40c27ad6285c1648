//! Runs with another account than the one that paid.

use super::harness::{Harness, account, failure, jobs};
use crate::engine::rules::{SafetyRules, SoundRules};
use crate::engine::{RunOptions, Submits};
use crate::model::{Command, FailureKind, Outcome};

/// The rule of a program that takes each unknown id for a missing job.
#[derive(Debug)]
struct BelievesEveryAccount;

impl SafetyRules for BelievesEveryAccount {
    fn is_missing(&self, _is_account_proven: bool) -> bool {
        true
    }
}

#[test]
fn a_job_that_the_account_does_not_know_fails_only_if_the_account_is_the_right_one() {
    let unknown = |harness: &mut Harness, command: &Command| match command {
        Command::Poll { remotes } => {
            Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(Vec::new()) })
        }
        Command::PollJob { job, .. } => Some(Outcome::JobPolled {
            job: job.clone(),
            result: Err(failure(FailureKind::NotFound)),
        }),
        Command::List { .. } => Some(Outcome::Listed { result: Ok(harness.list(0)) }),
        Command::Submit { .. } | Command::Download(_) => None,
    };
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    let collects = || RunOptions { submits: Submits::Nothing, ..RunOptions::default() };
    for (first, then, rules, phase) in [
        // The journal has no account, or another one than this run.
        (None, None, &SoundRules as &'static dyn SafetyRules, "rendering"),
        (None, Some("b"), &SoundRules, "rendering"),
        (Some("a"), Some("b"), &SoundRules, "rendering"),
        (Some("a"), Some("b"), &BelievesEveryAccount, "failed"),
        (Some("a"), None, &SoundRules, "failed"),
    ] {
        let account_of_first = first.map(account);
        let mut harness = Harness { rules, account: account_of_first, ..Harness::new() };
        harness.run(&jobs(2), &leaves, |_, _| None);
        let options = RunOptions { account: then.map(account), ..collects() };
        harness.run(&jobs(2), &options, unknown);
        assert_eq!(harness.phase(0), phase, "{first:?} {then:?}");
        // One known job proves that the account is the right one.
        harness.run(&jobs(2), &collects(), |harness, command| match command {
            Command::Poll { remotes } => {
                let shown = remotes.iter().filter(|id| id.as_str() == "r-1");
                let shown = shown.filter_map(|id| harness.report(id)).collect();
                Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(shown) })
            }
            Command::PollJob { remote, .. } if remote.as_str() == "r-1" => None,
            _ => unknown(harness, command),
        });
        assert_eq!((harness.phase(0), harness.phase(1)), ("failed", "done"));
    }
}

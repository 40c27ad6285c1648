//! Limits that are learned, requested or reached.

use super::harness::{Harness, failure, jobs, lost, seconds};
use crate::engine::{RunOptions, Submits};
use crate::model::{
    Command, Credits, Entry, Event, FailureKind, Limits, Listing, Outcome, RenderReport,
    RenderStatus, RetryAfter, StopReason,
};

/// Returns how many jobs are submitted in the first seconds, before any poll.
fn early_submits(journal: Vec<Event>) -> usize {
    let mut harness = Harness::new();
    let at = harness.now;
    let entries = (1..).zip(journal);
    harness.journal = entries.map(|(sequence, event)| Entry { sequence, at, event }).collect();
    let mut options = RunOptions::default();
    options.limits.submit_rate = "100/s".parse().unwrap();
    let began = harness.now;
    let run = harness.run(&jobs(60), &options, |_, _| None);
    let early = run.commands.iter().filter(|(at, command)| {
        matches!(command, Command::Submit { .. }) && at.since(began) < seconds(4)
    });
    early.count()
}

#[test]
fn learned_slots_are_used_by_the_next_run() {
    assert_eq!(early_submits(Vec::new()), 10);
    let learned = |limit| vec![Event::LimitLearned { limit }];
    assert_eq!(early_submits(learned(40)), 40);
    assert_eq!(early_submits(learned(3)), 10, "a refusal costs nothing");
}

#[test]
fn a_read_pause_of_a_year_is_capped() {
    let mut harness = Harness::new();
    let mut was_paused = false;
    let run = harness.run(&jobs(2), &RunOptions::default(), |_, command| match command {
        Command::Poll { remotes } if !was_paused => {
            was_paused = true;
            let year = RetryAfter::Seconds(365 * 24 * 3600);
            let failure = failure(FailureKind::ServerError).with_retry_after(Some(year));
            Some(Outcome::Polled { remotes: remotes.clone(), result: Err(failure) })
        }
        _ => None,
    });
    assert_ne!(harness.phase(0), "done", "{:?}", run.stopped);
    harness.now = harness.now.plus(seconds(2 * 3600));
    let collects = RunOptions { submits: Submits::Nothing, ..RunOptions::default() };
    harness.run(&jobs(2), &collects, |_, _| None);
    assert_eq!(harness.phase(0), "done");
}

#[test]
fn a_late_charge_makes_no_room_under_the_cap() {
    let mut harness = Harness::new();
    let options = RunOptions {
        limits: Limits { max_credits: Some(Credits::whole(10)).into(), ..Limits::default() },
        ..RunOptions::default()
    };
    let run = harness.run(&jobs(10), &options, |harness, command| match command {
        Command::Poll { remotes } => {
            let reports = remotes.iter().filter_map(|id| harness.report(id));
            let free =
                |report: RenderReport| RenderReport { credits_used: Some(Credits::ZERO), ..report };
            Some(Outcome::Polled {
                remotes: remotes.clone(),
                result: Ok(reports.map(free).collect()),
            })
        }
        _ => None,
    });
    assert_eq!((run.submits(), run.stopped), (2, Some(StopReason::CapReached)));
    // The last list shows the charge.
    assert_eq!(harness.state(0).spent(), Credits::whole(4));
}

/// Runs ten jobs under a cap. `change` changes the report of each finished render.
fn capped(cap: i64, change: impl Fn(&mut RenderReport)) -> (Harness, super::harness::ScenarioRun) {
    let mut harness = Harness::new();
    let max_credits = Some(Credits::whole(cap));
    let limits = Limits { max_credits: max_credits.into(), ..Limits::default() };
    let options = RunOptions { limits, ..RunOptions::default() };
    let run = harness.run(&jobs(10), &options, |harness, command| {
        let changed = |mut reports: Vec<RenderReport>| {
            let finished = reports.iter_mut().filter(|report| report.status.is_final());
            finished.for_each(&change);
            reports
        };
        match command {
            Command::Poll { remotes } => {
                let reports = remotes.iter().filter_map(|id| harness.report(id)).collect();
                Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(changed(reports)) })
            }
            Command::List { .. } => {
                let listing = harness.list(usize::MAX);
                let found = changed(listing.found);
                Some(Outcome::Listed { result: Ok(Listing { found, ..listing }) })
            }
            Command::Submit { .. } | Command::PollJob { .. } | Command::Download(_) => None,
        }
    });
    (harness, run)
}

#[test]
fn a_failed_render_that_reports_no_charge_counts_its_reservation() {
    let (harness, run) = capped(20, |report| {
        report.status = RenderStatus::Failed;
        report.credits_used = Some(Credits::ZERO);
    });
    assert_eq!((run.submits(), run.stopped), (4, Some(StopReason::CapReached)));
    let state = harness.state(0);
    assert_eq!((state.spent(), state.withheld()), (Credits::ZERO, Credits::whole(5)));
}

#[test]
fn a_charge_that_is_too_low_counts_the_reservation() {
    let (_, run) = capped(20, |report| report.credits_used = Some(Credits::from_thousandths(1)));
    assert_eq!((run.submits(), run.stopped), (4, Some(StopReason::CapReached)));
}

#[test]
fn a_higher_price_than_that_of_the_table_does_not_pass_the_cap() {
    let (harness, run) = capped(45, |report| report.credits_used = Some(Credits::whole(10)));
    assert_eq!((run.submits(), run.stopped), (4, Some(StopReason::CapReached)));
    let spent: Credits = (0..10).map(|number| harness.state(number).spent()).sum();
    assert_eq!(spent, Credits::whole(40));
}

#[test]
fn submitting_stops_when_every_answer_is_lost_and_the_list_fails() {
    let mut harness = Harness::new();
    let mut has_begun = false;
    let run = harness.run(&jobs(200), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } => {
            has_begun = true;
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } if has_begun => {
            Some(Outcome::Listed { result: Err(failure(FailureKind::ServerError)) })
        }
        _ => None,
    });
    assert_eq!(run.stopped, Some(StopReason::TooManyDoubts));
    assert!((20..30).contains(&run.submits()), "{}", run.submits());
    // Once the list works again, all of them are found, and the rest is submitted.
    let run = harness.run(&jobs(200), &RunOptions::default(), |_, _| None);
    assert_eq!((run.stopped, harness.rows.len()), (None, 200));
}

//! Two runs of one campaign at the same time, as on two machines with two output folders.

use std::sync::Arc;

use super::harness::{Harness, ScenarioRun, failure, jobs, planned, seconds, submits};
use crate::engine::rules::SafetyRules;
use crate::engine::{RunOptions, Submits};
use crate::model::{
    Command, Credits, FailureKind, Generation, InFlight, JobEvent, JobState, Limits, ListFilter,
    Listing, Outcome, RemoteId, StopReason, Tag,
};

/// A pace slow enough that the list is read several times before all jobs are submitted.
fn options() -> RunOptions {
    RunOptions {
        limits: Limits {
            submit_rate: "6/min".parse().unwrap(),
            in_flight: InFlight::AtMost(100),
            ..Limits::default()
        },
        ..RunOptions::default()
    }
}

fn is_duplicate(event: &JobEvent) -> bool {
    matches!(event, JobEvent::PaidTwice { .. })
}

/// Runs forty jobs while another run submits the same jobs at the same times.
fn run_beside_duplicate(harness: &mut Harness) -> ScenarioRun {
    harness.run(&jobs(40), &options(), |harness, command| {
        if let Command::Submit { name, .. } = command {
            harness.accept(name);
        }
        None
    })
}

#[test]
fn a_duplicate_run_is_detected_and_stops_submitting() {
    let mut harness = Harness::new();
    let run = run_beside_duplicate(&mut harness);
    assert!(run.recorded(is_duplicate));
    assert!(matches!(&run.stopped, Some(StopReason::DuplicateRun { .. })), "{:?}", run.stopped);
    // One settle time at six a minute, and outstanding submits.
    assert!(run.submits() <= 5, "{} submits", run.submits());
    // Paid renders are still collected.
    assert_eq!(harness.phase(0), "done");
    assert_eq!(harness.state(0).duplicates.len(), 1);

    // The other run has ended. The same command adopts its jobs and pays for the rest once.
    let rows = harness.rows.len();
    let run = harness.run(&jobs(40), &options(), |_, _| None);
    assert_eq!(run.stopped, None);
    assert!(!run.recorded(is_duplicate), "it was recorded before");
    assert_eq!(harness.rows.len() - rows, 40 - rows / 2);
}

#[test]
fn a_run_that_reaches_its_cap_waits_for_a_late_list() {
    let mut harness = Harness::new();
    harness.render_time = seconds(2);
    let mut options = RunOptions::default();
    options.limits.max_credits = Some(Credits::whole(10)).into();
    let late = options.limits.settle * 3;
    let mut first = None;
    let run = harness.run(&jobs(4), &options, |harness, command| match command {
        Command::Submit { name, .. } => {
            first.get_or_insert(harness.now);
            harness.accept(name);
            None
        }
        Command::List { .. } if first.is_some_and(|first| harness.now < first.plus(late)) => {
            Some(Outcome::Listed { result: Ok(Listing::default()) })
        }
        _ => None,
    });
    assert_eq!((run.submits(), harness.rows.len()), (2, 4));
    assert!(run.recorded(is_duplicate));
    assert!(run.took < options.limits.settle * 4 + seconds(1), "{:?}", run.took);
    // They count: there is no room for one more.
    options.limits.max_credits = Some(Credits::whole(22)).into();
    let run = harness.run(&jobs(4), &options, |_, _| None);
    assert_eq!((run.submits(), run.stopped), (0, Some(StopReason::CapReached)));
}

#[test]
fn without_detection_every_job_is_paid_for_twice() {
    #[derive(Debug)]
    struct DuplicatesIgnored;
    impl SafetyRules for DuplicatesIgnored {
        fn is_duplicate(&self, _: &JobState, _: &Tag, _: &RemoteId) -> bool {
            false
        }
    }
    let mut harness = Harness::new();
    harness.rules = &DuplicatesIgnored;
    let run = run_beside_duplicate(&mut harness);
    assert_eq!((run.stopped, harness.rows.len()), (None, 80));
}

#[test]
fn jobs_paid_for_by_another_run_are_adopted() {
    let mut harness = Harness::new();
    // The other run starts from the end of the sheet and has submitted its half before this one has.
    let run = harness.run(&jobs(40), &options(), |harness, command| {
        if submits(command, 0) {
            for spec in (20..40).map(|number| planned(number).spec) {
                let tag = Tag::of("c", &spec.id, &spec.fingerprint, Generation(0));
                harness.accept(&tag.name_for(&spec.id));
            }
        }
        None
    });
    assert_eq!(run.submits(), 20);
    assert_eq!(run.stopped, None);
    assert_eq!(harness.rows.len(), 40);
}

#[test]
fn a_copied_row_is_recorded_once_and_stops_nothing() {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    let name = format!("Copy of {}", harness.rows[0].1);
    harness.accept(&name);
    let run = harness.run(&jobs(10), &RunOptions::default(), |_, _| None);
    assert_eq!(run.stopped, None);
    assert!(run.recorded(is_duplicate));
    let run = harness.run(&jobs(11), &RunOptions::default(), |_, _| None);
    assert!(!run.recorded(is_duplicate));
    assert_eq!(harness.rows.len(), 12);
}

#[test]
fn the_list_filter_leaves_out_rows_that_have_ended() {
    let mut harness = Harness::new();
    harness.render_time = seconds(100);
    let run = harness.run(&jobs(100), &options(), |_, _| None);
    let searches = |run: &ScenarioRun| -> Vec<_> {
        let filter = run.commands.iter().filter_map(|(at, command)| match command {
            Command::List { filter } => Some((*at, Arc::clone(filter))),
            Command::Submit { .. }
            | Command::Poll { .. }
            | Command::PollJob { .. }
            | Command::Download(_) => None,
        });
        filter.collect()
    };
    let searches = searches(&run);
    // The last one is requested after all renders have ended.
    let (at, newest) = &searches[searches.len() - 2];
    let mut seen = [0; 3];
    for (remote, name, accepted) in &harness.rows {
        let age = at.since(*accepted);
        let is_wanted = newest.wants(Some(name), Some(remote), None);
        let twin = "another".parse().unwrap();
        assert!(newest.wants(Some(name), Some(&twin), None), "{name}");
        if accepted > at {
            seen[0] += 1;
            assert!(is_wanted, "pending: {name}");
        } else if age < seconds(100) {
            seen[1] += 1;
            assert!(is_wanted, "being rendered: {name}");
        } else if age > seconds(150) {
            seen[2] += 1;
            assert!(!is_wanted, "known to have ended: {name}");
        }
    }
    assert!(seen.iter().all(|rows| *rows > 5), "{seen:?}");
    // The tags of a campaign are computed once.
    let tags = |filter: &ListFilter| filter.own.clone().unwrap();
    let (first, last) = (tags(&searches[0].1), tags(newest));
    assert!(first.shares_tags_with(&last));
}

#[test]
fn a_refused_list_does_not_delay_polls_of_renders() {
    let mut harness = Harness::new();
    let mut options = options();
    options.limits.settle = std::time::Duration::from_millis(200);
    let run = harness.run(&jobs(3), &options, |harness, command| {
        let is_list = matches!(command, Command::List { .. }) && !harness.rows.is_empty();
        is_list.then(|| Outcome::Listed { result: Err(failure(FailureKind::ServerError)) })
    });
    assert_eq!((harness.phase(0), harness.phase(2)), ("done", "done"));
    assert!(run.took < seconds(240), "{:?}", run.took);
}

#[test]
fn detection_costs_few_reads_and_none_without_submits() {
    let mut harness = Harness::new();
    harness.render_time = seconds(600);
    let lists = |run: &ScenarioRun| {
        let is_list = |command: &&(_, Command)| matches!(command.1, Command::List { .. });
        run.commands.iter().filter(is_list).count()
    };
    let run = harness.run(&jobs(200), &options(), |_, _| None);
    assert!(lists(&run) <= 8, "{} lists in half an hour", lists(&run));
    let collect = RunOptions { submits: Submits::Nothing, ..options() };
    let run = harness.run(&jobs(200), &collect, |_, _| None);
    assert_eq!(lists(&run), 0);
}

#[test]
fn a_short_run_lists_once_more_before_it_ends() {
    let mut harness = Harness::new();
    harness.render_time = seconds(2);
    let options = RunOptions::default();
    // The list fails for a moment at that time.
    let mut refusals = 0;
    let run = harness.run(&jobs(2), &options, |harness, command| match command {
        Command::Submit { name, .. } => {
            harness.accept(name);
            None
        }
        Command::List { .. } if !harness.rows.is_empty() && refusals < 2 => {
            refusals += 1;
            Some(Outcome::Listed { result: Err(failure(FailureKind::ServerError)) })
        }
        _ => None,
    });
    assert!(run.took < options.limits.settle, "{:?}", run.took);
    assert!(run.recorded(is_duplicate));
    let is_duplicate_run = matches!(&run.stopped, Some(StopReason::DuplicateRun { .. }));
    assert!(is_duplicate_run, "{:?}", run.stopped);
    // A run without submits does not check.
    let run = harness.run(&jobs(2), &options, |_, _| None);
    let is_list = |(_, command): &(_, Command)| matches!(command, Command::List { .. });
    assert_eq!((run.commands.iter().filter(|it| is_list(it)).count(), run.stopped), (0, None));
}

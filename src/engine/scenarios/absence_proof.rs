//! When a list without a job proves its absence, and when it does not.

use std::time::Duration;

use super::harness::{Harness, failure, jobs, listing, lost, seconds, submits};
use crate::engine::{RunOptions, Submits};
use crate::model::{
    Command, Entry, Event, FailureKind, Inconclusive, JobEvent, ListOrder, Listing, Outcome,
    Timestamp,
};

pub(super) fn listed(listing: Listing) -> Outcome {
    Outcome::Listed { result: Ok(listing) }
}

pub(super) fn is_absent(event: &JobEvent) -> bool {
    matches!(event, JobEvent::FoundAbsent)
}

#[test]
fn growing_lists_prove_the_first_job_absent() {
    let mut harness = Harness::new();
    let mut is_first = true;
    let run = harness.run(&jobs(20), &RunOptions::default(), |_, command| {
        let loses = submits(command, 0) && is_first;
        is_first &= !loses;
        if loses { lost(command) } else { None }
    });
    assert!(run.recorded(is_absent));
    assert_eq!((harness.phase(0), harness.rows.len()), ("done", 20));
}

/// Runs a campaign of four jobs. The answer to the first submit is lost; the job is accepted if `accepts`. The list shows
/// the newest three rows and `foreign` ones of two days ago.
pub(super) fn first_of_four(accepts: bool, foreign: u64) -> (Harness, bool, usize) {
    let mut harness = Harness::new();
    let mut is_first = true;
    let run = harness.run(&jobs(4), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } if is_first => {
            is_first = false;
            if accepts {
                harness.accept(name);
            }
            lost(command)
        }
        Command::List { .. } => {
            let mut listing = harness.list(3);
            listing.rows += foreign;
            if foreign > 0 {
                listing.oldest = Some(harness.now.minus(seconds(2 * 24 * 3600)));
            }
            Some(listed(listing))
        }
        _ => None,
    });
    let is_list = |command: &&(Timestamp, Command)| matches!(command.1, Command::List { .. });
    let lists = run.commands.iter().filter(is_list).count();
    let is_believed = run.recorded(is_absent);
    (harness, is_believed, lists)
}

#[test]
fn a_list_that_may_cut_off_the_first_job_proves_nothing() {
    let (harness, is_believed, lists) = first_of_four(true, 0);
    assert!(!is_believed);
    assert!(lists <= 25, "{lists} lists in ten minutes that prove nothing");
    assert_eq!((harness.phase(0), harness.rows.len()), ("in_doubt", 4));
    let why = [Inconclusive::NoReference, Inconclusive::CutShort];
    assert_eq!(inconclusive_reasons(&harness), why, "each is recorded once");
}

#[test]
fn a_list_with_much_older_rows_covers_the_first_job() {
    let (harness, is_believed, _) = first_of_four(false, 1);
    assert!(is_believed);
    assert_eq!((harness.phase(0), harness.rows.len()), ("done", 4));
}

/// Job 0 is accepted. Later job 1 is accepted too, but its answer is lost and the list shows it only after `lag`. Every
/// list takes `takes` to arrive.
fn run_with_late_list(lag: Duration, takes: Duration, forgets_first: bool) -> Harness {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    harness.run(&jobs(1), &options, |_, _| None);
    harness.now = harness.now.plus(seconds(600));
    if forgets_first {
        harness.journal.clear();
        let collects = RunOptions {
            submits: Submits::Nothing,
            journal_was_lost: true,
            ..RunOptions::default()
        };
        harness.run(&jobs(1), &collects, |_, _| None);
    }
    harness.run(&jobs(2), &options, |harness, command| match command {
        Command::Submit { name, .. } => {
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let visible = |at: &Timestamp| at.plus(lag) <= harness.now;
            let mut listing = harness.list(usize::MAX);
            listing.found.retain(|row| row.created_at.as_ref().is_some_and(visible));
            harness.now = harness.now.plus(takes);
            Some(listed(listing))
        }
        _ => None,
    });
    harness
}

#[test]
fn the_proof_waits_as_long_as_the_oldest_reference_allows() {
    // The only reference row is ten minutes older than the job, so lags below that are not known.
    let harness = run_with_late_list(seconds(400), Duration::ZERO, false);
    assert_eq!(harness.rows.len(), 2, "paid twice");
    assert_eq!(harness.phase(1), "done");
}

#[test]
fn a_reference_of_unknown_age_bounds_no_delay() {
    let harness = run_with_late_list(seconds(400), Duration::ZERO, true);
    assert_eq!(harness.rows.len(), 2, "paid twice");
}

#[test]
fn the_delay_counts_from_the_arrival_of_a_listing() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let mut lists = 0;
    // Both are accepted at about the same time and listed 100 seconds later. One answer is lost. The first list is made
    // 95 seconds after it was requested, the next at once.
    harness.run(&jobs(2), &options, |harness, command| match command {
        Command::Submit { name, .. } if submits(command, 1) => {
            harness.now = harness.now.plus(seconds(40));
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            lists += 1;
            if lists > 1 {
                harness.now = harness.now.plus(seconds(match lists {
                    2 => 57,
                    _ => 0,
                }));
            }
            let lag = seconds(100);
            let now = harness.now;
            let mut listing = harness.list(usize::MAX);
            listing.found.retain(|row| row.created_at.is_some_and(|at| at.plus(lag) <= now));
            Some(listed(listing))
        }
        _ => None,
    });
    assert_eq!(harness.rows.len(), 2, "paid twice");
}

#[test]
fn without_possible_proof_the_run_ends_soon() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(1), &RunOptions::default(), |_, command| lost(command));
    assert_eq!(harness.phase(0), "in_doubt");
    assert!(run.took >= seconds(30), "a late list may still show it");
    assert!(run.took <= seconds(90), "{:?}", run.took);
}

#[test]
fn a_missing_reference_leaves_the_job_in_doubt() {
    let mut harness = Harness::new();
    let mut has_lost = false;
    let run = harness.run(&jobs(3), &RunOptions::default(), |harness, command| match command {
        Command::Submit { .. } if submits(command, 2) => {
            has_lost = true;
            lost(command)
        }
        Command::List { .. } if has_lost => {
            let mut listing = harness.list(usize::MAX);
            listing.found.retain(|row| row.remote.as_str() != "r-0");
            Some(listed(listing))
        }
        _ => None,
    });
    assert_eq!((harness.phase(2), run.recorded(is_absent)), ("in_doubt", false));
    assert!(run.took < seconds(15 * 60), "{:?}", run.took);
}

/// Job 1 is accepted and its answer is lost. The list shows every row, with its name changed by `keeps`.
fn run_with_names(keeps: impl Fn(String) -> Option<String>) -> (Harness, bool) {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(4), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } if submits(command, 1) => {
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let mut listing = harness.list(usize::MAX);
            for row in &mut listing.found {
                row.name = row.name.take().and_then(&keeps);
            }
            Some(listed(listing))
        }
        _ => None,
    });
    let is_believed = run.recorded(is_absent);
    (harness, is_believed)
}

#[test]
fn a_list_without_names_proves_nothing() {
    for is_cut in [false, true] {
        let (harness, is_believed) = run_with_names(|mut name| {
            name.truncate(10);
            is_cut.then_some(name)
        });
        assert!(!is_believed);
        assert_eq!((harness.phase(1), harness.rows.len()), ("in_doubt", 4));
    }
}

#[test]
fn a_name_in_capitals_is_recognised() {
    let (harness, _) = run_with_names(|name| Some(name.to_uppercase()));
    assert_eq!((harness.phase(1), harness.rows.len()), ("done", 4));
}

#[test]
fn an_earlier_generation_is_no_reference() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    harness.run(&jobs(1), &options, |_, _| None);
    harness.now = harness.now.plus(seconds(600));
    // Job 1 is accepted and its answer is lost, then job 0 is submitted again. The list shows only the newer row.
    let fresh = RunOptions { fresh: true, ..RunOptions::default() };
    let mut rows = jobs(2);
    rows.reverse();
    let run = harness.run(&rows, &fresh, |harness, command| match command {
        Command::Submit { name, .. } if submits(command, 1) => {
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => Some(listed(harness.list(1))),
        _ => None,
    });
    assert!(!run.recorded(is_absent), "paid twice");
    let is_adopted =
        |entry: &Entry| matches!(entry.event, Event::Job { event: JobEvent::Adopted { .. }, .. });
    assert!(harness.phase(1) == "in_doubt" || run.entries.iter().any(is_adopted));
}

#[test]
fn with_a_lost_journal_a_late_list_is_read_again() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(1), &leaves, |_, _| None);
    harness.journal.clear();
    let options = RunOptions { journal_was_lost: true, ..RunOptions::default() };
    let run = harness.run(&jobs(1), &options, |harness, command| match command {
        Command::List { .. } if harness.now < harness.rows[0].2.plus(seconds(30)) => {
            Some(listed(Listing::default()))
        }
        _ => None,
    });
    assert_eq!((run.submits(), harness.phase(0)), (0, "done"));
}

#[test]
fn a_machine_that_slept_past_the_limit_lists_once_more() {
    let mut harness = Harness::new();
    let mut lists = 0;
    harness.run(&jobs(1), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } => {
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            lists += 1;
            // The first is the inventory. The machine sleeps while the second is outstanding.
            (lists == 2).then(|| {
                harness.now = harness.now.plus(seconds(3600));
                Outcome::Listed { result: Err(failure(FailureKind::Lost)) }
            })
        }
        _ => None,
    });
    assert_eq!((harness.rows.len(), harness.phase(0)), (1, "done"));
}

#[test]
fn times_of_a_clock_that_was_set_back_are_not_used() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    harness.run(&jobs(1), &options, |_, _| None);
    // In the next run the clock is two hours earlier, and the list is five minutes late.
    for entry in &mut harness.journal {
        entry.at = entry.at.plus(seconds(7200));
    }
    harness.now = harness.now.plus(seconds(1000));
    let lag = seconds(300);
    harness.run(&jobs(2), &options, |harness, command| match command {
        Command::Submit { name, .. } => {
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let now = harness.now;
            let mut listing = harness.list(usize::MAX);
            let visible = |at: Timestamp| at.plus(lag) <= now;
            listing.found.retain(|row| row.created_at.is_some_and(visible));
            Some(listed(listing))
        }
        _ => None,
    });
    assert_eq!(harness.rows.len(), 2, "paid twice");
}

#[test]
fn sleep_between_record_and_request_delays_the_proof() {
    for (asleep, lag) in [(0, 100), (600, 100), (3600, 400)] {
        let mut harness = Harness::new();
        let options = RunOptions::default();
        harness.render_time = seconds(1);
        harness.run(&jobs(1), &options, |_, _| None);
        harness.now = harness.now.plus(seconds(600));
        harness.run(&jobs(2), &options, |harness, command| match command {
            Command::Submit { name, .. } => {
                harness.now = harness.now.plus(seconds(asleep));
                harness.accept(name);
                lost(command)
            }
            Command::List { .. } => {
                let now = harness.now;
                let mut listing = harness.list(usize::MAX);
                let is_shown = |at: Timestamp| at.plus(seconds(lag)) <= now;
                listing.found.retain(|row| row.created_at.is_some_and(is_shown));
                listing.rows = listing.found.len() as u64;
                Some(listed(listing))
            }
            _ => None,
        });
        assert_eq!(harness.rows.len(), 2, "asleep for {asleep} s, lag {lag} s");
    }
}

#[test]
fn a_list_of_the_oldest_rows_proves_nothing_about_the_newest() {
    let mut harness = Harness::new();
    for number in 0..8 {
        harness.accept(&format!("foreign {number}"));
    }
    harness.now = harness.now.plus(seconds(600));
    let mut has_lost = false;
    let run = harness.run(&jobs(3), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } if submits(command, 2) && !has_lost => {
            has_lost = true;
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let shown = harness.rows.iter().take(10);
            let shown = shown.filter_map(|(id, ..)| harness.report(id)).collect();
            Some(listed(Listing { order: ListOrder::OldestFirst, ..listing(shown) }))
        }
        _ => None,
    });
    assert!(!run.recorded(is_absent));
    assert_eq!((harness.rows.len(), harness.phase(2)), (11, "in_doubt"));
}

fn is_lost(event: &Event) -> bool {
    matches!(event, Event::Job { event: JobEvent::SubmitLost { .. }, .. })
}

#[test]
fn a_restart_does_not_delay_the_proof() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let mut is_first = true;
    let answers = |_: &mut Harness, command: &Command| {
        let loses = submits(command, 1) && is_first;
        is_first &= !loses;
        if loses { lost(command) } else { None }
    };
    // Killed as soon as the loss is recorded, and started again an hour later.
    harness.run_until_event(&jobs(2), &options, answers, is_lost);
    harness.now = harness.now.plus(seconds(3600));
    let run = harness.run(&jobs(2), &options, |_, _| None);
    assert_eq!((harness.phase(1), harness.rows.len()), ("done", 2));
    // The settle time and the render.
    assert!(run.took < seconds(60 + 60), "{:?}", run.took);
}

#[test]
fn after_a_kill_the_proof_waits_for_a_late_acceptance() {
    // The HTTP client waits at most two minutes for a create.
    for after in [5, 45, 75, 100, 119] {
        // With only an earlier reference row, and with later ones.
        a_killed_create_is_accepted_after(seconds(after), 2);
        a_killed_create_is_accepted_after(seconds(after), 4);
    }
}

fn a_killed_create_is_accepted_after(duration: Duration, count: usize) {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    // Job 1 is accepted long after it was sent. The program is killed and started again before that.
    let mut is_first = true;
    let mut pending: Option<(String, Timestamp)> = None;
    let mut answers = |harness: &mut Harness, command: &Command| {
        if let Some((name, _)) = pending.take_if(|(_, at)| harness.now >= at.plus(duration)) {
            harness.accept(&name);
        }
        match command {
            Command::Submit { name, .. } if submits(command, 1) && is_first => {
                is_first = false;
                pending = Some((name.clone(), harness.now));
                lost(command)
            }
            _ => None,
        }
    };
    harness.run_until_event(&jobs(count), &options, &mut answers, is_lost);
    // The kill comes before the loss is recorded.
    let end = harness.journal.iter().position(|it| is_lost(&it.event));
    harness.journal.truncate(end.unwrap());
    harness.run(&jobs(count), &options, &mut answers);
    assert_eq!(harness.rows.len(), count, "paid twice: {duration:?}");
    assert_eq!(harness.phase(1), "done", "{duration:?}");
}

/// Returns why the searches for the first job have proven nothing, in order.
pub(super) fn inconclusive_reasons(harness: &Harness) -> Vec<Inconclusive> {
    let reason = |entry: &Entry| match &entry.event {
        Event::Job { job, event: JobEvent::NotProven { why } }
            if *job == super::harness::job(0) =>
        {
            Some(why.clone())
        }
        _ => None,
    };
    harness.journal.iter().filter_map(reason).collect()
}

#[test]
fn every_inconclusive_search_records_its_reason() {
    // A single job has no reference row, and a refused list shows none.
    for is_refused in [false, true] {
        let mut harness = Harness::new();
        let mut was_sent = false;
        harness.run(&jobs(1), &RunOptions::default(), |_, command| match command {
            Command::Submit { .. } => {
                was_sent = true;
                lost(command)
            }
            Command::List { .. } if is_refused && was_sent => {
                Some(Outcome::Listed { result: Err(failure(FailureKind::ServerError)) })
            }
            _ => None,
        });
        assert_eq!(harness.phase(0), "in_doubt");
        let reasons = inconclusive_reasons(&harness);
        let was_refused = |why: &Inconclusive| match why {
            Inconclusive::NoReference => Some(false),
            Inconclusive::Refused { .. } => Some(true),
            _ => None,
        };
        let reasons: Vec<_> = reasons.iter().map(was_refused).collect();
        assert_eq!(reasons, [Some(is_refused)]);
    }
    // A second list must confirm one that would suffice.
    let (harness, is_believed, _) = first_of_four(false, 1);
    assert!(is_believed);
    assert_eq!(inconclusive_reasons(&harness).last(), Some(&Inconclusive::Once));
    // A list without an accepted job proves nothing.
    let mut harness = Harness::new();
    harness.run(&jobs(3), &RunOptions::default(), |_, command| match command {
        Command::Submit { .. } if submits(command, 0) => lost(command),
        Command::List { .. } => Some(listed(Listing::default())),
        _ => None,
    });
    assert!(
        inconclusive_reasons(&harness).contains(&Inconclusive::Incomplete),
        "{:?}",
        inconclusive_reasons(&harness)
    );
}

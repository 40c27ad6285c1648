//! When a list without a job is proof, and when it is not.

use std::time::Duration;

use super::reasons::reasons;
use super::stage::{Stage, failure, jobs, lost, seconds, submits};
use crate::engine::{Policy, Submits};
use crate::model::{
    Command, Entry, Event, FailureKind, Inconclusive, JobEvent, Listing, Outcome, Timestamp,
};

pub(super) fn listed(listing: Listing) -> Outcome {
    Outcome::Listed {
        result: Ok(listing),
    }
}

pub(super) fn is_absent(event: &JobEvent) -> bool {
    matches!(event, JobEvent::FoundAbsent)
}

#[test]
fn a_first_job_that_was_lost_is_proven_absent_by_lists_that_grow() {
    let mut stage = Stage::new();
    let mut is_first = true;
    let run = stage.run(&jobs(20), &Policy::default(), |_, command| {
        let loses = submits(command, 0) && is_first;
        is_first &= !loses;
        if loses { lost(command) } else { None }
    });
    assert!(run.tells(is_absent));
    assert_eq!((stage.phase(0), stage.rows.len()), ("done", 20));
}

/// A campaign of four whose first answer is lost, though the job is accepted if `accepts`; the list
/// shows the newest three rows, and then `foreign` ones of two days ago.
pub(super) fn first_of_four(accepts: bool, foreign: u64) -> (Stage, bool, usize) {
    let mut stage = Stage::new();
    let mut is_first = true;
    let run = stage.run(
        &jobs(4),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { name, .. } if is_first => {
                is_first = false;
                if accepts {
                    stage.accept(name);
                }
                lost(command)
            }
            Command::List { .. } => {
                let mut listing = stage.list(3);
                listing.rows += foreign;
                if foreign > 0 {
                    listing.oldest = Some(stage.now.minus(seconds(2 * 24 * 3600)));
                }
                Some(listed(listing))
            }
            _ => None,
        },
    );
    let is_list = |command: &&(Timestamp, Command)| matches!(command.1, Command::List { .. });
    let lists = run.commands.iter().filter(is_list).count();
    let is_believed = run.tells(is_absent);
    (stage, is_believed, lists)
}

#[test]
fn a_list_that_may_have_cut_off_the_first_job_proves_nothing() {
    let (stage, is_believed, lists) = first_of_four(true, 0);
    assert!(!is_believed);
    assert!(
        lists <= 25,
        "{lists} lists in ten minutes that prove nothing"
    );
    assert_eq!((stage.phase(0), stage.rows.len()), ("in_doubt", 4));
    let why = [Inconclusive::NoWitness, Inconclusive::CutShort];
    assert_eq!(reasons(&stage), why, "each is told once");
}

#[test]
fn a_list_that_shows_much_older_rows_reaches_back_to_the_first_job() {
    let (stage, is_believed, _) = first_of_four(false, 1);
    assert!(is_believed);
    assert_eq!((stage.phase(0), stage.rows.len()), ("done", 4));
}

/// Job 0 is accepted; later job 1 is accepted too, but its answer is lost and it shows in the list
/// only after `lag`. Every list takes `takes` to arrive.
fn a_late_list(lag: Duration, takes: Duration, forgets_first: bool) -> Stage {
    let mut stage = Stage::new();
    let policy = Policy::default();
    stage.run(&jobs(1), &policy, |_, _| None);
    stage.now = stage.now.plus(seconds(600));
    if forgets_first {
        stage.journal.clear();
        let collects = Policy {
            submits: Submits::Nothing,
            journal_was_lost: true,
            ..Policy::default()
        };
        stage.run(&jobs(1), &collects, |_, _| None);
    }
    stage.run(&jobs(2), &policy, |stage, command| match command {
        Command::Submit { name, .. } => {
            stage.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let visible = |at: &Timestamp| at.plus(lag) <= stage.now;
            let mut listing = stage.list(usize::MAX);
            listing
                .found
                .retain(|row| row.created_at.as_ref().is_some_and(visible));
            stage.now = stage.now.plus(takes);
            Some(listed(listing))
        }
        _ => None,
    });
    stage
}

#[test]
fn a_list_as_late_as_its_oldest_witness_allows_is_waited_for() {
    // The only witness is ten minutes older than the job, so nothing is known of lags below that.
    let stage = a_late_list(seconds(400), Duration::ZERO, false);
    assert_eq!(stage.rows.len(), 2, "paid twice");
    assert_eq!(stage.phase(1), "done");
}

#[test]
fn a_witness_of_unknown_age_is_no_clock() {
    let stage = a_late_list(seconds(400), Duration::ZERO, true);
    assert_eq!(stage.rows.len(), 2, "paid twice");
}

#[test]
fn a_list_that_takes_long_to_arrive_counts_from_its_arrival() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    let mut lists = 0;
    // Both are accepted at about the same time and show 100 seconds later; one answer is lost. The
    // first list is read on the way, 95 seconds after it was asked for, the next at once.
    stage.run(&jobs(2), &policy, |stage, command| match command {
        Command::Submit { name, .. } if submits(command, 1) => {
            stage.now = stage.now.plus(seconds(40));
            stage.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            lists += 1;
            if lists > 1 {
                stage.now = stage.now.plus(seconds(match lists {
                    2 => 57,
                    _ => 0,
                }));
            }
            let lag = seconds(100);
            let now = stage.now;
            let mut listing = stage.list(usize::MAX);
            listing
                .found
                .retain(|row| row.created_at.is_some_and(|at| at.plus(lag) <= now));
            Some(listed(listing))
        }
        _ => None,
    });
    assert_eq!(stage.rows.len(), 2, "paid twice");
}

#[test]
fn where_no_proof_can_come_the_run_ends_soon() {
    let mut stage = Stage::new();
    let run = stage.run(&jobs(1), &Policy::default(), |_, command| lost(command));
    assert_eq!(stage.phase(0), "in_doubt");
    assert!(run.took >= seconds(30), "a late list may still show it");
    assert!(run.took <= seconds(90), "{:?}", run.took);
}

#[test]
fn a_witness_that_nobody_shows_any_more_leaves_the_job_to_a_person() {
    let mut stage = Stage::new();
    let mut has_lost = false;
    let run = stage.run(
        &jobs(3),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { .. } if submits(command, 2) => {
                has_lost = true;
                lost(command)
            }
            Command::List { .. } if has_lost => {
                let mut listing = stage.list(usize::MAX);
                listing.found.retain(|row| row.remote.as_str() != "r-0");
                Some(listed(listing))
            }
            _ => None,
        },
    );
    assert_eq!((stage.phase(2), run.tells(is_absent)), ("in_doubt", false));
    assert!(run.took < seconds(15 * 60), "{:?}", run.took);
}

/// Job 1 is accepted and its answer lost; the list shows every row, with the name that `keeps` leaves.
fn names_kept_as(keeps: impl Fn(String) -> Option<String>) -> (Stage, bool) {
    let mut stage = Stage::new();
    let run = stage.run(
        &jobs(4),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { name, .. } if submits(command, 1) => {
                stage.accept(name);
                lost(command)
            }
            Command::List { .. } => {
                let mut listing = stage.list(usize::MAX);
                for row in &mut listing.found {
                    row.name = row.name.take().and_then(&keeps);
                }
                Some(listed(listing))
            }
            _ => None,
        },
    );
    let is_believed = run.tells(is_absent);
    (stage, is_believed)
}

#[test]
fn where_names_are_not_kept_a_list_proves_nothing() {
    for is_cut in [false, true] {
        let (stage, is_believed) = names_kept_as(|mut name| {
            name.truncate(10);
            is_cut.then_some(name)
        });
        assert!(!is_believed);
        assert_eq!((stage.phase(1), stage.rows.len()), ("in_doubt", 4));
    }
}

#[test]
fn a_name_in_capitals_is_still_recognised() {
    let (stage, _) = names_kept_as(|name| Some(name.to_uppercase()));
    assert_eq!((stage.phase(1), stage.rows.len()), ("done", 4));
}

#[test]
fn an_earlier_generation_is_no_witness() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    stage.run(&jobs(1), &policy, |_, _| None);
    stage.now = stage.now.plus(seconds(600));
    // Job 1 is accepted unheard, then job 0 is made anew. Of the two rows the list shows the newer.
    let fresh = Policy {
        fresh: true,
        ..Policy::default()
    };
    let mut rows = jobs(2);
    rows.reverse();
    let run = stage.run(&rows, &fresh, |stage, command| match command {
        Command::Submit { name, .. } if submits(command, 1) => {
            stage.accept(name);
            lost(command)
        }
        Command::List { .. } => Some(listed(stage.list(1))),
        _ => None,
    });
    assert!(!run.tells(is_absent), "paid twice");
    let is_adopted = |entry: &Entry| {
        matches!(
            entry.event,
            Event::Job {
                event: JobEvent::Adopted { .. },
                ..
            }
        )
    };
    assert!(stage.phase(1) == "in_doubt" || run.entries.iter().any(is_adopted));
}

#[test]
fn with_the_journal_lost_a_list_that_is_late_is_read_again() {
    let mut stage = Stage::new();
    let leaves = Policy {
        leave_after_submitting: true,
        ..Policy::default()
    };
    stage.run(&jobs(1), &leaves, |_, _| None);
    stage.journal.clear();
    let policy = Policy {
        journal_was_lost: true,
        ..Policy::default()
    };
    let run = stage.run(&jobs(1), &policy, |stage, command| match command {
        Command::List { .. } if stage.now < stage.rows[0].2.plus(seconds(30)) => {
            Some(listed(Listing::default()))
        }
        _ => None,
    });
    assert_eq!((run.submits(), stage.phase(0)), (0, "done"));
}

#[test]
fn a_machine_that_slept_through_its_patience_looks_once_more() {
    let mut stage = Stage::new();
    let mut lists = 0;
    stage.run(
        &jobs(1),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { name, .. } => {
                stage.accept(name);
                lost(command)
            }
            Command::List { .. } => {
                lists += 1;
                // The first is the inventory. The second is asked for, and the lid is closed.
                (lists == 2).then(|| {
                    stage.now = stage.now.plus(seconds(3600));
                    Outcome::Listed {
                        result: Err(failure(FailureKind::Lost)),
                    }
                })
            }
            _ => None,
        },
    );
    assert_eq!((stage.rows.len(), stage.phase(0)), (1, "done"));
}

#[test]
fn a_moment_written_by_a_clock_that_was_set_back_is_no_witness_of_time() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    stage.run(&jobs(1), &policy, |_, _| None);
    // The next run finds the clock two hours earlier, and the list is five minutes late.
    for entry in &mut stage.journal {
        entry.at = entry.at.plus(seconds(7200));
    }
    stage.now = stage.now.plus(seconds(1000));
    let lag = seconds(300);
    stage.run(&jobs(2), &policy, |stage, command| match command {
        Command::Submit { name, .. } => {
            stage.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let now = stage.now;
            let mut listing = stage.list(usize::MAX);
            let visible = |at: Timestamp| at.plus(lag) <= now;
            listing
                .found
                .retain(|row| row.created_at.is_some_and(visible));
            Some(listed(listing))
        }
        _ => None,
    });
    assert_eq!(stage.rows.len(), 2, "paid twice");
}

//! Slips of the provider, and what must not follow from them.

use super::stage::{Stage, failure, jobs, lost, seconds};
use crate::engine::{Policy, Submits};
use crate::model::{
    Command, Credits, FailureKind, Limits, Outcome, RenderReport, RetryAfter, StopReason,
};

#[test]
fn a_pause_of_a_year_keeps_nothing_that_was_paid_for_out_of_reach() {
    let mut stage = Stage::new();
    let mut has_slipped = false;
    let run = stage.run(&jobs(2), &Policy::default(), |_, command| match command {
        Command::Poll { remotes } if !has_slipped => {
            has_slipped = true;
            let year = RetryAfter::Seconds(365 * 24 * 3600);
            let failure = failure(FailureKind::ServerError).with_retry_after(Some(year));
            Some(Outcome::Polled {
                remotes: remotes.clone(),
                result: Err(failure),
            })
        }
        _ => None,
    });
    assert_ne!(stage.phase(0), "done", "{:?}", run.stopped);
    stage.now = stage.now.plus(seconds(2 * 3600));
    let collects = Policy {
        submits: Submits::Nothing,
        ..Policy::default()
    };
    stage.run(&jobs(2), &collects, |_, _| None);
    assert_eq!(stage.phase(0), "done");
}

#[test]
fn a_charge_that_comes_late_makes_no_room_under_the_cap() {
    let mut stage = Stage::new();
    let policy = Policy {
        limits: Limits {
            max_credits: Some(Credits::whole(10)),
            ..Limits::default()
        },
        ..Policy::default()
    };
    let run = stage.run(&jobs(10), &policy, |stage, command| match command {
        Command::Poll { remotes } => {
            let reports = remotes.iter().filter_map(|id| stage.report(id));
            let free = |report: RenderReport| RenderReport {
                credits_used: Some(Credits::ZERO),
                ..report
            };
            Some(Outcome::Polled {
                remotes: remotes.clone(),
                result: Ok(reports.map(free).collect()),
            })
        }
        _ => None,
    });
    assert_eq!(
        (run.submits(), run.stopped),
        (2, Some(StopReason::CapReached))
    );
    assert_eq!(stage.state(0).spent(), Credits::whole(5));
}

#[test]
fn no_more_is_submitted_when_every_answer_is_lost_and_the_list_does_not_help() {
    let mut stage = Stage::new();
    let mut has_begun = false;
    let run = stage.run(
        &jobs(200),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { name, .. } => {
                has_begun = true;
                stage.accept(name);
                lost(command)
            }
            Command::List { .. } if has_begun => Some(Outcome::Listed {
                result: Err(failure(FailureKind::ServerError)),
            }),
            _ => None,
        },
    );
    assert_eq!(run.stopped, Some(StopReason::TooManyDoubts));
    assert!((20..30).contains(&run.submits()), "{}", run.submits());
    // With the list well again, all of them are found, and the rest is made.
    let run = stage.run(&jobs(200), &Policy::default(), |_, _| None);
    assert_eq!((run.stopped, stage.rows.len()), (None, 200));
}

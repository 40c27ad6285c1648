//! Submits that were given up, and turn up at the provider after all.

use super::absence::listed;
use super::stage::{Stage, failure, job, jobs, lost, submits};
use crate::engine::Policy;
use crate::model::{Command, Credits, FailureKind, Listing, Outcome};

fn hides(command: &Command) -> Option<Outcome> {
    matches!(command, Command::List { .. }).then(|| listed(Listing::default()))
}

fn refused(command: &Command, kind: FailureKind) -> Option<Outcome> {
    let Command::Submit { job, .. } = command else {
        return None;
    };
    Some(Outcome::Submitted {
        job: job.clone(),
        result: Err(failure(kind)),
    })
}

#[test]
fn a_doubt_that_was_given_up_and_turns_up_before_another_is_sent_is_taken_over() {
    let mut stage = Stage::new();
    stage.run(
        &jobs(1),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { name, .. } => {
                stage.accept(name);
                lost(command)
            }
            other => hides(other),
        },
    );
    assert_eq!(stage.phase(0), "in_doubt");
    let named = Policy {
        resubmit: [job(0)].into(),
        ..Policy::default()
    };
    let run = stage.run(&jobs(1), &named, |_, command| {
        refused(command, FailureKind::OutOfCredits).or_else(|| hides(command))
    });
    assert_eq!((stage.phase(0), run.submits()), ("pending", 1));
    let run = stage.run(&jobs(1), &Policy::default(), |_, _| None);
    assert_eq!((stage.phase(0), run.submits()), ("done", 0));
    let spent = stage.state(0).spent();
    assert!(spent <= Credits::whole(5), "counted once, {spent}");
}

#[test]
fn what_was_refused_and_turns_up_is_taken_over() {
    for retry_failed in [false, true] {
        let mut stage = Stage::new();
        stage.run(
            &jobs(2),
            &Policy::default(),
            |stage, command| match command {
                Command::Submit { name, .. } if submits(command, 0) => {
                    stage.accept(name);
                    refused(command, FailureKind::Rejected)
                }
                other => hides(other),
            },
        );
        assert_eq!(
            (stage.phase(0), stage.state(0).spent()),
            ("failed", Credits::ZERO)
        );
        let policy = Policy {
            retry_failed,
            ..Policy::default()
        };
        let run = stage.run(&jobs(3), &policy, |_, _| None);
        assert_eq!(
            (stage.phase(0), run.submits()),
            ("done", 1),
            "{retry_failed}"
        );
        assert_eq!(stage.rows.len(), 3);
        assert!(stage.state(0).spent() > Credits::ZERO);
    }
}

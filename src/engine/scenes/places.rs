//! What a run has learnt of the account is still known after a restart.

use super::stage::{Stage, jobs, seconds};
use crate::engine::Policy;
use crate::model::{Command, Entry, Event};

/// Submits of the first seconds, in which no render is asked about.
fn submits_at_once(journal: Vec<Event>) -> usize {
    let mut stage = Stage::new();
    let at = stage.now;
    let entries = (1..).zip(journal);
    stage.journal = entries
        .map(|(sequence, event)| Entry {
            sequence,
            at,
            event,
        })
        .collect();
    let mut policy = Policy::default();
    policy.limits.submit_rate = "100/s".parse().unwrap();
    let began = stage.now;
    let run = stage.run(&jobs(60), &policy, |_, _| None);
    let early = run.commands.iter().filter(|(at, command)| {
        matches!(command, Command::Submit { .. }) && at.since(began) < seconds(4)
    });
    early.count()
}

#[test]
fn places_that_were_learnt_are_taken_at_once_by_the_next_run() {
    assert_eq!(submits_at_once(Vec::new()), 10);
    let learnt = |places| vec![Event::PlacesLearnt { places }];
    assert_eq!(submits_at_once(learnt(40)), 40);
    assert_eq!(submits_at_once(learnt(3)), 10, "a refusal costs nothing");
}

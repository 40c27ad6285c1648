//! What a kill does to the proof that a job was not accepted.

use std::time::Duration;

use super::stage::{Stage, jobs, lost, seconds, submits};
use crate::engine::Policy;
use crate::model::{Command, Event, JobEvent, Timestamp};

fn is_lost(event: &Event) -> bool {
    matches!(
        event,
        Event::Job {
            event: JobEvent::SubmitLost { .. },
            ..
        }
    )
}

#[test]
fn a_restart_does_not_make_the_proof_slower() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    let mut is_first = true;
    let answers = |_: &mut Stage, command: &Command| {
        let loses = submits(command, 1) && is_first;
        is_first &= !loses;
        if loses { lost(command) } else { None }
    };
    // Killed as soon as the loss is on record, and started again an hour later.
    stage.run_until(&jobs(2), &policy, answers, is_lost);
    stage.now = stage.now.plus(seconds(3600));
    let run = stage.run(&jobs(2), &policy, |_, _| None);
    assert_eq!((stage.phase(1), stage.rows.len()), ("done", 2));
    // The settle time, and the render.
    assert!(run.took < seconds(60 + 60), "{:?}", run.took);
}

#[test]
fn a_provider_that_goes_on_after_we_were_killed_is_waited_for() {
    // The longest that we wait for a create ourselves is two minutes.
    for after in [5, 45, 75, 100, 119] {
        // With nothing but an earlier witness, and with later ones.
        a_killed_create_is_accepted_after(seconds(after), 2);
        a_killed_create_is_accepted_after(seconds(after), 4);
    }
}

fn a_killed_create_is_accepted_after(duration: Duration, count: usize) {
    let mut stage = Stage::new();
    let policy = Policy::default();
    // Job 1 is accepted long after it was sent; we are killed and started again before that.
    let mut is_first = true;
    let mut in_the_works: Option<(String, Timestamp)> = None;
    let mut answers = |stage: &mut Stage, command: &Command| {
        if let Some((name, _)) = in_the_works.take_if(|(_, at)| stage.now >= at.plus(duration)) {
            stage.accept(&name);
        }
        match command {
            Command::Submit { name, .. } if submits(command, 1) && is_first => {
                is_first = false;
                in_the_works = Some((name.clone(), stage.now));
                lost(command)
            }
            _ => None,
        }
    };
    stage.run_until(&jobs(count), &policy, &mut answers, is_lost);
    // The kill came before the loss could be recorded.
    let end = stage.journal.iter().position(|it| is_lost(&it.event));
    stage.journal.truncate(end.unwrap());
    stage.run(&jobs(count), &policy, &mut answers);
    assert_eq!(stage.rows.len(), count, "paid twice: {duration:?}");
    assert_eq!(stage.phase(1), "done", "{duration:?}");
}

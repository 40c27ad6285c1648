//! What a kill does to the proof that a job was not accepted.

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
    let mut stage = Stage::new();
    let policy = Policy::default();
    // Job 1 is accepted 45 seconds after it was sent; we are killed and started again long before.
    let mut is_first = true;
    let mut in_the_works: Option<(String, Timestamp)> = None;
    let mut answers = |stage: &mut Stage, command: &Command| {
        if let Some((name, _)) = in_the_works.take_if(|(_, at)| stage.now >= at.plus(seconds(45))) {
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
    stage.run_until(&jobs(4), &policy, &mut answers, is_lost);
    // The kill came before the loss could be recorded.
    let end = stage.journal.iter().position(|it| is_lost(&it.event));
    stage.journal.truncate(end.unwrap());
    stage.run(&jobs(4), &policy, &mut answers);
    assert_eq!(stage.rows.len(), 4, "paid twice");
    assert_eq!(stage.phase(1), "done");
}

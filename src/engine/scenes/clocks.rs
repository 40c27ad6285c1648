//! Clocks that were wrong, machines that slept.

use super::absence::listed;
use super::stage::{Stage, failure, jobs, lost, seconds, submits};
use crate::engine::{Input, Policy, Submits};
use crate::model::{
    Command, Entry, Event, FailureKind, JobEvent, Lane, Outcome, StopReason, Timestamp,
};

const HOUR: u64 = 3600;

/// A journal as a machine would have written it whose clock was ahead by `ahead`.
fn written_ahead(stage: &mut Stage, ahead: u64) {
    for entry in &mut stage.journal {
        entry.at = entry.at.plus(seconds(ahead));
        if let Event::LaneHeld { until, .. } = &mut entry.event {
            *until = until.plus(seconds(ahead));
        }
    }
}

#[test]
fn a_journal_from_the_future_makes_nothing_wait() {
    for ahead in [0, 2 * HOUR, 500 * HOUR] {
        let mut stage = Stage::new();
        let policy = Policy::default();
        // One is rendering, one in doubt, and both lanes are held for a few seconds.
        stage.run_until(
            &jobs(4),
            &policy,
            |_, _| None,
            |event| matches!(event, Event::Job { job, event: JobEvent::SubmitStarted { .. } } if job.as_str() == "job-1"),
        );
        for lane in [Lane::Submit, Lane::Poll] {
            stage.journal.push(Entry {
                sequence: u64::try_from(stage.journal.len()).unwrap() + 1,
                at: stage.now,
                event: Event::LaneHeld {
                    lane,
                    until: stage.now.plus(seconds(20)),
                    failure: failure(FailureKind::Throttled),
                },
            });
        }
        written_ahead(&mut stage, ahead);
        let began = stage.now;
        let run = stage.run(&jobs(4), &policy, |_, _| None);
        assert_eq!(run.stopped, None);
        let first = run.commands.first().expect("something is done").0;
        assert!(first >= began.plus(seconds(20)), "the hold is kept");
        assert!(run.took < seconds(15 * 60), "{ahead}: {:?}", run.took);
        assert!((2..4).all(|number| stage.phase(number) == "done"));
    }
}

#[test]
fn a_render_that_ended_while_the_machine_slept_is_not_overdue() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    let mut has_slept = false;
    let run = stage.run(&jobs(1), &policy, |stage, command| {
        if matches!(command, Command::Poll { .. }) && !has_slept {
            has_slept = true;
            let outcome = stage.usual(command);
            stage.now = stage.now.plus(seconds(2 * HOUR));
            return Some(outcome);
        }
        None
    });
    assert_eq!(stage.phase(0), "done");
    assert!(!run.tells(|event| matches!(event, JobEvent::RenderOverdue)));
}

#[test]
fn a_question_that_was_open_for_hours_takes_nothing_from_the_time_a_render_is_looked_at() {
    let mut stage = Stage::new();
    stage.renders_take = seconds(100 * HOUR);
    let policy = Policy::default();
    let is_accepted = |event: &Event| {
        matches!(
            event,
            Event::Job {
                event: JobEvent::Submitted { .. },
                ..
            }
        )
    };
    stage.run_until(&jobs(1), &policy, |_, _| None, is_accepted);
    let mut batch = stage.batch(&jobs(1), &policy);
    stage.now = stage.now.plus(seconds(2 * HOUR));
    let began = stage.now;
    let mut inputs = Vec::new();
    for _ in 0..1000 {
        let step = batch.step(stage.now, inputs.drain(..));
        let ready = step.persist(|_| Ok::<(), ()>(())).unwrap();
        for command in &ready.commands {
            inputs.push(Input::Answered(stage.usual(command)));
        }
        if ready.finished {
            break;
        }
        if inputs.is_empty() {
            stage.now = ready.wake_at.unwrap();
        }
    }
    assert!(batch.phases().all(|(_, phase)| phase.name() == "rendering"));
    // However long ago it was accepted.
    let waited = stage.now.since(began);
    assert!(waited >= seconds(60), "{waited:?}");
}

#[test]
fn a_render_that_never_ends_is_left_after_one_last_look() {
    let mut stage = Stage::new();
    stage.renders_take = seconds(100 * HOUR);
    let run = stage.run(&jobs(1), &Policy::default(), |_, _| None);
    assert!(run.tells(|event| matches!(event, JobEvent::RenderOverdue)));
    assert_eq!(stage.phase(0), "rendering");
    let last = run.commands.last().unwrap();
    assert!(matches!(last.1, Command::Poll { .. }) && run.took < seconds(32 * 60));
    assert!(run.commands.len() < 200, "{} reads", run.commands.len());
}

#[test]
fn a_network_that_was_gone_before_the_machine_slept_gets_a_new_chance() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    let mut polls = 0;
    let run = stage.run(&jobs(1), &policy, |stage, command| {
        let Command::Poll { remotes } = command else {
            return None;
        };
        polls += 1;
        if polls == 3 {
            stage.now = stage.now.plus(seconds(HOUR));
        }
        (2..6).contains(&polls).then(|| Outcome::Polled {
            remotes: remotes.clone(),
            result: Err(failure(FailureKind::NotSent)),
        })
    });
    assert_eq!((run.stopped, stage.phase(0)), (None, "done"));
}

#[test]
fn what_was_collected_the_next_day_teaches_nothing_about_render_times() {
    let mut stage = Stage::new();
    let leaves = Policy {
        leave_after_submitting: true,
        ..Policy::default()
    };
    stage.run(&jobs(8), &leaves, |_, _| None);
    stage.now = stage.now.plus(seconds(10 * HOUR));
    let collects = Policy {
        submits: Submits::Nothing,
        ..Policy::default()
    };
    stage.run(&jobs(8), &collects, |_, _| None);
    let began = stage.now;
    stage.run(&jobs(9), &Policy::default(), |_, _| None);
    assert_eq!(stage.phase(8), "done");
    assert!(stage.now < began.plus(seconds(180)), "{}", stage.now);
}

#[test]
fn an_end_is_an_end() {
    let mut stage = Stage::new();
    let mut batch = stage.batch(&jobs(2), &Policy::default());
    let ready = batch
        .step(stage.now, [Input::Stop(StopReason::Interrupted)])
        .persist(|_| Ok::<(), ()>(()))
        .unwrap();
    assert!(ready.finished && ready.commands.is_empty() && ready.wake_at.is_none());
    stage.now = stage.now.plus(seconds(HOUR));
    let later: Timestamp = stage.now;
    let again = batch.step(later, []).persist(|_| Ok::<(), ()>(())).unwrap();
    assert!(again.finished && again.commands.is_empty() && again.entries.is_empty());
}

#[test]
fn a_clock_that_is_put_forward_between_two_listings_proves_no_absence() {
    for (ahead, lag) in [(0, 20), (24 * HOUR, 20), (24 * HOUR, 60)] {
        let mut stage = Stage::new();
        let policy = Policy::default();
        stage.run(&jobs(1), &policy, |_, _| None);
        stage.now = stage.now.plus(seconds(600));
        // The provider counts in true time.
        let (mut put_forward, mut is_listed, mut accepted) = (seconds(0), false, None);
        stage.run(&jobs(3), &policy, |stage, command| match command {
            Command::Submit { name, .. } if submits(command, 1) && accepted.is_none() => {
                stage.accept(name);
                accepted = Some(stage.now);
                lost(command)
            }
            Command::List { .. } => {
                let mut listing = stage.list(usize::MAX);
                let now = stage.now.minus(put_forward);
                let is_late = accepted.is_some_and(|at| now < at.plus(seconds(lag)));
                listing
                    .found
                    .retain(|row| !is_late || row.remote.as_str() != "r-1");
                listing.rows = listing.found.len() as u64;
                is_listed |= accepted.is_some();
                Some(listed(listing))
            }
            Command::Poll { .. } if is_listed && put_forward.is_zero() && ahead > 0 => {
                let answer = stage.usual(command);
                put_forward = seconds(ahead);
                stage.now = stage.now.plus(put_forward);
                Some(answer)
            }
            _ => None,
        });
        assert_eq!(stage.rows.len(), 3, "{ahead} s ahead, lag {lag} s");
    }
}

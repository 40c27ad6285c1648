//! Wrong clocks and machines that sleep.

use super::absence_proof::listed;
use super::harness::{Harness, failure, jobs, lost, seconds, submits};
use crate::engine::{Input, RunOptions, Submits};
use crate::model::{
    Command, Entry, Event, FailureKind, JobEvent, Lane, Outcome, StopReason, Timestamp,
};

const HOUR: u64 = 3600;

/// Shifts the journal as if the machine's clock had been ahead by `ahead` seconds.
fn shift_journal(harness: &mut Harness, ahead: u64) {
    for entry in &mut harness.journal {
        entry.at = entry.at.plus(seconds(ahead));
        if let Event::LaneHeld { until, .. } = &mut entry.event {
            *until = until.plus(seconds(ahead));
        }
    }
}

#[test]
fn a_journal_from_the_future_delays_nothing() {
    for ahead in [0, 2 * HOUR, 500 * HOUR] {
        let mut harness = Harness::new();
        let options = RunOptions::default();
        // One job is rendering, one is in doubt, and both lanes are held for a few seconds.
        harness.run_until_event(
            &jobs(4),
            &options,
            |_, _| None,
            |event| matches!(event, Event::Job { job, event: JobEvent::SubmitStarted { .. } } if job.as_str() == "job-1"),
        );
        for lane in [Lane::Submit, Lane::Poll] {
            harness.journal.push(Entry {
                sequence: u64::try_from(harness.journal.len()).unwrap() + 1,
                at: harness.now,
                event: Event::LaneHeld {
                    lane,
                    until: harness.now.plus(seconds(20)),
                    failure: failure(FailureKind::Throttled),
                },
            });
        }
        shift_journal(&mut harness, ahead);
        let began = harness.now;
        let run = harness.run(&jobs(4), &options, |_, _| None);
        assert_eq!(run.stopped, None);
        let first = run.commands.first().expect("something is done").0;
        assert!(first >= began.plus(seconds(20)), "the hold is kept");
        assert!(run.took < seconds(15 * 60), "{ahead}: {:?}", run.took);
        assert!((2..4).all(|number| harness.phase(number) == "done"));
    }
}

#[test]
fn a_render_that_ended_during_sleep_is_not_overdue() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let mut has_slept = false;
    let run = harness.run(&jobs(1), &options, |harness, command| {
        if matches!(command, Command::Poll { .. }) && !has_slept {
            has_slept = true;
            let outcome = harness.default_answer(command);
            harness.now = harness.now.plus(seconds(2 * HOUR));
            return Some(outcome);
        }
        None
    });
    assert_eq!(harness.phase(0), "done");
    assert!(!run.recorded(|event| matches!(event, JobEvent::RenderOverdue)));
}

#[test]
fn a_late_start_does_not_shorten_the_time_for_polling() {
    let mut harness = Harness::new();
    harness.render_time = seconds(100 * HOUR);
    let options = RunOptions::default();
    let is_accepted =
        |event: &Event| matches!(event, Event::Job { event: JobEvent::Submitted { .. }, .. });
    harness.run_until_event(&jobs(1), &options, |_, _| None, is_accepted);
    let mut batch = harness.batch(&jobs(1), &options);
    harness.now = harness.now.plus(seconds(2 * HOUR));
    let began = harness.now;
    let mut inputs = Vec::new();
    for _ in 0..1000 {
        let step = batch.step(harness.now, inputs.drain(..));
        let ready = step.persist(|_| Ok::<(), ()>(())).unwrap();
        for command in &ready.commands {
            inputs.push(Input::Answered(harness.default_answer(command)));
        }
        if ready.finished {
            break;
        }
        if inputs.is_empty() {
            harness.now = ready.wake_at.unwrap();
        }
    }
    assert!(batch.phases().all(|(_, phase)| phase.name() == "rendering"));
    // However long ago it was accepted.
    let waited = harness.now.since(began);
    assert!(waited >= seconds(60), "{waited:?}");
}

#[test]
fn a_render_that_never_ends_is_left_after_a_last_poll() {
    let mut harness = Harness::new();
    harness.render_time = seconds(100 * HOUR);
    let run = harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
    assert!(run.recorded(|event| matches!(event, JobEvent::RenderOverdue)));
    assert_eq!(harness.phase(0), "rendering");
    let last = run.commands.last().unwrap();
    assert!(matches!(last.1, Command::Poll { .. }) && run.took < seconds(32 * 60));
    assert!(run.commands.len() < 200, "{} reads", run.commands.len());
}

#[test]
fn an_outage_before_sleep_does_not_count_as_continuous() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let mut polls = 0;
    let run = harness.run(&jobs(1), &options, |harness, command| {
        let Command::Poll { remotes } = command else {
            return None;
        };
        polls += 1;
        if polls == 3 {
            harness.now = harness.now.plus(seconds(HOUR));
        }
        (2..6).contains(&polls).then(|| Outcome::Polled {
            remotes: remotes.clone(),
            result: Err(failure(FailureKind::NotSent)),
        })
    });
    assert_eq!((run.stopped, harness.phase(0)), (None, "done"));
}

#[test]
fn renders_collected_the_next_day_do_not_count_as_render_times() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(8), &leaves, |_, _| None);
    harness.now = harness.now.plus(seconds(10 * HOUR));
    let collects = RunOptions { submits: Submits::Nothing, ..RunOptions::default() };
    harness.run(&jobs(8), &collects, |_, _| None);
    let began = harness.now;
    harness.run(&jobs(9), &RunOptions::default(), |_, _| None);
    assert_eq!(harness.phase(8), "done");
    assert!(harness.now < began.plus(seconds(180)), "{}", harness.now);
}

#[test]
fn a_finished_batch_does_nothing_more() {
    let mut harness = Harness::new();
    let mut batch = harness.batch(&jobs(2), &RunOptions::default());
    let ready = batch
        .step(harness.now, [Input::Stop(StopReason::Interrupted)])
        .persist(|_| Ok::<(), ()>(()))
        .unwrap();
    assert!(ready.finished && ready.commands.is_empty() && ready.wake_at.is_none());
    harness.now = harness.now.plus(seconds(HOUR));
    let later: Timestamp = harness.now;
    let again = batch.step(later, []).persist(|_| Ok::<(), ()>(())).unwrap();
    assert!(again.finished && again.commands.is_empty() && again.entries.is_empty());
}

#[test]
fn a_clock_jump_between_two_listings_proves_no_absence() {
    for (ahead, lag) in [(0, 20), (24 * HOUR, 20), (24 * HOUR, 60)] {
        let mut harness = Harness::new();
        let options = RunOptions::default();
        harness.run(&jobs(1), &options, |_, _| None);
        harness.now = harness.now.plus(seconds(600));
        // The provider uses true time.
        let (mut put_forward, mut is_listed, mut accepted) = (seconds(0), false, None);
        harness.run(&jobs(3), &options, |harness, command| match command {
            Command::Submit { name, .. } if submits(command, 1) && accepted.is_none() => {
                harness.accept(name);
                accepted = Some(harness.now);
                lost(command)
            }
            Command::List { .. } => {
                let mut listing = harness.list(usize::MAX);
                let now = harness.now.minus(put_forward);
                let is_late = accepted.is_some_and(|at| now < at.plus(seconds(lag)));
                listing.found.retain(|row| !is_late || row.remote.as_str() != "r-1");
                listing.rows = listing.found.len() as u64;
                is_listed |= accepted.is_some();
                Some(listed(listing))
            }
            Command::Poll { .. } if is_listed && put_forward.is_zero() && ahead > 0 => {
                let answer = harness.default_answer(command);
                put_forward = seconds(ahead);
                harness.now = harness.now.plus(put_forward);
                Some(answer)
            }
            _ => None,
        });
        assert_eq!(harness.rows.len(), 3, "{ahead} s ahead, lag {lag} s");
    }
}

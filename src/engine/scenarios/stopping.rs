//! When a run stops, and what it still does.

use std::time::Duration;

use super::harness::{Harness, failure, job, jobs, lost, planned, seconds, submits, throttled};
use crate::engine::RunOptions;
use crate::model::{
    AcceptedJob, Command, Credits, Event, FailureAllowance, FailureKind, InFlight, JobEvent,
    Outcome, RenderStatus, StopReason,
};

const DAY: u64 = 24 * 3600;

#[test]
fn a_pause_of_a_day_stops_this_run_and_the_next() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let began = harness.now;
    let run = harness.run(&jobs(3), &options, |_, command| match command {
        Command::Submit { job, .. } => {
            Some(Outcome::Submitted { job: job.clone(), result: Err(throttled(DAY)) })
        }
        _ => None,
    });
    let Some(StopReason::LongHold { until }) = run.stopped else { panic!("{:?}", run.stopped) };
    assert!(until >= began.plus(seconds(DAY)) && run.submits() == 1);

    harness.now = harness.now.plus(seconds(3600));
    let again = harness.run(&jobs(3), &options, |_, _| None);
    assert_eq!(again.stopped, Some(StopReason::LongHold { until }));
    assert_eq!(again.submits(), 0);
    assert!(again.took < seconds(60));

    harness.now = until;
    let later = harness.run(&jobs(3), &options, |_, _| None);
    assert_eq!((later.submits(), later.stopped), (3, None));
}

#[test]
fn a_read_pause_of_a_day_leaves_renders_and_doubts_to_a_later_run() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let mut accepted = 0;
    let run = harness.run(&jobs(4), &options, |_, command| match command {
        Command::Submit { .. } => {
            accepted += 1;
            if accepted == 3 { lost(command) } else { None }
        }
        Command::Poll { remotes } if accepted == 4 => {
            Some(Outcome::Polled { remotes: remotes.clone(), result: Err(throttled(DAY)) })
        }
        _ => None,
    });
    assert!(matches!(run.stopped, Some(StopReason::LongHold { .. })));
    assert!(run.took < seconds(300), "it sat out {:?}", run.took);
    let again = harness.run(&jobs(4), &options, |_, _| None);
    assert!(matches!(again.stopped, Some(StopReason::LongHold { .. })));
    assert!(again.took < seconds(1) && again.commands.is_empty());
    harness.now = harness.now.plus(seconds(2 * DAY));
    harness.run(&jobs(4), &options, |_, _| None);
    assert_eq!(harness.phase(0), "done");
}

#[test]
fn one_job_in_doubt_does_not_block_a_throttled_campaign() {
    let mut harness = Harness::new();
    let mut was_refused = false;
    let run = harness.run(&jobs(6), &RunOptions::default(), |_, command| {
        if submits(command, 0) {
            return lost(command);
        }
        // With one render under way, the refusal may mean that the limit is one.
        let is_refused = submits(command, 2) && !std::mem::replace(&mut was_refused, true);
        is_refused.then(|| Outcome::Submitted {
            job: job(2),
            result: Err(failure(FailureKind::Throttled)),
        })
    });
    let downloaded = run.entries.iter().filter(|entry| {
        matches!(&entry.event, Event::Job { event: JobEvent::Downloaded { .. }, .. })
    });
    let downloaded: Vec<_> = downloaded.map(|entry| entry.at).collect();
    assert_eq!(downloaded.len(), 5);
    let took = downloaded[4].since(run.entries[0].at);
    assert!(took < seconds(5 * 60), "{took:?}");
}

#[test]
fn a_failing_list_does_not_delay_polls() {
    let mut harness = Harness::new();
    let mut options = RunOptions::default();
    options.limits.poll_interval = Duration::from_millis(200);
    let run = harness.run(&jobs(3), &options, |harness, command| match command {
        Command::List { .. } if !harness.rows.is_empty() => {
            Some(Outcome::Listed { result: Err(failure(FailureKind::ServerError)) })
        }
        _ if submits(command, 0) => lost(command),
        _ => None,
    });
    let mut polls = run
        .commands
        .iter()
        .filter(|(_, command)| matches!(command, Command::Poll { .. }))
        .map(|(at, _)| *at);
    let mut last = polls.next().unwrap();
    for at in polls {
        assert!(at.since(last) < seconds(5), "{:?}", at.since(last));
        last = at;
    }
    let ended = [1, 2].map(|number| harness.phase(number));
    assert_eq!(ended, ["done"; 2]);
}

#[test]
fn a_list_that_is_always_throttled_ends_the_run() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(2), &RunOptions::default(), |_, command| match command {
        Command::List { .. } => {
            Some(Outcome::Listed { result: Err(failure(FailureKind::Throttled)) })
        }
        _ => None,
    });
    assert!(matches!(run.stopped, Some(StopReason::InventoryRefused { .. })));
    assert_eq!(run.submits(), 0);
}

#[test]
fn an_address_that_finds_nothing_fails_no_job() {
    let mut harness = Harness::new();
    let mut options = RunOptions::default();
    // So that the list is not read in the meantime.
    options.limits.settle = seconds(600);
    let run = harness.run(&jobs(3), &options, |_, command| match command {
        Command::Poll { remotes } => Some(Outcome::Polled {
            remotes: remotes.clone(),
            result: Err(failure(FailureKind::NotFound)),
        }),
        Command::PollJob { job, .. } => Some(Outcome::JobPolled {
            job: job.clone(),
            result: Err(failure(FailureKind::NotFound)),
        }),
        _ => None,
    });
    assert!(matches!(run.stopped, Some(StopReason::WrongAddress { .. })));
    assert_eq!(harness.phase(0), "rendering");
}

#[test]
fn a_job_unknown_to_the_provider_fails_alone_and_faster_in_later_runs() {
    let mut harness = Harness::new();
    let mut options = RunOptions::default();
    options.limits.max_fail = Some(FailureAllowance::Count(1));
    for (count, patience) in [(2, 120), (2, 30), (3, 120)] {
        let run = harness.run(&jobs(count), &options, |_, command| {
            if submits(command, 1) {
                let Command::Submit { job, .. } = command else {
                    return None;
                };
                let remote = AcceptedJob::tagged("denied".parse().unwrap());
                return Some(Outcome::Submitted { job: job.clone(), result: Ok(remote) });
            }
            None
        });
        assert_eq!(run.stopped, None);
        assert!(run.took < seconds(patience), "{:?}", run.took);
        assert_eq!((harness.phase(0), harness.phase(1)), ("done", "failed"));
        harness.now = harness.now.plus(seconds(DAY));
        // The failure was counted before.
        options.limits.max_fail = Some(FailureAllowance::Count(0));
    }
    assert_eq!(harness.phase(2), "done");
}

#[test]
fn a_refused_batch_poll_falls_back_to_single_polls() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(3), &RunOptions::default(), |_, command| match command {
        Command::Submit { job, .. } if submits(command, 1) => Some(Outcome::Submitted {
            job: job.clone(),
            result: Ok(AcceptedJob::tagged("denied".parse().unwrap())),
        }),
        Command::Poll { remotes } => Some(Outcome::Polled {
            remotes: remotes.clone(),
            result: Err(failure(FailureKind::Rejected)),
        }),
        _ => None,
    });
    assert_eq!(run.stopped, None);
    let phases = [0, 1, 2].map(|number| harness.phase(number));
    assert_eq!(phases, ["done", "failed", "done"]);
}

#[test]
fn a_revoked_key_loses_nothing() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let run = harness.run(&jobs(3), &options, |_, command| match command {
        Command::Poll { remotes } => Some(Outcome::Polled {
            remotes: remotes.clone(),
            result: Err(failure(FailureKind::Unauthorised)),
        }),
        _ => None,
    });
    assert!(matches!(run.stopped, Some(StopReason::Unauthorised { .. })));
    let again = harness.run(&jobs(3), &options, |_, _| None);
    assert_eq!(run.submits() + again.submits(), 3);
    assert!((0..3).all(|number| harness.phase(number) == "done"));
}

#[test]
fn without_credits_paid_renders_are_still_collected() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(5), &RunOptions::default(), |_, command| {
        let Command::Submit { job, .. } = command else {
            return None;
        };
        submits(command, 3).then(|| Outcome::Submitted {
            job: job.clone(),
            result: Err(failure(FailureKind::OutOfCredits)),
        })
    });
    assert!(matches!(run.stopped, Some(StopReason::OutOfCredits { .. })));
    assert_eq!((harness.phase(2), harness.phase(3)), ("done", "pending"));
    assert_eq!(run.submits(), 4);
}

#[test]
fn a_charge_above_the_reservation_stops_submitting() {
    let mut harness = Harness::new();
    let mut options = RunOptions::default();
    options.limits.max_credits = Some(Credits::whole(10)).into();
    options.limits.in_flight = InFlight::AtMost(1);
    let mut rows = jobs(3);
    rows[1].estimate.reserve = Credits::whole(8);
    rows[2].estimate.reserve = Credits::whole(1);
    let run = harness.run(&rows, &options, |harness, command| {
        let Command::Poll { remotes } = command else {
            return None;
        };
        let mut reports: Vec<_> = remotes.iter().filter_map(|id| harness.report(id)).collect();
        for report in &mut reports {
            report.credits_used = Some(Credits::whole(12));
        }
        Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(reports) })
    });
    assert_eq!(run.stopped, Some(StopReason::CapReached));
    assert_eq!((run.submits(), harness.state(0).spent()), (1, Credits::whole(12)));
}

#[test]
fn charges_of_earlier_runs_make_no_room_under_the_run_cap() {
    let mut harness = Harness::new();
    let mut options = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    options.limits.max_credits_run = Some(Credits::whole(11));
    let first = harness.run(&jobs(6), &options, |_, _| None);
    assert_eq!(first.stopped, Some(StopReason::RunCapReached));
    assert_eq!(first.submits(), 2);
    options.leave_after_submitting = false;
    let second = harness.run(&jobs(6), &options, |_, _| None);
    assert_eq!(second.stopped, Some(StopReason::RunCapReached));
    assert_eq!(second.submits(), 2, "renders of the first run make no room when they are charged");
    assert!((0..4).all(|number| harness.phase(number) == "done"));
}

#[test]
fn two_jobs_never_share_a_render() {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |harness, command| {
        let Command::Submit { job, name, .. } = command else {
            return None;
        };
        let remote = harness.accept(name);
        let remote = if submits(command, 1) { "r-0".parse().unwrap() } else { remote };
        let result = Ok(AcceptedJob::tagged(remote));
        Some(Outcome::Submitted { job: job.clone(), result })
    });
    let remote = |number| harness.state(number).phase.remote().cloned();
    assert_eq!(remote(1), Some("r-1".parse().unwrap()), "found by its tag");
    assert_ne!(remote(0), remote(1));
}

#[test]
fn progress_is_a_fraction_whatever_the_provider_sends() {
    let mut harness = Harness::new();
    let mut options = RunOptions::default();
    options.limits.render_timeout = seconds(40);
    let mut batch = harness.batch(&[planned(0)], &options);
    let mut inputs = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..40 {
        let step = batch.step(harness.now, inputs.drain(..));
        let ready = step.persist(|_| Ok::<(), ()>(())).unwrap();
        seen.extend(batch.render_progress());
        for command in &ready.commands {
            inputs.push(crate::engine::Input::Answered(harness.default_answer(command)));
        }
        harness.now = ready.wake_at.unwrap_or(harness.now.plus(seconds(1)));
    }
    assert!(seen.contains(&(job(0), 0.4)), "{seen:?}");
}

#[test]
fn unknown_statuses_are_not_final_and_negative_charges_are_ignored() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(1), &RunOptions::default(), |harness, command| {
        let Command::Poll { remotes } = command else {
            return None;
        };
        let mut reports: Vec<_> = remotes.iter().filter_map(|id| harness.report(id)).collect();
        for report in &mut reports {
            report.credits_used = Some(Credits::whole(-7));
            if report.status == RenderStatus::Running {
                report.status = RenderStatus::Other("error".into());
            }
        }
        Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(reports) })
    });
    assert_eq!((run.stopped.clone(), harness.phase(0)), (None, "done"));
    assert_eq!(harness.state(0).spent(), Credits::whole(5));
    assert!(!run.recorded(|event| matches!(event, JobEvent::Failed { .. })));
}

//! Failed downloads of paid renders.

use super::harness::{Harness, ScenarioRun, failure, job, jobs, seconds, throttled};
use crate::engine::{RunOptions, Submits};
use crate::model::{
    Command, Event, Failure, FailureKind, InFlight, JobEvent, JobId, Lane, Limits, Outcome,
    RetryAfter, Timestamp,
};

fn fail_download(command: &Command, kind: FailureKind) -> Option<Outcome> {
    let Command::Download(order) = command else {
        return None;
    };
    Some(Outcome::Downloaded { job: order.job.clone(), result: Err(failure(kind)) })
}

#[test]
fn an_unreachable_file_host_leads_to_a_fresh_link_and_the_run_ends() {
    for kind in [
        FailureKind::NotSent,
        FailureKind::BadContent,
        FailureKind::Lost,
        FailureKind::Unauthorised,
    ] {
        let mut harness = Harness::new();
        let options = RunOptions::default();
        let run = harness.run(&jobs(2), &options, |_, command| fail_download(command, kind));
        assert!(run.recorded(|event| matches!(event, JobEvent::LinkExpired { .. })));
        assert!(!run.recorded(|event| matches!(event, JobEvent::Failed { .. })));
        assert_eq!((run.stopped.clone(), run.submits()), (None, 2));
        assert_eq!(harness.phase(0), "downloading", "{kind:?}");
        let left = run.recorded(|event| matches!(event, JobEvent::DownloadGivenUp { .. }));
        assert!(left, "{kind:?}: the end of attempts is recorded");
        assert!(run.took < seconds(600), "{kind:?}: {:?}", run.took);
        let again = harness.run(&jobs(2), &options, |_, _| None);
        assert_eq!((harness.phase(0), again.submits()), ("done", 0), "{kind:?}");
    }
}

#[test]
fn a_link_that_expires_days_later_is_renewed() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(1), &leaves, |_, _| None);
    harness.now = harness.now.plus(seconds(3 * 24 * 3600));
    let collects = RunOptions { submits: Submits::Nothing, ..RunOptions::default() };
    let mut tries = 0;
    let run = harness.run(&jobs(1), &collects, |harness, command| {
        tries += u32::from(matches!(command, Command::Download(_)));
        if tries == 1 && matches!(command, Command::Download(_)) {
            harness.now = harness.now.plus(seconds(600));
            return fail_download(command, FailureKind::NotFound);
        }
        None
    });
    assert_eq!(harness.phase(0), "done");
    assert!(!run.recorded(|event| matches!(event, JobEvent::RenderOverdue)));
}

#[test]
fn a_video_without_a_link_does_not_fail() {
    let mut harness = Harness::new();
    let options = RunOptions::default();
    let mut has_expired = false;
    let run = harness.run(&jobs(1), &options, |harness, command| match command {
        Command::Download(_) => {
            has_expired = true;
            fail_download(command, FailureKind::NotFound)
        }
        Command::Poll { remotes } if has_expired => {
            let mut reports: Vec<_> = remotes.iter().filter_map(|id| harness.report(id)).collect();
            for report in &mut reports {
                report.output = None;
            }
            Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(reports) })
        }
        _ => None,
    });
    assert!(run.recorded(|event| matches!(event, JobEvent::DownloadGivenUp { .. })));
    assert_eq!((run.stopped, harness.phase(0)), (None, "rendering"));
    harness.run(&jobs(1), &options, |_, _| None);
    assert_eq!(harness.phase(0), "done");
}

#[test]
fn a_missing_file_is_downloaded_and_not_rendered_again() {
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
    harness.now = harness.now.plus(seconds(24 * 3600));
    let options = RunOptions { missing_files: [job(0)].into(), ..RunOptions::default() };
    let run = harness.run(&jobs(1), &options, |_, _| None);
    assert_eq!((harness.phase(0), run.submits()), ("done", 0));
    assert!(run.recorded(|event| matches!(event, JobEvent::FileMissing)));
}

#[test]
fn a_download_that_makes_progress_is_not_given_up() {
    for (piece, comes_home) in [(100 << 10, true), (1 << 10, false)] {
        let mut harness = Harness::new();
        let mut tries = 0;
        let run = harness.run(&jobs(1), &RunOptions::default(), |_, command| match command {
            Command::Download(order) if tries < 30 => {
                tries += 1;
                Some(Outcome::Downloaded {
                    job: order.job.clone(),
                    result: Err(failure(FailureKind::Lost).with_bytes_kept(tries * piece)),
                })
            }
            _ => None,
        });
        assert_eq!(harness.phase(0) == "done", comes_home, "{tries} tries");
        let left = run.recorded(|event| matches!(event, JobEvent::DownloadGivenUp { .. }));
        assert_eq!(left, !comes_home);
    }
}

#[test]
fn a_delivered_job_is_paid_for_again_only_if_named() {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    // The user has moved the file away, and the provider no longer has the job.
    harness.now = harness.now.plus(seconds(30 * 24 * 3600));
    harness.rows.remove(0);
    let nightly = |missing: Option<JobId>| RunOptions {
        retry_failed: true,
        missing_files: missing.into_iter().collect(),
        ..RunOptions::default()
    };
    let run = harness.run(&jobs(2), &nightly(Some(job(0))), |_, _| None);
    assert_eq!((harness.phase(0), run.submits()), ("failed", 0));
    for _ in 0..2 {
        harness.now = harness.now.plus(seconds(24 * 3600));
        let run = harness.run(&jobs(2), &nightly(None), |_, _| None);
        assert_eq!((harness.phase(0), run.submits()), ("failed", 0));
    }
    let failure = harness.state(0).last_failure.clone();
    let words = failure.unwrap().message;
    assert!(words.contains("is not in `videos`"), "{words}");
    let named = RunOptions { resubmit: [job(0)].into(), ..RunOptions::default() };
    let run = harness.run(&jobs(2), &named, |_, _| None);
    assert_eq!(run.submits(), 1);
}

/// Refuses the first download with this failure. The links of the jobs lead to different hosts if `hosts` is more than one.
fn refuse_first_download(
    harness: &mut Harness,
    count: usize,
    hosts: usize,
    refusal: &Failure,
) -> ScenarioRun {
    let limits = Limits {
        submit_rate: "600/min".parse().unwrap(),
        in_flight: InFlight::AtMost(50),
        ..Limits::default()
    };
    let options = RunOptions { limits, ..RunOptions::default() };
    let mut is_refused = false;
    harness.run(&jobs(count), &options, |harness, command| match command {
        Command::Download(order) if !is_refused => {
            is_refused = true;
            Some(Outcome::Downloaded { job: order.job.clone(), result: Err(refusal.clone()) })
        }
        Command::Poll { remotes } => {
            let mut reports: Vec<_> = remotes.iter().filter_map(|id| harness.report(id)).collect();
            for report in &mut reports {
                let number = report.remote.as_str().trim_start_matches("r-");
                let host = number.parse::<usize>().unwrap() % hosts;
                if let Some(output) = &mut report.output {
                    *output = format!("https://files-{host}.example/v");
                }
            }
            Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(reports) })
        }
        _ => None,
    })
}

fn downloads(run: &ScenarioRun) -> Vec<Timestamp> {
    let downloads = run.commands.iter().filter(|(_, it)| matches!(it, Command::Download(_)));
    downloads.map(|(at, _)| *at).collect()
}

/// Refusals with a pause of 120 seconds: for the pace, and because the host is unavailable.
fn refusals() -> [Failure; 2] {
    let unavailable = failure(FailureKind::ServerError).with_status(503);
    [throttled(120), unavailable.with_retry_after(Some(RetryAfter::Seconds(120)))]
}

#[test]
fn the_pause_of_a_file_host_holds_all_its_downloads() {
    for refusal in refusals() {
        let mut harness = Harness::new();
        // More than may run at one time, so that most have not begun.
        let run = refuse_first_download(&mut harness, 30, 1, &refusal);
        let times = downloads(&run);
        let end = times[0].plus(seconds(120));
        let at_once = times.iter().filter(|at| **at < end).count();
        assert!(at_once <= 4, "{refusal:?}: {at_once} downloads within the pause");
        assert_eq!(times.len(), 31);
        assert!((0..30).all(|number| harness.phase(number) == "done"), "{refusal:?}");
    }
}

#[test]
fn the_pause_of_one_file_host_leaves_others_alone() {
    for refusal in refusals() {
        let mut harness = Harness::new();
        let run = refuse_first_download(&mut harness, 30, 30, &refusal);
        let times = downloads(&run);
        let end = times[0].plus(seconds(120));
        assert_eq!(times.len(), 31);
        assert_eq!(times.iter().filter(|at| **at < end).count(), 30, "{refusal:?}");
    }
}

#[test]
fn a_pause_of_a_file_host_is_kept_after_a_restart() {
    let mut harness = Harness::new();
    let mut refused_at = None;
    harness.run_until_event(
        &jobs(1),
        &RunOptions::default(),
        |harness, command| {
            let Command::Download(order) = command else {
                return None;
            };
            refused_at = Some(harness.now);
            Some(Outcome::Downloaded { job: order.job.clone(), result: Err(throttled(120)) })
        },
        |event| matches!(event, Event::LaneHeld { lane: Lane::Download, .. }),
    );
    let run = harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
    let times = downloads(&run);
    assert_eq!(times.len(), 1);
    assert!(times[0] >= refused_at.unwrap().plus(seconds(120)));
    assert_eq!(harness.phase(0), "done");
}

#[test]
fn downloads_of_a_host_that_is_held_for_too_long_are_left_to_a_later_run() {
    let mut harness = Harness::new();
    let run = refuse_first_download(&mut harness, 30, 1, &throttled(3000));
    assert!(run.took < seconds(600), "{:?}", run.took);
    let is_left = |job: &usize| harness.phase(*job) == "downloading";
    assert!((0..30).filter(is_left).count() >= 20);
    harness.now = harness.now.plus(seconds(3000));
    harness.run(&jobs(30), &RunOptions::default(), |_, _| None);
    assert!((0..30).all(|number| harness.phase(number) == "done"));
}

#[test]
fn a_file_host_that_only_refuses_does_not_keep_the_run() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(3), &RunOptions::default(), |_, command| {
        fail_download(command, FailureKind::Throttled)
    });
    assert!(run.took < seconds(1200), "{:?}", run.took);
    assert_eq!((run.stopped, harness.phase(0)), (None, "downloading"));
}

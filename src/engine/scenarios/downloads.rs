//! Failed downloads of paid renders.

use super::harness::{Harness, failure, job, jobs, seconds};
use crate::engine::{RunOptions, Submits};
use crate::model::{Command, FailureKind, JobEvent, JobId, Outcome};

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

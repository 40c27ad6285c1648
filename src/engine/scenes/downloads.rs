//! Downloads that fail and renders that stay paid.

use super::stage::{Stage, failure, job, jobs, seconds};
use crate::engine::{Policy, Submits};
use crate::model::{Command, FailureKind, JobEvent, JobId, Outcome};

fn fails(command: &Command, kind: FailureKind) -> Option<Outcome> {
    let Command::Fetch(order) = command else {
        return None;
    };
    Some(Outcome::Fetched {
        job: order.job.clone(),
        result: Err(failure(kind)),
    })
}

#[test]
fn a_host_that_is_gone_makes_the_run_ask_for_a_fresh_link_and_end() {
    for kind in [
        FailureKind::NotSent,
        FailureKind::BadContent,
        FailureKind::Lost,
        FailureKind::Unauthorised,
    ] {
        let mut stage = Stage::new();
        let policy = Policy::default();
        let run = stage.run(&jobs(2), &policy, |_, command| fails(command, kind));
        assert!(run.tells(|event| matches!(event, JobEvent::LinkExpired { .. })));
        assert!(!run.tells(|event| matches!(event, JobEvent::Failed { .. })));
        assert_eq!((run.stopped.clone(), run.submits()), (None, 2));
        assert_eq!(stage.phase(0), "downloading", "{kind:?}");
        let left = run.tells(|event| matches!(event, JobEvent::FetchLeft { .. }));
        assert!(left, "{kind:?}: that nothing more is tried is told");
        assert!(run.took < seconds(600), "{kind:?}: {:?}", run.took);
        let again = stage.run(&jobs(2), &policy, |_, _| None);
        assert_eq!((stage.phase(0), again.submits()), ("done", 0), "{kind:?}");
    }
}

#[test]
fn a_link_that_expires_days_later_is_renewed_however_long_the_queue_was() {
    let mut stage = Stage::new();
    let leaves = Policy {
        leave_after_submitting: true,
        ..Policy::default()
    };
    stage.run(&jobs(1), &leaves, |_, _| None);
    stage.now = stage.now.plus(seconds(3 * 24 * 3600));
    let collects = Policy {
        submits: Submits::Nothing,
        ..Policy::default()
    };
    let mut tries = 0;
    let run = stage.run(&jobs(1), &collects, |stage, command| {
        tries += u32::from(matches!(command, Command::Fetch(_)));
        if tries == 1 && matches!(command, Command::Fetch(_)) {
            stage.now = stage.now.plus(seconds(600));
            return fails(command, FailureKind::NotFound);
        }
        None
    });
    assert_eq!(stage.phase(0), "done");
    assert!(!run.tells(|event| matches!(event, JobEvent::RenderOverdue)));
}

#[test]
fn a_video_without_its_link_is_left_not_failed() {
    let mut stage = Stage::new();
    let policy = Policy::default();
    let mut has_expired = false;
    let run = stage.run(&jobs(1), &policy, |stage, command| match command {
        Command::Fetch(_) => {
            has_expired = true;
            fails(command, FailureKind::NotFound)
        }
        Command::Poll { remotes } if has_expired => {
            let mut reports: Vec<_> = remotes.iter().filter_map(|id| stage.report(id)).collect();
            for report in &mut reports {
                report.output = None;
            }
            Some(Outcome::Polled {
                remotes: remotes.clone(),
                result: Ok(reports),
            })
        }
        _ => None,
    });
    assert!(run.tells(|event| matches!(event, JobEvent::FetchLeft { .. })));
    assert_eq!((run.stopped, stage.phase(0)), (None, "rendering"));
    stage.run(&jobs(1), &policy, |_, _| None);
    assert_eq!(stage.phase(0), "done");
}

#[test]
fn a_file_that_vanished_is_downloaded_again_and_not_rendered_again() {
    let mut stage = Stage::new();
    stage.run(&jobs(1), &Policy::default(), |_, _| None);
    stage.now = stage.now.plus(seconds(24 * 3600));
    let policy = Policy {
        missing_files: [job(0)].into(),
        ..Policy::default()
    };
    let run = stage.run(&jobs(1), &policy, |_, _| None);
    assert_eq!((stage.phase(0), run.submits()), ("done", 0));
    assert!(run.tells(|event| matches!(event, JobEvent::FileMissing)));
}

#[test]
fn a_download_that_comes_piece_by_piece_is_not_given_up() {
    for (piece, comes_home) in [(100 << 10, true), (1 << 10, false)] {
        let mut stage = Stage::new();
        let mut tries = 0;
        let run = stage.run(&jobs(1), &Policy::default(), |_, command| match command {
            Command::Fetch(order) if tries < 30 => {
                tries += 1;
                Some(Outcome::Fetched {
                    job: order.job.clone(),
                    result: Err(failure(FailureKind::Lost).with_reached(tries * piece)),
                })
            }
            _ => None,
        });
        assert_eq!(stage.phase(0) == "done", comes_home, "{tries} tries");
        let left = run.tells(|event| matches!(event, JobEvent::FetchLeft { .. }));
        assert_eq!(left, !comes_home);
    }
}

#[test]
fn what_was_delivered_once_is_paid_for_again_only_by_name() {
    let mut stage = Stage::new();
    stage.run(&jobs(2), &Policy::default(), |_, _| None);
    // The person has moved the file away; the provider has forgotten the job.
    stage.now = stage.now.plus(seconds(30 * 24 * 3600));
    stage.rows.remove(0);
    let nightly = |missing: Option<JobId>| Policy {
        retry_failed: true,
        missing_files: missing.into_iter().collect(),
        ..Policy::default()
    };
    let run = stage.run(&jobs(2), &nightly(Some(job(0))), |_, _| None);
    assert_eq!((stage.phase(0), run.submits()), ("failed", 0));
    for _ in 0..2 {
        stage.now = stage.now.plus(seconds(24 * 3600));
        let run = stage.run(&jobs(2), &nightly(None), |_, _| None);
        assert_eq!((stage.phase(0), run.submits()), ("failed", 0));
    }
    let failure = stage.state(0).last_failure.clone();
    let words = failure.unwrap().message;
    assert!(words.contains("is not in `videos`"), "{words}");
    let named = Policy {
        resubmit: [job(0)].into(),
        ..Policy::default()
    };
    let run = stage.run(&jobs(2), &named, |_, _| None);
    assert_eq!(run.submits(), 1);
}

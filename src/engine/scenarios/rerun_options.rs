//! Options that submit jobs again, and how often each counts.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::harness::{Harness, failure, job, jobs, lost, seconds};
use crate::engine::{RunOptions, Submits};
use crate::model::{
    AcceptedJob, Command, Credits, Event, FailureKind, Generation, InFlight, JobEvent, JobSpec,
    Limits, Listing, Outcome, RenderReport, RenderStatus, RequestEcho, Speech, StopReason,
    VideoRequest,
};

fn fresh() -> RunOptions {
    RunOptions { fresh: true, ..RunOptions::default() }
}

fn resubmits(number: usize) -> RunOptions {
    RunOptions { resubmit: [job(number)].into(), ..RunOptions::default() }
}

/// Returns a provider whose downloads fail.
fn fail_downloads(kind: FailureKind) -> impl Fn(&mut Harness, &Command) -> Option<Outcome> + Copy {
    move |_, command| {
        let Command::Download(order) = command else {
            return None;
        };
        let result = Err(failure(kind));
        Some(Outcome::Downloaded { job: order.job.clone(), result })
    }
}

fn is_downloaded(event: &Event) -> bool {
    matches!(event, Event::Job { event: JobEvent::Downloaded { .. }, .. })
}

#[test]
fn a_crashed_fresh_run_resumes_with_and_without_the_option() {
    for resumes in [fresh(), RunOptions::default()] {
        let mut harness = Harness::new();
        harness.run(&jobs(4), &RunOptions::default(), |_, _| None);
        let crashed = harness.run_until_event(&jobs(4), &fresh(), |_, _| None, is_downloaded);
        let resumed = harness.run(&jobs(4), &resumes, |_, _| None);
        assert_eq!(crashed.submits() + resumed.submits(), 4);
        assert!((0..4).all(|number| harness.state(number).generation == Generation(1)));
        let again = harness.run(&jobs(4), &fresh(), |_, _| None);
        assert_eq!(again.submits(), 4, "a command after a complete run is a new request");
    }
}

#[test]
fn a_stopped_fresh_run_does_not_pay_again_for_finished_jobs() {
    let mut harness = Harness::new();
    harness.run(&jobs(4), &RunOptions::default(), |_, _| None);
    let stopped = harness.run(&jobs(4), &fresh(), |_, command| {
        let Command::Submit { job: id, .. } = command else {
            return None;
        };
        (*id == job(2)).then(|| Outcome::Submitted {
            job: id.clone(),
            result: Err(failure(FailureKind::OutOfCredits)),
        })
    });
    assert!(matches!(stopped.stopped, Some(StopReason::OutOfCredits { .. })));
    let resumed = harness.run(&jobs(4), &fresh(), |_, _| None);
    assert_eq!(resumed.submits(), 2);
}

#[test]
fn a_fresh_run_without_journal_uses_the_generation_after_the_listed_one() {
    // With and without evidence of the loss.
    for journal_was_lost in [true, false] {
        let mut harness = Harness::new();
        // No multiple of it is as long as a page.
        harness.run(&jobs(7), &RunOptions::default(), |_, _| None);
        for _ in 0..5 {
            harness.journal.clear();
            let options = RunOptions { journal_was_lost, ..fresh() };
            let run = harness.run(&jobs(7), &options, |_, _| None);
            assert_eq!(run.submits(), 7);
        }
        assert_eq!(harness.state(0).generation, Generation(5));
        let names: BTreeSet<_> = harness.rows.iter().map(|row| &row.1).collect();
        assert_eq!(names.len(), harness.rows.len(), "no tag was accepted twice");
    }
}

#[test]
fn a_failed_job_is_retried_once_across_crashes() {
    let mut harness = Harness::new();
    let fail_first = |harness: &mut Harness, command: &Command| {
        let Command::Poll { remotes } = command else {
            return None;
        };
        let mut reports: Vec<_> = remotes.iter().filter_map(|id| harness.report(id)).collect();
        let is_first =
            |report: &&mut RenderReport| report.name.as_ref().unwrap().ends_with(" job-0");
        for report in reports.iter_mut().filter(is_first) {
            report.status = RenderStatus::Failed;
        }
        Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(reports) })
    };
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    harness.run(&jobs(1), &RunOptions::default(), fail_first);
    assert_eq!(harness.phase(0), "failed");
    let unasked = harness.run(&jobs(1), &RunOptions::default(), fail_first);
    assert_eq!(unasked.submits(), 0);
    let submits = Cell::new(0);
    let crashed = harness.run_until_event(&jobs(2), &retries, fail_first, |event| {
        let Event::Job { event, .. } = event else {
            return false;
        };
        submits.set(submits.get() + usize::from(matches!(event, JobEvent::Submitted { .. })));
        submits.get() == 2 && matches!(event, JobEvent::Failed { .. })
    });
    let resumed = harness.run(&jobs(2), &retries, fail_first);
    assert_eq!((crashed.submits(), resumed.submits()), (2, 0));
    assert_eq!(harness.run(&jobs(2), &retries, fail_first).submits(), 1);
}

#[test]
fn a_job_without_result_is_polled_once_more_before_it_is_paid_again() {
    for turns_up in [true, false] {
        let mut harness = Harness::new();
        harness.run(&jobs(2), &RunOptions::default(), |_, command| match command {
            Command::Submit { job: id, .. } if *id == job(0) => Some(Outcome::Submitted {
                job: id.clone(),
                result: Ok(AcceptedJob::tagged("hidden".parse().unwrap())),
            }),
            _ => None,
        });
        assert_eq!((harness.phase(0), harness.phase(1)), ("failed", "done"));
        let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
        let run = harness.run(&jobs(2), &retries, |harness, command| match command {
            Command::Poll { remotes } if turns_up && remotes[0].as_str() == "hidden" => {
                let mut report = harness.report(&"r-0".parse().unwrap()).unwrap();
                report.remote = remotes[0].clone();
                Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(vec![report]) })
            }
            _ => None,
        });
        assert_eq!(run.submits(), usize::from(!turns_up));
        assert_eq!(harness.phase(0), "done");
    }
}

#[test]
fn a_rejected_job_is_redone_once_across_crashes_and_stops() {
    let rejects = RunOptions { redo: [job(0), job(2)].into(), ..RunOptions::default() };
    let mut harness = Harness::new();
    harness.run(&jobs(3), &RunOptions::default(), |_, _| None);
    let is_accepted =
        |event: &Event| matches!(event, Event::Job { event: JobEvent::Submitted { .. }, .. });
    let crashed = harness.run_until_event(&jobs(3), &rejects, |_, _| None, is_accepted);
    let stopped = harness.run(&jobs(3), &rejects, fail_downloads(FailureKind::Local));
    let resumed = harness.run(&jobs(3), &rejects, |_, _| None);
    let submits = [crashed, stopped, resumed].map(|run| run.submits());
    assert_eq!(submits.iter().sum::<usize>(), 2, "{submits:?}");
    let generations = [0, 1, 2].map(|number| harness.state(number).generation);
    assert_eq!(generations, [Generation(1), Generation(0), Generation(1)]);
    let collects = RunOptions { submits: Submits::Nothing, ..rejects };
    assert_eq!(harness.run(&jobs(3), &collects, |_, _| None).submits(), 0);
}

#[test]
fn a_resubmitted_job_in_doubt_is_adopted_if_the_list_shows_it() {
    for accepts in [true, false] {
        let mut harness = Harness::new();
        // Killed while its submit was outstanding.
        harness.run_until_event(
            &jobs(1),
            &RunOptions::default(),
            |_, _| None,
            |event| matches!(event, Event::Job { event: JobEvent::SubmitStarted { .. }, .. }),
        );
        if accepts {
            let tag = harness.state(0).tag.unwrap();
            harness.accept(tag.as_str());
        }
        harness.now = harness.now.plus(seconds(120));
        let run = harness.run(&jobs(1), &resubmits(0), |_, _| None);
        assert_eq!((harness.phase(0), run.stopped), ("done", None));
        assert_eq!(harness.rows.len(), 1, "paid once in either case");
        let generation = Generation(u32::from(!accepts));
        assert_eq!(harness.state(0).generation, generation);
    }
}

#[test]
fn a_resubmitted_job_that_is_lost_again_is_not_resent_by_a_restart() {
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), |_, command| lost(command));
    assert_eq!(harness.phase(0), "in_doubt");
    let is_lost =
        |event: &Event| matches!(event, Event::Job { event: JobEvent::SubmitLost { .. }, .. });
    let options = resubmits(0);
    let crashed = harness.run_until_event(&jobs(1), &options, |_, command| lost(command), is_lost);
    let resumed = harness.run(&jobs(1), &options, |_, command| lost(command));
    assert_eq!((crashed.submits(), resumed.submits()), (1, 0));
}

#[test]
fn resubmit_ignores_jobs_under_way_or_done() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(1), &leaves, |_, _| None);
    assert_eq!(harness.phase(0), "rendering");
    assert_eq!(harness.run(&jobs(1), &resubmits(0), |_, _| None).submits(), 0);
    assert_eq!(harness.phase(0), "done");
    assert_eq!(harness.run(&jobs(1), &resubmits(0), |_, _| None).submits(), 0);
}

#[test]
fn unselected_and_removed_jobs_are_collected_and_never_submitted() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(2), &leaves, |_, _| None);
    let mut rows = jobs(4);
    rows[0].selected = false;
    for row in &mut rows[1..3] {
        row.selected = false;
        row.in_sheet = false;
    }
    rows[3].selected = false;
    let run = harness.run(&rows, &resubmits(2), |_, _| None);
    assert_eq!(run.submits(), 0);
    let phases = [0, 1, 2, 3].map(|number| harness.phase(number));
    assert_eq!(phases, ["done", "done", "pending", "pending"]);
}

#[test]
fn without_a_journal_collect_finds_paid_jobs() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(3), &leaves, |_, _| None);
    harness.journal.clear();
    let collects =
        RunOptions { submits: Submits::Nothing, journal_was_lost: true, ..RunOptions::default() };
    let run = harness.run(&jobs(4), &collects, |_, _| None);
    assert_eq!((run.submits(), run.stopped), (0, None));
    let phases = [0, 1, 2, 3].map(|number| harness.phase(number));
    assert_eq!(phases, ["done", "done", "done", "pending"]);
}

#[test]
fn collect_on_an_empty_disk_reads_the_list_once_and_stops_if_that_may_be_cut_off() {
    for (is_truncated, phases) in
        [(false, ["done", "done", "done"]), (true, ["pending", "done", "done"])]
    {
        let mut harness = Harness::new();
        let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
        harness.run(&jobs(3), &leaves, |_, _| None);
        harness.journal.clear();
        let collects = RunOptions { submits: Submits::Nothing, ..RunOptions::default() };
        let mut lists = 0;
        let run = harness.run(&jobs(3), &collects, |harness, command| {
            let is_list = matches!(command, Command::List { .. });
            lists += u32::from(is_list);
            let shown = if is_truncated { 2 } else { 3 };
            let listing = Listing { is_truncated, ..harness.list(shown) };
            is_list.then(|| super::absence_proof::listed(listing))
        });
        assert_eq!((run.submits(), lists), (0, 1));
        assert_eq!([0, 1, 2].map(|number| harness.phase(number)), phases);
        let is_unproven = matches!(run.stopped, Some(StopReason::InventoryUnproven { .. }));
        assert_eq!(is_unproven, is_truncated);
    }
}

#[test]
fn collect_takes_over_what_other_records_name_without_the_list() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(2), &leaves, |_, _| None);
    harness.journal.clear();
    let remotes = harness.rows.iter().map(|(remote, ..)| remote.clone());
    let collects = RunOptions {
        submits: Submits::Nothing,
        known_remotes: remotes.enumerate().map(|(number, id)| (job(number), id)).collect(),
        ..RunOptions::default()
    };
    let run = harness.run(&jobs(2), &collects, |_, command| {
        assert!(!matches!(command, Command::List { .. }), "not needed");
        None
    });
    assert_eq!((run.submits(), run.stopped), (0, None));
    assert_eq!([0, 1].map(|number| harness.phase(number)), ["done", "done"]);
}

#[test]
fn a_refused_row_is_submitted_again_once_it_was_edited() {
    let mut harness = Harness::new();
    let reject = |_: &mut Harness, command: &Command| {
        let Command::Submit { job, .. } = command else {
            return None;
        };
        Some(Outcome::Submitted { job: job.clone(), result: Err(failure(FailureKind::Rejected)) })
    };
    harness.run(&jobs(1), &RunOptions::default(), reject);
    assert_eq!(harness.run(&jobs(1), &RunOptions::default(), |_, _| None).submits(), 0);
    let mut mended = super::harness::planned(7);
    std::sync::Arc::make_mut(&mut mended.spec).id = job(0);
    assert_eq!(harness.run(&[mended], &RunOptions::default(), |_, _| None).submits(), 1);
    assert_eq!(harness.phase(0), "done");
}

#[test]
fn an_edited_row_is_tried_again_if_its_job_failed_without_a_charge() {
    let edited = || {
        let mut edited = jobs(1);
        let speech = Speech::Text("another text".into());
        let request = VideoRequest::new(speech, "p", crate::model::AspectRatio::Square);
        let origin = edited[0].spec.origin.clone();
        edited[0].spec = JobSpec::new(job(0), request, origin).into();
        edited
    };
    for (charge, is_open) in
        [(Some(Credits::ZERO), true), (Some(Credits::whole(5)), false), (None, false)]
    {
        let mut harness = Harness::new();
        let fail = |harness: &mut Harness, command: &Command| {
            let Command::Poll { remotes } = command else {
                return None;
            };
            let mut reports: Vec<_> = remotes.iter().filter_map(|id| harness.report(id)).collect();
            for report in &mut reports {
                (report.status, report.credits_used) = (RenderStatus::Failed, charge);
            }
            Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(reports) })
        };
        harness.run(&jobs(1), &RunOptions::default(), fail);
        assert_eq!(harness.phase(0), "failed");
        let same = harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
        assert_eq!(same.submits(), 0, "an unchanged row waits for a request");
        let crashed = harness.run_until_event(&edited(), &RunOptions::default(), fail, |event| {
            matches!(event, Event::Job { event: JobEvent::Reopened { .. }, .. })
        });
        let resumed = harness.run(&edited(), &RunOptions::default(), |_, _| None);
        assert_eq!(crashed.submits() + resumed.submits(), usize::from(is_open), "{charge:?}");
        let again = harness.run(&edited(), &RunOptions::default(), |_, _| None);
        assert_eq!(again.submits(), 0, "{charge:?}");
    }
}

/// Answers polls and lists in the provider's place, with reports of ended renders that `change` was applied to.
fn report_with(
    change: impl Fn(&mut RenderReport),
) -> impl FnMut(&mut Harness, &Command) -> Option<Outcome> {
    move |harness, command| {
        let mut outcome = match command {
            Command::Poll { .. } | Command::List { .. } => harness.default_answer(command),
            Command::Submit { .. } | Command::PollJob { .. } | Command::Download(_) => return None,
        };
        let reports = match &mut outcome {
            Outcome::Polled { result: Ok(reports), .. } => reports,
            Outcome::Listed { result: Ok(listing) } => &mut listing.found,
            _ => unreachable!("the provider has no faults"),
        };
        reports.iter_mut().filter(|report| report.status.is_final()).for_each(&change);
        Some(outcome)
    }
}

fn fail(report: &mut RenderReport) {
    (report.status, report.credits_used) = (RenderStatus::Failed, Some(Credits::ZERO));
}

#[test]
fn a_failed_job_that_has_finished_since_is_not_paid_for_again() {
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), report_with(fail));
    assert_eq!(harness.phase(0), "failed");
    for options in [
        RunOptions { retry_failed: true, ..RunOptions::default() },
        RunOptions { retry_failed: true, leave_after_submitting: true, ..RunOptions::default() },
        resubmits(0),
    ] {
        let mut harness = Harness { journal: harness.journal.clone(), ..Harness::new() };
        harness.accept("row-0");
        harness.now = harness.now.plus(seconds(600));
        let run = harness.run(&jobs(1), &options, |_, _| None);
        assert_eq!((run.submits(), run.stopped), (0, None));
        assert_ne!(harness.phase(0), "failed");
    }
}

#[test]
fn a_failed_job_takes_over_another_render_with_its_tag() {
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    let fail_first = |report: &mut RenderReport| {
        if report.remote.as_str() == "r-0" {
            fail(report);
        }
    };
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), report_with(fail_first));
    let name = harness.rows[0].1.clone();
    harness.accept(&name);
    harness.now = harness.now.plus(seconds(600));
    let run = harness.run(&jobs(1), &retries, report_with(fail_first));
    assert_eq!((run.submits(), harness.phase(0)), (0, "done"));
    let state = harness.state(0);
    assert_eq!(state.phase.remote().unwrap().as_str(), "r-1");
    // The failed render may have been charged although it reports 0.
    assert_eq!((state.spent(), state.withheld()), (Credits::whole(4), Credits::whole(5)));

    // If both have failed, it is paid for once more.
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), report_with(fail));
    harness.accept(&name);
    let run = harness.run(&jobs(1), &retries, report_with(fail));
    assert_eq!((run.submits(), harness.phase(0)), (1, "failed"));
}

#[test]
fn a_render_without_credits_stops_submits_and_is_open_for_the_next_run() {
    let mut harness = Harness::new();
    let options = RunOptions {
        limits: Limits { in_flight: InFlight::AtMost(2), ..Limits::default() },
        ..RunOptions::default()
    };
    let deny = |report: &mut RenderReport| {
        fail(report);
        report.failed_reason = Some("You have run out of credits.".into());
    };
    let run = harness.run(&jobs(6), &options, report_with(deny));
    assert!(matches!(run.stopped, Some(StopReason::OutOfCredits { .. })), "{:?}", run.stopped);
    let submits = run.submits();
    assert!(submits <= 3, "{submits}");
    assert_eq!(harness.state(0).status(), "pending");
    let run = harness.run(&jobs(6), &options, report_with(|_| ()));
    // The first renders have failed for good, as the provider sees it.
    assert_eq!(run.submits(), 6 - submits, "the renders are looked for first: they are finished");
    assert_eq!((run.stopped, harness.phase(0)), (None, "done"));

    let mut harness = Harness::new();
    harness.run(&jobs(2), &options, report_with(deny));
    let failed = harness.rows.len();
    let run = harness.run(&jobs(2), &options, |harness, command| {
        let is_old = move |report: &RenderReport| report.remote.as_str() < &*format!("r-{failed}");
        report_with(|report: &mut RenderReport| {
            if is_old(report) {
                deny(report);
            }
        })(harness, command)
    });
    assert_eq!((run.submits(), run.stopped, harness.phase(0)), (2, None, "done"));
}

#[test]
fn a_finished_render_without_a_link_is_downloaded_later_and_replaced_only_by_name() {
    let hide = |report: &mut RenderReport| report.output = None;
    let mut harness = Harness::new();
    let run = harness.run(&jobs(1), &RunOptions::default(), report_with(hide));
    assert_eq!((run.stopped, harness.state(0).status()), (None, "downloading"));
    assert!(run.took >= seconds(600), "{:?}", run.took);
    let before = harness.journal.clone();
    let run = harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
    assert_eq!((run.submits(), harness.phase(0)), (0, "done"));

    harness.journal = before;
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    assert_eq!(harness.run(&jobs(1), &retries, report_with(hide)).submits(), 0);
    let hide_first = |report: &mut RenderReport| {
        if report.remote.as_str() == "r-0" {
            report.output = None;
        }
    };
    let run = harness.run(&jobs(1), &resubmits(0), report_with(hide_first));
    assert_eq!((run.submits(), harness.phase(0)), (1, "done"));
    assert_eq!(harness.state(0).spent(), Credits::whole(9), "a charge that is not known counts");
}

#[test]
fn a_video_with_a_dead_link_is_replaced_by_name() {
    let dead = fail_downloads(FailureKind::NotFound);
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), dead);
    assert_eq!(harness.state(0).status(), "downloading");
    let mut downloads = 0;
    let run = harness.run(&jobs(1), &resubmits(0), |harness, command| {
        downloads += usize::from(matches!(command, Command::Download(_)));
        if downloads <= 2 { dead(harness, command) } else { None }
    });
    assert_eq!((run.submits(), harness.phase(0)), (1, "done"));
    assert!(run.took < seconds(180), "{:?}", run.took);
    assert_eq!(harness.run(&jobs(1), &resubmits(0), dead).submits(), 0);
}

#[test]
fn a_video_given_up_for_one_that_is_refused_is_taken_back() {
    let dead = fail_downloads(FailureKind::NotFound);
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), dead);
    let spent = harness.state(0).spent();
    let both = RunOptions { resubmit: [job(0), job(1)].into(), ..RunOptions::default() };
    let run = harness.run(&jobs(2), &both, |harness, command| match command {
        Command::Submit { job, .. } => {
            let result = Err(failure(FailureKind::OutOfCredits));
            Some(Outcome::Submitted { job: job.clone(), result })
        }
        other => dead(harness, other),
    });
    assert_eq!(run.submits(), 1);
    assert!(matches!(run.stopped, Some(StopReason::OutOfCredits { .. })));
    for number in 0..2 {
        let state = harness.state(number);
        assert_eq!((state.status(), state.spent()), ("downloading", spent), "{number}");
    }
    // The links live again.
    let run = harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    assert_eq!((run.submits(), harness.rows.len()), (0, 2));
    assert_eq!((harness.phase(0), harness.phase(1)), ("done", "done"));
}

#[test]
fn a_failed_job_that_another_run_has_made_again_is_not_paid_for_again() {
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    let fail_first = |report: &mut RenderReport| {
        if report.remote.as_str() == "r-0" {
            fail(report);
        }
    };
    for (options, lacks_credits) in [(retries.clone(), false), (RunOptions::default(), true)] {
        let deny = |report: &mut RenderReport| {
            fail_first(report);
            if lacks_credits && report.remote.as_str() == "r-0" {
                report.failed_reason = Some("Insufficient credits".into());
            }
        };
        let mut harness = Harness::new();
        harness.run(&jobs(1), &RunOptions::default(), report_with(deny));
        let backup = harness.journal.clone();
        assert_eq!(harness.run(&jobs(1), &options, report_with(deny)).submits(), 1);
        harness.journal = backup;
        harness.now = harness.now.plus(seconds(3600));
        let run = harness.run(&jobs(1), &options, report_with(deny));
        assert_eq!((run.submits(), run.stopped, harness.phase(0)), (0, None, "done"));
        assert_eq!(harness.state(0).generation, Generation(1));
    }
}

#[test]
fn the_newest_generation_is_found_however_many_were_made() {
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    let made = |count: usize| {
        report_with(move |report: &mut RenderReport| {
            if report.remote.as_str() != format!("r-{count}") {
                fail(report);
            }
        })
    };
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), made(9));
    let backup = harness.journal.clone();
    for _ in 0..9 {
        assert_eq!(harness.run(&jobs(1), &retries, made(9)).submits(), 1);
    }
    assert_eq!(harness.phase(0), "done");
    let spent = harness.state(0).spent();
    harness.journal = backup;
    harness.now = harness.now.plus(seconds(3600));
    let run = harness.run(&jobs(1), &retries, made(9));
    assert_eq!((run.submits(), run.stopped, harness.phase(0)), (0, None, "done"));
    let state = harness.state(0);
    assert_eq!(state.generation, Generation(9));
    assert!(state.counted() >= spent, "{} counted of {spent}", state.counted());
}

#[test]
fn a_newer_generation_that_the_list_shows_late_takes_the_place_of_an_older_one() {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    harness.run(&jobs(2), &fresh(), |_, _| None);
    harness.journal.clear();
    let mut lists = 0;
    let lost = RunOptions { journal_was_lost: true, ..RunOptions::default() };
    let run = harness.run(&jobs(2), &lost, |harness, command| {
        lists += usize::from(matches!(command, Command::List { .. }));
        let is_first = matches!(command, Command::List { .. }) && lists == 1;
        is_first.then(|| {
            let mut listing = harness.list(usize::MAX);
            listing.found.retain(|row| ["r-0", "r-1"].contains(&row.remote.as_str()));
            Outcome::Listed { result: Ok(listing) }
        })
    });
    assert_eq!((run.submits(), harness.rows.len()), (0, 4));
    for number in 0..2 {
        let state = harness.state(number);
        assert_eq!((state.generation, harness.phase(number)), (Generation(1), "done"));
    }
}

#[test]
fn a_look_that_was_interrupted_is_repeated() {
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    let is_revisited =
        |event: &Event| matches!(event, Event::Job { event: JobEvent::Revisited, .. });
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), report_with(fail));
    harness.run_until_event(&jobs(1), &retries, report_with(fail), is_revisited);
    assert_eq!(harness.run(&jobs(1), &retries, report_with(fail)).submits(), 1);
}

#[test]
fn a_row_that_fails_for_credits_again_and_again_is_a_failed_job() {
    let deny = |report: &mut RenderReport| {
        if report.name.as_ref().unwrap().ends_with(" job-0") {
            fail(report);
            report.failed_reason = Some("Got no credits? Call us".into());
        }
    };
    let options = RunOptions {
        limits: Limits { in_flight: InFlight::AtMost(1), ..Limits::default() },
        ..RunOptions::default()
    };
    let mut harness = Harness::new();
    let stops = [0, 1, 2].map(|_| harness.run(&jobs(3), &options, report_with(deny)).stopped);
    assert!(stops[..2].iter().all(|stop| matches!(stop, Some(StopReason::OutOfCredits { .. }))));
    assert_eq!((&stops[2], harness.phase(0), harness.phase(2)), (&None, "failed", "done"));
    assert_eq!(harness.rows.len(), 4, "job-0 was submitted twice");
    assert_eq!(harness.run(&jobs(3), &options, report_with(deny)).submits(), 0);
}

#[test]
fn a_failed_job_that_the_provider_has_deleted_is_made_again() {
    let retries = RunOptions { retry_failed: true, ..RunOptions::default() };
    let fail_first = |report: &mut RenderReport| {
        if report.remote.as_str() == "r-0" {
            fail(report);
        }
    };
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), report_with(fail_first));
    assert_eq!((harness.phase(0), harness.phase(1)), ("failed", "done"));
    harness.now = harness.now.plus(seconds(3600));
    let deleted = harness.rows.remove(0);
    let run = harness.run(&jobs(2), &retries, |harness, command| match command {
        Command::Submit { job, .. } => {
            harness.rows.push(("r-9".parse().unwrap(), deleted.1.clone(), harness.now));
            let remote = "r-9".parse().unwrap();
            Some(Outcome::Submitted {
                job: job.clone(),
                result: Ok(AcceptedJob { remote, shows_tag: true }),
            })
        }
        Command::List { .. } => {
            let mut listing = harness.list(usize::MAX);
            let is_unfinished = |row: &RenderReport| row.status == RenderStatus::Running;
            listing.shows_unfinished = listing.found.iter().any(is_unfinished);
            Some(Outcome::Listed { result: Ok(listing) })
        }
        _ => None,
    });
    assert_eq!((run.submits(), run.stopped), (1, None));
}

#[test]
fn one_job_that_waits_for_credits_goes_first() {
    let deny = |report: &mut RenderReport| {
        fail(report);
        report.failed_reason = Some("Insufficient credits".into());
    };
    let mut harness = Harness::new();
    let run = harness.run(&jobs(5), &RunOptions::default(), report_with(deny));
    assert!(matches!(run.stopped, Some(StopReason::OutOfCredits { .. })));
    let (made, backup) = (harness.rows.len(), harness.journal.clone());
    let run = harness.run(&jobs(9), &RunOptions::default(), report_with(deny));
    assert!(matches!(run.stopped, Some(StopReason::OutOfCredits { .. })));
    assert_eq!((run.submits(), harness.rows.len()), (1, made + 1));
    // With credits the others follow.
    harness.rows.truncate(made);
    let mut harness = Harness { journal: backup, rows: harness.rows, ..Harness::new() };
    harness.now = harness.now.plus(seconds(7200));
    let fail_old = move |report: &mut RenderReport| {
        let number: usize = report.remote.as_str()[2..].parse().unwrap();
        if number < made {
            deny(report);
        }
    };
    let run = harness.run(&jobs(9), &RunOptions::default(), report_with(fail_old));
    assert_eq!(run.stopped, None);
    assert!((0..9).all(|number| harness.phase(number) == "done"));
    // The same for failures that are adopted after the journal was lost.
    let mut harness = Harness::new();
    harness.run(&jobs(3), &RunOptions::default(), report_with(deny));
    harness.journal.clear();
    let lost = RunOptions { journal_was_lost: true, ..RunOptions::default() };
    let run = harness.run(&jobs(9), &lost, report_with(deny));
    assert!(matches!(run.stopped, Some(StopReason::OutOfCredits { .. })));
    assert_eq!(run.submits(), 1);
}

#[test]
fn a_run_does_not_wait_longer_than_it_may_for_lookups_that_fail() {
    let mut harness = Harness::new();
    let leaves = RunOptions { leave_after_submitting: true, ..RunOptions::default() };
    harness.run(&jobs(1), &leaves, |_, _| None);
    let mut options = RunOptions { submits: Submits::Nothing, ..RunOptions::default() };
    options.limits.patience = Some(seconds(20));
    let run = harness.run(&jobs(1), &options, |_, command| match command {
        Command::Poll { remotes } => Some(Outcome::Polled {
            remotes: remotes.clone(),
            result: Err(failure(FailureKind::ServerError)),
        }),
        Command::PollJob { job, .. } => Some(Outcome::JobPolled {
            job: job.clone(),
            result: Err(failure(FailureKind::ServerError)),
        }),
        _ => None,
    });
    assert!(matches!(run.stopped, Some(StopReason::Unreachable { .. })), "{:?}", run.stopped);
    assert!(run.took < seconds(300) && run.submits() == 0, "{:?}", run.took);
}

#[test]
fn a_create_answered_with_the_id_of_another_job_is_found_in_the_list() {
    let mut harness = Harness::new();
    let foreign = harness.accept("foreign");
    let other = |report: &mut RenderReport| {
        *report.echo = RequestEcho::new(Some("another text"), None, None);
    };
    let run = harness.run(&jobs(2), &RunOptions::default(), |harness, command| match command {
        Command::Submit { job: id, name, .. } if *id == job(1) => {
            harness.accept(name);
            let result = Ok(AcceptedJob::tagged(foreign.clone()));
            Some(Outcome::Submitted { job: id.clone(), result })
        }
        command => {
            let mut outcome = harness.default_answer(command);
            let reports = match &mut outcome {
                Outcome::Polled { result: Ok(reports), .. } => reports,
                Outcome::Listed { result: Ok(listing) } => &mut listing.found,
                _ => return Some(outcome),
            };
            reports.iter_mut().filter(|it| it.name.as_deref() == Some("foreign")).for_each(other);
            Some(outcome)
        }
    });
    assert_eq!((run.stopped, harness.phase(0), harness.phase(1)), (None, "done", "done"));
    assert_eq!(harness.rows.len(), 3);
}

#[test]
fn a_video_is_given_up_only_for_a_dead_link_and_if_another_may_be_paid_for() {
    for kind in [FailureKind::NotSent, FailureKind::Lost, FailureKind::ServerError] {
        let mut harness = Harness::new();
        harness.run(&jobs(1), &RunOptions::default(), fail_downloads(kind));
        assert_eq!(
            harness.run(&jobs(1), &resubmits(0), fail_downloads(kind)).submits(),
            0,
            "{kind:?}"
        );
    }
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), fail_downloads(FailureKind::NotFound));
    let capped = RunOptions {
        limits: Limits { max_credits: Some(Credits::whole(6)).into(), ..Limits::default() },
        ..resubmits(0)
    };
    let run = harness.run(&jobs(1), &capped, fail_downloads(FailureKind::NotFound));
    assert_eq!((run.submits(), run.stopped), (0, Some(StopReason::CapReached)));
    assert_eq!(harness.state(0).status(), "downloading", "the paid video is not forgotten");

    // A stale link may be refused like a wrong one: another is asked for.
    let mut downloads = 0;
    let run = harness.run(&jobs(1), &RunOptions::default(), |harness, command| {
        downloads += usize::from(matches!(command, Command::Download(_)));
        if downloads <= 1 { fail_downloads(FailureKind::Rejected)(harness, command) } else { None }
    });
    assert_eq!((run.submits(), harness.phase(0)), (0, "done"));
}

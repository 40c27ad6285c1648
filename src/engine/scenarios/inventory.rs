//! The list before the first submit, and adoption of the jobs that it shows.

use super::absence_proof::listed;
use super::harness::{Harness, failure, job, jobs, lost, seconds, submits};
use crate::engine::RunOptions;
use crate::model::{
    Command, Credits, Entry, Event, FailureKind, JobEvent, Listing, Outcome, StopReason,
};

fn refuse_list(command: &Command, kind: FailureKind) -> Option<Outcome> {
    matches!(command, Command::List { .. }).then(|| Outcome::Listed { result: Err(failure(kind)) })
}

#[test]
fn a_lost_journal_is_remembered_until_the_list_was_read() {
    let mut harness = Harness::new();
    harness.run(&jobs(3), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    let lost = RunOptions { journal_was_lost: true, ..RunOptions::default() };
    let run =
        harness.run(&jobs(3), &lost, |_, command| refuse_list(command, FailureKind::ServerError));
    assert!(matches!(run.stopped, Some(StopReason::InventoryRefused { .. })));
    // The folder now shows only a new journal.
    for _ in 0..2 {
        let run = harness.run(&jobs(3), &RunOptions::default(), |_, command| {
            refuse_list(command, FailureKind::ServerError)
        });
        assert!(matches!(run.stopped, Some(StopReason::InventoryRefused { .. })));
        assert_eq!(run.submits(), 0);
    }
    let run = harness.run(&jobs(3), &RunOptions::default(), |_, _| None);
    assert_eq!((harness.rows.len(), run.submits()), (3, 0));
    let is_loss = |event: &Event| matches!(event, Event::JournalLost);
    let recorded = harness.journal.iter().filter(|entry| is_loss(&entry.event));
    assert_eq!(recorded.count(), 1);
}

#[test]
fn without_a_record_the_run_waits_for_a_failing_list() {
    let mut harness = Harness::new();
    harness.run(&jobs(3), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    let mut refusals = 0;
    let run = harness.run(&jobs(3), &RunOptions::default(), |_, command| {
        let answer = refuse_list(command, FailureKind::ServerError).filter(|_| refusals < 6);
        refusals += u32::from(answer.is_some());
        answer
    });
    assert_eq!((refusals, harness.rows.len(), run.stopped), (6, 3, None));
    // Not indefinitely: there may be nothing to find.
    let mut harness = Harness::new();
    let run = harness.run(&jobs(3), &RunOptions::default(), |_, command| {
        refuse_list(command, FailureKind::ServerError)
    });
    let skips = |entry: &&Entry| matches!(entry.event, Event::InventorySkipped { .. });
    let skipped = harness.journal.iter().find(skips).unwrap();
    let waited = skipped.at.since(run.entries[0].at);
    assert!((seconds(30)..seconds(90)).contains(&waited), "{waited:?}");
    assert_eq!((harness.rows.len(), run.stopped), (3, None));
}

#[test]
fn a_server_that_refuses_to_list_is_not_waited_for() {
    for (kind, fresh) in [(FailureKind::Rejected, false), (FailureKind::ServerError, true)] {
        let mut harness = Harness::new();
        let options = RunOptions { fresh, ..RunOptions::default() };
        let run = harness.run(&jobs(2), &options, |_, command| refuse_list(command, kind));
        assert_eq!((run.submits(), run.stopped), (2, None), "{kind:?}");
    }
}

#[test]
fn a_list_with_unknown_submits_is_read_until_it_shows_no_more() {
    let mut harness = Harness::new();
    harness.run(&jobs(6), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    // The list lags: each one shows two rows more.
    let mut shown = 0;
    let run = harness.run(&jobs(6), &RunOptions::default(), |harness, command| {
        let Command::List { .. } = command else {
            return None;
        };
        shown += 2;
        let found = harness.rows.iter().take(shown);
        let found: Vec<_> = found.filter_map(|(id, ..)| harness.report(id)).collect();
        Some(listed(Listing {
            rows: found.len() as u64,
            oldest: found.iter().filter_map(|it| it.created_at).min(),
            ends: None,
            found,
        }))
    });
    assert_eq!((harness.rows.len(), run.submits()), (6, 0));
}

#[test]
fn after_a_redirected_submit_the_list_is_read_twice() {
    let mut harness = Harness::new();
    let run = harness.run(&jobs(2), &RunOptions::default(), |harness, command| {
        let Command::Submit { job, name, .. } = command else {
            return None;
        };
        harness.accept(name);
        Some(Outcome::Submitted { job: job.clone(), result: Err(failure(FailureKind::Redirected)) })
    });
    assert!(matches!(run.stopped, Some(StopReason::WrongAddress { .. })));
    let rows = harness.rows.len();
    // The first list does not show it.
    let mut listings = 0;
    let run = harness.run(&jobs(2), &RunOptions::default(), |_, command| {
        let is_list = matches!(command, Command::List { .. });
        listings += u32::from(is_list);
        (is_list && listings == 1).then(|| listed(Listing::default()))
    });
    assert_eq!((harness.rows.len(), run.submits()), (2, 2 - rows));
    assert_eq!((harness.phase(0), harness.phase(1)), ("done", "done"));
}

#[test]
fn double_payments_of_a_run_without_list_are_recorded_before_it_ends() {
    let mut harness = Harness::new();
    harness.render_time = seconds(2);
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    let run = harness.run(&jobs(2), &RunOptions::default(), |harness, command| {
        refuse_list(command, FailureKind::ServerError).filter(|_| harness.rows.len() < 4)
    });
    assert_eq!(harness.rows.len(), 4, "the list failed for too long");
    assert!(run.recorded(|event| matches!(event, JobEvent::PaidTwice { .. })));
    assert!(matches!(run.stopped, Some(StopReason::DuplicateRun { .. })));
}

fn empty_list(command: &Command) -> Option<Outcome> {
    matches!(command, Command::List { .. }).then(|| listed(Listing::default()))
}

fn refuse_submit(command: &Command, kind: FailureKind) -> Option<Outcome> {
    let Command::Submit { job, .. } = command else {
        return None;
    };
    Some(Outcome::Submitted { job: job.clone(), result: Err(failure(kind)) })
}

#[test]
fn a_superseded_submit_found_before_the_next_one_is_adopted() {
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } => {
            harness.accept(name);
            lost(command)
        }
        other => empty_list(other),
    });
    assert_eq!(harness.phase(0), "in_doubt");
    let named = RunOptions { resubmit: [job(0)].into(), ..RunOptions::default() };
    let run = harness.run(&jobs(1), &named, |_, command| {
        refuse_submit(command, FailureKind::OutOfCredits).or_else(|| empty_list(command))
    });
    assert_eq!((harness.phase(0), run.submits()), ("pending", 1));
    let run = harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
    assert_eq!((harness.phase(0), run.submits()), ("done", 0));
    let spent = harness.state(0).spent();
    assert!(spent <= Credits::whole(5), "counted once, {spent}");
}

#[test]
fn a_refused_submit_found_in_the_list_is_adopted() {
    for retry_failed in [false, true] {
        let mut harness = Harness::new();
        harness.run(&jobs(2), &RunOptions::default(), |harness, command| match command {
            Command::Submit { name, .. } if submits(command, 0) => {
                harness.accept(name);
                refuse_submit(command, FailureKind::Rejected)
            }
            other => empty_list(other),
        });
        assert_eq!((harness.phase(0), harness.state(0).spent()), ("failed", Credits::ZERO));
        let options = RunOptions { retry_failed, ..RunOptions::default() };
        let run = harness.run(&jobs(3), &options, |_, _| None);
        assert_eq!((harness.phase(0), run.submits()), ("done", 1), "{retry_failed}");
        assert_eq!(harness.rows.len(), 3);
        assert!(harness.state(0).spent() > Credits::ZERO);
    }
}

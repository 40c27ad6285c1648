//! The list before the first submit, and adoption of the jobs that it shows.

use super::absence_proof::listed;
use super::harness::{Harness, failure, job, jobs, listing, lost, seconds, submits, throttled};
use crate::engine::RunOptions;
use crate::model::{
    AcceptedJob, Command, Credits, Event, FailureKind, JobEvent, Listing, Outcome, RenderReport,
    RenderStatus, StopReason,
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
fn the_run_waits_for_a_failing_list_and_pays_for_nothing_without_it() {
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
    for (patience, expected) in [(None, 60), (Some(seconds(300)), 300)] {
        let mut harness = Harness::new();
        let mut options = RunOptions::default();
        options.limits.patience = patience;
        let run = harness
            .run(&jobs(3), &options, |_, command| refuse_list(command, FailureKind::ServerError));
        assert!(matches!(run.stopped, Some(StopReason::InventoryRefused { .. })));
        assert_eq!(run.submits(), 0);
        let waited = run.took.as_secs();
        assert!((expected..expected + 60).contains(&waited), "{waited}");
    }
}

#[test]
fn a_server_that_refuses_to_list_is_not_waited_for() {
    for without_list in [false, true] {
        let mut harness = Harness::new();
        let options = RunOptions { without_list, ..RunOptions::default() };
        let run = harness
            .run(&jobs(2), &options, |_, command| refuse_list(command, FailureKind::Rejected));
        assert!(run.took < seconds(200), "{:?}", run.took);
        let is_refused = matches!(run.stopped, Some(StopReason::InventoryRefused { .. }));
        assert_eq!((run.submits(), is_refused), if without_list { (2, false) } else { (0, true) });
    }
}

#[test]
fn a_new_campaign_is_submitted_after_two_lists_unless_a_person_attends_it() {
    for (is_unattended, expected) in [(true, 2), (false, 1)] {
        let mut harness = Harness::new();
        let options = RunOptions { is_unattended, ..RunOptions::default() };
        let run = harness.run(&jobs(2), &options, |_, _| None);
        let is_submit = |(_, it): &(_, Command)| matches!(it, Command::Submit { .. });
        let before: Vec<_> = run.commands.iter().take_while(|it| !is_submit(it)).collect();
        assert_eq!(before.len(), expected, "{before:?}");
        assert_eq!((harness.phase(0), run.stopped), ("done", None));
        // The second night needs one list.
        let run = harness.run(&jobs(3), &options, |_, _| None);
        let before = run.commands.iter().take_while(|it| !is_submit(it));
        assert_eq!(before.count(), 1);
    }
}

/// Runs four jobs after two of them were paid for and the journal was lost, with lists that `change` alters.
fn after_a_loss(
    options: &RunOptions,
    change: impl Fn(&mut Listing),
) -> (Harness, super::harness::ScenarioRun) {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    let lost = RunOptions { journal_was_lost: true, ..options.clone() };
    let run = harness.run(&jobs(4), &lost, |harness, command| {
        let Command::List { .. } = command else {
            return None;
        };
        let mut listing = harness.list(usize::MAX);
        change(&mut listing);
        Some(listed(listing))
    });
    (harness, run)
}

#[test]
fn pending_jobs_of_a_lost_journal_need_a_complete_list() {
    type Change = fn(&mut Listing);
    let changes: [(&str, Change); 4] = [
        ("cut off", |listing| listing.rows = 20),
        ("cut off", |listing| listing.is_truncated = true),
        ("cut off", |listing| {
            (listing.rows, listing.oldest_own) = (13, Some("r-0".parse().unwrap()));
        }),
        ("cannot be read", |listing| listing.unreadable = 1),
    ];
    for (reason, change) in changes {
        let (harness, run) = after_a_loss(&RunOptions::default(), change);
        let Some(StopReason::InventoryUnproven { message }) = run.stopped else {
            panic!("{reason}: {:?}", run.stopped);
        };
        assert!(message.contains(reason), "{message}");
        assert_eq!(
            (harness.rows.len(), harness.phase(0), harness.phase(2)),
            (2, "done", "pending")
        );
        let word = RunOptions { without_list: true, ..RunOptions::default() };
        let (harness, run) = after_a_loss(&word, change);
        assert_eq!((harness.rows.len(), run.stopped), (4, None), "{reason}");
    }
    let (harness, run) = after_a_loss(&RunOptions::default(), |_| {});
    assert_eq!((harness.rows.len(), run.stopped), (4, None));
    let kept = |listing: &mut Listing| listing.age = seconds(3600);
    let (harness, run) = after_a_loss(&RunOptions::default(), kept);
    assert!(matches!(run.stopped, Some(StopReason::InventoryUnproven { .. })));
    assert_eq!(harness.rows.len(), 2);
}

#[test]
fn a_list_without_any_job_proves_nothing_if_jobs_were_accepted() {
    let hidden = |listing: &mut Listing| *listing = Listing::default();
    for (has_accepted_jobs, submits) in [(true, 0), (false, 4)] {
        let options = RunOptions { has_accepted_jobs, ..RunOptions::default() };
        let (mut harness, run) = after_a_loss(&options, hidden);
        assert_eq!(run.submits(), submits);
        if has_accepted_jobs {
            assert!(matches!(run.stopped, Some(StopReason::InventoryUnproven { .. })));
            // The next run sees only the new journal.
            let run = harness.run(&jobs(4), &RunOptions::default(), |_, it| empty_list(it));
            assert!(matches!(run.stopped, Some(StopReason::InventoryUnproven { .. })));
            assert_eq!(run.submits(), 0);
            let run = harness.run(&jobs(4), &RunOptions::default(), |_, _| None);
            assert_eq!((run.submits(), run.stopped), (2, None));
        }
    }
}

#[test]
fn jobs_that_other_records_name_are_adopted_by_their_ids() {
    for knows_it in [true, false] {
        let mut harness = Harness::new();
        harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
        harness.journal.clear();
        // The provider keeps no names, and the list is cut off.
        let remotes = harness.rows.iter().map(|(remote, ..)| remote.clone());
        let named = |(number, remote): (usize, _)| (job(number), remote);
        let options = RunOptions {
            journal_was_lost: true,
            known_remotes: remotes
                .enumerate()
                .take(2 - usize::from(!knows_it))
                .map(named)
                .collect(),
            ..RunOptions::default()
        };
        let run = harness.run(&jobs(2), &options, |_, command| {
            let cut_off = Listing { is_truncated: true, ..Listing::default() };
            matches!(command, Command::List { .. }).then(|| listed(cut_off))
        });
        assert_eq!((harness.rows.len(), run.submits(), harness.phase(0)), (2, 0, "done"));
        let is_unproven = matches!(run.stopped, Some(StopReason::InventoryUnproven { .. }));
        assert_eq!(is_unproven, !knows_it);
    }
}

#[test]
fn an_account_without_the_newest_jobs_is_no_proof() {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    // The list is short, but the jobs are found by their ids: the record is intact.
    let shows_nothing = |command: &Command| {
        matches!(command, Command::List { .. }).then(|| listed(Listing::default()))
    };
    let run = harness.run(&jobs(3), &RunOptions::default(), |_, command| shows_nothing(command));
    assert_eq!((run.submits(), harness.rows.len(), run.stopped), (1, 3, None));
    // Another account knows none of them.
    let run = harness.run(&jobs(4), &RunOptions::default(), |_, command| match command {
        Command::Poll { remotes } => {
            Some(Outcome::Polled { remotes: remotes.clone(), result: Ok(Vec::new()) })
        }
        other => shows_nothing(other),
    });
    assert!(matches!(run.stopped, Some(StopReason::InventoryUnproven { .. })));
    assert_eq!(run.submits(), 0);
}

#[test]
fn a_cut_off_list_of_a_new_campaign_is_reported_and_stops_it_if_proof_is_required() {
    for requires_proof in [false, true] {
        let mut harness = Harness::new();
        let options = RunOptions { requires_proof, ..RunOptions::default() };
        let run = harness.run(&jobs(1), &options, |harness, command| {
            let is_first = harness.rows.is_empty();
            let cut_off = Listing { rows: 50, ..Listing::default() };
            (is_first && matches!(command, Command::List { .. })).then(|| listed(cut_off))
        });
        let is_said =
            run.entries.iter().any(|it| matches!(it.event, Event::ListCutOff { rows: 50 }));
        assert_eq!((run.submits(), is_said), if requires_proof { (0, false) } else { (1, true) });
    }
}

#[test]
fn a_refused_submit_is_looked_for_before_it_is_sent_again() {
    let mut harness = Harness::new();
    let mut refused = 0;
    let run = harness.run(&jobs(3), &RunOptions::default(), |harness, command| match command {
        // A gateway has repeated each of the first creates, and shows the refusal of the second.
        Command::Submit { name, .. } if refused < 2 => {
            refused += 1;
            harness.accept(name);
            refuse_submit(command, FailureKind::Throttled)
        }
        _ => None,
    });
    assert_eq!((harness.rows.len(), run.submits(), run.stopped), (3, 3, None));
    let names: std::collections::BTreeSet<_> = harness.rows.iter().map(|row| &row.1).collect();
    assert_eq!(names.len(), 3, "paid twice");
}

#[test]
fn a_refused_submit_is_not_sent_again_on_the_word_of_a_list_that_hides_renders_under_way() {
    for hides in [true, false] {
        let mut harness = Harness::new();
        let run = harness.run(&jobs(4), &RunOptions::default(), |harness, command| match command {
            Command::Submit { name, .. } if submits(command, 2) && harness.rows.len() < 3 => {
                // The render takes longer than those that the program knows of.
                harness.accept(name);
                harness.rows.last_mut().unwrap().2 = harness.now.plus(seconds(3600));
                refuse_submit(command, FailureKind::Throttled)
            }
            Command::List { .. } if hides => {
                let mut listing = harness.list(usize::MAX);
                listing.found.retain(|row| row.status == RenderStatus::Done);
                listing.shows_unfinished = false;
                Some(listed(listing))
            }
            _ => None,
        });
        let is_unproven = matches!(run.stopped, Some(StopReason::InventoryUnproven { .. }));
        assert_eq!((harness.rows.len(), is_unproven), (4, hides));
        assert_eq!(harness.phase(2), if hides { "pending" } else { "rendering" });
    }
}

#[test]
fn renders_that_finish_before_a_refused_submit_is_looked_for_show_that_a_list_hides_them() {
    for hides in [true, false] {
        let mut harness = Harness::new();
        harness.render_time = seconds(5);
        harness.run(&jobs(4), &RunOptions::default(), |harness, command| match command {
            Command::Submit { name, .. } if submits(command, 3) && harness.rows.len() < 4 => {
                harness.accept(name);
                harness.rows.last_mut().unwrap().2 = harness.now.plus(seconds(3600));
                Some(Outcome::Submitted { job: job(3), result: Err(throttled(30)) })
            }
            Command::List { .. } => {
                let mut listing = harness.list(usize::MAX);
                listing.shows_unfinished = false;
                if hides {
                    listing.found.retain(|row| row.status == RenderStatus::Done);
                } else {
                    let is_unfinished = |row: &RenderReport| row.status == RenderStatus::Running;
                    listing.shows_unfinished = listing.found.iter().any(is_unfinished);
                }
                Some(listed(listing))
            }
            _ => None,
        });
        assert_eq!((harness.rows.len(), harness.phase(0)), (4, "done"));
        assert_eq!(harness.phase(3), if hides { "pending" } else { "rendering" });
    }
}

#[test]
fn a_list_that_the_provider_pauses_is_waited_for() {
    let mut harness = Harness::new();
    let mut refusals = 0;
    let run = harness.run(&jobs(2), &RunOptions::default(), |_, command| {
        let is_refused = matches!(command, Command::List { .. }) && refusals < 3;
        refusals += usize::from(is_refused);
        is_refused.then(|| Outcome::Listed { result: Err(throttled(60)) })
    });
    assert_eq!((run.submits(), run.stopped), (2, None));
}

#[test]
fn names_that_are_not_kept_are_reported_and_slow_the_run_down() {
    let mut harness = Harness::new();
    harness.render_time = seconds(600);
    let mut unanswered = 0;
    let run = harness.run(&jobs(3), &RunOptions::default(), |harness, command| match command {
        Command::Submit { job, .. } => {
            unanswered += 1;
            let accepted = AcceptedJob { remote: harness.accept("Untitled"), shows_tag: false };
            Some(Outcome::Submitted { job: job.clone(), result: Ok(accepted) })
        }
        _ => None,
    });
    let said: Vec<bool> = run
        .entries
        .iter()
        .filter_map(|entry| match entry.event {
            Event::TagNotShown { is_listed } => Some(is_listed),
            _ => None,
        })
        .collect();
    assert_eq!((said, unanswered), (vec![false, true], 3));
    assert_eq!((harness.phase(0), run.stopped), ("done", None));
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
        Some(listed(listing(found.filter_map(|(id, ..)| harness.report(id)).collect())))
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
    let word = RunOptions { without_list: true, ..RunOptions::default() };
    let run = harness.run(&jobs(2), &word, |harness, command| {
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

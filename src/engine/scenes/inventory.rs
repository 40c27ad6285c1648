//! The list before the first submit: when one look is enough, and what is not done without it.

use super::absence::listed;
use super::stage::{Stage, failure, jobs, seconds};
use crate::engine::Policy;
use crate::model::{Command, Entry, Event, FailureKind, JobEvent, Listing, Outcome, StopReason};

fn refuses(command: &Command, kind: FailureKind) -> Option<Outcome> {
    matches!(command, Command::List { .. }).then(|| Outcome::Listed {
        result: Err(failure(kind)),
    })
}

#[test]
fn that_the_journal_was_lost_is_not_forgotten_before_the_list_was_read() {
    let mut stage = Stage::new();
    stage.run(&jobs(3), &Policy::default(), |_, _| None);
    stage.journal.clear();
    let lost = Policy {
        journal_was_lost: true,
        ..Policy::default()
    };
    let run = stage.run(&jobs(3), &lost, |_, command| {
        refuses(command, FailureKind::ServerError)
    });
    assert!(matches!(
        run.stopped,
        Some(StopReason::InventoryRefused { .. })
    ));
    // Whoever looks at the folder now sees nothing but a journal that has begun.
    for _ in 0..2 {
        let run = stage.run(&jobs(3), &Policy::default(), |_, command| {
            refuses(command, FailureKind::ServerError)
        });
        assert!(matches!(
            run.stopped,
            Some(StopReason::InventoryRefused { .. })
        ));
        assert_eq!(run.submits(), 0);
    }
    let run = stage.run(&jobs(3), &Policy::default(), |_, _| None);
    assert_eq!((stage.rows.len(), run.submits()), (3, 0));
    let tells = |event: &Event| matches!(event, Event::JournalLost);
    let told = stage.journal.iter().filter(|entry| tells(&entry.event));
    assert_eq!(told.count(), 1);
}

#[test]
fn without_a_record_a_list_that_is_down_for_a_moment_is_waited_for() {
    let mut stage = Stage::new();
    stage.run(&jobs(3), &Policy::default(), |_, _| None);
    stage.journal.clear();
    let mut refused = 0;
    let run = stage.run(&jobs(3), &Policy::default(), |_, command| {
        let answer = refuses(command, FailureKind::ServerError).filter(|_| refused < 6);
        refused += u32::from(answer.is_some());
        answer
    });
    assert_eq!((refused, stage.rows.len(), run.stopped), (6, 3, None));
    // Not for ever: nobody can say that there is anything to find.
    let mut stage = Stage::new();
    let run = stage.run(&jobs(3), &Policy::default(), |_, command| {
        refuses(command, FailureKind::ServerError)
    });
    let skips = |entry: &&Entry| matches!(entry.event, Event::InventorySkipped { .. });
    let skipped = stage.journal.iter().find(skips).unwrap();
    let waited = skipped.at.since(run.entries[0].at);
    assert!((seconds(30)..seconds(90)).contains(&waited), "{waited:?}");
    assert_eq!((stage.rows.len(), run.stopped), (3, None));
}

#[test]
fn a_server_that_does_not_list_at_all_is_no_reason_to_wait() {
    for (kind, fresh) in [
        (FailureKind::Rejected, false),
        (FailureKind::ServerError, true),
    ] {
        let mut stage = Stage::new();
        let policy = Policy {
            fresh,
            ..Policy::default()
        };
        let run = stage.run(&jobs(2), &policy, |_, command| refuses(command, kind));
        assert_eq!((run.submits(), run.stopped), (2, None), "{kind:?}");
    }
}

#[test]
fn a_list_that_shows_unknown_submits_is_read_again_until_it_shows_no_more() {
    let mut stage = Stage::new();
    stage.run(&jobs(6), &Policy::default(), |_, _| None);
    stage.journal.clear();
    // It lags behind: each look shows two more.
    let mut shown = 0;
    let run = stage.run(&jobs(6), &Policy::default(), |stage, command| {
        let Command::List { .. } = command else {
            return None;
        };
        shown += 2;
        let found = stage.rows.iter().take(shown);
        let found: Vec<_> = found.filter_map(|(id, ..)| stage.report(id)).collect();
        Some(listed(Listing {
            rows: found.len() as u64,
            oldest: found.iter().filter_map(|it| it.created_at).min(),
            ends: None,
            found,
        }))
    });
    assert_eq!((stage.rows.len(), run.submits()), (6, 0));
}

#[test]
fn a_submit_that_was_redirected_is_looked_for_with_care() {
    let mut stage = Stage::new();
    let run = stage.run(&jobs(2), &Policy::default(), |stage, command| {
        let Command::Submit { job, name, .. } = command else {
            return None;
        };
        stage.accept(name);
        Some(Outcome::Submitted {
            job: job.clone(),
            result: Err(failure(FailureKind::Redirected)),
        })
    });
    assert!(matches!(run.stopped, Some(StopReason::WrongAddress { .. })));
    let rows = stage.rows.len();
    // The list does not show it at once.
    let mut listings = 0;
    let run = stage.run(&jobs(2), &Policy::default(), |_, command| {
        let is_list = matches!(command, Command::List { .. });
        listings += u32::from(is_list);
        (is_list && listings == 1).then(|| listed(Listing::default()))
    });
    assert_eq!((stage.rows.len(), run.submits()), (2, 2 - rows));
    assert_eq!((stage.phase(0), stage.phase(1)), ("done", "done"));
}

#[test]
fn what_a_run_without_the_list_has_doubled_is_told_before_it_ends() {
    let mut stage = Stage::new();
    stage.renders_take = seconds(2);
    stage.run(&jobs(2), &Policy::default(), |_, _| None);
    stage.journal.clear();
    let run = stage.run(&jobs(2), &Policy::default(), |stage, command| {
        refuses(command, FailureKind::ServerError).filter(|_| stage.rows.len() < 4)
    });
    assert_eq!(stage.rows.len(), 4, "the list was down for too long");
    assert!(run.tells(|event| matches!(event, JobEvent::PaidTwice { .. })));
    assert!(matches!(run.stopped, Some(StopReason::Rival { .. })));
}

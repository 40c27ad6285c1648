//! Rows that were edited or renumbered before the journal was lost, and rows that the list shows without their names.

use std::sync::Arc;

use super::absence_proof::{is_absent, listed};
use super::harness::{Harness, job, jobs, lost, planned, submits};
use crate::engine::RunOptions;
use crate::model::{
    Command, Fingerprint, JobEvent, Listing, PlannedJob, RemoteId, RequestEcho, StopReason,
};

/// Returns a list of all rows with their texts.
fn with_texts(harness: &Harness) -> Listing {
    let mut listing = harness.list(usize::MAX);
    for row in &mut listing.found {
        let (_, number) = row.name.as_deref().unwrap().rsplit_once("job-").unwrap();
        *row.echo = RequestEcho::new(Some(number), Some("p"), Some("1x1"));
    }
    listing
}

/// Returns a job with the id of one number and the text of another.
fn renamed(id: usize, text: usize) -> PlannedJob {
    let mut renamed = planned(text);
    Arc::make_mut(&mut renamed.spec).id = job(id);
    renamed
}

fn remote(harness: &Harness, number: usize) -> RemoteId {
    harness.state(number).phase.remote().unwrap().clone()
}

/// Pays for jobs with these texts, loses the journal, and runs jobs with those ids and texts.
fn after_edits(
    paid: usize,
    after: &[(usize, usize)],
    options: &RunOptions,
) -> (Harness, super::harness::ScenarioRun) {
    let mut harness = Harness::new();
    harness.run(&jobs(paid), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    let edited: Vec<PlannedJob> = after.iter().map(|(id, text)| renamed(*id, *text)).collect();
    let lost = RunOptions { journal_was_lost: true, ..options.clone() };
    let run = harness.run(&edited, &lost, |harness, command| {
        matches!(command, Command::List { .. }).then(|| listed(with_texts(harness)))
    });
    (harness, run)
}

#[test]
fn an_edited_row_keeps_its_video_without_the_journal() {
    let (harness, run) = after_edits(2, &[(0, 7), (1, 1)], &RunOptions::default());
    assert_eq!((run.submits(), run.stopped), (0, None));
    assert_eq!(remote(&harness, 0), "r-0".parse().unwrap());
    let paid_for = Fingerprint::of(&planned(0).spec.request);
    assert_eq!(harness.state(0).fingerprint, Some(paid_for), "outdated until the text is back");
    for options in [
        RunOptions { redo_changed: true, ..RunOptions::default() },
        RunOptions { fresh: true, ..RunOptions::default() },
    ] {
        let (_, run) = after_edits(1, &[(0, 7)], &options);
        assert_eq!(run.submits(), 1, "the user asks for it");
    }
}

#[test]
fn renumbered_rows_keep_their_videos_without_the_journal() {
    for (after, remotes, new) in [
        (&[(0, 1), (1, 0)][..], &[(0, "r-1"), (1, "r-0")][..], 0),
        // A row was inserted.
        (&[(0, 7), (1, 0), (2, 1)], &[(1, "r-0"), (2, "r-1"), (0, "r-2")], 1),
        // A row was removed, and the last one was edited.
        (&[(0, 1), (1, 7)], &[(0, "r-1"), (1, "r-0")], 0),
        (&[(5, 0), (6, 1)], &[(5, "r-0"), (6, "r-1")], 0),
    ] {
        let (harness, run) = after_edits(2, after, &RunOptions::default());
        assert_eq!((run.submits(), run.stopped), (new, None), "{after:?}");
        for (number, expected) in remotes {
            assert_eq!(remote(&harness, *number), expected.parse().unwrap(), "{after:?}");
        }
    }
}

#[test]
fn a_row_of_another_shard_is_no_renumbered_one() {
    let other = RunOptions { other_shards: [job(0)].into(), ..RunOptions::default() };
    let (harness, run) = after_edits(1, &[(1, 0)], &other);
    assert_eq!((run.submits(), harness.rows.len(), run.stopped), (1, 2, None));
}

#[test]
fn an_edited_row_is_known_by_the_id_in_the_results_if_the_provider_keeps_no_names() {
    let mut harness = Harness::new();
    harness.run(&jobs(1), &RunOptions::default(), |_, _| None);
    harness.journal.clear();
    let options = RunOptions {
        journal_was_lost: true,
        known_remotes: vec![(job(0), "r-0".parse().unwrap())],
        ..RunOptions::default()
    };
    let nameless = |harness: &Harness| {
        let mut listing = with_texts(harness);
        listing.found[0].name = None;
        listing
    };
    let run = harness.run(&[renamed(0, 7)], &options, |harness, command| match command {
        Command::Poll { remotes } if harness.journal.len() < 4 => {
            let result = Ok(nameless(harness).found);
            Some(crate::model::Outcome::Polled { remotes: remotes.clone(), result })
        }
        Command::List { .. } => Some(listed(nameless(harness))),
        _ => None,
    });
    assert_eq!((run.submits(), run.stopped, harness.phase(0)), (0, None, "done"));
    assert_ne!(harness.state(0).fingerprint, Some(renamed(0, 7).spec.fingerprint.clone()));
}

/// Loses the answer to the first submit, which is accepted, and shows its row without a name, `copies` times.
fn without_name(copies: usize, ahead: u64) -> (Harness, bool, Option<StopReason>) {
    let mut harness = Harness::new();
    let mut is_first = true;
    let run = harness.run(&jobs(6), &RunOptions::default(), |harness, command| match command {
        Command::Submit { name, .. } if submits(command, 0) && is_first => {
            is_first = false;
            harness.accept(name);
            lost(command)
        }
        Command::List { .. } => {
            let mut listing = with_texts(harness);
            for row in &mut listing.found {
                row.created_at = row.created_at.map(|at| at.plus(super::harness::seconds(ahead)));
            }
            let first = listing.found.iter_mut().find(|row| row.remote.as_str() == "r-0");
            if let Some(row) = first {
                row.name = None;
                let row = row.clone();
                listing.found.extend((1..copies).map(|number| {
                    let remote = format!("copy-{number}").parse().unwrap();
                    crate::model::RenderReport { remote, ..row.clone() }
                }));
            }
            Some(listed(listing))
        }
        _ => None,
    });
    let is_believed = run.recorded(is_absent);
    (harness, is_believed, run.stopped)
}

#[test]
fn a_row_without_its_name_is_adopted_if_it_can_only_be_the_job() {
    let (harness, is_believed, stopped) = without_name(1, 0);
    assert_eq!((harness.phase(0), is_believed, stopped), ("done", false, None));
    assert_eq!(remote(&harness, 0), "r-0".parse().unwrap());
    assert_eq!(harness.rows.len(), 6);
}

#[test]
fn a_job_stays_in_doubt_while_a_row_without_a_name_may_be_it() {
    for (copies, ahead) in [(2, 0), (1, 3600)] {
        let (harness, is_believed, _) = without_name(copies, ahead);
        assert_eq!((harness.phase(0), is_believed), ("in_doubt", false));
        assert_eq!(harness.rows.len(), 6, "never sent again");
        let is_said = |event: &JobEvent| {
            matches!(event, JobEvent::NotProven { why: crate::model::Inconclusive::Nameless })
        };
        let recorded = harness.journal.iter().any(|entry| match &entry.event {
            crate::model::Event::Job { event, .. } => is_said(event),
            _ => false,
        });
        assert!(recorded);
    }
}

#[test]
fn a_row_without_a_name_that_an_earlier_submit_has_made_is_not_adopted_again() {
    let mut harness = Harness::new();
    harness.run(&jobs(2), &RunOptions::default(), |_, _| None);
    let earlier = harness.rows[0].0.clone();
    let fresh = RunOptions { fresh: true, ..RunOptions::default() };
    let run = harness.run(&jobs(2), &fresh, |harness, command| match command {
        Command::Submit { .. } if submits(command, 0) => lost(command),
        Command::List { .. } => {
            let mut listing = with_texts(harness);
            let row = listing.found.iter_mut().find(|row| row.remote == earlier);
            row.expect("the list shows all rows").name = None;
            Some(listed(listing))
        }
        _ => None,
    });
    let is_adopted =
        |event: &JobEvent| matches!(event, JobEvent::Adopted { remote, .. } if *remote == earlier);
    assert!(!run.recorded(is_adopted));
    assert_eq!(harness.phase(0), "in_doubt");
}

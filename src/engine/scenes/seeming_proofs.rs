//! Lists that seem to prove that a job was not accepted, and do not.

use super::absence::{is_absent, listed};
use super::stage::{Stage, jobs, lost, seconds, submits};
use crate::engine::Policy;
use crate::model::{Command, Listing, RenderReport, Timestamp};

#[test]
fn a_machine_that_slept_between_the_record_and_the_request_proves_nothing_too_early() {
    for (asleep, lag) in [(0, 100), (600, 100), (3600, 400)] {
        let mut stage = Stage::new();
        let policy = Policy::default();
        stage.renders_take = seconds(1);
        stage.run(&jobs(1), &policy, |_, _| None);
        stage.now = stage.now.plus(seconds(600));
        stage.run(&jobs(2), &policy, |stage, command| match command {
            Command::Submit { name, .. } => {
                stage.now = stage.now.plus(seconds(asleep));
                stage.accept(name);
                lost(command)
            }
            Command::List { .. } => {
                let now = stage.now;
                let mut listing = stage.list(usize::MAX);
                let is_shown = |at: Timestamp| at.plus(seconds(lag)) <= now;
                listing
                    .found
                    .retain(|row| row.created_at.is_some_and(is_shown));
                listing.rows = listing.found.len() as u64;
                Some(listed(listing))
            }
            _ => None,
        });
        assert_eq!(stage.rows.len(), 2, "asleep for {asleep} s, lag {lag} s");
    }
}

#[test]
fn a_list_of_the_oldest_rows_alone_proves_nothing_about_the_newest() {
    let mut stage = Stage::new();
    for number in 0..8 {
        stage.accept(&format!("foreign {number}"));
    }
    stage.now = stage.now.plus(seconds(600));
    let mut has_lost = false;
    let run = stage.run(
        &jobs(3),
        &Policy::default(),
        |stage, command| match command {
            Command::Submit { name, .. } if submits(command, 2) && !has_lost => {
                has_lost = true;
                stage.accept(name);
                lost(command)
            }
            Command::List { .. } => {
                let shown = stage.rows.iter().take(10);
                let found: Vec<_> = shown.filter_map(|(id, ..)| stage.report(id)).collect();
                let created = |row: Option<&RenderReport>| row?.created_at;
                Some(listed(Listing {
                    rows: found.len() as u64,
                    oldest: found.iter().filter_map(|it| it.created_at).min(),
                    ends: created(found.first()).zip(created(found.last())),
                    found,
                }))
            }
            _ => None,
        },
    );
    assert!(!run.tells(is_absent));
    assert_eq!((stage.rows.len(), stage.phase(2)), (11, "in_doubt"));
}

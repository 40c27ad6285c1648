//! Why a search for a job in doubt was in vain.

use super::absence::{first_of_four, listed};
use super::stage::{Stage, failure, jobs, lost, submits};
use crate::engine::Policy;
use crate::model::{Command, Entry, Event, FailureKind, Inconclusive, JobEvent, Listing, Outcome};

/// Why the searches for the first job have proven nothing, in order.
pub(super) fn reasons(stage: &Stage) -> Vec<Inconclusive> {
    let reason = |entry: &Entry| match &entry.event {
        Event::Job {
            job,
            event: JobEvent::NotProven { why },
        } if *job == super::stage::job(0) => Some(why.clone()),
        _ => None,
    };
    stage.journal.iter().filter_map(reason).collect()
}

#[test]
fn every_search_in_vain_says_why_it_was() {
    // Nobody can bear witness for a single job; nor can anybody when the list is refused.
    for (refuses, expected) in [(false, "no_witness"), (true, "refused")] {
        let mut stage = Stage::new();
        let mut was_sent = false;
        stage.run(&jobs(1), &Policy::default(), |_, command| match command {
            Command::Submit { .. } => {
                was_sent = true;
                lost(command)
            }
            Command::List { .. } if refuses && was_sent => Some(Outcome::Listed {
                result: Err(failure(FailureKind::ServerError)),
            }),
            _ => None,
        });
        assert_eq!(stage.phase(0), "in_doubt");
        let words: Vec<&str> = reasons(&stage).iter().map(Inconclusive::word).collect();
        assert_eq!(words, [expected]);
    }
    // Of a list that would do, a second one has to agree.
    let (stage, is_believed, _) = first_of_four(false, 1);
    assert!(is_believed);
    assert_eq!(reasons(&stage).last(), Some(&Inconclusive::Once));
    // A list that lacks what was accepted is not believed.
    let mut stage = Stage::new();
    stage.run(&jobs(3), &Policy::default(), |_, command| match command {
        Command::Submit { .. } if submits(command, 0) => lost(command),
        Command::List { .. } => Some(listed(Listing::default())),
        _ => None,
    });
    assert!(
        reasons(&stage).contains(&Inconclusive::Incomplete),
        "{:?}",
        reasons(&stage)
    );
}

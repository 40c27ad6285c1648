//! Two runs of one campaign at the same time, as two machines with two output folders have them.

use std::sync::Arc;

use super::stage::{Run, Stage, failure, jobs, planned, seconds, submits};
use crate::engine::mutant::{self, Mutant};
use crate::engine::{Policy, Submits};
use crate::model::{
    Command, FailureKind, Generation, InFlight, JobEvent, Limits, ListFilter, Outcome, StopReason,
    Tag,
};

/// Slow enough that the list is read several times before all is submitted.
fn policy() -> Policy {
    Policy {
        limits: Limits {
            submit_rate: "6/min".parse().unwrap(),
            in_flight: InFlight::AtMost(100),
            ..Limits::default()
        },
        ..Policy::default()
    }
}

fn is_twin(event: &JobEvent) -> bool {
    matches!(event, JobEvent::PaidTwice { .. })
}

/// A run of forty jobs beside one that submits the very same ones at the same moments.
fn beside_a_rival(stage: &mut Stage) -> Run {
    stage.run(&jobs(40), &policy(), |stage, command| {
        if let Command::Submit { name, .. } = command {
            stage.accept(name);
        }
        None
    })
}

#[test]
fn a_run_beside_another_one_notices_and_submits_no_more() {
    let mut stage = Stage::new();
    let run = beside_a_rival(&mut stage);
    assert!(run.tells(is_twin));
    assert!(
        matches!(&run.stopped, Some(StopReason::Rival { .. })),
        "{:?}",
        run.stopped
    );
    // One settle time at six a minute, and what was in the air.
    assert!(run.submits() <= 5, "{} submits", run.submits());
    // What was paid for comes home all the same.
    assert_eq!(stage.phase(0), "done");
    assert_eq!(stage.state(0).twins.len(), 1);

    // The other one has ended: the same command takes over what is there and pays for the rest once.
    let rows = stage.rows.len();
    let run = stage.run(&jobs(40), &policy(), |_, _| None);
    assert_eq!(run.stopped, None);
    assert!(!run.tells(is_twin), "it was told before");
    assert_eq!(stage.rows.len() - rows, 40 - rows / 2);
}

#[test]
fn without_the_watch_everything_is_paid_for_twice() {
    mutant::set(Some(Mutant::RivalIgnored));
    let mut stage = Stage::new();
    let run = beside_a_rival(&mut stage);
    mutant::set(None);
    assert_eq!((run.stopped, stage.rows.len()), (None, 80));
}

#[test]
fn what_the_other_run_has_paid_for_in_the_meantime_is_taken_over() {
    let mut stage = Stage::new();
    // The other one works from the end of the sheet and has done its half before ours has.
    let run = stage.run(&jobs(40), &policy(), |stage, command| {
        if submits(command, 0) {
            for spec in (20..40).map(|number| planned(number).spec) {
                let tag = Tag::of("c", &spec.id, &spec.fingerprint, Generation(0));
                stage.accept(&tag.name_for(&spec.id));
            }
        }
        None
    });
    assert_eq!(run.submits(), 20);
    assert_eq!(run.stopped, None);
    assert_eq!(stage.rows.len(), 40);
}

#[test]
fn a_copy_made_before_this_run_is_told_once_and_holds_nothing_up() {
    let mut stage = Stage::new();
    stage.run(&jobs(2), &Policy::default(), |_, _| None);
    let name = format!("Copy of {}", stage.rows[0].1);
    stage.accept(&name);
    let run = stage.run(&jobs(10), &Policy::default(), |_, _| None);
    assert_eq!(run.stopped, None);
    assert!(run.tells(is_twin));
    let run = stage.run(&jobs(11), &Policy::default(), |_, _| None);
    assert!(!run.tells(is_twin));
    assert_eq!(stage.rows.len(), 12);
}

#[test]
fn a_list_is_asked_for_what_may_be_news_and_not_for_what_has_ended() {
    let mut stage = Stage::new();
    stage.renders_take = seconds(100);
    let run = stage.run(&jobs(100), &policy(), |_, _| None);
    let searches = |run: &Run| -> Vec<_> {
        let sought = run
            .commands
            .iter()
            .filter_map(|(at, command)| match command {
                Command::List { sought } => Some((*at, Arc::clone(sought))),
                Command::Submit { .. }
                | Command::Poll { .. }
                | Command::Look { .. }
                | Command::Fetch(_) => None,
            });
        sought.collect()
    };
    let searches = searches(&run);
    // The last one is made when all have ended.
    let (at, newest) = &searches[searches.len() - 2];
    let mut seen = [0; 3];
    for (remote, name, accepted) in &stage.rows {
        let age = at.since(*accepted);
        let is_wanted = newest.wants(Some(name), Some(remote));
        let twin = "another".parse().unwrap();
        assert!(newest.wants(Some(name), Some(&twin)), "{name}");
        if accepted > at {
            seen[0] += 1;
            assert!(is_wanted, "pending: {name}");
        } else if age < seconds(100) {
            seen[1] += 1;
            assert!(is_wanted, "being rendered: {name}");
        } else if age > seconds(150) {
            seen[2] += 1;
            assert!(!is_wanted, "known to have ended: {name}");
        }
    }
    assert!(seen.iter().all(|rows| *rows > 5), "{seen:?}");
    // The tags of a campaign are made once.
    let tags = |sought: &ListFilter| sought.own.clone().unwrap();
    let (first, last) = (tags(&searches[0].1), tags(newest));
    assert!(first.shares_tags_with(&last));
}

#[test]
fn a_list_that_is_refused_from_the_first_submit_on_does_not_keep_the_watch_from_the_renders() {
    let mut stage = Stage::new();
    let mut policy = policy();
    policy.limits.settle = std::time::Duration::from_millis(200);
    let run = stage.run(&jobs(3), &policy, |stage, command| {
        let is_list = matches!(command, Command::List { .. }) && !stage.rows.is_empty();
        is_list.then(|| Outcome::Listed {
            result: Err(failure(FailureKind::ServerError)),
        })
    });
    assert_eq!((stage.phase(0), stage.phase(2)), ("done", "done"));
    assert!(run.took < seconds(240), "{:?}", run.took);
}

#[test]
fn the_watch_costs_few_reads_and_a_run_that_submits_nothing_has_none() {
    let mut stage = Stage::new();
    stage.renders_take = seconds(600);
    let lists = |run: &Run| {
        let is_list = |command: &&(_, Command)| matches!(command.1, Command::List { .. });
        run.commands.iter().filter(is_list).count()
    };
    let run = stage.run(&jobs(200), &policy(), |_, _| None);
    assert!(lists(&run) <= 8, "{} lists in half an hour", lists(&run));
    let collect = Policy {
        submits: Submits::Nothing,
        ..policy()
    };
    let run = stage.run(&jobs(200), &collect, |_, _| None);
    assert_eq!(lists(&run), 0);
}

#[test]
fn a_short_run_looks_once_more_before_it_ends() {
    let mut stage = Stage::new();
    stage.renders_take = seconds(2);
    let policy = Policy::default();
    // The list is down for a moment just then.
    let mut refused = 0;
    let run = stage.run(&jobs(2), &policy, |stage, command| match command {
        Command::Submit { name, .. } => {
            stage.accept(name);
            None
        }
        Command::List { .. } if !stage.rows.is_empty() && refused < 2 => {
            refused += 1;
            Some(Outcome::Listed {
                result: Err(failure(FailureKind::ServerError)),
            })
        }
        _ => None,
    });
    assert!(run.took < policy.limits.settle, "{:?}", run.took);
    assert!(run.tells(is_twin));
    let is_rival = matches!(&run.stopped, Some(StopReason::Rival { .. }));
    assert!(is_rival, "{:?}", run.stopped);
    // One that has submitted nothing has nothing to look for.
    let run = stage.run(&jobs(2), &policy, |_, _| None);
    let is_list = |(_, command): &(_, Command)| matches!(command, Command::List { .. });
    assert_eq!(
        (
            run.commands.iter().filter(|it| is_list(it)).count(),
            run.stopped
        ),
        (0, None)
    );
}

//! Campaigns in virtual time against accounts of every kind: how many renders one works on at one time is learnt,
//! whatever becomes of one more. The benches' provider, and the same figures.

use callsheet::model::{Event, InFlight, Limits, Rate};

use crate::support::jobs;
use crate::support::provider::{Account, Nature, Outcomes, simulate};

const JOBS: usize = 300;

/// A campaign that begins with ten in flight; renders of 100 to 300 s.
fn campaign(account: Account, submit_rate: &str) -> Outcomes {
    let submit_rate: Rate = submit_rate.parse().unwrap();
    let limits = Limits {
        submit_rate,
        in_flight: InFlight::AUTO,
        downloads: 16,
        ..Limits::default()
    };
    let nature = Nature {
        renders: (100, 300),
        lost: 0,
        bursts: false,
        account,
    };
    let outcomes = simulate(jobs(JOBS), &limits, nature);
    assert_eq!(outcomes.done, JOBS, "{account:?}: every video comes home");
    outcomes
}

/// Makespan over what the account and the pace allow, in thousandths.
fn makespan(outcomes: &Outcomes) -> u128 {
    outcomes.makespan.as_millis() * 1000 / outcomes.bound.as_millis()
}

fn places(outcomes: &Outcomes) -> Vec<usize> {
    let entries = outcomes.entries.iter();
    let learnt = entries.filter_map(|entry| {
        if let Event::PlacesLearnt { places } = entry.event {
            Some(places)
        } else {
            None
        }
    });
    learnt.collect()
}

#[test]
fn an_account_that_refuses_is_filled_and_seldom_asked_for_more() {
    for (count, most_refused) in [(3, 12), (25, 6)] {
        let outcomes = campaign(Account::Refuses(count), "15/min");
        assert!(makespan(&outcomes) < 1050, "{}", makespan(&outcomes));
        assert!(outcomes.refused <= most_refused, "{}", outcomes.refused);
        assert_eq!(places(&outcomes).first(), Some(&count));
    }
}

#[test]
fn an_account_that_lets_wait_is_filled_and_little_waits() {
    for (count, most_waiting) in [(3, 8), (25, 12)] {
        let outcomes = campaign(Account::Queues(count), "5/s");
        assert!(makespan(&outcomes) < 1040, "{}", makespan(&outcomes));
        assert!(
            outcomes.most_waiting <= most_waiting,
            "{}",
            outcomes.most_waiting
        );
        let learnt = places(&outcomes);
        let is_near = |places: &usize| (count..=count + 2 + count / 4).contains(places);
        assert!(learnt.iter().any(is_near), "{learnt:?}");
    }
}

#[test]
fn an_account_that_lets_wait_in_silence_does_not_pile_up_what_would_time_out() {
    let outcomes = campaign(Account::Hides(3), "5/s");
    assert!(outcomes.most_waiting <= 20, "{}", outcomes.most_waiting);
    assert!(makespan(&outcomes) < 1040, "{}", makespan(&outcomes));
}

#[test]
fn where_the_pace_is_the_limit_the_account_is_no_other() {
    let outcomes = campaign(Account::Boundless, "15/min");
    assert!(makespan(&outcomes) < 1120, "{}", makespan(&outcomes));
    assert!(places(&outcomes).is_empty(), "it has shown no end");
    let pinned = Limits {
        in_flight: InFlight::AtMost(10),
        ..Limits::default()
    };
    let nature = Nature {
        renders: (100, 300),
        lost: 0,
        bursts: false,
        account: Account::Boundless,
    };
    let pinned = simulate(jobs(JOBS), &pinned, nature);
    assert!(pinned.makespan > outcomes.makespan * 3, "{pinned:?}");
}

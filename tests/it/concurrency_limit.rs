//! The adaptive limit of renders in flight, in virtual time and against accounts of several kinds. Uses the
//! provider of the benchmarks.

use callsheet::model::{Event, InFlight, Limits, Rate};

use crate::support::jobs;
use crate::support::provider::{Account, Nature, Outcomes, simulate};

const JOBS: usize = 300;

/// Runs a campaign with an adaptive limit, which starts at ten. Renders take 100 to 300 s.
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
    assert_eq!(outcomes.done, JOBS, "{account:?}: every video arrives");
    outcomes
}

/// Returns the makespan relative to the bound given by the account and the submit rate, in thousandths.
fn makespan(outcomes: &Outcomes) -> u128 {
    outcomes.makespan.as_millis() * 1000 / outcomes.bound.as_millis()
}

fn learnt_limits(outcomes: &Outcomes) -> Vec<usize> {
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
fn an_account_that_refuses_excess_jobs_is_filled_with_few_refusals() {
    for (count, most_refused) in [(3, 12), (25, 6)] {
        let outcomes = campaign(Account::Refuses(count), "15/min");
        assert!(makespan(&outcomes) < 1050, "{}", makespan(&outcomes));
        assert!(outcomes.refused <= most_refused, "{}", outcomes.refused);
        assert_eq!(learnt_limits(&outcomes).first(), Some(&count));
    }
}

#[test]
fn an_account_that_queues_excess_jobs_is_filled_with_a_short_queue() {
    for (count, most_waiting) in [(3, 8), (25, 12)] {
        let outcomes = campaign(Account::Queues(count), "5/s");
        assert!(makespan(&outcomes) < 1040, "{}", makespan(&outcomes));
        assert!(
            outcomes.most_waiting <= most_waiting,
            "{}",
            outcomes.most_waiting
        );
        let learnt = learnt_limits(&outcomes);
        let is_near = |places: &usize| (count..=count + 2 + count / 4).contains(places);
        assert!(learnt.iter().any(is_near), "{learnt:?}");
    }
}

#[test]
fn an_account_that_hides_its_queue_gets_no_long_queue() {
    let outcomes = campaign(Account::Hides(3), "5/s");
    assert!(outcomes.most_waiting <= 20, "{}", outcomes.most_waiting);
    assert!(makespan(&outcomes) < 1040, "{}", makespan(&outcomes));
}

#[test]
fn without_an_account_limit_the_submit_rate_decides() {
    let outcomes = campaign(Account::Boundless, "15/min");
    assert!(makespan(&outcomes) < 1120, "{}", makespan(&outcomes));
    assert!(learnt_limits(&outcomes).is_empty(), "no limit was observed");
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

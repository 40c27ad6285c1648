//! Limits of renders in flight and the pace of submits, in virtual time and against accounts of several kinds. Uses the
//! provider of the benchmarks.

use callsheet::model::{Event, InFlight, Limits, Rate};

use crate::support::jobs;
use crate::support::provider::{Account, Measurements, Profile, Refuses, Storm, simulate};

const JOBS: usize = 300;

/// Runs a campaign with an adaptive limit, which starts at ten. Renders take 100 to 300 s.
fn campaign(account: Account, submit_rate: &str) -> Measurements {
    let submit_rate: Rate = submit_rate.parse().unwrap();
    let limits =
        Limits { submit_rate, in_flight: InFlight::AUTO, downloads: 16, ..Limits::default() };
    let profile = Profile { renders: (100, 300), lost: 0, storm: None, account };
    let measured = simulate(jobs(JOBS), &limits, profile);
    assert_eq!(measured.done, JOBS, "{account:?}: every video arrives");
    measured
}

/// Returns the makespan relative to the bound given by the account and the submit rate, in thousandths.
fn makespan(measured: &Measurements) -> u128 {
    measured.makespan.as_millis() * 1000 / measured.bound.as_millis()
}

fn learnt_limits(measured: &Measurements) -> Vec<usize> {
    let entries = measured.entries.iter();
    let learnt = entries.filter_map(|entry| {
        if let Event::LimitLearned { limit } = entry.event { Some(limit) } else { None }
    });
    learnt.collect()
}

#[test]
fn an_account_that_refuses_excess_jobs_is_filled_with_few_refusals() {
    for (count, most_refused) in [(3, 12), (25, 6)] {
        let measured = campaign(Account::Refuses(count), "15/min");
        assert!(makespan(&measured) < 1060, "{}", makespan(&measured));
        assert!(measured.refused <= most_refused, "{}", measured.refused);
        assert_eq!(learnt_limits(&measured).first(), Some(&count));
    }
}

#[test]
fn an_account_that_queues_excess_jobs_is_filled_with_a_short_queue() {
    for (count, longest_queue) in [(3, 8), (25, 12)] {
        let measured = campaign(Account::Queues(count), "5/s");
        assert!(makespan(&measured) < 1040, "{}", makespan(&measured));
        assert!(measured.longest_queue <= longest_queue, "{}", measured.longest_queue);
        let learnt = learnt_limits(&measured);
        let is_near = |places: &usize| (count..=count + 2 + count / 4).contains(places);
        assert!(learnt.iter().any(is_near), "{learnt:?}");
    }
}

#[test]
fn an_account_that_hides_its_queue_gets_no_long_queue() {
    let measured = campaign(Account::Hides(3), "5/s");
    assert!(measured.longest_queue <= 20, "{}", measured.longest_queue);
    assert!(makespan(&measured) < 1040, "{}", makespan(&measured));
}

#[test]
fn without_an_account_limit_the_submit_rate_decides() {
    let measured = campaign(Account::Unlimited, "15/min");
    assert!(makespan(&measured) < 1120, "{}", makespan(&measured));
    assert!(learnt_limits(&measured).is_empty(), "no limit was observed");
    let pinned = Limits { in_flight: InFlight::AtMost(10), ..Limits::default() };
    let profile =
        Profile { renders: (100, 300), lost: 0, storm: None, account: Account::Unlimited };
    let pinned = simulate(jobs(JOBS), &pinned, profile);
    assert!(pinned.makespan > measured.makespan * 3, "{pinned:?}");
}

#[test]
fn episodes_of_429_cost_little_more_than_they_last() {
    for (refuses, retry_after) in [
        (Refuses::Seconds(10), None),
        (Refuses::Seconds(120), Some(30)),
        (Refuses::Submits(7), Some(2)),
    ] {
        let limits = Limits {
            submit_rate: "5/s".parse().unwrap(),
            in_flight: InFlight::AtMost(20),
            downloads: 16,
            ..Limits::default()
        };
        let storm = Some(Storm { every: 600, refuses, retry_after });
        let account = Account::Unlimited;
        let profile = Profile { renders: (100, 300), lost: 0, storm, account };
        let measured = simulate(jobs(JOBS), &limits, profile);
        assert_eq!(measured.done, JOBS);
        assert!(makespan(&measured) < 1025, "{refuses:?}: {}", makespan(&measured));
    }
}

//! The engine in virtual time: the cost of a step with 10² to 10⁵ jobs, and the makespan of campaigns
//! relative to their lower bound, with and without faults.
//!
//! `cargo bench --bench engine`, or parts of it: `cargo bench --bench engine -- campaigns learned steps`

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod support;

use std::time::Duration;

use callsheet::engine::{Batch, RunOptions};
use callsheet::model::{History, InFlight, Limits, Rate, Timestamp};

use support::provider::{Account, Measurements, Profile, Refuses, Storm, simulate};
use support::{jobs, peak_memory, timed};

const CALM: Profile =
    Profile { renders: (100, 300), lost: 0, storm: None, account: Account::Unlimited };

const SHORT: Profile = Profile { renders: (60, 140), ..CALM };

const STORMY: Profile = Profile { lost: 2, ..CALM };

/// Episodes of 429 of several kinds.
const STORMS: [(&str, Storm); 7] = [
    ("5 s, Retry-After", Storm { every: 600, refuses: Refuses::Seconds(5), retry_after: Some(5) }),
    ("10 s", Storm { every: 600, refuses: Refuses::Seconds(10), retry_after: None }),
    ("2 min", Storm { every: 3000, refuses: Refuses::Seconds(120), retry_after: None }),
    (
        "2 min, Retry-After",
        Storm { every: 3000, refuses: Refuses::Seconds(120), retry_after: Some(30) },
    ),
    (
        "20 min, Retry-After",
        Storm { every: 9000, refuses: Refuses::Seconds(1200), retry_after: Some(600) },
    ),
    ("7 submits", Storm { every: 600, refuses: Refuses::Submits(7), retry_after: None }),
    (
        "7 submits, Retry-After",
        Storm { every: 600, refuses: Refuses::Submits(7), retry_after: Some(2) },
    ),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |part: &str| {
        let mut parts = wanted.iter().filter(|word| !word.starts_with('-')).peekable();
        parts.peek().is_none() || parts.any(|word| word == part)
    };
    if is_wanted("campaigns") {
        campaigns();
    }
    if is_wanted("learned") {
        learned();
    }
    if is_wanted("steps") {
        steps();
    }
    println!("\npeak memory {} MB, the modelled provider and all entries included", peak_memory());
}

fn campaigns() {
    println!("# Campaigns in virtual time\n");
    println!(
        "| jobs | in flight | provider | makespan / bound | requests / job | syncs / job | end to download: median, longest |"
    );
    println!("|---|---|---|---|---|---|---|");
    let campaigns = [(200, 10), (200, 50), (5_000, 50), (5_000, 100), (5_000, 200)];
    for (count, in_flight) in campaigns {
        for (name, profile) in [("calm", CALM), ("calm, short renders", SHORT)] {
            let measured = simulate(jobs(count), &limits(in_flight), profile);
            row(count, in_flight, name, &measured);
        }
    }
    for (count, in_flight) in [(200, 10), (200, 50), (5_000, 50), (5_000, 200)] {
        for (name, storm) in STORMS {
            let profile = Profile { storm: Some(storm), ..STORMY };
            let measured = simulate(jobs(count), &limits(in_flight), profile);
            row(count, in_flight, &format!("stormy: {name}"), &measured);
        }
    }
    let pace = Limits { submit_rate: "15/min".parse().expect("a rate"), ..limits(100) };
    let measured = simulate(jobs(5_000), &pace, CALM);
    row(5_000, 100, "calm, 15 submits a minute", &measured);
}

fn learned() {
    println!("\n# In flight that is learned\n");
    println!(
        "| jobs | account | submits | makespan / bound | requests / job | submits refused | most waiting |"
    );
    println!("|---|---|---|---|---|---|---|");
    for count in [200, 5_000] {
        for account in [
            Account::Unlimited,
            Account::Refuses(3),
            Account::Refuses(25),
            Account::Refuses(50),
            Account::Refuses(100),
            Account::Queues(3),
            Account::Queues(25),
            Account::Queues(50),
            Account::Queues(100),
            Account::Hides(3),
            Account::Hides(25),
        ] {
            for rate in ["15/min", "5/s"] {
                learned_row(count, account, rate.parse().expect("a rate"));
            }
        }
    }
}

fn steps() {
    println!("\n# Cost of a step\n");
    println!("| jobs | steps / job | CPU / step | CPU / job | restore / job |");
    println!("|---|---|---|---|---|");
    for count in [100, 1_000, 10_000, 100_000] {
        // A small campaign takes less than the resolution of the clock.
        let rounds = (20_000 / count).max(1);
        let planned = vec![jobs(count); rounds];
        let (took, measured) = timed(|| {
            let measured = planned.into_iter().map(|jobs| simulate(jobs, &limits(100), CALM));
            measured.last().expect("at least one round")
        });
        let planned = vec![jobs(count); rounds];
        let now = Timestamp::from_millis(1_800_000_000_000);
        let (restored, ()) = timed(|| {
            for jobs in planned {
                let history = History::of(&measured.entries, now);
                let batch = Batch::restore("bench", jobs, RunOptions::default(), &history, now);
                drop(batch.expect("the engine's own entries fit"));
            }
        });
        println!(
            "| {count} | {:.1} | {:.1} µs | {:.1} µs | {:.1} µs |",
            ratio(measured.steps, count),
            micros(took, measured.steps * rounds),
            micros(took, count * rounds),
            micros(restored, count * rounds),
        );
    }
}

fn limits(in_flight: u32) -> Limits {
    Limits {
        submit_rate: Rate { count: 5, per: Duration::from_secs(1) },
        in_flight: InFlight::AtMost(in_flight),
        downloads: 16,
        ..Limits::default()
    }
}

fn row(count: usize, in_flight: u32, name: &str, measured: &Measurements) {
    assert_eq!(measured.done, count, "every video arrives");
    println!(
        "| {count} | {in_flight} | {name} | {:.3} | {:.2} | {:.2} | {:.1} % of the render, {:.1} s |",
        measured.makespan.as_secs_f64() / measured.bound.as_secs_f64(),
        ratio(measured.requests, count),
        ratio(measured.writes, count),
        100.0 * measured.delays[measured.delays.len() / 2],
        measured.longest_delay.as_secs_f64(),
    );
}

fn learned_row(count: usize, account: Account, submit_rate: Rate) {
    let limits = Limits { submit_rate, in_flight: InFlight::AUTO, ..limits(1) };
    let measured = simulate(jobs(count), &limits, Profile { account, ..CALM });
    println!(
        "| {count} | {account:?} | {submit_rate} | {:.3}{} | {:.2} | {} | {} |",
        measured.makespan.as_secs_f64() / measured.bound.as_secs_f64(),
        if measured.done == count { "" } else { ", not all done" },
        ratio(measured.requests, count),
        measured.refused,
        measured.longest_queue,
    );
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn micros(time: Duration, parts: usize) -> f64 {
    time.as_secs_f64() * 1e6 / parts as f64
}

//! The engine alone, under virtual time: what a step costs at 10² to 10⁵ jobs, and how near to the
//! lower bound of its limits a campaign gets, with and without faults.
//!
//! `cargo bench --bench engine`

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod support;

use std::time::Duration;

use callsheet::engine::{Batch, Policy};
use callsheet::model::{Limits, Rate, Timestamp};

use support::provider::{Nature, Outcomes, simulate};
use support::{jobs, peak_memory, timed};

const CALM: Nature = Nature {
    renders: (100, 300),
    lost: 0,
    bursts: false,
};

const SHORT: Nature = Nature {
    renders: (60, 140),
    ..CALM
};

const STORMY: Nature = Nature {
    lost: 2,
    bursts: true,
    ..CALM
};

fn main() {
    println!("# Campaigns in virtual time\n");
    println!(
        "| jobs | in flight | provider | makespan / bound | requests / job | syncs / job | end to download: median, longest |"
    );
    println!("|---|---|---|---|---|---|---|");
    let campaigns = [
        (200, 10),
        (200, 50),
        (5_000, 50),
        (5_000, 100),
        (5_000, 200),
    ];
    for (count, in_flight) in campaigns {
        for (name, nature) in [
            ("calm", CALM),
            ("calm, short renders", SHORT),
            ("stormy", STORMY),
        ] {
            let outcomes = simulate(jobs(count), &limits(in_flight), nature);
            row(count, in_flight, name, &outcomes);
        }
    }
    let pace = Limits {
        submit_rate: "15/min".parse().expect("a rate"),
        ..limits(100)
    };
    let outcomes = simulate(jobs(5_000), &pace, CALM);
    row(5_000, 100, "calm, 15 submits a minute", &outcomes);

    println!("\n# Cost of a step\n");
    println!("| jobs | steps / job | CPU / step | CPU / job | restore / job |");
    println!("|---|---|---|---|---|");
    for count in [100, 1_000, 10_000, 100_000] {
        // The system counts in slices of some milliseconds, in which a small campaign is over.
        let rounds = (20_000 / count).max(1);
        let planned = vec![jobs(count); rounds];
        let (took, outcomes) = timed(|| {
            let outcomes = planned
                .into_iter()
                .map(|jobs| simulate(jobs, &limits(100), CALM));
            outcomes.last().expect("there are some")
        });
        let planned = vec![jobs(count); rounds];
        let now = Timestamp::from_millis(1_800_000_000_000);
        let (restored, ()) = timed(|| {
            for jobs in planned {
                let batch =
                    Batch::restore("bench", jobs, Policy::default(), &outcomes.entries, now);
                drop(batch.expect("the engine's own entries fit"));
            }
        });
        println!(
            "| {count} | {:.1} | {:.1} µs | {:.1} µs | {:.1} µs |",
            ratio(outcomes.steps, count),
            micros(took, outcomes.steps * rounds),
            micros(took, count * rounds),
            micros(restored, count * rounds),
        );
    }
    println!(
        "\npeak memory {} MB, the modelled provider and all entries included",
        peak_memory()
    );
}

fn limits(in_flight: u32) -> Limits {
    Limits {
        submit_rate: Rate {
            count: 5,
            per: Duration::from_secs(1),
        },
        in_flight,
        downloads: 16,
        ..Limits::default()
    }
}

fn row(count: usize, in_flight: u32, name: &str, outcomes: &Outcomes) {
    assert_eq!(outcomes.done, count, "every video comes home");
    println!(
        "| {count} | {in_flight} | {name} | {:.3} | {:.2} | {:.2} | {:.1} % of the render, {:.1} s |",
        outcomes.makespan.as_secs_f64() / outcomes.bound.as_secs_f64(),
        ratio(outcomes.requests, count),
        ratio(outcomes.writes, count),
        100.0 * outcomes.delays[outcomes.delays.len() / 2],
        outcomes.longest_delay.as_secs_f64(),
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn micros(time: Duration, parts: usize) -> f64 {
    time.as_secs_f64() * 1e6 / parts as f64
}

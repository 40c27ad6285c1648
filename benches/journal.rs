//! The journal: appending like a run, and replaying the entries of a whole campaign.
//!
//! `cargo bench --bench journal`

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

#[expect(dead_code, reason = "each benchmark uses a part")]
mod support;

use std::sync::Arc;
use std::time::Duration;

use callsheet::engine::{Batch, RunOptions};
use callsheet::journal::{Identity, Journal, Replay};
use callsheet::model::{History, InFlight, Limits, PlannedJob, Rate, Timestamp};
use callsheet::report::{Campaign, Summary};

use support::provider::{Account, Profile, simulate};
use support::{jobs, peak_memory, timed};

/// Entries per transaction, as in a busy run.
const ENTRIES_A_STEP: usize = 20;

fn main() {
    println!(
        "| jobs | entries | append / entry | read and applied | ready to show | ready to resume | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|");
    for count in [1_000, 10_000, 100_000] {
        row(count);
    }
}

fn row(count: usize) {
    let planned = jobs(count);
    let limits = Limits {
        submit_rate: Rate { count: 50, per: Duration::from_secs(1) },
        in_flight: InFlight::AtMost(2_000),
        downloads: 500,
        ..Limits::default()
    };
    let profile = Profile { renders: (60, 140), lost: 0, storm: None, account: Account::Unlimited };
    let entries = simulate(planned.clone(), &limits, profile).entries;
    let folder = tempfile::tempdir().expect("a writable folder");
    std::fs::create_dir_all(folder.path().join(".callsheet")).expect("a writable folder");
    let identity = Identity { campaign: "bench".to_owned(), is_sandbox: true };
    let (mut journal, _) =
        Journal::open::<History>(folder.path(), &identity, Timestamp::default, None)
            .expect("a new journal");
    journal.save_jobs(planned.iter().map(|job| &*job.spec)).expect("room on the disk");
    let (appended, ()) = timed(|| {
        for step in entries.chunks(ENTRIES_A_STEP) {
            journal.append(step).expect("room on the disk");
        }
    });
    drop(journal);
    let now = Timestamp::from_millis(1_800_000_000_000);
    let (read, replay) = timed(|| Replay::<History>::read(folder.path(), || now));
    let replay = replay.expect("a sound journal").expect("a journal");
    assert_eq!(replay.last_entry.as_ref(), entries.last());
    let campaign = Arc::new(campaign(&planned));
    let (summed, summary) = timed(|| Summary::with(campaign, replay.state));
    assert_eq!(summary.counts().done, count);
    let (restored, batch) =
        timed(|| Batch::restore("bench", planned, RunOptions::default(), summary.history(), now));
    drop(batch.expect("the engine's own entries fit"));
    println!(
        "| {count} | {} | {:.1} µs | {:.0} ms | {:.0} ms | {:.0} ms | {} MB |",
        entries.len(),
        appended.as_secs_f64() * 1e6 / f64::from(u32::try_from(entries.len()).unwrap_or(u32::MAX)),
        read.as_secs_f64() * 1e3,
        summed.as_secs_f64() * 1e3,
        restored.as_secs_f64() * 1e3,
        peak_memory(),
    );
}

fn campaign(jobs: &[PlannedJob]) -> Campaign {
    Campaign::new("bench", "bench.csv".into(), "out".into(), jobs.to_vec())
}

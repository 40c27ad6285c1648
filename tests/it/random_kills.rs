//! The program against a faulty provider, killed with SIGKILL at random times and restarted until it is done.
//! `CALLSHEET_STORMS` sets the number of seeds, `CALLSHEET_STORM` runs the one with that seed.

use std::time::{Duration, Instant};

use callsheet::sandbox::{
    FaultTrigger, Faults, FileFault, JobFault, ListFault, ResponseFault, Rules, SandboxSettings,
};
use fastrand::Rng;

use crate::program::{Folder, Output, Scenario, expect_nothing_paid_twice, job_id, kill, quick};

fn percent(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

/// Returns a probability of at most `max_percent`.
fn up_to(rng: &mut Rng, max_percent: u32) -> FaultTrigger {
    FaultTrigger::probability(f64::from(rng.u32(..=max_percent)) / 100.0)
}

fn list_faults(rng: &mut Rng, loses_journal: bool) -> Rules<ListFault> {
    let some = |amount| FaultTrigger::always().amount(amount);
    match rng.u8(..6) {
        0 | 1 => [(ListFault::Late, some(rng.u64(..150)))].into(),
        2 => [(ListFault::Envelope, some(rng.u64(1..8)))].into(),
        3 => [(ListFault::Foreign, some(rng.u64(..3000)))].into(),
        // Without a journal, jobs that the list does not show cannot be known.
        4 if !loses_journal => [(ListFault::Capped, some(rng.u64(3..13)))].into(),
        _ => [(ListFault::Shuffled, FaultTrigger::always())].into(),
    }
}

fn faults(rng: &mut Rng, loses_journal: bool) -> Faults {
    Faults {
        create_accepted: [
            (ResponseFault::Reset, up_to(rng, 8)),
            (ResponseFault::BadGateway, up_to(rng, 5)),
            (ResponseFault::Truncated, up_to(rng, 5)),
            (ResponseFault::Array, up_to(rng, 3)),
        ]
        .into(),
        create_refused: [
            (ResponseFault::Reset, up_to(rng, 5)),
            (ResponseFault::InternalError, up_to(rng, 5)),
            (ResponseFault::TooMany, up_to(rng, 5)),
        ]
        .into(),
        poll: [
            (ResponseFault::Reset, up_to(rng, 10)),
            (ResponseFault::Unavailable, up_to(rng, 10)),
            (ResponseFault::FieldErrors, up_to(rng, 5)),
            (ResponseFault::Unreadable, up_to(rng, 5)),
        ]
        .into(),
        list: [
            (ResponseFault::Truncated, up_to(rng, 10)),
            (ResponseFault::Unavailable, up_to(rng, 10)),
        ]
        .into(),
        shown: [
            (JobFault::Missing, up_to(rng, 10)),
            (JobFault::UnknownStatus, up_to(rng, 10)),
            (JobFault::NullOutput, up_to(rng, 10)),
        ]
        .into(),
        listing: list_faults(rng, loses_journal),
        files: [
            (FileFault::Reset, up_to(rng, 20)),
            (FileFault::Truncated, up_to(rng, 10)),
            (FileFault::Html, up_to(rng, 5)),
        ]
        .into(),
        ..Faults::default()
    }
}

/// Runs a campaign that is killed at most seven times and then left to finish.
fn run_with_kills(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let loses_journal = percent(&mut rng, 30);
    let faults = faults(&mut rng, loses_journal);
    // The order of such a list is not known, so that nothing proves that it is not cut off.
    let has_no_order = faults.listing.contains_key(&ListFault::Shuffled);
    let scenario =
        Scenario::with(10, SandboxSettings { seed, faults, padding_bytes: 200_000, ..quick() });
    for _ in 0..rng.u8(1..8) {
        let child = scenario.spawn_sheet(&[]);
        wait_for_kill_time(&mut rng, &scenario);
        kill(child);
        expect_nothing_paid_twice(&scenario.ledger());
        expect_complete_results(&scenario);
        if loses_journal && percent(&mut rng, 50) {
            // There is none if the program was killed early.
            let _ = std::fs::remove_dir_all(scenario.path("sheet-output/.callsheet"));
        }
    }
    let mut last = scenario.run_sheet(&[]);
    for attempt in 0..10 {
        // Downloads, the proof about a job in doubt, or a list that stays unavailable while the journal is
        // lost may need another run.
        let may_continue =
            matches!(last.code, Some(5 | 8)) || (last.code == Some(4) && attempt < 2);
        if !may_continue {
            break;
        }
        last = scenario.run_sheet(&[]);
    }
    check_end(seed, &scenario, &last, has_no_order);
}

/// Waits until the program should be killed: a random time, or the moment of a critical operation if it
/// happens before that.
fn wait_for_kill_time(rng: &mut Rng, scenario: &Scenario) {
    let moment = rng.u8(..8);
    let limit = Duration::from_millis(rng.u64(20..720));
    let creates = scenario.ledger().creates.len();
    let started = Instant::now();
    let has_file = |folder: &str, ending: &str| {
        std::fs::read_dir(scenario.path(folder)).is_ok_and(|files| {
            files
                .filter_map(|file| file.ok()?.file_name().into_string().ok())
                .any(|name| name.starts_with(".callsheet-") || name.ends_with(ending))
        })
    };
    while started.elapsed() < limit {
        let is_now = match moment {
            // A create has just been answered.
            0 | 1 => scenario.ledger().creates.len() > creates,
            // A download is incomplete.
            2 => has_file("sheet-output/videos", ".part"),
            // A download is being renamed.
            3 => has_file("sheet-output/videos", ".mp4"),
            // The results are being written.
            4 => has_file("sheet-output", ".tmp"),
            _ => false,
        };
        if is_now {
            return;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Fails the test if there are incomplete results.
fn expect_complete_results(folder: &Folder) {
    if folder.exists("sheet-output/results.csv") {
        assert_eq!(folder.results().len(), 10);
    }
    if folder.exists("sheet-output/results.json") {
        let json = folder.read_json("sheet-output/results.json");
        assert_eq!(json["jobs"].as_array().unwrap().len(), 10);
    }
    if folder.exists("sheet-output/report.html") {
        let page = folder.read("sheet-output/report.html");
        assert!(page.trim_end().ends_with("</html>"));
    }
}

fn check_end(seed: u64, scenario: &Scenario, last: &Output, has_no_order: bool) {
    let mut ledger = scenario.ledger();
    let results = scenario.results();
    let details = format!("seed {seed}: {last:#?}\n{results:#?}\n{ledger:#?}");
    expect_nothing_paid_twice(&ledger);
    // If the answer to the very first create was lost, nothing can prove that it was not accepted.
    let is_expected = matches!(last.code, Some(0 | 4)) || last.code == Some(5) && has_no_order;
    assert!(is_expected, "{details}");
    if last.code == Some(0) {
        assert_eq!(ledger.accepted.len(), 10, "{details}");
    }
    // Jobs that a capped list never showed stay in doubt; all others have a video.
    ledger.accepted.retain(|job| {
        let id = job_id(job.name.as_deref());
        let row = results.iter().find(|row| row["id"] == id);
        row.unwrap()["status"] != "in_doubt"
    });
    scenario.expect_every_paid_video(&ledger);
}

#[test]
fn no_kill_pays_twice_or_loses_a_video() {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    if let Some(seed) = number("CALLSHEET_STORM") {
        return run_with_kills(seed);
    }
    let seeds = number("CALLSHEET_STORMS").unwrap_or(50_u64);
    // Several at a time, because each mostly waits.
    std::thread::scope(|scope| {
        for lane in 0..8 {
            scope.spawn(move || {
                for seed in (lane..seeds).step_by(8) {
                    // A thread with a name, so that a failure shows the seed.
                    std::thread::Builder::new()
                        .name(format!("seed {seed}"))
                        .spawn(move || run_with_kills(seed))
                        .unwrap()
                        .join()
                        .unwrap_or_else(|_| panic!("seed {seed} failed"));
                }
            });
        }
    });
}

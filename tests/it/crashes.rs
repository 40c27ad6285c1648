//! A crash before and after every write to the journal. The journal, the provider and the files are real; the
//! crash is imitated by dropping the run. (`random_kills` kills the real program, at random times.)

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use callsheet::driver::{Clock as _, Drive, EntryStore, Interrupts, SystemClock};
use callsheet::engine::{Batch, RunOptions};
use callsheet::journal::{Identity, Journal, JournalSnapshot, Lock};
use callsheet::model::{Credentials, Entry, Event, History, JobEvent, JobId, Limits};
use callsheet::remote::{Remote, RemoteSettings};
use callsheet::report::Summary;
use callsheet::sandbox::{FaultTrigger, Faults, FileFault, ResponseFault, SandboxSettings};

use crate::program::{Provider, Scenario, digest, expect_nothing_paid_twice, job_id, kill, quick};
use crate::support;

const JOBS: usize = 3;

/// When the program crashes.
#[derive(Debug, Clone, Copy)]
enum Crash {
    BeforeWrite(usize),
    AfterWrite(usize),
    Never,
}

/// A journal that fails at one of its writes, which ends the run like a crash.
struct CrashingJournal {
    journal: Journal,
    writes: usize,
    crash: Crash,
}

impl EntryStore for CrashingJournal {
    type Error = String;
    fn append(&mut self, entries: &[Entry]) -> Result<(), String> {
        let write = self.writes;
        self.writes += 1;
        if matches!(self.crash, Crash::BeforeWrite(last) if last == write) {
            return Err("crash".into());
        }
        let written = self.journal.append(entries);
        written.map_err(|error| error.to_string())?;
        if matches!(self.crash, Crash::AfterWrite(last) if last == write) {
            return Err("crash".into());
        }
        Ok(())
    }
}

fn limits() -> Limits {
    let fast = "100/s".parse().unwrap();
    Limits {
        submit_rate: fast,
        poll_rate: Some(fast),
        poll_interval: Duration::from_millis(20),
        settle: Duration::from_millis(60),
        ..Limits::default()
    }
}

/// Runs the campaign. Returns whether it ended without a crash.
async fn run(out: &Path, provider: &Provider, crash: Crash) -> bool {
    let _lock = Lock::acquire(out, "crashes").unwrap();
    let identity = Identity { campaign: "crashes".into(), is_sandbox: false };
    let clock = SystemClock::new();
    let (mut journal, replay) =
        Journal::open::<History>(out, &identity, || clock.now(), None).unwrap();
    let jobs = support::jobs(JOBS);
    journal.save_jobs(jobs.iter().map(|job| &*job.spec)).unwrap();
    let options = RunOptions { limits: limits(), ..RunOptions::default() };
    let batch = Batch::restore("crashes", jobs, options, &replay.state, clock.now()).unwrap();
    let credentials = Credentials::new("account".into(), "key".into());
    let address = provider.base_url().parse().unwrap();
    let settings = RemoteSettings::new(address, credentials, out.to_owned());
    // The sender must live as long as the run.
    let (_sender, mut interrupts): (_, Interrupts) = tokio::sync::mpsc::unbounded_channel();
    let drive = Drive {
        batch,
        journal: CrashingJournal { journal, writes: 0, crash },
        provider: Arc::new(Remote::new(settings).unwrap()),
        clock: &clock,
        interrupts: &mut interrupts,
        summary: &mut Summary::new(Arc::default()),
        observers: Vec::new(),
        tick: Duration::from_secs(1),
    };
    drive.run().await.is_ok()
}

/// Runs a campaign that crashes in its first `crashes` runs and then finishes. Returns whether it crashed.
fn run_with_crashes(crash: Crash, crashes: usize, faults: Faults) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let provider = Provider::with(SandboxSettings { faults, render_millis: 1..=60, ..quick() });
    let folder = tempfile::tempdir().unwrap();
    let run = |crash| runtime.block_on(run(folder.path(), &provider, crash));
    let mut has_crashed = false;
    for _ in 0..crashes {
        has_crashed |= !run(crash);
    }
    for _ in 0..2 {
        assert!(run(Crash::Never));
    }
    let ledger = provider.ledger();
    let details = format!("{crash:?}, {crashes} crashes\n{ledger:#?}");
    expect_nothing_paid_twice(&ledger);
    let journal = JournalSnapshot::read(folder.path()).unwrap().unwrap();
    let done: BTreeSet<&JobId> = journal
        .entries
        .iter()
        .filter_map(|entry| {
            let Event::Job { job, event } = &entry.event else {
                return None;
            };
            matches!(event, JobEvent::Downloaded { .. }).then_some(job)
        })
        .collect();
    assert_eq!(ledger.accepted.len(), done.len(), "{details}");
    // A first submit without an answer cannot be proven absent: it stays in doubt.
    let in_doubt = JOBS - done.len();
    assert!(in_doubt == 0 || has_crashed, "{details}");
    assert!(in_doubt <= crashes * JOBS, "{details}");
    for job in &ledger.accepted {
        let id = job_id(job.name.as_deref());
        let content = std::fs::read(folder.path().join(format!("videos/{id}.mp4")));
        let content = content.unwrap_or_else(|error| panic!("{id}: {error}\n{details}"));
        assert_eq!(digest(&content), job.sha256, "{details}");
    }
    has_crashed
}

/// Crashes before and after each write, with several campaigns at a time, because each mostly waits.
fn crash_at_each_write(crashes: usize, faults: &Faults) {
    let all: Vec<Crash> = (0..MAX_WRITES)
        .flat_map(|write| [Crash::BeforeWrite(write), Crash::AfterWrite(write)])
        .collect();
    let next = AtomicUsize::new(0);
    let interrupted = AtomicUsize::new(0);
    // Campaigns that ended before the crash. Runs differ a little in their number of writes, so that one is
    // not enough to stop.
    let completed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Relaxed);
                    let has_ended = completed.load(Relaxed) > 3;
                    let Some(crash) = all.get(index).filter(|_| !has_ended) else {
                        return;
                    };
                    if run_with_crashes(*crash, crashes, faults.clone()) {
                        interrupted.fetch_add(1, Relaxed);
                    } else {
                        completed.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    let (interrupted, completed) = (interrupted.into_inner(), completed.into_inner());
    assert!(completed > 3, "the last write was not reached");
    assert!(interrupted >= 2 * MIN_WRITES, "{interrupted} crashed");
}

/// More writes than a run of three jobs has.
const MAX_WRITES: usize = 60;

/// The start, the inventory, the submits, their answers, renders and downloads, if all jobs advance together.
const MIN_WRITES: usize = 6;

#[test]
fn a_crash_at_any_write_pays_for_nothing_twice_and_loses_nothing() {
    crash_at_each_write(1, &Faults::default());
}

#[test]
fn two_crashes_with_lost_answers_pay_for_nothing_twice_and_lose_nothing() {
    let faults = Faults {
        create_accepted: [(ResponseFault::Reset, FaultTrigger::ordinals([2]))].into(),
        files: [(FileFault::Reset, FaultTrigger::ordinals([1, 3]))].into(),
        ..Faults::default()
    };
    crash_at_each_write(2, &faults);
}

#[test]
fn every_event_printed_before_a_kill_is_in_the_journal() {
    std::thread::scope(|scope| {
        for round in 0..12 {
            scope.spawn(move || check_printed_events(round));
        }
    });
}

/// Kills a run after more than `submits` submits and compares what it printed with the journal.
fn check_printed_events(submits: usize) {
    let scenario = Scenario::new(20);
    let child = scenario.spawn_sheet(&["--log-format", "json"]);
    scenario.wait_for_accepted(submits + 1);
    let printed = kill(child).stderr;
    let journal = JournalSnapshot::read(&scenario.path("sheet-output"));
    let journal = journal.unwrap().unwrap();
    let mut count = 0;
    for line in printed.lines() {
        // The kill may cut off the last line.
        let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let Some(sequence) = event["sequence"].as_u64() else {
            continue;
        };
        count += 1;
        let entry = journal.entries.get(usize::try_from(sequence).unwrap() - 1);
        let entry = entry.unwrap_or_else(|| panic!("not in the journal: {line}"));
        assert_eq!(entry.sequence, sequence);
        if event["event"]["type"] == "submitted" {
            let remote = event["event"]["remote_id"].as_str().unwrap();
            let recorded = serde_json::to_string(&entry.event).unwrap();
            assert!(recorded.contains(remote), "{line}");
        }
    }
    assert!(count > 0, "{printed}");
}

#[test]
fn results_are_complete_whenever_the_program_is_killed() {
    const ROWS: usize = 2000;
    let scenario = Scenario::new(ROWS);
    let one = ["--only", "job-01", "--max-duration", "20s"];
    scenario.run_sheet(&one).expect_code(0);
    let complete = scenario.read("sheet-output/results.csv");
    assert_eq!(complete.lines().count(), ROWS + 1);
    let report = ["report", "sheet.csv"];
    let started = Instant::now();
    scenario.run(&report).expect_code(0);
    let duration = started.elapsed();
    for round in 1..=12 {
        let child = scenario.command(&report).spawn().unwrap();
        std::thread::sleep(duration * round / 12);
        kill(child);
        assert_eq!(scenario.read("sheet-output/results.csv"), complete);
        let json = scenario.read_json("sheet-output/results.json");
        assert_eq!(json["jobs"].as_array().unwrap().len(), ROWS);
        let page = scenario.read("sheet-output/report.html");
        assert!(page.trim_end().ends_with("</html>"));
    }
}

//! A crash at every step: before its entries are written, after that and before anything is done about them,
//! and after it is done and before its answer is written. The journal, the provider and the files are real;
//! only the program's death is imitated, by dropping everything at once. (The storms kill the real
//! program, at moments that chance chooses.)

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use callsheet::driver::{Clock as _, Drive, Durable, Interrupts, SystemClock};
use callsheet::engine::{Batch, Policy};
use callsheet::journal::{Identity, Journal, JournalSnapshot, Lock};
use callsheet::model::{
    AspectRatio, Credentials, Entry, Estimate, Event, History, JobEvent, JobId, JobSpec, Limits,
    Origin, PlannedJob, Speech, VideoRequest,
};
use callsheet::remote::{Remote, Settings};
use callsheet::report::Summary;
use callsheet::sandbox::{AnswerFault, Faults, When};

use crate::program::{
    Folder, PERSONA, Provider, campaign, expect_nothing_paid_twice, finish, quick, wait_until,
};

const JOBS: usize = 3;

/// On which side of a write the program dies.
#[derive(Debug, Clone, Copy)]
enum Dies {
    BeforeTheWrite,
    AfterTheWrite,
}

/// A journal whose program dies at one of its writes.
struct Mortal {
    journal: Journal,
    writes: usize,
    last: usize,
    dies: Dies,
}

impl Durable for Mortal {
    type Error = String;
    fn append(&mut self, entries: &[Entry]) -> Result<(), String> {
        let is_last = self.writes == self.last;
        self.writes += 1;
        if is_last && matches!(self.dies, Dies::BeforeTheWrite) {
            return Err("dead".into());
        }
        let written = self.journal.append(entries);
        written.map_err(|error| error.to_string())?;
        if is_last {
            return Err("dead".into());
        }
        Ok(())
    }
}

fn jobs() -> Vec<PlannedJob> {
    let job = |number| {
        let id: JobId = format!("job-{number}").parse().unwrap();
        let speech = Speech::Text(format!("Hello {number}").into());
        let request = VideoRequest::new(speech, PERSONA, AspectRatio::Square);
        let origin = Origin {
            file: "sheet.csv".into(),
            line: 2,
        };
        PlannedJob {
            spec: JobSpec::new(id, request, origin).into(),
            estimate: Estimate::default(),
            selected: true,
            in_sheet: true,
        }
    };
    (0..JOBS).map(job).collect()
}

fn limits() -> Limits {
    let fast = "100/s".parse().unwrap();
    Limits {
        submit_rate: fast,
        poll_rate: fast,
        poll_interval: Duration::from_millis(20),
        settle: Duration::from_millis(60),
        ..Limits::default()
    }
}

/// One life of the program; whether it came to an orderly end.
async fn live(out: &Path, provider: &Provider, last: usize, dies: Dies) -> bool {
    let _lock = Lock::acquire(out, "crashes").unwrap();
    let identity = Identity {
        campaign: "crashes".into(),
        is_sandbox: false,
    };
    let (mut journal, record) = Journal::open(out, &identity).unwrap();
    let jobs = jobs();
    journal
        .save_jobs(jobs.iter().map(|job| &*job.spec))
        .unwrap();
    let clock = SystemClock::new();
    let policy = Policy {
        limits: limits(),
        ..Policy::default()
    };
    let history = History::of(&record.entries, clock.now());
    let batch = Batch::restore("crashes", jobs, policy, &history, clock.now()).unwrap();
    let credentials = Credentials::new("account".into(), "key".into());
    let address = provider.base_url().parse().unwrap();
    let settings = Settings::new(address, credentials, out.to_owned());
    // Nobody interrupts; the sender must live as long as the run.
    let (_sender, mut interrupts): (_, Interrupts) = tokio::sync::mpsc::unbounded_channel();
    let drive = Drive {
        batch,
        journal: Mortal {
            journal,
            writes: 0,
            last,
            dies,
        },
        provider: Arc::new(Remote::new(settings).unwrap()),
        clock: &clock,
        interrupts: &mut interrupts,
        summary: &mut Summary::new(Arc::default()),
        observers: Vec::new(),
        tick: Duration::from_secs(1),
    };
    drive.run().await.is_ok()
}

/// A campaign that dies at write number `last` of each of its first `deaths` lives. Answers whether it ever
/// got so far.
fn story(last: usize, dies: Dies, deaths: usize, faults: Faults) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let provider = Provider::with(callsheet::sandbox::SandboxSettings {
        faults,
        render_millis: 1..=60,
        ..quick()
    });
    let folder = tempfile::tempdir().unwrap();
    let mut has_died = false;
    for _ in 0..deaths {
        has_died |= !runtime.block_on(live(folder.path(), &provider, last, dies));
    }
    for _ in 0..2 {
        assert!(runtime.block_on(live(folder.path(), &provider, usize::MAX, dies)));
    }
    let ledger = provider.ledger();
    let told = format!("write {last}, {dies:?}, {deaths} deaths\n{ledger:#?}");
    expect_nothing_paid_twice(&ledger);
    let record = JournalSnapshot::read(folder.path()).unwrap().unwrap();
    let done: BTreeSet<&JobId> = record
        .entries
        .iter()
        .filter_map(|entry| {
            let Event::Job { job, event } = &entry.event else {
                return None;
            };
            matches!(event, JobEvent::Fetched { .. }).then_some(job)
        })
        .collect();
    // A first submit that died unheard can be proven absent by nothing: it stays in doubt.
    let doubts = JOBS - done.len();
    assert_eq!(ledger.accepted.len(), done.len(), "{told}");
    assert!(
        doubts <= deaths * JOBS && (doubts == 0 || has_died),
        "{told}"
    );
    for job in &ledger.accepted {
        let id = job.name.as_deref().unwrap().split(' ').next().unwrap();
        let content = std::fs::read(folder.path().join(format!("videos/{id}.mp4")));
        let content = content.unwrap_or_else(|error| panic!("{id}: {error}\n{told}"));
        assert_eq!(crate::program::digest(&content), job.sha256, "{told}");
    }
    has_died
}

/// All stories, several at a time, for most of each is waiting.
fn all_stories(deaths: usize, faults: &Faults) {
    let stories: Vec<(usize, Dies)> = (0..MOST_WRITES)
        .flat_map(|last| [(last, Dies::BeforeTheWrite), (last, Dies::AfterTheWrite)])
        .collect();
    let next = AtomicUsize::new(0);
    let deaths_seen = AtomicUsize::new(0);
    // Runs differ a little in how much they write at once, so the end is believed twice.
    let survivors = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Relaxed);
                    let has_ended = survivors.load(Relaxed) > 3;
                    let Some((last, dies)) = stories.get(place).filter(|_| !has_ended) else {
                        return;
                    };
                    if story(*last, *dies, deaths, faults.clone()) {
                        deaths_seen.fetch_add(1, Relaxed);
                    } else {
                        survivors.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    // Every write of an undisturbed run was somebody's last.
    let (seen, survivors) = (deaths_seen.into_inner(), survivors.into_inner());
    assert!(survivors > 3, "the end of a run was not reached");
    assert!(seen >= 2 * FEWEST_WRITES, "{seen} deaths");
}

/// More writes than a run of three jobs has.
const MOST_WRITES: usize = 60;

/// The beginning, the inventory, three submits, their answers, renders and downloads: fewer never do, even
/// if some come together.
const FEWEST_WRITES: usize = 6;

#[test]
fn a_crash_at_any_write_pays_for_nothing_twice_and_loses_nothing() {
    all_stories(1, &Faults::default());
}

#[test]
fn a_crash_at_the_same_write_of_two_lives_with_lost_answers_neither() {
    let faults = Faults {
        create_accepted: [(AnswerFault::Reset, When::ordinals([2]))].into(),
        files: [(callsheet::sandbox::FileFault::Reset, When::ordinals([1, 3]))].into(),
        ..Faults::default()
    };
    all_stories(2, &faults);
}

/// What a program that was killed has said of itself is on record, and nothing was said before it was.
#[test]
fn what_was_told_before_a_kill_is_on_record() {
    for round in 0..12 {
        let provider = Provider::new();
        let folder = Folder::with_sheet(20);
        let arguments = campaign("run", &provider, &["--log-format", "json"]);
        let mut child = folder.command(&arguments).spawn().unwrap();
        wait_until("some submits", || provider.ledger().accepted.len() > round);
        child.kill().unwrap();
        let told = finish(child).stderr;
        let record = JournalSnapshot::read(&folder.path("sheet-output"))
            .unwrap()
            .unwrap();
        let mut count = 0;
        for line in told.lines() {
            // The kill may cut the last line off.
            let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else {
                continue;
            };
            let Some(sequence) = event["sequence"].as_u64() else {
                continue;
            };
            count += 1;
            let place = usize::try_from(sequence).unwrap() - 1;
            let entry = record.entries.get(place);
            let entry = entry.unwrap_or_else(|| panic!("not on record: {line}"));
            assert_eq!(entry.sequence, sequence);
            if event["event"]["type"] == "submitted" {
                let remote = event["event"]["remote_id"].as_str().unwrap();
                let recorded = serde_json::to_string(&entry.event).unwrap();
                assert!(recorded.contains(remote), "{line}");
            }
        }
        assert!(count > 0, "{told}");
    }
}

/// `results.csv` of two thousand rows is whole whenever the program is killed.
#[test]
fn results_are_whole_whenever_the_program_is_killed() {
    const ROWS: usize = 2000;
    let provider = Provider::new();
    let folder = Folder::with_sheet(ROWS);
    folder
        .campaign(&provider, &["--only", "job-01", "--max-duration", "20s"])
        .expect_code(0);
    let whole = folder.read("sheet-output/results.csv");
    assert_eq!(whole.lines().count(), ROWS + 1);
    let started = Instant::now();
    folder.run(&["report", "sheet.csv"]).expect_code(0);
    let takes = started.elapsed();
    for round in 1..=12 {
        let mut child = folder.command(&["report", "sheet.csv"]).spawn().unwrap();
        std::thread::sleep(takes * round / 12);
        child.kill().unwrap();
        finish(child);
        assert_eq!(folder.read("sheet-output/results.csv"), whole);
        let json = folder.read("sheet-output/results.json");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["jobs"].as_array().unwrap().len(), ROWS);
        let page = folder.read("sheet-output/report.html");
        assert!(page.trim_end().ends_with("</html>"));
    }
}

//! The real binary against a faulty provider, killed with SIGKILL at moments chosen by a seed and
//! started again until it is done. `CALLSHEET_STORMS` sets the number of storms, `CALLSHEET_STORM` asks for
//! the one with that seed.

use std::time::{Duration, Instant};

use callsheet::sandbox::{
    AnswerFault, Faults, FileFault, ListFault, Rules, SandboxSettings, ShownFault, When,
};

use crate::program::{
    Answer, Folder, Provider, campaign, expect_nothing_paid_twice, finish, quick, rows,
};

/// A small generator of numbers (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn share(&mut self, most_percent: u64) -> When {
        #[expect(clippy::cast_precision_loss, reason = "at most a hundred")]
        let share = self.below(most_percent + 1) as f64 / 100.0;
        When::probability(share)
    }
}

/// What befalls the journal between two lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// It is deleted, now and then.
    Lost,
}

/// What is odd about the list, besides its faults.
fn listing(chance: &mut Chance, journal: Fate) -> Rules<ListFault> {
    let some = |amount| When::always().amount(amount);
    match chance.below(6) {
        0 | 1 => [(ListFault::Late, some(chance.below(150)))].into(),
        2 => [(ListFault::Envelope, some(1 + chance.below(7)))].into(),
        3 => [(ListFault::Foreign, some(chance.below(3000)))].into(),
        // What a list never shows, a lost journal can never be told.
        4 if journal == Fate::Kept => [(ListFault::Capped, some(3 + chance.below(10)))].into(),
        _ => [(ListFault::Shuffled, When::always())].into(),
    }
}

fn faults(chance: &mut Chance, journal: Fate) -> Faults {
    Faults {
        create_accepted: [
            (AnswerFault::Reset, chance.share(8)),
            (AnswerFault::BadGateway, chance.share(5)),
            (AnswerFault::Truncated, chance.share(5)),
            (AnswerFault::Array, chance.share(3)),
        ]
        .into(),
        create_refused: [
            (AnswerFault::Reset, chance.share(5)),
            (AnswerFault::InternalError, chance.share(5)),
            (AnswerFault::TooMany, chance.share(5)),
        ]
        .into(),
        poll: [
            (AnswerFault::Reset, chance.share(10)),
            (AnswerFault::Unavailable, chance.share(10)),
            (AnswerFault::FieldErrors, chance.share(5)),
            (AnswerFault::Unreadable, chance.share(5)),
        ]
        .into(),
        list: [
            (AnswerFault::Truncated, chance.share(10)),
            (AnswerFault::Unavailable, chance.share(10)),
        ]
        .into(),
        shown: [
            (ShownFault::Missing, chance.share(10)),
            (ShownFault::UnknownStatus, chance.share(10)),
            (ShownFault::NullOutput, chance.share(10)),
        ]
        .into(),
        listing: listing(chance, journal),
        files: [
            (FileFault::Reset, chance.share(20)),
            (FileFault::Truncated, chance.share(10)),
            (FileFault::Html, chance.share(5)),
        ]
        .into(),
        ..Faults::default()
    }
}

/// One storm: at most eight lives, the last of them undisturbed.
fn storm(seed: u64) {
    let mut chance = Chance(seed);
    let journal = if chance.percent(30) {
        Fate::Lost
    } else {
        Fate::Kept
    };
    let provider = Provider::with(SandboxSettings {
        seed,
        faults: faults(&mut chance, journal),
        padding_bytes: 200_000,
        ..quick()
    });
    let folder = Folder::with_sheet(10);
    let lives = 1 + chance.below(7);
    for _ in 0..lives {
        let mut child = folder
            .command(&campaign("run", &provider, &[]))
            .spawn()
            .unwrap();
        wait_for_the_end_of(&mut chance, &folder, &provider);
        child.kill().unwrap();
        let _ = finish(child);
        expect_nothing_paid_twice(&provider.ledger());
        expect_whole_results(&folder);
        if journal == Fate::Lost && chance.percent(50) {
            // There is none if the life ended at once.
            let _ = std::fs::remove_dir_all(folder.path("sheet-output/.callsheet"));
        }
    }
    let mut last = folder.campaign(&provider, &[]);
    for attempt in 0..10 {
        // Downloads, the proof about a job in doubt, or a list that is refused once too often while the
        // journal is lost, may need another run.
        let may_settle = matches!(last.code, Some(5 | 8)) || (last.code == Some(4) && attempt < 2);
        if !may_settle {
            break;
        }
        last = folder.campaign(&provider, &[]);
    }
    check(seed, &folder, &provider, &last);
}

/// Waits for the moment of a kill: any, or one at which something of value is in the air. Each comes to an
/// end, for what is waited for may never happen in this life.
fn wait_for_the_end_of(chance: &mut Chance, folder: &Folder, provider: &Provider) {
    let moment = chance.below(8);
    let patience = Duration::from_millis(20 + chance.below(700));
    let creates = provider.ledger().creates.len();
    let started = Instant::now();
    let holds_files = |place: &str, ending: &str| {
        std::fs::read_dir(folder.path(place)).is_ok_and(|files| {
            files
                .filter_map(|file| file.ok()?.file_name().into_string().ok())
                .any(|name| name.starts_with(".callsheet-") || name.ends_with(ending))
        })
    };
    while started.elapsed() < patience {
        let has_come = match moment {
            // A create has just been answered.
            0 | 1 => provider.ledger().creates.len() > creates,
            // A download is half way.
            2 => holds_files("sheet-output/videos", ".part"),
            // A download is being renamed.
            3 => holds_files("sheet-output/videos", ".mp4"),
            // The results are being written.
            4 => holds_files("sheet-output", ".tmp"),
            _ => false,
        };
        if has_come {
            return;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// A reader finds whole results at any moment, or none yet.
fn expect_whole_results(folder: &Folder) {
    if folder.path("sheet-output/results.csv").exists() {
        assert_eq!(rows(&folder.read("sheet-output/results.csv")).len(), 10);
    }
    if folder.path("sheet-output/results.json").exists() {
        let text = folder.read("sheet-output/results.json");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["jobs"].as_array().unwrap().len(), 10);
    }
    if folder.path("sheet-output/report.html").exists() {
        let page = folder.read("sheet-output/report.html");
        assert!(page.trim_end().ends_with("</html>"));
    }
}

fn check(seed: u64, folder: &Folder, provider: &Provider, last: &Answer) {
    let ledger = provider.ledger();
    let story = || {
        let results = std::fs::read_to_string(folder.path("sheet-output/results.csv"));
        let results = results.unwrap_or_else(|error| error.to_string());
        format!("seed {seed}: {last:#?}\n{results}\n{ledger:#?}")
    };
    expect_nothing_paid_twice(&ledger);
    // Where the first answer of all was lost, nothing can prove that it was not accepted.
    assert!(matches!(last.code, Some(0 | 4)), "{}", story());
    // What a capped list never showed stays in doubt, and is told; everything else has come home.
    let results = rows(&folder.read("sheet-output/results.csv"));
    let is_in_doubt = |name: &str| {
        let id = name.split(' ').next();
        let row = results.iter().find(|row| Some(row["id"].as_str()) == id);
        row.unwrap()["status"] == "in_doubt"
    };
    let mut told = ledger.clone();
    told.accepted
        .retain(|job| !is_in_doubt(job.name.as_deref().unwrap()));
    assert!(
        last.code == Some(4) || told.accepted.len() == 10,
        "{}",
        story()
    );
    folder.expect_every_paid_video(&told);
    if last.code == Some(0) {
        assert_eq!(ledger.accepted.len(), 10, "{}", story());
    }
}

#[test]
fn no_storm_pays_twice_or_loses_a_video() {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    if let Some(seed) = number("CALLSHEET_STORM") {
        return storm(seed);
    }
    let storms = number("CALLSHEET_STORMS").unwrap_or(50_u64);
    // Most of a storm is waiting: several at a time.
    std::thread::scope(|scope| {
        for lane in 0..8 {
            scope.spawn(move || {
                for seed in (lane..storms).step_by(8) {
                    // A thread of its own, so that a failure names its seed.
                    std::thread::Builder::new()
                        .name(format!("storm {seed}"))
                        .spawn(move || storm(seed))
                        .unwrap()
                        .join()
                        .unwrap_or_else(|_| panic!("storm {seed} failed"));
                }
            });
        }
    });
}

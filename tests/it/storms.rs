//! The real binary against a faulty provider, killed with SIGKILL at moments chosen by a seed and
//! started again until it is done. `CALLSHEET_STORMS` sets the number of storms.

use std::time::Duration;

use callsheet::sandbox::{AnswerFault, Faults, FileFault, ListFault, Settings, ShownFault, When};

use crate::program::{
    Answer, Folder, Provider, campaign, expect_nothing_paid_twice, finish, quick,
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

fn faults(chance: &mut Chance) -> Faults {
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
        listing: if chance.percent(50) {
            [(ListFault::Late, When::always().amount(chance.below(150)))].into()
        } else {
            [(ListFault::Shuffled, When::always())].into()
        },
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
    let provider = Provider::with(Settings {
        seed,
        faults: faults(&mut chance),
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
        std::thread::sleep(Duration::from_millis(20 + chance.below(700)));
        child.kill().unwrap();
        let _ = finish(child);
        expect_nothing_paid_twice(&provider.ledger());
    }
    let mut last = folder.campaign(&provider, &[]);
    for _ in 0..10 {
        // Downloads, or the proof about a job in doubt, may need another run.
        if last.code != Some(8) && last.code != Some(4) {
            break;
        }
        last = folder.campaign(&provider, &[]);
    }
    check(seed, &folder, &provider, &last);
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
    folder.expect_every_paid_video(&ledger);
    if last.code == Some(0) {
        assert_eq!(ledger.accepted.len(), 10, "{}", story());
    }
}

#[test]
fn no_storm_pays_twice_or_loses_a_video() {
    let storms = std::env::var("CALLSHEET_STORMS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(50_u64);
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

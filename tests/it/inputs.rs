//! The fuzz targets over their seeds, and over what chance makes of them.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// `CALLSHEET_INPUTS` sets how many inputs each target gets.
fn inputs(usual: u32) -> u32 {
    std::env::var("CALLSHEET_INPUTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder: PathBuf = crate::program::repository().join("fuzz/seeds").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 1, "{}", folder.display());
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

/// A seed with some of its bytes changed, cut off, doubled or joined to another seed.
fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(seeds.clone());
    let other = prop::sample::select(seeds);
    let telling = prop::sample::select(b"{}[]\",:;\\\n\r\t\0\x1b\xff\xef0e-=&*!|<%".to_vec());
    let byte = prop_oneof![any::<u8>(), telling];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), byte), 0..6);
    let cuts = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..6_u8,
    );
    (seed, other, edits, cuts).prop_map(|(mut seed, other, edits, (from, to, kind))| {
        let (from, to) = (from.index(seed.len() + 1), to.index(seed.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        match kind {
            0 => seed.truncate(from),
            1 => drop(seed.drain(from..to)),
            2 => {
                let piece = seed[from..to].to_vec();
                seed.splice(to..to, piece);
            }
            3 => seed = [&seed[..from], &other[..]].concat(),
            _ => {}
        }
        for (place, byte) in edits {
            if !seed.is_empty() {
                let place = place.index(seed.len());
                seed[place] = byte;
            }
        }
        seed
    })
}

fn drive(seeds: Vec<Vec<u8>>, count: u32, target: impl Fn(&[u8])) {
    for seed in &seeds {
        target(seed);
    }
    let mut runner = TestRunner::new(Config {
        cases: inputs(count),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    });
    let any_bytes = prop::collection::vec(any::<u8>(), 0..300);
    let input = prop_oneof![3 => changed(seeds), 1 => any_bytes];
    let ran = runner.run(&input, |bytes| {
        target(&bytes);
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn any_answer() {
    drive(seeds("answers"), 2000, targets::answers);
}

#[test]
fn any_refusal() {
    drive(seeds("refusals"), 2000, targets::refusals);
}

#[test]
fn any_entries() {
    drive(seeds("entries"), 1000, targets::entries);
}

#[test]
fn any_sheet() {
    drive(seeds("sheet"), 1000, targets::sheet);
}

#[test]
fn any_manifest() {
    drive(seeds("manifest"), 500, targets::manifest);
}

#[test]
fn any_file_in_the_place_of_the_journal() {
    use callsheet::journal::{Identity, Journal, Lock};
    use callsheet::model::{Entry, Event, Timestamp};

    // A real one, as the seed: a database is no text that could be kept beside the others.
    let folder = tempfile::tempdir().unwrap();
    let lock = Lock::acquire(folder.path(), "seed").unwrap();
    let identity = Identity {
        campaign: "fuzz".into(),
        is_sandbox: false,
    };
    let (mut journal, _) = Journal::open(folder.path(), &identity).unwrap();
    let entries: Vec<Entry> = (1..=30)
        .map(|sequence| Entry {
            sequence,
            at: Timestamp::from_millis(1_700_000_000_000),
            event: Event::InventoryTaken { rows: sequence },
        })
        .collect();
    journal.append(&entries).unwrap();
    drop((journal, lock));
    let database = std::fs::read(folder.path().join(".callsheet/journal.sqlite")).unwrap();
    let words = b"SQLite format 3\0 and then nothing that is one".to_vec();
    drive(
        vec![database, words, Vec::new()],
        120,
        targets::journal_file,
    );
}

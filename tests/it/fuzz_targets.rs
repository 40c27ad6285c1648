//! Runs the fuzz targets on their seeds and on random mutations of them.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Returns the number of inputs for each target: `CALLSHEET_INPUTS` or the default.
fn inputs(default: u32) -> u32 {
    std::env::var("CALLSHEET_INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder: PathBuf = crate::program::repository().join("fuzz/seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 1, "{}", folder.display());
    let contents = files.iter().map(|file| std::fs::read(file).unwrap());
    contents.collect()
}

/// A seed with bytes changed, cut off or doubled, or joined to another seed.
fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(seeds.clone());
    let other = prop::sample::select(seeds);
    let syntax = prop::sample::select(b"{}[]\",:;\\\n\r\t\0\x1b\xff\xef0e-=&*!|<%".to_vec());
    let byte = prop_oneof![any::<u8>(), syntax];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), byte), 0..6);
    let index = any::<prop::sample::Index>;
    let cuts = (index(), index(), 0..6_u8);
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
    let input = prop_oneof![3 => mutated(seeds), 1 => any_bytes];
    let result = runner.run(&input, |bytes| {
        target(&bytes);
        Ok(())
    });
    result.unwrap();
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
fn any_template() {
    drive(seeds("template"), 1000, targets::template);
}

#[test]
fn any_workbook() {
    drive(seeds("workbook"), 1000, targets::workbook);
}

#[test]
fn the_scheduled_workflow_runs_every_target() {
    let root = crate::program::repository();
    let targets = std::fs::read_dir(root.join("fuzz/fuzz_targets")).unwrap();
    let names = targets.map(|file| file.unwrap().path().file_stem().unwrap().to_owned());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    let workflow = std::fs::read_to_string(root.join(".github/workflows/ci.yml")).unwrap();
    assert!(workflow.contains(&format!("target: [{}]", names.join(", "))), "{names:?}");
    let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("[[bin]]").count(), names.len());
}

#[test]
fn any_manifest() {
    drive(seeds("manifest"), 500, targets::manifest);
}

#[test]
fn any_journal_file() {
    use callsheet::journal::{Identity, Journal, Lock};
    use callsheet::model::{Entry, Event, History, Timestamp};

    // A real journal is the seed. It is made here, because a database is not a text file like the other seeds.
    let folder = tempfile::tempdir().unwrap();
    let lock = Lock::acquire(folder.path(), "seed").unwrap();
    let identity = Identity { campaign: "fuzz".into(), is_sandbox: false };
    let (mut journal, _) =
        Journal::open::<History>(folder.path(), &identity, Timestamp::default, None).unwrap();
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
    let header = b"SQLite format 3\0 and nothing else".to_vec();
    drive(vec![database, header, Vec::new()], 120, targets::journal_file);
}

//! Journals of released formats: they open, resume, and nothing in them is paid for again.

use std::collections::{BTreeMap, BTreeSet};

use callsheet::manifest::{self, Options};
use callsheet::model::{Fingerprint, Generation, JobId, Tag};
use callsheet::sandbox::{Ledger, SandboxSettings};
use serde_json::Value;

use crate::program::{Folder, Provider, digest, quick, repository, rows};

const JOURNAL: &str = "sheet-output/.callsheet/journal.sqlite";

/// The files of format 1, `tests/data/journal-format-1`.
fn data(name: &str) -> Vec<u8> {
    let folder = repository().join("tests/data/journal-format-1");
    std::fs::read(folder.join(name)).unwrap()
}

/// A folder with the sheet and the journal in their places.
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("sheet-output/.callsheet/readme.txt", "");
    std::fs::write(folder.path("sheet.csv"), data("sheet.csv")).unwrap();
    std::fs::write(folder.path(JOURNAL), data("journal.sqlite")).unwrap();
    folder
}

/// A provider that knows the jobs it accepted then.
pub(crate) fn provider(folder: &Folder) -> Provider {
    let state = folder.path("provider.jsonl");
    std::fs::write(&state, data("provider.jsonl")).unwrap();
    Provider::with(SandboxSettings { state: Some(state), ..quick() })
}

/// The journal's events, in order.
fn events() -> Vec<Value> {
    let folder = folder();
    let database = rusqlite::Connection::open(folder.path(JOURNAL)).unwrap();
    let mut query = database.prepare("SELECT event FROM entries ORDER BY sequence").unwrap();
    let texts = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    texts.map(|text| serde_json::from_str(&text.unwrap()).unwrap()).collect()
}

/// The submits on record: job, tag, fingerprint, generation.
fn submits() -> Vec<(String, String, String, u32)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let submit = |event: &Value| {
        let submit = &event["job"]["event"]["submit_started"];
        submit.is_object().then(|| {
            let generation = submit["generation"].as_u64().unwrap();
            (
                text(&event["job"]["job"]),
                text(&submit["tag"]),
                text(&submit["fingerprint"]),
                u32::try_from(generation).unwrap(),
            )
        })
    };
    events().iter().filter_map(submit).collect()
}

/// How often the provider has accepted each name.
fn accepted(ledger: &Ledger) -> BTreeMap<String, usize> {
    let mut accepted = BTreeMap::new();
    for job in &ledger.accepted {
        *accepted.entry(job.name.clone().unwrap()).or_default() += 1;
    }
    accepted
}

#[test]
fn format_1_holds_every_kind_of_event() {
    let name = |event: &Value| match event.as_object() {
        Some(fields) => fields.keys().next().unwrap().clone(),
        None => event.as_str().unwrap().to_owned(),
    };
    let names: BTreeSet<String> = events()
        .iter()
        .map(|event| match event.get("job") {
            Some(job) => name(&job["event"]),
            None => name(event),
        })
        .collect();
    let expected = [
        "adopted",
        "failed",
        "fetch_deferred",
        "fetch_left",
        "fetched",
        "file_missing",
        "found_absent",
        "inventory_skipped",
        "inventory_taken",
        "journal_lost",
        "lane_held",
        "link_expired",
        "not_proven",
        "observed",
        "paid_twice",
        "places_learnt",
        "render_overdue",
        "rendered",
        "reopened",
        "revisited",
        "run_ended",
        "run_started",
        "submit_deferred",
        "submit_lost",
        "submit_started",
        "submitted",
    ];
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// A fingerprint or tag that changes makes the program pay again for everything that was paid for.
#[test]
fn the_sheet_of_format_1_still_gives_the_recorded_fingerprints_and_tags() {
    let read = |_: &std::path::Path| Ok(data("sheet.csv"));
    let plan = manifest::load("sheet.csv".as_ref(), &Options::default(), &read).unwrap();
    let current: BTreeMap<&str, &Fingerprint> =
        plan.jobs.iter().map(|job| (job.shard_key().as_str(), &job.fingerprint)).collect();
    let submits = submits();
    let mut compared = BTreeSet::new();
    for (job, tag, recorded, generation) in &submits {
        // Its text was edited before generation 1.
        let is_edited = job == "edited" && *generation == 0;
        if let Some(fingerprint) = current.get(job.as_str())
            && !is_edited
        {
            assert_eq!(fingerprint.as_str(), recorded, "{job}");
            let id: JobId = job.parse().unwrap();
            let expected = Tag::of("sheet", &id, fingerprint, Generation(*generation));
            assert_eq!(expected.as_str(), tag, "{job}");
            compared.insert(job);
        }
    }
    // All but the three that were never sent and the one that was adopted.
    assert_eq!(compared.len(), plan.jobs.len() - 4);
    let recorded = |job: &str, generation: u32| {
        let submit = submits.iter().find(|submit| submit.0 == job && submit.3 == generation);
        submit.map(|(_, tag, fingerprint, _)| (fingerprint.as_str(), tag.as_str()))
    };
    for (job, generation, fingerprint, tag) in [
        ("done", 0, "yy4arl74u4u2himh", "cs-5bkmzswhen53"),
        ("ratios-1x1", 0, "nr5mltlnmfmbhwj6", "cs-bpzfy2wsvnds"),
        ("options", 0, "p73ntc6aon3vokaj", "cs-tr4b6lk7up5x"),
        ("audio", 0, "skf5aynvvezdtbeq", "cs-n55lkutiocbw"),
        ("again", 1, "h7fhtlaavvjzclrh", "cs-gmlhmwzbplmm"),
    ] {
        assert_eq!(recorded(job, generation), Some((fingerprint, tag)), "{job}");
    }
}

#[test]
fn format_1_is_shown_and_left_untouched() {
    let folder = folder();
    let status = folder.run(&["status", "sheet.csv"]).expect_code(0).stdout;
    let counts = "27 jobs, and 1 from an earlier sheet: 14 done, 4 failed, 3 in doubt, 1 rendering, \
                  3 downloading, 3 pending";
    assert!(status.contains(counts), "{status}");
    let status = folder.run(&["status", "sheet.csv", "--json"]).expect_code(0);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["credits"]["spent"], 91.5);
    assert_eq!(status["credits"]["promised"], 20);
    assert_eq!(status["runs"].as_array().unwrap().len(), 14);

    for (job, words) in [
        ("done", "videos/done.mp4"),
        ("again", "at most 5 credits, tag `cs-gmlhmwzbplmm`, paid for again as requested"),
        ("edited", "`cs-ei7wosvps6w4`"),
        ("twice", "5df0fe67-f918-44ce-8f4e-b7ea96639922"),
        ("doubt-absent", "`cs-wn6nfnh3f4cc`"),
        ("submitting", "`cs-mtgmqpxdh5kv`"),
        ("overdue", "as 83cab4b1-e125-43c9-b668-d3e33c63c318"),
        ("pending", "pending: "),
    ] {
        let why = folder.run(&["why", "sheet.csv", job]).expect_code(0).stdout;
        assert!(why.contains(words), "{job}: {why}");
    }

    let plan = folder.run(&["plan", "sheet.csv", "--json"]).expect_code(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let to_submit: BTreeSet<&str> = plan["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|job| job["will_submit"] == true)
        .map(|job| job["job_id"].as_str().unwrap())
        .collect();
    assert_eq!(to_submit, ["pending", "pending-2-16x9", "pending-2-1x1"].into());
    assert!(std::fs::read(folder.path(JOURNAL)).unwrap() == data("journal.sqlite"));
}

#[test]
fn format_1_is_resumed_nothing_is_paid_twice_and_every_video_arrives() {
    let folder = folder();
    let provider = provider(&folder);
    let before = provider.ledger();
    // Four jobs had failed: three for good, and one whose video may still appear.
    folder.campaign(&provider, &[]).expect_code(8);
    let ledger = provider.ledger();

    let mut expected = accepted(&before);
    for new in [
        "cs-wn6nfnh3f4cc doubt-absent",
        "cs-pfq6trqr7gye pending",
        "cs-by3iszmhiez5 pending-2-16x9",
        "cs-hg5yj7xu2fxn pending-2-1x1",
    ] {
        assert_eq!(expected.insert(new.to_owned(), 1), None);
    }
    assert_eq!(accepted(&ledger), expected);

    let results = rows(&folder.read("sheet-output/results.csv"));
    assert_eq!(results.len(), 27);
    for result in &results {
        let status = match &*result["job_id"] {
            "failed" | "rejected" | "again" => "failed",
            "no-output" => "downloading",
            _ => "done",
        };
        assert_eq!(result["status"], status, "{result:?}");
    }
    let mut arrived = 0;
    for job in &ledger.accepted {
        let name = job.name.as_deref().unwrap();
        // The earlier version of an edited row, and the video that another run paid for.
        let is_other =
            name == "edited cs-kdgneb73uarp" || job.id == "5df0fe67-f918-44ce-8f4e-b7ea96639922";
        if is_other || failed_at_provider(name) {
            continue;
        }
        let id = name.split(' ').find(|word| !word.starts_with("cs-")).unwrap();
        let video = std::fs::read(folder.path(&format!("sheet-output/videos/{id}.mp4"))).unwrap();
        assert_eq!(digest(&video), job.sha256, "{id}");
        arrived += 1;
    }
    assert_eq!(arrived, 24);

    // A second run pays for nothing.
    folder.campaign(&provider, &[]).expect_code(8);
    assert_eq!(accepted(&provider.ledger()), expected);
}

fn failed_at_provider(name: &str) -> bool {
    ["failed ", "rejected ", "again ", "no-output "].iter().any(|id| name.starts_with(id))
}

//! The first commands of a new user: the examples and `init`.

use crate::program::{Folder, repository, rows};

/// The files of the repository that `manifest` needs, in a folder of their own.
fn example(manifest: &str) -> Folder {
    let folder = Folder::new();
    for file in [manifest, "examples/people.csv"] {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        folder.write(file, &text);
    }
    folder
}

#[test]
fn the_example_campaign_runs_in_the_sandbox_and_the_same_command_has_nothing_left_to_do() {
    let folder = example("jobs.example.yaml");
    let arguments = ["run", "jobs.example.yaml", "--sandbox"];
    let first = folder.run(&arguments).expect_code(0);
    assert!(!first.stderr.contains("note:"), "{}", first.stderr);
    let results = rows(&folder.read("jobs.example-sandbox-output/results.csv"));
    let done: Vec<_> = results.iter().filter(|row| row["status"] == "done").collect();
    assert_eq!(done.len(), 12);
    assert_eq!(results.len(), 12);
    for row in &done {
        let video = folder.path("jobs.example-sandbox-output").join(&row["file"]);
        let content = std::fs::read(&video).unwrap();
        assert_eq!(&content[4..8], b"ftyp");
    }
    for file in ["results.json", "report.html", ".callsheet/journal.sqlite"] {
        assert!(folder.path("jobs.example-sandbox-output").join(file).exists(), "{file}");
    }
    assert!(
        folder.path("jobs.example-sandbox-output/thumbnails").read_dir().unwrap().next().is_some()
    );

    let before = folder.read("jobs.example-sandbox-output/.sandbox/accepted.jsonl");
    folder.run(&arguments).expect_code(0);
    assert_eq!(folder.read("jobs.example-sandbox-output/.sandbox/accepted.jsonl"), before);
}

#[test]
fn the_example_of_failures_pays_again_only_on_request() {
    let folder = example("examples/failures.yaml");
    let accepted =
        || folder.read("examples/failures-sandbox-output/.sandbox/accepted.jsonl").lines().count();
    let arguments = ["run", "examples/failures.yaml", "--sandbox"];
    let first = folder.run(&arguments).expect_code(3);
    assert!(first.stderr.contains("--retry-failed"), "{}", first.stderr);
    let results = rows(&folder.read("examples/failures-sandbox-output/results.csv"));
    let of = |status: &str| {
        let rows = results.iter().filter(|row| row["status"] == status);
        rows.map(|row| (row["job_id"].as_str(), !row["error"].is_empty())).collect::<Vec<_>>()
    };
    assert_eq!(of("done"), [("in-order", false)]);
    assert_eq!(of("failed"), [("render-fails", true), ("rejected", true)]);

    let before = accepted();
    folder.run(&arguments).expect_code(0);
    assert_eq!(accepted(), before);
    folder.run(&[&arguments[..], &["--resubmit", "rejected"]].concat()).expect_code(3);
    assert_eq!(accepted(), before + 1);
    folder.run(&[&arguments[..], &["--retry-failed"]].concat()).expect_code(3);
    assert_eq!(accepted(), before + 3);
}

#[test]
fn init_writes_a_manifest_that_runs_and_overwrites_nothing() {
    let folder = Folder::new();
    folder.run(&["init"]).expect_code(0);
    folder.run(&["plan", "campaign.yaml"]).expect_code(0);
    folder.run(&["run", "campaign.yaml", "--sandbox", "--progress", "none"]).expect_code(0);
    let before = folder.read("campaign.yaml");
    let again = folder.run(&["init"]).expect_code(2);
    assert!(again.stderr.contains("left as it is"), "{}", again.stderr);
    assert_eq!(folder.read("campaign.yaml"), before);
}

#[test]
fn init_writes_what_the_name_promises_or_nothing() {
    let folder = Folder::new();
    folder.run(&["init", "spring.csv"]).expect_code(0);
    let sheet = folder.read("spring.csv");
    assert!(sheet.starts_with("id,text,persona,aspect_ratio"), "{sheet}");
    folder.run(&["run", "spring.csv", "--sandbox", "--progress", "none"]).expect_code(0);
    folder.run(&["init", "spring.YML"]).expect_code(0);
    let document = folder.read("spring.YML");
    let printed = folder.run(&["init", "-"]).expect_code(0);
    assert_eq!(printed.stdout, document);
    assert!(!folder.path("-").exists());
    for (name, hint) in [
        ("spring.xlsx", "`callsheet init FILE.csv`"),
        ("spring.txt", "`.yaml`, `.yml` or `.csv`"),
        ("spring", "`.yaml`, `.yml` or `.csv`"),
    ] {
        let refused = folder.run(&["init", name]).expect_code(2);
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
        assert!(!folder.path(name).exists(), "{name}");
    }
}

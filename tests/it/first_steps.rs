//! The README's first command.

use crate::program::{Folder, repository, rows};

#[test]
fn the_example_campaign_runs_in_the_sandbox_and_the_same_command_has_nothing_left_to_do() {
    let folder = Folder::new();
    folder.write(
        "jobs.example.yaml",
        &std::fs::read_to_string(repository().join("jobs.example.yaml")).unwrap(),
    );
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let name = path.file_name().unwrap().to_string_lossy();
            let text = std::fs::read_to_string(&path).unwrap();
            folder.write(&format!("examples/{name}"), &text);
        }
    }
    let arguments = ["run", "jobs.example.yaml", "--sandbox"];
    let first = folder.run(&arguments).expect_code(3);
    let results = rows(&folder.read("jobs.example-output/results.csv"));
    let failed: Vec<_> = results
        .iter()
        .filter(|row| row["status"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "one row shows what failure looks like");
    assert!(!failed[0]["error"].is_empty());
    let done: Vec<_> = results
        .iter()
        .filter(|row| row["status"] == "done")
        .collect();
    assert!((10..=16).contains(&(done.len() + 1)), "about a dozen jobs");
    for row in &done {
        let video = folder.path("jobs.example-output").join(&row["file"]);
        let content = std::fs::read(&video).unwrap();
        if video.extension().unwrap() == "webm" {
            assert_eq!(&content[..4], b"\x1a\x45\xdf\xa3");
        } else {
            assert_eq!(&content[4..8], b"ftyp");
        }
    }
    for file in ["results.json", "report.html", ".callsheet/journal.sqlite"] {
        assert!(
            folder.path("jobs.example-output").join(file).exists(),
            "{file}"
        );
    }
    assert!(
        folder
            .path("jobs.example-output/thumbnails")
            .read_dir()
            .unwrap()
            .next()
            .is_some()
    );
    assert!(first.stderr.contains("--retry-failed"), "{}", first.stderr);

    let before = folder.read("jobs.example-output/.sandbox/accepted.jsonl");
    folder.run(&arguments).expect_code(3);
    assert_eq!(
        folder.read("jobs.example-output/.sandbox/accepted.jsonl"),
        before
    );
    folder
        .run(&[
            "run",
            "jobs.example.yaml",
            "--sandbox",
            "--retry-failed",
            "-q",
        ])
        .expect_code(3);
    assert_ne!(
        folder.read("jobs.example-output/.sandbox/accepted.jsonl"),
        before
    );
}

#[test]
fn init_writes_a_manifest_that_runs_and_overwrites_nothing() {
    let folder = Folder::new();
    folder.run(&["init"]).expect_code(0);
    folder.run(&["plan", "campaign.yaml"]).expect_code(0);
    folder
        .run(&["run", "campaign.yaml", "--sandbox", "--progress", "none"])
        .expect_code(0);
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
    folder
        .run(&["run", "spring.csv", "--sandbox", "--progress", "none"])
        .expect_code(0);
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

//! Old copies of a journal, several output folders, simultaneous runs and renamed sheets.

use std::path::Path;

use callsheet::sandbox::{FaultTrigger, Faults, ResponseFault, SandboxSettings};

use crate::program::{
    FAST, Folder, Output, Scenario, expect_nothing_paid_twice, finish, kill, quick, sheet,
};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

fn back_up_journal(folder: &Folder) {
    let journal = folder.path("sheet-output/.callsheet");
    copy(&journal, &folder.path("backup"));
}

fn restore_journal(folder: &Folder) {
    folder.remove("sheet-output/.callsheet");
    let journal = folder.path("sheet-output/.callsheet");
    copy(&folder.path("backup"), &journal);
}

#[test]
fn an_old_journal_pays_for_nothing_again() {
    let scenario = Scenario::new(8);
    scenario.run_sheet(&["--limit", "3"]).expect_code(0);
    back_up_journal(&scenario);
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 8);

    restore_journal(&scenario);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(8);

    // Also without the videos, and with `collect`.
    restore_journal(&scenario);
    scenario.remove("sheet-output/videos");
    scenario.collect_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(8);
}

#[test]
fn an_old_journal_submits_nothing_while_the_list_is_unavailable() {
    let mut scenario = Scenario::new(4);
    scenario.run_sheet(&["--limit", "2"]).expect_code(0);
    back_up_journal(&scenario);
    scenario.run_sheet(&[]).expect_code(0);

    restore_journal(&scenario);
    let faults = Faults {
        list: [(ResponseFault::Unavailable, FaultTrigger::always())].into(),
        ..Faults::default()
    };
    let settings = SandboxSettings { faults, ..quick() };
    scenario.provider.restart(settings);
    // Videos and the ids in `results.json` show that the journal is old.
    let refused = scenario.run_sheet(&[]).expect_code(5);
    refused.expect_stderr(&["nothing was submitted"]);
    assert_eq!(scenario.accepted(), 4);
}

#[test]
fn an_old_journal_in_the_middle_of_a_campaign_pays_for_nothing_again() {
    let settings = SandboxSettings { render_millis: 400..=800, ..quick() };
    let scenario = Scenario::with(12, settings);
    let first = scenario.spawn_sheet(&["--submit-rate", "20/s"]);
    scenario.wait_for_accepted(3);
    kill(first);
    back_up_journal(&scenario);
    let second = scenario.spawn_sheet(&["--submit-rate", "20/s"]);
    scenario.wait_for_accepted(8);
    kill(second);
    restore_journal(&scenario);
    for _ in 0..5 {
        if scenario.run_sheet(&[]).code == Some(0) {
            break;
        }
    }
    scenario.expect_paid_once(12);
}

#[test]
fn two_output_folders_pay_once() {
    let scenario = Scenario::new(4);
    scenario.run_sheet(&[]).expect_code(0);
    let other = ["--out", "another machine"];
    scenario.run_sheet(&other).expect_code(0);
    assert_eq!(scenario.accepted(), 4);
    assert!(scenario.exists("another machine/videos/job-04.mp4"));

    // A copied output folder has the same history.
    copy(&scenario.path("sheet-output"), &scenario.path("copied"));
    scenario.replace("sheet.csv", "number 4", "number four");
    for out in ["sheet-output", "copied"] {
        let redo = ["--out", out, "--redo-changed"];
        scenario.run_sheet(&redo).expect_code(0);
    }
    assert_eq!(scenario.accepted(), 5, "redone once");
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn an_output_folder_can_be_moved() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&[]).expect_code(0);
    std::fs::create_dir(scenario.path("archive")).unwrap();
    let moved = scenario.path("archive/spring");
    std::fs::rename(scenario.path("sheet-output"), moved).unwrap();
    let out = ["--out", "archive/spring"];
    scenario.run_sheet(&out).expect_code(0);
    assert_eq!(scenario.accepted(), 3);
    assert!(!scenario.exists("sheet-output"));
}

#[test]
fn two_simultaneous_runs_of_a_sheet_detect_each_other() {
    let settings = SandboxSettings { render_millis: 300..=600, ..quick() };
    let scenario = Scenario::with(40, settings);
    let runs = ["here", "there"].map(|out| {
        let further = ["--out", out, "--submit-rate", "5/s", "--settle", "400ms"];
        scenario.spawn_sheet(&further)
    });
    let outputs = runs.map(finish);
    let detected = |output: &&Output| output.stderr.contains("another run is paying");
    let stopped = outputs.iter().filter(detected).count();
    let paid = scenario.accepted();
    // Either one stops, or one is a little later and adopts the jobs of the other.
    assert!(stopped >= 1 || paid == 40, "{outputs:#?}");
    assert!(paid < 60, "{paid} paid for, {outputs:#?}");
    for output in outputs {
        if output.code == Some(5) {
            output.expect_stderr(&["paid for twice"]);
        }
    }
    // Run one after the other, they finish and pay for nothing twice.
    let names = || {
        let jobs = scenario.ledger().accepted.into_iter();
        let mut names: Vec<_> = jobs.map(|job| job.name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        (names.len(), all)
    };
    let (distinct, all) = names();
    for out in ["here", "there"] {
        scenario.run_sheet(&["--out", out]).expect_code(0);
    }
    let (now_distinct, now_all) = names();
    assert_eq!((now_distinct, now_all - all), (40, 40 - distinct));
}

#[test]
fn a_renamed_sheet_is_reported_as_paid_for() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&[]).expect_code(0);
    std::fs::rename(scenario.path("sheet.csv"), scenario.path("final.csv")).unwrap();
    let note = "3 videos of this sheet are paid for already, by the campaign `sheet`";
    let plan = scenario.run(&["plan", "final.csv"]).expect_code(0);
    plan.expect_stderr(&[note]);
    let capped = [&["run", "final.csv"], &FAST[..], &["--max-credits", "0"]];
    let stopped = scenario.run_online(&capped.concat()).expect_code(5);
    stopped.expect_stderr(&[note]);
    assert_eq!(scenario.accepted(), 3);
    // A different sheet in the same folder is not.
    scenario.write("other.csv", &sheet(3).replace("Hello", "Bye"));
    let plan = scenario.run(&["plan", "other.csv"]).expect_code(0);
    assert_eq!(plan.stderr, "");
}

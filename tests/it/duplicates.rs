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
    let out = scenario.path("sheet-output");
    let results = ["results.json", "results.csv"].map(|name| out.join(name));
    let kept = results.clone().map(|path| std::fs::read(path).unwrap());
    for path in &results {
        std::fs::remove_file(path).unwrap();
    }
    // Videos show that the journal is old.
    let refused = scenario.run_sheet(&[]).expect_code(5);
    refused.expect_stderr(&["nothing was submitted"]);
    assert_eq!(scenario.accepted(), 4);
    // The ids in the results need no list.
    for (path, content) in results.iter().zip(kept) {
        std::fs::write(path, content).unwrap();
    }
    scenario.run_sheet(&[]).expect_code(0);
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
    let detected = |output: &&Output| output.stderr.contains("another run pays for the same jobs");
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

/// Runs a sheet with fast limits.
fn run_other(scenario: &Scenario, sheet: &str, further: &[&str]) -> Output {
    scenario.run_online(&[&["run", sheet], &FAST[..], further].concat())
}

#[test]
fn a_renamed_sheet_is_paid_for_once_more_only_on_request() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&[]).expect_code(0);
    std::fs::rename(scenario.path("sheet.csv"), scenario.path("final.csv")).unwrap();
    let found = "3 videos of this sheet are paid for already, by the campaign `sheet`";
    let plan = scenario.run(&["plan", "final.csv"]).expect_code(0);
    plan.expect_stderr(&[found, "--duplicates"]);
    for further in [&[][..], &["--yes"], &["--duplicates", "stop"], &["--max-credits", "50"]] {
        let stopped = run_other(&scenario, "final.csv", further).expect_code(5);
        let stopped =
            stopped.expect_stderr(&[found, "nothing was submitted", "--duplicates reuse"]);
        assert!(!stopped.stderr.contains("--duplicates stop"), "{stopped:?}");
    }
    assert_eq!(scenario.accepted(), 3);
    // A different sheet in the same folder is not, nor a campaign of each day.
    scenario.write("other.csv", &sheet(3).replace("Hello", "Bye"));
    let plan = scenario.run(&["plan", "other.csv"]).expect_code(0);
    assert_eq!(plan.stderr, "");
    // Nothing asks about a run that pays for nothing.
    run_other(&scenario, "final.csv", &["--only", "job-01", "--duplicates", "reuse"])
        .expect_code(0);
    run_other(&scenario, "final.csv", &["--only", "job-01"]).expect_code(0);
    assert_eq!(scenario.accepted(), 3);
    run_other(&scenario, "final.csv", &["--duplicates", "pay"]).expect_code(0);
    assert_eq!(scenario.accepted(), 5);
    // What is decided is not asked again.
    run_other(&scenario, "final.csv", &[]).expect_code(0);
    assert_eq!(scenario.accepted(), 5);
    // `--fresh` is a request to pay, too.
    std::fs::rename(scenario.path("final.csv"), scenario.path("last.csv")).unwrap();
    run_other(&scenario, "last.csv", &["--fresh"]).expect_code(0);
    assert_eq!(scenario.accepted(), 8);
}

#[test]
fn videos_of_another_campaign_are_reused_at_no_cost() {
    let scenario = Scenario::new(4);
    scenario.run_sheet(&["--limit", "3"]).expect_code(0);
    // The file of one video is gone, so it is downloaded again.
    scenario.remove("sheet-output/videos/job-02.mp4");
    std::fs::create_dir(scenario.path("copies")).unwrap();
    let rows = sheet(4).replace("job-0", "row-");
    scenario.write("copies/copy.csv", &rows);
    let reuse = run_other(&scenario, "copies/copy.csv", &["--duplicates", "reuse"]);
    let reuse = reuse.expect_code(0);
    reuse.expect_stderr(&[
        "3 videos of this sheet are paid for already",
        "nothing is paid for them",
    ]);
    assert_eq!(scenario.accepted(), 4, "only the fourth row is new");
    for number in 1..=4 {
        let video = |name: &str| std::fs::read(scenario.path(name)).unwrap();
        let copy = video(&format!("copies/copy-output/videos/row-{number}.mp4"));
        if number != 2 && number != 4 {
            assert_eq!(copy, video(&format!("sheet-output/videos/job-0{number}.mp4")));
        }
    }
    let results: serde_json::Value =
        serde_json::from_str(&scenario.read("copies/copy-output/results.json")).unwrap();
    assert_eq!(results["totals"]["done"], 4);
    assert_eq!(results["jobs"][0]["credits_spent"], 0);
    // A later run and a report know the videos by the journal.
    let results = scenario.read("copies/copy-output/results.csv");
    let again = run_other(&scenario, "copies/copy.csv", &[]).expect_code(0);
    again.expect_stderr(&["nothing to do"]);
    scenario.run(&["report", "copies/copy.csv"]).expect_code(0);
    assert_eq!(scenario.read("copies/copy-output/results.csv"), results);
    assert_eq!(scenario.accepted(), 4);
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn rows_that_are_added_from_another_campaign_are_noticed_too() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    let other = sheet(2).replace("Hello", "Bye");
    scenario.write("other.csv", &other);
    run_other(&scenario, "other.csv", &[]).expect_code(0);
    let added = sheet(2).lines().nth(1).unwrap().replace("job-01", "added");
    scenario.write("other.csv", &format!("{other}{added}\n"));
    run_other(&scenario, "other.csv", &[]).expect_code(5);
    // The other rows are made all the same.
    run_other(&scenario, "other.csv", &["--only", "job-01"]).expect_code(0);
    let run = scenario
        .command(&[&["run", "other.csv", "--base-url", scenario.base_url()], &FAST[..]].concat())
        .env("CALLSHEET_DUPLICATES", "reuse")
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    assert_eq!(scenario.accepted(), 4);
}

#[test]
fn a_copied_sheet_anywhere_is_noticed_by_the_users_cache() {
    let scenario = Scenario::new(2);
    let cache = scenario.path("cache");
    let run = |folder: &Path| {
        let arguments = [&["run", "sheet.csv", "--base-url", scenario.base_url()], &FAST[..]];
        let mut command = scenario.command(&arguments.concat());
        let output = command.current_dir(folder).env("XDG_CACHE_HOME", &cache).output().unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(run(&scenario.path(".")), 0);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("sheet.csv"), sheet(2)).unwrap();
    // The same name is the same campaign, whose jobs are found by their tags.
    assert_eq!(run(elsewhere.path()), 0);
    assert_eq!(scenario.accepted(), 2);
    let named = elsewhere.path().join("named");
    std::fs::create_dir(&named).unwrap();
    std::fs::rename(elsewhere.path().join("sheet.csv"), named.join("final.csv")).unwrap();
    let arguments = [&["run", "final.csv", "--base-url", scenario.base_url()], &FAST[..]];
    let mut command = scenario.command(&arguments.concat());
    let output = command.current_dir(&named).env("XDG_CACHE_HOME", &cache).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn the_results_of_a_colleague_name_their_videos() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&["--limit", "2"]).expect_code(0);
    // Without any journal: on another machine.
    let results = scenario.read("sheet-output/results.csv");
    let machine = Folder::new();
    machine.write("results (1).csv", &results);
    let run = |further: &[&str]| {
        let command = ["run", "results (1).csv", "--base-url", scenario.base_url()];
        machine.run(&[&command, &FAST[..], further].concat())
    };
    let stopped = run(&[]).expect_code(5);
    stopped.expect_stderr(&["2 videos of this sheet are paid for already", "`remote_id`"]);
    assert_eq!(scenario.accepted(), 2);
    run(&["--duplicates", "reuse"]).expect_code(0);
    assert_eq!(scenario.accepted(), 3, "only the pending row is new");
    for video in ["job-01.mp4", "job-02.mp4", "job-03.mp4"] {
        assert!(machine.exists(&format!("results (1)-output/videos/{video}")), "{video}");
    }
    run(&[]).expect_code(0).expect_stderr(&["nothing to do"]);
    // The results in their own folder are the same campaign.
    scenario.remove("sheet-output/.callsheet");
    run_other(&scenario, "sheet-output/results.csv", &[]);
    assert_eq!(scenario.accepted(), 3);
}

//! Results, logs, `status --watch` and `why --json`, and results and marks that are used as input.

use std::process::Stdio;

use crate::program::{
    FAST, Folder, KEYS, PERSONA, Scenario, contains, expect_nothing_paid_twice, kill, output,
    rendering, wait,
};

/// A scenario whose second job fails at the provider.
fn with_a_failure(jobs: usize) -> Scenario {
    let scenario = Scenario::new(jobs);
    scenario.replace("sheet.csv", "number 2,", "number 2 [fail],");
    scenario
}

#[test]
fn each_run_writes_a_log_and_the_requested_files() {
    let scenario = with_a_failure(3);
    let options = ["--excel", "--xlsx", "--junit", "reports/junit.xml", "-q"];
    scenario.run_sheet(&options).expect_code(3);
    let results = std::fs::read(scenario.path("sheet-output/results.csv")).unwrap();
    assert!(results.starts_with(b"\xef\xbb\xbf"));
    let junit = scenario.read("reports/junit.xml");
    assert!(junit.contains("tests=\"3\" skipped=\"0\" errors=\"0\" failures=\"1\""), "{junit}");
    scenario.run_sheet(&[]).expect_code(0);
    let logs = scenario.path("sheet-output/.callsheet/logs");
    let logs: Vec<String> = std::fs::read_dir(logs)
        .unwrap()
        .map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap())
        .collect();
    assert_eq!(logs.len(), 2, "one for each run");
    let text = logs.concat();
    for part in ["failed     job-02", "sending    job-01"] {
        assert!(text.contains(part), "{text}");
    }
    for key in KEYS {
        assert!(!contains(text.as_bytes(), key));
    }
}

#[test]
fn a_log_that_cannot_be_written_does_not_fail_the_run() {
    let scenario = Scenario::new(1);
    scenario.write("sheet-output/.callsheet/logs", "a file");
    let run = scenario.run_sheet(&[]).expect_code(0);
    let run = run.expect_stderr(&["warning: this run has no log: `sheet-output/.callsheet/logs`"]);
    assert_eq!(run.stderr.matches("no log").count(), 1, "{}", run.stderr);
}

#[test]
fn results_can_be_used_as_a_manifest_to_retry_failed_jobs() {
    let scenario = with_a_failure(3);
    scenario.run_sheet(&["--xlsx"]).expect_code(3);
    let plan = |results| {
        let plan = scenario.json(&["plan", results, "--only-failed"]);
        assert_eq!(plan["campaign"], "sheet", "the original campaign");
        plan
    };
    let plan_of_workbook = plan("sheet-output/results.xlsx");
    let jobs = plan_of_workbook["jobs"].as_array().unwrap();
    let will_submit: Vec<_> = jobs.iter().map(|job| &job["will_submit"]).collect();
    assert_eq!(will_submit, [false, true, false], "{jobs:#?}");
    let results = "sheet-output/results.csv";
    scenario.replace(results, " [fail]", "");
    plan(results);
    let retry = [&["run", results, "--only-failed"], &FAST[..]].concat();
    scenario.run_online(&retry).expect_code(0);
    assert_eq!(scenario.accepted(), 4, "one more");
    assert!(!scenario.exists("sheet-output/results-output"));
    let rows = scenario.results();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["status"] == "done"), "{rows:?}");
    scenario.run_online(&retry).expect_code(0);
    assert_eq!(scenario.accepted(), 4, "no failed jobs are left");
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn only_failed_needs_a_journal() {
    let folder = Folder::with_sheet(1);
    let refused = folder.run(&["plan", "sheet.csv", "--only-failed"]);
    refused.expect_code(2).expect_stderr(&["no journal"]);
}

#[test]
fn marks_select_jobs_and_rejected_videos_are_rendered_again_once() {
    let scenario = Scenario::new(3);
    scenario.write("approved.csv", "job_id,mark,comment\njob-01,approved,\njob-03,approved,yes\n");
    let approved = ["--only-approved", "approved.csv"];
    scenario.run_sheet(&approved).expect_code(0);
    assert_eq!(scenario.accepted(), 2);

    let results = scenario.results();
    let first = results.iter().find(|row| row["job_id"] == "job-01");
    let remote_id = &first.unwrap()["remote_id"];
    scenario.write(
        "marks.csv",
        &format!(
            "job_id,mark,comment,remote_id\njob-01,rejected,\"too, loud\",{remote_id}\njob-03,approved,,\n"
        ),
    );
    let redo = ["--redo-rejected", "marks.csv", "--only", "job-01,job-03"];
    let plan = scenario.json(&[&["plan", "sheet.csv"], &redo[..]].concat());
    assert_eq!(plan["credits"]["to_do_high"], 5, "{plan:#}");
    let run = scenario.run_sheet(&redo).expect_code(0);
    run.expect_stderr(&["paying again for 1 video, at 5 credits"]);
    assert_eq!(scenario.accepted(), 3);
    // The marks refer to the first video, not to the second.
    scenario.run_sheet(&redo).expect_code(0);
    assert_eq!(scenario.accepted(), 3, "not paid again");
    // Marks without the video's id apply to videos that are older than the marks.
    scenario.write("by-hand.csv", "job_id,mark\njob-03,rejected\n");
    let redo = ["--redo-rejected", "by-hand.csv", "--only", "job-03"];
    scenario.run_sheet(&redo).expect_code(0);
    scenario.run_sheet(&redo).expect_code(0);
    assert_eq!(scenario.accepted(), 4);
    expect_nothing_paid_twice(&scenario.ledger());

    scenario.write("wrong.csv", "job_id,mark\njob-0l,rejected\n");
    let refused = scenario.run_sheet(&["--redo-rejected", "wrong.csv"]);
    let refused = refused.expect_code(2);
    refused.expect_stderr(&["did you mean `job-01`"]);
}

#[test]
fn a_redo_that_is_killed_is_not_paid_twice() {
    let scenario = Scenario::new(4);
    scenario.run_sheet(&[]).expect_code(0);
    let marks = "job_id,mark\njob-01,rejected\njob-04,rejected\n";
    scenario.write("marks.csv", marks);
    let redo = ["--redo-rejected", "marks.csv"];
    let child = scenario.spawn_sheet(&redo);
    scenario.wait_for_accepted(5);
    kill(child);
    scenario.run_sheet(&redo).expect_code(0);
    assert_eq!(scenario.accepted(), 6);
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn a_watched_status_follows_the_run_and_ends_with_it() {
    let scenario = Scenario::with(2, rendering(2500));
    let mut run = scenario.sheet_command(&[]);
    let mut run = run.stderr(Stdio::null()).spawn().unwrap();
    scenario.wait_for_accepted(1);
    let watch = ["status", "sheet.csv", "--watch"];
    let status = scenario.run(&watch).expect_code(0);
    assert_eq!(wait(&mut run).unwrap().code(), Some(0));
    let first = status.stdout.lines().next().unwrap();
    assert!(first.contains("sheet: 0 of 2 done"), "{first}");
    status.expect_stdout(&["2 jobs: 2 done"]);
    // Without a run it ends at once.
    assert_eq!(scenario.json(&watch)["running"], false);
}

#[test]
fn why_prints_json() {
    let scenario = Scenario::new(1);
    scenario.run_sheet(&[]).expect_code(0);
    let why = scenario.json(&["why", "sheet.csv", "job-01"]);
    assert_eq!(why["job"]["status"], "done");
    assert_eq!(why["events"][0]["event"]["type"], "submit_started");
    assert!(why["next"].is_string());
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_of_every_command() {
    let scenario = Scenario::new(1);
    scenario.run_sheet(&[]).expect_code(0);
    for arguments in [
        "completions bash",
        "man",
        "plan sheet.csv --sandbox",
        "status sheet.csv",
        "status sheet.csv --watch",
        "why sheet.csv job-01",
        "config sheet.csv",
        "personas --sandbox",
        "report sheet.csv",
        "run sheet.csv --sandbox --out other --json",
        "--help",
        "plan --help",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let read_only = std::fs::File::open("/dev/null").unwrap();
        for stdout in [full, read_only] {
            let mut command = scenario.command(&arguments);
            let ended = command.stdin(Stdio::null()).stdout(stdout).output().unwrap();
            let stderr = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {stderr}");
            assert!(stderr.contains("standard output"), "{arguments:?}: {stderr}");
        }
    }
}

#[test]
fn without_utf8_only_the_users_own_texts_are_not_ascii() {
    let folder = Folder::new();
    let text = "Grüße und alles Gute zum neuen Jahr ".repeat(5);
    folder.write("sheet.csv", &format!("id,text,persona,aspect_ratio\na,{text},{PERSONA},1:1\n"));
    let plan = |locale: &str| {
        let mut command = folder.command(&["plan", "sheet.csv", "--sandbox"]);
        output(command.env("LC_ALL", locale).env("LANG", "de_DE.UTF-8")).expect_code(0).stdout
    };
    let ascii = plan("C");
    assert!(ascii.contains("Grüße und") && ascii.contains("...\n"), "{ascii}");
    assert!(ascii.replace(['ü', 'ß'], "").is_ascii(), "{ascii}");
    assert!(plan("").contains("…\n"));

    let mut refused =
        folder.command(&["run", "sheet.csv", "--base-url", "https://x.example/?key=1"]);
    let refused = output(refused.env("LC_ALL", "C")).expect_code(2);
    refused.expect_stderr(&["`https://x.example/?...`"]);
}

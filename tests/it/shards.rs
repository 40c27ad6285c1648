//! A campaign split over several machines.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::process::Child;

use callsheet::model::Shard;
use callsheet::sandbox::{Ledger, SandboxSettings};

use crate::program::{
    FAST, Folder, Scenario, digest, expect_nothing_paid_twice, finish, job_id, kill, output, quick,
    sheet, wait_until,
};

const JOBS: usize = 32;
const SHARDS: u32 = 8;

/// Returns the number of accepted jobs of a shard.
fn accepted(ledger: &Ledger, number: u32) -> usize {
    let count = NonZeroU32::new(SHARDS).unwrap();
    let jobs = ledger.accepted.iter().filter(|job| {
        let id = job_id(job.name.as_deref()).parse().unwrap();
        Shard::of(&id, count).number() == number
    });
    jobs.count()
}

/// Returns the number of rows of the sheet that belong to a shard.
fn rows_of(number: u32) -> usize {
    let shard = Shard::new(number, SHARDS).unwrap();
    let ids = (1..=JOBS).map(|job| format!("job-{job:02}").parse().unwrap());
    ids.filter(|id| shard.holds(id)).count()
}

fn start(scenario: &Scenario, number: u32, further: &[&str]) -> Child {
    let shard = format!("{number}/{SHARDS}");
    let arguments = [&["--shard", shard.as_str(), "--share"], further].concat();
    scenario.spawn_sheet(&arguments)
}

/// Runs a shard until nothing is in doubt.
#[track_caller]
fn run_to_end(scenario: &Scenario, number: u32, further: &[&str]) {
    for _ in 0..3 {
        let output = finish(start(scenario, number, further));
        if output.code != Some(4) {
            output.expect_code(0);
            return;
        }
    }
    panic!("shard {number} does not end");
}

#[test]
fn eight_shards_some_duplicated_some_killed_pay_once_and_merge_into_one_report() {
    let settings = SandboxSettings { render_millis: 600..=900, ..quick() };
    let scenario = Scenario::with(0, settings);
    let mut text = String::from("id,text,persona,aspect_ratio,note,skip\n");
    for row in sheet(JOBS).lines().skip(1) {
        text.extend([row, ",\n"]);
    }
    scenario.write("sheet.csv", &(text + "later,Not yet.,x,1:1,,yes\n"));

    let mut running: HashMap<u32, Child> =
        (1..=SHARDS).map(|number| (number, start(&scenario, number, &[]))).collect();
    // A second run of a shard on the same machine: the folder is locked, or everything is done already.
    wait_until("the first shard", || {
        scenario.exists("sheet-output/shard-1-of-8/.callsheet/lock")
            && accepted(&scenario.ledger(), 1) > 0
    });
    let second = finish(start(&scenario, 1, &[]));
    assert!(matches!(second.code, Some(7 | 0)), "{second:#?}");
    // A machine that fails when all its jobs are paid for, replaced by one without its journal.
    wait_until("all of shard 2", || accepted(&scenario.ledger(), 2) == rows_of(2));
    kill(running.remove(&2).unwrap());
    run_to_end(&scenario, 2, &["--out", "elsewhere"]);
    // Two that are killed and restarted.
    for number in [4, 5] {
        wait_until("a submit", || accepted(&scenario.ledger(), number) > 0);
        kill(running.remove(&number).unwrap());
        run_to_end(&scenario, number, &[]);
    }
    for child in running.into_values() {
        finish(child).expect_code(0);
    }
    // The failed machine returns after its replacement has done the work.
    run_to_end(&scenario, 2, &[]);

    let ledger = scenario.ledger();
    expect_nothing_paid_twice(&ledger);
    assert_eq!(ledger.accepted.len(), JOBS);
    for number in 1..=SHARDS {
        let results = scenario.rows(&format!("sheet-output/shard-{number}-of-8/results.csv"));
        let skipped = usize::from(number == 1);
        assert_eq!(results.len(), rows_of(number) + skipped, "{results:#?}");
    }
    expect_merged_report(&scenario, &ledger);
}

/// Merges the folders and fails the test unless the report lists every paid video, in the order of the sheet.
fn expect_merged_report(folder: &Folder, ledger: &Ledger) {
    let merge = "report --merge sheet-output elsewhere/shard-2-of-8 --out sheet-output";
    let merge: Vec<&str> = merge.split(' ').collect();
    let merged = folder.run(&merge).expect_code(0);
    assert_eq!(merged.stderr, "");
    merged.expect_stdout(&["report.html"]);
    let results = folder.results();
    assert_eq!(results.len(), JOBS + 1);
    assert_eq!(results[JOBS]["status"], "skipped");
    let paid: HashMap<&str, &str> =
        ledger.accepted.iter().map(|job| (job.id.as_str(), job.sha256.as_str())).collect();
    let page = folder.read("sheet-output/report.html");
    for (number, row) in (1..=JOBS).zip(&results) {
        assert_eq!(row["id"], format!("job-{number:02}"));
        assert_eq!(row["note"], format!("note {number}"));
        assert_eq!(row["status"], "done");
        let video = std::fs::read(folder.path("sheet-output").join(&row["file"])).unwrap();
        assert_eq!(digest(&video), paid[row["remote_id"].as_str()], "{row:#?}");
        assert!(page.contains(&row["file"]), "{}", row["file"]);
    }
    let json = folder.read_json("sheet-output/results.json");
    assert_eq!(json["totals"]["done"], JOBS);
    assert!(json["runs"].as_array().unwrap().len() >= 12);
}

#[test]
fn added_rows_do_not_move_others_and_all_commands_select_the_shard() {
    let scenario = Scenario::new(8);
    let shard = ["--shard", "1/2"];
    scenario.run_sheet(&shard).expect_code(0);
    let before = scenario.accepted();
    assert!((1..8).contains(&before));
    scenario.write("sheet.csv", &sheet(16));
    let command = |name: &'static str| [&[name, "sheet.csv"], &shard[..]].concat();
    let plan = scenario.json(&command("plan"));
    let jobs = plan["jobs"].as_array().unwrap().iter();
    let ids: Vec<&str> = jobs.map(|job| job["job_id"].as_str().unwrap()).collect();
    assert!(ids.len() > before && ids.len() < 16, "{ids:?}");
    // `--limit` refers to the whole sheet.
    for shard in ["2/2", "1/2"] {
        let limit = ["--shard", shard, "--limit", "10"];
        scenario.run_sheet(&limit).expect_code(0);
    }
    assert_eq!(scenario.accepted(), 10);
    expect_nothing_paid_twice(&scenario.ledger());

    let status = scenario.json(&command("status"));
    assert_eq!(status["totals"]["skipped"], 0, "{status:#}");
    let mut all = (1..=16).map(|job| format!("job-{job:02}"));
    let other = all.find(|id| !ids.contains(&id.as_str())).unwrap();
    let why = |id| scenario.run(&["why", "sheet.csv", id, "--shard", "1/2"]);
    let refused = why(&other).expect_code(2);
    refused.expect_stderr(&["--shard 2/2"]);
    why(ids[0]).expect_code(0);
    // A job of another shard in `--only` and `--resubmit` is ignored.
    let only = ["--only", &other, "--resubmit", &other, "--shard", "1/2"];
    scenario.run_sheet(&only).expect_code(0);
    assert_eq!(scenario.accepted(), 10);
    scenario.run_online(&command("collect")).expect_code(0);
    scenario.run(&command("report")).expect_code(0);
    // One approval is valid for all shards.
    scenario.run(&["approve", "sheet.csv"]).expect_code(0);
    let approved = ["--shard", "2/2", "--require-approval"];
    scenario.run_sheet(&approved).expect_code(0);
}

#[test]
fn shards_that_share_stay_within_the_total_budget() {
    let scenario = Scenario::new(12);
    for shard in ["1/2", "2/2"] {
        let shared = ["--shard", shard, "--share", "--max-credits", "31"];
        let stopped = scenario.run_sheet(&shared).expect_code(5);
        // The suggested cap is for the whole campaign, as is the option.
        let cap = stopped.stderr.split("`--max-credits ").nth(1).unwrap();
        let cap: f64 = cap.split('`').next().unwrap().parse().unwrap();
        assert!(cap >= 40.0, "{}", stopped.stderr);
    }
    assert_eq!(scenario.accepted(), 6, "15.5 credits each, 5 per video");
    let many = ["--shard", "1/30", "--share"];
    let refused = scenario.run_sheet(&many).expect_code(2);
    refused.expect_stderr(&["`--in-flight 30`"]);
    let alone = scenario.run(&["run", "sheet.csv", "--share"]);
    alone.expect_code(2).expect_stderr(&["--shard"]);
}

#[test]
fn another_number_of_shards_does_not_enlarge_a_shared_cap() {
    let scenario = Scenario::new(24);
    let cap = ["--share", "--max-credits", "40"];
    let run = |shard: &str, further: &[&str]| {
        let run = scenario.run_sheet(&[&["--shard", shard], further].concat()).expect_code(5);
        assert!(scenario.accepted() <= 8, "{shard}: {}", scenario.accepted());
        run
    };
    for shard in ["1/2", "2/2"] {
        run(shard, &cap);
    }
    assert_eq!(scenario.accepted(), 8, "4 by each");
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        run(shard, &cap);
    }
    scenario.run_sheet(&["--max-credits", "40"]).expect_code(5);
    // The cap is kept with the number of shards, also for other numbers.
    for shard in ["1/2", "2/4", "3/3"] {
        let run = run(shard, &[]);
        run.expect_stderr(&["the cap of an earlier run applies"]);
    }
    assert_eq!(scenario.accepted(), 8);
    expect_nothing_paid_twice(&scenario.ledger());
    let status = scenario.json(&["status", "sheet.csv", "--shard", "2/2"]);
    assert_eq!(status["credits"]["max_credits_source"], "earlier_run");
    // A higher one leaves the difference, here for one job of each half.
    for shard in ["1/2", "2/2"] {
        scenario.run_sheet(&["--shard", shard, "--share", "--max-credits", "50"]).expect_code(5);
    }
    assert_eq!(scenario.accepted(), 10);
}

#[test]
fn the_shard_is_read_from_the_scheduler() {
    let scenario = Scenario::new(4);
    for (index, task) in [("0", "1"), ("1", "2")] {
        let mut kubernetes = scenario.sheet_command(&["--shard", "auto/2", "--out", "kubernetes"]);
        output(kubernetes.env("JOB_COMPLETION_INDEX", index)).expect_code(0);
        let mut slurm = scenario.sheet_command(&["--out", "slurm"]);
        slurm
            .env("CALLSHEET_SHARD", "auto")
            .env("SLURM_ARRAY_TASK_ID", task)
            .env("SLURM_ARRAY_TASK_MIN", "1")
            .env("SLURM_ARRAY_TASK_COUNT", "2");
        output(&mut slurm).expect_code(0);
    }
    assert_eq!(scenario.accepted(), 4, "the second adopts the first's jobs");
    for out in ["kubernetes", "slurm"] {
        scenario.run(&["report", "--merge", out]).expect_code(0);
        let results = scenario.rows(&format!("{out}/results.csv"));
        assert!(results.iter().all(|row| row["status"] == "done"));
        assert_eq!(results.len(), 4);
    }
}

#[test]
fn folders_of_different_campaigns_are_not_merged() {
    let scenario = Scenario::new(4);
    let half = ["--shard", "1/2"];
    scenario.run_sheet(&half).expect_code(0);
    let merge = |arguments: &[&str]| scenario.run(&[&["report", "--merge"], arguments].concat());
    let incomplete = merge(&["sheet-output"]).expect_code(0);
    incomplete.expect_stderr(&["no folder is of shard 2/2"]);

    scenario.write("other.csv", &sheet(2));
    let other = [&["run", "other.csv"], &FAST[..]].concat();
    scenario.run_online(&other).expect_code(0);
    for (arguments, problem) in [
        (&["sheet-output", "other-output"][..], "--out DIR"),
        (&["sheet-output", "other-output", "--out", "all"], "campaign `other`"),
        (&["sheet-output", "--out", "other-output"], "campaign of its own"),
        (&["nowhere", "--out", "all"], "no journal"),
    ] {
        let refused = merge(arguments).expect_code(2);
        refused.expect_stderr(&[problem]);
    }
    assert!(!scenario.exists("all"));
    let without_merge = ["report", "sheet.csv", "other-output"];
    scenario.run(&without_merge).expect_code(2);
}

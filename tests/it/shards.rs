//! One campaign on many machines.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::process::Child;

use callsheet::model::Shard;
use callsheet::sandbox::{Ledger, SandboxSettings};

use crate::program::{
    FAST, Folder, Provider, campaign, digest, expect_nothing_paid_twice, finish, quick, rows,
    sheet, wait_until,
};

const SHARDS: u32 = 8;

/// How many of the jobs of a shard were accepted.
fn accepted(ledger: &Ledger, number: u32) -> usize {
    let count = NonZeroU32::new(SHARDS).unwrap();
    let jobs = ledger.accepted.iter().filter(|job| {
        let id = job.name.as_deref().unwrap().split(' ').next().unwrap();
        Shard::of(&id.parse().unwrap(), count).number() == number
    });
    jobs.count()
}

/// How many jobs of a sheet of `jobs` rows a shard has.
fn held(jobs: usize, number: u32) -> usize {
    let shard = Shard::new(number, SHARDS).unwrap();
    let ids = (1..=jobs).map(|job| format!("job-{job:02}").parse().unwrap());
    ids.filter(|id| shard.holds(id)).count()
}

fn start(folder: &Folder, provider: &Provider, shard: &str, further: &[&str]) -> Child {
    let arguments = [&["--shard", shard, "--share"], further].concat();
    let arguments = campaign("run", provider, &arguments);
    folder.command(&arguments).spawn().unwrap()
}

#[test]
fn eight_shards_some_doubled_some_killed_pay_once_for_each_job_and_make_one_report() {
    const JOBS: usize = 32;
    let provider = Provider::with(SandboxSettings {
        render_millis: 600..=900,
        ..quick()
    });
    let folder = Folder::with_sheet(JOBS);
    let skipped = "id,text,persona,aspect_ratio,note,skip\n";
    let text = sheet(JOBS)
        .lines()
        .skip(1)
        .fold(skipped.to_owned(), |text, row| text + row + ",\n");
    folder.write("sheet.csv", &(text + "later,Not yet.,x,1:1,,yes\n"));
    let number = |shard: u32| format!("{shard}/{SHARDS}");
    let again = |shard: u32, further: &[&str]| {
        for _ in 0..3 {
            let answer = finish(start(&folder, &provider, &number(shard), further));
            if answer.code != Some(4) {
                answer.expect_code(0);
                return;
            }
        }
        panic!("shard {shard} does not end");
    };

    let mut running: HashMap<u32, Child> = (1..=SHARDS)
        .map(|shard| (shard, start(&folder, &provider, &number(shard), &[])))
        .collect();
    // Doubled on one machine: the folder is taken, or all is done already where the machine is slow.
    let lock = folder.path("sheet-output/shard-1-of-8/.callsheet/lock");
    wait_until("the first shard", || {
        lock.exists() && accepted(&provider.ledger(), 1) > 0
    });
    let twin = finish(start(&folder, &provider, "1/8", &[]));
    assert!(matches!(twin.code, Some(7 | 0)), "{twin:#?}");
    // A machine that dies with all its jobs paid for, and another that begins from nothing.
    wait_until("all of shard 2", || {
        accepted(&provider.ledger(), 2) == held(JOBS, 2)
    });
    let mut dead = running.remove(&2).unwrap();
    dead.kill().unwrap();
    finish(dead);
    again(2, &["--out", "elsewhere"]);
    // Two that are killed in the middle and go on where they were.
    for shard in [4, 5] {
        wait_until("a submit", || accepted(&provider.ledger(), shard) > 0);
        let mut killed = running.remove(&shard).unwrap();
        killed.kill().unwrap();
        finish(killed);
        again(shard, &[]);
    }
    for child in running.into_values() {
        finish(child).expect_code(0);
    }
    // The dead machine comes back: its twin has done the work.
    again(2, &[]);

    let ledger = provider.ledger();
    expect_nothing_paid_twice(&ledger);
    assert_eq!(ledger.accepted.len(), JOBS);
    for shard in 1..=SHARDS {
        let name = format!("sheet-output/shard-{shard}-of-8/results.csv");
        let results = rows(&folder.read(&name));
        let skipped = usize::from(shard == 1);
        assert_eq!(
            results.len(),
            held(JOBS, shard) + skipped,
            "only its own: {results:#?}"
        );
    }

    expect_one_report(&folder, &ledger);
}

/// Merges the folders, and fails the test unless every paid video is in the report, found from it, in the sheet's
/// order.
fn expect_one_report(folder: &Folder, ledger: &Ledger) {
    let jobs = ledger.accepted.len();
    let merged = folder
        .run(&[
            "report",
            "--merge",
            "sheet-output",
            "elsewhere/shard-2-of-8",
            "--out",
            "sheet-output",
        ])
        .expect_code(0);
    assert!(merged.stdout.contains("report.html"), "{}", merged.stdout);
    assert_eq!(merged.stderr, "");
    let results = rows(&folder.read("sheet-output/results.csv"));
    let done: Vec<&str> = results
        .iter()
        .filter(|row| row["status"] == "done")
        .map(|row| row["id"].as_str())
        .collect();
    let all: Vec<String> = (1..=jobs).map(|job| format!("job-{job:02}")).collect();
    assert_eq!(done, all, "in the sheet's order");
    assert_eq!(results.last().unwrap()["status"], "skipped");
    assert_eq!(results.len(), jobs + 1);
    let paid: HashMap<&str, &str> = ledger
        .accepted
        .iter()
        .map(|job| (job.id.as_str(), job.sha256.as_str()))
        .collect();
    let page = folder.read("sheet-output/report.html");
    for row in &results[..jobs] {
        let video = std::fs::read(folder.path("sheet-output").join(&row["file"])).unwrap();
        assert_eq!(digest(&video), paid[row["remote_id"].as_str()], "{row:#?}");
        assert!(page.contains(&row["file"]), "{}", row["file"]);
        assert_eq!(
            row["note"],
            row["id"].replace("job-0", "note ").replace("job-", "note ")
        );
    }
    let json: serde_json::Value =
        serde_json::from_str(&folder.read("sheet-output/results.json")).unwrap();
    assert_eq!(json["totals"]["done"], jobs);
    assert!(json["runs"].as_array().unwrap().len() >= 12);
}

#[test]
fn rows_that_are_added_change_no_shard_and_every_command_knows_its_own() {
    let (folder, provider) = (Folder::with_sheet(8), Provider::new());
    let url = provider.base_url();
    let shard = ["--shard", "1/2"];
    folder.campaign(&provider, &shard).expect_code(0);
    let before = provider.ledger().accepted.len();
    assert!((1..8).contains(&before));
    folder.write("sheet.csv", &sheet(16));
    let plan = folder
        .run(&["plan", "sheet.csv", "--shard", "1/2", "--json"])
        .expect_code(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let ids: Vec<&str> = plan["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["job_id"].as_str().unwrap())
        .collect();
    assert!(ids.len() > before && ids.len() < 16, "{ids:?}");
    // What the sheet says of the first ten is meant of the whole sheet.
    folder
        .campaign(&provider, &["--shard", "2/2", "--limit", "10"])
        .expect_code(0);
    folder
        .campaign(&provider, &["--shard", "1/2", "--limit", "10"])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 10);
    expect_nothing_paid_twice(&provider.ledger());

    let status = folder
        .run(&["status", "sheet.csv", "--shard", "1/2", "--json"])
        .expect_code(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["totals"]["skipped"], 0, "{status:#}");
    let other = (1..=16)
        .map(|job| format!("job-{job:02}"))
        .find(|id| !ids.contains(&id.as_str()));
    let other = other.unwrap();
    let why = folder
        .run(&["why", "sheet.csv", &other, "--shard", "1/2"])
        .expect_code(2);
    assert!(why.stderr.contains("--shard 2/2"), "{}", why.stderr);
    folder
        .run(&["why", "sheet.csv", ids[0], "--shard", "1/2"])
        .expect_code(0);
    // What is named for all shards is nothing to those that do not have it.
    let only = [
        "--only",
        other.as_str(),
        "--resubmit",
        other.as_str(),
        "--shard",
        "1/2",
    ];
    folder.campaign(&provider, &only).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 10);
    folder
        .run(&["collect", "sheet.csv", "--shard", "1/2", "--base-url", url])
        .expect_code(0);
    folder
        .run(&["report", "sheet.csv", "--shard", "1/2"])
        .expect_code(0);
    // One approval is for all of them.
    folder.run(&["approve", "sheet.csv"]).expect_code(0);
    let arguments = ["--shard", "2/2", "--require-approval"];
    folder.campaign(&provider, &arguments).expect_code(0);
}

#[test]
fn shards_that_share_keep_to_the_whole_budget() {
    let (folder, provider) = (Folder::with_sheet(12), Provider::new());
    for shard in ["1/2", "2/2"] {
        let shared = ["--shard", shard, "--share", "--max-credits", "31"];
        let answer = folder.campaign(&provider, &shared).expect_code(5);
        // What would be enough is said of the whole, as the option means it.
        let enough = answer.stderr.split("`--max-credits ").nth(1).unwrap();
        let enough: f64 = enough.split('`').next().unwrap().parse().unwrap();
        assert!(enough >= 40.0, "{}", answer.stderr);
    }
    assert_eq!(
        provider.ledger().accepted.len(),
        6,
        "15.5 credits each, at 5 a video"
    );
    let many = ["--shard", "1/30", "--share"];
    let refused = folder.campaign(&provider, &many).expect_code(2);
    assert!(
        refused.stderr.contains("`--in-flight 30`"),
        "{}",
        refused.stderr
    );
    let alone = folder.run(&["run", "sheet.csv", "--share"]).expect_code(2);
    assert!(alone.stderr.contains("--shard"), "{}", alone.stderr);
}

#[test]
fn schedulers_say_which_shard_it_is() {
    let (folder, provider) = (Folder::with_sheet(4), Provider::new());
    for (index, task) in [("0", "1"), ("1", "2")] {
        let arguments = campaign(
            "run",
            &provider,
            &["--shard", "auto/2", "--out", "kubernetes"],
        );
        let mut command = folder.command(&arguments);
        finish(command.env("JOB_COMPLETION_INDEX", index).spawn().unwrap()).expect_code(0);
        let mut command = folder.command(&campaign("run", &provider, &["--out", "slurm"]));
        command
            .env("CALLSHEET_SHARD", "auto")
            .env("SLURM_ARRAY_TASK_ID", task)
            .env("SLURM_ARRAY_TASK_MIN", "1")
            .env("SLURM_ARRAY_TASK_COUNT", "2");
        finish(command.spawn().unwrap()).expect_code(0);
    }
    assert_eq!(
        provider.ledger().accepted.len(),
        4,
        "what one scheduler has paid for, the other finds"
    );
    for out in ["kubernetes", "slurm"] {
        folder.run(&["report", "--merge", out]).expect_code(0);
        let results = rows(&folder.read(&format!("{out}/results.csv")));
        assert!(results.iter().all(|row| row["status"] == "done"));
        assert_eq!(results.len(), 4);
    }
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let (folder, provider) = (Folder::with_sheet(4), Provider::new());
    folder
        .campaign(&provider, &["--shard", "1/2"])
        .expect_code(0);
    let merge = |arguments: &[&str]| folder.run(&[&["report", "--merge"], arguments].concat());
    // One is missing, which is said.
    let merged = merge(&["sheet-output"]).expect_code(0);
    assert!(
        merged.stderr.contains("no folder is of shard 2/2"),
        "{}",
        merged.stderr
    );

    folder.write("other.csv", &sheet(2));
    let other = ["run", "other.csv", "--base-url", provider.base_url()];
    folder.run(&[&other[..], &FAST].concat()).expect_code(0);
    for (arguments, words) in [
        (&["sheet-output", "other-output"][..], "--out DIR"),
        (
            &["sheet-output", "other-output", "--out", "all"],
            "campaign `other`",
        ),
        (
            &["sheet-output", "--out", "other-output"],
            "campaign of its own",
        ),
        (&["nowhere", "--out", "all"], "no journal"),
    ] {
        let refused = merge(arguments).expect_code(2);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert!(!folder.path("all").exists());
    folder
        .run(&["report", "sheet.csv", "other-output"])
        .expect_code(2);
}

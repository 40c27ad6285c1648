//! Unattended nightly runs: a campaign for each day, separate submit and collect, and the examples for cron and
//! systemd.

use std::fs;
use std::process::Command;

use callsheet::sandbox::RequestKind;

use crate::program::{
    FAST, Folder, PERSONA, Provider, Scenario, expect_nothing_paid_twice, repository, skip,
};

fn nightly_folder() -> Folder {
    let folder = Folder::new();
    let manifest = format!(
        "campaign: \"nightly-{{{{ date }}}}\"\njobs:\n  - id: hello\n    text: Hello.\n    \
         persona: {PERSONA}\n    aspect_ratio: [\"9:16\", \"1:1\"]\n"
    );
    folder.write("nightly.yaml", &manifest);
    folder
}

#[test]
fn a_campaign_with_a_date_submits_once_a_day() {
    let (folder, provider) = (nightly_folder(), Provider::new());
    let run = |command: &str, further: &[&str]| {
        let named = [command, "nightly.yaml", "--base-url", provider.base_url()];
        let limits: &[&str] = if command == "run" { &FAST } else { &FAST[2..8] };
        folder.run(&[&named[..], limits, further].concat())
    };
    let accepted = || provider.ledger().accepted.len();
    let first = ["--date", "2026-11-24"];
    run("run", &first).expect_code(0);
    run("run", &first).expect_code(0);
    assert_eq!(accepted(), 2, "the same campaign on the same day");
    let second = ["--date", "2026-11-25", "--submit-only"];
    run("run", &second)
        .expect_code(8)
        // `collect` runs after midnight.
        .expect_stderr(&["--date 2026-11-25"])
        .expect_not_in_stderr(&["paid for already"]);
    run("collect", &second[..2]).expect_code(0);
    assert_eq!(accepted(), 4);
    expect_nothing_paid_twice(&provider.ledger());
    for day in ["2026-11-24", "2026-11-25"] {
        for video in ["hello-9x16", "hello-1x1"] {
            let path = format!("nightly-output/{day}/videos/{video}.mp4");
            assert!(folder.exists(&path), "{path}");
        }
    }
    // What earlier days have left is found, and fetched with `--all-dates`.
    for day in ["2026-11-26", "2026-11-27"] {
        let submits = ["--date", day, "--submit-only"];
        let nightly = run("run", &submits).expect_code(8);
        if day == "2026-11-27" {
            nightly.expect_stderr(&[
                "2 jobs of `2026-11-26` may be paid for",
                "collect nightly.yaml --date 2026-11-26",
            ]);
        }
    }
    let later = ["--date", "2026-11-28"];
    let found = run("collect", &later);
    assert!([Some(5), Some(8)].contains(&found.code), "{found:?}");
    found.expect_stderr(&["4 jobs of `2026-11-26` and `2026-11-27`", "--all-dates"]);
    run("collect", &["--date", "2026-11-27", "--all-dates"]).expect_code(0);
    for day in ["2026-11-26", "2026-11-27"] {
        assert!(folder.exists(&format!("nightly-output/{day}/videos/hello-9x16.mp4")), "{day}");
    }
    assert_eq!(accepted(), 8);
    // A day without a run.
    let idle = folder.run(&["status", "nightly.yaml", "--date", "2026-11-29"]);
    let idle = idle.expect_code(0);
    idle.expect_stdout(&["nightly-2026-11-29"]);
    let out = ["--date", "2026-11-24", "--out", "elsewhere"];
    run("run", &out).expect_code(0);
    assert!(folder.exists("elsewhere/2026-11-24/results.csv"));
    assert_eq!(accepted(), 8);
    let german = ["plan", "nightly.yaml", "--date", "24.11.2026"];
    folder.run(&german).expect_code(2);
}

#[test]
fn a_run_without_work_prints_at_most_three_lines() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    let requests = || {
        let mut requests = scenario.ledger().requests;
        requests.remove(&RequestKind::Catalogue);
        requests
    };
    let before = requests();
    let idle =
        scenario.run_sheet(&[]).expect_code(0).expect_stderr(&["2 of 2 done", "nothing to do"]);
    assert!(idle.stderr.lines().count() <= 3, "{}", idle.stderr);
    let quiet = scenario.run_sheet(&["--quiet", "--progress", "none"]);
    let quiet = quiet.expect_code(0);
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
    assert_eq!(requests(), before, "no requests for jobs or files");
}

#[cfg(unix)]
#[test]
fn the_scripts_pass_shellcheck_and_print_errors_only() {
    use crate::program::output;
    let script = repository().join("examples/cron/nightly.sh");
    let slurm = repository().join("examples/slurm/shards.sh");
    match Command::new("shellcheck").args([&script, &slurm]).output() {
        Ok(output) => assert!(output.status.success(), "{output:#?}"),
        Err(_) => skip("part of a test, no `shellcheck`"),
    }
    let (folder, provider) = (nightly_folder(), Provider::new());
    folder.write("credentials.env", "CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\n");
    folder.set_mode("credentials.env", 0o600);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_callsheet"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let run = |task: &str| {
        let mut command = Command::new("sh");
        command.args([script.as_path(), task.as_ref()]);
        command.current_dir(folder.path("")).env_clear();
        command
            .env("PATH", &path)
            .env("CALLSHEET_HOME", folder.path(""))
            .env("CREATIFY_BASE_URL", provider.base_url())
            .env("CALLSHEET_SUBMIT_RATE", "50/s")
            .env("CALLSHEET_POLL_RATE", "50/s")
            .env("CALLSHEET_POLL_INTERVAL", "50ms")
            .env("CALLSHEET_SETTLE", "200ms");
        output(&mut command)
    };
    for task in ["submit", "collect", "submit"] {
        let answer = run(task).expect_code(0);
        assert_eq!((&*answer.stdout, &*answer.stderr), ("", ""), "{task}");
    }
    assert_eq!(provider.ledger().accepted.len(), 2);
    folder.write("nightly.yaml", "jobs: [\n");
    let failed = run("submit").expect_code(2);
    failed.expect_stdout(&["callsheet ended with 2"]);
}

#[test]
fn systemd_accepts_the_units() {
    let folder = Folder::new();
    let units = ["callsheet-nightly.service", "callsheet-nightly.timer"];
    for unit in units {
        let path = repository().join("examples/systemd").join(unit);
        let text = fs::read_to_string(path).unwrap();
        // The program may not be installed.
        let program = env!("CARGO_BIN_EXE_callsheet");
        folder.write(unit, &text.replace("/usr/local/bin/callsheet", program));
    }
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no"]).args(units);
    let Ok(output) = command.current_dir(folder.path("")).output() else {
        return skip("no `systemd-analyze`");
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Other units of this machine may have faults.
    let lines = stderr.lines().filter(|line| line.contains("callsheet"));
    let ours: Vec<&str> = lines.collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn metrics_are_written_by_every_run_and_keep_the_last_success() {
    let scenario = Scenario::new(2);
    let path = scenario.path("callsheet.prom");
    let metrics = || {
        let text = fs::read_to_string(&path).unwrap();
        move |name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with(name));
            lines.next().and_then(|line| line.rsplit_once(' ')).map(|(_, value)| value.to_owned())
        }
    };
    let run = |code| scenario.run_sheet(&["--metrics", path.to_str().unwrap()]).expect_code(code);
    run(0);
    let first = metrics();
    assert_eq!(first("callsheet_run_success").as_deref(), Some("1"));
    assert_eq!(first("callsheet_jobs{manifest=\"sheet.csv\",state=\"done\"").as_deref(), Some("2"));
    assert!(first("callsheet_run_requests{").unwrap().parse::<u64>().unwrap() >= 2);
    let success = "callsheet_run_last_success_timestamp_seconds";
    assert!(first(success).is_some());
    scenario.replace("sheet.csv", "16:9", "9:99");
    run(2);
    let second = metrics();
    assert_eq!(second("callsheet_run_exit_code").as_deref(), Some("2"));
    assert_eq!(second(success), first(success));
}

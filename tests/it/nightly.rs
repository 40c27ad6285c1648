//! Unattended, every night: campaigns of each day, splitting submit and collect, the units to copy.

use std::process::Command;

#[cfg(unix)]
use crate::program::finish;
use crate::program::{FAST, Folder, PERSONA, Provider, expect_nothing_paid_twice, repository};

fn skip(words: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes()).unwrap();
}

fn dated() -> Folder {
    let folder = Folder::new();
    let manifest = format!(
        "campaign: \"nightly-{{{{ date }}}}\"\njobs:\n  - id: hello\n    text: Hello.\n    persona: {PERSONA}\n    aspect_ratio: [\"9:16\", \"1:1\"]\n"
    );
    folder.write("nightly.yaml", &manifest);
    folder
}

#[test]
fn a_campaign_with_a_date_makes_fresh_videos_each_day_and_once_a_day() {
    let (folder, provider) = (dated(), Provider::new());
    let run = |command: &str, further: &[&str]| {
        let named = [command, "nightly.yaml", "--base-url", provider.base_url()];
        let limits = if command == "run" {
            &FAST[..]
        } else {
            &FAST[2..8]
        };
        folder.run(&[&named[..], limits, further].concat())
    };
    let first = ["--date", "2026-11-24"];
    run("run", &first).expect_code(0);
    run("run", &first).expect_code(0);
    assert_eq!(
        provider.ledger().accepted.len(),
        2,
        "the same day, the same campaign"
    );
    // The next night, of which the renders are left to the morning after.
    let second = ["--date", "2026-11-25", "--submit-only"];
    let left = run("run", &second);
    assert!(matches!(left.code, Some(8)), "{left:#?}");
    assert!(
        left.stderr.contains("--date 2026-11-25"),
        "after midnight it is still that day: {}",
        left.stderr
    );
    assert!(!left.stderr.contains("paid for already"), "{}", left.stderr);
    run("collect", &second[..2]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 4);
    expect_nothing_paid_twice(&provider.ledger());
    for day in ["2026-11-24", "2026-11-25"] {
        for video in ["hello-9x16", "hello-1x1"] {
            let path = format!("nightly-output/{day}/videos/{video}.mp4");
            assert!(folder.path(&path).exists(), "{path}");
        }
    }
    // Nothing was submitted on a day without a run.
    let idle = folder
        .run(&["status", "nightly.yaml", "--date", "2026-11-26"])
        .expect_code(0);
    assert!(
        idle.stdout.contains("nightly-2026-11-26"),
        "{}",
        idle.stdout
    );
    let out = ["--date", "2026-11-24", "--out", "elsewhere"];
    run("run", &out).expect_code(0);
    assert!(folder.path("elsewhere/2026-11-24/results.csv").exists());
    assert_eq!(provider.ledger().accepted.len(), 4);
    folder
        .run(&["plan", "nightly.yaml", "--date", "24.11.2026"])
        .expect_code(2);
}

#[test]
fn a_night_without_work_says_next_to_nothing() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    let requests = provider.ledger().requests.len();
    let idle = folder.campaign(&provider, &[]).expect_code(0);
    assert!(idle.stderr.contains("2 of 2 done"), "{}", idle.stderr);
    assert!(idle.stderr.contains("nothing to do"), "{}", idle.stderr);
    assert!(idle.stderr.lines().count() <= 3, "{}", idle.stderr);
    let silent = folder
        .campaign(&provider, &["--quiet", "--progress", "none"])
        .expect_code(0);
    assert_eq!((silent.stdout.as_str(), silent.stderr.as_str()), ("", ""));
    assert_eq!(
        provider.ledger().requests.len(),
        requests,
        "nobody was asked"
    );
}

#[cfg(unix)]
#[test]
fn the_scripts_are_good_shell_and_tell_of_trouble_alone() {
    let script = repository().join("examples/cron/nightly.sh");
    let slurm = repository().join("examples/slurm/shards.sh");
    match Command::new("shellcheck").args([&script, &slurm]).output() {
        Ok(output) => assert!(output.status.success(), "{output:#?}"),
        Err(_) => skip("skipped in part: there is no `shellcheck`\n"),
    }
    let (folder, provider) = (dated(), Provider::new());
    folder.write("credentials.env", "CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\n");
    private(&folder, "credentials.env");
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_callsheet"));
    let path = format!("{}:/usr/bin:/bin", bin.parent().unwrap().display());
    let run = |what: &str| {
        let mut command = folder.command(&[]);
        let given = command
            .get_envs()
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>();
        let mut script = Command::new("sh");
        script.arg(script_path()).arg(what).env_clear();
        for name in given {
            command.env_remove(name);
        }
        script
            .env("PATH", &path)
            .env("CALLSHEET_HOME", folder.path(""))
            .env("CREATIFY_BASE_URL", provider.base_url())
            .env("CALLSHEET_SUBMIT_RATE", "50/s")
            .env("CALLSHEET_POLL_RATE", "50/s")
            .env("CALLSHEET_POLL_INTERVAL", "50ms")
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        finish(script.spawn().unwrap())
    };
    for what in ["submit", "collect", "submit"] {
        let answer = run(what).expect_code(
            if what == "submit" && provider.ledger().accepted.is_empty() {
                8
            } else {
                0
            },
        );
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.as_str()),
            ("", ""),
            "{what}"
        );
    }
    assert_eq!(provider.ledger().accepted.len(), 2);
    folder.write("nightly.yaml", "jobs: [\n");
    let trouble = run("submit").expect_code(2);
    assert!(
        trouble.stdout.contains("callsheet ended with 2"),
        "{}",
        trouble.stdout
    );
}

#[cfg(unix)]
fn script_path() -> std::path::PathBuf {
    repository().join("examples/cron/nightly.sh")
}

#[cfg(unix)]
fn private(folder: &Folder, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.path(name), mode).unwrap();
}

#[test]
fn systemd_accepts_the_units() {
    let folder = Folder::new();
    for unit in ["callsheet-nightly.service", "callsheet-nightly.timer"] {
        let text =
            std::fs::read_to_string(repository().join("examples/systemd").join(unit)).unwrap();
        // The program need not be installed here.
        folder.write(
            unit,
            &text.replace("/usr/local/bin/callsheet", env!("CARGO_BIN_EXE_callsheet")),
        );
    }
    let mut command = Command::new("systemd-analyze");
    command.args([
        "verify",
        "--man=no",
        "callsheet-nightly.service",
        "callsheet-nightly.timer",
    ]);
    let Ok(output) = command.current_dir(folder.path("")).output() else {
        skip("skipped: there is no `systemd-analyze`\n");
        return;
    };
    let told = String::from_utf8_lossy(&output.stderr);
    // Units of this machine may have faults of their own.
    let ours: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("callsheet"))
        .collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

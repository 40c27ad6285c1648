//! Ctrl-C, SIGTERM and SIGHUP.

use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use callsheet::sandbox::{FaultTrigger, Faults, ResponseFault, SandboxSettings};

use crate::program::{Folder, Scenario, finish, kill, quick, rendering, signal, wait, wait_until};
#[cfg(target_os = "linux")]
use crate::program::{ask_in_terminal, executed_by, skip};

fn slow_renders() -> SandboxSettings {
    SandboxSettings { render_millis: 1000..=1500, ..quick() }
}

#[test]
fn the_first_interrupt_waits_for_answers_and_the_last_line_resumes() {
    for name in ["INT", "TERM"] {
        let scenario = Scenario::with(30, slow_renders());
        let child = scenario.spawn_sheet(&["--submit-rate", "20/s"]);
        scenario.wait_for_accepted(3);
        signal(&child, name);
        let stopped = finish(child).expect_code(130).expect_stderr(&[
            "without submitting anything: `callsheet collect",
            // The credits of these jobs.
            " promised",
        ]);
        assert!(scenario.accepted() < 30);
        let last = stopped.stderr.lines().last().unwrap();
        assert!(last.contains("callsheet run sheet.csv"), "{last}");
        assert!(last.contains(scenario.base_url()), "{last}");
        let is_in_doubt = |row: &crate::program::Row| row["status"] == "in_doubt";
        assert!(!scenario.results().iter().any(is_in_doubt));
        scenario.run_sheet(&[]).expect_code(0);
        scenario.expect_paid_once(30);
    }
}

#[test]
fn the_second_interrupt_exits_at_once_and_the_unanswered_submit_is_found_later() {
    let hang = FaultTrigger::ordinals([3]).amount(60_000);
    let faults =
        Faults { create_accepted: [(ResponseFault::Hang, hang)].into(), ..Faults::default() };
    let scenario = Scenario::with_faults(5, faults);
    let mut child = scenario.spawn_sheet(&[]);
    let log = LogReader::new(&mut child);
    scenario.wait_for_accepted(3);
    signal(&child, "INT");
    log.wait_for("Ctrl-C again");
    signal(&child, "INT");
    assert_eq!(exit_code(child), Some(130));
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(5);
}

#[test]
fn a_request_that_a_run_is_sending_is_submitting_and_in_doubt_only_after_a_crash() {
    let hang = FaultTrigger::ordinals([2]).amount(60_000);
    let faults =
        Faults { create_accepted: [(ResponseFault::Hang, hang)].into(), ..Faults::default() };
    let scenario = Scenario::with_faults(2, faults);
    let child = scenario.spawn_sheet(&["--submit-rate", "20/s"]);
    scenario.wait_for_accepted(2);
    let status = scenario.json(&["status", "sheet.csv", "--json"]);
    assert_eq!(
        (&status["totals"]["submitting"], &status["totals"]["in_doubt"]),
        (&1.into(), &0.into())
    );
    assert!(!status["hints"].to_string().contains("doubt"), "{status}");
    let planned = || {
        let plan = scenario.json(&["plan", "sheet.csv", "--json"]);
        let jobs = plan["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(planned().iter().any(|state| state == "submitting"), "{:?}", planned());
    let report = scenario.json(&["report", "sheet.csv", "--json"]);
    let jobs = report["jobs"].as_array().unwrap();
    let is_submitting = |job: &&serde_json::Value| job["status"] == "submitting";
    let job = jobs.iter().find(is_submitting).unwrap()["job_id"].as_str().unwrap();
    assert!(scenario.read("sheet-output/report.html").contains("\"status\":\"submitting\""));
    let why = scenario.run(&["why", "sheet.csv", job]).expect_code(0).stdout;
    assert!(why.starts_with(&format!("{job}: submitting (")), "{why}");
    assert!(!why.contains("doubt") && !why.contains("pay again"), "{why}");
    kill(child);
    let status = scenario.json(&["status", "sheet.csv", "--json"]);
    assert_eq!(
        (&status["totals"]["submitting"], &status["totals"]["in_doubt"]),
        (&0.into(), &1.into())
    );
    assert!(planned().iter().any(|state| state == "in_doubt"), "{:?}", planned());
}

#[test]
fn an_interrupt_says_what_the_program_waits_for() {
    let faults = Faults {
        create_accepted: [(ResponseFault::Hang, FaultTrigger::always().amount(1500))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(2, faults);
    let child = scenario.spawn_sheet(&[]);
    scenario.wait_for_accepted(1);
    signal(&child, "INT");
    finish(child).expect_code(130).expect_stderr(&["waiting for the response", "Ctrl-C again"]);
}

/// `nohup` ignores SIGHUP before it executes the program.
#[cfg(target_os = "linux")]
#[test]
fn an_ignored_hangup_does_not_end_the_run() {
    let scenario = Scenario::with(10, slow_renders());
    let run = scenario.sheet_command(&["--submit-rate", "20/s"]);
    let script = ["-c", "trap '' HUP; exec \"$0\" \"$@\""];
    let child = executed_by("sh", &script, &run).spawn().unwrap();
    scenario.wait_for_accepted(3);
    signal(&child, "HUP");
    finish(child).expect_code(0);
    assert_eq!(scenario.accepted(), 10);
}

#[cfg(target_os = "linux")]
#[test]
fn a_hangup_ends_the_run() {
    let scenario = Scenario::with(30, slow_renders());
    let child = scenario.spawn_sheet(&["--submit-rate", "20/s"]);
    scenario.wait_for_accepted(3);
    signal(&child, "HUP");
    finish(child).expect_code(130);
}

/// Reads the standard error of a running program.
struct LogReader(Arc<Mutex<String>>);

impl LogReader {
    fn new(child: &mut Child) -> Self {
        let mut stream = child.stderr.take().unwrap();
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]);
                shared.lock().unwrap().push_str(&text);
            }
        });
        Self(text)
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait_for(&self, part: &str) {
        wait_until(part, || self.text().contains(part));
    }
}

/// Waits for the end of a program.
fn exit_code(mut child: Child) -> Option<i32> {
    wait(&mut child).and_then(|status| status.code())
}

#[test]
fn a_run_that_waits_for_the_lock_can_be_interrupted_and_the_other_continues() {
    // Longer than the test takes.
    let scenario = Scenario::with(3, rendering(120_000));
    let mut first = scenario.spawn_sheet(&[]);
    scenario.wait_for_accepted(3);
    let further = "--lock-wait 10m --out sheet-output --limit 2";
    let further: Vec<&str> = further.split(' ').collect();
    let mut second = scenario.spawn_sheet(&further);
    let log = LogReader::new(&mut second);
    log.wait_for("waiting for it to end");
    signal(&second, "TERM");
    assert_eq!(exit_code(second), Some(130));
    log.wait_for("nothing was spent");
    log.wait_for("--lock-wait 10m");
    assert_eq!(
        log.text().lines().last().unwrap(),
        format!(
            "callsheet run sheet.csv --out sheet-output --base-url {} --limit 2 --submit-rate 50/s \
             --in-flight 20 --poll-rate 50/s --poll-interval 50ms --settle 200ms --lock-wait 10m",
            scenario.base_url()
        )
    );
    assert_eq!(first.try_wait().unwrap(), None, "the first run continues");
    signal(&first, "INT");
    finish(first).expect_code(130);
    assert_eq!(scenario.accepted(), 3);
}

#[test]
fn a_run_that_waits_for_the_catalogue_can_be_interrupted() {
    let folder = Folder::new();
    folder.write("sheet.csv", "text,persona,ratio\nHello,Anna,9:16\n");
    for (command, name) in [("run", "INT"), ("collect", "TERM"), ("run", "HUP")] {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", silent.local_addr().unwrap());
        let mut child =
            folder.command(&[command, "sheet.csv", "--base-url", &address]).spawn().unwrap();
        // The request arrives and is never answered.
        let request = silent.accept().unwrap();
        signal(&child, name);
        let log = LogReader::new(&mut child);
        assert_eq!(exit_code(child), Some(130));
        log.wait_for(&format!("--base-url {address}\n"));
        assert_eq!(
            log.text(),
            format!(
                "interrupted before anything was submitted; nothing was spent\n\nto resume this run:\n\
                 callsheet {command} sheet.csv --base-url {address}\n"
            )
        );
        assert!(!folder.exists("sheet-output"));
        drop(request);
    }
}

#[test]
fn a_run_that_reads_a_sheet_without_end_can_be_interrupted() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["run", "-", "--sandbox"])
        .stdin(Stdio::piped())
        .env("CALLSHEET_NOTIFY", "http://127.0.0.1:9/")
        .spawn()
        .unwrap();
    let mut sheet = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // More than a pipe holds: once it is written, the program is reading.
        let rows = b"text,persona,ratio\n".repeat(1 << 14);
        sheet.write_all(&rows).unwrap();
        sheet
    });
    wait_until("the sheet to be read", || writer.is_finished());
    signal(&child, "INT");
    let log = LogReader::new(&mut child);
    assert_eq!(exit_code(child), Some(130));
    log.wait_for("callsheet run - --sandbox\n");
    drop(writer.join().unwrap());
}

/// The test types Ctrl-C.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_at_the_confirmation_spends_nothing() {
    let scenario = Scenario::new(2);
    let run = scenario.sheet_command(&["--confirm-above", "0"]);
    let Some((child, mut keys, mut screen, text)) = ask_in_terminal(&run) else {
        return skip("no `script`");
    };
    keys.write_all(b"\x03").unwrap();
    assert_eq!(exit_code(child), Some(130), "{text}");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("nothing was spent"), "{text}{rest}");
    let last = rest.trim_end().lines().last().unwrap();
    assert!(last.starts_with("callsheet run sheet.csv"), "{text}{rest}");
    assert!(last.contains("--confirm-above 0"), "{text}{rest}");
    assert_eq!(scenario.accepted(), 0);
    drop(keys);
    // The lock and the journal do not block the next run.
    scenario.run_sheet(&["--yes"]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
}

/// As process 1 of a container, the program is not ended by a signal that it does not handle.
#[test]
fn signals_end_commands_that_wait_for_their_manifest() {
    for arguments in [
        ["run", "-", "--sandbox", "--out", "o"].as_slice(),
        &["plan", "-"],
        &["approve", "-"],
        &["report", "-", "--out", "o"],
        &["status", "-", "--out", "o"],
    ] {
        for name in ["INT", "TERM"] {
            let folder = Folder::new();
            let mut child = folder.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
            let input = child.stdin.take();
            #[cfg(target_os = "linux")]
            wait_until("the signal is handled", || handles_interrupts(&child));
            signal(&child, name);
            assert_eq!(exit_code(child), Some(130), "{arguments:?} {name}");
            drop(input);
        }
    }
}

/// Whether the process has a handler for SIGTERM.
#[cfg(target_os = "linux")]
fn handles_interrupts(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << 14) != 0
}

/// A log driver that blocks, or a frozen terminal.
#[cfg(unix)]
#[test]
fn an_unread_standard_error_neither_stops_the_run_nor_its_signals() {
    let scenario = Scenario::with(150, quick());
    let (unread, stderr) = std::io::pipe().unwrap();
    let mut run = scenario.sheet_command(&["--log-format", "json", "--submit-rate", "1000/s"]);
    let mut child = run.stderr(stderr).spawn().unwrap();
    drop(run);
    assert_eq!(wait(&mut child).unwrap().code(), Some(0));
    scenario.expect_paid_once(150);
    drop(unread);
}

/// A pager that was left open.
#[cfg(target_os = "linux")]
#[test]
fn signals_end_commands_whose_output_nobody_reads() {
    use std::io::Write as _;
    let scenario = Scenario::new(1);
    scenario.run_sheet(&[]).expect_code(0);
    for arguments in [
        "plan sheet.csv --sandbox",
        "status sheet.csv",
        "man",
        "config sheet.csv",
        "run --help",
        "--version",
    ] {
        for name in ["TERM", "INT"] {
            let arguments: Vec<&str> = arguments.split(' ').collect();
            let (unread, mut stdout) = std::io::pipe().unwrap();
            // The size of a pipe.
            stdout.write_all(&vec![b'x'; 64 << 10]).unwrap();
            let mut command = scenario.command(&arguments);
            let child = command.stdout(stdout).spawn().unwrap();
            drop(command);
            wait_until("the signals are handled", || handles_interrupts(&child));
            signal(&child, name);
            assert_eq!(exit_code(child), Some(130), "{arguments:?} {name}");
            drop(unread);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn signals_end_the_command_that_prints_the_keys_with_all_it_has_started() {
    for (arguments, name) in
        [(&["personas"][..], "TERM"), (&["personas"], "INT"), (&["run", "sheet.csv"], "TERM")]
    {
        let folder = Folder::with_sheet(1);
        let mut command = folder.command(arguments);
        command.env_remove("CREATIFY_API_ID").env_remove("CREATIFY_API_KEY");
        command.env(
            "CALLSHEET_CREDENTIALS_COMMAND",
            "sleep 600 & echo $! > pid.new; mv pid.new pid; wait; true",
        );
        let child = command.spawn().unwrap();
        wait_until("the command runs", || folder.exists("pid"));
        signal(&child, name);
        assert_eq!(exit_code(child), Some(130), "{arguments:?} {name}");
        let process = format!("/proc/{}/stat", folder.read("pid").trim());
        let is_gone = || {
            let state = std::fs::read_to_string(&process);
            state.map_or(true, |state| state.contains(") Z "))
        };
        wait_until("what it has started has ended", is_gone);
    }
}

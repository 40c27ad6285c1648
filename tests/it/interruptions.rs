//! Ctrl-C, SIGTERM and SIGHUP.

use std::io::Read as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use callsheet::sandbox::{AnswerFault, Faults, SandboxSettings, When};

use crate::program::{
    Folder, Provider, campaign, expect_nothing_paid_twice, finish, quick, signal, wait_until,
};

#[test]
fn the_first_interrupt_leaves_cleanly_and_the_last_line_resumes() {
    for name in ["INT", "TERM"] {
        let provider = Provider::with(SandboxSettings {
            render_millis: 1000..=1500,
            ..quick()
        });
        let folder = Folder::with_sheet(30);
        let child = folder
            .command(&campaign("run", &provider, &["--submit-rate", "20/s"]))
            .spawn()
            .unwrap();
        wait_until("some submits", || provider.ledger().accepted.len() >= 3);
        signal(&child, name);
        let answer = finish(child).expect_code(130);
        let accepted = provider.ledger().accepted.len();
        assert!(accepted < 30);
        let last = answer.stderr.lines().last().unwrap();
        assert!(
            last.contains("callsheet run sheet.csv") && last.contains(provider.base_url()),
            "{}",
            answer.stderr
        );
        let says = &answer.stderr;
        assert!(
            says.contains("at the provider; `callsheet collect"),
            "{says}"
        );
        assert!(says.contains(" promised"), "what they cost: {says}");
        let results = folder.read("sheet-output/results.csv");
        assert!(!results.contains("in_doubt"), "every answer was waited for");
        folder.campaign(&provider, &[]).expect_code(0);
        let ledger = provider.ledger();
        assert_eq!(ledger.accepted.len(), 30);
        expect_nothing_paid_twice(&ledger);
        folder.expect_every_paid_video(&ledger);
    }
}

#[test]
fn the_second_interrupt_leaves_at_once_and_what_was_in_the_air_is_found_again() {
    let faults = Faults {
        create_accepted: [(AnswerFault::Hang, When::ordinals([3]).amount(60_000))].into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(5);
    let child = folder
        .command(&campaign("run", &provider, &[]))
        .spawn()
        .unwrap();
    wait_until("the submit that hangs", || {
        provider.ledger().accepted.len() >= 3
    });
    signal(&child, "INT");
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(&child, "INT");
    finish(child).expect_code(130);
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 5);
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
}

/// What `nohup` does before it becomes the program it is given.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_was_ignored_when_the_program_started_does_not_end_the_run() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 1000..=1500,
        ..quick()
    });
    let folder = Folder::with_sheet(10);
    let run = folder.command(&campaign("run", &provider, &["--submit-rate", "20/s"]));
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(run.get_current_dir().unwrap())
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = shell.spawn().unwrap();
    wait_until("some submits", || provider.ledger().accepted.len() >= 3);
    signal(&child, "HUP");
    finish(child).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 10);
    // With all else as before, it is listened for where it was not ignored.
    let folder = Folder::with_sheet(30);
    let child = folder
        .command(&campaign("run", &provider, &["--submit-rate", "20/s"]))
        .spawn()
        .unwrap();
    wait_until("more submits", || provider.ledger().accepted.len() >= 13);
    signal(&child, "HUP");
    finish(child).expect_code(130);
}

/// What a program says on standard error while it goes on.
struct LogLine {
    told: Arc<Mutex<String>>,
}

impl LogLine {
    /// Takes over the standard error of `child`.
    fn of(child: &mut Child) -> Self {
        let mut stream = child.stderr.take().unwrap();
        let told = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]);
                kept.lock().unwrap().push_str(&text);
            }
        });
        Self { told }
    }

    fn text(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        wait_until(words, || self.text().contains(words));
    }
}

/// Waits for the exit code.
fn code(mut child: Child) -> Option<i32> {
    let mut code = None;
    wait_until("the program to end", || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    code.unwrap().code()
}

#[test]
fn a_run_that_waits_for_another_is_interrupted_and_leaves_the_other_alone() {
    let provider = Provider::with(SandboxSettings {
        // Longer than anything here takes.
        render_millis: 120_000..=120_000,
        ..quick()
    });
    let folder = Folder::with_sheet(3);
    let mut first = folder
        .command(&campaign("run", &provider, &[]))
        .spawn()
        .unwrap();
    wait_until("the first run to be under way", || {
        provider.ledger().accepted.len() == 3
    });
    let further = [
        "--lock-wait",
        "10m",
        "--out",
        "sheet-output",
        "--limit",
        "2",
    ];
    let mut second = folder
        .command(&campaign("run", &provider, &further))
        .spawn()
        .unwrap();
    let telling = LogLine::of(&mut second);
    telling.wait_for("waiting for it to end");
    signal(&second, "TERM");
    assert_eq!(code(second), Some(130));
    telling.wait_for("nothing was spent");
    telling.wait_for("--lock-wait 10m");
    let text = telling.text();
    assert_eq!(
        text.lines().last().unwrap(),
        format!(
            "callsheet run sheet.csv --out sheet-output --base-url {} --limit 2 --submit-rate 50/s \
             --in-flight 20 --poll-rate 50/s --poll-interval 50ms --settle 200ms --lock-wait 10m",
            provider.base_url()
        )
    );
    assert_eq!(first.try_wait().unwrap(), None, "the first goes on");
    signal(&first, "INT");
    finish(first).expect_code(130);
    assert_eq!(provider.ledger().accepted.len(), 3);
}

#[test]
fn a_run_whose_names_nobody_answers_for_is_interrupted_with_nothing_done() {
    let folder = Folder::new();
    folder.write("sheet.csv", "text,persona,ratio\nHello,Anna,9:16\n");
    for (command, kind) in [("run", "INT"), ("collect", "TERM"), ("run", "HUP")] {
        let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", deaf.local_addr().unwrap());
        let mut child = folder
            .command(&[command, "sheet.csv", "--base-url", &address])
            .spawn()
            .unwrap();
        // It is asked, and does not answer.
        let asking = deaf.accept().unwrap();
        signal(&child, kind);
        let telling = LogLine::of(&mut child);
        assert_eq!(code(child), Some(130));
        telling.wait_for(&format!("--base-url {address}\n"));
        assert_eq!(
            telling.text(),
            format!(
                "interrupted before anything was submitted; nothing was spent\n\nto go on where this \
                 run stopped:\ncallsheet {command} sheet.csv --base-url {address}\n"
            )
        );
        assert!(!folder.path("sheet-output").exists());
        drop(asking);
    }
}

#[test]
fn a_sheet_that_never_ends_can_be_interrupted() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["run", "-", "--sandbox"])
        .stdin(Stdio::piped())
        .env("CALLSHEET_NOTIFY", "http://127.0.0.1:9/")
        .spawn()
        .unwrap();
    // Nothing tells when it has begun to read; before that it listens already, or dies as it would anywhere.
    let mut sheet = child.stdin.take().unwrap();
    let filling = std::thread::spawn(move || {
        // More than a pipe holds, so that the end of writing shows that it is being read.
        let row = b"text,persona,ratio\n".repeat(1 << 14);
        std::io::Write::write_all(&mut sheet, &row).unwrap();
        sheet
    });
    wait_until("the sheet to be read", || filling.is_finished());
    signal(&child, "INT");
    let telling = LogLine::of(&mut child);
    assert_eq!(code(child), Some(130));
    telling.wait_for("callsheet run - --sandbox\n");
    drop(filling.join().unwrap());
}

/// `script` of util-linux gives the program a terminal of its own; Ctrl-C is typed into it.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_at_the_question_spends_nothing() {
    let provider = Provider::new();
    let folder = Folder::with_sheet(2);
    let arguments = campaign("run", &provider, &["--confirm-above", "0"]);
    let run = folder.command(&arguments);
    let words: Vec<String> = std::iter::once(run.get_program())
        .chain(run.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = std::process::Command::new("script");
    script
        .args(["-q", "-e", "-c", &words.join(" "), "/dev/null"])
        .current_dir(run.get_current_dir().unwrap())
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // What the program says on its terminal comes out of the standard output of `script`.
        .stderr(Stdio::piped());
    let Ok(mut child) = script.spawn() else {
        let words = b"skipped: there is no `script`\n";
        std::io::Write::write_all(&mut std::io::stderr(), words).unwrap();
        return;
    };
    let mut keys = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("[y/N]") {
        let count = screen.read(&mut bytes).unwrap();
        assert!(count > 0, "it ended without a question: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    std::io::Write::write_all(&mut keys, b"\x03").unwrap();
    assert_eq!(code(child), Some(130), "{text}");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("nothing was spent"), "{text}{rest}");
    let last = rest.trim_end().lines().last().unwrap();
    assert!(last.starts_with("callsheet run sheet.csv"), "{text}{rest}");
    assert!(last.contains("--confirm-above 0"), "{text}{rest}");
    assert!(provider.ledger().accepted.is_empty());
    drop(keys);
    // Neither its lock nor its journal is in the way of the next run.
    folder.campaign(&provider, &["--yes"]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 2);
}

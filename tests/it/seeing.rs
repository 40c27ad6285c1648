//! What a campaign shows: files for spreadsheets and build servers, logs, messages, marks that come back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use callsheet::sandbox::SandboxSettings;

use crate::program::{
    Folder, KEYS, Provider, campaign, contains, expect_nothing_paid_twice, finish, quick, rows,
    signal, wait_until,
};

/// A message that arrived.
#[derive(Debug)]
struct Message {
    line: String,
    head: String,
    body: String,
}

/// An address to write to, and what was written.
struct Hook {
    address: String,
    messages: Receiver<Message>,
}

impl Hook {
    fn new(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut line, mut head, mut length) = (String::new(), String::new(), 0);
                reader.read_line(&mut line).unwrap();
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    if header.trim().is_empty() {
                        break;
                    }
                    let header = header.to_lowercase();
                    if let Some(value) = header.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    head.push_str(&header);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
                let message = Message {
                    line: line.trim().to_owned(),
                    head,
                    body: String::from_utf8(body).unwrap(),
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { address, messages }
    }

    fn lines(&self) -> Vec<String> {
        self.messages
            .try_iter()
            .map(|message| message.line)
            .collect()
    }
}

/// `jobs` rows, of which the second fails at the provider.
fn with_a_failure(jobs: usize) -> Folder {
    let folder = Folder::with_sheet(jobs);
    let sheet = folder.read("sheet.csv");
    folder.write("sheet.csv", &sheet.replace("number 2,", "number 2 [fail],"));
    folder
}

#[test]
fn every_run_leaves_a_log_and_files_for_spreadsheets_and_build_servers() {
    let (folder, provider) = (with_a_failure(3), Provider::new());
    let wishes = ["--excel", "--xlsx", "--junit", "reports/junit.xml", "-q"];
    folder.campaign(&provider, &wishes).expect_code(3);
    let results = std::fs::read(folder.path("sheet-output/results.csv")).unwrap();
    assert!(results.starts_with(b"\xef\xbb\xbf"));
    let junit = folder.read("reports/junit.xml");
    assert!(junit.contains("tests=\"3\" failures=\"1\""), "{junit}");
    folder.campaign(&provider, &[]).expect_code(3);
    let logs: Vec<_> = std::fs::read_dir(folder.path("sheet-output/.callsheet/logs"))
        .unwrap()
        .map(|log| log.unwrap().path())
        .collect();
    assert_eq!(logs.len(), 2, "one for each run");
    let text: String = logs
        .iter()
        .map(|log| std::fs::read_to_string(log).unwrap())
        .collect();
    assert!(
        text.contains("failed     job-02") && text.contains("sending    job-01"),
        "{text}"
    );
    for key in KEYS {
        assert!(!contains(text.as_bytes(), key));
    }
}

#[test]
fn a_log_that_cannot_be_written_fails_nothing() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    folder.write("sheet-output/.callsheet/logs", "in the way");
    folder.campaign(&provider, &[]).expect_code(0);
}

#[test]
fn results_come_back_as_a_manifest_and_only_failed_jobs_are_paid_again() {
    let (folder, provider) = (with_a_failure(3), Provider::new());
    folder.campaign(&provider, &["--xlsx"]).expect_code(3);
    let workbook = "sheet-output/results.xlsx";
    let plan = folder.run(&["plan", workbook, "--only-failed", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.expect_code(0).stdout).unwrap();
    assert_eq!(plan["campaign"], "sheet", "the campaign it came from");
    let jobs = plan["jobs"].as_array().unwrap();
    let will_submit: Vec<_> = jobs.iter().map(|job| &job["will_submit"]).collect();
    assert_eq!(will_submit, [false, true, false], "{plan:#}");
    let results = "sheet-output/results.csv";
    let mended = folder.read(results).replace(" [fail]", "");
    folder.write(results, &mended);
    let address = ["--base-url", provider.base_url()];
    let again = [
        &["run", results, "--only-failed"],
        &address[..],
        &crate::program::FAST[..],
    ]
    .concat();
    let plan = folder
        .run(&["plan", results, "--only-failed", "--json"])
        .expect_code(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["campaign"], "sheet", "the campaign it came from");
    folder.run(&again).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 4, "one more");
    assert!(!folder.path("sheet-output/results-output").exists());
    let rows = rows(&folder.read(results));
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["status"] == "done"), "{rows:?}");
    folder.run(&again).expect_code(0);
    assert_eq!(
        provider.ledger().accepted.len(),
        4,
        "nothing has failed any more"
    );
    expect_nothing_paid_twice(&provider.ledger());
}

#[test]
fn only_failed_needs_a_record_of_failures() {
    let folder = Folder::with_sheet(1);
    let refused = folder
        .run(&["plan", "sheet.csv", "--only-failed"])
        .expect_code(2);
    assert!(refused.stderr.contains("no journal"), "{}", refused.stderr);
}

#[test]
fn marks_choose_what_is_made_and_rejected_videos_are_paid_again_once() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    folder.write(
        "approved.csv",
        "job_id,mark,comment\njob-01,approved,\njob-03,approved,yes\n",
    );
    let narrow = ["--only-approved", "approved.csv"];
    folder.campaign(&provider, &narrow).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 2);

    let of = |id: &str| {
        rows(&folder.read("sheet-output/results.csv"))
            .into_iter()
            .find(|row| row["job_id"] == id)
            .unwrap()["remote_id"]
            .clone()
    };
    let marks = format!(
        "job_id,mark,comment,remote_id\njob-01,rejected,\"too, loud\",{}\njob-03,approved,,\n",
        of("job-01")
    );
    folder.write("marks.csv", &marks);
    let redo = ["--redo-rejected", "marks.csv", "--only", "job-01,job-03"];
    let plan = folder
        .run(&[
            "plan",
            "sheet.csv",
            "--redo-rejected",
            "marks.csv",
            "--only",
            "job-01,job-03",
            "--json",
        ])
        .expect_code(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["credits"]["to_do_high"], 5, "{plan:#}");
    let told = folder.campaign(&provider, &redo).expect_code(0);
    assert!(
        told.stderr
            .contains("paying again for 1 video, at 5 credits"),
        "{}",
        told.stderr
    );
    assert_eq!(provider.ledger().accepted.len(), 3);
    // The marks are about the first video, not about the second.
    folder.campaign(&provider, &redo).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 3, "not paid again");
    // Marks made by hand, without the video's id, count for videos that were there before them.
    folder.write("by-hand.csv", "job_id,mark\njob-03,rejected\n");
    let redo = ["--redo-rejected", "by-hand.csv", "--only", "job-03"];
    folder.campaign(&provider, &redo).expect_code(0);
    folder.campaign(&provider, &redo).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 4);
    expect_nothing_paid_twice(&provider.ledger());

    folder.write("wrong.csv", "job_id,mark\njob-0l,rejected\n");
    let wrong = folder
        .campaign(&provider, &["--redo-rejected", "wrong.csv"])
        .expect_code(2);
    assert!(
        wrong.stderr.contains("did you mean `job-01`"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_redo_that_is_killed_is_not_paid_twice() {
    let (folder, provider) = (Folder::with_sheet(4), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    folder.write(
        "marks.csv",
        "job_id,mark\njob-01,rejected\njob-04,rejected\n",
    );
    let redo = campaign("run", &provider, &["--redo-rejected", "marks.csv"]);
    let mut child = folder.command(&redo).spawn().unwrap();
    wait_until("a second submit", || provider.ledger().accepted.len() > 4);
    child.kill().unwrap();
    child.wait().unwrap();
    folder.run(&redo).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 6);
    expect_nothing_paid_twice(&provider.ledger());
}

#[test]
fn a_channel_and_a_switch_are_told_and_their_addresses_stay_secret() {
    let (folder, provider, hook) = (with_a_failure(2), Provider::new(), Hook::new("200 OK"));
    let chat = format!("{}/hooks/secret-chat", hook.address);
    let switch = format!("{}/secret-switch", hook.address);
    let wishes = ["--notify", chat.as_str(), "--ping", &switch, "-v"];
    let answer = folder.campaign(&provider, &wishes).expect_code(3);
    let messages: Vec<Message> = hook.messages.try_iter().collect();
    let lines: Vec<&str> = messages
        .iter()
        .map(|message| message.line.as_str())
        .collect();
    assert_eq!(lines[0], "GET /secret-switch/start HTTP/1.1", "{lines:?}");
    assert!(
        lines.contains(&"GET /secret-switch/fail HTTP/1.1"),
        "{lines:?}"
    );
    let post = messages
        .iter()
        .find(|message| message.line.starts_with("POST"))
        .unwrap();
    assert_eq!(post.line, "POST /hooks/secret-chat HTTP/1.1");
    let body: serde_json::Value = serde_json::from_str(&post.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .starts_with("sheet: 1 of 2 done, 1 failed"),
        "{body}"
    );
    for message in &messages {
        for key in KEYS {
            assert!(!message.head.contains(key) && !message.body.contains(key));
        }
    }
    assert!(!answer.stderr.contains("secret-") && !answer.stdout.contains("secret-"));
    for (path, content) in folder.everything() {
        assert!(!contains(&content, "secret-"), "{}", path.display());
    }

    // From the environment, and all is well.
    let further = ["--only", "job-01", "--resubmit", "job-02"];
    let mut command = folder.command(&campaign("run", &provider, &further));
    command
        .env("CALLSHEET_NOTIFY", format!("{}/secret-hook", hook.address))
        .env("CALLSHEET_PING", &switch);
    finish(command.spawn().unwrap()).code.unwrap();
    let lines = hook.lines();
    assert!(
        lines.contains(&"POST /secret-hook HTTP/1.1".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn trouble_is_told_before_the_run_is_over_and_to_programs_as_json() {
    let faults = r#"{"create_refused": {"payment_required": {"ordinals": [2]}}}"#;
    let provider = Provider::with(SandboxSettings {
        faults: serde_json::from_str(faults).unwrap(),
        render_millis: 1500..=1500,
        ..quick()
    });
    let (folder, hook) = (Folder::with_sheet(2), Hook::new("204 No Content"));
    let address = format!("{}/webhook", hook.address);
    folder
        .campaign(&provider, &["--notify", &address])
        .expect_code(5);
    let events: Vec<serde_json::Value> = hook
        .messages
        .try_iter()
        .map(|message| serde_json::from_str(&message.body).unwrap())
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["trouble", "ended"]);
    assert_eq!(events[0]["stopped"], "out_of_credits");
    assert_eq!(
        (&events[1]["exit_code"], &events[1]["totals"]["done"]),
        (&5.into(), &1.into())
    );
}

#[test]
fn who_cannot_be_told_fails_nothing_and_a_wrong_address_is_refused_unseen() {
    let (folder, provider, hook) = (Folder::with_sheet(1), Provider::new(), Hook::new("500 Oh"));
    let address = format!("{}/secret-hook", hook.address);
    let answer = folder
        .campaign(&provider, &["--notify", &address])
        .expect_code(0);
    assert!(
        answer
            .stderr
            .contains("warning: a message was not delivered"),
        "{}",
        answer.stderr
    );
    assert!(!answer.stderr.contains("secret-hook"));
    let wrong = folder
        .campaign(&provider, &["--ping", "ftp://secret-hook"])
        .expect_code(2);
    assert!(
        wrong.stderr.contains("`--ping`") && !wrong.stderr.contains("secret"),
        "{}",
        wrong.stderr
    );
    // A run that cannot even begin is what a dead-man's switch is for.
    let hook = Hook::new("200 OK");
    folder.write("sheet.csv", "nonsense\n");
    folder
        .campaign(&provider, &["--ping", &hook.address])
        .expect_code(2);
    assert_eq!(hook.lines(), ["GET /fail HTTP/1.1"]);
}

#[test]
fn a_status_that_is_watched_follows_the_run_and_ends_with_it() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 2500..=2500,
        ..quick()
    });
    let folder = Folder::with_sheet(2);
    let arguments = campaign("run", &provider, &[]);
    let run = folder
        .command(&arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("a submit", || !provider.ledger().accepted.is_empty());
    let watch = folder
        .run(&["status", "sheet.csv", "--watch"])
        .expect_code(0);
    assert_eq!(finish_quietly(run), Some(0));
    let first = watch.stdout.lines().next().unwrap();
    assert!(first.contains("sheet: 0 of 2 done"), "{}", watch.stdout);
    assert!(watch.stdout.contains("2 jobs: 2 done"), "{}", watch.stdout);
    // Nothing goes on: it says so and ends.
    let json = folder
        .run(&["status", "sheet.csv", "--watch", "--json"])
        .expect_code(0);
    let status: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(status["running"], false);
}

fn finish_quietly(mut child: std::process::Child) -> Option<i32> {
    child.wait().unwrap().code()
}

#[test]
fn a_job_has_its_story_for_programs_too() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    let why = folder
        .run(&["why", "sheet.csv", "job-01", "--json"])
        .expect_code(0);
    let why: serde_json::Value = serde_json::from_str(&why.stdout).unwrap();
    assert_eq!(why["job"]["status"], "done");
    assert_eq!(why["events"][0]["event"]["type"], "submit_started");
    assert!(why["next"].is_string());
}

#[test]
fn an_interrupt_is_answered_with_what_is_waited_for() {
    let faults = r#"{"create_accepted": {"hang": {"amount": 1500}}}"#;
    let provider = Provider::with(SandboxSettings {
        faults: serde_json::from_str(faults).unwrap(),
        ..quick()
    });
    let folder = Folder::with_sheet(2);
    let arguments = campaign("run", &provider, &[]);
    let child = folder.command(&arguments).spawn().unwrap();
    wait_until("a submit", || !provider.ledger().accepted.is_empty());
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    let answer = finish(child).expect_code(130);
    assert!(
        answer.stderr.contains("waiting for the answer") && answer.stderr.contains("Ctrl-C again"),
        "{}",
        answer.stderr
    );
}

//! Commands that spend nothing (`plan`, `status`, `why`, `report`), and what all commands print.

use serde_json::Value;

use crate::program::{Folder, KEYS, Scenario, sheet};

#[test]
fn plan_needs_no_provider_and_writes_nothing() {
    let folder = Folder::with_sheet(4);
    let plan = folder.run(&["plan", "sheet.csv"]).expect_code(0);
    plan.expect_stdout(&["job-01", "job-04", "new"]);
    let json = folder.json(&["plan", "sheet.csv"]);
    assert_eq!(json["jobs"].as_array().unwrap().len(), 4);
    assert!(!folder.exists("sheet-output"));
}

#[test]
fn plan_shows_done_changed_new_and_removed_rows() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&[]).expect_code(0);
    let edited = sheet(4).replace("number 1,", "number one,");
    let lines = edited.lines().filter(|line| !line.starts_with("job-02"));
    let lines: Vec<&str> = lines.collect();
    scenario.write("sheet.csv", &lines.join("\n"));
    let plan = scenario.run(&["plan", "sheet.csv"]).expect_code(0).stdout;
    for (job, state) in
        [("job-01", "changed"), ("job-02", "gone"), ("job-03", "done"), ("job-04", "new")]
    {
        let line = plan.lines().find(|line| line.starts_with(job));
        assert!(line.is_some_and(|line| line.contains(state)), "{plan}");
    }
    plan.lines().find(|line| line.starts_with("1 video is outdated")).unwrap();
    for (option, accepted, code) in
        [(&[][..], 4, 9), (&[][..], 4, 9), (&["--redo-changed"], 5, 0), (&["--redo-changed"], 5, 0)]
    {
        let run = scenario.run_sheet(option).expect_code(code);
        assert_eq!(scenario.accepted(), accepted);
        let is_outdated = code == 9;
        assert_eq!(run.stderr.contains("1 video is outdated:\n  job-01  line 2"), is_outdated);
        assert!(!run.stderr.contains("nothing to do") || !is_outdated, "{run:?}");
        let results = scenario.read("sheet-output/results.csv");
        let row = results.lines().nth(1).unwrap();
        assert_eq!(row.ends_with(",yes"), is_outdated, "{row}");
        let json: Value =
            serde_json::from_str(&scenario.read("sheet-output/results.json")).unwrap();
        assert_eq!(json["jobs"][0]["outdated"], is_outdated);
        assert_eq!(json["totals"]["outdated"], usize::from(is_outdated));
    }
}

#[test]
fn an_outdated_video_is_shown_until_the_old_text_is_back() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    // A column of the user does not touch the video.
    let own = sheet(2).replace('\n', ",mine\n");
    scenario.write("sheet.csv", own.trim_end_matches(",mine\n"));
    scenario.run_sheet(&[]).expect_code(0).expect_stderr(&["nothing to do"]);
    scenario.write("sheet.csv", &sheet(2).replace("number 2", "number two"));
    scenario.run_sheet(&["-q"]).expect_code(9).expect_stderr(&["1 outdated"]);
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&["2 done, 1 outdated", "job-02  line 3  the row was edited"]);
    let why = scenario.run(&["why", "sheet.csv", "job-02"]).expect_code(0);
    why.expect_stdout(&["job-02: done, outdated", "--redo-changed"]);
    let page = scenario.read("sheet-output/report.html");
    assert!(page.contains("done, outdated") && page.contains(r#""outdated":true"#), "{page}");
    scenario.write("sheet.csv", &sheet(2));
    scenario.run_sheet(&[]).expect_code(0).expect_stderr(&["nothing to do"]);
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn status_why_and_report_need_only_the_journal() {
    let mut scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.provider.stop();
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&["2 done"]);
    assert!(scenario.json(&["status", "sheet.csv"]).is_object());
    let why = |job| scenario.run(&["why", "sheet.csv", job]);
    why("job-02").expect_code(0).expect_stdout(&["job-02"]);
    why("job-03").expect_code(2).expect_stderr(&["did you mean"]);

    let results = scenario.read("sheet-output/results.csv");
    for file in ["results.csv", "results.json", "report.html"] {
        scenario.remove(&format!("sheet-output/{file}"));
    }
    let report = ["report", "sheet.csv"];
    scenario.run(&report).expect_code(0);
    assert_eq!(scenario.read("sheet-output/results.csv"), results);
    assert!(scenario.exists("sheet-output/report.html"));
    let elsewhere = [&report[..], &["--out", "elsewhere"]].concat();
    scenario.run(&elsewhere).expect_code(2);
}

#[test]
fn the_json_summary_is_the_only_output_on_stdout() {
    let scenario = Scenario::new(2);
    let run = scenario.run_sheet(&["--json", "--log-format", "json"]);
    let run = run.expect_code(0);
    assert!(run.json().is_object());
    for event in json_lines(&run.stderr) {
        assert_eq!(event["version"], 1, "{event}");
    }
}

fn json_lines(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn help_completions_and_manual_are_printed() {
    let folder = Folder::new();
    folder.run(&["run", "--help"]).expect_code(0).expect_stdout(&[
        "--max-credits",
        "--resubmit",
        "--sandbox",
        "--lock-wait",
    ]);
    let help = folder.run(&["run", "--help"]).stdout;
    assert!(!KEYS.iter().any(|key| help.contains(key)));
    folder.run(&["--version"]).expect_code(0);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = folder.run(&["completions", shell]).expect_code(0);
        script.expect_stdout(&["callsheet"]);
    }
    let manual = folder.run(&["man"]).expect_code(0);
    manual.expect_stdout(&[".TH"]);
}

#[test]
fn wrong_usage_is_answered_with_the_right_command() {
    let folder = Folder::with_sheet(1);
    for (arguments, hint) in [
        (
            &["my sheet.csv"][..],
            "`callsheet plan 'my sheet.csv'` shows what it would make and cost",
        ),
        (&["run", "sheet.csv", "--dry-run"], "hint: `callsheet plan sheet.csv`"),
        (&["personas", "anna"], "hint: `callsheet personas --search anna`"),
        (&["personas", "--gender", "xx"], "one of f, m, nb"),
        (&["voices", "--gender", "nb"], "one of f, m"),
    ] {
        let refused = folder.run(arguments).expect_code(2);
        refused.expect_stderr(&[hint]);
    }
    let misspelt = folder.run(&["rnu", "sheet.csv"]).expect_code(2);
    misspelt.expect_not_in_stderr(&["would make"]);
}

#[test]
fn resubmit_of_a_finished_job_does_nothing_and_says_so() {
    let scenario = Scenario::new(2);
    let again = ["--resubmit", "job-01"];
    let first = scenario.run_sheet(&again).expect_code(0);
    first.expect_not_in_stderr(&["is done, so"]);
    // The command that submitted the job can be repeated.
    let note =
        "note: job `job-01` is done, so `--resubmit job-01` does nothing; `callsheet run sheet.csv";
    let second = scenario.run_sheet(&again).expect_code(0);
    second.expect_stderr(&[note, "--fresh --only job-01` makes a new version"]);
    assert_eq!(scenario.accepted(), 2);
    let plan = ["plan", "sheet.csv", "--resubmit", "job-01"];
    let plan = scenario.run(&plan).expect_code(0);
    plan.expect_stderr(&[note]);
    let fresh = ["--fresh", "--only", "job-01", "--resubmit", "job-01"];
    let fresh = scenario.run_sheet(&fresh).expect_code(0);
    fresh.expect_not_in_stderr(&["does nothing"]);
    assert_eq!(scenario.accepted(), 3);
    scenario.replace("sheet.csv", "number 2,", "number two,");
    let edited = scenario.run_sheet(&["--resubmit", "job-02"]);
    let edited = edited.expect_code(9);
    edited.expect_stderr(&["--redo-changed --only job-02` makes"]);
    assert_eq!(scenario.accepted(), 3);
}

#[test]
fn every_command_accepts_the_options_that_select_a_campaign() {
    let scenario = Scenario::new(2);
    let address = scenario.base_url();
    scenario.run_sheet(&["--limit", "1"]).expect_code(0);
    for options in [&["--base-url", address][..], &["--sandbox"][..]] {
        for command in ["plan", "status", "report", "approve", "why", "collect"] {
            let job: &[&str] = if command == "why" { &["job-02"] } else { &[] };
            let arguments = [&[command, "sheet.csv"], options, job].concat();
            // In the sandbox, there is nothing to report yet.
            let code = if command == "report" && options == ["--sandbox"] { 2 } else { 0 };
            scenario.run(&arguments).expect_code(code);
        }
    }
    let status = scenario.run_online(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&[&format!("`callsheet run sheet.csv --base-url {address}`")]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_write_to_stdout_is_an_error() {
    let scenario = Scenario::new(1);
    let run = |mut command: std::process::Command, stdout: std::process::Stdio| {
        let mut child = command.stdout(stdout).spawn().unwrap();
        let stderr = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
        (child.wait().unwrap().code(), stderr)
    };
    let full = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).open("/dev/full").unwrap().into()
    };
    let closed_pipe = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer.into()
    };
    let campaign = || scenario.sheet_command(&["--json"]);
    let (code, stderr) = run(campaign(), full());
    assert_eq!(code, Some(1), "{stderr}");
    let message = "could not be written to standard output";
    assert!(stderr.contains(message), "{stderr}");
    assert_eq!(run(campaign(), closed_pipe()).0, Some(1));
    // The output of a read-only command may be cut short by its reader, as by `head`.
    let plan = || scenario.command(&["plan", "sheet.csv", "--json"]);
    assert_eq!(run(plan(), closed_pipe()), (Some(0), String::new()));
    let (code, stderr) = run(plan(), full());
    assert_eq!(code, Some(1));
    let message = "cannot write to standard output";
    assert!(stderr.contains(message), "{stderr}");
}

#[test]
fn notes_and_errors_before_a_run_are_json_too() {
    let scenario = Scenario::new(2);
    let json = ["--log-format", "json"];
    scenario.run_sheet(&json).expect_code(0);
    // A row without its id, and with another text, is another job.
    scenario.replace("sheet.csv", "job-02,\"Hello", ",\"Good day");
    let run = scenario.run_sheet(&json).expect_code(0);
    let lines = json_lines(&run.stderr);
    let mut notes = lines.iter().filter(|line| line["event"]["type"] == "note");
    let note = notes.next().unwrap();
    let message = note["event"]["message"].as_str().unwrap();
    let expected = "1 job that was paid for earlier is no longer in the sheet, and 1 is new";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(note["version"], 1);
    assert!(note["sequence"].is_null());

    scenario.write("sheet.csv", "text,persona,ratio\nx,y,square\n");
    let refused = scenario.run_sheet(&json).expect_code(2);
    let lines = json_lines(&refused.stderr);
    let error = &lines.last().unwrap()["event"];
    assert_eq!((&error["type"], &error["exit_code"]), (&"error".into(), &2.into()));
}

#[test]
fn plan_shows_the_cap_of_a_run_and_removed_rows() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&["--limit", "1"]).expect_code(0);
    scenario.replace("sheet.csv", "job-01,\"Hello", "job-one,\"Good day");
    scenario.run(&["plan", "sheet.csv", "--max-credits-run", "5"]).expect_code(0).expect_stdout(&[
        "`--max-credits-run 5` may stop the run before its end; 10 would be enough",
        "2 jobs to submit of 2, and 1 from an earlier sheet",
        "note: 1 job that was paid for earlier is no longer in the sheet, and 2 are new",
    ]);
}

#[test]
fn the_observer_example_makes_every_video() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_callsheet"));
    let name = format!("observer{}", std::env::consts::EXE_SUFFIX);
    let example = program.with_file_name("examples").join(name);
    if !example.exists() {
        // `cargo test --test it` builds no examples.
        let arguments = ["build", "--locked", "--example", "observer"];
        let status = std::process::Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(status.unwrap().success());
    }
    let output = std::process::Command::new(example)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.ends_with("6 videos are done\n"), "{text}");
}

#[test]
fn a_sheet_whose_name_begins_with_a_dash_is_resumed_by_the_shown_command() {
    let scenario = Scenario::new(1);
    scenario.write("-x.csv", &scenario.read("sheet.csv"));
    let plan = scenario.run(&["run", "--sandbox", "--submit-only", "--", "-x.csv"]);
    assert!(plan.stderr.contains("callsheet collect ./-x.csv"), "{}", plan.stderr);
    let status = scenario.run(&["status", "./-x.csv"]).expect_code(0);
    assert!(status.stdout.contains("campaign  -x"), "{}", status.stdout);
}

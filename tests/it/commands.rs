//! The commands that only look: `plan`, `status`, `why`, `report`, and those about the program itself.

use crate::program::{Folder, Provider, sheet};

#[test]
fn a_plan_needs_nothing_spends_nothing_and_leaves_nothing_behind() {
    let folder = Folder::with_sheet(4);
    let answer = folder.run(&["plan", "sheet.csv"]).expect_code(0);
    for id in ["job-01", "job-04"] {
        assert!(answer.stdout.contains(id), "{}", answer.stdout);
    }
    assert!(answer.stdout.contains("new"));
    let json = folder.run(&["plan", "sheet.csv", "--json"]).expect_code(0);
    let plan: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(plan["jobs"].as_array().unwrap().len(), 4);
    assert!(!folder.path("sheet-output").exists());
}

#[test]
fn a_plan_says_what_is_done_changed_new_and_gone() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    let edited = sheet(4)
        .replace("number 1,", "number one,")
        .lines()
        .filter(|line| !line.starts_with("job-02"))
        .collect::<Vec<_>>()
        .join("\n");
    folder.write("sheet.csv", &edited);
    let plan = folder.run(&["plan", "sheet.csv"]).expect_code(0).stdout;
    for (job, state) in [
        ("job-01", "changed"),
        ("job-02", "gone"),
        ("job-03", "done"),
        ("job-04", "new"),
    ] {
        let line = plan.lines().find(|line| line.starts_with(job));
        assert!(line.is_some_and(|line| line.contains(state)), "{plan}");
    }
    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 4, "changed is not redone");
    folder
        .campaign(&provider, &["--redo-changed"])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 5);
    folder
        .campaign(&provider, &["--redo-changed"])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 5, "redone once");
}

#[test]
fn status_why_and_report_read_the_journal() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    provider.stop();
    let status = folder.run(&["status", "sheet.csv"]).expect_code(0);
    assert!(status.stdout.contains("2 done"), "{}", status.stdout);
    let json = folder
        .run(&["status", "sheet.csv", "--json"])
        .expect_code(0);
    let status: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(status.is_object());
    let why = folder.run(&["why", "sheet.csv", "job-02"]).expect_code(0);
    assert!(why.stdout.contains("job-02"), "{}", why.stdout);
    let wrong = folder.run(&["why", "sheet.csv", "job-03"]).expect_code(2);
    assert!(wrong.stderr.contains("did you mean"), "{}", wrong.stderr);

    let results = folder.read("sheet-output/results.csv");
    for file in ["results.csv", "results.json", "report.html"] {
        std::fs::remove_file(folder.path("sheet-output").join(file)).unwrap();
    }
    folder.run(&["report", "sheet.csv"]).expect_code(0);
    assert_eq!(folder.read("sheet-output/results.csv"), results);
    assert!(folder.path("sheet-output/report.html").exists());
    folder
        .run(&["report", "sheet.csv", "--out", "elsewhere"])
        .expect_code(2);
}

#[test]
fn the_summary_as_json_is_all_that_standard_output_carries() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    let answer = folder
        .campaign(&provider, &["--json", "--log-format", "json"])
        .expect_code(0);
    let summary: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert!(summary.is_object());
    for line in answer.stderr.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["version"], 1, "{line}");
    }
}

#[test]
fn the_program_describes_itself() {
    let folder = Folder::new();
    let help = folder.run(&["run", "--help"]).expect_code(0).stdout;
    for flag in ["--max-credits", "--resubmit", "--sandbox", "--lock-wait"] {
        assert!(help.contains(flag), "{flag}");
    }
    let secret = crate::program::KEYS[1];
    assert!(!help.contains(secret));
    folder.run(&["--version"]).expect_code(0);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = folder.run(&["completions", shell]).expect_code(0);
        assert!(script.stdout.contains("callsheet"));
    }
    assert!(folder.run(&["man"]).expect_code(0).stdout.contains(".TH"));
}

#[test]
fn a_manifest_without_a_command_is_told_which_there_are() {
    let folder = Folder::with_sheet(1);
    let refused = folder.run(&["my sheet.csv"]).expect_code(2);
    let hint = "`callsheet plan 'my sheet.csv'` shows what it would make and cost";
    assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    let refused = folder.run(&["rnu", "sheet.csv"]).expect_code(2);
    assert!(!refused.stderr.contains("would make"), "{}", refused.stderr);
}

#[test]
fn a_job_that_is_done_is_not_resubmitted_and_that_is_said() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    let again = ["--resubmit", "job-01"];
    let first = folder.campaign(&provider, &again).expect_code(0);
    assert!(!first.stderr.contains("is done, so"), "{}", first.stderr);
    // The command that had it submitted may always be repeated.
    let second = folder.campaign(&provider, &again).expect_code(0).stderr;
    let note =
        "note: job `job-01` is done, so `--resubmit job-01` does nothing; `callsheet run sheet.csv";
    assert!(second.contains(note), "{second}");
    assert!(
        second.contains("--fresh --only job-01` makes a new version"),
        "{second}"
    );
    assert_eq!(provider.ledger().accepted.len(), 2);
    let plan = ["plan", "sheet.csv", "--resubmit", "job-01"];
    let plan = folder.run(&plan).expect_code(0).stderr;
    assert!(plan.contains(note), "{plan}");
    let fresh = ["--fresh", "--only", "job-01", "--resubmit", "job-01"];
    let fresh = folder.campaign(&provider, &fresh).expect_code(0).stderr;
    assert!(!fresh.contains("does nothing"), "{fresh}");
    assert_eq!(provider.ledger().accepted.len(), 3);
    let sheet = folder.read("sheet.csv").replace("number 2,", "number two,");
    folder.write("sheet.csv", &sheet);
    let edited = folder.campaign(&provider, &["--resubmit", "job-02"]);
    let edited = edited.expect_code(0).stderr;
    assert!(
        edited.contains("--redo-changed --only job-02` makes"),
        "{edited}"
    );
    assert_eq!(provider.ledger().accepted.len(), 3);
}

#[test]
fn what_people_try_is_answered_with_what_there_is() {
    let folder = Folder::with_sheet(1);
    for (arguments, hint) in [
        (
            &["run", "sheet.csv", "--dry-run"][..],
            "hint: `callsheet plan sheet.csv`",
        ),
        (
            &["personas", "anna"],
            "hint: `callsheet personas --search anna`",
        ),
        (&["personas", "--gender", "xx"], "one of f, m, nb"),
        (&["voices", "--gender", "nb"], "one of f, m"),
    ] {
        let refused = folder.run(arguments).expect_code(2).stderr;
        assert!(refused.contains(hint), "{refused}");
    }
}

#[test]
fn the_catalogue_is_searched() {
    let (folder, provider) = (Folder::new(), Provider::new());
    let address = ["--base-url", provider.base_url()];
    let search = [&["personas", "--search", "anna"], &address[..]].concat();
    let found = folder.run(&search).expect_code(0).stdout;
    assert!(found.contains(crate::program::PERSONA), "{found}");
    let voices = [&["voices", "--json"], &address[..]].concat();
    let voices = folder.run(&voices).expect_code(0).stdout;
    let voices: serde_json::Value = serde_json::from_str(&voices).unwrap();
    assert!(voices.as_array().unwrap().len() > 3);
}

#[test]
fn the_words_that_name_a_campaign_can_be_given_to_every_command() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    let address = provider.base_url();
    folder.campaign(&provider, &["--limit", "1"]).expect_code(0);
    for naming in [&["--base-url", address][..], &["--sandbox"][..]] {
        for command in ["plan", "status", "report", "approve", "why", "collect"] {
            let job: &[&str] = if command == "why" { &["job-02"] } else { &[] };
            if command == "collect" && naming == ["--sandbox"] {
                // The folder belongs to another provider.
                continue;
            }
            let words = [&[command, "sheet.csv"], naming, job].concat();
            folder.run(&words).expect_code(0);
        }
    }
    let status = folder
        .run(&["status", "sheet.csv", "--base-url", address])
        .expect_code(0);
    let hint = format!("`callsheet run sheet.csv --base-url {address}`");
    assert!(status.stdout.contains(&hint), "{}", status.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_standard_output_does_not_take_are_an_error() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    let run = |arguments: &[&str], output: std::process::Stdio| {
        let mut child = folder.command(arguments).stdout(output).spawn().unwrap();
        let stderr = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
        (child.wait().unwrap().code(), stderr)
    };
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
            .into()
    };
    let campaign = crate::program::campaign("run", &provider, &["--json"]);
    let (code, stderr) = run(&campaign, full());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("could not be written to standard output"),
        "{stderr}"
    );
    let pipe_without_reader = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer.into()
    };
    assert_eq!(run(&campaign, pipe_without_reader()).0, Some(1));
    // A command that only looks may be read as far as one likes, but not lost.
    let plan = ["plan", "sheet.csv", "--json"];
    assert_eq!(run(&plan, pipe_without_reader()), (Some(0), String::new()));
    let (code, stderr) = run(&plan, full());
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("cannot write to standard output"),
        "{stderr}"
    );
}

#[test]
fn what_is_said_before_a_run_is_json_as_well() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    let json = ["--log-format", "json"];
    folder.campaign(&provider, &json).expect_code(0);
    // A row without its id is another job; and a wrong one is an error.
    folder.write("sheet.csv", &sheet(2).replace("job-02", ""));
    let answer = folder.campaign(&provider, &json).expect_code(0);
    let lines = |text: &str| -> Vec<serde_json::Value> {
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    };
    let told = lines(&answer.stderr);
    let note = told
        .iter()
        .find(|line| line["event"]["type"] == "note")
        .unwrap();
    let message = note["event"]["message"].as_str().unwrap();
    assert!(
        message
            .starts_with("1 job that was paid for earlier is no longer in the sheet, and 1 is new")
    );
    assert_eq!(
        (&note["version"], &note["sequence"]),
        (&1.into(), &serde_json::Value::Null)
    );

    folder.write("sheet.csv", "text,persona,ratio\nx,y,square\n");
    let answer = folder.campaign(&provider, &json).expect_code(2);
    let told = lines(&answer.stderr);
    let error = &told.last().unwrap()["event"];
    assert_eq!(
        (&error["type"], &error["exit_code"]),
        (&"error".into(), &2.into())
    );
}

#[test]
fn a_plan_knows_the_cap_of_one_run_and_what_is_gone() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    folder.campaign(&provider, &["--limit", "1"]).expect_code(0);
    folder.write("sheet.csv", &sheet(2).replace("job-01", "job-one"));
    let plan = folder
        .run(&["plan", "sheet.csv", "--max-credits-run", "5"])
        .expect_code(0);
    for words in [
        "`--max-credits-run 5` may stop the run before its end; 10 would be enough",
        "2 jobs to submit of 2, and 1 from an earlier sheet",
        "note: 1 job that was paid for earlier is no longer in the sheet, and 2 are new",
    ] {
        assert!(plan.stdout.contains(words), "{words}: {}", plan.stdout);
    }
}

#[test]
fn the_observer_example_makes_every_video() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_callsheet"));
    let name = format!("observer{}", std::env::consts::EXE_SUFFIX);
    let example = program.with_file_name("examples").join(name);
    let output = std::process::Command::new(example)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.ends_with("6 videos are done\n"), "{text}");
}

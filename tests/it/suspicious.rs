//! Texts that look unfinished.

use crate::program::{Folder, Scenario, output};
#[cfg(target_os = "linux")]
use crate::program::{ask_in_terminal, skip, wait};

const HEADER: &str = "id,text,persona,aspect_ratio\n";
const PERSONA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// Returns a sheet with these ids and texts.
fn sheet(rows: &[(&str, &str)]) -> String {
    let rows = rows.iter().map(|(id, text)| format!("{id},{text},{PERSONA},9:16\n"));
    rows.fold(HEADER.to_owned(), |sheet, row| sheet + &row)
}

#[test]
fn unattended_runs_leave_out_unfinished_texts_and_make_the_rest() {
    let text = sheet(&[("a", "Hi there!"), ("b", "Hi [First Name]!"), ("c", "Gr??e")]);
    let scenario = Scenario::with_text(&text);
    for further in [&[][..], &["--yes"], &["--suspicious", "skip"]] {
        let run = scenario.run_sheet(further).expect_code(3);
        run.expect_stderr(&[
            "2 videos are left out, because the text looks unfinished",
            "sheet.csv:3:3: `[First Name]` looks like a placeholder",
            "--suspicious allow",
        ]);
        let results = scenario.results();
        let row = |index: usize| (&*results[index]["status"], &*results[index]["error"]);
        assert_eq!(row(0), ("done", ""));
        assert_eq!(row(1), ("skipped", "`[First Name]` looks like a placeholder"));
        assert_eq!(row(2), ("skipped", "`Gr??e` looks like text with lost letters"));
    }
    for further in [&[][..], &["--quiet"]] {
        let again = scenario.run_sheet(further).expect_code(3);
        again.expect_stderr(&[
            "2 jobs left out: `b` and `c` (`[First Name]` looks like a placeholder, and other",
        ]);
    }
    scenario.expect_paid_once(1);
    scenario.collect_sheet(&[]).expect_code(0);
    let skipped = &scenario.results()[1];
    assert_eq!(skipped["status"], "skipped");

    scenario.run_sheet(&["--suspicious", "allow"]).expect_code(0);
    scenario.expect_paid_once(3);
    // What is paid for is never left out.
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(3);
}

/// A cap ends the first run before the accepted texts are submitted.
#[cfg(target_os = "linux")]
#[test]
fn accepted_texts_stay_accepted_for_an_unattended_run() {
    use std::io::{Read as _, Write as _};
    let rows =
        [("a", "Hi there!"), ("b", "Hi [First Name]!"), ("c", "Gr??e"), ("d", "Hi [Last Name]!")];
    let scenario = Scenario::with_text(&sheet(&rows));
    let run = scenario.sheet_command(&["--max-credits", "5"]);
    let Some((mut child, mut keys, mut screen, text)) = ask_in_terminal(&run) else {
        return skip("no `script`");
    };
    assert!(text.contains("3 look unfinished"), "{text}");
    keys.write_all(b"y\n").unwrap();
    let mut rest = String::new();
    screen.read_to_string(&mut rest).unwrap();
    assert_eq!(wait(&mut child).unwrap().code(), Some(5), "{text}{rest}");
    scenario.expect_paid_once(1);

    // Exactly the accepted texts: the edited row is left out.
    scenario.replace("sheet.csv", "[Last Name]", "[Family Name]");
    let run = scenario.run_sheet(&["--max-credits", "100"]).expect_code(3);
    run.expect_stderr(&["1 video is left out"]);
    scenario.expect_paid_once(3);
    let statuses: Vec<String> =
        scenario.results().iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["done", "done", "done", "skipped"]);
}

#[test]
fn the_environment_sets_the_choice() {
    let scenario = Scenario::with_text(&sheet(&[("a", "TODO")]));
    let mut run = scenario.sheet_command(&[]);
    output(run.env("CALLSHEET_SUSPICIOUS", "allow")).expect_code(0);
    scenario.expect_paid_once(1);
}

#[test]
fn paid_videos_of_unfinished_texts_are_collected() {
    let scenario = Scenario::with_text(&sheet(&[("a", "Hi [First Name]!")]));
    scenario.run_sheet(&["--suspicious", "allow", "--submit-only"]).expect_code(8);
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.results()[0]["status"], "done");
    scenario.expect_paid_once(1);
}

#[test]
fn a_misspelled_column_stops_the_whole_sheet() {
    let text = sheet(&[("a", "Hi there!")]).replace("aspect_ratio\n", "aspect_ratio,capations\n");
    let scenario = Scenario::with_text(&text);
    for further in [&[][..], &["--suspicious", "skip"]] {
        let refused = scenario.run_sheet(further).expect_code(2);
        refused.expect_stderr(&[
            "the column `capations` is not known; did you mean `captions`?; nothing was submitted",
            "`--suspicious allow`",
        ]);
    }
    scenario.run_sheet(&["--suspicious", "allow"]).expect_code(0);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(1);
}

#[test]
fn repeated_rows_are_suspicious() {
    let row = format!("Hello there,{PERSONA},9:16\n");
    let scenario = Scenario::with_text(&format!("text,persona,aspect_ratio\n{row}{row}"));
    scenario.run_sheet(&[]).expect_code(3);
    assert_eq!(scenario.results()[1]["error"], "this is the same video as sheet.csv:2:1");
    scenario.expect_paid_once(1);
}

#[test]
fn a_plan_shows_unfinished_texts() {
    let folder = Folder::new();
    folder.write("sheet.csv", &sheet(&[("a", "Hi there!"), ("b", "Hi [First Name]!")]));
    folder.run(&["plan", "sheet.csv"]).expect_code(0).expect_stderr(&[
        "warning: sheet.csv:3:3: `[First Name]` looks like a placeholder",
        "`run` asks about this on a terminal, and leaves it out without one (`--suspicious`)",
    ]);
    let plan = folder.json(&["plan", "sheet.csv", "--json", "--suspicious", "skip"]);
    assert_eq!(plan["suspicions"][0]["jobs"][0], "b");
    assert_eq!(plan["jobs"][1]["will_submit"], false);
    assert_eq!(plan["jobs"][1]["reason"], "`[First Name]` looks like a placeholder");
}

#[test]
fn an_approval_covers_exactly_the_accepted_texts() {
    let text = sheet(&[("a", "Hi there!"), ("b", "Hi [First Name]!")]);
    let scenario = Scenario::with_text(&text);
    let approved = &["--require-approval"];
    let approve = scenario.run(&["approve", "sheet.csv"]).expect_code(0);
    approve.expect_stdout(&["1 jobs as they are now"]).expect_stderr(&["1 video is not approved"]);
    scenario.run_sheet(&["--require-approval", "--suspicious", "allow"]).expect_code(2);
    scenario.run_sheet(approved).expect_code(3);
    scenario.expect_paid_once(1);

    scenario.run(&["approve", "sheet.csv", "--suspicious", "allow"]).expect_code(0);
    scenario.run_sheet(approved).expect_code(0);
    scenario.expect_paid_once(2);
}

#[test]
fn invalid_rows_that_are_left_out_have_their_problem_in_the_results() {
    let text = sheet(&[("a", "Hi there!"), ("b", "")]);
    let scenario = Scenario::with_text(&text);
    let junit = ["--skip-invalid", "--junit", "junit.xml"];
    scenario.run_sheet(&junit).expect_code(0);
    let junit = scenario.read("junit.xml");
    assert!(junit.contains("<testcase name=\"data row "), "{junit}");
    let results = scenario.results();
    assert_eq!(results[1]["status"], "skipped");
    assert!(results[1]["error"].contains("missing"), "{:?}", results[1]);
    let skipped = &scenario.read_json("sheet-output/results.json")["skipped"][0];
    assert_eq!(skipped["error"], results[1]["error"]);
}

#[test]
fn a_merged_report_keeps_the_reason() {
    let text = sheet(&[("a", "Hi there!"), ("b", "Hi [First Name]!")]);
    let scenario = Scenario::with_text(&text);
    scenario.run_sheet(&["--shard", "1/1"]).expect_code(3);
    scenario.run(&["report", "--merge", "sheet-output"]).expect_code(0);
    let result = &scenario.results()[1];
    assert_eq!(result["status"], "skipped");
    assert_eq!(result["error"], "`[First Name]` looks like a placeholder");
}

//! Sheets that were edited between two runs: no request is paid for twice, whatever its row is called.

use std::fmt::Write as _;

use crate::program::{PERSONA, Scenario, expect_nothing_paid_twice};

const BEN: &str = "1552386a-7724-4660-965e-ec0a8e67ebfd";

/// Returns a sheet of rows with an id, a text and ratios. Without ids, there is no such column.
fn sheet(rows: &[(&str, &str, &str)]) -> String {
    let has_ids = rows.iter().any(|(id, ..)| !id.is_empty());
    let mut text = String::from(if has_ids { "id," } else { "" });
    text.push_str("text,persona,aspect_ratio\n");
    for (id, words, ratios) in rows {
        let id = if has_ids { format!("{id},") } else { String::new() };
        writeln!(text, "{id}\"{words}\",{PERSONA},{ratios}").unwrap();
    }
    text
}

/// Runs the sheet `before`, then `after` in its place. `plan` announces `new` jobs, and the run pays for as many.
fn expect_new(what: &str, before: &str, after: &str, new: usize) -> Scenario {
    let scenario = Scenario::with_text(before);
    let allow = ["--suspicious", "allow"];
    scenario.run_sheet(&allow).expect_code(0);
    let paid = scenario.accepted();
    scenario.write("sheet.csv", after);
    let plan = scenario.run(&["plan", "sheet.csv"]).expect_code(0);
    let announced = format!("{new} job{} to submit", if new == 1 { "" } else { "s" });
    assert!(plan.stdout.contains(&announced), "{what}: {plan:?}");
    for run in ["first", "second"] {
        let run_output = scenario.run_sheet(&allow);
        let results = scenario.read("sheet-output/results.csv");
        let is_outdated = results.lines().any(|line| line.ends_with(",yes"));
        let run_output = run_output.expect_code(if is_outdated { 9 } else { 0 });
        assert_eq!(scenario.accepted() - paid, new, "{what}, {run} run: {run_output:?}");
    }
    expect_nothing_paid_twice(&scenario.ledger());
    scenario
}

#[test]
fn other_ids_do_not_pay_again() {
    let two = sheet(&[("007", "Hello.", "9:16"), ("008", "Good bye.", "1:1")]);
    let without_ids = sheet(&[("", "Hello.", "9:16"), ("", "Good bye.", "1:1")]);
    for (what, before, after, new) in [
        ("zeros were lost", &two, two.replace("00", ""), 0),
        (
            "zeros were lost, and a text was edited",
            &two,
            two.replace("00", "").replace("bye", "day"),
            0,
        ),
        (
            "zeros were lost, and a row was added",
            &two,
            two.replace("00", "") + &format!("9,New.,{PERSONA},1:1\n"),
            1,
        ),
        ("ids of numbers were formatted", &two, two.replace("007", "7.0"), 0),
        ("other ids", &two, two.replace("007", "one").replace("008", "two"), 0),
        ("the ids were removed", &two, without_ids.clone(), 0),
        ("ids were added", &without_ids, two.clone(), 0),
        (
            "the texts were swapped",
            &two,
            sheet(&[("007", "Good bye.", "1:1"), ("008", "Hello.", "9:16")]),
            0,
        ),
    ] {
        expect_new(what, before, &after, new);
    }
}

#[test]
fn renumbered_rows_do_not_pay_again() {
    let before = sheet(&[("1", "One.", "1:1"), ("2", "Two.", "1:1"), ("3", "Three.", "1:1")]);
    let removed = sheet(&[("1", "Two.", "1:1"), ("2", "Three.", "1:1")]);
    let scenario = expect_new("a row was removed", &before, &removed, 0);
    let files: Vec<String> = scenario.results().iter().map(|row| row["file"].clone()).collect();
    assert_eq!(files, ["videos/2.mp4", "videos/3.mp4"]);
    let why = scenario.run(&["why", "sheet.csv", "1"]).expect_code(0);
    why.expect_stdout(&["Two.", "videos/2.mp4"]);

    let inserted = sheet(&[
        ("1", "New.", "1:1"),
        ("2", "One.", "1:1"),
        ("3", "Two.", "1:1"),
        ("4", "Three.", "1:1"),
    ]);
    let scenario = expect_new("a row was inserted", &before, &inserted, 1);
    let rows = scenario.results();
    let files: Vec<&str> = rows.iter().map(|row| row["file"].as_str()).collect();
    assert_eq!(files[1..], ["videos/1.mp4", "videos/2.mp4", "videos/3.mp4"]);
    assert!(files[0].starts_with("videos/1-"), "{files:?}");
    assert_eq!(rows[0]["status"], "done");
    scenario.expect_every_paid_video(&scenario.ledger());
}

#[test]
fn other_dimensions_and_spellings_do_not_pay_again() {
    let one = sheet(&[("a", "It's a café.", "9:16")]);
    let two = sheet(&[("a", "It's a café.", "9:16 | 1:1")]);
    let personas = two.replace(PERSONA, &format!("{PERSONA} | {BEN}"));
    let by_id = sheet(&[("a-9x16", "It's a café.", "9:16"), ("x", "It's a café.", "1:1")]);
    for (what, before, after, new) in [
        ("a ratio was added", &one, two.clone(), 1),
        ("a persona was added", &two, personas.clone(), 2),
        ("a persona was removed", &personas, two.clone(), 0),
        ("a ratio was removed", &two, one.clone(), 0),
        ("two dimensions at once", &one, personas.clone(), 3),
        ("a row of each ratio", &two, by_id, 0),
        ("a decomposed letter", &one, one.replace('é', "e\u{301}"), 0),
        ("a curly quote", &one, one.replace('\'', "’"), 0),
        ("a curly quote and another id", &one, one.replace('\'', "’").replace("\na,", "\nb,"), 0),
    ] {
        expect_new(what, before, &after, new);
    }
}

#[test]
fn an_edited_row_that_lost_its_zeros_is_made_again_on_request_alone() {
    let before = sheet(&[("007", "Hello.", "9:16")]);
    let after = sheet(&[("7", "Good day.", "9:16")]);
    let scenario = expect_new("zeros were lost, and the text was edited", &before, &after, 0);
    let run = scenario.run_sheet(&[]).expect_code(9);
    run.expect_stderr(&["`7` is the row paid for as `007`, and was edited since"]);
    scenario.run_sheet(&["--redo-changed"]).expect_code(0);
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn many_jobs_with_other_ids_are_one_note() {
    let rows = |zeros: &str| {
        let rows: Vec<String> = (1..6).map(|n| format!("{zeros}{n}")).collect();
        let rows: Vec<(&str, &str, &str)> =
            rows.iter().map(|id| (id.as_str(), id.trim_start_matches('0'), "1:1")).collect();
        sheet(&rows)
            .replace(&format!(",{PERSONA}"), &format!(" words.,{PERSONA}"))
            .replace("\" words.", " words.\"")
    };
    let scenario = expect_new("zeros were lost", &rows("0"), &rows(""), 0);
    for command in ["plan", "run"] {
        let output = match command {
            "plan" => scenario.run(&["plan", "sheet.csv"]),
            _ => scenario.run_sheet(&[]),
        };
        let note = "note: `1` is the video paid for as `01`, and keeps that id (and 4 other jobs likewise)";
        output.expect_code(0).expect_stderr(&[note]);
    }
}

#[test]
fn another_number_of_shards_does_not_pay_again() {
    let rows: Vec<String> = (1..9).map(|number| format!("Number {number}.")).collect();
    let ids: Vec<String> = (1..9).map(|number| format!("0{number}")).collect();
    let write = |ratios: &str| {
        let rows: Vec<(&str, &str, &str)> =
            ids.iter().zip(&rows).map(|(id, text)| (id.as_str(), text.as_str(), ratios)).collect();
        sheet(&rows)
    };
    let scenario = Scenario::with_text(&write("1:1"));
    let run = |count: usize| {
        for number in 1..=count {
            let shard = format!("{number}/{count}");
            scenario.run_sheet(&["--shard", &shard]).expect_code(0);
        }
    };
    run(2);
    assert_eq!(scenario.accepted(), 8);
    scenario.write("sheet.csv", &write("1:1").replace("\n0", "\n"));
    run(3);
    assert_eq!(scenario.accepted(), 8, "other ids and shards");
    scenario.write("sheet.csv", &write("1:1 | 9:16"));
    run(2);
    assert_eq!(scenario.accepted(), 16, "another ratio");
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn jobs_of_a_lost_journal_are_found_under_their_former_ids() {
    let one = sheet(&[("a", "Hello.", "9:16")]);
    let scenario = Scenario::with_text(&one);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.write("sheet.csv", &one.replace("9:16", "9:16 | 1:1"));
    for run in 0..3 {
        scenario.run_sheet(&[]).expect_code(0);
        assert_eq!(scenario.accepted(), 2, "run {run}");
        scenario.remove("sheet-output");
    }
    expect_nothing_paid_twice(&scenario.ledger());
}

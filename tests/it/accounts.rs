//! Campaigns that are continued with another account or at another address.

use callsheet::sandbox::{AcceptedKeys, SandboxSettings};
use serde_json::Value;

use crate::program::{KEYS, Output, Provider, Scenario, output, quick};

/// Runs the sheet with another API id.
fn run_as(scenario: &Scenario, id: &str, further: &[&str]) -> Output {
    output(scenario.sheet_command(further).env("CREATIFY_API_ID", id))
}

#[test]
fn another_account_is_refused_until_the_user_moves_the_campaign() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&["--limit", "2"]).expect_code(0);
    let requests = scenario.ledger().requests;
    for further in [&[][..], &["--retry-failed"], &["--max-credits", "50"]] {
        let refused = run_as(&scenario, "another-account", further).expect_code(2);
        let words = ["another account", "`CREATIFY_API_ID`", "--move-account"];
        let refused = refused.expect_stderr(&words);
        assert!(!format!("{refused:?}").contains("another-account"), "the id is not shown");
    }
    let collect = ["collect", "sheet.csv", "--base-url", scenario.base_url()];
    let mut collect = scenario.command(&collect);
    output(collect.env("CREATIFY_API_ID", "another-account")).expect_code(2);
    let ledger = scenario.ledger();
    assert_eq!((ledger.requests, ledger.accepted.len()), (requests, 2), "nothing was sent");

    run_as(&scenario, "another-account", &["--move-account"]).expect_code(0);
    assert_eq!(scenario.accepted(), 3);
    // The campaign has moved.
    run_as(&scenario, "another-account", &[]).expect_code(0);
    run_as(&scenario, KEYS[0], &[]).expect_code(2);
    let mut command = scenario.sheet_command(&[]);
    output(command.env("CALLSHEET_MOVE_ACCOUNT", "true")).expect_code(0);
    scenario.expect_paid_once(3);
}

#[test]
fn another_address_is_refused_too() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&["--limit", "1"]).expect_code(0);
    let other = Provider::new();
    let run = ["run", "sheet.csv", "--base-url", other.base_url()];
    let run = scenario.run(&run).expect_code(2);
    run.expect_stderr(&[scenario.base_url(), other.base_url(), "nothing was submitted"]);
    assert_eq!(other.ledger().accepted.len(), 0);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(2);
}

#[test]
fn a_run_that_paid_for_nothing_binds_no_campaign() {
    let [id, key] = KEYS.map(str::to_owned);
    let credentials = Some(AcceptedKeys { id, key });
    let scenario = Scenario::with(1, SandboxSettings { credentials, ..quick() });
    run_as(&scenario, "a-wrong-id", &[]).expect_code(6);
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 1);
}

#[test]
fn the_doctor_checks_everything_and_creates_nothing() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&[]).expect_code(0);
    let doctor = |further: &[&str]| {
        let provider = ["doctor", "--base-url", scenario.provider.base_url(), "--json"];
        scenario.run(&[&provider, further].concat())
    };
    let verdicts = |output: &Output| -> Vec<(String, String)> {
        let checks: Value = serde_json::from_str(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let checks = checks.as_array().unwrap().iter();
        checks.map(|check| (text(&check["check"]), text(&check["verdict"]))).collect()
    };
    let healthy = doctor(&[]).expect_code(0);
    let found = verdicts(&healthy);
    let names: Vec<&str> = found.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["address", "keys", "balance", "list", "catalogue", "clock", "disk"]);
    assert!(found.iter().all(|(_, verdict)| verdict == "ok"), "{found:?}");
    healthy.expect_stdout(&["3 jobs, newest first", "3 with a tag of this program"]);
    assert_eq!(scenario.accepted(), 3);

    let missing = doctor(&["--folder", "missing"]).expect_code(1);
    assert_eq!(verdicts(&missing).last().unwrap().1, "error");

    let keys = AcceptedKeys { id: "other".into(), key: "account".into() };
    let other = Provider::with(SandboxSettings { credentials: Some(keys), ..quick() });
    let refused = scenario.run(&["doctor", "--base-url", other.base_url()]).expect_code(6);
    refused.expect_stdout(&["keys       error", "disk       ok"]).expect_stderr(&["hint: "]);
}

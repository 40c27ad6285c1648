//! Campaigns that are continued with another account or at another address.

use callsheet::sandbox::{AcceptedKeys, SandboxSettings};

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

//! Each documented exit code.

use callsheet::sandbox::{AcceptedKeys, FaultTrigger, Faults, ResponseFault, SandboxSettings};

use crate::program::{
    Folder, KEYS, Scenario, expect_nothing_paid_twice, finish, output, quick, rendering,
};

#[test]
fn code_2_for_an_invalid_sheet_and_nothing_is_submitted_or_created() {
    let scenario = Scenario::new(2);
    scenario.replace("sheet.csv", "16:9", "4:3");
    let refused = scenario.run_sheet(&[]).expect_code(2);
    refused.expect_stderr(&["sheet.csv:2:", "nothing was submitted"]);
    assert!(!scenario.exists("sheet-output"));
    assert!(scenario.ledger().requests.is_empty());
}

/// What only a run checks, such as the jobs that are named and nearly known columns, is checked before the folder is
/// created.
#[test]
fn code_2_leaves_no_output_folder_behind_also_in_the_sandbox() {
    let scenario = Scenario::new(1);
    let sheet = scenario.read("sheet.csv");
    let lines = sheet.lines().zip(["capations", "yes"]);
    let near_miss =
        lines.fold(String::new(), |sheet, (line, cell)| sheet + line + "," + cell + "\n");
    scenario.write("near.csv", &near_miss);
    for arguments in [
        &["run", "sheet.csv", "--resubmit", "job-99"][..],
        &["run", "sheet.csv", "--only", "job-99"],
        &["run", "near.csv"],
        &["plan", "sheet.csv", "--only", "job-99"],
    ] {
        scenario.run_online(arguments).expect_code(2);
        scenario.run(&[arguments, &["--sandbox"]].concat()).expect_code(2);
    }
    for folder in ["sheet-output", "sheet-sandbox-output", "near-output", "near-sandbox-output"] {
        assert!(!scenario.exists(folder), "{folder}");
    }
    assert_eq!(scenario.accepted(), 0);
}

#[test]
fn code_2_for_missing_credentials_a_wrong_address_and_wrong_usage() {
    let folder = Folder::with_sheet(1);
    let run = ["run", "sheet.csv"];
    output(folder.command(&run).env_remove("CREATIFY_API_KEY"))
        .expect_code(2)
        .expect_stderr(&["`CREATIFY_API_KEY` is not set"]);
    output(folder.command(&run).env("CREATIFY_API_KEY", " "))
        .expect_code(2)
        .expect_stderr(&["`CREATIFY_API_KEY` is set, but empty"]);
    // Credentials are checked only when there is something to submit.
    folder.write("wrong.csv", "text,persona,aspect_ratio\nHello.,x,9:61\n");
    for (manifest, problem) in
        [("nope.csv", "check the name"), ("wrong.csv", "`9:61` is not an aspect ratio")]
    {
        for command in ["run", "collect"] {
            let mut command = folder.command(&[command, manifest]);
            output(command.env_remove("CREATIFY_API_KEY"))
                .expect_code(2)
                .expect_stderr(&[problem])
                .expect_not_in_stderr(&["CREATIFY"]);
        }
    }
    for arguments in [
        &["run", "sheet.csv", "--base-url", "http://api.creatify.ai"][..],
        &["run", "sheet.csv", "--base-url", "nonsense"],
        &["run", "missing.csv", "--sandbox"],
        &["run", "sheet.csv", "--sandbox", "--only", "job-99"],
        &["run", "sheet.csv", "--sandbox", "--resubmit", "job-99"],
        &["run"],
        &["dance"],
    ] {
        let refused = folder.run(arguments).expect_code(2);
        assert!(!refused.stderr.is_empty());
    }
}

#[test]
fn code_1_when_the_output_folder_cannot_be_created() {
    let scenario = Scenario::new(1);
    scenario.write("blocked", "a file instead of a folder");
    for out in ["sheet.csv", "sheet.csv/output", "blocked/inside"] {
        let failed = scenario.run_sheet(&["--out", out]).expect_code(1);
        failed.expect_stderr(&[&format!("output folder `{out}"), "nothing was submitted", "--out"]);
    }
    assert_eq!(scenario.accepted(), 0);
}

#[test]
fn code_6_when_credentials_are_refused_or_the_address_is_not_the_api() {
    let refusing = Scenario::with(
        3,
        SandboxSettings {
            credentials: Some(AcceptedKeys { id: "other".into(), key: "account".into() }),
            ..quick()
        },
    );
    let output = refusing.run_sheet(&[]).expect_code(6);
    output.expect_not_in_stderr(&KEYS);
    assert_eq!(refusing.accepted(), 0);

    let redirecting = Scenario::with_faults(
        3,
        Faults {
            list: [(ResponseFault::Redirect, FaultTrigger::always())].into(),
            ..Faults::default()
        },
    );
    redirecting.run_sheet(&[]).expect_code(6);
    assert_eq!(redirecting.accepted(), 0);
}

#[test]
fn code_5_when_the_cap_is_reached_or_credits_run_out_and_paid_jobs_are_finished() {
    let scenario = Scenario::new(6);
    let cap = ["--max-credits", "17"];
    scenario.run_sheet(&cap).expect_code(5);
    scenario.expect_paid_once(3);
    scenario.run_sheet(&["--max-credits", "none"]).expect_code(0);
    scenario.expect_paid_once(6);

    let poor =
        Scenario::with(6, SandboxSettings { credits: 12.0, charge_delay_millis: 0, ..quick() });
    let stopped = poor.run_sheet(&["--allow-partial"]).expect_code(5);
    stopped.expect_stderr(&["credits"]);
    poor.expect_paid_once(2);
}

#[test]
fn code_3_when_a_render_fails_and_it_is_retried_only_on_request() {
    let scenario = Scenario::new(3);
    scenario.replace("sheet.csv", "number 2", "number 2 [fail]");
    scenario.run_sheet(&[]).expect_code(3);
    scenario.run_sheet(&[]).expect_code(0).expect_stderr(&["1 failed"]);
    scenario.run_sheet(&["--fail-on", "any"]).expect_code(3);
    assert_eq!(scenario.accepted(), 3);
    scenario.run_sheet(&["--retry-failed"]).expect_code(3);
    assert_eq!(scenario.accepted(), 4);
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn code_4_while_it_is_unknown_whether_a_submit_was_accepted() {
    let faults = Faults {
        create_accepted: [(ResponseFault::Reset, FaultTrigger::ordinals([2]))].into(),
        // After the two lists before the first submit.
        list: [(ResponseFault::Unavailable, FaultTrigger::ordinals(3..1000))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(3, faults);
    let in_doubt = scenario.run_sheet(&[]).expect_code(4);
    // Whichever create arrived second.
    in_doubt.expect_stderr(&["--resubmit job-0"]);
    assert_eq!(scenario.accepted(), 3);
    scenario.run_sheet(&[]).expect_code(4);
    assert_eq!(scenario.accepted(), 3, "it is not resent automatically");
}

#[test]
fn code_7_while_another_run_holds_the_folder_and_0_after_waiting_for_it() {
    let scenario = Scenario::with(2, rendering(4000));
    let first = scenario.spawn_sheet(&[]);
    scenario.wait_for_accepted(1);
    let refused = scenario.run_sheet(&[]).expect_code(7);
    refused.expect_stderr(&[&format!("process {}", first.id())]);
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    assert!(!status.stdout.is_empty(), "`status` works during a run");
    scenario.run_sheet(&["--lock-wait", "1m"]).expect_code(0);
    finish(first).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn code_8_for_renders_left_to_a_later_collect() {
    let scenario = Scenario::with(4, rendering(800));
    scenario.run_sheet(&["--submit-only"]).expect_code(8);
    assert_eq!(scenario.accepted(), 4);
    scenario.collect_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(4);

    let slow = Scenario::with(2, rendering(60_000));
    let left = slow.run_sheet(&["--max-duration", "700ms"]).expect_code(8);
    left.expect_stderr(&["collect"]);
}

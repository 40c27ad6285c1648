//! The contract's exit codes, each brought about.

use callsheet::sandbox::{AcceptedKeys, AnswerFault, Faults, SandboxSettings, When};

use crate::program::{
    Folder, KEYS, Provider, campaign, expect_nothing_paid_twice, quick, wait_until,
};

fn provider_with(faults: Faults) -> Provider {
    Provider::with(SandboxSettings { faults, ..quick() })
}

#[test]
fn two_for_a_wrong_sheet_of_which_nothing_is_submitted_and_nothing_created() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    let sheet = folder.read("sheet.csv").replace("16:9", "4:3");
    folder.write("sheet.csv", &sheet);
    let answer = folder.campaign(&provider, &[]).expect_code(2);
    assert!(answer.stderr.contains("sheet.csv:2:"), "{}", answer.stderr);
    assert!(answer.stderr.contains("nothing was submitted"));
    assert!(!folder.path("sheet-output").exists());
    assert!(provider.ledger().requests.is_empty());
}

#[test]
fn two_for_missing_keys_a_wrong_address_and_wrong_usage() {
    let folder = Folder::with_sheet(1);
    let mut command = folder.command(&["run", "sheet.csv"]);
    let answer = crate::program::finish(command.env_remove("CREATIFY_API_KEY").spawn().unwrap());
    let answer = answer.expect_code(2);
    assert!(answer.stderr.contains("`CREATIFY_API_KEY` is not set"));
    let mut command = folder.command(&["run", "sheet.csv"]);
    let answer = crate::program::finish(command.env("CREATIFY_API_KEY", " ").spawn().unwrap());
    let says = answer.expect_code(2).stderr;
    assert!(
        says.contains("`CREATIFY_API_KEY` is set, but empty"),
        "{says}"
    );
    // Keys matter only once there is something to submit.
    folder.write("wrong.csv", "text,persona,aspect_ratio\nHello.,x,9:61\n");
    for (manifest, wrong) in [
        ("nope.csv", "check the name"),
        ("wrong.csv", "`9:61` is no aspect ratio"),
    ] {
        for command in ["run", "collect"] {
            let mut command = folder.command(&[command, manifest]);
            let answer = command.env_remove("CREATIFY_API_KEY").spawn().unwrap();
            let says = crate::program::finish(answer).expect_code(2).stderr;
            assert!(says.contains(wrong) && !says.contains("CREATIFY"), "{says}");
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
        let answer = folder.run(arguments).expect_code(2);
        assert!(!answer.stderr.is_empty());
    }
}

#[test]
fn one_when_the_output_folder_cannot_be_one() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    for out in ["sheet.csv", "sheet.csv/output"] {
        let answer = folder.campaign(&provider, &["--out", out]).expect_code(1);
        for part in ["output folder `sheet.csv", "nothing was submitted", "--out"] {
            assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
        }
    }
    assert!(provider.ledger().accepted.is_empty());
}

#[test]
fn six_when_the_keys_are_refused_or_the_address_is_not_the_api() {
    let settings = SandboxSettings {
        credentials: Some(AcceptedKeys {
            id: "somebody".into(),
            key: "else".into(),
        }),
        ..quick()
    };
    let provider = Provider::with(settings);
    let folder = Folder::with_sheet(3);
    let answer = folder.campaign(&provider, &[]).expect_code(6);
    assert!(!answer.stderr.contains(KEYS[1]));
    assert!(provider.ledger().accepted.is_empty());

    let elsewhere = provider_with(Faults {
        list: [(AnswerFault::Redirect, When::always())].into(),
        ..Faults::default()
    });
    let folder = Folder::with_sheet(3);
    folder.campaign(&elsewhere, &[]).expect_code(6);
    assert!(elsewhere.ledger().accepted.is_empty());
}

#[test]
fn five_when_the_cap_is_reached_or_the_credits_are_gone_and_the_rest_is_finished() {
    let (folder, provider) = (Folder::with_sheet(6), Provider::new());
    folder
        .campaign(&provider, &["--max-credits", "17"])
        .expect_code(5);
    assert_eq!(provider.ledger().accepted.len(), 3, "5 credits each");
    folder.expect_every_paid_video(&provider.ledger());
    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 6);

    let poor = Provider::with(SandboxSettings {
        credits: 12.0,
        charge_delay_millis: 0,
        ..quick()
    });
    let folder = Folder::with_sheet(6);
    let answer = folder.campaign(&poor, &["--allow-partial"]).expect_code(5);
    assert!(answer.stderr.contains("credits"), "{}", answer.stderr);
    assert_eq!(poor.ledger().accepted.len(), 2);
    folder.expect_every_paid_video(&poor.ledger());
}

#[test]
fn three_when_a_render_fails_and_it_is_paid_again_only_on_request() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    let sheet = folder
        .read("sheet.csv")
        .replace("number 2", "number 2 [fail]");
    folder.write("sheet.csv", &sheet);
    folder.campaign(&provider, &[]).expect_code(3);
    folder.campaign(&provider, &[]).expect_code(3);
    assert_eq!(provider.ledger().accepted.len(), 3);
    folder
        .campaign(&provider, &["--retry-failed"])
        .expect_code(3);
    assert_eq!(provider.ledger().accepted.len(), 4);
    expect_nothing_paid_twice(&provider.ledger());
}

#[test]
fn four_while_nobody_can_say_whether_a_submit_was_accepted() {
    let faults = Faults {
        create_accepted: [(AnswerFault::Reset, When::ordinals([2]))].into(),
        list: [(AnswerFault::Unavailable, When::always())].into(),
        ..Faults::default()
    };
    let provider = provider_with(faults);
    let folder = Folder::with_sheet(3);
    let answer = folder.campaign(&provider, &[]).expect_code(4);
    assert!(
        answer.stderr.contains("--resubmit job-02"),
        "{}",
        answer.stderr
    );
    assert_eq!(provider.ledger().accepted.len(), 3);
    folder.campaign(&provider, &[]).expect_code(4);
    assert_eq!(provider.ledger().accepted.len(), 3, "never by itself");
}

#[test]
fn seven_while_another_run_holds_the_folder_and_zero_after_waiting_for_it() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 1500..=1500,
        ..quick()
    });
    let folder = Folder::with_sheet(2);
    let first = folder
        .command(&campaign("run", &provider, &[]))
        .spawn()
        .unwrap();
    wait_until("a submit", || !provider.ledger().accepted.is_empty());
    let answer = folder.campaign(&provider, &[]).expect_code(7);
    let holder = format!("process {}", first.id());
    assert!(answer.stderr.contains(&holder), "{}", answer.stderr);
    let status = folder.run(&["status", "sheet.csv"]).expect_code(0);
    assert!(!status.stdout.is_empty(), "works beside a run");
    folder
        .campaign(&provider, &["--lock-wait", "1m"])
        .expect_code(0);
    crate::program::finish(first).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 2);
}

#[test]
fn eight_for_renders_that_are_left_to_a_later_collect() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 800..=800,
        ..quick()
    });
    let folder = Folder::with_sheet(4);
    folder
        .campaign(&provider, &["--submit-only"])
        .expect_code(8);
    assert_eq!(provider.ledger().accepted.len(), 4);
    folder
        .run(&campaign("collect", &provider, &[]))
        .expect_code(0);
    folder.expect_every_paid_video(&provider.ledger());

    let folder = Folder::with_sheet(2);
    let slow = Provider::with(SandboxSettings {
        render_millis: 60_000..=60_000,
        ..quick()
    });
    let answer = folder
        .campaign(&slow, &["--max-duration", "700ms"])
        .expect_code(8);
    assert!(answer.stderr.contains("collect"), "{}", answer.stderr);
}

#[test]
fn one_when_the_output_folder_cannot_be_made() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    folder.write("blocked", "a file where a folder is wanted");
    folder
        .campaign(&provider, &["--out", "blocked/inside"])
        .expect_code(1);
    assert!(provider.ledger().accepted.is_empty());
}

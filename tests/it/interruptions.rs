//! Ctrl-C and SIGTERM.

use callsheet::sandbox::{AnswerFault, Faults, Settings, When};

use crate::program::{
    Folder, Provider, campaign, expect_nothing_paid_twice, finish, quick, signal, wait_until,
};

#[test]
fn the_first_interrupt_leaves_cleanly_and_the_last_line_resumes() {
    for name in ["INT", "TERM"] {
        let provider = Provider::with(Settings {
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
    let provider = Provider::with(Settings { faults, ..quick() });
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

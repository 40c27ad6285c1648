//! A campaign against an API at an address, with keys.

use crate::program::{
    Folder, KEYS, Provider, contains, expect_nothing_paid_twice, quick, rows, sheet,
};
use callsheet::sandbox::{
    AnswerFault, Faults, FileFault, ListFault, SandboxSettings, ShownFault, When,
};

#[test]
fn one_accepted_submit_a_job_whole_files_and_results_in_the_sheets_order() {
    let (folder, provider) = (Folder::with_sheet(7), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 7);
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);

    let results = folder.read("sheet-output/results.csv");
    let given = sheet(7);
    let lines = results.lines().zip(given.lines());
    for (result, original) in lines {
        assert!(result.starts_with(original), "{result}\n{original}");
    }
    let header = results.lines().next().unwrap();
    assert!(header.ends_with(
        ",job_id,status,file,video_url,thumbnail_url,duration_seconds,credits_estimated,\
         credits_used,submitted_at,finished_at,attempts,remote_id,error"
    ));
    for (row, job) in rows(&results).iter().zip(&ledger.accepted) {
        assert_eq!(row["status"], "done");
        assert_eq!(row["remote_id"], job.id);
        assert_eq!(row["credits_used"], "5");
        assert_eq!(row["attempts"], "1");
    }

    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 7, "nothing left to do");
    provider.stop();
}

#[test]
fn the_keys_are_sent_to_the_api_and_written_nowhere() {
    let faults = Faults {
        poll: [(AnswerFault::Unavailable, When::ordinals([1]))].into(),
        files: [(FileFault::Redirect, When::ordinals([1]))].into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(3);
    let answer = folder.campaign(&provider, &["-v"]).expect_code(0);
    assert_eq!(provider.ledger().credentials_on_files, 0);
    assert_eq!(provider.ledger().unauthorised, 0);
    for (path, content) in folder.everything() {
        for key in KEYS {
            assert!(!contains(&content, key), "{}", path.display());
        }
    }
    for key in KEYS {
        assert!(!answer.stderr.contains(key) && !answer.stdout.contains(key));
    }
}

#[test]
fn an_unpleasant_provider_costs_patience_and_nothing_else() {
    let faults = Faults {
        create_refused: [
            (AnswerFault::TooManyWithSeconds, When::ordinals([2])),
            (AnswerFault::TooManyWithDate, When::ordinals([5])),
        ]
        .into(),
        poll: [
            (AnswerFault::Reset, When::ordinals([1])),
            (AnswerFault::TooManyWithSeconds, When::ordinals([2])),
            (AnswerFault::FieldErrors, When::ordinals([4])),
            (AnswerFault::BadGateway, When::ordinals([5])),
        ]
        .into(),
        shown: [
            (ShownFault::UnknownStatus, When::probability(0.2)),
            (ShownFault::TextProgress, When::probability(0.5)),
            (ShownFault::NullOutput, When::ordinals([3, 4])),
            (ShownFault::Missing, When::probability(0.2)),
        ]
        .into(),
        listing: [(ListFault::Foreign, When::always().amount(5_000))].into(),
        files: [
            (FileFault::Reset, When::ordinals([1, 2])),
            (FileFault::Html, When::ordinals([4])),
            (FileFault::Expires, When::ordinals([5])),
        ]
        .into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(8);
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 8);
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
}

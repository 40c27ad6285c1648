//! A whole campaign against an API at an address, with credentials.

use callsheet::sandbox::{FaultTrigger, Faults, FileFault, JobFault, ListFault, ResponseFault};

use crate::program::{KEYS, Scenario, contains, sheet};

#[test]
fn each_job_is_submitted_once_and_results_follow_the_sheet() {
    let scenario = Scenario::new(7);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(7);

    let results = scenario.read("sheet-output/results.csv");
    for (result, original) in results.lines().zip(sheet(7).lines()) {
        assert!(result.starts_with(original), "{result}\n{original}");
    }
    let header = results.lines().next().unwrap();
    assert!(header.ends_with(
        ",job_id,status,file,video_url,thumbnail_url,duration_seconds,credits_estimated,\
         credits_used,submitted_at,finished_at,attempts,remote_id,error,outdated"
    ));
    // Concurrent submits may be accepted in another order.
    let mut accepted: Vec<String> =
        scenario.ledger().accepted.iter().map(|job| job.id.clone()).collect();
    for row in scenario.results() {
        assert_eq!(row["status"], "done");
        let job = accepted.iter().position(|id| row["remote_id"] == **id).expect("its own job");
        accepted.swap_remove(job);
        assert_eq!(row["credits_used"], "5");
        assert_eq!(row["attempts"], "1");
    }

    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 7, "the second run submits nothing");
}

#[test]
fn credentials_are_sent_to_the_api_and_written_nowhere() {
    let faults = Faults {
        poll: [(ResponseFault::Unavailable, FaultTrigger::ordinals([1]))].into(),
        files: [(FileFault::Redirect, FaultTrigger::ordinals([1]))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(3, faults);
    let output = scenario.run_sheet(&["-v"]).expect_code(0);
    let ledger = scenario.ledger();
    assert_eq!((ledger.credentials_on_files, ledger.unauthorised), (0, 0));
    for key in KEYS {
        for (path, content) in scenario.everything() {
            assert!(!contains(&content, key), "{}", path.display());
        }
        assert!(!output.stderr.contains(key) && !output.stdout.contains(key));
    }
}

#[test]
fn a_campaign_completes_despite_many_kinds_of_faults() {
    let faults = Faults {
        create_refused: [
            (ResponseFault::TooManyWithSeconds, FaultTrigger::ordinals([2])),
            (ResponseFault::TooManyWithDate, FaultTrigger::ordinals([5])),
        ]
        .into(),
        poll: [
            (ResponseFault::Reset, FaultTrigger::ordinals([1])),
            (ResponseFault::TooManyWithSeconds, FaultTrigger::ordinals([2])),
            (ResponseFault::FieldErrors, FaultTrigger::ordinals([4])),
            (ResponseFault::BadGateway, FaultTrigger::ordinals([5])),
        ]
        .into(),
        shown: [
            (JobFault::UnknownStatus, FaultTrigger::probability(0.2)),
            (JobFault::TextProgress, FaultTrigger::probability(0.5)),
            (JobFault::NullOutput, FaultTrigger::ordinals([3, 4])),
            (JobFault::Missing, FaultTrigger::probability(0.2)),
        ]
        .into(),
        listing: [(ListFault::Foreign, FaultTrigger::always().amount(5_000))].into(),
        files: [
            (FileFault::Reset, FaultTrigger::ordinals([1, 2])),
            (FileFault::Html, FaultTrigger::ordinals([4])),
            (FileFault::Expires, FaultTrigger::ordinals([5])),
        ]
        .into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(8, faults);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(8);
}

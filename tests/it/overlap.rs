//! Old copies, other folders, other machines, other names.

use std::path::Path;

use callsheet::sandbox::SandboxSettings;

use crate::program::{
    FAST, Folder, Provider, campaign, expect_nothing_paid_twice, finish, quick, wait_until,
};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

/// Puts an older copy of the journal in the place of the newer one.
fn put_back(folder: &Folder, old: &str) {
    let place = folder.path("sheet-output/.callsheet");
    std::fs::remove_dir_all(&place).unwrap();
    copy(&folder.path(old), &place);
}

#[test]
fn a_journal_put_back_from_an_old_copy_pays_for_nothing_again() {
    let (folder, provider) = (Folder::with_sheet(8), Provider::new());
    folder.campaign(&provider, &["--limit", "3"]).expect_code(0);
    let hidden = folder.path("sheet-output/.callsheet");
    copy(&hidden, &folder.path("backup"));
    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 8);

    put_back(&folder, "backup");
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 8, "the list knows better");
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);

    // The same though the videos are elsewhere by now, and with `collect`.
    put_back(&folder, "backup");
    std::fs::remove_dir_all(folder.path("sheet-output/videos")).unwrap();
    folder
        .run(&campaign("collect", &provider, &[]))
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 8);
    folder.expect_every_paid_video(&provider.ledger());
}

#[test]
fn an_old_journal_and_a_list_that_refuses_submit_nothing() {
    use callsheet::sandbox::{AnswerFault, Faults, When};
    let state = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        state: Some(state.path().join("accepted.jsonl")),
        ..quick()
    };
    let folder = Folder::with_sheet(4);
    let provider = Provider::with(settings.clone());
    folder.campaign(&provider, &["--limit", "2"]).expect_code(0);
    copy(
        &folder.path("sheet-output/.callsheet"),
        &folder.path("backup"),
    );
    folder.campaign(&provider, &[]).expect_code(0);
    provider.stop();

    put_back(&folder, "backup");
    let faults = Faults {
        list: [(AnswerFault::Unavailable, When::always())].into(),
        ..Faults::default()
    };
    let deaf = Provider::with(SandboxSettings { faults, ..settings });
    // The videos on the disk, and the ids in `results.json`, are signs enough.
    let answer = folder.campaign(&deaf, &[]).expect_code(5);
    assert!(
        answer.stderr.contains("nothing was submitted"),
        "{}",
        answer.stderr
    );
    assert_eq!(deaf.ledger().accepted.len(), 4);
}

#[test]
fn a_journal_put_back_in_the_middle_of_a_campaign_goes_on_from_reality() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 400..=800,
        ..quick()
    });
    let folder = Folder::with_sheet(12);
    let start = |further: &[&str]| {
        folder
            .command(&campaign("run", &provider, further))
            .spawn()
            .unwrap()
    };
    let mut first = start(&["--submit-rate", "20/s"]);
    wait_until("three submits", || provider.ledger().accepted.len() >= 3);
    first.kill().unwrap();
    finish(first);
    copy(
        &folder.path("sheet-output/.callsheet"),
        &folder.path("backup"),
    );
    let mut second = start(&["--submit-rate", "20/s"]);
    wait_until("eight submits", || provider.ledger().accepted.len() >= 8);
    second.kill().unwrap();
    finish(second);
    put_back(&folder, "backup");
    for _ in 0..5 {
        if folder.campaign(&provider, &[]).code == Some(0) {
            break;
        }
    }
    let ledger = provider.ledger();
    expect_nothing_paid_twice(&ledger);
    assert_eq!(ledger.accepted.len(), 12);
    folder.expect_every_paid_video(&ledger);
}

#[test]
fn two_folders_one_after_the_other_pay_once() {
    let (folder, provider) = (Folder::with_sheet(4), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    folder
        .campaign(&provider, &["--out", "another machine"])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 4);
    assert!(folder.path("another machine/videos/job-04.mp4").exists());

    // A copied folder is a second journal with the same history.
    copy(&folder.path("sheet-output"), &folder.path("copied"));
    let row = folder.read("sheet.csv").replace("number 4", "number four");
    folder.write("sheet.csv", &row);
    for out in ["sheet-output", "copied"] {
        folder
            .campaign(&provider, &["--out", out, "--redo-changed"])
            .expect_code(0);
    }
    assert_eq!(provider.ledger().accepted.len(), 5, "redone once");
    expect_nothing_paid_twice(&provider.ledger());
}

#[test]
fn an_output_folder_may_be_moved_and_renamed() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    std::fs::create_dir(folder.path("archive")).unwrap();
    std::fs::rename(folder.path("sheet-output"), folder.path("archive/spring")).unwrap();
    folder
        .campaign(&provider, &["--out", "archive/spring"])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 3);
    assert!(!folder.path("sheet-output").exists());
}

#[test]
fn two_runs_of_one_sheet_at_the_same_time_notice_each_other() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 300..=600,
        ..quick()
    });
    let folder = Folder::with_sheet(40);
    let runs = ["here", "there"].map(|out| {
        let further = ["--out", out, "--submit-rate", "5/s", "--settle", "400ms"];
        let child = folder
            .command(&campaign("run", &provider, &further))
            .spawn();
        child.unwrap()
    });
    let answers = runs.map(finish);
    let stopped = answers
        .iter()
        .filter(|answer| answer.stderr.contains("another run is paying"))
        .count();
    let paid = provider.ledger().accepted.len();
    // The one that is later by a little takes over what the other has done, and nothing is paid for twice.
    assert!(stopped >= 1 || paid == 40, "{answers:#?}");
    assert!(paid < 60, "{paid} paid for, {answers:#?}");
    for answer in answers.iter().filter(|answer| answer.code == Some(5)) {
        assert!(
            answer.stderr.contains("paid for twice"),
            "{}",
            answer.stderr
        );
    }
    // One after the other they finish, and nothing more is paid for twice.
    let names = |provider: &Provider| {
        let ledger = provider.ledger();
        let mut names: Vec<_> = ledger.accepted.into_iter().map(|job| job.name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        (names.len(), all)
    };
    let (distinct, all) = names(&provider);
    for out in ["here", "there"] {
        folder.campaign(&provider, &["--out", out]).expect_code(0);
    }
    let (now_distinct, now_all) = names(&provider);
    assert_eq!((now_distinct, now_all - all), (40, 40 - distinct));
}

#[test]
fn a_renamed_sheet_is_said_to_be_paid_for_already() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    std::fs::rename(folder.path("sheet.csv"), folder.path("final.csv")).unwrap();
    let plan = folder.run(&["plan", "final.csv"]).expect_code(0);
    let words = "3 videos of this sheet are paid for already, by the campaign `sheet`";
    assert!(plan.stderr.contains(words), "{}", plan.stderr);
    let arguments = ["run", "final.csv", "--base-url", provider.base_url()];
    let run = folder
        .run(&[&arguments[..], &FAST, &["--max-credits", "0"]].concat())
        .expect_code(5);
    assert!(run.stderr.contains(words), "{}", run.stderr);
    assert_eq!(provider.ledger().accepted.len(), 3);
    // Another sheet beside it is nobody's namesake.
    folder.write(
        "other.csv",
        &crate::program::sheet(3).replace("Hello", "Bye"),
    );
    let plan = folder.run(&["plan", "other.csv"]).expect_code(0);
    assert_eq!(plan.stderr, "");
}

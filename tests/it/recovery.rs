//! What is lost, damaged or edited between two runs.

use callsheet::sandbox::{AnswerFault, Faults, FileFault, Ledger, SandboxSettings, When};

use crate::program::{
    Folder, PERSONA, Provider, campaign, digest, expect_nothing_paid_twice, quick, rows, sheet,
};

#[test]
fn a_deleted_journal_costs_nothing() {
    let (folder, provider) = (Folder::with_sheet(5), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    std::fs::remove_dir_all(folder.path("sheet-output/.callsheet")).unwrap();
    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 5, "found by their tags");
    folder.expect_every_paid_video(&provider.ledger());

    std::fs::remove_dir_all(folder.path("sheet-output")).unwrap();
    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 5);
    folder.expect_every_paid_video(&provider.ledger());

    folder.campaign(&provider, &["--fresh"]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 10, "on purpose");
    expect_nothing_paid_twice(&ledger);
}

#[test]
fn a_lost_answer_is_found_in_the_list() {
    let faults = Faults {
        create_accepted: [
            (AnswerFault::Reset, When::ordinals([2])),
            (AnswerFault::BadGateway, When::ordinals([4])),
            (AnswerFault::Array, When::ordinals([5])),
            (AnswerFault::EmptyObject, When::ordinals([6])),
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

#[test]
fn a_submit_that_was_proven_not_to_have_been_accepted_is_sent_again() {
    let faults = Faults {
        create_refused: [
            (AnswerFault::InternalError, When::ordinals([3])),
            (AnswerFault::Reset, When::ordinals([5])),
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
}

#[test]
fn a_video_that_was_deleted_is_downloaded_again_and_not_rendered_again() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    std::fs::remove_file(folder.path("sheet-output/videos/job-02.mp4")).unwrap();
    folder
        .run(&campaign("collect", &provider, &[]))
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 3);
    folder.expect_every_paid_video(&provider.ledger());
}

#[test]
fn a_download_that_never_works_leaves_the_job_collectable() {
    let faults = Faults {
        files: [(FileFault::Html, When::always())].into(),
        ..Faults::default()
    };
    let state = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        state: Some(state.path().join("accepted.jsonl")),
        ..quick()
    };
    let broken = Provider::with(SandboxSettings {
        faults,
        ..settings.clone()
    });
    let folder = Folder::with_sheet(1);
    let answer = folder
        .campaign(&broken, &["--max-duration", "3s"])
        .expect_code(8);
    assert!(answer.stderr.contains("collect"), "{}", answer.stderr);
    assert!(!folder.path("sheet-output/videos/job-01.mp4").exists());
    broken.stop();

    let mended = Provider::with(settings);
    folder
        .run(&campaign("collect", &mended, &[]))
        .expect_code(0);
    assert_eq!(mended.ledger().accepted.len(), 1);
    folder.expect_every_paid_video(&mended.ledger());
}

#[test]
fn a_journal_that_is_foreign_or_torn_is_refused_and_left_as_it_is() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    folder.campaign(&provider, &[]).expect_code(0);
    let path = folder.path("sheet-output/.callsheet/journal.sqlite");
    for spoilt in [&b"not a database at all, only words"[..], &[0; 4096]] {
        std::fs::write(&path, spoilt).unwrap();
        let answer = folder.campaign(&provider, &[]).expect_code(1);
        assert!(
            answer.stderr.contains("nothing was submitted"),
            "{}",
            answer.stderr
        );
        assert_eq!(digest(&std::fs::read(&path).unwrap()), digest(spoilt));
    }
    assert_eq!(provider.ledger().accepted.len(), 2);
}

#[test]
fn a_row_that_is_gone_from_the_sheet_is_collected_and_its_file_is_nobody_elses() {
    let provider = Provider::with(SandboxSettings {
        render_millis: 500..=500,
        ..quick()
    });
    let folder = Folder::with_sheet(2);
    folder
        .campaign(&provider, &["--submit-only"])
        .expect_code(8);
    let all = sheet(2);
    let kept: Vec<&str> = all
        .lines()
        .filter(|line| !line.starts_with("job-01"))
        .collect();
    folder.write("sheet.csv", &kept.join("\n"));
    folder.campaign(&provider, &[]).expect_code(0);
    folder.expect_every_paid_video(&provider.ledger());
    let results = folder.read("sheet-output/results.csv");
    assert_eq!(results.lines().count(), 2, "{results}");
}

#[test]
fn what_is_paid_for_is_collected_though_the_sheet_is_missing_or_wrong_by_now() {
    for edit in ["job-03,Hello,nobody-of-that-name,9:16\n\"", ""] {
        let provider = Provider::with(SandboxSettings {
            render_millis: 500..=500,
            ..quick()
        });
        let folder = Folder::with_sheet(2);
        folder
            .campaign(&provider, &["--submit-only"])
            .expect_code(8);
        if edit.is_empty() {
            std::fs::remove_file(folder.path("sheet.csv")).unwrap();
        } else {
            folder.write("sheet.csv", &(sheet(2) + edit));
        }
        let refused = folder.campaign(&provider, &[]).expect_code(2);
        assert!(
            !refused.stderr.contains("results.csv"),
            "{}",
            refused.stderr
        );
        let collected = folder
            .run(&campaign("collect", &provider, &[]))
            .expect_code(0);
        for words in [
            "warning: the manifest cannot be used",
            "sheet-output/results.csv`",
        ] {
            assert!(collected.stderr.contains(words), "{}", collected.stderr);
        }
        folder.expect_every_paid_video(&provider.ledger());
        let results = folder.read("sheet-output/results.csv");
        assert_eq!(results.lines().count(), 3, "{results}");
        assert!(
            results.starts_with("id,text,"),
            "the user's columns: {results}"
        );
        let status = folder.run(&["status", "sheet.csv"]).expect_code(0);
        assert!(status.stdout.contains("2 done"), "{}", status.stdout);
        assert_eq!(provider.ledger().accepted.len(), 2);
    }
}

#[test]
fn the_sandbox_and_the_real_api_never_share_a_journal() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    folder
        .run(&["run", "sheet.csv", "--sandbox", "--progress", "none"])
        .expect_code(0);
    let plan = folder.run(&["plan", "sheet.csv"]).expect_code(0);
    let answer = folder.campaign(&provider, &[]).expect_code(2);
    for answer in [plan, answer] {
        assert!(answer.stderr.contains("--out"), "{}", answer.stderr);
    }
    assert!(provider.ledger().accepted.is_empty());
}

/// Fails the test unless every line of the results that has a file has one of its own, whose content is the
/// video of its job.
#[track_caller]
fn expect_a_file_each(folder: &Folder, ledger: &Ledger, done: usize) {
    let lines = rows(&folder.read("sheet-output/results.csv"));
    let lines: Vec<_> = lines
        .iter()
        .filter(|line| line["status"] == "done")
        .collect();
    assert_eq!(lines.len(), done, "{lines:#?}");
    let mut files = std::collections::HashSet::new();
    for line in lines {
        assert!(files.insert(&line["file"]), "{line:#?}");
        let content =
            std::fs::read(folder.path(&format!("sheet-output/{}", line["file"]))).unwrap();
        let own = ledger
            .accepted
            .iter()
            .find(|job| job.id == line["remote_id"]);
        assert_eq!(digest(&content), own.unwrap().sha256, "{line:#?}");
    }
}

#[test]
fn a_row_that_is_given_the_file_name_of_another_leaves_that_video_where_it_is() {
    let (folder, provider) = (Folder::new(), Provider::new());
    let sheet = |rows: &[(&str, &str)]| {
        let rows = rows
            .iter()
            .map(|(text, file)| format!("{text},{PERSONA},9:16,{file}\n"));
        let rows: String = rows.collect();
        folder.write(
            "sheet.csv",
            &format!("text,persona,aspect_ratio,filename\n{rows}"),
        );
    };
    sheet(&[("Hello one.", "v1"), ("Hello two.", "v2")]);
    folder.campaign(&provider, &[]).expect_code(0);
    sheet(&[
        ("Hello new.", "v1"),
        ("Hello one.", "v2"),
        ("Hello two.", "v3"),
    ]);
    for fresh in [&[][..], &[], &["--fresh"], &[]] {
        folder.campaign(&provider, fresh).expect_code(0);
        expect_a_file_each(&folder, &provider.ledger(), 3);
    }
    assert_eq!(provider.ledger().accepted.len(), 6);
    sheet(&[("Hello new.", "v1"), ("Hello one.", "v2")]);
    folder.run(&["report", "sheet.csv"]).expect_code(0);
    expect_a_file_each(&folder, &provider.ledger(), 2);

    // Who is made again takes the place of its own earlier video, as long as nothing else has changed.
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    for further in [&[][..], &["--fresh"]] {
        folder.campaign(&provider, further).expect_code(0);
        let line = &rows(&folder.read("sheet-output/results.csv"))[0];
        assert_eq!(line["file"], "videos/job-01.mp4");
        expect_a_file_each(&folder, &provider.ledger(), 1);
    }
}

/// Rows with ids, and the ratios of each.
fn with_ratios(folder: &Folder, rows: &[(&str, &str)]) {
    let rows = rows
        .iter()
        .map(|(id, ratios)| format!("{id},Hello {}.,{PERSONA},{ratios}\n", &id[..1]));
    let rows: String = rows.collect();
    folder.write(
        "sheet.csv",
        &format!("id,text,persona,aspect_ratio\n{rows}"),
    );
}

fn job_ids(folder: &Folder) -> Vec<String> {
    let lines = rows(&folder.read("sheet-output/results.csv"));
    lines.iter().map(|line| line["job_id"].clone()).collect()
}

#[test]
fn a_row_that_is_given_one_ratio_more_is_not_paid_for_once_more() {
    let (folder, provider) = (Folder::new(), Provider::new());
    with_ratios(&folder, &[("a", "9:16"), ("b", "1:1")]);
    folder.campaign(&provider, &[]).expect_code(0);
    with_ratios(&folder, &[("a", "9:16 | 1:1"), ("b", "1:1")]);
    let note = "`a-9x16` is the video paid for as `a`, and keeps that id";
    let plan = folder.run(&["plan", "sheet.csv"]).expect_code(0);
    assert!(plan.stderr.contains(note), "{plan:#?}");
    folder.run(&["approve", "sheet.csv"]).expect_code(0);
    let run = folder
        .campaign(&provider, &["--require-approval"])
        .expect_code(0);
    assert!(run.stderr.contains(note), "{run:#?}");
    assert!(!run.stderr.contains("no longer in the sheet"), "{run:#?}");
    assert_eq!(provider.ledger().accepted.len(), 3);
    assert_eq!(job_ids(&folder), ["a", "a-1x1", "b"]);
    expect_a_file_each(&folder, &provider.ledger(), 3);

    // Both names are known to everybody from now on.
    for name in ["a", "a-9x16"] {
        folder.campaign(&provider, &["--only", name]).expect_code(0);
        let why = folder.run(&["why", "sheet.csv", name]).expect_code(0);
        assert!(why.stdout.contains("videos/a.mp4"), "{}", why.stdout);
        folder.write("marks.csv", &format!("job_id,mark\n{name},approved\n"));
        folder
            .campaign(&provider, &["--only-approved", "marks.csv"])
            .expect_code(0);
    }
    let status = folder.run(&["status", "sheet.csv"]).expect_code(0);
    assert!(
        status.stdout.contains("3 jobs: 3 done"),
        "{}",
        status.stdout
    );
    folder.run(&["report", "sheet.csv"]).expect_code(0);
    assert_eq!(job_ids(&folder), ["a", "a-1x1", "b"]);
    folder
        .run(&[
            "run",
            "sheet-output/results.csv",
            "--base-url",
            provider.base_url(),
        ])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 3);
    for name in ["a-9x16", "a"] {
        folder.write("marks.csv", &format!("job_id,mark\n{name},rejected\n"));
        folder
            .campaign(&provider, &["--redo-rejected", "marks.csv"])
            .expect_code(0);
    }
    assert_eq!(provider.ledger().accepted.len(), 5, "on purpose");
    expect_nothing_paid_twice(&provider.ledger());

    // A shard knows its own.
    let (folder, provider) = (Folder::new(), Provider::new());
    with_ratios(&folder, &[("a", "9:16")]);
    let shard = ["--shard", "1/1"];
    folder.campaign(&provider, &shard).expect_code(0);
    with_ratios(&folder, &[("a", "9:16 | 1:1")]);
    for further in [&[][..], &["--only", "a-9x16"], &["--only", "a"]] {
        let run = [&shard[..], further].concat();
        folder.campaign(&provider, &run).expect_code(0);
    }
    let why = ["why", "sheet.csv", "a-9x16", "--shard", "1/1"];
    let why = folder.run(&why).expect_code(0);
    assert!(why.stdout.contains("videos/a.mp4"), "{}", why.stdout);
    assert_eq!(provider.ledger().accepted.len(), 2);

    // And back again, to the ratio that came second.
    let (folder, provider) = (Folder::new(), Provider::new());
    with_ratios(&folder, &[("a", "9:16 | 1:1")]);
    folder.campaign(&provider, &[]).expect_code(0);
    with_ratios(&folder, &[("a", "1:1")]);
    for further in [&[][..], &["--only", "a"], &["--only", "a-1x1"]] {
        let run = folder.campaign(&provider, further).expect_code(0);
        let note = "`a` is the video paid for as `a-1x1`, and goes on";
        assert!(run.stderr.contains(note), "{run:#?}");
        assert_eq!(job_ids(&folder), ["a-1x1"]);
    }
    assert_eq!(provider.ledger().accepted.len(), 2);
}

#[test]
fn what_is_under_way_goes_on_too_and_takes_like_rows_of_other_names_are_made() {
    let (folder, provider) = (Folder::new(), Provider::new());
    with_ratios(&folder, &[("a", "9:16")]);
    folder
        .campaign(&provider, &["--submit-only"])
        .expect_code(8);
    with_ratios(&folder, &[("a", "9:16 | 1:1")]);
    let collect = folder
        .run(&campaign("collect", &provider, &[]))
        .expect_code(0);
    assert!(
        collect.stderr.contains("`a-9x16` is the video"),
        "{collect:#?}"
    );
    assert!(folder.path("sheet-output/videos/a.mp4").exists());
    folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 2);

    // The same words under other names are another take, which somebody may want.
    with_ratios(&folder, &[("a-take2", "9:16"), ("a-1x1", "1:1")]);
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 3);
    expect_nothing_paid_twice(&ledger);
}

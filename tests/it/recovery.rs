//! Files lost, damaged or edited between two runs.

use callsheet::manifest::{self, Options};
use callsheet::model::JobSpec;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use callsheet::sandbox::{
    FaultTrigger, Faults, FileFault, Ledger, ListFault, ResponseFault, SandboxSettings,
};

use crate::program::{
    Folder, PERSONA, Scenario, digest, expect_nothing_paid_twice, quick, rendering, sheet,
};

#[test]
fn a_deleted_journal_costs_nothing() {
    let scenario = Scenario::new(5);
    scenario.run_sheet(&[]).expect_code(0);
    for lost in ["sheet-output/.callsheet", "sheet-output"] {
        scenario.remove(lost);
        scenario.run_sheet(&[]).expect_code(0);
        scenario.expect_paid_once(5);
    }
    scenario.run_sheet(&["--fresh"]).expect_code(0);
    assert_eq!(scenario.accepted(), 10, "paid again on request");
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn a_plan_after_a_lost_journal_says_that_paid_work_is_looked_for() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    let warning = ["that its journal does not record", "looks for what was paid for"];
    let plan = scenario.run(&["plan", "sheet.csv"]).expect_code(0);
    plan.expect_not_in_stderr(&warning);
    scenario.remove("sheet-output/.callsheet");
    scenario.run(&["plan", "sheet.csv"]).expect_code(0).expect_stderr(&warning);

    scenario.write("emptied/.callsheet/journal.sqlite", "");
    let plan = ["plan", "sheet.csv", "--out", "emptied"];
    scenario.run(&plan).expect_code(0).expect_stderr(&warning);
}

#[test]
fn an_emptied_journal_or_a_page_forbids_to_pay_if_the_list_shows_no_job() {
    for kept in ["report.html", ".callsheet/journal.sqlite"] {
        let mut scenario = Scenario::new(2);
        scenario.run_sheet(&[]).expect_code(0);
        let page = scenario.read("sheet-output/report.html");
        scenario.remove("sheet-output");
        let is_page = kept == "report.html";
        scenario.write(&format!("sheet-output/{kept}"), if is_page { &page } else { "" });
        // A list without any row.
        let late = FaultTrigger::always().amount(3_600_000);
        let faults = Faults { listing: [(ListFault::Late, late)].into(), ..Faults::default() };
        scenario.provider.restart(SandboxSettings { faults, ..quick() });
        for _ in 0..2 {
            let run = scenario.run_sheet(&[]).expect_code(5);
            run.expect_stderr(&["nothing was submitted", "the list shows none", "--without-list"]);
        }
        assert_eq!(scenario.accepted(), 2, "{kept}");
        scenario.provider.restart(quick());
        scenario.run_sheet(&[]).expect_code(0);
        scenario.expect_paid_once(2);
    }
}

#[test]
fn a_page_without_accepted_jobs_is_no_reason_to_stop() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&["--only", "job-01"]).expect_code(0);
    let accepted = scenario.read("sheet-output/report.html");
    scenario.remove("sheet-output");
    let start = accepted.find("\"accepted\":1").expect("the time of the first job");
    let digits = accepted[start + 11..].find(|letter: char| !letter.is_ascii_digit()).unwrap();
    let pending = format!("{}null{}", &accepted[..start + 11], &accepted[start + 11 + digits..]);
    scenario.write("sheet-output/report.html", &pending);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(2);
}

#[test]
fn a_folder_of_another_campaign_is_refused_by_every_command() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.write("other.csv", &sheet(2));
    let job = ["why", "other.csv", "job-01"];
    for command in
        [&["status", "other.csv"][..], &["plan", "other.csv"], &["report", "other.csv"], &job]
    {
        let refused = scenario.run(&[command, &["--out", "sheet-output"]].concat()).expect_code(2);
        refused.expect_stderr(&["belongs to campaign `sheet`", "not to campaign `other`"]);
    }
    scenario.run(&["status", "sheet-output/results.csv"]).expect_code(0).expect_stdout(&["2 done"]);
}

#[test]
fn jobs_whose_answers_were_lost_are_found_in_the_list() {
    let faults = Faults {
        create_accepted: [
            (ResponseFault::Reset, FaultTrigger::ordinals([2])),
            (ResponseFault::BadGateway, FaultTrigger::ordinals([4])),
            (ResponseFault::Array, FaultTrigger::ordinals([5])),
            (ResponseFault::EmptyObject, FaultTrigger::ordinals([6])),
        ]
        .into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(8, faults);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(8);
}

#[test]
fn a_submit_proven_not_to_be_accepted_is_sent_again() {
    let faults = Faults {
        create_refused: [
            (ResponseFault::InternalError, FaultTrigger::ordinals([3])),
            (ResponseFault::Reset, FaultTrigger::ordinals([5])),
        ]
        .into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(8, faults);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(8);
}

#[test]
fn a_deleted_video_is_downloaded_again_and_not_rendered_again() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.remove("sheet-output/videos/job-02.mp4");
    scenario.collect_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(3);
}

#[test]
fn a_job_whose_download_fails_can_be_collected_later() {
    let faults =
        Faults { files: [(FileFault::Html, FaultTrigger::always())].into(), ..Faults::default() };
    let mut scenario = Scenario::with_faults(1, faults);
    scenario.run_sheet(&["--max-duration", "3s"]).expect_code(8).expect_stderr(&["collect"]);
    assert!(!scenario.exists("sheet-output/videos/job-01.mp4"));
    scenario.provider.restart(quick());
    scenario.collect_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(1);
}

#[test]
fn collect_on_an_empty_disk_takes_over_what_was_paid_for() {
    let scenario = Scenario::new(3);
    scenario.run_sheet(&["--submit-only"]).expect_code(8);
    scenario.remove("sheet-output");
    scenario.collect_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(3);
}

#[test]
fn collect_on_an_empty_disk_says_that_the_list_may_be_cut_off() {
    let faults = Faults {
        listing: [(ListFault::Capped, FaultTrigger::always().amount(5))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(6, faults);
    scenario.run_sheet(&["--submit-only"]).expect_code(8);
    scenario.remove("sheet-output");
    scenario
        .collect_sheet(&[])
        .expect_code(5)
        .expect_stderr(&["the list may be cut off after 5 rows", "in the dashboard"])
        .expect_not_in_stderr(&["--without-list", "nothing was submitted"]);
    assert_eq!(scenario.accepted(), 6);
    let done = scenario.results().iter().filter(|row| row["status"] == "done").count();
    assert_eq!(done, 5, "what the list shows is taken over");
}

#[test]
fn edited_and_renumbered_rows_keep_their_videos_without_a_journal() {
    let rows = |rows: &[(&str, &str)]| {
        let mut text = "id,text,persona,aspect_ratio\n".to_owned();
        for (id, words) in rows {
            writeln!(text, "{id},{words},{PERSONA},9:16").unwrap();
        }
        text
    };
    let before = rows(&[("a", "Hello."), ("b", "Good bye.")]);
    for (what, after, code) in [
        ("edited", rows(&[("a", "Good evening."), ("b", "Good bye.")]), 9),
        ("swapped", rows(&[("a", "Good bye."), ("b", "Hello.")]), 0),
        ("other ids", rows(&[("1", "Hello."), ("2", "Good bye.")]), 0),
        ("edited by a full stop", rows(&[("a", "Hello!"), ("b", "Good bye.")]), 9),
        ("another ratio", before.replacen("9:16", "1:1", 1), 9),
    ] {
        for lost in ["sheet-output/.callsheet", "sheet-output"] {
            let scenario = Scenario::with_text(&before);
            scenario.run_sheet(&[]).expect_code(0);
            scenario.write("sheet.csv", &after);
            scenario.remove(lost);
            for _ in 0..2 {
                let run = scenario.run_sheet(&[]);
                assert_eq!(scenario.accepted(), 2, "{what}, without {lost}: {run:?}");
                run.expect_code(code);
            }
            let rows = scenario.results();
            let videos: std::collections::BTreeSet<&str> =
                rows.iter().map(|row| row["remote_id"].as_str()).collect();
            assert_eq!(videos.len(), 2, "{what}");
            assert!(rows.iter().all(|row| row["status"] == "done"), "{what}");
            scenario.run_sheet(&["--redo-changed"]).expect_code(0);
            let new = usize::from(code == 9);
            assert_eq!(scenario.accepted(), 2 + new, "{what}: paid again on request");
        }
    }
}

#[test]
fn a_damaged_journal_is_refused_and_not_changed() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&[]).expect_code(0);
    let path = scenario.path("sheet-output/.callsheet/journal.sqlite");
    for damaged in [&b"not a database at all, only words"[..], &[0; 4096]] {
        std::fs::write(&path, damaged).unwrap();
        let refused = scenario.run_sheet(&[]).expect_code(1);
        refused.expect_stderr(&["nothing was submitted"]);
        assert!(std::fs::read(&path).unwrap() == damaged);
    }
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn a_job_whose_row_was_removed_is_still_collected() {
    let scenario = Scenario::with(2, rendering(500));
    scenario.run_sheet(&["--submit-only"]).expect_code(8);
    let all = sheet(2);
    let kept = all.lines().filter(|line| !line.starts_with("job-01"));
    let kept: Vec<&str> = kept.collect();
    scenario.write("sheet.csv", &kept.join("\n"));
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(2);
    assert_eq!(scenario.results().len(), 1);
}

#[test]
fn paid_jobs_are_collected_though_the_sheet_is_missing_or_invalid() {
    for invalid in ["job-03,Hello,nobody-of-that-name,9:16\n\"", ""] {
        let scenario = Scenario::with(2, rendering(500));
        scenario.run_sheet(&["--submit-only"]).expect_code(8);
        if invalid.is_empty() {
            scenario.remove("sheet.csv");
        } else {
            scenario.write("sheet.csv", &(sheet(2) + invalid));
        }
        let refused = scenario.run_sheet(&[]).expect_code(2);
        refused.expect_not_in_stderr(&["results.csv"]);
        scenario
            .collect_sheet(&[])
            .expect_code(0)
            .expect_stderr(&["warning: the manifest cannot be used", "sheet-output/results.csv`"]);
        scenario.expect_paid_once(2);
        let results = scenario.read("sheet-output/results.csv");
        assert_eq!(results.lines().count(), 3, "{results}");
        let has_user_columns = results.starts_with("id,text,");
        assert!(has_user_columns, "{results}");
        let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
        status.expect_stdout(&["2 done"]);
    }
}

#[test]
fn the_sandbox_and_the_real_api_never_share_a_journal() {
    let scenario = Scenario::new(1);
    // As in folders of earlier versions, in which the sandbox had no folder of its own.
    let trial = ["run", "sheet.csv", "--sandbox", "--progress", "none", "--out", "sheet-output"];
    scenario.run(&trial).expect_code(0);
    let plan = scenario.run(&["plan", "sheet.csv"]).expect_code(0);
    plan.expect_stderr(&["--out"]);
    let refused = scenario.run_sheet(&[]).expect_code(2);
    refused.expect_stderr(&["--out"]);
    assert_eq!(scenario.accepted(), 0);
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&["(sandbox: nothing is charged)", "1 done"]);
    scenario
        .write("sheet.csv", &format!("{}\njob-02,Hi,{PERSONA},9:16\n", scenario.read("sheet.csv")));
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&["`callsheet run sheet.csv --out sheet-output --sandbox`"]);
}

#[test]
fn a_trial_in_the_sandbox_is_never_in_the_way_of_the_real_run() {
    for (manifest, folder, options) in [
        ("sheet.csv", "sheet-sandbox-output", &[][..]),
        ("dated.yaml", "dated-sandbox-output/2026-11-24", &["--date", "2026-11-24"]),
        ("sheet.csv", "sheet-sandbox-output/shard-1-of-1", &["--shard", "1/1"]),
    ] {
        let scenario = Scenario::new(2);
        let rows = "campaign: daily-{{ date }}\noutput: { folder: dated-output }\njobs: [{ rows: sheet.csv }]\n";
        scenario.write("dated.yaml", rows);
        let of_trial = folder.replacen("-sandbox", "", 1);
        let call = |command: &str, more: &[&str]| {
            scenario.run_online(&[&[command, manifest], options, more].concat())
        };
        let trial = |command: &str| {
            scenario.run(&[&[command, manifest, "--sandbox"], options].concat()).expect_code(0)
        };
        trial("run");
        assert!(scenario.exists(&format!("{folder}/results.csv")), "{folder}");
        assert!(!scenario.exists(&of_trial), "{of_trial}");
        for (command, code) in [("status", 0), ("report", 2), ("collect", 0)] {
            let note = format!("note: this campaign was run in the sandbox only, in `{folder}`");
            let shown = format!("callsheet {command} {manifest}");
            call(command, &[]).expect_code(code).expect_stderr(&[&note, &shown, "--sandbox"]);
            trial(command);
        }
        trial("status").expect_stdout(&["(sandbox: nothing is charged)", "2 done", folder]);
        call("run", &[]).expect_code(0);
        assert_eq!(scenario.accepted(), 2);
        for command in ["status", "report", "collect"] {
            call(command, &[]).expect_code(0).expect_not_in_stderr(&["sandbox"]);
        }
        call("status", &[]).expect_stdout(&["2 done", &of_trial]);
        trial("run");
        assert_eq!(scenario.accepted(), 2);
    }
}

/// Fails the test unless the results list `done` finished jobs, each with a file of its own that contains its
/// video.
#[track_caller]
fn expect_a_file_each(folder: &Folder, ledger: &Ledger, done: usize) {
    let mut results = folder.results();
    results.retain(|row| row["status"] == "done");
    assert_eq!(results.len(), done, "{results:#?}");
    let mut files = std::collections::HashSet::new();
    for row in &results {
        assert!(files.insert(&row["file"]), "{row:#?}");
        let path = folder.path(&format!("sheet-output/{}", row["file"]));
        let content = std::fs::read(path).unwrap();
        let mut jobs = ledger.accepted.iter();
        let job = jobs.find(|job| job.id == row["remote_id"]).unwrap();
        assert_eq!(digest(&content), job.sha256, "{row:#?}");
    }
}

#[test]
fn a_row_that_takes_the_file_name_of_another_does_not_replace_its_video() {
    let scenario = Scenario::new(0);
    let write = |rows: &[(&str, &str)]| {
        let mut sheet = String::from("text,persona,aspect_ratio,filename\n");
        for (text, file) in rows {
            writeln!(sheet, "{text},{PERSONA},9:16,{file}").unwrap();
        }
        scenario.write("sheet.csv", &sheet);
    };
    write(&[("Hello one.", "v1"), ("Hello two.", "v2")]);
    scenario.run_sheet(&[]).expect_code(0);
    write(&[("Hello new.", "v1"), ("Hello one.", "v2"), ("Hello two.", "v3")]);
    for further in [&[][..], &[], &["--fresh"], &[]] {
        scenario.run_sheet(further).expect_code(0);
        expect_a_file_each(&scenario, &scenario.ledger(), 3);
    }
    assert_eq!(scenario.accepted(), 6);
    write(&[("Hello new.", "v1"), ("Hello one.", "v2")]);
    scenario.run(&["report", "sheet.csv"]).expect_code(0);
    expect_a_file_each(&scenario, &scenario.ledger(), 2);

    // A job that is rendered again replaces its own earlier video.
    let scenario = Scenario::new(1);
    for further in [&[][..], &["--fresh"]] {
        scenario.run_sheet(further).expect_code(0);
        assert_eq!(scenario.results()[0]["file"], "videos/job-01.mp4");
        expect_a_file_each(&scenario, &scenario.ledger(), 1);
    }
}

/// Writes a sheet with these ids and ratios.
fn write_ratios(folder: &Folder, rows: &[(&str, &str)]) {
    let mut sheet = String::from("id,text,persona,aspect_ratio\n");
    for (id, ratios) in rows {
        writeln!(sheet, "{id},Hello {}.,{PERSONA},{ratios}", &id[..1]).unwrap();
    }
    folder.write("sheet.csv", &sheet);
}

fn job_ids(folder: &Folder) -> Vec<String> {
    let results = folder.results().into_iter();
    results.map(|row| row["job_id"].clone()).collect()
}

#[test]
fn a_second_ratio_in_a_row_does_not_pay_for_the_first_again() {
    let scenario = Scenario::new(0);
    write_ratios(&scenario, &[("a", "9:16"), ("b", "1:1")]);
    scenario.run_sheet(&[]).expect_code(0);
    write_ratios(&scenario, &[("a", "9:16 | 1:1"), ("b", "1:1")]);
    let note = "`a-9x16` is the video paid for as `a`, and keeps that id";
    let plan = scenario.run(&["plan", "sheet.csv"]).expect_code(0);
    plan.expect_stderr(&[note]);
    scenario.run(&["approve", "sheet.csv"]).expect_code(0);
    scenario
        .run_sheet(&["--require-approval"])
        .expect_code(0)
        .expect_stderr(&[note])
        .expect_not_in_stderr(&["no longer in the sheet"]);
    assert_eq!(scenario.accepted(), 3);
    assert_eq!(job_ids(&scenario), ["a", "a-1x1", "b"]);
    expect_a_file_each(&scenario, &scenario.ledger(), 3);

    // All commands accept both names.
    for name in ["a", "a-9x16"] {
        scenario.run_sheet(&["--only", name]).expect_code(0);
        let why = scenario.run(&["why", "sheet.csv", name]).expect_code(0);
        why.expect_stdout(&["videos/a.mp4"]);
        scenario.write("marks.csv", &format!("job_id,mark\n{name},approved\n"));
        let approved = ["--only-approved", "marks.csv"];
        scenario.run_sheet(&approved).expect_code(0);
    }
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&["3 jobs: 3 done"]);
    scenario.run(&["report", "sheet.csv"]).expect_code(0);
    assert_eq!(job_ids(&scenario), ["a", "a-1x1", "b"]);
    let results = ["run", "sheet-output/results.csv"];
    scenario.run_online(&results).expect_code(0);
    assert_eq!(scenario.accepted(), 3);
    for name in ["a-9x16", "a"] {
        scenario.write("marks.csv", &format!("job_id,mark\n{name},rejected\n"));
        let redo = ["--redo-rejected", "marks.csv"];
        scenario.run_sheet(&redo).expect_code(0);
    }
    assert_eq!(scenario.accepted(), 5, "paid again on request");
    expect_nothing_paid_twice(&scenario.ledger());
}

#[test]
fn a_second_ratio_in_a_shard_does_not_pay_for_the_first_again() {
    let scenario = Scenario::new(0);
    write_ratios(&scenario, &[("a", "9:16")]);
    let shard = ["--shard", "1/1"];
    scenario.run_sheet(&shard).expect_code(0);
    write_ratios(&scenario, &[("a", "9:16 | 1:1")]);
    for further in [&[][..], &["--only", "a-9x16"], &["--only", "a"]] {
        let run = [&shard[..], further].concat();
        scenario.run_sheet(&run).expect_code(0);
    }
    let why = ["why", "sheet.csv", "a-9x16", "--shard", "1/1"];
    let why = scenario.run(&why).expect_code(0);
    why.expect_stdout(&["videos/a.mp4"]);
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn a_removed_ratio_leaves_the_other_paid() {
    let scenario = Scenario::new(0);
    write_ratios(&scenario, &[("a", "9:16 | 1:1")]);
    scenario.run_sheet(&[]).expect_code(0);
    write_ratios(&scenario, &[("a", "1:1")]);
    for further in [&[][..], &["--only", "a"], &["--only", "a-1x1"]] {
        let run = scenario.run_sheet(further).expect_code(0);
        run.expect_stderr(&["`a` is the video paid for as `a-1x1`, and keeps that id"]);
        assert_eq!(job_ids(&scenario), ["a-1x1"]);
    }
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn a_job_in_flight_keeps_its_id_and_copies_of_its_row_are_submitted() {
    let scenario = Scenario::new(0);
    write_ratios(&scenario, &[("a", "9:16")]);
    scenario.run_sheet(&["--submit-only"]).expect_code(8);
    write_ratios(&scenario, &[("a", "9:16 | 1:1")]);
    let collected = scenario.collect_sheet(&[]).expect_code(0);
    collected.expect_stderr(&["`a-9x16` is the video"]);
    assert!(scenario.exists("sheet-output/videos/a.mp4"));
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);

    // The same text under another id is that video, and a second time it is another take.
    write_ratios(&scenario, &[("a-take2", "9:16"), ("a-1x1", "1:1")]);
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
    write_ratios(&scenario, &[("a-take2", "9:16"), ("a", "9:16"), ("a-1x1", "1:1")]);
    scenario.run_sheet(&["--suspicious", "allow"]).expect_code(0);
    assert_eq!(scenario.accepted(), 3);
    expect_nothing_paid_twice(&scenario.ledger());
}

/// Returns the jobs of a sheet, as this version names them.
fn jobs_of(sheet: &str) -> Vec<Arc<JobSpec>> {
    let read = |_: &Path| Ok(sheet.as_bytes().to_vec());
    manifest::load(Path::new("sheet.csv"), &Options::default(), &read).unwrap().jobs
}

#[test]
fn jobs_with_ids_of_an_earlier_version_are_not_paid_for_again() {
    let rows = ["Привет, мир!", "日本語", "Привет, мир!", "Καλημέρα", "Latin"]
        .map(|text| format!("\"{text}\",{PERSONA},9:16\n"));
    let sheet = format!("text,persona,aspect_ratio\n{}", rows.concat());
    let jobs = jobs_of(&sheet);
    let former: Vec<String> = jobs.iter().map(|job| job.shard_key().to_string()).collect();
    let earlier = former.iter().zip(&rows).map(|(id, row)| format!("{id},{row}"));
    let earlier = format!("id,text,persona,aspect_ratio\n{}", earlier.collect::<String>());
    assert_eq!(former.iter().filter(|id| id.starts_with("video-9x16-")).count(), 4);
    for shards in [&[None][..], &[Some("1/2"), Some("2/2")]] {
        let scenario = Scenario::with_text(&earlier);
        let run = |shard: Option<&str>, further: &[&str]| {
            let shard = shard.map_or(vec![], |shard| vec!["--shard", shard]);
            let allowed = ["--suspicious", "allow"];
            scenario.run_sheet(&[&shard, &allowed[..], further].concat()).expect_code(0)
        };
        for shard in shards {
            run(*shard, &[]);
        }
        assert_eq!(scenario.accepted(), 5);
        scenario.write("sheet.csv", &sheet);
        for shard in shards {
            run(*shard, &[]);
        }
        assert_eq!(scenario.accepted(), 5, "{shards:?}");
        if shards == [None] {
            assert_eq!(job_ids(&scenario), former);
            let new = jobs[0].id.as_str();
            let note =
                format!("`{new}` is the video paid for as `{}`, and keeps that id", former[0]);
            run(None, &["--only", new]).expect_stderr(&[&note]);
            let results = ["run", "sheet-output/results.csv"];
            scenario.run_online(&results).expect_code(0);
            assert_eq!(scenario.accepted(), 5);
            // The list still has the tags of the former ids.
            scenario.remove("sheet-output");
            run(None, &[]);
            assert_eq!(scenario.accepted(), 5);
        }
    }
}

#[test]
fn a_new_column_of_ids_does_not_pay_again() {
    let sheet =
        format!("text,persona,aspect_ratio\nHello.,{PERSONA},9:16\nHello.,{PERSONA},9:16\n");
    let scenario = Scenario::with_text(&sheet);
    scenario.run_sheet(&["--suspicious", "allow"]).expect_code(0);
    let sheet = format!(
        "id,text,persona,aspect_ratio\na,Hello.,{PERSONA},9:16\nb,Hello.,{PERSONA},9:16\nc,New.,{PERSONA},9:16\n"
    );
    scenario.write("sheet.csv", &sheet);
    scenario
        .run_sheet(&["--suspicious", "allow"])
        .expect_code(0)
        .expect_stderr(&["`a` is the video paid for as `hello-9x16-"]);
    assert_eq!(scenario.accepted(), 3);
}

#[test]
fn rows_and_cells_name_jobs() {
    let faults = Faults::default();
    let scenario = Scenario::with_faults(0, faults);
    scenario.write(
        "sheet.csv",
        &format!("id,text,persona,aspect_ratio\na,Hi. [fail],{PERSONA},9:16\nb,Ho.,{PERSONA},9:16 | 1:1\n"),
    );
    scenario.run_sheet(&["--only", "3"]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
    scenario.run_sheet(&["--only", "B2"]).expect_code(3);
    scenario.run_sheet(&["--resubmit", "2"]).expect_code(3);
    assert_eq!(scenario.accepted(), 4);
    for cell in ["A2", "a2"] {
        scenario.run(&["why", "sheet.csv", cell]).expect_code(0).expect_stdout(&["a"]);
    }
    let several = scenario.run(&["why", "sheet.csv", "3"]).expect_code(2);
    several.expect_stderr(&["the row 3 has 2 jobs", "`b-9x16`, `b-1x1`"]);
    for wrong in ["4", "a4"] {
        scenario.run(&["why", "sheet.csv", wrong]).expect_code(2);
        scenario.run_sheet(&["--only", wrong]).expect_code(2);
    }
}

//! Messages about unusable output folders, approvals and earlier campaigns.

use callsheet::sandbox::SandboxSettings;

use super::{Session, at_once, sheet, steady};
use crate::environment::without_write_permission;
use crate::program::{kill, output, wait_until};

const RUN: [&str; 4] = ["run", "sheet.csv", "--progress", "none"];

fn run(further: &[&'static str]) -> Vec<&'static str> {
    [&RUN[..], further].concat()
}

fn two() -> Session {
    Session::new(&sheet(&["Hello.", "Good bye."]))
}

fn places_that_are_no_folder() {
    let mut session = two();
    session.show(&run(&["--out", "sheet.csv"]));
    session.show(&run(&["--out", "sheet.csv/output"]));
    session.folder.write("sheet-output/.callsheet", "in the way");
    session.show(&RUN);
    session.show(&["status", "sheet.csv"]);
    session.expect("folder_no_place");
}

fn journals() {
    let mut session = two();
    session.run(&RUN).expect_code(0);
    session.remark("the campaign has another name");
    std::fs::copy(session.folder.path("sheet.csv"), session.folder.path("other.csv")).unwrap();
    session.show(&["run", "other.csv", "--out", "sheet-output", "--progress", "none"]);
    session.show(&["status", "other.csv", "--out", "sheet-output"]);
    session.remark("the sheet was copied, so its videos are paid for already");
    session.show(&["plan", "other.csv"]);
    session.show(&["run", "other.csv", "--progress", "none"]);
    let journal = session.folder.path("sheet-output/.callsheet/journal.sqlite");
    for (remark, content) in [
        (
            "the journal is no journal",
            &b"this is no journal at all, but a text of some length, longer than a header is"[..],
        ),
        ("the journal is empty", b""),
    ] {
        session.remark(remark);
        std::fs::write(&journal, content).unwrap();
        session.show(&RUN);
        session.show(&["status", "sheet.csv"]);
    }
    session.expect("folder_journals");
}

/// The sheet was edited in ways after which a job keeps its name or loses it.
fn edited_sheets() {
    let mut session = two();
    session.run(&RUN).expect_code(0);
    session.remark("an id has lost its zero");
    session.folder.write("sheet.csv", &sheet(&["Hello.", "Good bye."]).replace("job-0", "job-"));
    session.show(&["plan", "sheet.csv"]);
    session.show(&RUN);
    session.remark("the sheet is gone");
    std::fs::remove_file(session.folder.path("sheet.csv")).unwrap();
    session.show(&["status", "sheet.csv"]);
    session.show(&["collect", "sheet.csv", "--progress", "none"]);
    session.show(&RUN);
    session.remark("a video is gone");
    session.folder.write("sheet.csv", &sheet(&["Hello.", "Good bye."]));
    std::fs::remove_file(session.folder.path("sheet-output/videos/job-01.mp4")).unwrap();
    session.show(&["plan", "sheet.csv"]);
    session.show(&RUN);
    session.show(&["why", "sheet.csv", "job-01"]);
    session.remark("a job that is done is named to be submitted again");
    session.show(&run(&["--resubmit", "job-01"]));
    session.expect("folder_edited_sheets");
}

fn lost_journal() {
    let mut session = two();
    session.run(&RUN).expect_code(0);
    session.remark("the journal is lost; the provider still knows the jobs");
    std::fs::remove_dir_all(session.folder.path("sheet-output/.callsheet")).unwrap();
    session.show(&["plan", "sheet.csv"]);
    session.show(&RUN);
    session.show(&["why", "sheet.csv", "job-01"]);
    session.expect("folder_lost_journal");
}

fn held_by_another_run() {
    let mut session = two();
    session.change_provider(SandboxSettings { render_millis: 3_600_000..=3_600_000, ..steady() });
    let child = session.command(&RUN).spawn().unwrap();
    wait_until("the submits", || session.provider.ledger().accepted.len() == 2);
    session.remark("while another run holds the folder");
    session.show(&RUN);
    session.show(&run(&["--lock-wait", "100ms"]));
    session.show(&["collect", "sheet.csv", "--progress", "none"]);
    session.show(&["status", "sheet.csv"]);
    kill(child);
    session.remark("after it was killed");
    session.show(&["status", "sheet.csv"]);
    session.expect("folder_held");
}

fn approvals() {
    let mut session = two();
    session.show(&run(&["--require-approval"]));
    session.show(&run(&["--require-approval", "--log-format", "json"]));
    session.run(&["approve", "sheet.csv"]).expect_code(0);
    session.folder.write("sheet.csv", &sheet(&["Hello!", "Good bye.", "More."]));
    session.show(&run(&["--require-approval"]));
    session.show(&["plan", "sheet.csv"]);
    session.show(&["status", "sheet.csv"]);
    session.show(&["status", "sheet.csv", "--json"]);
    session.remark("the manifest itself asks for it");
    session.folder.write(
        "careful.yaml",
        "output: {require_approval: yes}\njobs:\n- {text: Hello., persona: Anna, ratio: 1:1}\n",
    );
    session.show(&["run", "careful.yaml", "--progress", "none"]);
    session.expect("folder_approvals");
}

fn shards() {
    let mut session = Session::new(&sheet(&["One.", "Two.", "Three.", "Four."]));
    session.run(&run(&["--shard", "1/2"])).expect_code(0);
    session.show(&["why", "sheet.csv", "job-01", "--shard", "1/2"]);
    session.show(&["why", "sheet.csv", "job-01", "--shard", "2/2"]);
    session.remark("reports of several folders");
    session.show(&["report", "--merge", "sheet-output"]);
    session.folder.write("other.csv", &sheet(&["Five."]));
    session.run(&["run", "other.csv"]).expect_code(0);
    session.show(&["report", "--merge", "sheet-output", "other-output"]);
    session.show(&["report", "--merge", "sheet-output", "other-output", "--out", "all"]);
    session.show(&["report", "--merge", "sheet-output", "--out", "other-output"]);
    session.expect("folder_shards");
}

fn no_rights() {
    let mut session = two();
    std::fs::create_dir(session.folder.path("sheet-output")).unwrap();
    // Not everywhere can a user be found who has none.
    if let Some(mut command) = without_write_permission(&session.folder, session.command(&RUN)) {
        let answer = output(&mut command);
        session.record(&RUN, &answer);
        session.expect("folder_no_rights");
    }
}

#[test]
fn output_folders() {
    at_once(&[
        places_that_are_no_folder,
        no_rights,
        journals,
        edited_sheets,
        lost_journal,
        held_by_another_run,
        approvals,
        shards,
    ]);
}

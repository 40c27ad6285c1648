//! The notes and the closing summary of `run` and `collect`, for each way in which they end.

use callsheet::sandbox::{
    AcceptedKeys, FaultTrigger, Faults, FileFault, ListFault, ResponseFault, Rules, SandboxSettings,
};

use super::{Session, at_once, sheet, steady};
use crate::program::{finish, signal, wait_until};

const RUN: [&str; 4] = ["run", "sheet.csv", "--progress", "none"];
const COLLECT: [&str; 4] = ["collect", "sheet.csv", "--progress", "none"];

fn run(further: &[&'static str]) -> Vec<&'static str> {
    [&RUN[..], further].concat()
}

fn three() -> Session {
    Session::new(&sheet(&["Hello.", "How are you?", "Good bye."]))
}

fn faulty(faults: Faults) -> SandboxSettings {
    SandboxSettings { faults, ..steady() }
}

fn always<F: Ord>(fault: F) -> Rules<F> {
    [(fault, FaultTrigger::always())].into()
}

fn all_done_and_nothing_left() {
    let mut session = three();
    session.show(&RUN);
    session.show(&RUN);
    session.show(&["run", "sheet.csv"]);
    session.show(&COLLECT);
    session.show(&run(&["-q"]));
    session.show(&run(&["--json", "-q", "--only", "job-01"]));
    session.show(&["status", "sheet.csv"]);
    session.expect("end_all_done");
}

fn failures() {
    let texts = ["Hello [fail].", "Hello [reject: no face].", "Good bye.", &"long ".repeat(50)];
    let mut session = Session::new(&sheet(&texts));
    session.change_provider(SandboxSettings { text_limit: 200, ..steady() });
    session.show(&RUN);
    session.show(&run(&["--retry-failed", "--only", "job-01"]));
    session.show(&run(&["--max-fail", "0"]));
    session.expect("end_failures");
}

fn more_failures_than_allowed() {
    let mut session = Session::new(&sheet(&["Hello [fail].", "How are you?", "Good bye."]));
    session.show_with(&[("CALLSHEET_IN_FLIGHT", "1")], &run(&["--max-fail", "0"]));
    session.expect("end_max_fail");
}

fn in_doubt() {
    let mut session = Session::new(&sheet(&["Hello."]));
    session.change_provider(faulty(Faults {
        create_accepted: [(ResponseFault::Reset, FaultTrigger::ordinals([1]))].into(),
        // After the two lists before the first submit.
        list: [(ResponseFault::Unavailable, FaultTrigger::ordinals(3..1000))].into(),
        ..Faults::default()
    }));
    session.show(&RUN);
    session.show(&COLLECT);
    session.remark("the provider's list can be read again");
    session.change_provider(steady());
    session.show(&COLLECT);
    session.expect("end_in_doubt");
}

fn every_answer_is_lost() {
    let texts: Vec<String> = (1..=24).map(|number| format!("Hello {number}.")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut session = Session::new(&sheet(&texts));
    session.change_provider(faulty(Faults {
        create_accepted: always(ResponseFault::Reset),
        listing: [(ListFault::Late, FaultTrigger::always().amount(3_600_000))].into(),
        ..Faults::default()
    }));
    session.show(&RUN);
    session.expect("end_too_many_doubts");
}

fn caps() {
    let mut session = three();
    session.show(&run(&["--max-credits-run", "7"]));
    session.show(&run(&["--max-credits", "12"]));
    session.show(&run(&["--max-credits", "15"]));
    session.expect("end_caps");
}

fn out_of_credits() {
    let mut session = three();
    let poor = SandboxSettings { credits: 12.0, charge_delay_millis: 0, ..steady() };
    session.change_provider(poor);
    session.show(&RUN);
    session.show(&run(&["--allow-partial"]));
    session.expect("end_out_of_credits");
}

fn interrupted() {
    let mut session = three();
    session.change_provider(SandboxSettings { render_millis: 3_600_000..=3_600_000, ..steady() });
    let child = session.command(&RUN).spawn().unwrap();
    wait_until("all submits", || session.provider.ledger().accepted.len() == 3);
    // What was answered is on record by then.
    let results = session.folder.path("sheet-output/.callsheet/journal.sqlite");
    wait_until("the journal", || results.exists());
    std::thread::sleep(std::time::Duration::from_millis(300));
    session.remark("interrupted by Ctrl-C");
    signal(&child, "INT");
    let answer = finish(child);
    session.record(&RUN, &answer);
    session.show(&run(&["--max-duration", "300ms"]));
    session.show(&COLLECT_BRIEFLY);
    session.expect("end_interrupted");
}

const COLLECT_BRIEFLY: [&str; 6] =
    ["collect", "sheet.csv", "--progress", "none", "--render-timeout", "100ms"];

fn submit_only() {
    let mut session = three();
    session.change_provider(SandboxSettings { render_millis: 3_600_000..=3_600_000, ..steady() });
    session.show(&run(&["--submit-only"]));
    session.show(&["status", "sheet.csv"]);
    session.expect("end_submit_only");
}

fn refused_keys() {
    let mut session = three();
    session.change_provider(SandboxSettings {
        credentials: Some(AcceptedKeys { id: "somebody".into(), key: "else".into() }),
        ..steady()
    });
    session.show(&RUN);
    session.show(&COLLECT);
    session.remark("a key that is revoked after the first submit");
    session.change_provider(SandboxSettings { revoked_after: Some(1), ..steady() });
    // Slow enough that the first create arrives first.
    session.show(&run(&["--submit-rate", "1/s"]));
    session.show(&["status", "sheet.csv"]);
    session.expect("end_refused_keys");
}

fn wrong_address() {
    let mut session = three();
    session.change_provider(faulty(Faults {
        list: always(ResponseFault::Redirect),
        ..Faults::default()
    }));
    session.show(&RUN);
    session.expect("end_wrong_address");
}

fn long_pause() {
    let mut session = three();
    session.change_provider(faulty(Faults {
        create_refused: [(
            ResponseFault::TooManyWithSeconds,
            FaultTrigger::ordinals([2]).amount(86_400),
        )]
        .into(),
        ..Faults::default()
    }));
    session.show_with(&[("CALLSHEET_IN_FLIGHT", "1")], &RUN);
    session.show(&["status", "sheet.csv"]);
    session.expect("end_long_pause");
}

fn refused_files() {
    let mut session = Session::new(&sheet(&["Hello."]));
    session.change_provider(faulty(Faults {
        files: always(FileFault::DeadLink403),
        ..Faults::default()
    }));
    session.show(&RUN);
    session.show(&["status", "sheet.csv"]);
    session.show(&["plan", "sheet.csv"]);
    session.show(&["why", "sheet.csv", "job-01"]);
    session.expect("end_refused_files");
}

fn no_place_for_videos() {
    let mut session = Session::new(&sheet(&["Hello."]));
    session
        .folder
        .write("sheet-output/videos/job-01.mp4.part/file", "a folder where a file is needed");
    session.show(&RUN);
    session.expect("end_no_place_for_videos");
}

fn in_the_sandbox() {
    let mut session = Session::new(&sheet(&["Hello."]));
    session.show(&run(&["--sandbox"]));
    session.show(&RUN);
    session.expect("end_sandbox");
}

#[test]
fn summaries_of_runs_that_end_well_or_with_failures() {
    at_once(&[
        all_done_and_nothing_left,
        failures,
        more_failures_than_allowed,
        in_doubt,
        every_answer_is_lost,
        refused_files,
        in_the_sandbox,
    ]);
}

#[test]
fn summaries_of_runs_that_stop_early() {
    at_once(&[
        caps,
        out_of_credits,
        interrupted,
        submit_only,
        refused_keys,
        wrong_address,
        long_pause,
        no_place_for_videos,
    ]);
}

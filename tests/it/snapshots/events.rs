//! The events of runs of one job as they happen: in lines, as JSON, and in the log.

use callsheet::sandbox::{
    FaultTrigger, Faults, FileFault, ListFault, ResponseFault, Rules, SandboxSettings,
};

use super::{Session, at_once, sheet, steady};

/// Runs a sheet of one job twice from its beginning: with events as lines and with events as JSON.
fn show(name: &str, text: &str, settings: &SandboxSettings, options: &[&str]) {
    let mut lines = Session::new(&sheet(&[text]));
    lines.change_provider(settings.clone());
    lines.show(&[&["run", "sheet.csv"], options].concat());
    let mut json = Session::new(&sheet(&[text]));
    json.change_provider(settings.clone());
    json.show(&[&["run", "sheet.csv", "--log-format", "json"], options].concat());
    lines.append(&mut json);
    lines.show_log();
    lines.expect(name);
}

fn faulty(faults: Faults) -> SandboxSettings {
    SandboxSettings { faults, ..steady() }
}

fn once<F: Ord>(fault: F) -> Rules<F> {
    [(fault, FaultTrigger::ordinals([1]))].into()
}

fn done() {
    show("events_done", "Hello.", &steady(), &[]);
}

fn verbose() {
    show("events_verbose", "Hello.", &steady(), &["-v"]);
}

fn quiet() {
    show("events_quiet", "Hello [fail].", &steady(), &["-q"]);
}

fn failed() {
    show("events_failed", "Hello [fail].", &steady(), &[]);
}

fn without_output() {
    show("events_no_output", "Hello [no output].", &steady(), &[]);
}

fn refused() {
    let faults = Faults { create_refused: once(ResponseFault::FieldErrors), ..Faults::default() };
    show("events_refused", "Hello.", &faulty(faults), &[]);
}

fn throttled() {
    let faults =
        Faults { create_refused: once(ResponseFault::TooManyWithSeconds), ..Faults::default() };
    show("events_throttled", "Hello.", &faulty(faults), &[]);
}

fn out_of_credits() {
    let faults = Faults { create_refused: once(ResponseFault::CreditsGone), ..Faults::default() };
    show("events_out_of_credits", "Hello.", &faulty(faults), &[]);
}

fn adopted() {
    let faults = Faults { create_accepted: once(ResponseFault::Reset), ..Faults::default() };
    show("events_adopted", "Hello.", &faulty(faults), &[]);
}

fn in_doubt() {
    let faults = Faults {
        create_accepted: once(ResponseFault::BadGateway),
        listing: [(ListFault::Late, FaultTrigger::always().amount(3_600_000))].into(),
        ..Faults::default()
    };
    show("events_in_doubt", "Hello.", &faulty(faults), &[]);
}

fn fresh_link() {
    let faults = Faults { files: once(FileFault::DeadLink410), ..Faults::default() };
    show("events_fresh_link", "Hello.", &faulty(faults), &[]);
}

fn broken_download() {
    let faults = Faults {
        files: [
            (FileFault::Html, FaultTrigger::ordinals([1])),
            (FileFault::Unavailable, FaultTrigger::ordinals([2])),
        ]
        .into(),
        ..Faults::default()
    };
    show("events_broken_download", "Hello.", &faulty(faults), &[]);
}

fn unreadable_list() {
    let faults = Faults {
        list: [(ResponseFault::Forbidden, FaultTrigger::always())].into(),
        ..Faults::default()
    };
    show("events_unreadable_list", "Hello.", &faulty(faults), &[]);
}

fn errors_and_notes_as_json() {
    let mut session = Session::new("text,persona,ratio\nHi,Anna,4:3\n");
    session.show(&["run", "sheet.csv", "--log-format", "json"]);
    session.show(&["run", "nowhere.csv", "--log-format", "json"]);
    session.folder.write("sheet.csv", "text,persona,ratio,captoins\nHi,Anna,09:16,\n");
    session.show(&["run", "sheet.csv", "--log-format", "json", "--max-credits", "1"]);
    let allowed = ["run", "sheet.csv", "--log-format", "json", "--suspicious", "allow"];
    session.show(&[&allowed[..], &["--max-credits", "1"]].concat());
    session.show(&["run", "sheet.csv", "--log-format", "json", "--only", "job-99"]);
    session.show(&["run", "sheet.csv", "--log-format", "json", "--dance"]);
    session.show(&["collect", "sheet.csv", "--log-format", "json"]);
    session.expect("events_errors");
}

#[test]
fn of_a_job() {
    at_once(&[
        done,
        verbose,
        quiet,
        failed,
        without_output,
        refused,
        throttled,
        out_of_credits,
        adopted,
        in_doubt,
        fresh_link,
        broken_download,
        unreadable_list,
        errors_and_notes_as_json,
    ]);
}

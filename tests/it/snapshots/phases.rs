//! `plan`, `status`, `why`, `report` and the files of a campaign with a job in every phase.

use callsheet::sandbox::{
    FaultTrigger, Faults, FileFault, ListFault, ResponseFault, Rules, SandboxSettings,
};

use super::{Session, at_once, sheet, steady};
use crate::program::PERSONA;

const AN_HOUR: std::ops::RangeInclusive<u64> = 3_600_000..=3_600_000;

/// A sheet of which each row is named for what becomes of it.
const ROWS: &str = "\
id,text,persona,aspect_ratio,model_version,note,skip
done,Hello.,Anna,9:16,,all is well,
edited,Welcome to the spring sale of our shop.,Marcus,16:9,aurora_v1,,
removed,Good bye.,Anna,1:1,,,
failed,Hello [fail].,Lena,9:16,,,
rejected,Hello [reject: no face],Anna,16:9,,,
stuck,Here is the news.,Anna,1:1,,,
doubtful,Is anybody there?,Jonas,9:16,,,
rendering,This takes long.,Anna,16:9,,,
pending,\"This one, with a comma, waits.\",Priya,1:1,,,
left-out,Not today.,Anna,9:16,,,yes
";

/// A campaign that was brought into every phase by one run after another.
fn every_phase() -> Session {
    let mut session = Session::new(ROWS);
    let run = |session: &Session, only: &str, further: &[&str], code| {
        let arguments = [&["run", "sheet.csv", "--only", only], further].concat();
        session.run(&arguments).expect_code(code);
    };
    run(&session, "done,edited,removed,failed,rejected", &[], 3);
    // Its download never ends.
    let files: Rules<FileFault> = [(FileFault::Stall, FaultTrigger::always())].into();
    session.change_provider(SandboxSettings {
        faults: Faults { files: files.clone(), ..Faults::default() },
        ..steady()
    });
    run(&session, "stuck", &["--max-duration", "2s"], 8);
    session.change_provider(SandboxSettings {
        render_millis: AN_HOUR,
        faults: Faults {
            create_accepted: [(ResponseFault::Reset, FaultTrigger::ordinals([2]))].into(),
            listing: [(ListFault::Late, FaultTrigger::always().amount(3_600_000))].into(),
            files,
            ..Faults::default()
        },
        ..steady()
    });
    run(&session, "rendering", &["--submit-only"], 8);
    run(&session, "doubtful", &["--submit-only"], 4);
    let rows = session.folder.read("sheet.csv");
    let rows = rows
        .replace("of our shop", "of our little shop")
        .replace("removed,Good bye.,Anna,1:1,,,\n", "");
    session.folder.write("sheet.csv", &rows);
    session
}

fn plan_and_status(session: &mut Session) {
    session.show(&["status", "sheet.csv"]);
    session.show(&["plan", "sheet.csv"]);
    for options in [
        &["--retry-failed"][..],
        &["--redo-changed"],
        &["--resubmit", "doubtful"],
        &["--fresh"],
        &["--only-failed"],
        &["--max-credits", "20"],
        &["--online", "--max-credits-run", "5", "--limit", "9"],
    ] {
        session.show(&[&["plan", "sheet.csv"], options].concat());
    }
    session.expect("phases_plan_and_status");
}

fn json(session: &mut Session) {
    session.show(&["status", "sheet.csv", "--json"]);
    session.show(&["plan", "sheet.csv", "--json"]);
    session.show(&["report", "sheet.csv", "--json"]);
    session.expect("phases_json");
}

fn why(session: &mut Session) {
    for job in [
        "done",
        "edited",
        "removed",
        "failed",
        "rejected",
        "stuck",
        "doubtful",
        "rendering",
        "pending",
        "left-out",
        "nowhere",
    ] {
        session.show(&["why", "sheet.csv", job]);
    }
    for job in ["done", "failed", "doubtful", "pending"] {
        session.show(&["why", "sheet.csv", job, "--json"]);
    }
    session.expect("phases_why");
}

fn files(session: &mut Session) {
    session.show(&["report", "sheet.csv", "--junit", "junit.xml"]);
    for file in ["sheet-output/results.csv", "sheet-output/results.json", "junit.xml"] {
        session.show_file(file);
    }
    session.expect("phases_files");
}

#[test]
fn a_job_in_every_phase() {
    let mut session = every_phase();
    for show in [plan_and_status, json, why, files] {
        show(&mut session);
    }
}

fn first_run() {
    let mut session = Session::new(&sheet(&["Hello."]).replace("Anna", PERSONA));
    session.show(&["status", "sheet.csv"]);
    session.show(&["status", "sheet.csv", "--json"]);
    session.show(&["why", "sheet.csv", "job-01"]);
    session.show(&["why", "sheet.csv", "job-01", "--json"]);
    session.show(&["report", "sheet.csv"]);
    session.show(&["collect", "sheet.csv"]);
    session.remark("a sheet with names, which only the provider knows");
    session.folder.write("sheet.csv", ROWS);
    session.show(&["status", "sheet.csv"]);
    session.show(&["plan", "sheet.csv"]);
    session.show(&["plan", "sheet.csv", "--online"]);
    session.show(&["plan", "sheet.csv", "--sandbox"]);
    session.show(&["plan", "sheet.csv", "--sample", "2"]);
    session.show(&["plan", "sheet.csv", "--shard", "1/2"]);
    session.show(&["plan", "sheet.csv", "--max-credits", "12"]);
    session.show(&["plan", "sheet.csv", "--json"]);
    session.show(&["approve", "sheet.csv"]);
    session.show(&["approve", "sheet.csv"]);
    session.show(&["plan", "sheet.csv", "--only", "done"]);
    session.show(&["status", "sheet.csv"]);
    session.expect("first_run");
}

/// `config`, with settings from everywhere.
fn configuration() {
    let mut session = Session::new(&sheet(&["Hello."]));
    session.show(&["config"]);
    session.show(&["config", "sheet.csv"]);
    session.folder.write(
        "campaign.yaml",
        "campaign: spring\nlimits:\n  max_credits: 40\n  submit_rate: 5/min\njobs:\n  - text: Hello.\n    persona: Anna\n    aspect_ratio: 9:16\n",
    );
    session.folder.write(".env", "CREATIFY_API_ID=from-a-file\nCALLSHEET_YES=1\n");
    session.show_with(
        &[("CALLSHEET_MAX_FAIL", "3%"), ("CALLSHEET_NOTIFY", "https://hooks.example/secret")],
        &["config", "campaign.yaml", "--max-credits", "30", "--shard", "1/2", "--share"],
    );
    session.expect("config");
}

#[test]
fn before_the_first_run() {
    at_once(&[first_run, configuration]);
}

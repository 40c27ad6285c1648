//! Sheets behind an address.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use callsheet::sandbox::Ledger;
use serde_json::json;

use crate::program::{
    FAST, Folder, Output, Provider, contains, expect_nothing_paid_twice, kill, output, rendering,
    sheet, wait_until,
};
use crate::studio::Studio;

/// A secret in the query of an address.
const SECRET: &str = "the-secret-of-the-link";

/// What a server of sheets sends, and the requests that it has received.
struct State {
    status: &'static str,
    title: &'static str,
    text: String,
    requests: Vec<String>,
}

/// Two servers that answer as Google does: `/export` on one redirects with 307 to the content on another host, here
/// another name and port of this machine.
struct SheetServer {
    address: String,
    state: Arc<Mutex<State>>,
}

impl SheetServer {
    fn start(title: &'static str, text: String) -> Self {
        let state = State { status: "200 OK", title, text, requests: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let content = listen(Arc::clone(&state), |state| {
            let State { status, title, text, .. } = state;
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Length: {}\r\n\
                 Content-Disposition: attachment; filename=\"{title}.csv\"; filename*=UTF-8''{title}.csv\r\n\r\n{text}",
                text.len()
            )
        });
        let location = format!("http://localhost:{content}/content");
        let export = listen(Arc::clone(&state), move |_| {
            format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            )
        });
        Self { address: format!("http://127.0.0.1:{export}"), state }
    }

    /// Returns a link to the sheet.
    fn link(&self) -> String {
        format!("{}/export?key={SECRET}", self.address)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Returns the number of requests so far.
    fn requests(&self) -> usize {
        self.state.lock().unwrap().requests.len()
    }
}

/// Starts a server and returns its port.
fn listen(state: Arc<Mutex<State>>, respond: impl Fn(&State) -> String + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = head(&mut stream);
            let mut state = state.lock().unwrap();
            state.requests.push(request);
            // The program may have gone.
            let _ = stream.write_all(respond(&state).as_bytes());
        }
    });
    port
}

/// Reads the first line and the headers of a request.
fn head(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    head
}

/// A server of sheets, a provider, and an empty working folder.
struct Night {
    server: SheetServer,
    provider: Provider,
    folder: Folder,
}

impl Night {
    fn new(jobs: usize) -> Self {
        Self {
            server: SheetServer::start("Spring", sheet(jobs)),
            provider: Provider::new(),
            folder: Folder::new(),
        }
    }

    fn command(&self, command: &str, further: &[&str]) -> Command {
        let link = self.server.link();
        let named = [command, link.as_str(), "--base-url", self.provider.base_url()];
        let limits: &[&str] = match command {
            "run" => &FAST,
            "collect" => &FAST[2..8],
            _ => &[],
        };
        self.folder.command(&[&named[..], limits, further].concat())
    }

    #[track_caller]
    fn call(&self, command: &str, further: &[&str]) -> Output {
        let result = output(&mut self.command(command, further));
        for text in [&result.stdout, &result.stderr] {
            assert!(!text.contains(SECRET), "{text}");
        }
        result
    }

    fn ledger(&self) -> Ledger {
        self.provider.ledger()
    }

    /// Fails the test unless exactly `jobs` jobs were paid for, none of them twice.
    #[track_caller]
    fn expect_paid_once(&self, jobs: usize) {
        let ledger = self.ledger();
        assert_eq!(ledger.accepted.len(), jobs, "{ledger:#?}");
        expect_nothing_paid_twice(&ledger);
    }
}

#[test]
fn a_sheet_is_run_kept_and_shown_without_its_server() {
    let night = Night::new(2);
    let plan = night.call("plan", &[]).expect_code(0);
    plan.expect_stdout(&["2 jobs to submit of 2"]);
    assert_eq!(
        std::fs::read_dir(night.folder.path("")).unwrap().count(),
        0,
        "`plan` creates nothing"
    );
    night.call("run", &[]).expect_code(0);
    assert_eq!(night.folder.read("Spring-output/sheet.csv"), sheet(2));
    night.expect_paid_once(2);

    night.server.change(|state| state.status = "404 Not Found");
    let requests = night.server.requests();
    night.call("status", &[]).expect_code(0).expect_stdout(&["Spring", "2 done"]);
    night.call("why", &["job-01"]).expect_code(0).expect_stdout(&["done"]);
    night.call("report", &[]).expect_code(0).expect_stdout(&["Spring-output/results.csv"]);
    night.folder.remove("Spring-output/videos/job-01.mp4");
    night.call("collect", &[]).expect_code(0);
    assert!(night.folder.exists("Spring-output/videos/job-01.mp4"));
    assert_eq!(night.server.requests(), requests, "commands that submit nothing need no server");
    for command in ["run", "plan"] {
        night.call(command, &[]).expect_code(2).expect_stderr(&[
            "was not found",
            "nothing was submitted",
            "check the address",
        ]);
    }
    night.expect_paid_once(2);
    for (path, content) in night.folder.everything() {
        assert!(!contains(&content, SECRET), "{}", path.display());
    }
}

#[test]
fn an_edited_sheet_with_a_new_title_stays_the_same_campaign() {
    let night = Night::new(2);
    night.call("run", &[]).expect_code(0);
    night.server.change(|state| {
        state.title = "Summer";
        state.text = sheet(3);
    });
    night.call("plan", &[]).expect_code(0).expect_stdout(&["1 job to submit of 3"]);
    night.call("run", &[]).expect_code(0);
    night.expect_paid_once(3);
    assert!(!night.folder.exists("Summer-output"));
    assert_eq!(night.folder.read("Spring-output/sheet.csv"), sheet(3));
    assert_eq!(night.folder.rows("Spring-output/results.csv").len(), 3);
    // An invalid sheet does not replace the one of the last run.
    night.server.change(|state| state.text = "text,persona,aspect_ratio\nHi,,9:16\n".into());
    night.call("run", &[]).expect_code(2).expect_stderr(&["Summer.csv:2"]);
    assert_eq!(night.folder.read("Spring-output/sheet.csv"), sheet(3));
    night.call("status", &[]).expect_code(0).expect_stdout(&["3 done"]);
}

#[test]
fn another_sheet_with_the_same_title_needs_a_name() {
    let night = Night::new(1);
    night.call("run", &[]).expect_code(0);
    let other = SheetServer::start("Spring", sheet(2));
    let link = other.link();
    let run = |further: &[&str]| {
        let named = ["run", link.as_str(), "--base-url", night.provider.base_url()];
        night.folder.run(&[&named[..], &FAST, further].concat())
    };
    let requests = night.ledger().accepted.len();
    run(&[]).expect_code(2).expect_stderr(&["belongs to the sheet at", "--campaign NAME"]);
    run(&["--out", "Spring-output"]).expect_code(2).expect_stderr(&["belongs to the sheet at"]);
    assert_eq!(night.ledger().accepted.len(), requests);
    let named = ["--campaign", "Ads 2026"];
    run(&named).expect_code(5).expect_stderr(&["paid for already"]);
    run(&[&named[..], &["--duplicates", "pay"]].concat()).expect_code(0);
    assert!(night.folder.exists("Ads 2026-output/sheet.csv"));
    // The folder of this name remembers the address.
    run(&[]).expect_code(0);
    night.expect_paid_once(3);
    // The same sheet at a new address.
    let moved = SheetServer::start("Spring", sheet(1));
    let link = moved.link();
    let named = ["run", &link, "--base-url", night.provider.base_url(), "--campaign", "Spring"];
    night.folder.run(&[&named[..], &FAST].concat()).expect_code(0);
    night.expect_paid_once(3);
}

#[test]
fn a_sheet_that_the_studio_opens_is_listed_once() {
    let night = Night::new(1);
    let link = night.server.link();
    let listed = |studio: &Studio| {
        let listed = studio.get("/api/studio").expect(200).json();
        let campaigns = listed["campaigns"].as_array().unwrap().clone();
        campaigns.iter().map(|campaign| campaign["id"].clone()).collect::<Vec<_>>()
    };
    let studio = Studio::start(&night.folder, None, &["--sandbox"]);
    let added = studio.post("/api/sheets", &json!({ "address": link })).expect(200).json();
    let campaign = format!("/api/campaigns/{}", added["id"].as_str().unwrap());
    let mut events = studio.events(&campaign);
    studio.post(&format!("{campaign}/run"), &json!({ "what": "all" })).expect(202);
    let yes = json!({ "question": events.question()["id"], "yes": true });
    studio.post(&format!("{campaign}/answer"), &yes).expect(200);
    assert_eq!(events.end()["exit"], 0);
    assert_eq!(listed(&studio), [added["id"].clone()]);
    drop(studio);
    let studio = Studio::start(&night.folder, None, &["--sandbox", &link]);
    assert_eq!(listed(&studio).len(), 1);
    assert!(studio.campaign().ends_with(listed(&studio)[0].as_str().unwrap()));
}

#[test]
fn two_folders_of_one_address_are_not_chosen_between() {
    let night = Night::new(1);
    night.call("run", &["--out", "one"]).expect_code(0);
    night.call("run", &["--out", "two"]).expect_code(0);
    night.expect_paid_once(1);
    for command in ["run", "status"] {
        let refused = night.call(command, &[]).expect_code(2);
        refused.expect_stderr(&["`one`, `two` all belong to", "--out DIR"]);
    }
    night.call("status", &["--out", "two"]).expect_code(0);
}

#[test]
fn a_folder_of_a_sheet_in_a_file_is_not_taken_over() {
    let night = Night::new(1);
    night.folder.write("Spring.csv", &sheet(1));
    let file = ["run", "Spring.csv", "--base-url", night.provider.base_url()];
    night.folder.run(&[&file[..], &FAST].concat()).expect_code(0);
    night.call("run", &[]).expect_code(2).expect_stderr(&["belongs to another campaign"]);
    night.call("run", &["--campaign", "Spring"]).expect_code(0);
    night.expect_paid_once(1);
    night.folder.write("mine/sheet.csv", "mine");
    let refused = night.call("run", &["--out", "mine"]).expect_code(2);
    refused.expect_stderr(&["is another file", "nothing was submitted"]);
    assert_eq!(night.folder.read("mine/sheet.csv"), "mine");
}

#[test]
fn a_killed_run_resumes() {
    let mut night = Night::new(6);
    // With one place, no create is in the air while the first job renders: one could stay in doubt.
    night.provider.restart(rendering(1500));
    let child = night.command("run", &["--in-flight", "1"]).spawn().unwrap();
    wait_until("the submits", || !night.ledger().accepted.is_empty());
    kill(child);
    assert_eq!(night.folder.read("Spring-output/sheet.csv"), sheet(6));
    night.server.change(|state| state.title = "Summer");
    night.call("run", &[]).expect_code(0);
    night.expect_paid_once(6);
}

#[test]
fn a_trial_in_the_sandbox_reads_the_real_sheet_and_is_kept_apart() {
    let night = Night::new(2);
    let link = night.server.link();
    let trial = ["run", &link, "--sandbox", "--progress", "plain", "--submit-rate", "50/s"];
    night.folder.run(&trial).expect_code(0);
    assert_eq!(night.folder.read("Spring-sandbox-output/sheet.csv"), sheet(2));
    night.expect_paid_once(0);
    let note = "note: this campaign was run in the sandbox only, in `Spring-sandbox-output`";
    night.call("status", &[]).expect_code(0).expect_stderr(&[note]);
    night.call("run", &[]).expect_code(0);
    night.expect_paid_once(2);
    night.call("status", &[]).expect_code(0).expect_stdout(&["Spring-output"]);
    night.folder.run(&trial).expect_code(0);
    night.expect_paid_once(2);
}

#[test]
fn shards_and_approvals_share_the_sheet() {
    let night = Night::new(4);
    night.call("approve", &[]).expect_code(0);
    assert!(night.folder.exists("Spring-output/sheet.csv"));
    night.server.change(|state| state.title = "Summer");
    for shard in ["1/2", "2/2"] {
        night.call("run", &["--shard", shard, "--require-approval"]).expect_code(0);
    }
    night.expect_paid_once(4);
    night.server.change(|state| state.status = "403 Forbidden");
    night.call("status", &["--shard", "2/2"]).expect_code(0);
    night.folder.run(&["report", "--merge", "Spring-output"]).expect_code(0);
    assert_eq!(night.folder.rows("Spring-output/results.csv").len(), 4);
    night.call("approve", &[]).expect_code(2).expect_stderr(&["CALLSHEET_SHEET_TOKEN"]);
}

#[test]
fn the_token_goes_to_the_host_of_the_link_alone() {
    let night = Night::new(1);
    let mut command = night.command("plan", &[]);
    command.env("CALLSHEET_SHEET_TOKEN", "the-sheet-token");
    output(&mut command).expect_code(0);
    let requests = night.server.state.lock().unwrap().requests.join("");
    assert_eq!(requests.matches("the-sheet-token").count(), 1, "{requests}");
    let [export, content] = requests.split("GET /content").collect::<Vec<_>>()[..] else {
        panic!("{requests}");
    };
    assert!(export.to_lowercase().contains("authorization: bearer the-sheet-token"), "{export}");
    assert!(!content.to_lowercase().contains("authorization"), "{content}");
}

#[test]
fn a_campaign_is_named_on_the_command_line() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    let run = |further: &[&str]| {
        let named = ["run", "sheet.csv", "--base-url", provider.base_url()];
        folder.run(&[&named[..], &FAST, further].concat())
    };
    run(&["--campaign", "spring"]).expect_code(0).expect_stderr(&["spring"]);
    // Another name is another campaign, which does not continue in the folder of this one.
    run(&[]).expect_code(2).expect_stderr(&["spring", "nothing was submitted"]);
    assert_eq!(provider.ledger().accepted.len(), 1);
    run(&["--campaign", " "]).expect_code(2);
}

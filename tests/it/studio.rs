//! The studio: its gate, and campaigns that are run through it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};
use std::time::Duration;

use callsheet::sandbox::SandboxSettings;
use serde_json::{Value, json};

use crate::program::{Folder, PERSONA, Provider, Scenario, quick, rendering};

/// Longer than anything takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running studio, and the session of its page.
pub(crate) struct Studio {
    child: Option<Child>,
    output: BufReader<ChildStdout>,
    /// `127.0.0.1:4711`.
    pub(crate) host: String,
    pub(crate) token: String,
    cookie: String,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}\n{}", self.head, self.body))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Studio {
    /// Starts the studio in `folder`, without opening its session.
    pub(crate) fn start_closed(
        folder: &Folder,
        base_url: Option<&str>,
        arguments: &[&str],
    ) -> Self {
        let mut command = folder.command(&[&["studio", "--no-open"], arguments].concat());
        if let Some(base_url) = base_url {
            command.env("CREATIFY_BASE_URL", base_url);
        }
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (host, token) = read_address(&mut output);
        Self { child: Some(child), output, host, token, cookie: String::new() }
    }

    pub(crate) fn start(folder: &Folder, base_url: Option<&str>, arguments: &[&str]) -> Self {
        let mut studio = Self::start_closed(folder, base_url, arguments);
        let opened = studio.get(&format!("/?token={}", studio.token)).expect(200);
        let cookie = opened.header("set-cookie").unwrap().split(';').next().unwrap();
        cookie.clone_into(&mut studio.cookie);
        studio
    }

    /// Sends a request with exactly these headers, in HTTP/1.0, whose bodies end with the connection.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers = headers.collect::<String>();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        stream
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut stream = self.send(method, path, headers, body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[("Host", &self.host), ("Cookie", &self.cookie)], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.post_as("application/json", path, &body.to_string())
    }

    /// Sends a file.
    pub(crate) fn upload(&self, path: &str, body: &str) -> Response {
        self.post_as("application/octet-stream", path, body)
    }

    fn post_as(&self, media_type: &str, path: &str, body: &str) -> Response {
        let origin = format!("http://{}", self.host);
        let headers = [
            ("Host", self.host.as_str()),
            ("Cookie", &self.cookie),
            ("Origin", &origin),
            ("Content-Type", media_type),
        ];
        self.request("POST", path, &headers, body)
    }

    /// Returns a file that is saved.
    pub(crate) fn download(&self, path: &str) -> Vec<u8> {
        let headers = [("Host", self.host.as_str()), ("Cookie", &self.cookie)];
        let mut bytes = Vec::new();
        self.send("GET", path, &headers, "").read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        assert!(head.contains(" 200 ") && head.contains("attachment; filename"), "{head}");
        bytes.split_off(end + 4)
    }

    /// Returns the address of the campaign that was opened.
    pub(crate) fn campaign(&self) -> String {
        let studio = self.get("/api/studio").expect(200).json();
        format!("/api/campaigns/{}", studio["opened"].as_str().unwrap())
    }

    pub(crate) fn events(&self, campaign: &str) -> Events {
        let headers = [("Host", self.host.as_str()), ("Cookie", &self.cookie)];
        let path = format!("{campaign}/events");
        Events { lines: BufReader::new(self.send("GET", &path, &headers, "")) }
    }

    /// Ends the studio with Ctrl-C, and returns what it printed to standard error.
    #[cfg(unix)]
    fn interrupt(mut self) -> String {
        let mut child = self.child.take().unwrap();
        crate::program::signal(&child, "INT");
        let printed = read_errors(&mut child);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{printed}");
        printed
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Reads what a program prints to standard error until it ends.
fn read_errors(child: &mut Child) -> String {
    let mut printed = String::new();
    child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    printed
}

/// Reads the next address that the studio prints.
fn read_address(output: &mut BufReader<ChildStdout>) -> (String, String) {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap();
    let (host, token) = address.split_once("/?token=").unwrap();
    (host.to_owned(), token.to_owned())
}

/// The events of a campaign.
pub(crate) struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// Reads up to the next event of this name.
    pub(crate) fn next(&mut self, name: &str) -> Value {
        let mut event = String::new();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the stream has ended");
            if let Some(found) = line.strip_prefix("event: ") {
                found.trim().clone_into(&mut event);
            } else if let Some(data) = line.strip_prefix("data: ")
                && event == name
            {
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// Reads up to an event of this name that fulfils `condition`.
    fn until(&mut self, name: &str, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            let value = self.next(name);
            if condition(&value) {
                return value;
            }
        }
    }

    /// Waits for a question and returns its number.
    pub(crate) fn question(&mut self) -> Value {
        self.until("live", |live| !live["question"].is_null())["question"].clone()
    }

    pub(crate) fn end(&mut self) -> Value {
        self.until("live", |live| !live["ended"].is_null())["ended"].clone()
    }
}

/// A manifest with fast limits and `jobs` jobs.
fn manifest(jobs: usize) -> String {
    let jobs = (0..jobs).map(|job| {
        format!("  - {{ id: job-{job}, text: Hello number {job}., persona: {PERSONA}, aspect_ratio: '9:16' }}\n")
    });
    format!(
        "limits: {{ submit_rate: 50/s, poll_rate: 50/s, poll_interval: 50ms, settle: 200ms }}\njobs:\n{}",
        jobs.collect::<String>()
    )
}

/// A folder with `ads.yaml`, and a provider.
fn scenario(jobs: usize, settings: SandboxSettings) -> (Folder, Provider) {
    let folder = Folder::new();
    folder.write("ads.yaml", &manifest(jobs));
    (folder, Provider::with(settings))
}

#[test]
fn the_gate_stands_before_every_path() {
    let folder = Folder::with_sheet(1);
    let mut studio = Studio::start_closed(&folder, None, &["sheet.csv", "--sandbox"]);
    let host = studio.host.clone();
    let host = host.as_str();
    let own = format!("http://{host}");
    let gets = [
        "/",
        "/?x=1",
        "/assets/page.js",
        "/assets/page.css",
        "/assets/icon.svg",
        "/api/studio",
        "/api/campaigns/0/plan",
        "/api/campaigns/0/events",
        "/api/campaigns/0/media/a/video",
        "/api/personas",
        "/api/pictures/0",
        "/nowhere",
    ];
    let posts = ["/api/campaigns/0/run", "/api/campaigns/0/answer", "/api/campaigns/0/stop"];
    let json = ("Content-Type", "application/json");
    let guarded = |response: &Response| {
        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(response.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(response.header("cache-control").is_some());
        assert!(!response.head.to_lowercase().contains("access-control"), "{}", response.head);
    };
    for path in gets {
        for wrong in ["evil.example", "127.0.0.1", "localhost:1"] {
            guarded(&studio.request("GET", path, &[("Host", wrong)], "").expect(403));
        }
        guarded(&studio.request("GET", path, &[("Host", host)], "").expect(401));
        let forged = [("Host", host), ("Cookie", "callsheet-1=0; callsheet=0")];
        studio.request("GET", path, &forged, "").expect(401);
    }
    for path in posts {
        guarded(&studio.request("POST", path, &[("Host", "evil.example"), json], "{}").expect(403));
        let without_cookie = [("Host", host), ("Origin", own.as_str()), json];
        guarded(&studio.request("POST", path, &without_cookie, "{}").expect(401));
    }

    // The address opens the session once.
    let opened = studio.get(&format!("/?token={}", studio.token)).expect(200);
    guarded(&opened);
    // With a redirect, the cookie would not be sent after a page of another site.
    assert!(opened.body.contains("content=\"0;url=/\""), "{}", opened.body);
    let cookie = opened.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=86400"), "{cookie}");
    assert!(!cookie.contains(&studio.token));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    studio.get(&format!("/?token={}", studio.token)).expect(403);
    let (_, next) = read_address(&mut studio.output);
    assert_ne!(next, studio.token);
    studio.get("/?token=0").expect(403);
    studio.get(&format!("/?token={next}")).expect(200);

    studio.cookie = cookie;
    for path in gets {
        let response = studio.get(path);
        assert!(![401, 403].contains(&response.status), "{path}: {}", response.status);
        guarded(&response);
    }
    let page = studio.get("/").expect(200);
    assert!(page.body.contains("/assets/page.js") && !page.body.contains("<script>"));
    for path in posts {
        let base = [("Host", host), ("Cookie", studio.cookie.as_str()), json];
        let post = |more: &[(&str, &str)]| {
            studio.request("POST", path, &[&base, more].concat(), "{}").status
        };
        assert_eq!(post(&[]), 403);
        assert_eq!(post(&[("Origin", "http://evil.example")]), 403);
        assert_eq!(post(&[("Origin", "null")]), 403);
        assert_eq!(post(&[("Origin", &own), ("Sec-Fetch-Site", "cross-site")]), 403);
        assert_eq!(post(&[("Origin", &own), ("Sec-Fetch-Site", "same-site")]), 403);
        let form = [
            ("Host", host),
            ("Cookie", studio.cookie.as_str()),
            ("Origin", own.as_str()),
            ("Content-Type", "text/plain"),
        ];
        assert_eq!(studio.request("POST", path, &form, "{}").status, 415);
        // It reaches the handler, which knows no such campaign.
        assert!([404, 422].contains(&post(&[("Origin", &own)])));
    }
}

#[test]
fn a_campaign_is_made_after_the_question_and_a_reload_pays_nothing() {
    let (folder, provider) = scenario(3, quick());
    let studio = Studio::start(&folder, Some(provider.base_url()), &["ads.yaml"]);
    let campaign = studio.campaign();
    let mut events = studio.events(&campaign);
    let state = events.next("state");
    assert_eq!((&state["campaign"], &state["sandbox"]), (&json!("ads"), &json!(false)));
    for _ in 0..2 {
        studio.get("/").expect(200);
        let plan = studio.get(&format!("{campaign}/plan")).expect(200).json();
        assert_eq!(plan["examples"].as_array().unwrap().len(), 3);
        studio.events(&campaign).next("live");
    }
    studio.get(&format!("{campaign}/run")).expect(405);
    assert_eq!(provider.ledger().accepted.len(), 0);
    assert!(!folder.exists("ads-output"));

    // Answered with no.
    let run = format!("{campaign}/run");
    studio.post(&run, &json!({ "what": "all" })).expect(202);
    let question = events.question();
    assert_eq!((&question["videos"], &question["default_yes"]), (&json!(3), &json!(false)));
    assert_eq!(question["examples"][0]["text"], "Hello number 0.");
    studio.post(&run, &json!({ "what": "all" })).expect(409);
    let answer = |question: &Value, yes: bool| {
        let body = json!({ "question": question["id"], "yes": yes });
        studio.post(&format!("{campaign}/answer"), &body)
    };
    answer(&question, false).expect(200);
    answer(&question, true).expect(409);
    let ended = events.end();
    assert_eq!((&ended["exit"], &ended["message"]), (&json!(2), &json!("")), "a no is known");
    assert_eq!(provider.ledger().accepted.len(), 0);
    assert!(!folder.exists("ads-output"));

    // A sample, answered with yes; then the rest.
    for (wanted, accepted) in [(json!({ "what": "jobs", "jobs": ["job-1"] }), 1), (json!({}), 3)] {
        studio.post(&run, &wanted).expect(202);
        let question = events.question();
        answer(&question, true).expect(200);
        let ended = events.end();
        assert_eq!(ended["exit"], 0, "{ended}");
        assert_eq!(provider.ledger().accepted.len(), accepted);
    }
    let state = studio.events(&campaign).next("state");
    assert_eq!(state["totals"]["done"], 3);
    let job = &state["jobs"][0];
    let video = job["file"].as_str().unwrap();
    let headers =
        [("Host", studio.host.as_str()), ("Cookie", &studio.cookie), ("Range", "bytes=0-1")];
    let part = studio.request("GET", video, &headers, "").expect(206);
    assert_eq!(part.body.len(), 2);
    assert_eq!(part.header("content-type"), Some("video/mp4"));
    assert!(part.header("content-range").unwrap().starts_with("bytes 0-1/"));
    studio.get(job["thumbnail"].as_str().unwrap()).expect(200);
    studio.get(&format!("{campaign}/media/..%2F..%2Fads.yaml/video")).expect(404);
    studio.get(&format!("{campaign}/media/job-1/journal")).expect(404);

    let studio = studio.get("/api/studio").expect(200).json();
    let listed = studio["campaigns"].as_array().unwrap();
    let listed: Vec<&Value> = listed.iter().filter(|it| it["name"] == "ads").collect();
    assert_eq!(listed.len(), 1, "{listed:#?}");
    assert_eq!(listed[0]["counts"]["done"], 3);
}

#[test]
fn a_dropped_sheet_is_made_in_the_sandbox_and_a_video_again_with_other_words() {
    let folder = Folder::new();
    let studio = Studio::start(&folder, None, &["--sandbox"]);
    let sheet = format!("id,text,persona,aspect_ratio\na,Hello there.,{PERSONA},9:16\n");
    let added = studio.upload("/api/sheets?name=drop.csv", &sheet);
    let id = added.expect(200).json()["id"].as_str().unwrap().to_owned();
    let campaign = format!("/api/campaigns/{id}");
    let mut events = studio.events(&campaign);
    let state = events.next("state");
    assert_eq!((&state["sandbox"], &state["jobs"][0]["persona"]), (&json!(true), &json!("Anna")));
    let make = |events: &mut Events| {
        // The sandbox asks too.
        let question = events.question();
        let body = json!({ "question": question["id"], "yes": true });
        studio.post(&format!("{campaign}/answer"), &body).expect(200);
        let ended = events.end();
        assert_eq!(ended["exit"], 0, "{ended}");
        studio.events(&campaign).next("state")
    };
    studio.post(&format!("{campaign}/run"), &json!({ "what": "sample" })).expect(202);
    let state = make(&mut events);
    assert_eq!((&state["totals"]["done"], &state["credits"]["spent"]), (&json!(1), &json!(5)));

    let redo = format!("{campaign}/redo");
    let unknown = json!({ "job": "b", "text": "Hello." });
    studio.post(&redo, &unknown).expect(422);
    studio.post(&redo, &json!({ "job": "a", "text": "Hello again." })).expect(202);
    let state = make(&mut events);
    assert_eq!(state["totals"]["done"], 1);
    assert_eq!(state["credits"]["spent"], 10);
    let job = &state["jobs"][0];
    assert_eq!(job["text"], "Hello again.");
    let earlier = job["versions"][0]["file"].as_str().unwrap();
    let videos = [job["file"].as_str().unwrap(), earlier].map(|path| studio.get(path).expect(200));
    assert_ne!(videos[0].body, videos[1].body);
    assert_eq!(folder.read("drop.csv"), sheet, "the original is never written");

    let picture = studio.get("/api/personas?search=anna").expect(200).json();
    let picture = picture["personas"][0]["picture"].as_str().unwrap();
    let picture = studio.get(picture).expect(200);
    assert_eq!(picture.header("content-type"), Some("image/jpeg"));
}

#[test]
fn the_studio_shows_the_run_of_another_process() {
    let scenario = Scenario::with(2, rendering(60_000));
    let other = scenario.spawn_sheet(&[]);
    scenario.wait_for_accepted(2);
    let studio = Studio::start(&scenario, Some(scenario.base_url()), &["sheet.csv"]);
    let campaign = studio.campaign();
    let mut events = studio.events(&campaign);
    let live = events.until("live", |live| live["state"] == "running");
    assert_eq!(live["here"], false);
    studio.post(&format!("{campaign}/run"), &json!({ "what": "all" })).expect(409);
    studio.post(&format!("{campaign}/stop"), &json!({ "how": "now" })).expect(409);
    crate::program::kill(other);
    events.until("live", |live| live["state"] == "idle");
    let state = studio.events(&campaign).next("state");
    assert_eq!(state["totals"]["rendering"], 2);
    assert_eq!(scenario.accepted(), 2);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_and_names_what_is_outstanding() {
    let (folder, provider) = scenario(2, rendering(60_000));
    let studio = Studio::start(&folder, Some(provider.base_url()), &["ads.yaml"]);
    let campaign = studio.campaign();
    let mut events = studio.events(&campaign);
    studio.post(&format!("{campaign}/run"), &json!({})).expect(202);
    let question = events.question();
    let body = json!({ "question": question["id"], "yes": true });
    studio.post(&format!("{campaign}/answer"), &body).expect(200);
    crate::program::wait_until("the submits", || provider.ledger().accepted.len() == 2);
    events.until("jobs", |jobs| jobs["totals"]["rendering"] == 2);
    let stderr = studio.interrupt();
    assert!(stderr.contains("ads: 0 of 2 done, 2 rendering"), "{stderr}");
    assert!(stderr.contains("callsheet collect ads.yaml"), "{stderr}");
    assert_eq!(provider.ledger().accepted.len(), 2);
}

#[test]
fn stop_submitting_collects_what_is_paid_for() {
    let (folder, provider) = scenario(3, rendering(3_000));
    folder.replace("ads.yaml", "submit_rate: 50/s", "submit_rate: 1/min");
    let studio = Studio::start(&folder, Some(provider.base_url()), &["ads.yaml"]);
    let campaign = studio.campaign();
    let mut events = studio.events(&campaign);
    studio.post(&format!("{campaign}/run"), &json!({})).expect(202);
    let question = events.question();
    let body = json!({ "question": question["id"], "yes": true });
    studio.post(&format!("{campaign}/answer"), &body).expect(200);
    events.until("live", |live| live["state"] == "running");
    crate::program::wait_until("a submit", || !provider.ledger().accepted.is_empty());
    studio.post(&format!("{campaign}/stop"), &json!({ "how": "submitting" })).expect(200);
    events.end();
    assert_eq!(provider.ledger().accepted.len(), 1);
    let state = studio.events(&campaign).next("state");
    assert_eq!((&state["totals"]["done"], &state["totals"]["pending"]), (&json!(1), &json!(2)));
}

#[test]
fn without_keys_the_studio_starts_in_the_sandbox() {
    let folder = Folder::with_sheet(1);
    let mut command = folder.command(&["studio", "--no-open", "--port", "0", "sheet.csv"]);
    command.env_remove("CREATIFY_API_ID").env_remove("CREATIFY_API_KEY");
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    read_address(&mut output);
    child.kill().unwrap();
    let printed = read_errors(&mut child);
    child.wait().unwrap();
    let expected = "there are no keys for an account, so the studio uses the sandbox";
    assert!(printed.contains(expected), "{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_address_is_opened_through_a_private_page() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::with_sheet(1);
    folder.write(
        "bin/xdg-open",
        "#!/bin/sh\nprintf %s \"$1\" > opened.part\nmv opened.part opened\n",
    );
    let script = folder.path("bin/xdg-open");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = folder.command(&["studio", "--sandbox"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.path("bin").display()));
    command.env("XDG_CACHE_HOME", folder.path("cache"));
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (host, token) = read_address(&mut output);
    crate::program::wait_until("the opener", || folder.exists("opened"));
    let page = folder.read("opened");
    assert!(!page.contains(&token) && page.contains("/cache/"), "{page}");
    let page = std::path::Path::new(&page);
    let content = std::fs::read_to_string(page).unwrap();
    assert!(content.contains(&format!("0;url=http://{host}/?token={token}")), "{content}");
    assert_eq!(page.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    crate::program::signal(&child, "INT");
    child.wait().unwrap();
    assert!(!page.exists(), "it is removed at the end");
}

#[test]
fn a_question_names_the_videos_that_the_cap_allows() {
    let (folder, provider) = scenario(4, quick());
    let studio = Studio::start(&folder, Some(provider.base_url()), &["ads.yaml"]);
    let campaign = studio.campaign();
    for (cap, videos) in [(12, 2), (20, 4), (0, 0)] {
        let mut events = studio.events(&campaign);
        studio.post(&format!("{campaign}/run"), &json!({ "max_credits": cap })).expect(202);
        let question = events.question();
        assert_eq!((&question["videos"], &question["all_videos"]), (&json!(videos), &json!(4)));
        assert_eq!(question["credits_high"], f64::from(videos * 5));
        let body = json!({ "question": question["id"], "yes": false });
        studio.post(&format!("{campaign}/answer"), &body).expect(200);
        events.end();
    }
    assert_eq!(provider.ledger().accepted.len(), 0);
}

#[test]
fn making_videos_again_leaves_out_everything_else() {
    let (folder, provider) = scenario(4, quick());
    let studio = Studio::start(&folder, Some(provider.base_url()), &["ads.yaml"]);
    let campaign = studio.campaign();
    let make = |wanted: Value| {
        let mut events = studio.events(&campaign);
        studio.post(&format!("{campaign}/run"), &wanted).expect(202);
        let question = events.question();
        let body = json!({ "question": question["id"], "yes": true });
        studio.post(&format!("{campaign}/answer"), &body).expect(200);
        assert_eq!(events.end()["exit"], 0);
        question["videos"].clone()
    };
    make(json!({ "what": "jobs", "jobs": ["job-0", "job-1"] }));
    let state = studio.events(&campaign).next("state");
    let mark = json!({
        "job": "job-1", "remote": state["jobs"][1]["remote"], "mark": "rejected",
        "comment": "", "seconds": null, "reviewer": "Eva",
    });
    studio.post(&format!("{campaign}/marks"), &mark).expect(200);
    assert_eq!(make(json!({ "what": "redo_rejected" })), 1, "two others are not made yet");
    let changed = manifest(4).replace("Hello number 0.", "Hello again.");
    folder.write("ads.yaml", &changed);
    assert_eq!(make(json!({ "what": "redo_changed" })), 1);
    assert_eq!(provider.ledger().accepted.len(), 4);
}

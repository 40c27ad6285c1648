//! The endpoints against a scripted server.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AspectRatio, Command, Failure, FailureKind, Listing, Meter, Outcome, RemoteId, RenderReport,
    RenderStatus, RetryAfter, Speech, Tag, Timestamp, VideoRequest, find_tags,
};
use crate::remote::Remote;
use crate::remote::scripted::{Act, Scripted, answer, json};

const TAG: &str = "cs-abcdefghijkl";

fn tags() -> Arc<BTreeSet<Tag>> {
    Arc::new(find_tags(TAG).collect())
}

fn remote_id(text: &str) -> RemoteId {
    text.parse().unwrap()
}

async fn submit(remote: &Remote) -> Result<RemoteId, Failure> {
    let speech = Speech::Text("Hello".into());
    let command = Command::Submit {
        job: "a".parse().unwrap(),
        request: Arc::new(VideoRequest::new(speech, "p", AspectRatio::Portrait)),
        name: format!("a {TAG}"),
    };
    match remote.perform(command, Arc::default()).await {
        Outcome::Submitted { result, .. } => result,
        other => panic!("{other:?}"),
    }
}

async fn poll(remote: &Remote, ids: &[&str]) -> Result<Vec<RenderReport>, Failure> {
    let remotes = ids.iter().map(|id| remote_id(id)).collect();
    match remote
        .perform(Command::Poll { remotes }, Arc::default())
        .await
    {
        Outcome::Polled { result, .. } => result,
        other => panic!("{other:?}"),
    }
}

async fn look(remote: &Remote, id: &str) -> Result<RenderReport, Failure> {
    let command = Command::Look {
        job: "a".parse().unwrap(),
        remote: remote_id(id),
    };
    match remote.perform(command, Arc::default()).await {
        Outcome::Looked { result, .. } => result,
        other => panic!("{other:?}"),
    }
}

async fn list(remote: &Remote) -> Result<Listing, Failure> {
    let command = Command::List {
        tags: tags(),
        witnesses: Arc::new([remote_id("witness")].into()),
    };
    match remote.perform(command, Arc::new(Meter::default())).await {
        Outcome::Listed { result } => result,
        other => panic!("{other:?}"),
    }
}

/// A server with one act, and its client.
async fn with(act: Act) -> (Scripted, Remote) {
    let server = Scripted::start([act]).await;
    let remote = server.client(Path::new("unused"));
    (server, remote)
}

#[tokio::test]
async fn an_accepted_create_gives_its_id() {
    for status in ["200 OK", "201 Created", "202 Accepted"] {
        let (server, remote) = with(json(status, r#"{"id":"j-1","status":"pending"}"#)).await;
        assert_eq!(submit(&remote).await.unwrap().as_str(), "j-1");
        let seen = &server.seen()[0];
        assert_eq!(seen.line, "POST /api/lipsyncs/ HTTP/1.1");
        assert_eq!(seen.headers["x-api-id"], "my-account");
        assert_eq!(seen.headers["x-api-key"], "k3y-of-mine");
        assert_eq!(seen.headers["accept"], "application/json");
        assert_eq!(seen.headers["content-type"], "application/json");
        assert!(seen.headers["user-agent"].starts_with("callsheet/"));
        let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(body["name"], format!("a {TAG}"));
    }
}

#[tokio::test]
async fn every_failed_create_is_classified_by_what_may_have_happened() {
    use FailureKind as K;
    let half = b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"id\":\"j-1\", \"na".to_vec();
    let page = "<html><title>502 Bad Gateway</title></html>";
    let table = [
        (Act::Close(Vec::new()), K::Lost),
        (Act::Reset(Vec::new()), K::Lost),
        (Act::Hang(Vec::new()), K::Lost),
        (Act::Close(half.clone()), K::Lost),
        (Act::Reset(half.clone()), K::Lost),
        (Act::Hang(half), K::Lost),
        (Act::Close(b"not http at all\r\n\r\n".to_vec()), K::Lost),
        (json("200 OK", "[]"), K::Malformed),
        (json("200 OK", r#"[{"id":"j-1"}]"#), K::Malformed),
        (json("201 Created", r#"{"status":"pending"}"#), K::Malformed),
        (json("201 Created", r#"{"id":null}"#), K::Malformed),
        (json("201 Created", r#"{"id":"a b"}"#), K::Malformed),
        (json("201 Created", ""), K::Malformed),
        (json("201 Created", page), K::Malformed),
        (json("204 No Content", ""), K::Malformed),
        (
            json("400 Bad Request", r#"{"text":["too long"]}"#),
            K::Rejected,
        ),
        (
            json("400 Bad Request", r#"{"detail":"Insufficient credits"}"#),
            K::OutOfCredits,
        ),
        (json("402 Payment Required", ""), K::OutOfCredits),
        (json("401 Unauthorized", ""), K::Unauthorised),
        (json("403 Forbidden", ""), K::Unauthorised),
        (json("404 Not Found", ""), K::NotFound),
        (json("405 Method Not Allowed", ""), K::NotFound),
        (json("408 Request Timeout", ""), K::Lost),
        (json("422 Unprocessable", "[]"), K::Rejected),
        (json("429 Too Many Requests", ""), K::Throttled),
        (json("500 Oops", ""), K::ServerError),
        (json("503 Busy", page), K::ServerError),
        (json("504 Gateway Timeout", ""), K::ServerError),
        // The status is enough; its words need not be whole.
        (
            Act::Close(b"HTTP/1.1 400 No\r\nContent-Length: 9\r\n\r\n{".to_vec()),
            K::Rejected,
        ),
        (
            Act::Hang(b"HTTP/1.1 429 No\r\nContent-Length: 9\r\n\r\n{".to_vec()),
            K::Throttled,
        ),
    ];
    for (act, kind) in table {
        let (server, remote) = with(act.clone()).await;
        let failure = submit(&remote).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{act:?}: {failure}");
        assert_eq!(server.seen().len(), 1, "one attempt: {act:?}");
        assert!(!failure.message.contains("k3y"), "{failure}");
        assert!(!failure.message.is_empty());
    }
}

#[tokio::test]
async fn what_never_left_is_certain() {
    let (server, remote) = with(json("201 Created", "{}")).await;
    let mut settings = server.settings(Path::new("unused"));
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    settings.base_url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let refused = Remote::new(settings.clone()).unwrap();
    let failure = submit(&refused).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent, "{failure}");
    assert!(failure.message.contains("refused"), "{failure}");

    // TLS with a server that does not speak it.
    settings.base_url = server.address.replace("http", "https").parse().unwrap();
    settings.timeouts.connect = Duration::from_millis(200);
    let failure = submit(&Remote::new(settings.clone()).unwrap()).await;
    assert_eq!(failure.unwrap_err().kind, FailureKind::NotSent);

    settings.base_url = "https://no-such-host.invalid".parse().unwrap();
    let failure = submit(&Remote::new(settings).unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent, "{failure}");
    assert!(server.seen().is_empty());
    drop(remote);
}

#[tokio::test]
async fn a_post_is_never_redirected() {
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let moved = answer(status, "Location: /api/lipsyncs/\r\n", "");
        let (server, remote) = with(Act::Answer(moved)).await;
        let failure = submit(&remote).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Redirected);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn every_create_has_a_connection_of_its_own_and_is_sent_once() {
    let created = || json("201 Created", r#"{"id":"j","status":"pending"}"#);
    let server = Scripted::start([created(), Act::Close(Vec::new()), created()]).await;
    let remote = server.client(Path::new("unused"));
    submit(&remote).await.unwrap();
    assert_eq!(submit(&remote).await.unwrap_err().kind, FailureKind::Lost);
    submit(&remote).await.unwrap();
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

#[tokio::test]
async fn pauses_are_read_in_both_forms() {
    let moment = Timestamp::parse("2030-01-01T00:00:00Z").unwrap();
    for (header, expected) in [
        ("Retry-After: 30\r\n", Some(RetryAfter::Seconds(30))),
        (
            "Retry-After: Tue, 01 Jan 2030 00:00:00 GMT\r\n",
            Some(RetryAfter::At(moment)),
        ),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ] {
        let (_server, remote) = with(Act::Answer(answer("429 Slow Down", header, ""))).await;
        assert_eq!(submit(&remote).await.unwrap_err().retry_after, expected);
    }
}

#[tokio::test]
async fn a_poll_asks_for_all_and_takes_what_it_gets() {
    let array = r#"[{"id":"b/2","status":"done","output":"https://x/v.mp4","credits_used":5.5},
        null, 7, {"status":"done"}, {"id":"other","status":"done"}]"#;
    let envelope = format!(r#"{{"count":1,"next":null,"results":{array}}}"#);
    for body in [array, envelope.as_str()] {
        let (server, remote) = with(json("200 OK", body)).await;
        let reports = poll(&remote, &["a&1", "b/2"]).await.unwrap();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].remote.as_str(), "b/2");
        assert_eq!(
            server.seen()[0].line,
            "GET /api/lipsyncs/?ids=a%261%2Cb%2F2 HTTP/1.1"
        );
        assert_eq!(server.seen()[0].headers["x-api-key"], "k3y-of-mine");
    }
    let (_server, remote) = with(json("200 OK", r#"{"detail":"x"}"#)).await;
    let failure = poll(&remote, &["a"]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn a_look_is_about_the_job_it_asks_for() {
    let (server, remote) = with(json("200 OK", r#"{"id":"A-1","status":"odd\u001b[2J"}"#)).await;
    let report = look(&remote, "a-1").await.unwrap();
    assert_eq!(report.remote.as_str(), "a-1");
    assert!(matches!(report.status, RenderStatus::Other(_)));
    assert_eq!(server.seen()[0].line, "GET /api/lipsyncs/a-1/ HTTP/1.1");

    server.then([json("200 OK", r#"{"id":"b","status":"done"}"#)]);
    let failure = look(&remote, "a").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);

    server.then([json("404 Not Found", r#"{"detail":"No Lipsync matches."}"#)]);
    let failure = look(&remote, "x/../y?").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("another workspace"), "{failure}");
    assert_eq!(
        server.seen()[2].line,
        "GET /api/lipsyncs/x%2F..%2Fy%3F/ HTTP/1.1"
    );

    let failure = look(&remote, "..").await.unwrap_err();
    assert_eq!(
        (failure.kind, server.seen().len()),
        (FailureKind::NotFound, 3)
    );
}

#[tokio::test]
async fn reads_follow_redirects_at_home_only() {
    let elsewhere = Scripted::start([]).await;
    let home = answer("301 Moved", "Location: /elsewhere/?page=1\r\n", "");
    let away = format!("Location: {}/api/?token=t\r\n", elsewhere.address);
    let away = answer("302 Found", &away, "");
    let server = Scripted::start([
        Act::Answer(home.clone()),
        json("200 OK", r#"{"id":"a","status":"done"}"#),
        Act::Answer(away),
    ])
    .await;
    let remote = server.client(Path::new("unused"));
    look(&remote, "a").await.unwrap();
    assert_eq!(server.seen()[1].line, "GET /elsewhere/?page=1 HTTP/1.1");

    let failure = look(&remote, "a").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Redirected);
    assert!(!failure.message.contains("token"), "{failure}");
    assert!(elsewhere.seen().is_empty());

    server.then(vec![Act::Answer(home); 9]);
    let before = server.seen().len();
    let failure = look(&remote, "a").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Redirected);
    assert_eq!(server.seen().len() - before, 6);
}

/// A list of `rows` rows, in which the tag and the witness stand somewhere.
fn long_list(rows: usize) -> String {
    let mut list = String::from("[");
    for row in 0..rows {
        let (id, name) = match row {
            1234 => ("mine".to_owned(), format!("Copy of a {TAG}")),
            4321 => ("witness".to_owned(), "b".to_owned()),
            _ => (row.to_string(), "somebody else's".to_owned()),
        };
        let comma = if row == 0 { "" } else { "," };
        write!(
            list,
            r#"{comma}{{"id":"{id}","name":"{name}","status":"done"}}"#
        )
        .unwrap();
    }
    list + "]"
}

#[tokio::test]
async fn a_list_of_thirty_thousand_rows_is_filtered_while_it_streams() {
    let (server, remote) = with(json("200 OK", &long_list(30_000))).await;
    let listing = list(&remote).await.unwrap();
    assert_eq!(listing.rows, 30_000);
    let ids: Vec<_> = listing.found.iter().map(|r| r.remote.as_str()).collect();
    assert_eq!(ids, ["mine", "witness"]);
    assert_eq!(server.seen()[0].line, "GET /api/lipsyncs/ HTTP/1.1");
}

#[tokio::test]
async fn a_list_that_ends_in_the_middle_is_no_list() {
    let rows = long_list(2000);
    let half = &rows[..rows.len() / 2];
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", rows.len());
    let announced = [announced.as_bytes(), half.as_bytes()].concat();
    let unannounced = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{half}");
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{rows}\r\n",
        rows.len()
    );
    for act in [
        Act::Close(announced.clone()),
        Act::Reset(announced.clone()),
        Act::Hang(announced),
        Act::Close(unannounced.into_bytes()),
        // All the rows, and no sign of the end.
        Act::Close(chunked.into_bytes()),
        json("200 OK", half),
    ] {
        let (_server, remote) = with(act).await;
        let failure = list(&remote).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Lost, "{failure}");
    }
    let (_server, remote) = with(json("200 OK", "[{}] trailing")).await;
    assert_eq!(
        list(&remote).await.unwrap_err().kind,
        FailureKind::Malformed
    );
}

#[tokio::test]
async fn an_envelope_is_followed_to_its_end_and_never_to_another_server() {
    let page =
        |row: &str, next: &str| json("200 OK", &format!(r#"{{"results":[{row}],"next":{next}}}"#));
    let server = Scripted::start([]).await;
    let remote = server.client(Path::new("unused"));
    let created = r#"{"id":"x","created_at":"2025-01-01T00:00:00Z"}"#;
    let mine = format!(r#"{{"id":"mine","name":"{TAG}","created_at":"2025-02-01T00:00:00Z"}}"#);
    // The scheme and port are those that the server sees behind its gateway.
    server.then([
        page(&mine, r#""https://127.0.0.1:8000/api/lipsyncs/?page=2""#),
        page(created, r#""?page=3""#),
        page("{}", "null"),
    ]);
    let listing = list(&remote).await.unwrap();
    assert_eq!((listing.rows, listing.found.len()), (3, 1));
    assert_eq!(listing.oldest, Timestamp::parse("2025-01-01T00:00:00Z"));
    assert_eq!(server.seen()[1].line, "GET /api/lipsyncs/?page=2 HTTP/1.1");
    assert_eq!(server.seen()[2].line, "GET /api/lipsyncs/?page=3 HTTP/1.1");

    let elsewhere = Scripted::start([]).await;
    let away = elsewhere.address.replace("127.0.0.1", "localhost");
    for next in [format!(r#""{away}/api/""#), "2".into(), r#""?""#.into()] {
        server.then([
            page("{}", &next),
            page("{}", r#""?""#),
            page("{}", r#""?""#),
        ]);
        let failure = list(&remote).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Malformed, "{next}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn catalogues_and_the_balance_are_read() {
    let server = Scripted::start([
        json(
            "200 OK",
            r#"[{"id":"p1","creator_name":"Anna"},{"id":"own"},{"creator_name":"x"},3]"#,
        ),
        json(
            "200 OK",
            r#"{"results":[{"id":"own","creator_name":"Me"}]}"#,
        ),
        json("200 OK", "[]"),
        json("404 Not Found", ""),
        json("200 OK", r#"[{"name":"Joe","accents":[{"id":"v1"}]}]"#),
        json("200 OK", r#"{"remaining_credits":12.5}"#),
        json("200 OK", "{}"),
        json(
            "401 Unauthorized",
            r#"{"detail":"key k3y-of-mine is unknown"}"#,
        ),
    ])
    .await;
    let remote = server.client(Path::new("unused"));
    let personas = remote.personas().await.unwrap();
    let ids: Vec<_> = personas
        .iter()
        .map(|persona| (persona.id.as_deref().unwrap(), persona.is_custom))
        .collect();
    assert_eq!(ids, [("own", true), ("p1", false)]);
    assert_eq!(remote.personas().await.unwrap(), []);
    let voices = remote.voices().await.unwrap();
    assert_eq!(voices[0].accents[0].id.as_deref(), Some("v1"));
    let balance = remote.remaining_credits().await.unwrap();
    assert_eq!(balance.to_string(), "12.5");
    let unreadable = remote.remaining_credits().await.unwrap_err();
    assert_eq!(unreadable.kind, FailureKind::Malformed);
    let refused = remote.remaining_credits().await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Unauthorised);
    assert!(refused.message.contains("[hidden] is unknown"), "{refused}");
    let asked: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(asked[0], "GET /api/personas/ HTTP/1.1");
    assert_eq!(asked[1], "GET /api/personas_v2/ HTTP/1.1");
    assert_eq!(asked[4], "GET /api/voices/ HTTP/1.1");
    assert_eq!(asked[5], "GET /api/remaining_credits/ HTTP/1.1");
}

#[tokio::test]
async fn keys_are_in_no_debug_print_and_must_fit_into_a_header() {
    let (server, remote) = with(json("200 OK", "")).await;
    let mut settings = server.settings(Path::new("unused"));
    for shown in [format!("{remote:?}"), format!("{settings:?}")] {
        assert!(
            !shown.contains("k3y") && !shown.contains("my-account"),
            "{shown}"
        );
    }
    settings.credentials = crate::model::Credentials::new("a".into(), "b\nsecret".into());
    let error = Remote::new(settings).unwrap_err().to_string();
    assert!(error.contains("CREATIFY_API_KEY") && !error.contains("secret"));
}

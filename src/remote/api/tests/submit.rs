//! The paid POST.

use super::*;

#[tokio::test]
async fn an_accepted_create_returns_its_id() {
    for status in ["200 OK", "201 Created", "202 Accepted"] {
        let (server, remote) = with(json(status, r#"{"id":"j-1","status":"pending"}"#)).await;
        assert_eq!(submit(&remote).await.unwrap().as_str(), "j-1");
        let seen = &server.requests()[0];
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
async fn a_compressed_answer_is_read() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, br#"{"id":"j-1","status":"pending"}"#).unwrap();
    let headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let body = answer("201 Created", headers, encoder.finish().unwrap());
    let (_server, remote) = with(Action::Answer(body)).await;
    assert_eq!(submit(&remote).await.unwrap().as_str(), "j-1");
}

#[tokio::test]
async fn a_response_about_another_job_is_malformed() {
    for (name, is_believed) in [
        (format!("a {TAG}"), true),
        (String::new(), true),
        ("a cs-".to_owned(), true),
        ("b cs-bbbbbbbbbbbb".to_owned(), false),
    ] {
        let body = format!(r#"{{"id":"j-1","name":"{name}"}}"#);
        let (_server, remote) = with(json("201 Created", &body)).await;
        let result = submit(&remote).await;
        assert_eq!(result.is_ok(), is_believed, "{name}: {result:?}");
        if let Err(failure) = result {
            assert_eq!(failure.kind, FailureKind::Malformed);
        }
    }
}

#[tokio::test]
async fn every_failed_create_is_classified_by_its_possible_effect() {
    use FailureKind as K;
    let half = b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"id\":\"j-1\", \"na".to_vec();
    let page = "<html><title>502 Bad Gateway</title></html>";
    let table = [
        (Action::Close(Vec::new()), K::Lost),
        (Action::Reset(Vec::new()), K::Lost),
        (Action::Hang(Vec::new()), K::Lost),
        (Action::Close(half.clone()), K::Lost),
        (Action::Reset(half.clone()), K::Lost),
        (Action::Hang(half), K::Lost),
        (Action::Close(b"not http at all\r\n\r\n".to_vec()), K::NotFromApi),
        (json("200 OK", "[]"), K::Malformed),
        (json("200 OK", r#"[{"id":"j-1"}]"#), K::Malformed),
        (json("201 Created", r#"{"status":"pending"}"#), K::Malformed),
        (json("201 Created", r#"{"id":null}"#), K::Malformed),
        (json("201 Created", r#"{"id":"a b"}"#), K::Malformed),
        (json("201 Created", r#"{"id":"j-k3y-of-mine"}"#), K::Malformed),
        (json("201 Created", ""), K::Malformed),
        (json("201 Created", page), K::NotFromApi),
        (json("403 Forbidden", page), K::NotFromApi),
        (json("407 Proxy Authentication Required", ""), K::NotFromApi),
        (json("204 No Content", ""), K::Malformed),
        (json("400 Bad Request", r#"{"text":["too long"]}"#), K::Rejected),
        (json("400 Bad Request", r#"{"detail":"Insufficient credits"}"#), K::OutOfCredits),
        (json("402 Payment Required", ""), K::OutOfCredits),
        (json("401 Unauthorized", r#"{"detail":"no"}"#), K::Unauthorised),
        (json("403 Forbidden", r#"{"detail":"no"}"#), K::Unauthorised),
        (json("401 Unauthorized", ""), K::NotFromApi),
        (json("403 Forbidden", ""), K::NotFromApi),
        (json("404 Not Found", ""), K::NotFound),
        (json("405 Method Not Allowed", ""), K::NotFound),
        (json("408 Request Timeout", ""), K::Lost),
        (json("422 Unprocessable", "[]"), K::Rejected),
        (json("429 Too Many Requests", ""), K::Throttled),
        (json("500 Oops", ""), K::ServerError),
        (json("503 Busy", page), K::ServerError),
        (json("504 Gateway Timeout", ""), K::ServerError),
        // The status suffices; the body may be incomplete, if it can be the beginning of an answer of the API.
        (Action::Close(b"HTTP/1.1 400 No\r\nContent-Length: 9\r\n\r\n{".to_vec()), K::Rejected),
        (Action::Hang(b"HTTP/1.1 429 No\r\nContent-Length: 9\r\n\r\n{".to_vec()), K::Throttled),
    ];
    for (action, kind) in table {
        let (server, remote) = with(action.clone()).await;
        let failure = submit(&remote).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{action:?}: {failure}");
        assert_eq!(server.requests().len(), 1, "one attempt: {action:?}");
        assert!(!failure.message.contains("k3y"), "{failure}");
        assert!(!failure.message.is_empty());
    }
}

#[tokio::test]
async fn failed_connections_prove_that_nothing_was_sent() {
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
    assert!(server.requests().is_empty());
    drop(remote);
}

#[tokio::test]
async fn a_post_is_never_redirected() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let moved = answer(status, "Location: /api/lipsyncs/\r\n", "");
        let (server, remote) = with(Action::Answer(moved)).await;
        let failure = submit(&remote).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Redirected);
        assert_eq!(server.requests().len(), 1);
    }
}

fn created() -> Action {
    json("201 Created", r#"{"id":"j","status":"pending"}"#)
}

fn connections(server: &ScriptedServer) -> Vec<usize> {
    let seen = server.requests();
    seen.iter().map(|seen| seen.connection).collect()
}

#[tokio::test]
async fn creates_share_a_connection_until_an_answer_is_lost() {
    let lost = || Action::Close(Vec::new());
    let actions = [created(), created(), lost(), created(), created(), lost()];
    let server = ScriptedServer::start(actions).await;
    let remote = server.client(Path::new("unused"));
    for is_lost in [false, false, true, false, false, true] {
        let failure = submit(&remote).await.err().map(|failure| failure.kind);
        assert_eq!(failure, is_lost.then_some(FailureKind::Lost));
    }
    assert_eq!(connections(&server), [0, 0, 0, 1, 2, 3], "each sent once");
}

#[tokio::test]
async fn a_timeout_stops_pooling_too() {
    let server = ScriptedServer::start([Action::Hang(Vec::new()), created(), created()]).await;
    let remote = server.client(Path::new("unused"));
    assert_eq!(submit(&remote).await.unwrap_err().kind, FailureKind::Lost);
    submit(&remote).await.unwrap();
    submit(&remote).await.unwrap();
    assert_eq!(connections(&server), [0, 1, 2]);
}

/// The server does not announce it, but the client notices that the connection is closed before it uses it again.
#[tokio::test]
async fn a_connection_closed_after_its_response_leaves_no_doubt() {
    let closing = || {
        let body = r#"{"id":"j","status":"pending"}"#;
        Action::Close(answer("201 Created", "", body))
    };
    let server = ScriptedServer::start([closing(), closing(), closing()]).await;
    let remote = server.client(Path::new("unused"));
    for _ in 0..3 {
        submit(&remote).await.unwrap();
    }
    assert_eq!(connections(&server), [0, 1, 2]);
}

#[tokio::test]
async fn a_refusal_does_not_stop_pooling() {
    let refused = Action::Answer(answer("429 Slow Down", "", ""));
    let server = ScriptedServer::start([refused, created()]).await;
    let remote = server.client(Path::new("unused"));
    assert_eq!(submit(&remote).await.unwrap_err().kind, FailureKind::Throttled);
    submit(&remote).await.unwrap();
    assert_eq!(connections(&server), [0, 0]);
}

#[tokio::test]
async fn both_formats_of_retry_after_are_parsed() {
    let moment = Timestamp::parse("2030-01-01T00:00:00Z").unwrap();
    for (header, expected) in [
        ("Retry-After: 30\r\n", Some(RetryAfter::Seconds(30))),
        ("Retry-After: Tue, 01 Jan 2030 00:00:00 GMT\r\n", Some(RetryAfter::At(moment))),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ] {
        let (_server, remote) = with(Action::Answer(answer("429 Slow Down", header, ""))).await;
        assert_eq!(submit(&remote).await.unwrap_err().retry_after, expected);
    }
}

#[tokio::test]
async fn keys_are_not_in_debug_output_and_must_fit_into_a_header() {
    let (server, remote) = with(json("200 OK", "")).await;
    let mut settings = server.settings(Path::new("unused"));
    for shown in [format!("{remote:?}"), format!("{settings:?}")] {
        assert!(!shown.contains("k3y") && !shown.contains("my-account"), "{shown}");
    }
    settings.credentials = crate::model::Credentials::new("a".into(), "b\nsecret".into());
    let error = Remote::new(settings).unwrap_err().to_string();
    assert!(error.contains("CREATIFY_API_KEY") && !error.contains("secret"));
}

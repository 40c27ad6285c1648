//! Polls, catalogues and the balance.

use super::*;

#[tokio::test]
async fn a_poll_requests_all_jobs_and_skips_unusable_rows() {
    let array = r#"[{"id":"b/2","status":"done","output":"https://x/v.mp4","credits_used":5.5},
        null, 7, {"status":"done"}, {"id":"other","status":"done"}]"#;
    let envelope = format!(r#"{{"count":1,"next":null,"results":{array}}}"#);
    for body in [array, envelope.as_str()] {
        let (server, remote) = with(json("200 OK", body)).await;
        let reports = poll(&remote, &["a&1", "b/2"]).await.unwrap();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].remote.as_str(), "b/2");
        assert_eq!(server.requests()[0].line, "GET /api/lipsyncs/?ids=a%261%2Cb%2F2 HTTP/1.1");
        assert_eq!(server.requests()[0].headers["x-api-key"], "k3y-of-mine");
    }
    let (_server, remote) = with(json("200 OK", r#"{"detail":"x"}"#)).await;
    let failure = poll(&remote, &["a"]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn a_poll_of_one_job_accepts_only_that_job() {
    let (server, remote) = with(json("200 OK", r#"{"id":"A-1","status":"odd\u001b[2J"}"#)).await;
    let report = look(&remote, "a-1").await.unwrap();
    assert_eq!(report.remote.as_str(), "a-1");
    assert_eq!(report.status, RenderStatus::Other(r"odd\u{1b}[2J".into()));
    assert_eq!(server.requests()[0].line, "GET /api/lipsyncs/a-1/ HTTP/1.1");

    server.push([json("200 OK", r#"{"id":"b","status":"done"}"#)]);
    let failure = look(&remote, "a").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);

    server.push([json("404 Not Found", r#"{"detail":"No Lipsync matches."}"#)]);
    let failure = look(&remote, "x/../y?").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("another workspace"), "{failure}");
    assert_eq!(server.requests()[2].line, "GET /api/lipsyncs/x%2F..%2Fy%3F/ HTTP/1.1");

    let failure = look(&remote, "..").await.unwrap_err();
    assert_eq!((failure.kind, server.requests().len()), (FailureKind::NotFound, 3));
}

#[tokio::test]
async fn reads_follow_redirects_within_the_api_only() {
    let elsewhere = ScriptedServer::start([]).await;
    let home = answer("301 Moved", "Location: /elsewhere/?page=1\r\n", "");
    let away = format!("Location: {}/api/?token=t\r\n", elsewhere.address);
    let away = answer("302 Found", &away, "");
    let server = ScriptedServer::start([
        Action::Answer(home.clone()),
        json("200 OK", r#"{"id":"a","status":"done"}"#),
        Action::Answer(away),
    ])
    .await;
    let remote = server.client(Path::new("unused"));
    look(&remote, "a").await.unwrap();
    assert_eq!(server.requests()[1].line, "GET /elsewhere/?page=1 HTTP/1.1");

    let failure = look(&remote, "a").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Redirected);
    assert!(!failure.message.contains("token"), "{failure}");
    assert!(elsewhere.requests().is_empty());

    server.push(vec![Action::Answer(home); 9]);
    let before = server.requests().len();
    let failure = look(&remote, "a").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Redirected);
    assert_eq!(server.requests().len() - before, 6);
}

#[tokio::test]
async fn catalogues_and_the_balance_are_parsed() {
    let server = ScriptedServer::start([
        json(
            "200 OK",
            r#"[{"id":"p1","creator_name":"Anna"},{"id":"own"},{"creator_name":"x"},3]"#,
        ),
        json("200 OK", r#"{"results":[{"id":"own","creator_name":"Me"}]}"#),
        json("200 OK", "[]"),
        json("404 Not Found", ""),
        json("200 OK", r#"[{"name":"Joe","accents":[{"id":"v1"}]}]"#),
        json("200 OK", r#"{"remaining_credits":12.5}"#),
        json("200 OK", "{}"),
        json("401 Unauthorized", r#"{"detail":"key k3y-of-mine is unknown"}"#),
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
    let asked: Vec<_> = server.requests().into_iter().map(|seen| seen.line).collect();
    assert_eq!(asked[0], "GET /api/personas/ HTTP/1.1");
    assert_eq!(asked[1], "GET /api/personas_v2/ HTTP/1.1");
    assert_eq!(asked[4], "GET /api/voices/ HTTP/1.1");
    assert_eq!(asked[5], "GET /api/remaining_credits/ HTTP/1.1");
}

fn compressed(body: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn responses_may_be_compressed_and_incomplete_ones_are_lost() {
    let body = compressed(r#"[{"id":"a","status":"done","output":"https://x/v.mp4"}]"#);
    let headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let (server, remote) = with(Action::Answer(answer("200 OK", headers, &body))).await;
    let reports = poll(&remote, &["a"]).await.unwrap();
    assert_eq!(reports[0].status, RenderStatus::Done);
    assert_eq!(server.requests()[0].headers["accept-encoding"], "gzip");

    let half = &body[..body.len() / 2];
    server.push([Action::Answer(answer("200 OK", headers, half))]);
    let failure = poll(&remote, &["a"]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Lost, "{failure}");
}

#[tokio::test]
async fn a_decompression_bomb_is_refused() {
    let headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let zeros = "0,".repeat(1 << 20);
    let job = compressed(&format!(r#"{{"id":"a","x":[{zeros}0]}}"#));
    assert!(job.len() < 20_000);
    let many = "0,".repeat(10 << 20);
    let list = compressed(&format!(r#"[{{"id":"a","x":[{many}0]}}]"#));
    let actions =
        [job, list.clone(), list].map(|body| Action::Answer(answer("200 OK", headers, body)));
    let server = ScriptedServer::start(actions).await;
    let mut settings = server.settings(Path::new("unused"));
    settings.timeouts.read = Duration::from_secs(20);
    let remote = Remote::new(settings).unwrap();
    let looked = look(&remote, "a").await.unwrap_err();
    assert_eq!(looked.kind, FailureKind::Malformed, "{looked}");
    let polled = poll(&remote, &["a"]).await.unwrap_err();
    for failure in [polled, super::list(&remote).await.unwrap_err()] {
        assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
        assert!(failure.message.contains("without the end of a row"), "{failure}");
    }
}

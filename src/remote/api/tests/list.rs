//! Lists.

use super::*;

/// Returns a list of `rows` rows that contains the tag and the witness.
fn long_list(rows: usize) -> String {
    let mut list = String::from("[");
    for row in 0..rows {
        let (id, name) = match row {
            1234 => ("mine".to_owned(), format!("Copy of a {TAG}")),
            4321 => ("witness".to_owned(), "b".to_owned()),
            _ => (row.to_string(), "foreign".to_owned()),
        };
        let comma = if row == 0 { "" } else { "," };
        write!(list, r#"{comma}{{"id":"{id}","name":"{name}","status":"done"}}"#).unwrap();
    }
    list + "]"
}

#[tokio::test]
async fn a_list_of_thirty_thousand_rows_is_filtered_while_it_arrives() {
    let (server, remote) = with(json("200 OK", &long_list(30_000))).await;
    let listing = list(&remote).await.unwrap();
    assert_eq!(listing.rows, 30_000);
    let ids: Vec<_> = listing.found.iter().map(|r| r.remote.as_str()).collect();
    assert_eq!(ids, ["mine", "witness"]);
    assert_eq!(server.requests()[0].line, "GET /api/lipsyncs/ HTTP/1.1");
}

#[tokio::test]
async fn an_incomplete_list_is_lost() {
    let rows = long_list(2000);
    let half = &rows[..rows.len() / 2];
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", rows.len());
    let announced = [announced.as_bytes(), half.as_bytes()].concat();
    let unannounced = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{half}");
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{rows}\r\n",
        rows.len()
    );
    for action in [
        Action::Close(announced.clone()),
        Action::Reset(announced.clone()),
        Action::Hang(announced),
        Action::Close(unannounced.into_bytes()),
        // All rows, but not the end of the body.
        Action::Close(chunked.into_bytes()),
        json("200 OK", half),
    ] {
        let (_server, remote) = with(action).await;
        let failure = list(&remote).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Lost, "{failure}");
    }
    let (_server, remote) = with(json("200 OK", "[{}] trailing")).await;
    assert_eq!(list(&remote).await.unwrap_err().kind, FailureKind::Malformed);
}

#[tokio::test]
async fn an_endless_list_times_out() {
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[{}".to_vec();
    let endless = || Action::Endless(head.clone(), b",{}".repeat(1000));
    let server = ScriptedServer::start([endless(), endless()]).await;
    let mut settings = server.settings(Path::new("unused"));
    settings.timeouts.list = Duration::from_millis(200);
    let remote = Remote::new(settings).unwrap();
    let bound = Duration::from_secs(10);
    let listed = tokio::time::timeout(bound, list(&remote)).await;
    let personas = tokio::time::timeout(bound, remote.personas()).await;
    for failure in [listed.unwrap().unwrap_err(), personas.unwrap().unwrap_err()] {
        assert_eq!(failure.kind, FailureKind::Lost);
        assert_eq!(failure.message, "the list did not end within 0.2 s");
    }
}

#[tokio::test]
async fn an_envelope_is_followed_to_its_end_but_not_to_another_server() {
    let page =
        |row: &str, next: &str| json("200 OK", &format!(r#"{{"results":[{row}],"next":{next}}}"#));
    let server = ScriptedServer::start([]).await;
    let remote = server.client(Path::new("unused"));
    let created = r#"{"id":"x","created_at":"2025-01-01T00:00:00Z"}"#;
    let mine = format!(r#"{{"id":"mine","name":"{TAG}","created_at":"2025-02-01T00:00:00Z"}}"#);
    // With the scheme and port that the server sees behind its gateway.
    server.push([
        page(&mine, r#""https://127.0.0.1:8000/api/lipsyncs/?page=2""#),
        page(created, r#""?page=3""#),
        page("{}", "null"),
    ]);
    let listing = list(&remote).await.unwrap();
    assert_eq!((listing.rows, listing.found.len()), (3, 1));
    assert_eq!(listing.oldest, Timestamp::parse("2025-01-01T00:00:00Z"));
    assert_eq!(server.requests()[1].line, "GET /api/lipsyncs/?page=2 HTTP/1.1");
    assert_eq!(server.requests()[2].line, "GET /api/lipsyncs/?page=3 HTTP/1.1");

    let elsewhere = ScriptedServer::start([]).await;
    let away = elsewhere.address.replace("127.0.0.1", "localhost");
    for next in [format!(r#""{away}/api/""#), "2".into()] {
        server.push([page("{}", &next)]);
        let failure = list(&remote).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Malformed, "{next}");
    }
    // Pages that link in circles leave out the others.
    server.push([page("{}", r#""?""#), page("{}", r#""?""#)]);
    let listing = list(&remote).await.unwrap();
    assert_eq!((listing.rows, listing.is_truncated), (2, true));
    // A server that ignores the number of the page sends the same rows again.
    let same = |next: &str| {
        json("200 OK", &format!(r#"{{"results":[{mine},{created}],"next":{next},"count":4}}"#))
    };
    server.push([same(r#""?page=2""#), same("null")]);
    let listing = list(&remote).await.unwrap();
    assert_eq!((listing.rows, listing.is_truncated), (2, true));
    server.push([same(r#""?page=2""#), same(r#""?page=3""#)]);
    assert!(list(&remote).await.unwrap().is_truncated, "it is not read without an end");
    assert!(elsewhere.requests().is_empty());
}

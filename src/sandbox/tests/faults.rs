//! Faults of responses, compared with the ledger.

use std::io::ErrorKind;

use super::*;
use crate::sandbox::{FaultTrigger, ResponseFault, Rules};

/// What the client gets: a status or an error.
const EXPECTED: [(ResponseFault, Result<u16, ErrorKind>); 21] = [
    (ResponseFault::Reset, Err(ErrorKind::ConnectionReset)),
    (ResponseFault::Hang, Err(ErrorKind::UnexpectedEof)),
    (ResponseFault::InternalError, Ok(500)),
    (ResponseFault::BadGateway, Ok(502)),
    (ResponseFault::Unavailable, Ok(503)),
    (ResponseFault::GatewayTimeout, Ok(504)),
    (ResponseFault::Truncated, Err(ErrorKind::UnexpectedEof)),
    (ResponseFault::Unreadable, Ok(201)),
    (ResponseFault::Array, Ok(200)),
    (ResponseFault::EmptyObject, Ok(201)),
    (ResponseFault::Redirect, Ok(301)),
    (ResponseFault::TooManyWithSeconds, Ok(429)),
    (ResponseFault::TooManyWithDate, Ok(429)),
    (ResponseFault::TooMany, Ok(429)),
    (ResponseFault::PaymentRequired, Ok(402)),
    (ResponseFault::CreditsGone, Ok(400)),
    (ResponseFault::FieldErrors, Ok(400)),
    (ResponseFault::ErrorList, Ok(400)),
    (ResponseFault::Unauthorised, Ok(401)),
    (ResponseFault::Forbidden, Ok(403)),
    (ResponseFault::NotFound, Ok(404)),
];

/// Returns rules with each fault once, in order.
fn each_once() -> Rules<ResponseFault> {
    let when = |ordinal| FaultTrigger::ordinals([ordinal]).amount(2);
    let mut rules: Rules<_> =
        (1..).zip(EXPECTED).map(|(ordinal, (fault, _))| (fault, when(ordinal))).collect();
    rules.insert(ResponseFault::Array, FaultTrigger::ordinals([9]));
    rules
}

/// Returns the status or the kind of error.
fn seen(answer: &io::Result<Answer>) -> Result<u16, ErrorKind> {
    answer.as_ref().map(|answer| answer.status).map_err(io::Error::kind)
}

#[tokio::test]
async fn a_create_is_accepted_with_every_faulty_response() {
    let server = Server::start(Faults { create_accepted: each_once(), ..Faults::default() }).await;
    for (count, (fault, expected)) in (1..).zip(EXPECTED) {
        let answer = server.create("Hello").await;
        assert_eq!(seen(&answer), expected, "{fault:?}");
        assert!(answer.is_err() || answer.unwrap().json()["id"].is_null());
        assert_eq!(server.ledger().accepted.len(), count, "{fault:?}");
    }
    assert_eq!(server.create_status("Hello").await, 201);
    let ledger = server.ledger();
    assert_eq!((ledger.unanswered, ledger.refused.len()), (2, 0));
    assert!(ledger.creates.iter().all(|create| create.id.is_some()));
}

#[tokio::test]
async fn a_create_is_refused_with_every_faulty_response() {
    let server = Server::start(Faults { create_refused: each_once(), ..Faults::default() }).await;
    let mut retry_after = Vec::new();
    for (fault, expected) in EXPECTED {
        let answer = server.create("Hello").await;
        assert_eq!(seen(&answer), expected, "{fault:?}");
        if let Ok(answer) = answer {
            retry_after.extend(answer.header("retry-after").map(str::to_owned));
        }
    }
    assert_eq!(retry_after[0], "2");
    assert!(httpdate::parse_http_date(&retry_after[1]).is_ok());
    let ledger = server.ledger();
    assert!(ledger.accepted.is_empty());
    assert_eq!((ledger.unanswered, ledger.refused[&429]), (2, 3));
}

#[tokio::test]
async fn reads_have_the_same_faults_with_ordinals_by_kind() {
    let server = Server::start(Faults {
        poll: each_once(),
        look: each_once(),
        list: each_once(),
        catalogue: each_once(),
        ..Faults::default()
    })
    .await;
    let job = format!("/api/lipsyncs/{ANNA}/");
    let poll = format!("/api/lipsyncs/?ids={ANNA}");
    for path in [poll.as_str(), &job, "/api/lipsyncs/", "/api/voices/"] {
        for (fault, expected) in EXPECTED {
            let answer = server.try_get(path).await;
            let expected = match (fault, path == job) {
                // The response without the fault is a 404.
                (ResponseFault::Unreadable, true) => Ok(404),
                (ResponseFault::EmptyObject | ResponseFault::Unreadable, _) => Ok(200),
                (ResponseFault::Truncated, _) if answer.is_ok() => continue,
                _ => expected,
            };
            assert_eq!(seen(&answer), expected, "{fault:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_list_can_be_truncated() {
    let rules = Rules::from([(ResponseFault::Truncated, FaultTrigger::ordinals([1]))]);
    let server = Server::start(Faults { list: rules, ..Faults::default() }).await;
    server.create_many(3).await;
    let error = server.try_get("/api/lipsyncs/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let list = server.json("/api/lipsyncs/").await;
    assert_eq!(list.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn random_faults_are_equal_for_equal_seeds() {
    let rules = Rules::from([(ResponseFault::InternalError, FaultTrigger::probability(0.4))]);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let server = Server::start(Faults { catalogue: rules.clone(), ..Faults::default() }).await;
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(server.get("/api/remaining_credits/").await.status);
        }
        assert!(statuses.contains(&200) && statuses.contains(&500));
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn stop_ends_hanging_responses() {
    let rules = Rules::from([(ResponseFault::Hang, FaultTrigger::always().amount(600_000))]);
    let server = Server::start(Faults { create_accepted: rules, ..Faults::default() }).await;
    let url = server.url("/api/lipsyncs/");
    let waiting = tokio::spawn(async move { post(&url, &body("Hello")).await });
    while server.ledger().accepted.is_empty() {
        wait(5).await;
    }
    assert_eq!(server.ledger().unanswered, 1);
    server.0.stop().await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn idle_connections_do_not_delay_stop() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Server::start(Faults::default()).await;
    let host = server.base_url().trim_start_matches("http://").to_owned();
    let connect = || tokio::net::TcpStream::connect(&host);
    let mut used = connect().await.unwrap();
    let request = format!("GET /sandbox/ledger HTTP/1.1\r\nHost: {host}\r\n\r\n");
    used.write_all(request.as_bytes()).await.unwrap();
    assert!(used.read(&mut [0; 4096]).await.unwrap() > 0);
    let _unused = connect().await.unwrap();
    let limit = std::time::Duration::from_millis(900);
    let stopped = tokio::time::timeout(limit, server.0.stop()).await;
    assert!(stopped.is_ok());
}

//! Each way in which an answer can go wrong, with the books to show what is true.

use std::io::ErrorKind;

use super::*;
use crate::sandbox::{AnswerFault, Rules, When};

/// What the client sees of each fault: a status, or an error.
const EXPECTED: [(AnswerFault, Result<u16, ErrorKind>); 21] = [
    (AnswerFault::Reset, Err(ErrorKind::ConnectionReset)),
    (AnswerFault::Hang, Err(ErrorKind::UnexpectedEof)),
    (AnswerFault::InternalError, Ok(500)),
    (AnswerFault::BadGateway, Ok(502)),
    (AnswerFault::Unavailable, Ok(503)),
    (AnswerFault::GatewayTimeout, Ok(504)),
    (AnswerFault::Truncated, Err(ErrorKind::UnexpectedEof)),
    (AnswerFault::Unreadable, Ok(201)),
    (AnswerFault::Array, Ok(200)),
    (AnswerFault::EmptyObject, Ok(201)),
    (AnswerFault::Redirect, Ok(301)),
    (AnswerFault::TooManyWithSeconds, Ok(429)),
    (AnswerFault::TooManyWithDate, Ok(429)),
    (AnswerFault::TooMany, Ok(429)),
    (AnswerFault::PaymentRequired, Ok(402)),
    (AnswerFault::CreditsGone, Ok(400)),
    (AnswerFault::FieldErrors, Ok(400)),
    (AnswerFault::ErrorList, Ok(400)),
    (AnswerFault::Unauthorised, Ok(401)),
    (AnswerFault::Forbidden, Ok(403)),
    (AnswerFault::NotFound, Ok(404)),
];

/// Each fault once, in order.
fn in_turn() -> Rules<AnswerFault> {
    let when = |ordinal| When::ordinals([ordinal]).amount(2);
    let mut rules: Rules<_> = (1..)
        .zip(EXPECTED)
        .map(|(ordinal, (fault, _))| (fault, when(ordinal)))
        .collect();
    rules.insert(AnswerFault::Array, When::ordinals([9]));
    rules
}

#[tokio::test]
async fn a_create_can_be_accepted_whatever_its_answer_is() {
    let sandbox = start(Faults {
        create_accepted: in_turn(),
        ..Faults::default()
    })
    .await;
    for (count, (fault, expected)) in (1..).zip(EXPECTED) {
        let answer = create(&sandbox, "Hello").await;
        let seen = answer.as_ref().map(|answer| answer.status);
        assert_eq!(seen.map_err(std::io::Error::kind), expected, "{fault:?}");
        assert!(answer.is_err() || answer.unwrap().json()["id"].is_null());
        assert_eq!(sandbox.ledger().accepted.len(), count, "{fault:?}");
    }
    assert_eq!(create(&sandbox, "Hello").await.unwrap().status, 201);
    let ledger = sandbox.ledger();
    assert_eq!((ledger.unanswered, ledger.refused.len()), (2, 0));
    assert!(ledger.creates.iter().all(|seen| seen.id.is_some()));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_create_can_be_refused_in_the_same_ways() {
    let sandbox = start(Faults {
        create_refused: in_turn(),
        ..Faults::default()
    })
    .await;
    let mut retry_after = Vec::new();
    for (fault, expected) in EXPECTED {
        let answer = create(&sandbox, "Hello").await;
        let seen = answer.as_ref().map(|answer| answer.status);
        assert_eq!(seen.map_err(std::io::Error::kind), expected, "{fault:?}");
        if let Ok(answer) = answer {
            retry_after.extend(answer.header("retry-after").map(str::to_owned));
        }
    }
    assert_eq!(retry_after[0], "2");
    assert!(httpdate::parse_http_date(&retry_after[1]).is_ok());
    let ledger = sandbox.ledger();
    assert!(ledger.accepted.is_empty());
    assert_eq!((ledger.unanswered, ledger.refused[&429]), (2, 3));
    sandbox.stop().await;
}

#[tokio::test]
async fn reads_go_wrong_in_the_same_ways_each_kind_by_its_own_count() {
    let sandbox = start(Faults {
        poll: in_turn(),
        look: in_turn(),
        list: in_turn(),
        catalogue: in_turn(),
        ..Faults::default()
    })
    .await;
    let paths = [
        format!("/api/lipsyncs/?ids={ANNA}"),
        format!("/api/lipsyncs/{ANNA}/"),
        "/api/lipsyncs/".to_owned(),
        "/api/voices/".to_owned(),
    ];
    for path in paths {
        for (fault, expected) in EXPECTED {
            let answer = try_get(&sandbox, &path).await;
            let expected = match (fault, path.contains(&format!("/{ANNA}/"))) {
                // The good answer would have been a 404.
                (AnswerFault::Unreadable, true) => Ok(404),
                (AnswerFault::EmptyObject | AnswerFault::Unreadable, _) => Ok(200),
                (AnswerFault::Truncated, _) if answer.is_ok() => continue,
                _ => expected,
            };
            let seen = answer.map(|answer| answer.status);
            assert_eq!(
                seen.map_err(|error| error.kind()),
                expected,
                "{fault:?} {path}"
            );
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_long_list_can_break_off_in_the_middle() {
    let rules = Rules::from([(AnswerFault::Truncated, When::ordinals([1]))]);
    let sandbox = start(Faults {
        list: rules,
        ..Faults::default()
    })
    .await;
    for number in 0..3 {
        create(&sandbox, &format!("job-{number}")).await.unwrap();
    }
    let error = try_get(&sandbox, "/api/lipsyncs/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(
        get(&sandbox, "/api/lipsyncs/")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        3
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn faults_by_probability_are_the_same_for_the_same_seed() {
    let rules = Rules::from([(AnswerFault::InternalError, When::probability(0.4))]);
    let mut stories = Vec::new();
    for _ in 0..2 {
        let sandbox = start(Faults {
            catalogue: rules.clone(),
            ..Faults::default()
        })
        .await;
        let mut story = Vec::new();
        for _ in 0..30 {
            story.push(get(&sandbox, "/api/remaining_credits/").await.status);
        }
        sandbox.stop().await;
        assert!(story.contains(&200) && story.contains(&500));
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
}

#[tokio::test]
async fn what_hangs_is_let_go_when_the_sandbox_stops() {
    let rules = Rules::from([(AnswerFault::Hang, When::always().amount(600_000))]);
    let sandbox = start(Faults {
        create_accepted: rules,
        ..Faults::default()
    })
    .await;
    let url = format!("{}/api/lipsyncs/", sandbox.base_url());
    let waiting = tokio::spawn(async move { client::post(&url, &body("Hello")).await });
    while sandbox.ledger().accepted.is_empty() {
        wait(5).await;
    }
    assert_eq!(sandbox.ledger().unanswered, 1);
    sandbox.stop().await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn idle_connections_do_not_keep_it_from_stopping() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sandbox = start(Faults::default()).await;
    let host = sandbox.base_url().trim_start_matches("http://").to_owned();
    let connect = || tokio::net::TcpStream::connect(&host);
    let mut used = connect().await.unwrap();
    let request = format!("GET /sandbox/ledger HTTP/1.1\r\nHost: {host}\r\n\r\n");
    used.write_all(request.as_bytes()).await.unwrap();
    assert!(used.read(&mut [0; 4096]).await.unwrap() > 0);
    let _unused = connect().await.unwrap();
    let patience = std::time::Duration::from_millis(900);
    assert!(tokio::time::timeout(patience, sandbox.stop()).await.is_ok());
}

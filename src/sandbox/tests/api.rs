//! The API without faults, and errors of the client.

use serde_json::json;

use super::client::send;
use super::*;
use crate::sandbox::{AcceptedKeys, JobStatus, Ledger, Overload, RequestKind, SubmitLimit};

#[tokio::test]
async fn a_job_is_accepted_rendered_charged_and_found_in_three_ways() {
    let server = Server::start(Faults::default()).await;
    let created = server.create("Hello there").await.unwrap();
    assert_eq!(created.status, 201);
    assert_eq!(created.json()["status"], "pending");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    server.wait_for_renders().await;
    let job = server.job(&id).await;
    let poll = server.json(&format!("/api/lipsyncs/?ids={id}")).await;
    let list = server.json("/api/lipsyncs/").await;
    assert_eq!((&poll, &list), (&json!([job]), &json!([job])));
    assert_eq!(job["status"], "done");
    assert_eq!(job["credits_used"], 5);
    assert!(server.link(&id).await.starts_with(server.files_url()));
    let balance = server.json("/api/remaining_credits/").await;
    assert_eq!(balance, json!({"remaining_credits": 995.0}));

    let ledger = fetch(&server.url("/sandbox/ledger")).await;
    let ledger: Ledger = serde_json::from_slice(&ledger.body).unwrap();
    assert_eq!(ledger.accepted, server.ledger().accepted);
    let job = &ledger.accepted[0];
    assert_eq!(job.name.as_deref(), Some("Hello there"));
    assert!(job.status == JobStatus::Done && job.bytes > 1000);
    assert_eq!((ledger.max_running, ledger.max_in_flight), (1, 1));
    assert_eq!(ledger.requests[&RequestKind::Create], 1);
}

#[tokio::test]
async fn the_catalogue_has_filters_pages_and_previews() {
    let server = Server::start(Faults::default()).await;
    let personas = server.json("/api/personas/?gender=nb").await;
    assert_eq!(personas.as_array().unwrap().len(), 2);
    let anna = server.json(&format!("/api/personas/{ANNA}/")).await;
    assert_eq!(anna["creator_name"], "Anna");
    let custom = server.json("/api/personas_v2/").await;
    assert_eq!(custom[0]["creator_name"], "Our founder");
    let voices = server.json("/api/voices/").await;
    let accent = &voices[0]["accents"][0];
    assert!(accent["accent_name"].is_string());
    let mut next = json!(server.url("/api/personas/paginated/"));
    let mut names = Vec::new();
    while let Some(url) = next.as_str() {
        let page = get(url, &KEYS).await.unwrap().json();
        let results = page["results"].as_array().unwrap();
        names.extend(results.iter().map(|one| one["creator_name"].to_string()));
        next = page["next"].clone();
    }
    names.dedup();
    assert_eq!(names.len(), 33);
    let beyond = server.get("/api/personas/paginated/?page=5").await;
    assert_eq!(beyond.status, 404);
    for link in [&anna["preview_image_9_16"], &accent["preview_url"]] {
        assert_eq!(fetch(link.as_str().unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn invalid_requests_are_refused_as_by_django() {
    let server = Server::start(Faults::default()).await;
    let jobs = server.url("/api/lipsyncs/");
    let post_bytes = async |headers: &[(&str, &str)], body: &[u8]| {
        let headers = [&KEYS[..], headers].concat();
        send("POST", &jobs, &headers, body).await.unwrap()
    };
    let json_type = [("Content-Type", "application/json")];

    let without_key = get(&jobs, &KEYS[..1]).await.unwrap();
    assert_eq!(without_key.status, 401);
    let detail = "Authentication credentials were not provided.";
    assert_eq!(without_key.json()["detail"], detail);
    let without_slash = post(&server.url("/api/lipsyncs"), &body("x")).await.unwrap();
    assert_eq!(without_slash.status, 301);
    assert_eq!(without_slash.header("location"), Some("/api/lipsyncs/"));
    let without_slash = server.get("/api/lipsyncs?ids=1").await;
    let location = Some("/api/lipsyncs/?ids=1");
    assert_eq!(without_slash.header("location"), location);
    assert_eq!(server.get("/api/nothing/").await.status, 404);
    let detail = "No Lipsync matches the given query.";
    assert_eq!(server.job("unknown").await["detail"], detail);
    let put = send("PUT", &jobs, &KEYS, b"").await.unwrap();
    assert_eq!(put.status, 405);
    assert_eq!(post_bytes(&[], b"a=b").await.status, 415);
    let malformed = post_bytes(&json_type, b"{").await.json();
    let detail = malformed["detail"].as_str().unwrap();
    assert!(detail.starts_with("JSON parse error"), "{detail}");
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(post_bytes(&json_type, &large).await.status, 413);
    let incomplete = json!({"text": "x", "creator": ANNA});
    let incomplete = post(&jobs, &incomplete).await.unwrap();
    assert_eq!(incomplete.status, 400);
    let errors = json!({"aspect_ratio": ["This field is required."]});
    assert_eq!(incomplete.json(), errors);
    let many = [ANNA; 101].join(",");
    for (ids, message) in [("", "blank"), ("abc", "valid UUID"), (&many, "100")] {
        let answer = server.get(&format!("/api/lipsyncs/?ids={ids}")).await;
        assert_eq!(answer.status, 400);
        let json = answer.json();
        assert!(json["ids"][0].as_str().unwrap().contains(message), "{json}");
    }
    let unknown = format!("/api/lipsyncs/?ids={ANNA}");
    assert_eq!(server.json(&unknown).await, json!([]));
    let ledger = server.ledger();
    assert!(ledger.accepted.is_empty());
    assert_eq!(ledger.refused.values().sum::<u64>(), 4);
}

#[tokio::test]
async fn rate_concurrency_and_credits_are_limited() {
    let server = Server::with(SandboxSettings {
        submit_limit: Some(SubmitLimit { count: 1, millis: 60_000 }),
        ..quick(Faults::default())
    })
    .await;
    assert_eq!(server.create_status("a").await, 201);
    let refused = server.create("b").await.unwrap();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("60"));

    let server = Server::with(SandboxSettings {
        max_running: 1,
        overload: Overload::Reject,
        credits: 5.0,
        ..quick(Faults::default())
    })
    .await;
    server.finished(1).await;
    assert_eq!(server.create_status("b").await, 402);
    assert_eq!(server.create_status("[fail]").await, 201);
    let refused = server.create("[fail]").await.unwrap();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), None);
}

#[tokio::test]
async fn only_the_configured_credentials_are_accepted_until_they_are_revoked() {
    let server = Server::with(SandboxSettings {
        credentials: Some(AcceptedKeys { id: "id".into(), key: "key".into() }),
        revoked_after: Some(1),
        ..quick(Faults::default())
    })
    .await;
    let balance = server.url("/api/remaining_credits/");
    let wrong = [KEYS[0], ("X-API-KEY", "another")];
    assert_eq!(get(&balance, &wrong).await.unwrap().status, 401);
    assert_eq!(get(&balance, &KEYS).await.unwrap().status, 200);
    assert_eq!(server.create_status("a").await, 201);
    assert_eq!(server.create_status("b").await, 401);
    assert_eq!(get(&balance, &KEYS).await.unwrap().status, 401);
    assert_eq!(server.ledger().unauthorised, 3);
}

#[tokio::test]
async fn a_restarted_sandbox_keeps_its_jobs_and_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        state: Some(folder.path().join("state.jsonl")),
        ..quick(Faults::default())
    };
    let first = Server::with(settings.clone()).await;
    first.finished(2).await;
    let urls = [first.base_url(), first.files_url()].map(str::to_owned);
    let accepted = first.ledger().accepted;
    first.0.stop().await;
    let second = Server::with(settings).await;
    assert_eq!([second.base_url(), second.files_url()], urls);
    assert_eq!(second.ledger().accepted, accepted);
    let third = second.create("another").await.unwrap().json();
    assert!(accepted.iter().all(|job| job.id != third["id"]));
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let first = Server::start(Faults::default()).await;
    let port = first.base_url().rsplit(':').next().unwrap();
    let settings =
        SandboxSettings { port: Some(port.parse().unwrap()), ..SandboxSettings::default() };
    let error = Sandbox::start(settings).await.unwrap_err();
    assert!(error.to_string().contains(port), "{error}");
}

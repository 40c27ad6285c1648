//! The API when nothing goes wrong, and when the client does.

use serde_json::json;

use super::client::{self, KEYS};
use super::*;
use crate::sandbox::{
    AcceptedKeys, JobStatus, Ledger, Overload, RequestKind, Revocation, SubmitLimit,
};

#[tokio::test]
async fn a_job_is_accepted_rendered_charged_and_looked_at_in_three_ways() {
    let sandbox = start(Faults::default()).await;
    let created = create(&sandbox, "Hello there").await.unwrap();
    assert_eq!(
        (created.status, &created.json()["status"]),
        (201, &json!("pending"))
    );
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let ends_at = sandbox.ledger().accepted[0].ends_at;
    wait(ends_at - clock::now()).await;
    let look = get(&sandbox, &format!("/api/lipsyncs/{id}/")).await.json();
    let poll = get(&sandbox, &format!("/api/lipsyncs/?ids={id}"))
        .await
        .json();
    let list = get(&sandbox, "/api/lipsyncs/").await.json();
    assert_eq!((&poll, &list), (&json!([look]), &json!([look])));
    assert_eq!(
        (&look["status"], &look["credits_used"]),
        (&json!("done"), &json!(5))
    );
    assert!(
        look["output"]
            .as_str()
            .unwrap()
            .starts_with(sandbox.files_url())
    );
    let balance = get(&sandbox, "/api/remaining_credits/").await.json();
    assert_eq!(balance, json!({"remaining_credits": 995.0}));

    let answer = client::get(&format!("{}/sandbox/ledger", sandbox.base_url()), &[]).await;
    let ledger: Ledger = serde_json::from_slice(&answer.unwrap().body).unwrap();
    assert_eq!(ledger.accepted, sandbox.ledger().accepted);
    let job = ledger.accepted_as("Hello there").next().unwrap();
    assert_eq!((job.status, job.bytes > 1000), (JobStatus::Done, true));
    assert_eq!((ledger.max_running, ledger.max_in_flight), (1, 1));
    assert_eq!(ledger.requests[&RequestKind::Create], 1);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_catalogue_is_there_with_filters_pages_and_previews() {
    let sandbox = start(Faults::default()).await;
    let personas = get(&sandbox, "/api/personas/?gender=nb").await.json();
    assert_eq!(personas.as_array().unwrap().len(), 2);
    let anna = get(&sandbox, &format!("/api/personas/{ANNA}/"))
        .await
        .json();
    assert_eq!(anna["creator_name"], "Anna");
    let own = get(&sandbox, "/api/personas_v2/").await.json();
    assert_eq!(own[0]["creator_name"], "Our founder");
    let voices = get(&sandbox, "/api/voices/").await.json();
    assert!(voices[0]["accents"][0]["accent_name"].is_string());
    let mut next = json!(format!("{}/api/personas/paginated/", sandbox.base_url()));
    let mut names = Vec::new();
    while let Some(url) = next.as_str() {
        let page = client::get(url, &KEYS).await.unwrap().json();
        let results = page["results"].as_array().unwrap().clone();
        names.extend(
            results
                .into_iter()
                .map(|one| one["creator_name"].to_string()),
        );
        next = page["next"].clone();
    }
    names.dedup();
    assert_eq!(names.len(), 33);
    assert_eq!(
        get(&sandbox, "/api/personas/paginated/?page=5")
            .await
            .status,
        404
    );
    for link in [
        &anna["preview_image_9_16"],
        &voices[0]["accents"][0]["preview_url"],
    ] {
        let preview = client::get(link.as_str().unwrap(), &[]).await.unwrap();
        assert_eq!(preview.status, 200);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn wrong_requests_are_refused_as_django_refuses_them() {
    let sandbox = start(Faults::default()).await;
    let base = sandbox.base_url().to_owned();
    let jobs = format!("{base}/api/lipsyncs/");
    let answer = client::get(&jobs, &KEYS[..1]).await.unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.json()["detail"],
        "Authentication credentials were not provided."
    );
    let answer = client::post(&format!("{base}/api/lipsyncs"), &body("x"))
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("location")),
        (301, Some("/api/lipsyncs/"))
    );
    assert_eq!(
        get(&sandbox, "/api/lipsyncs?ids=1")
            .await
            .header("location"),
        Some("/api/lipsyncs/?ids=1")
    );
    assert_eq!(get(&sandbox, "/api/nothing/").await.status, 404);
    assert_eq!(
        get(&sandbox, "/api/lipsyncs/unknown/").await.json()["detail"],
        "No Lipsync matches the given query."
    );
    assert_eq!(
        client::send("PUT", &jobs, &KEYS, b"").await.unwrap().status,
        405
    );
    let answer = client::send("POST", &jobs, &KEYS, b"a=b").await.unwrap();
    assert_eq!(answer.status, 415);
    let json_type = [KEYS[0], KEYS[1], ("Content-Type", "application/json")];
    let answer = client::send("POST", &jobs, &json_type, b"{").await.unwrap();
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("JSON parse error")
    );
    let huge = vec![b' '; (1 << 20) + 1];
    assert_eq!(
        client::send("POST", &jobs, &json_type, &huge)
            .await
            .unwrap()
            .status,
        413
    );
    let answer = client::post(&jobs, &json!({"text": "x", "creator": ANNA}))
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.json()),
        (400, json!({"aspect_ratio": ["This field is required."]}))
    );
    for (ids, words) in [
        (String::new(), "blank"),
        ("abc".into(), "valid UUID"),
        (vec![ANNA; 101].join(","), "100"),
    ] {
        let answer = get(&sandbox, &format!("/api/lipsyncs/?ids={ids}")).await;
        assert!(answer.status == 400 && answer.json()["ids"][0].as_str().unwrap().contains(words));
    }
    assert_eq!(
        get(&sandbox, &format!("/api/lipsyncs/?ids={ANNA}"))
            .await
            .json(),
        json!([])
    );
    let ledger = sandbox.ledger();
    assert!(ledger.accepted.is_empty());
    assert_eq!(ledger.refused.values().sum::<u64>(), 4);
    sandbox.stop().await;
}

#[tokio::test]
async fn pace_places_and_credits_are_limits() {
    let settings = SandboxSettings {
        submit_limit: Some(SubmitLimit {
            count: 1,
            millis: 60_000,
        }),
        ..quick(Faults::default())
    };
    let sandbox = Sandbox::start(settings).await.unwrap();
    assert_eq!(create(&sandbox, "a").await.unwrap().status, 201);
    let answer = create(&sandbox, "b").await.unwrap();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("60"))
    );
    sandbox.stop().await;
    let settings = SandboxSettings {
        max_running: 1,
        overload: Overload::Reject,
        credits: 5.0,
        ..quick(Faults::default())
    };
    let sandbox = Sandbox::start(settings).await.unwrap();
    finished(&sandbox, 1).await;
    assert_eq!(create(&sandbox, "b").await.unwrap().status, 402);
    assert_eq!(create(&sandbox, "[fail]").await.unwrap().status, 201);
    let answer = create(&sandbox, "[fail]").await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
    sandbox.stop().await;
}

#[tokio::test]
async fn only_the_named_keys_are_accepted_and_only_until_they_are_revoked() {
    let pair = |key: &str| AcceptedKeys {
        id: "id".into(),
        key: key.into(),
    };
    let settings = SandboxSettings {
        credentials: Some(pair("key")),
        revocation: Some(Revocation::AfterAccepted(1)),
        ..quick(Faults::default())
    };
    let sandbox = Sandbox::start(settings).await.unwrap();
    let balance = format!("{}/api/remaining_credits/", sandbox.base_url());
    let wrong = [KEYS[0], ("X-API-KEY", "another")];
    assert_eq!(client::get(&balance, &wrong).await.unwrap().status, 401);
    assert_eq!(client::get(&balance, &KEYS).await.unwrap().status, 200);
    assert_eq!(create(&sandbox, "a").await.unwrap().status, 201);
    assert_eq!(create(&sandbox, "b").await.unwrap().status, 401);
    assert_eq!(client::get(&balance, &KEYS).await.unwrap().status, 401);
    assert_eq!(sandbox.ledger().unauthorised, 3);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_sandbox_that_died_knows_what_it_accepted_and_where_it_listened() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        state: Some(folder.path().join("state.jsonl")),
        ..quick(Faults::default())
    };
    let first = Sandbox::start(settings.clone()).await.unwrap();
    finished(&first, 2).await;
    let (base, files) = (first.base_url().to_owned(), first.files_url().to_owned());
    let accepted = first.ledger().accepted;
    first.stop().await;
    let second = Sandbox::start(settings).await.unwrap();
    assert_eq!((second.base_url(), second.files_url()), (&*base, &*files));
    assert_eq!(second.ledger().accepted, accepted);
    let third = create(&second, "another").await.unwrap().json();
    assert!(accepted.iter().all(|job| job.id != third["id"]));
    second.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let first = start(Faults::default()).await;
    let port = first
        .base_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let settings = SandboxSettings {
        port: Some(port),
        ..SandboxSettings::default()
    };
    let error = Sandbox::start(settings).await.unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    first.stop().await;
}

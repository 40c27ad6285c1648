//! The sandbox as a client meets it: over real connections, with a client so small that nothing
//! stands between the test and the wire.

mod api;
mod client;
mod downloads;
mod faults;
mod lists;

use serde_json::{Value, json};

use super::clock;
use super::{Faults, Sandbox, SandboxSettings};
use client::Answer;

const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// A sandbox whose renders take no time to speak of.
async fn start(faults: Faults) -> Sandbox {
    Sandbox::start(quick(faults)).await.unwrap()
}

fn quick(faults: Faults) -> SandboxSettings {
    SandboxSettings {
        render_millis: 1..=5,
        submit_limit: None,
        charge_delay_millis: 0,
        faults,
        ..SandboxSettings::default()
    }
}

fn body(text: &str) -> Value {
    json!({"text": text, "creator": ANNA, "aspect_ratio": "9x16", "name": text})
}

async fn create(sandbox: &Sandbox, text: &str) -> std::io::Result<Answer> {
    client::post(
        &format!("{}/api/lipsyncs/", sandbox.base_url()),
        &body(text),
    )
    .await
}

/// A good answer to a read.
async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    try_get(sandbox, path).await.unwrap()
}

async fn try_get(sandbox: &Sandbox, path: &str) -> std::io::Result<Answer> {
    client::get(&format!("{}{path}", sandbox.base_url()), &client::KEYS).await
}

/// Creates jobs and waits until all have ended; their ids.
async fn finished(sandbox: &Sandbox, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let answer = create(sandbox, &format!("job-{number}")).await.unwrap();
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    let ends = sandbox
        .ledger()
        .accepted
        .iter()
        .map(|job| job.ends_at)
        .max();
    wait(ends.unwrap_or(0) - clock::now()).await;
    ids
}

async fn wait(millis: i64) {
    let (_keep, mut never) = tokio::sync::watch::channel(false);
    clock::sleep(u64::try_from(millis + 1).unwrap_or(0), &mut never).await;
}

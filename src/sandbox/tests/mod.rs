//! Tests over real connections, with a minimal client.

mod api;
mod client;
mod downloads;
mod faults;
mod lists;

use std::io;
use std::ops::Deref;

use serde_json::{Value, json};

use super::clock;
use super::{Faults, Sandbox, SandboxSettings};
use client::{Answer, KEYS, fetch, get, post};

const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// A sandbox with short renders.
struct Server(Sandbox);

impl Deref for Server {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.0
    }
}

impl Server {
    async fn start(faults: Faults) -> Self {
        Self::with(quick(faults)).await
    }

    async fn with(settings: SandboxSettings) -> Self {
        Self(Sandbox::start(settings).await.unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url())
    }

    fn files_url(&self) -> &str {
        &self.app.origins.files
    }

    /// Returns the bytes of a job's video, even before it is rendered.
    fn video(&self, id: &str) -> Vec<u8> {
        self.app.lock().account.job(id).unwrap().video()
    }

    async fn try_get(&self, path: &str) -> io::Result<Answer> {
        get(&self.url(path), &KEYS).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        self.get(path).await.json()
    }

    async fn job(&self, id: &str) -> Value {
        self.json(&format!("/api/lipsyncs/{id}/")).await
    }

    async fn create(&self, text: &str) -> io::Result<Answer> {
        post(&self.url("/api/lipsyncs/"), &body(text)).await
    }

    /// Creates a job and returns the status of the response.
    async fn create_status(&self, text: &str) -> u16 {
        self.create(text).await.unwrap().status
    }

    async fn create_many(&self, count: usize) {
        for number in 0..count {
            self.create(&format!("job-{number}")).await.unwrap();
        }
    }

    /// Waits until all jobs have ended.
    async fn wait_for_renders(&self) {
        let ends = self.ledger().accepted.into_iter().map(|job| job.ends_at);
        wait(ends.max().unwrap_or(0) - clock::now()).await;
    }

    /// Creates jobs, waits until they have ended and returns their ids.
    async fn finished(&self, count: usize) -> Vec<String> {
        self.create_many(count).await;
        self.wait_for_renders().await;
        let jobs = self.ledger().accepted.into_iter();
        jobs.map(|job| job.id).collect()
    }

    /// Returns the current link to the video of a job that has ended.
    async fn link(&self, id: &str) -> String {
        self.job(id).await["output"].as_str().unwrap().to_owned()
    }
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

async fn wait(millis: i64) {
    let (_keep, mut never) = tokio::sync::watch::channel(false);
    clock::sleep(u64::try_from(millis + 1).unwrap_or(0), &mut never).await;
}

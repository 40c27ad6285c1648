//! Faults of the list and of job objects.

use serde_json::json;

use super::*;
use crate::sandbox::{FaultTrigger, JobFault, ListFault};

async fn start(faults: impl IntoIterator<Item = (ListFault, FaultTrigger)>) -> Server {
    Server::start(Faults { listing: faults.into_iter().collect(), ..Faults::default() }).await
}

async fn names(server: &Server) -> Vec<String> {
    let list = server.json("/api/lipsyncs/").await;
    let jobs = list.as_array().unwrap().iter();
    jobs.map(|job| job["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn jobs_can_be_late_and_the_list_capped() {
    let server = start([
        (ListFault::Late, FaultTrigger::always().amount(800)),
        (ListFault::Capped, FaultTrigger::always().amount(2)),
    ])
    .await;
    server.create_many(3).await;
    assert_eq!(names(&server).await, Vec::<String>::new());
    wait(800).await;
    assert_eq!(names(&server).await, ["job-2", "job-1"]);
}

#[tokio::test]
async fn the_list_can_contain_many_foreign_jobs_in_random_order() {
    let server = start([
        (ListFault::Foreign, FaultTrigger::always()),
        (ListFault::Shuffled, FaultTrigger::always()),
    ])
    .await;
    server.create_many(1).await;
    let first = names(&server).await;
    assert_eq!(first.len(), 20_001);
    assert_eq!(first.iter().filter(|name| *name == "job-0").count(), 1);
    assert_ne!(first, names(&server).await);
}

#[tokio::test]
async fn the_list_can_have_pages_with_working_links() {
    let server = start([(ListFault::Envelope, FaultTrigger::always().amount(2))]).await;
    server.create_many(5).await;
    let mut page = server.json("/api/lipsyncs/").await;
    assert_eq!(page["count"], 5);
    assert!(page["previous"].is_null());
    let mut seen = Vec::new();
    loop {
        let results = page["results"].as_array().unwrap().iter();
        seen.extend(results.map(|job| job["name"].clone()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = get(next, &KEYS).await.unwrap().json();
    }
    assert_eq!(seen, ["job-4", "job-3", "job-2", "job-1", "job-0"]);
}

#[tokio::test]
async fn job_objects_can_be_faulty() {
    let shown = [
        (JobFault::Missing, FaultTrigger::ordinals([1])),
        (JobFault::UnknownStatus, FaultTrigger::ordinals([2])),
        (JobFault::TextProgress, FaultTrigger::ordinals([3])),
        (JobFault::NullOutput, FaultTrigger::ordinals([4])),
    ];
    let server = Server::start(Faults { shown: shown.into(), ..Faults::default() }).await;
    let ids = server.finished(2).await;
    let path = format!("/api/lipsyncs/?ids={}", ids.join(","));
    let missing = server.json(&path).await;
    assert_eq!(missing.as_array().unwrap().len(), 1);
    let unknown = server.json(&path).await;
    assert_eq!(unknown[1]["status"], "post_processing");
    assert_eq!(server.json(&path).await[0]["progress"], "1.0");
    let without_output = server.json(&path).await;
    assert_eq!(without_output[0]["status"], "done");
    assert_eq!(without_output[0]["output"], json!(null));
    let good = server.json(&path).await;
    assert!(good[0]["output"].is_string() && good[1]["status"] == "done");
    for expected in ["done", "post_processing"] {
        assert_eq!(server.job(&ids[0]).await["status"], expected);
    }
}

//! What can be odd about the list, and about jobs in good answers.

use serde_json::json;

use super::*;
use crate::sandbox::{ListFault, ShownFault, When};

fn listing(faults: impl IntoIterator<Item = (ListFault, When)>) -> Faults {
    Faults {
        listing: faults.into_iter().collect(),
        ..Faults::default()
    }
}

async fn names(sandbox: &Sandbox) -> Vec<String> {
    let list = get(sandbox, "/api/lipsyncs/").await.json();
    let jobs = list.as_array().unwrap().iter();
    jobs.map(|job| job["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn the_list_can_be_late_and_capped() {
    let sandbox = start(listing([
        (ListFault::Late, When::always().amount(800)),
        (ListFault::Capped, When::always().amount(2)),
    ]))
    .await;
    for number in 0..3 {
        create(&sandbox, &format!("job-{number}")).await.unwrap();
    }
    assert_eq!(names(&sandbox).await, Vec::<String>::new());
    wait(800).await;
    assert_eq!(names(&sandbox).await, ["job-2", "job-1"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_list_can_hold_tens_of_thousands_of_somebody_elses_in_any_order() {
    let sandbox = start(listing([
        (ListFault::Foreign, When::always()),
        (ListFault::Shuffled, When::always()),
    ]))
    .await;
    create(&sandbox, "job-0").await.unwrap();
    let first = names(&sandbox).await;
    assert_eq!(first.len(), 20_001);
    assert_eq!(first.iter().filter(|name| *name == "job-0").count(), 1);
    assert_ne!(first, names(&sandbox).await);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_list_can_come_in_pages_whose_links_work() {
    let sandbox = start(listing([(ListFault::Envelope, When::always().amount(2))])).await;
    for number in 0..5 {
        create(&sandbox, &format!("job-{number}")).await.unwrap();
    }
    let mut page = get(&sandbox, "/api/lipsyncs/").await.json();
    assert_eq!(
        (&page["count"], &page["previous"]),
        (&json!(5), &json!(null))
    );
    let mut seen = Vec::new();
    loop {
        let results = page["results"].as_array().unwrap().iter();
        seen.extend(results.map(|job| job["name"].clone()));
        let Some(next) = page["next"].as_str().map(str::to_owned) else {
            break;
        };
        page = client::get(&next, &client::KEYS).await.unwrap().json();
    }
    assert_eq!(seen, ["job-4", "job-3", "job-2", "job-1", "job-0"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn jobs_can_look_strange_in_polls_and_looks() {
    let shown = [
        (ShownFault::Missing, When::ordinals([1])),
        (ShownFault::UnknownStatus, When::ordinals([2])),
        (ShownFault::TextProgress, When::ordinals([3])),
        (ShownFault::NullOutput, When::ordinals([4])),
    ];
    let sandbox = start(Faults {
        shown: shown.into(),
        ..Faults::default()
    })
    .await;
    let ids = finished(&sandbox, 2).await;
    let path = format!("/api/lipsyncs/?ids={}", ids.join(","));
    assert_eq!(
        get(&sandbox, &path).await.json().as_array().unwrap().len(),
        1
    );
    assert_eq!(
        get(&sandbox, &path).await.json()[1]["status"],
        "post_processing"
    );
    assert_eq!(get(&sandbox, &path).await.json()[0]["progress"], "1.0");
    let strange = get(&sandbox, &path).await.json();
    assert_eq!(
        (&strange[0]["status"], &strange[0]["output"]),
        (&json!("done"), &json!(null))
    );
    let plain = get(&sandbox, &path).await.json();
    assert!(plain[0]["output"].is_string() && plain[1]["status"] == "done");
    let path = format!("/api/lipsyncs/{}/", ids[0]);
    for expected in ["done", "post_processing"] {
        assert_eq!(get(&sandbox, &path).await.json()["status"], expected);
    }
    sandbox.stop().await;
}

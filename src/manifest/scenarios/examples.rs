//! The manifests in the repository: the templates of `init` and the examples.

use std::collections::BTreeSet;
use std::path::Path;

use crate::manifest::schema::document::{DOCUMENT_KEYS, ITEM_KEYS};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::settings::{LIMITS, OUTPUT, PRICES};
use crate::manifest::{INIT_CSV, INIT_YAML, Options, load};

fn repository_file(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

fn load_file(path: &str) -> crate::model::Plan {
    let options = Options { today: Some(jiff::civil::date(2026, 11, 24)), ..Options::default() };
    load(Path::new(path), &options, &repository_file)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_manifest_of_init_is_valid() {
    let read = |_: &Path| Ok(INIT_YAML.as_bytes().to_vec());
    let plan = load(Path::new("campaign.yaml"), &Options::default(), &read).unwrap();
    assert_eq!(plan.campaign, "campaign");
    let ids: Vec<String> = plan.jobs.iter().map(|job| job.id.to_string()).collect();
    assert_eq!(
        ids,
        ["welcome", "offer-anna-9x16", "offer-anna-1x1", "offer-ben-9x16", "offer-ben-1x1"]
    );
    assert_eq!(plan.notes, []);
}

#[test]
fn the_sheet_of_init_is_valid() {
    let read = |_: &Path| Ok(INIT_CSV.as_bytes().to_vec());
    let plan = load(Path::new("campaign.csv"), &Options::default(), &read).unwrap();
    let ids: Vec<String> = plan.jobs.iter().map(|job| job.id.to_string()).collect();
    assert_eq!(ids, ["welcome", "offer-9x16", "offer-1x1", "thanks"]);
    assert_eq!(plan.notes, []);
}

#[test]
fn the_example_is_valid_and_has_every_field() {
    let plan = load_file("jobs.example.yaml");
    let ids: BTreeSet<String> = plan.jobs.iter().map(|job| job.id.to_string()).collect();
    assert_eq!(plan.jobs.len(), 12);
    for id in ["welcome", "spring-ben-aurora_v1_fast-16x9", "hello-lukasz", "recording"] {
        assert!(ids.contains(id), "{ids:?}");
    }
    let files: Vec<&str> = plan.jobs.iter().map(|job| job.file_name.as_str()).collect();
    assert!(files.contains(&"2026-11-24 Łukasz.mp4") && files.contains(&"styled.mp4"), "{files:?}");
    let text = String::from_utf8(repository_file(Path::new("jobs.example.yaml")).unwrap()).unwrap();
    let settings = [LIMITS, OUTPUT, PRICES].concat();
    let settings = settings.iter().map(|(key, _)| *key);
    let keys = settings.chain(DOCUMENT_KEYS).chain(ITEM_KEYS);
    for key in keys.chain(Field::ALL.map(Field::name)) {
        assert!(text.contains(&format!("{key}:")), "the example lacks `{key}`");
    }
    // The commented settings are valid too.
    let shown = text.replace("  # submit_rate", "  submit_rate");
    let shown = shown.replace("  # in_flight", "  in_flight").replace("  # poll_", "  poll_");
    let shown = shown.replace("  # settle", "  settle");
    let shown = shown
        .replace("    # webhook_url", "    webhook_url")
        .replace("    # background_image", "    background_image")
        .into_bytes();
    let read = |path: &Path| match path.extension() {
        Some(extension) if extension == "yaml" => Ok(shown.clone()),
        _ => repository_file(path),
    };
    let options = Options { today: Some(jiff::civil::date(2026, 11, 24)), ..Options::default() };
    let plan = load(Path::new("x.yaml"), &options, &read).unwrap();
    assert_eq!(plan.limits.submit_rate, Some("15/min".parse().unwrap()));
    assert!(plan.jobs.iter().any(|job| job.request.webhook_url.is_some()));
    assert!(plan.jobs.iter().any(|job| job.request.background_image.is_some()));
    assert!(plan.limits.in_flight.is_some() && plan.limits.poll_rate.is_some());
    assert!(plan.limits.poll_interval.is_some() && plan.limits.settle.is_some());
}

#[test]
fn the_other_examples_are_valid() {
    assert_eq!(load_file("examples/campaign.csv").jobs.len(), 6);
    assert_eq!(load_file("examples/failures.yaml").jobs.len(), 3);
    assert_eq!(load_file("examples/matrix.yaml").jobs.len(), 6);
    assert_eq!(load_file("examples/matrix.yaml").campaign, "matrix-2026-11-24");
}

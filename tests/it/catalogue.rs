//! Personas and voices by name.

use std::path::PathBuf;

use callsheet::sandbox::{AcceptedKeys, RequestKind, SandboxSettings};
use serde_json::Value;

use crate::program::{
    FAST, Folder, KEYS, Output, PERSONA, Provider, contains, output, quick, wait_until,
};

const SHEET: &str = "id,text,persona,aspect_ratio,voice\n\
    one,Hello one,Anna,9:16,olivia (british)\n\
    two,Hello two,our founder,1:1,Aiko\n";

const BRITISH_OLIVIA: &str = "ea895fc1-78bc-4d43-a29e-6e510e00c1d7";

/// Returns a folder with [`SHEET`] and a provider.
fn scenario() -> (Folder, Provider) {
    let folder = Folder::new();
    folder.write("sheet.csv", SHEET);
    (folder, Provider::new())
}

/// Runs the program with a cache in the folder.
fn run(folder: &Folder, arguments: &[&str]) -> Output {
    let cache = folder.path("cache");
    output(folder.command(arguments).env("XDG_CACHE_HOME", cache))
}

fn run_sheet(folder: &Folder, provider: &Provider) -> Output {
    let at = ["run", "sheet.csv", "--base-url", provider.base_url()];
    run(folder, &[&at, &FAST[..]].concat())
}

/// Returns the number of requests for personas, voices and the balance.
fn requests(provider: &Provider) -> u64 {
    let requests = provider.ledger().requests;
    requests.get(&RequestKind::Catalogue).copied().unwrap_or(0)
}

/// Returns the file that caches the catalogue.
fn cache_file(folder: &Folder) -> PathBuf {
    let files = std::fs::read_dir(folder.path("cache/callsheet")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.pop().unwrap()
}

#[test]
fn names_are_looked_up_once_and_kept_for_paid_jobs() {
    let (folder, mut provider) = scenario();
    run_sheet(&folder, &provider).expect_code(0);
    let body = &provider.ledger().accepted[0].body;
    assert_eq!(body.creator.as_deref(), Some(PERSONA));
    assert_eq!(body.accent.as_deref(), Some(BRITISH_OLIVIA));
    assert_eq!(requests(&provider), 4, "personas twice, voices, balance");
    let plan = ["plan", "sheet.csv", "--base-url", provider.base_url()];
    let plan = run(&folder, &plan).expect_code(0);
    plan.expect_stdout(&["Anna", "Our founder"]);
    assert_eq!(requests(&provider), 5, "only the balance");
    let cache = std::fs::read(cache_file(&folder)).unwrap();
    assert!(KEYS.iter().all(|key| !contains(&cache, key)));

    // Paid jobs keep their names without provider, credentials or cache.
    provider.stop();
    folder.remove("cache");
    for command in ["status", "report", "plan"] {
        let mut command = folder.command(&[command, "sheet.csv"]);
        output(command.env_remove("CREATIFY_API_ID")).expect_code(0);
    }
    let results = folder.read_json("sheet-output/results.json");
    assert_eq!(results["jobs"][0]["persona_name"], "Anna");
    let done = folder.results();
    assert!(done.iter().all(|row| row["status"] == "done"));
}

#[test]
fn unknown_and_ambiguous_names_are_refused_with_similar_names() {
    let (folder, provider) = scenario();
    folder.write(
        "sheet.csv",
        "id,text,persona,aspect_ratio,voice\n\
         one,Hello,Ana,9:16,\n\
         two,Hello,Anna,9:16,Olivia\n\
         three,Hello,Anna,4:3,\n",
    );
    let refused = run_sheet(&folder, &provider).expect_code(2);
    refused.expect_stderr(&[
        "sheet.csv:2:11",
        "`Ana`",
        "`Anna`",
        "sheet.csv:3:",
        "`Olivia (British)`",
        "sheet.csv:4:",
        "nothing was submitted",
    ]);
    assert!(provider.ledger().creates.is_empty());
    assert!(!folder.exists("sheet-output"));
}

#[test]
fn an_old_cache_is_refreshed_and_used_if_the_provider_is_unavailable() {
    let (folder, mut provider) = scenario();
    let address = provider.base_url().to_owned();
    let plan = ["plan", "sheet.csv", "--base-url", &address];
    run(&folder, &plan).expect_code(0);
    let path = cache_file(&folder);
    let mut cache: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    cache["catalogue"]["fetched_at"] = 1_700_000_000_000_i64.into();
    std::fs::write(&path, cache.to_string()).unwrap();
    let before = requests(&provider);
    run(&folder, &plan).expect_code(0);
    assert_eq!(requests(&provider), before + 4, "three lists, the balance");

    std::fs::write(&path, cache.to_string()).unwrap();
    provider.stop();
    run(&folder, &plan).expect_code(0).expect_stderr(&["catalogue cannot be read", "2023-11-14"]);
    std::fs::write(&path, "{").unwrap();
    let failed = run(&folder, &plan);
    assert_ne!(failed.code, Some(0));
    failed.expect_stderr(&["cannot be looked up"]);
}

#[test]
fn a_plan_without_credentials_says_what_names_need() {
    let (folder, _) = scenario();
    let mut command = folder.command(&["plan", "sheet.csv"]);
    output(command.env_remove("CREATIFY_API_KEY")).expect_code(2).expect_stderr(&[
        "unknown persona `Anna`",
        "CREATIFY_API_ID",
        "`--sandbox`",
    ]);
}

#[test]
fn wrong_keys_are_named_where_names_are_looked_up() {
    let folder = Folder::new();
    folder.write("sheet.csv", SHEET);
    let keys = AcceptedKeys { id: "other".into(), key: "account".into() };
    let provider = Provider::with(SandboxSettings { credentials: Some(keys), ..quick() });
    for command in ["run", "plan", "approve", "collect", "personas", "voices"] {
        let sheet: &[&str] = if command.ends_with('s') { &[] } else { &["sheet.csv"] };
        let arguments = [&[command], sheet, &["--base-url", provider.base_url()]].concat();
        run(&folder, &arguments)
            .expect_code(6)
            .expect_stderr(&["the credentials are refused", "check `CREATIFY_API_ID`"])
            .expect_not_in_stderr(&["unknown persona", "looked up"]);
    }
    assert!(!folder.exists("sheet-output"));
}

#[test]
fn names_of_the_sandbox_are_not_cached() {
    let (folder, _) = scenario();
    run(&folder, &["plan", "sheet.csv", "--sandbox"]).expect_code(0);
    let sandbox = ["run", "sheet.csv", "--sandbox", "--progress", "plain"];
    run(&folder, &sandbox).expect_code(0);
    assert!(!folder.exists("cache"));
    let status = run(&folder, &["status", "sheet.csv"]).expect_code(2);
    status.expect_stderr(&["run in the sandbox only", "`callsheet status sheet.csv --sandbox`"]);
    let status = run(&folder, &["status", "sheet.csv", "--sandbox"]).expect_code(0);
    status.expect_stdout(&["2 done"]);
}

#[test]
fn unsuitable_personas_are_reported_by_plan() {
    let (folder, provider) = scenario();
    folder.write(
        "sheet.csv",
        "id,text,persona,aspect_ratio\n\
         one,Hello,Viktor,9:16\n\
         two,Hello,Viktor,16:9\n\
         three,Hello,Greta,9:16\n\
         four,Hello,00000000-0000-4000-8000-000000000000,9:16\n",
    );
    let plan = ["plan", "sheet.csv", "--base-url", provider.base_url()];
    run(&folder, &plan)
        .expect_code(0)
        .expect_stderr(&[
            "note: sheet.csv:2: the catalogue shows persona `Viktor` in other shapes, but not in 9x16",
            "note: sheet.csv:4: persona `Greta` is not active",
            "note: sheet.csv:5: the provider's catalogue has no persona",
        ])
        .expect_not_in_stderr(&["sheet.csv:3"]);
}

#[test]
fn the_catalogue_can_be_searched() {
    let (folder, provider) = scenario();
    let search = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let at = ["--base-url", provider.base_url()];
        run(&folder, &[&arguments, &at[..]].concat()).expect_code(0)
    };
    let found = search("personas --gender f --style presenter --search anna");
    let found = found.expect_stdout(&[PERSONA]);
    let rows = found.stdout.lines().count() - 1;
    assert_eq!(rows, 2, "Anna, and Hannah: {}", found.stdout);
    let teens = search("personas --age teen --location outdoor --json").json();
    assert_eq!(teens[0]["creator_name"], "Chloe");
    let voices = search("voices --gender f --accent british");
    let voices = voices.expect_stdout(&[BRITISH_OLIVIA]);
    assert_eq!(voices.stdout.lines().count(), 2, "{}", voices.stdout);
    let voices = search("voices --json").json();
    assert!(voices.as_array().unwrap().len() > 3);
}

#[cfg(unix)]
#[test]
fn a_page_of_previews_is_written_and_opened() {
    let (folder, provider) = (Folder::new(), Provider::new());
    for name in ["bin/xdg-open", "bin/open"] {
        let script = "#!/bin/sh\necho \"$1\" > opened.part && mv opened.part opened\n";
        folder.write(name, script);
        folder.set_mode(name, 0o755);
    }
    let system = std::env::var("PATH").unwrap();
    let path = format!("{}:{system}", folder.path("bin").display());
    let open = |kind: &str, path: &str| {
        let at = ["--base-url", provider.base_url()];
        let mut command = folder.command(&[&[kind, "--open"], &at[..]].concat());
        let cache = folder.path("cache");
        output(command.env("XDG_CACHE_HOME", cache).env("PATH", path)).expect_code(0)
    };
    let opened = open("personas", &path);
    let page = opened.stdout.trim();
    let text = std::fs::read_to_string(page).unwrap();
    assert!(text.contains(PERSONA) && text.contains("<img"), "{text}");
    wait_until("the page to be opened", || folder.exists("opened"));
    assert_eq!(folder.read("opened").trim(), page);

    let unopened = open("voices", "/nowhere");
    assert!(unopened.stdout.trim().ends_with("voices.html"));
    unopened.expect_stderr(&["open the file in a browser"]);
}

/// One bad row must not hide the others.
#[test]
fn the_page_of_a_plan_with_problems_shows_the_other_rows() {
    let folder = Folder::new();
    let sheet =
        "id,text,persona,aspect_ratio\na,Good morning to all,Anna,9:16\nb,Hello there,Anna,7:3\n";
    folder.write("sheet.csv", sheet);
    let mut command = folder.command(&["plan", "sheet.csv", "--sandbox", "--open"]);
    let cache = folder.path("cache");
    let planned = output(command.env("XDG_CACHE_HOME", cache).env("PATH", "/nowhere"));
    let planned = planned.expect_code(2);
    let page = std::fs::read_to_string(planned.stdout.trim()).unwrap();
    for part in ["1 problem; the other rows follow", "<h2>sheet.csv:3:", "Good morning to all"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

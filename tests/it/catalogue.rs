//! Personas and voices by their names.

use std::path::PathBuf;

use callsheet::sandbox::RequestKind;
use serde_json::Value;

use crate::program::{Answer, FAST, Folder, KEYS, PERSONA, Provider, contains, finish, rows};

const SHEET: &str = "id,text,persona,aspect_ratio,voice\n\
    one,Hello one,Anna,9:16,olivia (british)\n\
    two,Hello two,our founder,1:1,Aiko\n";

const BRITISH_OLIVIA: &str = "ea895fc1-78bc-4d43-a29e-6e510e00c1d7";

/// Runs the program with a folder of its own for what it caches.
fn run(folder: &Folder, arguments: &[&str]) -> Answer {
    let mut command = folder.command(arguments);
    command.env("XDG_CACHE_HOME", folder.path("cache"));
    finish(command.spawn().unwrap())
}

fn campaign(folder: &Folder, provider: &Provider, further: &[&str]) -> Answer {
    let at = ["run", "sheet.csv", "--base-url", provider.base_url()];
    run(folder, &[&at, &FAST[..], further].concat())
}

fn asked(provider: &Provider) -> u64 {
    let requests = provider.ledger().requests;
    requests.get(&RequestKind::Catalogue).copied().unwrap_or(0)
}

/// The one file that keeps the catalogue.
fn cached(folder: &Folder) -> PathBuf {
    let files = std::fs::read_dir(folder.path("cache/callsheet")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.pop().unwrap()
}

#[test]
fn names_are_looked_up_once_a_day_and_shown_again() {
    let (folder, provider) = (Folder::new(), Provider::new());
    folder.write("sheet.csv", SHEET);
    campaign(&folder, &provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    let bodies: Vec<_> = ledger.accepted.iter().map(|job| &job.body).collect();
    assert_eq!(bodies[0].creator.as_deref(), Some(PERSONA));
    assert_eq!(bodies[0].accent.as_deref(), Some(BRITISH_OLIVIA));
    // Two lists of personas, one of voices, and the balance.
    assert_eq!(asked(&provider), 4);
    let at = ["--base-url", provider.base_url()];
    let plan = run(&folder, &[&["plan", "sheet.csv"], &at[..]].concat()).expect_code(0);
    assert!(
        plan.stdout.contains("Anna") && plan.stdout.contains("Our founder"),
        "{}",
        plan.stdout
    );
    assert_eq!(asked(&provider), 5, "the balance alone");
    let text = std::fs::read(cached(&folder)).unwrap();
    assert!(KEYS.iter().all(|key| !contains(&text, key)));

    // What was paid for keeps its names without provider, keys or cache.
    provider.stop();
    std::fs::remove_dir_all(folder.path("cache")).unwrap();
    for command in ["status", "report", "plan"] {
        let mut command = folder.command(&[command, "sheet.csv"]);
        command.env_remove("CREATIFY_API_ID");
        finish(command.spawn().unwrap()).expect_code(0);
    }
    let results: Value = serde_json::from_str(&folder.read("sheet-output/results.json")).unwrap();
    assert_eq!(results["jobs"][0]["persona_name"], "Anna");
    let done = rows(&folder.read("sheet-output/results.csv"));
    assert!(done.iter().all(|row| row["status"] == "done"));
}

#[test]
fn unknown_and_ambiguous_names_are_answered_with_what_is_near() {
    let (folder, provider) = (Folder::new(), Provider::new());
    folder.write(
        "sheet.csv",
        "id,text,persona,aspect_ratio,voice\n\
         one,Hello,Ana,9:16,\n\
         two,Hello,Anna,9:16,Olivia\n\
         three,Hello,Anna,4:3,\n",
    );
    let answer = campaign(&folder, &provider, &[]).expect_code(2);
    for part in [
        "sheet.csv:2:11",
        "`Ana`",
        "`Anna`",
        "sheet.csv:3:",
        "`Olivia (British)`",
        "sheet.csv:4:",
        "nothing was submitted",
    ] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
    assert!(provider.ledger().creates.is_empty());
    assert!(!folder.path("sheet-output").exists());
}

#[test]
fn an_old_catalogue_is_asked_for_again_and_serves_when_nobody_answers() {
    let (folder, provider) = (Folder::new(), Provider::new());
    folder.write("sheet.csv", SHEET);
    let address = provider.base_url().to_owned();
    let plan = ["plan", "sheet.csv", "--base-url", &address];
    run(&folder, &plan).expect_code(0);
    let path = cached(&folder);
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    kept["catalogue"]["fetched_at"] = 1_700_000_000_000_i64.into();
    std::fs::write(&path, kept.to_string()).unwrap();
    let before = asked(&provider);
    run(&folder, &plan).expect_code(0);
    assert_eq!(asked(&provider), before + 4, "three lists and the balance");

    std::fs::write(&path, kept.to_string()).unwrap();
    provider.stop();
    let answer = run(&folder, &plan).expect_code(0);
    assert!(
        answer.stderr.contains("catalogue cannot be read"),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("2023-11-14"), "{}", answer.stderr);
    std::fs::write(&path, "{").unwrap();
    let answer = run(&folder, &plan);
    assert_ne!(answer.code, Some(0));
    assert!(
        answer.stderr.contains("cannot be looked up"),
        "{}",
        answer.stderr
    );
}

#[test]
fn without_keys_a_plan_says_what_names_need() {
    let folder = Folder::new();
    folder.write("sheet.csv", SHEET);
    let mut command = folder.command(&["plan", "sheet.csv"]);
    command.env_remove("CREATIFY_API_KEY");
    let answer = finish(command.spawn().unwrap()).expect_code(2);
    for part in [
        "`Anna` is no persona that is known",
        "CREATIFY_API_ID",
        "`--sandbox`",
    ] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
}

#[test]
fn the_sandbox_knows_its_own_names_and_leaves_none_behind() {
    let folder = Folder::new();
    folder.write("sheet.csv", SHEET);
    run(&folder, &["plan", "sheet.csv", "--sandbox"]).expect_code(0);
    let answer = run(
        &folder,
        &["run", "sheet.csv", "--sandbox", "--progress", "plain"],
    );
    answer.expect_code(0);
    assert!(!folder.path("cache").exists());
    let status = run(&folder, &["status", "sheet.csv"]).expect_code(0);
    assert!(status.stdout.contains("2 done"), "{}", status.stdout);
}

#[test]
fn personas_that_may_disappoint_are_named_before_anything_is_spent() {
    let (folder, provider) = (Folder::new(), Provider::new());
    folder.write(
        "sheet.csv",
        "id,text,persona,aspect_ratio\n\
         one,Hello,Viktor,9:16\n\
         two,Hello,Viktor,16:9\n\
         three,Hello,Greta,9:16\n\
         four,Hello,00000000-0000-4000-8000-000000000000,9:16\n",
    );
    let plan = ["plan", "sheet.csv", "--base-url", provider.base_url()];
    let answer = run(&folder, &plan).expect_code(0);
    for part in [
        "note: sheet.csv:2: the catalogue shows persona `Viktor` in other shapes, but not in 9x16",
        "note: sheet.csv:4: persona `Greta` is not active",
        "note: sheet.csv:5: the provider's catalogue has no persona",
    ] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
    assert!(!answer.stderr.contains("sheet.csv:3"), "{}", answer.stderr);
}

#[test]
fn the_catalogue_is_searched_by_what_people_look_for() {
    let (folder, provider) = (Folder::new(), Provider::new());
    let at = ["--base-url", provider.base_url()];
    let search = |arguments: &[&str]| run(&folder, &[arguments, &at[..]].concat()).expect_code(0);
    let found = search(&[
        "personas",
        "--gender",
        "f",
        "--style",
        "presenter",
        "--search",
        "anna",
    ]);
    assert!(found.stdout.contains(PERSONA), "{}", found.stdout);
    assert_eq!(
        found.stdout.lines().count(),
        3,
        "Anna, and Hannah: {}",
        found.stdout
    );
    let teens = search(&[
        "personas",
        "--age",
        "teen",
        "--location",
        "outdoor",
        "--json",
    ]);
    let teens: Value = serde_json::from_str(&teens.stdout).unwrap();
    assert_eq!(teens[0]["creator_name"], "Chloe");
    let voices = search(&["voices", "--gender", "f", "--accent", "british"]);
    assert!(voices.stdout.contains(BRITISH_OLIVIA), "{}", voices.stdout);
    assert_eq!(voices.stdout.lines().count(), 2, "{}", voices.stdout);
}

#[cfg(unix)]
#[test]
fn a_page_of_pictures_is_written_and_opened() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, provider) = (Folder::new(), Provider::new());
    let opener = folder.path("bin/xdg-open");
    folder.write(
        "bin/xdg-open",
        "#!/bin/sh\necho \"$1\" > opened.part && mv opened.part opened\n",
    );
    std::fs::copy(&opener, folder.path("bin/open")).unwrap();
    for name in ["bin/xdg-open", "bin/open"] {
        let path = folder.path(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let at = ["--base-url", provider.base_url(), "--search", "anna"];
    let mut command = folder.command(&[&["personas", "--open"], &at[..]].concat());
    let system = std::env::var("PATH").unwrap();
    command
        .env("XDG_CACHE_HOME", folder.path("cache"))
        .env("PATH", format!("{}:{system}", folder.path("bin").display()));
    let answer = finish(command.spawn().unwrap()).expect_code(0);
    let path = answer.stdout.trim();
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.contains(PERSONA) && page.contains("<img"), "{page}");
    crate::program::wait_until("opening", || folder.path("opened").exists());
    assert_eq!(folder.read("opened").trim(), path);

    let mut command = folder.command(&[&["voices", "--open"], &at[..2]].concat());
    let cache = folder.path("cache");
    command
        .env("XDG_CACHE_HOME", cache)
        .env("PATH", folder.path("nothing"));
    let answer = finish(command.spawn().unwrap()).expect_code(0);
    assert!(answer.stdout.trim().ends_with("voices.html"));
    assert!(
        answer.stderr.contains("open the file in a browser"),
        "{}",
        answer.stderr
    );
}

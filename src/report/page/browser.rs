//! Tests of the page in headless Chromium, driven by scripts that are added to it. Without Chromium they are skipped with
//! a message, except in CI (`CI=true`) on Linux, where it is required.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{AspectRatio, Event, JobEvent, Speech, VideoRequest};
use crate::report::page::page_text;
use crate::report::testing::{TestRun, output, planned};

/// The element in which the harness stores the result of a script.
const RESULT: &str = "<pre id=\"answers\">";

/// Runs `ask` after the page has loaded and stores its result.
const HARNESS: &str = include_str!("browser/harness.js");

/// Writes the page of `run` to `folder`, opens it, and returns the result of `script`; `None` without a browser.
fn evaluate(run: &TestRun, folder: &Path, script: &str) -> Option<Value> {
    let page = write_page_with(run, folder, script);
    result_of(&page, folder)
}

/// Writes the page of `run` with `script` added to it.
fn write_page_with(run: &TestRun, folder: &Path, script: &str) -> PathBuf {
    let page = page_text(&run.summary());

    let (_, rest) = page.split_once("'nonce-").unwrap();
    let (nonce, _) = rest.split_once('\'').unwrap();
    let script = format!("{HARNESS} async function ask() {{ {script} }}");
    let added = format!("<script nonce=\"{nonce}\">{script}</script></body>");
    let path = folder.join("report.html");
    write(&path, page.replace("</body>", &added).as_bytes());
    path
}

fn write(path: &Path, mut content: &[u8]) {
    fs::remove_file(path).ok();
    io::copy(&mut content, &mut File::create(path).unwrap()).unwrap();
}

/// Opens `page` and returns the stored result.
fn result_of(page: &Path, folder: &Path) -> Option<Value> {
    let dom = open(page, &folder.join("profile"))?;
    let (_, result) = dom.split_once(RESULT).expect("the script has ended");
    let (result, _) = result.split_once("</pre>").unwrap();
    let result = result
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["error"], Value::Null, "{result}");
    assert_eq!(result["seen"], json!([]), "errors on the page");
    assert_eq!(result["foreign"], json!([]), "requests that left the file");
    Some(result)
}

/// Opens `page` in the first browser that is installed and returns its DOM.
fn open(page: &Path, profile: &Path) -> Option<String> {
    const ARGUMENTS: [&str; 13] = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
        "--mute-audio",
        // The virtual clock draws no frames, without which a transition never ends.
        "--virtual-time-budget=20000",
        "--force-prefers-reduced-motion",
        "--window-size=1200,900",
        "--dump-dom",
    ];
    for browser in ["chromium", "chromium-browser", "google-chrome"] {
        let output = Command::new(browser)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("file://{}", page.display()))
            .output();
        match output {
            Ok(output) => return Some(String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => panic!("{browser}: {error}"),
        }
    }
    #[expect(clippy::disallowed_methods, reason = "the variable of CI services")]
    let is_ci =
        cfg!(target_os = "linux") && std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!is_ci, "CI needs Chromium for the tests of the page");
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    {
        eprintln!("SKIPPED: this test needs Chromium, which is not installed");
    }
    None
}

/// Returns a run with two jobs done, one failed, one in doubt and one pending, and with hostile texts.
fn hostile_run(folder: &Path) -> TestRun {
    let mut run = TestRun::with_jobs(5);
    run.done(1, "a");
    run.failed(2, "b", "no face <b>\"><img src=x onerror=alert(1)></b>");
    run.lost(3, "c");
    run.done(4, "d");
    let request =
        VideoRequest::new(Speech::Text("שלום, מה שלומך?".into()), "anna", AspectRatio::Portrait);
    Arc::make_mut(&mut run.campaign.jobs[4].spec).request = request.into();
    run.campaign.name = "</script><script>alert(2)</script>".into();
    run.sheet().columns.push("Market <b>".into());
    let markets = ["DE", "DE", "", "FR", "<img src=x onerror=alert(3)>"];
    for (row, market) in run.sheet().rows.iter_mut().zip(markets) {
        row.cells.push(market.into());
    }
    fs::create_dir_all(folder.join("videos")).unwrap();
    for job in ["a", "d"] {
        let video = folder.join(format!("videos/{job}.mp4"));
        write(&video, include_bytes!("browser/sample.webm"));
    }
    run
}

#[test]
fn filters_keyboard_marks_and_the_player_work_without_injection() {
    let folder = tempfile::tempdir().unwrap();
    let run = hostile_run(folder.path());
    let Some(answers) = evaluate(&run, folder.path(), include_str!("browser/review.js")) else {
        return;
    };
    assert_eq!(answers["all"], json!(["a", "d", "e"]));
    assert_eq!(answers["failed"], json!(["b", "c"]));
    assert_eq!(answers["shown"], "5 jobs");
    assert_eq!(answers["injected"], 0);
    assert_eq!(answers["title"], "</script><script>alert(2)</script>");
    assert_eq!(answers["reasons"][0], "no face <b>\"><img src=x onerror=alert(1)></b>");
    let commands = json!([
        "callsheet run spring.csv --retry-failed --only b",
        "callsheet run spring.csv --resubmit c"
    ]);
    assert_eq!(answers["commands"], commands);
    assert_eq!(answers["folded"], json!([false, false]));
    assert_eq!(answers["direction"], "rtl");
    let card = answers["card"].as_str().unwrap();
    assert!(card.contains("Row 2") && card.contains("Say something nice about a."), "{card}");

    assert_eq!(answers["found"], json!(["d"]));
    assert_eq!(answers["done"], json!([["a", "d"], []]));
    let fields = json!(["persona", "column.Market <b>", "sort"]);
    assert_eq!(answers["fields"], fields, "all ratios are the same, and all notes differ");
    let markets = json!(["All", "(empty)", "<img src=x onerror=alert(3)>", "DE", "FR"]);
    assert_eq!(answers["markets"], markets);
    assert_eq!(answers["germany"], json!([["a"], ["b"]]));
    assert_eq!(answers["noted"], json!(["d"]));

    assert_eq!(answers["savable"], json!(["true", "false"]));
    let unsaved = answers["unsaved"].as_str().unwrap();
    assert!(unsaved.contains("nothing to save"), "{unsaved}");
    assert_eq!(answers["focused"], "d");
    assert_eq!(answers["next"], "d", "a decision moves to the next card");
    let marks = json!([["rejected", ""], ["approved", ""]]);
    assert_eq!(answers["marks"], marks, "a letter with Ctrl marks nothing");

    assert_eq!(answers["counter"], "1 of 2");
    assert_eq!((&answers["playing"], &answers["paused"]), (&json!(true), &json!(true)));
    assert_eq!((&answers["frame"], &answers["back"]), (&json!(1.04), &json!(0)));
    let keys = answers["keys"].as_array().unwrap();
    assert!(
        ["J", "K", "Space", "A", "R", "C", ",", "."].iter().all(|key| keys.contains(&json!(key)))
    );
    assert_eq!(answers["typing"], json!(["TEXTAREA", true]), "a comment pauses the video");
    assert_eq!(answers["unmarked"], "false", "a letter in a field is a letter");
    assert_eq!(answers["comment"], "too \"loud\", again");
    assert_eq!(answers["code"], json!(["0:01", 1]));
    assert_eq!(answers["sought"], true);
    assert!(answers["second"].as_str().unwrap().ends_with("2 of 2"), "{answers}");
    assert_eq!(answers["draft"], "a draft");
    assert_eq!(answers["stays"], "2 of 2", "the last video stays");
    assert_eq!(answers["address"], "#job=d");
    assert_eq!(answers["closed"], json!([true, "d", ""]), "the focus is on the last video's card");
    assert_eq!(answers["file"], "marks-maria.csv");
    let csv = format!(
        "job_id,mark,comment,remote_id,seconds,reviewer,at\n\
         a,approved,,remote-a,,Maria,TIME\n\
         a,,\"too \"\"loud\"\", again\",remote-a,{},Maria,TIME\n\
         d,rejected,,remote-d,,Maria,TIME\n",
        answers["at"]
    );
    assert_eq!(answers["csv"], csv);
    assert_eq!(answers["rejected"], json!(["d"]));

    assert_eq!(answers["before"], json!([]), "errors before the reload");
    assert_eq!(answers["reloaded"], json!(["approved", "rejected"]));
    assert_eq!(answers["badge"], "Rejected");
    let address = "#column.Market+%3Cb%3E=DE&sort=sheet&search=say+a.";
    assert_eq!(answers["kept"], json!([address, "say a.", "a"]));
    let nothing = json!(["None of 5 jobs matches", 0, "No job matches these filters."]);
    assert_eq!(answers["nothing"], nothing);
    assert_eq!(answers["escaped"], json!([false, "about zebras"]));
    assert_eq!(answers["cleared"], json!(["", 3, true]));
    assert_eq!(answers["entered"], "d", "the card that was current before");
    let sent = json!([["a", "d"], [], ["c"], ["a", "d", "e", "b", "c"]]);
    assert_eq!(answers["sent"], sent, "shared addresses");

    let again = "return { marks: [tile('a').dataset.mark, tile('d').dataset.mark] };";
    let mut remade = hostile_run(folder.path());
    for entry in &mut remade.entries {
        if let Event::Job { event: JobEvent::Submitted { remote }, .. } = &mut entry.event {
            *remote = "another".parse().unwrap();
        }
    }
    let answers = evaluate(&remade, folder.path(), again).unwrap();
    assert_eq!(answers["marks"], json!(["", ""]), "a new video has no marks");
}

/// A browser window cannot be as narrow as a telephone, but a frame can.
#[test]
fn everything_fits_and_can_be_touched_on_a_telephone() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = hostile_run(folder.path());
    run.sheet().columns[1] = "a_name_longer_than_a_card_of_a_telephone_is_wide".into();
    write_page_with(&run, folder.path(), include_str!("browser/narrow.js"));
    let frames = folder.path().join("frames.html");
    write(&frames, include_bytes!("browser/frames.html"));
    let Some(answers) = result_of(&frames, folder.path()) else {
        return;
    };
    let answers = answers["of"].as_array().unwrap();
    let widths: Vec<&Value> = answers.iter().map(|answer| &answer["width"]).collect();
    assert_eq!(widths, [390, 412, 480, 560, 640]);
    for answer in answers {
        assert_ne!(answer["cards"], 0, "{answer}");
        assert_eq!(answer["wide"], json!([]), "wider than the page: {answer}");
        assert_eq!(answer["small"], json!([]), "too small for a finger: {answer}");
        assert_eq!(answer["seen"], json!([]), "errors on the page: {answer}");
        assert_eq!(answer["swiped"], "#job=d", "{answer}");
    }
    // Both scroll bars of a desktop browser are 15 pixels wide.
    assert_eq!(answers[0]["columns"], 1);
    assert!(answers[0]["screen"].as_f64().unwrap() >= 360.0, "{}", answers[0]);
}

#[test]
fn the_page_of_a_live_run_shows_its_age_and_can_be_reloaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = hostile_run(folder.path());
    let question =
        "return { state: $('.state').textContent, reload: $('.reload')?.textContent ?? null,
        ages: [0, 59, 60, 7300, 172800].map((age) => callsheet.ago(Date.now() - age * 1000)) };";
    let Some(answers) = evaluate(&run, folder.path(), question) else {
        return;
    };
    let state = answers["state"].as_str().unwrap();
    let words = "A run was under way when this page was written, ";
    assert!(state.starts_with(words) && state.ends_with(" ago."), "{state}");
    assert_eq!(answers["reload"], "Reload");
    let ages = ["0 seconds", "59 seconds", "1 minute", "2 hours", "2 days"];
    assert_eq!(answers["ages"], json!(ages.map(|age| format!("{age} ago"))));
    run.ended(200, None);
    let answers = evaluate(&run, folder.path(), question).unwrap();
    let state = answers["state"].as_str().unwrap();
    assert!(state.starts_with("As of "), "{state}");
    assert_eq!(answers["reload"], Value::Null);
}

#[test]
fn the_timeline_separates_waiting_from_rendering_and_has_an_axis() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = TestRun::with_jobs(1);
    run.accepted(0, "a");
    for (second, status) in [(10, "in_queue"), (31, "running"), (40, "running")] {
        let status = status.to_owned();
        run.job_event(second, "a", JobEvent::Observed { status });
    }
    let output = output("a");
    run.job_event(61, "a", JobEvent::Rendered { output });
    let question = "await click($('.charts-button'));
        const ticks = $$('.ticks span');
        return { lane: $('.lane').ariaLabel, ticks: ticks.length, words: ticks[0].textContent !== '' };";
    let Some(answers) = evaluate(&run, folder.path(), question) else {
        return;
    };
    let ticks = answers["ticks"].as_u64().unwrap();
    assert!((2..=7).contains(&ticks), "{answers}");
    assert_eq!(answers["words"], true);
    let lane = answers["lane"].as_str().unwrap();
    assert!(lane.contains("waiting at the provider 30 s, rendering 30 s"), "{lane}");
}

#[test]
fn five_thousand_cards_are_few_elements_and_can_be_scrolled() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = TestRun::with_jobs(1);
    run.campaign.jobs = (0..5000).map(|n| planned(&format!("a{n}"), n + 2)).collect();
    for n in 0..5000 {
        run.done(n, &format!("a{n}"));
    }
    let Some(answers) = evaluate(&run, folder.path(), include_str!("browser/many.js")) else {
        return;
    };
    assert!(answers["elements"].as_u64().unwrap() < 2500, "{answers}");
    assert_eq!(answers["first"], "a0");
    assert_eq!(answers["middle"], json!([true, true]), "cards are where the window is");
    assert_eq!((&answers["end"], &answers["visible"]), (&json!("a4999"), &json!(true)));
    assert_eq!(answers["closed"], json!(["a4998", true]), "the place stays");
    assert_eq!(answers["found"], json!(["a1999"]));
    assert_eq!(answers["printed"], 5000);
    assert!(answers["after"].as_u64().unwrap() < 2500, "{answers}");
}

#[test]
fn outdated_videos_are_shown_as_a_warning_and_can_be_filtered() {
    let mut run = TestRun::with_jobs(3);
    for job in ["a", "b", "c"] {
        run.done(1, job);
    }
    run.edit("b");
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        const badge = $(".badge.warn", tile("b"));
        const probe = document.createElement("span");
        probe.style.color = "var(--warn)";
        document.body.append(probe);
        const isWarning = getComputedStyle(badge).color === getComputedStyle(probe).color;
        const button = chip("outdated").textContent;
        await click(chip("outdated"));
        const shown = listed();
        const address = location.hash;
        await click($(".open", tile("b")));
        return { button, badge: badge.textContent, isWarning, shown, address, words: $(".side .warn").textContent, command: $(".side code").textContent };
    "#;
    let Some(result) = evaluate(&run, folder.path(), script) else {
        return;
    };
    assert_eq!(result["button"], "Edited since 1");
    assert_eq!(result["badge"], "Edited since");
    assert_eq!(result["isWarning"], true);
    assert_eq!(result["shown"], json!(["b"]));
    assert_eq!(result["address"], "#status=outdated");
    assert!(result["words"].as_str().unwrap().contains("edited after this video was paid for"));
    assert_eq!(result["command"], "callsheet run spring.csv --redo-changed --only b");
}

#[test]
fn failures_are_folded_by_reason_with_one_command() {
    let mut run = TestRun::with_jobs(5);
    run.done(1, "a");
    for job in ["b", "c", "d"] {
        run.failed(2, job, "out of memory");
    }
    run.failed(3, "e", "another reason");
    let folder = tempfile::tempdir().unwrap();
    let script = "return { groups: $$('.failures details').length, counts: $$('.failures summary .note').map((note) => note.textContent),
        commands: $$('.failures code').map((code) => code.textContent), heading: $('.failures h2').textContent,
        actions: $$('.failures .all').length, advice: $('.failures .advice').textContent, cards: listed() };";
    let Some(result) = evaluate(&run, folder.path(), script) else {
        return;
    };
    assert_eq!(result["heading"], "4 jobs failed");
    assert_eq!((&result["groups"], &result["actions"]), (&json!(2), &json!(2)));
    assert_eq!(result["counts"], json!(["3 jobs", "1 job"]), "the largest group first");
    let commands = json!([
        "callsheet run spring.csv --retry-failed --only b,c,d",
        "callsheet run spring.csv --retry-failed --only e"
    ]);
    assert_eq!(result["commands"], commands);
    assert_eq!(result["advice"], "3 jobs could not be rendered; pay for them again:");
    assert_eq!(result["cards"], json!(["a"]));
}

#[test]
fn axe_finds_nothing_on_any_screen() {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/axe/axe.min.js");
    let axe = fs::read_to_string(axe).expect("axe-core is in the repository");
    let folder = tempfile::tempdir().unwrap();
    let mut run = hostile_run(folder.path());
    run.edit("a");
    let script = format!("{axe}\n{}", include_str!("browser/accessible.js"));
    let Some(result) = evaluate(&run, folder.path(), &script) else {
        return;
    };
    assert_eq!(result["found"], json!([]));
    assert_eq!(result["planted"], 1, "axe works");
}

#[test]
fn the_studio_leaves_out_commands_and_names_rows() {
    let folder = tempfile::tempdir().unwrap();
    let run = TestRun::with_jobs(1);
    let texts = json!([
        "1 video is left out: a.csv:4:1: `TODO` looks unfinished; correct the rows, or use `--suspicious allow`",
        "submit 2 videos, of which 1 looks unfinished (`--suspicious skip` leaves it out)?",
        "`callsheet plan` shows what it would cost",
        "ads.xlsx:Sheet2!B7: `a; b` is no ratio (3:4)",
        "a.yaml:12:3: wrong",
    ]);
    let studio = include_str!("script/studio.js");
    let script = format!("{studio}\nreturn {{ plain: {texts}.map(callsheet.plain) }};");
    let Some(answers) = evaluate(&run, folder.path(), &script) else {
        return;
    };
    assert_eq!(
        answers["plain"],
        json!([
            "1 video is left out: a.csv, row 4: `TODO` looks unfinished",
            "submit 2 videos, of which 1 looks unfinished?",
            "",
            "ads.xlsx, row 7: `a; b` is no ratio (3:4)",
            "a.yaml, line 12: wrong",
        ])
    );
}

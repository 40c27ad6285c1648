//! Tests of the page in headless Chromium, driven by scripts that are added to it. Without Chromium they are skipped with
//! a message, except in CI (`CI=true`) on Linux, where it is required.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{AspectRatio, Event, JobEvent, Speech, VideoRequest};
use crate::report::html::page_text;
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
    const ARGUMENTS: [&str; 12] = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
        "--mute-audio",
        "--virtual-time-budget=20000",
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
fn filters_keyboard_marks_and_players_work_without_injection() {
    let folder = tempfile::tempdir().unwrap();
    let run = hostile_run(folder.path());
    let Some(answers) = evaluate(&run, folder.path(), include_str!("browser/review.js")) else {
        return;
    };
    assert_eq!(answers["all"], json!(["b", "c", "a", "d", "e"]), "problems first");
    assert_eq!(answers["shown"], "5 jobs.");
    assert_eq!(answers["injected"], 0);
    assert_eq!(answers["title"], "</script><script>alert(2)</script>");
    assert_eq!(answers["words"], "no face <b>\"><img src=x onerror=alert(1)></b>");
    assert_eq!(answers["resubmit"], "callsheet run spring.csv --resubmit c");
    assert_eq!(answers["found"], json!(["d"]));
    assert_eq!(answers["done"], json!(["a", "d"]));
    assert_eq!(answers["columns"], json!(["Market <b>"]), "each note is different");
    let markets = json!(["all", "(empty)", "<img src=x onerror=alert(3)>", "DE", "FR"]);
    assert_eq!(answers["markets"], markets);
    assert_eq!(answers["nowhere"], json!(["c"]));
    assert_eq!(answers["germany"], json!(["b", "a"]));
    assert_eq!(answers["noted"], json!(["d"]));
    let details = answers["details"].as_str().unwrap();
    assert!(details.contains("notenote of dMarket <b>FR"), "in the sheet's order: {details}");
    assert_eq!(answers["sheet"], json!(["a", "b", "c", "d", "e"]));
    assert_eq!(answers["focused"], true);
    assert_eq!(answers["marks"], json!(["approved", "rejected"]));
    let names = ["Play a", "Details of a", "Approve a", "Reject a", "Comment on a"];
    assert_eq!(answers["names"], json!(names));
    assert_eq!(answers["line"], "line 2");
    assert_eq!(answers["savable"], json!([false, true]));
    let unsaved = answers["unsaved"].as_str().unwrap();
    assert!(unsaved.contains("nothing to save"), "{unsaved}");
    let cross = |place: usize| answers["crosses"][place].as_f64().unwrap();
    assert!(cross(0) > 100.0, "over the whole picture");
    assert!(cross(1) < 30.0, "in a corner while it plays");
    let csv = "job_id,mark,comment,remote_id\n\
        a,approved,,remote-a\nd,rejected,\"too \"\"loud\"\", again\",remote-d\n";
    assert_eq!(answers["csv"], csv);
    assert_eq!(answers["review"], "Review: 1 approved, 1 rejected.");
    assert_eq!(answers["direction"], "rtl");
    assert_eq!(answers["rejected"], json!(["d"]));
    assert_eq!((&answers["playing"], &answers["paused"]), (&json!(true), &json!(true)));

    assert_eq!(answers["before"], json!([]), "errors before the reload");
    assert_eq!(answers["reloaded"], json!(["approved", "rejected"]));
    let address = "#search=say+a.&column.Market+%3Cb%3E=DE&sort=sheet";
    assert_eq!(answers["kept"], json!([address, "say a.", "a"]));
    assert_eq!(answers["nothing"], json!(["None of 5 jobs matches.", false, 0]));
    assert_eq!(answers["escaped"], json!([false, "about zebras"]));
    assert_eq!(answers["cleared"], json!(["#sort=sheet", true, 5, "card"]));
    assert_eq!(answers["entered"], json!(["card", "b"]));
    let all = json!(["b", "c", "a", "d", "e"]);
    let sent = json!([["a", "d"], [], ["c"], all]);
    assert_eq!(answers["sent"], sent, "shared addresses");

    let again = "return { marks: [card('a').dataset.mark, card('d').dataset.mark] };";
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
fn no_element_is_wider_than_its_card_on_a_telephone() {
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
        assert_eq!(answer["cards"], 5, "{answer}");
        assert_eq!(answer["wide"], json!([]), "wider than its card: {answer}");
        assert_eq!(answer["seen"], json!([]), "errors on the page: {answer}");
    }
}

#[test]
fn the_page_of_a_live_run_shows_its_age_and_can_be_reloaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = hostile_run(folder.path());
    let question = "return { state: byId('state').textContent,
        reload: document.querySelector('.reload button')?.textContent ?? null,
        ages: [0, 59, 60, 7300, 172800].map((age) => ago(Date.now() - age * 1000)) };";
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
    let question = "const lane = document.querySelector('.lane');
        const ticks = [...document.querySelectorAll('.ticks span')];
        return { lane: lane.ariaLabel, ticks: ticks.length, words: ticks[0].textContent !== '' };";
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
fn pictures_load_when_visible_and_two_thousand_jobs_are_fast() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = TestRun::with_jobs(1);
    run.campaign.jobs = (0..2000).map(|n| planned(&format!("a{n}"), n + 2)).collect();
    for n in 0..2000 {
        run.done(n, &format!("a{n}"));
    }
    let Some(answers) = evaluate(&run, folder.path(), include_str!("browser/many.js")) else {
        return;
    };
    assert_eq!(answers["cards"], 2000);
    assert_eq!(answers["found"], json!(["a1999"]));
    let waiting = answers["waiting"].as_u64().unwrap();
    assert!((1500..2000).contains(&waiting), "only visible pictures load: {answers}");
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
        const button = document.querySelector('#statuses button[value="outdated"]');
        const label = document.querySelector(".card .outdated");
        const doubt = getComputedStyle(document.documentElement).getPropertyValue("--doubt");
        const probe = document.createElement("span");
        probe.style.color = doubt;
        document.body.append(probe);
        const isWarning = getComputedStyle(label).color === getComputedStyle(probe).color;
        button.click();
        return { button: button.textContent, label: label.textContent, isWarning, shown: listed(), address: location.hash };
    "#;
    let Some(result) = evaluate(&run, folder.path(), script) else {
        return;
    };
    assert_eq!(result["button"], "1 outdated");
    assert!(result["label"].as_str().unwrap().contains("edited after it was paid for"));
    assert_eq!(result["isWarning"], true);
    assert_eq!(result["shown"], json!(["b"]));
    assert_eq!(result["address"], "#status=outdated");
}

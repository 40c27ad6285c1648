//! The studio in a browser.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::program::{Folder, PERSONA, wait_until};
use crate::studio::Studio;

/// Starts the studio in the sandbox and opens its page.
fn open(folder: &Folder, arguments: &[&str]) -> Option<(Browser, Studio)> {
    let mut browser = Browser::start()?;
    let studio = start(folder, arguments, &mut browser);
    Some((browser, studio))
}

fn start(folder: &Folder, arguments: &[&str], browser: &mut Browser) -> Studio {
    let studio = Studio::start_closed(folder, None, &[&["--sandbox"], arguments].concat());
    browser.open(&format!("http://{}/?token={}", studio.host, studio.token));
    browser.until("$('.topbar .version')");
    studio
}

/// Returns the names of the jobs that the sandbox has accepted, one for each payment.
fn accepted(folder: &Folder) -> Vec<String> {
    let states = folder.everything().into_iter();
    let states = states.filter(|(path, _)| path.ends_with(".sandbox/accepted.jsonl"));
    let text: Vec<u8> = states.flat_map(|(_, content)| content).collect();
    let lines = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let lines = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let names =
        lines.filter_map(|line| line["accepted"]["body"]["name"].as_str().map(str::to_owned));
    names.collect()
}

/// Returns the paths of the files whose names end like this.
fn files(folder: &Folder, ending: &str) -> Vec<PathBuf> {
    let paths = folder.everything().into_iter().map(|(path, _)| path);
    paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

const BROKEN: &str = "\
id,text,Who is on,aspect_ratio
a,Hello from the first row.,Anna,9:16
b,Hello from the second row.,Nobody,9:16
c,Hello from the third row.,Anna,9:99
d,Hello from the fourth row.,Anna,1:1
e,Hello from the fifth row.,Anna,16:9
";

#[test]
fn a_broken_sheet_becomes_approved_videos() {
    let (folder, desk) = (Folder::new(), Folder::new());
    let Some((mut browser, studio)) = open(&folder, &[]) else {
        return;
    };
    let page = &mut browser;
    desk.write("spring.csv", BROKEN);
    mend(page, &desk);
    assert_eq!(folder.read("spring.csv"), BROKEN, "the original is never written");
    let _studio = make(page, &folder, studio);
    let path = page
        .value("`/api/campaigns/${new URLSearchParams(location.hash.slice(1)).get('campaign')}`");
    let path = path.as_str().unwrap();

    review(page, &folder, path);
    share(page, &desk, path);
    page.until("$('.campaign-head .state').textContent === 'All made'");
    assert_eq!(accepted(&folder).len(), 6);
}

/// Drops the broken sheet, maps a column, and corrects a cell with the keyboard and another with the picker.
#[track_caller]
fn mend(page: &mut Browser, desk: &Folder) {
    // The sheet is dropped, and a column mapped.
    page.until("$('.drop')");
    page.drop_file(&desk.path("spring.csv"));
    page.until("$('.missing')?.textContent.includes('Which column')");
    page.choose(".missing select", "Who is on");
    page.until("!$('.missing')");

    // Each problem is at its cell: the third row of the third column, the fourth of the fourth.
    page.until(
        "$$('.cell[data-severity=problem]').map((cell) => cell.id).join() === 'cell-1-2,cell-2-3'",
    );
    let problems = page.value("$$('.problem-list .message').map((one) => one.textContent)");
    assert_eq!(problems.as_array().unwrap().len(), 2, "{problems}");
    assert!(
        problems.to_string().contains("Nobody") && problems.to_string().contains("9:99"),
        "{problems}"
    );
    assert_eq!(page.value("$$('.cell-link').map((one) => one.textContent)"), json!(["C3", "D4"]));
    page.until(
        "(location.hash = location.hash.replace('sheet', 'preview'), find('.blocked', 'Nobody'))",
    );
    page.click(".blocked .button", "Go to the sheet");

    // One is mended with the keyboard, the other with the picker.
    page.click(".cell-link", "D4");
    page.until("$('.cell.active')?.id === 'cell-2-3' && document.activeElement.matches('.cells')");
    page.press("F2");
    page.until("document.activeElement.matches('.editor')");
    page.write("1:1");
    page.press("Enter");
    page.until("$$('.cell[data-severity=problem]').map((cell) => cell.id).join() === 'cell-1-2'");
    page.press("ArrowUp");
    page.press("ArrowUp");
    page.press("ArrowLeft");
    page.until("$('.cell.active').id === 'cell-1-2'");
    page.press("Enter");
    page.until("$('dialog.picker .persona-card img')?.naturalWidth > 0");
    page.write("Marcus");
    page.until("$$('.persona-card').length === 1");
    page.click(".persona-card", "Marcus");
    page.until("!$('dialog') && $('.problems h2').textContent.includes('No problems')");
    assert_eq!(page.value("$('#cell-1-2').textContent"), "Marcus");
}

/// Makes a sample, and the rest in a studio that is killed.
#[track_caller]
fn make(page: &mut Browser, folder: &Folder, studio: Studio) -> Studio {
    // A sample: Escape pays nothing, yes makes it.
    page.click("[role=tab]", "Preview");
    page.until("$$('.plan-card').length === 5");
    let sample = "Make a sample of 3";
    page.click(".starts button", sample);
    page.until("find('dialog.question .examples li')");
    assert_eq!(page.value("$$('dialog.question .examples li').length"), 3);
    page.press("Escape");
    page.until("!$('dialog') && find('.starts button', 'Make a sample of 3')?.disabled === false");
    page.value("location.reload()");
    page.click(".starts button", sample);
    page.until("find('dialog.question')");
    assert_eq!(accepted(folder).len(), 0, "nothing is paid before the answer");
    page.click("dialog.question .primary", "Make 3 videos for");
    page.until("$('.tabs [aria-selected=true]').textContent.includes('Videos')");
    page.until("$$('.tile[data-status=done]').length === 3");
    page.until("$('.campaign-head .state').textContent === 'Partly made'");
    assert_eq!(accepted(folder).len(), 3);

    // The rest: the studio is killed while it is made, and started again.
    page.click("[role=tab]", "Preview");
    page.click(".starts button", "Make all 2");
    page.click("dialog.question .primary", "Make 2 videos");
    wait_until("the submits", || accepted(folder).len() == 5);
    drop(studio);
    page.until("find('.line.bad', 'does not answer')");
    let studio = start(folder, &[], page);
    page.click("a.campaign", "spring");
    page.click(".campaign-head .button", "Collect 2 videos");
    page.until("$$('.tile[data-status=done]').length === 5");
    page.until("$('.campaign-head .state').textContent === 'All made'");
    let mut paid = accepted(folder);
    paid.sort();
    paid.dedup();
    assert_eq!((paid.len(), accepted(folder).len()), (5, 5), "nothing is paid twice");
    studio
}

/// Rejects a video with a comment, has it made again with other words, and approves it.
#[track_caller]
fn review(page: &mut Browser, folder: &Folder, path: &str) {
    // A comment at a time code, and a rejection.
    page.click(".tile[data-job=a] .open", "");
    page.until("$('video.main').readyState > 0");
    page.until("(await $('video.main').pause(), $('video.main').currentTime = 1, await pause(100), $('video.main').currentTime === 1)");
    page.press("c");
    page.until("document.activeElement.matches('.comments textarea')");
    page.write("Too fast");
    page.click(".comments input", "");
    page.write("Maria");
    page.click(".comments .button", "Send");
    page.until("$('.comments li .code').textContent === '0:01'");
    page.until("$('.player').focus() ?? true");
    page.press("r");
    page.until(
        "$('.tile[data-job=a]').dataset.mark === 'rejected' && location.hash.includes('job=b')",
    );
    let marks = format!(
        "fetch('{path}/marks').then((it) => it.json()).then(({{ marks }}) => marks.map((it) => [it.job, it.mark, it.comment, it.seconds, it.reviewer]))"
    );
    let kept = json!([["a", "", "Too fast", 1, "Maria"], ["a", "rejected", "", null, "Maria"]]);
    page.until(&format!("(await {marks}).length === 2"));
    assert_eq!(page.value(&marks).to_string().replace("1.0", "1"), kept.to_string());

    // Other words make a new version of this video only, and keep the earlier one.
    page.press("k");
    page.click(".side .redo", "Make again with other words");
    page.click("dialog.redo textarea", "");
    page.write("Greetings from row one.");
    page.click("dialog.redo .primary", "Make again (");
    page.until("$('.player select')?.textContent.includes('Version 1')");
    page.press("Escape");
    page.until("!$('dialog')");
    page.until("$('.tile[data-job=a]').textContent.includes('Version 2') && $('.tile[data-job=a]').dataset.mark === ''");
    page.until("$('.campaign-head .state').textContent === 'All made'");
    assert_eq!(accepted(folder).len(), 6);
    assert_eq!(files(folder, "videos/a.earlier-1.mp4").len(), 1);
    assert!(page.value("$('.tile[data-job=a] .said').textContent") == "Greetings from row one.");

    // It is approved with the keyboard.
    page.until("$('.tile[data-job=a] .open').focus() ?? true");
    page.press("a");
    page.until("$('.tile[data-job=a]').dataset.mark === 'approved'");
}

/// Imports the marks of two reviewers, and exports the page for them.
#[track_caller]
fn share(page: &mut Browser, desk: &Folder, path: &str) {
    // Two reviewers' files of marks: of the first, two videos; of the other, a comment about one of them.
    let remote = |page: &mut Browser, job: &str| {
        page.until(&format!(
            "new Promise((done) => new EventSource('{path}/events').addEventListener('state', ({{ data, target }}) =>
                (target.close(), done(JSON.parse(data).jobs.find(({{ id }}) => id === '{job}').remote))))"
        ))
    };
    let (b, c) = (remote(page, "b"), remote(page, "c"));
    let (b, c) = (b.as_str().unwrap(), c.as_str().unwrap());
    let at = "2026-11-24T14:00:00Z";
    let reviewers = [
        ("ben", format!("b,rejected,Louder,{b},0.5,Ben,{at}\nc,approved,,{c},,Ben,{at}\n")),
        ("eva", format!("b,,Slower,{b},1.5,Eva,{at}\n")),
    ];
    for (name, lines) in reviewers {
        let file = format!("marks-{name}.csv");
        let head = "job_id,mark,comment,remote_id,seconds,reviewer,at\n";
        desk.write(&file, &format!("{head}{lines}"));
        page.set_file("[aria-label='File of marks']", &desk.path(&file));
        let count = lines.lines().count();
        page.until(&format!("find('.toast', '{count} mark')"));
    }
    page.until("$('.tile[data-job=b]').dataset.mark === 'rejected' && $('.tile[data-job=c]').dataset.mark === 'approved'");
    page.until("$('.tile[data-job=b] .below').textContent.startsWith('2')");
    page.click(".chip", "With comments");
    page.until("$$('.grid .tile').map((tile) => tile.dataset.job).join() === 'b'");

    // The page to send to reviewers.
    let downloads = json!({ "behavior": "allow", "downloadPath": desk.path("") });
    page.call("Browser.setDownloadBehavior", &downloads);
    page.click("a", "Export for review");
    wait_until("the export", || !files(desk, ".zip").is_empty());
    let archive = std::fs::read(&files(desk, ".zip")[0]).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("videos/")).count(), 6, "{names:?}");
    let mut report = String::new();
    archive.by_name("report.html").unwrap().read_to_string(&mut report).unwrap();
    assert!(report.contains("Greetings from row one."));
}

#[test]
fn thousands_of_rows_are_few_elements_on_each_screen() {
    let mut sheet = String::from("id,text,persona,aspect_ratio\n");
    for row in 0..5000 {
        writeln!(sheet, "job-{row},This is text number {row}.,{PERSONA},9:16").unwrap();
    }
    let folder = Folder::new();
    folder.write("many.csv", &sheet);
    let Some((mut page, _studio)) = open(&folder, &["many.csv"]) else {
        return;
    };
    let screens = [
        ("Sheet", ".sheet-row", "$('.cells')"),
        ("Preview", ".plan-card", "document.documentElement"),
        ("Videos", ".tile", "document.documentElement"),
    ];
    for (tab, item, scroller) in screens {
        page.click("[role=tab]", tab);
        page.until(&format!("find('{item}', 'This is text number 0.')"));
        let count = format!("[$$('{item}').length, $$('*').length]");
        let counts = page.value(&count);
        assert!(
            counts[0].as_u64() < Some(200) && counts[1].as_u64() < Some(2500),
            "{tab}: {counts}"
        );
        let last = format!(
            "({scroller}.scrollTop = {scroller}.scrollHeight, await pause(50),
              find('{item}', 'This is text number 4999.')?.getBoundingClientRect())"
        );
        page.until(&format!(
            "(({{ top, bottom }}) => top >= 0 && bottom <= innerHeight + 1)({last})"
        ));
        assert_eq!(page.value(&format!("find('{item}', 'text number 0.') ?? null")), Value::Null);
        let counts = page.value(&count);
        assert!(
            counts[0].as_u64() < Some(200) && counts[1].as_u64() < Some(2500),
            "{tab}: {counts}"
        );
    }
}

/// Fails the test unless everything fits a telephone and axe finds nothing, light and dark.
#[track_caller]
fn expect_accessible(page: &mut Browser, place: &str) {
    let mut found = Vec::new();
    for (width, scheme) in [(390, "dark"), (1200, "light")] {
        page.resize(width, scheme);
        page.value("pause(150)");
        if width == 390 {
            found.push(page.value("misfits()"));
        }
        found.push(page.value("audit()"));
    }
    assert_eq!(found, vec![json!([]); 3], "{place}");
}

#[test]
fn each_screen_and_dialog_fits_a_telephone_and_is_accessible() {
    let folder = Folder::new();
    let sheet = "id,text,persona,voice,aspect_ratio,market\na,Hello {{ nobody }}.,Anna,,9:16,DE\nb,Hello.,Anna,,9:16,DE\nc,TODO,Anna,,1:1,FR\nd,Hi there.,Anna,,9:99,FR\n";
    folder.write("ads.csv", sheet);
    let Some(mut page) = Browser::start() else {
        return;
    };
    page.add_script(include_str!("../axe/axe.min.js"));
    let _studio = start(&folder, &["ads.csv"], &mut page);
    let page = &mut page;
    page.until("find('.sheet-row')");
    expect_accessible(page, "a sheet with problems");
    for (cell, picker) in [("cell-0-2", "persona"), ("cell-0-3", "voice"), ("cell-3-4", "ratio")] {
        page.click(&format!("#{cell}"), "");
        page.click(".selected .button", "Choose");
        page.until(&format!("find('dialog.{picker}-picker button[aria-pressed]')"));
        expect_accessible(page, picker);
        page.press("Escape");
        page.until("!$('dialog')");
    }
    page.click("[role=tab]", "Preview");
    page.until("find('.blocked')");
    expect_accessible(page, "no preview");
    page.click(".blocked .button", "");
    for (cell, text) in [("cell-0-1", "Hello you."), ("cell-3-4", "16:9")] {
        page.click(&format!("#{cell}"), "");
        page.click(".selected textarea", "");
        page.write(text);
        page.press("Enter");
        page.until(&format!("$('#{cell}').textContent.includes('{text}')"));
    }
    page.until("$('.problems h2').textContent.includes('No problems')");
    page.click("[role=tab]", "Preview");
    page.until("find('.doubtful') && $$('.plan-card img').length > 3");
    expect_accessible(page, "preview");
    page.click(".starts button", "Make all");
    page.until("find('dialog.question')");
    expect_accessible(page, "question");
    page.click("dialog.question .primary", "Make 3 videos");
    page.until("find('.tile[data-status=rendering], .tile[data-status=done]')");
    expect_accessible(page, "a run");
    page.until("$$('.tile[data-status=done]').length === 3 && $('.campaign-head .state').textContent === 'All made'");
    page.until("$('.tile[data-job=a] .open').focus() ?? true");
    page.press("r");
    page.until("find('.video-actions .button', 'rejected video')");
    expect_accessible(page, "videos");
    page.click(".tile[data-job=a] .open", "");
    page.until("find('.player .side')");
    expect_accessible(page, "player");
    page.click(".player .redo", "");
    page.until("find('dialog.redo textarea')");
    expect_accessible(page, "other words");
    page.press("Escape");
    page.until("!$('dialog.redo')");
    page.press("Escape");
    page.until("!$('dialog')");
    for button in [".charts-button", ".keys-button"] {
        page.click(button, "");
        page.until("find('dialog')");
        expect_accessible(page, button);
        page.press("Escape");
        page.until("!$('dialog')");
    }
    page.resize(390, "light");
    page.click(".filters .button", "Filters");
    page.until("find('dialog select')");
    expect_accessible(page, "filters");
    page.press("Escape");
    page.until("!$('dialog')");
    page.click(".wordmark", "");
    page.until("find('a.campaign', 'ads')");
    expect_accessible(page, "campaigns");

    // The audits can fail.
    page.allows_errors = true;
    page.resize(390, "light");
    page.value(
        "document.body.append(
            document.createElement('img'),
            Object.assign(document.createElement('button'), { textContent: 'x' }),
            Object.assign(document.createElement('div'), { style: 'width: 2000px', textContent: 'wide' }),
        )",
    );
    assert_ne!(page.value("audit()"), json!([]));
    let misfits = page.value("misfits()").to_string();
    assert!(misfits.contains("wide: DIV") && misfits.contains("small: BUTTON"), "{misfits}");
}

/// Serves an empty page for every request, and returns its port.
fn other_server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // A browser opens connections before it needs them.
            std::thread::spawn(move || {
                // The request is read, so that the connection is not reset.
                let _ = stream.read(&mut [0; 4096]);
                let head = "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n";
                let page = "<!doctype html><title>other</title><body>";
                let _ = stream.write_all(format!("{head}{page}").as_bytes());
            });
        }
    });
    port
}

#[test]
fn a_page_of_another_origin_reads_and_starts_nothing() {
    let folder = Folder::new();
    folder.write(
        "ads.csv",
        &BROKEN.replace("Who is on", "persona").replace("Nobody", "Anna").replace("9:99", "1:1"),
    );
    let Some((mut page, studio)) = open(&folder, &["ads.csv"]) else {
        return;
    };
    let page = &mut page;
    let campaign = page.until("new URLSearchParams(location.hash.slice(1)).get('campaign')");
    let own = format!("http://{}", studio.host);
    let run = format!("{own}/api/campaigns/{}/run", campaign.as_str().unwrap());
    let port = other_server();
    page.allows_errors = true;
    // The first is the same site, to which the browser sends the cookie; the other is not.
    for host in ["127.0.0.1", "localhost"] {
        page.open(&format!("http://{host}:{port}/"));
        page.until("document.title === 'other'");
        let body = r#"JSON.stringify({ what: "all" })"#;
        let attacks = format!(
            r#"(async () => {{
              const race = (promise, what) => Promise.race([promise, pause(3000).then(() => "late: " + what)]);
              const reads = (path, options) => fetch("{own}" + path, {{ credentials: "include", ...options }}).then((it) => it.text(), () => "");
              const loads = (name, path) => new Promise((done) => {{
                const element = Object.assign(document.createElement(name), {{ onload: () => done(true), onerror: () => done(false), src: "{own}" + path }});
                document.body.append(element);
              }});
              const text = {{ mode: "no-cors", method: "POST", body: {body} }};
              const form = document.createElement("form");
              form.innerHTML = `<input name='{{"what":"all","x":"' value='"}}'>`;
              Object.assign(form, {{ action: "{run}", method: "post", enctype: "text/plain", target: "form" }});
              const frame = Object.assign(document.createElement("iframe"), {{ name: "form" }});
              document.body.append(form, frame);
              const events = new EventSource("{run}".replace("/run", "/events"), {{ withCredentials: true }});
              const answered = new Promise((done) => Object.assign(events, {{ onopen: () => done(true), onerror: () => done(false) }}));
              const sent = new Promise((done) => {{ frame.onload = () => done(true); }});
              form.submit();
              return {{
                read: await reads("/api/studio"),
                opaque: await reads("/api/studio", {{ mode: "no-cors" }}),
                text: await fetch("{run}", {{ credentials: "include", ...text }}).then((it) => it.status, () => 0),
                json: await fetch("{run}", {{ credentials: "include", method: "POST", body: {body}, headers: {{ "Content-Type": "application/json" }} }}).then((it) => it.status, () => 0),
                beacon: navigator.sendBeacon("{run}", {body}),
                answered: await race(answered, 'events'),
                image: await race(loads("img", "/assets/icon.svg"), 'image'),
                start: await race(loads("img", "{run}".replace("{own}", "")), 'start'),
                script: await race(loads("script", "/assets/page.js"), 'script'),
                form: await race(sent, 'form'),
              }};
            }})()"#
        );
        let refused = json!({
            "read": "", "opaque": "", "text": 0, "json": 0, "beacon": true, "answered": false,
            "image": false, "start": false, "script": false, "form": true,
        });
        assert_eq!(page.value(&attacks), refused, "{host}");
    }

    // A frame of the studio stays empty.
    page.open(&format!("http://127.0.0.1:{port}/"));
    page.until("document.title === 'other'");
    page.value(&format!("new Promise((done) => document.body.append(Object.assign(document.createElement('iframe'), {{ src: '{own}/', onload: done }})))"));
    let frames = page.call("Page.getFrameTree", &json!({}));
    let frame = &frames["frameTree"]["childFrames"][0]["frame"];
    assert!(frame["unreachableUrl"].as_str().is_some_and(|it| it.starts_with(&own)), "{frames}");

    // Nothing was started. The studio's own page has the session, and can start what the others could not.
    page.open(&own);
    let live = format!(
        "new Promise((done) => new EventSource('{run}'.replace('/run', '/events')).addEventListener('live', (event) => done(JSON.parse(event.data).state)))"
    );
    assert_eq!(page.value(&live), "idle");
    assert_eq!(accepted(&folder).len(), 0);
    let start = format!(
        "fetch('{run}', {{ method: 'POST', body: '{{\"what\":\"all\"}}', headers: {{ 'Content-Type': 'application/json' }} }}).then((it) => it.status)"
    );
    assert_eq!(page.value(&start), 202);
}

//! Sheets, marks and exports of the studio.

use std::io::{Cursor, Read as _};

use serde_json::{Value, json};

use crate::program::{PERSONA, Scenario};
use crate::studio::Studio;

/// Rows without ids, whose ids are made of their texts; the last one makes two videos.
fn rows() -> String {
    format!(
        "Spring,,,\ntext,persona,ratio,note\nHello one,{PERSONA},9:16,\n\"Hello, \"\"two\"\"\",{PERSONA},1:1,007\n\
         Hello three,{PERSONA},9:16 | 1:1,\n"
    )
}

fn campaign() -> (Scenario, Studio, String) {
    let scenario = Scenario::with_text(&rows());
    scenario.run_sheet(&[]).expect_code(0);
    assert_eq!(scenario.accepted(), 4);
    let studio = Studio::start(&scenario, Some(scenario.base_url()), &["sheet.csv"]);
    let campaign = studio.campaign();
    (scenario, studio, campaign)
}

#[test]
fn other_words_make_one_new_video_and_keep_the_earlier_one() {
    let (scenario, studio, campaign) = campaign();
    let sheet = studio.get(&format!("{campaign}/sheet")).expect(200).json();
    let row = |sheet: &Value, index: usize| sheet["rows"][index].clone();
    assert_eq!(
        (&sheet["kind"], &sheet["edited"], &row(&sheet, 2)["row"]),
        (&json!("table"), &json!(false), &json!(3))
    );
    let jobs: Vec<String> = (2..5)
        .flat_map(|index| row(&sheet, index)["jobs"].as_array().unwrap().clone())
        .map(|job| job.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(jobs.len(), 4);
    let video = |job: &str| {
        std::fs::read(scenario.path(&format!("sheet-output/videos/{job}.mp4"))).unwrap()
    };
    let before = video(&jobs[0]);

    // A note is not part of any video.
    let edits = json!({ "edits": [{ "row": 4, "column": 3, "value": "=\"0\"" }] });
    let edited = studio.post(&format!("{campaign}/sheet/cells"), &edits).expect(200).json();
    assert_eq!((&edited["edited"], &row(&edited, 3)["jobs"]), (&json!(true), &json!([jobs[1]])));
    let mut events = studio.events(&campaign);
    studio.post(&format!("{campaign}/run"), &json!({ "what": "all" })).expect(202);
    assert_eq!(
        (&events.end()["exit"], scenario.accepted()),
        (&json!(0), 4),
        "nothing is paid again"
    );

    let redo = |job: &str, text: &Value| {
        studio.post(&format!("{campaign}/redo"), &json!({ "job": job, "text": text }))
    };
    let refused = redo(&jobs[2], &json!("Other words")).expect(422).json();
    assert!(refused["error"].as_str().unwrap().contains("would change 1 other video"), "{refused}");
    redo("nowhere", &json!("Other words")).expect(422);
    let unknown = redo(&jobs[0], &json!("Hello {{ citty }}")).expect(422).json();
    assert!(unknown.to_string().contains("citty"), "a placeholder is never spoken: {unknown}");

    let words = "Hello again, and \"so on\"";
    redo(&jobs[0], &json!(words)).expect(202);
    let question = events.question();
    assert_eq!((&question["videos"], &question["examples"][0]["text"]), (&json!(1), &json!(words)));
    let answer = |question: &Value, yes: bool| {
        let body = json!({ "question": question["id"], "yes": yes });
        studio.post(&format!("{campaign}/answer"), &body).expect(200);
    };
    answer(&question, true);
    assert_eq!(events.end()["exit"], 0);
    assert_eq!(scenario.accepted(), 5);
    assert_eq!(scenario.read("sheet.csv"), rows(), "the original is never written");
    assert_eq!(video(&format!("{}.earlier-1", jobs[0])), before);
    assert_ne!(video(&jobs[0]), before);
    let state = studio.events(&campaign).next("state");
    let job = state["jobs"].as_array().unwrap().iter().find(|job| job["id"] == jobs[0]).unwrap();
    assert_eq!((&job["text"], &job["outdated"]), (&json!(words), &json!(false)));
    let earlier = job["versions"][0]["file"].as_str().unwrap();
    studio.get(earlier).expect(200);
    assert_eq!(state["totals"]["done"], 4);

    // The same words once more, and then rather not.
    redo(&jobs[0], &Value::Null).expect(202);
    answer(&events.question(), false);
    events.end();
    assert_eq!(scenario.accepted(), 5);
}

#[test]
fn a_text_that_is_in_two_rows_is_changed_in_one() {
    let row = format!("Hello,{PERSONA},9:16\n");
    let scenario = Scenario::with_text(&format!("text,persona,ratio\n{row}{row}"));
    scenario.run_sheet(&["--suspicious", "allow"]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
    let studio = Studio::start(&scenario, Some(scenario.base_url()), &["sheet.csv"]);
    let campaign = studio.campaign();
    let jobs = |sheet: Value| [sheet["rows"][1]["jobs"].clone(), sheet["rows"][2]["jobs"].clone()];
    let before = jobs(studio.get(&format!("{campaign}/sheet")).expect(200).json());
    let mut events = studio.events(&campaign);
    let redo = json!({ "job": before[0][0], "text": "Hello again" });
    studio.post(&format!("{campaign}/redo"), &redo).expect(202);
    let question = events.question();
    assert_eq!(question["videos"], 1);
    let no = json!({ "question": question["id"], "yes": false });
    studio.post(&format!("{campaign}/answer"), &no).expect(200);
    let ended = events.end();
    assert_eq!((&ended["message"], &ended["hints"]), (&json!(""), &json!([])), "a no is known");
    assert_eq!(scenario.accepted(), 2);
    assert_eq!(jobs(studio.get(&format!("{campaign}/sheet")).expect(200).json()), before);
}

#[test]
fn a_link_that_cannot_be_read_is_not_listed() {
    let scenario = Scenario::new(0);
    let studio = Studio::start(&scenario, Some(scenario.base_url()), &[]);
    let address = json!({ "address": "https://127.0.0.1:1/sheet.csv" });
    let listed = || studio.get("/api/studio").expect(200).json()["campaigns"].clone();
    let before = listed();
    studio.post("/api/sheets", &address).expect(422);
    assert_eq!(listed(), before);
}

#[test]
fn a_list_of_campaigns_does_not_ask_the_server_of_a_sheet() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let address = format!("http://{}/sheet.csv", server.local_addr().unwrap());
    let scenario = Scenario::new(0);
    let studio = Studio::start(&scenario, Some(scenario.base_url()), &[&address]);
    let listed = studio.get("/api/studio").expect(200).json();
    let campaigns = listed["campaigns"].as_array().unwrap();
    let opened = campaigns.iter().find(|it| it["id"] == listed["opened"]).unwrap();
    assert_eq!((&opened["unopened"], &opened["error"]), (&json!(true), &Value::Null));
    assert!(server.accept().is_err());
}

#[test]
fn changes_at_the_same_time_are_all_kept_or_refused() {
    let (scenario, studio, campaign) = campaign();
    let sheet = || studio.get(&format!("{campaign}/sheet")).expect(200).json();
    let cells = format!("{campaign}/sheet/cells");
    std::thread::scope(|scope| {
        for row in 3..6 {
            let edits =
                json!({ "edits": [{ "row": row, "column": 3, "value": format!("n{row}") }] });
            let (studio, cells) = (&studio, &cells);
            scope.spawn(move || studio.post(cells, &edits).expect(200));
        }
    });
    let edited = sheet();
    let notes = [2, 3, 4].map(|index| edited["rows"][index]["cells"][3].clone());
    assert_eq!(notes, ["n3", "n4", "n5"]);

    let mut events = studio.events(&campaign);
    let redo = format!("{campaign}/redo");
    let answers = std::thread::scope(|scope| {
        let begun = [2, 3].map(|index| {
            let job = &edited["rows"][index]["jobs"][0];
            let body = json!({ "job": job, "text": format!("Other words {index}") });
            let (studio, redo) = (&studio, &redo);
            scope.spawn(move || studio.post(redo, &body).status)
        });
        begun.map(|thread| thread.join().unwrap())
    });
    let changed = sheet();
    for (index, status) in [2, 3].into_iter().zip(answers) {
        let text = &changed["rows"][index]["cells"][0];
        let expected = match status {
            202 => json!(format!("Other words {index}")),
            409 => edited["rows"][index]["cells"][0].clone(),
            status => panic!("{status}"),
        };
        assert_eq!(*text, expected, "{status}");
    }
    assert_ne!(answers[0], answers[1]);
    let answer = json!({ "question": events.question()["id"], "yes": false });
    studio.post(&format!("{campaign}/answer"), &answer).expect(200);
    events.end();
    assert_eq!(scenario.accepted(), 4);
}

#[test]
fn marks_of_several_reviewers_are_kept_and_count_for_the_command_line() {
    let (scenario, studio, campaign) = campaign();
    let state = studio.events(&campaign).next("state");
    let job =
        |index: usize| (state["jobs"][index]["id"].clone(), state["jobs"][index]["remote"].clone());
    let marks = format!("{campaign}/marks");
    for (index, mark) in [(0, "rejected"), (1, "rejected"), (1, "approved")] {
        let (job, remote) = job(index);
        let mark = json!({ "job": job, "remote": remote, "mark": mark, "comment": "", "seconds": null, "reviewer": "Ann" });
        studio.post(&marks, &mark).expect(200);
    }
    studio.post(&marks, &json!({ "job": "a", "mark": "good" })).expect(422);
    let malformed = studio.post(&marks, &json!({ "job": 5 })).expect(422).json();
    assert!(malformed["error"].is_string() && malformed["hints"].is_array(), "{malformed}");
    let (third, _) = job(2);
    let file = format!(
        "job_id,mark,comment,remote_id,seconds,reviewer,at\n{},,louder,,3.5,Ben,2026-11-24T14:00:00Z\n",
        third.as_str().unwrap()
    );
    for imported in [1, 0] {
        let answer = studio.upload(&format!("{marks}/import"), &file).expect(200).json();
        assert_eq!(
            (&answer["imported"], answer["marks"].as_array().map(Vec::len)),
            (&json!(imported), Some(4))
        );
    }
    studio.upload(&format!("{marks}/import"), "id,text\na,Hi\n").expect(422);

    let exported = studio.download(&format!("{campaign}/export"));
    let mut archive = zip::ZipArchive::new(Cursor::new(exported)).unwrap();
    let mut names: Vec<String> =
        archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    assert_eq!(names.len(), 9, "the page, four videos and their thumbnails: {names:?}");
    assert_eq!(names[0], "report.html");
    let video = names.iter().find(|name| name.starts_with("videos/")).unwrap().clone();
    let mut content = Vec::new();
    archive.by_name(&video).unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, std::fs::read(scenario.path(&format!("sheet-output/{video}"))).unwrap());

    // Only the newest mark of a job counts.
    scenario.run_sheet(&["--redo-rejected"]).expect_code(0);
    assert_eq!(scenario.accepted(), 5);
    scenario.run_sheet(&["--redo-rejected"]).expect_code(0);
    assert_eq!(scenario.accepted(), 5);
    scenario.run(&["plan", "sheet.csv", "--only-approved"]).expect_code(0);
}

#[test]
fn a_sheet_that_is_dropped_is_kept_and_mended() {
    let scenario = Scenario::new(0);
    let studio = Studio::start(&scenario, Some(scenario.base_url()), &[]);
    let broken = format!("text,persona,ratio\nHi,{PERSONA},9:99\n");
    let add = |name: &str, text: &str| studio.upload(&format!("/api/sheets?name={name}"), text);
    let id = add("ads.csv", &broken).expect(200).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(add("ads.csv", &broken).expect(200).json()["id"], id.as_str());
    assert_ne!(add("ads.csv", "text\n").expect(200).json()["id"], id.as_str());
    assert!(scenario.exists("ads.csv") && scenario.exists("ads-2.csv"));
    add("page.html", "<html>").expect(422);
    studio.post("/api/sheets", &json!({ "address": "file:///etc/passwd" })).expect(422);
    let campaign = format!("/api/campaigns/{id}");
    studio.get(&format!("{campaign}/plan")).expect(422);
    let edits = json!({ "edits": [{ "row": 2, "column": 2, "value": "9:16" }] });
    let mended = studio.post(&format!("{campaign}/sheet/cells"), &edits).expect(200).json();
    assert_eq!(mended["problems"], json!([]));
    studio.get(&format!("{campaign}/plan")).expect(200);
    let download = studio.download(&format!("{campaign}/sheet/download"));
    assert_eq!(download, format!("\u{feff}{}", broken.replace("9:99", "9:16")).into_bytes());
    assert_eq!(scenario.read("ads.csv"), broken);
    // The command line reads the file itself, and says that there is a copy.
    let plan = scenario.run(&["plan", "ads.csv"]).expect_code(2);
    plan.expect_stderr(&["ads-output/edited-sheet.csv", "was edited in the studio"]);
}

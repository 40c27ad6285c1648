//! Whole manifests, from bytes to plans and problems.

use std::path::Path;

use jiff::civil::date;

use crate::model::{Plan, Speech};

use super::{InvalidRows, Options, Problems, load};

const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";
const BEN: &str = "18fccce8-86e7-5f31-abc8-18915cb872be";

/// Loads the first of `files`; the others can be read by it.
fn load_with(files: &[(&str, &str)], options: &Options<'_>) -> Result<Plan, Problems> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| filled(text).into_bytes())
            .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "no such file"))
    };
    load(Path::new(files[0].0), options, &read)
}

/// ANNA and BEN in place of their names in capitals.
fn filled(text: &str) -> String {
    text.replace("ANNA", ANNA).replace("BEN", BEN)
}

fn options() -> Options<'static> {
    Options {
        today: Some(date(2026, 11, 24)),
        ..Options::default()
    }
}

fn plan(files: &[(&str, &str)]) -> Plan {
    load_with(files, &options()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn csv(text: &str) -> Plan {
    plan(&[("a.csv", text)])
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.jobs.iter().map(|job| job.id.as_str()).collect()
}

/// `place message` of every problem.
fn wrong(files: &[(&str, &str)]) -> Vec<String> {
    let problems = load_with(files, &options()).expect_err("something is wrong with it");
    let problems = problems.problems().iter();
    problems
        .map(|problem| format!("{} {}", problem.place(), problem.message()))
        .collect()
}

fn notes(plan: &Plan) -> Vec<String> {
    let notes = plan.notes.iter();
    notes
        .map(|note| format!("{} {}", note.place, note.message))
        .collect()
}

#[test]
fn a_sheet_becomes_jobs_and_keeps_its_own_columns() {
    let plan = csv("\u{feff}id,Script,Avatar,Ratio,owner\r\n\
         r1,\"Hello, you\",ANNA,9:16,\" Maria\"\r\n\
         \r\n\
         r2,Bye,BEN,9x16 | 1:1,=1+1\r\n\
         ,,,,\r\n");
    assert_eq!(ids(&plan), ["r1", "r2-9x16", "r2-1x1"]);
    assert_eq!(plan.campaign, "a");
    assert_eq!(
        plan.jobs[0].request.speech,
        Speech::Text("Hello, you".to_owned())
    );
    assert_eq!(plan.jobs[1].request.persona, BEN);
    assert_eq!(plan.jobs[1].file_name, "r2-9x16.mp4");
    assert_eq!(
        (plan.jobs[1].origin.file.as_str(), plan.jobs[1].origin.line),
        ("a.csv", 4)
    );
    assert_eq!(
        plan.sheet.columns,
        ["id", "Script", "Avatar", "Ratio", "owner"]
    );
    assert_eq!(
        plan.sheet.rows[0].cells,
        ["r1", "Hello, you", ANNA, "9:16", " Maria"]
    );
    assert_eq!(plan.sheet.rows[1].cells[4], "=1+1");
    assert_eq!(plan.sheet.rows[0].jobs, [0]);
    assert_eq!(plan.sheet.rows[1].jobs, [1, 2]);
    assert_eq!(plan.notes, []);
}

#[test]
fn moving_and_inserting_rows_changes_no_id() {
    let rows = [
        "Meet the new Spring!,ANNA,9:16",
        "Meet the new Spring!,BEN,9:16 | 16:9",
        "日本語,ANNA,1:1",
    ];
    let sheet = |order: &[usize]| {
        let rows: Vec<&str> = order.iter().map(|index| rows[*index]).collect();
        csv(&format!("text,persona,aspect_ratio\n{}\n", rows.join("\n")))
    };
    let before = sheet(&[0, 1, 2]);
    let after = sheet(&[2, 0, 1]);
    let sorted = |plan: &Plan| {
        let mut ids: Vec<String> = ids(plan).iter().map(|id| (*id).to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(sorted(&before), sorted(&after));
    assert!(
        before.jobs[0]
            .id
            .as_str()
            .starts_with("meet-the-new-spring-9x16-")
    );
    assert!(before.jobs[3].id.as_str().starts_with("video-1x1-"));
    assert_eq!(sorted(&sheet(&[0])), [before.jobs[0].id.to_string()]);
}

#[test]
fn equal_rows_are_both_made_and_said() {
    let plan = csv("text,persona,ratio\nHi,ANNA,1:1\nHi,ANNA,1x1\n");
    let first = plan.jobs[0].id.to_string();
    assert_eq!(plan.jobs[1].id.as_str(), format!("{first}-2"));
    assert_eq!(
        notes(&plan),
        ["a.csv:3:1 this makes the same video as a.csv:2:1; both are made"]
    );
}

#[test]
fn every_problem_has_its_place() {
    let long = "x".repeat(8_001);
    let sheet = format!(
        "id,text,audio,persona,ratio,model,captions,caption_style,caption_offset_x,webhook,audio_seconds,skip\r\n\
         a,Hi,,ANNA,9:99,,,,,,,\r\n\
         b,,,ANNA,1:1,,,,,,,\r\n\
         c,Hi,https://x.example/a.mp3,ANNA,1:1,,,,,,,\r\n\
         d,,clips/a.mp3,ANNA,1:1,,,,,,,\r\n\
         e,\"two\r\nlines\",,Nobody,1:1,aurora_v2,maybe,neon,0.7,ftp://x,soon,\r\n\
         f,{long},,,,,,,,,,\r\n\
         a,Hi,,ANNA,1:1,,,,,,,\r\n\
         A,Hi,,ANNA,1:1,,,,,,,\r\n\
         g/h,Hi,,ANNA,1:1,,,,,,,\r\n\
         i,#REF!,,ANNA,1:1,,,,,,,perhaps\r\n\
         j,Hi,,ANNA,1:1,,,,,,,,too,many\r\n\
         k,Hi {{{{ nmae }}}},,ANNA,1:1,,,,,,,\r\n\
         broken,and not judged,,ANNA,4:3,,,,,,,yes\r\n"
    );
    let problems = wrong(&[("a.csv", &sheet)]);
    let expected = [
        "a.csv:2:44 `9:99` is no aspect ratio",
        "a.csv:3:3 neither `text` nor `audio` is given",
        "a.csv:4:6 `text` and `audio` are both given",
        "a.csv:5:4 `audio` is no http(s) URL: `clips/a.mp3`",
        "a.csv:7:9 `Nobody` is no persona that is known",
        "a.csv:7:20 `aurora_v2` is no model",
        "a.csv:7:30 `maybe` is neither yes nor no",
        "a.csv:7:36 `neon` is no caption style",
        "a.csv:7:41 `0.7` is not within -0.5 and 0.5",
        "a.csv:7:45 `webhook_url` is no http(s) URL: `ftp://x`",
        "a.csv:7:53 `soon` is no length in seconds",
        "a.csv:8:3 the text has 8001 characters, more than the API takes",
        "a.csv:8:8006 no `persona` is given",
        "a.csv:8:8007 no `aspect_ratio` is given",
        "a.csv:9:1 the id `a` is given twice; first at a.csv:2:1",
        "a.csv:10:1 the id `A` differs only in case from the one at a.csv:2:1",
        "a.csv:11:1 `g/h` cannot be an id: only letters, digits, `.`, `_` and `-` are allowed",
        "a.csv:12:3 `#REF!` is a spreadsheet's word for a broken formula",
        "a.csv:12:57 `perhaps` is neither yes nor no",
        "a.csv:13:55 this row has 14 cells, but the header has 12",
        "a.csv:14:3 there is no variable `nmae`",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn wrong_rows_can_be_left_out_on_request() {
    let sheet = "id,text,persona,ratio\na,Hi,ANNA,9:99\nb,Hi,ANNA,1:1\nb,Ho,ANNA,1:1\n";
    let options = Options {
        invalid_rows: InvalidRows::Skip,
        ..options()
    };
    let plan = load_with(&[("a.csv", sheet)], &options).unwrap();
    assert_eq!(ids(&plan), ["b"]);
    assert_eq!(plan.sheet.rows.len(), 3);
    assert_eq!(
        notes(&plan),
        [
            "a.csv:2:43 row left out: `9:99` is no aspect ratio".to_owned(),
            "a.csv:4:1 row left out: the id `b` is given twice; first at a.csv:3:1".to_owned()
        ]
    );
    // What is wrong with the whole sheet cannot be left out, nor can all of its rows.
    for sheet in [
        "id,text,persona\nb,Hi,ANNA\n",
        "text,persona,ratio\nHi,ANNA,4:3\n",
    ] {
        assert!(load_with(&[("a.csv", sheet)], &options).is_err());
    }
}

#[test]
fn a_matrix_makes_every_combination() {
    let plan = plan(&[(
        "m.yaml",
        "personas: {anna: ANNA, ben: BEN}\n\
         defaults: {model_version: aurora_v1_fast, captions: yes}\n\
         jobs:\n\
         - id: s\n  text: Hi\n  persona: [anna, ben]\n  ratio: [9x16, 1:1]\n  exclude: [{persona: Ben, ratio: 9:16}]\n\
         \x20 include: [{ratio: 16x9, persona: ben, captions: no}]\n\
         - {text: [One, Two], persona: anna, ratio: 1:1, model: standard}\n\
         - {id: t, text: [One, Two], persona: anna, ratio: 1:1}\n",
    )]);
    assert_eq!(
        ids(&plan)[..4],
        ["s-anna-9x16", "s-anna-1x1", "s-ben-1x1", "s-ben-16x9"]
    );
    assert_eq!(plan.jobs.len(), 8);
    assert!(plan.jobs[0].request.captions && !plan.jobs[3].request.captions);
}

#[test]
fn yaml_problems_are_found_all_at_once() {
    let problems = wrong(&[(
        "m.yaml",
        "campagin: x\n\
         campaign: [a]\n\
         limits: {submit_rate: 5, in-flight: 0, speed: 9, max_credits: 9}\n\
         output: {filname: x}\n\
         personas: {anna: ANNA, zed: Zed}\n\
         defaults: {txt: Hi}\n\
         jobs:\n\
         - text: Hi\n  persona: zed\n  ratio: 1:1\n\
         - {text: Hi, persona: ana, ratio: [1:1, 4:3], colour: red}\n\
         - just words\n\
         - {rows: nowhere.csv, text: Hi}\n\
         - {text: {a: 1}, persona: [], aspect_ratio: 1:1, ratio: 9:16}\n",
    )]);
    assert_eq!(
        problems,
        [
            "m.yaml:1:1 a manifest has no `campagin`",
            "m.yaml:2:11 a single value belongs here, not a list",
            "m.yaml:3:23 `5` is not a rate such as `15/min`, `2/s` or `600/h`",
            "m.yaml:3:37 `0` is no whole number from 1",
            "m.yaml:3:40 `limits` has no setting `speed`",
            "m.yaml:4:10 `output` has no setting `filname`",
            "m.yaml:5:61 `Zed` is no persona that is known",
            "m.yaml:6:12 a job has no `txt`",
            "m.yaml:11:23 `ana` is no persona that is known",
            "m.yaml:11:41 `4:3` is no aspect ratio",
            "m.yaml:11:47 a job has no `colour`",
            "m.yaml:12:3 an item of `jobs` must be keys with values, not a single value",
            "m.yaml:13:10 `nowhere.csv` cannot be read: no such file",
            "m.yaml:14:10 `text` takes single values, not keys with values",
            "m.yaml:14:27 this list is empty",
            "m.yaml:14:50 `aspect_ratio` is given twice, under two names",
        ]
    );
}

#[test]
fn a_sheet_fills_an_item() {
    let people =
        "name,persona,ratio,text\nAnna,ANNA,9:16,own\n\"Łukasz, K.\",BEN,\"1:1 | 16:9\",own\n";
    let manifest = "personas: {ben: BEN}\n\
         output: {filename: \"{{ name }}\"}\n\
         jobs:\n\
         - {rows: lists/people.csv, text: \"Hi {{ name }}, it is {{ date }}\", id: \"p-{{ name | slug }}\"}\n\
         - {text: Alone, persona: ben, ratio: square, id: x, filename: last}\n";
    let plan = plan(&[("m/m.yaml", manifest), ("m/lists/people.csv", people)]);
    assert_eq!(
        ids(&plan),
        ["p-anna", "p-lukasz-k-1x1", "p-lukasz-k-16x9", "x"]
    );
    assert_eq!(
        plan.jobs[1].request.speech,
        Speech::Text("Hi Łukasz, K., it is 2026-11-24".to_owned())
    );
    assert_eq!(plan.jobs[1].file_name, "Łukasz, K-1x1.mp4");
    assert_eq!(plan.jobs[1].origin.file, "m/lists/people.csv");
    assert_eq!(plan.jobs[1].origin.line, 3);
    assert_eq!(
        plan.sheet.columns,
        ["name", "persona", "ratio", "text", "aspect_ratio"]
    );
    assert_eq!(plan.sheet.rows[1].jobs, [1, 2]);
    assert_eq!(plan.sheet.rows[2].cells, ["", "ben", "", "Alone", "square"]);
}

/// A results file for a sheet: each row's cells with each of its jobs' ids.
fn results_of(plan: &Plan) -> String {
    let mut lines = vec![format!(
        "{},{}",
        plan.sheet.columns.join(","),
        super::RESULT_COLUMNS.join(",")
    )];
    for row in &plan.sheet.rows {
        let cells = row.cells.join(",");
        let ids = row.jobs.iter().map(|job| plan.jobs[*job].id.as_str());
        lines.extend(ids.map(|id| format!("{cells},{id},done,videos/{id}.mp4,,,,,5,,,1,,")));
    }
    lines.join("\r\n")
}

#[test]
fn results_that_come_back_are_the_same_jobs() {
    let sheet = "id,text,persona,ratio,owner\n\
         r1,Hi,ANNA,9:16 | 1:1,Maria\n\
         ,Hi,BEN,9:16 | 1:1,Maria\n\
         ,Hi,BEN,9:16 | 1:1,Maria\n\
         ,Bye,BEN,16:9,Jo\n";
    let before = csv(sheet);
    let results = results_of(&before);
    let after = csv(&results);
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(before.sheet.columns, after.sheet.columns);
    assert_eq!(before.jobs[4].request, after.jobs[4].request);
    // The text is edited: the ids stay, so that the jobs are known as paid and changed.
    let edited = csv(&results.replace(",Hi,", ",Hello,"));
    assert_eq!(ids(&before), ids(&edited));
    assert_ne!(before.jobs[0].fingerprint, edited.jobs[0].fingerprint);
    // Only some lines are kept.
    let lines: Vec<&str> = results.split("\r\n").collect();
    let kept = csv(&[lines[0], lines[2], lines[2], lines[7]].join("\n"));
    assert_eq!(ids(&kept), ["r1-1x1", ids(&before)[6]]);
    // Some lines are kept and edited: nothing tells which ratio was meant.
    let unclear = [lines[0], &lines[3].replace(",Hi,", ",Ho,")].join("\n");
    assert!(wrong(&[("results.csv", &unclear)])[0].contains("this row makes 2 jobs"));
}

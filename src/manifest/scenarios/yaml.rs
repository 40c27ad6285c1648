//! YAML manifests, alone and with sheets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Credits, FailureAllowance, InFlight, Speech};

use super::support::{ids, load_with, notes, options, plan, problems_of};
use crate::manifest::{InvalidRows, Options};

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
    assert_eq!(ids(&plan)[..4], ["s-anna-9x16", "s-anna-1x1", "s-ben-1x1", "s-ben-16x9"]);
    assert_eq!(plan.jobs.len(), 8);
    assert!(plan.jobs[0].request.captions && !plan.jobs[3].request.captions);
}

#[test]
fn keys_that_begin_with_x_hold_shared_values() {
    let plan = plan(&[(
        "m.yaml",
        "x-base: &base {persona: ANNA, aspect_ratio: 1:1}\njobs:\n- {<<: *base, id: a, text: Hi}\n",
    )]);
    assert_eq!(ids(&plan), ["a"]);
}

#[test]
fn yaml_problems_are_found_all_at_once() {
    let problems = problems_of(&[(
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
            "m.yaml:1:1 unknown key `campagin` of a manifest",
            "m.yaml:2:11 expected a single value, found a list",
            "m.yaml:3:23 `5` is not a rate such as `15/min`, `2/s` or `600/h`",
            "m.yaml:3:37 `0` is not a number of renders; it must be at least 1, or `auto`",
            "m.yaml:3:40 `limits` has no setting `speed`",
            "m.yaml:4:10 `output` has no setting `filname`",
            "m.yaml:5:61 unknown persona `Zed`",
            "m.yaml:6:12 unknown key `txt` of a job",
            "m.yaml:11:23 unknown persona `ana`",
            "m.yaml:11:41 `4:3` is not an aspect ratio",
            "m.yaml:11:47 unknown key `colour` of a job",
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
    assert_eq!(ids(&plan), ["p-anna", "p-lukasz-k-1x1", "p-lukasz-k-16x9", "x"]);
    assert_eq!(plan.jobs[1].request.speech, Speech::Text("Hi Łukasz, K., it is 2026-11-24".into()));
    assert_eq!(plan.jobs[1].file_name, "Łukasz, K-1x1.mp4");
    assert_eq!(&*plan.jobs[1].origin.file, "m/lists/people.csv");
    assert_eq!(plan.jobs[1].origin.line, 3);
    assert_eq!(plan.sheet.columns, ["name", "persona", "ratio", "text", "aspect_ratio"]);
    assert_eq!(plan.sheet.rows[1].jobs, 1..3);
    assert_eq!(plan.sheet.rows[2].cells, ["", "ben", "", "Alone", "square"].map(Arc::from));
}

#[test]
fn settings_have_the_names_of_the_flags() {
    let plan = plan(&[(
        "m.yaml",
        "campaign: \"Spring {{ date }}\"\n\
         limits:\n  submit-rate: 5/min\n  in_flight: 3\n  poll_rate: 2/s\n  downloads: 2\n  max_credits: 12.5\n\
         \x20 render_timeout: 45m\n  max_duration: 1h 30m\n  max-fail: 10%\n  settle: 20s\n  poll_interval: 4s\n\
         output: {out: videos-of-spring}\n\
         prices: {standard_block: 6, aurora_v1_fast_second: 0.75, assumed_audio_seconds: 20}\n\
         jobs:\n- {text: Hi, persona: ANNA, ratio: 1:1}\n",
    )]);
    assert_eq!(plan.campaign, "Spring 2026-11-24");
    let limits = plan.limits;
    assert_eq!(limits.submit_rate, Some("5/min".parse().unwrap()));
    assert_eq!(limits.in_flight, Some(InFlight::AtMost(3)));
    assert_eq!(limits.downloads, Some(2));
    assert_eq!(limits.poll_rate, Some("2/s".parse().unwrap()));
    assert_eq!(limits.max_credits, Some("12.5".parse().unwrap()));
    assert_eq!(limits.render_timeout, Some(Duration::from_secs(2700)));
    assert_eq!(limits.max_duration, Some(Duration::from_secs(5400)));
    assert_eq!(limits.max_fail, Some(FailureAllowance::Percent(10)));
    assert_eq!(limits.settle, Some(Duration::from_secs(20)));
    assert_eq!(limits.poll_interval, Some(Duration::from_secs(4)));
    assert_eq!(plan.output.folder, Some(PathBuf::from("videos-of-spring")));
    assert_eq!(plan.prices.standard_block, Some(Credits::whole(6)));
    assert_eq!(plan.prices.aurora_v1_fast_second, Some(Credits::from_thousandths(750)));
    assert_eq!(plan.prices.assumed_audio_seconds, Some(20.0));
}

#[test]
fn the_longest_text_can_be_set() {
    let manifest = |limit: u32| {
        format!(
            "limits: {{max_text: {limit}}}\njobs:\n- {{text: Hello, persona: ANNA, ratio: 1:1}}\n"
        )
    };
    assert_eq!(plan(&[("m.yaml", &manifest(5))]).jobs.len(), 1);
    assert_eq!(
        problems_of(&[("m.yaml", &manifest(4))]),
        ["m.yaml:3:10 the text has 5 characters, more than the API accepts"]
    );
}

#[test]
fn an_exclude_without_effect_has_a_note() {
    let item = "- {text: Hi, persona: ANNA, ratio: [1:1, 9:16], exclude: [{ratio: EXCLUDED}]}\n";
    let manifest = |excluded: &str| format!("jobs:\n{}", item.replace("EXCLUDED", excluded));
    let plan = plan(&[("m.yaml", &manifest("16:9"))]);
    assert_eq!(notes(&plan), ["m.yaml:2:91 this `exclude` matches no combination"]);
    assert_eq!(
        problems_of(&[("m.yaml", &manifest("[9x16, square]"))]),
        ["m.yaml:2:3 `exclude` removes all jobs of this item"]
    );
}

#[test]
fn excluding_and_including_have_limits() {
    let list = |count: usize| {
        let texts: Vec<String> = (0..count).map(|number| format!("Hello {number}")).collect();
        texts.join(", ")
    };
    let many = list(1001);
    let manifest = format!(
        "jobs:\n- {{text: [{many}], persona: ANNA, ratio: 1:1, exclude: [{{text: [{}]}}, {{text: [{}]}}]}}\n",
        list(500),
        list(500)
    );
    assert_eq!(
        problems_of(&[("m.yaml", &manifest)]),
        [
            "m.yaml:2:3 `exclude` has 1000 values for 1001 jobs, more than can be compared with each other"
        ]
    );
    let include = format!("{{text: [{}]}}", list(6000));
    let manifest = format!(
        "jobs:\n- {{text: Hi, persona: ANNA, ratio: 1:1, include: [{include}, {include}, {include}]}}\n"
    );
    let problems = problems_of(&[("m.yaml", &manifest)]);
    assert_eq!(problems[0], "m.yaml:2:3 this makes 12000 jobs, more than 10000");
}

#[test]
fn a_matrix_with_too_many_combinations_is_refused() {
    let numbers: Vec<String> = (0..120).map(|number| number.to_string()).collect();
    let numbers = numbers.join(", ");
    let manifest = format!(
        "jobs:\n- {{text: [{numbers}], caption_style: [{numbers}], persona: ANNA, ratio: 1:1}}\n"
    );
    assert_eq!(
        problems_of(&[("m.yaml", &manifest)]),
        ["m.yaml:2:3 this makes 14400 jobs, more than 10000"]
    );
}

#[test]
fn a_problem_of_an_item_with_many_rows_is_reported_once() {
    let people = format!("name\n{}", "x\n".repeat(30));
    let manifest = "jobs:\n- {rows: p.csv, text: \"Hi {{ nmae }}\", persona: ANNA, ratio: 4:3}\n";
    assert_eq!(
        problems_of(&[("m.yaml", manifest), ("p.csv", &people)]),
        ["m.yaml:2:23 there is no variable `nmae`", "m.yaml:2:94 `4:3` is not an aspect ratio",]
    );
}

#[test]
fn a_misspelled_column_has_a_note_if_its_field_is_missing() {
    let files = [
        ("m.yaml", "jobs:\n- {rows: p.csv, text: Hi, ratio: 1:1}\n"),
        ("p.csv", "persna,txet\nANNA,x\n"),
    ];
    let problems = load_with(&files, &options()).unwrap_err();
    assert_eq!(problems.problems()[0].message(), "`persona` is missing");
    let notes: Vec<&str> = problems.notes().iter().map(|note| note.place.as_str()).collect();
    assert_eq!(notes, ["p.csv:1:1"], "what `txet` was meant to be is given by the item");
}

#[test]
fn a_problem_of_an_item_is_fatal_even_if_invalid_rows_are_left_out() {
    let files = [
        (
            "m.yaml",
            "jobs:\n- {rows: p.csv, text: Hi, ratio: 1:1, modle: aurora_v1}\n\
             - {text: Hi, persona: ANNA, ratio: 1:1, modle: aurora_v1}\n\
             - {text: Ho, persona: ANNA, ratio: 1:1}\n",
        ),
        ("p.csv", "persona\nANNA\n"),
    ];
    let options = Options { invalid_rows: InvalidRows::Skip, ..options() };
    let problems = load_with(&files, &options).unwrap_err();
    assert_eq!(problems.problems()[0].help_text(), Some("did you mean `model_version`?"));
    let alone = files[0].1.replace(
        "{rows: p.csv, text: Hi, ratio: 1:1, modle: aurora_v1}",
        "{text: He, persona: ANNA, ratio: 1:1}",
    );
    let plan = load_with(&[("m.yaml", &alone)], &options).unwrap();
    assert_eq!(plan.jobs.len(), 2, "an item without rows can be left out");
}

#[test]
fn a_missing_date_is_a_problem() {
    let manifest = "campaign: \"x {{ date }}\"\njobs:\n- {text: Hi, persona: ANNA, ratio: 1:1}\n";
    let options = Options { today: None, ..options() };
    let problems = load_with(&[("m.yaml", manifest)], &options).unwrap_err();
    assert_eq!(problems.problems()[0].message(), "`date` is empty here");
}

/// YAML 1.1 reads `no` as false.
#[test]
fn norwegian_is_a_language_of_texts() {
    let manifest =
        "jobs:\n- {id: a, persona: ANNA, ratio: 1:1, texts: {no: Hei, id: Halo, zh_hant: 你好}}\n";
    let plan = load_with(&[("m.yaml", manifest)], &options()).unwrap();
    assert_eq!(ids(&plan), ["a-no", "a-id", "a-zh-hant"]);
}

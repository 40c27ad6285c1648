//! Problems and notes about YAML manifests.

use super::corpus::{Case, compare};
use crate::program::PERSONA;

fn case(title: &str, text: &str) -> Case {
    Case::yaml(title, text.replace("ANNA", PERSONA))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of inputs")]
fn manifests() {
    let numbers = (0..120).map(|number| number.to_string());
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    let cases = vec![
        case(
            "problems everywhere",
            "campagin: x\n\
             campaign: [a]\n\
             limits: {submit_rate: 5, in-flight: 0, speed: 9, max_credits: 9}\n\
             output: {filname: x}\n\
             personas: {anna: ANNA, zed: Zed}\n\
             voices: just words\n\
             defaults: {txt: Hi, id: x}\n\
             -jobs:\n\
             jobs:\n\
             - text: Hi\n  persona: zed\n  ratio: 1:1\n\
             - {text: Hi, persona: ana, ratio: [1:1, 4:3], colour: red}\n\
             - just words\n\
             -\n\
             - {rows: nowhere.csv, text: Hi}\n\
             - {rows: other.yaml, text: Hi}\n\
             - {sheet: One, text: Hi, persona: anna, ratio: 1:1}\n\
             - {text: {a: 1}, persona: [], aspect_ratio: 1:1, ratio: 9:16}\n\
             - {text: [Hi], persona: anna, ratio: 1:1, webhook: [a, b]}\n\
             - {text: Hi, persona: anna, ratio: 1:1, include: x, exclude: [{}]}\n\
             - {text: Hi, text: Ho, persona: anna, ratio: 1:1}\n",
        )
        .file("other.yaml", "jobs: []\n"),
        case(
            "settings",
            "campaign: \"  \"\n\
             limits: {submit_rate: fast, in_flight: none, poll_rate: 0/s, downloads: 0, max_credits: -1, max_credits_run: much, \
             confirm_above: x, allow_partial: perhaps, render_timeout: 5, max_duration: long, max_fail: 200%, settle: soon, \
             poll_interval: -1s, max_text: 0}\n\
             output: {require_approval: perhaps, filename: [a], folder: \"a\\tb\", notify: x, ping: {}}\n\
             prices: {standard_block: x, standard_block_seconds: 0, aurora_v1_second: -1, aurora_v1_fast_second: x, \
             assumed_audio_seconds: 0, tax: 1}\n\
             jobs:\n- {text: Hi, persona: ANNA, ratio: 1:1}\n",
        ),
        case(
            "a name that is too long",
            &format!(
                "campaign: {}\njobs:\n- {{text: Hi, persona: ANNA, ratio: 1:1}}\n",
                "x".repeat(300)
            ),
        ),
        case(
            "a template in the name",
            "campaign: \"{{ dat }}\"\njobs:\n- {text: Hi, persona: ANNA, ratio: 1:1}\n",
        ),
        case("an empty file", ""),
        case("a comment only", "# nothing\n"),
        case("no jobs", "campaign: spring\n"),
        case("empty jobs", "jobs: []\n"),
        case("jobs without a list", "jobs: {text: Hi}\n"),
        case("a list", "- text: Hi\n"),
        case("a word", "spring\n"),
        case(
            "excluding nothing",
            "jobs:\n- {text: Hi, persona: ANNA, ratio: [1:1, 9:16], exclude: [{ratio: 16:9}]}\n",
        ),
        case(
            "excluding everything",
            "jobs:\n- {text: Hi, persona: ANNA, ratio: [1:1, 9:16], exclude: [{ratio: [9x16, square]}]}\n",
        ),
        case(
            "too many combinations",
            &format!(
                "jobs:\n- {{text: [{numbers}], caption_style: [{numbers}], persona: ANNA, ratio: 1:1}}\n"
            ),
        ),
        case(
            "faults of an item with many rows",
            "jobs:\n- {rows: p.csv, text: \"Hi {{ nmae }}\", persona: ANNA, ratio: 4:3}\n",
        )
        .file("p.csv", "name\nx\nx\nx\n"),
        case("a slip in the sheet of an item", "jobs:\n- {rows: p.csv, text: Hi, ratio: 1:1}\n")
            .file("p.csv", "persna,txet\nANNA,x\n"),
        case(
            "wrong items are not left out",
            "jobs:\n- {rows: p.csv, text: Hi, ratio: 1:1, modle: aurora_v1}\n",
        )
        .file("p.csv", format!("persona\n{PERSONA}\n"))
        .with(&["--skip-invalid"]),
        case(
            "a text that ends at a comment",
            "jobs:\n- text: We are #1 in town\n  persona: ANNA\n  ratio: 1:1\n",
        ),
        case(
            "a longest text",
            "limits: {max_text: 4}\njobs:\n- {text: Hello, persona: ANNA, ratio: 1:1}\n",
        ),
        case(
            "short names",
            "personas: {anna: ANNA, anna: ANNA, bob: Bob}\nvoices: {v: }\njobs:\n- {text: Hi, persona: bob, voice: v, ratio: 1:1}\n",
        ),
        case(
            "nothing else is known",
            "output: {folder: out}\njobs:\n- {text: Hi, persona: , ratio: 1:1}\n",
        ),
    ];
    compare("yaml_manifests", cases);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of inputs")]
fn syntax() {
    let bomb = {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (this, last) in ('b'..'k').zip('a'..) {
            let nine = vec![format!("*{last}"); 9].join(", ");
            bomb.push_str(&[format!("{this}: &{this} ["), nine, "]\n".to_owned()].concat());
        }
        bomb
    };
    let texts = [
        "a:\n  b: 1\n\tc: 2\n",
        "a: |\n\tHi\n",
        "a: \"open\nb: 1\n",
        "a: 'open\n",
        "a: 'don't'\n",
        "a: \"say \"yes\"\"\n",
        "a: \"x\n---\nb\"\n",
        "a: \"x\ny\"\n",
        "a: \"C:\\users\"\n",
        "a: \"\\xzz\"\n",
        "a: \"half \\ud83d\"\n",
        "a: \"\\U00110000\"\n",
        "text: Note: buy\n",
        "- text: Hi\n   b: x\n",
        "a:\n  - b\n - c\n",
        "a: 1\n b: 2\n",
        "a: 1\nb\n",
        "a: 1\nb\nc: 2\n",
        "a: b\n  : c\n",
        "a: *nobody\n",
        "a: * b\n",
        "a: & b\n",
        "a: &a [*a]\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\nb: 2\n",
        "a: 1\n... b\n",
        "--- a: 1\n",
        "%oops\na: 1\n",
        "%YAML 3.0\n---\na: 1\n",
        "%YAML x\n---\na: 1\n",
        "%YAML 1.2\n%YAML 1.2\n---\na: 1\n",
        "%TAG ! x\na: 1\n",
        "a: %b\n",
        "a: {{ name }}, hi\n",
        "a: {b: {{ name }}}\n",
        "a: @anna\n",
        "a: `anna`\n",
        "a: \"x\u{7}\"\n",
        "a: x\u{7}\n",
        "a: [b\n",
        "a: {b: c\n",
        "a: [{b: c]\n",
        "a: ]\n",
        "a: }\n",
        "a: [b c: d e: f]\n",
        "a: {b: c d: e}\n",
        "a: [b: c\nd]\n",
        "a:\n  [b,\nc]\n",
        "a: [b, \"c\" d]\n",
        "a: [,]\n",
        "a: {,}\n",
        "a: - b\n",
        "a: ? b\n",
        "a: |x\n  b\n",
        "a: |0\n  b\n",
        "a: >\n    b\n  c\n",
        "a: |\n      \n  b\n",
        "a: \"x\"#c\n",
        "a: [b]#c\n",
        "a: b\u{feff}c\n\u{feff}d: e\n",
        "a: {<<: x}\n",
        "<<: [1]\n",
        ": a\n",
        "? [a]\n: b\n",
        "{a: b}: c\n",
        "a: !!float b\n",
        "a: !!binary ???\n",
        "a: !!int x\n",
        "a: !Buy now\n",
        "a: !<x\n",
        "a: !x!y z\n",
        "a: !\n",
        "a: ! b\n",
        "!!map [a]\n",
        "jobs:\n  - text: \"x\ny\"\n",
        "jobs:\n  - [a,\nb]\n",
        "jobs:\n  - {a: b,\nc: d}\n",
        "jobs:\n  - {a: b,\n}\n",
        "a: [b, : c]\n",
        "a: : b\n",
        "- : :\n",
        "a: 'x'\n  'y'\n",
        "a:\n  b: >\n c\n",
        "a: *x : b\n",
        "a: &a &b c\n",
        "a:\n- b\n  c: d\n",
        "a:\n  - b\n  c: d\n",
        "a: {b}: c\n",
        "-\ta: 1\n",
        "{\n",
        "a: \"",
        "a: !!str !!int b\n",
        "\u{1}",
        "a: b\n\u{feff}",
        "- - -\n -\n",
    ];
    let mut cases: Vec<Case> =
        texts.into_iter().map(|text| Case::yaml(&format!("{text:?}"), text)).collect();
    cases.extend([
        Case::yaml("a key of more than 1024 characters", format!("{}: b\n", "a".repeat(1_100))),
        Case::yaml("a tower of lists", "- ".repeat(5_000)),
        Case::yaml("a tower of brackets", "[".repeat(5_000)),
        Case::yaml("a bomb", bomb),
        Case::yaml(
            "anchors without end",
            (0..2_000)
                .fold("a: &a 1\n".to_owned(), |text, number| text + &format!("k{number}: *a\n")),
        ),
        Case::yaml("documents without end", "---\na: 1\n".repeat(2_000)),
    ]);
    compare("yaml_syntax", cases);
}

//! Properties of every input.

use std::collections::HashSet;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::Plan;

use crate::manifest::{InvalidRows, Options, Problems, load};

const PERSONAS: [&str; 2] =
    ["7350375b-9a98-51b8-934d-14d46a645dc2", "f4f915ce-51f4-4854-a943-3bf2407433da"];

fn quick() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        // `PROPTEST_CASES` asks for more.
        cases: ProptestConfig::default().cases.min(100).max(ProptestConfig::default().cases / 3),
        ..ProptestConfig::default()
    }
}

fn load_bytes(name: &str, bytes: &[u8]) -> Result<Plan, Problems> {
    load(Path::new(name), &Options::default(), &|_: &Path| Ok(bytes.to_vec()))
}

/// Reads a file in both modes and formats the findings.
fn read_both_ways(name: &str, bytes: &[u8]) {
    for invalid_rows in [InvalidRows::Refuse, InvalidRows::Skip] {
        let options = Options { invalid_rows, ..Options::default() };
        match load(Path::new(name), &options, &|_: &Path| Ok(bytes.to_vec())) {
            Ok(plan) => check_plan(&plan),
            Err(problems) => {
                assert!(!problems.problems().is_empty());
                let shown = problems.to_string();
                let is_harmless = |character: char| character == '\n' || !character.is_control();
                assert!(shown.chars().all(is_harmless), "{shown:?}");
            }
        }
    }
}

/// Checks the invariants of a plan.
fn check_plan(plan: &Plan) {
    let mut ids = HashSet::new();
    let mut stems = HashSet::new();
    for job in &plan.jobs {
        assert!(ids.insert(job.id.as_str().to_lowercase()), "{}", job.id);
        let (stem, extension) = job.file_name.rsplit_once('.').unwrap();
        assert_eq!(extension, job.request.extension());
        assert!(stems.insert(stem.to_lowercase()), "{stem}");
        assert!(!stem.contains(['/', '\\', '\0']) && !stem.starts_with('.'), "{stem}");
        assert!(job.file_name.len() + ".part".len() <= 255);
    }
    let mut jobs: Vec<usize> = plan.sheet.rows.iter().flat_map(|row| row.jobs.clone()).collect();
    jobs.sort_unstable();
    assert!(jobs.iter().copied().eq(0..plan.jobs.len()), "every job has one row");
    for row in &plan.sheet.rows {
        assert_eq!(row.cells.len(), plan.sheet.columns.len());
    }
}

/// Fragments of sheets and manifests, so that the tests get beyond the first line.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "text",
            "audio",
            "persona",
            "aspect_ratio",
            "id",
            "filename",
            "skip",
            "captions",
            "sep=;",
            ",",
            ",",
            ",",
            ";",
            "\t",
            "|",
            "\n",
            "\n",
            "\r\n",
            "\r",
            "\"",
            "\"\"",
            " ",
            "9:16",
            "1:1",
            "16x9",
            "{{ id }}",
            "{{ text }}",
            "{% if a %}",
            "{{ 'x' * 9 }}",
            "}}",
            "jobs:",
            "- ",
            "  ",
            ": ",
            "[",
            "]",
            "{",
            "}",
            "&a ",
            "*a",
            "<<",
            "#",
            "|\n",
            "defaults:",
            "limits:",
            "rows: a.csv",
            "include:",
            "exclude:",
            "~",
            "\u{feff}",
            "é",
            "日",
            "\0",
            "\u{1b}",
            "yes",
            "job_id",
        ])
        .prop_map(str::to_owned),
        Just(PERSONAS[0].to_owned()),
        "[ -~]{0,6}",
    ];
    vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Any cell of a sheet.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9 ,;\"'\n\t|=+@äé日-]{0,12}", Just(String::new())]
}

fn written(rows: &[Vec<String>], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #![proptest_config(quick())]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200), name in prop::sample::select(vec!["a.csv", "a.yaml", "a.xlsx"])) {
        read_both_ways(name, &bytes);
    }

    #[test]
    fn no_sheet_and_no_manifest_panics(text in pieces(), name in prop::sample::select(vec!["a.csv", "a.yaml"])) {
        read_both_ways(name, text.as_bytes());
    }

    #[test]
    fn no_rows_below_a_good_header_panic(rows in vec(pieces(), 0..4)) {
        let sheet = format!("id,text,persona,aspect_ratio,filename,mine\n{}", rows.join("\n"));
        read_both_ways("a.csv", sheet.as_bytes());
    }

    #[test]
    fn no_item_panics(text in pieces(), id in pieces(), file_name in pieces(), key in pieces()) {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let manifest = format!(
            "output: {{filename: {}}}\njobs:\n- {{id: {}, text: {}, persona: [{}, {}], ratio: [1:1, 9:16], {}: x}}\n",
            quoted(&file_name), quoted(&id), quoted(&text), PERSONAS[0], PERSONAS[1], quoted(&key),
        );
        read_both_ways("a.yaml", manifest.as_bytes());
    }

    #[test]
    fn cells_survive_and_moving_rows_changes_no_id(
        rows in vec((prop::option::of("[a-z]{1,6}"), "[a-zA-Z ]{0,20}[a-z]", 0..3_usize, 0..3_usize, cell(), cell()), 1..8),
        delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        turn in any::<prop::sample::Index>(),
    ) {
        let mut ids = HashSet::new();
        let mut seen = HashSet::new();
        let mut sheet: Vec<Vec<String>> = Vec::new();
        for (id, text, persona, ratio, first, second) in rows {
            let id = id.filter(|id| ids.insert(id.clone())).unwrap_or_default();
            let persona = [PERSONAS[0].to_owned(), PERSONAS[1].to_owned(), PERSONAS.join(" | ")][persona].clone();
            let ratio = ["9:16", "1:1 | 16:9", "16:09"][ratio].to_owned();
            // Equal rows are distinguished by their order, which is the one exception.
            if seen.insert((id.clone(), text.trim().to_owned(), persona.clone(), ratio.clone())) || !id.is_empty() {
                sheet.push(vec![id, text, persona, ratio, first, second]);
            }
        }
        let header = ["id", "text", "persona", "aspect_ratio", "Mine", "mine too"].map(str::to_owned).to_vec();
        let mut file = vec![header.clone()];
        file.extend(sheet.clone());
        let plan = load_bytes("a.csv", &written(&file, delimiter)).unwrap();
        check_plan(&plan);
        prop_assert_eq!(&plan.sheet.columns, &header);
        let of_row = |row: &crate::model::SheetRow| row.cells.iter().map(ToString::to_string).collect();
        let cells: Vec<Vec<String>> = plan.sheet.rows.iter().map(of_row).collect();
        prop_assert_eq!(&cells, &sheet);
        let turned_by = turn.index(sheet.len());
        file[1..].rotate_left(turned_by);
        let turned = load_bytes("a.csv", &written(&file, delimiter)).unwrap();
        let sorted = |plan: &Plan| {
            let mut ids: Vec<String> = plan.jobs.iter().map(|job| job.id.to_string()).collect();
            ids.sort();
            ids
        };
        let copies = |ids: &[String]| ids.iter().any(|id| id.ends_with("-2"));
        prop_assume!(!copies(&sorted(&plan)));
        prop_assert_eq!(sorted(&plan), sorted(&turned));
    }
}

//! Checks that `docs/sheet.md` lists every column, alias and word that is accepted.

use std::path::Path;

use crate::manifest::schema::document::{DOCUMENT_KEYS, ITEM_KEYS};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::other_names::{OTHER_NAMES, other_names};
use crate::manifest::schema::ratio;
use crate::manifest::schema::settings::OUTPUT;
use crate::manifest::schema::values::{NO, YES};
use crate::model::{CAPTION_STYLES, ModelVersion};
use crate::util::fs::{Access, write_atomic};

const DOCUMENT: &str = include_str!("../../../docs/sheet.md");

/// Returns the text below a heading.
fn section(heading: &str) -> &'static str {
    let (_, rest) = DOCUMENT
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no section `{heading}`"));
    rest.split("\n## ").next().unwrap_or_default()
}

/// Returns the words in backticks.
fn words(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Returns the rows of the table below a heading, without its header.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let lines = section(heading).lines();
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.skip(1).map(|row| row.split(" | ").collect()).collect()
}

/// Returns the table of columns, as Markdown.
fn table_of_columns() -> String {
    let rows = Field::ALL.map(|field| {
        let info = field.info();
        let aliases: Vec<String> = info.aliases.iter().map(|it| format!("`{it}`")).collect();
        format!("| `{}` | {} | {} |\n", info.name, aliases.join(", "), info.doc.trim())
    });
    format!("| column | also accepted as | value |\n|---|---|---|\n{}", rows.concat())
}

/// Returns the table of other names, as Markdown.
fn table_of_other_names() -> String {
    let rows = OTHER_NAMES.map(|(field, _)| {
        let names: Vec<String> = other_names(field).map(|it| format!("`{it}`")).collect();
        format!("| `{field}` | {} |\n", names.join(", "))
    });
    format!("| column | headers |\n|---|---|\n{}", rows.concat())
}

#[test]
fn every_column_and_alias_is_documented() {
    assert_eq!(words(Field::ModelVersion.info().doc), ModelVersion::ALL.map(ModelVersion::as_str));
    check_table("Columns", &table_of_columns());
    check_table("Headers in other languages", &table_of_other_names());
}

/// Checks the table below a heading. With `UPDATE_DOCS` in the environment, writes it instead.
#[expect(clippy::disallowed_methods, reason = "an option for developers")]
fn check_table(heading: &str, expected: &str) {
    let documented = section(heading).split("\n\n").find(|part| part.starts_with('|'));
    let documented = format!("{}\n", documented.unwrap().trim_end());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sheet.md");
        let updated = std::fs::read_to_string(&path).unwrap().replace(&documented, expected);
        write_atomic(&path, Access::Shared, |file| file.write_all(updated.as_bytes())).unwrap();
        return;
    }
    assert_eq!(documented, expected, "run `UPDATE_DOCS=1 cargo test reference`");
}

#[test]
fn every_word_is_documented() {
    let rows = table("Aspect ratios");
    assert_eq!(rows.len(), ratio::WORDS.len());
    for (row, (ratio, names)) in rows.iter().zip(ratio::WORDS) {
        let (width, height) = ratio.sides();
        assert_eq!(words(row[0]), [format!("{width}:{height}")]);
        assert_eq!(words(row[1]), names);
    }
    let rows = table("Yes and no");
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0][0], words(rows[0][1]).join(" ")), ("yes", YES.to_owned()));
    assert_eq!((rows[1][0], words(rows[1][1]).join(" ")), ("no", NO.to_owned()));
    assert_eq!(words(section("Caption styles")), CAPTION_STYLES);
}

#[test]
fn every_key_of_a_yaml_manifest_is_documented() {
    let rows = table("YAML");
    let keys: Vec<&str> = rows.iter().flat_map(|row| words(row[0])).collect();
    assert!(DOCUMENT_KEYS.iter().all(|key| keys.contains(key)));
    assert_eq!(keys.len(), DOCUMENT_KEYS.len());
    let named = words(section("YAML"));
    for key in ITEM_KEYS.into_iter().chain(OUTPUT.iter().map(|(key, _)| *key)) {
        assert!(named.contains(&key), "{key}");
    }
}

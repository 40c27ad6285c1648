//! Checks that `docs/sheet.md` lists every column, alias and word that is accepted.

use crate::manifest::schema::document::{DOCUMENT_KEYS, ITEM_KEYS};
use crate::manifest::schema::field::{Field, key};
use crate::manifest::schema::ratio;
use crate::manifest::schema::settings::OUTPUT_KEYS;
use crate::manifest::schema::values::{NO, YES};
use crate::model::{CAPTION_STYLES, ModelVersion};

const DOCUMENT: &str = include_str!("../../../docs/sheet.md");

/// The text below a heading.
fn section(heading: &str) -> &'static str {
    let (_, rest) = DOCUMENT
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no section `{heading}`"));
    rest.split("\n## ").next().unwrap_or_default()
}

/// The words in backticks.
fn words(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The rows of the table below a heading, without its header.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let lines = section(heading).lines();
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.skip(1).map(|row| row.split(" | ").collect()).collect()
}

#[test]
fn every_column_and_alias_is_documented() {
    let rows = table("Columns");
    assert_eq!(rows.len(), Field::ALL.len());
    for (row, field) in rows.iter().zip(Field::ALL) {
        assert_eq!(words(row[0]), [field.name()]);
        let aliases: Vec<String> = words(row[1]).into_iter().map(key).collect();
        assert_eq!(aliases, field.aliases(), "{}", field.name());
    }
    let models = rows.iter().find(|row| row[0] == "`model_version`").unwrap();
    assert_eq!(
        words(models[2]),
        ModelVersion::ALL.map(ModelVersion::as_str)
    );
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
    assert_eq!((rows[0][0], words(rows[0][1])), ("yes", YES.to_vec()));
    assert_eq!((rows[1][0], words(rows[1][1])), ("no", NO.to_vec()));
    assert_eq!(words(section("Caption styles")), CAPTION_STYLES);
}

#[test]
fn every_key_of_a_yaml_manifest_is_documented() {
    let rows = table("YAML");
    let keys: Vec<&str> = rows.iter().flat_map(|row| words(row[0])).collect();
    assert!(DOCUMENT_KEYS.iter().all(|key| keys.contains(key)));
    assert_eq!(keys.len(), DOCUMENT_KEYS.len());
    let named = words(section("YAML"));
    for key in ITEM_KEYS.iter().chain(&OUTPUT_KEYS) {
        assert!(named.contains(key), "{key}");
    }
}

//! Rows that are hidden in a workbook, by hand or by a filter.
//!
//! Hidden rows make videos like any other row, as they would after an export to CSV. A note says so before they are
//! paid for, because a user may have meant to leave them out.

use std::io::{Cursor, Read};

/// The most bytes of a part that are unpacked, as a protection against ZIP bombs.
const MAX_PART: u64 = 256 << 20;

/// Returns the numbers, from 1, of the hidden rows in the sheet at `index` of an `.xlsx` workbook. Returns none for
/// other kinds of files.
pub(crate) fn hidden_rows(bytes: &[u8], index: usize) -> Vec<u32> {
    find(bytes, index).unwrap_or_default()
}

fn find(bytes: &[u8], index: usize) -> Option<Vec<u32>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut file = archive.by_name(name).ok()?.take(MAX_PART);
        file.read_to_string(&mut text).ok()?;
        Some(text)
    };
    let workbook = part("xl/workbook.xml")?;
    let sheet = elements(&workbook, "sheet").nth(index)?;
    let relation = attribute(sheet, "r:id")?;
    let relations = part("xl/_rels/workbook.xml.rels")?;
    let target = elements(&relations, "Relationship")
        .find(|element| attribute(element, "Id") == Some(relation))
        .and_then(|element| attribute(element, "Target"))?;
    let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
    let sheet = part(&path)?;
    let hidden = elements(&sheet, "row")
        .filter(|row| matches!(attribute(row, "hidden"), Some("1" | "true")))
        .filter_map(|row| attribute(row, "r")?.parse().ok());
    Some(hidden.collect())
}

/// Returns the attributes of each element `name`, with any namespace prefix.
fn elements<'x>(xml: &'x str, name: &str) -> impl Iterator<Item = &'x str> {
    xml.split('<').skip(1).filter_map(move |rest| {
        let tag = rest.split('>').next()?;
        let (full_name, attributes) = tag.split_once(char::is_whitespace)?;
        (full_name.rsplit(':').next() == Some(name)).then_some(attributes)
    })
}

/// Returns the value of an attribute.
fn attribute<'x>(attributes: &'x str, name: &str) -> Option<&'x str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(value);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_attributes_are_found_in_any_order() {
        let xml = "<x:rows><x:row r='2' hidden=\"1\"/><row  hidden = \"true\" r=\"3\">a</row><row r=\"4\"/></x:rows>";
        let rows: Vec<_> = elements(xml, "row").map(|row| attribute(row, "r")).collect();
        assert_eq!(rows, [Some("2"), Some("3"), Some("4")]);
        let hidden = elements(xml, "row").filter(|row| attribute(row, "hidden").is_some());
        assert_eq!(hidden.count(), 2);
        assert_eq!(attribute("a=b c", "c"), None);
        assert!(hidden_rows(b"PK\x03\x04", 0).is_empty());
    }
}

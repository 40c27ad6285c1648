//! Rows that a workbook hides, by hand or by a filter: [`hidden_rows`].
//!
//! They are rows all the same, and exporting the sheet as CSV would include them; but somebody who
//! filters a sheet may believe that only what is shown is made, so it is said before it is paid for.

use std::io::{Cursor, Read};

/// How much of a part is unpacked; more is taken for an attack on memory.
const LONGEST_PART: u64 = 256 << 20;

/// The numbers, from 1, of the hidden rows in the sheet at `index` of an `.xlsx` workbook. Empty if
/// there are none, and for every other kind of file.
pub(crate) fn hidden_rows(bytes: &[u8], index: usize) -> Vec<u32> {
    find(bytes, index).unwrap_or_default()
}

fn find(bytes: &[u8], index: usize) -> Option<Vec<u32>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut file = archive.by_name(name).ok()?.take(LONGEST_PART);
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
    let path = target
        .strip_prefix('/')
        .map_or_else(|| format!("xl/{target}"), str::to_owned);
    let sheet = part(&path)?;
    let hidden = elements(&sheet, "row")
        .filter(|row| matches!(attribute(row, "hidden"), Some("1" | "true")))
        .filter_map(|row| attribute(row, "r")?.parse().ok());
    Some(hidden.collect())
}

/// The inside of every opening tag `name`, whatever its prefix.
fn elements<'x>(xml: &'x str, name: &str) -> impl Iterator<Item = &'x str> {
    xml.split('<').skip(1).filter_map(move |rest| {
        let tag = rest.split('>').next()?;
        let (full_name, attributes) = tag.split_once(char::is_whitespace)?;
        (full_name.rsplit(':').next() == Some(name)).then_some(attributes)
    })
}

/// The value of an attribute.
fn attribute<'x>(attributes: &'x str, name: &str) -> Option<&'x str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
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
    fn tags_and_attributes_are_found_whatever_their_order() {
        let xml = "<x:rows><x:row r='2' hidden=\"1\"/><row  hidden = \"true\" r=\"3\">a</row><row r=\"4\"/></x:rows>";
        let rows: Vec<_> = elements(xml, "row")
            .map(|row| attribute(row, "r"))
            .collect();
        assert_eq!(rows, [Some("2"), Some("3"), Some("4")]);
        let hidden = elements(xml, "row").filter(|row| attribute(row, "hidden").is_some());
        assert_eq!(hidden.count(), 2);
        assert_eq!(attribute("a=b c", "c"), None);
        assert!(hidden_rows(b"PK\x03\x04", 0).is_empty());
    }
}

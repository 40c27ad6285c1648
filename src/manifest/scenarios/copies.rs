//! Edited copies of sheets: what a spreadsheet shows, cell by cell.

use std::path::Path;

use crate::manifest::{CellEdit, Grid, Options, SheetContent, load, read_sheet};

use super::support::ANNA;
use super::workbook::{row, xlsx};

fn content(name: &str, bytes: &[u8]) -> SheetContent {
    let read = |_: &Path| Ok(bytes.to_vec());
    read_sheet(Path::new(name), &Options::default(), &read).unwrap()
}

fn grid(name: &str, bytes: &[u8]) -> Grid {
    match content(name, bytes) {
        SheetContent::Table(grid) => grid,
        other @ SheetContent::Text { .. } => panic!("{other:?}"),
    }
}

fn texts(grid: &Grid) -> Vec<(u32, Vec<&str>)> {
    let rows = grid.rows.iter();
    rows.map(|row| (row.line, row.cells.iter().map(|cell| &*cell.text).collect())).collect()
}

#[test]
fn a_copy_of_a_workbook_has_what_the_sheet_shows() {
    let rows = [
        row(1, "", &["Our spring", "", "", "", ""]),
        row(3, "", &["id", "text", "persona", "ratio", "price"]),
        row(
            4,
            "",
            &[
                "<c r=\"AT\"><v>7</v></c>",
                "Hello",
                ANNA,
                "<c r=\"AT\" s=\"1\"><v>0.38611111111111113</v></c>",
                "<c r=\"AT\"><f>A1</f></c>",
            ],
        ),
        row(5, "hidden=\"1\"", &["007", "for {{ price }}", "", "1:1", "<c r=\"AT\"><f>A1</f></c>"]),
        row(
            7,
            "",
            &[
                "c",
                "<c r=\"AT\"><f>A1</f></c>",
                ANNA,
                "1:1",
                "<c r=\"AT\" t=\"e\"><v>#REF!</v></c>",
            ],
        ),
    ];
    let sheet = format!(
        "<sheetData>{}</sheetData><mergeCells><mergeCell ref=\"C4:C5\"/></mergeCells>",
        rows.concat()
    );
    let book = xlsx(&[("Videos", "visible", &sheet)]);
    let mut original = grid("a.xlsx", &book);
    for (place, at) in [
        ("a.xlsx:B7", Some((7, Some(1)))),
        ("a.xlsx:Videos!D4", Some((4, Some(3)))),
        ("a.xlsx", None),
        ("b.xlsx:B7", None),
    ] {
        assert_eq!(content("a.xlsx", &book).locate(place), at, "{place}");
    }
    let copy = original.to_csv();
    let read = grid("a.csv", &copy);
    assert!(original.equals_copy(&read));
    let lines: Vec<u32> = texts(&read).iter().map(|row| row.0).collect();
    assert_eq!(lines, [1, 3, 4, 5, 7]);
    assert_eq!(texts(&read)[3].1, ["007", "for {{ price }}", ANNA, "1:1", "#N/A"]);
    let problems = |name: &str, bytes: &[u8]| {
        let read = |_: &Path| Ok(bytes.to_vec());
        let problems = load(Path::new(name), &Options::default(), &read).unwrap_err();
        let problems = problems.problems().iter();
        problems.filter_map(crate::manifest::Problem::line).collect::<Vec<u32>>()
    };
    assert_eq!(problems("a.xlsx", &book), problems("a.csv", &copy), "no text changes in silence");
    let edits = [(5, 1, "no price"), (7, 1, "Hi")];
    let edits = edits.map(|(row, column, value)| CellEdit { row, column, value: value.into() });
    original.edit(&edits).unwrap();
    let read = |_: &Path| Ok(original.to_csv());
    let plan = load(Path::new("a.csv"), &Options::default(), &read).unwrap();
    let ids: Vec<&str> = plan.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["7", "007", "c"]);
}

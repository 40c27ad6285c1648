//! Workbooks, built part by part.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::model::{AspectRatio, Plan};

use crate::manifest::marks::{ReviewVerdict, read_marks};
use crate::manifest::{Options, Problems, load};

const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

fn archive(parts: &[(&str, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns a workbook with these sheets: name, state or `chart`, and the content of `worksheet`. Style 1 is a time, style 2 a
/// date.
pub(super) fn xlsx(sheets: &[(&str, &str, &str)]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let (mut list, mut relations) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (index, (name, state, inside)) in sheets.iter().enumerate() {
        let number = index + 1;
        let kind = if *state == "chart" { "chartsheet" } else { "worksheet" };
        write!(
            list,
            "<sheet name=\"{name}\" sheetId=\"{number}\" state=\"{state}\" r:id=\"r{number}\"/>"
        )
        .unwrap();
        write!(
            relations,
            "<Relationship Id=\"r{number}\" Type=\"{relation}/{kind}\" Target=\"worksheets/s{number}.xml\"/>"
        )
        .unwrap();
        parts.push((
            format!("xl/worksheets/s{number}.xml"),
            format!("<worksheet xmlns=\"{main}\">{inside}</worksheet>"),
        ));
    }
    write!(relations, "<Relationship Id=\"rs\" Type=\"{relation}/styles\" Target=\"styles.xml\"/>")
        .unwrap();
    parts.extend([
        (
            "[Content_Types].xml".to_owned(),
            format!("<Types xmlns=\"{package}/content-types\"/>"),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r\" \
                 Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!("<workbook xmlns=\"{main}\" xmlns:r=\"{relation}\"><sheets>{list}</sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!("<Relationships xmlns=\"{package}/relationships\">{relations}</Relationships>"),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"20\"/>\
                 <xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
    ]);
    let parts: Vec<(&str, String)> =
        parts.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    archive(&parts)
}

/// Returns a `<row>` with text cells from column A. A cell that begins with `<` is inserted as XML.
pub(super) fn row(number: u32, attributes: &str, cells: &[&str]) -> String {
    let mut row = format!("<row r=\"{number}\" {attributes}>");
    for (letter, cell) in ('A'..).zip(cells) {
        if cell.starts_with('<') {
            row.push_str(&cell.replace("AT", &format!("{letter}{number}")));
        } else {
            write!(row, "<c r=\"{letter}{number}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>")
                .unwrap();
        }
    }
    row + "</row>"
}

fn jobs_sheet() -> String {
    let rows = [
        row(2, "", &["id", "text", "persona", "ratio", "owner"]),
        row(
            4,
            "",
            &[
                "<c r=\"AT\"><v>7</v></c>",
                "Hello",
                ANNA,
                "<c r=\"AT\" s=\"1\"><v>0.38611111111111113</v></c>",
            ],
        ),
        row(5, "hidden=\"1\"", &["b", "Hello", "", "1:1", "<c r=\"AT\" t=\"b\"><v>1</v></c>"]),
        row(
            6,
            "",
            &[
                "c",
                "<c r=\"AT\" t=\"str\"><f>A1</f><v>cached</v></c>",
                ANNA,
                "<c r=\"AT\" s=\"1\"><v>0.67291666666666672</v></c>",
            ],
        ),
    ];
    format!(
        "<sheetData>{}</sheetData><mergeCells><mergeCell ref=\"C4:C5\"/></mergeCells>",
        rows.concat()
    )
}

fn load_book(name: &str, bytes: &[u8], sheet: Option<&str>) -> Result<Plan, Problems> {
    let options = Options { sheet: sheet.map(str::to_owned), ..Options::default() };
    load(Path::new(name), &options, &|_: &Path| Ok(bytes.to_vec()))
}

fn problems(name: &str, bytes: &[u8], sheet: Option<&str>) -> Vec<String> {
    let problems = load_book(name, bytes, sheet).expect_err("something is wrong with it");
    let problems = problems.problems().iter();
    problems.map(|problem| format!("{} {}", problem.place(), problem.message())).collect()
}

#[test]
fn marks_of_a_workbook_are_read() {
    let rows =
        [row(1, "", &["Review"]), row(3, "", &["Job ID", "Mark"]), row(4, "", &["a", "Approved"])];
    let book = xlsx(&[("Marks", "visible", &format!("<sheetData>{}</sheetData>", rows.concat()))]);
    let marks = read_marks("marks.xlsx", book, None).unwrap();
    let marks = marks.iter().map(|mark| (mark.job.as_str(), mark.verdict));
    assert_eq!(marks.collect::<Vec<_>>(), [("a", Some(ReviewVerdict::Approved))]);
}

#[test]
fn typed_merged_hidden_and_computed_cells_are_read() {
    let book = xlsx(&[("Jobs", "visible", &jobs_sheet())]);
    let plan = load_book("book.xlsx", &book, None).unwrap_or_else(|problems| panic!("{problems}"));
    let ids: Vec<&str> = plan.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["7", "b", "c"]);
    let ratios: Vec<AspectRatio> = plan.jobs.iter().map(|job| job.request.aspect_ratio).collect();
    assert_eq!(ratios, [AspectRatio::Portrait, AspectRatio::Square, AspectRatio::Landscape]);
    assert_eq!(&*plan.jobs[1].request.persona, ANNA);
    assert_eq!(plan.jobs[2].origin.line, 6);
    assert_eq!(plan.sheet.rows[0].cells, ["7", "Hello", ANNA, "9:16", ""].map(Arc::from));
    assert_eq!(&*plan.sheet.rows[1].cells[4], "TRUE");
    let notes: Vec<&str> = plan.notes.iter().map(|note| note.place.as_str()).collect();
    assert_eq!(notes, ["book.xlsx:A5", "book.xlsx:D6"]);
    assert!(plan.notes[0].message.contains("1 row is hidden"));
}

#[test]
fn the_sheet_with_the_jobs_is_found_below_a_title() {
    let about = format!("<sheetData>{}</sheetData>", row(1, "", &["Read me", "first"]));
    let title = row(1, "", &["Spring", "campaign"]);
    let jobs = jobs_sheet().replace("<sheetData>", &format!("<sheetData>{title}"));
    let book = xlsx(&[("About", "visible", &about), ("Mai", "visible", &jobs)]);
    assert_eq!(load_book("book.xlsx", &book, None).unwrap().jobs.len(), 3);
}

#[test]
fn the_sheet_with_the_jobs_is_found_or_chosen_by_name() {
    let about = format!("<sheetData>{}</sheetData>", row(1, "", &["Read me first"]));
    let jobs = jobs_sheet();
    let book = xlsx(&[
        ("About", "visible", &about),
        ("Secret", "hidden", &jobs),
        ("Mai", "visible", &jobs),
    ]);
    let plan = load_book("book.xlsx", &book, None).unwrap();
    assert_eq!(plan.jobs.len(), 3);
    assert!(plan.notes[0].message.contains("the sheet `Mai` is read"), "{:?}", plan.notes);
    assert_eq!(load_book("book.xlsx", &book, Some("secret")).unwrap().jobs.len(), 3);
    assert_eq!(
        problems("book.xlsx", &book, Some("Juni")),
        ["book.xlsx the workbook has no sheet `Juni`"]
    );
    assert_eq!(
        problems("book.xlsx", &book, Some("About"))[0],
        "book.xlsx:About!A1 the first line has none of the columns `text`, `persona`, `aspect_ratio`"
    );
}

#[test]
fn problems_name_their_cells() {
    let rows = [
        row(1, "", &["id", "text", "persona", "ratio"]),
        row(2, "", &["a", "Hi", ANNA, "<c r=\"AT\" s=\"2\"><v>46281</v></c>"]),
        row(3, "", &["b", "<c r=\"AT\" t=\"e\"><v>#REF!</v></c>", ANNA, "1:1"]),
        row(4, "", &["d", "<c r=\"AT\"><f>B3</f></c>", ANNA, "1:1"]),
    ];
    let sheet = format!("<sheetData>{}</sheetData>", rows.concat());
    let book = xlsx(&[("Jobs", "visible", &sheet)]);
    assert_eq!(
        problems("book.xlsx", &book, None),
        [
            "book.xlsx:D2 `9/16/2026` is not an aspect ratio",
            "book.xlsx:B3 `#REF!` is the error of a formula",
            "book.xlsx:B4 the formula in this cell has no stored value",
        ]
    );
    let shown = load_book("book.xlsx", &book, None).unwrap_err().to_string();
    assert!(
        shown.contains(
            "book.xlsx:D2: `9/16/2026` is not an aspect ratio\n |\n | 9/16/2026\n | ^^^^^^^^^"
        ),
        "{shown}"
    );
    assert!(shown.contains("the spreadsheet converted it to a date"), "{shown}");
}

#[test]
fn a_broken_cell_is_a_problem_where_it_is_used() {
    let broken = "<c r=\"AT\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>";
    let zero = "<c r=\"AT\"><f>\"Hi \"&amp;A1</f><v>0</v></c>";
    let rows = [
        row(1, "", &["id", "text", "persona", "ratio", "own", "Last Name", "skip"]),
        row(2, "", &["a", "Hi {{ own }}", ANNA, "1:1", broken, "b"]),
        row(3, "", &["b", "Hi {{ last_name }}", ANNA, "1:1", broken, "<c r=\"AT\"><f>A1</f></c>"]),
        row(4, "", &["c", zero, ANNA, "1:1", "d", "e"]),
        row(5, "", &["d", "Hi {{ last_name }}", ANNA, "1:1", "d", broken, "yes"]),
        row(6, "", &["e", "Hi", ANNA, broken, "d", "e"]),
        row(7, "", &["f", "Hi", broken, "nothing", "d", "e"]),
    ];
    let sheet = format!("<sheetData>{}</sheetData>", rows.concat());
    let book = xlsx(&[("Jobs", "visible", &sheet)]);
    let error = load_book("book.xlsx", &book, None).expect_err("some cells are broken");
    let found = error.problems().iter();
    let found: Vec<String> = found.map(|it| format!("{} {}", it.place(), it.message())).collect();
    assert_eq!(
        found,
        [
            "book.xlsx:E2 `#DIV/0!` is the error of a formula",
            "book.xlsx:F3 the formula in this cell has no stored value",
            "book.xlsx:B4 the formula in this cell was never calculated; its stored value is a placeholder",
            "book.xlsx:D6 `#DIV/0!` is the error of a formula",
            "book.xlsx:C7 `#DIV/0!` is the error of a formula",
            "book.xlsx:D7 `nothing` is not an aspect ratio",
        ]
    );
    let notes: Vec<&str> = error.notes().iter().map(|note| note.place.as_str()).collect();
    assert_eq!(notes, ["book.xlsx:E3"]);
}

#[test]
fn a_chart_is_not_the_sheet_with_the_jobs() {
    let book = xlsx(&[("Chart", "chart", ""), ("Jobs", "visible", &jobs_sheet())]);
    let plan = load_book("book.xlsx", &book, None).unwrap();
    assert_eq!(plan.jobs.len(), 3);
    assert!(plan.notes[0].message.contains("the sheet `Jobs` is read"), "{:?}", plan.notes);
    assert_eq!(
        problems("book.xlsx", &book, Some("Chart")),
        ["book.xlsx the workbook has no sheet `Chart`"]
    );
}

#[test]
fn a_stray_cell_at_the_end_of_the_sheet_costs_nothing() {
    let jobs = jobs_sheet();
    let stray =
        "<row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>x</t></is></c></row>";
    let sheet = jobs.replace("</sheetData>", &format!("{stray}</sheetData>"));
    let book = xlsx(&[("Jobs", "visible", &sheet)]);
    let problems = problems("book.xlsx", &book, None);
    assert_eq!(
        problems[0],
        "book.xlsx:XFD1048576 only this cell is filled, below the last complete row; it seems to be a comment, not a video"
    );
}

#[test]
fn open_document_is_read() {
    let cell = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let rows = format!(
        "<table:table-row>{}{}{}</table:table-row><table:table-row>{}{}\
         <table:table-cell office:value-type=\"time\" office:time-value=\"PT09H16M00S\"><text:p>09:16</text:p></table:table-cell>\
         </table:table-row>",
        cell("text"),
        cell("persona"),
        cell("ratio"),
        cell("Hi"),
        cell(ANNA)
    );
    let namespaces = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    let content = format!(
        "<office:document-content {namespaces}><office:body><office:spreadsheet>\
         <table:table table:name=\"Jobs\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let book = archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>".to_owned(),
        ),
        ("content.xml", content),
    ]);
    let plan = load_book("book.ods", &book, None).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(plan.jobs[0].request.aspect_ratio, AspectRatio::Portrait);
    assert_eq!(plan.notes[0].place, "book.ods:C2");
}

#[test]
fn files_that_are_not_workbooks_are_refused() {
    for (bytes, message) in [
        (&b"<html><table>"[..], "this is a web page or XML with the name of a workbook"),
        (b"", "the file is empty"),
        (b"text,persona\n", "this is a CSV file with the name of a workbook"),
        (b"text", "this is not a workbook"),
    ] {
        assert_eq!(problems("a.xlsx", bytes, None), [format!("a.xlsx {message}")]);
    }
    for (bytes, message) in [
        (&b"PK\x03\x04junk"[..], "the workbook is damaged or incomplete"),
        (
            &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0],
            "the workbook is damaged or incomplete",
        ),
    ] {
        assert_eq!(problems("a.csv", bytes, None), [format!("a.csv {message}")]);
    }
}

#[test]
fn the_lock_file_of_a_workbook_is_refused() {
    for mark in ["~$book.xlsx", ".~lock.book.xlsx#"] {
        let found = load_book(mark, b"\x0bSomebody", None).unwrap_err().to_string();
        assert!(
            found.contains("lock file of a workbook") && found.contains("instead: `book.xlsx`"),
            "{found}"
        );
    }
    assert!(!problems("~$notes.csv", b"", None)[0].contains("workbook"));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        // `PROPTEST_CASES` asks for more.
        cases: ProptestConfig::default().cases / 4,
        ..ProptestConfig::default()
    })]

    #[test]
    fn damaged_workbooks_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut book = xlsx(&[("Jobs", "visible", &jobs_sheet())]);
        for (index, byte) in damage {
            let index = index.index(book.len());
            book[index] = byte;
        }
        let _ = load_book("book.xlsx", &book, None);
        book.truncate(cut.index(book.len()));
        let _ = load_book("book.xlsx", &book, None);
    }

    #[test]
    fn damaged_sheets_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), "[<>\"'/a-z0-9:!&;#-]{0,3}"), 1..6),
    ) {
        let mut sheet = jobs_sheet();
        for (index, text) in damage {
            let mut index = index.index(sheet.len());
            while !sheet.is_char_boundary(index) {
                index -= 1;
            }
            let end = (index + text.len()).min(sheet.len());
            sheet.replace_range(index..end, &text);
        }
        let _ = load_book("book.xlsx", &xlsx(&[("Jobs", "visible", &sheet)]), None);
    }
}

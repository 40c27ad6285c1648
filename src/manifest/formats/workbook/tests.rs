//! Files that are built part by part, and what is read from them.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns the rows of the first sheet, and the notes. A cell in trouble is `text !Trouble`.
fn rows(bytes: &[u8]) -> Result<(Vec<Vec<String>>, Vec<String>), String> {
    let mut findings = Findings::default();
    let table = read("book", bytes, None, &mut findings);
    let notes = findings.notes.iter().map(|note| format!("{} {}", note.place, note.message));
    let notes = notes.collect();
    let Some(table) = table else {
        return Err(findings.problems[0].message().to_owned());
    };
    let rows = std::iter::once(&table.header).chain(&table.rows);
    let rows = rows.map(|row| {
        let cells = row.iter().map(|cell| match &cell.trouble {
            None => cell.text.to_string(),
            Some(trouble) => {
                let name = format!("{trouble:?}");
                format!("{} !{}", cell.text, name.split('(').next().unwrap())
            }
        });
        cells.collect()
    });
    Ok((rows.collect(), notes))
}

/// Returns the only cell of a sheet.
fn cell(bytes: &[u8]) -> String {
    let (rows, _) = rows(bytes).unwrap();
    rows.first().map(|row| row.join("|")).unwrap_or_default()
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// An `.xlsx` workbook. Style 1 is a percentage, 2 dollars, 3 five digits, 4 has words around a text, 5 is not
/// understood, 6 is a date, and 7 has no code.
#[derive(Default)]
struct XlsxBook {
    workbook: String,
    strings: String,
    merged: String,
    /// The elements after the merged areas.
    rest: String,
}

impl XlsxBook {
    fn with(&self, rows: &str) -> Vec<u8> {
        let relation = |id: &str, kind: &str, target: &str| {
            format!("<Relationship Id='{id}' Type='{OFFICE}/{kind}' Target='{target}'/>")
        };
        let relations = format!(
            "<Relationships>{}{}{}</Relationships>",
            relation("r1", "worksheet", "worksheets/a.xml"),
            relation("r2", "styles", "/xl/styles.xml"),
            relation("r3", "sharedStrings", "./sharedStrings.xml"),
        );
        let root = relation("r", "officeDocument", "xl/workbook.xml");
        let styles = "<numFmts><numFmt numFmtId='170' formatCode='&quot;$&quot;#,##0.00'/>\
            <numFmt numFmtId='171' formatCode='00000'/>\
            <numFmt numFmtId='172' formatCode='0;0;0;&quot;Dear &quot;@'/>\
            <numFmt numFmtId='173' formatCode='[DBNum1]0'/>\
            <numFmt numFmtId='174' formatCode=''/></numFmts><cellStyleXfs><xf numFmtId='9'/></cellStyleXfs>\
            <cellXfs><xf numFmtId='0'/><xf numFmtId='9'/><xf numFmtId='170'/><xf numFmtId='171'/>\
            <xf numFmtId='172'/><xf numFmtId='173'/><xf numFmtId='14'/><xf numFmtId='174'/></cellXfs>\
            <dxfs><dxf><font/></dxf><dxf><numFmt numFmtId='175' formatCode='0%'/></dxf></dxfs>";
        archive(&[
            ("_rels/.rels", format!("<Relationships>{root}</Relationships>").as_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'>{}<sheets><sheet name='A' r:id='r1'/></sheets></workbook>",
                    self.workbook
                )
                .as_bytes(),
            ),
            ("xl/styles.xml", format!("<styleSheet>{styles}</styleSheet>").as_bytes()),
            ("xl/sharedStrings.xml", format!("<sst>{}</sst>", self.strings).as_bytes()),
            (
                "xl/worksheets/a.xml",
                format!(
                    "<worksheet><sheetData>{rows}</sheetData><mergeCells>{}</mergeCells>{}</worksheet>",
                    self.merged, self.rest
                )
                .as_bytes(),
            ),
        ])
    }
}

#[test]
fn cells_of_xlsx_have_the_text_that_is_shown() {
    let book = XlsxBook {
        strings:
            "<si><t>plain</t></si><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>x</t></rPh></si>"
                .to_owned(),
        ..XlsxBook::default()
    };
    for (xml, text) in [
        ("<c><v>7</v></c>", "7"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c s='1'><v>0.25</v></c>", "25%"),
        ("<c s='2'><v>1234.5</v></c>", "$1,234.50"),
        ("<c s='3'><v>3766</v></c>", "03766"),
        ("<c s='4' t='inlineStr'><is><t>Ann</t></is></c>", "Dear Ann"),
        ("<c s='5'><v>3</v></c>", "3 !UnknownFormat"),
        ("<c s='5' t='s'><v>0</v></c>", "plain"),
        ("<c s='99'><v>3</v></c>", "3 !UnknownFormat"),
        ("<c s=''><v>3</v></c>", "3"),
        ("<c s='7'><v>0.1</v></c>", "0.1"),
        ("<c s='6'><v>46096</v></c>", "3/15/2026"),
        ("<c s='6' t='d'><v>2026-03-15</v></c>", "3/15/2026"),
        ("<c t='d'><v>2026-03-15T00:00:00</v></c>", "2026-03-15"),
        ("<c t='s'><v>0</v></c>", "plain"),
        ("<c t='s'><v>1</v></c>", "two runs"),
        ("<c t='b'><v>1</v></c>", "TRUE"),
        ("<c t='str'><f>A2</f><v>a_x000D_\nb</v></c>", "a\nb"),
        ("<c t='inlineStr'><is><t>_x005F_x000D_ &amp; _xyz_</t></is></c>", "_x000D_ & _xyz_"),
        ("<c t='inlineStr'><is><t><![CDATA[a<b]]>&#x263A;</t></is></c>", "a<b☺"),
        ("<c t='e'><f>B1</f><v>#BLOCKED!</v></c>", "#BLOCKED! !ErrorValue"),
        ("<c><f>B1</f></c>", " !FormulaWithoutValue"),
        ("<c><f>B1</f><v></v></c>", " !FormulaWithoutValue"),
        ("<c t='str'><f>B1</f><v></v></c>", ""),
        ("<c><f>B1</f><v>0</v></c>", "0"),
        ("<c><f>\"Hi \"&amp;B1</f><v>0</v></c>", "0 !FormulaNeverCalculated"),
        ("<c><f>LEN(\"a\"&amp;B1)</f><v>0</v></c>", "0"),
    ] {
        let xml = format!("<row>{xml}</row>");
        let shown =
            rows(&book.with(&xml)).map_or_else(|error| error, |(rows, _)| rows[0].join("|"));
        let expected = if text.is_empty() { "the sheet is empty" } else { text };
        assert_eq!(shown, expected, "{xml}");
    }
    for xml in [
        "<c><v>x</v></c>",
        "<c t='s'><v>2</v></c>",
        "<c r='A0'/>",
        "<c t='new'><v>1</v></c>",
        "<c>",
    ] {
        let shown = rows(&book.with(&format!("<row>{xml}</row>")));
        assert_eq!(
            shown,
            Err("the workbook is damaged at this cell or after it".to_owned()),
            "{xml}"
        );
    }
}

#[test]
fn conditional_number_formats_are_noted() {
    let notes = |area: &str, format: u32| {
        let rest = format!(
            "<conditionalFormatting sqref='{area}'><cfRule type='cellIs' dxfId='{format}'/></conditionalFormatting>"
        );
        let book = XlsxBook { rest, ..XlsxBook::default() };
        rows(&book.with("<row><c><v>1</v></c></row><row><c r='B2'><v>0.5</v></c></row>")).unwrap().1
    };
    assert_eq!(
        notes("D1 B2:B9", 1),
        [
            "book:B2 from here to `B9`, a conditional format changes how numbers look; it is not applied to texts"
        ]
    );
    for (area, format) in [("B2:B9", 0), ("B2:B9", 7), ("D1", 1), ("x", 1)] {
        assert_eq!(notes(area, format), Vec::<String>::new(), "{area} {format}");
    }
}

#[test]
fn placeholders_of_a_workbook_that_was_never_calculated_are_in_trouble() {
    let book = XlsxBook {
        workbook: "<workbookPr date1904='1'/><calcPr fullCalcOnLoad='1'/>".to_owned(),
        ..XlsxBook::default()
    };
    let xml = "<row><c><f>B1</f><v>0</v></c><c t='str'><f>B1</f><v></v></c><c><f>B1</f><v>5</v></c>\
               <c><v>0</v></c><c s='6'><v>44634</v></c></row>";
    assert_eq!(
        cell(&book.with(xml)),
        "0 !FormulaNeverCalculated| !FormulaNeverCalculated|5|0|3/15/2026"
    );
}

#[test]
fn positions_may_be_left_out_and_rows_be_far_apart() {
    let text = |text: &str| format!("<c t='inlineStr'><is><t>{text}</t></is></c>");
    let far = "<c r='XFD1048576' t='inlineStr'><is><t>far</t></is></c>";
    let xml = format!(
        "<row>{}{}</row><row r='5' hidden='1'><c r='B5'/>{}</row><row hidden='true'/><row r='1048576'>{far}</row>",
        text("a"),
        text("b"),
        text("c")
    );
    let (rows, notes) = rows(&XlsxBook::default().with(&xml)).unwrap();
    assert_eq!(rows, [["a", "b", "", ""], ["", "", "c", ""], ["", "", "", "far"]]);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("book:A5 1 row is hidden"), "{notes:?}");
}

#[test]
fn merged_values_are_copied_to_the_rows_that_are_records() {
    // Each column has its letters from the first row on; `.` is a blank cell.
    for (layout, areas, expected) in [
        ("ab cd", "", "ab cd"),
        ("ab .d", "A1:A2", "ab ad"),
        ("ab ..", "A1:A2 B1:B2", "ab"),
        ("ab .. cd", "A1:A2 B1:B2", "ab cd"),
        ("ab .. cd", "A1:A2", "ab a. cd"),
        ("ab .d .. gh", "A1:A3 B2:B3", "ab ad gh"),
        ("ab .. .f", "A1:A3", "ab a. af"),
        ("ab cd", "A1:B1 A1:A2", "ab cd"),
        ("ab .d", "A1:XFD1048576", "ab ad"),
        ("a. .d", "B1:B2 A1:A1 junk", "a. .d"),
    ] {
        let mut xml = String::new();
        for (row, cells) in (1..).zip(layout.split(' ')) {
            write!(xml, "<row r='{row}'>").unwrap();
            for (column, text) in ('A'..).zip(cells.chars()).filter(|(_, text)| *text != '.') {
                write!(xml, "<c r='{column}{row}' t='str'><v>{text}</v></c>").unwrap();
            }
            xml += "</row>";
        }
        let areas: Vec<&str> = areas.split(' ').collect();
        let merged = format!("<mergeCell ref='{}'/>", areas.join("'/><mergeCell ref='"));
        let (rows, _) = rows(&XlsxBook { merged, ..XlsxBook::default() }.with(&xml)).unwrap();
        let rows = rows.iter().map(|row| {
            let cells = row.iter().map(|text| if text.is_empty() { "." } else { text });
            cells.collect::<String>()
        });
        assert_eq!(rows.collect::<Vec<_>>().join(" "), expected, "{layout} {areas:?}");
    }
}

fn ods_with(tables: &str, styles: &str, manifest: &str) -> Vec<u8> {
    let urn = "urn:oasis:names:tc:opendocument:xmlns";
    let content = format!(
        "<office:document-content xmlns:office='{urn}:office:1.0' xmlns:table='{urn}:table:1.0' \
         xmlns:text='{urn}:text:1.0' xmlns:number='{urn}:datastyle:1.0' xmlns:style='{urn}:style:1.0'><office:automatic-styles>{styles}</office:automatic-styles><office:body>\
         <office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[("META-INF/manifest.xml", manifest.as_bytes()), ("content.xml", content.as_bytes())])
}

fn ods(rows: &str) -> Vec<u8> {
    let styles = "<style:style style:name='plain'/><style:style style:name='percent' style:data-style-name='N1'/>";
    ods_with(&format!("<table:table table:name='A'>{rows}</table:table>"), styles, "<manifest/>")
}

#[test]
fn cells_of_ods_have_the_text_that_is_shown() {
    for (inside, text) in [
        ("><text:p>25%</text:p>", "25%"),
        (
            ">\n <text:p>a\n  b<text:s text:c='2'/>c<text:tab/>d<text:line-break/>e</text:p>\n",
            "a b  c\td\ne",
        ),
        (
            "><text:p> <text:span>a</text:span><text:a> b</text:a></text:p><text:p>c</text:p>",
            "a b\nc",
        ),
        ("><office:annotation><text:p>note</text:p></office:annotation><text:p>a</text:p>", "a"),
        (
            "><text:p>a<text:ruby-text>x</text:ruby-text><draw:frame><text:p>y</text:p></draw:frame></text:p>",
            "a",
        ),
        (" office:value-type='float' office:value='7.0'>", "7"),
        (" table:style-name='plain' office:value-type='float' office:value='7'>", "7"),
        (
            " table:style-name='percent' office:value-type='float' office:value='7'>",
            "7 !UnformattedNumber",
        ),
        (
            " table:style-name='other' office:value-type='float' office:value='7'>",
            "7 !UnformattedNumber",
        ),
        (" office:value-type='percentage' office:value='0.5'>", "0.5 !UnformattedNumber"),
        (" office:value-type='boolean' office:boolean-value='true'>", "TRUE"),
        (" office:value-type='string' office:string-value='x'>", "x"),
        (" office:value-type='date' office:date-value='2026-03-15T00:00:00'>", "2026-03-15"),
        (" office:value-type='time' office:time-value='PT09H16M30S'>", "09:16:30"),
        (
            " table:formula='of:=1/0' calcext:value-type='error'><text:p>#DIV/0!</text:p>",
            "#DIV/0! !ErrorValue",
        ),
        (" calcext:value-type='error'><text:p>Err:502</text:p>", "Err:502 !ErrorValue"),
        (" table:formula='of:=X()'><text:p>#NEW!</text:p>", "#NEW! !ErrorValue"),
        ("><text:p>#1 in the market</text:p>", "#1 in the market"),
        (" table:formula='of:=[.A2]'>", " !FormulaWithoutValue"),
        (" table:formula='of:=[.A2]' office:value-type='float'>", " !FormulaWithoutValue"),
        (
            " table:formula='of:=\"a\"&amp;[.A2]' office:value-type='float' office:value='0'><text:p>0</text:p>",
            "0 !FormulaNeverCalculated",
        ),
    ] {
        let row = format!(
            "<table:table-row><table:table-cell{inside}</table:table-cell></table:table-row>"
        );
        assert_eq!(cell(&ods(&row)), text, "{inside}");
    }
    let empty_result = "<table:table-row><table:table-cell table:formula='of:=[.A2]'><text:p/></table:table-cell></table:table-row>";
    assert_eq!(rows(&ods(empty_result)), Err("the sheet is empty".to_owned()));
}

/// Some writers store a text that the number format does not make. The texts are those of `LibreOffice`.
#[test]
fn the_format_of_an_ods_cell_decides_where_its_text_contradicts() {
    let number =
        |attributes: &str| format!("<number:number number:min-integer-digits='1' {attributes}/>");
    let two = number("number:decimal-places='2' number:min-decimal-places='2'");
    let euro = "<number:text> </number:text><number:currency-symbol>€</number:currency-symbol>";
    let styles = [
        format!("<number:number-style style:name='G'>{}</number:number-style>", number("")),
        format!(
            "<number:number-style style:name='N1'>{}</number:number-style>",
            number("number:decimal-places='2' number:grouping='true'")
        ),
        format!(
            "<number:percentage-style style:name='N2'>{}<number:text>%</number:text></number:percentage-style>",
            number("number:decimal-places='0'")
        ),
        format!("<number:currency-style style:name='N3P0'>{two}{euro}</number:currency-style>"),
        format!(
            "<number:currency-style style:name='N3' number:language='de' number:country='DE'><number:text>-</number:text>\
             {two}{euro}<style:map style:condition='value()&gt;=0' style:apply-style-name='N3P0'/></number:currency-style>"
        ),
        "<number:date-style style:name='N4'><number:day number:style='long'/><number:text>. </number:text>\
         <number:month number:textual='true' number:style='long'/></number:date-style>"
            .to_owned(),
        "<number:number-style style:name='N5'><number:number number:decimal-places='0' number:min-integer-digits='5'/>\
         </number:number-style>"
            .to_owned(),
        "<number:time-style style:name='N6'><number:hours/><number:text>:</number:text><number:minutes number:style='long'/>\
         <number:text> </number:text><number:am-pm/></number:time-style>"
            .to_owned(),
        "<number:number-style style:name='N7'><number:fraction/></number:number-style>".to_owned(),
        "<style:style style:name='child' style:parent-style-name='c2'/>".to_owned(),
        "<style:style style:name='general' style:data-style-name='G'/>".to_owned(),
    ]
    .concat();
    let styles = (1..=7).fold(styles, |styles, index| {
        styles + &format!("<style:style style:name='c{index}' style:data-style-name='N{index}'/>")
    });
    let float = |value: &str| format!("office:value-type='float' office:value='{value}'");
    let date = "office:value-type='date' office:date-value='2026-03-05'";
    let time = "office:value-type='time' office:time-value='PT14H30M00S'";
    assert_shown(
        &styles,
        [
            ("c1", float("1234.5"), "", "1,234.50"),
            ("c1", float("1234.5"), "1234.5", "1,234.50"),
            ("c1", float("1234.5"), "1.234,50", "1.234,50"),
            ("c2", float("0.25"), "0.25", "25%"),
            ("c2", float("0.25"), "25 %", "25 %"),
            ("child", float("0.25"), "", "25%"),
            ("c3", float("19.9"), "19.9", "19,90 €"),
            ("c3", float("-19.9"), "", "-19,90 €"),
            ("c3", float("19.9"), "19,90 €", "19,90 €"),
            ("c4", date.to_owned(), "2026-03-05", "05. March"),
            ("c4", date.to_owned(), "05. März", "05. März"),
            ("c5", float("3766"), "3766", "03766"),
            ("c6", time.to_owned(), "14:30", "2:30 PM"),
            ("c6", time.to_owned(), "", "2:30 PM"),
            ("c7", float("0.5"), "1/2", "1/2"),
            ("c7", float("0.5"), "0.7", "0.5 !UnformattedNumber"),
            ("general", float("0.5"), "0,5", "0,5"),
            ("general", float("0.5"), "0.7", "0.5"),
            ("general", float("0.333333333333333"), "0.333333333333333", "0.333333333333333"),
            ("Default", float("5"), "7", "5"),
        ],
    );
}

/// Checks the texts of cells: for each its style, value, stored text and shown text.
fn assert_shown<const N: usize>(styles: &str, cells: [(&str, String, &str, &str); N]) {
    for (style, value, stored, shown) in cells {
        let text =
            if stored.is_empty() { String::new() } else { format!("<text:p>{stored}</text:p>") };
        let cells = format!(
            "<table:table-cell table:style-name='{style}' {value}>{text}</table:table-cell>"
        );
        let rows = format!("<table:table-row>{cells}</table:table-row>");
        let table = format!("<table:table table:name='A'>{rows}</table:table>");
        assert_eq!(
            cell(&ods_with(&table, styles, "<manifest/>")),
            shown,
            "{style} {value} {stored}"
        );
    }
}

#[test]
fn formats_of_ods_show_what_libre_office_shows() {
    let number =
        |attributes: &str| format!("<number:number number:min-integer-digits='1' {attributes}/>");
    let two = number("number:decimal-places='2' number:min-decimal-places='2'");
    let styles = [
        "<number:time-style style:name='N7'><number:hours/><number:text>:</number:text><number:minutes number:style='long'/>\
         <number:text> </number:text><number:am-pm/></number:time-style>"
            .to_owned(),
        format!(
            "<number:currency-style style:name='N8'><number:currency-symbol/>{two}</number:currency-style>"
        ),
        "<number:time-style style:name='N9' number:truncate-on-overflow='false'><number:seconds number:style='long'/>\
         <number:text> seconds</number:text></number:time-style>"
            .to_owned(),
        "<number:time-style style:name='N10' number:truncate-on-overflow='false'><number:minutes number:style='long'/>\
         <number:text>:</number:text><number:seconds number:style='long'/></number:time-style>"
            .to_owned(),
        "<number:number-style style:name='N11'><number:number number:decimal-places='0' number:min-integer-digits='1'>\
         <number:embedded-text number:position='1'>.</number:embedded-text></number:number></number:number-style>"
            .to_owned(),
        "<number:number-style style:name='N12P0'><number:number number:decimal-places='0' number:min-integer-digits='0'>\
         <number:embedded-text number:position='4'>-</number:embedded-text></number:number></number:number-style>\
         <number:number-style style:name='N12'><number:text>(</number:text><number:number number:decimal-places='0'>\
         <number:embedded-text number:position='7'>) </number:embedded-text><number:embedded-text number:position='4'>-\
         </number:embedded-text></number:number><style:map style:condition='value()&lt;=9999999' \
         style:apply-style-name='N12P0'/></number:number-style>"
            .to_owned(),
        "<number:number-style style:name='N13'><number:number number:decimal-places='0'/><number:text>%</number:text>\
         </number:number-style><number:text-style style:name='N14'><number:text>Hi </number:text><number:text-content/>\
         </number:text-style>"
            .to_owned(),
        format!(
            "<number:number-style style:name='N15P0'><number:fill-character>x</number:fill-character>{two}</number:number-style>\
             <number:number-style style:name='N15P1'><number:text>(</number:text>{two}<number:text>)</number:text>\
             </number:number-style><number:number-style style:name='N15P2'><number:text>-</number:text></number:number-style>\
             <number:text-style style:name='N15'><number:text-content/>{}{}{}</number:text-style>",
            "<style:map style:condition='value()&gt;0' style:apply-style-name='N15P0'/>",
            "<style:map style:condition='value()&lt;0' style:apply-style-name='N15P1'/>",
            "<style:map style:condition='value()=0' style:apply-style-name='N15P2'/>",
        ),
        "<number:date-style style:name='N16'><number:day/><number:text> </number:text><number:month \
         number:textual='true' number:style='long'/><number:text> </number:text><number:year number:style='long'/>\
         <number:text> </number:text><number:hours/></number:date-style>"
            .to_owned(),
    ]
    .concat();
    let styles = (7..=16).fold(styles, |styles, index| {
        styles + &format!("<style:style style:name='c{index}' style:data-style-name='N{index}'/>")
    });
    let float = |value: &str| format!("office:value-type='float' office:value='{value}'");
    let duration = |value: &str| format!("office:value-type='time' office:time-value='{value}'");
    let day = |value: &str| format!("office:value-type='date' office:date-value='{value}'");
    let text = |value: &str| format!("office:value-type='string' {value}");
    assert_shown(
        &styles,
        [
            // The symbol is not in the file, only in the text.
            ("c8", float("1234.5"), "R$ 1.234,50", "R$ 1.234,50"),
            ("c8", float("1234.5"), "", "1234.5 !UnformattedNumber"),
            ("c8", float("7"), "$5.00", "7 !UnformattedNumber"),
            ("c9", duration("PT00H01M30S"), "", "90 seconds"),
            ("c9", duration("-PT00H01M30S"), "-90 seconds", "-90 seconds"),
            ("c10", duration("PT14H30M00S"), "30:00", "870:00"),
            ("c11", float("12"), "", "1.2"),
            ("c12", float("5"), "", "-5"),
            ("c12", float("2125551234"), "", "(212) 555-1234"),
            ("c13", float("5"), "", "5%"),
            ("c14", text(""), "Anna", "Hi Anna"),
            ("c14", text("office:string-value='Anna'"), "", "Hi Anna"),
            ("c14", text("office:string-value='Anna'"), "Hi Anna", "Hi Anna"),
            ("c15", float("1234.5"), "", "1234.50"),
            ("c15", float("0"), "", "-"),
            ("c15", text(""), "none yet", "none yet"),
            ("c16", day("1899-12-31T12:00:00"), "", "31 December 1899 12"),
            ("c16", day("1899-12-30T18:00:00"), "", "30 December 1899 18"),
            ("c16", day("1812-03-05T23:59:59"), "", "5 March 1812 23"),
            ("c16", day("1900-02-28"), "", "28 February 1900 0"),
            ("c16", day("1570-03-05"), "23 February 1570 0", "23 February 1570 0"),
            ("c7", duration("PT1106327H59M59.699999113S"), "", "11:59 PM"),
            ("c7", duration("-PT01H30M00S"), "", "10:30 PM"),
        ],
    );
}

#[test]
fn repeated_covered_and_hidden_cells_of_ods_are_read() {
    let text = |attributes: &str, text: &str| {
        format!("<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |attributes: &str, cells: &[String]| {
        format!("<table:table-row {attributes}>{}</table:table-row>", cells.concat())
    };
    let blank = "<table:table-cell table:number-columns-repeated='16000'/>".to_owned();
    let covered =
        "<table:covered-table-cell><text:p>z</text:p></table:covered-table-cell>".to_owned();
    let twice = text("table:number-columns-repeated='2'", "a");
    let columns = "<table:table-column table:number-columns-repeated='16384' table:default-cell-style-name='percent'/>";
    let tall = "table:number-rows-spanned='2'";
    let value = "<table:table-cell office:value-type='float' office:value='5'/>".to_owned();
    let content = [
        columns.to_owned(),
        row("", &[text("", "1"), text("", "2"), text("", "3")]),
        format!(
            "<table:table-row-group>{}</table:table-row-group>",
            row("table:number-rows-repeated='2'", &[twice])
        ),
        row("table:visibility='filter'", &[text(tall, "b"), text(tall, "c"), blank.clone()]),
        row("", &[covered.clone(), covered.clone(), text("", "d")]),
        row("table:visibility='collapse'", &[text(tall, "e"), value]),
        row("", &[covered]),
        format!(
            "<table:table-row-group table:display='false'><table:table-row-group>{}</table:table-row-group>{}</table:table-row-group>",
            row("", &[text("", "f")]),
            row("", &[text("", "g")]),
        ),
        row("", &[text("", "h")]),
        row("table:visibility='collapse' table:number-rows-repeated='1048000'", &[blank]),
    ];
    let (rows, notes) = rows(&ods(&content.concat())).unwrap();
    let expected = [
        ["1", "2", "3"],
        ["a", "a", ""],
        ["a", "a", ""],
        ["b", "c", ""],
        ["b", "c", "d"],
        ["e", "5 !UnformattedNumber", ""],
        ["e", "", ""],
        ["f", "", ""],
        ["g", "", ""],
        ["h", "", ""],
    ];
    assert_eq!(rows, expected);
    assert!(notes[0].starts_with("book:A4 4 rows are hidden"), "{notes:?}");
}

#[test]
fn the_sheet_with_all_required_columns_is_read() {
    let table = |name: &str, header: &[&str]| {
        let cells: String = header
            .iter()
            .map(|text| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>"))
            .collect::<Vec<_>>()
            .concat();
        format!(
            "<table:table table:name='{name}'><table:table-row>{cells}</table:table-row></table:table>"
        )
    };
    let read_sheet = |tables: [String; 3]| {
        let (rows, _) = rows(&ods_with(&tables.concat(), "", "<manifest/>")).unwrap();
        rows[0].join(" ")
    };
    let (notes, lists) = (table("Notes", &["How to"]), table("Lists", &["persona", "ratio"]));
    for header in [["id", "text", "persona", "ratio"], ["audio", "Sprecher", "x", "format"]] {
        let tables = [notes.clone(), lists.clone(), table("Videos", &header)];
        assert_eq!(read_sheet(tables), header.join(" "));
    }
    assert_eq!(read_sheet([notes, lists, table("Other", &["text", "x"])]), "persona ratio");
}

#[test]
fn a_csv_file_with_the_name_of_a_workbook_is_called_that() {
    let message = "this is a CSV file with the name of a workbook";
    assert_eq!(rows("id,text\na,Größe\n".as_bytes()), Err(message.to_owned()));
    assert_eq!(rows(b"hello"), Err("this is not a workbook".to_owned()));
}

#[test]
fn sheets_of_ods_are_told_from_other_tables() {
    let table = |style: &str, name: &str, text: &str| {
        format!(
            "<table:table table:style-name='{style}' table:name='{name}'><table:table-row><table:table-cell>\
             <text:p>{text}</text:p></table:table-cell></table:table-row></table:table>"
        )
    };
    let styles = "<style:style style:name='hidden'><style:table-properties table:display='false'/></style:style>";
    let link = format!(
        "<table:dde-links><table:dde-link>{}</table:dde-link></table:dde-links>",
        table("", "", "x")
    );
    let tables =
        [link, table("hidden", "A", "a"), table("", "B", "b"), table("", "C", "c")].concat();
    let read_rows = rows;
    let (rows, notes) = rows(&ods_with(&tables, styles, "<manifest/>")).unwrap();
    assert_eq!(rows, [["b"]]);
    assert!(notes[0].contains("the workbook has `A`, `B` and `C`"), "{notes:?}");
    let encrypted = "<manifest><file-entry><encryption-data/></file-entry></manifest>";
    assert_eq!(
        read_rows(&ods_with("", "", encrypted)),
        Err("the workbook is protected by a password".to_owned())
    );
}

/// Returns a record of an `.xls` stream.
fn record(kind: u16, data: &[&[u8]]) -> Vec<u8> {
    let data = data.concat();
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), &data].concat()
}

/// Returns a compound file with one stream.
fn compound_file(name: &str, stream: &[u8]) -> Vec<u8> {
    let count = stream.len().div_ceil(512).max(8);
    let numbers =
        |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|it| it.to_le_bytes()).collect() };
    let mut header = vec![0; 76];
    header[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    header[30] = 9;
    // The directory is sector 1; there is neither a mini stream nor a second allocation table.
    header[44..76].copy_from_slice(&numbers(&[1, 1, 0, 0, u32::MAX - 1, 0, u32::MAX - 1, 0]));
    let mut tables = vec![u32::MAX; 109];
    tables[0] = 0;
    header.extend(numbers(&tables));
    // Sector 0 is the allocation table, and the stream begins in sector 2.
    let mut next = vec![u32::MAX - 2, u32::MAX - 1];
    next.extend((3..).take(count - 1));
    next.push(u32::MAX - 1);
    next.resize(128, u32::MAX);
    let entry = |name: &str, child: u32, start: u32, size: usize| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.resize(128, 0);
        entry[64] = u8::try_from(2 * name.len() + 2).unwrap();
        entry[68..80].copy_from_slice(&numbers(&[u32::MAX, u32::MAX, child]));
        entry[116..124].copy_from_slice(&numbers(&[start, u32::try_from(size).unwrap()]));
        entry
    };
    let mut directory = entry("Root Entry", 1, u32::MAX - 1, 0);
    directory.extend(entry(name, u32::MAX, 2, count * 512));
    directory.resize(512, 0);
    let mut file = [header, numbers(&next), directory, stream.to_vec()].concat();
    file.resize(512 * (3 + count), 0);
    file
}

/// Returns an `.xls` workbook with a chart and a sheet.
fn xls(sheet: &[Vec<u8>]) -> Vec<u8> {
    let begin = |kind: u8| record(0x809, &[&[0, 6, kind, 0], &[0; 12]]);
    let sheet_entry = |offset: usize, kind: u8, name: &str| {
        let length = u8::try_from(name.len()).unwrap();
        record(
            0x85,
            &[
                &u32::try_from(offset).unwrap().to_le_bytes(),
                &[0, kind, length, 0],
                name.as_bytes(),
            ],
        )
    };
    let format = |id: u16, code: &str| {
        let length = u16::try_from(code.len()).unwrap();
        record(0x41E, &[&id.to_le_bytes(), &length.to_le_bytes(), &[0], code.as_bytes()])
    };
    let style = |format: u16| record(0xE0, &[&[0, 0], &format.to_le_bytes(), &[0; 16]]);
    // The second string continues in another record, with wide characters, and has a formatted run.
    let strings = [
        record(
            0xFC,
            &[&[2, 0, 0, 0, 255, 255, 255, 255], &[3, 0, 0], b"one", &[5, 0, 8, 1, 0], b"tw"],
        ),
        record(0x3C, &[&[1, b'o', 0, 0x3A, 0x26, b'!', 0], &[0; 4]]),
    ];
    let globals = |offset: usize| {
        [
            begin(5),
            format(200, "0.00 \"kg\""),
            style(0),
            style(9),
            style(200),
            style(14),
            sheet_entry(0, 2, "Chart"),
            sheet_entry(offset, 0, "Data"),
            strings.concat(),
            record(0x0A, &[]),
        ]
        .concat()
    };
    let offset = globals(0).len();
    compound_file(
        "Workbook",
        &[globals(offset), begin(0x10), sheet.concat(), record(0x0A, &[])].concat(),
    )
}

#[test]
fn cells_of_xls_have_the_text_that_is_shown() {
    let at = |row: u8, column: u8, style: u8| [row, 0, column, 0, style, 0];
    let number = |row, column, style, value: f64| {
        record(0x203, &[&at(row, column, style), &value.to_le_bytes()])
    };
    let formula =
        |row, column, result: [u8; 8]| record(6, &[&at(row, column, 0), &result, &[0; 6]]);
    let uncalculated = |row, column, result: [u8; 8]| {
        record(6, &[&at(row, column, 0), &result, &[3, 0, 0, 0, 0, 0]])
    };
    let special = |kind, value| [kind, 0, value, 0, 0, 0, 0xFF, 0xFF];
    let sheet = [
        // Row 2 is hidden.
        record(0x208, &[&[1, 0], &[0; 10], &[0x20, 0, 0, 0]]),
        record(0xFD, &[&at(0, 0, 0), &[0, 0, 0, 0]]),
        record(0xFD, &[&at(0, 1, 0), &[1, 0, 0, 0]]),
        number(0, 2, 1, 0.25),
        number(0, 3, 2, 1.005),
        number(0, 4, 3, 46096.0),
        number(0, 5, 9, 1.0),
        // Two numbers in four bytes each: 7 and 0.07.
        record(0xBD, &[&[1, 0, 0, 0], &[0, 0, 30, 0, 0, 0], &[1, 0, 31, 0, 0, 0], &[1, 0]]),
        record(0x205, &[&at(1, 2, 0), &[1, 0]]),
        record(0x205, &[&at(1, 3, 0), &[0x2A, 1]]),
        formula(1, 4, special(0, 0)),
        record(0x207, &[&[2, 0, 0], b"Hi"]),
        formula(1, 5, special(2, 0x17)),
        formula(2, 0, 2.5_f64.to_le_bytes()),
        formula(2, 1, special(1, 0)),
        formula(2, 2, special(3, 0)),
        uncalculated(2, 5, special(3, 0)),
        record(0x204, &[&at(2, 3, 0), &[2, 0, 0], b"ok"]),
        // A chart in the sheet has cells of its own.
        record(0x809, &[&[0, 6, 0x20, 0], &[0; 12]]),
        number(7, 7, 0, 7.0),
        record(0x0A, &[]),
        number(3, 0, 0, 8.0),
        record(0xE5, &[&[1, 0], &[2, 0, 3, 0, 3, 0, 3, 0]]),
    ];
    let (rows, notes) = rows(&xls(&sheet)).unwrap();
    let expected = [
        ["one", "two☺!", "25%", "1.01 kg", "3/15/2026", "1 !UnknownFormat"],
        ["7", "7%", "TRUE", "#N/A !ErrorValue", "Hi", "#REF! !ErrorValue"],
        ["2.5", "FALSE", "", "ok", "", " !FormulaWithoutValue"],
        ["8", "", "", "ok", "", ""],
    ];
    assert_eq!(rows, expected);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[1].starts_with("book:Data!A2 1 row is hidden"), "{notes:?}");
}

/// `xlwt` stores an empty text as the result of each formula.
#[test]
fn formulas_of_an_xls_file_that_was_never_calculated_have_no_value() {
    let at = |column: u8| [0, 0, column, 0, 0, 0];
    let text = record(0x204, &[&at(0), &[2, 0, 0], b"ok"]);
    let empty = record(6, &[&at(1), &[3, 0, 0, 0, 0, 0, 0xFF, 0xFF], &[0; 6]]);
    let number = record(6, &[&at(2), &1.5_f64.to_le_bytes(), &[0; 6]]);
    assert_eq!(cell(&xls(&[text.clone(), empty.clone()])), "ok| !FormulaWithoutValue");
    assert_eq!(cell(&xls(&[text, empty, number])), "ok|1.5");
}

#[test]
fn encrypted_and_looping_compound_files_are_refused() {
    let password = Err("the workbook is protected by a password".to_owned());
    let damaged = Err("the workbook is damaged or incomplete".to_owned());
    assert_eq!(rows(&compound_file("EncryptedPackage", &[])), password);
    let locked = [record(0x809, &[&[0, 6, 5, 0], &[0; 12]]), record(0x2F, &[&[0; 6]])].concat();
    assert_eq!(rows(&compound_file("Workbook", &locked)), password);
    assert_eq!(
        rows(&compound_file("WordDocument", &[])),
        Err("this is an old office file, not a workbook".to_owned())
    );
    // A sector that follows itself: of the stream, of the directory; a list of tables that follows itself.
    let mut stream = xls(&[]);
    stream[512 + 8..512 + 12].copy_from_slice(&2_u32.to_le_bytes());
    assert_eq!(rows(&stream), damaged);
    let mut directory = xls(&[]);
    directory[512 + 4..512 + 8].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(rows(&directory), damaged);
    let mut tables = xls(&[]);
    tables[68..72].copy_from_slice(&2_u32.to_le_bytes());
    tables[512 * 4 - 4..512 * 4].copy_from_slice(&2_u32.to_le_bytes());
    assert_eq!(rows(&tables), damaged);
    // An entry of the directory that is beside itself.
    let mut entries = compound_file("Other", &[]);
    entries[1024 + 128 + 68..1024 + 128 + 72].copy_from_slice(&1_u32.to_le_bytes());
    assert!(rows(&entries).is_err());
}

#[test]
fn cells_of_xlsb_have_the_text_that_is_shown() {
    let record = |kind: u16, data: &[&[u8]]| {
        let data = data.concat();
        let [low, high] = (kind << 1).to_le_bytes();
        let kind = if kind < 128 { vec![low >> 1] } else { vec![low >> 1 | 0x80, high] };
        [kind, vec![u8::try_from(data.len()).unwrap()], data].concat()
    };
    let text = |text: &str| -> Vec<u8> {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&u32::try_from(units.len() / 2).unwrap().to_le_bytes()[..], &units].concat()
    };
    let row = |row: u8, flags: u8| record(0, &[&[row, 0, 0, 0], &[0; 7], &[flags, 0, 0, 0, 0, 0]]);
    let at = |column: u8, style: u8| [column, 0, 0, 0, style, 0, 0, 0];
    let sheet = [
        row(0, 0),
        record(7, &[&at(0, 0), &[1, 0, 0, 0]]),
        record(6, &[&at(1, 0), &text("b")]),
        record(5, &[&at(2, 1), &0.25_f64.to_le_bytes()]),
        record(2, &[&at(3, 2), &30_u32.to_le_bytes()]),
        row(2, 0x10),
        record(3, &[&at(0, 0), &[0x1D]]),
        record(4, &[&at(1, 0), &[1]]),
        record(8, &[&at(2, 0), &text("sum"), &[0; 4]]),
        record(62, &[&at(3, 0), &[0], &text("rich"), &[0; 4]]),
        record(176, &[&[2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0]]),
        row(3, 0),
        record(9, &[&at(0, 0), &2.5_f64.to_le_bytes()]),
    ];
    let style = |format: u8| record(47, &[&[0, 0, format, 0], &[0; 12]]);
    let styles = [
        record(44, &[&[200, 0], &text("000")]),
        style(14),
        record(617, &[]),
        style(0),
        style(9),
        style(200),
        record(618, &[]),
    ];
    let strings = [
        record(159, &[&[255; 8]]),
        record(19, &[&[0], &text("x")]),
        record(19, &[&[0], &text("a")]),
    ];
    let book = archive(&[
        ("_rels/.rels", format!("<a><Relationship Id='r' Type='{OFFICE}/officeDocument' Target='xl/workbook.bin'/></a>").as_bytes()),
        (
            "xl/_rels/workbook.bin.rels",
            format!(
                "<a><Relationship Id='s' Type='{OFFICE}/worksheet' Target='s.bin'/>\
                 <Relationship Id='t' Type='{OFFICE}/styles' Target='t.bin'/>\
                 <Relationship Id='u' Type='{OFFICE}/sharedStrings' Target='u.bin'/></a>"
            )
            .as_bytes(),
        ),
        ("xl/workbook.bin", &record(156, &[&[0; 8], &text("s"), &text("Data")])),
        ("xl/s.bin", &sheet.concat()),
        ("xl/t.bin", &styles.concat()),
        ("xl/u.bin", &strings.concat()),
    ]);
    let (rows, notes) = rows(&book).unwrap();
    let expected = [
        ["a", "b", "25%", "007"],
        ["#NAME? !ErrorValue", "TRUE", "sum", "rich"],
        ["2.5", "", "", "rich"],
    ];
    assert_eq!(rows, expected);
    assert!(notes[0].starts_with("book:A3 1 row is hidden"), "{notes:?}");
}

#[test]
fn files_that_grow_are_refused() {
    let book = XlsxBook::default();
    let text =
        |cell: &str, text: &str| format!("<c r='{cell}' t='inlineStr'><is><t>{text}</t></is></c>");
    let strings = |strings: String| XlsxBook { strings, ..XlsxBook::default() }.with("");
    let merged = |merged: String, rows: &str| XlsxBook { merged, ..XlsxBook::default() }.with(rows);
    let corners = format!("<row>{}</row><row>{}</row>", text("A1", "a"), text("XFD1048576", "b"));
    let spaces = |count: &str| {
        ods(&format!(
            "<table:table-row><table:table-cell><text:p>a<text:s text:c='{count}'/></text:p></table:table-cell></table:table-row>"
        ))
    };
    let repeated = |rows: &str, columns: &str| {
        ods(&format!(
            "<table:table-row table:number-rows-repeated='{rows}'><table:table-cell table:number-columns-repeated='{columns}'>\
             <text:p>a</text:p></table:table-cell></table:table-row>"
        ))
    };
    let mut diagonal = String::new();
    for index in 0..2_000 {
        write!(diagonal, "<row>{}<c t='str'><v>a</v></c></row>", "<c/>".repeat(index)).unwrap();
    }
    let wide = format!("<row>{}</row>", "<c t='str'><v>a</v></c>".repeat(2_001));
    for (name, bytes, expected) in [
        ("wide sheet", book.with(&wide), "the sheet has 1 rows and 2001 columns"),
        ("merged sheet", merged("<mergeCell ref='A1:XFD1048576'/>".to_owned(), &corners), "2 rows"),
        (
            "merged columns",
            merged("<mergeCell ref='A1:A1048575'/>".repeat(9), &corners),
            "the merged area",
        ),
        (
            "long string",
            book.with(&format!("<row>{}</row>", text("A1", &"a".repeat(2 << 20)))),
            "the unpacked file",
        ),
        (
            "long shared string",
            strings(format!("<si><t>{}</t></si>", "a".repeat(2 << 20))),
            "the unpacked file",
        ),
        (
            "long string of parts",
            strings(format!("<si>{}</si>", "<t>aaaaaaaaaaaaaaaa</t>".repeat(1 << 17))),
            "a cell",
        ),
        ("diagonal", book.with(&diagonal), "the sheet has 2000 rows and 2000 columns"),
        ("spaces", spaces("2000000000"), "a cell"),
        ("more spaces", spaces("20000000000000000000000"), "the workbook is damaged"),
        ("repeated rows", repeated("1048576", "16384"), "the sheet"),
        ("repeated cells", repeated("4294967295", "4294967295"), "the sheet"),
        ("deep", book.with(&"<a>".repeat(1_000)), "the sheet `A` is damaged"),
        (
            "entities",
            book.with("<!DOCTYPE a [<!ENTITY a 'aa'>]><row><c t='str'><v>&a;</v></c></row>"),
            "the workbook is damaged at this cell",
        ),
    ] {
        let error =
            rows(&bytes).map_or_else(|error| error, |(rows, _)| format!("{} rows", rows.len()));
        assert!(error.starts_with(expected), "{name}: {error}");
    }
    let lying = "<sst count='4294967295' uniqueCount='4294967295'/>";
    assert_eq!(
        cell(
            &XlsxBook { strings: format!("{lying}<si><t>a</t></si>"), ..XlsxBook::default() }
                .with("<row><c t='s'><v>0</v></c></row>")
        ),
        "a"
    );
    let parts: Vec<String> = (0..20_001).map(|index| index.to_string()).collect();
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(rows(&archive(&parts)), Err("the file is larger than can be read".to_owned()));
}

#[test]
fn damage_is_reported_at_its_cell() {
    let place = |bytes: &[u8]| {
        let mut findings = Findings::default();
        assert!(read("book", bytes, None, &mut findings).is_none());
        let problem = &findings.problems[0];
        format!("{} {}", problem.place(), problem.message())
    };
    let book = XlsxBook::default();
    let cells = "<row r='2'><c r='A2'><v>1</v></c><c r='C2'><v>x</v></c></row>";
    assert_eq!(
        place(&book.with(cells)),
        "book:C2 the workbook is damaged at this cell or after it"
    );
    let cells = "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>\
        <table:table-cell office:value-type='float' office:value='x'/></table:table-row>";
    assert_eq!(place(&ods(cells)), "book:B1 the workbook is damaged at this cell or after it");
    assert_eq!(place(b""), "book the file is empty");
    let empty = archive(&[]);
    assert_eq!(place(&empty), "book this is a ZIP archive without files, not a workbook");
}

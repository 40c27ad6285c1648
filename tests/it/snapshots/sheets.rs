//! Problems and notes about CSV files and workbooks.

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};

use super::corpus::{Case, compare};
use crate::program::PERSONA;

/// A sheet in which `ANNA` stands for a persona's id.
fn rows(text: &str) -> String {
    text.replace("ANNA", PERSONA)
}

fn case(title: &str, text: &str) -> Case {
    Case::sheet(title, rows(text))
}

#[test]
fn cells() {
    let long = "x".repeat(8_001);
    let cases = vec![
        case(
            "wrong cells",
            "id,text,audio,persona,ratio,model,captions,caption_style,caption_offset_x,webhook,audio_seconds,skip\n\
             a,Hi,,ANNA,9:99,,,,,,,\n\
             b,,,ANNA,1:1,,,,,,,\n\
             c,Hi,https://x.example/a.mp3,ANNA,1:1,,,,,,,\n\
             d,,clips/a.mp3,ANNA,1:1,,,,,,,\n\
             e,\"two\nlines\",,Nobody,1:1,aurora_v2,maybe,neon,0.7,ftp://x,soon,\n\
             f,Hi,,,,,,,,,,\n\
             a,Hi,,ANNA,1:1,,,,,,,\n\
             A,Hi,,ANNA,1:1,,,,,,,\n\
             g/h,Hi,,ANNA,1:1,,,,,,,\n\
             /,Hi,,ANNA,1:1,,,,,,,\n\
             i,#REF!,,ANNA,1:1,,,,,,,perhaps\n\
             j,Hi,,ANNA,1:1,,,,,,,,too,many\n\
             k,Hi,,ANNA,1:1,auroa_v1,,neeo,,,,\n\
             two words,Hi,,ANNA,1:1,,,,,,,\n",
        ),
        case("a text that is too long", &format!("text,persona,ratio\n{long},ANNA,1:1\n")),
        case("a control character", "text,persona,ratio\nHi \u{1b}[31mred,ANNA,1:1\n"),
        case(
            "ratios",
            "text,persona,ratio\nHi,ANNA,16-Sep\nHi,ANNA,\"9:16, 1:1\"\nHi,ANNA,4:3\nHi,ANNA,2026-09-16\n",
        ),
        case(
            "addresses",
            "audio,persona,ratio,background_image,webhook_url\n\
             a.mp3,ANNA,1:1,b.png,c\n\
             https://x.example/a b.mp3,ANNA,1:1,https://,http://.example\n",
        ),
        case(
            "addresses that are too long",
            &format!(
                "text,persona,ratio,background_image,webhook_url\nHi,ANNA,1:1,https://x.example/{0},https://x.example/{0}\n",
                "y".repeat(1_100)
            ),
        ),
        case("the same mistake in sixty rows", &format!("text,persona,ratio\n{}", "Hi,ANNA,4:3\n".repeat(60))),
        case(
            "sixty mistakes",
            &(0..60).fold("text,persona,ratio\n".to_owned(), |text, number| {
                text + &format!("Hi,ANNA,4:{number}\n")
            }),
        ),
        case(
            "file names",
            "id,text,persona,ratio,filename\n\
             a,Hi,ANNA,1:1,Same\nb,Ho,ANNA,1:1,same\nc,Hu,ANNA,1:1,...\nd,He,ANNA,1:1,A\n\
             e,Ha,ANNA,1:1,\"{{ nmae }}\"\n",
        ),
        case(
            "an id that two rows make",
            "id,text,persona,ratio\na,Hi,ANNA,1:1 | 9:16\na-1x1,Ho,ANNA,1:1\n",
        ),
        case(
            "a row that makes too many jobs",
            &many_combinations(),
        ),
        case("notes about cells", &format!(
            "id,text,audio,persona,ratio,model,caption_style,background,audio_seconds,captoins\n\
             a b,Hi {{name}} {{persona}},,ANNA,09:16,,,,,\n\
             c,{},,ANNA,16:09:00,,neo,,,\n\
             d,,https://drive.google.com/file/d/1/view,ANNA,1:1,Aurora V1,,https://x.example/b.png,301,\n\
             e,,https://www.dropbox.com/s/1/a.mp3?dl=0,ANNA,1:1,,,,,\n\
             f,=A1&B1,,ANNA,0.386111,,,,,\n\
             g,Gr\u{fffd}sse,,ANNA,1:1,,,,,\n\
             h, \"quoted\",,ANNA,1:1,,,,,\n",
            "word ".repeat(800)
        )),
        case("equal rows", "text,persona,ratio\nHi,ANNA,1:1\nHi,ANNA,1x1\n"),
        case("wrong rows are left out", "id,text,persona,ratio\na,Hi,ANNA,9:99\nb,Hi,ANNA,1:1\nb,Ho,ANNA,1:1\n")
            .with(&["--skip-invalid"]),
        case("all rows are wrong", "text,persona,ratio\nHi,ANNA,9:99\n").with(&["--skip-invalid"]),
        case("names without keys", "text,persona,voice,ratio\nHi,Anna,Olivia,1:1\n"),
        case(
            "names in the sandbox",
            "text,persona,voice,ratio\nHi,Ana,Olivia,1:1\nHi,Xqz,Xqz,1:1\nHi,Greta,,1:1\nHi,Viktor,,9:16\n\
             Hi,7350375b-9a98-51b8-934d-14d46a645dc3,,1:1\n",
        )
        .with(&["--sandbox"]),
        case(
            "personas that may be refused",
            "text,persona,ratio\nHi,Anna,1:1\nHi,813c2cbf-fa4c-4b73-af40-afade1cc2193,9:16\nHi,4a205296-32d6-4eeb-a93c-e945d2e7aa56,1:1\n\
             Hi,7350375b-9a98-51b8-934d-14d46a645dc3,1:1\n",
        )
        .with(&["--sandbox"]),
    ];
    compare("sheet_cells", cases);
}

#[test]
fn templates() {
    let of = |template: &str| {
        let sheet = format!(
            "text,persona,ratio,first name,city\n\"{}\",ANNA,1:1,Ada,\n",
            template.replace('"', "\"\"")
        );
        case(template, &sheet)
    };
    let templates = [
        "Hi {{ frist_name }}",
        "Hi {{ nothing_like_it }}",
        "Hi {{ city }}",
        "Hi {{ first name }}",
        "Hi {{ first_name.last }}",
        "Hi {{ \"first name\" }}",
        "Hi {{ \"surname\" }}",
        "Hi {{ first_name",
        "Hi {{ }}",
        "Hi {{ first_name or \"there }}",
        "{% if city %}Hi",
        "{% banana %}",
        "{% endif %}",
        "Hi {{ first_name | uper }}",
        "Hi {{ first_name | wat }}",
        "{% if first_name is funny %}Hi{% endif %}",
        "Hi {{ first_name.upper_case() }}",
        "Hi {{ sing(first_name) }}",
        "{% include \"other\" %}",
        "Hi {{ first_name | replace(\"a\") }}",
        "Hi {{ first_name | round }}",
        "Hi {{ first_name + 1 }}",
        "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}",
        "Hi {{ first_name ! }}",
        "Hi {{ date }} {{ campaign }} {{ id }}",
    ];
    compare("sheet_templates", templates.into_iter().map(of).collect());
}

#[test]
fn headers_and_rows() {
    let cases = vec![
        case("an empty file", ""),
        case("blank lines only", "\n\n,,\n"),
        case("a header and no rows", "text,persona,ratio\n"),
        case("no header", "Hello.,ANNA,1:1\n"),
        case("a title above the header", "Spring\n\ntext,persona,ratio\nHi,ANNA,1:1\n"),
        case("missing columns", "id,txet,owner\na,Hi,Maria\n"),
        case("no known column but near ones", "txet,persna,rato\nHi,ANNA,1:1\n"),
        case("a column twice", "text,Text,persona,ratio\nHi,Ho,ANNA,1:1\n"),
        case("a field's own name beside an alias", "script,text,persona,ratio\nHo,Hi,ANNA,1:1\n"),
        case("two aliases", "script,copy,persona,ratio\nHo,Hi,ANNA,1:1\n"),
        case("own columns twice", "text,persona,ratio,owner,Owner\nHi,ANNA,1:1,a,b\n"),
        case("slips in optional columns", "text,persona,ratio,captoins,modle\nHi,ANNA,1:1,,\n"),
        case("short rows", "text,persona,ratio,mine,too\nHi,ANNA,1:1\nHo,ANNA,1:1,x\n"),
        case("rows that end too early", "text;persona;ratio\nHi,ANNA,1:1\nHo;Nobody\n"),
        case("a text with the delimiter in it", "text,persona,ratio\nHello, you,ANNA,1:1\n"),
        case("an open quote", "text,persona,ratio\n\"Hi,ANNA,1:1\nHo,ANNA,1:1\n"),
        case(
            "a quote that swallows rows",
            "text,persona,ratio\n\"Hi,ANNA,1:1\nHo,ANNA,1:1\nHu\",ANNA,1:1\nHa,ANNA,4:3\n",
        ),
        case("spaces before quotes", "text,persona,ratio\nHi, \"ANNA\", \"1:1\"\n"),
        case("text behind a quote", "text,persona,ratio\n\"say \"yes\" now\",ANNA,1:1\n"),
        case("a wrong delimiter", "text,persona,ratio\nHi,ANNA,1:1\n").with(&["--delimiter", ";"]),
        case("no delimiter", "text,persona,ratio\nHi,ANNA,1:1\n").with(&["--delimiter", "dash"]),
        case(
            "too many cells in a line",
            &format!("text,persona,ratio{}\nHi,ANNA,1:1\n", ",".repeat(16_400)),
        ),
        case(
            "results that come back with other rows",
            "id,text,persona,ratio,job_id,status,file,video_url,thumbnail_url,duration_seconds,credits_estimated,credits_used,submitted_at,finished_at,attempts,remote_id,error\n\
             a,Hi,ANNA,1:1 | 9:16,a-1,done,,,,,,,,,,,\na,Hi,ANNA,1:1 | 9:16,a-2,done,,,,,,,,,,,\na,Hi,ANNA,1:1 | 9:16,a-3,done,,,,,,,,,,,\n",
        ),
    ];
    compare("sheet_rows", cases);
}

#[test]
fn encodings_and_other_files() {
    let sheet = rows("text,persona,ratio\nHello,ANNA,1:1\n");
    let utf_16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let latin = |letter: &[u8]| {
        let (before, after) = sheet.as_bytes().split_at(20);
        [before, letter, after].concat()
    };
    let cases = vec![
        Case::sheet("Windows-1252", latin(b"Gr\xfc\xdfe")),
        Case::sheet("Windows-1251", latin(b"\xcf\xf0\xe8\xe2\xe5\xf2")),
        Case::sheet("Windows-1251, as named", latin(b"\xcf\xf0\xe8\xe2\xe5\xf2"))
            .with(&["--encoding", "windows-1251"]),
        Case::sheet("Shift_JIS", latin(b"\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd")),
        Case::sheet("Mac Roman", latin(b"Gr\x9f\xa7e")),
        Case::sheet("UTF-8 under another name", latin("Grüße".as_bytes()))
            .with(&["--encoding", "latin1"]),
        Case::sheet("a byte that the encoding lacks", latin(b"\x82\xb1\x82 \x82"))
            .with(&["--encoding", "shift_jis"]),
        Case::sheet("no such encoding", latin(b"\xfc")).with(&["--encoding", "klingon"]),
        Case::sheet("two encodings", latin(b"caf\xc3\xa9 na\xefve")),
        Case::sheet("no encoding", latin(b"\x81\xfc")),
        Case::sheet("UTF-16 without a mark", utf_16(&sheet)),
        Case::sheet("UTF-16, cut off", [&b"\xff\xfe"[..], &utf_16(&sheet)[..31]].concat()),
        Case::sheet("UTF-32", b"\xff\xfe\0\0t\0\0\0"),
        Case::sheet("a NUL byte", latin(b"a\0b")),
        Case::sheet("a PDF", b"%PDF-1.7\n"),
        Case::sheet("a picture", b"\x89PNG\r\n\x1a\n"),
        Case::new("results for programs", &["plan", "results.json"])
            .file("results.json", "{\"as_of\": null, \"estimate_against_actual\": {}}"),
        Case::new("the page", &["plan", "report.html"]).file("report.html", "<!doctype html>"),
        Case::new("a link to a sheet", &["plan", "a.gsheet"]).file("a.gsheet", "{}"),
        Case::new("a Numbers document", &["plan", "a.numbers"]).file("a.numbers", "PK\x03\x04"),
        Case::new("a Word document", &["plan", "a.docx"]).file("a.docx", "PK\x03\x04"),
        Case::new("JSON lines", &["plan", "a.jsonl"])
            .file("a.jsonl", "{\"text\": \"Hi\"}\n{\"text\": \"Ho\"}\n"),
        Case::sheet("a compressed file", b"\x1f\x8b\x08\0"),
        Case::sheet("a text document", b"{\\rtf1 Hello}"),
        Case::sheet("a binary file", (0..200).map(|byte| byte % 16).collect::<Vec<u8>>()),
        Case::yaml(
            "YAML in Windows-1252",
            b"jobs:\n- {text: Gr\xfc\xdfe, persona: Anna, ratio: 1:1}\n",
        ),
        Case::new("a file that is missing", &["plan", "nowhere.csv"]),
        Case::new("a folder", &["plan", "sheets"]).file("sheets/a.csv", ""),
        Case::new("an open workbook's mark", &["plan", "~$spring.xlsx"]).file("~$spring.xlsx", "x"),
        Case::new("the same of LibreOffice", &["plan", ".~lock.spring.ods#"])
            .file(".~lock.spring.ods#", "x"),
        Case::new("a web page named like a workbook", &["plan", "a.xlsx"])
            .file("a.xlsx", "<html></html>"),
        Case::new("text named like a workbook", &["plan", "a.xlsx"]).file("a.xlsx", "Hello"),
        Case::new("a damaged workbook", &["plan", "a.xlsx"])
            .file("a.xlsx", "PK\x03\x04 and nothing more"),
        Case::new("a damaged old workbook", &["plan", "a.xls"])
            .file("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        Case::new("an archive that is no workbook", &["plan", "a.xlsx"])
            .unseen_file("a.xlsx", archive()),
        Case::new("standard input", &["plan", "-"]),
    ];
    compare("sheet_files", cases);
}

/// A ZIP archive with one file that no workbook has.
fn archive() -> Vec<u8> {
    let mut writer = zip::write::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("letter.txt", options).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A workbook with these sheets.
fn workbook(sheets: Vec<(&str, &[&[&str]])>, change: impl Fn(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(*cells) {
                let cell = cell.replace("ANNA", PERSONA);
                sheet.write(row, column, cell).unwrap();
            }
        }
        change(sheet);
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn workbooks() {
    const JOBS: &[&[&str]] = &[
        &["id", "text", "persona", "ratio"],
        &["a", "Hello", "ANNA", "1:1"],
        &["b", "How are you?", "ANNA", "9:99"],
        &["c", "Bye", "ANNA", "9:16"],
    ];
    const NOTES: &[&[&str]] = &[&["to do"], &["call Anna"]];
    let of = |title: &str, content: Vec<u8>| {
        // Its content is below; its bytes change with every release of the writer.
        Case::new(title, &["plan", "a.xlsx"]).unseen_file("a.xlsx", content)
    };
    let nothing = |_: &mut Worksheet| {};
    let cases = vec![
        of("a wrong cell", workbook(vec![("Jobs", JOBS)], nothing)),
        of("several sheets", workbook(vec![("Notes", NOTES), ("Jobs", JOBS)], nothing)),
        of("a sheet by name", workbook(vec![("Notes", NOTES), ("Jobs", JOBS)], nothing))
            .with(&["--sheet", "Notes"]),
        of("no such sheet", workbook(vec![("Notes", NOTES), ("Jobs", JOBS)], nothing))
            .with(&["--sheet", "Jbos"]),
        of("an empty sheet", workbook(vec![("Jobs", &[])], nothing)),
        of("a header and no rows", workbook(vec![("Jobs", &JOBS[..1])], nothing)),
        of(
            "hidden rows",
            workbook(vec![("Jobs", &JOBS[..2])], |sheet| {
                sheet.set_row_hidden(1).unwrap();
            }),
        ),
        of(
            "a formula without a value",
            workbook(vec![("Jobs", &JOBS[..2])], |sheet| {
                sheet.write(1, 1, Formula::new("=A1").set_result("")).unwrap();
            }),
        ),
        of(
            "merged cells and a time",
            workbook(vec![("Jobs", &JOBS[..2])], |sheet| {
                let time = Format::new().set_num_format("hh:mm");
                sheet.write_with_format(1, 3, 0.386_111_111, &time).unwrap();
                sheet.write(2, 1, "Ho").unwrap();
                sheet.write(2, 3, "1:1").unwrap();
                sheet.merge_range(1, 2, 2, 2, PERSONA, &Format::new()).unwrap();
            }),
        ),
    ];
    compare("sheet_workbooks", cases);
}

/// Returns a row of 34 personas, 34 voices, 3 ratios and 3 models.
fn many_combinations() -> String {
    let ids = (0..34).map(|number| format!("7350375b-9a98-51b8-934d-14d46a6450{number:02}"));
    let ids = ids.collect::<Vec<_>>().join(" | ");
    let models = "standard | aurora_v1 | aurora_v1_fast";
    format!("text,persona,voice,ratio,model\nHi,{ids},{ids},9:16 | 16:9 | 1:1,{models}\n")
}

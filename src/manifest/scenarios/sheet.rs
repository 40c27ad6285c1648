//! CSV files from the outside.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use crate::model::{Plan, Speech};

use super::support::{ANNA, BEN, csv, ids, load_with, notes, options, problems_of, suspicions};
use crate::manifest::{Delimiter, InvalidRows, NameKind, Options, Resolution, load};

#[test]
fn a_sheet_becomes_jobs_and_keeps_its_own_columns() {
    let plan = csv("\u{feff}id,Script,Avatar,Ratio,owner\r\n\
         r1,\"Hello, you\",ANNA,9:16,\" Maria\"\r\n\
         \r\n\
         r2,Bye,BEN,9x16 | 1:1,=1+1\r\n\
         ,,,,\r\n");
    assert_eq!(ids(&plan), ["r1", "r2-9x16", "r2-1x1"]);
    assert_eq!(plan.campaign, "a");
    assert_eq!(plan.jobs[0].request.speech, Speech::Text("Hello, you".into()));
    assert_eq!(&*plan.jobs[1].request.persona, BEN);
    assert_eq!(plan.jobs[1].file_name, "r2-9x16.mp4");
    assert_eq!((plan.jobs[1].origin.file.as_ref(), plan.jobs[1].origin.line), ("a.csv", 4));
    assert_eq!(plan.sheet.columns, ["id", "Script", "Avatar", "Ratio", "owner"]);
    assert_eq!(
        plan.sheet.rows[0].cells,
        ["r1", "Hello, you", ANNA, "9:16", " Maria"].map(Arc::from)
    );
    assert_eq!(&*plan.sheet.rows[1].cells[4], "=1+1");
    assert_eq!(plan.sheet.rows[0].jobs, 0..1);
    assert_eq!(plan.sheet.rows[1].jobs, 1..3);
    assert_eq!(plan.notes, []);
}

#[test]
fn moving_and_inserting_rows_changes_no_id() {
    let rows = [
        "Meet the new Spring!,ANNA,9:16",
        "Meet the new Spring!,BEN,9:16 | 16:9",
        "日本語,ANNA,1:1",
    ];
    let sheet = |order: &[usize]| {
        let rows: Vec<&str> = order.iter().map(|index| rows[*index]).collect();
        csv(&format!("text,persona,aspect_ratio\n{}\n", rows.join("\n")))
    };
    let before = sheet(&[0, 1, 2]);
    let after = sheet(&[2, 0, 1]);
    let sorted = |plan: &Plan| {
        let mut ids: Vec<String> = ids(plan).iter().map(|id| (*id).to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(sorted(&before), sorted(&after));
    assert!(before.jobs[0].id.as_str().starts_with("meet-the-new-spring-9x16-"));
    assert!(before.jobs[3].id.as_str().starts_with("ri-ben-yu-1x1-"));
    assert_eq!(sorted(&sheet(&[0])), [before.jobs[0].id.to_string()]);
}

#[test]
fn a_repeated_row_is_suspicious_and_has_an_id_of_its_own() {
    let plan = csv("text,persona,ratio\nHi,ANNA,1:1\nHi,ANNA,1x1\n");
    let first = plan.jobs[0].id.to_string();
    assert_eq!(plan.jobs[1].id.as_str(), format!("{first}-2"));
    assert_eq!(suspicions(&plan), ["a.csv:3:1: this is the same video as a.csv:2:1"]);
    assert_eq!(plan.suspicions[0].jobs, [1]);
}

#[test]
fn every_problem_has_its_place() {
    let long = "x".repeat(8_001);
    let sheet = format!(
        "id,text,audio,persona,ratio,model,captions,caption_style,caption_offset_x,webhook,audio_seconds,skip\r\n\
         a,Hi,,ANNA,9:99,,,,,,,\r\n\
         b,,,ANNA,1:1,,,,,,,\r\n\
         c,Hi,https://x.example/a.mp3,ANNA,1:1,,,,,,,\r\n\
         d,,clips/a.mp3,ANNA,1:1,,,,,,,\r\n\
         e,\"two\r\nlines\",,Nobody,1:1,aurora_v2,maybe,neon,0.7,ftp://x,soon,\r\n\
         f,{long},,,,,,,,,,\r\n\
         a,Hi,,ANNA,1:1,,,,,,,\r\n\
         A,Hi,,ANNA,1:1,,,,,,,\r\n\
         g/h,Hi,,ANNA,1:1,,,,,,,\r\n\
         i,#REF!,,ANNA,1:1,,,,,,,perhaps\r\n\
         j,Hi,,ANNA,1:1,,,,,,,,too,many\r\n\
         k,Hi {{{{ nmae }}}},,ANNA,1:1,,,,,,,\r\n\
         broken,and not judged,,ANNA,4:3,,,,,,,yes\r\n"
    );
    let problems = problems_of(&[("a.csv", &sheet)]);
    let expected = [
        "a.csv:2:44 `9:99` is not an aspect ratio",
        "a.csv:3:3 `text` or `audio` is missing",
        "a.csv:4:6 `text` and `audio` are both given",
        "a.csv:5:4 `audio` is not an http(s) URL: `clips/a.mp3`",
        "a.csv:7:9 unknown persona `Nobody`",
        "a.csv:7:20 unknown model `aurora_v2`",
        "a.csv:7:30 `maybe` is neither yes nor no",
        "a.csv:7:36 unknown caption style `neon`",
        "a.csv:7:41 `0.7` is not between -0.5 and 0.5",
        "a.csv:7:45 `webhook_url` is not an http(s) URL: `ftp://x`",
        "a.csv:7:53 `soon` is not a length in seconds",
        "a.csv:8:3 the text has 8001 characters, more than the API accepts",
        "a.csv:8:8006 `persona` is missing",
        "a.csv:8:8007 `aspect_ratio` is missing",
        "a.csv:9:1 duplicate id `a`; first at a.csv:2:1",
        "a.csv:10:1 the id `A` differs only in case from the id at a.csv:2:1",
        "a.csv:11:1 `g/h` cannot be an id: only letters, digits, `.`, `_` and `-` are allowed",
        "a.csv:12:3 `#REF!` is the error of a formula",
        "a.csv:12:57 `perhaps` is neither yes nor no",
        "a.csv:13:55 this row has 14 cells, but the header has 12",
        "a.csv:14:3 there is no variable `nmae`",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn invalid_rows_can_be_left_out() {
    let sheet = "id,text,persona,ratio\na,Hi,ANNA,9:99\nb,Hi,ANNA,1:1\nb,Ho,ANNA,1:1\n";
    let options = Options { invalid_rows: InvalidRows::Skip, ..options() };
    let plan = load_with(&[("a.csv", sheet)], &options).unwrap();
    assert_eq!(ids(&plan), ["b"]);
    let left_out = plan.sheet.rows.iter().map(|row| row.left_out.as_deref());
    assert_eq!(
        left_out.collect::<Vec<_>>(),
        [Some("`9:99` is not an aspect ratio"), None, Some("duplicate id `b`; first at a.csv:3:1"),]
    );
    assert_eq!(
        notes(&plan),
        [
            "a.csv:2:43 row left out: `9:99` is not an aspect ratio".to_owned(),
            "a.csv:4:1 row left out: duplicate id `b`; first at a.csv:3:1".to_owned()
        ]
    );
    // A problem of the whole sheet cannot be left out, nor can all of its rows.
    for sheet in ["id,text,persona\nb,Hi,ANNA\n", "text,persona,ratio\nHi,ANNA,4:3\n"] {
        assert!(load_with(&[("a.csv", sheet)], &options).is_err());
    }
}

#[test]
fn every_encoding_and_delimiter_gives_the_same_plan() {
    let sheet = |delimiter: &str| {
        let rows = [
            ["id", "text", "persona", "ratio", "Größe"],
            ["r1", "Grüß dich – 5 €", ANNA, "9:16", "ä"],
            ["r2", "\"a,b;c\td|e\"", BEN, "1:1", ""],
        ];
        let lines = rows.map(|row| row.join(delimiter));
        lines.join("\r\n") + "\r\n"
    };
    let utf_16 = |text: &str| -> Vec<u8> {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let windows = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let expected = csv(&sheet(","));
    for delimiter in [",", ";", "\t", "|"] {
        let text = sheet(delimiter);
        for (bytes, notes) in [
            (text.clone().into_bytes(), 0),
            (format!("\u{feff}{text}").into_bytes(), 0),
            (utf_16(&text), 0),
            (windows(&text), 1),
        ] {
            let plan = load(Path::new("a.csv"), &options(), &|_: &Path| Ok(bytes.clone())).unwrap();
            assert_eq!(plan.jobs, expected.jobs, "{delimiter:?}");
            assert_eq!(plan.sheet, expected.sheet, "{delimiter:?}");
            assert_eq!(plan.notes.len(), notes, "{:?}", plan.notes);
        }
    }
}

#[test]
fn undecodable_bytes_have_their_place() {
    let bytes = b"text,persona\r\ncaf\xC3\xA9,x\r\nna\xEFve,x\r\n".to_vec();
    let problems = load(Path::new("a.csv"), &options(), &|_: &Path| Ok(bytes.clone())).unwrap_err();
    assert_eq!(problems.problems()[0].place(), "a.csv:3:3");
    assert_eq!(
        problems.problems()[0].message(),
        "the file is UTF-8, but this character is in another encoding"
    );
}

#[test]
fn a_delimiter_can_be_forced() {
    let options = Options { delimiter: Some(Delimiter::Semicolon), ..options() };
    let sheet = "text,persona,ratio\nHi,ANNA,1:1\n";
    let problems = load_with(&[("a.csv", sheet)], &options).unwrap_err();
    assert_eq!(problems.problems().len(), 1);
    let help = problems.problems()[0].help_text();
    assert_eq!(help, Some("the whole line is one cell; is the delimiter right?"));
}

#[test]
fn short_rows_are_filled_and_shifted_rows_refused() {
    let plan = csv("text,persona,ratio,mine,too\nHi,ANNA,1:1\nHo,ANNA,1:1,x\nHu,ANNA,1:1,x,y,,\n");
    assert_eq!(plan.sheet.rows[0].cells[3..], ["", ""].map(Arc::from));
    assert_eq!(
        notes(&plan),
        ["a.csv:2:1 this and 1 other row have fewer cells than the header; the missing cells \
             count as empty"]
    );
    assert_eq!(
        problems_of(&[("a.csv", "text,persona,ratio\nHello, you,ANNA,1:1\nHi,ANNA\n")]),
        [
            "a.csv:2:49 this row has 4 cells, but the header has 3",
            "a.csv:3:40 this row ends after 2 cells of 3, without `aspect_ratio`",
        ]
    );
}

#[test]
fn unfinished_texts_are_suspicious_with_all_their_jobs() {
    let plan = csv("id,text,persona,ratio,First Name\n\
         a,Hi «First Name»,ANNA,1:1 | 9:16,Ann\n\
         b,Hi {{ First Name }},ANNA,1:1,Bea\n\
         c,Hi {{ First Name }},ANNA,1:1,none\n\
         d,Hi «First Name»,BEN,1:1,Dee\n");
    assert_eq!(
        suspicions(&plan),
        [
            "a.csv:2:3: `«First Name»` looks like a placeholder (3 videos)",
            "a.csv:4:3: `none` looks like a missing value",
        ]
    );
    assert_eq!(plan.suspicions[0].jobs, [0, 1, 4]);
}

#[test]
fn the_error_of_a_formula_in_a_template_is_a_problem() {
    assert_eq!(
        problems_of(&[(
            "a.csv",
            "id,text,persona,ratio,Price\na,Only {{ Price or 1 }},ANNA,1:1,#valeur!\n"
        )]),
        ["a.csv:2:66 `#valeur!` is the error of a formula"]
    );
}

#[test]
fn repairs_and_doubtful_values_are_notes() {
    let long = "word ".repeat(800);
    let sheet = format!(
        "text,audio,persona,ratio,model,caption_style,background,audio_seconds,captoins\n\
         Hi {{name}} {{persona}},,ANNA,09:16,,,,,\n\
         {long},,ANNA,16:09:00,,neo,,,\n\
         ,https://drive.google.com/file/d/1/view,ANNA,1:1,Aurora V1,,https://x.example/b.png,301,\n\
         =A1&B1,,ANNA,0.386111,,,,,\n"
    );
    let plan = csv(&sheet);
    let notes = notes(&plan);
    let expected = [
        "a.csv:2:59 `09:16` is read as the aspect ratio `9:16`",
        "a.csv:3:4040 `16:09:00` is read as the aspect ratio `16:9`",
        "a.csv:3:1 the text has 3999 characters; some of the API's pages allow only 3600",
        "a.csv:3:4050 `caption_style` has no effect while `captions` are off",
        "a.csv:4:2 this is a Google Drive page about the file",
        "a.csv:4:117 the recording is longer than five minutes",
        "a.csv:4:93 `background_image` is not in the API's newest pages",
        "a.csv:5:46 `0.386111` is read as the aspect ratio `9:16`",
    ];
    for (note, expected) in notes.iter().zip(expected) {
        assert!(note.starts_with(expected), "{note}\n{expected}");
    }
    assert_eq!(notes.len(), expected.len());
    assert_eq!(
        suspicions(&plan),
        [
            "a.csv:1:71: the column `captoins` is not known; did you mean `captions`?",
            "a.csv:2:1: `{name}` looks like a placeholder",
            "a.csv:2:1: `{persona}` is spoken as it is written; did you mean `{{ persona }}`?",
            "a.csv:5:1: `=A1&B1` looks like a formula that was not calculated",
        ]
    );
    assert!(plan.suspicions[0].jobs.is_empty(), "it concerns the whole sheet");
}

#[test]
fn file_names_follow_the_sheet_and_never_collide() {
    let plan = csv("id,text,persona,ratio,filename\n\
         a,Hi,ANNA,9:16 | 1:1,Spring/Sale.mp4\n\
         b,Hi,BEN,1:1,\"{{ id }}: {{ persona[:4] }} {{ aspect_ratio }} {{ date }}\"\n\
         c,Hi,BEN,1:1,\n\
         CON,Hi,BEN,1:1,\n\
         com1.a,Hi,BEN,9:16 | 1:1,\n\
         d,Hi,BEN,1:1,aux \n");
    let files: Vec<&str> = plan.jobs.iter().map(|job| job.file_name.as_str()).collect();
    assert_eq!(
        files,
        [
            "Spring_Sale-9x16.mp4",
            "Spring_Sale-1x1.mp4",
            "b_ f4f9 1_1 2026-11-24.mp4",
            "c.mp4",
            // Windows reserves names of devices.
            "_CON.mp4",
            "_com1.a-9x16.mp4",
            "_com1.a-1x1.mp4",
            "aux_.mp4",
        ]
    );
    assert_eq!(
        problems_of(&[(
            "a.csv",
            "id,text,persona,ratio,filename\na,Hi,ANNA,1:1,Same\nb,Ho,ANNA,1:1,same\nc,Hu,ANNA,1:1,...\n\
             d,He,ANNA,1:1,A\n"
        )]),
        [
            "a.csv:3:47 two jobs have the file name `same`; the other is at a.csv:2:1",
            "a.csv:4:47 `...` cannot be a file name",
        ]
    );
}

#[test]
fn names_are_looked_up_in_the_catalogue() {
    let sheet = "text,persona,voice,ratio\nHi,Anna | BEN,Warm,1:1\nHo,Anna,,1:1\nHa,Bert,,1:1\n";
    let sheet = sheet.replace("BEN", BEN);
    let read = |_: &Path| Ok(sheet.clone().into_bytes());
    let asked = RefCell::new(Vec::new());
    let catalogue = |name: &str, _: NameKind| {
        asked.borrow_mut().push(name.to_owned());
        match name {
            "Anna" => Resolution::Found(ANNA.to_owned()),
            "Warm" => Resolution::Found("voice-id".to_owned()),
            _ => Resolution::Unknown(vec!["Bernd".to_owned()]),
        }
    };
    let options =
        Options { catalogue: Some(&catalogue), invalid_rows: InvalidRows::Skip, ..options() };
    let plan = load(Path::new("a.csv"), &options, &read).unwrap();
    assert_eq!(&*plan.jobs[0].request.persona, ANNA);
    assert_eq!(plan.jobs[0].request.voice.as_deref(), Some("voice-id"));
    assert_eq!(notes(&plan), ["a.csv:4:4 row left out: there is no persona `Bert`"]);
    assert_eq!(asked.into_inner(), ["Anna", "Warm", "Bert"], "each name is asked for once");
}

#[test]
fn one_mistake_in_sixty_rows_is_shown_three_times() {
    let sheet = format!("text,persona,ratio\n{}", "Hi,ANNA,4:3\n".repeat(60));
    let problems = load_with(&[("a.csv", &sheet)], &options()).unwrap_err();
    assert_eq!(problems.problems().len(), 60);
    let shown = problems.to_string();
    assert_eq!(shown.matches("is not an aspect ratio").count(), 3);
    assert!(shown.contains("= note: also at 5:41, 6:41, "), "{shown}");
    assert!(shown.ends_with("1 problem in 60 places; nothing was submitted"));
}

#[test]
fn a_sheet_can_come_from_standard_input() {
    let sheet = "text,persona,ratio\nHi,ANNA,4:3\n";
    assert_eq!(problems_of(&[("-", sheet)]), ["stdin:2:41 `4:3` is not an aspect ratio"]);
    let plan = super::support::plan(&[("-", &sheet.replace("4:3", "1:1"))]);
    assert_eq!(plan.campaign, "stdin");
}

/// More would take more memory than a small machine has.
#[test]
fn a_sheet_with_too_much_text_is_refused() {
    let row = format!("{},x,16:9\n", "a".repeat(7000));
    let text = "text,persona,aspect_ratio\n".to_owned() + &row.repeat(64_000_000 / row.len() + 200);
    let problems = problems_of(&[("a.csv", &text)]);
    let message = "a.csv the file has 65.4 MB, more than the 64.0 MB that are read";
    assert_eq!(problems, [message]);
}

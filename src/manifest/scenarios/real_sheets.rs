//! Sheets as people write them: headers in other languages, titles, totals, several ratios in a cell.

use super::support::{
    ANNA, BEN, csv, ids, load_with, notes, options, plan, problems_of, suspicions,
};
use crate::manifest::{InvalidRows, Options};
use crate::model::AspectRatio;

#[test]
fn a_sheet_in_german_is_understood() {
    let plan = csv("Kampagne Frühling;;;;\n\n\
        Nr;Sprechtext (max. 300 Zeichen);Sprecher;Seitenverhältnis;Untertitel\n\
        1;Hallo;ANNA;9:16;ja\n");
    assert_eq!(plan.jobs.len(), 1);
    assert!(plan.jobs[0].request.captions);
    assert_eq!(plan.jobs[0].request.aspect_ratio, AspectRatio::Portrait);
    assert_eq!(plan.jobs[0].origin.line, 4);
    assert_eq!(notes(&plan), ["a.csv:3:1 the header is in row 3; the rows above it are not used"]);
}

#[test]
fn columns_are_chosen_by_an_option_or_a_key() {
    let sheet = "Wer,Neuer Text,Format\nANNA,Hallo,1:1\n";
    let columns = ["persona=Wer", "text=neuer text"].map(|it| it.parse().unwrap()).to_vec();
    let by_option = load_with(&[("a.csv", sheet)], &Options { columns, ..options() }).unwrap();
    assert_eq!(&*by_option.jobs[0].request.persona, ANNA);
    let manifest = "jobs:\n- {rows: a.csv, columns: {persona: Wer, text: Neuer Text}}\n";
    let by_key = plan(&[("m.yaml", manifest), ("a.csv", sheet)]);
    assert_eq!(ids(&by_option), ids(&by_key));
}

#[test]
fn a_column_of_the_user_that_is_taken_for_a_field_is_noted() {
    let sheet = "text,persona,ratio,model,caption,accent\n\
        Try {{ model }},ANNA,9:16,Galaxy S30,Our spring sale,\n\
        Try {{ model }},ANNA,9:16,Galaxy S31,Our summer sale,\n";
    let problems = load_with(&[("a.csv", sheet)], &options()).unwrap_err();
    let notes: Vec<String> = problems.notes().iter().map(|note| note.message.clone()).collect();
    assert_eq!(
        notes,
        [
            "the column `model` is read as `model_version`; if it is a column of your own, rename it or give `--column model_version=`",
            "the column `caption` is read as `captions`; if it is a column of your own, rename it or give `--column captions=`",
        ]
    );
    let columns = ["model_version=", "captions="].map(|it| it.parse().unwrap()).to_vec();
    let plan = load_with(&[("a.csv", sheet)], &Options { columns, ..options() }).unwrap();
    assert_eq!(plan.jobs.len(), 2);
}

#[test]
fn a_column_that_a_template_uses_is_no_misspelling() {
    let sheet = |text: &str| {
        format!(
            "id,text,persona,ratio,Modell\na,Hello there.,ANNA,1:1,Golf\nb,{text},ANNA,1:1,Polo\n"
        )
    };
    assert_eq!(suspicions(&csv(&sheet("Der {{ Modell }} ist da."))), [""; 0]);
    let suspicion = "a.csv:1:23: the column `Modell` is not known; did you mean `model_version`?";
    assert_eq!(suspicions(&csv(&sheet("Der {{ id }} ist da."))), [suspicion]);
    let columns = vec!["model_version=".parse().unwrap()];
    let unused = sheet("Goodbye.");
    let plan = load_with(&[("a.csv", &unused)], &Options { columns, ..options() }).unwrap();
    assert_eq!(suspicions(&plan), [""; 0]);
    // The text of an item counts too.
    let manifest = "jobs:\n- {rows: a.csv, text: 'Der {{ Modell }} ist da.'}\n";
    let item = self::plan(&[("m.yaml", manifest), ("a.csv", &unused)]);
    assert!(suspicions(&item).iter().all(|it| !it.contains("Modell")), "{:?}", suspicions(&item));
}

#[test]
fn problems_come_with_everything_else_that_is_wrong() {
    let sheet = "id,text,persona,ratio,capations\n\
        a,Hi [First Name] there.,ANNA,1:1,yes\n\
        b,Hi {{ foo }} and {{ bar }}.,ANNA,1:1,yes\n\
        c,Hi [Last Name] there.,ANNA,4:3,yes\n";
    let problems = load_with(&[("a.csv", sheet)], &options()).unwrap_err();
    let found = problems.problems().iter().map(|it| format!("{} {}", it.place(), it.message()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            "a.csv:3:3 there is no variable `foo`",
            "a.csv:3:3 there is no variable `bar`",
            "a.csv:4:62 `4:3` is not an aspect ratio",
        ]
    );
    let notes = problems.notes().iter().map(|note| format!("{} {}", note.place, note.message));
    assert_eq!(
        notes.collect::<Vec<_>>(),
        [
            "a.csv:4:3 `[Last Name]` looks like a placeholder",
            "a.csv:1:23 the column `capations` is not known; did you mean `captions`?",
            "a.csv:2:3 `[First Name]` looks like a placeholder",
        ]
    );
}

#[test]
fn an_id_with_a_hint_is_the_id() {
    for header in ["ID (unique)", "ID [auto]", "Job ID (unique)", "ID (x)"] {
        let plan = csv(&format!("{header},text,persona,ratio\nwelcome,Hello there.,ANNA,1:1\n"));
        assert_eq!(ids(&plan), ["welcome"]);
        assert_eq!(suspicions(&plan), [""; 0]);
    }
    let both = csv("ID (CRM),id,text,persona,ratio\n7,welcome,Hello there.,ANNA,1:1\n");
    assert_eq!(ids(&both), ["welcome"]);
}

#[test]
fn each_language_has_its_persona_and_is_part_of_ids() {
    let plan = csv("text_de,text_en,persona_de,persona_en,ratio\n\
        Hallo mein Freund.,Hello my friend.,ANNA,BEN,9:16\n");
    let personas: Vec<&str> = plan.jobs.iter().map(|job| &*job.request.persona).collect();
    assert_eq!(personas, [ANNA, BEN]);
    for (job, begin) in
        plan.jobs.iter().zip(["hallo-mein-freund-de-9x16-", "hello-my-friend-en-9x16-"])
    {
        assert!(job.id.as_str().starts_with(begin), "{}", job.id);
        assert!(job.file_name.starts_with(begin), "{}", job.file_name);
        let former = job.former_id.as_ref().unwrap().as_str();
        assert!(former.starts_with(&begin.replace("-de-", "-").replace("-en-", "-")), "{former}");
    }
}

#[test]
fn rows_with_checkboxes_and_default_values_are_blank() {
    let plan = csv("id,text,persona,ratio,done,note\n\
        a,Hi,ANNA,1:1,TRUE,\n\
        ,,ANNA,1:1,FALSE,\n\
        ,,,,FALSE,\n\
        b,Ho,ANNA,1:1,FALSE,\n\
        ,,ANNA,,,\n");
    assert_eq!(ids(&plan), ["a", "b"]);
    assert_eq!(plan.sheet.rows.len(), 2);
    assert_eq!(
        notes(&plan),
        [
            "a.csv:3:1 3 rows have neither text nor id, only checkboxes or default values, and are left out; this is the first"
        ]
    );
    // An id or a note is content.
    assert_eq!(
        problems_of(&[(
            "a.csv",
            "id,text,persona,ratio,note\na,Hi,ANNA,1:1,\nb,,ANNA,1:1,\n,,ANNA,1:1,x\n"
        )]),
        ["a.csv:3:3 `text` or `audio` is missing", "a.csv:4:2 `text` or `audio` is missing"]
    );
    assert_eq!(
        problems_of(&[("a.csv", "text,persona,ratio,done\n,ANNA,1:1,FALSE\n")]),
        ["a.csv there are no rows below the header"]
    );
}

#[test]
fn totals_and_comments_below_the_rows_are_named() {
    let sheet = "id,text,persona,ratio,seconds\n\
        a,Hi,ANNA,1:1,3\n\
        Summe:,,,,3\n\
        b,Ho,ANNA,1:1,\n\
        ,Approved by Maria,,,\n\
        Total\n";
    assert_eq!(
        problems_of(&[("a.csv", sheet)]),
        [
            "a.csv:3:1 this seems to be a row of totals: `Summe:`",
            "a.csv:5:2 only this cell is filled, below the last complete row; it seems to be a comment, not a video",
            "a.csv:6:1 this seems to be a row of totals: `Total`",
        ]
    );
    let options = Options { invalid_rows: InvalidRows::Skip, ..options() };
    assert_eq!(ids(&load_with(&[("a.csv", sheet)], &options).unwrap()), ["a", "b"]);
    // A video may say `Total`, and rows of a sheet in a YAML manifest may have a single cell.
    assert_eq!(csv("text,persona,ratio\nTotal,ANNA,1:1\n").jobs.len(), 1);
    let manifest = "jobs:\n- {rows: a.csv, persona: ANNA, ratio: 1:1}\n";
    assert_eq!(plan(&[("m.yaml", manifest), ("a.csv", "text,note\nHi,x\nTotal\n")]).jobs.len(), 2);
}

#[test]
fn headings_notes_averages_and_copies_of_the_header_are_named() {
    let sheet = "id,text,persona,ratio,seconds\n\
        a,Hi,ANNA,1:1,3\n\
        --- Germany ---,,,,\n\
        id,text,persona,ratio,seconds\n\
        b,Ho,ANNA,1:1,\n\
        Average,,,,11\n\
        Prepared by,Marie Dupont,,,\n\
        c,Prepared by,ANNA,1:1,\n";
    assert_eq!(
        problems_of(&[("a.csv", sheet)]),
        [
            "a.csv:3:1 this seems to be a heading, not a video: `--- Germany ---`",
            "a.csv:4:1 this row repeats the header",
            "a.csv:6:1 this seems to be a row of totals: `Average`",
            "a.csv:7:1 this seems to be a note, not a video: `Prepared by`",
        ]
    );
    let options = Options { invalid_rows: InvalidRows::Skip, ..options() };
    assert_eq!(ids(&load_with(&[("a.csv", sheet)], &options).unwrap()), ["a", "b", "c"]);
}

#[test]
fn an_id_that_has_lost_its_digits_is_refused() {
    let sheet = "id,text,persona,ratio\n1.23457E+12,Hi,ANNA,1:1\n1E5,Ho,ANNA,1:1\n";
    assert_eq!(
        problems_of(&[("a.csv", sheet)]),
        ["a.csv:2:1 `1.23457E+12` is a number that has lost its digits"]
    );
}

#[test]
fn columns_with_the_names_of_languages_make_a_video_for_each() {
    let plan = csv("id,German text,text_english,persona,ratio\na,Hallo,Hello,ANNA,1:1\n");
    assert_eq!(ids(&plan), ["a-de", "a-en"]);
    // A language in brackets is a hint.
    assert_eq!(ids(&csv("id,Text (English),persona,ratio\na,Hello,ANNA,1:1\n")), ["a"]);
}

#[test]
fn a_missing_column_is_looked_for_in_all_languages() {
    let problems = load_with(&[("a.csv", "text,Sprechrin,ratio\nHi,ANNA,1:1\n")], &options());
    let problems = problems.unwrap_err();
    assert_eq!(
        problems.problems()[0].help_text(),
        Some("rename `Sprechrin` to `persona`? Or use `--column persona=Sprechrin`")
    );
    let plan = csv("Text to be spoken,Talent,ratio\nHi,ANNA,1:1\n");
    assert_eq!(plan.jobs.len(), 1);
    assert_eq!(csv("Voice-over script,Talent,ratio\nHi,ANNA,1:1\n").jobs.len(), 1);
}

#[test]
fn several_ratios_in_a_cell_make_several_videos() {
    let plan = csv(
        "id,text,persona,ratio\na,Hi,ANNA,\"9:16 (Reel), 1:1\"\nb,Ho,ANNA,9:16 / 16:9\nc,Ha,ANNA,16/9\n",
    );
    assert_eq!(ids(&plan), ["a-9x16", "a-1x1", "b-9x16", "b-16x9", "c"]);
    assert_eq!(
        notes(&plan),
        [
            "a.csv:2:43 `9:16 (Reel), 1:1` is read as 2 aspect ratios; each makes a video",
            "a.csv:3:43 `9:16 / 16:9` is read as 2 aspect ratios; each makes a video",
        ]
    );
    assert_eq!(
        problems_of(&[("a.csv", "text,persona,ratio\nHi,ANNA,Hochformat 16:9\n")]),
        ["a.csv:2:41 `Hochformat 16:9` names different aspect ratios"]
    );
}

#[test]
fn words_for_empty_cells_are_no_ids() {
    assert_eq!(
        problems_of(&[("a.csv", "id,text,persona,ratio\nnull,Hi,ANNA,1:1\nnull,Ho,ANNA,1:1\n")]),
        [
            "a.csv:2:1 `null` stands for an empty cell and cannot be an id",
            "a.csv:3:1 `null` stands for an empty cell and cannot be an id",
        ]
    );
}

#[test]
fn ids_are_written_in_ascii_and_never_collide() {
    let plan = csv("id,text,persona,ratio\nFrühling 1,Hi,ANNA,1:1\nВесна,Ho,ANNA,1:1\n");
    assert_eq!(ids(&plan), ["Fruehling-1", "Vesna"]);
    assert_eq!(
        notes(&plan),
        [
            "a.csv:2:1 the id `Frühling 1` is used as `Fruehling-1`",
            "a.csv:3:1 the id `Весна` is used as `Vesna`"
        ]
    );
    assert_eq!(
        problems_of(&[(
            "a.csv",
            "id,text,persona,ratio\nFrühling 1,Hi,ANNA,1:1\nFruehling-1,Ho,ANNA,1:1\n"
        )]),
        ["a.csv:3:1 the ids `Frühling 1` at a.csv:2:1 and `Fruehling-1` are both `Fruehling-1`"]
    );
}

/// The words were recorded with version 0.1.0: a paid job is known by its id.
#[test]
fn the_words_of_content_ids_never_change() {
    for (text, words, former_words) in [
        ("A row without an id is known by its content.", "a-row-without-an-id-is", None),
        ("Schöne Grüße, Łukasz & Zoë", "schoene-gruesse-lukasz", None),
        ("Don't stop — it’s 50% off", "dont-stop-its-50-off", None),
        ("日本語 only", "only", None),
        ("Новый iPhone", "iphone", None),
        ("Việt Nam", "vit-nam", None),
        ("!!!", "video", None),
        ("Привет, мир!", "privet-mir", Some("video")),
        ("日本語", "ri-ben-yu", Some("video")),
        ("Καλημέρα", "kalemera", Some("video")),
    ] {
        let plan = csv(&format!("text,persona,ratio\n\"{text}\",ANNA,9:16\n"));
        let job = &plan.jobs[0];
        let hash = job.fingerprint.as_str();
        assert_eq!(job.id.as_str(), format!("{words}-9x16-{}", &hash[..12]));
        let former = format!("{}-9x16-{}", former_words.unwrap_or(words), &hash[..6]);
        assert_eq!(*job.shard_key().as_str(), former);
    }
}

#[test]
fn only_equal_jobs_are_numbered() {
    let row = format!("Hello,{ANNA},9:16\n");
    let copies = csv(&format!("text,persona,ratio\n{row}{row}"));
    let [first, second] = [0, 1].map(|index| copies.jobs[index].id.to_string());
    assert_eq!(second, format!("{first}-2"));
    assert!(copies.jobs[1].shard_key().as_str().ends_with("-2"));
    // A row has the id that was made from the text of another one.
    let plan = csv(&format!("id,text,persona,ratio\n{first},Other,{ANNA},9:16\n,{row}"));
    let whole = copies.jobs[0].fingerprint.as_str();
    assert_eq!(ids(&plan), [first.clone(), format!("{first}-{whole}")]);
}

#[test]
fn jobs_of_a_row_know_its_id() {
    let plan = csv(&format!(
        "id,text,persona,ratio\na,Hi,{ANNA},9:16 | 1:1\nb,Ho,{ANNA},9:16\n,Hu,{ANNA},9:16\n"
    ));
    let rows = plan.jobs.iter().map(|job| job.row_id.as_ref().map(ToString::to_string));
    assert_eq!(rows.collect::<Vec<_>>(), [Some("a".to_owned()), Some("a".to_owned()), None, None]);
    let others = plan.jobs[..3].iter().filter(|job| job.former_id.is_some());
    assert_eq!(others.count(), 0);
}

#[test]
fn columns_for_languages_make_a_video_for_each() {
    let plan = csv("id,name,text_de,text_pt-BR,persona,persona_de,ratio\n\
        a,Ana,Hallo {{ name }},Oi {{ name }},ANNA,BEN,1:1\n\
        b,Eva,Tag {{ language }},,ANNA,,1:1\n\
        ,,,,ANNA,,1:1\n");
    assert_eq!(ids(&plan), ["a-de", "a-pt-br", "b"]);
    let spoken: Vec<String> =
        plan.jobs.iter().map(|job| format!("{:?}", job.request.speech)).collect();
    assert_eq!(spoken, ["Text(\"Hallo Ana\")", "Text(\"Oi Ana\")", "Text(\"Tag de\")"]);
    assert_eq!(&*plan.jobs[0].request.persona, BEN);
    assert_eq!(&*plan.jobs[1].request.persona, ANNA);
    assert_eq!(plan.jobs[0].file_name, "a-de.mp4");
    assert_eq!(plan.jobs[1].language.as_deref(), Some("pt-BR"));
    assert!(notes(&plan)[0].ends_with(
        "each row makes a video for each of the languages `de` and `pt-BR` that it has"
    ));
    assert_eq!(
        notes(&plan)[2],
        "a.csv:3:1 1 row of 2 without a text in the language `pt-BR`, starting with this one"
    );
    // With `text`, there is a video without a language too.
    let plan = csv("id,text,text_fr,persona,ratio\na,Hi,Salut,ANNA,1:1\n");
    assert_eq!(ids(&plan), ["a", "a-fr"]);
    assert!(notes(&plan)[0].ends_with("that it has, besides that of its text without a language"));
    assert_eq!(
        problems_of(&[(
            "a.csv",
            "id,text,text_fr,language,persona,ratio\na,Hi,Salut,FR,ANNA,1:1\nb,Ho,Quoi,en,ANNA,1:1\n"
        )]),
        ["a.csv:2:6 the row has two texts in the language `FR`; the other one is at a.csv:2:3"]
    );
    assert_eq!(
        problems_of(&[("a.csv", "id,text_fr,persona,ratio\na,,ANNA,1:1\n")]),
        ["a.csv:2:1 `text` or `audio` is missing"]
    );
}

#[test]
fn texts_of_a_yaml_job_make_a_video_for_each_language() {
    let manifest = "jobs:\n- {id: a, texts: {de: Hallo, fr: {text: Salut, persona: BEN}}, persona: ANNA, ratio: [1:1, 9:16]}\n";
    let plan = plan(&[("m.yaml", manifest)]);
    assert_eq!(ids(&plan), ["a-de-1x1", "a-de-9x16", "a-fr-1x1", "a-fr-9x16"]);
    assert_eq!(
        problems_of(&[(
            "m.yaml",
            "jobs:\n- {texts: {xx: Hi, fr: {voice: x}}, text: Hi, persona: ANNA, ratio: 1:1}\n"
        )]),
        [
            "m.yaml:2:12 `xx` is not the code of a language",
            "m.yaml:2:20 the language `fr` has neither text nor recording",
        ]
    );
}

#[test]
fn a_value_twice_in_a_cell_is_used_once() {
    let plan = csv("id,text,persona,ratio\na,Hi,ANNA,9:16 | portrait\n,Ho,ANNA | ANNA,1:1\n");
    assert_eq!(plan.jobs.len(), 2);
    assert!(plan.suspicions.is_empty());
    assert_eq!(notes(&plan)[0], "a.csv:2:43 `portrait` is in this cell twice, and is used once");
}

#[test]
fn an_id_that_cannot_be_used_is_shown_as_written() {
    let problems = problems_of(&[("a.csv", "id,text,persona,ratio\nŁódź/1,Hi,ANNA,1:1\n")]);
    assert!(problems[0].starts_with("a.csv:2:1 `Łódź/1` cannot be an id"), "{problems:?}");
}

#[test]
fn swallowed_rows_are_found_below_a_title() {
    let problems = problems_of(&[(
        "a.csv",
        "Spring campaign\n\nid,text,persona,ratio\na,\"Hi,anna,1:1\nb,Ho,anna,9:16\nc,\"Hey\",anna,16:9\n",
    )]);
    assert!(problems[0].starts_with("a.csv:4:3 this quote makes one cell of"), "{problems:?}");
}

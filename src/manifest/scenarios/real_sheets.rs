//! Sheets as people write them: headers in other languages, titles, totals, several ratios in a cell.

use super::support::{ANNA, csv, ids, load_with, notes, options, plan};
use crate::manifest::Options;
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

//! How it is told what is wrong with a sheet.

use std::path::Path;

use super::given::{load_with, options, wrong};
use crate::manifest::load;

#[test]
fn a_short_row_is_told_once_behind_its_last_cell() {
    assert_eq!(
        wrong(&[("a.csv", "text;persona;ratio\nHi,ANNA,1:1\nHo;Nobody\n")]),
        [
            "a.csv:2:44 this row ends after 1 cell of 3: no `persona` or `aspect_ratio` is given",
            "a.csv:3:4 `Nobody` is no persona that is known",
            "a.csv:3:10 this row ends after 2 cells of 3: no `aspect_ratio` is given",
        ]
    );
}

#[test]
fn each_address_says_why_it_must_be_on_the_web() {
    let sheet = "audio,persona,ratio,background_image,webhook_url\na.mp3,ANNA,1:1,b.png,c\n";
    let problems = load_with(&[("a.csv", sheet)], &options()).unwrap_err();
    let reasons = problems.problems().iter().map(|problem| {
        let help = problem.help_text().unwrap_or_default();
        help.split(", so").next().unwrap_or_default()
    });
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [
            "the provider fetches the recording itself",
            "the provider fetches the picture itself",
            "the provider calls this address when the video is done",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_once() {
    let read = |_: &Path| Err(std::io::Error::from_raw_os_error(2));
    let problems = load(Path::new("nope.csv"), &options(), &read).unwrap_err();
    let said = problems.to_string();
    assert_eq!(said.matches("nope.csv").count(), 1, "{said}");
    assert!(said.starts_with("nope.csv: cannot be read: "), "{said}");
    assert!(!said.contains("os error"), "{said}");
    assert!(said.contains("help: check the name"), "{said}");
    assert!(said.ends_with("nothing was submitted"), "{said}");
}

#[test]
fn rows_below_what_is_no_header_are_not_judged() {
    assert_eq!(
        wrong(&[("a.csv", "Spring\n\ntext,persona,ratio\nHi,ANNA,1:1\n")]).len(),
        1
    );
}

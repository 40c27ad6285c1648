//! Messages about a sheet.

use std::path::Path;

use super::support::{load_with, options, problems_of};
use crate::manifest::load;

#[test]
fn a_short_row_is_one_problem_after_its_last_cell() {
    assert_eq!(
        problems_of(&[("a.csv", "text;persona;ratio\nHi,ANNA,1:1\nHo;Nobody\n")]),
        [
            "a.csv:2:44 this row ends after 1 cell of 3, without `persona` and `aspect_ratio`",
            "a.csv:3:4 unknown persona `Nobody`",
            "a.csv:3:10 this row ends after 2 cells of 3, without `aspect_ratio`",
        ]
    );
}

#[test]
fn each_url_says_why_it_must_be_public() {
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
fn rows_below_a_wrong_header_are_not_validated() {
    assert_eq!(problems_of(&[("a.csv", "Spring\n\nHi,ANNA,1:1\n")]).len(), 1);
}

//! What the scenarios are made of: manifests in memory, two personas, a day.

use std::path::Path;

use jiff::civil::date;

use crate::model::Plan;

use crate::manifest::{Options, Problems, load};

/// A persona.
pub(super) const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";
/// Another persona.
pub(super) const BEN: &str = "f4f915ce-51f4-4854-a943-3bf2407433da";

/// Loads the first of `files`; the others can be read by it.
pub(super) fn load_with(files: &[(&str, &str)], options: &Options<'_>) -> Result<Plan, Problems> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| filled(text).into_bytes())
            .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "no such file"))
    };
    load(Path::new(files[0].0), options, &read)
}

/// ANNA and BEN in place of their names in capitals.
pub(super) fn filled(text: &str) -> String {
    text.replace("ANNA", ANNA).replace("BEN", BEN)
}

/// The usual options.
pub(super) fn options() -> Options<'static> {
    Options {
        today: Some(date(2026, 11, 24)),
        ..Options::default()
    }
}

/// The plan of manifests that are in order.
pub(super) fn plan(files: &[(&str, &str)]) -> Plan {
    load_with(files, &options()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The plan of a CSV that is in order.
pub(super) fn csv(text: &str) -> Plan {
    plan(&[("a.csv", text)])
}

/// The ids of a plan.
pub(super) fn ids(plan: &Plan) -> Vec<&str> {
    plan.jobs.iter().map(|job| job.id.as_str()).collect()
}

/// `place message` of every problem.
pub(super) fn wrong(files: &[(&str, &str)]) -> Vec<String> {
    let problems = load_with(files, &options()).expect_err("something is wrong with it");
    let problems = problems.problems().iter();
    problems
        .map(|problem| format!("{} {}", problem.place(), problem.message()))
        .collect()
}

/// `place message` of every note.
pub(super) fn notes(plan: &Plan) -> Vec<String> {
    let notes = plan.notes.iter();
    notes
        .map(|note| format!("{} {}", note.place, note.message))
        .collect()
}

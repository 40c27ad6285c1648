//! Helpers: manifests in memory, two personas, a date.

use std::path::Path;

use jiff::civil::date;

use crate::model::Plan;

use crate::manifest::{Options, Problems, load};

/// A persona.
pub(super) const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";
/// Another persona.
pub(super) const BEN: &str = "f4f915ce-51f4-4854-a943-3bf2407433da";

/// Loads the first of `files`, which can read the others.
pub(super) fn load_with(files: &[(&str, &str)], options: &Options<'_>) -> Result<Plan, Problems> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| filled(text).into_bytes())
            .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "no such file"))
    };
    load(Path::new(files[0].0), options, &read)
}

/// Replaces `ANNA` and `BEN` by their ids.
pub(super) fn filled(text: &str) -> String {
    text.replace("ANNA", ANNA).replace("BEN", BEN)
}

/// Returns options with a date.
pub(super) fn options() -> Options<'static> {
    Options { today: Some(date(2026, 11, 24)), ..Options::default() }
}

/// Returns the plan of a valid manifest.
pub(super) fn plan(files: &[(&str, &str)]) -> Plan {
    load_with(files, &options()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Returns the plan of a valid CSV.
pub(super) fn csv(text: &str) -> Plan {
    plan(&[("a.csv", text)])
}

/// Returns the ids of a plan.
pub(super) fn ids(plan: &Plan) -> Vec<&str> {
    plan.jobs.iter().map(|job| job.id.as_str()).collect()
}

/// Returns `place message` of each problem.
pub(super) fn problems_of(files: &[(&str, &str)]) -> Vec<String> {
    let problems = load_with(files, &options()).expect_err("something is wrong with it");
    let problems = problems.problems().iter();
    problems.map(|problem| format!("{} {}", problem.place(), problem.message())).collect()
}

/// Returns `place message` of each note.
pub(super) fn notes(plan: &Plan) -> Vec<String> {
    let notes = plan.notes.iter();
    notes.map(|note| format!("{} {}", note.place, note.message)).collect()
}

/// Returns `place: message` of each suspicion, with the number of jobs if there are several.
pub(super) fn suspicions(plan: &Plan) -> Vec<String> {
    plan.suspicions.iter().map(ToString::to_string).collect()
}

//! Ids and file names, unique in the whole plan: [`assign_names`].

use crate::manifest::build::slug::fold_case;
use crate::manifest::build::template::{Templates, VariableNames, Variables, is_template};
use crate::manifest::build::validated_job::{ValidatedJob, disambiguate, group_by_raw_job};
use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::Field;
use crate::model::{JobId, Text};
use sanitise_file_name::Options;
use std::collections::HashMap;
use std::sync::Arc;

/// What is needed to name files.
pub(crate) struct FileNaming<'a> {
    /// `output.filename` of the manifest.
    pub(crate) template: Option<&'a Value>,
    /// The templates' environment.
    pub(crate) templates: &'a Templates,
}

/// The file name of every job, without extension.
pub(crate) fn file_stems(
    made: &[ValidatedJob],
    ids: &[Option<JobId>],
    files: &FileNaming<'_>,
    findings: &mut [Findings],
) -> Vec<Option<String>> {
    let id_name = VariableNames::new(["id"]);
    let mut stems = Vec::with_capacity(made.len());
    // Thumbnails are named after the stem too, so two stems differ whatever their extensions are.
    let mut taken: HashMap<String, usize> = HashMap::new();
    for range in group_by_raw_job(made) {
        let jobs = &made[range.clone()];
        let mut named: Vec<Option<String>> = jobs
            .iter()
            .zip(&ids[range.clone()])
            .map(|(job, id)| {
                let id = id.as_ref()?;
                let variables = || {
                    let mut variables = Variables::default();
                    variables.add(&id_name, vec![Text::from(id.as_str())]);
                    variables.append(&job.checked.variables);
                    variables
                };
                file_stem(job, id, files, &variables, &mut findings[job.draft])
            })
            .collect();
        disambiguate(&mut named, jobs);
        for (index, stem) in range.zip(named) {
            let job = &made[index];
            if let Some(stem) = &stem {
                if let Some(first) = taken.get(&fold_case(stem)) {
                    let message = format!(
                        "two jobs would be written to the file {}; the other is at {}",
                        words::quoted(stem),
                        made[*first].place.label()
                    );
                    let place = file_name_place(job, files);
                    let help = "put `{{ id }}` into the file name, or leave it to the id alone";
                    findings[job.draft].problem(Problem::at(&place, message).help(help));
                    stems.push(None);
                    continue;
                }
                taken.insert(fold_case(stem), index);
            }
            stems.push(stem);
        }
    }
    stems
}

fn file_name_place(job: &ValidatedJob, files: &FileNaming<'_>) -> Place {
    let own = job.checked.combination.get(Field::Filename);
    let value = own.or(files.template);
    value.map_or_else(|| job.place.clone(), |value| value.place.clone())
}

fn file_stem(
    job: &ValidatedJob,
    id: &JobId,
    files: &FileNaming<'_>,
    variables: &dyn Fn() -> Variables,
    findings: &mut Findings,
) -> Option<String> {
    let own = job.checked.combination.get(Field::Filename);
    let own = own.filter(|value| !value.text.trim().is_empty());
    let Some(value) = own.or(files.template) else {
        return Some(id.to_string());
    };
    let text = if is_template(&value.text) {
        match files.templates.render(&value.text, &Arc::new(variables())) {
            Ok(text) => text,
            Err(problem) => {
                let message = format!("{} (for the job `{id}`)", problem.message);
                findings.problem(Problem::at(&value.place, message).help(problem.help));
                return None;
            }
        }
    } else {
        value.text.to_string()
    };
    let stem = sanitize_stem(&text);
    if stem.is_none() {
        let message = format!("{} cannot be a file name", words::quoted(text.trim()));
        let help = "letters and digits, such as `{{ id }}`";
        findings.problem(Problem::at(&value.place, message).help(help));
    }
    stem
}

/// The longest stem in bytes. File systems allow 255 for the whole name; this leaves room for what
/// tells the jobs of one row apart, the extension, and `.part` while it is being written.
pub(crate) const LONGEST_STEM: usize = 120;

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// `text` as a file name without extension: never a path, never hidden, never a device, at most
/// [`LONGEST_STEM`] bytes. `None` if nothing of it can be used.
pub(crate) fn sanitize_stem(text: &str) -> Option<String> {
    let text = without_video_extension(text.trim());
    // Accents as characters of their own make two names of what some systems take for one.
    let composed: String = text
        .chars()
        .filter(|character| !matches!(character, '\u{300}'..='\u{36F}'))
        .collect();
    let options = Options {
        length_limit: LONGEST_STEM,
        extension_cleverness: false,
        six_measures_of_barley: "_",
        ..Options::DEFAULT
    };
    let safe = sanitise_file_name::sanitise_with_options(&composed, &options);
    let is_edge =
        |character: char| character.is_whitespace() || matches!(character, '.' | '-' | '~');
    let safe = safe
        .trim_start_matches(is_edge)
        .trim_end_matches([' ', '.']);
    let first = safe
        .split('.')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let numbered = first
        .strip_prefix("com")
        .or_else(|| first.strip_prefix("lpt"));
    let is_numbered = numbered.is_some_and(|rest| {
        let mut characters = rest.chars();
        let digit =
            characters.next().is_some_and(char::is_numeric) || rest.starts_with(['¹', '²', '³']);
        digit && characters.next().is_none()
    });
    if !safe.chars().any(char::is_alphanumeric) {
        return None;
    }
    if is_numbered || DEVICES.contains(&first.as_str()) {
        return Some(format!("_{safe}"));
    }
    Some(safe.to_owned())
}

/// The extension is ours to give.
fn without_video_extension(text: &str) -> &str {
    let extension = text
        .rsplit_once('.')
        .map(|(stem, extension)| (stem, extension.to_lowercase()));
    match extension {
        Some((stem, extension)) if ["mp4", "webm", "mov", "m4v"].contains(&extension.as_str()) => {
            stem
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_kept_where_they_can_be_and_made_safe_where_not() {
        for (text, expected) in [
            ("Spring 2026 – Anna.mp4", Some("Spring 2026 – Anna")),
            ("../../etc/passwd", Some("etc_passwd")),
            ("C:\\Windows\\x", Some("C__Windows_x")),
            ("nul", Some("nul_")),
            ("NUL.tar.gz", Some("_NUL.tar.gz")),
            ("com1.x", Some("_com1.x")),
            ("comedy", Some("comedy")),
            (".hidden", Some("hidden")),
            ("-rf", Some("rf")),
            (" trailing. ", Some("trailing")),
            ("日本語", Some("日本語")),
            ("e\u{301}", Some("e")),
            ("a\u{202e}b", Some("a_b")),
            ("...", None),
            ("", None),
            ("/", None),
            (".mp4", None),
        ] {
            assert_eq!(sanitize_stem(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_name_leaves_its_folder_or_is_too_long(text in ".{0,300}") {
            if let Some(stem) = sanitize_stem(&text) {
                prop_assert!(!stem.is_empty() && stem.len() <= LONGEST_STEM + 1);
                prop_assert!(!stem.contains(['/', '\\', '\0', ':']));
                prop_assert!(!stem.starts_with('.') && !stem.ends_with(['.', ' ']));
                prop_assert!(!stem.chars().any(char::is_control));
            }
        }
    }
}

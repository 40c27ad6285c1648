//! The names of finished files: unique, valid on every file system, and inside `videos/`.

use std::collections::HashMap;
use std::sync::Arc;

use sanitise_file_name::{Options, sanitise_with_options};

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::model::JobId;
use crate::util::text::fold_name;

use super::rules::Rules;
use super::slug::compose;
use super::template::is_template;
use super::validated_job::{ValidatedJob, disambiguate, group_by_raw_job};
use super::variables::{VariableNames, Variables};

/// The most bytes of a name without extension. File systems allow 255 for a whole name; suffixes, the extension and
/// `.part` need the rest.
const MAX_STEM: usize = 120;

/// Returns the file name of each job, without extension. A job without an id, or whose file name is wrong, has none.
pub(crate) fn file_stems(
    jobs: &[ValidatedJob],
    ids: &[Option<JobId>],
    rules: &Rules<'_>,
    findings: &mut [Findings],
) -> Vec<Option<String>> {
    let id_name = VariableNames::new(["id"]);
    let mut stems = Vec::with_capacity(jobs.len());
    // Thumbnails have the same stem, so stems are unique whatever the extension.
    let mut taken: HashMap<String, usize> = HashMap::new();
    for range in group_by_raw_job(jobs) {
        let of_row = &jobs[range.clone()];
        let named = of_row.iter().zip(&ids[range.clone()]).map(|(job, id)| {
            let id = id.as_ref()?;
            file_stem(job, id, rules, &id_name, &mut findings[job.raw_job])
        });
        let mut named: Vec<Option<String>> = named.collect();
        disambiguate(&mut named, of_row);
        for (index, stem) in range.zip(named) {
            let key = stem.as_deref().map(fold_name).unwrap_or_default();
            let Some(first) = taken.get(&key) else {
                if stem.is_some() {
                    taken.insert(key, index);
                }
                stems.push(stem);
                continue;
            };
            let job = &jobs[index];
            let message = format!(
                "two jobs have the file name {}; the other is at {}",
                quote(&stem.unwrap_or_default()),
                jobs[*first].place.label()
            );
            let value = rules.file_name(&job.validated.combination);
            let place = value.map_or(&job.place, |value| &value.place);
            let help = "put `{{ id }}` into the file name, or remove the file name";
            findings[job.raw_job].problem(Problem::at(place, message).help(help));
            stems.push(None);
        }
    }
    stems
}

fn file_stem(
    job: &ValidatedJob,
    id: &JobId,
    rules: &Rules<'_>,
    id_name: &Arc<VariableNames>,
    findings: &mut Findings,
) -> Option<String> {
    let Some(value) = rules.file_name(&job.validated.combination) else {
        return Some(without_device(id.as_str()));
    };
    let text = if is_template(&value.text) {
        let mut variables = Variables::default();
        variables.add(id_name, vec![Arc::from(id.as_str())]);
        variables.append(&job.validated.variables);
        match rules.templates.render(&value.text, &Arc::new(variables)) {
            Ok(rendered) => rendered.text,
            Err(explanations) => {
                for mut explanation in explanations {
                    explanation.message = format!("{} (for the job `{id}`)", explanation.message);
                    findings.problem(explanation.at(&value.place));
                }
                return None;
            }
        }
    } else {
        value.text.to_string()
    };
    let stem = sanitize_stem(&text);
    if stem.is_none() {
        let message = format!("{} cannot be a file name", quote(text.trim()));
        let help = "use letters and digits, such as `{{ id }}`";
        findings.problem(Problem::at(&value.place, message).help(help));
    }
    stem
}

/// Returns `text` as a file name without extension: not a path, not hidden, not a device, at most [`MAX_STEM`] bytes.
/// Returns `None` if nothing of it can be used.
pub(crate) fn sanitize_stem(text: &str) -> Option<String> {
    let text = without_video_extension(text.trim());
    let composed = compose(text);
    let options =
        Options { length_limit: MAX_STEM, extension_cleverness: false, ..Options::DEFAULT };
    let safe = sanitise_with_options(&composed, &options);
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '~');
    let safe = safe.trim_start_matches(is_edge).trim_end_matches([' ', '.']);
    if !safe.chars().any(char::is_alphanumeric) {
        return None;
    }
    Some(without_device(safe))
}

/// Returns a name that is no device.
fn without_device(name: &str) -> String {
    if is_device(name) { format!("_{name}") } else { name.to_owned() }
}

/// Whether Windows reserves a name for a device, with any extension. `sanitise_file_name` checks whole names only.
fn is_device(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    let first = first.trim().to_lowercase();
    let port = first.strip_prefix("com").or(first.strip_prefix("lpt"));
    let is_port = port.is_some_and(|number| {
        let mut characters = number.chars();
        characters.next().is_some_and(char::is_numeric) && characters.next().is_none()
    });
    is_port || ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&first.as_str())
}

/// Removes an extension that the program adds itself.
fn without_video_extension(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((stem, extension))
            if ["mp4", "webm", "mov", "m4v"].contains(&extension.to_lowercase().as_str()) =>
        {
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
            ("e\u{301}", Some("é")),
            ("カ\u{3099}", Some("ガ")),
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
                prop_assert!(!stem.is_empty() && stem.len() <= MAX_STEM + 1);
                prop_assert!(!stem.contains(['/', '\\', '\0', ':']));
                prop_assert!(!stem.starts_with('.') && !stem.ends_with(['.', ' ']));
                prop_assert!(!stem.chars().any(char::is_control));
            }
        }
    }
}

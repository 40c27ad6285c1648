//! Ids and file names, unique in the whole plan: [`name_all`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{JobId, JobSpec, Origin, Text};

use super::draft::Value;
use super::field::Field;
use super::file_name::{folded, safe_stem};
use super::ids::identify;
use super::made::{Made, by_draft, tell_apart};
use super::place::Place;
use super::problem::{Findings, Problem};
use super::template::{Templates, VariableNames, Variables, is_template};
use super::words;

/// What is needed to name files.
pub(super) struct FileNaming<'a> {
    /// `output.filename` of the manifest.
    pub(super) template: Option<&'a Value>,
    /// The templates' environment.
    pub(super) templates: &'a Templates,
}

/// A job with its names, its draft and its row.
pub(super) struct Named {
    /// The draft that made it.
    pub(super) draft: usize,
    /// Its row in the sheet.
    pub(super) row: usize,
    /// The job.
    pub(super) job: Arc<JobSpec>,
}

/// Names the jobs of every draft that nothing is wrong with. A job that cannot be named is left out,
/// and its draft's findings say why.
pub(super) fn name_all(
    mut made: Vec<Made>,
    files: &FileNaming<'_>,
    findings: &mut [Findings],
) -> impl Iterator<Item = Named> + use<> {
    made.retain(|job| findings[job.draft].problems.is_empty());
    let ids = identify(&made, findings);
    let stems = file_stems(&made, &ids, files, findings);
    made.into_iter()
        .zip(ids)
        .zip(stems)
        .filter_map(|((made, id), stem)| {
            let origin = Origin {
                file: made.place.file_name().clone(),
                line: made.place.line().unwrap_or(1),
            };
            let request = made.checked.request;
            Some(Named {
                draft: made.draft,
                row: made.row,
                job: Arc::new(JobSpec {
                    id: id?,
                    file_name: format!("{}.{}", stem?, request.extension()),
                    request,
                    fingerprint: made.fingerprint,
                    audio_seconds: made.checked.audio_seconds,
                    origin,
                }),
            })
        })
}

/// The file name of every job, without extension.
fn file_stems(
    made: &[Made],
    ids: &[Option<JobId>],
    files: &FileNaming<'_>,
    findings: &mut [Findings],
) -> Vec<Option<String>> {
    let id_name = VariableNames::new(["id"]);
    let mut stems = Vec::with_capacity(made.len());
    // Thumbnails are named after the stem too, so two stems differ whatever their extensions are.
    let mut taken: HashMap<String, usize> = HashMap::new();
    for range in by_draft(made) {
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
        tell_apart(&mut named, jobs);
        for (index, stem) in range.zip(named) {
            let job = &made[index];
            if let Some(stem) = &stem {
                if let Some(first) = taken.get(&folded(stem)) {
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
                taken.insert(folded(stem), index);
            }
            stems.push(stem);
        }
    }
    stems
}

fn file_name_place(job: &Made, files: &FileNaming<'_>) -> Place {
    let own = job.checked.combination.get(Field::Filename);
    let value = own.or(files.template);
    value.map_or_else(|| job.place.clone(), |value| value.place.clone())
}

fn file_stem(
    job: &Made,
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
    let stem = safe_stem(&text);
    if stem.is_none() {
        let message = format!("{} cannot be a file name", words::quoted(text.trim()));
        let help = "letters and digits, such as `{{ id }}`";
        findings.problem(Problem::at(&value.place, message).help(help));
    }
    stem
}

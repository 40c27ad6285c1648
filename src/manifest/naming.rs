//! Ids and file names, unique in the whole plan: [`name_all`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{JobId, JobSpec, Origin};

use super::draft::Value;
use super::field::Field;
use super::file_name::{folded, safe_stem};
use super::made::Made;
use super::place::Place;
use super::problem::{Findings, Problem};
use super::slug::slug;
use super::template::{Templates, VariableNames, Variables, is_template};
use super::words;

/// What is needed to name files.
pub(super) struct FileNaming<'a> {
    /// `output.filename` of the manifest.
    pub(super) template: Option<&'a Value>,
    /// The templates' environment.
    pub(super) templates: &'a Templates,
}

/// A job with its names, or what is wrong with them; and its draft and row.
pub(super) struct Named {
    /// The draft that made it.
    pub(super) draft: usize,
    /// Its row in the sheet.
    pub(super) row: usize,
    /// The job.
    pub(super) job: JobSpec,
}

/// An id that a row or item gives, whether or not the rest of it is right.
pub(super) struct GivenId {
    /// The draft that gives it.
    pub(super) draft: usize,
    /// The id, spaces made dashes.
    pub(super) text: String,
    /// Where it stands.
    pub(super) place: Place,
}

/// `text` as an id: trimmed, spaces made dashes. `None` if nothing is left.
pub(super) fn dashed(text: &str) -> Option<String> {
    let dashed = text.split_whitespace().collect::<Vec<_>>().join("-");
    (!dashed.is_empty()).then_some(dashed)
}

/// Reports every id that two rows or items give. `given` is in their order.
pub(super) fn refuse_doubles(given: &[GivenId], findings: &mut [Findings]) {
    let mut first_of: HashMap<String, &GivenId> = HashMap::new();
    for id in given {
        let first = *first_of.entry(folded(&id.text)).or_insert(id);
        if first.draft == id.draft {
            continue;
        }
        let (text, place) = (words::quoted(&id.text), first.place.label());
        let message = if first.text == id.text {
            format!("the id {text} is given twice; first at {place}")
        } else {
            format!("the id {text} differs only in case from the one at {place}")
        };
        let help = "each row needs an id of its own; rows without one get one by their content";
        findings[id.draft].problem(Problem::at(&id.place, message).help(help));
    }
}

/// Names the jobs of every draft that nothing is wrong with. A job that cannot be named is left out,
/// and its draft's findings say why.
pub(super) fn name_all(
    mut made: Vec<Made>,
    files: &FileNaming<'_>,
    findings: &mut [Findings],
) -> Vec<Named> {
    made.retain(|job| findings[job.draft].problems.is_empty());
    let ids = identify(&made, findings);
    let stems = file_stems(&made, &ids, files, findings);
    made.into_iter()
        .zip(ids)
        .zip(stems)
        .filter_map(|((made, id), stem)| {
            let origin = Origin {
                file: made.place.file_name().to_owned(),
                line: made.place.line().unwrap_or(1),
            };
            let mut job = JobSpec::new(id?, made.checked.request, origin);
            job.file_name = format!("{}.{}", stem?, job.request.extension());
            job.audio_seconds = made.checked.audio_seconds;
            Some(Named {
                draft: made.draft,
                row: made.row,
                job,
            })
        })
        .collect()
}

/// The jobs of each draft: they stand together.
fn by_draft(made: &[Made]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut begin = 0;
    made.chunk_by(|one, other| one.draft == other.draft)
        .map(move |chunk| {
            let range = begin..begin + chunk.len();
            begin = range.end;
            range
        })
}

/// Appends to names that several jobs of a draft share what tells these apart: their values in words,
/// and where that is not enough, the beginning of their fingerprints.
fn tell_apart(names: &mut [Option<String>], jobs: &[Made]) {
    let suffixes: [fn(&Made) -> &str; 2] = [|job| &job.suffix, |job| &job.hash];
    for suffix in suffixes {
        let mut count: HashMap<String, usize> = HashMap::new();
        for name in names.iter().flatten() {
            *count.entry(folded(name)).or_default() += 1;
        }
        for (name, job) in names.iter_mut().zip(jobs) {
            if let Some(name) = name
                && count.get(&folded(name)).is_some_and(|count| *count > 1)
                && !suffix(job).is_empty()
            {
                name.push('-');
                name.push_str(suffix(job));
            }
        }
    }
}

/// The id of every job: the given one first, so that it never gives way to one made from content.
fn identify(made: &[Made], findings: &mut [Findings]) -> Vec<Option<JobId>> {
    let mut ids: Vec<Option<JobId>> = vec![None; made.len()];
    let mut taken: HashMap<String, usize> = HashMap::new();
    for range in by_draft(made) {
        let jobs = &made[range.clone()];
        let mut given: Vec<Option<String>> = jobs.iter().map(given_id).collect();
        tell_apart(&mut given, jobs);
        for (index, given) in range.zip(given) {
            let Some(given) = given else { continue };
            let job = &made[index];
            let findings = &mut findings[job.draft];
            let Some(id) = checked_id(job, &given, findings) else {
                continue;
            };
            match taken.get(&folded(id.as_str())).copied() {
                None => {
                    taken.insert(folded(id.as_str()), index);
                    ids[index] = Some(id);
                }
                // Two equal values in one list: the second of them is a copy.
                Some(first) if made[first].draft == job.draft => {
                    ids[index] = Some(copy_of(
                        id.as_str(),
                        index,
                        first,
                        made,
                        &mut taken,
                        findings,
                    ));
                }
                // Told apart as it was, it has met the id of another row.
                Some(first) => {
                    let message = format!(
                        "the id `{id}` is also made by the row at {}",
                        made[first].place.label()
                    );
                    let help = "change one of the two ids";
                    findings.problem(Problem::at(&id_place(job), message).help(help));
                }
            }
        }
    }
    for (index, job) in made.iter().enumerate() {
        if given_id(job).is_some() {
            continue;
        }
        let content = job.content_id();
        let id = match taken.get(&folded(&content)).copied() {
            None => {
                taken.insert(folded(&content), index);
                parsed(&content)
            }
            Some(first) => {
                let findings = &mut findings[job.draft];
                copy_of(&content, index, first, made, &mut taken, findings)
            }
        };
        ids[index] = Some(id);
    }
    ids
}

/// The id for a job that is the same as an earlier one, with a note that names both places.
fn copy_of(
    id: &str,
    index: usize,
    first: usize,
    made: &[Made],
    taken: &mut HashMap<String, usize>,
    findings: &mut Findings,
) -> JobId {
    let mut number = 2_usize;
    let copy = loop {
        let room = JobId::MAX_LENGTH - number.to_string().len() - 1;
        let copy = format!("{}-{number}", &id[..id.len().min(room)]);
        if !taken.contains_key(&folded(&copy)) {
            break copy;
        }
        number += 1;
    };
    taken.insert(folded(&copy), index);
    let message = format!(
        "the same as {}; both are made, this one as `{copy}`",
        made[first].place.label()
    );
    findings.note(&made[index].place, message);
    parsed(&copy)
}

fn parsed(id: &str) -> JobId {
    id.parse()
        .expect("made of a slug, a ratio and a hash, or of an id that was accepted, and short")
}

/// The id that is given, with spaces made dashes.
fn given_id(job: &Made) -> Option<String> {
    if let Some(former) = &job.former_id {
        return Some(former.clone());
    }
    dashed(&job.checked.combination.get(&Field::Id)?.text)
}

fn id_place(job: &Made) -> Place {
    let given = job.checked.combination.get(&Field::Id);
    given.map_or_else(|| job.place.clone(), |value| value.place.clone())
}

fn checked_id(job: &Made, given: &str, findings: &mut Findings) -> Option<JobId> {
    let place = id_place(job);
    match given.parse::<JobId>() {
        Ok(id) => {
            let written = job.checked.combination.get(&Field::Id);
            if let Some(written) = written
                && written.text.trim().contains(char::is_whitespace)
                && job.former_id.is_none()
            {
                let written = words::quoted(written.text.trim());
                findings.note(&place, format!("the id {written} is used as `{id}`"));
            }
            Some(id)
        }
        Err(invalid) => {
            let message = format!("{} cannot be an id: {}", words::quoted(given), invalid.rule);
            let suggestion = slug(given, JobId::MAX_LENGTH - 20);
            let help = if suggestion.is_empty() {
                "letters, digits, `.`, `_` and `-`, such as `spring-01`".to_owned()
            } else {
                format!("`{suggestion}` would do")
            };
            findings.problem(Problem::at(&place, message).help(help));
            None
        }
    }
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
                let mut variables = Variables::default();
                variables.add(&id_name, vec![id.to_string()]);
                variables.append(&job.checked.variables);
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
    let own = job.checked.combination.get(&Field::Filename);
    let value = own.or(files.template);
    value.map_or_else(|| job.place.clone(), |value| value.place.clone())
}

fn file_stem(
    job: &Made,
    id: &JobId,
    files: &FileNaming<'_>,
    variables: &Variables,
    findings: &mut Findings,
) -> Option<String> {
    let own = job.checked.combination.get(&Field::Filename);
    let own = own.filter(|value| !value.text.trim().is_empty());
    let Some(value) = own.or(files.template) else {
        return Some(id.to_string());
    };
    let text = if is_template(&value.text) {
        match files
            .templates
            .render(&value.text, &Arc::new(variables.clone()))
        {
            Ok(text) => text,
            Err(problem) => {
                let message = format!("{} (for the job `{id}`)", problem.message);
                findings.problem(Problem::at(&value.place, message).help(problem.help));
                return None;
            }
        }
    } else {
        value.text.clone()
    };
    let stem = safe_stem(&text);
    if stem.is_none() {
        let message = format!("{} cannot be a file name", words::quoted(text.trim()));
        let help = "letters and digits, such as `{{ id }}`";
        findings.problem(Problem::at(&value.place, message).help(help));
    }
    stem
}

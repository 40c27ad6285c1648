//! A job that is in order but for its names: [`ValidatedJob`].

use std::collections::HashMap;
use std::ops::Range;

use crate::model::{Fingerprint, Speech, Text};

use crate::manifest::build::row::ValidatedRequest;
use crate::manifest::build::slug::fold_case;
use crate::manifest::build::slug::slug;
use crate::manifest::diagnostics::place::Place;
use crate::manifest::schema::field::Field;
use crate::manifest::schema::names;

/// How much of a text or a recording's name goes into an id.
const SLUG_LENGTH: usize = 24;
/// How much of the fingerprint goes into an id: 30 bits, beside the words and the ratio.
const HASH_LENGTH: usize = 6;

/// A job that is in order but for its id and the name of its file, which depend on the others.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedJob {
    /// Which draft made it; the jobs of one draft share its explicit id.
    pub(crate) draft: usize,
    /// Its row in the sheet.
    pub(crate) row: usize,
    /// Where the draft stands.
    pub(crate) place: Place,
    /// The request and what it was made of.
    pub(crate) checked: ValidatedRequest,
    /// What tells it from the other jobs of its draft in words, such as `anna-9x16`; may be empty.
    pub(crate) suffix: String,
    /// What tells it from every other job.
    pub(crate) fingerprint: Fingerprint,
    /// The id it had in a `results.csv` that came back.
    pub(crate) recorded_id: Option<Text>,
}

impl ValidatedJob {
    /// A job of a draft; `varying_fields` are the fields in which the draft's jobs differ.
    pub(crate) fn new(
        draft: usize,
        row: usize,
        place: Place,
        mut checked: ValidatedRequest,
        varying_fields: &[Field],
    ) -> Self {
        let suffix = suffix(&checked, varying_fields);
        // There may be 100,000 of them, and names are all that is still to be made.
        checked.combination.keep(&[Field::Id, Field::Filename]);
        Self {
            suffix,
            fingerprint: Fingerprint::of(&checked.request),
            draft,
            row,
            place,
            checked,
            recorded_id: None,
        }
    }

    /// The id a job has by its content: `meet-the-new-spring-9x16-k3f9ab`. Moving rows about changes
    /// nothing in it.
    pub(crate) fn content_id(&self) -> String {
        let words = match &self.checked.request.speech {
            Speech::Text(text) => slug(text, SLUG_LENGTH),
            Speech::Audio(url) => slug(audio_name(url), SLUG_LENGTH),
        };
        let words = if words.is_empty() { "video" } else { &words };
        let ratio = self.checked.request.aspect_ratio;
        format!("{words}-{ratio}-{}", self.hash())
    }

    /// The beginning of its fingerprint.
    fn hash(&self) -> &str {
        let text = self.fingerprint.as_str();
        text.get(..HASH_LENGTH).unwrap_or(text)
    }
}

/// The file's name in a URL, without extension.
fn audio_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The differing values in words, such as `anna-9x16`; empty if those that differ have none.
fn suffix(checked: &ValidatedRequest, varying_fields: &[Field]) -> String {
    if varying_fields.is_empty() {
        return String::new();
    }
    let name = |field: Field| {
        let text = checked.combination.get(field)?.text.trim();
        Some(if names::is_uuid(text) {
            text.chars().take(8).collect::<String>().to_lowercase()
        } else {
            slug(text, SLUG_LENGTH)
        })
    };
    let request = &checked.request;
    let parts = [
        (Field::Persona, name(Field::Persona)),
        (Field::Voice, name(Field::Voice)),
        (Field::ModelVersion, Some(request.model_version.to_string())),
        (Field::AspectRatio, Some(request.aspect_ratio.to_string())),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(field, part)| part.filter(|_| varying_fields.contains(&field)))
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

/// The jobs of each draft: they stand together.
pub(crate) fn group_by_raw_job(made: &[ValidatedJob]) -> impl Iterator<Item = Range<usize>> {
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
pub(crate) fn disambiguate(names: &mut [Option<String>], jobs: &[ValidatedJob]) {
    if jobs.len() < 2 {
        return;
    }
    let suffixes: [fn(&ValidatedJob) -> &str; 2] = [|job| &job.suffix, ValidatedJob::hash];
    for suffix in suffixes {
        let mut count: HashMap<String, usize> = HashMap::new();
        for name in names.iter().flatten() {
            *count.entry(fold_case(name)).or_default() += 1;
        }
        for (name, job) in names.iter_mut().zip(jobs) {
            if let Some(name) = name
                && count.get(&fold_case(name)).is_some_and(|count| *count > 1)
                && !suffix(job).is_empty()
            {
                name.push('-');
                name.push_str(suffix(job));
            }
        }
    }
}

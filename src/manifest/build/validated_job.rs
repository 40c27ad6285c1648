//! Valid jobs before they have an id and a file name.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::manifest::diagnostics::place::Place;
use crate::manifest::schema::field::Field;
use crate::manifest::schema::names::is_uuid;
use crate::model::{Fingerprint, JobId, RemoteId, Speech};

use super::row::ValidatedRequest;
use super::slug::{normalize_id, slug, transliterate};
use crate::util::text::fold_name;

/// The most characters of a text or a recording's name in an id.
const SLUG_LENGTH: usize = 24;
/// The number of characters of a text that are transliterated for an id.
const MAX_TRANSLITERATED: usize = 100;
/// The words of an id if the text has no letters.
const NO_WORDS: &str = "video";
/// The length of the fingerprint in an id made from the content: 60 bits, in addition to the words and the ratio.
const HASH_LENGTH: usize = 12;
/// Its length in the ids of earlier versions, and in the names of the jobs of one row.
const SHORT_HASH_LENGTH: usize = 6;

/// A valid job. Its id and file name depend on the other jobs.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedJob {
    /// The index of its row or item. The jobs of one row share its id.
    pub(crate) raw_job: usize,
    /// The index of its row in the sheet.
    pub(crate) row: usize,
    /// The beginning of its row or item.
    pub(crate) place: Place,
    pub(crate) validated: ValidatedRequest,
    /// The values that distinguish it from the other jobs of its row, such as `anna-9x16`. May be empty.
    pub(crate) suffix: String,
    pub(crate) fingerprint: Fingerprint,
    /// Its id in a `results.csv` that is used as a manifest.
    pub(crate) recorded_id: Option<Arc<str>>,
    /// The video at the provider that the same line names.
    pub(crate) paid_remote: Option<RemoteId>,
}

impl ValidatedJob {
    /// Creates a job. `varying` are the fields in which the jobs of its row differ.
    pub(crate) fn new(
        raw_job: usize,
        row: usize,
        place: Place,
        mut validated: ValidatedRequest,
        varying: &[Field],
    ) -> Self {
        let suffix = suffix(&validated, varying);
        // Frees the memory of what is not needed for the names.
        validated.combination.retain(&[Field::Id, Field::Filename, Field::Language]);
        Self {
            suffix,
            fingerprint: Fingerprint::of(&validated.request),
            raw_job,
            row,
            place,
            validated,
            recorded_id: None,
            paid_remote: None,
        }
    }

    /// Returns the id made from the content: `meet-the-new-spring-9x16-k3f9ab`, with the language if the row gives one.
    /// Moving rows does not change it.
    pub(crate) fn content_id(&self) -> String {
        let ratio = self.validated.request.aspect_ratio;
        let language = self.validated.combination.get(Field::Language);
        let language = language.map(|value| slug(&value.text, SLUG_LENGTH)).unwrap_or_default();
        let parts = [
            &*self.words().0,
            &language,
            &ratio.to_string(),
            &self.fingerprint.as_str()[..HASH_LENGTH],
        ];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("-")
    }

    /// Returns the id that earlier versions gave a job with the content id `id`: with a shorter hash, and without words
    /// that are not Latin.
    pub(crate) fn former_id(&self, id: &JobId) -> Option<JobId> {
        let has_own_id =
            self.recorded_id.is_some() || self.validated.combination.contains(Field::Id);
        let number = id.as_str().strip_prefix(&self.content_id()).filter(|_| !has_own_id)?;
        let (words, is_transliterated) = self.words();
        let words = if is_transliterated { NO_WORDS } else { &words };
        let ratio = self.validated.request.aspect_ratio;
        format!("{words}-{ratio}-{}{number}", self.short_hash()).parse().ok()
    }

    /// Returns the id that the row gives all of its jobs, if `id` is longer.
    pub(crate) fn row_id(&self, id: &JobId) -> Option<JobId> {
        let written = self.validated.combination.get(Field::Id)?;
        let row = normalize_id(&written.text)?;
        let is_longer = id.as_str().strip_prefix(&row).is_some_and(|rest| rest.starts_with('-'));
        is_longer.then(|| row.parse().ok())?
    }

    /// Returns the first words of the speech, and whether they are transliterated: earlier versions left out all letters
    /// that are not Latin. Texts with Latin words keep their ids.
    fn words(&self) -> (String, bool) {
        let speech = match &self.validated.request.speech {
            Speech::Text(text) => text,
            Speech::Audio(url) => audio_name(url),
        };
        let latin = slug(speech, SLUG_LENGTH);
        if !latin.is_empty() {
            return (latin, false);
        }
        let begin: String = speech.chars().take(MAX_TRANSLITERATED).collect();
        let words = slug(&transliterate(&begin), SLUG_LENGTH);
        if words.is_empty() { (NO_WORDS.to_owned(), false) } else { (words, true) }
    }

    /// Returns the beginning of the fingerprint.
    fn short_hash(&self) -> &str {
        &self.fingerprint.as_str()[..SHORT_HASH_LENGTH]
    }
}

/// Returns the name of the file in a URL, without extension.
fn audio_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.trim_end_matches('/').rsplit('/').next();
    let name = name.unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Returns the varying values as words, such as `anna-9x16`.
fn suffix(validated: &ValidatedRequest, varying: &[Field]) -> String {
    if varying.is_empty() {
        return String::new();
    }
    let name = |field: Field| {
        let text = validated.combination.get(field)?.text.trim();
        Some(if is_uuid(text) {
            text.chars().take(8).collect::<String>().to_lowercase()
        } else {
            slug(text, SLUG_LENGTH)
        })
    };
    let request = &validated.request;
    let parts = [
        (Field::Language, name(Field::Language)),
        (Field::Persona, name(Field::Persona)),
        (Field::Voice, name(Field::Voice)),
        (Field::ModelVersion, Some(request.model_version.to_string())),
        (Field::AspectRatio, Some(request.aspect_ratio.to_string())),
    ];
    let parts = parts.into_iter().filter(|(field, _)| varying.contains(field));
    let parts = parts.filter_map(|(_, part)| part.filter(|part| !part.is_empty()));
    parts.collect::<Vec<String>>().join("-")
}

/// Returns the ranges of the jobs of each row or item, which are adjacent.
pub(crate) fn group_by_raw_job(jobs: &[ValidatedJob]) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    jobs.chunk_by(|one, other| one.raw_job == other.raw_job).map(move |chunk| {
        let range = begin..begin + chunk.len();
        begin = range.end;
        range
    })
}

/// Makes equal names of the jobs of one row different, by their varying values or else by their fingerprints.
pub(crate) fn disambiguate(names: &mut [Option<String>], jobs: &[ValidatedJob]) {
    if jobs.len() < 2 {
        return;
    }
    let suffixes: [fn(&ValidatedJob) -> &str; 2] = [|job| &job.suffix, ValidatedJob::short_hash];
    for suffix in suffixes {
        let mut count: HashMap<String, usize> = HashMap::new();
        for name in names.iter().flatten() {
            *count.entry(fold_name(name)).or_default() += 1;
        }
        for (name, job) in names.iter_mut().zip(jobs) {
            if let Some(name) = name
                && count.get(&fold_name(name)).is_some_and(|count| *count > 1)
                && !suffix(job).is_empty()
            {
                name.push('-');
                name.push_str(suffix(job));
            }
        }
    }
}

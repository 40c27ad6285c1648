//! Requests by what they are made from, to recognise rows of the provider's list that the names alone do not.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::render::comparable;
use super::{
    Fingerprint, Generation, JobId, JobSpec, RenderReport, RequestEcho, Speech, Tag, find_tags,
};

/// The requests of some jobs of a campaign.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestIndex {
    campaign: String,
    /// The number of generations that a row may have.
    generations: u32,
    jobs: Vec<Arc<JobSpec>>,
    by_id: HashMap<JobId, usize>,
    /// By a hash of the letters of the text: one job for each request.
    by_text: HashMap<u64, Vec<usize>>,
}

/// A row that was paid for by a job of the campaign with another id, or with another request, than the job has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidRow {
    /// The id of the job that it was paid for as.
    pub job: JobId,
    /// The tag of the submit.
    pub tag: Tag,
    /// The hash of the request.
    pub fingerprint: Fingerprint,
    /// The generation.
    pub generation: Generation,
}

impl RequestIndex {
    /// Returns the index of these jobs, for rows of up to `generations` generations.
    pub fn new<'a>(
        campaign: &str,
        generations: u32,
        jobs: impl Iterator<Item = &'a Arc<JobSpec>>,
    ) -> Self {
        let jobs: Vec<Arc<JobSpec>> = jobs.cloned().collect();
        let mut by_text: HashMap<u64, Vec<usize>> = HashMap::new();
        for (place, job) in jobs.iter().enumerate() {
            if let Speech::Text(text) = &job.request.speech {
                let same = by_text.entry(hash(&comparable(text))).or_default();
                if same.iter().all(|other| jobs[*other].fingerprint != job.fingerprint) {
                    same.push(place);
                }
            }
        }
        let by_id = jobs.iter().map(|job| job.id.clone()).zip(0..).collect();
        Self { campaign: campaign.to_owned(), generations, jobs, by_id, by_text }
    }

    /// Checks whether there is no job.
    pub const fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Returns what a row was paid for as, if its name proves that it is one of the campaign: its tag is the hash of the
    /// id in the name and of the request that the row shows.
    pub fn identify(&self, report: &RenderReport) -> Option<PaidRow> {
        let name = report.name.as_deref()?;
        let tags: Vec<Tag> = find_tags(name).collect();
        if tags.is_empty() {
            return None;
        }
        let mut ids = name.split_whitespace().filter_map(|word| word.parse::<JobId>().ok());
        ids.find_map(|job| {
            let requests = self.requests(&job, &report.echo);
            requests.into_iter().find_map(|fingerprint| {
                let mut generations = (0..self.generations).map(Generation);
                generations.find_map(|generation| {
                    let tag = Tag::of(&self.campaign, &job, &fingerprint, generation);
                    let (job, fingerprint) = (job.clone(), fingerprint.clone());
                    tags.contains(&tag).then_some(PaidRow { job, tag, fingerprint, generation })
                })
            })
        })
    }

    /// Returns the hashes of the requests that a row may have been made from: those of jobs with its text, and that of the
    /// job with its id before an edit.
    fn requests(&self, job: &JobId, echo: &RequestEcho) -> Vec<Fingerprint> {
        let same = self.with_content(echo).map(|same| same.fingerprint.clone());
        let own = self.by_id.get(job).map(|place| &self.jobs[*place]);
        let edited = own.and_then(|own| echo.change(&own.request));
        same.chain(edited.as_ref().map(Fingerprint::of)).collect()
    }

    /// Returns the jobs that a row may be made for by its text, persona and ratio. Without a text there is none.
    pub fn with_content<'a>(
        &'a self,
        echo: &'a RequestEcho,
    ) -> impl Iterator<Item = &'a Arc<JobSpec>> {
        let same = echo.letters().and_then(|letters| self.by_text.get(&hash(letters)));
        let same = same.into_iter().flatten().map(|place| &self.jobs[*place]);
        same.filter(|job| echo.fits(&job.request))
    }
}

fn hash(letters: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    letters.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Origin, RenderStatus, VideoRequest};

    fn job(id: &str, text: &str) -> Arc<JobSpec> {
        let request = VideoRequest::new(Speech::Text(text.into()), "p-1", AspectRatio::Square);
        let origin = Origin { file: "sheet.csv".into(), line: 2 };
        JobSpec::new(id.parse().unwrap(), request, origin).into()
    }

    /// Returns the row of a job that was paid for.
    fn row(job: &JobSpec, campaign: &str, shown: &str, persona: &str) -> RenderReport {
        let tag = Tag::of(campaign, &job.id, &job.fingerprint, Generation(1));
        RenderReport {
            remote: "r".parse().unwrap(),
            name: Some(format!("Copy of {}", tag.name_for(&job.id))),
            status: RenderStatus::Done,
            output: None,
            thumbnail: None,
            duration_seconds: None,
            credits_used: None,
            failed_reason: None,
            progress: None,
            created_at: None,
            echo: Box::new(RequestEcho::new(Some(shown), Some(persona), Some("1x1"))),
        }
    }

    #[test]
    fn rows_with_another_id_or_text_are_recognised_by_their_tags() {
        let now = [job("a", "New."), job("b", "Old."), job("c", "Hello!")];
        let index = RequestIndex::new("spring", 4, now.iter());
        for (id, text, expected) in [
            ("a", "Before.", Some("a")),
            ("a", "Old.", Some("a")),
            ("x", "Old.", Some("x")),
            ("c", "Hello.", Some("c")),
            ("x", "Unknown.", None),
        ] {
            let paid = job(id, text);
            let found = index.identify(&row(&paid, "spring", text, "P1"));
            let found = found.map(|row| (row.job, row.fingerprint, row.generation));
            let expected =
                expected.map(|id| (id.parse().unwrap(), paid.fingerprint.clone(), Generation(1)));
            assert_eq!(found, expected, "{id} {text}");
            assert_eq!(index.identify(&row(&paid, "autumn", text, "P1")), None, "{id} {text}");
        }
        let other = row(&job("a", "Before."), "spring", "Another text.", "p-1");
        assert_eq!(index.identify(&other), None, "a copy made in the dashboard");
        let nameless = RenderReport { name: None, ..other };
        assert_eq!(index.identify(&nameless), None);
    }

    #[test]
    fn jobs_are_found_by_text_persona_and_ratio() {
        let now = [job("a", "Hello."), job("b", "Hello.")];
        let index = RequestIndex::new("spring", 4, now.iter());
        let count = |text: Option<&str>, persona: &str, ratio: &str| {
            let echo = RequestEcho::new(text, Some(persona), Some(ratio));
            index.with_content(&echo).count()
        };
        assert_eq!(count(Some("hello"), "p1", "1x1"), 0, "letters are compared with their case");
        assert_eq!(count(Some("Hello!"), "P1", "1x1"), 1, "one for each request");
        assert_eq!(count(Some("Hello."), "p2", "1x1"), 0);
        assert_eq!(count(Some("Hello."), "p1", "9x16"), 0);
        assert_eq!(count(None, "p1", "1x1"), 0);
    }
}

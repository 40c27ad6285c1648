//! The approval of a manifest by a person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Fingerprint, JobId, JobSpec, Speech, Suspicion, Timestamp};

/// An approval: the jobs of a manifest at the time. It covers exactly these jobs, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Name of the campaign.
    pub campaign: String,
    /// The hash of what was approved.
    pub digest: String,
    /// The hash of each job's request, so that changes can be named.
    pub jobs: BTreeMap<JobId, Fingerprint>,
    /// The text that each job speaks, for people who read the file.
    #[serde(default)]
    pub texts: BTreeMap<JobId, Arc<str>>,
    /// The user who approved, by their system name.
    pub by: Option<String>,
    /// The time of the approval.
    pub at: Timestamp,
}

/// The texts that look unfinished and that a person has accepted in the question of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AcceptedTexts {
    /// The hash of each job's request: another text, or another job with the same text, is not accepted.
    pub(crate) jobs: BTreeMap<JobId, Fingerprint>,
    /// What looked wrong with the sheet as a whole.
    #[serde(default)]
    pub(crate) sheet: BTreeSet<String>,
}

impl AcceptedTexts {
    /// Removes what is accepted from the suspicions about `jobs`.
    pub(crate) fn remove_from(&self, suspicions: &mut Vec<Suspicion>, jobs: &[Arc<JobSpec>]) {
        suspicions.retain_mut(|suspicion| {
            if suspicion.jobs.is_empty() {
                return !self.sheet.contains(&suspicion.message);
            }
            let is_accepted = |job: &JobSpec| self.jobs.get(&job.id) == Some(&job.fingerprint);
            suspicion.jobs.retain(|index| !is_accepted(&jobs[*index]));
            !suspicion.jobs.is_empty()
        });
    }

    /// Adds the suspicions about `jobs`.
    pub(crate) fn add(&mut self, suspicions: &[Suspicion], jobs: &[Arc<JobSpec>]) {
        for suspicion in suspicions {
            if suspicion.jobs.is_empty() {
                self.sheet.insert(suspicion.message.clone());
            }
            let jobs = suspicion.jobs.iter().map(|index| &jobs[*index]);
            self.jobs.extend(jobs.map(|job| (job.id.clone(), job.fingerprint.clone())));
        }
    }
}

/// The differences between a manifest and its approval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Jobs that were added.
    pub added: usize,
    /// Jobs whose request has changed.
    pub edited: usize,
    /// Jobs that were removed.
    pub removed: usize,
    /// Whether the campaign was renamed, so that every job is a new one.
    pub is_renamed: bool,
}

impl Approval {
    /// Approves the jobs of `specs`.
    pub fn of(campaign: &str, specs: &[Arc<JobSpec>], by: Option<String>, at: Timestamp) -> Self {
        let jobs: BTreeMap<JobId, Fingerprint> =
            specs.iter().map(|job| (job.id.clone(), job.fingerprint.clone())).collect();
        let text = |job: &Arc<JobSpec>| match &job.request.speech {
            Speech::Text(text) => Some((job.id.clone(), Arc::clone(text))),
            Speech::Audio(_) => None,
        };
        let texts = specs.iter().filter_map(text).collect();
        let campaign = campaign.to_owned();
        Self { digest: digest(&campaign, &jobs), campaign, jobs, texts, by, at }
    }

    /// Returns how `jobs` differ from the approved ones, or `None` if they do not.
    pub fn changes(&self, campaign: &str, jobs: &[Arc<JobSpec>]) -> Option<Changes> {
        let now = Self::of(campaign, jobs, None, self.at);
        if now.digest == self.digest && self.digest == digest(&self.campaign, &self.jobs) {
            return None;
        }
        let mut changes = Changes {
            is_renamed: self.campaign != campaign,
            removed: self.jobs.keys().filter(|job| !now.jobs.contains_key(job)).count(),
            ..Changes::default()
        };
        for (job, fingerprint) in &now.jobs {
            match self.jobs.get(job) {
                None => changes.added += 1,
                Some(approved) if approved != fingerprint => changes.edited += 1,
                Some(_) => {}
            }
        }
        Some(changes)
    }
}

fn digest(campaign: &str, jobs: &BTreeMap<JobId, Fingerprint>) -> String {
    let mut hash = Sha256::new();
    // No campaign's name and no id holds a line break.
    hash.update(format!("{campaign}\n"));
    for (job, fingerprint) in jobs {
        hash.update(format!("{job} {}\n", fingerprint.as_str()));
    }
    let mut digest = String::new();
    for byte in hash.finalize() {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Origin, Speech, VideoRequest};

    fn job(id: &str, text: &str) -> Arc<JobSpec> {
        let speech = Speech::Text(text.into());
        let request = VideoRequest::new(speech, "p", AspectRatio::Square);
        let origin = Origin { file: "a.csv".into(), line: 2 };
        Arc::new(JobSpec::new(id.parse().unwrap(), request, origin))
    }

    fn approved() -> Approval {
        let jobs = [job("a", "one"), job("b", "two"), job("c", "three")];
        Approval::of("spring", &jobs, Some("anna".into()), Timestamp::default())
    }

    #[test]
    fn rows_that_only_moved_are_still_approved() {
        let moved = [job("c", "three"), job("a", "one"), job("b", "two")];
        assert_eq!(approved().changes("spring", &moved), None);
    }

    #[test]
    fn every_kind_of_change_is_counted() {
        let jobs = [job("a", "one"), job("b", "2"), job("d", "four"), job("e", "")];
        let changes = approved().changes("spring", &jobs).unwrap();
        let expected = Changes { added: 2, edited: 1, removed: 1, is_renamed: false };
        assert_eq!(changes, expected);
    }

    #[test]
    fn another_campaign_or_a_modified_file_is_not_approved() {
        let jobs = [job("a", "one"), job("b", "two"), job("c", "three")];
        assert!(approved().changes("summer", &jobs).unwrap().is_renamed);
        let mut forged = approved();
        forged.jobs.remove(&"c".parse().unwrap());
        assert!(forged.changes("spring", &jobs).is_some());
    }

    #[test]
    fn exactly_the_accepted_texts_are_accepted() {
        let suspicion = |message: &str, jobs: &[usize]| Suspicion {
            place: "a.csv:2:1".into(),
            message: message.into(),
            jobs: jobs.to_vec(),
        };
        let suspicions = [suspicion("text", &[0, 1]), suspicion("header", &[])];
        let mut accepted = AcceptedTexts::default();
        accepted.add(&suspicions, &[job("a", "one"), job("b", "two")]);
        let text = serde_json::to_string(&accepted).unwrap();
        let accepted: AcceptedTexts = serde_json::from_str(&text).unwrap();

        let mut left = suspicions.to_vec();
        accepted.remove_from(&mut left, &[job("a", "one"), job("b", "two")]);
        assert_eq!(left, []);
        let mut left = vec![suspicion("text", &[0, 1, 2]), suspicion("other header", &[])];
        accepted.remove_from(&mut left, &[job("a", "1"), job("b", "two"), job("c", "two")]);
        assert_eq!(left, [suspicion("text", &[0, 2]), suspicion("other header", &[])]);
    }

    #[test]
    fn an_approval_round_trips_through_its_file() {
        let text = serde_json::to_string(&approved()).unwrap();
        assert_eq!(serde_json::from_str::<Approval>(&text).unwrap(), approved());
    }
}

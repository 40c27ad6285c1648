//! Links to files, and how long they are worth something.

use std::collections::{BTreeMap, HashMap};

use axum::http::StatusCode;

use super::chance::{Seed, sha256};
use super::job::Job;

/// How links to files are made.
#[derive(Debug, Clone)]
pub(super) struct Links {
    /// The files origin, without a slash at the end.
    pub(super) files: String,
    /// Whether links tell when they were made, and prove it.
    pub(super) signed: bool,
    /// Signs.
    pub(super) seed: Seed,
}

impl Links {
    /// A link to a job's video, made at `now`.
    pub(super) fn video(&self, job: &Job, now: i64) -> String {
        let extension = job.picture().extension();
        self.link(&format!("/videos/{}.{extension}", job.id), &job.id, now)
    }

    /// A link to a job's thumbnail, made at `now`.
    pub(super) fn thumbnail(&self, job: &Job, now: i64) -> String {
        self.link(&format!("/thumbnails/{}.jpg", job.id), &job.id, now)
    }

    fn link(&self, path: &str, id: &str, now: i64) -> String {
        let query = if self.signed {
            format!("?issued={now}&signature={}", self.signature(id, now))
        } else {
            String::new()
        };
        format!("{}{path}{query}", self.files)
    }

    /// When the link with these parameters was made; none if it was not made here.
    pub(super) fn issued(&self, id: &str, query: &HashMap<String, String>) -> Option<i64> {
        let issued = query.get("issued")?.parse().ok()?;
        (*query.get("signature")? == self.signature(id, issued)).then_some(issued)
    }

    fn signature(&self, id: &str, issued: i64) -> String {
        let Seed(seed) = self.seed;
        sha256(format!("{seed} {id} {issued}").as_bytes())[..32].to_owned()
    }
}

/// Links that a fault has killed, with the status that they answer from then on.
#[derive(Debug, Default)]
pub(super) struct DeadLinks(BTreeMap<(String, i64), StatusCode>);

impl DeadLinks {
    /// The most that are remembered. If there are more, some come back to life.
    const LIMIT: usize = 10_000;

    /// Kills the link to a job's files that was made at `issued`.
    pub(super) fn kill(&mut self, id: &str, issued: i64, status: StatusCode) {
        if self.0.len() >= Self::LIMIT {
            self.0.pop_first();
        }
        self.0.insert((id.to_owned(), issued), status);
    }

    /// What that link answers if it is dead.
    pub(super) fn status(&self, id: &str, issued: i64) -> Option<StatusCode> {
        self.0.get(&(id.to_owned(), issued)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_made_here_are_known() {
        let links = Links {
            files: String::new(),
            signed: true,
            seed: Seed(1),
        };
        let link = links.link("/v.mp4", "a", 77);
        let query = |link: &str| -> HashMap<String, String> {
            let query = link.split_once('?').unwrap().1;
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        assert_eq!(links.issued("a", &query(&link)), Some(77));
        assert_eq!(links.issued("b", &query(&link)), None);
        let later = link.replace("77", "78");
        assert_eq!(links.issued("a", &query(&later)), None);
        assert_eq!(links.issued("a", &HashMap::new()), None);
    }

    #[test]
    fn dead_links_stay_dead_and_do_not_fill_the_memory() {
        let mut dead = DeadLinks::default();
        for issued in 0..20_000 {
            dead.kill("a", issued, StatusCode::GONE);
        }
        assert_eq!(dead.0.len(), DeadLinks::LIMIT);
        assert_eq!(dead.status("a", 19_999), Some(StatusCode::GONE));
        assert_eq!(dead.status("b", 19_999), None);
    }
}

//! Links to the files of jobs: signatures and expiry.

use std::collections::{BTreeMap, HashMap};

use super::random::{Seed, sha256};

/// Makes and checks links.
#[derive(Debug, Clone)]
pub(super) struct Links {
    /// The files origin, without a trailing slash.
    pub(super) files: String,
    /// Whether links carry their time of issue and a signature.
    pub(super) signed: bool,
    pub(super) seed: Seed,
}

impl Links {
    /// Returns a link to a file of the job `id`, issued at `now`.
    pub(super) fn file(&self, folder: &str, id: &str, extension: &str, now: i64) -> String {
        let query = if self.signed {
            format!("?issued={now}&signature={}", self.signature(id, now))
        } else {
            String::new()
        };
        format!("{}/{folder}/{id}.{extension}{query}", self.files)
    }

    /// Returns when the link with these parameters was issued, or `None` if the signature is wrong.
    pub(super) fn issued(&self, id: &str, query: &HashMap<String, String>) -> Option<i64> {
        let issued = query.get("issued")?.parse().ok()?;
        (*query.get("signature")? == self.signature(id, issued)).then_some(issued)
    }

    fn signature(&self, id: &str, issued: i64) -> String {
        let Seed(seed) = self.seed;
        sha256(format!("{seed} {id} {issued}").as_bytes())[..32].to_owned()
    }
}

/// Links made invalid by a fault, with the status that requests for them get.
#[derive(Debug, Default)]
pub(super) struct DeadLinks(BTreeMap<(String, i64), u16>);

impl DeadLinks {
    /// The maximum remembered. Beyond it, some dead links become valid again.
    const LIMIT: usize = 10_000;

    /// Makes the link to a job's files that was issued at `issued` invalid.
    pub(super) fn add(&mut self, id: &str, issued: i64, status: u16) {
        if self.0.len() >= Self::LIMIT {
            self.0.pop_first();
        }
        self.0.insert((id.to_owned(), issued), status);
    }

    /// Returns the status of a dead link, or `None` if the link is valid.
    pub(super) fn status(&self, id: &str, issued: i64) -> Option<u16> {
        self.0.get(&(id.to_owned(), issued)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_links_are_accepted() {
        let links = Links { files: String::new(), signed: true, seed: Seed(1) };
        let link = links.file("videos", "a", "mp4", 77);
        let query = |link: &str| -> HashMap<String, String> {
            let query = link.split_once('?').unwrap().1;
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.into(), value.into())).collect()
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
            dead.add("a", issued, 410);
        }
        assert_eq!(dead.0.len(), DeadLinks::LIMIT);
        assert_eq!(dead.status("a", 19_999), Some(410));
        assert_eq!(dead.status("b", 19_999), None);
    }
}

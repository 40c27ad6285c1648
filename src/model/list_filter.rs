//! What a list of the account's jobs is searched for.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::{Generation, RemoteId, Tag, find_tags};

/// Which rows of the account's list are to be kept while it streams in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListFilter {
    /// Rows that carry one of these,
    pub tags: BTreeSet<Tag>,
    /// rows with one of these ids,
    pub witnesses: BTreeSet<RemoteId>,
    /// and, where somebody else's work is looked for too, rows of ours that may be news.
    pub own: Option<CampaignTags>,
}

impl ListFilter {
    /// How many rows it asks for, if each job has one.
    pub fn rows(&self) -> usize {
        let own = self.own.as_ref().map_or(0, |own| own.owners.len());
        self.tags.len() + self.witnesses.len() + own
    }

    /// Whether a row with this name and id is to be kept.
    pub fn wants(&self, name: Option<&str>, id: Option<&RemoteId>) -> bool {
        let is_wanted = |tag: Tag| {
            let is_news = |own: &CampaignTags| own.is_news(&tag, id);
            self.tags.contains(&tag) || self.own.as_ref().is_some_and(is_news)
        };
        name.into_iter().flat_map(find_tags).any(is_wanted)
            || id.is_some_and(|id| self.witnesses.contains(id))
    }
}

/// The tags of a whole campaign, made once, and which rows have nothing more to tell. A list is searched
/// many times, and a campaign has more tags than it has jobs. Cheap to clone; what a clone shows stays as
/// it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CampaignTags {
    owners: Arc<HashMap<u64, (u32, Generation)>>,
    /// For each job a hash of the id at the provider whose end is known; 0 if there is none.
    told: Arc<Vec<u64>>,
}

impl CampaignTags {
    /// No tags yet, and room for those of so many jobs.
    pub fn new(jobs: usize, tags: usize) -> Self {
        Self {
            owners: Arc::new(HashMap::with_capacity(tags)),
            told: Arc::new(vec![0; jobs]),
        }
    }

    /// From now on `tag` stands for the job at `place` and a generation of it.
    pub fn add(&mut self, tag: &Tag, place: usize, generation: Generation) {
        let Ok(place) = u32::try_from(place) else {
            return;
        };
        let key = tag.bits();
        if self.owners.get(&key) != Some(&(place, generation)) {
            Arc::make_mut(&mut self.owners).insert(key, (place, generation));
        }
    }

    /// The job that `tag` stands for.
    pub fn owner(&self, tag: &Tag) -> Option<(usize, Generation)> {
        let (place, generation) = *self.owners.get(&tag.bits())?;
        Some((place as usize, generation))
    }

    /// The job at `place` is the row `remote`, and that row has come to its end; or none has.
    pub fn set_told(&mut self, place: usize, remote: Option<&RemoteId>) {
        let told = remote.map_or(0, hash);
        if self.told.get(place).is_some_and(|known| *known != told) {
            Arc::make_mut(&mut self.told)[place] = told;
        }
    }

    /// Whether both have the very same tags, in one place.
    #[cfg(test)]
    pub(crate) fn shares_tags_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.owners, &other.owners)
    }

    /// Whether a row with this tag and this id is one of ours, and may say what is not known yet.
    fn is_news(&self, tag: &Tag, id: Option<&RemoteId>) -> bool {
        self.owner(tag).is_some_and(|(place, _)| {
            let told = self.told.get(place).copied().unwrap_or(0);
            told == 0 || id.map(hash) != Some(told)
        })
    }
}

/// Never 0.
fn hash(remote: &RemoteId) -> u64 {
    let mut hasher = DefaultHasher::new();
    remote.hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Fingerprint, Speech, VideoRequest};

    fn tag(generation: u32) -> Tag {
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let job = "a".parse().unwrap();
        Tag::of(
            "c",
            &job,
            &Fingerprint::of(&request),
            Generation(generation),
        )
    }

    fn remote(text: &str) -> RemoteId {
        text.parse().unwrap()
    }

    #[test]
    fn tags_and_ids_asked_for_are_wanted_whatever_is_known_of_them() {
        let mut own = CampaignTags::new(1, 1);
        own.add(&tag(0), 0, Generation(0));
        own.set_told(0, Some(&remote("w")));
        let sought = ListFilter {
            tags: [tag(1)].into(),
            witnesses: [remote("w")].into(),
            own: Some(own),
        };
        let name = |generation| format!("Copy of a {}", tag(generation));
        assert!(sought.wants(Some(&name(1)), Some(&remote("x"))));
        assert!(sought.wants(Some(&name(0)), Some(&remote("w"))));
        assert!(sought.wants(None, Some(&remote("w"))));
        assert!(!sought.wants(Some(&name(2)), Some(&remote("x"))));
        assert_eq!((sought.rows(), ListFilter::default().rows()), (3, 0));
        assert!(!ListFilter::default().wants(Some(&name(0)), Some(&remote("x"))));
    }

    #[test]
    fn a_row_of_ours_is_wanted_until_its_end_is_known_and_a_second_one_always() {
        let mut own = CampaignTags::new(2, 2);
        own.add(&tag(0), 1, Generation(0));
        let before = own.clone();
        let wants = |own: &CampaignTags, id: Option<&RemoteId>| {
            let own = Some(own.clone());
            let sought = ListFilter {
                own,
                ..ListFilter::default()
            };
            sought.wants(Some(tag(0).as_str()), id)
        };
        assert!(wants(&own, Some(&remote("x"))));
        own.set_told(1, Some(&remote("x")));
        assert!(!wants(&own, Some(&remote("x"))));
        assert!(wants(&own, Some(&remote("y"))), "paid for twice");
        assert!(wants(&own, None));
        assert!(wants(&before, Some(&remote("x"))), "asked for before");
        own.set_told(1, None);
        assert!(wants(&own, Some(&remote("x"))), "its link has expired");
        assert_eq!(own.owner(&tag(0)), Some((1, Generation(0))));
        assert_eq!(own.owner(&tag(1)), None);
    }
}

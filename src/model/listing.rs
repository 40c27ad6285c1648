//! The filter for a list of the account's jobs.

use super::Failure;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use super::{Credits, Generation, RemoteId, RenderReport, RequestIndex, Tag, find_tags};

/// Why a list without a job in doubt does not prove that the job was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inconclusive {
    /// The campaign has no accepted job of about that time as a reference for the completeness of the list.
    #[serde(rename = "no_witness")]
    NoReference,
    /// Jobs of ours that were accepted are missing from it, or have no names.
    Incomplete,
    /// It may end before the time at which the job was sent.
    CutShort,
    /// It is sufficient, but a second, later list must agree.
    Once,
    /// It may leave out finished or unfinished renders: it has not shown both kinds.
    OneKind,
    /// The job was proven absent before and sent again, and that answer was lost too.
    ProvenBefore,
    /// It shows a job without its name, which may be this one.
    Nameless,
    /// It could not be read.
    Refused {
        /// The failure.
        failure: Failure,
    },
}

impl fmt::Display for Inconclusive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReference => formatter.write_str(
                "the provider's list does not show it, but no other job of that time shows that the \
                 list is complete",
            ),
            Self::Incomplete => formatter.write_str(
                "the provider's list shows neither it nor other jobs that were accepted, so it is \
                 late, cut short or keeps no names",
            ),
            Self::CutShort => formatter.write_str(
                "the provider's list does not show it, but may not reach back to when it was sent",
            ),
            Self::Once => formatter.write_str(
                "the provider's list does not show it, and a second, later one has not agreed yet",
            ),
            Self::OneKind => formatter.write_str(
                "the provider's list does not show it, but may leave out finished or unfinished renders",
            ),
            Self::ProvenBefore => formatter.write_str(
                "it was sent a second time after the provider's list had not shown it, and that answer was lost too",
            ),
            Self::Nameless => formatter.write_str(
                "the provider's list shows a job of the same text, persona and ratio without a name, which may be it",
            ),
            Self::Refused { failure } => {
                write!(formatter, "the provider's list could not be read: {failure}")
            }
        }
    }
}

/// The rows of the account's list that are kept while it streams in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListFilter {
    /// Rows with one of these tags.
    pub tags: BTreeSet<Tag>,
    /// Rows with one of these ids.
    pub references: BTreeSet<RemoteId>,
    /// Rows of this campaign that may be new, if duplicate runs are to be detected.
    pub own: Option<CampaignTags>,
    /// Rows that were paid for by these jobs under other ids or with other requests.
    pub unpaid: Option<Arc<RequestIndex>>,
    /// Rows without a name that may be these jobs in doubt.
    pub in_doubt: Option<Arc<RequestIndex>>,
}

impl ListFilter {
    /// Returns the number of rows asked for, if each job has one.
    pub fn rows(&self) -> usize {
        let own = self.own.as_ref().map_or(0, |own| own.owners.len());
        self.tags.len() + self.references.len() + own
    }

    /// Checks whether a row with this name that is [not wanted](Self::wants) by its name may be wanted by its content.
    pub fn may_want(&self, name: Option<&str>) -> bool {
        let index = if is_nameless(name) { &self.in_doubt } else { &self.unpaid };
        index.is_some()
    }

    /// Checks whether a row was paid for by a job of this campaign under another id or with another request.
    pub fn wants_as_paid(&self, report: &RenderReport) -> bool {
        self.unpaid.as_ref().is_some_and(|index| index.identify(report).is_some())
    }

    /// Checks whether a row has no name and may be a job in doubt.
    pub fn wants_nameless(&self, report: &RenderReport) -> bool {
        is_nameless(report.name.as_deref())
            && self
                .in_doubt
                .as_ref()
                .is_some_and(|index| index.with_content(&report.echo).next().is_some())
    }

    /// Checks whether a row with this name, id and charge is kept.
    pub fn wants(
        &self,
        name: Option<&str>,
        id: Option<&RemoteId>,
        charged: Option<Credits>,
    ) -> bool {
        let is_wanted = |tag: Tag| {
            let may_be_new = |own: &CampaignTags| own.may_be_new(&tag, id, charged);
            self.tags.contains(&tag) || self.own.as_ref().is_some_and(may_be_new)
        };
        name.into_iter().flat_map(find_tags).any(is_wanted)
            || id.is_some_and(|id| self.references.contains(id))
    }
}

/// Checks whether a name has no tag.
pub(crate) fn is_nameless(name: Option<&str>) -> bool {
    name.into_iter().flat_map(find_tags).next().is_none()
}

/// All tags of a campaign, computed once, and the rows that have ended. A list is searched many times, and a campaign
/// has more tags than jobs. Cheap to clone; a clone does not change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CampaignTags {
    owners: Arc<HashMap<u64, (u32, Generation)>>,
    /// A hash of the remote id of each job that has ended, or 0, and its charge.
    ended: Arc<Vec<(u64, Credits)>>,
}

impl CampaignTags {
    /// Returns an empty set with room for the tags of `jobs` jobs.
    pub fn new(jobs: usize, tags: usize) -> Self {
        Self {
            owners: Arc::new(HashMap::with_capacity(tags)),
            ended: Arc::new(vec![(0, Credits::ZERO); jobs]),
        }
    }

    /// Adds `tag` for a generation of the job at `index`.
    pub fn add(&mut self, tag: &Tag, index: usize, generation: Generation) {
        let Ok(index) = u32::try_from(index) else {
            return;
        };
        let key = tag.bits();
        if self.owners.get(&key) != Some(&(index, generation)) {
            Arc::make_mut(&mut self.owners).insert(key, (index, generation));
        }
    }

    /// Adds `tag` for a generation of the job at `index`, unless it is the tag of a job already.
    pub fn add_if_unknown(&mut self, tag: &Tag, index: usize, generation: Generation) {
        if self.owner(tag).is_none() {
            self.add(tag, index, generation);
        }
    }

    /// Returns the job that `tag` belongs to.
    pub fn owner(&self, tag: &Tag) -> Option<(usize, Generation)> {
        let (index, generation) = *self.owners.get(&tag.bits())?;
        Some((index as usize, generation))
    }

    /// Records that the row `remote` of the job at `index` has ended with this charge, or that none has.
    pub fn set_ended(&mut self, index: usize, remote: Option<&RemoteId>, charged: Credits) {
        let ended = (remote.map_or(0, RemoteId::hash), charged);
        if self.ended.get(index).is_some_and(|known| *known != ended) {
            Arc::make_mut(&mut self.ended)[index] = ended;
        }
    }

    /// Checks whether both share the same set of tags in memory.
    #[cfg(test)]
    pub(crate) fn shares_tags_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.owners, &other.owners)
    }

    /// Checks whether a row with this tag and id belongs to this campaign and may contain something new.
    fn may_be_new(&self, tag: &Tag, id: Option<&RemoteId>, charged: Option<Credits>) -> bool {
        self.owner(tag).is_some_and(|(index, _)| {
            let (ended, known) = self.ended.get(index).copied().unwrap_or_default();
            ended == 0 || id.map(RemoteId::hash) != Some(ended) || charged > Some(known)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Fingerprint, Speech, VideoRequest};

    fn tag(generation: u32) -> Tag {
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let job = "a".parse().unwrap();
        Tag::of("c", &job, &Fingerprint::of(&request), Generation(generation))
    }

    fn remote(text: &str) -> RemoteId {
        text.parse().unwrap()
    }

    #[test]
    fn rows_asked_for_are_always_kept() {
        let mut own = CampaignTags::new(1, 1);
        own.add(&tag(0), 0, Generation(0));
        own.set_ended(0, Some(&remote("w")), Credits::ZERO);
        let filter = ListFilter {
            tags: [tag(1)].into(),
            references: [remote("w")].into(),
            own: Some(own),
            ..ListFilter::default()
        };
        let name = |generation| format!("Copy of a {}", tag(generation));
        assert!(filter.wants(Some(&name(1)), Some(&remote("x")), None));
        assert!(filter.wants(Some(&name(0)), Some(&remote("w")), None));
        assert!(filter.wants(None, Some(&remote("w")), None));
        assert!(!filter.wants(Some(&name(2)), Some(&remote("x")), None));
        assert_eq!((filter.rows(), ListFilter::default().rows()), (3, 0));
        assert!(!ListFilter::default().wants(Some(&name(0)), Some(&remote("x")), None));
    }

    #[test]
    fn a_row_of_the_campaign_is_kept_until_its_job_has_ended() {
        let mut own = CampaignTags::new(2, 2);
        own.add(&tag(0), 1, Generation(0));
        let before = own.clone();
        let wants_charged = |own: &CampaignTags, id: Option<&RemoteId>, charged| {
            let own = Some(own.clone());
            let filter = ListFilter { own, ..ListFilter::default() };
            filter.wants(Some(tag(0).as_str()), id, Some(Credits::whole(charged)))
        };
        let wants = |own: &CampaignTags, id: Option<&RemoteId>| wants_charged(own, id, 3);
        assert!(wants(&own, Some(&remote("x"))));
        own.set_ended(1, Some(&remote("x")), Credits::whole(3));
        assert!(!wants(&own, Some(&remote("x"))));
        assert!(wants_charged(&own, Some(&remote("x")), 4), "charged more by now");
        assert!(wants(&own, Some(&remote("y"))), "paid for twice");
        assert!(wants(&own, None));
        assert!(wants(&before, Some(&remote("x"))), "asked for before");
        own.set_ended(1, None, Credits::ZERO);
        assert!(wants(&own, Some(&remote("x"))), "its link has expired");
        assert_eq!(own.owner(&tag(0)), Some((1, Generation(0))));
        assert_eq!(own.owner(&tag(1)), None);
    }
}

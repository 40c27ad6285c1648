//! A history in the order of a campaign's jobs: [`History::about`].

use std::sync::Arc;

use super::{History, HistoryError, JobHistory};
use crate::model::JobId;

impl History {
    /// The same with `jobs` in their order. That it knows another is a fault; what becomes true of others from
    /// now on is none of its business.
    #[must_use]
    pub fn about<'a>(self, jobs: impl IntoIterator<Item = &'a JobId>) -> Self {
        let jobs: Vec<&JobId> = jobs.into_iter().collect();
        if self.is_about(jobs.iter().copied()) {
            return self;
        }
        let among = self.places_among(jobs.iter().copied());
        self.arranged(jobs.into_iter().cloned().collect(), &among)
    }

    /// Whether it has been arranged to be [about](Self::about) just these jobs. Quick where the names are the very
    /// same in memory.
    pub(crate) fn is_about<'a>(&self, jobs: impl ExactSizeIterator<Item = &'a JobId>) -> bool {
        let order = self.order.as_deref();
        order.is_some_and(|order| order.len() == jobs.len() && order.iter().eq(jobs))
    }

    /// For each of [its jobs](Self::jobs) the place among `jobs`, if it is one of them.
    pub(crate) fn places_among<'a>(
        &self,
        jobs: impl IntoIterator<Item = &'a JobId>,
    ) -> Vec<Option<usize>> {
        let mut among = vec![None; self.jobs.len()];
        for (place, id) in jobs.into_iter().enumerate() {
            if let Some(known) = self.place(id) {
                among[known] = Some(place);
            }
        }
        among
    }

    /// It [about](Self::about) the jobs of `order`, if the places of its own among them are known.
    #[must_use]
    pub(crate) fn arranged(mut self, order: Arc<[JobId]>, among: &[Option<usize>]) -> Self {
        if among.contains(&None) {
            let mut ids = self.places.iter();
            let unknown = ids.find(|(_, place)| among[**place].is_none());
            let job = unknown.expect("every job has a name").0.clone();
            self.fault.get_or_insert(HistoryError::UnknownJob { job });
        }
        let mut jobs = vec![JobHistory::default(); order.len()];
        for (known, place) in self.jobs.into_iter().zip(among) {
            if let Some(place) = place {
                jobs[*place] = known;
            }
        }
        self.jobs = jobs;
        self.places = Arc::new(order.iter().cloned().zip(0..).collect());
        self.order = Some(order);
        self
    }
}

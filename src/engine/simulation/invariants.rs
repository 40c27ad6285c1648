//! The invariants that must hold in every step of every simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::provider::{Accepted, SimulatedProvider};
use super::run::CAMPAIGN;
use crate::engine::{Batch, RunOptions};
use crate::model::{
    Command, Credits, Entry, Event, FailureKind, Generation, JobEvent, JobId, JobState, Limits,
    Outcome, Phase, PlannedJob, RemoteId, StopReason, Tag, Timestamp, find_tags,
};

/// The reservation of each job by the price table.
const LISTED: Credits = Credits::whole(5);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What was observed so far, in true time.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one campaign")]
pub(super) struct Invariants {
    /// The present ids of jobs that had others.
    renamed: BTreeMap<JobId, JobId>,
    /// The fold of the journal.
    pub(super) states: BTreeMap<JobId, JobState>,
    /// Every tag that was ever recorded.
    known: BTreeSet<Tag>,
    /// What each job had cost before this run first submitted it.
    begun: BTreeMap<JobId, Credits>,
    /// Renders that this run no longer waits for.
    overdue: BTreeSet<JobId>,
    /// Renders that an answer of this run was about.
    looked_at: BTreeSet<RemoteId>,
    /// Jobs that had failed before this run and were asked for again.
    revisited: BTreeSet<JobId>,
    /// Whether a render of this run has failed because the credits are used up.
    lacks_credits: bool,
    /// Whether a submit of this run was rendered.
    has_rendered: bool,
    /// The highest charge of this run, in thousandths of the listed reservation.
    price: Option<i64>,
    /// When the list was last requested for all jobs of the campaign.
    last_list: Option<Timestamp>,
    /// The newest submit of this run that was accepted, until such a list has shown it.
    unlisted: Option<(Timestamp, RemoteId)>,
    /// Jobs of other runs that the list has shown in this run, with their names.
    twins: BTreeSet<(Tag, RemoteId)>,
    /// The highest charge of each finished job that the list has shown in this run.
    charges: BTreeMap<RemoteId, Credits>,
    last_submit: Option<Timestamp>,
    last_read: Option<Timestamp>,
    /// The times before which the provider wants no submit, no read and no download.
    pauses: [Option<Timestamp>; 3],
    /// The same, as far as they are recorded.
    recorded_pauses: [Option<Timestamp>; 3],
    pub(super) reads: u64,
    pub(super) rows_were_edited: bool,
    pub(super) journal_was_lost: bool,
}

impl Invariants {
    pub(super) fn begin_run(&mut self, jobs: &[PlannedJob]) {
        for job in jobs {
            self.states.entry(job.spec.id.clone()).or_default();
            let other_ids = job.spec.other_ids();
            self.renamed.extend(other_ids.map(|other| (other.clone(), job.spec.id.clone())));
        }
        self.begun.clear();
        self.overdue.clear();
        self.looked_at.clear();
        self.revisited.clear();
        self.lacks_credits = false;
        self.has_rendered = false;
        self.price = None;
        self.last_list = None;
        self.unlisted = None;
        self.twins.clear();
        self.charges.clear();
        // The pace of reads, which cost nothing, is not recorded.
        self.last_read = None;
    }

    pub(super) fn lose_journal(&mut self) {
        *self = Self { reads: self.reads, journal_was_lost: true, ..Self::default() };
    }

    pub(super) fn keep_pauses(&mut self) {
        self.recorded_pauses = self.pauses;
    }

    pub(super) fn forget_pauses(&mut self) {
        self.pauses = self.recorded_pauses;
    }

    /// Checks an answer that arrives at the program.
    pub(super) fn on_answer(&mut self, outcome: &Outcome, now: Timestamp) {
        match outcome {
            Outcome::Polled { result: Ok(reports), .. } => {
                self.looked_at.extend(reports.iter().map(|report| report.remote.clone()));
            }
            Outcome::JobPolled { job, .. } => {
                let remote = self.states[job].phase.remote();
                self.looked_at.extend(remote.cloned());
            }
            Outcome::Listed { result: Ok(listing) } => {
                self.looked_at.extend(listing.found.iter().map(|report| report.remote.clone()));
            }
            Outcome::Polled { .. }
            | Outcome::Listed { .. }
            | Outcome::Submitted { .. }
            | Outcome::Downloaded { .. } => {}
        }
        let (lane, failure) = match outcome {
            Outcome::Submitted { result, .. } => (0, result.as_ref().err()),
            Outcome::Polled { result, .. } => (1, result.as_ref().err()),
            Outcome::JobPolled { result, .. } => (1, result.as_ref().err()),
            Outcome::Listed { result } => (1, result.as_ref().err()),
            Outcome::Downloaded { result, .. } => (2, result.as_ref().err()),
        };
        if let Outcome::Listed { result: Ok(listing) } = outcome {
            for row in &listing.found {
                self.unlisted.take_if(|(_, remote)| *remote == row.remote);
                let mut states = self.states.values();
                let has_ended = states.any(|state| {
                    state.phase.remote() == Some(&row.remote)
                        && !matches!(state.phase, Phase::Rendering { .. })
                });
                if let Some(charged) = row.credits_used.filter(|_| has_ended) {
                    let known = self.charges.entry(row.remote.clone()).or_default();
                    *known = charged.max(*known);
                }
                if row.remote.as_str().starts_with("twin") {
                    let tags = row.name.as_deref().into_iter().flat_map(find_tags);
                    self.twins.extend(tags.map(|tag| (tag, row.remote.clone())));
                }
            }
        }
        let named = failure.and_then(|failure| Some(failure.retry_after?.end(now)));
        // Reads and downloads are held for an hour at most; a run of submits ends before that.
        let named = named.map(|named| if lane == 0 { named } else { named.min(now.plus(HOUR)) });
        self.pauses[lane] = self.pauses[lane].max(named);
    }

    /// Checks a command that is sent.
    pub(super) fn on_command(&mut self, command: &Command, now: Timestamp, interval: Duration) {
        let lane = match command {
            Command::Submit { .. } => 0,
            Command::Poll { .. } | Command::PollJob { .. } | Command::List { .. } => 1,
            Command::Download(_) => 2,
        };
        assert!(
            self.pauses[lane].is_none_or(|named| now >= named),
            "{command:?} before the time the provider named"
        );
        if let Command::List { filter } = command
            && filter.own.is_some()
        {
            self.last_list = Some(now);
        }
        if lane == 1 {
            self.reads += 1;
            if let Some(last) = self.last_read.replace(now) {
                assert!(now.since(last) >= interval, "reads come too fast");
            }
        }
    }

    /// Checks an entry that was recorded.
    pub(super) fn on_entry(&mut self, entry: &Entry, now: Timestamp, options: &RunOptions) {
        let limits = &options.limits;
        let interval = limits.submit_rate.interval();
        let Event::Job { job, event } = &entry.event else {
            return;
        };
        let state = self.states.get_mut(job).unwrap();
        let before = state.counted();
        let was_absent = state.was_found_absent;
        let has_failed = matches!(state.phase, Phase::Failed { .. });
        let has_video = matches!(state.phase, Phase::Rendering { .. } | Phase::Downloading { .. });
        let download = state.last_failure.clone().filter(|_| has_video);
        let is_waiting = state.credit_failures > 0;
        let failed = state.phase.remote().filter(|_| has_failed).cloned();
        state.apply(entry.at, event).unwrap();
        match event {
            JobEvent::SubmitStarted { tag, .. } => {
                assert!(!self.lacks_credits, "{job} was submitted without credits");
                let is_probed = !is_waiting || !self.has_under_way(job) || self.has_rendered;
                assert!(is_probed, "{job} waits for credits");
                self.known.insert(tag.clone());
                if let Some(last) = self.last_submit.replace(now) {
                    let gap = now.since(last);
                    assert!(gap >= interval, "{gap:?} between two submits");
                }
                self.begun.entry(job.clone()).or_insert(before);
                let (committed, cap) = (self.committed(), limits.max_credits.credits());
                assert!(
                    cap.is_none_or(|cap| committed <= cap),
                    "{committed} of {cap:?} credits promised"
                );
                let (committed, cap) = (self.committed_by_run(), limits.max_credits_run);
                assert!(
                    cap.is_none_or(|cap| committed <= cap),
                    "{committed} of {cap:?} credits promised by one run"
                );
                self.check_prices(job, limits);
            }
            JobEvent::Adopted { tag, remote, .. } => {
                self.known.insert(tag.clone());
                let is_copy = remote.as_str().starts_with("copy");
                assert!(!is_copy, "{job} has the video of another text");
            }
            JobEvent::FoundAbsent => {
                assert!(!was_absent, "{job} was proven absent twice");
            }
            JobEvent::RenderOverdue => {
                self.overdue.insert(job.clone());
            }
            JobEvent::Rendered { .. } | JobEvent::Failed { .. } | JobEvent::Charged { .. } => {
                if let JobEvent::Failed { failure, .. } = event {
                    let is_new = !self.revisited.contains(job) && self.begun.contains_key(job);
                    self.lacks_credits |= failure.kind == FailureKind::OutOfCredits && is_new;
                }
                let is_rendered = matches!(event, JobEvent::Rendered { .. });
                self.has_rendered |= is_rendered && self.begun.contains_key(job);
                let charged = state.believed_charge().filter(|_| self.begun.contains_key(job));
                let price =
                    charged.map(|charged| charged.thousandths() * 1000 / LISTED.thousandths());
                self.price = self.price.max(price.map(|price| price.max(1000)));
            }
            JobEvent::Submitted { remote } => self.unlisted = Some((now, remote.clone())),
            JobEvent::SubmitDeferred { .. }
            | JobEvent::SubmitLost { .. }
            | JobEvent::NotProven { .. }
            | JobEvent::PaidTwice { .. }
            | JobEvent::Observed { .. }
            | JobEvent::Downloaded { .. }
            | JobEvent::DownloadDeferred { .. }
            | JobEvent::DownloadGivenUp { .. }
            | JobEvent::LinkExpired { .. }
            | JobEvent::FileMissing => {}
            JobEvent::Revisited => {
                self.revisited.insert(job.clone());
            }
            JobEvent::Reopened { .. } => {
                let is_new_version = options.fresh || self.rows_were_edited;
                let was_looked_at = failed.is_none_or(|remote| self.looked_at.contains(&remote));
                assert!(is_new_version || was_looked_at, "{job} is paid for again without a look");
                let may_live = download.is_some_and(|failure| !failure.denies_video());
                assert!(!may_live, "{job} is paid for again, and its link may live");
            }
        }
    }

    /// Checks whether a submit of this run other than that of `submitted` is under way.
    fn has_under_way(&self, submitted: &JobId) -> bool {
        let mut begun = self.begun.keys().filter(|job| *job != submitted);
        begun.any(|job| {
            let state = &self.states[job];
            matches!(state.phase, Phase::Submitting)
                || matches!(state.phase, Phase::Rendering { .. })
                    && state.rendered_at.is_none()
                    && !self.overdue.contains(job)
        })
    }

    /// Checks that the cap holds at the prices that this run has seen, or at twice those of the table before that.
    fn check_prices(&self, submitted: &JobId, limits: &Limits) {
        let is_under_way = |(job, state): (&JobId, &JobState)| {
            job != submitted
                && state.promised() > Credits::ZERO
                && !self.overdue.contains(job)
                && !matches!(state.phase, Phase::InDoubt { .. })
                && state.rendered_at.is_none()
        };
        let is_alone = !self.states.iter().any(is_under_way);
        let price = self.price.unwrap_or(if is_alone { 1000 } else { 2000 });
        let cost = |state: &JobState| {
            let thousandths = LISTED.thousandths() * price / 1000;
            let open = state.promised() > Credits::ZERO;
            let dearer = Credits::from_thousandths(thousandths).less(state.promised());
            state.counted() + if open { dearer } else { Credits::ZERO }
        };
        let committed: Credits = self.states.values().map(cost).sum();
        let cap = limits.max_credits.credits();
        assert!(
            cap.is_none_or(|cap| committed <= cap),
            "{committed} of {cap:?} credits at the known price"
        );
    }

    /// Checks that no submit pays for a row again that was paid for before the journal was lost and its id or its text was
    /// edited.
    pub(super) fn check_new(
        &self,
        entry: &Entry,
        provider: &SimulatedProvider,
        options: &RunOptions,
    ) {
        let Event::Job { job, event: JobEvent::SubmitStarted { tag, generation, fingerprint, .. } } =
            &entry.event
        else {
            return;
        };
        let is_new = generation.0 == 0 && self.states[job].tag.is_none();
        if !self.journal_was_lost || !is_new || options.redo_changed {
            return;
        }
        for accepted in provider.accepted.iter().filter(|row| row.tag != *tag) {
            let is_taken = self.known.contains(&accepted.tag);
            let id = accepted.name.split(' ').nth(1).unwrap();
            let is_other = id != job.as_str() && accepted.fingerprint != *fingerprint;
            assert!(is_taken || is_other, "{job} was paid for before an edit: {accepted:?}");
        }
    }

    /// Returns what the submits of this run have cost and promised.
    fn committed_by_run(&self) -> Credits {
        let begun = self.begun.iter();
        begun
            .map(|(job, before)| {
                let state = &self.states[job];
                (state.counted()).less(*before)
            })
            .sum()
    }

    fn committed(&self) -> Credits {
        let states = self.states.values();
        states.map(JobState::counted).sum()
    }

    /// Checks that the live phases equal the fold of the journal.
    pub(super) fn check_phases(&self, batch: &Batch) {
        for (job, phase) in batch.phases() {
            assert_eq!(self.states[job].phase, *phase, "{job}");
        }
    }

    /// Checks at the end of a run that it has looked for jobs that another run has paid for, if the list can be read, and
    /// that all those count which the list has shown, and all charges.
    pub(super) fn twins_are_counted(
        &self,
        batch: &Batch,
        options: &RunOptions,
        provider: &SimulatedProvider,
    ) {
        let (limits, profile) = (&options.limits, &provider.profile);
        let is_readable = profile.read_faults + profile.list_refused + profile.fatal == 0;
        let stop = batch.stop_reason();
        let is_late = |(accepted, _): &(Timestamp, RemoteId)| {
            self.last_list < Some(accepted.plus(limits.settle * 4))
        };
        if is_readable
            && !options.leave_after_submitting
            && stop.is_none_or(StopReason::finishes_paid_work)
        {
            let unlisted = self.unlisted.as_ref().filter(|submit| is_late(submit));
            assert!(unlisted.is_none(), "{unlisted:?} was not looked for in the list");
        }
        for state in self.states.values() {
            let shown = state.phase.remote().and_then(|remote| self.charges.get(remote));
            let counted = state.charged.unwrap_or(state.reserved);
            let is_followed = shown.is_none_or(|shown| *shown <= counted);
            assert!(is_followed, "a charge of {shown:?} credits is not followed: {state:?}");
        }
        for (tag, twin) in &self.twins {
            let of_tag = |state: &&JobState| {
                state.tag.as_ref() == Some(tag) && state.phase.remote().is_some()
            };
            let is_known = |state: &JobState| {
                state.phase.remote() == Some(twin)
                    || state.duplicates.contains(twin)
                    || state.replaced.contains(twin)
            };
            assert!(
                self.states.values().find(of_tag).is_none_or(is_known),
                "{twin} does not count"
            );
        }
    }

    /// Checks that no submit was accepted twice.
    pub(super) fn check_paid_once(provider: &SimulatedProvider) {
        for (tag, times) in provider.times_accepted() {
            assert!(times == 1, "paid {times} times: {tag}");
        }
    }

    /// Checks after each run that every accepted job is known, with its state and its cost.
    pub(super) fn nothing_is_lost(&self, provider: &SimulatedProvider) {
        for accepted in &provider.accepted {
            let id: JobId = accepted.name.split(' ').nth(1).unwrap().parse().unwrap();
            let state = &self.states[self.renamed.get(&id).unwrap_or(&id)];
            let is_known = self.known.contains(&accepted.tag);
            // Without a journal, a run that could not read the list knows no job, and submits none.
            let is_to_be_found = self.journal_was_lost && state.tag.is_none();
            let is_older = self.journal_was_lost && (state.generation.0 > 0 || state.is_adopted);
            // Another row may have its id by now.
            let is_to_be_found = is_to_be_found || self.journal_was_lost && self.rows_were_edited;
            assert!(is_known || is_to_be_found || is_older, "unknown: {accepted:?}");
            if state.tag.as_ref() != Some(&accepted.tag) {
                continue;
            }
            // The next list shows it.
            let was_refused = provider.refused_twins.contains(&accepted.tag);
            if was_refused && state.phase == Phase::Pending {
                continue;
            }
            let counted = state.counted();
            let is_counted = counted >= accepted.charge || provider.profile.overcharges;
            assert!(is_counted, "{counted} credits counted: {accepted:?}");
            if accepted.fails {
                continue;
            }
            let is_lost = match &state.phase {
                Phase::Pending => state.generation.0 == 0 && !is_to_be_found,
                // It is polled once more by every run.
                Phase::Failed { failure, .. } => failure.kind != FailureKind::NotFound,
                Phase::Submitting
                | Phase::InDoubt { .. }
                | Phase::Rendering { .. }
                | Phase::Downloading { .. }
                | Phase::Done { .. } => false,
            };
            assert!(!is_lost, "a paid video was lost: {:?}", state.phase);
        }
    }

    /// Checks that a run that submits nothing, and ended without a reason, has taken over every job that the account's
    /// list has shown since it `began`.
    pub(super) fn everything_is_collected(&self, provider: &SimulatedProvider, began: Timestamp) {
        if provider.profile.list_cap < usize::MAX || provider.profile.hides.is_some() {
            return;
        }
        for accepted in provider.accepted.iter().filter(|row| provider.appears_at(row) <= began) {
            let id: JobId = accepted.name.split(' ').nth(1).unwrap().parse().unwrap();
            let state = &self.states[self.renamed.get(&id).unwrap_or(&id)];
            // An earlier generation is not wanted.
            let is_here =
                self.known.contains(&accepted.tag) || state.tag.is_some() || state.generation.0 > 0;
            assert!(is_here, "a collecting run left {accepted:?}");
        }
    }

    /// Checks at the very end that every job is done or was failed by the provider, and that the cost is known.
    pub(super) fn everything_is_settled(&self, provider: &SimulatedProvider) {
        for (job, state) in &self.states {
            let is_done = matches!(state.phase, Phase::Done { .. });
            let is_failed = matches!(state.phase, Phase::Failed { .. });
            let row = |tag: &Tag| provider.accepted.iter().find(|row| row.tag == *tag);
            let row = state.tag.as_ref().and_then(row);
            let by_provider = row.map_or_else(
                || state.tag.as_ref().is_some_and(|tag| provider.refused.contains(tag)),
                |row| row.fails || row.is_forgotten,
            );
            let is_settled = is_done || (is_failed && by_provider && !state.awaits_credits());
            assert!(is_settled, "{job} is {:?}", state.phase);
        }
        let mut newest: BTreeMap<&JobId, &Accepted> = BTreeMap::new();
        for accepted in &provider.accepted {
            let id: JobId = accepted.name.split(' ').nth(1).unwrap().parse().unwrap();
            let id = self.renamed.get(&id).unwrap_or(&id);
            let (id, _) = self.states.get_key_value(id).unwrap();
            let other = newest.entry(id).or_insert(accepted);
            if accepted.at > other.at {
                *other = accepted;
            }
        }
        for (id, accepted) in newest {
            let tag = |generation| {
                let named = accepted.name.split(' ').nth(1).unwrap().parse().unwrap();
                Tag::of(CAMPAIGN, &named, &accepted.fingerprint, Generation(generation))
            };
            // It was made again since.
            let is_older = || (0..=self.states[id].generation.0).any(|it| tag(it) == accepted.tag);
            let is_known =
                self.known.contains(&accepted.tag) || self.rows_were_edited || is_older();
            assert!(is_known, "{id} was made again, and its newest video is unknown: {accepted:?}");
        }
        let most = 600 + 120 * u64::try_from(self.states.len() + provider.accepted.len()).unwrap();
        assert!(self.reads <= most, "{} reads, {most} allowed", self.reads);
        let charged: Credits = provider.accepted.iter().map(|row| row.charge).sum();
        let is_counted = self.committed() >= charged;
        let may_miss = self.journal_was_lost || provider.profile.overcharges;
        assert!(is_counted || may_miss, "{} of {charged}", self.committed());
    }
}

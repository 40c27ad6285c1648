//! A simulated provider in virtual time, with every failure of the failure table.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::profile::{LATEST_ACCEPTANCE, LATEST_BEHIND_GATEWAY, ProviderProfile};
use super::random::Random;
use crate::model::{
    AcceptedJob, Artifact, Command, Credits, DownloadRequest, Failure, FailureKind, Fingerprint,
    ListFilter, ListOrder, Listing, Outcome, RemoteId, RenderReport, RenderStatus, RequestEcho,
    RetryAfter, Speech, Tag, Timestamp, VideoRequest, find_tags,
};

/// One accepted submit.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one job")]
pub(super) struct Accepted {
    pub(super) remote: RemoteId,
    pub(super) name: String,
    pub(super) tag: Tag,
    pub(super) text: String,
    pub(super) fingerprint: Fingerprint,
    /// Whether the list and the answers show it without its name.
    is_nameless: bool,
    pub(super) at: Timestamp,
    /// When it appears in the list.
    pub(super) listed_from: Timestamp,
    /// When the provider starts the render.
    begins: Timestamp,
    finishes: Timestamp,
    /// Whether the render fails.
    pub(super) fails: bool,
    /// From when it is finished after all.
    pub(super) recovers: Option<Timestamp>,
    /// Whether it fails because the credits are used up.
    lacks_credits: bool,
    /// Whether the provider does not find it by its id.
    pub(super) is_forgotten: bool,
    pub(super) charge: Credits,
    output_from: Timestamp,
}

impl Accepted {
    /// Checks whether it is shown as failed at `now`, once it has ended.
    fn fails_at(&self, now: Timestamp) -> bool {
        self.fails && self.recovers.is_none_or(|recovers| now < recovers)
    }
}

#[derive(Debug)]
pub(super) struct SimulatedProvider {
    pub(super) random: Random,
    pub(super) profile: ProviderProfile,
    pub(super) accepted: Vec<Accepted>,
    pub(super) peak_concurrency: usize,
    /// Copies that a person has made of them in the dashboard, with the same name and another text.
    pub(super) copies: Vec<Accepted>,
    /// Jobs that another run has paid for, with the names and texts of ours.
    pub(super) twins: Vec<Accepted>,
    /// Submits that were refused.
    pub(super) refused: BTreeSet<Tag>,
    /// Submits that were accepted and answered so.
    answered: BTreeSet<RemoteId>,
    /// Submits that were accepted, and whose repetition by a gateway was refused.
    pub(super) refused_twins: BTreeSet<Tag>,
}

/// The age of rows of other campaigns, all older than ours.
const FOREIGN_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The beginning of all links.
const FILES: &str = "https://files.example/";

/// How long a finished render may report too little.
const EARLY: Duration = Duration::from_secs(600);

impl SimulatedProvider {
    pub(super) fn new(random: Random, profile: ProviderProfile) -> Self {
        Self {
            random,
            profile,
            accepted: Vec::new(),
            copies: Vec::new(),
            twins: Vec::new(),
            peak_concurrency: 0,
            refused: BTreeSet::new(),
            answered: BTreeSet::new(),
            refused_twins: BTreeSet::new(),
        }
    }

    /// Returns how many renders are under way at `now`, queued ones included.
    fn running(&self, now: Timestamp) -> usize {
        self.running_jobs(now).count()
    }

    fn running_jobs(&self, now: Timestamp) -> impl Iterator<Item = &Accepted> {
        self.accepted.iter().filter(move |job| job.finishes > now && !job.is_forgotten)
    }

    /// Records how many of them the program can know of.
    fn update_peak(&mut self, now: Timestamp) {
        let is_known = |job: &&Accepted| !self.refused_twins.contains(&job.tag);
        let known = self.running_jobs(now).filter(is_known).count();
        self.peak_concurrency = self.peak_concurrency.max(known);
    }

    /// Handles a request that arrives at `now`, and returns the answer.
    pub(super) fn handle(&mut self, now: Timestamp, command: Command) -> Outcome {
        match command {
            Command::Submit { job, name, request } => {
                Outcome::Submitted { job, result: self.submit(now, &name, &request) }
            }
            Command::Poll { remotes } => {
                let share = self.profile.fleet_refused;
                let result = self.read(share, |provider| {
                    let forgetful = provider.random.percent(3);
                    let reports = remotes.iter().filter_map(|id| provider.report(now, id));
                    reports.skip(usize::from(forgetful)).collect()
                });
                Outcome::Polled { remotes, result }
            }
            Command::PollJob { job, remote } => {
                let result = self.read(0, |provider| provider.report(now, &remote));
                let missing = || Failure::new(FailureKind::NotFound, "not found").with_status(404);
                let result = result.and_then(|report| report.ok_or_else(missing));
                Outcome::JobPolled { job, result }
            }
            Command::List { filter } => {
                let share = self.profile.list_refused;
                let result = self.read(share, |provider| provider.list(now, &filter));
                Outcome::Listed { result }
            }
            Command::Download(order) => {
                Outcome::Downloaded { job: order.job.clone(), result: self.download(now, order) }
            }
        }
    }

    fn submit(
        &mut self,
        now: Timestamp,
        name: &str,
        request: &VideoRequest,
    ) -> Result<AcceptedJob, Failure> {
        let profile = self.profile.clone();
        let fail = |kind| Err(Failure::new(kind, "not accepted"));
        if self.random.percent(profile.not_sent) {
            return fail(FailureKind::NotSent);
        }
        let tag = find_tags(name).next().expect("every submit carries a tag");
        if self.refused.contains(&tag) || self.random.percent(profile.refused) {
            self.refused.insert(tag);
            return fail(FailureKind::Rejected);
        }
        if self.random.permille(profile.fatal) {
            let fatal_kinds = [
                FailureKind::OutOfCredits,
                FailureKind::Unauthorised,
                FailureKind::Redirected,
                FailureKind::NotFound,
            ];
            return fail(*self.random.one_of(&fatal_kinds));
        }
        let is_full = !profile.has_queue && self.running(now) >= profile.slots;
        if is_full || self.random.percent(profile.throttled) {
            if !is_full && self.random.percent(profile.repeated_by_gateway) {
                self.accept_and_refuse(now, name, tag, request);
            }
            return Err(self.throttled());
        }
        let lost = [
            FailureKind::Lost,
            FailureKind::ServerError,
            FailureKind::Malformed,
            FailureKind::NotFromApi,
        ];
        let lost = *self.random.one_of(&lost);
        let is_gateway = matches!(lost, FailureKind::ServerError | FailureKind::NotFromApi);
        let retry_after = self.random.percent(20).then_some(RetryAfter::Seconds(20));
        let lost = Failure::new(lost, "answer lost").with_retry_after(retry_after);
        if self.random.percent(profile.lost_not_accepted) {
            return Err(lost);
        }
        let is_lost = self.random.percent(profile.lost_accepted);
        let is_late = is_lost && self.random.percent(30);
        // The gateway has given up, but the server behind it continues for a while.
        let tenths = if is_late { self.random.below(11) } else { 0 };
        let latest = if is_gateway { LATEST_BEHIND_GATEWAY } else { LATEST_ACCEPTANCE };
        let at = now.plus(latest / 10 * u32::try_from(tenths).unwrap());
        let remote = self.accept(at, at.plus(profile.list_delay), name, tag, request);
        self.update_peak(now);
        if is_lost {
            return Err(lost);
        }
        self.answered.insert(remote.clone());
        Ok(AcceptedJob::tagged(remote))
    }

    /// Accepts a submit whose repetition by a gateway is refused. If renders under way are hidden, one that the program
    /// knows of ends no sooner, so that its absence shows that.
    fn accept_and_refuse(&mut self, now: Timestamp, name: &str, tag: Tag, request: &VideoRequest) {
        let known = self.running_jobs(now).filter(|job| self.answered.contains(&job.remote));
        let latest = known.map(|job| job.finishes).max();
        let hides_unfinished = self.profile.hides == Some(false);
        if hides_unfinished && latest.is_none() {
            return;
        }
        self.refused_twins.insert(tag.clone());
        self.accept(now, now, name, tag, request);
        if let Some(latest) = latest.filter(|_| hides_unfinished) {
            let job = self.accepted.last_mut().expect("it was just accepted");
            job.finishes = job.finishes.min(latest);
            job.begins = job.begins.min(latest);
            job.output_from = job.finishes;
        }
    }

    fn accept(
        &mut self,
        at: Timestamp,
        listed_from: Timestamp,
        name: &str,
        tag: Tag,
        request: &VideoRequest,
    ) -> RemoteId {
        let remote: RemoteId = format!("remote-{}", self.accepted.len()).parse().unwrap();
        let begins = self.next_free(at);
        let finishes = begins.plus(self.random.millis(5_000, 200_000));
        let late_output = if self.random.percent(self.profile.odd_renders) {
            self.random.millis(0, 300_000)
        } else {
            self.random.millis(0, 3000)
        };
        let most = if self.profile.overcharges { 8 } else { 5 };
        let fails = self.random.percent(self.profile.failed_renders);
        let lacks_credits = fails && self.random.percent(self.profile.out_of_credits);
        let charge = Credits::whole(1 + i64::try_from(self.random.below(most)).unwrap());
        let may_recover = fails && !lacks_credits;
        let recovers = (may_recover && self.random.percent(self.profile.recovers))
            .then(|| finishes.plus(self.random.millis(1000, 3_600_000)));
        self.accepted.push(Accepted {
            remote: remote.clone(),
            name: name.to_owned(),
            tag,
            text: match &request.speech {
                Speech::Text(text) => text.to_string(),
                Speech::Audio(_) => unreachable!("the simulation has no recordings"),
            },
            fingerprint: Fingerprint::of(request),
            is_nameless: self.profile.nameless > 0 && self.random.percent(self.profile.nameless),
            at,
            listed_from,
            begins,
            finishes,
            fails,
            recovers,
            lacks_credits,
            is_forgotten: self.random.percent(self.profile.odd_renders / 3),
            charge: if lacks_credits { Credits::ZERO } else { charge },
            output_from: finishes.plus(late_output),
        });
        if self.random.percent(self.profile.copied) {
            let copy = self.accepted.last().expect("it was just accepted").clone();
            let remote = format!("copy-{}", self.copies.len()).parse().unwrap();
            let later = Duration::from_secs(1);
            let (at, listed_from) = (copy.at.plus(later), copy.listed_from.plus(later));
            self.copies.push(Accepted { remote, at, listed_from, ..copy });
        }
        if self.profile.twins > 0 && self.random.percent(self.profile.twins) {
            let twin = self.accepted.last().expect("it was just accepted").clone();
            let remote = format!("twin-{}", self.twins.len()).parse().unwrap();
            let later = Duration::from_secs(1);
            let (at, listed_from) = (twin.at.plus(later), twin.listed_from.plus(later));
            self.twins.push(Accepted { remote, at, listed_from, ..twin });
        }
        remote
    }

    /// Returns when a render that arrives at `at` gets a slot.
    fn next_free(&self, at: Timestamp) -> Timestamp {
        let ends = self.accepted.iter().map(|job| job.finishes);
        let mut ends: Vec<Timestamp> = ends.filter(|end| *end > at).collect();
        ends.sort_unstable_by(|one, other| other.cmp(one));
        ends.get(self.profile.slots - 1).copied().unwrap_or(at)
    }

    fn throttled(&mut self) -> Failure {
        let retry_after = match self.random.below(1000) {
            0..400 => None,
            400..995 => Some(self.random.below(40)),
            _ => Some(24 * 3600),
        };
        Failure::new(FailureKind::Throttled, "slow down")
            .with_status(429)
            .with_retry_after(retry_after.map(RetryAfter::Seconds))
    }

    fn read<T>(&mut self, refused: u64, answer: impl FnOnce(&mut Self) -> T) -> Result<T, Failure> {
        if self.random.percent(refused) {
            let kinds = [FailureKind::ServerError, FailureKind::Rejected];
            return Err(Failure::new(*self.random.one_of(&kinds), "refused"));
        }
        if self.random.permille(self.profile.fatal) {
            return Err(Failure::new(FailureKind::Unauthorised, "key revoked"));
        }
        if self.random.percent(self.profile.read_faults) {
            let kinds = [
                FailureKind::Lost,
                FailureKind::ServerError,
                FailureKind::NotSent,
                FailureKind::Malformed,
                FailureKind::NotFromApi,
                FailureKind::Throttled,
            ];
            let kind = *self.random.one_of(&kinds);
            if kind == FailureKind::Throttled {
                return Err(self.throttled());
            }
            let retry_after = self.random.percent(20).then_some(RetryAfter::Seconds(15));
            return Err(Failure::new(kind, "read failed").with_retry_after(retry_after));
        }
        Ok(answer(self))
    }

    fn report(&mut self, now: Timestamp, remote: &RemoteId) -> Option<RenderReport> {
        let job = self.accepted.iter().chain(&self.twins).find(|job| job.remote == *remote)?;
        let is_visible = job.at.plus(self.profile.lookup_delay) <= now && !job.is_forgotten;
        let is_odd = self.random.percent(self.profile.odd_renders);
        is_visible.then(|| self.describe(now, job, is_odd))
    }

    fn shown_name(&self, job: &Accepted) -> Option<String> {
        let is_nameless = job.is_nameless && self.profile.nameless > 0;
        (!is_nameless).then(|| job.name.clone())
    }

    fn describe(&self, now: Timestamp, job: &Accepted, is_odd: bool) -> RenderReport {
        let status = match now >= job.finishes {
            true if job.fails_at(now) => RenderStatus::Failed,
            true => RenderStatus::Done,
            false if is_odd => RenderStatus::Other("processing".to_owned()),
            false if now < job.begins => RenderStatus::InQueue,
            false => RenderStatus::Running,
        };
        let is_copy = job.remote.as_str().starts_with("copy");
        let text = if is_copy { "Another text" } else { &*job.text };
        let has_output = status == RenderStatus::Done && now >= job.output_from;
        let is_early = now.since(job.finishes) < EARLY && now >= job.finishes;
        let reported = if !self.profile.underreports {
            job.charge
        } else if job.fails_at(now) {
            Credits::ZERO
        } else if is_early {
            job.charge.min(Credits::whole(1))
        } else {
            job.charge
        };
        RenderReport {
            remote: job.remote.clone(),
            name: self.shown_name(job),
            // A link contains the time when it was made.
            output: has_output.then(|| format!("{FILES}{}", now.as_millis())),
            thumbnail: None,
            duration_seconds: None,
            credits_used: (now >= job.finishes).then_some(reported),
            failed_reason: job.lacks_credits.then(|| "Insufficient credits.".to_owned()),
            progress: Some(0.5),
            created_at: Some(job.at.plus(self.profile.clock_ahead)),
            echo: Box::new(RequestEcho::new(Some(text), None, None)),
            status,
        }
    }

    /// Returns when the list shows a job.
    pub(super) fn appears_at(&self, job: &Accepted) -> Timestamp {
        job.listed_from.min(job.at.plus(self.profile.list_delay))
    }

    fn list(&self, now: Timestamp, filter: &ListFilter) -> Listing {
        let profile = &self.profile;
        let mut rows: Vec<&Accepted> = self
            .accepted
            .iter()
            .chain(&self.copies)
            .chain(&self.twins)
            .filter(|job| self.appears_at(job) <= now && profile.hides != Some(now >= job.finishes))
            .collect();
        rows.sort_by_key(|job| job.at);
        match profile.list_order {
            ListOrder::NewestFirst => rows.reverse(),
            ListOrder::OldestFirst => {}
            ListOrder::Unknown => rows.sort_by_key(|job| Reverse(job.remote.as_str().len())),
        }
        let is_oldest_first = profile.list_order == ListOrder::OldestFirst;
        let before = if is_oldest_first { profile.foreign_rows.min(profile.list_cap) } else { 0 };
        let visible: Vec<&Accepted> = rows.into_iter().take(profile.list_cap - before).collect();
        let after = profile.foreign_rows.min(profile.list_cap - before - visible.len());
        let foreign = if is_oldest_first { before } else { after };
        let ours = visible.iter().map(|job| job.at.plus(self.profile.clock_ahead));
        let theirs = (foreign > 0).then(|| now.minus(FOREIGN_AGE));
        Listing {
            found: visible
                .iter()
                .map(|job| self.describe(now, job, false))
                .filter(|row| {
                    filter.wants(row.name.as_deref(), Some(&row.remote), row.credits_used)
                        || filter.wants_as_paid(row)
                        || filter.wants_nameless(row)
                })
                .collect(),
            rows: u64::try_from(visible.len() + foreign).unwrap(),
            oldest: ours.chain(theirs).min(),
            order: profile.list_order,
            oldest_own: visible.last().filter(|_| foreign == 0).map(|row| row.remote.clone()),
            shows_finished: foreign > 0 && profile.hides != Some(true)
                || visible.iter().any(|job| now >= job.finishes),
            shows_unfinished: visible.iter().any(|job| now < job.finishes),
            ..Listing::default()
        }
    }

    fn download(&mut self, now: Timestamp, order: DownloadRequest) -> Result<Artifact, Failure> {
        let fail = |kind| Err(Failure::new(kind, "download failed"));
        let made = order.video_url.strip_prefix(FILES).unwrap().parse();
        let made = made.map(Timestamp::from_millis).unwrap();
        if now.since(made) > self.profile.link_life {
            // Some hosts answer so, others are gone.
            let kinds = [FailureKind::NotFound, FailureKind::NotSent];
            return fail(*self.random.one_of(&kinds));
        }
        if self.random.permille(self.profile.fatal) {
            return fail(FailureKind::Local);
        }
        if self.random.percent(self.profile.download_faults) {
            let kinds = [
                FailureKind::Lost,
                FailureKind::NotFound,
                FailureKind::BadContent,
                FailureKind::NotSent,
                FailureKind::Unauthorised,
                FailureKind::Refused,
                FailureKind::Redirected,
                FailureKind::ServerError,
                FailureKind::Throttled,
            ];
            let kind = *self.random.one_of(&kinds);
            if kind == FailureKind::Throttled {
                return Err(self.throttled());
            }
            let seconds = *self.random.one_of(&[15, 15, 1200]);
            let retry_after = self.random.percent(20).then_some(RetryAfter::Seconds(seconds));
            let failure = Failure::new(kind, "download failed");
            return Err(failure.with_retry_after(retry_after));
        }
        Ok(Artifact { file: order.file, bytes: 1, sha256: order.video_url, thumbnail: None })
    }

    /// Returns how often each tag was accepted.
    pub(super) fn times_accepted(&self) -> BTreeMap<&Tag, usize> {
        let mut times = BTreeMap::new();
        for job in &self.accepted {
            *times.entry(&job.tag).or_default() += 1;
        }
        times
    }
}

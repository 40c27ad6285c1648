//! The state of a job: the fold of its events.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Credits, Failure, FailureKind, Fingerprint, Generation, IllegalTransition, Inconclusive,
    JobEvent, Phase, RemoteId, RenderStatus, Tag, Timestamp,
};

/// The state of a job: the fold of its events, in a live run and on resume alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobState {
    /// The phase.
    pub phase: Phase,
    /// How often the job was intentionally paid for before.
    pub generation: Generation,
    /// The tag of the newest submit.
    pub tag: Option<Tag>,
    /// The hash of the newest request.
    pub fingerprint: Option<Fingerprint>,
    /// The number of submits started.
    pub attempts: u32,
    /// The number of failed downloads since the render finished.
    pub download_failures: u32,
    /// What earlier generations cost, or may have cost.
    pub earlier: Credits,
    /// What earlier generations may have cost beyond that.
    pub earlier_withheld: Credits,
    /// The upper end of the newest submit's cost; zero if it was certainly not accepted.
    pub reserved: Credits,
    /// The least likely charge of the newest submit, if that is far below the reservation.
    pub least: Option<Credits>,
    /// The charge that the provider reported for the newest submit.
    pub charged: Option<Credits>,
    /// The start of the newest submit.
    pub submitted_at: Option<Timestamp>,
    /// When the acceptance became known: from the answer, or much later from the list.
    pub accepted_at: Option<Timestamp>,
    /// Whether it was found in the list, so that `accepted_at` says little about the start of the render.
    pub is_adopted: bool,
    /// When it was first seen being rendered; before that it was queued at the provider.
    pub running_at: Option<Timestamp>,
    /// When the render was seen to be finished.
    pub rendered_at: Option<Timestamp>,
    /// When the job ended, in success or failure.
    pub finished_at: Option<Timestamp>,
    /// The newest status of an unfinished render.
    pub observed: Option<Box<str>>,
    /// The newest failure, even without consequence.
    pub last_failure: Option<Box<Failure>>,
    /// The output; its links without signatures once the file is on disk.
    pub output: Option<Arc<super::Output>>,
    /// Whether a search has proven that a submit of this generation was not accepted. It does so only once.
    pub was_found_absent: bool,
    /// How often a render has failed because the credits were used up.
    pub credit_failures: u32,
    /// The failure of a job that is asked for once more.
    pub revisited: Option<Box<Failure>>,
    /// Why the newest search for a job in doubt was inconclusive.
    pub unproven: Option<Box<Inconclusive>>,
    /// The submit that was given up when the job was last reopened, until another is accepted.
    pub superseded: Option<Box<SupersededSubmit>>,
    /// Other jobs at the provider with the tag of the newest submit: paid for by another run. They count towards the caps
    /// only.
    pub duplicates: Vec<RemoteId>,
    /// Failed renders with that tag whose place a duplicate has taken. They count as earlier costs.
    pub replaced: Vec<RemoteId>,
}

/// A submit whose acceptance is unknown, or whose video could not be downloaded, and that was given up for another one. If
/// it appears in the list before the other is accepted, or the other is refused, it is adopted instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupersededSubmit {
    /// The tag.
    pub tag: Tag,
    /// The hash of the request.
    pub fingerprint: Fingerprint,
    /// The generation.
    pub generation: Generation,
    /// The upper end of its cost.
    pub reserved: Credits,
    /// Its id, if it was accepted.
    pub remote: Option<RemoteId>,
    /// The part of that included in the [earlier](JobState::earlier) costs.
    counted: Credits,
}

impl JobState {
    /// Applies an event at the time `at`. The phase table decides whether it is allowed.
    pub fn apply(&mut self, at: Timestamp, event: &JobEvent) -> Result<(), IllegalTransition> {
        let next = self.next_phase(event)?;
        let committed = self.spent() + self.promised();
        let previous = std::mem::replace(&mut self.phase, next);
        match event {
            JobEvent::SubmitStarted { tag, fingerprint, generation, reserved, least } => {
                self.begin_generation(tag, fingerprint, *generation, *reserved, *least);
                self.attempts += 1;
                self.submitted_at = Some(at);
            }
            JobEvent::Adopted { remote, tag, fingerprint, generation, reserved, least } => {
                if previous.remote().is_some() {
                    self.replace_failed(&previous, remote);
                }
                // An adopted job is no longer counted as given up.
                if let Some(left) = self.superseded.take().filter(|left| left.tag == *tag) {
                    self.earlier = self.earlier.less(left.counted);
                }
                // Generations that are not on record have been paid for too.
                let unrecorded = generation.0.saturating_sub(self.generation.0);
                self.earlier_withheld += reserved.times(i64::from(unrecorded));
                self.begin_generation(tag, fingerprint, *generation, *reserved, *least);
                self.submitted_at = self.submitted_at.or(Some(at));
                self.accepted_at = Some(at);
                self.finished_at = None;
                self.revisited = None;
                self.is_adopted = true;
            }
            JobEvent::Submitted { .. } => {
                self.superseded = None;
                self.accepted_at = Some(at);
            }
            JobEvent::SubmitDeferred { failure } => {
                self.reserved = Credits::ZERO;
                self.last_failure = Some(Box::new(failure.clone()));
            }
            JobEvent::NotProven { why } => self.unproven = Some(Box::new(why.clone())),
            JobEvent::FoundAbsent => {
                self.reserved = Credits::ZERO;
                self.unproven = None;
                self.was_found_absent = true;
            }
            JobEvent::Charged { credits } => self.charged = Some(*credits).max(self.charged),
            JobEvent::PaidTwice { remote } => self.duplicates.push(remote.clone()),
            JobEvent::SubmitLost { failure } => self.last_failure = Some(Box::new(failure.clone())),
            JobEvent::Observed { status } => {
                if RenderStatus::from_word(status) == RenderStatus::Running {
                    self.running_at = self.running_at.or(Some(at));
                }
                if RenderStatus::from_word(status) == RenderStatus::Done {
                    // Without a link to the video, which may come later.
                    self.rendered_at = self.rendered_at.or(Some(at));
                }
                self.observed = Some(status.as_str().into());
            }
            JobEvent::RenderOverdue => {}
            JobEvent::Rendered { output } => {
                self.observed = None;
                self.revisited = None;
                self.rendered_at = self.rendered_at.or(Some(at));
                self.charged = output.credits_used.or(self.charged);
                self.output = Some(output.clone());
                self.last_failure = None;
            }
            JobEvent::Downloaded { .. } => {
                if let Some(output) = self.output.as_mut().filter(|output| output.is_signed()) {
                    Arc::make_mut(output).forget_signatures();
                }
                self.finished_at = Some(at);
                self.download_failures = 0;
                self.last_failure = None;
            }
            JobEvent::DownloadDeferred { failure }
            | JobEvent::DownloadGivenUp { failure }
            | JobEvent::LinkExpired { failure } => {
                self.download_failures += 1;
                self.last_failure = Some(Box::new(failure.clone()));
            }
            JobEvent::FileMissing => self.finished_at = None,
            JobEvent::Revisited => {
                self.finished_at = None;
                self.revisited = self.last_failure.clone();
            }
            JobEvent::Failed { failure, charged } => {
                self.fail(at, failure, *charged, previous.remote().is_some());
            }
            JobEvent::Reopened { generation } => {
                let superseded = self.superseded(&previous, committed);
                let earlier_withheld = self.withheld_from(&previous);
                // Costs of earlier generations stay.
                *self = Self {
                    generation: *generation,
                    earlier: committed,
                    earlier_withheld,
                    attempts: self.attempts,
                    credit_failures: self.credit_failures,
                    fingerprint: self.fingerprint.clone(),
                    superseded,
                    ..Self::default()
                };
            }
        }
        Ok(())
    }

    /// Returns the phase after `event`. A render under way is not reopened, unless it is finished and its video cannot be
    /// downloaded.
    fn next_phase(&self, event: &JobEvent) -> Result<Phase, IllegalTransition> {
        let is_under_way =
            matches!(self.phase, Phase::Rendering { .. }) && !self.is_to_be_downloaded();
        if is_under_way && matches!(event, JobEvent::Reopened { .. }) {
            let phase = self.phase.name();
            return Err(IllegalTransition { phase, event: format!("{event:?}") });
        }
        self.phase.apply(event)
    }

    /// Returns the submit that a reopening in phase `previous` gives up. `committed` is the upper end of the job's
    /// whole cost.
    fn superseded(
        &mut self,
        previous: &Phase,
        committed: Credits,
    ) -> Option<Box<SupersededSubmit>> {
        match previous {
            Phase::Pending => self.superseded.take(),
            Phase::InDoubt { .. }
            | Phase::Failed { remote: None, .. }
            | Phase::Rendering { .. }
            | Phase::Downloading { .. } => Some(Box::new(SupersededSubmit {
                remote: previous.remote().cloned(),
                tag: self.tag.clone()?,
                fingerprint: self.fingerprint.clone()?,
                generation: self.generation,
                reserved: self.reserved,
                counted: committed.less(self.earlier),
            })),
            Phase::Submitting | Phase::Done { .. } | Phase::Failed { .. } => None,
        }
    }

    fn fail(
        &mut self,
        at: Timestamp,
        failure: &Failure,
        charged: Option<Credits>,
        was_accepted: bool,
    ) {
        self.observed = None;
        // A render that was charged stays charged even if the provider no longer knows it, or reports less.
        self.charged = charged.max(self.charged);
        let is_new = self.revisited.take().is_none();
        let lacks_credits = was_accepted && failure.kind == FailureKind::OutOfCredits;
        self.credit_failures += u32::from(lacks_credits && is_new);
        self.finished_at = Some(at);
        self.last_failure = Some(Box::new(failure.clone()));
    }

    /// Counts the cost of a failed render as an earlier one before its duplicate takes its place.
    fn replace_failed(&mut self, failed: &Phase, duplicate: &RemoteId) {
        self.duplicates.retain(|other| other != duplicate);
        self.replaced.extend(failed.remote().cloned());
        let settled = self.charged.unwrap_or(self.reserved);
        self.earlier += settled;
        self.earlier_withheld = self.withheld_from(failed).less(self.reserved_by_duplicates());
    }

    fn begin_generation(
        &mut self,
        tag: &Tag,
        fingerprint: &Fingerprint,
        generation: Generation,
        reserved: Credits,
        least: Option<Credits>,
    ) {
        self.least = least;
        self.tag = Some(tag.clone());
        self.fingerprint = Some(fingerprint.clone());
        self.generation = generation;
        self.reserved = reserved;
        self.charged = None;
        self.is_adopted = false;
        self.unproven = None;
    }

    /// Returns the word for the status in `results.csv`: that of the [phase](Phase::name), except that a finished
    /// render that needs a link is `downloading`, and a job that waits for credits is `pending`.
    pub fn status(&self) -> &'static str {
        if self.is_to_be_downloaded() {
            "downloading"
        } else if self.is_open() {
            "pending"
        } else {
            self.phase.name()
        }
    }

    /// Checks whether the job is to be submitted: it is pending, or waits for credits.
    pub fn is_open(&self) -> bool {
        let may_await = matches!(self.phase, Phase::Failed { .. });
        matches!(self.phase, Phase::Pending) || (may_await && self.awaits_credits())
    }

    /// Whether the render failed because the credits were used up, and nothing was charged. The next run submits it again,
    /// once: a reason may speak of credits and mean something else.
    pub fn awaits_credits(&self) -> bool {
        let failure = match &self.phase {
            Phase::Failed { remote: Some(_), failure } => Some(failure),
            Phase::Rendering { .. } => self.revisited.as_ref(),
            Phase::Pending
            | Phase::Submitting
            | Phase::InDoubt { .. }
            | Phase::Downloading { .. }
            | Phase::Done { .. }
            | Phase::Failed { remote: None, .. } => None,
        };
        let is_free = self.charged.is_none_or(|charged| charged == Credits::ZERO);
        failure.is_some_and(|failure| failure.kind == FailureKind::OutOfCredits)
            && is_free
            && self.credit_failures <= 1
            && self.rendered_at.is_none()
    }

    /// Checks whether the render has finished and its file is not downloaded yet.
    pub const fn is_to_be_downloaded(&self) -> bool {
        matches!(self.phase, Phase::Downloading { .. })
            || matches!(self.phase, Phase::Rendering { .. }) && self.rendered_at.is_some()
    }

    /// Whether `--retry-failed` pays for the job again if it failed. A job whose video was delivered before is paid
    /// for again only if it is named.
    pub const fn is_retried_unnamed(&self) -> bool {
        self.rendered_at.is_none()
    }

    /// Whether the job has failed and nothing was charged, as far as the provider says. If its row was edited since, it
    /// is submitted again without further request. A job whose render has ended without a result may still get one.
    pub fn has_failed_uncharged(&self) -> bool {
        match &self.phase {
            Phase::Failed { remote: None, .. } => true,
            Phase::Failed { remote: Some(_), failure } => {
                let may_appear =
                    matches!(failure.kind, FailureKind::NotFound | FailureKind::NoOutput);
                self.charged == Some(Credits::ZERO) && !may_appear
            }
            Phase::Pending
            | Phase::Submitting
            | Phase::InDoubt { .. }
            | Phase::Rendering { .. }
            | Phase::Downloading { .. }
            | Phase::Done { .. } => false,
        }
    }

    /// Returns the duration of the render, if it has ended and was observed from its start.
    pub fn render_time(&self) -> Option<Duration> {
        let (accepted, rendered) = (self.accepted_at?, self.rendered_at?);
        (!self.is_adopted).then(|| rendered.since(accepted))
    }

    /// Returns the spent credits: settled charges, and the whole reservation of finished jobs whose charge was never
    /// reported.
    pub fn spent(&self) -> Credits {
        let settled = match self.phase {
            Phase::Downloading { .. } | Phase::Done { .. } | Phase::Failed { .. } => {
                self.charged.unwrap_or(self.reserved)
            }
            // A finished render that needs a new link was already charged.
            Phase::Rendering { .. } => self.charged.unwrap_or(Credits::ZERO),
            Phase::Pending | Phase::Submitting | Phase::InDoubt { .. } => Credits::ZERO,
        };
        self.earlier + settled
    }

    /// Returns what may have been charged beyond [`spent`](Self::spent) and [`promised`](Self::promised), so that it
    /// counts towards the caps: a charge of less than half of the expected one may be the first part of it, a failed
    /// render may be charged all the same, and other jobs with the same tag were paid for.
    pub fn withheld(&self) -> Credits {
        self.withheld_from(&self.phase)
    }

    fn withheld_from(&self, phase: &Phase) -> Credits {
        let is_accepted = phase.remote().is_some();
        let unbelieved = match self.charged {
            Some(charged) if is_accepted && self.believed_charge().is_none() => {
                self.reserved.less(charged)
            }
            Some(_) | None => Credits::ZERO,
        };
        self.earlier_withheld + unbelieved + self.reserved_by_duplicates()
    }

    fn reserved_by_duplicates(&self) -> Credits {
        self.reserved.times(i64::try_from(self.duplicates.len()).unwrap_or(i64::MAX))
    }

    /// Returns what counts towards the caps.
    pub fn counted(&self) -> Credits {
        self.spent() + self.promised() + self.withheld()
    }

    /// Returns the reported charge, if it is at least half of the reservation, or of the least likely charge.
    pub fn believed_charge(&self) -> Option<Credits> {
        let least = self.least.unwrap_or(self.reserved);
        self.charged.filter(|charged| charged.times(2) >= least)
    }

    /// Returns the credits promised to submits that are being sent, in doubt or being rendered.
    pub fn promised(&self) -> Credits {
        match self.phase {
            Phase::Submitting | Phase::InDoubt { .. } => self.reserved,
            Phase::Rendering { .. } if self.charged.is_none() => self.reserved,
            Phase::Rendering { .. }
            | Phase::Pending
            | Phase::Downloading { .. }
            | Phase::Done { .. }
            | Phase::Failed { .. } => Credits::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Artifact, AspectRatio, FailureKind, Output, Speech, VideoRequest};

    fn submitted() -> Vec<JobEvent> {
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let fingerprint = Fingerprint::of(&request);
        let tag = Tag::of("c", &"a".parse().unwrap(), &fingerprint, Generation(0));
        let remote: RemoteId = "r".parse().unwrap();
        vec![
            JobEvent::SubmitStarted {
                tag,
                fingerprint,
                generation: Generation(0),
                reserved: Credits::whole(5),
                least: None,
            },
            JobEvent::Submitted { remote },
        ]
    }

    fn rendered() -> JobEvent {
        JobEvent::Rendered {
            output: Arc::new(Output {
                video_url: "https://x/".into(),
                thumbnail_url: None,
                duration_seconds: None,
                credits_used: Some(Credits::whole(3)),
            }),
        }
    }

    fn failed(charged: Option<Credits>) -> JobEvent {
        let failure = Failure::new(FailureKind::NotFound, "not found");
        JobEvent::Failed { failure, charged }
    }

    fn fold(events: impl IntoIterator<Item = JobEvent>) -> JobState {
        let mut state = JobState::default();
        for event in events {
            state.apply(Timestamp::default(), &event).unwrap();
        }
        state
    }

    #[test]
    fn a_link_loses_its_signature_once_the_file_is_on_disk() {
        let output = |video: &str, thumbnail: &str| Output {
            video_url: video.into(),
            thumbnail_url: Some(thumbnail.into()),
            duration_seconds: None,
            credits_used: None,
        };
        let signed = Arc::new(output("https://x/a.mp4?key=1", "https://x/a.jpg?key=1"));
        let rendered = JobEvent::Rendered { output: Arc::clone(&signed) };
        let mut state = fold(submitted().into_iter().chain([rendered]));
        assert_eq!(state.output.as_ref(), Some(&signed));
        let downloaded = JobEvent::Downloaded {
            artifact: Arc::new(Artifact {
                file: "videos/a.mp4".into(),
                bytes: 1,
                sha256: "0".into(),
                thumbnail: None,
            }),
        };
        state.apply(Timestamp::default(), &downloaded).unwrap();
        let bare = output("https://x/a.mp4?…", "https://x/a.jpg?…");
        assert_eq!(state.output.as_deref(), Some(&bare));
        assert_eq!(signed.video_url, "https://x/a.mp4?key=1");
    }

    #[test]
    fn a_reported_charge_stays_when_the_provider_no_longer_knows_the_job() {
        let failure = Failure::new(FailureKind::NotFound, "gone");
        let expired = JobEvent::LinkExpired { failure };
        let events = [rendered(), expired, failed(None)];
        let state = fold(submitted().into_iter().chain(events));
        assert_eq!(state.spent(), Credits::whole(3));
    }

    #[test]
    fn unreported_charges_are_withheld_over_generations_and_twins() {
        let again = JobEvent::Reopened { generation: Generation(1) };
        let free = || failed(Some(Credits::ZERO));
        let free = fold(submitted().into_iter().chain([free(), again]));
        assert_eq!((free.spent(), free.withheld()), (Credits::ZERO, Credits::whole(5)));
        let twin = JobEvent::PaidTwice { remote: "other".parse().unwrap() };
        let twice = fold(submitted().into_iter().chain([rendered(), twin]));
        assert_eq!((twice.spent(), twice.withheld()), (Credits::whole(3), Credits::whole(5)));
        let [JobEvent::SubmitStarted { tag, fingerprint, reserved, .. }, _] = &submitted()[..]
        else {
            panic!("two events");
        };
        let third = fold([JobEvent::Adopted {
            remote: "r".parse().unwrap(),
            tag: tag.clone(),
            fingerprint: fingerprint.clone(),
            generation: Generation(2),
            reserved: *reserved,
            least: None,
        }]);
        assert_eq!((third.promised(), third.withheld()), (Credits::whole(5), Credits::whole(10)));
    }

    #[test]
    fn a_charge_that_grows_is_counted_and_one_that_shrinks_is_not() {
        let charged = |credits| JobEvent::Charged { credits: Credits::whole(credits) };
        let spent = |events: &[JobEvent]| {
            fold(submitted().into_iter().chain([rendered()]).chain(events.iter().cloned())).spent()
        };
        assert_eq!(spent(&[]), Credits::whole(3));
        assert_eq!(spent(&[charged(8), charged(2)]), Credits::whole(8));
    }

    #[test]
    fn the_charge_of_a_recording_is_believed_far_below_its_reservation() {
        let state = |charged| JobState {
            charged: Some(Credits::whole(charged)),
            reserved: Credits::whole(50),
            least: Some(Credits::whole(5)),
            ..JobState::default()
        };
        assert_eq!(state(5).believed_charge(), Some(Credits::whole(5)));
        assert_eq!(state(2).believed_charge(), None);
    }

    #[test]
    fn costs_of_earlier_generations_stay() {
        let again = JobEvent::Reopened { generation: Generation(1) };
        let failed = fold(submitted().into_iter().chain([failed(None), again.clone()]));
        assert_eq!(failed.spent(), Credits::whole(5));
        let lost = JobEvent::SubmitLost { failure: Failure::new(FailureKind::Lost, "lost") };
        let mut doubtful = submitted();
        doubtful.truncate(1);
        let doubtful = fold(doubtful.into_iter().chain([lost, again]));
        assert_eq!((doubtful.spent(), doubtful.promised()), (Credits::whole(5), Credits::ZERO));
    }
}

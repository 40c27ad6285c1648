//! One job's story folded into what is true now.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::{
    Blank, Credits, Failure, Fingerprint, Generation, IllegalTransition, Inconclusive, JobEvent,
    Phase, RemoteId, RenderStatus, Tag, Timestamp,
};

/// What the journal says about one job: the fold of its events, live and on resume alike.
#[derive(Debug, Clone, PartialEq)]
pub struct JobState {
    /// Where it stands.
    pub phase: Phase,
    /// How often it has been paid for on purpose before.
    pub generation: Generation,
    /// The tag of the newest submit.
    pub tag: Option<Tag>,
    /// What the newest submit asked for.
    pub fingerprint: Option<Fingerprint>,
    /// Submits started.
    pub attempts: u32,
    /// Failed downloads since the render finished.
    pub fetch_failures: u32,
    /// What earlier generations cost, or may have cost.
    pub earlier: Credits,
    /// What the newest submit may cost at the most; zero when it was certainly not accepted.
    pub reserved: Credits,
    /// The charge the provider reported for the newest submit.
    pub charged: Option<Credits>,
    /// When the newest submit was started.
    pub submitted_at: Option<Timestamp>,
    /// When its acceptance became known: from the answer, or much later from the list.
    pub accepted_at: Option<Timestamp>,
    /// It was found in the list, so that `accepted_at` says little about when the render began.
    pub is_adopted: bool,
    /// When it was first seen being rendered, if it was: before that it waited at the provider.
    pub running_at: Option<Timestamp>,
    /// When the render was seen to be finished.
    pub rendered_at: Option<Timestamp>,
    /// When the job ended, in success or failure.
    pub finished_at: Option<Timestamp>,
    /// The newest status word of the provider, of a render that goes on.
    pub observed: Option<Box<str>>,
    /// The newest failure, whether it mattered or not.
    pub last_failure: Option<Box<Failure>>,
    /// The output the provider reported; its links without their signatures once the file is here.
    pub output: Option<Arc<super::Output>>,
    /// While in doubt: why the newest search has proven nothing.
    pub unproven: Option<Box<Inconclusive>>,
    /// What was left behind when it was last reopened, until another is accepted.
    pub left_behind: Option<Box<SupersededSubmit>>,
    /// Other jobs at the provider with the tag of the newest submit: paid for by somebody else, and not
    /// counted in any sum here.
    pub twins: Vec<RemoteId>,
}

/// A submit of which the provider never said that it had accepted it, and which was given up for another. Should
/// it turn up in the list before that other is accepted, it is taken over instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupersededSubmit {
    /// Its tag.
    pub tag: Tag,
    /// What it asked for.
    pub fingerprint: Fingerprint,
    /// Its generation.
    pub generation: Generation,
    /// What it may cost at the most.
    pub reserved: Credits,
    /// What of that is counted among the [earlier](JobState::earlier) costs.
    counted: Credits,
}

impl Default for JobState {
    fn default() -> Self {
        Self {
            phase: Phase::Pending,
            generation: Generation::default(),
            tag: None,
            fingerprint: None,
            attempts: 0,
            fetch_failures: 0,
            earlier: Credits::ZERO,
            reserved: Credits::ZERO,
            charged: None,
            submitted_at: None,
            accepted_at: None,
            is_adopted: false,
            running_at: None,
            rendered_at: None,
            finished_at: None,
            observed: None,
            last_failure: None,
            output: None,
            unproven: None,
            left_behind: None,
            twins: Vec::new(),
        }
    }
}

static BLANK: LazyLock<JobState> = LazyLock::new(JobState::default);

impl Blank for JobState {
    fn blank() -> &'static Self {
        &BLANK
    }
}

impl JobState {
    /// Takes in one event that became true at `at`. The phase table decides whether it can have.
    pub fn apply(&mut self, at: Timestamp, event: &JobEvent) -> Result<(), IllegalTransition> {
        let next = self.phase.apply(event)?;
        let committed = self.spent() + self.promised();
        let previous = std::mem::replace(&mut self.phase, next);
        match event {
            JobEvent::SubmitStarted {
                tag,
                fingerprint,
                generation,
                reserved,
            } => {
                self.begin_generation(tag, fingerprint, *generation, *reserved);
                self.attempts += 1;
                self.submitted_at = Some(at);
            }
            JobEvent::Adopted {
                tag,
                fingerprint,
                generation,
                reserved,
                ..
            } => {
                // What is taken over after all is counted as what it is.
                if let Some(left) = self.left_behind.take().filter(|left| left.tag == *tag) {
                    self.earlier = self.earlier.less(left.counted);
                }
                self.begin_generation(tag, fingerprint, *generation, *reserved);
                self.submitted_at = self.submitted_at.or(Some(at));
                self.accepted_at = Some(at);
                self.is_adopted = true;
            }
            JobEvent::Submitted { .. } => {
                self.left_behind = None;
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
            }
            JobEvent::PaidTwice { remote } => self.twins.push(remote.clone()),
            JobEvent::SubmitLost { failure } => self.last_failure = Some(Box::new(failure.clone())),
            JobEvent::Observed { status } => {
                if RenderStatus::from_word(status) == RenderStatus::Running {
                    self.running_at = self.running_at.or(Some(at));
                }
                self.observed = Some(status.as_str().into());
            }
            JobEvent::RenderOverdue => {}
            JobEvent::Rendered { output } => {
                self.observed = None;
                self.rendered_at = self.rendered_at.or(Some(at));
                self.charged = output.credits_used.or(self.charged);
                self.output = Some(output.clone());
                self.last_failure = None;
            }
            JobEvent::Fetched { .. } => {
                if let Some(output) = self.output.as_mut().filter(|output| output.is_signed()) {
                    Arc::make_mut(output).forget_signatures();
                }
                self.finished_at = Some(at);
                self.fetch_failures = 0;
                self.last_failure = None;
            }
            JobEvent::FetchDeferred { failure }
            | JobEvent::FetchLeft { failure }
            | JobEvent::LinkExpired { failure } => {
                self.fetch_failures += 1;
                self.last_failure = Some(Box::new(failure.clone()));
            }
            JobEvent::FileMissing | JobEvent::Revisited => self.finished_at = None,
            JobEvent::Failed { failure, charged } => {
                self.observed = None;
                // A render that is charged and then forgotten by the provider stays charged.
                self.charged = charged.or(self.charged);
                self.finished_at = Some(at);
                self.last_failure = Some(Box::new(failure.clone()));
            }
            JobEvent::Reopened { generation } => {
                let left_behind = self.left_behind(&previous, committed);
                // What was paid, or may have been, stays paid.
                *self = Self {
                    generation: *generation,
                    earlier: committed,
                    attempts: self.attempts,
                    fingerprint: self.fingerprint.clone(),
                    left_behind,
                    ..Self::default()
                };
            }
        }
        Ok(())
    }

    /// What a reopening in phase `previous` leaves behind, `committed` being all that the job may have cost.
    fn left_behind(
        &mut self,
        previous: &Phase,
        committed: Credits,
    ) -> Option<Box<SupersededSubmit>> {
        match previous {
            Phase::Pending => self.left_behind.take(),
            Phase::InDoubt { .. } | Phase::Failed { remote: None, .. } => {
                Some(Box::new(SupersededSubmit {
                    tag: self.tag.clone()?,
                    fingerprint: self.fingerprint.clone()?,
                    generation: self.generation,
                    reserved: self.reserved,
                    counted: committed.less(self.earlier),
                }))
            }
            Phase::Submitting
            | Phase::Rendering { .. }
            | Phase::Fetching { .. }
            | Phase::Done { .. }
            | Phase::Failed { .. } => None,
        }
    }

    fn begin_generation(
        &mut self,
        tag: &Tag,
        fingerprint: &Fingerprint,
        generation: Generation,
        reserved: Credits,
    ) {
        self.tag = Some(tag.clone());
        self.fingerprint = Some(fingerprint.clone());
        self.generation = generation;
        self.reserved = reserved;
        self.charged = None;
        self.is_adopted = false;
        self.unproven = None;
    }

    /// The word for where it stands in `results.csv`: that of its [phase](Phase::name), but for a finished
    /// render that is asked about for a link to its file, which reads as `downloading`.
    pub const fn status(&self) -> &'static str {
        if self.is_to_be_downloaded() {
            return "downloading";
        }
        self.phase.name()
    }

    /// Whether the render has finished and its file is still to come.
    pub const fn is_to_be_downloaded(&self) -> bool {
        match self.phase {
            Phase::Fetching { .. } => true,
            Phase::Rendering { .. } => self.rendered_at.is_some(),
            Phase::Pending
            | Phase::Submitting
            | Phase::InDoubt { .. }
            | Phase::Done { .. }
            | Phase::Failed { .. } => false,
        }
    }

    /// Whether `--retry-failed` pays for it once more, should it have failed. One whose video was there before,
    /// and perhaps on this disk, is paid for again only if it is named.
    pub const fn is_retried_unnamed(&self) -> bool {
        self.rendered_at.is_none()
    }

    /// How long the render took, if it is over and was watched from its beginning.
    pub fn render_time(&self) -> Option<Duration> {
        let (accepted, rendered) = (self.accepted_at?, self.rendered_at?);
        (!self.is_adopted).then(|| rendered.since(accepted))
    }

    /// Credits that are gone: settled charges, and for finished jobs whose charge was never
    /// reported, the whole reservation.
    pub fn spent(&self) -> Credits {
        let settled = match self.phase {
            Phase::Fetching { .. } | Phase::Done { .. } | Phase::Failed { .. } => {
                self.charged.unwrap_or(self.reserved)
            }
            // A render asked about again for a fresh link has been charged already.
            Phase::Rendering { .. } => self.charged.unwrap_or(Credits::ZERO),
            Phase::Pending | Phase::Submitting | Phase::InDoubt { .. } => Credits::ZERO,
        };
        self.earlier + settled
    }

    /// Credits promised to submits that are in the air, in doubt or being rendered.
    pub fn promised(&self) -> Credits {
        match self.phase {
            Phase::Submitting | Phase::InDoubt { .. } => self.reserved,
            Phase::Rendering { .. } if self.charged.is_none() => self.reserved,
            Phase::Rendering { .. }
            | Phase::Pending
            | Phase::Fetching { .. }
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
    fn a_link_loses_its_signature_once_the_file_is_here() {
        let output = |video: &str, thumbnail: &str| Output {
            video_url: video.into(),
            thumbnail_url: Some(thumbnail.into()),
            duration_seconds: None,
            credits_used: None,
        };
        let signed = Arc::new(output("https://x/a.mp4?key=1", "https://x/a.jpg?key=1"));
        let rendered = JobEvent::Rendered {
            output: Arc::clone(&signed),
        };
        let mut state = fold(submitted().into_iter().chain([rendered]));
        assert_eq!(state.output.as_ref(), Some(&signed));
        let fetched = JobEvent::Fetched {
            artifact: Arc::new(Artifact {
                file: "videos/a.mp4".into(),
                bytes: 1,
                sha256: "0".into(),
                thumbnail: None,
            }),
        };
        state.apply(Timestamp::default(), &fetched).unwrap();
        let bare = output("https://x/a.mp4?…", "https://x/a.jpg?…");
        assert_eq!(state.output.as_deref(), Some(&bare));
        assert_eq!(signed.video_url, "https://x/a.mp4?key=1");
    }

    #[test]
    fn a_charge_once_reported_is_not_forgotten_when_the_provider_forgets_the_job() {
        let failure = Failure::new(FailureKind::NotFound, "gone");
        let expired = JobEvent::LinkExpired { failure };
        let story = [rendered(), expired, failed(None)];
        let state = fold(submitted().into_iter().chain(story));
        assert_eq!(state.spent(), Credits::whole(3));
    }

    #[test]
    fn what_earlier_generations_cost_or_may_have_cost_stays_spent() {
        let again = JobEvent::Reopened {
            generation: Generation(1),
        };
        let failed = fold(submitted().into_iter().chain([failed(None), again.clone()]));
        assert_eq!(failed.spent(), Credits::whole(5));
        let lost = JobEvent::SubmitLost {
            failure: Failure::new(FailureKind::Lost, "lost"),
        };
        let mut doubtful = submitted();
        doubtful.truncate(1);
        let doubtful = fold(doubtful.into_iter().chain([lost, again]));
        assert_eq!(
            (doubtful.spent(), doubtful.promised()),
            (Credits::whole(5), Credits::ZERO)
        );
    }
}

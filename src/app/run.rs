//! Running and collecting a campaign. `collect` is `run` without submitting.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::approve::ApprovalPolicy;
use super::error::Error;
use super::notices::{Confirm, Notices};
use super::notifications::Notifications;
use super::observers::{Display, Observers};
use super::options::{CampaignOptions, ResultFiles, ResumeCommand};
use super::prepare::PreparedRun;
use super::provider::ProviderConfig;
use super::rerun::RerunSelection;
use crate::driver::{Drive, DriveError, Interrupts, SystemClock};
use crate::engine::{Policy, Submits};
use crate::manifest::Selection;
use crate::model::{LimitSettings, StopReason};
use crate::report::Summary;

/// Creates the displays of a run from its summary.
pub type Displays = Box<dyn FnOnce(&Summary) -> Vec<Box<dyn Display>> + Send>;

/// What a run does.
pub struct RunRequest {
    /// The campaign.
    pub campaign: CampaignOptions,
    /// The provider.
    pub provider: ProviderConfig,
    /// The selected jobs; `None` selects all.
    pub(crate) selection: Option<Selection>,
    /// The jobs to make again.
    pub rerun: RerunSelection,
    /// Limits that replace those of the manifest.
    pub limits: LimitSettings,
    /// What is submitted, and what is submitted again. Its limits are set by the run.
    pub policy: Policy,
    /// How long to wait for another run that holds the output folder.
    pub lock_wait: Option<Duration>,
    /// The result files to write.
    pub files: ResultFiles,
    /// Who confirms the costs.
    pub confirm: Confirm,
    /// When an approval is required.
    pub approval: ApprovalPolicy,
    /// The arguments that shown commands repeat.
    pub resume: ResumeCommand,
    /// Receives notes and warnings.
    pub notices: Notices,
    /// The folder of cached catalogues.
    pub cache_dir: Option<PathBuf>,
    /// The observers of the run, besides the result files and the log.
    pub displays: Displays,
    /// The interval at which observers are told the time.
    pub tick: Duration,
}

impl RunRequest {
    /// Returns a request that submits and collects everything, asks no questions and displays nothing.
    pub fn new(campaign: CampaignOptions, provider: ProviderConfig) -> Self {
        Self {
            campaign,
            provider,
            selection: None,
            rerun: RerunSelection::default(),
            limits: LimitSettings::default(),
            policy: Policy {
                submits: Submits::Selected,
                ..Policy::default()
            },
            lock_wait: None,
            files: ResultFiles::default(),
            confirm: Confirm::Never,
            approval: ApprovalPolicy::ByManifest,
            resume: ResumeCommand::default(),
            notices: Notices::discard(),
            cache_dir: None,
            displays: Box::new(|_| Vec::new()),
            tick: Duration::from_secs(1),
        }
    }

    /// Adds an observer.
    #[must_use]
    pub fn observed_by(mut self, observer: impl Display + 'static + Send) -> Self {
        let displays = self.displays;
        self.displays = Box::new(move |summary| {
            let mut all = displays(summary);
            all.push(Box::new(observer));
            all
        });
        self
    }
}

impl std::fmt::Debug for RunRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RunRequest")
            .field("campaign", &self.campaign)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct FinishedRun {
    /// The state of every job.
    pub summary: Summary,
    /// Why the run stopped early, if it did, or the error that ended it.
    pub result: Result<Option<StopReason>, Error>,
    /// Whether every job was done before the run began.
    pub was_idle: bool,
}

impl FinishedRun {
    /// Whether a second interrupt ended the run without waiting for answers.
    pub fn was_abandoned(&self) -> bool {
        matches!(
            &self.result,
            Err(Error::Drive { error, .. }) if matches!(**error, DriveError::Abandoned)
        )
    }
}

/// Runs a campaign until every selected job is done or the run has to stop. The first Ctrl-C ends it in an orderly way.
///
/// # Errors
/// If the run cannot begin; nothing was submitted.
pub async fn run(request: RunRequest) -> Result<FinishedRun, Error> {
    let mut interrupts = super::listen_for_interrupts()?;
    run_with(request, &mut Notifications::none(), &mut interrupts).await
}

/// Runs a campaign, with notifications to other services.
///
/// An interrupt before the loop begins ends the run with nothing submitted; a later one is handled by the loop.
///
/// # Errors
/// If the run cannot begin; nothing was submitted.
pub(crate) async fn run_with(
    mut request: RunRequest,
    notifications: &mut Notifications,
    interrupts: &mut Interrupts,
) -> Result<FinishedRun, Error> {
    let clock = SystemClock::new();
    let interrupted = Error::Interrupted {
        resume: request.resume.command(&request.campaign),
    };
    let prepared = tokio::select! {
        biased;
        Some(()) = interrupts.recv() => return Err(interrupted),
        prepared = request.prepare(notifications, &clock) => prepared?,
    };
    if interrupts.try_recv().is_ok() {
        return Err(interrupted);
    }
    let PreparedRun {
        batch,
        journal,
        lock,
        provider,
        mut summary,
        is_idle,
    } = prepared;
    let displays = (request.displays)(&summary);
    let mut observers = Observers::new(&summary, displays, &request.files, &clock);
    let mut early_notifier = notifications.early_notifier();
    notifications.begin();
    let drive = Drive {
        batch,
        journal,
        provider: Arc::new(provider.remote.clone()),
        clock: &clock,
        interrupts,
        summary: &mut summary,
        observers: observers.all(&mut early_notifier),
        tick: request.tick,
    };
    let ended = drive.run().await;
    let written = observers.finish(&summary);
    drop(lock);
    notifications.set_summary(&summary);
    let result = ended.map_err(|error| Error::Drive {
        error: Box::new(error),
        resume: summary.campaign().resuming_command(),
    });
    Ok(FinishedRun {
        result: result.and_then(|stopped| written.map(|()| stopped)),
        summary,
        was_idle: is_idle,
    })
}

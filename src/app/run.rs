//! Running and collecting a campaign. `collect` is `run` without submitting.

use std::sync::Arc;

use super::error::Error;
use super::notifications::Notifications;
use super::observers::{finish, observers};
use super::prepare::{PreparedRun, RunRequest};
use crate::driver::{Drive, DriveError, Interrupts, SystemClock};
use crate::model::{Exit, StopReason};
use crate::report::Summary;

/// A run that has ended.
#[derive(Debug)]
pub struct FinishedRun {
    /// The state of every job.
    pub summary: Summary,
    /// Why the run stopped early, if it did, or the error that ended it.
    pub result: Result<Option<StopReason>, Error>,
    /// Whether every job was done before the run began.
    pub was_idle: bool,
    /// What earlier days of a dated campaign have left, with the command that fetches it.
    pub earlier_days: Option<String>,
}

impl FinishedRun {
    /// Checks whether a second interrupt ended the run without waiting for answers.
    pub fn was_abandoned(&self) -> bool {
        matches!(
            &self.result,
            Err(Error::Drive { error, .. }) if matches!(**error, DriveError::Abandoned)
        )
    }
}

/// What the program tries to achieve, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Every selected job done.
    EveryVideo,
    /// Every paid job done.
    PaidVideos,
}

/// Returns the exit code of a run that ended in an orderly way, for the reason `stopped` if it stopped early.
/// Failures that an earlier run has reported count with `counts_all_failures` only.
pub(crate) fn exit_code(
    summary: &Summary,
    stopped: Option<&StopReason>,
    goal: Goal,
    counts_all_failures: bool,
) -> Exit {
    let counts = summary.counts();
    let failed = if counts_all_failures { counts.failed } else { summary.new_failures() };
    let because = stopped.map(StopReason::exit);
    let wants_all = goal == Goal::EveryVideo;
    let has_left_out = wants_all && summary.rows().any(|row| row.left_out().is_some());
    let has_pending = wants_all && summary.selected_counts().pending > 0 && because.is_none();
    [
        because,
        (counts.in_doubt > 0).then_some(Exit::InDoubt),
        (counts.outstanding() > 0 || has_pending).then_some(Exit::Outstanding),
        (failed > 0 || has_left_out).then_some(Exit::SomeFailed),
        (wants_all && counts.outdated > 0).then_some(Exit::Outdated),
    ]
    .into_iter()
    .flatten()
    .min()
    .unwrap_or(Exit::Success)
}

/// Runs a campaign until every selected job is done or the run has to stop. The first Ctrl-C ends it in an orderly way.
///
/// # Errors
/// If the run cannot begin; nothing was submitted.
pub async fn run(request: RunRequest) -> Result<FinishedRun, Error> {
    let mut interrupts = super::listen_for_interrupts()?;
    Box::pin(run_with(request, &mut Notifications::none(), &mut interrupts)).await
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
    let interrupted = Error::Interrupted { resume: request.resume.command(&request.campaign) };
    let prepared = tokio::select! {
        biased;
        Some(()) = interrupts.recv() => return Err(interrupted),
        prepared = Box::pin(request.prepare(notifications, &clock)) => prepared?,
    };
    if interrupts.try_recv().is_ok() {
        return Err(interrupted);
    }
    let PreparedRun { batch, journal, lock, provider, mut summary, is_idle, earlier_days } =
        prepared;
    summary.set_live(true);
    let displays = (request.displays)(&summary);
    let mut observers = observers(&summary, displays, &request.files, &clock, &request.notices);
    if let Some(notifier) = notifications.early_notifier() {
        observers.push(Box::new(notifier));
    }
    notifications.begin();
    let drive = Drive {
        batch,
        journal,
        provider: Arc::clone(&provider.remote),
        clock: &clock,
        interrupts,
        summary: &mut summary,
        observers: observers.iter_mut().map(|observer| &mut **observer as _).collect(),
        tick: request.tick,
    };
    let ended = Box::pin(drive.run()).await;
    summary.set_live(false);
    let written = finish(&mut observers, &summary);
    drop(lock);
    notifications.set_result(&summary, provider.remote.request_counts());
    let result = ended.map_err(|error| Error::Drive {
        error: Box::new(error),
        resume: summary.campaign().resume_command().to_string(),
    });
    Ok(FinishedRun {
        result: result.and_then(|stopped| written.map(|()| stopped)),
        summary,
        was_idle: is_idle,
        earlier_days,
    })
}

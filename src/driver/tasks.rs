//! Running commands: [`Tasks`].

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use crate::model::{Command, DownloadProgress, Failure, FailureKind, Outcome};
use crate::remote::Remote;
use crate::report::Transfer;

/// An executor of commands: the API, or a fake in a test.
pub trait CommandExecutor: Send + Sync + 'static {
    /// Makes exactly one attempt at `command` and returns its outcome. A download updates `progress`.
    fn perform(
        &self,
        command: Command,
        progress: Arc<DownloadProgress>,
    ) -> impl Future<Output = Outcome> + Send;
}

impl CommandExecutor for Remote {
    async fn perform(&self, command: Command, progress: Arc<DownloadProgress>) -> Outcome {
        Self::perform(self, command, progress).await
    }
}

/// The commands in flight.
#[derive(Debug)]
pub(super) struct Tasks<P> {
    provider: Arc<P>,
    running: JoinSet<Outcome>,
    commands: HashMap<Id, (Command, Arc<DownloadProgress>)>,
}

impl<P: CommandExecutor> Tasks<P> {
    pub(super) fn new(provider: Arc<P>) -> Self {
        Self { provider, running: JoinSet::new(), commands: HashMap::new() }
    }

    pub(super) fn start(&mut self, command: Command) {
        let provider = Arc::clone(&self.provider);
        let progress = Arc::new(DownloadProgress::default());
        let (attempt, shared) = (command.clone(), Arc::clone(&progress));
        let task = self.running.spawn(async move { provider.perform(attempt, shared).await });
        self.commands.insert(task.id(), (command, progress));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(super) fn has_submits(&self) -> bool {
        self.commands.values().any(|(command, _)| matches!(command, Command::Submit { .. }))
    }

    /// Waits for the next outcome; `None` if no command is in flight.
    pub(super) async fn next(&mut self) -> Option<Outcome> {
        let ended = self.running.join_next_with_id().await?;
        Some(self.outcome(ended))
    }

    /// Returns the next outcome if one is ready.
    pub(super) fn next_ready(&mut self) -> Option<Outcome> {
        let ended = self.running.try_join_next_with_id()?;
        Some(self.outcome(ended))
    }

    /// Returns the downloads in flight, for the display.
    pub(super) fn transfers(&self) -> Vec<Transfer> {
        let mut transfers: Vec<Transfer> = self
            .commands
            .values()
            .filter_map(|(command, progress)| {
                let Command::Download(order) = command else {
                    return None;
                };
                Some(Transfer {
                    job: order.job.clone(),
                    received: progress.received(),
                    expected: progress.expected(),
                })
            })
            .collect();
        transfers.sort_by(|one, other| one.job.cmp(&other.job));
        transfers
    }

    fn outcome(&mut self, ended: Result<(Id, Outcome), JoinError>) -> Outcome {
        match ended {
            Ok((id, outcome)) => {
                self.commands.remove(&id);
                outcome
            }
            Err(error) => {
                let (command, _) = self
                    .commands
                    .remove(&error.id())
                    .expect("every task was started with its command");
                // A task that panicked may have sent its request.
                let failure = Failure::new(FailureKind::Lost, format!("internal error: {error}"));
                failed_outcome(command, failure)
            }
        }
    }
}

/// Returns the outcome of `command` with `failure`.
fn failed_outcome(command: Command, failure: Failure) -> Outcome {
    match command {
        Command::Submit { job, .. } => Outcome::Submitted { job, result: Err(failure) },
        Command::Poll { remotes } => Outcome::Polled { remotes, result: Err(failure) },
        Command::PollJob { job, .. } => Outcome::JobPolled { job, result: Err(failure) },
        Command::List { .. } => Outcome::Listed { result: Err(failure) },
        Command::Download(order) => Outcome::Downloaded { job: order.job, result: Err(failure) },
    }
}

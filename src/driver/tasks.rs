//! Commands in the air.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use crate::model::{Command, CommandKind, DownloadProgress, Failure, FailureKind, Outcome};
use crate::remote::Remote;
use crate::report::Transfer;

/// Whoever carries out commands: the real API, or a fake in a test.
pub trait Provider: Send + Sync + 'static {
    /// Makes one attempt and says how it went. Must not be repeated by anything below.
    fn perform(
        &self,
        command: Command,
        meter: Arc<DownloadProgress>,
    ) -> impl Future<Output = Outcome> + Send;
}

impl Provider for Remote {
    fn perform(
        &self,
        command: Command,
        meter: Arc<DownloadProgress>,
    ) -> impl Future<Output = Outcome> + Send {
        Self::perform(self, command, meter)
    }
}

/// The commands that have been started and not yet answered.
#[derive(Debug)]
pub(super) struct Tasks<P> {
    provider: Arc<P>,
    running: JoinSet<Outcome>,
    commands: HashMap<Id, (Command, Arc<DownloadProgress>)>,
}

impl<P: Provider> Tasks<P> {
    pub(super) fn new(provider: Arc<P>) -> Self {
        Self {
            provider,
            running: JoinSet::new(),
            commands: HashMap::new(),
        }
    }

    pub(super) fn start(&mut self, command: Command) {
        let provider = Arc::clone(&self.provider);
        let meter = Arc::new(DownloadProgress::default());
        let (order, gauge) = (command.clone(), Arc::clone(&meter));
        let task = self
            .running
            .spawn(async move { provider.perform(order, gauge).await });
        self.commands.insert(task.id(), (command, meter));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(super) fn has_submits(&self) -> bool {
        self.commands
            .values()
            .any(|(command, _)| command.kind() == CommandKind::Submit)
    }

    /// The next answer; `None` if nothing is in the air.
    pub(super) async fn next(&mut self) -> Option<Outcome> {
        let ended = self.running.join_next_with_id().await?;
        Some(self.answer(ended))
    }

    /// The next answer, if it is here already.
    pub(super) fn next_ready(&mut self) -> Option<Outcome> {
        let ended = self.running.try_join_next_with_id()?;
        Some(self.answer(ended))
    }

    /// Downloads under way, for the display.
    pub(super) fn transfers(&self) -> Vec<Transfer> {
        let mut transfers: Vec<Transfer> = self
            .commands
            .values()
            .filter_map(|(command, meter)| {
                let Command::Fetch(order) = command else {
                    return None;
                };
                Some(Transfer {
                    job: order.job.clone(),
                    received: meter.received(),
                    expected: meter.expected(),
                })
            })
            .collect();
        transfers.sort_by(|one, other| one.job.cmp(&other.job));
        transfers
    }

    fn answer(&mut self, ended: Result<(Id, Outcome), JoinError>) -> Outcome {
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
                // A task that died may have sent what it was to send.
                let failure = Failure::new(FailureKind::Lost, format!("internal error: {error}"));
                unanswered(command, failure)
            }
        }
    }
}

/// The outcome of a command that failed as `failure` says.
fn unanswered(command: Command, failure: Failure) -> Outcome {
    match command {
        Command::Submit { job, .. } => Outcome::Submitted {
            job,
            result: Err(failure),
        },
        Command::Poll { remotes } => Outcome::Polled {
            remotes,
            result: Err(failure),
        },
        Command::Look { job, .. } => Outcome::Looked {
            job,
            result: Err(failure),
        },
        Command::List { .. } => Outcome::Listed {
            result: Err(failure),
        },
        Command::Fetch(order) => Outcome::Fetched {
            job: order.job,
            result: Err(failure),
        },
    }
}

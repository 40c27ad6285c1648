//! Interrupts that end the program also while it waits for something that cannot be cancelled: a reader of standard
//! output, or a command that prints the keys.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::config::running_command;
use super::error::Error;
use crate::app::{self, Interrupts};
use crate::model::Exit;
use crate::report::stderr;
use crate::report::stdout::waiting_write;

/// A wait that lasts for one or two of these intervals after an interrupt is ended.
const INTERVAL: Duration = Duration::from_millis(200);

/// Starts to listen for interrupts. The first one kills the command that prints the keys.
///
/// # Errors
/// If the signals cannot be handled.
pub(super) fn listen() -> Result<Interrupts, Error> {
    let mut received = app::listen_for_interrupts()?;
    let (sender, interrupts) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_interrupted, mut last) = (false, None);
        loop {
            tokio::select! {
                interrupt = received.recv() => {
                    if interrupt.is_none() {
                        return;
                    }
                    let _ = sender.send(());
                    is_interrupted = true;
                    if let Some(command) = running_command() {
                        command.kill();
                    }
                }
                _ = ticks.tick(), if is_interrupted => {
                    let current = waiting();
                    if current.is_some() && current == last {
                        end();
                    }
                    last = current;
                }
            }
        }
    });
    Ok(interrupts)
}

/// Returns what the program waits for and cannot cancel.
fn waiting() -> Option<(Option<usize>, bool)> {
    let (write, has_command) = (waiting_write(), running_command().is_some());
    (write.is_some() || has_command).then_some((write, has_command))
}

#[expect(clippy::exit, reason = "the thread that would end the program is blocked")]
fn end() -> ! {
    stderr::drain();
    std::process::exit(Exit::Interrupted.code().into())
}

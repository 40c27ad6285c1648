//! `status --watch`: the status beside a run, until the run has ended.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::Context as _;

use super::arguments::StatusArguments;
use super::console;
use super::error::Error;
use super::exit::Exit;
use super::look::Look;
use crate::driver;
use crate::report::status::{LiveStatus, Liveness, status_json, status_screen};

/// Often enough to be called live, seldom enough to cost nothing.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// `callsheet status --watch`. On a terminal the screen is redrawn in place, elsewhere a line follows
/// for each change.
pub(super) async fn watch(arguments: StatusArguments) -> Result<Exit, Error> {
    let mut interrupts = driver::listen_for_interrupts().context("cannot listen for Ctrl-C")?;
    let is_redrawn = std::io::stdout().is_terminal() && !arguments.json;
    let mut screen = is_redrawn.then(LiveStatus::on_terminal);
    let mut said = String::new();
    let look_anew = || Look::at(&arguments.campaign, &arguments.address);
    let mut look = look_anew()?;
    loop {
        let is_over = look.view.liveness != Liveness::Running;
        match &mut screen {
            Some(screen) if is_over => screen.clear(),
            Some(screen) => screen.show(&look.summary, look.view),
            None => tell_change(&look, &arguments, &mut said),
        }
        if is_over {
            if !arguments.json {
                // Estimates have learnt from what the run has done: as `status` would tell it now.
                let look = look_anew()?;
                console::print(&status_screen(&look.summary, look.view));
            }
            return Ok(Exit::Success);
        }
        #[expect(clippy::disallowed_methods, reason = "a watch waits")]
        let pause = tokio::time::sleep(BETWEEN_LOOKS);
        tokio::select! {
            _ = interrupts.recv() => return Ok(Exit::Success),
            () = pause => {}
        }
        if !look.go_on()? {
            look = look_anew()?;
        }
    }
}

/// Prints the status unless nothing but the time has changed since it was `said`.
fn tell_change(look: &Look, arguments: &StatusArguments, said: &mut String) {
    let state = format!(
        "{:?} {:?} {:?}",
        look.summary.last(),
        look.summary.counts(),
        look.view.liveness
    );
    if state == *said {
        return;
    }
    *said = state;
    if arguments.json {
        console::print(&format!("{}\n", status_json(&look.summary, look.view)));
    } else {
        console::print(&LiveStatus::line(&look.summary, look.view));
    }
}

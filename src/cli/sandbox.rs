//! `sandbox`: the imitation of the API as a server of its own.

use anyhow::Context as _;

use super::arguments::{Overload, SandboxArguments};
use super::console;
use super::error::Error;
use super::exit::Exit;
use super::provider::read_faults;
use crate::driver;
use crate::sandbox::{self, Sandbox, SubmitLimit};

/// `callsheet sandbox`: serves until it is interrupted.
pub(super) async fn sandbox(arguments: SandboxArguments) -> Result<Exit, Error> {
    let millis =
        |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (from, to) = arguments.render;
    let faults = arguments.faults.as_deref().map(read_faults).transpose()?;
    let settings = sandbox::SandboxSettings {
        seed: arguments.seed,
        port: arguments.port,
        state: arguments.state,
        credits: arguments.credits,
        render_millis: millis(from)..=millis(to),
        max_running: arguments.max_running,
        overload: match arguments.overload {
            Overload::Queue => sandbox::Overload::Queue,
            Overload::Reject => sandbox::Overload::Reject,
        },
        submit_limit: Some(SubmitLimit {
            count: arguments.submit_limit.count,
            millis: millis(arguments.submit_limit.per),
        }),
        faults: faults.unwrap_or_default(),
        ..sandbox::SandboxSettings::default()
    };
    let mut interrupts = driver::listen_for_interrupts().context("cannot listen for Ctrl-C")?;
    let sandbox = Sandbox::start(settings)
        .await
        .context("cannot start the sandbox")?;
    let address = sandbox.base_url();
    console::print(&format!("{address}\n"));
    console::tell(&format!(
        "serving an imitation of the API; any keys are accepted\n\
         what was accepted and charged: {address}/sandbox/ledger\n\
         try: CREATIFY_API_ID=any CREATIFY_API_KEY=any callsheet run MANIFEST --base-url {address}\n\
         Ctrl-C ends it\n"
    ));
    interrupts.recv().await;
    sandbox.stop().await;
    Ok(Exit::Success)
}

//! The `sandbox` command: the imitation of the API as a server.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::app::Interrupts;
use crate::cli::args::help::{self, Example};
use crate::cli::config::read_faults;
use crate::cli::error::Error;
use crate::cli::printer;
use crate::model::{CommandName, Exit, Flag, Rate, parse_duration};
use crate::report::CommandLine;
use crate::sandbox::{self, Sandbox, SubmitLimit};

const EXAMPLES: [Example; 3] = [
    ("callsheet sandbox --port 8080", "until Ctrl-C"),
    ("callsheet run ads.csv --base-url http://localhost:8080", "use it"),
    ("callsheet sandbox --port 8080 --faults faults.yaml", "see it fail"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct SandboxArguments {
    /// The port; any that is free if not given
    #[arg(long)]
    pub(in crate::cli) port: Option<u16>,
    /// The seed of all random values
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) seed: u64,
    /// The balance at the beginning
    #[arg(long, value_name = "N", default_value_t = 1000.0, help_heading = "Provider")]
    pub(in crate::cli) credits: f64,
    /// The shortest and longest time a render takes
    #[arg(long, value_name = "FROM-TO", default_value = "1500ms-5s", value_parser = duration_range, help_heading = "Provider")]
    pub(in crate::cli) render: (Duration, Duration),
    /// Renders at one time
    #[arg(long, value_name = "N", default_value_t = crate::sandbox::RENDERS_IN_FLIGHT, help_heading = "Provider")]
    pub(in crate::cli) max_running: usize,
    /// The reaction to a job above the limit
    #[arg(
        long,
        value_enum,
        value_name = "ANSWER",
        default_value = "queue",
        help_heading = "Provider"
    )]
    pub(in crate::cli) overload: Overload,
    /// Submits accepted in a window of time; one more is answered with 429
    #[arg(long, value_name = "RATE", default_value = "10/s", help_heading = "Provider")]
    pub(in crate::cli) submit_limit: Rate,
    /// A file that remembers what was accepted
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// What goes wrong: a YAML file of faults
    #[arg(long, value_name = "FILE", help_heading = "Provider")]
    pub(in crate::cli) faults: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Overload {
    /// Queue it
    Queue,
    /// Refuse it with 429
    Reject,
}

/// Executes `callsheet sandbox`: serves until an interrupt.
pub(super) async fn sandbox(
    arguments: SandboxArguments,
    interrupts: &mut Interrupts,
) -> Result<Exit, Error> {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
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
    let sandbox = Sandbox::start(settings).await.context("cannot start the sandbox")?;
    let address = sandbox.base_url();
    printer::print(&format!("{address}\n"))?;
    let run =
        CommandLine::new(CommandName::Run).argument("MANIFEST").option(Flag::BaseUrl, address);
    printer::eprint(&format!(
        "serving an imitation of the API; any keys are accepted\n\
         what was accepted and charged: {address}/sandbox/ledger\n\
         try: CREATIFY_API_ID=any CREATIFY_API_KEY=any {run}\n\
         Ctrl-C ends it\n"
    ));
    interrupts.recv().await;
    sandbox.stop().await;
    Ok(Exit::Success)
}

fn duration_range(text: &str) -> Result<(Duration, Duration), String> {
    let expected = || "two durations are wanted, such as `2s-5s`".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(expected)?;
    let both = (
        parse_duration(from).map_err(|_| expected())?,
        parse_duration(to).map_err(|_| expected())?,
    );
    (both.0 <= both.1).then_some(both).ok_or_else(expected)
}

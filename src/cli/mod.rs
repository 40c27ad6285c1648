//! The edge: what was typed becomes settings, settings become a run, an end becomes an exit code.
//!
//! One thin file a command. Arguments are taken in two steps: `arguments` is exactly what was typed;
//! what it means together with the environment and the manifest is settled once, in the command's
//! own file, and never asked again.
//!
//! Standard output carries results, standard error everything that is told to a person. Errors become
//! text here and nowhere else.

mod anticipation;
mod approve;
mod argument_groups;
mod arguments;
mod audience;
mod balance;
mod campaign;
mod catalogue;
mod conclusion;
mod config;
mod console;
mod continued;
mod credentials;
mod day;
mod environment;
mod error;
mod estimates;
#[cfg(test)]
mod examples;
mod exit;
mod file_names;
mod former;
mod help;
mod herald;
mod holding;
mod init;
mod look;
mod manual;
mod merge;
mod notices;
mod past;
mod plan;
mod preflight;
mod preparing;
mod preview;
mod profile;
mod provider;
mod proxy;
mod reading;
mod resuming;
mod run;
mod sandbox;
mod screen;
mod screen_arguments;
mod selection;
mod shard;
mod slips;
mod switch;
mod traces;
mod watch;
mod wishes;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgMatches, FromArgMatches as _};

use self::arguments::{Arguments, Command};
use self::error::Error;
use self::exit::Exit;
use self::herald::Printer;

/// The whole program: arguments in, exit code out.
pub fn main() -> ExitCode {
    let parsed = Arguments::definition()
        .try_get_matches()
        .and_then(|matches| {
            let arguments = Arguments::from_arg_matches(&matches)?;
            Ok((arguments, matches))
        });
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let is_answer = !error.use_stderr();
            // Nobody is there to be told about a closed pipe.
            let _ = error.print();
            let words = std::env::args_os().skip(1);
            let words: Vec<String> = words.map(|word| word.to_string_lossy().into()).collect();
            if let Some(hint) = slips::hint(&error, &words) {
                console::tell(&format!("\nhint: {hint}\n"));
            }
            return if is_answer {
                Exit::Success.into()
            } else {
                Exit::Usage.into()
            };
        }
    };
    let herald = Printer::of_command(&arguments.command);
    match perform(arguments.command, &matches) {
        Ok(exit) => exit.into(),
        Err(error) => {
            herald.error(&error);
            error.exit().into()
        }
    }
}

fn perform(command: Command, matches: &ArgMatches) -> Result<Exit, Error> {
    match command {
        Command::Run(arguments) => block_on(run::run(arguments)),
        Command::Collect(arguments) => block_on(run::collect(arguments)),
        Command::Plan(arguments) => block_on(plan::plan(arguments)),
        Command::Approve(arguments) => block_on(approve::approve(arguments)),
        Command::Status(arguments) if arguments.watch => block_on(watch::watch(arguments)),
        Command::Status(arguments) => look::status(&arguments),
        Command::Why(arguments) => look::why(&arguments),
        Command::Report(arguments) => look::report(&arguments),
        Command::Config(arguments) => {
            let own = matches.subcommand().map_or(matches, |(_, own)| own);
            config::config(&arguments, own)
        }
        Command::Personas(arguments) => block_on(catalogue::personas(arguments)),
        Command::Voices(arguments) => block_on(catalogue::voices(arguments)),
        Command::Init(arguments) => init::init(&arguments),
        Command::Sandbox(arguments) => block_on(sandbox::sandbox(arguments)),
        Command::Completions { shell } => {
            manual::completions(shell);
            Ok(Exit::Success)
        }
        Command::Man => manual::man().map(|()| Exit::Success),
    }
}

/// Runs one command to its end. Two threads: the loop itself, and one for what arrives meanwhile.
fn block_on(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(command);
    // Downloads that are still under way are resumed by the next run.
    runtime.shutdown_background();
    result
}

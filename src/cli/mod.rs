//! The command line: arguments, settings, printing, exit codes.
//!
//! Each command parses its arguments, calls a use case of [`app`](crate::app) and prints the result. Errors are printed
//! in this layer only.

mod args;
mod commands;
mod config;
mod display;
mod error;
mod printer;
mod usage_hints;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::FromArgMatches as _;

use self::commands::Arguments;
use crate::model::Exit;

/// Runs the program: arguments in, exit code out.
pub fn main() -> ExitCode {
    let parsed = commands::definition().try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok((arguments.command, matches))
    });
    let (command, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return print_usage_error(&error),
    };
    let printer = command.printer();
    let result = (|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let result = runtime.block_on(command.execute(&matches));
        // Downloads that are active now are resumed by the next run.
        runtime.shutdown_background();
        result
    })();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.error(&error);
            error.exit().into()
        }
    }
}

/// Returns the definition of the command line. For tests of the command lines that the program prints.
#[doc(hidden)]
pub fn definition() -> clap::Command {
    commands::definition()
}

/// Prints a usage error, or the help or version that was asked for, and returns the exit code.
fn print_usage_error(error: &clap::Error) -> ExitCode {
    let is_requested = !error.use_stderr();
    // A closed pipe is ignored.
    let _ = error.print();
    let words = std::env::args_os().skip(1);
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into()).collect();
    if let Some(hint) = usage_hints::hint(error, &words) {
        printer::eprint(&format!("\nhint: {hint}\n"));
    }
    if is_requested { Exit::Success.into() } else { Exit::Usage.into() }
}

//! The command line: arguments, settings, printing, exit codes.
//!
//! Each command parses its arguments, calls a use case of [`app`](crate::app) and prints the result. Errors are printed
//! in this layer only.

mod args;
mod commands;
mod config;
mod display;
mod error;
mod interrupts;
mod printer;
mod usage_hints;

use std::io;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::{ArgMatches, FromArgMatches as _};
use tokio::runtime::Runtime;

use self::args::{option_variables, reads_environment};
use self::commands::{Arguments, Command};
use self::config::{Environment, refuse_unknown_variables};
use self::error::Error;
use self::printer::Printer;
use crate::model::Exit;
use crate::report::stderr;
use crate::util::glyph::use_ascii;
use crate::util::style::Colours;

/// Runs the program: arguments in, exit code out.
pub fn main() -> ExitCode {
    disable_core_dumps();
    if Environment::needs_ascii() {
        use_ascii();
    }
    let parsed = commands::definition().try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok((arguments.command, matches))
    });
    let (command, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return answer_usage(&error),
    };
    let printer = command.printer();
    let exit = check_environment(&matches)
        .and_then(|()| execute(command, &matches))
        .unwrap_or_else(|error| {
            printer.error(&error);
            error.exit()
        });
    stderr::drain();
    if stderr::is_lost() { exit.min(Exit::Unexpected).into() } else { exit.into() }
}

/// Keeps the system from writing the memory of this process, which holds the keys, to a file after a crash.
fn disable_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        // Fails nowhere: everyone may lower a limit.
        let _ = setrlimit(Resource::Core, none);
    }
}

/// Refuses variables of the environment that no option has, if the command reads its options from there.
fn check_environment(matches: &ArgMatches) -> Result<(), Error> {
    let program = definition();
    let command = matches.subcommand_name().and_then(|name| program.find_subcommand(name));
    if command.is_some_and(reads_environment) {
        refuse_unknown_variables(&option_variables(&program))?;
    }
    Ok(())
}

fn execute(command: Command, matches: &ArgMatches) -> Result<Exit, Error> {
    check_open_files()?;
    let runtime = start_runtime()?;
    let result = runtime.block_on(async {
        let mut interrupts = interrupts::listen()?;
        Box::pin(command.execute(matches, &mut interrupts)).await
    });
    // Downloads that are active now are resumed by the next run.
    runtime.shutdown_background();
    result
}

fn start_runtime() -> Result<Runtime, Error> {
    check_threads()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::MAX)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    // The runtime panics where it cannot start its first thread for files, so that one is kept.
    drop(runtime.spawn_blocking(|| ()));
    Ok(runtime)
}

/// The threads that the program needs: for standard error, two for the runtime, and one for files. Further ones make it
/// quicker.
const MIN_THREADS: usize = 4;

/// Checks that the system allows as many threads as the program needs: the runtime panics where it cannot start one.
fn check_threads() -> Result<(), Error> {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock();
    let threads: io::Result<Vec<_>> = (0..MIN_THREADS)
        .map(|_| {
            let gate = Arc::clone(&gate);
            thread::Builder::new().spawn(move || drop(gate.lock()))
        })
        .collect();
    drop(closed);
    let threads = threads.with_context(|| {
        format!(
            "the program needs {MIN_THREADS} threads, and the system does not allow as many; nothing was submitted. \
             Raise the limit on processes: `ulimit -u`, TasksMax of the service or the container's limit of PIDs"
        )
    })?;
    for thread in threads {
        let _ = thread.join();
    }
    Ok(())
}

/// The open files that the program needs at least: for the journal, the log, results, and a few connections.
#[cfg(unix)]
const MIN_OPEN_FILES: u64 = 48;

/// The open files that are enough for the most downloads and renders at a time.
#[cfg(unix)]
const ENOUGH_OPEN_FILES: u64 = 1024;

/// Raises the limit on open files as far as the system allows, and checks that it is high enough.
fn check_open_files() -> Result<(), Error> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current.is_some_and(|current| current < ENOUGH_OPEN_FILES) {
            limit.current = Some(limit.maximum.unwrap_or(ENOUGH_OPEN_FILES).min(ENOUGH_OPEN_FILES));
            let _ = setrlimit(Resource::Nofile, limit);
        }
        let limit = getrlimit(Resource::Nofile).current;
        if let Some(limit) = limit.filter(|limit| *limit < MIN_OPEN_FILES) {
            return Err(anyhow::anyhow!(
                "the program needs {MIN_OPEN_FILES} open files, and the system allows {limit}; nothing was submitted. \
                 Raise the limit: `ulimit -n`, LimitNOFILE of the service"
            )
            .into());
        }
    }
    Ok(())
}

/// Returns the definition of the command line. For tests of the command lines that the program prints.
#[doc(hidden)]
pub fn definition() -> clap::Command {
    commands::definition()
}

/// Prints a usage error, or the help or version that was asked for, and returns the exit code. An interrupt ends it.
fn answer_usage(error: &clap::Error) -> ExitCode {
    let Ok(runtime) = start_runtime() else {
        return print_usage_error(error);
    };
    let exit = runtime.block_on(async {
        let _interrupts = interrupts::listen();
        print_usage_error(error)
    });
    runtime.shutdown_background();
    exit
}

/// Prints a usage error, or the help or version that was asked for, and returns the exit code.
fn print_usage_error(error: &clap::Error) -> ExitCode {
    let is_requested = !error.use_stderr();
    let text = |colours| match colours {
        Colours::On => error.render().ansi().to_string(),
        Colours::Off => error.render().to_string(),
    };
    if !is_requested {
        printer::eprint(&text(Environment::error_colours()));
    } else if let Err(error) = printer::print(&text(Environment::output_colours())) {
        Printer::Text.error(&error);
        stderr::drain();
        return error.exit().into();
    }
    let words = std::env::args_os().skip(1);
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into()).collect();
    if let Some(hint) = usage_hints::hint(error, &words) {
        printer::eprint(&format!("\nhint: {hint}\n"));
    }
    stderr::drain();
    if is_requested { Exit::Success.into() } else { Exit::Usage.into() }
}

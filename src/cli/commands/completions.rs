//! The `completions` and `man` commands, from the same definitions as `--help`.

use anyhow::Context as _;
use clap::Args;
use clap_mangen::Man;

use crate::cli::args::help::{self, Example};
use crate::cli::error::Error;
use crate::cli::printer;
use crate::model::Exit;

const COMPLETIONS_EXAMPLES: [Example; 2] = [
    ("source <(callsheet completions bash)", "in ~/.bashrc"),
    ("callsheet completions zsh > ~/.zfunc/_callsheet", "once"),
];

const MAN_EXAMPLES: [Example; 2] =
    [("callsheet man | man -l -", "read it"), ("callsheet man > callsheet.1", "keep it")];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&COMPLETIONS_EXAMPLES))]
pub(in crate::cli) struct CompletionsArguments {
    /// The shell
    shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = help::examples(&MAN_EXAMPLES))]
pub(in crate::cli) struct ManArguments {}

/// Executes `callsheet completions`.
pub(super) fn completions(
    arguments: &CompletionsArguments,
    mut program: clap::Command,
) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "callsheet", &mut script);
    printer::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

/// Executes `callsheet man`: the program's page, then one for each command.
pub(super) fn man(program: &clap::Command) -> Result<Exit, Error> {
    let mut pages = Vec::new();
    let mut add = |page: Man| page.render(&mut pages).context("cannot write the manual page");
    add(Man::new(program.clone()))?;
    for command in program.get_subcommands() {
        let title = format!("callsheet-{}", command.get_name());
        add(Man::new(command.clone()).title(title))?;
    }
    printer::print(&String::from_utf8_lossy(&pages))?;
    Ok(Exit::Success)
}

//! `completions` and `man`, from the same definitions as `--help`.

use anyhow::Context as _;

use super::arguments::Arguments;
use super::console;
use super::error::Error;

/// `callsheet completions SHELL`.
pub(super) fn completions(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut Arguments::definition(),
        "callsheet",
        &mut script,
    );
    console::print(&String::from_utf8_lossy(&script));
}

/// `callsheet man`: the program's page, then one for each command.
pub(super) fn man() -> Result<(), Error> {
    let program = Arguments::definition();
    let mut pages = Vec::new();
    clap_mangen::Man::new(program.clone())
        .render(&mut pages)
        .context("cannot write the manual page")?;
    for command in program.get_subcommands() {
        clap_mangen::Man::new(command.clone())
            .title(format!("callsheet-{}", command.get_name()))
            .render(&mut pages)
            .context("cannot write the manual page")?;
    }
    console::print(&String::from_utf8_lossy(&pages));
    Ok(())
}

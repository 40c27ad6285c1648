//! The `init` command: writes a starter manifest.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::app::{INIT_CSV, INIT_YAML};
use crate::cli::args::help::{self, Example};
use crate::cli::error::Error;
use crate::cli::printer;
use crate::model::{CommandName, Exit, Flag};
use crate::report::CommandLine;

const EXAMPLES: [Example; 3] = [
    ("callsheet init spring.yaml", "nothing is asked"),
    ("callsheet init spring.csv", "for a spreadsheet"),
    ("callsheet run spring.yaml --sandbox", "it runs as it is"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct InitArguments {
    /// Where to write it: `.yaml`, `.yml` or `.csv`; `-` is standard output
    #[arg(default_value = "campaign.yaml")]
    pub(in crate::cli) file: PathBuf,
}

/// Executes `callsheet init`. Never overwrites a file.
pub(super) fn init(arguments: &InitArguments) -> Result<Exit, Error> {
    if arguments.file == Path::new("-") {
        printer::print_with(|output| output.write_all(INIT_YAML.as_bytes()))?;
        return Ok(Exit::Success);
    }
    let shown = arguments.file.display();
    let starter = starter_for(&arguments.file)?;
    let mut file = match std::fs::File::create_new(&arguments.file) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Error::usage_with_hint(
                format!("`{shown}` is already there and was left as it is"),
                format!("name another file: `{} FILE`", CommandLine::new(CommandName::Init)),
            ));
        }
        Err(error) => {
            let context = format!("cannot create `{shown}`");
            return Err(anyhow::Error::from(error).context(context).into());
        }
    };
    file.write_all(starter.as_bytes()).with_context(|| format!("cannot write `{shown}`"))?;
    let run = CommandLine::new(CommandName::Run).argument(&shown).flag(Flag::Sandbox);
    printer::eprint(&format!("wrote {shown}\n\nhint: try it without an account: {run}\n"));
    Ok(Exit::Success)
}

/// Returns the starter in the format of the file's extension.
fn starter_for(file: &Path) -> Result<&'static str, Error> {
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    match extension.to_lowercase().as_str() {
        "yaml" | "yml" => Ok(INIT_YAML),
        "csv" => Ok(INIT_CSV),
        other => {
            let is_workbook = matches!(other, "xlsx" | "xls" | "ods");
            Err(Error::usage_with_hint(
                format!("a starter is YAML or CSV, so that `{}` was not written", file.display()),
                if is_workbook {
                    let init = CommandLine::new(CommandName::Init).argument("FILE.csv");
                    format!(
                        "`{init}` writes a sheet that every spreadsheet program opens, and saves as a workbook"
                    )
                } else {
                    "name a file that ends in `.yaml`, `.yml` or `.csv`; `-` is standard output"
                        .to_owned()
                },
            ))
        }
    }
}

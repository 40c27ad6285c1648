//! `init`: a starter manifest.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::arguments::InitArguments;
use super::console;
use super::error::Error;
use super::exit::Exit;
use crate::manifest;

/// `callsheet init`. Never overwrites anything.
pub(super) fn init(arguments: &InitArguments) -> Result<Exit, Error> {
    if arguments.file == Path::new("-") {
        let starter = manifest::INIT_YAML.as_bytes();
        console::print_found(|output| output.write_all(starter))?;
        return Ok(Exit::Success);
    }
    let shown = arguments.file.display();
    let starter = starter_of(&arguments.file)?;
    let created = std::fs::File::create_new(&arguments.file);
    let mut file = match created {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(
                Error::usage(format!("`{shown}` is already there and was left as it is"))
                    .hint("name another file: `callsheet init FILE`"),
            );
        }
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot create `{shown}`"))
                .map_err(Error::from);
        }
    };
    file.write_all(starter.as_bytes())
        .with_context(|| format!("cannot write `{shown}`"))?;
    console::tell(&format!(
        "wrote {shown}\n\nhint: try it without an account: callsheet run {shown} --sandbox\n"
    ));
    Ok(Exit::Success)
}

/// The starter in the form that the name of the file promises: by its name it is read.
fn starter_of(file: &Path) -> Result<&'static str, Error> {
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    match extension.to_lowercase().as_str() {
        "yaml" | "yml" => Ok(manifest::INIT_YAML),
        "csv" => Ok(manifest::INIT_CSV),
        other => {
            let is_workbook = matches!(other, "xlsx" | "xls" | "ods");
            let shown = file.display();
            Err(Error::usage(format!(
                "a starter is YAML or CSV, so that `{shown}` was not written"
            ))
            .hint(if is_workbook {
                "`callsheet init FILE.csv` writes a sheet that every spreadsheet program opens, and saves as a \
                 workbook"
            } else {
                "name a file that ends in `.yaml`, `.yml` or `.csv`; `-` is standard output"
            }))
        }
    }
}

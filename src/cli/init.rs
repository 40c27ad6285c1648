//! `init`: a starter manifest.

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;

use super::arguments::InitArguments;
use super::console;
use super::error::Error;
use super::exit::Exit;
use crate::manifest;

/// `callsheet init`. Never overwrites anything.
pub(super) fn init(arguments: &InitArguments) -> Result<Exit, Error> {
    let shown = arguments.file.display();
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
    file.write_all(manifest::starter().as_bytes())
        .with_context(|| format!("cannot write `{shown}`"))?;
    console::tell(&format!(
        "wrote {shown}\n\nhint: try it without an account: callsheet run {shown} --sandbox\n"
    ));
    Ok(Exit::Success)
}

//! `--profile`: named accounts in a file of the user's.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::env::Environment;
use crate::app::Error;
use crate::util::fs::read_regular;

/// The variable that names another file.
pub(super) const PROFILES: &str = "CALLSHEET_PROFILES";

/// A command: a list of words, or a line for the shell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(in crate::cli) enum CredentialsCommand {
    /// Program and arguments.
    Words(Vec<String>),
    /// A line for `sh -c`, on Windows `cmd /C`.
    Line(String),
}

/// An account.
#[derive(Debug)]
pub(in crate::cli) struct Profile {
    pub(in crate::cli) name: String,
    pub(in crate::cli) settings: ProfileSettings,
    /// The file of profiles.
    pub(in crate::cli) file: PathBuf,
    /// The folder of the file, which relative paths start from.
    pub(in crate::cli) folder: PathBuf,
}

/// The fields of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct ProfileSettings {
    /// The id. The key is a secret and does not belong into this file.
    pub(in crate::cli) api_id: Option<String>,
    /// A file with lines `CREATIFY_API_ID=…` and `CREATIFY_API_KEY=…`, or with the key alone.
    pub(in crate::cli) credentials_file: Option<PathBuf>,
    /// A command that prints such lines.
    pub(in crate::cli) credentials_command: Option<CredentialsCommand>,
    /// The address of the API.
    pub(in crate::cli) base_url: Option<String>,
}

impl Profile {
    /// Loads the profile `name`.
    ///
    /// # Errors
    /// If there is no file or no such profile in it, or the file is invalid.
    pub(in crate::cli) fn load(name: &str, environment: &Environment) -> Result<Self, Error> {
        let Some(file) = file(environment) else {
            return Err(Error::usage(format!(
                "there is no folder for profiles; `{PROFILES}` can name the file"
            )));
        };
        let shown = file.display().to_string();
        let content = read_regular(&file);
        let text = content.and_then(|text| String::from_utf8(text).map_err(io::Error::other)).map_err(|error| {
            Error::usage_with_hint(format!(
                "the profile `{name}` cannot be read: `{shown}`: {error}; nothing was submitted"
            ), format!("write into `{shown}`:\n\n{name}:\n  credentials_command: pass show creatify/{name}\n"))
        })?;
        let settings = read(&text, name).map_err(|message| {
            Error::usage(format!("`{shown}`: {message}; nothing was submitted"))
        })?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { name: name.to_owned(), settings, file, folder })
    }

    /// Returns the description of this profile as a source.
    pub(in crate::cli) fn source(&self) -> String {
        format!("profile `{}`", self.name)
    }
}

fn read(text: &str, name: &str) -> Result<ProfileSettings, String> {
    let mut profiles: BTreeMap<String, ProfileSettings> =
        crate::app::parse_yaml(text).map_err(|error| {
            // The rest of the message quotes the file, which may contain a key by mistake.
            let words = error.to_string();
            words.lines().next().unwrap_or_default().to_owned()
        })?;
    profiles.remove(name).ok_or_else(|| {
        let known: Vec<String> = profiles.keys().map(|known| format!("`{known}`")).collect();
        format!("there is no profile `{name}`, only {}", known.join(", "))
    })
}

/// Returns the file of profiles: the one that the variable names, else the one in the user's folder for settings.
fn file(environment: &Environment) -> Option<PathBuf> {
    let named = environment.variable(PROFILES).map(PathBuf::from);
    named.or_else(|| Some(environment.config_dir()?.join("profiles.yaml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_by_name() {
        let text = "\
agency:
  api_id: a
  credentials_command: [pass, show, creatify/agency]
shop:
  credentials_file: shop.env
  base_url: https://api.example
";
        let agency = read(text, "agency").unwrap();
        let words = ["pass", "show", "creatify/agency"].map(str::to_owned).to_vec();
        assert_eq!(agency.credentials_command, Some(CredentialsCommand::Words(words)));
        let shop = read(text, "shop").unwrap();
        assert_eq!(shop.credentials_file, Some("shop.env".into()));
        let error = read(text, "agenci").unwrap_err();
        assert_eq!(error, "there is no profile `agenci`, only `agency`, `shop`");
        // A key in the file is a mistake, and so is a misspelt field.
        for wrong in ["a:\n  api_key: secret\n", "a:\n  base_ulr: x\n", "- a\n"] {
            let error = read(wrong, "a").unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

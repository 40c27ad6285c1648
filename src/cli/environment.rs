//! What surrounds the program: variables, `.env` files, terminals. Read here and nowhere else.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// The environment, read once.
#[derive(Debug)]
pub(super) struct Environment {
    /// Pairs of `.env` files; what stands in the real environment wins.
    from_files: HashMap<String, (String, PathBuf)>,
}

impl Environment {
    /// Reads the `.env` files of the working folder and of the folder that `manifest` lies in.
    pub(super) fn read(manifest: Option<&Path>) -> Self {
        let mut from_files = HashMap::new();
        for file in Self::files(manifest) {
            if let Ok(pairs) = dotenvy::from_path_iter(&file) {
                let pairs = pairs.flatten();
                from_files.extend(pairs.map(|(name, value)| (name, (value, file.clone()))));
            }
        }
        Self { from_files }
    }

    /// The `.env` files that may be there; of two that name a variable, the last counts.
    pub(super) fn files(manifest: Option<&Path>) -> Vec<PathBuf> {
        let own = PathBuf::from(".env");
        let beside = manifest
            .and_then(Path::parent)
            .map(|folder| folder.join(&own))
            .filter(|beside| *beside != own);
        beside.into_iter().chain([own]).collect()
    }

    /// Those of them that others may read.
    pub(super) fn open_files(manifest: Option<&Path>) -> Vec<PathBuf> {
        let files = Self::files(manifest).into_iter();
        files.filter(|file| is_open(file)).collect()
    }

    /// The value of a variable of the real environment, unless it is empty.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is read"
    )]
    pub(super) fn real_variable(name: &str) -> Option<String> {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    }

    /// The value of a variable, unless it is empty.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is read"
    )]
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name)
            .ok()
            .or_else(|| Some(self.from_files.get(name)?.0.clone()))
            .filter(|value| !value.trim().is_empty())
    }

    /// Whether a variable is there, with nothing in it.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is read"
    )]
    pub(super) fn is_blank(&self, name: &str) -> bool {
        let is_there = std::env::var_os(name).is_some() || self.from_files.contains_key(name);
        is_there && self.variable(name).is_none()
    }

    /// The value of a variable and where it stands, in words.
    pub(super) fn found(&self, name: &str) -> Option<(String, String)> {
        let value = self.variable(name)?;
        let source = match self.from_files.get(name) {
            Some((known, file)) if *known == value && Self::real_variable(name).is_none() => {
                format!("`{name}` in `{}`", file.display())
            }
            Some(_) | None => format!("environment, `{name}`"),
        };
        Some((value, source))
    }

    /// Whether standard error shows colours: on a terminal that can, unless `NO_COLOR` is set.
    pub(super) fn has_colours(&self) -> bool {
        std::io::stderr().is_terminal() && self.may_colour()
    }

    /// Whether standard output shows colours.
    pub(super) fn has_colours_on_output(&self) -> bool {
        std::io::stdout().is_terminal() && self.may_colour()
    }

    fn may_colour(&self) -> bool {
        self.variable("NO_COLOR").is_none() && !self.is_dumb()
    }

    /// Whether the terminal cannot move its cursor.
    pub(super) fn is_dumb(&self) -> bool {
        self.variable("TERM").is_some_and(|term| term == "dumb")
    }

    /// Whether somebody can be asked a question.
    pub(super) fn can_ask() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Whether standard error is a terminal.
    pub(super) fn shows_bars(&self) -> bool {
        std::io::stderr().is_terminal() && !self.is_dumb()
    }
}

#[cfg(unix)]
fn is_open(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|file| file.permissions().mode().trailing_zeros() < 6)
}

#[cfg(not(unix))]
fn is_open(_file: &Path) -> bool {
    false
}

//! What surrounds the program: variables, `.env` files, terminals. Read here and nowhere else.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::path::Path;

/// The environment, read once.
#[derive(Debug)]
pub(super) struct Environment {
    /// Pairs of `.env` files; what stands in the real environment wins.
    from_files: HashMap<String, String>,
}

impl Environment {
    /// Reads the `.env` files of the working folder and of the folder that `manifest` lies in.
    pub(super) fn read(manifest: Option<&Path>) -> Self {
        let beside = manifest
            .and_then(Path::parent)
            .map(|folder| folder.join(".env"));
        let mut from_files = HashMap::new();
        for file in [beside, Some(".env".into())].into_iter().flatten() {
            if let Ok(pairs) = dotenvy::from_path_iter(&file) {
                from_files.extend(pairs.flatten());
            }
        }
        Self { from_files }
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
            .or_else(|| self.from_files.get(name).cloned())
            .filter(|value| !value.trim().is_empty())
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

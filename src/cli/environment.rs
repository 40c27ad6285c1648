//! What surrounds the program: variables, `.env` files, terminals. Read here and nowhere else.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::credentials::KEYS;
use super::herald::Printer;

/// The address of the API.
pub(super) const BASE_URL: &str = "CREATIFY_BASE_URL";

/// Variables that say where things are sent, kept or found, besides all that begin with one of [`OURS`].
const ELSEWHERE: [&str; 9] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "HOME",
    "APPDATA",
    "LOCALAPPDATA",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
];

/// How the names of our own variables begin.
const OURS: [&str; 2] = ["CALLSHEET_", "CREATIFY_"];

/// The environment, read once.
///
/// A `.env` file comes along with a campaign's folder, from whoever has made it. So it gives keys, and an
/// address for these keys of its own. Whatever else decides what is run, read or told to whom is taken from
/// the real environment alone, or a folder from somewhere could have the user's keys sent anywhere.
#[derive(Debug)]
pub(super) struct Environment {
    /// Keys and address of `.env` files; what stands in the real environment wins.
    from_files: HashMap<String, (String, PathBuf)>,
    /// What such files set in vain.
    ignored: Vec<(PathBuf, BTreeSet<String>)>,
    /// Files that may take values from the real environment.
    borrowing: HashSet<PathBuf>,
    /// Whether a variable is set in the real environment, be it to nothing.
    is_set: fn(&str) -> bool,
}

impl Environment {
    /// Reads the `.env` files of the working folder and of the folder that `manifest` lies in.
    pub(super) fn read(manifest: Option<&Path>) -> Self {
        let mut environment = Self::without_files(is_set);
        for file in Self::files(manifest) {
            if let Ok(text) = std::fs::read(&file) {
                environment.take(&file, &text);
            }
        }
        environment
    }

    fn without_files(is_set: fn(&str) -> bool) -> Self {
        Self {
            from_files: HashMap::new(),
            ignored: Vec::new(),
            borrowing: HashSet::new(),
            is_set,
        }
    }

    fn take(&mut self, file: &Path, text: &[u8]) {
        let mut ignored = BTreeSet::new();
        for (name, value) in dotenvy::from_read_iter(text).flatten() {
            if name == BASE_URL || KEYS.contains(&name.as_str()) {
                self.from_files.insert(name, (value, file.to_owned()));
            } else if is_taken_from_environment_alone(&name) {
                ignored.insert(name);
            }
        }
        if !ignored.is_empty() {
            self.ignored.push((file.to_owned(), ignored));
        }
        if text.contains(&b'$') {
            self.borrowing.insert(file.to_owned());
        }
    }

    /// Says what `.env` files set in vain, unless the real environment sets it anyway.
    pub(super) fn tell_ignored(&self, herald: Printer) {
        for note in self.ignored_in_words() {
            herald.note(&note);
        }
    }

    fn ignored_in_words(&self) -> Vec<String> {
        let in_words = |(file, names): &(PathBuf, BTreeSet<String>)| {
            let names = names.iter().filter(|name| !(self.is_set)(name));
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            let why = match names.len() {
                0 => return None,
                1 => "which is ignored there: it counts only in the environment",
                _ => "which are ignored there: they count only in the environment",
            };
            let (file, names) = (file.display(), names.join(", "));
            Some(format!("`{file}` sets {names}, {why}"))
        };
        self.ignored.iter().filter_map(in_words).collect()
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

    /// What a `.env` file sets a key or the address to, and the file, unless it is set in the real
    /// environment.
    fn of_file(&self, name: &str) -> Option<(&str, &Path)> {
        let (value, file) = self.from_files.get(name).filter(|_| !(self.is_set)(name))?;
        Some((value, file))
    }

    /// The value of a variable, unless it is empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        Self::real_variable(name).or_else(|| {
            let (value, _) = self.of_file(name)?;
            (!value.trim().is_empty()).then(|| value.to_owned())
        })
    }

    /// Whether a variable is there, with nothing in it.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        let is_there = (self.is_set)(name) || self.from_files.contains_key(name);
        is_there && self.variable(name).is_none()
    }

    /// The value of a variable and where it stands, in words.
    pub(super) fn found(&self, name: &str) -> Option<(String, String)> {
        let value = self.variable(name)?;
        let source = match self.of_file(name) {
            Some((_, file)) => format!("`{name}` in `{}`", file.display()),
            None => format!("environment, `{name}`"),
        };
        Some((value, source))
    }

    /// The `.env` file that sets the address.
    pub(super) fn address_file(&self) -> Option<&Path> {
        let (value, file) = self.of_file(BASE_URL)?;
        (!value.trim().is_empty()).then_some(file)
    }

    /// The `.env` file that sets the address, though both keys are not its own: they would be sent wherever
    /// its author likes. Neither is what it takes from other variables its own.
    pub(super) fn foreign_address(&self) -> Option<&Path> {
        let file = self.address_file()?;
        let is_own = |name| self.of_file(name).is_some_and(|(_, other)| other == file);
        let is_right = KEYS.into_iter().all(is_own) && !self.borrowing.contains(file);
        (!is_right).then_some(file)
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

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// Whether a variable that is neither key nor address means anything to this program.
fn is_taken_from_environment_alone(name: &str) -> bool {
    OURS.iter().any(|beginning| name.starts_with(beginning))
        || ELSEWHERE.contains(&name.to_uppercase().as_str())
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS_AND_ADDRESS: &str =
        "CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\nCREATIFY_BASE_URL=http://h\n";

    fn environment(files: &[(&str, &str)]) -> Environment {
        let mut environment = Environment::without_files(|_| false);
        for (file, text) in files {
            environment.take(Path::new(file), text.as_bytes());
        }
        environment
    }

    #[test]
    fn an_address_is_right_for_the_keys_of_its_own_file_alone() {
        let foreign = |files: &[(&str, &str)]| {
            let environment = environment(files);
            environment.foreign_address().map(Path::to_owned)
        };
        let file = Some(PathBuf::from(".env"));
        assert_eq!(foreign(&[(".env", KEYS_AND_ADDRESS)]), None);
        for nothing in ["CREATIFY_API_KEY=b\n", "CREATIFY_BASE_URL=\n"] {
            assert_eq!(foreign(&[(".env", nothing)]), None, "{nothing}");
        }
        let address = "CREATIFY_BASE_URL=http://h\n";
        assert_eq!(foreign(&[(".env", address)]), file);
        let half = "CREATIFY_API_ID=a\nCREATIFY_BASE_URL=http://h\n";
        assert_eq!(foreign(&[(".env", half)]), file);
        // The keys of the working folder, the address of the manifest's.
        let own = "CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\n";
        let beside = Some(PathBuf::from("c/.env"));
        assert_eq!(
            foreign(&[("c/.env", KEYS_AND_ADDRESS), (".env", own)]),
            beside
        );
        // What is taken from the environment is not the file's own.
        for borrowed in [
            "CREATIFY_API_KEY=${SECRET}\n",
            "CREATIFY_BASE_URL=http://h/$SECRET\n",
        ] {
            let text = format!("{KEYS_AND_ADDRESS}{borrowed}");
            assert_eq!(foreign(&[(".env", &text)]), file, "{borrowed}");
        }
    }

    #[test]
    fn what_a_file_cannot_set_is_ignored_and_named() {
        let text =
            "CALLSHEET_CREDENTIALS_COMMAND=x\nhttps_proxy=y\nCREATIFY_API_KEY_FILE=z\nOTHER=1\n";
        let environment = environment(&[("c/.env", text)]);
        for name in [
            "CALLSHEET_CREDENTIALS_COMMAND",
            "CREATIFY_API_KEY_FILE",
            "OTHER",
        ] {
            assert_eq!(environment.of_file(name), None, "{name}");
        }
        let notes = environment.ignored_in_words();
        assert_eq!(notes.len(), 1);
        for words in [
            "`c/.env`",
            "`CALLSHEET_CREDENTIALS_COMMAND`",
            "`CREATIFY_API_KEY_FILE`",
        ] {
            assert!(notes[0].contains(words), "{notes:?}");
        }
        assert!(!notes[0].contains("OTHER"), "{notes:?}");
    }
}

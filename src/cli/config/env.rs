//! The process environment: variables, `.env` files, terminals. No other module reads them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::app::Notices;
use crate::model::ValueOrigin;
use crate::util::fs::read_short;
use crate::util::style::Colours;

/// The address of the API.
pub(in crate::cli) const BASE_URL: &str = "CREATIFY_BASE_URL";

/// The variables of the two keys.
pub(in crate::cli) const KEYS: [&str; 2] = ["CREATIFY_API_ID", "CREATIFY_API_KEY"];

/// The beginnings of the names of variables that hold secrets or lead to them. Other programs that this one starts do not
/// get these variables.
const SECRETS: [&str; 5] =
    ["CREATIFY_API_", SHEET_TOKEN, "CALLSHEET_CREDENTIALS_", "CALLSHEET_NOTIFY", "CALLSHEET_PING"];

/// The token for the server of a sheet behind an address.
pub(in crate::cli) const SHEET_TOKEN: &str = "CALLSHEET_SHEET_TOKEN";

/// Variables that redirect requests or files, besides those with one of the [`OWN_PREFIXES`].
const REDIRECTING: [&str; 9] = [
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

/// Longest `.env` file that is read, in bytes: it holds a few keys, and may have come from another person.
const MAX_FILE: u64 = 1_000_000;

/// The prefix of this program's own variables.
pub(super) const OWN_PREFIX: &str = "CALLSHEET_";

/// The prefixes of variables that this program reads.
const OWN_PREFIXES: [&str; 2] = [OWN_PREFIX, "CREATIFY_"];

/// The environment, read once.
///
/// A `.env` file may have come with a campaign's folder from another person. So it can set keys, and an address for its
/// own keys. All other variables are read from the real environment alone: otherwise a folder could redirect the user's
/// keys.
#[derive(Debug)]
pub(in crate::cli) struct Environment {
    /// Keys and address from `.env` files. The real environment takes precedence.
    from_files: HashMap<String, (String, PathBuf)>,
    /// Variables in these files that are ignored.
    ignored: Vec<(PathBuf, BTreeSet<String>)>,
    /// Files that are not read because they are no regular files or too long, with the reason.
    irregular: Vec<(PathBuf, String)>,
    /// Files that may interpolate variables of the real environment.
    interpolating: HashSet<PathBuf>,
    /// Whether a variable is set in the real environment, even if empty.
    is_set: fn(&str) -> bool,
}

/// A variable with its source.
#[derive(Debug)]
pub(in crate::cli) struct FoundVariable {
    pub(in crate::cli) value: String,
    /// A description of the source.
    pub(in crate::cli) source: String,
    /// The `.env` file that sets it, if it is not in the real environment.
    pub(in crate::cli) file: Option<PathBuf>,
}

impl FoundVariable {
    /// Returns the origin.
    pub(in crate::cli) fn origin(&self) -> ValueOrigin<'_> {
        self.file.as_deref().map_or(ValueOrigin::User, ValueOrigin::CameAlong)
    }
}

impl Environment {
    /// Reads the `.env` files in the working folder and in the manifest's folder.
    pub(in crate::cli) fn read(manifest: Option<&Path>) -> Self {
        let mut environment = Self::without_files(is_set);
        for file in Self::files(manifest) {
            match read_short(&file, MAX_FILE) {
                Ok(text) => environment.add_file(&file, &text),
                Err(error) if error.kind() == ErrorKind::InvalidInput => {
                    environment.irregular.push((file, error.to_string()));
                }
                Err(_) => {}
            }
        }
        environment
    }

    /// Removes secrets from the environment of a command.
    pub(in crate::cli) fn remove_secrets(command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if is_secret(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
    }

    pub(super) fn without_files(is_set: fn(&str) -> bool) -> Self {
        Self {
            from_files: HashMap::new(),
            ignored: Vec::new(),
            irregular: Vec::new(),
            interpolating: HashSet::new(),
            is_set,
        }
    }

    pub(super) fn add_file(&mut self, file: &Path, text: &[u8]) {
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
            self.interpolating.insert(file.to_owned());
        }
    }

    /// Reports the variables in `.env` files that are ignored, unless the real environment sets them, and the files with
    /// keys that other users can read.
    pub(in crate::cli) fn report_notes(&self, notices: &Notices) {
        for note in self.ignored_notes().into_iter().chain(self.open_file_notes()) {
            notices.note(&note);
        }
    }

    /// Returns a note about each `.env` file whose keys are used and which other users can read.
    fn open_file_notes(&self) -> Vec<String> {
        let files = KEYS.iter().filter_map(|name| self.value_in_files(name));
        let files: BTreeSet<&Path> = files.map(|(_, file)| file).collect();
        let note_about = |file: &Path| {
            let shown = file.display();
            format!("`{shown}` holds keys and can be read by other users: `chmod 600 '{shown}'`")
        };
        files.into_iter().filter(|file| is_open(file)).map(note_about).collect()
    }

    fn ignored_notes(&self) -> Vec<String> {
        let note_about = |(file, names): &(PathBuf, BTreeSet<String>)| {
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
        let irregular = self.irregular.iter();
        let irregular =
            irregular.map(|(file, reason)| format!("`{}` is not read: {reason}", file.display()));
        self.ignored.iter().filter_map(note_about).chain(irregular).collect()
    }

    /// Returns the paths of the `.env` files. The last one with a variable counts.
    pub(in crate::cli) fn files(manifest: Option<&Path>) -> Vec<PathBuf> {
        let own = PathBuf::from(".env");
        let beside = manifest
            .and_then(Path::parent)
            .map(|folder| folder.join(&own))
            .filter(|beside| *beside != own);
        beside.into_iter().chain([own]).collect()
    }

    /// Returns a variable of the real environment, unless it is empty.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub(in crate::cli) fn real_variable(name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    }

    /// Returns the names of this program's own variables in the real environment that are not empty, sorted.
    pub(super) fn own_variables() -> Vec<String> {
        let variables = std::env::vars_os().filter(|(_, value)| !value.is_empty());
        let names = variables.map(|(name, _)| name.to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(OWN_PREFIX)).collect();
        names.sort();
        names
    }

    /// Returns a variable of a `.env` file and the file, unless the real environment sets it.
    fn value_in_files(&self, name: &str) -> Option<(&str, &Path)> {
        let (value, file) = self.from_files.get(name).filter(|_| !(self.is_set)(name))?;
        Some((value, file))
    }

    /// Returns a variable, unless it is empty.
    pub(in crate::cli) fn variable(&self, name: &str) -> Option<String> {
        Self::real_variable(name).or_else(|| {
            let (value, _) = self.value_in_files(name)?;
            (!value.trim().is_empty()).then(|| value.to_owned())
        })
    }

    /// Whether a variable is set, but empty.
    pub(in crate::cli) fn is_blank(&self, name: &str) -> bool {
        let is_there = (self.is_set)(name) || self.from_files.contains_key(name);
        is_there && self.variable(name).is_none()
    }

    /// Returns a variable with its source.
    pub(in crate::cli) fn found(&self, name: &str) -> Option<FoundVariable> {
        let value = self.variable(name)?;
        let file = self.value_in_files(name).map(|(_, file)| file.to_owned());
        let source = match &file {
            Some(file) => format!("`{name}` in `{}`", file.display()),
            None => format!("environment, `{name}`"),
        };
        Some(FoundVariable { value, source, file })
    }

    /// Whether a `.env` file may interpolate variables of the real environment, so that its keys may be the user's own.
    pub(in crate::cli) fn is_interpolating(&self, file: &Path) -> bool {
        self.interpolating.contains(file)
    }

    /// Returns the colours of standard error: on for a capable terminal, unless `NO_COLOR` is set.
    pub(in crate::cli) fn error_colours() -> Colours {
        Self::colours(std::io::stderr().is_terminal())
    }

    /// Returns the colours of standard output.
    pub(in crate::cli) fn output_colours() -> Colours {
        Self::colours(std::io::stdout().is_terminal())
    }

    fn colours(is_terminal: bool) -> Colours {
        if is_terminal && Self::real_variable("NO_COLOR").is_none() && Self::has_cursor() {
            Colours::On
        } else {
            Colours::Off
        }
    }

    /// Whether the terminal or the locale cannot show more than ASCII.
    pub(in crate::cli) fn needs_ascii() -> bool {
        let is_terminal = std::io::stdout().is_terminal() || std::io::stderr().is_terminal();
        needs_ascii(System::current(), is_terminal, Self::real_variable)
    }

    /// Returns the user's folder for cached files, if the system has one.
    pub(in crate::cli) fn cache_dir(&self) -> Option<PathBuf> {
        user_dir(UserDir::Cache, System::current(), |name| self.variable(name))
    }

    /// Returns the user's folder for settings, if the system has one.
    pub(in crate::cli) fn config_dir(&self) -> Option<PathBuf> {
        user_dir(UserDir::Config, System::current(), |name| self.variable(name))
    }

    /// Whether a terminal can move its cursor and show colours, if there is one.
    pub(in crate::cli) fn has_cursor() -> bool {
        has_cursor(System::current(), Self::real_variable("TERM").as_deref())
    }

    /// Whether a person can be asked a question on the terminal.
    pub(in crate::cli) fn can_ask() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Whether lines can be redrawn on standard error: on a terminal that can move its cursor, outside build servers.
    pub(in crate::cli) fn shows_bars() -> bool {
        let has_terminal = std::io::stderr().is_terminal() && Self::has_cursor();
        has_terminal && Self::real_variable("CI").is_none()
    }
}

/// Checks whether a terminal of this kind can move its cursor. A terminal without a kind is taken for one that cannot, except
/// on Windows, where consoles have none.
fn has_cursor(system: System, kind: Option<&str>) -> bool {
    kind.map_or(system == System::Windows, |kind| kind != "dumb")
}

/// Whether output must be ASCII. The locale decides, as POSIX orders its variables. Without one, a terminal is taken to be
/// as simple as cargo and nextest take it, and so are the consoles of Linux and Windows that lack glyphs; a file or a pipe
/// gets UTF-8.
fn needs_ascii(
    system: System,
    is_terminal: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> bool {
    let is = |name: &str, values: &[&str]| {
        variable(name).is_some_and(|value| values.contains(&value.as_str()))
    };
    if system == System::Windows {
        let is_modern = ["WT_SESSION", "CI"].into_iter().any(|name| variable(name).is_some())
            || is("ConEmuTask", &["{cmd:Cmder}"])
            || is("TERM_PROGRAM", &["vscode"])
            || is("TERM", &["xterm-256color", "alacritty"]);
        return is_terminal && !is_modern;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(&variable);
    let Some(locale) = locale else {
        return is_terminal;
    };
    let (locale, _) = locale.split_once('@').unwrap_or((&locale, ""));
    let locale = locale.to_ascii_uppercase();
    let is_utf8 = locale.ends_with("UTF-8") || locale.ends_with("UTF8");
    !is_utf8 || (is_terminal && is("TERM", &["linux"]))
}

/// Whether a variable is set in the environment, even if it is empty.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub(in crate::cli) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// Checks whether a variable holds a secret or leads to one.
fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRETS.iter().any(|secret| upper.starts_with(secret))
}

/// Checks whether this program reads the variable, but not from a `.env` file.
fn is_taken_from_environment_alone(name: &str) -> bool {
    OWN_PREFIXES.iter().any(|beginning| name.starts_with(beginning))
        || REDIRECTING.contains(&name.to_uppercase().as_str())
}

/// A folder of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UserDir {
    Cache,
    Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Windows,
    Mac,
    Other,
}

impl System {
    const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::Other
        }
    }
}

/// Returns this program's folder below the user's folder for caches or settings. Follows the XDG Base Directory
/// Specification, which ignores relative paths; settings are in `~/.config` on macOS too.
fn user_dir(
    dir: UserDir,
    system: System,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from);
    let absolute = |name: &str| folder(name).filter(|path| path.is_absolute());
    let home = |below: &str| folder("HOME").map(|home| home.join(below));
    let base = match (dir, system) {
        (UserDir::Config, System::Windows) => folder("APPDATA"),
        (UserDir::Config, System::Mac | System::Other) => {
            absolute("XDG_CONFIG_HOME").or_else(|| home(".config"))
        }
        (UserDir::Cache, System::Windows) => {
            absolute("XDG_CACHE_HOME").or_else(|| folder("LOCALAPPDATA")).or_else(|| home(".cache"))
        }
        (UserDir::Cache, System::Mac) => {
            absolute("XDG_CACHE_HOME").or_else(|| home("Library/Caches"))
        }
        (UserDir::Cache, System::Other) => absolute("XDG_CACHE_HOME").or_else(|| home(".cache")),
    };
    Some(base?.join("callsheet"))
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

    fn environment(files: &[(&str, &str)]) -> Environment {
        let mut environment = Environment::without_files(|_| false);
        for (file, text) in files {
            environment.add_file(Path::new(file), text.as_bytes());
        }
        environment
    }

    #[test]
    fn the_locale_decides_whether_output_is_ascii() {
        for (variables, on_terminal, in_pipe) in [
            (&[][..], true, false),
            (&[("LANG", "de_DE.UTF-8")], false, false),
            (&[("LANG", "de_DE.utf8@euro")], false, false),
            (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], true, true),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], false, false),
            (&[("LC_CTYPE", "POSIX"), ("LC_ALL", "en_US.UTF-8")], false, false),
            (&[("LANG", "de_DE@euro")], true, true),
            (&[("LANG", "de_DE.UTF-8"), ("TERM", "linux")], true, false),
        ] {
            for (is_terminal, expected) in [(true, on_terminal), (false, in_pipe)] {
                let variable = |name: &str| {
                    let mut all = variables.iter();
                    all.find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
                };
                let needs = needs_ascii(System::Other, is_terminal, variable);
                assert_eq!(needs, expected, "{variables:?} {is_terminal}");
            }
        }
        let windows = |name: &'static str| {
            needs_ascii(System::Windows, true, move |given| (given == name).then(|| "1".to_owned()))
        };
        assert!(windows("LANG") && !windows("WT_SESSION"));
        assert!(!needs_ascii(System::Windows, false, |_| None));
    }

    #[test]
    fn a_terminal_without_a_kind_cannot_move_its_cursor() {
        for (kind, here, on_windows) in
            [(None, false, true), (Some("dumb"), false, false), (Some("xterm"), true, true)]
        {
            assert_eq!(has_cursor(System::Other, kind), here, "{kind:?}");
            assert_eq!(has_cursor(System::Windows, kind), on_windows, "{kind:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_keys_in_use_that_others_can_read_is_noted() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let file = std::fs::File::create(&path).unwrap();
        for (text, mode, notes) in [
            ("CREATIFY_API_KEY=b\n", 0o644, 1),
            ("CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\n", 0o640, 1),
            ("CREATIFY_API_KEY=b\n", 0o600, 0),
            ("CREATIFY_BASE_URL=https://h\n", 0o644, 0),
        ] {
            file.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            let mut environment = Environment::without_files(|_| false);
            environment.add_file(&path, text.as_bytes());
            assert_eq!(environment.open_file_notes().len(), notes, "{text} {mode:o}");
        }
    }

    #[test]
    fn programs_that_are_started_get_no_secrets() {
        for name in KEYS.into_iter().chain([
            "CREATIFY_API_KEY_FILE",
            SHEET_TOKEN,
            super::super::credentials::CREDENTIALS_COMMAND,
            super::super::credentials::CREDENTIALS_FILE,
            "callsheet_notify",
            "CALLSHEET_NOTIFY_ON",
            "CALLSHEET_PING",
        ]) {
            assert!(is_secret(name), "{name}");
        }
        assert!(!is_secret("PATH") && !is_secret("CALLSHEET_OUT"));
    }

    #[test]
    fn variables_that_a_file_cannot_set_are_ignored_and_named() {
        let text =
            "CALLSHEET_CREDENTIALS_COMMAND=x\nhttps_proxy=y\nCREATIFY_API_KEY_FILE=z\nOTHER=1\n";
        let environment = environment(&[("c/.env", text)]);
        for name in ["CALLSHEET_CREDENTIALS_COMMAND", "CREATIFY_API_KEY_FILE", "OTHER"] {
            assert_eq!(environment.value_in_files(name), None, "{name}");
        }
        let notes = environment.ignored_notes();
        assert_eq!(notes.len(), 1);
        for words in ["`c/.env`", "`CALLSHEET_CREDENTIALS_COMMAND`", "`CREATIFY_API_KEY_FILE`"] {
            assert!(notes[0].contains(words), "{notes:?}");
        }
        assert!(!notes[0].contains("OTHER"), "{notes:?}");
    }

    #[test]
    fn each_system_has_its_folder() {
        let home = |name: &str| (name == "HOME").then(|| "/home/anna".to_owned());
        let path = |text: &str| Some(PathBuf::from(text));
        let cache = |system, variable: &dyn Fn(&str) -> Option<String>| {
            user_dir(UserDir::Cache, system, variable)
        };
        assert_eq!(cache(System::Other, &home), path("/home/anna/.cache/callsheet"));
        assert_eq!(cache(System::Mac, &home), path("/home/anna/Library/Caches/callsheet"));
        assert_eq!(
            user_dir(UserDir::Config, System::Other, home),
            path("/home/anna/.config/callsheet")
        );
        let xdg = |value: &'static str| {
            move |name: &str| (name == "XDG_CACHE_HOME").then(|| value.to_owned())
        };
        assert_eq!(cache(System::Other, &xdg("/var/c")), path("/var/c/callsheet"));
        assert_eq!(cache(System::Other, &xdg("relative")), None);
        assert_eq!(cache(System::Windows, &|_| None), None);
    }
}

//! The API keys: from variables, private files, a password manager's command or a profile. Never from an option, which
//! every process on the machine could read.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use super::env::{BASE_URL, Environment, FoundVariable, KEYS};
use super::profile::{CredentialsCommand, Profile};
use crate::app::Error;
use crate::model::{Credentials, Flag, SecretText, ValueOrigin};
use crate::util::fs::open_regular;

/// The variables of a credentials file, and of a command that prints the credentials.
pub(in crate::cli) const CREDENTIALS_FILE: &str = "CALLSHEET_CREDENTIALS_FILE";
pub(in crate::cli) const CREDENTIALS_COMMAND: &str = "CALLSHEET_CREDENTIALS_COMMAND";

/// The time-out of a password manager's command: enough to touch a hardware key or type a passphrase.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The maximum length of a command's output in bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Whether a password manager's command may be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum AllowCommands {
    /// Yes: the provider is going to be asked.
    Yes,
    /// No: the command uses no network, so that keys are a convenience.
    No,
}

/// A key, or a text that holds keys, and a description of its source.
#[derive(Debug)]
pub(in crate::cli) struct FoundKey {
    /// The key or the text.
    pub(in crate::cli) value: SecretText,
    /// The variable, file or command.
    pub(in crate::cli) source: String,
    /// The `.env` file that it came along with.
    pub(in crate::cli) file: Option<PathBuf>,
}

impl FoundKey {
    /// Returns a key that the user gives.
    fn of_user(value: SecretText, source: String) -> Self {
        Self { value, source, file: None }
    }

    /// Returns the origin.
    fn origin(&self) -> ValueOrigin<'_> {
        self.file.as_deref().map_or(ValueOrigin::User, ValueOrigin::CameAlong)
    }
}

/// Returns the credentials of `profile`, or else of the environment, for an address with the origin `address`.
///
/// # Errors
/// If a key is missing or must not be sent to the address, a file is unreadable or open to others, or a command fails.
pub(in crate::cli) fn credentials(
    environment: &Environment,
    profile: Option<&Profile>,
    commands: AllowCommands,
    address: ValueOrigin<'_>,
) -> Result<Credentials, Error> {
    let keys = find(environment, profile, commands)?;
    let refused = refused_address(address, &keys);
    let [id, key] = keys;
    let source = profile.map(Profile::source).or_else(|| id.as_ref().map(|id| id.source.clone()));
    let half = |found: Option<FoundKey>, name: &str| {
        found.map(|found| found.value).ok_or_else(|| missing(name, environment, profile))
    };
    // Missing keys are reported first, because a user sets them first.
    let credentials = Credentials {
        id: half(id, KEYS[0])?,
        key: half(key, KEYS[1])?,
        source: source.unwrap_or_default(),
    };
    refused.map_or(Ok(credentials), Err)
}

/// Returns why the keys are not sent to an address that came along, if they are not: one of them is missing or from
/// another source.
pub(in crate::cli) fn refused_address(
    address: ValueOrigin<'_>,
    [id, key]: &[Option<FoundKey>; 2],
) -> Option<Error> {
    let ValueOrigin::CameAlong(file) = address else {
        return None;
    };
    if let (Some(id), Some(key)) = (id, key)
        && address.may_receive([id.origin(), key.origin()])
    {
        return None;
    }
    let file = file.display();
    Some(Error::usage_with_hint(
        format!(
            "`{file}` sets `{BASE_URL}`, but not both keys by itself: keys from elsewhere are not sent to an \
             address that comes with a folder; nothing was submitted"
        ),
        format!(
            "if the address is right, give it with `{}`, or set `{BASE_URL}` in the environment; if not, \
             take it out of `{file}`",
            Flag::BaseUrl
        ),
    ))
}

fn missing(name: &str, environment: &Environment, profile: Option<&Profile>) -> Error {
    if let Some(Profile { name: profile, .. }) = profile {
        return Error::usage_with_hint(
            format!("the profile `{profile}` does not give `{name}`; nothing was submitted"),
            format!(
                "its file or command must give both, as `{}=...` and `{}=...`, or the key alone beside `api_id`",
                KEYS[0], KEYS[1]
            ),
        );
    }
    let what = if environment.is_blank(name) { "is set, but empty" } else { "is not set" };
    Error::usage_with_hint(
        format!("`{name}` {what}; nothing was submitted"),
        format!(
            "set CREATIFY_API_ID and CREATIFY_API_KEY in the environment or in a `.env` file, or try it \
             without an account: `{}`",
            Flag::Sandbox
        ),
    )
}

/// Checks whether the environment names a key, or a source of keys.
pub(in crate::cli) fn names_keys(environment: &Environment) -> bool {
    let has_key = |name: &str| {
        environment.found(name).is_some() || environment.variable(&format!("{name}_FILE")).is_some()
    };
    KEYS.into_iter().any(has_key)
        || [CREDENTIALS_FILE, CREDENTIALS_COMMAND]
            .into_iter()
            .any(|name| environment.variable(name).is_some())
}

/// Returns the keys that are found. With a profile no other source is read: it may belong to another account.
///
/// # Errors
/// If a file is unreadable or open to others, or a command fails.
pub(in crate::cli) fn find(
    environment: &Environment,
    profile: Option<&Profile>,
    commands: AllowCommands,
) -> Result<[Option<FoundKey>; 2], Error> {
    if let Some(profile) = profile {
        return from_profile(profile, commands);
    }
    let mut halves = [None, None];
    for (half, name) in halves.iter_mut().zip(KEYS) {
        *half = from_variable(environment, name)?;
    }
    if halves.iter().any(Option::is_none) {
        let file = environment.variable(CREDENTIALS_FILE).map(PathBuf::from);
        let command = environment.variable(CREDENTIALS_COMMAND).map(CredentialsCommand::Line);
        let place = format!("`{CREDENTIALS_COMMAND}`");
        let command = command.as_ref().map(|command| (command, place.as_str()));
        let given = from_file_or_command(file, command, Path::new(""), commands)?;
        if let Some(given) = given {
            let further = parse_keys(&given, None)?;
            for (half, further) in halves.iter_mut().zip(further) {
                *half = half.take().or(further);
            }
        }
    }
    Ok(halves)
}

fn from_variable(environment: &Environment, name: &str) -> Result<Option<FoundKey>, Error> {
    if let Some(FoundVariable { value, source, file }) = environment.found(name) {
        let value = SecretText::new(value);
        let file = file.filter(|file| !environment.is_interpolating(file));
        return Ok(Some(FoundKey { value, source, file }));
    }
    let Some(file) = environment.variable(&format!("{name}_FILE")) else {
        return Ok(None);
    };
    let FoundKey { value, source, .. } = from_file(Path::new(&file))?;
    let value = SecretText::new(value.expose().trim());
    Ok((!value.expose().is_empty()).then(|| FoundKey::of_user(value, source)))
}

fn from_profile(
    profile: &Profile,
    commands: AllowCommands,
) -> Result<[Option<FoundKey>; 2], Error> {
    let id = profile
        .settings
        .api_id
        .as_deref()
        .map(|id| FoundKey::of_user(SecretText::new(id), profile.source()));
    let (settings, folder) = (&profile.settings, &profile.folder);
    let file = settings.credentials_file.as_ref().map(|file| folder.join(file));
    let place = format!("profile `{}`", profile.name);
    let command = settings.credentials_command.as_ref().map(|command| (command, place.as_str()));
    let given = from_file_or_command(file, command, folder, commands)?;
    let Some(mut given) = given else {
        return Ok([id, None]);
    };
    if command.is_none() || settings.credentials_file.is_some() {
        given.source = format!("{}: {}", profile.source(), given.source);
    }
    parse_keys(&given, id)
}

/// Returns the text of `file`, or else the output of `command` in `folder`. A command comes with the place where it is
/// configured.
fn from_file_or_command(
    file: Option<PathBuf>,
    command: Option<(&CredentialsCommand, &str)>,
    folder: &Path,
    commands: AllowCommands,
) -> Result<Option<FoundKey>, Error> {
    match (file, command) {
        (Some(file), _) => from_file(&file).map(Some),
        (None, Some((command, place))) if commands == AllowCommands::Yes => {
            from_command(command, place, folder).map(Some)
        }
        (None, Some(_) | None) => Ok(None),
    }
}

/// Parses both keys from lines such as `CREATIFY_API_KEY=…`, or the secret key alone from a single line if the id is
/// known.
fn parse_keys(given: &FoundKey, mut id: Option<FoundKey>) -> Result<[Option<FoundKey>; 2], Error> {
    let (text, source) = (given.value.expose(), &given.source);
    let found = |value: String| FoundKey::of_user(SecretText::new(value), source.clone());
    let trimmed = text.trim();
    if id.is_some() && !trimmed.contains(['=', '\n']) && !trimmed.is_empty() {
        return Ok([id, Some(found(trimmed.to_owned()))]);
    }
    let mut key = None;
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        // The parser's message would quote the line.
        let (name, value) = pair.map_err(|_| {
            Error::usage(format!("{source} does not give lines such as `{}=...`", KEYS[1]))
        })?;
        if value.trim().is_empty() {
            continue;
        }
        if name == KEYS[0] {
            id = Some(found(value));
        } else if name == KEYS[1] {
            key = Some(found(value));
        }
    }
    Ok([id, key])
}

fn from_file(path: &Path) -> Result<FoundKey, Error> {
    let shown = path.display();
    let cannot = |error: std::io::Error| {
        Error::usage(format!(
            "the credentials in `{shown}` cannot be read: {error}; nothing was submitted"
        ))
    };
    let file = open_regular(path).map_err(cannot)?;
    check_private(path, &file.metadata().map_err(cannot)?)?;
    let mut text = String::new();
    file.take(MAX_OUTPUT).read_to_string(&mut text).map_err(cannot)?;
    Ok(FoundKey::of_user(SecretText::new(text), format!("file `{shown}`")))
}

/// Refuses a file of keys that others can read, except in a folder for this service alone (systemd's credentials), where
/// the mode of a file means nothing.
#[cfg(unix)]
fn check_private(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let folders = Environment::real_variable("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let folders = folders.into_iter().chain(["/run/secrets".into()]);
    let is_in_private_folder = folders
        .filter_map(|folder| std::fs::canonicalize(folder).ok())
        .any(|folder| std::fs::canonicalize(path).is_ok_and(|path| path.starts_with(folder)));
    let mode = metadata.permissions().mode() & 0o777;
    if is_in_private_folder || mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    let shown = path.display();
    let message = format!(
        "the credentials in `{shown}` can be read by others (mode {mode:03o}); nothing was submitted"
    );
    Err(Error::usage_with_hint(message, format!("`chmod 600 '{shown}'` makes them yours alone")))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as where files have such rights")]
fn check_private(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), Error> {
    Ok(())
}

/// Returns the output of a command, which is never shown. The command may ask on the terminal. Messages name it by the
/// `place` where it is configured, because its words may be secret.
fn from_command(line: &CredentialsCommand, place: &str, folder: &Path) -> Result<FoundKey, Error> {
    let mut command = line.command().ok_or_else(|| {
        Error::usage(format!("the credentials command of {place} is empty; nothing was submitted"))
    })?;
    if folder != Path::new("") {
        command.current_dir(folder);
    }
    Environment::remove_secrets(&mut command);
    let text = run(&mut command, TIMEOUT).map_err(|what| {
        Error::usage_with_hint(
            format!("the credentials command of {place} {what}; nothing was submitted"),
            "run it by hand to see what is wrong; its output is not shown here",
        )
    })?;
    Ok(FoundKey::of_user(SecretText::new(text), format!("command of {place}")))
}

impl CredentialsCommand {
    /// Returns the command; `None` if it is empty.
    fn command(&self) -> Option<Command> {
        match self {
            Self::Words(words) => {
                let (program, arguments) = words.split_first()?;
                let mut command = Command::new(program);
                command.args(arguments);
                Some(command)
            }
            Self::Line(line) => {
                let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
                let mut command = Command::new(shell);
                command.args([flag, line]);
                (!line.trim().is_empty()).then_some(command)
            }
        }
    }
}

/// A command that prints the keys and is running.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct RunningCommand {
    #[cfg(unix)]
    process: rustix::process::Pid,
    /// Whether the command has a group of processes of its own. One that may ask on the terminal has not: it could not
    /// read from there.
    #[cfg(unix)]
    has_group: bool,
}

static RUNNING: Mutex<Option<RunningCommand>> = Mutex::new(None);

/// Returns the command that prints the keys, while it is running.
pub(in crate::cli) fn running_command() -> Option<RunningCommand> {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_running(command: Option<RunningCommand>) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = command;
}

impl RunningCommand {
    /// Kills the command, and what it has started if it cannot ask on the terminal.
    pub(in crate::cli) fn kill(self) {
        #[cfg(unix)]
        {
            use rustix::process::{Signal, kill_process, kill_process_group};
            let kill = if self.has_group { kill_process_group } else { kill_process };
            // Fails if it has just ended.
            let _ = kill(self.process, Signal::KILL);
        }
    }
}

fn run(command: &mut Command, timeout: Duration) -> Result<String, String> {
    let is_interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    #[cfg(unix)]
    if !is_interactive {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    let terminal = || {
        if is_interactive { Stdio::inherit() } else { Stdio::null() }
    };
    command.stdin(terminal()).stdout(Stdio::piped()).stderr(terminal());
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let running = RunningCommand {
        #[cfg(unix)]
        process: rustix::process::Pid::from_child(&child),
        #[cfg(unix)]
        has_group: !is_interactive,
    };
    set_running(Some(running));
    let ended = wait_for_output(&mut child, running, timeout);
    set_running(None);
    ended
}

/// Returns what `child` prints until it ends.
fn wait_for_output(
    child: &mut Child,
    running: RunningCommand,
    timeout: Duration,
) -> Result<String, String> {
    let output = child.stdout.take();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.map(|output| output.take(MAX_OUTPUT).read_to_string(&mut text));
        // The receiver is gone after a time-out.
        let _ = send.send(read.transpose().map(|_| text));
    });
    let Ok(text) = receive.recv_timeout(timeout) else {
        running.kill();
        // Fails if the command has just ended.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("did not end within {} s", timeout.as_secs()));
    };
    let status = child.wait().map_err(|error| format!("was lost: {error}"))?;
    if !status.success() {
        return Err(format!("failed ({status})"));
    }
    text.map_err(|_| "does not print text".to_owned())
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "files that only this test reads")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn line(line: &str) -> CredentialsCommand {
        CredentialsCommand::Line(line.to_owned())
    }

    #[test]
    fn the_output_of_a_command_is_used_and_never_shown() {
        let printed = "printf 'CREATIFY_API_ID=a\\nCREATIFY_API_KEY=\"secret b\"\\n'";
        let given = from_command(&line(printed), "`X`", Path::new("")).unwrap();
        assert_eq!(given.source, "command of `X`");
        let [id, key] = parse_keys(&given, None).unwrap();
        assert_eq!(id.unwrap().value.expose(), "a");
        assert_eq!(key.unwrap().value.expose(), "secret b");
        for (command, words) in [
            ("echo secret; exit 3", "failed (exit status: 3)"),
            ("kill -9 $$", "failed (signal: 9"),
            ("printf '\\377'", "not print text"),
        ] {
            let error = from_command(&line(command), "`X`", Path::new("")).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("secret"), "{error}");
        }
        let missing = CredentialsCommand::Words(vec!["/nowhere/pass".into(), "secret".into()]);
        let error = from_command(&missing, "profile `p`", Path::new("")).unwrap_err().to_string();
        assert!(error.contains("command of profile `p` cannot be run"), "{error}");
        assert!(!error.contains("nowhere"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn a_command_is_killed_after_the_time_out() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let error = run(&mut command, Duration::from_millis(20)).unwrap_err();
        assert!(error.starts_with("did not end"), "{error}");
    }

    #[test]
    fn a_key_alone_is_enough_beside_an_id_and_invalid_lines_are_not_quoted() {
        let text = |text: &str| FoundKey::of_user(SecretText::new(text), "it".to_owned());
        let id = || Some(text("a"));
        let [_, key] = parse_keys(&text("secret\n"), id()).unwrap();
        assert_eq!(key.unwrap().value.expose(), "secret");
        let [_, key] = parse_keys(&text("\n"), id()).unwrap();
        assert!(key.is_none());
        let error = parse_keys(&text("secret words\nand more"), None).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{}", error.to_string());
    }

    #[test]
    fn an_address_in_a_file_gets_only_the_keys_of_that_file() {
        let id = "CREATIFY_API_ID=a\n";
        let key = "CREATIFY_API_KEY=b\n";
        let address = "CREATIFY_BASE_URL=https://h\n";
        let (both, own) = (format!("{id}{key}"), format!("{id}{key}{address}"));
        let accepts = |files: &[(&str, &str)]| {
            let mut environment = Environment::without_files(|_| false);
            for (file, text) in files {
                environment.add_file(Path::new(file), text.as_bytes());
            }
            let keys = find(&environment, None, AllowCommands::No).unwrap();
            let address = environment.found(BASE_URL);
            let origin = address.as_ref().map_or(ValueOrigin::User, FoundVariable::origin);
            refused_address(origin, &keys).is_none()
        };
        assert!(accepts(&[(".env", &own)]));
        // Without an address of its own, a file is used with any address.
        for text in [key, &both, "CREATIFY_BASE_URL=\n"] {
            assert!(accepts(&[(".env", text)]), "{text}");
        }
        for half in ["", id, key] {
            assert!(!accepts(&[(".env", &format!("{half}{address}"))]), "{half}");
        }
        // Empty, blank and doubled halves, and those with variables of the user.
        for last in ["CREATIFY_API_KEY=\n", "CREATIFY_API_KEY='  '\n", "CREATIFY_API_ID=\n"] {
            assert!(!accepts(&[(".env", &format!("{own}{last}"))]), "{last}");
        }
        for last in ["CREATIFY_API_KEY=${SECRET}\n", "CREATIFY_BASE_URL=https://h/$SECRET\n"] {
            assert!(!accepts(&[(".env", &format!("{own}{last}"))]), "{last}");
        }
        // The file in the working folder replaces single values of the one beside the manifest.
        for replaced in [id, key, &both] {
            assert!(!accepts(&[("c/.env", &own), (".env", replaced)]), "{replaced}");
        }
        assert!(accepts(&[("c/.env", &own), (".env", &own)]));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, "CREATIFY_API_KEY=b\n").unwrap();
        for (mode, is_good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = from_file(&path);
            assert_eq!(read.is_ok(), is_good, "{mode:o}");
            if let Err(error) = read {
                let text = crate::cli::error::Error::from(error).render();
                assert!(text.contains("chmod 600"), "{text}");
            }
        }
    }
}

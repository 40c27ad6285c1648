//! The built program in a folder of its own, and a sandbox as its provider.

use std::collections::HashMap;
#[cfg(unix)]
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
#[cfg(target_os = "linux")]
use std::process::{ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use callsheet::sandbox::{Faults, Ledger, Sandbox, SandboxSettings};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::command_lines;

/// The credentials of every test. The program must never print or store them.
pub(crate) const KEYS: [&str; 2] = ["the-test-account", "the-test-secret"];

/// Limits with which a campaign takes a second or two.
pub(crate) const FAST: [&str; 12] = [
    "--submit-rate",
    "50/s",
    "--poll-rate",
    "50/s",
    "--poll-interval",
    "50ms",
    "--settle",
    "200ms",
    "--in-flight",
    "20",
    "--progress",
    "plain",
];

/// A persona of the sandbox.
pub(crate) const PERSONA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// Longer than any command of a test takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A row of `results.csv` by column name.
pub(crate) type Row = HashMap<String, String>;

/// What a command printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Fails the test unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails the test unless standard error contains each of `parts`.
    #[track_caller]
    pub(crate) fn expect_stderr(self, parts: &[&str]) -> Self {
        expect_parts(&self.stderr, parts);
        self
    }

    /// Fails the test unless standard output contains each of `parts`.
    #[track_caller]
    pub(crate) fn expect_stdout(self, parts: &[&str]) -> Self {
        expect_parts(&self.stdout, parts);
        self
    }

    /// Fails the test if standard error contains one of `parts`.
    #[track_caller]
    pub(crate) fn expect_not_in_stderr(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(!self.stderr.contains(part), "`{part}` in: {}", self.stderr);
        }
        self
    }

    /// Parses standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

#[track_caller]
fn expect_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

/// A temporary folder, usually with a sheet in it, where the program is run.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a [`sheet`] of `jobs` rows as `sheet.csv`.
    pub(crate) fn with_sheet(jobs: usize) -> Self {
        let folder = Self::new();
        folder.write("sheet.csv", &sheet(jobs));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Writes a file and creates its folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces all occurrences of `from` in a file.
    #[track_caller]
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no `{from}` in {name}: {text}");
        self.write(name, &text.replace(from, to));
    }

    /// Removes a file or a folder.
    #[track_caller]
    pub(crate) fn remove(&self, name: &str) {
        let path = self.path(name);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[track_caller]
    pub(crate) fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Returns the rows of a CSV file.
    #[track_caller]
    pub(crate) fn rows(&self, name: &str) -> Vec<Row> {
        rows(&self.read(name))
    }

    /// Returns the rows of `sheet-output/results.csv`.
    #[track_caller]
    pub(crate) fn results(&self) -> Vec<Row> {
        self.rows("sheet-output/results.csv")
    }

    #[cfg(unix)]
    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.path(name), mode).unwrap();
    }

    /// Returns the program with `arguments`, the test's credentials and an otherwise empty environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("CREATIFY_API_ID", KEYS[0])
            .env("CREATIFY_API_KEY", KEYS[1])
            // No test reaches the real API: nothing listens at this address.
            .env("CREATIFY_BASE_URL", "http://127.0.0.1:9");
        // Windows needs these for sockets and temporary files.
        for name in ["SystemRoot", "TEMP", "TMP"] {
            if let Some(value) = std::env::var_os(name).filter(|_| cfg!(windows)) {
                command.env(name, value);
            }
        }
        piped(&mut command);
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        output(&mut self.command(arguments))
    }

    /// Runs a command with `--json`, which must succeed, and parses what it prints.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        self.run(&arguments).expect_code(0).json()
    }

    /// Runs `run sheet.csv` with fast limits.
    #[track_caller]
    pub(crate) fn campaign(&self, provider: &Provider, further: &[&str]) -> Output {
        self.run(&campaign("run", provider, further))
    }

    /// Returns all files in the folder and its subfolders.
    pub(crate) fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let content = std::fs::read(&path).unwrap();
                    files.push((path, content));
                }
            }
        }
        files
    }

    /// Fails the test unless `sheet-output` contains the video of every accepted job of `ledger`, byte for
    /// byte and under the name of its job.
    #[track_caller]
    pub(crate) fn expect_every_paid_video(&self, ledger: &Ledger) {
        for job in &ledger.accepted {
            let id = job_id(job.name.as_deref());
            let path = self.path(&format!("sheet-output/videos/{id}.mp4"));
            let content = std::fs::read(&path)
                .unwrap_or_else(|error| panic!("{}: {error}\n{ledger:#?}", path.display()));
            assert_eq!(digest(&content), job.sha256, "{}", path.display());
        }
    }
}

/// A [`Folder`] with `sheet.csv`, and a provider for it.
pub(crate) struct Scenario {
    folder: Folder,
    pub(crate) provider: Provider,
}

impl Deref for Scenario {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Scenario {
    /// A sheet of `jobs` rows, and a provider without faults.
    pub(crate) fn new(jobs: usize) -> Self {
        Self::with(jobs, quick())
    }

    pub(crate) fn with(jobs: usize, settings: SandboxSettings) -> Self {
        Self { folder: Folder::with_sheet(jobs), provider: Provider::with(settings) }
    }

    pub(crate) fn with_faults(jobs: usize, faults: Faults) -> Self {
        Self::with(jobs, SandboxSettings { faults, ..quick() })
    }

    /// `text` as `sheet.csv`, and a provider without faults.
    pub(crate) fn with_text(text: &str) -> Self {
        let scenario = Self::new(0);
        scenario.write("sheet.csv", text);
        scenario
    }

    pub(crate) fn base_url(&self) -> &str {
        self.provider.base_url()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.provider.ledger()
    }

    /// Returns the number of jobs that the provider has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.ledger().accepted.len()
    }

    pub(crate) fn wait_for_accepted(&self, jobs: usize) {
        wait_until("the submits", || self.accepted() >= jobs);
    }

    /// Returns `run sheet.csv` with fast limits and the provider's address.
    pub(crate) fn sheet_command(&self, further: &[&str]) -> Command {
        self.command(&campaign("run", &self.provider, further))
    }

    /// Runs [`Self::sheet_command`] to its end.
    #[track_caller]
    pub(crate) fn run_sheet(&self, further: &[&str]) -> Output {
        output(&mut self.sheet_command(further))
    }

    /// Starts [`Self::sheet_command`].
    pub(crate) fn spawn_sheet(&self, further: &[&str]) -> Child {
        self.sheet_command(further).spawn().unwrap()
    }

    /// Runs `collect sheet.csv` with fast limits.
    #[track_caller]
    pub(crate) fn collect_sheet(&self, further: &[&str]) -> Output {
        self.run(&campaign("collect", &self.provider, further))
    }

    /// Runs a command with `--base-url`.
    #[track_caller]
    pub(crate) fn run_online(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(&[arguments, &["--base-url", self.base_url()]].concat());
        output(command.env("CALLSHEET_SETTLE", "200ms"))
    }

    /// Fails the test unless exactly `jobs` jobs were paid for, none of them twice, and all their videos are in
    /// the output folder.
    #[track_caller]
    pub(crate) fn expect_paid_once(&self, jobs: usize) {
        let ledger = self.ledger();
        assert_eq!(ledger.accepted.len(), jobs, "{ledger:#?}");
        expect_nothing_paid_twice(&ledger);
        self.expect_every_paid_video(&ledger);
    }
}

/// Returns a sheet of `jobs` rows with ids `job-01`, …, texts, a persona, alternating ratios and notes.
pub(crate) fn sheet(jobs: usize) -> String {
    let mut text = String::from("id,text,persona,aspect_ratio,note\n");
    for number in 1..=jobs {
        let ratio = ["9:16", "16:9", "1:1"][number % 3];
        writeln!(
            text,
            "job-{number:02},\"Hello number {number}, nice to meet you.\",{PERSONA},{ratio},note {number}"
        )
        .unwrap();
    }
    text
}

/// Returns the job id in the name that a job was submitted with.
#[track_caller]
pub(crate) fn job_id(name: Option<&str>) -> &str {
    name.unwrap().split(' ').find(|word| !word.starts_with("cs-")).unwrap()
}

/// Returns the arguments of a fast `run` or `collect` of `sheet.csv`.
pub(crate) fn campaign<'a>(
    command: &'a str,
    provider: &'a Provider,
    further: &[&'a str],
) -> Vec<&'a str> {
    campaign_at(command, provider.base_url(), further)
}

/// Like [`campaign`], for a provider at `base_url`.
pub(crate) fn campaign_at<'a>(
    command: &'a str,
    base_url: &'a str,
    further: &[&'a str],
) -> Vec<&'a str> {
    let limits: &[&str] = if command == "run" { &FAST } else { &FAST[2..8] };
    [&[command, "sheet.csv", "--base-url", base_url], limits, further].concat()
}

/// Returns `run` as a command that `program` executes: `program before… callsheet arguments…`.
#[cfg(unix)]
pub(crate) fn executed_by(program: &str, before: &[&str], run: &Command) -> Command {
    let mut command = Command::new(program);
    command
        .args(before)
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(run.get_current_dir().unwrap())
        .env_clear()
        .envs(set_variables(run));
    piped(&mut command);
    command
}

/// Starts `run` in a terminal, which `script` of util-linux gives, and waits for its question. Returns the process, its
/// keyboard, its screen, and what the screen has shown so far; or nothing without `script`.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn ask_in_terminal(run: &Command) -> Option<(Child, ChildStdin, ChildStdout, String)> {
    use std::io::Read as _;
    let words: Vec<String> = std::iter::once(run.get_program())
        .chain(run.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = Command::new("script");
    script
        .args(["-q", "-e", "-c", &words.join(" "), "/dev/null"])
        .current_dir(run.get_current_dir().unwrap())
        .envs(set_variables(run));
    piped(&mut script);
    script.stdin(Stdio::piped());
    let mut child = script.spawn().ok()?;
    let keys = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("[y/N]") {
        let count = screen.read(&mut bytes).unwrap();
        assert!(count > 0, "it ended without a question: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    Some((child, keys, screen, text))
}

/// Returns the variables that a command sets.
#[cfg(unix)]
pub(crate) fn set_variables(command: &Command) -> impl Iterator<Item = (&OsStr, &OsStr)> {
    let variables = command.get_envs();
    variables.filter_map(|(name, value)| Some((name, value?)))
}

/// Runs a command to its end, without standard input.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> Output {
    finish(piped(command).spawn().unwrap())
}

fn piped(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
}

/// Waits for the end of a program.
#[track_caller]
pub(crate) fn finish(mut child: Child) -> Output {
    fn read(stream: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
        let mut stream = stream;
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
    let stdout = read(child.stdout.take().unwrap());
    let stderr = read(child.stderr.take().unwrap());
    let status = wait(&mut child).or_else(|| {
        // Without an exit code every test fails, and prints what the program printed.
        child.kill().unwrap();
        child.wait().ok()
    });
    let output = Output {
        code: status.and_then(|status| status.code()),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    };
    // A program that was killed may have printed half a line.
    if output.code.is_some() {
        command_lines::expect_valid(&output.stdout);
        command_lines::expect_valid(&output.stderr);
    }
    output
}

/// Kills a program and waits for its end.
pub(crate) fn kill(mut child: Child) -> Output {
    child.kill().unwrap();
    finish(child)
}

/// Waits for the end of a program; `None` if it takes too long.
pub(crate) fn wait(child: &mut Child) -> Option<std::process::ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < TIMEOUT {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Waits until `condition` is true.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < TIMEOUT, "timed out waiting for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to a program.
#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Reports on standard error that (part of) a test was skipped.
pub(crate) fn skip(reason: &str) {
    let line = format!("skipped: {reason}\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
}

/// Returns the SHA-256 in hexadecimal.
pub(crate) fn digest(content: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let mut text = String::new();
    for byte in Sha256::digest(content) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// A sandbox inside the test process.
pub(crate) struct Provider {
    runtime: Runtime,
    sandbox: Option<Sandbox>,
    base_url: String,
    /// A folder for the state file, so that a restart keeps the address and the jobs.
    state: tempfile::TempDir,
}

impl Provider {
    pub(crate) fn new() -> Self {
        Self::with(quick())
    }

    pub(crate) fn with(settings: SandboxSettings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let mut provider = Self {
            runtime,
            sandbox: None,
            base_url: String::new(),
            state: tempfile::tempdir().unwrap(),
        };
        provider.restart(settings);
        provider
    }

    /// Stops the sandbox and starts one with other settings, the same address and the same jobs.
    pub(crate) fn restart(&mut self, settings: SandboxSettings) {
        self.stop();
        let state = self.state.path().join("accepted.jsonl");
        let port = self.base_url.rsplit(':').next().and_then(|port| port.parse().ok());
        let state = Some(settings.state.unwrap_or(state));
        let settings = SandboxSettings { state, port: settings.port.or(port), ..settings };
        // A child that another thread has just forked holds the state file's lock and the port until it calls `exec`.
        let started = Instant::now();
        let sandbox = loop {
            match self.runtime.block_on(Sandbox::start(settings.clone())) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::ResourceBusy | ErrorKind::AddrInUse)
                        && started.elapsed() < Duration::from_secs(5) =>
                {
                    std::thread::sleep(Duration::from_millis(20));
                }
                result => break result.unwrap(),
            }
        };
        sandbox.base_url().clone_into(&mut self.base_url);
        self.sandbox = Some(sandbox);
    }

    pub(crate) fn stop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.sandbox.as_ref().unwrap().ledger()
    }
}

/// Settings of a provider with short renders and without a rate limit.
pub(crate) fn quick() -> SandboxSettings {
    SandboxSettings {
        render_millis: 50..=300,
        max_running: 100,
        submit_limit: None,
        ..SandboxSettings::default()
    }
}

/// Like [`quick`], with renders of this many milliseconds.
pub(crate) fn rendering(millis: u64) -> SandboxSettings {
    SandboxSettings { render_millis: millis..=millis, ..quick() }
}

/// Fails the test if a job was accepted twice, or if credentials were sent to a file server.
#[track_caller]
pub(crate) fn expect_nothing_paid_twice(ledger: &Ledger) {
    let jobs = ledger.accepted.iter();
    let mut names: Vec<&str> = jobs.map(|job| job.name.as_deref().unwrap()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "{ledger:#?}");
    assert_eq!(ledger.credentials_on_files, 0);
}

/// Parses the rows of a CSV text.
pub(crate) fn rows(csv: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// Whether `bytes` contain `text`.
pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The folder of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

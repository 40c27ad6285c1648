//! The built binary in a folder of its own, and a provider that keeps books.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use callsheet::sandbox::{Ledger, Sandbox, SandboxSettings};
use tokio::runtime::Runtime;

/// The keys of every test; they must turn up nowhere.
pub(crate) const KEYS: [&str; 2] = ["the-test-account", "the-test-secret"];

/// Limits that make a campaign last a second or two.
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

/// Longer than any test command takes, on a machine that does ten other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Fails the test unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// A folder with a manifest in it, where the program is run.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with `sheet.csv`: `jobs` rows with ids, texts, a persona and ratios in turn.
    pub(crate) fn with_sheet(jobs: usize) -> Self {
        let folder = Self::new();
        folder.write("sheet.csv", &sheet(jobs));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The program with `arguments`, nothing of our own environment, and the test's keys.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("CREATIFY_API_ID", KEYS[0])
            .env("CREATIFY_API_KEY", KEYS[1])
            // No test ever reaches the real API: nobody listens here.
            .env("CREATIFY_BASE_URL", "http://127.0.0.1:9")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        finish(self.command(arguments).spawn().unwrap())
    }

    /// `run sheet.csv` against `provider`, fast, with `further` arguments.
    #[track_caller]
    pub(crate) fn campaign(&self, provider: &Provider, further: &[&str]) -> Answer {
        self.run(&campaign("run", provider, further))
    }

    /// Every file below the folder, with its content.
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

    /// Fails the test unless every video that `ledger` knows of as paid for and finished lies in
    /// `sheet-output`, byte for byte, under the name of its job.
    #[track_caller]
    pub(crate) fn expect_every_paid_video(&self, ledger: &Ledger) {
        for job in &ledger.accepted {
            let id = job.name.as_deref().unwrap().split(' ').next().unwrap();
            let path = self.path(&format!("sheet-output/videos/{id}.mp4"));
            let content = std::fs::read(&path)
                .unwrap_or_else(|error| panic!("{}: {error}\n{ledger:#?}", path.display()));
            assert_eq!(digest(&content), job.sha256, "{}", path.display());
        }
    }
}

/// `jobs` rows.
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

/// A persona the sandbox knows.
pub(crate) const PERSONA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// The arguments of a fast `run` or `collect` of `sheet.csv` against `provider`.
pub(crate) fn campaign<'a>(
    command: &'a str,
    provider: &'a Provider,
    further: &[&'a str],
) -> Vec<&'a str> {
    campaign_at(command, provider.base_url(), further)
}

/// The same, of a provider at `base_url`.
pub(crate) fn campaign_at<'a>(
    command: &'a str,
    base_url: &'a str,
    further: &[&'a str],
) -> Vec<&'a str> {
    let limits: &[&str] = if command == "run" { &FAST } else { &FAST[2..8] };
    [command, "sheet.csv", "--base-url", base_url]
        .into_iter()
        .chain(limits.iter().copied())
        .chain(further.iter().copied())
        .collect()
}

/// Waits for the end of a program.
#[track_caller]
pub(crate) fn finish(mut child: Child) -> Answer {
    let mut stdout = child.stdout.take().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reading = std::thread::spawn(move || std::io::read_to_string(&mut stdout).unwrap());
    let errors = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut stderr, &mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            // Without an exit code no test passes, and each says what it knows.
            child.kill().unwrap();
            break child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Answer {
        code: status.code(),
        stdout: reading.join().unwrap(),
        stderr: errors.join().unwrap(),
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come true");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to a program.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(content: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let mut text = String::new();
    for byte in Sha256::digest(content) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// The imitation of the API inside the test, and its books.
pub(crate) struct Provider {
    runtime: Runtime,
    sandbox: Sandbox,
}

impl Provider {
    pub(crate) fn new() -> Self {
        Self::with(quick())
    }

    pub(crate) fn with(settings: impl std::borrow::Borrow<SandboxSettings>) -> Self {
        let settings: &SandboxSettings = settings.borrow();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        // Another thread's child has every open file for a moment, locks included, until it has become
        // the program it is to be.
        let started = Instant::now();
        let sandbox = loop {
            match runtime.block_on(Sandbox::start(settings.clone())) {
                Err(error)
                    if error.kind() == std::io::ErrorKind::ResourceBusy
                        && started.elapsed() < Duration::from_secs(5) =>
                {
                    std::thread::sleep(Duration::from_millis(20));
                }
                result => break result.unwrap(),
            }
        };
        Self { runtime, sandbox }
    }

    pub(crate) fn base_url(&self) -> &str {
        self.sandbox.base_url()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }

    pub(crate) fn stop(self) {
        self.runtime.block_on(self.sandbox.stop());
    }
}

/// A provider whose renders last a moment.
pub(crate) fn quick() -> SandboxSettings {
    SandboxSettings {
        render_millis: 50..=300,
        max_running: 100,
        submit_limit: None,
        ..SandboxSettings::default()
    }
}

/// Fails the test unless no job was accepted twice.
#[track_caller]
pub(crate) fn expect_nothing_paid_twice(ledger: &Ledger) {
    let mut names: Vec<&str> = ledger
        .accepted
        .iter()
        .map(|job| job.name.as_deref().unwrap())
        .collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "{ledger:#?}");
    assert_eq!(ledger.credentials_on_files, 0);
}

/// The lines of a CSV by column name.
pub(crate) fn rows(csv: &str) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// Whether `needle` stands in `hay`.
pub(crate) fn contains(hay: &[u8], needle: &str) -> bool {
    hay.windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

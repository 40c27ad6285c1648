//! Snapshots of everything that people and programs read: help, tables, summaries, messages, files.
//!
//! Each snapshot is a transcript: command lines, what they printed, how they ended. To accept new output:
//!
//! ```sh
//! INSTA_UPDATE=always cargo test --test it snapshots
//! git diff tests/it/snapshots     # this is the review
//! ```
//!
//! Without `INSTA_UPDATE` a difference fails the test and leaves a `.snap.new` file beside the old one
//! (with `CI` set it leaves none). `cargo insta review` shows these files one by one.
//!
//! What differs from run to run is replaced by a word in brackets, see [`FILTERS`]. Lines about a render's
//! status are left out, because how often a status is seen depends on the machine's load. Only help depends on
//! the width of the terminal (`COLUMNS`, at most 100); a live progress bar needs a terminal and is tested
//! with `observe::progress`.

mod corpus;
mod endings;
mod events;
mod folders;
mod help;
mod journals;
mod phases;
mod sheets;
mod usage;
mod yaml;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::Command;

use callsheet::sandbox::SandboxSettings;
use serde_json::Value;

use crate::program::{Folder, Output, Provider, output, quick, repository};

/// Limits that make a campaign last a second or two. In the environment, because hints repeat options.
const FAST: [(&str, &str); 5] = [
    ("CALLSHEET_SUBMIT_RATE", "50/s"),
    ("CALLSHEET_IN_FLIGHT", "20"),
    ("CALLSHEET_POLL_RATE", "50/s"),
    ("CALLSHEET_POLL_INTERVAL", "50ms"),
    ("CALLSHEET_SETTLE", "200ms"),
];

/// What differs from run to run, as regular expressions, and what stands for it.
const FILTERS: &[(&str, &str)] = &[
    (r"127\.0\.0\.1:\d{2,5}", "127.0.0.1:[PORT]"),
    (r"\(os error \d+\)", "(os error [N])"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z", "[TIME]"),
    (r"\b1[01] kB\b", "[SIZE]"),
    (r"\b\d+(\.\d)? (s|min \d\d s|h \d\d min|d \d+ h) later", "[DURATION] later"),
    (r"(began \[TIME\], ended \[TIME\]) \([^)]*\)", "$1 ([DURATION])"),
    (r"(running for|rendering for) [^;(\n]*[^;(\n ]", "$1 [DURATION]"),
    (r"(?m)^( +time  ).*$", "$1[DURATION]"),
    (
        r"(?m)^(  .* )(pending|in_queue|running|rendering|downloading) +\d+(\.\d)? (s|min \d\d s|h \d\d min|d \d+ h)",
        "$1[STATUS]  [DURATION]",
    ),
    (r#"time="[0-9.]+""#, r#"time="[SECONDS]""#),
    (r#""process":( ?)\d+"#, r#""process":$1[PID]"#),
    (r"\bprocess \d+", "process [PID]"),
    (r#""sequence":( ?)\d+"#, r#""sequence":$1[N]"#),
    (
        concat!(r"callsheet ", env!("CARGO_PKG_VERSION"), r"( \([0-9a-f]{7,} [0-9-]+\))?"),
        "callsheet [VERSION]",
    ),
    (
        concat!(r#"("(?:version|program)": ?)""#, env!("CARGO_PKG_VERSION"), "\""),
        r#"$1"[VERSION]""#,
    ),
    (r"\b[0-9a-f]{64}\b", "[SHA-256]"),
];

/// A provider whose renders last a moment, and whose balance shows a charge at once.
fn steady() -> SandboxSettings {
    SandboxSettings { charge_delay_millis: 0, ..quick() }
}

/// A folder, a provider and a transcript of what happened there.
struct Session {
    folder: Folder,
    provider: Provider,
    text: String,
    /// Whether lines about the status of a render stay in the transcript.
    keeps_statuses: bool,
}

impl Session {
    /// A folder with `sheet` as `sheet.csv`, and a provider without faults.
    fn new(sheet: &str) -> Self {
        let folder = Folder::new();
        folder.write("sheet.csv", sheet);
        Self {
            folder,
            provider: Provider::with(steady()),
            text: String::new(),
            keeps_statuses: false,
        }
    }

    /// Restarts the provider with other settings: it keeps its address and its jobs.
    fn change_provider(&mut self, settings: SandboxSettings) {
        self.provider.restart(settings);
    }

    /// The program with `arguments`, fast and with the provider's address.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.folder.command(arguments);
        command.envs(FAST).env("CREATIFY_BASE_URL", self.provider.base_url());
        command
    }

    /// Runs a command that is not part of the transcript.
    fn run(&self, arguments: &[&str]) -> Output {
        output(&mut self.command(arguments))
    }

    /// Runs a command and records what it prints.
    fn show(&mut self, arguments: &[&str]) {
        let answer = self.run(arguments);
        self.record(arguments, &answer);
    }

    /// The same with further variables in the environment.
    fn show_with(&mut self, variables: &[(&str, &str)], arguments: &[&str]) {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        let answer = output(&mut command);
        let variables = variables.iter().map(|(name, value)| format!("{name}={} ", quoted(value)));
        self.record_line(&variables.collect::<String>(), arguments, &answer);
    }

    fn record(&mut self, arguments: &[&str], answer: &Output) {
        self.record_line("", arguments, answer);
    }

    fn record_line(&mut self, before: &str, arguments: &[&str], answer: &Output) {
        let arguments: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
        writeln!(self.text, "$ {before}callsheet {}", arguments.join(" ")).unwrap();
        self.block(&answer.stdout);
        if !answer.stderr.is_empty() {
            self.text.push_str("[stderr]\n");
            self.block(&answer.stderr);
        }
        match answer.code {
            Some(code) => writeln!(self.text, "[exit code {code}]\n").unwrap(),
            None => self.text.push_str("[killed]\n\n"),
        }
    }

    /// Records a file.
    fn show_file(&mut self, name: &str) {
        let content = self.folder.read(name);
        writeln!(self.text, "$ cat {name}").unwrap();
        self.block(&content);
        self.text.push('\n');
    }

    /// Records the log of the first run.
    fn show_log(&mut self) {
        let folder = "sheet-output/.callsheet/logs";
        let log = std::fs::read_dir(self.folder.path(folder)).unwrap().next();
        let name = log.unwrap().unwrap().file_name();
        let content = self.folder.read(&format!("{folder}/{}", name.to_str().unwrap()));
        self.remark("the log");
        self.block(&content);
        self.text.push('\n');
    }

    /// Takes over the transcript of another session.
    fn append(&mut self, other: &mut Self) {
        let text = other.cleaned();
        self.text = self.cleaned() + &text;
    }

    /// Records a remark.
    fn remark(&mut self, remark: &str) {
        writeln!(self.text, "# {remark}").unwrap();
    }

    fn block(&mut self, text: &str) {
        let text = if self.keeps_statuses { text.to_owned() } else { without_statuses(text) };
        self.text.push_str(&text);
        if !text.is_empty() && !text.ends_with('\n') {
            self.text.push_str("\n[no line feed]\n");
        }
    }

    /// Compares the transcript with the snapshot `name`, and begins another.
    #[track_caller]
    fn expect(&mut self, name: &str) {
        expect(name, &self.cleaned());
    }

    /// Takes the transcript, without paths and the provider's ids.
    fn cleaned(&mut self) -> String {
        let mut text = without_paths(&std::mem::take(&mut self.text), &self.folder);
        let mut submits: HashMap<String, usize> = HashMap::new();
        for job in self.provider.ledger().accepted {
            let tagged = job.name.unwrap_or_default();
            let id = tagged.split(' ').nth(1).unwrap_or_default().to_owned();
            let number = submits.entry(id.clone()).or_default();
            *number += 1;
            let again = match number {
                1 => String::new(),
                number => format!(", submit {number}"),
            };
            text = text.replace(&job.id, &format!("[remote id of {id}{again}]"));
        }
        text
    }
}

/// Compares a text with the snapshot `name`.
#[track_caller]
fn expect(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(repository().join("tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (expression, replacement) in FILTERS {
        settings.add_filter(expression, *replacement);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// `text` without the path of a temporary folder.
fn without_paths(text: &str, folder: &Folder) -> String {
    let path = folder.path("file").parent().unwrap().to_owned();
    let mut text = text.to_owned();
    for path in [path.canonicalize().unwrap(), path] {
        text = text.replace(&path.display().to_string(), "[FOLDER]");
    }
    text
}

/// Removes the reports about the status of renders from `text`: events, lines of a log, and lines of `why`.
fn without_statuses(text: &str) -> String {
    if let Ok(Value::Object(mut story)) = serde_json::from_str(text)
        && let Some(Value::Array(events)) = story.get_mut("events")
    {
        events.retain(|event| event["event"]["type"] != "observed");
        return format!("{:#}\n", Value::Object(story));
    }
    let is_status = |line: &str| {
        line.contains(r#""type":"observed""#)
            || line.contains("Z  status     ")
            || line.contains("Z  was `") && line.contains("` at the provider (")
    };
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !is_status(line)).collect()
}

/// An argument as a shell reads it.
fn quoted(argument: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:,=@%+".contains(character);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

/// Runs tasks at the same time, most of which wait; fails if one of them fails.
fn at_once(tasks: &[fn()]) {
    std::thread::scope(|scope| {
        let running: Vec<_> = tasks.iter().map(|task| scope.spawn(task)).collect();
        let failed = running.into_iter().filter_map(|task| task.join().err()).count();
        assert_eq!(failed, 0, "{failed} snapshots differ, see above");
    });
}

/// A sheet with a line for each of `texts`: `job-01`, `job-02` and so on.
fn sheet(texts: &[&str]) -> String {
    let mut sheet = String::from("id,text,persona,aspect_ratio,note\n");
    for (number, text) in (1..).zip(texts) {
        writeln!(sheet, "job-{number:02},{text},Anna,9:16,note {number}").unwrap();
    }
    sheet
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let folder = repository().join("tests/it/snapshots");
    let (mut sources, mut names) = (String::new(), Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "rs") {
            sources += &std::fs::read_to_string(&path).unwrap();
        } else if let Some(name) = name.strip_suffix(".snap") {
            names.push(name.to_owned());
        }
    }
    // The names of these snapshots are `help_` and the name of a command.
    let is_used = |name: &str| {
        let name = name.strip_prefix("help_").unwrap_or(name);
        sources.contains(&format!("\"{name}\""))
    };
    names.retain(|name| !is_used(name));
    assert!(names.is_empty(), "no test compares {names:?}: delete them");
}

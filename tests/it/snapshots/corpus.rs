//! Inputs and what is said about them, one after the other in one snapshot.

use std::fmt::Write as _;
use std::sync::Mutex;

use super::expect;
use crate::program::{Folder, output};

/// Lines and files of inputs are cut off here.
const LONGEST_LINE: usize = 160;
const MOST_LINES: usize = 30;

/// One input: files in a folder, variables, and a command line.
pub(super) struct Case {
    title: String,
    files: Vec<(String, Vec<u8>)>,
    unseen: Vec<(String, Vec<u8>)>,
    variables: Vec<(String, Option<String>)>,
    arguments: Vec<String>,
    has_keys: bool,
}

impl Case {
    /// A command in an empty folder.
    pub(super) fn new(title: &str, arguments: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            files: Vec::new(),
            unseen: Vec::new(),
            variables: Vec::new(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            // Most inputs are judged without asking the provider.
            has_keys: false,
        }
    }

    /// `plan` of a CSV file.
    pub(super) fn sheet(title: &str, content: impl AsRef<[u8]>) -> Self {
        Self::new(title, &["plan", "sheet.csv"]).file("sheet.csv", content)
    }

    /// `plan` of a YAML file.
    pub(super) fn yaml(title: &str, content: impl AsRef<[u8]>) -> Self {
        Self::new(title, &["plan", "campaign.yaml"]).file("campaign.yaml", content)
    }

    /// With a further file.
    pub(super) fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref().to_owned();
        self.files.push((name.to_owned(), content));
        self
    }

    /// With further arguments.
    pub(super) fn with(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&word| word.to_owned());
        self.arguments.extend(arguments);
        self
    }

    /// With a variable in the environment; `[FOLDER]` stands for the case's folder.
    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// With the keys in the environment, which are not in the snapshot.
    pub(super) fn keys(mut self) -> Self {
        self.has_keys = true;
        self
    }

    /// With a file that is not in the snapshot.
    pub(super) fn unseen_file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref().to_owned();
        self.unseen.push((name.to_owned(), content));
        self
    }

    /// Without a variable.
    pub(super) fn unset(mut self, name: &str) -> Self {
        self.variables.push((name.to_owned(), None));
        self
    }

    /// Input and output as they stand in the snapshot.
    fn transcript(&self) -> String {
        let folder = Folder::new();
        let mut text = format!("==== {}\n", self.title);
        for (name, content) in self.files.iter().chain(&self.unseen) {
            let path = folder.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
        }
        for (name, content) in &self.files {
            writeln!(text, "---- {name}\n{}", shown(content)).unwrap();
        }
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = folder.command(&arguments);
        if !self.has_keys {
            for name in ["CREATIFY_API_ID", "CREATIFY_API_KEY"] {
                command.env_remove(name);
            }
        }
        let mut line = String::from("$ ");
        for (name, value) in &self.variables {
            match value {
                Some(value) => {
                    let home = folder.path("").display().to_string();
                    command.env(name, value.replace("[FOLDER]/", &home));
                    write!(line, "{name}={} ", super::quoted(value)).unwrap();
                }
                None => {
                    command.env_remove(name);
                }
            }
        }
        let arguments: Vec<String> = arguments.into_iter().map(super::quoted).collect();
        writeln!(text, "{line}callsheet {}", arguments.join(" ")).unwrap();
        let answer = output(&mut command);
        text.push_str(&answer.stderr);
        let code = answer.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        writeln!(text, "[exit code {code}]\n").unwrap();
        super::without_paths(&text, &folder)
    }
}

/// Formats a file: truncated if it is long, with escapes for characters that are not printable.
fn shown(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let is_text = std::str::from_utf8(content).is_ok();
    let mut shown = String::new();
    let mut lines = text.lines();
    for line in lines.by_ref().take(MOST_LINES) {
        let cut: String = line.chars().take(LONGEST_LINE).collect();
        let more = line.chars().count() - cut.chars().count();
        let is_plain = |character: char| !character.is_control() && character != '\u{feff}';
        for character in cut.chars() {
            if is_plain(character) {
                shown.push(character);
            } else {
                write!(shown, "{}", character.escape_unicode()).unwrap();
            }
        }
        if more > 0 {
            write!(shown, "[{more} more]").unwrap();
        }
        shown.push('\n');
    }
    let more = lines.count();
    if more > 0 {
        writeln!(shown, "[{more} more lines]").unwrap();
    }
    if !is_text {
        writeln!(shown, "[{} bytes, not UTF-8]", content.len()).unwrap();
    }
    shown
}

/// Runs the cases, several at a time, and compares all of them with the snapshot `name`.
#[track_caller]
pub(super) fn compare(name: &str, cases: Vec<Case>) {
    let count = cases.len();
    let waiting = Mutex::new(cases.into_iter().enumerate());
    let done = Mutex::new(vec![String::new(); count]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some((place, case)) = next else {
                        return;
                    };
                    let transcript = case.transcript();
                    done.lock().unwrap()[place] = transcript;
                }
            });
        }
    });
    expect(name, &done.into_inner().unwrap().concat());
}

//! Every command line that is shown is one that the program accepts: in messages, help, the review page,
//! the source, the documents and the examples.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::error::ErrorKind;
use serde_json::Value;

use crate::old_journals;
use crate::program::{Folder, campaign, repository};
use crate::source;

/// The program's command line.
static PROGRAM: LazyLock<Checker> = LazyLock::new(|| Checker::new(callsheet::cli::definition()));

/// What ends a command line in a shell, after a space.
const ENDS: [&str; 6] = ["&&", "|", ">", "2>", "#", ";"];

/// Options of other programs that the source mentions, and one that is recognised as a mistake.
const FOREIGN_OPTIONS: [&str; 1] = ["dry-run"];

/// Fails the test if `output` shows a command line that the program does not accept.
#[track_caller]
pub(crate) fn expect_valid(output: &str) {
    let problems = PROGRAM.problems(output);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Checks command lines against a definition.
struct Checker {
    definition: clap::Command,
    commands: BTreeSet<String>,
    /// Long options of all commands.
    options: BTreeSet<String>,
}

impl Checker {
    fn new(definition: clap::Command) -> Self {
        let commands = || definition.get_subcommands();
        let options = commands()
            .flat_map(clap::Command::get_arguments)
            .filter_map(clap::Arg::get_long_and_visible_aliases);
        Self {
            commands: commands().map(|command| command.get_name().to_owned()).collect(),
            options: options.flatten().chain(["help", "version"]).map(str::to_owned).collect(),
            definition,
        }
    }

    /// Describes every command line in `text` that is not accepted.
    fn problems(&self, text: &str) -> Vec<String> {
        let lines = self.command_lines(text);
        lines.iter().filter_map(|line| self.problem(line)).collect()
    }

    fn problem(&self, line: &str) -> Option<String> {
        let variants = self.variants(line);
        let results = variants.iter().map(|variant| self.accept(variant));
        let problems = results.map(Result::err).collect::<Option<Vec<String>>>()?;
        Some(format!("`{line}`: {}", problems[0]))
    }

    /// Returns the line with its placeholders filled: any command may stand for one, and `1` for a value.
    fn variants(&self, line: &str) -> Vec<String> {
        let fill = |line: &str, value: &str| {
            let Some((before, rest)) = line.split_once('{') else {
                return line.to_owned();
            };
            let (_, after) = rest.split_once('}').unwrap_or_default();
            format!("{before}{value}{after}")
        };
        let mut variants = vec![line.to_owned()];
        if line.starts_with("callsheet {") {
            let commands = self.commands.iter();
            variants = commands.map(|command| fill(line, command)).collect();
        }
        for variant in &mut variants {
            while variant.contains('{') {
                *variant = fill(variant, "1");
            }
        }
        variants
    }

    fn accept(&self, line: &str) -> Result<(), String> {
        let line = line.replace("$SLURM_ARRAY_TASK_ID", "1");
        let words = shlex::split(&line).ok_or("a quote is not closed")?;
        let Err(error) = self.definition.clone().try_get_matches_from(&words) else {
            return Ok(());
        };
        // Only the name of a command.
        let is_name = words.len() == 2 && error.kind() == ErrorKind::MissingRequiredArgument;
        if is_name || !error.use_stderr() { Ok(()) } else { Err(error.to_string()) }
    }

    /// Returns the command lines in `text`: `callsheet`, the name of a command or a placeholder for one, and what follows.
    fn command_lines(&self, text: &str) -> Vec<String> {
        const NAME: &str = "callsheet ";
        let continued: Vec<&str> = text.split("\\\n").map(str::trim).collect();
        let text = continued.join(" ");
        let mut lines = Vec::new();
        for (start, _) in text.match_indices(NAME) {
            let (before, rest) = (&text[..start], &text[start..]);
            let line_before = before.rsplit('\n').next().unwrap_or_default();
            // Between single quotes stand names in completion scripts.
            let is_word = !before.ends_with(|c: char| c.is_alphanumeric() || "-_./'".contains(c))
                || before.ends_with("bin/");
            let is_usage = line_before.trim_start().starts_with("Usage:");
            let command: &str = rest[NAME.len()..]
                .split(|c: char| c.is_whitespace() || "`\"'),.;:".contains(c))
                .next()
                .unwrap_or_default();
            let after = &rest[NAME.len() + command.len()..];
            let is_placeholder = command.starts_with('{')
                && command.ends_with('}')
                && (after.is_empty() || after.starts_with([' ', '`']));
            let is_command = self.commands.contains(command) || is_placeholder;
            if !is_word || is_usage || !is_command {
                continue;
            }
            let line = match before.chars().next_back() {
                Some(quote @ ('`' | '"')) => rest.split(quote).next().unwrap_or_default(),
                _ => first_command(rest),
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            lines.push(words.join(" "));
        }
        lines
    }

    /// Returns the options that `text` names and no command has.
    fn unknown_options(&self, text: &str) -> Vec<String> {
        let starts = text.match_indices("--").map(|(start, _)| start);
        let names = starts.filter_map(|start| {
            let is_start = !text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '-');
            let rest = &text[start + 2..];
            let end =
                rest.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '-');
            let name = &rest[..end.unwrap_or(rest.len())];
            (is_start && name.starts_with(|c: char| c.is_ascii_lowercase())).then_some(name)
        });
        let unknown =
            names.filter(|name| !self.options.contains(*name) && !FOREIGN_OPTIONS.contains(name));
        unknown.map(|name| format!("`--{name}` in `{text}`")).collect()
    }

    /// Returns the number of command lines in the string literals of the source, and the problems of these and of options.
    fn problems_in_source(&self) -> (usize, Vec<String>) {
        let mut found = 0;
        let mut problems = Vec::new();
        for file in source::program() {
            for literal in file.literals.iter().chain(&file.documentation) {
                found += self.command_lines(literal).len();
                let of_literal = self.problems(literal).into_iter();
                let of_literal = of_literal.chain(self.unknown_options(literal));
                problems.extend(of_literal.map(|problem| format!("src/{}: {problem}", file.path)));
            }
        }
        (found, problems)
    }
}

/// Returns the first command of a line of shell, prose or help.
fn first_command(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    let mut end = line.len();
    for (place, character) in line.char_indices() {
        let rest = &line[place..];
        let is_end = matches!(character, '`' | ';' | ')' | '<')
            || rest.starts_with("\"]")
            // Columns of help.
            || rest.starts_with("  ")
            || rest
                .strip_prefix(' ')
                .is_some_and(|rest| ENDS.iter().any(|end| rest.starts_with(end)));
        if is_end {
            end = place;
            break;
        }
    }
    line[..end].trim_end_matches(['.', ',', ':'])
}

/// Files with command lines for people: documents, examples, templates and snapshots.
fn documents() -> Vec<PathBuf> {
    let root = repository();
    let mut files = vec![root.join("README.md"), root.join("jobs.example.yaml")];
    let mut folders: Vec<PathBuf> =
        ["docs", "examples", "src", "tests/it/snapshots", "fuzz/Cargo.toml"]
            .iter()
            .map(|name| root.join(name))
            .collect();
    while let Some(folder) = folders.pop() {
        // A package leaves some out.
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|extension| extension != "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// Adds the arguments of the containers in a Kubernetes manifest as command lines.
fn containers(value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(arguments) = fields.get("args").and_then(Value::as_array) {
                let words = arguments.iter().map(|word| word.as_str().unwrap());
                let words = std::iter::once("callsheet").chain(words);
                lines.push(shlex::try_join(words).unwrap());
            }
            fields.values().for_each(|value| containers(value, lines));
        }
        Value::Array(values) => values.iter().for_each(|value| containers(value, lines)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn read_yaml(path: &Path) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn documents_examples_and_snapshots_show_valid_command_lines() {
    let mut found = 0;
    let mut problems = Vec::new();
    for path in documents() {
        let Ok(mut text) = std::fs::read_to_string(&path) else {
            continue;
        };
        // Some inputs of snapshots are wrong on purpose; the hints below them must be right.
        if path.extension().is_some_and(|extension| extension == "snap") {
            let lines = text.lines().filter(|line| !line.starts_with("$ "));
            text = lines.collect::<Vec<_>>().join("\n");
        }
        let mut lines = PROGRAM.command_lines(&text);
        if path.parent().is_some_and(|folder| folder.ends_with("kubernetes")) {
            containers(&read_yaml(&path), &mut lines);
        }
        found += lines.len();
        let wrong = lines.iter().filter_map(|line| PROGRAM.problem(line));
        problems.extend(wrong.map(|problem| format!("{}: {problem}", path.display())));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(found > 60, "only {found} were found");
}

#[test]
fn the_source_names_valid_command_lines_and_options() {
    let (found, problems) = PROGRAM.problems_in_source();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(found > 30, "only {found} were found");
}

/// A name that is spelled in a message would stay when the option is renamed. `model::flag` has the names, the examples
/// of help begin with their command.
#[test]
fn messages_take_commands_and_options_from_their_definitions() {
    let is_name = |rest: &str| {
        let word = rest.strip_prefix("callsheet ").or_else(|| rest.strip_prefix("--"));
        word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let mut spelled = Vec::new();
    for file in source::program() {
        // The message about an address has no arguments.
        if file.path == "model/flag.rs" || file.path == "remote/base_url.rs" {
            continue;
        }
        for literal in &file.literals {
            let mut quoted = literal.split('`').skip(1).step_by(2);
            let is_option = literal.starts_with("--") && !literal.contains(FOREIGN_OPTIONS[0]);
            if quoted.any(is_name) || (is_option && is_name(literal)) {
                spelled.push(format!("src/{}: {literal}", file.path));
            }
        }
    }
    assert!(spelled.is_empty(), "{}", spelled.join("\n"));
}

#[test]
fn help_shows_valid_command_lines() {
    let folder = Folder::new();
    for command in &PROGRAM.commands {
        let help = folder.run(&[command, "--help"]).expect_code(0).stdout;
        assert!(PROGRAM.command_lines(&help).len() >= 2, "{command}: {help}");
    }
    folder.run(&["--help"]).expect_code(0);
    folder.run(&["man"]).expect_code(0);
}

/// The output of every command is checked where tests run it; here, what stands in files.
#[test]
fn the_files_of_an_unfinished_campaign_show_valid_command_lines() {
    let folder = old_journals::folder();
    let provider = old_journals::provider(&folder);
    for command in ["status", "plan", "report"] {
        folder.run(&[command, "sheet.csv"]).expect_code(0);
    }
    let page = folder.read("sheet-output/report.html");
    expect_valid(&page);
    for part in
        ["--retry-failed --only failed", "--resubmit doubt-absent", "callsheet collect sheet.csv"]
    {
        assert!(PROGRAM.command_lines(&page).iter().any(|line| line.contains(part)), "{part}");
    }
    folder.run(&campaign("run", &provider, &["--log-format", "json", "--json"])).expect_code(8);
    for (path, content) in folder.everything() {
        if path.extension().is_none_or(|extension| extension != "sqlite") {
            expect_valid(&String::from_utf8_lossy(&content));
        }
    }
}

#[test]
fn an_option_that_is_renamed_or_unknown_is_noticed() {
    let renamed = callsheet::cli::definition().mut_subcommands(|command| {
        let has_it = command.get_arguments().any(|option| option.get_id() == "retry_failed");
        if has_it {
            command.mut_arg("retry_failed", |option| option.long("pay-again"))
        } else {
            command
        }
    });
    let checker = Checker::new(renamed);
    let (_, problems) = checker.problems_in_source();
    assert!(!problems.is_empty());
    let hint = "hint: `callsheet run a.csv --retry-failed --only b` pays for it once more";
    assert_eq!(checker.problems(hint).len(), 1);
    assert!(PROGRAM.problems(hint).is_empty());
    for wrong in [
        "hint: `callsheet run a.csv\n  --retry-faild`",
        "callsheet run a.csv 'b",
        "{\"command\":\"callsheet why a.csv\"}",
        "$ callsheet run a.csv --max-credits many  # not a number",
        "see `callsheet {command} --search` or not",
    ] {
        assert_eq!(PROGRAM.problems(wrong).len(), 1, "{wrong}");
    }
    for right in [
        "Usage: callsheet run [OPTIONS]",
        "see `callsheet personas`, `callsheet run a.csv`.",
        "callsheet runs; the callsheet itself; callsheet/profiles.yaml",
        "callsheet man | man -l -",
    ] {
        assert!(PROGRAM.problems(right).is_empty(), "{right}");
    }
    assert_eq!(PROGRAM.unknown_options("`--retry-faild` or --only").len(), 1);
}

#[test]
fn the_workflows_are_yaml() {
    for file in [
        "examples/github-actions/nightly.yml",
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
    ] {
        let path = repository().join(file);
        // A package leaves ours out.
        if !path.exists() {
            assert!(file.starts_with(".github") && !repository().join(".git").exists(), "{file}");
            continue;
        }
        let jobs = &read_yaml(&path)["jobs"];
        assert!(
            jobs.as_object()
                .unwrap()
                .values()
                .all(|job| job["runs-on"].is_string() && job["steps"].is_array()),
            "{file}"
        );
    }
}

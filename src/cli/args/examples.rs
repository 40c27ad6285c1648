//! Every command line in `examples/`, the documents and each `--help` is one that this program understands.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::commands::definition;

/// Words end at these, as in a shell; what follows is another command or a comment.
const ENDS: [&str; 10] = ["&&", "||", "|", ";", ">", ">>", "2>", "2>&1", "#", ";;"];

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join("jobs.example.yaml")];
    let mut folders = vec![root.join("examples"), root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// The words of a command line in a shell, variables made `1`; no more is needed here.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in line.split_whitespace() {
        if ENDS.contains(&word) || word.starts_with([')', '#', '>']) {
            break;
        }
        // A JSON text that mentions a command.
        let (word, is_quoted) = match word.split_once("\"]") {
            Some((word, _)) => (word, true),
            None => (word, false),
        };
        let bare = word.trim_end_matches([',', '.', ':', ')']);
        let is_end = is_quoted || (bare.ends_with(['`', ';']) && !word.starts_with('`'));
        let word = word
            .trim_end_matches(['`', ';', ',', '.', ':', ')'])
            .replace(['"', '\'', '`'], "");
        let word = word.replace("$SLURM_ARRAY_TASK_ID", "1").replace("{}", "1");
        words.push(word);
        if is_end {
            break;
        }
    }
    words
}

/// The command lines in a text: `callsheet` where a command may stand, and what follows it.
fn commands(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in text.lines() {
        for (start, name) in line.match_indices("callsheet ") {
            let before = &line[..start];
            let is_program = before.trim().is_empty()
                || [
                    "# ",
                    "#   ",
                    ": ",
                    "parallel ",
                    ") ",
                    "<(",
                    "exec ",
                    "`",
                    "bin/",
                    "- run: ",
                ]
                .iter()
                .any(|lead| before.ends_with(lead));
            let first = line[start + name.len()..].chars().next();
            // `callsheet -t`, `callsheet .`: the image of that name.
            if is_program && first.is_some_and(|c| c.is_ascii_lowercase()) {
                commands.push(words(&line[start..]));
            }
        }
    }
    commands
}

/// The arguments of containers.
fn containers(value: &Value, commands: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(fields) => {
            if let Some(arguments) = fields.get("args").and_then(Value::as_array) {
                let words = arguments
                    .iter()
                    .map(|word| word.as_str().unwrap().to_owned());
                commands.push(
                    std::iter::once("callsheet".to_owned())
                        .chain(words)
                        .collect(),
                );
            }
            fields
                .values()
                .for_each(|value| containers(value, commands));
        }
        Value::Array(values) => values.iter().for_each(|value| containers(value, commands)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_command_line_in_the_examples_is_understood() {
    let mut found = 0;
    let mut wrong: Vec<String> = Vec::new();
    for file in files() {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let mut commands = commands(&text);
        let is_yaml = file
            .extension()
            .is_some_and(|it| it == "yaml" || it == "yml");
        if is_yaml
            && file
                .components()
                .any(|part| part.as_os_str() == "kubernetes")
        {
            let value: Value = crate::app::parse_yaml(&text).unwrap();
            assert!(value["kind"].is_string(), "{}", file.display());
            containers(&value, &mut commands);
        }
        for command in commands {
            found += 1;
            // Names in capitals and dots stand for something in documents.
            if let Err(error) = definition().try_get_matches_from(&command) {
                // Where only the name of a command is mentioned.
                let is_name =
                    command.len() == 2 && definition().find_subcommand(&command[1]).is_some();
                let is_help = is_name || !error.use_stderr();
                if !is_help {
                    let line = command.join(" ");
                    wrong.push(format!("{}: {line}\n{error}", file.display()));
                }
            }
        }
    }
    let program = definition();
    let helps = program.get_subcommands().chain([&program]);
    for help in helps.filter_map(clap::Command::get_after_help) {
        // The purpose follows after at least two spaces.
        let help = help.to_string();
        let lines = help
            .lines()
            .filter_map(|line| line.trim().split("  ").next());
        for command in lines.flat_map(commands) {
            found += 1;
            if let Err(error) = definition().try_get_matches_from(&command) {
                wrong.push(format!("--help: {}\n{error}", command.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 20, "only {found} were found");
}

#[test]
fn the_workflows_are_yaml() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "examples/github-actions/nightly.yml",
        ".github/workflows/release.yml",
    ] {
        let path = root.join(file);
        // A package leaves ours out.
        let Ok(text) = std::fs::read_to_string(&path) else {
            assert!(
                file.starts_with(".github") && !root.join(".git").exists(),
                "{file}"
            );
            continue;
        };
        let value: Value = crate::app::parse_yaml(&text).unwrap();
        let jobs = value["jobs"].as_object().unwrap();
        assert!(
            jobs.values()
                .all(|job| job["runs-on"].is_string() && job["steps"].is_array()),
            "{file}"
        );
    }
}

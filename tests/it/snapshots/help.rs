//! `--help` of the program and of each command, in terminals of two widths.

use std::fmt::Write as _;

use super::{Session, expect};
use crate::program::{Folder, output};

const COMMANDS: [&str; 16] = [
    "run",
    "plan",
    "approve",
    "collect",
    "status",
    "why",
    "report",
    "studio",
    "config",
    "doctor",
    "personas",
    "voices",
    "init",
    "sandbox",
    "completions",
    "man",
];

/// What `arguments` print on a terminal of `columns`.
fn printed(folder: &Folder, arguments: &[&str], columns: &str) -> String {
    let mut command = folder.command(arguments);
    command.env("COLUMNS", columns);
    let answer = output(&mut command).expect_code(0);
    assert_eq!(answer.stderr, "", "{arguments:?}");
    answer.stdout
}

fn help(name: &str, command: &[&str]) {
    let folder = Folder::new();
    let words = |flag| [command, &[flag]].concat();
    let (long, wide) =
        (printed(&folder, &words("--help"), "80"), printed(&folder, &words("--help"), "120"));
    let line = ["callsheet"].into_iter().chain(words("--help")).collect::<Vec<_>>().join(" ");
    let mut text = format!("$ COLUMNS=80 {line}\n{long}\n$ COLUMNS=120 {line}\n{wide}");
    let short = printed(&folder, &words("-h"), "80");
    if short != long {
        let line = line.replace("--help", "-h");
        write!(text, "\n$ COLUMNS=80 {line}\n{short}").unwrap();
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    expect(&format!("help_{name}"), &text);
}

#[test]
fn help_of_the_program_and_of_each_command() {
    help("callsheet", &[]);
    for command in COMMANDS {
        help(command, &[command]);
    }
}

#[test]
fn every_command_is_in_the_list() {
    let help = printed(&Folder::new(), &["--help"], "80");
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(listed, COMMANDS);
}

/// Completion scripts are long and written by clap; only the names in them come from this program.
#[test]
fn commands_without_a_manifest() {
    let mut session = Session::new("");
    session.show(&["--version"]);
    session.show(&["init"]);
    session.show_file("campaign.yaml");
    session.show(&["init"]);
    session.show(&["init", "spring.csv"]);
    session.show_file("spring.csv");
    session.show(&["init", "-"]);
    let bash = session.run(&["completions", "bash"]).expect_code(0).stdout;
    let commands: Vec<&str> =
        bash.lines().filter_map(|line| line.trim().strip_prefix("callsheet,")).collect();
    session.remark("the commands that bash completes");
    session.text += &(commands.join("\n") + "\n");
    let manual = session.run(&["man"]).expect_code(0).stdout;
    session.remark("the pages of the manual");
    let lines: Vec<&str> = manual.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[0] == ".SH NAME") {
        writeln!(session.text, "{}", pair[1]).unwrap();
    }
    session.expect("without_a_manifest");
}

#[test]
fn catalogues() {
    let mut session = Session::new("");
    session.show(&["personas"]);
    session.show(&["personas", "--search", "anna"]);
    session.show(&["personas", "--search", "anna", "--json"]);
    session.show(&["personas", "--gender", "nb", "--style", "presenter"]);
    session.show(&["personas", "--search", "nobody"]);
    session.show(&["personas", "--style", "selfy"]);
    session.show(&["voices"]);
    session.show(&["voices", "--search", "british"]);
    session.show(&["voices", "--search", "british", "--json"]);
    session.show(&["voices", "--accent", "martian"]);
    session.expect("catalogues");
}

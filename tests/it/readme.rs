//! Checks that the commands in the README print what it shows.

use crate::program::{Folder, repository};

/// Times, sizes and other numbers differ between runs; so do the times at the beginning of lines, which are
/// not shown on a terminal.
fn normalised(line: &str) -> String {
    let line = match line.split_once("Z  ") {
        Some((time, rest)) if time.len() == 19 => rest,
        _ => line,
    };
    let mut text = String::new();
    for c in line.trim_end().chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        let is_number = c == '0' || c == '.';
        if !(is_number && text.ends_with('0')) {
            text.push(c);
        }
    }
    text
}

#[test]
fn the_commands_print_what_the_readme_shows() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let folder = Folder::new();
    let mut printed: Vec<String> = Vec::new();
    let mut commands = 0;
    for block in readme.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        for part in block.split("$ ").skip(1) {
            let (command, shown) = part.split_once('\n').unwrap();
            if let Some(file) = command.strip_prefix("cat ") {
                folder.write(file, shown);
                continue;
            }
            let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
            let answer = folder.run(&arguments).expect_code(0);
            printed.clear();
            printed.extend(answer.stdout.lines().map(normalised));
            printed.extend(answer.stderr.lines().map(normalised));
            for line in shown.lines().filter(|line| !line.is_empty()) {
                let line = normalised(line);
                assert!(
                    printed.contains(&line),
                    "`{command}` does not print `{line}`, but\n{}",
                    printed.join("\n")
                );
            }
            commands += 1;
        }
    }
    assert_eq!(commands, 4);
}

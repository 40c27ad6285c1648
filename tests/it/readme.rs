//! Checks that the commands in the README print what it shows.

use std::path::PathBuf;

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

/// The anchors of a document's headings.
fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// The documents for users and developers.
fn documents() -> Vec<PathBuf> {
    let root = repository();
    let mut documents = vec![root.join("README.md"), root.join("benches/RESULTS.md")];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        documents.push(entry.unwrap().path());
    }
    documents.retain(|path| path.extension().is_some_and(|it| it == "md"));
    documents
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let mut links = 0;
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1) {
            let (link, _) = link.split_once(')').unwrap();
            if link.starts_with("https://") {
                continue;
            }
            links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                let anchors = anchors(&std::fs::read_to_string(target).unwrap());
                let is_there = anchors.iter().any(|known| known == anchor);
                assert!(is_there, "{}: {link}: {anchors:?}", path.display());
            }
        }
    }
    assert!(links > 30, "only {links} were found");
}

#[test]
fn every_source_file_that_the_documents_name_exists() {
    let mut files = 0;
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            let is_file = ["src/", "tests/", "examples/"].iter().any(|it| name.starts_with(it));
            if is_file && !name.contains(char::is_whitespace) {
                files += 1;
                assert!(repository().join(name).exists(), "{}: {name}", path.display());
            }
        }
    }
    assert!(files > 10, "only {files} were found");
}

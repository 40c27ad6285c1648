//! The examples at the end of `--help`.

use std::fmt::Write as _;

use clap::builder::Styles;

/// A command line and its purpose.
pub(in crate::cli) type Example = (&'static str, &'static str);

/// Returns the examples of a command under a heading in the style of clap's own headings.
pub(in crate::cli) fn examples(examples: &[Example]) -> String {
    let styles = Styles::default();
    let heading = styles.get_header();
    let width = examples.iter().map(|(line, _)| line.len()).max();
    let width = width.unwrap_or_default();
    let mut text = format!("{heading}Examples:{heading:#}");
    for (line, purpose) in examples {
        let _ = write!(text, "\n  {line:width$}  {purpose}");
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::cli::commands::definition;

    #[test]
    fn every_command_has_examples_of_itself_that_fit_on_a_narrow_terminal() {
        for command in definition().get_subcommands() {
            let name = command.get_name();
            let help = command.get_after_help().expect(name).to_string();
            let lines: Vec<&str> = help.lines().skip(1).collect();
            assert!((2..=3).contains(&lines.len()), "{name}");
            let own = format!("callsheet {name}");
            assert!(lines.iter().any(|line| line.contains(&own)), "{name}");
            // Includes the indent of the manual page.
            assert!(lines.iter().all(|line| line.chars().count() <= 70), "{name}");
        }
    }
}

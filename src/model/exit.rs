//! The exit codes of the program.

use std::process::ExitCode;

/// The exit codes, the most important first: where several apply, the first is returned. The README's table has the
/// same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Unexpected error, such as a file that cannot be written.
    Unexpected,
    /// Usage or manifest error; nothing was submitted.
    Usage,
    /// Another run holds the output folder.
    Held,
    /// Interrupted; everything is kept, and the last line printed is the command that resumes.
    Interrupted,
    /// Stopped early: the credentials were refused, or the address is not the API.
    Refused,
    /// Stopped early: the provider could not be reached or is down; nothing is lost, and the same command continues
    /// later.
    Unreachable,
    /// Some jobs are in doubt: a person must check them.
    InDoubt,
    /// Stopped early: the account is out of credits or its balance is too low, a cap is reached, the
    /// provider asked for a long pause, twenty submits in a row got no response, the provider's list of jobs
    /// could not be read or does not prove what was paid for, another run pays for the same jobs, or another
    /// campaign has paid for some rows.
    StoppedEarly,
    /// Renders are outstanding, because of `--submit-only`, `--max-duration` or a slow render: `collect`
    /// fetches them later.
    Outstanding,
    /// Finished, some jobs failed since the last complete run, or more than `--max-fail` allows, or some were
    /// left out because their text looks unfinished.
    SomeFailed,
    /// All done, but some videos are outdated: their rows were edited after they were paid for.
    Outdated,
    /// Every selected job is done.
    Success,
}

impl Exit {
    /// Returns the number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::SomeFailed => 3,
            Self::InDoubt => 4,
            Self::StoppedEarly => 5,
            Self::Refused => 6,
            Self::Unreachable => 10,
            Self::Held => 7,
            Self::Outstanding => 8,
            Self::Outdated => 9,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{StopReason, Timestamp};

    const ALL: [Exit; 12] = [
        Exit::Unexpected,
        Exit::Usage,
        Exit::Held,
        Exit::Interrupted,
        Exit::Refused,
        Exit::Unreachable,
        Exit::InDoubt,
        Exit::StoppedEarly,
        Exit::Outstanding,
        Exit::SomeFailed,
        Exit::Outdated,
        Exit::Success,
    ];

    #[test]
    fn exit_codes_are_in_the_documented_order() {
        assert!(ALL.is_sorted());
        let (_, failures) = ALL.split_last().unwrap();
        let codes: Vec<u8> = failures.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [1, 2, 7, 130, 6, 10, 4, 5, 8, 3, 9]);
        assert!(README.contains("order is returned: 1, 2, 7, 130, 6, 10, 4, 5, 8, 3, 9."));
    }

    const README: &str = include_str!("../../README.md");

    /// The meaning of a code in the README's table.
    fn documented(exit: Exit) -> &'static str {
        let row = format!("\n| {} | ", exit.code());
        let (_, rest) =
            README.split_once(&row).unwrap_or_else(|| panic!("the README lacks {exit:?}"));
        rest.lines().next().unwrap().trim_end_matches(" |")
    }

    #[test]
    fn the_readme_gives_the_same_meanings_as_the_code() {
        const SOURCE: &str = include_str!("exit.rs");
        let (_, variants) = SOURCE.split_once("enum Exit {").unwrap();
        let (variants, _) = variants.split_once("\n}").unwrap();
        let mut meaning = String::new();
        let mut seen = 0;
        for line in variants.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("/// ") {
                if !meaning.is_empty() {
                    meaning.push(' ');
                }
                meaning.push_str(text);
            } else if let Some(name) = line.strip_suffix(',') {
                let exit = ALL.into_iter().find(|exit| format!("{exit:?}") == name);
                let documented = documented(exit.unwrap());
                let (first, rest) = meaning.split_at(1);
                let meaning_in_readme = first.to_lowercase() + rest.trim_end_matches('.');
                assert_eq!(documented, meaning_in_readme, "{name}");
                meaning.clear();
                seen += 1;
            }
        }
        assert_eq!(seen, ALL.len());
    }

    #[test]
    fn the_readme_names_every_reason_to_stop() {
        let message = String::new;
        for (reason, words) in [
            (StopReason::Interrupted, "interrupted"),
            (StopReason::MaxDuration, "`--max-duration`"),
            (StopReason::TooManyFailures, "`--max-fail`"),
            (StopReason::OutOfCredits { message: message() }, "out of credits"),
            (StopReason::CapReached, "a cap is reached"),
            (StopReason::RunCapReached, "a cap is reached"),
            (StopReason::LongHold { until: Timestamp::from_millis(0) }, "a long pause"),
            (StopReason::TooManyDoubts, "twenty submits in a row got no response"),
            (StopReason::Unauthorised { message: message() }, "credentials were refused"),
            (StopReason::WrongAddress { message: message() }, "address is not the API"),
            (StopReason::Unreachable { message: message() }, "could not be reached or is down"),
            (StopReason::InventoryRefused { message: message() }, "list of jobs could not be read"),
            (StopReason::DuplicateRun { job: "a".parse().unwrap() }, "another run pays"),
            (StopReason::Local { message: message() }, "a file that cannot be written"),
        ] {
            let documented = documented(reason.exit());
            assert!(documented.contains(words), "{reason:?}: {documented}");
        }
    }
}

//! The arguments about what is shown while a run goes on.

use clap::{ArgAction, Args, ValueEnum};

use super::switch::Switch;

#[derive(Debug, Args)]
pub(super) struct ScreenArguments {
    /// How to show progress
    #[arg(
        long,
        value_name = "STYLE",
        value_enum,
        default_value = "auto",
        env = "CALLSHEET_PROGRESS",
        hide_env = true,
        help_heading = "Screen"
    )]
    pub(super) progress: ProgressStyle,
    /// How to write events to standard error
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "text",
        env = "CALLSHEET_LOG_FORMAT",
        hide_env = true,
        help_heading = "Screen"
    )]
    pub(super) log_format: LogFormat,
    /// Tell more
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Screen")]
    pub(super) verbose: u8,
    /// Tell only how it ended
    #[arg(short, long, env = "CALLSHEET_QUIET", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Screen")]
    pub(super) quiet: bool,
    /// Print the results as JSON to standard output when the run has ended
    #[arg(long, help_heading = "Screen")]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressStyle {
    /// A bar on a terminal, plain lines elsewhere
    Auto,
    /// A bar
    Bar,
    /// A dated line for everything that happens
    Plain,
    /// Nothing
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One JSON event a line
    Json,
}

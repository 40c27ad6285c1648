//! Arguments for the display of a run.

use clap::{ArgAction, Args, ValueEnum};

#[derive(Debug, Args)]
#[command(next_help_heading = "Screen")]
pub(in crate::cli) struct ScreenArguments {
    /// How to show progress
    #[arg(long, value_name = "STYLE", value_enum, default_value = "auto")]
    pub(in crate::cli) progress: ProgressStyle,
    /// How to write events to standard error
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(in crate::cli) log_format: LogFormat,
    /// Print every step of each job
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(in crate::cli) verbose: u8,
    /// Print only problems and the final summary
    #[arg(short, long)]
    pub(in crate::cli) quiet: bool,
    /// Print the results as JSON to standard output when the run has ended
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ProgressStyle {
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
pub(in crate::cli) enum LogFormat {
    /// For people
    Text,
    /// One JSON event a line
    Json,
}

//! The `doctor` command: free checks of what a run depends on.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::app::{self, Check};
use crate::cli::args::ProviderArguments;
use crate::cli::args::help::{self, Example};
use crate::cli::config::{Environment, provider_config};
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::Exit;
use crate::report::terminal::output_columns;
use crate::util::style::Style;
use crate::util::table::table;
use crate::util::text::sanitize;

const EXAMPLES: [Example; 2] = [
    ("callsheet doctor", "this account and folder"),
    ("callsheet doctor --profile agency --json", "for a program"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct DoctorArguments {
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    /// The folder in which output folders are made [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) folder: Option<PathBuf>,
    /// Print JSON
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) json: bool,
}

/// Executes `callsheet doctor`. The exit code is that of the most important error.
pub(super) async fn doctor(arguments: DoctorArguments) -> Result<Exit, Error> {
    let folder = arguments.folder.unwrap_or_else(|| PathBuf::from("."));
    let environment = Environment::read(Some(&folder.join("sheet.csv")));
    environment.report_notes(&Printer::Text.notices());
    let provider = provider_config(&arguments.provider, &environment)?;
    let checks = Box::pin(app::examine(provider, &folder)).await?;
    let exits = checks.iter().filter_map(|check| check.result.as_ref().err().map(app::Error::exit));
    let exit = exits.min().unwrap_or(Exit::Success);
    if arguments.json {
        printer::print_json(&checks.iter().map(check_json).collect::<Value>())?;
        return Ok(exit);
    }
    let rows = checks.iter().map(|check| {
        let (verdict, style, text) = match &check.result {
            Ok(finding) if finding.is_warning => {
                ("warning", Some(Style::Warning), finding.text.clone())
            }
            Ok(finding) => ("ok", None, finding.text.clone()),
            Err(error) => ("error", Some(Style::Failure), app::message(error)),
        };
        (style, [check.name.to_owned(), verdict.to_owned(), sanitize(&text)])
    });
    let header = ["check", "result", "details"];
    let rows: Vec<_> = rows.collect();
    let colours = Environment::output_colours();
    printer::print(&table(header, rows.into_iter(), output_columns(), colours))?;
    let errors = checks.iter().filter_map(|check| check.result.as_ref().err());
    let mut hints: Vec<String> = errors.flat_map(app::Error::hints).collect();
    hints.dedup();
    for hint in hints {
        printer::eprint(&format!("hint: {hint}\n"));
    }
    Ok(exit)
}

fn check_json(check: &Check) -> Value {
    let (verdict, message, hints) = match &check.result {
        Ok(finding) if finding.is_warning => ("warning", finding.text.clone(), Vec::new()),
        Ok(finding) => ("ok", finding.text.clone(), Vec::new()),
        Err(error) => ("error", app::message(error), error.hints()),
    };
    json!({ "check": check.name, "verdict": verdict, "message": message, "hints": hints })
}

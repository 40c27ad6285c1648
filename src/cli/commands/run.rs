//! The `run` and `collect` commands. `collect` is `run` without submitting.

use clap::ArgMatches;

use crate::app::{
    self, ApprovalPolicy, CommandEnd, Confirm, FinishedRun, Goal, Interrupts, Notifications,
    ProviderConfig, RunOptions, RunRequest, Severity, Submits,
};
use crate::cli::args::{FailOn, LogFormat, RunArguments, ScreenArguments, resume_command};
use crate::cli::config::{Environment, provider_for_manifest};
use crate::cli::display::DisplayStyle;
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::Exit;
use crate::report::files::write_json;
use crate::report::plan::{plan_totals, text_examples};
use crate::report::summary_text::{headline, left_out_sentence, summary_text};
use crate::report::terminal::error_columns;

/// Executes `callsheet run`, or `callsheet collect` with its arguments as those of `run`. `matches` are the arguments of
/// the command.
pub(super) async fn run(
    arguments: RunArguments,
    matches: &ArgMatches,
    goal: Goal,
    interrupts: &mut Interrupts,
) -> Result<Exit, Error> {
    let RunArguments { campaign, provider, output, screen, .. } = &arguments;
    let environment = Environment::read(campaign.manifest.file());
    environment.report_notes(&Printer::of(screen.log_format).notices());
    let mut notifications = Notifications::new(
        output.notifications(&environment),
        &campaign.manifest,
        Environment::can_ask(),
        Printer::of(screen.log_format).notices(),
    )?;
    let style = DisplayStyle::new(screen);
    style.report(screen);
    let result = async {
        let mut others = Exit::Success;
        if arguments.all_dates {
            others =
                Box::pin(collect_other_days(&arguments, matches, &environment, style, interrupts))
                    .await?;
        }
        if others == Exit::Interrupted {
            return Ok(others);
        }
        let request = tokio::select! {
            biased;
            Some(()) = interrupts.recv() => None,
            request = request(&arguments, matches, goal, &environment, style) => Some(request),
        };
        let request = match request {
            // It may have failed because of the interrupt.
            Some(request) if request.is_ok() || interrupts.try_recv().is_err() => request?,
            Some(_) | None => {
                let resume = resume_command(provider, matches, goal == Goal::PaidVideos);
                let resume = resume.command(&campaign.options()?);
                return Err(app::Error::Interrupted { resume }.into());
            }
        };
        let finished = app::run_with(request, &mut notifications, interrupts).await?;
        Ok(conclude(finished, &arguments, style, goal)?.min(others))
    }
    .await;
    let exit = result.as_ref().map_or_else(Error::exit, |exit| *exit);
    let end = CommandEnd {
        exit_code: exit.code(),
        // With `--submit-only`, outstanding renders are what the user asked for.
        is_success: exit == Exit::Success || (arguments.submit_only && exit == Exit::Outstanding),
        error: result.as_ref().err().map(Error::first_line),
    };
    notifications.end(end, interrupts).await;
    result
}

/// Collects what the other days of a dated campaign have left. Returns the most important exit code.
///
/// # Errors
/// If the days cannot be found. Errors of a day are printed, and the next one is collected.
async fn collect_other_days(
    arguments: &RunArguments,
    matches: &ArgMatches,
    environment: &Environment,
    style: DisplayStyle,
    interrupts: &mut Interrupts,
) -> Result<Exit, Error> {
    let RunArguments { campaign, provider, .. } = arguments;
    let days = app::other_unfinished_days(&campaign.options()?, provider.sandbox)?;
    let mut exit = Exit::Success;
    for day in days {
        let collected = async {
            let mut request =
                request(arguments, matches, Goal::PaidVideos, environment, style).await?;
            day.apply(&mut request.campaign);
            request.files.junit = None;
            let finished = app::run_with(request, &mut Notifications::none(), interrupts).await?;
            conclude(finished, arguments, style, Goal::PaidVideos)
        };
        let collected = Box::pin(collected).await.unwrap_or_else(|error| {
            style.printer().error(&error);
            error.exit()
        });
        exit = exit.min(collected);
        if collected == Exit::Interrupted {
            break;
        }
    }
    Ok(exit)
}

async fn request(
    arguments: &RunArguments,
    matches: &ArgMatches,
    goal: Goal,
    environment: &Environment,
    style: DisplayStyle,
) -> Result<RunRequest, Error> {
    let RunArguments { campaign, provider, selection, rerun, spending, waiting, .. } = arguments;
    let is_collect = goal == Goal::PaidVideos;
    let mut config = provider_for_manifest(campaign, provider, environment).await?;
    if let ProviderConfig::Api { move_account, .. } = &mut config {
        *move_account = arguments.move_account;
    }
    let run_options = RunOptions {
        submits: if is_collect { Submits::Nothing } else { Submits::Selected },
        leave_after_submitting: arguments.submit_only,
        without_list: spending.without_list,
        requires_proof: spending.require_proof,
        is_unattended: !Environment::can_ask(),
        ..rerun.run_options(selection)
    };
    Ok(RunRequest {
        selection: Some(selection.selection()),
        rerun: rerun.selection(selection, campaign)?,
        limits: spending.limits(waiting),
        run_options,
        duplicates: arguments.duplicates,
        lock_wait: waiting.lock_wait,
        files: arguments.output.files(),
        confirm: if spending.yes || !Environment::can_ask() { Confirm::Never } else { ask(style) },
        approval: match (goal, arguments.require_approval) {
            (Goal::PaidVideos, _) => ApprovalPolicy::Never,
            (Goal::EveryVideo, true) => ApprovalPolicy::Always,
            (Goal::EveryVideo, false) => ApprovalPolicy::ByManifest,
        },
        resume: resume_command(provider, matches, is_collect),
        address_file: provider.address_file(environment),
        notices: style.printer().notices(),
        cache_dir: environment.cache_dir(),
        displays: Box::new(move |summary| style.displays(summary)),
        tick: style.tick(),
        ..RunRequest::new(campaign.options()?, config)
    })
}

/// Prints the summary, and the results if they were asked for.
fn conclude(
    finished: FinishedRun,
    arguments: &RunArguments,
    style: DisplayStyle,
    goal: Goal,
) -> Result<Exit, Error> {
    let screen = &arguments.screen;
    let mut is_printed = true;
    // After a second interrupt only the resuming command is printed, with the error.
    if !finished.was_abandoned() {
        is_printed = !screen.json || print_results(&finished, screen);
        let summary = &finished.summary;
        let was_idle =
            finished.was_idle && summary.stopped().is_none() && summary.counts().outdated == 0;
        let was_idle = was_idle && finished.earlier_days.is_none();
        let left_out = left_out_sentence(summary).filter(|_| goal == Goal::EveryVideo);
        if screen.log_format == LogFormat::Text {
            match (was_idle, left_out) {
                // Cron sends no mail about a run that prints nothing.
                (true, None) if screen.quiet => {}
                (true, left_out) => {
                    let rest = left_out.unwrap_or_else(|| "nothing to do".to_owned());
                    printer::eprint(&format!("{}; {rest}\n", headline(summary)));
                }
                (false, _) => {
                    printer::print_summary(&summary_text(&finished.summary, style.colours));
                }
            }
        }
    }
    let earlier = finished.earlier_days.filter(|_| goal == Goal::PaidVideos);
    if let Some(earlier) = &earlier {
        Printer::of(screen.log_format).notice(Severity::Warning, earlier);
    }
    let stopped = finished.result?;
    let exit = app::exit_code(
        &finished.summary,
        stopped.as_ref(),
        goal,
        arguments.output.fail_on == FailOn::Any,
    );
    let exit = if earlier.is_some() { exit.min(Exit::Outstanding) } else { exit };
    Ok(if exit == Exit::Success && !is_printed { Exit::Unexpected } else { exit })
}

/// Prints the results as JSON. Returns `false` if they could not be written.
fn print_results(finished: &FinishedRun, screen: &ScreenArguments) -> bool {
    let written = printer::write_output(|output| write_json(&finished.summary, output));
    if let Err(error) = &written {
        let warning = format!(
            "the results could not be written to standard output ({error}); `results.json` has them"
        );
        Printer::of(screen.log_format).notice(Severity::Warning, &warning);
    }
    written.is_ok()
}

/// Asks on the terminal, after the costs.
fn ask(style: DisplayStyle) -> Confirm {
    Confirm::Ask(Box::new(move |proposal, question| {
        if let Some(proposal) = proposal {
            let preview = proposal.preview;
            let replaced = app::replaced_rows(preview);
            printer::eprint(&text_examples(preview, error_columns()));
            printer::eprint(&plan_totals(preview, replaced, error_columns(), style.colours));
        }
        Box::pin(printer::ask_yes_or_no(question))
    }))
}

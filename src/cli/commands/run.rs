//! The `run` and `collect` commands. `collect` is `run` without submitting.

use crate::app::{
    self, ApprovalPolicy, CommandEnd, Confirm, FinishedRun, Notifications, RunRequest,
};
use crate::app::{RunOptions, Submits};
use crate::cli::args::{
    CampaignArguments, CollectArguments, LogFormat, OutputArguments, ProviderArguments,
    RunArguments, ScreenArguments, collect_command, resume_command,
};
use crate::cli::config::{Environment, provider_for_manifest};
use crate::cli::display::DisplayStyle;
use crate::cli::error::Error;
use crate::cli::exit::{Exit, Goal};
use crate::cli::printer::{self, Printer};
use crate::report::files::write_json;
use crate::report::plan::plan_totals;
use crate::report::summary_text::{headline, summary_text};

/// Executes `callsheet run`.
pub(super) async fn run(arguments: RunArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    let resume = resume_command(&arguments);
    let RunArguments {
        campaign,
        provider,
        selection,
        rerun,
        spending,
        waiting,
        submit_only,
        require_approval,
        output,
        screen,
    } = arguments;
    let job = RunInvocation {
        campaign: &campaign,
        provider: &provider,
        output: &output,
        screen: &screen,
        goal: Goal::EveryVideo,
        leaves_renders: submit_only,
    };
    job.execute(&environment, |request| {
        Ok(RunRequest {
            rerun: rerun.selection(&selection)?,
            limits: spending.limits(&waiting),
            run_options: RunOptions {
                leave_after_submitting: submit_only,
                ..rerun.run_options(&selection)
            },
            selection: Some(selection.selection()),
            lock_wait: waiting.lock_wait,
            confirm: if spending.yes || !Environment::can_ask() {
                Confirm::Never
            } else {
                confirm(DisplayStyle::new(&screen, &environment))
            },
            approval: if require_approval {
                ApprovalPolicy::Always
            } else {
                ApprovalPolicy::ByManifest
            },
            resume,
            ..request
        })
    })
    .await
}

/// Executes `callsheet collect`.
pub(super) async fn collect(arguments: CollectArguments) -> Result<Exit, Error> {
    let environment = Environment::read(Some(&arguments.campaign.manifest));
    let resume = collect_command(&arguments);
    let CollectArguments { campaign, provider, waiting, output, screen } = arguments;
    let job = RunInvocation {
        campaign: &campaign,
        provider: &provider,
        output: &output,
        screen: &screen,
        goal: Goal::PaidVideos,
        leaves_renders: false,
    };
    job.execute(&environment, |request| {
        Ok(RunRequest {
            limits: waiting.limits(),
            run_options: RunOptions { submits: Submits::Nothing, ..RunOptions::default() },
            lock_wait: waiting.lock_wait,
            approval: ApprovalPolicy::Never,
            resume,
            ..request
        })
    })
    .await
}

/// What `run` and `collect` have in common.
struct RunInvocation<'a> {
    campaign: &'a CampaignArguments,
    provider: &'a ProviderArguments,
    output: &'a OutputArguments,
    screen: &'a ScreenArguments,
    goal: Goal,
    /// Whether outstanding renders at the end are what the user asked for.
    leaves_renders: bool,
}

impl RunInvocation<'_> {
    async fn execute(
        self,
        environment: &Environment,
        complete: impl FnOnce(RunRequest) -> Result<RunRequest, Error>,
    ) -> Result<Exit, Error> {
        environment.report_ignored(Printer::of(self.screen.log_format));
        let mut notifications = Notifications::new(
            self.output.notify(environment).as_ref(),
            self.output.ping(environment).as_ref(),
            &self.campaign.manifest,
            Environment::can_ask(),
            Printer::of(self.screen.log_format).notices(),
        )?;
        let mut interrupts = app::listen_for_interrupts()?;
        let style = DisplayStyle::new(self.screen, environment);
        let result = async {
            let provider = provider_for_manifest(self.campaign, self.provider, environment).await?;
            let request = complete(RunRequest {
                files: self.output.files(),
                notices: style.printer().notices(),
                cache_dir: environment.cache_dir(),
                displays: Box::new(move |summary| style.displays(summary)),
                tick: style.tick(),
                ..RunRequest::new(self.campaign.options()?, provider)
            })?;
            let finished = app::run_with(request, &mut notifications, &mut interrupts).await?;
            self.conclude(finished, style)
        }
        .await;
        let exit_code = match &result {
            Ok(exit) => *exit,
            Err(error) => error.exit(),
        };
        let end = CommandEnd {
            exit_code: exit_code.code(),
            is_success: exit_code == Exit::Success
                || (self.leaves_renders && exit_code == Exit::Outstanding),
            error: result.as_ref().err().map(Error::first_line),
        };
        notifications.end(end, &mut interrupts).await;
        result
    }

    /// Prints the summary, and the results if they were asked for.
    fn conclude(&self, finished: FinishedRun, style: DisplayStyle) -> Result<Exit, Error> {
        let mut is_printed = true;
        // After a second interrupt only the resuming command is printed, with the error.
        if !finished.was_abandoned() {
            is_printed = self.print_results(&finished);
            let was_idle = finished.was_idle && finished.summary.stopped().is_none();
            if self.screen.log_format == LogFormat::Text {
                match (was_idle, self.screen.quiet) {
                    // A night without work sends no mail from cron.
                    (true, true) => {}
                    (true, false) => {
                        let headline = headline(&finished.summary);
                        printer::tell(&format!("{headline}; nothing to do\n"));
                    }
                    (false, _) => printer::tell(&summary_text(&finished.summary, style.colours())),
                }
            }
        }
        let stopped = finished.result?;
        let exit = Exit::of_run(&finished.summary, stopped.as_ref(), self.goal);
        Ok(if exit == Exit::Success && !is_printed { Exit::Unexpected } else { exit })
    }

    /// Prints the results as JSON if that was asked for. Returns `false` if they could not be written.
    fn print_results(&self, finished: &FinishedRun) -> bool {
        if !self.screen.json {
            return true;
        }
        let written = printer::write_output(|output| write_json(&finished.summary, output));
        if let Err(error) = &written {
            Printer::of(self.screen.log_format).warning(&format!(
                "the results could not be written to standard output ({error}); `results.json` has them"
            ));
        }
        written.is_ok()
    }
}

/// Asks on the terminal, after the costs.
fn confirm(style: DisplayStyle) -> Confirm {
    Confirm::Ask(Box::new(move |preview, question| {
        printer::tell(&plan_totals(preview, style.colours()));
        Box::pin(async move {
            let answer = printer::ask(question).await;
            answer.is_some_and(|answer| matches!(answer.as_str(), "y" | "Y" | "yes"))
        })
    }))
}

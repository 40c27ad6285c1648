//! The groups of arguments that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::model::{
    Credits, FailureAllowance, InFlight, JobId, LimitSettings, Rate, parse_duration,
};
use crate::report::files::CsvEncoding;

use super::day::Day;
use super::shard::ShardArg;
use super::switch::Switch;

#[derive(Debug, Clone, Args)]
pub(super) struct CampaignArguments {
    /// The sheet: CSV, Excel or YAML; `-` reads CSV from standard input
    pub(super) manifest: PathBuf,
    /// The output folder (by default `<manifest stem>-output` beside the manifest)
    #[arg(long, value_name = "DIR", env = "CALLSHEET_OUT", hide_env = true)]
    pub(super) out: Option<PathBuf>,
    /// Only one part of the jobs, in a folder of its own inside the output folder: part K of N, or
    /// `auto`, `auto/N` in a Kubernetes Indexed Job, a Slurm array or the like
    #[arg(
        long,
        value_name = "K/N",
        env = "CALLSHEET_SHARD",
        hide_env = true,
        help_heading = "Shards"
    )]
    pub(super) shard: Option<ShardArg>,
    /// Limits are those of all shards together: this one takes its part of pace, renders and credits
    #[arg(long, requires = "shard", env = "CALLSHEET_SHARE", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Shards")]
    pub(super) share: bool,
    /// The day that `{{ date }}` stands for, such as `2026-11-24` or `yesterday` [default: today,
    /// in the system's time zone]
    #[arg(
        long,
        value_name = "DAY",
        env = "CALLSHEET_DATE",
        hide_env = true,
        help_heading = "Sheet"
    )]
    pub(super) date: Option<Day>,
    /// The character between cells, if it is not found by itself: `,` `;` `|` or `tab`
    #[arg(
        long,
        value_name = "CHARACTER",
        env = "CALLSHEET_DELIMITER",
        hide_env = true,
        help_heading = "Sheet"
    )]
    pub(super) delimiter: Option<String>,
    /// The sheet of a workbook, if it is not the first
    #[arg(
        long,
        value_name = "NAME",
        env = "CALLSHEET_SHEET",
        hide_env = true,
        help_heading = "Sheet"
    )]
    pub(super) sheet: Option<String>,
    /// Leave out rows that are wrong instead of refusing the whole sheet
    #[arg(long, env = "CALLSHEET_SKIP_INVALID", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Sheet")]
    pub(super) skip_invalid: bool,
}

#[derive(Debug, Args)]
pub(super) struct ProviderArguments {
    /// Use an imitation of the API inside this program: no account, no cost
    #[arg(long, env = "CALLSHEET_SANDBOX", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Provider")]
    pub(super) sandbox: bool,
    /// What goes wrong in the sandbox: a YAML file of faults
    #[arg(
        long,
        value_name = "FILE",
        requires = "sandbox",
        help_heading = "Provider"
    )]
    pub(super) faults: Option<PathBuf>,
    /// The account: a name in `callsheet/profiles.yaml`, in the user's folder for settings
    #[arg(
        long,
        value_name = "NAME",
        env = "CALLSHEET_PROFILE",
        hide_env = true,
        help_heading = "Provider"
    )]
    pub(super) profile: Option<String>,
    /// The address of the API [default: `https://api.creatify.ai`]
    #[arg(
        long,
        value_name = "URL",
        env = "CREATIFY_BASE_URL",
        hide_env = true,
        help_heading = "Provider"
    )]
    pub(super) base_url: Option<String>,
}

/// Whom another command was told to ask, for commands that ask nobody: a hint's or a script's words can be
/// given to them as they are, and their own hints repeat them.
#[derive(Debug, Args)]
pub(super) struct AddressArguments {
    #[arg(long, hide = true)]
    pub(super) sandbox: bool,
    #[arg(long, value_name = "NAME", hide = true)]
    pub(super) profile: Option<String>,
    #[arg(long, value_name = "URL", hide = true)]
    pub(super) base_url: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SelectionArguments {
    /// Only these jobs; a row's id stands for all of its jobs
    #[arg(
        long,
        value_name = "ID",
        value_delimiter = ',',
        env = "CALLSHEET_ONLY",
        hide_env = true,
        help_heading = "Selection"
    )]
    pub(super) only: Vec<String>,
    /// Only the first N jobs of the sheet
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_LIMIT",
        hide_env = true,
        help_heading = "Selection"
    )]
    pub(super) limit: Option<usize>,
    /// Only N jobs, spread over personas, ratios and models
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_SAMPLE",
        hide_env = true,
        help_heading = "Selection"
    )]
    pub(super) sample: Option<usize>,
    /// Only jobs that failed before, and pay for them once more
    #[arg(long, env = "CALLSHEET_ONLY_FAILED", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Selection")]
    pub(super) only_failed: bool,
    /// Only jobs that are approved in this file of marks, as the report page saves it
    #[arg(long, value_name = "MARKS", help_heading = "Selection")]
    pub(super) only_approved: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct AgainArguments {
    /// Submit failed jobs again
    #[arg(long, env = "CALLSHEET_RETRY_FAILED", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Paying again")]
    pub(super) retry_failed: bool,
    /// Submit jobs again whose row was edited after they were paid for
    #[arg(long, env = "CALLSHEET_REDO_CHANGED", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Paying again")]
    pub(super) redo_changed: bool,
    /// Submit this job again though it failed, or though it is in doubt; one that is done stays as it is
    #[arg(
        long,
        value_name = "JOB",
        value_delimiter = ',',
        help_heading = "Paying again"
    )]
    pub(super) resubmit: Vec<JobId>,
    /// Make videos again that are rejected in this file of marks, as the report page saves it
    #[arg(long, value_name = "MARKS", help_heading = "Paying again")]
    pub(super) redo_rejected: Option<PathBuf>,
    /// Submit everything again, whatever was paid for before
    #[arg(long, env = "CALLSHEET_FRESH", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Paying again")]
    pub(super) fresh: bool,
}

#[derive(Debug, Args)]
pub(super) struct SpendingArguments {
    /// Submits in a window of time [default: 15/min]
    #[arg(
        long,
        value_name = "RATE",
        env = "CALLSHEET_SUBMIT_RATE",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) submit_rate: Option<Rate>,
    /// Renders at the provider at one time: a number, or learnt from the account [default: auto]
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_IN_FLIGHT",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) in_flight: Option<InFlight>,
    /// The campaign never spends or promises more credits than this
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_MAX_CREDITS",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) max_credits: Option<Credits>,
    /// What this run submits never costs or promises more credits than this
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_MAX_CREDITS_RUN",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) max_credits_run: Option<Credits>,
    /// Begin though the account's balance does not cover all of it
    #[arg(long, env = "CALLSHEET_ALLOW_PARTIAL", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Limits")]
    pub(super) allow_partial: bool,
    /// Ask before a run that may spend more credits than this, if somebody is there [default: 50]
    #[arg(
        long,
        value_name = "N",
        env = "CALLSHEET_CONFIRM_ABOVE",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) confirm_above: Option<Credits>,
    /// Submit nothing more once more jobs than this have failed, such as `5` or `3%`
    #[arg(
        long,
        value_name = "N|P%",
        env = "CALLSHEET_MAX_FAIL",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) max_fail: Option<FailureAllowance>,
    /// Do not ask before spending
    #[arg(short, long, env = "CALLSHEET_YES", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Limits")]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct WaitingArguments {
    /// Polls and lists in a window of time [default: 1/s]
    #[arg(
        long,
        value_name = "RATE",
        env = "CALLSHEET_POLL_RATE",
        hide_env = true,
        help_heading = "Limits"
    )]
    pub(super) poll_rate: Option<Rate>,
    /// The shortest time between two looks at one render [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, env = "CALLSHEET_POLL_INTERVAL", hide_env = true, help_heading = "Limits")]
    pub(super) poll_interval: Option<Duration>,
    /// Downloads at one time [default: 4]
    #[arg(long, value_name = "N", value_parser = at_least_one, env = "CALLSHEET_DOWNLOADS", hide_env = true, help_heading = "Limits")]
    pub(super) downloads: Option<u32>,
    /// How long to wait for a render before it is left to a later `collect` [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, env = "CALLSHEET_RENDER_TIMEOUT", hide_env = true, help_heading = "Limits")]
    pub(super) render_timeout: Option<Duration>,
    /// How long the run may take before it leaves renders to a later `collect`
    #[arg(long, value_name = "TIME", value_parser = parse_duration, env = "CALLSHEET_MAX_DURATION", hide_env = true, help_heading = "Limits")]
    pub(super) max_duration: Option<Duration>,
    /// How far apart two listings must be to prove that a job was not accepted [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, env = "CALLSHEET_SETTLE", hide_env = true, help_heading = "Limits")]
    pub(super) settle: Option<Duration>,
    /// How long to wait for another run on the same folder to end [default: not at all]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, env = "CALLSHEET_LOCK_WAIT", hide_env = true, help_heading = "Limits")]
    pub(super) lock_wait: Option<Duration>,
}

#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    /// Begin `results.csv` with a byte-order mark, by which Excel knows its encoding
    #[arg(long, env = "CALLSHEET_EXCEL", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Output")]
    pub(super) excel: bool,
    /// Write `results.xlsx` as well, when the run ends: a workbook with real numbers, times and links
    #[arg(long, env = "CALLSHEET_XLSX", value_parser = Switch, action = ArgAction::SetTrue, hide_env = true, help_heading = "Output")]
    pub(super) xlsx: bool,
    /// Write JUnit XML as well, so that a build server shows the campaign like a test run
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLSHEET_JUNIT",
        hide_env = true,
        help_heading = "Output"
    )]
    pub(super) junit: Option<PathBuf>,
    /// Post a summary there when the run ends or gets into trouble: Slack's form for chats, JSON for all
    /// others. A secret: better given as `CALLSHEET_NOTIFY` in the environment
    // Not read from the environment here, for errors would show it.
    #[arg(long, value_name = "URL", help_heading = "Output")]
    pub(super) notify: Option<String>,
    /// Tell a dead-man's switch: URL/start, then URL, or URL/fail. A secret: better given as
    /// `CALLSHEET_PING` in the environment
    #[arg(long, value_name = "URL", help_heading = "Output")]
    pub(super) ping: Option<String>,
}

impl OutputArguments {
    /// How `results.csv` begins.
    pub(super) const fn encoding(&self) -> CsvEncoding {
        if self.excel {
            CsvEncoding::Excel
        } else {
            CsvEncoding::Plain
        }
    }
}

impl WaitingArguments {
    /// The limits these arguments set.
    pub(super) fn limits(&self) -> LimitSettings {
        LimitSettings {
            poll_rate: self.poll_rate,
            poll_interval: self.poll_interval,
            downloads: self.downloads,
            render_timeout: self.render_timeout,
            max_duration: self.max_duration,
            settle: self.settle,
            ..LimitSettings::default()
        }
    }
}

impl SpendingArguments {
    /// The limits that these arguments and `waiting` set.
    pub(super) fn limits(&self, waiting: &WaitingArguments) -> LimitSettings {
        LimitSettings {
            submit_rate: self.submit_rate,
            in_flight: self.in_flight,
            max_credits: self.max_credits,
            max_credits_run: self.max_credits_run,
            allow_partial: self.allow_partial.then_some(true),
            confirm_above: self.confirm_above,
            max_fail: self.max_fail,
            ..waiting.limits()
        }
    }
}

fn at_least_one(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 is wanted".to_owned()),
        Ok(number) => Ok(number),
    }
}

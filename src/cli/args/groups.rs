//! Groups of arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::model::{
    CreditCap, Credits, FailureAllowance, InFlight, JobId, LimitSettings, ManifestLocation, Rate,
    SecretText, SuspiciousTexts, parse_duration,
};
use crate::report::files::{CsvEncoding, ResultFiles};

use super::date::DateArg;
use super::shard::ShardArg;
use crate::app::{
    self, CampaignOptions, ColumnChoice, NotificationSettings, Occasion, ProviderFlags,
    RerunSelection, Selection,
};
use crate::app::{RunOptions, Submits};
use crate::cli::config::{BASE_URL, Environment, SHEET_TOKEN};
use crate::cli::error::Error;

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CampaignArguments {
    /// The sheet: CSV, Excel or YAML; a link to Google Sheets, or the `https` address of a CSV or Excel
    /// file; `-` reads CSV from standard input
    #[arg(value_parser = clap::value_parser!(ManifestLocation), value_hint = clap::ValueHint::AnyPath)]
    pub(in crate::cli) manifest: ManifestLocation,
    /// The output folder; by default `<manifest stem>-output` beside the manifest, and
    /// `<manifest stem>-sandbox-output` in the sandbox
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// The name of the campaign [default: the name in the manifest, of its file, or of the sheet behind
    /// a link]. For a link, also that of the output folder
    #[arg(long, value_name = "NAME", value_parser = campaign_name)]
    pub(in crate::cli) campaign: Option<String>,
    /// Only one part of the jobs, in a folder of its own inside the output folder: part K of N, or
    /// `auto`, `auto/N` in a Kubernetes Indexed Job, a Slurm array or the like
    #[arg(long, value_name = "K/N", help_heading = "Shards")]
    pub(in crate::cli) shard: Option<ShardArg>,
    /// Limits are those of all shards together: this one takes its part of pace, renders and credits
    #[arg(long, requires = "shard", help_heading = "Shards")]
    pub(in crate::cli) share: bool,
    /// The day that `{{ date }}` stands for, such as `2026-11-24` or `yesterday` [default: today,
    /// in the system's time zone]
    #[arg(long, value_name = "DAY", help_heading = "Sheet")]
    pub(in crate::cli) date: Option<DateArg>,
    /// The character between cells, if it is not found by itself: `,` `;` `|` or `tab`
    #[arg(long, value_name = "CHARACTER", help_heading = "Sheet")]
    pub(in crate::cli) delimiter: Option<String>,
    /// The encoding of sheets and files of marks, if it is not found by itself, such as `windows-1251`,
    /// `shift_jis` or `gbk`
    #[arg(long, value_name = "NAME", help_heading = "Sheet")]
    pub(in crate::cli) encoding: Option<String>,
    /// The sheet of a workbook, if it is not the first
    #[arg(long, value_name = "NAME", help_heading = "Sheet")]
    pub(in crate::cli) sheet: Option<String>,
    /// The column of a field whose header is not recognised, such as `persona=Sprecher`; `music=` means
    /// none. May be repeated
    #[arg(long, value_name = "FIELD=HEADER", help_heading = "Sheet")]
    pub(in crate::cli) column: Vec<ColumnChoice>,
    /// Let the manifest read hidden files, and sheets outside its folder
    #[arg(long, help_heading = "Sheet")]
    pub(in crate::cli) allow_outside: bool,
    /// Leave out rows that are wrong instead of refusing the whole sheet
    #[arg(long, help_heading = "Sheet")]
    pub(in crate::cli) skip_invalid: bool,
    /// No recording in the column `audio` is longer than this many seconds: what a cap reserves for each, whatever
    /// the sheet states [default: 300]
    #[arg(long, value_name = "N", value_parser = audio_seconds, help_heading = "Sheet")]
    pub(in crate::cli) audio_seconds: Option<f64>,
    /// Texts that look unfinished, such as `Hi [First Name]`: ask about them on a terminal and leave them out
    /// without one, leave them out, or make their videos
    #[arg(long, value_name = "CHOICE", default_value = "ask", value_parser = suspicious(), help_heading = "Sheet")]
    pub(in crate::cli) suspicious: SuspiciousTexts,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Provider")]
pub(in crate::cli) struct ProviderArguments {
    /// Use an imitation of the API inside this program: no account, no cost
    #[arg(long)]
    pub(in crate::cli) sandbox: bool,
    /// What goes wrong in the sandbox: a YAML file of faults
    #[arg(long, value_name = "FILE", requires = "sandbox")]
    pub(in crate::cli) faults: Option<PathBuf>,
    /// The account: a name in `callsheet/profiles.yaml`, in the user's folder for settings
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) profile: Option<String>,
    /// The address of the API [default: `https://api.creatify.ai`]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) base_url: Option<String>,
}

/// The provider's options for commands that use no network: accepted so that the options of another command can be
/// pasted, and repeated in their hints.
#[derive(Debug, Args)]
pub(in crate::cli) struct AddressArguments {
    #[arg(long, hide = true)]
    pub(in crate::cli) sandbox: bool,
    #[arg(long, value_name = "NAME", hide = true)]
    pub(in crate::cli) profile: Option<String>,
    #[arg(long, value_name = "URL", hide = true)]
    pub(in crate::cli) base_url: Option<String>,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(in crate::cli) struct SelectionArguments {
    /// Only these jobs: ids, or rows of the sheet such as `5` or `A5`. The id of a row stands for all of
    /// its jobs
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(in crate::cli) only: Vec<String>,
    /// Only the first N jobs of the sheet
    #[arg(long, value_name = "N")]
    pub(in crate::cli) limit: Option<usize>,
    /// Only N jobs, spread over personas, ratios and models
    #[arg(long, value_name = "N")]
    pub(in crate::cli) sample: Option<usize>,
    /// Only jobs that failed before, and pay for them once more
    #[arg(long)]
    pub(in crate::cli) only_failed: bool,
    /// Only jobs that are approved in this file of marks, as the report page saves it, or else in the marks of the
    /// campaign
    #[arg(long, value_name = "MARKS", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the option, and its file")]
    pub(in crate::cli) only_approved: Option<Option<PathBuf>>,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Paying again")]
pub(in crate::cli) struct RerunArguments {
    /// Submit failed jobs again
    #[arg(long)]
    pub(in crate::cli) retry_failed: bool,
    /// Submit jobs again whose row was edited after they were paid for
    #[arg(long)]
    pub(in crate::cli) redo_changed: bool,
    /// Submit this job again (its id, or its row such as `5`) though it failed, is in doubt, or its video cannot be
    /// downloaded; one that is done stays as it is
    #[arg(long, value_name = "JOB", value_delimiter = ',')]
    pub(in crate::cli) resubmit: Vec<JobId>,
    /// Make videos again that are rejected in this file of marks, as the report page saves it, or else in the marks of
    /// the campaign
    #[arg(long, value_name = "MARKS", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the option, and its file")]
    pub(in crate::cli) redo_rejected: Option<Option<PathBuf>>,
    /// Submit everything again, whatever was paid for before
    #[arg(long)]
    pub(in crate::cli) fresh: bool,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(in crate::cli) struct SpendingArguments {
    /// Submits in a window of time [default: 15/min]
    #[arg(long, value_name = "RATE")]
    pub(in crate::cli) submit_rate: Option<Rate>,
    /// Renders at the provider at one time: a number, or learnt from the account [default: auto]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) in_flight: Option<InFlight>,
    /// The campaign never spends or promises more credits than this: a number, or `none`. Runs
    /// without this option keep the cap of the last run that had it
    #[arg(long, value_name = "N|none")]
    pub(in crate::cli) max_credits: Option<CreditCap>,
    /// What this run submits never costs or promises more credits than this
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_credits_run: Option<Credits>,
    /// Begin though the account's balance does not cover all of it
    #[arg(long)]
    pub(in crate::cli) allow_partial: bool,
    /// Ask before a run that may spend more credits than this, on a terminal [default: 50]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) confirm_above: Option<Credits>,
    /// Submit nothing more once more jobs than this have failed, such as `5` or `3%`
    #[arg(long, value_name = "N|P%")]
    pub(in crate::cli) max_fail: Option<FailureAllowance>,
    /// Submit though the provider's list cannot be read, or does not prove which jobs were paid for already
    #[arg(long)]
    pub(in crate::cli) without_list: bool,
    /// Submit the first jobs of a campaign only if the provider's list is complete; for disks that do not
    /// last, such as those of pods
    #[arg(long)]
    pub(in crate::cli) require_proof: bool,
    /// Do not ask before spending
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(in crate::cli) struct WaitingArguments {
    /// Polls and lists in a window of time [default: 1/s, or a quarter of the submit rate]
    #[arg(long, value_name = "RATE")]
    pub(in crate::cli) poll_rate: Option<Rate>,
    /// The interval between two polls until the usual render time is known [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) poll_interval: Option<Duration>,
    /// Downloads at one time [default: 4]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(in crate::cli) downloads: Option<u32>,
    /// How long to wait for a render before it is left to a later `collect` [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) render_timeout: Option<Duration>,
    /// How long the run may take before it leaves renders to a later `collect`
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) max_duration: Option<Duration>,
    /// How far apart two listings must be to prove that a job was not accepted [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) settle: Option<Duration>,
    /// How long to wait for a provider that cannot be reached, or whose list cannot be read
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) patience: Option<Duration>,
    /// How long to wait for another run on the same folder to end [default: not at all]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) lock_wait: Option<Duration>,
}

/// Which failed jobs lead to the exit code of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FailOn {
    /// Those that no earlier run has reported by ending with nothing left to do.
    New,
    /// All.
    Any,
}

/// When a summary is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum NotifyOn {
    /// At the end of every run.
    End,
    /// If a run does not end with exit code 0.
    Trouble,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArguments {
    /// Write `results.csv` as Excel opens it: with a byte-order mark, and with the semicolons of the sheet
    #[arg(long)]
    pub(in crate::cli) excel: bool,
    /// Write `results.xlsx` as well, when the run ends: a workbook with real numbers, times and links
    #[arg(long)]
    pub(in crate::cli) xlsx: bool,
    /// Write JUnit XML as well, so that a build server shows the campaign like a test run
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
    /// Write metrics for Prometheus to this file when the run ends, for its node exporter
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) metrics: Option<PathBuf>,
    /// The failed jobs that lead to exit code 3: those that no earlier complete run has reported, or any
    #[arg(long, value_enum, value_name = "WHICH", default_value = "new")]
    pub(in crate::cli) fail_on: FailOn,
    /// Post a summary to this URL when the run ends or must stop: Slack's format for chats, JSON for all
    /// others. A secret: better given as `CALLSHEET_NOTIFY` in the environment
    // clap does not read the variable, because its errors would show the value.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) notify: Option<String>,
    /// Post the summary at the end of every run, or only if not every selected job is done [default: the
    /// end of every run that had something to do]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(in crate::cli) notify_on: Option<NotifyOn>,
    /// Tell a dead-man's switch: URL/start, then URL, or URL/fail. A secret: better given as
    /// `CALLSHEET_PING` in the environment
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) ping: Option<String>,
}

/// Parses the value of `--campaign`.
fn campaign_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if app::is_campaign_name(name) {
        return Ok(name.to_owned());
    }
    Err("the name of a campaign has 1 to 100 characters on one line".to_owned())
}

/// Returns the encoding of `results.csv`.
pub(in crate::cli) const fn encoding(is_for_excel: bool) -> CsvEncoding {
    if is_for_excel { CsvEncoding::Excel } else { CsvEncoding::Utf8 }
}

impl CampaignArguments {
    /// Returns the campaign's options.
    ///
    /// # Errors
    /// If `--shard auto` finds no scheduler in the environment.
    pub(in crate::cli) fn options(&self) -> Result<CampaignOptions, Error> {
        Ok(CampaignOptions {
            manifest: self.manifest.clone(),
            campaign: self.campaign.clone(),
            out: self.out.clone(),
            shard: self.shard.map(ShardArg::resolve).transpose()?,
            share: self.share,
            date: self.date.and_then(|date| date.date(app::now())),
            delimiter: self.delimiter.clone(),
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            columns: self.column.clone(),
            allow_outside: self.allow_outside,
            skip_invalid: self.skip_invalid,
            audio_seconds: self.audio_seconds,
            suspicious: self.suspicious,
            sheet_token: Environment::real_variable(SHEET_TOKEN).map(SecretText::new),
            ..CampaignOptions::default()
        })
    }
}

impl ProviderArguments {
    /// Returns the `.env` file whose address of the API is used, if one is. With a profile, such an address is refused.
    pub(in crate::cli) fn address_file(&self, environment: &Environment) -> Option<PathBuf> {
        let is_given = self.sandbox || self.profile.is_some() || self.base_url.is_some();
        if is_given { None } else { environment.found(BASE_URL)?.file }
    }

    /// Returns the options that name the provider.
    pub(in crate::cli) fn flags(&self) -> ProviderFlags {
        ProviderFlags {
            sandbox: self.sandbox,
            profile: self.profile.clone(),
            base_url: self.base_url.clone(),
        }
    }
}

impl AddressArguments {
    /// Returns the options that name the provider.
    pub(in crate::cli) fn flags(&self) -> ProviderFlags {
        ProviderFlags {
            sandbox: self.sandbox,
            profile: self.profile.clone(),
            base_url: self.base_url.clone(),
        }
    }
}

impl SelectionArguments {
    /// Returns the selection by id and number.
    pub(in crate::cli) fn selection(&self) -> Selection {
        Selection { only: self.only.clone(), limit: self.limit, sample: self.sample }
    }
}

impl RerunArguments {
    /// Returns the selection by recorded state and marks.
    ///
    /// # Errors
    /// If a file of marks cannot be read or parsed.
    pub(in crate::cli) fn selection(
        &self,
        selection: &SelectionArguments,
        campaign: &CampaignArguments,
    ) -> Result<RerunSelection, Error> {
        let approved = selection.only_approved.as_ref().map(Option::as_deref);
        let rejected = self.redo_rejected.as_ref().map(Option::as_deref);
        let encoding = campaign.encoding.as_deref();
        Ok(RerunSelection::new(selection.only_failed, approved, rejected, encoding)?)
    }

    /// Returns what a run submits.
    pub(in crate::cli) fn run_options(&self, selection: &SelectionArguments) -> RunOptions {
        RunOptions {
            submits: Submits::Selected,
            retry_failed: self.retry_failed || selection.only_failed,
            redo_changed: self.redo_changed,
            fresh: self.fresh,
            resubmit: self.resubmit.iter().cloned().collect(),
            ..RunOptions::default()
        }
    }
}

impl OutputArguments {
    /// Returns the result files.
    pub(in crate::cli) fn files(&self) -> ResultFiles {
        ResultFiles {
            encoding: encoding(self.excel),
            workbook: self.xlsx,
            junit: self.junit.clone(),
        }
    }

    /// Returns where notifications go.
    pub(in crate::cli) fn notifications(&self, environment: &Environment) -> NotificationSettings {
        let secret = |given: &Option<String>, name: &str| {
            given.clone().or_else(|| environment.variable(name)).map(SecretText::new)
        };
        NotificationSettings {
            notify: secret(&self.notify, "CALLSHEET_NOTIFY"),
            occasion: self.notify_on.map_or_else(Occasion::default, |when| match when {
                NotifyOn::End => Occasion::End,
                NotifyOn::Trouble => Occasion::Trouble,
            }),
            ping: secret(&self.ping, "CALLSHEET_PING"),
            metrics: self.metrics.clone(),
        }
    }
}

impl WaitingArguments {
    /// Returns the limits of these arguments.
    pub(in crate::cli) fn limits(&self) -> LimitSettings {
        LimitSettings {
            poll_rate: self.poll_rate,
            poll_interval: self.poll_interval,
            downloads: self.downloads,
            render_timeout: self.render_timeout,
            max_duration: self.max_duration,
            settle: self.settle,
            patience: self.patience,
            ..LimitSettings::default()
        }
    }
}

impl SpendingArguments {
    /// Returns the limits of these arguments and `waiting`.
    pub(in crate::cli) fn limits(&self, waiting: &WaitingArguments) -> LimitSettings {
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

/// Returns the parser of `--suspicious`.
fn suspicious() -> impl TypedValueParser<Value = SuspiciousTexts> {
    let choices = PossibleValuesParser::new(SuspiciousTexts::ALL.map(SuspiciousTexts::as_str));
    choices.map(|name| {
        let mut all = SuspiciousTexts::ALL.into_iter();
        all.find(|choice| choice.as_str() == name).unwrap_or_default()
    })
}

fn audio_seconds(text: &str) -> Result<f64, String> {
    let seconds = text.trim().parse().ok();
    let seconds = seconds.filter(|seconds| (1.0..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds from 1 to 3600 is wanted".to_owned())
}

fn at_least_one(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 is wanted".to_owned()),
        Ok(number) => Ok(number),
    }
}

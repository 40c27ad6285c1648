//! Options that name a campaign.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use super::addressed_sheet::AddressedSheet;
use super::error::Error;
use crate::manifest::ColumnChoice;
use crate::model::{
    Flag, ManifestLocation, Plan, SecretText, Shard, SuspiciousTexts, Timestamp, redact_url,
};
use crate::report::{Campaign, CommandLine};
use crate::util::fs::{OutputDir, check_dir, default_output_dir};

/// The campaign, and how its manifest is read.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the command line")]
pub struct CampaignOptions {
    /// The manifest.
    pub manifest: ManifestLocation,
    /// The name of the campaign, if it is not the manifest's.
    pub campaign: Option<String>,
    /// The output folder, if it is not the default one.
    pub out: Option<PathBuf>,
    /// The shard of the campaign to work on.
    pub shard: Option<Shard>,
    /// Whether the limits are those of all shards together.
    pub share: bool,
    /// The day that `{{ date }}` stands for, if it is not today.
    pub date: Option<Date>,
    /// The character between the cells of a CSV file, if it is not detected.
    pub delimiter: Option<String>,
    /// The encoding of the manifest, its sheets and files of marks, if it is not detected.
    pub encoding: Option<String>,
    /// The sheet of a workbook, if it is not the first.
    pub sheet: Option<String>,
    /// The columns of fields whose headers are not recognized.
    pub columns: Vec<ColumnChoice>,
    /// Whether the manifest may name files outside its folder, and hidden ones.
    pub allow_outside: bool,
    /// Whether invalid rows are left out instead of refused.
    pub skip_invalid: bool,
    /// The length in seconds that no recording exceeds, by the word of the user.
    pub audio_seconds: Option<f64>,
    /// The treatment of texts that look unfinished.
    pub suspicious: SuspiciousTexts,
    /// The token for the server of a sheet behind an address.
    pub sheet_token: Option<SecretText>,
    /// Whether the campaign is the one of the sandbox. Use cases set it from the provider.
    pub(crate) is_sandbox: bool,
    /// Whether the edited copy of the sheet is read, if there is one, instead of the user's own file.
    pub(crate) reads_edits: bool,
    /// The name of the manifest in messages, if it is not that of its file.
    pub(crate) shown_name: Option<String>,
    /// The content of the manifest, if it is not that of the file.
    pub(crate) content: Option<Arc<[u8]>>,
    /// The sheet behind the address, once it is read.
    pub(crate) addressed_sheet: Option<Arc<AddressedSheet>>,
}

impl CampaignOptions {
    /// Returns the options for `manifest` with their defaults.
    pub fn new(manifest: impl Into<ManifestLocation>) -> Self {
        Self { manifest: manifest.into(), ..Self::default() }
    }

    /// Returns the folder of an earlier campaign if the manifest is that campaign's own `results.csv`: it lies in an
    /// output folder with a journal, or such a folder is given as well. Treating it as a new campaign would pay for
    /// everything again.
    pub(crate) fn folder_of_results(&self) -> Option<PathBuf> {
        let file = self.manifest.file()?;
        file.file_stem().filter(|stem| *stem == "results")?;
        let beside = file.parent().unwrap_or(Path::new(""));
        let out = self.out.clone().unwrap_or_else(|| beside.to_owned());
        OutputDir(&out).state().is_dir().then_some(out)
    }

    /// Returns the output folder that is expected before the manifest is read.
    pub(crate) fn default_out(&self) -> PathBuf {
        self.shard_folder(self.folder(None))
    }

    /// Returns the output folder: the given one, else the one `named` by the manifest, else the one beside it. The sandbox
    /// never uses the folder that the manifest names, which is that of the real run. A manifest that is no file has its folder in the working folder, named after the campaign.
    pub(crate) fn folder(&self, named: Option<&Path>) -> PathBuf {
        if let Some(out) = self.out.clone().or_else(|| self.folder_of_results()) {
            return out;
        }
        if let Some(sheet) = &self.addressed_sheet {
            return sheet.folder(self.is_sandbox);
        }
        let file = self.manifest.file().unwrap_or(Path::new("stdin"));
        let beside = file.parent().unwrap_or(Path::new(""));
        if let Some(folder) = named.filter(|_| !self.is_sandbox) {
            return beside.join(folder);
        }
        let stem = file.file_stem().unwrap_or_default();
        beside.join(default_output_dir(&stem.to_string_lossy(), self.is_sandbox))
    }

    /// Checks the folders on the way to the output folder `out` that the user did not name: they must be folders, and no
    /// links, which may have come along with the sheet.
    ///
    /// # Errors
    /// If one is a link, or `out` is a file that the user did not name.
    pub(crate) fn check_folders(&self, out: &Path) -> Result<(), Error> {
        let given = self.out.clone().or_else(|| self.folder_of_results()).unwrap_or_else(|| {
            let file = self.manifest.file().filter(|_| self.addressed_sheet.is_none());
            file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default()
        });
        let mut folder = given.clone();
        for name in out.strip_prefix(&given).into_iter().flatten() {
            folder.push(name);
            check_dir(&folder).map_err(|error| {
                let hint = format!(
                    "if it leads where the files belong, name that folder: `{} DIR`",
                    Flag::Out
                );
                Error::usage_with_hint(format!("{error}; nothing was submitted"), hint)
            })?;
        }
        if folder != given && out.is_file() {
            let message =
                format!("the output folder `{}` is a file; nothing was submitted", out.display());
            let hint = format!("choose another folder: `{} DIR`", Flag::Out);
            return Err(Error::usage_with_hint(message, hint));
        }
        Ok(())
    }

    /// Returns the campaign's output folder, before shards. A campaign with a date in its name has a folder, and so a
    /// journal, for each day.
    pub(crate) fn campaign_folder(&self, plan: &Plan) -> PathBuf {
        let out = self.folder(plan.output.folder.as_deref());
        match &plan.campaign_date {
            Some(date) if self.folder_of_results().is_none() => out.join(date),
            Some(_) | None => out,
        }
    }

    /// Returns the shard's folder inside `home`. Results used as a manifest lie in their shard's folder already.
    pub(crate) fn shard_folder(&self, home: PathBuf) -> PathBuf {
        match self.shard {
            Some(shard) if self.folder_of_results().is_none() => home.join(shard.folder()),
            Some(_) | None => home,
        }
    }

    /// Returns the options that every command about the same campaign repeats.
    pub(crate) fn arguments(&self) -> CommandLine {
        let Self {
            manifest: _,
            campaign,
            out,
            shard,
            share,
            date,
            delimiter,
            encoding,
            sheet,
            columns,
            allow_outside,
            skip_invalid,
            audio_seconds,
            suspicious,
            sheet_token: _,
            is_sandbox: _,
            reads_edits: _,
            shown_name: _,
            content: _,
            addressed_sheet: _,
        } = self;
        let is_default = *suspicious == SuspiciousTexts::default();
        let arguments = CommandLine::default()
            .option_if(Flag::Campaign, campaign.as_ref())
            .option_if(Flag::Out, out.as_ref().map(|out| out.display()))
            .option_if(Flag::Shard, shard.as_ref())
            .flag_if(Flag::Share, *share)
            .option_if(Flag::Date, date.as_ref())
            .option_if(Flag::Delimiter, delimiter.as_ref())
            .option_if(Flag::Encoding, encoding.as_ref())
            .option_if(Flag::Sheet, sheet.as_ref());
        let add = |line: CommandLine, column| line.option(Flag::Column, column);
        columns
            .iter()
            .fold(arguments, add)
            .flag_if(Flag::AllowOutside, *allow_outside)
            .flag_if(Flag::SkipInvalid, *skip_invalid)
            .option_if(Flag::AudioSeconds, audio_seconds.as_ref())
            .option_if(Flag::Suspicious, (!is_default).then_some(suspicious))
    }
}

/// Returns the day it is at `now` in the system's time zone, or `None` outside the calendar.
pub(crate) fn today(now: Timestamp) -> Option<Date> {
    let now = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
    Some(jiff::tz::TimeZone::system().to_datetime(now).date())
}

/// The arguments that commands shown to the user repeat, so that they can be pasted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResumeCommand {
    /// The arguments that name the provider; every command about the campaign needs them.
    pub(crate) provider: CommandLine,
    /// The selection and limits, which the resuming command repeats.
    pub(crate) limits: CommandLine,
    /// One-shot arguments such as `--resubmit`: repeated only before anything was done, because repeating them
    /// afterwards would pay again.
    pub(crate) one_shot: CommandLine,
    /// Whether the command is `collect`.
    pub(crate) is_collect: bool,
}

impl ResumeCommand {
    /// Adds these arguments to `campaign`, for the hints of a run.
    pub(crate) fn apply(&self, campaign: &mut Campaign) {
        campaign.add_arguments(&self.provider);
        campaign.resume_arguments.clone_from(&self.limits);
        campaign.is_collecting = self.is_collect;
    }

    /// Returns the command that repeats the current one completely, for a run that has done nothing yet.
    pub(crate) fn command(&self, options: &CampaignOptions) -> String {
        let manifest = options.manifest.clone();
        let mut campaign = Campaign::new("", manifest, PathBuf::new(), Vec::new());
        campaign.arguments = options.arguments();
        self.apply(&mut campaign);
        campaign.resume_command().arguments(&self.one_shot).to_string()
    }
}

/// The options that name the provider, as shown commands repeat them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProviderFlags {
    pub(crate) sandbox: bool,
    pub(crate) profile: Option<String>,
    pub(crate) base_url: Option<String>,
}

impl ProviderFlags {
    /// Returns the arguments for a campaign of the sandbox or of the real API.
    pub(crate) fn arguments(&self, is_sandbox: bool) -> CommandLine {
        let arguments = CommandLine::default();
        if is_sandbox {
            return arguments.flag(Flag::Sandbox);
        }
        let base_url = self.base_url.as_deref().map(redact_url);
        arguments.option_if(Flag::Profile, self.profile.as_ref()).option_if(Flag::BaseUrl, base_url)
    }
}

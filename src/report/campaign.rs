//! A campaign's jobs and settings, which are known before its entries are read.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{CapSource, CommandName, Credits, JobId, ManifestLocation, PlannedJob, Sheet};
use crate::report::approval::ApprovalStatus;
use crate::report::command_line::CommandLine;

/// The jobs and settings of a campaign, and how commands refer to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// The manifest as the user gave it.
    pub manifest: ManifestLocation,
    /// The output folder as the user would write it.
    pub out: PathBuf,
    /// Whether the provider is the sandbox, where nothing is charged.
    pub is_sandbox: bool,
    /// The manifest's jobs in its order, to which [`SheetRow::jobs`](crate::model::SheetRow::jobs) refers, then paid
    /// jobs that are no longer in it.
    pub jobs: Vec<PlannedJob>,
    /// The user's sheet.
    pub sheet: Arc<Sheet>,
    /// The character between the cells of the sheet, if it is a delimited text.
    pub delimiter: Option<char>,
    /// Readable names of personas by id.
    pub personas: HashMap<String, String>,
    /// `--max-credits`; the share of it for a shard with `--share`.
    pub max_credits: Option<Credits>,
    /// Where that comes from.
    pub cap_source: Option<CapSource>,
    /// The number of shards that `--share` divides the caps by.
    pub shares: Option<u32>,
    /// What jobs in other output folders of the campaign count towards the cap, beyond the parts of the shards.
    pub counted_elsewhere: Credits,
    /// Whether the manifest has been approved in its current form.
    pub approval: ApprovalStatus,
    /// Arguments that each command about this campaign repeats: `--out`, `--sandbox`, `--base-url` and the like.
    pub arguments: CommandLine,
    /// Further arguments for single jobs: their shard, in a report of several shards.
    pub arguments_of: HashMap<JobId, Arc<CommandLine>>,
    /// Further arguments of the command that resumes, such as limits. Never options that act once (`--resubmit`,
    /// `--retry-failed`, `--redo-changed`, `--fresh`): they would pay again.
    pub resume_arguments: CommandLine,
    /// Whether the current command is `collect`, so that `collect` resumes it.
    pub is_collecting: bool,
}

impl Campaign {
    /// Returns a campaign without arguments, cap and readable personas.
    pub fn new(
        name: &str,
        manifest: ManifestLocation,
        out: PathBuf,
        jobs: Vec<PlannedJob>,
    ) -> Self {
        Self { name: name.to_owned(), manifest, out, jobs, ..Self::default() }
    }

    /// Adds arguments that each command about this campaign repeats.
    pub fn add_arguments(&mut self, arguments: &CommandLine) {
        self.arguments = std::mem::take(&mut self.arguments).arguments(arguments);
    }

    /// Returns a command about this campaign, to be completed with options.
    pub fn command(&self, name: CommandName) -> CommandLine {
        CommandLine::new(name).argument(&self.manifest).arguments(&self.arguments)
    }

    /// Returns a command about one job of this campaign, to be completed with options.
    pub fn command_for(&self, job: &JobId, name: CommandName) -> CommandLine {
        let command = self.command(name);
        match self.arguments_of.get(job) {
            Some(own) => command.arguments(own),
            None => command,
        }
    }

    /// Returns the command that resumes the current one.
    pub fn resume_command(&self) -> CommandLine {
        self.command(self.resuming()).arguments(&self.resume_arguments)
    }

    /// Returns the name of the command that resumes the current one.
    pub(super) const fn resuming(&self) -> CommandName {
        if self.is_collecting { CommandName::Collect } else { CommandName::Run }
    }

    /// Returns the `--max-credits` that allows this campaign `credits`: with `--share`, the cap of all shards together.
    pub fn cap_for(&self, credits: Credits) -> Credits {
        credits.times(i64::from(self.shares.unwrap_or(1))) + self.counted_elsewhere
    }

    /// Returns a persona's readable name, or the first eight characters of its id.
    pub fn persona<'a>(&'a self, id: &'a str) -> &'a str {
        let short = || id.char_indices().nth(8).map_or(id, |(end, _)| &id[..end]);
        self.personas.get(id).map_or_else(short, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flag;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        let mut campaign = Campaign::new("c", "it's spring.csv".into(), "o".into(), Vec::new());
        campaign.arguments =
            CommandLine::default().option(Flag::Out, "my videos").flag(Flag::Sandbox);
        campaign.resume_arguments = CommandLine::default().option(Flag::MaxCredits, 100);
        assert_eq!(
            campaign.command(CommandName::Run).option(Flag::Resubmit, "a").to_string(),
            r"callsheet run 'it'\''s spring.csv' --out 'my videos' --sandbox --resubmit a"
        );
        campaign.manifest = "jobs.yaml".into();
        campaign.is_collecting = true;
        assert_eq!(
            campaign.resume_command().to_string(),
            "callsheet collect jobs.yaml --out 'my videos' --sandbox --max-credits 100"
        );
    }

    #[test]
    fn personas_have_a_name_or_a_short_id() {
        let mut campaign = Campaign::default();
        let id = "7350375b-9a98-51b8-934d-14d46a645dc2";
        campaign.personas.insert(id.into(), "Anna".into());
        assert_eq!(campaign.persona(id), "Anna");
        assert_eq!(campaign.persona("18fccce8-86e7-5f31"), "18fccce8");
        assert_eq!(campaign.persona("äöü"), "äöü");
    }
}

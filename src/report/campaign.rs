//! What all observers know beforehand.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Credits, JobId, PlannedJob, Sheet};
use crate::report::approval::ApprovalStatus;
use crate::report::words;

/// A campaign as everybody who is told about it needs to know it: what is to be made, where it goes,
/// and how to name it in a command.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// The manifest's path as the user gave it.
    pub manifest: PathBuf,
    /// The output folder as the user would find it.
    pub out: PathBuf,
    /// Whether the provider is the imitation, so that nothing costs anything.
    pub is_sandbox: bool,
    /// The manifest's jobs in its own order, as [`SheetRow::jobs`](crate::model::SheetRow::jobs)
    /// counts them; then those that are gone from it but were paid for.
    pub jobs: Vec<PlannedJob>,
    /// The user's rows.
    pub sheet: Arc<Sheet>,
    /// Readable names of personas, by their ids.
    pub personas: HashMap<String, String>,
    /// `--max-credits`; of a shard with `--share`, its part.
    pub max_credits: Option<Credits>,
    /// How many parts `--share` divides the caps into.
    pub shares: Option<u32>,
    /// Whether the manifest has been approved as it is.
    pub approval: ApprovalStatus,
    /// Arguments that every command about this campaign must repeat to mean the same one: `--out`
    /// with its folder, `--sandbox`, `--base-url` with its address.
    pub arguments: Vec<String>,
    /// The same for each job, where they differ: in a report of several shards.
    pub arguments_of: HashMap<JobId, Arc<Vec<String>>>,
    /// Arguments that the resuming `run` needs besides, such as limits. Never those that act once
    /// (`--resubmit`, `--retry-failed`, `--redo-changed`, `--fresh`): repeated, they would pay again.
    pub resume_arguments: Vec<String>,
    /// Whether the command that is going on only collects, so that resuming means collecting.
    pub is_collecting: bool,
}

impl Campaign {
    /// A campaign that needs no arguments to be named and has neither a cap nor readable personas.
    pub fn new(name: &str, manifest: PathBuf, out: PathBuf, jobs: Vec<PlannedJob>) -> Self {
        Self {
            name: name.to_owned(),
            manifest,
            out,
            jobs,
            ..Self::default()
        }
    }

    /// A command about this campaign, ready to be pasted into a shell.
    pub fn command(&self, name: &str, further: &[&str]) -> String {
        let manifest = self.manifest.display().to_string();
        let arguments = self.arguments.iter().map(String::as_str);
        ["callsheet", name, &manifest]
            .into_iter()
            .chain(arguments)
            .chain(further.iter().copied())
            .map(shell_word)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The same about one job.
    pub fn command_about(&self, job: &JobId, name: &str, further: &[&str]) -> String {
        let own = self
            .arguments_of
            .get(job)
            .map(|own| own.iter().map(String::as_str));
        let further: Vec<&str> = own
            .into_iter()
            .flatten()
            .chain(further.iter().copied())
            .collect();
        self.command(name, &further)
    }

    /// The command that goes on where this one stopped.
    pub fn resuming_command(&self) -> String {
        let name = if self.is_collecting { "collect" } else { "run" };
        let further: Vec<&str> = self.resume_arguments.iter().map(String::as_str).collect();
        self.command(name, &further)
    }

    /// What `--max-credits` must say so that this campaign may spend `credits`: of shards that share, as
    /// much for each of them.
    pub fn cap_for(&self, credits: Credits) -> Credits {
        credits.times(i64::from(self.shares.unwrap_or(1)))
    }

    /// What to call a persona: its readable name if there is one, else the first eight characters of
    /// its id.
    pub fn persona<'a>(&'a self, id: &'a str) -> &'a str {
        let short = || id.char_indices().nth(8).map_or(id, |(end, _)| &id[..end]);
        self.personas.get(id).map_or_else(short, String::as_str)
    }
}

/// `word` as a POSIX shell reads it back. Control characters, which no terminal should be sent, become
/// spaces.
pub(crate) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,%+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let safe: String = words::clean(word).replace('\'', r"'\''");
    format!("'{safe}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        let mut campaign = Campaign::new("c", "it's spring.csv".into(), "o".into(), Vec::new());
        campaign.arguments = vec!["--out".into(), "my videos".into(), "--sandbox".into()];
        campaign.resume_arguments = vec!["--max-credits".into(), "100".into()];
        assert_eq!(
            campaign.command("run", &["--resubmit", "a"]),
            r"callsheet run 'it'\''s spring.csv' --out 'my videos' --sandbox --resubmit a"
        );
        campaign.manifest = "jobs.yaml".into();
        campaign.is_collecting = true;
        assert_eq!(
            campaign.resuming_command(),
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

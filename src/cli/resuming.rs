//! What a resuming command repeats of what was typed, so that pasting it goes on with the same campaign
//! within the same bounds.

use std::path::Path;
use std::time::Duration;

use super::argument_groups::{
    AgainArguments, CampaignArguments, OutputArguments, ProviderArguments, SelectionArguments,
    SpendingArguments, WaitingArguments,
};
use super::arguments::{CollectArguments, RunArguments};
use crate::model::redact_url;
use crate::report::Campaign;

/// The words of a command that goes on where this one stops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Resuming {
    /// Every command about this campaign needs them.
    naming: Vec<String>,
    /// The resuming command needs them besides.
    bounds: Vec<String>,
    /// What acts once. Repeated after it has acted it would pay again, so only a command that comes before
    /// anything was done repeats it.
    once: Vec<String>,
    is_collecting: bool,
}

impl Resuming {
    /// What `run` repeats.
    pub(super) fn of_run(arguments: &RunArguments) -> Self {
        let RunArguments {
            campaign: _,
            provider,
            selection,
            again,
            spending,
            waiting,
            submit_only,
            require_approval,
            output,
            screen: _,
        } = arguments;
        let mut resuming = Self {
            naming: naming_of(provider),
            once: once(selection, again),
            ..Self::default()
        };
        let bounds = &mut resuming.bounds;
        select(bounds, selection);
        spend(bounds, spending);
        wait(bounds, waiting);
        switch(bounds, "--submit-only", *submit_only);
        switch(bounds, "--require-approval", *require_approval);
        write_too(bounds, output);
        resuming
    }

    /// What `collect` repeats.
    pub(super) fn of_collect(arguments: &CollectArguments) -> Self {
        let mut resuming = Self {
            naming: naming_of(&arguments.provider),
            is_collecting: true,
            ..Self::default()
        };
        wait(&mut resuming.bounds, &arguments.waiting);
        write_too(&mut resuming.bounds, &arguments.output);
        resuming
    }

    /// Tells `campaign`, for the hints of a run that has begun.
    pub(super) fn tell(&self, campaign: &mut Campaign) {
        campaign.arguments.extend(self.naming.iter().cloned());
        campaign.resume_arguments.clone_from(&self.bounds);
        campaign.is_collecting = self.is_collecting;
    }

    /// The command that does what this one was to do, before it has done anything and before anything is
    /// known of the campaign.
    pub(super) fn command(&self, arguments: &CampaignArguments) -> String {
        let manifest = arguments.manifest.clone();
        let mut campaign = Campaign::new("", manifest, Path::new("").to_owned(), Vec::new());
        campaign.arguments = arguments.repeated();
        self.tell(&mut campaign);
        campaign.resume_arguments.extend(self.once.iter().cloned());
        campaign.resuming_command()
    }
}

impl CampaignArguments {
    /// What every command about the same campaign must repeat of these.
    pub(super) fn repeated(&self) -> Vec<String> {
        let Self {
            manifest: _,
            out,
            shard,
            share,
            date,
            delimiter,
            sheet,
            skip_invalid,
        } = self;
        let mut words = Vec::new();
        option(&mut words, "--out", out.as_ref().map(|out| out.display()));
        option(&mut words, "--shard", shard.as_ref());
        switch(&mut words, "--share", *share);
        option(&mut words, "--date", date.as_ref());
        option(&mut words, "--delimiter", delimiter.as_ref());
        option(&mut words, "--sheet", sheet.as_ref());
        switch(&mut words, "--skip-invalid", *skip_invalid);
        words
    }
}

/// Whom a command asks.
pub(super) fn naming(
    is_sandbox: bool,
    profile: Option<&str>,
    base_url: Option<&str>,
) -> Vec<String> {
    let mut words = Vec::new();
    if is_sandbox {
        // Whatever address was given is nobody's.
        words.push("--sandbox".to_owned());
    } else {
        option(&mut words, "--profile", profile);
        option(&mut words, "--base-url", base_url.map(redact_url));
    }
    words
}

fn naming_of(provider: &ProviderArguments) -> Vec<String> {
    naming(
        provider.sandbox,
        provider.profile.as_deref(),
        provider.base_url.as_deref(),
    )
}

/// Which jobs were chosen. What chose by how a job stood (`--only-failed`) acts once.
fn select(words: &mut Vec<String>, selection: &SelectionArguments) {
    let SelectionArguments {
        only,
        limit,
        sample,
        only_failed: _,
        only_approved,
    } = selection;
    let all = (!only.is_empty()).then(|| only.join(","));
    option(words, "--only", all);
    option(words, "--limit", limit.as_ref());
    option(words, "--sample", sample.as_ref());
    let approved = only_approved.as_ref().map(|path| path.display());
    option(words, "--only-approved", approved);
}

/// Which files are written besides the usual ones. Who is told of the end is a secret, and left out.
fn write_too(words: &mut Vec<String>, output: &OutputArguments) {
    switch(words, "--excel", output.excel);
    switch(words, "--xlsx", output.xlsx);
    let junit = output.junit.as_ref().map(|path| path.display());
    option(words, "--junit", junit);
}

fn spend(words: &mut Vec<String>, spending: &SpendingArguments) {
    option(words, "--submit-rate", spending.submit_rate);
    option(words, "--in-flight", spending.in_flight);
    option(words, "--max-credits", spending.max_credits);
    option(words, "--max-credits-run", spending.max_credits_run);
    option(words, "--confirm-above", spending.confirm_above);
    switch(words, "--allow-partial", spending.allow_partial);
    option(words, "--max-fail", spending.max_fail);
}

fn wait(words: &mut Vec<String>, waiting: &WaitingArguments) {
    option(words, "--poll-rate", waiting.poll_rate);
    for (name, time) in [
        ("--poll-interval", waiting.poll_interval),
        ("--render-timeout", waiting.render_timeout),
        ("--max-duration", waiting.max_duration),
        ("--settle", waiting.settle),
        ("--lock-wait", waiting.lock_wait),
    ] {
        option(words, name, time.map(typed));
    }
    option(words, "--downloads", waiting.downloads);
}

fn once(selection: &SelectionArguments, again: &AgainArguments) -> Vec<String> {
    let mut words = Vec::new();
    switch(&mut words, "--only-failed", selection.only_failed);
    switch(&mut words, "--retry-failed", again.retry_failed);
    switch(&mut words, "--redo-changed", again.redo_changed);
    for job in &again.resubmit {
        option(&mut words, "--resubmit", Some(job));
    }
    let rejected = again.redo_rejected.as_ref().map(|path| path.display());
    option(&mut words, "--redo-rejected", rejected);
    switch(&mut words, "--fresh", again.fresh);
    words
}

fn switch(words: &mut Vec<String>, name: &str, is_set: bool) {
    if is_set {
        words.push(name.to_owned());
    }
}

fn option(words: &mut Vec<String>, name: &str, value: Option<impl ToString>) {
    words.extend(
        value
            .into_iter()
            .flat_map(|value| [name.to_owned(), value.to_string()]),
    );
}

/// A duration in the largest unit that says it exactly.
fn typed(duration: Duration) -> String {
    let millis = duration.as_millis();
    [("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        .into_iter()
        .find(|(_, unit)| millis > 0 && millis.is_multiple_of(*unit))
        .map_or_else(
            || format!("{millis}ms"),
            |(name, unit)| format!("{}{name}", millis / unit),
        )
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};

    fn run(line: &str) -> RunArguments {
        let parsed = Arguments::try_parse_from(line.split(' ')).unwrap();
        let Command::Run(arguments) = parsed.command else {
            panic!("not a run");
        };
        arguments
    }

    fn command(line: &str) -> String {
        let arguments = run(line);
        Resuming::of_run(&arguments).command(&arguments.campaign)
    }

    #[test]
    fn a_command_that_has_done_nothing_is_repeated_whole() {
        for line in [
            "callsheet run a.csv",
            "callsheet run a.csv --out d --shard 2/8 --share --date 2026-11-24 --delimiter tab --skip-invalid --sandbox --limit 3",
            "callsheet run a.csv --shard auto/8 --profile p --base-url http://h:1 --only a,b --sample 2 --only-approved m.csv \
             --submit-rate 15/min --in-flight 3 --max-credits 12.5 --max-credits-run 5 \
             --confirm-above 0 --allow-partial --max-fail 3% --poll-rate 2/s --poll-interval 250ms \
             --render-timeout 30m --max-duration 2h --settle 90s --lock-wait 10m --downloads 2 \
             --submit-only --require-approval --excel --xlsx --junit j.xml --only-failed --retry-failed --redo-changed \
             --resubmit a --resubmit b --redo-rejected m.csv --fresh",
        ] {
            assert_eq!(command(line), line);
        }
    }

    #[test]
    fn what_pays_again_is_not_repeated_once_it_has_acted() {
        let line =
            "callsheet run a.csv --retry-failed --redo-changed --fresh --resubmit a --limit 2";
        let mut campaign = Campaign::new("", "a.csv".into(), "o".into(), Vec::new());
        Resuming::of_run(&run(line)).tell(&mut campaign);
        assert_eq!(campaign.resuming_command(), "callsheet run a.csv --limit 2");
    }

    #[test]
    fn secrets_and_what_only_concerns_the_screen_are_left_out() {
        let line = "callsheet run a.csv -q --json --yes --notify https://h/secret --base-url http://u:secret@h";
        let shown = command(line);
        assert!(!shown.contains("secret"), "{shown}");
        assert!(
            shown.starts_with("callsheet run a.csv --base-url"),
            "{shown}"
        );
    }

    #[test]
    fn durations_are_typed_as_they_are_read() {
        for text in ["2h", "90m", "90s", "1500ms", "0ms"] {
            assert_eq!(typed(crate::model::parse_duration(text).unwrap()), text);
        }
    }
}

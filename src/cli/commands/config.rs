//! The `config` command: every setting of `run` with its source. Secrets are named, not shown.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;
use serde_json::json;

use crate::app::{self, BaseUrl, LoadedManifest};
use crate::cli::args::help::{self, Example};
use crate::cli::args::{CampaignArguments, RunArguments};
use crate::cli::config::{
    AllowCommands, BASE_URL, Environment, KEYS, Profile, find_keys, foreign_address,
};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::printer::{self, Printer};
use crate::model::{Flag, LimitSettings, Limits, redact_url};

const EXAMPLES: [Example; 3] = [
    ("callsheet config", "by the environment"),
    ("callsheet config campaign.yaml", "and the manifest"),
    ("callsheet config campaign.yaml --profile agency", "and an account"),
];

/// The value of a missing manifest.
const NO_MANIFEST: &str = "(none)";

/// Adapts the definition of `config`, which has the arguments of `run`: its manifest is optional.
pub(super) fn adapt_definition(config: clap::Command) -> clap::Command {
    let config = config.mut_arg("manifest", |manifest| {
        manifest.required(false).default_value(NO_MANIFEST).hide_default_value(true)
    });
    config.after_help(help::examples(&EXAMPLES))
}

/// A setting with its source.
#[derive(Serialize)]
struct Setting {
    name: String,
    /// `None` if it is not set.
    value: Option<String>,
    source: String,
}

impl Setting {
    fn new(name: &str, value: Option<String>, source: impl Into<String>) -> Self {
        let (name, source) = (name.to_owned(), source.into());
        Self { name, value, source }
    }
}

/// The text in place of a secret.
const HIDDEN: &str = "(set, hidden)";

/// The source of a default value.
const DEFAULT: &str = "default";

/// Options that are no settings: they act once.
const ONCE: [&str; 13] = [
    "help",
    "json",
    "faults",
    "only",
    "limit",
    "sample",
    "only_failed",
    "only_approved",
    "retry_failed",
    "redo_changed",
    "resubmit",
    "redo_rejected",
    "fresh",
];

/// Executes `callsheet config`. `matches` are the arguments of this command.
pub(super) fn config(
    arguments: &RunArguments,
    matches: &ArgMatches,
    program: &clap::Command,
) -> Result<Exit, Error> {
    let campaign = &arguments.campaign;
    let has_manifest = campaign.manifest != Path::new(NO_MANIFEST);
    let file = has_manifest.then_some(campaign.manifest.as_path());
    let environment = Environment::read(file);
    let manifest = match file {
        Some(_) => Some(LoadedManifest::load_settings(&campaign.options()?, app::now())?),
        None => None,
    };
    let mut settings = Vec::new();
    settings.extend(provider(arguments, matches, &environment)?);
    settings.extend(locations(campaign, manifest.as_ref(), matches));
    settings.extend(limits(arguments, manifest.as_ref(), matches)?);
    settings.extend(others(manifest.as_ref(), matches, &environment, program));
    let text =
        if arguments.screen.json { format!("{:#}\n", json!(settings)) } else { table(&settings) };
    printer::print(&text);
    environment.report_ignored(Printer::Text);
    for open in Environment::open_files(file) {
        let shown = open.display();
        printer::tell(&format!(
            "note: `{shown}` can be read by others; if it holds keys: chmod 600 '{shown}'\n"
        ));
    }
    Ok(Exit::Success)
}

fn table(settings: &[Setting]) -> String {
    let shown = |setting: &Setting| setting.value.clone().unwrap_or_else(|| "-".to_owned());
    let names = settings.iter().map(|setting| setting.name.len()).max();
    let values = settings.iter().map(|setting| shown(setting).chars().count());
    // Very long values may exceed the column.
    let (names, values) = (names.unwrap_or(0), values.max().unwrap_or(0).min(40));
    let line = |setting: &Setting| {
        let (name, value) = (&setting.name, shown(setting));
        format!("{name:names$}  {value:values$}  {}\n", setting.source)
    };
    let text: String = settings.iter().map(line).collect();
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// Returns the source of the option `id` if it was given on the command line or in the environment.
fn given(matches: &ArgMatches, id: &str) -> Option<String> {
    let flag = id.replace('_', "-");
    match matches.value_source(id)? {
        ValueSource::CommandLine => Some(format!("command line, `--{flag}`")),
        ValueSource::EnvVariable if id == "base_url" => {
            Some("environment, `CREATIFY_BASE_URL`".to_owned())
        }
        ValueSource::EnvVariable => Some(format!("environment, `CALLSHEET_{}`", id.to_uppercase())),
        ValueSource::DefaultValue | _ => None,
    }
}

/// Returns an option as it was given.
fn raw(matches: &ArgMatches, id: &str) -> Option<String> {
    let values = matches.get_raw(id)?;
    let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn provider(
    arguments: &RunArguments,
    matches: &ArgMatches,
    environment: &Environment,
) -> Result<Vec<Setting>, Error> {
    if arguments.provider.sandbox {
        let source = given(matches, "sandbox").unwrap_or_default();
        let provider = Some("the sandbox".to_owned());
        return Ok(vec![Setting::new("provider", provider, source)]);
    }
    let name = arguments.provider.profile.as_deref();
    let profile = name.map(|name| Profile::load(name, environment)).transpose()?;
    let mut settings = Vec::new();
    if let Some(profile) = &profile {
        let source = given(matches, "profile").unwrap_or_default();
        let source = format!("{source}; in `{}`", profile.file.display());
        settings.push(Setting::new("profile", name.map(str::to_owned), source));
    }
    let of_profile = profile
        .as_ref()
        .and_then(|profile| Some((profile.settings.base_url.clone()?, profile.source())));
    let (url, source) = arguments
        .provider
        .base_url
        .clone()
        .zip(given(matches, "base_url"))
        .or(of_profile)
        .or_else(|| {
            let (url, source) = environment.found(BASE_URL)?;
            let refused = foreign_address(environment, profile.as_ref())
                .map_or("", |_| "; refused, for the keys are not that file's own");
            Some((url, format!("{source}{refused}")))
        })
        .unwrap_or_else(|| (BaseUrl::default().to_string(), DEFAULT.to_owned()));
    settings.push(Setting::new("base_url", Some(redact_url(&url)), source));
    // A password manager's command is executed, to show whether it works.
    let keys = find_keys(environment, profile.as_ref(), AllowCommands::Yes)?;
    for (key, name) in keys.into_iter().zip(KEYS) {
        let (value, source) = match key {
            Some(found) => (Some(HIDDEN.to_owned()), found.source),
            None => (None, format!("not set; `{}` needs none", Flag::Sandbox)),
        };
        settings.push(Setting::new(name, value, source));
    }
    Ok(settings)
}

fn locations(
    arguments: &CampaignArguments,
    manifest: Option<&LoadedManifest>,
    matches: &ArgMatches,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut add = |name: &str, value: Option<String>, source: String| {
        settings.push(Setting::new(name, value, source));
    };
    let of_manifest = || "manifest".to_owned();
    if let Some(manifest) = manifest {
        add("manifest", raw(matches, "manifest"), "command line".to_owned());
        add("campaign", Some(manifest.plan.campaign.clone()), of_manifest());
        let source = match &manifest.plan.output.folder {
            _ if arguments.out.is_some() => given(matches, "out").unwrap_or_default(),
            Some(_) => of_manifest(),
            None => DEFAULT.to_owned(),
        };
        add("out", Some(manifest.out.display().to_string()), source);
    } else if let Some(source) = given(matches, "out") {
        add("out", raw(matches, "out"), source);
    }
    if let Some(source) = given(matches, "shard") {
        let shard = manifest.and_then(|manifest| manifest.shard.as_ref());
        let shard = shard.map(|part| part.shard.to_string());
        add("shard", shard.or_else(|| raw(matches, "shard")), source);
    }
    settings
}

fn limits(
    arguments: &RunArguments,
    manifest: Option<&LoadedManifest>,
    matches: &ArgMatches,
) -> Result<Vec<Setting>, Error> {
    let standard = if arguments.provider.sandbox { Limits::sandbox() } else { Limits::default() };
    let of_manifest = manifest.map(|manifest| manifest.plan.limits.clone()).unwrap_or_default();
    let typed = arguments.spending.limits(&arguments.waiting);
    let whole = standard.with(&of_manifest).with(&typed);
    let shared = match manifest {
        Some(manifest) => manifest.share(whole.clone(), &arguments.campaign.options()?)?,
        None => whole.clone(),
    };
    let set = limit_words(&of_manifest);
    let (whole, shared) = (limit_words(&whole.settings()), limit_words(&shared.settings()));
    let settings =
        shared.into_iter().zip(whole).zip(set).map(|(((name, value), (_, whole)), (_, set))| {
            let source = given(matches, name).or_else(|| set.map(|_| "manifest".to_owned()));
            let mut source = source.unwrap_or_else(|| DEFAULT.to_owned());
            if value != whole {
                let whole = whole.unwrap_or_default();
                source = format!("{source}; this shard's part of {whole}");
            }
            Setting::new(name, value, source)
        });
    Ok(settings.collect())
}

/// Returns every limit by name, formatted as it is written.
fn limit_words(limits: &LimitSettings) -> Vec<(&'static str, Option<String>)> {
    let time = |time: Option<std::time::Duration>| {
        let time = jiff::SignedDuration::try_from(time?).ok()?;
        Some(format!("{time:#}"))
    };
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    vec![
        ("submit_rate", limits.submit_rate.map(|it| it.to_string())),
        ("in_flight", limits.in_flight.map(|it| it.to_string())),
        ("poll_rate", limits.poll_rate.map(|it| it.to_string())),
        ("poll_interval", time(limits.poll_interval)),
        ("downloads", limits.downloads.map(|it| it.to_string())),
        ("max_credits", limits.max_credits.map(|it| it.to_string())),
        ("max_credits_run", limits.max_credits_run.map(|it| it.to_string())),
        ("confirm_above", limits.confirm_above.map(|it| it.to_string())),
        ("allow_partial", limits.allow_partial.map(yes)),
        ("render_timeout", time(limits.render_timeout)),
        ("max_duration", time(limits.max_duration)),
        ("max_fail", limits.max_fail.map(|it| it.to_string())),
        ("settle", time(limits.settle)),
    ]
}

/// Returns all other options that are settings.
fn others(
    manifest: Option<&LoadedManifest>,
    matches: &ArgMatches,
    environment: &Environment,
    program: &clap::Command,
) -> Vec<Setting> {
    let run = program.find_subcommand("config");
    let known = limit_words(&LimitSettings::default());
    let is_listed = |id: &str| {
        let elsewhere = ["out", "shard", "manifest", "sandbox", "profile", "base_url"];
        ONCE.contains(&id) || elsewhere.contains(&id) || known.iter().any(|(name, _)| *name == id)
    };
    let mut settings = Vec::new();
    for argument in run.into_iter().flat_map(clap::Command::get_arguments) {
        let id = argument.get_id().as_str();
        if is_listed(id) || argument.get_long().is_none() {
            continue;
        }
        let output = manifest.map(|manifest| &manifest.plan.output);
        let of_manifest = output.and_then(|output| match id {
            "notify" => output.notify.as_ref().map(|_| HIDDEN.to_owned()),
            "ping" => output.ping.as_ref().map(|_| HIDDEN.to_owned()),
            "require_approval" => output.require_approval.then(|| "true".to_owned()),
            _ => None,
        });
        let is_secret = matches!(id, "notify" | "ping");
        let variable = format!("CALLSHEET_{}", id.to_uppercase());
        // clap does not read the variables of secrets, because its errors would show them.
        let found = is_secret.then(|| environment.found(&variable)).flatten();
        let (value, source) = match (given(matches, id), found, of_manifest) {
            (Some(source), _, _) => (raw(matches, id), source),
            (None, Some((value, source)), _) => (Some(value), source),
            (None, None, Some(value)) => (Some(value), "manifest".to_owned()),
            (None, None, None) => (raw(matches, id), DEFAULT.to_owned()),
        };
        let value = value.map(|value| if is_secret { HIDDEN.to_owned() } else { value });
        settings.push(Setting::new(id, value, source));
    }
    settings
}

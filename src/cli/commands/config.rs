//! The `config` command: every setting of `run` with its source. Secrets are named, not shown.

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;
use serde_json::json;

use crate::app::{self, BaseUrl, LoadedManifest, SheetCopy};
use crate::cli::args::help::{self, Example};
use crate::cli::args::{RunArguments, variable};
use crate::cli::config::{
    AllowCommands, BASE_URL, Environment, FoundVariable, KEYS, Profile, SHEET_TOKEN, find_keys,
    refused_address,
};
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::{
    CreditCap, Exit, Flag, LimitSettings, Limits, ManifestLocation, ValueOrigin, redact_url,
};

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

/// The text in place of a secret.
const HIDDEN: &str = "(set, hidden)";

/// The source of a default value.
const DEFAULT: &str = "default";

/// The source of a value of the manifest.
const MANIFEST: &str = "manifest";

/// Options that are no settings, because they act once.
const ONE_SHOT: [&str; 13] = [
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
pub(super) async fn config(
    arguments: &RunArguments,
    matches: &ArgMatches,
    program: &clap::Command,
) -> Result<Exit, Error> {
    let campaign = &arguments.campaign;
    let has_manifest = campaign.manifest != ManifestLocation::from(NO_MANIFEST);
    let file = campaign.manifest.file().filter(|_| has_manifest);
    let environment = Environment::read(file);
    let manifest = if has_manifest {
        let is_sandbox = arguments.provider.sandbox;
        let options = campaign.options()?.open(SheetCopy::Kept, is_sandbox).await?;
        Some(LoadedManifest::load_settings(&options, app::now())?)
    } else {
        None
    };
    let manifest = manifest.as_ref();
    let mut settings =
        Settings { arguments, manifest, matches, environment: &environment, list: Vec::new() };
    settings.add_provider()?;
    settings.add_locations();
    settings.add_limits()?;
    settings.add_others(program);
    let list = settings.list;
    if arguments.screen.json {
        printer::print_json(&json!(list))?;
    } else {
        printer::print(&table(&list))?;
    }
    environment.report_notes(&Printer::Text.notices());
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

/// Collects the settings.
struct Settings<'a> {
    arguments: &'a RunArguments,
    manifest: Option<&'a LoadedManifest>,
    matches: &'a ArgMatches,
    environment: &'a Environment,
    list: Vec<Setting>,
}

impl Settings<'_> {
    fn add(&mut self, name: &str, value: Option<String>, source: impl Into<String>) {
        self.list.push(Setting { name: name.to_owned(), value, source: source.into() });
    }

    /// Returns the source of the option `id` if it was given on the command line or in the environment.
    fn given(&self, id: &str) -> Option<String> {
        match self.matches.value_source(id)? {
            ValueSource::CommandLine => Some(format!("command line, `--{}`", id.replace('_', "-"))),
            ValueSource::EnvVariable => Some(format!("environment, `{}`", variable(id))),
            ValueSource::DefaultValue | _ => None,
        }
    }

    /// Returns an option as it was given.
    fn raw(&self, id: &str) -> Option<String> {
        let values = self.matches.get_raw(id)?;
        let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    fn add_provider(&mut self) -> Result<(), Error> {
        let arguments = &self.arguments.provider;
        if arguments.sandbox {
            let source = self.given("sandbox").unwrap_or_default();
            self.add("provider", Some("the sandbox".to_owned()), source);
            return Ok(());
        }
        let environment = self.environment;
        let profile = arguments.profile.as_deref();
        let profile = profile.map(|name| Profile::load(name, environment)).transpose()?;
        if let Some(profile) = &profile {
            let source = self.given("profile").unwrap_or_default();
            let source = format!("{source}; in `{}`", profile.file.display());
            self.add("profile", Some(profile.name.clone()), source);
        }
        let of_profile = profile
            .as_ref()
            .and_then(|profile| Some((profile.settings.base_url.clone()?, profile.source())));
        let given = arguments.base_url.clone().zip(self.given("base_url"));
        // Executes a password manager's command, to show whether it works.
        let keys = find_keys(environment, profile.as_ref(), AllowCommands::Yes)?;
        let found = given.or(of_profile).or_else(|| {
            let found = environment.found(BASE_URL)?;
            let refused = refused_address(found.origin(), &keys)
                .map_or("", |_| "; refused, for the keys are not that file's own");
            let FoundVariable { value, source, .. } = found;
            Some((value, format!("{source}{refused}")))
        });
        let default = || (BaseUrl::default().to_string(), DEFAULT.to_owned());
        let (url, source) = found.unwrap_or_else(default);
        self.add("base_url", Some(redact_url(&url)), source);
        for (key, name) in keys.into_iter().zip(KEYS) {
            match key {
                Some(found) => self.add(name, Some(HIDDEN.to_owned()), found.source),
                None => self.add(name, None, format!("not set; `{}` needs none", Flag::Sandbox)),
            }
        }
        Ok(())
    }

    fn add_locations(&mut self) {
        let out = self.given("out");
        if let Some(manifest) = self.manifest {
            let location = self.arguments.campaign.manifest.to_string();
            self.add("manifest", Some(location), "command line");
            let source = self.given("campaign").unwrap_or_else(|| MANIFEST.to_owned());
            self.add("campaign", Some(manifest.plan.campaign.clone()), source);
            let named = manifest.plan.output.folder.as_ref();
            let named = named.filter(|_| !self.arguments.provider.sandbox);
            let of_manifest = named.map(|_| MANIFEST.to_owned());
            let source = out.or(of_manifest).unwrap_or_else(|| DEFAULT.to_owned());
            self.add("out", Some(manifest.out.display().to_string()), source);
        } else if let Some(source) = out {
            self.add("out", self.raw("out"), source);
        }
        if Environment::real_variable(SHEET_TOKEN).is_some() {
            let source = format!("environment, `{SHEET_TOKEN}`");
            self.add("sheet_token", Some(HIDDEN.to_owned()), source);
        }
        if let Some(source) = self.given("shard") {
            let shard = self.manifest.and_then(|manifest| manifest.shard.as_ref());
            let shard = shard.map(|part| part.shard.to_string());
            self.add("shard", shard.or_else(|| self.raw("shard")), source);
        }
    }

    fn add_limits(&mut self) -> Result<(), Error> {
        let arguments = self.arguments;
        let is_sandbox = arguments.provider.sandbox;
        let standard = if is_sandbox { Limits::sandbox() } else { Limits::default() };
        let of_manifest = self.manifest.map(|manifest| manifest.plan.limits.clone());
        let of_manifest = of_manifest.unwrap_or_default();
        let typed = arguments.spending.limits(&arguments.waiting);
        let whole = self.manifest.map_or(standard.clone(), |manifest| manifest.limits(standard));
        let whole = whole.with(&typed, ValueOrigin::User);
        let shared = match self.manifest {
            Some(manifest) => manifest.share(whole.clone(), &arguments.campaign.options()?)?,
            None => whole.clone(),
        };
        let [shared, whole] = [shared, whole].map(|limits| {
            let poll_rate = Some(limits.read_rate());
            limit_words(&LimitSettings { poll_rate, ..limits.settings() })
        });
        let limits = shared.into_iter().zip(whole).zip(limit_words(&of_manifest));
        for (((name, value), (_, whole)), (_, of_manifest)) in limits {
            // A limit that a manifest may not set keeps its default.
            let of_manifest = of_manifest.filter(|it| Some(it) == whole.as_ref());
            let of_manifest = of_manifest.map(|_| MANIFEST.to_owned());
            let source = self.given(name).or(of_manifest);
            let mut source = source.unwrap_or_else(|| DEFAULT.to_owned());
            if value != whole {
                let whole = whole.unwrap_or_default();
                source = format!("{source}; this shard's part of {whole}");
            }
            self.add(name, value, source);
        }
        Ok(())
    }

    /// Adds all other options that are settings.
    fn add_others(&mut self, program: &clap::Command) {
        let config = program.find_subcommand("config");
        let arguments = config.into_iter().flat_map(clap::Command::get_arguments);
        for argument in arguments.filter(|argument| argument.get_long().is_some()) {
            let id = argument.get_id().as_str();
            let is_elsewhere = ["sandbox", "profile", "base_url", "campaign", "out", "shard"]
                .contains(&id)
                || limit_words(&LimitSettings::default()).iter().any(|(name, _)| *name == id);
            if ONE_SHOT.contains(&id) || is_elsewhere {
                continue;
            }
            let output = self.manifest.map(|manifest| &manifest.plan.output);
            let of_manifest = output.and_then(|output| match id {
                "notify" => output.notify.as_ref().map(|_| HIDDEN.to_owned()),
                "ping" => output.ping.as_ref().map(|_| HIDDEN.to_owned()),
                "require_approval" => output.require_approval.then(|| "true".to_owned()),
                _ => None,
            });
            let is_secret = matches!(id, "notify" | "ping");
            // clap does not read the variables of secrets, because its errors would show them.
            let found = is_secret.then(|| self.environment.found(&variable(id))).flatten();
            let (value, source) = match (self.given(id), found, of_manifest) {
                (Some(source), _, _) => (self.raw(id), source),
                (None, Some(FoundVariable { value, source, .. }), _) => (Some(value), source),
                (None, None, Some(value)) => (Some(value), MANIFEST.to_owned()),
                (None, None, None) => (self.raw(id), DEFAULT.to_owned()),
            };
            let value = value.map(|value| if is_secret { HIDDEN.to_owned() } else { value });
            self.add(id, value, source);
        }
    }
}

/// Returns every limit by name, formatted as in a manifest.
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
        ("max_credits", limits.max_credits.and_then(CreditCap::credits).map(|it| it.to_string())),
        ("max_credits_run", limits.max_credits_run.map(|it| it.to_string())),
        ("confirm_above", limits.confirm_above.map(|it| it.to_string())),
        ("allow_partial", limits.allow_partial.map(yes)),
        ("render_timeout", time(limits.render_timeout)),
        ("max_duration", time(limits.max_duration)),
        ("max_fail", limits.max_fail.map(|it| it.to_string())),
        ("settle", time(limits.settle)),
    ]
}

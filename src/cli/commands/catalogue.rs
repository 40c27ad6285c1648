//! The `personas` and `voices` commands: search the provider's catalogue.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;

use crate::app::{
    self, Catalogue, CatalogueFilter, NameLookup, NetworkUse, PersonaItem, VoiceItem, has_preview,
    or_dash, persona_genders, persona_page, voice_genders, voice_page,
};
use crate::cli::args::ProviderArguments;
use crate::cli::args::help::{self, Example};
use crate::cli::config::{Environment, provider_config};
use crate::cli::error::Error;
use crate::cli::printer::{self, Printer};
use crate::model::{AspectRatio, Exit};
use crate::report::terminal::output_columns;
use crate::util::fs::{Access, write_atomic};
use crate::util::style::Colours;
use crate::util::table::table;

const PERSONAS_EXAMPLES: [Example; 2] = [
    ("callsheet personas --search anna", "by name or words"),
    ("callsheet personas --gender f --age adult --open", "their pictures"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&PERSONAS_EXAMPLES))]
pub(in crate::cli) struct PersonasArguments {
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    /// Show only those whose name or description has all these words
    #[arg(long, value_name = "WORDS", help_heading = "Search")]
    pub(in crate::cli) search: Option<String>,
    /// Show only these: f, m, nb
    #[arg(long, value_name = "GENDER[,..]", value_parser = persona_genders, help_heading = "Search")]
    pub(in crate::cli) gender: Option<String>,
    /// Show only these: selfie, presenter, other, ...
    #[arg(long, value_name = "STYLE[,..]", help_heading = "Search")]
    pub(in crate::cli) style: Option<String>,
    /// Show only these: child, teen, adult, senior, ...
    #[arg(long, value_name = "AGE[,..]", help_heading = "Search")]
    pub(in crate::cli) age: Option<String>,
    /// Show only these: indoor, outdoor, fantasy, other, ...
    #[arg(long, value_name = "LOCATION[,..]", help_heading = "Search")]
    pub(in crate::cli) location: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "open", help_heading = "Screen")]
    pub(in crate::cli) json: bool,
    /// Write a page of their pictures and show it
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) open: bool,
}

const VOICES_EXAMPLES: [Example; 2] = [
    ("callsheet voices --search british", "by name or accent"),
    ("callsheet voices --gender m --open", "listen to them"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&VOICES_EXAMPLES))]
pub(in crate::cli) struct VoicesArguments {
    #[command(flatten)]
    pub(in crate::cli) provider: ProviderArguments,
    /// Show only those whose name or accent has all these words
    #[arg(long, value_name = "WORDS", help_heading = "Search")]
    pub(in crate::cli) search: Option<String>,
    /// Show only these: f, m
    #[arg(long, value_name = "GENDER[,..]", value_parser = voice_genders, help_heading = "Search")]
    pub(in crate::cli) gender: Option<String>,
    /// Show only these: British, ...
    #[arg(long, value_name = "ACCENT[,..]", help_heading = "Search")]
    pub(in crate::cli) accent: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "open", help_heading = "Screen")]
    pub(in crate::cli) json: bool,
    /// Write a page of their samples and show it
    #[arg(long, help_heading = "Screen")]
    pub(in crate::cli) open: bool,
}

/// Executes `callsheet personas`.
pub(super) async fn personas(arguments: PersonasArguments) -> Result<Exit, Error> {
    let environment = Environment::read(None);
    let filter = CatalogueFilter {
        search: arguments.search,
        gender: arguments.gender,
        style: arguments.style,
        age: arguments.age,
        location: arguments.location,
        accent: None,
    };
    let catalogue = newest(&arguments.provider, &environment).await?;
    let all = &catalogue.personas;
    let found: Vec<&PersonaItem> =
        all.iter().filter(|persona| filter.matches_persona(persona)).collect();
    if arguments.json {
        printer::print_json(&json!(found))?;
    } else if arguments.open {
        open_page(&environment, "personas.html", &persona_page(&found))?;
    } else {
        let header = ["id", "name", "gender", "age", "style", "location", "scene", ""];
        let rows = found.iter().map(|persona| (None, row(persona)));
        printer::print(&table(header, rows, output_columns(), Colours::Off))?;
    }
    print_count(found.len(), all.len(), "personas");
    Ok(Exit::Success)
}

/// Executes `callsheet voices`.
pub(super) async fn voices(arguments: VoicesArguments) -> Result<Exit, Error> {
    let environment = Environment::read(None);
    let filter = CatalogueFilter {
        search: arguments.search,
        gender: arguments.gender,
        accent: arguments.accent,
        ..CatalogueFilter::default()
    };
    let catalogue = newest(&arguments.provider, &environment).await?;
    let found: Vec<VoiceItem> = catalogue
        .voices
        .iter()
        .map(|voice| filter.matching_accents(voice))
        .filter(|voice| !voice.accents.is_empty())
        .collect();
    let count = |voices: &[VoiceItem]| voices.iter().map(|voice| voice.accents.len()).sum();
    if arguments.json {
        printer::print_json(&json!(found))?;
    } else if arguments.open {
        open_page(&environment, "voices.html", &voice_page(&found))?;
    } else {
        let rows = found.iter().flat_map(|voice| {
            voice.accents.iter().map(|accent| {
                let cells = [
                    or_dash(accent.id.as_deref()),
                    or_dash(voice.name.as_deref()),
                    or_dash(voice.gender.as_deref()),
                    or_dash(accent.accent_name.as_deref()),
                ];
                (None, cells)
            })
        });
        let header = ["id", "name", "gender", "accent"];
        printer::print(&table(header, rows, output_columns(), Colours::Off))?;
    }
    print_count(count(&found), count(&catalogue.voices), "voices");
    Ok(Exit::Success)
}

async fn newest(
    arguments: &ProviderArguments,
    environment: &Environment,
) -> Result<Catalogue, Error> {
    environment.report_notes(&Printer::Text.notices());
    let lookup = NameLookup {
        provider: Some(provider_config(arguments, environment)?),
        cache_dir: environment.cache_dir(),
        network: NetworkUse::Always,
        notices: Printer::Text.notices(),
    };
    Ok(lookup.newest(app::now()).await?)
}

/// Writes a page to the user's cache folder, prints its path and opens it in a browser.
pub(super) fn open_page(environment: &Environment, name: &str, page: &str) -> Result<(), Error> {
    // In the system's folder for temporary files, other users can take any known name.
    let temporary = || Ok(tempfile::Builder::new().prefix("callsheet-").tempdir()?.keep());
    let folder = environment.cache_dir().map_or_else(temporary, Ok);
    let folder = folder.map_err(app::Error::io("cannot create a temporary folder"))?;
    let path = folder.join(name);
    std::fs::create_dir_all(&folder)
        .and_then(|()| write_atomic(&path, Access::Private, |file| file.write_all(page.as_bytes())))
        .map_err(app::Error::io(format!("cannot write a page to `{}`", folder.display())))?;
    printer::print(&format!("{}\n", path.display()))?;
    if !open_in_browser(&path) {
        printer::eprint("no program to open pages was found; open the file in a browser\n");
    }
    Ok(())
}

/// Opens a file or an address in the browser. Returns whether a program for that was found.
pub(super) fn open_in_browser(target: &Path) -> bool {
    let opener = if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(opener);
    Environment::remove_secrets(&mut command);
    let child = command
        .arg(target)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.is_ok()
}

fn row(persona: &PersonaItem) -> [String; 8] {
    let mut notes = Vec::new();
    if persona.is_active == Some(false) {
        notes.push("inactive".to_owned());
    }
    if persona.is_custom {
        notes.push("custom".to_owned());
    }
    let lacking = |ratio: &AspectRatio| !has_preview(persona, *ratio);
    let missing: Vec<&str> = AspectRatio::ALL
        .iter()
        .filter(|ratio| lacking(ratio))
        .map(|ratio| ratio.as_str())
        .collect();
    if (1..AspectRatio::ALL.len()).contains(&missing.len()) {
        notes.push(format!("no {}", missing.join(", ")));
    }
    [
        or_dash(persona.id.as_deref()),
        or_dash(persona.creator_name.as_deref()),
        or_dash(persona.gender.as_deref()),
        or_dash(persona.age_range.as_deref()),
        or_dash(persona.style.as_deref()),
        or_dash(persona.location.as_deref()),
        or_dash(persona.video_scene.as_deref()),
        notes.join("; "),
    ]
}

fn print_count(found: usize, all: usize, what: &str) {
    printer::eprint(&format!("{found} of {all} {what}\n"));
}

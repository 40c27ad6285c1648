//! The `personas` and `voices` commands: search the provider's catalogue.

use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;

use crate::app::{
    self, Catalogue, CatalogueFilter, NameLookup, NetworkUse, PersonaItem, VoiceItem, display_text,
    has_preview, persona_genders, voice_genders,
};
use crate::cli::args::ProviderArguments;
use crate::cli::args::help::{self, Example};
use crate::cli::config::{Environment, provider_config};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::printer::{self, Printer};
use crate::model::AspectRatio;
use crate::util::fs::{Access, write_atomic};
use crate::util::style::Colours;
use crate::util::table::table;
use crate::util::text::escape_html;

const PERSONAS_EXAMPLES: [Example; 2] = [
    ("callsheet personas --search anna", "by name or words"),
    (
        "callsheet personas --gender f --age adult --open",
        "their pictures",
    ),
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
    let found: Vec<&PersonaItem> = all
        .iter()
        .filter(|persona| filter.matches_persona(persona))
        .collect();
    if arguments.json {
        printer::print_with(|output| writeln!(output, "{:#}", json!(found)))?;
    } else if arguments.open {
        open_page(&environment, "personas.html", &persona_page(&found))?;
    } else {
        let header = [
            "id", "name", "gender", "age", "style", "location", "scene", "",
        ];
        let rows = found.iter().map(|persona| (None, row(persona)));
        printer::print(&table(header, rows, Colours::Off));
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
        printer::print_with(|output| writeln!(output, "{:#}", json!(found)))?;
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
        printer::print(&table(header, rows, Colours::Off));
    }
    print_count(count(&found), count(&catalogue.voices), "voices");
    Ok(Exit::Success)
}

async fn newest(
    arguments: &ProviderArguments,
    environment: &Environment,
) -> Result<Catalogue, Error> {
    environment.report_ignored(Printer::Text);
    let lookup = NameLookup {
        provider: Some(provider_config(arguments, environment)?),
        cache_dir: environment.cache_dir(),
        network: NetworkUse::Always,
        notices: Printer::Text.notices(),
    };
    Ok(lookup.newest(app::now()).await?)
}

/// Writes a page to the user's cache folder, prints its path and opens it in a browser.
fn open_page(environment: &Environment, name: &str, page: &str) -> Result<(), Error> {
    let folder = environment
        .cache_dir()
        .unwrap_or_else(|| std::env::temp_dir().join("callsheet"));
    let path = folder.join(name);
    std::fs::create_dir_all(&folder)
        .and_then(|()| {
            write_atomic(&path, Access::Private, |file| {
                file.write_all(page.as_bytes())
            })
        })
        .map_err(app::Error::io(format!(
            "cannot write a page to `{}`",
            folder.display()
        )))?;
    printer::print(&format!("{}\n", path.display()));
    let opener = if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let child = Command::new(opener)
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if child.is_err() {
        printer::tell("no program to open pages was found; open the file in a browser\n");
    }
    Ok(())
}

/// Returns the provider's text for display, or `-` if it is missing.
fn or_dash(text: Option<&str>) -> String {
    display_text(text.filter(|text| !text.is_empty()).unwrap_or("-"))
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
    printer::tell(&format!("{found} of {all} {what}\n"));
}

const STYLE: &str = "\
body{font:16px/1.4 system-ui,sans-serif;margin:2rem;background:#fff;color:#1a1a1a}\
ul{list-style:none;padding:0;display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}\
li{border:1px solid #d0d0d0;border-radius:.5rem;padding:.75rem;overflow-wrap:anywhere}\
img{width:100%;height:13rem;object-fit:cover;background:#eee;border-radius:.25rem}\
audio{width:100%}code{font-size:.8rem}h2{font-size:1.05rem;margin:.5rem 0 .1rem}p{margin:.2rem 0;color:#444}\
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}li{border-color:#444}p{color:#bbb}img{background:#333}}";

/// Returns a page of personas with their pictures.
fn persona_page(personas: &[&PersonaItem]) -> String {
    let cards = personas.iter().map(|persona| {
        let pictures = [
            &persona.preview_image_9_16,
            &persona.preview_image_1_1,
            &persona.preview_image_16_9,
        ];
        let picture = pictures.into_iter().flatten().find(|url| is_web(url));
        let name = or_dash(persona.creator_name.as_deref());
        let picture = picture.map_or_else(String::new, |url| {
            format!(
                "<img loading=\"lazy\" src=\"{}\" alt=\"{}\">",
                escape_html(url),
                escape_html(&name)
            )
        });
        let words = [
            &persona.gender,
            &persona.age_range,
            &persona.style,
            &persona.location,
            &persona.video_scene,
        ];
        let mut words: Vec<String> = words
            .into_iter()
            .flatten()
            .map(|text| display_text(text))
            .collect();
        if persona.is_active == Some(false) {
            words.push("not active".to_owned());
        }
        if persona.is_custom {
            words.push("your own".to_owned());
        }
        card(&picture, &name, &words.join(", "), persona.id.as_deref())
    });
    page("Personas", cards)
}

/// Returns a page of voices with their samples.
fn voice_page(voices: &[VoiceItem]) -> String {
    let cards = voices.iter().flat_map(|voice| {
        voice.accents.iter().map(|accent| {
            let sample = accent.preview_url.as_deref().filter(|url| is_web(url));
            let sample = sample.map_or_else(String::new, |url| {
                let url = escape_html(url);
                format!("<audio controls preload=\"none\" src=\"{url}\"></audio>")
            });
            let words = [voice.gender.as_deref(), accent.accent_name.as_deref()];
            let words: Vec<String> = words.into_iter().flatten().map(display_text).collect();
            let name = or_dash(voice.name.as_deref());
            card(&sample, &name, &words.join(", "), accent.id.as_deref())
        })
    });
    page("Voices", cards)
}

fn card(media: &str, name: &str, words: &str, id: Option<&str>) -> String {
    format!(
        "<li>{media}<h2>{}</h2><p>{}</p><code>{}</code></li>\n",
        escape_html(name),
        escape_html(words),
        escape_html(&or_dash(id))
    )
}

/// Returns a page that loads images and sounds and nothing else: no script can run in it.
fn page(title: &str, cards: impl Iterator<Item = String>) -> String {
    let cards: Vec<String> = cards.collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src https: http:; media-src https: http:\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}: {}</h1>\n\
         <p>The line below each name is what a sheet can say; the name does too, if only one has it.</p>\n\
         <ul>\n{}</ul></body></html>\n",
        cards.len(),
        cards.concat()
    )
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AccentItem;

    #[test]
    fn the_providers_text_is_escaped() {
        let nasty = Some("\"><script>alert(1)</script>".to_owned());
        let persona = PersonaItem {
            id: nasty.clone(),
            creator_name: nasty.clone(),
            video_scene: nasty.clone(),
            preview_image_9_16: Some("javascript:alert(1)".into()),
            preview_image_1_1: Some("https://x/\"onerror=\"alert(1)".into()),
            ..PersonaItem::default()
        };
        let page = persona_page(&[&persona]);
        assert!(
            !page.contains("<script") && !page.contains("javascript:"),
            "{page}"
        );
        assert!(!page.contains("\"onerror"), "{page}");
        assert!(page.contains("https://x/&quot;onerror") && page.contains("default-src 'none'"));
        let accent = AccentItem {
            id: nasty.clone(),
            accent_name: nasty.clone(),
            preview_url: nasty.clone(),
        };
        let voice = VoiceItem {
            name: nasty,
            gender: None,
            accents: vec![accent],
        };
        let page = voice_page(&[voice]);
        assert!(
            !page.contains("<script") && !page.contains("<audio"),
            "{page}"
        );
    }

    #[test]
    fn each_result_has_a_picture_and_an_id() {
        let persona = PersonaItem {
            id: Some("7350375b".into()),
            creator_name: Some("Anna".into()),
            preview_image_9_16: Some("https://x/anna.jpg".into()),
            is_active: Some(false),
            ..PersonaItem::default()
        };
        let page = persona_page(&[&persona]);
        for part in [
            "<h2>Anna</h2>",
            "src=\"https://x/anna.jpg\"",
            "7350375b",
            "not active",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}

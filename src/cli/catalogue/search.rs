//! `personas` and `voices`: what the provider has to choose from.

use anyhow::Context as _;
use serde_json::json;

use super::cache::{Cache, cache_folder};
use super::doubts::has_preview;
use super::filter::Filter;
use super::source::{Lookup, Network, fetch};
use super::words::word;
use super::{Catalogue, page};
use crate::cli::argument_groups::ProviderArguments;
use crate::cli::arguments::{PersonasArguments, VoicesArguments};
use crate::cli::console;
use crate::cli::environment::Environment;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::herald::Printer;
use crate::cli::provider::Choice;
use crate::driver::{Clock as _, SystemClock};
use crate::model::AspectRatio;
use crate::remote::{PersonaItem, VoiceItem};

/// `callsheet personas`.
pub(in crate::cli) async fn personas(arguments: PersonasArguments) -> Result<Exit, Error> {
    let environment = Environment::read(None);
    environment.tell_ignored(Printer::Text);
    let filter = Filter {
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
        .filter(|persona| filter.finds_persona(persona))
        .collect();
    if arguments.json {
        console::print_found(|output| writeln!(output, "{:#}", json!(found)))?;
    } else if arguments.open {
        let page = page::persona_page(&found);
        show(&environment, "personas.html", &page)?;
    } else {
        let heading = [
            "id", "name", "gender", "age", "style", "location", "scene", "",
        ];
        console::print(&table(heading, found.iter().map(|persona| row(persona))));
    }
    tell_count(found.len(), all.len(), "personas");
    Ok(Exit::Success)
}

/// `callsheet voices`.
pub(in crate::cli) async fn voices(arguments: VoicesArguments) -> Result<Exit, Error> {
    let environment = Environment::read(None);
    environment.tell_ignored(Printer::Text);
    let filter = Filter {
        search: arguments.search,
        gender: arguments.gender,
        accent: arguments.accent,
        ..Filter::default()
    };
    let catalogue = newest(&arguments.provider, &environment).await?;
    let found: Vec<VoiceItem> = catalogue
        .voices
        .iter()
        .map(|voice| filter.found_accents(voice))
        .filter(|voice| !voice.accents.is_empty())
        .collect();
    let count = |voices: &[VoiceItem]| voices.iter().map(|voice| voice.accents.len()).sum();
    if arguments.json {
        console::print_found(|output| writeln!(output, "{:#}", json!(found)))?;
    } else if arguments.open {
        show(&environment, "voices.html", &page::voice_page(&found))?;
    } else {
        let rows = found.iter().flat_map(|voice| {
            voice.accents.iter().map(|accent| {
                [
                    word(accent.id.as_deref()),
                    word(voice.name.as_deref()),
                    word(voice.gender.as_deref()),
                    word(accent.accent_name.as_deref()),
                ]
            })
        });
        console::print(&table(["id", "name", "gender", "accent"], rows));
    }
    tell_count(count(&found), count(&catalogue.voices), "voices");
    Ok(Exit::Success)
}

/// The provider's catalogue as it is now, which is then kept for the day; else what is kept.
async fn newest(
    arguments: &ProviderArguments,
    environment: &Environment,
) -> Result<Catalogue, Error> {
    let now = SystemClock::new().now();
    let choice = Choice::of(arguments, environment)?;
    let lookup = Lookup {
        provider: Some(choice.clone()),
        environment,
        herald: Printer::Text,
        network: Network::IsUsedAnyway,
    };
    let cache = lookup.cache(None);
    let folder = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let provider = choice.start(folder.path()).await?;
    match (fetch(&provider.remote, now).await, cache) {
        (Ok(catalogue), cache) => {
            // A search does not fail because it cannot be remembered.
            drop(cache.map(|cache| cache.write(&catalogue)));
            Ok(catalogue)
        }
        (Err(failure), cache) => {
            let kept = cache.as_ref().and_then(Cache::read);
            let kept = kept.ok_or_else(|| Error::Provider(failure.clone()))?;
            console::tell(&format!(
                "note: the provider cannot be asked ({failure}); this is its catalogue of {}\n",
                kept.fetched_at
            ));
            Ok(kept)
        }
    }
}

/// Puts a page where such things are kept, prints its path, and shows it if the system can.
fn show(environment: &Environment, name: &str, page: &str) -> Result<(), Error> {
    let folder = cache_folder(|name| environment.variable(name))
        .unwrap_or_else(|| std::env::temp_dir().join("callsheet"));
    let path = page::keep(&folder, name, page)
        .with_context(|| format!("cannot write a page to `{}`", folder.display()))?;
    console::print(&format!("{}\n", path.display()));
    if !page::open(&path) {
        console::tell("nothing on this system opens pages; open the file in a browser\n");
    }
    Ok(())
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
        word(persona.id.as_deref()),
        word(persona.creator_name.as_deref()),
        word(persona.gender.as_deref()),
        word(persona.age_range.as_deref()),
        word(persona.style.as_deref()),
        word(persona.location.as_deref()),
        word(persona.video_scene.as_deref()),
        notes.join("; "),
    ]
}

fn table<const N: usize>(heading: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let line: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn tell_count(found: usize, all: usize, what: &str) {
    console::tell(&format!("{found} of {all} {what}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["1", "Ann"], ["22", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["id", "name"], rows.into_iter()),
            "id  name\n1   Ann\n22\n"
        );
    }

    #[test]
    fn a_persona_that_may_disappoint_says_so() {
        let persona = PersonaItem {
            is_active: Some(false),
            preview_image_16_9: Some("https://x/".into()),
            ..PersonaItem::default()
        };
        assert_eq!(row(&persona)[7], "inactive; no 1x1, 9x16");
        assert_eq!(row(&PersonaItem::default())[7], "", "nothing is known");
    }
}

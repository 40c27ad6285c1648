//! `personas` and `voices`: what the provider has to choose from.

use serde_json::json;

use super::argument_groups::ProviderArguments;
use super::arguments::CatalogueArguments;
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::exit::Exit;
use super::provider::{Choice, Provider};
use crate::remote::{PersonaItem, VoiceItem};

/// `callsheet personas`.
pub(super) async fn personas(arguments: CatalogueArguments) -> Result<Exit, Error> {
    let folder = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let provider = provider(&arguments.provider, folder.path()).await?;
    let personas = provider.remote.personas().await.map_err(Error::Provider)?;
    let found: Vec<&PersonaItem> = personas
        .iter()
        .filter(|persona| persona_matches(persona, &arguments))
        .collect();
    if arguments.json {
        console::print(&format!("{:#}\n", json!(found)));
        return Ok(Exit::Success);
    }
    let rows = found.iter().map(|persona| {
        let note = match (persona.is_active, persona.is_custom) {
            (Some(false), _) => "inactive",
            (_, true) => "custom",
            (_, false) => "",
        };
        [
            word(persona.id.as_deref()),
            word(persona.creator_name.as_deref()),
            word(persona.gender.as_deref()),
            word(persona.age_range.as_deref()),
            word(persona.style.as_deref()),
            word(persona.location.as_deref()),
            note.to_owned(),
        ]
    });
    let heading = ["id", "name", "gender", "age", "style", "location", ""];
    console::print(&table(heading, rows));
    tell_count(found.len(), personas.len(), "personas");
    Ok(Exit::Success)
}

/// `callsheet voices`.
pub(super) async fn voices(arguments: CatalogueArguments) -> Result<Exit, Error> {
    let folder = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let provider = provider(&arguments.provider, folder.path()).await?;
    let voices = provider.remote.voices().await.map_err(Error::Provider)?;
    let found: Vec<&VoiceItem> = voices
        .iter()
        .filter(|voice| voice_matches(voice, &arguments))
        .collect();
    if arguments.json {
        console::print(&format!("{:#}\n", json!(found)));
        return Ok(Exit::Success);
    }
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
    tell_count(found.len(), voices.len(), "voices");
    Ok(Exit::Success)
}

async fn provider(
    arguments: &ProviderArguments,
    folder: &std::path::Path,
) -> Result<Provider, Error> {
    let environment = Environment::read(None);
    Choice::of(arguments, &environment)?.start(folder).await
}

fn persona_matches(persona: &PersonaItem, arguments: &CatalogueArguments) -> bool {
    let described = [
        persona.creator_name.as_deref(),
        persona.video_scene.as_deref(),
        persona.age_range.as_deref(),
        persona.location.as_deref(),
    ];
    let words = persona.keywords.iter().chain(&persona.suitable_industries);
    let texts = described
        .into_iter()
        .flatten()
        .chain(words.map(String::as_str));
    contains(arguments.search.as_deref(), texts)
        && equals(arguments.gender.as_deref(), persona.gender.as_deref())
        && equals(arguments.style.as_deref(), persona.style.as_deref())
}

fn voice_matches(voice: &VoiceItem, arguments: &CatalogueArguments) -> bool {
    let accents = voice
        .accents
        .iter()
        .filter_map(|accent| accent.accent_name.as_deref());
    let texts = voice.name.as_deref().into_iter().chain(accents);
    contains(arguments.search.as_deref(), texts)
        && equals(arguments.gender.as_deref(), voice.gender.as_deref())
}

fn contains<'a>(wanted: Option<&str>, mut texts: impl Iterator<Item = &'a str>) -> bool {
    wanted.is_none_or(|wanted| {
        let wanted = wanted.to_lowercase();
        texts.any(|text| text.to_lowercase().contains(&wanted))
    })
}

fn equals(wanted: Option<&str>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
}

/// Text from the provider, fit for a terminal.
fn word(text: Option<&str>) -> String {
    let text = text.unwrap_or("-");
    text.chars().filter(|c| !c.is_control()).take(40).collect()
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
    fn what_the_provider_says_cannot_move_the_cursor() {
        assert_eq!(word(Some("An\u{1b}[2Jna")), "An[2Jna");
    }
}

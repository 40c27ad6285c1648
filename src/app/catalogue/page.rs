//! Pages of personas with pictures and of voices with samples.

use super::{PersonaItem, VoiceItem, display_text, or_dash};
use crate::report::gallery::{Card, gallery, is_web, picture};
use crate::util::text::escape_html;

/// Returns a page of personas with their pictures.
pub(crate) fn persona_page(personas: &[&PersonaItem]) -> String {
    let cards = personas.iter().map(|persona| {
        let pictures =
            [&persona.preview_image_9_16, &persona.preview_image_1_1, &persona.preview_image_16_9];
        let url = pictures.into_iter().flatten().find(|url| is_web(url));
        let name = or_dash(persona.creator_name.as_deref());
        let picture = url.map_or_else(String::new, |url| picture(url, &name));
        let words = [
            &persona.gender,
            &persona.age_range,
            &persona.style,
            &persona.location,
            &persona.video_scene,
        ];
        let mut words: Vec<String> =
            words.into_iter().flatten().map(|text| display_text(text)).collect();
        if persona.is_active == Some(false) {
            words.push("not active".to_owned());
        }
        if persona.is_custom {
            words.push("your own".to_owned());
        }
        card(picture, name, words.join(", "), persona.id.as_deref())
    });
    gallery("Personas", INTRODUCTION, cards)
}

/// Returns a page of voices with their samples.
pub(crate) fn voice_page(voices: &[VoiceItem]) -> String {
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
            card(sample, name, words.join(", "), accent.id.as_deref())
        })
    });
    gallery("Voices", INTRODUCTION, cards)
}

/// What a sheet says to name an entry.
const INTRODUCTION: &str =
    "The line below each name is what a sheet can say; the name does too, if only one has it.";

fn card(media: String, name: String, words: String, id: Option<&str>) -> Card {
    Card { media, title: name, facts: vec![words], code: Some(or_dash(id)), ..Card::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::AccentItem;

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
        assert!(!page.contains("<script") && !page.contains("javascript:"), "{page}");
        assert!(!page.contains("\"onerror"), "{page}");
        assert!(page.contains("https://x/&quot;onerror") && page.contains("default-src 'none'"));
        let accent = AccentItem {
            id: nasty.clone(),
            accent_name: nasty.clone(),
            preview_url: nasty.clone(),
        };
        let voice = VoiceItem { name: nasty, gender: None, accents: vec![accent] };
        let page = voice_page(&[voice]);
        assert!(!page.contains("<script") && !page.contains("<audio"), "{page}");
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
        for part in ["<h2>Anna</h2>", "src=\"https://x/anna.jpg\"", "7350375b", "not active"] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}

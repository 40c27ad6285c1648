//! Pages of personas with pictures and of voices with samples.

use super::{PersonaItem, VoiceItem, display_text, or_dash};
use crate::util::text::escape_html;

const STYLE: &str = "\
body{font:16px/1.4 system-ui,sans-serif;margin:2rem;background:#fff;color:#1a1a1a}\
ul{list-style:none;padding:0;display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}\
li{border:1px solid #d0d0d0;border-radius:.5rem;padding:.75rem;overflow-wrap:anywhere}\
img{width:100%;height:13rem;object-fit:cover;background:#eee;border-radius:.25rem}\
audio{width:100%}code{font-size:.8rem}h2{font-size:1.05rem;margin:.5rem 0 .1rem}p{margin:.2rem 0;color:#444}\
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}li{border-color:#444}p{color:#bbb}img{background:#333}}";

/// Returns a page of personas with their pictures.
pub(crate) fn persona_page(personas: &[&PersonaItem]) -> String {
    let cards = personas.iter().map(|persona| {
        let pictures =
            [&persona.preview_image_9_16, &persona.preview_image_1_1, &persona.preview_image_16_9];
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
        let mut words: Vec<String> =
            words.into_iter().flatten().map(|text| display_text(text)).collect();
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

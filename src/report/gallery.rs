//! A page of cards with pictures. It loads pictures and sounds and nothing else: no script can run in it.

use crate::util::text::escape_html;

const STYLE: &str = "\
body{font:16px/1.4 system-ui,sans-serif;margin:2rem;background:#fff;color:#1a1a1a}\
ul{list-style:none;padding:0;display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}\
li{border:1px solid #d0d0d0;border-radius:.5rem;padding:.75rem;overflow-wrap:anywhere}\
img{width:100%;height:13rem;object-fit:cover;background:#eee;border-radius:.25rem}\
audio{width:100%}code{font-size:.8rem}h2{font-size:1.05rem;margin:.5rem 0 .1rem}p{margin:.2rem 0;color:#444}\
.text{white-space:pre-wrap;color:inherit}.warning{color:#a33}\
@media(max-width:30rem){body{margin:1rem}}\
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}li{border-color:#444}p{color:#bbb}\
img{background:#333}.warning{color:#f99}}";

/// A card. Its texts are escaped by [`gallery`].
#[derive(Debug, Default)]
pub(crate) struct Card {
    /// HTML of a [picture], or of a sound.
    pub(crate) media: String,
    pub(crate) title: String,
    /// A text with its line breaks.
    pub(crate) text: Option<String>,
    /// Lines below the title.
    pub(crate) facts: Vec<String>,
    /// An id to copy.
    pub(crate) code: Option<String>,
    /// Problems and notes.
    pub(crate) warnings: Vec<String>,
}

impl Card {
    fn html(&self) -> String {
        let paragraph = |class: &str, text: &str| format!("<p{class}>{}</p>", escape_html(text));
        let lines = |text: &str| text.lines().map(escape_html).collect::<Vec<_>>().join("\n");
        let text =
            self.text.as_deref().map(|text| format!("<p class=\"text\">{}</p>", lines(text)));
        let facts = self.facts.iter().map(|fact| paragraph("", fact));
        let warnings = self.warnings.iter().map(|text| paragraph(" class=\"warning\"", text));
        let code = self.code.as_deref().map(|code| format!("<code>{}</code>", escape_html(code)));
        let parts: String = text.into_iter().chain(facts).chain(warnings).chain(code).collect();
        format!("<li>{}<h2>{}</h2>{parts}</li>\n", self.media, escape_html(&self.title))
    }
}

/// Returns the HTML of a picture, which is loaded when it is scrolled into view.
pub(crate) fn picture(url: &str, description: &str) -> String {
    let (url, description) = (escape_html(url), escape_html(description));
    format!("<img loading=\"lazy\" src=\"{url}\" alt=\"{description}\">")
}

/// Checks whether a URL is that of a file on the web, and not a script.
pub(crate) fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Returns the page.
pub(crate) fn gallery(
    title: &str,
    introduction: &str,
    cards: impl Iterator<Item = Card>,
) -> String {
    let cards: Vec<String> = cards.map(|card| card.html()).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src https: http:; media-src https: http:\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}: {}</h1>\n\
         <p class=\"text\">{}</p>\n<ul>\n{}</ul></body></html>\n",
        cards.len(),
        introduction.lines().map(escape_html).collect::<Vec<_>>().join("\n"),
        cards.concat(),
        title = escape_html(title),
    )
}

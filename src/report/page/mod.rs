//! The page to review a campaign on: `report.html`, and the client of the studio, which is the same.
//!
//! `report.html` works from disk without a network, and can be zipped and mailed together with `videos/` and
//! `thumbnails/`. All data are JSON in a data block. The script inserts them as text, never as markup; without scripts
//! the page shows a plain table. A content security policy forbids loading anything but the pictures and videos beside
//! the page. The page is written job by job.
//!
//! Scripts and styles are plain files that are joined as they are; nothing is built.

mod data;
mod user_columns;

use std::io::{self, Write};
use std::sync::LazyLock;

use minijinja::{Environment, Template, context, escape_formatter};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use sha2::Digest as _;

pub use crate::report::page::data::{
    MediaFile, MediaLinks, PageData, PageJob, VideoVersion, VideoVersions,
};
use crate::report::summary::Summary;
use crate::util::fs::HashWriter;
use crate::util::json::escape;
use crate::util::text::{hex, is_unsafe, sanitize};

const TEMPLATE: &str = include_str!("report.html");
const ROW: &str = include_str!("row.html");

/// The libraries, and the screens of `report.html`.
const REVIEW_SCRIPTS: &[&str] = &[
    include_str!("vendor/preact.umd.js"),
    include_str!("vendor/hooks.umd.js"),
    include_str!("vendor/htm.umd.js"),
    include_str!("script/core.js"),
    include_str!("script/marks.js"),
    include_str!("script/grid.js"),
    include_str!("script/charts.js"),
    include_str!("script/review.js"),
    include_str!("script/player.js"),
];

/// Starts the page.
const START: &str = include_str!("script/start.js");

/// The screens that only the studio has.
const STUDIO_SCRIPTS: &[&str] = &[
    include_str!("script/live.js"),
    include_str!("script/sheet.js"),
    include_str!("script/preview.js"),
    include_str!("script/home.js"),
    include_str!("script/studio.js"),
];

const REVIEW_STYLES: &[&str] = &[include_str!("style.css"), include_str!("review.css")];
const STUDIO_STYLES: &[&str] = &[include_str!("studio.css")];

/// The studio's page. It is the same for every campaign.
pub const STUDIO_PAGE: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"referrer\" content=\"no-referrer\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>callsheet studio</title>
<link rel=\"icon\" href=\"/assets/icon.svg\">
<link rel=\"stylesheet\" href=\"/assets/page.css\">
</head>
<body>
<div id=\"app\"></div>
<noscript>The studio needs JavaScript.</noscript>
<script src=\"/assets/page.js\"></script>
</body>
</html>
";

/// Returns the script of the studio.
pub fn script() -> &'static str {
    static SCRIPT: LazyLock<String> =
        LazyLock::new(|| [REVIEW_SCRIPTS, STUDIO_SCRIPTS, &[START]].concat().join("\n"));
    &SCRIPT
}

/// Returns the style of the studio.
pub fn style() -> &'static str {
    static STYLE: LazyLock<String> =
        LazyLock::new(|| [REVIEW_STYLES, STUDIO_STYLES].concat().join("\n"));
    &STYLE
}

/// The places of the plain table's rows and of the data in the template. Content of a campaign is escaped, so it cannot
/// contain them.
const ROWS_PLACEHOLDER: &str = "<!-- rows -->";
const DATA_PLACEHOLDER: &str = "<!-- data -->";

/// Writes the page for the output folder, or for a copy of it.
///
/// # Errors
/// If `writer` fails.
pub fn write_page(
    summary: &Summary,
    versions: &VideoVersions,
    mut writer: impl Write,
) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_formatter(|output, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => escape_formatter(output, state, &sanitize(text).into()),
        Some(_) | None => escape_formatter(output, state, value),
    });
    for (name, source) in [("report.html", TEMPLATE), ("row.html", ROW)] {
        environment.add_template(name, source).expect("the template is a valid constant");
    }
    let template = |name| {
        let template = environment.get_template(name);
        template.expect("the template was just added")
    };
    let data = PageData::beside_files(summary).with_versions(versions);
    let frame = render(
        &template("report.html"),
        context! {
            title => summary.campaign().name.as_str(),
            nonce => nonce(&data)?,
            style => REVIEW_STYLES.join("\n"),
            scripts => [REVIEW_SCRIPTS, &[START]].concat(),
        },
    );
    let split = |text, place| str::split_once(text, place).expect("the template has the place");
    let (head, rest) = split(&frame, ROWS_PLACEHOLDER);
    let (middle, tail) = split(rest, DATA_PLACEHOLDER);
    writer.write_all(head.as_bytes())?;
    let row = template("row.html");
    for job in data.jobs() {
        let text = render(&row, context! { row => minijinja::value::Serde(&job) });
        writer.write_all(text.as_bytes())?;
    }
    writer.write_all(middle.as_bytes())?;
    embed(&data, &mut writer)?;
    writer.write_all(tail.as_bytes())
}

fn render(template: &Template<'_, '_>, context: minijinja::Value) -> String {
    template.render(context).expect("the template uses only what it is given")
}

/// Writes JSON for a `<script>` element: nothing in it ends the element, begins a comment or ends a line of JavaScript.
fn embed(data: &impl Serialize, writer: impl Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(writer, ScriptSafe);
    data.serialize(&mut serializer).map_err(io::Error::from)
}

/// Escapes the dangerous characters, which JSON allows only in strings.
struct ScriptSafe;

impl Formatter for ScriptSafe {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape(fragment, |c| matches!(c, '<' | '>' | '&') || is_unsafe(c), writer)
    }
}

/// Returns the nonce that the content security policy requires of style and script: a hash of the page's data, so that
/// injected markup would have to contain its own hash.
fn nonce(data: &PageData<'_>) -> io::Result<String> {
    let mut hash = HashWriter::default();
    embed(data, &mut hash)?;
    Ok(hex(&hash.0.finalize()[..16]))
}

#[cfg(test)]
mod browser;

#[cfg(test)]
fn page_text(summary: &Summary) -> String {
    let mut page = Vec::new();
    write_page(summary, &VideoVersions::new(), &mut page).expect("writing to memory succeeds");
    String::from_utf8(page).expect("the page is text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn the_page_contains_no_foreign_markup() {
        let mut run = TestRun::with_jobs(1);
        run.campaign.name = "</title><script>alert(1)</script>".into();
        run.failed(1, "a", "</script><img src=x onerror=alert(2)>\u{2028}");
        let personas = &mut run.campaign.personas;
        for name in personas.values_mut() {
            name.push_str("\u{1b}[31m\u{202e}<b>");
        }
        let page = page_text(&run.summary());
        assert!(page.contains(r"\u{1b}[31m\u{202e}&lt;b&gt;</td>"), "{page}");
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page}");
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
        assert_eq!(page.matches("</script>").count(), 2, "the data and the script");
        assert!(page.contains(r"\u003c/script\u003e\u003cimg src=x onerror=alert(2)\u003e"));
    }

    /// The libraries contain addresses of XML namespaces, which load nothing.
    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        let page = page_text(&run.summary());
        for place in ["src=\"", "href=\"", "url(", "@import", "srcset=", "fetch(\"", "import("] {
            assert!(!page.contains(&format!("{place}http")), "{place}");
            assert!(!page.contains(&format!("{place}//")), "{place}");
        }
        let addresses: Vec<&str> = page
            .match_indices("http")
            .map(|(start, _)| &page[start..])
            .filter(|rest| rest.starts_with("http://") || rest.starts_with("https://"))
            .map(|rest| rest.split(['"', '\'', '`']).next().unwrap_or(rest))
            .filter(|address| !address.starts_with("http://www.w3.org/"))
            .collect();
        assert!(addresses.is_empty(), "{addresses:?}");
        let policy =
            "default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'nonce-";
        assert!(page.contains(policy), "{page}");
        assert!(!page.contains("unsafe-"));
        assert!(page.contains(r#""file":"videos/a.mp4""#));
    }

    #[test]
    fn embedded_data_is_read_back_unchanged() {
        let data = serde_json::json!({ "a": "<&>\u{2028}\u{2029}\"\\ü" });
        let mut embedded = Vec::new();
        embed(&data, &mut embedded).unwrap();
        let embedded = String::from_utf8(embedded).unwrap();
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&embedded).unwrap(), data);
    }
}

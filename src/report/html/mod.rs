//! `report.html`: a self-contained page to review a campaign on. It works from disk without a network, and can be zipped
//! and mailed together with `videos/` and `thumbnails/`.
//!
//! All data are JSON in a data block. The script inserts them as text, never as markup; without scripts the page shows a
//! plain table. A content security policy forbids loading anything but the pictures and videos beside the page. The page
//! is written job by job.

mod data;
pub(crate) mod gallery;
mod user_columns;

use std::io::{self, Write};

use minijinja::{Environment, Template, context, escape_formatter};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use sha2::Digest as _;

use crate::report::html::data::PageData;
use crate::report::summary::Summary;
use crate::util::fs::HashWriter;
use crate::util::json::escape;
use crate::util::text::{hex, is_unsafe, sanitize};

const TEMPLATE: &str = include_str!("report.html");
const ROW: &str = include_str!("row.html");
const STYLE: &str = include_str!("report.css");
const SCRIPTS: [&str; 9] = [
    include_str!("script/words.js"),
    include_str!("script/marks.js"),
    include_str!("script/cards.js"),
    include_str!("script/choices.js"),
    include_str!("script/filters.js"),
    include_str!("script/address.js"),
    include_str!("script/keys.js"),
    include_str!("script/charts.js"),
    include_str!("script/start.js"),
];

/// The places of the plain table's rows and of the data in the template. Content of a campaign is escaped, so it cannot
/// contain them.
const ROWS_PLACEHOLDER: &str = "<!-- rows -->";
const DATA_PLACEHOLDER: &str = "<!-- data -->";

/// Writes the page.
///
/// # Errors
/// If `writer` fails.
pub fn write_page(summary: &Summary, mut writer: impl Write) -> io::Result<()> {
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
    let data = PageData::of(summary);
    let frame = render(
        &template("report.html"),
        context! {
            title => summary.campaign().name.as_str(),
            nonce => nonce(&data)?,
            style => STYLE,
            scripts => SCRIPTS,
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
    write_page(summary, &mut page).expect("writing to memory succeeds");
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

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        let page = page_text(&run.summary());
        assert!(!page.contains("http:") && !page.contains("https:"), "{page}");
        assert!(page.contains("default-src 'none'"));
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

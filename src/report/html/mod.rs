//! `report.html`: one self-contained file to review a campaign on. It opens from disk without a
//! network, and can be zipped and mailed together with `videos/` and `thumbnails/`.
//!
//! Everything a job says travels as JSON in a data block and is put on the page as text by the script,
//! never as markup; without a script there is a plain table. A content policy keeps the file from
//! loading anything but the pictures and videos beside it. It is written job by job, never held as a whole.

pub(super) mod data;
mod user_columns;

use std::fmt::Write as _;
use std::io::{self, Write};

use minijinja::{Environment, Template, context};
use serde_json::Serializer;
use serde_json::ser::Formatter;
use sha2::{Digest, Sha256};

use crate::report::summary::Summary;
use data::PageData;

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

/// Where the plain table's rows belong, and where the data. What comes from a campaign is escaped before it
/// stands in the frame, so that these are ours.
const PLACE_OF_ROWS: &str = "<!-- rows -->";
const PLACE_OF_DATA: &str = "<!-- data -->";

/// Writes the page.
///
/// # Errors
/// If `writer` takes no more.
pub fn write(summary: &Summary, mut writer: impl Write) -> io::Result<()> {
    let mut environment = Environment::new();
    for (name, source) in [("report.html", TEMPLATE), ("row.html", ROW)] {
        environment
            .add_template(name, source)
            .expect("the template is a constant, and right");
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
    let cut = |text, place| str::split_once(text, place).expect("the template has the place");
    let (head, rest) = cut(&frame, PLACE_OF_ROWS);
    let (middle, tail) = cut(rest, PLACE_OF_DATA);
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
    template
        .render(context)
        .expect("the template uses nothing that it is not given")
}

/// Writes JSON that can stand inside a `<script>` element: nothing in it ends the element, begins a comment
/// or ends a line of JavaScript.
fn embed(data: &impl serde::Serialize, writer: impl Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(writer, ScriptSafe);
    data.serialize(&mut serializer).map_err(io::Error::from)
}

/// Nothing that is dangerous there can stand anywhere but inside a text.
struct ScriptSafe;

impl Formatter for ScriptSafe {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        let is_dangerous = |c| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        while let Some(place) = rest.find(is_dangerous) {
            let (safe, from) = rest.split_at(place);
            let mut letters = from.chars();
            let dangerous = letters.next().map_or(0, u32::from);
            write!(writer, "{safe}\\u{dangerous:04x}")?;
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The mark by which the policy knows our own style and script. A hash of all that the page shows:
/// text smuggled into the page would have to contain the hash of itself.
fn nonce(data: &PageData<'_>) -> io::Result<String> {
    let mut hash = Hash(Sha256::new());
    embed(data, &mut hash)?;
    let mut nonce = String::new();
    for byte in hash.0.finalize().iter().take(16) {
        let _ = write!(nonce, "{byte:02x}");
    }
    Ok(nonce)
}

/// A hash that is written to.
struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod browser;

#[cfg(test)]
fn written(summary: &Summary) -> String {
    let mut page = Vec::new();
    write(summary, &mut page).expect("memory takes every byte");
    String::from_utf8(page).expect("nothing but text was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn the_page_holds_no_markup_but_its_own() {
        let mut run = TestRun::with_jobs(1);
        run.campaign.name = "</title><script>alert(1)</script>".into();
        run.failed(1, "a", "</script><img src=x onerror=alert(2)>\u{2028}");
        let page = written(&run.summary());
        assert!(
            !page.contains("<script>alert") && !page.contains("<img src=x"),
            "{page}"
        );
        assert_eq!(
            page.matches("</script>").count(),
            2,
            "the data and the script"
        );
        assert!(page.contains(r"\u003c/script\u003e\u003cimg src=x onerror=alert(2)\u003e"));
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        let page = written(&run.summary());
        assert!(
            !page.contains("http:") && !page.contains("https:"),
            "{page}"
        );
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains(r#""file":"videos/a.mp4""#));
    }

    #[test]
    fn data_are_read_back_as_they_were() {
        let data = serde_json::json!({ "a": "<&>\u{2028}\u{2029}\"\\ü" });
        let mut embedded = Vec::new();
        embed(&data, &mut embedded).unwrap();
        let embedded = String::from_utf8(embedded).unwrap();
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&embedded).unwrap(),
            data
        );
    }
}

//! `report.html`: one self-contained file to review a campaign on. It opens from disk without a
//! network, and can be zipped and mailed together with `videos/` and `thumbnails/`.
//!
//! Everything a job says travels as JSON in a data block and is put on the page as text by the script,
//! never as markup; without a script there is a plain table. A content policy keeps the file from
//! loading anything but the pictures and videos beside it.

mod data;

use std::fmt::Write;

use minijinja::{Environment, context};
use sha2::{Digest, Sha256};

use super::Summary;

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPTS: [&str; 7] = [
    include_str!("script/words.js"),
    include_str!("script/marks.js"),
    include_str!("script/cards.js"),
    include_str!("script/filters.js"),
    include_str!("script/keys.js"),
    include_str!("script/charts.js"),
    include_str!("script/start.js"),
];

/// The page.
pub fn render(summary: &Summary) -> String {
    let data = data::of(summary);
    let json = embeddable(&data);
    let mut environment = Environment::new();
    environment
        .add_template("report.html", TEMPLATE)
        .expect("the template is a constant, and right");
    let template = environment
        .get_template("report.html")
        .expect("the template was just added");
    template
        .render(context! {
            title => data["campaign"].as_str(),
            nonce => nonce(&json),
            style => STYLE,
            scripts => SCRIPTS,
            data => json,
            rows => minijinja::value::Serde(&data["jobs"]),
        })
        .expect("the template uses nothing that it is not given")
}

/// JSON that can stand inside a `<script>` element: nothing in it ends the element, begins a comment or
/// ends a line of JavaScript.
fn embeddable(data: &serde_json::Value) -> String {
    let mut safe = String::new();
    for c in data.to_string().chars() {
        match c {
            '<' => safe.push_str(r"\u003c"),
            '>' => safe.push_str(r"\u003e"),
            '&' => safe.push_str(r"\u0026"),
            '\u{2028}' => safe.push_str(r"\u2028"),
            '\u{2029}' => safe.push_str(r"\u2029"),
            c => safe.push(c),
        }
    }
    safe
}

/// The mark by which the policy knows our own style and script. A hash of all that the page shows:
/// text smuggled into the page would have to contain the hash of itself.
fn nonce(json: &str) -> String {
    let digest = Sha256::digest(json.as_bytes());
    let mut nonce = String::new();
    for byte in digest.iter().take(16) {
        let _ = write!(nonce, "{byte:02x}");
    }
    nonce
}

#[cfg(test)]
mod browser;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::testing::Tale;

    #[test]
    fn the_page_holds_no_markup_but_its_own() {
        let mut tale = Tale::of(1);
        tale.campaign.name = "</title><script>alert(1)</script>".into();
        tale.failed(1, "a", "</script><img src=x onerror=alert(2)>\u{2028}");
        let page = render(&tale.summary());
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
        let mut tale = Tale::of(1);
        tale.done(1, "a");
        let page = render(&tale.summary());
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
        let embedded = embeddable(&data);
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&embedded).unwrap(),
            data
        );
    }
}

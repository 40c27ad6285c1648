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
const SCRIPT: &str = include_str!("report.js");

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
            script => SCRIPT,
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

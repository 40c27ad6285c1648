//! The page: the client that `report.html` and the studio share. Its scripts and styles are plain files that are joined
//! as they are; nothing is built.

use std::sync::LazyLock;

/// The libraries, and the screens of `report.html`.
const REVIEW_SCRIPTS: &[&str] = &[
    include_str!("vendor/preact.umd.js"),
    include_str!("vendor/hooks.umd.js"),
    include_str!("vendor/htm.umd.js"),
    include_str!("script/core.js"),
    include_str!("script/marks.js"),
];

/// The screens that only the studio has.
const STUDIO_SCRIPTS: &[&str] = &[
    include_str!("script/live.js"),
    include_str!("script/sheet.js"),
    include_str!("script/preview.js"),
    include_str!("script/home.js"),
    include_str!("script/studio.js"),
];

const REVIEW_STYLES: &[&str] = &[include_str!("style.css")];
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
        LazyLock::new(|| [REVIEW_SCRIPTS, STUDIO_SCRIPTS].concat().join("\n"));
    &SCRIPT
}

/// Returns the style of the studio.
pub fn style() -> &'static str {
    static STYLE: LazyLock<String> =
        LazyLock::new(|| [REVIEW_STYLES, STUDIO_STYLES].concat().join("\n"));
    &STYLE
}

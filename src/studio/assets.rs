//! The page with its script, style and icon.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};

use crate::report::page::{STUDIO_PAGE, script, style};

/// The icon: a frame with a triangle.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#3b5bdb"/><path d="M6 4.5v7l6-3.5z" fill="#fff"/></svg>
"##;

pub(super) async fn page() -> Html<&'static str> {
    Html(STUDIO_PAGE)
}

pub(super) async fn page_script() -> impl IntoResponse {
    asset("text/javascript; charset=utf-8", script())
}

pub(super) async fn page_style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", style())
}

pub(super) async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", ICON)
}

/// A program of another version has other assets at the same address, so a browser must not keep them.
fn asset(content_type: &'static str, content: impl Into<String>) -> impl IntoResponse {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")], content.into())
}

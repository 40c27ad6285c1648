//! Query parameters, and responses in the form of Django REST Framework.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::Query;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

/// Parses the query of `uri`: empty if it is malformed, the last value of a repeated name.
pub(super) fn query(uri: &Uri) -> HashMap<String, String> {
    Query::try_from_uri(uri).map_or_else(|_| HashMap::new(), |Query(query)| query)
}

/// A JSON response.
pub(super) fn json(status: u16, value: &impl Serialize) -> Response {
    // Serializing fails only for maps whose keys are not strings; there are none.
    with_body(status, "application/json", serde_json::to_vec(value).unwrap_or_default())
}

/// `{"detail": …}`, the form of most refusals.
pub(super) fn detail(status: u16, message: &str) -> Response {
    json(status, &json!({ "detail": message }))
}

/// A response of any content type.
pub(super) fn with_body(
    status: u16,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    with_header(response, CONTENT_TYPE, content_type)
}

/// Sets a header; skips a value that is not valid in one.
pub(super) fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A small HTML page.
pub(super) fn html(status: u16, title: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    with_body(status, "text/html; charset=utf-8", page)
}

/// The 404 of an unknown path: HTML, as Django writes it.
pub(super) fn page_not_found() -> Response {
    html(404, "Not Found")
}

pub(super) fn redirect(status: u16, location: &str) -> Response {
    with_header(html(status, "Moved"), LOCATION, location)
}

/// A 401. `WWW-Authenticate` is what makes DRF answer 401 instead of 403.
pub(super) fn unauthorised(message: &str) -> Response {
    with_header(detail(401, message), WWW_AUTHENTICATE, "X-API-ID")
}

/// A 429.
pub(super) fn too_many_requests(retry_after: Option<String>) -> Response {
    match retry_after {
        None => detail(429, "Request was throttled."),
        Some(when) => {
            let message = format!("Request was throttled. Expected available: {when}.");
            with_header(detail(429, &message), RETRY_AFTER, &when)
        }
    }
}

/// A 402. The response of the real API without credits is unknown.
pub(super) fn no_credits() -> Response {
    detail(402, "Insufficient credits.")
}

/// The 404 for a job id that does not exist.
pub(super) fn job_not_found() -> Response {
    detail(404, "No Lipsync matches the given query.")
}

/// One page of a list, in the form of the API.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a, T> {
    /// The length of the whole list.
    pub(super) count: usize,
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) results: &'a [T],
}

impl<'a, T> Page<'a, T> {
    /// Returns the page of `items` that the parameter `page` of `query` asks for. `link` makes the URL of
    /// a page.
    ///
    /// # Errors
    ///
    /// A 404 if there is no such page.
    pub(super) fn select(
        items: &'a [T],
        size: usize,
        query: &HashMap<String, String>,
        link: impl Fn(usize) -> String,
    ) -> Result<Self, Box<Response>> {
        let pages = items.len().div_ceil(size).max(1);
        let page = query.get("page").map_or(Ok(1), |page| page.parse::<usize>());
        let Some(page) = page.ok().filter(|page| (1..=pages).contains(page)) else {
            return Err(detail(404, "Invalid page.").into());
        };
        Ok(Self {
            count: items.len(),
            next: (page < pages).then(|| link(page + 1)),
            previous: (page > 1).then(|| link(page - 1)),
            results: items.chunks(size).nth(page - 1).unwrap_or_default(),
        })
    }
}

//! The request handlers. [`api`] serves the API's origin: it finds the endpoint, checks the credentials
//! and applies faults.

mod create;
mod files;
mod jobs;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::catalogue;
use super::clock;
use super::connection::Cutter;
use super::faults::{RequestKind, ResponseFault, Rules};
use super::faulty_response::apply_fault;
use super::http::{Page, detail, json, page_not_found, query, redirect, unauthorised};
use super::state::AppState;

pub(super) use files::{files, mirror};

/// Handles every request at the API's origin.
pub(super) async fn api(
    State(app): State<Arc<AppState>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/sandbox/ledger" || path == "/sandbox/ledger/" {
        return json(200, &app.ledger());
    }
    let query = query(request.uri());
    let endpoint = endpoint(&path);
    let method = request.method();
    let Some(kind) = request_kind(&endpoint, method, &query) else {
        app.count(RequestKind::Other);
        return unknown_path(request.uri());
    };
    let ordinal = app.count(kind);
    if let Some(refusal) = check_credentials(&app, request.headers()) {
        app.lock().ledger.unauthorised += 1;
        if kind == RequestKind::Create {
            app.record_create(Some(&refusal), None);
        }
        return refusal;
    }
    if kind == RequestKind::Create {
        return create::create(&app, &cutter, ordinal, request).await;
    }
    if method != Method::GET && method != Method::HEAD {
        return detail(405, &format!("Method \"{method}\" not allowed."));
    }
    let good = read(&app, &endpoint, &query, kind, ordinal);
    let fault = app.first_fault(rules(&app, kind), kind, ordinal);
    apply_fault(&app, &cutter, fault, &path, good).await
}

/// Returns the parts of a path of the API: `["lipsyncs", "ID"]` for `/api/lipsyncs/ID/`. Empty for other
/// paths; those of the API all end in a slash.
fn endpoint(path: &str) -> Vec<&str> {
    let parts = path.strip_prefix("/api/").and_then(|path| path.strip_suffix('/'));
    parts.map(|parts| parts.split('/').collect()).unwrap_or_default()
}

/// Returns the kind of a request, or `None` if the API has no such endpoint.
fn request_kind(
    endpoint: &[&str],
    method: &Method,
    query: &HashMap<String, String>,
) -> Option<RequestKind> {
    Some(match endpoint {
        [_, ""] => return None,
        ["lipsyncs"] if method == Method::POST => RequestKind::Create,
        ["lipsyncs"] if query.contains_key("ids") => RequestKind::Poll,
        ["lipsyncs"] => RequestKind::List,
        ["lipsyncs", _] => RequestKind::Look,
        ["personas" | "personas_v2" | "voices" | "remaining_credits"] | ["personas", _] => {
            RequestKind::Catalogue
        }
        _ => return None,
    })
}

fn rules(app: &AppState, kind: RequestKind) -> &Rules<ResponseFault> {
    let faults = &app.settings.faults;
    match kind {
        RequestKind::Create => &faults.create_refused,
        RequestKind::Poll => &faults.poll,
        RequestKind::Look => &faults.look,
        RequestKind::List => &faults.list,
        RequestKind::Catalogue
        | RequestKind::Video
        | RequestKind::Thumbnail
        | RequestKind::Preview
        | RequestKind::Other => &faults.catalogue,
    }
}

/// Redirects a path that lacks its last slash, as Django does; any other unknown path is a 404.
fn unknown_path(uri: &Uri) -> Response {
    let slashed = format!("{}/", uri.path());
    if request_kind(&endpoint(&slashed), &Method::GET, &HashMap::new()).is_none() {
        return page_not_found();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    redirect(301, &(slashed + &query))
}

/// Returns the refusal of a request without valid credentials.
fn check_credentials(app: &AppState, headers: &HeaderMap) -> Option<Response> {
    let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let (Some(id), Some(key)) = (header("x-api-id"), header("x-api-key")) else {
        return Some(unauthorised("Authentication credentials were not provided."));
    };
    let accepted = match &app.settings.credentials {
        Some(pair) => pair.id.as_bytes() == id && pair.key.as_bytes() == key,
        None => !id.is_empty() && !key.is_empty(),
    };
    let refused = !accepted || app.is_revoked();
    refused.then(|| unauthorised("Invalid API credentials."))
}

/// Returns the response to a read, before faults.
fn read(
    app: &AppState,
    endpoint: &[&str],
    query: &HashMap<String, String>,
    kind: RequestKind,
    ordinal: u64,
) -> Response {
    let catalogue = &app.catalogue;
    match endpoint {
        ["lipsyncs"] if kind == RequestKind::Poll => jobs::poll(app, query, ordinal),
        ["lipsyncs"] => jobs::list(app, query, ordinal),
        ["lipsyncs", id] => jobs::get(app, id, ordinal),
        ["personas"] => json(200, &matching(&catalogue.personas, query)),
        ["personas_v2"] => json(200, &matching(&catalogue.custom, query)),
        ["personas", "paginated"] => persona_page(app, query),
        ["personas", id] => match catalogue.persona(id) {
            Some(persona) => json(200, persona),
            None => detail(404, "No Persona matches the given query."),
        },
        ["voices"] => json(200, &catalogue.voices),
        _ => {
            let balance = app.lock().account.balance(&app.settings, clock::now());
            json(200, &json!({ "remaining_credits": balance }))
        }
    }
}

fn matching<'a>(personas: &'a [Value], query: &HashMap<String, String>) -> Vec<&'a Value> {
    personas.iter().filter(|persona| catalogue::matches(persona, query)).collect()
}

fn persona_page(app: &AppState, query: &HashMap<String, String>) -> Response {
    let personas = matching(&app.catalogue.personas, query);
    let size = query.get("page_size").and_then(|size| size.parse().ok());
    let size: usize = size.filter(|size| *size > 0).unwrap_or(10).min(100);
    let link = |page: usize| {
        let api = &app.origins.api;
        format!("{api}/api/personas/paginated/?page={page}&page_size={size}")
    };
    match Page::select(&personas, size, query, link) {
        Ok(page) => json(200, &page),
        Err(refusal) => *refusal,
    }
}

//! The request handlers. [`api`] serves the API's origin: it finds the endpoint, checks the credentials
//! and applies faults.

mod catalogue;
mod create;
mod files;
mod jobs;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::Response;
use serde_json::json;

use super::clock;
use super::connection::Cutter;
use super::faults::{RequestKind, ResponseFault, Rules};
use super::faulty_response::apply_fault;
use super::http::{detail, json, page_not_found, query, redirect, unauthorised};
use super::state::AppState;

pub(super) use files::{files, mirror};

/// An endpoint of the API. Their paths all end in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Endpoint {
    Lipsyncs,
    Lipsync(String),
    Personas,
    PersonaPages,
    Persona(String),
    CustomPersonas,
    Voices,
    Balance,
}

impl Endpoint {
    fn parse(path: &str) -> Option<Self> {
        let path = path.strip_prefix("/api/")?.strip_suffix('/')?;
        let mut parts = path.split('/');
        let endpoint = match (parts.next()?, parts.next()) {
            ("lipsyncs", None) => Self::Lipsyncs,
            ("lipsyncs", Some(id)) if !id.is_empty() => Self::Lipsync(id.to_owned()),
            ("personas", None) => Self::Personas,
            ("personas", Some("paginated")) => Self::PersonaPages,
            ("personas", Some(id)) if !id.is_empty() => Self::Persona(id.to_owned()),
            ("personas_v2", None) => Self::CustomPersonas,
            ("voices", None) => Self::Voices,
            ("remaining_credits", None) => Self::Balance,
            _ => return None,
        };
        parts.next().is_none().then_some(endpoint)
    }

    fn kind(&self, method: &Method, query: &HashMap<String, String>) -> RequestKind {
        match self {
            Self::Lipsyncs if method == Method::POST => RequestKind::Create,
            Self::Lipsyncs if query.contains_key("ids") => RequestKind::Poll,
            Self::Lipsyncs => RequestKind::List,
            Self::Lipsync(_) => RequestKind::Look,
            Self::Personas
            | Self::PersonaPages
            | Self::Persona(_)
            | Self::CustomPersonas
            | Self::Voices
            | Self::Balance => RequestKind::Catalogue,
        }
    }

    fn allows(&self, method: &Method) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        reads || (*self == Self::Lipsyncs && method == Method::POST)
    }
}

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
    let Some(endpoint) = Endpoint::parse(&path) else {
        app.count(RequestKind::Other);
        return unknown_path(request.uri());
    };
    let query = query(request.uri());
    let kind = endpoint.kind(request.method(), &query);
    let ordinal = app.count(kind);
    if let Some(refusal) = check_credentials(&app, request.headers()) {
        app.lock().ledger.unauthorised += 1;
        if kind == RequestKind::Create {
            app.record_create(Some(&refusal), None);
        }
        return refusal;
    }
    if !endpoint.allows(request.method()) {
        let message = format!("Method \"{}\" not allowed.", request.method());
        return detail(405, &message);
    }
    if kind == RequestKind::Create {
        return create::create(&app, &cutter, ordinal, request).await;
    }
    let good = read(&app, &endpoint, &query, kind, ordinal);
    match app.first_fault(rules(&app, kind), kind, ordinal) {
        Some(fault) => apply_fault(&app, &cutter, fault, &path, good).await,
        None => good,
    }
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
    if Endpoint::parse(&slashed).is_none() {
        return page_not_found();
    }
    let location = match uri.query() {
        Some(query) => format!("{slashed}?{query}"),
        None => slashed,
    };
    redirect(301, &location)
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
    app: &Arc<AppState>,
    endpoint: &Endpoint,
    query: &HashMap<String, String>,
    kind: RequestKind,
    ordinal: u64,
) -> Response {
    match endpoint {
        Endpoint::Lipsyncs if kind == RequestKind::Poll => jobs::poll(app, query, ordinal),
        Endpoint::Lipsyncs => jobs::list(app, query, ordinal),
        Endpoint::Lipsync(id) => jobs::get(app, id, ordinal),
        Endpoint::Personas => catalogue::personas(&app.catalogue.personas, query),
        Endpoint::CustomPersonas => catalogue::personas(&app.catalogue.custom, query),
        Endpoint::PersonaPages => catalogue::persona_page(app, query),
        Endpoint::Persona(id) => catalogue::persona(app, id),
        Endpoint::Voices => json(200, &app.catalogue.voices),
        Endpoint::Balance => {
            let balance = app.lock().account.balance(&app.settings, clock::now());
            json(200, &json!({ "remaining_credits": balance }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_documented_endpoints() {
        for (path, endpoint) in [
            ("/api/lipsyncs/", Some(Endpoint::Lipsyncs)),
            ("/api/lipsyncs/abc/", Some(Endpoint::Lipsync("abc".into()))),
            ("/api/personas/paginated/", Some(Endpoint::PersonaPages)),
            ("/api/personas_v2/", Some(Endpoint::CustomPersonas)),
            ("/api/remaining_credits/", Some(Endpoint::Balance)),
            ("/api/lipsyncs", None),
            ("/api/lipsyncs//", None),
            ("/api/lipsyncs/abc/render/", None),
            ("/api/personas-paginated/", None),
            ("/", None),
        ] {
            assert_eq!(Endpoint::parse(path), endpoint, "{path}");
        }
    }
}

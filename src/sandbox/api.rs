//! The API's origin: from an address to an answer.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::json;

use super::answers::{detail, json, no_such_page, redirect, spoil, unauthorised};
use super::clock;
use super::creating;
use super::faults::{AnswerFault, Rules, Struck, striking};
use super::ledger::RequestKind;
use super::line::Scissors;
use super::listing;
use super::world::World;

/// What an address means. All end in a slash.
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
    /// The endpoint at `path`, which must end in a slash.
    fn at(path: &str) -> Option<Self> {
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

    fn takes(&self, method: &Method) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        reads || (*self == Self::Lipsyncs && method == Method::POST)
    }
}

/// Answers every request at the API's origin.
pub(super) async fn answer(
    State(world): State<Arc<World>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/sandbox/ledger" || path == "/sandbox/ledger/" {
        return json(StatusCode::OK, &world.ledger());
    }
    let Some(endpoint) = Endpoint::at(&path) else {
        world.count(RequestKind::Other);
        return elsewhere(request.uri());
    };
    let query = query(request.uri());
    let kind = endpoint.kind(request.method(), &query);
    let ordinal = world.count(kind);
    if let Some(refusal) = check_keys(&world, request.headers()) {
        world.books().tally.unauthorised += 1;
        if kind == RequestKind::Create {
            creating::note(&world, Some(refusal.status()), None);
        }
        return refusal;
    }
    if !endpoint.takes(request.method()) {
        let message = format!("Method \"{}\" not allowed.", request.method());
        return detail(StatusCode::METHOD_NOT_ALLOWED, &message);
    }
    if kind == RequestKind::Create {
        return creating::answer(&world, &scissors, ordinal, request).await;
    }
    let good = read(&world, &endpoint, &query, kind, ordinal);
    match first(&world, rules(&world, kind), kind, ordinal) {
        Some(struck) => spoil(&world, &scissors, struck, &path, good).await,
        None => good,
    }
}

/// The first fault of `rules` that strikes this request.
pub(super) fn first<F: Copy + std::fmt::Debug>(
    world: &World,
    rules: &Rules<F>,
    kind: RequestKind,
    ordinal: u64,
) -> Option<Struck<F>> {
    striking(rules, world.fault_seed(), kind, ordinal).next()
}

/// The parameters of an address; none if they cannot be read. Of equal names the last counts.
pub(super) fn query(uri: &Uri) -> HashMap<String, String> {
    Query::try_from_uri(uri).map_or_else(|_| HashMap::new(), |Query(query)| query)
}

fn rules(world: &World, kind: RequestKind) -> &Rules<AnswerFault> {
    let faults = &world.settings().faults;
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

/// An address without its last slash is redirected, as Django does it; anything else is not found.
fn elsewhere(uri: &Uri) -> Response {
    let slashed = format!("{}/", uri.path());
    if Endpoint::at(&slashed).is_none() {
        return no_such_page();
    }
    let location = match uri.query() {
        Some(query) => format!("{slashed}?{query}"),
        None => slashed,
    };
    redirect(StatusCode::MOVED_PERMANENTLY, &location)
}

/// The refusal of a request without the right keys.
fn check_keys(world: &World, headers: &HeaderMap) -> Option<Response> {
    let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let (Some(id), Some(key)) = (header("x-api-id"), header("x-api-key")) else {
        return Some(unauthorised(
            "Authentication credentials were not provided.",
        ));
    };
    let accepted = match &world.settings().credentials {
        Some(pair) => pair.id.as_bytes() == id && pair.key.as_bytes() == key,
        None => !id.is_empty() && !key.is_empty(),
    };
    let refused = !accepted || world.is_revoked();
    refused.then(|| unauthorised("Invalid API credentials."))
}

/// The good answer to a request that only reads.
fn read(
    world: &Arc<World>,
    endpoint: &Endpoint,
    query: &HashMap<String, String>,
    kind: RequestKind,
    ordinal: u64,
) -> Response {
    let catalogue = world.catalogue();
    match endpoint {
        Endpoint::Lipsyncs if kind == RequestKind::Poll => listing::poll(world, query, ordinal),
        Endpoint::Lipsyncs => listing::list(world, query, ordinal),
        Endpoint::Lipsync(id) => listing::look(world, id, ordinal),
        Endpoint::Personas => {
            let passing = catalogue.personas.iter().filter(|one| one.passes(query));
            json(StatusCode::OK, &passing.collect::<Vec<_>>())
        }
        Endpoint::PersonaPages => persona_page(world, query),
        Endpoint::Persona(id) => match catalogue.persona(id) {
            Some(persona) => json(StatusCode::OK, persona),
            None => detail(StatusCode::NOT_FOUND, "No Persona matches the given query."),
        },
        Endpoint::CustomPersonas => {
            let passing = catalogue.custom.iter().filter(|one| one.passes(query));
            json(StatusCode::OK, &passing.collect::<Vec<_>>())
        }
        Endpoint::Voices => json(StatusCode::OK, &catalogue.voices),
        Endpoint::Balance => {
            let books = world.books();
            let balance = books.account.balance(world.settings(), clock::now());
            json(StatusCode::OK, &json!({ "remaining_credits": balance }))
        }
    }
}

/// `{count, next, previous, results}`.
fn persona_page(world: &World, query: &HashMap<String, String>) -> Response {
    let personas = &world.catalogue().personas;
    let passing: Vec<_> = personas.iter().filter(|one| one.passes(query)).collect();
    let size = query.get("page_size").and_then(|size| size.parse().ok());
    let size: usize = size.filter(|size| *size > 0).unwrap_or(10).min(100);
    let page = query
        .get("page")
        .map_or(Ok(1), |page| page.parse::<usize>());
    let pages = passing.chunks(size).count().max(1);
    let Some(page) = page.ok().filter(|page| (1..=pages).contains(page)) else {
        return detail(StatusCode::NOT_FOUND, "Invalid page.");
    };
    let link = |page: usize| {
        let api = &world.origins().api;
        format!("{api}/api/personas/paginated/?page={page}&page_size={size}")
    };
    json(
        StatusCode::OK,
        &json!({
            "count": passing.len(),
            "next": (page < pages).then(|| link(page + 1)),
            "previous": (page > 1).then(|| link(page - 1)),
            "results": passing.chunks(size).nth(page - 1).unwrap_or_default(),
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_mean_what_the_documentation_says() {
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
            assert_eq!(Endpoint::at(path), endpoint, "{path}");
        }
    }
}

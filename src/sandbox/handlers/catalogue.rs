//! Personas: all, by page, or one.

use std::collections::HashMap;

use axum::response::Response;
use serde_json::{Value, json};

use crate::sandbox::catalogue::Persona;
use crate::sandbox::http::{Page, detail, json};
use crate::sandbox::state::AppState;

/// `GET /api/personas/` and `GET /api/personas_v2/`.
pub(super) fn personas(personas: &[Persona], query: &HashMap<String, String>) -> Response {
    json(200, &matching(personas, query))
}

/// `GET /api/personas/{id}/`.
pub(super) fn persona(app: &AppState, id: &str) -> Response {
    match app.catalogue.persona(id) {
        Some(persona) => json(200, &persona.object),
        None => detail(404, "No Persona matches the given query."),
    }
}

/// `GET /api/personas/paginated/`.
pub(super) fn persona_page(app: &AppState, query: &HashMap<String, String>) -> Response {
    let personas = matching(&app.catalogue.personas, query);
    let size = query.get("page_size").and_then(|size| size.parse().ok());
    let size: usize = size.filter(|size| *size > 0).unwrap_or(10).min(100);
    let link = |page: usize| {
        let api = &app.origins.api;
        format!("{api}/api/personas/paginated/?page={page}&page_size={size}")
    };
    match Page::select(&personas, size, query, link) {
        Err(refusal) => *refusal,
        Ok(page) => json(
            200,
            &json!({
                "count": personas.len(),
                "next": page.next,
                "previous": page.previous,
                "results": page.results,
            }),
        ),
    }
}

fn matching<'a>(personas: &'a [Persona], query: &HashMap<String, String>) -> Vec<&'a Value> {
    let matching = personas.iter().filter(|persona| persona.matches(query));
    matching.map(|persona| &persona.object).collect()
}

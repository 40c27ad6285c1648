//! `POST /api/lipsyncs/`, the only request that costs credits.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde_json::{Value, json};

use crate::sandbox::account::Refusal;
use crate::sandbox::clock;
use crate::sandbox::connection::Cutter;
use crate::sandbox::faults::{ActiveFault, RequestKind, ResponseFault};
use crate::sandbox::faulty_response::apply_fault;
use crate::sandbox::http::{detail, json, no_credits, too_many_requests};
use crate::sandbox::job::Job;
use crate::sandbox::state::AppState;
use crate::sandbox::state_file::StateLine;
use crate::sandbox::validation::read_create;

/// The longest body that is read, in bytes: far more than the longest text needs.
const BODY_LIMIT: usize = 1 << 20;

/// Responds to an authenticated create and records it in the ledger. Whatever faults do to the response, the
/// job is either accepted and recorded, or it is not.
pub(super) async fn create(
    app: &AppState,
    cutter: &Cutter,
    ordinal: u64,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let faults = &app.settings.faults;
    let mut fault = app.first_fault(&faults.create_refused, RequestKind::Create, ordinal);
    let (good, id) = if fault.is_some() {
        (json(201, &json!({"id": null, "status": "pending"})), None)
    } else {
        match read_and_accept(app, request).await {
            Err(refusal) => (*refusal, None),
            Ok(job) => {
                fault = app.first_fault(&faults.create_accepted, RequestKind::Create, ordinal);
                (json(201, &job.object(job.accepted_at, &app.links)), Some(job.id))
            }
        }
    };
    let is_silent =
        |fault: ActiveFault<_>| matches!(fault.kind, ResponseFault::Reset | ResponseFault::Hang);
    if fault.is_some_and(is_silent) {
        // Recorded first: if the client disconnects while it waits, this future is dropped.
        app.record_create(None, id);
        return apply_fault(app, cutter, fault, &path, good).await;
    }
    let response = apply_fault(app, cutter, fault, &path, good).await;
    app.record_create(Some(&response), id);
    response
}

async fn read_and_accept(app: &AppState, request: Request) -> Result<Job, Box<Response>> {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return Err(detail(413, "Request body is too large, or was cut off.").into());
    };
    accept(app, &parse(&head.headers, &body)?)
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Value, Box<Response>> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.unwrap_or("application/octet-stream");
    if !media.to_ascii_lowercase().starts_with("application/json") {
        let message = format!("Unsupported media type \"{media}\" in request.");
        return Err(detail(415, &message).into());
    }
    serde_json::from_slice(body)
        .map_err(|error| detail(400, &format!("JSON parse error - {error}")).into())
}

/// Accepts and saves a job in one step under the lock, or returns the refusal.
fn accept(app: &AppState, value: &Value) -> Result<Job, Box<Response>> {
    let settings = &app.settings;
    let body = read_create(value, &app.catalogue, settings.text_limit)
        .map_err(|errors| json(400, &errors))?;
    let mut state = app.lock();
    let job = state.account.evaluate(settings, clock::now(), body).map_err(refuse)?;
    if let Some(file) = &mut state.file {
        file.append(&StateLine::Accepted(Box::new(job.clone()))).map_err(|error| {
            detail(500, &format!("The sandbox could not write its state file: {error}."))
        })?;
    }
    state.account.add(job.clone());
    Ok(job)
}

/// Returns the response to a refused create. As with real providers, a 429 for the rate says how long to
/// wait, and one for concurrency does not.
fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Rate { wait_millis } => {
            let seconds = wait_millis.saturating_add(999) / 1000;
            too_many_requests(Some(seconds.to_string()))
        }
        Refusal::Concurrency => too_many_requests(None),
        Refusal::Credits => no_credits(),
    }
}

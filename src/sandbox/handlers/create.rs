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
use crate::sandbox::validation::read_create;

/// The longest body that is read, in bytes: far more than the longest text needs.
const BODY_LIMIT: usize = 1 << 20;

/// Responds to an authenticated create. Whatever faults do to the response, the job is either accepted
/// and recorded, or it is not.
pub(super) async fn create(
    app: &AppState,
    cutter: &Cutter,
    ordinal: u64,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let faults = &app.settings.faults;
    let kind = RequestKind::Create;
    if let Some(fault) = app.first_fault(&faults.create_refused, kind, ordinal) {
        let good = json(201, &json!({"id": null, "status": "pending"}));
        return respond(app, cutter, Some(fault), &path, good, None).await;
    }
    let headers = request.headers().clone();
    let accepted = match axum::body::to_bytes(request.into_body(), BODY_LIMIT).await {
        Ok(body) => parse(&headers, &body).and_then(|value| accept(app, &value)),
        Err(_) => Err(Box::new(detail(413, "Request body is too large, or was cut off."))),
    };
    match accepted {
        Err(refusal) => respond(app, cutter, None, &path, *refusal, None).await,
        Ok(job) => {
            let object = job.object(job.accepted_at, &app.links);
            let good = json(201, &object);
            let fault = app.first_fault(&faults.create_accepted, kind, ordinal);
            respond(app, cutter, fault, &path, good, Some(job.id)).await
        }
    }
}

/// Applies the fault to the response and records the create in the ledger.
async fn respond(
    app: &AppState,
    cutter: &Cutter,
    fault: Option<ActiveFault<ResponseFault>>,
    path: &str,
    good: Response,
    id: Option<String>,
) -> Response {
    match fault {
        Some(fault) if fault.kind.is_silent() => {
            // Recorded first: if the client disconnects while it waits, this future is dropped.
            app.record_create(None, id);
            apply_fault(app, cutter, fault, path, good).await
        }
        Some(fault) => {
            let response = apply_fault(app, cutter, fault, path, good).await;
            app.record_create(Some(&response), id);
            response
        }
        None => {
            app.record_create(Some(&good), id);
            good
        }
    }
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Value, Box<Response>> {
    let media = headers.get(CONTENT_TYPE).map(|value| value.to_str());
    let media = media.and_then(Result::ok).unwrap_or("application/octet-stream");
    if !media.to_ascii_lowercase().starts_with("application/json") {
        let message = format!("Unsupported media type \"{media}\" in request.");
        return Err(detail(415, &message).into());
    }
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("JSON parse error - {error}");
        detail(400, &message).into()
    })
}

/// Accepts and saves a job in one step under the lock, or returns the refusal.
fn accept(app: &AppState, value: &Value) -> Result<Job, Box<Response>> {
    let settings = &app.settings;
    let body = read_create(value, &app.catalogue, settings.text_limit)
        .map_err(|errors| Box::new(json(400, &errors)))?;
    let mut state = app.lock();
    let job = state
        .account
        .evaluate(settings, clock::now(), body)
        .map_err(|refusal| Box::new(refuse(refusal)))?;
    if let Some(file) = &mut state.file
        && let Err(error) = file.append_job(&job)
    {
        let message = format!("The sandbox could not write its state file: {error}.");
        return Err(detail(500, &message).into());
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

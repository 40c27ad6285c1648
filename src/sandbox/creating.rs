//! `POST /api/lipsyncs/`: the one request that costs something.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::account::Refusal;
use super::answers::{detail, json, no_credits, spoil, too_many};
use super::api::first;
use super::clock;
use super::faults::{AnswerFault, Struck};
use super::job::Job;
use super::ledger::{CreateSeen, RequestKind};
use super::line::Scissors;
use super::validation::read_create;
use super::world::World;

/// The longest body that is read: far more than the longest text needs.
const BODY_LIMIT: usize = 1 << 20;

/// Answers a create whose keys are right. Whatever the faults make of the answer, a job is either
/// accepted and on record, or it never was.
pub(super) async fn answer(
    world: &Arc<World>,
    scissors: &Scissors,
    ordinal: u64,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let faults = &world.settings().faults;
    let kind = RequestKind::Create;
    if let Some(struck) = first(world, &faults.create_refused, kind, ordinal) {
        let good = json(
            StatusCode::CREATED,
            &json!({"id": null, "status": "pending"}),
        );
        return deliver(world, scissors, Some(struck), &path, good, None).await;
    }
    let headers = request.headers().clone();
    let accepted = match axum::body::to_bytes(request.into_body(), BODY_LIMIT).await {
        Ok(body) => parse(&headers, &body).and_then(|value| accept(world, &value)),
        Err(_) => Err(Box::new(detail(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Request body is too large, or was cut off.",
        ))),
    };
    match accepted {
        Err(refusal) => deliver(world, scissors, None, &path, *refusal, None).await,
        Ok(job) => {
            let object = job.object(job.accepted_at, world.links());
            let good = json(StatusCode::CREATED, &object);
            let struck = first(world, &faults.create_accepted, kind, ordinal);
            deliver(world, scissors, struck, &path, good, Some(job.id)).await
        }
    }
}

/// Sends the answer through the fault that strikes it, and notes in the ledger what became of it.
async fn deliver(
    world: &World,
    scissors: &Scissors,
    struck: Option<Struck<AnswerFault>>,
    path: &str,
    good: Response,
    id: Option<String>,
) -> Response {
    match struck {
        Some(struck) if struck.fault.is_silent() => {
            // Noted first: a client that leaves while it hangs takes this very function with it.
            note(world, None, id);
            spoil(world, scissors, struck, path, good).await
        }
        Some(struck) => {
            let answer = spoil(world, scissors, struck, path, good).await;
            note(world, Some(answer.status()), id);
            answer
        }
        None => {
            note(world, Some(good.status()), id);
            good
        }
    }
}

/// Notes in the ledger what became of a create.
pub(super) fn note(world: &World, status: Option<StatusCode>, id: Option<String>) {
    world.books().tally.create(CreateSeen {
        at: clock::now(),
        status: status.map(|status| status.as_u16()),
        id,
    });
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Value, Box<Response>> {
    let media = headers.get(CONTENT_TYPE).map(|value| value.to_str());
    let media = media
        .and_then(Result::ok)
        .unwrap_or("application/octet-stream");
    if !media.to_ascii_lowercase().starts_with("application/json") {
        let message = format!("Unsupported media type \"{media}\" in request.");
        return Err(detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &message).into());
    }
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("JSON parse error - {error}");
        detail(StatusCode::BAD_REQUEST, &message).into()
    })
}

/// Accepts a create, and remembers it, in one step under the lock; or says why not.
fn accept(world: &World, value: &Value) -> Result<Job, Box<Response>> {
    let settings = world.settings();
    let body = read_create(value, world.catalogue(), settings.text_limit)
        .map_err(|errors| Box::new(json(StatusCode::BAD_REQUEST, &errors)))?;
    let mut books = world.books();
    let now = clock::now();
    let job = books
        .account
        .consider(settings, now, body)
        .map_err(|refusal| Box::new(refuse(refusal)))?;
    if let Some(state) = &mut books.state
        && let Err(error) = state.accepted(&job)
    {
        let message = format!("The sandbox could not write its state file: {error}.");
        return Err(detail(StatusCode::INTERNAL_SERVER_ERROR, &message).into());
    }
    books.account.admit(job.clone());
    Ok(job)
}

/// Two kinds of 429, as real providers have them: that of the pace names a time, that of the places
/// cannot.
fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Rate { wait_millis } => {
            let seconds = wait_millis.saturating_add(999) / 1000;
            too_many(Some(seconds.to_string()))
        }
        Refusal::Concurrency => too_many(None),
        Refusal::Credits => no_credits(),
    }
}

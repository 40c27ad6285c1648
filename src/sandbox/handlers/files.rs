//! The file servers: videos, thumbnails and previews. As with the real provider, they are another origin
//! than the API and need no credentials; credentials sent to them are counted as the client's mistake.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::http::uri::PathAndQuery;
use axum::response::Response;

use crate::sandbox::clock;
use crate::sandbox::connection::Cutter;
use crate::sandbox::faults::{ActiveFault, FileFault, RequestKind, Rules, active_faults};
use crate::sandbox::file_response::{FileResponse, storage_error};
use crate::sandbox::http::{html, page_not_found, query, redirect};
use crate::sandbox::job::{Job, JobOutcome, JobStatus};
use crate::sandbox::media::{Shape, VOICE};
use crate::sandbox::state::AppState;

/// Handles every request at the files origin.
pub(in crate::sandbox) async fn files(
    State(app): State<Arc<AppState>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
) -> Response {
    serve_file(&app, &cutter, &request, true)
}

/// Handles every request at the mirror, the target of redirects. It has no faults.
pub(in crate::sandbox) async fn mirror(
    State(app): State<Arc<AppState>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
) -> Response {
    serve_file(&app, &cutter, &request, false)
}

fn serve_file(app: &AppState, cutter: &Cutter, request: &Request, has_faults: bool) -> Response {
    let headers = request.headers();
    let secrets = ["x-api-id", "x-api-key", "authorization"];
    if secrets.iter().any(|name| headers.contains_key(*name)) {
        app.lock().ledger.credentials_on_files += 1;
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return html(405, "Method Not Allowed");
    }
    let path = request.uri().path();
    let file_in = |folder| path.strip_prefix(folder).and_then(|name| name.split_once('.'));
    let (kind, (id, extension)) = if let Some(name) = file_in("/videos/") {
        (RequestKind::Video, name)
    } else if let Some(name) = file_in("/thumbnails/") {
        (RequestKind::Thumbnail, name)
    } else if let Some(preview) = preview(app, path) {
        app.count(RequestKind::Preview);
        return preview.send(app, cutter, headers);
    } else {
        app.count(RequestKind::Other);
        return page_not_found();
    };
    let ordinal = app.count(kind);
    let Some((job, mut file)) = finished_file(app, kind, id, extension) else {
        return storage_error(404);
    };
    if has_faults && let Err(instead) = apply_faults(app, request, kind, ordinal, &job, &mut file) {
        return *instead;
    }
    let response = file.send(app, cutter, headers);
    let has_bytes = response.status().is_success() && request.method() == Method::GET;
    if kind == RequestKind::Video && has_bytes {
        *app.lock().ledger.downloads.entry(job.id.clone()).or_default() += 1;
    }
    response
}

/// Returns the video or the thumbnail of the job `id`, and the job, if it is rendered.
fn finished_file(
    app: &AppState,
    kind: RequestKind,
    id: &str,
    extension: &str,
) -> Option<(Arc<Job>, FileResponse)> {
    let job = app.lock().account.job(id).cloned()?;
    if job.status(clock::now()) != JobStatus::Done || job.outcome != JobOutcome::Done {
        return None;
    }
    let media = job.media();
    let (bytes, own_extension, content_type) = if kind == RequestKind::Video {
        (job.video(), media.extension(), media.content_type())
    } else {
        (media.thumbnail(id), "jpg", "image/jpeg")
    };
    (extension == own_extension).then(|| (job, FileResponse::new(bytes, content_type)))
}

/// Applies the fault of this request.
///
/// # Errors
///
/// The response to send instead of the file.
fn apply_faults(
    app: &AppState,
    request: &Request,
    kind: RequestKind,
    ordinal: u64,
    job: &Job,
    file: &mut FileResponse,
) -> Result<(), Box<Response>> {
    let faults = &app.settings.faults;
    let rules = if kind == RequestKind::Video { &faults.files } else { &faults.thumbnails };
    file.fault = active_faults(rules, app.fault_seed, kind, ordinal)
        .find(|fault| fault.kind != FileFault::Expires);
    if app.links.signed {
        check_link(app, request, job, rules, file.fault)?;
    }
    let instead = match file.fault.map(|fault| fault.kind) {
        Some(FileFault::Redirect) => {
            let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
            redirect(302, &format!("{}{path}", app.origins.mirror))
        }
        Some(FileFault::Unavailable) => html(503, "503 Slow Down"),
        Some(FileFault::Html) => html(200, "Please sign in"),
        fault => {
            if fault == Some(FileFault::NewTag) {
                file.etag = format!("\"{ordinal}-{}", file.etag.trim_start_matches('"'));
            }
            return Ok(());
        }
    };
    Err(instead.into())
}

/// Checks that the link of a request is signed, not expired and not dead; `fault` may make it dead.
fn check_link(
    app: &AppState,
    request: &Request,
    job: &Job,
    rules: &Rules<FileFault>,
    fault: Option<ActiveFault<FileFault>>,
) -> Result<(), Box<Response>> {
    let Some(issued) = app.links.issued(&job.id, &query(request.uri())) else {
        return Err(storage_error(403).into());
    };
    if let Some(trigger) = rules.get(&FileFault::Expires) {
        let life = i64::try_from(trigger.amount.unwrap_or(1000)).unwrap_or(i64::MAX);
        if clock::now() > issued.saturating_add(life) {
            return Err(storage_error(403).into());
        }
    }
    let dead_links = &mut app.lock().dead_links;
    match fault.map(|fault| fault.kind) {
        Some(FileFault::DeadLink403) => dead_links.add(&job.id, issued, 403),
        Some(FileFault::DeadLink404) => dead_links.add(&job.id, issued, 404),
        Some(FileFault::DeadLink410) => dead_links.add(&job.id, issued, 410),
        _ => {}
    }
    match dead_links.status(&job.id, issued) {
        Some(status) => Err(storage_error(status).into()),
        None => Ok(()),
    }
}

/// Returns a preview of the catalogue.
fn preview(app: &AppState, path: &str) -> Option<FileResponse> {
    let (bytes, content_type) = if let Some(name) = path.strip_prefix("/voices/") {
        app.catalogue.has_accent(name.strip_suffix(".mp3")?).then_some((VOICE, "audio/mpeg"))?
    } else {
        let (id, name) = path.strip_prefix("/previews/")?.split_once('/')?;
        app.catalogue.persona(id)?;
        let (ratio, extension) = name.split_once('.')?;
        let shape = Shape::of_ratio(ratio)?;
        match extension {
            "jpg" => (shape.jpeg, "image/jpeg"),
            "mp4" => (shape.mp4, "video/mp4"),
            _ => return None,
        }
    };
    Some(FileResponse::new(bytes, content_type))
}

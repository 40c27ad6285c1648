//! The file servers: videos, thumbnails and previews. As with the real provider, they are another origin
//! than the API and need no credentials; credentials sent to them are counted as the client's mistake.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use crate::sandbox::clock;
use crate::sandbox::connection::Cutter;
use crate::sandbox::faults::{ActiveFault, FileFault, RequestKind, Rules, active_faults};
use crate::sandbox::file_response::{FileResponse, etag, storage_error};
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
    serve_file(&app, &cutter, &request, Host::Files)
}

/// Handles every request at the mirror, the target of redirects. It has no faults.
pub(in crate::sandbox) async fn mirror(
    State(app): State<Arc<AppState>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
) -> Response {
    serve_file(&app, &cutter, &request, Host::Mirror)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Files,
    Mirror,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobFile {
    Video,
    Thumbnail,
}

impl JobFile {
    /// Splits a path into the file, the job's id and the extension.
    fn parse(path: &str) -> Option<(Self, &str, &str)> {
        let (file, name) = match path.strip_prefix("/videos/") {
            Some(name) => (Self::Video, name),
            None => (Self::Thumbnail, path.strip_prefix("/thumbnails/")?),
        };
        let (id, extension) = name.split_once('.')?;
        Some((file, id, extension))
    }

    fn kind(self) -> RequestKind {
        match self {
            Self::Video => RequestKind::Video,
            Self::Thumbnail => RequestKind::Thumbnail,
        }
    }

    fn extension(self, job: &Job) -> &'static str {
        match self {
            Self::Video => job.media().extension(),
            Self::Thumbnail => "jpg",
        }
    }

    fn rules(self, app: &AppState) -> &Rules<FileFault> {
        match self {
            Self::Video => &app.settings().faults.files,
            Self::Thumbnail => &app.settings().faults.thumbnails,
        }
    }

    fn response(self, job: &Job, fault: Option<ActiveFault<FileFault>>) -> FileResponse {
        let (bytes, content_type) = match self {
            Self::Video => (job.video(), job.media().content_type()),
            Self::Thumbnail => (job.media().thumbnail(&job.id), "image/jpeg"),
        };
        FileResponse {
            etag: etag(&bytes),
            bytes: Bytes::from(bytes),
            content_type,
            fault,
        }
    }
}

fn serve_file(app: &AppState, cutter: &Cutter, request: &Request, host: Host) -> Response {
    let headers = request.headers();
    let secrets = ["x-api-id", "x-api-key", "authorization"];
    if secrets.iter().any(|name| headers.contains_key(*name)) {
        app.lock().counters.credentials_on_files += 1;
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return html(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    }
    let path = request.uri().path();
    let Some((file, id, extension)) = JobFile::parse(path) else {
        let Some(preview) = preview(app, path) else {
            app.count(RequestKind::Other);
            return page_not_found();
        };
        app.count(RequestKind::Preview);
        return preview.send(app, cutter, headers);
    };
    let ordinal = app.count(file.kind());
    let Some(job) = finished_job(app, file, id, extension) else {
        return storage_error(StatusCode::NOT_FOUND);
    };
    let file_response = match host {
        Host::Files => faulty_file(app, request, file, &job, ordinal),
        Host::Mirror => Ok(file.response(&job, None)),
    };
    match file_response {
        Err(instead) => *instead,
        Ok(file_response) => {
            let response = file_response.send(app, cutter, headers);
            let has_bytes = response.status().is_success() && request.method() == Method::GET;
            if file == JobFile::Video && has_bytes {
                app.lock().counters.record_download(&job.id);
            }
            response
        }
    }
}

/// Returns the job of a file if it is rendered and has that file.
fn finished_job(app: &AppState, file: JobFile, id: &str, extension: &str) -> Option<Arc<Job>> {
    let job = app.lock().account.job(id).cloned()?;
    let is_rendered =
        job.status(clock::now()) == JobStatus::Done && job.outcome == JobOutcome::Done;
    (is_rendered && extension == file.extension(&job)).then_some(job)
}

/// Returns the file with the fault that strikes this request.
///
/// # Errors
///
/// The response to send instead of the file.
fn faulty_file(
    app: &AppState,
    request: &Request,
    file: JobFile,
    job: &Job,
    ordinal: u64,
) -> Result<FileResponse, Box<Response>> {
    let rules = file.rules(app);
    let fault = active_faults(rules, app.fault_seed(), file.kind(), ordinal)
        .find(|fault| fault.kind != FileFault::Expires);
    if app.links().signed {
        check_link(app, request, job, rules, fault)?;
    }
    let is = |kind| fault.is_some_and(|fault| fault.kind == kind);
    if is(FileFault::Redirect) {
        let uri = request.uri();
        let path = uri.path_and_query().map_or("/", |both| both.as_str());
        let location = format!("{}{path}", app.origins().mirror);
        return Err(redirect(StatusCode::FOUND, &location).into());
    }
    if is(FileFault::Unavailable) {
        return Err(html(StatusCode::SERVICE_UNAVAILABLE, "503 Slow Down").into());
    }
    if is(FileFault::Html) {
        return Err(html(StatusCode::OK, "Please sign in").into());
    }
    let mut response = file.response(job, fault);
    if is(FileFault::NewTag) {
        response.etag = format!("\"{ordinal}-{}", response.etag.trim_start_matches('"'));
    }
    Ok(response)
}

/// Checks that the link of a request is signed, not expired and not dead; `fault` may make it dead.
fn check_link(
    app: &AppState,
    request: &Request,
    job: &Job,
    rules: &Rules<FileFault>,
    fault: Option<ActiveFault<FileFault>>,
) -> Result<(), Box<Response>> {
    let refuse = |status| Err(storage_error(status).into());
    let Some(issued) = app.links().issued(&job.id, &query(request.uri())) else {
        return refuse(StatusCode::FORBIDDEN);
    };
    if let Some(when) = rules.get(&FileFault::Expires) {
        let life = i64::try_from(when.amount.unwrap_or(1000)).unwrap_or(i64::MAX);
        if clock::now() > issued.saturating_add(life) {
            return refuse(StatusCode::FORBIDDEN);
        }
    }
    let statuses = [
        (FileFault::DeadLink403, StatusCode::FORBIDDEN),
        (FileFault::DeadLink404, StatusCode::NOT_FOUND),
        (FileFault::DeadLink410, StatusCode::GONE),
    ];
    let dead = statuses
        .into_iter()
        .find(|(dead, _)| fault.is_some_and(|fault| fault.kind == *dead));
    let dead_links = &mut app.lock().dead_links;
    if let Some((_, status)) = dead {
        dead_links.add(&job.id, issued, status);
        return refuse(status);
    }
    match dead_links.status(&job.id, issued) {
        Some(status) => refuse(status),
        None => Ok(()),
    }
}

/// Returns a preview of the catalogue.
fn preview(app: &AppState, path: &str) -> Option<FileResponse> {
    let (bytes, content_type) = if let Some(name) = path.strip_prefix("/voices/") {
        let id = name.strip_suffix(".mp3")?;
        let exists = app.catalogue().has_accent(id);
        exists.then_some((VOICE, "audio/mpeg"))?
    } else {
        let (id, name) = path.strip_prefix("/previews/")?.split_once('/')?;
        app.catalogue().persona(id)?;
        let (ratio, extension) = name.split_once('.')?;
        let shape = Shape::of_ratio(ratio)?;
        match extension {
            "jpg" => (shape.jpeg(), "image/jpeg"),
            "mp4" => (shape.mp4(), "video/mp4"),
            _ => return None,
        }
    };
    Some(FileResponse {
        etag: etag(bytes),
        bytes: Bytes::from_static(bytes),
        content_type,
        fault: None,
    })
}

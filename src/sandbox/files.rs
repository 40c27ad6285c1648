//! The file hosts: videos, thumbnails and previews, from another origin than the API's, as with the
//! real provider. No keys are wanted here, and any that come are noted as a client's mistake.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::answers::{html, no_such_page, redirect};
use super::api::query;
use super::clock;
use super::delivery::{Delivery, denied, send, tag};
use super::faults::{FileFault, Rules, Struck, striking};
use super::job::{Job, JobStatus, Verdict};
use super::ledger::RequestKind;
use super::line::Scissors;
use super::media::{Shape, VOICE};
use super::world::World;

/// Answers every request at the files origin.
pub(super) async fn answer(
    State(world): State<Arc<World>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    serve(&world, &scissors, &request, Host::Files)
}

/// Answers every request at the third origin, where redirects lead. It has no faults.
pub(super) async fn answer_at_mirror(
    State(world): State<Arc<World>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    serve(&world, &scissors, &request, Host::Mirror)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Files,
    Mirror,
}

/// A file of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobFile {
    Video,
    Thumbnail,
}

impl JobFile {
    /// Which file of which job a path means: the file, the id, the extension.
    fn at(path: &str) -> Option<(Self, &str, &str)> {
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
            Self::Video => job.picture().extension(),
            Self::Thumbnail => "jpg",
        }
    }

    fn rules(self, world: &World) -> &Rules<FileFault> {
        match self {
            Self::Video => &world.settings().faults.files,
            Self::Thumbnail => &world.settings().faults.thumbnails,
        }
    }

    fn bytes(self, job: &Job) -> (Vec<u8>, &'static str) {
        match self {
            Self::Video => (job.video(), job.picture().content_type()),
            Self::Thumbnail => (job.picture().thumbnail(&job.id), "image/jpeg"),
        }
    }
}

fn serve(world: &World, scissors: &Scissors, request: &Request, host: Host) -> Response {
    let headers = request.headers();
    let secrets = ["x-api-id", "x-api-key", "authorization"];
    if secrets.iter().any(|name| headers.contains_key(*name)) {
        world.books().tally.credentials_on_files += 1;
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return html(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    }
    let path = request.uri().path();
    let Some((file, id, extension)) = JobFile::at(path) else {
        let Some(delivery) = preview(world, path) else {
            world.count(RequestKind::Other);
            return no_such_page();
        };
        world.count(RequestKind::Preview);
        return send(world, scissors, headers, &delivery);
    };
    let ordinal = world.count(file.kind());
    let Some(job) = finished(world, file, id, extension) else {
        return denied(StatusCode::NOT_FOUND);
    };
    let prepared = match host {
        Host::Files => prepare(world, request, file, &job, ordinal),
        Host::Mirror => Ok(deliver(file, &job, None)),
    };
    match prepared {
        Err(instead) => *instead,
        Ok(delivery) => {
            let response = send(world, scissors, headers, &delivery);
            let carries_bytes = response.status().is_success() && request.method() == Method::GET;
            if file == JobFile::Video && carries_bytes {
                world.books().tally.download(&job.id);
            }
            response
        }
    }
}

/// The job whose file it is, if the file exists by now.
fn finished(world: &World, file: JobFile, id: &str, extension: &str) -> Option<Arc<Job>> {
    let job = world.books().account.job(id).cloned()?;
    let made = job.status(clock::now()) == JobStatus::Done && job.verdict == Verdict::Done;
    (made && extension == file.extension(&job)).then_some(job)
}

/// The file, or what is answered instead of it.
fn prepare(
    world: &World,
    request: &Request,
    file: JobFile,
    job: &Job,
    ordinal: u64,
) -> Result<Delivery, Box<Response>> {
    let rules = file.rules(world);
    let fault = striking(rules, world.fault_seed(), file.kind(), ordinal)
        .find(|struck| struck.fault != FileFault::Expires);
    if world.links().signed {
        check_link(world, request, job, rules, fault)?;
    }
    let is = |wanted| fault.is_some_and(|struck| struck.fault == wanted);
    if is(FileFault::Redirect) {
        let uri = request.uri();
        let path = uri.path_and_query().map_or("/", |both| both.as_str());
        let elsewhere = format!("{}{path}", world.origins().mirror);
        return Err(redirect(StatusCode::FOUND, &elsewhere).into());
    }
    if is(FileFault::Unavailable) {
        return Err(html(StatusCode::SERVICE_UNAVAILABLE, "503 Slow Down").into());
    }
    if is(FileFault::Html) {
        return Err(html(StatusCode::OK, "Please sign in").into());
    }
    let mut delivery = deliver(file, job, fault);
    if is(FileFault::NewTag) {
        delivery.tag = format!("\"{ordinal}-{}", delivery.tag.trim_start_matches('"'));
    }
    Ok(delivery)
}

/// Refuses a link that was not made here, has expired, is dead, or is killed by `fault` now.
fn check_link(
    world: &World,
    request: &Request,
    job: &Job,
    rules: &Rules<FileFault>,
    fault: Option<Struck<FileFault>>,
) -> Result<(), Box<Response>> {
    let refuse = |status| Err(denied(status).into());
    let Some(issued) = world.links().issued(&job.id, &query(request.uri())) else {
        return refuse(StatusCode::FORBIDDEN);
    };
    if let Some(when) = rules.get(&FileFault::Expires) {
        let life = i64::try_from(when.amount.unwrap_or(1000)).unwrap_or(i64::MAX);
        if clock::now() > issued.saturating_add(life) {
            return refuse(StatusCode::FORBIDDEN);
        }
    }
    let deadly = [
        (FileFault::DeadLink403, StatusCode::FORBIDDEN),
        (FileFault::DeadLink404, StatusCode::NOT_FOUND),
        (FileFault::DeadLink410, StatusCode::GONE),
    ];
    let killed = deadly
        .into_iter()
        .find(|(deadly, _)| fault.is_some_and(|struck| struck.fault == *deadly));
    let dead_links = &mut world.books().dead_links;
    if let Some((_, status)) = killed {
        dead_links.kill(&job.id, issued, status);
        return refuse(status);
    }
    match dead_links.status(&job.id, issued) {
        Some(status) => refuse(status),
        None => Ok(()),
    }
}

fn deliver(file: JobFile, job: &Job, fault: Option<Struck<FileFault>>) -> Delivery {
    let (bytes, content_type) = file.bytes(job);
    Delivery {
        tag: tag(&bytes),
        bytes: Bytes::from(bytes),
        content_type,
        fault,
    }
}

/// A preview of the catalogue.
fn preview(world: &World, path: &str) -> Option<Delivery> {
    let (bytes, content_type) = if let Some(name) = path.strip_prefix("/voices/") {
        let id = name.strip_suffix(".mp3")?;
        let exists = world.catalogue().has_accent(id);
        exists.then_some((VOICE, "audio/mpeg"))?
    } else {
        let (id, name) = path.strip_prefix("/previews/")?.split_once('/')?;
        world.catalogue().persona(id)?;
        let (ratio, extension) = name.split_once('.')?;
        let shape = Shape::of_ratio(ratio)?;
        match extension {
            "jpg" => (shape.plain_still(), "image/jpeg"),
            "mp4" => (shape.plain_video(), "video/mp4"),
            _ => return None,
        }
    };
    Some(Delivery {
        tag: tag(bytes),
        bytes: Bytes::from_static(bytes),
        content_type,
        fault: None,
    })
}

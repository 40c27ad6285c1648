//! Jobs, asked for one by one, a hundred at a time, or all together.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures::stream;
use serde_json::{Value, json};

use super::answers::{detail, json, with_body};
use super::api::first;
use super::chance::Seed;
use super::clock;
use super::faults::{ListFault, ShownFault, striking};
use super::fields::is_uuid;
use super::job::Job;
use super::ledger::RequestKind;
use super::world::World;

/// The most ids that one request may name; documented.
const IDS_LIMIT: usize = 100;

/// The most jobs of somebody else.
const FOREIGN_LIMIT: u64 = 1_000_000;

/// Jobs that are written at a time: enough for a packet or two, little enough for any memory.
const ROWS_AT_A_TIME: usize = 32;

/// `GET /api/lipsyncs/{id}/`.
pub(super) fn look(world: &World, id: &str, ordinal: u64) -> Response {
    let job = world.books().account.job(id).cloned();
    let Some(job) = job else {
        return detail(StatusCode::NOT_FOUND, "No Lipsync matches the given query.");
    };
    let mut jobs = vec![job.object(clock::now(), world.links())];
    disguise(world, &mut jobs, RequestKind::Look, ordinal);
    json(StatusCode::OK, &jobs.first())
}

/// `GET /api/lipsyncs/?ids=`. Ids that are not known are left out in silence.
pub(super) fn poll(world: &World, query: &HashMap<String, String>, ordinal: u64) -> Response {
    let refuse = |message: &str| json(StatusCode::BAD_REQUEST, &json!({ "ids": [message] }));
    let ids: Vec<&str> = match query.get("ids").map(|ids| ids.trim()) {
        None | Some("") => return refuse("This field may not be blank."),
        Some(ids) => ids.split(',').map(str::trim).collect(),
    };
    if ids.len() > IDS_LIMIT {
        return refuse("Ensure this field has no more than 100 elements.");
    }
    if let Some(wrong) = ids.iter().find(|id| !is_uuid(id)) {
        return refuse(&format!("“{wrong}” is not a valid UUID."));
    }
    let now = clock::now();
    let mut jobs: Vec<Arc<Job>> = {
        let books = world.books();
        ids.iter()
            .filter_map(|id| books.account.job(id).cloned())
            .collect()
    };
    jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.number));
    jobs.dedup_by_key(|job| job.number);
    let mut jobs: Vec<Value> = jobs
        .iter()
        .map(|job| job.object(now, world.links()))
        .collect();
    disguise(world, &mut jobs, RequestKind::Poll, ordinal);
    json(StatusCode::OK, &jobs)
}

/// Makes jobs look as the faults want it.
fn disguise(world: &World, jobs: &mut Vec<Value>, kind: RequestKind, ordinal: u64) {
    let Some(struck) = first(world, &world.settings().faults.shown, kind, ordinal) else {
        return;
    };
    match struck.fault {
        ShownFault::Missing if kind == RequestKind::Poll && !jobs.is_empty() => {
            let count = u64::try_from(jobs.len()).unwrap_or(1);
            let which = world.fault_seed().number("missing", ordinal) % count;
            jobs.remove(usize::try_from(which).unwrap_or(0));
        }
        ShownFault::Missing => {}
        ShownFault::UnknownStatus => {
            for job in jobs {
                job["status"] = "post_processing".into();
            }
        }
        ShownFault::TextProgress => {
            for job in jobs {
                job["progress"] = job["progress"].to_string().into();
            }
        }
        ShownFault::NullOutput => {
            for job in jobs {
                job["output"] = Value::Null;
                job["video_thumbnail"] = Value::Null;
            }
        }
    }
}

/// One row of the list.
#[derive(Debug, Clone)]
enum Row {
    Own(Arc<Job>),
    /// Somebody else's, of that number and moment, the latter as the API writes it.
    Foreign(u64, Arc<str>),
}

/// `GET /api/lipsyncs/`: an array of everything, newest first, unless faults want it otherwise.
pub(super) fn list(world: &Arc<World>, query: &HashMap<String, String>, ordinal: u64) -> Response {
    let now = clock::now();
    let seed = world.fault_seed();
    let own: Vec<Arc<Job>> = world.books().account.jobs().to_vec();
    let mut rows: Vec<Row> = own.into_iter().rev().map(Row::Own).collect();
    let mut page_size = None;
    let rules = &world.settings().faults.listing;
    let all: Vec<_> = striking(rules, seed, RequestKind::List, ordinal).collect();
    // Pages must be pages of one order, or a row could be on none of them.
    let is_paged = all.iter().any(|struck| struck.fault == ListFault::Envelope);
    let order = if is_paged { 0 } else { ordinal };
    for struck in all {
        match struck.fault {
            ListFault::Late => {
                let late = i64::try_from(struck.amount_or(2000)).unwrap_or(i64::MAX);
                rows.retain(|row| match row {
                    Row::Own(job) => job.accepted_at.saturating_add(late) <= now,
                    Row::Foreign(..) => true,
                });
            }
            ListFault::Foreign => rows = among_foreign(rows, struck.amount_or(20_000), now),
            ListFault::Capped => {
                rows.truncate(usize::try_from(struck.amount_or(10)).unwrap_or(usize::MAX));
            }
            ListFault::Shuffled => shuffle(&mut rows, seed, order),
            ListFault::Envelope => {
                let size = usize::try_from(struck.amount_or(100)).unwrap_or(usize::MAX);
                page_size = Some(size.max(1));
            }
        }
    }
    match page_size {
        None => stream_rows(world, "[", rows, "]", now),
        Some(size) => page(world, query, &rows, size, now),
    }
}

/// `rows` with `count` of somebody else's spread evenly between them.
fn among_foreign(rows: Vec<Row>, count: u64, now: i64) -> Vec<Row> {
    let count = count.min(FOREIGN_LIMIT);
    let own = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let before_each = count / own.saturating_add(1);
    let mut mixed = Vec::new();
    let mut next = 0_u64;
    let written = |moment| Arc::<str>::from(clock::api_time(moment));
    let mut moment = written(now);
    for row in rows {
        let numbers = next..next + before_each;
        mixed.extend(numbers.map(|number| Row::Foreign(number, moment.clone())));
        next += before_each;
        if let Row::Own(job) = &row {
            moment = written(job.accepted_at);
        }
        mixed.push(row);
    }
    mixed.extend((next..count).map(|number| Row::Foreign(number, moment.clone())));
    mixed
}

/// Another order each time, drawn from the seed.
fn shuffle(rows: &mut [Row], seed: Seed, ordinal: u64) {
    let mut state = seed.number("shuffle", ordinal);
    for last in (1..rows.len()).rev() {
        // One step of a linear congruential generator (Knuth's constants), whose high bits are good.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let choices = u64::try_from(last + 1).unwrap_or(u64::MAX);
        let other = usize::try_from((state >> 32) % choices).unwrap_or(0);
        rows.swap(last, other);
    }
}

/// One page of an envelope.
fn page(
    world: &Arc<World>,
    query: &HashMap<String, String>,
    rows: &[Row],
    size: usize,
    now: i64,
) -> Response {
    let page = query
        .get("page")
        .map_or(Ok(1), |page| page.parse::<usize>());
    let pages = rows.len().div_ceil(size).max(1);
    let Some(page) = page.ok().filter(|page| (1..=pages).contains(page)) else {
        return detail(StatusCode::NOT_FOUND, "Invalid page.");
    };
    let link = |page: usize| format!("{}/api/lipsyncs/?page={page}", world.origins().api);
    let next = json!((page < pages).then(|| link(page + 1)));
    let previous = json!((page > 1).then(|| link(page - 1)));
    let head = format!(
        "{{\"count\":{},\"next\":{next},\"previous\":{previous},\"results\":[",
        rows.len()
    );
    let rows = rows.chunks(size).nth(page - 1).unwrap_or_default();
    stream_rows(world, &head, rows.to_vec(), "]}", now)
}

/// Rows between `head` and `tail`, written as they are sent.
fn stream_rows(
    world: &Arc<World>,
    head: &str,
    rows: Vec<Row>,
    tail: &'static str,
    now: i64,
) -> Response {
    let world = world.clone();
    let mut head = Some(head.to_owned());
    let mut rows = rows.into_iter().peekable();
    let pieces = std::iter::from_fn(move || {
        let first = head.is_some();
        if !first && rows.peek().is_none() {
            return None;
        }
        let mut piece = head.take().unwrap_or_default();
        for row in rows.by_ref().take(ROWS_AT_A_TIME) {
            if !piece.ends_with('[') {
                piece.push(',');
            }
            piece.push_str(&written(&world, &row, now));
        }
        if rows.peek().is_none() {
            piece.push_str(tail);
        }
        Some(Ok::<_, Infallible>(Bytes::from(piece)))
    });
    let body = Body::from_stream(stream::iter(pieces));
    with_body(StatusCode::OK, "application/json", body)
}

/// A row as JSON. Somebody else's are put together by hand: there may be very many of them.
fn written(world: &World, row: &Row, now: i64) -> String {
    match row {
        Row::Own(job) => job.object(now, world.links()).to_string(),
        Row::Foreign(number, moment) => {
            let files = &world.origins().files;
            let id = format!("00000000-0000-4000-8000-{number:012x}");
            format!(
                r#"{{"id":"{id}","name":"Launch video {number}","text":"A text of somebody else.","creator":null,"aspect_ratio":"16x9","status":"done","progress":1,"created_at":"{moment}","updated_at":"{moment}","credits_used":5,"duration":20,"failed_reason":null,"output":"{files}/videos/{id}.mp4","video_thumbnail":null}}"#
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(rows: &[Row]) -> Vec<u64> {
        let number = |row: &Row| match row {
            Row::Own(_) => u64::MAX,
            Row::Foreign(number, _) => *number,
        };
        rows.iter().map(number).collect()
    }

    #[test]
    fn foreign_jobs_are_as_many_as_asked_for() {
        let rows = among_foreign(Vec::new(), 10, 5);
        assert_eq!(numbers(&rows), (0..10).collect::<Vec<_>>());
        let more = among_foreign(rows[..3].to_vec(), 9, 5);
        assert_eq!(more.len(), 12);
    }

    #[test]
    fn shuffling_keeps_every_row_and_differs_each_time() {
        let order = |ordinal| {
            let mut rows = among_foreign(Vec::new(), 50, 0);
            shuffle(&mut rows, Seed(1), ordinal);
            numbers(&rows)
        };
        assert_ne!(order(1), order(2));
        assert_eq!(order(1), order(1));
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }
}

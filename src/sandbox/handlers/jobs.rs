//! `GET /api/lipsyncs/`: one job, up to a hundred by id, or all of them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::response::Response;
use serde_json::{Value, json};

use crate::sandbox::clock;
use crate::sandbox::faults::{JobFault, ListFault, RequestKind, active_faults};
use crate::sandbox::http::{Page, job_not_found, json, with_body};
use crate::sandbox::job::Job;
use crate::sandbox::random::{Seed, xorshift};
use crate::sandbox::state::AppState;
use crate::sandbox::validation::{is_uuid, not_a_uuid};

/// The documented maximum of ids in one request.
const IDS_LIMIT: usize = 100;

/// The maximum of jobs of other campaigns in the list.
const FOREIGN_LIMIT: u64 = 1_000_000;

/// `GET /api/lipsyncs/{id}/`.
pub(super) fn get(app: &AppState, id: &str, ordinal: u64) -> Response {
    let job = app.lock().account.job(id).cloned();
    let Some(job) = job else {
        return job_not_found();
    };
    let mut jobs = vec![job.object(clock::now(), &app.links)];
    apply_job_fault(app, &mut jobs, RequestKind::Look, ordinal);
    json(200, &jobs.first())
}

/// `GET /api/lipsyncs/?ids=`. Unknown ids are left out.
pub(super) fn poll(app: &AppState, query: &HashMap<String, String>, ordinal: u64) -> Response {
    let refuse = |message: &str| json(400, &json!({ "ids": [message] }));
    let ids: Vec<&str> = match query.get("ids").map(|ids| ids.trim()) {
        None | Some("") => return refuse("This field may not be blank."),
        Some(ids) => ids.split(',').map(str::trim).collect(),
    };
    if ids.len() > IDS_LIMIT {
        return refuse("Ensure this field has no more than 100 elements.");
    }
    if let Some(wrong) = ids.iter().find(|id| !is_uuid(id)) {
        return refuse(&not_a_uuid(wrong));
    }
    let now = clock::now();
    let mut jobs: Vec<Arc<Job>> = {
        let state = app.lock();
        let jobs = ids.iter().filter_map(|id| state.account.job(id));
        jobs.cloned().collect()
    };
    jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.number));
    jobs.dedup_by_key(|job| job.number);
    let mut jobs: Vec<Value> = jobs.iter().map(|job| job.object(now, &app.links)).collect();
    apply_job_fault(app, &mut jobs, RequestKind::Poll, ordinal);
    json(200, &jobs)
}

/// Applies the fault of this request to the job objects.
fn apply_job_fault(app: &AppState, jobs: &mut Vec<Value>, kind: RequestKind, ordinal: u64) {
    let Some(fault) = app.first_fault(&app.settings.faults.shown, kind, ordinal) else {
        return;
    };
    if fault.kind == JobFault::Missing {
        if kind == RequestKind::Poll && !jobs.is_empty() {
            let count = u64::try_from(jobs.len()).unwrap_or(1);
            let which = app.fault_seed.number("missing", ordinal) % count;
            jobs.remove(usize::try_from(which).unwrap_or(0));
        }
        return;
    }
    for job in jobs {
        match fault.kind {
            JobFault::Missing => {}
            JobFault::UnknownStatus => job["status"] = "post_processing".into(),
            JobFault::TextProgress => job["progress"] = job["progress"].to_string().into(),
            JobFault::NullOutput => {
                job["output"] = Value::Null;
                job["video_thumbnail"] = Value::Null;
            }
        }
    }
}

/// A row of the list.
#[derive(Debug, Clone)]
enum Row {
    Own(Arc<Job>),
    /// The number of another campaign's job, and its creation time in the API's format.
    Foreign(u64, Arc<str>),
}

/// `GET /api/lipsyncs/`: an array of all jobs, newest first, unless faults change it.
pub(super) fn list(app: &AppState, query: &HashMap<String, String>, ordinal: u64) -> Response {
    let now = clock::now();
    let seed = app.fault_seed;
    let own: Vec<Arc<Job>> = app.lock().account.jobs().to_vec();
    let mut rows: Vec<Row> = own.into_iter().rev().map(Row::Own).collect();
    let mut page_size = None;
    let rules = &app.settings.faults.listing;
    let faults: Vec<_> = active_faults(rules, seed, RequestKind::List, ordinal).collect();
    // All pages must have one order, or a row could be on none of them.
    let is_paged = faults.iter().any(|fault| fault.kind == ListFault::Envelope);
    let order = if is_paged { 0 } else { ordinal };
    for fault in faults {
        match fault.kind {
            ListFault::Late => {
                let late = i64::try_from(fault.amount_or(2000)).unwrap_or(i64::MAX);
                rows.retain(|row| match row {
                    Row::Own(job) => job.accepted_at.saturating_add(late) <= now,
                    Row::Foreign(..) => true,
                });
            }
            ListFault::Foreign => rows = mix_in_foreign(rows, fault.amount_or(20_000), now),
            ListFault::Capped => {
                rows.truncate(usize::try_from(fault.amount_or(10)).unwrap_or(usize::MAX));
            }
            ListFault::Shuffled => shuffle(&mut rows, seed, order),
            ListFault::Envelope => {
                let size = usize::try_from(fault.amount_or(100)).unwrap_or(usize::MAX);
                page_size = Some(size.max(1));
            }
        }
    }
    let Some(size) = page_size else {
        return rows_response(app, "[", &rows, "]", now);
    };
    let link = |page: usize| format!("{}/api/lipsyncs/?page={page}", app.origins.api);
    match Page::select(&rows, size, query, link) {
        Err(refusal) => *refusal,
        Ok(Page { count, next, previous, results }) => {
            let (next, previous) = (json!(next), json!(previous));
            let head =
                format!(r#"{{"count":{count},"next":{next},"previous":{previous},"results":["#);
            rows_response(app, &head, results, "]}", now)
        }
    }
}

/// Spreads `count` jobs of other campaigns evenly between `rows`.
fn mix_in_foreign(rows: Vec<Row>, count: u64, now: i64) -> Vec<Row> {
    let count = count.min(FOREIGN_LIMIT);
    let own = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let before_each = count / own.saturating_add(1);
    let mut mixed = Vec::new();
    let mut next = 0_u64;
    let format = |millis| Arc::<str>::from(clock::api_time(millis));
    let mut created_at = format(now);
    for row in rows {
        let numbers = next..next + before_each;
        mixed.extend(numbers.map(|number| Row::Foreign(number, created_at.clone())));
        next += before_each;
        if let Row::Own(job) = &row {
            created_at = format(job.accepted_at);
        }
        mixed.push(row);
    }
    mixed.extend((next..count).map(|number| Row::Foreign(number, created_at.clone())));
    mixed
}

/// Shuffles `rows`; the order follows from the seed and the ordinal.
fn shuffle(rows: &mut [Row], seed: Seed, ordinal: u64) {
    let mut state = seed.number("shuffle", ordinal) | 1;
    rows.sort_by_cached_key(|_| xorshift(&mut state));
}

/// Returns a list of `rows` between `head` and `tail`.
fn rows_response(app: &AppState, head: &str, rows: &[Row], tail: &str, now: i64) -> Response {
    let rows: Vec<String> = rows.iter().map(|row| row_json(app, row, now)).collect();
    with_body(200, "application/json", format!("{head}{}{tail}", rows.join(",")))
}

/// Formats a row as JSON; foreign ones by hand, because there may be a million.
fn row_json(app: &AppState, row: &Row, now: i64) -> String {
    match row {
        Row::Own(job) => job.object(now, &app.links).to_string(),
        Row::Foreign(number, created_at) => {
            let files = &app.origins.files;
            let id = format!("00000000-0000-4000-8000-{number:012x}");
            format!(
                r#"{{"id":"{id}","name":"Launch video {number}","text":"A text of somebody else.","creator":null,"aspect_ratio":"16x9","status":"done","progress":1,"created_at":"{created_at}","updated_at":"{created_at}","credits_used":5,"duration":20,"failed_reason":null,"output":"{files}/videos/{id}.mp4","video_thumbnail":null}}"#
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
    fn the_requested_number_of_foreign_jobs_is_mixed_in() {
        let rows = mix_in_foreign(Vec::new(), 10, 5);
        assert_eq!(numbers(&rows), (0..10).collect::<Vec<_>>());
        let more = mix_in_foreign(rows[..3].to_vec(), 9, 5);
        assert_eq!(more.len(), 12);
    }

    #[test]
    fn shuffling_keeps_every_row_and_differs_by_ordinal() {
        let order = |ordinal| {
            let mut rows = mix_in_foreign(Vec::new(), 50, 0);
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

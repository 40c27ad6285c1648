//! Collectors of the rows of a list, one for each purpose.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::page::RowSink;
use super::wire::{job_id, parse_item, parse_job};
use crate::model::{ListFilter, Listing, RemoteId, RenderReport, Timestamp};

/// Memory for a row that is kept, in bytes, on average: half of it are two links with long signatures. There may be many
/// copies of one job.
const KEPT_PER_ROW: usize = 8 << 10;

/// Rows that may be kept in addition to the requested ones.
const EXTRA_ROWS: usize = 1000;

/// Largest catalogue, in bytes.
const MAX_CATALOGUE: usize = 64 << 20;

/// The memory left for rows, in bytes. A server must not be able to fill the memory.
#[derive(Debug)]
struct MemoryBudget(usize);

impl MemoryBudget {
    fn for_rows(rows: usize) -> Self {
        Self(rows.saturating_add(EXTRA_ROWS).saturating_mul(KEPT_PER_ROW))
    }

    fn take(&mut self, bytes: usize) -> Result<(), &'static str> {
        let left = self.0.checked_sub(bytes);
        self.0 = left.ok_or("it has more matching rows than the campaign can have")?;
        Ok(())
    }
}

fn size_of_report(report: &RenderReport) -> usize {
    let texts = [&report.name, &report.output, &report.thumbnail, &report.failed_reason];
    let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
    size_of::<RenderReport>() + texts + report.status.as_word().len()
}

fn size_of_value(value: &Value) -> usize {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size_of_value).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(field, value)| field.len() + size_of_value(value)).sum()
        }
    };
    size_of::<Value>() + inner
}

/// The rows of the account's list that match a filter. Strict: the list must prove absence, and an unreadable row may be
/// the wanted job.
#[derive(Debug)]
pub(super) struct ListRows {
    filter: Arc<ListFilter>,
    budget: MemoryBudget,
    pub(super) listing: Listing,
}

impl ListRows {
    pub(super) fn new(filter: Arc<ListFilter>) -> Self {
        Self { budget: MemoryBudget::for_rows(filter.rows()), filter, listing: Listing::default() }
    }
}

impl RowSink for ListRows {
    fn push(&mut self, row: Value) -> Result<(), &'static str> {
        let Some(fields) = row.as_object() else {
            return Err("one of its rows is not a job");
        };
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        self.listing.rows += 1;
        if let Some(created) = text("created_at").and_then(Timestamp::parse) {
            let oldest = self.listing.oldest.unwrap_or(created);
            self.listing.oldest = Some(oldest.min(created));
            let (first, _) = self.listing.ends.unwrap_or((created, created));
            self.listing.ends = Some((first, created));
        }
        // Only matching rows are parsed; they are few in a long list.
        if self.filter.wants(text("name"), job_id(&row).as_ref()) {
            let report = parse_job(&row).ok_or("one of our own jobs in it has no id")?;
            self.budget.take(size_of_report(&report))?;
            self.listing.found.push(report);
        }
        Ok(())
    }
}

/// The rows of a poll. Lenient: an unreadable row gives no information.
#[derive(Debug)]
pub(super) struct PollRows {
    /// By the id in lower case, because UUIDs are case-insensitive.
    by_id: HashMap<String, RemoteId>,
    budget: MemoryBudget,
    pub(super) reports: Vec<RenderReport>,
}

impl PollRows {
    pub(super) fn new(remotes: &[RemoteId]) -> Self {
        let by_id = remotes
            .iter()
            .map(|remote| (remote.as_str().to_ascii_lowercase(), remote.clone()))
            .collect();
        Self { by_id, budget: MemoryBudget::for_rows(remotes.len()), reports: Vec::new() }
    }
}

impl RowSink for PollRows {
    fn push(&mut self, row: Value) -> Result<(), &'static str> {
        if let Some(mut report) = parse_job(&row) {
            let id = report.remote.as_str().to_ascii_lowercase();
            // A server that ignores `ids` shows other jobs too. Each requested job counts once.
            if let Some(remote) = self.by_id.remove(&id) {
                report.remote = remote;
                self.budget.take(size_of_report(&report))?;
                self.reports.push(report);
            }
        }
        Ok(())
    }
}

/// The readable rows of a catalogue.
#[derive(Debug)]
pub(super) struct CatalogueRows<T> {
    budget: MemoryBudget,
    pub(super) items: Vec<T>,
}

impl<T> CatalogueRows<T> {
    pub(super) fn new() -> Self {
        Self { budget: MemoryBudget(MAX_CATALOGUE), items: Vec::new() }
    }
}

impl<T: DeserializeOwned + Send + 'static> RowSink for CatalogueRows<T> {
    fn push(&mut self, row: Value) -> Result<(), &'static str> {
        self.budget.take(size_of_value(&row))?;
        self.items.extend(parse_item::<T>(row));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, JobId, Speech, VideoRequest};
    use crate::model::{Fingerprint, Generation, RenderStatus, Tag};
    use proptest::prelude::*;
    use serde_json::json;

    fn list_rows() -> (Tag, ListRows) {
        let job: JobId = "a".parse().unwrap();
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let tag = Tag::of("c", &job, &Fingerprint::of(&request), Generation(0));
        let filter = ListFilter {
            tags: [tag.clone()].into(),
            references: ["w".parse().unwrap()].into(),
            own: None,
        };
        (tag, ListRows::new(Arc::new(filter)))
    }

    #[test]
    fn tagged_rows_and_witnesses_are_kept_and_all_rows_are_counted() {
        let (tag, mut rows) = list_rows();
        for row in [
            json!({"id": "x", "name": null, "created_at": "2025-05-13T03:12:44-07:00"}),
            json!({"id": "y", "name": format!("Copy of a {tag}"), "status": "running"}),
            json!({"id": "w", "name": "other", "created_at": "2025-05-12T03:12:44-07:00"}),
            json!({"id": {"strange": 1}}),
        ] {
            rows.push(row).unwrap();
        }
        let ids: Vec<_> = rows.listing.found.iter().map(|r| r.remote.as_str()).collect();
        assert_eq!((ids, rows.listing.rows), (vec!["y", "w"], 4));
        assert_eq!(rows.listing.oldest, Timestamp::parse("2025-05-12T03:12:44-07:00"));
    }

    #[test]
    fn an_unreadable_row_of_ours_makes_the_list_unusable() {
        let (tag, mut rows) = list_rows();
        assert!(rows.push(json!({"name": format!("a {tag}")})).is_err());
        assert!(rows.push(json!(null)).is_err());
    }

    #[test]
    fn kept_rows_are_limited_and_others_are_not() {
        let (tag, mut list) = list_rows();
        let link = "x".repeat(100_000);
        let fill = |push: &mut dyn FnMut(Value) -> Result<(), &'static str>, row: &Value| {
            (0..2000).find_map(|_| push(row.clone()).err())
        };
        let foreign = json!({"id": "x", "output": link});
        assert_eq!(fill(&mut |row| list.push(row), &foreign), None);
        let ours = json!({"id": "y", "name": tag.as_str(), "output": link});
        let reason = fill(&mut |row| list.push(row), &ours).unwrap();
        assert!(reason.contains("more matching rows"), "{reason}");
        assert!(list.listing.found.len() < 100);

        let ids: Vec<RemoteId> = (0..1000).map(|id| id.to_string().parse().unwrap()).collect();
        let mut poll = PollRows::new(&ids);
        let answers = ids.iter().map(|id| json!({"id": id.as_str(), "failed_reason": link}));
        assert!(answers.map(|row| poll.push(row)).any(|taken| taken.is_err()));

        let mut catalogue = CatalogueRows::<Value>::new();
        let item = json!({"id": "p", "keywords": [link]});
        assert!(fill(&mut |row| catalogue.push(row), &item).is_some());
    }

    #[test]
    fn a_poll_skips_unusable_rows() {
        let mut poll = PollRows::new(&["AB-1".parse().unwrap(), "c".parse().unwrap()]);
        for row in [
            json!(null),
            json!({"status": "done"}),
            json!({"id": "ab-1", "status": "done", "output": null, "video_output": "https://x/v"}),
            json!({"id": "ab-1", "status": "running"}),
            json!({"id": "z", "status": "done"}),
        ] {
            poll.push(row).unwrap();
        }
        assert_eq!(poll.reports.len(), 1);
        assert_eq!(poll.reports[0].remote.as_str(), "AB-1");
        assert_eq!(poll.reports[0].status, RenderStatus::Done);
        assert_eq!(poll.reports[0].output.as_deref(), Some("https://x/v"));
    }

    proptest! {
        #[test]
        fn any_row_is_a_report_or_none(
            fields in prop::collection::btree_map(
                prop::sample::select(vec![
                    "id", "name", "status", "output", "video_output", "progress", "duration",
                    "credits_used", "created_at", "failed_reason", "video_thumbnail",
                ]),
                prop::sample::select(vec![
                    json!(null), json!(""), json!("x"), json!("1e999"), json!(-1), json!(1e300),
                    json!(u64::MAX), json!([]), json!({"a": [null]}), json!(true), json!("50%"),
                    json!("2025-05-13T03:12:44-07:00"), json!("é\u{1b}[2J"),
                ]),
                0..11,
            )
        ) {
            let row = json!(fields);
            let has_id = fields.get("id").is_some_and(|id| id == "x" || id.is_u64());
            let reads = parse_job(&row).is_some();
            prop_assert!(reads || !has_id, "{row}");
            list_rows().1.push(row.clone()).unwrap();
            PollRows::new(&[]).push(row).unwrap();
        }
    }
}

//! What is kept of a list's rows, by what the list was asked for.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::page::RowSink;
use super::wire::Lipsync;
use crate::model::{ListFilter, Listing, RemoteId, RenderReport, Timestamp};

/// One row as a report; `None` if it says nothing that can be used.
///
/// One old client knows `output` as `video_output`; a row with both names is read by the first.
pub(super) fn report(mut row: Value) -> Option<RenderReport> {
    let fields = row.as_object_mut()?;
    if fields.get("output").is_some_and(|output| !output.is_null()) {
        fields.remove("video_output");
    } else if fields.contains_key("video_output") {
        fields.remove("output");
    }
    let lipsync: Lipsync = serde_json::from_value(row).ok()?;
    lipsync.into_report().ok()
}

/// Text of one row that is kept, on average: two links with long signatures are half of it. Many of one job may be
/// listed, as copies are.
const KEPT_OF_A_ROW: usize = 8 << 10;

/// Rows that may be kept beside those that were asked for.
const MORE_ROWS: usize = 1000;

/// No catalogue is larger, in bytes.
const LARGEST_CATALOGUE: usize = 64 << 20;

/// How much more may be kept of a list, in bytes, about: what a server sends must not fill the memory.
#[derive(Debug)]
struct MemoryBudget(usize);

impl MemoryBudget {
    fn for_rows(rows: usize) -> Self {
        Self(rows.saturating_add(MORE_ROWS).saturating_mul(KEPT_OF_A_ROW))
    }

    fn take(&mut self, bytes: usize) -> Result<(), &'static str> {
        let left = self.0.checked_sub(bytes);
        self.0 = left.ok_or("it holds far more of what was asked for than there can be")?;
        Ok(())
    }
}

fn size_of_report(report: &RenderReport) -> usize {
    let texts = [
        &report.name,
        &report.output,
        &report.thumbnail,
        &report.failed_reason,
    ];
    let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
    size_of::<RenderReport>() + texts + report.status.as_word().len()
}

fn size_of_value(value: &Value) -> usize {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size_of_value).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(field, value)| field.len() + size_of_value(value))
            .sum(),
    };
    size_of::<Value>() + inner
}

/// The rows of a listing that somebody looks for. Strict: the list is to prove absence, and a row
/// that cannot be read may be the very one.
#[derive(Debug)]
pub(super) struct ListRows {
    sought: Arc<ListFilter>,
    room: MemoryBudget,
    pub(super) listing: Listing,
}

impl ListRows {
    pub(super) fn of(sought: Arc<ListFilter>) -> Self {
        Self {
            room: MemoryBudget::for_rows(sought.rows()),
            sought,
            listing: Listing::default(),
        }
    }
}

impl RowSink for ListRows {
    fn take(&mut self, row: Value) -> Result<(), &'static str> {
        let Some(fields) = row.as_object() else {
            return Err("one of its rows is no job");
        };
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        self.listing.rows += 1;
        let created = text("created_at").and_then(Timestamp::parse);
        self.listing.oldest = match (self.listing.oldest, created) {
            (Some(oldest), Some(created)) => Some(oldest.min(created)),
            (known, created) => known.or(created),
        };
        if let Some(created) = created {
            let (first, _) = self.listing.ends.unwrap_or((created, created));
            self.listing.ends = Some((first, created));
        }
        let id: Option<RemoteId> = match fields.get("id") {
            Some(Value::String(id)) => id.parse().ok(),
            Some(Value::Number(id)) => id.to_string().parse().ok(),
            _ => None,
        };
        // A row is only put together if it is kept; most of a long list is not.
        if self.sought.wants(text("name"), id.as_ref()) {
            let report = report(row).ok_or("one of our own jobs in it has no id")?;
            self.room.take(size_of_report(&report))?;
            self.listing.found.push(report);
        }
        Ok(())
    }
}

/// The rows of a poll that were asked about. Lenient: a row that cannot be read is no information.
#[derive(Debug)]
pub(super) struct PollRows {
    /// By the id in lower case: UUIDs are the same in either.
    by_id: HashMap<String, RemoteId>,
    room: MemoryBudget,
    pub(super) reports: Vec<RenderReport>,
}

impl PollRows {
    pub(super) fn about(remotes: &[RemoteId]) -> Self {
        let by_id = remotes
            .iter()
            .map(|remote| (remote.as_str().to_ascii_lowercase(), remote.clone()))
            .collect();
        Self {
            by_id,
            room: MemoryBudget::for_rows(remotes.len()),
            reports: Vec::new(),
        }
    }
}

impl RowSink for PollRows {
    fn take(&mut self, row: Value) -> Result<(), &'static str> {
        if let Some(mut report) = report(row) {
            let id = report.remote.as_str().to_ascii_lowercase();
            // A server that ignores `ids` shows others too; each that was asked about counts once.
            if let Some(remote) = self.by_id.remove(&id) {
                report.remote = remote;
                self.room.take(size_of_report(&report))?;
                self.reports.push(report);
            }
        }
        Ok(())
    }
}

/// The rows of a catalogue that can be read.
#[derive(Debug)]
pub(super) struct CatalogueRows<T> {
    room: MemoryBudget,
    pub(super) items: Vec<T>,
}

impl<T> CatalogueRows<T> {
    pub(super) fn new() -> Self {
        Self {
            room: MemoryBudget(LARGEST_CATALOGUE),
            items: Vec::new(),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> RowSink for CatalogueRows<T> {
    fn take(&mut self, row: Value) -> Result<(), &'static str> {
        self.room.take(size_of_value(&row))?;
        self.items.extend(serde_json::from_value::<T>(row));
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

    fn kept() -> (Tag, ListRows) {
        let job: JobId = "a".parse().unwrap();
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let tag = Tag::of("c", &job, &Fingerprint::of(&request), Generation(0));
        let sought = ListFilter {
            tags: [tag.clone()].into(),
            witnesses: ["w".parse().unwrap()].into(),
            own: None,
        };
        (tag, ListRows::of(Arc::new(sought)))
    }

    #[test]
    fn tagged_rows_and_witnesses_are_kept_and_all_are_counted() {
        let (tag, mut kept) = kept();
        for row in [
            json!({"id": "x", "name": null, "created_at": "2025-05-13T03:12:44-07:00"}),
            json!({"id": "y", "name": format!("Copy of a {tag}"), "status": "running"}),
            json!({"id": "w", "name": "other", "created_at": "2025-05-12T03:12:44-07:00"}),
            json!({"id": {"strange": 1}}),
        ] {
            kept.take(row).unwrap();
        }
        let ids: Vec<_> = kept
            .listing
            .found
            .iter()
            .map(|r| r.remote.as_str())
            .collect();
        assert_eq!((ids, kept.listing.rows), (vec!["y", "w"], 4));
        assert_eq!(
            kept.listing.oldest,
            Timestamp::parse("2025-05-12T03:12:44-07:00")
        );
    }

    #[test]
    fn a_row_that_may_be_ours_and_cannot_be_read_spoils_the_list() {
        let (tag, mut kept) = kept();
        assert!(kept.take(json!({"name": format!("a {tag}")})).is_err());
        assert!(kept.take(json!(null)).is_err());
    }

    #[test]
    fn what_is_kept_of_a_list_is_bounded_and_what_is_passed_over_is_not() {
        let (tag, mut list) = kept();
        let link = "x".repeat(100_000);
        let bounded = |rows: &mut dyn FnMut(Value) -> Result<(), &'static str>, row: &Value| {
            (0..2000).find_map(|_| rows(row.clone()).err())
        };
        let foreign = json!({"id": "x", "output": link});
        assert_eq!(bounded(&mut |row| list.take(row), &foreign), None);
        let ours = json!({"id": "y", "name": tag.as_str(), "output": link});
        let reason = bounded(&mut |row| list.take(row), &ours).unwrap();
        assert!(reason.contains("far more"), "{reason}");
        assert!(list.listing.found.len() < 100);

        let ids: Vec<RemoteId> = (0..1000)
            .map(|id| id.to_string().parse().unwrap())
            .collect();
        let mut asked = PollRows::about(&ids);
        let answers = ids
            .iter()
            .map(|id| json!({"id": id.as_str(), "failed_reason": link}));
        assert!(
            answers
                .map(|row| asked.take(row))
                .any(|taken| taken.is_err())
        );

        let mut catalogue = CatalogueRows::<Value>::new();
        let item = json!({"id": "p", "keywords": [link]});
        assert!(bounded(&mut |row| catalogue.take(row), &item).is_some());
    }

    #[test]
    fn a_poll_skips_what_it_cannot_use() {
        let mut asked = PollRows::about(&["AB-1".parse().unwrap(), "c".parse().unwrap()]);
        for row in [
            json!(null),
            json!({"status": "done"}),
            json!({"id": "ab-1", "status": "done", "output": null, "video_output": "https://x/v"}),
            json!({"id": "ab-1", "status": "running"}),
            json!({"id": "z", "status": "done"}),
        ] {
            asked.take(row).unwrap();
        }
        assert_eq!(asked.reports.len(), 1);
        assert_eq!(asked.reports[0].remote.as_str(), "AB-1");
        assert_eq!(asked.reports[0].status, RenderStatus::Done);
        assert_eq!(asked.reports[0].output.as_deref(), Some("https://x/v"));
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
            let reads = report(row.clone()).is_some();
            prop_assert!(reads || !has_id, "{row}");
            kept().1.take(row.clone()).unwrap();
            PollRows::about(&[]).take(row).unwrap();
        }
    }
}

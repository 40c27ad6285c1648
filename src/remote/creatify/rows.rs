//! What is kept of a list's rows, by what the list was asked for.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::page::Rows;
use super::wire::Lipsync;
use crate::model::{Listing, RemoteId, RenderReport, Sought, Timestamp};

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

/// The rows of a listing that somebody looks for. Strict: the list is to prove absence, and a row
/// that cannot be read may be the very one.
#[derive(Debug)]
pub(super) struct Kept {
    sought: Arc<Sought>,
    pub(super) listing: Listing,
}

impl Kept {
    pub(super) fn of(sought: Arc<Sought>) -> Self {
        Self {
            sought,
            listing: Listing::default(),
        }
    }
}

impl Rows for Kept {
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
        let id: Option<RemoteId> = match fields.get("id") {
            Some(Value::String(id)) => id.parse().ok(),
            Some(Value::Number(id)) => id.to_string().parse().ok(),
            _ => None,
        };
        // A row is only put together if it is kept; most of a long list is not.
        if self.sought.wants(text("name"), id.as_ref()) {
            let report = report(row).ok_or("one of our own jobs in it has no id")?;
            self.listing.found.push(report);
        }
        Ok(())
    }
}

/// The rows of a poll that were asked about. Lenient: a row that cannot be read is no information.
#[derive(Debug)]
pub(super) struct Asked {
    /// By the id in lower case: UUIDs are the same in either.
    by_id: HashMap<String, RemoteId>,
    pub(super) reports: Vec<RenderReport>,
}

impl Asked {
    pub(super) fn about(remotes: &[RemoteId]) -> Self {
        let by_id = remotes
            .iter()
            .map(|remote| (remote.as_str().to_ascii_lowercase(), remote.clone()))
            .collect();
        Self {
            by_id,
            reports: Vec::new(),
        }
    }
}

impl Rows for Asked {
    fn take(&mut self, row: Value) -> Result<(), &'static str> {
        if let Some(mut report) = report(row) {
            let id = report.remote.as_str().to_ascii_lowercase();
            // A server that ignores `ids` shows others too; each that was asked about counts once.
            if let Some(remote) = self.by_id.remove(&id) {
                report.remote = remote;
                self.reports.push(report);
            }
        }
        Ok(())
    }
}

/// The rows of a catalogue that can be read.
#[derive(Debug)]
pub(super) struct Catalogue<T>(pub(super) Vec<T>);

impl<T: DeserializeOwned + Send + 'static> Rows for Catalogue<T> {
    fn take(&mut self, row: Value) -> Result<(), &'static str> {
        self.0.extend(serde_json::from_value::<T>(row));
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

    fn kept() -> (Tag, Kept) {
        let job: JobId = "a".parse().unwrap();
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let tag = Tag::of("c", &job, &Fingerprint::of(&request), Generation(0));
        let sought = Sought {
            tags: [tag.clone()].into(),
            witnesses: ["w".parse().unwrap()].into(),
            own: None,
        };
        (tag, Kept::of(Arc::new(sought)))
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
    fn a_poll_skips_what_it_cannot_use() {
        let mut asked = Asked::about(&["AB-1".parse().unwrap(), "c".parse().unwrap()]);
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
            Asked::about(&[]).take(row).unwrap();
        }
    }
}

//! Collectors of the rows of a list, one for each purpose.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::page::{FlatRow, RowSink};
use super::wire::{charge, job_id, parse_item, parse_job};
use crate::model::{
    ListFilter, ListOrder, Listing, RemoteId, RenderReport, RenderStatus, Timestamp, is_nameless,
};

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
    size_of::<RenderReport>() + texts + report.echo.size() + report.status.as_word().len()
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

/// The rows of the account's list that match a filter.
#[derive(Debug)]
pub(super) struct ListRows {
    filter: Arc<ListFilter>,
    budget: MemoryBudget,
    listing: Listing,
    order: OrderOfRows,
    /// Hashes of the ids of all rows. A server that ignores the number of a page sends the same rows again.
    ids: HashSet<u64>,
    /// Whether the page has rows that no page before it had.
    has_new_rows: bool,
    /// The number of rows that the answer says the list has.
    total: u64,
}

impl ListRows {
    pub(super) fn new(filter: Arc<ListFilter>) -> Self {
        Self {
            budget: MemoryBudget::for_rows(filter.rows()),
            filter,
            listing: Listing::default(),
            order: OrderOfRows::default(),
            ids: HashSet::new(),
            has_new_rows: false,
            total: 0,
        }
    }

    /// Returns the listing after the last page. `is_circular`: its pages link in circles.
    pub(super) fn listing(self, is_circular: bool) -> Listing {
        Listing {
            order: self.order.order(),
            oldest_own: self.order.oldest_own(),
            is_truncated: is_circular || self.total > self.listing.rows,
            ..self.listing
        }
    }
}

impl RowSink for ListRows {
    type Row = FlatRow;

    fn push(&mut self, FlatRow(row): FlatRow) -> Result<(), &'static str> {
        let id = job_id(&row);
        if let Some(id) = &id
            && !self.ids.insert(id.hash())
        {
            return Ok(());
        }
        self.has_new_rows = true;
        self.listing.rows += 1;
        let Some(fields) = row.as_object() else {
            self.listing.unreadable += 1;
            return Ok(());
        };
        let text = |field: &str| fields.get(field).and_then(Value::as_str);
        let created = text("created_at").and_then(Timestamp::parse);
        self.listing.tagged += u64::from(!is_nameless(text("name")));
        // Only matching rows are parsed; they are few in a long list.
        let charged = fields.get("credits_used").and_then(charge);
        let mut is_own = self.filter.wants(text("name"), id.as_ref(), charged);
        let mut is_kept = is_own;
        let may_be_wanted = is_own || self.filter.may_want(text("name"));
        let report = may_be_wanted.then(|| parse_job(&row)).flatten();
        if !is_own && let Some(report) = &report {
            is_own = self.filter.wants_as_paid(report);
            is_kept = is_own || self.filter.wants_nameless(report);
        }
        self.order.push(created, id.filter(|_| is_own));
        if let Some(created) = created {
            let oldest = self.listing.oldest.unwrap_or(created);
            self.listing.oldest = Some(oldest.min(created));
        }
        if let Some(status) = text("status").map(RenderStatus::from_word) {
            self.listing.shows_finished |= status.is_final();
            self.listing.shows_unfinished |= !status.is_final();
        }
        if is_kept {
            let report = report.ok_or("one of our own jobs in it has no id")?;
            self.budget.take(size_of_report(&report))?;
            self.listing.found.push(report);
        }
        Ok(())
    }

    fn set_total(&mut self, rows: u64) {
        self.total = rows;
    }

    fn end_page(&mut self) -> bool {
        std::mem::take(&mut self.has_new_rows)
    }
}

/// The order of a list, as far as it was read.
#[derive(Debug, Default)]
struct OrderOfRows {
    rows: u64,
    is_undated: bool,
    last: Option<Timestamp>,
    rises: bool,
    falls: bool,
    /// The ids of the first and the last row, if they were asked for.
    own_ends: [Option<RemoteId>; 2],
}

impl OrderOfRows {
    fn push(&mut self, created: Option<Timestamp>, own: Option<RemoteId>) {
        if self.rows == 0 {
            self.own_ends[0].clone_from(&own);
        }
        self.own_ends[1] = own;
        self.rows += 1;
        match (self.last, created) {
            (Some(last), Some(created)) => {
                self.rises |= created > last;
                self.falls |= created < last;
            }
            (None, Some(_)) => {}
            (_, None) => self.is_undated = true,
        }
        self.last = created.or(self.last);
    }

    const fn order(&self) -> ListOrder {
        match (self.rises, self.falls) {
            _ if self.is_undated => ListOrder::Unknown,
            (false, true) => ListOrder::NewestFirst,
            (true, false) => ListOrder::OldestFirst,
            (false, false) if self.rows <= 1 => ListOrder::NewestFirst,
            (true, true) | (false, false) => ListOrder::Unknown,
        }
    }

    fn oldest_own(&self) -> Option<RemoteId> {
        let [first, last] = &self.own_ends;
        match self.order() {
            ListOrder::NewestFirst => last.clone(),
            ListOrder::OldestFirst => first.clone(),
            ListOrder::Unknown => last.clone().or_else(|| first.clone()),
        }
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
    type Row = FlatRow;

    fn push(&mut self, FlatRow(row): FlatRow) -> Result<(), &'static str> {
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
    type Row = Value;

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
            ..ListFilter::default()
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
            rows.push(FlatRow(row)).unwrap();
        }
        let listing = rows.listing(false);
        let ids: Vec<_> = listing.found.iter().map(|r| r.remote.as_str()).collect();
        assert_eq!((ids, listing.rows), (vec!["y", "w"], 4));
        assert_eq!(listing.oldest, Timestamp::parse("2025-05-12T03:12:44-07:00"));
    }

    #[test]
    fn an_unreadable_row_is_counted_and_one_of_ours_makes_the_list_unusable() {
        let (tag, mut rows) = list_rows();
        rows.push(FlatRow(json!(null))).unwrap();
        rows.push(FlatRow(json!({"id": "x", "status": "DONE"}))).unwrap();
        assert!(rows.push(FlatRow(json!({"name": format!("a {tag}")}))).is_err());
        let listing = rows.listing(false);
        assert_eq!((listing.rows, listing.unreadable), (3, 1));
        assert_eq!((listing.shows_finished, listing.shows_unfinished), (true, false));
    }

    #[test]
    fn the_order_of_rows_is_recognized() {
        let day = |day: u32| format!("2026-11-{day:02}T10:00:00+00:00");
        let order = |dates: &[Value]| {
            let (_, mut rows) = list_rows();
            for (id, created) in dates.iter().enumerate() {
                rows.push(FlatRow(json!({"id": id, "created_at": created}))).unwrap();
            }
            rows.listing(false).order
        };
        let days = |days: &[u32]| days.iter().map(|it| json!(day(*it))).collect::<Vec<_>>();
        assert_eq!(order(&days(&[9, 9, 7])), ListOrder::NewestFirst);
        assert_eq!(order(&days(&[3, 5, 5])), ListOrder::OldestFirst);
        for unknown in [days(&[9, 7, 8]), days(&[5, 5, 5])] {
            assert_eq!(order(&unknown), ListOrder::Unknown);
        }
        for unreadable in ["Nov 30, 2026", "2026-11-30T10:00:00", ""] {
            let dates = [days(&[9]), vec![json!(unreadable)], days(&[7])].concat();
            assert_eq!(order(&dates), ListOrder::Unknown, "{unreadable}");
        }
        assert_eq!(order(&days(&[4])), ListOrder::NewestFirst);
        assert_eq!(order(&[json!(null)]), ListOrder::Unknown);
    }

    #[test]
    fn a_list_says_that_it_has_more_rows_than_it_shows() {
        let is_truncated = |total: u64, is_circular: bool| {
            let (_, mut rows) = list_rows();
            rows.set_total(total);
            rows.push(FlatRow(json!({"id": "x"}))).unwrap();
            rows.listing(is_circular).is_truncated
        };
        assert!(!is_truncated(1, false));
        assert!(is_truncated(2, false) && is_truncated(1, true));
    }

    #[test]
    fn kept_rows_are_limited_and_others_are_not() {
        let (tag, mut list) = list_rows();
        let link = "x".repeat(100_000);
        let fill = |push: &mut dyn FnMut(Value) -> Result<(), &'static str>, row: &Value| {
            (0..2000).find_map(|number| {
                let mut row = row.clone();
                row["id"] = format!("id-{number}").into();
                push(row).err()
            })
        };
        let foreign = json!({"id": "x", "output": link});
        assert_eq!(fill(&mut |row| list.push(FlatRow(row)), &foreign), None);
        let (_, mut list) = list_rows();
        let ours = json!({"id": "y", "name": tag.as_str(), "output": link});
        let reason = fill(&mut |row| list.push(FlatRow(row)), &ours).unwrap();
        assert!(reason.contains("more matching rows"), "{reason}");
        assert!(list.listing.found.len() < 100);

        let ids: Vec<RemoteId> = (0..1000).map(|id| id.to_string().parse().unwrap()).collect();
        let mut poll = PollRows::new(&ids);
        let answers = ids.iter().map(|id| json!({"id": id.as_str(), "failed_reason": link}));
        assert!(answers.map(|row| poll.push(FlatRow(row))).any(|taken| taken.is_err()));

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
            poll.push(FlatRow(row)).unwrap();
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
            list_rows().1.push(FlatRow(row.clone())).unwrap();
            PollRows::new(&[]).push(FlatRow(row)).unwrap();
        }
    }
}

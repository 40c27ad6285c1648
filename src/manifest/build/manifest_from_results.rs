//! A `results.csv` as a manifest: its lines become rows again, and its jobs keep their ids.
//!
//! The results have a line for each job, with the cells of its row. A row with two ratios has two lines whose ratio cell
//! names both; as two rows, they would make four jobs and be paid for twice. So adjacent lines with equal cells are
//! grouped into one row. Lines may be missing: a user may keep only those of failed jobs.

use std::sync::Arc;

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::formats::table::Value;
use crate::manifest::schema::header::Columns;
use crate::model::{JobId, RESULT_COLUMNS};
use crate::util::text::plural;

use super::ids::default_ids;
use super::raw_job::RecordedJob;
use super::validated_job::ValidatedJob;

/// Groups the lines of results by row. The rows of other sheets stay single.
pub(crate) fn group_lines(
    rows: Vec<Vec<Value>>,
    columns: &Columns,
) -> impl Iterator<Item = Vec<Vec<Value>>> {
    let is_results = columns.job_id.is_some();
    let is_same = move |one: &[Value], other: &[Value]| {
        let mut own = columns.own.iter();
        is_results && own.all(|column| text_at(one, *column) == text_at(other, *column))
    };
    let mut rows = rows.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut lines = vec![rows.next()?];
        while let Some(line) = rows.next_if(|other| is_same(&lines[0], other)) {
            lines.push(line);
        }
        Some(lines)
    })
}

/// Returns the text of a cell; empty if the row ends before it.
pub(crate) fn text_at(row: &[Value], column: usize) -> Arc<str> {
    row.get(column).map_or_else(Arc::default, |cell| cell.text.clone())
}

/// Returns the jobs in lines of results; none for other sheets.
pub(crate) fn recorded_jobs(lines: &[Vec<Value>], columns: &Columns) -> Vec<RecordedJob> {
    let Some(first) = columns.job_id else {
        return Vec::new();
    };
    let job = |line: &Vec<Value>| {
        let id = line.get(first).filter(|cell| !cell.is_blank())?;
        let text = |name: &str| {
            let place = RESULT_COLUMNS.iter().position(|column| *column == name);
            place.map_or_else(Arc::default, |place| text_at(line, first + place))
        };
        // Results of earlier versions have another column in the place of the last one.
        let is_outdated = &*text("outdated") == "yes";
        let has_video = ["done", "downloading", "rendering"].contains(&text("status").trim());
        let remote = text("remote_id").trim().parse().ok();
        Some(RecordedJob {
            id: Value::new(id.trimmed(), &id.place),
            remote: remote.filter(|_| has_video && !is_outdated),
        })
    };
    lines.iter().filter_map(job).collect()
}

/// Returns the jobs of a row that its lines name, with their recorded ids. If the row was edited, jobs are matched by
/// their order.
pub(crate) fn keep_recorded(
    jobs: &[ValidatedJob],
    recorded: &[RecordedJob],
    findings: &mut Findings,
) -> Vec<ValidatedJob> {
    let ids = default_ids(jobs);
    let former: Vec<Option<JobId>> =
        ids.iter().zip(jobs).map(|(id, job)| job.former_id(&id.parse().ok()?)).collect();
    let is_former = |id: &Value| {
        let mut former = former.iter();
        former.position(|former| former.as_ref().is_some_and(|it| *it.as_str() == *id.text))
    };
    let position =
        |id: &Value| ids.iter().position(|other| *other == *id.text).or_else(|| is_former(id));
    let by_id: Option<Vec<usize>> = recorded.iter().map(|job| position(&job.id)).collect();
    // Otherwise the text was edited: ids are made of it.
    let is_same = by_id.is_some();
    let by_order = || {
        let is_complete = recorded.len().is_multiple_of(jobs.len().max(1));
        is_complete.then(|| (0..jobs.len()).cycle().take(recorded.len()).collect())
    };
    let Some(indices) = by_id.or_else(by_order) else {
        let message = format!(
            "this row makes {} jobs, but has {}, and their ids do not match",
            jobs.len(),
            plural(recorded.len(), "line")
        );
        let help = "name one persona and one ratio in each line, or use the original sheet";
        findings.problem(Problem::at(&recorded[0].id.place, message).help(help));
        return Vec::new();
    };
    let mut kept: Vec<ValidatedJob> = Vec::with_capacity(recorded.len());
    for (index, RecordedJob { id, remote }) in indices.into_iter().zip(recorded) {
        // A duplicate line is one job.
        let is_kept = kept.iter().any(|job| job.recorded_id.as_ref() == Some(&id.text));
        if let Some(job) = jobs.get(index)
            && !is_kept
        {
            kept.push(ValidatedJob {
                recorded_id: Some(id.text.clone()),
                paid_remote: remote.clone().filter(|_| is_same),
                ..job.clone()
            });
        }
    }
    kept
}

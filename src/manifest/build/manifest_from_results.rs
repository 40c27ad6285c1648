//! A `results.csv` that comes back: its lines are rows again, and its jobs the jobs they were.
//!
//! The results have a line for each job, with the cells of the row that made it; a row of two ratios
//! is two lines whose ratio cell still names both. Taken as two rows, it would make four jobs and pay
//! twice. So lines that follow each other with the same cells are one row again. Lines may be missing:
//! whoever keeps only the failed ones wants only those.

use crate::manifest::build::ids::default_ids;
use crate::manifest::build::validated_job::ValidatedJob;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::Value;
use crate::manifest::schema::header::Columns;
use crate::model::Text;

/// `rows` one by one; of results that came back, the lines of each row together.
pub(crate) fn rows(
    rows: Vec<Vec<Value>>,
    columns: &Columns,
) -> impl Iterator<Item = Vec<Vec<Value>>> {
    let came_back = columns.job_id.is_some();
    let is_same = move |one: &[Value], other: &[Value]| {
        let mut own = columns.own.iter();
        came_back && own.all(|column| text_at(one, *column) == text_at(other, *column))
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

/// The text of a cell; nothing where the row ends before it.
pub(crate) fn text_at(row: &[Value], column: usize) -> Text {
    row.get(column)
        .map_or_else(Text::default, |cell| cell.text.clone())
}

/// The ids that lines of results give; none for any other sheet.
pub(crate) fn ids(lines: &[Vec<Value>], columns: &Columns) -> Vec<Value> {
    let Some(column) = columns.job_id else {
        return Vec::new();
    };
    let cells = lines.iter().filter_map(|line| line.get(column));
    cells
        .filter(|cell| !cell.is_blank())
        .map(|cell| Value {
            text: cell.text.trimmed(),
            place: cell.place.clone(),
        })
        .collect()
}

/// Of the jobs that a row makes those that its lines name, under the ids they had. Jobs whose row was
/// edited are known by their order.
pub(crate) fn keep(
    made: &[ValidatedJob],
    former: &[Value],
    findings: &mut Findings,
) -> Vec<ValidatedJob> {
    let natural = default_ids(made);
    let known: Option<Vec<usize>> = former
        .iter()
        .map(|id| {
            natural
                .iter()
                .position(|natural| *natural == id.text.as_str())
        })
        .collect();
    let in_order = || {
        let is_whole = former.len().is_multiple_of(made.len().max(1));
        is_whole.then(|| (0..made.len()).cycle().take(former.len()).collect())
    };
    let Some(chosen) = known.or_else(in_order) else {
        let lines = words::count(former.len(), "line", "lines");
        let message = format!(
            "this row makes {} jobs, but there are {lines} of it, and nothing tells which",
            made.len()
        );
        let help = "let each line name one persona and one ratio, or begin from the first sheet";
        findings.problem(Problem::at(&former[0].place, message).help(help));
        return Vec::new();
    };
    let mut jobs: Vec<ValidatedJob> = Vec::with_capacity(former.len());
    for (index, id) in chosen.into_iter().zip(former) {
        // A line that is there twice is one job.
        let is_there = jobs
            .iter()
            .any(|job| job.recorded_id.as_ref() == Some(&id.text));
        if let Some(job) = made.get(index)
            && !is_there
        {
            let mut job = job.clone();
            job.recorded_id = Some(id.text.clone());
            jobs.push(job);
        }
    }
    jobs
}

//! The jobs of a plan as a table that fits the terminal.
//!
//! A column with the same value in every row is said once above the table. What has no place beside the other columns
//! follows on indented lines.

use crate::model::Estimate;
use crate::report::format::credit_range;
use crate::report::plan::rows::{PlanRow, PlanState, plan_rows};
use crate::report::summary::Summary;
use crate::util::style::{Colours, Style};
use crate::util::table::{INDENT, Layout};
use crate::util::text::{sanitize, truncate, width, wrap};

/// The columns of a page without a terminal.
const DEFAULT_COLUMNS: usize = 80;

const HEADER: [&str; 8] =
    ["job", "persona", "ratio", "model", "state", "seconds", "credits", "text"];
const TEXT: usize = HEADER.len() - 1;

/// The most and, beside other columns, the fewest columns of a text.
const TEXT_WIDTHS: (usize, usize) = (60, 12);

/// The indentation of the reason below a row.
const REASON_INDENT: usize = 4;

/// Returns a table of all jobs for a terminal with `columns`; without one, reasons are not wrapped.
pub(super) fn job_table(
    summary: &Summary,
    has_texts: bool,
    columns: Option<usize>,
    colours: Colours,
) -> String {
    let rows = plan_rows(summary);
    let count = rows.size_hint().0;
    let mut widths = HEADER.map(width);
    let mut common: [Option<String>; HEADER.len()] = std::array::from_fn(|_| None);
    let mut is_common = [count > 1; HEADER.len()];
    (is_common[0], is_common[TEXT]) = (false, !has_texts);
    let mut reason = 0;
    for row in rows.clone() {
        let cells = cells(summary, &row, has_texts);
        for (index, cell) in cells.into_iter().enumerate() {
            widths[index] = widths[index].max(width(&cell));
            match &common[index] {
                Some(other) => is_common[index] &= *other == cell || index == TEXT,
                None => common[index] = Some(cell),
            }
        }
        reason = reason.max(width(&row_reason(&row)));
    }
    let shown: Vec<usize> = (0..HEADER.len()).filter(|index| !is_common[*index]).collect();
    let cut = Some((TEXT, TEXT_WIDTHS.1));
    let layout = Layout::new(&shown, widths, cut, reason, columns.unwrap_or(DEFAULT_COLUMNS));

    let mut text = String::new();
    let same = (0..TEXT).filter(|index| is_common[*index]);
    let same = same.filter_map(|index| Some((HEADER[index], common[index].as_deref()?)));
    let same: Vec<String> = same
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !same.is_empty() {
        let line = format!("all {count} jobs: {}", same.join(", "));
        text.push_str(&columns.map_or(line.clone(), |columns| wrap(&line, columns, INDENT)));
        text.push_str("\n\n");
    }
    let header = HEADER.map(str::to_owned);
    let reason = if layout.has_tail { "reason" } else { "" };
    text.push_str(&layout.row(&header, reason, Some(Style::Bold), colours));
    for row in rows {
        let (_, style) = row.state.word_and_style();
        let (cells, reason) = (cells(summary, &row, has_texts), row_reason(&row));
        let beside = if layout.has_tail { reason.as_str() } else { "" };
        text.push_str(&layout.row(&cells, beside, Some(style), colours));
        if !layout.has_tail && !reason.is_empty() {
            let line = format!("{:REASON_INDENT$}{reason}", "");
            text.push_str(&columns.map_or(line.clone(), |it| wrap(&line, it, REASON_INDENT)));
            text.push('\n');
        }
    }
    text
}

/// Returns the reason for the job's state, unless the state says all.
fn row_reason(row: &PlanRow<'_>) -> String {
    let is_unselected = row.state == PlanState::LeftOut && row.row.left_out().is_none();
    if is_unselected { String::new() } else { row.reason() }
}

fn cells(summary: &Summary, row: &PlanRow<'_>, has_texts: bool) -> [String; HEADER.len()] {
    let spec = &row.row.job.spec;
    let request = &spec.request;
    let persona = sanitize(summary.campaign().persona(&request.persona));
    let price = row.price().map(|(low, high)| credit_range(low, high));
    [
        spec.id.to_string(),
        truncate(&persona, 20),
        request.aspect_ratio.to_string(),
        request.model_version.to_string(),
        row.state.word_and_style().0.to_owned(),
        seconds(&row.row.job.estimate),
        price.unwrap_or_default(),
        if has_texts { one_line(row.speech(), TEXT_WIDTHS.0) } else { String::new() },
    ]
}

/// Returns a text on one line, cut to `width` columns of a terminal.
pub(super) fn one_line(text: &str, width: usize) -> String {
    // The beginning is enough: a text may have thousands of characters.
    let beginning = sanitize(&text.chars().take(4 * width).collect::<String>());
    let words: Vec<&str> = beginning.split_whitespace().collect();
    truncate(&words.join(" "), width)
}

pub(super) fn seconds(estimate: &Estimate) -> String {
    let (low, high) = (estimate.seconds_low.round(), estimate.seconds_high.round());
    if low.total_cmp(&high).is_eq() { format!("{high}") } else { format!("{low}-{high}") }
}

//! The sheet of a campaign for showing and editing it: its cells, the fields of its columns, and all its problems.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::catalogue::NameLookup;
use super::edits::{CopyKind, Edits, NewCopy};
use super::error::Error;
use super::load::{blocking, read_sheet};
use super::manifest::LoadedManifest;
use super::open_address::SheetCopy;
use super::options::CampaignOptions;
use super::prefetch::JournalPrefetch;
use crate::manifest::{CellEdit, Field, FieldKind, Grid, SheetContent};
use crate::model::{AspectRatio, JobId, Note, Suspicion, Timestamp};

/// A sheet with its problems.
#[derive(Debug, Serialize)]
pub(crate) struct Sheet {
    /// The user's own file.
    name: String,
    kind: SheetKind,
    /// The text of a YAML manifest.
    text: Option<String>,
    /// Whether this is an edited copy.
    edited: bool,
    can_edit: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
    fields: Vec<FieldItem>,
    ratios: Vec<&'static str>,
    problems: Vec<Finding>,
    /// The number of changes so far.
    version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum SheetKind {
    Table,
    Text,
}

#[derive(Debug, Serialize)]
struct Column {
    index: usize,
    header: String,
    field: Option<&'static str>,
    language: Option<String>,
    chosen: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    row: u32,
    cells: Vec<String>,
    jobs: Vec<JobId>,
}

#[derive(Debug, Serialize)]
struct FieldItem {
    name: &'static str,
    label: String,
    required: bool,
    kind: FieldKind,
}

/// A problem, suspicion or note.
#[derive(Debug, Serialize)]
struct Finding {
    severity: FindingSeverity,
    row: Option<u32>,
    column: Option<usize>,
    place: String,
    message: String,
    help: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum FindingSeverity {
    Problem,
    Suspicion,
    Note,
}

/// A change of a sheet.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum SheetEdit {
    /// New texts of cells.
    Cells {
        /// The cells.
        edits: Vec<CellEdit>,
    },
    /// A new text of a YAML manifest.
    Text {
        /// The text.
        text: String,
    },
}

/// Returns the sheet of a campaign, as it was edited last, with its problems. It may be invalid.
///
/// # Errors
/// If an option is wrong, or the sheet behind an address cannot be read.
pub(crate) async fn sheet(
    options: &CampaignOptions,
    lookup: &NameLookup,
    is_sandbox: bool,
    now: Timestamp,
) -> Result<Sheet, Error> {
    let original = options.open_original(is_sandbox).await?;
    let edits = Edits::read(&original)?;
    let copy = edits.copy(&original);
    let edited = edits.apply(&original, None)?;
    let content = {
        let edited = edited.clone();
        blocking(move || read_sheet(&edited)).await?
    };
    let mut sheet = Sheet::of(&original, content.as_ref(), copy.is_some(), edits.version);
    if let Some(copy) = copy
        && original.original().is_ok_and(|bytes| edits.is_original_changed(&bytes))
    {
        let message = format!(
            "this file has changed since it was edited here; the edited copy `{}` is used, without these changes",
            copy.display()
        );
        sheet.add(FindingSeverity::Note, &content, sheet.name.clone(), message, None);
    }
    let prefetch = JournalPrefetch::start(&edited);
    match LoadedManifest::load(&edited, lookup, now).await {
        Ok(mut manifest) => {
            prefetch.state(&mut manifest, is_sandbox)?;
            sheet.add_jobs(&manifest);
            for Suspicion { place, message, .. } in manifest.plan.suspicions {
                sheet.add(FindingSeverity::Suspicion, &content, place, message, None);
            }
            sheet.add_notes(&content, manifest.plan.notes);
        }
        Err(Error::Manifest { problems, hint }) => {
            for problem in problems.problems() {
                let help = problem.help_text().map(str::to_owned);
                let message = problem.message().to_owned();
                sheet.add(FindingSeverity::Problem, &content, problem.place(), message, help);
            }
            sheet.add_notes(&content, problems.notes().to_vec());
            if let Some(hint) = hint {
                sheet.add(FindingSeverity::Note, &content, sheet.name.clone(), hint, None);
            }
        }
        Err(error) => {
            let name = sheet.name.clone();
            sheet.add(FindingSeverity::Problem, &content, name, error.to_string(), None);
        }
    }
    Ok(sheet)
}

/// Changes the sheet of a campaign in its copy.
///
/// # Errors
/// If the sheet cannot be edited, a cell does not exist, or the copy cannot be written.
pub(crate) async fn edit_sheet(
    options: &CampaignOptions,
    edit: SheetEdit,
    is_sandbox: bool,
) -> Result<(), Error> {
    let original = options.open_original(is_sandbox).await?;
    blocking(move || {
        let edits = Edits::read(&original)?;
        let copy = new_copy(&original, &edits, edit)?;
        let bytes = original.original()?;
        edits.write(&original, Some(&copy), &bytes)
    })
    .await
}

/// Chooses the column of a field: the one with this header, none if it is empty, the recognized one if it is `None`.
///
/// # Errors
/// If the field does not exist, or the choice cannot be written.
pub(crate) async fn choose_column(
    options: &CampaignOptions,
    field: &str,
    header: Option<&str>,
    is_sandbox: bool,
) -> Result<(), Error> {
    let original = options.open_original(is_sandbox).await?;
    let mut edits = Edits::read(&original)?;
    edits.choose_column(field, header)?;
    edits.write(&original, None, &[])
}

/// Returns name and bytes of the sheet: of the edited copy, or else of the user's own file.
///
/// # Errors
/// If it cannot be read.
pub(crate) async fn download_sheet(
    options: &CampaignOptions,
    is_sandbox: bool,
) -> Result<(String, Vec<u8>), Error> {
    let original = options.open_original(is_sandbox).await?;
    let edits = Edits::read(&original)?;
    let name = original.original_name();
    let Some(bytes) = edits.read_copy(&original)? else {
        return Ok((name, original.original()?));
    };
    let is_text =
        edits.copy(&original).is_some_and(|path| path.extension() != Some("csv".as_ref()));
    let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
    Ok((if is_text { name } else { format!("{stem}.csv") }, bytes))
}

/// Returns the copy that an edit makes of a sheet.
fn new_copy(original: &CampaignOptions, edits: &Edits, edit: SheetEdit) -> Result<NewCopy, Error> {
    let content = read_sheet(&edits.apply(original, None)?)?;
    match (content, edit) {
        (Some(SheetContent::Text { .. }), SheetEdit::Text { text }) => {
            Ok(NewCopy { kind: CopyKind::Yaml, delimiter: None, bytes: text.into_bytes().into() })
        }
        (Some(SheetContent::Table(mut grid)), SheetEdit::Cells { edits: cells }) => {
            grid.edit(&cells).map_err(|error| Error::usage(error.to_string()))?;
            copy_of(original, edits, &grid)
        }
        (Some(_), _) => {
            Err(Error::usage("a sheet is edited by its cells, a YAML manifest as a text"))
        }
        (None, _) => Err(not_editable(original)),
    }
}

/// Returns the copy of a grid, once it is proven that reading it gives the same grid.
pub(super) fn copy_of(
    original: &CampaignOptions,
    edits: &Edits,
    grid: &Grid,
) -> Result<NewCopy, Error> {
    if !grid.is_complete {
        return Err(not_editable(original));
    }
    let delimiter = Some(grid.delimiter.name().to_owned());
    let copy = NewCopy { kind: CopyKind::Csv, delimiter, bytes: grid.to_csv().into() };
    match read_sheet(&edits.apply(original, Some(&copy))?)? {
        Some(SheetContent::Table(read)) if grid.equals_copy(&read) => Ok(copy),
        Some(_) | None => Err(Error::usage_with_hint(
            "a cell of this sheet cannot be kept in a copy; nothing was changed",
            "cells whose lines look like rows of the sheet have to be edited in the file itself",
        )),
    }
}

fn not_editable(original: &CampaignOptions) -> Error {
    let name = original.original_name();
    Error::usage_with_hint(
        format!(
            "`{name}` cannot be edited here, because some of it cannot be read; nothing was changed"
        ),
        "correct the problems without a cell in the file itself first",
    )
}

impl CampaignOptions {
    /// Returns the options for the user's own file.
    pub(super) async fn open_original(&self, is_sandbox: bool) -> Result<Self, Error> {
        let options = Self { reads_edits: false, ..self.clone() };
        match options.open(SheetCopy::Current, is_sandbox).await {
            // Without its server, an edited sheet can still be shown.
            Err(error) => options.open(SheetCopy::Kept, is_sandbox).await.map_err(|_| error),
            opened => opened,
        }
    }
}

impl Sheet {
    fn of(
        original: &CampaignOptions,
        content: Option<&SheetContent>,
        edited: bool,
        version: u64,
    ) -> Self {
        let (grid, text) = match content {
            Some(SheetContent::Table(grid)) => (Some(grid), None),
            Some(SheetContent::Text { text, .. }) => (None, Some(text.clone())),
            None => (None, None),
        };
        let columns = grid.into_iter().flat_map(|grid| grid.columns.iter().enumerate());
        let columns = columns.map(|(index, column)| Column {
            index,
            header: column.header.clone(),
            field: column.field.map(Field::name),
            language: column.language.clone(),
            chosen: column.is_chosen,
        });
        let rows = grid.into_iter().flat_map(|grid| &grid.rows).map(|row| Row {
            row: row.line,
            cells: row.cells.iter().map(|cell| cell.text.to_string()).collect(),
            jobs: Vec::new(),
        });
        let fields = Field::ALL.map(|field| FieldItem {
            name: field.name(),
            label: field.label(),
            required: Field::REQUIRED.contains(&field),
            kind: field.value_kind(),
        });
        Self {
            name: original.original_name(),
            kind: if text.is_some() { SheetKind::Text } else { SheetKind::Table },
            can_edit: text.is_some() || grid.is_some_and(|grid| grid.is_complete),
            text,
            edited,
            columns: columns.collect(),
            rows: rows.collect(),
            fields: fields.into(),
            ratios: [AspectRatio::Portrait, AspectRatio::Landscape, AspectRatio::Square]
                .map(|ratio| ratio.as_str())
                .into(),
            problems: Vec::new(),
            version,
        }
    }

    /// Adds the jobs of the rows.
    fn add_jobs(&mut self, manifest: &LoadedManifest) {
        if self.kind == SheetKind::Text {
            return;
        }
        let mut of_line: HashMap<u32, Vec<JobId>> = HashMap::new();
        for job in manifest.every_job() {
            of_line.entry(job.origin.line).or_default().push(job.id.clone());
        }
        for row in &mut self.rows {
            row.jobs = of_line.remove(&row.row).unwrap_or_default();
        }
    }

    fn add_notes(&mut self, content: &Option<SheetContent>, notes: Vec<Note>) {
        for Note { place, message } in notes {
            self.add(FindingSeverity::Note, content, place, message, None);
        }
    }

    fn add(
        &mut self,
        severity: FindingSeverity,
        content: &Option<SheetContent>,
        place: String,
        message: String,
        help: Option<String>,
    ) {
        let at = content.as_ref().and_then(|content| content.locate(&place));
        let (row, column) = at.unzip();
        let column = column.flatten();
        self.problems.push(Finding { severity, row, column, place, message, help });
    }
}

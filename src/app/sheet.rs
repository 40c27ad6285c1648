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
#[expect(clippy::struct_field_names, reason = "the number of a row is the row of an edit")]
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
    let content = content.as_ref();
    let mut sheet = Sheet::of(&original, content, copy.is_some(), edits.version);
    if let Some(copy) = copy
        && original.original().is_ok_and(|bytes| edits.is_original_changed(&bytes))
    {
        let message = format!(
            "this file has changed since it was edited here; the edited copy `{}` is used, without these changes",
            copy.display()
        );
        sheet.add(FindingSeverity::Note, content, sheet.name.clone(), message, None);
    }
    let prefetch = JournalPrefetch::start(&edited);
    match LoadedManifest::load(&edited, lookup, now).await {
        Ok(mut manifest) => {
            prefetch.state(&mut manifest, is_sandbox)?;
            sheet.add_jobs(&manifest);
            for Suspicion { place, message, .. } in manifest.plan.suspicions {
                sheet.add(FindingSeverity::Suspicion, content, place, message, None);
            }
            sheet.add_notes(content, manifest.plan.notes);
        }
        Err(Error::Manifest { problems, hint }) => {
            for problem in problems.problems() {
                let help = problem.help_text().map(str::to_owned);
                let message = problem.message().to_owned();
                sheet.add(FindingSeverity::Problem, content, problem.place(), message, help);
            }
            sheet.add_notes(content, problems.notes().to_vec());
            if let Some(hint) = hint {
                sheet.add(FindingSeverity::Note, content, sheet.name.clone(), hint, None);
            }
        }
        Err(error) => {
            let name = sheet.name.clone();
            sheet.add(FindingSeverity::Problem, content, name, error.to_string(), None);
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
                .map(AspectRatio::as_str)
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

    fn add_notes(&mut self, content: Option<&SheetContent>, notes: Vec<Note>) {
        for Note { place, message } in notes {
            self.add(FindingSeverity::Note, content, place, message, None);
        }
    }

    fn add(
        &mut self,
        severity: FindingSeverity,
        content: Option<&SheetContent>,
        place: String,
        message: String,
        help: Option<String>,
    ) {
        let at = content.and_then(|content| content.locate(&place));
        let (row, column) = at.unzip();
        let column = column.flatten();
        self.problems.push(Finding { severity, row, column, place, message, help });
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::*;
    use crate::app::catalogue::NetworkUse;
    use crate::app::notices::Notices;
    use crate::model::Fingerprint;

    const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

    /// Spreadsheets make files like this one: titles, quotes, several lines in a cell, zeros that are kept.
    const SHEET: &str = "Spring;;;;\r\nBy;Marketing;;;\r\n\r\nID;Text;Persona;Format;Note\r\n\
        =\"01234\";Grüße;ANNA;9:16;0049\r\n;\" Say \"\"yes\"\"\nor no; maybe\";ANNA;1:1;\r\n\r\n\
        007;{{ Note }}, hi;ANNA;16:9;#REF\r\n;Plain;ANNA;9:16\r\n";

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(name: &str, bytes: &[u8]) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            crate::util::fs::write_new(&folder.path(name), bytes).unwrap();
            folder
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn options(&self, name: &str) -> CampaignOptions {
            CampaignOptions { reads_edits: true, ..CampaignOptions::new(self.path(name)) }
        }

        fn sheet(&self, name: &str) -> Value {
            let (options, lookup) = (self.options(name), lookup());
            let sheet = sheet(&options, &lookup, false, Timestamp::default());
            serde_json::to_value(run(sheet).unwrap()).unwrap()
        }

        fn edit(&self, name: &str, edit: Value) -> Result<(), Error> {
            let edit = serde_json::from_value(edit).unwrap();
            run(edit_sheet(&self.options(name), edit, false))
        }
    }

    fn lookup() -> NameLookup {
        NameLookup {
            provider: None,
            cache_dir: None,
            network: NetworkUse::Never,
            notices: Notices::discard(),
        }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn western(text: &str) -> Vec<u8> {
        let text = text.replace("ANNA", ANNA);
        text.chars().map(|character| u8::try_from(character).unwrap()).collect()
    }

    fn jobs(options: &CampaignOptions) -> Vec<(JobId, Fingerprint, u32)> {
        let options = run(options.open(SheetCopy::Current, false)).unwrap();
        let manifest = run(LoadedManifest::load(&options, &lookup(), Timestamp::default()));
        let jobs = &manifest.unwrap().plan.jobs;
        let jobs = jobs.iter();
        jobs.map(|it| (it.id.clone(), it.fingerprint.clone(), it.origin.line)).collect()
    }

    #[test]
    fn an_edited_copy_keeps_all_other_jobs_and_the_original() {
        let bytes = western(SHEET);
        let folder = Folder::new("spring.csv", &bytes);
        let before = jobs(&folder.options("spring.csv"));
        let shown = folder.sheet("spring.csv");
        assert_eq!(shown["edited"], false);
        let columns = &shown["columns"];
        assert_eq!((&columns[1]["field"], &columns[4]["field"]), (&json!("text"), &Value::Null));
        let rows: Vec<&Value> =
            shown["rows"].as_array().unwrap().iter().map(|it| &it["row"]).collect();
        assert_eq!(rows, [1, 2, 4, 5, 6, 9, 10], "row 6 has two lines");
        assert_eq!(shown["rows"][3]["jobs"], json!([before[0].0]));

        let edits = json!({"edits": [{"row": 10, "column": 1, "value": "=New, \"text\"\nhere"},
            {"row": 10, "column": 4, "value": " x"}]});
        folder.edit("spring.csv", edits).unwrap();
        assert_eq!(std::fs::read(folder.path("spring.csv")).unwrap(), bytes);
        let options = run(folder.options("spring.csv").open(SheetCopy::Current, false)).unwrap();
        assert_eq!(options.campaign.as_deref(), Some("spring"));
        assert_eq!(options.default_out(), folder.path("spring-output"));
        let after = jobs(&folder.options("spring.csv"));
        assert_eq!(before[..3], after[..3], "rows, ids and requests stay");
        assert_ne!(before[3].1, after[3].1);
        let shown = folder.sheet("spring.csv");
        assert_eq!((&shown["edited"], &shown["name"]), (&json!(true), &json!("spring.csv")));
        assert_eq!(shown["rows"][6]["cells"][4], " x");
        assert_eq!(shown["rows"][3]["cells"][0], "=\"01234\"");
        assert_eq!(shown["version"], 1);

        // A later edit changes the copy, not the original again.
        folder
            .edit("spring.csv", json!({"edits": [{"row": 5, "column": 1, "value": "Hi"}]}))
            .unwrap();
        let later = jobs(&folder.options("spring.csv"));
        assert_eq!((later.len(), &later[3].1), (4, &after[3].1));
        let is_valid = |it: &Value| it["severity"] != "problem";
        assert!(shown["problems"].as_array().unwrap().iter().all(is_valid), "{shown:#}");
        std::fs::remove_file(folder.path("spring.csv")).unwrap();
        crate::util::fs::write_new(&folder.path("spring.csv"), b"other").unwrap();
        let shown = folder.sheet("spring.csv");
        let note = &shown["problems"][0];
        assert_eq!((&note["place"], &note["row"]), (&json!("spring.csv"), &Value::Null));
        let note = note["message"].as_str().unwrap();
        assert!(note.contains("has changed since it was edited here"), "{note}");
        assert_eq!(shown["rows"][6]["cells"][4], " x");
        let (name, copy) = run(download_sheet(&folder.options("spring.csv"), false)).unwrap();
        assert_eq!(name, "spring.csv");
        assert!(copy.starts_with("\u{feff}Spring;;;;\n".as_bytes()));
    }

    #[test]
    fn problems_are_at_their_cells_and_are_mended() {
        let text = "id,text,persona,ratio\na,Hi,ANNA,9:99\nb,,ANNA,1:1\nc,Ho,ANNA,1:1,x\n";
        let folder = Folder::new("a.csv", text.replace("ANNA", ANNA).as_bytes());
        let shown = folder.sheet("a.csv");
        let places: Vec<_> = shown["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["severity"].clone(), it["row"].clone(), it["column"].clone()))
            .collect();
        let problem = |row: u32, column: u32| (json!("problem"), json!(row), json!(column));
        assert_eq!(places, [problem(2, 3), problem(3, 1), problem(4, 4)], "{shown:#}");
        let command =
            run(LoadedManifest::load(&folder.options("a.csv"), &lookup(), Timestamp::default()));
        let Err(Error::Manifest { problems, .. }) = command else { panic!("it is invalid") };
        for (shown, problem) in
            shown["problems"].as_array().unwrap().iter().zip(problems.problems())
        {
            assert_eq!(shown["message"], problem.message());
            assert_eq!(shown["help"], json!(problem.help_text()));
        }
        let edits = json!({"edits": [{"row": 2, "column": 3, "value": "9:16"},
            {"row": 3, "column": 1, "value": "Hey"}, {"row": 4, "column": 4, "value": ""}]});
        folder.edit("a.csv", edits).unwrap();
        assert_eq!(folder.sheet("a.csv")["problems"], json!([]));
        for wrong in [
            json!({"row": 9, "column": 0, "value": ""}),
            json!({"row": 2, "column": 9, "value": ""}),
        ] {
            assert!(folder.edit("a.csv", json!({"edits": [wrong]})).is_err());
        }
    }

    #[test]
    fn rows_are_added_and_removed_and_have_all_cells() {
        let text = format!("text,persona,ratio,note\nHi,{ANNA},1:1\nHo,{ANNA},1:1\n");
        let folder = Folder::new("a.csv", text.as_bytes());
        let note = &folder.sheet("a.csv")["problems"][0];
        assert!(note["message"].as_str().unwrap().contains("fewer cells"), "{note}");
        let row = |row: u32, text: &str, persona: &str, ratio: &str| {
            let cells = [text, persona, ratio].into_iter().enumerate();
            let cells =
                cells.map(|(column, value)| json!({"row": row, "column": column, "value": value}));
            cells.collect::<Vec<_>>()
        };
        let edits = [row(2, "", "", ""), row(4, "Hey", ANNA, "9:99")].concat();
        folder.edit("a.csv", json!({"edits": edits})).unwrap();
        let shown = folder.sheet("a.csv");
        let rows: Vec<_> = shown["rows"].as_array().unwrap().iter().map(|it| &it["row"]).collect();
        assert_eq!(rows, [1, 3, 4]);
        let problems = shown["problems"].as_array().unwrap();
        let found: Vec<_> = problems.iter().map(|it| (&it["row"], &it["place"])).collect();
        assert_eq!(found, [(&json!(4), &json!("a.csv:4:42"))], "the sheet's own name: {shown:#}");
        folder.edit("a.csv", json!({"edits": row(2, "Hi", ANNA, "1:1")})).unwrap();
        let copy = std::fs::read_to_string(folder.path("a-output/edited-sheet.csv")).unwrap();
        let lines: Vec<&str> = copy.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[1..3], [format!("Hi,{ANNA},1:1,"), format!("Ho,{ANNA},1:1,")]);
    }

    #[test]
    fn chosen_columns_are_kept() {
        let text = format!("text,Sprecher,ratio\nHi,{ANNA},1:1\n");
        let folder = Folder::new("a.csv", text.replace("Sprecher", "Wer").as_bytes());
        let options = folder.options("a.csv");
        assert_eq!(folder.sheet("a.csv")["problems"][0]["severity"], "problem");
        run(choose_column(&options, "persona", Some("Wer"), false)).unwrap();
        let shown = folder.sheet("a.csv");
        assert_eq!(shown["problems"], json!([]));
        assert_eq!(
            (&shown["columns"][1]["field"], &shown["columns"][1]["chosen"]),
            (&json!("persona"), &json!(true))
        );
        assert!(run(choose_column(&options, "colour", Some("Wer"), false)).is_err());
        run(choose_column(&options, "persona", None, false)).unwrap();
        assert_eq!(folder.sheet("a.csv")["columns"][1]["chosen"], false);
    }

    #[test]
    fn a_manifest_in_yaml_is_a_text() {
        let text = format!("jobs:\n- {{text: Hi, persona: {ANNA}, aspect_ratio: '9:99'}}\n");
        let folder = Folder::new("a.yaml", text.as_bytes());
        let shown = folder.sheet("a.yaml");
        assert_eq!((&shown["kind"], &shown["text"]), (&json!("text"), &json!(text)));
        assert_eq!(
            (&shown["problems"][0]["row"], &shown["problems"][0]["column"]),
            (&json!(2), &Value::Null)
        );
        folder.edit("a.yaml", json!({"text": text.replace("9:99", "9:16")})).unwrap();
        let shown = folder.sheet("a.yaml");
        assert_eq!((&shown["edited"], &shown["problems"]), (&json!(true), &json!([])));
        assert_eq!(std::fs::read(folder.path("a.yaml")).unwrap(), text.as_bytes());
        assert!(folder.path("a-output/edited-sheet.yaml").is_file());
        assert!(folder.edit("a.yaml", json!({"edits": []})).is_err());
    }

    #[test]
    fn what_cannot_be_copied_is_refused() {
        let text = format!("id,text,persona,ratio\na,\"Hi,{ANNA},1:1\n");
        let folder = Folder::new("a.csv", text.as_bytes());
        let shown = folder.sheet("a.csv");
        assert_eq!(shown["can_edit"], false);
        assert!(
            folder
                .edit("a.csv", json!({"edits": [{"row": 1, "column": 0, "value": "ID"}]}))
                .is_err()
        );
        assert!(!folder.path("a-output").exists());
        // A file of the user with the name of the copy.
        let folder =
            Folder::new("b.csv", format!("text,persona,ratio\nHi,{ANNA},1:1\n").as_bytes());
        std::fs::create_dir(folder.path("b-output")).unwrap();
        crate::util::fs::write_new(&folder.path("b-output/edited-sheet.csv"), b"mine").unwrap();
        assert!(
            folder
                .edit("b.csv", json!({"edits": [{"row": 2, "column": 0, "value": "Ho"}]}))
                .is_err()
        );
        assert_eq!(std::fs::read(folder.path("b-output/edited-sheet.csv")).unwrap(), b"mine");
    }
}

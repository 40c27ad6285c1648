//! Loading: from a file to a plan.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{
    Flag, Note, Plan, PriceSettings, PriceTable, SheetFile, Suspicion, ValueOrigin,
};
use crate::util::text::{byte_size, plural, sanitize};

use super::build::incomplete_rows::remove_blank_rows;
use super::build::plan_builder::PlanBuilder;
use super::build::rules::{MAX_JOBS, MAX_TEXT, Rules};
use super::build::template::{Templates, is_template};
use super::build::variables::{VariableNames, Variables};
use super::diagnostics::lints;
use super::diagnostics::place::{Place, Source};
use super::diagnostics::problem::{Findings, Problem, Problems, merge_notes, sort_by_place};
use super::diagnostics::text::quote;
use super::formats::csv::{self, Delimiter};
use super::formats::decode::{FileKind, decode_source, locked_workbook};
use super::formats::other_files::other_file;
use super::formats::table::{Table, Value};
use super::formats::{workbook, yaml};
use super::grid::{Grid, SheetContent};
use super::schema::document::{self, Document, Item};
use super::schema::field::Field;
use super::schema::header;
use super::schema::names::{NameKind, NameResolver};
use super::schema::options::{ColumnChoice, InvalidRows, Options};

/// Returns the bytes of a file; `-` is standard input.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Why a file that a manifest names is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedFile {
    /// It is not in the manifest's folder or below.
    #[error("it is outside the manifest's folder")]
    Outside,
    /// Its name, or that of a folder on the way, begins with a dot.
    #[error("it is hidden")]
    Hidden,
}

impl From<RefusedFile> for io::Error {
    fn from(refused: RefusedFile) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, refused)
    }
}

/// The most characters of a campaign's name, which is shown in every line and hashed into every tag.
pub(crate) const MAX_CAMPAIGN: usize = 100;

/// Loads a manifest, and the sheets that it names, with `read`.
///
/// The kind of a file follows from its first bytes and its extension: CSV and similar formats, a workbook, or YAML. `-` is
/// CSV. A path in a YAML manifest is relative to the manifest.
///
/// # Errors
///
/// All problems of the manifest. With [`InvalidRows::Skip`], invalid rows are left out instead, unless no row is left.
pub fn load(source: &Path, options: &Options<'_>, read: ReadFile<'_>) -> Result<Plan, Problems> {
    let mut loader = Loader::new(options, read);
    let outcome = loader.load(source);
    let Findings { mut problems, mut notes, suspicions, .. } = loader.findings;
    let Some((mut plan, row_problems, row_notes)) = outcome else {
        return Err(Problems::new(sort_by_place(problems), merge_notes(notes)));
    };
    notes.extend(row_notes);
    let can_skip = options.invalid_rows == InvalidRows::Skip && problems.is_empty();
    if can_skip && !plan.jobs.is_empty() {
        let left_out = sort_by_place(row_problems).into_iter();
        notes.extend(left_out.map(Problem::into_note));
    } else {
        problems.extend(row_problems);
    }
    plan.suspicions.splice(0..0, suspicions);
    if !problems.is_empty() {
        // They are shown with the problems, so that all can be corrected at once.
        let notes_of = |Suspicion { place, message, .. }| Note { place, message };
        notes.extend(plan.suspicions.into_iter().map(notes_of));
        return Err(Problems::new(sort_by_place(problems), merge_notes(notes)));
    }
    plan.notes = merge_notes(notes);
    Ok(plan)
}

/// Reads a manifest with `read` for showing it. Returns `None` if it cannot be read, for a reason that [`load`] reports.
pub(crate) fn read_sheet(
    source: &Path,
    options: &Options<'_>,
    read: ReadFile<'_>,
) -> Option<SheetContent> {
    let mut loader = Loader::new(options, read);
    let name = options.name.clone().unwrap_or_else(|| name_of(source));
    let bytes =
        loader.bytes(source, &Place::file(&Source::of_text(name.clone(), String::new())))?;
    let kind = FileKind::detect(source, &bytes);
    if kind == FileKind::Yaml {
        let source = loader.yaml(&name, bytes)?;
        return Some(SheetContent::Text { file: name, text: source.text.clone() });
    }
    let table = loader.raw_table(kind, &name, bytes, options.sheet.as_deref())?;
    // The lines of a CSV whose quotes are wrong are left out.
    let is_complete = kind == FileKind::Workbook || loader.findings.problems.is_empty();
    let delimiter = loader.delimiter.unwrap_or(Delimiter::Comma);
    Some(SheetContent::Table(Grid::new(table, &options.columns, delimiter, is_complete)))
}

struct Loader<'a> {
    options: &'a Options<'a>,
    read: ReadFile<'a>,
    /// The findings about the manifest as a whole. Those about rows are returned separately.
    findings: Findings,
    /// The delimiter of the first delimited file.
    delimiter: Option<Delimiter>,
    /// The sheets that were read.
    sheets: Vec<SheetFile>,
}

impl<'a> Loader<'a> {
    fn new(options: &'a Options<'a>, read: ReadFile<'a>) -> Self {
        let findings = Findings::default();
        Self { options, read, findings, delimiter: None, sheets: Vec::new() }
    }

    /// Decodes a YAML manifest.
    fn yaml(&mut self, name: &str, bytes: Vec<u8>) -> Option<Arc<Source>> {
        let help = "save the manifest as text in UTF-8";
        // YAML is UTF-8; the option is also for the sheets that the manifest names.
        let encoding = self.options.encoding.and_then(|it| it.unless_utf_8(&bytes));
        decode_source(name, bytes, encoding, help, &mut self.findings)
    }

    /// Returns the plan with the problems and notes of its rows, or `None` if the manifest cannot be read.
    fn load(&mut self, path: &Path) -> Option<(Plan, Vec<Problem>, Vec<Note>)> {
        let name = self.options.name.clone().unwrap_or_else(|| name_of(path));
        let file = Place::file(&Source::of_text(name.clone(), String::new()));
        let bytes = self.bytes(path, &file)?;
        let (document, table) = match FileKind::detect(path, &bytes) {
            FileKind::Yaml => {
                let source = self.yaml(&name, bytes)?;
                let root = yaml::parse(&source, &mut self.findings)?;
                lints::check_unquoted_hashes(&source, &root, &mut self.findings);
                (document::read(&root, &mut self.findings), None)
            }
            kind @ (FileKind::Delimited | FileKind::Workbook) => {
                let (sheet, choices) = (self.options.sheet.as_deref(), &self.options.columns);
                let table = self.table(kind, &name, bytes, sheet, choices)?;
                (Document::default(), Some(table))
            }
        };
        let campaign = self.campaign(path, document.campaign.as_ref());
        let rules = self.rules(&campaign, &document);
        let mut builder = PlanBuilder::new(rules, document.defaults);
        if let Some(mut table) = table {
            let columns = header::map_columns(&table, &self.options.columns, &mut self.findings);
            let missing = header::check_required_columns(&table, &columns, &mut self.findings);
            remove_blank_rows(&mut table, &columns, &[], &mut self.findings);
            self.add_sheet(name, &table);
            self.check_rows(&table);
            // If the first line is not a header, problems of the rows would mislead.
            if !columns.fields.is_empty() || missing.is_empty() {
                builder.add_table(table, &columns, None, &missing, &mut self.findings);
            }
        }
        for item in document.items {
            self.add_item(path, item, &mut builder);
        }
        let settings = document.settings;
        self.note_low_prices(&settings.prices, path, &file);
        let built = builder.finish(self.options.invalid_rows);
        self.findings.problems.extend(built.too_many);
        let is_dated = document.campaign.is_some_and(|name| is_template(&name.text));
        let today = self.options.today.filter(|_| is_dated);
        let plan = Plan {
            campaign,
            campaign_date: today.map(|date| date.to_string()),
            source: path.to_owned(),
            jobs: built.jobs,
            sheet: Arc::new(built.sheet),
            sheets: std::mem::take(&mut self.sheets),
            delimiter: self.delimiter.map(Delimiter::character),
            limits: settings.limits,
            output: settings.output,
            prices: settings.prices,
            notes: Vec::new(),
            suspicions: built.suspicions,
        };
        Some((plan, built.problems, built.notes))
    }

    /// Records a sheet that was read; several times for several items.
    fn add_sheet(&mut self, file: String, table: &Table) {
        let rows = table.rows.len();
        match self.sheets.iter_mut().find(|sheet| sheet.file == file) {
            Some(sheet) => sheet.rows = sheet.rows.max(rows),
            None => self.sheets.push(SheetFile { file, rows }),
        }
    }

    /// Notes prices below the known ones, which have no effect.
    fn note_low_prices(&mut self, prices: &PriceSettings, path: &Path, file: &Place) {
        let known = PriceTable::default();
        let used = known.clone().with(prices, ValueOrigin::CameAlong(path));
        if used != known.with(prices, ValueOrigin::User) {
            let message = "`prices` in a manifest cannot lower an estimate; the known prices are used where they are higher";
            self.findings.note(file, message);
        }
    }

    fn add_item(&mut self, manifest: &Path, item: Item, builder: &mut PlanBuilder<'_>) {
        let Some(rows) = &item.rows else {
            builder.add_item(item);
            return;
        };
        let choices: Vec<ColumnChoice> =
            item.columns.iter().chain(&self.options.columns).cloned().collect();
        if let Some(mut table) = self.rows_of_item(manifest, &item, rows, &choices) {
            let columns = header::map_columns(&table, &choices, &mut self.findings);
            let given: Vec<Field> = item.values.fields().chain(builder.defaults()).collect();
            header::note_likely_typos(&table, &columns, &given, &mut self.findings);
            remove_blank_rows(&mut table, &columns, &given, &mut self.findings);
            self.add_sheet(name_of(&sheet_path(manifest, rows)), &table);
            self.check_rows(&table);
            builder.add_table(table, &columns, Some(&item), &[], &mut self.findings);
        }
        // A problem of the item is a problem of all its rows, so none can be left out for it.
        self.findings.extend(item.findings);
    }

    fn rows_of_item(
        &mut self,
        manifest: &Path,
        item: &Item,
        rows: &Value,
        choices: &[ColumnChoice],
    ) -> Option<Table> {
        let path = sheet_path(manifest, rows);
        let bytes = self.bytes(&path, &rows.place)?;
        let kind = FileKind::detect(&path, &bytes);
        if kind == FileKind::Yaml {
            let message = "`rows` takes a sheet (CSV or a workbook), not YAML";
            self.findings.problem(Problem::at(&rows.place, message));
            return None;
        }
        let sheet = item.sheet.as_ref().map(|value| value.text.trim());
        self.table(kind, &name_of(&path), bytes, sheet, choices)
    }

    /// Returns the bytes of a file. Reports at `place` if it cannot be read.
    fn bytes(&mut self, path: &Path, place: &Place) -> Option<Vec<u8>> {
        if let Some(workbook) = locked_workbook(path) {
            let message =
                "this is the lock file of a workbook that is open in a spreadsheet program";
            let name = quote(&name_of(&workbook));
            let help = format!("save the workbook, and name it instead: {name}");
            self.findings.problem(Problem::at(place, message).help(help));
            return None;
        }
        let error = match (self.read)(path) {
            Ok(bytes) => {
                let Some(explanation) = other_file(path, &bytes) else {
                    return Some(bytes);
                };
                let file = Place::file(&Source::of_text(name_of(path), String::new()));
                self.findings.problem(explanation.at(&file));
                return None;
            }
            Err(error) => error,
        };
        let name = name_of(path);
        let source = error.get_ref().and_then(|source| source.downcast_ref::<RefusedFile>());
        if let Some(refused) = source {
            let message = format!("{} is not read: {refused}", quote(&name));
            let help = format!(
                "a manifest may come from another person; put the sheet beside it, or give `{}`",
                Flag::AllowOutside
            );
            self.findings.problem(Problem::at(place, message).help(help));
            return None;
        }
        let is_manifest = **place.file_name() == *name;
        let text = sanitize(&error.to_string());
        let reason = text.split(" (os error").next().unwrap_or_default();
        let message = if is_manifest {
            format!("cannot be read: {reason}")
        } else {
            format!("{} cannot be read: {reason}", quote(&name))
        };
        let kind = error.kind();
        let help = if kind == io::ErrorKind::NotFound && is_manifest {
            "check the name and the current folder"
        } else if kind == io::ErrorKind::NotFound {
            "check the name; the path is relative to the manifest's folder"
        } else if kind == io::ErrorKind::IsADirectory {
            "this is a folder; name the file in it"
        } else if kind == io::ErrorKind::PermissionDenied {
            "ask for permission to read it, or close the program that has it open"
        } else {
            "copy the file to this computer, and try again"
        };
        self.findings.problem(Problem::at(place, message).help(help));
        None
    }

    fn table(
        &mut self,
        kind: FileKind,
        name: &str,
        bytes: Vec<u8>,
        sheet: Option<&str>,
        choices: &[ColumnChoice],
    ) -> Option<Table> {
        let mut table = self.raw_table(kind, name, bytes, sheet)?;
        header::skip_title_rows(&mut table, choices, &mut self.findings);
        Some(table)
    }

    /// Returns the table of a sheet, whose header may be below its first row.
    fn raw_table(
        &mut self,
        kind: FileKind,
        name: &str,
        bytes: Vec<u8>,
        sheet: Option<&str>,
    ) -> Option<Table> {
        match kind {
            FileKind::Workbook => workbook::read(name, &bytes, sheet, &mut self.findings),
            FileKind::Delimited | FileKind::Yaml => {
                if bytes.len() > csv::MAX_BYTES {
                    let file = Place::file(&Source::of_text(name, String::new()));
                    let size_of =
                        |count: usize| byte_size(u64::try_from(count).unwrap_or(u64::MAX));
                    let (size, most) = (size_of(bytes.len()), size_of(csv::MAX_BYTES));
                    let message =
                        format!("the file has {size}, more than the {most} that are read");
                    let help = "delete the columns that are not needed, or split the campaign";
                    self.findings.problem(Problem::at(&file, message).help(help));
                    return None;
                }
                let help = "export the sheet as \"CSV UTF-8\", or use the workbook itself";
                let encoding = self.options.encoding;
                let source = decode_source(name, bytes, encoding, help, &mut self.findings)?;
                let delimiter = csv::delimiter_of(&source.text, self.options.delimiter);
                self.delimiter.get_or_insert(delimiter);
                let table = csv::read(&source, Some(delimiter), &mut self.findings);
                if table.is_none() && self.findings.problems.is_empty() {
                    let problem = Problem::at(&Place::file(&source), "the file is empty");
                    let help = "the first line names the columns: `text,persona,aspect_ratio`";
                    self.findings.problem(problem.help(help));
                }
                table
            }
        }
    }

    /// Notes short rows, and reports a sheet without rows.
    fn check_rows(&mut self, table: &Table) {
        let width = table.header.len();
        let mut short = table.rows.iter().filter(|row| row.len() < width);
        if let Some(first) = short.next() {
            let rows = match short.count() {
                0 => "this row has".to_owned(),
                more => format!("this and {} have", plural(more, "other row")),
            };
            let message =
                format!("{rows} fewer cells than the header; the missing cells count as empty");
            self.findings.note(&first[0].place, message);
        }
        if table.rows.is_empty() && self.findings.problems.is_empty() {
            let problem =
                Problem::at(&Place::file(&table.source), "there are no rows below the header");
            self.findings.problem(problem.help("add a row for each video"));
        }
    }

    /// Returns the name of the campaign: from the options, else from the manifest, else the name of the file.
    fn campaign(&mut self, path: &Path, given: Option<&Value>) -> String {
        let fallback = campaign_of_file(path);
        if let Some(name) = &self.options.campaign {
            return name.clone();
        }
        let Some(value) = given else {
            return fallback;
        };
        match Templates::new().render(&value.text, &Arc::new(self.date())) {
            Ok(rendered) => {
                let campaign = rendered.text.trim();
                if !is_campaign_name(campaign) {
                    let message = format!("{} cannot be the name of a campaign", quote(campaign));
                    let help = format!("use 1 to {MAX_CAMPAIGN} characters on one line");
                    self.findings.problem(Problem::at(&value.place, message).help(help));
                }
                campaign.to_owned()
            }
            Err(explanations) => {
                for explanation in explanations {
                    self.findings.problem(explanation.at(&value.place));
                }
                fallback
            }
        }
    }

    /// Returns the variable `date`.
    fn date(&self) -> Variables {
        let date = self.options.today.map(|date| date.to_string());
        let mut variables = Variables::default();
        let date = Arc::from(date.unwrap_or_default());
        variables.add(&VariableNames::new(["date"]), vec![date]);
        variables
    }

    fn rules(&mut self, campaign: &str, document: &Document) -> Rules<'a> {
        let mut shared_variables = self.date();
        let name = VariableNames::new(["campaign"]);
        shared_variables.add(&name, vec![Arc::from(campaign)]);
        Rules {
            personas: self.names(NameKind::Persona, &document.personas),
            voices: self.names(NameKind::Voice, &document.voices),
            max_text: document.settings.max_text.unwrap_or(MAX_TEXT),
            max_jobs: MAX_JOBS,
            shared_variables,
            templates: Templates::new(),
            field_names: VariableNames::new(Field::ALL.map(Field::name)),
            file_name: document.settings.file_name.clone(),
        }
    }

    fn names(&mut self, kind: NameKind, short: &[(Value, Option<Value>)]) -> NameResolver<'a> {
        let mut names = NameResolver::new(kind, self.options.catalogue);
        for (key, value) in short {
            let id = value.as_ref().and_then(|value| {
                let id = names.look_up(&value.text);
                id.map_err(|explanation| self.findings.problem(explanation.at(&value.place))).ok()
            });
            names.add(&key.text, id);
        }
        names
    }
}

/// Returns the name of the campaign of a manifest that names none.
pub(crate) fn campaign_of_file(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match &*stem {
        "" | "-" => "stdin".to_owned(),
        stem => sanitize(stem).trim().to_owned(),
    }
}

/// Checks whether `name` can be the name of a campaign.
pub(crate) fn is_campaign_name(name: &str) -> bool {
    let is_short = name.chars().count() <= MAX_CAMPAIGN;
    !name.trim().is_empty() && is_short && !name.chars().any(char::is_control)
}

/// Returns the path of the sheet that an item of `manifest` names.
fn sheet_path(manifest: &Path, rows: &Value) -> PathBuf {
    manifest.parent().unwrap_or_else(|| Path::new("")).join(rows.text.trim())
}

/// Returns a file as the user named it.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() }
}

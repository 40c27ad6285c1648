//! From the file to the plan: [`load`].

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::model::{Note, Plan, Text};

use crate::manifest::build::plan_builder::PlanBuilder;
use crate::manifest::build::rules::{LONGEST_TEXT, MOST_JOBS, Rules};
use crate::manifest::build::template::{Templates, VariableNames, Variables, is_template};
use crate::manifest::diagnostics::lints;
use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{
    Findings, Problem, Problems, merge_notes, sort_by_place,
};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::csv;
use crate::manifest::formats::decode;
use crate::manifest::formats::detect::{FileKind, detect, locked_workbook};
use crate::manifest::formats::table::{Table, Value};
use crate::manifest::formats::xlsx;
use crate::manifest::formats::yaml;
use crate::manifest::schema::document::{self, Document, Item};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::header;
use crate::manifest::schema::names::{NameKind, NameResolver};
use crate::manifest::schema::options::{InvalidRows, Options};

/// Gives the bytes of a file; `-` is the standard input.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// The longest name of a campaign; it is shown in every line and hashed into every tag.
const LONGEST_CAMPAIGN: usize = 100;

/// Reads a manifest, and the sheets it names, through `read`.
///
/// What kind of file it is is told by its extension and its first bytes: CSV and its relatives, a
/// workbook, or YAML. `-` is CSV. A sheet's path in a YAML manifest is relative to the manifest.
///
/// # Errors
///
/// Everything that is wrong with the manifest, found at once. With [`InvalidRows::Skip`] wrong rows
/// are left out instead, unless no row is left.
pub fn load(source: &Path, options: &Options<'_>, read: ReadFile<'_>) -> Result<Plan, Problems> {
    let mut loader = Loader {
        options,
        read,
        findings: Findings::default(),
    };
    let outcome = loader.load(source);
    let Findings {
        mut problems,
        notes,
    } = loader.findings;
    let mut all_notes = notes;
    let Some((mut plan, row_problems, row_notes)) = outcome else {
        return Err(Problems::new(
            sort_by_place(problems),
            merge_notes(all_notes),
        ));
    };
    all_notes.extend(row_notes);
    let skips = options.invalid_rows == InvalidRows::Skip && problems.is_empty();
    if skips && !plan.jobs.is_empty() {
        all_notes.extend(
            sort_by_place(row_problems)
                .into_iter()
                .map(Problem::into_note),
        );
    } else {
        problems.extend(row_problems);
    }
    if !problems.is_empty() {
        return Err(Problems::new(
            sort_by_place(problems),
            merge_notes(all_notes),
        ));
    }
    plan.notes = merge_notes(all_notes);
    Ok(plan)
}

/// One reading of a manifest.
struct Loader<'a> {
    options: &'a Options<'a>,
    read: ReadFile<'a>,
    /// What is wrong with the manifest as a whole; what is wrong with rows is kept apart.
    findings: Findings,
}

impl<'a> Loader<'a> {
    /// The plan, and what is wrong with and worth saying about its rows. `None` if the manifest cannot
    /// be read at all.
    fn load(&mut self, path: &Path) -> Option<(Plan, Vec<Problem>, Vec<Note>)> {
        let name = name_of(path);
        let bytes = self.bytes(
            path,
            &Place::file(&Source::of_text(name.clone(), String::new())),
        )?;
        let (document, table) = match detect(path, &bytes) {
            FileKind::Yaml => {
                let help = "save the manifest as text in UTF-8";
                let source = self.decoded(&name, bytes, help)?;
                let root = yaml::parse(&source, &mut self.findings)?;
                lints::note(&root, &mut self.findings);
                (document::read(&root, &mut self.findings), None)
            }
            kind @ (FileKind::Delimited | FileKind::Workbook) => {
                let sheet = self.options.sheet.clone();
                let table = self.table(kind, &name, bytes, sheet.as_deref())?;
                (Document::default(), Some(table))
            }
        };
        let campaign = self.campaign(path, document.campaign.as_ref());
        let rules = self.rules(&campaign, &document);
        let mut assembly = PlanBuilder::new(rules, document.defaults);
        if let Some(table) = table {
            let columns = header::map_columns(&table, &mut self.findings);
            let already_reported =
                header::check_required_columns(&table, &columns, &mut self.findings);
            self.check_row_lengths(&table);
            // Where the first line is no header, whatever is said of the rows would mislead.
            if !columns.fields.is_empty() || already_reported.is_empty() {
                assembly.add_table(table, &columns, None, &already_reported);
            }
        }
        for item in document.items {
            self.add_item(path, item, &mut assembly);
        }
        let settings = document.settings;
        let assembled = assembly.finish(self.options.invalid_rows);
        self.findings.problems.extend(assembled.too_many);
        let is_dated = document.campaign.as_ref();
        let is_dated = is_dated.is_some_and(|value| is_template(&value.text));
        let today = self.options.today.filter(|_| is_dated);
        let plan = Plan {
            campaign,
            campaign_date: today.map(|date| date.to_string()),
            source: path.to_owned(),
            jobs: assembled.jobs,
            sheet: Arc::new(assembled.sheet),
            limits: settings.limits,
            output: settings.output,
            prices: settings.prices,
            notes: Vec::new(),
        };
        Some((plan, assembled.problems, assembled.notes))
    }

    fn add_item(&mut self, manifest: &Path, item: Item, assembly: &mut PlanBuilder<'_>) {
        let Some(rows) = &item.rows else {
            assembly.add_item(item);
            return;
        };
        let folder = manifest.parent().unwrap_or_else(|| Path::new(""));
        let path = folder.join(rows.text.trim());
        let name = name_of(&path);
        let table = self.bytes(&path, &rows.place).and_then(|bytes| {
            let kind = match detect(&path, &bytes) {
                FileKind::Yaml => {
                    let message = "`rows` takes a sheet (CSV or a workbook), not YAML";
                    self.findings.problem(Problem::at(&rows.place, message));
                    return None;
                }
                kind @ (FileKind::Delimited | FileKind::Workbook) => kind,
            };
            let sheet = item.sheet.as_ref().map(|value| value.text.trim());
            self.table(kind, &name, bytes, sheet)
        });
        if let Some(table) = table {
            let columns = header::map_columns(&table, &mut self.findings);
            let given: Vec<Field> = item.values.fields().chain(assembly.defaults()).collect();
            header::note_likely_typos(&table, &columns, &given, &mut self.findings);
            self.check_row_lengths(&table);
            assembly.add_table(table, &columns, Some(&item), &[]);
        }
        // What is wrong with the item is wrong with all of its rows, so none can be left out for it.
        self.findings.absorb(item.findings);
    }

    /// The bytes of a file; that it cannot be read is said at `place`.
    fn bytes(&mut self, path: &Path, place: &Place) -> Option<Vec<u8>> {
        if let Some(workbook) = locked_workbook(path) {
            let message = "this only marks that a spreadsheet program has the workbook open";
            let name = words::quoted(&name_of(&workbook));
            let help = format!("save the workbook there, and name it: {name}");
            self.findings
                .problem(Problem::at(place, message).help(help));
            return None;
        }
        match (self.read)(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let name = name_of(path);
                let error_text = words::clean(&error.to_string());
                // The number says nothing to people.
                let reason = error_text.split(" (os error").next().unwrap_or_default();
                let is_itself = place.file_name().as_str() == name;
                let message = if is_itself {
                    format!("cannot be read: {reason}")
                } else {
                    format!("{} cannot be read: {reason}", words::quoted(&name))
                };
                let help = if error.kind() != io::ErrorKind::NotFound {
                    unreadable_help(error.kind())
                } else if is_itself {
                    "check the name, and that you are in the right folder"
                } else {
                    "check the name; a path in `rows` begins at the manifest's folder"
                };
                self.findings
                    .problem(Problem::at(place, message).help(help));
                None
            }
        }
    }

    fn decoded(&mut self, name: &str, bytes: Vec<u8>, help: &str) -> Option<Arc<Source>> {
        match decode::decode(bytes) {
            Ok(decoded) => {
                let source = Source::of_text(name, decoded.text);
                if let Some(note) = decoded.note {
                    self.findings.note(&Place::file(&source), note);
                }
                Some(source)
            }
            Err(fault) => {
                let (text, offset) = fault.shown.unzip();
                let source = Source::of_text(name, text.unwrap_or_default());
                let place = offset.map_or_else(
                    || Place::file(&source),
                    |offset| Place::bytes(&source, offset, offset + 1),
                );
                self.findings
                    .problem(Problem::at(&place, fault.message).help(help));
                None
            }
        }
    }

    fn table(
        &mut self,
        kind: FileKind,
        name: &str,
        bytes: Vec<u8>,
        sheet: Option<&str>,
    ) -> Option<Table> {
        match kind {
            FileKind::Workbook => xlsx::read(name, &bytes, sheet, &mut self.findings),
            FileKind::Delimited | FileKind::Yaml => {
                let help = "export the sheet as \"CSV UTF-8\", or give the workbook itself";
                let source = self.decoded(name, bytes, help)?;
                csv::read(&source, self.options.delimiter, &mut self.findings)
            }
        }
    }

    /// What is worth saying about the rows of a table as a whole.
    fn check_row_lengths(&mut self, table: &Table) {
        let width = table.header.len();
        let mut short = table.rows.iter().filter(|row| row.len() < width);
        if let Some(first) = short.next() {
            let message = format!(
                "{} fewer cells than the header; the missing ones are taken as empty",
                match short.count() {
                    0 => "this row has".to_owned(),
                    more => format!(
                        "this and {} have",
                        words::count(more, "other row", "other rows")
                    ),
                }
            );
            self.findings.note(&first[0].place, message);
        }
        if table.rows.is_empty() && self.findings.problems.is_empty() {
            let message = "there are no rows below the header";
            let help = "add a row for each video";
            self.findings
                .problem(Problem::at(&Place::file(&table.source), message).help(help));
        }
    }

    /// The campaign's name: what the manifest says, else what the file is called.
    fn campaign(&mut self, path: &Path, given: Option<&Value>) -> String {
        let stem = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let fallback = match stem.as_deref() {
            None | Some("-") => "stdin".to_owned(),
            Some(stem) => words::clean(stem).trim().to_owned(),
        };
        let Some(value) = given else {
            return fallback;
        };
        let rendered = Templates::new().render(&value.text, &Arc::new(self.date()));
        match rendered {
            Ok(campaign) => {
                let campaign = campaign.trim();
                let is_long = campaign.chars().count() > LONGEST_CAMPAIGN;
                if campaign.is_empty() || is_long || campaign.chars().any(char::is_control) {
                    let message =
                        format!("{} cannot be a campaign's name", words::quoted(campaign));
                    let help = format!("1 to {LONGEST_CAMPAIGN} characters on one line");
                    self.findings
                        .problem(Problem::at(&value.place, message).help(help));
                }
                campaign.to_owned()
            }
            Err(problem) => {
                let problem = Problem::at(&value.place, problem.message).help(problem.help);
                self.findings.problem(problem);
                fallback
            }
        }
    }

    fn date(&self) -> Variables {
        let date = self.options.today.map(|date| date.to_string());
        let mut variables = Variables::default();
        variables.add(
            &VariableNames::new(["date"]),
            vec![Text::from(date.unwrap_or_default())],
        );
        variables
    }

    fn rules(&mut self, campaign: &str, document: &Document) -> Rules<'a> {
        let mut shared_variables = self.date();
        let name = VariableNames::new(["campaign"]);
        shared_variables.add(&name, vec![Text::from(campaign)]);
        Rules {
            personas: self.names(NameKind::Persona, &document.personas),
            voices: self.names(NameKind::Voice, &document.voices),
            longest_text: document.settings.longest_text.unwrap_or(LONGEST_TEXT),
            most_jobs: MOST_JOBS,
            shared_variables,
            templates: Templates::new(),
            field_names: VariableNames::new(Field::ALL.map(Field::name)),
            file_name: document.settings.file_name.clone(),
        }
    }

    fn names(&mut self, kind: NameKind, short: &[(yaml::Key, Option<Value>)]) -> NameResolver<'a> {
        let mut names = NameResolver::new(kind, self.options.catalogue);
        for (key, value) in short {
            let id = value
                .as_ref()
                .and_then(|value| match names.look_up(&value.text) {
                    Ok(id) => Some(id),
                    Err((message, help)) => {
                        self.findings
                            .problem(Problem::at(&value.place, message).help(help));
                        None
                    }
                });
            names.add(&key.name, id);
        }
        names
    }
}

/// What to do about a file that is there and cannot be read.
fn unreadable_help(kind: io::ErrorKind) -> &'static str {
    if kind == io::ErrorKind::IsADirectory {
        "this is a folder; name the file in it"
    } else if kind == io::ErrorKind::PermissionDenied {
        "ask for the right to read it, or close the program that holds it"
    } else {
        "copy the file to this computer, and try again"
    }
}

/// A file as the user named it.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

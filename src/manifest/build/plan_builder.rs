//! The builder of a plan: it collects the jobs of all rows and items.

use std::collections::{HashMap, HashSet, VecDeque};
use std::iter;
use std::sync::Arc;

use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::suspicions::has_lost_digits;
use crate::manifest::diagnostics::text::{list, normalize, quote};
use crate::manifest::formats::table::{Table, Value, visible};
use crate::manifest::schema::document::{Defaults, Item};
use crate::manifest::schema::field::{Field, FieldMap};
use crate::manifest::schema::header::{Columns, suspect_near_miss};
use crate::manifest::schema::options::InvalidRows;
use crate::manifest::schema::values::parse_bool;
use crate::model::{Flag, JobSpec, Note, Origin, Sheet, SheetRow, Suspicion};
use crate::util::text::plural;

use super::file_names::file_stems;
use super::ids::{self, ExplicitId, assign_ids, find_copies};
use super::incomplete_rows::IncompleteRows;
use super::manifest_from_results::{group_lines, keep_recorded, recorded_jobs, text_at};
use super::raw_job::{Combination, RawJob, Values, split_values, varying_fields};
use super::row::{ValidatedRequest, validate};
use super::rules::Rules;
use super::slug::normalize_id;
use super::template::{is_template, used_names};
use super::validated_job::ValidatedJob;
use super::variables::VariableNames;

/// The columns of YAML jobs in the results.
const YAML_COLUMNS: [Field; 6] = [
    Field::Text,
    Field::Audio,
    Field::Persona,
    Field::AspectRatio,
    Field::ModelVersion,
    Field::Language,
];

/// Collects the jobs of a manifest.
pub(crate) struct PlanBuilder<'a> {
    rules: Rules<'a>,
    defaults: Defaults,
    sheet: SheetBuilder,
    jobs: Vec<ValidatedJob>,
    /// The ids that rows and items give.
    explicit_ids: Vec<ExplicitId>,
    /// The problem that there are more jobs than allowed, which is of no single row.
    too_many: Option<Problem>,
    /// The findings of each row and item.
    findings: Vec<Findings>,
    /// The index in the sheet of each row; `None` for an item.
    rows: Vec<Option<usize>>,
}

/// The jobs of a manifest.
pub(crate) struct BuiltPlan {
    pub(crate) jobs: Vec<Arc<JobSpec>>,
    /// The user's rows.
    pub(crate) sheet: Sheet,
    /// The problem that there are more jobs than allowed.
    pub(crate) too_many: Option<Problem>,
    /// The problems of rows and items.
    pub(crate) problems: Vec<Problem>,
    /// The notes about rows and items.
    pub(crate) notes: Vec<Note>,
    /// The texts that look unfinished.
    pub(crate) suspicions: Vec<Suspicion>,
}

impl<'a> PlanBuilder<'a> {
    /// Creates a builder. `defaults` are used where rows and items have no value.
    pub(crate) fn new(rules: Rules<'a>, defaults: Defaults) -> Self {
        Self {
            rules,
            defaults,
            sheet: SheetBuilder::default(),
            jobs: Vec::new(),
            explicit_ids: Vec::new(),
            too_many: None,
            findings: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Returns the fields that have a default.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = Field> {
        self.defaults.values.fields()
    }

    /// Adds the rows of a table. The values of `item`, an item of a YAML manifest, replace those of the rows. `reported`
    /// are required columns whose absence is already reported. What looks wrong about the columns is added to `of_sheet`.
    pub(crate) fn add_table(
        &mut self,
        table: Table,
        columns: &Columns,
        item: Option<&Item>,
        reported: &[Field],
        of_sheet: &mut Findings,
    ) {
        let own = columns.own.iter();
        let own = own.map(|column| &*table.header[*column].text);
        let names = VariableNames::new(own.clone());
        let sheet_columns = self.sheet.columns(own);
        let given = item.map_or(&self.defaults.values, |item| &item.values).fields();
        let given: Vec<Field> = given.chain(self.defaults()).chain(reported.to_vec()).collect();
        let incomplete = IncompleteRows::new(&table, columns, &given);
        let Table { header, rows, .. } = table;
        // Most rows make one job.
        let expected = rows.len().min(self.rules.max_jobs);
        self.jobs.reserve(expected);
        self.findings.reserve(expected);
        self.sheet.0.rows.reserve(expected);
        let mut taken: Vec<(Field, usize)> = columns.inexact().collect();
        let mut near_misses = columns.near_misses.clone();
        // The rows, and those without each language.
        let mut count = 0;
        let mut without: Vec<Vec<Place>> = vec![Vec::new(); columns.languages.len()];
        // Each row is dropped once its jobs are made, which halves the memory of a large sheet.
        for lines in group_lines(rows, columns) {
            let row = &lines[0];
            let own = columns.own.iter();
            let cells: Vec<Arc<str>> = own.map(|column| text_at(row, *column)).collect();
            let variables: Arc<[Arc<str>]> = cells.iter().map(visible).collect();
            let sheet_row = self.sheet.push(&sheet_columns, cells);
            if let Some(problem) = extra_cells(&header, row).or_else(|| incomplete.check(row)) {
                // The cells are in the wrong columns or no values, so other problems would mislead.
                let mut findings = Findings::default();
                findings.problem(problem);
                self.findings.push(findings);
                self.rows.push(Some(sheet_row));
                continue;
            }
            let mut job = RawJob::new(row[0].place.clone());
            let mut findings = Findings::default();
            for (field, column) in columns.fields.iter() {
                let cell = row.get(*column);
                let value = cell.map(|cell| Value { text: visible(&cell.text), ..cell.clone() });
                let value = value.filter(|value| !value.is_blank());
                let values =
                    value.map_or_else(Vec::new, |value| split_values(field, value, &mut findings));
                if values.is_empty() {
                    let end = || row.last().unwrap_or(&row[0]).place.after();
                    let place = cell.map_or_else(end, |cell| cell.place.clone());
                    job.blank.insert(field, place);
                } else {
                    job.values.insert(field, values);
                }
            }
            for ((language, fields), places) in columns.languages.iter().zip(&mut without) {
                match language_of_row(language, fields, row, &mut findings) {
                    Some(values) => job.languages.push(values),
                    None => places.push(row[0].place.clone()),
                }
            }
            count += 1;
            job.variables.add(&names, variables);
            for column in &columns.own {
                let problem = row.get(*column).and_then(Value::problem);
                let name = || header[*column].text.trim().to_owned();
                job.uncertain.extend(problem.map(|problem| (name(), problem)));
            }
            job.reported = reported.to_vec();
            job.recorded = recorded_jobs(&lines, columns);
            if let Some(item) = item {
                job.values.extend(&item.values);
                job.languages.extend(item.languages.iter().cloned());
                job.include.clone_from(&item.include);
                job.exclude.clone_from(&item.exclude);
                job.reported.extend(&item.reported);
            }
            self.check_length(&header, columns, row, &mut job, &mut findings);
            near_misses.retain(|(column, _)| !self.uses_column(&job, &header[*column].text));
            self.add(job, Some(sheet_row), findings);
            taken.retain(|(field, column)| {
                let is_own = self.findings.last_mut().is_some_and(|findings| {
                    is_taken(&header[*column], row, *column, &findings.problems)
                        && note_taken(*field, &header[*column], findings)
                });
                !is_own
            });
        }
        for (column, field) in near_misses {
            suspect_near_miss(&header[column], field, of_sheet);
        }
        for ((language, _), places) in columns.languages.iter().zip(without) {
            if let (Some(first), Some(findings)) = (places.first(), self.findings.last_mut())
                && places.len() < count
            {
                let rows = plural(places.len(), "row");
                let message = format!(
                    "{rows} of {count} without a text in the language `{language}`, starting with this one"
                );
                findings.note(first, message);
            }
        }
    }

    /// Checks whether a template of a row uses a column, which is then the user's own.
    fn uses_column(&self, job: &RawJob, header: &str) -> bool {
        let values = iter::once(&job.values).chain(&job.languages).chain([&self.defaults.values]);
        let values = values.flat_map(Values::iter).flat_map(|(_, values)| values);
        let mut templates =
            values.chain(&self.rules.file_name).filter(|value| is_template(&value.text)).peekable();
        if templates.peek().is_none() {
            return false;
        }
        let variables = self.rules.variables(job, &Combination::new());
        let mut names = templates.flat_map(|value| used_names(&value.text, &variables));
        names.any(|name| name == header.trim())
    }

    /// Reports the required fields of a row that ends before their columns.
    fn check_length(
        &self,
        header: &[Value],
        columns: &Columns,
        row: &[Value],
        job: &mut RawJob,
        findings: &mut Findings,
    ) {
        let given =
            |field: Field| job.values.contains(field) || self.defaults.values.contains(field);
        let is_missing = |field: &Field| {
            let column = columns.fields.get(*field);
            let has_audio =
                *field == Field::Text && (given(Field::Audio) || !job.languages.is_empty());
            !given(*field)
                && !has_audio
                && !job.reported.contains(field)
                && column.is_some_and(|column| *column >= row.len())
        };
        let missing: Vec<Field> = Field::REQUIRED.into_iter().filter(is_missing).collect();
        let Some(last) = row.last().filter(|_| !missing.is_empty()) else {
            return;
        };
        let names = list(missing.iter().map(|field| field.name()), "and");
        let (length, width) = (plural(row.len(), "cell"), header.len());
        let message = format!("this row ends after {length} of {width}, without {names}");
        let is_one_cell = row.len() == 1 && last.text.contains([',', ';', '\t', '|']);
        let help = if is_one_cell {
            "use the same delimiter as in the first line"
        } else {
            "write as many cells as in the first line"
        };
        findings.problem(Problem::at(&last.place.after(), message).help(help));
        job.reported.extend(missing);
    }

    /// Adds an item of a YAML manifest without `rows`.
    pub(crate) fn add_item(&mut self, item: Item) {
        let job = RawJob {
            values: item.values,
            languages: item.languages,
            include: item.include,
            exclude: item.exclude,
            reported: item.reported,
            ..RawJob::new(item.place)
        };
        self.add(job, None, item.findings);
    }

    /// Adds the jobs of a row or item.
    fn add(&mut self, mut job: RawJob, row: Option<usize>, mut findings: Findings) {
        let begin = self.jobs.len();
        let max_jobs = self.rules.max_jobs;
        job.reported.extend(&self.defaults.reported);
        for (field, values) in self.defaults.values.iter() {
            let has_audio = field == Field::Text && job.values.contains(Field::Audio);
            let has_text = field == Field::Audio && job.values.contains(Field::Text);
            let has_languages =
                matches!(field, Field::Text | Field::Audio) && !job.languages.is_empty();
            if !has_audio && !has_text && !has_languages && !job.values.contains(field) {
                job.values.insert(field, values.clone());
            }
        }
        if !self.is_skipped(&mut job, &mut findings) && begin <= max_jobs {
            self.check_cells(&mut job, &mut findings);
            let combinations = job.combinations(&mut findings);
            let varying = varying_fields(&combinations);
            for combination in combinations {
                if job.recorded.is_empty() {
                    self.record_explicit_id(&job, &combination, &mut findings);
                }
                let Some(validated) = validate(&self.rules, &job, combination, &mut findings)
                else {
                    continue;
                };
                let row = row.unwrap_or_else(|| self.sheet.push_yaml_job(&validated));
                let (index, place) = (self.findings.len(), job.place.clone());
                self.jobs.push(ValidatedJob::new(index, row, place, validated, &varying));
            }
            if findings.problems.is_empty() && !job.recorded.is_empty() {
                let jobs = self.jobs.split_off(begin);
                let kept = keep_recorded(&jobs, &job.recorded, &mut findings);
                self.jobs.extend(kept);
            }
            if self.jobs.len() > max_jobs {
                let message = format!("the manifest makes more than {max_jobs} jobs");
                let problem = Problem::at(&job.place, message);
                self.too_many = Some(problem.help("split it into several campaigns"));
            }
        }
        self.findings.push(findings);
        self.rows.push(row);
    }

    /// Reports the cells whose text is not certain. The values that have or use one are removed. A cell that no value
    /// uses is only noted.
    fn check_cells(&self, job: &mut RawJob, findings: &mut Findings) {
        let has_problem =
            |values: &Vec<Value>| values.iter().any(|value| value.problem().is_some());
        let is_doubtful = |values: &Values| values.iter().any(|(_, values)| has_problem(values));
        let is_certain = !is_doubtful(&job.values) && !job.languages.iter().any(is_doubtful);
        if job.uncertain.is_empty() && is_certain {
            return;
        }
        let mut is_used = vec![false; job.uncertain.len()];
        let variables = self.rules.variables(job, &Combination::new());
        let mut find_problem = |value: &Value| {
            let has_names = is_template(&value.text) && !job.uncertain.is_empty();
            let names = if has_names { used_names(&value.text, &variables) } else { Vec::new() };
            let mut problem = value.problem();
            for ((name, of_cell), is_used) in job.uncertain.iter().zip(&mut is_used) {
                if names.contains(name) {
                    *is_used = true;
                    problem = problem.or_else(|| Some(of_cell.clone()));
                }
            }
            problem
        };
        let mut failed = Vec::new();
        for (field, values) in job.values.iter() {
            for problem in values.iter().filter_map(&mut find_problem) {
                findings.problem(problem);
                failed.push(field);
            }
        }
        for (_, values) in job.languages.iter().flat_map(Values::iter) {
            for problem in values.iter().filter_map(&mut find_problem) {
                findings.problem(problem);
            }
        }
        if let Some(problem) = self.rules.file_name.as_ref().and_then(&mut find_problem) {
            findings.problem(problem);
        }
        for ((_, problem), is_used) in job.uncertain.drain(..).zip(is_used) {
            if !is_used {
                findings.notes.push(problem.as_note());
            }
        }
        for field in failed {
            job.values.remove(field);
            job.reported.push(field);
        }
    }

    /// Records the id that a row gives. It counts as taken even if the rest of the row is invalid.
    fn record_explicit_id(
        &mut self,
        job: &RawJob,
        combination: &Combination,
        findings: &mut Findings,
    ) {
        if let Some(value) = combination.get(Field::Id)
            && let Some(text) = self.rules.render(job, combination, value, findings)
            && let Some(id) = normalize_id(&text)
        {
            if has_lost_digits(&text) {
                let message =
                    format!("{} is a number that has lost its digits", quote(text.trim()));
                let help = "the spreadsheet stored only its magnitude; format the column as text, and enter the id again";
                findings.problem(Problem::at(&value.place, message).help(help));
                return;
            }
            if ids::is_placeholder(&id) {
                let message =
                    format!("{} stands for an empty cell and cannot be an id", quote(&id));
                let help = "give the row an id, or leave the cell empty: the id is then made from the content";
                findings.problem(Problem::at(&value.place, message).help(help));
                return;
            }
            self.explicit_ids.push(ExplicitId {
                raw_job: self.findings.len(),
                text: id,
                written: text,
                place: value.place.clone(),
            });
        }
    }

    /// Checks whether the row's `skip` is yes.
    fn is_skipped(&self, job: &mut RawJob, findings: &mut Findings) -> bool {
        let skip = job.values.remove(Field::Skip);
        let Some(value) = skip.and_then(|values| values.into_iter().next()) else {
            return false;
        };
        let rendered = self.rules.render(job, &Combination::new(), &value, findings);
        let Some(text) = rendered.filter(|text| !text.trim().is_empty()) else {
            return false;
        };
        parse_bool(&text).unwrap_or_else(|| {
            let message = format!("{} is neither yes nor no", quote(text.trim()));
            findings.problem(Problem::at(&value.place, message).help("`yes` skips the row"));
            false
        })
    }

    /// Assigns ids and file names, and returns the jobs.
    pub(crate) fn finish(mut self, invalid_rows: InvalidRows) -> BuiltPlan {
        ids::report_duplicate_ids(&self.explicit_ids, &mut self.findings);
        drop(self.explicit_ids);
        let findings = &mut self.findings;
        self.jobs.retain(|job| {
            let Findings { problems, notes, .. } = &mut findings[job.raw_job];
            if !problems.is_empty() {
                notes.extend(job.validated.suspicions.iter().cloned());
            }
            problems.is_empty()
        });
        let ids = assign_ids(&self.jobs, findings);
        for (index, copy) in find_copies(&self.jobs) {
            self.jobs[index].validated.suspicions.push(copy);
        }
        let stems = file_stems(&self.jobs, &ids, &self.rules, findings);
        let mut sheet = self.sheet.finish();
        for (row, findings) in self.rows.iter().zip(findings.iter()) {
            if let (Some(row), Some(problem)) = (row, findings.problems.first()) {
                sheet.rows[*row].left_out = Some(problem.message().into());
            }
        }
        let mut jobs = Vec::new();
        let mut suspicions = Vec::new();
        for ((job, id), stem) in self.jobs.into_iter().zip(ids).zip(stems) {
            let is_left_out = match invalid_rows {
                InvalidRows::Refuse => false,
                InvalidRows::Skip => !findings[job.raw_job].problems.is_empty(),
            };
            let (Some(id), Some(stem), false) = (id, stem, is_left_out) else {
                continue;
            };
            let of_row = &mut sheet.rows[job.row].jobs;
            if of_row.start == of_row.end {
                of_row.start = jobs.len();
            }
            of_row.end = jobs.len() + 1;
            let (former_id, row_id) = (job.former_id(&id), job.row_id(&id));
            let language = job.validated.combination.get(Field::Language).map(Value::trimmed);
            let found = job.validated.suspicions.into_iter();
            suspicions.extend(found.map(|suspicion| (jobs.len(), suspicion)));
            let request = job.validated.request;
            jobs.push(Arc::new(JobSpec {
                id,
                former_id,
                row_id,
                paid_remote: job.paid_remote,
                file_name: format!("{stem}.{}", request.extension()),
                request,
                fingerprint: job.fingerprint,
                audio_seconds: job.validated.audio_seconds,
                language: language.filter(|language| !language.is_empty()),
                origin: Origin {
                    file: job.place.file_name().clone(),
                    line: job.place.line().unwrap_or(1),
                },
            }));
        }
        let (problems, notes) = without_duplicates(self.findings);
        let suspicions = merge_suspicions(suspicions);
        BuiltPlan { jobs, sheet, too_many: self.too_many, problems, notes, suspicions }
    }
}

/// Returns the problems and notes of all rows, each once: the values of an item are validated with each of its rows.
fn without_duplicates(findings: Vec<Findings>) -> (Vec<Problem>, Vec<Note>) {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let mut seen = HashSet::new();
    for findings in findings {
        for problem in findings.problems {
            if seen.insert((problem.place(), problem.message().to_owned())) {
                problems.push(problem);
            }
        }
        for note in findings.notes {
            if seen.insert((note.place.clone(), note.message.clone())) {
                notes.push(note);
            }
        }
    }
    (problems, notes)
}

/// Merges suspicions with equal messages: the same placeholder in 5,000 rows is one suspicion. Each comes with its job.
fn merge_suspicions(suspicions: Vec<(usize, Note)>) -> Vec<Suspicion> {
    let mut merged: Vec<Suspicion> = Vec::new();
    let mut indices = HashMap::new();
    for (job, Note { place, message }) in suspicions {
        let index = *indices.entry(message.clone()).or_insert(merged.len());
        match merged.get_mut(index) {
            Some(known) if known.jobs.last() == Some(&job) => {}
            Some(known) => known.jobs.push(job),
            None => merged.push(Suspicion { place, message, jobs: vec![job] }),
        }
    }
    merged
}

/// Returns the problem of a row with more cells than the header, which most often has a text with an unquoted delimiter.
/// Empty cells, which some programs append, are ignored.
fn extra_cells(header: &[Value], row: &[Value]) -> Option<Problem> {
    let width = header.len();
    let extra = row.iter().skip(width).find(|cell| !cell.is_blank())?;
    let cells = plural(row.len(), "cell");
    let message = format!("this row has {cells}, but the header has {width}");
    let help = "a text that contains the delimiter must be in quotes: `\"one, two\"`";
    Some(Problem::at(&extra.place, message).help(help))
}

/// Returns the values that a row has in the columns of a language, or `None` if it has no text or recording there.
fn language_of_row(
    language: &str,
    fields: &FieldMap<usize>,
    row: &[Value],
    findings: &mut Findings,
) -> Option<Values> {
    let mut values = Values::new();
    for (field, column) in fields.iter() {
        if let Some(cell) =
            row.get(*column).filter(|cell| !cell.is_blank() || cell.problem().is_some())
        {
            let value = Value { text: visible(&cell.text), ..cell.clone() };
            values.insert(field, split_values(field, value, findings));
        }
    }
    let spoken = values.get(Field::Text).or(values.get(Field::Audio))?;
    let language = Value::new(language, &spoken[0].place);
    values.insert(Field::Language, vec![language]);
    Some(values)
}

/// Whether a column that is read as a field seems to be the user's own: a template uses it, or its value is wrong.
fn is_taken(header: &Value, row: &[Value], column: usize, problems: &[Problem]) -> bool {
    let name = normalize(&header.text);
    let uses = |cell: &Value| {
        let tags = cell.text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        is_template(&cell.text) && tags.into_iter().any(|tag| normalize(tag).contains(&name))
    };
    let is_wrong = |cell: &Value| problems.iter().any(|problem| problem.is_at(&cell.place));
    row.get(column).is_some_and(is_wrong) || row.iter().any(uses)
}

/// Notes that a column is read as a field. Always returns true.
fn note_taken(field: Field, header: &Value, findings: &mut Findings) -> bool {
    let (column, field) = (quote(&header.text), field.name());
    let message = format!(
        "the column {column} is read as `{field}`; if it is a column of your own, rename it or give `{} {field}=`",
        Flag::Column
    );
    findings.note(&header.place, message);
    true
}

/// Collects the user's rows. The columns are the union of the columns of all files, in order of appearance.
#[derive(Debug, Default)]
struct SheetBuilder(Sheet);

impl SheetBuilder {
    /// Returns the index of each column and adds new ones. Of two columns with the same name, the second stays the
    /// second.
    fn columns<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        let columns = &mut self.0.columns;
        let mut known: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (index, name) in columns.iter().enumerate() {
            known.entry(name.clone()).or_default().push_back(index);
        }
        let index_of = |name: &str| {
            known.get_mut(name).and_then(VecDeque::pop_front).unwrap_or_else(|| {
                columns.push(name.to_owned());
                columns.len() - 1
            })
        };
        names.into_iter().map(index_of).collect()
    }

    /// Adds a row with the cells of `columns`, and returns its index.
    fn push(&mut self, columns: &[usize], cells: impl IntoIterator<Item = Arc<str>>) -> usize {
        let mut row = vec![Arc::default(); self.0.columns.len()];
        for (column, cell) in columns.iter().zip(cells) {
            row[*column] = cell;
        }
        self.0.rows.push(SheetRow { cells: row, ..SheetRow::default() });
        self.0.rows.len() - 1
    }

    /// Adds the row for a YAML job, with its rendered values.
    fn push_yaml_job(&mut self, validated: &ValidatedRequest) -> usize {
        let used = YAML_COLUMNS.into_iter().filter_map(|field| {
            let value = validated.combination.get(field)?;
            Some((field.name(), value.trimmed()))
        });
        let (names, cells): (Vec<&str>, Vec<Arc<str>>) = used.unzip();
        let columns = self.columns(names);
        self.push(&columns, cells)
    }

    /// Returns the sheet, with as many cells in each row as there are columns.
    fn finish(mut self) -> Sheet {
        let width = self.0.columns.len();
        for row in &mut self.0.rows {
            row.cells.resize(width, Arc::default());
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::build::template::Templates;
    use crate::manifest::build::variables::Variables;
    use crate::manifest::diagnostics::place::Source;
    use crate::manifest::schema::names::{NameKind, NameResolver};

    use super::*;

    #[test]
    fn too_many_jobs_are_a_problem_of_the_manifest_not_of_a_row() {
        let rules = Rules {
            personas: NameResolver::new(NameKind::Persona, None),
            voices: NameResolver::new(NameKind::Voice, None),
            max_text: 100,
            max_jobs: 3,
            shared_variables: Variables::default(),
            templates: Templates::new(),
            field_names: VariableNames::new(Field::ALL.map(Field::name)),
            file_name: None,
        };
        let mut builder = PlanBuilder::new(rules, Defaults::default());
        let source = Source::of_text("m.yaml", "\n".repeat(9));
        for line in 1..=5 {
            let place = Place::line_and_column(&source, line, 1);
            let mut job = RawJob::new(place.clone());
            for (field, text) in [
                (Field::Text, "Hi"),
                (Field::Persona, "7350375b-9a98-51b8-934d-14d46a645dc2"),
                (Field::AspectRatio, "1:1"),
            ] {
                job.values.insert(field, vec![Value::new(text, &place)]);
            }
            builder.add(job, None, Findings::default());
        }
        let built = builder.finish(InvalidRows::Skip);
        let problem = built.too_many.unwrap();
        assert_eq!(problem.place(), "m.yaml:4:1");
        assert_eq!(problem.message(), "the manifest makes more than 3 jobs");
        assert_eq!(built.problems, []);
    }

    #[test]
    fn columns_are_merged_and_duplicates_kept() {
        let mut builder = SheetBuilder::default();
        let first = builder.columns(["text", "note", "note"]);
        builder.push(&first, ["a", "b", "c"].map(Arc::from));
        let second = builder.columns(["note", "persona"]);
        builder.push(&second, ["d", "e"].map(Arc::from));
        let sheet = builder.finish();
        assert_eq!(sheet.columns, ["text", "note", "note", "persona"]);
        assert_eq!(sheet.rows[0].cells, ["a", "b", "c", ""].map(Arc::from));
        assert_eq!(sheet.rows[1].cells, ["", "d", "", "e"].map(Arc::from));
    }
}

//! Rows and items become jobs: [`PlanBuilder`].

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{JobSpec, Note, Origin, Sheet, Text};

use crate::manifest::build::file_names::{FileNaming, file_stems};
use crate::manifest::build::ids::{self, ExplicitId, assign_ids};
use crate::manifest::build::manifest_from_results;
use crate::manifest::build::raw_job::{self, Combination, RawJob};
use crate::manifest::build::row::ValidatedRequest;
use crate::manifest::build::rules::Rules;
use crate::manifest::build::sheet::SheetBuilder;
use crate::manifest::build::template::VariableNames;
use crate::manifest::build::validated_job::ValidatedJob;
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::{Table, Value};
use crate::manifest::schema::document::{Defaults, Item};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::header::Columns;
use crate::manifest::schema::options::InvalidRows;
use crate::manifest::schema::values;

/// The columns that jobs written in YAML get in the results.
const YAML_COLUMNS: [Field; 5] = [
    Field::Text,
    Field::Audio,
    Field::Persona,
    Field::AspectRatio,
    Field::ModelVersion,
];

/// The jobs of a manifest, in the making.
pub(crate) struct PlanBuilder<'a> {
    rules: Rules<'a>,
    defaults: Defaults,
    sheet: SheetBuilder,
    made: Vec<ValidatedJob>,
    /// The ids that rows and items give.
    explicit_ids: Vec<ExplicitId>,
    /// That there are more jobs than a manifest may make; no row alone is to blame.
    too_many: Option<Problem>,
    /// What was found in each draft.
    drafts: Vec<Findings>,
}

/// Everything the rows and items of a manifest give.
pub(crate) struct BuiltPlan {
    /// The jobs.
    pub(crate) jobs: Vec<Arc<JobSpec>>,
    /// The user's rows.
    pub(crate) sheet: Sheet,
    /// That there are more jobs than a manifest may make.
    pub(crate) too_many: Option<Problem>,
    /// What is wrong with rows.
    pub(crate) problems: Vec<Problem>,
    /// What else there is to say about rows.
    pub(crate) notes: Vec<Note>,
}

impl<'a> PlanBuilder<'a> {
    /// Nothing yet; `defaults` fill what rows and items leave open.
    pub(crate) fn new(rules: Rules<'a>, defaults: Defaults) -> Self {
        Self {
            rules,
            defaults,
            sheet: SheetBuilder::default(),
            made: Vec::new(),
            explicit_ids: Vec::new(),
            too_many: None,
            drafts: Vec::new(),
        }
    }

    /// The fields that have a default.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = Field> {
        self.defaults.values.fields()
    }

    /// Adds every row of a table. `item` is what a YAML manifest says about all of them; it wins over
    /// the row. `already_reported` are required columns whose absence has been reported.
    pub(crate) fn add_table(
        &mut self,
        table: Table,
        columns: &Columns,
        item: Option<&Item>,
        already_reported: &[Field],
    ) {
        let own = columns
            .own
            .iter()
            .map(|column| table.header[*column].text.as_str());
        let names = VariableNames::new(own.clone());
        let places = self.sheet.columns(own);
        let Table { header, rows, .. } = table;
        // Most rows make one job.
        let expected = rows.len().min(self.rules.most_jobs);
        self.made.reserve(expected);
        self.drafts.reserve(expected);
        self.sheet.reserve(expected);
        // They go as they are taken in: 100,000 of them are as large as what is made of them.
        for lines in manifest_from_results::rows(rows, columns) {
            let row = &lines[0];
            let cells: Arc<[Text]> = columns
                .own
                .iter()
                .map(|column| manifest_from_results::text_at(row, *column))
                .collect();
            let sheet_row = self.sheet.push(&places, cells.iter().cloned());
            if let Some(problem) = extra_cells(&header, row) {
                // Its cells have slipped, so that whatever else is said of them would mislead.
                let problems = vec![problem];
                let notes = Vec::new();
                self.drafts.push(Findings { problems, notes });
                continue;
            }
            let mut draft = RawJob::new(row[0].place.clone());
            for (field, column) in &columns.fields {
                let values = row
                    .get(*column)
                    .map_or_else(Vec::new, |cell| values_of(*field, cell));
                if values.is_empty() {
                    let end = row.last().unwrap_or(&row[0]);
                    let cell = row.get(*column).map(|cell| cell.place.clone());
                    let place = cell.unwrap_or_else(|| end.place.behind());
                    draft.blank.insert(*field, place);
                } else {
                    draft.values.insert(*field, values);
                }
            }
            draft.variables.add(&names, cells);
            draft.already_reported = already_reported.to_vec();
            draft.recorded_ids = manifest_from_results::ids(&lines, columns);
            if let Some(item) = item {
                draft.values.overlay(&item.values);
                draft.include.clone_from(&item.include);
                draft.exclude.clone_from(&item.exclude);
                draft.already_reported.extend(&item.already_reported);
            }
            let mut findings = Findings::default();
            let (missing, problem) = self.missing_cells(&header, columns, row, &draft);
            draft.already_reported.extend(missing);
            findings.problems.extend(problem);
            self.add(draft, Some(sheet_row), findings);
        }
    }

    /// The fields a row needs but ends before, and what to say of them, once for all.
    fn missing_cells(
        &self,
        header: &[Value],
        columns: &Columns,
        row: &[Value],
        draft: &RawJob,
    ) -> (Vec<Field>, Option<Problem>) {
        let given =
            |field: Field| draft.values.contains(field) || self.defaults.values.contains(field);
        let spoken = given(Field::Text) || given(Field::Audio);
        let beyond = |field: &Field| {
            let column = columns.fields.get(field);
            column.is_some_and(|column| *column >= row.len())
        };
        let missing: Vec<Field> = [Field::Text, Field::Persona, Field::AspectRatio]
            .into_iter()
            .filter(|field| !given(*field) && (*field != Field::Text || !spoken))
            .filter(|field| !draft.already_reported.contains(field))
            .filter(beyond)
            .collect();
        let Some(last) = row.last().filter(|_| !missing.is_empty()) else {
            return (Vec::new(), None);
        };
        let names = words::list_or(missing.iter().map(|field| field.name()));
        let message = format!(
            "this row ends after {} of {}: no {names} is given",
            words::count(row.len(), "cell", "cells"),
            header.len(),
        );
        let is_one_cell = row.len() == 1 && last.text.contains([',', ';', '\t', '|']);
        let help = if is_one_cell {
            "its cells are parted by another character than those of the first line"
        } else {
            "every row has as many cells as the first line"
        };
        let problem = Problem::at(&last.place.behind(), message).help(help);
        (missing, Some(problem))
    }

    /// Adds an item of a YAML manifest that has no rows.
    pub(crate) fn add_item(&mut self, item: Item) {
        let mut draft = RawJob::new(item.place);
        draft.values = item.values;
        draft.include = item.include;
        draft.exclude = item.exclude;
        draft.already_reported = item.already_reported;
        self.add(draft, None, item.findings);
    }

    /// Adds the jobs of a draft.
    fn add(&mut self, mut draft: RawJob, row: Option<usize>, mut findings: Findings) {
        let begin = self.made.len();
        let most_jobs = self.rules.most_jobs;
        draft
            .already_reported
            .extend(&self.defaults.already_reported);
        for (field, values) in self.defaults.values.iter() {
            let takes_audio = field == Field::Text && draft.values.contains(Field::Audio);
            let takes_text = field == Field::Audio && draft.values.contains(Field::Text);
            if !takes_audio && !takes_text && !draft.values.contains(field) {
                draft.values.insert(field, values.clone());
            }
        }
        if !self.is_skipped(&mut draft, &mut findings) && begin <= most_jobs {
            let combinations = draft.combinations(&mut findings);
            let varying_fields = raw_job::varying_fields(&combinations);
            for combination in combinations {
                if draft.recorded_ids.is_empty() {
                    self.record_explicit_id(&draft, &combination, &mut findings);
                }
                let Some(checked) = self.rules.check(&draft, combination, &mut findings) else {
                    continue;
                };
                let row = row.unwrap_or_else(|| push_yaml_row(&mut self.sheet, &checked));
                let index = self.drafts.len();
                let place = draft.place.clone();
                self.made.push(ValidatedJob::new(
                    index,
                    row,
                    place,
                    checked,
                    &varying_fields,
                ));
            }
            if findings.problems.is_empty() && !draft.recorded_ids.is_empty() {
                let made = self.made.split_off(begin);
                let kept = manifest_from_results::keep(&made, &draft.recorded_ids, &mut findings);
                self.made.extend(kept);
            }
            if self.made.len() > most_jobs {
                let message = format!("the manifest makes more than {most_jobs} jobs");
                let problem = Problem::at(&draft.place, message);
                self.too_many = Some(problem.help("split it into several campaigns"));
            }
        }
        self.drafts.push(findings);
    }

    /// Remembers the id that is given, though the rest of the row be wrong: it is taken all the same.
    fn record_explicit_id(
        &mut self,
        draft: &RawJob,
        combination: &Combination,
        findings: &mut Findings,
    ) {
        let index = self.drafts.len();
        if let Some(value) = combination.get(Field::Id)
            && let Some(text) = self.rules.render(draft, combination, value, findings)
            && let Some(text) = ids::normalize_id(&text)
        {
            self.explicit_ids.push(ExplicitId {
                draft: index,
                text,
                place: value.place.clone(),
            });
        }
    }

    /// Whether the row says `skip`.
    fn is_skipped(&self, draft: &mut RawJob, findings: &mut Findings) -> bool {
        let Some(value) = draft
            .values
            .remove(Field::Skip)
            .and_then(|values| values.into_iter().next())
        else {
            return false;
        };
        let Some(text) = self
            .rules
            .render(draft, &Combination::new(), &value, findings)
        else {
            return false;
        };
        if text.trim().is_empty() {
            return false;
        }
        values::parse_bool(&text).unwrap_or_else(|| {
            let message = format!("{} is neither yes nor no", words::quoted(text.trim()));
            findings.problem(Problem::at(&value.place, message).help("`yes` skips the row"));
            false
        })
    }

    /// Names the jobs and draws everything together.
    pub(crate) fn finish(mut self, invalid: InvalidRows) -> BuiltPlan {
        let files = FileNaming {
            template: self.rules.file_name.as_ref(),
            templates: &self.rules.templates,
        };
        ids::report_duplicate_ids(&self.explicit_ids, &mut self.drafts);
        drop(self.explicit_ids);
        let named = assign_names(self.made, &files, &mut self.drafts);
        let left_out: Vec<bool> = match invalid {
            InvalidRows::Refuse => vec![false; self.drafts.len()],
            InvalidRows::Skip => {
                let drafts = self.drafts.iter();
                drafts
                    .map(|findings| !findings.problems.is_empty())
                    .collect()
            }
        };
        let mut sheet = self.sheet.finish();
        let mut jobs = Vec::new();
        for named in named {
            if !left_out[named.draft] {
                let of_row = &mut sheet.rows[named.row].jobs;
                if of_row.start == of_row.end {
                    of_row.start = jobs.len();
                }
                jobs.push(named.job);
                of_row.end = jobs.len();
            }
        }
        let mut problems = Vec::new();
        let mut notes = Vec::new();
        // What an item says is judged with each of its rows, and is wrong once.
        let mut said = HashSet::new();
        for findings in self.drafts {
            for problem in findings.problems {
                if said.insert((problem.place().to_owned(), problem.message().to_owned())) {
                    problems.push(problem);
                }
            }
            for note in findings.notes {
                if said.insert((note.place.clone(), note.message.clone())) {
                    notes.push(note);
                }
            }
        }
        BuiltPlan {
            jobs,
            sheet,
            too_many: self.too_many,
            problems,
            notes,
        }
    }
}

/// A job with its names, its draft and its row.
pub(crate) struct Named {
    /// The draft that made it.
    pub(crate) draft: usize,
    /// Its row in the sheet.
    pub(crate) row: usize,
    /// The job.
    pub(crate) job: Arc<JobSpec>,
}

/// Names the jobs of every draft that nothing is wrong with. A job that cannot be named is left out,
/// and its draft's findings say why.
pub(crate) fn assign_names(
    mut made: Vec<ValidatedJob>,
    files: &FileNaming<'_>,
    findings: &mut [Findings],
) -> impl Iterator<Item = Named> + use<> {
    made.retain(|job| findings[job.draft].problems.is_empty());
    let ids = assign_ids(&made, findings);
    let stems = file_stems(&made, &ids, files, findings);
    made.into_iter()
        .zip(ids)
        .zip(stems)
        .filter_map(|((made, id), stem)| {
            let origin = Origin {
                file: made.place.file_name().clone(),
                line: made.place.line().unwrap_or(1),
            };
            let request = made.checked.request;
            Some(Named {
                draft: made.draft,
                row: made.row,
                job: Arc::new(JobSpec {
                    id: id?,
                    file_name: format!("{}.{}", stem?, request.extension()),
                    request,
                    fingerprint: made.fingerprint,
                    audio_seconds: made.checked.audio_seconds,
                    origin,
                }),
            })
        })
}

fn values_of(field: Field, cell: &Value) -> Vec<Value> {
    if cell.is_blank() {
        return Vec::new();
    }
    let value = Value {
        text: cell.text.clone(),
        place: cell.place.clone(),
    };
    raw_job::split(field, value)
}

/// Cells beyond the header are most often a text with an unquoted delimiter. Empty ones, which some
/// programs append, harm nobody.
fn extra_cells(header: &[Value], row: &[Value]) -> Option<Problem> {
    let width = header.len();
    let extra = row.iter().skip(width).find(|cell| !cell.is_blank())?;
    let cells = words::count(row.len(), "cell", "cells");
    let message = format!("this row has {cells}, but the header has {width}");
    let help = "a text with the delimiter in it must be in quotes: `\"one, two\"`";
    Some(Problem::at(&extra.place, message).help(help))
}

/// The row that stands for a job written in YAML: what it is made of, filled in.
fn push_yaml_row(sheet: &mut SheetBuilder, checked: &ValidatedRequest) -> usize {
    let used = YAML_COLUMNS.into_iter().filter_map(|field| {
        let value = checked.combination.get(field)?;
        Some((field.name(), value.text.trimmed()))
    });
    let (names, cells): (Vec<&str>, Vec<Text>) = used.unzip();
    let columns = sheet.columns(names);
    sheet.push(&columns, cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::build::template::{Templates, Variables};
    use crate::manifest::diagnostics::place::{Place, Source};
    use crate::manifest::schema::names::{NameKind, NameResolver};

    #[test]
    fn too_many_jobs_are_no_fault_of_a_row_that_could_be_left_out() {
        let rules = Rules {
            personas: NameResolver::new(NameKind::Persona, None),
            voices: NameResolver::new(NameKind::Voice, None),
            longest_text: 100,
            most_jobs: 3,
            shared_variables: Variables::default(),
            templates: Templates::new(),
            field_names: VariableNames::new(Field::ALL.map(Field::name)),
            file_name: None,
        };
        let mut assembly = PlanBuilder::new(rules, Defaults::default());
        let source = Source::of_text("m.yaml", "\n".repeat(9));
        for line in 1..=5 {
            let place = Place::line_and_column(&source, line, 1);
            let mut draft = RawJob::new(place.clone());
            for (field, text) in [
                (Field::Text, "Hi"),
                (Field::Persona, "7350375b-9a98-51b8-934d-14d46a645dc2"),
                (Field::AspectRatio, "1:1"),
            ] {
                let text = text.into();
                let place = place.clone();
                draft.values.insert(field, vec![Value { text, place }]);
            }
            assembly.add(draft, None, Findings::default());
        }
        let assembled = assembly.finish(InvalidRows::Skip);
        let problem = assembled.too_many.unwrap();
        assert_eq!(problem.place(), "m.yaml:4:1");
        assert_eq!(problem.message(), "the manifest makes more than 3 jobs");
        assert_eq!(assembled.problems, []);
    }
}

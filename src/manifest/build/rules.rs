//! One combination of values becomes a request, or a list of what is wrong with it: [`Rules`].

use std::sync::Arc;

use crate::model::Text;

use crate::manifest::build::raw_job::{Combination, RawJob};
use crate::manifest::build::template::{Templates, VariableNames, Variables, is_template};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::Field;
use crate::manifest::schema::names::NameResolver;

/// The longest text any source says the API takes; above it a row is refused. `limits.max_text`
/// overrides it.
pub(crate) const LONGEST_TEXT: usize = 8_000;

/// How many jobs a manifest may make. More is a slip, or wants several campaigns.
pub(crate) const MOST_JOBS: usize = 100_000;

/// What every row is judged by.
pub(crate) struct Rules<'a> {
    /// Personas by name.
    pub(crate) personas: NameResolver<'a>,
    /// Voices by name.
    pub(crate) voices: NameResolver<'a>,
    /// The longest text, in characters.
    pub(crate) longest_text: usize,
    /// The most jobs a manifest may make.
    pub(crate) most_jobs: usize,
    /// Values every template can use: the date and the campaign.
    pub(crate) shared_variables: Variables,
    /// The templates' environment.
    pub(crate) templates: Templates,
    /// Names of the combination's own values.
    pub(crate) field_names: Arc<VariableNames>,
    /// `output.filename` of the manifest.
    pub(crate) file_name: Option<Value>,
}

impl Rules<'_> {
    /// Whether what a template could use matters beyond the values that are filled: for the file's
    /// name, and for braces that remain.
    pub(crate) fn needs_variables(&self, combination: &Combination) -> bool {
        let file_name = combination.get(Field::Filename).or(self.file_name.as_ref());
        file_name.is_some_and(|value| is_template(&value.text))
            || combination
                .get(Field::Text)
                .is_some_and(|value| value.text.contains('{'))
    }

    /// The combination with its templates filled, and the fields in which that failed. The template
    /// of the file name waits until the job's id is known.
    pub(crate) fn render_templates(
        &self,
        draft: &RawJob,
        mut combination: Combination,
        findings: &mut Findings,
    ) -> (Combination, Vec<Field>) {
        let templates: Vec<(Field, Value)> = combination
            .iter()
            .filter(|(field, value)| *field != Field::Filename && is_template(&value.text))
            .map(|(field, value)| (field, value.clone()))
            .collect();
        let mut failed = Vec::new();
        if templates.is_empty() {
            return (combination, failed);
        }
        let variables = Arc::new(self.variables(draft, &combination));
        for (field, Value { text, place }) in templates {
            match self.templates.render(&text, &variables) {
                Ok(text) => {
                    let text = text.into();
                    combination.insert(field, Value { text, place });
                }
                Err(problem) => {
                    findings.problem(Problem::at(&place, problem.message).help(problem.help));
                    combination.remove(field);
                    failed.push(field);
                }
            }
        }
        (combination, failed)
    }

    /// A value with its template filled; `None` if that failed, which is reported.
    pub(crate) fn render(
        &self,
        draft: &RawJob,
        combination: &Combination,
        value: &Value,
        findings: &mut Findings,
    ) -> Option<Text> {
        if !is_template(&value.text) {
            return Some(value.text.clone());
        }
        let variables = Arc::new(self.variables(draft, combination));
        match self.templates.render(&value.text, &variables) {
            Ok(text) => Some(text.into()),
            Err(problem) => {
                findings.problem(Problem::at(&value.place, problem.message).help(problem.help));
                None
            }
        }
    }

    /// What a template of this combination can use: its own values, the row's columns, the date.
    pub(crate) fn variables(&self, draft: &RawJob, combination: &Combination) -> Variables {
        let values = Field::ALL.into_iter().map(|field| {
            let value = combination
                .get(field)
                .filter(|value| !is_template(&value.text));
            value.map_or_else(Text::default, |value| value.text.clone())
        });
        let mut variables = Variables::default();
        variables.add(&self.field_names, values.collect::<Vec<_>>());
        variables.append(&draft.variables);
        variables.append(&self.shared_variables);
        variables
    }
}

//! One combination of values becomes a request, or a list of what is wrong with it: [`Rules`].

use std::sync::Arc;

use crate::model::{Text, VideoRequest};

use super::draft::{Combination, Draft, Value};
use super::field::Field;
use super::names::Names;
use super::problem::{Findings, Problem};
use super::remarks;
use super::row::Row;
use super::template::{Templates, VariableNames, Variables, is_template};

/// The longest text any source says the API takes; above it a row is refused. `limits.max_text`
/// overrides it.
pub(super) const LONGEST_TEXT: usize = 8_000;

/// How many jobs a manifest may make. More is a slip, or wants several campaigns.
pub(super) const MOST_JOBS: usize = 100_000;

/// What every row is judged by.
pub(super) struct Rules<'a> {
    /// Personas by name.
    pub(super) personas: Names<'a>,
    /// Voices by name.
    pub(super) voices: Names<'a>,
    /// The longest text, in characters.
    pub(super) longest_text: usize,
    /// The most jobs a manifest may make.
    pub(super) most_jobs: usize,
    /// Values every template can use: the date and the campaign.
    pub(super) everywhere: Variables,
    /// The templates' environment.
    pub(super) templates: Templates,
    /// Names of the combination's own values.
    pub(super) field_names: Arc<VariableNames>,
    /// `output.filename` of the manifest.
    pub(super) file_name: Option<Value>,
}

/// A combination that is in order.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    /// What to ask the provider for.
    pub(super) request: Arc<VideoRequest>,
    /// Length of the recording, if it is stated.
    pub(super) audio_seconds: Option<f64>,
    /// The combination with its templates filled, but for the file name's.
    pub(super) combination: Combination,
    /// What the file name's template can use; nothing if there is none.
    pub(super) variables: Variables,
}

impl Rules<'_> {
    /// Judges one combination of `draft`. `None` if something is wrong with it; `findings` say what.
    pub(super) fn check(
        &self,
        draft: &Draft,
        combination: Combination,
        findings: &mut Findings,
    ) -> Option<Checked> {
        let (combination, failed) = self.filled(draft, combination, findings);
        let row = Row {
            rules: self,
            draft,
            combination: &combination,
            failed,
            findings,
        };
        let (request, audio_seconds) = row.judge()?;
        let variables = if self.needs_variables(&combination) {
            self.variables(draft, &combination)
        } else {
            Variables::default()
        };
        remarks::add(&combination, &request, audio_seconds, &variables, findings);
        Some(Checked {
            request: Arc::new(request),
            audio_seconds,
            combination,
            variables,
        })
    }

    /// Whether what a template could use matters beyond the values that are filled: for the file's
    /// name, and for braces that remain.
    fn needs_variables(&self, combination: &Combination) -> bool {
        let file_name = combination.get(Field::Filename).or(self.file_name.as_ref());
        file_name.is_some_and(|value| is_template(&value.text))
            || combination
                .get(Field::Text)
                .is_some_and(|value| value.text.contains('{'))
    }

    /// The combination with its templates filled, and the fields in which that failed. The template
    /// of the file name waits until the job's id is known.
    fn filled(
        &self,
        draft: &Draft,
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
    pub(super) fn render(
        &self,
        draft: &Draft,
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
    fn variables(&self, draft: &Draft, combination: &Combination) -> Variables {
        let values = Field::ALL.into_iter().map(|field| {
            let value = combination
                .get(field)
                .filter(|value| !is_template(&value.text));
            value.map_or_else(Text::default, |value| value.text.clone())
        });
        let mut variables = Variables::default();
        variables.add(&self.field_names, values.collect::<Vec<_>>());
        variables.append(&draft.variables);
        variables.append(&self.everywhere);
        variables
    }
}

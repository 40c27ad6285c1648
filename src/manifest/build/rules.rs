//! The rules by which rows are validated, and the rendering of their templates.

use std::ops::Range;
use std::sync::Arc;

use crate::manifest::diagnostics::problem::Findings;
use crate::manifest::formats::table::Value;
use crate::manifest::schema::field::Field;
use crate::manifest::schema::names::{NameKind, NameResolver};

use super::raw_job::{Combination, RawJob};
use super::template::{Rendered, Templates, is_template};
use super::variables::{VariableNames, Variables};

/// The most characters of a text, by the highest limit in any of the API's pages. `limits.max_text` overrides it.
pub(crate) const MAX_TEXT: usize = 8_000;

/// The most jobs of a manifest.
pub(crate) const MAX_JOBS: usize = 100_000;

/// The rules by which every row is validated.
pub(crate) struct Rules<'a> {
    pub(crate) personas: NameResolver<'a>,
    pub(crate) voices: NameResolver<'a>,
    /// The most characters of a text.
    pub(crate) max_text: usize,
    /// The most jobs of the manifest.
    pub(crate) max_jobs: usize,
    /// The variables of every template: the date and the campaign.
    pub(crate) shared_variables: Variables,
    pub(crate) templates: Templates,
    /// The names of the combination's own values in templates.
    pub(crate) field_names: Arc<VariableNames>,
    /// `output.filename` of the manifest.
    pub(crate) file_name: Option<Value>,
}

/// A combination with its templates rendered.
pub(crate) struct RenderedCombination {
    pub(crate) combination: Combination,
    /// The fields in which that failed.
    pub(crate) failed: Vec<Field>,
    /// The ranges of the values that were filled into the text.
    pub(crate) filled: Vec<Range<usize>>,
}

impl Rules<'_> {
    /// Returns the resolver of names of a kind.
    pub(crate) const fn names(&self, kind: NameKind) -> &NameResolver<'_> {
        match kind {
            NameKind::Persona => &self.personas,
            NameKind::Voice => &self.voices,
        }
    }

    /// Returns the template of the file name, if there is one.
    pub(crate) fn file_name<'v>(&'v self, combination: &'v Combination) -> Option<&'v Value> {
        let own = combination.get(Field::Filename);
        own.filter(|value| !value.is_blank()).or(self.file_name.as_ref())
    }

    /// Renders the templates of a combination. The file name is left as it is, because its template may use the job's
    /// id.
    pub(crate) fn render_combination(
        &self,
        job: &RawJob,
        mut combination: Combination,
        findings: &mut Findings,
    ) -> RenderedCombination {
        let templates: Vec<(Field, Value)> = combination
            .iter()
            .filter(|(field, value)| *field != Field::Filename && is_template(&value.text))
            .map(|(field, value)| (field, value.clone()))
            .collect();
        let (mut failed, mut filled) = (Vec::new(), Vec::new());
        if templates.is_empty() {
            return RenderedCombination { combination, failed, filled };
        }
        let variables = Arc::new(self.variables(job, &combination));
        for (field, value) in templates {
            if let Some(rendered) = self.render_with(&value, &variables, findings) {
                combination.insert(field, Value::new(rendered.text, &value.place));
                if field == Field::Text {
                    filled = rendered.filled;
                }
            } else {
                combination.remove(field);
                failed.push(field);
            }
        }
        RenderedCombination { combination, failed, filled }
    }

    /// Renders one value. Returns `None` if that failed, which is reported.
    pub(crate) fn render(
        &self,
        job: &RawJob,
        combination: &Combination,
        value: &Value,
        findings: &mut Findings,
    ) -> Option<Arc<str>> {
        if !is_template(&value.text) {
            return Some(value.text.clone());
        }
        let variables = Arc::new(self.variables(job, combination));
        self.render_with(value, &variables, findings).map(|rendered| rendered.text.into())
    }

    fn render_with(
        &self,
        value: &Value,
        variables: &Arc<Variables>,
        findings: &mut Findings,
    ) -> Option<Rendered> {
        match self.templates.render(&value.text, variables) {
            Ok(rendered) => Some(rendered),
            Err(explanations) => {
                for explanation in explanations {
                    findings.problem(explanation.at(&value.place));
                }
                None
            }
        }
    }

    /// Returns the variables of a combination: its own values, the row's columns, the campaign and the date.
    pub(crate) fn variables(&self, job: &RawJob, combination: &Combination) -> Variables {
        let values = Field::ALL.into_iter().map(|field| {
            let value = combination.get(field);
            let value = value.filter(|value| !is_template(&value.text));
            value.map_or_else(Arc::default, |value| value.text.clone())
        });
        let mut variables = Variables::default();
        variables.add(&self.field_names, values.collect::<Vec<_>>());
        variables.append(&job.variables);
        variables.append(&self.shared_variables);
        variables
    }
}

//! All that answers for the names of one manifest.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::Need;
use super::{Catalogue, Known, Lookup, doubts, lookup};
use crate::cli::error::Error;
use crate::manifest::{NameKind, Resolution};
use crate::model::{Note, Plan, Timestamp};

/// What names mean: first what they meant when the campaign was last run, then what the catalogue says.
#[derive(Debug, Default)]
pub(in crate::cli) struct Naming {
    known: Known,
    catalogue: Option<Catalogue>,
}

/// Names that only a catalogue can resolve.
pub(in crate::cli) type Names = BTreeSet<(NameKind, String)>;

impl Naming {
    /// What is known without asking anybody.
    pub(in crate::cli) fn offline(lookup: &Lookup, out: Option<&Path>) -> Self {
        Self {
            known: out.map(Known::read).unwrap_or_default(),
            catalogue: lookup.kept(out),
        }
    }

    /// What is known, and what the provider says if that is not enough for `names`.
    ///
    /// # Errors
    /// If a name depends on the provider and it cannot be asked.
    pub(in crate::cli) async fn online(
        lookup: &Lookup<'_>,
        names: &Names,
        out: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let known = out.map(Known::read).unwrap_or_default();
        let is_known = |(kind, name): &(NameKind, String)| known.id(name, *kind).is_some();
        let need = if names.iter().all(is_known) {
            Need::Courtesy
        } else {
            Need::Names
        };
        let catalogue = lookup.obtain(need, out, now).await?;
        Ok(Self { known, catalogue })
    }

    /// Whether there is a catalogue at all.
    pub(in crate::cli) const fn has_catalogue(&self) -> bool {
        self.catalogue.is_some()
    }

    /// What `name` means; `None` if it is not known and there is no catalogue that could say.
    pub(in crate::cli) fn resolve(&self, name: &str, kind: NameKind) -> Option<Resolution> {
        if let Some(id) = self.known.id(name, kind) {
            return Some(Resolution::Found(id.to_owned()));
        }
        Some(lookup::resolve(self.catalogue.as_ref()?, name, kind))
    }

    /// What is doubtful about the personas of `plan`.
    pub(in crate::cli) fn doubts(&self, plan: &Plan) -> Vec<Note> {
        self.catalogue
            .as_ref()
            .map_or_else(Vec::new, |catalogue| doubts::doubts(plan, catalogue))
    }

    /// What is worth keeping with the campaign: the meanings of `names`, and what its personas are called.
    pub(in crate::cli) fn into_known(self, plan: &Plan, names: &Names) -> Known {
        let mut known = self.known.clone();
        for (kind, name) in names {
            if let Some(Resolution::Found(id)) = self.resolve(name, *kind) {
                known.learn(name, *kind, &id);
            }
        }
        let used: BTreeSet<&str> = plan
            .jobs
            .iter()
            .map(|job| job.request.persona.as_str())
            .collect();
        let personas = self
            .catalogue
            .iter()
            .flat_map(|catalogue| &catalogue.personas);
        let labels = personas.filter_map(|persona| {
            let id = persona.id.as_deref().filter(|id| used.contains(id))?;
            Some((id.to_owned(), persona.creator_name.clone()?))
        });
        known.labels.extend(labels);
        known
    }
}

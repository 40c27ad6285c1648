//! Resolves the names of one manifest.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::CatalogueNeed;
use super::{Catalogue, NameLookup, RecordedNames, lookup, warnings};
use crate::app::error::Error;
use crate::manifest::{NameKind, Resolution};
use crate::model::{Note, Plan, Timestamp};

/// Resolves names: first by the recorded names of the campaign, then by the catalogue.
#[derive(Debug, Default)]
pub(crate) struct CatalogueResolver {
    recorded: RecordedNames,
    catalogue: Option<Catalogue>,
}

/// The names in a manifest.
pub(crate) type Names = BTreeSet<(NameKind, String)>;

impl CatalogueResolver {
    /// Returns a resolver that uses no network.
    pub(crate) fn offline(lookup: &NameLookup, out: Option<&Path>) -> Self {
        Self {
            recorded: out.map(RecordedNames::read).unwrap_or_default(),
            catalogue: lookup.cached(out),
        }
    }

    /// Returns a resolver that asks the provider if `names` are not recorded.
    ///
    /// # Errors
    /// If a name depends on the provider and it cannot be asked.
    pub(crate) async fn online(
        lookup: &NameLookup,
        names: &Names,
        out: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let recorded = out.map(RecordedNames::read).unwrap_or_default();
        let is_recorded = |(kind, name): &(NameKind, String)| recorded.id(name, *kind).is_some();
        let need = if names.iter().all(is_recorded) {
            CatalogueNeed::Optional
        } else {
            CatalogueNeed::Required
        };
        let catalogue = lookup.catalogue(need, out, now).await?;
        Ok(Self { recorded, catalogue })
    }

    pub(crate) const fn has_catalogue(&self) -> bool {
        self.catalogue.is_some()
    }

    /// Returns what `name` stands for, or `None` if it is not recorded and there is no catalogue.
    pub(crate) fn resolve(&self, name: &str, kind: NameKind) -> Option<Resolution> {
        if let Some(id) = self.recorded.id(name, kind) {
            return Some(Resolution::Found(id.to_owned()));
        }
        Some(lookup::resolve(self.catalogue.as_ref()?, name, kind))
    }

    /// Returns warnings about the personas of `plan`.
    pub(crate) fn warnings(&self, plan: &Plan) -> Vec<Note> {
        self.catalogue
            .as_ref()
            .map_or_else(Vec::new, |catalogue| warnings::warnings(plan, catalogue))
    }

    /// Returns what is recorded with the campaign: the ids of `names`, and the display names of its personas.
    pub(crate) fn into_recorded(self, plan: &Plan, names: &Names) -> RecordedNames {
        let mut recorded = self.recorded.clone();
        for (kind, name) in names {
            if let Some(Resolution::Found(id)) = self.resolve(name, *kind) {
                recorded.record(name, *kind, &id);
            }
        }
        let used: BTreeSet<&str> =
            plan.jobs.iter().map(|job| job.request.persona.as_ref()).collect();
        let personas = self.catalogue.iter().flat_map(|catalogue| &catalogue.personas);
        let labels = personas.filter_map(|persona| {
            let id = persona.id.as_deref().filter(|id| used.contains(id))?;
            Some((id.to_owned(), persona.creator_name.clone()?))
        });
        recorded.labels.extend(labels);
        recorded
    }
}

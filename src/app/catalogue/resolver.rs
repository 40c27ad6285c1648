//! Resolves the names of one manifest, and keeps their ids: `.callsheet/names.json` in the output folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::source::CatalogueNeed;
use super::{Catalogue, NameLookup, lookup, normalize, warnings};
use crate::app::error::Error;
use crate::manifest::{NameKind, Resolution};
use crate::model::{Note, Plan, Timestamp};
use crate::util::fs::{Access, OutputDir, create_private_dir, read_own, write_atomic};

/// Resolves names: first by the recorded names of the campaign, then by the catalogue.
#[derive(Debug, Default)]
pub(crate) struct CatalogueResolver {
    recorded: RecordedNames,
    catalogue: Option<Catalogue>,
}

/// The names in a manifest.
pub(crate) type Names = BTreeSet<(NameKind, String)>;

impl CatalogueResolver {
    /// Returns a resolver that needs a catalogue if `names` are not recorded.
    ///
    /// # Errors
    /// If a name depends on the provider and it cannot be asked.
    pub(crate) async fn new(
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

    /// Returns the names to be recorded with the campaign: the ids of `names`, and the display names of its personas.
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

/// The ids that the names in a campaign stand for. A name keeps its id for the life of the campaign, whatever happens
/// to the catalogue: otherwise paid videos would seem to be edited. It also means that resuming and collecting need no
/// catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RecordedNames {
    /// Ids of personas, by name.
    personas: BTreeMap<String, String>,
    /// Ids of voices, by name.
    voices: BTreeMap<String, String>,
    /// Display names of personas, by id.
    pub(crate) labels: BTreeMap<String, String>,
}

impl RecordedNames {
    /// Reads the names of the output folder `out`. A file that cannot be read counts as missing.
    fn read(out: &Path) -> Self {
        read_own(&OutputDir(out).names())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Writes the names, unless they are unchanged.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(crate) fn write(&self, out: &Path) -> Result<(), Error> {
        if *self == Self::read(out) {
            return Ok(());
        }
        let out = OutputDir(out);
        let write = || {
            create_private_dir(&out.state())?;
            let bytes = serde_json::to_vec_pretty(self)?;
            write_atomic(&out.names(), Access::Private, |file| file.write_all(&bytes))
        };
        write().map_err(|error: io::Error| {
            let file = out.names();
            let message =
                format!("cannot write `{}`: {error}; nothing was submitted", file.display());
            Error::usage_with_hint(
                message,
                "move away what is in its place, and make its folder writable",
            )
        })
    }

    /// Returns the id that `name` stands for.
    fn id(&self, name: &str, kind: NameKind) -> Option<&str> {
        let ids = match kind {
            NameKind::Persona => &self.personas,
            NameKind::Voice => &self.voices,
        };
        ids.get(&normalize(name)).map(String::as_str)
    }

    /// Records that `name` stands for `id`.
    fn record(&mut self, name: &str, kind: NameKind, id: &str) {
        let ids = match kind {
            NameKind::Persona => &mut self.personas,
            NameKind::Voice => &mut self.voices,
        };
        ids.insert(normalize(name), id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = RecordedNames::read(folder.path());
        assert_eq!(names, RecordedNames::default());
        names.record("Anna", NameKind::Persona, "a1");
        names.record("Anna", NameKind::Voice, "v1");
        names.write(folder.path()).unwrap();
        let read = RecordedNames::read(folder.path());
        assert_eq!(read.id(" ANNA", NameKind::Persona), Some("a1"));
        assert_eq!(read.id("anna", NameKind::Voice), Some("v1"));
        assert_eq!(read.id("ben", NameKind::Voice), None);
    }
}

//! The recorded names of a campaign: `.callsheet/names.json` in the output folder.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::normalize;
use crate::manifest::NameKind;
use crate::util::fs::{Access, OutputDir, write_atomic};

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
    pub(super) fn read(out: &Path) -> Self {
        std::fs::read(OutputDir(out).names())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Writes the names, unless they are unchanged.
    pub(crate) fn write(&self, out: &Path) -> io::Result<()> {
        if *self == Self::read(out) {
            return Ok(());
        }
        let out = OutputDir(out);
        std::fs::create_dir_all(out.state())?;
        let bytes = serde_json::to_vec_pretty(self)?;
        write_atomic(&out.names(), Access::Private, |file| file.write_all(&bytes))
    }

    /// Returns the id that `name` stands for.
    pub(super) fn id(&self, name: &str, kind: NameKind) -> Option<&str> {
        let ids = match kind {
            NameKind::Persona => &self.personas,
            NameKind::Voice => &self.voices,
        };
        ids.get(&normalize(name)).map(String::as_str)
    }

    /// Records that `name` stands for `id`.
    pub(super) fn record(&mut self, name: &str, kind: NameKind, id: &str) {
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

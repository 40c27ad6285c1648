//! What names meant when a campaign was run: `.callsheet/names.json` in the output folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cache::write_whole;
use super::words::folded;
use crate::manifest::NameKind;

/// The meanings of the names a campaign uses. A name keeps its meaning for as long as the campaign lives,
/// whatever becomes of the catalogue: otherwise paid videos would seem to be edited. So resuming and
/// collecting need no catalogue either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Known {
    /// Ids of personas, by what the manifest calls them.
    personas: BTreeMap<String, String>,
    /// Ids of voices, by what the manifest calls them.
    voices: BTreeMap<String, String>,
    /// What to call a persona, by its id.
    pub(in crate::cli) labels: BTreeMap<String, String>,
}

impl Known {
    /// What is known in the output folder `out`; a file that cannot be read is as good as none.
    pub(super) fn read(out: &Path) -> Self {
        std::fs::read(path_of(out))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Keeps it, unless it is kept already.
    pub(in crate::cli) fn write(&self, out: &Path) -> io::Result<()> {
        if *self == Self::read(out) {
            return Ok(());
        }
        write_whole(&path_of(out), &serde_json::to_vec_pretty(self)?)
    }

    /// The id of what is called `name`.
    pub(super) fn id(&self, name: &str, kind: NameKind) -> Option<&str> {
        let ids = match kind {
            NameKind::Persona => &self.personas,
            NameKind::Voice => &self.voices,
        };
        ids.get(&folded(name)).map(String::as_str)
    }

    /// From now on, `name` means `id`.
    pub(super) fn learn(&mut self, name: &str, kind: NameKind, id: &str) {
        let ids = match kind {
            NameKind::Persona => &mut self.personas,
            NameKind::Voice => &mut self.voices,
        };
        ids.insert(folded(name), id.to_owned());
    }
}

fn path_of(out: &Path) -> PathBuf {
    out.join(".callsheet").join("names.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_meaning() {
        let folder = tempfile::tempdir().unwrap();
        let mut known = Known::read(folder.path());
        assert_eq!(known, Known::default());
        known.learn("Anna", NameKind::Persona, "a1");
        known.learn("Anna", NameKind::Voice, "v1");
        known.write(folder.path()).unwrap();
        let read = Known::read(folder.path());
        assert_eq!(read.id(" ANNA", NameKind::Persona), Some("a1"));
        assert_eq!(read.id("anna", NameKind::Voice), Some("v1"));
        assert_eq!(read.id("ben", NameKind::Voice), None);
    }
}

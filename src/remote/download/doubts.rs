//! Videos that are whole by their host's account and cut short by their own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What came of such videos, to be compared with what comes the next time. What comes twice is what there is,
/// however its last box was written: it was paid for, and is kept.
///
/// Held for as long as a run, whose tries are several; a later run begins with nothing to compare.
#[derive(Debug, Default)]
pub(super) struct Doubts(Mutex<HashMap<PathBuf, String>>);

impl Doubts {
    /// Whether what came for `place` before had this digest too. If not, the next one is compared with it.
    pub(super) fn came_before(&self, place: &Path, digest: String) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(place) == Some(&digest) {
            known.remove(place);
            return true;
        }
        known.insert(place.to_owned(), digest);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_twice_in_a_row_at_one_place_came_before() {
        let doubts = Doubts::default();
        let came = |place: &str, digest: &str| doubts.came_before(Path::new(place), digest.into());
        assert!(!came("a", "1") && !came("b", "1"));
        assert!(!came("a", "2") && !came("a", "1"));
        assert!(came("a", "1"));
        assert!(!came("a", "1"), "it is compared anew");
    }
}

//! Text that is held once however often it is spoken of: [`Text`].

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text, or a piece of one: it shares the memory of the whole it was cut from, and copies are free.
///
/// A sheet of 100,000 rows is in memory once; its cells, the texts to be spoken and the columns of the
/// results are pieces of it.
#[derive(Clone)]
pub struct Text {
    whole: Arc<String>,
    start: u32,
    length: u32,
}

static EMPTY: LazyLock<Arc<String>> = LazyLock::new(Arc::default);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        let start = self.start as usize;
        // A text of more than 4 GiB has no length here; it is whole, see `piece`.
        if self.length == u32::MAX {
            return &self.whole[start..];
        }
        &self.whole[start..start + self.length as usize]
    }

    /// The bytes of `range` as a text of their own. Nothing is copied, unless the range lies beyond
    /// the first 4 GiB.
    ///
    /// # Panics
    /// If `range` does not lie between characters of this text, as for a `str`.
    #[must_use]
    pub fn piece(&self, range: Range<usize>) -> Self {
        let piece = &self.as_str()[range.clone()];
        if piece.is_empty() {
            return Self::default();
        }
        let start = u32::try_from(self.start as usize + range.start);
        let length = u32::try_from(piece.len()).ok().filter(|length| *length < u32::MAX);
        match (start, length) {
            (Ok(start), Some(length)) => Self { whole: Arc::clone(&self.whole), start, length },
            (Ok(_) | Err(_), _) => Self::from(piece),
        }
    }

    /// The text without white space at its ends.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let text = self.as_str();
        let start = text.len() - text.trim_start().len();
        self.piece(start..start + text.trim().len())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self {
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
            whole: Arc::new(text),
            start: 0,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self { whole: Arc::clone(&EMPTY), start: 0, length: 0 }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_equals_its_range() {
        let whole = Text::from("id, Grüße , ");
        let piece = whole.piece(3..whole.len() - 2);
        assert_eq!(piece, " Grüße ");
        assert_eq!(piece.trimmed(), "Grüße");
        assert_eq!(piece.trimmed().piece(2..6), "üß");
        assert!(Arc::ptr_eq(&piece.trimmed().whole, &whole.whole), "no copy");
        assert_eq!(whole.piece(1..1), Text::default());
        assert_eq!(Text::from("  ").trimmed(), "");
    }

    #[test]
    fn it_behaves_like_str() {
        let text = Text::from("a\"b").piece(1..3);
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""\"b""#);
        assert_eq!(serde_json::from_str::<Text>(r#""\"b""#).unwrap(), text);
        assert_eq!(format!("{text:?} {text:>3}"), r#""\"b"  "b"#);
        let set = std::collections::HashSet::from([text]);
        assert!(set.contains("\"b"));
    }
}

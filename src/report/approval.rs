//! Whether a campaign's manifest has been approved, in words.

use serde_json::{Value, json};

use crate::model::{Approval, Changes, Timestamp};
use crate::report::words;
use crate::report::words::plural;

/// Whether a manifest has been approved as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// Nobody has asked for that.
    #[default]
    NotNeeded,
    /// The manifest wants it, and nobody has.
    Missing,
    /// It has.
    Given {
        /// Who did it, if known.
        by: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// It was, and has changed since.
    Outdated {
        /// Who did it, if known.
        by: Option<String>,
        /// When.
        at: Timestamp,
        /// What is different.
        changes: Changes,
    },
}

impl ApprovalStatus {
    /// What `approval` and the changes since make; `is_needed` if the manifest wants one.
    pub fn new(approval: Option<(Approval, Option<Changes>)>, need: ApprovalNeed) -> Self {
        match (approval, need) {
            (None, ApprovalNeed::No) => Self::NotNeeded,
            (None, ApprovalNeed::Yes) => Self::Missing,
            (Some((Approval { by, at, .. }, None)), _) => Self::Given { by, at },
            (Some((Approval { by, at, .. }, Some(changes))), _) => {
                Self::Outdated { by, at, changes }
            }
        }
    }

    /// Whether exactly this manifest has been approved.
    pub const fn is_given(&self) -> bool {
        matches!(self, Self::Given { .. })
    }

    /// `given by anna at 2026-11-24 14:00:00Z`; `None` if there is nothing to say.
    pub fn sentence(&self) -> Option<String> {
        let given = |by: &Option<String>, at: &Timestamp| {
            let by = by.as_deref().map(words::clean);
            let by = by.map_or_else(String::new, |by| format!("by {by} "));
            format!("{by}at {}", words::moment(*at))
        };
        match self {
            Self::NotNeeded => None,
            Self::Missing => Some("wanted by the manifest, and not given yet".to_owned()),
            Self::Given { by, at } => Some(format!("given {}", given(by, at))),
            Self::Outdated { by, at, changes } => Some(format!(
                "given {}, but the manifest has changed since: {}",
                given(by, at),
                changes_in_words(changes)
            )),
        }
    }

    /// The same for programs.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::NotNeeded => Value::Null,
            Self::Missing => json!({ "state": "missing" }),
            Self::Given { by, at } => {
                json!({ "state": "given", "by": by, "at": at.to_string() })
            }
            Self::Outdated { by, at, changes } => json!({
                "state": "outdated",
                "by": by,
                "at": at.to_string(),
                "added": changes.added,
                "edited": changes.edited,
                "removed": changes.removed,
                "renamed": changes.is_renamed,
            }),
        }
    }
}

/// Whether a manifest wants to be approved before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalNeed {
    /// It does.
    Yes,
    /// It does not.
    No,
}

fn changes_in_words(changes: &Changes) -> String {
    let mut parts: Vec<String> = [
        (changes.added, "added"),
        (changes.edited, "edited"),
        (changes.removed, "removed"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", plural(count, "job")))
    .collect();
    if changes.is_renamed {
        parts.push("the campaign has another name".to_owned());
    }
    if parts.is_empty() {
        parts.push("its record was altered".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_since_is_named() {
        let at = Timestamp::from_millis(1_764_000_000_250);
        let by = Some("anna\u{1b}[2J".to_owned());
        let changes = Changes {
            added: 1,
            edited: 2,
            ..Changes::default()
        };
        let outdated = ApprovalStatus::Outdated { by, at, changes };
        assert_eq!(
            outdated.sentence().unwrap(),
            "given by anna [2J at 2025-11-24 16:00:00Z, but the manifest has changed since: 1 job \
             added, 2 jobs edited"
        );
        assert_eq!(outdated.to_json()["edited"], 2);
        assert_eq!(ApprovalStatus::NotNeeded.sentence(), None);
    }

    #[test]
    fn an_approval_counts_whether_or_not_one_is_wanted() {
        let approval = Approval::of("c", &[], None, Timestamp::default());
        let given = ApprovalStatus::new(Some((approval.clone(), None)), ApprovalNeed::No);
        assert!(given.is_given());
        let changes = Some(Changes::default());
        let outdated = ApprovalStatus::new(Some((approval, changes)), ApprovalNeed::Yes);
        assert!(!outdated.is_given());
        assert_eq!(
            ApprovalStatus::new(None, ApprovalNeed::Yes),
            ApprovalStatus::Missing
        );
    }
}

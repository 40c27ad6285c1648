//! The approval status of a manifest.

use serde_json::{Value, json};

use crate::model::{Approval, Changes, Timestamp};
use crate::report::format::date_time;
use crate::util::text::{plural, sanitize};

/// Whether a manifest has been approved in its current form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// Neither required nor given.
    #[default]
    NotNeeded,
    /// Required and not given.
    Missing,
    /// Given, for the current manifest or an earlier one.
    Given {
        /// Who approved it, if known.
        by: Option<String>,
        /// When.
        at: Timestamp,
        /// The changes since then; `None` if the approval is for the current manifest.
        changes: Option<Changes>,
    },
}

impl ApprovalStatus {
    /// Returns the status for an approval with the changes since it was given.
    pub fn new(approval: Option<(Approval, Option<Changes>)>, is_required: bool) -> Self {
        match approval {
            None if is_required => Self::Missing,
            None => Self::NotNeeded,
            Some((Approval { by, at, .. }, changes)) => Self::Given { by, at, changes },
        }
    }

    /// Checks whether the current manifest has been approved.
    pub const fn is_given(&self) -> bool {
        matches!(self, Self::Given { changes: None, .. })
    }

    /// Returns `given by anna at 2026-11-24 14:00:00Z`, or `None` if no approval is needed.
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::NotNeeded => None,
            Self::Missing => Some("required by the manifest but not given yet".to_owned()),
            Self::Given { by, at, changes } => {
                let by = by.as_deref().map(|by| format!("by {} ", sanitize(by)));
                let given = format!("given {}at {}", by.unwrap_or_default(), date_time(*at));
                Some(match changes {
                    None => given,
                    Some(changes) => {
                        let changes = describe(changes);
                        format!("{given}, but the manifest has changed since: {changes}")
                    }
                })
            }
        }
    }

    /// Returns the status as JSON.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::NotNeeded => Value::Null,
            Self::Missing => json!({ "state": "missing" }),
            Self::Given { by, at, changes: None } => {
                json!({ "state": "given", "by": by, "at": at.to_string() })
            }
            Self::Given { by, at, changes: Some(changes) } => json!({
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

fn describe(changes: &Changes) -> String {
    let mut parts: Vec<String> =
        [(changes.added, "added"), (changes.edited, "edited"), (changes.removed, "removed")]
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
    fn changes_since_the_approval_are_listed() {
        let at = Timestamp::from_millis(1_764_000_000_250);
        let by = Some("anna\u{1b}[2J".to_owned());
        let changes = Some(Changes { added: 1, edited: 2, ..Changes::default() });
        let outdated = ApprovalStatus::Given { by, at, changes };
        assert_eq!(
            outdated.sentence().unwrap(),
            r"given by anna\u{1b}[2J at 2025-11-24 16:00:00Z, but the manifest has changed since: 1 job added, 2 jobs edited"
        );
        assert_eq!(outdated.to_json()["edited"], 2);
        assert_eq!(ApprovalStatus::NotNeeded.sentence(), None);
    }

    #[test]
    fn an_approval_counts_even_if_not_required() {
        let approval = Approval::of("c", &[], None, Timestamp::default());
        let given = ApprovalStatus::new(Some((approval.clone(), None)), false);
        assert!(given.is_given());
        let changes = Some(Changes::default());
        let outdated = ApprovalStatus::new(Some((approval, changes)), true);
        assert!(!outdated.is_given());
        assert_eq!(ApprovalStatus::new(None, true), ApprovalStatus::Missing);
    }
}

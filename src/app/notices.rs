//! Notes, warnings and questions of a use case.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::costs::Costs;
use crate::report::Summary;

/// The weight of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something worth knowing.
    Note,
    /// Something that may be wrong.
    Warning,
}

/// Receives the notes and warnings of a use case, one at a time, as they arise.
#[derive(Clone)]
pub struct Notices(Arc<Receiver>);

type Receiver = dyn Fn(Severity, &str) + Send + Sync;

impl Notices {
    /// Calls `receive` for each message.
    pub fn new(receive: impl Fn(Severity, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// Discards all messages.
    pub fn discard() -> Self {
        Self::new(|_, _| {})
    }

    pub(crate) fn note(&self, message: &str) {
        (self.0)(Severity::Note, message);
    }

    pub(crate) fn warning(&self, message: &str) {
        (self.0)(Severity::Warning, message);
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Notices")
    }
}

/// Whether a person is asked before a run spends more than the limit, or more than the balance covers.
pub enum Confirm {
    /// There is no person to ask, or the person has agreed beforehand.
    Never,
    /// Asks, and returns whether the answer is yes.
    Ask(Ask),
    /// Asks before every run that submits something, also in the sandbox.
    Always(Ask),
}

impl Confirm {
    /// Returns the function that asks, if there is a person to ask.
    pub(crate) const fn asker(&self) -> Option<&Ask> {
        match self {
            Self::Never => None,
            Self::Ask(ask) | Self::Always(ask) => Some(ask),
        }
    }
}

/// What a person is asked to pay for.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// What the run would do.
    pub(crate) preview: &'a Summary,
    /// The costs of what the caps and the balance are likely to allow.
    pub(crate) costs: Costs,
    /// Whether a text looks unfinished.
    pub(crate) is_unfinished: bool,
}

/// A function that shows what is to be paid for, if the question is about that, asks the question and returns whether the
/// answer is yes. A question that ends with `[Y/n]` takes no answer for a yes.
pub type Ask =
    Box<dyn for<'a> Fn(Option<Proposal<'a>>, &'a str) -> BoxFuture<'a, bool> + Send + Sync>;

impl fmt::Debug for Confirm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Never => "Never",
            Self::Ask(_) => "Ask",
            Self::Always(_) => "Always",
        })
    }
}

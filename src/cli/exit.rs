//! How the program ends: the contract's exit codes.

use std::process::ExitCode;

use crate::model::StopReason;
use crate::report::Summary;

/// The exit codes of the contract, gravest first: where several apply, the first is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Something unexpected.
    Unexpected,
    /// Usage or manifest error; nothing was submitted.
    Usage,
    /// Another run holds the output folder.
    Held,
    /// Interrupted; everything is kept.
    Interrupted,
    /// Credentials refused, or the address is not the API.
    Refused,
    /// Some jobs are in doubt: a person must look.
    InDoubt,
    /// Out of credits, or the cap is reached, or the provider asked for a long pause.
    StoppedEarly,
    /// Renders are outstanding.
    Outstanding,
    /// Finished, some jobs failed.
    SomeFailed,
    /// Every selected job is done.
    Success,
}

impl Exit {
    /// The number.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::SomeFailed => 3,
            Self::InDoubt => 4,
            Self::StoppedEarly => 5,
            Self::Refused => 6,
            Self::Held => 7,
            Self::Outstanding => 8,
            Self::Interrupted => 130,
        }
    }

    /// How a run ended that came to an orderly end for the reason given, if there was one.
    pub(super) fn of_run(summary: &Summary, stopped: Option<&StopReason>, wants: Wants) -> Self {
        let counts = summary.counts();
        let selected = summary.selected();
        let because = stopped.map(Self::of_reason);
        let outstanding = counts.outstanding() > 0
            || (wants == Wants::EveryVideo && selected.pending > 0 && because.is_none());
        [
            because,
            (counts.in_doubt > 0).then_some(Self::InDoubt),
            outstanding.then_some(Self::Outstanding),
            (counts.failed > 0).then_some(Self::SomeFailed),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(Self::Success)
    }

    fn of_reason(reason: &StopReason) -> Self {
        match reason {
            StopReason::Local { .. } => Self::Unexpected,
            StopReason::Interrupted => Self::Interrupted,
            StopReason::Unauthorised { .. }
            | StopReason::WrongAddress { .. }
            | StopReason::Unreachable { .. } => Self::Refused,
            StopReason::OutOfCredits { .. }
            | StopReason::CapReached
            | StopReason::RunCapReached
            | StopReason::LongHold { .. }
            | StopReason::TooManyDoubts
            | StopReason::InventoryRefused { .. }
            | StopReason::Rival { .. } => Self::StoppedEarly,
            StopReason::MaxDuration => Self::Outstanding,
            StopReason::TooManyFailures => Self::SomeFailed,
        }
    }
}

/// What a command set out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// Every selected job done.
    EveryVideo,
    /// Only what is paid for.
    WhatIsPaid,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_contract() {
        let order = [
            Exit::Unexpected,
            Exit::Usage,
            Exit::Held,
            Exit::Interrupted,
            Exit::Refused,
            Exit::InDoubt,
            Exit::StoppedEarly,
            Exit::Outstanding,
            Exit::SomeFailed,
        ];
        assert!(order.is_sorted());
        let codes: Vec<u8> = order.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [1, 2, 7, 130, 6, 4, 5, 8, 3]);
    }
}

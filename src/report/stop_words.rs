//! Why a run ended early, in words.

use super::words;
use crate::model::StopReason;

/// The word programs know it by, the same as in the journal.
pub(super) const fn kind(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::Interrupted => "interrupted",
        StopReason::MaxDuration => "max_duration",
        StopReason::TooManyFailures => "too_many_failures",
        StopReason::OutOfCredits { .. } => "out_of_credits",
        StopReason::CapReached => "cap_reached",
        StopReason::RunCapReached => "run_cap_reached",
        StopReason::LongHold { .. } => "long_hold",
        StopReason::TooManyDoubts => "too_many_doubts",
        StopReason::Unauthorised { .. } => "unauthorised",
        StopReason::WrongAddress { .. } => "wrong_address",
        StopReason::Unreachable { .. } => "unreachable",
        StopReason::InventoryRefused { .. } => "inventory_refused",
        StopReason::Rival { .. } => "rival",
        StopReason::Local { .. } => "local",
    }
}

/// What people are told: a fragment that follows `stopped early: `.
pub(super) fn sentence(reason: &StopReason) -> String {
    let with = |text: &str, message: &str| format!("{text}: {}", words::clean(message).trim());
    match reason {
        StopReason::Interrupted => "interrupted; everything is kept".to_owned(),
        StopReason::MaxDuration => "`--max-duration` is over".to_owned(),
        StopReason::TooManyFailures => "more jobs failed than `--max-fail` allows".to_owned(),
        StopReason::OutOfCredits { message } => with("the account is out of credits", message),
        StopReason::CapReached => "the next job would pass `--max-credits`".to_owned(),
        StopReason::RunCapReached => "the next job would pass `--max-credits-run`".to_owned(),
        StopReason::LongHold { until } => format!(
            "the provider asks for a pause until {}",
            words::moment(*until)
        ),
        StopReason::TooManyDoubts => {
            "the answers to twenty submits in a row were lost, and the provider's \
                                      list tells of none of them"
                .to_owned()
        }
        StopReason::Unauthorised { message } => {
            // The failure has mostly said so itself.
            let said = message.strip_prefix("the credentials are refused: ");
            with("the credentials were refused", said.unwrap_or(message))
        }
        StopReason::WrongAddress { message } => {
            with("the address does not answer like the API", message)
        }
        StopReason::Unreachable { message } => with("the API could not be reached", message),
        StopReason::InventoryRefused { message } => with(
            "what the provider already has could not be found out, so nothing was submitted",
            message,
        ),
        StopReason::Rival { job } => format!(
            "another run is paying for the same jobs (`{job}` is at the provider twice), so nothing \
             more was submitted"
        ),
        StopReason::Local { message } => with("a file could not be written", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_credentials_is_said_once() {
        for message in [
            "Invalid API credentials. (HTTP 401)",
            "the credentials are refused: Invalid API credentials. (HTTP 401)",
        ] {
            let message = message.to_owned();
            assert_eq!(
                sentence(&StopReason::Unauthorised { message }),
                "the credentials were refused: Invalid API credentials. (HTTP 401)"
            );
        }
    }
}

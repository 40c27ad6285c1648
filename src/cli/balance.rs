//! The account's balance.

use std::time::Duration;

use crate::remote::Remote;
use crate::report::plan::Balance;

/// How long to wait for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Somebody wants to see a plan, and the balance is a courtesy.
    Short,
    /// It was asked for, or something depends on it.
    Long,
}

impl Patience {
    const fn limit(self) -> Duration {
        match self {
            Self::Short => Duration::from_secs(3),
            Self::Long => Duration::from_secs(20),
        }
    }
}

/// Asks once. Whatever goes wrong is part of the answer.
pub(super) async fn ask(remote: &Remote, patience: Patience) -> Balance {
    let limit = patience.limit();
    match tokio::time::timeout(limit, remote.remaining_credits()).await {
        Ok(Ok(credits)) => Balance::Known(credits),
        Ok(Err(failure)) => Balance::Unknown(failure.to_string()),
        Err(_) => Balance::Unknown(format!("no answer in {} seconds", limit.as_secs())),
    }
}

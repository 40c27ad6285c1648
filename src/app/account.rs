//! Whether a run uses the account that the journal of its campaign belongs to.

use std::path::Path;

use super::error::Error;
use super::identity::is_paid;
use super::provider::ProviderConfig;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::Replay;
use crate::model::{Account, AccountMark, Flag, History};

impl ProviderConfig {
    /// Returns the account; `None` for the sandbox, whose journals are refused by the real API in any case.
    fn account(&self) -> Option<Account> {
        let Self::Api { base_url, credentials, .. } = self else {
            return None;
        };
        Some(Account {
            id: credentials.id.clone(),
            origin: base_url.origin(),
            source: credentials.source.clone(),
        })
    }

    /// Returns the mark that the journal of the folder `out` is to get in this run; `None` if it has the mark of this
    /// account.
    ///
    /// # Errors
    /// If the journal belongs to another account, and the user did not say that its videos are in this one.
    pub(super) fn new_account_mark(
        &self,
        out: &Path,
        history: &History,
    ) -> Result<Option<AccountMark>, Error> {
        let Some(account) = self.account() else {
            return Ok(None);
        };
        let recorded = history.account();
        if recorded.is_some_and(|mark| mark.is_of(&account)) {
            return Ok(None);
        }
        let has_paid = || history.states().any(|(_, state)| is_paid(state));
        let is_moved = matches!(self, Self::Api { move_account: true, .. });
        match recorded {
            // Nothing depends on the account of a run that has paid for nothing.
            Some(mark) if !is_moved && has_paid() => Err(refusal(out, mark, &account)),
            Some(_) | None => Ok(Some(AccountMark::new(&account))),
        }
    }

    /// Checks the journal of the folder `out`, if there is one, before the provider is asked for anything else.
    ///
    /// # Errors
    /// If it belongs to another account. Errors of the journal are reported later, when it is locked.
    pub(super) fn check_account(&self, out: &Path) -> Result<(), Error> {
        let replay = Replay::<History>::read(out, || SystemClock::new().now()).ok().flatten();
        replay.map_or(Ok(()), |replay| self.new_account_mark(out, &replay.state).map(drop))
    }
}

fn refusal(out: &Path, mark: &AccountMark, account: &Account) -> Error {
    let AccountMark { source, address, .. } = mark;
    let own = &account.source;
    let is_elsewhere = *address != account.origin;
    let message = if is_elsewhere {
        format!(
            "the videos of `{}` were paid for at `{address}` (account from {source}), and this run would use `{}` \
             (account from {own})",
            out.display(),
            account.origin
        )
    } else {
        format!(
            "the videos of `{}` were paid for with another account, from {source}, than the one that this run would \
             use, from {own}",
            out.display()
        )
    };
    Error::usage_with_hint(
        format!("{message}; nothing was submitted"),
        format!(
            "use that account, or another folder: `{} DIR`; if the account has only a new id or address, say so once \
             with `{}`",
            Flag::Out,
            Flag::MoveAccount
        ),
    )
}

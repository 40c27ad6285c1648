//! The checks before a run spends credits: costs, balance, confirmation.

use std::sync::Arc;
use std::time::Duration;

use super::costs::Costs;
use super::error::Error;
use super::identity::replaced_rows;
use super::notices::{Confirm, Notices, Proposal};
use crate::model::{
    Command, CommandName, Credits, Entry, FailureKind, Flag, Limits, ListFilter, Outcome,
};
use crate::remote::Remote;
use crate::report::forecast::{run_time, run_time_of};
use crate::report::plan::Balance;
use crate::report::{CommandLine, Summary};
use crate::util::text::rough_duration;

/// The time-out for a balance that a decision depends on.
pub(crate) const BALANCE_TIMEOUT: Duration = Duration::from_secs(20);

/// The time-out for a balance that is only shown.
pub(crate) const OPTIONAL_BALANCE_TIMEOUT: Duration = Duration::from_secs(3);

/// Reads the account's balance, in one request.
///
/// # Errors
/// If something that is not the API answers.
pub(crate) async fn balance(remote: &Remote, timeout: Duration) -> Result<Balance, Error> {
    match tokio::time::timeout(timeout, remote.remaining_credits()).await {
        Ok(Ok(credits)) => Ok(Balance::Known(credits)),
        // One address may be broken; two that both lead elsewhere are not the API.
        Ok(Err(failure))
            if failure.kind == FailureKind::NotFromApi && !answers_with_a_list(remote).await =>
        {
            Err(Error::Provider(failure))
        }
        Ok(Err(failure)) => Ok(Balance::Unknown(failure.to_string())),
        Err(_) => Ok(Balance::Unknown(format!("no answer in {} seconds", timeout.as_secs()))),
    }
}

/// Checks whether the API, and not something else, answers a request for the account's jobs, even if with an error.
async fn answers_with_a_list(remote: &Remote) -> bool {
    let filter = Arc::new(ListFilter::default());
    let outcome = remote.perform(Command::List { filter }, Arc::default()).await;
    !matches!(
        outcome,
        Outcome::Listed { result: Err(failure) } if failure.kind == FailureKind::NotFromApi
    )
}

/// Returns `summary` with the `opening` entries that the first step of a run would record, before anything is
/// submitted. Reopened jobs are those that the run would pay for again.
pub(crate) fn preview(mut summary: Summary, opening: &[Entry]) -> Summary {
    for entry in opening {
        summary.apply(entry);
    }
    summary
}

/// The inputs of the checks before a run.
pub(crate) struct Preflight<'a> {
    /// The state after the run's opening entries.
    pub(crate) preview: &'a Summary,
    pub(crate) limits: &'a Limits,
    pub(crate) confirm: &'a Confirm,
    /// Texts that look unfinished, which a person must agree to: what the question says about them.
    pub(crate) unfinished: Option<String>,
    pub(crate) balance: Balance,
    pub(crate) notices: &'a Notices,
}

/// Whether a balance covers the costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affordability {
    /// It does, or the balance is unknown.
    Enough,
    /// It may: up to this many credits are missing at the upper end of the estimate.
    Perhaps(Credits),
    /// It does not: at least this many credits are missing at the lower end of the estimate.
    Short(Credits),
}

impl Affordability {
    /// `free` is the balance without promised credits.
    fn of(costs: &Costs, free: Option<Credits>) -> Self {
        match free {
            Some(free) if free < costs.low => Self::Short(missing(costs.low, free)),
            Some(free) if free < costs.high => Self::Perhaps(missing(costs.high, free)),
            Some(_) | None => Self::Enough,
        }
    }
}

/// Returns what has to be added to `free`, which may be negative.
const fn missing(needed: Credits, free: Credits) -> Credits {
    Credits::from_thousandths(needed.thousandths().saturating_sub(free.thousandths()))
}

impl Preflight<'_> {
    /// Reports what is paid for again, compares costs and balance, and asks for confirmation. Returns whether a person has
    /// agreed.
    ///
    /// # Errors
    /// If the run must not begin. Nothing was submitted.
    pub(crate) async fn check(self) -> Result<bool, Error> {
        let wanted = Costs::of(self.preview);
        if wanted.videos == 0 {
            return Ok(false);
        }
        let again = paid_again(&Costs::paid_again(self.preview));
        let replaced = replaced_rows(self.preview).map(|replaced| replaced.to_string());
        for note in again.into_iter().chain(replaced) {
            self.notices.note(&note);
        }
        let money = self.preview.money();
        let costs = wanted.within(money.counted(), self.limits);
        let balance = &self.balance;
        if let Balance::Unknown(why) = balance {
            self.notices.note(&format!(
                "the account's balance could not be read, so it is not known whether it covers {} for \
                 {} credits ({why})",
                costs.count(),
                costs.range()
            ));
        }
        let affordability = Affordability::of(&costs, balance.free(money.promised));
        let shortage = shortage(affordability, &costs, balance, money.promised);
        let is_short =
            matches!(affordability, Affordability::Short(_)) && !self.limits.allow_partial;
        let ask = self.confirm.asker();
        if ask.is_none() && is_short {
            return Err(self.refusal(&shortage.unwrap_or_default(), balance));
        }
        if let Some(text) = shortage {
            self.notices.warning(&text);
        }
        let is_sandbox = self.preview.campaign().is_sandbox;
        if let Some(ask) = ask
            && (is_short
                || self.unfinished.is_some()
                || matches!(self.confirm, Confirm::Always(_))
                || needs_confirmation(&costs, self.limits, is_sandbox))
        {
            let unfinished = self.unfinished.as_deref().unwrap_or_default();
            let (budget, limit) = match affordability {
                Affordability::Short(_) => (balance.free(money.promised), "the balance covers"),
                Affordability::Enough | Affordability::Perhaps(_) => {
                    (self.limits.left(money.counted()), "the cap allows")
                }
            };
            let covered = budget.filter(|budget| *budget < wanted.high);
            let covered = covered.map(|budget| Costs::covered(self.preview, budget));
            let time = covered.map_or_else(
                || run_time(self.preview, self.limits),
                |covered| run_time_of(covered.videos, self.preview, self.limits),
            );
            let time = rough_duration(time.unwrap_or_default());
            let (count, range) = (costs.count(), costs.range());
            let what = covered.map_or_else(
                || format!("{count} for {range} credits"),
                |covered| {
                    let (videos, range) = (covered.videos, covered.range());
                    format!("as many of {count} as {limit}, about {videos} for {range} credits")
                },
            );
            let question = format!("submit {what}, ready in about {time}{unfinished}? [y/N] ");
            let proposal = Proposal {
                preview: self.preview,
                costs: covered.unwrap_or(costs),
                is_unfinished: self.unfinished.is_some(),
            };
            if !ask(Some(proposal), &question).await {
                return Err(Error::usage_with_hint(
                    "nothing was submitted",
                    format!(
                        "`{}` shows what would be made and what it would cost",
                        CommandLine::new(CommandName::Plan)
                    ),
                ));
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn refusal(&self, message: &str, balance: &Balance) -> Error {
        let (campaign, money) = (self.preview.campaign(), self.preview.money());
        let partial = campaign
            .command(CommandName::Run)
            .arguments(&campaign.resume_arguments)
            .flag(Flag::AllowPartial);
        let mut hints =
            vec![format!("buy credits; or `{}` submits as many as the balance covers", partial)];
        let affordable = balance.free(money.promised).filter(|free| *free > Credits::ZERO);
        if let Some(free) = affordable {
            let cap = campaign.cap_for(money.counted() + free);
            hints.push(format!(
                "or let the campaign stop before the balance does: `{}`",
                campaign.command(CommandName::Run).option(Flag::MaxCredits, cap)
            ));
        }
        Error::Stopped { message: format!("{message}; nothing was submitted"), hints }
    }
}

/// Returns a note about videos that are paid for again, or `None` without any.
fn paid_again(costs: &Costs) -> Option<String> {
    let is_one = costs.videos == 1;
    let before = if costs.earlier == Credits::ZERO {
        let them = if is_one { "it" } else { "them" };
        format!("nothing was charged for {them} before")
    } else {
        let they = if is_one { "it" } else { "they" };
        format!("{they} cost {} before", costs.earlier)
    };
    let (count, range) = (costs.count(), costs.range());
    (costs.videos > 0).then(|| format!("paying again for {count}, at {range} credits; {before}"))
}

/// Returns a warning about the balance, or `None` if it is enough.
fn shortage(
    affordability: Affordability,
    costs: &Costs,
    balance: &Balance,
    promised: Credits,
) -> Option<String> {
    let Balance::Known(balance) = balance else {
        return None;
    };
    let promised = if promised > Credits::ZERO {
        format!(", of which {promised} are promised to renders under way,")
    } else {
        String::new()
    };
    let (count, range) = (costs.count(), costs.range());
    match affordability {
        Affordability::Enough => None,
        Affordability::Perhaps(missing) => Some(format!(
            "the balance of {balance} credits{promised} may not cover {count} for {range} credits: up \
             to {missing} may be missing"
        )),
        Affordability::Short(missing) => Some(format!(
            "the balance of {balance} credits{promised} does not cover {count} for {range} credits: \
             at least {missing} are missing"
        )),
    }
}

/// Checks whether the costs are high enough to ask a person.
fn needs_confirmation(costs: &Costs, limits: &Limits, is_sandbox: bool) -> bool {
    !is_sandbox && costs.high > limits.confirm_above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(low: i64, high: i64) -> Costs {
        Costs {
            videos: 2,
            low: Credits::whole(low),
            high: Credits::whole(high),
            earlier: Credits::ZERO,
        }
    }

    #[test]
    fn a_balance_below_the_lower_end_is_short_and_below_the_upper_end_doubtful() {
        let free = |credits| Some(Credits::whole(credits));
        for (free, affordability) in [
            (free(40), Affordability::Enough),
            (free(39), Affordability::Perhaps(Credits::whole(1))),
            (free(20), Affordability::Perhaps(Credits::whole(20))),
            (free(19), Affordability::Short(Credits::whole(1))),
            (free(-5), Affordability::Short(Credits::whole(25))),
            (None, Affordability::Enough),
        ] {
            assert_eq!(Affordability::of(&costs(20, 40), free), affordability, "{free:?}");
        }
    }

    #[test]
    fn the_balance_covers_the_first_videos() {
        let summary = crate::report::testing::TestRun::with_jobs(5).summary();
        for (free, videos, cost) in [(-5, 0, 0), (4, 0, 0), (12, 2, 10), (15, 3, 15), (99, 5, 25)] {
            let covered = Costs::covered(&summary, Credits::whole(free));
            assert_eq!((covered.videos, covered.high), (videos, Credits::whole(cost)));
        }
    }

    #[test]
    fn promised_credits_count_against_the_balance() {
        let balance = Balance::Known(Credits::whole(30));
        let promised = Credits::whole(15);
        let affordability = Affordability::of(&costs(20, 40), balance.free(promised));
        let text = shortage(affordability, &costs(20, 40), &balance, promised).unwrap();
        assert_eq!(
            text,
            "the balance of 30 credits, of which 15 are promised to renders under way, does not cover \
             2 videos for 20 to 40 credits: at least 5 are missing"
        );
    }

    #[test]
    fn confirmation_is_needed_above_the_threshold_and_never_for_the_sandbox() {
        let mut limits = Limits::default();
        assert!(!needs_confirmation(&costs(50, 50), &limits, false), "the default is 50");
        assert!(needs_confirmation(&costs(20, 51), &limits, false));
        assert!(!needs_confirmation(&costs(20, 51), &limits, true));
        limits.confirm_above = Credits::ZERO;
        assert!(needs_confirmation(&costs(1, 1), &limits, false));
    }

    #[test]
    fn paying_again_names_the_earlier_cost() {
        assert_eq!(paid_again(&Costs::default()), None);
        let mut again = costs(10, 10);
        assert_eq!(
            paid_again(&again).unwrap(),
            "paying again for 2 videos, at 10 credits; nothing was charged for them before"
        );
        again.earlier = Credits::whole(15);
        assert_eq!(
            paid_again(&again).unwrap(),
            "paying again for 2 videos, at 10 credits; they cost 15 before"
        );
    }

    #[test]
    fn caps_limit_the_costs() {
        let mut limits =
            Limits { max_credits: Some(Credits::whole(50)).into(), ..Limits::default() };
        let within = |limits: &Limits| costs(20, 40).within(Credits::whole(20), limits);
        assert_eq!(within(&limits), costs(20, 30));
        limits.max_credits_run = Some(Credits::whole(10));
        assert_eq!(within(&limits), costs(10, 10));
        assert_eq!(within(&Limits::default()), costs(20, 40));
    }

    #[test]
    fn counts_and_ranges_are_formatted() {
        assert_eq!((costs(5, 5).range(), costs(5, 9).range()), ("5".into(), "5 to 9".into()));
        let one = Costs { videos: 1, ..costs(5, 5) };
        assert_eq!((one.count(), costs(1, 1).count()), ("1 video".into(), "2 videos".into()));
    }
}

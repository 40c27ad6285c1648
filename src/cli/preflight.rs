//! What is said and asked before a run spends anything.

use super::balance;
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::herald::Printer;
use super::preview::Costs;
use crate::model::{Credits, Limits};
use crate::remote::Remote;
use crate::report::Summary;
use crate::report::plan::{Balance, plan_totals, replaced_rows_note};
use crate::report::terminal::Colours;

/// Whether a person is asked before money is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// If standard input and standard error are a terminal.
    IfSomebodyIsThere,
    /// Never.
    Never,
}

/// Everything that is known before a run begins.
pub(super) struct Preflight<'a> {
    /// What the run would do.
    pub(super) preview: &'a Summary,
    pub(super) limits: &'a Limits,
    pub(super) asks: Asks,
    pub(super) herald: Printer,
    pub(super) colours: Colours,
}

/// How a balance compares to what is to be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// It is enough, or nobody knows.
    Enough,
    /// It may be enough; at the worst so many credits are missing.
    Perhaps(Credits),
    /// It is not, even if everything is as cheap as can be: so many are missing at least.
    Short(Credits),
}

impl Cover {
    /// `free` is what is left of the balance once everything promised is paid.
    fn of(costs: &Costs, free: Option<Credits>) -> Self {
        match free {
            Some(free) if free < costs.low => Self::Short(missing(costs.low, free)),
            Some(free) if free < costs.high => Self::Perhaps(missing(costs.high, free)),
            Some(_) | None => Self::Enough,
        }
    }
}

/// What has to be added to `free`, which may be negative.
const fn missing(needed: Credits, free: Credits) -> Credits {
    Credits::from_thousandths(needed.thousandths().saturating_sub(free.thousandths()))
}

impl Preflight<'_> {
    /// Says what will be paid for again, holds the costs against the balance, and asks whoever is there.
    ///
    /// # Errors
    /// If the run is not to begin. Nothing has been submitted.
    pub(super) async fn pass(self, remote: &Remote) -> Result<(), Error> {
        let wanted = Costs::of(self.preview);
        if wanted.videos == 0 {
            return Ok(());
        }
        let again = paid_again(&Costs::paid_again(self.preview));
        let replaced = replaced_rows_note(self.preview);
        for note in again.into_iter().chain(replaced) {
            self.herald.note(&note);
        }
        let money = self.preview.money();
        let costs = wanted.within(money.spent + money.promised, self.limits);
        let balance = balance::ask(remote, balance::Patience::Long).await;
        if let Balance::Unknown(why) = &balance {
            self.herald.note(&format!(
                "the account's balance could not be read, so it is not known whether it covers {} for \
                 {} credits ({why})",
                costs.count(),
                costs.range()
            ));
        }
        let somebody_is_there = self.asks == Asks::IfSomebodyIsThere && Environment::can_ask();
        let cover = Cover::of(&costs, balance.free(money.promised));
        let short = shortage(cover, &costs, &balance, money.promised);
        let may_be_partial = self.limits.allow_partial;
        match cover {
            Cover::Short(_) if !may_be_partial && !somebody_is_there => {
                return Err(self.refusal(&short.unwrap_or_default(), &balance));
            }
            Cover::Short(_) | Cover::Perhaps(_) | Cover::Enough => {
                if let Some(text) = short {
                    self.herald.warning(&text);
                }
            }
        }
        let is_short = matches!(cover, Cover::Short(_)) && !may_be_partial;
        let is_dear = needs_word(&costs, self.limits, self.preview.campaign().is_sandbox);
        if somebody_is_there && (is_short || is_dear) {
            return self.ask(&costs, cover).await;
        }
        Ok(())
    }

    async fn ask(&self, costs: &Costs, cover: Cover) -> Result<(), Error> {
        console::tell(&plan_totals(self.preview, self.colours));
        let question = match cover {
            Cover::Short(_) => "submit as many as the balance covers? [y/N] ".to_owned(),
            Cover::Enough | Cover::Perhaps(_) => {
                let (count, range) = (costs.count(), costs.range());
                format!("submit {count} for {range} credits? [y/N] ")
            }
        };
        let answer = console::ask(&question).await;
        if answer.is_some_and(|answer| matches!(answer.as_str(), "y" | "Y" | "yes")) {
            return Ok(());
        }
        Err(Error::usage("nothing was submitted")
            .hint("`callsheet plan` shows what would be made and what it would cost"))
    }

    fn refusal(&self, message: &str, balance: &Balance) -> Error {
        let (campaign, money) = (self.preview.campaign(), self.preview.money());
        let run = |further: &[&str]| {
            let resume = campaign.resume_arguments.iter().map(String::as_str);
            let further: Vec<&str> = resume.chain(further.iter().copied()).collect();
            campaign.command("run", &further)
        };
        let mut hints = vec![format!(
            "buy credits; or `{}` submits as many as the balance covers",
            run(&["--allow-partial"])
        )];
        let affordable = balance
            .free(money.promised)
            .filter(|free| *free > Credits::ZERO);
        if let Some(free) = affordable {
            let cap = campaign.cap_for(money.spent + money.promised + free);
            let cap = cap.to_string();
            hints.push(format!(
                "or let the campaign stop before the balance does: `{}`",
                campaign.command("run", &["--max-credits", &cap])
            ));
        }
        Error::Stopped {
            message: format!("{message}; nothing was submitted"),
            hints,
        }
    }
}

/// What is to be paid for once more, in words; `None` if nothing is.
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

/// What is wrong with the balance, in words; `None` if nothing is.
fn shortage(cover: Cover, costs: &Costs, balance: &Balance, promised: Credits) -> Option<String> {
    let Balance::Known(balance) = balance else {
        return None;
    };
    let promised = if promised > Credits::ZERO {
        format!(", of which {promised} are promised to renders under way,")
    } else {
        String::new()
    };
    let (count, range) = (costs.count(), costs.range());
    match cover {
        Cover::Enough => None,
        Cover::Perhaps(missing) => Some(format!(
            "the balance of {balance} credits{promised} may not cover {count} for {range} credits: up \
             to {missing} may be missing"
        )),
        Cover::Short(missing) => Some(format!(
            "the balance of {balance} credits{promised} does not cover {count} for {range} credits: \
             at least {missing} are missing"
        )),
    }
}

/// Whether so much is to be spent that a person is asked.
fn needs_word(costs: &Costs, limits: &Limits, is_sandbox: bool) -> bool {
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
    fn a_balance_is_refused_below_the_lower_end_and_doubted_below_the_upper() {
        let free = |credits| Some(Credits::whole(credits));
        for (free, cover) in [
            (free(40), Cover::Enough),
            (free(39), Cover::Perhaps(Credits::whole(1))),
            (free(20), Cover::Perhaps(Credits::whole(20))),
            (free(19), Cover::Short(Credits::whole(1))),
            (free(-5), Cover::Short(Credits::whole(25))),
            (None, Cover::Enough),
        ] {
            assert_eq!(Cover::of(&costs(20, 40), free), cover, "{free:?}");
        }
    }

    #[test]
    fn promises_count_against_the_balance_and_are_named() {
        let balance = Balance::Known(Credits::whole(30));
        let promised = Credits::whole(15);
        let cover = Cover::of(&costs(20, 40), balance.free(promised));
        let text = shortage(cover, &costs(20, 40), &balance, promised).unwrap();
        assert_eq!(
            text,
            "the balance of 30 credits, of which 15 are promised to renders under way, does not cover \
             2 videos for 20 to 40 credits: at least 5 are missing"
        );
    }

    #[test]
    fn a_person_is_asked_above_the_threshold_and_never_about_the_sandbox() {
        let mut limits = Limits::default();
        assert!(
            !needs_word(&costs(50, 50), &limits, false),
            "the default is 50"
        );
        assert!(needs_word(&costs(20, 51), &limits, false));
        assert!(!needs_word(&costs(20, 51), &limits, true));
        limits.confirm_above = Credits::ZERO;
        assert!(needs_word(&costs(1, 1), &limits, false));
    }

    #[test]
    fn what_is_paid_for_again_is_said_with_what_it_cost() {
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
}

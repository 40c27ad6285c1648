//! The treatment of texts that look unfinished: a person is asked, their videos are left out, or they are made.

use std::collections::HashSet;

use super::approve::AskYesOrNo;
use super::error::Error;
use super::manifest::LoadedManifest;
use super::notices::{Confirm, Notices};
use super::options::CampaignOptions;
use crate::journal::{read_accepted, write_accepted};
use crate::model::{CommandName, Flag, Phase, PlannedJob, Suspicion, SuspiciousTexts};
use crate::report::{JobRow, Summary};
use crate::util::text::{agree, plural};

/// The most suspicions that are listed; the others are counted.
const MAX_LISTED: usize = 20;

/// Checks whether the videos of suspicious texts are left out of a run, because no question can be asked.
pub(crate) const fn leaves_out(choice: SuspiciousTexts, confirm: &Confirm) -> bool {
    match choice {
        SuspiciousTexts::Ask => matches!(confirm, Confirm::Never),
        SuspiciousTexts::Skip => true,
        SuspiciousTexts::Allow => false,
    }
}

impl LoadedManifest {
    /// Leaves out the jobs whose text looks unfinished: they may not be paid for. What was paid for is collected in any
    /// case.
    pub(crate) fn leave_out_suspicious(&self, jobs: &mut [PlannedJob]) {
        for suspicion in &self.plan.suspicions {
            for index in &suspicion.jobs {
                let job = &mut jobs[*index];
                if job.selected {
                    job.selected = false;
                    job.left_out = Some(suspicion.message.as_str().into());
                }
            }
        }
    }

    /// Returns the suspicions about jobs that `preview` would submit or leaves out.
    pub(crate) fn unpaid_suspicions(&self, preview: &Summary) -> Vec<Suspicion> {
        let is_wanted = |row: &JobRow<'_>| {
            let is_pending = matches!(row.state.phase, Phase::Pending);
            is_pending && (row.job.selected || row.left_out().is_some())
        };
        let wanted: Vec<bool> = preview.rows().map(|row| is_wanted(&row)).collect();
        let mut suspicions = self.plan.suspicions.clone();
        suspicions.retain_mut(|suspicion| {
            let concerns_sheet = suspicion.jobs.is_empty();
            suspicion.jobs.retain(|job| wanted[*job]);
            !suspicion.jobs.is_empty() || (concerns_sheet && wanted.contains(&true))
        });
        suspicions
    }

    /// Lets the user decide about suspicious texts before an approval. Returns the indices of the jobs to leave out.
    ///
    /// # Errors
    /// If the sheet as a whole is suspicious and not accepted.
    pub(crate) async fn confirm_suspicions(
        &mut self,
        options: &CampaignOptions,
        notices: &Notices,
        ask: Option<AskYesOrNo>,
    ) -> Result<HashSet<usize>, Error> {
        if self.plan.suspicions.is_empty() {
            return Ok(HashSet::new());
        }
        let left_out: HashSet<usize> = self.plan.suspicious_jobs().collect();
        report(&self.plan.suspicions, options.suspicious, notices);
        let is_accepted = match (options.suspicious, ask) {
            (SuspiciousTexts::Allow, _) => true,
            (SuspiciousTexts::Ask, Some(ask)) => {
                ask("approve what looks unfinished too? [y/N] ".to_owned()).await
            }
            (SuspiciousTexts::Ask | SuspiciousTexts::Skip, _) => false,
        };
        if is_accepted {
            self.plan.suspicions.clear();
            return Ok(HashSet::new());
        }
        if let Some(sheet) = self.plan.suspicions.iter().find(|it| it.jobs.is_empty()) {
            return Err(sheet_error(sheet));
        }
        notices.warning(&format!(
            "{} {} not approved, because the text looks unfinished; `{} {}` approves all",
            plural(left_out.len(), "video"),
            agree(left_out.len(), "is", "are"),
            Flag::Suspicious,
            SuspiciousTexts::Allow
        ));
        Ok(left_out)
    }

    /// Remembers that a person has accepted the suspicious texts that the run of `preview` submits, so that an unattended
    /// run that continues it does not leave them out.
    ///
    /// # Errors
    /// If the output folder cannot be written.
    pub(crate) fn remember_accepted(&self, preview: &Summary) -> Result<(), Error> {
        let mut accepted = read_accepted(&self.out);
        accepted.add(&self.unpaid_suspicions(preview), &self.plan.jobs);
        write_accepted(&self.out, &accepted)
            .map_err(Error::io(format!("cannot write to `{}`", self.out.display())))
    }

    /// Reports the suspicious texts of a run. Returns those that a person must agree to, if `leaves_out` is false.
    ///
    /// # Errors
    /// If the sheet as a whole is suspicious, and no person can be asked.
    pub(crate) fn check_suspicions(
        &self,
        preview: &Summary,
        leaves_out: bool,
        choice: SuspiciousTexts,
        notices: &Notices,
    ) -> Result<Option<String>, Error> {
        let suspicions = self.unpaid_suspicions(preview);
        if let Some(sheet) = suspicions.iter().find(|it| it.jobs.is_empty() && leaves_out) {
            return Err(sheet_error(sheet));
        }
        let jobs: HashSet<usize> = suspicions.iter().flat_map(|it| it.jobs.clone()).collect();
        let count = jobs.len();
        if suspicions.is_empty() {
            return Ok(None);
        }
        if leaves_out {
            notices.warning(&format!(
                "{} {} left out, because the text looks unfinished: {}; correct the rows, or make them with `{} {}`",
                plural(count, "video"),
                agree(count, "is", "are"),
                lines(&suspicions).join("; "),
                Flag::Suspicious,
                SuspiciousTexts::Allow
            ));
            return Ok(None);
        }
        report(&suspicions, choice, notices);
        let question = match count {
            0 => String::new(),
            count => format!(
                ", of which {count} {} unfinished (`{} {}` leaves {} out)",
                agree(count, "looks", "look"),
                Flag::Suspicious,
                SuspiciousTexts::Skip,
                agree(count, "it", "them")
            ),
        };
        Ok((choice == SuspiciousTexts::Ask).then_some(question))
    }
}

/// Reports the suspicious texts of a plan, and what a run does about them.
pub(crate) fn report_planned(suspicions: &[Suspicion], choice: SuspiciousTexts, notices: &Notices) {
    report(suspicions, choice, notices);
    let treatment = match choice {
        SuspiciousTexts::Ask => "asks about this on a terminal, and leaves it out without one",
        SuspiciousTexts::Skip => "leaves this out",
        SuspiciousTexts::Allow => return,
    };
    if !suspicions.is_empty() {
        notices.note(&format!("`{}` {treatment} (`{}`)", CommandName::Run, Flag::Suspicious));
    }
}

/// Reports each suspicion: as a note if its videos are made without a question.
fn report(suspicions: &[Suspicion], choice: SuspiciousTexts, notices: &Notices) {
    for line in lines(suspicions) {
        match choice {
            SuspiciousTexts::Allow => notices.note(&line),
            SuspiciousTexts::Ask | SuspiciousTexts::Skip => notices.warning(&line),
        }
    }
}

/// Returns a line for each suspicion, and one that counts those that are too many.
fn lines(suspicions: &[Suspicion]) -> Vec<String> {
    let shown = suspicions.iter().take(MAX_LISTED).map(ToString::to_string);
    let hidden = suspicions.len().saturating_sub(MAX_LISTED);
    shown.chain((hidden > 0).then(|| format!("and {hidden} more"))).collect()
}

/// Returns the error for a suspicion about the sheet as a whole.
pub(crate) fn sheet_error(suspicion: &Suspicion) -> Error {
    Error::usage_with_hint(
        format!("{suspicion}; nothing was submitted"),
        format!(
            "correct the header, or make the videos without this column: `{} {}`",
            Flag::Suspicious,
            SuspiciousTexts::Allow
        ),
    )
}

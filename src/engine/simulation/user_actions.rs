//! What the user does: the options of each command, and edits of the sheet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::random::Random;
use super::run::{Simulation, planned};
use crate::engine::{RunOptions, Submits};
use crate::model::{Credits, FailureAllowance, JobId, Phase, RemoteId};

impl Simulation {
    /// Chooses the options of a command.
    pub(super) fn choose_options(&mut self, number: u64) {
        self.options = RunOptions {
            limits: self.options.limits.clone(),
            journal_was_lost: self.options.journal_was_lost,
            has_accepted_jobs: self.options.has_accepted_jobs,
            seed: self.options.seed,
            is_unattended: self.options.is_unattended || self.random.percent(50),
            ..RunOptions::default()
        };
        self.options.limits.max_duration = None;
        self.options.limits.max_fail = None;
        self.options.limits.max_credits_run = self
            .random
            .percent(20)
            .then(|| Credits::whole(i64::try_from(5 + self.random.below(40)).unwrap()));
        for job in &mut self.jobs {
            job.selected = true;
            job.in_sheet = true;
        }
        match self.random.below(14) {
            0 => self.options.submits = Submits::Nothing,
            1 => self.options.leave_after_submitting = true,
            2 => {
                let length = self.random.millis(10_000, 600_000);
                self.options.limits.max_duration = Some(length);
            }
            3 => self.options.limits.max_fail = Some(FailureAllowance::Count(0)),
            4 => {
                for job in self.jobs.iter_mut().skip(2) {
                    job.selected = false;
                }
            }
            5 if number > 0 => self.options.fresh = true,
            6 | 7 => self.options.retry_failed = true,
            // With a lost journal only the sheet tells which job a tag in the list is.
            8 if number > 0 && !self.invariants.journal_was_lost => self.edit_rows(),
            9 => {
                let done = self.done();
                self.options.missing_files = done.into_iter().take(3).collect();
            }
            10 if self.provider.profile.lists_within(self.options.limits.settle) => {
                let doubts: Vec<JobId> = self.in_doubt().collect();
                self.options.resubmit = doubts.into_iter().take(1).collect();
            }
            11 if number > 0 => {
                self.jobs[0].selected = false;
                self.jobs[0].in_sheet = false;
                self.options.resubmit = [self.jobs[0].spec.id.clone()].into();
            }
            _ => {}
        }
        // Videos that could not be downloaded are asked for by name.
        if Random::new(self.options.seed ^ self.steps ^ 0xD1A).percent(70) {
            let states = self.invariants.states.iter();
            let undownloaded = states.filter(|(_, state)| state.is_to_be_downloaded());
            self.options.resubmit.extend(undownloaded.map(|(job, _)| job.clone()));
        }
    }

    /// Edits some rows of the sheet.
    fn edit_rows(&mut self) {
        self.invariants.rows_were_edited = true;
        for index in 0..self.jobs.len() {
            if self.random.percent(20) {
                self.jobs[index] = planned(index, 1);
            }
        }
        self.options.redo_changed = self.random.percent(50);
    }

    /// Continues with a version, or a sheet, that gives the jobs other ids.
    pub(super) fn rename_jobs(&mut self) {
        for (number, job) in self.jobs.iter_mut().enumerate() {
            let spec = Arc::make_mut(&mut job.spec);
            if spec.former_id.is_none() && spec.row_id.is_none() {
                let id = format!("new-{number:03}").parse().unwrap();
                let former = Some(std::mem::replace(&mut spec.id, id));
                *(if number % 2 == 0 { &mut spec.former_id } else { &mut spec.row_id }) = former;
            }
        }
    }

    /// Edits, swaps and renumbers rows of a campaign whose journal is lost.
    pub(super) fn edit_after_loss(&mut self, random: &mut Random) {
        if self.jobs.iter().any(|job| job.spec.other_ids().next().is_some()) {
            // A row whose id and text were edited is new.
            return;
        }
        self.invariants.rows_were_edited = true;
        let edited = usize::try_from(random.below(self.jobs.len() as u64)).unwrap();
        if random.percent(50) {
            let kept = self.jobs[edited].spec.id.clone();
            self.jobs[edited] = planned(edited, 2);
            Arc::make_mut(&mut self.jobs[edited].spec).id = kept;
        }
        if random.percent(50) {
            let ids: Vec<JobId> = self.jobs.iter().map(|job| job.spec.id.clone()).collect();
            let by = usize::try_from(random.below(self.jobs.len() as u64)).unwrap();
            for (place, job) in self.jobs.iter_mut().enumerate() {
                Arc::make_mut(&mut job.spec).id = ids[(place + by) % ids.len()].clone();
            }
        }
    }

    /// Names what was paid for, as results do that are left on disk.
    pub(super) fn name_remotes(&mut self) {
        let id = |name: &str| name.split(' ').nth(1).unwrap().parse().unwrap();
        let accepted = self.provider.accepted.iter();
        let named = accepted.map(|row| (id(&row.name), row.remote.clone()));
        let newest: BTreeMap<JobId, RemoteId> = named.collect();
        self.options.known_remotes = newest.into_iter().collect();
    }

    fn done(&self) -> Vec<JobId> {
        let states = self.invariants.states.iter();
        states
            .filter(|(_, state)| matches!(state.phase, Phase::Done { .. }))
            .map(|(job, _)| job.clone())
            .collect()
    }

    /// Gives the same command to a faultless provider until nothing is left to do, at last with all jobs in doubt
    /// resubmitted.
    pub(super) fn finish(&mut self) {
        self.provider.profile = self.provider.profile.faultless();
        self.crashes = 0;
        self.sleeps = false;
        self.interrupts_runs = false;
        self.options = RunOptions {
            limits: self.options.limits.clone(),
            journal_was_lost: self.options.journal_was_lost,
            has_accepted_jobs: self.options.has_accepted_jobs,
            ..RunOptions::default()
        };
        self.options.limits.max_credits = None.into();
        self.options.limits.max_credits_run = None;
        self.options.limits.max_duration = None;
        self.options.limits.max_fail = None;
        for job in &mut self.jobs {
            job.selected = true;
            job.in_sheet = true;
        }
        for number in 0..6 {
            // Longer than any pause that was asked for.
            self.now = self.now.plus(Duration::from_secs(25 * 3600));
            if number >= 3 {
                self.options.resubmit = self.in_doubt().collect();
                // By now the list shows everything.
                self.options.without_list = true;
            }
            self.run_to_end();
        }
    }

    fn in_doubt(&self) -> impl Iterator<Item = JobId> {
        let states = self.invariants.states.iter();
        let doubts = states.filter(|(_, state)| matches!(state.phase, Phase::InDoubt { .. }));
        doubts.map(|(job, _)| job.clone())
    }
}

//! Preparing a run: load, look up names, check, confirm, lock. Nothing is submitted.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::approve::ApprovalPolicy;
use super::cap::remembered_cap_note;
use super::catalogue::{NameLookup, NetworkUse};
use super::duplicates::{Reuse, decide, due};
use super::error::Error;
use super::first_run::FirstRun;
use super::identity::{
    is_journal_behind, named_remotes, results_name_unknown_jobs, shows_accepted_jobs,
};
use super::manifest::{LoadedManifest, missing_files, note_trial};
use super::notices::{Confirm, Notices};
use super::notifications::Notifications;
use super::open_address::SheetCopy;
use super::options::{CampaignOptions, ResumeCommand};
use super::output_lock::{check_results, check_workbook, check_writable, lock_output};
use super::prefetch::JournalPrefetch;
use super::preflight::{BALANCE_TIMEOUT, Preflight, balance, preview};
use super::provider::{Provider, ProviderConfig};
use super::recorded_state::RecordedState;
use super::rerun::RerunSelection;
use super::selection::{note_finished, select_named};
use super::suspicious::leaves_out;
use super::unfinished_days::{earlier_unfinished_days, unfinished_days_note};
use crate::driver::{Clock as _, SystemClock};
use crate::engine::{Batch, RunOptions, Submits};
use crate::journal::{Identity, Journal, JournalSnapshot, Lock, LockError};
use crate::manifest::Selection;
use crate::model::{
    CommandName, Duplicates, JobId, JobSpec, LimitSettings, Phase, Timestamp, TrustedTime,
};
use crate::remote::Remote;
use crate::report::approval::ApprovalStatus;
use crate::report::files::ResultFiles;
use crate::report::{Campaign, JobRow, Observer, Summary};
use crate::util::parallel;

/// Creates the displays of a run from its summary.
pub type Displays = Box<dyn FnOnce(&Summary) -> Vec<Box<dyn Observer>> + Send>;

/// What a run does.
pub struct RunRequest {
    /// The campaign.
    pub campaign: CampaignOptions,
    /// The provider.
    pub provider: ProviderConfig,
    /// The selected jobs; `None` selects all.
    pub(crate) selection: Option<Selection>,
    /// The jobs to make again.
    pub rerun: RerunSelection,
    /// Limits that replace those of the manifest.
    pub limits: LimitSettings,
    /// The jobs that are submitted, and those that are submitted again. The run sets its limits.
    pub run_options: RunOptions,
    /// What to do about rows whose video another campaign has paid for.
    pub duplicates: Duplicates,
    /// How long to wait for another run that holds the output folder.
    pub lock_wait: Option<Duration>,
    /// The result files to write.
    pub files: ResultFiles,
    /// How the costs are confirmed.
    pub confirm: Confirm,
    /// When an approval is required.
    pub approval: ApprovalPolicy,
    /// The arguments that shown commands repeat.
    pub resume: ResumeCommand,
    /// The `.env` file that sets the address of the API, if one does.
    pub address_file: Option<PathBuf>,
    /// Receives notes and warnings.
    pub notices: Notices,
    /// The folder of cached catalogues.
    pub cache_dir: Option<PathBuf>,
    /// The observers of the run, besides the result files and the log.
    pub displays: Displays,
    /// The interval of the time updates of observers.
    pub tick: Duration,
}

impl RunRequest {
    /// Returns a request that submits and collects everything, asks no questions and displays nothing.
    pub fn new(campaign: CampaignOptions, provider: ProviderConfig) -> Self {
        Self {
            campaign,
            provider,
            selection: None,
            rerun: RerunSelection::default(),
            limits: LimitSettings::default(),
            run_options: RunOptions {
                submits: Submits::Selected,
                is_unattended: true,
                ..RunOptions::default()
            },
            duplicates: Duplicates::default(),
            lock_wait: None,
            files: ResultFiles::default(),
            confirm: Confirm::Never,
            approval: ApprovalPolicy::ByManifest,
            resume: ResumeCommand::default(),
            address_file: None,
            notices: Notices::discard(),
            cache_dir: None,
            displays: Box::new(|_| Vec::new()),
            tick: Duration::from_secs(1),
        }
    }

    /// Adds an observer.
    #[must_use]
    pub fn observed_by(mut self, observer: impl Observer + 'static + Send) -> Self {
        let displays = self.displays;
        self.displays = Box::new(move |summary| {
            let mut all = displays(summary);
            all.push(Box::new(observer));
            all
        });
        self
    }
}

impl std::fmt::Debug for RunRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RunRequest")
            .field("campaign", &self.campaign)
            .field("policy", &self.run_options)
            .finish_non_exhaustive()
    }
}

/// A run that is ready to begin.
pub(super) struct PreparedRun {
    pub(super) batch: Batch,
    pub(super) journal: Journal,
    pub(super) lock: Lock,
    pub(super) provider: Provider,
    pub(super) summary: Summary,
    /// Whether every job is done already.
    pub(super) is_idle: bool,
    /// What earlier days of a dated campaign have left.
    pub(super) earlier_days: Option<String>,
}

/// What a run would do, given the recorded state.
struct RunPreview {
    batch: Batch,
    /// Jobs that the journal does not have in their present form.
    unsaved: Vec<Arc<JobSpec>>,
    summary: Summary,
    /// `summary` after the run's opening entries.
    preview: Summary,
    /// Videos of other campaigns; `summary` has the entries about them.
    reuse: Reuse,
}

/// What the checks before a run depend on.
struct Checks {
    /// Whether each job is selected.
    selected: Vec<bool>,
    /// Whether rows that look unfinished are left out.
    leaves_out: bool,
    /// The number of jobs that may be made before the required approval.
    sample: Option<usize>,
}

/// A run that may begin.
struct CheckedRun {
    preview: Box<RunPreview>,
    provider: Provider,
    /// Whether a person has accepted texts that look unfinished.
    accepts_unfinished: bool,
}

impl RunRequest {
    /// Does everything up to the loop. Before a first run, the user is asked before anything is written to disk.
    pub(super) async fn prepare(
        &mut self,
        notifications: &mut Notifications,
        clock: &SystemClock,
    ) -> Result<PreparedRun, Error> {
        self.provider.forget_gateway();
        let copy = match self.run_options.submits {
            Submits::Nothing => SheetCopy::Kept,
            Submits::Selected => SheetCopy::Current,
        };
        self.campaign = self.campaign.open(copy, self.provider.is_sandbox()).await?;
        let prefetch = JournalPrefetch::start(&self.campaign);
        let manifest = self.load(clock.now()).await;
        if self.run_options.submits == Submits::Nothing {
            let plan = manifest.as_ref().ok().map(|manifest| &manifest.plan);
            note_trial(&self.campaign, plan, CommandName::Collect, &self.notices);
        }
        let mut manifest = manifest?;
        notifications.add_settings(&manifest.plan.output, self.provider.is_sandbox())?;
        let days = earlier_unfinished_days(&self.campaign, &manifest.plan);
        let earlier_days = unfinished_days_note(&days, &self.campaign, &self.resume.provider);
        if let Some(note) =
            earlier_days.as_ref().filter(|_| self.run_options.submits == Submits::Selected)
        {
            self.notices.warning(note);
        }
        let is_approved = self.check_approval(&manifest)?;
        let sample = self.unapproved_sample(&manifest);
        // An approval covers exactly the texts that were accepted.
        let leaves_out = is_approved || leaves_out(self.campaign.suspicious, &self.confirm);
        // Errors of the journal are reported once it is locked; they may be gone by then.
        let prefetched = prefetch.replay(&manifest.out).ok().flatten();
        let is_sandbox = self.provider.is_sandbox();
        manifest.resolve_ids(prefetched.as_ref(), is_sandbox)?;
        if let Some(replay) = &prefetched {
            self.provider.new_account_mark(&manifest.out, replay.state.history())?;
        }
        let selected = match self.selection.take() {
            Some(selection) => manifest.select(selection)?,
            None => vec![true; manifest.plan.jobs.len()],
        };
        let identity = Identity { campaign: manifest.plan.campaign.clone(), is_sandbox };

        let jobs = &manifest.plan.jobs;
        let files = jobs.iter().flat_map(|job| [job.video_path(), job.thumbnail_path()]);
        check_writable(&manifest.out, files)?;
        if self.files.workbook {
            check_workbook(&manifest.out)?;
        }
        // The sandbox leaves nothing in the user's folders.
        let cache_dir = self.cache_dir.as_deref().filter(|_| !is_sandbox);
        let first_run = FirstRun::of(&manifest.out, cache_dir);
        first_run.report(&manifest.out, self.address_file.as_deref(), &self.notices);
        let is_new = Identity::read(&manifest.out)?.is_none();
        let checks = Checks { selected, leaves_out, sample };
        let mut checked = None;
        if is_new {
            check_results(&manifest.out)?;
            manifest.ids.report(&self.notices);
            let empty = RecordedState::empty(identity.clone());
            let provider = self.provider.clone().start_before_lock(&manifest.out).await?;
            let check = self.check(&manifest, empty, &checks, provider, clock);
            checked = Some(Box::pin(check).await?);
        }

        let lock = lock_output(&manifest.out, self.lock_wait, &self.notices, clock).await;
        let lock = lock.map_err(|error| self.with_status_command(error, &manifest))?;
        first_run.remember();
        if let Some(sheet) = &self.campaign.addressed_sheet {
            sheet.keep(&identity)?;
        }
        // The journal may have changed while another run held the lock.
        let (mut journal, replay) =
            Journal::open(&manifest.out, &identity, || clock.now(), prefetched)?;
        manifest.resolve_ids(Some(&replay), is_sandbox)?;
        manifest.ids.report(&self.notices);
        let recorded = RecordedState::new(&manifest.plan, &manifest.out, replay)?;
        manifest.names.write(&manifest.out)?;
        let is_first = recorded.history.is_empty();
        let CheckedRun { preview, provider, accepts_unfinished } =
            match checked.filter(|_| is_first) {
                Some(checked) if !is_sandbox => checked,
                checked => {
                    // The sandbox keeps its state in the folder.
                    let provider = self.provider.clone().start(&manifest.out).await?;
                    if let Some(checked) = checked {
                        CheckedRun { provider, ..checked }
                    } else {
                        let check = self.check(&manifest, recorded, &checks, provider, clock);
                        Box::pin(check).await?
                    }
                }
            };
        if accepts_unfinished {
            manifest.remember_accepted(&preview.preview)?;
        }
        let RunPreview { batch, unsaved, summary, preview, reuse } = *preview;
        let is_idle = preview.counts().done == preview.counts().total && reuse.is_empty();
        drop(preview);
        journal.save_jobs(unsaved.iter().map(|spec| &**spec))?;
        if !reuse.is_empty() {
            reuse.copy_files(&manifest.out)?;
            journal.append(reuse.entries())?;
            self.notices.note(&reuse.note());
        }
        Ok(PreparedRun { batch, journal, lock, provider, summary, is_idle, earlier_days })
    }

    /// Returns what this run would do, if everything allows it: samples, costs, balance, and the user.
    async fn check(
        &mut self,
        manifest: &LoadedManifest,
        recorded: RecordedState,
        checks: &Checks,
        provider: Provider,
        clock: &SystemClock,
    ) -> Result<CheckedRun, Error> {
        let Checks { selected, leaves_out, sample } = checks;
        let preview = self.preview_with_reuse(manifest, recorded, selected, *leaves_out, clock);
        let preview = preview.await?;
        self.check_samples(manifest, *sample, &preview.preview)?;
        let accepts_unfinished =
            self.preflight(manifest, &preview.preview, *leaves_out, &provider.remote).await?;
        Ok(CheckedRun { preview, provider, accepts_unfinished })
    }

    /// Returns what this run would do once it has taken over the videos of other campaigns, if the user wants that.
    async fn preview_with_reuse(
        &mut self,
        manifest: &LoadedManifest,
        mut recorded: RecordedState,
        selected: &[bool],
        leaves_out: bool,
        clock: &SystemClock,
    ) -> Result<Box<RunPreview>, Error> {
        // `--fresh` pays for everything, whatever was paid for.
        let may_reuse = self.run_options.submits == Submits::Selected && !self.run_options.fresh;
        if !may_reuse || manifest.ids.elsewhere().is_empty() {
            return self.preview(manifest, recorded, selected, leaves_out, clock, Reuse::default());
        }
        let preview = self.preview(
            manifest,
            recorded.clone(),
            selected,
            leaves_out,
            clock,
            Reuse::default(),
        )?;
        let due = due(manifest, &preview.preview);
        if due.is_empty() {
            return Ok(preview);
        }
        let choice = self.duplicates;
        if !decide(choice, &self.confirm, &due, &preview.preview).await? {
            self.duplicates = Duplicates::Pay;
            return Ok(preview);
        }
        self.duplicates = Duplicates::Reuse;
        let mut reuse = Reuse::of(&due)?;
        let now = clock.now();
        reuse.record(&manifest.plan.campaign, recorded.history.sequence(), now);
        for entry in reuse.entries() {
            recorded.history.apply(entry, TrustedTime::certain(now));
        }
        self.preview(manifest, recorded, selected, leaves_out, clock, reuse)
    }

    /// Returns what this run would do.
    fn preview(
        &mut self,
        manifest: &LoadedManifest,
        recorded: RecordedState,
        selected: &[bool],
        leaves_out: bool,
        clock: &SystemClock,
        reuse: Reuse,
    ) -> Result<Box<RunPreview>, Error> {
        let mut selected = selected.to_vec();
        let options = &mut self.run_options;
        self.rerun.apply(manifest, Some(&recorded), &mut selected, options, &self.notices)?;
        // Independent work, each slow for a large campaign, in two threads.
        let out = &manifest.out;
        let history = &recorded.history;
        let plan = &manifest.plan.jobs;
        let ((missing, has_unknown_jobs), (mut jobs, unsaved)) = parallel::join(
            || (missing_files(history, out), results_name_unknown_jobs(out, history)),
            || {
                let jobs = manifest.jobs(Some(&recorded), &selected);
                (jobs, JournalSnapshot::unsaved_jobs(out, plan))
            },
        );
        let unsaved = jobs
            .iter()
            .zip(plan)
            .zip(unsaved?)
            .filter(|((job, planned), is_unsaved)| *is_unsaved || !Arc::ptr_eq(&job.spec, planned))
            .map(|((job, _), _)| Arc::clone(&job.spec))
            .collect();
        if leaves_out {
            manifest.leave_out_suspicious(&mut jobs);
        }
        select_named(&mut jobs, &self.run_options)?;

        let is_sandbox = recorded.identity.is_sandbox;
        let limits = manifest.run_limits(&self.limits, Some(&recorded), &self.campaign)?;
        let mut campaign = manifest.campaign(jobs, &self.campaign);
        limits.apply(&mut campaign);
        self.run_options.new_cap = limits.new_cap;
        self.run_options.limits = limits.limits;
        campaign.is_sandbox = is_sandbox;
        self.resume.apply(&mut campaign);
        let summary = Summary::with(Arc::new(campaign), recorded.history);

        self.run_options.missing_files = missing;
        // Their files are copied once the folder is locked.
        self.run_options.missing_files.retain(|id| !reuse.has_file(id));
        self.run_options.journal_was_lost = is_journal_behind(&summary, has_unknown_jobs);
        self.run_options.account = self.provider.new_account_mark(out, summary.history())?;
        let named = manifest.ids.named.iter();
        let mut named: Vec<_> = named.map(|(job, remote)| (job.clone(), remote.clone())).collect();
        if self.run_options.journal_was_lost {
            let out = &summary.campaign().out;
            let in_results = named_remotes(out);
            self.run_options.has_accepted_jobs = shows_accepted_jobs(out, &in_results);
            named.extend(in_results);
        }
        self.run_options.known_remotes = named;
        if manifest.shard.is_some() {
            let own: HashSet<&JobId> = manifest.plan.jobs.iter().map(|job| &job.id).collect();
            let others = manifest.every_job().iter().filter(|job| !own.contains(&job.id));
            let ids = others.flat_map(|job| job.other_ids().chain([&job.id]));
            self.run_options.other_shards = ids.cloned().collect();
        }
        // The sandbox costs nothing.
        self.run_options.is_unattended &= !is_sandbox;
        self.run_options.process = std::process::id();
        self.run_options.seed = seed(clock);
        let now = clock.now();
        let (campaign, history) = (summary.campaign(), summary.history());
        let (jobs, run_options) = (campaign.jobs.clone(), self.run_options.clone());
        let batch = Batch::restore(&campaign.name, jobs, run_options, history, now)?;
        let preview = preview(summary.clone(), &batch.opening_entries(now));
        note_finished(&self.run_options.resubmit, &preview, &self.notices);
        Ok(Box::new(RunPreview { batch, unsaved, summary, preview, reuse }))
    }

    /// Loads the manifest and reports its notes.
    async fn load(&self, now: Timestamp) -> Result<LoadedManifest, Error> {
        let lookup = NameLookup {
            provider: Some(self.provider.clone()),
            cache_dir: self.cache_dir.clone(),
            notices: self.notices.clone(),
            network: NetworkUse::Always,
        };
        let manifest = if self.run_options.submits == Submits::Nothing {
            LoadedManifest::load_or_recover(&self.campaign, &lookup, now).await?
        } else {
            LoadedManifest::load(&self.campaign, &lookup, now).await?
        };
        manifest.report_notes(&self.notices);
        Ok(manifest)
    }

    /// Checks the provider, and if something is submitted, costs and balance, and asks for confirmation. Returns whether a
    /// person has accepted texts that look unfinished.
    async fn preflight(
        &self,
        manifest: &LoadedManifest,
        preview: &Summary,
        leaves_out: bool,
        remote: &Remote,
    ) -> Result<bool, Error> {
        let is_final =
            |row: JobRow<'_>| matches!(row.state.phase, Phase::Done { .. } | Phase::Failed { .. });
        let is_over = preview.rows().all(is_final);
        if self.run_options.submits == Submits::Nothing {
            if !is_over {
                balance(remote, BALANCE_TIMEOUT).await?;
            }
            return Ok(false);
        }
        if let Some(note) = remembered_cap_note(preview) {
            self.notices.note(&note);
        }
        let mut limits = self.run_options.limits.clone();
        // Jobs that are paid for already, and will be found, need no balance.
        limits.allow_partial |= self.run_options.journal_was_lost;
        let choice = self.campaign.suspicious;
        let unfinished = manifest.check_suspicions(preview, leaves_out, choice, &self.notices)?;
        let asks_about_unfinished = unfinished.is_some();
        if is_over {
            return Ok(false);
        }
        let preflight = Preflight {
            preview,
            limits: &limits,
            confirm: &self.confirm,
            unfinished,
            balance: balance(remote, BALANCE_TIMEOUT).await?,
            notices: &self.notices,
        };
        Ok(preflight.check().await? && asks_about_unfinished)
    }

    /// Checks the approval before anything is created or locked. Returns whether the run requires one.
    fn check_approval(&self, manifest: &LoadedManifest) -> Result<bool, Error> {
        let is_required = match self.approval {
            ApprovalPolicy::Always => true,
            ApprovalPolicy::ByManifest => {
                manifest.plan.output.require_approval && self.unapproved_sample(manifest).is_none()
            }
            ApprovalPolicy::Never => false,
        };
        if !is_required || manifest.approval.is_given() {
            return Ok(is_required);
        }
        Err(super::approve::missing_approval(
            &self.campaign_without_jobs(manifest),
            manifest.every_job().len(),
        ))
    }

    /// Returns the number of jobs that may be made before the required approval, if the run is a sample and no larger.
    fn unapproved_sample(&self, manifest: &LoadedManifest) -> Option<usize> {
        let most = super::approve::largest_sample(manifest.every_job().len());
        let sample = self.selection.as_ref()?.sample?;
        let is_unapproved = self.approval == ApprovalPolicy::ByManifest
            && manifest.plan.output.require_approval
            && !manifest.approval.is_given();
        (is_unapproved && sample <= most).then_some(most)
    }

    /// Checks that all samples together are no larger than one may be, if nothing was ever approved.
    fn check_samples(
        &self,
        manifest: &LoadedManifest,
        most: Option<usize>,
        preview: &Summary,
    ) -> Result<(), Error> {
        let begun = preview.counts().total;
        if manifest.approval == ApprovalStatus::Missing && most.is_some_and(|most| begun > most) {
            let campaign = self.campaign_without_jobs(manifest);
            return Err(super::approve::missing_approval(&campaign, manifest.every_job().len()));
        }
        Ok(())
    }

    /// Adds the command that shows the other run to the error for an output folder that another run holds.
    fn with_status_command(&self, error: Error, manifest: &LoadedManifest) -> Error {
        let Error::Lock(held @ LockError::Held { .. }) = error else {
            return error;
        };
        let status = self.campaign_without_jobs(manifest).command(CommandName::Status);
        Error::Held { held, status: status.to_string() }
    }

    /// Returns the campaign as far as command lines about it need it.
    fn campaign_without_jobs(&self, manifest: &LoadedManifest) -> Campaign {
        let mut campaign = manifest.campaign(Vec::new(), &self.campaign);
        campaign.is_sandbox = self.provider.is_sandbox();
        self.resume.apply(&mut campaign);
        campaign
    }
}

/// Returns a seed that differs between runs, so that their waits do not coincide.
fn seed(clock: &SystemClock) -> u64 {
    let now = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    now ^ u64::from(std::process::id()).rotate_left(32)
}

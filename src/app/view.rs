//! A read-only view of a campaign, for `status`, `why` and `report`. Takes no lock, and uses no network, except for a
//! sheet behind an address of which no copy was kept.

use std::collections::BTreeSet;

use super::catalogue::NameLookup;
use super::error::Error;
use super::manifest::{LoadedManifest, note_trial};
use super::open_address::SheetCopy;
use super::options::{CampaignOptions, ProviderFlags};
use super::prefetch::JournalPrefetch;
use super::selection::check_exists;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::JournalSnapshot;
use crate::model::{CommandName, Entry, Event, Flag, JobId, Timestamp};
use crate::report::Summary;
use crate::util::fs::LockState;

/// The inputs of a view.
#[derive(Debug)]
pub(crate) struct ViewRequest {
    /// The command that shows the view.
    pub(crate) command: CommandName,
    pub(crate) campaign: CampaignOptions,
    pub(crate) provider_flags: ProviderFlags,
    pub(crate) lookup: NameLookup,
}

/// The state of a campaign at one moment.
pub(crate) struct CampaignView {
    manifest: LoadedManifest,
    /// Whether there is a journal.
    pub(crate) has_journal: bool,
    /// The last entry that `summary` includes.
    last_entry: Option<Entry>,
    pub(crate) summary: Summary,
    /// The lock of the output folder, which an active run holds.
    pub(crate) lock: LockState,
    /// The time of the view.
    pub(crate) now: Timestamp,
}

impl CampaignView {
    /// Opens the campaign. If its manifest is missing or invalid by now, its last results are used instead.
    ///
    /// # Errors
    /// If the manifest has problems or the journal cannot be read.
    pub(crate) async fn open(request: &ViewRequest) -> Result<Self, Error> {
        let now = SystemClock::new().now();
        let is_sandbox = request.provider_flags.sandbox;
        let options = request.campaign.open(SheetCopy::Kept, is_sandbox).await?;
        let home = options.default_out();
        let before = LockState::of(&home);
        let prefetch = JournalPrefetch::start(&options);
        let manifest = LoadedManifest::load_or_recover(&options, &request.lookup, now).await;
        let plan = manifest.as_ref().ok().map(|manifest| &manifest.plan);
        note_trial(&options, plan, request.command, &request.lookup.notices);
        let mut manifest = manifest?;
        let before = if manifest.out == home { before } else { LockState::of(&manifest.out) };
        let recorded = prefetch.state(&mut manifest, is_sandbox)?;
        let has_journal = recorded.is_some();
        let last_entry = recorded.as_ref().and_then(|recorded| recorded.newest.clone());
        let mut summary = manifest.summarize(&options, &request.provider_flags, recorded);
        // A run may begin or end while its journal is read. What it had sent then is not in doubt.
        let lock = if before == LockState::Held { before } else { LockState::of(&manifest.out) };
        summary.set_live(lock == LockState::Held);
        Ok(Self { manifest, has_journal, last_entry, summary, lock, now })
    }

    /// Adds what a run has recorded since. Returns the jobs that it is about, or `None` if more than that may have changed,
    /// so that the campaign has to be opened again.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) fn refresh(&mut self) -> Result<Option<BTreeSet<JobId>>, Error> {
        let Some(last_entry) = &mut self.last_entry else {
            return Ok(None);
        };
        // Read first, so that the entries of a run that is seen to have ended are complete.
        let lock = LockState::of(&self.manifest.out);
        let Some(new) = JournalSnapshot::read_since(&self.manifest.out, last_entry)? else {
            return Ok(None);
        };
        let mut changed = BTreeSet::new();
        for entry in &new {
            let is_unknown = if let Event::Job { job, .. } = &entry.event {
                changed.insert(job.clone());
                self.summary.row(job).is_none()
            } else {
                // A new run may have another manifest.
                matches!(entry.event, Event::RunStarted { .. })
            };
            if is_unknown {
                return Ok(None);
            }
            self.summary.apply(entry);
        }
        if let Some(last) = new.into_iter().next_back() {
            *last_entry = last;
        }
        self.now = SystemClock::new().now();
        self.lock = lock;
        self.summary.set_live(lock == LockState::Held);
        Ok(Some(changed))
    }

    /// Returns the recorded id of `job`, which may be the number or a cell of its row, and all entries of the journal.
    ///
    /// # Errors
    /// If the job does not exist or belongs to another shard, or the journal cannot be read.
    pub(crate) fn job_history<'a>(
        &'a self,
        job: &'a JobId,
    ) -> Result<(&'a JobId, Vec<Entry>), Error> {
        let mut job = self.manifest.recorded_id(job);
        if self.summary.row(job).is_none() {
            match self.manifest.jobs_of_row(job).as_slice() {
                [] => {}
                [only] => job = only,
                several => {
                    let ids = several.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>();
                    return Err(Error::usage_with_hint(
                        format!("the row {job} has {} jobs", ids.len()),
                        format!("name one of them: {}", ids.join(", ")),
                    ));
                }
            }
        }
        let shard = self.manifest.shard.as_ref();
        if let Some(shard) = shard.and_then(|shard| shard.other_shard_of(job)) {
            return Err(Error::usage_with_hint(
                format!("job `{job}` is one of shard {shard}"),
                format!("ask that one: `{} {shard}`", Flag::Shard),
            ));
        }
        check_exists(job, self.summary.rows().map(|row| row.id()))?;
        let snapshot = JournalSnapshot::read(&self.manifest.out)?;
        Ok((job, snapshot.map_or_else(Vec::new, |it| it.entries)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::catalogue::NetworkUse;
    use crate::app::notices::Notices;
    use crate::journal::{Identity, Journal};
    use crate::model::{Credits, Generation, History, JobEvent, JobId, StopReason, Tag, Timestamp};

    struct Campaign {
        request: ViewRequest,
        journal: Journal,
        entries: u64,
        _folder: tempfile::TempDir,
    }

    impl Campaign {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let sheet = folder.path().join("sheet.csv");
            let persona = "7350375b-9a98-51b8-934d-14d46a645dc2";
            let rows = [("a", "Hi"), ("b", "Ho")]
                .map(|(id, text)| format!("{id},{text},{persona},9:16\n"));
            let text = format!("id,text,persona,aspect_ratio\n{}", rows.concat());
            let mut file = std::fs::File::create(&sheet).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
            let request = ViewRequest {
                command: CommandName::Status,
                campaign: CampaignOptions::new(&sheet),
                provider_flags: ProviderFlags::default(),
                lookup: NameLookup {
                    provider: None,
                    cache_dir: None,
                    network: NetworkUse::Never,
                    notices: Notices::discard(),
                },
            };
            let out = folder.path().join("sheet-output");
            std::fs::create_dir_all(out.join(".callsheet")).unwrap();
            let identity = Identity { campaign: "sheet".into(), is_sandbox: false };
            let (journal, _) =
                Journal::open::<History>(&out, &identity, Timestamp::default, None).unwrap();
            Self { request, journal, entries: 0, _folder: folder }
        }

        fn view(&self) -> CampaignView {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(CampaignView::open(&self.request)).unwrap()
        }

        fn record(&mut self, event: Event) {
            self.entries += 1;
            let at = i64::try_from(self.entries).unwrap();
            let entry = Entry { sequence: self.entries, at: Timestamp::from_millis(at), event };
            self.journal.append(&[entry]).unwrap();
        }

        fn begin(&mut self) {
            let (version, process) = ("1".into(), 1);
            self.record(Event::RunStarted { version, process, account: None, cap: None });
        }

        fn submit(&mut self, view: &CampaignView, job: &str) {
            let id: JobId = job.parse().unwrap();
            let row = view.summary.row(&id).map(|row| row.job.spec.fingerprint.clone());
            let fingerprint = row.unwrap_or_else(|| view.manifest.plan.jobs[0].fingerprint.clone());
            let event = JobEvent::SubmitStarted {
                tag: Tag::of("sheet", &id, &fingerprint, Generation(0)),
                fingerprint,
                generation: Generation(0),
                reserved: Credits::whole(5),
                least: None,
            };
            self.record(Event::job(&id, event));
        }
    }

    fn describe(view: &CampaignView) -> String {
        let summary = &view.summary;
        format!("{:?} {:?} {:?}", summary.last(), summary.counts(), summary.money())
    }

    #[test]
    fn a_refreshed_view_equals_a_new_one() {
        let mut campaign = Campaign::new();
        let mut view = campaign.view();
        assert!(view.refresh().unwrap().is_none(), "there was no journal");
        campaign.begin();
        view = campaign.view();
        assert!(view.refresh().unwrap().unwrap().is_empty());
        for job in ["a", "b"] {
            campaign.submit(&view, job);
            let before = describe(&view);
            let changed = view.refresh().unwrap().unwrap();
            assert_eq!(changed.into_iter().collect::<Vec<_>>(), [job.parse().unwrap()]);
            assert_ne!(describe(&view), before);
            assert_eq!(describe(&view), describe(&campaign.view()));
        }
        let stopped = Some(StopReason::Interrupted);
        campaign.record(Event::RunEnded { stopped });
        assert!(view.refresh().unwrap().unwrap().is_empty());
        assert_eq!(describe(&view), describe(&campaign.view()));
    }

    #[test]
    fn a_new_run_or_an_unknown_job_needs_a_new_view() {
        let mut campaign = Campaign::new();
        campaign.begin();
        let mut view = campaign.view();
        campaign.begin();
        assert!(view.refresh().unwrap().is_none());
        let mut view = campaign.view();
        campaign.submit(&view, "gone-from-the-sheet");
        assert!(view.refresh().unwrap().is_none());
    }
}

//! The journal, read while the manifest is loaded.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use super::manifest::LoadedManifest;
use super::options::CampaignOptions;
use super::recorded_state::{JournalFold, RecordedState};
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{Identity, JournalError, Replay};
use crate::model::Timestamp;

/// Reads the journal on a thread while the manifest is loaded: both take long for a large campaign.
pub(crate) struct JournalPrefetch {
    folder: PathBuf,
    /// `None` where the system allows no further thread.
    thread: Option<JoinHandle<Result<Option<Replay<JournalFold>>, JournalError>>>,
}

impl JournalPrefetch {
    /// Begins to read the journal of the folder that `options` most likely mean.
    pub(crate) fn start(options: &CampaignOptions) -> Self {
        let folder = options.default_out();
        let path = folder.clone();
        let thread = thread::Builder::new().spawn(move || Replay::read(&path, now));
        Self { folder, thread: thread.ok() }
    }

    /// Returns the recorded state of the campaign of `manifest`, or `None` without a journal. Jobs of the manifest
    /// take over their recorded ids.
    ///
    /// # Errors
    /// If the journal cannot be read, or belongs to another campaign.
    pub(crate) fn state(
        self,
        manifest: &mut LoadedManifest,
        is_sandbox: bool,
    ) -> Result<Option<RecordedState>, JournalError> {
        let replay = self.replay(&manifest.out)?;
        let is_sandbox = replay.as_ref().map_or(is_sandbox, |replay| replay.identity.is_sandbox);
        if let Some(Replay { identity, .. }) = &replay {
            let campaign = manifest.plan.campaign.clone();
            identity.check(&Identity { campaign, is_sandbox }, &manifest.out)?;
        }
        manifest.resolve_ids(replay.as_ref(), is_sandbox)?;
        replay.map(|replay| RecordedState::new(&manifest.plan, &manifest.out, replay)).transpose()
    }

    /// Returns the journal of `out`, or `None` if there is none.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) fn replay(self, out: &Path) -> Result<Option<Replay<JournalFold>>, JournalError> {
        match self.thread {
            Some(thread) if self.folder == out => {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            Some(_) | None => Replay::read(out, now),
        }
    }
}

fn now() -> Timestamp {
    SystemClock::new().now()
}

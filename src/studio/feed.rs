//! The state of a campaign, read from the journal while a page shows it.
//!
//! The journal is read for runs of this studio as for those of other processes, so that both look alike.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, broadcast, watch};

use super::error::error_json;
use super::live::{Live, LiveWord, ready};
use crate::app::{self, CampaignView, ViewRequest, own_file};
use crate::model::{JobId, Timestamp};
use crate::report::Summary;
use crate::report::files::{credits, totals};
use crate::report::page::{MediaFile, PageData, VideoVersions};
use crate::util::fs::{LockState, OutputDir};
use crate::util::text::percent_encode_path;

/// Messages that a slow page may be behind. One that is further behind connects again.
const BACKLOG: usize = 64;

/// The source of a campaign's events.
pub(super) struct Feed {
    /// The id of the campaign, for the addresses of its files.
    id: String,
    /// The file that is watched for edits.
    manifest: Option<PathBuf>,
    reader: Mutex<Reader>,
    messages: broadcast::Sender<Message>,
    /// Whether the campaign must be opened again.
    is_stale: AtomicBool,
    /// The version of sheet, mapping and marks.
    version: AtomicU64,
}

#[derive(Default)]
struct Reader {
    view: Option<CampaignView>,
    /// The earlier videos of jobs.
    versions: VideoVersions,
    /// When the manifest and the journal were last changed or created.
    stamp: Stamp,
    is_running: bool,
}

type Stamp = (Option<SystemTime>, bool);

/// An event of the stream.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) event: &'static str,
    pub(super) data: Arc<str>,
}

impl Message {
    pub(super) fn new(event: &'static str, data: &impl Serialize) -> Self {
        // Serializing fails only for maps whose keys are no strings; there are none.
        let data = serde_json::to_string(data).unwrap_or_default();
        Self { event, data: data.into() }
    }
}

impl Feed {
    /// Returns the source of the campaign with `id`, whose manifest may be a file.
    pub(super) fn new(id: &str, manifest: Option<&Path>) -> Self {
        Self {
            id: id.to_owned(),
            manifest: manifest.map(Path::to_owned),
            reader: Mutex::default(),
            messages: broadcast::Sender::new(BACKLOG),
            is_stale: AtomicBool::default(),
            version: AtomicU64::default(),
        }
    }

    /// Checks whether a page shows the campaign.
    pub(super) fn has_listeners(&self) -> bool {
        self.messages.receiver_count() > 0
    }

    /// Returns the present state, the receiver of all later messages, and whether the campaign has to be read for it from
    /// now on.
    pub(super) async fn subscribe(
        &self,
        request: &ViewRequest,
    ) -> (Message, broadcast::Receiver<Message>, bool) {
        let mut reader = self.reader.lock().await;
        // The state is that of this moment.
        for message in self.changes(&mut reader, request).await {
            // An error means that no other page shows it.
            let _ = self.messages.send(message);
        }
        let first = match &reader.view {
            Some(view) => self.state(view, &reader.versions),
            None => self.open(&mut reader, request).await,
        };
        let is_new = !std::mem::replace(&mut reader.is_running, true);
        (first, self.messages.subscribe(), is_new)
    }

    /// Reads the campaign once, and sends what has changed. Returns `false` if no page shows it any more. `live` shows
    /// whether another process runs it, unless this studio does.
    pub(super) async fn read(
        &self,
        request: &ViewRequest,
        live: &watch::Sender<Live>,
        is_own: bool,
    ) -> bool {
        let mut reader = self.reader.lock().await;
        if !self.has_listeners() {
            // A campaign of 100,000 jobs needs much memory.
            *reader = Reader::default();
            return false;
        }
        for message in self.changes(&mut reader, request).await {
            // An error means that the last page was closed.
            let _ = self.messages.send(message);
        }
        if let Some(view) = reader.view.as_ref().filter(|_| !is_own) {
            show_other_run(live, view);
        }
        true
    }

    /// Returns the video or thumbnail of a job; `None` if the journal has none.
    ///
    /// # Errors
    /// If the campaign cannot be opened.
    pub(super) async fn file(
        &self,
        request: &ViewRequest,
        job: &JobId,
        is_thumbnail: bool,
        version: Option<usize>,
    ) -> Result<Option<PathBuf>, app::Error> {
        let mut reader = self.reader.lock().await;
        if reader.view.is_none() {
            // Without a page, only this request needs it.
            let mut opened = Reader::default();
            self.open(&mut opened, request).await;
            if !reader.is_running {
                return Ok(opened.file(job, is_thumbnail, version));
            }
            opened.is_running = true;
            *reader = opened;
        }
        Ok(reader.file(job, is_thumbnail, version))
    }

    /// Reports that the sheet, its mapping or its marks have changed.
    pub(super) fn sheet_changed(&self) {
        let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        self.is_stale.store(true, Ordering::Relaxed);
        let _ = self.messages.send(Message::new("sheet", &json!({ "version": version })));
    }
}

impl Reader {
    /// Returns a file of a job below the output folder.
    fn file(&self, job: &JobId, is_thumbnail: bool, version: Option<usize>) -> Option<PathBuf> {
        let summary = &self.view.as_ref()?.summary;
        let row = summary.row(job)?;
        let file = match version {
            None if is_thumbnail => row.thumbnail()?,
            None => row.file()?,
            Some(number) => {
                let version = self.versions.get(job)?.get(number.checked_sub(1)?)?;
                if is_thumbnail { version.thumbnail.as_deref()? } else { &version.file }
            }
        };
        own_file(&summary.campaign().out, file)
    }
}

impl Feed {
    /// Returns the messages about what has changed.
    async fn changes(&self, reader: &mut Reader, request: &ViewRequest) -> Vec<Message> {
        let stamp = self.stamp(reader.view.as_ref());
        let is_edited = stamp.0 != reader.stamp.0;
        if self.is_stale.swap(false, Ordering::Relaxed) || stamp != reader.stamp {
            let mut messages = vec![self.open(reader, request).await];
            if is_edited {
                let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
                messages.push(Message::new("sheet", &json!({ "version": version })));
            }
            return messages;
        }
        let Some(view) = reader.view.as_mut().filter(|view| view.has_journal) else {
            return Vec::new();
        };
        let before = view.lock;
        match tokio::task::block_in_place(|| view.refresh()) {
            // The end of a run changes jobs that it did not wait for.
            Ok(Some(_)) if view.lock != before => vec![self.state(view, &reader.versions)],
            Ok(Some(changed)) if changed.is_empty() => Vec::new(),
            Ok(Some(changed)) => vec![self.jobs(view, &reader.versions, &changed)],
            Ok(None) => vec![self.open(reader, request).await],
            Err(error) => vec![Message::new("trouble", &error_json(&error))],
        }
    }

    /// Opens the campaign and returns its state.
    async fn open(&self, reader: &mut Reader, request: &ViewRequest) -> Message {
        let opened = Box::pin(CampaignView::open(request)).await;
        let (message, view) = match opened {
            Ok(view) => {
                // They are compared by content.
                let out = &view.summary.campaign().out;
                let versions = tokio::task::block_in_place(|| app::earlier_versions(out));
                reader.versions = versions.unwrap_or_default();
                (self.state(&view, &reader.versions), Some(view))
            }
            Err(error) => (Message::new("trouble", &error_json(&error)), None),
        };
        reader.stamp = self.stamp(view.as_ref());
        reader.view = view;
        message
    }

    fn stamp(&self, view: Option<&CampaignView>) -> Stamp {
        let modified = |file: &Path| std::fs::metadata(file).ok()?.modified().ok();
        let has_journal =
            view.is_some_and(|it| OutputDir(&it.summary.campaign().out).journal().exists());
        (self.manifest.as_deref().and_then(modified), has_journal)
    }

    fn state(&self, view: &CampaignView, versions: &VideoVersions) -> Message {
        let links = self.media_links();
        tokio::task::block_in_place(|| {
            let data = PageData::new(&view.summary, &links).with_versions(versions);
            Message::new("state", &data)
        })
    }

    fn jobs(
        &self,
        view: &CampaignView,
        versions: &VideoVersions,
        changed: &BTreeSet<JobId>,
    ) -> Message {
        let summary: &Summary = &view.summary;
        let links = self.media_links();
        let data = PageData::new(summary, &links).with_versions(versions);
        let jobs: Vec<Value> =
            changed.iter().filter_map(|id| data.job(id)).map(|job| json!(job)).collect();
        let message = json!({
            "jobs": jobs,
            "totals": totals(summary),
            "credits": credits(summary),
            "as_of": summary.last().map(Timestamp::as_millis),
        });
        Message::new("jobs", &message)
    }

    /// Returns the addresses of the campaign's files.
    fn media_links(&self) -> impl Fn(&MediaFile<'_>) -> String + use<> {
        let id = self.id.clone();
        move |file| {
            let job = percent_encode_path(file.job.as_str().as_bytes()).replace('/', "%2F");
            let kind = if file.is_thumbnail { "thumbnail" } else { "video" };
            let address = format!("/api/campaigns/{id}/media/{job}/{kind}");
            match (file.version, file.remote) {
                (Some(version), _) => format!("{address}?version={version}"),
                // A new video has a new address, which a page loads.
                (None, Some(remote)) => {
                    let remote = percent_encode_path(remote.as_str().as_bytes());
                    format!("{address}?of={remote}")
                }
                (None, None) => address,
            }
        }
    }
}

/// Shows whether another process runs the campaign.
fn show_other_run(live: &watch::Sender<Live>, view: &CampaignView) {
    let is_held = view.lock == LockState::Held;
    live.send_if_modified(|live| {
        if live.here {
            // A run of this studio has begun.
            return false;
        }
        let state = if is_held { LiveWord::Running } else { LiveWord::Idle };
        let is_changed = live.state != state;
        live.state = state;
        // It moves with the clock, so that each reading would be a change.
        let was_unknown = live.ready.is_none();
        if is_changed || was_unknown {
            live.ready = ready(&view.summary, view.now).filter(|_| is_held);
        }
        is_changed || (was_unknown && live.ready.is_some())
    });
}

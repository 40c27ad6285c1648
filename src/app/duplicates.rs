//! Rows whose video another campaign has paid for: the user reuses the video, pays once more, or stops.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::Digest as _;

use super::error::Error;
use super::identity::PaidVideo;
use super::manifest::{LoadedManifest, is_below};
use super::notices::Confirm;
use crate::model::{
    Artifact, CommandName, Credits, Duplicates, Entry, Event, Flag, Generation, JobEvent, JobId,
    JobSpec, Phase, Tag, Timestamp,
};
use crate::report::{JobRow, Summary};
use crate::util::fs::{Access, HashWriter, open_own, write_atomic};
use crate::util::text::{agree, hex, plural};

/// The videos of other campaigns that a run takes over.
#[derive(Debug, Default)]
pub(super) struct Reuse {
    videos: Vec<ReusedVideo>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct ReusedVideo {
    job: Arc<JobSpec>,
    video: PaidVideo,
    /// The complete file, if it is on disk.
    artifact: Option<Arc<Artifact>>,
}

/// Returns the rows that the run of `preview` would pay for although another campaign has paid for their video.
pub(super) fn due<'a>(
    manifest: &'a LoadedManifest,
    preview: &Summary,
) -> Vec<(Arc<JobSpec>, &'a PaidVideo)> {
    let elsewhere = manifest.ids.elsewhere();
    let is_due = |row: &JobRow<'_>| {
        let (state, job) = (row.state, row.job);
        let is_new = state.attempts == 0 && state.generation == Generation::default();
        matches!(state.phase, Phase::Pending) && is_new && job.selected && job.in_sheet
    };
    let rows = preview.rows().filter(is_due);
    rows.filter_map(|row| Some((Arc::clone(&row.job.spec), elsewhere.get(row.id())?))).collect()
}

/// Returns whether the videos in `due` are reused (`true`) or paid for once more.
///
/// # Errors
/// If the user wants neither, or cannot be asked. Nothing was submitted.
pub(super) async fn decide(
    choice: Duplicates,
    confirm: &Confirm,
    due: &[(Arc<JobSpec>, &PaidVideo)],
    preview: &Summary,
) -> Result<bool, Error> {
    let found = sentence(due.iter().map(|(_, video)| *video));
    match (choice, confirm.asker()) {
        (Duplicates::Reuse, _) => Ok(true),
        (Duplicates::Pay, _) => Ok(false),
        (Duplicates::Ask, Some(ask)) => {
            let them = agree(due.len(), "it", "them");
            let reuse = format!("{found}. Use {them} here, and pay nothing for {them}? [Y/n] ");
            if ask(None, &reuse).await {
                return Ok(true);
            }
            let pay = format!("pay for {them} once more? [y/N] ");
            if ask(None, &pay).await { Ok(false) } else { Err(stopped(&found, preview)) }
        }
        (Duplicates::Ask, None) | (Duplicates::Stop, _) => Err(stopped(&found, preview)),
    }
}

fn stopped(found: &str, preview: &Summary) -> Error {
    let campaign = preview.campaign();
    let run = |choice: Duplicates| {
        let run = campaign.command(CommandName::Run).arguments(&campaign.resume_arguments);
        run.set(Flag::Duplicates, choice.as_str())
    };
    Error::Stopped {
        message: format!("{found}; nothing was submitted"),
        hints: vec![
            format!(
                "use these videos here, and pay nothing for them: `{}`",
                run(Duplicates::Reuse)
            ),
            format!("or pay for them once more: `{}`", run(Duplicates::Pay)),
            "or give a renamed sheet its old name, to resume that campaign".to_owned(),
        ],
    }
}

/// Returns what is said about rows whose videos other campaigns have paid for.
pub(crate) fn sentence<'a>(videos: impl Iterator<Item = &'a PaidVideo>) -> String {
    let mut campaigns: BTreeMap<(Option<&str>, &Path), usize> = BTreeMap::new();
    for video in videos {
        *campaigns.entry((video.campaign.as_deref(), &video.folder)).or_default() += 1;
    }
    let count = campaigns.values().sum::<usize>();
    let most = campaigns.iter().max_by_key(|(_, count)| **count);
    let (campaign, folder) = most.map_or((None, Path::new("")), |(campaign, _)| *campaign);
    let folder = folder.display();
    let whose = match campaign {
        Some(campaign) => format!("by the campaign `{campaign}` in `{folder}`"),
        None => format!("as `{folder}` says in its column `remote_id`"),
    };
    let others = match campaigns.len().saturating_sub(1) {
        0 => String::new(),
        others => format!(" and {}", plural(others, "other campaign")),
    };
    format!(
        "{} of this sheet {} paid for already, {whose}{others}",
        plural(count, "video"),
        agree(count, "is", "are"),
    )
}

impl Reuse {
    /// Takes over the videos in `due`.
    ///
    /// # Errors
    /// If one of them is in doubt there, so that it may not exist.
    pub(super) fn of(due: &[(Arc<JobSpec>, &PaidVideo)]) -> Result<Self, Error> {
        let unknown: Vec<&PaidVideo> = due
            .iter()
            .map(|(_, video)| *video)
            .filter(|it| it.state.phase.remote().is_none())
            .collect();
        if let Some(first) = unknown.first() {
            return Err(Error::Stopped {
                message: format!(
                    "{}, and it is not known yet whether {} accepted; nothing was submitted",
                    sentence(unknown.iter().copied()),
                    agree(unknown.len(), "it was", "they were")
                ),
                hints: vec![format!("first resume the campaign in `{}`", first.folder.display())],
            });
        }
        let reused = due.iter().map(|(job, video)| ReusedVideo {
            job: Arc::clone(job),
            video: (*video).clone(),
            artifact: intact_artifact(job, video),
        });
        Ok(Self { videos: reused.collect(), entries: Vec::new() })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.videos.is_empty()
    }

    /// Returns the sentence about it.
    pub(super) fn note(&self) -> String {
        let found = sentence(self.videos.iter().map(|reused| &reused.video));
        format!(
            "{found}; used here, and nothing is paid for {}",
            agree(self.videos.len(), "it", "them")
        )
    }

    /// Checks whether the file of this job is copied.
    pub(super) fn has_file(&self, job: &JobId) -> bool {
        self.videos.iter().any(|reused| reused.job.id == *job && reused.artifact.is_some())
    }

    /// Returns the entries for the journal.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Makes the entries that follow the one with the number `last` in the journal of `campaign`: each job is adopted at
    /// no cost, and finished if its file is there.
    pub(super) fn record(&mut self, campaign: &str, last: u64, now: Timestamp) {
        let events = self.videos.iter().flat_map(|reused| {
            let events = reused.events(campaign).into_iter();
            events.map(|event| Event::job(&reused.job.id, event))
        });
        let entries = events.zip(last + 1..);
        self.entries =
            entries.map(|(event, sequence)| Entry { sequence, at: now, event }).collect();
    }

    /// Copies the files to the output folder `out`. Call it before the entries are recorded.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub(super) fn copy_files(&self, out: &Path) -> Result<(), Error> {
        for ReusedVideo { video, artifact, .. } in &self.videos {
            let (Some(artifact), Some(there)) = (artifact, video.state.phase.artifact()) else {
                continue;
            };
            let thumbnails = artifact.thumbnail.as_ref().zip(there.thumbnail.as_ref());
            let files = [(&artifact.file, &there.file)].into_iter().chain(thumbnails);
            for (to, from) in files {
                let (to, from) = (out.join(to), video.folder.join(from));
                copy(&from, &to).map_err(Error::io(format!(
                    "cannot copy `{}` to `{}`; nothing was submitted",
                    from.display(),
                    to.display()
                )))?;
            }
        }
        Ok(())
    }
}

impl ReusedVideo {
    fn events(&self, campaign: &str) -> Vec<JobEvent> {
        let Some(remote) = self.video.state.phase.remote().cloned() else {
            return Vec::new();
        };
        let (fingerprint, generation) = (self.job.fingerprint.clone(), Generation::default());
        let tag = Tag::of(campaign, &self.job.id, &fingerprint, generation);
        let reserved = Credits::ZERO;
        let least = None;
        let mut events =
            vec![JobEvent::Adopted { remote, tag, fingerprint, generation, reserved, least }];
        if let (Some(output), Some(artifact)) = (&self.video.state.output, &self.artifact) {
            let mut output = (**output).clone();
            // The other campaign has paid.
            output.credits_used = None;
            events.push(JobEvent::Rendered { output: Arc::new(output) });
            events.push(JobEvent::Downloaded { artifact: Arc::clone(artifact) });
        }
        events
    }
}

/// Returns the file of a finished video under the names of `job`; `None` if it is not on disk as it was recorded.
fn intact_artifact(job: &JobSpec, video: &PaidVideo) -> Option<Arc<Artifact>> {
    video.state.output.as_ref()?;
    let there = video.state.phase.artifact()?;
    let path = own_file(&video.folder, &there.file)?;
    let mut hash = HashWriter::default();
    let bytes = io::copy(&mut open_own(&path, File::options().read(true)).ok()?, &mut hash).ok()?;
    if bytes != there.bytes || hex(&hash.0.finalize()) != there.sha256 {
        return None;
    }
    let thumbnail = there.thumbnail.as_deref().and_then(|file| own_file(&video.folder, file));
    let thumbnail = thumbnail.filter(|file| open_own(file, File::options().read(true)).is_ok());
    Some(Arc::new(Artifact {
        file: job.video_path(),
        thumbnail: thumbnail.map(|_| job.thumbnail_path()),
        bytes,
        sha256: there.sha256.clone(),
    }))
}

/// Returns the path of a recorded file inside `folder`; `None` if it leads elsewhere.
pub(crate) fn own_file(folder: &Path, file: &str) -> Option<PathBuf> {
    let path = folder.join(file);
    let has_link = path.ancestors().skip(1).take_while(|it| *it != folder).any(Path::is_symlink);
    (is_below(file) && !has_link).then_some(path)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = open_own(from, File::options().read(true))?;
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    write_atomic(to, Access::Shared, |target| io::copy(&mut source, target).map(drop))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::model::JobState;
    use crate::report::testing::TestRun;

    fn video(folder: &Path, campaign: &str, phase: Phase) -> PaidVideo {
        let state = JobState { phase, ..JobState::default() };
        PaidVideo { folder: folder.to_owned(), campaign: Some(campaign.to_owned()), state }
    }

    fn rendering() -> Phase {
        Phase::Rendering { remote: "r".parse().unwrap() }
    }

    /// Decides with these answers of a person, or without one; `None` stands for the end of the run.
    fn decision(choice: Duplicates, answers: Option<&[bool]>) -> (Option<bool>, Vec<String>) {
        let run = TestRun::with_jobs(1);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let confirm = answers.map_or(Confirm::Never, |answers| {
            let (asked, answers) = (Arc::clone(&asked), answers.to_vec());
            Confirm::Ask(Box::new(move |_, question| {
                let mut asked = asked.lock().unwrap();
                asked.push(question.to_owned());
                let answer = answers[asked.len() - 1];
                Box::pin(async move { answer })
            }))
        });
        let summary = run.summary();
        let spec = Arc::clone(&summary.campaign().jobs[0].spec);
        let video = video(Path::new("old-output"), "old", rendering());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let decided = runtime.block_on(decide(choice, &confirm, &[(spec, &video)], &summary)).ok();
        let asked = asked.lock().unwrap().clone();
        (decided, asked)
    }

    #[test]
    fn a_person_is_asked_and_nothing_is_paid_without_one() {
        use Duplicates::{Ask, Pay, Reuse, Stop};
        for (choice, answers, expected) in [
            (Ask, None, None),
            (Ask, Some(&[true][..]), Some(true)),
            (Ask, Some(&[false, true]), Some(false)),
            (Ask, Some(&[false, false]), None),
            (Reuse, None, Some(true)),
            (Pay, None, Some(false)),
            (Stop, Some(&[]), None),
        ] {
            let (decided, asked) = decision(choice, answers);
            assert_eq!(decided, expected, "{choice} {answers:?}");
            assert_eq!(asked.len(), answers.map_or(0, <[bool]>::len));
            if let Some(first) = asked.first() {
                assert!(first.contains("by the campaign `old` in `old-output`"), "{first}");
                assert!(first.ends_with("[Y/n] "), "no answer is a yes: {first}");
            }
        }
    }

    #[test]
    fn a_video_in_doubt_is_not_reused() {
        let spec = Arc::clone(&TestRun::with_jobs(1).campaign.jobs[0].spec);
        let unknown = video(Path::new("old-output"), "old", Phase::Submitting);
        let Err(Error::Stopped { message, hints }) = Reuse::of(&[(spec, &unknown)]) else {
            panic!("it is not known whether it exists");
        };
        assert!(message.contains("nothing was submitted"), "{message}");
        assert!(hints[0].contains("old-output"), "{hints:?}");
    }

    #[test]
    fn the_most_frequent_campaign_is_named() {
        let of = |name: &str| video(Path::new(name), name, rendering());
        let videos = [of("a"), of("b"), of("b"), of("c")];
        let found = sentence(videos.iter());
        let expected = "4 videos of this sheet are paid for already, by the campaign `b` in `b` and 2 other campaigns";
        assert_eq!(found, expected);
    }

    #[test]
    fn a_recorded_path_leads_to_no_file_outside_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        std::fs::create_dir(out.join("videos")).unwrap();
        assert!(own_file(out, "videos/a.mp4").is_some());
        for wrong in ["../a.mp4", "/etc/passwd", "videos/../../a.mp4", "./a.mp4"] {
            assert_eq!(own_file(out, wrong), None, "{wrong}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc", out.join("linked")).unwrap();
            assert_eq!(own_file(out, "linked/passwd"), None);
        }
    }
}

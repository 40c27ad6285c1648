//! The earlier versions of videos. A new version never overwrites the file of an earlier one, which gets another name in
//! the same folder. The journal says which files there were.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::error::Error;
use crate::journal::JournalSnapshot;
use crate::model::{Artifact, Event, Generation, JobEvent, JobId, RemoteId, Timestamp};
use crate::report::page::{VideoVersion, VideoVersions};
use crate::util::fs::{HashWriter, earlier_path, open_own};
use crate::util::text::hex;

/// The most files of one name that are compared.
const MAX_FILES: u32 = 100;

/// A video that was downloaded.
struct Downloaded {
    generation: Generation,
    remote: Option<RemoteId>,
    artifact: Arc<Artifact>,
    finished: Timestamp,
}

/// Returns the earlier versions, oldest first, of the jobs in the journal of the output folder `out` that have some.
/// Versions whose file is gone are left out.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn earlier_versions(out: &Path) -> Result<VideoVersions, Error> {
    let Some(snapshot) = JournalSnapshot::read(out)? else {
        return Ok(VideoVersions::new());
    };
    let mut newest: HashMap<&JobId, (Generation, Option<&RemoteId>)> = HashMap::new();
    let mut downloaded: HashMap<&JobId, Vec<Downloaded>> = HashMap::new();
    for entry in &snapshot.entries {
        let Event::Job { job, event } = &entry.event else {
            continue;
        };
        let (generation, remote) = newest.entry(job).or_default();
        if let JobEvent::Reopened { generation: next } = event {
            *generation = *next;
        }
        if let JobEvent::Submitted { remote: new } | JobEvent::Adopted { remote: new, .. } = event {
            *remote = Some(new);
        }
        if let JobEvent::Downloaded { artifact } = event {
            let videos = downloaded.entry(job).or_default();
            videos.retain(|video| video.generation < *generation);
            videos.push(Downloaded {
                generation: *generation,
                remote: remote.cloned(),
                artifact: artifact.clone(),
                finished: entry.at,
            });
        }
    }
    let mut versions = VideoVersions::new();
    for (job, videos) in downloaded {
        let current = newest.get(job).map(|(generation, _)| *generation).unwrap_or_default();
        let earlier = videos.iter().filter(|video| video.generation < current);
        let found: Vec<VideoVersion> = earlier.filter_map(|video| find(out, video)).collect();
        if !found.is_empty() {
            versions.insert(job.clone(), found);
        }
    }
    Ok(versions)
}

/// Finds the files of a video that another may have replaced.
fn find(out: &Path, video: &Downloaded) -> Option<VideoVersion> {
    let Artifact { file, bytes, sha256, thumbnail } = &*video.artifact;
    let numbers = std::iter::once(0).chain(1..=MAX_FILES);
    let is_it = |name: &String| has_content(&out.join(name), *bytes, sha256).unwrap_or(false);
    let (number, file) = numbers
        .map(|number| (number, earlier_path(file, number)))
        .take_while(|(number, name)| *number < 2 || out.join(name).exists())
        .find(|(_, name)| is_it(name))?;
    let thumbnail = thumbnail.as_ref().map(|name| earlier_path(name, number));
    Some(VideoVersion {
        file,
        thumbnail: thumbnail
            .filter(|name| open_own(&out.join(name), File::options().read(true)).is_ok()),
        remote: video.remote.clone(),
        finished: video.finished,
    })
}

fn has_content(path: &Path, bytes: u64, sha256: &str) -> io::Result<bool> {
    let mut file = open_own(path, File::options().read(true))?;
    if file.metadata()?.len() != bytes {
        return Ok(false);
    }
    let mut hash = HashWriter::default();
    io::copy(&mut file, &mut hash)?;
    Ok(hex(&Sha256::finalize(hash.0)) == sha256)
}

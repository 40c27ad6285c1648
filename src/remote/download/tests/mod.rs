//! Downloads against a scripted server.

mod refuse;
mod resume;
mod whole;

use crate::util::fs::{Access, write_atomic};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::{
    Artifact, Command, DownloadProgress, DownloadRequest, Failure, FailureKind, Outcome,
};
use crate::remote::Remote;
use crate::remote::scripted_server::{Action, ScriptedServer, answer, json};
use crate::util::text::hex;

/// Returns a "video" of `length` bytes.
pub(super) fn video(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect();
    bytes[..12].copy_from_slice(b"\0\0\0\x18ftypmp42");
    bytes
}

/// Returns a response with `body` of which only the first `sent` bytes are sent.
pub(super) fn cut(status: &str, headers: &str, body: &[u8], sent: usize) -> Vec<u8> {
    let mut bytes = answer(status, headers, body);
    bytes.truncate(bytes.len() - body.len() + sent);
    bytes
}

pub(super) fn range(first: usize, body: &[u8], headers: &str) -> Vec<u8> {
    let (last, total) = (body.len() - 1, body.len());
    let headers = format!("Content-Range: bytes {first}-{last}/{total}\r\n{headers}");
    answer("206 Partial Content", &headers, &body[first..])
}

pub(super) fn order(url: &str) -> DownloadRequest {
    DownloadRequest {
        job: "a".parse().unwrap(),
        video_url: url.into(),
        thumbnail_url: None,
        file: "videos/a.mp4".into(),
        thumbnail: "thumbnails/a.jpg".into(),
    }
}

pub(super) async fn fetch(remote: &Remote, order: &DownloadRequest) -> Result<Artifact, Failure> {
    fetch_with_progress(remote, order, &Arc::default()).await
}

pub(super) async fn fetch_with_progress(
    remote: &Remote,
    order: &DownloadRequest,
    progress: &Arc<DownloadProgress>,
) -> Result<Artifact, Failure> {
    let command = Command::Download(order.clone());
    let Outcome::Downloaded { result, .. } = remote.perform(command, Arc::clone(progress)).await
    else {
        panic!("the outcome of another command");
    };
    result
}

/// Returns the files below `folder`, sorted.
pub(super) fn files(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(folder).unwrap();
                files.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Writes a file in place of an earlier one.
pub(super) fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    write_atomic(path, Access::Shared, |file| file.write_all(content))
}

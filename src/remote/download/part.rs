//! An unfinished file and the record that makes it possible to continue it: [`Part`].

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use reqwest::header::{DATE, ETAG, HeaderMap, LAST_MODIFIED};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

use super::backup::backup_existing;
use super::container::missing_bytes;
use super::hashing_writer::HashingWriter;
use super::target::{Target, local_failure};
use crate::model::Failure;
use crate::util::fs::{Access, open_own, read_own, sync_dir, write_atomic};
use crate::util::text::hex;

/// Bytes between two checkpoints. A power failure loses these, and those that arrive while a checkpoint is made. After a
/// power failure a file can be longer than its synced content, so only synced bytes are resumed.
const CHECKPOINT: u64 = 16 << 20;

/// The record of an unfinished file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The source, from [`Link::source`](super::link::Link::source).
    source: String,
    /// The server's strong `ETag`.
    etag: Option<String>,
    /// The server's `Last-Modified`, if it is old enough to distinguish versions.
    last_modified: Option<String>,
    /// The length of the whole file, if known.
    total: Option<u64>,
    /// Bytes that are certainly on disk.
    durable: u64,
}

impl Record {
    /// Returns the record of a file whose response has these headers.
    pub(super) fn new(source: String, headers: &HeaderMap, total: Option<u64>) -> Self {
        let text = |name| headers.get(name)?.to_str().ok();
        // Different files may have equal weak validators (`W/"…"`; RFC 9110, section 8.8.1).
        let etag = text(ETAG).filter(|etag| etag.len() > 2 && etag.starts_with('"'));
        // Two versions within a second have the same date (RFC 9110, section 8.8.2.2).
        let last_modified = text(LAST_MODIFIED).filter(|modified| {
            let moment = |text| httpdate::parse_http_date(text).ok();
            let answered = text(DATE).and_then(moment);
            answered.is_some_and(|answered| {
                moment(modified).is_some_and(|modified| modified < answered)
            })
        });
        Self {
            source,
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            total,
            durable: 0,
        }
    }

    /// Returns the value of `If-Range`. A new link to another source may lead to the same file; a strong `ETag` proves that,
    /// a date alone does not.
    fn validator(&self, source: &str) -> Option<&str> {
        let by_date = || self.last_modified.as_deref().filter(|_| self.source == source);
        self.etag.as_deref().or_else(by_date)
    }

    /// Checks whether a response with these headers is about the same version of the file.
    pub(super) fn agrees_with(&self, headers: &HeaderMap) -> bool {
        let says = |name, known: Option<&String>| match (headers.get(name), known) {
            (Some(said), Some(known)) => said.as_bytes() == known.as_bytes(),
            (None, _) | (_, None) => true,
        };
        says(ETAG, self.etag.as_ref())
            && (self.etag.is_some() || says(LAST_MODIFIED, self.last_modified.as_ref()))
    }

    /// Returns the length of the whole file, if known.
    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }
}

/// An unfinished file, open for writing.
#[derive(Debug)]
pub(super) struct Part {
    target: Target,
    file: Arc<File>,
    writer: HashingWriter<Arc<File>>,
    length: u64,
    record: Record,
    /// The checkpoint that is being made, with the number of bytes that will be durable.
    checkpoint: Option<JoinHandle<io::Result<u64>>>,
    validator: Option<String>,
}

impl Part {
    /// Opens the part of an earlier attempt; `None` if there is none that can be continued.
    pub(super) async fn resume(target: &Target, source: String) -> Option<Self> {
        let place = target.clone();
        let (file, hash, length, record) =
            blocking(move || reopen(&place, &source)).await.ok()??;
        Some(Self::new(target, file, hash, length, record.0, Some(record.1)))
    }

    /// Creates an empty part in place of an earlier one.
    pub(super) async fn begin(target: &Target, record: Record) -> Result<Self, Failure> {
        let (place, kept) = (target.clone(), record.clone());
        let file = blocking(move || {
            remove(&place.record())?;
            remove(&place.part())?;
            let file = open_own(&place.part(), File::options().write(true).create_new(true))?;
            save(&place, &kept)?;
            Ok(file)
        })
        .await
        .map_err(|error| local_failure(&target.part(), &error))?;
        Ok(Self::new(target, file, Sha256::new(), 0, record, None))
    }

    fn new(
        target: &Target,
        file: File,
        hash: Sha256,
        length: u64,
        record: Record,
        validator: Option<String>,
    ) -> Self {
        let file = Arc::new(file);
        Self {
            target: target.clone(),
            writer: HashingWriter::new(Arc::clone(&file), hash, length),
            file,
            length,
            record,
            checkpoint: None,
            validator,
        }
    }

    /// Returns the number of received bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns the record.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    /// Returns the value of `If-Range` to continue it.
    pub(super) fn validator(&self) -> Option<&str> {
        self.validator.as_deref()
    }

    /// Adds bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.length += bytes.len() as u64;
        let written = self.writer.write(bytes).await;
        let written = match written {
            Ok(()) => self.checkpoint_if_due().await,
            Err(error) => Err(error),
        };
        written.map_err(|error| local_failure(&self.target.part(), &error))
    }

    /// Keeps it for a later attempt. If that fails, the later attempt continues at the last checkpoint or starts again.
    pub(super) async fn keep(mut self) {
        let flushed = self.writer.flush().await;
        let settled = self.settle().await;
        if flushed.and(settled).is_ok() {
            self.begin_checkpoint();
            let _next_attempt_has_less = self.settle().await;
        }
    }

    /// Deletes it.
    pub(super) async fn discard(mut self) {
        // Neither may write a file that is being deleted.
        let _unwanted = self.writer.flush().await.and(self.settle().await);
        let target = self.target;
        let removed = blocking(move || {
            remove(&target.record())?;
            remove(&target.part())
        });
        // A part that stays is overwritten by the next attempt: it cannot be resumed without its record.
        let _stays = removed.await;
    }

    /// Returns how many bytes are missing by its own structure, see [`missing_bytes`].
    pub(super) async fn missing_bytes(&mut self) -> Result<u64, Failure> {
        let path = self.target.part();
        let counted = match self.writer.flush().await {
            Ok(()) => {
                blocking(move || missing_bytes(&mut open_own(&path, File::options().read(true))?))
                    .await
            }
            Err(error) => Err(error),
        };
        counted.map_err(|error| local_failure(&self.target.part(), &error))
    }

    /// Makes it the finished file: synced, renamed, the folder synced. Returns its length and digest. A different file of
    /// that name is [renamed](backup_existing) first.
    pub(super) async fn finish(mut self) -> Result<(u64, String), Failure> {
        let target = self.target.clone();
        let settled = self.settle().await;
        let hash = match settled {
            Ok(()) => self.writer.finish().await,
            Err(error) => Err(error),
        };
        let hash = hash.map_err(|error| local_failure(&target.part(), &error))?;
        let digest = hex(&hash.finalize());
        let file = self.file;
        blocking(move || file.sync_all())
            .await
            .map_err(|error| local_failure(&target.part(), &error))?;
        let (place, length, expected) = (target.clone(), self.length, digest.clone());
        blocking(move || {
            backup_existing(place.path(), length, &expected)?;
            std::fs::rename(place.part(), place.path())?;
            sync_dir(place.folder())?;
            remove(&place.record())
        })
        .await
        .map_err(|error| local_failure(target.path(), &error))?;
        Ok((self.length, digest))
    }

    async fn checkpoint_if_due(&mut self) -> io::Result<()> {
        let made = self.checkpoint.as_ref();
        if made.is_some_and(JoinHandle::is_finished) {
            self.settle().await?;
        }
        let is_due = self.writer.written() - self.record.durable >= CHECKPOINT;
        if is_due && self.checkpoint.is_none() {
            self.begin_checkpoint();
        }
        Ok(())
    }

    /// Starts to sync the written bytes and then to record that they are durable.
    fn begin_checkpoint(&mut self) {
        let (file, place) = (Arc::clone(&self.file), self.target.clone());
        let (written, mut record) = (self.writer.written(), self.record.clone());
        self.checkpoint = Some(tokio::task::spawn_blocking(move || {
            file.sync_data()?;
            record.durable = written;
            save(&place, &record)?;
            Ok(written)
        }));
    }

    /// Waits for the checkpoint that is being made.
    async fn settle(&mut self) -> io::Result<()> {
        if let Some(checkpoint) = &mut self.checkpoint {
            let made = checkpoint.await;
            self.checkpoint = None;
            self.record.durable = made.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

/// The unfinished file truncated to its durable bytes, its digest so far, its length, its record and the validator.
type Reopened = (File, Sha256, u64, (Record, String));

fn reopen(target: &Target, source: &str) -> io::Result<Option<Reopened>> {
    let mut record: Record = serde_json::from_slice(&read_own(&target.record())?)?;
    let Some(validator) = record.validator(source).map(str::to_owned) else {
        return Ok(None);
    };
    let mut file = open_own(&target.part(), File::options().read(true).write(true))?;
    // The last byte is always requested, even if all bytes are here: the server then tells whether the file is still the
    // same, and never answers that the range is empty.
    let last = record.total.map_or(u64::MAX, |total| total.saturating_sub(1));
    let length = file.metadata()?.len().min(record.durable).min(last);
    if length == 0 {
        return Ok(None);
    }
    file.set_len(length)?;
    record.durable = length;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Some((file, hash, length, (record, validator)))),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn save(target: &Target, record: &Record) -> io::Result<()> {
    let json = serde_json::to_vec(record)?;
    write_atomic(&target.record(), Access::Shared, |file| file.write_all(&json))
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        // Not a file of the program; one that is not empty is an error.
        Err(_) if path.symlink_metadata().is_ok_and(|it| it.is_dir()) => std::fs::remove_dir(path),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Runs disk operations on a thread for blocking work.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::remote::download::tests::replace;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn validator(lines: &[(&'static str, &str)], source: &str) -> Option<String> {
        let record = Record::new("here".into(), &headers(lines), None);
        record.validator(source).map(str::to_owned)
    }

    #[test]
    fn only_strong_validators_are_used() {
        let old = ("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT");
        let date = ("date", "Wed, 21 Oct 2015 07:28:01 GMT");
        let same = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        let strong = ("etag", "\"a\"");
        let weak = ("etag", "W/\"a\"");
        assert_eq!(validator(&[strong], "elsewhere").unwrap(), "\"a\"");
        assert_eq!(validator(&[weak, old, date], "here").unwrap(), old.1);
        assert_eq!(validator(&[old, date], "elsewhere"), None);
        assert_eq!(validator(&[old, same], "here"), None);
        assert_eq!(validator(&[old], "here"), None);
        assert_eq!(validator(&[weak], "here"), None);
        assert_eq!(validator(&[("etag", "\"\"")], "here"), None);
    }

    #[tokio::test]
    async fn only_synced_bytes_are_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::new(folder.path(), "v.mp4").unwrap();
        let record = Record::new("here".into(), &headers(&[("etag", "\"a\"")]), Some(10));
        let mut part = Part::begin(&target, record).await.unwrap();
        part.write(b"01234").await.unwrap();
        part.keep().await;
        // Bytes after the last sync, as a power failure may leave them.
        let mut file = File::options().append(true).open(target.part()).unwrap();
        file.write_all(b"\0\0").unwrap();

        let mut part = Part::resume(&target, "here".into()).await.unwrap();
        assert_eq!((part.length(), part.validator()), (5, Some("\"a\"")));
        part.write(b"56789").await.unwrap();
        let (length, digest) = part.finish().await.unwrap();
        assert_eq!(std::fs::read(target.path()).unwrap(), b"0123456789");
        assert_eq!((length, digest), (10, hex(&Sha256::digest(b"0123456789"))));
        assert!(!target.part().exists() && !target.record().exists());
    }

    #[tokio::test]
    async fn a_file_shorter_than_its_record_is_continued_from_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::new(folder.path(), "v.mp4").unwrap();
        let record = Record::new("here".into(), &headers(&[("etag", "\"a\"")]), Some(10));
        let mut part = Part::begin(&target, record).await.unwrap();
        part.write(b"01234567").await.unwrap();
        part.keep().await;
        let file = File::options().write(true).open(target.part());
        file.unwrap().set_len(4).unwrap();
        let mut part = Part::resume(&target, "here".into()).await.unwrap();
        assert_eq!(part.length(), 4);
        part.write(b"4").await.unwrap();
        part.keep().await;
        let mut part = Part::resume(&target, "here".into()).await.unwrap();
        part.write(b"56789").await.unwrap();
        part.finish().await.unwrap();
        assert_eq!(std::fs::read(target.path()).unwrap(), b"0123456789");
    }

    #[tokio::test]
    async fn the_last_byte_of_a_complete_part_is_requested_again() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::new(folder.path(), "v.mp4").unwrap();
        let record = Record::new("here".into(), &headers(&[("etag", "\"a\"")]), Some(5));
        let mut part = Part::begin(&target, record).await.unwrap();
        part.write(b"01234").await.unwrap();
        part.keep().await;
        for _ in 0..2 {
            let part = Part::resume(&target, "there".into()).await.unwrap();
            assert_eq!(part.length(), 4);
        }
    }

    #[tokio::test]
    async fn a_damaged_record_starts_again() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::new(folder.path(), "v.mp4").unwrap();
        assert!(Part::resume(&target, "here".into()).await.is_none());
        replace(&target.part(), b"01234").unwrap();
        for torn in [&b""[..], b"{\"source\":", b"[]", b"\0\0\0"] {
            replace(&target.record(), torn).unwrap();
            assert!(Part::resume(&target, "here".into()).await.is_none());
        }
    }
}

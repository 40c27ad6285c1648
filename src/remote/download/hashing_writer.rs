//! The writer of a download: bytes are collected into blocks, which a thread for blocking work hashes and writes.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

/// Size of a block: large enough that handing it over costs nothing compared to hashing, and small in memory.
const BLOCK: usize = 256 << 10;

/// A buffered writer that computes the digest of the written bytes. After a failed write it writes nothing more, so the
/// file stays a prefix of the whole.
#[derive(Debug)]
pub(super) struct HashingWriter<W> {
    buffer: Vec<u8>,
    /// The number of bytes known to be written.
    written: u64,
    /// The file and the digest of the written bytes; `None` after a failed write.
    output: Option<(W, Sha256)>,
}

impl<W: Write + Send + 'static> HashingWriter<W> {
    /// Returns a writer that continues after `written` bytes with the digest `hash`.
    pub(super) fn new(file: W, hash: Sha256, written: u64) -> Self {
        Self { buffer: Vec::new(), written, output: Some((file, hash)) }
    }

    /// Returns the number of bytes known to be written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Adds bytes. Writes are buffered.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < BLOCK { Ok(()) } else { self.flush().await }
    }

    /// Writes all buffered bytes. An error is returned once.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let Some((mut file, mut hash)) = self.output.take() else {
            return Ok(());
        };
        let mut block = std::mem::take(&mut self.buffer);
        let count = block.len() as u64;
        let write = move || {
            hash.update(&block);
            file.write_all(&block)?;
            block.clear();
            io::Result::Ok((file, hash, block))
        };
        let written = tokio::task::spawn_blocking(write).await;
        let (file, hash, buffer) = written.map_err(io::Error::other)??;
        self.written += count;
        self.buffer = buffer;
        self.output = Some((file, hash));
        Ok(())
    }

    /// Writes all buffered bytes and returns the digest.
    pub(super) async fn finish(mut self) -> io::Result<Sha256> {
        self.flush().await?;
        let failed = || io::Error::other("an earlier write has failed");
        self.output.map(|(_, hash)| hash).ok_or_else(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk that fails at the second write.
    #[derive(Clone, Default)]
    struct Full {
        taken: Arc<Mutex<Vec<usize>>>,
        writes: usize,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            if self.writes == 2 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.taken.lock().unwrap().push(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn chunks_of_any_length_are_written_in_order() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let mut writer = HashingWriter::new(place.reopen().unwrap(), Sha256::new(), 0);
        let whole: Vec<u8> =
            (0..3 * BLOCK + 20).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut rest = &whole[..];
        for length in [1, BLOCK - 1, 5, BLOCK + 3, 0, BLOCK - 1, 2] {
            let (chunk, more) = rest.split_at(length);
            writer.write(chunk).await.unwrap();
            rest = more;
        }
        writer.flush().await.unwrap();
        assert_eq!(writer.written(), (whole.len() - rest.len()) as u64);
        writer.write(rest).await.unwrap();
        let digest = writer.finish().await.unwrap().finalize();
        assert_eq!(std::fs::read(place.path()).unwrap(), whole);
        assert_eq!(digest, Sha256::digest(&whole));
    }

    #[tokio::test]
    async fn nothing_is_written_after_a_failed_write() {
        let disk = Full::default();
        let block = vec![0; BLOCK];
        let mut writer = HashingWriter::new(disk.clone(), Sha256::new(), 10);
        writer.write(&block).await.unwrap();
        let error = writer.write(&block).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        writer.write(&block).await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(*disk.taken.lock().unwrap(), [BLOCK]);
        assert_eq!(writer.written(), 10 + BLOCK as u64);
        assert!(writer.finish().await.is_err());
    }
}

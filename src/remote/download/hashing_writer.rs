//! The writer of a download: bytes are collected into blocks, which another thread hashes and writes while more arrive.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

/// Size of a block: large enough that handing it over costs nothing compared to hashing, and small in memory.
const BLOCK: usize = 256 << 10;

/// A buffered writer that computes the digest of the written bytes. After a failed write it writes nothing more, so the
/// file stays a prefix of the whole.
#[derive(Debug)]
pub(super) struct HashingWriter<W> {
    buffer: Vec<u8>,
    /// The number of bytes known to be written.
    written: u64,
    state: State<W>,
}

#[derive(Debug)]
enum State<W> {
    Idle(Output<W>),
    /// A block is being written.
    Busy(JoinHandle<(Output<W>, io::Result<u64>)>),
    Failed,
}

#[derive(Debug)]
struct Output<W> {
    file: W,
    hash: Sha256,
    /// The previous block, reused.
    spare: Vec<u8>,
}

impl<W: Write + Send + 'static> HashingWriter<W> {
    /// Returns a writer that continues after `written` bytes with the digest `hash`.
    pub(super) fn new(file: W, hash: Sha256, written: u64) -> Self {
        let spare = Vec::new();
        Self { buffer: Vec::new(), written, state: State::Idle(Output { file, hash, spare }) }
    }

    /// Returns the number of bytes known to be written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Adds bytes. Writes are buffered; an error may surface on a later call.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < BLOCK {
            return Ok(());
        }
        self.write_block().await
    }

    /// Writes all buffered bytes. An error is returned once.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.write_block().await?;
        self.settle().await
    }

    /// Writes all buffered bytes and returns the digest.
    pub(super) async fn finish(mut self) -> io::Result<Sha256> {
        self.flush().await?;
        match self.state {
            State::Idle(output) => Ok(output.hash),
            State::Busy(_) | State::Failed => Err(io::Error::other("an earlier write has failed")),
        }
    }

    /// Starts writing the buffer after the previous block is written.
    async fn write_block(&mut self) -> io::Result<()> {
        self.settle().await?;
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(mut output) => {
                let spare = std::mem::take(&mut output.spare);
                let block = std::mem::replace(&mut self.buffer, spare);
                State::Busy(tokio::task::spawn_blocking(move || output.write(block)))
            }
            failed @ (State::Busy(_) | State::Failed) => failed,
        };
        Ok(())
    }

    /// Waits for the block that is being written.
    async fn settle(&mut self) -> io::Result<()> {
        let State::Busy(busy) = &mut self.state else {
            return Ok(());
        };
        let ended = busy.await;
        self.state = State::Failed;
        let (output, written) = ended.map_err(io::Error::other)?;
        self.written += written?;
        self.state = State::Idle(output);
        Ok(())
    }
}

impl<W: Write> Output<W> {
    fn write(mut self, mut block: Vec<u8>) -> (Self, io::Result<u64>) {
        self.hash.update(&block);
        let written = self.file.write_all(&block).map(|()| block.len() as u64);
        block.clear();
        self.spare = block;
        (self, written)
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

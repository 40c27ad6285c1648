//! Where the bytes of a download go: gathered into blocks, which another thread hashes and writes while
//! more is received.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

/// Bytes that are handed over together: enough that handing over costs nothing beside hashing, and few
/// beside the memory of all else.
const BLOCK: usize = 256 << 10;

/// A place for bytes, with the digest of those that are written. After a write that failed nothing more is
/// written: what is there stays a beginning of the whole.
#[derive(Debug)]
pub(super) struct Sink<W> {
    gathered: Vec<u8>,
    /// How many bytes are certainly written.
    written: u64,
    state: State<W>,
}

#[derive(Debug)]
enum State<W> {
    Idle(Writer<W>),
    /// A block is on its way.
    Busy(JoinHandle<(Writer<W>, io::Result<u64>)>),
    Failed,
}

#[derive(Debug)]
struct Writer<W> {
    place: W,
    hash: Sha256,
    /// The block of the last time, to be used again.
    spare: Vec<u8>,
}

impl<W: Write + Send + 'static> Sink<W> {
    /// A sink that goes on after `written` bytes, whose digest so far is `hash`.
    pub(super) fn new(place: W, hash: Sha256, written: u64) -> Self {
        let spare = Vec::new();
        Self {
            gathered: Vec::new(),
            written,
            state: State::Idle(Writer { place, hash, spare }),
        }
    }

    /// How many bytes are certainly written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Takes bytes in. They are written by and by, as is an error told.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < BLOCK {
            return Ok(());
        }
        self.hand_over().await
    }

    /// Writes all that was taken in. An error is told once.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.hand_over().await?;
        self.settle().await
    }

    /// The digest of all that was taken in.
    pub(super) async fn finish(mut self) -> io::Result<Sha256> {
        self.flush().await?;
        match self.state {
            State::Idle(writer) => Ok(writer.hash),
            State::Busy(_) | State::Failed => Err(io::Error::other("an earlier write has failed")),
        }
    }

    /// Has what is gathered written, once the block before is.
    async fn hand_over(&mut self) -> io::Result<()> {
        self.settle().await?;
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(mut writer) => {
                let spare = std::mem::take(&mut writer.spare);
                let block = std::mem::replace(&mut self.gathered, spare);
                State::Busy(tokio::task::spawn_blocking(move || writer.add(block)))
            }
            failed @ (State::Busy(_) | State::Failed) => failed,
        };
        Ok(())
    }

    /// Waits for the block that is on its way.
    async fn settle(&mut self) -> io::Result<()> {
        let State::Busy(busy) = &mut self.state else {
            return Ok(());
        };
        let ended = busy.await;
        self.state = State::Failed;
        let (writer, added) = ended.map_err(io::Error::other)?;
        self.written += added?;
        self.state = State::Idle(writer);
        Ok(())
    }
}

impl<W: Write> Writer<W> {
    fn add(mut self, mut block: Vec<u8>) -> (Self, io::Result<u64>) {
        self.hash.update(&block);
        let added = self.place.write_all(&block).map(|()| block.len() as u64);
        block.clear();
        self.spare = block;
        (self, added)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk that refuses its second write.
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
    async fn pieces_of_any_length_arrive_in_order_with_their_digest() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let mut sink = Sink::new(place.reopen().unwrap(), Sha256::new(), 0);
        let whole: Vec<u8> = (0..3 * BLOCK + 20)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let mut rest = &whole[..];
        for length in [1, BLOCK - 1, 5, BLOCK + 3, 0, BLOCK - 1, 2] {
            let (piece, more) = rest.split_at(length);
            sink.write(piece).await.unwrap();
            rest = more;
        }
        sink.flush().await.unwrap();
        assert_eq!(sink.written(), (whole.len() - rest.len()) as u64);
        sink.write(rest).await.unwrap();
        let digest = sink.finish().await.unwrap().finalize();
        assert_eq!(std::fs::read(place.path()).unwrap(), whole);
        assert_eq!(digest, Sha256::digest(&whole));
    }

    #[tokio::test]
    async fn nothing_is_written_after_a_write_that_failed() {
        let disk = Full::default();
        let block = vec![0; BLOCK];
        let mut sink = Sink::new(disk.clone(), Sha256::new(), 10);
        sink.write(&block).await.unwrap();
        sink.write(&block).await.unwrap();
        let error = sink.write(&block).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        sink.write(&block).await.unwrap();
        sink.flush().await.unwrap();
        assert_eq!(*disk.taken.lock().unwrap(), [BLOCK]);
        assert_eq!(sink.written(), 10 + BLOCK as u64);
        assert!(sink.finish().await.is_err());
    }
}

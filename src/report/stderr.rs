//! Standard error, written by a thread of its own.
//!
//! A frozen terminal or a log driver that has stopped reading blocks this thread alone. The run continues, and signals
//! still end it.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// The number of bytes that wait for the reader before messages are left out.
const MAX_WAITING: usize = 1 << 20;

/// How long a message waits for room in a full queue, and how long the end of the program waits for the queue to empty.
const PATIENCE: Duration = Duration::from_secs(1);

/// Standard error. Messages are queued; a queue that stays full loses the newest ones and counts them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match queue() {
            Some(queue) => queue.push(bytes, PATIENCE),
            // Without a thread, a limit of the system on threads is reached.
            None => io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks whether standard error cannot be written to, as on a full disk: everything was lost.
pub(crate) fn is_lost() -> bool {
    queue().is_some_and(Queue::is_lost)
}

/// Waits until everything is written, but not for a reader that has stopped.
pub(crate) fn drain() {
    if let Some(queue) = queue() {
        queue.drain(PATIENCE);
    }
}

fn queue() -> Option<&'static Queue> {
    static QUEUE: OnceLock<Option<Queue>> = OnceLock::new();
    QUEUE.get_or_init(|| Queue::start(io::stderr()).ok()).as_ref()
}

/// Messages for a writer that may block.
#[derive(Debug)]
struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
    /// Whether a message has waited too long for the writer. Until the next write has ended, no other message waits.
    is_stuck: bool,
    /// The number of messages left out since then.
    left_out: usize,
    /// Whether any write has succeeded; `None` before the first one. A reader that is gone does not count.
    has_written: Option<bool>,
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at most `patience` while `condition` holds and the writer is not stuck.
    fn wait_while<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        patience: Duration,
        condition: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        if condition(&state) && !state.is_stuck {
            let waited = self.changed.wait_timeout_while(state, patience, |state| condition(state));
            let (waited, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = waited;
            state.is_stuck |= timeout.timed_out();
        }
        state
    }
}

impl Queue {
    /// Starts the thread that writes to `output`.
    fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let queue = Self(Arc::clone(&shared));
        thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || write_all(&shared, output))?;
        Ok(queue)
    }

    fn push(&self, bytes: &[u8], patience: Duration) {
        let mut state = self.0.wait_while(self.0.lock(), patience, State::is_full);
        if state.is_full() {
            state.left_out += 1;
        } else {
            state.waiting.extend_from_slice(bytes);
            self.0.changed.notify_all();
        }
    }

    fn is_lost(&self) -> bool {
        self.0.lock().has_written == Some(false)
    }

    fn drain(&self, patience: Duration) {
        let is_busy = |state: &State| state.is_writing || !state.waiting.is_empty();
        drop(self.0.wait_while(self.0.lock(), patience, is_busy));
    }
}

/// Writes messages as they come.
fn write_all(shared: &Shared, mut output: impl Write) {
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let bytes = std::mem::take(&mut state.waiting);
        state.is_writing = true;
        drop(state);
        shared.changed.notify_all();
        let written = output.write_all(&bytes).and_then(|()| output.flush());
        let mut state = shared.lock();
        let is_gone = written.as_ref().is_err_and(|it| it.kind() == io::ErrorKind::BrokenPipe);
        if !is_gone {
            state.has_written = Some(written.is_ok() || state.has_written == Some(true));
        }
        (state.is_writing, state.is_stuck) = (false, false);
        let left_out = std::mem::take(&mut state.left_out);
        if left_out > 0 {
            let text =
                format!("note: {left_out} messages were left out, because nothing read them\n");
            state.waiting.extend_from_slice(text.as_bytes());
        }
        drop(state);
        shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output that hands over what it is given and blocks until the test allows it to continue.
    struct BlockedOutput {
        written: Sender<String>,
        permits: Receiver<()>,
    }

    impl Write for BlockedOutput {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.send(String::from_utf8_lossy(bytes).into_owned()).unwrap();
            self.permits.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_blocked_output_blocks_no_message() {
        let ((written, outputs), (permit, permits)) = (channel(), channel());
        let queue = Queue::start(BlockedOutput { written, permits }).unwrap();
        queue.push(b"first", Duration::ZERO);
        assert_eq!(outputs.recv().unwrap(), "first");
        let large = vec![b'x'; MAX_WAITING];
        for message in [large.as_slice(), b"lost", b"lost, too"] {
            queue.push(message, Duration::ZERO);
        }
        queue.drain(Duration::ZERO);
        permit.send(()).unwrap();
        let note = "note: 2 messages were left out, because nothing read them\n";
        let rest = outputs.recv().unwrap();
        assert_eq!((rest.len(), rest.ends_with(note)), (MAX_WAITING + note.len(), true));
    }

    /// An output that fails with each of these errors once, and then is written to.
    struct FailingOutput(Vec<io::ErrorKind>);

    impl Write for FailingOutput {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.pop().map_or(Ok(bytes.len()), |kind| Err(kind.into()))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn messages_are_lost_if_none_can_be_written() {
        use io::ErrorKind::{BrokenPipe, StorageFull};
        for (errors, is_lost) in [
            (vec![], false),
            (vec![StorageFull; 2], true),
            (vec![StorageFull], false),
            (vec![BrokenPipe; 2], false),
        ] {
            let queue = Queue::start(FailingOutput(errors.clone())).unwrap();
            for _ in 0..2 {
                queue.push(b"x", PATIENCE);
                queue.drain(Duration::from_secs(60));
            }
            assert_eq!(queue.is_lost(), is_lost, "{errors:?}");
        }
    }

    #[test]
    fn draining_waits_for_the_output() {
        let ((written, outputs), (permit, permits)) = (channel(), channel());
        let queue = Queue::start(BlockedOutput { written, permits }).unwrap();
        permit.send(()).unwrap();
        queue.push(b"all", PATIENCE);
        queue.drain(Duration::from_secs(60));
        assert_eq!(outputs.try_recv().unwrap(), "all");
        assert!(!queue.0.lock().is_writing);
    }
}

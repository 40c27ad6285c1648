//! Work in two threads.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs `side` in a thread of its own while `main` runs, or after it where the system allows no further thread. Propagates
/// panics.
pub(crate) fn join<A: Send, B>(
    side: impl FnOnce() -> A + Send,
    main: impl FnOnce() -> B,
) -> (A, B) {
    let side = Mutex::new(Some(side));
    let run_side = || {
        let side = side.lock().unwrap_or_else(PoisonError::into_inner).take();
        side.expect("only one of the threads runs it")()
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, run_side);
        let main = main();
        let side = match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_no_thread) => run_side(),
        };
        (side, main)
    })
}

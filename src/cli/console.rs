//! Standard output and standard error. A closed pipe ends the writing quietly; nothing else is lost
//! by it.

use std::io::{self, Write as _};

use super::error::Error;

/// Prints a result.
pub(super) fn print(text: &str) {
    // Nobody is there to be told about a closed pipe.
    let _ = print_all(|output| output.write_all(text.as_bytes()));
}

/// Prints what is for programs.
///
/// # Errors
/// That it could not be written; a program that waits for it should know.
pub(super) fn print_all(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    write(&mut output)?;
    output.flush()
}

/// The same for a command that only looks: that nobody reads on is no error.
///
/// # Errors
/// That it could not be written.
pub(super) fn print_found(
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), Error> {
    match print_all(write) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let context = "cannot write to standard output";
            Err(anyhow::Error::from(error).context(context).into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Tells a person something.
pub(super) fn tell(text: &str) {
    let mut output = io::stderr().lock();
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}

/// Asks a question and reads a line; `None` if the input ended. Who stops waiting for the answer leaves the
/// cursor on a line of its own.
pub(super) async fn ask(question: &str) -> Option<String> {
    tell(question);
    let unanswered = Unanswered;
    let answer = aside(|| {
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(answer.trim().to_owned()),
        }
    })
    .await;
    if answer.is_some() {
        // Whoever typed it has ended the line.
        std::mem::forget(unanswered);
    }
    answer
}

/// A question whose line nobody has ended.
struct Unanswered;

impl Drop for Unanswered {
    fn drop(&mut self) {
        tell("\n");
    }
}

/// Does what blocks on a thread of its own, so that whoever waits for it can be interrupted. The program
/// ends without it.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

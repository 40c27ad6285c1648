//! Standard output and standard error. A closed pipe ends the writing quietly; nothing else is lost
//! by it.

use std::io::{self, Write as _};

/// Prints a result.
pub(super) fn print(text: &str) {
    print_with(|output| output.write_all(text.as_bytes()));
}

/// Prints a result that is too long to be held as a whole.
pub(super) fn print_with(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) {
    let mut output = io::BufWriter::new(io::stdout().lock());
    // Nobody is there to be told about a closed pipe.
    let _ = write(&mut output);
    let _ = output.flush();
}

/// Tells a person something.
pub(super) fn tell(text: &str) {
    let mut output = io::stderr().lock();
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}

/// Asks a question and reads a line; `None` if the input ended.
pub(super) fn ask(question: &str) -> Option<String> {
    tell(question);
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(answer.trim().to_owned()),
    }
}

//! Interrupts: Ctrl-C, SIGTERM and, unless the process ignores it, SIGHUP.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A stream of interrupts, one message each.
pub type Interrupts = UnboundedReceiver<()>;

/// Starts to listen for interrupts, which no longer end the process by themselves.
///
/// # Errors
/// If the system refuses.
pub fn listen_for_interrupts() -> std::io::Result<Interrupts> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // A file that reaches `ulimit -f` is an error of that write and does not end the process.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
        let hangup = SignalKind::hangup();
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), hangup];
        // Under `nohup` the process outlives the terminal.
        let is_wanted = |kind: &SignalKind| *kind != hangup || !is_ignored(hangup);
        for kind in kinds.into_iter().filter(is_wanted) {
            let mut stream = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(async move { while stream.recv().await.is_some() && send(&sender) {} });
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && send(&sender) {} });
    Ok(receiver)
}

/// Checks whether this process ignores a signal, which it may have inherited. Known on Linux alone; elsewhere `false`.
#[cfg(unix)]
fn is_ignored(kind: tokio::signal::unix::SignalKind) -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| is_ignored_by(&status, kind.as_raw_value()))
}

/// Checks whether the process with the content `status` of `/proc/PID/status` ignores a signal.
#[cfg(unix)]
fn is_ignored_by(status: &str, signal: std::ffi::c_int) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok());
    // Signal 1 has the lowest bit.
    let bit = u32::try_from(signal).ok().and_then(|it| it.checked_sub(1));
    mask.zip(bit).is_some_and(|(mask, bit)| mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
}

/// Sends an interrupt. Returns whether the receiver still exists.
fn send(sender: &UnboundedSender<()>) -> bool {
    sender.send(()).is_ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status_of_the_process() {
        let status = |mask: &str| {
            format!("Name:\tcallsheet\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\nSigCgt:\t1\n")
        };
        let (hangup, interrupt) = (1, 2);
        // SIGPIPE is the thirteenth signal.
        for (mask, expected) in [
            ("0000000000001001", [true, false]),
            ("0000000000001000", [false, false]),
            ("0000000000000003", [true, true]),
            ("0000000000000002", [false, true]),
            ("00000000000000000000000000000001", [true, false]),
            ("no mask", [false, false]),
        ] {
            let found = [hangup, interrupt].map(|signal| is_ignored_by(&status(mask), signal));
            assert_eq!(found, expected, "{mask}");
        }
        assert!(!is_ignored_by("Name:\tcallsheet\n", hangup));
        assert!(!is_ignored_by(&status("ffffffffffffffff"), 0));
        assert!(!is_ignored_by(&status("ffffffffffffffff"), 4711));
    }
}

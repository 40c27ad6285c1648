//! Ctrl-C, SIGTERM and, unless it was ignored when the program started, SIGHUP.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Interrupts as they come in, one message each.
pub type Interrupts = UnboundedReceiver<()>;

/// Listens for interrupts from now on; they no longer end the process by themselves.
///
/// # Errors
/// If the system does not let us listen.
pub fn listen_for_interrupts() -> std::io::Result<Interrupts> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = SignalKind::hangup();
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), hangup];
        // Whoever started us under `nohup` wants us to outlive the terminal.
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

/// Whether this process ignores a signal, as it may have inherited it. Only Linux can be asked; elsewhere it is
/// taken not to.
#[cfg(unix)]
fn is_ignored(kind: tokio::signal::unix::SignalKind) -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| is_ignored_by(&status, kind.as_raw_value()))
}

/// Whether the process with this `/proc/PID/status` ignores the signal with this number.
#[cfg(unix)]
fn is_ignored_by(status: &str, signal: std::ffi::c_int) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok());
    // The first signal has the number 1 and the lowest bit.
    let bit = u32::try_from(signal).ok().and_then(|it| it.checked_sub(1));
    mask.zip(bit)
        .is_some_and(|(mask, bit)| mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
}

/// Whether anybody still listens.
fn send(sender: &UnboundedSender<()>) -> bool {
    sender.send(()).is_ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_signal_is_read_from_the_status_of_the_process() {
        let status = |mask: &str| {
            format!("Name:\tcallsheet\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\nSigCgt:\t1\n")
        };
        let (hangup, interrupt) = (1, 2);
        // A pipe's signal is the thirteenth.
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

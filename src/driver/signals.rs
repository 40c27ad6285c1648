//! Ctrl-C, SIGTERM and SIGHUP.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Interrupts as they come in, one message each.
pub type Interrupts = UnboundedReceiver<()>;

/// Listens for interrupts from now on; they no longer end the process by themselves.
///
/// # Errors
/// If the system does not let us listen.
pub fn listen() -> std::io::Result<Interrupts> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let mut stream = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(async move { while stream.recv().await.is_some() && send(&sender) {} });
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && send(&sender) {} });
    Ok(receiver)
}

/// Whether anybody still listens.
fn send(sender: &UnboundedSender<()>) -> bool {
    sender.send(()).is_ok()
}

//! Connections that can be cut, for faults below HTTP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::clock;

/// A listener that accepts [`FaultyStream`]s.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    pub(super) stopping: watch::Receiver<bool>,
}

/// A TCP connection that its [`Cutter`] can cut.
#[derive(Debug)]
pub(super) struct FaultyStream {
    stream: TcpStream,
    cutter: Cutter,
}

/// Cuts one connection. Request handlers receive it as connection info.
#[derive(Debug, Clone, Default)]
pub(super) struct Cutter(Arc<OnceLock<Cut>>);

#[derive(Debug, PartialEq, Eq)]
enum Cut {
    Close,
    Reset,
}

impl Cutter {
    /// Discards everything not yet written and closes the connection.
    pub(super) fn close(&self) {
        let _already_cut = self.0.set(Cut::Close);
    }

    /// Discards everything not yet written and resets the connection.
    pub(super) fn reset(&self) {
        let _already_cut = self.0.set(Cut::Reset);
    }
}

impl axum::serve::Listener for Listener {
    type Io = FaultyStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FaultyStream, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.listener.accept().await {
                // Otherwise small responses may wait for an acknowledgement. A failure only costs time.
                let _ = stream.set_nodelay(true);
                let cutter = Cutter::default();
                return (FaultyStream { stream, cutter }, address);
            }
            // Most likely too many open files: wait for some to close.
            clock::sleep(50, &mut self.stopping).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Listener>> for Cutter {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().cutter.clone()
    }
}

impl Drop for FaultyStream {
    fn drop(&mut self) {
        if self.cutter.0.get() == Some(&Cut::Reset) {
            // If the system refuses, the client sees an orderly close instead.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cutter.0.get().is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

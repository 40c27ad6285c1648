//! Bodies that do not arrive as they should.

use std::io;

use axum::body::{Body, Bytes};
use futures::stream::{self, StreamExt as _};
use tokio::sync::watch;

use super::clock;
use super::line::Scissors;

/// How a body ends before its end.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// The connection is closed in good order.
    Close,
    /// The connection is reset.
    Reset(Scissors),
    /// Nothing more comes, until the sandbox stops.
    Stall,
}

/// Time for what was written to reach the client, in milliseconds: a reset throws away what is still on
/// its way.
const ARRIVAL_MILLIS: u64 = 30;

/// Longer than any client waits: an hour.
const STALL_MILLIS: u64 = 3_600_000;

/// `body` as far as its first `length` bytes, then `ending`.
pub(super) fn cut(
    body: Body,
    length: usize,
    ending: Ending,
    mut stopping: watch::Receiver<bool>,
) -> Body {
    let whole = body.into_data_stream();
    let start = whole.scan(length, |left, piece| {
        let piece = piece.ok().filter(|_| *left > 0).map(|mut piece| {
            piece.truncate(*left);
            *left -= piece.len();
            Ok(piece)
        });
        futures::future::ready(piece)
    });
    let end = stream::once(async move {
        clock::pass(ARRIVAL_MILLIS, &mut stopping).await;
        match ending {
            Ending::Close => {}
            Ending::Reset(scissors) => scissors.reset(),
            Ending::Stall => clock::pass(STALL_MILLIS, &mut stopping).await,
        }
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(start.chain(end))
}

/// `bytes` at `per_second`.
pub(super) fn slow(bytes: Bytes, per_second: u64, stopping: watch::Receiver<bool>) -> Body {
    let step_millis = 20;
    let step = usize::try_from(per_second.saturating_mul(step_millis) / 1000).unwrap_or(usize::MAX);
    let step = step.max(1);
    let pieces = stream::unfold(
        (bytes, stopping),
        move |(mut left, mut stopping)| async move {
            if left.is_empty() {
                return None;
            }
            clock::pass(step_millis, &mut stopping).await;
            let piece = left.split_to(step.min(left.len()));
            Some((Ok::<_, io::Error>(piece), (left, stopping)))
        },
    );
    Body::from_stream(pieces)
}

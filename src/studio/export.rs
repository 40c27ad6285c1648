//! The review folder of a campaign as an archive.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use tokio::sync::mpsc;

use super::error::ApiResult;
use super::sheet::attachment;
use super::state::Studio;
use crate::app::{self, CampaignView};

/// The size of the parts that are sent.
const PART: usize = 256 << 10;

/// Parts that wait for a slow connection.
const BACKLOG: usize = 4;

/// `GET /api/campaigns/ID/export`
pub(super) async fn export(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
) -> ApiResult<impl IntoResponse> {
    let campaign = studio.campaign(&id)?;
    let view = CampaignView::open(&studio.view_request(&campaign).await).await?;
    let name = format!("{}-review.zip", view.summary.campaign().name);
    let (sender, receiver) = mpsc::channel(BACKLOG);
    let work = move || {
        let mut parts = BufWriter::with_capacity(PART, Parts(sender));
        let written = app::export(&view.summary, &mut parts).and_then(|()| parts.flush());
        if let (Err(error), Ok(Parts(sender))) = (written, parts.into_inner()) {
            // The connection ends, so that no half of an archive is taken for a whole one.
            let _ = sender.blocking_send(Err(error));
        }
    };
    tokio::task::spawn_blocking(work);
    let parts = futures::stream::unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    Ok((attachment(&name, "application/zip"), Body::from_stream(parts)))
}

/// Sends what is written.
struct Parts(mpsc::Sender<io::Result<Bytes>>);

impl Write for Parts {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(part)));
        sent.map(|()| part.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

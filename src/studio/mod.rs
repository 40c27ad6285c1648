//! The studio: a local web page over the use cases of [`app`].
//!
//! The server listens on the loopback interface. Every request passes the [gate]; handlers call a use case and return its
//! value as JSON. Nothing is submitted by a GET request, and a run always asks first.

mod assets;
mod campaigns;
mod catalogue;
mod error;
mod events;
mod export;
mod feed;
mod gate;
mod live;
mod marks;
mod media;
mod plan;
mod run;
mod sheet;
mod state;
mod wanted;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use self::error::ApiError;
use self::gate::Gate;
pub(crate) use self::state::{SandboxReason, Settings};
use self::state::{Studio, lock};
use crate::app::{self, Interrupts};

/// How long connections may take to close when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves the studio until an interrupt.
///
/// # Errors
/// If the port is in use, or the system has no random bytes.
pub(crate) async fn serve(
    mut settings: Settings,
    interrupts: &mut Interrupts,
) -> Result<(), app::Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port.unwrap_or(0)));
    let cannot_listen = || app::Error::io(format!("the studio cannot listen on {address}"));
    let listener = TcpListener::bind(address).await.map_err(cannot_listen())?;
    let port = listener.local_addr().map_err(cannot_listen())?.port();
    let announce = std::mem::replace(&mut settings.announce, Box::new(|_| ()));
    let gate = Gate::new(port, announce)
        .map_err(|error| app::Error::usage(format!("the system has no random bytes: {error}")))?;
    let gate = Arc::new(gate);
    let studio = Arc::new(Studio::new(settings));
    gate.announce();
    let mut stopping = studio.stopping.subscribe();
    let server = axum::serve(listener, router(&studio, gate)).with_graceful_shutdown(async move {
        // An error means that the studio is gone.
        let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
    });
    let mut server = tokio::spawn(server.into_future());
    interrupts.recv().await;
    end_runs(&studio, interrupts).await;
    studio.stopping.send_replace(true);
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, &mut server).await.is_err() {
        server.abort();
    }
    Ok(())
}

/// The most bytes of a file that is handed over.
const LARGEST_FILE: usize = 64 << 20;

/// Interrupts the runs that are under way, waits for them, and prints what is outstanding at the provider. A second interrupt
/// abandons them.
async fn end_runs(studio: &Arc<Studio>, interrupts: &mut Interrupts) {
    studio.is_ending.store(true, Ordering::Relaxed);
    let print = &studio.settings.print;
    let campaigns = studio.campaigns();
    let runs = campaigns.iter().filter_map(|campaign| campaign.current_run().ok());
    let runs: Vec<_> = runs.collect();
    let interrupt = || {
        for run in &runs {
            run.interrupt();
        }
    };
    interrupt();
    for run in &runs {
        let mut ended = run.has_ended.subscribe();
        loop {
            tokio::select! {
                // An error means that its task is gone.
                _ = ended.wait_for(|has_ended| *has_ended) => break,
                Some(()) = interrupts.recv() => interrupt(),
            }
        }
    }
    for campaign in campaigns {
        if let Some(text) = lock(&campaign.outstanding).take() {
            print(&text);
        }
    }
}

fn router(studio: &Arc<Studio>, gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/", get(assets::page))
        .route("/assets/page.js", get(assets::page_script))
        .route("/assets/page.css", get(assets::page_style))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/api/studio", get(campaigns::studio))
        .route("/api/sheets", post(sheet::add).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/api/campaigns/{id}/plan", get(plan::plan))
        .route("/api/campaigns/{id}/sheet", get(sheet::sheet))
        .route("/api/campaigns/{id}/sheet/cells", post(sheet::cells))
        .route("/api/campaigns/{id}/sheet/columns", post(sheet::columns))
        .route("/api/campaigns/{id}/sheet/download", get(sheet::download))
        .route("/api/campaigns/{id}/marks", get(marks::marks).post(marks::add))
        .route("/api/campaigns/{id}/marks/import", post(marks::import))
        .route("/api/campaigns/{id}/export", get(export::export))
        .route("/api/campaigns/{id}/events", get(events::events))
        .route("/api/campaigns/{id}/run", post(run::run))
        .route("/api/campaigns/{id}/answer", post(run::answer))
        .route("/api/campaigns/{id}/redo", post(run::redo))
        .route("/api/campaigns/{id}/stop", post(run::stop))
        .route("/api/campaigns/{id}/media/{job}/{kind}", get(media::media))
        .route("/api/personas", get(catalogue::personas))
        .route("/api/voices", get(catalogue::voices))
        .route("/api/pictures/{key}", get(catalogue::picture))
        .fallback(async || ApiError::not_found("page"))
        .with_state(Arc::clone(studio))
        .layer(from_fn_with_state(gate, gate::guard))
}

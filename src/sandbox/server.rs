//! Starting and stopping the servers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::account::Account;
use super::connection::{Cutter, Listener};
use super::handlers;
use super::ledger::Ledger;
use super::settings::SandboxSettings;
use super::state::{AppState, Origins};
use super::state_file::{Ports, SavedState, StateFile, StateLine};

/// How long connections may take to close when the sandbox stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A running sandbox. It serves on the runtime that started it until it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    pub(super) app: Arc<AppState>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1 and returns once it accepts requests.
    ///
    /// # Errors
    ///
    /// The port of the settings is in use; or the state file cannot be opened, is used by another sandbox,
    /// or is another kind of file.
    pub async fn start(settings: SandboxSettings) -> io::Result<Self> {
        let (mut file, saved) = match &settings.state {
            Some(path) => {
                let (file, saved) = StateFile::open(path)?;
                (Some(file), saved)
            }
            None => (None, SavedState::default()),
        };
        let known = saved.ports;
        let api = match settings.port {
            Some(port) => bind(port).await?,
            None => bind_preferred(known.map(|ports| ports.api)).await?,
        };
        let files = bind_preferred(known.map(|ports| ports.files)).await?;
        let mirror = bind_preferred(known.map(|ports| ports.mirror)).await?;
        let ports = Ports {
            api: api.local_addr()?.port(),
            files: files.local_addr()?.port(),
            mirror: mirror.local_addr()?.port(),
        };
        if let Some(file) = &mut file
            && known != Some(ports)
        {
            file.append(&StateLine::Ports(ports))?;
        }
        let mut account = Account::default();
        for job in saved.jobs {
            account.add(job);
        }
        let origin = |port: u16| format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        let origins = Origins {
            api: origin(ports.api),
            files: origin(ports.files),
            mirror: origin(ports.mirror),
        };
        let (stop, stopping) = watch::channel(false);
        let app = AppState::new(settings, origins, account, file, stopping.clone());
        let app = Arc::new(app);
        let servers = [
            (api, Router::new().fallback(handlers::api)),
            (files, Router::new().fallback(handlers::files)),
            (mirror, Router::new().fallback(handlers::mirror)),
        ];
        let servers = servers.map(|(listener, router)| {
            let router = router.with_state(app.clone());
            tokio::spawn(serve(listener, router, stopping.clone()))
        });
        Ok(Self { app, stop, servers: servers.into() })
    }

    /// Returns the API's base URL, such as `http://127.0.0.1:8787`, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.app.origins.api
    }

    /// Returns the current ledger.
    pub fn ledger(&self) -> Ledger {
        self.app.ledger()
    }

    /// Stops the sandbox: ends hanging responses, closes connections and frees the ports.
    pub async fn stop(self) {
        // Fails if all servers have ended already.
        let _ = self.stop.send(true);
        for mut server in self.servers {
            if tokio::time::timeout(SHUTDOWN_TIMEOUT, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

async fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) {
    let listener = Listener { listener, stopping: stopping.clone() };
    let mut stopped = stopping;
    let service = router.into_make_service_with_connect_info::<Cutter>();
    // It never returns an error.
    let _ = axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            // An error means that the sandbox was dropped, which stops it too.
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .await;
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("the sandbox cannot listen on {address}: {error}"))
    })
}

/// Binds to `port` if it is free, otherwise to any port.
async fn bind_preferred(port: Option<u16>) -> io::Result<TcpListener> {
    if let Some(port) = port
        && let Ok(listener) = bind(port).await
    {
        return Ok(listener);
    }
    bind(0).await
}

//! Starting and stopping.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::account::Account;
use super::ledger::Ledger;
use super::line::{Exchange, Scissors};
use super::settings::Settings;
use super::state::{Ports, StateFile};
use super::world::{Origins, World};
use super::{api, files};

/// How long connections may take to end in good order when the sandbox stops; they have nothing
/// to wait for.
const FAREWELL: Duration = Duration::from_secs(1);

/// A running sandbox. It serves on the runtime that started it, until it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1. Once this returns, it answers.
    ///
    /// # Errors
    ///
    /// The port that the settings name is taken; or the state file cannot be opened, is used by
    /// another sandbox, or is a file of another kind.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let (mut state, remembered) = match &settings.state {
            Some(path) => {
                let (state, remembered) = StateFile::open(path)?;
                (Some(state), remembered)
            }
            None => (None, super::state::Remembered::default()),
        };
        let known = remembered.ports;
        let api = match settings.port {
            Some(port) => bind(port).await?,
            None => bind_again(known.map(|ports| ports.api)).await?,
        };
        let files = bind_again(known.map(|ports| ports.files)).await?;
        let mirror = bind_again(known.map(|ports| ports.mirror)).await?;
        let ports = Ports {
            api: api.local_addr()?.port(),
            files: files.local_addr()?.port(),
            mirror: mirror.local_addr()?.port(),
        };
        if let Some(state) = &mut state
            && known != Some(ports)
        {
            state.ports(ports)?;
        }
        let mut account = Account::default();
        for job in remembered.jobs {
            account.admit(job);
        }
        let origin = |port: u16| format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        let origins = Origins {
            api: origin(ports.api),
            files: origin(ports.files),
            mirror: origin(ports.mirror),
        };
        let (stop, stopping) = watch::channel(false);
        let world = World::new(settings, origins, account, state, stopping.clone());
        let world = Arc::new(world);
        let servers = [
            (api, Router::new().fallback(api::answer)),
            (files, Router::new().fallback(files::answer)),
            (mirror, Router::new().fallback(files::answer_at_mirror)),
        ];
        let servers = servers.map(|(listener, router)| {
            let router = router.with_state(world.clone());
            tokio::spawn(serve(listener, router, stopping.clone()))
        });
        Ok(Self {
            world,
            stop,
            servers: servers.into(),
        })
    }

    /// The API's base URL, such as `http://127.0.0.1:8787`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.world.origins().api
    }

    /// The origin that links to files name.
    pub fn files_url(&self) -> &str {
        &self.world.origins().files
    }

    /// The third origin, where redirects lead.
    pub fn mirror_url(&self) -> &str {
        &self.world.origins().mirror
    }

    /// The books at this moment.
    pub fn ledger(&self) -> Ledger {
        self.world.ledger()
    }

    /// The bytes of a job's video, whether it is rendered yet or not; none if there is no such job.
    pub fn video(&self, id: &str) -> Option<Vec<u8>> {
        let job = self.world.books().account.job(id).cloned();
        job.map(|job| job.video())
    }

    /// Stops: what hangs on purpose is let go, connections are closed, and the ports are free once this
    /// returns.
    pub async fn stop(self) {
        // Nobody listens any more if all servers have ended already.
        let _ = self.stop.send(true);
        for mut server in self.servers {
            if tokio::time::timeout(FAREWELL, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

async fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) {
    let exchange = Exchange {
        listener,
        stopping: stopping.clone(),
    };
    let mut stopped = stopping;
    let service = router.into_make_service_with_connect_info::<Scissors>();
    // It never fails: accepting connections goes on whatever happens.
    let _ = axum::serve(exchange, service)
        .with_graceful_shutdown(async move {
            // An error means that the sandbox was dropped: the same thing.
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .await;
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("the sandbox cannot listen on {address}: {error}"),
        )
    })
}

/// The port of the last time if it is free, else any.
async fn bind_again(port: Option<u16>) -> io::Result<TcpListener> {
    if let Some(port) = port
        && let Ok(listener) = bind(port).await
    {
        return Ok(listener);
    }
    bind(0).await
}

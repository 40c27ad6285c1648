//! A test server that sends scripted bytes and records the requests it receives.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Proxy, Remote, RemoteSettings, Timeouts};
use crate::model::Credentials;

/// How the server answers one request.
#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Sends these bytes and keeps the connection open.
    Answer(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Close(Vec<u8>),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes and then nothing.
    Hang(Vec<u8>),
    /// Sends the first bytes and then repeats the second until the client disconnects.
    Endless(Vec<u8>, Vec<u8>),
}

/// A received request.
#[derive(Debug, Clone)]
pub(super) struct SeenRequest {
    /// The first line.
    pub(super) line: String,
    /// Header names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// The number of its connection.
    pub(super) connection: usize,
}

/// A server on loopback.
#[derive(Debug)]
pub(super) struct ScriptedServer {
    /// `http://127.0.0.1:port`.
    pub(super) address: String,
    actions: Arc<Mutex<VecDeque<Action>>>,
    seen: Arc<Mutex<Vec<SeenRequest>>>,
}

impl ScriptedServer {
    /// Starts a server that performs `actions` in order, one per request, and answers 599 when they are used up.
    pub(super) async fn start(actions: impl IntoIterator<Item = Action>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            actions: Arc::new(Mutex::new(actions.into_iter().collect())),
            seen: Arc::default(),
        };
        let (actions, seen) = (Arc::clone(&server.actions), Arc::clone(&server.seen));
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, connection, Arc::clone(&actions), Arc::clone(&seen)));
            }
        });
        server
    }

    /// Adds actions to the script.
    pub(super) fn push(&self, actions: impl IntoIterator<Item = Action>) {
        self.actions.lock().unwrap().extend(actions);
    }

    /// Returns the requests received so far.
    pub(super) fn requests(&self) -> Vec<SeenRequest> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns a client of this server with short time limits, whose files go to `out`.
    pub(super) fn client(&self, out: &Path) -> Remote {
        Remote::new(self.settings(out)).unwrap()
    }

    /// Returns the settings of [`ScriptedServer::client`].
    pub(super) fn settings(&self, out: &Path) -> RemoteSettings {
        let credentials = Credentials::new("my-account".into(), "k3y-of-mine".into());
        RemoteSettings {
            proxy: Proxy::Bypass,
            timeouts: Timeouts {
                connect: Duration::from_secs(2),
                create: Duration::from_millis(1500),
                read: Duration::from_millis(700),
                list: Duration::from_secs(20),
                stall: Duration::from_millis(700),
                slow: Duration::from_secs(60),
            },
            ..RemoteSettings::new(self.address.parse().unwrap(), credentials, out.to_owned())
        }
    }
}

/// Returns a response with its length.
pub(super) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Returns a JSON response.
pub(super) fn json(status: &str, body: &str) -> Action {
    Action::Answer(answer(status, "Content-Type: application/json\r\n", body))
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    actions: Arc<Mutex<VecDeque<Action>>>,
    seen: Arc<Mutex<Vec<SeenRequest>>>,
) {
    while let Some(request) = read_request(&mut stream, connection).await {
        seen.lock().unwrap().push(request);
        let action = actions.lock().unwrap().pop_front();
        let action = action.unwrap_or_else(|| json("599 Script Is Over", ""));
        let (Action::Answer(bytes)
        | Action::Close(bytes)
        | Action::Reset(bytes)
        | Action::Hang(bytes)
        | Action::Endless(bytes, _)) = &action;
        if stream.write_all(bytes).await.is_err() {
            return;
        }
        match action {
            Action::Answer(_) => {}
            Action::Close(_) => return,
            Action::Reset(_) => {
                // The bytes must arrive before the reset.
                stream.flush().await.unwrap();
                tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await.ok();
                stream.set_zero_linger().unwrap();
                return;
            }
            Action::Hang(_) => {
                stream.read_u8().await.ok();
                return;
            }
            Action::Endless(_, again) => {
                while stream.write_all(&again).await.is_ok() {}
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, connection: usize) -> Option<SeenRequest> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(SeenRequest { line, headers, body: String::from_utf8(body).unwrap(), connection })
}

//! The API as it is met outside: behind TLS, with a certificate that somebody has to vouch for, and in HTTP/2 where
//! the server offers it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::program::{Answer, Folder, Provider, campaign_at, expect_nothing_paid_twice, finish};

const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// One request as it came in.
struct Seen {
    connection: usize,
    version: Version,
    method: Method,
}

/// `https://localhost`, with the imitation behind it.
struct Front {
    provider: Provider,
    runtime: Runtime,
    folder: tempfile::TempDir,
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Front {
    /// A front that offers `protocols`, the one it likes best first.
    fn offering(protocols: &[&[u8]]) -> Self {
        let provider = Provider::new();
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), issued.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        // An error means that another test was quicker.
        let _already = ring::default_provider().install_default();
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let front = Self {
            address: format!(
                "https://localhost:{}",
                listener.local_addr().unwrap().port()
            ),
            seen: Arc::default(),
            folder,
            provider,
            runtime,
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let behind = front.provider.base_url().to_owned();
        let (client, seen) = (reqwest::Client::new(), Arc::clone(&front.seen));
        front.runtime.spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                let (behind, client, seen) = (behind.clone(), client.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    // Whoever does not trust the certificate goes away.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let router = axum::Router::new().fallback(
                        async move |version, method: Method, uri: Uri, headers, body| {
                            seen.lock().unwrap().push(Seen {
                                connection,
                                version,
                                method: method.clone(),
                            });
                            let url = format!("{behind}{}", uri.path_and_query().unwrap());
                            pass_on(client.request(method, url), headers, body).await
                        },
                    );
                    let service = TowerToHyperService::new(router);
                    auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        front
    }

    /// `run sheet.csv`, with trust in the certificate.
    fn run(&self, folder: &Folder) -> Answer {
        let mut command = folder.command(&campaign_at("run", &self.address, &[]));
        command.env("SSL_CERT_FILE", self.folder.path().join("authority.pem"));
        finish(command.spawn().unwrap())
    }

    /// On how many connections so many requests of `method` came, all in `version`.
    #[track_caller]
    fn connections_and_requests(&self, method: &Method, version: Version) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        let requests = seen.iter().filter(|seen| seen.method == method);
        let connections: BTreeSet<usize> = requests.clone().map(|seen| seen.connection).collect();
        assert!(requests.clone().all(|seen| seen.version == version));
        (connections.len(), requests.count())
    }
}

/// Asks the imitation the same, and hands its answer back.
async fn pass_on(
    request: reqwest::RequestBuilder,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    headers.remove("host");
    let answer = request.headers(headers).body(body).send().await.unwrap();
    let status = answer.status();
    Response::builder()
        .status(status)
        .body(Body::from(answer.bytes().await.unwrap()))
        .unwrap()
}

#[test]
fn reads_share_a_connection_in_http_2_and_creates_keep_theirs_in_http_1() {
    let (front, folder) = (Front::offering(&[HTTP_2, HTTP_1]), Folder::with_sheet(20));
    front.run(&folder).expect_code(0);
    let ledger = front.provider.ledger();
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
    let (connections, reads) = front.connections_and_requests(&Method::GET, Version::HTTP_2);
    assert!(reads > 4 && connections == 1, "{reads} on {connections}");
    let (connections, creates) = front.connections_and_requests(&Method::POST, Version::HTTP_11);
    assert!(
        creates == 20 && connections <= 5,
        "{creates} on {connections}"
    );
}

#[test]
fn a_server_without_http_2_does_as_well() {
    let (front, folder) = (Front::offering(&[HTTP_1]), Folder::with_sheet(5));
    front.run(&folder).expect_code(0);
    folder.expect_every_paid_video(&front.provider.ledger());
    let (_, reads) = front.connections_and_requests(&Method::GET, Version::HTTP_11);
    assert!(reads > 0);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told_and_no_key_is_sent() {
    let (front, folder) = (Front::offering(&[HTTP_2]), Folder::new());
    let answer = folder.run(&["personas", "--base-url", &front.address]);
    let answer = answer.expect_code(1);
    for words in ["certificate: UnknownIssuer", "that this machine trusts"] {
        assert!(answer.stderr.contains(words), "{}", answer.stderr);
    }
    assert!(front.seen.lock().unwrap().is_empty());
}

//! TLS certificates and HTTP/2.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::program::{Folder, Output, Provider, campaign_at, expect_nothing_paid_twice, output};

const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// The beginning of the sandbox's links, before the port.
const LOCAL: &str = "http://127.0.0.1:";

/// The beginning of the paths of files at the proxy, before the sandbox's port.
const FILES: &str = "/files/";

/// A received request.
struct Request {
    connection: usize,
    version: Version,
    method: Method,
}

/// `https://localhost`, which forwards requests to a sandbox.
struct TlsProxy {
    provider: Provider,
    runtime: Runtime,
    folder: tempfile::TempDir,
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl TlsProxy {
    /// Starts a proxy that offers `protocols`, the preferred one first.
    fn start(protocols: &[&[u8]]) -> Self {
        Self::with(&CertificateParams::new(["localhost".to_owned()]).unwrap(), protocols)
    }

    /// Starts a proxy with a certificate of this kind, signed by itself.
    fn with(parameters: &CertificateParams, protocols: &[&[u8]]) -> Self {
        let provider = Provider::new();
        let signing_key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&signing_key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), certificate.pem()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        // An error means that another test has installed it.
        let _already = ring::default_provider().install_default();
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let proxy = Self {
            address: format!("https://localhost:{}", listener.local_addr().unwrap().port()),
            requests: Arc::default(),
            folder,
            provider,
            runtime,
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let upstream = proxy.provider.base_url().to_owned();
        let address = proxy.address.clone();
        let (client, requests) = (reqwest::Client::new(), Arc::clone(&proxy.requests));
        proxy.runtime.spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                let (upstream, address) = (upstream.clone(), address.clone());
                let (client, requests) = (client.clone(), Arc::clone(&requests));
                tokio::spawn(async move {
                    // Fails if the client does not trust the certificate.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let router = axum::Router::new().fallback(
                        async move |version, method: Method, uri: Uri, headers, body| {
                            if uri.path().starts_with("/api/") {
                                requests.lock().unwrap().push(Request {
                                    connection,
                                    version,
                                    method: method.clone(),
                                });
                            }
                            let path = uri.path_and_query().unwrap().as_str();
                            let url = match path.strip_prefix(FILES) {
                                Some(port_and_path) => format!("{LOCAL}{port_and_path}"),
                                None => format!("{upstream}{path}"),
                            };
                            let request = client.request(method, url);
                            forward(request, headers, body, &address).await
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
        proxy
    }

    /// Runs `sheet.csv` with trust in the certificate.
    fn run(&self, folder: &Folder) -> Output {
        let mut command = folder.command(&campaign_at("run", &self.address, &[]));
        output(command.env("SSL_CERT_FILE", self.folder.path().join("authority.pem")))
    }

    /// Returns the number of connections and requests with `method`, all of which must use `version`.
    #[track_caller]
    fn connections_and_requests(&self, method: &Method, version: Version) -> (usize, usize) {
        let requests = self.requests.lock().unwrap();
        let requests = requests.iter().filter(|request| request.method == method);
        let connections: BTreeSet<usize> =
            requests.clone().map(|request| request.connection).collect();
        assert!(requests.clone().all(|request| request.version == version));
        (connections.len(), requests.count())
    }
}

/// Forwards a request to the sandbox and returns its response. Links in it lead to `address`, followed by the
/// port and path of the file.
async fn forward(
    request: reqwest::RequestBuilder,
    mut headers: HeaderMap,
    body: Bytes,
    address: &str,
) -> Response<Body> {
    headers.remove("host");
    // The body is read here.
    headers.remove("accept-encoding");
    let response = request.headers(headers).body(body).send().await.unwrap();
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    let body = match std::str::from_utf8(&bytes) {
        Ok(text) => Body::from(text.replace(LOCAL, &format!("{address}{FILES}"))),
        Err(_) => Body::from(bytes),
    };
    Response::builder().status(status).body(body).unwrap()
}

#[test]
fn reads_share_an_http_2_connection_and_creates_use_http_1() {
    let (proxy, folder) = (TlsProxy::start(&[HTTP_2, HTTP_1]), Folder::with_sheet(20));
    proxy.run(&folder).expect_code(0);
    let ledger = proxy.provider.ledger();
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
    let (connections, reads) = proxy.connections_and_requests(&Method::GET, Version::HTTP_2);
    assert!(reads > 4 && connections == 1, "{reads} on {connections}");
    let (connections, creates) = proxy.connections_and_requests(&Method::POST, Version::HTTP_11);
    assert!(creates == 20 && connections <= 5, "{creates} on {connections}");
}

#[test]
fn a_server_without_http_2_works() {
    let (proxy, folder) = (TlsProxy::start(&[HTTP_1]), Folder::with_sheet(5));
    proxy.run(&folder).expect_code(0);
    folder.expect_every_paid_video(&proxy.provider.ledger());
    let (_, reads) = proxy.connections_and_requests(&Method::GET, Version::HTTP_11);
    assert!(reads > 0);
}

#[test]
fn an_untrusted_certificate_is_reported_and_no_credentials_are_sent() {
    let (proxy, folder) = (TlsProxy::start(&[HTTP_2]), Folder::new());
    let answer = folder.run(&["personas", "--base-url", &proxy.address]);
    answer
        .expect_code(10)
        .expect_stderr(&["certificate: UnknownIssuer", "that this machine trusts"]);
    assert!(proxy.requests.lock().unwrap().is_empty());
}

#[test]
fn a_certificate_that_is_not_for_a_server_is_described_in_words() {
    let parameters = || CertificateParams::new(["localhost".to_owned()]).unwrap();
    let (mut authority, mut client) = (parameters(), parameters());
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for (parameters, words) in [
        (&authority, "the certificate is an authority's own"),
        (&client, "the certificate is not for a server"),
    ] {
        let (proxy, folder) = (TlsProxy::with(parameters, &[HTTP_1]), Folder::new());
        let mut command = folder.command(&["personas", "--base-url", &proxy.address]);
        command.env("SSL_CERT_FILE", proxy.folder.path().join("authority.pem"));
        let answer = output(&mut command).expect_code(10).expect_stderr(&[words]);
        answer.expect_not_in_stderr(&["OtherError", "Other("]);
        assert!(proxy.requests.lock().unwrap().is_empty());
    }
}

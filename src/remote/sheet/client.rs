//! Fetching a sheet: [`SheetClient`].

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, Request, Response, StatusCode, Url};

use super::SheetError;
use super::address::SheetAddress;
use super::response::SheetFile;
use super::service::{is_same_service, is_sign_in};
use crate::model::{Failure, FailureKind, SecretText};
use crate::remote::address::{AddressPolicy, LinkPolicy, is_internal, is_loopback};
use crate::remote::download::Link;
use crate::remote::http::{
    PublicOnlyResolver, RemoteError, build_client, next_chunk, redirect_location, timeout_failure,
    transport_failure,
};
use crate::remote::settings::{GatewayPlace, Proxy, Timeouts};

/// The maximum size in bytes: a sheet of a million long texts.
const MAX_SHEET: usize = 64 << 20;

/// Google needs one or two redirects.
const MAX_REDIRECTS: usize = 5;

/// A second attempt helps if the network failed for a moment.
const ATTEMPTS: usize = 2;

const LATER: &str = "check the address and the network, and try again";

/// The time limit of one attempt. A server that sends a byte a minute must not hold up the night.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Fetches sheets, without the credentials of the API.
#[derive(Debug)]
pub(crate) struct SheetClient {
    /// For other machines, through the system's proxy.
    external: Client,
    /// For this machine.
    local: Client,
    resolver: PublicOnlyResolver,
    stall: Duration,
    total: Duration,
    max_bytes: usize,
}

/// An error, and whether a second attempt may succeed.
struct Refusal {
    error: SheetError,
    may_pass: bool,
}

impl From<SheetError> for Refusal {
    fn from(error: SheetError) -> Self {
        Self { error, may_pass: false }
    }
}

impl SheetClient {
    /// Creates the clients for `address`; sends nothing yet.
    ///
    /// # Errors
    /// If an HTTP client cannot be built.
    pub(crate) fn new(address: &SheetAddress) -> Result<Self, RemoteError> {
        // As for the files of a gateway: only a host that is internal itself may redirect to internal addresses.
        let host = address.url.host_str().map(str::to_owned);
        let resolver = PublicOnlyResolver::new(host, GatewayPlace::default());
        let Timeouts { connect, stall, .. } = Timeouts::default();
        Ok(Self {
            external: build_client(connect, Proxy::System, |builder| {
                builder.gzip(true).dns_resolver(resolver.clone())
            })?,
            local: build_client(connect, Proxy::Bypass, |builder| builder.gzip(true))?,
            resolver,
            stall,
            total: ATTEMPT_TIMEOUT,
            max_bytes: MAX_SHEET,
        })
    }

    /// Fetches the sheet at `address`. `token` is sent to its host alone.
    ///
    /// # Errors
    /// If there is no sheet; says what to change.
    pub(crate) async fn fetch(
        &self,
        address: &SheetAddress,
        token: Option<&SecretText>,
    ) -> Result<SheetFile, SheetError> {
        let token = token.map(authorization).transpose()?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let attempt = self.attempt(address, token.as_ref());
            let result = match tokio::time::timeout(self.total, attempt).await {
                Ok(result) => result,
                Err(_elapsed) => {
                    let seconds = self.total.as_secs_f32();
                    let message =
                        format!("`{}` was not received within {seconds} s", address.shown);
                    Err(SheetError::new(message, LATER).into())
                }
            };
            match result {
                Ok(file) => return Ok(file),
                Err(refusal) if refusal.may_pass && attempts < ATTEMPTS => {}
                Err(refusal) => return Err(refusal.error),
            }
        }
    }

    async fn attempt(
        &self,
        address: &SheetAddress,
        token: Option<&HeaderValue>,
    ) -> Result<SheetFile, Refusal> {
        let SheetAddress { url, shown, service, .. } = address;
        let is_inside = is_internal(url);
        let addresses = if is_inside { AddressPolicy::Any } else { AddressPolicy::PublicOnly };
        // Redirects without encryption are refused below, with the reason that fits a sheet.
        let policy = LinkPolicy { addresses, is_encrypted: false };
        let unreadable = |failure: Failure| -> Refusal {
            SheetError::new(format!("`{shown}` cannot be read: {}", failure.message), LATER).into()
        };
        let mut link = Link::parse(url.as_str(), policy).map_err(unreadable)?;
        for _ in 0..=MAX_REDIRECTS {
            let has_token = token.filter(|_| link.url().origin() == url.origin());
            let response = self.get(&link, url, has_token).await?;
            let Some(location) = redirect_location(&response) else {
                return self.read(address, response, has_token.is_some()).await;
            };
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            // Before the check of the link: the page where people sign in is the likeliest reason.
            if link.url().join(&location).is_ok_and(|next| is_sign_in(&next)) {
                let message = format!(
                    "`{shown}` asks for a sign-in: not everyone with the link may read the sheet"
                );
                return Err(SheetError::new(message, service.sharing_help()).into());
            }
            let next = link.follow(&location).map_err(unreadable)?;
            let host = next.host();
            let is_downgrade = next.url().scheme() != "https" && !is_loopback(next.url());
            if is_downgrade || !is_same_service(link.url(), next.url()) {
                let what =
                    if is_downgrade { "an unencrypted address of" } else { "another service:" };
                let message = format!("`{shown}` cannot be read: it redirects to {what} `{host}`");
                let help =
                    "open it in a browser, and give the address that downloads the sheet itself";
                return Err(SheetError::new(message, help).into());
            }
            link = next;
        }
        let message = format!("`{shown}` cannot be read: it redirects in circles");
        Err(SheetError::new(message, service.file_help()).into())
    }

    async fn get(
        &self,
        link: &Link,
        first: &Url,
        token: Option<&HeaderValue>,
    ) -> Result<Response, Refusal> {
        let mut request = Request::new(Method::GET, link.url().clone());
        if let Some(token) = token {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
        }
        let client = if is_loopback(link.url()) {
            &self.local
        } else {
            // The user named the first host, a server all others.
            if link.url().host() != first.host() {
                self.resolver.guard(link.url());
            }
            &self.external
        };
        let host = format!("`{}`", link.host());
        let failure = match tokio::time::timeout(self.stall, client.execute(request)).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => transport_failure(&error.without_url(), &host),
            Err(_elapsed) => timeout_failure(link.host(), self.stall),
        };
        Err(broken(&failure))
    }

    /// Reads the response that is not a redirect.
    async fn read(
        &self,
        address: &SheetAddress,
        mut response: Response,
        has_token: bool,
    ) -> Result<SheetFile, Refusal> {
        let status = response.status();
        if status != StatusCode::OK {
            return Err(refusal(address, status, has_token));
        }
        let too_large = || {
            let (shown, limit) = (&address.shown, self.max_bytes >> 20);
            let message = format!("`{shown}` is larger than {limit} MB");
            let help = "split the sheet, or delete what is not needed, such as pictures and other sheets of the workbook";
            SheetError::new(message, help)
        };
        let announced = response.content_length();
        if announced.is_some_and(|length| length > self.max_bytes as u64) {
            return Err(too_large().into());
        }
        let host = response.url().host_str().unwrap_or_default();
        let host = format!("`{host}`");
        let mut bytes = Vec::new();
        loop {
            match next_chunk(&mut response, self.stall, &host).await {
                Ok(Some(chunk)) if bytes.len() + chunk.as_ref().len() > self.max_bytes => {
                    return Err(too_large().into());
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(chunk.as_ref()),
                Ok(None) => break,
                Err(failure) => return Err(broken(&failure)),
            }
        }
        Ok(SheetFile::new(address, response.headers(), bytes)?)
    }
}

/// Returns the header with the user's token.
fn authorization(token: &SecretText) -> Result<HeaderValue, SheetError> {
    let value = HeaderValue::try_from(format!("Bearer {}", token.expose().trim()));
    let mut value = value.map_err(|_| {
        let message = "the value of CALLSHEET_SHEET_TOKEN cannot be sent";
        SheetError::new(
            message,
            "it holds a line break or another character that HTTP does not allow",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns the refusal for an attempt that did not receive an answer.
fn broken(failure: &Failure) -> Refusal {
    let error = SheetError::new(format!("the sheet cannot be read: {}", failure.message), LATER);
    Refusal { error, may_pass: failure.kind != FailureKind::Refused }
}

/// Returns the refusal for a status that is neither a success nor a redirect.
fn refusal(address: &SheetAddress, status: StatusCode, has_token: bool) -> Refusal {
    let SheetAddress { shown, service, .. } = address;
    let (what, help) = match status.as_u16() {
        401 | 403 if has_token => {
            ("is not readable with this token", "check the value of CALLSHEET_SHEET_TOKEN")
        }
        401 | 403 => ("may not be read by everyone with the link", service.sharing_help()),
        404 | 410 => (
            "was not found",
            "check the address: the sheet may have been moved, deleted, or taken back from the web",
        ),
        429 => ("was requested too often", "try again in a few minutes"),
        500..=599 => ("cannot be had at the moment", "the server has a problem: try again later"),
        _ => ("cannot be read", service.file_help()),
    };
    let error = SheetError::new(format!("`{shown}` {what} (the server answered {status})"), help);
    Refusal { error, may_pass: status.is_server_error() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::scripted_server::{Action, ScriptedServer, answer};
    use crate::remote::sheet::address::address;

    const SHEET: &str = "text,persona\nHi,Anna\n";

    fn sheet() -> Action {
        let headers = "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=\"Spring.csv\"\r\n";
        Action::Answer(answer("200 OK", headers, SHEET))
    }

    fn status(status: &str) -> Action {
        Action::Answer(answer(status, "Content-Type: text/html\r\n", "<html>s3cret page</html>"))
    }

    fn redirect(to: &str) -> Action {
        Action::Answer(answer("307 Temporary Redirect", &format!("Location: {to}\r\n"), ""))
    }

    fn client(address: &SheetAddress) -> SheetClient {
        let second = Duration::from_millis(700);
        SheetClient {
            stall: second,
            total: 4 * second,
            max_bytes: 1 << 20,
            ..SheetClient::new(address).unwrap()
        }
    }

    async fn fetch(server: &ScriptedServer, token: Option<&str>) -> Result<SheetFile, SheetError> {
        let address = address(&format!("{}/export?key=s3cret", server.address)).unwrap();
        let token = token.map(SecretText::new);
        let result = client(&address).fetch(&address, token.as_ref()).await;
        if let Err(error) = &result {
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        result
    }

    /// The same server under another name of this machine, as Google redirects to another host.
    fn other_name(server: &ScriptedServer, path: &str) -> String {
        let port = server.address.rsplit(':').next().unwrap();
        format!("http://localhost:{port}{path}")
    }

    #[tokio::test]
    async fn a_sheet_is_fetched_through_a_redirect_as_google_sends_it() {
        let content = ScriptedServer::start([sheet()]).await;
        let export =
            ScriptedServer::start([redirect(&other_name(&content, "/export/s3cret"))]).await;
        let file = fetch(&export, Some("t0ken")).await.unwrap();
        assert_eq!(file.bytes, SHEET.as_bytes());
        assert_eq!(file.name.as_deref(), Some("Spring.csv"));
        assert_eq!(file.extension, "csv");
        let first = &export.requests()[0];
        assert_eq!(first.line, "GET /export?key=s3cret HTTP/1.1");
        assert_eq!(first.headers["authorization"], "Bearer t0ken");
        let second = &content.requests()[0];
        assert_eq!(second.line, "GET /export/s3cret HTTP/1.1");
        assert!(!second.headers.contains_key("authorization"), "the token left its host");
    }

    #[tokio::test]
    async fn the_token_stays_with_its_host_on_a_redirect_within_it() {
        let server = ScriptedServer::start([redirect("/other"), sheet()]).await;
        fetch(&server, Some(" t0ken\n")).await.unwrap();
        let tokens = server.requests();
        let tokens = tokens.iter().filter(|it| it.headers["authorization"] == "Bearer t0ken");
        assert_eq!(tokens.count(), 2);
        let error = fetch(&server, Some("t0\nken")).await.unwrap_err();
        assert!(error.message.contains("CALLSHEET_SHEET_TOKEN"), "{error:?}");
    }

    #[tokio::test]
    async fn redirects_elsewhere_are_refused() {
        for (to, reason) in [
            ("https://accounts.google.com/ServiceLogin?continue=s3cret", "asks for a sign-in"),
            ("https://login.microsoftonline.com/x", "asks for a sign-in"),
            ("https://x.example/a.csv", "another service: `x.example`"),
            ("http://x.example/a.csv", "unencrypted"),
            ("http://169.254.169.254/latest/meta-data", "unencrypted"),
            ("https://169.254.169.254/latest/meta-data", "another service"),
            ("https://10.0.0.1/", "another service"),
            ("file:///etc/passwd", "only `http` and `https`"),
            ("http://u:s3cret@localhost/", "user name"),
        ] {
            let server = ScriptedServer::start([redirect(to)]).await;
            let error = fetch(&server, None).await.unwrap_err();
            assert!(error.message.contains(reason), "{to}: {error:?}");
            assert_eq!(server.requests().len(), 1, "{to}");
        }
        let server = ScriptedServer::start((0..9).map(|_| redirect("/export"))).await;
        let error = fetch(&server, None).await.unwrap_err();
        assert!(error.message.contains("in circles"), "{error:?}");
    }

    #[tokio::test]
    async fn each_status_says_what_to_change() {
        for (code, token, message, help) in [
            ("401 Unauthorized", None, "may not be read by everyone", "CALLSHEET_SHEET_TOKEN"),
            ("403 Forbidden", None, "may not be read by everyone", "let everyone"),
            ("403 Forbidden", Some("t0ken"), "with this token", "CALLSHEET_SHEET_TOKEN"),
            ("404 Not Found", None, "was not found", "deleted"),
            ("410 Gone", None, "was not found", "deleted"),
            ("429 Too Many Requests", None, "too often", "few minutes"),
            ("400 Bad Request", None, "cannot be read (the server answered 400", "downloads"),
            ("204 No Content", None, "answered 204", "downloads"),
            ("200 OK", None, "is a web page", "downloads"),
        ] {
            let server = ScriptedServer::start([status(code)]).await;
            let error = fetch(&server, token).await.unwrap_err();
            assert!(error.message.contains(message), "{code}: {error:?}");
            assert!(error.help.contains(help), "{code}: {error:?}");
            assert_eq!(server.requests().len(), 1, "{code}");
        }
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_twice() {
        for trouble in
            [status("503 Service Unavailable"), Action::Close(Vec::new()), Action::Hang(Vec::new())]
        {
            let server = ScriptedServer::start([trouble.clone(), sheet()]).await;
            fetch(&server, None).await.unwrap();
            let server = ScriptedServer::start([trouble.clone(), trouble, sheet()]).await;
            let error = fetch(&server, None).await.unwrap_err();
            assert!(error.help.contains("again"), "{error:?}");
        }
        let truncated = answer("200 OK", "", SHEET);
        let truncated = Action::Close(truncated[..truncated.len() - 3].to_vec());
        let server = ScriptedServer::start([truncated.clone(), truncated]).await;
        assert!(fetch(&server, None).await.is_err());
    }

    #[tokio::test]
    async fn a_sheet_is_not_received_beyond_its_limits() {
        let announced = answer("200 OK", "", vec![b'a'; 2 << 20]);
        let endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        let chunk = [&b"4000\r\n"[..], &[b'a'; 0x4000], b"\r\n"].concat();
        for action in [Action::Answer(announced), Action::Endless(endless, chunk)] {
            let server = ScriptedServer::start([action]).await;
            let error = fetch(&server, None).await.unwrap_err();
            assert!(error.message.contains("larger than 1 MB"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_compressed_bomb_ends_at_the_limit() {
        use flate2::write::GzEncoder;
        use std::io::Write as _;
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b'a'; 64 << 20]).unwrap();
        let bomb = answer("200 OK", "Content-Encoding: gzip\r\n", encoder.finish().unwrap());
        let server = ScriptedServer::start([Action::Answer(bomb)]).await;
        let error = fetch(&server, None).await.unwrap_err();
        assert!(error.message.contains("larger than"), "{error:?}");
    }

    #[tokio::test]
    async fn an_address_where_nothing_listens_is_named_without_its_query() {
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let address = address(&format!("http://127.0.0.1:{port}/?key=s3cret")).unwrap();
        let error = client(&address).fetch(&address, None).await.unwrap_err();
        assert!(error.message.contains("cannot connect to `127.0.0.1`"), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

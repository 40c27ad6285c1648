//! The gate in front of every request: host, session, origin; and the headers of every response.
//!
//! A page of another site can send requests to this server from the user's browser. The `Host` header stops DNS rebinding,
//! the cookie stops everything that did not open the printed address, and the `Origin` header stops forged requests of
//! pages on other ports of this machine, which count as the same site.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Response};

use super::error::in_error_form;
use crate::model::CommandName;
use crate::report::CommandLine;
use crate::util::text::{escape_html, hex};

/// The content security policy: nothing but files of this server, and no script in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
                      media-src 'self' blob:; connect-src 'self'; form-action 'none'; \
                      frame-ancestors 'none'; base-uri 'none'";

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The media types of request bodies. Unlike those of forms, they make a browser ask before it sends them to another site.
const BODY_TYPES: [&str; 2] = ["application/json", "application/octet-stream"];

/// The page that opens the studio. A redirect would do so without the new cookie if another page, such as a local file,
/// led here: for the browser, it would be a request of that page.
const ENTRANCE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta http-equiv=\"refresh\" content=\"0;url=/\"><title>callsheet</title></head>\
    <body><p><a href=\"/\">Open the studio</a></p></body></html>\n";

/// How long a session lasts, in seconds.
const SESSION_SECONDS: u32 = 86_400;

/// Decides which requests are served.
pub(super) struct Gate {
    port: u16,
    /// The value of the session's cookie.
    session: String,
    tokens: Mutex<Tokens>,
    /// Prints an address with a token.
    announce: Box<dyn Fn(&str) + Send + Sync>,
}

/// The one-time tokens that open a session.
#[derive(Default)]
struct Tokens {
    unused: String,
    used: Vec<String>,
}

/// What the gate does with a request.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is served.
    Pass,
    /// It opens the session.
    Enter,
    /// It has a token although the session is open.
    Inside,
    /// It is refused.
    Refuse(StatusCode, &'static str, String),
}

impl Gate {
    /// Creates the gate of the server on `port`. `announce` receives the address that opens the session, and a new one when
    /// an address is opened a second time.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub(super) fn new(
        port: u16,
        announce: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, getrandom::Error> {
        let tokens = Mutex::new(Tokens { unused: secret()?, used: Vec::new() });
        Ok(Self { port, session: secret()?, tokens, announce })
    }

    /// Prints the address that opens the session.
    pub(super) fn announce(&self) {
        let token = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).unused.clone();
        (self.announce)(&format!("http://127.0.0.1:{}/?token={token}", self.port));
    }

    /// The name of the cookie. Cookies of all ports of a host are sent to each of them.
    fn cookie(&self) -> String {
        format!("callsheet-{}", self.port)
    }

    fn verdict(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Verdict {
        let Some(host) = self.host(uri, headers) else {
            let advice =
                format!("Open http://127.0.0.1:{} in the browser of this machine.", self.port);
            let title = "This server answers only under its own name";
            return Verdict::Refuse(StatusCode::FORBIDDEN, title, advice);
        };
        let is_read = method == Method::GET || method == Method::HEAD;
        let is_session = self.has_cookie(headers);
        if method == Method::GET
            && uri.path() == "/"
            && let Some(token) = uri.query().and_then(|query| query.strip_prefix("token="))
        {
            return self.enter(token, is_session);
        }
        let site = text(headers, &FETCH_SITE);
        let is_navigation =
            is_read && uri.path() == "/" && text(headers, &FETCH_MODE) == Some("navigate");
        let is_own = match site {
            None | Some("same-origin") => true,
            Some("none") => is_read,
            Some(_) => is_navigation,
        };
        let origin = format!("http://{host}");
        if !is_own || (!is_read && text(headers, &ORIGIN) != Some(origin.as_str())) {
            let title = "This request comes from another page";
            let advice = "Only the studio's own page can send it.".to_owned();
            return Verdict::Refuse(StatusCode::FORBIDDEN, title, advice);
        }
        if !is_session {
            let title = "The studio is open in another browser, or not yet";
            let command = CommandLine::new(CommandName::Studio);
            let advice = format!(
                "Open the address that `{command}` has printed in the terminal. It can be used once: opened again, the \
                 terminal shows a new one."
            );
            return Verdict::Refuse(StatusCode::UNAUTHORIZED, title, advice);
        }
        let body = text(headers, &CONTENT_TYPE).and_then(|it| it.split(';').next()).map(str::trim);
        if !is_read && !body.is_some_and(|body| BODY_TYPES.contains(&body)) {
            let title = "The body has another media type";
            let advice = format!("Send one of {}.", BODY_TYPES.join(", "));
            return Verdict::Refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, title, advice);
        }
        Verdict::Pass
    }

    fn enter(&self, token: &str, is_session: bool) -> Verdict {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if is_equal(token, &tokens.unused)
            && let Ok(next) = secret()
        {
            let used = std::mem::replace(&mut tokens.unused, next);
            tokens.used.push(used);
            return Verdict::Enter;
        }
        if is_session {
            return Verdict::Inside;
        }
        if tokens.used.iter().any(|used| is_equal(token, used)) {
            drop(tokens);
            self.announce();
            let title = "This address was used already";
            let advice = "The terminal shows a new one.".to_owned();
            return Verdict::Refuse(StatusCode::FORBIDDEN, title, advice);
        }
        let title = "This address is wrong";
        let command = CommandLine::new(CommandName::Studio);
        let advice = format!("Open the newest address that `{command}` has printed.");
        Verdict::Refuse(StatusCode::FORBIDDEN, title, advice)
    }

    /// Returns the host of a request if it names this server.
    fn host<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next()?.to_str().ok()?;
        let is_own = |host: &str| {
            let own = ["127.0.0.1", "localhost", "[::1]"];
            // Browsers leave out the usual port of `http`.
            let is_port = |port: &str| {
                port == format!(":{}", self.port) || (self.port == 80 && port.is_empty())
            };
            own.iter().any(|own| host.strip_prefix(own).is_some_and(is_port))
        };
        let is_consistent = uri.authority().is_none_or(|authority| authority.as_str() == host);
        (hosts.next().is_none() && is_own(host) && is_consistent).then_some(host)
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie();
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|value| value.split(';')).filter_map(|it| it.trim().split_once('='));
        pairs.any(|(key, value)| key == name && is_equal(value, &self.session))
    }

    fn session_cookie(&self) -> String {
        let (name, session) = (self.cookie(), &self.session);
        format!("{name}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={SESSION_SECONDS}")
    }
}

/// Serves a request if the gate lets it pass, and sets the headers of the response.
pub(super) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let verdict = gate.verdict(request.method(), request.uri(), request.headers());
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match verdict {
        Verdict::Pass if is_api => in_error_form(next.run(request).await).await,
        Verdict::Pass => next.run(request).await,
        Verdict::Enter => {
            let mut response = Html(ENTRANCE).into_response();
            if let Ok(cookie) = HeaderValue::from_str(&gate.session_cookie()) {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Verdict::Inside => redirect(),
        Verdict::Refuse(status, title, advice) if is_api => {
            let body = serde_json::json!({ "error": title, "hints": [advice] });
            (status, axum::Json(body)).into_response()
        }
        Verdict::Refuse(status, title, advice) => {
            (status, Html(page(title, &advice))).into_response()
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CORP, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn redirect() -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response()
}

/// Returns a page with a short message.
fn page(title: &str, advice: &str) -> String {
    let (title, advice) = (escape_html(title), escape_html(advice));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p>{advice}</p></body></html>\n"
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    // Several values, or one that is no text, equal nothing that is expected.
    Some(value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or(""))
}

/// Returns 128 random bits in hexadecimal digits.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Compares two texts in a time that depends on their length alone.
fn is_equal(one: &str, other: &str) -> bool {
    let difference =
        one.bytes().zip(other.bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u16 = 4711;

    fn gate() -> Gate {
        Gate::new(PORT, Box::new(|_| ())).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn status(gate: &Gate, method: &Method, uri: &str, pairs: &[(&'static str, &str)]) -> u16 {
        match gate.verdict(method, &uri.parse().unwrap(), &headers(pairs)) {
            Verdict::Pass | Verdict::Enter => 200,
            Verdict::Inside => 303,
            Verdict::Refuse(status, ..) => status.as_u16(),
        }
    }

    #[test]
    fn only_the_names_of_this_machine_are_served() {
        let gate = gate();
        let cookie = format!("a=b; callsheet-4711={}", gate.session);
        let get = |hosts: &[&str]| {
            let mut pairs: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            pairs.push(("cookie", &cookie));
            status(&gate, &Method::GET, "/assets/page.js", &pairs)
        };
        for host in ["127.0.0.1:4711", "localhost:4711", "[::1]:4711"] {
            assert_eq!(get(&[host]), 200, "{host}");
        }
        for host in ["evil.example:4711", "127.0.0.1", "127.0.0.1:80", "localhost.evil:4711", ""] {
            assert_eq!(get(&[host]), 403, "{host}");
        }
        assert_eq!(get(&[]), 403);
        assert_eq!(get(&["localhost:4711", "evil.example:4711"]), 403);
        let pairs = [("host", "localhost:4711"), ("cookie", &cookie)];
        assert_eq!(status(&gate, &Method::GET, "http://evil.example:4711/", &pairs), 403);
    }

    #[test]
    fn browsers_leave_out_the_usual_port() {
        let gate = Gate::new(80, Box::new(|_| ())).unwrap();
        let cookie = format!("callsheet-80={}", gate.session);
        let post = |host: &str| {
            let origin = format!("http://{host}");
            let pairs = [
                ("host", host),
                ("cookie", &cookie),
                ("origin", &origin),
                ("content-type", "application/json"),
            ];
            status(&gate, &Method::POST, "/api/sheets", &pairs)
        };
        for host in ["127.0.0.1", "localhost", "[::1]", "127.0.0.1:80"] {
            assert_eq!(post(host), 200, "{host}");
        }
        for host in ["127.0.0.1:", "localhost.evil", "127.0.0.1:8080", "evil.example"] {
            assert_eq!(post(host), 403, "{host}");
        }
    }

    #[test]
    fn a_token_opens_the_session_once() {
        let gate = gate();
        let host = ("host", "localhost:4711");
        let token = gate.tokens.lock().unwrap().unused.clone();
        let address = format!("/?token={token}");
        assert_eq!(status(&gate, &Method::GET, "/?token=", &[host]), 403);
        assert_eq!(status(&gate, &Method::GET, &format!("/api/?token={token}"), &[host]), 401);
        assert_eq!(status(&gate, &Method::HEAD, &address, &[host]), 401);
        assert_eq!(status(&gate, &Method::GET, &address, &[("host", "evil:4711")]), 403);
        // A local file may lead here.
        let from_file = [host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert_eq!(status(&gate, &Method::GET, &address, &from_file), 200);
        assert_eq!(status(&gate, &Method::GET, &address, &[host]), 403);
        let cookie = format!("callsheet-4711={}", gate.session);
        assert_eq!(status(&gate, &Method::GET, &address, &[host, ("cookie", &cookie)]), 303);
        assert!(gate.session_cookie().contains("HttpOnly; SameSite=Strict"));
    }

    #[test]
    fn a_used_address_announces_a_new_one() {
        let announced: Arc<Mutex<Vec<String>>> = Arc::default();
        let receiver = Arc::clone(&announced);
        let announce = move |address: &str| receiver.lock().unwrap().push(address.to_owned());
        let gate = Gate::new(PORT, Box::new(announce)).unwrap();
        gate.announce();
        let first = announced.lock().unwrap()[0].clone();
        let token = first.split_once('=').unwrap().1;
        assert_eq!(gate.enter("wrong", false), gate.enter("wrong", false));
        assert_eq!(gate.enter(token, false), Verdict::Enter);
        assert_eq!(announced.lock().unwrap().len(), 1);
        assert!(matches!(gate.enter(token, false), Verdict::Refuse(..)));
        let second = announced.lock().unwrap()[1].clone();
        assert_ne!(first, second);
        assert_eq!(gate.enter(second.split_once('=').unwrap().1, false), Verdict::Enter);
    }

    #[test]
    fn every_request_needs_the_cookie() {
        let gate = gate();
        let (host, origin) = (("host", "localhost:4711"), ("origin", "http://localhost:4711"));
        let of_other_port = format!("callsheet-4712={}", gate.session);
        for cookie in ["", "callsheet-4711=", "callsheet-4711=0", &of_other_port] {
            let pairs = [host, origin, ("cookie", cookie), ("content-type", "application/json")];
            for path in ["/", "/assets/page.js", "/api/campaigns/a/events", "/nowhere"] {
                assert_eq!(status(&gate, &Method::GET, path, &pairs), 401, "{path} {cookie}");
            }
            assert_eq!(status(&gate, &Method::POST, "/api/sheets", &pairs), 401);
        }
    }

    #[test]
    fn a_change_needs_the_origin_of_the_page() {
        let gate = gate();
        let cookie = format!("callsheet-4711={}", gate.session);
        let base = [("host", "localhost:4711"), ("cookie", cookie.as_str())];
        let own = ("origin", "http://localhost:4711");
        let json = ("content-type", "application/json; charset=utf-8");
        let post = |more: &[(&'static str, &str)]| {
            let mut pairs: Vec<(&'static str, &str)> = base.to_vec();
            pairs.extend_from_slice(more);
            [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS]
                .map(|method| status(&gate, &method, "/api/a", &pairs))
        };
        assert_eq!(post(&[own, json]), [200; 4]);
        assert_eq!(post(&[own, json, ("sec-fetch-site", "same-origin")]), [200; 4]);
        assert_eq!(post(&[json]), [403; 4]);
        for origin in
            ["null", "http://evil.example", "https://localhost:4711", "http://127.0.0.1:4711"]
        {
            assert_eq!(post(&[json, ("origin", origin)]), [403; 4], "{origin}");
        }
        assert_eq!(post(&[own, ("origin", "http://evil.example"), json]), [403; 4]);
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(post(&[own, json, ("sec-fetch-site", site)]), [403; 4], "{site}");
        }
        for media in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ""]
        {
            assert_eq!(post(&[own, ("content-type", media)]), [415; 4], "{media}");
        }
        assert_eq!(post(&[own]), [415; 4]);
    }

    #[test]
    fn other_sites_can_link_to_the_page_alone() {
        let gate = gate();
        let cookie = format!("callsheet-4711={}", gate.session);
        let get = |path: &str, site: &str, mode: &str| {
            let base = [("host", "localhost:4711"), ("cookie", cookie.as_str())];
            let pairs = [base[0], base[1], ("sec-fetch-site", site), ("sec-fetch-mode", mode)];
            status(&gate, &Method::GET, path, &pairs)
        };
        assert_eq!(get("/", "cross-site", "navigate"), 200);
        assert_eq!(get("/", "cross-site", "no-cors"), 403);
        for site in ["cross-site", "same-site"] {
            for path in ["/api/studio", "/api/campaigns/a/media/b/video", "/assets/page.js"] {
                assert_eq!(get(path, site, "navigate"), 403, "{path}");
            }
        }
        assert_eq!(get("/api/studio", "none", "navigate"), 200);
    }
}

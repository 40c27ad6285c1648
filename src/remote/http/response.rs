//! Classification of failed attempts by what may have happened.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::error_body::{ErrorBody, foreign_answer, page};
use super::redact::Redactor;
use super::resolver::PrivateAddressError;
use crate::model::{CommandKind, Failure, FailureKind, RetryAfter, Timestamp, redact_url};

/// Longest error body that is read, in bytes: only its beginning is shown.
const MAX_ERROR_BODY: usize = 64 << 10;

/// A year: longer pauses are cut to it. The engine stops the run for much shorter ones.
const MAX_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Returns the failure for a request to `peer` without a response.
///
/// Only an error while connecting proves that nothing was sent. After that the request may have arrived, whatever the kind
/// of the error.
pub(crate) fn transport_failure(error: &reqwest::Error, peer: &str) -> Failure {
    let reason = root_cause(error);
    let (kind, message) = if causes(error).any(<dyn Error>::is::<PrivateAddressError>) {
        // Nothing was sent, and another attempt would lead to the same address.
        (FailureKind::Refused, format!("{peer}: {reason}"))
    } else if error.is_connect() && error.is_timeout() {
        let message = format!("cannot connect to {peer}: it did not answer in time");
        (FailureKind::NotSent, message)
    } else if error.is_connect() {
        let advice = certificate_advice(error).unwrap_or_default();
        // Without the names of the library's types.
        let reason = reason.split(": Other(OtherError(").next().unwrap_or_default();
        let message = format!("cannot connect to {peer}: {reason}{advice}");
        (FailureKind::NotSent, message)
    } else if error.is_builder() {
        let message = format!("cannot send a request to {peer}: {reason}");
        (FailureKind::NotSent, message)
    } else if reason.starts_with("invalid HTTP") {
        let message = format!("{peer} does not answer in HTTP: {reason}");
        (FailureKind::NotFromApi, message)
    } else {
        let message = format!("the connection to {peer} broke: {reason}");
        (FailureKind::Lost, message)
    };
    Failure::new(kind, message)
}

/// Returns the failure for a request to `host` without a response within `limit`.
pub(crate) fn timeout_failure(host: &str, limit: Duration) -> Failure {
    let seconds = limit.as_secs_f32();
    let message = format!("no answer from `{host}` within {seconds} s");
    Failure::new(FailureKind::Lost, message)
}

/// Returns the failure for too many redirects.
pub(crate) fn redirect_loop(host: &str) -> Failure {
    let message = format!("`{host}` redirects in circles");
    Failure::new(FailureKind::Redirected, message)
}

/// Returns advice about the server's certificate if it was rejected.
fn certificate_advice(error: &reqwest::Error) -> Option<&'static str> {
    use rustls::CertificateError as C;
    let rejected = causes(error).find_map(|error| match error.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(why)) => Some(why),
        Some(_) | None => None,
    })?;
    let is_expired = matches!(rejected, C::Expired | C::ExpiredContext { .. });
    let is_early = matches!(rejected, C::NotValidYet | C::NotValidYetContext { .. });
    let is_other_name = matches!(rejected, C::NotValidForName | C::NotValidForNameContext { .. });
    Some(if is_expired {
        "; the certificate has expired: check this machine's clock; if it is right, the server's operator must renew it"
    } else if is_early {
        "; the certificate is not valid yet: check this machine's clock"
    } else if is_other_name {
        "; the certificate is for another name: check the address, and whether a firewall or the network's sign-in page \
         answers in its place"
    } else if *rejected == C::Revoked {
        "; the certificate was revoked: do not send keys to this address"
    } else if *rejected == C::BadSignature {
        "; the certificate's signature is wrong: it was changed or forged, so do not send keys to this address"
    } else if matches!(rejected, C::InvalidPurpose | C::InvalidPurposeContext { .. })
        || detail(rejected).is_some_and(|detail| detail.contains("Eku"))
    {
        "; the certificate is not for a server: the server's operator must replace it"
    } else if detail(rejected).is_some_and(|detail| detail.contains("CaUsedAsEndEntity")) {
        "; the certificate is an authority's own: the server's operator must replace it with one that it has issued"
    } else if is_unreadable(rejected) || detail(rejected).is_some() {
        "; the certificate has a form that this program cannot check: the server's operator must replace it"
    } else {
        "; if your network inspects encrypted traffic, add its authority to the certificates that this machine trusts, \
         or name its file in `SSL_CERT_FILE`"
    })
}

/// Returns the name of an error of the library that checks certificates for which rustls has no word.
fn detail(error: &rustls::CertificateError) -> Option<String> {
    let rustls::CertificateError::Other(other) = error else {
        return None;
    };
    Some(format!("{other:?}"))
}

/// Checks whether a certificate is invalid, whatever its issuer is.
#[expect(deprecated, reason = "old forms of the same errors")]
fn is_unreadable(error: &rustls::CertificateError) -> bool {
    use rustls::CertificateError as C;
    matches!(
        error,
        C::BadEncoding
            | C::UnhandledCriticalExtension
            | C::UnsupportedSignatureAlgorithm
            | C::UnsupportedSignatureAlgorithmContext { .. }
            | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

/// Returns the failure for a response of `peer` whose status is not a success.
pub(crate) fn status_failure(
    peer: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &ErrorBody,
    command: CommandKind,
) -> Failure {
    use FailureKind as K;
    let kind = match status.as_u16() {
        // The proxy itself answers. It may have forwarded an earlier attempt that it made by itself.
        407 | 511 => K::NotFromApi,
        408 => K::Lost,
        429 => K::Throttled,
        // A conflict may be with the job that this request created, and a gateway whose client has disconnected (499) has
        // forwarded the request.
        409 | 499 if command == CommandKind::Submit => K::Lost,
        400..=428 | 430..=499 if body.is_foreign && command != CommandKind::Download => {
            K::NotFromApi
        }
        // The API gives reasons for a refusal.
        401 | 403 if body.text.is_empty() && command != CommandKind::Download => K::NotFromApi,
        500..=599 if body.is_no_outage && command != CommandKind::Download => K::NotFromApi,
        402 => K::OutOfCredits,
        400 | 403 if body.denies_credits && command != CommandKind::Download => K::OutOfCredits,
        401 | 403 => K::Unauthorised,
        404 | 405 | 410 => K::NotFound,
        300..=399 => K::Redirected,
        400..=499 => K::Rejected,
        500..=599 => K::ServerError,
        // 1xx never arrives here; statuses outside the registered classes have no meaning.
        _ => K::Malformed,
    };
    let text = if body.text.is_empty() {
        status.canonical_reason().unwrap_or("an unknown status")
    } else {
        &body.text
    };
    let message = match (kind, command) {
        (K::Redirected, _) => redirect_message(headers),
        (K::NotFound, CommandKind::PollJob) => {
            format!(
                "the provider does not know this id; it may belong to another workspace: {text}"
            )
        }
        (K::NotFound, CommandKind::Submit | CommandKind::List) => {
            format!("the server has no such address; is it the API's? {text}")
        }
        (K::Unauthorised, CommandKind::Download) => format!("the link is not accepted: {text}"),
        (K::Unauthorised, _) => format!("the credentials are refused by {peer}: {text}"),
        (K::NotFromApi, _) if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            format!("the proxy requires credentials: {text}")
        }
        (K::NotFromApi, _) if body.text.is_empty() => {
            format!("at {peer}, something in front of the API answered: {text}")
        }
        (K::NotFromApi, _) => not_from_api(peer, text),
        _ => text.to_owned(),
    };
    let pause = retry_after(headers).or(body.pause.map(RetryAfter::Seconds));
    Failure::new(kind, message).with_status(status.as_u16()).with_retry_after(pause)
}

/// Returns the failure for a body that is a page of markup, whatever its status.
pub(crate) fn page_failure(peer: &str, body: &[u8], redactor: &Redactor) -> Option<Failure> {
    let page = page(body, redactor)?;
    Some(Failure::new(FailureKind::NotFromApi, not_from_api(peer, &page)))
}

/// Returns the failure for a body, or its beginning, that cannot be the API's answer to a read.
pub(crate) fn foreign_failure(peer: &str, body: &[u8], redactor: &Redactor) -> Option<Failure> {
    let answer = foreign_answer(body, redactor)?;
    Some(Failure::new(FailureKind::NotFromApi, not_from_api(peer, &answer)))
}

/// Returns the message about an answer of something else than the API at `peer`.
fn not_from_api(peer: &str, answer: &str) -> String {
    format!("at {peer}, something that is not the API answered: {answer}")
}

fn redirect_message(headers: &HeaderMap) -> String {
    match headers.get(LOCATION).map(|location| location.to_str()) {
        Some(Ok(location)) => format!(
            "the server redirects to `{}`, where this request must not be sent",
            redact_url(location)
        ),
        Some(Err(_)) | None => "the server redirects without an address".to_owned(),
    }
}

/// Returns the next chunk of a response from `peer`; `None` at its end.
pub(crate) async fn next_chunk(
    response: &mut Response,
    limit: Duration,
    peer: &str,
) -> Result<Option<impl AsRef<[u8]> + Into<Vec<u8>> + use<>>, Failure> {
    match tokio::time::timeout(limit, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(transport_failure(&error.without_url(), peer)),
        Err(_elapsed) => {
            let seconds = limit.as_secs_f32();
            let message = format!("no data from {peer} for {seconds} s");
            Err(Failure::new(FailureKind::Lost, message))
        }
    }
}

/// Returns the beginning of an error body, as far as it can be read within `limit`. The failure depends only on the status.
pub(crate) async fn read_error_body(response: &mut Response, limit: Duration) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < MAX_ERROR_BODY
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    let _ = tokio::time::timeout(limit, reading).await;
    body.truncate(MAX_ERROR_BODY);
    body
}

/// Returns where a response redirects to.
pub(crate) fn redirect_location(response: &Response) -> Option<&HeaderValue> {
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION),
        _ => None,
    }
}

/// Returns the longest pause of all `Retry-After` headers. Proxies join several to a list, and dates have a comma.
fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let values = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    let pauses = values.flat_map(|value| {
        let parts: Vec<&str> = value.split(',').collect();
        let dates = parts.windows(2).map(|parts| parts.join(","));
        let dates = dates.chain([value.to_owned()]);
        let dates = dates.filter_map(|date| pause_of_date(date.trim(), headers));
        dates.chain(parts.iter().filter_map(|part| pause_of_number(part))).collect::<Vec<_>>()
    });
    #[expect(clippy::disallowed_methods, reason = "compares seconds with a date")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::default().plus(now);
    pauses.max_by_key(|pause| pause.end(now))
}

/// Parses seconds (RFC 9110, section 10.2.3), which some servers send with decimals.
fn pause_of_number(text: &str) -> Option<RetryAfter> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    // A number that does not fit is a very long pause.
    let seconds: u64 = whole.parse().unwrap_or(u64::MAX);
    let seconds = seconds.saturating_add(u64::from(decimals.bytes().any(|digit| digit != b'0')));
    Some(RetryAfter::Seconds(seconds.min(MAX_SECONDS)))
}

/// Parses a date (RFC 9110, section 10.2.3).
fn pause_of_date(text: &str, headers: &HeaderMap) -> Option<RetryAfter> {
    let date = parse_date(text)?;
    // Measured with the server's clock, because the local clock may be wrong.
    let Some(sent) = server_time(headers) else {
        return Some(RetryAfter::At(date));
    };
    Some(RetryAfter::Seconds(date.since(sent).as_secs().min(MAX_SECONDS)))
}

/// Returns the time at which the server says that it has answered.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    parse_date(headers.get(DATE)?.to_str().ok()?)
}

fn parse_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).ok()?))
}

/// Returns the chain of causes, the outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| cause(*error))
}

/// Returns the cause of an error. An `io::Error` does not report what it wraps as its source.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Returns the message of the innermost cause, which users know ("connection refused"). The outer causes repeat that a
/// request failed, and its URL.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        let reason =
            if error.is_builder() { "the request cannot be built" } else { "no reason given" };
        return reason.to_owned();
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let message = cause.to_string();
    // rustls appends a link to its manual, which does not help users.
    redact_url(message.split(": https://").next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Credentials;

    const PEER: &str = "`api.example`";

    fn body(text: &str, denies_credits: bool) -> ErrorBody {
        let text = text.to_owned();
        ErrorBody { text, denies_credits, is_foreign: false, is_no_outage: false, pause: None }
    }

    #[test]
    fn every_status_has_a_kind() {
        use FailureKind as K;
        let table = [
            (300, K::Redirected),
            (301, K::Redirected),
            (304, K::Redirected),
            (308, K::Redirected),
            (400, K::Rejected),
            (401, K::Unauthorised),
            (402, K::OutOfCredits),
            (403, K::Unauthorised),
            (404, K::NotFound),
            (405, K::NotFound),
            (407, K::NotFromApi),
            (408, K::Lost),
            (410, K::NotFound),
            (413, K::Rejected),
            (422, K::Rejected),
            (429, K::Throttled),
            (451, K::Rejected),
            (500, K::ServerError),
            (502, K::ServerError),
            (503, K::ServerError),
            (504, K::ServerError),
            (511, K::NotFromApi),
            (599, K::ServerError),
            (600, K::Malformed),
            (999, K::Malformed),
        ];
        for (status, kind) in table {
            let code = StatusCode::from_u16(status).unwrap();
            for command in [
                CommandKind::Submit,
                CommandKind::Poll,
                CommandKind::PollJob,
                CommandKind::List,
                CommandKind::Download,
            ] {
                let failure =
                    status_failure(PEER, code, &HeaderMap::new(), &body("no", false), command);
                assert_eq!((failure.kind, failure.status), (kind, Some(status)));
                assert!(!failure.message.is_empty());
            }
        }
    }

    #[test]
    fn a_document_that_is_not_json_is_not_from_the_api() {
        let redactor = Redactor::new(Credentials::new("id".into(), "key".into()));
        let kind = |status, body: &[u8], command| {
            let status = StatusCode::from_u16(status).unwrap();
            let body = ErrorBody::from_api(body, &redactor);
            status_failure(PEER, status, &HeaderMap::new(), &body, command).kind
        };
        let page = b"<!DOCTYPE html><title>Just a moment...</title>";
        for status in [400, 401, 403, 404, 405, 451] {
            for command in [CommandKind::Submit, CommandKind::List, CommandKind::PollJob] {
                assert_eq!(kind(status, page, command), FailureKind::NotFromApi, "{status}");
                assert_eq!(kind(status, b"Forbidden", command), FailureKind::NotFromApi);
                if matches!(status, 401 | 403) {
                    for empty in ["", "{}", "null"] {
                        let kind = kind(status, empty.as_bytes(), command);
                        assert_eq!(kind, FailureKind::NotFromApi, "{status} {empty}");
                    }
                }
                let own = kind(status, br#"{"detail":"no"}"#, command);
                assert_ne!(own, FailureKind::NotFromApi, "{status}");
            }
        }
        assert_eq!(kind(429, page, CommandKind::Submit), FailureKind::Throttled);
        assert_eq!(kind(503, page, CommandKind::List), FailureKind::NotFromApi);
        let outage = b"<title>502 Bad Gateway</title>";
        assert_eq!(kind(502, outage, CommandKind::Submit), FailureKind::ServerError);
        assert!(page_failure(PEER, br#"{"id":"<p>"}"#, &redactor).is_none());
        let failure =
            page_failure(PEER, b"\xef\xbb\xbf <html><title>Sign in</title>", &redactor).unwrap();
        assert_eq!(
            failure.message,
            "at `api.example`, something that is not the API answered: an HTML page titled `Sign in`"
        );
    }

    #[test]
    fn the_longest_pause_counts() {
        let pause = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(RETRY_AFTER, value.parse().unwrap());
            }
            retry_after(&headers)
        };
        let seconds = |seconds| Some(RetryAfter::Seconds(seconds));
        assert_eq!(pause(&["9.500"]), seconds(10));
        assert_eq!(pause(&["9.000"]), seconds(9));
        assert_eq!(pause(&["2", "9"]), seconds(9));
        assert_eq!(pause(&["8, 9", "nonsense"]), seconds(9));
        assert_eq!(pause(&["-1"]), None);
        let late = Some(RetryAfter::At(Timestamp::parse("2130-01-01T00:00:00Z").unwrap()));
        let (far, past) = ("Sun, 01 Jan 2130 00:00:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(pause(&[&format!("1, {far}")]), late);
        assert_eq!(pause(&[&format!("{past}, 5,{far}, 7")]), late);
        assert_eq!(pause(&[&format!("{past}, 5, 4")]), seconds(5));
        assert_eq!(pause(&["5", past]), seconds(5));
        assert_eq!(pause(&["1.5e3, .5, "]), None);
        let body = br#"{"detail":"Request was throttled. Expected available in 42 seconds."}"#;
        let body =
            ErrorBody::from_api(body, &Redactor::new(Credentials::new("id".into(), "key".into())));
        let status = StatusCode::TOO_MANY_REQUESTS;
        let failure = status_failure(PEER, status, &HeaderMap::new(), &body, CommandKind::Submit);
        assert_eq!(failure.retry_after, seconds(42));
    }

    #[test]
    fn a_conflict_on_submit_may_mean_that_it_was_accepted() {
        for status in [409, 499] {
            let code = StatusCode::from_u16(status).unwrap();
            let kind = |command| {
                status_failure(PEER, code, &HeaderMap::new(), &body("", false), command).kind
            };
            assert_eq!(kind(CommandKind::Submit), FailureKind::Lost);
            assert_eq!(kind(CommandKind::Poll), FailureKind::Rejected);
        }
    }

    #[test]
    fn a_denial_of_credits_counts_only_for_requests_to_the_api() {
        for (status, command, kind) in [
            (400, CommandKind::Submit, FailureKind::OutOfCredits),
            (403, CommandKind::Submit, FailureKind::OutOfCredits),
            (422, CommandKind::Submit, FailureKind::Rejected),
            (401, CommandKind::Submit, FailureKind::Unauthorised),
            (403, CommandKind::Download, FailureKind::Unauthorised),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let body = body("no credits", true);
            let failure = status_failure(PEER, status, &HeaderMap::new(), &body, command);
            assert_eq!(failure.kind, kind, "{status} {command:?}");
        }
    }

    #[test]
    fn retry_after_is_kept_for_every_status() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        for status in [429, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            let failure =
                status_failure(PEER, status, &headers, &body("", false), CommandKind::Submit);
            assert_eq!(failure.retry_after, Some(RetryAfter::Seconds(7)));
        }
    }

    #[test]
    fn redirects_are_shown_without_their_query() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://x.example/a?token=t".parse().unwrap());
        let failure = status_failure(
            PEER,
            StatusCode::FOUND,
            &headers,
            &body("", false),
            CommandKind::Submit,
        );
        assert!(failure.message.contains("`https://x.example/a?…`"));
    }

    fn read(text: &str) -> Option<RetryAfter> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn a_date_is_relative_to_the_servers_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT".parse().unwrap());
        headers.insert(DATE, "Wed, 21 Oct 2015 07:28:00 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(RetryAfter::Seconds(30)));
        headers.insert(DATE, "Wed, 21 Oct 2015 09:28:00 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(RetryAfter::Seconds(0)));
    }

    #[test]
    fn seconds_and_dates_are_parsed_and_the_rest_is_ignored() {
        assert_eq!(read("0"), Some(RetryAfter::Seconds(0)));
        assert_eq!(read(" 120 "), Some(RetryAfter::Seconds(120)));
        let moment = RetryAfter::At(Timestamp::parse("2015-10-21T07:28:00Z").unwrap());
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(moment));
        assert_eq!(read("Wednesday, 21-Oct-15 07:28:00 GMT"), Some(moment));
        for huge in ["999999999999", "99999999999999999999999999"] {
            assert_eq!(read(huge), Some(RetryAfter::Seconds(MAX_SECONDS)));
        }
        for garbage in ["", "-5", "+5", "1.x", "soon", "Wed, 21 Oct 2015", "1900-01-01"] {
            assert_eq!(read(garbage), None, "{garbage}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}

//! Classification of failed attempts by what may have happened.

use std::error::Error;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};

use super::error::{PrivateAddressError, causes, root_cause};
use super::error_body::ErrorBody;
use super::retry_after::retry_after;
use crate::model::{CommandKind, Failure, FailureKind, redact_url};

/// Returns the failure for a request to `peer` without a response.
///
/// Only an error while connecting proves that nothing was sent. After that the request may have arrived, whatever the error
/// is called.
pub(crate) fn transport_failure(error: &reqwest::Error, peer: &str) -> Failure {
    let reason = root_cause(error);
    let (kind, message) = if causes(error).any(<dyn Error>::is::<PrivateAddressError>) {
        // Nothing was sent, and another attempt would lead to the same address.
        (FailureKind::Refused, format!("{peer}: {reason}"))
    } else if error.is_connect() && error.is_timeout() {
        let message = format!("cannot connect to {peer}: it did not answer in time");
        (FailureKind::NotSent, message)
    } else if error.is_connect() {
        let advice = if is_certificate_error(error) {
            "; if your network inspects encrypted traffic, add its authority to the certificates that \
             this machine trusts"
        } else {
            ""
        };
        let message = format!("cannot connect to {peer}: {reason}{advice}");
        (FailureKind::NotSent, message)
    } else if error.is_builder() {
        let message = format!("cannot send a request to {peer}: {reason}");
        (FailureKind::NotSent, message)
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

/// Whether the server's certificate was rejected.
fn is_certificate_error(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|error| error.downcast_ref::<rustls::Error>())
        .any(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// Returns the failure for a response whose status is not a success.
pub(crate) fn status_failure(
    status: StatusCode,
    headers: &HeaderMap,
    body: &ErrorBody,
    command: CommandKind,
) -> Failure {
    use FailureKind as K;
    let kind = match status.as_u16() {
        // The proxy itself answers; it has not forwarded the request.
        407 => K::NotSent,
        408 => K::Lost,
        429 => K::Throttled,
        // A conflict may be with the job that this request created, and a gateway whose client has disconnected (499) has
        // forwarded the request.
        409 | 499 if command == CommandKind::Submit => K::Lost,
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
        (K::Unauthorised, _) => format!("the credentials are refused: {text}"),
        (K::NotSent, _) => format!("the proxy requires credentials: {text}"),
        _ => text.to_owned(),
    };
    Failure::new(kind, message).with_status(status.as_u16()).with_retry_after(retry_after(headers))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RetryAfter;

    fn body(text: &str, denies_credits: bool) -> ErrorBody {
        ErrorBody { text: text.into(), denies_credits }
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
            (407, K::NotSent),
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
                let failure = status_failure(code, &HeaderMap::new(), &body("", false), command);
                assert_eq!((failure.kind, failure.status), (kind, Some(status)));
                assert!(!failure.message.is_empty());
            }
        }
    }

    #[test]
    fn a_conflict_on_submit_may_mean_that_it_was_accepted() {
        for status in [409, 499] {
            let code = StatusCode::from_u16(status).unwrap();
            let kind =
                |command| status_failure(code, &HeaderMap::new(), &body("", false), command).kind;
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
            let failure = status_failure(status, &HeaderMap::new(), &body, command);
            assert_eq!(failure.kind, kind, "{status} {command:?}");
        }
    }

    #[test]
    fn retry_after_is_kept_for_every_status() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        for status in [429, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = status_failure(status, &headers, &body("", false), CommandKind::Submit);
            assert_eq!(failure.retry_after, Some(RetryAfter::Seconds(7)));
        }
    }

    #[test]
    fn redirects_are_shown_without_their_query() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://x.example/a?token=t".parse().unwrap());
        let failure =
            status_failure(StatusCode::FOUND, &headers, &body("", false), CommandKind::Submit);
        assert!(failure.message.contains("`https://x.example/a?…`"));
    }
}

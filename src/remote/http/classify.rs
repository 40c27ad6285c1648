//! What a failed attempt means: by what may have happened, not by what it is called.

use std::error::Error;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};

use super::error::{PrivateAddressError, causes, root_cause};
use super::error_body::ErrorBody;
use super::retry_after::retry_after;
use crate::model::{CommandKind, Failure, FailureKind, redact_url};

/// What it means that there was no answer from `place`, which is named as it is to be shown.
///
/// Only an error while connecting proves that nothing was sent. After that the request may have
/// arrived, whatever the error is called.
pub(in crate::remote) fn transport_failure(error: &reqwest::Error, place: &str) -> Failure {
    let reason = root_cause(error);
    if causes(error).any(<dyn Error>::is::<PrivateAddressError>) {
        // Nothing was sent; and another try would lead to the same place.
        return Failure::new(FailureKind::Refused, format!("{place}: {reason}"));
    }
    if error.is_connect() && error.is_timeout() {
        let message = format!("cannot connect to {place}: it did not answer in time");
        Failure::new(FailureKind::NotSent, message)
    } else if error.is_connect() {
        let advice = if is_distrust(error) {
            "; if your network inspects encrypted traffic, add its authority to the certificates that \
             this machine trusts"
        } else {
            ""
        };
        let message = format!("cannot connect to {place}: {reason}{advice}");
        Failure::new(FailureKind::NotSent, message)
    } else if error.is_builder() {
        // The request could not even be put together.
        Failure::new(
            FailureKind::NotSent,
            format!("cannot ask {place}: {reason}"),
        )
    } else {
        Failure::new(
            FailureKind::Lost,
            format!("the connection to {place} broke: {reason}"),
        )
    }
}

/// Whether it was the server's certificate that was refused.
fn is_distrust(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|error| error.downcast_ref::<rustls::Error>())
        .any(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// What an answer other than a success means.
pub(in crate::remote) fn status_failure(
    status: StatusCode,
    headers: &HeaderMap,
    words: &ErrorBody,
    command: CommandKind,
) -> Failure {
    use FailureKind as K;
    let kind = match status.as_u16() {
        // A proxy speaks of itself; what was to be sent has not been passed on.
        407 => K::NotSent,
        408 => K::Lost,
        429 => K::Throttled,
        // "A conflict" may be with what it has itself brought about, and a gateway that nobody waits for any
        // more (499) has passed on what it was sent.
        409 | 499 if command == CommandKind::Submit => K::Lost,
        402 => K::OutOfCredits,
        400 | 403 if words.deny_credits && command != CommandKind::Fetch => K::OutOfCredits,
        401 | 403 => K::Unauthorised,
        404 | 405 | 410 => K::NotFound,
        300..=399 => K::Redirected,
        400..=499 => K::Rejected,
        500..=599 => K::ServerError,
        // 1xx never arrives here, and what lies outside the registered classes says nothing.
        _ => K::Malformed,
    };
    let reason = status.canonical_reason().unwrap_or("an unknown status");
    let words = if words.text.is_empty() {
        reason
    } else {
        &words.text
    };
    let message = match (kind, command) {
        (K::Redirected, _) => redirect_message(headers),
        (K::NotFound, CommandKind::Look) => {
            format!(
                "the provider does not know this id; it may belong to another workspace: {words}"
            )
        }
        (K::NotFound, CommandKind::Submit | CommandKind::List) => {
            format!("the server has no such address; is it the API's? {words}")
        }
        (K::Unauthorised, CommandKind::Fetch) => format!("the link is not accepted: {words}"),
        (K::Unauthorised, _) => format!("the credentials are refused: {words}"),
        (K::NotSent, _) => format!("the proxy wants credentials: {words}"),
        _ => words.to_owned(),
    };
    Failure::new(kind, message)
        .with_status(status.as_u16())
        .with_retry_after(retry_after(headers))
}

fn redirect_message(headers: &HeaderMap) -> String {
    match headers.get(LOCATION).map(|place| place.to_str()) {
        Some(Ok(place)) => format!(
            "the server redirects to `{}`, where a request must not follow",
            redact_url(place)
        ),
        Some(Err(_)) | None => "the server redirects, and does not say where to".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RetryAfter;

    fn words(text: &str, deny_credits: bool) -> ErrorBody {
        ErrorBody {
            text: text.into(),
            deny_credits,
        }
    }

    #[test]
    fn every_status_has_its_meaning() {
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
                CommandKind::Look,
                CommandKind::List,
                CommandKind::Fetch,
            ] {
                let failure = status_failure(code, &HeaderMap::new(), &words("", false), command);
                assert_eq!((failure.kind, failure.status), (kind, Some(status)));
                assert!(!failure.message.is_empty());
            }
        }
    }

    #[test]
    fn a_conflict_may_be_with_what_was_accepted() {
        for status in [409, 499] {
            let code = StatusCode::from_u16(status).unwrap();
            let kind =
                |command| status_failure(code, &HeaderMap::new(), &words("", false), command).kind;
            assert_eq!(kind(CommandKind::Submit), FailureKind::Lost);
            assert_eq!(kind(CommandKind::Poll), FailureKind::Rejected);
        }
    }

    #[test]
    fn words_about_credits_count_where_money_is_asked_for() {
        for (status, command, kind) in [
            (400, CommandKind::Submit, FailureKind::OutOfCredits),
            (403, CommandKind::Submit, FailureKind::OutOfCredits),
            (422, CommandKind::Submit, FailureKind::Rejected),
            (401, CommandKind::Submit, FailureKind::Unauthorised),
            (403, CommandKind::Fetch, FailureKind::Unauthorised),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let words = words("no credits", true);
            let failure = status_failure(status, &HeaderMap::new(), &words, command);
            assert_eq!(failure.kind, kind, "{status} {command:?}");
        }
    }

    #[test]
    fn a_pause_is_kept_whatever_the_status() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        for status in [429, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = status_failure(status, &headers, &words("", false), CommandKind::Submit);
            assert_eq!(failure.retry_after, Some(RetryAfter::Seconds(7)));
        }
    }

    #[test]
    fn redirects_are_named_without_what_signs_them() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://x.example/a?token=t".parse().unwrap());
        let failure = status_failure(
            StatusCode::FOUND,
            &headers,
            &words("", false),
            CommandKind::Submit,
        );
        assert!(failure.message.contains("`https://x.example/a?…`"));
    }
}

//! The `Retry-After` header.

use std::time::UNIX_EPOCH;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::model::{RetryAfter, Timestamp};

/// A year: longer pauses are cut to it. The engine stops the run for much shorter ones.
const MAX_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Parses `Retry-After`: seconds or a date (RFC 9110, section 10.2.3). Other values are ignored.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is a very long pause.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(RetryAfter::Seconds(seconds.min(MAX_SECONDS)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // The server's own clock tells how long that is, whatever the local clock says.
    let sent = headers.get(DATE).and_then(|date| date.to_str().ok());
    if let Some(sent) = sent.and_then(|sent| httpdate::parse_http_date(sent).ok()) {
        let pause = date.duration_since(sent).unwrap_or_default();
        return Some(RetryAfter::Seconds(pause.as_secs().min(MAX_SECONDS)));
    }
    let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
    let millis = i64::try_from(since_epoch.as_millis()).ok()?;
    Some(RetryAfter::At(Timestamp::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for garbage in ["", "-5", "+5", "1.5", "soon", "Wed, 21 Oct 2015", "1900-01-01"] {
            assert_eq!(read(garbage), None, "{garbage}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}

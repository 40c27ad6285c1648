//! The server's wish for a pause.

use std::time::UNIX_EPOCH;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::model::{RetryAfter, Timestamp};

/// A year. Whoever asks for more gets as much: the engine stops the run for far less.
const LONGEST_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Reads `Retry-After`: seconds or a date (RFC 9110, section 10.2.3). Anything else is no wish.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits that do not fit are a number all the same, and a very large one.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(RetryAfter::Seconds(seconds.min(LONGEST_SECONDS)));
    }
    let moment = httpdate::parse_http_date(text).ok()?;
    // The server's own clock tells how long that is, whatever ours says.
    let answered = headers.get(DATE).and_then(|date| date.to_str().ok());
    if let Some(answered) = answered.and_then(|date| httpdate::parse_http_date(date).ok()) {
        let pause = moment.duration_since(answered).unwrap_or_default();
        return Some(RetryAfter::Seconds(pause.as_secs().min(LONGEST_SECONDS)));
    }
    let since_epoch = moment.duration_since(UNIX_EPOCH).ok()?;
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
    fn a_date_is_measured_by_the_servers_own_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(
            RETRY_AFTER,
            "Wed, 21 Oct 2015 07:28:30 GMT".parse().unwrap(),
        );
        headers.insert(DATE, "Wed, 21 Oct 2015 07:28:00 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(RetryAfter::Seconds(30)));
        headers.insert(DATE, "Wed, 21 Oct 2015 09:28:00 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(RetryAfter::Seconds(0)));
    }

    #[test]
    fn seconds_and_dates_are_read_and_the_rest_is_ignored() {
        assert_eq!(read("0"), Some(RetryAfter::Seconds(0)));
        assert_eq!(read(" 120 "), Some(RetryAfter::Seconds(120)));
        let moment = RetryAfter::At(Timestamp::parse("2015-10-21T07:28:00Z").unwrap());
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(moment));
        assert_eq!(read("Wednesday, 21-Oct-15 07:28:00 GMT"), Some(moment));
        for huge in ["999999999999", "99999999999999999999999999"] {
            assert_eq!(read(huge), Some(RetryAfter::Seconds(LONGEST_SECONDS)));
        }
        for garbage in [
            "",
            "-5",
            "+5",
            "1.5",
            "soon",
            "Wed, 21 Oct 2015",
            "1900-01-01",
        ] {
            assert_eq!(read(garbage), None, "{garbage}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}

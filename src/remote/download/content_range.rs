//! The `Content-Range` header.

use reqwest::header::{CONTENT_RANGE, HeaderMap};

/// `Content-Range: bytes first-last/total` (RFC 9110, section 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// The first byte.
    pub(super) first: u64,
    /// The byte after the last.
    pub(super) end: u64,
    /// The length of the whole file, if known.
    pub(super) total: Option<u64>,
}

impl ContentRange {
    /// Returns the range in `headers`; `None` if it is missing or invalid.
    pub(super) fn parse(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
        let (unit, range) = text.split_once(' ')?;
        let (range, total) = range.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = Self {
            first: number(first)?,
            end: number(last)?.checked_add(1)?,
            total: match total.trim() {
                "*" => None,
                total => Some(number(total)?),
            },
        };
        let is_valid = unit.eq_ignore_ascii_case("bytes")
            && range.first < range.end
            && range.total.is_none_or(|total| range.end <= total);
        is_valid.then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(u64, u64, Option<u64>)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, text.parse().unwrap());
        ContentRange::parse(&headers).map(|range| (range.first, range.end, range.total))
    }

    #[test]
    fn valid_ranges_are_parsed_and_others_are_not() {
        assert_eq!(read("bytes 5-9/10"), Some((5, 10, Some(10))));
        assert_eq!(read("Bytes 0-0/*"), Some((0, 1, None)));
        for wrong in [
            "",
            "bytes */10",
            "bytes 5-4/10",
            "bytes 5-10/10",
            "lines 0-1/2",
            "bytes 0-18446744073709551615/*",
            "bytes -1-2/3",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

//! Which bytes of a file a request wants.

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{IF_RANGE, RANGE};

/// What a request wants of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: 200.
    Whole,
    /// A part: 206.
    Part(Range<usize>),
    /// Nothing that there is: 416.
    Beyond,
}

/// Reads `Range` and `If-Range` for a file of `length` bytes with the strong tag `tag`. As the
/// standard wants it, a range that cannot be read, several ranges, or one for another state of the
/// file mean the whole file.
pub(super) fn wanted(headers: &HeaderMap, length: usize, tag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(IF_RANGE).is_some_and(|expected| expected != tag) {
        return Wanted::Whole;
    }
    let range = text(RANGE).and_then(|range| range.trim().strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return Wanted::Whole;
    };
    match (first.trim(), last.trim()) {
        ("", suffix) => match suffix.parse::<usize>() {
            Ok(0) => Wanted::Beyond,
            Ok(suffix) => part(length.saturating_sub(suffix), length),
            Err(_) => Wanted::Whole,
        },
        (first, "") => first
            .parse()
            .map_or(Wanted::Whole, |first| part(first, length)),
        (first, last) => match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if first <= last => {
                part(first, length.min(last.saturating_add(1)))
            }
            _ => Wanted::Whole,
        },
    }
}

fn part(from: usize, to: usize) -> Wanted {
    if from < to {
        Wanted::Part(from..to)
    } else {
        Wanted::Beyond
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn every_form_of_a_range_is_understood() {
        for (range, expected) in [
            ("bytes=0-", Wanted::Part(0..10)),
            ("bytes=4-6", Wanted::Part(4..7)),
            ("bytes=4-99", Wanted::Part(4..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=6-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=x", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(range))]);
            assert_eq!(wanted(&headers, 10, "\"a\""), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_state_means_the_whole_file() {
        let headers = |tag| {
            HeaderMap::from_iter([
                (RANGE, HeaderValue::from_static("bytes=2-")),
                (IF_RANGE, HeaderValue::from_static(tag)),
            ])
        };
        assert_eq!(wanted(&headers("\"a\""), 10, "\"a\""), Wanted::Part(2..10));
        assert_eq!(wanted(&headers("\"b\""), 10, "\"a\""), Wanted::Whole);
        assert_eq!(wanted(&headers("W/\"a\""), 10, "\"a\""), Wanted::Whole);
    }
}

//! How counts, times, sizes and foreign text are put into words: the same everywhere.

use std::time::Duration;

use crate::model::{Credits, Failure, Timestamp};

/// `1 job`, `2 jobs`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// The form of a verb that goes with so many: `is` or `are`, `was` or `were`.
pub(super) const fn agree<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `5 credits`, `1 credit`, `0.5 credits`.
pub(super) fn credits(amount: Credits) -> String {
    let noun = if amount == Credits::whole(1) {
        "credit"
    } else {
        "credits"
    };
    format!("{amount} {noun}")
}

/// `5`, or `5-10` if the ends differ.
pub(super) fn range(low: Credits, high: Credits) -> String {
    if low == high {
        high.to_string()
    } else {
        format!("{low}-{high}")
    }
}

/// `0.4 s`, `12 s`, `4 min 12 s`, `1 h 03 min`, `2 d 5 h`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..10 if duration.subsec_millis() >= 100 => {
            format!("{seconds}.{} s", duration.subsec_millis() / 100)
        }
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {:02} s", seconds % 60),
        3600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        86_400.. => format!("{days} d {} h", hours % 24),
    }
}

/// `900 B`, `1.2 MB`: decimal, as file managers show it.
#[expect(clippy::cast_precision_loss, reason = "rounded to one digit anyway")]
pub(super) fn bytes(count: u64) -> String {
    let size = count as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.0} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        1_000_000_000.. => format!("{:.1} GB", size / 1e9),
    }
}

/// `2026-11-24 14:03:07Z`.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    match text.get(..19) {
        Some(whole_seconds) if text.ends_with('Z') => {
            format!("{}Z", whole_seconds.replace('T', " "))
        }
        Some(_) | None => text,
    }
}

/// `14:03:07Z`, for moments whose day is clear.
pub(super) fn clock(at: Timestamp) -> String {
    let text = moment(at);
    text.split_once(' ')
        .map_or_else(|| text.clone(), |(_, time)| time.to_owned())
}

/// Text from elsewhere on one line, without what could steer a terminal or turn the order of letters
/// round: control characters and bidirectional overrides become spaces.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if is_steering(c) { ' ' } else { c })
        .collect()
}

fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A failure in the words of whoever spoke, on one line.
pub(super) fn failure(failure: &Failure) -> String {
    clean(&failure.to_string()).trim().to_owned()
}

/// The beginning of `text`, at most `most` characters long, and `…` if that is not all.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// `text` with spaces after it up to `width` characters.
pub(super) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and 7 more ``.
pub(super) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let count = names.len();
    // One more than allowed is shown rather than counted: the count would take as much room.
    let shown = if count <= most + 1 { count } else { most };
    let mut parts: Vec<String> = names.take(shown).map(|name| format!("`{name}`")).collect();
    if shown < count {
        parts.push(format!("{} more", count - shown));
    }
    match parts.pop() {
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} and {last}", parts.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(
            (plural(1, "job").as_str(), agree(1, "is", "are")),
            ("1 job", "is")
        );
        assert_eq!(
            (plural(0, "job").as_str(), agree(0, "is", "are")),
            ("0 jobs", "are")
        );
        assert_eq!(credits(Credits::whole(1)), "1 credit");
        assert_eq!(credits(Credits::from_thousandths(5500)), "5.5 credits");
        assert_eq!(range(Credits::whole(5), Credits::whole(10)), "5-10");
    }

    #[test]
    fn durations_and_sizes_are_short() {
        for (millis, text) in [
            (0, "0 s"),
            (400, "0.4 s"),
            (12_300, "12 s"),
            (252_000, "4 min 12 s"),
            (3_780_000, "1 h 03 min"),
            (190_800_000, "2 d 5 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
        assert_eq!(
            [bytes(900), bytes(34_400), bytes(1_234_567)],
            ["900 B", "34 kB", "1.2 MB"]
        );
    }

    #[test]
    fn moments_show_whole_seconds() {
        assert_eq!(
            moment(Timestamp::from_millis(1_764_000_000_250)),
            "2025-11-24 16:00:00Z"
        );
        assert_eq!(
            clock(Timestamp::from_millis(1_764_000_000_250)),
            "16:00:00Z"
        );
        assert_eq!(
            moment(Timestamp::from_millis(i64::MAX)),
            format!("{} ms", i64::MAX)
        );
    }

    #[test]
    fn foreign_text_steers_nothing() {
        assert_eq!(clean("a\u{1b}[2Jb\n\u{202e}c\u{9b}"), "a [2Jb  c ");
        assert_eq!(shorten("déjà vu", 5), "déjà…");
        assert_eq!(shorten("short", 5), "short");
    }

    #[test]
    fn lists_are_read_like_sentences() {
        let names = ["a", "b", "c", "d"];
        assert_eq!(list(names[..1].iter().copied(), 2), "`a`");
        assert_eq!(list(names[..3].iter().copied(), 2), "`a`, `b` and `c`");
        assert_eq!(list(names.iter().copied(), 2), "`a`, `b` and 2 more");
    }
}

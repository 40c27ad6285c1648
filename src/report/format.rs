//! Formatting of credits, times and failures.

use crate::model::{Credits, Failure, Timestamp};
use crate::util::text::sanitize;

/// Returns `5 credits`, `1 credit`, `0.5 credits`.
pub(super) fn credits(amount: Credits) -> String {
    let noun = if amount == Credits::whole(1) { "credit" } else { "credits" };
    format!("{amount} {noun}")
}

/// Returns `5`, or `5-10` if the ends differ.
pub(super) fn credit_range(low: Credits, high: Credits) -> String {
    if low == high { high.to_string() } else { format!("{low}-{high}") }
}

/// Returns `2026-11-24 14:03:07Z`.
pub(super) fn date_time(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{}Z", seconds.replace('T', " ")),
        None => text,
    }
}

/// Returns `14:03:07Z`, for times whose date is clear.
pub(super) fn time_of_day(at: Timestamp) -> String {
    let text = date_time(at);
    text.split_once(' ').map_or_else(|| text.clone(), |(_, time)| time.to_owned())
}

/// Returns a failure's message on one line.
pub(super) fn failure(failure: &Failure) -> String {
    sanitize(&failure.to_string()).trim().to_owned()
}

/// Serializes an object with these fields, in this order.
macro_rules! object {
    ($serializer:expr, $($name:ident: $value:expr),* $(,)?) => {{
        let mut map = serde::Serializer::serialize_map($serializer, None)?;
        $(serde::ser::SerializeMap::serialize_entry(&mut map, stringify!($name), &$value)?;)*
        serde::ser::SerializeMap::end(map)
    }};
}
pub(super) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_agree_with_their_noun() {
        assert_eq!(credits(Credits::whole(1)), "1 credit");
        assert_eq!(credits(Credits::from_thousandths(5500)), "5.5 credits");
        let range = credit_range(Credits::whole(5), Credits::whole(10));
        assert_eq!(range, "5-10");
    }

    #[test]
    fn times_show_whole_seconds() {
        let at = Timestamp::from_millis(1_764_000_000_250);
        assert_eq!(date_time(at), "2025-11-24 16:00:00Z");
        assert_eq!(time_of_day(at), "16:00:00Z");
        let latest = date_time(Timestamp::from_millis(i64::MAX));
        assert_eq!(latest, format!("{} ms", i64::MAX));
    }
}

//! Time. The sandbox uses the wall clock, because its state file outlives the process. Times are
//! milliseconds since the Unix epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Returns the current time.
#[expect(
    clippy::disallowed_methods,
    reason = "a server independent of the program; its jobs render in real time"
)]
pub(super) fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Converts a time to a `SystemTime`.
pub(super) fn system_time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Formats a time as the API does: ISO 8601 with microseconds and the offset `-07:00`.
pub(super) fn api_time(millis: i64) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-7));
    let timestamp =
        jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    timestamp.to_zoned_datetime(zone).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}

/// Sleeps for `millis`, or until the sandbox stops.
#[expect(clippy::disallowed_methods, reason = "imitates slow and hanging responses")]
pub(super) async fn sleep(millis: u64, stopping: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(millis)) => {}
        // An error means that the sandbox was dropped, which stops it too.
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted_as_by_the_api() {
        assert_eq!(api_time(1_747_131_164_123), "2025-05-13T03:12:44.123000-07:00");
        assert_eq!(api_time(i64::MAX), api_time(0));
    }
}

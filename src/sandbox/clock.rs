//! The one place where the sandbox meets real time: it is a server, and a file that it keeps may
//! outlive it, so its moments are wall-clock milliseconds since the Unix epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Milliseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "a server of its own beside the program; its jobs are rendered in real time"
)]
pub(super) fn now() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// The system's form of a moment.
pub(super) fn system_time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// ISO 8601 as the API writes it: microseconds and the numeric offset of its home, `-07:00`.
pub(super) fn api_time(millis: i64) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-7));
    let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment
        .to_zoned_datetime(zone)
        .strftime("%Y-%m-%dT%H:%M:%S%.6f%:z")
        .to_string()
}

/// Lets `millis` go by, or less if the sandbox is stopped meanwhile.
#[expect(
    clippy::disallowed_methods,
    reason = "hanging and slow answers are what it imitates"
)]
pub(super) async fn pass(millis: u64, stopping: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(millis)) => {}
        // An error means that the sandbox itself was dropped: the same thing.
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_api_writes_them() {
        assert_eq!(
            api_time(1_747_131_164_123),
            "2025-05-13T03:12:44.123000-07:00"
        );
        assert_eq!(api_time(i64::MAX), api_time(0));
    }
}

//! Shared by the benchmarks: processor time, memory, generated campaigns.

pub(crate) mod provider;

use std::time::Duration;

use callsheet::model::{
    AspectRatio, JobSpec, Origin, PlannedJob, PriceTable, Speech, VideoRequest,
};

/// The length of generated texts in characters.
const TEXT_LENGTH: usize = 300;

/// Returns the processor time of this thread in nanoseconds, and of all threads, including ended ones, in
/// hundredths of a second. Zero except on Linux.
fn processor_times() -> (Duration, Duration) {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    (Duration::from_nanos(nanos.unwrap_or(0)), Duration::from_millis(ticks * 10))
}

/// Runs `work` and returns its processor time in all threads.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = processor_times();
    let result = work();
    let after = processor_times();
    let (thread, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    // With one thread, its own counter is more precise.
    let has_others = all > thread + Duration::from_millis(30);
    (if has_others { all } else { thread }, result)
}

/// Returns the peak memory of this process in megabytes. Zero except on Linux.
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// Returns a text of 300 characters, different for each number.
pub(crate) fn text(number: usize) -> String {
    let mut text = format!("Number {number}: ");
    while text.len() < TEXT_LENGTH {
        text.push_str("Meet the new spring collection, made for every room in your home. ");
    }
    text.truncate(TEXT_LENGTH);
    text
}

/// Returns `count` selected jobs.
pub(crate) fn jobs(count: usize) -> Vec<PlannedJob> {
    let prices = PriceTable::default();
    let job = |number: usize| {
        let persona = "7350375b-9a98-51b8-934d-14d46a645dc2";
        let speech = Speech::Text(text(number).into());
        let request = VideoRequest::new(speech, persona, AspectRatio::Portrait);
        let origin = Origin {
            file: "campaign.csv".into(),
            line: u32::try_from(number + 2).unwrap_or(u32::MAX),
        };
        let id = format!("row-{number:06}").parse().expect("letters and digits");
        let spec = JobSpec::new(id, request, origin);
        PlannedJob {
            estimate: prices.estimate(&spec.request, None),
            spec: spec.into(),
            selected: true,
            in_sheet: true,
            left_out: None,
        }
    };
    (0..count).map(job).collect()
}

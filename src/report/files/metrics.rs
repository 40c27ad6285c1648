//! The result of a run as metrics in the text format of Prometheus, for the textfile collector of its node exporter.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::Timestamp;
use crate::report::files::json::{credits, totals};
use crate::report::job_row::JobRow;
use crate::report::summary::Summary;

/// The name of the time of the newest success, which a failing run keeps.
const LAST_SUCCESS: &str = "callsheet_run_last_success_timestamp_seconds";

/// How a run went.
#[derive(Debug)]
pub(crate) struct RunMetrics<'a> {
    /// The manifest as the user gave it.
    pub(crate) manifest: &'a str,
    /// The machine, if its name is known.
    pub(crate) host: Option<&'a str>,
    pub(crate) started: Timestamp,
    pub(crate) ended: Timestamp,
    pub(crate) exit_code: u8,
    pub(crate) is_success: bool,
    /// Requests to the provider.
    pub(crate) requests: u64,
    /// The part of `requests` that the provider refused because there were too many.
    pub(crate) refusals: u64,
    /// The state of the campaign, unless it could not be opened.
    pub(crate) summary: Option<&'a Summary>,
}

/// Writes the metrics of a run. `previous` is what an earlier run has written to the same file.
///
/// # Errors
/// If `writer` fails.
pub(crate) fn write_metrics(
    run: &RunMetrics<'_>,
    previous: &str,
    mut writer: impl Write,
) -> io::Result<()> {
    let mut text = String::new();
    let mut metric = |name: &str, help: &str, samples: &[(String, String)]| {
        if !samples.is_empty() {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        }
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
    };
    let own = label("manifest", run.manifest);
    let with = |name: &str, value: &str| format!("{own},{}", label(name, value));
    let one = |value: String| vec![(own.clone(), value)];
    let seconds = |time: Timestamp| {
        let millis = time.as_millis();
        one(format!("{}.{:03}", millis / 1000, millis % 1000))
    };

    let campaign = run.summary.map(Summary::campaign);
    let info = [
        campaign.map(|campaign| label("campaign", &campaign.name)),
        campaign.map(|campaign| label("folder", &campaign.out.to_string_lossy())),
        run.host.map(|host| label("host", host)),
    ];
    let info = info.into_iter().flatten().fold(own.clone(), |all, next| format!("{all},{next}"));
    metric("callsheet_run_info", "The campaign of the newest run.", &[(info, "1".to_owned())]);
    let name = "callsheet_run_start_timestamp_seconds";
    metric(name, "When the newest run began.", &seconds(run.started));
    let name = "callsheet_run_end_timestamp_seconds";
    metric(name, "When the newest run ended.", &seconds(run.ended));
    let name = "callsheet_run_exit_code";
    metric(name, "The exit code of the newest run.", &one(run.exit_code.to_string()));
    let success = u8::from(run.is_success).to_string();
    metric("callsheet_run_success", "Whether the newest run succeeded.", &one(success));
    let success = if run.is_success {
        seconds(run.ended)
    } else {
        last_success(previous, &own).map(one).unwrap_or_default()
    };
    metric(LAST_SUCCESS, "When the newest run that succeeded ended.", &success);
    let name = "callsheet_run_requests";
    metric(name, "Requests of the newest run to the provider.", &one(run.requests.to_string()));
    let help = "Requests of the newest run that were refused because there were too many.";
    metric("callsheet_run_refusals", help, &one(run.refusals.to_string()));
    if let Some(summary) = run.summary {
        let samples = |value: &serde_json::Value, kind: &str| {
            let fields = value.as_object().into_iter().flatten();
            let numbers = fields.filter(|(_, value)| value.is_number());
            numbers.map(|(name, value)| (with(kind, name), value.to_string())).collect::<Vec<_>>()
        };
        let jobs = samples(&totals(summary), "state");
        metric("callsheet_jobs", "Jobs of the campaign by state.", &jobs);
        let money = samples(&credits(summary), "kind");
        metric("callsheet_credits", "Credits of the campaign.", &money);
        let outstanding = summary.rows().filter(JobRow::is_outstanding);
        let oldest = outstanding.filter_map(|row| row.state.accepted_at).min();
        let name = "callsheet_oldest_outstanding_render_timestamp_seconds";
        let help = "When the oldest render that is not downloaded was accepted.";
        metric(name, help, &oldest.map(seconds).unwrap_or_default());
    }
    writer.write_all(text.as_bytes())
}

/// Returns the value of [`LAST_SUCCESS`] in `previous`, for the same manifest.
fn last_success(previous: &str, labels: &str) -> Option<String> {
    let start = format!("{LAST_SUCCESS}{{{labels}}} ");
    let mut values = previous.lines().filter_map(|line| line.strip_prefix(&start));
    values.find(|value| value.parse::<f64>().is_ok()).map(str::to_owned)
}

/// Returns a label with its escaped value.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{TestRun, at};

    fn metrics(run: &RunMetrics<'_>, previous: &str) -> String {
        let mut text = Vec::new();
        write_metrics(run, previous, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn failed(summary: Option<&Summary>) -> RunMetrics<'_> {
        RunMetrics {
            manifest: "spring \"2\".csv",
            host: Some("night-1"),
            started: at(0),
            ended: at(90),
            exit_code: 3,
            is_success: false,
            requests: 7,
            refusals: 2,
            summary,
        }
    }

    #[test]
    fn a_run_is_described_with_its_campaign() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no face");
        run.accepted(3, "c");
        let text = metrics(&failed(Some(&run.summary())), "");
        for line in [
            "callsheet_run_exit_code{manifest=\"spring \\\"2\\\".csv\"} 3",
            "callsheet_run_success{manifest=\"spring \\\"2\\\".csv\"} 0",
            "callsheet_run_requests{manifest=\"spring \\\"2\\\".csv\"} 7",
            "callsheet_jobs{manifest=\"spring \\\"2\\\".csv\",state=\"failed\"} 1",
            "callsheet_credits{manifest=\"spring \\\"2\\\".csv\",kind=\"spent\"} 5",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert!(
            text.contains(",campaign=\"spring\",folder=") && text.contains(",host=\"night-1\"")
        );
        assert!(text.contains("callsheet_oldest_outstanding_render_timestamp_seconds{"), "{text}");
        assert!(!text.contains(LAST_SUCCESS), "{text}");
    }

    #[test]
    fn each_metric_is_declared_once_before_its_samples() {
        let text = metrics(&failed(Some(&TestRun::with_jobs(2).summary())), "");
        let mut declared = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let name = rest.strip_suffix(" gauge").unwrap();
                assert!(!declared.contains(&name), "{name}");
                declared.push(name);
            } else if !line.starts_with('#') {
                let (name, rest) = line.split_once('{').unwrap();
                assert_eq!(declared.last(), Some(&name), "{line}");
                let (_, value) = rest.rsplit_once("} ").unwrap();
                value.parse::<f64>().unwrap();
            }
        }
        assert!(declared.len() > 8, "{text}");
    }

    #[test]
    fn the_newest_success_is_kept_by_runs_that_fail() {
        let success = RunMetrics { exit_code: 0, is_success: true, ..failed(None) };
        let first = metrics(&success, "");
        let line = |text: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with(LAST_SUCCESS));
            lines.next().map(str::to_owned)
        };
        assert!(line(&first).is_some());
        let later = RunMetrics { ended: at(500), ..failed(None) };
        assert_eq!(line(&metrics(&later, &first)), line(&first));
        let other = RunMetrics { manifest: "other.csv", ..failed(None) };
        assert_eq!(line(&metrics(&other, &first)), None);
    }
}

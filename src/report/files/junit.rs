//! `JUnit` XML, so that a build server shows a campaign like a test run.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::model::Phase;
use crate::report::format::failure;
use crate::report::job_row::JobRow;
use crate::report::summary::Summary;
use crate::util::text::{sanitize, truncate};

/// The columns of a cell that names a row without a job.
const MAX_CELL: usize = 40;

/// Writes the campaign as one test suite. Each job is a test case: a failed job is a failure, a job in doubt an error,
/// and an unfinished job is skipped. So is a row that makes no job because it is invalid.
pub(super) fn write_junit(summary: &Summary, writer: impl Write) -> io::Result<()> {
    let name = summary.campaign().name.as_str();
    let mut suite = TestSuite::new(name);
    for row in summary.rows() {
        let mut case = TestCase::new(row.id().as_str(), status(&row));
        case.set_classname(name).set_time(elapsed(&row));
        suite.add_test_case(case);
    }
    for (number, row) in (1..).zip(&summary.campaign().sheet.rows) {
        if let Some(reason) = &row.left_out {
            let cell = row.cells.iter().find(|cell| !cell.trim().is_empty());
            let cell = truncate(&sanitize(cell.map_or("", AsRef::as_ref)), MAX_CELL);
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason.as_ref());
            let mut case = TestCase::new(format!("data row {number}: {cell}"), status);
            case.set_classname(name).set_time(Duration::ZERO);
            suite.add_test_case(case);
        }
    }
    let mut report = Report::new(name);
    report.add_test_suite(suite);
    report.serialize(writer).map_err(io::Error::other)
}

fn elapsed(row: &JobRow) -> Duration {
    match (row.state.submitted_at, row.state.finished_at) {
        (Some(submitted), Some(finished)) => finished.since(submitted),
        (_, _) => Duration::ZERO,
    }
}

fn status(row: &JobRow) -> TestCaseStatus {
    let why = row.failure().map_or_else(String::new, failure);
    let (mut status, message) = match &row.state.phase {
        Phase::Done { .. } => return TestCaseStatus::success(),
        Phase::Failed { .. } if row.has_failed() => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), why)
        }
        Phase::Submitting | Phase::InDoubt { .. } if !row.is_submitting => {
            (TestCaseStatus::non_success(NonSuccessKind::Error), format!("in doubt: {why}"))
        }
        Phase::Pending
        | Phase::Failed { .. }
        | Phase::Submitting
        | Phase::InDoubt { .. }
        | Phase::Rendering { .. }
        | Phase::Downloading { .. } => {
            (TestCaseStatus::skipped(), row.left_out().unwrap_or(row.status()).to_owned())
        }
    };
    // Some build servers show the message, others the body.
    if !matches!(status, TestCaseStatus::Skipped { .. }) {
        status.set_description(message.as_str());
    }
    status.set_message(message);
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn a_campaign_looks_like_a_test_run() {
        let mut run = TestRun::with_jobs(5);
        let unfinished = &mut run.campaign.jobs[4];
        unfinished.selected = false;
        unfinished.left_out = Some("the text looks unfinished".into());
        run.done(1, "a");
        run.failed(2, "b", "no \"face\" <b>&\u{1b}");
        run.lost(3, "c");
        let mut xml = Vec::new();
        write_junit(&run.summary(), &mut xml).unwrap();
        assert_eq!(
            String::from_utf8(xml).unwrap(),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="spring" tests="5" skipped="2" failures="1" errors="1">
    <testsuite name="spring" tests="5" skipped="2" errors="1" failures="1">
        <testcase name="a" classname="spring" time="61.000"/>
        <testcase name="b" classname="spring" time="30.000">
            <failure message="no &quot;face&quot; &lt;b&gt;&amp;">no &quot;face&quot; &lt;b&gt;&amp;</failure>
        </testcase>
        <testcase name="c" classname="spring" time="0.000">
            <error message="in doubt: the connection was reset">in doubt: the connection was reset</error>
        </testcase>
        <testcase name="d" classname="spring" time="0.000">
            <skipped message="pending"/>
        </testcase>
        <testcase name="e" classname="spring" time="0.000">
            <skipped message="the text looks unfinished"/>
        </testcase>
    </testsuite>
</testsuites>
"#
        );
    }
}

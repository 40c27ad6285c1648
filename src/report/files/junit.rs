//! `JUnit` XML, so that a build server shows a campaign like a test run.

use std::fmt::Write;

use crate::model::Phase;
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::words;

/// The campaign as one test suite: a job is a test case, a failed job a failure, a job in doubt an
/// error, a job that is not finished or not selected skipped.
pub(crate) fn to_junit(summary: &Summary) -> String {
    let counts = summary.counts();
    let skipped = counts.rendering + counts.downloading + counts.pending + counts.left_out;
    let name = escape(&summary.campaign().name);
    let attributes = format!(
        "name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\"",
        counts.total + counts.left_out,
        counts.failed,
        counts.in_doubt,
    );
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite {attributes}>\n"
    );
    for row in summary.rows() {
        let time = taken(&row);
        let _ = writeln!(
            xml,
            "<testcase classname=\"{name}\" name=\"{}\" time=\"{time:.3}\">{}</testcase>",
            row.id(),
            result(&row),
        );
    }
    xml.push_str("</testsuite>\n</testsuites>\n");
    xml
}

/// Seconds from the submit to the end.
fn taken(row: &Row) -> f64 {
    match (row.state.submitted_at, row.state.finished_at) {
        (Some(submitted), Some(finished)) => finished.since(submitted).as_secs_f64(),
        (_, _) => 0.0,
    }
}

fn result(row: &Row) -> String {
    let why = row.failure().map_or_else(String::new, words::failure);
    let why = escape(&why);
    match &row.state.phase {
        Phase::Done { .. } => String::new(),
        Phase::Failed { .. } => format!("<failure message=\"{why}\"/>"),
        Phase::Submitting | Phase::InDoubt { .. } => {
            format!("<error message=\"in doubt: {why}\"/>")
        }
        Phase::Pending | Phase::Rendering { .. } | Phase::Fetching { .. } => {
            format!("<skipped message=\"{}\"/>", row.status())
        }
    }
}

/// Text inside an attribute: what XML 1.0 cannot hold becomes spaces.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in words::clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn a_campaign_looks_like_a_test_run() {
        let mut run = TestRun::with_jobs(4);
        run.done(1, "a");
        run.failed(2, "b", "no \"face\" <b>&\u{1b}");
        run.lost(3, "c");
        assert_eq!(
            to_junit(&run.summary()),
            "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites>
<testsuite name=\"spring\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\">
<testcase classname=\"spring\" name=\"a\" time=\"61.000\"></testcase>
<testcase classname=\"spring\" name=\"b\" time=\"30.000\"><failure message=\"no &quot;face&quot; &lt;b&gt;&amp;\"/></testcase>
<testcase classname=\"spring\" name=\"c\" time=\"0.000\"><error message=\"in doubt: the connection was reset\"/></testcase>
<testcase classname=\"spring\" name=\"d\" time=\"0.000\"><skipped message=\"pending\"/></testcase>
</testsuite>
</testsuites>
"
        );
    }
}

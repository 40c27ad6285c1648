//! The plan as a table with totals.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::Flag;
use crate::report::cost_breakdown::{CostBreakdown, GroupBy};
use crate::report::format::credit_range;
use crate::report::plan::context::{PlanContext, ReplacedRows, low_cap};
use crate::report::plan::rows::{PlanRow, plan_rows};
use crate::report::plan::table::{job_table, one_line, seconds};
use crate::report::summary::Summary;
use crate::util::style::{Colours, Style};
use crate::util::table::table;
use crate::util::text::{agree, plural, sanitize, wrap};

/// The width of the examples, in columns of a terminal.
const EXAMPLE_WIDTH: usize = 60;

/// How a plan is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlanStyle {
    /// Whether the spoken texts follow the table, each with all its lines, instead of being cut in it.
    pub has_whole_texts: bool,
    /// The columns of the terminal, if there is one.
    pub columns: Option<usize>,
    /// Whether to use colours.
    pub colours: Colours,
}

/// Returns the plan as a table of all jobs with totals.
pub(crate) fn plan_table(summary: &Summary, context: &PlanContext, style: PlanStyle) -> String {
    let PlanStyle { has_whole_texts, columns, colours } = style;
    let mut text = job_table(summary, !has_whole_texts, columns, colours);
    let skipped = summary.counts().skipped;
    if skipped > 0 {
        let _ = writeln!(text, "{} skipped", plural(skipped, "row"));
    }
    if has_whole_texts {
        for row in plan_rows(summary).filter(|row| row.row.job.in_sheet) {
            let _ = writeln!(text, "\n{}", colours.paint(Style::Bold, row.row.id().as_str()));
            for line in row.speech().lines() {
                let _ = writeln!(text, "  {}", sanitize(line).trim_end());
            }
        }
    }
    text.push('\n');
    text.push_str(&plan_totals(summary, context.replaced, columns, colours));
    for line in context.lines(summary) {
        text.push_str(&wrapped(&line, columns));
    }
    text
}

/// Returns `line` and a line feed, wrapped at words for a terminal with `columns`.
fn wrapped(line: &str, columns: Option<usize>) -> String {
    let line = columns.map_or_else(|| line.to_owned(), |columns| wrap(line, columns, 2));
    format!("{line}\n")
}

/// Returns up to three of the texts that `run` would submit, and the longest one, for a last look before they are paid
/// for.
pub(crate) fn text_examples(summary: &Summary, columns: Option<usize>) -> String {
    let (shown, longest) = examples(summary);
    if shown.is_empty() {
        return String::new();
    }
    let ids = shown.iter().map(|row| row.row.id().as_str().len()).max().unwrap_or(0);
    let room = columns.map_or(EXAMPLE_WIDTH, |columns| columns.saturating_sub(ids + 2).max(20));
    let shown = shown.iter().map(|row| {
        let text = one_line(row.speech(), room.min(EXAMPLE_WIDTH));
        (None, [row.row.id().to_string(), text])
    });
    let mut text = table(["job", "text"], shown, None, Colours::Off);
    if let Some(longest) = longest {
        let (id, length) = (longest.row.id(), longest.speech().chars().count());
        let seconds = seconds(&longest.row.job.estimate);
        let line = format!("the longest text is `{id}`: {length} characters, {seconds} seconds");
        text.push_str(&wrapped(&line, columns));
    }
    text.push('\n');
    text
}

/// Returns the same texts for programs: up to three examples, and the longest text or null.
pub(crate) fn examples_json(summary: &Summary) -> [Value; 2] {
    let (shown, longest) = examples(summary);
    let example = |row: &PlanRow<'_>| {
        let request = &row.row.job.spec.request;
        let (width, height) = request.aspect_ratio.sides();
        json!({
            "id": row.row.id(),
            "persona": sanitize(summary.campaign().persona(&request.persona)),
            "ratio": format!("{width}:{height}"),
            "text": row.speech(),
            "seconds": seconds(&row.row.job.estimate),
        })
    };
    [shown.iter().map(example).collect(), longest.as_ref().map_or(Value::Null, example)]
}

/// Returns the first, middle and last row that `run` would submit, and the one with the longest text.
fn examples(summary: &Summary) -> (Vec<PlanRow<'_>>, Option<PlanRow<'_>>) {
    let rows = || plan_rows(summary).filter(|row| row.state.is_submitted());
    let Some(last) = rows().count().checked_sub(1) else {
        return (Vec::new(), None);
    };
    let shown = rows().enumerate().filter(|(index, _)| [0, last / 2, last].contains(index));
    let longest = rows().filter(PlanRow::is_text).max_by_key(|row| row.speech().chars().count());
    (shown.map(|(_, row)| row).collect(), longest)
}

/// Returns the totals of the plan.
pub(crate) fn plan_totals(
    summary: &Summary,
    replaced: Option<ReplacedRows>,
    columns: Option<usize>,
    colours: Colours,
) -> String {
    let shares = to_submit(summary).tables(
        ["", "jobs", "credits"],
        |name, share| {
            let credits = credit_range(share.low, share.high);
            [name, share.jobs.to_string(), credits]
        },
        colours,
    );
    let totals = total_lines(summary, replaced);
    let totals = totals.lines().map(|line| wrapped(line, columns)).collect::<String>();
    let outdated = outdated_line(summary)
        .map(|line| wrapped(&colours.paint(Style::Warning, &line), columns))
        .unwrap_or_default();
    shares + &totals + &outdated
}

/// Returns what a plan says about outdated videos, if there are any.
pub(super) fn outdated_line(summary: &Summary) -> Option<String> {
    let count = summary.counts().outdated;
    (count > 0).then(|| {
        format!(
            "{} {} outdated: the {} edited after being paid for, and `{}` pays for the new {}",
            plural(count, "video"),
            agree(count, "is", "are"),
            agree(count, "row was", "rows were"),
            Flag::RedoChanged,
            agree(count, "version", "versions"),
        )
    })
}

/// Groups the jobs that `run` would submit.
pub(super) fn to_submit(summary: &Summary) -> CostBreakdown<3> {
    let rows = plan_rows(summary).filter(|row| row.state.is_submitted());
    let by = [GroupBy::Persona, GroupBy::AspectRatio, GroupBy::ModelVersion];
    CostBreakdown::of(summary, rows.map(|row| row.row), by)
}

pub(super) fn total_lines(summary: &Summary, replaced: Option<ReplacedRows>) -> String {
    let money = summary.money();
    let to_submit = plan_rows(summary).filter(|row| row.state.is_submitted()).count();
    let gone = summary.gone().count();
    let mut all = (summary.rows().len() - gone).to_string();
    if gone > 0 {
        let _ = write!(all, ", and {gone} from an earlier sheet");
    }
    let mut credits = format!("{} credits", credit_range(money.to_do_low, money.to_do_high));
    if money.to_do_low != money.to_do_high {
        let _ = write!(credits, " (likely {})", money.to_do_likely);
    }
    let mut text = format!(
        "{} to submit of {all}, for {credits}; {}\n",
        plural(to_submit, "job"),
        money.sentence_without_to_do(),
    );
    let needed = money.needed_cap();
    if let Some(cap) = money.cap.filter(|cap| needed > *cap) {
        let _ = writeln!(text, "{}", low_cap(Flag::MaxCredits, cap, needed));
    }
    if let Some(replaced) = replaced {
        let _ = writeln!(text, "note: {replaced}");
    }
    if let Some(approval) = summary.campaign().approval.sentence() {
        let _ = writeln!(text, "approval: {approval}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        AspectRatio, Credits, Generation, JobEvent, PriceTable, Speech, VideoRequest,
    };
    use crate::report::plan::json::write_plan_json;
    use crate::report::testing::{TestRun, row};

    fn style(columns: Option<usize>) -> PlanStyle {
        PlanStyle { has_whole_texts: false, columns, colours: Colours::Off }
    }

    fn run() -> TestRun {
        let mut run = TestRun::with_jobs(8);
        run.done(1, "a");
        run.failed(2, "b", "no face");
        run.lost(3, "c");
        run.accepted(4, "d");
        run.rendered(5, "e");
        run.done(6, "f");
        let jobs = &mut run.campaign.jobs;
        let fingerprint = jobs[0].spec.fingerprint.clone();
        Arc::make_mut(&mut jobs[5].spec).fingerprint = fingerprint;
        jobs[6].selected = false;
        run.sheet().rows.push(row("later", 0..0));
        run
    }

    #[test]
    fn every_job_has_its_state_reason_and_price() {
        let mut run = run();
        let mut gone = run.campaign.jobs[3].clone();
        Arc::make_mut(&mut gone.spec).id = "gone".parse().unwrap();
        (gone.in_sheet, gone.selected) = (false, false);
        run.campaign.jobs.push(gone);
        run.campaign.max_credits = Some(Credits::whole(22));
        assert_eq!(
            plan_table(&run.summary(), &PlanContext::default(), style(Some(200))),
            "\
all 9 jobs: persona Anna, ratio 9x16, model standard, seconds 2

job   state                credits  text                         reason
a     done                 5        Say something nice about a.
b     failed               0        Say something nice about b.  no face; sent again only with `--retry-failed`
c     in doubt             5        Say something nice about c.  may have been paid for, so it is not sent again: the connection was reset
d     rendering            5        Say something nice about d.  paid for; will be collected
e     downloading          5        Say something nice about e.  paid for; will be downloaded
f     changed since paid   5        Say something nice about f.  edited after being paid for; paid for again only with `--redo-changed`
g     left out                      Say something nice about g.
h     new                  5        Say something nice about h.
gone  gone from the sheet  0        Say something nice about d.  pending; collected nevertheless
1 row skipped

persona  jobs  credits
Anna     1     5

ratio  jobs  credits
9x16   1     5

model     jobs  credits
standard  1     5

1 job to submit of 8, and 1 from an earlier sheet, for 5 credits; 15 spent, 10 promised, 5 withheld, 0 left of 22
`--max-credits 22` may stop the run before its end; 35 would be enough
1 video is outdated: the row was edited after being paid for, and `--redo-changed` pays for the new version
estimated at 2.5 words a second (2.2 to 3.3); 2.5 characters of Japanese, Chinese or Thai count as a word
"
        );
    }

    /// Returns a plan of `count` jobs with long ids and texts, whose states and ratios differ.
    fn long(count: u8) -> TestRun {
        let mut run = TestRun::with_jobs(count);
        for (index, job) in run.campaign.jobs.iter_mut().enumerate() {
            let spec = Arc::make_mut(&mut job.spec);
            spec.id = format!("our-new-spring-collection-{index}").parse().unwrap();
            let text = Speech::Text(
                "Until Sunday everything is ten percent off, also shoes. ".repeat(3).into(),
            );
            let ratio = if index % 2 == 0 { AspectRatio::Square } else { AspectRatio::Portrait };
            spec.request = Arc::new(VideoRequest::new(text, "anna", ratio));
            job.selected = index != 1;
        }
        run
    }

    #[test]
    fn a_plan_fits_its_terminal() {
        for columns in [40, 60, 80, 120, 200] {
            for count in [1, 3, 26] {
                let summary = long(count).summary();
                let text = plan_table(&summary, &PlanContext::default(), style(Some(columns)));
                for line in text.lines() {
                    assert!(crate::util::text::width(line) <= columns, "{columns}: {text}");
                }
                assert!(text.contains("our-new-spring-collection-0"), "{text}");
            }
        }
        let text = plan_table(&long(3).summary(), &PlanContext::default(), style(Some(80)));
        assert!(
            text.starts_with(
                "\
all 3 jobs: persona anna, model standard, seconds 2

job                          ratio  state     credits  text
our-new-spring-collection-0  1x1    new       5        Until Sunday everything…
our-new-spring-collection-1  9x16   left out           Until Sunday everything…
our-new-spring-collection-2  1x1    new       5        Until Sunday everything…
"
            ),
            "{text}"
        );
        let text = plan_table(&long(3).summary(), &PlanContext::default(), style(Some(40)));
        assert!(
            text.contains(
                "\
our-new-spring-collection-1  9x16
  left out           Until Sunday every…
"
            ),
            "{text}"
        );
    }

    #[test]
    fn json_has_the_same_states() {
        let mut written = Vec::new();
        write_plan_json(&run().summary(), &PlanContext::default(), &mut written).unwrap();
        let plan: Value = serde_json::from_slice(&written).unwrap();
        let states: Vec<&str> = plan["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["state"].as_str().unwrap())
            .collect();
        let expected = [
            "done",
            "failed",
            "in_doubt",
            "rendering",
            "downloading",
            "changed_since_paid",
            "left_out",
            "new",
        ];
        assert_eq!(states, expected);
        assert_eq!(plan["jobs"][7]["will_submit"], true);
        let share = serde_json::json!({ "jobs": 1, "credits_low": 5, "credits_high": 5 });
        assert_eq!(plan["to_submit"]["persona"]["Anna"], share);
    }

    #[test]
    fn reopened_jobs_are_shown_as_again() {
        let mut run = TestRun::with_jobs(1);
        run.lost(1, "a");
        let generation = Generation(1);
        run.job_event(30, "a", JobEvent::Reopened { generation });
        let text = plan_table(&run.summary(), &PlanContext::default(), style(Some(200)));
        assert!(
            text.contains("again  2        5        Say something nice about a.  to be paid for again; earlier attempts cost"),
            "{text}"
        );
    }

    #[test]
    fn an_assumed_length_is_stated() {
        let mut run = TestRun::with_jobs(1);
        let speech = Speech::Audio("https://x/a.mp3".into());
        let request = VideoRequest::new(speech, "p", AspectRatio::Square);
        let job = &mut run.campaign.jobs[0];
        job.estimate = PriceTable::default().estimate(&request, None);
        Arc::make_mut(&mut job.spec).request = Arc::new(request);
        let text = plan_table(&run.summary(), &PlanContext::default(), style(Some(200)));
        assert!(
            text.contains(
                "15-60    5-10     https://x/a.mp3  the length of the recording is unknown"
            ) && text
                .contains("1 recording of unknown length assumed to take 30 seconds (15 to 60;"),
            "{text}"
        );
    }

    #[test]
    fn whole_texts_follow_the_table() {
        let mut run = TestRun::with_jobs(1);
        let speech = Speech::Text("Hi Ann,\n\u{1b}[2Jwelcome  back".into());
        let request = VideoRequest::new(speech, "p", AspectRatio::Square);
        Arc::make_mut(&mut run.campaign.jobs[0].spec).request = Arc::new(request);
        let context = PlanContext::default();
        let text = plan_table(
            &run.summary(),
            &context,
            PlanStyle { has_whole_texts: true, ..style(None) },
        );
        assert!(text.contains("\na\n  Hi Ann,\n  \\u{1b}[2Jwelcome  back\n"), "{text}");
        let text = plan_table(&run.summary(), &context, style(Some(40)));
        assert!(text.contains("  Hi Ann, \\u{1b}[2Jwe…\n"), "{text}");
    }

    #[test]
    fn examples_are_three_texts_and_the_longest() {
        let mut run = TestRun::with_jobs(5);
        let longest = VideoRequest::new(
            Speech::Text("A far longer text than any other one".into()),
            "p",
            AspectRatio::Square,
        );
        Arc::make_mut(&mut run.campaign.jobs[1].spec).request = Arc::new(longest);
        let text = text_examples(&run.summary(), None);
        let ids: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(ids, ["job", "a", "c", "e", "the", ""], "{text}");
        assert!(text.contains("the longest text is `b`: 36 characters, 2 seconds"), "{text}");
        assert_eq!(text_examples(&TestRun::with_jobs(0).summary(), None), "");
    }
}

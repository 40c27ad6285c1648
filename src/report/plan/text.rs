//! The plan as a table with totals.

use std::fmt::Write;

use crate::model::{Estimate, Flag};
use crate::report::cost_breakdown::{CostBreakdown, GroupBy};
use crate::report::format::credit_range;
use crate::report::plan::context::{PlanContext, ReplacedRows, low_cap};
use crate::report::plan::rows::{PlanRow, plan_rows};
use crate::report::summary::Summary;
use crate::util::style::{Colours, Style};
use crate::util::table::table;
use crate::util::text::{agree, plural, sanitize, truncate};

/// The width of the examples, in columns of a terminal.
const EXAMPLE_WIDTH: usize = 60;

/// How a plan shows the spoken texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextStyle {
    /// In the table, cut to this many columns of the terminal.
    Cut(usize),
    /// Below the table, each with all its lines.
    Whole,
}

impl TextStyle {
    /// Returns the style whose texts fill what the other columns usually leave of the terminal's width.
    pub(crate) fn of_output() -> Self {
        let size = console::Term::stdout().size_checked();
        let width = size.map_or(120, |(_, columns)| usize::from(columns));
        Self::Cut(width.saturating_sub(76).clamp(24, 60))
    }
}

/// Returns the plan as a table of all jobs with totals.
pub(crate) fn plan_table(
    summary: &Summary,
    context: &PlanContext,
    texts: TextStyle,
    colours: Colours,
) -> String {
    let header =
        ["job", "persona", "ratio", "model", "state", "seconds", "credits", "text", "reason"];
    let cut = match texts {
        TextStyle::Cut(width) => width,
        TextStyle::Whole => 20,
    };
    let rows = plan_rows(summary).map(|row| {
        let spec = &row.row.job.spec;
        let request = &spec.request;
        let persona = sanitize(summary.campaign().persona(&request.persona));
        let (word, style) = row.state.word_and_style();
        let price = row.price().map(|(low, high)| credit_range(low, high));
        let cells = [
            spec.id.to_string(),
            truncate(&persona, 20),
            request.aspect_ratio.to_string(),
            request.model_version.to_string(),
            word.to_owned(),
            seconds(&row.row.job.estimate),
            price.unwrap_or_default(),
            one_line(row.speech(), cut),
            row.reason(),
        ];
        (Some(style), cells)
    });
    let mut text = table(header, rows, colours);
    let skipped = summary.counts().skipped;
    if skipped > 0 {
        let _ = writeln!(text, "{} skipped", plural(skipped, "row"));
    }
    if texts == TextStyle::Whole {
        for row in plan_rows(summary).filter(|row| row.row.job.in_sheet) {
            let _ = writeln!(text, "\n{}", colours.paint(Style::Bold, row.row.id().as_str()));
            for line in row.speech().lines() {
                let _ = writeln!(text, "  {}", sanitize(line).trim_end());
            }
        }
    }
    text.push('\n');
    text.push_str(&plan_totals(summary, context.replaced, colours));
    for line in context.lines(summary) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Returns a text on one line, cut to `width` columns of a terminal.
fn one_line(text: &str, width: usize) -> String {
    // The beginning is enough: a text may have thousands of characters.
    let beginning = sanitize(&text.chars().take(4 * width).collect::<String>());
    let words: Vec<&str> = beginning.split_whitespace().collect();
    console::truncate_str(&words.join(" "), width, "…").into_owned()
}

/// Returns up to three of the texts that `run` would submit, and the longest one, for a last look before they are paid
/// for.
pub(crate) fn text_examples(summary: &Summary) -> String {
    let rows: Vec<PlanRow<'_>> =
        plan_rows(summary).filter(|row| row.state.is_submitted()).collect();
    let Some(last) = rows.len().checked_sub(1) else {
        return String::new();
    };
    let mut shown = vec![0, last / 2, last];
    shown.dedup();
    let shown = shown.into_iter().map(|index| {
        (None, [rows[index].row.id().to_string(), one_line(rows[index].speech(), EXAMPLE_WIDTH)])
    });
    let mut text = table(["job", "text"], shown, Colours::Off);
    let texts = rows.iter().filter(|row| row.is_text());
    if let Some(longest) = texts.max_by_key(|row| row.speech().chars().count()) {
        let (id, length) = (longest.row.id(), longest.speech().chars().count());
        let seconds = seconds(&longest.row.job.estimate);
        let _ =
            writeln!(text, "the longest text is `{id}`: {length} characters, {seconds} seconds");
    }
    text.push('\n');
    text
}

/// Returns the totals of the plan.
pub(crate) fn plan_totals(
    summary: &Summary,
    replaced: Option<ReplacedRows>,
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
    let outdated = outdated_line(summary)
        .map(|line| format!("{}\n", colours.paint(Style::Warning, &line)))
        .unwrap_or_default();
    shares + &total_lines(summary, replaced) + &outdated
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

pub(super) fn seconds(estimate: &Estimate) -> String {
    let (low, high) = (estimate.seconds_low.round(), estimate.seconds_high.round());
    if low.total_cmp(&high).is_eq() { format!("{high}") } else { format!("{low}-{high}") }
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
            plan_table(&run.summary(), &PlanContext::default(), TextStyle::Cut(20), Colours::Off),
            "\
job   persona  ratio  model     state                seconds  credits  text                  reason
a     Anna     9x16   standard  done                 2        5        Say something nice …
b     Anna     9x16   standard  failed               2        0        Say something nice …  no face; sent again only with `--retry-failed`
c     Anna     9x16   standard  in doubt             2        5        Say something nice …  may have been paid for, so it is not sent again: the connection was reset
d     Anna     9x16   standard  rendering            2        5        Say something nice …  paid for; will be collected
e     Anna     9x16   standard  downloading          2        5        Say something nice …  paid for; will be downloaded
f     Anna     9x16   standard  changed since paid   2        5        Say something nice …  edited after being paid for; paid for again only with `--redo-changed`
g     Anna     9x16   standard  left out             2                 Say something nice …  not selected
h     Anna     9x16   standard  new                  2        5        Say something nice …
gone  Anna     9x16   standard  gone from the sheet  2        0        Say something nice …  pending; collected nevertheless
1 row skipped

persona  jobs  credits
Anna     1     5

ratio  jobs  credits
9x16   1     5

model     jobs  credits
standard  1     5

1 job to submit of 8, and 1 from an earlier sheet, for 5 credits; 15 spent, 10 promised, 0 left of 22
`--max-credits 22` may stop the run before its end; 30 would be enough
1 video is outdated: the row was edited after being paid for, and `--redo-changed` pays for the new version
estimated at 2.5 words a second (2.2 to 3.3); 2.5 characters of Japanese, Chinese or Thai count as a word
"
        );
    }

    #[test]
    fn json_has_the_same_states() {
        let mut written = Vec::new();
        write_plan_json(&run().summary(), &PlanContext::default(), &mut written).unwrap();
        let plan: serde_json::Value = serde_json::from_slice(&written).unwrap();
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
        let text =
            plan_table(&run.summary(), &PlanContext::default(), TextStyle::Cut(20), Colours::Off);
        assert!(
            text.contains("again  2        5        Say something nice …  to be paid for again; earlier attempts cost"),
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
        let text =
            plan_table(&run.summary(), &PlanContext::default(), TextStyle::Cut(20), Colours::Off);
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
        let text = plan_table(&run.summary(), &context, TextStyle::Whole, Colours::Off);
        assert!(text.contains("\na\n  Hi Ann,\n  \\u{1b}[2Jwelcome  back\n"), "{text}");
        let text = plan_table(&run.summary(), &context, TextStyle::Cut(14), Colours::Off);
        assert!(text.contains("  Hi Ann, \\u{1b…\n"), "{text}");
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
        let text = text_examples(&run.summary());
        let ids: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(ids, ["job", "a", "c", "e", "the", ""], "{text}");
        assert!(text.contains("the longest text is `b`: 36 characters, 2 seconds"), "{text}");
        assert_eq!(text_examples(&TestRun::with_jobs(0).summary()), "");
    }
}

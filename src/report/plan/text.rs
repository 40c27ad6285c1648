//! The plan for people.

use std::fmt::Write;

use crate::model::{Credits, Estimate, Generation, Phase};
use crate::report::plan::context::PlanContext;
use crate::report::plan::rows::{plan_rows, shares};
use crate::report::summary::Summary;
use crate::report::table::table;
use crate::report::terminal::style::Colours;
use crate::report::words;
use crate::report::words::{agree, plural, range};

/// The plan as a table, then totals.
pub(crate) fn plan_table(summary: &Summary, outlook: &PlanContext, colours: Colours) -> String {
    let header = [
        "job", "persona", "ratio", "model", "state", "seconds", "credits", "reason",
    ];
    let rows = plan_rows(summary).map(|line| {
        let spec = &line.row.job.spec;
        let cells = [
            spec.id.to_string(),
            words::shorten(&line.persona, 20),
            spec.request.aspect_ratio.to_string(),
            spec.request.model_version.to_string(),
            line.state.word().to_owned(),
            seconds(&line.row.job.estimate),
            line.price()
                .map_or_else(String::new, |(low, high)| range(low, high)),
            line.reason,
        ];
        (Some(line.state.style()), cells)
    });
    let mut text = table(header, rows, colours);
    let skipped = summary.counts().skipped;
    if skipped > 0 {
        let _ = writeln!(text, "{} skipped", plural(skipped, "row"));
    }
    text.push('\n');
    text.push_str(&plan_totals(summary, colours));
    for line in outlook.lines(summary) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The totals alone, for whoever is about to be asked.
pub(crate) fn plan_totals(summary: &Summary, colours: Colours) -> String {
    let mut text = String::new();
    for (title, shares) in shares(summary) {
        let title = title
            .trim_start_matches("aspect_")
            .trim_end_matches("_version");
        let rows = shares.iter().map(|(name, share)| {
            let cells = [
                words::shorten(name, 30),
                share.jobs.to_string(),
                range(share.low, share.high),
            ];
            (None, cells)
        });
        text.push_str(&table([title, "jobs", "credits"], rows, colours));
        text.push('\n');
    }
    text.push_str(&closing_lines(summary));
    text
}

fn closing_lines(summary: &Summary) -> String {
    let money = summary.money();
    let to_submit = plan_rows(summary)
        .filter(|line| line.state.is_submitted())
        .count();
    let likely = if money.to_do_low == money.to_do_high {
        String::new()
    } else {
        format!(" (likely {})", money.to_do_likely)
    };
    let mut text = format!(
        "{} to submit of {}, for {} credits{likely}; {}\n",
        plural(to_submit, "job"),
        of_all(summary),
        range(money.to_do_low, money.to_do_high),
        money.sentence_without_to_do(),
    );
    let needed = money.spent + money.promised + money.to_reserve;
    if let Some(cap) = money.cap.filter(|cap| needed > *cap) {
        let _ = writeln!(
            text,
            "`--max-credits {cap}` may stop the run before its end; {needed} would be enough"
        );
    }
    if let Some(note) = replaced_rows_note(summary) {
        let _ = writeln!(text, "note: {note}");
    }
    if let Some(approval) = summary.campaign().approval.sentence() {
        let _ = writeln!(text, "approval: {approval}");
    }
    text
}

/// `9`, or `8 and 1 from an earlier sheet`.
fn of_all(summary: &Summary) -> String {
    let gone = summary.rows().filter(|row| !row.job.in_sheet).count();
    let in_sheet = summary.rows().len() - gone;
    if gone == 0 {
        in_sheet.to_string()
    } else {
        format!("{in_sheet}, and {gone} from an earlier sheet")
    }
}

fn seconds(estimate: &Estimate) -> String {
    let (low, high) = (estimate.seconds_low.round(), estimate.seconds_high.round());
    if low.total_cmp(&high).is_eq() {
        format!("{high}")
    } else {
        format!("{low}-{high}")
    }
}

/// What a person should know before new jobs are paid for while others that were paid for are no longer in
/// the sheet: a row without an id is another job once it is edited, and so is one with an id whose text is edited
/// together with how many jobs it makes. `None` if there is nothing to know.
pub(crate) fn replaced_rows_note(summary: &Summary) -> Option<String> {
    let gone = summary
        .gone()
        .filter(|row| row.state.spent() + row.state.promised() > Credits::ZERO)
        .count();
    let new = summary
        .rows()
        .filter(|row| row.job.in_sheet && row.job.selected)
        .filter(|row| matches!(row.state.phase, Phase::Pending))
        .filter(|row| row.state.attempts == 0 && row.state.generation == Generation::default())
        .count();
    (gone > 0 && new > 0).then(|| {
        format!(
            "{} that {} paid for earlier {} no longer in the sheet, and {new} {} new: if these rows were \
             only edited, they are paid for once more; rows that have kept an `id` of their own, and their \
             ratios, personas and voices, are not",
            plural(gone, "job"),
            agree(gone, "was", "were"),
            agree(gone, "is", "are"),
            agree(new, "is", "are"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{AspectRatio, JobEvent, PriceTable, Speech, VideoRequest};
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
            plan_table(&run.summary(), &PlanContext::default(), Colours::Off),
            "\
job   persona  ratio  model     state                seconds  credits  reason
a     Anna     9x16   standard  done                 2        5
b     Anna     9x16   standard  failed               2        0        no face; sent again only with `--retry-failed`
c     Anna     9x16   standard  in doubt             2        5        may have been paid for, so it is not sent again: the connection was reset
d     Anna     9x16   standard  rendering            2        5        paid for; will be collected
e     Anna     9x16   standard  downloading          2        5        paid for; will be downloaded
f     Anna     9x16   standard  changed since paid   2        5        edited after it was paid for; redone only with `--redo-changed`
g     Anna     9x16   standard  left out             2                 not selected
h     Anna     9x16   standard  new                  2        5
gone  Anna     9x16   standard  gone from the sheet  2        0        pending; collected all the same
1 row skipped

persona  jobs  credits
Anna     1     5

ratio  jobs  credits
9x16   1     5

model     jobs  credits
standard  1     5

1 job to submit of 8, and 1 from an earlier sheet, for 5 credits; 15 spent, 10 promised, 0 left of 22
`--max-credits 22` may stop the run before its end; 30 would be enough
estimated at 2.5 words a second (2.2 to 3.3); 2.5 characters of Japanese, Chinese or Thai count as a word
"
        );
    }

    #[test]
    fn programs_get_the_same() {
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
    fn what_a_first_step_reopens_is_shown_as_again() {
        let mut explain = TestRun::with_jobs(1);
        explain.lost(1, "a");
        let generation = Generation(1);
        explain.tell(30, "a", JobEvent::Reopened { generation });
        let text = plan_table(&explain.summary(), &PlanContext::default(), Colours::Off);
        assert!(
            text.contains(
                "again  2        5        to be paid for once more; earlier attempts cost"
            ),
            "{text}"
        );
    }

    #[test]
    fn an_assumed_length_is_said_to_be_one() {
        let mut run = TestRun::with_jobs(1);
        let speech = Speech::Audio("https://x/a.mp3".into());
        let request = VideoRequest::new(speech, "p", AspectRatio::Square);
        let job = &mut run.campaign.jobs[0];
        job.estimate = PriceTable::default().estimate(&request, None);
        Arc::make_mut(&mut job.spec).request = Arc::new(request);
        let text = plan_table(&run.summary(), &PlanContext::default(), Colours::Off);
        assert!(
            text.contains("15-60    5-10     the length of the recording is not")
                && text.contains("1 recording of unknown length taken as 30 seconds (15 to 60;"),
            "{text}"
        );
    }

    #[test]
    fn a_paid_job_that_is_gone_is_mentioned_where_something_new_is_to_be_paid_for() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        assert_eq!(replaced_rows_note(&run.summary()), None, "nothing is gone");
        let job = &mut run.campaign.jobs[0];
        (job.in_sheet, job.selected) = (false, false);
        let note = replaced_rows_note(&run.summary()).unwrap();
        assert!(
            note.starts_with(
                "1 job that was paid for earlier is no longer in the sheet, and 2 are new: if these"
            ),
            "{note}"
        );
        run.done(2, "b");
        run.done(3, "c");
        assert_eq!(replaced_rows_note(&run.summary()), None, "nothing is new");
    }
}

//! `plan`: what `run` would do, job by job, with the reason and the credits.
//!
//! It shows a [`Summary`] as it is. To see what `run` would do with `--retry-failed` and the like, let
//! the summary take in the entries of the engine's first step without keeping them: what the step
//! reopens is then shown as *again*.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::colours::{Colours, Tone};
use super::results::{VERSION, credits, totals};
use super::summary::{Row, Summary};
use super::words::{self, pad, plural, range};
use crate::model::{Credits, Estimate, Generation, Phase, Speech};

/// One job of the plan.
#[derive(Debug)]
struct Line<'a> {
    row: Row<'a>,
    persona: String,
    state: State,
    reason: String,
}

/// What a plan says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Again,
    LeftOut,
    InDoubt,
    Rendering,
    Downloading,
    Done,
    Changed,
    Failed,
    Gone,
}

/// Jobs and credits that go to one persona, ratio or model.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    jobs: usize,
    low: Credits,
    high: Credits,
}

/// The plan as a table, then totals.
pub fn plan_table(summary: &Summary, colours: Colours) -> String {
    let lines = lines(summary);
    let mut rows = vec![
        [
            "job", "persona", "ratio", "model", "state", "seconds", "credits", "reason",
        ]
        .map(str::to_owned),
    ];
    rows.extend(lines.iter().map(|line| {
        let spec = &line.row.job.spec;
        [
            spec.id.to_string(),
            words::shorten(&line.persona, 20),
            spec.request.aspect_ratio.to_string(),
            spec.request.model_version.to_string(),
            line.state.word().to_owned(),
            seconds(&line.row.job.estimate),
            line.price()
                .map_or_else(String::new, |(low, high)| range(low, high)),
            line.reason.clone(),
        ]
    }));
    let mut text = table(&rows, |row, cell| match row.checked_sub(1) {
        None => colours.paint(Tone::Strong, cell),
        Some(place) => colours.paint(lines[place].state.tone(), cell),
    });
    let skipped = summary.counts().skipped;
    if skipped > 0 {
        let _ = writeln!(text, "{} skipped", plural(skipped, "row"));
    }
    text.push('\n');
    for (title, shares) in shares(&lines) {
        let title = title
            .trim_start_matches("aspect_")
            .trim_end_matches("_version");
        let mut rows = vec![[title, "jobs", "credits"].map(str::to_owned)];
        rows.extend(shares.into_iter().map(|(name, share)| {
            [
                words::shorten(&name, 30),
                share.jobs.to_string(),
                range(share.low, share.high),
            ]
        }));
        text.push_str(&table(&rows, |row, cell| match row {
            0 => colours.paint(Tone::Strong, cell),
            _ => cell.to_owned(),
        }));
        text.push('\n');
    }
    text.push_str(&closing_lines(summary, &lines));
    text
}

fn closing_lines(summary: &Summary, lines: &[Line]) -> String {
    let money = summary.money();
    let to_submit = lines
        .iter()
        .filter(|line| line.state.is_submitted())
        .count();
    let mut text = format!(
        "{} to submit of {}, for {} credits; {}\n",
        plural(to_submit, "job"),
        lines.len(),
        range(money.to_do_low, money.to_do_high),
        money.sentence_without_to_do(),
    );
    let needed = money.spent + money.promised + money.to_do_high;
    if let Some(cap) = money.cap.filter(|cap| needed > *cap) {
        let _ = writeln!(
            text,
            "`--max-credits {cap}` may stop the run before its end; {needed} would be enough"
        );
    }
    text
}

/// The same for programs.
pub fn plan_json(summary: &Summary) -> Value {
    let lines = lines(summary);
    let jobs: Vec<Value> = lines
        .iter()
        .map(|line| {
            let (spec, estimate) = (&line.row.job.spec, &line.row.job.estimate);
            json!({
                "job_id": spec.id,
                "state": line.state.word().replace(' ', "_"),
                "reason": line.reason,
                "will_submit": line.state.is_submitted(),
                "persona": spec.request.persona,
                "persona_name": line.persona,
                "aspect_ratio": spec.request.aspect_ratio,
                "model_version": spec.request.model_version,
                "seconds_low": rounded(estimate.seconds_low),
                "seconds_high": rounded(estimate.seconds_high),
                "credits_low": estimate.low,
                "credits_high": estimate.high,
                "file": spec.video_path(),
                "origin": { "file": spec.origin.file, "line": spec.origin.line },
            })
        })
        .collect();
    let by: serde_json::Map<String, Value> = shares(&lines)
        .into_iter()
        .map(|(title, shares)| {
            let shares: serde_json::Map<String, Value> = shares
                .into_iter()
                .map(|(name, share)| {
                    let share = json!({
                        "jobs": share.jobs,
                        "credits_low": share.low,
                        "credits_high": share.high,
                    });
                    (name, share)
                })
                .collect();
            (title.to_owned(), shares.into())
        })
        .collect();
    let campaign = summary.campaign();
    json!({
        "version": VERSION,
        "campaign": campaign.name,
        "manifest": campaign.manifest.display().to_string(),
        "sandbox": campaign.is_sandbox,
        "totals": totals(summary),
        "credits": credits(summary),
        "to_submit": by,
        "jobs": jobs,
    })
}

fn lines(summary: &Summary) -> Vec<Line<'_>> {
    summary
        .rows()
        .map(|row| {
            let state = State::of(&row);
            let persona = summary.campaign().persona(&row.job.spec.request.persona);
            Line {
                row,
                persona: words::clean(persona),
                state,
                reason: reason(&row, state),
            }
        })
        .collect()
}

impl State {
    fn of(row: &Row) -> Self {
        if !row.job.in_sheet {
            return Self::Gone;
        }
        match &row.state.phase {
            Phase::Pending if !row.job.selected => Self::LeftOut,
            Phase::Pending if row.state.generation > Generation::default() => Self::Again,
            Phase::Pending => Self::New,
            Phase::Submitting | Phase::InDoubt { .. } => Self::InDoubt,
            Phase::Rendering { .. } => Self::Rendering,
            Phase::Fetching { .. } => Self::Downloading,
            Phase::Done { .. } if row.has_changed() => Self::Changed,
            Phase::Done { .. } => Self::Done,
            Phase::Failed { .. } => Self::Failed,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Again => "again",
            Self::LeftOut => "left out",
            Self::InDoubt => "in doubt",
            Self::Rendering => "rendering",
            Self::Downloading => "downloading",
            Self::Done => "done",
            Self::Changed => "changed since paid",
            Self::Failed => "failed",
            Self::Gone => "gone from the sheet",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::New | Self::Again => Tone::Strong,
            Self::LeftOut | Self::Gone => Tone::Faint,
            Self::InDoubt | Self::Changed => Tone::Doubt,
            Self::Rendering | Self::Downloading => Tone::Work,
            Self::Done => Tone::Good,
            Self::Failed => Tone::Bad,
        }
    }

    /// Whether `run` would pay for it.
    const fn is_submitted(self) -> bool {
        match self {
            Self::New | Self::Again => true,
            Self::LeftOut
            | Self::InDoubt
            | Self::Rendering
            | Self::Downloading
            | Self::Done
            | Self::Changed
            | Self::Failed
            | Self::Gone => false,
        }
    }
}

/// Why the job is in this state, and what `run` makes of it.
fn reason(row: &Row, state: State) -> String {
    let why = || row.failure().map_or_else(String::new, words::failure);
    match state {
        State::New if row.state.attempts > 0 => format!("not accepted yet: {}", why()),
        State::New if is_length_assumed(row) => {
            "the length of the recording is not known, only assumed".to_owned()
        }
        State::New | State::Done => String::new(),
        State::Again => {
            let earlier = row.state.earlier;
            format!("to be paid for once more; earlier attempts cost {earlier}")
        }
        State::LeftOut => "not selected".to_owned(),
        State::InDoubt => format!("may have been paid for, so it is not sent again: {}", why()),
        State::Rendering => "paid for; will be collected".to_owned(),
        State::Downloading => "paid for; will be downloaded".to_owned(),
        State::Changed => {
            "edited after it was paid for; redone only with `--redo-changed`".to_owned()
        }
        State::Failed => format!("{}; sent again only with `--retry-failed`", why()),
        State::Gone => format!("{}; collected all the same", row.status().replace('_', " ")),
    }
}

fn is_length_assumed(row: &Row) -> bool {
    let spec = &row.job.spec;
    matches!(spec.request.speech, Speech::Audio(_)) && spec.audio_seconds.is_none()
}

impl Line<'_> {
    /// What the job will cost, or what it has cost or may have.
    fn price(&self) -> Option<(Credits, Credits)> {
        let (state, estimate) = (self.row.state, &self.row.job.estimate);
        match self.state {
            State::New | State::Again => Some((estimate.low, estimate.high)),
            State::LeftOut => None,
            State::InDoubt
            | State::Rendering
            | State::Downloading
            | State::Done
            | State::Changed
            | State::Failed
            | State::Gone => {
                let cost = state.spent() + state.promised();
                Some((cost, cost))
            }
        }
    }
}

/// What would be submitted, by persona, ratio and model.
fn shares(lines: &[Line]) -> [(&'static str, BTreeMap<String, Share>); 3] {
    let mut shares =
        ["persona", "aspect_ratio", "model_version"].map(|title| (title, BTreeMap::new()));
    for line in lines.iter().filter(|line| line.state.is_submitted()) {
        let request = &line.row.job.spec.request;
        let keys = [
            line.persona.clone(),
            request.aspect_ratio.to_string(),
            request.model_version.to_string(),
        ];
        for ((_, by_key), key) in shares.iter_mut().zip(keys) {
            let share: &mut Share = by_key.entry(key).or_default();
            share.jobs += 1;
            share.low += line.row.job.estimate.low;
            share.high += line.row.job.estimate.high;
        }
    }
    shares
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

fn seconds(estimate: &Estimate) -> String {
    let (low, high) = (estimate.seconds_low.round(), estimate.seconds_high.round());
    if low.total_cmp(&high).is_eq() {
        format!("{high}")
    } else {
        format!("{low}-{high}")
    }
}

/// Rows under each other, two spaces between columns; `paint` colours a whole row.
fn table<const COLUMNS: usize>(
    rows: &[[String; COLUMNS]],
    paint: impl Fn(usize, &str) -> String,
) -> String {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| pad(cell, width))
            .collect();
        let line = cells.join("  ");
        text.push_str(&paint(place, line.trim_end()));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{AspectRatio, JobEvent, PriceTable, VideoRequest};
    use crate::observe::testing::{Tale, row};

    fn tale() -> Tale {
        let mut tale = Tale::of(8);
        tale.done(1, "a");
        tale.failed(2, "b", "no face");
        tale.lost(3, "c");
        tale.accepted(4, "d");
        tale.rendered(5, "e");
        tale.done(6, "f");
        let jobs = &mut tale.campaign.jobs;
        jobs[5].spec.fingerprint = jobs[0].spec.fingerprint.clone();
        jobs[6].selected = false;
        tale.campaign.sheet.rows.push(row("later", Vec::new()));
        tale
    }

    #[test]
    fn every_job_has_its_state_reason_and_price() {
        let mut tale = tale();
        let mut gone = tale.campaign.jobs[3].clone();
        gone.spec.id = "gone".parse().unwrap();
        (gone.in_sheet, gone.selected) = (false, false);
        tale.campaign.jobs.push(gone);
        tale.campaign.max_credits = Some(Credits::whole(22));
        assert_eq!(
            plan_table(&tale.summary(), Colours::Off),
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

1 job to submit of 9, for 5 credits; 15 spent, 10 promised, 0 left of 22
`--max-credits 22` may stop the run before its end; 30 would be enough
"
        );
    }

    #[test]
    fn programs_get_the_same() {
        let plan = plan_json(&tale().summary());
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
        let share = json!({ "jobs": 1, "credits_low": 5, "credits_high": 5 });
        assert_eq!(plan["to_submit"]["persona"]["Anna"], share);
    }

    #[test]
    fn what_a_first_step_reopens_is_shown_as_again() {
        let mut story = Tale::of(1);
        story.lost(1, "a");
        let generation = Generation(1);
        story.tell(30, "a", JobEvent::Reopened { generation });
        let text = plan_table(&story.summary(), Colours::Off);
        assert!(
            text.contains(
                "again  2        5        to be paid for once more; earlier attempts cost"
            ),
            "{text}"
        );
    }

    #[test]
    fn an_assumed_length_is_said_to_be_one() {
        let mut tale = Tale::of(1);
        let speech = Speech::Audio("https://x/a.mp3".into());
        let request = VideoRequest::new(speech, "p", AspectRatio::Square);
        let job = &mut tale.campaign.jobs[0];
        job.estimate = PriceTable::default().estimate(&request, None);
        job.spec.request = Arc::new(request);
        let text = plan_table(&tale.summary(), Colours::Off);
        assert!(
            text.contains("30       5        the length of the recording is not"),
            "{text}"
        );
    }
}

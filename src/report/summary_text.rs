//! The summary at the end of a run.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use crate::model::{CommandName, Phase};
use crate::report::events::wording::stop_sentence;
use crate::report::format::{credits, failure};
use crate::report::job_row::JobRow;
use crate::report::next_steps;
use crate::report::summary::Summary;
use crate::util::glyph::Glyph;
use crate::util::style::{Colours, Style};
use crate::util::text::{agree, duration, list, plural, sanitize};

/// Lines of each section.
const MAX_SHOWN: usize = 10;

/// A wait before the first submit or after the last video that is shorter is not shown.
const SHORTEST_WAIT: Duration = Duration::from_secs(2);

/// Jobs with the same reason that are named before the rest is counted.
const MAX_IDS: usize = 3;

/// Returns the summary at the end of a run. The last line of an interrupted run is the command that resumes it.
pub(crate) fn summary_text(summary: &Summary, colours: Colours) -> String {
    let mut text = labelled(facts(summary, colours), colours);
    text.push_str(&problems(summary, colours));
    text.push_str(&hint_lines(summary));
    if let Some(command) = next_steps::resume(summary) {
        let _ = writeln!(text, "\nto resume this run:\n{command}");
    }
    text
}

/// Returns the summary in one line, for notifications: `spring: 10 of 12 done, 1 failed; 55 credits spent`.
pub(crate) fn headline(summary: &Summary) -> String {
    let counts = summary.counts();
    let mut text =
        format!("{}: {} of {} done", sanitize(&summary.campaign().name), counts.done, counts.total);
    for (count, word) in counts.non_zero() {
        if !["done", "skipped", "left out"].contains(&word) {
            let _ = write!(text, ", {count} {word}");
        }
    }
    let _ = write!(text, "; {} spent", credits(summary.money().spent));
    if let Some(reason) = summary.stopped() {
        let _ = write!(text, "; {}", stop_sentence(summary, reason));
    }
    text
}

/// Returns which jobs were left out and why, in one line: `2 jobs left out: `a` and `b` (the text is a placeholder)`.
pub(crate) fn left_out_sentence(summary: &Summary) -> Option<String> {
    let rows: Vec<JobRow> = summary.rows().filter(|row| row.left_out().is_some()).collect();
    let reason = sanitize(rows.first()?.left_out()?);
    let others = rows.iter().any(|row| row.left_out().map(sanitize).as_ref() != Some(&reason));
    let others = if others { ", and other reasons" } else { "" };
    let ids = list(rows.iter().map(|row| row.id().as_str()), MAX_IDS);
    Some(format!("{} left out: {ids} ({reason}{others})", plural(rows.len(), "job")))
}

/// Lays out labels and values in two columns.
pub(super) fn labelled(lines: Vec<(&'static str, String)>, colours: Colours) -> String {
    let mut text = String::new();
    for (label, value) in lines {
        let label = colours.paint(Style::Bold, &format!("{label:>9}"));
        let _ = writeln!(text, "{label}  {value}");
    }
    text
}

/// Returns the labelled lines at the top, which `status` shows too.
pub(super) fn facts(summary: &Summary, colours: Colours) -> Vec<(&'static str, String)> {
    let campaign = summary.campaign();
    let counts = summary.counts();
    let states: Vec<String> = counts
        .non_zero()
        .map(|(count, word)| {
            let style = status_style(&word.replace(' ', "_"));
            colours.paint(style, &format!("{count} {word}"))
        })
        .collect();
    let mut name = sanitize(&campaign.name);
    if campaign.is_sandbox {
        name.push_str(" (sandbox: nothing is charged)");
    }
    let mut lines = vec![("campaign", name)];
    lines.extend(campaign.approval.sentence().map(|text| ("approval", text)));
    let jobs = if states.is_empty() {
        counts.jobs()
    } else {
        format!("{}: {}", counts.jobs(), states.join(", "))
    };
    lines.push(("jobs", jobs));
    lines.push(("credits", summary.money().sentence()));
    if let Some(run) = summary.runs().last() {
        let end = run.ended.as_ref().map(|end| end.at).or(summary.last());
        let end = end.unwrap_or(run.started);
        let before =
            run.first_submit.map(|first| (first.since(run.started), "before the first submit"));
        let after = run.last_video.map(|last| (end.since(last), "after the last video"));
        let waits: Vec<String> = before
            .into_iter()
            .chain(after)
            .filter(|(wait, _)| *wait >= SHORTEST_WAIT)
            .map(|(wait, part)| format!("{} {part}", duration(wait)))
            .collect();
        let mut time = duration(end.since(run.started));
        if !waits.is_empty() {
            time = format!("{time}, of which {}", waits.join(" and "));
        }
        lines.push(("time", time));
    }
    if let Some(reason) = summary.stopped() {
        let reason = colours.paint(Style::Warning, &stop_sentence(summary, reason));
        lines.push(("stopped", reason));
    }
    let place = |name: &str| sanitize(&campaign.out.join(name).display().to_string());
    if counts.done > 0 {
        let videos = plural(counts.done, "file");
        lines.push(("videos", format!("{} ({videos})", place("videos"))));
    }
    // The first run creates these files.
    if !summary.runs().is_empty() {
        lines.push(("results", place("results.csv")));
        lines.push(("page", place("report.html")));
    }
    lines
}

/// Returns the style of a status of `results.csv`.
fn status_style(status: &str) -> Style {
    match status {
        "done" => Style::Success,
        "failed" => Style::Failure,
        "in_doubt" | "outdated" => Style::Warning,
        "rendering" | "downloading" => Style::Active,
        _ => Style::Dim,
    }
}

/// Returns the sections about failed jobs, jobs in doubt, failed downloads and outdated videos.
pub(super) fn problems(summary: &Summary, colours: Colours) -> String {
    let failed: Vec<JobRow> = summary.rows().filter(JobRow::has_failed).collect();
    let doubts: Vec<JobRow> = summary.rows().filter(JobRow::is_in_doubt).collect();
    let is_stuck = |row: &JobRow| row.state.is_to_be_downloaded() && row.failure().is_some();
    let not_downloaded: Vec<JobRow> = summary.rows().filter(is_stuck).collect();
    let outdated: Vec<JobRow> = summary.rows().filter(JobRow::is_outdated).collect();
    let sections = [
        (format!("{} failed:", plural(failed.len(), "job")), Style::Failure, failed),
        (
            format!(
                "{} {} in doubt (sent, but no response says whether it was accepted):",
                plural(doubts.len(), "job"),
                agree(doubts.len(), "is", "are")
            ),
            Style::Warning,
            doubts,
        ),
        (
            format!(
                "{} {} paid for but not downloaded:",
                plural(not_downloaded.len(), "video"),
                agree(not_downloaded.len(), "is", "are")
            ),
            Style::Warning,
            not_downloaded,
        ),
    ];
    let mut text = String::new();
    for (title, style, rows) in sections {
        if !rows.is_empty() {
            let _ = writeln!(text, "\n{}", colours.paint(style, &title));
            list_rows(&mut text, summary, &rows, failure_reason);
        }
    }
    let left_out: Vec<JobRow> = summary.rows().filter(|row| row.left_out().is_some()).collect();
    if !left_out.is_empty() {
        let jobs = plural(left_out.len(), "job");
        let title = format!("{jobs} left out and not submitted:");
        let _ = writeln!(text, "\n{}", colours.paint(Style::Warning, &title));
        let reason = |row: &JobRow| row.left_out().map(sanitize).unwrap_or_default();
        list_rows(&mut text, summary, &left_out, reason);
    }
    if !outdated.is_empty() {
        let title = format!(
            "{} {} outdated:",
            plural(outdated.len(), "video"),
            agree(outdated.len(), "is", "are")
        );
        let _ = writeln!(text, "\n{}", colours.paint(Style::Warning, &title));
        list_rows(&mut text, summary, &outdated, |_| OUTDATED.to_owned());
    }
    text
}

/// Why a video is outdated.
const OUTDATED: &str = "the row was edited after the video was paid for";

fn failure_reason(row: &JobRow) -> String {
    let mut why = row
        .failure()
        .map_or_else(|| "the program ended before the response arrived".to_owned(), failure);
    if let (Phase::InDoubt { .. }, Some(unproven)) = (&row.state.phase, &row.state.unproven) {
        let _ = write!(why, "; {}", sanitize(&unproven.to_string()));
    }
    if let (true, Some(tag)) = (row.is_in_doubt(), &row.state.tag) {
        let _ = write!(why, "; its name at the provider: `{}`", tag.name_for(row.id()));
    }
    why
}

/// Adds the rows, those with the same reason in one line, and the command that shows them all if not all are named.
fn list_rows(
    text: &mut String,
    summary: &Summary,
    rows: &[JobRow],
    reason: impl Fn(&JobRow) -> String,
) {
    let groups = if rows.iter().any(JobRow::is_in_doubt) {
        // Each has a name of its own to look for.
        rows.iter().map(|row| (reason(row), vec![row])).collect()
    } else {
        by_reason(rows, reason)
    };
    let shown = if groups.len() < MAX_SHOWN { groups.len() } else { MAX_SHOWN - 2 };
    let single = |(_, rows): &(String, Vec<&JobRow>)| match rows.as_slice() {
        [row] => row.id().as_str().len(),
        _ => 0,
    };
    let width = groups[..shown].iter().map(single).max().unwrap_or(0);
    let mut named = 0;
    for (reason, rows) in &groups[..shown] {
        if let [row] = rows.as_slice() {
            let (id, line) = (row.id(), row.job.spec.origin.line);
            let _ = writeln!(text, "  {id:width$}  line {line}  {reason}");
            named += 1;
        } else {
            let (count, times) = (rows.len(), Glyph::Times.text());
            let ids = list(rows.iter().map(|row| row.id().as_str()), MAX_IDS);
            let reason = reason.trim_end_matches('.');
            let _ = writeln!(text, "  {count} {times} {reason}: {ids}");
            named += if count <= MAX_IDS + 1 { count } else { MAX_IDS };
        }
    }
    let rest: usize = groups[shown..].iter().map(|(_, rows)| rows.len()).sum();
    if rest > 0 {
        let _ = writeln!(text, "  and {rest} more");
    }
    if named < rows.len() {
        let plan = summary.campaign().command(CommandName::Plan);
        let _ = writeln!(text, "  all of them: `{plan}`, or `results.csv`");
    }
}

/// Groups rows by their reason, the largest group first. Reasons that differ in numbers and ids only are the same, and the
/// first one is shown.
fn by_reason<'a>(
    rows: &'a [JobRow<'a>],
    reason: impl Fn(&JobRow) -> String,
) -> Vec<(String, Vec<&'a JobRow<'a>>)> {
    let mut groups: Vec<(String, Vec<&JobRow>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let reason = reason(row);
        let is_word = |word: &&str| !word.contains(|c: char| c.is_ascii_digit());
        let key: Vec<&str> = reason.split(' ').filter(is_word).collect();
        let place = *places.entry(key.join(" ")).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((reason, vec![row])),
        }
    }
    groups.sort_by_key(|(_, rows)| Reverse(rows.len()));
    groups
}

/// Returns the hints, one a line, below an empty line.
pub(super) fn hint_lines(summary: &Summary) -> String {
    let mut text = String::new();
    for hint in next_steps::hints(summary) {
        let _ = writeln!(text, "hint: {hint}");
    }
    if !text.is_empty() {
        text.insert(0, '\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, Flag, Inconclusive, JobEvent, StopReason};
    use crate::report::command_line::CommandLine;
    use crate::report::testing::{TestRun, row};

    #[test]
    fn the_summary_of_a_finished_run() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no face in the \u{1b}[31mpicture");
        run.lost(3, "c");
        run.sheet().rows.push(row("later", 0..0));
        run.ended(130, None);
        assert_eq!(
            summary_text(&run.summary(), Colours::Off),
            " campaign  spring
     jobs  3 jobs: 1 done, 1 failed, 1 in doubt, 1 skipped
  credits  5 spent, 5 promised
     time  2 min 10 s, of which 1 min 08 s after the last video
   videos  spring-output/videos (1 file)
  results  spring-output/results.csv
     page  spring-output/report.html

1 job failed:
  b  line 3  no face in the  [31mpicture

1 job is in doubt (sent, but no response says whether it was accepted):
  c  line 4  the connection was reset; its name at the provider: `cs-aljhgbs64cq7 c`

hint: `c` may have been paid for and is not submitted again automatically. `callsheet run spring.csv` looks for it at the provider; only if its dashboard shows no video named `cs-aljhgbs64cq7 c`, pay again: `callsheet run spring.csv --resubmit c`
hint: 1 job could not be rendered; pay for it again: `callsheet run spring.csv --retry-failed`
"
        );
    }

    #[test]
    fn the_last_line_of_an_interrupted_run_is_the_command_that_resumes() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        run.ended(5, Some(StopReason::Interrupted));
        run.campaign.manifest = "my spring.csv".into();
        run.campaign.arguments = CommandLine::default().flag(Flag::Sandbox);
        for colours in [Colours::Off, Colours::On] {
            let text = summary_text(&run.summary(), colours);
            assert!(text.ends_with("\ncallsheet run 'my spring.csv' --sandbox\n"), "{text}");
        }
        let text = summary_text(&run.summary(), Colours::Off);
        assert!(text.contains("stopped  interrupted; everything is kept\n"));
        assert!(text.contains("hint: 1 job is rendering; download"));
    }

    #[test]
    fn failed_downloads_and_doubts_state_their_reason() {
        let mut run = TestRun::with_jobs(3);
        run.rendered(1, "a");
        let refused = Failure::new(FailureKind::NotFound, "`files.example`: no such file");
        let failure = refused.clone();
        run.job_event(9, "a", JobEvent::LinkExpired { failure });
        let failure = refused.clone();
        run.job_event(10, "a", JobEvent::DownloadGivenUp { failure });
        run.lost(2, "b");
        let why = Inconclusive::Refused { failure: refused };
        run.job_event(30, "b", JobEvent::NotProven { why });
        run.ended(90, None);
        let text = summary_text(&run.summary(), Colours::Off);
        for words in [
            "1 in doubt, 1 downloading, 1 pending",
            "1 video is paid for but not downloaded:\n  a  line 2  `files.example`: no such file\n",
            "line 3  the connection was reset; the provider's list could not be read: `files.",
            "the video of `a` cannot be downloaded; `callsheet collect spring.csv` tries again",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("is rendering") && !text.contains("are rendering"), "{text}");
    }

    #[test]
    fn failures_with_the_same_reason_are_one_line() {
        let mut run = TestRun::with_jobs(26);
        let ids: Vec<String> = ('a'..='z').map(|c| c.to_string()).collect();
        for (second, id) in (1..).zip(&ids[..20]) {
            run.failed(second, id, &format!("content policy (request {second}f)"));
        }
        run.failed(30, "u", "no face");
        let text = problems(&run.summary(), Colours::Off);
        assert_eq!(
            text,
            "
21 jobs failed:
  20 × content policy (request 1f): `a`, `b`, `c` and 17 more
  u  line 22  no face
  all of them: `callsheet plan spring.csv`, or `results.csv`
"
        );
        let mut run = TestRun::with_jobs(26);
        for (second, id) in (1..).zip(&ids) {
            run.failed(second, id, &format!("reason {id}"));
        }
        let text = problems(&run.summary(), Colours::Off);
        assert_eq!(text.lines().skip(2).count(), MAX_SHOWN, "{text}");
        assert!(text.contains("  h  line 9  reason h\n  and 18 more\n  all of them:"), "{text}");
    }

    #[test]
    fn each_job_in_doubt_has_a_name_to_look_for() {
        let mut run = TestRun::with_jobs(2);
        run.lost(1, "a");
        run.lost(2, "b");
        let summary = run.summary();
        let text = problems(&summary, Colours::Off);
        for row in summary.rows() {
            let name = row.state.tag.as_ref().unwrap().name_for(row.id());
            assert!(text.contains(&format!("; its name at the provider: `{name}`\n")), "{text}");
        }
    }

    #[test]
    fn outdated_videos_are_warnings() {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.done(2, "b");
        run.edit("b");
        let text = summary_text(&run.summary(), Colours::On);
        for words in [
            "2 jobs: \u{1b}[32m2 done\u{1b}[0m, \u{1b}[33m1 outdated\u{1b}[0m",
            "\u{1b}[33m1 video is outdated:\u{1b}[0m\n  b  line 3  the row was edited",
            "pay for the new version: `callsheet run spring.csv --redo-changed`",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(headline(&run.summary()).starts_with("spring: 2 of 2 done, 1 outdated;"));
        // Without a charge the row is simply submitted again.
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        let failure = Failure::new(FailureKind::RenderFailed, "no face");
        let charged = Some(crate::model::Credits::ZERO);
        run.job_event(2, "a", JobEvent::Failed { failure, charged });
        run.edit("a");
        let text = summary_text(&run.summary(), Colours::Off);
        assert!(text.contains("1 job is not submitted yet: `callsheet run spring.csv`"), "{text}");
        assert!(!text.contains("outdated") && !text.contains("--retry-failed"), "{text}");
    }

    #[test]
    fn removed_jobs_are_counted_apart() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.campaign.jobs[0].in_sheet = false;
        let text = summary_text(&run.summary(), Colours::Off);
        let words = "jobs  2 jobs, and 1 from an earlier sheet: 1 done, 2 pending\n";
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn the_headline_of_a_stopped_run() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no");
        run.ended(99, Some(StopReason::MaxDuration));
        assert_eq!(
            headline(&run.summary()),
            "spring: 1 of 3 done, 1 failed, 1 pending; 5 credits spent; `--max-duration` has passed"
        );
    }
}

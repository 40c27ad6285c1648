//! The last thing a run says: what became of the jobs, what it cost, where everything is, what to do
//! next.

use std::fmt::Write;

use crate::model::Phase;
use crate::report::events::wording;
use crate::report::next_steps;
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::terminal::style::{Colours, Style};
use crate::report::words;
use crate::report::words::{agree, plural};

/// Failures and doubts shown before the rest is counted.
const MOST_SHOWN: usize = 10;

/// The end-of-run summary, with a line feed at its end. If the run was interrupted, its last line is
/// the command that resumes, and nothing else.
pub(crate) fn summary_text(summary: &Summary, colours: Colours) -> String {
    let mut text = String::new();
    for (label, value) in facts(summary, colours) {
        let label = colours.paint(Style::Strong, &format!("{label:>9}"));
        let _ = writeln!(text, "{label}  {value}");
    }
    text.push_str(&troubles(summary, colours));
    let hints = next_steps::all(summary);
    if !hints.is_empty() {
        text.push('\n');
    }
    for hint in hints {
        let _ = writeln!(text, "{} {hint}", colours.paint(Style::Work, "hint:"));
    }
    if let Some(command) = next_steps::resume(summary) {
        let _ = writeln!(text, "\nto go on where this run stopped:\n{command}");
    }
    text
}

/// The same in one line, for notifications and titles: `spring: 10 of 12 done, 1 failed, 1 in doubt;
/// 55 credits spent`.
pub(crate) fn headline(summary: &Summary) -> String {
    let counts = summary.counts();
    let mut parts = vec![format!("{} of {} done", counts.done, counts.total)];
    for (count, word) in counts.words() {
        if !["done", "skipped", "left out"].contains(&word) {
            parts.push(format!("{count} {word}"));
        }
    }
    let stopped = summary.stopped().map_or_else(String::new, |reason| {
        format!("; {}", wording::sentence(reason))
    });
    let name = words::clean(&summary.campaign().name);
    let spent = words::credits(summary.money().spent);
    format!("{name}: {}; {spent} spent{stopped}", parts.join(", "))
}

/// The labelled lines at the top, here and in `status`.
pub(super) fn facts(summary: &Summary, colours: Colours) -> Vec<(&'static str, String)> {
    let campaign = summary.campaign();
    let counts = summary.counts();
    let parts: Vec<String> = counts
        .words()
        .into_iter()
        .map(|(count, word)| {
            let status = word.replace(' ', "_");
            colours.paint(Style::of_status(&status), &format!("{count} {word}"))
        })
        .collect();
    let mut lines = vec![(
        "campaign",
        if campaign.is_sandbox {
            format!(
                "{} (sandbox: nothing is charged)",
                words::clean(&campaign.name)
            )
        } else {
            words::clean(&campaign.name)
        },
    )];
    if let Some(approval) = campaign.approval.sentence() {
        lines.push(("approval", approval));
    }
    let jobs = counts.jobs();
    lines.push((
        "jobs",
        if parts.is_empty() {
            jobs
        } else {
            format!("{jobs}: {}", parts.join(", "))
        },
    ));
    lines.push(("credits", summary.money().sentence()));
    if let Some(run) = summary.runs().last() {
        let end = run.ended.as_ref().map(|end| end.at).or(summary.last());
        let took = end.unwrap_or(run.started).since(run.started);
        lines.push(("time", words::duration(took)));
    }
    if let Some(reason) = summary.stopped() {
        let reason = wording::sentence(reason);
        lines.push(("stopped", colours.paint(Style::Doubt, &reason)));
    }
    let place = |name: &str| campaign.out.join(name).display().to_string();
    if counts.done > 0 {
        let videos = plural(counts.done, "file");
        lines.push(("videos", format!("{} ({videos})", place("videos"))));
    }
    // Before the first run there is none.
    if !summary.runs().is_empty() {
        lines.push(("results", place("results.csv")));
        lines.push(("page", place("report.html")));
    }
    lines
}

/// What went wrong, with the words of whoever spoke.
pub(super) fn troubles(summary: &Summary, colours: Colours) -> String {
    let mut text = String::new();
    let rows = |is_meant: fn(&Phase) -> bool| {
        summary
            .rows()
            .filter(move |row| is_meant(&row.state.phase))
            .collect::<Vec<_>>()
    };
    let failed = rows(|phase| matches!(phase, Phase::Failed { .. }));
    let doubts = rows(|phase| matches!(phase, Phase::Submitting | Phase::InDoubt { .. }));
    let count = failed.len();
    section(
        &mut text,
        &format!("{} failed:", plural(count, "job")),
        &failed,
        |title| colours.paint(Style::Bad, title),
    );
    let count = doubts.len();
    let title = format!(
        "{} {} in doubt (sent, and no answer says whether accepted):",
        plural(count, "job"),
        agree(count, "is", "are")
    );
    section(&mut text, &title, &doubts, |title| {
        colours.paint(Style::Doubt, title)
    });
    let unfetched: Vec<Row> = summary
        .rows()
        .filter(|row| row.state.is_to_be_downloaded() && row.failure().is_some())
        .collect();
    let title = format!(
        "{} paid for and not downloaded yet:",
        plural(unfetched.len(), "video")
    );
    section(&mut text, &title, &unfetched, |title| {
        colours.paint(Style::Doubt, title)
    });
    text
}

fn section(text: &mut String, title: &str, rows: &[Row], paint: impl Fn(&str) -> String) {
    if rows.is_empty() {
        return;
    }
    let shown = &rows[..rows.len().min(MOST_SHOWN)];
    let width = shown.iter().map(|row| row.id().as_str().len()).max();
    let _ = writeln!(text, "\n{}", paint(title));
    for row in shown {
        let mut why = row.failure().map_or_else(
            || "the program ended before the answer arrived".to_owned(),
            words::failure,
        );
        if let (Phase::InDoubt { .. }, Some(unproven)) = (&row.state.phase, &row.state.unproven) {
            let _ = write!(why, "; {}", words::clean(&unproven.to_string()));
        }
        let id = words::pad(row.id().as_str(), width.unwrap_or(0));
        let line = row.job.spec.origin.line;
        let _ = writeln!(text, "  {id}  line {line}  {why}");
    }
    if rows.len() > shown.len() {
        let rest = rows.len() - shown.len();
        let _ = writeln!(text, "  and {rest} more: see `results.csv`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, Inconclusive, JobEvent, StopReason};
    use crate::report::testing::{TestRun, row};

    #[test]
    fn a_finished_run_says_what_became_of_everything() {
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
     time  2 min 10 s
   videos  spring-output/videos (1 file)
  results  spring-output/results.csv
     page  spring-output/report.html

1 job failed:
  b  line 3  no face in the  [31mpicture

1 job is in doubt (sent, and no answer says whether accepted):
  c  line 4  the connection was reset

hint: `c` may have been paid for. `callsheet run spring.csv` looks again whether the provider has it; only if its dashboard shows none, `callsheet run spring.csv --resubmit c` pays for it once more
hint: `callsheet run spring.csv --retry-failed` pays for the failed job once more
"
        );
    }

    #[test]
    fn the_last_line_of_an_interrupted_run_is_the_command_that_resumes() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        run.ended(5, Some(StopReason::Interrupted));
        run.campaign.manifest = "my spring.csv".into();
        run.campaign.arguments = vec!["--sandbox".into()];
        for colours in [Colours::Off, Colours::On] {
            let text = summary_text(&run.summary(), colours);
            assert!(
                text.ends_with("\ncallsheet run 'my spring.csv' --sandbox\n"),
                "{text}"
            );
        }
        let text = summary_text(&run.summary(), Colours::Off);
        assert!(text.contains("stopped  interrupted; everything is kept\n"));
        assert!(text.contains("hint: 1 render goes on at the provider; `callsheet collect"));
    }

    #[test]
    fn what_is_paid_for_and_not_here_says_why_and_so_does_a_doubt() {
        let mut run = TestRun::with_jobs(3);
        run.rendered(1, "a");
        let refused = Failure::new(FailureKind::NotFound, "`files.example`: no such file");
        let failure = refused.clone();
        run.tell(9, "a", JobEvent::LinkExpired { failure });
        let failure = refused.clone();
        run.tell(10, "a", JobEvent::FetchLeft { failure });
        run.lost(2, "b");
        let why = Inconclusive::Refused { failure: refused };
        run.tell(30, "b", JobEvent::NotProven { why });
        run.ended(90, None);
        let text = summary_text(&run.summary(), Colours::Off);
        for words in [
            "1 in doubt, 1 downloading, 1 pending",
            "1 video paid for and not downloaded yet:\n  a  line 2  `files.example`: no such file\n",
            "line 3  the connection was reset; the provider's list could not be read: `files.",
            "`a` is paid for and not downloaded yet: `callsheet collect spring.csv`",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(
            !text.contains("renders go on") && !text.contains("render goes on"),
            "{text}"
        );
    }

    #[test]
    fn jobs_that_are_gone_from_the_sheet_are_counted_apart() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.campaign.jobs[0].in_sheet = false;
        let text = summary_text(&run.summary(), Colours::Off);
        let words = "jobs  2 jobs, and 1 from an earlier sheet: 1 done, 2 pending\n";
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn one_line_says_the_same() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no");
        run.ended(99, Some(StopReason::MaxDuration));
        assert_eq!(
            headline(&run.summary()),
            "spring: 1 of 3 done, 1 failed, 1 pending; 5 credits spent; `--max-duration` is over"
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let mut run = TestRun::with_jobs(15);
        for job in b'a'..=b'o' {
            run.failed(1, &char::from(job).to_string(), "no");
        }
        let text = summary_text(&run.summary(), Colours::Off);
        assert!(text.contains("15 jobs failed:"));
        assert!(
            text.contains("\n  j  line 11  no\n  and 5 more: see `results.csv`\n"),
            "{text}"
        );
    }
}

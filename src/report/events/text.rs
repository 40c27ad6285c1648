//! Dated log lines, for logs, mails from cron and pipes.

use std::io::Write;
use std::time::Duration;

use crate::model::{Entry, Timestamp};
use crate::report::events::wording::{EventFormatter, LogLine, Verbosity};
use crate::report::format::date_time;
use crate::report::observer::{LineStream, LiveState, Observer};
use crate::report::summary::Summary;
use crate::report::terminal::activity;
use crate::util::printed;
use crate::util::style::{Colours, Style};

/// After this time without a line the state of the run is printed. Build servers end jobs that are silent for ten
/// minutes.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// Writes a run as lines such as
/// `2026-11-24 14:03:07Z  done       spring-01  videos/spring-01.mp4  1.2 MB  5 credits`: time, keyword, job, details.
/// Polls make no lines.
#[derive(Debug)]
pub struct TextLines {
    formatter: EventFormatter,
    stream: LineStream,
    last_line: Option<Timestamp>,
    has_shown_ending: bool,
    /// The problem with the provider that was printed last.
    trouble: Option<String>,
}

impl TextLines {
    /// Returns an observer that writes lines about a run that begins with `summary`.
    pub fn new(
        summary: &Summary,
        stream: Box<dyn Write + Send>,
        verbosity: Verbosity,
        colours: Colours,
    ) -> Self {
        Self {
            formatter: EventFormatter::new(summary, verbosity, colours),
            stream: LineStream::new(stream),
            last_line: None,
            has_shown_ending: false,
            trouble: None,
        }
    }

    fn print(&mut self, at: Timestamp, line: &LogLine) {
        if let Some(text) = self.formatter.layout(line) {
            let text = printed::shown(&text, self.formatter.colours());
            self.stream.write_line(&format!("{}  {text}", date_time(at)));
            self.last_line = Some(at);
        }
    }

    fn warn(&mut self, at: Timestamp, word: &'static str, text: String) {
        let line = LogLine::new(Verbosity::Normal, Style::Warning, word, text);
        self.print(at, &line);
    }
}

impl Observer for TextLines {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let line = self.formatter.format(summary, entry);
        self.print(entry.at, &line);
    }

    fn on_tick(&mut self, summary: &Summary, state: &LiveState) {
        if let Some(reason) = &state.stopping
            && !std::mem::replace(&mut self.has_shown_ending, true)
        {
            self.warn(state.now, "stopping", activity::ending(summary, reason, state));
        }
        let trouble = activity::trouble(state);
        if self.trouble != trouble {
            self.trouble.clone_from(&trouble);
            if let Some(text) = trouble {
                self.warn(state.now, "waiting", format!("{text}; retrying"));
            }
        }
        let last_line = *self.last_line.get_or_insert(state.now);
        if state.now >= last_line.plus(MAX_SILENCE) {
            self.print(state.now, &activity::standing(summary, state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, JobEvent, StopReason};
    use crate::report::testing::{SharedBuffer, TestRun, at};

    fn shown(run: &TestRun, verbosity: Verbosity) -> String {
        let shared = SharedBuffer::default();
        let stream = Box::new(shared.clone());
        let mut lines = TextLines::new(&run.summary(), stream, verbosity, Colours::Off);
        run.replay(&mut lines);
        shared.text()
    }

    #[test]
    fn each_event_makes_a_dated_line() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no \u{1b}[2Jface\n");
        run.lost(3, "c");
        run.ended(90, Some(StopReason::Interrupted));
        assert_eq!(
            shown(&run, Verbosity::Normal),
            "\
2026-11-24 14:00:00Z  run        callsheet 0.1.0: 3 jobs, 0 done, 3 to submit for 15 credits
2026-11-24 14:00:02Z  submitted  a  Anna 9x16 as remote-a
2026-11-24 14:01:02Z  done       a  videos/a.mp4  1.2 MB  5 credits
2026-11-24 14:00:03Z  submitted  b  Anna 9x16 as remote-b
2026-11-24 14:00:32Z  failed     b  no  [2Jface
2026-11-24 14:00:23Z  in doubt   c  sent, but no response says whether it was accepted: the connection was reset
2026-11-24 14:01:30Z  stopped    interrupted; everything is kept
"
        );
        assert_eq!(shown(&run, Verbosity::Quiet).lines().count(), 3, "failed, in doubt, stopped");
        assert_eq!(shown(&run, Verbosity::Verbose).lines().count(), 11);
    }

    #[test]
    fn polls_make_no_lines() {
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        for second in 3..50 {
            let status = "running".into();
            run.job_event(second, "a", JobEvent::Observed { status });
        }
        assert_eq!(shown(&run, Verbosity::Normal).lines().count(), 2);
    }

    #[test]
    fn an_unknown_status_is_reported_once() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        run.accepted(1, "b");
        for (second, job, word) in [(3, "a", "warming"), (4, "b", "warming"), (5, "a", "odd\u{1b}")]
        {
            let status = word.into();
            run.job_event(second, job, JobEvent::Observed { status });
        }
        let shown = shown(&run, Verbosity::Normal);
        assert_eq!(shown.matches("`warming` at the provider; this status").count(), 1, "{shown}");
        assert!(shown.contains(r"`odd\u{1b}` at the provider; this status"), "{shown}");
        assert_eq!(shown.lines().count(), 5, "{shown}");
    }

    #[test]
    fn an_abandoned_download_is_reported_even_if_quiet() {
        let mut run = TestRun::with_jobs(1);
        run.rendered(1, "a");
        let failure = Failure::new(FailureKind::Refused, "`file:///x`: only `http` is fetched");
        run.job_event(9, "a", JobEvent::DownloadGivenUp { failure });
        let shown = shown(&run, Verbosity::Quiet);
        assert!(
            shown.contains("left       a  paid for but not downloaded: `file:///x`"),
            "{shown}"
        );
    }

    #[test]
    fn the_state_is_printed_after_a_long_silence() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        let shared = SharedBuffer::default();
        let summary = run.summary();
        let mut lines =
            TextLines::new(&summary, Box::new(shared.clone()), Verbosity::Normal, Colours::Off);
        for second in 0..=150 {
            let now = at(second);
            let state = LiveState { now, ..LiveState::default() };
            lines.on_tick(&summary, &state);
        }
        let line = "standing   0 of 2 done, 1 rendering, 1 queued; credits: 0 spent, 5 promised\n";
        assert_eq!(
            shared.text(),
            format!("2026-11-24 14:01:00Z  {line}2026-11-24 14:02:00Z  {line}")
        );
    }

    #[test]
    fn the_end_of_a_run_is_announced_once() {
        let shared = SharedBuffer::default();
        let stream = Box::new(shared.clone());
        let summary = TestRun::with_jobs(1).summary();
        let mut lines = TextLines::new(&summary, stream, Verbosity::Normal, Colours::Off);
        for second in 1..4 {
            let state = LiveState {
                now: at(second),
                stopping: Some(StopReason::Interrupted),
                submits: 1,
                ..LiveState::default()
            };
            lines.on_tick(&summary, &state);
        }
        assert_eq!(
            shared.text(),
            "2026-11-24 14:00:01Z  stopping   waiting for the response to 1 submit; press Ctrl-C \
             again to leave at once, equally safe\n"
        );
    }

    #[test]
    fn each_problem_with_the_provider_is_reported_once() {
        let run = TestRun::with_jobs(2);
        let shared = SharedBuffer::default();
        let summary = run.summary();
        let mut lines =
            TextLines::new(&summary, Box::new(shared.clone()), Verbosity::Normal, Colours::Off);
        for second in 0..30 {
            let (kind, words) = match second {
                5..15 => (FailureKind::NotSent, "cannot connect to `api`"),
                15..25 => (FailureKind::ServerError, "server error"),
                _ => (FailureKind::NotSent, ""),
            };
            let state = LiveState {
                now: at(second),
                trouble: (!words.is_empty()).then(|| Failure::new(kind, words)),
                ..LiveState::default()
            };
            lines.on_tick(&summary, &state);
        }
        let said = |second, why| {
            let text = "waiting    the provider does not respond";
            format!("2026-11-24 14:00:{second}Z  {text}: {why}; retrying\n")
        };
        assert_eq!(
            shared.text(),
            said("05", "cannot connect to `api`") + &said("15", "server error")
        );
    }

    #[test]
    fn a_closed_pipe_ends_the_output_quietly() {
        let mut run = TestRun::with_jobs(1);
        let failure = Failure::new(FailureKind::Throttled, "slow down");
        run.event(5, crate::model::Event::InventorySkipped { failure });
        let summary = run.summary();
        let mut lines = TextLines::new(
            &summary,
            Box::new(crate::report::testing::ClosedPipe),
            Verbosity::Normal,
            Colours::Off,
        );
        run.replay(&mut lines);
    }
}

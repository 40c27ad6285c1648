//! Plain, dated lines for logs, cron mails and pipes.

use std::io::Write;
use std::time::Duration;

use crate::model::{Entry, Timestamp};
use crate::report::events::wording::{EventFormatter, LogLine, Verbosity};
use crate::report::observer::LineStream;
use crate::report::observer::{LiveState, Observer};
use crate::report::summary::Summary;
use crate::report::terminal::activity;
use crate::report::terminal::style::{Colours, Style};
use crate::report::words::{clean, moment, pad};

/// A run that has said nothing for so long says where it stands: often enough for a person who
/// watches a log, and for build servers that end what is silent for ten minutes.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Tells a run as lines such as
/// `2026-11-24 14:03:07Z  done       spring-01  videos/spring-01.mp4  1.2 MB  5 credits`: date, what
/// happened, job, details, two spaces between them. One line for each thing that happened to a job,
/// not for each poll.
#[derive(Debug)]
pub struct TextLines {
    teller: EventFormatter,
    sink: LineStream,
    verbosity: Verbosity,
    colours: Colours,
    spoke: Option<Timestamp>,
    has_told_ending: bool,
    /// Said once, until it is over or another.
    trouble: Option<String>,
    id_width: usize,
}

impl TextLines {
    /// Lines about what follows on `summary`.
    pub fn new(
        summary: &Summary,
        stream: Box<dyn Write + Send>,
        verbosity: Verbosity,
        colours: Colours,
    ) -> Self {
        Self {
            id_width: summary.id_width(),
            teller: EventFormatter::default(),
            sink: LineStream::new(stream),
            verbosity,
            colours,
            spoke: None,
            has_told_ending: false,
            trouble: None,
        }
    }

    fn say(&mut self, at: Timestamp, telling: &LogLine) {
        let word = self.colours.paint(telling.style, &pad(telling.word, 9));
        let mut line = format!("{}  {word}", moment(at));
        if let Some(job) = &telling.job {
            line.push_str("  ");
            line.push_str(&pad(job.as_str(), self.id_width));
        }
        line.push_str("  ");
        // What is told holds no control characters anyhow; this is the last gate.
        line.push_str(&clean(&telling.text));
        self.sink.write_line(line.trim_end());
        self.spoke = Some(at);
    }
}

impl Observer for TextLines {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let telling = self.teller.tell(summary, entry);
        if self.verbosity >= telling.from {
            self.say(entry.at, &telling);
        }
    }

    fn on_tick(&mut self, summary: &Summary, pulse: &LiveState) {
        if let Some(reason) = &pulse.stopping
            && !std::mem::replace(&mut self.has_told_ending, true)
            && self.verbosity >= Verbosity::Normal
        {
            let text = activity::ending(reason, pulse);
            self.say(
                pulse.now,
                &LogLine {
                    from: Verbosity::Normal,
                    style: Style::Doubt,
                    word: "stopping",
                    job: None,
                    text,
                },
            );
        }
        let trouble = activity::trouble(pulse);
        if self.trouble != trouble {
            self.trouble.clone_from(&trouble);
            if let Some(text) = trouble.filter(|_| self.verbosity >= Verbosity::Normal) {
                let (from, style, word) = (Verbosity::Normal, Style::Doubt, "waiting");
                let telling = LogLine {
                    from,
                    style,
                    word,
                    job: None,
                    text: format!("{text}; it is tried again and again"),
                };
                self.say(pulse.now, &telling);
            }
        }
        let spoke = *self.spoke.get_or_insert(pulse.now);
        if self.verbosity >= Verbosity::Normal && pulse.now >= spoke.plus(LONGEST_SILENCE) {
            let telling = activity::standing(summary, pulse);
            self.say(pulse.now, &telling);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, JobEvent, StopReason};
    use crate::report::testing::{Shared, TestRun, at};

    fn told(run: &TestRun, verbosity: Verbosity) -> String {
        let shared = Shared::default();
        let stream = Box::new(shared.clone());
        let mut lines = TextLines::new(&run.summary(), stream, verbosity, Colours::Off);
        run.replay_to(&mut lines);
        shared.text()
    }

    #[test]
    fn one_dated_line_for_each_thing_that_happened() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no \u{1b}[2Jface\n");
        run.lost(3, "c");
        run.ended(90, Some(StopReason::Interrupted));
        assert_eq!(
            told(&run, Verbosity::Normal),
            "\
2026-11-24 14:00:00Z  run        callsheet 0.1.0: 3 jobs, 0 done, 3 to submit for 15 credits
2026-11-24 14:00:02Z  submitted  a  Anna 9x16 as remote-a
2026-11-24 14:01:02Z  done       a  videos/a.mp4  1.2 MB  5 credits
2026-11-24 14:00:03Z  submitted  b  Anna 9x16 as remote-b
2026-11-24 14:00:32Z  failed     b  no  [2Jface
2026-11-24 14:00:23Z  in doubt   c  sent, and no answer says whether accepted: the connection was reset
2026-11-24 14:01:30Z  stopped    interrupted; everything is kept
"
        );
        assert_eq!(
            told(&run, Verbosity::Quiet).lines().count(),
            3,
            "failed, in doubt, stopped"
        );
        assert_eq!(told(&run, Verbosity::Verbose).lines().count(), 11);
    }

    #[test]
    fn no_line_for_each_poll() {
        let mut run = TestRun::with_jobs(1);
        run.accepted(1, "a");
        for second in 3..50 {
            let status = "running".into();
            run.tell(second, "a", JobEvent::Observed { status });
        }
        assert_eq!(told(&run, Verbosity::Normal).lines().count(), 2);
    }

    #[test]
    fn a_status_that_nobody_knows_is_told_once_for_each_word() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        run.accepted(1, "b");
        for (second, job, word) in [
            (3, "a", "warming"),
            (4, "b", "warming"),
            (5, "a", "odd\u{1b}"),
        ] {
            let status = word.into();
            run.tell(second, job, JobEvent::Observed { status });
        }
        let told = told(&run, Verbosity::Normal);
        assert_eq!(
            told.matches("`warming` at the provider; a status").count(),
            1,
            "{told}"
        );
        assert!(told.contains("`odd ` at the provider; a status"), "{told}");
        assert_eq!(told.lines().count(), 5, "{told}");
    }

    #[test]
    fn a_download_that_is_left_is_told_even_quietly_and_never_called_a_retry() {
        let mut run = TestRun::with_jobs(1);
        run.rendered(1, "a");
        let failure = Failure::new(FailureKind::Refused, "`file:///x`: only `http` is fetched");
        run.tell(9, "a", JobEvent::FetchLeft { failure });
        let told = told(&run, Verbosity::Quiet);
        assert!(
            told.contains("left       a  paid for, and not downloaded: `file:///x`"),
            "{told}"
        );
    }

    #[test]
    fn a_long_silence_is_broken() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        let shared = Shared::default();
        let summary = run.summary();
        let mut lines = TextLines::new(
            &summary,
            Box::new(shared.clone()),
            Verbosity::Normal,
            Colours::Off,
        );
        for second in 0..=150 {
            let now = at(second);
            let pulse = LiveState {
                now,
                ..LiveState::default()
            };
            lines.on_tick(&summary, &pulse);
        }
        let line = "standing   0 of 2 done, 1 rendering, 1 queued; 0 credits spent, 5 promised\n";
        assert_eq!(
            shared.text(),
            format!("2026-11-24 14:01:00Z  {line}2026-11-24 14:02:00Z  {line}")
        );
    }

    #[test]
    fn that_a_run_winds_down_is_said_once() {
        let shared = Shared::default();
        let stream = Box::new(shared.clone());
        let summary = TestRun::with_jobs(1).summary();
        let mut lines = TextLines::new(&summary, stream, Verbosity::Normal, Colours::Off);
        for second in 1..4 {
            let pulse = LiveState {
                now: at(second),
                stopping: Some(StopReason::Interrupted),
                submits: 1,
                ..LiveState::default()
            };
            lines.on_tick(&summary, &pulse);
        }
        assert_eq!(
            shared.text(),
            "2026-11-24 14:00:01Z  stopping   waiting for the answer of 1 submit; Ctrl-C again \
             leaves at once, equally safe\n"
        );
    }

    #[test]
    fn why_nothing_happens_is_said_once_for_each_reason() {
        let run = TestRun::with_jobs(2);
        let shared = Shared::default();
        let summary = run.summary();
        let mut lines = TextLines::new(
            &summary,
            Box::new(shared.clone()),
            Verbosity::Normal,
            Colours::Off,
        );
        for second in 0..30 {
            let (kind, words) = match second {
                5..15 => (FailureKind::NotSent, "cannot connect to `api`"),
                15..25 => (FailureKind::ServerError, "server error"),
                _ => (FailureKind::NotSent, ""),
            };
            let pulse = LiveState {
                now: at(second),
                trouble: (!words.is_empty()).then(|| Failure::new(kind, words)),
                ..LiveState::default()
            };
            lines.on_tick(&summary, &pulse);
        }
        let said = |second, why| {
            let text = "waiting    the provider cannot be asked";
            format!("2026-11-24 14:00:{second}Z  {text}: {why}; it is tried again and again\n")
        };
        assert_eq!(
            shared.text(),
            said("05", "cannot connect to `api`") + &said("15", "server error")
        );
    }

    #[test]
    fn a_closed_pipe_ends_the_telling_quietly() {
        let mut run = TestRun::with_jobs(1);
        let failure = Failure::new(FailureKind::Throttled, "slow down");
        run.push(5, crate::model::Event::InventorySkipped { failure });
        let summary = run.summary();
        let mut lines = TextLines::new(
            &summary,
            Box::new(crate::report::testing::Closed),
            Verbosity::Normal,
            Colours::Off,
        );
        run.replay_to(&mut lines);
    }
}

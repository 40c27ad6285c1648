//! Plain, dated lines for logs, cron mails and pipes.

use std::io::Write;
use std::time::Duration;

use super::Summary;
use super::colours::{Colours, Tone};
use super::narration::{EventFormatter, LogLine, Verbosity};
use super::sink::Sink;
use super::words::{clean, moment, pad};
use super::{Observer, Pulse, progress};
use crate::model::{Entry, Timestamp};

/// A run that has said nothing for so long says where it stands: often enough for a person who
/// watches a log, and for build servers that end what is silent for ten minutes.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Tells a run as lines such as
/// `2026-11-24 14:03:07Z  done       spring-01  videos/spring-01.mp4  1.2 MB  5 credits`: date, what
/// happened, job, details, two spaces between them. One line for each thing that happened to a job,
/// not for each poll.
#[derive(Debug)]
pub struct Lines {
    teller: EventFormatter,
    sink: Sink,
    verbosity: Verbosity,
    colours: Colours,
    spoke: Option<Timestamp>,
    has_told_ending: bool,
    /// Said once, until it is over or another.
    trouble: Option<String>,
    id_width: usize,
}

impl Lines {
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
            sink: Sink::new(stream),
            verbosity,
            colours,
            spoke: None,
            has_told_ending: false,
            trouble: None,
        }
    }

    fn say(&mut self, at: Timestamp, telling: &LogLine) {
        let word = self.colours.paint(telling.tone, &pad(telling.word, 9));
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

impl Observer for Lines {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let telling = self.teller.tell(summary, entry);
        if self.verbosity >= telling.from {
            self.say(entry.at, &telling);
        }
    }

    fn on_pulse(&mut self, summary: &Summary, pulse: &Pulse) {
        if let Some(reason) = &pulse.stopping
            && !std::mem::replace(&mut self.has_told_ending, true)
            && self.verbosity >= Verbosity::Normal
        {
            let text = progress::ending(reason, pulse);
            self.say(
                pulse.now,
                &LogLine {
                    from: Verbosity::Normal,
                    tone: Tone::Doubt,
                    word: "stopping",
                    job: None,
                    text,
                },
            );
        }
        let trouble = progress::trouble(pulse);
        if self.trouble != trouble {
            self.trouble.clone_from(&trouble);
            if let Some(text) = trouble.filter(|_| self.verbosity >= Verbosity::Normal) {
                let (from, tone, word) = (Verbosity::Normal, Tone::Doubt, "waiting");
                let telling = LogLine {
                    from,
                    tone,
                    word,
                    job: None,
                    text: format!("{text}; it is tried again and again"),
                };
                self.say(pulse.now, &telling);
            }
        }
        let spoke = *self.spoke.get_or_insert(pulse.now);
        if self.verbosity >= Verbosity::Normal && pulse.now >= spoke.plus(LONGEST_SILENCE) {
            let telling = progress::standing(summary, pulse);
            self.say(pulse.now, &telling);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, JobEvent, StopReason};
    use crate::report::testing::{Shared, Tale, at};

    fn told(tale: &Tale, verbosity: Verbosity) -> String {
        let shared = Shared::default();
        let stream = Box::new(shared.clone());
        let mut lines = Lines::new(&tale.summary(), stream, verbosity, Colours::Off);
        tale.tell_to(&mut lines);
        shared.text()
    }

    #[test]
    fn one_dated_line_for_each_thing_that_happened() {
        let mut tale = Tale::of(3);
        tale.done(1, "a");
        tale.failed(2, "b", "no \u{1b}[2Jface\n");
        tale.lost(3, "c");
        tale.ended(90, Some(StopReason::Interrupted));
        assert_eq!(
            told(&tale, Verbosity::Normal),
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
            told(&tale, Verbosity::Quiet).lines().count(),
            3,
            "failed, in doubt, stopped"
        );
        assert_eq!(told(&tale, Verbosity::Verbose).lines().count(), 11);
    }

    #[test]
    fn no_line_for_each_poll() {
        let mut tale = Tale::of(1);
        tale.accepted(1, "a");
        for second in 3..50 {
            let status = "running".into();
            tale.tell(second, "a", JobEvent::Observed { status });
        }
        assert_eq!(told(&tale, Verbosity::Normal).lines().count(), 2);
    }

    #[test]
    fn a_status_that_nobody_knows_is_told_once_for_each_word() {
        let mut tale = Tale::of(2);
        tale.accepted(1, "a");
        tale.accepted(1, "b");
        for (second, job, word) in [
            (3, "a", "warming"),
            (4, "b", "warming"),
            (5, "a", "odd\u{1b}"),
        ] {
            let status = word.into();
            tale.tell(second, job, JobEvent::Observed { status });
        }
        let told = told(&tale, Verbosity::Normal);
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
        let mut tale = Tale::of(1);
        tale.rendered(1, "a");
        let failure = Failure::new(FailureKind::Refused, "`file:///x`: only `http` is fetched");
        tale.tell(9, "a", JobEvent::FetchLeft { failure });
        let told = told(&tale, Verbosity::Quiet);
        assert!(
            told.contains("left       a  paid for, and not downloaded: `file:///x`"),
            "{told}"
        );
    }

    #[test]
    fn a_long_silence_is_broken() {
        let mut tale = Tale::of(2);
        tale.accepted(1, "a");
        let shared = Shared::default();
        let summary = tale.summary();
        let mut lines = Lines::new(
            &summary,
            Box::new(shared.clone()),
            Verbosity::Normal,
            Colours::Off,
        );
        for second in 0..=150 {
            let now = at(second);
            let pulse = Pulse {
                now,
                ..Pulse::default()
            };
            lines.on_pulse(&summary, &pulse);
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
        let summary = Tale::of(1).summary();
        let mut lines = Lines::new(&summary, stream, Verbosity::Normal, Colours::Off);
        for second in 1..4 {
            let pulse = Pulse {
                now: at(second),
                stopping: Some(StopReason::Interrupted),
                submits: 1,
                ..Pulse::default()
            };
            lines.on_pulse(&summary, &pulse);
        }
        assert_eq!(
            shared.text(),
            "2026-11-24 14:00:01Z  stopping   waiting for the answer of 1 submit; Ctrl-C again \
             leaves at once, equally safe\n"
        );
    }

    #[test]
    fn why_nothing_happens_is_said_once_for_each_reason() {
        let tale = Tale::of(2);
        let shared = Shared::default();
        let summary = tale.summary();
        let mut lines = Lines::new(
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
            let pulse = Pulse {
                now: at(second),
                trouble: (!words.is_empty()).then(|| Failure::new(kind, words)),
                ..Pulse::default()
            };
            lines.on_pulse(&summary, &pulse);
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
        let mut tale = Tale::of(1);
        let failure = Failure::new(FailureKind::Throttled, "slow down");
        tale.push(5, crate::model::Event::InventorySkipped { failure });
        let summary = tale.summary();
        let mut lines = Lines::new(
            &summary,
            Box::new(crate::report::testing::Closed),
            Verbosity::Normal,
            Colours::Off,
        );
        tale.tell_to(&mut lines);
    }
}

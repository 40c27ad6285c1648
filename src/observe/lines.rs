//! Plain, dated lines for logs, cron mails and pipes.

use std::io::Write;
use std::time::Duration;

use super::colours::Colours;
use super::narration::{Telling, Verbosity, tell};
use super::sink::Sink;
use super::summary::Summary;
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
    summary: Summary,
    sink: Sink,
    verbosity: Verbosity,
    colours: Colours,
    spoke: Option<Timestamp>,
    id_width: usize,
}

impl Lines {
    /// Lines about what follows on `summary`.
    pub fn new(
        summary: Summary,
        stream: Box<dyn Write + Send>,
        verbosity: Verbosity,
        colours: Colours,
    ) -> Self {
        let widths = summary.rows().map(|row| row.id().as_str().len());
        Self {
            id_width: widths.max().unwrap_or(0).min(30),
            summary,
            sink: Sink::new(stream),
            verbosity,
            colours,
            spoke: None,
        }
    }

    fn say(&mut self, at: Timestamp, telling: &Telling) {
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
    fn on_entry(&mut self, entry: &Entry) {
        self.summary.apply(entry);
        let telling = tell(&self.summary, entry);
        if self.verbosity >= telling.from {
            self.say(entry.at, &telling);
        }
    }

    fn on_pulse(&mut self, pulse: &Pulse) {
        let spoke = *self.spoke.get_or_insert(pulse.now);
        if self.verbosity >= Verbosity::Normal && pulse.now >= spoke.plus(LONGEST_SILENCE) {
            let telling = progress::standing(&self.summary, pulse);
            self.say(pulse.now, &telling);
        }
    }
}

//! The thin edge to the terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::colours::{Colours, Tone};
use super::super::narration::{Verbosity, tell};
use super::super::summary::Summary;
use super::super::words::pad;
use super::super::{Observer, Pulse};
use super::forecast::Forecast;
use super::view::{self, MOST_ACTIVITIES};
use crate::model::{Entry, Event, JobEvent};

/// Shows a run on a terminal: the campaign in two lines, a few lines for what goes on now, and above
/// them, scrolling, what has become of each job. Lines are cut at the terminal's width, never wrapped,
/// so the picture stays still when it is resized.
#[derive(Debug)]
pub struct Progress {
    summary: Summary,
    forecast: Forecast,
    verbosity: Verbosity,
    colours: Colours,
    screen: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Progress {
    /// Progress of what follows on `summary`, drawn on `target`. If the target is hidden, nothing
    /// at all is shown: use [`Lines`](crate::observe::Lines) where there is no terminal.
    pub fn new(
        summary: Summary,
        target: ProgressDrawTarget,
        verbosity: Verbosity,
        colours: Colours,
    ) -> Self {
        Self {
            summary,
            forecast: Forecast::default(),
            verbosity,
            colours,
            screen: MultiProgress::with_draw_target(target),
            bars: Vec::new(),
        }
    }

    /// Progress of what follows on `summary`, on standard error, redrawn some ten times a second.
    pub fn on_terminal(summary: Summary, verbosity: Verbosity, colours: Colours) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        Self::new(summary, target, verbosity, colours)
    }

    /// Takes the lines off the screen, so that the closing summary follows what has scrolled by.
    pub fn clear(&mut self) {
        for bar in self.bars.drain(..) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
        // A terminal that has gone away is no reason to fail.
        let _ = self.screen.clear();
    }

    fn show(&mut self, lines: Vec<String>) {
        while self.bars.len() > lines.len() {
            if let Some(bar) = self.bars.pop() {
                bar.finish_and_clear();
                self.screen.remove(&bar);
            }
        }
        let style = ProgressStyle::with_template("{wide_msg}")
            .expect("the template is a constant, and right");
        while self.bars.len() < lines.len() {
            let bar = ProgressBar::new_spinner().with_style(style.clone());
            self.bars.push(self.screen.add(bar));
        }
        for (bar, line) in self.bars.iter().zip(lines) {
            if bar.message() != line {
                bar.set_message(line);
            }
        }
    }
}

impl Observer for Progress {
    fn on_entry(&mut self, entry: &Entry) {
        self.summary.apply(entry);
        if let Event::Job {
            event: JobEvent::SubmitStarted { .. },
            ..
        } = entry.event
        {
            self.forecast.on_submit(entry.at);
        }
        let telling = tell(&self.summary, entry);
        // The lines below show what begins; above stands what has come of it.
        let is_below = telling.tone == Tone::Work && self.verbosity < Verbosity::Verbose;
        if self.verbosity < telling.from || is_below {
            return;
        }
        let word = self.colours.paint(telling.tone, &pad(telling.word, 9));
        let job = telling
            .job
            .map_or_else(String::new, |job| format!("  {job}"));
        let line = format!("{word}{job}  {}", telling.text);
        // A terminal that has gone away is no reason to fail.
        let _ = self.screen.println(line.trim_end());
    }

    fn on_pulse(&mut self, pulse: &Pulse) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        let mut lines = view::activities(&self.summary, pulse);
        debug_assert!(lines.len() <= MOST_ACTIVITIES);
        let campaign = view::campaign(&self.summary, &self.forecast, pulse, self.colours);
        lines.extend(campaign);
        self.show(lines);
    }
}

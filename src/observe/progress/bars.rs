//! The thin edge to the terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::Summary;
use super::super::colours::{Colours, Tone};
use super::super::narration::{Verbosity, tell};
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
    id_width: usize,
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
            id_width: summary.id_width(),
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
        // The lines below show what begins; above stands what has come of it. How a run ended is the
        // closing summary's to say.
        let is_below = telling.tone == Tone::Work && self.verbosity < Verbosity::Verbose;
        let is_end = matches!(entry.event, Event::RunEnded { .. });
        if self.verbosity < telling.from || is_below || is_end {
            return;
        }
        let word = self.colours.paint(telling.tone, &pad(telling.word, 9));
        let job = telling.job.map_or_else(String::new, |job| {
            format!("  {}", pad(job.as_str(), self.id_width))
        });
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use indicatif::TermLike;

    use super::*;
    use crate::observe::testing::{Shared, Tale, at};

    /// A terminal that keeps every letter it is sent.
    #[derive(Debug, Default, Clone)]
    struct Paper(Shared);

    impl Paper {
        fn write(&self, text: &str) -> io::Result<()> {
            io::Write::write_all(&mut self.0.clone(), text.as_bytes())
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.write(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(verbosity: Verbosity) -> String {
        let mut tale = Tale::of(3);
        tale.done(1, "a");
        tale.failed(2, "b", "no \u{1b}[2Jface");
        tale.accepted(40, "c");
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let summary = Summary::new(Arc::new(tale.campaign.clone()));
        let mut progress = Progress::new(summary, target, verbosity, Colours::Off);
        for entry in &tale.entries {
            progress.on_entry(entry);
        }
        progress.on_pulse(&Pulse {
            now: at(100),
            transfers: Vec::new(),
            holds: Vec::new(),
            trouble: None,
            progress: Vec::new(),
        });
        progress.clear();
        paper.0.text()
    }

    #[test]
    fn what_is_finished_scrolls_by_and_what_goes_on_stays_below() {
        let text = shown(Verbosity::Normal);
        let done = text
            .find("done       a  videos/a.mp4  1.2 MB  5 credits")
            .unwrap();
        let failed = text.find("failed     b  no  [2Jface").unwrap();
        let running = text.find("c                         Anna 9x16").unwrap();
        let campaign = text.find("1 of 3 done, 1 failed, 1 rendering").unwrap();
        assert!(
            done < failed && failed < running && running < campaign,
            "{text}"
        );
        assert!(!text.contains("submitted"), "that is shown below: {text}");
    }

    #[test]
    fn quiet_shows_only_what_went_wrong() {
        let text = shown(Verbosity::Quiet);
        assert!(
            text.contains("failed     b") && !text.contains("done"),
            "{text}"
        );
    }
}

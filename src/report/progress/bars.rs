//! The thin edge to the terminal.

use super::super::Summary;
use super::super::colours::{Colours, Tone};
use super::super::narration::{EventFormatter, Verbosity};
use super::super::words::pad;
use super::super::{Observer, Pulse};
use super::board::LiveRegion;
use super::forecast::Forecast;
use super::view::{self, MOST_ACTIVITIES};
use crate::model::{Entry, Event, JobEvent};

/// Shows a run on a terminal: the campaign in two lines, a few lines for what goes on now, and above
/// them, scrolling, what has become of each job. Lines are cut at the terminal's width, never wrapped,
/// so the picture stays still when it is resized.
#[derive(Debug)]
pub struct Progress {
    teller: EventFormatter,
    forecast: Forecast,
    verbosity: Verbosity,
    colours: Colours,
    board: LiveRegion,
    id_width: usize,
}

impl Progress {
    fn on(board: LiveRegion, summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self {
            id_width: summary.id_width(),
            teller: EventFormatter::default(),
            forecast: Forecast::default(),
            verbosity,
            colours,
            board,
        }
    }

    /// Progress of what follows on `summary`, on standard error, redrawn some ten times a second. Where
    /// there is no terminal use [`Lines`](crate::report::Lines).
    pub fn on_terminal(summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self::on(LiveRegion::on_errors(), summary, verbosity, colours)
    }

    /// Takes the lines off the screen, so that the closing summary follows what has scrolled by.
    pub fn clear(&mut self) {
        self.board.clear();
    }
}

impl Observer for Progress {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        if let Event::Job {
            event: JobEvent::SubmitStarted { .. },
            ..
        } = entry.event
        {
            self.forecast.on_submit(entry.at);
        }
        let telling = self.teller.tell(summary, entry);
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
        self.board.print(line.trim_end());
    }

    fn on_pulse(&mut self, summary: &Summary, pulse: &Pulse) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        let mut lines = view::activities(summary, pulse);
        debug_assert!(lines.len() <= MOST_ACTIVITIES);
        lines.extend(view::waits(pulse).map(|wait| self.colours.paint(Tone::Doubt, &wait)));
        let campaign = view::campaign(summary, &self.forecast, pulse, self.colours);
        lines.extend(campaign);
        self.board.show(lines);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use indicatif::TermLike;

    use super::*;
    use crate::report::testing::{Shared, Tale, at};

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
        let (board, summary) = (LiveRegion::on(paper.clone()), tale.summary());
        let mut progress = Progress::on(board, &summary, verbosity, Colours::Off);
        tale.tell_to(&mut progress);
        let pulse = Pulse {
            now: at(100),
            ..Pulse::default()
        };
        progress.on_pulse(&summary, &pulse);
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

//! The thin edge to the terminal.

use crate::model::{Entry, Event, JobEvent};
use crate::report::events::wording::{EventFormatter, Verbosity};
use crate::report::observer::{LiveState, Observer};
use crate::report::summary::Summary;
use crate::report::terminal::activity;
use crate::report::terminal::activity::MOST_ACTIVITIES;
use crate::report::terminal::forecast::Forecast;
use crate::report::terminal::live_region::LiveRegion;
use crate::report::terminal::style::{Colours, Style};
use crate::report::words::pad;

/// Shows a run on a terminal: the campaign in two lines, a few lines for what goes on now, and above
/// them, scrolling, what has become of each job. Lines are cut at the terminal's width, never wrapped,
/// so the picture stays still when it is resized.
#[derive(Debug)]
pub struct Progress {
    teller: EventFormatter,
    forecast: Forecast,
    verbosity: Verbosity,
    colours: Colours,
    region: LiveRegion,
    id_width: usize,
}

impl Progress {
    fn on(region: LiveRegion, summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self {
            id_width: summary.id_width(),
            teller: EventFormatter::default(),
            forecast: Forecast::default(),
            verbosity,
            colours,
            region,
        }
    }

    /// Progress of what follows on `summary`, on standard error, redrawn some ten times a second. Where
    /// there is no terminal use [`TextLines`](crate::report::TextLines).
    pub fn on_terminal(summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self::on(LiveRegion::on_errors(), summary, verbosity, colours)
    }

    /// Takes the lines off the screen, so that the closing summary follows what has scrolled by.
    pub fn clear(&mut self) {
        self.region.clear();
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
        let is_below = telling.style == Style::Work && self.verbosity < Verbosity::Verbose;
        let is_end = matches!(entry.event, Event::RunEnded { .. });
        if self.verbosity < telling.from || is_below || is_end {
            return;
        }
        let word = self.colours.paint(telling.style, &pad(telling.word, 9));
        let job = telling.job.map_or_else(String::new, |job| {
            format!("  {}", pad(job.as_str(), self.id_width))
        });
        let line = format!("{word}{job}  {}", telling.text);
        self.region.print(line.trim_end());
    }

    fn on_tick(&mut self, summary: &Summary, pulse: &LiveState) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        let mut lines = activity::activities(summary, pulse);
        debug_assert!(lines.len() <= MOST_ACTIVITIES);
        lines.extend(activity::waits(pulse).map(|wait| self.colours.paint(Style::Doubt, &wait)));
        let campaign = activity::campaign(summary, &self.forecast, pulse, self.colours);
        lines.extend(campaign);
        self.region.show(lines);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use indicatif::TermLike;

    use super::*;
    use crate::report::testing::{Shared, TestRun, at};

    /// A terminal that keeps every letter it is sent.
    #[derive(Debug, Default, Clone)]
    struct FakeTerminal(Shared);

    impl FakeTerminal {
        fn write(&self, text: &str) -> io::Result<()> {
            io::Write::write_all(&mut self.0.clone(), text.as_bytes())
        }
    }

    impl TermLike for FakeTerminal {
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
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no \u{1b}[2Jface");
        run.accepted(40, "c");
        let terminal = FakeTerminal::default();
        let (region, summary) = (LiveRegion::on(terminal.clone()), run.summary());
        let mut progress = Progress::on(region, &summary, verbosity, Colours::Off);
        run.replay_to(&mut progress);
        let pulse = LiveState {
            now: at(100),
            ..LiveState::default()
        };
        progress.on_tick(&summary, &pulse);
        progress.clear();
        terminal.0.text()
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

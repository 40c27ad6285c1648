//! The progress of a run on a terminal.

use std::io;

use crate::model::{Entry, Event};
use crate::report::events::wording::{EventFormatter, Verbosity};
use crate::report::observer::{LiveState, Observer};
use crate::report::summary::Summary;
use crate::report::terminal::activity;
use crate::report::terminal::live_region::LiveRegion;
use crate::util::style::{Colours, Style};

/// The column of a line's text behind its keyword.
const LABEL_WIDTH: usize = 11;

/// Shows a run on a terminal: the outcome of each job scrolls by; below it stay a few lines about the current activity
/// and two about the whole campaign. Lines are cut at the terminal's width, so that resizing does not disturb them.
#[derive(Debug)]
pub struct Progress {
    formatter: EventFormatter,
    region: LiveRegion,
}

impl Progress {
    fn on(region: LiveRegion, summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self { formatter: EventFormatter::new(summary, verbosity, colours), region }
    }

    /// Returns the progress of a run that begins with `summary`, on standard error. Without a terminal, use
    /// [`TextLines`](crate::report::events::TextLines).
    pub fn on_terminal(summary: &Summary, verbosity: Verbosity, colours: Colours) -> Self {
        Self::on(LiveRegion::on_errors(), summary, verbosity, colours)
    }
}

impl Observer for Progress {
    fn on_entry(&mut self, summary: &Summary, entry: &Entry) {
        let line = self.formatter.format(summary, entry);
        // The region shows work in progress, and the final summary how the run ended.
        let is_in_region =
            line.style == Style::Active && self.formatter.verbosity < Verbosity::Verbose;
        let is_end = matches!(entry.event, Event::RunEnded { .. });
        if let Some(text) = self.formatter.layout(&line).filter(|_| !is_in_region && !is_end) {
            self.region.print(&text, LABEL_WIDTH);
        }
    }

    fn on_tick(&mut self, summary: &Summary, state: &LiveState) {
        let EventFormatter { verbosity, colours, .. } = self.formatter;
        if verbosity == Verbosity::Quiet {
            return;
        }
        let mut lines = activity::activities(summary, state);
        lines.extend(
            activity::waits(summary, state).map(|wait| colours.paint(Style::Warning, &wait)),
        );
        let campaign = activity::campaign(summary, state, colours);
        lines.extend(campaign);
        self.region.show(lines);
    }

    /// Removes the lines from the screen, so that the final summary follows the scrolled ones.
    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.region.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::testing::{SharedBuffer, TestRun, at};

    fn shown(verbosity: Verbosity) -> String {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no \u{1b}[2Jface");
        run.accepted(40, "c");
        let shown = SharedBuffer::default();
        let region = LiveRegion::on(Arc::new(|| (60, 24)), Box::new(shown.clone()));
        let summary = run.summary();
        let mut progress = Progress::on(region, &summary, verbosity, Colours::Off);
        run.replay(&mut progress);
        let state = LiveState { now: at(100), ..LiveState::default() };
        progress.on_tick(&summary, &state);
        progress.finish(&summary).unwrap();
        shown.text()
    }

    #[test]
    fn finished_jobs_scroll_and_activity_stays_below() {
        let text = shown(Verbosity::Normal);
        let done = text.find("done       a  videos/a.mp4  1.2 MB  5 credits").unwrap();
        let failed = text.find("failed     b  no  [2Jface").unwrap();
        let running = text.find("c                         Anna 9x16").unwrap();
        let campaign = text.find("1 of 3 done, 1 failed, 1 rendering").unwrap();
        assert!(done < failed && failed < running && running < campaign, "{text}");
        assert!(!text.contains("submitted"), "that is shown below: {text}");
    }

    #[test]
    fn quiet_shows_only_problems() {
        let text = shown(Verbosity::Quiet);
        assert!(text.contains("failed     b") && !text.contains("done"), "{text}");
    }
}

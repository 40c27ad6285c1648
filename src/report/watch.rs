//! `status --watch`: the status of a campaign beside its run, again and again.

use super::progress::LiveRegion;
use super::words::moment;
use super::{Summary, View, closing, status_screen};

/// Keeps a status on the screen of a terminal, redrawn in place.
#[derive(Debug)]
pub(crate) struct Watch {
    board: LiveRegion,
}

impl Watch {
    /// A watch on standard output.
    pub(crate) fn on_terminal() -> Self {
        Self {
            board: LiveRegion::on_output(),
        }
    }

    /// Shows the status as it is now.
    pub(crate) fn show(&mut self, summary: &Summary, view: View) {
        let screen = status_screen(summary, view);
        self.board.show(screen.lines().map(str::to_owned));
    }

    /// Takes the status off the screen.
    pub(crate) fn clear(&mut self) {
        self.board.clear();
    }

    /// The status in one dated line, for where nothing can be redrawn.
    pub(crate) fn line(summary: &Summary, view: View) -> String {
        format!("{}  {}\n", moment(view.now), closing::headline(summary))
    }
}

//! A sheet in memory, whatever kind of file it came from: [`Table`], [`Cell`].

use std::sync::Arc;

use super::place::{Place, Source};
use crate::model::Text;

/// A cell's content and its place.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The content, as written.
    pub(super) text: Text,
    /// Where it stands.
    pub(super) place: Place,
}

impl Cell {
    /// Whether there is nothing in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A sheet: its header and its rows, blank rows left out.
#[derive(Debug)]
pub(super) struct Table {
    /// The file.
    pub(super) source: Arc<Source>,
    /// The header cells.
    pub(super) header: Vec<Cell>,
    /// The rows below it; a row has as many cells as were written.
    pub(super) rows: Vec<Vec<Cell>>,
}

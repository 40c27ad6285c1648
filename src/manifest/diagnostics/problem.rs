//! What is wrong with a manifest, for people and for scripts: [`Problem`], [`Problems`].

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use crate::model::Note;

use crate::manifest::diagnostics::place::Place;
use crate::manifest::diagnostics::render::Excerpt;
use crate::manifest::diagnostics::words;

/// How many problems are shown; the rest is counted.
const SHOWN: usize = 50;

/// How many that say the same are shown whole; of the others, only where they are.
const SHOWN_ALIKE: usize = 3;

/// How many places of those others are named; the rest is counted.
const PLACES_ALIKE: usize = 20;

/// One thing that is wrong: where it stands, what it is and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    cell: Option<String>,
    message: String,
    help: Option<String>,
    #[serde(skip)]
    place: String,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

impl Problem {
    /// A problem at `place`. `message` must have passed through [`words`] where it quotes.
    pub(crate) fn at(place: &Place, message: impl Into<String>) -> Self {
        Self {
            file: place.file_name().to_string(),
            line: place.line(),
            column: place.column(),
            cell: place.cell_name(),
            message: message.into(),
            help: None,
            place: place.label(),
            excerpt: place.excerpt(),
        }
    }

    /// This problem with what would be right.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The file, as the user named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1; a workbook's row. `None` if the file as a whole is meant.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, from 1, in characters; a workbook's column.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// The workbook's cell, such as `B7`.
    pub fn cell(&self) -> Option<&str> {
        self.cell.as_deref()
    }

    /// What is wrong: a lower-case fragment, harmless for a terminal.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would be right.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// `file:line:column`, or `file:B7`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The place without the file's name.
    fn place_in_file(&self) -> String {
        match (&self.cell, self.line, self.column) {
            (Some(cell), _, _) => cell.clone(),
            (None, Some(line), Some(column)) => format!("{line}:{column}"),
            (None, Some(line), None) => format!("{line}"),
            (None, None, _) => self.place.clone(),
        }
    }

    /// This problem as a note: the row was left out because of it.
    pub(crate) fn into_note(self) -> Note {
        Note {
            place: self.place,
            message: format!("row left out: {}", self.message),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)?;
        if let Some(excerpt) = &self.excerpt {
            write!(formatter, "\n{excerpt}")?;
        }
        if let Some(help) = &self.help {
            write!(formatter, "\n   = help: {help}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a manifest. Nothing was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    problems: Vec<Problem>,
    notes: Vec<Note>,
}

impl Problems {
    /// All of them; there is at least one.
    pub(crate) fn new(problems: Vec<Problem>, notes: Vec<Note>) -> Self {
        Self { problems, notes }
    }

    /// The problems, file by file from top to bottom.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What else there is to say about the manifest; often the cause of a problem.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

impl Problems {
    /// Problems that say the same of the same file together, each time the first few whole and then the others.
    fn group_similar(&self) -> Vec<(&Problem, Vec<&Problem>)> {
        let mut shown: Vec<(&Problem, Vec<&Problem>)> = Vec::new();
        // How many there were of a kind, and which of those shown is the last.
        let mut kinds = HashMap::new();
        for problem in &self.problems {
            let kind = (&problem.file, &problem.message, &problem.help);
            let (count, last) = kinds.entry(kind).or_insert((0, 0));
            *count += 1;
            if *count <= SHOWN_ALIKE {
                *last = shown.len();
                shown.push((problem, Vec::new()));
            } else {
                shown[*last].1.push(problem);
            }
        }
        shown
    }
}

impl fmt::Display for Problems {
    /// For people: each problem with its line and marker, but not the same one again and again.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group_similar = self.group_similar();
        for (problem, others) in group_similar.iter().take(SHOWN) {
            writeln!(formatter, "{problem}")?;
            if !others.is_empty() {
                let places = others.iter().take(PLACES_ALIKE);
                let places: Vec<String> = places.map(|other| other.place_in_file()).collect();
                write!(formatter, "   = also at: {}", places.join(", "))?;
                match others.len().saturating_sub(PLACES_ALIKE) {
                    0 => writeln!(formatter)?,
                    more => writeln!(formatter, " and {more} more")?,
                }
            }
            writeln!(formatter)?;
        }
        let hidden: usize = group_similar
            .iter()
            .skip(SHOWN)
            .map(|it| 1 + it.1.len())
            .sum();
        if hidden > 0 {
            writeln!(formatter, "and {hidden} more\n")?;
        }
        let count = words::count(self.problems.len(), "problem", "problems");
        write!(formatter, "{count}; nothing was submitted")
    }
}

impl std::error::Error for Problems {}

/// What a step of the reading has found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// What is merely worth saying.
    pub(crate) notes: Vec<Note>,
}

impl Findings {
    /// Adds a problem, unless the very same is there: a cell that makes three jobs is wrong once.
    pub(crate) fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds a note, unless the very same is there.
    pub(crate) fn note(&mut self, place: &Place, message: impl Into<String>) {
        let note = Note {
            place: place.label(),
            message: message.into(),
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes over what another step has found.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.notes.extend(other.notes);
    }
}

/// Problems file by file, in the order in which the files were come upon, from top to bottom.
pub(crate) fn sort_by_place(mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut files: Vec<String> = Vec::new();
    for problem in &problems {
        if !files.contains(&problem.file) {
            files.push(problem.file.clone());
        }
    }
    problems.sort_by_key(|problem| {
        let file = files.iter().position(|file| *file == problem.file);
        (file, problem.line, problem.column)
    });
    problems
}

/// The notes with equal messages drawn together: a repair made in 5,000 rows is said once.
pub(crate) fn merge_notes(notes: Vec<Note>) -> Vec<Note> {
    let mut gathered: Vec<(Note, usize)> = Vec::new();
    let mut places = HashMap::new();
    for note in notes {
        let index = *places.entry(note.message.clone()).or_insert(gathered.len());
        match gathered.get_mut(index) {
            Some((_, more)) => *more += 1,
            None => gathered.push((note, 0)),
        }
    }
    gathered
        .into_iter()
        .map(|(mut note, more)| {
            if more > 0 {
                note.message = format!("{} (and {more} more like it)", note.message);
            }
            note
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::diagnostics::place::Source;

    #[test]
    fn a_problem_shows_place_line_marker_and_help() {
        let source = Source::of_text("a.csv", "id,ratio\nr1,9:99\n".to_owned());
        let place = Place::bytes(&source, 12, 16);
        let problem = Problem::at(&place, "`9:99` is no ratio").help("write `9:16`");
        assert_eq!(
            problem.to_string(),
            "a.csv:2:4: `9:99` is no ratio\n   |\n 2 | r1,9:99\n   |    ^^^^\n   = help: write `9:16`"
        );
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["line"], 2);
        assert_eq!(json["help"], "write `9:16`");
    }

    #[test]
    fn fifty_are_shown_and_the_rest_is_counted() {
        let source = Source::of_text("a.csv", "x".to_owned());
        let problems = (0..53).map(|n| Problem::at(&Place::file(&source), format!("wrong {n}")));
        let shown = Problems::new(problems.collect(), Vec::new()).to_string();
        assert_eq!(shown.matches("a.csv: wrong").count(), 50);
        assert!(shown.ends_with("and 3 more\n\n53 problems; nothing was submitted"));
    }

    #[test]
    fn the_same_mistake_in_many_rows_is_shown_three_times_and_named_in_the_others() {
        let source = Source::of_text("a.csv", "x\n".repeat(40));
        let at = |n: usize| Place::bytes(&source, 2 * n, 2 * n + 1);
        let mut problems: Vec<Problem> = (0..40).map(|n| Problem::at(&at(n), "wrong")).collect();
        problems.insert(5, Problem::at(&at(5), "otherwise"));
        let shown = Problems::new(problems, Vec::new()).to_string();
        assert_eq!(shown.matches("a.csv:").count(), 4, "{shown}");
        let others = "   = also at: 4:1, 5:1, 6:1, ";
        assert!(shown.contains(others) && shown.contains(", 23:1 and 17 more\n"));
        assert!(shown.ends_with("\n\n41 problems; nothing was submitted"));
    }

    #[test]
    fn equal_notes_are_said_once() {
        let note = |place: &str, message: &str| Note {
            place: place.to_owned(),
            message: message.to_owned(),
        };
        let gathered = merge_notes(vec![note("a:1", "x"), note("a:2", "y"), note("a:3", "x")]);
        assert_eq!(
            gathered,
            [note("a:1", "x (and 1 more like it)"), note("a:2", "y")]
        );
    }
}

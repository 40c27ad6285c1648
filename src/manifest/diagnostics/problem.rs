//! Problems of a manifest, for people and for programs.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use annotate_snippets::{Group, Level, Renderer};
use serde::Serialize;

use crate::model::{Note, Suspicion};
use crate::util::text::plural;

use super::place::Place;

/// The width of the lines that are shown, in terminal columns.
const WIDTH: usize = 100;

/// The most problems that are shown; the others are counted.
const MAX_SHOWN: usize = 50;

/// The most problems with the same message that are shown in full; of the others, only the places are listed.
const MAX_SIMILAR: usize = 3;

/// The most notes that are shown with problems.
const MAX_NOTES: usize = 20;

/// The most of those places that are listed; the others are counted.
const MAX_PLACES: usize = 20;

/// A problem: what is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    cell: Option<String>,
    message: String,
    help: Option<String>,
    #[serde(skip)]
    topic: Option<&'static str>,
    #[serde(skip)]
    place: Place,
}

impl Problem {
    /// Creates a problem at `place`. Text of the user in `message` must have been [quoted](super::text::quote).
    pub(crate) fn at(place: &Place, message: impl Into<String>) -> Self {
        Self {
            file: place.file_name().to_string(),
            line: place.line(),
            column: place.column(),
            cell: place.cell_name(),
            message: message.into(),
            help: None,
            topic: None,
            place: place.clone(),
        }
    }

    /// Adds what would be right.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns the file, as the user named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the line, or the row of a workbook, from 1. `None` if the problem is about the whole file.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Returns the column, from 1: of characters in a text, of cells in a workbook.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// Returns the workbook's cell, such as `B7`.
    pub fn cell(&self) -> Option<&str> {
        self.cell.as_deref()
    }

    /// Returns what is wrong: a lower-case fragment, safe for a terminal.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what would be right.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns `file:line:column`, or `file:B7`.
    pub fn place(&self) -> String {
        self.place.label()
    }

    /// Checks whether the problem is at `place`.
    pub(crate) fn is_at(&self, place: &Place) -> bool {
        self.place == *place
    }

    /// Returns the place without the file.
    fn place_in_file(&self) -> String {
        match (&self.cell, self.line, self.column) {
            (Some(cell), _, _) => cell.clone(),
            (None, Some(line), Some(column)) => format!("{line}:{column}"),
            (None, _, _) => self.place(),
        }
    }

    /// Returns this problem as a note: it does not matter for the videos.
    pub(crate) fn as_note(&self) -> Note {
        Note { place: self.place(), message: self.message.clone() }
    }

    /// Converts this problem to a note: the row was left out because of it.
    pub(crate) fn into_note(self) -> Note {
        Note { place: self.place(), message: format!("row left out: {}", self.message) }
    }

    /// Writes this problem with its line and the places of similar problems.
    fn write(&self, formatter: &mut fmt::Formatter<'_>, similar: &[&Self]) -> fmt::Result {
        write!(formatter, "{}: {}", self.place(), self.message)?;
        let mut details = Group::with_level(Level::ERROR);
        if let Some(snippet) = self.place.snippet() {
            details = details.element(snippet);
        }
        if let Some(help) = &self.help {
            details = details.element(Level::HELP.message(help));
        }
        if !similar.is_empty() {
            let places = similar.iter().take(MAX_PLACES);
            let places: Vec<String> = places.map(|other| other.place_in_file()).collect();
            let more = match similar.len().saturating_sub(MAX_PLACES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let also = format!("also at {}{more}", places.join(", "));
            details = details.element(Level::NOTE.message(also));
        }
        if details.is_empty() {
            return Ok(());
        }
        let details = Renderer::plain().term_width(WIDTH).render(&[details]);
        write!(formatter, "\n{details}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, &[])
    }
}

/// A problem without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explanation {
    pub(crate) message: String,
    pub(crate) help: String,
    /// What problems with different messages have in common, if one remedy helps against all of them.
    topic: Option<&'static str>,
}

impl Explanation {
    /// Creates an explanation of what is wrong and what would be right.
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), topic: None }
    }

    /// Counts as one problem with all others about the topic.
    pub(crate) fn about(self, topic: &'static str) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// Returns the problem at a place.
    pub(crate) fn at(self, place: &Place) -> Problem {
        let topic = self.topic;
        Problem { topic, ..Problem::at(place, self.message).help(self.help) }
    }
}

/// All problems of a manifest. Nothing was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    problems: Vec<Problem>,
    notes: Vec<Note>,
}

impl Problems {
    pub(crate) fn new(problems: Vec<Problem>, notes: Vec<Note>) -> Self {
        Self { problems, notes }
    }

    /// Returns the problems, at least one, file by file from top to bottom.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns the notes, which often name the cause of a problem.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Groups the problems that have the same file and message, or topic: the first few are shown in full, the last of
    /// them with the others. Returns the number of groups too.
    fn group_similar(&self) -> (Vec<(&Problem, Vec<&Problem>)>, usize) {
        let mut shown: Vec<(&Problem, Vec<&Problem>)> = Vec::new();
        // The number of problems of each kind, and the index in `shown` of the last one.
        let mut kinds = HashMap::new();
        for problem in &self.problems {
            let message = (&problem.message, &problem.help);
            let kind = (&problem.file, problem.topic, problem.topic.is_none().then_some(message));
            let (count, last) = kinds.entry(kind).or_insert((0, 0));
            *count += 1;
            if *count <= MAX_SIMILAR {
                *last = shown.len();
                shown.push((problem, Vec::new()));
            } else {
                shown[*last].1.push(problem);
            }
        }
        let count = kinds.len();
        (shown, count)
    }
}

impl fmt::Display for Problems {
    /// Writes the notes, which often name the cause of a problem, then the problems and their number.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Note { place, message } in self.notes.iter().take(MAX_NOTES) {
            writeln!(formatter, "note: {place}: {message}")?;
        }
        if self.notes.len() > MAX_NOTES {
            let more = plural(self.notes.len() - MAX_NOTES, "more note");
            writeln!(formatter, "note: and {more}")?;
        }
        if !self.notes.is_empty() {
            formatter.write_str("\n")?;
        }
        let (groups, kinds) = self.group_similar();
        for (problem, similar) in groups.iter().take(MAX_SHOWN) {
            problem.write(formatter, similar)?;
            formatter.write_str("\n\n")?;
        }
        let hidden: usize = groups.iter().skip(MAX_SHOWN).map(|it| 1 + it.1.len()).sum();
        if hidden > 0 {
            writeln!(formatter, "and {hidden} more\n")?;
        }
        let count = plural(kinds, "problem");
        match self.problems.len() {
            places if places > kinds => {
                write!(formatter, "{count} in {places} places; nothing was submitted")
            }
            _ => write!(formatter, "{count}; nothing was submitted"),
        }
    }
}

impl std::error::Error for Problems {}

/// Problems, notes and suspicions, as they are found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) problems: Vec<Problem>,
    pub(crate) notes: Vec<Note>,
    /// What looks wrong about the sheet as a whole.
    pub(crate) suspicions: Vec<Suspicion>,
    /// The hashes of places and messages of the problems that were added one by one.
    known: HashSet<u64>,
}

impl Findings {
    /// Adds a problem, unless it is there already: a cell that makes three jobs is one problem.
    pub(crate) fn problem(&mut self, problem: Problem) {
        let mut hasher = DefaultHasher::new();
        let Problem { file, line, column, cell, message, help, .. } = &problem;
        (file, line, column, cell, message, help).hash(&mut hasher);
        if self.known.insert(hasher.finish()) {
            self.problems.push(problem);
        }
    }

    /// Adds a note, unless it is there already.
    pub(crate) fn note(&mut self, place: &Place, message: impl Into<String>) {
        let note = Note { place: place.label(), message: message.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds a suspicion about the sheet as a whole.
    pub(crate) fn suspicion(&mut self, place: &Place, message: impl Into<String>) {
        let (place, message) = (place.label(), message.into());
        self.suspicions.push(Suspicion { place, message, jobs: Vec::new() });
    }

    /// Appends the findings of another step.
    pub(crate) fn extend(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.notes.extend(other.notes);
        self.suspicions.extend(other.suspicions);
    }
}

/// Sorts problems by file, in the order of their first appearance, then by line and column.
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

/// Merges notes with equal messages: a repair in 5,000 rows is one note.
pub(crate) fn merge_notes(notes: Vec<Note>) -> Vec<Note> {
    let mut merged: Vec<(Note, usize)> = Vec::new();
    let mut indices = HashMap::new();
    for note in notes {
        let index = *indices.entry(note.message.clone()).or_insert(merged.len());
        match merged.get_mut(index) {
            Some((_, more)) => *more += 1,
            None => merged.push((note, 0)),
        }
    }
    let merged = merged.into_iter().map(|(mut note, more)| {
        if more > 0 {
            note.message = format!("{} (and {more} more like it)", note.message);
        }
        note
    });
    merged.collect()
}

#[cfg(test)]
mod tests {
    use super::super::place::Source;
    use super::*;

    #[test]
    fn a_problem_shows_place_line_marker_and_help() {
        let source = Source::of_text("a.csv", "id,ratio\nr1,9:99\n".to_owned());
        let place = Place::bytes(&source, 12..16);
        let problem = Problem::at(&place, "`9:99` is not a ratio").help("write `9:16`");
        assert_eq!(
            problem.to_string(),
            "a.csv:2:4: `9:99` is not a ratio\n  |\n2 | r1,9:99\n  |    ^^^^\n  |\n  = help: write `9:16`"
        );
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["line"], 2);
        assert_eq!(json["help"], "write `9:16`");
    }

    fn shown_line(line: &str, marked: &str) -> String {
        let source = Source::of_text("a.csv", line.to_owned());
        let start = line.find(marked).unwrap();
        Problem::at(&Place::bytes(&source, start..start + marked.len()), "wrong").to_string()
    }

    #[test]
    fn wide_and_hidden_characters_do_not_shift_the_marker() {
        let shown = shown_line("日本\u{1b}\u{9b}\u{202e},x", "x");
        assert_eq!(
            shown,
            "a.csv:1:7: wrong\n  |\n1 | 日本\\u{1b}\\u{9b}\\u{202e},x\n  |                          ^"
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_marker() {
        let shown = shown_line(&format!("{},here,{}", "a".repeat(5000), "b".repeat(5000)), "here");
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH + 8), "{shown}");
        assert_eq!(lines[2].find("here"), lines[3].find("^^^^"), "{shown}");
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
    fn similar_problems_are_shown_three_times_and_listed_after_that() {
        let source = Source::of_text("a.csv", "x\n".repeat(40));
        let at = |n: usize| Place::bytes(&source, 2 * n..2 * n + 1);
        let mut problems: Vec<Problem> = (0..40).map(|n| Problem::at(&at(n), "wrong")).collect();
        problems.insert(5, Problem::at(&at(5), "otherwise"));
        let shown = Problems::new(problems, Vec::new()).to_string();
        assert_eq!(shown.matches("a.csv:").count(), 4, "{shown}");
        let others = "= note: also at 4:1, 5:1, 6:1, ";
        assert!(shown.contains(others) && shown.contains(", 23:1 and 17 more\n"), "{shown}");
        assert!(shown.ends_with("\n\n2 problems in 41 places; nothing was submitted"));
    }

    #[test]
    fn problems_with_one_remedy_count_as_one() {
        let source = Source::of_text("a.csv", "x\n".repeat(9));
        let problems = (0..9).map(|n| {
            let explanation = Explanation::new(format!("unknown `{n}`"), "give keys");
            explanation.about("names").at(&Place::bytes(&source, 2 * n..2 * n + 1))
        });
        let shown = Problems::new(problems.collect(), Vec::new()).to_string();
        assert_eq!(shown.matches("unknown").count(), 3, "{shown}");
        assert!(shown.contains("also at 4:1, 5:1"), "{shown}");
        assert!(shown.ends_with("\n\n1 problem in 9 places; nothing was submitted"), "{shown}");
    }

    #[test]
    fn notes_are_shown_with_problems() {
        let source = Source::of_text("a.csv", "x".to_owned());
        let problem = || vec![Problem::at(&Place::file(&source), "wrong")];
        let note = |n: usize| Note { place: format!("a.csv:{n}"), message: "doubtful".to_owned() };
        let shown = Problems::new(problem(), vec![note(1)]).to_string();
        assert!(shown.starts_with("note: a.csv:1: doubtful\n\na.csv: wrong\n"), "{shown}");
        let shown = Problems::new(problem(), (1..=30).map(note).collect()).to_string();
        assert!(shown.contains("20: doubtful\nnote: and 10 more notes\n\na.csv: wrong"), "{shown}");
    }

    #[test]
    fn equal_notes_are_merged() {
        let note = |place: &str, message: &str| Note {
            place: place.to_owned(),
            message: message.to_owned(),
        };
        let merged = merge_notes(vec![note("a:1", "x"), note("a:2", "y"), note("a:3", "x")]);
        assert_eq!(merged, [note("a:1", "x (and 1 more like it)"), note("a:2", "y")]);
    }
}

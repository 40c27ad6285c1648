//! The header of a sheet: the fields of its columns.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{list, normalize, quote};
use crate::manifest::formats::table::{Table, Value};
use crate::model::RESULT_COLUMNS;

use super::field::{Field, FieldMap, HeaderMatch};

/// The columns of a sheet.
#[derive(Debug)]
pub(crate) struct Columns {
    /// The column of each field.
    pub(crate) fields: FieldMap<usize>,
    /// The user's columns: all but those that a `results.csv` adds.
    pub(crate) own: Vec<usize>,
    /// The column of job ids, if the sheet is a `results.csv`.
    pub(crate) job_id: Option<usize>,
}

impl Columns {
    /// Returns the header cells that are no field but a likely misspelling of one, with that field.
    fn misspelled<'t>(&self, header: &'t [Value]) -> impl Iterator<Item = (&'t Value, Field)> {
        let own = self.own.iter().map(|column| &header[*column]);
        let unknown = own.filter(|cell| Field::find(&cell.text).is_none());
        unknown.filter_map(|cell| Some((cell, Field::closest_match(&cell.text)?)))
    }
}

/// Maps the columns of a sheet to fields. Reports duplicate columns and notes doubtful ones.
pub(crate) fn map_columns(table: &Table, findings: &mut Findings) -> Columns {
    let header = &table.header;
    let results = find_results_columns(header);
    let own = (0..header.len())
        .filter(|column| !results.as_ref().is_some_and(|block| block.contains(column)))
        .collect();
    let mut columns =
        Columns { fields: FieldMap::new(), own, job_id: results.map(|block| block.start) };
    let mut matches: FieldMap<HeaderMatch> = FieldMap::new();
    for column in columns.own.iter().copied() {
        let Some((field, how)) = Field::find(&header[column].text) else {
            continue;
        };
        let known = columns.fields.get(field).copied().zip(matches.get(field).copied());
        let Some((first, first_how)) = known else {
            columns.fields.insert(field, column);
            matches.insert(field, how);
            continue;
        };
        if how == first_how {
            let help = format!("keep one column for `{}`", field.name());
            let message = duplicate_message(&header[column], &header[first]);
            findings.problem(Problem::at(&header[column].place, message).help(help));
            continue;
        }
        // A field's name wins over an alias, in any order.
        let (used, unused) = if how > first_how { (column, first) } else { (first, column) };
        columns.fields.insert(field, used);
        matches.insert(field, HeaderMatch::Name);
        let message = format!(
            "the column {} is not used, because there is a column {} too",
            quote(&header[unused].text),
            quote(&header[used].text)
        );
        findings.note(&header[unused].place, message);
    }
    note_doubtful_columns(header, &columns, findings);
    columns
}

fn duplicate_message(second: &Value, first: &Value) -> String {
    format!("duplicate column {}; first at {}", quote(&second.text), first.place.label())
}

/// Notes columns that are likely misspellings of required fields that nothing else gives, in a sheet that fills an
/// item of a YAML manifest.
pub(crate) fn note_likely_typos(
    table: &Table,
    columns: &Columns,
    given_elsewhere: &[Field],
    findings: &mut Findings,
) {
    for (cell, field) in columns.misspelled(&table.header) {
        if field.is_required()
            && !columns.fields.contains(field)
            && !given_elsewhere.contains(&field)
        {
            findings.note(&cell.place, typo_message(cell, field));
        }
    }
}

fn typo_message(cell: &Value, field: Field) -> String {
    let header = quote(&cell.text);
    format!("the column {header} is not known; did you mean `{}`?", field.name())
}

/// Notes duplicate columns of the user, and likely misspellings of optional fields. A missing required field is
/// reported elsewhere.
fn note_doubtful_columns(header: &[Value], columns: &Columns, findings: &mut Findings) {
    let mut seen: BTreeMap<String, &Value> = BTreeMap::new();
    for cell in columns.own.iter().map(|column| &header[*column]) {
        if cell.is_blank() || Field::find(&cell.text).is_some() {
            continue;
        }
        if let Some(first) = seen.insert(normalize(&cell.text), cell) {
            findings.note(&cell.place, duplicate_message(cell, first));
        }
        if let Some(field) = Field::closest_match(&cell.text)
            && !field.is_required()
            && !columns.fields.contains(field)
        {
            findings.note(&cell.place, typo_message(cell, field));
        }
    }
}

/// Returns the columns that a `results.csv` adds, if all of them are there, in their order.
fn find_results_columns(header: &[Value]) -> Option<Range<usize>> {
    let begin = header.windows(RESULT_COLUMNS.len()).position(|window| {
        let names = window.iter().map(|cell| cell.text.trim());
        names.eq(RESULT_COLUMNS)
    })?;
    Some(begin..begin + RESULT_COLUMNS.len())
}

/// Reports the required columns that a sheet without a YAML manifest lacks, and returns their fields.
pub(crate) fn check_required_columns(
    table: &Table,
    columns: &Columns,
    findings: &mut Findings,
) -> Vec<Field> {
    let header = &table.header;
    if columns.fields.is_empty() && columns.misspelled(header).next().is_none() {
        let message = "the first line has none of the columns `text`, `persona`, `aspect_ratio`";
        let problem = Problem::at(&header[0].place, message);
        findings.problem(problem.help(no_header_help(table, columns)));
        return Field::REQUIRED.to_vec();
    }
    let has = |field: Field| columns.fields.contains(field);
    let has_audio = has(Field::Audio);
    let is_missing = |field: &Field| !has(*field) && (*field != Field::Text || !has_audio);
    let missing: Vec<Field> = Field::REQUIRED.into_iter().filter(is_missing).collect();
    for field in missing.iter().copied() {
        let message = if field == Field::Text {
            "the column `text` (or `audio`) is missing".to_owned()
        } else {
            format!("the column `{}` is missing", field.name())
        };
        let typo = columns.misspelled(header).find(|(_, meant)| *meant == field);
        let problem = match typo {
            Some((cell, _)) => {
                let help = format!("rename {} to `{}`?", quote(&cell.text), field.name());
                Problem::at(&cell.place, message).help(help)
            }
            None => Problem::at(&header[0].place, message).help(no_header_help(table, columns)),
        };
        findings.problem(problem);
    }
    missing
}

/// Returns what to do about a header that lacks columns.
fn no_header_help(table: &Table, columns: &Columns) -> String {
    let known = |cells: &[Value]| {
        let known = cells.iter().filter(|cell| Field::find(&cell.text).is_some());
        known.count()
    };
    let below = table.rows.iter().take(20).find(|row| known(row) >= 2);
    if let Some(row) = below
        && known(&table.header) < 2
    {
        return format!(
            "the column names seem to be at {}; delete the lines above it",
            row[0].place.label()
        );
    }
    if table.header.len() == 1 && table.header[0].text.contains([',', ';', '\t']) {
        return "the whole line is one cell; is the delimiter right?".to_owned();
    }
    if columns.fields.is_empty() {
        return "the first line names the columns, such as `id,text,persona,aspect_ratio`"
            .to_owned();
    }
    let names = table.header.iter().take(12).map(|cell| cell.text.as_ref());
    format!("the sheet has {}", list(names, "and"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::diagnostics::place::Source;
    use crate::manifest::formats::csv;

    fn read(text: &str) -> (Columns, Findings) {
        let mut findings = Findings::default();
        let source = Source::of_text("a.csv", text.to_owned());
        let table = csv::read(&source, None, &mut findings).unwrap();
        let columns = map_columns(&table, &mut findings);
        check_required_columns(&table, &columns, &mut findings);
        (columns, findings)
    }

    fn findings(text: &str) -> String {
        let (_, findings) = read(text);
        let problems = findings.problems.iter();
        let problems = problems.map(|problem| {
            let help = problem.help_text().unwrap_or_default();
            format!("{} {} [{help}]", problem.place(), problem.message())
        });
        let notes = findings.notes.iter();
        let notes = notes.map(|note| format!("note {} {}", note.place, note.message));
        problems.chain(notes).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn usual_names_are_recognized() {
        let (columns, findings) = read("Script,Avatar,Ratio,First Name,model\n");
        assert_eq!(findings.problems, []);
        assert_eq!(findings.notes, []);
        assert_eq!(
            columns.fields.iter().collect::<Vec<_>>(),
            [
                (Field::Text, &0),
                (Field::Persona, &1),
                (Field::AspectRatio, &2),
                (Field::ModelVersion, &4)
            ]
        );
    }

    #[test]
    fn missing_columns_are_named_with_the_likely_typo() {
        assert_eq!(
            findings("id,txet,persona\n"),
            "a.csv:1:4 the column `text` (or `audio`) is missing [rename `txet` to `text`?]\n\
             a.csv:1:1 the column `aspect_ratio` is missing [the sheet has `id`, `txet` and `persona`]"
        );
    }

    #[test]
    fn a_header_further_down_is_noticed() {
        let shown = findings("Spring campaign,,\nid,text,persona\n");
        assert_eq!(shown.lines().count(), 1);
        assert!(shown.contains("the column names seem to be at a.csv:2:1"), "{shown}");
    }

    #[test]
    fn duplicate_and_doubtful_columns_are_reported() {
        assert_eq!(
            findings("text,Text,persona,avatar,ratio,captoins,note,note\n"),
            "a.csv:1:6 duplicate column `Text`; first at a.csv:1:1 [keep one column for `text`]\n\
             note a.csv:1:19 the column `avatar` is not used, because there is a column `persona` too\n\
             note a.csv:1:32 the column `captoins` is not known; did you mean `captions`?\n\
             note a.csv:1:46 duplicate column `note`; first at a.csv:1:41"
        );
    }

    #[test]
    fn columns_of_results_are_recognized_as_a_whole_block_only() {
        let block = RESULT_COLUMNS.join(",");
        let (columns, _) = read(&format!("text,persona,ratio,{block},mine\n"));
        assert_eq!(columns.job_id, Some(3));
        assert_eq!(columns.own, [0, 1, 2, 16]);
        let (columns, _) = read("text,persona,ratio,status,error\n");
        assert_eq!(columns.job_id, None);
        assert_eq!(columns.own.len(), 5);
    }
}

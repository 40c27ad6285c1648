//! Which column is which: the header of a sheet, understood.

use std::collections::BTreeMap;

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::words;
use crate::manifest::formats::table::{Table, Value};
use crate::manifest::schema::field::{Field, HeaderMatch, key};
use crate::model::RESULT_COLUMNS;

/// What the columns of a sheet mean.
#[derive(Debug)]
pub(crate) struct Columns {
    /// The column of each field that the sheet has.
    pub(crate) fields: BTreeMap<Field, usize>,
    /// The user's own columns: all but those the results added.
    pub(crate) own: Vec<usize>,
    /// The column of job ids, if the sheet is a `results.csv` that came back.
    pub(crate) job_id: Option<usize>,
}

/// Understands a header. A column that means nothing to us is the user's own.
pub(crate) fn map_columns(table: &Table, findings: &mut Findings) -> Columns {
    let header = &table.header;
    let results = find_results_columns(header);
    let own: Vec<usize> = (0..header.len())
        .filter(|column| !results.as_ref().is_some_and(|block| block.contains(column)))
        .collect();
    let mut fields: BTreeMap<Field, (usize, HeaderMatch)> = BTreeMap::new();
    for column in own.iter().copied() {
        let Some((field, naming)) = Field::find(&header[column].text) else {
            continue;
        };
        match fields.get(&field).copied() {
            None => {
                fields.insert(field, (column, naming));
            }
            Some((first, first_naming)) if first_naming == naming => {
                findings.problem(duplicate(&header[column], &header[first], field));
            }
            // A field's own name wins over an alias, whichever comes first.
            Some((first, first_naming)) => {
                let (field_column, other) = if naming > first_naming {
                    (column, first)
                } else {
                    (first, column)
                };
                fields.insert(field, (field_column, HeaderMatch::Own));
                let message = format!(
                    "the column {} is handed through, because there is a column {} too",
                    words::quoted(&header[other].text),
                    words::quoted(&header[field_column].text)
                );
                findings.note(&header[other].place, message);
            }
        }
    }
    let fields: BTreeMap<Field, usize> = fields
        .into_iter()
        .map(|(field, (column, _))| (field, column))
        .collect();
    note_doubtful_columns(header, &own, &fields, findings);
    Columns {
        fields,
        own,
        job_id: results.map(|block| block[0]),
    }
}

fn duplicate(second: &Value, first: &Value, field: Field) -> Problem {
    Problem::at(
        &second.place,
        format!(
            "the column {} is there twice; first at {}",
            words::quoted(&second.text),
            first.place.label()
        ),
    )
    .help(format!("keep one column for `{}`", field.name()))
}

/// Notes on columns that were likely meant as required fields which neither they nor anything else
/// gives, for a sheet that fills an item of a YAML manifest.
pub(crate) fn note_likely_typos(
    table: &Table,
    columns: &Columns,
    given_elsewhere: &[Field],
    findings: &mut Findings,
) {
    for column in &columns.own {
        let cell = &table.header[*column];
        if Field::find(&cell.text).is_none()
            && let Some(field) = Field::closest_match(&cell.text)
            && is_required(field)
            && !columns.fields.contains_key(&field)
            && !given_elsewhere.contains(&field)
        {
            findings.note(&cell.place, typo_message(cell, field));
        }
    }
}

const fn is_required(field: Field) -> bool {
    matches!(
        field,
        Field::Text | Field::Audio | Field::Persona | Field::AspectRatio
    )
}

fn typo_message(cell: &Value, field: Field) -> String {
    let header = words::quoted(&cell.text);
    format!(
        "the column {header} is not known and is handed through; did you mean `{}`?",
        field.name()
    )
}

/// Notes on columns that may not be what the user meant.
fn note_doubtful_columns(
    header: &[Value],
    own: &[usize],
    fields: &BTreeMap<Field, usize>,
    findings: &mut Findings,
) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for column in own.iter().copied() {
        let cell = &header[column];
        if cell.is_blank() || Field::find(&cell.text).is_some() {
            continue;
        }
        if let Some(first) = seen.insert(key(&cell.text), column) {
            let message = format!(
                "the column {} is there twice; first at {}",
                words::quoted(&cell.text),
                header[first].place.label()
            );
            findings.note(&cell.place, message);
        }
        let meant = Field::closest_match(&cell.text).filter(|field| !fields.contains_key(field));
        // A required column that is missing is reported as such, with this one as the likely slip.
        if let Some(field) = meant
            && !is_required(field)
        {
            findings.note(&cell.place, typo_message(cell, field));
        }
    }
}

/// The places of our own columns if all of them are there, in their order: the file is a
/// `results.csv` that came back.
fn find_results_columns(header: &[Value]) -> Option<Vec<usize>> {
    let begin = header.windows(RESULT_COLUMNS.len()).position(|window| {
        let names = window.iter().map(|cell| cell.text.trim());
        names.eq(RESULT_COLUMNS)
    })?;
    Some((begin..begin + RESULT_COLUMNS.len()).collect())
}

/// Says which columns a sheet that stands alone must have and has not; these are returned.
pub(crate) fn check_required_columns(
    table: &Table,
    columns: &Columns,
    findings: &mut Findings,
) -> Vec<Field> {
    let header = &table.header;
    if columns.fields.is_empty() {
        let message = "the first line names none of the columns `text`, `persona`, `aspect_ratio`";
        if columns
            .own
            .iter()
            .all(|column| Field::closest_match(&header[*column].text).is_none())
        {
            let problem = Problem::at(&header[0].place, message);
            findings.problem(problem.help(no_header_help(table, columns)));
            return vec![Field::Text, Field::Persona, Field::AspectRatio];
        }
    }
    let has = |field: Field| columns.fields.contains_key(&field);
    let mut missing = Vec::new();
    if !has(Field::Text) && !has(Field::Audio) {
        missing.push((Field::Text, "the column `text` (or `audio`) is missing"));
    }
    if !has(Field::Persona) {
        missing.push((Field::Persona, "the column `persona` is missing"));
    }
    if !has(Field::AspectRatio) {
        missing.push((Field::AspectRatio, "the column `aspect_ratio` is missing"));
    }
    for (field, message) in missing.iter().copied() {
        let typo_message = columns.own.iter().find(|column| {
            let text = &header[**column].text;
            Field::find(text).is_none() && Field::closest_match(text) == Some(field)
        });
        let problem = match typo_message {
            Some(column) => Problem::at(&header[*column].place, message).help(format!(
                "did you mean `{}` by {}?",
                field.name(),
                words::quoted(&header[*column].text)
            )),
            None => Problem::at(&header[0].place, message).help(no_header_help(table, columns)),
        };
        findings.problem(problem);
    }
    missing.into_iter().map(|(field, _)| field).collect()
}

/// What to do about a header that lacks columns, by what stands there instead.
fn no_header_help(table: &Table, columns: &Columns) -> String {
    let known = |cells: &[Value]| {
        let known = cells
            .iter()
            .filter(|cell| Field::find(&cell.text).is_some());
        known.count()
    };
    let below = table.rows.iter().take(20).find(|row| known(row) >= 2);
    if let Some(row) = below
        && known(&table.header) < 2
    {
        return format!(
            "the column names seem to stand at {}; delete the lines above it",
            row[0].place.label()
        );
    }
    let is_one_cell = table.header.len() == 1 && table.header[0].text.contains([',', ';', '\t']);
    if is_one_cell {
        return "the whole line was taken for one cell; is the delimiter right?".to_owned();
    }
    if columns.fields.is_empty() {
        return "the first line names the columns, such as `id,text,persona,aspect_ratio`"
            .to_owned();
    }
    let names = table.header.iter().take(12).map(|cell| cell.text.as_str());
    format!(
        "the sheet has {}",
        words::list_or(names).replace(" or ", " and ")
    )
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

    fn said(text: &str) -> String {
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
    fn usual_names_are_understood() {
        let (columns, findings) = read("Script,Avatar,Ratio,First Name,model\n");
        assert_eq!(findings.problems, []);
        assert_eq!(findings.notes, []);
        assert_eq!(
            columns.fields.into_iter().collect::<Vec<_>>(),
            [
                (Field::Text, 0),
                (Field::Persona, 1),
                (Field::AspectRatio, 2),
                (Field::ModelVersion, 4)
            ]
        );
    }

    #[test]
    fn missing_columns_are_named_with_the_likely_slip() {
        assert_eq!(
            said("id,txet,persona\n"),
            "a.csv:1:4 the column `text` (or `audio`) is missing [did you mean `text` by `txet`?]\n\
             a.csv:1:1 the column `aspect_ratio` is missing [the sheet has `id`, `txet` and `persona`]"
        );
    }

    #[test]
    fn a_header_further_down_is_noticed() {
        let said = said("Spring campaign,,\nid,text,persona\n");
        assert_eq!(said.lines().count(), 1);
        assert!(
            said.contains("the column names seem to stand at a.csv:2:1"),
            "{said}"
        );
    }

    #[test]
    fn doubled_and_doubtful_columns_are_told() {
        assert_eq!(
            said("text,Text,persona,avatar,ratio,captoins,note,note\n"),
            "a.csv:1:6 the column `Text` is there twice; first at a.csv:1:1 [keep one column for `text`]\n\
             note a.csv:1:19 the column `avatar` is handed through, because there is a column `persona` too\n\
             note a.csv:1:32 the column `captoins` is not known and is handed through; did you mean `captions`?\n\
             note a.csv:1:46 the column `note` is there twice; first at a.csv:1:41"
        );
    }

    #[test]
    fn results_that_come_back_are_recognised_as_a_whole_block_only() {
        let block = RESULT_COLUMNS.join(",");
        let (columns, _) = read(&format!("text,persona,ratio,{block},mine\n"));
        assert_eq!(columns.job_id, Some(3));
        assert_eq!(columns.own, [0, 1, 2, 16]);
        let (columns, _) = read("text,persona,ratio,status,error\n");
        assert_eq!(columns.job_id, None);
        assert_eq!(columns.own.len(), 5);
    }
}

//! The header of a sheet: the fields of its columns.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{list, normalize, quote};
use crate::manifest::formats::table::{MAX_TITLE_ROWS, Table, Value};
use crate::model::{Flag, find_result_columns};
use crate::util::text::sanitize;

use super::field::{Field, FieldMap, HeaderMatch};
use super::languages::{find_language, is_known_header};
use super::options::ColumnChoice;

/// The columns of a sheet.
#[derive(Debug)]
pub(crate) struct Columns {
    /// The column of each field.
    pub(crate) fields: FieldMap<usize>,
    /// How each of these headers names its field.
    matches: FieldMap<HeaderMatch>,
    /// The columns of each language, in the order of the sheet. Each language has a text or a recording.
    pub(crate) languages: Vec<(String, FieldMap<usize>)>,
    /// The user's columns: all but those that a `results.csv` adds.
    pub(crate) own: Vec<usize>,
    /// The column of job ids, if the sheet is a `results.csv`.
    pub(crate) job_id: Option<usize>,
    /// The user's columns that are likely misspellings of an optional field without a column.
    pub(crate) near_misses: Vec<(usize, Field)>,
}

impl Columns {
    /// Returns the optional fields whose columns could be the user's own, because their headers do not have the
    /// field's exact name.
    pub(crate) fn inexact(&self) -> impl Iterator<Item = (Field, usize)> {
        let inexact = self.matches.iter().filter(|(field, how)| {
            let is_id = *field == Field::Id && **how > HeaderMatch::Hint;
            **how < HeaderMatch::Name && !field.is_required() && !is_id
        });
        inexact.filter_map(|(field, _)| Some((field, *self.fields.get(field)?)))
    }

    /// Checks whether the user has chosen the column of a field.
    pub(crate) fn is_chosen(&self, field: Field) -> bool {
        self.matches.get(field) == Some(&HeaderMatch::Chosen)
    }

    /// Returns the header cells that are no field but a likely misspelling of one, with that field.
    fn misspelled<'t>(&self, header: &'t [Value]) -> impl Iterator<Item = (&'t Value, Field)> {
        let own = self.own.iter().map(|column| &header[*column]);
        let unknown = own.filter(|cell| !is_known_header(&cell.text));
        unknown.filter_map(|cell| Some((cell, Field::closest_match(&cell.text)?)))
    }
}

/// Makes the first row with at least two known columns the header, if the first row of the sheet has fewer. The rows
/// above it are removed.
pub(crate) fn skip_title_rows(
    table: &mut Table,
    choices: &[ColumnChoice],
    findings: &mut Findings,
) {
    let is_known = |header: &str| {
        is_known_header(header)
            || choices.iter().any(|choice| normalize(&choice.header) == normalize(header))
    };
    skip_rows_above_header(table, &is_known, findings);
}

/// Makes the first row with at least two columns that `is_known` knows the header, if the first row has fewer.
pub(crate) fn skip_rows_above_header(
    table: &mut Table,
    is_known: &dyn Fn(&str) -> bool,
    findings: &mut Findings,
) {
    let is_header = |cells: &[Value]| cells.iter().filter(|cell| is_known(&cell.text)).count() >= 2;
    if is_header(&table.header) {
        return;
    }
    let Some(index) =
        table.rows.iter().take(MAX_TITLE_ROWS as usize).position(|row| is_header(row))
    else {
        return;
    };
    let mut above = table.rows.drain(..=index);
    if let Some(header) = above.next_back() {
        let place = &header[0].place;
        let row = place.line().unwrap_or_default();
        let message = format!("the header is in row {row}; the rows above it are not used");
        findings.note(place, message);
        table.header = header;
    }
}

/// Maps the columns of a sheet to fields. Reports duplicate columns and notes doubtful ones.
pub(crate) fn map_columns(
    table: &Table,
    choices: &[ColumnChoice],
    findings: &mut Findings,
) -> Columns {
    let header = &table.header;
    let results = find_results_columns(header);
    if let Some(first) = results.as_ref().map(|block| &header[block.start]) {
        let message = format!(
            "this is a `results.csv`: its rows keep their ids, and the videos that it names are not paid for again unasked \
             (`{}`)",
            Flag::Duplicates
        );
        findings.note(&first.place, message);
    }
    let own = (0..header.len())
        .filter(|column| !results.as_ref().is_some_and(|block| block.contains(column)))
        .collect();
    let mut columns = Columns {
        fields: FieldMap::new(),
        matches: FieldMap::new(),
        languages: Vec::new(),
        own,
        job_id: results.map(|block| block.start),
        near_misses: Vec::new(),
    };
    choose_columns(table, choices, &mut columns, findings);
    let chosen: Vec<usize> = columns.fields.iter().map(|(_, column)| *column).collect();
    for column in columns.own.iter().copied().filter(|column| !chosen.contains(column)) {
        if let Some((field, language)) = find_language(&header[column].text) {
            add_language(header, &mut columns.languages, (field, language, column), findings);
            continue;
        }
        let Some((field, how)) = Field::find(&header[column].text) else {
            continue;
        };
        if choices.iter().any(|choice| choice.field == field && choice.header.is_empty()) {
            continue;
        }
        let known = columns.fields.get(field).copied().zip(columns.matches.get(field).copied());
        let Some((first, first_how)) = known else {
            columns.fields.insert(field, column);
            columns.matches.insert(field, how);
            continue;
        };
        if how == first_how {
            let name = field.name();
            let help = format!(
                "keep one column for `{name}`, or choose one: `{} {name}={}`",
                Flag::Column,
                sanitize(header[column].text.trim())
            );
            let message = duplicate_message(&header[column], &header[first]);
            findings.problem(Problem::at(&header[column].place, message).help(help));
            continue;
        }
        // A field's name wins over an alias, in any order.
        let (used, unused) = if how > first_how { (column, first) } else { (first, column) };
        columns.fields.insert(field, used);
        columns.matches.insert(field, how.max(first_how));
        let message = format!(
            "the column {} is not used, because there is a column {} too",
            quote(&header[unused].text),
            quote(&header[used].text)
        );
        findings.note(&header[unused].place, message);
    }
    let has_speech =
        |fields: &FieldMap<usize>| fields.contains(Field::Text) || fields.contains(Field::Audio);
    columns.languages.retain(|(_, fields)| has_speech(fields));
    if !columns.languages.is_empty() {
        let languages = columns.languages.iter().map(|(language, _)| language.as_str());
        let message = format!(
            "each row makes a video for each of the languages {} that it has{}",
            list(languages, "and"),
            if has_speech(&columns.fields) {
                ", besides that of its text without a language"
            } else {
                ""
            }
        );
        findings.note(&header[0].place, message);
    }
    note_duplicate_columns(header, &columns, findings);
    let is_free = |field: Field| {
        let is_refused = |it: &ColumnChoice| it.field == field && it.header.is_empty();
        !field.is_required() && !columns.fields.contains(field) && !choices.iter().any(is_refused)
    };
    let own = columns.own.iter().filter(|column| !is_known_header(&header[**column].text));
    let near =
        own.filter_map(|column| Some((*column, Field::closest_match(&header[*column].text)?)));
    columns.near_misses = near.filter(|(_, field)| is_free(*field)).collect();
    columns
}

/// Adds the column of a field in a language.
fn add_language(
    header: &[Value],
    languages: &mut Vec<(String, FieldMap<usize>)>,
    (field, language, column): (Field, String, usize),
    findings: &mut Findings,
) {
    let known = languages.iter().position(|(other, _)| *other == language);
    let index = known.unwrap_or_else(|| {
        languages.push((language, FieldMap::new()));
        languages.len() - 1
    });
    if let Some(first) = languages[index].1.insert(field, column) {
        let message = duplicate_message(&header[column], &header[first]);
        findings.problem(Problem::at(&header[column].place, message));
    }
}

/// Maps the columns that the user chooses.
fn choose_columns(
    table: &Table,
    choices: &[ColumnChoice],
    columns: &mut Columns,
    findings: &mut Findings,
) {
    for ColumnChoice { field, header } in choices.iter().filter(|it| !it.header.is_empty()) {
        let exact = |column: &usize| table.header[*column].text.trim() == header;
        let similar = |column: &usize| normalize(&table.header[*column].text) == normalize(header);
        let mut own = columns.own.iter().copied();
        let found = own.find(exact).or_else(|| columns.own.iter().copied().find(similar));
        if let Some(column) = found {
            columns.fields.insert(*field, column);
            columns.matches.insert(*field, HeaderMatch::Chosen);
            continue;
        }
        let message = format!("there is no column {} for `{}`", quote(header), field.name());
        let names = table.header.iter().map(|cell| cell.text.trim());
        let names = names.filter(|name| !name.is_empty());
        let help = format!("the sheet has {}", list(names.take(40), "and"));
        findings.problem(Problem::at(&table.header[0].place, message).help(help));
    }
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

/// Suspects a column that is a likely misspelling of an optional field: every video would lack what the column says.
pub(crate) fn suspect_near_miss(cell: &Value, field: Field, findings: &mut Findings) {
    findings.suspicion(&cell.place, typo_message(cell, field));
}

/// Notes duplicate columns of the user.
fn note_duplicate_columns(header: &[Value], columns: &Columns, findings: &mut Findings) {
    let mut seen: BTreeMap<String, &Value> = BTreeMap::new();
    for cell in columns.own.iter().map(|column| &header[*column]) {
        if cell.is_blank() || is_known_header(&cell.text) {
            continue;
        }
        if let Some(first) = seen.insert(normalize(&cell.text), cell) {
            findings.note(&cell.place, duplicate_message(cell, first));
        }
    }
}

/// Returns the columns that a `results.csv` adds, if all of them are there, in their order.
fn find_results_columns(header: &[Value]) -> Option<Range<usize>> {
    let names: Vec<&str> = header.iter().map(|cell| cell.text.trim()).collect();
    find_result_columns(&names)
}

/// Reports the required columns that a sheet without a YAML manifest lacks, and returns their fields.
pub(crate) fn check_required_columns(
    table: &Table,
    columns: &Columns,
    findings: &mut Findings,
) -> Vec<Field> {
    let header = &table.header;
    if columns.fields.is_empty()
        && columns.languages.is_empty()
        && columns.misspelled(header).next().is_none()
    {
        let message = "the first line has none of the columns `text`, `persona`, `aspect_ratio`";
        let problem = Problem::at(&header[0].place, message);
        findings.problem(problem.help(no_header_help(table, columns)));
        return Field::REQUIRED.to_vec();
    }
    let has = |field: Field| columns.fields.contains(field);
    let has_audio = has(Field::Audio) || !columns.languages.is_empty();
    let languages = &columns.languages;
    // Each language may have its own persona.
    let lacks = |field: Field| languages.iter().find(|(_, fields)| !fields.contains(field));
    let is_in_all = |field: Field| {
        let has_base = has(Field::Text) || has(Field::Audio);
        !languages.is_empty() && !has_base && lacks(field).is_none()
    };
    let is_missing =
        |field: &Field| !has(*field) && !is_in_all(*field) && (*field != Field::Text || !has_audio);
    let missing: Vec<Field> = Field::REQUIRED.into_iter().filter(is_missing).collect();
    for field in missing.iter().copied() {
        let is_in_some = languages.iter().any(|(_, fields)| fields.contains(field));
        let message = if field == Field::Text {
            "the column `text` (or `audio`) is missing".to_owned()
        } else if let Some((language, _)) = lacks(field).filter(|_| is_in_some) {
            format!("the column `{0}_{language}` (or `{0}` for all) is missing", field.name())
        } else {
            format!("the column `{}` is missing", field.name())
        };
        let typo = columns.misspelled(header).find(|(_, meant)| *meant == field);
        let own = columns.own.iter().map(|column| &header[*column]);
        let mut unknown = own.filter(|cell| !cell.is_blank() && !is_known_header(&cell.text));
        let near =
            typo.map(|(cell, _)| cell).or_else(|| unknown.find(|it| field.resembles(&it.text)));
        let name = field.name();
        let choice = format!("`{} {name}=", Flag::Column);
        let problem = if let Some(cell) = near {
            let shown = sanitize(cell.text.trim());
            let help = format!("rename {} to `{name}`? Or use {choice}{shown}`", quote(&cell.text));
            Problem::at(&cell.place, message).help(help)
        } else {
            let help = no_header_help(table, columns);
            Problem::at(&header[0].place, message)
                .help(format!("{help}; {choice}HEADER` names another"))
        };
        findings.problem(problem);
    }
    missing
}

/// Returns what to do about a header that lacks columns.
fn no_header_help(table: &Table, columns: &Columns) -> String {
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
    use crate::model::RESULT_COLUMNS;

    fn read(text: &str) -> (Columns, Findings) {
        read_with(text, &[])
    }

    fn read_with(text: &str, choices: &[ColumnChoice]) -> (Columns, Findings) {
        let mut findings = Findings::default();
        let source = Source::of_text("a.csv", text.to_owned());
        let mut table = csv::read(&source, None, &mut findings).unwrap();
        skip_title_rows(&mut table, choices, &mut findings);
        let columns = map_columns(&table, choices, &mut findings);
        check_required_columns(&table, &columns, &mut findings);
        for (column, field) in &columns.near_misses {
            suspect_near_miss(&table.header[*column], *field, &mut findings);
        }
        (columns, findings)
    }

    fn findings(text: &str) -> String {
        findings_with(text, &[])
    }

    fn findings_with(text: &str, choices: &[&str]) -> String {
        let choices: Vec<ColumnChoice> = choices.iter().map(|it| it.parse().unwrap()).collect();
        let (_, findings) = read_with(text, &choices);
        let problems = findings.problems.iter();
        let problems = problems.map(|problem| {
            let help = problem.help_text().unwrap_or_default();
            format!("{} {} [{help}]", problem.place(), problem.message())
        });
        let notes = findings.notes.iter();
        let notes = notes.map(|note| format!("note {} {}", note.place, note.message));
        let suspicions = findings.suspicions.iter().map(|it| format!("suspicion {it}"));
        problems.chain(notes).chain(suspicions).collect::<Vec<_>>().join("\n")
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
            "a.csv:1:4 the column `text` (or `audio`) is missing [rename `txet` to `text`? Or use `--column text=txet`]\n\
             a.csv:1:1 the column `aspect_ratio` is missing [the sheet has `id`, `txet` and `persona`; \
             `--column aspect_ratio=HEADER` names another]"
        );
    }

    #[test]
    fn a_header_below_a_title_is_used() {
        for (sheet, row) in [
            ("Spring campaign,,\nid,text,persona,ratio\n", 2),
            ("Spring campaign\n\n,,Text,\nid,text,persona,ratio\n", 4),
            ("Kampagne, Frühling\n\n\nid;text;persona;ratio\n", 4),
        ] {
            assert_eq!(
                findings(sheet),
                format!(
                    "note a.csv:{row}:1 the header is in row {row}; the rows above it are not used"
                )
            );
        }
        // The first row stays the header if it has two known columns, or no row has.
        assert_eq!(findings("text,persona,ratio\ntext,persona,ratio\n"), "");
        assert!(findings("a,b\nc,d\n").contains("the first line has none of the columns"));
    }

    #[test]
    fn a_column_can_be_chosen() {
        let sheet = "Neuer Text,Text,Person 1,Format,Musik\n";
        let choices = ["text=Neuer Text", "persona=person 1", "music="];
        assert_eq!(
            findings_with(sheet, &choices),
            "note a.csv:1:12 the column `Text` is not used, because there is a column `Neuer Text` too"
        );
        let choices: Vec<ColumnChoice> = choices.iter().map(|it| it.parse().unwrap()).collect();
        let (columns, _) = read_with(sheet, &choices);
        let fields = columns.fields.iter().map(|(field, column)| (field, *column));
        assert_eq!(
            fields.collect::<Vec<_>>(),
            [(Field::Text, 0), (Field::Persona, 2), (Field::AspectRatio, 3)]
        );
        assert_eq!(
            findings_with("text,Wer,ratio\n", &["persona=Werr"]),
            "a.csv:1:1 there is no column `Werr` for `persona` [the sheet has `text`, `Wer` and `ratio`]\n\
             a.csv:1:1 the column `persona` is missing [the sheet has `text`, `Wer` and `ratio`; \
             `--column persona=HEADER` names another]"
        );
        for (wrong, message) in [
            ("persona", "is not a field and a header"),
            ("who=x", "there is no field `who`; the fields are `id`, `text`"),
        ] {
            let error = wrong.parse::<ColumnChoice>().unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn duplicate_and_doubtful_columns_are_reported() {
        assert_eq!(
            findings("text,Text,persona,avatar,ratio,captoins,note,note\n"),
            "a.csv:1:6 duplicate column `Text`; first at a.csv:1:1 [keep one column for `text`, or choose one: `--column text=Text`]\n\
             note a.csv:1:19 the column `avatar` is not used, because there is a column `persona` too\n\
             note a.csv:1:46 duplicate column `note`; first at a.csv:1:41\n\
             suspicion a.csv:1:32: the column `captoins` is not known; did you mean `captions`?"
        );
    }

    #[test]
    fn a_near_miss_is_no_suspicion_if_its_field_is_to_have_no_column() {
        assert_eq!(findings_with("text,persona,ratio,captoins\n", &["captions="]), "");
    }

    #[test]
    fn each_language_may_have_its_own_persona() {
        let languages = "note a.csv:1:1 each row makes a video for each of the languages `de` and `en` that it has";
        assert_eq!(findings("text_de,text_en,persona_de,persona_en,ratio\n"), languages);
        let missing = findings("text_de,text_en,persona_de,ratio\n");
        assert_eq!(
            missing,
            format!(
                "a.csv:1:1 the column `persona_en` (or `persona` for all) is missing [the sheet has `text_de`, `text_en`, \
                 `persona_de` and `ratio`; `--column persona=HEADER` names another]\n{languages}"
            )
        );
        let base = findings("text,text_de,persona_de,ratio\n");
        assert!(base.contains("the column `persona` is missing [the sheet has"), "{base}");
    }

    #[test]
    fn columns_of_results_are_recognized_as_a_whole_block_only() {
        // The results of earlier versions lack the last column.
        for count in [RESULT_COLUMNS.len() - 1, RESULT_COLUMNS.len()] {
            let block = RESULT_COLUMNS[..count].join(",");
            let (columns, _) = read(&format!("text,persona,ratio,{block},mine\n"));
            assert_eq!(columns.job_id, Some(3));
            assert_eq!(columns.own, [0, 1, 2, 3 + count]);
        }
        let (columns, _) = read("text,persona,ratio,status,error\n");
        assert_eq!(columns.job_id, None);
        assert_eq!(columns.own.len(), 5);
    }
}

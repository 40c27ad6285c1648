//! Rows of a sheet that are no videos: blank ones with checkboxes or default values, totals, and comments.

use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::{normalize, quote};
use crate::manifest::formats::table::{Table, Value};
use crate::manifest::schema::field::Field;
use crate::manifest::schema::header::Columns;
use crate::manifest::schema::values::parse_bool;
use crate::model::Flag;
use crate::util::text::{agree, plural};

/// The first words of rows with totals, in lower case.
const TOTALS: &str = "total, totals, subtotal, sub total, grand total, sum, count, summe, gesamt, gesamtsumme, gesamtanzahl, \
    insgesamt, zwischensumme, anzahl, total general, suma total, total général, totaux, sous-total, somme, totale, \
    totale generale, subtotale, somma, total geral, soma, totaal, eindtotaal, subtotaal, som, suma, razem, łącznie, ogółem, \
    suma końcowa, summa, totalt, sammanlagt, i alt, ialt, yhteensä, celkem, součet, spolu, súčet, összesen, \
    ukupno, skupaj, toplam, genel toplam, kokku, kopā, iš viso, viso, σύνολο, итого, всего, сумма, разом, усього, общо, \
    укупно, вкупно, סה\"כ, סהכ, المجموع, الإجمالي, مجموع, जोड़, कुल, รวม, tổng, tổng cộng, jumlah, 合計, 総計, \
    小計, 合计, 总计, 小计, 總計, 합계, 총계, 총합";

/// The first words of rows with averages, in lower case.
const AVERAGES: &str = "average, averages, avg, mean, median, minimum, maximum, min, max, durchschnitt, mittelwert, schnitt, \
    moyenne, media, promedio, média, gemiddelde, średnia, medelvärde, medel, gennemsnit, gjennomsnitt, keskiarvo, průměr, \
    átlag, medie, ortalama, среднее, середнє, 平均, 평균";

/// The first words of notes about the sheet, in lower case.
const NOTES: &str = "prepared by, created by, written by, author, approved by, approved, reviewed by, checked by, last updated, \
    updated, updated on, updated by, date, version, status, note, notes, legend, source, contact, owner, confidential, \
    end, end of list, erstellt von, erstellt am, verfasst von, autor, autorin, freigegeben von, geprüft von, stand, datum, \
    notiz, notizen, hinweis, hinweise, legende, quelle, ansprechpartner, préparé par, créé par, rédigé par, auteur, \
    mis à jour, remarque, remarques, note, légende, preparado por, creado por, elaborado por, fecha, nota, notas, fuente, \
    creato da, preparato da, autore, data, fonte, criado por, opgesteld door, gemaakt door, opmerking, opmerkingen, bron, \
    przygotował, przygotowała, autor, uwaga, uwagi, źródło";

/// What totals count, in lower case.
const COUNTED: &str = "video videos vidéo vidéos vídeo vídeos videók videa wideo filmy row rows zeile zeilen job jobs clip clips \
    item items script scripts text texts texte textos testi general geral";

/// The fields that make a row a video. Values of all others are often copied down to the rows below the last video.
const CONTENT: [Field; 5] =
    [Field::Id, Field::Text, Field::Audio, Field::Filename, Field::AudioSeconds];

/// Removes the rows that have only checkboxes and default values. `given` are the fields that all rows have.
pub(crate) fn remove_blank_rows(
    table: &mut Table,
    columns: &Columns,
    given: &[Field],
    findings: &mut Findings,
) {
    let has_speech = |field: &Field| matches!(field, Field::Text | Field::Audio);
    let has_column = columns.fields.fields().any(|field| has_speech(&field));
    if given.iter().any(has_speech) || !has_column && columns.languages.is_empty() {
        return;
    }
    let mut defaults = vec![false; table.header.len()];
    for (field, column) in columns.fields.iter().filter(|(field, _)| !CONTENT.contains(field)) {
        defaults[*column] = field != Field::Skip;
    }
    let is_blank = |row: &Vec<Value>| {
        let mut cells = row.iter().enumerate();
        cells.all(|(column, cell)| is_unfilled(cell) || defaults.get(column) == Some(&true))
    };
    let mut removed = table.rows.extract_if(.., |row| is_blank(row));
    let Some(first) = removed.next() else { return };
    let count = 1 + removed.count();
    let message = format!(
        "{} {} neither text nor id, only checkboxes or default values, and {} left out; this is the first",
        plural(count, "row"),
        agree(count, "has", "have"),
        agree(count, "is", "are"),
    );
    findings.note(&first[0].place, message);
}

/// Checks whether a cell is empty or a checkbox.
fn is_unfilled(cell: &Value) -> bool {
    let text = cell.text.trim();
    // `1` and `x` may be data.
    let is_checkbox = text.chars().count() > 3 && parse_bool(text).is_some();
    (text.is_empty() || is_checkbox) && cell.problem().is_none()
}

/// Checks whether a cell begins a row of totals: `Total`, `Summe:`, `Total: 1 video`, `合計 3`.
fn is_total(cell: &str) -> bool {
    let is_end = |c: char| c.is_numeric() || matches!(c, ':' | '：' | '=' | '(' | '（');
    let cell = cell.trim().to_lowercase();
    let phrase = cell.split(is_end).next().unwrap_or_default().trim();
    let is_word =
        |phrase: &str| TOTALS.split(", ").chain(AVERAGES.split(", ")).any(|total| total == phrase);
    let is_counted = |words: &str| {
        words.split(' ').all(|word| COUNTED.split_whitespace().any(|counted| counted == word))
    };
    let of_videos =
        || phrase.split_once(' ').is_some_and(|(word, rest)| is_word(word) && is_counted(rest));
    !phrase.is_empty() && (is_word(phrase) || of_videos())
}

/// Checks whether a cell begins a note about the sheet: `Prepared by`, `Stand: Mai`.
fn is_note(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    let phrase = cell.split([':', '：']).next().unwrap_or_default().trim();
    NOTES.split(", ").any(|note| note.trim() == phrase)
}

/// Checks whether a cell is a heading between rows: `--- Germany ---`, `== Week 2 ==`, `### Italy`.
fn is_heading(cell: &str) -> bool {
    let cell = cell.trim();
    let inside = cell.trim_start_matches(['-', '–', '—', '=', '*', '#', '_', '~', '>']);
    cell.chars().count() - inside.chars().count() > 1 && inside.contains(char::is_alphabetic)
}

/// Finds rows that are incomplete because they are no videos.
pub(crate) struct IncompleteRows {
    /// The columns of required values that only the rows give. A row needs a cell of each.
    required: Vec<Vec<usize>>,
    /// The line of the last row that has all of them.
    last_complete: Option<u32>,
    /// The column `skip`.
    skip: Option<usize>,
    /// The header, of which some rows are copies.
    header: Vec<String>,
}

impl IncompleteRows {
    /// Examines the rows of a table. `given` are the fields that all rows have.
    pub(crate) fn new(table: &Table, columns: &Columns, given: &[Field]) -> Self {
        let alternatives =
            [vec![Field::Text, Field::Audio], vec![Field::Persona], vec![Field::AspectRatio]];
        let missing = alternatives.into_iter().filter(|it| !it.iter().any(|it| given.contains(it)));
        let columns_of = |fields: Vec<Field>| {
            fields.into_iter().filter_map(|field| columns.fields.get(field).copied()).collect()
        };
        let mut required: Vec<Vec<usize>> = missing.map(columns_of).collect();
        if let Some(speech) = required.first_mut().filter(|_| !given.contains(&Field::Text)) {
            for (_, fields) in &columns.languages {
                speech.extend(fields.get(Field::Text).into_iter().chain(fields.get(Field::Audio)));
            }
        }
        let header = table.header.iter().map(|cell| normalize(&cell.text)).collect();
        let skip = columns.fields.get(Field::Skip).copied();
        let mut rows = Self { required, last_complete: None, skip, header };
        let last = table.rows.iter().rev().find(|row| rows.is_complete(row));
        rows.last_complete = last.and_then(|row| row[0].place.line());
        rows
    }

    fn is_complete(&self, row: &[Value]) -> bool {
        let is_filled = |column: &usize| row.get(*column).is_some_and(|cell| !cell.is_blank());
        self.required.iter().all(|columns| columns.iter().any(is_filled))
    }

    /// Checks whether a row has at least two cells, and all of them say the same as the header.
    fn is_header(&self, row: &[Value]) -> bool {
        let mut filled = row.iter().zip(&self.header).filter(|(cell, _)| !cell.is_blank());
        let is_same = |(cell, header): (&Value, &String)| normalize(&cell.text) == *header;
        let first = filled.next().is_some_and(is_same);
        first && filled.next().is_some_and(is_same) && filled.all(is_same)
    }

    /// Returns what is wrong with a row that repeats the header, a row of totals, a heading, a note, or with a comment below the last complete row.
    pub(crate) fn check(&self, row: &[Value]) -> Option<Problem> {
        let skip = self.skip.and_then(|column| parse_bool(&row.get(column)?.text));
        let is_no_video = |cell: &Value, message: String| {
            let help = format!("delete the row, or leave it out with `{}`", Flag::SkipInvalid);
            Some(Problem::at(&cell.place, message).help(help))
        };
        if skip != Some(true) && self.is_header(row) {
            return is_no_video(&row[0], "this row repeats the header".to_owned());
        }
        if self.is_complete(row) || skip == Some(true) {
            return None;
        }
        let mut filled = row.iter().filter(|cell| !is_unfilled(cell));
        let first = filled.next()?;
        let written = first.text.trim();
        if is_total(written) {
            let kind = format!("this seems to be a row of totals: {}", quote(written));
            return is_no_video(first, kind);
        }
        let is_alone = filled.next().is_none();
        if is_alone && is_heading(written) {
            let kind = format!("this seems to be a heading, not a video: {}", quote(written));
            return is_no_video(first, kind);
        }
        if filled.next().is_none() && is_note(written) {
            let kind = format!("this seems to be a note, not a video: {}", quote(written));
            return is_no_video(first, kind);
        }
        let is_below = self.last_complete.is_some_and(|last| row[0].place.line() > Some(last));
        (is_below && is_alone).then(|| {
            let message =
                "only this cell is filled, below the last complete row; it seems to be a comment, not a video";
            let help =
                format!("complete the row, delete it, or leave it out with `{}`", Flag::SkipInvalid);
            Problem::at(&first.place, message).help(help)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_notes_are_recognized_by_their_first_cell() {
        for heading in ["--- Germany ---", "== Week 2 ==", "### Italy", "——Spain——"] {
            assert!(is_heading(heading), "{heading}");
        }
        for cell in ["Germany", "-5", "#1", "- Germany", "---"] {
            assert!(!is_heading(cell), "{cell}");
        }
        for note in ["Prepared by", "Prepared by: Marie", "Stand: Mai", "NOTES", "Autor"] {
            assert!(is_note(note), "{note}");
        }
        for cell in ["Prepared by hand", "date night", "v1", ""] {
            assert!(!is_note(cell), "{cell}");
        }
    }

    #[test]
    fn rows_of_totals_are_recognized_by_their_first_cell() {
        for cell in [
            "Total",
            "TOTAL:",
            "Total: 1 video",
            "Total 12",
            "Total videos: 3",
            "Summe",
            "Gesamt (4)",
            "Gesamt: 3 Videos",
            "Итого:",
            "合計",
            "合計：3",
            "Sous-total",
            "Suma = 4",
            "Razem",
            "Toplam",
            "ИТОГО",
            "Összesen: 5",
            "Σύνολο",
            "סה\"כ",
            "Grand total",
            "Average",
            "Durchschnitt:",
            "Moyenne",
        ] {
            assert!(is_total(cell), "{cell}");
        }
        for cell in [
            "Total comfort",
            "totally",
            "3 videos",
            "",
            "Summer",
            "Anzahl der Tage",
            "Total relax: spa",
            "12",
        ] {
            assert!(!is_total(cell), "{cell}");
        }
    }
}

//! `OpenDocument` spreadsheets: `.ods`, as in `OpenDocument` 1.3 part 3. Section numbers are those of that document.
//!
//! A cell holds its value and, as paragraphs, the text that the spreadsheet shows. Some writers leave the text out, or
//! store another one. Programs then show what the number format makes of the value.

use std::borrow::Cow;

use crate::manifest::formats::number_format::DateSystem;
use crate::manifest::formats::sheet_number::read_number;
use crate::manifest::formats::table::Trouble;

use super::contents::{
    Builder, Contents, Extent, MAX_CELL_TEXT, MAX_COLUMNS, MAX_ROWS, Sheet, check_sheets,
};
use super::error::ReadError;
use super::ods_styles::{CellFormat, CellStyles};
use super::package::Package;
use super::styles::{Styles, date_serial, iso_text, must_be_text};
use super::xml::{Element, Node, Xml};

const CONTENT: &str = "content.xml";

/// An `OpenDocument` spreadsheet.
pub(crate) struct Ods<'b> {
    package: Package<'b>,
    /// The first row of each sheet that is not blank.
    pub(crate) headers: Vec<Contents>,
    styles: CellStyles,
}

impl<'b> Ods<'b> {
    /// Opens a spreadsheet.
    pub(crate) fn open(mut package: Package<'b>) -> Result<(Self, Vec<Sheet>), ReadError> {
        if is_encrypted(&mut package)? {
            return Err(ReadError::Password);
        }
        let mut styles = CellStyles::read(&mut package)?;
        let (mut sheets, mut headers) = (Vec::new(), Vec::new());
        let mut xml = Xml::open(&mut package, CONTENT)?;
        let mut spreadsheet = None;
        loop {
            let depth = xml.depth();
            let Some(node) = xml.next()? else { break };
            if spreadsheet.is_none() {
                styles.add(&node, depth)?;
            }
            let Node::Start(element) = node else { continue };
            match element.local_name() {
                "spreadsheet" => spreadsheet = Some(depth + 1),
                // Links to other documents have tables, too; those of this one are right inside the spreadsheet.
                "table" if spreadsheet == Some(depth) => {
                    let name = element.attribute("table:name")?.unwrap_or_default().into_owned();
                    let style = element.attribute("table:style-name")?.unwrap_or_default();
                    let is_visible = !styles.is_hidden(&style);
                    sheets.push(Sheet { name, is_visible, has_cells: true });
                    check_sheets(&sheets)?;
                    let mut builder = Builder::new(Extent::Header);
                    read_table(&mut xml, &styles, &mut builder)
                        .map_err(|error| builder.locate(error))?;
                    headers.push(builder.finish()?);
                }
                _ => {}
            }
        }
        drop(xml);
        if spreadsheet.is_none() {
            return Err(ReadError::NotWorkbook("this is another office file, not a workbook"));
        }
        Ok((Self { package, headers, styles }, sheets))
    }

    /// Reads the cells of a sheet.
    pub(crate) fn read(&mut self, index: usize, builder: &mut Builder) -> Result<(), ReadError> {
        let mut xml = Xml::open(&mut self.package, CONTENT)?;
        let mut spreadsheet = None;
        let mut tables = 0;
        loop {
            let depth = xml.depth();
            let Some(node) = xml.next()? else { break };
            let Node::Start(element) = node else { continue };
            match element.local_name() {
                "spreadsheet" => spreadsheet = Some(depth + 1),
                "table" if spreadsheet == Some(depth) => {
                    if tables == index {
                        return read_table(&mut xml, &self.styles, builder);
                    }
                    tables += 1;
                    xml.skip()?;
                }
                _ => {}
            }
        }
        Err(ReadError::Damaged)
    }
}

/// Checks whether the manifest says how the content is encrypted (part 2, 4.8).
fn is_encrypted(package: &mut Package<'_>) -> Result<bool, ReadError> {
    let manifest = "META-INF/manifest.xml";
    if !package.has(manifest) {
        return Ok(false);
    }
    let mut xml = Xml::open(package, manifest)?;
    while let Some(node) = xml.next()? {
        if let Node::Start(element) = node
            && element.local_name() == "encryption-data"
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the rest of a table (9.1.2) up to its end.
fn read_table(
    xml: &mut Xml<'_, '_>,
    styles: &CellStyles,
    builder: &mut Builder,
) -> Result<(), ReadError> {
    let depth = xml.depth();
    let mut table = TableReader { styles, columns: Vec::new(), row: 0 };
    let mut hidden_group = None;
    while xml.depth() >= depth {
        let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
        let Node::Start(element) = node else { continue };
        match element.local_name() {
            "table-column" => {
                let repeated = repeated(&element, "table:number-columns-repeated")?;
                let style = element.attribute("table:default-cell-style-name")?;
                let end = table.columns.last().map_or(0, |(end, _)| *end).saturating_add(repeated);
                if table.columns.len() < MAX_COLUMNS as usize {
                    table.columns.push((end, style.map(Cow::into_owned)));
                }
            }
            "table-row" => {
                let mut row = TableRow::new(&element)?;
                hidden_group = hidden_group.filter(|group| *group < xml.depth());
                row.is_hidden |= hidden_group.is_some();
                table.read_row(&row, xml, builder)?;
            }
            // 9.1.9: the rows of a closed group are not shown.
            "table-row-group"
                if element.attribute("table:display")?.as_deref() == Some("false") =>
            {
                hidden_group = hidden_group.or(Some(xml.depth()));
            }
            // Groups of rows and of columns are only brackets around them.
            "table-rows"
            | "table-row-group"
            | "table-header-rows"
            | "table-columns"
            | "table-column-group"
            | "table-header-columns" => {}
            // Shapes, forms, names: none is the content of a cell.
            _ => xml.skip()?,
        }
        if builder.is_complete() {
            while xml.depth() >= depth {
                xml.next()?.ok_or(ReadError::Damaged)?;
            }
        }
    }
    Ok(())
}

/// Returns how often an element is repeated.
fn repeated(element: &Element<'_>, attribute: &str) -> Result<u32, ReadError> {
    Ok(element.number(attribute)?.unwrap_or(1).max(1))
}

/// The attributes of a row.
struct TableRow {
    repeated: u32,
    is_hidden: bool,
    /// The style of its cells without one.
    style: Option<String>,
}

impl TableRow {
    fn new(element: &Element<'_>) -> Result<Self, ReadError> {
        let visibility = element.attribute("table:visibility")?;
        let style = element.attribute("table:default-cell-style-name")?;
        Ok(Self {
            repeated: repeated(element, "table:number-rows-repeated")?,
            is_hidden: matches!(visibility.as_deref(), Some("collapse" | "filter")),
            style: style.map(Cow::into_owned),
        })
    }
}

/// Reads the rows of a table.
struct TableReader<'s> {
    styles: &'s CellStyles,
    /// For each run of columns, its end, and the style of its cells without one.
    columns: Vec<(u32, Option<String>)>,
    /// The next row.
    row: u32,
}

impl TableReader<'_> {
    fn read_row(
        &mut self,
        row: &TableRow,
        xml: &mut Xml<'_, '_>,
        builder: &mut Builder,
    ) -> Result<(), ReadError> {
        let depth = xml.depth();
        let end = self.row.saturating_add(row.repeated).min(MAX_ROWS);
        let mut has_content = false;
        let mut column: u32 = 0;
        while xml.depth() >= depth {
            let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
            let Node::Start(element) = node else { continue };
            let next = column
                .saturating_add(repeated(&element, "table:number-columns-repeated")?)
                .min(MAX_COLUMNS);
            match element.local_name() {
                "table-cell" => {
                    builder.begin((self.row, column));
                    let cell = TableCell::new(&element)?;
                    let style = row.style.as_deref().or_else(|| self.column_style(column));
                    let (text, trouble) = cell.read(xml, style, self.styles)?;
                    let is_blank = text.trim().is_empty() && trouble.is_none();
                    has_content |= !is_blank;
                    let last =
                        if is_blank { self.row } else { end.min(builder.rows_needed(self.row)) };
                    for row in self.row..last {
                        for column in column..next {
                            builder.add((row, column), &text, trouble.clone())?;
                        }
                    }
                    if cell.rows > 1 && column < next && !is_blank {
                        let last = (self.row.saturating_add(cell.rows - 1), next - 1);
                        builder.merge((self.row, column), last)?;
                    }
                }
                "covered-table-cell" => xml.skip()?,
                _ => {
                    xml.skip()?;
                    continue;
                }
            }
            column = next;
        }
        if row.is_hidden && has_content {
            (self.row..end).for_each(|row| builder.hide(row));
        }
        self.row = end;
        Ok(())
    }

    fn column_style(&self, column: u32) -> Option<&str> {
        let index = self.columns.partition_point(|(end, _)| *end <= column);
        self.columns.get(index)?.1.as_deref()
    }
}

/// The attributes of a cell (9.1.4).
struct TableCell {
    /// The number of rows over which it is merged.
    rows: u32,
    style: Option<String>,
    formula: Option<String>,
    kind: Option<String>,
    value: Option<String>,
    is_error: bool,
}

impl TableCell {
    fn new(element: &Element<'_>) -> Result<Self, ReadError> {
        let text = |name| element.attribute(name).map(|value| value.map(Cow::into_owned));
        let kind = text("office:value-type")?;
        let value = match kind.as_deref() {
            Some("date") => "office:date-value",
            Some("time") => "office:time-value",
            Some("boolean") => "office:boolean-value",
            Some("string") => "office:string-value",
            _ => "office:value",
        };
        Ok(Self {
            rows: repeated(element, "table:number-rows-spanned")?,
            style: text("table:style-name")?,
            formula: text("table:formula")?,
            value: text(value)?,
            kind,
            is_error: element.attribute("calcext:value-type")?.as_deref() == Some("error"),
        })
    }

    /// Reads the rest of a cell and returns the text that a spreadsheet shows.
    fn read(
        &self,
        xml: &mut Xml<'_, '_>,
        default_style: Option<&str>,
        styles: &CellStyles,
    ) -> Result<(String, Option<Trouble>), ReadError> {
        let mut text = String::new();
        let mut has_text = false;
        let depth = xml.depth();
        while xml.depth() >= depth {
            let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
            let Node::Start(element) = node else { continue };
            if element.name() == "text:p" {
                if has_text {
                    text.push('\n');
                }
                has_text = true;
                read_paragraph(xml, &mut text)?;
            } else {
                xml.skip()?;
            }
        }
        let kind = self.kind.as_deref().unwrap_or_default();
        let value = self.value.as_deref().unwrap_or_default();
        let is_number = matches!(kind, "float" | "percentage" | "currency");
        if self.formula.is_some() && !has_text && (kind.is_empty() || is_number && value.is_empty())
        {
            return Ok((text, Some(Trouble::FormulaWithoutValue)));
        }
        let is_error_word = text.starts_with('#') || text.starts_with("Err:");
        if self.is_error || self.formula.is_some() && is_error_word {
            return Ok((text, Some(Trouble::ErrorValue)));
        }
        if is_number && self.formula.as_deref().is_some_and(must_be_text) {
            return Ok((text, Some(Trouble::FormulaNeverCalculated)));
        }
        let format = styles.format(self.style.as_deref().or(default_style));
        if kind == "string" && !(has_text && self.value.is_some()) {
            let raw = self.value.as_ref().unwrap_or(&text);
            let CellFormat::Known(format) = format else { return Ok((raw.clone(), None)) };
            return Ok((format.render_text(raw), None));
        }
        if value.is_empty() {
            return Ok((text, None));
        }
        let number = match kind {
            "boolean" if !has_text => return Ok((value.to_uppercase(), None)),
            "date" => date_serial(value, DateSystem::OpenDocument),
            "time" => {
                value.parse().ok().map(|it: jiff::SignedDuration| it.as_secs_f64() / 86_400.0)
            }
            _ if is_number => {
                let number = value.parse().ok().filter(|number: &f64| number.is_finite());
                Some(number.ok_or(ReadError::Damaged)?)
            }
            _ => return Ok((text, None)),
        };
        if let (CellFormat::Known(format), Some(number)) = (&format, number)
            && let Ok(shown) = format.render(number, DateSystem::OpenDocument)
        {
            let is_shown = has_text && is_same(&text, &shown, !is_number);
            return Ok((if is_shown { text } else { shown }, None));
        }
        if has_text && (!is_number || number.is_none_or(|number| agrees(&text, number))) {
            return Ok((text, None));
        }
        let trouble =
            !matches!(format, CellFormat::General) || matches!(kind, "percentage" | "currency");
        let text = match number {
            Some(number) if is_number => Styles::default().number(0, number).0.into_owned(),
            _ => iso_text(value),
        };
        Ok((text, trouble.then_some(Trouble::UnformattedNumber)))
    }
}

/// Whether a stored text says the same as the one that the number format makes. Separators depend on the language of the
/// program that has stored it, and so do the names of months.
fn is_same(stored: &str, shown: &str, is_date: bool) -> bool {
    let said = |text: &str| -> String {
        let characters = text.chars().filter(|character| {
            let is_separator = character.is_whitespace() || ".,'’".contains(*character);
            if is_date { character.is_ascii_digit() } else { !is_separator }
        });
        characters.map(|c| if c == '\u{2212}' { '-' } else { c }).collect()
    };
    said(stored) == said(shown)
}

/// Checks whether a stored text is a number that `value` rounds to. Other texts are not compared.
fn agrees(text: &str, value: f64) -> bool {
    let Some((first, second)) = read_number(text) else { return true };
    first.is_rounded(value) || second.is_some_and(|second| second.is_rounded(value))
}

/// Appends the text of a paragraph. White space is collapsed; elements stand for spaces, tabs and line breaks
/// (6.1.2 to 6.1.5).
fn read_paragraph(xml: &mut Xml<'_, '_>, text: &mut String) -> Result<(), ReadError> {
    let depth = xml.depth();
    // White space at the beginning is dropped, like that after white space.
    let mut after_space = true;
    while xml.depth() >= depth {
        let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
        match node {
            Node::Start(element) => {
                let character = match element.name() {
                    "text:s" => ' ',
                    "text:tab" => '\t',
                    "text:line-break" => '\n',
                    // Notes, shapes and pronunciations are not part of the text.
                    name if !name.starts_with("text:")
                        || matches!(name, "text:note" | "text:ruby-text") =>
                    {
                        xml.skip()?;
                        continue;
                    }
                    _ => continue,
                };
                let count = if character == ' ' {
                    element.number::<usize>("text:c")?.unwrap_or(1)
                } else {
                    1
                };
                if count > MAX_CELL_TEXT {
                    return Err(ReadError::TooLarge("a cell"));
                }
                text.extend(std::iter::repeat_n(character, count));
                after_space = false;
            }
            Node::Text(part) => {
                for character in part.chars() {
                    let is_space = matches!(character, ' ' | '\t' | '\r' | '\n');
                    if !is_space {
                        text.push(character);
                    } else if !after_space {
                        text.push(' ');
                    }
                    after_space = is_space;
                }
            }
            Node::End => {}
        }
        if text.len() > MAX_CELL_TEXT {
            return Err(ReadError::TooLarge("a cell"));
        }
    }
    Ok(())
}

//! `OpenDocument` spreadsheets: `.ods`, as in `OpenDocument` 1.3 part 3. Section numbers are those of that document.
//!
//! A cell holds its value and, as paragraphs, the text that the spreadsheet shows. The text is taken, so number formats
//! are needed only for writers that leave it out.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::manifest::formats::table::Trouble;

use super::contents::{
    Builder, Contents, Extent, MAX_CELL_TEXT, MAX_COLUMNS, MAX_ROWS, Sheet, check_sheets,
};
use super::error::ReadError;
use super::package::Package;
use super::styles::{Styles, iso_text, must_be_text};
use super::xml::{Element, Node, Xml};

const CONTENT: &str = "content.xml";

/// The most styles.
const MAX_STYLES: usize = 100_000;

/// An `OpenDocument` spreadsheet.
pub(crate) struct Ods<'b> {
    package: Package<'b>,
    /// The first row of each sheet that is not blank.
    pub(crate) headers: Vec<Contents>,
    styles: CellStyles,
}

/// The styles of cells and sheets in `content.xml`.
#[derive(Debug, Default)]
struct CellStyles {
    /// The cell styles without a number format.
    plain: HashSet<String>,
    /// The table styles of hidden sheets.
    hidden: HashSet<String>,
}

impl CellStyles {
    /// Whether cells with the style may show numbers in another than the general format.
    fn may_have_format(&self, style: Option<&str>) -> bool {
        style.is_some_and(|style| style != "Default" && !self.plain.contains(style))
    }
}

impl<'b> Ods<'b> {
    /// Opens a spreadsheet.
    pub(crate) fn open(mut package: Package<'b>) -> Result<(Self, Vec<Sheet>), ReadError> {
        if is_encrypted(&mut package)? {
            return Err(ReadError::Password);
        }
        let mut styles = CellStyles::default();
        let (mut sheets, mut headers) = (Vec::new(), Vec::new());
        let mut table_style = String::new();
        let mut xml = Xml::open(&mut package, CONTENT)?;
        let mut spreadsheet = None;
        loop {
            let depth = xml.depth();
            let Some(node) = xml.next()? else { break };
            let Node::Start(element) = node else { continue };
            match element.local_name() {
                "style" => {
                    let name = element.attribute("style:name")?.unwrap_or_default().into_owned();
                    let parent = element.attribute("style:parent-style-name")?;
                    let has_parent = parent.is_some_and(|parent| parent != "Default");
                    if !has_parent && element.attribute("style:data-style-name")?.is_none() {
                        styles.plain.insert(name.clone());
                    }
                    if styles.plain.len() > MAX_STYLES {
                        return Err(ReadError::TooLarge("the workbook"));
                    }
                    table_style = name;
                }
                "table-properties"
                    if element.attribute("table:display")?.as_deref() == Some("false") =>
                {
                    styles.hidden.insert(table_style.clone());
                }
                "spreadsheet" => spreadsheet = Some(depth + 1),
                // Links to other documents have tables, too; those of this one are right inside the spreadsheet.
                "table" if spreadsheet == Some(depth) => {
                    let name = element.attribute("table:name")?.unwrap_or_default().into_owned();
                    let style = element.attribute("table:style-name")?.unwrap_or_default();
                    let is_visible = !styles.hidden.contains(&*style);
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

/// Whether the manifest says how the content is encrypted (part 2, 4.8).
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
    while xml.depth() >= depth {
        let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
        let Node::Start(element) = node else { continue };
        match element.local_name() {
            "table-column" => {
                let repeated = repeated(&element, "table:number-columns-repeated")?;
                let style = element.attribute("table:default-cell-style-name")?;
                let end = table.columns.last().map_or(0, |(end, _)| *end).saturating_add(repeated);
                if table.columns.len() < MAX_COLUMNS as usize {
                    table.columns.push((end, styles.may_have_format(style.as_deref())));
                }
            }
            "table-row" => table.read_row(&TableRow::new(&element, styles)?, xml, builder)?,
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
    /// Whether cells without style may have a format; `None` if their columns say it.
    may_have_format: Option<bool>,
}

impl TableRow {
    fn new(element: &Element<'_>, styles: &CellStyles) -> Result<Self, ReadError> {
        let visibility = element.attribute("table:visibility")?;
        let style = element.attribute("table:default-cell-style-name")?;
        Ok(Self {
            repeated: repeated(element, "table:number-rows-repeated")?,
            is_hidden: matches!(visibility.as_deref(), Some("collapse" | "filter")),
            may_have_format: style.map(|style| styles.may_have_format(Some(&*style))),
        })
    }
}

/// Reads the rows of a table.
struct TableReader<'s> {
    styles: &'s CellStyles,
    /// For each run of columns, its end, and whether cells without style may have a format.
    columns: Vec<(u32, bool)>,
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
                    let (text, trouble) = cell.read(
                        xml,
                        || {
                            row.may_have_format
                                .unwrap_or_else(|| self.column_may_have_format(column))
                        },
                        self.styles,
                    )?;
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

    fn column_may_have_format(&self, column: u32) -> bool {
        let index = self.columns.partition_point(|(end, _)| *end <= column);
        self.columns.get(index).is_some_and(|(_, may_have_format)| *may_have_format)
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
        may_have_format: impl FnOnce() -> bool,
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
        if has_text || value.is_empty() {
            return Ok((text, None));
        }
        let may_have_format = match &self.style {
            Some(style) => styles.may_have_format(Some(style)),
            None => may_have_format(),
        };
        let trouble = (kind != "string" && kind != "boolean")
            && (may_have_format || matches!(kind, "percentage" | "currency"));
        let text = match kind {
            "boolean" => value.to_uppercase(),
            "date" | "time" => iso_text(value),
            "string" => value.to_owned(),
            _ => match value.parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    Styles::default().number(0, number).0.into_owned()
                }
                _ => return Err(ReadError::Damaged),
            },
        };
        Ok((text, trouble.then_some(Trouble::UnformattedNumber)))
    }
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

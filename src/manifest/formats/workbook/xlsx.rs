//! Excel workbooks: `.xlsx` and `.xlsm`, as in ECMA-376 part 1.

use std::collections::HashMap;

use crate::manifest::formats::table::Trouble;

use super::contents::{
    Area, Builder, MAX_CELL_TEXT, MAX_COLUMNS, MAX_ROWS, SharedStrings, Sheet, check_sheets,
};
use super::error::ReadError;
use super::package::Package;
use super::styles::{MAX_STYLES, Shown, Styles, date_serial, iso_text, must_be_text};
use super::xml::{Element, Node, Xml};

/// The most relations of a part. A workbook has one for each sheet, and some more.
const MAX_RELATIONS: usize = 10_000;

/// An Excel workbook.
pub(crate) struct Xlsx<'b> {
    package: Package<'b>,
    /// The part of each sheet.
    parts: Vec<String>,
    strings: SharedStrings,
    styles: Styles,
    /// Whether the workbook asks to be calculated when it is opened, so its results are old or placeholders
    /// (ECMA-376 part 1, 18.2.2). Programs that write formulas without calculating them set it.
    needs_calculation: bool,
    /// Whether each differential format changes the number format.
    changes_number: Vec<bool>,
}

/// The main part of an Excel workbook, and the parts that it refers to.
pub(crate) struct Relations {
    /// The main part.
    pub(crate) main: String,
    /// The type and the part of each relation by its id.
    targets: HashMap<String, (String, String)>,
}

impl Relations {
    /// Finds the main part of a package and its relations (ECMA-376 part 2, 6.5).
    pub(crate) fn find(package: &mut Package<'_>) -> Result<Self, ReadError> {
        let root = relations(package, "_rels/.rels", "")?;
        let main = root.into_values().find(|(kind, _)| kind == "officeDocument");
        let main = main.ok_or(ReadError::Damaged)?.1;
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
        let path = format!("{folder}/_rels/{name}.rels");
        let targets = relations(package, path.trim_start_matches('/'), folder)?;
        Ok(Self { main, targets })
    }

    /// Returns the only part of a type.
    pub(crate) fn part(&self, kind: &str) -> Option<&str> {
        self.targets.values().find(|(of, _)| of == kind).map(|(_, part)| part.as_str())
    }

    /// Returns a sheet and its part by the id of its relation. A sheet of charts has no cells.
    pub(crate) fn sheet(&self, name: String, state: &str, id: &str) -> (Sheet, String) {
        let (kind, part) = self.targets.get(id).cloned().unwrap_or_default();
        let is_visible = !matches!(state, "hidden" | "veryHidden");
        (Sheet { name, is_visible, has_cells: kind == "worksheet" }, part)
    }
}

/// Reads a part with relations. The types are shortened to their last word, which is the same in the transitional and
/// the strict form of the standard.
fn relations(
    package: &mut Package<'_>,
    path: &str,
    folder: &str,
) -> Result<HashMap<String, (String, String)>, ReadError> {
    let mut relations = HashMap::new();
    let mut xml = Xml::open(package, path)?;
    while let Some(node) = xml.next()? {
        let Node::Start(element) = node else { continue };
        if element.local_name() != "Relationship" {
            continue;
        }
        let (Some(id), Some(kind), Some(target)) =
            (element.attribute("Id")?, element.attribute("Type")?, element.attribute("Target")?)
        else {
            return Err(ReadError::Damaged);
        };
        if relations.len() > MAX_RELATIONS {
            return Err(ReadError::TooLarge("the workbook"));
        }
        let kind = kind.rsplit('/').next().unwrap_or_default();
        relations.insert(id.into_owned(), (kind.to_owned(), resolve(folder, &target)));
    }
    Ok(relations)
}

/// Returns the part that a relation names: relative to its folder, or absolute.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let whole = if target.starts_with('/') { target } else { format!("{folder}/{target}") };
    let mut path = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

impl<'b> Xlsx<'b> {
    /// Opens a workbook.
    pub(crate) fn open(
        mut package: Package<'b>,
        relations: &Relations,
    ) -> Result<(Self, Vec<Sheet>), ReadError> {
        let (mut sheets, mut parts) = (Vec::new(), Vec::new());
        let mut styles = Styles::default();
        let mut needs_calculation = false;
        let mut xml = Xml::open(&mut package, &relations.main)?;
        while let Some(node) = xml.next()? {
            let Node::Start(element) = node else { continue };
            match element.local_name() {
                "workbookPr" if element.is_set("date1904")? => styles.is_from_1904 = true,
                "calcPr" => needs_calculation = element.is_set("fullCalcOnLoad")?,
                "sheet" => {
                    let name = element.attribute("name")?.unwrap_or_default().into_owned();
                    let state = element.attribute("state")?.unwrap_or_default();
                    let id = element.attribute("id")?.unwrap_or_default();
                    let (sheet, part) = relations.sheet(name, &state, &id);
                    sheets.push(sheet);
                    parts.push(part);
                    check_sheets(&sheets)?;
                }
                _ => {}
            }
        }
        drop(xml);
        let changes_number = match relations.part("styles").filter(|part| package.has(part)) {
            Some(part) => read_styles(&mut Xml::open(&mut package, part)?, &mut styles)?,
            None => Vec::new(),
        };
        let strings = match relations.part("sharedStrings").filter(|part| package.has(part)) {
            Some(part) => read_strings(&mut Xml::open(&mut package, part)?)?,
            None => SharedStrings::default(),
        };
        let book = Self { package, parts, strings, styles, needs_calculation, changes_number };
        Ok((book, sheets))
    }

    /// Reads the cells of a sheet.
    pub(crate) fn read(&mut self, index: usize, builder: &mut Builder) -> Result<(), ReadError> {
        let mut xml = Xml::open(&mut self.package, &self.parts[index])?;
        // Rows and cells may leave out their position; they then follow the one before (ECMA-376 part 1, 18.3.1.4).
        let (mut row, mut column) = (0, 0);
        let mut next_row = 0;
        // The areas of the conditional format that is read.
        let mut areas = Vec::new();
        while let Some(node) = xml.next()? {
            let Node::Start(element) = node else { continue };
            match element.local_name() {
                "row" => {
                    let number: Option<u32> = element.number("r")?;
                    row = number
                        .map_or(Some(next_row), |number| number.checked_sub(1))
                        .ok_or(ReadError::Damaged)?;
                    (next_row, column) = (row.saturating_add(1), 0);
                    builder.begin((row, 0));
                    if row >= MAX_ROWS {
                        let is_counted = number.is_none();
                        return Err(if is_counted {
                            ReadError::TooLarge("the sheet")
                        } else {
                            ReadError::Damaged
                        });
                    }
                    if element.is_set("hidden")? {
                        builder.hide(row);
                    }
                }
                "c" => {
                    if let Some(reference) = element.attribute("r")? {
                        (row, column) = parse_reference(&reference).ok_or(ReadError::Damaged)?;
                    }
                    builder.begin((row, column));
                    let cell = StoredCell::read(kind_and_style(&element)?, &mut xml)?;
                    let (text, trouble) =
                        cell.shown(&self.strings, &mut self.styles, self.needs_calculation)?;
                    builder.add((row, column), &text, trouble)?;
                    column = column.saturating_add(1);
                    if builder.is_complete() {
                        break;
                    }
                }
                "mergeCell" => {
                    let area = element.attribute("ref")?;
                    if let Some((first, last)) = area.and_then(|area| parse_area(&area)) {
                        builder.merge(first, last)?;
                    }
                }
                "conditionalFormatting" => {
                    let area = element.attribute("sqref")?.unwrap_or_default();
                    areas = area.split_ascii_whitespace().filter_map(parse_area).collect();
                }
                "cfRule" => {
                    let format: Option<usize> = element.number("dxfId")?;
                    if format.and_then(|format| self.changes_number.get(format)) == Some(&true) {
                        areas.drain(..).for_each(|area| builder.add_conditional(area));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Returns the type and the style of a cell.
fn kind_and_style(element: &Element<'_>) -> Result<(Kind, u32), ReadError> {
    let kind = match element.attribute("t")?.as_deref() {
        None | Some("n") => Kind::Number,
        Some("s") => Kind::Shared,
        Some("str") => Kind::FormulaText,
        Some("inlineStr") => Kind::Inline,
        Some("b") => Kind::Bool,
        Some("e") => Kind::Error,
        Some("d") => Kind::Date,
        Some(_) => return Err(ReadError::Damaged),
    };
    Ok((kind, element.number("s")?.unwrap_or(0)))
}

/// The type of a cell (ECMA-376 part 1, 18.18.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    FormulaText,
    Inline,
    Bool,
    Error,
    Date,
}

/// A cell as it is stored.
struct StoredCell {
    kind: Kind,
    style: u32,
    value: Option<String>,
    inline: String,
    formula: Option<String>,
}

impl StoredCell {
    /// Reads the rest of a cell.
    fn read((kind, style): (Kind, u32), xml: &mut Xml<'_, '_>) -> Result<Self, ReadError> {
        let mut cell = Self { kind, style, value: None, inline: String::new(), formula: None };
        let depth = xml.depth();
        while xml.depth() >= depth {
            let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
            let Node::Start(element) = node else { continue };
            match element.local_name() {
                "v" => {
                    let value = cell.value.get_or_insert_default();
                    xml.text(value, |_| false)?;
                    if kind == Kind::FormulaText {
                        decode_escapes(value);
                    }
                }
                "f" => xml.text(cell.formula.get_or_insert_default(), |_| false)?,
                "is" => read_string(xml, &mut cell.inline)?,
                _ => xml.skip()?,
            }
        }
        Ok(cell)
    }

    /// Returns the text that a spreadsheet shows.
    fn shown<'c>(
        &'c self,
        strings: &'c SharedStrings,
        styles: &mut Styles,
        needs_calculation: bool,
    ) -> Result<Shown<'c>, ReadError> {
        let value = self.value.as_deref().unwrap_or_default();
        let is_empty = value.trim().is_empty();
        let shown = match self.kind {
            Kind::Inline => styles.text(self.style, &self.inline),
            Kind::FormulaText if self.value.is_some() => styles.text(self.style, value),
            _ if is_empty => ("".into(), None),
            Kind::Shared => {
                let index: usize = value.trim().parse().map_err(|_| ReadError::Damaged)?;
                styles.text(self.style, strings.get(index)?)
            }
            Kind::Number => styles.number(self.style, parse_number(value)?),
            Kind::Bool => {
                (if matches!(value.trim(), "0" | "false") { "FALSE" } else { "TRUE" }.into(), None)
            }
            Kind::Error => (value.trim().into(), Some(Trouble::ErrorValue)),
            Kind::Date => match date_serial(value, styles.dates()) {
                Some(serial) if !styles.is_general(self.style) => styles.number(self.style, serial),
                _ => (iso_text(value).into(), None),
            },
            Kind::FormulaText => ("".into(), None),
        };
        let Some(formula) = &self.formula else { return Ok(shown) };
        let has_no_value = match self.kind {
            Kind::Inline => self.inline.is_empty(),
            Kind::FormulaText => self.value.is_none(),
            Kind::Number | Kind::Shared | Kind::Bool | Kind::Error | Kind::Date => is_empty,
        };
        let is_placeholder = self.kind == Kind::Number && value.trim() == "0" || is_empty;
        if has_no_value {
            return Ok((shown.0, Some(Trouble::FormulaWithoutValue)));
        }
        if needs_calculation && is_placeholder || self.kind == Kind::Number && must_be_text(formula)
        {
            return Ok((shown.0, Some(Trouble::FormulaNeverCalculated)));
        }
        Ok(shown)
    }
}

fn parse_number(text: &str) -> Result<f64, ReadError> {
    let number: f64 = text.trim().parse().map_err(|_| ReadError::Damaged)?;
    if number.is_finite() { Ok(number) } else { Err(ReadError::Damaged) }
}

/// Parses a reference such as `B7` to a row and a column from 0.
fn parse_reference(text: &str) -> Option<(u32, u32)> {
    let text = text.trim();
    let digits = text.find(|character: char| character.is_ascii_digit())?;
    let mut column: u32 = 0;
    for letter in text[..digits].bytes() {
        let digit = letter.to_ascii_uppercase().checked_sub(b'A').filter(|digit| *digit < 26)?;
        column = column.checked_mul(26)?.checked_add(u32::from(digit) + 1)?;
    }
    let row: u32 = text[digits..].parse().ok()?;
    let position = (row.checked_sub(1)?, column.checked_sub(1)?);
    (position.0 < MAX_ROWS && position.1 < MAX_COLUMNS).then_some(position)
}

/// Parses a reference to an area, such as `B2:C7`, or to one cell.
fn parse_area(text: &str) -> Option<Area> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    Some((parse_reference(first)?, parse_reference(last)?))
}

/// Reads the number formats of `styles.xml` (ECMA-376 part 1, 18.8). Returns whether each differential format has one.
fn read_styles(xml: &mut Xml<'_, '_>, styles: &mut Styles) -> Result<Vec<bool>, ReadError> {
    // Both elements have namesakes elsewhere: in differential formats and in named styles.
    let (mut in_formats, mut in_styles) = (false, false);
    let mut changes_number = Vec::new();
    while let Some(node) = xml.next()? {
        let Node::Start(element) = node else { continue };
        match element.local_name() {
            "numFmts" => in_formats = true,
            "cellXfs" => (in_formats, in_styles) = (false, true),
            "numFmt" if in_formats => {
                if let (Some(id), Some(code)) =
                    (element.number("numFmtId")?, element.attribute("formatCode")?)
                {
                    styles.add_format(id, &code)?;
                }
            }
            "dxf" if changes_number.len() < MAX_STYLES => changes_number.push(false),
            "numFmt" => changes_number.iter_mut().last().into_iter().for_each(|it| *it = true),
            "xf" if in_styles => styles.add_style(element.number("numFmtId")?.unwrap_or(0))?,
            "fonts" | "fills" | "borders" | "cellStyleXfs" | "cellStyles" | "dxfs" => {
                (in_formats, in_styles) = (false, false);
            }
            _ => {}
        }
    }
    Ok(changes_number)
}

/// Reads the strings that cells share (ECMA-376 part 1, 18.4). Their declared count is ignored.
fn read_strings(xml: &mut Xml<'_, '_>) -> Result<SharedStrings, ReadError> {
    let mut strings = SharedStrings::default();
    let mut text = String::new();
    while let Some(node) = xml.next()? {
        if let Node::Start(element) = node
            && element.local_name() == "si"
        {
            text.clear();
            read_string(xml, &mut text)?;
            strings.add(&text)?;
        }
    }
    Ok(strings)
}

/// Reads a string with its differently formatted runs, without the pronunciation of Japanese words.
fn read_string(xml: &mut Xml<'_, '_>, text: &mut String) -> Result<(), ReadError> {
    let depth = xml.depth();
    while xml.depth() >= depth {
        let Some(node) = xml.next()? else { return Err(ReadError::Damaged) };
        let Node::Start(element) = node else { continue };
        match element.local_name() {
            "t" => xml.text(text, |_| false)?,
            "rPh" => xml.skip()?,
            _ => {}
        }
        if text.len() > MAX_CELL_TEXT {
            return Err(ReadError::TooLarge("a cell"));
        }
    }
    decode_escapes(text);
    Ok(())
}

/// Decodes characters that XML cannot hold, which are written as `_x000D_` (ECMA-376 part 1, 22.9.2.19). Line ends
/// become LF.
fn decode_escapes(text: &mut String) {
    if !text.contains("_x") && !text.contains('\r') {
        return;
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find("_x") {
        decoded.push_str(&rest[..start]);
        let code = rest.get(start + 2..start + 6).filter(|_| rest[start + 6..].starts_with('_'));
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        if let Some(character) = code.and_then(char::from_u32) {
            decoded.push(character);
            rest = &rest[start + 7..];
        } else {
            decoded.push_str("_x");
            rest = &rest[start + 2..];
        }
    }
    decoded.push_str(rest);
    *text = decoded.replace("\r\n", "\n").replace('\r', "\n");
}

//! The number formats of `OpenDocument` cells (part 3, 16.29), translated to the codes of Excel.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use crate::manifest::formats::number_format::NumberFormat;

use super::error::ReadError;
use super::package::Package;
use super::xml::{Element, Node, Xml};

/// The part with the styles that have names of their own.
const STYLES: &str = "styles.xml";

/// The most styles.
const MAX_STYLES: usize = 100_000;

/// The most styles from which a style inherits.
const MAX_PARENTS: usize = 20;

/// How cells with a style show numbers.
#[derive(Debug, Clone)]
pub(super) enum CellFormat {
    /// Without decoration.
    General,
    Known(Rc<NumberFormat>),
    Unknown,
}

/// The styles of cells and sheets.
#[derive(Debug, Default)]
pub(super) struct CellStyles {
    /// The format and the parent of each cell style.
    cells: HashMap<String, [Option<String>; 2]>,
    formats: HashMap<String, FormatStyle>,
    /// The table styles of hidden sheets.
    hidden: HashSet<String>,
    /// The language of formats without one.
    language: Option<String>,
    /// The name of the style that is read.
    current: String,
    /// The depth of the format that is read.
    depth: Option<usize>,
    is_default: bool,
    /// Whether the text that follows is shown as it is.
    is_literal: bool,
    /// The formats of the cell styles that have been used.
    parsed: RefCell<HashMap<String, CellFormat>>,
}

/// A kind of number formats.
#[derive(Debug, Default, PartialEq, Eq)]
enum FormatKind {
    #[default]
    Number,
    Percentage,
    Text,
}

/// A number format.
#[derive(Debug, Default)]
struct FormatStyle {
    /// The code of Excel.
    code: String,
    /// Where the text of the element goes that is read, if not at the end of the code.
    embedded_at: Option<usize>,
    /// The offset of the first digit.
    first_digit: usize,
    /// The digits before the decimal point, from the last embedded text on, as offsets in the code.
    digits: Range<usize>,
    /// Whether the format has a part without a code.
    is_unknown: bool,
    language: Option<String>,
    /// The conditions under which other formats replace this one, and their names.
    conditions: Vec<(String, String)>,
    /// Whether the next field counts on: hours after a day, or minutes and seconds if there are no hours.
    is_duration: bool,
    kind: FormatKind,
    /// The length of the code before the currency symbol that is read.
    symbol_at: Option<usize>,
}

impl CellStyles {
    /// Reads the named styles of a workbook.
    pub(super) fn read(package: &mut Package<'_>) -> Result<Self, ReadError> {
        let mut styles = Self::default();
        if !package.has(STYLES) {
            return Ok(styles);
        }
        let mut xml = Xml::open(package, STYLES)?;
        loop {
            let depth = xml.depth();
            match xml.next()? {
                None => return Ok(styles),
                // Styles of printed pages.
                Some(Node::Start(element))
                    if matches!(element.local_name(), "automatic-styles" | "master-styles") =>
                {
                    xml.skip()?;
                }
                Some(node) => styles.add(&node, depth)?,
            }
        }
    }

    /// Adds a node of a part with styles. `depth` is that before it.
    pub(super) fn add(&mut self, node: &Node<'_>, depth: usize) -> Result<(), ReadError> {
        match node {
            Node::Start(element) => self.start(element, depth),
            Node::Text(text) => {
                if self.is_literal
                    && let Some(format) = self.formats.get_mut(&self.current)
                {
                    format.add_text(text);
                }
                Ok(())
            }
            Node::End => {
                self.is_literal = false;
                if let Some(format) = self.formats.get_mut(&self.current) {
                    // Without a text, it is the symbol of the country in which the document is opened.
                    format.is_unknown |= format.symbol_at.take() == Some(format.code.len());
                    format.embedded_at = None;
                }
                self.depth = self.depth.filter(|format| *format + 1 < depth);
                Ok(())
            }
        }
    }

    fn start(&mut self, element: &Element<'_>, depth: usize) -> Result<(), ReadError> {
        let name = || element.attribute("style:name").map(Option::unwrap_or_default);
        let kind = element.local_name();
        match kind {
            "style" => {
                let text = |name| element.attribute(name).map(|it| it.map(String::from));
                self.current = name()?.into_owned();
                let links = [text("style:data-style-name")?, text("style:parent-style-name")?];
                self.cells.insert(self.current.clone(), links);
            }
            "number-style" | "currency-style" | "percentage-style" | "date-style"
            | "time-style" | "text-style" => {
                let duration = element.attribute("number:truncate-on-overflow")?;
                let format = FormatStyle {
                    language: language(element)?,
                    is_duration: duration.as_deref() == Some("false"),
                    kind: match kind {
                        "percentage-style" => FormatKind::Percentage,
                        "text-style" => FormatKind::Text,
                        _ => FormatKind::Number,
                    },
                    ..FormatStyle::default()
                };
                self.current = name()?.into_owned();
                self.formats.insert(self.current.clone(), format);
                self.depth = Some(depth);
            }
            "default-style" => {
                let family = element.attribute("style:family")?;
                self.is_default = family.as_deref() == Some("table-cell");
            }
            "text-properties" if self.is_default => {
                self.language = language(element)?;
                self.is_default = false;
            }
            "table-properties"
                if element.attribute("table:display")?.as_deref() == Some("false") =>
            {
                self.hidden.insert(self.current.clone());
            }
            _ if self.depth.is_some() => {
                self.is_literal = matches!(kind, "text" | "currency-symbol" | "embedded-text");
                if let Some(format) = self.formats.get_mut(&self.current) {
                    format.add(element)?;
                }
            }
            _ => {}
        }
        if self.cells.len() + self.formats.len() > MAX_STYLES {
            return Err(ReadError::TooLarge("the workbook"));
        }
        Ok(())
    }

    /// Checks whether sheets with a style are hidden.
    pub(super) fn is_hidden(&self, style: &str) -> bool {
        self.hidden.contains(style)
    }

    /// Returns how cells with a style show numbers.
    pub(super) fn format(&self, style: Option<&str>) -> CellFormat {
        let Some(style) = style else { return CellFormat::General };
        let parsed = self.parsed.borrow().get(style).cloned();
        parsed.unwrap_or_else(|| {
            let format = self.parse(style);
            self.parsed.borrow_mut().insert(style.to_owned(), format.clone());
            format
        })
    }

    fn parse(&self, style: &str) -> CellFormat {
        let mut style = style;
        for _ in 0..MAX_PARENTS {
            match self.cells.get(style) {
                None if style == "Default" => return CellFormat::General,
                None => return CellFormat::Unknown,
                Some([Some(format), _]) => {
                    return match self.code(format).as_deref() {
                        Some("General") => CellFormat::General,
                        Some(code) => NumberFormat::parse(code)
                            .map_or(CellFormat::Unknown, |it| CellFormat::Known(Rc::new(it))),
                        None => CellFormat::Unknown,
                    };
                }
                Some([None, Some(parent)]) => style = parent,
                Some([None, None]) => return CellFormat::General,
            }
        }
        CellFormat::Unknown
    }

    /// Returns the code of a format with those that replace it under a condition.
    fn code(&self, name: &str) -> Option<String> {
        let known =
            |name: &str| self.formats.get(name).filter(|it| !it.is_unknown && !it.code.is_empty());
        let format = known(name)?;
        let conditions: Vec<&str> = format.conditions.iter().map(|(it, _)| it.as_str()).collect();
        let condition = match (&conditions[..], format.kind == FormatKind::Text) {
            ([] | [">=0"] | [">0", "<0"], false) | ([] | [">0", "<0", "=0"], true) => String::new(),
            ([other], false) => format!("[{}]", other.replace("!=", "<>")),
            _ => return None,
        };
        let mut sections = Vec::new();
        for (_, name) in &format.conditions {
            sections.push(known(name).filter(|it| it.conditions.is_empty())?.code.as_str());
        }
        sections.push(&format.code);
        let code = condition + &sections.join(";");
        let language = format.language.as_ref().or(self.language.as_ref());
        Some(match language {
            Some(language) if code != "General" => format!("[$-{language}]{code}"),
            _ => code,
        })
    }
}

fn language(element: &Element<'_>) -> Result<Option<String>, ReadError> {
    let [language, country] = [element.attribute("language")?, element.attribute("country")?];
    let is_code = |code: &str| !code.is_empty() && code != "none";
    let both = language.zip(country).filter(|(one, two)| is_code(one) && is_code(two));
    Ok(both.map(|(language, country)| format!("{language}-{country}")))
}

impl FormatStyle {
    /// Adds a literal text.
    fn add_text(&mut self, text: &str) {
        let mut literal = String::new();
        for character in text.chars() {
            // Without the backslash, the sign multiplies the number by 100.
            if character != '%' || self.kind != FormatKind::Percentage {
                literal.push('\\');
            }
            literal.push(character);
        }
        let at = self.embedded_at.unwrap_or(self.code.len());
        self.code.insert_str(at, &literal);
        if let Some(at) = &mut self.embedded_at {
            *at += literal.len();
            self.digits = *at..self.digits.end + literal.len();
        }
    }

    /// Prepares for a text between the digits (16.29.7), with a digit before it.
    fn begin_embedded(&mut self, element: &Element<'_>) -> Result<(), ReadError> {
        let position = element.number::<i32>("number:position")?.unwrap_or(0);
        let position = usize::try_from(position).unwrap_or(0).min(30);
        let Range { start, end } = self.digits;
        let missing = (position + 1).saturating_sub(end - start);
        // Of several texts, the leftmost comes first.
        self.is_unknown |= position == 0 || end == 0 || missing > 0 && start > self.first_digit;
        self.code.insert_str(start, &"#".repeat(missing));
        self.digits = start..end + missing;
        self.embedded_at = Some((end + missing).saturating_sub(position));
        Ok(())
    }

    /// Adds the code of a part of the format.
    fn add(&mut self, element: &Element<'_>) -> Result<(), ReadError> {
        let is_long = element.attribute("number:style")?.as_deref() == Some("long");
        let is_textual = element.is_set("number:textual")?;
        let other_calendar = element.attribute("number:calendar")?;
        self.is_unknown |= other_calendar.is_some_and(|calendar| calendar != "gregorian");
        let code = match (element.local_name(), is_long) {
            ("number", _) => return self.add_number(element),
            ("embedded-text", _) => return self.begin_embedded(element),
            ("currency-symbol", _) => {
                self.symbol_at = Some(self.code.len());
                return Ok(());
            }
            ("text-content", _) => "@",
            ("day", false) => "d",
            ("day", true) => "dd",
            ("day-of-week", false) => "ddd",
            ("day-of-week", true) => "dddd",
            ("month", false) if is_textual => "mmm",
            ("month", true) if is_textual => "mmmm",
            ("month", false) => "m",
            ("month", true) => "mm",
            ("year", false) => "yy",
            ("year", true) => "yyyy",
            (unit @ ("hours" | "minutes" | "seconds"), is_long) => {
                let decimals = element.number::<usize>("number:decimal-places")?.unwrap_or(0);
                let field = unit[..1].repeat(if is_long { 2 } else { 1 });
                let is_elapsed = std::mem::take(&mut self.is_duration);
                let [open, close] = if is_elapsed { ["[", "]"] } else { ["", ""] };
                self.code.extend([open, &field, close]);
                if unit == "seconds" && decimals > 0 {
                    self.code.push('.');
                    self.code += &"0".repeat(decimals.min(9));
                }
                return Ok(());
            }
            ("am-pm", _) => "AM/PM",
            ("map", _) => {
                let condition = element.attribute("style:condition")?.unwrap_or_default();
                let condition = condition.replace("value()", "").replace(' ', "");
                let name = element.attribute("style:apply-style-name")?.unwrap_or_default();
                self.conditions.push((condition, name.into_owned()));
                return Ok(());
            }
            // Texts are added where they stand. Colors and fills have none.
            ("text" | "text-properties" | "properties" | "fill-character", _) => return Ok(()),
            _ => {
                self.is_unknown = true;
                return Ok(());
            }
        };
        self.code += code;
        Ok(())
    }

    /// Adds the code of digits.
    fn add_number(&mut self, element: &Element<'_>) -> Result<(), ReadError> {
        let count = |name| element.number::<usize>(name).map(|it| it.map(|it| it.min(30)));
        let integers = count("number:min-integer-digits")?.unwrap_or(0);
        let decimals = count("number:decimal-places")?;
        let is_grouped = element.is_set("number:grouping")?;
        let factor = element.number::<f64>("number:display-factor")?.unwrap_or(1.0);
        self.is_unknown |= element.attribute("number:decimal-replacement")?.is_some();
        self.digits = 0..0;
        let Some(decimals) = decimals else {
            self.is_unknown |= is_grouped || integers > 1;
            self.code += "General";
            return Ok(());
        };
        let least = count("number:min-decimal-places")?.unwrap_or(decimals).min(decimals);
        let width = if is_grouped { integers.max(4) } else { integers.max(1) };
        let start = self.code.len();
        for place in (1..=width).rev() {
            self.code.push(if place > integers { '#' } else { '0' });
            if is_grouped && place == 4 {
                self.code.push(',');
            }
        }
        // With a separator, they cannot be counted.
        if !is_grouped {
            (self.first_digit, self.digits) = (start, start..self.code.len());
        }
        if decimals > 0 {
            self.code.push('.');
            self.code += &"0".repeat(least);
            self.code += &"#".repeat(decimals - least);
        }
        let mut factor = factor;
        while factor > 1.5 {
            self.code.push(',');
            factor /= 1_000.0;
        }
        self.is_unknown |= (factor - 1.0).abs() > 1e-9;
        Ok(())
    }
}

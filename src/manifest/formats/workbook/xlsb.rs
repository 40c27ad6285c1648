//! Binary Excel workbooks: `.xlsb`, as in [MS-XLSB]. Section numbers are those of that document.

use std::io::{self, BufRead, Read};

use crate::manifest::formats::table::Trouble;

use super::binary::{Data, error_word, rk_number};
use super::contents::{Builder, SharedStrings, Sheet, check_sheets};
use super::error::ReadError;
use super::package::{MAX_TOKEN, Package, Part};
use super::styles::Styles;
use super::xlsx::Relations;

/// The records that are read (2.3.2).
mod record {
    pub(super) const ROW: u16 = 0;
    pub(super) const CELL_RK: u16 = 2;
    pub(super) const CELL_ERROR: u16 = 3;
    pub(super) const CELL_BOOL: u16 = 4;
    pub(super) const CELL_REAL: u16 = 5;
    pub(super) const CELL_SHARED: u16 = 7;
    pub(super) const FORMULA_NUMBER: u16 = 9;
    pub(super) const FORMULA_BOOL: u16 = 10;
    pub(super) const FORMULA_ERROR: u16 = 11;
    pub(super) const SHARED_STRING: u16 = 19;
    pub(super) const FORMAT: u16 = 44;
    pub(super) const STYLE: u16 = 47;
    pub(super) const CELL_RICH_TEXT: u16 = 62;
    pub(super) const WORKBOOK_PROPERTIES: u16 = 153;
    pub(super) const SHEET: u16 = 156;
    pub(super) const MERGED: u16 = 176;
    pub(super) const BEGIN_CELL_STYLES: u16 = 617;
    pub(super) const END_CELL_STYLES: u16 = 618;
}

/// A binary Excel workbook.
pub(crate) struct Xlsb<'b> {
    package: Package<'b>,
    /// The part of each sheet.
    parts: Vec<String>,
    strings: SharedStrings,
    styles: Styles,
}

impl<'b> Xlsb<'b> {
    /// Opens a workbook.
    pub(crate) fn open(
        mut package: Package<'b>,
        relations: &Relations,
    ) -> Result<(Self, Vec<Sheet>), ReadError> {
        let (mut sheets, mut parts) = (Vec::new(), Vec::new());
        let mut styles = Styles::default();
        let mut records = Records::new(package.part(&relations.main)?);
        while let Some((kind, mut data)) = records.next()? {
            match kind {
                record::WORKBOOK_PROPERTIES if data.u32()? & 1 != 0 => styles.is_from_1904 = true,
                record::SHEET => {
                    let state = if data.u32()? == 0 { "visible" } else { "hidden" };
                    data.u32()?;
                    let (id, name) = (data.wide_string()?, data.wide_string()?);
                    let (sheet, part) = relations.sheet(name, state, &id);
                    sheets.push(sheet);
                    parts.push(part);
                    check_sheets(&sheets)?;
                }
                _ => {}
            }
        }
        drop(records);
        if let Some(part) = relations.part("styles").filter(|part| package.has(part)) {
            read_styles(package.part(part)?, &mut styles)?;
        }
        let strings = match relations.part("sharedStrings").filter(|part| package.has(part)) {
            Some(part) => read_strings(package.part(part)?)?,
            None => SharedStrings::default(),
        };
        Ok((Self { package, parts, strings, styles }, sheets))
    }

    /// Reads the cells of a sheet.
    pub(crate) fn read(&mut self, index: usize, builder: &mut Builder) -> Result<(), ReadError> {
        let mut records = Records::new(self.package.part(&self.parts[index])?);
        let mut row = 0;
        while let Some((kind, mut data)) = records.next()? {
            match kind {
                record::ROW => {
                    row = data.u32()?;
                    // 2.4.739: fDyZero, a height of zero.
                    if data.skip(7)?.u8()? & 0x10 != 0 {
                        builder.hide(row);
                    }
                }
                record::MERGED => {
                    let (first, last) = (data.u32()?, data.u32()?);
                    builder.merge((first, data.u32()?), (last, data.u32()?))?;
                }
                record::CELL_RK..=record::FORMULA_ERROR | record::CELL_RICH_TEXT => {
                    let column = data.u32()?;
                    builder.begin((row, column));
                    let style = data.u32()? & 0x00FF_FFFF;
                    let string;
                    let (text, trouble) = match kind {
                        record::CELL_RK => self.styles.number(style, rk_number(data.u32()?)),
                        record::CELL_REAL | record::FORMULA_NUMBER => {
                            self.styles.number(style, data.f64()?)
                        }
                        record::CELL_ERROR | record::FORMULA_ERROR => {
                            (error_word(data.u8()?).into(), Some(Trouble::ErrorValue))
                        }
                        record::CELL_BOOL | record::FORMULA_BOOL => {
                            (if data.u8()? == 0 { "FALSE" } else { "TRUE" }.into(), None)
                        }
                        record::CELL_SHARED => {
                            let index = data.u32()? as usize;
                            self.styles.text(style, self.strings.get(index)?)
                        }
                        _ => {
                            if kind == record::CELL_RICH_TEXT {
                                data.u8()?;
                            }
                            string = data.wide_string()?;
                            self.styles.text(style, &string)
                        }
                    };
                    builder.add((row, column), &text, trouble)?;
                    if builder.is_complete() {
                        break;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn read_styles(part: Part<'_, '_>, styles: &mut Styles) -> Result<(), ReadError> {
    let mut records = Records::new(part);
    let mut in_styles = false;
    while let Some((kind, mut data)) = records.next()? {
        match kind {
            record::FORMAT => styles.add_format(data.u16()?.into(), &data.wide_string()?)?,
            record::BEGIN_CELL_STYLES => in_styles = true,
            record::END_CELL_STYLES => in_styles = false,
            record::STYLE if in_styles => styles.add_style(data.skip(2)?.u16()?.into())?,
            _ => {}
        }
    }
    Ok(())
}

/// Reads the strings that cells share. Their declared count is ignored.
fn read_strings(part: Part<'_, '_>) -> Result<SharedStrings, ReadError> {
    let mut records = Records::new(part);
    let mut strings = SharedStrings::default();
    while let Some((kind, mut data)) = records.next()? {
        if kind == record::SHARED_STRING {
            strings.add(&data.skip(1)?.wide_string()?)?;
        }
    }
    Ok(strings)
}

/// The records of a part (2.1.4): a type and a length, both of variable size, and the data.
struct Records<'p, 'b> {
    part: Part<'p, 'b>,
    data: Vec<u8>,
}

impl<'p, 'b> Records<'p, 'b> {
    fn new(part: Part<'p, 'b>) -> Self {
        Self { part, data: Vec::new() }
    }

    /// Returns the type and the data of the next record, or `None` at the end.
    fn next(&mut self) -> Result<Option<(u16, Data<'_>)>, ReadError> {
        self.part.begin_token();
        if self.part.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let kind = self.variable(2)?;
        let length = self.variable(4)?;
        if length > MAX_TOKEN {
            return Err(ReadError::TooLarge("a record"));
        }
        self.data.resize(length, 0);
        self.part.read_exact(&mut self.data)?;
        Ok(Some((u16::try_from(kind).map_err(|_| ReadError::Damaged)?, Data(&self.data))))
    }

    /// Reads a number of at most `size` bytes with seven bits each.
    fn variable(&mut self, size: u32) -> io::Result<usize> {
        let mut value = 0;
        for index in 0..size {
            let mut byte = [0];
            self.part.read_exact(&mut byte)?;
            value |= usize::from(byte[0] & 0x7F) << (7 * index);
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        Ok(value)
    }
}

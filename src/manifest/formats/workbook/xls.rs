//! Old Excel workbooks: `.xls` of Excel 97 to 2003 (BIFF8) and of Excel 5 and 95 (BIFF5), as in [MS-XLS]. Section numbers
//! are those of that document.

use encoding_rs::{UTF_16LE, WINDOWS_1252};

use crate::manifest::formats::encodings::TextEncoding;
use crate::manifest::formats::table::Trouble;

use super::binary::{Data, error_word, rk_number};
use super::compound::CompoundFile;
use super::contents::{Builder, SharedStrings, Sheet, check_sheets};
use super::error::ReadError;
use super::styles::Styles;

/// The records that are read (2.3.2).
mod record {
    pub(super) const FORMULA: u16 = 0x06;
    /// The same record under the numbers of older versions, which some programs write.
    pub(super) const FORMULA_3: u16 = 0x206;
    pub(super) const FORMULA_4: u16 = 0x406;
    pub(super) const END: u16 = 0x0A;
    pub(super) const DATE_SYSTEM: u16 = 0x22;
    pub(super) const PASSWORD: u16 = 0x2F;
    pub(super) const CONTINUE: u16 = 0x3C;
    pub(super) const CODE_PAGE: u16 = 0x42;
    pub(super) const SHEET: u16 = 0x85;
    pub(super) const RK_NUMBERS: u16 = 0xBD;
    pub(super) const RICH_TEXT: u16 = 0xD6;
    pub(super) const STYLE: u16 = 0xE0;
    pub(super) const MERGED: u16 = 0xE5;
    pub(super) const SHARED_STRINGS: u16 = 0xFC;
    pub(super) const CALCULATION_ID: u16 = 0x1C1;
    pub(super) const SHARED_TEXT: u16 = 0xFD;
    pub(super) const NUMBER: u16 = 0x203;
    pub(super) const TEXT: u16 = 0x204;
    pub(super) const BOOL_OR_ERROR: u16 = 0x205;
    pub(super) const FORMULA_TEXT: u16 = 0x207;
    pub(super) const ROW: u16 = 0x208;
    pub(super) const RK_NUMBER: u16 = 0x27E;
    pub(super) const FORMAT: u16 = 0x41E;
    pub(super) const BEGIN: u16 = 0x809;
}

/// An old Excel workbook.
pub(crate) struct Xls {
    stream: Vec<u8>,
    /// The offset of each sheet in the stream.
    offsets: Vec<usize>,
    strings: SharedStrings,
    styles: Styles,
    text: TextFormat,
    /// Whether Excel has calculated the workbook (2.4.215).
    is_calculated: bool,
}

/// The way in which strings are stored.
#[derive(Debug, Clone, Copy)]
enum TextFormat {
    /// BIFF5: bytes of a code page.
    Bytes(TextEncoding),
    /// BIFF8: UTF-16, in which a string of Latin characters may leave out the upper bytes.
    Unicode,
}

impl Xls {
    /// Opens a workbook.
    pub(crate) fn open(file: &CompoundFile<'_>) -> Result<(Self, Vec<Sheet>), ReadError> {
        let stream = match file.stream("Workbook")? {
            Some(stream) => stream,
            None => file
                .stream("Book")?
                .ok_or(ReadError::NotWorkbook("this is an old office file, not a workbook"))?,
        };
        let mut sheets = Vec::new();
        let mut book = Self {
            stream: Vec::new(),
            offsets: Vec::new(),
            strings: SharedStrings::default(),
            styles: Styles::default(),
            text: TextFormat::Unicode,
            is_calculated: false,
        };
        let mut records = Records { stream: Data(&stream) };
        while let Some((kind, mut data)) = records.next() {
            match kind {
                // Some writers of BIFF8 name the wrong version.
                record::BEGIN if data.0.len() < 16 && data.u16()? < 0x0600 => {
                    book.text = TextFormat::Bytes(WINDOWS_1252.into());
                }
                record::CALCULATION_ID => book.is_calculated = true,
                record::PASSWORD => return Err(ReadError::Password),
                record::DATE_SYSTEM if data.u16()? == 1 => book.styles.is_from_1904 = true,
                record::CODE_PAGE => {
                    if let TextFormat::Bytes(encoding) = &mut book.text {
                        *encoding = code_page(data.u16()?);
                    }
                }
                record::FORMAT => {
                    let id = data.u16()?;
                    let length = match book.text {
                        TextFormat::Bytes(_) => data.u8()?.into(),
                        TextFormat::Unicode => data.u16()?,
                    };
                    book.styles.add_format(id.into(), &data.string(length, book.text)?)?;
                }
                record::STYLE => book.styles.add_style(data.skip(2)?.u16()?.into())?,
                record::SHEET => {
                    book.offsets.push(data.u32()? as usize);
                    let is_visible = matches!(data.u8()? & 3, 0);
                    let has_cells = data.u8()? == 0;
                    let length = data.u8()?;
                    sheets.push(Sheet {
                        name: data.string(length.into(), book.text)?,
                        is_visible,
                        has_cells,
                    });
                    check_sheets(&sheets)?;
                }
                record::SHARED_STRINGS => book.strings = read_strings(records.continued(data))?,
                record::END => break,
                _ => {}
            }
        }
        book.stream = stream;
        Ok((book, sheets))
    }

    /// Reads the cells of a sheet.
    pub(crate) fn read(&mut self, index: usize, builder: &mut Builder) -> Result<(), ReadError> {
        let stream = self.stream.get(self.offsets[index]..).ok_or(ReadError::Damaged)?;
        let mut records = Records { stream: Data(stream) };
        // Charts are nested in the sheet.
        let mut depth = 0_usize;
        // The cell of a formula whose text is in the next record.
        let mut waiting = None;
        // Formulas with an empty text, and whether there are others. Writers that do not calculate store it.
        let (mut empty, mut has_results) = (Vec::new(), false);
        while let Some((kind, mut data)) = records.next() {
            match kind {
                record::BEGIN => depth += 1,
                record::END if depth <= 1 => break,
                record::END => depth -= 1,
                _ if depth > 1 => {}
                record::ROW => {
                    let row = data.u16()?;
                    // 2.4.221: fDyZero, a height of zero.
                    if data.skip(10)?.u8()? & 0x20 != 0 {
                        builder.hide(row.into());
                    }
                }
                record::MERGED => read_merged(data, builder)?,
                record::FORMULA_TEXT => {
                    if let Some((position, style)) = waiting.take() {
                        let text = records.long_string(data, self.text)?;
                        let (text, trouble) = self.styles.text(style, &text);
                        builder.add(position, &text, trouble)?;
                    }
                }
                record::RK_NUMBERS => {
                    let (row, first) = (data.u16()?, data.u16()?);
                    // The last column follows the numbers.
                    for column in (u32::from(first)..).take(data.0.len().saturating_sub(2) / 6) {
                        let style = data.u16()?;
                        let (text, trouble) =
                            self.styles.number(style.into(), rk_number(data.u32()?));
                        builder.add((row.into(), column), &text, trouble)?;
                    }
                }
                record::FORMULA
                | record::FORMULA_3
                | record::FORMULA_4
                | record::RICH_TEXT
                | record::SHARED_TEXT
                | record::NUMBER
                | record::TEXT
                | record::BOOL_OR_ERROR
                | record::RK_NUMBER => {
                    let position = (data.u16()?.into(), data.u16()?.into());
                    builder.begin(position);
                    let style = data.u16()?.into();
                    let string;
                    let (text, trouble) = match kind {
                        record::NUMBER => self.styles.number(style, data.f64()?),
                        record::RK_NUMBER => self.styles.number(style, rk_number(data.u32()?)),
                        record::SHARED_TEXT => {
                            let index = data.u32()? as usize;
                            self.styles.text(style, self.strings.get(index)?)
                        }
                        record::BOOL_OR_ERROR => {
                            let value = data.u8()?;
                            bool_or_error(value, data.u8()? != 0)
                        }
                        record::FORMULA | record::FORMULA_3 | record::FORMULA_4 => {
                            let result = data.array::<8>()?;
                            // 2.4.127: whether the formula is calculated when the file is opened.
                            let needs_calculation = data.u16()? & 3 == 3;
                            let is_empty = matches!(result, [3, .., 0xFF, 0xFF]);
                            has_results |= !is_empty;
                            match result {
                                [3, .., 0xFF, 0xFF] if needs_calculation => {
                                    ("".into(), Some(Trouble::FormulaWithoutValue))
                                }
                                // 2.5.133: the type of a result that is no number.
                                [kind, _, value, _, _, _, 0xFF, 0xFF] => match kind {
                                    0 => {
                                        waiting = Some((position, style));
                                        continue;
                                    }
                                    1 | 2 => bool_or_error(value, kind == 2),
                                    _ => {
                                        empty.push(position);
                                        continue;
                                    }
                                },
                                number => self.styles.number(style, f64::from_le_bytes(number)),
                            }
                        }
                        _ => {
                            string = records.long_string(data, self.text)?;
                            self.styles.text(style, &string)
                        }
                    };
                    builder.add(position, &text, trouble)?;
                }
                _ => {}
            }
            if builder.is_complete() {
                break;
            }
        }
        let is_doubtful = !has_results && !self.is_calculated;
        empty
            .into_iter()
            .filter(|_| is_doubtful)
            .try_for_each(|position| builder.add(position, "", Some(Trouble::FormulaWithoutValue)))
    }
}

/// Reads merged areas (2.4.168).
fn read_merged(mut data: Data<'_>, builder: &mut Builder) -> Result<(), ReadError> {
    for _ in 0..data.u16()? {
        let (first, last) = (data.u16()?, data.u16()?);
        let (left, right) = (data.u16()?, data.u16()?);
        builder.merge((first.into(), left.into()), (last.into(), right.into()))?;
    }
    Ok(())
}

fn bool_or_error(value: u8, is_error: bool) -> (std::borrow::Cow<'static, str>, Option<Trouble>) {
    match (is_error, value) {
        (true, code) => (error_word(code).into(), Some(Trouble::ErrorValue)),
        (false, 0) => ("FALSE".into(), None),
        (false, _) => ("TRUE".into(), None),
    }
}

/// Returns the encoding of a code page (2.4.52).
fn code_page(number: u16) -> TextEncoding {
    let label = match number {
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10000 | 32768 => "macintosh".to_owned(),
        10007 => "x-mac-cyrillic".to_owned(),
        874 | 1250..=1258 => format!("windows-{number}"),
        number => format!("cp{number}"),
    };
    label.parse().unwrap_or_else(|_| WINDOWS_1252.into())
}

/// The records of a stream (2.1.4).
#[derive(Debug, Clone, Copy)]
struct Records<'d> {
    stream: Data<'d>,
}

impl<'d> Records<'d> {
    /// Returns the type and the data of the next record, or `None` at the end.
    fn next(&mut self) -> Option<(u16, Data<'d>)> {
        let mut stream = self.stream;
        let (kind, length) = (stream.u16().ok()?, stream.u16().ok()?);
        let data = stream.bytes(length.into()).ok()?;
        self.stream = stream;
        Some((kind, Data(data)))
    }

    /// Returns the data of a record together with those of the records that continue it.
    fn continued(&mut self, first: Data<'d>) -> Continued<'d> {
        let mut parts = Vec::new();
        let mut ahead = *self;
        while let Some((record::CONTINUE, data)) = ahead.next() {
            parts.push(data);
            *self = ahead;
        }
        Continued { parts: parts.into_iter(), part: first }
    }

    /// Reads a string with its length before it, which may be longer than a record.
    fn long_string(&mut self, mut data: Data<'d>, format: TextFormat) -> Result<String, ReadError> {
        let length = data.u16()?;
        match format {
            TextFormat::Bytes(_) => data.string(length, format),
            TextFormat::Unicode => {
                let is_wide = data.u8()? & 1 != 0;
                self.continued(data).characters(length.into(), is_wide)
            }
        }
    }
}

impl Data<'_> {
    /// Reads a string of `length` characters.
    fn string(&mut self, length: u16, format: TextFormat) -> Result<String, ReadError> {
        let length = usize::from(length);
        match format {
            TextFormat::Bytes(encoding) => Ok(encoding.decode(self.bytes(length)?).0.into_owned()),
            TextFormat::Unicode => {
                let is_wide = self.u8()? & 1 != 0;
                let bytes = self.bytes(if is_wide { 2 * length } else { length })?;
                Ok(decode(bytes, is_wide))
            }
        }
    }
}

/// Decodes UTF-16, or the lower bytes of it.
fn decode(bytes: &[u8], is_wide: bool) -> String {
    if is_wide {
        UTF_16LE.decode_without_bom_handling(bytes).0.into_owned()
    } else {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }
}

/// Reads the strings that cells share (2.4.265). Their declared count is ignored.
fn read_strings(mut data: Continued<'_>) -> Result<SharedStrings, ReadError> {
    data.skip(8)?;
    let mut strings = SharedStrings::default();
    while let Some(string) = data.rich_string()? {
        strings.add(&string)?;
    }
    Ok(strings)
}

/// The data of a record and of the records that continue it, even within a string.
struct Continued<'d> {
    parts: std::vec::IntoIter<Data<'d>>,
    part: Data<'d>,
}

impl Continued<'_> {
    /// Goes to the next part if this one has been read. Returns whether there is more.
    fn has_more(&mut self) -> bool {
        while self.part.0.is_empty() {
            match self.parts.next() {
                Some(part) => self.part = part,
                None => return false,
            }
        }
        true
    }

    fn skip(&mut self, mut count: usize) -> Result<(), ReadError> {
        while count > 0 {
            if !self.has_more() {
                return Err(ReadError::Damaged);
            }
            let here = count.min(self.part.0.len());
            self.part.skip(here)?;
            count -= here;
        }
        Ok(())
    }

    /// Reads a string with formatted runs and pronunciation (2.5.293), without these. Returns `None` at the end.
    fn rich_string(&mut self) -> Result<Option<String>, ReadError> {
        if !self.has_more() {
            return Ok(None);
        }
        let length = usize::from(self.part.u16()?);
        let flags = self.part.u8()?;
        let runs = if flags & 8 == 0 { 0 } else { usize::from(self.part.u16()?) };
        let pronunciation = if flags & 4 == 0 { 0 } else { self.part.u32()? as usize };
        let text = self.characters(length, flags & 1 != 0)?;
        self.skip(4 * runs + pronunciation)?;
        Ok(Some(text))
    }

    /// Reads the characters of a string.
    fn characters(&mut self, mut length: usize, mut is_wide: bool) -> Result<String, ReadError> {
        let mut text = String::new();
        while length > 0 {
            if self.part.0.is_empty() {
                if !self.has_more() {
                    return Err(ReadError::Damaged);
                }
                // The rest of the characters has its own width.
                is_wide = self.part.u8()? & 1 != 0;
            }
            let width = if is_wide { 2 } else { 1 };
            let count = length.min(self.part.0.len() / width);
            if count == 0 {
                return Err(ReadError::Damaged);
            }
            text.push_str(&decode(self.part.bytes(count * width)?, is_wide));
            length -= count;
        }
        Ok(text)
    }
}

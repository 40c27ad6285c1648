//! ZIP packages, which `.xlsx`, `.xlsb` and `.ods` files are, with limits against archives that grow while they are
//! unpacked.
//!
//! Nothing that an archive declares is trusted: the limits apply to the bytes that come out of it. An archive whose
//! entries overlap gains nothing, because each part that is read counts.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use memchr::memmem;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::error::ReadError;

/// The most bytes of a file.
const MAX_FILE: usize = 128 << 20;

/// The most entries of an archive. Workbooks have some for each sheet, picture and chart.
const MAX_ENTRIES: usize = 20_000;

/// The most bytes that are unpacked from all parts together.
const MAX_UNPACKED: u64 = 256 << 20;

/// The most bytes of a tag, of a text between tags, or of a record. A cell has at most 32,767 characters in Excel.
pub(crate) const MAX_TOKEN: usize = 1 << 20;

/// The bytes that count for each token.
const TOKEN_COST: u64 = 4;

/// The bytes before each entry of an archive's directory.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";

/// A ZIP package.
pub(crate) struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// The index of each entry by its name in lower case; some writers differ in case between name and reference.
    entries: HashMap<String, usize>,
    /// The number of bytes that may still be unpacked.
    left: u64,
}

impl<'b> Package<'b> {
    /// Opens a package.
    pub(crate) fn open(bytes: &'b [u8]) -> Result<Self, ReadError> {
        // The library allocates memory for each entry before it can be asked for their number.
        let entries = memmem::find_iter(bytes, DIRECTORY_ENTRY).take(MAX_ENTRIES + 1).count();
        if bytes.len() > MAX_FILE || entries > MAX_ENTRIES {
            return Err(ReadError::TooLarge("the file"));
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ReadError::Damaged)?;
        let mut entries = HashMap::new();
        for (index, name) in archive.file_names().enumerate() {
            let name = name.map_err(|_| ReadError::Damaged)?;
            entries.entry(name.replace('\\', "/").to_lowercase()).or_insert(index);
        }
        Ok(Self { archive, entries, left: MAX_UNPACKED })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Checks whether the package has a part.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&name.to_lowercase())
    }

    /// Opens a part.
    pub(crate) fn part(&mut self, name: &str) -> Result<Part<'_, 'b>, ReadError> {
        let index = self.entries.get(&name.to_lowercase()).ok_or(ReadError::Damaged)?;
        let file = self.archive.by_index(*index).map_err(|error| {
            let password = ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED);
            if error.to_string() == password.to_string() {
                ReadError::Password
            } else {
                ReadError::Damaged
            }
        })?;
        if file.size() > MAX_UNPACKED {
            return Err(ReadError::TooLarge("the unpacked file"));
        }
        Ok(Part { file: BufReader::new(file), left: &mut self.left, token: 0 })
    }
}

/// A part of a package. It fails when the package's limit or the limit of a token is exceeded.
pub(crate) struct Part<'p, 'b> {
    file: BufReader<ZipFile<'p, Cursor<&'b [u8]>>>,
    left: &'p mut u64,
    /// The bytes that were read since the last call of [`Self::begin_token`].
    token: usize,
}

impl Part<'_, '_> {
    /// Marks the beginning of a token. Many short tokens take as long as some long ones, so each counts a bit more.
    pub(crate) fn begin_token(&mut self) {
        self.token = 0;
        *self.left = self.left.saturating_sub(TOKEN_COST);
    }

    /// Checks whether a limit is exceeded.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.token > MAX_TOKEN || *self.left == 0
    }
}

impl Read for Part<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Part<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.is_exceeded() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.token += count;
        *self.left = self.left.saturating_sub(count as u64);
        self.file.consume(count);
    }
}

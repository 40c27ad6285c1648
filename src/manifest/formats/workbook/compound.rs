//! Compound files, the containers of `.xls` workbooks and of encrypted `.xlsx` workbooks, as in [MS-CFB]. Section numbers
//! are those of that document.

use super::binary::Data;
use super::error::ReadError;

/// The first bytes of a compound file.
pub(crate) const SIGNATURE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];

/// The most bytes of a file. A sheet has at most 65,536 rows in this format.
const MAX_FILE: usize = 64 << 20;

/// Sector numbers from here on have a special meaning, such as the end of a chain (2.1).
const MAX_SECTOR: u32 = 0xFFFF_FFFA;

const DIRECTORY_ENTRY: usize = 128;

/// A compound file.
pub(crate) struct CompoundFile<'b> {
    /// The sectors: the file without its header.
    sectors: &'b [u8],
    sector_size: usize,
    /// The next sector of each sector.
    next: Vec<u32>,
    /// The next sector of each sector of the mini stream.
    next_mini: Vec<u32>,
    /// The stream that holds all short streams.
    mini_stream: Vec<u8>,
    /// The length below which a stream is in the mini stream.
    mini_cutoff: usize,
    directory: Vec<u8>,
}

/// An entry of the directory (2.6.1).
struct Entry {
    name: String,
    left: u32,
    right: u32,
    child: u32,
    start: u32,
    size: usize,
}

impl<'b> CompoundFile<'b> {
    /// Opens a compound file.
    pub(crate) fn open(bytes: &'b [u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_FILE {
            return Err(ReadError::TooLarge("the file"));
        }
        let mut header = Data(bytes);
        let sector_size = match header.skip(30)?.u16()? {
            9 => 512,
            12 => 4096,
            _ => return Err(ReadError::Damaged),
        };
        header.skip(16)?;
        let directory_start = header.u32()?;
        header.skip(4)?;
        let (mini_cutoff, mini_start, _) = (header.u32()?, header.u32()?, header.u32()?);
        let (mut difat, _) = (header.u32()?, header.u32()?);
        let mut file = Self {
            sectors: bytes.get(sector_size..).unwrap_or_default(),
            sector_size,
            next: Vec::new(),
            next_mini: Vec::new(),
            mini_stream: Vec::new(),
            mini_cutoff: mini_cutoff as usize,
            directory: Vec::new(),
        };
        // The header lists the first sectors of the allocation table, a chain of sectors lists the others (2.5).
        let mut tables: Vec<u32> = numbers(header.bytes(109 * 4)?);
        let mut count = 0;
        while difat < MAX_SECTOR {
            count += 1;
            let mut listed = numbers(
                file.sector(difat).filter(|_| count <= file.len()).ok_or(ReadError::Damaged)?,
            );
            difat = listed.pop().unwrap_or(MAX_SECTOR);
            tables.extend(listed);
        }
        tables.retain(|sector| *sector < MAX_SECTOR);
        if tables.len() > file.len() {
            return Err(ReadError::Damaged);
        }
        for sector in tables {
            file.next.extend(numbers(file.sector(sector).unwrap_or_default()));
        }
        file.directory = file.chain(directory_start)?;
        let root = file.entry(0).ok_or(ReadError::Damaged)?;
        if root.start < MAX_SECTOR {
            file.mini_stream = file.chain(root.start)?;
        }
        if mini_start < MAX_SECTOR {
            file.next_mini = numbers(&file.chain(mini_start)?);
        }
        Ok(file)
    }

    /// Returns a stream or the content of a storage in the root of the file, or `None` if there is none.
    pub(crate) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let mut waiting: Vec<Entry> =
            self.entry(0).and_then(|root| self.entry(root.child)).into_iter().collect();
        // A file in which the tree of entries has a loop ends here, too.
        for _ in 0..self.directory.len() / DIRECTORY_ENTRY {
            let Some(entry) = waiting.pop() else { break };
            if entry.name.eq_ignore_ascii_case(name) {
                return self.content(&entry).map(Some);
            }
            waiting.extend(
                [entry.left, entry.right].into_iter().filter_map(|entry| self.entry(entry)),
            );
        }
        Ok(None)
    }

    fn content(&self, entry: &Entry) -> Result<Vec<u8>, ReadError> {
        let mut content = if entry.size >= self.mini_cutoff {
            self.chain(entry.start)?
        } else {
            let sector = |sector: u32| {
                let start = (sector as usize).checked_mul(64)?;
                self.mini_stream.get(start..)?.chunks(64).next()
            };
            follow(entry.start, &self.next_mini, sector)?
        };
        content.truncate(entry.size);
        Ok(content)
    }

    /// Returns the number of sectors.
    fn len(&self) -> usize {
        self.sectors.len().div_ceil(self.sector_size)
    }

    /// Returns a sector; the last one may be short.
    fn sector(&self, sector: u32) -> Option<&'b [u8]> {
        let start = (sector as usize).checked_mul(self.sector_size)?;
        self.sectors.get(start..)?.chunks(self.sector_size).next()
    }

    fn chain(&self, start: u32) -> Result<Vec<u8>, ReadError> {
        follow(start, &self.next, |sector| self.sector(sector))
    }

    /// Returns an entry of the directory, or `None` if there is none, as for `0xFFFF_FFFF`.
    fn entry(&self, index: u32) -> Option<Entry> {
        let start = (index as usize).checked_mul(DIRECTORY_ENTRY)?;
        let entry = self.directory.get(start..start + DIRECTORY_ENTRY)?;
        let number = |at: usize| numbers(&entry[at..at + 4])[0];
        let length = usize::from(u16::from_le_bytes([entry[64], entry[65]]));
        let name = &entry[..length.saturating_sub(2).min(64)];
        Some(Entry {
            name: encoding_rs::UTF_16LE.decode_without_bom_handling(name).0.into_owned(),
            left: number(68),
            right: number(72),
            child: number(76),
            start: number(116),
            size: number(120) as usize,
        })
    }
}

/// Returns the bytes of a chain of sectors. A chain that is longer than the allocation table is a loop.
fn follow<'s>(
    start: u32,
    next: &[u32],
    sector: impl Fn(u32) -> Option<&'s [u8]>,
) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let mut current = start;
    let mut count = 0;
    while current < MAX_SECTOR {
        count += 1;
        if count > next.len() {
            return Err(ReadError::Damaged);
        }
        bytes.extend_from_slice(sector(current).ok_or(ReadError::Damaged)?);
        current = *next.get(current as usize).ok_or(ReadError::Damaged)?;
    }
    Ok(bytes)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
}

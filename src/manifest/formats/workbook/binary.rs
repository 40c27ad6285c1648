//! The values that the binary formats have in common.

use super::error::ReadError;

/// The data of a record that have not been read yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Data<'d>(pub(crate) &'d [u8]);

impl<'d> Data<'d> {
    /// Returns the next `count` bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'d [u8], ReadError> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(ReadError::Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Returns the next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        self.bytes(N)?.try_into().map_err(|_| ReadError::Damaged)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<&mut Self, ReadError> {
        self.bytes(count)?;
        Ok(self)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, ReadError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64, ReadError> {
        self.array().map(f64::from_le_bytes)
    }

    /// Returns a string of UTF-16 with its length before it.
    pub(crate) fn wide_string(&mut self) -> Result<String, ReadError> {
        let length = self.u32()? as usize;
        let bytes = self.bytes(length.saturating_mul(2))?;
        Ok(encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned())
    }
}

/// Returns the word of an error (2.5.10).
pub(crate) fn error_word(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => "#ERROR!",
    }
}

/// Decodes a number in four bytes (2.5.217): an integer or the upper part of a float, both perhaps times 100.
pub(crate) fn rk_number(bits: u32) -> f64 {
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & !3) << 32)
    } else {
        f64::from(bits.cast_signed() >> 2)
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

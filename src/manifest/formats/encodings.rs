//! The encodings of texts: those of the web, and the code pages of DOS that it does not have.

use std::borrow::Cow;
use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::manifest::diagnostics::text::quote;

/// An encoding that `--encoding` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(Charset);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Standard(&'static Encoding),
    Dos(&'static CodePage),
}

/// A code page of DOS.
#[derive(Debug, PartialEq, Eq)]
struct CodePage {
    name: &'static str,
    /// The characters of the bytes from 0x80.
    characters: &'static str,
}

const CP437: CodePage = CodePage {
    name: "cp437",
    characters: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
                 αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
};

const CP850: CodePage = CodePage {
    name: "cp850",
    characters: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
                 ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
};

const CP852: CodePage = CodePage {
    name: "cp852",
    characters: "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
                 ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
};

impl TextEncoding {
    /// The code page of DOS in Western Europe.
    pub(crate) const DOS_WESTERN: Self = Self(Charset::Dos(&CP850));
    /// The code page of DOS in Central Europe.
    pub(crate) const DOS_CENTRAL: Self = Self(Charset::Dos(&CP852));

    /// All code pages of DOS that are no standard encodings of the web.
    pub(crate) const DOS: [Self; 3] =
        [Self::DOS_WESTERN, Self(Charset::Dos(&CP437)), Self::DOS_CENTRAL];

    /// Returns the encoding for a file of a format that is UTF-8 by definition: the file is read as UTF-8 if it can be.
    pub(crate) fn unless_utf_8(self, bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).is_err().then_some(self)
    }

    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Charset::Standard(encoding) => encoding.name(),
            Charset::Dos(page) => page.name,
        }
    }

    pub(crate) fn is_unicode(self) -> bool {
        [UTF_8, UTF_16LE, UTF_16BE].into_iter().any(|encoding| self == encoding.into())
    }

    /// Decodes a text. Returns also whether a byte is invalid, which becomes U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match self.0 {
            Charset::Standard(encoding) => encoding.decode_without_bom_handling(bytes),
            Charset::Dos(page) => (page.decode(bytes).into(), false),
        }
    }

    /// Decodes a text without invalid bytes.
    pub(crate) fn decode_strictly(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self.0 {
            Charset::Standard(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
            Charset::Dos(page) => Some(page.decode(bytes).into()),
        }
    }
}

impl CodePage {
    fn decode(&self, bytes: &[u8]) -> String {
        let characters: Vec<char> = self.characters.chars().collect();
        let character = |byte: &u8| match byte.checked_sub(0x80) {
            None => char::from(*byte),
            Some(index) => characters[usize::from(index)],
        };
        bytes.iter().map(character).collect()
    }
}

impl From<&'static Encoding> for TextEncoding {
    fn from(encoding: &'static Encoding) -> Self {
        Self(Charset::Standard(encoding))
    }
}

/// The text is not the name of an encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not a known encoding; names are for example `windows-1252`, `windows-1250`, `windows-1251`, `shift_jis`, \
     `gbk`, `big5`, `euc-kr`, `macintosh`, `cp850` and `utf-16le`",
    quote(.0)
)]
pub struct ParseEncodingError(String);

impl FromStr for TextEncoding {
    type Err = ParseEncodingError;
    /// Parses a label of the [WHATWG encoding standard](https://encoding.spec.whatwg.org/#names-and-labels), or `cp437`,
    /// `cp850` or `cp852`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let label = text.trim().to_lowercase();
        let number = ["cp", "ibm", "dos", ""].iter().find_map(|prefix| label.strip_prefix(prefix));
        let page = match number.map(|number| number.trim_start_matches(['-', '_'])) {
            Some("437") => &CP437,
            Some("850") => &CP850,
            Some("852") => &CP852,
            _ => {
                let encoding = Encoding::for_label_no_replacement(label.as_bytes());
                return encoding.map(Self::from).ok_or_else(|| ParseEncodingError(text.to_owned()));
            }
        };
        Ok(Self(Charset::Dos(page)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pages_of_dos_have_a_character_for_each_byte() {
        for page in [CP437, CP850, CP852] {
            assert_eq!(page.characters.chars().count(), 128, "{}", page.name);
        }
        for (name, bytes, text) in [
            ("cp437", &b"5 \x9b"[..], "5 ¢"),
            ("CP850", b"sm\x9brrebr\x9bd", "smørrebrød"),
            ("ibm850", b"voil\x85", "voilà"),
            ("852", b"Za\xbe\xa2\x88\x86", "Zażółć"),
            ("cp-852", b"kr\x85l", "krůl"),
            ("cp866", b"\x84\xa0", "Да"),
        ] {
            let encoding: TextEncoding = name.parse().unwrap();
            assert_eq!(encoding.decode(bytes).0, text, "{name}");
        }
        for name in ["cp", "cp1", "dos", ""] {
            assert!(name.parse::<TextEncoding>().is_err(), "{name}");
        }
    }
}

//! File types and text encodings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, ISO_2022_JP, ISO_8859_15, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1254, WINDOWS_1257,
};

use crate::manifest::diagnostics::place::{Place, Source};
use crate::manifest::diagnostics::problem::{Findings, Problem};
use crate::manifest::diagnostics::text::quote;
use crate::model::Flag;
use crate::util::text::sanitize;

use super::encodings::TextEncoding;

/// The kinds of files that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// CSV and similar formats.
    Delimited,
    /// Excel (`.xlsx`, `.xlsm`, `.xlsb`, `.xls`) and `OpenDocument` (`.ods`).
    Workbook,
    /// YAML, including JSON.
    Yaml,
}

impl FileKind {
    /// Detects the kind of a file by its first bytes, then by its extension. The default is CSV.
    pub(crate) fn detect(path: &Path, bytes: &[u8]) -> Self {
        let is_archive = bytes.starts_with(b"PK\x03\x04");
        let is_old_office = bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
        if is_archive || is_old_office {
            return Self::Workbook;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_lowercase().as_str() {
            "yaml" | "yml" | "json" => Self::Yaml,
            "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Self::Workbook,
            _ => Self::Delimited,
        }
    }
}

/// Returns the workbook whose lock file `path` is: `~$book.xlsx` of Excel, `.~lock.book.xlsx#` of LibreOffice.
pub(crate) fn locked_workbook(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let of_libre_office = || name.strip_prefix(".~lock.")?.strip_suffix('#');
    let workbook = path.with_file_name(name.strip_prefix("~$").or_else(of_libre_office)?);
    (FileKind::detect(&workbook, &[]) == FileKind::Workbook).then_some(workbook)
}

/// A decoded file.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    /// The text, without byte-order mark.
    text: String,
    /// A note if the encoding is a guess.
    note: Option<String>,
}

/// The bytes are not a text in a known encoding.
#[derive(Debug, PartialEq, Eq)]
struct DecodeError {
    message: String,
    /// What to do, if it is more than saving the file in UTF-8.
    help: Option<String>,
    /// The text up to the end of the line with the first wrong byte, and the offset of that byte in it, if there is
    /// one.
    place: Option<(String, usize)>,
}

impl DecodeError {
    fn of_file(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, place: None }
    }

    fn at(bytes: &[u8], offset: usize, message: impl Into<String>) -> Self {
        Self::read_as(UTF_8.into(), bytes, offset, message)
    }

    /// Returns an error at `offset` that shows the text in an encoding.
    fn read_as(
        encoding: TextEncoding,
        bytes: &[u8],
        offset: usize,
        message: impl Into<String>,
    ) -> Self {
        let (before, rest) = bytes.split_at(offset);
        let mut text = encoding.decode(before).0.into_owned();
        let start = text.len();
        let line = rest.split(|byte| is_line_end(*byte)).next().unwrap_or_default();
        text.push_str(&encoding.decode(line).0);
        Self { message: message.into(), help: None, place: Some((text, start)) }
    }

    /// Adds what to do.
    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// The most bytes that are examined to guess an encoding.
const MAX_EXAMINED: usize = 1 << 20;

/// Decodes a text. A byte-order mark decides, then `forced`. Without both, the text must be UTF-8, UTF-16 or clearly
/// Windows-1252, which gets a note.
///
/// # Errors
///
/// If the text is in another encoding, or a byte is invalid in its encoding. A guess is an error, because a text that is
/// decoded wrongly would be spoken.
fn decode(mut bytes: Vec<u8>, forced: Option<TextEncoding>) -> Result<Decoded, DecodeError> {
    // DOS programs end a text with the character "substitute".
    if bytes.last() == Some(&0x1A) {
        bytes.pop();
    }
    if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) || bytes.starts_with(&[0, 0, 0xFE, 0xFF]) {
        let message = "the file is UTF-32, which is not supported";
        return Err(DecodeError::of_file(message));
    }
    let marked = Encoding::for_bom(&bytes).map(|(encoding, _)| encoding);
    if let Some(encoding) = marked
        && encoding != UTF_8
    {
        return decode_utf_16(&bytes, encoding, None);
    }
    if marked.is_some() {
        bytes.drain(..3);
    } else if let Some(encoding) = forced {
        return decode_forced(&bytes, encoding);
    } else if let Some(encoding) = utf_16_without_mark(&bytes) {
        let note = format!("read as {} (it has no byte-order mark)", encoding.name());
        return decode_utf_16(&bytes, encoding, Some(note));
    }
    if is_binary(&bytes) {
        return Err(DecodeError::of_file("this is not a text file"));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        let message = "there is a NUL byte here, which no text contains";
        return Err(DecodeError::at(&bytes, offset, message));
    }
    match String::from_utf8(bytes) {
        Ok(text) => match iso_2022_jp_start(&text) {
            Some(offset) => Err(uncertain(text.as_bytes(), offset, vec![ISO_2022_JP.into()])),
            None => Ok(Decoded { text, note: None }),
        },
        Err(error) => {
            let first_wrong = error.utf8_error().valid_up_to();
            decode_legacy(error.as_bytes(), first_wrong)
        }
    }
}

/// Returns the offset of the first letters in ISO-2022-JP, which is ASCII with escape sequences.
fn iso_2022_jp_start(text: &str) -> Option<usize> {
    let mut escapes = text.match_indices('\u{1b}').map(|(offset, _)| offset);
    escapes.find(|offset| {
        ["$B", "$@", "(I", "$(D"].iter().any(|kind| text[offset + 1..].starts_with(kind))
    })
}

/// Decodes a file, and reports in `findings` what is wrong with it. `help` says what to do if nothing better is known.
pub(crate) fn decode_source(
    name: &str,
    bytes: Vec<u8>,
    forced: Option<TextEncoding>,
    help: &str,
    findings: &mut Findings,
) -> Option<Arc<Source>> {
    match decode(bytes, forced) {
        Ok(decoded) => {
            let source = Source::of_text(name, decoded.text);
            if let Some(note) = decoded.note {
                findings.note(&Place::file(&source), note);
            }
            Some(source)
        }
        Err(DecodeError { message, help: own_help, place }) => {
            let (text, offset) = place.unzip();
            let source = Source::of_text(name, text.unwrap_or_default());
            let place = offset.map_or_else(
                || Place::file(&source),
                |offset| Place::bytes(&source, offset..offset + 1),
            );
            let help = own_help.unwrap_or_else(|| help.to_owned());
            findings.problem(Problem::at(&place, message).help(help));
            None
        }
    }
}

fn decode_utf_16(
    bytes: &[u8],
    encoding: &'static Encoding,
    note: Option<String>,
) -> Result<Decoded, DecodeError> {
    let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
    if had_errors || text.contains('\0') {
        let encoding = encoding.name();
        let message = format!("the file is damaged or incomplete (it looks like {encoding})");
        return Err(DecodeError::of_file(message));
    }
    Ok(Decoded { text: text.into_owned(), note })
}

/// Decodes a text in the encoding that the user has named.
fn decode_forced(bytes: &[u8], encoding: TextEncoding) -> Result<Decoded, DecodeError> {
    let name = encoding.name();
    if !encoding.is_unicode() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        let offset = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
        let readings = side_by_side(bytes, offset, &[UTF_8.into(), encoding]);
        let message = format!("this line is valid UTF-8, but `{}` says {name}", Flag::Encoding);
        return Err(DecodeError::at(bytes, offset, message).help(format!(
            "{readings}\nleave `{}` out if the first reading is right; else save the file as UTF-8",
            Flag::Encoding
        )));
    }
    let (text, had_errors) = encoding.decode(bytes);
    let is_wrong = |character: char| {
        matches!(character, '\0' | '\u{80}'..='\u{9f}')
            || had_errors && character == char::REPLACEMENT_CHARACTER
    };
    let Some(offset) = text.find(is_wrong) else {
        return Ok(Decoded { text: text.into_owned(), note: None });
    };
    let end = text[offset..].find(['\r', '\n']).map_or(text.len(), |length| offset + length);
    let message = format!("there is a byte here that {name} does not have");
    Err(DecodeError {
        place: Some((text[..end].to_owned(), offset)),
        ..DecodeError::of_file(message)
            .help(format!("give another `{}`, or save the file as UTF-8", Flag::Encoding))
    })
}

/// Checks whether the beginning of a file has more control characters than a text.
fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(4096)];
    let is_control =
        |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | 0x0B | 0x0C | b'\r');
    let controls = sample.iter().filter(is_control).count();
    controls > 8 && controls > sample.len() / 20
}

/// Detects UTF-16 of mostly Latin text: nearly every second byte is NUL.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096)];
    let nul_at = |parity: usize| {
        let bytes = sample.iter().skip(parity).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (nul_at(0), nul_at(1));
    let enough = sample.len() / 5;
    // Half of an emoji, and a few letters, have a NUL on the other side.
    if odd > enough && even < odd / 4 {
        Some(UTF_16LE)
    } else if even > enough && odd < even / 4 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Decodes a text that is not Unicode as Windows-1252 if it is clearly that.
fn decode_legacy(bytes: &[u8], first_wrong: usize) -> Result<Decoded, DecodeError> {
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(first_wrong);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let examined = &bytes[line_start(bytes, first)..];
    detector.feed(&examined[..examined.len().min(MAX_EXAMINED)], true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if is_mixed_with_utf_8(bytes, guess) {
        let message = "the file is UTF-8, but this character is in another encoding";
        return Err(DecodeError::at(bytes, first_wrong, message));
    }
    let western = read(bytes, WINDOWS_1252.into());
    let letters = western.as_deref().map(WesternLetters::of);
    let has_quotes = western.as_deref().is_some_and(has_paired_quotes);
    let is_western = letters.is_some_and(|letters| {
        let is_guessed = guess == WINDOWS_1252
            || letters.only_symbols && guess.is_single_byte()
            || read(bytes, guess.into()) == western;
        is_guessed && letters.are_usual && !letters.only_whole_words
    });
    let eastern = western.as_deref().and_then(eastern_encodings).filter(|_| is_western);
    // In DOS, the letters of Western Europe are where Windows has signs, such as `…` for `à`.
    let may_be_dos = bytes.iter().all(|byte| *byte < 0xa6)
        && !has_quotes
        && letter_rank(bytes, TextEncoding::DOS_WESTERN).is_some();
    if is_western
        && !may_be_dos
        && eastern.is_none()
        && let Some(text) = western
    {
        let line = line_index(bytes, first) + 1;
        let sample = sample(bytes, first, WINDOWS_1252.into());
        let note = format!(
            "line {line} is not UTF-8, so the file was read as Windows-1252; is {} right? If not, export it as UTF-8",
            quote(&sample)
        );
        return Ok(Decoded { text, note: Some(note) });
    }
    let mut likely: Vec<TextEncoding> = Vec::new();
    if let Some([first, second]) = eastern.filter(|_| !may_be_dos) {
        likely.extend([first, WINDOWS_1252, second].map(TextEncoding::from));
    }
    // The detector does not know the others.
    let others = [TextEncoding::DOS_WESTERN, TextEncoding::DOS_CENTRAL, MACINTOSH.into()];
    let ranks = others.map(|encoding| Some((letter_rank(bytes, encoding)?, encoding)));
    let mut others: Vec<(usize, TextEncoding)> = ranks.into_iter().flatten().collect();
    others.sort_by_key(|(rank, _)| *rank);
    let mut others = others.into_iter().map(|(_, encoding)| encoding);
    if is_western {
        likely.extend(others.next().into_iter().chain([WINDOWS_1252.into()]));
    }
    if bytes.iter().any(|byte| (0x80..0xa9).contains(byte)) {
        likely.extend(others);
    }
    // The detector is not reliable for a few letters, such as those of `naïve`.
    let has_letters =
        letters.is_some_and(|it| it.are_usual && !it.only_symbols && !it.only_whole_words);
    if !is_western
        && has_letters
        && let Some(text) = western.as_deref().filter(|it| is_doubtful(it))
    {
        let is_eastern = [WINDOWS_1250, WINDOWS_1257].contains(&guess);
        let eastern = || eastern_encodings(text).map(|[first, _]| first);
        likely.extend(Some(guess).filter(|_| is_eastern).or_else(eastern).map(TextEncoding::from));
        likely.push(WINDOWS_1252.into());
    }
    if !is_western && is_baltic(bytes) && !western.as_deref().is_some_and(may_be_turkish) {
        likely.push(WINDOWS_1257.into());
    }
    if guess != WINDOWS_1252 {
        likely.push(guess.into());
    } else if letters.is_some_and(|letters| letters.only_whole_words) {
        likely.push(WINDOWS_1251.into());
    }
    if western.as_deref().is_some_and(may_be_turkish) {
        likely.extend([WINDOWS_1254, WINDOWS_1252].map(TextEncoding::from));
    }
    for encoding in [WINDOWS_1252, ISO_8859_15, MACINTOSH].map(TextEncoding::from) {
        let of_encoding = read(bytes, encoding).as_deref().map(WesternLetters::of);
        let is_strange = letters.is_none_or(|western| !western.are_usual);
        let is_likely = |it: WesternLetters| it.are_usual && (!it.only_symbols || is_strange);
        if of_encoding.is_some_and(is_likely) {
            likely.push(encoding);
        }
    }
    let by_region = ["ru", "gr", "jp", "cn", "kr", "tw", "pl", "tr", "il", "th"];
    let by_region = by_region.map(|tld| detector.guess(Some(tld.as_bytes()), Utf8Detection::Deny));
    likely.extend(by_region.map(TextEncoding::from));
    likely.push(WINDOWS_1252.into());
    Err(uncertain(bytes, first, likely))
}

/// Returns the error that the encoding is one of `likely`, the likeliest first, with two of the readings.
fn uncertain(bytes: &[u8], first: usize, likely: Vec<TextEncoding>) -> DecodeError {
    let mut shown: Vec<TextEncoding> = Vec::new();
    for encoding in likely {
        let reading = sample(bytes, first, encoding);
        let is_new = shown.iter().all(|other| sample(bytes, first, *other) != reading);
        if shown.len() < 2 && is_new && read(bytes, encoding).is_some() {
            shown.push(encoding);
        }
    }
    let names: Vec<&str> = shown.iter().map(|encoding| encoding.name()).collect();
    let Some(likeliest) = shown.first() else {
        let message = "this line is not UTF-8, and its encoding is unknown";
        return DecodeError::at(bytes, first, message);
    };
    let message = format!(
        "this line is not UTF-8, and its encoding can only be guessed: {}",
        names.join(" or ")
    );
    let readings = side_by_side(bytes, first, &shown);
    DecodeError::read_as(*likeliest, bytes, first, message).help(format!(
        "{readings}\ngive the option whose reading is right, or save the file as UTF-8"
    ))
}

/// Returns the line with the byte at `offset` in each of `encodings`, one below the other.
fn side_by_side(bytes: &[u8], offset: usize, encodings: &[TextEncoding]) -> String {
    let line = line_index(bytes, offset) + 1;
    let options = encodings.iter().map(|encoding| {
        let option = format!("`{} {}`", Flag::Encoding, encoding.name().to_lowercase());
        (option, sample(bytes, offset, *encoding))
    });
    let options: Vec<(String, String)> = options.collect();
    let width = options.iter().map(|(option, _)| option.len()).max().unwrap_or(0);
    let readings = options.iter().map(|(option, sample)| {
        format!("line {line} with {option:width$}  {}", sanitize(sample).trim_end())
    });
    readings.collect::<Vec<_>>().join("\n")
}

/// Returns the text in an encoding, or `None` if a byte is invalid in it.
fn read(bytes: &[u8], encoding: TextEncoding) -> Option<String> {
    let text = encoding.decode_strictly(bytes)?;
    let is_unused =
        |character: char| matches!(character, '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}');
    (!text.contains(is_unused)).then(|| text.into_owned())
}

/// Returns the part of a line around the byte at `offset`.
fn sample(bytes: &[u8], offset: usize, encoding: TextEncoding) -> String {
    // The bytes before `offset` are ASCII.
    let before = &bytes[line_start(bytes, offset)..offset];
    let before = &before[before.len().saturating_sub(12)..];
    let after = bytes[offset..].split(|byte| is_line_end(*byte)).next().unwrap_or_default();
    let after = &after[..after.len().min(160)];
    let (text, _) = encoding.decode(after);
    String::from_utf8_lossy(before).chars().chain(text.chars().take(28)).collect()
}

/// Letters of European languages, the most common ones first.
const COMMON_LETTERS: &str = "éüäöáóíłàñèçßąęúåãøřěčšžýśćżůêæôőâõńëźűîïûòìùťňďľşţăđĺŕ";

/// Returns how rare the non-ASCII letters of a text are in an encoding, from 0. Returns `None` if the text cannot be in
/// that encoding: not all are letters, or one is in a strange place. Signs of Windows-1252 become such letters in the code
/// pages of DOS: `5 Ç`, `2010û2015`, `DonÆt`.
fn letter_rank(bytes: &[u8], encoding: TextEncoding) -> Option<usize> {
    let text = read(bytes, encoding)?;
    let (mut sum, mut count) = (0, 0);
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        if !character.is_ascii() {
            let lower = character.to_lowercase().next().unwrap_or(character);
            let is_wrong_case = if character.is_uppercase() {
                before.is_lowercase() || before.is_alphabetic() && after.is_lowercase()
            } else {
                after.is_uppercase()
            };
            let is_alone = !before.is_alphabetic() && !after.is_alphabetic();
            // `wait…what`
            let is_between = character == 'à' && before.is_alphabetic() && after.is_alphabetic();
            if is_wrong_case
                || is_between
                || before.is_numeric()
                || after.is_numeric()
                || is_alone && !"àéè".contains(character)
            {
                return None;
            }
            sum += COMMON_LETTERS.chars().position(|common| common == lower)?;
            count += 1;
        }
        before = character;
    }
    sum.checked_div(count)
}

/// Checks whether a text has quotes, all in pairs: `“free”`.
fn has_paired_quotes(text: &str) -> bool {
    let count = |quote: char| text.matches(quote).count();
    count('“') > 0 && count('“') == count('”')
}

/// Whether a text is UTF-8 with some bytes of another encoding. By chance, a few pairs of bytes of other encodings are
/// valid UTF-8 too.
fn is_mixed_with_utf_8(bytes: &[u8], guess: &Encoding) -> bool {
    let (mut valid, mut western, mut invalid) = (0, 0, 0);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars().filter(|character| !character.is_ascii()) {
            valid += 1;
            western += usize::from(matches!(
                character,
                '\u{c0}'..='\u{ff}' | '\u{2010}'..='\u{203a}' | '€'
            ));
        }
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    valid > 3 * invalid || western > 0 && guess == WINDOWS_1252
}

/// Symbols of English texts. Some encodings differ from Windows-1252 only in letters.
const COMMON_SYMBOLS: [char; 16] =
    ['£', '€', '‘', '’', '“', '”', '–', '—', '…', '•', '™', '®', '©', '°', '½', '\u{a0}'];

/// The non-ASCII characters of a text that was read as Windows-1252.
#[derive(Debug, Clone, Copy)]
struct WesternLetters {
    /// Whether each is usual in a Western European language, where it stands.
    are_usual: bool,
    /// Whether all are [`COMMON_SYMBOLS`].
    only_symbols: bool,
    /// Whether the letters occur only in words without ASCII letters, as in Cyrillic or Greek.
    only_whole_words: bool,
}

impl WesternLetters {
    fn of(text: &str) -> Self {
        let mut letters = Self { are_usual: true, only_symbols: true, only_whole_words: false };
        let mut has_mixed_words = false;
        let mut before = ' ';
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if !character.is_ascii() {
                let after = characters.peek().copied().unwrap_or(' ');
                letters.are_usual &= is_usual(before, character, after);
                letters.only_symbols &= COMMON_SYMBOLS.contains(&character);
            }
            before = character;
        }
        if letters.only_symbols {
            return letters;
        }
        for cell in text.split([',', ';', '\t', '|', '"', '\n', '\r']) {
            if cell.is_ascii() {
                continue;
            }
            let is_ascii_cell = cell.bytes().any(|byte| byte.is_ascii_alphabetic());
            for word in cell.split(|character| !is_letter(character)) {
                let has_ascii = word.bytes().any(|byte| byte.is_ascii());
                has_mixed_words |= has_ascii && !word.is_ascii();
                let is_long = word.chars().nth(1).is_some();
                letters.only_whole_words |=
                    !word.is_empty() && !has_ascii && (is_long || !is_ascii_cell);
            }
        }
        letters.only_whole_words &= !has_mixed_words;
        letters
    }
}

/// Words of languages that are written in Windows-1250 and Windows-1257 and that no Western language has.
const EASTERN_WORDS: &str = "yra kaip dabar labas rytas iki nuo visiems jums mums labdien labrit labvakar paldies sveiki tikai \
                             jest oraz tylko dla dzisiaj dnes jsme jsou nebo csak minden pentru";

/// Returns Windows-1250 and Windows-1257, the likelier one first, if one of them is as likely as Windows-1252 for a text
/// that was read as that: it has few letters that are not ASCII, and some of these, or the words, are Eastern European.
fn eastern_encodings(text: &str) -> Option<[&'static Encoding; 2]> {
    let mut foreign = Vec::new();
    let mut has_eastern_word = false;
    if !is_doubtful(text) {
        return None;
    }
    for word in text.split(|character| !is_letter(character)) {
        has_eastern_word |= word.is_ascii()
            && EASTERN_WORDS.split_whitespace().any(|known| known.eq_ignore_ascii_case(word));
        if word.is_ascii() {
            continue;
        }
        let letters: Vec<char> = word.to_lowercase().chars().collect();
        for (at, letter) in letters.iter().enumerate().filter(|(_, letter)| !letter.is_ascii()) {
            if !is_western_letter(&letters, at) {
                foreign.push(*letter);
            }
        }
    }
    let is_ambiguous = |letter: char| "àáâãæçèêëìíîïñòôøùúû".contains(letter);
    let is_eastern =
        !foreign.is_empty() || has_eastern_word && text.to_lowercase().contains(is_ambiguous);
    let is_central = foreign.first().is_some_and(|letter| "ìùòøæêñã".contains(*letter));
    is_eastern.then_some(if is_central {
        [WINDOWS_1250, WINDOWS_1257]
    } else {
        [WINDOWS_1257, WINDOWS_1250]
    })
}

/// The most letters with which a text is too short for a reliable guess.
const MOST_DOUBTFUL: usize = 4;

/// Checks whether a text has so few letters beyond ASCII that the detector is not reliable.
fn is_doubtful(text: &str) -> bool {
    let letters = text.chars().filter(|character| !character.is_ascii() && is_letter(*character));
    letters.take(MOST_DOUBTFUL + 1).count() <= MOST_DOUBTFUL
}

/// Whether a letter is where Western European languages have it. Of the letters that Windows-1250 and Windows-1257 have in
/// its place, most are elsewhere: `Labrīt` would be `Labrît`. `word` is in lower case.
fn is_western_letter(word: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|at| word[at]);
    let after = word.get(at + 1).copied();
    let is_last = after.is_none();
    let follows = |letters: &str| before.is_some_and(|before| letters.contains(before));
    let precedes = |letters: &str| after.is_some_and(|after| letters.contains(after));
    let text: String = word.iter().collect();
    let begins = |words: &[&str]| words.iter().any(|known| text.starts_with(known));
    match word[at] {
        'à' | 'ì' | 'ò' => is_last,
        'á' => word.len() > 1,
        'â' => !is_last,
        'ã' => precedes("oes") || begins(&["maç", "manh", "irm", "lã", "fã", "sã", "alem"]),
        'æ' => !is_last || begins(&["træ", "knæ", "fæ"]),
        'ç' => precedes("aouãõâóúáôà"),
        'è' => !(precedes("aeiou") || is_last && follows("i")),
        'ê' => {
            !is_last
                || begins(&[
                    "você", "bebê", "lê", "vê", "dê", "crê", "tevê", "buquê", "dossiê", "purê",
                    "ipê",
                ])
        }
        'ë' | 'ï' => follows("aeiou"),
        'î' => follows("aou") || begins(&["gît", "dîn", "îl", "abîm", "épît", "cîm"]),
        'ñ' => precedes("aeiouáéíóú"),
        'ø' => !precedes("iau") && (!is_last || word.len() < 4 || follows("jls")),
        'ù' => {
            is_last
                && begins(&[
                    "où", "più", "giù", "tribù", "virtù", "menù", "laggiù", "quaggiù", "lassù",
                    "perù", "gesù",
                ])
        }
        'û' => {
            follows("oefsdrmbq") && precedes("trlce")
                || begins(&["dû", "mû", "sû"]) && word.len() < 5 && !precedes("s")
        }
        _ => true,
    }
}

/// Whether all letters of a text in Windows-1257 are Lithuanian, Latvian or Estonian, and none is inside a word with another
/// case.
fn is_baltic(bytes: &[u8]) -> bool {
    let Some(text) = read(bytes, WINDOWS_1257.into()) else { return false };
    let is_usual = |word: &str| {
        let mut letters = word.chars().filter(|letter| !letter.is_ascii());
        letters.all(|letter| "ąčęėįšųūžāēģīķļņŗōöäõü".contains(lower(letter)))
            && !word.chars().skip(1).any(|letter| letter.is_uppercase() && !letter.is_ascii())
    };
    let mut foreign = text.chars().filter(|character| !character.is_ascii()).peekable();
    foreign.peek().is_some()
        && foreign.all(|character| is_letter(character) || "„“”‘’–—…€\u{a0}".contains(character))
        && text.split(|character| !is_letter(character)).all(is_usual)
}

fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// Whether a text that was read as Windows-1252 may be Turkish in Windows-1254: it has letters that only Icelandic and
/// Faroese have, and no others than those that Turkish has.
fn may_be_turkish(text: &str) -> bool {
    let mut letters =
        text.chars().filter(|character| !character.is_ascii() && is_letter(*character));
    text.contains(['ð', 'ý', 'þ', 'Ð', 'Ý', 'Þ'])
        && letters.all(|letter| "ðýþÐÝÞçöüâîûÇÖÜÂÎÛ".contains(letter))
}

fn is_letter(character: char) -> bool {
    character.is_alphabetic() && !matches!(character, 'ª' | 'º' | 'µ')
}

/// Whether a character of Windows-1252 is usual between two others. In texts of other encodings, above all Mac Roman,
/// symbols and capital letters are inside words. In DOS encodings `‚`, `„`, `‰` and `…` are letters.
/// In Windows-1250 `£` is `Ł`, and in Windows-1254 `ð`, `ý` and `þ` are `ğ`, `ı` and `ş`.
fn is_usual(before: char, character: char, after: char) -> bool {
    match character {
        '…' => before != '-' && after != '-',
        '‚' | '„' | '‰' => !before.is_alphabetic(),
        '£' => !after.is_alphabetic(),
        '’' | '´' | '·' | 'ª' | 'º' | '\u{a0}' | '\u{ad}' => true,
        '–' | '—' => !(before.is_lowercase() && after.is_lowercase()),
        'œ' | 'Œ' => matches!(after.to_ascii_lowercase(), 'i' | 'u'),
        '¤' | '¦' | '¨' | '¬' | '¯' | '¶' | '¸' | 'ƒ' | 'ˆ' | '˜' | '†' | '‡' | 'ÿ' | 'Ÿ' | 'Š'
        | 'š' | 'Ž' | 'ž' | 'ð' | 'ý' | 'þ' | 'Ð' | 'Ý' | 'Þ' => false,
        // Hungarian `ő`, except in Portuguese words such as `milhões`.
        'õ' | 'Õ' => after.eq_ignore_ascii_case(&'e'),
        // In ISO-8859-15, they are `œ` and `Œ`.
        '½' | '¼' => {
            !before.is_alphabetic() && !matches!(after, 'u' | 'U' | 'i' | 'I' | 'e' | 'E')
        }
        // The euro sign of Mac Roman.
        'Û' => after.is_alphabetic(),
        _ if character.is_uppercase() => {
            !(before.is_lowercase() || before.is_alphabetic() && after.is_lowercase())
        }
        _ if character.is_alphabetic() => true,
        _ => !(before.is_alphabetic() && after.is_alphabetic()),
    }
}

/// Checks whether a byte is a line end or the half of one.
pub(super) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Returns the offset of the line that contains `offset`.
fn line_start(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset].iter().rposition(|byte| is_line_end(*byte)).map_or(0, |end| end + 1)
}

/// Returns the number of line ends before `offset`.
fn line_index(bytes: &[u8], offset: usize) -> usize {
    let before = &bytes[..offset];
    let count = |end: u8| before.split(|byte| *byte == end).count() - 1;
    match count(b'\n') {
        0 => count(b'\r'),
        feeds => feeds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "id,text\r\nr1,Grüße – 5 €\r\n";
        let windows = WINDOWS_1252.encode(text).0.into_owned();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            utf_16(text, false, true),
            utf_16(text, true, true),
            utf_16(text, false, false),
            utf_16(text, true, false),
            windows,
        ] {
            assert_eq!(decode(bytes.clone(), None).unwrap().text, text, "{bytes:?}");
        }
    }

    #[test]
    fn utf_16_without_mark_may_have_emoji() {
        let text = "id,text\r\nr1,Hi 😀 and Ā and 一\r\n";
        for is_big in [false, true] {
            assert_eq!(decode(utf_16(text, is_big, false), None).unwrap().text, text);
        }
    }

    #[test]
    fn a_guess_has_a_note_with_a_sample() {
        let bytes = WINDOWS_1252.encode("id,text\r\nr1,Grüße\r\n").0.into_owned();
        let note = decode(bytes, None).unwrap().note.unwrap();
        assert!(note.contains("line 2") && note.contains("`r1,Grüße`"), "{note}");
        assert_eq!(decode("ä".into(), None).unwrap().note, None);
    }

    #[test]
    fn unknown_encodings_are_refused() {
        for (bytes, shown) in [
            (&b"caf\xC3\xA9\nna\xEFve\n"[..], Some(("café\nna\u{fffd}ve", 8))),
            (b"a\n\x81\x40\n", Some(("a\n\u{3000}", 2))),
            (b"a\nb\0c\r\nd", Some(("a\nb\0c", 3))),
            (b"\xFF\xFE\0\0a\0\0\0", None),
            (b"\xFF\xFEa\0\0\xD8", None),
            (b"a,b\n\0\x01\x02\x03\x04\x05\x06\x07\x08\x0e\0", None),
        ] {
            let expected = shown.map(|(text, offset)| (text.to_owned(), offset));
            assert_eq!(decode(bytes.to_vec(), None).unwrap_err().place, expected, "{bytes:?}");
        }
    }

    /// A sheet with one text, in an encoding.
    fn sheet(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        let sheet = format!("id,text,persona\r\na,{text},Anna\r\n");
        let (bytes, _, is_lossy) = encoding.encode(&sheet);
        assert!(!is_lossy, "{text}");
        bytes.into_owned()
    }

    #[test]
    fn clearly_western_texts_are_read_with_a_note() {
        let mut failures = Vec::new();
        for text in [
            "Grüße",
            "Schöne Grüße aus München, für 5 €",
            "ÜBER STRAßE",
            "Don’t miss it – today",
            "We’re open",
            "only 5 £ or “free”",
            "Save £5",
            "wait…what",
            "Brand™ and Brand® since 2010–2015",
            "mañana",
            "¿Qué tal, señor? ¡Compra ahora en España!",
            "1º Premio",
            "à bientôt",
            "Rendez-vous à Paris",
            "Un cœur d’été",
            "voilà",
            "Découvrez notre nouvelle collection dès à présent",
            "è più bello così",
            "promoção não é só hoje para milhões",
            "Välkommen till vår nya kollektion",
            "Vi har fået nye sko på lager",
            "geïnteresseerd in één",
            "hyvää päivää",
            "café",
            "Noël",
            "Citroën",
            "dîner",
            "île de Ré",
            "août",
            "brûlée",
            "goût",
            "Où",
            "menù",
            "però",
            "caffè",
            "très",
            "crème",
            "forêt",
            "garçon",
            "coração",
            "você",
            "São Paulo",
            "está aquí",
            "Ángel",
            "niño",
            "hôtel",
            "smør",
            "børn",
            "være",
            "træ",
            "CITTÀ",
            "âge",
            "Français",
            "tú y él",
        ] {
            match decode(sheet(text, WINDOWS_1252), None) {
                Ok(decoded) if decoded.note.is_some() && decoded.text.contains(text) => {}
                other => failures.push((text, other)),
            }
        }
        assert!(failures.is_empty(), "{failures:?}");
    }

    #[test]
    fn other_encodings_are_refused_and_read_when_they_are_named() {
        use encoding_rs::*;
        for (text, encoding, is_guessed) in [
            ("Zażółć gęślą jaźń", WINDOWS_1250, true),
            ("Cześć", WINDOWS_1250, true),
            ("Příliš žluťoučký kůň", WINDOWS_1250, true),
            ("večer", WINDOWS_1250, true),
            ("őszi akció", WINDOWS_1250, false),
            ("Tűzijáték", WINDOWS_1250, true),
            ("Viděli jste to", WINDOWS_1250, true),
            ("“Hi” – it’s me.", MACINTOSH, true),
            ("Une œuvre nouvelle.", ISO_8859_15, true),
            ("Güneşli bir gün, alışveriş", WINDOWS_1254, true),
            ("こんにちは、世界", ISO_2022_JP, true),
            ("kış", WINDOWS_1254, true),
            ("Labrīt, paldies jums, šodien", WINDOWS_1257, true),
            ("Labrīt", WINDOWS_1257, true),
            ("gėlė", WINDOWS_1257, true),
            ("Ačiu visiems", WINDOWS_1257, true),
            ("Jūs", WINDOWS_1257, true),
            ("vēl", WINDOWS_1257, true),
            ("mājā", WINDOWS_1257, true),
            ("Labdien, Jānis", WINDOWS_1257, true),
            ("labas, ledą", WINDOWS_1257, true),
            ("Šiandien nuolaida žiemai įjo", WINDOWS_1257, true),
            ("domů", WINDOWS_1250, true),
            ("Gdańsk", WINDOWS_1250, true),
            ("dobrze, się", WINDOWS_1250, true),
            ("tři", WINDOWS_1250, true),
            ("dětem", WINDOWS_1250, true),
            ("Привет друг", WINDOWS_1251, true),
            ("Сім’я", WINDOWS_1251, true),
            ("Да", WINDOWS_1251, true),
            ("я и ты", WINDOWS_1251, true),
            ("а", WINDOWS_1251, true),
            ("Привет друг", KOI8_U, true),
            ("Привет друг", IBM866, true),
            ("Καλημέρα", WINDOWS_1253, true),
            ("να", WINDOWS_1253, false),
            ("שלום חבר", WINDOWS_1255, true),
            ("مرحبا يا صديقي", WINDOWS_1256, true),
            ("สวัสดี", WINDOWS_874, false),
            ("こんにちは", SHIFT_JIS, true),
            ("日本", SHIFT_JIS, true),
            ("ｱｲｳ", SHIFT_JIS, false),
            ("こんにちは", EUC_JP, true),
            ("你好", GBK, false),
            ("联通", GBK, false),
            ("你好", BIG5, true),
            ("안녕하세요", EUC_KR, true),
        ] {
            let bytes = sheet(text, encoding);
            let error = decode(bytes.clone(), None).expect_err(text);
            let (message, help) = (error.message, error.help.unwrap_or_default());
            assert!(message.contains("can only be guessed"), "{text}: {message}");
            assert!(help.contains(text) || !is_guessed, "{text}: {help}");
            assert!(help.contains("`--encoding "), "{text}: {help}");
            let forced = encoding.name().parse().unwrap();
            assert!(decode(bytes, Some(forced)).unwrap().text.contains(text), "{text}");
        }
    }

    #[test]
    fn texts_of_dos_are_refused_with_the_right_reading() {
        for (text, expected) in [
            (&b"voil\x85"[..], "voilà"),
            (b"\x85 la carte", "à la carte"),
            (b"Ya est\xa0 aqu\xa1", "Ya está aquí"),
            (b"el men\xa3", "el menú"),
            (b"Gr\x81\xe1e aus K\x94ln", "Grüße aus Köln"),
            (b"M\x84dchen", "Mädchen"),
            (b"\x9aBERRASCHUNG", "ÜBERRASCHUNG"),
            (b"Caf\x82 cr\x8ame", "Café crème"),
            (b"promo\x87\xc6o", "promoção"),
            (b"Za\xbe\xa2\x88\x86 g\xa9\x98l\xa5 ja\xab\xe4", "Zażółć gęślą jaźń"),
            (b"P\xfd\xa1li\xe7 \xa7lu\x9cou\x9fk\xec k\x85\xe5", "Příliš žluťoučký kůň"),
            (b"T\xfbzij\xa0t\x82k", "Tűzijáték"),
        ] {
            let sheet = [b"text,persona\n", text, b",Anna\n"].concat();
            let error = decode(sheet, None).expect_err(expected);
            let help = error.help.unwrap_or_default();
            assert!(help.contains(expected) && help.contains("cp85"), "{expected}: {help}");
        }
    }

    #[test]
    fn letters_that_turkish_has_are_not_read_as_icelandic() {
        for text in [&b"\xdeimdi"[..], b"G\xfcne\xfeli bir g\xfcn", b"k\xfd\xfe", b"Do\xf0ru"] {
            let error = decode([b"text\n", text, b"\n"].concat(), None).unwrap_err();
            let (expected, _) = WINDOWS_1254.decode_without_bom_handling(text);
            let help = error.help.unwrap_or_default();
            assert!(help.contains(&*expected), "{help}");
        }
    }

    #[test]
    fn the_end_mark_of_dos_is_not_part_of_the_text() {
        let decoded = decode(b"text\r\nHi\r\n\x1a".to_vec(), None).unwrap();
        assert_eq!(decoded.text, "text\r\nHi\r\n");
    }

    #[test]
    fn single_letters_of_other_encodings_are_not_read_as_symbols() {
        for text in [
            // Code page 850: `Café`, `Meet André today`, `Zoë`, `Vis-à-vis`, `für Mädchen`.
            &b"Caf\x82"[..],
            b"Meet Andr\x82 today",
            b"Zo\x89",
            b"Vis-\x85-vis",
            b"M\x84dchen",
            // Windows-1250: `Hello Łukasz`, `Ősz jön`.
            b"Hello \xa3ukasz",
            b"\xd5sz j\xf6n",
            // Mac Roman: `Only 5 €`.
            b"Only 5 \xdb",
        ] {
            let sheet = [b"text,persona\n", text, b",Anna\n"].concat();
            assert!(decode(sheet, None).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn texts_of_old_macs_are_never_read_as_western() {
        // `Grüße`, `Mädchen`, `schön`, `café`, `España`, `adiós` and `garçon` in Mac Roman.
        for text in [
            &b"Gr\x9f\xa7e"[..],
            b"M\x8adchen",
            b"sch\x9an",
            b"caf\x8e",
            b"Espa\x96a",
            b"adi\x97s",
            b"gar\x8don",
        ] {
            let bytes = [b"id,text\na,", text, b"\n"].concat();
            let error = decode(bytes.clone(), None).expect_err("a guess");
            assert!(error.message.contains("macintosh"), "{error:?}");
            let (expected, _) = MACINTOSH.decode_without_bom_handling(text);
            let help = error.help.unwrap();
            assert!(help.contains(&*expected), "{help}");
        }
    }

    #[test]
    fn a_named_encoding_is_strict() {
        let named = |name: &str, bytes: &[u8]| decode(bytes.to_vec(), Some(name.parse().unwrap()));
        let place = |name: &str, bytes: &[u8]| named(name, bytes).unwrap_err().place;
        assert_eq!(place("shift_jis", b"a\n\x82\xa0\x82\nb"), Some(("a\nあ\u{fffd}".into(), 5)));
        assert_eq!(place("latin1", b"a\n\x81b"), Some(("a\n\u{81}b".into(), 2)));
        assert_eq!(place("utf-8", b"a\n\xe4b\nc"), Some(("a\n\u{fffd}b".into(), 2)));
        // Valid UTF-8 in another encoding is likelier a wrong option.
        assert_eq!(place("windows-1252", "Grüße".as_bytes()), Some(("Grüße".into(), 2)));
        assert_eq!(named("windows-1252", b"Hi").unwrap().text, "Hi");
        assert_eq!(named("gbk", b"\xef\xbb\xbf\xc3\xbc").unwrap().text, "ü", "a mark is certain");
        assert_eq!(named("utf-16le", b"a\0\x42\x30").unwrap().text, "aあ");
        let error = "klingon".parse::<TextEncoding>().unwrap_err().to_string();
        assert!(error.contains("`klingon`") && error.contains("shift_jis"), "{error}");
    }

    #[test]
    fn the_first_bytes_decide_before_the_extension() {
        for (name, bytes, kind) in [
            ("a.csv", &b"text"[..], FileKind::Delimited),
            ("a.csv", b"PK\x03\x04", FileKind::Workbook),
            ("a.tsv", b"text", FileKind::Delimited),
            ("a", b"text", FileKind::Delimited),
            ("-", b"text", FileKind::Delimited),
            ("a.YAML", b"jobs:", FileKind::Yaml),
            ("a.yml", b"jobs:", FileKind::Yaml),
            ("a.json", b"{}", FileKind::Yaml),
            ("a.xls", b"<html>", FileKind::Workbook),
        ] {
            assert_eq!(FileKind::detect(Path::new(name), bytes), kind, "{name}");
        }
    }
}

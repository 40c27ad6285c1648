//! The parser of number formats: splits a code into sections of tokens.

use std::cmp::Ordering;

use super::error::FormatError;
use super::locale::Language;

/// The unit of a date or time field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    /// The year of the Buddhist calendar.
    BuddhistYear,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A field of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A unit and the number of its letters.
    Unit(Unit, usize),
    /// All hours, minutes or seconds that have passed, and the number of letters in brackets.
    Elapsed(Unit, usize),
    /// The decimals of the seconds.
    Decimals(u32),
    /// `AM/PM`.
    Half,
    /// The words for it in the code.
    HalfWord([&'static str; 2]),
    /// `A/P`.
    HalfLetter { upper: bool },
}

/// A placeholder for a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// `0`: shows insignificant zeros.
    Zero,
    /// `#`: shows nothing for them.
    Hash,
    /// `?`: shows a space for them.
    Space,
}

impl Placeholder {
    /// Returns what the placeholder shows for an insignificant zero.
    pub(super) fn filler(self) -> Option<char> {
        match self {
            Self::Zero => Some('0'),
            Self::Hash => None,
            Self::Space => Some(' '),
        }
    }
}

/// A part of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Literal(char),
    Digit(Placeholder),
    /// A digit from 1 to 9, which is literal outside a denominator.
    Numeral(char),
    Point,
    Comma,
    Percent,
    Slash,
    /// `E+`, or `E-`, which shows no sign before a positive exponent.
    Exponent {
        plus: bool,
    },
    General,
    Text,
    Date(Field),
}

impl Token {
    /// Returns the character that the token shows where it has no special meaning.
    pub(super) fn literal(self) -> Option<char> {
        match self {
            Self::Literal(character) | Self::Numeral(character) => Some(character),
            Self::Point => Some('.'),
            Self::Comma => Some(','),
            Self::Percent => Some('%'),
            Self::Slash => Some('/'),
            Self::Digit(_) | Self::Exponent { .. } | Self::General | Self::Text | Self::Date(_) => {
                None
            }
        }
    }

    pub(super) fn placeholder(self) -> Option<Placeholder> {
        if let Self::Digit(placeholder) = self { Some(placeholder) } else { None }
    }
}

/// Returns the number of digit placeholders.
pub(super) fn count_digits(tokens: &[Token]) -> i32 {
    tokens.iter().map(|token| i32::from(token.placeholder().is_some())).sum()
}

/// Joins literal characters.
///
/// # Errors
///
/// A token has a meaning that is unknown at this place.
pub(super) fn literals(tokens: &[Token]) -> Result<String, FormatError> {
    let literal = |token: &Token| {
        if matches!(token, Token::Point | Token::Comma) { None } else { token.literal() }
    };
    tokens
        .iter()
        .map(literal)
        .collect::<Option<_>>()
        .ok_or(FormatError::Ambiguous("a point or comma after the digits"))
}

/// A condition such as `[>=100]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Condition {
    /// Whether the condition holds for numbers below the limit, at the limit and above it.
    pub(super) below: bool,
    pub(super) equal: bool,
    pub(super) above: bool,
    pub(super) limit: f64,
}

impl Condition {
    fn parse(text: &str) -> Option<Self> {
        let limit = text.trim_start_matches(['<', '>', '=']);
        let sign = &text[..text.len() - limit.len()];
        let condition = Self {
            below: sign.contains('<'),
            equal: sign.contains('='),
            above: sign.contains('>'),
            limit: limit.trim().parse().ok()?,
        };
        (["<", "<=", "=", ">=", ">", "<>"].contains(&sign) && condition.limit.is_finite())
            .then_some(condition)
    }

    pub(super) fn holds(self, value: f64) -> bool {
        self.below && value < self.limit
            || self.above && value > self.limit
            || self.equal && value >= self.limit && value <= self.limit
    }

    /// Checks whether a negative number that meets the condition has a minus sign.
    ///
    /// # Errors
    ///
    /// Programs differ: the condition holds for negative numbers only, and is not `[<0]`.
    pub(super) fn shows_sign(self) -> Result<bool, FormatError> {
        match (self.above, self.equal, self.limit.total_cmp(&0.0)) {
            (true, ..) | (.., Ordering::Greater) => Ok(true),
            (false, false, Ordering::Equal) => Ok(false),
            _ => Err(FormatError::Ambiguous("the sign under a condition for negative numbers")),
        }
    }
}

/// A section as it is written.
#[derive(Debug, Default)]
pub(super) struct RawSection<'c> {
    pub(super) tokens: Vec<Token>,
    pub(super) condition: Option<Condition>,
    pub(super) language: Option<Language>,
    /// The format of the system that replaces the tokens.
    system_format: Option<&'static str>,
    /// The unquoted words that are no date fields.
    words: Vec<&'c str>,
}

/// The halves of the day in Chinese, Japanese and Korean, which replace `AM/PM`.
const HALVES: [[&str; 2]; 3] = [["上午", "下午"], ["午前", "午後"], ["오전", "오후"]];

impl RawSection<'_> {
    /// Checks the unquoted words. Letters with case must be quoted: they may be date fields in another language, as in the
    /// German `TT.MM.JJJJ`. Spreadsheets store the others without quotes.
    fn check_words(&self) -> Result<(), FormatError> {
        let has_case = |letter: char| letter.is_lowercase() || letter.is_uppercase();
        if self.words.iter().any(|word| word.contains(has_case)) {
            return Err(FormatError::Invalid("letters that must be quoted"));
        }
        Ok(())
    }
}

/// Splits a code into its sections.
///
/// # Errors
///
/// The code is invalid or has an unsupported part.
pub(super) fn sections(code: &str) -> Result<Vec<RawSection<'_>>, FormatError> {
    if code.is_empty() {
        return Err(FormatError::Invalid("it is empty"));
    }
    let mut parser = Parser { rest: code };
    let mut sections = vec![parser.section()?];
    while parser.take(";") {
        sections.push(parser.section()?);
    }
    if sections.len() > 4 {
        Err(FormatError::Invalid("more than four sections"))
    } else {
        Ok(sections)
    }
}

const UNFINISHED: FormatError = FormatError::Invalid("it ends in the middle of an instruction");

struct Parser<'c> {
    rest: &'c str,
}

impl<'c> Parser<'c> {
    /// Parses up to the semicolon that ends the section, or the end of the code.
    fn section(&mut self) -> Result<RawSection<'c>, FormatError> {
        let mut section = RawSection::default();
        while !self.rest.is_empty() && !self.rest.starts_with(';') {
            self.token(&mut section)?;
        }
        if let Some(format) = section.system_format {
            section.tokens = Parser { rest: format }.section()?.tokens;
            section.words.clear();
        }
        section.check_words()?;
        Ok(section)
    }

    fn token(&mut self, section: &mut RawSection<'c>) -> Result<(), FormatError> {
        let whole = self.rest;
        let halves = |[morning, evening]: &&[&str; 2]| {
            let rest = whole.strip_prefix(morning).and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| rest.starts_with(evening))
        };
        if let Some(words @ [morning, evening]) = HALVES.iter().find(halves) {
            self.rest = &whole[morning.len() + 1 + evening.len()..];
            section.tokens.push(Token::Date(Field::HalfWord(*words)));
            return Ok(());
        }
        let Some(first) = self.next() else { return Ok(()) };
        let token = match first {
            '"' => {
                section.tokens.extend(self.until('"')?.chars().map(Token::Literal));
                return Ok(());
            }
            '[' => return self.bracket(section),
            '\\' => Token::Literal(self.next().ok_or(UNFINISHED)?),
            '_' => self.next().map(|_| Token::Literal(' ')).ok_or(UNFINISHED)?,
            '*' => return self.next().map(|_| ()).ok_or(UNFINISHED),
            '0' => Token::Digit(Placeholder::Zero),
            '#' => Token::Digit(Placeholder::Hash),
            '?' => Token::Digit(Placeholder::Space),
            '1'..='9' => Token::Numeral(first),
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            '/' => Token::Slash,
            '@' => Token::Text,
            'G' | 'g' if self.take("eneral") => Token::General,
            'E' | 'e' if self.take("+") => Token::Exponent { plus: true },
            'E' | 'e' if self.take("-") => Token::Exponent { plus: false },
            'A' | 'a' if self.take("M/PM") => Token::Date(Field::Half),
            'A' | 'a' if self.take("/P") => Token::Date(Field::HalfLetter { upper: first == 'A' }),
            _ if first.is_alphabetic() => {
                self.rest = whole;
                return self.word(section);
            }
            // The characters that need no quotes, by ECMA-376 part 1, section 18.8.31.
            _ if " $-+():!^&'~{}<>=".contains(first) || is_foreign_literal(first) => {
                Token::Literal(first)
            }
            _ => return Err(FormatError::Invalid("a character that must be quoted")),
        };
        section.tokens.push(token);
        Ok(())
    }

    /// Parses a word outside quotes: date fields or literal letters. A word has only ASCII letters or none, because East
    /// Asian formats have no spaces.
    fn word(&mut self, section: &mut RawSection<'c>) -> Result<(), FormatError> {
        let is_ascii = self.rest.starts_with(|first: char| first.is_ascii());
        let is_inside = |next: char| next.is_alphabetic() && next.is_ascii() == is_ascii;
        let end = self.rest.find(|next| !is_inside(next)).unwrap_or(self.rest.len());
        // `hAM/PM`
        let half = ["AM/PM", "A/P"].iter().filter_map(|half| {
            let length = half.split('/').next().unwrap_or_default().len();
            let start = end.checked_sub(length).filter(|start| *start > 0)?;
            let next = self.rest.get(start..start + half.len())?;
            next.eq_ignore_ascii_case(half).then_some(start)
        });
        let words = HALVES.iter().filter_map(|[morning, _]| self.rest.find(morning));
        let end = half.chain(words).filter(|half| (1..end).contains(half)).min().unwrap_or(end);
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let field = |letter: char| "ymdhsebgn".contains(letter.to_ascii_lowercase());
        // ISO 8601 separates dates and times by `T`, and ends times in UTC with `Z`.
        let parts = word.strip_suffix(['Z', 'z']).filter(|before| before.ends_with(['s', 'S']));
        let mut parts = parts.unwrap_or(word).split("Th");
        let is_date = parts.all(|part| part.chars().all(field));
        if !is_date {
            section.words.push(word);
            section.tokens.extend(word.chars().map(Token::Literal));
            return Ok(());
        }
        let mut word = word;
        while let Some(letter) = word.chars().next() {
            let after = word.trim_start_matches(|next: char| next.eq_ignore_ascii_case(&letter));
            let length = word.len() - after.len();
            word = after;
            let is_last = after.is_empty();
            section.tokens.push(if field(letter) {
                self.date_field(letter, length, section.language.is_some(), is_last)?
            } else {
                Token::Literal(letter)
            });
        }
        Ok(())
    }

    /// Returns a date field of several equal letters.
    fn date_field(
        &self,
        letter: char,
        length: usize,
        has_language: bool,
        is_last: bool,
    ) -> Result<Token, FormatError> {
        let is_calendar = is_last && self.rest.starts_with(['1', '2']);
        let (unit, longest) = match letter.to_ascii_lowercase() {
            'y' => (Unit::Year, 4),
            'e' if !has_language => (Unit::Year, 1),
            'b' if !is_calendar => (Unit::BuddhistYear, 4),
            'm' => (Unit::Month, 5),
            'd' => (Unit::Day, 4),
            'h' => (Unit::Hour, 2),
            's' => (Unit::Second, 2),
            'n' => return Err(FormatError::Invalid("letters that must be quoted")),
            _ => return Err(FormatError::Unsupported("another calendar")),
        };
        if length > longest {
            return Err(FormatError::Invalid("a date field with too many letters"));
        }
        let is_long_year =
            longest == 1 || length == 3 && matches!(unit, Unit::Year | Unit::BuddhistYear);
        Ok(Token::Date(Field::Unit(unit, if is_long_year { 4 } else { length })))
    }

    /// Parses a bracket: a color, a condition, a currency or language, or elapsed time.
    fn bracket(&mut self, section: &mut RawSection<'_>) -> Result<(), FormatError> {
        let content = self.until(']')?;
        if let Some(currency) = content.strip_prefix('$') {
            return currency_or_language(currency, section);
        }
        if content.starts_with(['<', '>', '=']) {
            let condition = Condition::parse(content)
                .ok_or(FormatError::Invalid("a condition without a number"))?;
            let first = section.condition.replace(condition);
            return if first.is_some() {
                Err(FormatError::Invalid("two conditions in a section"))
            } else {
                Ok(())
            };
        }
        let content = content.to_ascii_lowercase();
        let unit = match content.as_str() {
            "h" | "hh" => Unit::Hour,
            "m" | "mm" => Unit::Minute,
            "s" | "ss" => Unit::Second,
            "black" | "blue" | "cyan" | "green" | "magenta" | "red" | "white" | "yellow" => {
                return Ok(());
            }
            color => {
                let index = color.strip_prefix("color").and_then(|index| index.trim().parse().ok());
                let is_color = index.is_some_and(|index: u8| (1..=56).contains(&index));
                let unknown = FormatError::Unsupported("an unknown instruction in brackets");
                return if is_color { Ok(()) } else { Err(unknown) };
            }
        };
        section.tokens.push(Token::Date(Field::Elapsed(unit, content.len())));
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    /// Takes the text before a closing character, and drops the character.
    fn until(&mut self, end: char) -> Result<&'c str, FormatError> {
        let (content, rest) = self.rest.split_once(end).ok_or(UNFINISHED)?;
        self.rest = rest;
        Ok(content)
    }

    /// Takes the text if it is next, in any case of letters.
    fn take(&mut self, text: &str) -> bool {
        let is_next =
            self.rest.get(..text.len()).is_some_and(|next| next.eq_ignore_ascii_case(text));
        if is_next {
            self.rest = &self.rest[text.len()..];
        }
        is_next
    }
}

/// Adds the currency symbol or the language of `[$symbol-language]`. The language of a currency has no effect.
fn currency_or_language(content: &str, section: &mut RawSection<'_>) -> Result<(), FormatError> {
    let (symbol, tag) = content.split_once('-').unwrap_or((content, ""));
    section.tokens.extend(symbol.chars().map(Token::Literal));
    // The formats of the system replace the code beside them (ECMA-376 part 1, section 18.8.31).
    match tag.to_ascii_lowercase().as_str() {
        "f800" | "x-sysdate" => section.system_format = Some("dddd, mmmm d, yyyy"),
        "f400" | "x-systime" => section.system_format = Some("h:mm:ss AM/PM"),
        "" => {}
        _ => {
            let language = Language::parse(tag)?;
            if symbol.is_empty() && section.language.replace(language).is_some() {
                return Err(FormatError::Ambiguous("two languages in a section"));
            }
        }
    }
    Ok(())
}

/// Checks whether a character beyond ASCII is shown without quotes.
fn is_foreign_literal(character: char) -> bool {
    !character.is_ascii() && !character.is_control()
}

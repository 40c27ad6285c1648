//! Our words for what the YAML parser says: [`PARSER`].

/// Where a fault is shown, seen from where the reader stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    /// There.
    There,
    /// At the first character of the line.
    Line,
    /// At the tab that indents this line or one soon below it.
    Tab,
    /// At the line that ends the document before it.
    DocumentEnd,
    /// At the word before it.
    WordBefore,
    /// At the first `\` of the text in double quotes that has no meaning.
    Escape,
}

pub(crate) const QUOTES: &str =
    "a text with special characters in it is safe in quotes: `text: \"…\"`";
pub(crate) const COLUMNS: &str = "keys that belong together begin in the same column, each with `: ` behind \
                       it; items of a list begin with `- ` in the same column";
pub(crate) const INTO_CSV: &str = "a campaign of this size is better kept in a CSV, with `rows:`";
pub(crate) const NAMES: &str = "a text that begins with `*` or `&` must be in quotes";
pub(crate) const TAGS: &str = "a text that begins with `!` must be in quotes";
pub(crate) const ONE_DOCUMENT: &str =
    "a manifest is one document: remove the lines `---` and `...`, or make several files";
const DIRECTIVES: &str = "delete the line; a text that begins with `%` must be in quotes";
pub(crate) const BRACKETS: &str = "what is opened with `[` is closed with `]`, and `{` with `}`; a text that \
                        begins with a bracket must be in quotes";

/// What the parser says, by a part of it: what we say, what would be right, and where it is shown.
/// The first that fits holds.
pub(crate) const PARSER: [(&str, &str, &str, Shown); 37] = [
    (
        "tab",
        "this line is indented with a tab",
        "YAML is indented with spaces, never with tabs",
        Shown::Tab,
    ),
    (
        "after single-quoted",
        "there is text behind the `'` that closes this text",
        "inside `'…'` an apostrophe is written twice, `'don''t'`; or use `\"don't\"`",
        Shown::There,
    ),
    (
        "after double-quoted",
        "there is text behind the `\"` that closes this text",
        "inside `\"…\"` a quote is written `\\\"`; between two values belongs a comma, behind a key `: `",
        Shown::There,
    ),
    (
        "unclosed quote",
        "this quote is never closed",
        "close the text with the quote it was opened with",
        Shown::There,
    ),
    (
        "document indicator",
        "this text in quotes is not closed before the line `---` or `...`",
        "close the text with the quote it was opened with",
        Shown::There,
    ),
    (
        "multiline quoted",
        "this line of a text in quotes is not indented",
        "indent every further line of the text, or close its quote",
        Shown::Line,
    ),
    (
        "escape character",
        "in this text stands a `\\` with a meaning that is not known",
        "inside `\"…\"` a backslash is written twice, `\\\\`; inside `'…'` once",
        Shown::Escape,
    ),
    (
        "hexadecimal",
        "in this text stands a `\\` with a meaning that is not known",
        "inside `\"…\"` a backslash is written twice, `\\\\`; inside `'…'` once",
        Shown::Escape,
    ),
    (
        "surrogate",
        "in this text stands half of a character (`\\u…`)",
        "write the character itself",
        Shown::Escape,
    ),
    (
        "escape code",
        "in this text stands a `\\u…` that is no character",
        "write the character itself",
        Shown::Escape,
    ),
    (
        "unexpected EOF",
        "the file ends here, in the middle of something",
        BRACKETS,
        Shown::There,
    ),
    (
        "unexpected eof",
        "the file ends here, in the middle of something",
        BRACKETS,
        Shown::There,
    ),
    (
        "unclosed bracket",
        "this bracket is never closed",
        BRACKETS,
        Shown::There,
    ),
    (
        "mismatched bracket",
        "this bracket is closed by one of another kind",
        BRACKETS,
        Shown::There,
    ),
    (
        "misplaced bracket",
        "nothing is open that this bracket could close",
        BRACKETS,
        Shown::There,
    ),
    (
        "',' or",
        "here a comma or the closing bracket is missing",
        BRACKETS,
        Shown::There,
    ),
    (
        "flow construct",
        "this line stands within brackets, but is not indented",
        "indent it, or close the bracket above it",
        Shown::Line,
    ),
    (
        "simple key",
        "this looks like a key, but no `: ` stands behind it",
        COLUMNS,
        Shown::There,
    ),
    (
        "placement of ':'",
        "no `:` can stand here",
        QUOTES,
        Shown::There,
    ),
    (
        "block scalar",
        "this text behind `|` or `>` cannot be read",
        "it begins on the next line, and all of its lines are indented with as many spaces",
        Shown::There,
    ),
    (
        "block mapping",
        "this line does not fit the lines above it",
        COLUMNS,
        Shown::Line,
    ),
    (
        "block collection",
        "this line does not fit the lines above it",
        COLUMNS,
        Shown::Line,
    ),
    (
        "block sequence",
        "no item of a list can begin here",
        COLUMNS,
        Shown::Line,
    ),
    (
        "mapping keys",
        "no key can stand here",
        COLUMNS,
        Shown::There,
    ),
    (
        "invalid indentation",
        "this line does not fit the lines above it",
        COLUMNS,
        Shown::Line,
    ),
    ("anchor", "this `*` or `&` has no name", NAMES, Shown::There),
    (
        "scalar",
        "this text cannot begin like this",
        QUOTES,
        Shown::There,
    ),
    (
        "node content",
        "here a value is missing",
        QUOTES,
        Shown::There,
    ),
    (
        "comments",
        "before a `#` that begins a remark belongs a space",
        QUOTES,
        Shown::There,
    ),
    (
        "BOM",
        "here stands an invisible character (U+FEFF)",
        "delete it and write the text around it anew",
        Shown::There,
    ),
    (
        "<document start>",
        "a line above begins with `%` and is no text, but an order to the program that reads it",
        DIRECTIVES,
        Shown::Line,
    ),
    (
        "directive",
        "a line that begins with `%` is an order to the program that reads it, and this one is not known",
        DIRECTIVES,
        Shown::Line,
    ),
    (
        "version",
        "the file says that it is of another kind of YAML",
        DIRECTIVES,
        Shown::Line,
    ),
    (
        "document",
        "here a new document begins",
        ONE_DOCUMENT,
        Shown::Line,
    ),
    (
        "tag",
        "this `!` is not followed by what belongs there",
        TAGS,
        Shown::There,
    ),
    (
        "handle",
        "this `!` is not followed by what belongs there",
        TAGS,
        Shown::There,
    ),
    (
        "recursion limit",
        "too many lists and keys are nested in each other here",
        BRACKETS,
        Shown::There,
    ),
];

//! Text that a spreadsheet must not take for a formula.

/// `text` as it can stand in a cell of ours: control characters removed, and what a spreadsheet
/// would compute marked as text by a leading `'`. The beginnings are those of OWASP's page on CSV
/// injection, their full-width forms included, and also behind spaces, which some importers trim.
pub(super) fn harmless(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let is_formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_computed() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'=1"),
            ("\r\n=1", "'=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
            ("no\u{1b}[2J face", "no[2J face"),
        ] {
            assert_eq!(harmless(text), cell, "{text:?}");
        }
    }
}

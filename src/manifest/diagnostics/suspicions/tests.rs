use super::*;

/// Checks a text of a sheet without columns.
fn find(text: &str, filled: &[Range<usize>]) -> Vec<Suspicion> {
    find_suspicions(text, filled, &|_| false)
}

/// A language and an ordinary text per line, and a kind and a suspicious text per line.
const ORDINARY: &str = include_str!("ordinary_texts.txt");
const SUSPICIOUS: &str = include_str!("suspicious_texts.txt");

fn lines(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.lines().filter(|line| !line.starts_with("//")).map(|line| line.split_once('\t').unwrap())
}

/// Reads `{U+0092}` as a character and `{=value}` as a filled value.
fn parse(line: &str) -> (String, Vec<Range<usize>>) {
    let (mut text, mut filled) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some(start) = rest.find("{=").into_iter().chain(rest.find("{U+")).min() {
        text.push_str(&rest[..start]);
        let (inside, length) = if rest[start..].starts_with("{=") {
            let end = rest[start..].rfind('}').unwrap();
            (&rest[start + 2..start + end], end + 1)
        } else {
            let end = rest[start..].find('}').unwrap();
            (&rest[start..=start + end], end + 1)
        };
        let from = text.len();
        if let Some(code) = inside.strip_prefix("{U+") {
            let code = u32::from_str_radix(code.trim_end_matches('}'), 16).unwrap();
            text.push(char::from_u32(code).unwrap());
        } else {
            text.push_str(inside);
            filled.push(from..text.len());
        }
        rest = &rest[start + length..];
    }
    text.push_str(rest);
    (text, filled)
}

#[test]
fn ordinary_texts_are_not_suspicious() {
    let mut failures = Vec::new();
    for (language, line) in lines(ORDINARY) {
        let (text, filled) = parse(line);
        for suspicion in find(&text, &filled) {
            failures.push(format!(
                "{language}: {text}\n    {:?} {}",
                suspicion.kind, suspicion.message
            ));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn suspicious_texts_are_found() {
    let mut failures = Vec::new();
    for (kind, line) in lines(SUSPICIOUS) {
        let (text, filled) = parse(line);
        let found = find(&text, &filled);
        if found.is_empty()
            || !found.iter().all(|suspicion| format!("{:?}", suspicion.kind) == kind)
        {
            failures.push(format!("{kind}: {text}\n    {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// Ordinary texts with a filled value, in which a similar word is not the whole value.
#[test]
fn only_whole_values_count_as_missing() {
    for text in [
        "Hi {=Nan}!",
        "Hi {=Mr. Null}!",
        "{=None of us} sleeps",
        "Eat {=Nan bread}",
        "A {=test} drive",
        "Get {=50}% off",
    ] {
        let (text, filled) = parse(text);
        assert_eq!(find(&text, &filled), [], "{text}");
    }
}

#[test]
fn ranges_and_messages_name_the_part() {
    for (text, expected) in [
        ("Grüße! Gr??e", ("Gr??e", "`Gr??e` looks like text with lost letters")),
        ("Hi [First Name]!", ("[First Name]", "`[First Name]` looks like a placeholder")),
        (
            "Oh, JosÃƒÂ© GarcÃƒÂ\u{ad}a!",
            (
                "JosÃƒÂ© GarcÃƒÂ\u{ad}a!",
                "`JosÃƒÂ© GarcÃƒÂ\u{ad}a!` looks like `José García!` in a wrong encoding",
            ),
        ),
        ("It\u{92}s", ("\u{92}", "the control character U+0092 looks like a damaged letter")),
        (
            "Only #DIV/0! left",
            ("#DIV/0!", "`#DIV/0!` looks like an error of a spreadsheet formula"),
        ),
        ("  19.9 ", ("19.9", "`19.9` is only a number, an amount or a date")),
    ] {
        let found = find(text, &[]);
        let found: Vec<_> =
            found.iter().map(|s| (&text[s.range.clone()], s.message.as_str())).collect();
        assert_eq!(found, [expected], "{text}");
    }
    let (text, filled) = parse("Hi {=Dear {{ first }}}!");
    let found = find(&text, &filled);
    assert_eq!(found[0].message, "`{{ first }}` stands inside a value, where it is not filled");
}

#[test]
fn findings_do_not_overlap_and_stay_in_the_text() {
    let pieces: Vec<&str> = ORDINARY.lines().chain(SUSPICIOUS.lines()).collect();
    for (index, piece) in pieces.iter().enumerate() {
        // Texts joined without a space, cut at any character, with ranges that do not fit.
        let joined = format!("{piece}{}", pieces[(index * 7 + 3) % pieces.len()]);
        for (cut, _) in joined.char_indices().step_by(17) {
            let text = &joined[cut..];
            let found = find(text, &[0..text.len(), 1..3, 5..500]);
            assert!(
                found.is_sorted_by(|left, right| left.range.end <= right.range.start),
                "{text}"
            );
            assert!(
                found.iter().all(|suspicion| text.get(suspicion.range.clone()).is_some()),
                "{text}"
            );
        }
    }
}

/// With quadratic time, the test would take minutes.
#[test]
fn long_texts_take_linear_time() {
    for piece in [
        "?", "%a", "[", "{", "{{", "<b", "«", "&", "__", "TODO ", "a?", "Ã", "Ã©", "??? ", "?,",
        "*|", "#", "xxx ", "$", "|", "é", "<!--", "<", "@a",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        let count = find(&text, &[]).len();
        assert!(count <= text.len(), "{piece}");
    }
}

#[test]
fn names_of_columns_in_marks_are_placeholders() {
    let is_column = |name: &str| ["First Name", "NAME", "offer_1"].contains(&name);
    for text in [
        "Hi (First Name)!",
        "Hi «First Name»!",
        "Hi -NAME-, welcome",
        "Now [offer_1] for you",
        "Now (offer_1)",
        "Hi #NAME#",
    ] {
        let found = find_suspicions(text, &[], &is_column);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].kind, Placeholder, "{text}");
    }
    for text in ["What's in a NAME?", "Say my NAME.", "SUMMER SALE - NAME - is on"] {
        assert_eq!(find_suspicions(text, &[], &is_column), [], "{text}");
    }
    for text in
        ["Our first name (or last)", "A well-NAME-d shop", "NAME (and address)", "(First) Name"]
    {
        assert_eq!(find_suspicions(text, &[], &is_column), [], "{text}");
    }
}

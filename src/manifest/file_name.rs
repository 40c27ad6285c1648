//! Names of finished files that every system accepts and that stay inside `videos/`: [`safe_stem`].

use sanitise_file_name::Options;

/// The longest stem in bytes. File systems allow 255 for the whole name; this leaves room for what
/// tells the jobs of one row apart, the extension, and `.part` while it is being written.
pub(super) const LONGEST_STEM: usize = 120;

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// `text` as a file name without extension: never a path, never hidden, never a device, at most
/// [`LONGEST_STEM`] bytes. `None` if nothing of it can be used.
pub(super) fn safe_stem(text: &str) -> Option<String> {
    let text = without_video_extension(text.trim());
    // Accents as characters of their own make two names of what some systems take for one.
    let composed: String = text
        .chars()
        .filter(|character| !matches!(character, '\u{300}'..='\u{36F}'))
        .collect();
    let options = Options {
        length_limit: LONGEST_STEM,
        extension_cleverness: false,
        six_measures_of_barley: "_",
        ..Options::DEFAULT
    };
    let safe = sanitise_file_name::sanitise_with_options(&composed, &options);
    let is_edge =
        |character: char| character.is_whitespace() || matches!(character, '.' | '-' | '~');
    let safe = safe
        .trim_start_matches(is_edge)
        .trim_end_matches([' ', '.']);
    let first = safe
        .split('.')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let numbered = first
        .strip_prefix("com")
        .or_else(|| first.strip_prefix("lpt"));
    let is_numbered = numbered.is_some_and(|rest| {
        let mut characters = rest.chars();
        let digit =
            characters.next().is_some_and(char::is_numeric) || rest.starts_with(['¹', '²', '³']);
        digit && characters.next().is_none()
    });
    if !safe.chars().any(char::is_alphanumeric) {
        return None;
    }
    if is_numbered || DEVICES.contains(&first.as_str()) {
        return Some(format!("_{safe}"));
    }
    Some(safe.to_owned())
}

/// The extension is ours to give.
fn without_video_extension(text: &str) -> &str {
    let extension = text
        .rsplit_once('.')
        .map(|(stem, extension)| (stem, extension.to_lowercase()));
    match extension {
        Some((stem, extension)) if ["mp4", "webm", "mov", "m4v"].contains(&extension.as_str()) => {
            stem
        }
        _ => text,
    }
}

/// What two names have in common that some file system takes for one.
pub(super) fn folded(stem: &str) -> String {
    stem.to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_kept_where_they_can_be_and_made_safe_where_not() {
        for (text, expected) in [
            ("Spring 2026 – Anna.mp4", Some("Spring 2026 – Anna")),
            ("../../etc/passwd", Some("etc_passwd")),
            ("C:\\Windows\\x", Some("C__Windows_x")),
            ("nul", Some("nul_")),
            ("NUL.tar.gz", Some("_NUL.tar.gz")),
            ("com1.x", Some("_com1.x")),
            ("comedy", Some("comedy")),
            (".hidden", Some("hidden")),
            ("-rf", Some("rf")),
            (" trailing. ", Some("trailing")),
            ("日本語", Some("日本語")),
            ("e\u{301}", Some("e")),
            ("a\u{202e}b", Some("a_b")),
            ("...", None),
            ("", None),
            ("/", None),
            (".mp4", None),
        ] {
            assert_eq!(safe_stem(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_name_leaves_its_folder_or_is_too_long(text in ".{0,300}") {
            if let Some(stem) = safe_stem(&text) {
                prop_assert!(!stem.is_empty() && stem.len() <= LONGEST_STEM + 1);
                prop_assert!(!stem.contains(['/', '\\', '\0', ':']));
                prop_assert!(!stem.starts_with('.') && !stem.ends_with(['.', ' ']));
                prop_assert!(!stem.chars().any(char::is_control));
            }
        }
    }
}

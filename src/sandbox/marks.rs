//! What a text can ask for; the table is in [the module's description](super).

use crate::remote::api::wire::CreateBody;

/// The marks of a job: those in its text, or in the URL of its recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks<'a>(&'a str);

impl<'a> Marks<'a> {
    pub(super) fn of(body: &'a CreateBody) -> Self {
        let speech = body.audio.as_deref().or(body.text.as_deref());
        Self(speech.unwrap_or_default())
    }

    /// Whether `[name]` stands there, or `[name: words]`.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.contains(&format!("[{name}]")) || self.words(name).is_some()
    }

    /// The words of `[name: words]`.
    pub(super) fn words(self, name: &str) -> Option<String> {
        let (_, rest) = self.0.split_once(&format!("[{name}:"))?;
        let (words, _) = rest.split_once(']')?;
        let words = words.trim();
        // What is no JSON is taken as it stands.
        let read = serde_json::from_str(&format!("\"{words}\""));
        Some(read.unwrap_or_else(|_| words.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_and_their_escapes_read() {
        let body = CreateBody {
            text: Some(r#"Hi [fail: \u001b[31mred\u005d "so"] and [reject] [status: \"x]"#.into()),
            ..CreateBody::default()
        };
        let marks = Marks::of(&body);
        assert_eq!(
            marks.words("fail").unwrap(),
            "\\u001b[31mred\\u005d \"so\"",
            "no JSON"
        );
        assert_eq!(marks.words("status").unwrap(), "\"x");
        assert!(marks.has("fail") && marks.has("reject") && !marks.has("no output"));
        let body = CreateBody {
            text: Some(r"[fail: \u001b[31mred\u005d\n]".into()),
            ..CreateBody::default()
        };
        assert_eq!(Marks::of(&body).words("fail").unwrap(), "\u{1b}[31mred]\n");
    }
}

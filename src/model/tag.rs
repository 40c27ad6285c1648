//! What identifies a job at the provider: [`Fingerprint`], [`Generation`] and [`Tag`].

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::parse::text_id;
use super::{JobId, ParseError, VideoRequest};

/// How often a job was intentionally paid for before: 0 for the first time, one more for each `--retry-failed`,
/// `--resubmit`, `--redo-changed` or `--fresh`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// Returns the next generation.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

text_id! {
    /// A hash of everything in a request that affects the video, which is all fields but the webhook: 16 characters of
    /// base 32 (80 bits of SHA-256).
    Fingerprint
}

text_id! {
    /// The mark `cs-xxxxxxxxxxxx` in the API's `name` field by which a job is found at the provider. Deterministic: the
    /// same campaign, job, request and generation have the same tag, so a run without its journal still recognises paid
    /// jobs. 60 bits of SHA-256.
    Tag
}

const PREFIX: &str = "cs-";
const TAG_CHARACTERS: usize = 12;
const FINGERPRINT_CHARACTERS: usize = 16;

impl FromStr for Fingerprint {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let is_valid = text.len() == FINGERPRINT_CHARACTERS && text.is_ascii();
        is_valid
            .then(|| Self(text.into()))
            .ok_or_else(|| ParseError::new(text, "a hash of a request"))
    }
}

impl FromStr for Tag {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let is_valid = text.len() == PREFIX.len() + TAG_CHARACTERS && text.is_ascii();
        is_valid.then(|| Self(text.into())).ok_or_else(|| ParseError::new(text, "a tag of a job"))
    }
}

impl Fingerprint {
    /// Returns the fingerprint of `request`.
    pub fn of(request: &VideoRequest) -> Self {
        let without_webhook = request
            .webhook_url
            .is_some()
            .then(|| VideoRequest { webhook_url: None, ..request.clone() });
        let canonical = serde_json::to_vec(without_webhook.as_ref().unwrap_or(request))
            .expect("a request is plain data, which JSON can always represent");
        Self(base32(&Sha256::digest(&canonical), FINGERPRINT_CHARACTERS).into())
    }
}

impl Tag {
    /// Returns the tag of one submit.
    pub fn of(campaign: &str, job: &JobId, request: &Fingerprint, generation: Generation) -> Self {
        let mut hash = Sha256::new();
        // Each part is preceded by its length, so that no two lists of parts hash the same bytes.
        for part in [campaign, job.as_str(), request.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(generation.0.to_be_bytes());
        let characters = base32(&hash.finalize(), TAG_CHARACTERS);
        Self(format!("{PREFIX}{characters}").into())
    }

    /// Returns the tag as a unique number.
    pub(super) fn bits(&self) -> u64 {
        let digits = self.0.bytes().skip(PREFIX.len());
        digits.fold(0, |bits, digit| {
            let digit = match digit {
                b'2'..=b'7' => digit - b'2' + 26,
                letter => letter.wrapping_sub(b'a') & 31,
            };
            bits << 5 | u64::from(digit)
        })
    }

    /// Returns the API's `name` for a job: the tag, then the job's readable id. The tag comes first because a provider
    /// may keep only the beginning of a name.
    pub fn name_for(&self, job: &JobId) -> String {
        format!("{self} {job}")
    }
}

/// Returns all tags in `name`. They are searched for, ignoring case and whatever stands in place of the dash, because
/// it is unknown whether the provider keeps names byte for byte.
pub fn find_tags(name: &str) -> impl Iterator<Item = Tag> {
    let name = name.to_ascii_lowercase();
    let is_digit = |character: char| u8::try_from(character).is_ok_and(|it| ALPHABET.contains(&it));
    let ends: Vec<usize> =
        name.match_indices("cs").map(|(start, word)| start + word.len()).collect();
    ends.into_iter().filter_map(move |end| {
        let rest = &name[end..];
        let digits = rest.strip_prefix(|character: char| !character.is_alphanumeric())?;
        let digits: String =
            digits.chars().take(TAG_CHARACTERS).take_while(|it| is_digit(*it)).collect();
        (digits.len() == TAG_CHARACTERS).then(|| Tag(format!("{PREFIX}{digits}").into()))
    })
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Returns the first characters of `bytes` in lower-case base 32 (RFC 4648, section 6).
pub(super) fn base32(bytes: &[u8], characters: usize) -> String {
    let character = |position| {
        let bit = position * 5;
        let high = u16::from(bytes[bit / 8]) << 8;
        let low = bytes.get(bit / 8 + 1).copied().map_or(0, u16::from);
        let index = ((high | low) >> (11 - bit % 8)) & 31;
        char::from(ALPHABET[usize::from(index)])
    };
    (0..characters).map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, ModelVersion, Speech};

    fn fingerprint(letter: char) -> Fingerprint {
        letter.to_string().repeat(16).parse().unwrap()
    }

    #[test]
    fn a_fingerprint_has_a_fixed_length() {
        let read = |text: &str| serde_json::from_str::<Fingerprint>(&format!("\"{text}\""));
        let good = fingerprint('q');
        assert_eq!(read(good.as_str()).unwrap(), good);
        for bad in ["", "q", "qqqqqqqqqqqqqqqqq", "éééééééé"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_webhook_does_not_change_the_fingerprint() {
        let request = VideoRequest::new(Speech::Text("x".into()), "p", AspectRatio::Square);
        let with_webhook = VideoRequest {
            webhook_url: Some("https://example.com/done".into()),
            ..request.clone()
        };
        assert_eq!(Fingerprint::of(&with_webhook), Fingerprint::of(&request));
    }

    #[test]
    fn base32_follows_the_rfc() {
        assert_eq!(base32(b"foobar\0\0", 10), "mzxw6ytboi");
    }

    /// These values are recorded in journals and at the provider: they must never change.
    #[test]
    fn fingerprints_and_tags_never_change() {
        let mut request = VideoRequest::new(
            Speech::Text("Hello, Łukasz \"K.\"\n".into()),
            "7350375b-9a98-51b8-934d-14d46a645dc2",
            AspectRatio::Portrait,
        );
        request.model_version = ModelVersion::AuroraV1;
        request.voice = Some("v-1".into());
        request.captions = true;
        request.caption_style = Some("neo".into());
        request.caption_offset_y = Some("-0.4".parse().unwrap());
        request.background_image = Some("https://x.example/a.png".into());
        let fingerprint = Fingerprint::of(&request);
        assert_eq!(fingerprint.as_str(), "5nzxor2ztbwdqo2d");
        let speech = Speech::Audio("https://x.example/a.mp3".into());
        let plain = VideoRequest::new(speech, "p", AspectRatio::Square);
        assert_eq!(Fingerprint::of(&plain).as_str(), "ol3axkgfz3qcos7t");
        let job: JobId = "row-1".parse().unwrap();
        let tag = |generation| Tag::of("spring", &job, &fingerprint, Generation(generation));
        assert_eq!(tag(0).as_str(), "cs-ttn7gigbigek");
        assert_eq!(tag(2).as_str(), "cs-ganw5hqh6swu");
    }

    #[test]
    fn every_part_changes_the_tag() {
        let job: JobId = "a".parse().unwrap();
        let other: JobId = "b".parse().unwrap();
        let request = fingerprint('q');
        let tag = Tag::of("c", &job, &request, Generation(0));
        assert_eq!(tag, Tag::of("c", &job, &request, Generation(0)));
        assert_ne!(tag, Tag::of("d", &job, &request, Generation(0)));
        assert_ne!(tag, Tag::of("c", &other, &request, Generation(0)));
        assert_ne!(tag, Tag::of("c", &job, &fingerprint('r'), Generation(0)));
        assert_ne!(tag, Tag::of("c", &job, &request, Generation(1)));
    }

    #[test]
    fn every_digit_of_a_tag_changes_its_number() {
        let bits = |text: &str| find_tags(text).next().unwrap().bits();
        assert_eq!(bits("cs-aaaaaaaaaaaa"), 0);
        assert_eq!(bits("cs-777777777777"), (1 << 60) - 1);
        assert_eq!(bits("cs-aaaaaaaaaaz2"), (25 << 5) + 26);
    }

    #[test]
    fn a_tag_is_found_in_a_changed_name() {
        let job: JobId = "spring-cs-sale".parse().unwrap();
        let tag = Tag::of("c", &job, &fingerprint('q'), Generation(0));
        let name = format!("  Copy of {} (2) ", tag.name_for(&job));
        assert_eq!(find_tags(&name).collect::<Vec<_>>(), [tag]);
        assert_eq!(
            find_tags(&name.to_uppercase()).collect::<Vec<_>>(),
            find_tags(&name).collect::<Vec<_>>()
        );
        assert_eq!(find_tags("cs-short cs-punctuation! é").count(), 0);
    }
}

//! The provider's parsed reports about jobs.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use super::{AspectRatio, Credits, RemoteId, Speech, Timestamp, VideoRequest};

/// The recorded status of a render that the provider describes as another job.
pub const OTHER_JOB: &str = "another text, persona or ratio than was sent";

/// A job as the provider describes it in a create, list or get answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderReport {
    /// The remote id.
    pub remote: RemoteId,
    /// The `name` of the job; ours contains the tag.
    pub name: Option<String>,
    /// The status.
    pub status: RenderStatus,
    /// URL of the finished video. Untrusted.
    pub output: Option<String>,
    /// URL of a thumbnail. Untrusted.
    pub thumbnail: Option<String>,
    /// Length of the video in seconds.
    pub duration_seconds: Option<f64>,
    /// The charge; 0 at create and final when done.
    pub credits_used: Option<Credits>,
    /// The provider's reason for a failure. Untrusted.
    pub failed_reason: Option<String>,
    /// Progress from 0 to 1.
    pub progress: Option<f64>,
    /// When the provider accepted it.
    pub created_at: Option<Timestamp>,
    /// What it is made from, as far as the provider says so.
    pub echo: Box<RequestEcho>,
}

/// What the provider says a job is made from, to notice a report about another job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestEcho {
    /// The letters and digits of the beginning of `text`.
    letters: Option<Box<str>>,
    /// `text`, unless it is long.
    text: Option<Box<str>>,
    /// `creator`.
    persona: Option<Box<str>>,
    /// `aspect_ratio`.
    aspect_ratio: Option<AspectRatio>,
}

/// Letters and digits of a text that are compared.
const COMPARED_LETTERS: usize = 400;

/// The longest text in bytes that is kept as it is.
const MAX_TEXT: usize = 2000;

/// The least number of letters and digits by which a text that the provider has cut off is recognised.
const LETTERS_OF_BEGINNING: usize = 40;

impl RequestEcho {
    /// Returns the echo of these fields of a job.
    pub fn new(text: Option<&str>, creator: Option<&str>, aspect_ratio: Option<&str>) -> Self {
        let letters = text.map(comparable).filter(|text| !text.is_empty());
        let persona = creator.filter(|persona| !without_dashes(persona).is_empty());
        let ratio = aspect_ratio.and_then(|ratio| ratio.trim().replace(':', "x").parse().ok());
        Self {
            text: text.filter(|text| letters.is_some() && text.len() <= MAX_TEXT).map(Into::into),
            letters: letters.map(Into::into),
            persona: persona.map(Into::into),
            aspect_ratio: ratio,
        }
    }

    /// Checks whether the job may be made from `request`. What the provider may have changed in a text, such as quotes and
    /// spaces, is not compared.
    pub fn fits(&self, request: &VideoRequest) -> bool {
        self.fits_text(request)
            && self.fits_persona(request)
            && self.aspect_ratio.is_none_or(|ratio| ratio == request.aspect_ratio)
    }

    fn fits_text(&self, request: &VideoRequest) -> bool {
        let (Some(shown), Speech::Text(text)) = (self.letters.as_deref(), &request.speech) else {
            return true;
        };
        let sent = comparable(text);
        let is_cut = shown.chars().count() >= LETTERS_OF_BEGINNING;
        sent.is_empty() || *shown == *sent || is_cut && sent.starts_with(shown)
    }

    fn fits_persona(&self, request: &VideoRequest) -> bool {
        let shown = self.persona.as_deref();
        shown.is_none_or(|shown| without_dashes(shown) == without_dashes(&request.persona))
    }

    /// Checks whether it shows the text of `request`, and fits it.
    pub(crate) fn describes(&self, request: &VideoRequest) -> bool {
        self.letters.is_some() && matches!(request.speech, Speech::Text(_)) && self.fits(request)
    }

    /// Returns `request` with what the provider shows in place of what differs, or `None` if nothing does.
    pub(crate) fn change(&self, request: &VideoRequest) -> Option<VideoRequest> {
        let text = match (&request.speech, &self.text) {
            (Speech::Text(sent), Some(shown)) => Some(shown).filter(|shown| shown[..] != sent[..]),
            (Speech::Text(_), None) => self.letters.as_ref().filter(|_| !self.fits_text(request)),
            (Speech::Audio(_), _) => None,
        };
        let persona = self.persona.as_ref().filter(|_| !self.fits_persona(request));
        let ratio = self.aspect_ratio.filter(|ratio| *ratio != request.aspect_ratio);
        if text.is_none() && persona.is_none() && ratio.is_none() {
            return None;
        }
        let mut changed = request.clone();
        if let Some(text) = text {
            changed.speech = Speech::Text((**text).into());
        }
        if let Some(persona) = persona {
            changed.persona = (**persona).into();
        }
        changed.aspect_ratio = ratio.unwrap_or(changed.aspect_ratio);
        Some(changed)
    }

    /// Returns the letters and digits of the beginning of the text.
    pub(super) fn letters(&self) -> Option<&str> {
        self.letters.as_deref()
    }

    /// Returns its size in memory in bytes, without that of the structure.
    pub(crate) fn size(&self) -> usize {
        [&self.letters, &self.text, &self.persona]
            .into_iter()
            .flatten()
            .map(|text| text.len())
            .sum()
    }
}

/// Returns the letters and digits at the beginning of `text`, without entities of HTML, in one form of Unicode.
pub(super) fn comparable(text: &str) -> String {
    const ENTITIES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let decoded = ENTITIES.into_iter().fold(text.to_owned(), |text, (entity, character)| {
        if text.contains(entity) { text.replace(entity, character) } else { text }
    });
    let normalized = ComposingNormalizerBorrowed::new_nfkc().normalize(&decoded);
    normalized.chars().filter(|letter| letter.is_alphanumeric()).take(COMPARED_LETTERS).collect()
}

fn without_dashes(id: &str) -> String {
    id.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The documented statuses, and any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderStatus {
    /// Accepted.
    Pending,
    /// Queued.
    InQueue,
    /// Being rendered.
    Running,
    /// Finished; an output should follow.
    Done,
    /// Failed at the provider.
    Failed,
    /// Refused by moderation or validation.
    Rejected,
    /// An undocumented status. It does not count as final.
    Other(String),
}

impl RenderStatus {
    /// Parses a status, without regard to case; unknown words are kept.
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "pending" => Self::Pending,
            "in_queue" => Self::InQueue,
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "rejected" => Self::Rejected,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// Checks whether the status is final. Undocumented ones are not.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Failed | Self::Rejected => true,
            Self::Pending | Self::InQueue | Self::Running | Self::Other(_) => false,
        }
    }

    /// Returns the status as text.
    pub fn as_word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::InQueue => "in_queue",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for RenderStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_word())
    }
}

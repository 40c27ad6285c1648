//! An accepted job. Its whole life is decided when it is accepted; its status is a pure function of the job
//! and the time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::remote::api::wire::CreateBody;

use super::clock::api_time;
use super::links::Links;
use super::media::MediaTemplate;

/// How long a job is `pending` at first, in milliseconds.
const PENDING_MILLIS: i64 = 100;

/// The shortest time from acceptance to rendering, `in_queue` included, in milliseconds.
pub(super) const QUEUE_MILLIS: i64 = 200;

/// An accepted job, as the state file stores it. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    /// The number of jobs accepted before it.
    pub(super) number: u64,
    /// A UUID.
    pub(super) id: String,
    /// The validated request.
    pub(super) body: CreateBody,
    pub(super) accepted_at: i64,
    /// When rendering starts.
    pub(super) starts_at: i64,
    /// When rendering ends.
    pub(super) ends_at: i64,
    /// Seconds of speech.
    pub(super) seconds: f64,
    /// Credits, charged at its end.
    pub(super) charge: f64,
    #[serde(rename = "verdict")]
    pub(super) outcome: JobOutcome,
    /// Bytes added to its video.
    pub(super) padding: usize,
    /// SHA-256 of its video, in hexadecimal.
    pub(super) sha256: String,
    /// Size of its video in bytes.
    pub(super) bytes: usize,
}

/// How a job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum JobOutcome {
    /// With a video.
    Done,
    /// `done`, but without a link to a video: `[no output]` in the text.
    DoneWithoutOutput,
    /// By a render failure: `[fail]` in the text.
    Failed,
    /// By moderation, before rendering: `[reject]` in the text.
    Rejected,
}

/// The status of a job, in the API's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Just accepted.
    Pending,
    /// Waiting for a free renderer.
    InQueue,
    /// Rendering.
    Running,
    /// Ended with a video.
    Done,
    /// Ended by a render failure.
    Failed,
    /// Ended by moderation.
    Rejected,
}

impl JobOutcome {
    /// Returns the outcome that the directives of a request ask for.
    pub(super) fn requested(body: &CreateBody) -> Self {
        let directives = Directives::new(body);
        if directives.has("reject") {
            Self::Rejected
        } else if directives.has("fail") {
            Self::Failed
        } else if directives.has("no output") {
            Self::DoneWithoutOutput
        } else {
            Self::Done
        }
    }
}

/// The directives in a job's text or in the URL of its recording. [The module](super) lists them.
#[derive(Debug, Clone, Copy)]
struct Directives<'a>(&'a str);

impl<'a> Directives<'a> {
    fn new(body: &'a CreateBody) -> Self {
        let speech = body.audio.as_deref().or(body.text.as_deref());
        Self(speech.unwrap_or_default())
    }

    /// Checks whether it contains `[name]` or `[name: argument]`.
    fn has(self, name: &str) -> bool {
        self.0.contains(&format!("[{name}]")) || self.argument(name).is_some()
    }

    /// Returns the argument of `[name: argument]`, with JSON escapes decoded if they are valid.
    fn argument(self, name: &str) -> Option<String> {
        let (_, rest) = self.0.split_once(&format!("[{name}:"))?;
        let (argument, _) = rest.split_once(']')?;
        let argument = argument.trim();
        let decoded = serde_json::from_str(&format!("\"{argument}\""));
        Some(decoded.unwrap_or_else(|_| argument.to_owned()))
    }
}

impl Job {
    /// Returns its status at `now`.
    pub(super) fn status(&self, now: i64) -> JobStatus {
        if now >= self.ends_at {
            match self.outcome {
                JobOutcome::Done | JobOutcome::DoneWithoutOutput => JobStatus::Done,
                JobOutcome::Failed => JobStatus::Failed,
                JobOutcome::Rejected => JobStatus::Rejected,
            }
        } else if now >= self.starts_at {
            JobStatus::Running
        } else if now >= self.accepted_at.saturating_add(PENDING_MILLIS) {
            JobStatus::InQueue
        } else {
            JobStatus::Pending
        }
    }

    /// Returns the rendered share at `now`, from 0 to 1 in hundredths.
    #[expect(clippy::cast_precision_loss, reason = "a render of minutes at most")]
    fn progress(&self, now: i64) -> f64 {
        let whole = self.ends_at.saturating_sub(self.starts_at).max(1) as f64;
        let share = now.saturating_sub(self.starts_at) as f64 / whole;
        (share.clamp(0.0, 1.0) * 100.0).floor() / 100.0
    }

    pub(super) fn media(&self) -> MediaTemplate {
        MediaTemplate::new(
            self.body.aspect_ratio.as_deref().unwrap_or_default(),
            self.body.transparent_background == Some(true),
        )
    }

    /// Returns its video, always the same bytes.
    pub(super) fn video(&self) -> Vec<u8> {
        self.media().video(&self.id, self.padding)
    }

    /// Returns the JSON object of the job at `now`, with all fields of the API.
    pub(super) fn object(&self, now: i64, links: &Links) -> Value {
        let status = self.status(now);
        let body = &self.body;
        let directives = Directives::new(body);
        let has_output = status == JobStatus::Done && self.outcome == JobOutcome::Done;
        let output = has_output.then(|| {
            let link = || links.file("videos", &self.id, self.media().extension(), now);
            directives.argument("output").unwrap_or_else(link)
        });
        let requested = directives.argument("status");
        let requested = requested.filter(|_| status == JobStatus::Running);
        let reported_status = requested.map_or(json!(status), Value::from);
        let updated_at = match status {
            JobStatus::Pending => self.accepted_at,
            JobStatus::InQueue => self.accepted_at.saturating_add(PENDING_MILLIS),
            JobStatus::Running => self.starts_at,
            JobStatus::Done | JobStatus::Failed | JobStatus::Rejected => self.ends_at,
        };
        let failed_reason = match status {
            JobStatus::Failed => {
                Some(("fail", "The avatar could not be rendered. Please try again later."))
            }
            JobStatus::Rejected => Some(("reject", "The text was rejected by content moderation.")),
            JobStatus::Pending | JobStatus::InQueue | JobStatus::Running | JobStatus::Done => None,
        };
        let failed_reason = failed_reason.map(|(directive, usual)| {
            let argument = directives.argument(directive);
            argument.unwrap_or_else(|| usual.to_owned())
        });
        json!({
            "id": self.id,
            "name": body.name,
            "text": body.text,
            "creator": body.creator,
            "model_version": body.model_version.as_deref().unwrap_or("standard"),
            "output": output,
            "video_thumbnail": has_output.then(|| links.file("thumbnails", &self.id, "jpg", now)),
            "aspect_ratio": body.aspect_ratio,
            "green_screen": body.green_screen.unwrap_or(false),
            "transparent_background": body.transparent_background.unwrap_or(false),
            "is_hidden": false,
            "no_caption": body.no_caption.unwrap_or(true),
            "no_music": body.no_music.unwrap_or(true),
            "created_at": api_time(self.accepted_at),
            "updated_at": api_time(updated_at),
            "credits_used": number(if now >= self.ends_at { self.charge } else { 0.0 }),
            "duration": has_output.then(|| number(self.seconds.ceil())),
            "progress": self.progress(now),
            "failed_reason": failed_reason,
            "media_job": links.seed.uuid("media job", self.number),
            "status": reported_status,
            "audio_url": body.audio,
            "webhook_url": body.webhook_url,
            "preview": null,
            "preview_audio": null,
            "accent": body.accent,
            "editor_url": null,
            "caption_style": body.caption_style.as_deref().unwrap_or("normal-black"),
            "caption_offset_x": body.caption_offset_x.as_deref().unwrap_or("0.00"),
            "caption_offset_y": body.caption_offset_y.as_deref().unwrap_or("-0.40"),
            "background_asset_image_url": body.background_asset_image_url,
        })
    }
}

/// Formats a number as the API does: whole numbers without a decimal point.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::api::wire::parse_job;
    use crate::sandbox::random::Seed;

    fn job(text: &str) -> Job {
        let body = CreateBody {
            text: Some(text.into()),
            aspect_ratio: Some("9x16".into()),
            name: Some("row-1 cs-abc".into()),
            ..CreateBody::default()
        };
        Job {
            number: 0,
            id: Seed(1).uuid("job", 0),
            outcome: JobOutcome::requested(&body),
            body,
            accepted_at: 1000,
            starts_at: 1300,
            ends_at: 2300,
            seconds: 10.4,
            charge: 5.5,
            padding: 0,
            sha256: String::new(),
            bytes: 0,
        }
    }

    fn links(signed: bool) -> Links {
        Links { files: "http://127.0.0.1:9".into(), signed, seed: Seed(1) }
    }

    #[test]
    fn the_status_follows_from_the_clock() {
        let job = job("Hello");
        for (now, status) in [
            (1000, JobStatus::Pending),
            (1100, JobStatus::InQueue),
            (1299, JobStatus::InQueue),
            (1300, JobStatus::Running),
            (2299, JobStatus::Running),
            (2300, JobStatus::Done),
            (i64::MAX, JobStatus::Done),
        ] {
            assert_eq!(job.status(now), status, "{now}");
        }
        // A clock that was set back shows an earlier status.
        assert_eq!(job.status(i64::MIN), JobStatus::Pending);
    }

    #[test]
    fn the_charge_the_duration_and_links_appear_at_the_end() {
        let job = job("Hello");
        let running = job.object(1800, &links(false));
        assert_eq!(running["progress"], 0.5);
        assert_eq!(running["credits_used"], 0);
        assert!(running["output"].is_null() && running["duration"].is_null());
        let done = job.object(2300, &links(false));
        assert_eq!(done["credits_used"], 5.5);
        assert_eq!(done["duration"], 11);
        let video = format!("http://127.0.0.1:9/videos/{}.mp4", job.id);
        assert_eq!(done["output"], video);
        assert_ne!(job.object(2300, &links(true))["output"], video);
    }

    #[test]
    fn directives_in_the_text_decide_the_outcome() {
        for (text, status, output) in [
            ("Say [fail] please", "failed", false),
            ("[reject]", "rejected", false),
            ("[no output]", "done", false),
            ("[fail: no face]", "failed", false),
            ("[status: odd] plain", "done", true),
        ] {
            let object = job(text).object(9999, &links(false));
            assert_eq!(object["status"], status);
            assert_eq!(object["output"].is_string(), output, "{text}");
            assert_eq!(object["failed_reason"].is_null(), status == "done");
        }
    }

    #[test]
    fn directives_with_an_argument_are_echoed() {
        let failed = job(r"[fail: no \u0066ace]").object(9999, &links(false));
        assert_eq!(failed["failed_reason"], "no face");
        let rejected = job("[reject: bad words]").object(9999, &links(false));
        assert_eq!(rejected["failed_reason"], "bad words");
        let elsewhere = job("[output: file:///etc/passwd] [status: odd]");
        assert_eq!(elsewhere.object(1800, &links(false))["status"], "odd");
        let done = elsewhere.object(9999, &links(false));
        assert_eq!(done["output"], "file:///etc/passwd");
        assert_eq!(done["status"], "done");
    }

    #[test]
    fn the_wire_types_parse_a_job_object() {
        let object = job("Hello").object(2300, &links(true));
        let fields = object.as_object().unwrap().len();
        let report = parse_job(&object).unwrap();
        assert_eq!(fields, 31);
        assert_eq!(report.name.as_deref(), Some("row-1 cs-abc"));
        assert!(report.output.is_some() && report.thumbnail.is_some());
        assert_eq!(report.created_at.unwrap().as_millis(), 1000);
    }

    #[test]
    fn directives_are_found_and_their_escapes_decoded() {
        let body = CreateBody {
            text: Some(r#"Hi [fail: \u001b[31mred\u005d "so"] and [reject] [status: \"x]"#.into()),
            ..CreateBody::default()
        };
        let directives = Directives::new(&body);
        assert_eq!(directives.argument("fail").unwrap(), "\\u001b[31mred\\u005d \"so\"", "no JSON");
        assert_eq!(directives.argument("status").unwrap(), "\"x");
        assert!(directives.has("fail") && directives.has("reject") && !directives.has("no output"));
        let body = CreateBody {
            text: Some(r"[fail: \u001b[31mred\u005d\n]".into()),
            ..CreateBody::default()
        };
        assert_eq!(Directives::new(&body).argument("fail").unwrap(), "\u{1b}[31mred]\n");
    }
}

//! What is told to programs: kept apart from [`Event`], so that the journal's form can change without
//! breaking whoever reads the lines.

use serde::Serialize;

use super::Summary;
use super::{stop_words, words};
use crate::model::{
    Credits, Event, Failure, FailureKind, Generation, JobEvent, JobId, Lane, RemoteId, Tag,
    redact_url,
};

#[derive(Debug, Serialize)]
pub(super) struct Trouble {
    kind: FailureKind,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
}

/// What is told: kept apart from [`Event`], so that the journal's form can change without breaking
/// whoever reads the lines.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum News<'a> {
    RunStarted {
        program: &'a str,
        process: u32,
        jobs: usize,
        pending: usize,
    },
    RunEnded {
        stopped: Option<&'static str>,
        message: Option<String>,
    },
    LaneHeld {
        lane: Lane,
        until: String,
        failure: Trouble,
    },
    JournalLost,
    InventoryTaken {
        rows: u64,
    },
    InventorySkipped {
        failure: Trouble,
    },
    PlacesLearnt {
        places: usize,
    },
    SubmitStarted {
        job: &'a JobId,
        tag: &'a Tag,
        generation: Generation,
        reserved: Credits,
    },
    Submitted {
        job: &'a JobId,
        remote_id: &'a RemoteId,
    },
    SubmitDeferred {
        job: &'a JobId,
        failure: Trouble,
    },
    SubmitLost {
        job: &'a JobId,
        failure: Trouble,
    },
    Adopted {
        job: &'a JobId,
        remote_id: &'a RemoteId,
        tag: &'a Tag,
        generation: Generation,
        reserved: Credits,
    },
    NotProven {
        job: &'a JobId,
        why: &'static str,
        message: String,
    },
    FoundAbsent {
        job: &'a JobId,
    },
    Observed {
        job: &'a JobId,
        status: String,
    },
    RenderOverdue {
        job: &'a JobId,
    },
    Rendered {
        job: &'a JobId,
        video_url: String,
        thumbnail_url: Option<String>,
        duration_seconds: Option<f64>,
        credits_used: Option<Credits>,
    },
    Done {
        job: &'a JobId,
        file: &'a str,
        thumbnail: Option<&'a str>,
        bytes: u64,
        sha256: &'a str,
    },
    FetchDeferred {
        job: &'a JobId,
        failure: Trouble,
    },
    FetchLeft {
        job: &'a JobId,
        failure: Trouble,
    },
    LinkExpired {
        job: &'a JobId,
        failure: Trouble,
    },
    PaidTwice {
        job: &'a JobId,
        other_remote_id: &'a RemoteId,
    },
    FileMissing {
        job: &'a JobId,
    },
    Failed {
        job: &'a JobId,
        failure: Trouble,
        credits_used: Option<Credits>,
    },
    Revisited {
        job: &'a JobId,
    },
    Reopened {
        job: &'a JobId,
        generation: Generation,
    },
}

impl Trouble {
    fn of(failure: &Failure) -> Self {
        Self {
            kind: failure.kind,
            message: words::clean(&failure.message),
            http_status: failure.status,
        }
    }
}

impl<'a> News<'a> {
    pub(super) fn of(summary: &Summary, event: &'a Event) -> Self {
        match event {
            Event::RunStarted { version, process } => {
                let counts = summary.counts();
                Self::RunStarted {
                    program: version,
                    process: *process,
                    jobs: counts.total,
                    pending: counts.pending,
                }
            }
            Event::RunEnded { stopped } => Self::RunEnded {
                stopped: stopped.as_ref().map(stop_words::kind),
                message: stopped.as_ref().map(stop_words::sentence),
            },
            Event::LaneHeld {
                lane,
                until,
                failure,
            } => Self::LaneHeld {
                lane: *lane,
                until: until.to_string(),
                failure: Trouble::of(failure),
            },
            Event::JournalLost => Self::JournalLost,
            Event::InventoryTaken { rows } => Self::InventoryTaken { rows: *rows },
            Event::InventorySkipped { failure } => Self::InventorySkipped {
                failure: Trouble::of(failure),
            },
            Event::PlacesLearnt { places } => Self::PlacesLearnt { places: *places },
            Event::Job { job, event } => Self::of_job(job, event),
        }
    }

    fn of_job(job: &'a JobId, event: &'a JobEvent) -> Self {
        match event {
            JobEvent::SubmitStarted {
                tag,
                generation,
                reserved,
                ..
            } => Self::SubmitStarted {
                job,
                tag,
                generation: *generation,
                reserved: *reserved,
            },
            JobEvent::Submitted { remote } => Self::Submitted {
                job,
                remote_id: remote,
            },
            JobEvent::SubmitDeferred { failure } => Self::SubmitDeferred {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::SubmitLost { failure } => Self::SubmitLost {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::Adopted {
                remote,
                tag,
                generation,
                reserved,
                ..
            } => Self::Adopted {
                job,
                remote_id: remote,
                tag,
                generation: *generation,
                reserved: *reserved,
            },
            JobEvent::NotProven { why } => Self::NotProven {
                job,
                why: why.word(),
                message: words::clean(&why.to_string()),
            },
            JobEvent::FoundAbsent => Self::FoundAbsent { job },
            JobEvent::Observed { status } => Self::Observed {
                job,
                status: words::clean(status),
            },
            JobEvent::RenderOverdue => Self::RenderOverdue { job },
            JobEvent::Rendered { output } => Self::Rendered {
                job,
                video_url: redact_url(&output.video_url),
                thumbnail_url: output.thumbnail_url.as_deref().map(redact_url),
                duration_seconds: output.duration_seconds,
                credits_used: output.credits_used,
            },
            JobEvent::Fetched { artifact } => Self::Done {
                job,
                file: &artifact.file,
                thumbnail: artifact.thumbnail.as_deref(),
                bytes: artifact.bytes,
                sha256: &artifact.sha256,
            },
            JobEvent::FetchDeferred { failure } => Self::FetchDeferred {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::FetchLeft { failure } => Self::FetchLeft {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::LinkExpired { failure } => Self::LinkExpired {
                job,
                failure: Trouble::of(failure),
            },
            JobEvent::PaidTwice { remote } => Self::PaidTwice {
                job,
                other_remote_id: remote,
            },
            JobEvent::FileMissing => Self::FileMissing { job },
            JobEvent::Failed { failure, charged } => Self::Failed {
                job,
                failure: Trouble::of(failure),
                credits_used: *charged,
            },
            JobEvent::Revisited => Self::Revisited { job },
            JobEvent::Reopened { generation } => Self::Reopened {
                job,
                generation: *generation,
            },
        }
    }
}

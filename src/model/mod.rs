//! The vocabulary every other layer speaks: ids, time, credits, requests, jobs, phases, events,
//! commands, failures. Plain data and the pure rules about it; nothing here performs anything.
//!
//! Start with [`Phase`] (where a job stands), [`JobEvent`] (what can become true of it) and
//! [`Failure::disposition`] (what a failure means): together they are the life of a job.

mod approval;
mod calibration;
mod command;
mod credits;
mod download_progress;
mod event;
mod failure;
mod history;
mod ids;
mod in_flight;
mod inconclusive;
mod job;
mod limits;
mod list_filter;
mod phase;
mod plan;
mod price;
mod render;
mod request;
mod results;
mod run;
mod secret;
mod shard;
mod sparse;
mod state;
mod stop;
mod tag;
mod text;
mod time;
mod trusted_time;

pub(crate) use approval::{Approval, Changes};
pub(crate) use calibration::Calibration;
pub use command::{Command, FetchOrder, Listing, Outcome};
pub use credits::{Credits, ParseCreditsError};
pub use download_progress::DownloadProgress;
pub use event::{Artifact, Entry, Event, JobEvent, Lane, Output};
pub use failure::{CommandKind, Disposition, Failure, FailureKind, RetryAfter};
pub(crate) use history::JobHistory;
pub use history::{History, HistoryError};
pub use ids::{InvalidId, JobId, RemoteId};
pub use in_flight::{InFlight, ParseInFlightError};
pub use inconclusive::Inconclusive;
pub use job::{JobSpec, Origin, PlannedJob};
pub use limits::{FailureAllowance, LimitSettings, Limits, ParseLimitError, Rate, parse_duration};
pub use list_filter::{CampaignTags, ListFilter};
pub use phase::{IllegalTransition, Phase};
pub use plan::{Note, OutputSettings, Plan, Sheet, SheetRow};
pub(crate) use price::SpeechLength;
pub use price::{
    CHARACTERS_A_WORD, Estimate, PriceSettings, PriceTable, RecordingLengths, SpeechRates,
};
pub use render::{RenderReport, RenderStatus};
pub use request::{
    AspectRatio, CAPTION_STYLES, CaptionOffset, ModelVersion, ParseRequestError, Speech,
    VideoRequest,
};
pub(crate) use results::RESULT_COLUMNS;
pub use run::{Inventory, Run, RunEnd};
pub use secret::{Credentials, SecretText, redact_url};
pub use shard::{ParseShardError, Shard, TooManyShards};
pub(crate) use sparse::{Blank, Sparse};
pub use state::{JobState, SupersededSubmit};
pub use stop::StopReason;
pub use tag::{Fingerprint, Generation, Tag, find_tags};
pub use text::Text;
pub use time::Timestamp;
pub use trusted_time::TrustedTime;

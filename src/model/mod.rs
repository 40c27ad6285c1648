//! The vocabulary every other layer speaks: ids, time, credits, requests, jobs, phases, events,
//! commands, failures. Plain data and the pure rules about it; nothing here performs anything.
//!
//! Start with [`Phase`] (where a job stands), [`JobEvent`] (what can become true of it) and
//! [`Failure::disposition`] (what a failure means): together they are the life of a job.

mod approval;
mod command;
mod credits;
mod event;
mod experience;
mod failure;
mod history;
mod ids;
mod in_flight;
mod job;
mod limits;
mod meter;
mod moment;
mod phase;
mod plan;
mod price;
mod render;
mod request;
mod results;
mod run;
mod secret;
mod shard;
mod sought;
mod sparse;
mod state;
mod stop;
mod tag;
mod text;
mod time;
mod unproven;

pub(crate) use approval::{Approval, Changes};
pub use command::{Command, FetchOrder, Listing, Outcome};
pub use credits::{Credits, ParseCreditsError};
pub use event::{Artifact, Entry, Event, JobEvent, Lane, Output};
pub(crate) use experience::Experience;
pub use failure::{CommandKind, Disposition, Failure, FailureKind, RetryAfter};
pub(crate) use history::JobHistory;
pub use history::{History, HistoryError};
pub use ids::{InvalidId, JobId, RemoteId};
pub use in_flight::{InFlight, ParseInFlightError};
pub use job::{JobSpec, Origin, PlannedJob};
pub use limits::{FailureAllowance, LimitSettings, Limits, ParseLimitError, Rate, parse_duration};
pub use meter::Meter;
pub use moment::Moment;
pub use phase::{IllegalTransition, Phase};
pub use plan::{Note, OutputSettings, Plan, Sheet, SheetRow};
pub(crate) use price::Spoken;
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
pub use sought::{OwnRows, Sought};
pub(crate) use sparse::{Blank, Sparse};
pub use state::{JobState, LeftBehind};
pub use stop::StopReason;
pub use tag::{Fingerprint, Generation, Tag, find_tags};
pub use text::Text;
pub use time::Timestamp;
pub use unproven::Unproven;

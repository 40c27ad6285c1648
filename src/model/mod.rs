//! The vocabulary of all layers: ids, time, credits, requests, jobs, phases, events, commands, failures. Plain data
//! and pure rules, without I/O.
//!
//! Start with [`Phase`] (the phases of a job), [`JobEvent`] (its events) and [`Failure::disposition`] (the
//! consequences of failures): together they are the life of a job.

mod account;
mod approval;
mod calibration;
mod command;
mod credit_cap;
mod credits;
mod event;
mod exit;
mod failure;
mod flag;
mod history;
mod ids;
mod job;
mod limits;
mod listing;
mod manifest_location;
mod parse;
mod phase;
mod plan;
mod price;
mod render;
mod request;
mod request_index;
mod secret;
mod shard;
mod state;
mod stop;
mod tag;
mod time;
mod value_origin;

pub use account::{Account, AccountMark};
pub(crate) use approval::{AcceptedTexts, Approval, Changes};
pub(crate) use calibration::Calibration;
pub use command::{
    AcceptedJob, Command, DownloadProgress, DownloadRequest, ListOrder, Listing, Outcome,
};
pub use credit_cap::{CapSource, CreditCap, RecordedCap};
pub use credits::Credits;
pub(crate) use event::variant_name;
pub use event::{Artifact, Entry, Event, JobEvent, Lane, Output};
pub(crate) use exit::Exit;
pub use failure::{CommandKind, Disposition, Failure, FailureKind, RetryAfter, denies_credits};
pub use flag::{CommandName, Flag};
pub(crate) use history::JobHistory;
pub use history::{History, HistoryError, Run, RunEnd};
pub use ids::{InvalidId, JobId, RemoteId};
pub use job::{JobSpec, Origin, PlannedJob};
pub use limits::{FailureAllowance, InFlight, LimitSettings, Limits, Rate, parse_duration};
pub(crate) use listing::is_nameless;
pub use listing::{CampaignTags, Inconclusive, ListFilter};
pub use manifest_location::{ManifestLocation, WebAddress};
pub use parse::ParseError;
pub use phase::{IllegalTransition, Phase};
pub use plan::Duplicates;
pub use plan::{
    Note, OutputSettings, Plan, Sheet, SheetFile, SheetRow, Suspicion, SuspiciousTexts,
};
pub(crate) use plan::{RESULT_COLUMNS, find_result_columns};
pub(crate) use price::SpeechLength;
pub use price::{
    CHARACTERS_A_WORD, Estimate, PriceSettings, PriceTable, RecordingLengths, SpeechRates,
};
pub use render::{OTHER_JOB, RenderReport, RenderStatus, RequestEcho};
pub use request::{AspectRatio, CAPTION_STYLES, CaptionOffset, ModelVersion, Speech, VideoRequest};
pub use request_index::{PaidRow, RequestIndex};
pub use secret::{Credentials, SecretText, redact_url};
pub use shard::{Shard, TooManyShards};
pub use state::{JobState, SupersededSubmit};
pub use stop::StopReason;
pub use tag::{Fingerprint, Generation, Tag, find_tags};
pub use time::{Timestamp, TrustedTime};
pub use value_origin::ValueOrigin;

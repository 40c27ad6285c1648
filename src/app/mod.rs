//! The use cases: plan, run, collect, status, report, approval, catalogue.
//!
//! Nothing here parses arguments or prints. A use case takes typed options, returns values, and reports notes and
//! warnings through [`Notices`]; questions about money go through [`Confirm`]. The command line is one edge over
//! this layer, a local web page can be another.

mod account;
mod addressed_sheet;
mod advice;
mod approve;
mod campaigns;
mod cap;
mod catalogue;
mod costs;
mod doctor;
mod duplicates;
mod edits;
mod error;
mod estimates;
mod export;
mod first_run;
mod identity;
mod load;
mod manifest;
mod marks;
mod merge;
mod named_file;
mod notices;
mod notifications;
mod observers;
mod open_address;
mod options;
mod output_lock;
mod plan;
mod prefetch;
mod preflight;
mod prepare;
mod provider;
mod recorded_state;
mod rerun;
mod reserved_names;
mod reword;
mod run;
mod selection;
mod shard;
mod sheet;
mod suspicious;
mod unfinished_days;
mod upload;
mod versions;
mod view;

pub(crate) use self::advice::{causes, message};
pub use self::approve::ApprovalPolicy;
pub(crate) use self::approve::{AskYesOrNo, approve};
pub(crate) use self::campaigns::{FoundCampaign, find_campaigns};
pub(crate) use self::catalogue::{
    Catalogue, CatalogueFilter, NameLookup, NetworkUse, PersonaItem, Previews, VoiceItem,
    display_text, has_preview, or_dash, persona_genders, persona_page, preview_key, voice_genders,
    voice_page,
};
pub(crate) use self::costs::Costs;
pub(crate) use self::doctor::{Check, examine};
pub(crate) use self::duplicates::own_file;
pub use self::error::Error;
pub(crate) use self::export::export;
pub(crate) use self::identity::replaced_rows;
pub(crate) use self::load::blocking;
pub(crate) use self::manifest::LoadedManifest;
pub(crate) use self::marks::{Mark, add_mark, import_marks, kept_marks, output_folder};
pub(crate) use self::merge::merge;
pub use self::notices::{Ask, Confirm, Notices, Proposal, Severity};
pub(crate) use self::notifications::{CommandEnd, NotificationSettings, Notifications, Occasion};
pub(crate) use self::open_address::SheetCopy;
pub use self::options::{CampaignOptions, ResumeCommand};
pub(crate) use self::options::{ProviderFlags, today};
pub(crate) use self::plan::{PlanRequest, plan};
pub use self::prepare::{Displays, RunRequest};
pub use self::provider::ProviderConfig;
pub use self::rerun::RerunSelection;
pub(crate) use self::reword::{Redo, prepare_redo};
pub use self::run::{FinishedRun, run};
pub(crate) use self::run::{Goal, exit_code, run_with};
pub(crate) use self::sheet::{Sheet, SheetEdit, choose_column, download_sheet, edit_sheet, sheet};
pub(crate) use self::unfinished_days::other_unfinished_days;
pub(crate) use self::upload::keep_upload;
pub(crate) use self::versions::earlier_versions;
pub(crate) use self::view::{CampaignView, ViewRequest};
pub use crate::driver::DriveError;
pub(crate) use crate::driver::Interrupts;
use crate::driver::{self, Clock as _, SystemClock};
pub use crate::engine::{RunOptions, Submits};
pub use crate::journal::{JournalError, LockError};
pub use crate::manifest::ColumnChoice;
pub(crate) use crate::manifest::Selection;
pub(crate) use crate::manifest::{
    INIT_CSV, INIT_YAML, closest_match, is_campaign_name, parse_yaml,
};
use crate::model::Timestamp;
pub use crate::remote::{BaseUrl, GatewayPlace};

/// Returns the current time.
pub(crate) fn now() -> Timestamp {
    SystemClock::new().now()
}

/// Starts to listen for Ctrl-C and similar signals, which no longer end the process from now on.
///
/// # Errors
/// If the signals cannot be handled.
pub(crate) fn listen_for_interrupts() -> Result<Interrupts, Error> {
    driver::listen_for_interrupts().map_err(Error::io("cannot listen for Ctrl-C"))
}

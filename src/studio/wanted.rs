//! The run that a request asks for.

use serde::Deserialize;

use super::state::Campaign;
use crate::app::{
    self, CampaignOptions, Goal, Redo, RerunSelection, RunOptions, Selection, Submits,
};
use crate::model::{CreditCap, Duplicates, JobId, LimitSettings, RemoteId, SuspiciousTexts};

/// The number of videos of a sample.
const SAMPLE: usize = 3;

/// What a run makes or collects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// A few videos, spread over personas and ratios.
    Sample,
    /// Everything that is not made yet.
    #[default]
    All,
    /// Nothing new: what is paid for is collected.
    Collect,
    /// What failed, once more.
    RetryFailed,
    /// What was edited after it was paid for, once more.
    RedoChanged,
    /// What reviewers have rejected, once more.
    RedoRejected,
    /// The named jobs.
    Jobs,
}

/// A run that a request asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) what: What,
    /// The jobs of [`What::Jobs`]; those of [`What::RetryFailed`], if not all.
    pub(super) jobs: Vec<String>,
    /// The cap of the campaign: a number, or `none`.
    pub(super) max_credits: Option<Cap>,
    /// The video that is made again with the same words.
    #[serde(skip)]
    video: Option<(JobId, RemoteId)>,
    pub(super) suspicious: Option<String>,
    pub(super) duplicates: Option<String>,
}

/// A cap in JSON or in a query.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Cap {
    Number(f64),
    Text(String),
}

impl Wanted {
    /// Returns a run that collects what is paid for.
    pub(super) fn collect() -> Self {
        Self { what: What::Collect, ..Self::default() }
    }

    /// Returns a run that makes one video again.
    pub(super) fn redo(Redo { job, remote }: Redo) -> Self {
        let jobs = vec![job.to_string()];
        let video = remote.map(|remote| (job, remote));
        Self { what: What::Jobs, jobs, video, ..Self::default() }
    }

    /// Checks the texts of the request.
    ///
    /// # Errors
    /// If one of them is no value of its option.
    pub(super) fn check(&self) -> Result<(), app::Error> {
        self.parsed().map(drop)
    }

    /// Returns what the run tries to achieve.
    pub(super) fn goal(&self) -> Goal {
        if self.what == What::Collect { Goal::PaidVideos } else { Goal::EveryVideo }
    }

    fn parsed(&self) -> Result<(SuspiciousTexts, Duplicates, Option<CreditCap>), app::Error> {
        let unknown =
            |what: &str, text: &str| app::Error::usage(format!("`{text}` is no value of {what}"));
        let suspicious = self.suspicious.as_deref().map(|text| {
            let mut all = SuspiciousTexts::ALL.into_iter();
            all.find(|it| it.as_str() == text).ok_or_else(|| unknown("suspicious", text))
        });
        let duplicates = self.duplicates.as_deref().map(|text| {
            let mut all = Duplicates::ALL.into_iter();
            all.find(|it| it.as_str() == text).ok_or_else(|| unknown("duplicates", text))
        });
        let cap = self.max_credits.as_ref().map(|cap| {
            let text = match cap {
                Cap::Number(number) => number.to_string(),
                Cap::Text(text) => text.clone(),
            };
            text.parse::<CreditCap>().map_err(|_| unknown("max_credits", &text))
        });
        Ok((
            suspicious.transpose()?.unwrap_or_default(),
            duplicates.transpose()?.unwrap_or_default(),
            cap.transpose()?,
        ))
    }

    /// Returns the campaign's options for this run.
    pub(super) fn campaign(&self, campaign: &Campaign) -> CampaignOptions {
        let suspicious = self.parsed().map(|parsed| parsed.0).unwrap_or_default();
        CampaignOptions { suspicious, ..campaign.options.clone() }
    }

    pub(super) fn selection(&self) -> Selection {
        let is_sample = self.what == What::Sample;
        let has_jobs = matches!(self.what, What::Jobs | What::RetryFailed);
        let only = if has_jobs { self.jobs.clone() } else { Vec::new() };
        Selection { only, sample: is_sample.then_some(SAMPLE), ..Selection::default() }
    }

    /// # Errors
    /// If a file of marks cannot be read.
    pub(super) fn rerun(&self) -> Result<RerunSelection, app::Error> {
        if let Some((job, remote)) = &self.video {
            return Ok(RerunSelection::of_video(job.clone(), remote));
        }
        let rejected = (self.what == What::RedoRejected).then_some(None);
        let rerun = RerunSelection::new(self.what == What::RetryFailed, None, rejected, None)?;
        let makes_again = matches!(self.what, What::RedoChanged | What::RedoRejected);
        Ok(if makes_again { rerun.alone() } else { rerun })
    }

    pub(super) fn run_options(&self) -> RunOptions {
        let is_collect = self.what == What::Collect;
        RunOptions {
            submits: if is_collect { Submits::Nothing } else { Submits::Selected },
            // A named job is made again if it failed or its row was edited.
            retry_failed: matches!(self.what, What::RetryFailed | What::Jobs),
            redo_changed: matches!(self.what, What::RedoChanged | What::Jobs),
            ..RunOptions::default()
        }
    }

    pub(super) fn duplicates(&self) -> Duplicates {
        self.parsed().map(|parsed| parsed.1).unwrap_or_default()
    }

    pub(super) fn limits(&self) -> LimitSettings {
        let max_credits = self.parsed().ok().and_then(|parsed| parsed.2);
        LimitSettings { max_credits, ..LimitSettings::default() }
    }
}

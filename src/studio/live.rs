//! The state of a run as the page shows it, as far as the journal does not have it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use crate::app::{Costs, Proposal, Severity};
use crate::model::{JobId, Timestamp};
use crate::report::plan::examples_json;
use crate::report::terminal::live_sentences;
use crate::report::{LiveState, Observer, Summary, forecast};

/// The most notices of a run that are kept.
const MAX_NOTICES: usize = 100;

/// The state of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Live {
    pub(super) state: LiveWord,
    /// Whether it is a run of this studio; another process may run the campaign too.
    pub(super) here: bool,
    /// Pauses, trouble and downloads, in sentences.
    pub(super) lines: Vec<String>,
    /// The progress of renders, from 0 to 1.
    pub(super) progress: BTreeMap<JobId, f64>,
    /// When everything will be rendered, in milliseconds since the epoch.
    pub(super) ready: Option<i64>,
    /// How the last run of this studio ended.
    pub(super) ended: Option<Ended>,
    pub(super) question: Option<Question>,
    pub(super) notices: Vec<Notice>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LiveWord {
    #[default]
    Idle,
    Preparing,
    Asking,
    Running,
    Stopping,
}

/// The end of a run, in the words of the command line.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Ended {
    /// The exit code that the command line would have.
    pub(super) exit: u8,
    /// Whether something needs attention: an error, failed videos or ones in doubt.
    pub(super) warns: bool,
    /// Empty if the user has answered no, who knows.
    pub(super) message: String,
    pub(super) hints: Vec<String>,
    /// The problems of the sheet, if they are the reason.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(super) problems: Value,
}

/// A question that a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Question {
    pub(super) id: u64,
    text: String,
    /// The videos that the caps and the balance are likely to allow; absent if the question is about something else.
    videos: Option<usize>,
    /// All videos that would be made.
    all_videos: Option<usize>,
    /// Whether a text looks unfinished.
    is_unfinished: bool,
    credits_low: Value,
    credits_high: Value,
    examples: Value,
    longest: Value,
    default_yes: bool,
}

/// A note or a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Notice {
    severity: &'static str,
    text: String,
}

impl Live {
    /// Returns the state at the beginning of a run of this studio.
    pub(super) fn begin() -> Self {
        Self { state: LiveWord::Preparing, here: true, ..Self::default() }
    }

    /// Ends the run.
    pub(super) fn end(&mut self, ended: Ended) {
        let mut notices = std::mem::take(&mut self.notices);
        if ended.message.is_empty() {
            notices.clear();
        }
        *self = Self { ended: Some(ended), notices, ..Self::default() };
    }

    pub(super) fn notice(&mut self, severity: Severity, text: &str) {
        if self.notices.len() < MAX_NOTICES {
            let severity = match severity {
                Severity::Note => "note",
                Severity::Warning => "warning",
            };
            self.notices.push(Notice { severity, text: text.to_owned() });
        }
    }
}

impl Question {
    /// Returns the question about the run of `preview`. `text` ends with `[y/N]`, or with `[Y/n]` if no answer is a yes.
    pub(super) fn new(id: u64, proposal: Option<&Proposal<'_>>, text: &str) -> Self {
        let text = text.trim_end();
        let default_yes = text.ends_with("[Y/n]");
        let bare = text.strip_suffix("[Y/n]").or_else(|| text.strip_suffix("[y/N]"));
        let preview = proposal.map(|proposal| proposal.preview);
        let costs = proposal.map(|proposal| proposal.costs);
        let [examples, longest] = preview.map_or([Value::Null, Value::Null], examples_json);
        Self {
            id,
            text: bare.unwrap_or(text).trim_end().to_owned(),
            videos: costs.map(|costs| costs.videos),
            all_videos: preview.map(|preview| Costs::of(preview).videos),
            is_unfinished: proposal.is_some_and(|proposal| proposal.is_unfinished),
            credits_low: serde_json::json!(costs.map(|costs| costs.low)),
            credits_high: serde_json::json!(costs.map(|costs| costs.high)),
            examples,
            longest,
            default_yes,
        }
    }
}

/// Returns when everything will be rendered.
pub(super) fn ready(summary: &Summary, now: Timestamp) -> Option<i64> {
    Some(now.plus(forecast::remaining(summary, now)?).as_millis())
}

/// A run of this studio.
pub(super) struct Run {
    pub(super) interrupts: UnboundedSender<()>,
    /// Whether what is paid for is collected after the interrupt.
    pub(super) collects: AtomicBool,
    /// The question that the run waits for.
    pub(super) question: Mutex<Option<(u64, oneshot::Sender<bool>)>>,
    /// Whether the last answer of the user was no.
    pub(super) is_declined: AtomicBool,
    /// Becomes true when the run has ended.
    pub(super) has_ended: watch::Sender<bool>,
}

impl Run {
    /// Interrupts the run. A second interrupt abandons it.
    pub(super) fn interrupt(&self) {
        // An error means that it has ended.
        let _ = self.interrupts.send(());
    }
}

/// Shows the state of a run that the journal does not have.
pub(super) struct LiveObserver(pub(super) Arc<watch::Sender<Live>>);

impl Observer for LiveObserver {
    fn on_tick(&mut self, summary: &Summary, state: &LiveState) {
        let lines = live_sentences(summary, state);
        let progress = state.progress.iter().filter(|(_, progress)| progress.is_finite());
        let progress: BTreeMap<JobId, f64> =
            progress.map(|(job, progress)| (job.clone(), progress.clamp(0.0, 1.0))).collect();
        // It moves with the clock, so that each tick would be a change.
        let ready = ready(summary, state.now).map(|ready| ready / 1000 * 1000);
        self.0.send_if_modified(|live| {
            let word = if live.state == LiveWord::Stopping || state.stopping.is_some() {
                LiveWord::Stopping
            } else {
                LiveWord::Running
            };
            let mut new = Live { state: word, lines, progress, ready, ..live.clone() };
            let is_near = |one: i64, other: i64| (one - other).abs() < 3000;
            if live.ready.zip(new.ready).is_some_and(|(old, new)| is_near(old, new)) {
                new.ready = live.ready;
            }
            let is_changed = *live != new;
            *live = new;
            is_changed
        });
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::TestRun;

    #[test]
    fn a_question_names_videos_credits_and_texts() {
        let summary = TestRun::with_jobs(2).summary();
        let costs = Costs::of(&summary);
        let proposal = Proposal { preview: &summary, costs, is_unfinished: false };
        let text = "submit 2 videos for 10 credits? [y/N] ";
        let question = Question::new(7, Some(&proposal), text);
        let shown = serde_json::to_value(&question).unwrap();
        assert_eq!(shown["text"], "submit 2 videos for 10 credits?");
        assert_eq!((&shown["videos"], &shown["default_yes"]), (&2.into(), &false.into()));
        assert_eq!(shown["examples"].as_array().unwrap().len(), 2);
        assert_eq!(shown["credits_high"], 10.0);
        let other = serde_json::to_value(Question::new(8, None, "Use it here? [Y/n] ")).unwrap();
        assert_eq!((&other["text"], &other["default_yes"]), (&"Use it here?".into(), &true.into()));
        assert!(other["videos"].is_null() && other["examples"].is_null());
    }

    #[test]
    fn the_end_of_a_run_keeps_its_notices_alone() {
        let mut live = Live::begin();
        live.notice(Severity::Warning, "low");
        live.lines.push("paused".into());
        let ended = Ended { message: "done".into(), ..Ended::default() };
        live.end(ended);
        assert_eq!((live.state, live.here, live.lines.len()), (LiveWord::Idle, false, 0));
        assert_eq!(live.notices.len(), 1);
    }
}

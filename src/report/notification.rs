//! What is sent to a channel or a webhook when a run ends or gets into trouble.

use std::fmt;

use serde_json::{Value, json};

use crate::model::{Phase, StopReason};
use crate::report::events::wording;
use crate::report::files::json::{credits, totals};
use crate::report::observer::{LiveState, Observer};
use crate::report::summary::Summary;
use crate::report::{next_steps, summary_text, words};

/// Version of the form of [`Notification::plain`]; raised when something is renamed or removed.
const VERSION: u32 = 1;

/// Jobs in trouble that are named before the rest is counted.
const MOST_NAMED: usize = 5;

/// A message about a run, as people read it and as programs do. Holds no secrets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notification {
    text: String,
    facts: Value,
}

impl Notification {
    /// A run has come to its end, with this exit code.
    pub(crate) fn ended(summary: &Summary, exit: u8) -> Self {
        let mut text = summary_text::headline(summary);
        text.push_str(&troubles(summary));
        for hint in next_steps::all(summary).into_iter().take(2) {
            text.push_str("\n→ ");
            text.push_str(&hint);
        }
        let stopped = summary.stopped();
        Self::of(
            text,
            json!({
                "event": "ended",
                "exit_code": exit,
                "campaign": summary.campaign().name,
                "sandbox": summary.campaign().is_sandbox,
                "stopped": stopped.map(wording::kind),
                "message": stopped.map(wording::sentence),
                "totals": totals(summary),
                "credits": credits(summary),
            }),
        )
    }

    /// A run submits nothing more because of `reason`, and goes on with what is paid for.
    pub(crate) fn trouble(summary: &Summary, reason: &StopReason) -> Self {
        let name = words::clean(&summary.campaign().name);
        let sentence = wording::sentence(reason);
        Self::of(
            format!("{name}: nothing more is submitted: {sentence}; what is paid for is finished"),
            json!({
                "event": "trouble",
                "campaign": summary.campaign().name,
                "sandbox": summary.campaign().is_sandbox,
                "stopped": wording::kind(reason),
                "message": sentence,
                "totals": totals(summary),
                "credits": credits(summary),
            }),
        )
    }

    /// A run of `manifest` could not begin, or ended in a disorderly way.
    pub(crate) fn error(manifest: &str, message: &str, exit: u8) -> Self {
        let (manifest, message) = (words::clean(manifest), words::clean(message));
        Self::of(
            format!("callsheet, {manifest}: {message}"),
            json!({
                "event": "error",
                "exit_code": exit,
                "manifest": manifest,
                "message": message,
            }),
        )
    }

    fn of(text: String, mut facts: Value) -> Self {
        facts["version"] = VERSION.into();
        facts["text"] = text.as_str().into();
        Self { text, facts }
    }

    /// The body for whatever takes messages as Slack does. Nothing in it is taken for a mention or a link.
    pub(crate) fn for_chat(&self) -> String {
        let escaped = self
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        json!({ "text": escaped }).to_string()
    }

    /// The body for programs.
    pub(crate) fn plain(&self) -> String {
        self.facts.to_string()
    }
}

/// Failed jobs and those in doubt, with what was said of them.
fn troubles(summary: &Summary) -> String {
    let rows: Vec<_> = summary
        .rows()
        .filter(|row| {
            matches!(
                row.state.phase,
                Phase::Failed { .. } | Phase::Submitting | Phase::InDoubt { .. }
            )
        })
        .collect();
    let mut text = String::new();
    for row in rows.iter().take(MOST_NAMED) {
        let why = row.failure().map_or_else(String::new, words::failure);
        let status = row.status().replace('_', " ");
        let line = format!("\n• {} {status}: {}", row.id(), words::shorten(&why, 200));
        text.push_str(&line);
    }
    if rows.len() > MOST_NAMED {
        let rest = format!("\n• and {} more", rows.len() - MOST_NAMED);
        text.push_str(&rest);
    }
    text
}

/// Rings once, as soon as a run gets into trouble that a person may want to know of before it ends.
pub(crate) struct EarlyNotifier {
    ring: Option<Box<dyn FnOnce(Notification)>>,
}

impl EarlyNotifier {
    /// An alarm that has not rung yet.
    pub(crate) fn new(ring: Box<dyn FnOnce(Notification)>) -> Self {
        Self { ring: Some(ring) }
    }
}

impl Observer for EarlyNotifier {
    fn on_tick(&mut self, summary: &Summary, pulse: &LiveState) {
        if let Some(reason) = &pulse.stopping
            && reason.finishes_paid_work()
            && let Some(ring) = self.ring.take()
        {
            ring(Notification::trouble(summary, reason));
        }
    }
}

impl fmt::Debug for EarlyNotifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_rung = self.ring.is_none();
        formatter
            .debug_struct("EarlyNotifier")
            .field("has_rung", &has_rung)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::report::testing::{TestRun, at};

    #[test]
    fn an_end_is_told_with_what_went_wrong_and_what_to_do() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no <!channel> face");
        run.lost(3, "c");
        run.ended(90, None);
        let notice = Notification::ended(&run.summary(), 4);
        let facts: Value = serde_json::from_str(&notice.plain()).unwrap();
        assert_eq!(facts["exit_code"], 4);
        assert_eq!(facts["totals"]["done"], 1);
        let text = facts["text"].as_str().unwrap();
        assert!(
            text.starts_with("spring: 1 of 3 done, 1 failed, 1 in doubt"),
            "{text}"
        );
        assert!(
            text.contains("\n• b failed: no <!channel> face\n• c in doubt: "),
            "{text}"
        );
        assert!(text.contains("--resubmit c"), "{text}");
        let chat: Value = serde_json::from_str(&notice.for_chat()).unwrap();
        assert!(
            !chat["text"].as_str().unwrap().contains('<'),
            "no mention: {chat}"
        );
        assert_eq!(chat.as_object().unwrap().len(), 1);
    }

    #[test]
    fn the_alarm_rings_once_and_not_for_a_person_who_stops_the_run() {
        let (sender, receiver) = mpsc::channel();
        let ring = move |notice: Notification| sender.send(notice).unwrap();
        let mut alarm = EarlyNotifier::new(Box::new(ring));
        for stopping in [
            None,
            Some(StopReason::Interrupted),
            Some(StopReason::CapReached),
            Some(StopReason::TooManyFailures),
        ] {
            let now = at(1);
            let pulse = LiveState {
                now,
                stopping,
                ..LiveState::default()
            };
            alarm.on_tick(&TestRun::with_jobs(1).summary(), &pulse);
        }
        let notices: Vec<Notification> = receiver.try_iter().collect();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].plain().contains("cap_reached"), "{notices:?}");
    }
}

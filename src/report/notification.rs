//! Messages to a chat channel or a webhook when a run ends or needs attention.

use serde_json::{Value, json};

use crate::model::{StopReason, variant_name};
use crate::report::events::wording::stop_sentence;
use crate::report::files::json::{credits, totals};
use crate::report::format::failure;
use crate::report::job_row::JobRow;
use crate::report::next_steps::hints;
use crate::report::observer::{LiveState, Observer};
use crate::report::summary::Summary;
use crate::report::summary_text::headline;
use crate::util::text::{sanitize, truncate};

/// Version of the JSON body; raised when a field is renamed or removed.
const VERSION: u32 = 1;

/// Longest message that Discord accepts, in characters.
const MAX_DISCORD: usize = 2000;

/// Discord's flag for messages without previews of links.
const SUPPRESS_EMBEDS: u32 = 1 << 2;

/// Jobs named before the rest is counted.
const MAX_NAMES: usize = 5;

/// A message about a run, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notification {
    text: String,
    fields: Value,
}

impl Notification {
    /// Returns the message about the end of a run.
    pub(crate) fn ended(summary: &Summary, exit: u8) -> Self {
        let mut text = headline(summary) + &problems(summary);
        for hint in hints(summary).into_iter().take(2) {
            text = format!("{text}\n→ {hint}");
        }
        let mut fields = campaign_fields(summary, "ended", summary.stopped());
        fields["exit_code"] = exit.into();
        Self::new(text, fields)
    }

    /// Returns the message about a run that submits nothing more because of `reason`.
    pub(crate) fn trouble(summary: &Summary, reason: &StopReason) -> Self {
        let name = sanitize(&summary.campaign().name);
        let reason_text = stop_sentence(summary, reason);
        let text = format!("{name}: submitting has stopped: {reason_text}; paid jobs are finished");
        Self::new(text, campaign_fields(summary, "trouble", Some(reason)))
    }

    /// Returns the message about a run that could not begin or ended with an error.
    pub(crate) fn error(manifest: &str, message: &str, exit: u8) -> Self {
        let (manifest, message) = (sanitize(manifest), sanitize(message));
        let text = format!("callsheet, {manifest}: {message}");
        let fields = json!({
            "event": "error",
            "exit_code": exit,
            "manifest": manifest,
            "message": message,
        });
        Self::new(text, fields)
    }

    fn new(text: String, mut fields: Value) -> Self {
        fields["version"] = VERSION.into();
        fields["text"] = text.as_str().into();
        Self { text, fields }
    }

    /// Adds the machine that sends the message.
    #[must_use]
    pub(crate) fn with_host(mut self, host: Option<String>) -> Self {
        if let Some(host) = host {
            let host = sanitize(&host);
            let folder = self.fields["folder"].as_str().map(|folder| format!("{folder} on "));
            self.text = format!("{}\n{}{host}", self.text, folder.unwrap_or_default());
            self.fields["host"] = host.into();
            self.fields["text"] = self.text.as_str().into();
        }
        self
    }

    /// Returns the body for chat services that accept Slack's format and may refuse other fields. Nothing in it acts as a
    /// mention.
    pub(crate) fn chat_body(&self) -> String {
        json!({ "text": self.escaped() }).to_string()
    }

    /// Returns the body for Slack, without previews of links.
    pub(crate) fn slack_body(&self) -> String {
        json!({ "text": self.escaped(), "unfurl_links": false, "unfurl_media": false }).to_string()
    }

    /// Returns the body for Discord, without mentions and previews of links.
    pub(crate) fn discord_body(&self) -> String {
        json!({
            "content": truncate(&self.without_mentions(), MAX_DISCORD),
            "allowed_mentions": { "parse": [] },
            "flags": SUPPRESS_EMBEDS,
        })
        .to_string()
    }

    fn escaped(&self) -> String {
        // Slack escapes these three characters and no others.
        self.without_mentions().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }

    /// Returns the text with a zero-width space after each `@`, so that `@everyone` notifies no members.
    fn without_mentions(&self) -> String {
        self.text.replace('@', "@\u{200b}")
    }

    /// Returns the body for programs.
    pub(crate) fn json_body(&self) -> String {
        self.fields.to_string()
    }
}

fn campaign_fields(summary: &Summary, event: &str, stopped: Option<&StopReason>) -> Value {
    json!({
        "event": event,
        "campaign": summary.campaign().name,
        "folder": sanitize(&summary.campaign().out.to_string_lossy()),
        "sandbox": summary.campaign().is_sandbox,
        "stopped": stopped.map(variant_name),
        "message": stopped.map(|reason| stop_sentence(summary, reason)),
        "totals": totals(summary),
        "credits": credits(summary),
    })
}

/// Lists failed jobs and jobs in doubt.
fn problems(summary: &Summary) -> String {
    let is_problem = |row: &JobRow| row.has_failed() || row.is_in_doubt();
    let rows: Vec<JobRow> = summary.rows().filter(is_problem).collect();
    let mut text = String::new();
    for row in rows.iter().take(MAX_NAMES) {
        let why = row.failure().map_or_else(String::new, failure);
        let status = row.status().replace('_', " ");
        let line = format!("\n• {} {status}: {}", row.id(), truncate(&why, 200));
        text.push_str(&line);
    }
    if rows.len() > MAX_NAMES {
        let rest = format!("\n• and {} more", rows.len() - MAX_NAMES);
        text.push_str(&rest);
    }
    text
}

/// Sends one message as soon as a run stops submitting early but continues with paid jobs.
pub(crate) struct EarlyNotifier {
    send: Option<Box<dyn FnOnce(Notification)>>,
}

impl EarlyNotifier {
    /// Returns a notifier that sends its message with `send`.
    pub(crate) fn new(send: Box<dyn FnOnce(Notification)>) -> Self {
        Self { send: Some(send) }
    }
}

impl Observer for EarlyNotifier {
    fn on_tick(&mut self, summary: &Summary, state: &LiveState) {
        if let Some(reason) = &state.stopping
            && reason.finishes_paid_work()
            && let Some(send) = self.send.take()
        {
            send(Notification::trouble(summary, reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::report::testing::{TestRun, at};

    #[test]
    fn the_end_is_reported_with_problems_and_hints() {
        let mut run = TestRun::with_jobs(3);
        run.done(1, "a");
        run.failed(2, "b", "no <!channel> @everyone face");
        run.lost(3, "c");
        run.ended(90, None);
        let notice = Notification::ended(&run.summary(), 4).with_host(Some("night-1".into()));
        let facts: Value = serde_json::from_str(&notice.json_body()).unwrap();
        assert_eq!(facts["exit_code"], 4);
        assert_eq!(facts["totals"]["done"], 1);
        let text = facts["text"].as_str().unwrap();
        assert!(text.starts_with("spring: 1 of 3 done, 1 failed, 1 in doubt"), "{text}");
        assert!(
            text.contains("\n• b failed: no <!channel> @everyone face\n• c in doubt: "),
            "{text}"
        );
        assert!(text.contains("--resubmit c"), "{text}");
        assert_eq!(facts["host"], "night-1");
        let folder = facts["folder"].as_str().unwrap();
        assert!(!folder.is_empty() && text.ends_with(&format!("\n{folder} on night-1")), "{text}");
        let chat: Value = serde_json::from_str(&notice.chat_body()).unwrap();
        assert!(!chat["text"].as_str().unwrap().contains('<'), "no mention: {chat}");
        assert_eq!(chat.as_object().unwrap().len(), 1);
        let slack: Value = serde_json::from_str(&notice.slack_body()).unwrap();
        assert_eq!(slack["text"], chat["text"]);
        assert_eq!(
            (&slack["unfurl_links"], &slack["unfurl_media"]),
            (&json!(false), &json!(false))
        );
        let discord: Value = serde_json::from_str(&notice.discord_body()).unwrap();
        assert_eq!(discord["allowed_mentions"], json!({ "parse": [] }));
        for text in [&chat["text"], &discord["content"]] {
            assert!(!text.as_str().unwrap().contains("@everyone"), "{text}");
        }
    }

    #[test]
    fn early_notification_is_sent_once_and_not_for_an_interrupt() {
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
            let state = LiveState { now, stopping, ..LiveState::default() };
            alarm.on_tick(&TestRun::with_jobs(1).summary(), &state);
        }
        let notices: Vec<Notification> = receiver.try_iter().collect();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].json_body().contains("cap_reached"), "{notices:?}");
    }
}

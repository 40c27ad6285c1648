//! What the page shows, as JSON for its script.

use serde_json::{Value, json};

use super::super::results::{credits, runs, totals};
use super::super::words;
use super::super::{Row, Summary};
use crate::model::{Phase, Speech, redact_url};

/// Everything the page shows. Times are milliseconds since the epoch.
pub(super) fn of(summary: &Summary) -> Value {
    let campaign = summary.campaign();
    let jobs: Vec<Value> = summary
        .rows()
        .filter(|row| row.job.in_sheet)
        .chain(summary.gone())
        .map(|row| job(summary, &row))
        .collect();
    json!({
        "campaign": campaign.name,
        "sandbox": campaign.is_sandbox,
        "as_of": summary.last().map(crate::model::Timestamp::as_millis),
        "totals": totals(summary),
        "credits": credits(summary),
        "runs": runs(summary),
        "jobs": jobs,
    })
}

fn job(summary: &Summary, row: &Row) -> Value {
    let (spec, state) = (&row.job.spec, row.state);
    let request = &spec.request;
    let (width, height) = request.aspect_ratio.sides();
    let (text, audio) = match &request.speech {
        Speech::Text(text) => (Some(text.as_str()), None),
        Speech::Audio(url) => (None, Some(redact_url(url))),
    };
    let status = if matches!(row.state.phase, Phase::Pending) && !row.job.selected {
        "left_out"
    } else {
        row.status()
    };
    let (words, command) = advice(summary, row).unzip();
    json!({
        "id": spec.id,
        "status": status,
        "file": row.file().map(link),
        "name": row.file(),
        "thumbnail": row.thumbnail().map(link),
        "persona": summary.campaign().persona(&request.persona),
        "persona_id": request.persona,
        "ratio": format!("{width}:{height}"),
        "width": width,
        "height": height,
        "model": request.model_version,
        "text": text,
        "audio": audio,
        "line": spec.origin.line,
        "low": row.job.estimate.low,
        "high": row.job.estimate.high,
        "used": state.charged,
        "spent": state.spent(),
        "promised": state.promised(),
        "seconds": state.output.as_ref().and_then(|output| output.duration_seconds),
        "submitted": state.submitted_at.map(crate::model::Timestamp::as_millis),
        "accepted": state.accepted_at.map(crate::model::Timestamp::as_millis),
        "running": state.running_at.map(crate::model::Timestamp::as_millis),
        "rendered": state.rendered_at.map(crate::model::Timestamp::as_millis),
        "finished": state.finished_at.map(crate::model::Timestamp::as_millis),
        "adopted": state.is_adopted,
        "attempts": state.attempts,
        "remote": state.phase.remote(),
        "error": row.failure().map(words::failure),
        "advice": words,
        "command": command,
        "changed": row.has_changed(),
        "gone": !row.job.in_sheet,
    })
}

/// What to do about a job that did not end well: words, and a command if one helps.
fn advice(summary: &Summary, row: &Row) -> Option<(String, Option<String>)> {
    let campaign = summary.campaign();
    let id = row.id().as_str();
    match &row.state.phase {
        Phase::Failed { remote: None, .. } => {
            let line = row.job.spec.origin.line;
            let words = format!(
                "Refused before rendering; nothing was charged. Mend line {line} of the sheet and run \
                 it again."
            );
            Some((words, None))
        }
        Phase::Failed {
            remote: Some(_), ..
        } => {
            let retry = campaign.command("run", &["--retry-failed", "--only", id]);
            let words = "The provider could not make it. This pays for it once more:".to_owned();
            Some((words, Some(retry)))
        }
        Phase::Submitting | Phase::InDoubt { .. } => {
            let words =
                "It was sent, and no answer says whether it was accepted. It may have been \
                         paid for, so it is not sent again by itself; each run looks for it at the \
                         provider. Only if the provider's dashboard shows no such video, this pays \
                         for it once more:"
                    .to_owned();
            Some((words, Some(campaign.command("run", &["--resubmit", id]))))
        }
        Phase::Fetching { .. } | Phase::Rendering { .. }
            if row.failure().is_some() || row.is_overdue =>
        {
            let words = "It is paid for. This fetches it:".to_owned();
            Some((words, Some(campaign.command("collect", &[]))))
        }
        Phase::Done { .. } if row.has_changed() => {
            let redo = campaign.command("run", &["--redo-changed", "--only", id]);
            let words =
                "Its row was edited since. This makes the new version, and pays for it:".to_owned();
            Some((words, Some(redo)))
        }
        Phase::Pending | Phase::Rendering { .. } | Phase::Fetching { .. } | Phase::Done { .. } => {
            None
        }
    }
}

/// A relative link to a file of the output folder, percent-encoded. Letters, digits and the unreserved
/// marks of RFC 3986 stay as they are, `/` separates.
fn link(path: &str) -> String {
    let mut link = String::new();
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if is_plain {
            link.push(char::from(byte));
        } else {
            let digits = format!("%{byte:02X}");
            link.push_str(&digits);
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_and_encoded() {
        assert_eq!(
            link("videos/a b#1?ü%.mp4"),
            "videos/a%20b%231%3F%C3%BC%25.mp4"
        );
    }
}

//! What is said about entries that a run writes seldom, or only after a long time: they are written into a journal,
//! whose format does not change.

use serde_json::{Value, json};

use super::{Session, sheet};

/// A campaign of three jobs whose videos are there, and whose journal is rewritten.
struct Written {
    session: Session,
    /// Tag and fingerprint of the first job.
    submit: Value,
}

impl Written {
    fn new() -> Self {
        let mut session = Session::new(&sheet(&["Hello.", "How are you?", "Good bye."]));
        session.run(&["run", "sheet.csv", "--in-flight", "1"]).expect_code(0);
        session.keeps_statuses = true;
        let written = Self { session, submit: Value::Null };
        let journal = written.journal();
        let first: String = journal
            .query_row(
                "SELECT event FROM entries WHERE event LIKE '%submit_started%' ORDER BY sequence",
                [],
                |row| row.get(0),
            )
            .unwrap();
        drop(journal);
        let first: Value = serde_json::from_str(&first).unwrap();
        let submit = first["job"]["event"]["submit_started"].clone();
        Self { submit, ..written }
    }

    fn journal(&self) -> rusqlite::Connection {
        let path = self.session.folder.path("sheet-output/.callsheet/journal.sqlite");
        rusqlite::Connection::open(path).unwrap()
    }

    /// Writes a journal of these entries, a second apart.
    fn write(&self, entries: &[Value]) {
        let journal = self.journal();
        journal.execute("DELETE FROM entries", []).unwrap();
        let start = json!({"run_started": {"version": env!("CARGO_PKG_VERSION"), "process": 1}});
        for (sequence, event) in (1_i64..).zip([&start].into_iter().chain(entries)) {
            let at = 1_796_000_000_000 + 1_000 * sequence;
            journal
                .execute(
                    "INSERT INTO entries VALUES (?1, ?2, ?3)",
                    (sequence, at, event.to_string()),
                )
                .unwrap();
        }
    }

    /// An entry about the first job.
    fn entry(&self, event: Value) -> Value {
        let event =
            if event == "submit_started" { json!({"submit_started": self.submit}) } else { event };
        json!({"job": {"job": "job-01", "event": event}})
    }

    /// Writes a journal of these events of the first job, and records what is said about it.
    fn show_job(&mut self, remark: &str, events: Vec<Value>) {
        let mut entries: Vec<Value> = events.into_iter().map(|event| self.entry(event)).collect();
        entries.push(json!({"run_ended": {"stopped": null}}));
        self.write(&entries);
        self.session.remark(remark);
        self.session.show(&["why", "sheet.csv", "job-01"]);
        self.session.show(&["status", "sheet.csv"]);
        self.session.show(&["plan", "sheet.csv"]);
    }
}

fn failure(kind: &str) -> Value {
    json!({"failure": {"kind": kind, "message": format!("words about `{kind}`")}})
}

#[test]
fn reasons_to_stop() {
    let mut written = Written::new();
    let message = "the provider's own words";
    for reason in [
        json!("interrupted"),
        json!("max_duration"),
        json!("too_many_failures"),
        json!({"out_of_credits": {"message": message}}),
        json!("cap_reached"),
        json!("run_cap_reached"),
        json!({"long_hold": {"until": 1_796_126_400_000_i64}}),
        json!("too_many_doubts"),
        json!({"unauthorised": {"message": message}}),
        json!({"wrong_address": {"message": message}}),
        json!({"unreachable": {"message": message}}),
        json!({"inventory_refused": {"message": message}}),
        json!({"rival": {"job": "job-01"}}),
        json!({"local": {"message": message}}),
    ] {
        written.session.remark(&reason.to_string());
        written.write(&[json!({"run_ended": {"stopped": reason}})]);
        written.session.show(&["status", "sheet.csv"]);
    }
    written.session.expect("journal_reasons_to_stop");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of histories")]
fn histories() {
    let mut written = Written::new();
    let rendered = json!({"rendered": {"output": {
        "video_url": "http://files.example/a.mp4", "duration_seconds": 4.0, "credits_used": 5
    }}});
    let fetched = json!({"fetched": {"artifact": {"file": "videos/job-01.mp4", "bytes": 9_761, "sha256": "0".repeat(64)}}});
    let (started, submitted) =
        (json!("submit_started"), json!({"submitted": {"remote": "remote-1"}}));
    let failed = |kind: &str, charged: Value| json!({"failed": {"failure": {"kind": kind, "message": format!("words about `{kind}`")}, "charged": charged}});
    let mut adopted = written.submit.clone();
    adopted["remote"] = json!("remote-1");
    let adopted = json!({"adopted": adopted});
    written.show_job("submitting", vec![started.clone()]);
    written.show_job(
        "refused for now, lost, looked for in vain, sent again",
        [
            vec![
                started.clone(),
                json!({"submit_deferred": failure("throttled")}),
                started.clone(),
            ],
            vec![json!({"submit_lost": failure("lost")})],
            ["no_witness", "incomplete", "cut_short", "once"]
                .map(|why| json!({"not_proven": {"why": why}}))
                .into(),
            vec![json!({"not_proven": {"why": {"refused": failure("server_error")}}})],
            vec![json!("found_absent"), started.clone()],
        ]
        .concat(),
    );
    for why in ["no_witness", "incomplete", "cut_short", "once"] {
        let lost = json!({"submit_lost": failure("lost")});
        let unproven = json!({"not_proven": {"why": why}});
        written.show_job(&format!("in doubt: {why}"), vec![started.clone(), lost, unproven]);
    }
    written.show_job(
        "a late render, and files that come in the end",
        vec![
            started.clone(),
            submitted.clone(),
            json!({"observed": {"status": "a new word"}}),
            json!("render_overdue"),
            rendered.clone(),
            json!({"fetch_deferred": failure("bad_content")}),
            json!({"link_expired": failure("refused")}),
            rendered.clone(),
            json!({"fetch_left": failure("local")}),
            fetched.clone(),
            json!("file_missing"),
            rendered.clone(),
            fetched.clone(),
        ],
    );
    written.show_job("overdue", vec![started.clone(), submitted.clone(), json!("render_overdue")]);
    written.show_job(
        "a file that is gone, at the provider too",
        vec![
            started.clone(),
            submitted.clone(),
            rendered.clone(),
            fetched.clone(),
            json!("file_missing"),
            failed("not_found", Value::Null),
        ],
    );
    written.show_job(
        "adopted, and paid for twice by another run",
        vec![
            started.clone(),
            json!({"submit_lost": failure("lost")}),
            adopted,
            json!({"paid_twice": {"remote": "remote-2"}}),
        ],
    );
    written.show_job(
        "failed, looked at once more, begun again",
        vec![
            started.clone(),
            submitted.clone(),
            failed("render_failed", json!(5)),
            json!("revisited"),
            failed("no_output", json!(5)),
            json!({"reopened": {"generation": 1}}),
        ],
    );
    written.session.expect("journal_histories");
    for kind in [
        "not_sent",
        "throttled",
        "lost",
        "server_error",
        "malformed",
        "redirected",
        "rejected",
        "out_of_credits",
        "unauthorised",
        "not_found",
        "bad_content",
        "refused",
        "local",
        "render_failed",
        "no_output",
        "interrupted",
    ] {
        written.session.remark(kind);
        let entries = [written.entry(started.clone()), written.entry(failed(kind, json!(0)))];
        written.write(&entries);
        written.session.show(&["status", "sheet.csv"]);
    }
    written.session.expect("journal_failures");
}

#[test]
fn journals_that_cannot_be_used() {
    let mut written = Written::new();
    let run = ["run", "sheet.csv", "--progress", "none"];
    let started = written.entry(json!("submit_started"));
    let submitted = written.entry(json!({"submitted": {"remote": "remote-1"}}));
    for (remark, entries) in [
        ("a history that contradicts itself", vec![started.clone(), started.clone()]),
        (
            "a history about an unknown job",
            vec![json!({"job": {"job": "job-99", "event": "render_overdue"}})],
        ),
        ("an entry of another version", vec![started, submitted, json!({"tea_was_made": {}})]),
    ] {
        written.session.remark(remark);
        written.write(&entries);
        written.session.show(&run);
        written.session.show(&["status", "sheet.csv"]);
    }
    written.write(&[json!({"run_ended": {"stopped": null}})]);
    written.session.remark("entries are missing");
    let journal = written.journal();
    journal.execute("UPDATE entries SET sequence = sequence + 5 WHERE sequence > 1", []).unwrap();
    written.session.show(&run);
    written.session.remark("an entry that is no JSON");
    journal.execute("UPDATE entries SET event = 'tea'", []).unwrap();
    written.session.show(&run);
    written.session.show(&["status", "sheet.csv"]);
    written.session.remark("a journal of a newer version");
    journal.pragma_update(None, "user_version", 99).unwrap();
    drop(journal);
    written.session.show(&run);
    written.session.show(&["status", "sheet.csv"]);
    written.session.show(&["report", "--merge", "sheet-output", "--out", "all"]);
    written.session.expect("journal_unusable");
}

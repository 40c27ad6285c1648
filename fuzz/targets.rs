//! The fuzz targets. Each accepts any bytes, must not panic, and asserts properties of the result. `cargo fuzz`
//! runs them without end; `tests/it/fuzz_targets.rs` runs them on the seeds and on random mutations of them.

use std::collections::BTreeSet;
use std::path::Path;

use callsheet::engine::{Batch, RunOptions};
use callsheet::journal::{Identity, Journal, JournalSnapshot, Lock};
use callsheet::manifest::{self, Options};
use callsheet::model::{
    AspectRatio, CommandKind, Credentials, Entry, Estimate, Fingerprint, Generation, History,
    JobId, JobSpec, ListFilter, Origin, PlannedJob, RemoteId, Speech, Tag, Timestamp, VideoRequest,
};
use callsheet::remote::api::parse;

/// Credentials that no message may contain.
const KEYS: [&str; 2] = ["fuzzed-account", "fuzzed-secret"];

fn job(id: &str) -> PlannedJob {
    let id: JobId = id.parse().expect("a valid id");
    let speech = Speech::Text(format!("Text of {id}").into());
    let request = VideoRequest::new(speech, "persona", AspectRatio::Square);
    let origin = Origin { file: "sheet.csv".into(), line: 2 };
    PlannedJob {
        spec: JobSpec::new(id, request, origin).into(),
        estimate: Estimate::default(),
        selected: true,
        in_sheet: true,
        left_out: None,
    }
}

fn tag(job: &PlannedJob) -> Tag {
    let fingerprint: &Fingerprint = &job.spec.fingerprint;
    Tag::of("fuzz", &job.spec.id, fingerprint, Generation(0))
}

/// Whether `text` has no control characters.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Answers to create, look, poll and list.
pub(crate) fn answers(data: &[u8]) {
    if let Some(report) = parse::one_job(data) {
        assert!(is_harmless(report.remote.as_str()));
    }
    let wanted: RemoteId = "w".parse().expect("a valid id");
    if let Ok(reports) = parse::poll(data, std::slice::from_ref(&wanted)) {
        assert!(reports.len() <= 1, "each job is reported once");
        assert!(reports.iter().all(|report| report.remote == wanted));
    }
    let filter = ListFilter {
        tags: BTreeSet::from([tag(&job("a"))]),
        references: BTreeSet::from([wanted]),
        ..ListFilter::default()
    };
    if let Ok((listing, _next)) = parse::list(data, filter) {
        assert!(listing.found.len() as u64 <= listing.rows);
        // A list without its last character is never accepted.
        let end = data.len() - data.iter().rev().take_while(|c| c.is_ascii_whitespace()).count();
        if end > 0 {
            let cut = parse::list(&data[..end - 1], ListFilter::default());
            assert!(cut.is_err(), "an incomplete list was accepted");
        }
    }
}

/// Bodies of error responses. The first two bytes select the status and the command.
pub(crate) fn refusals(data: &[u8]) {
    let [status, command, body @ ..] = data else {
        return;
    };
    let commands = [
        CommandKind::Submit,
        CommandKind::Poll,
        CommandKind::PollJob,
        CommandKind::List,
        CommandKind::Download,
    ];
    let command = commands[usize::from(*command) % commands.len()];
    let status = 300 + 2 * u16::from(*status);
    let credentials = Credentials::new(KEYS[0].to_owned(), KEYS[1].to_owned());
    let Some(failure) = parse::refused(status, body, command, credentials) else {
        return;
    };
    assert!(is_harmless(&failure.message), "{:?}", failure.message);
    assert!(failure.message.chars().count() < 1000, "{}", failure.message);
    assert!(!KEYS.iter().any(|key| failure.message.contains(key)), "{}", failure.message);
    let _disposition = failure.disposition(command);
}

/// A journal file: it is read, or refused and not changed.
pub(crate) fn journal_file(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let _lock = Lock::acquire(folder.path(), "fuzz").expect("a new folder");
    let path = folder.path().join(".callsheet/journal.sqlite");
    put(&path, data);
    let read = JournalSnapshot::read(folder.path());
    let identity = Identity { campaign: "fuzz".to_owned(), is_sandbox: false };
    let opened = Journal::open::<History>(folder.path(), &identity, Timestamp::default, None);
    if read.is_err() {
        assert!(opened.is_err(), "refused by one reader and accepted by the other");
    }
    if opened.is_err() {
        let now = std::fs::read(&path).expect("the file still exists");
        assert_eq!(now, data, "the refused file was changed");
    }
    if let (Ok(Some(snapshot)), Ok(_)) = (read, opened) {
        restore(&snapshot.entries);
    }
}

/// Journal entries as JSON lines: they are restored, or refused with an error.
pub(crate) fn entries(data: &[u8]) {
    let entries: Vec<Entry> = data
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    for entry in &entries {
        let text = serde_json::to_string(entry).expect("an entry can be written");
        let again: Entry = serde_json::from_str(&text).expect("a written entry can be read");
        assert_eq!(again, *entry);
    }
    restore(&entries);
}

fn restore(entries: &[Entry]) {
    let jobs = vec![job("a"), job("b")];
    let now = Timestamp::from_millis(1_800_000_000_000);
    let history = History::of(entries, now);
    if let Ok(mut batch) = Batch::restore("fuzz", jobs, RunOptions::default(), &history, now) {
        // The first step succeeds.
        let step = batch.step(now, []);
        let ready: Result<_, std::convert::Infallible> = step.persist(|_| Ok(()));
        let Ok(ready) = ready;
        assert!(!ready.entries.is_empty(), "a run records its start");
    }
}

/// A CSV sheet.
pub(crate) fn sheet(data: &[u8]) {
    load("sheet.csv", data);
}

/// A YAML manifest.
pub(crate) fn manifest(data: &[u8]) {
    load("jobs.yaml", data);
}

/// A text with a template, in a sheet with columns whose names are odd.
pub(crate) fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace('"', "\"\"");
    let sheet = format!(
        "id,text,persona,aspect_ratio,First Name,1,2024,None,Größe\n\
         a,\"{text}\",7350375b-9a98-51b8-934d-14d46a645dc2,1:1,Ann,one,,nothing,\"{{{{ text }}}}\"\n"
    );
    load("sheet.csv", sheet.as_bytes());
}

/// A workbook. The first byte selects its format, or the part of one that the rest is.
pub(crate) fn workbook(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind % 6 {
        0 => load("book.xlsx", data),
        1 => load("book.ods", data),
        2 => load("book.xls", data),
        3 => load("book.xlsb", data),
        4 => load("book.xlsx", &xlsx_with(data)),
        _ => load("book.ods", &archive(&[("content.xml", data)])),
    }
}

/// Returns a workbook whose only sheet is `sheet`.
fn xlsx_with(sheet: &[u8]) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id='r' Type='{OFFICE}/{kind}' Target='{target}'/></Relationships>"
        )
    };
    let main = format!(
        "<workbook xmlns:r='{OFFICE}'><sheets><sheet name='a' sheetId='1' r:id='r'/></sheets></workbook>"
    );
    archive(&[
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", main.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/a.xml").as_bytes()),
        ("xl/worksheets/a.xml", sheet),
    ])
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::{Cursor, Write as _};
    use zip::write::{SimpleFileOptions, ZipWriter};
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        writer.start_file(*name, stored).expect("a file in memory");
        writer.write_all(content).expect("a file in memory");
    }
    writer.finish().expect("a file in memory").into_inner()
}

fn load(name: &str, data: &[u8]) {
    let read = |path: &Path| {
        if path == Path::new(name) {
            return Ok(data.to_vec());
        }
        Ok(b"id,text,persona,aspect_ratio\n".to_vec())
    };
    match manifest::load(Path::new(name), &Options::default(), &read) {
        Ok(plan) => {
            let mut ids = BTreeSet::new();
            let mut files = BTreeSet::new();
            for job in &plan.jobs {
                assert!(ids.insert(job.id.as_str().to_lowercase()), "two jobs `{}`", job.id);
                assert!(
                    files.insert(job.file_name.to_lowercase()),
                    "two files `{}`",
                    job.file_name
                );
                let is_one_name = !job.file_name.contains(['/', '\\', ':', '\0']);
                assert!(is_one_name && !job.file_name.starts_with('.'), "{}", job.file_name);
            }
        }
        Err(problems) => {
            let text = problems.to_string();
            let is_allowed = |c: char| c == '\n' || !c.is_control();
            assert!(!text.is_empty() && text.chars().all(is_allowed), "{text:?}");
        }
    }
}

fn put(path: &Path, data: &[u8]) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).expect("a temporary file");
    file.write_all(data).expect("a temporary file");
}

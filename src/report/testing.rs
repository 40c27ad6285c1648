//! A campaign with a history, for tests.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::model::{
    Artifact, AspectRatio, Credits, Entry, Event, Failure, FailureKind, Fingerprint, Generation,
    JobEvent, JobId, JobSpec, Origin, Output, PlannedJob, PriceTable, Sheet, SheetRow, Speech,
    StopReason, Tag, Timestamp, VideoRequest,
};
use crate::report::campaign::Campaign;
use crate::report::observer::Observer;
use crate::report::summary::Summary;

/// 2026-11-24T14:00:00Z.
pub(crate) const START: i64 = 1_795_528_800_000;

const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// A campaign with its entries.
pub(crate) struct TestRun {
    pub(crate) campaign: Campaign,
    pub(crate) entries: Vec<Entry>,
}

impl TestRun {
    /// Returns a started run with the jobs `a`, `b`, …, each a row of a sheet with the columns `id` and `note`.
    pub(crate) fn with_jobs(count: u8) -> Self {
        let ids: Vec<String> = (0..count).map(|n| char::from(b'a' + n).to_string()).collect();
        let jobs = ids.iter().zip(2..).map(|(id, line)| planned(id, line)).collect();
        let mut campaign =
            Campaign::new("spring", "spring.csv".into(), "spring-output".into(), jobs);
        campaign.sheet = Arc::new(Sheet {
            columns: vec!["id".into(), "note".into()],
            rows: (0..).zip(&ids).map(|(place, id)| row(id, place..place + 1)).collect(),
        });
        campaign.personas.insert(ANNA.into(), "Anna".into());
        let mut run = Self { campaign, entries: Vec::new() };
        let (version, process) = ("0.1.0".into(), 42);
        run.event(0, Event::RunStarted { version, process, account: None, cap: None });
        run
    }

    pub(crate) fn sheet(&mut self) -> &mut Sheet {
        Arc::make_mut(&mut self.campaign.sheet)
    }

    /// Delivers all entries to `observer`, as a run does.
    pub(crate) fn replay(&self, observer: &mut dyn Observer) {
        let mut summary = Summary::new(Arc::new(self.campaign.clone()));
        summary.set_live(true);
        for entry in &self.entries {
            deliver(observer, &mut summary, entry);
        }
    }

    pub(crate) fn event(&mut self, second: i64, event: Event) {
        self.entries.push(Entry { sequence: self.entries.len() as u64 + 1, at: at(second), event });
    }

    pub(crate) fn job_event(&mut self, second: i64, job: &str, event: JobEvent) {
        self.event(second, Event::job(&id(job), event));
    }

    pub(crate) fn sent(&mut self, second: i64, job: &str) {
        let jobs = &mut self.campaign.jobs.iter();
        let planned = jobs.find(|planned| planned.spec.id.as_str() == job);
        let fingerprint = planned.unwrap().spec.fingerprint.clone();
        let tag = Tag::of("spring", &id(job), &fingerprint, Generation(0));
        let (generation, reserved) = (Generation(0), Credits::whole(5));
        let event = JobEvent::SubmitStarted { tag, fingerprint, generation, reserved, least: None };
        self.job_event(second, job, event);
    }

    pub(crate) fn accepted(&mut self, second: i64, job: &str) {
        self.sent(second, job);
        let remote = format!("remote-{job}").parse().unwrap();
        self.job_event(second + 1, job, JobEvent::Submitted { remote });
    }

    pub(crate) fn rendered(&mut self, second: i64, job: &str) {
        self.accepted(second, job);
        self.job_event(second + 60, job, JobEvent::Rendered { output: output(job) });
    }

    pub(crate) fn done(&mut self, second: i64, job: &str) {
        self.rendered(second, job);
        let artifact = artifact(job);
        self.job_event(second + 61, job, JobEvent::Downloaded { artifact });
    }

    pub(crate) fn failed(&mut self, second: i64, job: &str, message: &str) {
        self.accepted(second, job);
        let failure = Failure::new(FailureKind::RenderFailed, message);
        let charged = Some(Credits::ZERO);
        self.job_event(second + 30, job, JobEvent::Failed { failure, charged });
    }

    /// Changes the row of a job, which has the request of another text now.
    pub(crate) fn edit(&mut self, job: &str) {
        let mut jobs = self.campaign.jobs.iter_mut();
        let planned = jobs.find(|planned| planned.spec.id.as_str() == job).unwrap();
        let spec = Arc::make_mut(&mut planned.spec);
        Arc::make_mut(&mut spec.request).speech = Speech::Text("Edited".into());
        spec.fingerprint = Fingerprint::of(&spec.request);
    }

    pub(crate) fn lost(&mut self, second: i64, job: &str) {
        self.sent(second, job);
        let failure = Failure::new(FailureKind::Lost, "the connection was reset");
        self.job_event(second + 20, job, JobEvent::SubmitLost { failure });
    }

    pub(crate) fn ended(&mut self, second: i64, stopped: Option<StopReason>) {
        self.event(second, Event::RunEnded { stopped });
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::of(Arc::new(self.campaign.clone()), &self.entries)
    }

    /// Returns the summary while the run is under way.
    pub(crate) fn live_summary(&self) -> Summary {
        let mut summary = self.summary();
        summary.set_live(true);
        summary
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(START + second * 1000)
}

pub(crate) fn id(text: &str) -> JobId {
    text.parse().unwrap()
}

pub(crate) fn planned(id: &str, line: u32) -> PlannedJob {
    let text = format!("Say something nice about {id}.");
    let request = VideoRequest::new(Speech::Text(text.into()), ANNA, AspectRatio::Portrait);
    let estimate = PriceTable::default().estimate(&request, None);
    let origin = Origin { file: "spring.csv".into(), line };
    PlannedJob {
        spec: JobSpec::new(id.parse().unwrap(), request, origin).into(),
        estimate,
        selected: true,
        in_sheet: true,
        left_out: None,
    }
}

pub(crate) fn row(id: &str, jobs: Range<usize>) -> SheetRow {
    let cells = vec![id.into(), format!("note of {id}").into()];
    SheetRow { cells, jobs, left_out: None }
}

pub(crate) fn output(job: &str) -> Arc<Output> {
    Arc::new(Output {
        video_url: format!("https://cdn.example/{job}.mp4?Signature=secret"),
        thumbnail_url: Some(format!("https://cdn.example/{job}.jpg")),
        duration_seconds: Some(12.5),
        credits_used: Some(Credits::whole(5)),
    })
}

pub(crate) fn artifact(job: &str) -> Arc<Artifact> {
    Arc::new(Artifact {
        file: format!("videos/{job}.mp4"),
        bytes: 1_234_567,
        sha256: "9f86d081".into(),
        thumbnail: Some(format!("thumbnails/{job}.jpg")),
    })
}

/// A stream whose content can be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Returns the text since the last call.
    pub(crate) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream whose reader is gone.
pub(crate) struct ClosedPipe;

impl Write for ClosedPipe {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Delivers one entry to `observer`, as a run does.
pub(crate) fn deliver(observer: &mut dyn Observer, summary: &mut Summary, entry: &Entry) {
    summary.apply(entry);
    observer.on_entry(summary, entry);
}

//! A made-up campaign for the tests of this folder.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::model::{
    Artifact, AspectRatio, Credits, Entry, Event, Failure, FailureKind, Generation, JobEvent,
    JobId, JobSpec, Origin, Output, PlannedJob, PriceTable, Sheet, SheetRow, Speech, StopReason,
    Tag, Timestamp, VideoRequest,
};
use crate::report::campaign::Campaign;
use crate::report::observer::Observer;
use crate::report::summary::Summary;

/// 2026-11-24T14:00:00Z.
pub(super) const START: i64 = 1_795_528_800_000;

const ANNA: &str = "7350375b-9a98-51b8-934d-14d46a645dc2";

/// A campaign and what is told of it.
pub(super) struct TestRun {
    pub(super) campaign: Campaign,
    pub(super) entries: Vec<Entry>,
}

impl TestRun {
    /// Jobs `a`, `b`, ... one a row of a sheet with the columns `id` and `note`.
    pub(super) fn with_jobs(count: u8) -> Self {
        let ids: Vec<String> = (0..count)
            .map(|n| char::from(b'a' + n).to_string())
            .collect();
        let jobs = ids
            .iter()
            .zip(2..)
            .map(|(id, line)| planned(id, line))
            .collect();
        let mut campaign =
            Campaign::new("spring", "spring.csv".into(), "spring-output".into(), jobs);
        campaign.sheet = Arc::new(Sheet {
            columns: vec!["id".into(), "note".into()],
            rows: (0..)
                .zip(&ids)
                .map(|(place, id)| row(id, place..place + 1))
                .collect(),
        });
        campaign.personas.insert(ANNA.into(), "Anna".into());
        let mut run = Self {
            campaign,
            entries: Vec::new(),
        };
        let (version, process) = ("0.1.0".into(), 42);
        run.push(0, Event::RunStarted { version, process });
        run
    }

    pub(super) fn sheet(&mut self) -> &mut Sheet {
        Arc::make_mut(&mut self.campaign.sheet)
    }

    /// Tells all of it to `observer`, as a run would.
    pub(super) fn replay_to(&self, observer: &mut dyn Observer) {
        let mut summary = Summary::new(Arc::new(self.campaign.clone()));
        for entry in &self.entries {
            tell(observer, &mut summary, entry);
        }
    }

    pub(super) fn push(&mut self, second: i64, event: Event) {
        self.entries.push(Entry {
            sequence: self.entries.len() as u64 + 1,
            at: at(second),
            event,
        });
    }

    pub(super) fn tell(&mut self, second: i64, job: &str, event: JobEvent) {
        self.push(second, Event::job(&id(job), event));
    }

    pub(super) fn sent(&mut self, second: i64, job: &str) {
        let jobs = &mut self.campaign.jobs.iter();
        let planned = jobs.find(|planned| planned.spec.id.as_str() == job);
        let fingerprint = planned.unwrap().spec.fingerprint.clone();
        let tag = Tag::of("spring", &id(job), &fingerprint, Generation(0));
        let (generation, reserved) = (Generation(0), Credits::whole(5));
        let event = JobEvent::SubmitStarted {
            tag,
            fingerprint,
            generation,
            reserved,
        };
        self.tell(second, job, event);
    }

    pub(super) fn accepted(&mut self, second: i64, job: &str) {
        self.sent(second, job);
        let remote = format!("remote-{job}").parse().unwrap();
        self.tell(second + 1, job, JobEvent::Submitted { remote });
    }

    pub(super) fn rendered(&mut self, second: i64, job: &str) {
        self.accepted(second, job);
        self.tell(
            second + 60,
            job,
            JobEvent::Rendered {
                output: output(job),
            },
        );
    }

    pub(super) fn done(&mut self, second: i64, job: &str) {
        self.rendered(second, job);
        let artifact = artifact(job);
        self.tell(second + 61, job, JobEvent::Fetched { artifact });
    }

    pub(super) fn failed(&mut self, second: i64, job: &str, message: &str) {
        self.accepted(second, job);
        let failure = Failure::new(FailureKind::RenderFailed, message);
        let charged = Some(Credits::ZERO);
        self.tell(second + 30, job, JobEvent::Failed { failure, charged });
    }

    pub(super) fn lost(&mut self, second: i64, job: &str) {
        self.sent(second, job);
        let failure = Failure::new(FailureKind::Lost, "the connection was reset");
        self.tell(second + 20, job, JobEvent::SubmitLost { failure });
    }

    pub(super) fn ended(&mut self, second: i64, stopped: Option<StopReason>) {
        self.push(second, Event::RunEnded { stopped });
    }

    pub(super) fn summary(&self) -> Summary {
        Summary::of(Arc::new(self.campaign.clone()), &self.entries)
    }
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(START + second * 1000)
}

pub(super) fn id(text: &str) -> JobId {
    text.parse().unwrap()
}

pub(super) fn planned(id: &str, line: u32) -> PlannedJob {
    let text = format!("Say something nice about {id}.");
    let request = VideoRequest::new(Speech::Text(text.into()), ANNA, AspectRatio::Portrait);
    let estimate = PriceTable::default().estimate(&request, None);
    let origin = Origin {
        file: "spring.csv".into(),
        line,
    };
    PlannedJob {
        spec: JobSpec::new(id.parse().unwrap(), request, origin).into(),
        estimate,
        selected: true,
        in_sheet: true,
    }
}

pub(super) fn row(id: &str, jobs: Range<usize>) -> SheetRow {
    SheetRow {
        cells: vec![id.into(), format!("note of {id}").into()],
        jobs,
    }
}

pub(super) fn output(job: &str) -> Arc<Output> {
    Arc::new(Output {
        video_url: format!("https://cdn.example/{job}.mp4?Signature=secret"),
        thumbnail_url: Some(format!("https://cdn.example/{job}.jpg")),
        duration_seconds: Some(12.5),
        credits_used: Some(Credits::whole(5)),
    })
}

pub(super) fn artifact(job: &str) -> Arc<Artifact> {
    Arc::new(Artifact {
        file: format!("videos/{job}.mp4"),
        bytes: 1_234_567,
        sha256: "9f86d081".into(),
        thumbnail: Some(format!("thumbnails/{job}.jpg")),
    })
}

/// A stream whose text can be looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream that refuses everything, and must not be tried twice.
pub(super) struct Closed;

impl Write for Closed {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One entry, as a run tells it.
pub(super) fn tell(observer: &mut dyn Observer, summary: &mut Summary, entry: &Entry) {
    summary.apply(entry);
    observer.on_entry(summary, entry);
}

//! A campaign from Rust, with an observer of one's own: `cargo run --example observer`.
//!
//! It is run against the sandbox inside this process, so it needs no account and costs nothing. For the
//! real API, give [`Settings`] the default [`BaseUrl`] and real credentials.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callsheet::driver::{self, Clock as _, Drive, SystemClock};
use callsheet::engine::{Batch, Policy};
use callsheet::journal::{Identity, Journal};
use callsheet::model::{
    AspectRatio, Credentials, Credits, Entry, Event, History, JobEvent, JobSpec, Limits, Origin,
    PlannedJob, PriceTable, Speech, VideoRequest,
};
use callsheet::remote::{Proxy, Remote, Settings};
use callsheet::report::{Campaign, Observer, Summary};
use callsheet::sandbox::Sandbox;

/// Counts what arrives. Every entry it is told is on disk already, and in the summary it is given.
#[derive(Debug, Default)]
struct Arrivals {
    files: Vec<String>,
}

impl Observer for Arrivals {
    fn on_entry(&mut self, _: &Summary, entry: &Entry) {
        if let Event::Job {
            job,
            event: JobEvent::Fetched { artifact },
        } = &entry.event
        {
            println!("{job}: {} ({} bytes)", artifact.file, artifact.bytes);
            self.files.push(artifact.file.clone());
        }
    }
}

fn jobs() -> Result<Vec<PlannedJob>, Box<dyn std::error::Error>> {
    let prices = PriceTable::default();
    let mut jobs = Vec::new();
    for (line, name) in (1..).zip(["Anna", "Ben", "Carla"]) {
        let speech = Speech::Text(format!("Hello {name}!").as_str().into());
        let persona = "7350375b-9a98-51b8-934d-14d46a645dc2";
        let request = VideoRequest::new(speech, persona, AspectRatio::Portrait);
        let origin = Origin {
            file: file!().into(),
            line,
        };
        let spec = JobSpec::new(name.to_lowercase().parse()?, request, origin);
        jobs.push(PlannedJob {
            estimate: prices.estimate(&spec.request, None),
            spec: Arc::new(spec),
            selected: true,
            in_sheet: true,
        });
    }
    Ok(jobs)
}

/// Makes the videos in `out`, and answers their files.
async fn campaign(out: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start(callsheet::sandbox::SandboxSettings {
        render_millis: 50..=200,
        ..callsheet::sandbox::SandboxSettings::default()
    })
    .await?;
    let keys = Credentials::new("any".to_owned(), "any".to_owned());
    let remote = Remote::new(Settings {
        proxy: Proxy::Bypass,
        ..Settings::new(sandbox.base_url().parse()?, keys, out.to_owned())
    })?;

    // The name is part of every tag: the same campaign finds what it has paid for, wherever it is run.
    let identity = Identity {
        campaign: "from-rust".to_owned(),
        is_sandbox: true,
    };
    let clock = SystemClock::new();
    let lock = driver::acquire_lock(out, "the example", Duration::ZERO, &clock).await?;
    let (mut journal, record) = Journal::open(out, &identity)?;
    let jobs = jobs()?;
    journal.save_jobs(jobs.iter().map(|job| &*job.spec))?;
    let (name, place) = (&identity.campaign, out.to_owned());
    let campaign = Campaign::new(name, file!().into(), place, jobs.clone());
    let history = History::of(&record.entries, clock.now());
    let mut summary = Summary::with(Arc::new(campaign), history);
    let policy = Policy {
        limits: Limits {
            max_credits: Some(Credits::whole(50)),
            ..Limits::sandbox()
        },
        ..Policy::default()
    };
    let batch = Batch::restore(
        &identity.campaign,
        jobs,
        policy,
        summary.history(),
        clock.now(),
    )?;

    let mut interrupts = driver::listen_for_interrupts()?;
    let mut arrivals = Arrivals::default();
    let stopped = Drive {
        batch,
        journal,
        provider: Arc::new(remote),
        clock: &clock,
        interrupts: &mut interrupts,
        summary: &mut summary,
        observers: vec![&mut arrivals],
        tick: Duration::from_secs(1),
    }
    .run()
    .await?;
    drop(lock);
    if let Some(reason) = stopped {
        println!("stopped early: {reason:?}");
    }
    Ok(arrivals.files)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = tempfile::tempdir()?;
    let files = campaign(out.path()).await?;
    println!("{} videos in {}", files.len(), out.path().display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_video_arrives() {
        let out = tempfile::tempdir().unwrap();
        let mut files = campaign(out.path()).await.unwrap();
        files.sort();
        assert_eq!(
            files,
            ["videos/anna.mp4", "videos/ben.mp4", "videos/carla.mp4"]
        );
        assert!(files.iter().all(|file| out.path().join(file).exists()));
        // What is done is not done again.
        assert!(campaign(out.path()).await.unwrap().is_empty());
    }
}

//! Runs a campaign from Rust, with an observer of its own, against the embedded sandbox:
//! `cargo run --example observer`.

#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use callsheet::app::{self, CampaignOptions, ProviderConfig, RunRequest};
use callsheet::model::{Entry, Event, JobEvent};
use callsheet::report::{Observer, Summary};

/// Prints each finished video. An observer is called after the entry is on disk.
#[derive(Debug)]
struct Downloads;

impl Observer for Downloads {
    fn on_entry(&mut self, _: &Summary, entry: &Entry) {
        if let Event::Job { job, event: JobEvent::Downloaded { artifact } } = &entry.event {
            println!("{job}: {} ({} bytes)", artifact.file, artifact.bytes);
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut campaign = CampaignOptions::new("examples/campaign.csv");
    campaign.out = Some(folder.path().join("videos"));
    let request = RunRequest::new(campaign, ProviderConfig::sandbox()).observed_by(Downloads);
    let finished = app::run(request).await?;
    finished.result?;
    println!("{} videos are done", finished.summary.counts().done);
    Ok(())
}

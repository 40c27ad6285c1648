//! `status`, `why` and `report`: what the journal says, without network and without lock.

use std::path::Path;

use anyhow::Context as _;

use super::anticipation::JournalPrefetch;
use super::argument_groups::{AddressArguments, CampaignArguments};
use super::arguments::{ReportArguments, StatusArguments, WhyArguments};
use super::campaign::Manifest;
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::exit::Exit;
use super::herald::Printer;
use super::merge::merged;
use super::resuming::naming;
use super::selection::must_exist;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{JournalSnapshot, LockState};
use crate::model::{Entry, Event};
use crate::report::Summary;
use crate::report::accuracy::accuracy_table;
use crate::report::events::{explain, explain_json};
use crate::report::files::{CsvEncoding, ResultsWriter, write_json};
use crate::report::status::{Liveness, StatusContext, status_json, status_screen};
use crate::report::terminal::Colours;

/// A campaign that is only looked at.
pub(super) struct Look {
    manifest: Manifest,
    /// Whether there is a journal.
    is_begun: bool,
    /// The last entry of the journal that `summary` has taken in.
    newest: Option<Entry>,
    pub(super) summary: Summary,
    pub(super) view: StatusContext,
}

impl Look {
    pub(super) fn at(
        arguments: &CampaignArguments,
        address: &AddressArguments,
    ) -> Result<Self, Error> {
        let environment = Environment::read(Some(&arguments.manifest));
        let now = SystemClock::new().now();
        let anticipation = JournalPrefetch::of(arguments);
        let mut manifest = Manifest::load_or_recall(arguments, address, now)?;
        let past = anticipation.past(&mut manifest)?;
        let is_begun = past.is_some();
        let newest = past.as_ref().and_then(|past| past.newest.clone());
        let summary = manifest.look(
            arguments,
            &naming(
                address.sandbox,
                address.profile.as_deref(),
                address.base_url.as_deref(),
            ),
            past,
        );
        let view = StatusContext {
            now,
            liveness: liveness(&manifest.out),
            colours: colours(&environment),
        };
        Ok(Self {
            manifest,
            is_begun,
            newest,
            summary,
            view,
        })
    }

    /// Takes in what a run has put on record since; `false` if that is not all that may have changed, and the
    /// campaign must be looked at anew.
    pub(super) fn go_on(&mut self) -> Result<bool, Error> {
        let Some(newest) = &mut self.newest else {
            return Ok(false);
        };
        // First, so that nothing is missing of a run that is seen to have ended.
        let found = liveness(&self.manifest.out);
        let Some(new) = JournalSnapshot::read_since(&self.manifest.out, newest)? else {
            return Ok(false);
        };
        for entry in &new {
            let is_known = match &entry.event {
                Event::Job { job, .. } => self.summary.row(job).is_some(),
                // A run begins with the manifest as it is then.
                Event::RunStarted { .. } => false,
                Event::RunEnded { .. }
                | Event::LaneHeld { .. }
                | Event::JournalLost
                | Event::InventoryTaken { .. }
                | Event::InventorySkipped { .. }
                | Event::PlacesLearnt { .. } => true,
            };
            if !is_known {
                return Ok(false);
            }
            self.summary.apply(entry);
        }
        if let Some(last) = new.into_iter().next_back() {
            *newest = last;
        }
        self.view.now = SystemClock::new().now();
        self.view.liveness = found;
        Ok(true)
    }
}

fn liveness(out: &Path) -> Liveness {
    match LockState::of(out) {
        LockState::Held => Liveness::Running,
        LockState::Free => Liveness::Idle,
        LockState::Unknown => Liveness::Unknown,
    }
}

fn colours(environment: &Environment) -> Colours {
    if environment.has_colours_on_output() {
        Colours::On
    } else {
        Colours::Off
    }
}

/// `callsheet status`.
pub(super) fn status(arguments: &StatusArguments) -> Result<Exit, Error> {
    let look = Look::at(&arguments.campaign, &arguments.address)?;
    if arguments.json {
        console::print_found(|output| {
            writeln!(output, "{:#}", status_json(&look.summary, look.view))
        })?;
    } else {
        console::print(&status_screen(&look.summary, look.view));
    }
    // The process ends: taking 100,000 jobs apart piece by piece would only keep somebody waiting.
    std::mem::forget(look);
    Ok(Exit::Success)
}

/// `callsheet why`.
pub(super) fn why(arguments: &WhyArguments) -> Result<Exit, Error> {
    let look = Look::at(&arguments.campaign, &arguments.address)?;
    let part = look.manifest.part.as_ref();
    let job = look.manifest.known_as(&arguments.job);
    if let Some(shard) = part.and_then(|part| part.elsewhere(job)) {
        return Err(Error::usage(format!("job `{job}` is one of shard {shard}"))
            .hint(format!("ask that one: `--shard {shard}`")));
    }
    must_exist(job, look.summary.rows().map(|row| row.id()))?;
    let record = JournalSnapshot::read(&look.manifest.out)?;
    let entries = record.as_ref().map_or(&[][..], |record| &record.entries);
    if arguments.json {
        let told = explain_json(&look.summary, entries, job, look.view);
        console::print_found(|output| writeln!(output, "{:#}", told.unwrap_or_default()))?;
    } else {
        let told = explain(&look.summary, entries, job, look.view);
        console::print(&told.unwrap_or_default());
    }
    Ok(Exit::Success)
}

/// `callsheet report`.
pub(super) fn report(arguments: &ReportArguments) -> Result<Exit, Error> {
    let summary = if arguments.merge {
        merged(arguments, Printer::Text)?
    } else {
        let look = Look::at(&arguments.campaign, &arguments.address)?;
        if !look.is_begun {
            let out = look.manifest.out.display();
            return Err(Error::usage(format!(
                "there is no journal in `{out}`, so nothing was written"
            ))
            .hint("give the folder of an earlier run with `--out DIR`"));
        }
        look.summary
    };
    let out = &summary.campaign().out;
    let encoding = if arguments.excel {
        CsvEncoding::Excel
    } else {
        CsvEncoding::Plain
    };
    let mut results = ResultsWriter::new(&summary, encoding).with_junit(arguments.junit.clone());
    if arguments.xlsx {
        results = results.with_workbook();
    }
    results
        .finish(&summary)
        .with_context(|| format!("cannot write the results to `{}`", out.display()))?;
    if arguments.json {
        console::print_found(|output| write_json(&summary, output))?;
    } else {
        let colours = colours(&Environment::read(None));
        console::print(&accuracy_table(&summary, colours));
        let workbook = arguments.xlsx.then_some("results.xlsx");
        let files = ["results.csv", "results.json", "report.html"];
        for file in files.into_iter().chain(workbook) {
            console::print(&format!("{}\n", out.join(file).display()));
        }
    }
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::arguments::{Arguments, Command};
    use super::*;
    use crate::journal::{Identity, Journal};
    use crate::model::{Credits, Generation, JobEvent, JobId, StopReason, Tag, Timestamp};

    struct Campaign {
        arguments: StatusArguments,
        journal: Journal,
        entries: u64,
        _folder: tempfile::TempDir,
    }

    impl Campaign {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let sheet = folder.path().join("sheet.csv");
            let persona = "7350375b-9a98-51b8-934d-14d46a645dc2";
            let rows = [("a", "Hi"), ("b", "Ho")]
                .map(|(id, text)| format!("{id},{text},{persona},9:16\n"));
            let text = format!("id,text,persona,aspect_ratio\n{}", rows.concat());
            let mut file = std::fs::File::create(&sheet).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
            let line = ["callsheet", "status", sheet.to_str().unwrap()];
            let Command::Status(arguments) = Arguments::try_parse_from(line).unwrap().command
            else {
                panic!("another command");
            };
            let out = folder.path().join("sheet-output");
            std::fs::create_dir_all(out.join(".callsheet")).unwrap();
            let identity = Identity {
                campaign: "sheet".into(),
                is_sandbox: false,
            };
            let (journal, _) = Journal::open(&out, &identity).unwrap();
            Self {
                arguments,
                journal,
                entries: 0,
                _folder: folder,
            }
        }

        fn look(&self) -> Look {
            Look::at(&self.arguments.campaign, &self.arguments.address).unwrap()
        }

        fn tell(&mut self, event: Event) {
            self.entries += 1;
            let at = i64::try_from(self.entries).unwrap();
            let entry = Entry {
                sequence: self.entries,
                at: Timestamp::from_millis(at),
                event,
            };
            self.journal.append(&[entry]).unwrap();
        }

        fn begin(&mut self) {
            let (version, process) = ("1".into(), 1);
            self.tell(Event::RunStarted { version, process });
        }

        fn submit(&mut self, look: &Look, job: &str) {
            let id: JobId = job.parse().unwrap();
            let row = look
                .summary
                .row(&id)
                .map(|row| row.job.spec.fingerprint.clone());
            let fingerprint = row.unwrap_or_else(|| look.manifest.plan.jobs[0].fingerprint.clone());
            let event = JobEvent::SubmitStarted {
                tag: Tag::of("sheet", &id, &fingerprint, Generation(0)),
                fingerprint,
                generation: Generation(0),
                reserved: Credits::whole(5),
            };
            self.tell(Event::job(&id, event));
        }
    }

    fn told(look: &Look) -> String {
        let summary = &look.summary;
        format!(
            "{:?} {:?} {:?}",
            summary.last(),
            summary.counts(),
            summary.money()
        )
    }

    #[test]
    fn a_look_that_goes_on_sees_what_a_new_one_sees() {
        let mut campaign = Campaign::new();
        let mut look = campaign.look();
        assert!(!look.go_on().unwrap(), "there was nothing to go on from");
        campaign.begin();
        look = campaign.look();
        assert!(look.go_on().unwrap());
        for job in ["a", "b"] {
            campaign.submit(&look, job);
            let before = told(&look);
            assert!(look.go_on().unwrap());
            assert_ne!(told(&look), before);
            assert_eq!(told(&look), told(&campaign.look()));
        }
        let stopped = Some(StopReason::Interrupted);
        campaign.tell(Event::RunEnded { stopped });
        assert!(look.go_on().unwrap());
        assert_eq!(told(&look), told(&campaign.look()));
    }

    #[test]
    fn a_new_run_and_an_unknown_job_are_looked_at_anew() {
        let mut campaign = Campaign::new();
        campaign.begin();
        let mut look = campaign.look();
        campaign.begin();
        assert!(!look.go_on().unwrap());
        let mut look = campaign.look();
        campaign.submit(&look, "gone-from-the-sheet");
        assert!(!look.go_on().unwrap());
    }
}

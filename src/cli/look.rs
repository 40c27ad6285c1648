//! `status`, `why` and `report`: what the journal says, without network and without lock.

use anyhow::Context as _;

use super::anticipation::Anticipation;
use super::argument_groups::{AddressArguments, CampaignArguments};
use super::arguments::{ReportArguments, StatusArguments, WhyArguments};
use super::campaign::Manifest;
use super::console;
use super::environment::Environment;
use super::error::Error;
use super::exit::Exit;
use super::resuming::naming;
use super::selection::must_exist;
use crate::driver::{Clock as _, SystemClock};
use crate::journal::{Liveness, Record};
use crate::observe::{
    self, Colours, Encoding, ResultsWriter, Summary, View, accuracy_table, status_json,
    status_screen, story, story_json, write_json,
};

/// A campaign that is only looked at.
pub(super) struct Look {
    manifest: Manifest,
    record: Option<Record>,
    pub(super) summary: Summary,
    pub(super) view: View,
}

impl Look {
    pub(super) fn at(
        arguments: &CampaignArguments,
        address: &AddressArguments,
    ) -> Result<Self, Error> {
        let environment = Environment::read(Some(&arguments.manifest));
        let now = SystemClock::new().now();
        let anticipation = Anticipation::of(arguments);
        let manifest = Manifest::load(arguments, address, now)?;
        let record = anticipation.record(&manifest.out)?;
        let summary = manifest.look(
            arguments,
            &naming(address.sandbox, address.base_url.as_deref()),
            record.as_ref(),
        );
        let view = View {
            now,
            liveness: match Liveness::of(&manifest.out) {
                Liveness::Running => observe::Liveness::Running,
                Liveness::Idle => observe::Liveness::Idle,
                Liveness::Unknown => observe::Liveness::Unknown,
            },
            colours: if environment.has_colours_on_output() {
                Colours::On
            } else {
                Colours::Off
            },
        };
        Ok(Self {
            manifest,
            record,
            summary,
            view,
        })
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
    must_exist(&arguments.job, look.summary.rows().map(|row| row.id()))?;
    let entries = look
        .record
        .as_ref()
        .map_or(&[][..], |record| &record.entries);
    if arguments.json {
        let told = story_json(&look.summary, entries, &arguments.job, look.view);
        console::print_found(|output| writeln!(output, "{:#}", told.unwrap_or_default()))?;
    } else {
        let told = story(&look.summary, entries, &arguments.job, look.view);
        console::print(&told.unwrap_or_default());
    }
    Ok(Exit::Success)
}

/// `callsheet report`.
pub(super) fn report(arguments: &ReportArguments) -> Result<Exit, Error> {
    let look = Look::at(&arguments.campaign, &arguments.address)?;
    let out = look.manifest.out.display();
    if look.record.is_none() {
        return Err(Error::usage(format!(
            "there is no journal in `{out}`, so nothing was written"
        ))
        .hint("give the folder of an earlier run with `--out DIR`"));
    }
    let encoding = if arguments.excel {
        Encoding::Excel
    } else {
        Encoding::Plain
    };
    let mut results =
        ResultsWriter::new(&look.summary, encoding).with_junit(arguments.junit.clone());
    if arguments.xlsx {
        results = results.with_workbook();
    }
    results
        .finish(&look.summary)
        .with_context(|| format!("cannot write the results to `{out}`"))?;
    if arguments.json {
        console::print_found(|output| write_json(&look.summary, output))?;
    } else {
        console::print(&accuracy_table(&look.summary, look.view.colours));
        let workbook = arguments.xlsx.then_some("results.xlsx");
        let files = ["results.csv", "results.json", "report.html"];
        for file in files.into_iter().chain(workbook) {
            console::print(&format!("{}\n", look.manifest.out.join(file).display()));
        }
    }
    Ok(Exit::Success)
}

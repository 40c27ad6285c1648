//! How a manifest is read: once, and once more if its names have to be looked up.

use std::cell::RefCell;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::argument_groups::{AddressArguments, CampaignArguments};
use super::campaign::{Manifest, approval, out_folder, shard_folder, usual_out_folder};
use super::catalogue::{Known, Lookup, Naming, Network};
use super::console;
use super::day::Day;
use super::environment::Environment;
use super::error::Error;
use super::former;
use super::herald::Printer;
use super::provider::Choice;
use super::shard::{Part, ShardArg};
use crate::manifest::{self, Delimiter, InvalidRows, NameKind, Problems, Resolution};
use crate::model::{Plan, Shard, Timestamp};

/// Whose names cannot be looked up is told how they could.
const HOW_TO_LOOK_UP: &str = "personas and voices are looked up by name at the provider, which needs \
    CREATIFY_API_ID and CREATIFY_API_KEY; without them give UUIDs, or try `--sandbox`";

/// A manifest that is about to be read.
struct Reading {
    arguments: CampaignArguments,
    delimiter: Option<Delimiter>,
    today: Option<jiff::civil::Date>,
    shard: Option<Shard>,
    /// Standard input can be read only once.
    standard_input: RefCell<Option<Vec<u8>>>,
}

/// A manifest whose names stand for themselves.
struct Draft {
    names: std::collections::BTreeSet<(NameKind, String)>,
    plan: Result<Plan, Problems>,
}

impl Manifest {
    /// Reads the manifest that `arguments` name, asking nobody: names mean what they meant when the campaign
    /// was last run, or what a catalogue of an earlier day says. Nothing is created.
    ///
    /// # Errors
    /// Every problem of it at once.
    pub(super) fn load(
        arguments: &CampaignArguments,
        address: &AddressArguments,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let reading = Reading::new(arguments, now)?;
        let draft = reading.draft();
        let environment = Environment::read(Some(&arguments.manifest));
        let lookup = Lookup {
            provider: Choice::of_address(address, &environment).ok(),
            environment: &environment,
            herald: Printer::Text,
            network: Network::OnlyIfNeeded,
        };
        let out = draft.out(&reading);
        let naming = Naming::offline(&lookup, out.as_deref());
        reading.finish(draft, naming)
    }

    /// The same for whoever only wants to know what has become of it: should it be missing or wrong by now, its last
    /// results stand in for it.
    ///
    /// # Errors
    /// Every problem of it at once.
    pub(super) fn load_or_recall(
        arguments: &CampaignArguments,
        address: &AddressArguments,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let wrong = match Self::load(arguments, address, now) {
            Err(wrong @ Error::Manifest { .. }) => wrong,
            result => return result,
        };
        let recalled = last_results(arguments)
            .and_then(|results| Some((Self::load(&results, address, now).ok()?, results)));
        let Some((manifest, results)) = recalled else {
            return Err(wrong);
        };
        tell_recalled(&wrong, &results, Printer::Text);
        Ok(manifest)
    }

    /// The same with names left as they are, for whoever wants its settings alone.
    ///
    /// # Errors
    /// Every other problem of it at once.
    pub(super) fn load_settings(
        arguments: &CampaignArguments,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let reading = Reading::new(arguments, now)?;
        let Draft { plan, .. } = reading.draft();
        let names = std::collections::BTreeSet::new();
        reading.finish(Draft { names, plan }, Naming::default())
    }

    /// The same, asking the provider for names that nobody else knows. Waiting for it can be given up at any
    /// time, for a pipe or an address that never answers.
    ///
    /// # Errors
    /// Every problem of it at once; or that the provider cannot be asked.
    pub(super) async fn load_online(
        arguments: &CampaignArguments,
        now: Timestamp,
        lookup: &Lookup<'_>,
    ) -> Result<Self, Error> {
        let reading = Reading::new(arguments, now)?;
        let (reading, draft) = console::aside(move || {
            let draft = reading.draft();
            (reading, draft)
        })
        .await;
        let naming = if draft.names.is_empty() && draft.plan.is_err() {
            Naming::default()
        } else {
            let out = draft.out(&reading);
            Naming::online(lookup, &draft.names, out.as_deref(), now).await?
        };
        console::aside(move || reading.finish(draft, naming)).await
    }
}

impl Manifest {
    /// Reads it for a run that only collects: should it be missing or wrong by now, its last results stand in for
    /// it, for what is paid for must not wait.
    ///
    /// # Errors
    /// Every problem of it at once; or that the provider cannot be asked.
    pub(super) async fn load_or_recall_online(
        arguments: &CampaignArguments,
        now: Timestamp,
        lookup: &Lookup<'_>,
    ) -> Result<Self, Error> {
        let wrong = match Self::load_online(arguments, now, lookup).await {
            Err(wrong @ Error::Manifest { .. }) => wrong,
            result => return result,
        };
        let Some(results) = last_results(arguments) else {
            return Err(wrong);
        };
        let Ok(manifest) = Self::load_online(&results, now, lookup).await else {
            return Err(wrong);
        };
        tell_recalled(&wrong, &results, lookup.herald);
        Ok(manifest)
    }
}

/// The last results of the campaign that a manifest most likely means, to be read in its place.
fn last_results(arguments: &CampaignArguments) -> Option<CampaignArguments> {
    let manifest = usual_out_folder(arguments).join("results.csv");
    let results = CampaignArguments {
        manifest,
        out: None,
        shard: None,
        share: false,
        date: None,
        sheet: None,
        delimiter: None,
        skip_invalid: true,
    };
    let is_other = results.manifest != arguments.manifest && results.manifest.exists();
    (is_other && former::folder(&results).is_some()).then_some(results)
}

fn tell_recalled(wrong: &Error, results: &CampaignArguments, herald: Printer) {
    let Error::Manifest { problems, .. } = wrong else {
        return;
    };
    let count = problems.problems().len();
    let first = problems.problems().first().map(|problem| {
        let others = if count > 1 {
            format!(", and {} more problems", count - 1)
        } else {
            String::new()
        };
        format!("{}: {}{others}", problem.place(), problem.message())
    });
    herald.warning(&format!(
        "the manifest cannot be used as it is ({}); what has been paid for is taken from `{}`",
        first.unwrap_or_default(),
        results.manifest.display()
    ));
}

impl Reading {
    fn new(arguments: &CampaignArguments, now: Timestamp) -> Result<Self, Error> {
        let delimiter = arguments.delimiter.as_deref().map(str::parse::<Delimiter>);
        Ok(Self {
            arguments: arguments.clone(),
            delimiter: delimiter
                .transpose()
                .map_err(|error| Error::usage(error.to_string()))?,
            today: arguments.date.unwrap_or(Day::Today).date(now),
            shard: arguments.shard.map(ShardArg::resolve).transpose()?,
            standard_input: RefCell::default(),
        })
    }

    /// How it is to be read, with `catalogue` for names.
    fn options<'a>(&self, catalogue: Option<manifest::Resolve<'a>>) -> manifest::Options<'a> {
        manifest::Options {
            delimiter: self.delimiter,
            sheet: self.arguments.sheet.clone(),
            invalid_rows: if self.arguments.skip_invalid {
                InvalidRows::Skip
            } else {
                InvalidRows::Refuse
            },
            today: self.today,
            catalogue,
        }
    }

    /// Reads it as if every name were an id, and notes the names down.
    fn draft(&self) -> Draft {
        let names = RefCell::new(std::collections::BTreeSet::new());
        let note_down = |name: &str, kind: NameKind| {
            names.borrow_mut().insert((kind, name.to_owned()));
            Resolution::Found(name.to_owned())
        };
        let plan = self.read(&self.options(Some(&note_down)));
        Draft {
            names: names.into_inner(),
            plan,
        }
    }

    /// The manifest, with the names of its draft resolved.
    fn finish(&self, draft: Draft, naming: Naming) -> Result<Manifest, Error> {
        let Draft { names, plan } = draft;
        let plan = if names.is_empty() {
            plan
        } else {
            let resolve = |name: &str, kind: NameKind| {
                let nobody_knows = Resolution::Unknown(Vec::new());
                naming.resolve(name, kind).unwrap_or(nobody_knows)
            };
            let knows_any = names
                .iter()
                .any(|(kind, name)| naming.resolve(name, *kind).is_some());
            self.read(&self.options(knows_any.then_some(&resolve as manifest::Resolve<'_>)))
        };
        let lacks_catalogue = !naming.has_catalogue()
            && names
                .iter()
                .any(|(kind, name)| naming.resolve(name, *kind).is_none());
        let mut plan = plan.map_err(|problems| Error::Manifest {
            problems,
            hint: lacks_catalogue.then_some(HOW_TO_LOOK_UP),
        })?;
        if let Some(campaign) = former::campaign(&self.arguments)? {
            plan.campaign = campaign;
        }
        plan.notes.extend(naming.doubts(&plan));
        let known: Known = naming.into_known(&plan, &names);
        let home = out_folder(&self.arguments, &plan);
        let approval = approval(&home, &plan);
        let part = self.shard.map(|shard| Part::take(&mut plan, shard));
        Ok(Manifest {
            out: self.shard_folder(home),
            plan,
            part,
            approval,
            known,
            continued: Vec::new(),
        })
    }

    fn shard_folder(&self, home: PathBuf) -> PathBuf {
        shard_folder(&self.arguments, self.shard, home)
    }

    fn read(&self, options: &manifest::Options<'_>) -> Result<Plan, Problems> {
        let read = |path: &Path| self.bytes(path);
        manifest::load(&self.arguments.manifest, options, &read)
    }

    fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path != Path::new("-") {
            return std::fs::read(path);
        }
        let mut kept = self.standard_input.borrow_mut();
        if let Some(bytes) = &*kept {
            return Ok(bytes.clone());
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(kept.insert(bytes).clone())
    }
}

impl Draft {
    /// The output folder, as far as it is known already.
    fn out(&self, reading: &Reading) -> Option<PathBuf> {
        let plan = self.plan.as_ref().ok();
        let given = || reading.arguments.out.clone();
        let home = plan.map(|plan| out_folder(&reading.arguments, plan));
        home.or_else(given).map(|home| reading.shard_folder(home))
    }
}

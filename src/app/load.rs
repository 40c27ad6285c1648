//! Loading a manifest: read once, and a second time if names have to be looked up.

use std::cell::RefCell;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use super::catalogue::{CatalogueResolver, NameLookup, Names};
use super::edits::warn_of_copy;
use super::error::Error;
use super::first_run::UsedFolders;
use super::identity::ResolvedIds;
use super::manifest::{LoadedManifest, approval};
use super::named_file::read_named_file;
use super::notices::Notices;
use super::options::{CampaignOptions, today};
use super::shard::ShardPlan;
use crate::journal::{Identity, read_accepted};
use crate::manifest::{
    self, Delimiter, InvalidRows, NameKind, Problems, Resolution, SheetContent, TextEncoding,
};
use crate::model::{Flag, ManifestLocation, Plan, SuspiciousTexts, Timestamp};
use crate::util::fs::{OutputDir, read_regular};

fn lookup_hint() -> String {
    format!(
        "personas and voices are looked up by name at the provider, which needs CREATIFY_API_ID and \
         CREATIFY_API_KEY; without them give UUIDs, or try `{}`",
        Flag::Sandbox
    )
}

/// A manifest that is about to be read.
struct ManifestReader {
    options: CampaignOptions,
    delimiter: Option<Delimiter>,
    encoding: Option<TextEncoding>,
    today: Option<jiff::civil::Date>,
    /// The content of standard input or of another pipe, which can be read only once.
    standard_input: RefCell<Option<Vec<u8>>>,
}

/// A manifest read with every name taken for an id.
struct FirstReading {
    names: Names,
    plan: Result<Plan, Problems>,
}

impl LoadedManifest {
    /// Loads the manifest for its settings alone; names are not resolved.
    ///
    /// # Errors
    /// All other problems of the manifest together.
    pub(crate) fn load_settings(options: &CampaignOptions, now: Timestamp) -> Result<Self, Error> {
        let reader = ManifestReader::new(options, now)?;
        let first = FirstReading { names: Names::new(), ..reader.read_first() };
        reader.finish(first, CatalogueResolver::default())
    }

    /// Loads the manifest, and looks up names that are not recorded. Creates nothing. Can be cancelled while it waits
    /// for a pipe or for an answer.
    ///
    /// # Errors
    /// All problems of the manifest together, or that the provider cannot be asked.
    pub(crate) async fn load(
        options: &CampaignOptions,
        lookup: &NameLookup,
        now: Timestamp,
    ) -> Result<Self, Error> {
        warn_of_copy(options, &lookup.notices);
        let reader = ManifestReader::new(options, now)?;
        let (reader, first) = blocking(move || {
            let first = reader.read_first();
            (reader, first)
        })
        .await;
        let resolver = if first.names.is_empty() && first.plan.is_err() {
            CatalogueResolver::default()
        } else {
            let out = first.out(&reader)?;
            CatalogueResolver::new(lookup, &first.names, out.as_deref(), now).await?
        };
        let mut manifest = blocking(move || reader.finish(first, resolver)).await?;
        manifest.ids = ResolvedIds::new(UsedFolders::of(lookup.cache_dir.clone()));
        Ok(manifest)
    }

    /// Loads the manifest like [`load`](Self::load) for a command that submits nothing. If it is missing or invalid by
    /// now, its last results are read instead: paid videos must not wait for a corrected manifest.
    ///
    /// # Errors
    /// All problems of the manifest together, or that the provider cannot be asked.
    pub(crate) async fn load_or_recover(
        options: &CampaignOptions,
        lookup: &NameLookup,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let error = match Self::load(options, lookup, now).await {
            Err(error @ Error::Manifest { .. }) => error,
            result => return result,
        };
        let Some(results) = last_results(options) else {
            return Err(error);
        };
        let Ok(manifest) = Self::load(&results, lookup, now).await else {
            return Err(error);
        };
        report_recovery(&error, &results, &lookup.notices);
        Ok(manifest)
    }
}

/// Reads the manifest for showing it. Returns `None` if it cannot be read, for a reason that loading it reports.
///
/// # Errors
/// If an option is wrong.
pub(super) fn read_sheet(options: &CampaignOptions) -> Result<Option<SheetContent>, Error> {
    let reader = ManifestReader::new(options, Timestamp::default())?;
    let path = reader.path();
    let options = reader.manifest_options(None);
    Ok(manifest::read_sheet(&path, &options, &|path| reader.bytes(path)))
}

/// Parses the value of `--encoding`.
///
/// # Errors
/// If it is not the name of an encoding.
pub(crate) fn parse_encoding(name: Option<&str>) -> Result<Option<TextEncoding>, Error> {
    let encoding = name.map(str::parse::<TextEncoding>);
    encoding.transpose().map_err(|error| Error::usage(error.to_string()))
}

/// Whether `folder` is `home` or below it, after links are resolved. A folder that does not exist yet is where it would be
/// created.
fn is_below(folder: &Path, home: Option<&Path>) -> bool {
    let home = home.filter(|home| *home != Path::new("")).unwrap_or(Path::new("."));
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let inside = folder.strip_prefix(home).unwrap_or(folder);
    let existing = home.join(inside);
    let existing = existing.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    let resolved = existing.and_then(|folder| folder.canonicalize().ok());
    inside.components().all(is_plain)
        && home
            .canonicalize()
            .is_ok_and(|home| resolved.is_some_and(|folder| folder.starts_with(home)))
}

/// Checks whether `path` stands for an open file of this process, such as a shell's `<(command)`.
fn is_descriptor(path: &Path) -> bool {
    let folders = ["/dev/fd", "/proc/self/fd"];
    path == Path::new("/dev/stdin") || folders.iter().any(|folder| path.starts_with(folder))
}

/// Runs blocking work on a thread of its own, so that waiting for it can be cancelled.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Returns options that read the campaign's last results in place of its manifest.
fn last_results(options: &CampaignOptions) -> Option<CampaignOptions> {
    let manifest = OutputDir(&options.default_out()).results_csv();
    let results = CampaignOptions { skip_invalid: true, ..CampaignOptions::new(&manifest) };
    let is_other = results.manifest != options.manifest && manifest.exists();
    (is_other && results.folder_of_results().is_some()).then_some(results)
}

fn report_recovery(error: &Error, results: &CampaignOptions, notices: &Notices) {
    let Error::Manifest { problems, .. } = error else {
        return;
    };
    let count = problems.problems().len();
    let first = problems.problems().first().map(|problem| {
        let others =
            if count > 1 { format!(", and {} more problems", count - 1) } else { String::new() };
        format!("{}: {}{others}", problem.place(), problem.message())
    });
    notices.warning(&format!(
        "the manifest cannot be used as it is ({}); what has been paid for is taken from `{}`",
        first.unwrap_or_default(),
        results.manifest
    ));
}

impl ManifestReader {
    fn new(options: &CampaignOptions, now: Timestamp) -> Result<Self, Error> {
        let delimiter = options.delimiter.as_deref().map(str::parse::<Delimiter>);
        Ok(Self {
            delimiter: delimiter.transpose().map_err(|error| Error::usage(error.to_string()))?,
            encoding: parse_encoding(options.encoding.as_deref())?,
            today: options.date.or_else(|| today(now)),
            options: options.clone(),
            standard_input: RefCell::default(),
        })
    }

    /// Returns the options of the manifest layer, with `catalogue` for names.
    fn manifest_options<'a>(
        &self,
        catalogue: Option<manifest::Resolve<'a>>,
    ) -> manifest::Options<'a> {
        manifest::Options {
            name: self.options.shown_name.clone(),
            delimiter: self.delimiter,
            encoding: self.encoding,
            sheet: self.options.sheet.clone(),
            columns: self.options.columns.clone(),
            campaign: self.options.addressed_sheet.as_ref().map_or_else(
                || self.options.campaign.clone(),
                |sheet| Some(sheet.campaign().to_owned()),
            ),
            invalid_rows: if self.options.skip_invalid {
                InvalidRows::Skip
            } else {
                InvalidRows::Refuse
            },
            today: self.today,
            catalogue,
        }
    }

    /// Reads the manifest as if every name were an id, and collects the names.
    fn read_first(&self) -> FirstReading {
        let names = RefCell::new(Names::new());
        let collect = |name: &str, kind: NameKind| {
            names.borrow_mut().insert((kind, name.to_owned()));
            Resolution::Found(name.to_owned())
        };
        let plan = self.read(&self.manifest_options(Some(&collect)));
        FirstReading { names: names.into_inner(), plan }
    }

    /// Returns the manifest with its names resolved.
    fn finish(
        &self,
        first: FirstReading,
        resolver: CatalogueResolver,
    ) -> Result<LoadedManifest, Error> {
        let FirstReading { names, plan } = first;
        let plan = if names.is_empty() {
            plan
        } else {
            let resolve = |name: &str, kind: NameKind| {
                let unknown = Resolution::Unknown(Vec::new());
                resolver.resolve(name, kind).unwrap_or(unknown)
            };
            let knows_any =
                names.iter().any(|(kind, name)| resolver.resolve(name, *kind).is_some());
            let resolve = knows_any.then_some(&resolve as manifest::Resolve<'_>);
            self.read(&self.manifest_options(resolve))
        };
        let lacks_catalogue = !resolver.has_catalogue()
            && names.iter().any(|(kind, name)| resolver.resolve(name, *kind).is_none());
        let mut plan = plan.map_err(|problems| Error::Manifest {
            problems,
            hint: lacks_catalogue.then(lookup_hint),
        })?;
        plan.prices.longest_recording = self.options.audio_seconds;
        if let Some(folder) = self.options.folder_of_results()
            && let Some(identity) = Identity::read(&folder)?
        {
            plan.campaign = identity.campaign;
        }
        plan.notes.extend(resolver.warnings(&plan));
        let names = resolver.into_recorded(&plan, &names);
        let home = self.out(&plan)?;
        let approval = approval(&home, &mut plan, self.options.suspicious);
        let out = self.options.shard_folder(home);
        // An approval says which texts are accepted; `--suspicious` says it for this run.
        if self.options.suspicious == SuspiciousTexts::Ask && !approval.is_given() {
            read_accepted(&out).remove_from(&mut plan.suspicions, &plan.jobs);
        }
        let shard = self.options.shard;
        let shard = shard.map(|shard| ShardPlan::narrow_plan(&mut plan, shard));
        Ok(LoadedManifest { out, plan, shard, approval, names, ids: ResolvedIds::default() })
    }

    /// Returns the campaign's output folder, before shards.
    ///
    /// # Errors
    /// If the manifest names a folder that is not below its own, or the folder is a link or a file.
    fn out(&self, plan: &Plan) -> Result<PathBuf, Error> {
        let named = plan.output.folder.as_deref();
        let options = CampaignOptions { is_sandbox: false, ..self.options.clone() };
        let out = options.folder(named);
        let is_named = named.is_some() && out != options.folder(None);
        if is_named && !is_below(&out, options.folder(None).parent()) {
            let shown = named.unwrap_or(&out).display();
            let message = format!(
                "the manifest's `output.folder` is `{shown}`, which is not below the manifest's folder; nothing was \
                 submitted"
            );
            let hint =
                format!("if it is right, give it yourself: `{} {}`", Flag::Out, out.display());
            return Err(Error::usage_with_hint(message, hint));
        }
        let home = self.options.campaign_folder(plan);
        self.options.check_folders(&self.options.shard_folder(home.clone()))?;
        Ok(home)
    }

    fn read(&self, options: &manifest::Options<'_>) -> Result<Plan, Problems> {
        manifest::load(&self.path(), options, &|path| self.bytes(path))
    }

    /// Returns the path of the manifest, as messages name it.
    fn path(&self) -> PathBuf {
        match (&self.options.manifest, &self.options.addressed_sheet) {
            (ManifestLocation::File(path), _) => path.clone(),
            (ManifestLocation::Address(_), Some(sheet)) => sheet.file(),
            (ManifestLocation::StandardInput | ManifestLocation::Address(_), _) => "-".into(),
        }
    }

    fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        if let Some(content) = self.options.content.as_ref().filter(|_| path == self.path()) {
            return Ok(content.to_vec());
        }
        match (&self.options.manifest, &self.options.addressed_sheet) {
            (ManifestLocation::File(manifest), _) if path == manifest && is_descriptor(path) => {}
            (ManifestLocation::File(manifest), _)
                if path != manifest && !self.options.allow_outside =>
            {
                return read_named_file(manifest, path);
            }
            (ManifestLocation::File(_), _) => return read_regular(path),
            (ManifestLocation::Address(_), Some(sheet)) => return Ok(sheet.bytes.clone()),
            (ManifestLocation::Address(_), None) => return Err(io::ErrorKind::NotFound.into()),
            (ManifestLocation::StandardInput, _) => {}
        }
        let mut read = self.standard_input.borrow_mut();
        if let Some(bytes) = &*read {
            return Ok(bytes.clone());
        }
        let mut bytes = Vec::new();
        match self.options.manifest.file() {
            Some(descriptor) => bytes = std::fs::read(descriptor)?,
            None => {
                io::stdin().lock().read_to_end(&mut bytes)?;
            }
        }
        Ok(read.insert(bytes).clone())
    }
}

impl FirstReading {
    /// Returns the output folder, if it is known before names are resolved.
    fn out(&self, reader: &ManifestReader) -> Result<Option<PathBuf>, Error> {
        let home = self.plan.as_ref().ok().map(|plan| reader.out(plan)).transpose()?;
        let home = home.or_else(|| reader.options.out.clone());
        Ok(home.map(|home| reader.options.shard_folder(home)))
    }
}

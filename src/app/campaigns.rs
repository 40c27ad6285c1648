//! The campaigns in a folder, for a list of them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::options::CampaignOptions;
use crate::journal::{Identity, SheetRecord};
use crate::model::{ManifestLocation, Shard, Timestamp};
use crate::remote::SheetAddress;
use crate::util::fs::{OutputDir, default_output_dir};

/// The extensions of manifests.
const EXTENSIONS: [&str; 10] =
    ["csv", "tsv", "xlsx", "xlsm", "xlsb", "xls", "ods", "yaml", "yml", "txt"];

/// Folders below this depth are not searched.
const MAX_DEPTH: usize = 6;

/// The most folders that are searched.
const MAX_FOLDERS: usize = 2000;

/// A campaign that was found on disk.
#[derive(Debug)]
pub(crate) struct FoundCampaign {
    pub(crate) options: CampaignOptions,
    pub(crate) is_sandbox: bool,
    /// The output folder, if the campaign was begun.
    pub(crate) out: Option<PathBuf>,
    /// When it was last changed.
    pub(crate) changed: Option<Timestamp>,
}

/// Returns the campaigns whose output folder is below `folder`, and the sheets in `folder` itself that have no campaign of
/// the sandbox or the real API, whichever `is_sandbox` names.
pub(crate) fn find_campaigns(folder: &Path, is_sandbox: bool) -> Vec<FoundCampaign> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    let mut searched = 0;
    while let Some((folder, depth)) = open.pop() {
        searched += 1;
        if searched > MAX_FOLDERS {
            break;
        }
        if let Ok(Some(identity)) = Identity::read(&folder) {
            found.push(begun(&folder, identity.is_sandbox));
        }
        if depth < MAX_DEPTH {
            open.extend(folders(&folder).into_iter().map(|inner| (inner, depth + 1)));
        }
    }
    let known: HashSet<PathBuf> = found
        .iter()
        .filter(|it| it.is_sandbox == is_sandbox)
        .filter_map(|it| it.options.manifest.file().map(Path::to_owned))
        .collect();
    let sheets = sheets(folder).into_iter().filter(|sheet| !known.contains(sheet));
    found.extend(sheets.map(|sheet| FoundCampaign {
        changed: modified(&sheet),
        options: CampaignOptions::new(&sheet),
        is_sandbox,
        out: None,
    }));
    found
}

/// Returns the campaign of the output folder `out`.
fn begun(out: &Path, is_sandbox: bool) -> FoundCampaign {
    let name =
        |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut home = out.to_owned();
    let shard = Shard::of_folder(&name(&home));
    if shard.is_some() {
        home.pop();
    }
    let date = name(&home).parse::<Date>().ok();
    if date.is_some() {
        home.pop();
    }
    let suffix = default_output_dir("", is_sandbox);
    let beside = home.parent().unwrap_or(Path::new(""));
    let stem = name(&home).strip_suffix(&suffix).map(str::to_owned);
    let sheet = stem.and_then(|stem| {
        let files = EXTENSIONS.iter().map(|extension| beside.join(format!("{stem}.{extension}")));
        files.into_iter().find(|file| file.is_file())
    });
    let options = match (sheet, recorded_address(out)) {
        (_, Some(address)) => CampaignOptions { out: Some(home), ..CampaignOptions::new(address) },
        (Some(sheet), None) => CampaignOptions::new(&sheet),
        // The results of a campaign are its manifest if the sheet is gone.
        (None, None) => CampaignOptions::new(OutputDir(out).results_csv()),
    };
    let options = CampaignOptions { shard, date, ..options };
    let changed = [OutputDir(out).journal(), OutputDir(out).results_json()];
    let changed = changed.iter().filter_map(|file| modified(file)).max();
    FoundCampaign { options, is_sandbox, out: Some(out.to_owned()), changed }
}

/// Returns the address that the output folder `out` remembers. The folder may have come from another person, so
/// everything but an address that `run` reads is ignored: files, and other servers without `https`.
fn recorded_address(out: &Path) -> Option<ManifestLocation> {
    let location = ManifestLocation::from(SheetRecord::read(out)?.address);
    let ManifestLocation::Address(address) = &location else { return None };
    SheetAddress::new(address, false).is_ok().then_some(location)
}

/// Returns the folders in `folder`, sorted, without links and hidden ones.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let names = folders.map(|entry| entry.file_name());
    let mut names: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with('.')).collect();
    names.sort();
    names.into_iter().rev().map(|name| folder.join(name)).collect()
}

/// Returns the sheets in `folder`, sorted.
fn sheets(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let is_sheet = |file: &PathBuf| {
        let extension = file.extension().map(|it| it.to_string_lossy().to_lowercase());
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        // A text file is seldom a sheet, and programs lock open files under such names.
        extension.is_some_and(|it| it != "txt" && EXTENSIONS.contains(&it.as_str()))
            && !name.starts_with(['.', '~'])
    };
    let files = files.map(|entry| folder.join(entry.file_name()));
    let mut files: Vec<_> = files.filter(is_sheet).collect();
    files.sort();
    files
}

fn modified(file: &Path) -> Option<Timestamp> {
    let modified = std::fs::metadata(file).ok()?.modified().ok()?;
    let millis = modified.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
    i64::try_from(millis).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;
    use crate::model::History;

    fn begin(out: &Path, is_sandbox: bool) {
        std::fs::create_dir_all(OutputDir(out).state()).unwrap();
        let identity = Identity { campaign: "c".into(), is_sandbox };
        Journal::open::<History>(out, &identity, Timestamp::default, None).unwrap();
    }

    #[test]
    fn campaigns_are_found_by_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("in/deep")).unwrap();
        for sheet in ["spring.csv", "new.xlsx", "in/deep/dated.yaml", "~lock.csv", "notes.md"] {
            std::fs::File::create(root.join(sheet)).unwrap();
        }
        begin(&root.join("spring-output"), false);
        begin(&root.join("spring-sandbox-output"), true);
        begin(&root.join("in/deep/dated-output/2026-11-24/shard-1-of-2"), false);
        begin(&root.join("gone-output"), false);
        let found = find_campaigns(root, false);
        let shown = |it: &FoundCampaign| {
            let manifest = it.options.manifest.file().unwrap().strip_prefix(root).unwrap();
            let options = &it.options;
            let part = options.shard.map(|it| it.to_string()).unwrap_or_default();
            let date = options.date.map(|it| it.to_string()).unwrap_or_default();
            format!("{} {date} {part} {} {}", manifest.display(), it.is_sandbox, it.out.is_some())
        };
        let found: Vec<String> = found.iter().map(shown).collect();
        assert_eq!(
            found,
            [
                "gone-output/results.csv   false true",
                "in/deep/dated.yaml 2026-11-24 1/2 false true",
                "spring.csv   false true",
                "spring.csv   true true",
                "new.xlsx   false false",
            ]
        );
    }

    #[test]
    fn a_folder_of_another_person_names_no_file_and_no_other_server() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a-output");
        begin(&out, false);
        for (address, expected) in [
            ("https://sheets.example/a.csv", Some("https://sheets.example/a.csv")),
            ("-", None),
            ("/etc/passwd", None),
            ("~/.bashrc", None),
            ("http://sheets.example/a.csv", None),
            ("https://user:password@sheets.example/a.csv", None),
            ("file:///etc/passwd", None),
            ("", None),
        ] {
            let record = SheetRecord {
                digest: "d".into(),
                address: address.into(),
                campaign: "a".into(),
                title: "a".into(),
                extension: "csv".into(),
                is_sandbox: false,
            };
            record.write(&out, b"id,text\n").unwrap();
            let found = find_campaigns(folder.path(), false);
            let own = out.join("results.csv").display().to_string();
            let [only] = &found[..] else { panic!("{address}: {found:?}") };
            assert_eq!(only.options.manifest.to_string(), expected.unwrap_or(&own), "{address}");
        }
    }

    #[test]
    fn a_sheet_behind_an_address_is_at_hand_once_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = ManifestLocation::from("https://sheets.example/a.csv");
        let options =
            CampaignOptions { out: Some(folder.path().into()), ..CampaignOptions::new(manifest) };
        assert!(!options.is_sheet_on_disk(false));
        let ManifestLocation::Address(address) = &options.manifest else { panic!() };
        let record = SheetRecord {
            digest: SheetAddress::new(address, false).unwrap().digest(),
            address: address.to_string(),
            campaign: "a".into(),
            title: "a".into(),
            extension: "csv".into(),
            is_sandbox: false,
        };
        record.write(folder.path(), b"id,text\n").unwrap();
        assert!(options.is_sheet_on_disk(false));
        assert!(CampaignOptions::new("a.csv").is_sheet_on_disk(false));
    }
}

//! The `studio` command: the campaigns in a browser.

use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::TempDir;

use crate::app::{self, Interrupts};
use crate::cli::args::ProviderArguments;
use crate::cli::args::help::{self, Example};
use crate::cli::commands::catalogue::open_in_browser;
use crate::cli::config::{Environment, names_keys, provider_config};
use crate::cli::error::Error;
use crate::cli::printer;
use crate::model::{Exit, ManifestLocation};
use crate::studio::{self, SandboxReason, Settings};
use crate::util::fs::{Access, write_atomic};
use crate::util::text::escape_html;

const EXAMPLES: [Example; 3] = [
    ("callsheet studio", "the campaigns in this folder"),
    ("callsheet studio campaign.csv", "one of them"),
    ("callsheet studio --sandbox", "try it without an account"),
];

#[derive(Debug, Args)]
#[command(after_help = help::examples(&EXAMPLES))]
pub(in crate::cli) struct StudioArguments {
    /// The sheet to begin with: CSV, Excel or YAML; a link to Google Sheets, or the `https` address of a
    /// CSV or Excel file
    #[arg(value_parser = clap::value_parser!(ManifestLocation), value_hint = clap::ValueHint::AnyPath)]
    pub(in crate::cli) manifest: Option<ManifestLocation>,
    /// The folder of the campaigns and of new sheets [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) folder: Option<PathBuf>,
    /// The port on this machine; any that is free if not given
    #[arg(long, value_name = "N")]
    pub(in crate::cli) port: Option<u16>,
    /// Print the address without opening it
    #[arg(long)]
    pub(in crate::cli) no_open: bool,
    /// Use an imitation of the API inside this program: no account, no cost
    #[arg(long, help_heading = "Provider")]
    pub(in crate::cli) sandbox: bool,
    /// The account: a name in `callsheet/profiles.yaml`, in the user's folder for settings
    #[arg(long, value_name = "NAME", help_heading = "Provider")]
    pub(in crate::cli) profile: Option<String>,
}

/// Executes `callsheet studio`: serves until an interrupt.
pub(super) async fn studio(
    arguments: StudioArguments,
    interrupts: &mut Interrupts,
) -> Result<Exit, Error> {
    let StudioArguments { manifest, folder, port, no_open, sandbox, profile } = arguments;
    if manifest == Some(ManifestLocation::StandardInput) {
        return Err(app::Error::usage("the studio cannot read a sheet from standard input").into());
    }
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let inside = folder.join("sheet.csv");
    let nearest = manifest.as_ref().and_then(ManifestLocation::file).unwrap_or(&inside);
    let environment = Environment::read(Some(nearest));
    environment.report_notes(&printer::Printer::Text.notices());
    let reason = if sandbox {
        Some(SandboxReason::Option)
    } else {
        let is_without = profile.is_none() && !names_keys(&environment);
        is_without.then_some(SandboxReason::NoKeys)
    };
    let arguments =
        ProviderArguments { sandbox: reason.is_some(), faults: None, profile, base_url: None };
    if reason == Some(SandboxReason::NoKeys) {
        printer::eprint(
            "there are no keys for an account, so the studio uses the sandbox: nothing is paid for\n",
        );
    } else {
        // Wrong keys are reported at once.
        provider_config(&arguments, &environment)?;
    }
    let pages = if no_open { None } else { page_folder(environment.cache_dir()).ok() };
    let page = pages.as_ref().map(|folder| folder.path().join("studio.html"));
    let settings = Settings {
        port,
        manifest,
        sandbox: reason,
        provider_flags: arguments.flags(),
        provider: {
            let profile = arguments.profile;
            Box::new(move |manifest, sandbox| {
                let file = manifest.file().unwrap_or(&inside);
                let environment = Environment::read(Some(file));
                let profile = profile.clone();
                let arguments =
                    ProviderArguments { sandbox, faults: None, profile, base_url: None };
                provider_config(&arguments, &environment)
            })
        },
        cache_dir: environment.cache_dir(),
        print: Box::new(|text| printer::eprint(&format!("{text}\n"))),
        announce: Box::new(move |address| announce(address, !no_open, page.as_deref())),
        folder,
    };
    Box::pin(studio::serve(settings, interrupts)).await?;
    drop(pages);
    Ok(Exit::Success)
}

/// Creates a folder for the pages of this process, which is removed when it is dropped.
fn page_folder(cache_dir: Option<PathBuf>) -> std::io::Result<TempDir> {
    let parent = cache_dir.unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&parent)?;
    tempfile::Builder::new().prefix("callsheet-studio-").tempdir_in(parent)
}

/// Opens `address` in the browser by way of the file `page`. Other users of the machine see the arguments of programs, and
/// the address opens the studio.
fn open_privately(address: &str, page: &Path) -> bool {
    let address = escape_html(address);
    let content = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"refresh\" content=\"0;url={address}\"><title>callsheet</title></head>\
         <body><p><a href=\"{address}\">Open the studio</a></p></body></html>\n"
    );
    write_atomic(page, Access::Private, |file| file.write_all(content.as_bytes())).is_ok()
        && open_in_browser(page)
}

/// Prints the address of the page, and opens it.
fn announce(address: &str, is_opened: bool, page: Option<&Path>) {
    // The address matters more than a closed pipe.
    let _ = printer::print(&format!("{address}\n"));
    if is_opened && !page.is_some_and(|page| open_privately(address, page)) {
        printer::eprint("no program to open pages was found; open the address in a browser\n");
    }
    printer::eprint("the address opens the studio once, on this machine; Ctrl-C ends it\n");
}

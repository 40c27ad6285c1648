//! Where a manifest is: [`ManifestLocation`].

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::secret::redact_url;

/// The beginning of links to Google Sheets.
const GOOGLE_SHEETS: &str = "docs.google.com/spreadsheets/";

/// Where a manifest is. Displayed as the user would type it, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestLocation {
    /// A file.
    File(PathBuf),
    /// Standard input: `-`.
    StandardInput,
    /// A sheet on a web server.
    Address(WebAddress),
}

/// An address of a sheet. `Debug` and `Display` do not show its query, which may contain a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAddress(String);

impl ManifestLocation {
    /// Returns the file, unless the manifest is elsewhere.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::StandardInput | Self::Address(_) => None,
        }
    }
}

impl Default for ManifestLocation {
    fn default() -> Self {
        Self::File(PathBuf::new())
    }
}

impl From<PathBuf> for ManifestLocation {
    fn from(path: PathBuf) -> Self {
        if path == Path::new("-") {
            return Self::StandardInput;
        }
        match path.to_str() {
            Some(text) if is_address(text) => Self::Address(WebAddress(text.trim().to_owned())),
            // Some programs copy links without the scheme.
            Some(text) if text.starts_with(GOOGLE_SHEETS) => {
                Self::Address(WebAddress(format!("https://{}", text.trim())))
            }
            Some(_) | None => Self::File(path),
        }
    }
}

impl From<OsString> for ManifestLocation {
    fn from(text: OsString) -> Self {
        PathBuf::from(text).into()
    }
}

impl From<String> for ManifestLocation {
    fn from(text: String) -> Self {
        PathBuf::from(text).into()
    }
}

impl From<&str> for ManifestLocation {
    fn from(text: &str) -> Self {
        PathBuf::from(text).into()
    }
}

impl From<&Path> for ManifestLocation {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&PathBuf> for ManifestLocation {
    fn from(path: &PathBuf) -> Self {
        path.clone().into()
    }
}

impl fmt::Display for ManifestLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::StandardInput => formatter.write_str("-"),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

impl WebAddress {
    /// Returns the whole address, which only a request may contain.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the number of the sheet that a link to Google Sheets names, in its fragment or its query.
    fn google_sheet(&self) -> Option<&str> {
        let parameters = self.0.split(['?', '&', '#']).rev();
        let mut ids = parameters.filter_map(|parameter| parameter.strip_prefix("gid="));
        ids.find(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = redact_url(&self.0);
        let host = shown.split_once("://").map_or("", |(_, rest)| rest);
        if !host.to_ascii_lowercase().starts_with("docs.google.com/") {
            return formatter.write_str(&shown);
        }
        // Without its number, the link would name another sheet.
        formatter.write_str(shown.trim_end_matches("?…"))?;
        match self.google_sheet() {
            Some(id) => write!(formatter, "#gid={id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WebAddress({self})")
    }
}

fn is_address(text: &str) -> bool {
    let scheme = text.trim_start().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_standard_input_and_addresses_are_told_apart() {
        for file in ["a.csv", "./-", "https.csv", "C:\\a.csv", "ftp://x/a.csv", ""] {
            let location = ManifestLocation::from(file);
            assert_eq!(location.file(), Some(Path::new(file)), "{file}");
            assert_eq!(location.to_string(), file);
        }
        assert_eq!(ManifestLocation::from("-"), ManifestLocation::StandardInput);
        let link = ManifestLocation::from("docs.google.com/spreadsheets/d/ID/edit");
        assert_eq!(link.to_string(), "https://docs.google.com/spreadsheets/d/ID/edit");
        for address in ["https://x.example/a.csv", "HTTP://127.0.0.1:9/"] {
            let location = ManifestLocation::from(address);
            assert!(matches!(location, ManifestLocation::Address(_)), "{address}");
            assert_eq!(location.file(), None);
            assert_eq!(location.to_string(), address);
        }
    }

    #[test]
    fn an_address_is_shown_without_its_query_but_with_its_sheet() {
        for (address, shown) in [
            ("https://u:word@x.example/a.csv?key=s3cret#gid=1", "https://x.example/a.csv?…"),
            (
                "https://docs.google.com/spreadsheets/d/ID/edit?gid=5&key=s3cret#gid=7",
                "https://docs.google.com/spreadsheets/d/ID/edit#gid=7",
            ),
            (
                "https://docs.google.com/spreadsheets/d/e/ID/pub?gid=5&output=csv",
                "https://docs.google.com/spreadsheets/d/e/ID/pub#gid=5",
            ),
            (
                "https://docs.google.com/spreadsheets/d/ID/edit?usp=sharing",
                "https://docs.google.com/spreadsheets/d/ID/edit",
            ),
            (
                "https://docs.google.com.evil.example/a?gid=5",
                "https://docs.google.com.evil.example/a?…",
            ),
        ] {
            let location = ManifestLocation::from(address);
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("s3cret"));
            // A command with the shown address can be pasted.
            assert_eq!(ManifestLocation::from(shown).to_string(), shown);
        }
    }
}

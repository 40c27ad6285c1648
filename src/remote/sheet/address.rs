//! From the link that a person copies to the address of the file behind it: [`SheetAddress`].

use reqwest::Url;
use sha2::{Digest as _, Sha256};

use super::SheetError;
use super::service::Service;
use crate::model::WebAddress;
use crate::remote::address::is_loopback;
use crate::util::text::{hex, visible};

/// The formats that Google Sheets exports and this program reads.
const FORMATS: [&str; 4] = ["csv", "tsv", "xlsx", "ods"];

const COMPLETE: &str = "copy the whole link from the browser, such as `https://docs.google.com/spreadsheets/d/…/edit#gid=0`";

/// The address of a sheet.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SheetAddress {
    /// The address of the file.
    pub(super) url: Url,
    /// What all links to the sheet have in common.
    identity: String,
    /// The address as it is shown.
    pub(super) shown: String,
    /// The service of the link.
    pub(super) service: Service,
}

/// The parts of a link to Google Sheets.
struct GoogleSheet<'a> {
    /// Whether `id` is that of a publication.
    is_published: bool,
    id: &'a str,
}

impl SheetAddress {
    /// Returns the address of the file behind `address`. `wants_workbook`: the sheet is going to be chosen by its name.
    ///
    /// # Errors
    /// If it is not an address that is read.
    pub(crate) fn new(address: &WebAddress, wants_workbook: bool) -> Result<Self, SheetError> {
        let shown = address.to_string();
        let refuse = |reason: &str, help: &str| {
            Err(SheetError::new(format!("`{shown}` cannot be read: {reason}"), help))
        };
        let Ok(url) = Url::parse(address.expose()) else {
            return refuse("it is not a complete address", COMPLETE);
        };
        if url.scheme() != "https" && !is_loopback(&url) {
            return refuse("only `https` addresses are read", "write `https://` at its beginning");
        }
        if !url.username().is_empty() || url.password().is_some() {
            let help = "leave them out, and set CALLSHEET_SHEET_TOKEN if the server wants a token";
            return refuse("it contains a user name or a password", help);
        }
        let service = Service::of(&url);
        let (mut url, identity) = match (url.host_str().unwrap_or_default(), service) {
            ("docs.google.com", _) => match google_export(&url, wants_workbook) {
                Some(export) => export,
                None => return refuse("it is not a link to a sheet of Google Sheets", COMPLETE),
            },
            ("drive.google.com", _) => drive_download(&url),
            (_, Service::Dropbox) => {
                let identity = with_query(&url, &["dl", "raw"], &[]);
                (with_query(&url, &["dl", "raw"], &[("dl", "1")]), identity.to_string())
            }
            (_, Service::Microsoft) if url.path().starts_with("/:") => {
                (with_query(&url, &["download"], &[("download", "1")]), url.to_string())
            }
            _ => (url.clone(), url.to_string()),
        };
        url.set_fragment(None);
        Ok(Self { url, identity, shown, service })
    }

    /// Returns a digest that all links to the sheet have in common. A digest, because an address can be a secret.
    pub(crate) fn digest(&self) -> String {
        hex(&Sha256::digest(&self.identity))
    }

    /// Returns the address as it is shown: without its query.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns the last part of the path, or else the host: a name for a sheet that has no title.
    pub(crate) fn last_segment(&self) -> String {
        let mut segments = self.url.path_segments().into_iter().flatten();
        let last = segments.rfind(|segment| !segment.is_empty());
        let name = last.map(|segment| visible(&percent_decoded(segment)).trim().to_owned());
        let name = name.filter(|name| !name.is_empty());
        name.unwrap_or_else(|| self.url.host_str().unwrap_or_default().to_owned())
    }
}

impl std::fmt::Debug for SheetAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SheetAddress").field(&self.shown).finish()
    }
}

/// Returns the export address and the identity of a link to Google Sheets, or `None` for other documents.
///
/// A link that names one sheet is exported as CSV, which has only that sheet and its values as they are shown; Google
/// exports workbooks only whole. A link without a number is exported as a workbook, whose first sheet is read.
fn google_export(url: &Url, wants_workbook: bool) -> Option<(Url, String)> {
    let segments: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let sheet = GoogleSheet::parse(&segments)?;
    let parameter = |names: &[&str]| {
        let found = url.query_pairs().find(|(name, _)| names.contains(&&**name));
        found.map(|(_, value)| value.into_owned())
    };
    // Its queries name a sheet, which an export cannot.
    if segments.contains(&"gviz") && parameter(&["sheet", "tq"]).is_some() {
        return Some((url.clone(), url.to_string()));
    }
    let is_number = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let fragment = url.fragment().unwrap_or_default().split('&');
    let mut of_fragment = fragment.filter_map(|part| part.strip_prefix("gid=").map(str::to_owned));
    let gid = of_fragment.find(is_number).or_else(|| parameter(&["gid"]).filter(is_number));
    let range = parameter(&["range"]);
    let format = parameter(&["format", "output", "exportFormat"]);
    let format = format.filter(|format| FORMATS.contains(&format.as_str()));
    let format = match format.as_deref() {
        Some("ods") => "ods",
        _ if wants_workbook => "xlsx",
        Some("tsv") => "tsv",
        Some("xlsx") => "xlsx",
        Some("csv") => "csv",
        _ if gid.is_some() => "csv",
        _ => "xlsx",
    };
    let GoogleSheet { is_published, id } = sheet;
    let kind = if is_published { "e/" } else { "" };
    let (end, format_name) = if is_published { ("pub", "output") } else { ("export", "format") };
    let mut export =
        Url::parse(&format!("https://docs.google.com/spreadsheets/d/{kind}{id}/{end}")).ok()?;
    let mut query = export.query_pairs_mut();
    query.append_pair(format_name, format);
    if let Some(gid) = &gid {
        query.append_pair("gid", gid);
        if is_published {
            query.append_pair("single", "true");
        }
    }
    for (name, value) in [("range", range.clone()), ("resourcekey", parameter(&["resourcekey"]))] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    drop(query);
    let (gid, range) = (gid.unwrap_or_default(), range.unwrap_or_default());
    Some((export, format!("google-sheets:{kind}{id}#{gid}#{range}")))
}

impl<'a> GoogleSheet<'a> {
    /// Finds `/spreadsheets/d/ID` or `/spreadsheets/d/e/ID`, also with the account in between (`/u/0`) or with the domain
    /// of an organisation before.
    fn parse(segments: &[&'a str]) -> Option<Self> {
        let start = segments.iter().position(|part| *part == "spreadsheets")?;
        match &segments[start + 1..] {
            ["u", _, "d", "e", id, ..] | ["d", "e", id, ..] => {
                Some(Self { is_published: true, id })
            }
            ["u", _, "d", id, ..] | ["d", id, ..] => Some(Self { is_published: false, id }),
            _ => None,
        }
    }
}

/// Returns the download address and the identity of a file in Google Drive. Other addresses stay as they are.
fn drive_download(url: &Url) -> (Url, String) {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let parameter = |wanted: &str| {
        let found = url.query_pairs().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let start = segments.windows(2).position(|parts| parts == ["file", "d"]);
    let in_path = start.and_then(|start| segments.get(start + 2)).map(|id| (*id).to_owned());
    let Some(id) = in_path.or_else(|| parameter("id")) else {
        return (url.clone(), url.to_string());
    };
    let mut download = url.clone();
    download.set_path("/uc");
    let pairs = [("export", "download"), ("id", id.as_str())];
    let key = parameter("resourcekey");
    let key = key.as_deref().map(|key| ("resourcekey", key));
    download.query_pairs_mut().clear().extend_pairs(pairs.into_iter().chain(key));
    (download, format!("google-drive:{id}"))
}

/// Returns `url` without the parameters `removed` and with `added`.
fn with_query(url: &Url, removed: &[&str], added: &[(&str, &str)]) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !removed.contains(&&**name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(added);
    if changed.query() == Some("") {
        changed.set_query(None);
    }
    changed
}

/// Decodes `%20` and the like; what is not UTF-8 then is replaced.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).filter(|_| *first == b'%');
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the address of a test.
#[cfg(test)]
pub(super) fn address(text: &str) -> Result<SheetAddress, SheetError> {
    use crate::model::ManifestLocation;
    let ManifestLocation::Address(address) = ManifestLocation::from(text) else {
        panic!("not an address: {text}");
    };
    SheetAddress::new(&address, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ManifestLocation;

    #[test]
    fn links_become_the_addresses_of_files() {
        const SHEETS: &str = "https://docs.google.com/spreadsheets";
        for (link, file) in [
            ("/d/ID/edit#gid=5", "/d/ID/export?format=csv&gid=5"),
            ("/d/ID/edit?gid=0#gid=0", "/d/ID/export?format=csv&gid=0"),
            ("/d/ID/edit?gid=1&usp=sharing#gid=2", "/d/ID/export?format=csv&gid=2"),
            ("/d/ID/edit?usp=sharing", "/d/ID/export?format=xlsx"),
            ("/d/ID", "/d/ID/export?format=xlsx"),
            ("/d/ID/", "/d/ID/export?format=xlsx"),
            ("/u/0/d/ID/edit#gid=5", "/d/ID/export?format=csv&gid=5"),
            ("/d/ID/htmlview?gid=5", "/d/ID/export?format=csv&gid=5"),
            ("/d/ID/edit#gid=x", "/d/ID/export?format=xlsx"),
            ("/d/ID/edit?resourcekey=0-a#gid=5", "/d/ID/export?format=csv&gid=5&resourcekey=0-a"),
            ("/d/ID/export?format=tsv&gid=5", "/d/ID/export?format=tsv&gid=5"),
            ("/d/ID/export?format=pdf&gid=5", "/d/ID/export?format=csv&gid=5"),
            ("/d/ID/export?format=ods", "/d/ID/export?format=ods"),
            ("/d/ID/export?format=csv", "/d/ID/export?format=csv"),
            (
                "/d/ID/export?format=csv&gid=5&range=A1:D9",
                "/d/ID/export?format=csv&gid=5&range=A1%3AD9",
            ),
            ("/d/ID/gviz/tq?tqx=out:csv&gid=5", "/d/ID/export?format=csv&gid=5"),
            ("/d/ID/gviz/tq?tqx=out:csv&sheet=A", "/d/ID/gviz/tq?tqx=out:csv&sheet=A"),
            ("/d/e/PUB/pubhtml", "/d/e/PUB/pub?output=xlsx"),
            ("/d/e/PUB/pubhtml?gid=5&single=true", "/d/e/PUB/pub?output=csv&gid=5&single=true"),
            ("/u/1/d/e/PUB/pub?output=csv", "/d/e/PUB/pub?output=csv"),
        ] {
            let address = address(&format!("{SHEETS}{link}")).unwrap();
            assert_eq!(address.url.as_str(), format!("{SHEETS}{file}"), "{link}");
            assert_eq!(address.service, Service::Google);
        }
        for (link, file) in [
            (
                "https://docs.google.com/a/shop.example/spreadsheets/d/ID/edit#gid=5",
                "https://docs.google.com/spreadsheets/d/ID/export?format=csv&gid=5",
            ),
            (
                "https://drive.google.com/file/d/ID/view?usp=sharing",
                "https://drive.google.com/uc?export=download&id=ID",
            ),
            (
                "https://drive.google.com/open?id=ID",
                "https://drive.google.com/uc?export=download&id=ID",
            ),
            (
                "https://www.dropbox.com/scl/fi/a/spring.csv?rlkey=k&dl=0",
                "https://www.dropbox.com/scl/fi/a/spring.csv?rlkey=k&dl=1",
            ),
            (
                "https://www.dropbox.com/s/a/spring.csv",
                "https://www.dropbox.com/s/a/spring.csv?dl=1",
            ),
            (
                "https://shop.sharepoint.com/:x:/s/a/b?e=c",
                "https://shop.sharepoint.com/:x:/s/a/b?e=c&download=1",
            ),
            ("https://x.example/a%20b.csv?key=k#top", "https://x.example/a%20b.csv?key=k"),
            ("http://127.0.0.1:9/a.csv", "http://127.0.0.1:9/a.csv"),
            ("http://sheets.localhost/a.csv", "http://sheets.localhost/a.csv"),
        ] {
            assert_eq!(address(link).unwrap().url.as_str(), file, "{link}");
        }
    }

    #[test]
    fn a_sheet_chosen_by_name_needs_the_workbook() {
        let link = "https://docs.google.com/spreadsheets/d/ID/edit#gid=5";
        let ManifestLocation::Address(given) = ManifestLocation::from(link) else { panic!() };
        let export = SheetAddress::new(&given, true).unwrap().url;
        assert_eq!(export.query(), Some("format=xlsx&gid=5"));
    }

    #[test]
    fn all_links_to_a_sheet_have_one_digest() {
        let digest = |link: &str| address(link).unwrap().digest();
        let sheets = "https://docs.google.com/spreadsheets";
        let one = digest(&format!("{sheets}/d/ID/edit?usp=sharing#gid=5"));
        for same in ["/u/0/d/ID/edit?gid=5", "/d/ID/export?format=tsv&gid=5", "/d/ID/view#gid=5"] {
            assert_eq!(digest(&format!("{sheets}{same}")), one, "{same}");
        }
        for other in ["/d/ID/edit", "/d/ID/edit#gid=6", "/d/IE/edit#gid=5", "/d/e/ID/pub?gid=5"] {
            assert_ne!(digest(&format!("{sheets}{other}")), one, "{other}");
        }
        let dropbox = "https://www.dropbox.com/s/a/b.csv";
        assert_eq!(digest(&format!("{dropbox}?dl=0")), digest(dropbox));
        let shown = address(&format!("{sheets}/d/ID/edit?key=s3cret#gid=5")).unwrap();
        assert_eq!(digest(shown.shown()), one);
        assert!(!format!("{shown:?}").contains("s3cret"));
    }

    #[test]
    fn other_addresses_are_refused_without_showing_a_secret() {
        for (wrong, reason) in [
            ("http://x.example/a.csv?key=s3cret", "only `https`"),
            ("http://10.0.0.5/a.csv", "only `https`"),
            ("https://u:s3cret@x.example/a.csv", "user name"),
            ("https://", "not a complete address"),
            ("https://docs.google.com/document/d/ID/edit", "not a link to a sheet"),
            ("https://docs.google.com/forms/d/ID/edit", "not a link to a sheet"),
            ("https://docs.google.com/spreadsheets/", "not a link to a sheet"),
        ] {
            let error = address(wrong).unwrap_err();
            assert!(error.message.contains(reason), "{error:?}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn a_sheet_without_a_title_is_named_after_its_path() {
        for (link, name) in [
            ("https://x.example/files/spring%20ads.csv?v=2", "spring ads.csv"),
            ("https://x.example/files/", "files"),
            ("https://x.example", "x.example"),
            ("https://x.example/%ZZ%1b%ff.csv", "%ZZ\u{fffd}.csv"),
        ] {
            assert_eq!(address(link).unwrap().last_segment(), name, "{link}");
        }
    }
}

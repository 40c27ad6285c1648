//! The services that sheets are shared with, and which redirects stay within one.

use reqwest::Url;

use crate::remote::address::is_loopback;

/// A service that sheets are shared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Google,
    Dropbox,
    Microsoft,
    GitHub,
    Other,
}

/// The domains of each service: a redirect between them stays within the service.
const DOMAINS: [(Service, &[&str]); 4] = [
    (Service::Google, &["google.com", "googleusercontent.com"]),
    (Service::Dropbox, &["dropbox.com", "dropboxusercontent.com"]),
    (
        Service::Microsoft,
        &["sharepoint.com", "onedrive.com", "live.com", "1drv.ms", "1drv.com", "office.com"],
    ),
    (Service::GitHub, &["github.com", "githubusercontent.com"]),
];

/// Second levels below the domain of a country that are not sites by themselves, such as `co.uk`.
const SECOND_LEVELS: [&str; 8] = ["ac", "co", "com", "edu", "gov", "ne", "net", "org"];

/// The hosts where people sign in.
const SIGN_IN: [&str; 4] =
    ["accounts.google.com", "login.microsoftonline.com", "login.live.com", "login.windows.net"];

impl Service {
    pub(super) fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let is_of = |domains: &[&str]| domains.iter().any(|domain| is_below(host, domain));
        let found = DOMAINS.iter().find(|(_, domains)| is_of(domains));
        found.map_or(Self::Other, |(service, _)| *service)
    }

    /// Returns how to share a sheet so that it can be read.
    pub(super) const fn sharing_help(self) -> &'static str {
        match self {
            Self::Google => {
                "in Google Sheets, choose Share, and under \"General access\" choose \"Anyone with the link\" as Viewer \
                 (or File, Share, Publish to web), and copy the link again"
            }
            Self::Dropbox => {
                "in Dropbox, choose Share, let everyone with the link view the file, and copy the link again"
            }
            Self::Microsoft => {
                "OneDrive and SharePoint often give sheets only to browsers that are signed in: download the workbook \
                 and give the file, or publish it where everyone with the address can read it"
            }
            Self::GitHub => {
                "open the file on GitHub, choose Raw, and copy that address; a private repository needs \
                 CALLSHEET_SHEET_TOKEN"
            }
            Self::Other => {
                "let everyone with the address read the sheet, or set CALLSHEET_SHEET_TOKEN to a token that the server \
                 accepts"
            }
        }
    }

    /// Returns how to find the address of the file itself.
    pub(super) const fn file_help(self) -> &'static str {
        match self {
            Self::Google | Self::Microsoft | Self::GitHub => self.sharing_help(),
            Self::Dropbox | Self::Other => {
                "give the address that downloads the CSV or Excel file itself, and check that everyone with the \
                 address can read it without signing in"
            }
        }
    }
}

/// Checks whether a redirect leads to the page where people sign in.
pub(super) fn is_sign_in(url: &Url) -> bool {
    url.host_str().is_some_and(|host| SIGN_IN.contains(&host))
}

/// Checks whether a redirect from `from` to `to` stays within one service: the same host, this machine, domains of one
/// service, or one site.
///
/// Sites are recognised without the list of public suffixes. So two customers of a hosting company may count as one site,
/// which the owner of the first address decides anyway; the token is sent to neither.
pub(super) fn is_same_service(from: &Url, to: &Url) -> bool {
    let (Some(from_host), Some(to_host)) = (from.host_str(), to.host_str()) else {
        return false;
    };
    if is_loopback(from) || is_loopback(to) {
        return is_loopback(from) && is_loopback(to);
    }
    let service = Service::of(from);
    from_host == to_host
        || service != Service::Other && service == Service::of(to)
        || from.domain().is_some() && to.domain().is_some() && site(from_host) == site(to_host)
}

/// Returns the site of a host: its last two labels, or three below a second level such as `co.uk`.
fn site(host: &str) -> &str {
    let labels: Vec<&str> = host.rsplit('.').take(3).collect();
    let length = match labels.as_slice() {
        [country, second, _] if country.len() == 2 && SECOND_LEVELS.contains(second) => 3,
        _ => 2,
    };
    let starts = host.rmatch_indices('.').map(|(dot, _)| dot + 1);
    starts.chain([0]).nth(length - 1).map_or(host, |start| &host[start..])
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_within_one_service() {
        let url = |host: &str| Url::parse(&format!("https://{host}/")).unwrap();
        for (from, to) in [
            ("docs.google.com", "doc-0s-sheets.googleusercontent.com"),
            ("drive.google.com", "drive.usercontent.google.com"),
            ("www.dropbox.com", "uc1.dl.dropboxusercontent.com"),
            ("1drv.ms", "onedrive.live.com"),
            ("github.com", "raw.githubusercontent.com"),
            ("x.example", "x.example"),
            ("x.example", "files.x.example"),
            ("www.shop.co.uk", "cdn.shop.co.uk"),
            ("127.0.0.1:1", "localhost:2"),
            ("10.0.0.5", "10.0.0.5"),
        ] {
            assert!(is_same_service(&url(from), &url(to)), "{from} to {to}");
        }
        for (from, to) in [
            ("docs.google.com", "googleusercontent.com.evil.example"),
            ("docs.google.com", "notgoogle.com"),
            ("docs.google.com", "www.dropbox.com"),
            ("docs.google.com", "127.0.0.1"),
            ("x.example", "y.example.org"),
            ("shop.co.uk", "evil.co.uk"),
            ("10.0.0.5", "11.0.0.5"),
            ("10.0.0.5", "10.1.0.5"),
            ("127.0.0.1", "x.example"),
            ("x.example", "localhost"),
        ] {
            assert!(!is_same_service(&url(from), &url(to)), "{from} to {to}");
        }
    }
}

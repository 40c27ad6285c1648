//! The hosts that the links of a sheet lead to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Speech, VideoRequest};
use crate::report::summary::Summary;
use crate::util::text::{plural, sanitize};

/// The most hosts of one field that the text shows.
const MAX_SHOWN: usize = 10;

/// The number of jobs by field and host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LinkHosts(BTreeMap<&'static str, BTreeMap<String, usize>>);

impl LinkHosts {
    /// Collects the hosts of all jobs in the sheet. `host_of` returns the host of a link.
    pub(crate) fn of(summary: &Summary, host_of: impl Fn(&str) -> Option<String>) -> Self {
        let mut hosts = Self::default();
        for row in summary.rows().filter(|row| row.job.in_sheet) {
            for (field, link) in links(&row.job.spec.request) {
                let host = host_of(link).unwrap_or_else(|| "?".to_owned());
                *hosts.0.entry(field).or_default().entry(host).or_default() += 1;
            }
        }
        hosts
    }

    /// Returns a line for each host.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|(field, hosts)| {
            let line = move |(host, jobs): (&String, &usize)| {
                format!("`{field}` leads to {}: {}", sanitize(host), plural(*jobs, "job"))
            };
            let more = hosts.len().saturating_sub(MAX_SHOWN);
            let rest =
                (more > 0).then(|| format!("`{field}` leads to {}", plural(more, "more host")));
            hosts.iter().take(MAX_SHOWN).map(line).chain(rest)
        })
    }

    /// Returns all hosts as JSON.
    pub(super) fn to_json(&self) -> Vec<Value> {
        let all = self.0.iter().flat_map(|(field, hosts)| {
            hosts
                .iter()
                .map(move |(host, jobs)| json!({ "field": field, "host": host, "jobs": jobs }))
        });
        all.collect()
    }
}

/// Returns the links of a request with their fields.
fn links(request: &VideoRequest) -> impl Iterator<Item = (&'static str, &str)> {
    let audio = match &request.speech {
        Speech::Audio(url) => Some(&**url),
        Speech::Text(_) => None,
    };
    let others = [
        ("audio", audio),
        ("background_image", request.background_image.as_deref()),
        ("webhook_url", request.webhook_url.as_deref()),
    ];
    others.into_iter().filter_map(|(field, link)| Some((field, link?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_hosts_are_named_and_many_are_counted() {
        let hosts = |count: usize| {
            let hosts = (0..count).map(|number| (format!("h{number:02}.example"), number + 1));
            LinkHosts([("audio", hosts.collect())].into())
        };
        let lines: Vec<String> = hosts(2).lines().collect();
        let expected =
            ["`audio` leads to h00.example: 1 job", "`audio` leads to h01.example: 2 jobs"];
        assert_eq!(lines, expected);
        let lines: Vec<String> = hosts(15).lines().collect();
        assert_eq!((lines.len(), &*lines[10]), (11, "`audio` leads to 5 more hosts"));
        assert_eq!(hosts(15).to_json().len(), 15);
    }
}

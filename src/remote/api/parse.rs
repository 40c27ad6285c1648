//! Parsers of responses, without a network. The fuzz targets call them.

use std::sync::Arc;

use super::page::read_page;
use super::rows::{ListRows, PollRows};
use super::wire::parse_job;
use crate::model::{
    CommandKind, Credentials, Failure, ListFilter, Listing, RemoteId, RenderReport,
};
use crate::remote::http::{ErrorBody, Redactor, status_failure};

/// Parses the response to a create or a poll of one job; `None` if it does not describe a job.
pub fn one_job(body: &[u8]) -> Option<RenderReport> {
    parse_job(&serde_json::from_slice(body).ok()?)
}

/// Parses one page of a list. Returns the matching rows and the link to the next page.
///
/// # Errors
/// If the page is incomplete or not a list, or a row that may match cannot be read.
pub fn list(
    page: &[u8],
    filter: ListFilter,
) -> Result<(Listing, Option<String>), serde_json::Error> {
    let mut rows = ListRows::new(Arc::new(filter));
    let page = read_page(page, &mut rows)?;
    Ok((rows.listing(false), page.next))
}

/// Parses the response to a poll of `remotes`. Returns at most one report for each.
///
/// # Errors
/// If the response is incomplete or not a list.
pub fn poll(body: &[u8], remotes: &[RemoteId]) -> Result<Vec<RenderReport>, serde_json::Error> {
    let mut rows = PollRows::new(remotes);
    read_page(body, &mut rows)?;
    Ok(rows.reports)
}

/// Returns the failure for a response with this status and body; `None` if `status` is not an HTTP status.
pub fn refused(
    status: u16,
    body: &[u8],
    command: CommandKind,
    credentials: Credentials,
) -> Option<Failure> {
    let status = reqwest::StatusCode::from_u16(status).ok()?;
    let redactor = Redactor::new(credentials);
    let body = ErrorBody::from_api(body, &redactor);
    let failure =
        status_failure("the API", status, &reqwest::header::HeaderMap::new(), &body, command);
    Some(redactor.redact(failure))
}

//! The readers of answers, without a network: what a request makes of a body, for whoever has one at hand.
//! The fuzz targets come in here.

use std::sync::Arc;

use super::page::{Next, read_page};
use super::rows::{ListRows, PollRows, report};
use crate::model::{
    CommandKind, Credentials, Failure, ListFilter, Listing, RemoteId, RenderReport,
};
use crate::remote::http::{ErrorBody, Redactor, status_failure};

/// The one job that the answer to a create or a look describes, if it describes one.
pub fn one_job(body: &[u8]) -> Option<RenderReport> {
    report(serde_json::from_slice(body).ok()?)
}

/// What one page of a list shows of the rows that are wanted, and where the list goes on.
///
/// # Errors
/// If it was not read to its very end, is no list, or a row that may be wanted cannot be read.
pub fn list(
    page: &[u8],
    sought: ListFilter,
) -> Result<(Listing, Option<String>), serde_json::Error> {
    let mut kept = ListRows::of(Arc::new(sought));
    let next = match read_page(page, &mut kept)? {
        Next::End => None,
        Next::At(place) => Some(place),
    };
    Ok((kept.listing, next))
}

/// What the answer to a poll says of `remotes`, at most once of each.
///
/// # Errors
/// If it was not read to its very end, or is no list.
pub fn poll(body: &[u8], remotes: &[RemoteId]) -> Result<Vec<RenderReport>, serde_json::Error> {
    let mut asked = PollRows::about(remotes);
    read_page(body, &mut asked)?;
    Ok(asked.reports)
}

/// What a refusal with this status and this body means, its words fit to be shown; `None` if that is no
/// HTTP status.
pub fn refused(
    status: u16,
    body: &[u8],
    command: CommandKind,
    credentials: Credentials,
) -> Option<Failure> {
    let status = reqwest::StatusCode::from_u16(status).ok()?;
    let redactor = Redactor::new(credentials);
    let words = ErrorBody::of(body, &redactor);
    let failure = status_failure(status, &reqwest::header::HeaderMap::new(), &words, command);
    Some(redactor.failure(failure))
}

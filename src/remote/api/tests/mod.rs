//! The endpoints against a scripted server.

mod list;
mod read;
mod submit;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AcceptedJob, AspectRatio, Command, DownloadProgress, Failure, FailureKind, ListFilter, Listing,
    Outcome, RemoteId, RenderReport, RenderStatus, RetryAfter, Speech, Timestamp, VideoRequest,
    find_tags,
};
use crate::remote::Remote;
use crate::remote::scripted_server::{Action, ScriptedServer, answer, json};

pub(super) const TAG: &str = "cs-abcdefghijkl";

pub(super) fn remote_id(text: &str) -> RemoteId {
    text.parse().unwrap()
}

pub(super) async fn submit(remote: &Remote) -> Result<RemoteId, Failure> {
    accept(remote).await.map(|accepted| accepted.remote)
}

pub(super) async fn accept(remote: &Remote) -> Result<AcceptedJob, Failure> {
    let speech = Speech::Text("Hello".into());
    let command = Command::Submit {
        job: "a".parse().unwrap(),
        request: Arc::new(VideoRequest::new(speech, "p", AspectRatio::Portrait)),
        name: format!("a {TAG}"),
    };
    let Outcome::Submitted { result, .. } = remote.perform(command, Arc::default()).await else {
        panic!("the outcome of another command");
    };
    result
}

pub(super) async fn poll(remote: &Remote, ids: &[&str]) -> Result<Vec<RenderReport>, Failure> {
    let remotes = ids.iter().map(|id| remote_id(id)).collect();
    let command = Command::Poll { remotes };
    let Outcome::Polled { result, .. } = remote.perform(command, Arc::default()).await else {
        panic!("the outcome of another command");
    };
    result
}

pub(super) async fn look(remote: &Remote, id: &str) -> Result<RenderReport, Failure> {
    let command = Command::PollJob { job: "a".parse().unwrap(), remote: remote_id(id) };
    let Outcome::JobPolled { result, .. } = remote.perform(command, Arc::default()).await else {
        panic!("the outcome of another command");
    };
    result
}

pub(super) async fn list(remote: &Remote) -> Result<Listing, Failure> {
    let command = Command::List {
        filter: Arc::new(ListFilter {
            tags: find_tags(TAG).collect(),
            references: [remote_id("witness")].into(),
            ..ListFilter::default()
        }),
    };
    let Outcome::Listed { result } =
        remote.perform(command, Arc::new(DownloadProgress::default())).await
    else {
        panic!("the outcome of another command");
    };
    result
}

/// A server with one action, and its client.
pub(super) async fn with(action: Action) -> (ScriptedServer, Remote) {
    let server = ScriptedServer::start([action]).await;
    let remote = server.client(Path::new("unused"));
    (server, remote)
}

//! Bringing finished files home.
//!
//! One attempt writes `videos/x.mp4.part` and, beside it, `x.mp4.part.json` with what is needed to go on
//! later: where it came from, the server's validator, the length, and how much has certainly reached the
//! disk. The next attempt, in this run or in another, asks for the rest with `Range` and `If-Range`; a server
//! whose file has changed answers with the whole of it. When all is there it is synced, renamed, and the
//! folder is synced: under its final name a file is always whole.

mod container;
mod content_range;
mod downloader;
mod link;
mod part;
mod target;
#[cfg(test)]
mod tests;
mod thumbnail;

pub(in crate::remote) use downloader::Downloader;

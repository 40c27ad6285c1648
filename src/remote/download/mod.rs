//! Bringing finished files home.
//!
//! One attempt writes `videos/x.mp4.part` and, beside it, `x.mp4.part.json` with what is needed to go on
//! later: where it came from, the server's validator, the length, and how much has certainly reached the
//! disk. The next attempt, in this run or in another, asks for the rest with `Range` and `If-Range`; a server
//! whose file has changed answers with the whole of it. When all is there it is synced, renamed, and the
//! folder is synced: under its final name a file is always whole.
//!
//! A video is never written over another one. What lies under the final name already, the video of an
//! earlier generation or one that somebody has edited, is first renamed to `x.earlier-1.mp4` (or the next
//! free number); only the very same file is replaced. A crash between the two renames leaves the earlier
//! video under its new name and the whole `.part` beside it, which the next attempt finishes.

mod backup;
mod container;
mod content_range;
mod downloader;
mod link;
mod part;
mod sink;
mod target;
#[cfg(test)]
mod tests;
mod thumbnail;

pub(in crate::remote) use downloader::Downloader;

//! Downloads of finished files.
//!
//! An attempt writes `videos/x.mp4.part` and beside it `x.mp4.part.json` with the data to continue it: the source, the
//! server's validator, the length, and the number of bytes known to be on disk. The next attempt, in this run or a later one,
//! requests the rest with `Range` and `If-Range`; a server whose file has changed returns the whole file. A complete file is
//! synced and renamed, and its folder is synced: a file with its final name is always complete.
//!
//! A video never overwrites another one. A file that already has the final name, such as the video of an earlier generation
//! or an edited one, is first renamed to `x.earlier-1.mp4` (or the next free number); only an identical file is replaced. A
//! crash between the two renames leaves the earlier video under its new name and the complete `.part` beside it, which the
//! next attempt finishes.

mod backup;
mod container;
mod downloader;
mod hashing_writer;
mod link;
mod part;
mod target;
#[cfg(test)]
mod tests;

pub(crate) use downloader::Downloader;
pub(crate) use link::Link;

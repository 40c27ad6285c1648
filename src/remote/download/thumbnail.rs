//! The still picture of a video: nice to have.

use sha2::{Digest as _, Sha256};

use super::backup::backup_existing;
use super::container::is_picture;
use super::downloader::Downloader;
use super::link::{Link, hex};
use super::part::{blocking, replace};
use super::target::{Target, sync_folder};
use crate::model::FetchOrder;

/// No thumbnail is larger, in bytes.
const LARGEST: usize = 10 << 20;

impl Downloader {
    /// Stores the thumbnail and gives its path, if all goes well. A video without one is as good.
    pub(super) async fn thumbnail(&self, order: &FetchOrder) -> Option<String> {
        let link = Link::parse(order.thumbnail_url.as_deref()?, self.policy).ok()?;
        let target = Target::new(&self.out, &order.thumbnail).ok()?;
        let picture = tokio::time::timeout(self.timeouts.read, self.picture(link));
        let picture = picture.await.ok()??;
        blocking(move || {
            std::fs::create_dir_all(target.folder())?;
            // The one of an earlier video is kept like the video itself.
            let digest = hex(&Sha256::digest(&picture));
            backup_existing(target.path(), picture.len() as u64, &digest)?;
            replace(target.path(), &picture)?;
            sync_folder(target.folder())
        })
        .await
        .ok()?;
        Some(order.thumbnail.clone())
    }

    async fn picture(&self, link: Link) -> Option<Vec<u8>> {
        let (mut response, host) = self.get(link, None).await.ok()?;
        if response.status() != reqwest::StatusCode::OK {
            return None;
        }
        let expected = response.content_length();
        let mut picture = Vec::new();
        while let Some(piece) = self.piece(&mut response, &host).await.ok()? {
            picture.extend_from_slice(piece.as_ref());
            if picture.len() > LARGEST {
                return None;
            }
        }
        let is_whole = expected.is_none_or(|expected| expected == picture.len() as u64);
        (is_whole && is_picture(&picture)).then_some(picture)
    }
}

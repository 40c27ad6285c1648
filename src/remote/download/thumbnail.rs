//! Thumbnails, which are optional.

use sha2::{Digest as _, Sha256};

use super::backup::backup_existing;
use super::container::is_image;
use super::downloader::Downloader;
use super::link::Link;
use super::part::{blocking, replace};
use super::target::Target;
use crate::model::DownloadRequest;
use crate::util::fs::sync_dir;
use crate::util::text::hex;

/// Largest thumbnail, in bytes.
const MAX_THUMBNAIL: usize = 10 << 20;

impl Downloader {
    /// Downloads the thumbnail and returns its path; `None` if anything fails.
    pub(super) async fn thumbnail(&self, order: &DownloadRequest) -> Option<String> {
        let link = Link::parse(order.thumbnail_url.as_deref()?, self.policy).ok()?;
        let target = Target::new(&self.out, &order.thumbnail).ok()?;
        let image = tokio::time::timeout(self.timeouts.read, self.image(link));
        let image = image.await.ok()??;
        blocking(move || {
            std::fs::create_dir_all(target.folder())?;
            // The thumbnail of an earlier video is kept like the video.
            let digest = hex(&Sha256::digest(&image));
            backup_existing(target.path(), image.len() as u64, &digest)?;
            replace(target.path(), &image)?;
            sync_dir(target.folder())
        })
        .await
        .ok()?;
        Some(order.thumbnail.clone())
    }

    async fn image(&self, link: Link) -> Option<Vec<u8>> {
        let mut response = self.get(link, None).await.ok()?;
        if response.inner.status() != reqwest::StatusCode::OK {
            return None;
        }
        let expected = response.inner.content_length();
        let mut image = Vec::new();
        while let Some(chunk) = response.next_chunk().await.ok()? {
            image.extend_from_slice(chunk.as_ref());
            if image.len() > MAX_THUMBNAIL {
                return None;
            }
        }
        let is_complete = expected.is_none_or(|expected| expected == image.len() as u64);
        (is_complete && is_image(&image)).then_some(image)
    }
}

//! The pictures and samples of a catalogue, for a page that cannot load them from elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::source::CatalogueNeed;
use super::{Catalogue, NameLookup};
use crate::app::error::Error;
use crate::app::provider::{Provider, ProviderConfig};
use crate::model::Timestamp;
use crate::util::text::hex;

/// The most bytes of pictures and samples that are kept.
const MAX_KEPT: usize = 128 << 20;

/// A catalogue, and a provider whose pictures and samples can be fetched as long as this value lives.
pub(crate) struct Previews {
    pub(crate) catalogue: Catalogue,
    provider: Provider,
    /// The addresses by key.
    addresses: HashMap<String, String>,
    kept: Mutex<Kept>,
}

type Preview = (&'static str, Arc<[u8]>);

#[derive(Default)]
struct Kept {
    previews: HashMap<String, Preview>,
    bytes: usize,
}

/// Returns the key of the picture or sample at an address.
pub(crate) fn preview_key(address: &str) -> String {
    hex(&Sha256::digest(address)[..12])
}

impl NameLookup {
    /// Returns the catalogue with its pictures and samples.
    ///
    /// # Errors
    /// If there is no provider, or it cannot be asked.
    pub(crate) async fn previews(&self, now: Timestamp) -> Result<Previews, Error> {
        let Some(config) = self.provider.clone() else {
            return Err(Error::usage("there is no provider to ask"));
        };
        let provider = config.clone().start_without_files().await?;
        // Only this sandbox has the files of its catalogue.
        let catalogue = match config {
            ProviderConfig::Sandbox(_) => {
                super::source::fetch(&provider.remote, now).await.map_err(Error::Provider)?
            }
            ProviderConfig::Api { .. } => {
                self.catalogue(CatalogueNeed::Required, None, now).await?.unwrap_or_default()
            }
        };
        let pictures = catalogue.personas.iter().flat_map(|persona| {
            [&persona.preview_image_9_16, &persona.preview_image_1_1, &persona.preview_image_16_9]
        });
        let accents = catalogue.voices.iter().flat_map(|voice| &voice.accents);
        let samples = accents.map(|accent| &accent.preview_url);
        let addresses = pictures.chain(samples).flatten();
        let addresses = addresses.map(|url| (preview_key(url), url.clone())).collect();
        Ok(Previews { catalogue, provider, addresses, kept: Mutex::default() })
    }
}

impl Previews {
    /// Returns the media type and content of a picture or sample of the catalogue; `None` if it cannot be had.
    pub(crate) async fn preview(&self, key: &str) -> Option<Preview> {
        let address = self.addresses.get(key)?;
        if let Some(kept) = self.kept().previews.get(key) {
            return Some(kept.clone());
        }
        let (media_type, bytes) = self.provider.remote.preview(address).await?;
        let preview: Preview = (media_type, bytes.into());
        let mut kept = self.kept();
        if kept.bytes + preview.1.len() > MAX_KEPT {
            *kept = Kept::default();
        }
        kept.bytes += preview.1.len();
        kept.previews.insert(key.to_owned(), preview.clone());
        Some(preview)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

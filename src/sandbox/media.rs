//! Videos, thumbnails and previews. The templates in `assets` were made by `assets/make.sh`; a job's copy
//! contains the job's id, so that no two files are equal.

use super::random::{Seed, xorshift};

/// The template files of an aspect ratio.
#[derive(Debug)]
pub(super) struct Shape {
    /// The ratio in the API's spelling.
    ratio: &'static str,
    pub(super) mp4: &'static [u8],
    /// A transparent video.
    webm: &'static [u8],
    pub(super) jpeg: &'static [u8],
}

const SHAPES: [Shape; 3] = [
    Shape {
        ratio: "16x9",
        mp4: include_bytes!("assets/landscape.mp4"),
        webm: include_bytes!("assets/landscape.webm"),
        jpeg: include_bytes!("assets/landscape.jpg"),
    },
    Shape {
        ratio: "1x1",
        mp4: include_bytes!("assets/square.mp4"),
        webm: include_bytes!("assets/square.webm"),
        jpeg: include_bytes!("assets/square.jpg"),
    },
    Shape {
        ratio: "9x16",
        mp4: include_bytes!("assets/portrait.mp4"),
        webm: include_bytes!("assets/portrait.webm"),
        jpeg: include_bytes!("assets/portrait.jpg"),
    },
];

/// The template of a job's video: its shape, and whether it is transparent.
#[derive(Debug, Clone, Copy)]
pub(super) struct MediaTemplate {
    shape: &'static Shape,
    transparent: bool,
}

/// The maximum of random extra bytes in a job's video, so that sizes differ too.
const MAX_EXTRA: u64 = 2048;

/// The maximum of padding in bytes, below the size limit of an MP4 box.
const PADDING_LIMIT: usize = 1 << 30;

impl Shape {
    pub(super) fn of_ratio(ratio: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.ratio == ratio)
    }
}

/// The preview of a voice: an MP3 with a soft tone.
pub(super) const VOICE: &[u8] = include_bytes!("assets/voice.mp3");

impl MediaTemplate {
    /// Returns the template for a ratio; landscape for an unknown one.
    pub(super) fn new(ratio: &str, transparent: bool) -> Self {
        Self { shape: Shape::of_ratio(ratio).unwrap_or(&SHAPES[0]), transparent }
    }

    pub(super) fn extension(self) -> &'static str {
        if self.transparent { "webm" } else { "mp4" }
    }

    pub(super) fn content_type(self) -> &'static str {
        if self.transparent { "video/webm" } else { "video/mp4" }
    }

    /// Returns the video of the job `id`: the template, then an element that players skip (an MP4 `free` box or
    /// an EBML Void) with the id and `padding` bytes.
    pub(super) fn video(self, id: &str, padding: usize) -> Vec<u8> {
        let plain = if self.transparent { self.shape.webm } else { self.shape.mp4 };
        let filler = filler(id, padding);
        let mut video = Vec::with_capacity(plain.len() + 16 + filler.len());
        video.extend_from_slice(plain);
        if self.transparent {
            // The segment is the last element of the template and grows by the Void.
            let segment = video.windows(4).position(|window| window == SEGMENT);
            let end = segment.map_or(video.len(), |place| place + 12);
            let grown = video.len() - end + 9 + filler.len();
            if let Some(size) = video.get_mut(end - 8..end) {
                size.copy_from_slice(&ebml_size(grown));
            }
            video.push(VOID);
            video.extend_from_slice(&ebml_size(filler.len()));
        } else {
            let size = u32::try_from(filler.len() + 8).unwrap_or(u32::MAX);
            video.extend_from_slice(&size.to_be_bytes());
            video.extend_from_slice(b"free");
        }
        video.extend_from_slice(&filler);
        video
    }

    /// Returns the thumbnail of the job `id`: a JPEG with the id in a comment.
    pub(super) fn thumbnail(self, id: &str) -> Vec<u8> {
        let plain = self.shape.jpeg;
        let length = u16::try_from(id.len() + 2).unwrap_or(u16::MAX);
        let (start, rest) = plain.split_at(2);
        let length = length.to_be_bytes();
        [start, &[0xff, 0xfe], &length, id.as_bytes(), rest].concat()
    }
}

/// EBML element identifiers: the segment that contains a whole `WebM`, and the Void that players skip.
const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
const VOID: u8 = 0xec;

/// Encodes the length of an EBML element in eight bytes.
fn ebml_size(length: usize) -> [u8; 8] {
    let length = u64::try_from(length).unwrap_or(0) & 0x00ff_ffff_ffff_ffff;
    (length | 0x0100_0000_0000_0000).to_be_bytes()
}

/// Returns the id, followed by pseudo-random bytes. They do not repeat at the step size of a download, so
/// that a misplaced piece changes the digest.
fn filler(id: &str, padding: usize) -> Vec<u8> {
    let seed = Seed(0);
    let extra = seed.within(&(0..=MAX_EXTRA), id, 0);
    let length = padding.min(PADDING_LIMIT) + usize::try_from(extra).unwrap_or(0);
    let mut state = seed.number(id, 1) | 1;
    let noise = std::iter::repeat_with(|| xorshift(&mut state).to_le_bytes());
    let noise = noise.flatten().take(length);
    id.bytes().chain(noise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names of the top-level boxes.
    fn boxes(mut file: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        while !file.is_empty() {
            let size = u32::from_be_bytes(file[..4].try_into().unwrap()) as usize;
            names.push(String::from_utf8(file[4..8].to_vec()).unwrap());
            file = &file[size..];
        }
        names
    }

    #[test]
    fn an_mp4_has_its_index_first_and_the_id_last() {
        for ratio in ["16x9", "1x1", "9x16"] {
            let video = MediaTemplate::new(ratio, false).video("the-id", 5000);
            let names = boxes(&video);
            assert_eq!(names.first().map(String::as_str), Some("ftyp"));
            assert_eq!(names.last().map(String::as_str), Some("free"));
            let place = |name: &str| names.iter().position(|other| other == name).unwrap();
            assert!(place("moov") < place("mdat"));
            assert!(video.windows(6).any(|window| window == b"the-id"));
            assert!(video.len() > 5000);
        }
    }

    #[test]
    fn a_webm_is_one_segment_with_the_id_in_its_last_element() {
        for ratio in ["16x9", "1x1", "9x16"] {
            let picture = MediaTemplate::new(ratio, true);
            let video = picture.video("the-id", 10);
            let plain = picture.shape.webm.len();
            let size = |at: usize| {
                let bytes: [u8; 8] = video[at..at + 8].try_into().unwrap();
                usize::try_from(u64::from_be_bytes(bytes) & 0x00ff_ffff_ffff_ffff).unwrap()
            };
            assert_eq!(video[..4], [0x1a, 0x45, 0xdf, 0xa3]);
            // The header contains its own length; the segment follows.
            let segment = 5 + usize::from(video[4] & 0x7f);
            assert_eq!(video[segment..segment + 4], SEGMENT);
            assert_eq!(segment + 12 + size(segment + 4), video.len());
            assert_eq!(video[plain], VOID);
            assert_eq!(plain + 9 + size(plain + 1), video.len());
            assert_eq!(&video[plain + 9..plain + 15], b"the-id");
        }
    }

    #[test]
    fn files_differ_between_jobs_only() {
        let picture = MediaTemplate::new("9x16", false);
        assert_eq!(picture.video("a", 0), picture.video("a", 0));
        assert_ne!(picture.video("a", 0), picture.video("b", 0));
        let transparent = MediaTemplate::new("9x16", true);
        assert_eq!((transparent.extension(), transparent.content_type()), ("webm", "video/webm"));
        let still = picture.thumbnail("a");
        assert_ne!(still, picture.thumbnail("b"));
        assert_eq!(
            (&still[..4], &still[still.len() - 2..]),
            (&[0xff, 0xd8, 0xff, 0xfe][..], &[0xff, 0xd9][..])
        );
    }
}

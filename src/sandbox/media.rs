//! The files that jobs end in. Each shape is a real picture that was made once
//! (`assets/make.sh`); each job's copy carries the job's id, so that no two files are equal.

use super::chance::Seed;

/// The shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Landscape,
    Square,
    Portrait,
}

/// What a job's video looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    shape: Shape,
    transparent: bool,
}

/// The most bytes that each job's video is longer than the plain picture, besides its id and the padding that
/// was asked for: so that lengths differ too.
const SPREAD: u64 = 2048;

/// The most padding, in bytes: an MP4 box cannot be much longer, and nobody needs more.
const PADDING_LIMIT: usize = 1 << 30;

impl Shape {
    /// The shape of that ratio, in the API's spelling (`9x16`).
    pub(super) fn of_ratio(ratio: &str) -> Option<Self> {
        match ratio {
            "16x9" => Some(Self::Landscape),
            "1x1" => Some(Self::Square),
            "9x16" => Some(Self::Portrait),
            _ => None,
        }
    }

    /// An MP4 of it that belongs to no job.
    pub(super) fn plain_video(self) -> &'static [u8] {
        match self {
            Self::Landscape => include_bytes!("assets/landscape.mp4"),
            Self::Square => include_bytes!("assets/square.mp4"),
            Self::Portrait => include_bytes!("assets/portrait.mp4"),
        }
    }

    /// The same with alpha, as `WebM`.
    fn plain_transparent_video(self) -> &'static [u8] {
        match self {
            Self::Landscape => include_bytes!("assets/landscape.webm"),
            Self::Square => include_bytes!("assets/square.webm"),
            Self::Portrait => include_bytes!("assets/portrait.webm"),
        }
    }

    /// A JPEG of it that belongs to no job.
    pub(super) fn plain_still(self) -> &'static [u8] {
        match self {
            Self::Landscape => include_bytes!("assets/landscape.jpg"),
            Self::Square => include_bytes!("assets/square.jpg"),
            Self::Portrait => include_bytes!("assets/portrait.jpg"),
        }
    }
}

/// How a voice sounds, as MP3: a soft tone.
pub(super) const VOICE: &[u8] = include_bytes!("assets/voice.mp3");

impl Picture {
    /// The picture of a job with that ratio; landscape if there is no such ratio.
    pub(super) fn new(ratio: &str, transparent: bool) -> Self {
        Self {
            shape: Shape::of_ratio(ratio).unwrap_or(Shape::Landscape),
            transparent,
        }
    }

    /// `mp4` or `webm`.
    pub(super) fn extension(self) -> &'static str {
        if self.transparent { "webm" } else { "mp4" }
    }

    /// The MIME type.
    pub(super) fn content_type(self) -> &'static str {
        if self.transparent {
            "video/webm"
        } else {
            "video/mp4"
        }
    }

    /// The video of the job `id`: the picture, then an element that players skip (an MP4 `free` box, or
    /// an EBML Void) with the id and `padding` bytes more.
    pub(super) fn video(self, id: &str, padding: usize) -> Vec<u8> {
        let plain = if self.transparent {
            self.shape.plain_transparent_video()
        } else {
            self.shape.plain_video()
        };
        let ballast = ballast(id, padding);
        let mut video = Vec::with_capacity(plain.len() + 16 + ballast.len());
        video.extend_from_slice(plain);
        if self.transparent {
            // The segment is the last element of the plain file, and grows by the Void.
            let segment = video.windows(4).position(|window| window == SEGMENT);
            let end = segment.map_or(video.len(), |place| place + 12);
            let grown = video.len() - end + 9 + ballast.len();
            if let Some(size) = video.get_mut(end - 8..end) {
                size.copy_from_slice(&ebml_size(grown));
            }
            video.push(VOID);
            video.extend_from_slice(&ebml_size(ballast.len()));
        } else {
            let size = u32::try_from(ballast.len() + 8).unwrap_or(u32::MAX);
            video.extend_from_slice(&size.to_be_bytes());
            video.extend_from_slice(b"free");
        }
        video.extend_from_slice(&ballast);
        video
    }

    /// The thumbnail of the job `id`: a JPEG that carries it in a comment.
    pub(super) fn thumbnail(self, id: &str) -> Vec<u8> {
        let plain = self.shape.plain_still();
        let length = u16::try_from(id.len() + 2).unwrap_or(u16::MAX);
        let (start, rest) = plain.split_at(2);
        let length = length.to_be_bytes();
        [start, &[0xff, 0xfe], &length, id.as_bytes(), rest].concat()
    }
}

/// The identifiers of two EBML elements: the one that holds all of a `WebM`, and the one to be skipped.
const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
const VOID: u8 = 0xec;

/// The length of an EBML element, in the form that takes eight bytes.
fn ebml_size(length: usize) -> [u8; 8] {
    let length = u64::try_from(length).unwrap_or(0) & 0x00ff_ffff_ffff_ffff;
    (length | 0x0100_0000_0000_0000).to_be_bytes()
}

/// The id and a run of bytes that follow from it and do not repeat within a download's usual steps, so
/// that a piece put in a wrong place is noticed.
fn ballast(id: &str, padding: usize) -> Vec<u8> {
    let seed = Seed(0);
    let spread = seed.within(&(0..=SPREAD), id, 0);
    let length = padding.min(PADDING_LIMIT) + usize::try_from(spread).unwrap_or(0);
    let mut state = seed.number(id, 1) | 1;
    let noise = std::iter::repeat_with(|| {
        // One step of a xorshift generator.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let noise = noise.flatten().take(length);
    id.bytes().chain(noise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The top-level boxes: names, and where each ends.
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
    fn an_mp4_is_whole_boxes_with_the_index_in_front_and_the_id_at_the_end() {
        for ratio in ["16x9", "1x1", "9x16"] {
            let video = Picture::new(ratio, false).video("the-id", 5000);
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
    fn a_webm_is_one_segment_that_ends_in_a_void_with_the_id() {
        for ratio in ["16x9", "1x1", "9x16"] {
            let picture = Picture::new(ratio, true);
            let video = picture.video("the-id", 10);
            let plain = picture.shape.plain_transparent_video().len();
            let size = |at: usize| {
                let bytes: [u8; 8] = video[at..at + 8].try_into().unwrap();
                usize::try_from(u64::from_be_bytes(bytes) & 0x00ff_ffff_ffff_ffff).unwrap()
            };
            assert_eq!(video[..4], [0x1a, 0x45, 0xdf, 0xa3]);
            // The header says how long it is; the segment comes next.
            let segment = 5 + usize::from(video[4] & 0x7f);
            assert_eq!(video[segment..segment + 4], SEGMENT);
            assert_eq!(segment + 12 + size(segment + 4), video.len());
            assert_eq!(video[plain], VOID);
            assert_eq!(plain + 9 + size(plain + 1), video.len());
            assert_eq!(&video[plain + 9..plain + 15], b"the-id");
        }
    }

    #[test]
    fn files_of_two_jobs_differ_and_those_of_one_do_not() {
        let picture = Picture::new("9x16", false);
        assert_eq!(picture.video("a", 0), picture.video("a", 0));
        assert_ne!(picture.video("a", 0), picture.video("b", 0));
        let transparent = Picture::new("9x16", true);
        assert_eq!(
            (transparent.extension(), transparent.content_type()),
            ("webm", "video/webm")
        );
        let still = picture.thumbnail("a");
        assert_ne!(still, picture.thumbnail("b"));
        assert_eq!(
            (&still[..4], &still[still.len() - 2..]),
            (&[0xff, 0xd8, 0xff, 0xfe][..], &[0xff, 0xd9][..])
        );
    }
}

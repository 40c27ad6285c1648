//! Recognising videos and images by their first bytes, and incomplete videos by their structure.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes needed to recognise a file.
pub(super) const HEAD: usize = 12;

/// First bytes of an EBML file (RFC 8794), such as `WebM`.
const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// The element with the content of a `WebM` file (RFC 9559).
const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];

/// Boxes with images and sound, their index, and padding.
const BOXES: [&[u8; 4]; 8] =
    [b"ftyp", b"moov", b"mdat", b"moof", b"sidx", b"free", b"skip", b"wide"];

/// A video has a handful of boxes, a fragmented one some thousands.
const MAX_BOXES: usize = 100_000;

/// Whether a file that begins with `head` is a video: MP4 (begins with an `ftyp` box, ISO/IEC 14496-12) or `WebM` (an EBML
/// header, RFC 8794). Either is accepted: a paid video is not rejected for its extension.
pub(super) fn is_video(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp") || head.starts_with(&EBML)
}

/// Returns how many bytes are missing at the end of a video, by its own structure. The server may have announced a wrong
/// length or none. An unknown structure counts as complete.
///
/// # Errors
///
/// If the file cannot be read.
pub(super) fn missing_bytes(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut head = Vec::new();
    file.by_ref().take(4).read_to_end(&mut head)?;
    file.rewind()?;
    let end = if head == EBML { end_of_segment(file)? } else { end_of_boxes(file, length)? };
    Ok(end.saturating_sub(length))
}

/// Returns the end of the last box. Each box begins with its length and its name (ISO/IEC 14496-12, section 4.2).
fn end_of_boxes(file: &mut (impl Read + Seek), length: u64) -> io::Result<u64> {
    let mut position = 0;
    for _ in 0..MAX_BOXES {
        if position >= length {
            break;
        }
        file.seek(SeekFrom::Start(position))?;
        let Some([a, b, c, d, name @ ..]) = take::<8>(file)? else {
            break;
        };
        if !BOXES.contains(&&name) {
            break;
        }
        let (size, header) = match u32::from_be_bytes([a, b, c, d]) {
            // The box ends with the file.
            0 => break,
            1 => match take::<8>(file)? {
                Some(long) => (u64::from_be_bytes(long), 16),
                None => break,
            },
            short => (u64::from(short), 8),
        };
        // `ftyp` alone proves nothing; some programs write a wrong length.
        if size < header || (&name == b"ftyp" && size > length) {
            break;
        }
        position = position.saturating_add(size);
    }
    Ok(position)
}

/// Returns the end of the segment; 0 if it is unknown.
fn end_of_segment(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    file.seek(SeekFrom::Start(4))?;
    let Some(header) = element_size(file)? else {
        return Ok(0);
    };
    let Some(segment) = file.stream_position()?.checked_add(header) else {
        return Ok(0);
    };
    file.seek(SeekFrom::Start(segment))?;
    if take::<4>(file)? != Some(SEGMENT) {
        return Ok(0);
    }
    let Some(size) = element_size(file)? else {
        return Ok(0);
    };
    Ok(file.stream_position()?.saturating_add(size))
}

/// Reads a length of one to eight bytes (RFC 8794, section 4); `None` if it is unknown or invalid.
fn element_size(file: &mut impl Read) -> io::Result<Option<u64>> {
    let Some([first]) = take::<1>(file)? else {
        return Ok(None);
    };
    let more = first.leading_zeros();
    if more >= 8 {
        return Ok(None);
    }
    let mut size = u64::from(first) & (0x7f >> more);
    for _ in 0..more {
        let Some([next]) = take::<1>(file)? else {
            return Ok(None);
        };
        size = size << 8 | u64::from(next);
    }
    let unknown = (1 << (7 * (more + 1))) - 1;
    Ok((size != unknown).then_some(size))
}

/// Reads the next bytes; `None` if the file ends before.
fn take<const COUNT: usize>(file: &mut impl Read) -> io::Result<Option<[u8; COUNT]>> {
    let mut bytes = [0; COUNT];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Checks whether a file that begins with `head` is an image: JPEG, PNG, `WebP` or GIF.
pub(super) fn is_image(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xd8, 0xff])
        || head.starts_with(b"\x89PNG\r\n\x1a\n")
        || (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"))
        || head.starts_with(b"GIF8")
}

/// Returns the media type of a picture or sound that begins with `head`; `None` for everything else.
pub(super) fn preview_type(head: &[u8]) -> Option<&'static str> {
    let is_riff = |kind: &[u8]| head.starts_with(b"RIFF") && head.get(8..12) == Some(kind);
    match head {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] => Some("audio/mpeg"),
        [b'O', b'g', b'g', b'S', ..] => Some("audio/ogg"),
        _ if is_riff(b"WEBP") => Some("image/webp"),
        _ if is_riff(b"WAVE") => Some("audio/wav"),
        _ if head.get(4..8) == Some(b"ftyp") => Some("audio/mp4"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn containers_are_recognised_by_their_first_bytes() {
        assert!(is_video(b"\0\0\0\x18ftypmp42"));
        assert!(is_video(b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81"));
        assert!(is_image(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"));
        assert!(is_image(b"RIFF\0\0\0\0WEBP"));
        for (head, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"[..], Some("image/jpeg")),
            (b"RIFF\0\0\0\0WEBP", Some("image/webp")),
            (b"RIFF\0\0\0\0WAVE", Some("audio/wav")),
            (b"\xff\xfb\x90", Some("audio/mpeg")),
            (b"<svg xmlns", None),
            (b"<!doctype html>", None),
            (b"", None),
        ] {
            assert_eq!(preview_type(head), expected);
        }
        for page in
            [&b"<!doctype html>"[..], b"{\"detail\":\"x\"}", b"", b"ftyp", b"RIFF\0\0\0\0WAVE"]
        {
            assert!(!is_video(page) && !is_image(page));
        }
    }

    fn missing(bytes: &[u8]) -> u64 {
        missing_bytes(&mut Cursor::new(bytes)).unwrap()
    }

    fn a_box(name: [u8; 4], content: usize) -> Vec<u8> {
        let size = u32::try_from(content + 8).unwrap();
        [&size.to_be_bytes()[..], &name, &vec![7; content]].concat()
    }

    #[test]
    fn a_video_that_ends_inside_a_box_is_incomplete() {
        let long = [&b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x64"[..], &[7; 84]].concat();
        let whole = [a_box(*b"ftyp", 16), a_box(*b"moov", 40), long].concat();
        assert_eq!(missing(&whole), 0);
        for cut in 1..80 {
            assert_eq!(missing(&whole[..whole.len() - cut]), cut as u64, "{cut}");
        }
        assert_eq!(missing(&whole[..30]), 0, "the header itself is incomplete");
        assert_eq!(missing(&whole[..60]), 12);
    }

    #[test]
    fn an_unknown_structure_counts_as_complete() {
        let start = a_box(*b"ftyp", 16);
        for rest in [
            &b"\0\0\0\0mdat and so on"[..],
            b"\x7f\xff\xff\xffwhat is this",
            b"\0\0\0\x02mdat too short a box",
            b"\0\0\0\x01mdat\0\0",
            b"",
        ] {
            assert_eq!(missing(&[&start, rest].concat()), 0);
        }
        assert_eq!(missing(b"\0\0\xff\x18ftypmp42 a careless writer"), 0);
    }

    #[test]
    fn a_segment_may_have_a_length() {
        let header = b"\x1a\x45\xdf\xa3\x84abcd\x18\x53\x80\x67";
        assert_eq!(missing(&[header, &b"\x40\x0a0123456789"[..]].concat()), 0);
        assert_eq!(missing(&[header, &b"\x40\x0a0123"[..]].concat()), 6);
        assert_eq!(missing(&[header, &b"\x8a0123"[..]].concat()), 6);
        let unknown = b"\x01\xff\xff\xff\xff\xff\xff\xff0123";
        assert_eq!(missing(&[header, &unknown[..]].concat()), 0);
        assert_eq!(missing(&header[..7]), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(
            start in prop::sample::select(vec![&b"\0\0\0\x10ftypmp42\0\0\0\0"[..], &EBML, b""]),
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let _any = missing(&[start, &bytes].concat());
        }
    }
}

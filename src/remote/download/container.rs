//! Telling a video from a page that says why there is none.

/// As many bytes as it takes to tell.
pub(super) const HEAD: usize = 12;

/// Whether a file that begins like this is a video: MP4 (an `ftyp` box comes first, ISO/IEC 14496-12) or
/// `WebM` (an EBML header, RFC 8794). Which of the two is not asked: a video that was paid for is not
/// thrown away for its extension.
pub(super) fn is_video(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp") || head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

/// Whether a file that begins like this is a picture: JPEG, PNG, `WebP` or GIF.
pub(super) fn is_picture(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xd8, 0xff])
        || head.starts_with(b"\x89PNG\r\n\x1a\n")
        || (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"))
        || head.starts_with(b"GIF8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        assert!(is_video(b"\0\0\0\x18ftypmp42"));
        assert!(is_video(b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81"));
        assert!(is_picture(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"));
        assert!(is_picture(b"RIFF\0\0\0\0WEBP"));
        for page in [
            &b"<!doctype html>"[..],
            b"{\"detail\":\"x\"}",
            b"",
            b"ftyp",
            b"RIFF\0\0\0\0WAVE",
        ] {
            assert!(!is_video(page) && !is_picture(page));
        }
    }
}

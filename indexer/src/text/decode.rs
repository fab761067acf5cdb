//! What of a file's bytes is searched: text after its byte order mark, in UTF-8.

use std::borrow::Cow;

/// The text that a search sees: without a UTF-8 mark; from UTF-16 where a mark says so, with U+FFFD for
/// what is not valid; else the bytes as they are, UTF-8 or not.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => Cow::Borrowed(text),
        // A second mark is taken for one as well.
        [0xff, 0xfe, 0xff, 0xfe, units @ ..] | [0xff, 0xfe, units @ ..] => {
            Cow::Owned(from_utf16(units, u16::from_le_bytes))
        }
        [0xfe, 0xff, 0xfe, 0xff, units @ ..] | [0xfe, 0xff, units @ ..] => {
            Cow::Owned(from_utf16(units, u16::from_be_bytes))
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// Whether a mark says that the bytes are UTF-16, whose text has NUL bytes without being binary.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// The text if it is there in one piece and no NUL byte can end its search.
pub(super) fn plain(bytes: &[u8]) -> Option<&[u8]> {
    match decode(bytes) {
        Cow::Borrowed(text) if memchr::memchr(0, text).is_none() => Some(text),
        _ => None,
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (pairs, odd) = bytes.as_chunks();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text = String::with_capacity(bytes.len());
    text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    // A byte left over is an error of its own, unless it comes on top of half a pair.
    let ends_in_half = pairs.last().is_some_and(|pair| (0xd800..0xdc00).contains(&unit(*pair)));
    if !odd.is_empty() && !ends_in_half {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text.into_bytes()
}

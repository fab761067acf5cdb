//! Bytes as text and back, so that an edit changes what it changes and nothing else.

use std::borrow::Cow;
use std::fmt;

/// Bytes searched for a NUL, which makes a file binary.
const BINARY_PROBE: usize = 8 << 10;

/// How a file's text is written in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    Utf8Bom,
    Utf16Le,
    Utf16Be,
    /// Guessed: not UTF-8 and without a mark. Every byte is a character, so nothing can be lost.
    Latin1,
}

/// Bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binary;

/// A character that the file's encoding does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the file is {encoding}, which has no `{character}`; use other characters, or replace the whole file"
)]
pub struct Unencodable {
    pub character: char,
    pub encoding: Encoding,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 with a byte order mark",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Latin1 => "Latin-1 (guessed)",
        })
    }
}

/// The text of a file, without a byte order mark, its line ends as they are.
///
/// # Errors
/// [`Binary`] when a NUL is near the start or UTF-16 is broken: what could not be written back as it was.
pub fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), Binary> {
    match bytes {
        [0xff, 0xfe, units @ ..] => Ok((utf16(units, u16::from_le_bytes)?.into(), Encoding::Utf16Le)),
        [0xfe, 0xff, units @ ..] => Ok((utf16(units, u16::from_be_bytes)?.into(), Encoding::Utf16Be)),
        _ if is_binary(bytes) => Err(Binary),
        [0xef, 0xbb, 0xbf, rest @ ..] if let Ok(text) = std::str::from_utf8(rest) => {
            Ok((text.into(), Encoding::Utf8Bom))
        }
        _ => Ok(match std::str::from_utf8(bytes) {
            Ok(text) => (text.into(), Encoding::Utf8),
            Err(_) => {
                (bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(), Encoding::Latin1)
            }
        }),
    }
}

/// Whether bytes without a UTF-16 mark have a NUL near the start.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    !matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        && bytes[..bytes.len().min(BINARY_PROBE)].contains(&0)
}

/// The bytes of a text in an encoding.
///
/// # Errors
/// When Latin-1 lacks one of its characters.
pub fn encode(text: &str, encoding: Encoding) -> Result<Vec<u8>, Unencodable> {
    Ok(match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
        Encoding::Utf16Le => {
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        }
        Encoding::Utf16Be => {
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
        }
        Encoding::Latin1 => {
            let byte = |character| {
                u8::try_from(u32::from(character)).map_err(|_| Unencodable { character, encoding })
            };
            text.chars().map(byte).collect::<Result<_, _>>()?
        }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Binary> {
    let (pairs, []) = bytes.as_chunks() else { return Err(Binary) };
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().map_err(|_| Binary)
}

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    Lf,
    CrLf,
}

impl LineEnd {
    /// What most lines of a text end with; `Lf` where there is none.
    #[must_use]
    pub fn most(text: &str) -> Self {
        let all = text.matches('\n').count();
        let crlf = text.matches("\r\n").count();
        if crlf * 2 > all { Self::CrLf } else { Self::Lf }
    }

    /// A text with every line ending this way.
    #[must_use]
    pub fn apply(self, text: &str) -> Cow<'_, str> {
        let lf: Cow<'_, str> =
            if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() };
        match self {
            Self::Lf => lf,
            Self::CrLf if lf.contains('\n') => lf.replace('\n', "\r\n").into(),
            Self::CrLf => lf,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_decoded_is_encoded_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..64), mark in 0..4usize) {
            let marks: [&[u8]; 4] = [&[], &[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff]];
            let bytes = [marks[mark], &bytes].concat();
            if let Ok((text, encoding)) = decode(&bytes) {
                prop_assert_eq!(encode(&text, encoding), Ok(bytes.clone()));
            }
        }
    }

    #[test]
    fn what_an_encoding_lacks_is_named() {
        let error = encode("5 €", Encoding::Latin1).unwrap_err();
        assert!(error.to_string().contains('€'), "{error}");
    }

    #[test]
    fn line_ends_are_counted() {
        assert_eq!(LineEnd::most("a\r\nb\r\nc\n"), LineEnd::CrLf);
        assert_eq!(LineEnd::most("a"), LineEnd::Lf);
        assert_eq!(LineEnd::CrLf.apply("a\nb\r\n"), "a\r\nb\r\n");
    }
}

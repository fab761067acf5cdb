//! A ZIP archive of stored files (APPNOTE 6.3, sections 4.3.7 to 4.3.16): enough for a bundle, and no dependency.

use std::io;

/// An archive that grows by files.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    files: u16,
    /// A file or the whole has become too large for the plain format.
    too_large: bool,
}

/// 1980-01-01, the first day that the format has: the same input makes the same archive.
const DAY: u16 = 0x21;
/// Made on Unix, so that permission bits count.
const UNIX: u16 = 3 << 8 | 20;
/// What a reader must know: version 2.0.
const NEEDED: u16 = 20;

impl Archive {
    /// Adds a file; a program may be run.
    pub(crate) fn add(&mut self, name: &str, content: &[u8], program: bool) {
        let (Ok(size), Ok(place)) = (u32::try_from(content.len()), u32::try_from(self.bytes.len())) else {
            self.too_large = true;
            return;
        };
        let length = u16::try_from(name.len()).expect("our names are short");
        let mut facts = Vec::new();
        // Flags, method (stored), time, day.
        for number in [0, 0, 0, DAY] {
            facts.extend(u16::to_le_bytes(number));
        }
        for number in [crc32(content), size, size] {
            facts.extend(u32::to_le_bytes(number));
        }
        facts.extend(length.to_le_bytes());
        facts.extend([0; 2]);

        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(NEEDED.to_le_bytes());
        self.bytes.extend(&facts);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(content);

        let mode: u32 = if program { 0o100_755 } else { 0o100_644 };
        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(UNIX.to_le_bytes());
        self.directory.extend(NEEDED.to_le_bytes());
        self.directory.extend(&facts);
        // Comment, disk, inner attributes.
        self.directory.extend([0; 6]);
        self.directory.extend((mode << 16).to_le_bytes());
        self.directory.extend(place.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.files += 1;
    }

    /// The whole archive.
    ///
    /// # Errors
    /// When something was over 4 GiB.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        let place = u32::try_from(self.bytes.len()).ok().filter(|_| !self.too_large);
        let place = place.ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "over 4 GiB"))?;
        let size = u32::try_from(self.directory.len()).expect("a few names");
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(place.to_le_bytes());
        self.bytes.extend([0; 2]);
        Ok(self.bytes)
    }
}

/// CRC-32 with the reversed polynomial 0xEDB88320 (ITU-T V.42), byte by byte.
fn crc32(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    !bytes.iter().fold(!0, |crc: u32, byte| table[usize::from(crc as u8 ^ byte)] ^ crc >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn the_parts_lie_where_their_readers_look() {
        let mut archive = Archive::default();
        archive.add("a", b"one", false);
        archive.add("b", b"two", true);
        let bytes = archive.finish().expect("small");
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
        let end = bytes.len() - 22;
        assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
        let (size, directory) = (number(end + 12), number(end + 16));
        assert_eq!(directory + size, end, "the directory lies before its end");
        let second = directory + 46 + 1;
        assert_eq!(&bytes[second..second + 4], b"PK\x01\x02");
        assert_eq!(number(second + 38) >> 16, 0o100_755);
        let file = number(second + 42);
        assert_eq!(&bytes[file..file + 4], b"PK\x03\x04");
        assert_eq!(&bytes[file + 30..file + 34], b"btwo");
    }
}

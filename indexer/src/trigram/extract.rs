//! One text → its distinct trigrams, through bitmaps of all of them.
//!
//! Nearly all trigrams are ASCII, so those have a bitmap of their own, with seven bits to the byte: at
//! 256 KiB it stays in the processor's cache.

/// Bytes to look at before their new trigrams are noted.
const BLOCK: usize = 1024;

/// Memory for [`extract`], 2.3 MiB: keep one per thread.
pub(crate) struct Scratch {
    ascii: Bitmap,
    /// Trigrams with another byte.
    other: Bitmap,
    folded: Box<[u8]>,
}

impl Default for Scratch {
    fn default() -> Self {
        let folded = vec![0; BLOCK + 2].into_boxed_slice();
        Self { ascii: Bitmap::new(21), other: Bitmap::new(24), folded }
    }
}

/// Replaces `out` by the distinct trigrams of a text, ascending.
///
/// A trigram is `first << 16 | second << 8 | third`, where ASCII letters count as lower case. None spans a
/// line feed, because matches do not, and nothing after a NUL byte is looked at, because searching stops
/// there too. `text` is what [`crate::text::decode`] made of a file's bytes.
pub(crate) fn extract(text: &[u8], scratch: &mut Scratch, out: &mut Vec<u32>) {
    let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
    let Scratch { ascii, other, folded } = scratch;
    out.clear();
    let mut has_other = false;
    for start in (0..text.len().saturating_sub(2)).step_by(BLOCK) {
        let block = &text[start..text.len().min(start + BLOCK + 2)];
        let folded = &mut folded[..block.len()];
        folded.copy_from_slice(block);
        folded.make_ascii_lowercase();
        if folded.is_ascii() {
            ascii.insert_all(folded);
        } else {
            has_other = true;
            insert_mixed(folded, ascii, other);
        }
    }
    ascii.drain(|packed| push(widen(packed), out));
    if has_other {
        other.drain(|trigram| push(trigram, out));
        // Two ascending runs: the sort merges them.
        out.sort();
    }
}

fn insert_mixed(folded: &[u8], ascii: &mut Bitmap, other: &mut Bitmap) {
    for window in folded.windows(3) {
        if window.is_ascii() {
            ascii.insert(pack(window));
        } else {
            other.insert(u32::from_be_bytes([0, window[0], window[1], window[2]]));
        }
    }
}

/// The byte as the index knows it.
pub(super) fn fold(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

/// An ASCII trigram in 21 bits.
fn pack(window: &[u8]) -> u32 {
    u32::from(window[0]) << 14 | u32::from(window[1]) << 7 | u32::from(window[2])
}

/// An ASCII trigram in 24 bits.
fn widen(packed: u32) -> u32 {
    (packed & 0x1f_c000) << 2 | (packed & 0x3f80) << 1 | packed & 0x7f
}

fn push(trigram: u32, out: &mut Vec<u32>) {
    const FEED: u32 = b'\n' as u32;
    if trigram & 0xff != FEED && trigram >> 8 & 0xff != FEED && trigram >> 16 != FEED {
        out.push(trigram);
    }
}

/// A set of small numbers that is emptied in ascending order.
struct Bitmap {
    /// One bit per number.
    words: Box<[u64]>,
    /// One bit per word that is not zero.
    summary: Box<[u64]>,
}

impl Bitmap {
    /// For numbers of so many bits, at least 12.
    fn new(bits: u32) -> Self {
        let zeros = |bits: u32| vec![0; 1 << bits].into_boxed_slice();
        Bitmap { words: zeros(bits - 6), summary: zeros(bits - 12) }
    }

    fn insert(&mut self, number: u32) {
        self.words[(number >> 6) as usize] |= 1 << (number & 63);
        self.note(number);
    }

    fn note(&mut self, number: u32) {
        self.summary[(number >> 12) as usize] |= 1 << (number >> 6 & 63);
    }

    /// Inserts the packed trigrams of at most [`BLOCK`] + 2 bytes.
    ///
    /// Whether a trigram is new cannot be predicted, so that a branch on it would cost more than the rest.
    fn insert_all(&mut self, folded: &[u8]) {
        let mut new = [0; BLOCK];
        let mut count = 0;
        for window in folded.windows(3) {
            let number = pack(window);
            let word = &mut self.words[(number >> 6) as usize];
            let bit = 1 << (number & 63);
            new[count % BLOCK] = number;
            count += usize::from(*word & bit == 0);
            *word |= bit;
        }
        for number in &new[..count] {
            self.note(*number);
        }
    }

    /// Empties the set.
    fn drain(&mut self, mut each: impl FnMut(u32)) {
        for (high, summary) in (0..).zip(&mut self.summary) {
            while *summary != 0 {
                let index: u32 = high << 6 | summary.trailing_zeros();
                *summary &= *summary - 1;
                let mut word = std::mem::take(&mut self.words[index as usize]);
                while word != 0 {
                    each(index << 6 | word.trailing_zeros());
                    word &= word - 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn trigrams(text: &[u8], scratch: &mut Scratch) -> Vec<u32> {
        let mut out = vec![7];
        extract(text, scratch, &mut out);
        out
    }

    fn readable(text: &[u8]) -> Vec<String> {
        let bytes = |t: &u32| t.to_be_bytes()[1..].escape_ascii().to_string();
        trigrams(text, &mut Scratch::default()).iter().map(bytes).collect()
    }

    #[test]
    fn letters_are_folded_and_lines_kept_apart() {
        assert_eq!(readable(b"FooFoo\nBa\nr!\r\n"), ["foo", "ofo", "oof", "r!\\r"]);
    }

    #[test]
    fn nothing_after_a_nul_byte_counts() {
        assert_eq!(readable(b"abc\0def"), ["abc"]);
    }

    #[test]
    fn short_texts_have_none() {
        assert_eq!(readable(b""), [""; 0]);
        assert_eq!(readable(b"ab"), [""; 0]);
    }

    proptest! {
        #[test]
        fn equals_the_plain_definition(texts in prop::collection::vec(some_text(), 1..4)) {
            let mut scratch = Scratch::default();
            for text in texts {
                let mut plain = BTreeSet::new();
                for line in text.split(|byte| *byte == b'\n') {
                    for w in line.to_ascii_lowercase().windows(3) {
                        plain.insert(u32::from_be_bytes([0, w[0], w[1], w[2]]));
                    }
                }
                prop_assert_eq!(trigrams(&text, &mut scratch), plain.into_iter().collect::<Vec<_>>());
            }
        }
    }

    /// Up to three blocks, often of ASCII only.
    fn some_text() -> impl Strategy<Value = Vec<u8>> {
        (prop::collection::vec(any::<u8>(), 0..3000), 128..136_u8).prop_map(|(bytes, highest)| {
            let byte = |byte: u8| if byte.is_multiple_of(16) { b'\n' } else { byte % (highest - 40) + 40 };
            bytes.into_iter().map(byte).collect()
        })
    }
}

//! One text → its distinct trigrams, through a bitmap of all 2^24 of them.

const WORDS: usize = 1 << 18;
const SUMMARY: usize = WORDS / 64;

/// Memory for [`extract`], 2 MiB: keep one per thread.
pub(crate) struct Scratch {
    /// One bit per trigram.
    words: Box<[u64]>,
    /// One bit per word that is not zero.
    summary: Box<[u64]>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { words: vec![0; WORDS].into_boxed_slice(), summary: vec![0; SUMMARY].into_boxed_slice() }
    }
}

/// Replaces `out` by the distinct trigrams of a text, ascending.
///
/// A trigram is `first << 16 | second << 8 | third`, where ASCII letters count as lower case. None spans a
/// line feed, because matches do not, and nothing after a NUL byte is looked at, because searching stops
/// there too. `text` is what [`crate::text::decode`] made of a file's bytes.
pub(crate) fn extract(text: &[u8], scratch: &mut Scratch, out: &mut Vec<u32>) {
    let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
    out.clear();
    let Some((head, rest)) = text.split_at_checked(2) else { return };
    let mut window = u32::from(fold(head[0])) << 8 | u32::from(fold(head[1]));
    for byte in rest {
        window = (window << 8 | u32::from(fold(*byte))) & 0xff_ffff;
        let word = &mut scratch.words[(window >> 6) as usize];
        let bit = 1 << (window & 63);
        if *word & bit == 0 {
            if *word == 0 {
                scratch.summary[(window >> 12) as usize] |= 1 << (window >> 6 & 63);
            }
            *word |= bit;
        }
    }
    drain(scratch, out);
}

/// Moves the trigrams out of the bitmap, which is empty afterwards.
fn drain(scratch: &mut Scratch, out: &mut Vec<u32>) {
    for (high, summary) in scratch.summary.iter_mut().enumerate() {
        while *summary != 0 {
            let index = high << 6 | summary.trailing_zeros() as usize;
            *summary &= *summary - 1;
            let mut word = std::mem::take(&mut scratch.words[index]);
            while word != 0 {
                // Below 2^24, as there are 2^18 words.
                let trigram = (index as u32) << 6 | word.trailing_zeros();
                word &= word - 1;
                if !spans_line_feed(trigram) {
                    out.push(trigram);
                }
            }
        }
    }
}

/// The byte as the index knows it.
pub(super) fn fold(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

fn spans_line_feed(trigram: u32) -> bool {
    const FEED: u32 = b'\n' as u32;
    trigram & 0xff == FEED || trigram >> 8 & 0xff == FEED || trigram >> 16 == FEED
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
        fn equals_the_plain_definition(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4)) {
            let mut scratch = Scratch::default();
            for text in texts {
                let text = text.iter().map(|b| if b % 16 == 0 { b'\n' } else { b % 128 + 90 }).collect::<Vec<_>>();
                let mut plain = BTreeSet::new();
                for line in text.split(|b| *b == b'\n') {
                    for w in line.to_ascii_lowercase().windows(3) {
                        plain.insert(u32::from_be_bytes([0, w[0], w[1], w[2]]));
                    }
                }
                prop_assert_eq!(trigrams(&text, &mut scratch), plain.into_iter().collect::<Vec<_>>());
            }
        }
    }
}

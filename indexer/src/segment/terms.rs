//! A document's names as ordinals of its segment: ascending numbers, as distances in Rice's code.

use super::bits::{Bits, Writer, best_low_bits};

/// Appends a document's ordinals.
pub(super) fn put(out: &mut Vec<u8>, terms: impl Iterator<Item = u32> + Clone) {
    let distances = terms.scan(0, |before, term| Some(term - std::mem::replace(before, term)));
    let low_bits = best_low_bits(distances.clone());
    out.push(low_bits as u8);
    let mut writer = Writer::new(out);
    distances.for_each(|distance| writer.put_rice(distance, low_bits));
    writer.finish();
}

/// Iterates what [`put`] wrote.
#[derive(Clone)]
pub(super) struct Terms<'s> {
    bits: Bits<'s>,
    low_bits: u32,
    left: u32,
    term: u32,
}

impl<'s> Terms<'s> {
    /// Reads so many ordinals.
    pub(super) fn new(bytes: &'s [u8], count: u32) -> Self {
        let (low_bits, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        Self { bits: Bits::new(bytes), low_bits: u32::from(*low_bits).min(31), left: count, term: 0 }
    }
}

impl Iterator for Terms<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.left == 0 || self.bits.is_empty() {
            return None;
        }
        self.left -= 1;
        self.term = self.term.wrapping_add(self.bits.take_rice(self.low_bits));
        Some(self.term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ordinals_come_back(terms in prop::collection::btree_set(0..100_000u32, 0..50)) {
            let mut bytes = Vec::new();
            put(&mut bytes, terms.iter().copied());
            let read: Vec<u32> = Terms::new(&bytes, terms.len() as u32).collect();
            prop_assert_eq!(read, terms.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn damage_ends(bytes in prop::collection::vec(any::<u8>(), 0..40), count in any::<u32>()) {
            prop_assert!(Terms::new(&bytes, count).count() <= bytes.len() * 8);
        }
    }
}

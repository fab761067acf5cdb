//! One trigram's documents as bits: the gaps between them in a Rice code.
//!
//! The code's parameter follows from the number of documents and of postings, so that it need not be
//! stored. It comes to half of what one byte a gap takes, because most postings are of frequent trigrams.

/// The documents of one trigram, ascending, still encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postings<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) count: u32,
    pub(super) universe: u32,
}

impl<'a> Postings<'a> {
    /// The documents, ascending, all below the number of documents of the table.
    pub(crate) fn docs(&self) -> Docs<'a> {
        Docs {
            bits: Bits { bytes: self.bytes, at: 0 },
            left: self.count,
            next: 0,
            parameter: parameter(self.universe, self.count),
            universe: self.universe,
        }
    }
}

/// Appends the documents, which ascend and are below `universe`.
pub(super) fn encode(docs: &[u32], universe: u32, out: &mut Vec<u8>) {
    let parameter = parameter(universe, u32::try_from(docs.len()).unwrap_or(u32::MAX));
    let mut writer = BitWriter { out, pending: 0, used: 0 };
    let mut next = 0;
    for doc in docs {
        let gap = doc - next;
        next = doc + 1;
        let mut quotient = gap >> parameter;
        while quotient >= 24 {
            writer.push(0, 24);
            quotient -= 24;
        }
        writer.push(1 << quotient, quotient + 1);
        writer.push(gap & ((1_u32 << parameter) - 1), parameter);
    }
    writer.finish();
}

/// How many low bits of a gap are written as they are: about log2 of 0.69 times the mean gap.
fn parameter(universe: u32, count: u32) -> u32 {
    let mean = u64::from(universe) / u64::from(count.max(1));
    (mean * 69 / 100).max(1).ilog2()
}

struct BitWriter<'o> {
    out: &'o mut Vec<u8>,
    pending: u64,
    used: u32,
}

impl BitWriter<'_> {
    /// Appends the lowest `width` bits, at most 32; the others are zero.
    fn push(&mut self, bits: u32, width: u32) {
        self.pending |= u64::from(bits) << self.used;
        self.used += width;
        if self.used >= 32 {
            self.out.extend_from_slice(&(self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.used -= 32;
        }
    }

    fn finish(self) {
        let bytes = self.used.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.pending.to_le_bytes()[..bytes]);
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl Bits<'_> {
    /// At least the next 57 bits; zeros follow the end.
    fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => {
                let mut bytes = [0; 8];
                bytes[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(bytes)
            }
        };
        word >> (self.at % 8)
    }

    fn is_past_end(&self) -> bool {
        self.at > self.bytes.len() * 8
    }

    /// A number in the Rice code: its high bits as zeros before a one, then `width` low ones, at most 31.
    fn rice(&mut self, width: u32) -> Option<u64> {
        let bits = self.peek();
        let run = bits.trailing_zeros();
        if run + width < 56 {
            self.at += (run + 1 + width) as usize;
            let low = bits >> (run + 1) & ((1 << width) - 1);
            return (!self.is_past_end()).then_some(u64::from(run) << width | low);
        }
        Some(self.unary()? << width | self.take(width)?)
    }

    /// The number of zeros before the next one, which is skipped.
    fn unary(&mut self) -> Option<u64> {
        let mut zeros = 0;
        loop {
            let bits = self.peek();
            if bits != 0 {
                let run = bits.trailing_zeros();
                self.at += run as usize + 1;
                return Some(zeros + u64::from(run));
            }
            let skipped = 64 - self.at % 8;
            self.at += skipped;
            zeros += skipped as u64;
            if self.is_past_end() {
                return None;
            }
        }
    }

    /// The next `width` bits, at most 31.
    fn take(&mut self, width: u32) -> Option<u64> {
        let value = self.peek() & ((1 << width) - 1);
        self.at += width as usize;
        (!self.is_past_end()).then_some(value)
    }
}

/// Iterates over a trigram's documents. Damaged bytes end it early.
pub(crate) struct Docs<'a> {
    bits: Bits<'a>,
    left: u32,
    next: u64,
    parameter: u32,
    universe: u32,
}

impl Iterator for Docs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let gap = self.bits.rice(self.parameter)?;
        let doc = u32::try_from(self.next + gap).ok().filter(|doc| *doc < self.universe)?;
        self.next = u64::from(doc) + 1;
        Some(doc)
    }
}

/// Appends a number, seven bits to the byte.
pub(super) fn write_number(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Takes a number off the front.
pub(super) fn read_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Gaps of all sizes, often far from their mean.
        #[test]
        fn documents_come_back(gaps in prop::collection::vec((0..20_u32, any::<u32>()), 2..200)) {
            let mut next = 0;
            let mut docs = Vec::new();
            for (bits, gap) in gaps {
                docs.push(next + gap % (1 << bits));
                next = docs[docs.len() - 1] + 1;
            }
            let mut bytes = Vec::new();
            encode(&docs, next, &mut bytes);
            let postings = Postings { bytes: &bytes, count: docs.len() as u32, universe: next };
            prop_assert_eq!(postings.docs().collect::<Vec<_>>(), docs);
        }

        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<u32>(), 0..20)) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| write_number(*number, &mut bytes));
            let mut rest = bytes.as_slice();
            let read: Option<Vec<u32>> = numbers.iter().map(|_| read_number(&mut rest)).collect();
            prop_assert_eq!((read, rest), (Some(numbers), b"".as_slice()));
        }
    }
}

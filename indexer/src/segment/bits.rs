//! Numbers as bits, lowest first: of fixed widths, and in Rice's code (R. F. Rice, 1979), which comes
//! close to what distances between random places take.

/// Appends bits to bytes.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    bits: u64,
    held: u32,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, bits: 0, held: 0 }
    }

    /// Bits so far, with all before the first one of its own.
    pub(super) fn len(&self) -> usize {
        self.out.len() * 8 + self.held as usize
    }

    /// Appends a number's low bits, at most 32.
    pub(super) fn put(&mut self, number: u32, width: u32) {
        self.bits |= (u64::from(number) & ((1 << width) - 1)) << self.held;
        self.held += width;
        while self.held >= 8 {
            self.out.push(self.bits as u8);
            self.bits >>= 8;
            self.held -= 8;
        }
    }

    /// Appends a number as its low bits behind as many zeros as the rest of it says.
    pub(super) fn put_rice(&mut self, number: u32, low_bits: u32) {
        let mut zeros = number >> low_bits;
        while zeros > 0 {
            let some = zeros.min(32);
            self.put(0, some);
            zeros -= some;
        }
        self.put(1, 1);
        self.put(number, low_bits);
    }

    /// Fills the last byte.
    pub(super) fn finish(self) {
        if self.held > 0 {
            self.out.push(self.bits as u8);
        }
    }
}

/// How many low bits make some numbers shortest in Rice's code, at most 31.
pub(super) fn best_low_bits(numbers: impl Iterator<Item = u32> + Clone) -> u32 {
    let (count, sum) =
        numbers.clone().fold((0u64, 0u64), |(n, sum), number| (n + 1, sum + u64::from(number)));
    let most = (sum / count.max(1)).max(1).ilog2().min(31);
    // A few large numbers raise the mean above what the others need.
    let cost = |low_bits: u32| {
        count * u64::from(low_bits) + numbers.clone().map(|number| u64::from(number >> low_bits)).sum::<u64>()
    };
    (most.saturating_sub(3)..=most).min_by_key(|low_bits| cost(*low_bits)).unwrap_or(0)
}

/// Reads what a [`Writer`] wrote. Past the end all bits are zero.
#[derive(Clone, Debug)]
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    /// In bits.
    at: usize,
}

impl<'b> Bits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len() * 8
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Passes over bits.
    pub(super) fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    /// At least the next 57 bits.
    #[inline]
    fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        word >> (self.at % 8)
    }

    /// The next bits as a number, at most 32 of them.
    #[inline]
    pub(super) fn take(&mut self, width: u32) -> u32 {
        let bits = self.peek() & ((1 << width) - 1);
        self.at += width as usize;
        bits as u32
    }

    /// The number that `put_rice` wrote; any at the end.
    #[inline]
    pub(super) fn take_rice(&mut self, low_bits: u32) -> u32 {
        const SURE: u32 = 56;
        let mut high = 0u32;
        let mut bits = self.peek() & ((1 << SURE) - 1);
        let zeros = bits.trailing_zeros();
        if zeros + low_bits < SURE {
            // So it is as a rule, and one look is enough.
            self.at += (zeros + 1 + low_bits) as usize;
            return zeros << low_bits | ((bits >> zeros >> 1) & ((1 << low_bits) - 1)) as u32;
        }
        while bits == 0 && !self.is_empty() {
            (self.at, high) = (self.at + SURE as usize, high.wrapping_add(SURE));
            bits = self.peek() & ((1 << SURE) - 1);
        }
        let zeros = bits.trailing_zeros().min(SURE);
        self.at += zeros as usize + 1;
        high.wrapping_add(zeros).wrapping_shl(low_bits) | self.take(low_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0..40u32, 0..100_000u32]
    }

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec((number(), 17..=32u32), 0..50), low_bits in 8..32u32) {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            for (number, width) in &numbers {
                writer.put(*number, *width);
                writer.put_rice(*number, low_bits);
            }
            writer.finish();
            let mut bits = Bits::new(&bytes);
            for (number, width) in numbers {
                prop_assert_eq!(bits.take(width), number);
                prop_assert_eq!(bits.take_rice(low_bits), number);
            }
            prop_assert!(bits.peek() == 0);
        }

        #[test]
        fn the_best_width_is_among_the_tried(numbers in prop::collection::vec(number(), 1..50)) {
            let low_bits = best_low_bits(numbers.iter().copied());
            let length = |low_bits: u32| {
                let mut bytes = Vec::new();
                let mut writer = Writer::new(&mut bytes);
                numbers.iter().for_each(|number| writer.put_rice(*number, low_bits));
                writer.finish();
                bytes.len()
            };
            prop_assert!(length(low_bits) <= length(0).min(length(8)).min(length(20)) + 1);
        }
    }
}

//! Numbers as bytes: LEB128 varints and little-endian words. Reading never panics: past the end
//! everything is zero, and checksums tell damage before it gets here.

/// Appends a number, seven bits a byte, low bits first.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number with small magnitudes first: 0, -1, 1, -2, …
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i32) {
    put_varint(out, zigzag(value));
}

/// Signed numbers as unsigned ones, small magnitudes first.
pub(crate) fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)).cast_unsigned()
}

/// The number that [`zigzag`] made.
pub(crate) fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// A text's first eight bytes as a number: in the order of the texts, except that texts which begin
/// alike are equal.
pub(crate) fn head(text: &str) -> u64 {
    let mut head = [0; 8];
    let len = text.len().min(8);
    head[..len].copy_from_slice(&text.as_bytes()[..len]);
    u64::from_be_bytes(head)
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Reads what the `put` functions wrote.
#[derive(Clone)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn rest(&self) -> &'b [u8] {
        self.bytes
    }

    /// A count, but no more than the bytes that are left.
    pub(crate) fn at_most(&self, count: u32) -> usize {
        self.bytes.len().min(count as usize)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> u32 {
        let first = self.byte();
        if first < 0x80 {
            return u32::from(first);
        }
        let mut value = u32::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte();
            value |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 28 {
                return value;
            }
        }
    }

    #[inline]
    pub(crate) fn signed(&mut self) -> i32 {
        unzigzag(self.varint())
    }

    /// Passes over numbers, eight bytes at a time: each ends with the byte whose high bit is clear.
    #[inline]
    pub(crate) fn skip_varints(&mut self, count: u32) {
        let mut left = count;
        while left > 0 && !self.is_empty() {
            let Some((word, rest)) = self.bytes.split_first_chunk() else {
                left -= u32::from(self.byte() < 0x80);
                continue;
            };
            let mut ends = !u64::from_le_bytes(*word) & 0x8080_8080_8080_8080;
            if ends.count_ones() < left {
                left -= ends.count_ones();
                self.bytes = rest;
                continue;
            }
            for _ in 1..left {
                ends &= ends - 1;
            }
            self.bytes = &self.bytes[ends.trailing_zeros() as usize / 8 + 1..];
            return;
        }
    }

    /// The next `len` bytes, or fewer at the end.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> &'b [u8] {
        let (taken, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_passed_over_as_they_are_read(numbers in prop::collection::vec(0u32..1 << 30, 0..40), count in 0u32..45) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| put_varint(&mut bytes, *number >> (number % 31)));
            let (mut read, mut passed) = (Reader::new(&bytes), Reader::new(&bytes));
            for _ in 0..count.min(numbers.len() as u32) {
                read.varint();
            }
            passed.skip_varints(count);
            prop_assert_eq!(read.rest(), passed.rest());
        }
    }
}

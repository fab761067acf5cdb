//! Little-endian values from the head of a file, none of which can make us read or keep more than there is.

use super::fault::Fault;
use std::io::{self, Read};

/// Bytes of a head. The largest vocabularies take about 20 MB.
const LONGEST_HEAD: u64 = 256 << 20;
/// Bytes that are kept of texts and lists, all together.
const KEPT: u64 = 32 << 20;

pub(super) struct Head<R> {
    input: R,
    position: u64,
    /// Size of the whole file.
    bytes: u64,
    kept: u64,
}

impl<R: Read> Head<R> {
    pub(super) fn new(input: R, bytes: u64) -> Self {
        Self { input, position: 0, bytes, kept: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.claim(N as u64)?;
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes).map_err(|error| self.failed(error, N as u64))?;
        self.position += N as u64;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of entries of at least `least` bytes each, held against what is left of the file.
    pub(super) fn count(&mut self, what: &'static str, most: u64, least: u64) -> Result<u64, Fault> {
        let count = self.u64()?;
        let most = most.min(self.bytes.saturating_sub(self.position) / least);
        if count > most {
            return Err(Fault::Count { what, count, most });
        }
        Ok(count)
    }

    /// A text with its length before it, as bytes in `into`. Longer than `most` bytes, it is passed over; its length
    /// is returned either way.
    pub(super) fn text(&mut self, into: &mut Vec<u8>, most: u64) -> Result<u64, Fault> {
        let length = self.u64()?;
        into.clear();
        if length > most {
            self.skip(length)?;
            return Ok(length);
        }
        self.claim(length)?;
        let read = (&mut self.input).take(length).read_to_end(into);
        let read = read.map_err(|error| self.failed(error, length))? as u64;
        if read < length {
            return Err(self.truncated(length));
        }
        self.position += length;
        Ok(length)
    }

    /// Passes over `count` bytes.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), Fault> {
        self.claim(count)?;
        let skipped = io::copy(&mut (&mut self.input).take(count), &mut io::sink());
        if skipped.map_err(|error| self.failed(error, count))? < count {
            return Err(self.truncated(count));
        }
        self.position += count;
        Ok(())
    }

    /// Counts `bytes` that a value keeps.
    pub(super) fn keep(&mut self, bytes: u64) -> Result<(), Fault> {
        self.kept += bytes;
        if self.kept > KEPT {
            return Err(Fault::Head(KEPT));
        }
        Ok(())
    }

    /// Whether `count` bytes can be ahead.
    fn claim(&self, count: u64) -> Result<(), Fault> {
        let end = self.position.saturating_add(count);
        if end > self.bytes {
            return Err(self.truncated(count));
        }
        if end > LONGEST_HEAD {
            return Err(Fault::Head(LONGEST_HEAD));
        }
        Ok(())
    }

    fn truncated(&self, wanted: u64) -> Fault {
        Fault::Truncated { at: self.position, wanted, bytes: self.bytes }
    }

    fn failed(&self, error: io::Error, wanted: u64) -> Fault {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.truncated(wanted),
            _ => Fault::Unreadable(error),
        }
    }
}

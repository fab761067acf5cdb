//! The index as its file has it, for looking at every file quickly: what each entry is called, and what the file was like
//! when it was last found to be the same. Forms that only libgit2 or git understand are left to them.

use git2::{IndexEntry, IndexTime, Oid};
use std::ops::Range;

/// Bytes of an entry before its name, without the additional flags of version 3.
const FIXED: usize = 62;
/// Bytes of an object's name.
const ID: usize = 20;
/// In an entry's flags: it has more flags; its side of a conflict; its name's length.
const EXTENDED: u16 = 0x4000;
const STAGE: u16 = 0x3000;
const LENGTH: u16 = 0x0fff;
/// In its additional flags: a sparse checkout leaves it out.
const LEFT_OUT: u16 = 0x4000;

/// What an index lists, in the order of its names.
#[derive(Debug)]
pub(super) struct Listing {
    /// The file.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// All names, one after the other: version 4 shortens them in the file.
    names: Vec<u8>,
    /// The tree that a commit of it would have, where that was kept.
    pub(super) tree: Option<Oid>,
}

#[derive(Debug)]
struct Entry {
    /// Where it begins in the file.
    at: usize,
    extended: u16,
    name: Range<usize>,
}

/// What the system says of a file, as far as an index keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    /// Seconds and nanoseconds of the last change of anything about it, and of its text.
    pub(super) changed: [u32; 2],
    pub(super) modified: [u32; 2],
    pub(super) file: u32,
    /// As git writes it.
    pub(super) mode: u32,
    pub(super) owner: [u32; 2],
    pub(super) size: u32,
}

impl Listing {
    /// Reads an index; nothing where it is of another form, has conflicts or is damaged.
    pub(super) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut listing = Self { bytes: Vec::new(), entries: Vec::new(), names: Vec::new(), tree: None };
        let content = &bytes[..bytes.len().checked_sub(ID)?];
        let (version, count) = (word(content, 1), word(content, 2) as usize);
        if !content.starts_with(b"DIRC") || !(2..=4).contains(&version) || count > content.len() / FIXED {
            return None;
        }
        listing.entries.reserve(count);
        let mut at = 12;
        for _ in 0..count {
            at = listing.take(content, at, version == 4)?;
        }
        let mut rest = content.get(at..)?;
        while let Some((head, after)) = rest.split_at_checked(8) {
            let (extension, next) = after.split_at_checked(word(head, 1) as usize)?;
            match &head[..4] {
                b"TREE" => listing.tree = whole_tree(extension),
                // What begins with a small letter changes what the entries mean.
                name if name[0].is_ascii_lowercase() => return None,
                _ => {}
            }
            rest = next;
        }
        listing.bytes = bytes;
        Some(listing)
    }

    /// Takes the entry at a place, and says where it ends.
    fn take(&mut self, content: &[u8], at: usize, is_short: bool) -> Option<usize> {
        let flags = flags(content.get(at..)?.first_chunk()?);
        if flags & STAGE != 0 {
            return None;
        }
        let (extended, before) = match flags & EXTENDED {
            0 => (0, at + FIXED),
            _ => (u16::from_be_bytes(*content.get(at + FIXED..)?.first_chunk()?), at + FIXED + 2),
        };
        let (last, start) = (self.entries.last().map_or(0..0, |entry| entry.name.clone()), self.names.len());
        let mut from = before;
        if is_short {
            let (cut, length) = variable(content.get(before..)?)?;
            let end = last.end.checked_sub(cut).filter(|end| *end >= last.start)?;
            self.names.extend_from_within(last.start..end);
            from += length;
        }
        let (rest, known) = (content.get(from..)?, usize::from(flags & LENGTH));
        let length = match rest.get(known) {
            Some(0) if !is_short && known < usize::from(LENGTH) => known,
            _ => rest.iter().position(|byte| *byte == 0)?,
        };
        self.names.extend_from_slice(&rest[..length]);
        let name = start..self.names.len();
        // In order, each once: what looks entries up relies on it.
        if name.is_empty() || (!self.entries.is_empty() && self.names[last] >= self.names[name.clone()]) {
            return None;
        }
        self.entries.push(Entry { at, extended, name });
        Some(if is_short { from + length + 1 } else { at + ((before - at + length + 8) & !7) })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn name(&self, entry: usize) -> &[u8] {
        &self.names[self.entries[entry].name.clone()]
    }

    fn fixed(&self, entry: usize) -> &[u8] {
        &self.bytes[self.entries[entry].at..][..FIXED]
    }

    /// Whether a sparse checkout leaves it out.
    pub(super) fn is_left_out(&self, entry: usize) -> bool {
        self.entries[entry].extended & LEFT_OUT != 0
    }

    /// What a file was like when it was last found to be the same.
    pub(super) fn traits(&self, entry: usize) -> Traits {
        let fixed = self.fixed(entry);
        let at = |place| word(fixed, place);
        Traits {
            changed: [at(0), at(1)],
            modified: [at(2), at(3)],
            file: at(5),
            mode: at(6),
            owner: [at(7), at(8)],
            size: at(9),
        }
    }

    /// An entry for libgit2, which is to compare the text and not the times.
    pub(super) fn entry(&self, entry: usize, compared: bool) -> IndexEntry {
        let fixed = self.fixed(entry);
        let traits = self.traits(entry);
        let time = |[seconds, fraction]: [u32; 2]| IndexTime::new(seconds.cast_signed(), fraction);
        IndexEntry {
            ctime: time(traits.changed),
            mtime: time(if compared { [0, 0] } else { traits.modified }),
            dev: word(fixed, 4),
            ino: traits.file,
            mode: traits.mode,
            uid: traits.owner[0],
            gid: traits.owner[1],
            file_size: traits.size,
            id: Oid::from_bytes(&fixed[40..60]).unwrap_or(Oid::ZERO_SHA1),
            flags: fixed.first_chunk().map_or(0, flags),
            flags_extended: self.entries[entry].extended,
            path: self.name(entry).to_vec(),
        }
    }
}

/// A number of four bytes, counted in such.
fn word(bytes: &[u8], place: usize) -> u32 {
    bytes.get(place * 4..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn flags(fixed: &[u8; FIXED]) -> u16 {
    u16::from_be_bytes([fixed[60], fixed[61]])
}

/// A number of as many bytes as it needs, as git packs them, and how many those are.
fn variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
        value += 1;
    }
    None
}

/// The top tree that an index keeps: its path, which is empty, a count that is negative where entries have changed since,
/// how many trees are below, and its name.
fn whole_tree(content: &[u8]) -> Option<Oid> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let counts = content[..end].strip_prefix(b"\0")?;
    if counts.starts_with(b"-") {
        return None;
    }
    Oid::from_bytes(content.get(end + 1..end + 1 + ID)?).ok()
}

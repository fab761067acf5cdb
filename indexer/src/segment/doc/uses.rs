//! The uses of a file, by name, as bits and back.
//!
//! A bit for each name says whether it has uses, and a table says where those of every few names begin. Then
//! come the uses, name by name: whether it is the name's last, whether it differs from the one before in
//! more than its place, how it does so, and its distance from the one before.

use super::{has_bit, with_bits};
use crate::extract::offset;
use crate::segment::bits::{Bits, Writer, best_low_bits};
use crate::symbol::{Facts, NONE, NameId, Receiver, Role, Use};

/// What a name's first use is compared with: a plain read at the file's start.
fn first_use(name: NameId) -> Use {
    Use { name, start: 0, role: Role::Read, receiver: Receiver::Bare, of: NONE }
}

/// The common ones, for which a number stands.
const PAIRS: [(Role, Receiver); 15] = [
    (Role::Read, Receiver::Bare),
    (Role::Read, Receiver::Name),
    (Role::Type, Receiver::Bare),
    (Role::Call, Receiver::Name),
    (Role::Call, Receiver::Bare),
    (Role::Write, Receiver::Keyword),
    (Role::Read, Receiver::This),
    (Role::Call, Receiver::This),
    (Role::Write, Receiver::Other),
    (Role::Write, Receiver::Bare),
    (Role::Write, Receiver::Name),
    (Role::Type, Receiver::Name),
    (Role::Read, Receiver::Other),
    (Role::Call, Receiver::Call),
    (Role::Call, Receiver::Other),
];
const PAIR_BITS: u32 = 4;
/// Stands for any other; the numbers of both follow.
const OTHER_PAIR: u32 = 15;
const ROLE_BITS: u32 = 3;
const RECEIVER_BITS: u32 = 3;

/// Names with uses between two places that can be reached directly.
const STRIDE: usize = 8;

/// Bits that a number below `limit` has.
fn width(limit: u32) -> u32 {
    u32::BITS - limit.saturating_sub(1).leading_zeros()
}

/// Whether a use is the one that an import's alias stands for.
fn is_import(used: &Use) -> bool {
    used.role == Role::Import && used.receiver == Receiver::Bare
}

/// Appends the uses of a file, except for those that its imports stand for.
pub(super) fn put(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    let (starts, sorted) = by_name(facts, rank);
    let names = || starts.windows(2).map(|pair| &sorted[pair[0] as usize..pair[1] as usize]);
    let used = || names().enumerate().filter(|(_, uses)| !uses.is_empty());
    out.extend_from_slice(&with_bits(rank.len(), used().map(|(name, _)| name)));
    let place_bits =
        width(names().filter_map(|uses| uses.first()).map(|used| used.start + 1).max().unwrap_or(0));
    let distances = names().flat_map(|uses| uses.windows(2).map(|pair| pair[1].start - pair[0].start));
    let low_bits = best_low_bits(distances);
    let name_bits = width(offset(rank.len()));
    let (mut coded, mut starts) = (Vec::new(), Vec::new());
    let mut writer = Writer::new(&mut coded);
    for (number, (_, uses)) in used().enumerate() {
        if number > 0 && number % STRIDE == 0 {
            starts.push(offset(writer.len()));
        }
        let mut before = first_use(NONE);
        for (index, used) in uses.iter().enumerate() {
            writer.put(u32::from(index + 1 == uses.len()), 1);
            put_difference(&mut writer, &before, used, name_bits, rank);
            match index {
                0 => writer.put(used.start, place_bits),
                _ => writer.put_rice(used.start - before.start, low_bits),
            }
            before = **used;
        }
    }
    writer.finish();
    let start_bits = width(starts.last().map_or(0, |last| last + 1));
    out.extend([place_bits as u8, low_bits as u8, start_bits as u8]);
    let mut writer = Writer::new(out);
    starts.iter().for_each(|start| writer.put(*start, start_bits));
    writer.finish();
    out.extend_from_slice(&coded);
}

fn put_difference(writer: &mut Writer<'_>, before: &Use, used: &Use, name_bits: u32, rank: &[u32]) {
    let differs = (before.role, before.receiver, before.of) != (used.role, used.receiver, used.of);
    writer.put(u32::from(differs), 1);
    if !differs {
        return;
    }
    let pair = (used.role, used.receiver);
    let place = PAIRS.iter().position(|known| *known == pair);
    writer.put(place.map_or(OTHER_PAIR, offset), PAIR_BITS);
    if place.is_none() {
        writer.put(used.role as u32, ROLE_BITS);
        writer.put(used.receiver as u32, RECEIVER_BITS);
    }
    if used.receiver.is_named() {
        writer.put(rank[used.of as usize], name_bits);
    }
}

/// The uses by name, each name's in order of position, and where each name's begin.
fn by_name<'f>(facts: &'f Facts<'_>, rank: &[u32]) -> (Vec<u32>, Vec<&'f Use>) {
    let stored = || facts.uses.iter().filter(|used| !is_import(used));
    let mut starts = vec![0u32; rank.len() + 1];
    for used in stored() {
        starts[rank[used.name as usize] as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    // A counting sort keeps the order of position within each name.
    let Some(some) = stored().next() else { return (starts, Vec::new()) };
    let mut sorted = vec![some; starts.last().copied().unwrap_or(0) as usize];
    let mut next = starts.clone();
    for used in stored() {
        let slot = &mut next[rank[used.name as usize] as usize];
        sorted[*slot as usize] = used;
        *slot += 1;
    }
    (starts, sorted)
}

/// The uses that [`put`] wrote.
#[derive(Clone, Debug)]
pub(super) struct Uses<'s> {
    has_uses: &'s [u8],
    place_bits: u32,
    low_bits: u32,
    name_bits: u32,
    start_bits: u32,
    starts: Bits<'s>,
    bits: Bits<'s>,
}

impl<'s> Uses<'s> {
    /// Those of a file with so many names.
    pub(super) fn open(bytes: &'s [u8], names: usize) -> Self {
        let (has_uses, rest) = bytes.split_at(names.div_ceil(8).min(bytes.len()));
        let ([place_bits, low_bits, start_bits], rest) = match rest.split_first_chunk() {
            Some((widths, rest)) => (widths.map(|width| u32::from(width).min(31)), rest),
            None => ([0; 3], rest),
        };
        let starts = (count_bits(has_uses).saturating_sub(1) / STRIDE * start_bits as usize).div_ceil(8);
        let (starts, bits) = rest.split_at(starts.min(rest.len()));
        Self {
            has_uses,
            place_bits,
            low_bits,
            name_bits: width(offset(names)),
            start_bits,
            starts: Bits::new(starts),
            bits: Bits::new(bits),
        }
    }

    /// Bytes that the uses take.
    pub(super) fn len(&self) -> usize {
        self.bits.len()
    }

    /// Visits them, name by name, until that says `false`.
    pub(super) fn visit(&self, mut each: impl FnMut(Use) -> bool) {
        let mut bits = self.bits.clone();
        for (place, byte) in self.has_uses.iter().enumerate() {
            let mut names = *byte;
            while names != 0 {
                let name = offset(place * 8) + names.trailing_zeros();
                if !self.take_name(&mut bits, name, &mut each) {
                    return;
                }
                names &= names - 1;
            }
        }
    }

    /// Visits those of one name.
    pub(super) fn visit_name(&self, name: NameId, mut each: impl FnMut(Use)) {
        if !has_bit(self.has_uses, name as usize) {
            return;
        }
        let (whole, part) = self.has_uses.split_at(name as usize / 8);
        let before = count_bits(whole) + (part[0] & ((1 << (name % 8)) - 1)).count_ones() as usize;
        let mut bits = self.bits.clone();
        if let Some(start) = (before / STRIDE).checked_sub(1) {
            let mut starts = self.starts.clone();
            starts.skip(start * self.start_bits as usize);
            bits.skip(starts.take(self.start_bits) as usize);
        }
        for _ in 0..before % STRIDE {
            self.take_name(&mut bits, NONE, &mut |_| true);
        }
        self.take_name(&mut bits, name, &mut |used| {
            each(used);
            true
        });
    }

    /// Takes one name's uses; whether to go on.
    #[inline]
    fn take_name(&self, bits: &mut Bits<'_>, name: NameId, each: &mut impl FnMut(Use) -> bool) -> bool {
        let mut used = first_use(name);
        let mut is_first = true;
        while !bits.is_empty() {
            let flags = bits.take(2);
            let last = flags & 1 != 0;
            if flags & 2 != 0 {
                take_difference(bits, &mut used, self.name_bits);
            }
            let distance = if is_first { bits.take(self.place_bits) } else { bits.take_rice(self.low_bits) };
            is_first = false;
            used.start = used.start.wrapping_add(distance);
            if !each(used) {
                return false;
            }
            if last {
                break;
            }
        }
        true
    }
}

fn count_bits(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word).count_ones());
    (words.sum::<u32>() + rest.iter().map(|byte| byte.count_ones()).sum::<u32>()) as usize
}

fn take_difference(bits: &mut Bits<'_>, used: &mut Use, name_bits: u32) {
    let place = bits.take(PAIR_BITS) as usize;
    (used.role, used.receiver) = PAIRS.get(place).copied().unwrap_or_else(|| {
        let role = Role::ALL.get(bits.take(ROLE_BITS) as usize).copied();
        let receiver = Receiver::ALL.get(bits.take(RECEIVER_BITS) as usize).copied();
        (role.unwrap_or(Role::Read), receiver.unwrap_or(Receiver::Other))
    });
    used.of = if used.receiver.is_named() { bits.take(name_bits) } else { NONE };
}

//! The uses of a file, by name, as bits and back.
//!
//! A bit for each name says whether it has uses. Then come the uses, name by name: whether it is the
//! name's last, whether it differs from the one before in more than its place, how it does so, and its
//! distance from the one before.

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
    let mut has_uses = vec![0u8; rank.len().div_ceil(8)];
    for (name, _) in names().enumerate().filter(|(_, uses)| !uses.is_empty()) {
        has_uses[name / 8] |= 1 << (name % 8);
    }
    out.extend_from_slice(&has_uses);
    let place_bits =
        width(names().filter_map(|uses| uses.first()).map(|used| used.start + 1).max().unwrap_or(0));
    let distances = names().flat_map(|uses| uses.windows(2).map(|pair| pair[1].start - pair[0].start));
    let low_bits = best_low_bits(distances);
    out.push(place_bits as u8);
    out.push(low_bits as u8);
    let name_bits = width(offset(rank.len()));
    let mut writer = Writer::new(out);
    for uses in names() {
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

/// Visits what [`put`] wrote for a file with so many names.
pub(super) fn visit(bytes: &[u8], count: usize, mut each: impl FnMut(Use)) {
    let (has_uses, rest) = bytes.split_at(count.div_ceil(8).min(bytes.len()));
    let [place_bits, low_bits, rest @ ..] = rest else { return };
    let (place_bits, low_bits) = (u32::from(*place_bits).min(31), u32::from(*low_bits).min(31));
    let name_bits = width(offset(count));
    let mut bits = Bits::new(rest);
    for name in 0..count {
        if has_uses.get(name / 8).is_none_or(|byte| byte & 1 << (name % 8) == 0) {
            continue;
        }
        let mut used = first_use(offset(name));
        let mut is_first = true;
        while !bits.is_empty() {
            let last = bits.take(1) == 1;
            if bits.take(1) == 1 {
                take_difference(&mut bits, &mut used, name_bits);
            }
            let distance = if is_first { bits.take(place_bits) } else { bits.take_rice(low_bits) };
            is_first = false;
            used.start = used.start.wrapping_add(distance);
            each(used);
            if last {
                break;
            }
        }
    }
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

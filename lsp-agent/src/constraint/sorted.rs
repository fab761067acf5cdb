//! Texts in order of their bytes. What was written so far leaves a range of them, and a byte narrows the range: so a
//! state is three numbers, however many texts are still possible.

use std::ops::Range;

/// Texts, each a piece of one buffer, sorted and with what neighbours share.
#[derive(Debug)]
pub(super) struct Sorted {
    pub(super) text: Vec<u8>,
    /// Where each text begins and ends.
    entries: Vec<(u32, u32)>,
    /// How many bytes each text shares with the one before; one more place than texts, zero at both ends.
    shared: Vec<u32>,
}

/// The texts that begin with what was written: `low..high`, `depth` bytes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) low: u32,
    pub(super) high: u32,
    pub(super) depth: u32,
}

impl Sorted {
    /// Of texts that are sorted; `shared` has one more place than there are texts.
    pub(super) fn new(text: Vec<u8>, entries: Vec<(u32, u32)>, shared: Vec<u32>) -> Self {
        debug_assert_eq!(entries.len() + 1, shared.len());
        Self { text, entries, shared }
    }

    /// All texts, nothing written yet.
    pub(super) fn start(&self) -> Span {
        Span {
            low: 0,
            high: u32::try_from(self.entries.len()).expect("texts are counted in 32 bits"),
            depth: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// One text.
    pub(super) fn entry(&self, entry: u32) -> &[u8] {
        let (start, end) = self.entries[entry as usize];
        &self.text[start as usize..end as usize]
    }

    /// Where a text begins in the buffer.
    pub(super) fn begin(&self, entry: u32) -> u32 {
        self.entries[entry as usize].0
    }

    /// How many bytes a text shares with the one before it.
    pub(super) fn shared(&self, entry: u32) -> u32 {
        self.shared[entry as usize]
    }

    /// How many bytes a text shares with the neighbour that it shares most with.
    pub(super) fn shared_most(&self, entry: u32) -> u32 {
        self.shared(entry).max(self.shared(entry + 1))
    }

    /// The byte of a text at `depth`; nothing where it has ended.
    pub(super) fn byte(&self, entry: u32, depth: u32) -> Option<u8> {
        let (start, end) = self.entries[entry as usize];
        (start + depth < end).then(|| self.text[(start + depth) as usize])
    }

    /// The first text of `entries` that does not read as the first of them does in `bytes`. Before, all read the same.
    pub(super) fn behind(&self, entries: Range<u32>, bytes: Range<u32>) -> u32 {
        let Range { start, end } = entries;
        let (from, to) = (bytes.start as usize, bytes.end as usize);
        let read = |(begin, end): &(u32, u32)| {
            let text = &self.text[*begin as usize..*end as usize];
            &text[from..to.min(text.len())]
        };
        let entries = &self.entries[start as usize..end as usize];
        let first = read(&entries[0]);
        let count = entries.partition_point(|entry| read(entry) <= first);
        start + offset(count)
    }

    /// The texts that go on with `byte`.
    pub(super) fn narrow(&self, span: Span, byte: u8) -> Option<Span> {
        let Span { low, high, depth } = span;
        // Texts that have ended come first: nothing is less than any byte.
        let entries = &self.entries[low as usize..high as usize];
        let at =
            |(start, end): &(u32, u32)| (start + depth < *end).then(|| self.text[(start + depth) as usize]);
        let from = entries.partition_point(|entry| at(entry) < Some(byte));
        let count = entries[from..].partition_point(|entry| at(entry) == Some(byte));
        let low = low + u32::try_from(from).expect("within the span");
        let high = low + u32::try_from(count).expect("within the span");
        (low < high).then_some(Span { low, high, depth: depth + 1 })
    }
}

/// Sorts `texts`; with it the place that each had in the list. Of equal texts the first stays.
pub(super) fn sort<T: AsRef<[u8]>>(texts: &[T]) -> (Sorted, Vec<u32>) {
    let mut order: Vec<u32> =
        (0..u32::try_from(texts.len()).expect("texts are counted in 32 bits")).collect();
    let text_of = |place: &u32| texts[*place as usize].as_ref();
    order.sort_by(|one, other| text_of(one).cmp(text_of(other)));
    order.dedup_by(|one, other| text_of(one) == text_of(other));
    let (mut text, mut entries, mut shared) = (Vec::new(), Vec::new(), vec![0]);
    for place in &order {
        let start = offset(text.len());
        text.extend_from_slice(text_of(place));
        entries.push((start, offset(text.len())));
    }
    for pair in order.windows(2) {
        shared.push(common(text_of(&pair[0]), text_of(&pair[1])));
    }
    shared.resize(entries.len() + 1, 0);
    (Sorted::new(text, entries, shared), order)
}

/// How many bytes two texts begin with alike.
pub(super) fn common(one: &[u8], other: &[u8]) -> u32 {
    offset(one.iter().zip(other).take_while(|(one, other)| one == other).count())
}

/// An offset into texts that are smaller than 4 GiB.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("texts are smaller than 4 GiB")
}

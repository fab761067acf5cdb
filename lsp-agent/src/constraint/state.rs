//! Where in its parts a text is. Several places are possible at once; each is a thread: a part that is being written
//! and a stack of what comes after it. Stacks are shared, so a thread is a few numbers.

use super::free;
use super::lines::Exit;
use super::number::{Decimal, Integer};
use super::part::{Found, Part, PartId, Parts};
use super::sorted::{Span, offset};
use super::string;
use std::collections::HashMap;

/// The empty stack, and the empty list of what was found.
pub(super) const EMPTY: u32 = u32::MAX;

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    /// Nothing more: the text is complete.
    End,
    Literal {
        part: PartId,
        written: u32,
    },
    Token {
        part: PartId,
    },
    OneOf {
        part: PartId,
        span: Span,
    },
    Quote {
        part: PartId,
        span: Span,
    },
    String {
        part: PartId,
        writing: string::Writing,
    },
    Free {
        part: PartId,
        writing: free::Writing,
    },
    Integer {
        part: PartId,
        number: Integer,
    },
    Decimal {
        number: Decimal,
    },
    /// Nothing yet, where `fresh`; then so many more spaces.
    Gap {
        fresh: bool,
        left: u8,
    },
}

/// One way to read what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) at: At,
    pub(super) rest: u32,
    found: u32,
}

/// A part that comes later, in a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Frame {
    part: PartId,
    /// Of a sequence: the next item. Of a repetition: how often it was there.
    index: u32,
    rest: u32,
}

/// Something found, in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Find {
    part: PartId,
    entry: u32,
    depth: u32,
    before: u32,
}

/// The stacks of all threads.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    frames: Vec<Frame>,
    finds: Vec<Find>,
    known_frames: HashMap<Frame, u32>,
    known_finds: HashMap<Find, u32>,
}

/// Steps threads through parts.
pub(super) struct Machine<'a> {
    pub(super) parts: &'a Parts,
    pub(super) stacks: &'a mut Stacks,
    /// Whether what is pushed stays and equal things are one, or goes with [`Stacks::cut`].
    pub(super) keeps: bool,
}

impl Thread {
    /// The same thread elsewhere in its part, whatever it has found.
    pub(super) fn with(self, at: At) -> Self {
        Self { at, found: EMPTY, ..self }
    }
}

impl Stacks {
    /// How many frames there are.
    pub(super) fn height(&self) -> usize {
        self.frames.len()
    }

    /// Forgets frames that were pushed and not kept.
    pub(super) fn cut(&mut self, height: usize) {
        self.frames.truncate(height);
    }

    /// What a thread has found, in the order of the text.
    pub(super) fn found(&self, parts: &Parts, thread: &Thread) -> Vec<Found> {
        let mut next = thread.found;
        let mut found = Vec::new();
        while next != EMPTY {
            let Find { part, entry, depth, before } = self.finds[next as usize];
            match parts.get(part) {
                Part::Quote(file, rule) => {
                    found.push(Found::Quoted { part, place: file.place(*rule, entry, depth) });
                }
                Part::OneOf(texts) => found.push(Found::Chosen { part, index: texts.place(entry) }),
                Part::Literal(_)
                | Part::Token(_)
                | Part::JsonString(_)
                | Part::Free(_)
                | Part::Integer(_)
                | Part::Decimal
                | Part::Gap(_)
                | Part::Sequence(_)
                | Part::Choice(_)
                | Part::Repeat { .. } => {}
            }
            next = before;
        }
        found.reverse();
        found
    }
}

impl Machine<'_> {
    /// The threads before anything is written.
    pub(super) fn begin(&mut self, root: PartId, threads: &mut Vec<Thread>) {
        self.enter(root, EMPTY, EMPTY, threads);
    }

    /// Adds the threads that `byte` leads to.
    pub(super) fn step(&mut self, thread: Thread, byte: u8, next: &mut Vec<Thread>) {
        let Thread { at, rest, found } = thread;
        let parts = self.parts;
        let goes_on = match (at, at.part().map(|part| parts.get(part))) {
            (At::Literal { part, written }, Some(Part::Literal(text))) => {
                if text[written as usize] != byte {
                    return;
                }
                let written = written + 1;
                (written < offset(text.len())).then_some(At::Literal { part, written })
            }
            (At::OneOf { part, span }, Some(Part::OneOf(texts))) => match texts.sorted.narrow(span, byte) {
                Some(span) => Some(At::OneOf { part, span }),
                None => return,
            },
            (At::Quote { part, span }, Some(Part::Quote(file, rule))) => match file.sorted.narrow(span, byte)
            {
                Some(span) if file.exit(*rule, span.low, span.depth) != Exit::Never => {
                    Some(At::Quote { part, span })
                }
                _ => return,
            },
            (At::String { part, writing }, Some(Part::JsonString(length))) => {
                match writing.step(*length, byte) {
                    Some(string::Step::Writing(writing)) => Some(At::String { part, writing }),
                    Some(string::Step::Closed) => None,
                    None => return,
                }
            }
            (At::Free { part, writing }, Some(Part::Free(text))) => match text.step(writing, byte) {
                Some(free::Step::Writing(writing)) => Some(At::Free { part, writing }),
                Some(free::Step::Ended) => None,
                None => return,
            },
            (At::Integer { part, number }, Some(Part::Integer(range))) => match range.step(number, byte) {
                Some(number) => Some(At::Integer { part, number }),
                None => return,
            },
            (At::Decimal { number }, None) => match number.step(byte) {
                Some(number) => Some(At::Decimal { number }),
                None => return,
            },
            (At::Gap { fresh, left }, None) => match (byte, fresh) {
                (b' ', true) => Some(At::Gap { fresh: false, left: 0 }),
                (b'\n', true) => Some(At::Gap { fresh: false, left }),
                (b' ', false) if left > 0 => Some(At::Gap { fresh, left: left - 1 }),
                _ => return,
            },
            _ => return,
        };
        match goes_on {
            Some(at) => self.settle(Thread { at, rest, found }, next),
            None => self.follow(rest, found, next),
        }
    }

    /// Adds the threads that follow a token that is not text.
    pub(super) fn step_over(&mut self, thread: Thread, next: &mut Vec<Thread>) {
        self.follow(thread.rest, thread.found, next);
    }

    /// Adds the threads of what comes after a part.
    pub(super) fn follow(&mut self, rest: u32, found: u32, next: &mut Vec<Thread>) {
        if rest == EMPTY {
            next.push(Thread { at: At::End, rest, found });
            return;
        }
        let Frame { part, index, rest } = self.stacks.frames[rest as usize];
        let parts = self.parts;
        match parts.get(part) {
            Part::Sequence(items) => self.item(part, items, index, rest, found, next),
            Part::Repeat { .. } => self.round(part, index, rest, found, next),
            _ => unreachable!("only sequences and repetitions wait in a stack"),
        }
    }

    /// What a quote or a choice leads to where it may end after `depth` bytes of an entry.
    pub(super) fn finish(&mut self, thread: Thread, entry: u32, depth: u32, next: &mut Vec<Thread>) {
        let Thread { at, rest, found } = thread;
        let part = at.part().expect("only quotes and choices finish with an entry");
        let found = if self.keeps { self.find(Find { part, entry, depth, before: found }) } else { found };
        self.follow(rest, found, next);
    }

    fn enter(&mut self, part: PartId, rest: u32, found: u32, next: &mut Vec<Thread>) {
        let parts = self.parts;
        let at = match parts.get(part) {
            Part::Sequence(items) => return self.item(part, items, 0, rest, found, next),
            Part::Choice(items) => {
                return items.iter().for_each(|item| self.enter(*item, rest, found, next));
            }
            Part::Repeat { .. } => return self.round(part, 0, rest, found, next),
            Part::Literal(_) => At::Literal { part, written: 0 },
            Part::Token(_) => At::Token { part },
            Part::OneOf(texts) => At::OneOf { part, span: texts.sorted.start() },
            Part::Quote(file, _) => At::Quote { part, span: file.sorted.start() },
            Part::JsonString(length) => At::String { part, writing: string::Writing::begin(*length) },
            Part::Free(text) => At::Free { part, writing: text.begin() },
            Part::Integer(_) => At::Integer { part, number: Integer::default() },
            Part::Decimal => At::Decimal { number: Decimal::default() },
            Part::Gap(indentation) => At::Gap { fresh: true, left: *indentation },
        };
        self.settle(Thread { at, rest, found }, next);
    }

    fn item(
        &mut self,
        part: PartId,
        items: &[PartId],
        index: u32,
        rest: u32,
        found: u32,
        next: &mut Vec<Thread>,
    ) {
        let Some(item) = items.get(index as usize) else {
            return self.follow(rest, found, next);
        };
        let is_last = index as usize + 1 == items.len();
        let rest = if is_last { rest } else { self.frame(Frame { part, index: index + 1, rest }) };
        self.enter(*item, rest, found, next);
    }

    fn round(&mut self, part: PartId, count: u32, rest: u32, found: u32, next: &mut Vec<Thread>) {
        let Part::Repeat { first, more, least, most } = *self.parts.get(part) else { return };
        if count < most {
            let again = self.frame(Frame { part, index: count + 1, rest });
            self.enter(if count == 0 { first } else { more }, again, found, next);
        }
        if count >= least {
            self.follow(rest, found, next);
        }
    }

    /// Adds a thread where it can go on, and what follows where it may end.
    fn settle(&mut self, thread: Thread, next: &mut Vec<Thread>) {
        let parts = self.parts;
        let goes_on = match (thread.at, thread.at.part().map(|part| parts.get(part))) {
            (At::OneOf { span, .. }, Some(Part::OneOf(texts))) => {
                if texts.sorted.byte(span.low, span.depth).is_none() {
                    self.finish(thread, span.low, span.depth, next);
                }
                texts.sorted.byte(span.high - 1, span.depth).is_some()
            }
            (At::Quote { span, .. }, Some(Part::Quote(file, rule))) => {
                if let Some(entry) = file.ending(*rule, span) {
                    self.finish(thread, entry, span.depth, next);
                }
                file.exit(*rule, span.low, span.depth) != Exit::Must && file.goes_on(*rule, span)
            }
            (At::Integer { number, .. }, Some(Part::Integer(range))) => {
                if range.holds(number) {
                    self.follow(thread.rest, thread.found, next);
                }
                range.goes_on(number)
            }
            (At::Decimal { number }, _) => {
                if number.holds() {
                    self.follow(thread.rest, thread.found, next);
                }
                number.goes_on()
            }
            (At::Gap { fresh, left }, _) => {
                self.follow(thread.rest, thread.found, next);
                fresh || left > 0
            }
            (At::Free { writing, .. }, Some(Part::Free(text))) if text.is_open() => {
                if writing.utf8 == super::utf8::WHOLE {
                    self.follow(thread.rest, thread.found, next);
                }
                true
            }
            _ => true,
        };
        if goes_on {
            next.push(thread);
        }
    }

    fn frame(&mut self, frame: Frame) -> u32 {
        let Stacks { frames, known_frames, .. } = &mut *self.stacks;
        place_of(frame, frames, self.keeps.then_some(known_frames))
    }

    fn find(&mut self, find: Find) -> u32 {
        let Stacks { finds, known_finds, .. } = &mut *self.stacks;
        place_of(find, finds, Some(known_finds))
    }
}

/// Where a value lies in a list: at its end, unless it is known.
fn place_of<T: Copy + Eq + std::hash::Hash>(
    value: T,
    list: &mut Vec<T>,
    known: Option<&mut HashMap<T, u32>>,
) -> u32 {
    let next = offset(list.len());
    let place = known.map_or(next, |known| *known.entry(value).or_insert(next));
    if place == next {
        list.push(value);
    }
    place
}

impl At {
    /// The part that is being written, where its kind alone does not say all of it.
    pub(super) fn part(self) -> Option<PartId> {
        match self {
            Self::Literal { part, .. }
            | Self::Token { part }
            | Self::OneOf { part, .. }
            | Self::Quote { part, .. }
            | Self::String { part, .. }
            | Self::Free { part, .. }
            | Self::Integer { part, .. } => Some(part),
            Self::End | Self::Decimal { .. } | Self::Gap { .. } => None,
        }
    }

    /// Whether only bytes can come next, neither an end nor a token that is not text.
    pub(super) fn takes_bytes_only(self, parts: &Parts) -> bool {
        !self.may_stop(parts) && !matches!(self, Self::Token { .. })
    }

    /// Whether the model may stop here though something could follow.
    pub(super) fn may_stop(self, parts: &Parts) -> bool {
        match self {
            Self::End => true,
            Self::Free { part, writing } => {
                writing.utf8 == super::utf8::WHOLE
                    && matches!(parts.get(part), Part::Free(text) if text.may_stop)
            }
            Self::Literal { .. }
            | Self::Token { .. }
            | Self::OneOf { .. }
            | Self::Quote { .. }
            | Self::String { .. }
            | Self::Integer { .. }
            | Self::Decimal { .. }
            | Self::Gap { .. } => false,
        }
    }
}

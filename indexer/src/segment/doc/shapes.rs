//! Shapes, and what they are the receivers of, as bytes and back.

use crate::extract::offset;
use crate::segment::bytes::{Reader, put_signed, put_varint, unzigzag, zigzag};
use crate::symbol::{Facts, NONE, Shape, ShapeId};

/// The shapes of a file, and the starts of the uses that are members of one.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) receivers: Vec<(u32, ShapeId)>,
}

/// Appends them.
pub(super) fn put(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    if facts.shapes.is_empty() {
        return;
    }
    put_varint(out, offset(facts.shapes.len()));
    let mut at = 0;
    for (id, shape) in (0u32..).zip(&facts.shapes) {
        put_shape(out, id, *shape, &mut at, rank);
    }
    let mut before = (0, 0);
    for (start, shape) in &facts.receivers {
        put_varint(out, start - before.0);
        put_signed(out, shape.wrapping_sub(before.1).cast_signed());
        before = (*start, *shape);
    }
}

fn put_shape(out: &mut Vec<u8>, id: ShapeId, shape: Shape, at: &mut u32, rank: &[u32]) {
    // Positions count from the one before, parts back from the shape itself.
    let mut place =
        |position: u32| zigzag(position.wrapping_sub(std::mem::replace(at, position)).cast_signed());
    let part = |of: ShapeId| if of == NONE { 0 } else { zigzag(id.wrapping_sub(of).cast_signed()) };
    let (tag, number) = match shape {
        Shape::Unknown => (0, 0),
        Shape::Name(at) => (1, place(at)),
        Shape::This(at) => (2, place(at)),
        Shape::Object(at) => (3, place(at)),
        Shape::Function(at, _) => (4, place(at)),
        Shape::Called(of) => (5, part(of)),
        Shape::Element(of) => (6, part(of)),
        Shape::Member(of, _) => (7, part(of)),
        Shape::Argument(of, _) => (8, part(of)),
        Shape::Parameter(of, _) => (9, part(of)),
        Shape::Either(of, _) => (10, part(of)),
        Shape::Collection(of) => (11, part(of)),
    };
    put_varint(out, number << 4 | tag);
    match shape {
        Shape::Function(_, of) | Shape::Either(_, of) => put_varint(out, part(of)),
        Shape::Member(_, name) => put_varint(out, rank[name as usize]),
        Shape::Argument(_, number) | Shape::Parameter(_, number) => put_varint(out, number),
        _ => {}
    }
}

impl Shapes {
    /// Reads what [`put`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let mut reader = Reader::new(bytes);
        let mut read = Self::default();
        let mut at = 0;
        for id in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            read.shapes.push(take_shape(&mut reader, id, &mut at));
        }
        let (mut start, mut shape) = (0u32, 0u32);
        while !reader.is_empty() {
            start = start.wrapping_add(reader.varint());
            shape = shape.wrapping_add_signed(reader.signed());
            read.receivers.push((start, shape));
        }
        read
    }
}

fn take_shape(reader: &mut Reader<'_>, id: ShapeId, at: &mut u32) -> Shape {
    let head = reader.varint();
    let part =
        |number: u32| if number == 0 { NONE } else { id.wrapping_sub(unzigzag(number).cast_unsigned()) };
    let tag = head & 15;
    if (1..=4).contains(&tag) {
        *at = at.wrapping_add_signed(unzigzag(head >> 4));
    }
    let (at, of) = (*at, part(head >> 4));
    match tag {
        1 => Shape::Name(at),
        2 => Shape::This(at),
        3 => Shape::Object(at),
        4 => Shape::Function(at, part(reader.varint())),
        5 => Shape::Called(of),
        6 => Shape::Element(of),
        7 => Shape::Member(of, reader.varint()),
        8 => Shape::Argument(of, reader.varint()),
        9 => Shape::Parameter(of, reader.varint()),
        10 => Shape::Either(of, part(reader.varint())),
        11 => Shape::Collection(of),
        _ => Shape::Unknown,
    }
}

//! Rust.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r##"//! Documents the file, not what follows.
use std::collections::HashMap;
use std::{fmt::{self, Display as Show}, io, path::Path};
use crate::prelude::*;
pub use serde;

/// A point.
///
/// More about it.
#[derive(Debug, Clone)]
pub struct Point<T> {
    /// Across.
    #[serde(skip)]
    pub x: T,
    y: Option<Box<Point<T>>>, // not about the next
    z: u8,
}

pub struct Id(pub u32, String);

#[non_exhaustive]
/// After the attribute.
pub(crate) enum Shape {
    Circle { radius: f64 },
    Square(f64),
    Unit = 3,
}

pub trait Area: Show + Send {
    const SIDES: usize;
    type Out;
    /// How large.
    fn area(&self) -> f64;
    fn twice(&self) -> f64 { self.area() * 2.0 }
}

impl<T: Clone> Area for Point<T> {
    const SIDES: usize = 0;
    type Out = T;
    fn area(&self) -> f64 { helper(self.x) }
}

impl Point<f64> {
    pub fn new(x: f64, (a, _b): (f64, f64)) -> Self {
        let mut map = HashMap::<u8, u8>::new();
        map.len = x as usize;
        match shape {
            Shape::Circle { radius: r } => r,
            Shape::Square(side) if side > 1.0 => side,
            None => io::read(a)?.await,
            other => 0.0,
        };
        if let Some(found) = map.get(&1) { println!("{} {}", found.name(), Point::make(x)); }
        for (i, c) in "a".chars().enumerate() { let f = |k: u32| k + i; f(1); }
        Point { x, y: None, z: 0 }
    }
    fn private(self: Box<Self>) {}
}

impl fmt::Display for Id { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fn inside() {} inside() } }
impl Area for u32 { fn area(&self) -> f64 { 0.0 } }

pub mod inner {
    pub const MAX: usize = 10;
    static mut COUNT: u32 = 0;
    pub type Alias = super::Point<f64>;
    union Bits { whole: u32, part: [u8; 4] }
}
mod elsewhere;

macro_rules! twice { ($value:expr) => { add($value, $value) }; }
extern "C" { fn ffi(code: i32) -> i32; }
async unsafe fn run<F: Fn(u8) -> u8, const N: usize>(f: F) -> Result<(), Box<dyn Area<Out = u8>>> where F: Send { Ok(()) }
"##;

#[test]
fn outline() {
    check(
        Language::Rust,
        SNIPPET,
        &expect![[r#"
        struct Point 10-17 pub | #[derive(Debug, Clone)] pub struct Point<T> | /// A point.
          field Point.x 13-14 pub | #[serde(skip)] pub x: T | /// Across.
          field Point.y 15 | y: Option<Box<Point<T>>>
          field Point.z 16 | z: u8
        struct Id 19 pub | pub struct Id(pub u32, String);
        enum Shape 21-27 pub | #[non_exhaustive] /// After the attribute. pub(crate) enum Shape | /// After the attribute.
          enum-member Shape.Circle 24 pub | Circle { radius: f64 }
            field Shape.Circle.radius 24 pub | radius: f64
          enum-member Shape.Square 25 pub | Square(f64)
          enum-member Shape.Unit 26 pub | Unit = 3
        interface Area 29-35 pub | pub trait Area: Show + Send
          constant Area.SIDES 30 pub | const SIDES: usize;
          class Area.Out 31 pub | type Out;
          method Area.area 33 pub | fn area(&self) -> f64; | /// How large.
          method Area.twice 34 pub | fn twice(&self) -> f64
        namespace Point 37-41 | impl<T: Clone> Area for Point<T>
          constant Point.SIDES 38 pub | const SIDES: usize = 0;
          class Point.Out 39 pub | type Out = T;
          method Point.area 40 pub | fn area(&self) -> f64
        namespace Point 43-58 | impl Point<f64>
          method Point.new 44-56 pub | pub fn new(x: f64, (a, _b): (f64, f64)) -> Self
          method Point.private 57 | fn private(self: Box<Self>)
        namespace Id 60 | impl fmt::Display for Id
          method Id.fmt 60 pub | fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result
            function Id.fmt.inside 60 | fn inside()
        namespace u32 61 | impl Area for u32
          method u32.area 61 pub | fn area(&self) -> f64
        module inner 63-68 pub | pub mod inner
          constant inner.MAX 64 pub | pub const MAX: usize = 10;
          variable inner.COUNT 65 | static mut COUNT: u32 = 0;
          class inner.Alias 66 pub | pub type Alias = super::Point<f64>;
          struct inner.Bits 67 | union Bits
            field inner.Bits.whole 67 | whole: u32
            field inner.Bits.part 67 | part: [u8; 4]
        module elsewhere 69 | mod elsewhere;
        function twice 71 | macro_rules! twice { ($value:expr) => { add($value, $value) }; }
        function ffi 72 | fn ffi(code: i32) -> i32;
        function run 73 | async unsafe fn run<F: Fn(u8) -> u8, const N: usize>(f: F) -> Result<(), Box<dyn Area<Out = u8>>> where F: Send
        locals: T@11 T@37 (x@44 (a@44 (_b@44 map@45 r@48 side@49 other@51 found@53 i@54 c@54 f@54 (k@54 (f@60 (code@72 F@73 N@73 (f@73
        import Name std::collections HashMap as HashMap
        import Module fmt as fmt
        import Name fmt Display as Show
        import Name std io as io
        import Name std path::Path as Path
        import Star crate::prelude
        import Module serde as serde
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::Rust,
        SNIPPET,
        &expect![[r#"
        2: 5 .std import; 10 .collections import; 23 HashMap import;
        3: 5 .std import; 11 .fmt import; 23 .Display import; 34 Show import; 41 io import; 45 .path import; 51 Path import;
        4: 12 .prelude import;
        5: 9 serde import;
        10: 3 derive read; 10 Debug read; 17 Clone read;
        13: 7 serde read; 13 skip read;
        14: 12 T type;
        15: 8 Option type; 15 Box type; 19 Point type; 25 T type;
        19: 24 String type;
        21: 3 non_exhaustive read;
        29: 17 Show type; 24 Send type;
        34: 35 this.area call;
        37: 9 Clone type; 16 Area type; 25 Point type; 31 T type;
        39: 16 T type;
        40: 29 helper call; 41 this.x read;
        43: 6 Point type;
        44: 48 Self type;
        45: 23 HashMap type; 42 .new call;
        46: 9 map read; 13 map.len write; 19 x read;
        47: 15 shape read;
        48: 13 Shape read; 20 Shape.Circle type; 29 .radius write; 44 r read;
        49: 13 Shape read; 20 Shape.Square read; 36 side read; 50 side read;
        50: 13 None read; 21 io read; 25 io.read call; 30 a read;
        53: 16 Some read; 30 map read; 34 map.get call; 44 println call; 62 found read; 68 found.name call; 76 Point read; 83 Point.make call; 88 x read;
        54: 27 .chars call; 35 chars().enumerate call; 66 k read; 70 i read; 73 f call;
        55: 9 Point type; 17 x read; 20 .y write; 23 None read; 29 .z write;
        57: 22 Box type; 26 Self type;
        60: 6 fmt read; 11 fmt.Display type; 23 Id type; 50 fmt read; 55 fmt.Formatter type; 73 fmt read; 78 fmt.Result type; 102 inside call;
        61: 6 Area type;
        66: 29 .Point type;
        71: 41 add call;
        73: 24 Fn type; 57 F type; 63 Result type; 74 Box type; 82 Area type; 87 Out type; 105 F type; 108 Send type; 115 Ok call;
    "#]],
    );
}

#[test]
fn attributes_belong_to_what_follows_them() {
    let text = "#[a]\n#[b(c)]\nfn f() {}\nfn g() {}\n#[d]\nlet x = 1;\nfn h() {}\n";
    check(
        Language::Rust,
        text,
        &expect![[r#"
        function f 1-3 | #[a] #[b(c)] fn f()
        function g 4 | fn g()
        variable x 5-6 | #[d] let x = 1;
        function h 7 | fn h()
    "#]],
    );
}

#[test]
fn the_tokens_of_macros_are_uses() {
    let text = "vec![a.b(c), self.d, E::F, g!(h), 0..i, x != y];";
    check_uses(
        Language::Rust,
        text,
        &expect![[r#"
        1: 1 vec call; 6 a read; 8 a.b call; 10 c read; 19 this.d read; 22 E read; 25 E.F read; 28 g call; 31 h read; 38 i read; 41 x read; 46 y read;
    "#]],
    );
}

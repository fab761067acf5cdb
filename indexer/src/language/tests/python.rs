//! Python.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"
import os
import a.b.c
import numpy as np
from .shapes import Shape as Base, area
from typing import *

LIMIT = 10
_cache: dict[str, int] = {}

@register("circle")
class Circle(Base, metaclass=Meta):
    """A round shape."""

    sides: int = 0
    names = ("a", "b")

    def __init__(self, radius: float, *rest, unit="cm", **more):
        """Make one."""
        self.radius = radius
        self.scale, self._hidden = 1, []

    @property
    def area(self) -> "Optional[float]":
        return np.pi * self.radius ** 2

    async def grow(self, by=1):
        def inner(step):
            nonlocal by
            return step + by
        with open(LIMIT) as file, lock:
            for line in file:
                self.radius += inner(line)
        return [x.area for x in await gather(by=by) if (n := x.size)]

def _private(first, /, second: Circle) -> None:
    match second:
        case Circle(radius=r) if r:
            pass
        case [head, *tail]:
            print(f"{head!r} {tail}")
    try:
        pass
    except ValueError as error:
        raise Custom() from error

type Pair[T] = tuple[T, T]
double = lambda value: value * 2
"#;

#[test]
fn outline() {
    check(
        Language::Python,
        SNIPPET,
        &expect![[r#"
        constant LIMIT 8 pub | LIMIT = 10
        variable _cache 9 | _cache: dict[str, int] = {}
        class Circle 11-34 pub | @register("circle") class Circle(Base, metaclass=Meta): | """A round shape."""
          field Circle.sides 15 pub | sides: int = 0
          field Circle.names 16 pub | names = ("a", "b")
          constructor Circle.__init__ 18-21 pub | def __init__(self, radius: float, *rest, unit="cm", **more): | """Make one."""
          field Circle.radius 20 | self.radius = radius
          field Circle.scale 21 | self.scale, self._hidden = 1, []
          field Circle._hidden 21 | self.scale, self._hidden = 1, []
          method Circle.area 23-25 pub | @property def area(self) -> "Optional[float]":
          method Circle.grow 27-34 pub | async def grow(self, by=1):
            function Circle.grow.inner 28-30 | def inner(step):
        function _private 36-45 | def _private(first, /, second: Circle) -> None:
        variable double 48 pub | double = lambda value: value * 2
        locals: (self@18 (radius@18 (rest@18 (unit@18 (more@18 (self@24 (self@27 (by@27 (step@28 file@31 line@32 x@34 n@34 (first@36 (second@36 head@40 tail@40 error@44 (value@48
        import Module os as os
        import Bare a.b.c
        import Module a as a
        import Module numpy as np
        import Name .shapes Shape as Base
        import Name .shapes area as area
        import Star typing
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::Python,
        SNIPPET,
        &expect![[r#"
        2: 8 os import;
        3: 8 a import;
        4: 17 np import;
        5: 21 .Shape import; 30 Base import; 36 area import;
        9: 9 dict type; 14 str type; 19 int type;
        11: 2 register call;
        12: 14 Base type; 20 .metaclass write; 30 Meta read;
        15: 12 int type;
        18: 32 float type;
        20: 9 self read; 23 radius read;
        21: 9 self read; 21 self read;
        23: 6 property read;
        25: 16 np read; 19 np.pi read; 24 self read; 29 this.radius read;
        29: 22 by read;
        30: 20 step read; 27 by read;
        31: 14 open call; 19 LIMIT read; 35 lock read;
        32: 25 file read;
        33: 17 self read; 22 this.radius write; 32 inner call; 38 line read;
        34: 17 x read; 19 x.area read; 39 gather call; 46 gather(…) by write; 49 by read; 62 x read; 64 x.size read;
        36: 32 Circle type;
        37: 11 second read;
        38: 14 Circle read; 34 r read;
        41: 13 print call; 22 head read; 31 tail read;
        44: 12 ValueError read;
        45: 15 Custom call; 29 error read;
        47: 6 Pair type; 11 T type; 16 tuple type; 22 T type; 25 T type;
        48: 24 value read;
    "#]],
    );
}

#[test]
fn stubs_and_nested_definitions() {
    let text = "if True:\n    def f(): ...\nelse:\n    def f(x: int) -> str: ...\nclass A:\n    class B:\n        def m(self): pass\n";
    check(
        Language::Python,
        text,
        &expect![[r#"
        function f 2 pub | def f():
        function f 4 pub | def f(x: int) -> str:
        class A 5-7 pub | class A:
          class A.B 6-7 pub | class B:
            method A.B.m 7 pub | def m(self):
        locals: (x@4 (self@7
    "#]],
    );
}

#[test]
fn syntax_errors_lose_no_neighbours() {
    check(
        Language::Python,
        "def good(): pass\ndef bad(:\nclass Also:\n    x = 1\n",
        &expect![[r#"
        function good 1 pub | def good():
        function bad 2 pub | def bad(:
        class Also 3-4 pub | class Also:
          field Also.x 4 pub | x = 1
        syntax errors
    "#]],
    );
}

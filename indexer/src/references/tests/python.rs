//! Python: scopes, packages, `self`, annotations.

use super::{calls, definition, references};

const PACKAGE: &str = "\
--- pkg/__init__.py
from .shapes import Circle as Round
from . import shapes
from .names import *
--- pkg/shapes.py
from .base import Base

class Circle(Base):
    def __init__(self, size):
        super().__init__(size)
        self.size = size

    def grow(self, by=1):
        self.move()
        return self.copy(by)

    def copy(self, by) -> 'Circle':
        return Circle(self.size)
--- pkg/base.py
class Base:
    def __init__(self, size): pass
    def move(self): pass
--- pkg/names.py
LIMIT = 1
";

fn in_package(text: &str) -> String {
    definition(&format!("{PACKAGE}--- use.py\n{text}"))
}

#[test]
fn the_innermost_binding_counts_and_class_bodies_are_skipped() {
    let text = "--- a.py\nx = 1\nclass A:\n    x = 2\n    def f(self):\n        return $x\n";
    assert_eq!(definition(text), "a.py:1 x");
    assert_eq!(definition("--- a.py\nx = 1\ndef f(x):\n    return $x\n"), "a.py:2 f.x");
    assert_eq!(definition("--- a.py\nx = 1\nx = 2\nprint($x)\n"), "a.py:1 x");
}

#[test]
fn names_come_through_packages() {
    assert_eq!(in_package("from pkg import Round\n$Round(1)\n"), "pkg/shapes.py:3 Circle");
    assert_eq!(in_package("from pkg import shapes\nshapes.$Circle(1)\n"), "pkg/shapes.py:3 Circle");
    assert_eq!(in_package("import pkg.shapes\nfrom pkg import $shapes\n"), "pkg/shapes.py");
    assert_eq!(in_package("from pkg import *\nprint($LIMIT)\n"), "pkg/names.py:1 LIMIT");
    assert_eq!(in_package("from pkg import missing\n$missing\n"), "");
}

#[test]
fn members_come_from_constructors_annotations_and_bases() {
    assert_eq!(in_package("from pkg import Round\nc = Round(1)\nc.$move()\n"), "pkg/base.py:3 Base.move");
    assert_eq!(
        in_package("from pkg import Round\ndef f(c: Round):\n    c.copy(1).$grow()\n"),
        "pkg/shapes.py:8 Circle.grow"
    );
    assert_eq!(
        in_package("from pkg import Round\ndef f(c: Round | None):\n    c.$grow()\n"),
        "pkg/shapes.py:8 Circle.grow"
    );
    assert_eq!(in_package("from pkg import Round\nRound(1).grow($by=2)\n"), "pkg/shapes.py:8 Circle.grow.by");
}

#[test]
fn super_asks_the_bases_one_after_the_other() {
    let text = "--- a.py\nclass A:\n    def f(self): pass\nclass B:\n    def f(self): pass\n\
                class C(A, B):\n    def f(self):\n        super().$f()\n";
    assert_eq!(definition(text), "a.py:2 A.f");
}

#[test]
fn what_cannot_be_followed_is_by_name() {
    assert_eq!(definition("--- a.py\nclass A:\n    def f(self): pass\nthing().$f()\n"), "a.py:2 A.f?");
    let text = "--- a.py\nclass A:\n    def $f(self): pass\nA().f()\nthing().f()\nclass B:\n    def f(self): pass\nB().f()\n";
    assert_eq!(references(text), "a.py:3 a.py:4?");
}

#[test]
fn a_class_that_is_called_uses_its_constructor() {
    let text = "--- a.py\nclass A:\n    def $__init__(self): pass\nA()\nprint(A)\n";
    assert_eq!(references(text), "a.py:3");
}

#[test]
fn the_parts_of_a_property_are_one() {
    let text = "--- a.py\nclass A:\n    @property\n    def x(self): pass\n    @x.setter\n    def $x(self, v): pass\nA().x = 1\n";
    assert!(references(text).contains("a.py:6"), "{}", references(text));
}

#[test]
fn callers_and_callees_go_to_a_depth() {
    let text = "--- a.py\ndef a(): $b()\n";
    let chain = "def c(): pass\ndef b(): c()\ndef a(): b()\n";
    assert_eq!(definition(text), "");
    assert_eq!(calls(&format!("--- a.py\n{}", chain.replace("def c", "def $c")), 1, true), "b@1");
    assert_eq!(calls(&format!("--- a.py\n{}", chain.replace("def c", "def $c")), 2, true), "b@1 a@2");
    assert_eq!(calls(&format!("--- a.py\n{}", chain.replace("def a", "def $a")), 2, false), "b@1 c@2");
}

#[test]
fn names_in_all_are_uses_of_what_the_module_binds() {
    for entry in [
        "__all__ = ['other', \"f\"]",
        "__all__ = (r'other', u'f',)",
        "__all__: list[str] = ['f']",
        "__all__ = []; __all__ += ['f']",
        "__all__ = []; __all__ += ('f',)",
        "__all__ = x.__all__ + ['f'] + y.__all__",
        "__all__ = (['x'] + ['f'])",
        "__all__=['''f''']",
        "__all__ = []; __all__.append('f')",
        "__all__ = []; __all__.extend(['f'])",
        "if x: __all__ = ['f']",
        "y = __all__ = ['f']",
    ] {
        let text = format!("--- a.py\ndef $f(): pass\n{entry}\n--- b.py\nfrom a import *\n{entry}\n");
        assert_eq!(references(&text), "a.py:2 b.py:2", "{entry}");
        // Bound after the statement, too.
        assert_eq!(references(&format!("--- a.py\n{entry}\ndef $f(): pass\n")), "a.py:1", "{entry}");
    }
}

#[test]
fn other_strings_are_no_names() {
    for entry in [
        "names = ['f']",
        "__all__ == ['f']",
        "__all__ = sorted(['f'])",
        "__all__ = ['x' for f in ['f']]",
        "__all__ = {'f': 'f'}",
        "__all__[0] = ['f']",
        "__all__.remove('f')",
        "a.__all__ = ['f']",
        "__all__ = [b'f', f'f', 'f.g', '', '1f', 'f\\x66', 'f' 'g', ['f'], d['f'], 'f'.g, '''\nf''']",
        "__all__ = ['x']  # ['f']",
        "def g(): __all__ = ['f']",
        "class C: __all__ = ['f']",
        "__all__ = [",
        "__all__ = ['",
    ] {
        let text = format!("--- a.py\ndef $f(): pass\n{entry}\n");
        assert_eq!(references(&text), "", "{entry}");
    }
}

#[test]
fn names_in_all_that_the_module_does_not_bind_are_known_by_name() {
    let text = "--- a.py\ndef $f(): pass\n--- b.py\nfrom a import f as g\n__all__ = ['f']\n";
    assert_eq!(references(text), "b.py:1 b.py:1 b.py:2?");
    let text = "--- a.py\ndef $f(): pass\n--- b.py\ndef f(): pass\n__all__ = ['f']\n";
    assert_eq!(references(text), "");
    let text = "--- a.py\nclass A:\n    def $f(self): pass\n__all__ = ['f']\n";
    assert_eq!(references(text), "");
    assert_eq!(definition("--- a.py\ndef f(): pass\n__all__ = ['$f']\n"), "a.py:1 f");
}

//! Python: its test runners, linters, type checkers and formatters.

use super::check;
use expect_test::expect;

#[test]
fn pytest() {
    check(
        include_str!("../../samples/pytest.txt"),
        expect![[r#"
        tests/test_broken.py:1 error: ModuleNotFoundError: No module named 'nowhere'
        tests/test_syntax.py:1 error: SyntaxError: invalid syntax
        tests/test_cart.py:7 error: test_fine: assert 3 == 4
        cart.py:5 error: test_total: NameError: name 'missing' is not defined
        tests/test_cart.py:16 error: TestCart.test_inside: AssertionError: assert {'a': 1} == {'a': 2}
        tests/test_cart.py:21 error: CartCase.test_case: AssertionError: 2 != 3
        tests/test_cart.py:24 error: CartCase.test_error: KeyError: 'x'
    "#]],
    );
}

#[test]
fn pytest_collect() {
    check(
        include_str!("../../samples/pytest-collect.txt"),
        expect![[r#"
        tests/test_broken.py:1 error: ModuleNotFoundError: No module named 'nowhere'
        tests/test_syntax.py:1 error: SyntaxError: invalid syntax
    "#]],
    );
}

#[test]
fn pytest_short() {
    check(
        include_str!("../../samples/pytest-short.txt"),
        expect![[r#"
        tests/test_cart.py:7 error: test_fine: assert 3 == 4
        cart.py:5 error: test_total: NameError: name 'missing' is not defined
        tests/test_cart.py:16 error: TestCart.test_inside: AssertionError: assert {'a': 1} == {'a': 2}
        tests/test_cart.py:21 error: CartCase.test_case: AssertionError: 2 != 3
        tests/test_cart.py:24 error: CartCase.test_error: KeyError: 'x'
    "#]],
    );
}

#[test]
fn pytest_line() {
    check(
        include_str!("../../samples/pytest-line.txt"),
        expect![[r#"
            tests/test_broken.py:1 error: ModuleNotFoundError: No module named 'nowhere'
            tests/test_syntax.py:1 error: SyntaxError: invalid syntax
            tests/test_cart.py:7 error: assert 3 == 4
            cart.py:5 error: NameError: name 'missing' is not defined
            tests/test_cart.py:16 error: AssertionError: assert {'a': 1} == {'a': 2}
            tests/test_cart.py:24 error: KeyError: 'x'
            tests/test_cart.py error: CartCase.test_case: AssertionError: 2 != 3
        "#]],
    );
}

#[test]
fn pytest_native() {
    check(
        include_str!("../../samples/pytest-native.txt"),
        expect![[r#"
        tests/test_cart.py:7 error: test_fine: AssertionError: assert 3 == 4
        tests/test_cart.py error: test_total: NameError: name 'missing' is not defined
        tests/test_cart.py error: TestCart.test_inside: AssertionError: assert {'a...
        tests/test_cart.py error: CartCase.test_case: AssertionError: 2 != 3
        tests/test_cart.py error: CartCase.test_error: KeyError: 'x'
        tests/test_broken.py error: cannot be collected
        tests/test_syntax.py error: cannot be collected
    "#]],
    );
}

#[test]
fn pytest_summary() {
    check(
        include_str!("../../samples/pytest-summary.txt"),
        expect![[r#"
        tests/test_cart.py error: test_fine: assert 3 == 4
        tests/test_cart.py error: test_total: NameError: name 'missing' is not defined
        tests/test_cart.py error: TestCart.test_inside: AssertionError: assert {'a...
        tests/test_cart.py error: CartCase.test_case: AssertionError: 2 != 3
        tests/test_cart.py error: CartCase.test_error: KeyError: 'x'
        tests/test_broken.py error: cannot be collected
        tests/test_syntax.py error: cannot be collected
    "#]],
    );
}

#[test]
fn pytest_color() {
    check(
        include_str!("../../samples/pytest-color.txt"),
        expect![[r#"
        tests/test_broken.py:1 error: ModuleNotFoundError: No module named 'nowhere'
        tests/test_syntax.py:1 error: SyntaxError: invalid syntax
    "#]],
    );
}

#[test]
fn unittest() {
    check(
        include_str!("../../samples/unittest.txt"),
        expect![[r#"
        tests/test_broken.py:1 error: tests.test_broken: ModuleNotFoundError: No module named 'nowhere'
        tests/test_cart.py:24 error: test_error: KeyError: 'x'
        tests/test_syntax.py:1 error: tests.test_syntax: SyntaxError: invalid syntax
        tests/test_cart.py:21 error: test_case: AssertionError: 2 != 3
    "#]],
    );
}

#[test]
fn python_syntax() {
    check(
        include_str!("../../samples/python-syntax.txt"),
        expect![[r#"
        tests/test_syntax.py:1 error: SyntaxError: invalid syntax
    "#]],
    );
}

#[test]
fn ruff_full() {
    check(
        include_str!("../../samples/ruff-full.txt"),
        expect![[r#"
        cart.py:1:1 warning [I001]: Import block is un-sorted or un-formatted
        cart.py:1:8 warning [F401]: `os` imported but unused
        cart.py:4:5 warning [F841]: Local variable `x` is assigned to but never used
        cart.py:5:26 error [F821]: Undefined name `missing`
        tests/test_broken.py:1:8 warning [F401]: `nowhere` imported but unused
        tests/test_syntax.py:1:7 error [invalid-syntax]: Expected a parameter or the end of the parameter list
        tests/test_syntax.py:1:8 error [invalid-syntax]: Expected `)`, found newline
    "#]],
    );
}

#[test]
fn ruff_concise() {
    check(
        include_str!("../../samples/ruff-concise.txt"),
        expect![[r#"
        cart.py:1:1 warning [I001]: Import block is un-sorted or un-formatted
        cart.py:1:8 warning [F401]: `os` imported but unused
        cart.py:4:5 warning [F841]: Local variable `x` is assigned to but never used
        cart.py:5:26 error [F821]: Undefined name `missing`
        tests/test_broken.py:1:8 warning [F401]: `nowhere` imported but unused
        tests/test_syntax.py:1:7 error [invalid-syntax]: Expected a parameter or the end of the parameter list
        tests/test_syntax.py:1:8 error [invalid-syntax]: Expected `)`, found newline
    "#]],
    );
}

#[test]
fn ruff_json() {
    check(
        include_str!("../../samples/ruff-json.txt"),
        expect![[r#"
        cart.py:1:1 warning [I001]: Import block is un-sorted or un-formatted
        cart.py:1:8 warning [F401]: `os` imported but unused
        cart.py:4:5 warning [F841]: Local variable `x` is assigned to but never used
        cart.py:5:26 error [F821]: Undefined name `missing`
        tests/test_broken.py:1:8 warning [F401]: `nowhere` imported but unused
        tests/test_syntax.py:1:7 error [invalid-syntax]: Expected a parameter or the end of the parameter list
        tests/test_syntax.py:1:8 error [invalid-syntax]: Expected `)`, found newline
    "#]],
    );
}

#[test]
fn ruff_format() {
    check(
        include_str!("../../samples/ruff-format.txt"),
        expect![[r#"
        cart.py:3:1 warning: not formatted
        tests/test_syntax.py:1:7 error [invalid-syntax]: Expected a parameter or the end of the parameter list
    "#]],
    );
}

#[test]
fn black() {
    check(
        include_str!("../../samples/black.txt"),
        expect![[r#"
        cart.py warning: not formatted
        tests/test_syntax.py:1:6 error: cannot parse
    "#]],
    );
}

#[test]
fn mypy() {
    check(
        include_str!("../../samples/mypy.txt"),
        expect![[r#"
        cart.py:4 error [assignment]: Incompatible types in assignment (expression has type "str", variable has type "int")
        cart.py:5 error [name-defined]: Name "missing" is not defined
        cart.py:9 error [return-value]: Incompatible return value type (got "int", expected "str")
    "#]],
    );
}

#[test]
fn mypy_pretty() {
    check(
        include_str!("../../samples/mypy-pretty.txt"),
        expect![[r#"
        cart.py:4:14 error: Incompatible types in assignment (expression has type
        cart.py:5:26 error [name-defined]: Name "missing" is not defined
        cart.py:9:12 error: Incompatible return value type (got "int", expected "str")
    "#]],
    );
}

#[test]
fn mypy_json() {
    check(
        include_str!("../../samples/mypy-json.txt"),
        expect![[r#"
        cart.py:4:14 error [assignment]: Incompatible types in assignment (expression has type "str", variable has type "int")
        cart.py:5:26 error [name-defined]: Name "missing" is not defined
        cart.py:9:12 error [return-value]: Incompatible return value type (got "int", expected "str")
    "#]],
    );
}

#[test]
fn pylint() {
    check(
        include_str!("../../samples/pylint.txt"),
        expect![[r#"
        tests/test_syntax.py:1:8 error [E0001]: Parsing failed: 'invalid syntax (tests.test_syntax, line 1)'
        cart.py:1:1 warning [C0114]: Missing module docstring
        cart.py:3:1 warning [C0116]: Missing function or method docstring
        cart.py:5:26 error [E0602]: Undefined variable 'missing'
        cart.py:4:5 warning [W0612]: Unused variable 'x'
        cart.py:8:1 warning [C0116]: Missing function or method docstring
        cart.py:1:1 warning [W0611]: Unused import os
        tests/test_cart.py:1:1 warning [C0114]: Missing module docstring
        tests/test_cart.py:6:1 warning [C0116]: Missing function or method docstring
        tests/test_cart.py:10:1 warning [C0116]: Missing function or method docstring
        tests/test_cart.py:14:1 warning [C0115]: Missing class docstring
        tests/test_cart.py:15:5 warning [C0116]: Missing function or method docstring
        tests/test_cart.py:14:1 warning [R0903]: Too few public methods (1/2)
        tests/test_cart.py:19:1 warning [C0115]: Missing class docstring
        tests/test_cart.py:20:5 warning [C0116]: Missing function or method docstring
        tests/test_cart.py:23:5 warning [C0116]: Missing function or method docstring
    "#]],
    );
}

#[test]
fn flake8() {
    check(
        include_str!("../../samples/flake8.txt"),
        expect![[r#"
        cart.py:1:1 warning [F401]: 'os' imported but unused
        cart.py:3:1 warning [E302]: expected 2 blank lines, found 1
        cart.py:4:5 warning [F841]: local variable 'x' is assigned to but never used
        cart.py:5:26 error [F821]: undefined name 'missing'
        tests/test_broken.py:1:1 warning [F401]: 'nowhere' imported but unused
        tests/test_syntax.py:1:8 error [E999]: SyntaxError: invalid syntax
    "#]],
    );
}

#[test]
fn pyright() {
    check(
        include_str!("../../samples/pyright.txt"),
        expect![[r#"
        cart.py:4:14 error: Type "Literal['a']" is not assignable to declared type "int"
        cart.py:5:26 error [reportUndefinedVariable]: "missing" is not defined
        tests/test_broken.py:1:8 error [reportMissingImports]: Import "nowhere" could not be resolved
        tests/test_syntax.py:1:6 error: "(" was not closed
        tests/test_syntax.py:1:7 error: Expected parameter name
        tests/test_syntax.py:1:7 error: Position-only parameter separator not allowed as first parameter
        tests/test_syntax.py:2:5 error: Expected expression
        tests/test_syntax.py:3:1 error: Expected ":"
        tests/test_syntax.py:3:1 error: Expected expression
        tests/test_syntax.py:3:1 error: Statements must be separated by newlines or semicolons
    "#]],
    );
}

//! JavaScript: its test runners, linters and formatters, and TypeScript.

use super::check;
use expect_test::expect;

#[test]
fn jest() {
    check(
        include_str!("../../samples/jest.txt"),
        expect![[r#"
        src/cart.test.js:5:27 error: cart › total adds: expect(received).toBe(expected) // Object.is equality; Expected: 4; Received: 3
        src/cart.js:2:17 error: cart › breaks: TypeError: Cannot read properties of null (reading 'reduce')
        src/missing.test.js:1:1 error: Cannot find module './nowhere' from 'src/missing.test.js'
        src/syntax.test.js:2:12 error: SyntaxError: Unexpected token
    "#]],
    );
}

#[test]
fn jest_json() {
    check(
        include_str!("../../samples/jest-json.txt"),
        expect![[r#"
        src/cart.test.js:5:27 error: cart total adds: Error: expect(received).toBe(expected) // Object.is equality; Expected: 4; Received: 3
        src/cart.js:2:17 error: cart breaks: TypeError: Cannot read properties of null (reading 'reduce')
    "#]],
    );
}

#[test]
fn mocha() {
    check(
        include_str!("../../samples/mocha.txt"),
        expect![[r#"
        test/cart.test.js:5:12 error: cart › total adds: AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 3 !== 4
        src/cart.js:2:17 error: cart › inner › breaks: TypeError: Cannot read properties of null (reading 'reduce')
        test/cart.test.js error: cart › inner › waits: Error: Timeout of 20ms exceeded. For async tests and hooks, ensure "done()" is called; if returning a Promise, ensure it resolves.
    "#]],
    );
}

#[test]
fn node_tap() {
    check(
        include_str!("../../samples/node-tap.txt"),
        expect![[r#"
            nt/cart.test.js:5:10 error: total adds: Expected values to be strictly equal: 3 !== 4
            src/cart.js:2:17 error: breaks: Cannot read properties of null (reading 'reduce')
            nt/missing.test.js:1:1 error: Error: Cannot find module './nowhere'
        "#]],
    );
}

#[test]
fn node_spec() {
    check(
        include_str!("../../samples/node-spec.txt"),
        expect![[r#"
            nt/cart.test.js:5:10 error: total adds: AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 3 !== 4
            src/cart.js:2:17 error: breaks: TypeError [Error]: Cannot read properties of null (reading 'reduce')
            nt/missing.test.js:1:1 error: Error: Cannot find module './nowhere'
        "#]],
    );
}

#[test]
fn node_crash() {
    check(
        include_str!("../../samples/node-crash.txt"),
        expect![[r#"
        nt/missing.test.js:1:1 error: Error: Cannot find module './nowhere'
    "#]],
    );
}

#[test]
fn node_syntax() {
    check(
        include_str!("../../samples/node-syntax.txt"),
        expect![[r#"
        src/syntax.test.js:2 error: SyntaxError: Unexpected token ';'
    "#]],
    );
}

#[test]
fn vitest() {
    check(
        include_str!("../../samples/vitest.txt"),
        expect![[r#"
        vt/missing.test.ts:1:1 error: Error: Cannot find module './nowhere' imported from /shop/vt/missing.test.ts
        vt/syntax.test.ts:1:11 error: Error: Transform failed with 1 error: [PARSE_ERROR] Unexpected token
        vt/cart.test.ts:5:27 error: cart › total adds: AssertionError: expected 3 to be 4 // Object.is equality
        vt/cart.ts:1:51 error: cart › breaks: TypeError: Cannot read properties of null (reading 'reduce')
    "#]],
    );
}

#[test]
fn tsc() {
    check(
        include_str!("../../samples/tsc.txt"),
        expect![[r#"
        ts/a.ts:1:7 error [TS2322]: Type 'string' is not assignable to type 'number'.
        ts/a.ts:3:3 error [TS2304]: Cannot find name 'missing'.
    "#]],
    );
}

#[test]
fn tsc_pretty() {
    check(
        include_str!("../../samples/tsc-pretty.txt"),
        expect![[r#"
        ts/a.ts:1:7 error [TS2322]: Type 'string' is not assignable to type 'number'.
        ts/a.ts:3:3 error [TS2304]: Cannot find name 'missing'.
    "#]],
    );
}

#[test]
fn eslint() {
    check(
        include_str!("../../samples/eslint.txt"),
        expect![[r#"
        lint/a.js:1:7 error [no-unused-vars]: 'a' is assigned a value but never used
        lint/a.js:2:1 warning [no-console]: Unexpected console statement
        lint/a.js:2:1 error [no-undef]: 'console' is not defined
        lint/b.js:1:11 error: Parsing error: Unexpected token ;
    "#]],
    );
}

#[test]
fn eslint_json() {
    check(
        include_str!("../../samples/eslint-json.txt"),
        expect![[r#"
        lint/a.js:1:7 error [no-unused-vars]: 'a' is assigned a value but never used.
        lint/a.js:2:1 warning [no-console]: Unexpected console statement.
        lint/a.js:2:1 error [no-undef]: 'console' is not defined.
        lint/b.js:1:11 error: Parsing error: Unexpected token ;
    "#]],
    );
}

#[test]
fn eslint_unix() {
    check(
        include_str!("../../samples/eslint-unix.txt"),
        expect![[r#"
        lint/a.js:1:7 error [no-unused-vars]: 'a' is assigned a value but never used.
        lint/a.js:2:1 warning [no-console]: Unexpected console statement.
        lint/a.js:2:1 error [no-undef]: 'console' is not defined.
        lint/b.js:1:11 error: Parsing error: Unexpected token ;
    "#]],
    );
}

#[test]
fn prettier() {
    check(
        include_str!("../../samples/prettier.txt"),
        expect![[r#"
        lint/b.js:1:11 error: SyntaxError: Unexpected token
        lint/c.js warning: not formatted
    "#]],
    );
}

//! Rust, Go and C.

use super::{check, read_in, table};
use expect_test::expect;

#[test]
fn cargo_test() {
    check(
        include_str!("../../samples/cargo-test.txt"),
        expect![[r#"
            src/lib.rs:29:14 error: tests::unwraps: called `Option::unwrap()` on a `None` value
            src/lib.rs:18:9 error: tests::adds: assertion `left == right` failed: the total; left: 3; right: 4
            src/lib.rs:5 error: total (line 5): assertion `left == right` failed; left: 3; right: 4
        "#]],
    );
}

#[test]
fn nextest() {
    check(
        include_str!("../../samples/nextest.txt"),
        expect![[r#"
        src/lib.rs:18:9 error: tests::adds: assertion `left == right` failed: the total; left: 3; right: 4
        src/lib.rs:29:14 error: tests::unwraps: called `Option::unwrap()` on a `None` value
    "#]],
    );
}

#[test]
fn cargo_check() {
    check(
        include_str!("../../samples/cargo-check.txt"),
        expect![[r#"
        src/lib.rs:3:18 error [E0308]: mismatched types
        src/lib.rs:4:5 error [E0425]: cannot find function `missing` in this scope
    "#]],
    );
}

#[test]
fn cargo_json() {
    check(
        include_str!("../../samples/cargo-json.txt"),
        expect![[r#"
        src/lib.rs:3:18 error [E0308]: mismatched types
        src/lib.rs:4:5 error [E0425]: cannot find function `missing` in this scope
    "#]],
    );
}

#[test]
fn rustfmt() {
    check(
        include_str!("../../samples/rustfmt.txt"),
        expect![[r#"
        src/main.rs:1 warning: not formatted
        src/main.rs:6 warning: not formatted
    "#]],
    );
}

#[test]
fn rustfmt_broken() {
    check(
        include_str!("../../samples/rustfmt-broken.txt"),
        expect![[r#"
        src/main.rs:1:12 error: this file contains an unclosed delimiter
    "#]],
    );
}

#[test]
fn clippy_color() {
    check(
        include_str!("../../samples/clippy-color.txt"),
        expect![[r#"
        src/lib.rs:4:5 warning: unneeded `return` statement
    "#]],
    );
}

#[test]
fn gotest() {
    check(
        include_str!("../../samples/gotest.txt"),
        expect![[r#"
            cart/cart.go:11 error: TestPanic: panic: runtime error: index out of range [3] with length 0
            cart/cart_test.go:7 error: TestTotal: Total = 3, want 4
            cart/cart_test.go:13 error: TestSub/one: first
        "#]],
    );
}

#[test]
fn gotest_v() {
    check(
        include_str!("../../samples/gotest-v.txt"),
        expect![[r#"
        main.go:6:2 error: fmt.Printf format %d has arg "a" of wrong type string
        cart/cart_test.go:7 error: TestTotal: Total = 3, want 4
        cart/cart_test.go:13 error: TestSub/one: first
    "#]],
    );
}

#[test]
fn gotest_json() {
    check(
        include_str!("../../samples/gotest-json.txt"),
        expect![[r#"
        main.go:6:2 error: fmt.Printf format %d has arg "a" of wrong type string
        cart/cart_test.go:7 error: TestTotal: Total = 3, want 4
        cart/cart_test.go:13 error: TestSub/one: first
    "#]],
    );
}

#[test]
fn gotest_broken() {
    check(
        include_str!("../../samples/gotest-broken.txt"),
        expect![[r#"
        main.go:6:2 error: fmt.Printf format %d has arg "a" of wrong type string
        cart/bad.go:3:8 error: imported and not used: "os"
        cart/bad.go:5:25 error: undefined: missing
    "#]],
    );
}

#[test]
fn govet() {
    check(
        include_str!("../../samples/govet.txt"),
        expect![[r#"
        main.go:6:2 error: fmt.Printf format %d has arg "a" of wrong type string
    "#]],
    );
}

#[test]
fn govet_broken() {
    check(
        include_str!("../../samples/govet-broken.txt"),
        expect![[r#"
        main.go:6:2 error: fmt.Printf format %d has arg "a" of wrong type string
        cart/bad.go:5:25 error: undeclared name: missing
    "#]],
    );
}

#[test]
fn gobuild() {
    check(
        include_str!("../../samples/gobuild.txt"),
        expect![[r#"
        cart/bad.go:3:8 error: imported and not used: "os"
        cart/bad.go:5:25 error: undefined: missing
    "#]],
    );
}

#[test]
fn gobuild_syntax() {
    check(
        include_str!("../../samples/gobuild-syntax.txt"),
        expect![[r#"
        cart/bad.go:6:9 error: syntax error: unexpected {, expecting )
    "#]],
    );
}

#[test]
fn make() {
    check(
        include_str!("../../samples/make.txt"),
        expect![[r#"
        a.c:4:3 warning [-Wimplicit-function-declaration]: implicit declaration of function ‘missing’
        a.c:4:12 error: expected ‘;’ before ‘return’
        a.c:3:7 warning [-Wunused-variable]: unused variable ‘unused’
    "#]],
    );
}

#[test]
fn make_broken() {
    check(
        include_str!("../../samples/make-broken.txt"),
        expect![[r#"
        Bad.mk:2 error: missing separator.
    "#]],
    );
}

#[test]
fn gofmt() {
    let failures = read_in(".", &["gofmt", "-l", "."], include_str!("../../samples/gofmt.txt"));
    expect![[r#"
        main.go warning: not formatted
    "#]]
    .assert_eq(&table(&failures));
    check(include_str!("../../samples/gofmt.txt"), expect![[""]]);
}

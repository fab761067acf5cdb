//! Each rule finds a breach that is planted for it, and leaves alone what only looks like one.

use super::*;

fn file(path: &str, text: &str) -> Vec<Source> {
    vec![Source { path: path.to_owned(), text: text.to_owned() }]
}

#[test]
fn imports_of_later_crates() {
    let breach = "//! x\nuse devtoolkit_mcp::workspace;\n";
    assert_eq!(
        knows_a_later_crate(&file("indexer/src/index.rs", breach)),
        ["indexer/src/index.rs names `devtoolkit_mcp`"]
    );
    assert!(knows_a_later_crate(&file("lsp-agent/src/lib.rs", breach)).is_empty());
    assert!(knows_a_later_crate(&file("indexer/src/a.rs", "// unlike devtoolkit_mcp\n")).is_empty());
    let manifest = file("mcp-server/Cargo.toml", "[dependencies]\ndevtoolkit-agent.workspace = true\n");
    assert_eq!(manifest_knows_a_later_crate(&manifest).len(), 1);
}

#[test]
fn tokio_in_the_index() {
    assert_eq!(index_names_tokio(&file("indexer/src/a.rs", "tokio::spawn(x)\n")).len(), 1);
    assert!(index_names_tokio(&file("mcp-server/src/a.rs", "tokio::spawn(x)\n")).is_empty());
    assert!(index_names_tokio(&file("indexer/src/a.rs", "let tokio_like = 1;\n")).is_empty());
}

#[test]
fn disk_in_the_index() {
    for text in [
        "use std::fs;\n",
        "let x = std::fs::read(p);\n",
        "use std::{env, fs};\n",
        "use std::{\n    fmt,\n    fs::{self, File},\n};\n",
        "use std::fs::File;\n#[cfg(test)]\nmod tests;\n",
    ] {
        assert_eq!(index_touches_the_disk(&file("indexer/src/search.rs", text)).len(), 1, "{text}");
        for allowed in ["store.rs", "store/map.rs", "walk.rs", "cli.rs", "main.rs", "search/tests.rs"] {
            assert!(
                index_touches_the_disk(&file(&format!("indexer/src/{allowed}"), text)).is_empty(),
                "{allowed}"
            );
        }
    }
    for text in [
        "// std::fs is not for here\n",
        "use std::fmt;\n",
        "use std::{fmt::{self, fs}};\n",
        "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n",
    ] {
        assert!(index_touches_the_disk(&file("indexer/src/search.rs", text)).is_empty(), "{text}");
    }
}

#[test]
fn names_and_openings() {
    assert_eq!(mod_files(&file("indexer/src/language/mod.rs", "")).len(), 1);
    assert_eq!(empty_names(&file("indexer/src/text_utils.rs", "")).len(), 1);
    assert!(empty_names(&file("indexer/src/information.rs", "")).is_empty());
    assert_eq!(unexplained(&file("xtask/src/a.rs", "use std::fs;\n//! late\n")).len(), 1);
    assert!(unexplained(&file("indexer/src/a/tests.rs", "use super::*;\n")).is_empty());
}

#[test]
fn lengths() {
    let lines = |count: usize| "let x = 1;\n".repeat(count);
    assert_eq!(long_mains(&file("indexer/src/main.rs", &lines(41))).len(), 1);
    assert!(long_mains(&file("indexer/src/main.rs", &lines(40))).is_empty());
    assert_eq!(long_files(&file("indexer/src/a.rs", &lines(501))).len(), 1);
    let with_tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(500), lines(300));
    assert!(long_files(&file("indexer/src/a.rs", &with_tests)).is_empty());
    assert!(long_files(&file("indexer/src/a/tests.rs", &lines(900))).is_empty());
}

#[test]
fn ignored() {
    let text = "#[cfg(test)]\nmod tests {\n    #[test]\n    #[ignore = \"slow\"]\n    fn x() {}\n}\n";
    assert_eq!(ignored_tests(&file("indexer/src/a.rs", text)).len(), 1);
    assert_eq!(ignored_tests(&file("indexer/src/a/tests.rs", "#[cfg_attr(windows, ignore)]\n")).len(), 1);
    assert!(
        ignored_tests(&file("indexer/src/ignore.rs", "let honours_ignore = \"#[ignore]\";\n")).is_empty()
    );
}

#[test]
fn commands_in_documents() {
    let readme = "Run `cargo xtask test` or `cargo xtask tset`, never cargo xtask gone.\n\n```sh\n$ cargo xtask old --now\n```\n`cargo xtask` alone, `cargo xtask NAME`.\n";
    let breaches =
        unknown_commands(&file("README.md", readme), "cargo xtask", "usage\n\n  test [FILTER]  run\n");
    assert_eq!(breaches, ["README.md names `cargo xtask tset`", "README.md names `cargo xtask old`"]);
}

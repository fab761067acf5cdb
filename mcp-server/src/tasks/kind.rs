//! What a script is for, by the well-known words in its name.

use super::TaskKind;

const WORDS: &[(TaskKind, &[&str])] = &[
    (
        TaskKind::Test,
        &[
            "test",
            "tests",
            "testing",
            "spec",
            "specs",
            "unit",
            "integration",
            "e2e",
            "jest",
            "vitest",
            "mocha",
            "ava",
            "cypress",
            "playwright",
            "pytest",
            "unittest",
            "tox",
            "nox",
            "nextest",
            "coverage",
            "cov",
        ],
    ),
    (
        TaskKind::Lint,
        &[
            "lint",
            "lints",
            "linter",
            "eslint",
            "tslint",
            "stylelint",
            "oxlint",
            "biome",
            "clippy",
            "ruff",
            "flake8",
            "pylint",
            "mypy",
            "pyright",
            "check",
            "checks",
            "typecheck",
            "types",
            "typing",
            "tsc",
            "vet",
            "analyze",
            "analyse",
            "golangci",
            "shellcheck",
            "verify",
        ],
    ),
    (
        TaskKind::Format,
        &["format", "formatting", "fmt", "prettier", "black", "isort", "gofmt", "rustfmt", "stylua", "tidy"],
    ),
    (
        TaskKind::Docs,
        &["doc", "docs", "documentation", "rustdoc", "typedoc", "jsdoc", "sphinx", "mkdocs", "book"],
    ),
    (
        TaskKind::Build,
        &["build", "builds", "compile", "bundle", "dist", "package", "release", "webpack", "rollup", "all"],
    ),
    (
        TaskKind::Dev,
        &["dev", "develop", "start", "serve", "server", "watch", "run", "preview", "storybook", "up"],
    ),
];

/// The kind of the first word that is well known: `test:watch` tests, and `lint:fix` lints.
pub(super) fn kind(name: &str) -> TaskKind {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    let known = |part: &str| {
        // `buildDocs` has two words, `e2e` and `E2E` one.
        let end = part
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_uppercase())
            .map_or(part.len(), |(at, _)| at);
        let is_shouted = !part.bytes().any(|byte| byte.is_ascii_lowercase());
        let first = if is_shouted { part } else { &part[..end] };
        [part, first].into_iter().find_map(of_word)
    };
    parts.filter(|part| !part.is_empty()).find_map(known).unwrap_or(TaskKind::Other)
}

fn of_word(word: &str) -> Option<TaskKind> {
    let word = word.to_ascii_lowercase();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(kind, _)| *kind)
}

#[test]
fn the_first_known_word_counts() {
    let kinds = [
        "test",
        "test:watch",
        "lint:fix",
        "type-check",
        "buildDocs",
        "E2E",
        "docs:dev",
        "format",
        "start",
        "deploy",
        "ci:unit",
        "",
        "étude",
        "Serve",
    ]
    .map(|name| (name, kind(name).name()));
    let wanted = [
        ("test", "test"),
        ("test:watch", "test"),
        ("lint:fix", "lint"),
        ("type-check", "lint"),
        ("buildDocs", "build"),
        ("E2E", "test"),
        ("docs:dev", "docs"),
        ("format", "format"),
        ("start", "dev"),
        ("deploy", "other"),
        ("ci:unit", "test"),
        ("", "other"),
        ("étude", "other"),
        ("Serve", "dev"),
    ];
    assert_eq!(kinds, wanted);
}

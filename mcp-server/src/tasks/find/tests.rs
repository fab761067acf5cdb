#![expect(clippy::disallowed_methods, reason = "tests lay out folders")]

use super::*;
use crate::workspace::{FileChange, FileContent, Roots, Side, Workspace};
use expect_test::{Expect, expect};
use std::fs;

/// A workspace of such files.
fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Workspace, tempfile::TempDir) {
    let (root, state) = (tempfile::tempdir().expect("root"), tempfile::tempdir().expect("state"));
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("folder");
        fs::write(path, text).expect("file");
    }
    let roots = Roots::open(&[root.path().to_path_buf()]).expect("roots");
    let (workspace, _) = Workspace::open(roots, state.path()).expect("workspace");
    (root, workspace, state)
}

fn found(files: &[(&str, &str)]) -> Found {
    let (_root, workspace, _state) = project(files);
    find(&workspace.snapshot(), &|| ControlFlow::Continue(())).expect("found")
}

fn table(found: &Found) -> String {
    let mut table = String::new();
    for task in &found.tasks {
        let script = task.script.as_ref().map(|script| format!("  # {script}")).unwrap_or_default();
        let (name, kind, argv) = (&task.name, task.kind.name(), task.argv.join(" "));
        table.push_str(&format!("{name} | {kind} | {argv} | {} | {}{script}\n", task.folder, task.origin));
    }
    for problem in &found.problems {
        table.push_str(&format!("! {}: {}\n", problem.path, problem.message));
    }
    if found.more {
        table.push_str("more\n");
    }
    table
}

#[track_caller]
fn check(files: &[(&str, &str)], wanted: Expect) {
    wanted.assert_eq(&table(&found(files)));
}

#[test]
fn packages_of_a_monorepo() {
    check(
        &[
            (
                "package.json",
                r#"{ "scripts": { "test": "vitest run", "pretest": "tsc", "lint:fix": "eslint --fix ." } }"#,
            ),
            ("pnpm-lock.yaml", ""),
            ("web/package.json", "\u{feff}{ \"scripts\": { \"dev\": \"vite\", \"build\": \"vite build\" } }"),
            (
                "apps/site/package.json",
                r#"{ "packageManager": "yarn@4.1.0", "scripts": { "docs": "typedoc" } }"#,
            ),
            ("old/package.json", r#"{ "scripts": { "test": "mocha" } }"#),
            ("old/package-lock.json", "{}"),
            ("node_modules/a/package.json", r#"{ "scripts": { "test": "no" } }"#),
            ("web/node_modules/b/package.json", r#"{ "scripts": { "test": "no" } }"#),
            (".hidden/package.json", r#"{ "scripts": { "test": "no" } }"#),
            ("out/package.json", r#"{ "scripts": { "test": "no" } }"#),
            (".gitignore", "out\n"),
            (".git/HEAD", ""),
        ],
        expect![[r#"
            test | test | pnpm run test | . | package.json  # vitest run
            lint:fix | lint | pnpm run lint:fix | . | package.json  # eslint --fix .
            old:test | test | npm run test | old | old/package.json  # mocha
            web:dev | dev | pnpm run dev | web | web/package.json  # vite
            web:build | build | pnpm run build | web | web/package.json  # vite build
            apps/site:docs | docs | yarn run docs | apps/site | apps/site/package.json  # typedoc
        "#]],
    );
}

#[test]
fn one_name_for_each() {
    check(
        &[
            ("package.json", r#"{ "scripts": { "test": "jest", "make:test": "x" } }"#),
            ("Makefile", "test:\n\tgo test ./...\n"),
            ("go.mod", "module example.com/shop\n"),
        ],
        expect![[r#"
            test | test | npm run test | . | package.json  # jest
            make:test | test | npm run make:test | . | package.json  # x
            make:test-2 | test | make test | . | Makefile  # go test ./...
            go:test | test | go test ./... | . | go.mod
            vet | lint | go vet ./... | . | go.mod
            fmt | format | gofmt -l . | . | go.mod
            build | build | go build ./... | . | go.mod
        "#]],
    );
}

#[test]
fn makefiles() {
    let makefile = "CC := gcc\nURL = http://example.com\n.PHONY: all clean\nall: build test\n\n\
        build test: a.o\n\t@echo hi\n\t$(CC) -c a.c\n%.o: %.c\n\t$(CC) -c $<\na.o: a.c\n$(OUT): x\n\
        define BIG\nnot-this:\nendef\nlist = a \\\nnor-this: b\nfmt-check::\n\t-gofmt -l .\nif: x=y\ntest: again\n";
    check(
        &[("Makefile", makefile), ("makefile", "lint:\n")],
        expect![[r#"
        lint | lint | make lint | . | makefile
    "#]],
    );
    check(
        &[("Makefile", makefile)],
        expect![[r#"
            all | build | make all | . | Makefile
            build | build | make build | . | Makefile  # echo hi
            test | test | make test | . | Makefile  # echo hi
            fmt-check | format | make fmt-check | . | Makefile  # gofmt -l .
        "#]],
    );
}

#[test]
fn justfiles() {
    let justfile = "set shell := [\"bash\", \"-c\"]\nalias t := test\nexport A := 'b'\n# Runs.\n\
        test *args: build\n    @cargo test {{args}}\n\n@lint:\n    cargo clippy\n_hidden:\n    x\n\
        [private]\ninner:\n    x\n[group('a')]\nserve port='80':\n  run\nmod other\n";
    check(
        &[("justfile", justfile)],
        expect![[r#"
        test | test | just test | . | justfile  # cargo test {{args}}
        lint | lint | just lint | . | justfile  # cargo clippy
        serve | dev | just serve | . | justfile  # run
    "#]],
    );
}

#[test]
fn rust() {
    check(
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\nexclude = [\"apart\"]\n"),
            ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("apart/one/Cargo.toml", "[package]\nname = \"one\"\n"),
        ],
        expect![[r#"
            test | test | cargo test --workspace | . | Cargo.toml
            clippy | lint | cargo clippy --workspace --all-targets | . | Cargo.toml
            fmt | format | cargo fmt --all --check | . | Cargo.toml
            build | build | cargo build --workspace | . | Cargo.toml
            doc | docs | cargo doc --workspace --no-deps | . | Cargo.toml
            a:test | test | cargo test | a | a/Cargo.toml
            apart/one:test | test | cargo test | apart/one | apart/one/Cargo.toml
            apart/one:clippy | lint | cargo clippy --all-targets | apart/one | apart/one/Cargo.toml
            apart/one:fmt | format | cargo fmt --all --check | apart/one | apart/one/Cargo.toml
            apart/one:build | build | cargo build | apart/one | apart/one/Cargo.toml
            apart/one:doc | docs | cargo doc --no-deps | apart/one | apart/one/Cargo.toml
        "#]],
    );
}

#[test]
fn go_and_deno() {
    check(
        &[
            ("go.mod", "module example.com/shop\n"),
            (
                "site/deno.jsonc",
                "{ // tasks\n \"tasks\": { \"dev\": \"deno run x.ts\", \"lint\": { \"command\": \"deno lint\" }, }, }",
            ),
        ],
        expect![[r#"
            test | test | go test ./... | . | go.mod
            vet | lint | go vet ./... | . | go.mod
            fmt | format | gofmt -l . | . | go.mod
            build | build | go build ./... | . | go.mod
            site:dev | dev | deno task dev | site | site/deno.jsonc  # deno run x.ts
            site:lint | lint | deno task lint | site | site/deno.jsonc  # deno lint
            site:test | test | deno test | site | site/deno.jsonc
            site:fmt | format | deno fmt --check | site | site/deno.jsonc
        "#]],
    );
}

#[test]
fn python() {
    check(
        &[
            (
                "pyproject.toml",
                "[project.scripts]\nshop = \"shop:main\"\n[dependency-groups]\ndev = [\"pytest>=8\", \"mypy[d]\"]\n[tool.ruff]\n",
            ),
            ("uv.lock", ""),
            ("plain/setup.cfg", "[flake8]\n[tool:pytest]\n"),
            ("plain/.venv/bin/pytest", ""),
            (
                "poetry/pyproject.toml",
                "[tool.poetry]\n[tool.poetry.group.dev.dependencies]\nblack = \"*\"\n[tool.poetry.scripts]\nx = \"y:z\"\n",
            ),
            ("poetry/poetry.lock", ""),
            (
                "pdm/pyproject.toml",
                "[tool.pdm.scripts]\n_.env_file = \"x\"\ntest = { cmd = [\"pytest\", \"-q\"] }\nall = { composite = [\"a\", \"b\"] }\n",
            ),
            ("pdm/pdm.lock", ""),
            (
                "hatch/pyproject.toml",
                "[tool.hatch.envs.default.scripts]\ntest = \"pytest {args}\"\n[tool.hatch.envs.docs.scripts]\nbuild = [\"mkdocs build\", \"x\"]\n",
            ),
        ],
        expect![[r#"
            shop | other | uv run shop | . | pyproject.toml  # shop:main
            pytest | test | uv run pytest | . | pyproject.toml
            ruff | lint | uv run ruff check . | . | pyproject.toml
            mypy | lint | uv run mypy . | . | pyproject.toml
            ruff-format | format | uv run ruff format --check . | . | pyproject.toml
            hatch:test | test | hatch run test | hatch | hatch/pyproject.toml  # pytest {args}
            hatch:docs:build | docs | hatch run docs:build | hatch | hatch/pyproject.toml  # mkdocs build && x
            pdm:all | build | pdm run all | pdm | pdm/pyproject.toml  # a && b
            pdm:test | test | pdm run test | pdm | pdm/pyproject.toml  # pytest -q
            plain:pytest | test | .venv/bin/pytest | plain | plain/setup.cfg
            plain:flake8 | lint | uv run flake8 . | plain | plain/setup.cfg
            poetry:x | other | poetry run x | poetry | poetry/pyproject.toml  # y:z
            poetry:black | format | poetry run black --check . | poetry | poetry/pyproject.toml
        "#]],
    );
}

#[test]
fn what_is_wrong_is_named_and_the_rest_is_listed() {
    check(
        &[
            ("package.json", "{ \"scripts\": { \"test\": \"jest\", } }"),
            ("Cargo.toml", "[package]\nname = \n"),
            ("pyproject.toml", "[tool\n"),
            ("deno.json", "{ nonsense"),
            ("web/package.json", "[]"),
            ("go.mod", ""),
        ],
        expect![[r#"
            test | test | go test ./... | . | go.mod
            vet | lint | go vet ./... | . | go.mod
            fmt | format | gofmt -l . | . | go.mod
            build | build | go build ./... | . | go.mod
            ! package.json: trailing comma at line 1 column 32
            ! deno.json: Expected colon after the string or word in object property on line 1 column 11
            ! pyproject.toml: unclosed table, expected `]` at line 1
            ! Cargo.toml: string values must be quoted, expected literal string at line 2
        "#]],
    );
}

#[test]
fn hostile_files() {
    let deep = "[".repeat(500_000);
    let many: String = (0..500).map(|number| format!("t{number}:\n")).collect();
    check(
        &[
            ("a/deno.json", &deep),
            ("a/package.json", &deep),
            ("a/pyproject.toml", &format!("x = {deep}")),
            (
                "b/package.json",
                r#"{ "scripts": { "-c": "x", "a\nb": "x", "rm -rf `x`": "x", "": "x", "ok": "a\u001b[2J\n b", "n": 1 } }"#,
            ),
            ("c/package.json", r#"{ "scripts": 1 }"#),
            ("d/package.json", "\0"),
        ],
        expect![[r#"
            b:ok | other | npm run ok | b | b/package.json  # a\u{1b}[2J b
            ! a/package.json: recursion limit exceeded at line 1 column 128
            ! a/deno.json: Maximum nesting depth exceeded on line 1 column 513
            ! a/pyproject.toml: cannot recurse further; max recursion depth met at line 1
            ! d/package.json: it is binary
        "#]],
    );
    let found = found(&[("Makefile", &many)]);
    assert_eq!((found.tasks.len(), found.more), (EACH, true));
}

#[test]
fn staged_texts_are_seen() {
    let (_root, mut workspace, _state) =
        project(&[("package.json", r#"{ "scripts": { "old": "x" } }"#), ("go.mod", "")]);
    let file = |text: &str| Side::File(FileContent::new(text.as_bytes(), None));
    let change =
        |path: &str, before, after| FileChange { path: RelPath::parse(path).expect("path"), before, after };
    let changes = vec![
        change(
            "package.json",
            file(r#"{ "scripts": { "old": "x" } }"#),
            file(r#"{ "scripts": { "new": "x" } }"#),
        ),
        change("new/folder/Makefile", Side::Absent, file("test:\n")),
        change("go.mod", file(""), Side::Absent),
    ];
    workspace.stage("new scripts".to_owned(), changes).expect("staged");
    let found = find(&workspace.snapshot(), &|| ControlFlow::Continue(())).expect("found");
    expect![[r#"
        new | other | npm run new | . | package.json  # x
        new/folder:test | test | make test | new/folder | new/folder/Makefile
    "#]]
    .assert_eq(&table(&found));
}

#[test]
fn a_search_that_nobody_waits_for_ends() {
    let (_root, workspace, _state) = project(&[("go.mod", ""), ("a/go.mod", "")]);
    let found = find(&workspace.snapshot(), &|| ControlFlow::Break(())).expect("found");
    assert_eq!((found.tasks.len(), found.more), (0, true));
}

#[test]
fn each_root_is_looked_into_whatever_its_name() {
    let (parent, state) = (tempfile::tempdir().expect("root"), tempfile::tempdir().expect("state"));
    let roots = ["shop", ".dotfiles", "vendor"].map(|name| parent.path().join(name));
    for root in &roots {
        fs::create_dir(root).expect("folder");
        fs::write(root.join("Makefile"), "test:\n").expect("file");
    }
    let roots = Roots::open(&roots).expect("roots");
    let (workspace, _) = Workspace::open(roots, state.path()).expect("workspace");
    let found = find(&workspace.snapshot(), &|| ControlFlow::Continue(())).expect("found");
    expect![[r#"
        .dotfiles:test | test | make test | .dotfiles | .dotfiles/Makefile
        shop:test | test | make test | shop | shop/Makefile
        vendor:test | test | make test | vendor | vendor/Makefile
    "#]]
    .assert_eq(&table(&found));
}

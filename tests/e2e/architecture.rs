//! Checks the rules on layout and imports by reading the sources. Each rule is a function from files to breaches, so
//! that `planted` can prove that it finds one.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use e2e_tests::binary;

mod mcp;
mod planted;
mod source;

use source::Source;

/// Our crates in the order of dependence: none may know a later one.
const CRATES: &[(&str, &str)] =
    &[("indexer", "devtoolkit_index"), ("mcp-server", "devtoolkit_mcp"), ("lsp-agent", "devtoolkit_agent")];

/// Where the index may touch the disk: its own cache, the tree walk and the command line.
const DISK_OF_INDEX: &[&str] = &["store", "walk", "cli", "main"];

const MOST_LINES: usize = 500;
const MOST_LINES_OF_MAIN: usize = 40;

/// Words that say nothing about what a file does.
const EMPTY_WORDS: &[&str] =
    &["manager", "helper", "helpers", "util", "utils", "common", "service", "engine", "data", "info"];

#[test]
fn crates_know_only_the_ones_below() {
    none(knows_a_later_crate(&sources()));
}

#[test]
fn manifests_know_only_the_crates_below() {
    let manifests: Vec<Source> =
        CRATES.iter().filter_map(|(folder, _)| read(&format!("{folder}/Cargo.toml"))).collect();
    assert!(!manifests.is_empty());
    none(manifest_knows_a_later_crate(&manifests));
}

#[test]
fn the_index_is_synchronous() {
    none(index_names_tokio(&sources()));
}

#[test]
fn the_index_touches_the_disk_in_few_places() {
    none(index_touches_the_disk(&sources()));
}

#[test]
fn modules_lie_beside_their_folders() {
    none(mod_files(&sources()));
}

#[test]
fn every_file_says_what_it_is() {
    none(unexplained(&sources()));
}

#[test]
fn every_file_has_a_telling_name() {
    none(empty_names(&sources()));
}

#[test]
fn main_files_only_start_things() {
    none(long_mains(&sources()));
}

#[test]
fn no_file_is_two_things() {
    none(long_files(&sources()));
}

#[test]
fn no_test_is_ignored() {
    none(ignored_tests(&sources()));
}

#[test]
fn documented_commands_exist() {
    let documents: Vec<Source> =
        ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].into_iter().filter_map(read).collect();
    assert!(documents.iter().any(|document| document.path == "README.md"));
    none(unknown_commands(&documents, "cargo xtask", &help(binary::xtask())));
    // Building the index takes its while: only when a document names one of its commands.
    if documents.iter().any(|document| !document.commands("devtoolkit-index").is_empty()) {
        none(unknown_commands(&documents, "devtoolkit-index", &help(binary::devtoolkit_index())));
    }
}

fn knows_a_later_crate(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (place, (folder, _)) in CRATES.iter().enumerate() {
        for (_, later) in &CRATES[place + 1..] {
            let knows = |source: &&Source| source.is_in(folder) && source.names(later);
            breaches.extend(sources.iter().filter(knows).map(|source| format!("{source} names `{later}`")));
        }
    }
    breaches
}

fn manifest_knows_a_later_crate(manifests: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (place, (folder, _)) in CRATES.iter().enumerate() {
        for manifest in manifests.iter().filter(|manifest| manifest.is_in(folder)) {
            let later = CRATES[place + 1..].iter().map(|(_, name)| name.replace('_', "-"));
            breaches.extend(
                later
                    .filter(|name| manifest.text.contains(name))
                    .map(|name| format!("{manifest} names `{name}`")),
            );
        }
    }
    breaches
}

fn index_names_tokio(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| source.is_in("indexer") && source.names("tokio");
    sources.iter().filter(breach).map(|source| format!("{source} names `tokio`")).collect()
}

fn index_touches_the_disk(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| {
        let module = source.path.strip_prefix("indexer/src/").and_then(|path| path.split(['/', '.']).next());
        module.is_some_and(|module| !DISK_OF_INDEX.contains(&module))
            && !source.is_tests()
            && source.uses_std("fs")
    };
    sources.iter().filter(breach).map(|source| format!("{source} names `std::fs`")).collect()
}

fn mod_files(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| source.file_name() == "mod.rs";
    sources.iter().filter(breach).map(|source| format!("{source}: write `foo.rs` next to `foo/`")).collect()
}

fn unexplained(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| !source.is_tests() && !source.text.starts_with("//! ");
    sources.iter().filter(breach).map(|source| format!("{source} does not open with `//! `")).collect()
}

fn empty_names(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| {
        let stem = source.file_name().trim_end_matches(".rs");
        stem.split('_').any(|word| EMPTY_WORDS.contains(&word))
    };
    sources.iter().filter(breach).map(|source| format!("{source}: its name says nothing")).collect()
}

fn long_mains(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| {
        source.path.ends_with("src/main.rs") && source.text.lines().count() > MOST_LINES_OF_MAIN
    };
    sources
        .iter()
        .filter(breach)
        .map(|source| format!("{source} has over {MOST_LINES_OF_MAIN} lines"))
        .collect()
}

fn long_files(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter(|source| !source.is_tests()).map(|source| (source, source.own_lines()));
    long.filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(source, lines)| format!("{source} has {lines} lines without its tests, over {MOST_LINES}"))
        .collect()
}

fn ignored_tests(sources: &[Source]) -> Vec<String> {
    let ignores = |line: &str| {
        let line = line.trim_start();
        line.starts_with("#[ignore") || (line.starts_with("#[cfg_attr") && line.contains("ignore"))
    };
    let breach = |source: &&Source| source.text.lines().any(ignores);
    sources
        .iter()
        .filter(breach)
        .map(|source| format!("{source}: assert today's behaviour instead"))
        .collect()
}

/// Commands of `program` in code spans and blocks of the documents that its help does not list.
fn unknown_commands(documents: &[Source], program: &str, help: &str) -> Vec<String> {
    let known: Vec<&str> = help
        .lines()
        .filter(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut breaches = Vec::new();
    for document in documents {
        let unknown =
            document.commands(program).into_iter().filter(|command| !known.contains(&command.as_str()));
        breaches.extend(unknown.map(|command| format!("{document} names `{program} {command}`")));
    }
    breaches
}

fn help(program: &Path) -> String {
    let output = Command::new(program).arg("--help").output().expect("a binary just built can be started");
    assert!(output.status.success(), "`{} --help` failed", program.display());
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

#[track_caller]
fn none(breaches: Vec<String>) {
    let list = breaches.iter().fold(String::new(), |mut list, breach| {
        let _ = write!(list, "\n  {breach}");
        list
    });
    assert!(breaches.is_empty(), "{list}");
}

/// Every Rust file of ours.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    let folders = CRATES.iter().map(|(folder, _)| *folder).chain(["tests", "xtask"]);
    for folder in folders.filter(|folder| binary::checkout().join(folder).is_dir()) {
        collect(folder, &mut sources);
    }
    assert!(
        sources.iter().any(|source| source.path == "indexer/src/lib.rs"),
        "the checkout is not where it was built"
    );
    sources
}

fn collect(folder: &str, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(binary::checkout().join(folder)).expect("our folders are readable") {
        let entry = entry.expect("our folders are readable");
        let name = entry.file_name().into_string().expect("our names are UTF-8");
        let path = format!("{folder}/{name}");
        let kind = entry.file_type().expect("our files are readable");
        // Fixtures and samples are input, not sources of ours.
        if kind.is_dir() && !["target", "node_modules", "fixtures", "samples"].contains(&name.as_str()) {
            collect(&path, sources);
        } else if kind.is_file() && name.ends_with(".rs") {
            sources.extend(read(&path));
        }
    }
}

/// The file of this path in the checkout, or none.
fn read(path: &str) -> Option<Source> {
    let text = fs::read_to_string(binary::checkout().join(path)).ok()?;
    Some(Source { path: path.to_owned(), text: text.replace("\r\n", "\n") })
}

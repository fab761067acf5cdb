//! Indexing a tree from nothing, against what tree-sitter takes to parse the same files, and whether the
//! definitions are those that a plain walk over the trees sees.
#![expect(clippy::disallowed_methods, reason = "it reads the corpora")]

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use anyhow::Result;
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;
use devtoolkit_index::{Index, Language, Snapshot, SymbolKind, measure};
use tree_sitter::Parser;

use super::{Report, parsed};
use crate::corpora::{self, Corpus, HOMEASSISTANT, THEIA};
use crate::measure::own_cost;
use crate::report::{self, Goal, Limit, Unit};
use crate::truth::Names;

/// What indexing may cost, in times of parsing alone.
const STRUCTURE: f64 = 1.25;
/// How much faster two threads must be than one.
const THREADS: f64 = 1.8;

/// The least of each of several measurements.
struct Least {
    parse: Duration,
    structure: Duration,
    trigrams: Duration,
    build: Duration,
}

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let corpora = if report.arguments.quick { &[THEIA][..] } else { &[THEIA, HOMEASSISTANT] };
    for spec in corpora {
        let corpus = corpora::fetch(*spec)?;
        let paths = parsed(&corpus);
        let least = alternate(&corpus, &paths, report.times(6).max(2))?;
        let name = spec.id();
        let size = report::bytes(corpus.bytes);
        let row = |what: &str, ours: Duration, limit: f64| Goal {
            what: format!("{name} ({size}): {what}, against parsing; one thread, reading included in both"),
            ours: format!("{} CPU", report::seconds(ours)),
            peer: format!("tree-sitter {} CPU", report::seconds(least.parse)),
            value: ours.as_secs_f64() / least.parse.as_secs_f64(),
            limit: Limit::Most(limit),
            unit: Unit::Times,
        };
        report.goals.push(row("cold full structure", least.structure, STRUCTURE));
        report.notes.push(format!(
            "{name}: the whole `Store::refresh` (walk, hash, structure, trigrams, written to disk) takes {} CPU, \
             {:.2}× parsing; the trigrams alone, with reading, {} CPU.",
            report::seconds(least.build),
            least.build.as_secs_f64() / least.parse.as_secs_f64(),
            report::seconds(least.trigrams),
        ));
        check(report, &corpus, &paths)?;
    }
    threads(report)
}

/// Each of the four in turn, several times over.
fn alternate(corpus: &Corpus, paths: &[String], times: usize) -> Result<Least> {
    let [parse, structure, trigrams, build] = [Duration::MAX; 4];
    let mut least = Least { parse, structure, trigrams, build };
    for _ in 0..times {
        least.parse = least.parse.min(own_cost(|| parse_all(corpus, paths)).0);
        let (cost, size) = own_cost(|| measure::structure(&corpus.root, paths));
        assert!(size > 0, "a segment has a header");
        least.structure = least.structure.min(cost);
        let (cost, size) = own_cost(|| measure::trigrams(&corpus.root, paths));
        assert!(size > 0, "a table has a header");
        least.trigrams = least.trigrams.min(cost);
        let cache = tempfile::tempdir()?;
        let store = Store::open(&corpus.root, Some(cache.path()))?;
        let options = WalkOptions { threads: 1, ..WalkOptions::default() };
        let (cost, built) = own_cost(|| store.refresh(&mut Index::new(), &options, &|_| {}));
        built?;
        least.build = least.build.min(cost);
    }
    Ok(least)
}

/// Reads and parses all files; gives the number of nodes, so that the work is not optimised away.
fn parse_all(corpus: &Corpus, paths: &[String]) -> usize {
    let mut parsers: Vec<(Language, Parser)> = Vec::new();
    let mut nodes = 0;
    for path in paths {
        let Ok(bytes) = fs::read(corpus.root.join(path)) else { continue };
        let language = Language::of_path(path).expect("only files of known languages are listed");
        let at = parsers.iter().position(|(known, _)| *known == language).unwrap_or_else(|| {
            let mut parser = Parser::new();
            parser.set_language(&language.grammar()).expect("the grammars fit this tree-sitter");
            parsers.push((language, parser));
            parsers.len() - 1
        });
        nodes += parsers[at].1.parse(&bytes, None).map_or(0, |tree| tree.root_node().descendant_count());
    }
    nodes
}

/// Symbols against the declarations that a plain walk over tree-sitter's trees sees.
fn check(report: &mut Report<'_>, corpus: &Corpus, paths: &[String]) -> Result<()> {
    let built = report.built(corpus.spec)?;
    let snapshot = built.index.snapshot();
    let (mut wanted, mut claimed, mut found, mut right) = (0, 0, 0, 0);
    for path in paths {
        let Ok(bytes) = fs::read(corpus.root.join(path)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let names = Names::of(path, &text);
        if names.is_empty() {
            continue;
        }
        let declared: HashSet<usize> = names.declared().collect();
        let outline: HashSet<usize> = starts(&snapshot, path, |_| true);
        wanted += declared.len();
        found += declared.intersection(&outline).count();
        let claims = starts(&snapshot, path, is_declaration);
        claimed += claims.len();
        // A variable, field or key that is given a function is one too.
        right += claims.iter().filter(|start| declared.contains(start) || names.is_given(**start)).count();
        if report.arguments.misses > 0 {
            show(report, &names, path, &text, declared.difference(&outline));
            show(
                report,
                &names,
                path,
                &text,
                claims.iter().filter(|start| !declared.contains(start) && !names.is_given(**start)),
            );
        }
    }
    let goal = |figure: &str, part: usize, whole: usize| Goal {
        what: format!("{}: definitions against a plain tree-sitter walk: {figure}", corpus.spec.id()),
        ours: part.to_string(),
        peer: whole.to_string(),
        value: part as f64 / whole as f64,
        limit: Limit::Least(1.0),
        unit: Unit::Share,
    };
    report.goals.push(goal("precision", right, claimed));
    report.goals.push(goal("recall", found, wanted));
    Ok(())
}

fn show<'a>(
    report: &mut Report<'_>,
    names: &Names,
    path: &str,
    text: &str,
    starts: impl Iterator<Item = &'a usize>,
) {
    for name in starts.filter_map(|start| names.at(path, text, *start)) {
        let field = name.field.as_deref().unwrap_or("-");
        let line = name.place.line + 1;
        report.notes.push(format!("{path}:{line} `{}` {} in {}.{field}", name.name, name.node, name.parent));
    }
}

fn starts(snapshot: &Snapshot, path: &str, wanted: fn(SymbolKind) -> bool) -> HashSet<usize> {
    let symbols = snapshot.outline(path).unwrap_or_default();
    symbols
        .iter()
        .filter(|symbol| wanted(symbol.kind))
        .map(|symbol| symbol.name_range.start as usize)
        .collect()
}

/// Kinds of symbols that only a declaration makes.
fn is_declaration(kind: SymbolKind) -> bool {
    use SymbolKind::{Class, Constructor, Function, Interface, Method};
    matches!(kind, Function | Method | Constructor | Class | Interface)
}

/// One thread against two; what the wall clock says, so only a word where the machine is busy.
fn threads(report: &mut Report<'_>) -> Result<()> {
    let corpus = corpora::fetch(THEIA)?;
    let mut least = [Duration::MAX; 2];
    for _ in 0..report.times(6).max(2) {
        for (threads, least) in (1..).zip(&mut least) {
            let cache = tempfile::tempdir()?;
            let store = Store::open(&corpus.root, Some(cache.path()))?;
            let options = WalkOptions { threads, ..WalkOptions::default() };
            let begun = std::time::Instant::now();
            store.refresh(&mut Index::new(), &options, &|_| {})?;
            *least = begun.elapsed().min(*least);
        }
    }
    report.goals.push(Goal {
        what: format!(
            "{}: two threads against one, by the wall clock, on a machine that others use too",
            corpus.spec.id()
        ),
        ours: report::seconds(least[1]),
        peer: report::seconds(least[0]),
        value: least[0].as_secs_f64() / least[1].as_secs_f64(),
        limit: Limit::Least(THREADS),
        unit: Unit::Times,
    });
    Ok(())
}

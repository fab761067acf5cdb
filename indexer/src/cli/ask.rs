//! Each question, asked of a snapshot.

use super::places::{relative_to_root, split_place};
use super::print::{self, Texts};
use super::session::Session;
use super::{CallArguments, Command, TextArguments};
use anyhow::{Result, bail};
use devtoolkit_index::text::{Case, TextQuery};
use devtoolkit_index::{Filter, Language, MapOptions, Snapshot, Symbol};

impl Session<'_> {
    pub(super) fn ask(&self, command: &Command, snapshot: &Snapshot) -> Result<print::Answer> {
        let texts = Texts::new(&self.store, snapshot);
        let output = self.output();
        match command {
            Command::Build { .. } => bail!("`build` asks nothing"),
            Command::Outline { file } => {
                let path = self.known_path(snapshot, file)?;
                let symbols = snapshot.outline(&path).unwrap_or_default();
                let symbols: Vec<Symbol> =
                    symbols.into_iter().filter(|symbol| self.filter.admits_kind(symbol.kind)).collect();
                let why = print::why_no_symbols(snapshot, &path, self.options().max_file_bytes);
                let imports = snapshot.imports(&path).unwrap_or_default();
                Ok(output.outline(&texts, &path, &symbols, &imports, why))
            }
            Command::Find { query, kind, limit } => {
                let mut filter = self.filter.clone();
                filter.kinds.clone_from(kind);
                let hits = snapshot.find(query, &filter, usize::try_from(*limit)?);
                Ok(output.hits(&texts, query, &hits))
            }
            Command::Definition { place } => {
                let (path, offset) = self.place(snapshot, &texts, place)?;
                Ok(output.definitions(&texts, place, &snapshot.definition(&path, offset)))
            }
            Command::References { target, limit } => {
                self.references(snapshot, &texts, target, usize::try_from(*limit)?)
            }
            Command::Callers(CallArguments { target, depth }) => {
                let calls = |symbol: &Symbol| snapshot.callers(symbol, *depth, &self.filter);
                let symbols = self.targets(snapshot, &texts, target)?;
                Ok(output.calls(&texts, target, &symbols.iter().flat_map(calls).collect::<Vec<_>>()))
            }
            Command::Callees(CallArguments { target, depth }) => {
                let calls = |symbol: &Symbol| snapshot.callees(symbol, *depth, &self.filter);
                let symbols = self.targets(snapshot, &texts, target)?;
                Ok(output.calls(&texts, target, &symbols.iter().flat_map(calls).collect::<Vec<_>>()))
            }
            Command::Map { budget, focus } => self.map(snapshot, &texts, usize::try_from(*budget)?, focus),
            Command::Text(wanted) => self.text(snapshot, &texts, wanted),
            Command::Query { language, query, limit } => {
                self.query(snapshot, &texts, *language, query, usize::try_from(*limit)?)
            }
        }
    }

    fn references(
        &self,
        snapshot: &Snapshot,
        texts: &Texts<'_>,
        target: &str,
        limit: usize,
    ) -> Result<print::Answer> {
        let mut found = Vec::new();
        for symbol in self.targets(snapshot, texts, target)? {
            found.extend(snapshot.references(&symbol, &self.filter));
        }
        // Symbols of one name share their uses by name.
        found.sort_by(|a, b| {
            (&a.path, a.range.start, a.certainty).cmp(&(&b.path, b.range.start, b.certainty))
        });
        found.dedup_by(|a, b| a.path == b.path && a.range == b.range);
        found.sort_by_key(|reference| reference.certainty);
        Ok(self.output().references(texts, target, &found, limit))
    }

    fn map(
        &self,
        snapshot: &Snapshot,
        texts: &Texts<'_>,
        budget: usize,
        focus: &[String],
    ) -> Result<print::Answer> {
        let focus = focus.iter().map(|focus| self.focus(focus)).collect();
        let text = |path: &str| texts.get(path).map(|text| text.to_string());
        let map = snapshot.map(&MapOptions { budget, focus }, &text);
        if let Some(unknown) = map.unknown_focus.first() {
            bail!("--focus `{unknown}` names no source file, folder or symbol; look for it with `find`");
        }
        Ok(self.output().map(texts, &map, budget))
    }

    fn text(&self, snapshot: &Snapshot, texts: &Texts<'_>, wanted: &TextArguments) -> Result<print::Answer> {
        let context = usize::try_from(wanted.context)?;
        let query = TextQuery {
            pattern: wanted.pattern.clone(),
            literal: wanted.literal,
            case: if wanted.ignore_case { Case::Insensitive } else { Case::Sensitive },
            word: wanted.word,
            before: context,
            after: context,
            ..TextQuery::default()
        };
        let query = query.compile()?;
        let bytes = |path: &str| self.store.bytes(path);
        if wanted.count {
            let counts = snapshot.count_text(&query, &self.filter, &bytes);
            return Ok(self.output().counts(texts, &wanted.pattern, &counts));
        }
        let found = snapshot.search_text(&query, &self.filter, wanted.limit, &bytes);
        Ok(self.output().text_hits(texts, &wanted.pattern, &found))
    }

    fn query(
        &self,
        snapshot: &Snapshot,
        texts: &Texts<'_>,
        language: Language,
        query: &str,
        limit: usize,
    ) -> Result<print::Answer> {
        let mut search = devtoolkit_index::structural_search(language, query)?;
        let mut paths: Vec<String> = snapshot
            .files()
            .filter(|file| {
                file.language == Some(language) && self.filter.admits_file(&file.path, file.language)
            })
            .map(|file| file.path)
            .collect();
        paths.sort_unstable();
        let mut found = Vec::new();
        for path in paths {
            if let Some(text) = texts.get(&path) {
                found.extend(search.matches(&text).into_iter().map(|matched| (path.clone(), matched)));
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(self.output().matches(texts, query, &found, limit))
    }

    /// A path the user gave, as the index has it.
    fn known_path(&self, snapshot: &Snapshot, given: &str) -> Result<String> {
        let path = relative_to_root(&self.store, given);
        if snapshot.contains(&path) {
            return Ok(path);
        }
        let root = self.store.root();
        let full = root.join(&path);
        let why = if full.is_dir() {
            "is a folder; name a file in it"
        } else if !full.is_file() {
            "is not there"
        } else if full.canonicalize().is_ok_and(|full| !full.starts_with(root)) {
            "lies outside of the root"
        } else {
            "is ignored, or has been left out of the index"
        };
        bail!("`{given}` {why}; paths are looked up below `{}` (-C DIR names another root)", root.display())
    }

    /// FILE:LINE:COLUMN as a path and a byte offset.
    fn place(&self, snapshot: &Snapshot, texts: &Texts<'_>, place: &str) -> Result<(String, u32)> {
        let Some((file, line, column)) = split_place(place) else {
            bail!("`{place}` is not FILE:LINE:COLUMN with numbers from 1, as in `src/main.py:12:5`");
        };
        let path = self.known_path(snapshot, file)?;
        let Some(text) = texts.get(&path) else {
            match print::why_no_symbols(snapshot, &path, self.options().max_file_bytes) {
                Some(why) => bail!("`{path}` {why}"),
                None => bail!("`{path}` is changing while it is read; ask again"),
            }
        };
        let lines = devtoolkit_index::LineIndex::new(&text);
        if line as usize > lines.line_count() {
            bail!("`{path}` has {} lines, so none at {line}", lines.line_count());
        }
        let position = devtoolkit_index::Position { line: line - 1, character: column - 1 };
        let last = lines.line(line - 1).encode_utf16().count() + 1;
        if column as usize > last {
            bail!("line {line} of `{path}` ends at column {last}, so there is none at {column}");
        }
        Ok((path, lines.offset(position)))
    }

    /// The symbols that a NAME or FILE:LINE:COLUMN means.
    fn targets(&self, snapshot: &Snapshot, texts: &Texts<'_>, target: &str) -> Result<Vec<Symbol>> {
        let mut symbols = Vec::new();
        let is_place = split_place(target).is_some();
        if is_place {
            let (path, offset) = self.place(snapshot, texts, target)?;
            for definition in snapshot.definition(&path, offset) {
                if let devtoolkit_index::Place::Symbol(symbol) = definition.place {
                    symbols.push(symbol);
                }
            }
        } else {
            let hits = snapshot.find(target, &Filter::default(), 50);
            let exact = hits.into_iter().filter(|hit| hit.kind == devtoolkit_index::MatchKind::Exact);
            symbols.extend(exact.map(|hit| hit.symbol));
        }
        if symbols.is_empty() && is_place {
            bail!("no name with a known definition stands at `{target}`");
        }
        if symbols.is_empty() {
            bail!("no symbol `{target}`; look for it with `find`");
        }
        Ok(symbols)
    }

    /// A focus that is a path is taken from the current folder, as paths are.
    fn focus(&self, focus: &str) -> String {
        let path = relative_to_root(&self.store, focus);
        match self.store.root().join(&path).try_exists() {
            Ok(true) if !focus.is_empty() => {
                if path.is_empty() {
                    ".".to_owned()
                } else {
                    path
                }
            }
            _ => focus.to_owned(),
        }
    }
}

//! One command from the index it needs to the exit code.

use super::print::{self, Output};
use super::{Command, Global, warn};
use anyhow::Result;
use devtoolkit_index::store::{Loaded, Store};
use devtoolkit_index::walk::{Progress, WalkOptions, WalkReport};
use devtoolkit_index::{Filter, Index, Snapshot};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// One command's root, filter and settings.
pub(super) struct Session<'a> {
    pub(super) store: Store,
    pub(super) filter: Filter,
    pub(super) global: &'a Global,
}

impl Session<'_> {
    pub(super) fn options(&self) -> WalkOptions {
        let mut options =
            WalkOptions { max_file_bytes: self.global.max_file_size * 1024, ..WalkOptions::default() };
        if let Some(threads) = self.global.threads {
            options.threads = usize::try_from(threads).unwrap_or(1);
        }
        options
    }

    pub(super) fn build(&self) -> Result<ExitCode> {
        let begun = Instant::now();
        let (loaded, report) = self.refreshed()?;
        let snapshot = loaded.index.snapshot();
        print::build(&self.output(), &snapshot, &report, begun.elapsed(), &self.store)?;
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn output(&self) -> Output {
        Output { json: self.global.json }
    }

    fn refreshed(&self) -> Result<(Loaded, WalkReport)> {
        let bar = Bar::new();
        let answer = self.store.load_and_refresh(&self.options(), &|progress| bar.show(progress));
        bar.clear();
        let (loaded, report) = answer?;
        if let Some(warning) = &loaded.warning {
            warn(warning);
        }
        Ok((loaded, report))
    }

    /// The index to ask, and whether it has names only.
    fn index(&self) -> Result<(Index, bool)> {
        if self.global.unchecked || self.global.partial {
            let loaded = self.store.load();
            if let Some(warning) = &loaded.warning {
                warn(warning);
            }
            if loaded.found && self.global.unchecked {
                return Ok((loaded.index, false));
            }
            if !loaded.found && self.global.partial {
                let mut index = Index::new();
                let options = WalkOptions { names_only: true, ..self.options() };
                self.store.refresh(&mut index, &options, &|_| {})?;
                return Ok((index, true));
            }
        }
        Ok((self.refreshed()?.0.index, false))
    }

    pub(super) fn answer(&self, command: &Command) -> Result<ExitCode> {
        let (mut index, partial) = self.index()?;
        let question = |snapshot: &Snapshot| self.ask(command, snapshot);
        let mut answer = self.store.ask(&mut index, &self.options(), &question)??;
        if answer.stale && self.global.unchecked {
            // A file that the answer needs has changed since it was indexed.
            self.store.refresh(&mut index, &self.options(), &|_| {})?;
            answer = self.store.ask(&mut index, &self.options(), &question)??;
        }
        if partial {
            warn(
                "partial answer: only names of Python definitions so far; `devtoolkit-index build` completes the index",
            );
        }
        let mut out = std::io::stdout().lock();
        out.write_all(answer.text.as_bytes())?;
        out.flush()?;
        Ok(if answer.empty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// A progress bar, where somebody watches.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("indexing {bar:32} {pos}/{len} files  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    fn show(&self, progress: Progress) {
        self.bar.set_length(progress.total as u64);
        self.bar.set_position(progress.done as u64);
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

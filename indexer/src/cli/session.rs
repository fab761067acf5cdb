//! One command from the index it needs to the exit code.

use super::print::Output;
use super::{Command, Global, build, warn};
use anyhow::Result;
use devtoolkit_index::store::{Loaded, Store};
use devtoolkit_index::walk::{Progress, WalkOptions};
use devtoolkit_index::{Filter, Snapshot};
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
        let mut loaded = self.refreshed();
        let counts = self.store.ask(&mut loaded, &self.options(), &Snapshot::counts);
        warn_of(&loaded);
        let report = loaded.report.unwrap_or_default();
        build::print(&self.output(), &counts, &report, begun.elapsed(), &self.store)?;
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn output(&self) -> Output {
        Output { json: self.global.json }
    }

    fn refreshed(&self) -> Loaded {
        let bar = Bar::new();
        let loaded = self.store.load_and_refresh(&self.options(), &|progress| bar.show(progress));
        bar.clear();
        loaded
    }

    /// The index to ask, and whether it has names only.
    fn index(&self) -> Result<(Loaded, bool)> {
        if !self.global.unchecked && !self.global.partial {
            return Ok((self.refreshed(), false));
        }
        let mut loaded = self.store.load();
        if loaded.found && self.global.unchecked {
            return Ok((loaded, false));
        }
        if !loaded.found && self.global.partial {
            let options = WalkOptions { names_only: true, ..self.options() };
            self.store.refresh(&mut loaded.index, &options, &|_| {})?;
            return Ok((loaded, true));
        }
        Ok((self.refreshed(), false))
    }

    pub(super) fn answer(&self, command: &Command) -> Result<ExitCode> {
        let (mut loaded, partial) = self.index()?;
        let options = self.options();
        let question = |snapshot: &Snapshot| self.ask(command, snapshot);
        let mut answer = self.store.ask(&mut loaded, &options, &question);
        if self.global.unchecked && answer.as_ref().is_ok_and(|answer| answer.stale) {
            // A file that the answer needs has changed since it was indexed.
            loaded = self.refreshed();
            answer = self.store.ask(&mut loaded, &options, &question);
        }
        warn_of(&loaded);
        if partial {
            warn(
                "partial answer: only names of Python definitions so far; `devtoolkit-index build` completes the index",
            );
        }
        let answer = answer?;
        let mut out = std::io::stdout().lock();
        out.write_all(answer.text.as_bytes())?;
        out.flush()?;
        Ok(if answer.empty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn warn_of(loaded: &Loaded) {
    if let Some(warning) = &loaded.warning {
        warn(warning);
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

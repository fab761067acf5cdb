//! What is measured of each model, and what the rows have in common.

use crate::arguments::Arguments;
use crate::report::{Goal, Limit, Unit};
use crate::{cached, throughput};
use anyhow::{Context, Result, anyhow};
use devtoolkit_agent::catalogue::Catalogue;
use devtoolkit_agent::loading::Loading;
use devtoolkit_agent::machine::Machine;
use devtoolkit_agent::model_store::ModelStore;
use devtoolkit_agent::placement::Wish;
use devtoolkit_agent::provider::llama::Process;
use devtoolkit_agent::provider::wire::Load;
use devtoolkit_agent::speed::Measured;
use devtoolkit_agent::tuning::Tunings;
use std::path::{Path, PathBuf};

/// A model, and how it is measured.
pub(crate) struct Subject<'a> {
    pub(crate) path: &'a Path,
    pub(crate) name: String,
    pub(crate) arguments: &'a Arguments,
}

/// Measures every model.
pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Goal>> {
    let mut goals = Vec::new();
    for path in &arguments.models {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let subject = Subject { path, name, arguments };
        goals.extend(throughput::run(&subject).with_context(|| subject.name.clone())?);
        goals.extend(cached::run(&subject).with_context(|| subject.name.clone())?);
    }
    Ok(goals)
}

impl Subject<'_> {
    /// How it is loaded, with so many tokens of context; and bytes that it was said to need.
    pub(crate) fn load(&self, context: u64) -> Result<(Load, u64)> {
        let store = ModelStore::new(PathBuf::from("."));
        let (catalogue, machine, tunings) = (Catalogue::built_in(), Machine::here(), Tunings::default());
        let loading = Loading { store: &store, catalogue: &catalogue, machine: &machine, tunings: &tunings };
        let wish = Wish { context: Some(context), threads: Some(self.arguments.threads), ..Wish::default() };
        let loadable = loading.kept(&store.at(self.path)?, &wish)?;
        let load = Load { batch: self.arguments.batch, parallel: 1, ..loadable.load };
        Ok((load, loadable.placement.need.main.total()))
    }

    /// Starts our worker on it.
    pub(crate) fn start(&self, load: &Load) -> Result<Measured> {
        let mut process = Process::new(env!("CARGO_BIN_EXE_devtoolkit-agent").into());
        // That its context is full of earlier prompts is no news here.
        process.arguments = ["--log", "error"].map(str::to_owned).to_vec();
        Measured::start(&process, load).map_err(failed)
    }

    pub(crate) fn goal(
        &self,
        what: &str,
        ours: String,
        peer: String,
        value: f64,
        limit: Limit,
        unit: Unit,
    ) -> Goal {
        Goal { what: format!("{}: {what}", self.name), ours, peer, value, limit, unit }
    }
}

pub(crate) fn failed(what: String) -> anyhow::Error {
    anyhow!(what)
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Tokens a second.
pub(crate) fn rate(tokens: f64) -> String {
    format!("{tokens:.1}/s")
}

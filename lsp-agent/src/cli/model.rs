//! `devtoolkit-agent model`: which models there are, getting them, and what they are.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment is read here, and the person's own list of models"
)]

use super::opening::person;
use super::print::{answer, answer_json, table};
use super::say;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use devtoolkit_agent::catalogue::{Catalogue, Role};
use devtoolkit_agent::machine::{Gpu, Machine, Memory};
use devtoolkit_agent::model_store::ModelStore;
use devtoolkit_agent::placement::{KvType, Wish};
use devtoolkit_agent::provider::cards;
use devtoolkit_agent::provider::llama::Process;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(feature = "llama")]
mod bench;
mod describe;
mod list;
mod pull;
mod verify;

/// Show, get and check models.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    #[command(subcommand)]
    command: Command,
    /// The folder of models [default: models, in the cache folder of devtoolkit]
    #[arg(long, value_name = "DIR", global = true)]
    models: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the models that are known by name, and those that are here
    List,
    /// Bring a model from its publisher's hub
    Pull(pull::PullArguments),
    /// Tell what a model is, what it needs, and where it would go on this machine
    Info(describe::InfoArguments),
    /// Read all of a model, and hold it against its checksums
    Verify(Named),
    /// Delete a model that was pulled
    Remove {
        /// As in `list`
        name: String,
    },
    /// List which models suit this machine, the best first
    Recommend(list::RecommendArguments),
    /// Measure how fast a model is on this machine, and remember what is quickest
    #[cfg(feature = "llama")]
    Bench(bench::BenchArguments),
}

/// A model that is meant.
#[derive(Debug, Args)]
struct Named {
    /// A name as in `list`, or the path of a `.gguf` file
    #[arg(required_unless_present = "model")]
    name: Option<String>,
    /// The path of a `.gguf` file; of a split one, any part
    #[arg(long, value_name = "PATH", conflicts_with = "name")]
    model: Option<PathBuf>,
}

/// A machine other than this one, to see what it could run.
#[derive(Debug, Args)]
struct MachineArguments {
    /// As if so much memory were free, such as 16GB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// As if there were a graphics card with so much free memory; may be repeated
    #[arg(long = "gpu", value_name = "SIZE", value_parser = size)]
    gpus: Vec<u64>,
    /// As if there were so many cores
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    cores: Option<u32>,
}

/// What is asked of a placement.
#[derive(Debug, Args)]
struct WishArguments {
    /// Tokens of context
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    context: Option<u64>,
    /// How the context is kept: f16, q8_0 or q4_0
    #[arg(long, value_name = "TYPE", value_parser = kv)]
    kv: Option<KvType>,
    /// Layers on graphics cards, the output counted as one
    #[arg(long, value_name = "COUNT")]
    gpu_layers: Option<u32>,
    /// Layers, from the first, whose experts stay on the processor
    #[arg(long, value_name = "COUNT")]
    cpu_experts: Option<u32>,
    /// Threads that compute
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Read the file into memory in place of mapping it
    #[arg(long)]
    no_mmap: bool,
}

/// What all commands work with.
struct Here {
    catalogue: Catalogue,
    store: ModelStore,
    json: bool,
}

/// Does what the command line says.
///
/// # Errors
/// When a model cannot be used, with what to do.
pub(crate) fn run(arguments: &ModelArguments) -> Result<ExitCode> {
    let context = Here {
        catalogue: catalogue()?,
        store: ModelStore::new(models_folder(arguments.models.as_deref())?),
        json: arguments.json,
    };
    match &arguments.command {
        Command::List => list::list(&context),
        Command::Pull(arguments) => pull::pull(&context, arguments),
        Command::Info(arguments) => describe::describe(&context, arguments),
        Command::Verify(named) => verify::verify(&context, named),
        Command::Remove { name } => verify::remove(&context, name),
        Command::Recommend(arguments) => list::recommend(&context, arguments),
        #[cfg(feature = "llama")]
        Command::Bench(arguments) => bench::bench(&context, arguments),
    }
}

/// The folder of models: the one that is given, or the usual one.
///
/// # Errors
/// When there is no cache folder.
pub(super) fn models_folder(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = given {
        return Ok(folder.to_owned());
    }
    let cache = devtoolkit_index::store::user_cache();
    let cache = cache.context("there is no cache folder; set HOME or XDG_CACHE_HOME, or pass --models")?;
    Ok(cache.join("devtoolkit").join("models"))
}

/// The built-in list and the person's own.
pub(super) fn catalogue() -> Result<Catalogue> {
    let Some(path) = own_list().filter(|path| path.exists()) else {
        return Ok(Catalogue::built_in());
    };
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Catalogue::with(&text, &format!("`{}`", path.display()))?)
}

/// `models.toml` in the person's folder for configurations.
fn own_list() -> Option<PathBuf> {
    Some(person().config_folder()?.join("models.toml"))
}

impl Named {
    fn text(&self) -> String {
        let path = self.model.as_ref().map(|path| path.display().to_string());
        path.or_else(|| self.name.clone()).unwrap_or_default()
    }

    fn find(&self, context: &Here) -> Result<devtoolkit_agent::model_store::Kept> {
        let Some(path) = &self.model else {
            return Ok(context.store.find(&context.catalogue, &self.text())?);
        };
        if !path.is_file() {
            bail!("`--model {}` is no file; give the path of a `.gguf` file", path.display());
        }
        Ok(context.store.at(path)?)
    }
}

impl MachineArguments {
    /// This machine, but for what is said of it.
    fn machine(&self) -> Machine {
        let mut machine = Machine::here();
        if let Some(bytes) = self.memory {
            machine.memory = Some(Memory { total: bytes, available: bytes });
        }
        if let Some(cores) = self.cores {
            machine.cores = cores;
        }
        with_cards(machine, &self.gpus)
    }
}

/// A machine with its graphics cards, or as if it had some with so much free memory.
pub(super) fn with_cards(machine: Machine, given: &[u64]) -> Machine {
    if given.is_empty() && cards::BUILT {
        let program = env::current_exe().map_err(|error| error.to_string());
        match program.and_then(|program| cards::ask(&Process::new(program))) {
            Ok(gpus) => return Machine { gpus, ..machine },
            Err(what) => say(&format!("warning: {what}")),
        }
    }
    let gpu = |bytes: &u64| Gpu { name: "as given".to_owned(), total: *bytes, free: *bytes, in_main: false };
    Machine { gpus: given.iter().map(gpu).collect(), ..machine }
}

impl WishArguments {
    fn wish(&self) -> Wish {
        Wish {
            context: self.context,
            kv: self.kv,
            gpu_layers: self.gpu_layers,
            cpu_expert_layers: self.cpu_experts,
            threads: self.threads,
            mmap: self.no_mmap.then_some(false),
            // As the worker does it, for the sake of cached prefixes.
            full_windows: true,
        }
    }
}

fn role(text: &str) -> Result<Role, String> {
    let known = Role::ALL.into_iter().find(|role| role.name() == text);
    known.ok_or_else(|| "it is one of edit, plan, ask, complete, embed".to_owned())
}

fn kv(text: &str) -> Result<KvType, String> {
    let known = KvType::ALL.into_iter().find(|kv| kv.name() == text);
    known.ok_or_else(|| "it is one of f16, q8_0, q4_0".to_owned())
}

/// Bytes such as `16GB`, `512MB` or `8GiB`.
fn size(text: &str) -> Result<u64, String> {
    const UNITS: &[(&str, f64)] = &[
        ("GiB", (1u64 << 30) as f64),
        ("MiB", (1u64 << 20) as f64),
        ("GB", 1e9),
        ("MB", 1e6),
        ("G", 1e9),
        ("M", 1e6),
    ];
    let found = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
    let number = found.and_then(|(number, bytes)| Some(number.trim().parse::<f64>().ok()? * bytes));
    match number {
        Some(bytes) if bytes.is_finite() && (0.0..1e18).contains(&bytes) => Ok(bytes as u64),
        _ => Err("it is a number with a unit, such as 16GB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("16GB"), Ok(16_000_000_000));
        assert_eq!(size("1.5 G"), Ok(1_500_000_000));
        assert_eq!(size("8GiB"), Ok(8 << 30));
        for wrong in ["16", "GB", "-1GB", "1e30GB", "infGB", "NaNGB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}

//! The benchmark's own command line.

#![expect(
    clippy::disallowed_methods,
    reason = "it reads the arguments, and what `cargo xtask` says of the models"
)]

use anyhow::{Context, Result, bail};
use devtoolkit_agent::machine::Machine;
use std::env;
use std::path::PathBuf;

/// The models that are measured when none are named, by the variables that say where they are.
const MODELS: [&str; 3] = ["DEVTOOLKIT_SMOLLM2", "DEVTOOLKIT_SMOLLM2_MOE", "DEVTOOLKIT_QWEN_CODER"];

/// What this process is to do.
pub(crate) enum Task {
    Measure(Arguments),
    /// To run llama.cpp as others do, for comparison.
    Bare(Bare),
}

/// What to measure, and how.
pub(crate) struct Arguments {
    pub(crate) models: Vec<PathBuf>,
    pub(crate) threads: u32,
    /// Tokens that are evaluated at once.
    pub(crate) batch: u32,
    /// Measurements of each kind, of which the median counts.
    pub(crate) rounds: u64,
}

/// A model without us.
#[derive(Clone, Debug)]
pub(crate) struct Bare {
    pub(crate) model: PathBuf,
    pub(crate) context: u32,
    pub(crate) batch: u32,
    pub(crate) threads: u32,
}

impl Task {
    /// Reads `[--quick] [--threads N] [--batch N] [MODEL.gguf…]`.
    pub(crate) fn given() -> Result<Self> {
        let mut given = env::args().skip(1).filter(|argument| argument != "--bench").peekable();
        if given.next_if_eq("bare").is_some() {
            let mut next = || given.next().context("`bare` needs a model, a context, a batch and threads");
            let (model, context, batch, threads) = (next()?.into(), next()?, next()?, next()?);
            return Ok(Self::Bare(Bare {
                model,
                context: context.parse()?,
                batch: batch.parse()?,
                threads: threads.parse()?,
            }));
        }
        let mut arguments =
            Arguments { models: Vec::new(), threads: Machine::here().cores, batch: 512, rounds: 7 };
        while let Some(argument) = given.next() {
            let mut number = || -> Result<u32> {
                let value = given.next().with_context(|| format!("`{argument}` needs a number"))?;
                value.parse().with_context(|| format!("`{value}` is no number"))
            };
            match argument.as_str() {
                "--quick" => arguments.rounds = 3,
                "--threads" => arguments.threads = number()?,
                "--batch" => arguments.batch = number()?,
                flag if flag.starts_with('-') => {
                    bail!("no flag `{flag}`; known: --quick, --threads, --batch")
                }
                model => arguments.models.push(model.into()),
            }
        }
        if arguments.models.is_empty() {
            arguments.models = MODELS.iter().filter_map(env::var_os).map(PathBuf::from).collect();
        }
        if arguments.models.is_empty() {
            bail!("no models; run `cargo xtask bench inference`, or name some");
        }
        Ok(Self::Measure(arguments))
    }
}

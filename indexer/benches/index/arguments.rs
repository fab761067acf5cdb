//! The benchmark's own command line.
#![expect(clippy::disallowed_methods, reason = "it reads the arguments")]

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::rows::Row;

/// What to measure, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    /// Empty for all of them.
    pub(crate) rows: Vec<Row>,
    /// Where the corpora lie, when not in the user's cache folder.
    pub(crate) corpora: Option<PathBuf>,
    /// Fewer repetitions and fewer corpora: for a look, not for the record.
    pub(crate) quick: bool,
    /// Names of the samples to score; empty for all of them.
    pub(crate) samples: Vec<String>,
    /// Wrong and missing answers to print for each sample.
    pub(crate) misses: usize,
    /// Print which syntax the misses stand in.
    pub(crate) breakdown: bool,
}

/// The arguments as the system gives them, without the program's name.
pub(crate) fn given() -> Vec<OsString> {
    std::env::args_os().skip(1).collect()
}

impl Arguments {
    /// Reads `[ROW…] [--corpora DIR] [--quick] [--sample NAME]… [--misses N] [--breakdown]`.
    pub(crate) fn parse(given: &[OsString]) -> Result<Self> {
        let mut arguments = Self::default();
        let mut given = given.iter();
        while let Some(argument) = given.next() {
            let argument = argument.to_string_lossy();
            let mut value = || given.next().with_context(|| format!("`{argument}` needs a value"));
            match &*argument {
                "--corpora" => arguments.corpora = Some(value()?.into()),
                "--quick" => arguments.quick = true,
                "--sample" => arguments.samples.push(value()?.to_string_lossy().into_owned()),
                "--misses" => {
                    let number = value()?.to_string_lossy().into_owned();
                    arguments.misses = number.parse().with_context(|| format!("`{number}` is no number"))?;
                }
                "--breakdown" => arguments.breakdown = true,
                row => match Row::named(row) {
                    Some(row) => arguments.rows.push(row),
                    None => {
                        let known: Vec<&str> = Row::ALL.iter().map(|row| row.name()).collect();
                        bail!("no row `{row}`; known: {}", known.join(", "));
                    }
                },
            }
        }
        Ok(arguments)
    }

    /// Whether a row is wanted.
    pub(crate) fn wants(&self, row: Row) -> bool {
        self.rows.is_empty() || self.rows.contains(&row)
    }

    /// Whether a sample is wanted.
    pub(crate) fn wants_sample(&self, name: &str) -> bool {
        self.samples.is_empty() || self.samples.iter().any(|sample| sample == name)
    }
}

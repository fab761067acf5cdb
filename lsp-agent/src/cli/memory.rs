//! `devtoolkit-agent memory`: what the agent is to know of a project.

use super::print::{answer, answer_json, printable};
use super::{state_folder, workspace};
use anyhow::Result;
use clap::{Args, Subcommand};
use devtoolkit_agent::memory::{Fact, MOST_FACTS, Memory};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// List and change what the agent is to know of a project
#[derive(Debug, Args)]
pub(crate) struct MemoryArguments {
    #[command(subcommand)]
    command: Command,
    /// The project's folder [default: the current one]
    #[arg(long, value_name = "DIR", global = true)]
    root: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is known
    List {
        /// Only what a request in these words would bring, the most telling first
        #[arg(long = "for", value_name = "REQUEST")]
        request: Option<String>,
    },
    /// Note a fact
    Add {
        /// What is to be known, such as "tests run with `make check`"
        text: String,
    },
    /// Say a fact in other words
    Edit {
        /// Its number, as in `list`
        id: i64,
        /// What is to be known
        text: String,
    },
    /// Forget a fact
    Delete {
        /// Its number, as in `list`
        id: i64,
    },
}

/// Does what the command line says.
///
/// # Errors
/// When there is no such fact, or it cannot be kept, with what to do.
pub(crate) fn run(arguments: &MemoryArguments) -> Result<ExitCode> {
    let root = workspace(arguments.root.as_deref())?;
    let memory = Memory::open(&state_folder()?)?;
    let (said, id) = match &arguments.command {
        Command::List { request } => {
            let facts = match request {
                Some(request) => memory.found(&root, request, MOST_FACTS)?,
                None => memory.list(&root)?,
            };
            list(&facts, arguments.json)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Add { text } => ("noted as", memory.remember(&root, text)?),
        Command::Edit { id, text } => {
            memory.edit(&root, *id, text)?;
            ("changed", *id)
        }
        Command::Delete { id } => {
            memory.forget(&root, *id)?;
            ("forgot", *id)
        }
    };
    match arguments.json {
        true => answer_json(&json!({ "id": id }))?,
        false => answer(&format!("{said} fact {id}\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(facts: &[Fact], json: bool) -> Result<()> {
    if json {
        let facts: Vec<Value> = facts.iter().map(fact_json).collect();
        return answer_json(&json!({ "facts": facts }));
    }
    if facts.is_empty() {
        return answer("nothing; `devtoolkit-agent memory add` notes a fact\n");
    }
    // Further lines of a fact do not look like another one.
    let line =
        |fact: &Fact| format!("{:>5}  {}\n", fact.id, printable(&fact.text).replace('\n', "\n       "));
    answer(&facts.iter().map(line).collect::<String>())
}

fn fact_json(fact: &Fact) -> Value {
    json!({ "id": fact.id, "text": fact.text, "created": fact.created, "updated": fact.updated })
}

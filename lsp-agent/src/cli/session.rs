//! `devtoolkit-agent session`: which sessions there were, what happened in them, and taking them elsewhere.

#![expect(
    clippy::disallowed_methods,
    reason = "a session that is imported is read here, and the clock for ages"
)]

use super::print::{ago, answer, answer_json, printable, table};
use super::run::{RunArguments, run as go_on};
use super::{state_folder, workspace};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use devtoolkit_agent::journal::{Journal, JournalError, Summary};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

mod show;

/// List, show, copy and delete sessions
#[derive(Debug, Args)]
pub(crate) struct SessionArguments {
    #[command(subcommand)]
    command: Command,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the sessions of a workspace, the newest first
    List {
        /// The workspace's folder [default: the current one]
        #[arg(long, value_name = "DIR", conflicts_with = "all")]
        root: Option<PathBuf>,
        /// Those of all workspaces
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 30)]
        limit: u32,
    },
    /// Tell what happened in a session; with --json, the events that it told, as JSON Lines
    Show(Named),
    /// Go on with a session in this terminal, as `run --session` does
    Resume(Named),
    /// Begin a session as another one began
    Fork {
        #[command(flatten)]
        named: Named,
        /// The last entry that it has in common, by its number in `show` [default: all]
        #[arg(long, value_name = "NUMBER")]
        at: Option<u64>,
    },
    /// Print all that happened in a session as JSON Lines, for `import`
    Export(Named),
    /// Take in a session that `export` printed
    Import {
        /// A file, or - for what comes on stdin
        file: PathBuf,
        /// Its workspace here [default: the folder that it says]
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
    /// Delete a session
    Delete(Named),
}

/// A session that is meant.
#[derive(Debug, Args)]
struct Named {
    /// The beginning of its id, as in `list`
    id: String,
}

/// Does what the command line says.
///
/// # Errors
/// When a session cannot be found, read or written, with what to do.
pub(crate) fn run(arguments: &SessionArguments) -> Result<ExitCode> {
    let json = arguments.json;
    if let Command::Resume(named) = &arguments.command {
        return resume(&named.id, json);
    }
    let journal = Journal::open(&state_folder()?)?;
    match &arguments.command {
        Command::List { root, all, limit } => {
            let root = if *all { None } else { Some(workspace(root.as_deref())?) };
            list(&journal.list(root.as_deref(), *limit)?, root.as_deref(), json)?;
        }
        Command::Resume(_) => {}
        Command::Show(named) => show::show(&journal, &journal.find(&named.id)?, json)?,
        Command::Fork { named, at } => {
            let parent = journal.find(&named.id)?;
            answer_id(&journal.fork(&parent.id, *at)?, json)?;
        }
        Command::Export(named) => {
            let id = journal.find(&named.id)?.id;
            whole(journal.export(&id, &mut io::stdout().lock()))?;
        }
        Command::Import { file, root } => {
            let root = root.as_deref().map(|root| workspace(Some(root))).transpose()?;
            answer_id(&import(&journal, file, root.as_deref())?, json)?;
        }
        Command::Delete(named) => {
            let id = journal.find(&named.id)?.id;
            journal.delete(&id)?;
            match json {
                true => answer_json(&json!({ "id": id }))?,
                false => answer(&format!("deleted session {id}\n"))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Goes on in the session's own project, wherever this is called.
fn resume(id: &str, json: bool) -> Result<ExitCode> {
    let kept = Journal::open(&state_folder()?)?.find(id)?;
    go_on(&RunArguments::resuming(kept.id, kept.root, json))
}

fn import(journal: &Journal, file: &Path, root: Option<&Path>) -> Result<String> {
    let mut from: Box<dyn BufRead> = match file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => {
            let open = File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            Box::new(BufReader::new(open))
        }
    };
    journal.import(&mut *from, root).with_context(|| format!("cannot import `{}`", file.display()))
}

/// A reader that has seen enough is no error.
fn whole(written: Result<(), JournalError>) -> Result<()> {
    match written {
        Err(JournalError::Stream(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn answer_id(id: &str, json: bool) -> Result<()> {
    match json {
        true => answer_json(&json!({ "id": id })),
        false => answer(&format!("{id}\n")),
    }
}

fn list(sessions: &[Summary], root: Option<&Path>, json: bool) -> Result<()> {
    if json {
        let sessions: Vec<Value> = sessions.iter().map(summary_json).collect();
        return answer_json(&json!({ "sessions": sessions }));
    }
    if sessions.is_empty() {
        return answer(&match root {
            Some(root) => printable(&format!(
                "there is no session of `{}` yet; --all lists those of other workspaces\n",
                root.display()
            )),
            None => "there is no session yet\n".to_owned(),
        });
    }
    let now = now();
    let mut head = ["id", "last", "mode", "entries", "title"].map(str::to_owned).to_vec();
    if root.is_none() {
        head.push("workspace".to_owned());
    }
    let mut rows = vec![head];
    for session in sessions {
        let mut row = vec![
            session.id.clone(),
            ago(now, session.updated),
            show::mode(session.mode).to_owned(),
            session.entries.to_string(),
            printable(&session.title),
        ];
        if root.is_none() {
            row.push(printable(&session.root.display().to_string()));
        }
        rows.push(row);
    }
    answer(&table(&rows))
}

fn summary_json(session: &Summary) -> Value {
    json!({
        "id": session.id,
        "root": session.root,
        "title": session.title,
        "mode": session.mode,
        "parent": session.parent,
        "created": session.created,
        "updated": session.updated,
        "entries": session.entries,
    })
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

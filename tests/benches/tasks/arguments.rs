//! The benchmark's own command line.

#![expect(
    clippy::disallowed_methods,
    reason = "it reads the arguments, and what `cargo xtask` says of the model"
)]

use e2e_tests::binary;
use e2e_tests::tasks::Task;
use std::env;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// How it is called.
pub(crate) const USAGE: &str =
    "usage: cargo xtask bench tasks [--model MODEL]… [--script FILE] [--task NN]… [--agent PROGRAM] [--keep]

  --model MODEL    a file or a name; without any, what `DEVTOOLKIT_QWEN_CODER` names
  --script FILE    answers from a script, with `run --replay`, instead of a model
  --task NN        only the tasks whose name begins so
  --agent PROGRAM  a program that is built already
  --keep           leaves the folders: the project, the events, what the agent logged";

/// What works on the tasks.
pub(crate) enum Subject {
    /// A file or a name.
    Model(String),
    Script(PathBuf),
}

/// What to do.
pub(crate) struct Arguments {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) tasks: Vec<Task>,
    /// Built from the checkout where none is given.
    pub(crate) agent: Option<PathBuf>,
    pub(crate) keep: bool,
}

impl Arguments {
    /// What the command line says; none where it asks how it is called.
    ///
    /// # Errors
    /// For words that are not known, and when no task or model is left; with how it is called.
    pub(crate) fn given() -> io::Result<Option<Self>> {
        let mut words = env::args().skip(1).filter(|word| word != "--bench" && word != "--");
        let (mut subjects, mut wanted, mut agent, mut keep) = (Vec::new(), Vec::new(), None, false);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| wrong(&format!("`{word}` needs a value")));
            match word.as_str() {
                "--model" => subjects.push(Subject::Model(model(value()?))),
                "--script" => subjects.push(Subject::Script(beneath_checkout(&value()?))),
                "--task" => wanted.push(value()?),
                "--agent" => agent = Some(beneath_checkout(&value()?)),
                "--keep" => keep = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(wrong(&format!("`{word}` is not known"))),
            }
        }
        if subjects.is_empty() {
            subjects.extend(env::var("DEVTOOLKIT_QWEN_CODER").ok().map(Subject::Model));
        }
        if subjects.is_empty() {
            return Err(wrong("there is no model"));
        }
        let mut tasks = Task::all()?;
        if let Some(none) =
            wanted.iter().find(|start| !tasks.iter().any(|task| task.name.starts_with(*start)))
        {
            return Err(wrong(&format!("no task begins with `{none}`")));
        }
        tasks.retain(|task| wanted.is_empty() || wanted.iter().any(|start| task.name.starts_with(start)));
        Ok(Some(Self { subjects, tasks, agent, keep }))
    }
}

impl fmt::Display for Subject {
    /// A file by its name alone.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::Model(model) => PathBuf::from(model),
            Self::Script(script) => script.clone(),
        };
        write!(out, "{}", path.file_name().unwrap_or(path.as_os_str()).display())
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(format!("{what}\n\n{USAGE}"))
}

/// A file in full, and a name as it is.
fn model(named: String) -> String {
    let file = beneath_checkout(&named);
    if file.is_file() { file.to_string_lossy().into_owned() } else { named }
}

/// cargo starts benchmarks in the folder of their package, and `cargo xtask` is called from the checkout.
fn beneath_checkout(path: &str) -> PathBuf {
    binary::checkout().join(path)
}

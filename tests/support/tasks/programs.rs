//! What runs the projects of tasks: Python, and a Node that runs TypeScript as it is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Language;
use crate::limited;

/// How long a program may take to say what it is.
const ANSWER: Duration = Duration::from_secs(30);

/// The programs that this machine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// 3.9 or newer.
    pub python: Option<PathBuf>,
    /// It takes away types by itself: 22.18, 23.6 or newer.
    pub node: Option<PathBuf>,
}

impl Programs {
    /// Those on `PATH`, and those that `cargo xtask` has fetched.
    #[must_use]
    pub fn here() -> Self {
        let fetched = |name: &str| env::var_os(name).map(PathBuf::from);
        let python = ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"];
        let node = ["-e", "process.exit(process.features.typescript ? 0 : 1)"];
        let first = |programs: Vec<Option<PathBuf>>, arguments: &[&str]| {
            programs.into_iter().flatten().find(|program| succeeds(program, arguments))
        };
        Self {
            python: first(
                vec![Some("python3".into()), Some("python".into()), fetched("DEVTOOLKIT_PYTHON_SDK")],
                &python,
            ),
            node: first(vec![fetched("DEVTOOLKIT_NODE"), Some("node".into())], &node),
        }
    }

    /// The program of this name in a check: `python3` or `node`.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Path> {
        match name {
            "python3" => self.python.as_deref(),
            "node" => self.node.as_deref(),
            _ => None,
        }
    }

    /// Whether projects of a language can be run.
    #[must_use]
    pub fn runs(&self, language: Language) -> bool {
        match language {
            Language::Python => self.python.is_some(),
            Language::TypeScript | Language::JavaScript => self.node.is_some(),
        }
    }
}

fn succeeds(program: &Path, arguments: &[&str]) -> bool {
    limited::run(Command::new(program).args(arguments), ANSWER, 0).is_ok_and(|ended| ended.succeeded())
}

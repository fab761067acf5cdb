//! What a real type checker says about a sample of names: where each is defined, and where some definitions
//! are used. Made once per sample and checker version with pyright or the TypeScript compiler, kept in the
//! cache as JSON Lines.
#![expect(clippy::disallowed_methods, reason = "it reads its own folder in the cache")]

mod ask;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use sample::Names;

use crate::corpora::{self, Corpus, FetchError, SampleLanguage, at};

/// Names whose definition is asked for, per sample.
const DEFINITIONS: usize = 2_000;
/// Declarations whose uses are asked for, per sample.
const REFERENCES: usize = 100;
/// Raise it whenever the sampling, the scripts or the files' form change: old truth is then made again.
const FORMAT: u32 = 2;

/// A spot in a text. Lines and columns count from 0, columns in UTF-16 units, as in the language server
/// protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Path relative to the sample's root, with `/`.
    pub(crate) path: String,
    /// Line, from 0.
    pub(crate) line: u32,
    /// Column in UTF-16 units, from 0.
    pub(crate) col: u32,
    /// The same spot in bytes from the start of the file.
    pub(crate) offset: usize,
}

/// Where the checker sends a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Target {
    /// To a name in the sample; a whole module is its first byte.
    Inside(Place),
    /// To a file that is no part of the sample: the standard library, a stub, another package.
    Outside {
        /// That file's name without its folder.
        outside: String,
    },
}

/// One name in the sample's code, and the syntax around it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Name {
    /// Where it starts.
    #[serde(flatten)]
    pub(crate) place: Place,
    /// Its text.
    pub(crate) name: String,
    /// Kind of its tree-sitter node.
    pub(crate) node: String,
    /// Kind of the node around it.
    pub(crate) parent: String,
    /// Which field of that node it is, if any.
    pub(crate) field: Option<String>,
}

/// The checker's answer to "where is this name defined?".
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DefinitionTruth {
    /// What was asked about.
    #[serde(flatten)]
    pub(crate) asked: Name,
    /// Whether one of the targets is the name itself.
    pub(crate) is_definition: bool,
    /// All definitions; several for overloads, merged declarations and variables that are assigned more than
    /// once. None where the checker does not know: an attribute of an unknown type, a package that is not
    /// there.
    pub(crate) targets: Vec<Target>,
}

/// The checker's answer to "where is this declaration used?".
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReferencesTruth {
    /// The declaration that was asked about.
    #[serde(flatten)]
    pub(crate) asked: Name,
    /// All that the checker lists as its uses in the sample's code, the declaration among them, sorted. That
    /// also has uses of what is only related: the same member of another class of the hierarchy or union.
    pub(crate) uses: Vec<Place>,
    /// Those of them whose definition, asked for one by one, is this very declaration.
    pub(crate) direct: Vec<Place>,
    /// Other places where the name stands and of which the checker knows nothing, as in code for other systems;
    /// not all of them where there are many.
    pub(crate) unknown: Vec<Place>,
    /// How many more there are in comments, strings and files that do not parse, where an index does not
    /// look.
    pub(crate) elsewhere: usize,
}

/// What counts as a right answer to a question for a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The name is its own definition: too easy to count.
    Itself,
    /// The definition lies in the sample: counts for precision and recall.
    Inside,
    /// The definition lies elsewhere: claiming one in the sample is wrong.
    Outside,
    /// The checker does not know, so nothing can be counted.
    Unknown,
}

/// All that is known about one sample.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    /// The checker's name and version, for the report.
    pub(crate) checker: String,
    /// Answers for a random sample of names.
    pub(crate) definitions: Vec<DefinitionTruth>,
    /// Answers for a random sample of declarations.
    pub(crate) references: Vec<ReferencesTruth>,
}

impl Name {
    /// Whether it names the declaration around it. The checker may still send such a question on, from an
    /// overload to the implementation.
    pub(crate) fn declares(&self) -> bool {
        let named = matches!(self.field.as_deref(), Some("name" | "property"));
        named && sample::DECLARING.contains(&self.parent.as_str())
    }
}

impl DefinitionTruth {
    /// What kind of answer is right.
    pub(crate) fn expected(&self) -> Expected {
        if self.is_definition || self.asked.declares() {
            Expected::Itself
        } else if self.targets.iter().any(|target| matches!(target, Target::Inside(_))) {
            Expected::Inside
        } else if self.targets.is_empty() {
            Expected::Unknown
        } else {
            Expected::Outside
        }
    }

    /// Whether the definition whose name starts at byte `offset` of `path` is one of the checker's.
    pub(crate) fn agrees(&self, path: &str, offset: usize) -> bool {
        self.targets.iter().any(|target| match target {
            Target::Inside(place) => place.path == path && place.offset == offset,
            Target::Outside { .. } => false,
        })
    }
}

/// Why the truth about a sample is not to be had.
#[derive(Debug, Error)]
pub(crate) enum TruthError {
    /// The sample or its checker could not be fetched, or the cache not be used.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Node, which runs both checkers, is not installed.
    #[error("cannot start `node`; install Node 18 or newer and run the benchmark again")]
    NoNode(#[source] std::io::Error),
    /// The checker started and gave up.
    #[error("the checker of `{sample}` ended with {status}; its messages are above")]
    Checker {
        /// Name and version of the sample.
        sample: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The checker's answers, or truth in the cache, are not in the form we know.
    #[error("cannot read `{path}`; delete it and run the benchmark again")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// A package that answers for a language: name, version, and the script that asks it.
fn checker(language: SampleLanguage) -> (&'static str, &'static str, &'static str) {
    match language {
        SampleLanguage::Python => ("pyright", "1.1.414", include_str!("truth_py.mjs")),
        // The last major version whose compiler can be called from a script.
        SampleLanguage::TypeScript => ("typescript", "5.9.3", include_str!("truth_ts.mjs")),
    }
}

/// The truth about `corpus`: read from the cache, or found out now.
pub(crate) fn prepare(corpus: &Corpus) -> Result<Truth, TruthError> {
    let (package, version, script) = checker(corpus.spec.language);
    let folder = format!("{}-by-{package}-{version}-form-{FORMAT}", corpus.spec.id());
    let target = corpora::cache_folder()?.join("truth").join(folder);
    corpora::make_once::<TruthError>(&target, |folder| {
        let tool = corpora::npm_tool(package, version)?;
        let sample = sample::draw(corpus, DEFINITIONS, REFERENCES)?;
        ask::find_out(corpus, &sample, &tool, script, folder)
    })?;
    Ok(Truth {
        checker: format!("{package} {version}"),
        definitions: read_lines(&target.join("definitions.jsonl"))?,
        references: read_lines(&target.join("references.jsonl"))?,
    })
}

fn read_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, TruthError> {
    let text = fs::read_to_string(path).map_err(at(path))?;
    let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    lines.map_err(|source| TruthError::Form { path: path.to_owned(), source })
}

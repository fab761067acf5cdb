//! Asks the checkers: writes the questions, runs the script that knows the checker, and turns its answers
//! into truth.
#![expect(clippy::disallowed_methods, reason = "it runs the checkers and keeps its own folder in the cache")]

use std::collections::HashMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use super::{DefinitionTruth, Place, ReferencesTruth, Target, TruthError, read_lines};
use crate::corpora::{Corpus, FetchError, at};

/// What the scripts read.
#[derive(Serialize)]
struct Request<'a> {
    root: &'a Path,
    definitions: Vec<Spot<'a>>,
    references: Vec<Question<'a>>,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(flatten)]
    place: Spot<'a>,
    alike: Vec<Spot<'a>>,
}

/// A place in the scripts' terms.
#[derive(Clone, Copy, Serialize)]
struct Spot<'a> {
    path: &'a str,
    line: u32,
    col: u32,
}

impl<'a> From<&'a Place> for Spot<'a> {
    fn from(place: &'a Place) -> Self {
        Self { path: &place.path, line: place.line, col: place.col }
    }
}

/// One line of what the scripts write.
#[derive(Deserialize)]
struct Answer {
    ask: Ask,
    at: usize,
    targets: Vec<RawTarget>,
    #[serde(default)]
    direct: Vec<RawTarget>,
    #[serde(default)]
    unknown: Vec<RawTarget>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ask {
    Definition,
    References,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawTarget {
    Inside { path: String, line: u32, col: u32 },
    Outside { outside: String },
}

/// Runs the checker over `sample` and writes both files of truth into `folder`.
pub(crate) fn find_out(
    corpus: &Corpus,
    sample: &Sample,
    tool: &Path,
    script: &str,
    folder: &Path,
) -> Result<(), TruthError> {
    let work = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
    let [script_file, request_file, answers_file] =
        ["ask.mjs", "request.json", "answers.jsonl"].map(|name| work.path().join(name));
    fs::write(&script_file, script).map_err(at(&script_file))?;
    let questions = sample.declarations.iter().zip(&sample.alike);
    let questions = questions.map(|(name, alike)| Question {
        place: Spot::from(&name.place),
        alike: alike.iter().map(Spot::from).collect(),
    });
    let request = Request {
        root: &corpus.root,
        definitions: sample.names.iter().map(|name| Spot::from(&name.place)).collect(),
        references: questions.collect(),
    };
    let request = serde_json::to_vec(&request).expect("places are plain values");
    fs::write(&request_file, request).map_err(at(&request_file))?;
    let status = Command::new("node")
        .arg("--max-old-space-size=6144")
        .args([&script_file, &tool.to_path_buf(), &request_file, &answers_file])
        .stdin(Stdio::null())
        .status()
        .map_err(TruthError::NoNode)?;
    if !status.success() {
        return Err(TruthError::Checker { sample: corpus.spec.id(), status });
    }
    let mut texts = Texts { root: &corpus.root, read: HashMap::new() };
    let mut found = (Vec::new(), Vec::new());
    for answer in read_lines::<Answer>(&answers_file)? {
        let targets = texts.resolve_all(answer.targets)?;
        match answer.ask {
            Ask::Definition => {
                let asked = sample.names[answer.at].clone();
                let is_definition = targets.contains(&Target::Inside(asked.place.clone()));
                found.0.push(DefinitionTruth { asked, is_definition, targets });
            }
            Ask::References => {
                let asked = sample.declarations[answer.at].clone();
                let (uses, elsewhere) = in_code(sample, targets);
                let (direct, _) = in_code(sample, texts.resolve_all(answer.direct)?);
                let (unknown, _) = in_code(sample, texts.resolve_all(answer.unknown)?);
                found.1.push(ReferencesTruth { asked, uses, direct, unknown, elsewhere });
            }
        }
    }
    write_lines(&folder.join("definitions.jsonl"), &found.0)?;
    write_lines(&folder.join("references.jsonl"), &found.1)
}

/// The places among `targets` that are names in code, sorted, and how many more there are.
fn in_code(sample: &Sample, targets: Vec<Target>) -> (Vec<Place>, usize) {
    let inside = targets.into_iter().filter_map(|target| match target {
        Target::Inside(place) => Some(place),
        Target::Outside { .. } => None,
    });
    let (mut places, rest): (Vec<Place>, Vec<Place>) =
        inside.partition(|place| sample.in_code.contains(&(place.path.clone(), place.offset)));
    places.sort_unstable();
    (places, rest.len())
}

/// The sample's texts, to turn lines and columns into bytes.
struct Texts<'a> {
    root: &'a Path,
    read: HashMap<String, String>,
}

impl Texts<'_> {
    fn resolve_all(&mut self, targets: Vec<RawTarget>) -> Result<Vec<Target>, FetchError> {
        targets.into_iter().map(|target| self.resolve(target)).collect()
    }

    fn resolve(&mut self, target: RawTarget) -> Result<Target, FetchError> {
        let (path, line, col) = match target {
            RawTarget::Inside { path, line, col } => (path, line, col),
            RawTarget::Outside { outside } => return Ok(Target::Outside { outside }),
        };
        if !self.read.contains_key(&path) {
            let file = self.root.join(&path);
            let bytes = fs::read(&file).map_err(at(&file))?;
            self.read.insert(path.clone(), String::from_utf8_lossy(&bytes).into_owned());
        }
        let text = &self.read[&path];
        let mut offset = byte_offset(text, line, col);
        // Pyright lets a parameter begin at its stars.
        let stars = text[offset..].bytes().take_while(|&byte| byte == b'*').count();
        offset += stars;
        let col = col + u32::try_from(stars).expect("a parameter has at most two stars");
        Ok(Target::Inside(Place { path, line, col, offset }))
    }
}

/// The byte at which `col` UTF-16 units of the line have passed; the end of the line or text where there are
/// fewer.
fn byte_offset(text: &str, line: u32, col: u32) -> usize {
    let before: usize = text.split_inclusive('\n').take(line as usize).map(str::len).sum();
    let rest = text[before..].split('\n').next().unwrap_or_default();
    let mut left = col as usize;
    for (at, character) in rest.char_indices() {
        if left == 0 {
            return before + at;
        }
        left = left.saturating_sub(character.len_utf16());
    }
    before + rest.len()
}

fn write_lines<T: Serialize>(path: &Path, lines: &[T]) -> Result<(), TruthError> {
    let mut file = BufWriter::new(fs::File::create(path).map_err(at(path))?);
    for line in lines {
        let line = serde_json::to_string(line).expect("truth is made of plain values");
        writeln!(file, "{line}").map_err(at(path))?;
    }
    file.flush().map_err(at(path))?;
    Ok(())
}

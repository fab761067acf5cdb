//! What a person is shown when asked, bound to the exact bytes that it stands for.

use super::{CommandText, RepositoryChange, Run};
use crate::sandbox::Tier;
use crate::tool::ToolError;
use crate::workspace::{Chosen, RelPath, Selection, Snapshot, difference, in_words, mark, visible};
use std::fmt::Write as _;

mod scripts;

/// The most of a difference that a question shows, in bytes.
const SHOWN: usize = 12_000;
/// The most of a command or of other text that a question shows, in bytes.
const TEXT: usize = 4_000;

/// A text, and the key of what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    text: String,
    key: String,
}

impl Approval {
    /// For writing chosen changes.
    ///
    /// # Errors
    /// When nothing is chosen or it cannot be told apart.
    pub fn apply(snapshot: &Snapshot, selection: &Selection) -> Result<Self, ToolError> {
        let mut chosen =
            snapshot.staging().choose(selection).map_err(|error| ToolError::failed(error.to_string()))?;
        if chosen.is_empty() {
            return Err(ToolError::failed("nothing is staged, so there is nothing to accept"));
        }
        // What can run code is seen first, however much else there is.
        chosen.sort_by_key(|change| !super::needs_a_look(&change.path));
        let (mut files, mut diffs) = (String::new(), String::new());
        let mut key = Key::new("apply");
        for change in &chosen {
            key.add(change.path.as_str()).add(&format!("{:?}\0{:?}", change.base, change.target));
            let _ = writeln!(
                files,
                "  {} {}{}",
                mark(&change.base, &change.target),
                change.path,
                notes(snapshot, change)
            );
            files.push_str(&scripts::new_scripts(change));
            if diffs.len() < SHOWN {
                diffs.push_str(&difference(&change.path, &change.base, &change.target, &|_| {
                    Some(String::new())
                }));
            }
        }
        let more = "show_changes shows all of it";
        let text = format!(
            "Write these changes to disk?\n{}\n{}",
            cut(&files, SHOWN, more),
            cut(&diffs, SHOWN, more)
        );
        Ok(Self { text, key: key.end() })
    }

    /// For taking back what was written.
    #[must_use]
    pub fn undo(snapshot: &Snapshot, set: Option<u32>, checkpoint: Option<&str>) -> Self {
        let sets = &snapshot.history().sets;
        let named = |number: u32| sets.iter().find(|line| line.starts_with(&format!("{number}:")));
        let what = match (set, checkpoint) {
            (_, Some(name)) => format!("everything applied since checkpoint `{}`", visible(name)),
            (Some(set), None) => match named(set) {
                Some(line) => format!("the applied set {}", visible(line)),
                None => format!("the applied set {set}"),
            },
            (None, None) => match sets.first() {
                Some(line) => format!("the newest applied set, {}", visible(line)),
                None => "the newest applied set".to_owned(),
            },
        };
        let text =
            format!("Take back {what}? Files get the text they had before; what changed since is kept.");
        let mut key = Key::new("undo");
        key.add(&format!("{set:?}\0{checkpoint:?}\0{sets:?}"));
        Self { text, key: key.end() }
    }

    /// For reading files that hold secrets.
    #[must_use]
    pub fn secrets(paths: &[RelPath]) -> Self {
        let mut key = Key::new("secrets");
        let list: String = paths.iter().map(|path| format!("  {path}\n")).collect();
        key.add_all(paths.iter().map(RelPath::as_str));
        let text = format!(
            "Let the model see these files, which may hold secrets?\n{}",
            cut(&list, TEXT, "there are more")
        );
        Self { text, key: key.end() }
    }

    /// For a call that a rule wants asked about.
    #[must_use]
    pub fn call(tool: &str, arguments: &str) -> Self {
        let mut key = Key::new("call");
        key.add(tool).add(arguments);
        let text = format!("Let the model call `{tool}`?\n{}\n", whole(arguments, &key));
        Self { text, key: key.end() }
    }

    /// For running a program; `why` a person is asked.
    #[must_use]
    pub fn run(run: &Run, tier: Tier, why: &str) -> Self {
        let mut key = Key::new("run");
        key.add(&format!("{tier:?} {}", run.network)).add(run.folder.as_str());
        let (question, command) = match &run.command {
            CommandText::Line(line) => {
                key.add("line").add(line);
                ("Run this shell line?".to_owned(), line.clone())
            }
            CommandText::Argv(argv) => {
                key.add("argv").add_all(argv.iter().map(String::as_str));
                ("Run this program with these arguments?".to_owned(), format!("{argv:?}"))
            }
            CommandText::Input { process, text } => {
                key.add("input").add(process).add(text);
                (format!("Send this text to the process `{}`?", visible(process)), text.clone())
            }
        };
        let text = format!(
            "{question}\n{}\n\nfolder: `{}` of the workspace\nsandbox: {}\nnetwork: {}\nasked because: {}\n",
            whole(&command, &key),
            run.folder,
            confinement(tier),
            if run.network { "YES, it may reach anything that you can reach" } else { no_network(tier) },
            visible(why),
        );
        Self { text, key: key.end() }
    }

    /// For changing a repository.
    #[must_use]
    pub fn repository(change: &RepositoryChange) -> Self {
        let RepositoryChange { what, detail, loses, remote, hooks } = change;
        let mut key = Key::new("repository");
        key.add(&format!("{what:?}\0{detail:?}\0{loses:?}\0{remote:?}\0{hooks:?}"));
        let mut text = format!("{}?\n{}\n", visible(what), whole(detail, &key));
        if let Some(remote) = remote {
            let _ = writeln!(text, "network: talks to {}", visible(remote));
        }
        if !hooks.is_empty() {
            let _ = writeln!(text, "runs code: the hooks {}", visible(&hooks.join(", ")));
        }
        if !loses.is_empty() {
            let list: String = loses.iter().map(|path| format!("  {path}\n")).collect();
            let _ = write!(
                text,
                "LOSES work that no commit has, in:\n{}",
                cut(&list, TEXT, "there are more files")
            );
        }
        Self { text, key: key.end() }
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// How a command is held, as a person has to know it.
fn confinement(tier: Tier) -> &'static str {
    match tier {
        Tier::Overlay => {
            "yes, as you with fewer rights: the system is read-only, your secrets are hidden, what it writes is staged"
        }
        Tier::Landlock => {
            "in part, as you with fewer rights: the system is read-only, but it WRITES TO THE WORKSPACE at once"
        }
        Tier::Unconfined => "NONE: it can read, change and send whatever you can",
    }
}

fn no_network(tier: Tier) -> &'static str {
    match tier {
        Tier::Overlay | Tier::Landlock => "none",
        Tier::Unconfined => "not held back",
    }
}

/// A hash over everything that a question stands for. Parts have lengths, so that none can pass for another.
struct Key(blake3::Hasher);

impl Key {
    fn new(kind: &str) -> Self {
        let mut key = Self(blake3::Hasher::new());
        key.add(kind);
        key
    }

    fn add(&mut self, part: &str) -> &mut Self {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
        self
    }

    fn add_all<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        for part in parts {
            self.add(part);
        }
    }

    fn end(&self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

/// What one should know of a file before one writes it.
fn notes(snapshot: &Snapshot, change: &Chosen) -> String {
    let mut notes = String::new();
    if super::needs_a_look(&change.path) {
        notes.push_str("  [can run code or steer tools]");
    }
    if let Some(links) = snapshot.links(&change.path).filter(|links| *links > 1) {
        let _ = write!(notes, "  [one of {links} hard links; the others keep the old text]");
    }
    if change.target.file().is_some_and(|file| file.text().is_err()) {
        let _ = write!(notes, "  [{}]", in_words(&change.target));
    }
    notes
}

/// A text indented, with what hides in it escaped. Of a long one both ends are shown, and the hash that stands for all.
fn whole(text: &str, key: &Key) -> String {
    let shown = visible(text);
    let shown = if shown.len() <= TEXT {
        shown
    } else {
        let (head, tail) =
            (shown.floor_char_boundary(TEXT / 2), shown.ceil_char_boundary(shown.len() - TEXT / 2));
        format!(
            "{}\n… {} bytes of {} are not shown; all of it has the hash {} …\n{}",
            &shown[..head],
            tail - head,
            shown.len(),
            key.end(),
            &shown[tail..]
        )
    };
    shown.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn cut(text: &str, most: usize, more: &str) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most);
    format!("{}\n… {} more bytes; {more}\n", &text[..end], text.len() - end)
}

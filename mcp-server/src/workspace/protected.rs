//! Names that are never only files: git's own state and ours, and what can run code or steer an agent.

use super::disk::ReadError;
use super::path::{RelPath, Roots, is_unsafe};
use unicode_normalization::UnicodeNormalization;

/// How careful one has to be with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    None,
    /// Can run code or change what an agent does: shown to the person by name each time it is written.
    RunsCode,
    /// Not for file tools at all.
    Refused(&'static str),
}

const GIT: &str = "git's own state is not for file tools; use the git tools";
const OWN: &str = "devtoolkit's own state is not for tools; list_changes and undo_changes use what it keeps";
/// Folders that are refused wherever they are, and why.
const REFUSED: &[(&str, &str)] = &[(".git", GIT), (".devtoolkit", OWN)];
/// Folders of editors and agents: everything below them.
const FOLDERS: &[&str] = &[
    ".vscode",
    ".idea",
    ".zed",
    ".cursor",
    ".kiro",
    ".claude",
    ".codex",
    ".gemini",
    ".amazonq",
    ".devcontainer",
    ".husky",
];
const FILES: &[&str] = &[
    ".gitmodules",
    ".gitattributes",
    ".mcp.json",
    ".envrc",
    ".nvim.lua",
    ".nvimrc",
    ".exrc",
    ".vimrc",
    ".dir-locals.el",
    ".npmrc",
    ".pre-commit-config.yaml",
    "agents.md",
    "claude.md",
    "gemini.md",
    ".cursorrules",
    "makefile",
    "gnumakefile",
    "justfile",
    ".justfile",
    "package.json",
    "build.rs",
    "setup.py",
    "conftest.py",
    ".editorconfig",
];
const STARTS: &[&str] = &[".env", ".yarnrc", "rust-toolchain"];
const ENDS: &[&str] = &[".code-workspace"];
/// A folder and what directly follows it.
const PAIRS: &[(&str, &str)] = &[
    (".github", "workflows"),
    (".github", "copilot-instructions.md"),
    (".cargo", "config.toml"),
    (".cargo", "config"),
];

/// How careful one has to be with a path, however its names are spelled: case, Unicode form, characters that no one
/// sees, backslashes, and the short and stream names of Windows make no difference.
#[must_use]
pub fn protection(path: &RelPath) -> Protection {
    let names = folded(path);
    if let Some(rule) = names.iter().find_map(|name| refused(name)) {
        return Protection::Refused(rule);
    }
    let Some(last) = names.last() else { return Protection::None };
    let runs = names.iter().any(|name| FOLDERS.iter().any(|known| is(name, known)))
        || FILES.iter().any(|known| is(last, known))
        || STARTS.iter().any(|start| begins(last, start))
        || ENDS
            .iter()
            .any(|end| last.ends_with(end) || short(last).is_some_and(|name| name.ext == &end[1..4]))
        || names.windows(2).any(|two| PAIRS.iter().any(|pair| is(&two[0], pair.0) && is(&two[1], pair.1)));
    if runs { Protection::RunsCode } else { Protection::None }
}

impl Roots {
    /// Refuses what is not for tools: by its names, and where folders of our own lie.
    ///
    /// # Errors
    /// When it is refused, with the rule.
    pub(crate) fn refuse_protected(&self, path: &RelPath) -> Result<(), ReadError> {
        let refuse = |rule| Err(ReadError::Protected { path: path.clone(), rule });
        if let Protection::Refused(rule) = protection(path) {
            return refuse(rule);
        }
        let is_own = |own: &RelPath| own.is_root() || folded(path).starts_with(&folded(own));
        if self.own().iter().any(is_own) { refuse(OWN) } else { Ok(()) }
    }

    /// Whether an entry, as a folder lists it, is left out of what tools see.
    pub(super) fn is_hidden(&self, path: &RelPath) -> bool {
        let name = path.file_name();
        // Nothing else folds to what is refused; this is asked of every entry of every folder.
        let is_plain = name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) && !name.contains('~');
        self.own().contains(path) || (!is_plain && fold(name).iter().any(|name| refused(name).is_some()))
    }
}

/// Why a folded name is refused, if it is.
fn refused(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(known, _)| is(name, known)).map(|(_, rule)| *rule)
}

/// Whether a folded name is the known one, or a short name that Windows may have given it.
pub(super) fn is(name: &str, known: &str) -> bool {
    name == known
        || short(name).is_some_and(|short| {
            let bare = known.trim_start_matches('.');
            let (base, ext) = bare.rsplit_once('.').unwrap_or((bare, ""));
            short.ext == &ext[..ext.len().min(3)] && short.is_of(base)
        })
}

/// Whether a folded name begins with this, or a short name may.
pub(super) fn begins(name: &str, start: &str) -> bool {
    name.starts_with(start)
        || short(name).is_some_and(|short| {
            let bare = start.trim_start_matches('.');
            short.stem.starts_with(bare) || short.is_of(bare)
        })
}

/// A name of eight letters and three, as Windows makes them up beside long ones: `VSCODE~1`.
pub(super) struct Short<'a> {
    stem: &'a str,
    digits: usize,
    pub(super) ext: &'a str,
}

pub(super) fn short(name: &str) -> Option<Short<'_>> {
    let (stem, rest) = name.split_once('~')?;
    let (digits, ext) = rest.split_once('.').unwrap_or((rest, ""));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(Short { stem, digits: digits.len(), ext })
}

impl Short<'_> {
    /// Cut off, or after a few of the same kind two letters and four digits of a hash.
    fn is_of(&self, base: &str) -> bool {
        let is_cut =
            base.starts_with(self.stem) && (self.stem == base || self.stem.len() + 1 + self.digits == 8);
        let is_hash = |stem: &str| {
            stem.len() == 6
                && base.get(..2) == stem.get(..2)
                && stem.bytes().skip(2).all(|b| b.is_ascii_hexdigit())
        };
        is_cut || is_hash(self.stem)
    }
}

pub(super) fn folded(path: &RelPath) -> Vec<String> {
    path.names().flat_map(fold).collect()
}

/// A name as the most forgiving file system compares it; several where it separates by other marks than we do.
pub(super) fn fold(name: &str) -> Vec<String> {
    if name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b':')) {
        return vec![name.trim_end_matches('.').to_ascii_lowercase()];
    }
    let decoded = RelPath::root().join(name).to_os();
    let decoded = decoded.to_string_lossy();
    let visible = decoded.chars().filter(|c| !is_unsafe(*c)).nfkc();
    // By way of the upper case, in which more letters are the same.
    let folded: String = visible.flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect();
    let parts = folded.split(['\\', '/']).map(|part| part.split(':').next().unwrap_or_default());
    parts.map(|part| part.trim_end_matches(['.', ' ']).to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Protection {
        protection(&RelPath::parse(path).unwrap())
    }

    #[test]
    fn git_is_refused_however_it_is_spelled() {
        for path in [
            ".git/config",
            ".GIT/hooks/pre-commit",
            "sub/.git",
            ".g\u{200c}it/HEAD",
            ".ＧＩＴ/x",
            "GIT~1/x",
            ".git./x",
            ".git::$INDEX_ALLOCATION/x",
            ".gi\u{fe0f}t/x",
            ".g\u{1d173}it/x",
            ".gi\u{e0fff}t/x",
            ".g\u{131}t/x",
            ".git\\config",
            "sub\\.GIT\\hooks\\x",
            "sub\u{ff3c}.git/x",
            "gi7eba~1/config",
            "git~12/x",
            ".devtoolkit/policy",
            "a/.DevToolkit",
            "DEVTOO~1/x",
        ] {
            assert!(matches!(of(path), Protection::Refused(_)), "{path}");
        }
    }

    #[test]
    fn what_can_run_code_is_known() {
        for path in [
            ".vscode/tasks.json",
            "a/.VSCode/settings.json",
            "package.json",
            "sub/Makefile",
            ".env.local",
            ".github/workflows/ci.yml",
            "CLAUDE.md",
            "x.code-workspace",
            ".cargo/config.toml",
            "conftest.py",
            "rust-toolchain.toml",
            "a\\package.json",
            "PA12AB~1.JSO",
            "RUST-T~1.TOM",
            "VSCODE~1/tasks",
            "GITHUB~1/WORKFL~1/ci",
            "ENV~1.LOC",
        ] {
            assert_eq!(of(path), Protection::RunsCode, "{path}");
        }
    }

    #[test]
    fn ordinary_files_are_free() {
        for path in [
            "src/main.rs",
            ".gitignore",
            "git/x",
            "environment.py",
            ".github/README.md",
            "vscode/x",
            "github~1",
            "packages~1",
            "legit~1",
            "digit/git.rs",
        ] {
            assert_eq!(of(path), Protection::None, "{path}");
        }
    }
}

//! Names that are never only files: git's own state, and what can run code or steer an agent.

use super::path::RelPath;
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
    ".devtoolkit",
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
/// sees, and the short and stream names of Windows make no difference.
#[must_use]
pub fn protection(path: &RelPath) -> Protection {
    let names: Vec<String> = path.names().map(fold).collect();
    if names.iter().any(|name| is_folded_git(name)) {
        return Protection::Refused("git's own state is not for file tools");
    }
    let Some(last) = names.last() else { return Protection::None };
    let runs = names.iter().any(|name| FOLDERS.contains(&name.as_str()))
        || FILES.contains(&last.as_str())
        || STARTS.iter().any(|start| last.starts_with(start))
        || ENDS.iter().any(|end| last.ends_with(end))
        || names.windows(2).any(|pair| PAIRS.contains(&(&pair[0], &pair[1])));
    if runs { Protection::RunsCode } else { Protection::None }
}

/// Whether a name, in escaped form, is that of git's own state, however it is spelled.
#[must_use]
pub(super) fn is_git(name: &str) -> bool {
    // Nothing that begins with another letter or a digit folds to it; this is asked of every entry of every folder.
    let other = |byte: &u8| byte.is_ascii_alphanumeric() && !matches!(byte, b'g' | b'G');
    !name.as_bytes().first().is_some_and(other) && is_folded_git(&fold(name))
}

fn is_folded_git(name: &str) -> bool {
    name == ".git"
        || name.strip_prefix("git~").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name as the most forgiving file system compares it.
fn fold(name: &str) -> String {
    if name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b':')) {
        return name.trim_end_matches('.').to_ascii_lowercase();
    }
    let decoded = RelPath::root().join(name).to_os();
    let visible = decoded.to_string_lossy().chars().filter(|c| !is_ignorable(*c)).collect::<String>();
    let folded: String = visible.nfkc().flat_map(char::to_lowercase).nfc().collect();
    let stream = folded.split(':').next().unwrap_or_default();
    stream.trim_end_matches(['.', ' ']).to_owned()
}

/// Characters that HFS+ or a reader passes over.
fn is_ignorable(c: char) -> bool {
    super::path::is_unsafe(c)
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
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
        ] {
            assert_eq!(of(path), Protection::None, "{path}");
        }
    }
}

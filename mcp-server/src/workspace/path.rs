//! Paths from outside. [`RelPath`] is checked by its text here; `disk.rs` follows it beneath a root
//! and refuses links that leave it.
//!
//! A path is written with `/`. What a name has that cannot be shown safely is escaped, and the
//! escaped form can be given back: `\xHH` for bytes that are not UTF-8, `\u{H}` for control and
//! direction characters, `\\` for a backslash.

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The longest path, in bytes, as Linux has it.
const PATH_LIMIT: usize = 4096;
/// The longest name, in bytes, as nearly every file system has it.
const NAME_LIMIT: usize = 255;
/// How much of a path a message shows, in characters.
const SHOWN: usize = 120;

/// A path inside the workspace: no `..`, not absolute, no empty part. `.` is the workspace itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelPath(String);

/// Why a text is no path of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty; name a file relative to the workspace, or `.` for the workspace itself")]
    Empty,
    #[error(
        "`{path}` is outside of the workspace: it is absolute and not below {roots}; use a path relative to the workspace"
    )]
    Absolute { path: String, roots: String },
    #[error(
        "`{path}` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root"
    )]
    Parent { path: String },
    #[error("`{path}` has a NUL byte, which no file name can have")]
    Nul { path: String },
    #[error("`{path}` is too long: a path has at most 4096 bytes and each name 255")]
    TooLong { path: String },
    #[error("`{path}` escapes a `/` inside a name, which no file name can have")]
    Slash { path: String },
    #[error("`{path}` names no root of this workspace; begin with one of {roots}")]
    NoRoot { path: String, roots: String },
}

impl RelPath {
    /// The workspace itself.
    #[must_use]
    pub fn root() -> Self {
        Self(".".to_owned())
    }

    /// A relative path as a person or a model writes it.
    ///
    /// # Errors
    /// When it is empty, too long, absolute, has a NUL or contains `..`.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let path = || shorten(text);
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        let text = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
        if text.starts_with('/') || (cfg!(windows) && text.contains(':')) {
            return Err(PathError::Absolute { path: path(), roots: "the workspace root".to_owned() });
        }
        let mut names = Vec::new();
        for part in text.split('/').filter(|part| !part.is_empty() && *part != ".") {
            let name = unescape(part);
            if name.contains(&0) {
                return Err(PathError::Nul { path: path() });
            }
            match name.as_slice() {
                b"." => continue,
                b".." => return Err(PathError::Parent { path: path() }),
                name if name.contains(&b'/') => return Err(PathError::Slash { path: path() }),
                name if name.len() > NAME_LIMIT => return Err(PathError::TooLong { path: path() }),
                name => names.push(escape(name).into_owned()),
            }
        }
        let text = names.join("/");
        if text.len() > PATH_LIMIT {
            return Err(PathError::TooLong { path: path() });
        }
        Ok(if text.is_empty() { Self::root() } else { Self(text) })
    }

    /// The path below this one with a name as the system gives it.
    #[must_use]
    pub fn join_os(&self, name: &std::ffi::OsStr) -> Self {
        self.join(&escape(name.as_encoded_bytes()))
    }

    /// A system's relative path, as a walk gives it.
    #[must_use]
    pub fn from_os(path: &Path) -> Self {
        path.components().fold(Self::root(), |at, part| match part {
            Component::Normal(name) => at.join_os(name),
            _ => at,
        })
    }

    /// The path below this one; `name` is in escaped form and has no `..`.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        if self.is_root() {
            return Self(name.to_owned());
        }
        let mut path = String::with_capacity(self.0.len() + 1 + name.len());
        path.push_str(&self.0);
        path.push('/');
        path.push_str(name);
        Self(path)
    }

    /// A path as a link says it, or a system: for showing only.
    #[must_use]
    pub fn shown(path: &Path) -> String {
        let parts = path.as_os_str().as_encoded_bytes().split(|byte| *byte == b'/');
        parts.map(escape).collect::<Vec<_>>().join("/")
    }

    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "."
    }

    /// In escaped form, as shown everywhere.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name; of the workspace itself, `.`.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder around it; the workspace itself has none.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(self.0.rsplit_once('/').map_or_else(Self::root, |(parent, _)| Self(parent.to_owned())))
    }

    /// The names from the root down; none for the workspace itself.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|name| *name != ".")
    }

    /// Whether this is `folder` or lies below it.
    #[must_use]
    pub fn is_below(&self, folder: &Self) -> bool {
        folder.is_root()
            || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// For the system, relative to the root.
    #[must_use]
    pub fn to_os(&self) -> PathBuf {
        self.0.split('/').map(|name| os_name(unescape(name))).collect()
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In the order of paths, so that a map can be asked for what begins with a text.
impl std::borrow::Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A folder of the workspace, held open: everything is looked up beneath it, wherever it moves.
#[derive(Debug)]
pub struct Root {
    /// The first name of its paths in a workspace of several roots.
    pub label: String,
    /// Absolute, without links.
    pub path: PathBuf,
    /// As it was named.
    named: PathBuf,
    pub(super) dir: Dir,
}

/// The folders of a workspace, at least one. With one, paths are relative to it; with several, they begin with a
/// root's label.
#[derive(Clone, Debug)]
pub struct Roots {
    all: Arc<[Root]>,
    /// Folders of our own that lie below a root, or around one.
    own: Arc<[RelPath]>,
}

impl Roots {
    /// Opens folders, given as absolute paths.
    ///
    /// # Errors
    /// When one is no folder that can be opened, or there is none.
    pub fn open(folders: &[PathBuf]) -> std::io::Result<Self> {
        let mut roots: Vec<Root> = Vec::new();
        for folder in folders {
            let context = |error: std::io::Error| {
                std::io::Error::new(
                    error.kind(),
                    format!("cannot open the root `{}`: {error}", folder.display()),
                )
            };
            let path = super::disk::canonical(folder).map_err(context)?;
            if roots.iter().any(|root| root.path == path) {
                continue;
            }
            let dir = Dir::open_ambient_dir(&path, ambient_authority()).map_err(context)?;
            let name =
                path.file_name().map_or("root".into(), |name| escape(name.as_encoded_bytes()).into_owned());
            let taken = roots
                .iter()
                .filter(|root| root.label.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-') == name)
                .count();
            let label = if taken == 0 { name } else { format!("{name}-{}", taken + 1) };
            roots.push(Root { label, path, named: folder.clone(), dir });
        }
        if roots.is_empty() {
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "a workspace needs a root"));
        }
        Ok(Self { all: roots.into(), own: Arc::default() })
    }

    /// All roots, in the order given.
    #[must_use]
    pub fn all(&self) -> &[Root] {
        &self.all
    }

    /// Keeps everything away from a folder of our own, be it below a root or around one, made already or not.
    pub(crate) fn keep_out(&mut self, folder: &Path) {
        let folder = super::disk::real(folder);
        let below = self.all.iter().filter_map(|root| {
            let rest = folder.strip_prefix(&root.path).ok().map(RelPath::from_os);
            let inner = rest.or_else(|| root.path.starts_with(&folder).then(RelPath::root))?;
            Some(self.in_root(root, &inner))
        });
        self.own = self.own.iter().cloned().chain(below).collect();
    }

    /// Folders of our own, as paths of the workspace.
    pub(super) fn own(&self) -> &[RelPath] {
        &self.own
    }

    /// A path from outside: relative, or absolute below a root.
    ///
    /// # Errors
    /// As [`RelPath::parse`], and when an absolute path is below no root.
    pub fn parse(&self, text: &str) -> Result<RelPath, PathError> {
        let absolute = Path::new(text);
        let checked =
            if absolute.is_absolute() { self.relative(absolute, text)? } else { RelPath::parse(text)? };
        if self.all.len() > 1 && !checked.is_root() && self.locate(&checked).is_none() {
            return Err(PathError::NoRoot { path: shorten(text), roots: self.names() });
        }
        Ok(checked)
    }

    fn relative(&self, absolute: &Path, text: &str) -> Result<RelPath, PathError> {
        if text.contains('\0') {
            return Err(PathError::Nul { path: shorten(text) });
        }
        let below = self.all.iter().find_map(|root| {
            let rest =
                absolute.strip_prefix(&root.path).or_else(|_| absolute.strip_prefix(&root.named)).ok()?;
            Some((root, rest))
        });
        let Some((root, rest)) = below else {
            let roots: Vec<String> =
                self.all.iter().map(|root| format!("`{}`", root.path.display())).collect();
            return Err(PathError::Absolute { path: shorten(text), roots: roots.join(", ") });
        };
        let rest = rest.to_str().unwrap_or_default();
        let path = if rest.is_empty() { RelPath::root() } else { RelPath::parse(rest)? };
        Ok(self.in_root(root, &path))
    }

    /// The workspace's path for a path relative to one of its roots.
    #[must_use]
    pub fn in_root(&self, root: &Root, path: &RelPath) -> RelPath {
        match (self.all.len(), path.is_root()) {
            (1, _) => path.clone(),
            (_, true) => RelPath(root.label.clone()),
            (_, false) => RelPath(format!("{}/{path}", root.label)),
        }
    }

    /// The root of a path, and the path relative to it. In a workspace of several roots, `.` has none.
    #[must_use]
    pub fn locate(&self, path: &RelPath) -> Option<(&Root, RelPath)> {
        if let [only] = &*self.all {
            return Some((only, path.clone()));
        }
        let (label, rest) = path.0.split_once('/').map_or((path.as_str(), None), |(a, b)| (a, Some(b)));
        let root = self.all.iter().find(|root| root.label == label)?;
        Some((root, rest.map_or_else(RelPath::root, |rest| RelPath(rest.to_owned()))))
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.all.iter().map(|root| format!("`{}/`", root.label)).collect();
        names.join(", ")
    }
}

/// A text for a message: escaped and cut.
fn shorten(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(shown_char).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn shown_char(c: char) -> Vec<char> {
    if is_unsafe(c) { format!("\\u{{{:x}}}", u32::from(c)).chars().collect() } else { vec![c] }
}

/// Characters that hide or reorder what is shown: Unicode's `Default_Ignorable_Code_Point`, controls, and those that end
/// or annotate lines.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A name's bytes in escaped form.
fn escape(name: &[u8]) -> Cow<'_, str> {
    // Nearly every name is of this kind, and folders are listed by the thousand.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
    if let Some(plain) = std::str::from_utf8(name).ok().filter(|name| name.as_bytes().iter().all(is_plain)) {
        return Cow::Borrowed(plain);
    }
    let mut shown = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => shown.push_str("\\\\"),
                c => shown.extend(shown_char(c)),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(shown)
}

/// The bytes of a name in escaped form. A backslash that begins no escape stands for itself.
fn unescape(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = match escaped(after) {
            Some((escape, rest)) => {
                bytes.extend_from_slice(&escape);
                rest
            }
            None => {
                bytes.push(b'\\');
                after
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// What stands after a backslash, and what follows it.
fn escaped(text: &str) -> Option<(Vec<u8>, &str)> {
    if let Some(rest) = text.strip_prefix('\\') {
        return Some((vec![b'\\'], rest));
    }
    if let Some(rest) = text.strip_prefix('x') {
        let byte = u8::from_str_radix(rest.get(..2)?, 16).ok()?;
        return Some((vec![byte], &rest[2..]));
    }
    let (code, rest) = text.strip_prefix("u{")?.split_once('}')?;
    let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
    Some((c.to_string().into_bytes(), rest))
}

#[cfg(unix)]
fn os_name(bytes: Vec<u8>) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_name(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests;

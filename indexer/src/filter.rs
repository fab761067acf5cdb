//! What answers are narrowed to: paths, languages, kinds.

use crate::language::Language;
use crate::snapshot::{FileId, Snapshot};
use crate::symbol::SymbolKind;
use globset::{GlobBuilder, GlobMatcher};

/// Narrows answers. The default lets everything through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    path: Option<PathFilter>,
    pub language: Option<Language>,
    /// Empty for every kind.
    pub kinds: Vec<SymbolKind>,
}

#[derive(Clone, Debug)]
enum PathFilter {
    /// The path itself or a folder above it.
    Under(String),
    Glob(GlobMatcher),
}

/// A path filter that is no glob.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is not a path or glob")]
pub struct BadGlob {
    pattern: String,
    source: globset::Error,
}

impl Filter {
    /// Narrows to a folder or file, or, when it has `*`, `?`, `[` or `{`, to the paths that a glob
    /// matches (`*` stays within a folder, `**` does not).
    ///
    /// # Errors
    /// When the glob cannot be read.
    pub fn with_path(mut self, pattern: &str) -> Result<Self, BadGlob> {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        let glob = |source| BadGlob { pattern: pattern.to_owned(), source };
        self.path = Some(if pattern.contains(['*', '?', '[', '{']) {
            // A pattern without a folder matches at any depth, as in ignore files.
            let anywhere = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
            PathFilter::Glob(
                GlobBuilder::new(&anywhere).literal_separator(true).build().map_err(glob)?.compile_matcher(),
            )
        } else {
            PathFilter::Under(pattern.to_owned())
        });
        Ok(self)
    }

    /// Narrows to a folder or file whatever characters its path has; `.` and the empty path are everything.
    #[must_use]
    pub fn under(mut self, path: &str) -> Self {
        self.path = Some(PathFilter::Under(path.to_owned()));
        self
    }

    /// Whether a file may appear in the answer.
    #[must_use]
    pub fn admits_file(&self, path: &str, language: Option<Language>) -> bool {
        let under = match &self.path {
            None => true,
            Some(PathFilter::Under(folder)) if folder == "." || folder.is_empty() => true,
            Some(PathFilter::Under(folder)) => path
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Some(PathFilter::Glob(glob)) => glob.is_match(path),
        };
        under && self.language.is_none_or(|wanted| language == Some(wanted))
    }

    /// Whether a file of a snapshot may appear in the answer.
    pub(crate) fn admits(&self, snapshot: &Snapshot, file: FileId) -> bool {
        self.path.is_none() && self.language.is_none()
            || self.admits_file(snapshot.path(file), snapshot.meta(file).language)
    }

    /// Whether symbols of that kind may appear in the answer.
    #[must_use]
    pub fn admits_kind(&self, kind: SymbolKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

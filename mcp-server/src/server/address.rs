//! URIs of resources: files as every reader sees them, and what is staged.

use crate::workspace::{PathError, RelPath, Roots};
use rmcp::model::ResourceTemplate;
use std::path::PathBuf;

/// All that is staged.
pub(super) const STAGED: &str = "devtoolkit://staged";
const STAGED_FILE: &str = "devtoolkit://staged/";
const FILE: &str = "devtoolkit://file/";

/// What a URI names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// The difference of everything that is staged.
    Staged,
    /// The difference of one file.
    StagedFile(RelPath),
    /// A file's text or bytes.
    File(RelPath),
}

/// Why a URI names nothing here.
#[derive(Debug, thiserror::Error)]
pub(super) enum AddressError {
    #[error(
        "no resource `{0}`; there are `devtoolkit://staged`, `devtoolkit://staged/PATH` and `devtoolkit://file/PATH`"
    )]
    Unknown(String),
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Address {
    /// Reads a URI; its path is checked as every path is.
    pub(super) fn parse(uri: &str, roots: &Roots) -> Result<Self, AddressError> {
        let unknown = || AddressError::Unknown(uri.chars().take(120).collect());
        let path = |text: &str| -> Result<RelPath, AddressError> {
            Ok(roots.parse(&decoded(text).ok_or_else(unknown)?)?)
        };
        if uri == STAGED {
            return Ok(Self::Staged);
        }
        if let Some(rest) = uri.strip_prefix(STAGED_FILE) {
            return Ok(Self::StagedFile(path(rest)?));
        }
        if let Some(rest) = uri.strip_prefix(FILE) {
            return Ok(Self::File(path(rest)?));
        }
        let file: Option<PathBuf> = url::Url::parse(uri)
            .ok()
            .filter(|uri| uri.scheme() == "file")
            .and_then(|uri| uri.to_file_path().ok());
        let file = file.as_deref().and_then(|file| file.to_str()).ok_or_else(unknown)?;
        Ok(Self::File(roots.parse(file)?))
    }

    /// Whether a URI looks like one of ours, before a workspace is there to check its path.
    pub(super) fn is_known(uri: &str) -> bool {
        uri == STAGED || [STAGED_FILE, FILE, "file:///"].iter().any(|known| uri.starts_with(known))
    }
}

/// The templates that hosts list.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("devtoolkit://file/{+path}", "file")
            .with_title("File")
            .with_description("A file of the workspace, staged changes included"),
        ResourceTemplate::new("devtoolkit://staged/{+path}", "staged_file")
            .with_title("Staged change")
            .with_description("What is staged for one file, as a diff")
            .with_mime_type("text/x-diff"),
    ]
}

/// Percent signs undone; `None` where they are followed by no byte, or the bytes are no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = after.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_their_paths_checked() {
        let folder = tempfile::tempdir().expect("folder");
        let roots = Roots::open(&[folder.path().to_path_buf()]).expect("roots");
        let file = |path: &str| Address::File(RelPath::parse(path).expect("path"));
        let parse = |uri: &str| Address::parse(uri, &roots);
        assert_eq!(parse("devtoolkit://staged").expect("ours"), Address::Staged);
        assert_eq!(parse("devtoolkit://file/a%20b/c.rs").expect("ours"), file("a b/c.rs"));
        let absolute = url::Url::from_file_path(folder.path().join("x.rs")).expect("absolute");
        assert_eq!(parse(absolute.as_str()).expect("below the root"), file("x.rs"));
        for wrong in [
            "devtoolkit://file/../x",
            "devtoolkit://file/%2e%2e/x",
            "devtoolkit://file//etc/passwd",
            "file:///etc/passwd",
            "devtoolkit://file/",
            "devtoolkit://file/%zz",
            "devtoolkit://file/%+1",
            "devtoolkit://other",
            "https://example.com",
            "",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

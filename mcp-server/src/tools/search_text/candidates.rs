//! Which files can have a match: from the index where it is warm, else from a walk. Both give ripgrep's files.

use crate::tool::{ToolContext, ToolError};
use crate::tools::glob::glob;
use crate::tools::tree::{below, gaps, walk};
use crate::workspace::{Kind, Reach, ReadError, RelPath};
use devtoolkit_index::Filter;
use devtoolkit_index::text::Compiled;

/// Files to look into.
pub(super) struct Candidates {
    /// In order of their paths.
    pub(super) paths: Vec<RelPath>,
    /// What could not be looked at.
    pub(super) notes: String,
}

/// The files in `path`, a folder or a single file, that can match.
pub(super) fn candidates(
    context: &ToolContext,
    path: &RelPath,
    query: &Compiled,
    files: Option<&str>,
) -> Result<Candidates, ToolError> {
    let path = context.snapshot.locate(path)?;
    let matcher = files.map(glob).transpose()?;
    let is_wanted = |file: &RelPath| matcher.as_ref().is_none_or(|glob| glob.is_match(below(file, &path)));
    let (mut paths, notes) = match indexed(context, &path, query) {
        Some(paths) => (paths, String::new()),
        None => walked(context, &path)?,
    };
    paths.retain(is_wanted);
    Ok(Candidates { paths, notes })
}

pub(super) fn walked(context: &ToolContext, path: &RelPath) -> Result<(Vec<RelPath>, String), ToolError> {
    let reach = Reach { depth: usize::MAX, hidden: false, ignored: false };
    let walked = match walk(context, path, reach) {
        Ok(walked) => walked,
        // A file that is named is searched, whatever the rules say of it.
        Err(ToolError::Read(ReadError::NoFolder { path })) => return Ok((vec![path], String::new())),
        Err(error) => return Err(error),
    };
    let notes = gaps(&walked);
    let files = walked.entries.into_iter().filter(|(_, kind)| *kind == Kind::File);
    let mut paths: Vec<RelPath> = files.map(|(path, _)| path).collect();
    // What is open is worked on, whatever the rules say of it.
    paths.extend(context.snapshot.documents_below(path).cloned());
    paths.sort_unstable();
    paths.dedup();
    Ok((paths, notes))
}

/// From the index, where it knows all of the folder.
pub(super) fn indexed(context: &ToolContext, folder: &RelPath, query: &Compiled) -> Option<Vec<RelPath>> {
    let (indexes, inner) = if folder.is_root() {
        (context.symbols.all()?, String::new())
    } else {
        let (index, inner) = context.symbols.of(folder)?;
        // A folder that is ignored has nothing in the index but what is staged or open in it.
        let mut on_top = context.snapshot.staging().below(folder).map(|(path, _)| path);
        let on_top = on_top.next().or(context.snapshot.documents_below(folder).next());
        if on_top.is_some() || !index.snapshot.has_folder(&inner) {
            return None;
        }
        (vec![index], inner)
    };
    let mut paths = Vec::new();
    for index in &indexes {
        if !index.knows_all() {
            return None;
        }
        let filter = Filter::default().under(&inner);
        let found = index.snapshot.text_candidates(query, &filter);
        paths.extend(found.iter().map(|inner| context.symbols.path(index, inner)));
        if index.snapshot.is_damaged() {
            return None;
        }
    }
    paths.sort_unstable();
    Some(paths)
}

//! `apply_patch`: a unified diff of any number of files, all of it or nothing.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::target::free;
use crate::workspace::{FILE_LIMIT, FileChange, FileContent, ReadError, RelPath, Side, WorkspaceOp, encode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

mod fit;
mod parse;

use parse::{FilePatch, parse};

/// The longest patch, in bytes.
const PATCH: usize = 8 << 20;
/// Files and hunks that did not fit which a reply tells of.
const TOLD: usize = 20;

/// Apply a unified diff. All of it fits or nothing is staged.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ApplyPatch {
    patch: String,
}

impl Tool for ApplyPatch {
    const NAME: &'static str = "apply_patch";
    const TITLE: &'static str = "Apply patch";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        if self.patch.len() > PATCH {
            let size = self.patch.len();
            return Err(ToolError::failed(format!(
                "`patch` has {size} bytes, over {PATCH}; send it in parts"
            )));
        }
        let nothing = |why: String| ToolError::failed(format!("nothing was staged: {why}"));
        let files = parse(&self.patch).map_err(nothing)?;
        let mut work = Work { context, sides: BTreeMap::new(), told: Vec::new(), failed: 0 };
        for (place, file) in files.iter().enumerate() {
            context.cancelled()?;
            context.progress(place as u64, Some(files.len() as u64), "files patched");
            if let Err(error) = work.file(file) {
                // Most errors begin with the path.
                let (why, name) = (error.to_string(), name_of(file));
                work.fail(if why.starts_with('`') { why } else { format!("`{name}`: {why}") });
            }
        }
        if work.failed > 0 {
            let more = work.failed.saturating_sub(TOLD);
            let more = if more == 0 { String::new() } else { format!("\n{more} more do not fit") };
            return Err(nothing(format!("the patch does not fit\n{}{more}", work.told.join("\n"))));
        }
        let told = work.told.join("\n");
        let changes = work.sides.into_iter().filter(|(_, (before, after))| before != after);
        let files: Vec<FileChange> =
            changes.map(|(path, (before, after))| FileChange { path, before, after }).collect();
        let title = match files.as_slice() {
            [] => return Ok(ToolOutput::text(format!("{told}\ntogether this changes nothing"))),
            [only] => format!("patch {}", only.path),
            [first, rest @ ..] => format!("patch {} and {} more", first.path, rest.len()),
        };
        Ok(ToolOutput::op(told, WorkspaceOp::Stage { title, files }))
    }
}

fn name_of(file: &FilePatch) -> String {
    file.new.as_ref().or(file.old.as_ref()).map_or("?", |name| name.as_str()).chars().take(200).collect()
}

/// A patch half applied, nothing of it staged.
struct Work<'a> {
    context: &'a ToolContext,
    /// What each path was, and what it is by now.
    sides: BTreeMap<RelPath, (Side, Side)>,
    /// What is said of each file, or only of those that do not fit.
    told: Vec<String>,
    failed: usize,
}

impl Work<'_> {
    fn fail(&mut self, why: String) {
        if self.failed == 0 {
            self.told.clear();
        }
        self.failed += 1;
        if self.failed <= TOLD {
            self.told.push(why);
        }
    }

    fn file(&mut self, file: &FilePatch) -> Result<(), ToolError> {
        let old = file.old.as_ref().map(|name| self.context.path(name)).transpose()?;
        let new = file.new.as_ref().map(|name| self.context.path(name)).transpose()?;
        match (old, new) {
            (Some(old), Some(new)) if old == new => {
                let path = self.context.snapshot.locate(&old)?;
                let content = self.open(&path)?;
                let Some((after, told)) = self.patched(&path, Some(&content), file)? else { return Ok(()) };
                self.set(path, Side::File(after), told)
            }
            (Some(old), Some(new)) => {
                let old = self.context.snapshot.locate(&old)?;
                let content = self.open(&old)?;
                let new = self.vacant(&new)?;
                let Some((after, told)) = self.patched(&new, Some(&content), file)? else { return Ok(()) };
                let verb = if file.copies { "copied" } else { "moved" };
                self.set(new, Side::File(after), format!("{verb} from `{old}`, {told}"))?;
                if !file.copies {
                    self.sides.entry(old).and_modify(|(_, after)| *after = Side::Absent);
                }
                Ok(())
            }
            (None, Some(new)) => {
                let path = self.vacant(&new)?;
                let Some((mut after, _)) = self.patched(&path, None, file)? else { return Ok(()) };
                after.mode = file.executable.then_some(0o755);
                self.set(path, Side::File(after), "new file".to_owned())
            }
            (Some(old), None) => {
                let path = self.context.snapshot.locate(&old)?;
                let content = self.open(&path)?;
                let Some((after, _)) = self.patched(&path, Some(&content), file)? else { return Ok(()) };
                let left = after.text().map_or(0, |(text, _)| text.lines().count());
                if left > 0 {
                    return Err(ToolError::failed(format!(
                        "the patch deletes the file but leaves {left} lines of it; use delete_path"
                    )));
                }
                self.set(path, Side::Absent, "deleted".to_owned())
            }
            (None, None) => Err(ToolError::failed("it has no name")),
        }
    }

    fn set(&mut self, path: RelPath, side: Side, told: String) -> Result<(), ToolError> {
        if self.failed == 0 {
            self.told.push(format!("`{path}`: {told}"));
        }
        if let Some((_, after)) = self.sides.get_mut(&path) {
            *after = side;
            return Ok(());
        }
        let before = self.context.snapshot.side(&path)?;
        self.sides.insert(path, (before, side));
        Ok(())
    }

    /// What is at a path by now.
    fn side(&mut self, path: &RelPath) -> Result<Side, ToolError> {
        if let Some((_, now)) = self.sides.get(path) {
            return Ok(now.clone());
        }
        let side = self.context.snapshot.side(path)?;
        self.sides.insert(path.clone(), (side.clone(), side.clone()));
        Ok(side)
    }

    fn open(&mut self, path: &RelPath) -> Result<FileContent, ToolError> {
        match self.side(path)? {
            Side::File(content) => Ok(content),
            Side::Absent => Err(ReadError::NotFound { path: path.clone() }.into()),
            Side::Folder => Err(ReadError::Folder { path: path.clone() }.into()),
            Side::Link(_) => Err(ReadError::Outside { path: path.clone() }.into()),
        }
    }

    /// A path at which nothing is by now.
    fn vacant(&mut self, path: &RelPath) -> Result<RelPath, ToolError> {
        free(self.context, path)?;
        let path = self.context.snapshot.locate(path)?;
        match self.side(&path)? {
            Side::Absent => Ok(path),
            Side::File(_) | Side::Link(_) | Side::Folder => Err(ToolError::failed(
                "it exists already; a patch of it begins with its own name after `---`",
            )),
        }
    }

    /// A file's content with all hunks, and where they went; `None` when one does not fit, which is told then.
    fn patched(
        &mut self,
        path: &RelPath,
        content: Option<&FileContent>,
        file: &FilePatch,
    ) -> Result<Option<(FileContent, String)>, ToolError> {
        let empty = FileContent::new(Vec::new(), None);
        let content = content.unwrap_or(&empty);
        if file.hunks.is_empty() {
            return Ok(Some((content.clone(), "no lines changed".to_owned())));
        }
        let (text, encoding) = crate::tools::target::text_of(path, content)?;
        let (after, fitted) = fit::apply(&text, &file.hunks);
        let (mut places, mut missed) = (Vec::new(), false);
        for (number, hunk) in (1..).zip(fitted) {
            match hunk.outcome {
                Ok(place) => places.push(place.to_string()),
                Err(why) => {
                    self.fail(format!("`{path}`: hunk {number} (line {} of the patch): {why}", hunk.at));
                    missed = true;
                }
            }
        }
        if missed {
            return Ok(None);
        }
        if after.len() as u64 > FILE_LIMIT {
            return Err(ToolError::failed("it would be over 64 MiB"));
        }
        let bytes = encode(&after, encoding).map_err(|error| ToolError::failed(error.to_string()))?;
        let mut told = match places.len() {
            1 => format!("1 hunk at line {}", places[0]),
            count => format!("{count} hunks at lines {}", places[..count.min(TOLD)].join(", ")),
        };
        if places.len() > TOLD {
            let _ = write!(told, " and {} more", places.len() - TOLD);
        }
        Ok(Some((FileContent::new(bytes, content.mode), told)))
    }
}

#[cfg(test)]
mod tests;

//! One object: a commit with what it changed, a file or folder of a revision, a tag.

use super::diff::{self, Form};
use super::{Bound, GitError, Repository, date, history, line, shown};
use crate::workspace::RelPath;
use git2::{Commit, Object, ObjectType, Tree};
use std::fmt::Write as _;
use std::path::Path;

/// The largest file that is shown, in bytes.
const LARGE: usize = 8 << 20;

/// What a revision names, written out.
pub(crate) fn show(
    repository: &Repository,
    revision: &str,
    paths: &[RelPath],
    form: Form,
    bound: &Bound,
) -> Result<String, GitError> {
    // Whichever of the colons begins the path.
    let named = revision.match_indices(':').map(|(at, _)| repository.outer(Path::new(&revision[at + 1..])));
    if let Some(secret) = named.into_iter().find(|path| repository.withholds(path)) {
        return Err(GitError::Refused(format!(
            "`{secret}` may hold secrets; read_file asks the person for what is on disk"
        )));
    }
    object(repository, repository.object(revision)?, paths, form, bound)
}

fn object(
    repository: &Repository,
    object: Object<'_>,
    paths: &[RelPath],
    form: Form,
    bound: &Bound,
) -> Result<String, GitError> {
    let mut text = String::new();
    let mut object = object;
    // A tag of a tag of a tag: each is one step, and steps end.
    for _ in 0..10 {
        let Some(tag) = object.as_tag() else { break };
        let _ = writeln!(text, "tag {}", line(tag.name_bytes()));
        if let Some(tagger) = tag.tagger() {
            let _ = writeln!(text, "Tagger: {} {}", line(tagger.name_bytes()), date::day(tagger.when()));
        }
        let _ = writeln!(text, "\n{}", indented(tag.message_bytes().unwrap_or_default()));
        object = tag.target()?;
    }
    match object.kind() {
        Some(ObjectType::Commit) => {
            text.push_str(&commit(repository, &object.peel_to_commit()?, paths, form, bound)?);
        }
        Some(ObjectType::Tree) => text.push_str(&folder(&object.peel_to_tree()?)),
        Some(ObjectType::Blob) => {
            let blob = object.peel_to_blob()?;
            let bytes = blob.content();
            if bytes.len() > LARGE || bytes.contains(&0) {
                return Err(GitError::Failed(format!(
                    "it is binary or large ({} bytes), and not shown",
                    bytes.len()
                )));
            }
            for (place, content) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
                let _ = writeln!(
                    text,
                    "{:>6}\t{}",
                    place + 1,
                    shown(content.strip_suffix(b"\n").unwrap_or(content))
                );
            }
        }
        _ => return Err(GitError::Failed("it is an object of an unknown kind".to_owned())),
    }
    Ok(text)
}

fn commit(
    repository: &Repository,
    commit: &Commit<'_>,
    paths: &[RelPath],
    form: Form,
    bound: &Bound,
) -> Result<String, GitError> {
    let names = history::names(repository)?;
    let names = names.get(&commit.id()).map(|names| format!(" ({})", names.join(", "))).unwrap_or_default();
    let mut text = format!("commit {}{names}\n", commit.id());
    let (author, committer) = (commit.author(), commit.committer());
    let person = |who: &git2::Signature<'_>| {
        format!("{} <{}> {}", line(who.name_bytes()), line(who.email_bytes()), date::day(who.when()))
    };
    let _ = writeln!(text, "Author: {}", person(&author));
    if author.name_bytes() != committer.name_bytes() {
        let _ = writeln!(text, "Committer: {}", person(&committer));
    }
    let parents: Vec<String> = commit.parent_ids().map(|id| repository.short(id)).collect();
    if parents.len() > 1 {
        let _ = writeln!(text, "Parents: {} (the difference is to the first)", parents.join(" "));
    }
    let _ = writeln!(text, "\n{}", indented(commit.message_bytes()));
    let old = commit.parent(0).ok().map(|parent| parent.tree()).transpose()?;
    text.push_str(&diff::of_trees(repository, old.as_ref(), Some(&commit.tree()?), paths, form, bound)?);
    Ok(text)
}

fn indented(message: &[u8]) -> String {
    shown(message).trim_end().lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        text
    })
}

fn folder(tree: &Tree<'_>) -> String {
    tree.iter().fold(String::new(), |mut text, entry| {
        let end = match entry.kind() {
            Some(ObjectType::Tree) => "/",
            Some(ObjectType::Commit) => " (submodule)",
            _ => "",
        };
        let _ = writeln!(text, "{}{end}", line(entry.name_bytes()));
        text
    })
}

//! What a repository's own configuration may not say, read before libgit2 reads it: files that lie elsewhere.

use super::GitError;
use super::open::follow;
use crate::workspace::{Kind, RelPath, Snapshot, visible};
use std::path::Path;

/// The largest configuration that is read, in bytes.
pub(super) const LIMIT: u64 = 1 << 20;
/// How deep files may include each other, as with git.
const DEPTH: usize = 10;
/// Keys that name a file, which git reads.
const FILES: &[&str] = &["include.path", "core.excludesfile", "core.attributesfile"];
/// Protections that no repository may switch off.
const PROTECTIONS: &[&str] = &["core.protectntfs", "core.protecthfs"];

/// Refuses a configuration that leads out of the workspace.
pub(super) fn check(snapshot: &Snapshot, file: &RelPath) -> Result<(), GitError> {
    check_at(snapshot, file, 0)
}

fn check_at(snapshot: &Snapshot, file: &RelPath, depth: usize) -> Result<(), GitError> {
    let roots = snapshot.roots();
    if roots.lstat(file).is_err() {
        return Ok(());
    }
    if depth > DEPTH {
        return Err(GitError::Refused(format!("`{file}` is included through more than {DEPTH} files")));
    }
    let bytes = roots.peek(&roots.resolve(file)?, LIMIT)?;
    for (key, value) in entries(&String::from_utf8_lossy(&bytes)) {
        let is_include = key.starts_with("includeif.") && key.ends_with(".path");
        if PROTECTIONS.contains(&key.as_str())
            && matches!(value.to_lowercase().as_str(), "false" | "no" | "off" | "0")
        {
            return Err(GitError::Refused(format!(
                "`{file}` switches off the protection `{key}`; the person may remove that line"
            )));
        }
        if value.is_empty() || !(is_include || FILES.contains(&key.as_str())) {
            continue;
        }
        let refuse = |why: &str| {
            GitError::Refused(format!(
                "`{file}` has `{key} = {}`, {why}; a repository may only name files inside of the workspace, and the person may remove that line",
                visible(&value)
            ))
        };
        let folder = file.parent().unwrap_or_else(RelPath::root);
        let Some(named) = follow(roots, &folder, Path::new(&value)).filter(|_| !value.starts_with('~'))
        else {
            return Err(refuse("which leads outside"));
        };
        let named = match roots.stat(&named) {
            Ok(stat) if stat.kind == Kind::File => roots.resolve(&named)?,
            Ok(_) => return Err(refuse("which is no file")),
            Err(crate::workspace::ReadError::NotFound { .. }) => continue,
            Err(_) => return Err(refuse("which leads outside")),
        };
        if is_include || key == "include.path" {
            check_at(snapshot, &named, depth + 1)?;
        }
    }
    Ok(())
}

/// Keys in lower case, without subsections but for conditions, and their values.
fn entries(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\r\n", "\n").replace("\\\n", "");
    let (mut section, mut found) = (String::new(), Vec::new());
    for line in joined.lines() {
        let mut rest = line.trim();
        if let Some(after) = rest.strip_prefix('[') {
            let end = closing(after);
            let name = after[..end].split(['"', ' ', '.', '\t']).next().unwrap_or_default();
            section = name.trim().to_lowercase();
            rest = after.get(end + 1..).unwrap_or_default().trim();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let (key, value) = rest.split_once('=').unwrap_or((rest, "true"));
        let key = key.trim().to_lowercase();
        let key =
            if section == "includeif" { format!("includeif.?.{key}") } else { format!("{section}.{key}") };
        found.push((key, unquoted(value)));
    }
    found
}

/// Where a section's `]` is; one in a quoted name is none.
fn closing(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// A value without its quotes and comment.
fn unquoted(value: &str) -> String {
    let (mut text, mut quoted, mut chars) = (String::new(), false, value.trim().chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('b') => drop(text.pop()),
                Some(c) => text.push(c),
                None => {}
            },
            '#' | ';' if !quoted => break,
            c => text.push(c),
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_however_they_are_written() {
        let text = "[core]\n\tbare = false ; no\n[Include] Path = \"a b\\\"c\" # x\n[includeIf \"gitdir:a]b\"]path=x\\\n y\n[remote \"o\"]\r\nurl = u\r\n[core]fsmonitor\n";
        let found: Vec<String> = entries(text).iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            found,
            [
                "core.bare=false",
                "include.path=a b\"c",
                "includeif.?.path=x y",
                "remote.url=u",
                "core.fsmonitor=true"
            ]
        );
    }
}

//! What every package of Rust has.

use super::TaskKind;
use super::find::{Read, Script};
use super::folder::Folder;
use toml::{Table, Value};

const FILE: &str = "Cargo.toml";

/// Everything for a package or workspace; only the tests for a member of a workspace, whose root has the rest.
pub(super) fn cargo(folder: Folder<'_>) -> Read {
    let Some(manifest) = folder.toml(FILE).map_err(|error| (FILE, error))? else { return Ok(None) };
    let is_workspace = manifest.contains_key("workspace");
    if !is_workspace && is_member(folder, &manifest) {
        return Ok(Some((FILE, vec![Script::usual("test", TaskKind::Test, &["cargo", "test"])])));
    }
    let script = |name: &str, kind, words: &[&str]| {
        let (first, rest) = words.split_at(1);
        let whole: &[&str] = if is_workspace { &["--workspace"] } else { &[] };
        Script::usual(name, kind, &[&["cargo"], first, whole, rest].concat())
    };
    let scripts = vec![
        script("test", TaskKind::Test, &["test"]),
        script("clippy", TaskKind::Lint, &["clippy", "--all-targets"]),
        Script::usual("fmt", TaskKind::Format, &["cargo", "fmt", "--all", "--check"]),
        script("build", TaskKind::Build, &["build"]),
        script("doc", TaskKind::Docs, &["doc", "--no-deps"]),
    ];
    Ok(Some((FILE, scripts)))
}

/// Whether a manifest's package belongs to a workspace: that of the nearest folder around it, unless it is left out.
fn is_member(folder: Folder<'_>, manifest: &Table) -> bool {
    if manifest.get("package").and_then(|package| package.get("workspace")).is_some() {
        return true;
    }
    let around = folder.upwards().skip(1).find_map(|above| {
        // A manifest that is wrong is reported where it stands.
        let manifest = above.toml(FILE).ok()??;
        Some((above, manifest.get("workspace")?.clone()))
    });
    around.is_some_and(|(above, workspace)| {
        let left_out = workspace.get("exclude").and_then(Value::as_array).into_iter().flatten();
        let mut left_out = left_out.filter_map(Value::as_str).map(|path| path.trim_end_matches('/'));
        !left_out.any(|path| folder.path.is_below(&above.path.join(path)))
    })
}

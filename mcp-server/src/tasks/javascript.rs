//! The scripts of `package.json` and the tasks of `deno.json`.

use super::TaskKind;
use super::find::{Read, Script};
use super::folder::Folder;
use serde_json::{Map, Value};

const PACKAGE: &str = "package.json";
/// A file that is there when the program is used.
const LOCKS: &[(&str, &str)] = &[
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("pnpm-lock.yaml", "pnpm"),
    ("pnpm-workspace.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
];

/// The scripts of a package, by the package manager that its folder or one around it shows.
pub(super) fn package(folder: Folder<'_>) -> Read {
    let failed = |error| (PACKAGE, error);
    let Some(text) = folder.text(PACKAGE).map_err(failed)? else { return Ok(None) };
    let package: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    let none = Map::new();
    let scripts = package.get("scripts").and_then(Value::as_object).unwrap_or(&none);
    let manager = manager(folder, &package);
    let written = scripts.iter().filter(|(name, _)| !is_hook(name, scripts)).filter_map(|(name, script)| {
        let script = script.as_str()?;
        Some(Script::written(name, &[manager, "run", name], Some(script)))
    });
    Ok(Some((PACKAGE, written.collect())))
}

/// Whether a script runs before or after another one by itself.
fn is_hook(name: &str, scripts: &Map<String, Value>) -> bool {
    let around = name.strip_prefix("pre").or_else(|| name.strip_prefix("post"));
    around.is_some_and(|around| {
        scripts.contains_key(around) || matches!(around, "install" | "pack" | "publish")
    })
}

fn manager(folder: Folder<'_>, package: &Value) -> &'static str {
    if let Some(named) = named(package) {
        return named;
    }
    let nearest = folder.upwards().find_map(|folder| {
        let lock = LOCKS.iter().find(|(lock, _)| folder.has(lock)).map(|(_, manager)| *manager);
        lock.or_else(|| named(&serde_json::from_str(&folder.text(PACKAGE).ok()??).ok()?))
    });
    nearest.unwrap_or("npm")
}

/// What `packageManager` says: `pnpm@9.1.0`.
fn named(package: &Value) -> Option<&'static str> {
    let named = package.get("packageManager")?.as_str()?;
    let named = named.split('@').next()?;
    ["npm", "pnpm", "yarn", "bun"].into_iter().find(|manager| *manager == named)
}

/// The tasks of Deno, and what it always has.
pub(super) fn deno(folder: Folder<'_>) -> Read {
    let Some(file) = folder.first(&["deno.json", "deno.jsonc"]) else { return Ok(None) };
    let text = folder.text(file).map_err(|error| (file, error))?.unwrap_or_default();
    let (collect, options) = (jsonc_parser::CollectOptions::default(), jsonc_parser::ParseOptions::default());
    let parsed = jsonc_parser::parse_to_ast(&text, &collect, &options);
    let config: Option<Value> = parsed.map_err(|error| (file, error.to_string()))?.value.map(Value::from);
    let none = Map::new();
    let tasks =
        config.as_ref().and_then(|config| config.get("tasks")).and_then(Value::as_object).unwrap_or(&none);
    let written = tasks.iter().filter_map(|(name, task)| {
        let script = task.as_str().or_else(|| task.get("command").and_then(Value::as_str));
        (task.is_string() || task.is_object()).then(|| Script::written(name, &["deno", "task", name], script))
    });
    let usual = [
        Script::usual("test", TaskKind::Test, &["deno", "test"]),
        Script::usual("lint", TaskKind::Lint, &["deno", "lint"]),
        Script::usual("fmt", TaskKind::Format, &["deno", "fmt", "--check"]),
    ];
    let usual = usual.into_iter().filter(|script| !tasks.contains_key(&script.name));
    Ok(Some((file, written.chain(usual).collect())))
}

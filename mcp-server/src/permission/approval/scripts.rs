//! What a change would have run later: the lines of a package's scripts that are new.

use crate::workspace::{Chosen, Side};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Scripts that package managers run by themselves.
const BY_THEMSELVES: &[&str] = &[
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "dependencies",
];

/// A line for each script of a `package.json` that is new or another; nothing for other files.
pub(super) fn new_scripts(change: &Chosen) -> String {
    if !change.path.file_name().eq_ignore_ascii_case("package.json") {
        return String::new();
    }
    let (before, after) = (scripts(&change.base), scripts(&change.target));
    let mut lines = String::new();
    for (name, script) in after.iter().filter(|(name, script)| before.get(*name) != Some(*script)) {
        let when =
            if BY_THEMSELVES.contains(&name.as_str()) { ", which runs by itself on install" } else { "" };
        let script = script.as_str().map_or_else(|| script.to_string(), str::to_owned);
        let shown = |text: &str| crate::workspace::visible(text).replace('\n', "\\n");
        let _ = writeln!(lines, "    !! new script `{}`{when}: {}", shown(name), shown(&script));
    }
    lines
}

fn scripts(side: &Side) -> Map<String, Value> {
    let text = side.file().and_then(|file| file.text().ok()).map(|(text, _)| text.into_owned());
    let value: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
    value.and_then(|value| value.get("scripts")?.as_object().cloned()).unwrap_or_default()
}

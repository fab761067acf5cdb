//! Facts from files that configure a project: `tsconfig.json`'s paths and `package.json`'s name.

use crate::symbol::{Facts, ImportFact, ImportKind, NONE};

/// What a file that is no source code tells about resolving imports; empty for most.
pub(crate) fn facts<'t>(path: &str, text: &'t [u8]) -> Facts<'t> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_config = name.starts_with("tsconfig") || name.starts_with("jsconfig");
    let mut facts = Facts::default();
    if !name.ends_with(".json") || !(is_config || name == "package.json") || text.len() > 1 << 20 {
        return facts;
    }
    let Ok(text) = std::str::from_utf8(text) else { return facts };
    // tsconfig files have comments and trailing commas.
    let options = jsonc_parser::ParseOptions::default();
    let Ok(Some(jsonc_parser::JsonValue::Object(root))) = jsonc_parser::parse_to_value(text, &options) else {
        return facts;
    };
    if is_config {
        paths(&root, text, &mut facts);
    } else if let Some(name) = root.get_string("name") {
        push(&mut facts, text, ImportKind::PackageName, "", name);
    }
    facts
}

fn paths<'t>(root: &jsonc_parser::JsonObject<'_>, text: &'t str, facts: &mut Facts<'t>) {
    let Some(options) = root.get_object("compilerOptions") else {
        if let Some(base) = root.get_string("extends") {
            push(facts, text, ImportKind::ReExportStar, base, "");
        }
        return;
    };
    if let Some(base) = root.get_string("extends") {
        push(facts, text, ImportKind::ReExportStar, base, "");
    }
    if let Some(base) = options.get_string("baseUrl") {
        push(facts, text, ImportKind::PathAlias, base, "");
    }
    let Some(paths) = options.get_object("paths") else { return };
    for (pattern, targets) in paths.clone() {
        if let jsonc_parser::JsonValue::Array(targets) = targets {
            for target in targets {
                if let jsonc_parser::JsonValue::String(target) = target {
                    push(facts, text, ImportKind::PathAlias, &target, &pattern);
                }
            }
        }
    }
}

/// Adds a fact whose strings are slices of the text; strings with escapes are left out.
fn push<'t>(facts: &mut Facts<'t>, text: &'t str, kind: ImportKind, module: &str, name: &str) {
    let mut intern = |wanted: &str| {
        if wanted.is_empty() {
            return NONE;
        }
        let Some(at) = text.find(wanted) else { return NONE };
        let slice = &text[at..at + wanted.len()];
        let known = facts.names.iter().position(|name| *name == slice);
        let index = known.unwrap_or_else(|| {
            facts.names.push(slice);
            facts.names.len() - 1
        });
        crate::extract::offset(index)
    };
    let (module, name) = (intern(module), intern(name));
    if module != NONE || name != NONE {
        let at = crate::extract::offset(facts.imports.len());
        facts.imports.push(ImportFact { kind, module, module_at: 0, name, alias: NONE, at, scope: 0 });
    }
}

//! Module specifiers → files of the index.

use super::Resolver;
use crate::snapshot::{FileId, Snapshot};
use crate::symbol::{ImportKind, NONE};

/// Folders above the importing file that are tried as Python source roots.
const ROOTS: usize = 16;
const EXTENSIONS: [&str; 9] = [".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".mjs", ".cts", ".cjs"];

/// The file of a Python module, `.`-relative or absolute.
pub(super) fn python(snapshot: &Snapshot, from: &str, module: &str) -> Option<FileId> {
    let dots = module.bytes().take_while(|byte| *byte == b'.').count();
    let rest = module[dots..].trim().replace('.', "/");
    if dots > 0 {
        let mut folder = parent(from)?;
        for _ in 1..dots {
            folder = parent(folder)?;
        }
        return python_file(snapshot, &join(folder, &rest));
    }
    // The folder that holds the top package of the importing file, then the folders above it.
    let mut folder = parent(from);
    while let Some(inside) = folder {
        if !snapshot.contains(&join(inside, "__init__.py")) {
            break;
        }
        folder = parent(inside);
    }
    let mut tried = 0;
    while let Some(root) = folder.filter(|_| tried < ROOTS) {
        for source in [root.to_owned(), join(root, "src")] {
            if let Some(file) = python_file(snapshot, &join(&source, &rest)) {
                return Some(file);
            }
        }
        tried += 1;
        folder = parent(root);
    }
    None
}

/// The file of a Python module whose path without extension is known.
pub(super) fn python_file(snapshot: &Snapshot, stem: &str) -> Option<FileId> {
    let stem = stem.trim_end_matches('/');
    ["/__init__.py", ".py", ".pyi", "/__init__.pyi"].iter().find_map(|end| {
        let path = format!("{stem}{end}");
        snapshot.file(path.trim_start_matches('/'))
    })
}

impl Resolver<'_> {
    /// The file of a TypeScript or JavaScript module specifier.
    pub(super) fn script_module(&self, from: &str, specifier: &str) -> Option<FileId> {
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || specifier == "."
            || specifier == ".."
        {
            return self.script_file(&normalise(parent(from)?, specifier)?);
        }
        let config = self.config(parent(from)?);
        let key = (config, specifier.to_owned());
        if let Some(known) = self.packages.borrow().get(&key) {
            return *known;
        }
        let by_config = config.and_then(|config| self.by_paths(config, specifier, true));
        let found = by_config.or_else(|| self.by_package(specifier));
        self.packages.borrow_mut().insert(key, found);
        found
    }

    fn script_file(&self, path: &str) -> Option<FileId> {
        let snapshot = self.snapshot;
        let exact = || snapshot.file(path).filter(|file| snapshot.meta(*file).language.is_some());
        let extended = |stem: &str| EXTENSIONS.iter().find_map(|end| snapshot.file(&format!("{stem}{end}")));
        // `./a.js` in TypeScript means `./a.ts`.
        let renamed = || {
            let (stem, end) = path.rsplit_once('.')?;
            matches!(end, "js" | "jsx" | "mjs" | "cjs").then(|| extended(stem))?
        };
        exact().or_else(|| extended(path)).or_else(renamed).or_else(|| extended(&join(path, "index")))
    }

    /// The nearest `tsconfig.json` or `jsconfig.json`, in a folder or above it.
    fn config(&self, folder: &str) -> Option<FileId> {
        if let Some(known) = self.configs.borrow().get(folder) {
            return *known;
        }
        let here = ["tsconfig.json", "jsconfig.json"]
            .iter()
            .find_map(|name| self.snapshot.file(&join(folder, name)));
        let found = here.or_else(|| self.config(parent(folder)?));
        self.configs.borrow_mut().insert(folder.to_owned(), found);
        found
    }

    /// By `paths` and `baseUrl` of a configuration, following `extends` once.
    fn by_paths(&self, config: FileId, specifier: &str, follow: bool) -> Option<FileId> {
        let facts = self.facts(config);
        let folder = parent(self.snapshot.path(config))?;
        let mut base = folder.to_owned();
        for import in facts.doc.imports() {
            if import.kind == ImportKind::PathAlias && import.name == NONE {
                base = normalise(folder, &facts.name(import.module))?;
            }
        }
        for import in facts.doc.imports().iter().filter(|import| import.kind == ImportKind::PathAlias) {
            let (pattern, target) = (facts.name(import.name), facts.name(import.module));
            let filled = match (import.name, pattern.split_once('*')) {
                (NONE, _) => specifier.to_owned(),
                (_, Some((before, after))) => {
                    let Some(middle) =
                        specifier.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
                    else {
                        continue;
                    };
                    target.replacen('*', middle, 1)
                }
                (_, None) if pattern == specifier => target,
                (_, None) => continue,
            };
            if let Some(file) = normalise(&base, &filled).and_then(|path| self.script_file(&path)) {
                return Some(file);
            }
        }
        let extended = facts.doc.imports().iter().find(|import| import.kind == ImportKind::ReExportStar)?;
        let path = normalise(folder, &facts.name(extended.module))?;
        let parent_config =
            self.snapshot.file(&path).or_else(|| self.snapshot.file(&format!("{path}.json")))?;
        if follow { self.by_paths(parent_config, specifier, false) } else { None }
    }

    /// By the name that a `package.json` of the tree gives its folder.
    fn by_package(&self, specifier: &str) -> Option<FileId> {
        let mut end = specifier.find('/').unwrap_or(specifier.len());
        if specifier.starts_with('@') {
            end = specifier[end.min(specifier.len() - 1) + 1..]
                .find('/')
                .map_or(specifier.len(), |more| end + 1 + more);
        }
        let (name, rest) = specifier.split_at(end);
        let folder = self.package_folder(name)?;
        let rest = rest.trim_start_matches('/');
        if rest.is_empty() {
            return ["index", "src/index", "lib/index"]
                .iter()
                .find_map(|main| self.script_file(&join(&folder, main)));
        }
        // Packages that build `src/` into `lib/` or `dist/` are imported by what is built.
        let in_source =
            ["lib/", "dist/"].iter().find_map(|built| rest.strip_prefix(built)).map(|rest| join("src", rest));
        let candidates = [Some(rest.to_owned()), in_source, Some(join("src", rest))];
        candidates.iter().flatten().find_map(|rest| self.script_file(&join(&folder, rest)))
    }

    fn package_folder(&self, name: &str) -> Option<String> {
        self.snapshot.parts().iter().zip(0u32..).find_map(|(part, index)| {
            let term = part.segment.term(name)?;
            part.segment.postings(term).filter(|(doc, _)| part.live.has(*doc)).find_map(|(doc, _)| {
                let path = part.segment.path(doc);
                let folder = path.strip_suffix("package.json")?;
                let facts = self.facts(FileId { part: index, doc });
                let names = facts.doc.imports().iter();
                let is_named = |kind, given: &str| kind == ImportKind::PackageName && given == name;
                names
                    .clone()
                    .any(|import| is_named(import.kind, &facts.name(import.name)))
                    .then(|| folder.trim_end_matches('/').to_owned())
            })
        })
    }
}

/// The folder of a path; `""` is the root, which has none.
fn parent(path: &str) -> Option<&str> {
    if path.is_empty() {
        return None;
    }
    Some(path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

fn join(folder: &str, rest: &str) -> String {
    match (folder, rest) {
        ("", rest) => rest.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, rest) => format!("{folder}/{rest}"),
    }
}

/// A relative specifier from a folder; `None` when it leaves the root.
fn normalise(folder: &str, specifier: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in specifier.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

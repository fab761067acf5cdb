//! Which folder is the project: the repository around a folder, or else the nearest with a manifest.

use std::path::{Path, PathBuf};

/// Files that stand at the top of a project.
const MANIFESTS: &[&str] = &[
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "package.json",
    "deno.json",
    "tsconfig.json",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "CMakeLists.txt",
    "Makefile",
    "justfile",
];

/// The project's folder for a folder in it. Neither the home folder nor anything above it is one, unless it was named
/// itself. `exists` says what is there.
#[must_use]
pub fn project_root(folder: &Path, home: Option<&Path>, exists: &dyn Fn(&Path) -> bool) -> PathBuf {
    let is_own = |at: &Path| home.is_none_or(|home| !home.starts_with(at));
    let above = || folder.ancestors().take_while(|at| is_own(at));
    let repository = above().find(|at| exists(&at.join(".git")));
    let manifest = || above().find(|at| MANIFESTS.iter().any(|name| exists(&at.join(name))));
    repository.or_else(manifest).unwrap_or(folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &str, there: &[&str]) -> String {
        let exists = |path: &Path| there.iter().any(|other| Path::new(other) == path);
        project_root(Path::new(folder), Some(Path::new("/home/a")), &exists).display().to_string()
    }

    #[test]
    fn a_repository_goes_before_a_manifest_and_that_before_the_folder() {
        let there = ["/home/a/p/.git", "/home/a/p/web/package.json", "/home/a/.git", "/srv/x/go.mod"];
        assert_eq!(found("/home/a/p/web/src", &there), "/home/a/p");
        assert_eq!(found("/srv/x/y", &there), "/srv/x");
        assert_eq!(found("/srv/z", &there), "/srv/z");
        assert_eq!(found("/home/a/q", &there), "/home/a/q", "the home folder is no project");
    }
}

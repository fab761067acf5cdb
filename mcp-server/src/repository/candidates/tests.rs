//! What is left to compare, and that an index is read as git reads it.

#![expect(clippy::disallowed_methods, reason = "tests ask the git program and change times of files")]

use super::listing::Listing;
use super::*;
use crate::repository::Bound;
use crate::tool::Cancel;
use crate::tools::fixture::Project;
use crate::workspace::RelPath;
use std::process::Command;
use std::time::{Duration, SystemTime};

fn git(project: &Project, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=Ann", "-c", "user.email=ann@x"]).args(arguments);
    let output = command.current_dir(project.root()).output().expect("git");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A commit of files that were written long before.
fn project(files: &[&str]) -> Project {
    let project = Project::new(&files.iter().map(|file| (*file, "text\n")).collect::<Vec<_>>());
    for file in files {
        let opened = std::fs::File::options().write(true).open(project.root().join(file)).expect("opened");
        opened.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).expect("old");
    }
    git(&project, &["init", "-q", "-b", "main"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-q", "-m", "First"]);
    project
}

fn found(project: &Project, untracked: bool) -> Vec<String> {
    let repository = crate::repository::open(&project.handle.snapshot(), &RelPath::root()).expect("open");
    let bound = Bound::new(Cancel::default(), Duration::from_secs(60));
    let index = Index::read(&repository).expect("an ordinary index");
    let candidates = index.candidates(&repository, untracked, &bound).expect("few differences");
    candidates.paths.iter().map(|path| path.display().to_string()).collect()
}

#[test]
fn only_what_may_differ_is_compared() {
    let project = project(&["a", "b/c", "b/d", "b/e/f", "g/h", "i/j"]);
    assert!(found(&project, true).is_empty());
    project.write("b/d", "TEXT\n");
    std::fs::remove_file(project.root().join("g/h")).expect("removed");
    project.write("i/new", "");
    assert_eq!(found(&project, false), ["b/d", "g/h"]);
    // With an entry beside it, so that its folder is known.
    assert_eq!(found(&project, true), ["b/d", "g/h", "i/j", "i/new"]);
    // What was written in the moment of the index or later may have changed since without a trace.
    let opened = std::fs::File::options().write(true).open(project.root().join("a")).expect("opened");
    opened.set_modified(SystemTime::now() + Duration::from_secs(3_600)).expect("new");
    git(&project, &["add", "a"]);
    assert_eq!(found(&project, false), ["a", "b/d", "g/h"]);
}

#[test]
fn links_on_the_way_are_not_followed() {
    let project = project(&["a/b/c", "other/b/c"]);
    std::fs::rename(project.root().join("a"), project.root().join("z")).expect("renamed");
    std::os::unix::fs::symlink("z", project.root().join("a")).expect("link");
    assert_eq!(found(&project, false), ["a/b/c"]);
}

#[test]
fn an_index_is_read_in_all_its_versions() {
    let project = project(&["a", "b/c", "b/d", "b/e/f", "b/e/long name", "ö"]);
    let names = git(&project, &["ls-files", "-z"]);
    for version in ["2", "3", "4"] {
        if version == "3" {
            git(&project, &["update-index", "--skip-worktree", "b/d"]);
        }
        git(&project, &["update-index", "--index-version", version]);
        // It is kept with the index, too.
        let tree = git(&project, &["write-tree"]);
        let bytes = std::fs::read(project.root().join(".git/index")).expect("an index");
        let listing = Listing::parse(bytes.clone()).expect("read");
        let ours: Vec<_> =
            (0..listing.len()).map(|entry| String::from_utf8_lossy(listing.name(entry))).collect();
        assert_eq!(ours.join("\0") + "\0", names, "version {version}");
        assert_eq!(listing.tree.map(|tree| format!("{tree}\n")), Some(tree), "version {version}");
        let left_out: Vec<_> = (0..listing.len()).filter(|entry| listing.is_left_out(*entry)).collect();
        assert_eq!(left_out, if version == "2" { vec![] } else { vec![2] }, "version {version}");
        // Cut anywhere it is damaged, and no panic.
        (0..bytes.len()).for_each(|end| drop(Listing::parse(bytes[..end].to_vec())));
    }
    project.write("a", "changed");
    git(&project, &["add", "a"]);
    let bytes = std::fs::read(project.root().join(".git/index")).expect("an index");
    assert_eq!(Listing::parse(bytes).expect("read").tree, None);
}

//! Repositories of every kind, and others.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::{git, git_in, refuses, repository, says};
use crate::tools::fixture::Project;
use expect_test::expect;
use serde_json::json;

#[test]
fn repositories_of_every_kind_are_answered_or_refused_clearly() {
    let project = Project::new(&[("file", "x\n")]);
    for (tool, arguments) in
        [("git_status", json!({})), ("git_log", json!({})), ("git_blame", json!({ "path": "file" }))]
    {
        refuses(&project, tool, arguments, "no git repository holds");
    }
    git(&project, &["init", "-q", "-b", "main", "empty"]);
    says(
        &project,
        "git_status",
        json!({ "path": "empty" }),
        &expect![[r#"
        ## No commits yet on main
    "#]],
    );
    says(
        &project,
        "git_log",
        json!({ "path": "empty" }),
        &expect![[r#"
        no commits
    "#]],
    );
    says(
        &project,
        "git_branches",
        json!({ "repo": "empty" }),
        &expect![[r#"
        * main (no commits yet)
    "#]],
    );
    says(
        &project,
        "git_diff",
        json!({ "paths": ["empty"], "to": "index" }),
        &expect![[r#"
        no differences
    "#]],
    );
    refuses(&project, "git_show", json!({ "repo": "empty", "rev": "HEAD" }), "no commit yet");
    git(&project, &["init", "-q", "-b", "main", "--bare", "bare"]);
    refuses(&project, "git_status", json!({ "path": "bare" }), "bare");
    says(
        &project,
        "git_log",
        json!({ "path": "bare" }),
        &expect![[r#"
        no commits
    "#]],
    );
    git(&project, &["init", "-q", "-b", "main", "--object-format=sha256", "sha256"]);
    refuses(&project, "git_status", json!({ "path": "sha256" }), "SHA-256");
    project.write("broken/.git/HEAD", "nonsense");
    refuses(&project, "git_status", json!({ "path": "broken" }), "");
    project.write("pointer/.git", "gitdir: ../../elsewhere/.git\n");
    refuses(&project, "git_status", json!({ "path": "pointer" }), "outside of the workspace");
}

#[test]
fn submodules_are_looked_at_as_repositories() {
    let project = repository(&[("a", "a\n")]);
    git(&project, &["init", "-q", "-b", "main", "library"]);
    project.write("library/x", "x\n");
    git_in(&project, "library", &["add", "x"]);
    git_in(&project, "library", &["commit", "-q", "-m", "Library"]);
    git(&project, &["submodule", "--quiet", "add", "./library", "sub"]);
    git(&project, &["commit", "-q", "-m", "Submodule"]);
    std::fs::remove_dir_all(project.root().join("library")).expect("removed");
    assert_eq!(project.call("git_status", json!({})), "## main\n");
    project.write("sub/x", "y\n");
    assert!(
        project.call("git_status", json!({ "path": "sub" })).contains(" M x")
            || project.call("git_status", json!({ "path": "sub" })).contains(" M sub/x")
    );
    git_in(&project, "sub", &["commit", "-q", "-am", "Changed"]);
    assert_eq!(project.call("git_status", json!({})), "## main\n M sub\n");
    project.call("git_stage", json!({ "paths": ["sub"], "repo": "." }));
    assert_eq!(project.call("git_status", json!({})), "## main\nM  sub\n");
}

#[test]
fn sparse_checkouts_keep_what_they_leave_out() {
    let project = repository(&[("in/a", "a\n"), ("out/b", "b\n")]);
    git(&project, &["branch", "other"]);
    git(&project, &["sparse-checkout", "set", "--no-sparse-index", "in"]);
    assert!(project.on_disk("out/b").is_none());
    assert_eq!(project.call("git_status", json!({})), "## main\n");
    assert_eq!(project.call("git_diff", json!({})), "no differences\n");
    refuses(&project, "git_switch", json!({ "to": "other" }), "sparse");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_shown_escaped_and_taken() {
    use std::os::unix::ffi::OsStrExt;
    let project = repository(&[("a", "a\n")]);
    std::fs::write(project.root().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "x\n").expect("written");
    let said = project.call("git_status", json!({}));
    assert!(said.contains("?? caf\\xe9"), "{said}");
    project.call("git_stage", json!({ "paths": ["caf\\xe9"] }));
    assert!(git(&project, &["status", "--short"]).contains("A  "));
}

#[test]
fn others_are_cloned_fetched_and_pushed_within_the_workspace() {
    let project = repository(&[("a", "a\n")]);
    git(&project, &["clone", "-q", "--bare", ".", "hub"]);
    let said = project.call("git_clone", json!({ "url": "hub", "path": "copy" }));
    assert!(said.starts_with("cloned into copy: "), "{said}");
    assert_eq!(project.on_disk("copy/a").as_deref(), Some(&b"a\n"[..]));
    git_in(&project, "copy", &["config", "user.name", "Ann"]);
    git_in(&project, "copy", &["config", "user.email", "ann@x"]);
    project.write("copy/a", "b\n");
    project.call("git_stage", json!({ "paths": ["copy/a"] }));
    project.call("git_commit", json!({ "message": "Second", "repo": "copy" }));
    let said = project.call("git_status", json!({ "path": "copy" }));
    assert_eq!(said, "## main...origin/main [ahead 1]\n");
    let said = project.call("git_push", json!({ "repo": "copy" }));
    assert!(said.starts_with("pushed main to "), "{said}");
    git(&project, &["remote", "add", "hub", "./hub"]);
    let said = project.call("git_fetch", json!({ "remote": "hub" }));
    assert!(said.contains("refs/remotes/hub/main new -> "), "{said}");
    assert!(project.call("git_fetch", json!({ "remote": "hub" })).contains("nothing new"));
    // What others pushed is never overwritten.
    project.write("a", "c\n");
    git(&project, &["commit", "-q", "-am", "Elsewhere"]);
    refuses(&project, "git_push", json!({ "remote": "hub" }), "git_fetch");
    for (url, words) in [
        ("ext::sh -c touch% x", "remote helpers"),
        ("ext::sh", "remote helpers"),
        ("--upload-pack=x", "begins with `-`"),
        ("git://h/x", "transport"),
        ("http://example.org/x", "https"),
        ("https://me:secret@example.org/x", "password"),
        ("/etc", "outside"),
        ("file:///etc", "outside"),
        ("../other", "outside"),
        ("ssh://-oProxyCommand=x/y", "host"),
        ("a", "no repository begins there"),
    ] {
        refuses(&project, "git_clone", json!({ "url": url, "path": "x" }), words);
    }
    refuses(&project, "git_clone", json!({ "url": "hub", "path": "copy" }), "exists");
    refuses(&project, "git_clone", json!({ "url": "hub", "path": "../x" }), "..");
}

#[test]
fn a_host_pays_little_for_the_usual_tools() {
    use crate::permission::Policy;
    use crate::toolbox::{Selected, Toolbox};
    let toolbox = Toolbox::new(&Selected::default(), Policy::default()).expect("every tool is known");
    let git = toolbox.specs().filter(|spec| spec.name.starts_with("git_"));
    let told = git.map(|spec| {
        json!({ "name": spec.name, "description": spec.description, "inputSchema": *spec.schema })
            .to_string()
            .len()
    });
    let told: Vec<usize> = told.collect();
    assert!(told.iter().sum::<usize>() <= 1_000, "{told:?}");
}

//! What tools of git say.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::{LINES, commit_all, git, refuses, repository, says};
use crate::tools::fixture::Project;
use expect_test::expect;
use serde_json::json;

#[test]
fn the_state_is_what_git_says() {
    let project = repository(&[
        ("a", LINES),
        ("b", LINES),
        ("c", "c\n"),
        ("d/e", "e\n"),
        ("old", "a long text\nof lines\n"),
        ("link", "x"),
    ]);
    let same = |project: &Project| {
        let wanted = git(project, &["status", "--short", "--branch"]);
        assert_eq!(project.call("git_status", json!({})), wanted);
        wanted
    };
    same(&project);
    project.write("a", LINES.replace('3', "three"));
    git(&project, &["add", "a"]);
    project.write("a", LINES.replace('3', "drei"));
    project.write("b", LINES.replace('3', "drei"));
    git(&project, &["rm", "-q", "c"]);
    std::fs::remove_file(project.root().join("d/e")).expect("removed");
    git(&project, &["mv", "old", "new"]);
    project.write("untracked/x", "x");
    project.write("untracked/y/z", "x");
    project.write("töst", "x");
    project.write("ignored.o", "x");
    project.write(".gitignore", "*.o\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        std::fs::set_permissions(project.root().join("b"), std::fs::Permissions::from_mode(0o755))
            .expect("mode");
        std::fs::remove_file(project.root().join("link")).expect("removed");
        symlink("a", project.root().join("link")).expect("link");
    }
    let wanted = same(&project);
    assert!(
        wanted.contains("R  old -> new") && wanted.contains("?? untracked/") && wanted.contains("MM a"),
        "{wanted}"
    );
    says(
        &project,
        "git_status",
        json!({ "path": "untracked" }),
        &expect![[r#"
        ## main
        ?? untracked/
    "#]],
    );
    git(&project, &["checkout", "-q", "--detach"]);
    assert!(project.call("git_status", json!({})).starts_with("## HEAD (no branch) at "));
}

#[test]
fn conflicts_and_what_is_in_progress_are_said() {
    let project = repository(&[("both", LINES), ("gone", "x\n"), ("kept", "y\n")]);
    git(&project, &["switch", "-q", "-c", "other"]);
    project.write("both", LINES.replace('5', "other"));
    project.write("new", "other\n");
    std::fs::remove_file(project.root().join("gone")).expect("removed");
    project.write("kept", "other\n");
    commit_all(&project, "Other");
    git(&project, &["switch", "-q", "main"]);
    project.write("both", LINES.replace('5', "main"));
    project.write("new", "main\n");
    project.write("gone", "main\n");
    std::fs::remove_file(project.root().join("kept")).expect("removed");
    commit_all(&project, "Main");
    git(&project, &["merge", "other"]);
    let said = project.call("git_status", json!({}));
    let theirs = git(&project, &["status", "--short", "--branch"]);
    assert_eq!(said.replace("(a merge is in progress)\n", ""), theirs);
    assert!(said.contains("(a merge is in progress)"), "{said}");
    refuses(&project, "git_commit", json!({ "message": "m" }), "conflicts");
    refuses(&project, "git_switch", json!({ "to": "other" }), "merge");
    for (path, text) in [("both", "joined\n"), ("new", "n\n"), ("gone", "g\n"), ("kept", "k\n")] {
        project.write(path, text);
    }
    project.call("git_stage", json!({ "paths": ["."] }));
    let said = project.call("git_commit", json!({ "message": "Join" }));
    assert!(said.starts_with("[main "), "{said}");
    assert_eq!(
        git(&project, &["log", "-1", "--format=%p"]).split_whitespace().count(),
        2,
        "a merge has two parents"
    );
    assert_eq!(git(&project, &["status", "--short"]), "");
}

#[test]
fn differences_are_those_of_git() {
    let project =
        repository(&[("a", LINES), ("gone", "x\n"), ("moved", "some\nlines\nthat\nmove\n"), ("bin", "\0a")]);
    project.write("a", LINES.replace('2', "two").replace('8', "eight"));
    says(
        &project,
        "git_diff",
        json!({}),
        &expect![[r#"
        --- a/a
        +++ b/a
        @@ -1,5 +1,5 @@ 7db34a84
         1
        -2
        +two
         3
         4
         5
        @@ -6,4 +6,4 @@ 0e678b93
         6
         7
        -8
        +eight
         9
    "#]],
    );
    git(&project, &["rm", "-q", "gone"]);
    git(&project, &["mv", "moved", "there"]);
    project.write("new", "no end");
    project.write("bin", "\0b");
    git(&project, &["add", "-A"]);
    says(
        &project,
        "git_diff",
        json!({ "to": "index", "paths": ["new", "gone", "bin"] }),
        &expect![[r#"
        bin: binary, 2 -> 2 bytes
        --- a/gone
        +++ /dev/null
        @@ -1,1 +0,0 @@ 21a7322c
        -x
        --- /dev/null
        +++ b/new
        @@ -0,0 +1,1 @@ b6a06c51
        +no end
        \ No newline at end of file
    "#]],
    );
    commit_all(&project, "Second");
    differences_of_commits(&project);
}

#[track_caller]
fn differences_of_commits(project: &Project) {
    says(
        project,
        "git_diff",
        json!({ "from": "HEAD~1", "to": "HEAD", "stat": true }),
        &expect![[r#"
        a +2 -2
        bin +0 -0 (binary, 2 -> 2 bytes)
        gone +0 -1
        new +1 -0
        moved -> there +0 -0
    "#]],
    );
    says(
        project,
        "git_diff",
        json!({ "from": "HEAD", "to": "HEAD~1", "paths": ["new"] }),
        &expect![[r#"
        --- a/new
        +++ /dev/null
        @@ -1,1 +0,0 @@
        -no end
        \ No newline at end of file
    "#]],
    );
    says(
        project,
        "git_diff",
        json!({ "from": "HEAD", "to": "HEAD" }),
        &expect![[r#"
        no differences
    "#]],
    );
    refuses(project, "git_diff", json!({ "from": "--output=x" }), "begins with `-`");
    refuses(project, "git_diff", json!({ "from": "nothing" }), "no revision `nothing`");
    refuses(project, "git_diff", json!({ "paths": ["../x"] }), "..");
    let numbered: String = (1..=9).map(|line| format!("{line:>6}\t{line}\n")).collect();
    assert_eq!(project.call("git_show", json!({ "rev": "HEAD~1:a" })), numbered);
}

#[test]
fn a_patch_of_ours_is_one_for_git() {
    let project = repository(&[("a", LINES), ("b", "x\ny"), ("gone", "1\n2\n")]);
    project.write("a", format!("0\n{}10\n", LINES.replace("4\n", "").replace('8', "eight\nacht")));
    project.write("b", "x\nz\n");
    project.write("c/new", "new\n");
    std::fs::remove_file(project.root().join("gone")).expect("removed");
    commit_all(&project, "Second");
    let patch = project.call("git_diff", json!({ "from": "HEAD~1", "to": "HEAD" }));
    git(&project, &["checkout", "-q", "HEAD~1"]);
    project.write("patch", &patch);
    git(&project, &["apply", "--index", "patch"]);
    assert_eq!(git(&project, &["diff", "main", "--", ":!patch"]), "");
}

#[test]
fn proposed_changes_are_a_side() {
    let project = repository(&[("a", LINES), ("b", "b\n")]);
    project.write("a", LINES.replace('2', "two"));
    project.call("edit_file", json!({ "path": "a", "edits": [{ "old": "8", "new": "eight" }] }));
    project.call("write_file", json!({ "path": "n", "content": "new\n" }));
    says(
        &project,
        "git_diff",
        json!({ "from": "worktree", "to": "proposed" }),
        &expect![[r#"
        --- a/a
        +++ b/a
        @@ -5,5 +5,5 @@
         5
         6
         7
        -8
        +eight
         9
        --- /dev/null
        +++ b/n
        @@ -0,0 +1,1 @@
        +new
    "#]],
    );
    says(
        &project,
        "git_diff",
        json!({ "from": "HEAD", "to": "proposed", "stat": true }),
        &expect![[r#"
        a +2 -2
        n +1 -0
    "#]],
    );
    says(
        &project,
        "git_status",
        json!({}),
        &expect![[r#"
        ## main
         M a
        (2 proposed changes are not on disk; list_changes shows them)
    "#]],
    );
    let said = project.call("git_stage", json!({ "paths": ["a"] }));
    assert!(said.contains("1 proposed changes there are not on disk"), "{said}");
}

#[test]
fn line_ends_are_as_the_repository_keeps_them() {
    let project = repository(&[(".gitattributes", "* text=auto eol=crlf\n"), ("a", "1\n2\n3\n")]);
    project.write("a", "1\r\n2\r\n3\r\n");
    assert_eq!(project.call("git_diff", json!({})), "no differences\n");
    project.write("a", "1\r\ntwo\r\n3\r\n");
    says(
        &project,
        "git_diff",
        json!({ "stat": true }),
        &expect![[r#"
        a +1 -1
    "#]],
    );
    says(
        &project,
        "git_blame",
        json!({ "path": "a" }),
        &expect![[r#"
        075a480 2023-11-14 Ann: First
             1	1
        not committed
             2	two
        075a480 2023-11-14 Ann: First
             3	3
    "#]],
    );
    project.call("edit_file", json!({ "path": "a", "edits": [{ "old": "3", "new": "three" }] }));
    says(
        &project,
        "git_diff",
        json!({ "to": "proposed", "stat": true }),
        &expect![[r#"
        a +2 -2
    "#]],
    );
    project.call("discard_changes", json!({}));
    project.call("git_restore", json!({ "paths": ["a"] }));
    project.call("accept_changes", json!({}));
    assert_eq!(project.on_disk("a").as_deref(), Some(&b"1\r\n2\r\n3\r\n"[..]));
}

//! What tools of git do.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::{LINES, git, refuses, repository, says};
use crate::tools::fixture::Project;
use expect_test::expect;
use serde_json::{Value, json};

#[test]
fn hunks_go_into_the_index_and_out_of_it() {
    let project = repository(&[("a", LINES)]);
    let text = LINES.replace('2', "two").replace('8', "eight");
    project.write("a", &text);
    let ids = |said: &str| -> Vec<String> {
        let heads = said.lines().filter(|line| line.starts_with("@@"));
        heads.map(|line| line.rsplit(' ').next().expect("an id").to_owned()).collect()
    };
    let found = ids(&project.call("git_diff", json!({})));
    assert_eq!(found.len(), 2);
    project.call("git_stage", json!({ "hunks": [found[1]] }));
    assert_eq!(git(&project, &["show", ":a"]), LINES.replace('8', "eight"));
    assert_eq!(project.on_disk("a").as_deref(), Some(text.as_bytes()), "the file stays");
    refuses(&project, "git_stage", json!({ "hunks": [found[1]] }), "no hunk");
    project.call("git_stage", json!({ "paths": ["a"] }));
    let found = ids(&project.call("git_diff", json!({ "to": "index" })));
    project.call("git_unstage", json!({ "hunks": [found[1]] }));
    assert_eq!(git(&project, &["show", ":a"]), LINES.replace('2', "two"));
    project.call("git_unstage", json!({ "paths": ["."] }));
    assert_eq!(git(&project, &["show", ":a"]), LINES);
    assert_eq!(git(&project, &["status", "--short"]), " M a\n");
    refuses(&project, "git_unstage", json!({ "paths": ["a"] }), "nothing there");
}

#[test]
fn names_that_look_like_patterns_are_names() {
    let project = repository(&[("a1", "x\n"), ("sub/a1", "x\n")]);
    project.write("a[1]", "x\n");
    project.write("a1", "y\n");
    project.write("*", "z\n");
    project.write(":(exclude)x", "z\n");
    project.call("git_stage", json!({ "paths": ["a[1]", "*", ":(exclude)x"] }));
    assert_eq!(git(&project, &["diff", "--cached", "--name-only"]), "*\n:(exclude)x\na[1]\n");
    project.call("git_unstage", json!({ "paths": ["*"] }));
    assert_eq!(git(&project, &["diff", "--cached", "--name-only"]), ":(exclude)x\na[1]\n");
}

#[test]
fn the_index_becomes_a_commit() {
    let project = Project::new(&[("a", "a\n")]);
    git(&project, &["init", "-q", "-b", "main"]);
    refuses(&project, "git_commit", json!({ "message": "First" }), "nothing in the index");
    project.call("git_stage", json!({ "paths": ["a"] }));
    git(&project, &["config", "user.name", "Ann"]);
    git(&project, &["config", "user.email", "ann@x"]);
    refuses(&project, "git_commit", json!({ "message": " " }), "empty");
    let said = project.call("git_commit", json!({ "message": "First\n\nBody" }));
    assert!(said.starts_with("[main ") && said.ends_with("] First"), "{said}");
    assert_eq!(git(&project, &["log", "-1", "--format=%an <%ae>|%B"]), "Ann <ann@x>|First\n\nBody\n\n");
    project.write("a", "b\n");
    project.call("git_stage", json!({ "paths": ["."] }));
    project.call("git_commit", json!({ "message": "Again", "amend": true }));
    assert_eq!(git(&project, &["log", "--format=%s"]), "Again\n");
    assert_eq!(git(&project, &["status", "--short"]), "");
}

#[test]
fn what_was_asked_about_is_what_is_committed() {
    use crate::permission::Decision;
    let project = repository(&[("a", "a\n")]);
    project.write("a", "b\n");
    project.call("git_stage", json!({ "paths": ["a"] }));
    let Value::Object(arguments) = json!({ "message": "m" }) else { unreachable!() };
    let Ok(Decision::Ask(question)) = project.handle.decide("git_commit", arguments) else {
        panic!("it asks")
    };
    assert!(
        question.text().contains("M a") && question.text().contains("Ann <ann@x>"),
        "{}",
        question.text()
    );
    project.write("a", "evil\n");
    git(&project, &["add", "a"]);
    let said = project.permitted(question.approved());
    assert!(said.contains("no longer as it was shown"), "{said}");
    assert_eq!(git(&project, &["log", "--format=%s"]), "First\n");
}

#[test]
fn switching_never_overwrites_work() {
    let project = repository(&[("a", LINES), ("b", "b\n"), (".gitignore", "*.o\n")]);
    project.call("git_create_branch", json!({ "name": "other" }));
    refuses(&project, "git_create_branch", json!({ "name": "other" }), "exists");
    refuses(&project, "git_create_branch", json!({ "name": "--x" }), "begins with `-`");
    refuses(&project, "git_create_branch", json!({ "name": "a..b" }), "no name");
    let said = project.call("git_switch", json!({ "to": "other" }));
    assert!(said.starts_with("now on "), "{said}");
    project.write("a", LINES.replace('5', "other"));
    git(&project, &["add", "a"]);
    project.write("x.o", "kept by git\n");
    git(&project, &["add", "-f", "x.o"]);
    git(&project, &["commit", "-q", "-m", "Other"]);
    project.call("git_switch", json!({ "to": "main" }));
    assert_eq!(project.on_disk("a").as_deref(), Some(LINES.as_bytes()));
    // An ignored file is someone's work as well.
    project.write("x.o", "mine\n");
    refuses(&project, "git_switch", json!({ "to": "other" }), "`x.o`");
    std::fs::remove_file(project.root().join("x.o")).expect("removed");
    project.write("a", "mine\n");
    refuses(&project, "git_switch", json!({ "to": "other" }), "`a`");
    assert_eq!(project.on_disk("a").as_deref(), Some(&b"mine\n"[..]));
    project.write("a", LINES);
    project.call("edit_file", json!({ "path": "a", "edits": [{ "old": "1", "new": "one" }] }));
    refuses(&project, "git_switch", json!({ "to": "other" }), "proposed");
    project.call("discard_changes", json!({}));
    project.write("b", "mine\n");
    project.call("git_switch", json!({ "to": "other" }));
    assert_eq!(
        project.on_disk("b").as_deref(),
        Some(&b"mine\n"[..]),
        "work that is not in the way is taken along"
    );
    refuses(&project, "git_switch", json!({ "to": "main~0" }), "no local branch");
    project.call("git_switch", json!({ "to": "main~0", "detach": true }));
    assert_eq!(git(&project, &["branch", "--show-current"]), "");
}

#[test]
fn work_is_stashed_and_brought_back() {
    let project = repository(&[("a", LINES), ("b", "b\n")]);
    refuses(&project, "git_stash", json!({ "action": "save" }), "nothing to stash");
    project.write("a", "mine\n");
    project.write("n", "new\n");
    project.call("git_stash", json!({ "action": "save", "message": "later", "untracked": true }));
    assert_eq!(git(&project, &["status", "--short"]), "");
    assert!(project.call("git_stash", json!({ "action": "list" })).contains("later"));
    project.write("a", "other\n");
    refuses(&project, "git_stash", json!({ "action": "apply" }), "other work");
    assert_eq!(project.on_disk("a").as_deref(), Some(&b"other\n"[..]));
    project.write("a", LINES);
    let said = project.call("git_stash", json!({ "action": "pop" }));
    assert!(said.contains("refs/devtoolkit/kept/"), "{said}");
    assert_eq!(
        (project.on_disk("a"), project.on_disk("n")),
        (Some(b"mine\n".to_vec()), Some(b"new\n".to_vec()))
    );
    project.call("git_stash", json!({ "action": "save" }));
    let said = project.call("git_stash", json!({ "action": "drop" }));
    let kept = said
        .split_whitespace()
        .find(|word| word.starts_with("refs/"))
        .expect(&said)
        .trim_end_matches(',')
        .to_owned();
    assert_eq!(
        git(&project, &["show", &format!("{kept}:a")]),
        "mine\n",
        "a dropped stash can be brought back"
    );
    refuses(&project, "git_stash", json!({ "action": "drop", "number": 3 }), "no stash 3");
}

#[test]
fn restored_files_are_proposed() {
    let project = repository(&[("a", LINES), ("b", "b\n"), ("bin", "\0x")]);
    project.write("a", "mine\n");
    project.write("bin", "\0y");
    std::fs::remove_file(project.root().join("b")).expect("removed");
    project.call("git_restore", json!({ "paths": ["."] }));
    assert_eq!(
        project.on_disk("a").as_deref(),
        Some(&b"mine\n"[..]),
        "nothing is lost before it is accepted"
    );
    project.call("accept_changes", json!({}));
    assert_eq!(git(&project, &["status", "--short"]), "");
    project.call("undo_changes", json!({}));
    assert_eq!(project.on_disk("a").as_deref(), Some(&b"mine\n"[..]), "and it comes back");
    refuses(&project, "git_restore", json!({ "paths": ["a"], "from": "-x" }), "begins with `-`");
}

#[test]
fn a_task_has_a_worktree_of_its_own() {
    let project = repository(&[("a", LINES)]);
    let said = project.call("git_worktree", json!({ "action": "add", "path": "task" }));
    assert_eq!(said, "made task on branch task");
    assert_eq!(project.on_disk("task/a").as_deref(), Some(LINES.as_bytes()));
    assert!(project.call("git_status", json!({ "path": "task" })).starts_with("## task\n"));
    project.write("task/a", "task\n");
    assert!(project.call("git_diff", json!({ "paths": ["task/a"] })).contains("+task"));
    refuses(
        &project,
        "git_worktree",
        json!({ "action": "add", "path": "other", "branch": "task" }),
        "checked out",
    );
    refuses(&project, "git_switch", json!({ "to": "task" }), "another worktree");
    refuses(&project, "git_worktree", json!({ "action": "remove", "path": "task" }), "no commit has");
    refuses(&project, "git_worktree", json!({ "action": "remove", "path": "." }), "no linked worktree");
    refuses(&project, "git_worktree", json!({ "action": "add", "path": "../x" }), "..");
    refuses(&project, "git_worktree", json!({ "action": "add", "path": ".git/x" }), "protected");
    project.write("task/a", LINES);
    says(
        &project,
        "git_worktree",
        json!({ "action": "list" }),
        &expect![[r#"
        . main (this one)
        task task
    "#]],
    );
    project.call("git_worktree", json!({ "action": "remove", "path": "task" }));
    assert!(project.on_disk("task/a").is_none());
    assert_eq!(git(&project, &["worktree", "list"]).lines().count(), 1);
}

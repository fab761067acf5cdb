//! `devtoolkit-mcp doctor`.

use super::Project;
use std::process::Output;

fn doctor(project: &Project, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, .. } =
        project.command(arguments).arg("doctor").output().expect("the binary starts");
    (status.code(), String::from_utf8_lossy(&stdout).into_owned())
}

#[test]
fn a_project_in_order_has_nothing_to_do() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let (code, text) = doctor(&project, &[]);
    assert_eq!(code, Some(0), "{text}");
    for words in
        ["ok     root", "ok     state", "ok     cache", "ok     index", "ok     journal", "mcpServers"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.ends_with("everything is in order\n"), "{text}");
}

#[test]
fn what_is_wrong_comes_with_what_to_do() {
    let project = Project::new(&[]);
    let (code, text) = doctor(&project, &["--root", "nowhere"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("TO DO  root") && text.contains("nowhere") && text.contains("-> "), "{text}");
    // A file where the state folder should be.
    std::fs::remove_dir_all(project.home.path().join("state")).expect("remove");
    std::fs::write(project.home.path().join("state"), "").expect("write");
    let (code, text) = doctor(&project, &["--no-cache"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("TO DO  state") && text.contains("kept in memory"), "{text}");
}

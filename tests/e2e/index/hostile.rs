//! Trees that no index should choke on.

use super::Project;

#[test]
fn hostile_files_are_indexed_as_far_as_they_go() {
    let project = Project::new();
    for end in ["py", "ts", "tsx", "js", "rs", "go", "java", "c", "cpp"] {
        project.write(&format!("deep.{end}"), &[b"(".repeat(100_000), b"\n".to_vec()].concat());
        project.write(&format!("long.{end}"), &[b"x".repeat(1_000_000), b"\n".to_vec()].concat());
        project.write(&format!("empty.{end}"), b"");
        project.write(&format!("bytes.{end}"), &[0xff, 0xfe, 0x80, b'\n', 0xc3]);
    }
    project.write("latin.py", b"# \xe9t\xe9\r\ndef after_latin():\r\n    pass\r\n");
    project.write("bom.py", b"\xef\xbb\xbfdef after_bom(): pass\n");
    project.write("broken.py", b"def (:\n  class\ndef still_found(): pass\n");
    project.write("huge.py", &b"y = 1\n".repeat(8_500_000));
    #[cfg(unix)]
    std::os::unix::fs::symlink(project.root.path(), project.root.path().join("loop")).expect("link");
    let report = project.json(&["build"]);
    assert_eq!(report["skipped"]["tooLarge"], 1);
    assert!(report["withSyntaxErrors"].as_u64() >= Some(9), "{report}");
    for name in ["after_latin", "after_bom", "still_found"] {
        assert!(project.ask(&["find", name]).contains("def "), "{name}");
    }
    assert!(project.ask(&["find", "after_bom"]).contains("bom.py:1:5"));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_counted() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    project.write("locked/inside.py", b"def inside(): pass\n");
    project.write("secret.py", b"def secret(): pass\n");
    let set = |path: &str, mode: u32| {
        fs::set_permissions(project.root.path().join(path), Permissions::from_mode(mode)).expect("ours");
    };
    set("locked", 0);
    set("secret.py", 0);
    let built = project.run_unprivileged(&["--no-cache", "build", "--json"]);
    let human = project.run_unprivileged(&["--no-cache", "build"]);
    let found = project.run_unprivileged(&["--no-cache", "find", "Widget"]);
    set("locked", 0o755);
    let report: serde_json::Value = serde_json::from_slice(&built.stdout).expect("JSON");
    assert_eq!((&report["skipped"]["unreadable"], built.status.code()), (&2.into(), Some(0)), "{report}");
    assert!(super::text(&human.stdout).contains("2 unreadable: left out"), "{human:?}");
    assert!(super::text(&found.stdout).contains("web/widget.ts"), "the rest is found: {found:?}");
}

#[cfg(unix)]
#[test]
fn a_path_longer_than_the_system_takes_is_left_out() {
    let project = Project::new();
    // A shell goes where no single path leads.
    let deeper = "n=$(printf '%0200d' 0); i=0; while [ $i -lt 25 ]; do mkdir $n && cd -P $n || exit 9; i=$((i+1)); done; \
                  echo 'def too_deep(): pass' > deep.py; cd -P /; exec \"$0\" \"$@\"";
    let root = project.root.path().to_string_lossy().into_owned();
    let built = project.run_through(deeper, &["-C", &root, "build", "--json"]);
    if built.status.code() == Some(9) {
        e2e_tests::skip::note(
            "a_path_longer_than_the_system_takes_is_left_out",
            "the disk takes no such path",
        );
        return;
    }
    let report: serde_json::Value = serde_json::from_slice(&built.stdout).expect("JSON");
    assert!(report["skipped"]["unreadable"].as_u64() >= Some(1), "{report}");
    assert!(project.ask(&["find", "Widget"]).contains("web/widget.ts"));
    // Removing it takes a shell as well.
    assert!(project.run_through("rm -rf 0*", &[]).status.success());
}

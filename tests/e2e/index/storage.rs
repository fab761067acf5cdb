//! The stored index among processes: shared, killed, damaged, unwritable.

use super::{Project, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Instant;

#[test]
fn a_damaged_index_is_built_anew_and_never_answers_wrongly() {
    let project = Project::new();
    project.ask(&["build"]);
    let symbols = project.json(&["build"])["symbols"].clone();
    let expected: String = QUESTIONS.iter().map(|question| project.ask(question)).collect();
    let originals: Vec<(PathBuf, Vec<u8>)> =
        project.stored().into_iter().map(|file| (file.clone(), fs::read(file).expect("read"))).collect();
    assert!(originals.len() >= 2, "a head and a segment");
    let restore = || {
        for file in project.stored() {
            fs::remove_file(file).expect("remove");
        }
        for (file, bytes) in &originals {
            fs::write(file, bytes).expect("write");
        }
    };
    for (file, bytes) in &originals {
        let half = bytes.len() / 2;
        let mut flipped = bytes.clone();
        flipped[half] ^= 0x41;
        for damaged in [flipped, bytes[..half].to_vec()] {
            restore();
            fs::write(file, &damaged).expect("write");
            let answers: Vec<Output> = QUESTIONS.iter().map(|question| project.run(question)).collect();
            let told: String = answers.iter().map(|answer| text(&answer.stdout)).collect();
            assert_eq!(told, expected, "{}", file.display());
            let warnings: String = answers.iter().map(|answer| text(&answer.stderr)).collect();
            assert!(warnings.starts_with("devtoolkit-index: warning: the stored index is "), "{warnings}");
            assert_eq!(warnings.lines().count(), 1, "once it is mended: {warnings}");
        }
        for step in 0..8 {
            restore();
            let mut flipped = bytes.clone();
            flipped[bytes.len() * step / 8] ^= 0x41;
            fs::write(file, &flipped).expect("write");
            let built = project.run(&["build", "--json"]);
            let report: serde_json::Value = serde_json::from_slice(&built.stdout).expect("JSON");
            assert_eq!(report["symbols"], symbols, "{built:?}");
            // The counts need no trigrams, so damage there waits for the next question.
            assert_eq!(
                report["read"]["files"] == 6,
                text(&built.stderr).contains("building it anew"),
                "{built:?}"
            );
        }
    }
}

/// Together they touch every part of the index.
const QUESTIONS: &[&[&str]] = &[
    &["find", "save", "--json"],
    &["find", "wid", "--json"],
    &["outline", "pkg/app.py", "--json"],
    &["definition", "pkg/app.py:13:21", "--json"],
    &["references", "Base.save", "--json"],
    &["text", "def \\w+", "--json"],
    &["map", "--budget", "300", "--json"],
];

fn is_segment(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "segment")
}

/// Files of the cache that no sound index has.
fn leftovers(project: &Project) -> Vec<PathBuf> {
    let mut stored = project.stored();
    stored.retain(|file| !file.ends_with("head") && !is_segment(file));
    stored
}

/// The cache has a sound index of the project and nothing else.
#[track_caller]
fn check_tidy(project: &Project) {
    project.write("pkg/round.py", b"def at_last(): pass\n");
    assert!(project.ask(&["find", "at_last"]).contains("pkg/round.py:1:5"));
    let stored = project.stored();
    assert!(leftovers(project).is_empty(), "{stored:?}");
    assert!((1..=7).contains(&stored.iter().filter(|file| is_segment(file)).count()), "{stored:?}");
}

#[test]
fn killed_writers_leave_nothing_wrong_behind() {
    let project = Project::new();
    for number in 0..400 {
        let text =
            format!("class C{number}:\n    def m{number}(self):\n        return C{number}().m{number}()\n");
        project.write(&format!("many/f{number}.py"), text.repeat(20).as_bytes());
    }
    let begun = Instant::now();
    project.ask(&["build"]);
    let whole = begun.elapsed();
    let index = project.cache.path().join("devtoolkit");
    for round in 0u32..18 {
        // Every other time from nothing; else one file is new.
        if round % 2 == 0 {
            fs::remove_dir_all(&index).expect("remove");
        }
        project.write("pkg/round.py", format!("def in_round_{round}(): pass\n").as_bytes());
        let mut child = project
            .command(&["build"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let begun = Instant::now();
        let is_time = || {
            if round % 3 == 0 {
                // In the middle of writing, if we are quick enough.
                index.is_dir() && !leftovers(&project).is_empty() || begun.elapsed() > whole * 2
            } else {
                begun.elapsed() > whole * round / 20
            }
        };
        while !is_time() {
            std::thread::yield_now();
        }
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        let found = project.ask(&["find", &format!("in_round_{round}")]);
        assert!(found.contains("pkg/round.py:1:5"), "{found}");
        assert!(project.ask(&["find", "m399"]).contains("many/f399.py:2:9"));
    }
    check_tidy(&project);
}

/// The system kills a process that writes past its file size limit: in the middle of a file.
#[cfg(unix)]
#[test]
fn half_written_files_do_not_gather() {
    let project = Project::new();
    let mut halves = 0;
    for (round, blocks) in [0, 1, 2, 4, 0, 1].into_iter().enumerate() {
        for number in 0..60 {
            let text = format!("class C{number}: pass\n# {round}\n");
            project.write(&format!("many/f{number}.py"), text.as_bytes());
        }
        project.write("pkg/round.py", format!("def in_round_{round}(): pass\n").as_bytes());
        let killed =
            project.run_through(&format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\""), &["build"]);
        assert_eq!(killed.status.code(), None, "a signal ended it: {killed:?}");
        halves += leftovers(&project).len();
        let found = project.ask(&["find", &format!("in_round_{round}")]);
        assert!(found.contains("pkg/round.py:1:5"), "{found}");
        assert!(leftovers(&project).is_empty(), "round {round}");
    }
    assert!(halves > 3, "the writers were killed while they wrote");
    check_tidy(&project);
}

#[test]
fn many_processes_share_one_index() {
    let project = Project::new();
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..6).map(|_| scope.spawn(|| project.ask(&["find", "Widget"]))).collect();
        for asked in asked {
            assert!(asked.join().expect("no panic").contains("web/widget.ts"));
        }
    });
}

#[test]
fn many_processes_write_one_index() {
    let project = Project::new();
    for round in 0..4 {
        project.write("pkg/round.py", format!("def in_round_{round}(): pass\n").as_bytes());
        let name = format!("in_round_{round}");
        std::thread::scope(|scope| {
            let asked: Vec<_> = (0..5).map(|_| scope.spawn(|| project.ask(&["find", &name]))).collect();
            for asked in asked {
                assert!(asked.join().expect("no panic").contains("pkg/round.py:1:5"));
            }
        });
        assert!(project.ask(&["--unchecked", "find", "Widget"]).contains("web/widget.ts"));
    }
    check_tidy(&project);
}

/// Asked with a cache that cannot be written, `project` answers and says why nothing is kept.
#[cfg(unix)]
#[track_caller]
fn check_unkept(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("web/widget.ts:1:14"), "{output:?}");
    let warning = text(&output.stderr);
    assert!(warning.starts_with("devtoolkit-index: warning: cannot keep the index under `"), "{warning}");
}

#[cfg(unix)]
#[test]
fn a_cache_that_may_not_be_written_is_no_obstacle() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    fs::set_permissions(project.cache.path(), fs::Permissions::from_mode(0o555)).expect("ours");
    check_unkept(&project.run_unprivileged(&["find", "Widget"]));
    fs::set_permissions(project.cache.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    // One that another user wrote can still be read.
    project.ask(&["build"]);
    for file in project.stored() {
        assert!(file.is_file());
    }
    let read = project.run_unprivileged(&["--unchecked", "find", "Widget"]);
    assert!(text(&read.stdout).contains("web/widget.ts:1:14"), "{read:?}");
    project.write("pkg/more.py", b"more = 1\n");
    fs::set_permissions(project.cache.path(), fs::Permissions::from_mode(0o555)).expect("ours");
    let folder = project.stored()[0].parent().expect("files lie in folders").to_owned();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("ours");
    check_unkept(&project.run_unprivileged(&["find", "Widget"]));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("ours");
    fs::set_permissions(project.cache.path(), fs::Permissions::from_mode(0o755)).expect("ours");
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_no_obstacle() {
    let project = Project::new();
    // No file may grow: writing fails as on a full disk.
    let full = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    check_unkept(&project.run_through(full, &["find", "Widget"]));
    let part = project.stored();
    assert!(part.is_empty(), "nothing half written is left: {part:?}");
    // What was stored before still holds.
    project.ask(&["build"]);
    project.write("pkg/more.py", b"more = 1\n");
    check_unkept(&project.run_through(full, &["find", "Widget"]));
    assert!(project.ask(&["--unchecked", "find", "Widget"]).contains("web/widget.ts:1:14"));
}

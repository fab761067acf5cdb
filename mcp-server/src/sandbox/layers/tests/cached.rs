//! What is ignored stays in the cache layer, over the disk and under what is staged.

use super::*;
use expect_test::expect;

fn seen(place: &Place) -> Option<String> {
    let (seen, effects) = place.command(listing)?;
    assert_eq!(told(&effects), "");
    Some(seen.into_iter().map(|(path, what)| format!("{path}: {what}\n")).collect())
}

#[test]
fn what_is_built_is_there_for_the_next_command_and_nowhere_else() {
    let place = Place::new(&[(".gitignore", "out/\n*.o\n"), ("a.c", "a"), ("out/old", "disk")]);
    let before = listing(place.root.path());
    let ran = place.command(|at| {
        write(at, "out/new", "built");
        write(at, "src/a.o", "object");
        fs::remove_file(at.join("out/old")).unwrap();
        write(at, "node_modules/p/index.js", "p");
        write(at, "node_modules/p/q/index.js", "q");
        write(at, "__pycache__/a.pyc", "pyc");
        write(at, ".venv/pyvenv.cfg", "home");
        write(at, ".venv/bin/python", "python");
        write(at, "built/CACHEDIR.TAG", "Signature");
        write(at, "built/x", "x");
    });
    let Some((_, effects)) = ran else { return skipped("what_is_built") };
    assert_eq!(told(&effects), "cached: 10\n");
    assert_eq!(listing(place.root.path()), before);
    expect![[r#"
        .gitignore: 644 out/
        *.o

        .venv: folder
        .venv/bin: folder
        .venv/bin/python: 644 python
        .venv/pyvenv.cfg: 644 home
        __pycache__: folder
        __pycache__/a.pyc: 644 pyc
        a.c: 644 a
        built: folder
        built/CACHEDIR.TAG: 644 Signature
        built/x: 644 x
        node_modules: folder
        node_modules/p: folder
        node_modules/p/index.js: 644 p
        node_modules/p/q: folder
        node_modules/p/q/index.js: 644 q
        out: folder
        out/new: 644 built
        src: folder
        src/a.o: 644 object
    "#]]
    .assert_eq(&seen(&place).unwrap());
    // Merged with what is there, or replaced as a whole.
    let ran = place.command(|at| {
        write(at, "out/new", "built again");
        write(at, "out/other", "other");
        fs::remove_dir_all(at.join("node_modules")).unwrap();
        write(at, "node_modules/r/index.js", "r");
        fs::remove_dir_all(at.join("src")).unwrap();
        fs::remove_file(at.join("__pycache__/a.pyc")).unwrap();
    });
    assert_eq!(told(&ran.unwrap().1), "cached: 3\n");
    let seen = seen(&place).unwrap();
    for there in ["out/new: 644 built again", "out/other: 644 other", "node_modules/r/index.js: 644 r"] {
        assert!(seen.contains(there), "{seen}");
    }
    for gone in ["out/old", "node_modules/p", "a.o", "a.pyc"] {
        assert!(!seen.contains(gone), "{gone}: {seen}");
    }
}

#[test]
fn a_rule_that_a_command_makes_hides_nothing_that_was_there() {
    let place = Place::new(&[("src/a.rs", "a"), ("b", "b")]);
    let effects = place.by_hand(|upper| {
        write(upper, ".gitignore", "*\n");
        write(upper, "src/a.rs", "changed");
        write(upper, "src/CACHEDIR.TAG", "Signature");
        write(upper, "new", "new");
    });
    expect![[r#"
        .gitignore: nothing => "*\n" 644
        src/a.rs: "a" 644 => "changed" 644
        cached: 2
    "#]]
    .assert_eq(&told(&effects));
}

#[test]
fn a_rule_counts_as_it_is_after_the_command_and_where_it_is_staged() {
    let mut place = Place::new(&[("sub/x", "x")]);
    place.edit("sub/.gitignore", Some("*.log\n"));
    let effects = place.by_hand(|upper| {
        write(upper, "sub/a.log", "log");
        write(upper, "sub/deep/b.log", "log");
        write(upper, "other/c.log", "log");
        write(upper, "gen/.gitignore", "made\n!made/kept\n");
        write(upper, "gen/made/x", "x");
        write(upper, "gen/y", "y");
    });
    expect![[r#"
        gen/.gitignore: nothing => "made\n!made/kept\n" 644
        gen/y: nothing => "y" 644
        other/c.log: nothing => "log" 644
        cached: 3
    "#]]
    .assert_eq(&told(&effects));
}

#[test]
fn tracked_files_are_staged_though_they_are_ignored() {
    let place = Place::new(&[(".gitignore", "dist/\n"), ("dist/kept.js", "1"), ("dist/built.js", "1")]);
    let git = git2::Repository::init(place.root.path()).unwrap();
    let mut index = git.index().unwrap();
    index.add_path(Path::new("dist/kept.js")).unwrap();
    index.write().unwrap();
    let effects = place.by_hand(|upper| {
        write(upper, "dist/kept.js", "2");
        write(upper, "dist/built.js", "2");
        write(upper, "dist/deep/new.js", "2");
    });
    expect![[r#"
        dist/kept.js: "1" 644 => "2" 644
        cached: 2
    "#]]
    .assert_eq(&told(&effects));
}

#[test]
fn what_is_no_longer_ignored_hides_nothing() {
    let mut place = Place::new(&[(".gitignore", "gen\n")]);
    let effects = place.by_hand(|upper| write(upper, "gen", "cached"));
    assert_eq!(told(&effects), "cached: 1\n");
    place.edit(".gitignore", Some(""));
    write(place.root.path(), "gen", "disk");
    let Some(seen) = seen(&place) else { return skipped("what_is_no_longer_ignored") };
    assert!(seen.contains("gen: 644 disk"), "{seen}");
}

#[test]
fn an_ignored_file_that_is_staged_or_newer_on_disk_is_the_one_seen() {
    let mut place = Place::new(&[(".gitignore", "*.conf\n"), ("a.conf", "disk"), ("b.conf", "disk")]);
    let effects = place.by_hand(|upper| {
        write(upper, "a.conf", "cached");
        write(upper, "b.conf", "cached");
    });
    assert_eq!(told(&effects), "cached: 2\n");
    place.edit("a.conf", Some("staged"));
    std::thread::sleep(std::time::Duration::from_millis(20));
    write(place.root.path(), "b.conf", "newer");
    let Some(text) = seen(&place) else { return skipped("an_ignored_file_that_is_staged") };
    assert!(text.contains("a.conf: 644 staged") && text.contains("b.conf: 644 newer"), "{text}");
    let effects = place.by_hand(|upper| write(upper, "a.conf", "changed"));
    assert!(told(&effects).starts_with("a.conf: \"staged\" 644 => \"changed\" 644"), "{}", told(&effects));
}

#[test]
fn a_folder_that_was_deleted_is_there_again_for_what_is_ignored_in_it() {
    let mut place = Place::new(&[(".gitignore", "*.o\n"), ("d/e/x", "x")]);
    let ran = place.command(|at| fs::remove_dir_all(at.join("d")).unwrap());
    let Some(((), effects)) = ran else { return skipped("a_folder_that_was_deleted_is_there_again") };
    place.stage(&effects);
    let (_, effects) = place.command(|at| write(at, "d/e/a.o", "object")).unwrap();
    expect![[r"
        d/e: nothing => folder
        cached: 1
    "]]
    .assert_eq(&told(&effects));
    place.stage(&effects);
    let seen = seen(&place).unwrap();
    assert!(seen.contains("d/e/a.o: 644 object") && !seen.contains("d/e/x"), "{seen}");
}

#[test]
fn the_oldest_pieces_go_when_there_is_no_room() {
    let (root, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(root.path(), ".gitignore", "[abc]/\n");
    let roots = Roots::open(&[root.path().to_path_buf()]).unwrap();
    let (workspace, _) = Workspace::open(roots, &state.path().join("journal")).unwrap();
    let bounds = Bounds { size: tree::Size { files: 5, bytes: 1 << 30 }, free: 0 };
    let layers = Layers::bounded(&state.path().join("layers"), None, bounds).unwrap();
    for name in ["a", "b", "a", "c"] {
        let run = layers.begin(&workspace.snapshot(), false).unwrap();
        for file in ["1", "2"] {
            write(&run.path.join("upper-0"), &format!("{name}/{file}"), "x");
        }
        run.effects().unwrap();
    }
    let left: Vec<String> = listing(&state.path().join("layers/cache/0")).into_keys().collect();
    assert_eq!(left, ["a", "a/1", "a/2", "c", "c/1", "c/2"]);
}

#[test]
fn of_the_home_folder_only_caches_are_kept() {
    let (root, state, home) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let roots = Roots::open(&[root.path().to_path_buf()]).unwrap();
    let (workspace, _) = Workspace::open(roots, &state.path().join("journal")).unwrap();
    let layers = Layers::open(&state.path().join("layers"), Some(home.path())).unwrap();
    let begin = || layers.begin(&workspace.snapshot(), false).unwrap();
    let (first, second) = (begin(), begin());
    assert_eq!(first.view().overlays.len(), 2);
    write(&first.path, "home/.npm/x", "1");
    write(&first.path, "home/.bashrc", "evil");
    write(&first.path, "home/.cargo/config.toml", "evil");
    write(&first.path, "home/.cargo/registry/y", "1");
    write(&second.path, "home/.npm/z", "2");
    drop((first, second));
    let run = begin();
    let kept: Vec<String> = listing(&run.path.join("home")).into_keys().collect();
    assert_eq!(kept, [".cargo", ".cargo/registry", ".cargo/registry/y", ".npm", ".npm/x", ".npm/z"]);
}

#[test]
fn what_killed_processes_left_is_removed_and_others_are_left_alone() {
    let place = Place::new(&[]);
    let folder = place.state.path().join("layers");
    let other = Layers::open(&folder, None).unwrap();
    let (ours, theirs) = (place.begin(), other.begin(&place.workspace.snapshot(), false).unwrap());
    write(&theirs.path, "upper-0/x", "x");
    let left = theirs.path.clone();
    // As if the process had been killed: its locks are freed, nothing is cleared away.
    std::mem::forget(theirs.layers.clone());
    let stale = folder.join("runs/7/3");
    write(&stale, "upper-0/deep/y", "y");
    fs::set_permissions(stale.join("upper-0/deep"), fs::Permissions::from_mode(0o000)).unwrap();
    let third = Layers::open(&folder, None).unwrap();
    assert!(ours.path.exists() && left.exists(), "both processes live");
    drop(third);
}

//! What is staged is seen, and what is written is to be staged.

use super::*;
use expect_test::expect;

#[test]
fn a_command_sees_what_is_staged_and_its_changes_are_told() {
    let mut place =
        Place::new(&[("a.txt", "one\n"), ("src/b.rs", "b\n"), ("src/c.rs", "c\n"), ("d/x", "x\n")]);
    fs::set_permissions(place.root.path().join("src/b.rs"), fs::Permissions::from_mode(0o755)).unwrap();
    place.edit("a.txt", Some("staged\n"));
    place.edit("new/n.txt", Some("new\n"));
    place.edit("src/c.rs", None);
    let done = place.command(|at| {
        let seen = listing(at);
        write(at, "a.txt", "staged and written\n");
        write(at, "src/b.rs", "formatted\n");
        write(at, "gen/out.rs", "generated\n");
        fs::remove_file(at.join("new/n.txt")).unwrap();
        fs::remove_dir_all(at.join("d")).unwrap();
        symlink("a.txt", at.join("link")).unwrap();
        fs::create_dir(at.join("empty")).unwrap();
        seen
    });
    let Some((seen, effects)) = done else { return skipped("a_command_sees_what_is_staged") };
    let seen: Vec<String> = seen.iter().map(|(path, what)| format!("{path}: {what}")).collect();
    expect![[r#"
        a.txt: 644 staged

        d: folder
        d/x: 644 x

        new: folder
        new/n.txt: 644 new

        src: folder
        src/b.rs: 755 b
    "#]]
    .assert_eq(&seen.join("\n"));
    expect![[r#"
        a.txt: "staged\n" 644 => "staged and written\n" 644
        d/x: "x\n" 644 => nothing
        d: folder => nothing
        empty: nothing => folder
        gen/out.rs: nothing => "generated\n" 644
        link: nothing => -> a.txt
        new/n.txt: "new\n" => nothing
        new: nothing => folder
        src/b.rs: "b\n" 755 => "formatted\n" 755
    "#]]
    .assert_eq(&told(&effects));
    assert_eq!(fs::read_to_string(place.root.path().join("a.txt")).unwrap(), "one\n");
    let before = listing(place.root.path());
    place.stage(&effects);
    assert_eq!(listing(place.root.path()), before, "staged is not written");
    place.accept();
    assert_eq!(fs::read_to_string(place.root.path().join("a.txt")).unwrap(), "staged and written\n");
    assert!(!place.root.path().join("d").exists() && place.root.path().join("empty").is_dir());
    place.workspace.undo(None).unwrap();
    let mut back = listing(place.root.path());
    assert_eq!(back.remove("src/c.rs"), Some("644 c\n\n".trim_end_matches('\n').to_owned() + "\n"));
    let mut before = before;
    before.remove("src/c.rs");
    assert_eq!(back, before, "undone again");
}

#[test]
fn what_is_only_touched_is_no_change() {
    let mut place = Place::new(&[("a", "a"), ("b", "b"), ("d/c", "c")]);
    place.edit("b", Some("staged"));
    let effects = place.by_hand(|upper| {
        write(upper, "a", "a");
        write(upper, "d/c", "c");
        fs::remove_file(upper.join("b")).unwrap();
        write(upper, "b", "staged");
    });
    assert_eq!(told(&effects), "");
}

#[test]
fn what_was_deleted_and_is_written_again_brings_its_folder_back() {
    let mut place = Place::new(&[("d/e/x", "x"), ("d/e/y", "y")]);
    let ran = place.command(|at| fs::remove_dir_all(at.join("d")).unwrap());
    let Some(((), effects)) = ran else { return skipped("what_was_deleted_and_is_written_again") };
    place.stage(&effects);
    let (_, effects) = place.command(|at| write(at, "d/e/x", "x")).unwrap();
    place.stage(&effects);
    let (seen, effects) = place.command(listing).unwrap();
    assert_eq!(told(&effects), "");
    assert_eq!(seen.into_keys().collect::<Vec<_>>(), ["d", "d/e", "d/e/x"]);
    let staged = place.workspace.snapshot();
    let staged: Vec<&str> = staged.staging().files().map(|(path, _)| path.as_str()).collect();
    assert_eq!(staged, ["d/e/y"]);
}

#[test]
fn other_changes_meanwhile_are_merged_or_conflicts() {
    let text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let mut place = Place::new(&[("a", text), ("b", text), ("c", text)]);
    let run = place.begin();
    assert!(!run.is_stale(&place.workspace.snapshot()));
    let upper = run.path.join("upper-0");
    // One is staged by another tool, in other lines; one in the same lines; one is written on disk.
    place.edit("a", Some(&text.replace('1', "one")));
    place.edit("b", Some(&text.replace('9', "nine")));
    assert!(run.is_stale(&place.workspace.snapshot()));
    let started = run.given.started;
    let mut now = started;
    while now <= started {
        write(place.root.path(), "c", &text.replace('1', "uno"));
        now = Folder::open(place.root.path()).unwrap().facts("c".as_ref()).unwrap().unwrap().changed;
    }
    for name in ["a", "b", "c"] {
        write(&upper, name, &text.replace('9', "IX"));
    }
    let effects = run.effects().unwrap();
    expect![[r#"
        a: "1\n2\n3\n4\n5\n6\n7\n8\n9\n" 644 => "1\n2\n3\n4\n5\n6\n7\n8\nIX\n" 644
        b: "1\n2\n3\n4\n5\n6\n7\n8\n9\n" 644 => "1\n2\n3\n4\n5\n6\n7\n8\nIX\n" 644
        c: refused: it was changed on disk while the command ran, so what the command saw is not known; run it again
    "#]]
    .assert_eq(&told(&effects));
    let of =
        |name: &str| effects.changes.iter().filter(|change| change.path.as_str() == name).cloned().collect();
    place.workspace.stage("command".to_owned(), of("a")).unwrap();
    let merged = place.workspace.snapshot().read(&RelPath::parse("a").unwrap()).unwrap();
    assert_eq!(merged.content.text().unwrap().0, text.replace('1', "one").replace('9', "IX"));
    let stale = place.workspace.stage("command".to_owned(), of("b")).unwrap_err();
    assert!(stale.to_string().contains("changed since it was read"), "{stale}");
}

#[test]
fn a_text_keeps_its_time_while_it_is_shown_and_another_gets_a_later_one() {
    let mut place = Place::new(&[("a", "disk")]);
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    fs::File::open(place.root.path().join("a")).unwrap().set_modified(old).unwrap();
    let time = |place: &Place| {
        let upper = place.begin().path.join("upper-0/a");
        upper.metadata().and_then(|stat| stat.modified()).ok()
    };
    // The run is gone when its path is looked at; so it is held.
    let held = |place: &Place| {
        let run = place.begin();
        let seen = run.path.join("upper-0/a").metadata().and_then(|stat| stat.modified()).ok();
        drop(run);
        seen
    };
    assert_eq!(time(&place), None, "what is on disk is not copied");
    place.edit("a", Some("x"));
    let first = held(&place).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(held(&place), Some(first));
    place.edit("a", Some("y"));
    let second = held(&place).unwrap();
    assert!(second > first);
    std::thread::sleep(std::time::Duration::from_millis(20));
    place.workspace.discard(&Selection::default()).unwrap();
    let third = held(&place).expect("the disk's text is seen as new");
    assert!(third > second);
    let run = place.begin();
    assert_eq!(fs::read_to_string(run.path.join("upper-0/a")).unwrap(), "disk");
    assert_eq!(told(&run.effects().unwrap()), "");
}

#[test]
fn what_a_command_writes_is_shown_again_as_old_as_it_was() {
    let mut place = Place::new(&[]);
    let run = place.begin();
    write(&run.path, "upper-0/gen.c", "generated");
    let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(2_000_000);
    fs::File::open(run.path.join("upper-0/gen.c")).unwrap().set_modified(then).unwrap();
    let effects = run.effects().unwrap();
    drop(run);
    place.stage(&effects);
    let run = place.begin();
    assert_eq!(run.path.join("upper-0/gen.c").metadata().unwrap().modified().unwrap(), then);
}

#[test]
fn secrets_are_not_there_and_that_is_no_deletion() {
    let place = Place::new(&[(".env", "KEY=1"), ("sub/.env.local", "KEY=2"), ("a", "a")]);
    let ran = place
        .command(|at| (at.join(".env").exists(), at.join("sub/.env.local").exists(), at.join("a").exists()));
    let Some((seen, effects)) = ran else { return skipped("secrets_are_not_there") };
    assert_eq!((seen, told(&effects).as_str()), ((false, false, true), ""));
    let (_, effects) = place
        .command(|at| {
            write(at, ".env", "KEY=mine");
            fs::remove_dir_all(at.join("sub")).unwrap();
        })
        .unwrap();
    expect![[r"
        .env: refused: the workspace's own is secret and was not shown to the command, so it is not replaced either
    "]]
    .assert_eq(&told(&effects));
    let run = place.layers.begin(&place.workspace.snapshot(), true).unwrap();
    assert!(!run.path.join("upper-0/.env").exists() && run.given.hidden.is_empty());
}

#[test]
fn staged_kinds_replace_what_is_underneath() {
    let mut place = Place::new(&[("file", "f"), ("folder/x", "x"), ("gone/deep/y", "y")]);
    let path = |path: &str| RelPath::parse(path).unwrap();
    let snapshot = place.workspace.snapshot();
    let side = |path: &RelPath| snapshot.side(path).unwrap();
    let content = |text: &str| Side::File(FileContent::new(text.as_bytes(), None));
    let changes = [
        ("file", Side::Folder),
        ("file/in", content("in")),
        ("folder/x", Side::Absent),
        ("folder", content("now a file")),
        ("gone/deep/y", Side::Absent),
        ("gone/deep", Side::Absent),
        ("gone", Side::Absent),
        ("link", Side::Link("file/in".into())),
    ];
    let changes = changes.map(|(at, after)| FileChange { path: path(at), before: side(&path(at)), after });
    place.workspace.stage("kinds".to_owned(), changes.to_vec()).unwrap();
    let Some((seen, effects)) = place.command(listing) else { return skipped("staged_kinds") };
    assert_eq!(told(&effects), "");
    let seen: Vec<String> = seen.iter().map(|(path, what)| format!("{path}: {what}\n")).collect();
    expect![[r#"
        file: folder
        file/in: 644 in
        folder: 644 now a file
        link: -> file/in
    "#]]
    .assert_eq(&seen.concat());
}

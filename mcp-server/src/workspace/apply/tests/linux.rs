//! What needs a small disk, another user or a file system of a kind: each in a thread that alone has it, so that no
//! other test sees it.

use super::*;
use rustix::fs::{Gid, Uid};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::thread::{
    UnshareFlags, set_thread_groups, set_thread_res_gid, set_thread_res_uid, unshare_unsafe,
};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

/// Runs in a thread that may mount; `None` where that is not allowed.
#[expect(unsafe_code, reason = "only this thread's view of mounts changes, and it ends with the thread")]
fn with_mounts<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: no file descriptor table or thread state is unshared but the mounts'.
            unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.ok()?;
            let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            mount_change("/", private).ok()?;
            Some(run())
        });
        thread.join().unwrap()
    })
}

/// Runs in a thread that is nobody's, without a root user's rights; `None` where we are no root ourselves.
fn as_nobody<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let (user, group) = (Uid::from_raw(65534), Gid::from_raw(65534));
            set_thread_groups(&[]).ok()?;
            set_thread_res_gid(group, group, group).ok()?;
            set_thread_res_uid(user, user, user).ok()?;
            Some(run())
        });
        thread.join().unwrap()
    })
}

fn skipped(test: &str) {
    eprintln!("skipped: {test}: this user or this kernel cannot arrange it");
}

fn belongs_to_nobody(tree: &Tree) {
    for folder in [tree.root.path(), tree.state.path()] {
        let mut all = vec![folder.to_path_buf()];
        while let Some(path) = all.pop() {
            chown(&path, Some(65534), Some(65534)).unwrap();
            if path.is_dir() {
                all.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
}

#[test]
fn a_full_disk_leaves_all_as_it_was() {
    let ran = with_mounts(|| {
        let tree = Tree::new(&[("b", "v1\n")]);
        let small = tree.root.path().join("small");
        fs::create_dir(&small).unwrap();
        mount("small", &small, "tmpfs", MountFlags::empty(), Some(c"size=1m")).unwrap();
        tree.write("small/a", "v1\n");
        let before = tree.listing();
        let mut workspace = tree.open();
        stage(&mut workspace, "b", "v2\n");
        stage(&mut workspace, "small/a", &"x".repeat(2 << 20));
        let error = workspace.accept(&Selection::default()).unwrap_err().to_string();
        assert!(error.contains("small/a") && error.contains("the disk is full"), "{error}");
        assert_eq!(tree.listing(), before);
        assert_clean(&tree, "full disk");
    });
    if ran.is_none() {
        skipped("a_full_disk_leaves_all_as_it_was");
    }
}

#[test]
fn a_full_disk_below_the_journal_leaves_all_as_it_was() {
    let ran = with_mounts(|| {
        let tree = Tree::new(&[("a", "v1\n"), ("b", "v1\n")]);
        mount("small", tree.state.path(), "tmpfs", MountFlags::empty(), Some(c"size=64k")).unwrap();
        let mut workspace = tree.open();
        stage(&mut workspace, "a", "v2\n");
        stage(&mut workspace, "b", &"x".repeat(2 << 20));
        let error = workspace.accept(&Selection::default()).unwrap_err();
        assert!(matches!(error, OpError::Apply(ApplyError::Journal(JournalError::Io { .. }))), "{error}");
        assert_eq!((tree.read("a"), tree.read("b")), ("v1\n".to_owned(), "v1\n".to_owned()));
        assert_clean(&tree, "full disk");
    });
    if ran.is_none() {
        skipped("a_full_disk_below_the_journal_leaves_all_as_it_was");
    }
}

#[test]
fn a_read_only_file_system_leaves_all_as_it_was() {
    let ran = with_mounts(|| {
        let tree = Tree::new(&[("b", "v1\n")]);
        let still = tree.root.path().join("still");
        fs::create_dir(&still).unwrap();
        mount("still", &still, "tmpfs", MountFlags::empty(), None).unwrap();
        tree.write("still/a", "v1\n");
        rustix::mount::mount_remount(&still, MountFlags::RDONLY, c"").unwrap();
        let before = tree.listing();
        let mut workspace = tree.open();
        stage(&mut workspace, "b", "v2\n");
        stage(&mut workspace, "still/a", "v2\n");
        let error = workspace.accept(&Selection::default()).unwrap_err().to_string();
        assert!(error.contains("still/a") && error.contains("read-only"), "{error}");
        assert_eq!(tree.listing(), before);
        assert_clean(&tree, "read-only");
    });
    if ran.is_none() {
        skipped("a_read_only_file_system_leaves_all_as_it_was");
    }
}

#[test]
fn a_folder_that_may_not_be_written_leaves_all_as_it_was() {
    let tree = Tree::new(&[("b", "v1\n"), ("closed/a", "v1\n"), ("x", "v1\n")]);
    fs::set_permissions(tree.root.path().join("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(tree.root.path().join("x"), fs::Permissions::from_mode(0o000)).unwrap();
    belongs_to_nobody(&tree);
    let before = tree.listing();
    let ran = as_nobody(|| {
        let mut workspace = tree.open();
        stage(&mut workspace, "b", "v2\n");
        stage(&mut workspace, "closed/a", "v2\n");
        let error = workspace.accept(&Selection::default()).unwrap_err().to_string();
        assert!(error.contains("closed/a") && error.contains("EACCES"), "{error}");
        let error = workspace.snapshot().read(&path("x")).unwrap_err().to_string();
        assert!(error.contains("`x`") && error.contains("EACCES"), "{error}");
        let deletion = [change(&tree, "closed/a", Side::Absent)];
        let error = tree.apply(&deletion, &|| Ok(())).unwrap_err().to_string();
        assert!(error.contains("closed/a") && error.contains("EACCES"), "{error}");
    });
    if ran.is_none() {
        return skipped("a_folder_that_may_not_be_written_leaves_all_as_it_was");
    }
    assert_eq!(tree.listing(), before);
    assert_clean(&tree, "no permission");
}

#[test]
fn owner_and_attributes_stay_and_no_right_is_won() {
    let tree = Tree::new(&[("a", "v1\n"), ("set", "v1\n")]);
    let at = |name: &str| tree.root.path().join(name);
    if chown(at("a"), Some(1234), Some(1234)).is_err() {
        return skipped("owner_and_attributes_stay_and_no_right_is_won");
    }
    rustix::fs::setxattr(at("a"), "user.note", b"kept", rustix::fs::XattrFlags::empty()).unwrap();
    tree.apply(&[change(&tree, "a", file("v2\n"))], &|| Ok(())).unwrap();
    let stat = fs::metadata(at("a")).unwrap();
    assert_eq!((stat.uid(), stat.gid()), (1234, 1234));
    let mut value = [0; 16];
    let length = rustix::fs::getxattr(at("a"), "user.note", &mut value[..]).unwrap();
    assert_eq!(&value[..length], b"kept");
    // Whoever may replace another's file does not get a program that runs as someone.
    chown(at("set"), Some(1234), Some(1234)).unwrap();
    fs::set_permissions(at("set"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::set_permissions(tree.root.path(), fs::Permissions::from_mode(0o777)).unwrap();
    chown(tree.root.path(), Some(65534), Some(65534)).unwrap();
    chown(tree.state.path(), Some(65534), Some(65534)).unwrap();
    as_nobody(|| {
        let state = temporary();
        let journal = Journal::open(state.path(), &tree.roots()).unwrap();
        let set = [change(&tree, "set", file("v2\n"))];
        apply(&tree.roots(), &journal, "test", None, &set, &|| Ok(())).unwrap();
    });
    let stat = fs::metadata(at("set")).unwrap();
    assert_eq!((stat.uid(), stat.mode() & 0o7777), (65534, 0o755));
}

#[test]
fn a_name_changes_its_case_where_case_does_not_count() {
    let ran = with_mounts(|| {
        let tree = Tree::new(&[]);
        let folding = tree.root.path().join("folding");
        fs::create_dir(&folding).unwrap();
        // Few kernels have it; then the test for systems that tell case apart has to do.
        mount("folding", &folding, "tmpfs", MountFlags::empty(), Some(c"casefold")).ok()?;
        let inner = folding.join("d");
        fs::create_dir(&inner).unwrap();
        let flags = rustix::fs::IFlags::from_bits_retain(0x4000_0000);
        let opened = fs::File::open(&inner).unwrap();
        rustix::fs::ioctl_setflags(&opened, flags).ok()?;
        tree.write("folding/d/Readme", "one\n");
        assert_eq!(tree.read("folding/d/README"), "one\n", "case does not count here");
        for kill in 0..40 {
            let chosen = [
                Chosen { path: path("folding/d/README"), base: Side::Absent, target: file("one\n") },
                change(&tree, "folding/d/Readme", Side::Absent),
            ];
            let count = Cell::new(0);
            let _ = catch_unwind(AssertUnwindSafe(|| tree.apply(&chosen, &dying(&count, kill))));
            recover(tree.state.path());
            let names: Vec<_> =
                fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(
                (names.len(), tree.read("folding/d/readme").as_str()),
                (1, "one\n"),
                "killed at {kill}: {names:?}"
            );
            fs::remove_file(inner.join("readme")).unwrap();
            tree.write("folding/d/Readme", "one\n");
        }
        Some(())
    });
    if ran.flatten().is_none() {
        skipped("a_name_changes_its_case_where_case_does_not_count");
    }
}

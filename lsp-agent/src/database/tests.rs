use super::*;
use std::fs;
use tempfile::TempDir;

#[cfg(unix)]
#[test]
fn only_the_user_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let home = TempDir::new().unwrap();
    let folder = home.path().join("state/devtoolkit");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let database = Database::open(&folder).unwrap();
    assert_eq!(mode(&folder), 0o700);
    for name in ["agent.db", "agent.db-wal", "agent.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    drop(database);
    fs::set_permissions(folder.join(FILE), fs::Permissions::from_mode(0o644)).unwrap();
    drop(Database::open(&folder).unwrap());
    assert_eq!(mode(&folder.join(FILE)), 0o600, "made narrower");
}

#[test]
fn it_is_as_it_was_asked_to_be() {
    let folder = TempDir::new().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let text = |name: &str| -> String {
        let row = database.read().query_row(
            &format!("SELECT CAST(v AS TEXT) FROM (SELECT {name} AS v FROM pragma_{name})"),
            [],
            |row| row.get(0),
        );
        row.unwrap()
    };
    assert_eq!(text("journal_mode"), "wal");
    assert_eq!(text("foreign_keys"), "1");
    assert_eq!(text("secure_delete"), "1");
    assert_eq!(text("auto_vacuum"), "1");
    assert_eq!(text("synchronous"), "1");
}

#[test]
fn a_newer_one_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let database = Database::open(folder.path()).unwrap();
    database.read().pragma_update(None, "user_version", VERSION + 1).unwrap();
    drop(database);
    let error = Database::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "agent.db` is of version 2, newer than this program's 1; use a newer devtoolkit-agent"
        ),
        "{error}"
    );
}

#[test]
fn what_is_no_database_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let text = "no database, but long enough to look like the beginning of one\n".repeat(64);
    fs::write(folder.path().join(FILE), &text).unwrap();
    let error = Database::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("agent.db` is no database, or damaged; move it away, and a new one is made"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = Database::open(&folder.path().join("file/state")).unwrap_err();
    assert!(matches!(error, DatabaseError::Disk { .. }), "{error}");
}

#[test]
fn many_make_and_open_it_at_once() {
    let folder = TempDir::new().unwrap();
    let open = || Database::open(folder.path()).map(drop);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        for one in all {
            one.join().unwrap().unwrap();
        }
    });
}

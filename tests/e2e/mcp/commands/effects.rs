//! What commands do to a project is reviewed before it is done: the tree's bytes are compared at every point.

use crate::mcp::Project;
use e2e_tests::mcp_client::McpClient;
use e2e_tests::skip;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const TOTALS: &str =
    "def total(items):\n    return sum( items )\n\n\ndef mean(items):\n    return total(items)/len(items)\n";
const TESTS: &str = "import unittest\nfrom shop.totals import total\n\n\nclass Totals(unittest.TestCase):\n    def test_total(self):\n        self.assertEqual(total([1, 2]), 3)\n";
/// Rewrites every Python file below a folder: spaces inside of brackets go, and come around a division.
const FORMAT: &str = r#"import pathlib, re
for file in sorted(pathlib.Path("shop").rglob("*.py")):
    text = file.read_text()
    text = re.sub(r"\( +", "(", re.sub(r" +\)", ")", text))
    file.write_text(text.replace(")/len", ") / len"))
"#;
/// Makes a module of a list of names.
const GENERATE: &str = r#"import json, pathlib
names = json.loads(pathlib.Path("names.json").read_text())
folder = pathlib.Path("shop/generated")
folder.mkdir(exist_ok=True)
(folder / "__init__.py").write_text("")
(folder / "names.py").write_text("".join(f"{name.upper()} = {name!r}\n" for name in names))
pathlib.Path("build").mkdir(exist_ok=True)
pathlib.Path("build/generate.log").write_text("ok\n")
"#;

/// A small project with a test, a formatter, a generator and a package to install.
fn shop() -> Project {
    Project::new(&[
        (".gitignore", "build/\n*.egg-info/\n__pycache__/\n"),
        ("shop/__init__.py", ""),
        ("shop/totals.py", TOTALS),
        ("shop/orders.py", "def order( name ):\n    return { 'name': name }\n"),
        ("tests/__init__.py", ""),
        ("tests/test_totals.py", TESTS),
        ("tools/format.py", FORMAT),
        ("tools/generate.py", GENERATE),
        ("names.json", "[\"apple\", \"pear\"]\n"),
        (
            "local-package/package.json",
            "{ \"name\": \"local-package\", \"version\": \"1.0.0\", \"main\": \"index.js\" }\n",
        ),
        ("local-package/index.js", "module.exports = () => 'installed';\n"),
        ("web/package.json", "{ \"name\": \"web\", \"version\": \"1.0.0\", \"private\": true }\n"),
    ])
}

/// All bytes of a tree.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            let kind = path.symlink_metadata().expect("there");
            let bytes = match kind.is_dir() {
                true => {
                    open.push(path);
                    continue;
                }
                false if kind.is_symlink() => {
                    fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
                }
                false => fs::read(&path).expect("a file"),
            };
            found.insert(name, bytes);
        }
    }
    found
}

/// Runs a command that the person agrees to; it must end well, and in the best tier where the kernel can do it.
#[expect(clippy::print_stderr, reason = "a test says in which tier it ran")]
fn run(client: &mut McpClient, line: &str) -> String {
    let reply = client.agreed("run_command", json!({ "command": line, "timeout_s": 100 }));
    assert!(reply.contains("(exit code 0"), "`{line}`: {reply}");
    eprintln!("`{line}`: {}", reply.lines().last().unwrap_or_default());
    assert!(
        reply.contains("sandboxed over the staged view") || !has_overlays(),
        "not in the best tier: {reply}"
    );
    reply
}

/// Whether this kernel lets this user mount an overlay in namespaces of his own: asked without the server.
fn has_overlays() -> bool {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(folder.path().join(name)).expect("folder");
    }
    let line = "mount -t overlay overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work merged";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", line]).current_dir(folder.path());
    command.output().is_ok_and(|output| output.status.success())
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_formatter_is_reviewed_and_half_of_it_accepted_and_undone() {
    if !has_overlays() || !has("/usr/bin/python3") {
        return skip::note(
            "a_formatter_is_reviewed_and_half_of_it_accepted_and_undone",
            "no overlay for this user, or no python3",
        );
    }
    let project = shop();
    let before = tree(project.root());
    let mut client = project.server(&[]);
    run(&mut client, "/usr/bin/python3 tools/format.py");
    assert_eq!(tree(project.root()), before, "nothing is written by the command");
    let shown = client.ok("show_changes", json!({}));
    for line in
        ["-    return sum( items )", "+    return sum(items)", "-def order( name ):", "+def order(name):"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    // One file, and of the other one hunk.
    client.agreed("accept_changes", json!({ "only": ["shop/orders.py"] }));
    let mut expected = before.clone();
    expected.insert("shop/orders.py".to_owned(), b"def order(name):\n    return { 'name': name }\n".to_vec());
    assert_eq!(tree(project.root()), expected, "the file that was accepted");
    let shown = client.ok("show_changes", json!({}));
    let hunk = hunk(&shown, "+    return sum(items)");
    client.agreed("accept_changes", json!({ "only": [hunk] }));
    let half = TOTALS.replace("sum( items )", "sum(items)");
    expected.insert("shop/totals.py".to_owned(), half.into_bytes());
    assert_eq!(tree(project.root()), expected, "the hunk that was accepted");
    // The command sees the rest as staged still, and finds nothing to do.
    let again = run(&mut client, "/usr/bin/python3 tools/format.py");
    assert!(!again.contains("staged as change"), "{again}");
    client.agreed("undo_changes", json!({}));
    client.agreed("undo_changes", json!({}));
    client.ok("discard_changes", json!({}));
    assert_eq!(tree(project.root()), before, "undone again");
}

/// The name of the hunk that has a line.
fn hunk(shown: &str, line: &str) -> String {
    let upto = &shown[..shown.find(line).unwrap_or_else(|| panic!("no `{line}` in {shown}"))];
    let head = upto.lines().rev().find(|line| line.starts_with("@@ ")).expect("a hunk begins with @@");
    head.rsplit(' ').next().expect("words").to_owned()
}

#[test]
fn a_generator_is_reviewed_and_its_ignored_output_stays_in_the_cache() {
    if !has_overlays() || !has("/usr/bin/python3") {
        return skip::note(
            "a_generator_is_reviewed_and_its_ignored_output_stays_in_the_cache",
            "no overlay for this user, or no python3",
        );
    }
    let project = shop();
    let before = tree(project.root());
    let mut client = project.server(&[]);
    run(&mut client, "/usr/bin/python3 tools/generate.py");
    assert_eq!(tree(project.root()), before, "nothing is written by the command");
    let shown = client.ok("show_changes", json!({}));
    assert!(shown.contains("shop/generated/names.py") && shown.contains("+APPLE = 'apple'"), "{shown}");
    assert!(!shown.contains("generate.log"), "{shown}");
    assert!(
        run(&mut client, "cat build/generate.log").starts_with("ok\n"),
        "it is there for the next command"
    );
    client.agreed("accept_changes", json!({ "only": ["shop/generated/names.py"] }));
    let mut expected = before.clone();
    expected.insert("shop/generated/names.py".to_owned(), b"APPLE = 'apple'\nPEAR = 'pear'\n".to_vec());
    assert_eq!(tree(project.root()), expected);
    client.agreed("undo_changes", json!({}));
    client.ok("discard_changes", json!({}));
    assert_eq!(tree(project.root()), before, "undone again");
    assert!(!project.root().join("shop/generated").exists(), "and so is the folder");
}

#[test]
fn a_package_install_is_reviewed_and_the_package_works() {
    if !has_overlays() || !has("npm") {
        return skip::note(
            "a_package_install_is_reviewed_and_the_package_works",
            "no overlay for this user, or no npm",
        );
    }
    let project = shop();
    let before = tree(project.root());
    let mut client = project.server(&[]);
    run(&mut client, "cd web && npm install --offline --no-audit --no-fund --install-links ../local-package");
    assert_eq!(tree(project.root()), before, "nothing is written by the command");
    let shown = client.ok("show_changes", json!({}));
    assert!(shown.contains("web/package.json") && shown.contains("web/package-lock.json"), "{shown}");
    assert!(!shown.contains("node_modules/local-package/index.js\n"), "{shown}");
    let used = run(&mut client, "cd web && node -e \"console.log(require('local-package')())\"");
    assert!(used.starts_with("installed\n"), "{used}");
    client.agreed("accept_changes", json!({ "only": ["web/package.json"] }));
    let written = tree(project.root());
    let changed: Vec<&String> = written
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(bytes))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(changed, ["web/package.json"]);
    assert!(project.read("web/package.json").contains("local-package"));
    client.agreed("undo_changes", json!({}));
    client.ok("discard_changes", json!({}));
    assert_eq!(tree(project.root()), before, "undone again");
}

#[test]
fn the_projects_tests_run_over_edits_that_nobody_has_accepted() {
    if !has_overlays() || !has("/usr/bin/python3") {
        return skip::note(
            "the_projects_tests_run_over_edits_that_nobody_has_accepted",
            "no overlay for this user, or no python3",
        );
    }
    let project = shop();
    let before = tree(project.root());
    let mut client = project.server(&[]);
    let line = "/usr/bin/python3 -m unittest -v tests.test_totals 2>&1";
    assert!(run(&mut client, line).contains("OK"));
    let edit =
        json!({ "path": "shop/totals.py", "edits": [{ "old": "sum( items )", "new": "sum(items) + 1" }] });
    client.ok("edit_file", edit);
    let reply = client.agreed("run_command", json!({ "command": line }));
    assert!(reply.contains("AssertionError: 4 != 3") && reply.contains("exit code 1"), "{reply}");
    assert_eq!(tree(project.root()), before, "the disk knows nothing of it");
    client.ok("discard_changes", json!({}));
    assert!(
        run(&mut client, line).contains("OK"),
        "a compiled file of the edit is not used for the old text"
    );
    assert_eq!(tree(project.root()), before);
}

#[test]
fn what_a_command_may_not_write_is_named_and_nowhere() {
    if !has_overlays() {
        return skip::note("what_a_command_may_not_write_is_named_and_nowhere", "no overlay for this user");
    }
    let project = shop();
    fs::create_dir(project.root().join(".git")).expect("folder");
    fs::write(project.root().join(".git/HEAD"), "ref: refs/heads/main\n").expect("write");
    let before = tree(project.root());
    let mut client = project.server(&[]);
    let reply = run(&mut client, "mkfifo pipe; mkdir -p sub/.git; echo evil > sub/.git/config; true");
    assert!(reply.contains("`pipe`") && reply.contains("sub/.git"), "{reply}");
    assert_eq!(tree(project.root()), before);
    assert!(client.ok("list_changes", json!({})).contains("nothing is staged"), "only what may be");
}

//! Which commands run without a question: the cases of area `cmdpolicy`, and relatives. The host cannot ask, so that what
//! would be asked about is refused.

use super::super::{Project, REVISION};
use e2e_tests::mcp_client::McpClient;
use serde_json::{Value, json};

/// A project, a folder beside it, and a server whose host cannot ask.
struct Scene {
    client: McpClient,
    /// Only kept alive.
    _project: Project,
    out: tempfile::TempDir,
    /// Whether a sandbox holds commands here; else every one of them needs a person.
    is_confined: bool,
}

impl Scene {
    fn new(arguments: &[&str]) -> Self {
        let project = Project::new(&[("ok.txt", "fine\n"), ("a b", "in\n"), ("src/x.rs", "fn x() {}\n")]);
        let mut client = McpClient::spawn(&mut project.command(arguments));
        client.greet(REVISION, json!({}));
        let (text, failed) = client.call("run_command", json!({ "command": "true" }));
        let is_confined = !failed;
        assert!(is_confined || text.contains("no sandbox"), "{text}");
        Self { client, _project: project, out: tempfile::TempDir::new().expect("folder"), is_confined }
    }

    /// A person would be asked, so nothing runs; the reply says why.
    #[track_caller]
    fn asks(&mut self, line: &str) -> String {
        let marker = self.out.path().join("marker");
        let line = line.replace("$OUT", &self.out.path().display().to_string());
        let text = self.client.refused("run_command", json!({ "command": line }));
        assert!(text.contains("needs a person's yes") && text.contains("--trust-host"), "{line:?}: {text}");
        assert!(!marker.exists(), "{line:?} ran");
        text
    }

    /// It runs, unless nothing would hold it.
    #[track_caller]
    fn runs(&mut self, arguments: Value) -> String {
        let (text, failed) = self.client.call("run_command", arguments.clone());
        if self.is_confined {
            assert!(!failed, "{arguments}: {text}");
        } else {
            assert!(failed && text.contains("no sandbox"), "{arguments}: {text}");
        }
        text
    }
}

macro_rules! asking {
    ($($name:ident: $line:expr, $why:expr;)*) => {
        $(#[test] fn $name() {
            let text = Scene::new(&[]).asks($line);
            assert!(text.contains($why), "{text}");
        })*
    };
}

asking! {
    cmdpolicy_01_a_second_command: "ls; touch $OUT/marker", "one single command";
    cmdpolicy_02_a_command_behind_and: "ls && touch $OUT/marker", "several commands";
    cmdpolicy_04_a_command_in_a_word: "echo $(touch $OUT/marker)", "a command inside of a word";
    cmdpolicy_05_a_command_in_backticks: "echo `touch $OUT/marker`", "a command inside of a word";
    cmdpolicy_08_a_changed_pager: "export PAGER='sh -c id'; git log", "one single command";
    cmdpolicy_11_what_find_runs: "find . -exec touch $OUT/marker \\;", "`find -exec`";
    cmdpolicy_13_a_command_in_a_heredoc: "cat <<EOF\n$(touch $OUT/marker)\nEOF", "U+000A";
    cmdpolicy_15_a_redirection_into_the_home: "echo hi > ~/.bashrc", "a redirection";
    cmdpolicy_17_what_no_shell_understands: "ls ((", "no valid shell line";
}

#[test]
fn cmdpolicy_18_a_plain_command_is_not_asked_about() {
    let mut scene = Scene::new(&[]);
    let text = scene.runs(json!({ "command": "ls -la 'a b' ok.txt" }));
    assert!(!scene.is_confined || (text.contains("a b") && text.contains("ok.txt")), "{text}");
}

/// Relatives that ask, each by a trick of its own.
#[rustfmt::skip]
const TRICKS: &[&str] = &[
    "ls | tee $OUT/marker", "ls & touch $OUT/marker", "ls\ntouch $OUT/marker", "ls\r\ntouch $OUT/marker", "ls || touch $OUT/marker",
    "(touch $OUT/marker)", "{ touch $OUT/marker; }", "! touch $OUT/marker", "if touch $OUT/marker; then ls; fi", "ls() { touch $OUT/marker; }; ls",
    "echo \"$(touch $OUT/marker)\"", "echo \"`touch $OUT/marker`\"", "echo ${x:=$(touch $OUT/marker)}", "echo $((x[$(touch $OUT/marker)]))",
    "cat <(touch $OUT/marker)", "ls >$OUT/marker", "ls 2>$OUT/marker", "ls &>$OUT/marker", "echo x >|$OUT/marker", "cat <<<$(touch $OUT/marker)",
    "PATH=. ls", "LD_PRELOAD=./x.so ls", "GIT_EXTERNAL_DIFF=./x git diff", "IFS=x ls", "alias ls=touch", "eval 'touch $OUT/marker'", "source ./x", ". ./x",
    "sh -c 'touch $OUT/marker'", "bash -c 'touch $OUT/marker'", "env touch $OUT/marker", "env -S 'touch $OUT/marker'", "xargs touch $OUT/marker",
    "nice touch $OUT/marker", "nohup touch $OUT/marker", "timeout 5 touch $OUT/marker", "command touch $OUT/marker", "exec touch $OUT/marker",
    "builtin echo x", "time touch $OUT/marker", "sudo ls", "busybox touch $OUT/marker", "touch $OUT/marker", "tee $OUT/marker", "dd of=$OUT/marker",
    "./ls", "/bin/ls", "../ls", "src/../ls", "'./ls'", "find . -execdir touch $OUT/marker \\;", "find . -ok touch $OUT/marker \\;", "find . -fprint $OUT/marker",
    "find . -delete", "find . -fls $OUT/marker", "sort -o $OUT/marker ok.txt", "sort --output=$OUT/marker ok.txt", "sort ok.txt -o$OUT/marker",
    "sort --compress-program=touch ok.txt", "sed -i s/a/b/ ok.txt", "sed 1e ok.txt", "sed 's/f/x/e' ok.txt", "sed 'w $OUT/marker' ok.txt",
    "sed 's/f/x/w marker' ok.txt", "sed -f ok.txt ok.txt", "awk 'BEGIN{system(\"touch $OUT/marker\")}'", "uniq ok.txt $OUT/marker", "tree -o $OUT/marker",
    "rg --pre touch x", "rg --hostname-bin=touch x", "rg -z x", "fd -x touch $OUT/marker", "fd --exec-batch touch", "git -c core.fsmonitor=touch status",
    "git -c alias.x='!touch' x", "git --exec-path=. status", "git diff --ext-diff", "git log --output=$OUT/marker", "git grep -O x", "git diff --no-index a b",
    "git branch -D main", "git push", "git commit -m x", "git --git-dir=x status", "date -s now", "date 010100002030", "printf -v x y", "test -v 'x[$(id)]'",
    "grep -f /etc/passwd x", "file -C -m ok.txt", "python3 -c 'print(1)'", "node -e 1", "npm run x", "cargo run", "make", "cat ~/.ssh/id_rsa", "cat /etc/passwd",
    "cat ../x", "ls *", "cat src/*", "ls $HOME", "ls {a,b}", "ls # x", "ls \u{202e}", "ls\u{a0}x", "ls \u{200b}", "l\u{455}", "ls \u{1b}[8m", "ls\tx", "l\\s", "\\ls x",
];

#[test]
fn no_trick_runs_without_a_person() {
    let mut scene = Scene::new(&[]);
    for line in TRICKS {
        scene.asks(line);
    }
    let left = std::fs::read_dir(scene.out.path()).expect("folder").count();
    assert_eq!(left, 0, "nothing was written beside the project");
    assert!(scene.client.ok("list_changes", json!({})).contains("nothing"), "nothing was staged");
}

#[test]
fn words_without_a_shell_are_held_to_the_same() {
    let mut scene = Scene::new(&[]);
    for argv in [
        &["find", ".", "-exec", "id", ";"][..],
        &["sort", "-o", "x", "ok.txt"],
        &["sh", "-c", "ls"],
        &["./ls"],
        &["git", "-c", "core.pager=id", "log"],
        &["ls", "a\nb"],
        &["ls", "\u{202e}"],
        &["env", "ls"],
        &["cat", "../x"],
    ] {
        let text = scene.client.refused("run_command", json!({ "argv": argv }));
        assert!(text.contains("needs a person's yes"), "{argv:?}: {text}");
    }
    scene.runs(json!({ "argv": ["echo", "$(id)", ";", "*"] }));
}

#[test]
fn what_is_harmless_alone_is_asked_about_with_the_network_or_by_another_tool() {
    let mut scene = Scene::new(&[]);
    let text = scene.client.refused("run_command", json!({ "command": "ls", "network": true }));
    assert!(text.contains("--trust-host=") && text.contains("network"), "{text}");
    let text = scene.client.refused("start_process", json!({ "name": "x", "command": "sleep 100" }));
    assert!(text.contains("needs a person's yes"), "{text}");
}

#[test]
fn a_trusted_host_is_not_trusted_with_the_network() {
    let mut scene = Scene::new(&["--trust-host"]);
    scene.runs(json!({ "command": "ls && true" }));
    let text = scene.client.refused("run_command", json!({ "command": "ls && true", "network": true }));
    assert!(text.contains("--trust-host=") && text.contains("network"), "{text}");
}

#[test]
fn rules_of_the_person_allow_and_forbid() {
    let project = Project::new(&[("ok.txt", "fine\n")]);
    project.write(".devtoolkit/config.toml", b"[[deny]]\ncommand = 'tac'\n[[allow]]\ncommand = 'touch'\n");
    let config = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(config.path(), "allow = [{ command = 'sh -c true' }]\ndeny = [{ command = 'cat' }]\n")
        .expect("write");
    let path = config.path().display().to_string();
    let mut client = McpClient::spawn(&mut project.command(&["--config", &path]));
    client.greet(REVISION, json!({}));
    let (text, failed) = client.call("run_command", json!({ "command": "sh -c true" }));
    assert!(!failed || text.contains("no sandbox"), "{text}");
    for (line, why) in [
        ("sh -c 'true; id'", "needs a person's yes"),
        ("sh -c true; id", "needs a person's yes"),
        ("cat ok.txt", "a `deny` rule"),
        ("ls && cat ok.txt", "a `deny` rule"),
        ("tac ok.txt", ".devtoolkit/config.toml`, line 1"),
        // A workspace cannot allow anything.
        ("touch x", "needs a person's yes"),
    ] {
        let text = client.refused("run_command", json!({ "command": line }));
        assert!(text.contains(why), "{line}: {text}");
    }
    // Nor may a tool change what it asks for.
    let text = client.refused("write_file", json!({ "path": ".devtoolkit/config.toml", "content": "" }));
    assert!(text.contains("protected"), "{text}");
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_line() {
    let project = Project::new(&[]);
    let config = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(config.path(), "\npermit = []\n").expect("write");
    let path = config.path().display().to_string();
    let output = project.command(&["--config", &path]).output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains(&path) && told.contains("line 2: unknown field `permit`"),
        "{told}"
    );
}

//! `devtoolkit-index`, as a person and as a program meet it.

mod hostile;
mod questions;
mod refusals;
mod storage;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const APP: &str = "\"\"\"The app.\"\"\"\nfrom .store import Store as S, LIMIT\nimport pkg.store\n\n\nclass App:\n    \"\"\"Runs everything.\"\"\"\n\n    def __init__(self, store: S):\n        self.store = store\n\n    def run(self, count=LIMIT):\n        self.store.save(count, flush=True)\n        return helper(self)\n\n\ndef helper(app):\n    return app.unknown()\n";
const STORE: &str = "LIMIT = 3\n\n\nclass Base:\n    def save(self, item, flush=False):\n        \"\"\"Keeps an item.\"\"\"\n\n\nclass Store(Base):\n    pass\n";
const WEB: &str = "import { Widget } from './widget.js';\n/** Shows a widget. */\nexport function show(widget: Widget): void {\n  widget.render();\n}\n";
const WIDGET: &str = "export class Widget {\n  /** Draws it. */\n  render(): void {}\n}\n";

/// A project of its own with a cache of its own.
struct Project {
    root: TempDir,
    cache: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { root: TempDir::new().expect("folder"), cache: TempDir::new().expect("folder") };
        for (path, text) in [
            ("pkg/__init__.py", ""),
            ("pkg/app.py", APP),
            ("pkg/store.py", STORE),
            ("web/show.ts", WEB),
            ("web/widget.ts", WIDGET),
            ("pyproject.toml", "[project]\nname = 'p'\n"),
        ] {
            project.write(path, text.as_bytes());
        }
        project
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("files lie in folders")).expect("create");
        fs::write(path, bytes).expect("write");
    }

    fn run_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        self.command(arguments).current_dir(folder).output().expect("the binary starts")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(e2e_tests::binary::devtoolkit_index()), arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.root.path()).env("XDG_CACHE_HOME", self.cache.path());
        command
    }

    /// Starts the binary through a line of shell, which names it `"$0"` and its arguments `"$@"`.
    #[cfg(unix)]
    fn run_through(&self, shell: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", shell]).arg(e2e_tests::binary::devtoolkit_index());
        self.prepared(command, arguments).output().expect("there is a shell")
    }

    /// Runs without root's rights, for which no file is unreadable.
    #[cfg(unix)]
    fn run_unprivileged(&self, arguments: &[&str]) -> Output {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        use std::os::unix::process::CommandExt;
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
        open(self.root.path());
        if fs::metadata(self.root.path()).expect("it is there").uid() != 0 {
            return self.run(arguments);
        }
        // Others may not look where the binary lies.
        let place = TempDir::new().expect("folder");
        open(place.path());
        let binary = place.path().join("devtoolkit-index");
        fs::copy(e2e_tests::binary::devtoolkit_index(), &binary).expect("copy");
        const NOBODY: u32 = 65_534;
        self.prepared(Command::new(&binary), arguments)
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
            .expect("the binary starts")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.root.path(), arguments)
    }

    /// What a question prints, with exit code 0 and nothing on standard error.
    fn ask(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.ask(&arguments)).expect("the answer is JSON")
    }

    /// The exit code and the message of a question that cannot be answered.
    fn refusal(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        (output.status.code(), text(&output.stderr))
    }

    /// Files of the stored index: its head, its segments, and what should not be there.
    fn stored(&self) -> Vec<PathBuf> {
        let files =
            |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut stored: Vec<PathBuf> =
            files(self.cache.path().join("devtoolkit/index")).flat_map(files).collect();
        stored.retain(|file| !file.ends_with("lock") && !file.ends_with("writing"));
        stored
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

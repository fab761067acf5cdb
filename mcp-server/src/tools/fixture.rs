//! A workspace in a temporary folder for tests of tools: calls go the way of a real host's, policy included.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use crate::main_loop::{Folders, Handle, start};
use crate::permission::{Decision, Policy};
use crate::sandbox::Machine;
use crate::tool::{Content, ToolError, Toolset};
use crate::toolbox::{Selected, Toolbox};
use crate::workspace::Roots;
use clap::ValueEnum as _;
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};

/// A shop in two languages, in which names are shared, imported, and members of classes: what questions about symbols
/// are tried on.
pub(crate) const SHOP: &[(&str, &str)] = &[
    (
        "shop/cart.py",
        "import os\nfrom shop.price import tax as vat, Price\n\nclass Cart:\n    \"\"\"Holds things.\"\"\"\n\n    def __init__(self):\n        self.items = []\n\n    @property\n    def total(self):\n        return vat(sum(self.items))\n\ndef main():\n    cart = Cart()\n    print(cart.total)\n    return vat(1)\n",
    ),
    (
        "shop/price.py",
        "def tax(amount):\n    return amount * 1.2\n\nclass Price:\n    def total(self):\n        return tax(2)\n",
    ),
    (
        "web/cart.ts",
        "export class Cart {\n  total(): number { return 1; }\n}\nexport const tax = (n: number) => n;\n",
    ),
];

/// A workspace, its folders, and the thread that owns it.
pub(crate) struct Project {
    root: tempfile::TempDir,
    /// Only kept alive.
    _state: tempfile::TempDir,
    pub(crate) handle: Handle,
    runtime: tokio::runtime::Runtime,
}

impl Project {
    /// Files with their texts; every tool is offered.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self::with(files, Policy::default())
    }

    /// As [`Self::new`], with rules of its own.
    pub(crate) fn with(files: &[(&str, &str)], policy: Policy) -> Self {
        let (root, state) = (tempfile::tempdir().expect("root"), tempfile::tempdir().expect("state"));
        for (path, text) in files {
            write(root.path(), path, text.as_bytes());
        }
        let toolsets = Toolset::value_variants().to_vec();
        let toolbox = Toolbox::new(&Selected { toolsets, ..Selected::default() }, policy).expect("toolbox");
        let roots = Roots::open(&[root.path().to_path_buf()]).expect("roots");
        let folders = Folders { state: state.path().to_path_buf(), cache: None, config: None };
        let handle = start(roots, &folders, Machine::default(), toolbox.into()).expect("workspace");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        Self { root, _state: state, handle, runtime }
    }

    /// Puts bytes on disk, behind the workspace's back.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        write(self.root.path(), path, bytes.as_ref());
    }

    /// Gives a file another name on disk, a hard link.
    pub(crate) fn link(&self, path: &str, name: &str) {
        fs::hard_link(self.root.path().join(path), self.root.path().join(name)).expect("hard link");
    }

    /// Puts a file of that many zeros on disk that takes no room.
    pub(crate) fn sparse(&self, path: &str, size: u64) {
        fs::File::create(self.root.path().join(path)).and_then(|file| file.set_len(size)).expect("file");
    }

    /// What is on disk.
    pub(crate) fn on_disk(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.root.path().join(path)).ok()
    }

    /// The folder on disk.
    pub(crate) fn root(&self) -> &std::path::Path {
        self.root.path()
    }

    /// Waits until the index has seen the whole tree.
    pub(crate) fn indexed(&self) {
        let started = Instant::now();
        while !self.handle.symbols().all().is_some_and(|all| all.iter().all(|root| root.verified)) {
            assert!(started.elapsed() < Duration::from_secs(30), "the tree was not indexed");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What a tool replies in the [`SHOP`], whose tree has been indexed.
    #[track_caller]
    pub(crate) fn check_in_shop(tool: &str, arguments: Value, wanted: &expect_test::Expect) {
        let project = Self::new(SHOP);
        project.indexed();
        wanted.assert_eq(&project.call(tool, arguments));
    }

    /// Calls a tool, with the person's yes where one is asked.
    pub(crate) fn run(&self, tool: &str, arguments: Value) -> Result<Vec<Content>, ToolError> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let permitted = match self.handle.decide(tool, arguments)? {
            Decision::Allow(call) => call,
            Decision::Ask(question) => question.approved(),
            Decision::Deny(error) => return Err(error),
        };
        self.runtime.block_on(async { self.handle.run(permitted, Box::new(|_| ())).await })
    }

    /// What a call gives that was permitted already.
    pub(crate) fn permitted(&self, call: crate::permission::PermittedCall) -> String {
        match self.runtime.block_on(async { self.handle.run(call, Box::new(|_| ())).await }) {
            Ok(content) => format!("{content:?}"),
            Err(error) => format!("error: {error}"),
        }
    }

    /// The reply's text; an error's after `error: `.
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> String {
        match self.run(tool, arguments) {
            Ok(content) => {
                let text = |piece: &Content| match piece {
                    Content::Text(text) => text.clone(),
                    Content::Image { mime, bytes } => format!("[{mime}, {} bytes]", bytes.len()),
                };
                content.iter().map(text).collect::<Vec<_>>().join("\n")
            }
            Err(error) => format!("error: {error}"),
        }
    }
}

fn write(root: &std::path::Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it is below the root")).expect("folder");
    fs::write(path, bytes).expect("file");
}

#[test]
fn a_file_is_written_read_and_accepted() {
    let project = Project::new(&[("a.txt", "one\n")]);
    project.call("write_file", serde_json::json!({ "path": "a.txt", "content": "two\n" }));
    assert_eq!(
        project.on_disk("a.txt").as_deref(),
        Some(&b"one\n"[..]),
        "nothing is written before it is accepted"
    );
    let read = project.call("read_file", serde_json::json!({ "path": "a.txt" }));
    assert!(read.contains("two"), "{read}");
    project.call("accept_changes", serde_json::json!({}));
    assert_eq!(project.on_disk("a.txt").as_deref(), Some(&b"two\n"[..]));
    project.write("a.txt", "three\n");
    assert!(project.root().join("a.txt").is_file());
    project.indexed();
}

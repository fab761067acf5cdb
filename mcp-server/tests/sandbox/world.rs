//! A small machine to be attacked: a home folder with secrets, a workspace in it, and something outside of both.

use devtoolkit_mcp::sandbox::{Confined, Effects, Exit, Limits, Machine, Order, Sandbox, SandboxError, Tier};
use devtoolkit_mcp::workspace::{RelPath, Roots, Workspace};
use rustix::fs::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
const NOBODY: u32 = 65_534;

/// Everything below one folder.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) workspace: Workspace,
    pub(crate) sandbox: Sandbox,
    pub(crate) machine: Machine,
}

/// How a command went.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) output: String,
}

/// Runs a test as whoever runs the tests and, if that is root, as an ordinary user too.
pub(crate) fn for_both(test: fn(&World)) {
    for_both_in(Some(Tier::Overlay), test);
}

/// The same in a tier of one's choice, or in the best.
pub(crate) fn for_both_in(tier: Option<Tier>, test: fn(&World)) {
    let is_root = rustix::process::geteuid().is_root();
    for user in [is_root.then_some(NOBODY), None] {
        let folder = TempDir::new_in("/var/tmp").expect("a folder");
        let program = folder.path().join("devtoolkit-mcp");
        let built = env!("CARGO_BIN_EXE_devtoolkit-mcp");
        fs::hard_link(built, &program)
            .or_else(|_| fs::copy(built, &program).map(|_| ()))
            .expect("the program");
        chown(folder.path(), user, user).expect("the folder");
        let run = move || {
            if let Some(user) = user {
                become_user(user);
            }
            test(&World::new(folder, program, tier));
        };
        // Only this thread becomes somebody else, and it ends here.
        let ended =
            thread::Builder::new().name(format!("user {user:?}")).spawn(run).expect("a thread").join();
        assert!(ended.is_ok(), "failed as {user:?}");
    }
}

fn become_user(user: u32) {
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
    set_thread_groups(&[]).expect("groups");
    set_thread_res_gid(group, group, group).expect("group");
    set_thread_res_uid(user, user, user).expect("user");
}

impl World {
    fn new(folder: TempDir, program: PathBuf, demand: Option<Tier>) -> Self {
        let at = |name: &str| folder.path().join(name);
        for name in ["home/ws/.git/hooks", "home/.ssh", "home/.aws", "state", "outside"] {
            fs::create_dir_all(at(name)).expect(name);
        }
        for name in ["home/.ssh/id_rsa", "home/.aws/credentials", "home/.netrc", "state/token"] {
            fs::write(at(name), "KEYTEXT").expect(name);
        }
        fs::write(at("home/ws/a.txt"), "disk\n").expect("a file");
        fs::write(at("home/.toolrc"), "setting\n").expect("a file");
        fs::write(at("home/ws/.git/HEAD"), "ref: refs/heads/main\n").expect("a file");
        let roots = Roots::open(&[at("home/ws")]).expect("roots");
        let (workspace, _) = Workspace::open(roots, &at("state")).expect("workspace");
        let machine = Machine {
            program: Some(program),
            home: Some(at("home")),
            state: Some(at("state")),
            environment: vec![
                ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
                ("HOME".into(), at("home").into()),
            ],
            demand,
            ..Machine::default()
        };
        Self { workspace, sandbox: Sandbox::new(machine.clone()), machine, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(&self, order: &Order) -> Result<Confined, SandboxError> {
        self.sandbox.start(order, &self.workspace.snapshot())
    }

    /// Runs a shell line to its end.
    pub(crate) fn sh(&self, line: &str) -> Ran {
        finish(self.start(&sh(line)).unwrap_or_else(|error| panic!("{line}: {error}: {error:?}")))
    }

    /// Asserts that something is as it was.
    pub(crate) fn untouched(&self) {
        assert_eq!(fs::read_to_string(self.path("home/ws/a.txt")).expect("a.txt"), "disk\n");
        let names = |folder: &str| {
            let entries = fs::read_dir(self.path(folder)).expect(folder);
            let mut names: Vec<String> = entries
                .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(names("home/ws"), ".git a.txt");
        assert_eq!(names("home/ws/.git"), "HEAD hooks");
        assert_eq!(names("home/ws/.git/hooks"), "");
        assert_eq!(names("home"), ".aws .netrc .ssh .toolrc ws");
        assert_eq!(names("outside"), "");
    }
}

pub(crate) fn sh(line: &str) -> Order {
    argv(&["sh", "-c", line])
}

pub(crate) fn argv(argv: &[&str]) -> Order {
    Order {
        argv: argv.iter().map(Into::into).collect(),
        folder: RelPath::root(),
        environment: Vec::new(),
        input: false,
        network: false,
        secrets: false,
        limits: Limits::default(),
    }
}

/// Waits for the end, reading all that it says.
pub(crate) fn finish(mut confined: Confined) -> Ran {
    wait(&mut confined)
}

/// The same, with what it left behind.
pub(crate) fn effects(world: &World, mut confined: Confined) -> (Ran, Effects) {
    let ran = wait(&mut confined);
    (ran, confined.effects(&world.workspace.snapshot()).expect("effects"))
}

fn wait(confined: &mut Confined) -> Ran {
    let mut pipe = confined.output.take().expect("output");
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        pipe.read_to_end(&mut output).expect("read");
        String::from_utf8_lossy(&output).into_owned()
    });
    let until = Instant::now() + PATIENCE;
    let exit = loop {
        if let Some(exit) = confined.try_wait() {
            break exit;
        }
        assert!(Instant::now() < until, "the command does not end");
        thread::sleep(Duration::from_millis(1));
    };
    Ran { exit, output: reader.join().expect("output") }
}

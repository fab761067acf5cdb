//! The attacks, made by our own program as the command that is confined.

use super::ORIGINAL;
use crate::sandbox::{Protection, Tier};
#[cfg(target_os = "linux")]
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use rustix::process::Pid;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is said last: without it, not everything was tried.
const DONE: &str = "done";

/// What is attacked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Targets {
    pub(super) tier: Tier,
    pub(super) root: OsString,
    pub(super) outside: OsString,
    pub(super) home: OsString,
    pub(super) secrets: Vec<OsString>,
    /// What the secrets say.
    pub(super) text: String,
    pub(super) tcp: u16,
    pub(super) udp: u16,
    /// Of a socket without a path.
    pub(super) name: String,
    /// The server.
    pub(super) process: u32,
}

/// Tries to break something; says how that was done, if it was.
type Attack = fn(&Targets) -> Option<&'static str>;

/// Makes every attack and says which protections it saw broken.
pub(in crate::sandbox) fn run(targets: &str) -> io::Result<()> {
    let targets: Targets = serde_json::from_str(targets)?;
    let mut out = io::stdout();
    let attacks: [(Protection, Attack); 9] = [
        (Protection::Writes, writes),
        (Protection::Secrets, secrets),
        (Protection::Git, git),
        (Protection::Network, network),
        (Protection::Processes, processes),
        (Protection::Signals, signals),
        (Protection::Privilege, privilege),
        (Protection::Terminal, terminal),
        (Protection::Limits, limits),
    ];
    for (protection, attack) in attacks {
        if let Some(how) = attack(&targets) {
            writeln!(out, "{protection:?} {how}")?;
        }
    }
    leave_behind()?;
    writeln!(out, "{DONE}")
}

/// What the attacks said, if they were all made.
pub(super) fn understood(said: &str) -> Option<Vec<(Protection, String)>> {
    let lines = said.trim_end().strip_suffix(DONE)?;
    let broken = |line: &str| {
        let (word, how) = line.split_once(' ')?;
        let protection = Protection::ALL.into_iter().find(|protection| format!("{protection:?}") == word)?;
        Some((protection, how.to_owned()))
    };
    lines.lines().map(broken).collect()
}

/// Some of it can only be seen from outside.
fn writes(targets: &Targets) -> Option<&'static str> {
    let root = Path::new(&targets.root);
    if fs::write(root.join("src/file"), "changed").is_err() {
        return Some("the workspace cannot be written, though it should be");
    }
    if targets.tier == Tier::Landlock {
        let _ = fs::write(root.join("src/file"), ORIGINAL);
    }
    let _ = fs::write(Path::new(&targets.outside).join("made"), "");
    let _ = fs::write(Path::new(&targets.home).join("made"), "");
    let folders = ["/", "/etc", "/usr", "/usr/bin", "/var", "/var/lib", "/opt", "/sys"];
    let made = folders.iter().any(|folder| {
        let path = Path::new(folder).join("devtoolkit-probe");
        // What should not have been made is not left there either.
        fs::write(&path, "").is_ok_and(|()| fs::remove_file(&path).is_ok())
    });
    if made {
        return Some("a file of the system was made");
    }
    let settings = fs::OpenOptions::new().write(true).open("/proc/sys/kernel/core_pattern");
    settings.is_ok().then_some("settings of the kernel can be written")
}

fn secrets(targets: &Targets) -> Option<&'static str> {
    let shown = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains(&targets.text));
    let round = |path: &OsString| PathBuf::from(format!("/proc/self/root{}", path.display()));
    let seen = targets.secrets.iter().any(|path| shown(Path::new(path)) || shown(&round(path)));
    seen.then_some("a key could be read")
}

fn git(targets: &Targets) -> Option<&'static str> {
    let git = Path::new(&targets.root).join(".git");
    if fs::write(git.join("hooks/post-checkout"), "").is_ok() {
        return Some("a hook was written");
    }
    let moved = fs::rename(&git, Path::new(&targets.root).join("src/git"));
    moved.is_ok().then_some("it could be moved away")
}

/// Whether anybody was reached is seen from outside.
fn network(targets: &Targets) -> Option<&'static str> {
    let _ = TcpStream::connect(("127.0.0.1", targets.tcp));
    let _ =
        UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", ("127.0.0.1", targets.udp)));
    let _ = std::env::set_current_dir(Path::new(&targets.root).join("src"));
    let _ = UnixStream::connect("sock");
    #[cfg(target_os = "linux")]
    if let Ok(socket) = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)
        && let Ok(address) = SocketAddrUnix::new_abstract_name(targets.name.as_bytes())
    {
        let _ = rustix::net::connect(&socket, &address);
    }
    None
}

fn processes(targets: &Targets) -> Option<&'static str> {
    let at = |file: &str| format!("/proc/{}/{file}", targets.process);
    if fs::read(at("environ")).is_ok_and(|text| !text.is_empty()) {
        return Some("the server's environment can be read");
    }
    let parent = fs::read("/proc/1/environ").is_ok_and(|text| !text.is_empty());
    if parent && targets.tier == Tier::Overlay {
        return Some("the first process can be looked into");
    }
    let links = ["fd/0", "cwd", "root", "exe"];
    links.iter().any(|link| fs::read_link(at(link)).is_ok()).then_some("the server's open files can be seen")
}

fn signals(targets: &Targets) -> Option<&'static str> {
    let process = i32::try_from(targets.process).ok().and_then(Pid::from_raw)?;
    // In a namespace of processes the number may be somebody else's, or nobody's.
    let there = fs::metadata(format!("/proc/{}", targets.process)).is_ok();
    (there && rustix::process::test_kill_process(process).is_ok()).then_some("the server could be ended")
}

fn privilege(targets: &Targets) -> Option<&'static str> {
    if cfg!(target_os = "linux") {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        // Who may not become privileged does not lose what a privileged one could have, unless somebody takes it.
        let counts = |line: &&str| {
            line.starts_with("Cap") && !(targets.tier == Tier::Landlock && line.starts_with("CapBnd"))
        };
        let mut capabilities = status.lines().filter(counts).peekable();
        if capabilities.peek().is_none() || !capabilities.all(|set| set.ends_with("\t0000000000000000")) {
            return Some("it has capabilities, or could get some");
        }
        if !["NoNewPrivs:\t1", "Seccomp:\t2"]
            .into_iter()
            .all(|line| status.lines().any(|found| found == line))
        {
            return Some("programs may make it privileged, or no filter is in force");
        }
    }
    let attempts = [
        cfg!(target_os = "linux") && mounts(),
        fs::read("/etc/shadow").is_ok_and(|text| !text.is_empty()),
        fs::File::open("/dev/kmsg").is_ok(),
    ];
    attempts.contains(&true).then_some("it could mount, or read what is root's")
}

#[cfg(target_os = "linux")]
fn mounts() -> bool {
    rustix::mount::mount("none", "/tmp", "tmpfs", rustix::mount::MountFlags::empty(), None).is_ok()
        || crate::sandbox::launcher::new_users().is_ok()
}

#[cfg(not(target_os = "linux"))]
fn mounts() -> bool {
    false
}

fn terminal(_: &Targets) -> Option<&'static str> {
    fs::File::open("/dev/tty").is_ok().then_some("the server's terminal can be opened")
}

fn limits(_: &Targets) -> Option<&'static str> {
    use rustix::process::{Resource, getrlimit};
    let is_bounded = |resource| getrlimit(resource).current.is_some();
    let bounded = getrlimit(Resource::Core).current == Some(0)
        && [Resource::Data, Resource::Fsize, Resource::Nproc].into_iter().all(is_bounded);
    (!bounded).then_some("they are not in force")
}

/// Starts a process that tries to stay, and holds the output open as long as it does.
fn leave_behind() -> io::Result<()> {
    use crate::sandbox::launcher::{ARGUMENT, LINGER, own_program};
    let mut command = Command::new(own_program()?);
    command.args([ARGUMENT, LINGER]).stdin(Stdio::null()).spawn()?;
    Ok(())
}

/// Leaves its session, and stays.
pub(in crate::sandbox) fn linger() -> io::Result<()> {
    rustix::process::setsid()?;
    std::thread::sleep(super::PATIENCE * 2);
    Ok(())
}

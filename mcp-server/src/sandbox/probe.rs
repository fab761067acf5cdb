//! Finding out what this machine can do, by trying: in a small world of its own, a command attacks each protection of
//! a tier, and what it was after is looked at from outside. Only a tier whose protections all held is used.

#![expect(clippy::disallowed_methods, reason = "the world that is attacked is made on disk")]

use super::confined::Confined;
use super::plan::{Setting, Task};
use super::trial::{Protection, Trial};
use super::{Order, Tier, launch, launcher, layout};
use crate::workspace::RelPath;
use inside::Targets;
#[cfg(target_os = "linux")]
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use std::fs;
use std::io::{self, Read as _};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(super) mod inside;

/// How long the attacks may take.
const PATIENCE: Duration = Duration::from_secs(20);
const TEXT: &str = "not for commands";
pub(super) const ORIGINAL: &str = "as it was\n";

/// Attacks a tier. `state` is a folder of our own that the world is made in.
pub(super) fn attack(tier: Tier, program: &Path, state: &Path) -> Trial {
    let mut trial = Trial { tier, broken: Vec::new(), failure: None };
    let ran = World::new(state).and_then(|world| world.stand(tier, program));
    match ran {
        Ok(broken) => trial.broken = broken,
        Err(error) => trial.failure = Some(error.to_string()),
    }
    trial
}

/// What is attacked. It ends with this value.
struct World {
    folder: PathBuf,
    tcp: TcpListener,
    udp: UdpSocket,
    /// Sockets that nobody may reach.
    unix: Vec<UnixListener>,
    name: String,
}

impl World {
    fn new(state: &Path) -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("devtoolkit-{:016x}", u64::from_ne_bytes(random));
        let folder = state.join("sandbox").join(format!("probe-{name}"));
        for inner in ["home/ws/.git/hooks", "home/ws/src", "home/.ssh", "outside", "own"] {
            fs::create_dir_all(folder.join(inner))?;
        }
        for inner in ["home/.ssh/id", "own/token"] {
            fs::write(folder.join(inner), TEXT)?;
        }
        fs::write(folder.join("home/ws/src/file"), ORIGINAL)?;
        let (tcp, udp) = (TcpListener::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        let unix = listeners(&folder.join("home/ws/src"), &name)?;
        for listener in &unix {
            listener.set_nonblocking(true)?;
        }
        tcp.set_nonblocking(true)?;
        udp.set_nonblocking(true)?;
        Ok(Self { folder, tcp, udp, unix, name })
    }

    fn stand(&self, tier: Tier, program: &Path) -> io::Result<Vec<(Protection, String)>> {
        let mut confined = self.start(tier, program)?;
        let mut output = confined.output.take().ok_or_else(|| io::Error::other("there is no output"))?;
        let until = Instant::now() + PATIENCE;
        let mut survived = true;
        let mut said = String::new();
        while Instant::now() < until && confined.try_wait().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        confined.stop(Duration::ZERO);
        // What goes on running still holds the other end.
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(output.read_to_string(&mut said).map(|_| said)));
        let mut said = String::new();
        if let Ok(read) = receiver.recv_timeout(Duration::from_secs(2)) {
            said = read?;
            survived = false;
        }
        let mut broken = inside::understood(&said)
            .ok_or_else(|| io::Error::other(format!("the attacks did not end: {}", said.trim())))?;
        if survived {
            broken.push((Protection::Leftovers, "a process that left its session still runs".to_owned()));
        }
        broken.extend(self.seen(tier));
        Ok(broken)
    }

    /// What the attacks reached, as it is seen from here.
    fn seen(&self, tier: Tier) -> Vec<(Protection, String)> {
        let mut broken = Vec::new();
        let mut is_broken = |is: bool, protection, how: &str| {
            if is {
                broken.push((protection, how.to_owned()));
            }
        };
        let at = |inner: &str| self.folder.join(inner);
        let is_empty =
            |inner: &str| fs::read_dir(at(inner)).is_ok_and(|mut entries| entries.next().is_none());
        is_broken(!is_empty("outside"), Protection::Writes, "a file outside was made");
        let text = fs::read_to_string(at("home/ws/src/file")).unwrap_or_default();
        is_broken(
            tier == Tier::Overlay && text != ORIGINAL,
            Protection::Writes,
            "the workspace itself was written",
        );
        is_broken(at("home/made").exists(), Protection::Writes, "the home folder was written");
        is_broken(!is_empty("home/ws/.git/hooks"), Protection::Git, "a hook was made");
        is_broken(self.tcp.accept().is_ok(), Protection::Network, "a TCP port of this machine was reached");
        is_broken(
            self.udp.recv(&mut [0]).is_ok(),
            Protection::Network,
            "a UDP port of this machine was reached",
        );
        let reached = self.unix.iter().any(|listener| listener.accept().is_ok());
        is_broken(reached, Protection::Network, "a socket of a process of this machine was reached");
        broken
    }

    fn start(&self, tier: Tier, program: &Path) -> io::Result<Confined> {
        let at = |inner: &str| self.folder.join(inner);
        let (root, home) = (at("home/ws"), at("home"));
        let place = layout::Place { roots: vec![&root], home: Some(&home), own: vec![at("own")] };
        let (view, aftermath) = layout::lay_out(&self.folder, &place)?;
        let mut grants = layout::grants(tier, &place, &view);
        grants.read.push(program.into());
        let targets = Targets {
            tier,
            root: root.clone().into(),
            outside: at("outside").into(),
            home: home.clone().into(),
            secrets: vec![at("home/.ssh/id").into(), at("own/token").into()],
            text: TEXT.to_owned(),
            tcp: self.tcp.local_addr()?.port(),
            udp: self.udp.local_addr()?.port(),
            name: self.name.clone(),
            process: std::process::id(),
        };
        let order = Order {
            argv: vec![
                launcher::own_program()?.into(),
                launcher::ARGUMENT.into(),
                launcher::PROBE.into(),
                serde_json::to_string(&targets)?.into(),
            ],
            folder: RelPath::root(),
            environment: Vec::new(),
            input: false,
            network: false,
            secrets: false,
            limits: super::Limits::default(),
        };
        let setting =
            Setting { tier, network: false, home: Some(home.into()), roots: vec![root.clone().into()], view };
        let task = Task::new(tier, &order, &root, Vec::new(), grants);
        launch::launch(program, &setting, &task, &order, aftermath).map_err(|error| {
            use std::error::Error as _;
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            io::Error::other(format!("{error}{cause}"))
        })
    }
}

/// A socket with a path, and one that has only a name.
#[cfg(target_os = "linux")]
fn listeners(folder: &Path, name: &str) -> io::Result<Vec<UnixListener>> {
    // The path of a socket must be short, whatever the folder's is.
    let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
    let held = rustix::fs::open(folder, flags, rustix::fs::Mode::empty())?;
    let path = format!("/proc/self/fd/{}/sock", std::os::fd::AsRawFd::as_raw_fd(&held));
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    rustix::net::listen(&socket, 4)?;
    Ok(vec![UnixListener::bind(path)?, UnixListener::from(socket)])
}

#[cfg(not(target_os = "linux"))]
fn listeners(folder: &Path, _: &str) -> io::Result<Vec<UnixListener>> {
    Ok(UnixListener::bind(folder.join("sock")).into_iter().collect())
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

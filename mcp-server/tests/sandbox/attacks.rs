//! Ways out that have been tried before: each is tried here, and what it was after is looked at from outside.

use crate::world::{World, finish, for_both, sh};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use std::fs;
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

/// Runs a line that must not print the text of a key.
fn finds_no_key(world: &World, line: &str) {
    let ran = world.sh(line);
    assert!(!ran.output.contains("KEYTEXT"), "{line}: {ran:?}");
}

#[test]
fn secrets_are_not_there() {
    for_both(|world| {
        finds_no_key(world, "cat ~/.ssh/id_rsa ~/.aws/credentials ~/.netrc; ls ~/.ssh");
        let state = world.path("state/token");
        finds_no_key(world, &format!("cat {}", state.display()));
        // Another name, another way round, another time.
        finds_no_key(
            world,
            "cp -r ~/.ssh x; cat x/* ; mv ~/.ssh y; cat y/*; ln -s ~/.ssh z; cat z/*; ln ~/.netrc n; cat n",
        );
        finds_no_key(
            world,
            "cd ~ && mv .netrc other; cat other; rm -rf .aws; mkdir .aws; cat .aws/*; grep -r KEYTEXT ~",
        );
        finds_no_key(
            world,
            "cat /proc/1/root/$HOME/.netrc /proc/self/root/$HOME/.netrc /proc/*/cwd/../.netrc",
        );
        // What can be read of it all is not nothing.
        assert_eq!(world.sh("cat ~/.toolrc").output, "setting\n");
        world.untouched();
    });
}

#[test]
fn a_link_to_a_secret_is_no_way_to_it() {
    for_both(|world| {
        fs::rename(world.path("home/.ssh"), world.path("home/dotfiles")).expect("moved");
        symlink(world.path("home/dotfiles"), world.path("home/.ssh")).expect("a link");
        finds_no_key(world, "cat ~/.ssh/id_rsa ~/dotfiles/id_rsa");
    });
}

#[test]
fn git_is_pinned() {
    for_both(|world| {
        let ran = world
            .sh("cd .git && echo x > hooks/pre-commit; echo x > HEAD; cd ..; mv .git old; rm -rf .git; \
             mkdir .git; rm .git/HEAD; cat .git/HEAD; ls -A .git/hooks");
        assert!(ran.output.ends_with("\nref: refs/heads/main\n"), "{ran:?}");
        world.untouched();
    });
}

#[test]
fn a_linked_git_folder_is_never_written() {
    for_both(|world| {
        fs::rename(world.path("home/ws/.git"), world.path("outside/real")).expect("moved");
        symlink(world.path("outside/real"), world.path("home/ws/.git")).expect("a link");
        world.sh(
            "echo x > .git/hooks/pre-commit; rm .git; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit",
        );
        assert!(!world.path("outside/real/hooks/pre-commit").exists());
        assert!(fs::symlink_metadata(world.path("home/ws/.git")).expect("still there").is_symlink());
    });
}

#[test]
fn a_hard_link_leads_nowhere() {
    for_both(|world| {
        fs::write(world.path("home/ws/linked"), "one").expect("a file");
        fs::hard_link(world.path("home/ws/linked"), world.path("outside/name")).expect("a link");
        world.sh("echo two > linked; chmod 777 linked");
        assert_eq!(fs::read_to_string(world.path("outside/name")).expect("text"), "one");
    });
}

#[test]
fn nobody_outside_is_reached() {
    for_both(|world| {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let name = format!("devtoolkit-{}", std::process::id());
        let abstracted =
            rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("a socket");
        let address = SocketAddrUnix::new_abstract_name(name.as_bytes()).expect("a name");
        rustix::net::bind(&abstracted, &address).expect("bound");
        rustix::net::listen(&abstracted, 1).expect("listens");
        let named = ["home/ws/sock", "home/sock", "outside/sock"];
        let named = named.map(|path| UnixListener::bind(world.path(path)).expect("a socket"));
        let line = format!(
            "python3 - <<'E'\nimport socket\ndef go(f,t,a):\n  s=socket.socket(f,t)\n  s.settimeout(2)\n  s.connect(a)\n  s.send(b'x')\n\
             I=socket.AF_INET;U=socket.AF_UNIX;S=socket.SOCK_STREAM\n\
             for a in [(I,S,('127.0.0.1',{})),(I,socket.SOCK_DGRAM,('127.0.0.1',{})),(U,S,'\\0{name}'),(U,S,'{ws}/sock'),(U,S,'{home}/sock'),(U,S,'{out}/sock')]:\n\
             \x20 try:\n    go(*a); print('sent',a)\n  except OSError as e: print('no',a,e)\nE",
            tcp.local_addr().expect("bound").port(),
            udp.local_addr().expect("bound").port(),
            ws = world.path("home/ws").display(),
            home = world.path("home").display(),
            out = world.path("outside").display(),
        );
        let ran = world.sh(&line);
        assert_eq!(
            ran.output.matches("no (").count()
                + ran.output.matches("sent (<AddressFamily.AF_INET: 2>, <SocketKind.SOCK_DGRAM").count(),
            6,
            "{ran:?}"
        );
        tcp.set_nonblocking(true).expect("set");
        udp.set_nonblocking(true).expect("set");
        assert_eq!(tcp.accept().expect_err("nobody").kind(), io::ErrorKind::WouldBlock);
        assert_eq!(udp.recv(&mut [0]).expect_err("nothing").kind(), io::ErrorKind::WouldBlock);
        for listener in named {
            listener.set_nonblocking(true).expect("set");
            assert_eq!(listener.accept().expect_err("nobody").kind(), io::ErrorKind::WouldBlock);
        }
    });
}

#[test]
fn the_network_is_there_where_it_is_allowed_but_not_what_has_a_name() {
    for_both(|world| {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let name = format!("devtoolkit-open-{}", std::process::id());
        let abstracted =
            rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("a socket");
        let address = SocketAddrUnix::new_abstract_name(name.as_bytes()).expect("a name");
        rustix::net::bind(&abstracted, &address).expect("bound");
        rustix::net::listen(&abstracted, 1).expect("listens");
        let line = format!(
            "python3 -c \"import socket;socket.create_connection(('127.0.0.1',{}));print('tcp')\";\
             python3 -c \"import socket;s=socket.socket(socket.AF_UNIX);s.connect('\\\\0{name}');print('unix')\"",
            tcp.local_addr().expect("bound").port()
        );
        let mut order = sh(&line);
        order.network = true;
        let ran = finish(world.start(&order).expect("started"));
        assert!(ran.output.starts_with("tcp\n") && ran.output.contains("PermissionError"), "{ran:?}");
    });
}

#[test]
fn nothing_is_known_of_other_processes() {
    for_both(|world| {
        let ran = world.sh(&format!(
            "ls /proc | grep -c '^[0-9]'; cat /proc/{0}/environ; kill -0 {0}; kill -0 1; cat /proc/1/environ /proc/$PPID/environ; \
             ls -l /proc/1/fd /proc/1/root /proc/1/cwd; env",
            std::process::id()
        ));
        assert!(
            ran.output.lines().next().is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count < 9)),
            "{ran:?}"
        );
        assert!(!ran.output.contains("CARGO"), "{ran:?}");
        assert!(!ran.output.contains("socket:"), "{ran:?}");
    });
}

#[test]
fn only_the_three_files_are_open() {
    for_both(|world| {
        // Descriptors that whoever started the server left open for everybody.
        let leaked = fs::File::open(world.path("home/.ssh/id_rsa")).expect("a key");
        rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("left open");
        let ran = world.sh("ls /proc/self/fd; ls -l /proc/self/fd");
        // The fourth is the folder that is being listed.
        assert!(ran.output.starts_with("0\n1\n2\n3\n") && !ran.output.contains("id_rsa"), "{ran:?}");
        assert!(!ran.output.starts_with("0\n1\n2\n3\n4"), "{ran:?}");
    });
}

#[test]
fn nobody_becomes_privileged() {
    for_both(|world| {
        let ran = world.sh("grep ^Cap /proc/self/status | cut -f 2 | uniq; grep -E '^(NoNewPrivs|Seccomp:)' /proc/self/status | cut -f 2");
        assert_eq!(ran.output, "0000000000000000\n1\n2\n");
        for line in [
            "mount -t tmpfs none /mnt",
            "unshare -U true",
            "unshare -m true",
            "umount ~/.ssh",
            "mount -o remount,rw /",
            "chroot / true",
            "su -c true",
            "mknod d b 8 0",
            "hostname other",
            "dmesg",
            "echo 1 > /proc/sys/kernel/core_pattern",
            "echo b > /proc/sysrq-trigger",
            "echo 1 > /sys/kernel/uevent_helper",
            "cat /dev/vda /dev/sda",
            "cat /etc/shadow | grep root",
            "nsenter -t 1 -m true",
        ] {
            let ran = world.sh(line);
            assert_ne!(ran.exit, devtoolkit_mcp::sandbox::Exit::Code(0), "{line}: {ran:?}");
        }
    });
}

#[test]
fn a_program_that_makes_privileged_does_not() {
    for_both(|world| {
        let ran =
            world.sh("cp /usr/bin/id ./id; chmod 4755 ./id; ./id -u; stat -c %a id; passwd --status root");
        assert!(!ran.output.contains("NP") && !ran.output.contains("root P"), "{ran:?}");
    });
}

#[test]
fn calls_that_led_out_before_fail() {
    for_both(|world| {
        let ran = world.sh(
            "python3 - <<'E'\nimport ctypes,os,socket\nc=ctypes.CDLL(None,use_errno=True)\n\
             def call(n,*a):\n  r=c.syscall(n,*a); return 'ok' if r>=0 else os.strerror(ctypes.get_errno())\n\
             for name,n,a in [('io_uring',425,(4,0)),('bpf',321,(0,0,0)),('keyctl',250,(0,0,0)),('userfaultfd',323,(0,)),('clone3',435,(0,0)),('perf',298,(0,0,0,0,0)),('fsopen',430,(b'tmpfs',0)),('mount_x32',165|0x40000000,(0,0,0,0,0)),('unshare',272,(0x10000000,))]:\n  print(name,call(n,*a))\n\
             for name,f,k,p in [('vsock',40,1,0),('packet',17,3,0),('alg',38,5,0),('audit',16,3,9),('route',16,3,0)]:\n  try: socket.socket(f,k,p); print(name,'ok')\n  except OSError as e: print(name,os.strerror(e.errno))\n\
             import fcntl\nm,s=os.openpty()\ntry: fcntl.ioctl(s,0x5412,b'x'); print('typed')\nexcept OSError as e: print('tiocsti',os.strerror(e.errno))\nE",
        );
        let no = "Operation not permitted";
        let mut expected: Vec<String> =
            ["io_uring", "bpf", "keyctl", "userfaultfd"].iter().map(|name| format!("{name} {no}")).collect();
        expected.push("clone3 Function not implemented".to_owned());
        expected.extend(
            ["perf", "fsopen", "mount_x32", "unshare", "vsock", "packet", "alg", "audit"]
                .map(|name| format!("{name} {no}")),
        );
        expected.extend(["route ok".to_owned(), format!("tiocsti {no}")]);
        assert_eq!(ran.output.lines().collect::<Vec<_>>(), expected, "{ran:?}");
    });
}

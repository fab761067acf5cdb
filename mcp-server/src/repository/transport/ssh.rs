//! Git's protocol over the person's own `ssh` program, with their own keys, agent and known hosts. It is told never to
//! ask; what a repository says about it (`core.sshCommand`) is not looked at.

#![expect(clippy::disallowed_methods, reason = "the person's ssh is the one program that reaches their keys")]

use super::{Place, error};
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(super) struct Ssh;

impl SmartSubtransport for Ssh {
    fn action(&self, url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let Ok(Some(Place::Ssh { user, host, port, path })) = Place::parse(url) else {
            return Err(error("the address is refused"));
        };
        let service = match action {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        let mut command = Command::new("ssh");
        // No questions, and nothing that a person's own settings might open besides.
        command.args([
            "-oBatchMode=yes",
            "-oConnectTimeout=30",
            "-oServerAliveInterval=15",
            "-oForwardAgent=no",
        ]);
        command.args(["-oClearAllForwardings=yes", "-oPermitLocalCommand=no", "-T"]);
        if let Some(port) = port {
            command.arg("-p").arg(port.to_string());
        }
        command.arg("--").arg(user.map_or_else(|| host.clone(), |user| format!("{user}@{host}")));
        command.arg(format!("{service} {}", quoted(&path)));
        command.env_remove("SSH_ASKPASS").env_remove("DISPLAY");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|problem| error(format!("cannot start `ssh`: {problem}")))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(error("ssh has no pipes"));
        };
        Ok(Box::new(Connection { child, input, output, is_silent: true }))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// As one word for the shell at the other end.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// A running `ssh`. It ends when this is dropped.
struct Connection {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// Nothing has come yet: its errors say why.
    is_silent: bool,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.output.read(buffer)?;
        if count == 0 && self.is_silent {
            let mut text = String::new();
            if let Some(errors) = self.child.stderr.take() {
                // It has ended or is about to; what it said is bounded all the same.
                let _ = errors.take(4 << 10).read_to_string(&mut text);
            }
            return Err(io::Error::other(format!("ssh: {}", text.trim())));
        }
        self.is_silent = false;
        Ok(count)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.input.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

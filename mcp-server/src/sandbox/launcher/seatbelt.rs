//! On macOS: the system's own sandbox, by a profile of what may be opened.

use crate::sandbox::plan::Task;
use std::ffi::OsString;
use std::path::Path;

/// The program that applies a profile and then becomes the command.
const PROGRAM: &str = "/usr/bin/sandbox-exec";

/// The command line by which a command runs confined.
pub(super) fn confined(task: &Task) -> Vec<OsString> {
    let start = [PROGRAM.into(), "-p".into(), profile(task).into(), "--".into()];
    start.into_iter().chain(task.argv.iter().cloned()).collect()
}

/// Later rules win.
fn profile(task: &Task) -> String {
    let mut profile = String::from(
        "(version 1)(deny default)(allow process*)(allow signal (target same-sandbox))(allow sysctl-read)\
         (allow mach-lookup (global-name \"com.apple.system.opendirectoryd.libinfo\"))\
         (allow file-read-metadata)(allow file-ioctl (literal \"/dev/null\"))(allow pseudo-tty)",
    );
    if task.network {
        profile.push_str(
            "(allow network-outbound (remote ip))(allow network-inbound (local ip))(allow system-socket)",
        );
    }
    for (operation, paths) in
        [("file-read*", &task.grants.read), ("file-read* file-write*", &task.grants.write)]
    {
        for path in paths {
            profile.push_str(&format!("(allow {operation} (subpath \"{}\"))", quoted(Path::new(path))));
        }
    }
    profile
}

/// As it stands between quotes.
fn quoted(path: &Path) -> String {
    path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"")
}

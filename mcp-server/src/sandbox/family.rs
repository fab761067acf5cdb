//! Which process descends from which, and where they listen: read from `/proc`.

#![expect(clippy::disallowed_methods, reason = "`/proc` is no file of anybody's")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The state of a socket that takes connections, as the kernel prints it.
const LISTENS: &str = "0A";

/// Each process and its parent.
pub(super) fn parents() -> BTreeMap<i32, i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, parent(pid)?))).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, also a bracket.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// All that descend from a process, nearest first.
pub(super) fn below(ancestor: i32) -> Vec<i32> {
    let parents = parents();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.remove(0);
    found
}

/// The ports on which a process, or one that descends from it, takes connections.
pub(super) fn ports(ancestor: i32) -> Vec<u16> {
    let mut ports = BTreeSet::new();
    for pid in below(ancestor) {
        let own = sockets(pid);
        if own.is_empty() {
            continue;
        }
        for table in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
            ports.extend(text.lines().skip(1).filter_map(|line| listening(line, &own)));
        }
    }
    ports.into_iter().collect()
}

/// The numbers of the sockets that a process has open.
fn sockets(pid: i32) -> BTreeSet<String> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links = open.filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect()
}

/// The port of a line of the kernel's table, if it is one of these sockets that listens.
fn listening(line: &str, own: &BTreeSet<String>) -> Option<u16> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, local, _, state, ..] = fields[..] else { return None };
    let is_own = fields.get(9).is_some_and(|inode| own.contains(*inode));
    let port = local.rsplit_once(':')?.1;
    (state == LISTENS && is_own).then(|| u16::from_str_radix(port, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{below, ports};
    use std::net::TcpListener;

    #[test]
    fn listeners_of_a_child_would_be_found_and_ours_are_not() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = i32::try_from(std::process::id()).expect("a number");
        assert!(!ports(own).contains(&listener.local_addr().expect("bound").port()));
        assert!(!below(1).is_empty());
    }
}

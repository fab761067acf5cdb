//! Linux: `/proc` and `/sys`, below a root that tests choose.

#![expect(clippy::disallowed_methods, reason = "the system says these things in files")]

use super::Memory;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Kilobytes of `/proc` are of 1,024 bytes.
const KILOBYTE: u64 = 1024;

pub(super) fn memory(root: &Path) -> Option<Memory> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let (total, available) = (kilobytes(&text, "MemTotal:")?, kilobytes(&text, "MemAvailable:")?);
    let mut memory = Memory { total, available };
    for limit in limits(root) {
        memory.total = memory.total.min(limit.total);
        memory.available = memory.available.min(limit.available);
    }
    Some(memory)
}

/// The most bytes that a process had in memory at once.
pub(super) fn peak_memory(root: &Path, process: u32) -> Option<u64> {
    let text = fs::read_to_string(root.join(format!("proc/{process}/status"))).ok()?;
    kilobytes(&text, "VmHWM:")
}

/// The line of this name, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(KILOBYTE)
}

/// What the processor is called.
pub(super) fn processor(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("proc/cpuinfo")).ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}

/// Whether the processor has AMX for bytes, as quantised weights need it.
pub(super) fn amx(root: &Path) -> bool {
    let text = fs::read_to_string(root.join("proc/cpuinfo")).unwrap_or_default();
    let flags = text.lines().find(|line| line.starts_with("flags"));
    flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "amx_int8"))
}

/// What this process's groups leave it, from the innermost outwards.
fn limits(root: &Path) -> Vec<Memory> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut limits = Vec::new();
    for line in text.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (mount, files) = match controllers {
            "" => ("sys/fs/cgroup", ["memory.max", "memory.current"]),
            names if names.split(',').any(|name| name == "memory") => {
                ("sys/fs/cgroup/memory", ["memory.limit_in_bytes", "memory.usage_in_bytes"])
            }
            _ => continue,
        };
        let mount = root.join(mount);
        limits.extend(groups(&mount, path).iter().filter_map(|group| limit(group, files)));
    }
    limits
}

/// The group at `path` and those around it.
fn groups(mount: &Path, path: &str) -> Vec<PathBuf> {
    let path = Path::new(path.trim_start_matches('/'));
    // In a container the path may be the host's, which cannot be followed here.
    path.ancestors().map(|group| mount.join(group)).filter(|group| group.is_dir()).collect()
}

fn limit(group: &Path, [most, used]: [&str; 2]) -> Option<Memory> {
    let number = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    let total = number(most)?;
    // File pages that nobody has used lately count as used, and are given up first.
    let given_up = fs::read_to_string(group.join("memory.stat")).ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("inactive_file "))?;
        line.trim().parse::<u64>().ok()
    });
    let used = number(used)?.saturating_sub(given_up.unwrap_or(0));
    Some(Memory { total, available: total.saturating_sub(used) })
}

/// Physical cores among the processors that this process may use, within its share of time.
pub(super) fn cores(root: &Path) -> Option<u32> {
    let status = fs::read_to_string(root.join("proc/self/status")).ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut cores = BTreeSet::new();
    for processor in list(allowed.trim())? {
        let topology = root.join(format!("sys/devices/system/cpu/cpu{processor}/topology"));
        let field = |name: &str| fs::read_to_string(topology.join(name)).ok();
        // Threads of one core have the same list of siblings.
        let siblings = field("core_cpus_list").or_else(|| field("thread_siblings_list"));
        cores.insert(siblings.map_or_else(|| processor.to_string(), |list| list.trim().to_owned()));
    }
    let cores = u32::try_from(cores.len()).ok().filter(|cores| *cores > 0)?;
    Some(share(root).map_or(cores, |share| cores.min(share)))
}

/// Processors' worth of time that this process's groups allow, rounded up.
fn share(root: &Path) -> Option<u32> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    let shares = groups(&root.join("sys/fs/cgroup"), path).into_iter().filter_map(|group| {
        let text = fs::read_to_string(group.join("cpu.max")).ok()?;
        let (quota, period) = text.trim().split_once(' ')?;
        let (quota, period) = (quota.parse::<u64>().ok()?, period.parse::<u64>().ok()?);
        u32::try_from(quota.checked_div(period)? + u64::from(quota % period > 0)).ok()
    });
    shares.min().map(|share| share.max(1))
}

/// The numbers of a list such as `0-3,8`.
fn list(text: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for piece in text.split(',') {
        let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        if last.checked_sub(first)? > 1 << 16 {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

#![expect(clippy::disallowed_methods, reason = "tests make their own files")]

use super::linux::{amx, cores, memory};
use super::*;
use std::fs;
use tempfile::TempDir;

/// A root with these files.
fn root(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().expect("a folder");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }
    root
}

const MEMINFO: (&str, &str) =
    ("proc/meminfo", "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   8000000 kB\n");

#[test]
fn a_process_has_had_this_much() {
    let root = root(&[("proc/7/status", "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n")]);
    assert_eq!(linux::peak_memory(root.path(), 7), Some(2 << 20));
    assert_eq!(linux::peak_memory(root.path(), 8), None);
    assert!(peak_memory(std::process::id()).is_some_and(|bytes| bytes > 1 << 20));
}

#[test]
fn a_processor_has_a_name() {
    let text = "processor\t: 0\nmodel name\t: Some Processor @ 2 GHz\nflags\t: fpu\n";
    assert_eq!(
        linux::processor(root(&[("proc/cpuinfo", text)]).path()).as_deref(),
        Some("Some Processor @ 2 GHz")
    );
    assert_eq!(linux::processor(root(&[]).path()), None);
}

#[test]
fn memory_is_what_the_system_says() {
    let memory = memory(root(&[MEMINFO]).path());
    assert_eq!(memory, Some(Memory { total: 16_000_000 * 1024, available: 8_000_000 * 1024 }));
    assert_eq!(linux::memory(root(&[]).path()), None);
    assert_eq!(linux::memory(root(&[("proc/meminfo", "MemTotal: many")]).path()), None);
}

#[test]
fn tiles_are_among_the_flags() {
    let has = |text| amx(root(&[("proc/cpuinfo", text)]).path());
    assert!(has("processor : 0\nflags\t\t: avx2 amx_tile amx_int8\n"));
    assert!(!has("processor : 0\nflags\t\t: avx2 amx_tile\n"));
    assert!(!amx(root(&[]).path()));
}

#[test]
fn a_group_around_ours_limits_memory() {
    let root = root(&[
        MEMINFO,
        ("proc/self/cgroup", "0::/outer/inner\n"),
        ("sys/fs/cgroup/outer/inner/memory.max", "max\n"),
        ("sys/fs/cgroup/outer/memory.max", "4000000000\n"),
        ("sys/fs/cgroup/outer/memory.current", "3000000000\n"),
        ("sys/fs/cgroup/outer/memory.stat", "anon 5\ninactive_file 500000000\n"),
    ]);
    assert_eq!(memory(root.path()), Some(Memory { total: 4_000_000_000, available: 1_500_000_000 }));
}

#[test]
fn groups_of_the_first_kind_limit_memory_too() {
    let root = root(&[
        MEMINFO,
        ("proc/self/cgroup", "8:cpu:/x\n4:memory:/job\n"),
        ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2000000000\n"),
        ("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "500000000\n"),
    ]);
    assert_eq!(memory(root.path()), Some(Memory { total: 2_000_000_000, available: 1_500_000_000 }));
}

#[test]
fn threads_of_one_core_count_once() {
    let of = |processor: u32, siblings: &'static str| {
        (format!("sys/devices/system/cpu/cpu{processor}/topology/core_cpus_list"), siblings)
    };
    let files = [of(0, "0,2\n"), of(1, "1,3\n"), of(2, "0,2\n"), of(3, "1,3\n")];
    let mut files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    files.push(("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3\n"));
    assert_eq!(cores(root(&files).path()), Some(2));
    files.push(("proc/self/cgroup", "0::/job\n"));
    files.push(("sys/fs/cgroup/job/cpu.max", "50000 100000\n"));
    assert_eq!(cores(root(&files).path()), Some(1));
}

#[test]
fn this_machine_has_something() {
    let here = Machine::here();
    assert!(here.cores >= 1);
    assert!(here.memory.is_some_and(|memory| memory.available <= memory.total));
    assert!(disk_free(Path::new("/")).is_some());
}

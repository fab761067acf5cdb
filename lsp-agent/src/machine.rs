//! What of this machine decides where a model fits: cores, instruction sets and memory. Graphics cards are given by whoever
//! can ask them (`provider/cards.rs`).

use std::path::Path;

#[cfg(target_os = "linux")]
mod linux;

/// What is there, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// What its processor is called; empty where the system does not say.
    pub processor: String,
    /// Physical cores that this process may use, at least one.
    pub cores: u32,
    pub avx2: bool,
    pub avx512: bool,
    /// Whether llama.cpp multiplies matrices in AMX tiles here: only as a library that is built for them.
    pub amx: bool,
    /// None where the system does not say.
    pub memory: Option<Memory>,
    pub gpus: Vec<Gpu>,
}

/// Main memory in bytes, within the limits of this process's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub total: u64,
    /// What can be had without anything being written out.
    pub available: u64,
}

/// One graphics card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    pub name: String,
    /// Its memory in bytes.
    pub total: u64,
    pub free: u64,
    /// Whether that is main memory, of which both cannot have the same bytes.
    pub in_main: bool,
}

impl Machine {
    /// This machine, without its graphics cards.
    #[must_use]
    pub fn here() -> Self {
        let (avx2, avx512) = instruction_sets();
        let amx = cfg!(feature = "dynamic-backends") && amx();
        Self { processor: processor(), cores: cores(), avx2, avx512, amx, memory: memory(), gpus: Vec::new() }
    }

    /// Whether what lies on its cards lies in main memory.
    #[must_use]
    pub fn shares_memory(&self) -> bool {
        self.gpus.iter().any(|gpu| gpu.in_main)
    }

    /// Bytes of memory that are free on all graphics cards together.
    #[must_use]
    pub fn gpu_free(&self) -> u64 {
        self.gpus.iter().map(|gpu| gpu.free).sum()
    }
}

#[cfg(target_arch = "x86_64")]
fn instruction_sets() -> (bool, bool) {
    (std::arch::is_x86_feature_detected!("avx2"), std::arch::is_x86_feature_detected!("avx512f"))
}

#[cfg(not(target_arch = "x86_64"))]
fn instruction_sets() -> (bool, bool) {
    (false, false)
}

#[cfg(target_os = "linux")]
fn amx() -> bool {
    linux::amx(Path::new("/"))
}

/// No other system is known to hand out tiles without being asked.
#[cfg(not(target_os = "linux"))]
fn amx() -> bool {
    false
}

#[cfg(target_os = "linux")]
fn cores() -> u32 {
    linux::cores(Path::new("/")).unwrap_or_else(threads)
}

#[cfg(not(target_os = "linux"))]
fn cores() -> u32 {
    let physical = sysinfo::System::physical_core_count().and_then(|count| u32::try_from(count).ok());
    physical.map_or_else(threads, |count| count.min(threads())).max(1)
}

#[cfg(target_os = "linux")]
fn processor() -> String {
    linux::processor(Path::new("/")).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn processor() -> String {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing()),
    );
    system.cpus().first().map(|cpu| cpu.brand().to_owned()).unwrap_or_default()
}

/// What the system offers at once, with every thread of a core counted.
#[must_use]
pub fn threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1))
}

#[cfg(target_os = "linux")]
fn memory() -> Option<Memory> {
    linux::memory(Path::new("/"))
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<Memory> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let memory = Memory { total: system.total_memory(), available: system.available_memory() };
    (memory.total > 0).then_some(memory)
}

/// Bytes that can still be written into the folder at `path`; none where the system does not say.
#[must_use]
#[cfg(unix)]
pub fn disk_free(path: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(path).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

/// Bytes that can still be written into the folder at `path`; none where the system does not say.
#[must_use]
#[cfg(not(unix))]
pub fn disk_free(_path: &Path) -> Option<u64> {
    None
}

/// The most bytes of memory that a process of this id has had; none where the system does not say.
#[must_use]
pub fn peak_memory(process: u32) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return linux::peak_memory(Path::new("/"), process);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = process;
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;

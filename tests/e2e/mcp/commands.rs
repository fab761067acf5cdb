//! Commands and processes, as hosts and models meet them.

#[cfg(target_os = "linux")]
mod effects;
#[cfg(target_os = "linux")]
mod kill;
mod staged;
mod tools;

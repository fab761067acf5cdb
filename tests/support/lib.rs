//! What the end-to-end tests share: starting the real binaries, and saying that a test could not run.
#![expect(clippy::disallowed_methods, reason = "end-to-end tests start programs and touch the disk")]
#![expect(clippy::print_stderr, reason = "a skipped test says so where nothing collects the notes")]

pub mod binary;
pub mod foreign;
pub mod forwarder;
pub mod limited;
pub mod mcp_client;
pub mod mcp_http;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod skip;
pub mod tasks;

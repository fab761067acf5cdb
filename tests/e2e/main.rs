//! End-to-end tests: the real binaries, and the shape of the sources.
#![expect(clippy::disallowed_methods, reason = "end-to-end tests start programs and touch the disk")]

mod architecture;
mod index;
mod mcp;
mod tasks;

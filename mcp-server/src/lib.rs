//! An MCP server whose every effect is staged for a person to review.
//!
//! [`workspace`] has the layers and what is staged, [`tool`] and `tools/` the tools, [`permission`] the one policy,
//! [`main_loop`] the thread that owns it all, [`person`] whose folders and rules it works with. [`sandbox`] and [`commands`] run programs. `server.rs` speaks MCP; others may use the same tools in process.

pub mod commands;
pub mod main_loop;
pub mod permission;
pub mod person;
mod repository;
pub mod sandbox;
pub mod server;
pub mod symbols;
pub mod tasks;
pub mod tool;
pub mod toolbox;
mod tools;
pub mod workspace;

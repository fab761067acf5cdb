//! The sandbox by the real program: each protection is attacked, as root and as an ordinary user.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests make the files that are attacked")]

#[path = "sandbox/world.rs"]
mod world;

#[path = "sandbox/view.rs"]
mod view;

#[path = "sandbox/attacks.rs"]
mod attacks;
#[path = "sandbox/ends.rs"]
mod ends;
#[path = "sandbox/landlock.rs"]
mod landlock;
#[path = "sandbox/probe.rs"]
mod probe;

//! Where llama.cpp is a library, says that the program finds it beside itself.

#![expect(clippy::disallowed_methods, reason = "this is how cargo talks to its scripts")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DYNAMIC_BACKENDS").is_none() {
        return;
    }
    // Windows looks beside the program anyway.
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") | Err(_) => {}
        Ok("macos") => println!("cargo::rustc-link-arg-bins=-Wl,-rpath,@executable_path"),
        // As an old tag it also holds for the libraries that the libraries need.
        Ok(_) => println!("cargo::rustc-link-arg-bins=-Wl,--disable-new-dtags,-rpath,$ORIGIN"),
    }
}

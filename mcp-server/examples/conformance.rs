//! The server, and on top what the protocol's conformance suite asks of one. Needs the feature `conformance`.

#[path = "../src/main.rs"]
mod program;

fn main() -> std::process::ExitCode {
    program::main()
}

//! The workspace's real binaries, built as the running test was: same profile, same target folder.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The index's command line.
///
/// # Panics
/// Where it does not build, with the compiler's output.
pub fn devtoolkit_index() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| build("devtoolkit-index", "devtoolkit-index"))
}

/// The MCP server.
///
/// # Panics
/// Where it does not build, with the compiler's output.
pub fn devtoolkit_mcp() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| build("devtoolkit-mcp", "devtoolkit-mcp"))
}

/// The MCP server with what the conformance suite asks of one.
///
/// # Panics
/// Where it does not build, with the compiler's output.
pub fn conformance_server() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let arguments = ["--example", "conformance", "--features", "conformance"];
        build_target("devtoolkit-mcp", &arguments, &Path::new("examples").join("conformance"))
    })
}

/// The agent.
///
/// # Panics
/// Where it does not build, with the compiler's output.
pub fn devtoolkit_agent() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| build("devtoolkit-agent", "devtoolkit-agent"))
}

/// The project's own commands.
///
/// # Panics
/// Where it does not build, with the compiler's output.
pub fn xtask() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| build("xtask", "xtask"))
}

/// The root of the checkout.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace root")
}

fn build(package: &str, binary: &str) -> PathBuf {
    build_target(package, &["--bin", binary], Path::new(binary))
}

/// `cargo test` builds only the binaries of the package under test, so we ask for this one; nothing happens when it
/// is fresh, and cargo's own lock lets tests that ask at the same time wait for each other.
fn build_target(package: &str, arguments: &[&str], file: &Path) -> PathBuf {
    let profile_folder = profile_folder();
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let target = profile_folder.parent().expect("a profile's folder lies in the target folder");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", package, "--profile", profile])
        .args(arguments)
        .arg("--target-dir")
        .arg(target)
        .current_dir(checkout())
        .stdin(Stdio::null())
        .output()
        .expect("cargo, which runs this test, can be started");
    assert!(
        output.status.success(),
        "`{package}` does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let file = profile_folder.join(file).with_extension(env::consts::EXE_EXTENSION);
    assert!(file.is_file(), "cargo built `{package}`, but not `{}`", file.display());
    file
}

/// `target/debug` of the running test, `target/debug/deps/e2e-0123456789abcdef`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("the system knows which program runs");
    test.parent().and_then(Path::parent).expect("cargo puts tests into `<profile>/deps`").to_owned()
}

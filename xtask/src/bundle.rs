//! `cargo xtask mcpb`: the MCP server as a bundle that Claude Desktop and others install with a double click.

use anyhow::{Context, Result, bail, ensure};
use std::env::consts::{ARCH, EXE_SUFFIX, OS};
use std::fs;

use crate::program;
use archive::Archive;

mod archive;

/// All platforms, as the manifest in the checkout names them.
const PLATFORMS: &str = r#"["darwin", "linux", "win32"]"#;

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), crate::commands::wrong_use("`mcpb` takes no arguments"));
    let mut cargo = program::cargo();
    cargo.args(["build", "--release", "--package", "devtoolkit-mcp", "--bin", "devtoolkit-mcp"]);
    if !program::run(&mut cargo)? {
        bail!("the server does not build; the compiler's words are above");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| program::root().join("target"), Into::into);
    let name = format!("devtoolkit-mcp{EXE_SUFFIX}");
    let binary = target.join("release").join(&name);
    let binary = fs::read(&binary).with_context(|| format!("cannot read `{}`", binary.display()))?;
    let room = program::root().join("mcp-server");
    let read =
        |name: &str| fs::read(room.join(name)).with_context(|| format!("cannot read `mcp-server/{name}`"));
    let manifest = String::from_utf8(read("manifest.json")?).context("`manifest.json` is not text")?;
    let mut archive = Archive::default();
    archive.add("manifest.json", manifest_for(&manifest, platform(OS)?)?.as_bytes(), false);
    archive.add("README.md", &read("README.md")?, false);
    archive.add(&format!("server/{name}"), &binary, true);
    let folder = target.join("dist");
    let file = folder.join(format!("devtoolkit-mcp-{}-{OS}-{ARCH}.mcpb", env!("CARGO_PKG_VERSION")));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, archive.finish()?))
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    println!("{}", file.display());
    Ok(())
}

/// What bundles call a system.
fn platform(system: &str) -> Result<&'static str> {
    Ok(match system {
        "linux" => "linux",
        "macos" => "darwin",
        "windows" => "win32",
        other => bail!("bundles know no `{other}`; build it on Linux, macOS or Windows"),
    })
}

/// The manifest of a bundle that has one platform's binary.
fn manifest_for(manifest: &str, platform: &str) -> Result<String> {
    ensure!(manifest.contains(PLATFORMS), "`manifest.json` does not name the platforms as {PLATFORMS}");
    let manifest = manifest.replace(PLATFORMS, &format!("[\"{platform}\"]"));
    let entry = "\"entry_point\": \"server/devtoolkit-mcp\"";
    Ok(match platform {
        "win32" => manifest.replace(entry, "\"entry_point\": \"server/devtoolkit-mcp.exe\""),
        _ => manifest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_names_its_own_platform_only() {
        let manifest = include_str!("../../mcp-server/manifest.json");
        let linux = manifest_for(manifest, "linux").expect("ours");
        assert!(linux.contains(r#""platforms": ["linux"]"#) && !linux.contains("darwin"), "{linux}");
        assert!(
            manifest_for(manifest, "win32")
                .expect("ours")
                .contains("server/devtoolkit-mcp.exe\",\n    \"mcp_config")
        );
        assert!(manifest_for("{}", "linux").is_err());
    }
}

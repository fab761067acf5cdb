//! `cargo xtask agent`: the agent with llama.cpp and its back ends as libraries, in a folder that can be copied.

use anyhow::{Context, Result, bail, ensure};
use std::env::consts::{ARCH, EXE_SUFFIX, OS};
use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::{quoted, wrong_use};
use crate::program;

/// What may be asked for besides the processor's back ends; features of the agent.
const CARDS: &[&str] = &["cuda", "vulkan", "metal"];

/// The folder beside the program in which it looks for back ends.
const BACKENDS: &str = "backends";

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if let Some(wrong) = arguments.iter().find(|name| !CARDS.contains(&name.as_str())) {
        return Err(wrong_use(format!("`agent` knows {}, and not `{wrong}`", quoted(CARDS.iter().copied()))));
    }
    let features = [&["dynamic-backends".to_owned()], arguments].concat().join(",");
    let mut cargo = program::cargo();
    cargo.args(["build", "--release", "--package", "devtoolkit-agent", "--bin", "devtoolkit-agent"]);
    cargo.args(["--features", &features, "--message-format", "json-render-diagnostics"]);
    let (built, messages) = program::read(&mut cargo)?;
    ensure!(built, "the agent does not build; the compiler's words are above");
    let (program, libraries) = (built_program(&messages)?, built_libraries(&messages)?);
    let release = program.parent().context("the program lies in no folder")?;
    let name = format!("devtoolkit-agent-{}-{OS}-{ARCH}", env!("CARGO_PKG_VERSION"));
    let folder = release.parent().unwrap_or(release).join("dist").join(name);
    // What an earlier build put there might be found in place of what this one left out.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot clear `{}`", folder.display()));
        }
        Ok(()) | Err(_) => {}
    }
    copy(&program, &folder, &format!("devtoolkit-agent{EXE_SUFFIX}"))?;
    let found = ["lib", "lib64", "bin"].map(|name| copy_all(&libraries.join(name), &folder, is_linked));
    ensure!(found.into_iter().sum::<Result<usize>>()? > 0, "llama.cpp's libraries were not built");
    let found = copy_all(&libraries.join(BACKENDS), &folder.join(BACKENDS), |_| true)?;
    ensure!(found > 0, "llama.cpp's back ends were not built");
    println!("{}", folder.display());
    Ok(())
}

/// Where cargo put the program.
fn built_program(messages: &str) -> Result<PathBuf> {
    let found = messages.lines().filter_map(|message| text_of(message, "executable")).next_back();
    found.map(PathBuf::from).context("cargo does not say where the program lies")
}

/// Where the package of llama.cpp keeps what it built.
fn built_libraries(messages: &str) -> Result<PathBuf> {
    let is_llama = |message: &&str| {
        message.contains(r#""reason":"build-script-executed""#) && message.contains("llama-cpp-sys-2")
    };
    let found = messages.lines().find(is_llama).and_then(|message| text_of(message, "out_dir"));
    found.map(PathBuf::from).context("cargo does not say where llama.cpp's libraries lie")
}

/// The text of a field in one of cargo's messages, which are JSON. Paths have no escapes there but for backslashes.
fn text_of(message: &str, field: &str) -> Option<String> {
    let (_, rest) = message.split_once(&format!("\"{field}\":\""))?;
    Some(rest.split_once('"')?.0.replace(r"\\", r"\"))
}

/// Whether a program is linked with a library under this name: others are for linking, or the same one in full.
fn is_linked(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((_, version)) = name.split_once(".so.") {
        return is_number(version);
    }
    if let Some((_, version)) = name.strip_suffix(".dylib").and_then(|stem| stem.split_once('.')) {
        return is_number(version);
    }
    name.ends_with(".dll")
}

/// Copies the files of a folder whose names are wanted, and counts them. A folder that is not there has none.
fn copy_all(from: &Path, to: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<usize> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(0) };
    let mut copied = 0;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read `{}`", from.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A link to a file is taken as the file.
        if path.is_file() && is_wanted(&name) {
            copy(&path, to, &name)?;
            copied += 1;
        }
    }
    Ok(copied)
}

fn copy(file: &Path, folder: &Path, name: &str) -> Result<()> {
    let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(file, folder.join(name)));
    match copied {
        Ok(_) => Ok(()),
        Err(error) => {
            bail!("cannot copy `{}` to `{}`: {error}", file.display(), folder.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_things_lie() {
        let messages = r#"{"reason":"build-script-executed","package_id":"registry+x#other@1.0.0","out_dir":"/t/build/other/out"}
{"reason":"build-script-executed","package_id":"registry+x#llama-cpp-sys-2@0.1.161","out_dir":"C:\\t\\out"}
{"reason":"compiler-artifact","target":{"name":"some"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"devtoolkit-agent"},"executable":"/t/release/devtoolkit-agent"}"#;
        assert_eq!(built_libraries(messages).expect("it is there"), PathBuf::from(r"C:\t\out"));
        assert_eq!(
            built_program(messages).expect("it is there"),
            PathBuf::from("/t/release/devtoolkit-agent")
        );
        assert!(built_libraries("").is_err() && built_program("").is_err());
    }

    #[test]
    fn each_library_is_taken_once() {
        for name in ["libllama.so.0", "libggml-base.0.dylib", "ggml.dll"] {
            assert!(is_linked(name), "{name}");
        }
        for name in
            ["libllama.so", "libllama.so.0.0.1", "libllama.dylib", "libllama.0.0.1.dylib", "libx.a", "cmake"]
        {
            assert!(!is_linked(name), "{name}");
        }
    }
}

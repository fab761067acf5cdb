//! Looks for the tools of the table; installs them with apt as root, and elsewhere says what to type.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Result, bail};

use crate::clients::Clients;
use crate::commands::{quoted, wrong_use};
use crate::system::System;
use crate::tools::{Need, Probe, Tool, needed_for};
use crate::{paint, program};

/// `setup [--check] [NEED…]`: without a need, what building takes, now and with the pieces to come.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let (mut needs, mut check) = (Vec::new(), false);
    for argument in arguments {
        match argument.as_str() {
            "--check" => check = true,
            "all" => needs.extend(Need::ALL),
            name => match Need::ALL.iter().find(|need| need.name() == name) {
                Some(need) => needs.push(*need),
                None => {
                    let known = quoted(Need::ALL.iter().map(|need| need.name()).chain(["all"]));
                    return Err(wrong_use(format!(
                        "`setup` does not know `{name}`; there are `--check`, {known}"
                    )));
                }
            },
        }
    }
    if needs.is_empty() {
        needs = vec![Need::Build, Need::Model];
    }
    let missing = report(&needs);
    if check && !missing.is_empty() {
        bail!("{}", next_step(System::here(), &missing))
    }
    if !missing.is_empty() {
        install(&missing)?;
    }
    if needs.contains(&Need::Clients) && !check {
        Clients::get()?;
    }
    println!("everything is here");
    Ok(())
}

/// Gets what is missing for `needs`, or says how; silent and quick where nothing is.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Tool> = needed_for(needs).into_iter().filter(|tool| probe(tool).is_none()).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Prints a row a tool, and returns those that are missing.
fn report(needs: &[Need]) -> Vec<&'static Tool> {
    let mut missing = Vec::new();
    for tool in needed_for(needs) {
        let found = probe(tool);
        let (state, place) = match &found {
            Some(place) => (paint::good("found  "), place.display().to_string()),
            None => (paint::warning("missing"), String::from("-")),
        };
        println!("{state}  {:<10}{:<38}  {}", tool.name, place, tool.purpose);
        if found.is_none() {
            missing.push(tool);
        }
    }
    missing
}

fn install(missing: &[&Tool]) -> Result<()> {
    let system = System::here();
    if !system.installs_unasked() {
        bail!("{}", next_step(system, missing));
    }
    let apt = |arguments: &[&str]| {
        program::run(program::program("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
    };
    // A failed update may be one dead source of many, so the install decides.
    apt(&["update", "-qq"])?;
    let (packages, _) = system.packages(missing);
    let installed =
        apt(&[&["install", "-y", "-qq", "--no-install-recommends", "-o=Dpkg::Use-Pty=0"], &packages[..]]
            .concat())?;
    let still: Vec<&Tool> = missing.iter().copied().filter(|tool| probe(tool).is_none()).collect();
    if !installed || !still.is_empty() {
        bail!("apt-get did not bring {}; {}", names(missing), next_step(system, missing));
    }
    println!("installed {}", names(missing));
    Ok(())
}

fn names(tools: &[&Tool]) -> String {
    quoted(tools.iter().map(|tool| tool.name))
}

fn next_step(system: System, missing: &[&Tool]) -> String {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!(
        "{} {verb} missing; install with\n\n    {}\n\nand run this again",
        names(missing),
        system.lines(missing).join("\n    ")
    )
}

/// Where the tool is, if it is there.
fn probe(tool: &Tool) -> Option<PathBuf> {
    match tool.probe {
        Probe::OnPath(names) => names.iter().find_map(|name| program::find(name)),
        Probe::Compiler { variable, names } => {
            // `CC` may hold arguments too, and a wrapper before the compiler: `ccache gcc -m64`.
            let chosen = env::var(variable).ok();
            let chosen = chosen.as_deref().and_then(|line| line.split_whitespace().next());
            chosen
                .and_then(program::find)
                .or_else(|| names.iter().find_map(|name| program::find(name)))
                .or_else(visual_studio)
        }
        Probe::Answers { names, arguments, text } => names.iter().find_map(|name| {
            let file = program::find(name)?;
            let (succeeded, output) = program::capture(program::program(&file).args(arguments)).ok()?;
            (succeeded && output.contains(text)).then_some(file)
        }),
        Probe::Library(name) => library(name),
    }
}

/// Visual Studio's C++ tools are not on `PATH`; its own locator, which always lies here, knows them.
fn visual_studio() -> Option<PathBuf> {
    let folder = PathBuf::from(env::var_os("ProgramFiles(x86)")?);
    let locator = folder.join("Microsoft Visual Studio").join("Installer").join("vswhere.exe");
    let (succeeded, text) = program::capture(program::program(locator).args([
        "-latest",
        "-products",
        "*",
        "-requires",
        "Microsoft.VisualStudio.Component.VC.Tools.x86.x64",
        "-property",
        "installationPath",
    ]))
    .ok()?;
    let place = text.lines().next().unwrap_or_default().trim();
    (succeeded && !place.is_empty()).then(|| PathBuf::from(place))
}

/// The shared library `lib<name>`, where bindgen would find it.
fn library(name: &str) -> Option<PathBuf> {
    let chosen = env::var_os(format!("LIB{}_PATH", name.to_uppercase())).map(PathBuf::from);
    if chosen.as_ref().is_some_and(|path| path.is_file()) {
        return chosen;
    }
    let mut folders: Vec<PathBuf> = chosen.into_iter().collect();
    let fixed = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/Library/Developer/CommandLineTools/usr/lib",
        "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib",
        "/opt/homebrew/opt/llvm/lib",
        "/usr/local/opt/llvm/lib",
        "C:\\Program Files\\LLVM\\bin",
    ];
    folders.extend(fixed.map(PathBuf::from));
    let inside =
        |folder: &str| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // Debian: one folder a version of LLVM, and one an architecture.
    folders.extend(inside("/usr/lib").flat_map(|folder| [folder.join("lib"), folder]));
    folders.iter().find_map(|folder| {
        fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find(|file| {
            file.file_name().and_then(|file| file.to_str()).is_some_and(|file| is_library(file, name))
        })
    })
}

/// `libclang.so`, `libclang.so.14`, `libclang-14.so.1`, `libclang.dylib`, `libclang.dll`, but not `libclang-cpp.so`.
fn is_library(file: &str, name: &str) -> bool {
    let Some(rest) = file.strip_prefix("lib").and_then(|file| file.strip_prefix(name)) else { return false };
    let version_ends =
        rest.find(|c: char| !(c == '-' || c == '.' || c.is_ascii_digit())).unwrap_or(rest.len());
    let ending = &rest[version_ends..];
    rest[..version_ends].ends_with('.')
        && (ending == "so" || ending.starts_with("so.") || matches!(ending, "dylib" | "dll"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_from_their_neighbours() {
        for file in ["libclang.so", "libclang.so.14", "libclang-14.so.1", "libclang.dylib", "libclang.dll"] {
            assert!(is_library(file, "clang"), "{file}");
        }
        for file in
            ["libclang-cpp.so.14", "libclang.a", "libclangAST.so", "libclangso", "clang.so", "libclang"]
        {
            assert!(!is_library(file, "clang"), "{file}");
        }
    }

    #[test]
    fn an_unknown_need_names_the_known_ones() {
        let error = command(&["tea".into()]).expect_err("not a need");
        assert_eq!(
            error.to_string(),
            "`setup` does not know `tea`; there are `--check`, `build`, `model`, `bench`, `lint`, `clients` and `all`"
        );
    }

    #[test]
    fn what_is_missing_comes_with_the_line_to_type() {
        let system = System { installer: crate::system::Installer::Dnf, root: false };
        assert_eq!(
            next_step(system, &needed_for(&[Need::Build])),
            "`cc` is missing; install with\n\n    sudo dnf install -y gcc\n\nand run this again"
        );
    }

    #[test]
    fn what_compiled_this_test_needs_nothing() {
        // A linker, and so a C compiler, made this test.
        assert!(needed_for(&[Need::Build]).into_iter().all(|tool| probe(tool).is_some()));
    }
}

//! Which package manager a machine has, and the lines one types there to get missing tools.

use std::fs;

use crate::program;
use crate::tools::{Source, Tool};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installer {
    Apt,
    Dnf,
    Brew,
    Winget,
    /// None that the table of tools knows.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct System {
    pub(crate) installer: Installer,
    /// May install without `sudo`.
    pub(crate) root: bool,
}

impl System {
    pub(crate) fn here() -> System {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let has = |name: &str| program::find(name).is_some();
        System { installer: installer(std::env::consts::OS, &release, has), root: is_root() }
    }

    /// Apt as root is the one case that we install by ourselves: it asks no question and needs no password.
    pub(crate) fn installs_unasked(self) -> bool {
        self.installer == Installer::Apt && self.root
    }

    /// What to type to get `tools`, one command a line.
    pub(crate) fn lines(self, tools: &[&Tool]) -> Vec<String> {
        let sudo = if self.root { "" } else { "sudo " };
        let (packages, mut lines) = self.packages(tools);
        let joined = packages.join(" ");
        match self.installer {
            _ if packages.is_empty() => {}
            Installer::Apt => {
                lines.push(format!("{sudo}apt-get update && {sudo}apt-get install -y {joined}"));
            }
            Installer::Dnf => lines.push(format!("{sudo}dnf install -y {joined}")),
            Installer::Brew => lines.push(format!("brew install {joined}")),
            Installer::Winget => {
                lines.extend(packages.iter().map(|package| format!("winget install -e --id {package}")));
            }
            Installer::Unknown => {
                lines.push(format!("your package manager: {joined} (Debian's names)"));
            }
        }
        lines
    }

    /// The packages for `tools`, and the commands for those that are no package; each once.
    pub(crate) fn packages(self, tools: &[&Tool]) -> (Vec<&'static str>, Vec<String>) {
        let (mut packages, mut lines) = (Vec::new(), Vec::new());
        for tool in tools {
            let source = match self.installer {
                Installer::Apt | Installer::Unknown => &tool.apt,
                Installer::Dnf => &tool.dnf,
                Installer::Brew => &tool.brew,
                Installer::Winget => &tool.winget,
            };
            match source {
                Source::Package(names) => {
                    packages
                        .extend(names.split(' ').filter(|name| !packages.contains(name)).collect::<Vec<_>>());
                }
                Source::Line(line) if lines.iter().any(|known| known == line) => {}
                Source::Line(line) => lines.push((*line).to_owned()),
            }
        }
        (packages, lines)
    }
}

fn installer(os: &str, os_release: &str, has: impl Fn(&str) -> bool) -> Installer {
    let family = |name: &str| {
        let keys = os_release.lines().filter_map(|line| line.split_once('='));
        keys.filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
            .any(|(_, value)| value.trim_matches('"').split(' ').any(|word| word == name))
    };
    match os {
        // Also without Homebrew or winget on `PATH`: their lines say best what is missing.
        "macos" => Installer::Brew,
        "windows" => Installer::Winget,
        _ if has("apt-get") && (family("debian") || family("ubuntu")) => Installer::Apt,
        _ if has("dnf") => Installer::Dnf,
        _ => Installer::Unknown,
    }
}

fn is_root() -> bool {
    cfg!(unix)
        && program::capture(program::program("id").arg("-u"))
            .is_ok_and(|(succeeded, text)| succeeded && text.trim() == "0")
}

#[cfg(test)]
mod tests;

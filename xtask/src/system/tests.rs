use super::*;
use crate::tools::{Need, needed_for};

fn lines(installer: Installer, root: bool, need: Need) -> String {
    System { installer, root }.lines(&needed_for(&[need])).join("\n")
}

#[test]
fn systems_are_told_apart() {
    let with = |wanted: &'static str| move |name: &str| name == wanted;
    let debian = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n";
    let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
    assert_eq!(installer("linux", debian, with("apt-get")), Installer::Apt);
    assert_eq!(installer("linux", mint, with("apt-get")), Installer::Apt);
    assert_eq!(installer("linux", "ID=fedora\n", with("dnf")), Installer::Dnf);
    assert_eq!(installer("linux", "ID=arch\n", with("pacman")), Installer::Unknown);
    // Other systems carry an apt-get too, with other package names.
    assert_eq!(installer("linux", "ID=altlinux\n", with("apt-get")), Installer::Unknown);
    assert_eq!(installer("macos", "", with("")), Installer::Brew);
    assert_eq!(installer("windows", "", with("")), Installer::Winget);
}

#[test]
fn apt_asks_for_sudo_only_where_it_must() {
    let packages = "gcc libc6-dev g++ cmake make libclang-dev";
    assert_eq!(
        lines(Installer::Apt, false, Need::Model),
        format!("sudo apt-get update && sudo apt-get install -y {packages}")
    );
    assert_eq!(
        lines(Installer::Apt, true, Need::Model),
        format!("apt-get update && apt-get install -y {packages}")
    );
}

#[test]
fn what_is_no_package_has_its_own_line_once() {
    assert_eq!(lines(Installer::Brew, false, Need::Model), "xcode-select --install\nbrew install cmake llvm");
    let windows = lines(Installer::Winget, false, Need::Model);
    assert_eq!(windows.matches("BuildTools").count(), 1, "{windows}");
    assert!(windows.ends_with("winget install -e --id Kitware.CMake\nwinget install -e --id LLVM.LLVM"));
}

#[test]
fn other_systems_get_the_names() {
    assert_eq!(
        lines(Installer::Unknown, false, Need::Build),
        "your package manager: gcc libc6-dev (Debian's names)"
    );
    assert_eq!(lines(Installer::Dnf, false, Need::Build), "sudo dnf install -y gcc");
}

#[test]
fn only_apt_as_root_installs_by_itself() {
    let unasked = |installer, root| System { installer, root }.installs_unasked();
    assert!(unasked(Installer::Apt, true));
    assert!(!unasked(Installer::Apt, false));
    assert!(!unasked(Installer::Dnf, true));
}

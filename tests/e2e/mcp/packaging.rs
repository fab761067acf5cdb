//! What hosts and registries are told about the server agrees with the server.

use e2e_tests::binary;
use serde_json::Value;
use std::fs;
use std::process::Command;

fn read(name: &str) -> String {
    fs::read_to_string(binary::checkout().join("mcp-server").join(name)).expect("it is in the checkout")
}

#[test]
fn the_manifests_have_the_version_of_the_server() {
    for name in ["manifest.json", "server.json"] {
        let manifest: Value = serde_json::from_str(&read(name)).expect("JSON");
        // All packages of the workspace have one version.
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"), "{name}");
        let description = manifest["description"].as_str().expect("a description");
        assert!(description.len() <= 100, "the registry takes 100 characters: {name}");
    }
    let server: Value = serde_json::from_str(&read("server.json")).expect("JSON");
    assert_eq!(server["name"].as_str().map(|name| name.matches('/').count()), Some(1));
}

#[test]
fn every_flag_that_is_documented_exists() {
    let output = Command::new(binary::devtoolkit_mcp()).arg("--help").output().expect("it starts");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let manifest = read("manifest.json");
    let flags = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        words
            .filter(|word| {
                word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
            })
            .map(str::to_owned)
            .collect()
    };
    // Flags of cargo stand in the same text.
    let others = ["--locked", "--path"];
    let documented = flags(&(read("README.md") + &manifest));
    assert!(documented.iter().any(|flag| flag == "--trust-host"), "{documented:?}");
    let known = flags(&help);
    for flag in documented.iter().filter(|flag| !others.contains(&flag.as_str())) {
        assert!(known.contains(flag), "`{flag}` is documented, but --help does not have it");
    }
}

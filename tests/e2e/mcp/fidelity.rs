//! What an edit does not name stays as it was, to the byte: encoding, marks, line ends, the last line's end and mode.

use super::attacks::{Scene, run_area};
use serde_json::json;
use std::fs;

#[test]
fn the_cases_of_the_samples() {
    run_area("fidelity", |id, ran| {
        let text = ran.text();
        let wrote = |path: &str, bytes: &[u8]| !ran.refused() && ran.bytes(path) == bytes;
        Some(match id {
            "fidelity-01" => wrote("crlf.txt", b"a\r\nB\r\nc\r\n"),
            "fidelity-02" => wrote("mixed.txt", b"a\r\nB\nc\r\n"),
            "fidelity-03" => wrote("bom.txt", b"\xef\xbb\xbfbye"),
            "fidelity-05" => wrote("latin1.txt", b"caf\xe9 OK\n"),
            "fidelity-06" => {
                wrote("s.sh", b"#!/bin/sh\necho b\n") && mode(ran.scene.ws().join("s.sh")) == 0o751
            }
            "fidelity-09" => ran.refused() && text.contains('2') && ran.bytes("d") == b"dup\ndup\n",
            "fidelity-10" => text.contains("binary") && ran.bytes("bin") == b"a\0b",
            _ => return None,
        })
    });
}

fn mode(path: std::path::PathBuf) -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).expect("it is there").mode() & 0o7777
}

/// A text in UTF-16 with its mark.
fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

/// A name, and the bytes of a text around what is edited.
type Kind = (&'static str, fn(&str) -> Vec<u8>);

/// The edit `middle` to `CENTRE` in every kind of text, accepted and taken back.
#[test]
fn only_what_is_edited_changes_and_undo_brings_every_byte_back() {
    let kinds: [Kind; 14] = [
        ("lf", |m| format!("a\n{m}\nz\n").into_bytes()),
        ("crlf", |m| format!("a\r\n{m}\r\nz\r\n").into_bytes()),
        ("mixed", |m| format!("a\r\n{m}\nb\r\nc\n\r\nz\n").into_bytes()),
        ("cr_alone", |m| format!("a\rb\n{m}\r\nz\r").into_bytes()),
        ("no_final_newline", |m| format!("a\n{m}").into_bytes()),
        ("crlf_no_final_newline", |m| format!("a\r\n{m}").into_bytes()),
        ("only_blank_lines_after", |m| format!("{m}\n\n\n\r\n").into_bytes()),
        ("trailing_blanks", |m| format!("a  \t\n{m}\nz \n").into_bytes()),
        ("bom", |m| format!("\u{feff}a\n{m}\nz").into_bytes()),
        ("bom_crlf", |m| format!("\u{feff}{m}\r\nz\r\n").into_bytes()),
        ("utf16le", |m| utf16(&format!("é\n{m}\n\u{1f600}"), u16::to_le_bytes)),
        ("utf16be_crlf", |m| utf16(&format!("é\r\n{m}\r\nz\r\n"), u16::to_be_bytes)),
        ("latin1", |m| [b"caf\xe9\r\n", m.as_bytes(), b"\nna\xefve"].concat()),
        ("combining", |m| format!("e\u{301} \u{e9}\n{m}\n\u{200d}z\n").into_bytes()),
    ];
    let scene = Scene::new();
    let modes = [0o600, 0o640, 0o644, 0o751, 0o755, 0o664];
    let mode_of = |place: usize| modes[place % modes.len()];
    for (place, (name, text)) in kinds.iter().enumerate() {
        use std::os::unix::fs::PermissionsExt;
        let path = scene.ws().join(name);
        fs::write(&path, text("middle")).expect("write");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode_of(place))).expect("mode");
    }
    let mut client = scene.server();
    for (name, _) in &kinds {
        client.ok("edit_file", json!({ "path": name, "edits": [{ "old": "middle", "new": "CENTRE" }] }));
    }
    for (call, expected) in [("accept_changes", "CENTRE"), ("undo_changes", "middle")] {
        client.ok(call, json!({}));
        for (place, (name, text)) in kinds.iter().enumerate() {
            let path = scene.ws().join(name);
            assert_eq!(fs::read(&path).expect("read"), text(expected), "{name} after {call}");
            assert_eq!(mode(path), mode_of(place), "the mode of {name} after {call}");
        }
    }
}

#[test]
fn what_an_encoding_cannot_hold_is_refused_and_the_file_stays() {
    let scene = Scene::new();
    fs::write(scene.ws().join("latin1.txt"), b"caf\xe9 ok\n").expect("write");
    let mut client = scene.server();
    let edit = json!({ "path": "latin1.txt", "edits": [{ "old": "ok", "new": "\u{20ac}" }] });
    let text = client.refused("edit_file", edit);
    assert!(text.contains("latin1.txt") && text.contains('\u{20ac}'), "{text}");
    assert_eq!(fs::read(scene.ws().join("latin1.txt")).expect("read"), b"caf\xe9 ok\n");
}

//! What each case asks for, beyond its outcome.

use super::{Ran, run_area};
use std::fs;

const SECRET: &str = "TOPSECRET";

#[test]
fn paths() {
    run_area("path", |id, ran| {
        let text = ran.text();
        let refused = ran.refused() && !text.contains(SECRET);
        let names = |rule: &str| refused && text.contains(rule);
        let out = |name: &str| fs::read_to_string(ran.scene.out().join(name)).unwrap_or_default();
        Some(match id {
            "path-01" => names("outside of the workspace") && text.contains("../out/secret.txt"),
            "path-02" => names("outside of the workspace"),
            "path-03" | "path-11" => {
                names("outside of the workspace") && !text.contains("root:") && !text.contains("PATH=")
            }
            "path-04" => names("outside of the workspace"),
            "path-05" => names("symbolic link"),
            "path-06" => names("symbolic link") && !ran.scene.out().join("new.txt").exists(),
            "path-09" => !ran.refused() && text.contains("\tin"),
            "path-10" => names("loop of symbolic links") && ran.within(3),
            "path-13" => {
                out("secret.txt").trim() == SECRET
                    && ran.bytes("hard.txt") == b"PWNED\n"
                    && links_were_shown(ran)
            }
            "path-16" => names("NUL"),
            "path-17" => names("too long") && text.len() < 2_000,
            "path-18" => names("is a folder") && ran.scene.ws().join("d").is_dir(),
            "path-20" => names("protected") && !ran.scene.ws().join(".GIT").exists(),
            "path-22" => !text.contains('\u{202e}') && text.contains("\\u{202e}"),
            "path-23" => text.contains("bad\\xff.txt") && text.contains("hello"),
            "path-25" => out("f") == "keep\n" && fs::symlink_metadata(ran.scene.ws().join("out_l")).is_err(),
            "path-26" => refused && ran.bytes("f") == b"x\n" && !ran.scene.out().join("f").exists(),
            _ => return None,
        })
    });
}

/// The replies up to the accept say how many names the file has.
fn links_were_shown(ran: &Ran) -> bool {
    let mut client = ran.scene.server();
    std::fs::hard_link(ran.scene.out().join("secret.txt"), ran.scene.ws().join("again.txt")).expect("link");
    client.ok("write_file", serde_json::json!({ "path": "again.txt", "content": "PWNED\n" }));
    client.ok("list_changes", serde_json::json!({})).contains("one of 2 hard links")
}

#[test]
fn special_files() {
    run_area("special", |id, ran| {
        let text = ran.text();
        Some(match id {
            "special-01" | "special-04" => {
                ran.refused() && text.contains("not a regular file") && ran.within(3)
            }
            "special-02" => {
                !ran.refused() && text.contains("a.txt") && !text.contains("src_fifo") && ran.within(6)
            }
            "special-03" => ran.steps[0].failed && ran.memory.1 < ran.memory.0 + 50 * 1024 && ran.within(6),
            "special-05" => {
                ran.steps[0].failed
                    && ran.steps[0].text.contains("53687091200")
                    && ran.memory.1 < ran.memory.0 + 100 * 1024
                    && ran.within(10)
            }
            "special-07" => !ran.refused() && text.contains("20000") && text.len() < 1 << 20 && ran.within(9),
            "special-08" => ran.within(10),
            "special-09" => ran.refused() && text.contains("EACCES") && text.contains("`x`"),
            _ => return None,
        })
    });
}

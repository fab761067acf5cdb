//! A server that is killed takes along whatever it had started.

use crate::mcp::Project;
use e2e_tests::processes::{gone_within, lives, lives_within, mark};
use serde_json::json;
use std::time::Duration;

/// Servers that are killed.
const TIMES: u32 = 100;

#[test]
fn a_killed_server_leaves_no_child() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut marks = Vec::new();
    for turn in 0..TIMES {
        let (plain, hidden) = (mark(), mark());
        let deaf = format!("setsid sh -c 'trap \"\" TERM INT HUP; sleep {hidden}; :' >&- 2>&- <&- &");
        let line = format!("echo two > a.txt; {deaf} sleep {plain}; :");
        let mut client = project.server(&[]);
        let stays = turn % 4 == 0;
        match stays {
            true => {
                client.start_agreed("start_process", json!({ "name": "a", "command": line, "wait_s": 5 }))
            }
            false => client.start_agreed("run_command", json!({ "command": line })),
        };
        // Some are killed while the command is being started.
        match turn % 3 {
            0 => {
                lives_within(&plain, Duration::from_secs(20));
                lives_within(&hidden, Duration::from_secs(20));
            }
            _ => std::thread::sleep(Duration::from_millis(u64::from(turn) * 2 / 3)),
        }
        client.kill();
        for own in [plain, hidden] {
            gone_within(&own, Duration::from_secs(2));
            marks.push(own);
        }
        assert_eq!(project.read("a.txt"), "one\n", "nothing was written to the tree");
    }
    // Nor does what was being started when its server was killed come later.
    assert!(!marks.iter().any(|mark| lives(mark)));
}

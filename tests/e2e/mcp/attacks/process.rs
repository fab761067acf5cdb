//! Commands that do not want to end, say too much or take too much: the cases of area `process`, and relatives.

use super::super::Project;
use e2e_tests::mcp_client::McpClient;
use e2e_tests::processes::{gone_within, lives_within, mark};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a line for at most three seconds; its reply, and how long that took.
fn run(line: &str) -> (String, Duration, McpClient, Project) {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let begun = Instant::now();
    let reply = client.agreed("run_command", json!({ "command": line, "timeout_s": 3 }));
    let took = begun.elapsed();
    client.ok("list_changes", json!({}));
    (reply, took, client, project)
}

/// Python that forks twice and leaves its session, closes what it has open, ignores signals, and sleeps.
fn daemon(mark: &str) -> String {
    format!(
        "python3 -c \"import os,signal
for number in (1,2,3,15): signal.signal(number, signal.SIG_IGN)
os.fork() and os._exit(0)
os.setsid()
os.fork() and os._exit(0)
for number in range(3): os.close(number)
os.execvp('sleep',['sleep','{mark}'])\""
    )
}

#[test]
fn process_01_children_in_the_background_go_with_the_command() {
    let (one, two) = (mark(), mark());
    let (reply, took, ..) = run(&format!("sleep {one} & setsid sleep {two} & wait"));
    assert!(reply.contains("timed out") && took < 6 * SECOND, "{took:?}: {reply}");
    gone_within(&one, 2 * SECOND);
    gone_within(&two, 2 * SECOND);
}

#[test]
fn process_02_a_daemon_goes_with_the_command() {
    let (daemon, sleep) = (mark(), mark());
    let fork = "import os;os.fork() and os._exit(0);os.setsid();os.fork() and os._exit(0);";
    let line = format!("python3 -c \"{fork}os.execvp('sleep',['sleep','{daemon}'])\"; sleep {sleep}");
    let (reply, ..) = run(&line);
    assert!(reply.contains("timed out"), "{reply}");
    gone_within(&daemon, 2 * SECOND);
    gone_within(&sleep, 2 * SECOND);
}

#[test]
fn process_04_a_flood_is_cut_stopped_and_costs_no_memory() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    client.agreed("run_command", json!({ "command": "true" }));
    let before = super::memory(client.process());
    let reply = client.agreed("run_command", json!({ "command": "yes", "timeout_s": 3 }));
    let after = super::memory(client.process());
    assert!(after < before + (64 << 10), "{before} KiB before, {after} KiB after");
    assert!(reply.starts_with("y\ny\n") && reply.len() <= 257 << 10, "{} bytes", reply.len());
    let end = &reply[reply.len() - 400..];
    assert!(end.contains("more than 64 MiB") || end.contains("timed out"), "{end}");
    assert!(reply.contains(" bytes in all; read_process"), "{end}");
    // What was left out can be read.
    let page = client.ok("read_process", json!({ "name": "run-2", "offset": 1_000_000, "limit": 3 }));
    assert!(page.starts_with("y\ny\ny\n("), "{page}");
}

#[test]
fn process_06_the_input_is_empty() {
    let (reply, took, ..) = run("read -p \"Password: \" x; echo got=$x");
    assert!(reply.contains("got=\n(exit code 0"), "{reply}");
    assert!(took < 3 * SECOND, "{took:?}");
}

#[test]
fn process_07_what_ignores_signals_is_killed() {
    let own = mark();
    let (reply, took, ..) = run(&format!("trap \"\" TERM INT HUP; while :; do sleep 1; : {own}; done"));
    assert!(reply.contains("timed out") && reply.contains("SIGKILL"), "{reply}");
    assert!(took > 4 * SECOND && took < 7 * SECOND, "{took:?}");
}

#[test]
fn process_09_memory_has_a_limit() {
    let (reply, ..) = run("python3 -c \"x=bytearray(64<<30)\"");
    assert!(reply.contains("MemoryError") && reply.contains("exit code 1"), "{reply}");
}

#[test]
fn process_12_a_cancelled_command_is_gone_at_once_and_not_answered() {
    let own = mark();
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let call = client.start_agreed("run_command", json!({ "command": format!("sleep {own}; echo > late") }));
    lives_within(&own, 10 * SECOND);
    client.cancel(call);
    gone_within(&own, SECOND);
    assert_eq!(client.heard_answer(call, SECOND / 2), None, "a cancelled call is not answered");
    assert!(!client.ok("list_changes", json!({})).contains("late"), "nothing is staged of it");
}

#[test]
fn a_process_whose_start_is_given_up_is_not_started() {
    let own = mark();
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let arguments = json!({ "name": "a", "command": format!("sleep {own}"), "port": 1 });
    let call = client.start_agreed("start_process", arguments);
    lives_within(&own, 10 * SECOND);
    client.cancel(call);
    gone_within(&own, SECOND);
    assert_eq!(client.heard_answer(call, SECOND / 2), None);
    assert!(client.ok("read_process", json!({})).contains("no processes"));
}

#[test]
fn a_call_that_is_cancelled_while_its_command_is_being_ended_ends_it_at_once() {
    let own = mark();
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let deaf = format!("trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 0.2; done' {own}");
    let call = client.start_agreed("run_command", json!({ "command": deaf, "timeout_s": 1 }));
    lives_within(&own, 10 * SECOND);
    std::thread::sleep(SECOND + SECOND / 2);
    client.cancel(call);
    gone_within(&own, SECOND);
    assert_eq!(client.heard_answer(call, SECOND / 2), None);
}

#[test]
fn one_that_was_halted_is_ended_too() {
    let own = mark();
    let (reply, took, ..) = run(&format!("sleep {own} & kill -STOP $! $$; sleep 60"));
    assert!(reply.contains("timed out") && took < 7 * SECOND, "{took:?}: {reply}");
    gone_within(&own, 2 * SECOND);
}

#[test]
fn one_that_closes_its_output_is_waited_for() {
    let (reply, took, ..) = run("echo last; exec >&- 2>&-; sleep 1; exit 7");
    assert!(reply.starts_with("last\n(exit code 7 after 1.") && took < 4 * SECOND, "{took:?}: {reply}");
}

#[test]
fn a_daemon_that_left_everything_behind_goes_with_the_command() {
    let own = mark();
    let (reply, took, ..) = run(&format!("{}; sleep 60", daemon(&own)));
    assert!(reply.contains("timed out") && took < 7 * SECOND, "{took:?}: {reply}");
    gone_within(&own, 2 * SECOND);
}

#[test]
fn a_daemon_does_not_outlive_a_command_that_ends_at_once() {
    let own = mark();
    let (reply, took, ..) = run(&format!("{}; echo done", daemon(&own)));
    assert!(reply.contains("done\n(exit code 0") && took < 3 * SECOND, "{took:?}: {reply}");
    gone_within(&own, SECOND);
}

#[test]
fn a_child_that_holds_the_output_open_holds_nobody_up() {
    let own = mark();
    let (reply, took, ..) = run(&format!("sleep {own} & echo done"));
    assert!(reply.starts_with("done\n(exit code 0") && took < 2 * SECOND, "{took:?}: {reply}");
    gone_within(&own, SECOND);
}

#[test]
fn output_of_any_kind_is_text_in_the_end() {
    let line = "printf 'no newline'; printf '\\000\\377\\033[31mred\\033[0m'; printf '10%%\\r20%%\\r\\n'";
    let (reply, ..) = run(line);
    assert!(reply.starts_with("20%\n(exit code 0"), "{reply}");
    let (reply, ..) = run("printf '\\000\\377\\033[31mred\\033[0m'");
    assert!(reply.starts_with("␀\u{fffd}red\n(exit code 0"), "{reply}");
}

#[test]
fn a_line_of_a_hundred_megabytes_is_cut() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    client.agreed("run_command", json!({ "command": "true" }));
    let before = super::memory(client.process());
    let line = "head -c 104857600 /dev/zero | tr '\\0' 'x'";
    let reply = client.agreed("run_command", json!({ "command": line, "timeout_s": 20 }));
    let after = super::memory(client.process());
    assert!(after < before + (64 << 10), "{before} KiB before, {after} KiB after");
    assert!(reply.starts_with("xxx") && reply.len() <= 257 << 10, "{} bytes", reply.len());
    assert!(reply[reply.len() - 400..].contains("more than 64 MiB"), "{}", &reply[reply.len() - 400..]);
}

#[test]
fn processes_end_with_the_server() {
    let (one, two) = (mark(), mark());
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let start = |client: &mut McpClient, name: &str, line: String| {
        client.agreed("start_process", json!({ "name": name, "command": line, "wait_s": 0 }))
    };
    start(&mut client, "plain", format!("sleep {one}"));
    start(&mut client, "daemon", format!("{}; sleep 60", daemon(&two)));
    lives_within(&one, 10 * SECOND);
    lives_within(&two, 10 * SECOND);
    let (status, took, _) = client.close();
    assert!(status.success() && took < 2 * SECOND, "{status} after {took:?}");
    gone_within(&one, 2 * SECOND);
    gone_within(&two, 2 * SECOND);
}

#[test]
fn a_process_that_was_stopped_leaves_nobody_behind() {
    let own = mark();
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let line = format!("{}; exec sleep 60", daemon(&own));
    client.agreed("start_process", json!({ "name": "a", "command": line, "wait_s": 0 }));
    lives_within(&own, 10 * SECOND);
    let reply = client.ok("stop_process", json!({ "name": "a" }));
    assert!(reply.contains("stopped after"), "{reply}");
    gone_within(&own, SECOND);
}

#[test]
fn many_commands_at_once_are_all_answered() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let begun = Instant::now();
    let calls: Vec<(usize, u64)> = (0..24)
        .map(|number| {
            let arguments: Value = json!({ "command": format!("sleep 1; echo {number}") });
            (number, client.start_agreed("run_command", arguments))
        })
        .collect();
    for (number, call) in calls {
        let (reply, failed) = client.reply(call);
        assert!(!failed && reply.starts_with(&format!("{number}\n")), "{reply}");
    }
    assert!(begun.elapsed() < 15 * SECOND, "{:?}", begun.elapsed());
}

//! Files of rules: what they say, and what is said of them when they are wrong.

use super::*;
use expect_test::{Expect, expect};

#[track_caller]
fn wrong(text: &str, said: Expect) {
    said.assert_eq(&Rules::parse(text, "config.toml").expect_err("it is wrong").to_string());
}

#[test]
fn mistakes_are_named_with_their_line() {
    wrong(
        "hosts = []\npermit = []\n",
        expect![
            "`config.toml`, line 2: unknown field `permit`, expected one of `hosts`, `allow`, `ask`, `deny`; mend the file or remove it"
        ],
    );
    wrong(
        "\n[[allow]]\nprogram = 'cargo test'\n",
        expect![
            "`config.toml`, line 3: unknown field `program`, expected one of `tool`, `command`, `path`, `network`, `secrets`; mend the file or remove it"
        ],
    );
    wrong(
        "allow = [\n  { command = 'cargo test' },\n  { command = 'cargo test && id' },\n]\n",
        expect![
            "`config.toml`, line 3: `command` is the first words of one plain command, and in `cargo test && id`: it has several commands; mend the file or remove it"
        ],
    );
    wrong(
        "deny = [{ path = 'a[' }]\n",
        expect![
            "`config.toml`, line 1: `path`: error parsing glob '**/a[': unclosed character class; missing ']'; mend the file or remove it"
        ],
    );
    wrong(
        "[[deny]]\n",
        expect![
            "`config.toml`, line 1: a rule needs a `tool`, a `path` or a `command`; mend the file or remove it"
        ],
    );
    wrong(
        "[[deny]]\ncommand = 'git push'\nnetwork = true\n",
        expect![
            "`config.toml`, line 1: `network` and `secrets` are for `allow`, not for `deny`; mend the file or remove it"
        ],
    );
    wrong(
        "allow = [{ tool = 1 }]",
        expect!["`config.toml`, line 1: expected a text or a list of texts; mend the file or remove it"],
    );
    wrong(
        "allow = [",
        expect!["`config.toml`, line 1: unclosed array, expected `]`; mend the file or remove it"],
    );
}

#[test]
fn a_workspace_can_only_tighten() {
    let text =
        "hosts = ['evil.example']\n[[allow]]\ntool = 'accept_changes'\n[[deny]]\ncommand = 'git push'\n";
    let (rules, ignored) = Rules::parse_of_workspace(text, ".devtoolkit/config.toml").unwrap();
    assert_eq!(rules.in_words(), "1 that deny, 0 that ask, 0 that allow, 0 hosts");
    expect![[r#"
        `.devtoolkit/config.toml`, line 2: a workspace cannot allow anything, so this counts for nothing; only your own configuration can
        `.devtoolkit/config.toml`, line 1: a workspace cannot name hosts, so this counts for nothing; only your own configuration can"#]]
    .assert_eq(&ignored.join("\n"));
}

fn said(rules: &str, command: &CommandText) -> Verdict {
    let rules = Rules::parse(rules, "config.toml").unwrap();
    let subject = Subject { tool: "run_command", paths: Vec::new(), command: Some(Command::new(command)) };
    rules.verdict(&subject).0
}

fn line(line: &str) -> CommandText {
    CommandText::Line(line.to_owned())
}

#[test]
fn what_allows_is_about_plain_commands_only() {
    let rules = "allow = [{ command = ['cargo test', 'npm run'] }, { tool = 'run_command' }]";
    let allowed = Verdict::Allow { network: false, secrets: false };
    for command in ["cargo test", "cargo test --all 'a b'", "npm run x"] {
        assert_eq!(said(rules, &line(command)), allowed, "{command}");
    }
    assert_eq!(said(rules, &CommandText::Argv(vec!["cargo".into(), "test".into()])), allowed);
    for command in [
        "cargo test; id",
        "cargo test && id",
        "cargo test > a",
        "cargo test $(id)",
        "cargo testing",
        "cargo",
        "env cargo test",
        "./cargo test",
        "A=1 cargo test",
        "cargo test\nid",
        "cargo test a*",
    ] {
        assert_eq!(said(rules, &line(command)), Verdict::Silent, "{command}");
    }
    let input = CommandText::Input { process: "sh".into(), text: "cargo test".into() };
    assert_eq!(said(rules, &input), Verdict::Silent);
}

#[test]
fn what_denies_is_found_in_longer_lines_too() {
    let rules = "deny = [{ command = 'git push' }]\nallow = [{ command = 'git' }]";
    for command in [
        "git push",
        "git push -f",
        "/usr/bin/git push",
        "env git push",
        "cd a && git push",
        "(git 'pu'sh)",
        "echo $(git push)",
    ] {
        assert_eq!(said(rules, &line(command)), Verdict::Deny, "{command}");
    }
    let network = Verdict::Allow { network: false, secrets: false };
    assert_eq!(said(rules, &line("git status")), network);
    // What it comes to cannot be told: a person has to see it.
    for command in ["$GIT push", "eval \"$x\"", "git $(echo push)", "ls | sh"] {
        assert_eq!(said(rules, &line(command)), Verdict::Ask, "{command}");
    }
}

#[test]
fn the_stricter_rule_counts() {
    let all = "allow = [{ command = 'a' }]\nask = [{ command = 'a b' }]\ndeny = [{ command = 'a b c' }]";
    assert_eq!(said(all, &line("a")), Verdict::Allow { network: false, secrets: false });
    assert_eq!(said(all, &line("a b")), Verdict::Ask);
    assert_eq!(said(all, &line("a b c d")), Verdict::Deny);
    let more = "allow = [{ command = 'a' }, { command = 'a b', network = true, secrets = true }]";
    assert_eq!(said(more, &line("a b")), Verdict::Allow { network: true, secrets: true });
}

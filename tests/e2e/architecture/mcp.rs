//! Who may know whom inside of the MCP server: one table, and one rule for tools.

use super::source::Source;
use super::{none, sources};

/// Files that begin with the path never have these words or paths in their code; those that begin with an exception may.
struct Rule {
    path: &'static str,
    except: &'static [&'static str],
    never: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        path: "mcp-server/src/",
        // The command line says how loud it may be.
        except: &["mcp-server/src/server.rs", "mcp-server/src/server/", "mcp-server/src/cli.rs"],
        never: &["rmcp"],
    },
    Rule {
        path: "mcp-server/src/workspace",
        except: &[],
        never: &[
            "tokio",
            "rmcp",
            "Tool",
            "ToolError",
            "ToolOutput",
            "Toolbox",
            "Policy",
            "crate::permission",
            "crate::server",
        ],
    },
    Rule {
        path: "mcp-server/src/tools/",
        except: &["mcp-server/src/tools/fixture.rs"],
        never: &["main_loop", "toolbox", "Policy", "PermittedCall", "tokio"],
    },
    Rule {
        path: "mcp-server/src/",
        // The one room in which a repository is opened, after it was looked at.
        except: &["mcp-server/src/repository"],
        never: &["git2"],
    },
    Rule {
        path: "mcp-server/src/repository",
        except: &[],
        never: &[
            "tokio",
            "rmcp",
            "ToolError",
            "ToolOutput",
            "Toolbox",
            "Policy",
            "crate::permission",
            "crate::server",
        ],
    },
    Rule { path: "mcp-server/src/main_loop.rs", except: &[], never: &["crate::server"] },
];

/// Where the server may touch the disk; everything else reads snapshots.
const DISK: &[&str] = &[
    "mcp-server/src/workspace/disk.rs",
    "mcp-server/src/workspace/journal.rs",
    "mcp-server/src/workspace/kept.rs",
    // Files without a name: what commands write does not fit into memory.
    "mcp-server/src/commands/log.rs",
    // Where commands run: the process around them, their folders, what may be opened, and the world of the probe.
    "mcp-server/src/sandbox/",
    "mcp-server/src/tools/fixture.rs",
    "mcp-server/src/server/http",
    // The person's own configuration.
    "mcp-server/src/person.rs",
    "mcp-server/src/cli",
    "mcp-server/src/doctor",
];

#[test]
fn modules_know_only_what_they_may() {
    none(knows_too_much(&sources()));
}

#[test]
fn the_server_touches_the_disk_in_few_places() {
    none(touches_the_disk(&sources()));
}

#[test]
fn no_tool_knows_another() {
    let sources = sources();
    assert!(tools(&sources).len() > 10, "the tools are not where they were");
    none(knows_another_tool(&sources));
}

fn knows_too_much(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for rule in RULES {
        let bound = |source: &&Source| {
            source.path.starts_with(rule.path)
                && !source.is_tests()
                && !rule.except.iter().any(|except| source.path.starts_with(except))
        };
        for source in sources.iter().filter(bound) {
            let code = source.code();
            let named = rule.never.iter().filter(|word| match word.contains("::") {
                true => code.contains(**word),
                false => source.names(word),
            });
            breaches.extend(named.map(|word| format!("{source} names `{word}`")));
        }
    }
    breaches
}

fn touches_the_disk(sources: &[Source]) -> Vec<String> {
    let breach = |source: &&Source| {
        source.is_in("mcp-server/src")
            && !source.is_tests()
            && !DISK.iter().any(|allowed| source.path.starts_with(allowed))
            && source.uses_std("fs")
    };
    sources.iter().filter(breach).map(|source| format!("{source} names `std::fs`")).collect()
}

/// The modules of tools.
fn tools(sources: &[Source]) -> Vec<&str> {
    let tool =
        |source: &&Source| source.is_in("mcp-server/src/tools") && source.code().contains("impl Tool for");
    sources.iter().filter(tool).map(|source| source.file_name().trim_end_matches(".rs")).collect()
}

fn knows_another_tool(sources: &[Source]) -> Vec<String> {
    let tools = tools(sources);
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|source| source.is_in("mcp-server/src/tools")) {
        let code = source.code();
        let others = tools.iter().filter(|tool| {
            let own =
                source.path.contains(&format!("/{tool}.rs")) || source.path.contains(&format!("/{tool}/"));
            !own && code.contains(&format!("tools::{tool}::"))
        });
        breaches.extend(others.map(|tool| format!("{source} names the tool `{tool}`")));
    }
    breaches
}

mod planted {
    use super::*;

    fn file(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn modules() {
        for (path, text) in [
            ("mcp-server/src/tool.rs", "use rmcp::model::Tool;\n"),
            ("mcp-server/src/workspace/disk.rs", "tokio::spawn(x);\n"),
            ("mcp-server/src/workspace.rs", "use crate::permission::Policy;\n"),
            ("mcp-server/src/tools/a.rs", "use crate::main_loop::Handle;\n"),
        ] {
            assert!(!knows_too_much(&[file(path, text)]).is_empty(), "{path}");
        }
        let server = file("mcp-server/src/server/call.rs", "use rmcp::ErrorData;\nuse tokio::sync;\n");
        assert!(knows_too_much(&[server]).is_empty());
    }

    #[test]
    fn disk() {
        let text = "use std::fs;\n";
        assert_eq!(touches_the_disk(&[file("mcp-server/src/tools/a.rs", text)]).len(), 1);
        assert!(touches_the_disk(&[file("mcp-server/src/workspace/journal.rs", text)]).is_empty());
    }

    #[test]
    fn tools_among_themselves() {
        let tool = file("mcp-server/src/tools/one.rs", "impl Tool for One {}\n");
        let knows =
            file("mcp-server/src/tools/two.rs", "impl Tool for Two {}\nuse crate::tools::one::One;\n");
        assert_eq!(knows_another_tool(&[tool, knows]), ["mcp-server/src/tools/two.rs names the tool `one`"]);
    }
}

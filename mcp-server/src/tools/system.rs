//! `system_info`: what machine this is, without anything that says whose.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use devtoolkit_index::Language;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// Show OS, CPUs, memory and free disk space.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SystemInfo {}

impl Tool for SystemInfo {
    const NAME: &'static str = "system_info";
    const TITLE: &'static str = "System info";
    const TOOLSET: Toolset = Toolset::Analysis;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let mut text = format!("os: {} ({})\n", std::env::consts::OS, std::env::consts::ARCH);
        if let Some(release) = release() {
            let _ = writeln!(text, "kernel: {release}");
        }
        let cpus = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let _ = writeln!(text, "cpus: {cpus}");
        if let Some((total, free)) = memory() {
            let _ = writeln!(text, "memory: {} of {} free", size(free), size(total));
        }
        let roots = context.snapshot.roots();
        for root in roots.all() {
            if let Some((total, free)) = root.space() {
                let name = if roots.all().len() > 1 { format!(" ({})", root.label) } else { String::new() };
                let _ = writeln!(text, "disk{name}: {} of {} free", size(free), size(total));
            }
        }
        let languages: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        let _ =
            writeln!(text, "devtoolkit: {}; symbols in {}", env!("CARGO_PKG_VERSION"), languages.join(", "));
        Ok(ToolOutput::text(text))
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// The kernel's release; its other names could be the person's.
fn release() -> Option<String> {
    #[cfg(unix)]
    return Some(rustix::system::uname().release().to_string_lossy().into_owned());
    #[cfg(not(unix))]
    return None;
}

/// Bytes of memory: all, and what is unused.
fn memory() -> Option<(u64, u64)> {
    #[cfg(target_os = "linux")]
    {
        let system = rustix::system::sysinfo();
        let unit = u64::from(system.mem_unit);
        #[expect(clippy::useless_conversion, reason = "the fields are narrower on 32-bit systems")]
        let bytes = |count| u64::from(count) * unit;
        Some((bytes(system.totalram), bytes(system.freeram)))
    }
    #[cfg(not(target_os = "linux"))]
    return None;
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use serde_json::json;

    #[test]
    fn nothing_says_whose_machine_it_is() {
        let project = Project::new(&[]);
        let text = project.call("system_info", json!({}));
        assert!(text.contains("cpus: ") && text.contains(" free"), "{text}");
        let root = project.root().to_string_lossy().into_owned();
        assert!(!text.contains(&root) && !text.contains('/') && !text.contains('@'), "{text}");
        #[cfg(unix)]
        {
            let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
            assert!(name.len() < 3 || !text.contains(&name), "{text}");
        }
    }
}
